/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On QEMU's machine "mps2-an385": interrupts of a timer; each one asks for
 * PendSV, which follows without a return in between.
 */
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))
#define TIMER 0x40000000u
#define UART 0x40004000u
#define ROUNDS 7u

static volatile unsigned timer_count, pendsv_count;

static void put(const char *text)
{
    for (; *text; text++) {
        while (REG32(UART + 4) & 1u) {
        }
        REG32(UART) = (uint8_t)*text;
    }
}

void timer(void)
{
    REG32(TIMER) = 0;
    REG32(TIMER + 0xc) = 1;
    timer_count++;
    REG32(0xe000ed04u) = 1u << 28;
}

void pendsv(void)
{
    pendsv_count++;
    put("p");
}

int main(void)
{
    unsigned i;

    timer_count = 0;
    pendsv_count = 0;
    REG32(UART + 0x10) = 16;
    REG32(UART + 8) = 1;
    REG32(0xe000ed20u) = 0xffu << 16;
    REG32(0xe000e100u) = 1u << 8;
    for (i = 0; i < ROUNDS; i++) {
        REG32(TIMER + 8) = 25000;
        REG32(TIMER + 4) = 25000;
        REG32(TIMER) = 9;
        while (pendsv_count <= i) {
        }
    }
    put("\nthe end\n");
    return 0;
}
