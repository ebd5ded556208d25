/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest M-profile guest: starts a clock, says hello, echoes. */
#define UART 0x40004000
#define CLOCK 0x40021000
#include "examples/common/guest.h"

void exception(uint32_t number, uint32_t address)
{
    print_exception(number, address);
    for (;;) {
    }
}

int main(void)
{
    clock_start();
    uart_start();
    put("hello from m3\n");
    check("clock configuration", CLOCK_CONFIG, 0x1801);
    check("baud divider", UART_BAUD, 26);
    check("uart control", UART_CTRL, UART_ENABLE);
    print_result();
    for (;;) {
        echo();
    }
}
