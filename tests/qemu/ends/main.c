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
    case 'o':
        power_off();
    }
    put("not reached\n");
    for (;;) {
    }
}
