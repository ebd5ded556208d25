/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times accesses to the devices of access.bench, in turn, ROUNDS times, and
 * prints NAME TICKS for each on the console. The words at 0x40f00000 say what
 * to do: rounds, accesses of one measurement (a multiple of 8).
 */
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define OUT REG32(0x09000000)
#define ROUNDS REG32(0x40f00000)
#define ACCESSES REG32(0x40f00004)

void power_off(void) __attribute__((noreturn));

static const struct target {
    const char *name;
    uint32_t address;
    uint32_t write;
} targets[] = {
    { "page.bare.read", 0x20000010, 0 },
    { "page.10.read", 0x21000010, 0 },
    { "page.1000.read", 0x21002810, 0 },
    { "page.bare.write", 0x20000010, 1 },
    { "page.10.write", 0x21000010, 1 },
    { "page.1000.write", 0x21002810, 1 },
    { "rule.bare.read", 0x20000010, 0 },
    { "rule.term.read", 0x21004008, 0 },
    { "rule.bare.write", 0x20000010, 1 },
    { "rule.term.write", 0x2100400c, 1 },
    { "near.bare.read", 0x22000410, 0 },
    { "near.10.read", 0x23000410, 0 },
    { "near.1000.read", 0x23001410, 0 },
    { "near.bare.write", 0x22000410, 1 },
    { "near.10.write", 0x23000410, 1 },
    { "near.1000.write", 0x23001410, 1 },
};

static void put(const char *text)
{
    for (; *text; text++) {
        OUT = (uint8_t)*text;
    }
}

static void put_number(uint64_t value)
{
    char digits[24];
    unsigned i = sizeof(digits) - 1;

    digits[i] = 0;
    do {
        digits[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    put(digits + i);
}

void exception(uint64_t syndrome, uint64_t address)
{
    put("exception ");
    put_number(syndrome);
    put(" ");
    put_number(address);
    put("\n");
    power_off();
}

static uint64_t now(void)
{
    uint64_t value;

    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(value));
    return value;
}

static uint64_t measure(const struct target *t, uint32_t count)
{
    uint64_t start = now();
    uint32_t i;

    if (t->write) {
        for (i = 0; i < count; i += 8) {
            REG32(t->address) = i;
            REG32(t->address) = i + 1;
            REG32(t->address) = i + 2;
            REG32(t->address) = i + 3;
            REG32(t->address) = i + 4;
            REG32(t->address) = i + 5;
            REG32(t->address) = i + 6;
            REG32(t->address) = i + 7;
        }
    } else {
        for (i = 0; i < count; i += 8) {
            REG32(t->address);
            REG32(t->address);
            REG32(t->address);
            REG32(t->address);
            REG32(t->address);
            REG32(t->address);
            REG32(t->address);
            REG32(t->address);
        }
    }
    return now() - start;
}

int main(void)
{
    uint32_t rounds = ROUNDS, accesses = ACCESSES, r, i;
    uint64_t ticks;

    REG32(0x21004000) = 3;              /* the rule's enable */
    for (r = 0; r <= rounds; r++) {
        for (i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
            ticks = measure(&targets[i], accesses);
            if (r == 0) {
                continue;               /* the first round warms up */
            }
            put(targets[i].name);
            put(" ");
            put_number(ticks);
            put("\n");
        }
    }
    put("done\n");
    power_off();
}
