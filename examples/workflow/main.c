/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On QEMU's machine "virt": prints with its UART, and from the interrupts of
 * a timer too, then ends the machine.
 */
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))
#define UART 0x09000000ul
#define GICD 0x08000000ul
#define GICC 0x08010000ul
#define UART_FULL 0x20u
#define INT_TIMER 27u
#define TICKS 3u

static volatile unsigned ticks;

static void put(const char *text)
{
    for (; *text; text++) {
        while (REG32(UART + 0x18) & UART_FULL) {
        }
        REG32(UART) = (uint8_t)*text;
    }
}

void exception(uint64_t syndrome, uint64_t address)
{
    (void)syndrome;
    (void)address;
    put("exception\n");
}

void interrupt(void)
{
    uint32_t number = REG32(GICC + 0x0c);

    if (number == INT_TIMER) {
        __asm__ volatile("msr cntv_ctl_el0, xzr; isb");
        put("tick\n");
        ticks++;
    }
    REG32(GICC + 0x10) = number;
}

int main(void)
{
    unsigned i;

    REG32(UART + 0x30) = 0x301;
    put("hello from a machine of QEMU\n");
    REG32(GICD + 0x100) = 1u << INT_TIMER;
    REG32(GICD) = 1;
    REG32(GICC + 4) = 0xff;
    REG32(GICC) = 1;
    __asm__ volatile("msr daifclr, #2");
    for (i = 0; i < TICKS; i++) {
        __asm__ volatile("msr cntv_tval_el0, %0; msr cntv_ctl_el0, %1; isb"
                         : : "r"(1000ul), "r"(1ul));
        while (ticks <= i) {
        }
    }
    put("the end\n");
    return 0;
}
