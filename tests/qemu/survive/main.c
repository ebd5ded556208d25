/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps devices busy, and notices when one of them forgets something. What to
 * do stands at CONFIG: how many processors (0: it sleeps), milliseconds
 * between two accesses to something unknown (0: none), and in how many pages
 * of that (0: in 8). At PROGRESS each processor counts
 * its rounds, at ERRORS the values that were not what they had to be.
 */
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define REG64(address) (*(volatile uint64_t *)(uintptr_t)(address))

#define CONFIG 0x40f00000u
#define PROGRESS(cpu) REG64(0x40f00100u + (cpu) * 8)
#define ERRORS(cpu) REG64(0x40f00180u + (cpu) * 8)
#define HOLES 0x30000000u
#define DEVICE 0x10000000u
#define OWN(cpu, i) REG32(DEVICE + (cpu) * 0x20 + (i) * 4)
#define BITS REG32(DEVICE + 0x200)
#define SET REG32(DEVICE + 0x204)
#define CLEAR REG32(DEVICE + 0x208)
#define QUEUE REG32(DEVICE + 0x20c)
#define SAME REG32(DEVICE + 0x210)      /* bit 0: the first two are equal */
#define MAX_CPUS 8u

void power_off(void) __attribute__((noreturn));
int64_t start_cpu(uint64_t cpu, void *stack);   /* in start.S */

static _Alignas(16) uint8_t stacks[MAX_CPUS][4096];

void exception(uint64_t syndrome, uint64_t address)
{
    REG64(0x40f001f0) = syndrome;
    REG64(0x40f001f8) = address;
    ERRORS(0) += 1000000;
    for (;;) {
    }
}

static void expect(unsigned cpu, uint32_t got, uint32_t want)
{
    if (got != want) {
        ERRORS(cpu)++;
    }
}

static uint64_t clock_ms(void)
{
    uint64_t count, rate;

    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(count));
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(rate));
    return count / (rate / 1000);
}

static void round_of(unsigned cpu, uint32_t *shadow, uint32_t n)
{
    unsigned i = n % 8, k;

    shadow[i] = n * 2654435761u;
    OWN(cpu, i) = shadow[i];
    for (k = 0; k < 8; k++) {
        expect(cpu, OWN(cpu, k), shadow[k]);
    }
    SET = 1u << cpu;
    expect(cpu, BITS >> cpu & 1, 1);
    CLEAR = 1u << cpu;
    expect(cpu, BITS >> cpu & 1, 0);
    if (cpu == 0) {
        QUEUE = n & 0xff;
        QUEUE = ~n & 0xff;
        expect(cpu, QUEUE, n & 0xff);
        expect(cpu, QUEUE, ~n & 0xff);
        expect(cpu, SAME & 1, shadow[0] == shadow[1]);
    }
    PROGRESS(cpu)++;
}

static void __attribute__((noreturn))
work(unsigned cpu, uint32_t every)
{
    uint32_t pages = REG32(CONFIG + 8) ? REG32(CONFIG + 8) : 8;
    uint32_t shadow[8] = { 0 }, n = 0, hole = 0;
    uint64_t next = clock_ms() + every;
    unsigned k;

    for (k = 0; k < 8; k++) {
        expect(cpu, OWN(cpu, k), 0);
    }
    for (;;) {
        round_of(cpu, shadow, ++n);
        if (every && clock_ms() >= next) {
            (void)REG32(HOLES + hole % pages * 0x1000 +
                        hole / pages % 1024 * 4);
            hole++;
            next = clock_ms() + every;
        }
    }
}

void second_main(uint64_t cpu)
{
    work((unsigned)cpu, 0);
}

int main(void)
{
    uint32_t cpus = REG32(CONFIG), every = REG32(CONFIG + 4), cpu;

    while (cpus == 0) {
        __asm__ volatile("wfi");
    }
    for (cpu = 0; cpu < MAX_CPUS; cpu++) {
        ERRORS(cpu) = 0;
    }
    for (cpu = 1; cpu < cpus && cpu < MAX_CPUS; cpu++) {
        if (start_cpu(cpu, stacks[cpu] + sizeof(stacks[cpu]))) {
            ERRORS(cpu)++;
        }
    }
    work(0, every);
}
