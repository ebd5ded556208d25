/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses that are hard to repeat, on an M-profile core. */
#define UART 0x40004000
#define CLOCK 0x40021000
#define PAGE(n) (0x50000000u + (n) * 0x1000u)
#include "examples/common/retry32.h"

/* Where bit @bit of the word at @address is a word of its own. */
#define BIT_BAND(address, bit) \
    (0x42000000u + ((address) - 0x40000000u) * 32 + (bit) * 4)

/* In last.S: a load over the end of a page. */
uint32_t load_over_page_end(uint32_t address);

void exception(uint32_t number, uint32_t address)
{
    print_exception(number, address);
    for (;;) {
    }
}

static void bit_band(void)
{
    REG32(BIT_BAND(0x40010004, 5)) = 1;
    check("bit set through its alias", REG32(0x40010004), 0x20);
    check("bit read through its alias", REG32(BIT_BAND(0x40010004, 5)), 1);
    REG32(0x40012008) = 0x81;
    REG32(BIT_BAND(0x40012008, 7)) = 0;
    check("bit cleared through its alias", REG32(0x40012008), 0x01);
    check("unknown bit read through its alias",
          REG32(BIT_BAND(0x40013000, 31)), 0);
}

int main(void)
{
    clock_start();
    uart_start();
    put("retry m4\n");
    pairs();
    exclusives();
    sizes();
    page_ends();
    state();
    check("load over the end of a page", load_over_page_end(PAGE(13)), 0);
    bit_band();
    print_result();
    for (;;) {
        echo();
    }
}
