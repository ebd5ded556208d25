/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Either of two bits ends a poll; one of them, `mode` says which, leads to
 * an undefined instruction, too late for a look ahead to see it.
 */
#define UART 0x10010000
#define CLOCK 0x10020000
#include "examples/common/guest.h"

#define CHOICE REG32(0x10030004)
#define MODE REG8(0x40f00000)
#define LOW 0x01u
#define HIGH 0x20u

void power_off(void) __attribute__((noreturn));

void exception(uint64_t syndrome, uint64_t address)
{
    print_exception(syndrome, address);
    power_off();
}

static volatile uint32_t counter;

/* Longer than a look ahead; two of them, so that the ways differ. */
static __attribute__((noinline)) void low_way(void)
{
    for (counter = 0; counter < 300000; counter++) {
    }
}

static __attribute__((noinline)) void high_way(void)
{
    for (counter = 300000; counter > 0; counter--) {
    }
}

int main(void)
{
    uint32_t choice;

    clock_start();
    uart_start();
    while (!((choice = CHOICE) & (LOW | HIGH))) {
    }
    if (choice & LOW) {
        low_way();
    } else {
        high_way();
    }
    if (choice & (MODE == 'l' ? LOW : HIGH)) {
        __asm__ volatile("udf #1");
    }
    put("mode ");
    put_char((char)MODE);
    put("\n");
    print_result();
    return 0;
}
