/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two processors that run into the unknown at the same time: in pages of
 * their own, in different registers of one page, and in the same register.
 */
#define UART 0x10010000
#define CLOCK 0x10020000
#include "examples/common/guest.h"

#define CPUS 2u
#define PAGES 16u
#define OWN(cpu, page) (0x30000000u + (cpu) * 0x100000u + (page) * 0x1000u)
#define SHARED(page) (0x38000000u + (page) * 0x1000u)

void power_off(void) __attribute__((noreturn));

void exception(uint64_t syndrome, uint64_t address)
{
    print_exception(syndrome, address);
    power_off();
}

/* In second.S. */
int start_second(void (*entry)(void));
void second_entry(void);

static volatile unsigned arrived[CPUS];
static volatile unsigned wrong[CPUS];

/* Waits until both have come to @point. */
static void meet(unsigned cpu, unsigned point)
{
    arrived[cpu] = point;
    while (arrived[1 - cpu] < point) {
    }
}

static void expect(unsigned cpu, uint32_t got, uint32_t want)
{
    if (got != want) {
        wrong[cpu]++;
    }
}

static void work(unsigned cpu)
{
    unsigned page, point = 0;

    for (page = 0; page < PAGES; page++) {
        meet(cpu, ++point);
        REG32(OWN(cpu, page) + 8) = 0xa0000000u + page;
        REG32(SHARED(page) + cpu * 4) = 0xb0000000u + cpu;
        expect(cpu, REG32(SHARED(page) + 0x40), 0);
        expect(cpu, REG32(OWN(cpu, page) + 8), 0xa0000000u + page);
        expect(cpu, REG32(SHARED(page) + cpu * 4), 0xb0000000u + cpu);
        meet(cpu, ++point);
        expect(cpu, REG32(SHARED(page) + (1 - cpu) * 4),
               0xb0000000u + 1 - cpu);
    }
    meet(cpu, ++point);
}

void second_main(void)
{
    work(1);
    for (;;) {
        asm volatile("wfe");
    }
}

int main(void)
{
    clock_start();
    uart_start();
    put("two processors\n");
    check("start of the second", (uint64_t)start_second(second_entry), 0);
    work(0);
    check("values of the first", wrong[0], 0);
    check("values of the second", wrong[1], 0);
    print_result();
    echo();
    power_off();
}
