/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses that are hard to repeat, on an A32 core. */
#define UART 0x50010000
#define CLOCK 0x50020000
#define PAGE(n) (0x60000000u + (n) * 0x1000u)
#include "examples/common/retry32.h"

void exception(uint32_t vector, uint32_t address)
{
    print_exception(vector, address);
    for (;;) {
    }
}

int main(void)
{
    clock_start();
    uart_start();
    put("retry a32\n");
    pairs();
    exclusives();
    sizes();
    page_ends();
    state();
    print_result();
    for (;;) {
        echo();
    }
}
