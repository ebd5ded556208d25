/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest AArch64 guest: starts a clock, says hello, echoes. */
#define UART 0x10010000
#define CLOCK 0x10020000
#include "examples/common/guest.h"

void power_off(void) __attribute__((noreturn));

void exception(uint64_t syndrome, uint64_t address)
{
    print_exception(syndrome, address);
    power_off();
}

int main(void)
{
    clock_start();
    uart_start();
    put("hello from a64\n");
    check("clock configuration", CLOCK_CONFIG, 0x1801);
    check("baud divider", UART_BAUD, 26);
    check("uart control", UART_CTRL, UART_ENABLE);
    print_result();
    echo();
    power_off();
}
