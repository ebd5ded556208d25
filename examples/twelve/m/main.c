/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The twelve on a Cortex-M3: interrupts by the NVIC. */
#define DEVICES 0x40010000u
#include "examples/twelve/classes.h"

#define NVIC_ENABLE (*(volatile uint32_t *)0xe000e100u)
#define NVIC_DISABLE (*(volatile uint32_t *)0xe000e180u)
#define NVIC_FORGET (*(volatile uint32_t *)0xe000e280u)

void irq_enable(enum device device)
{
    NVIC_FORGET = 1u << device;
    NVIC_ENABLE = 1u << device;
}

void irq_disable(enum device device)
{
    NVIC_DISABLE = 1u << device;
    asm volatile("dsb\n\tisb" ::: "memory");
}

void sleep_until(enum device device, unsigned count)
{
    for (;;) {
        asm volatile("cpsid i" ::: "memory");
        if (events[device] >= count) {
            break;
        }
        asm volatile("wfi\n\tcpsie i" ::: "memory");
    }
    asm volatile("cpsie i" ::: "memory");
}

void exception(uint32_t number, uint32_t address)
{
    put("exception ");
    put_hex(number);
    put(" at ");
    put_hex(address);
    put("\n");
}

int main(void)
{
    test_all();
    for (;;) {
        asm volatile("wfi");
    }
}
