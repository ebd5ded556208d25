/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to end: which one stands in memory, loaded as an image of its own. */
#define UART 0x10010000
#define CLOCK 0x10020000
#include "examples/common/guest.h"

#define MODE (*(volatile char *)0x40f00000)

void power_off(void) __attribute__((noreturn));

void exception(uint64_t syndrome, uint64_t address)
{
    (void)syndrome;
    (void)address;
    for (;;) {
    }
}

static void reset(void)
{
    register uint64_t x0 asm("x0") = 0x84000009;

    asm volatile("smc #0" :: "r"(x0));
}

/* Names for at:SYMBOL. */
void bad_way(void) __attribute__((noinline));
void good_way(void) __attribute__((noinline));

void bad_way(void)
{
    REG32(0x1003000c) = 1;
    put("bad way\n");
    echo();
}

void good_way(void)
{
    REG32(0x10030008) = 0x155;
    put("good way\n");
    echo();
}

/* Either of two bits goes on; only one is right. */
static void two_ways(void)
{
    uint32_t status;

    while (!((status = REG32(0x10030000)) & 0x30)) {
    }
    if (status & 0x10) {
        bad_way();
    }
    good_way();
}

int main(void)
{
    clock_start();
    uart_start();
    put("mode ");
    put_char(MODE);
    put("\n");
    switch (MODE) {
    case 's':                   /* spins without touching anything */
        for (;;) {
        }
    case 'p':                   /* waits for a bit that nothing explains */
        while (REG32(0x10030000) != 0x12345678 ||
               REG32(0x10030004) != 0x87654321) {
        }
        break;
    case 'u':                   /* an instruction that is none */
        asm volatile("udf #0");
        break;
    case 'r':                   /* resets itself again and again */
        reset();
        break;
    case 'w':                   /* two ways out of a poll */
        two_ways();
        break;
    case 'o':
        power_off();
    }
    put("not reached\n");
    for (;;) {
    }
}
