/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that are hard to repeat: each case touches a page of its own,
 * where nothing is known yet, so that the access is made again after the
 * question.  What it did must have been done once.
 */
#define UART 0x10010000
#define CLOCK 0x10020000
#include "examples/common/guest.h"

#define PAGE(n) (0x20000000u + (n) * 0x1000u)

/* In last.S: a load that is the last instruction of a page. */
uint32_t load_at_page_end(uint64_t address);

void power_off(void) __attribute__((noreturn));

void exception(uint64_t syndrome, uint64_t address)
{
    print_exception(syndrome, address);
    power_off();
}

static void pairs(void)
{
    uint64_t a, b, at;
    uint32_t c, d;

    asm volatile("stp %w0, %w1, [%2]" :: "r"(0x11111111), "r"(0x22222222),
                 "r"((uint64_t)PAGE(0)) : "memory");
    asm volatile("ldp %w0, %w1, [%2]" : "=&r"(c), "=&r"(d)
                 : "r"((uint64_t)PAGE(0)));
    check("stp w, first", c, 0x11111111);
    check("stp w, second", d, 0x22222222);
    asm volatile("stp %0, %1, [%2]" :: "r"(0x0123456789abcdefull),
                 "r"(0xfedcba9876543210ull), "r"((uint64_t)PAGE(1) + 16)
                 : "memory");
    asm volatile("ldp %0, %1, [%2]" : "=&r"(a), "=&r"(b)
                 : "r"((uint64_t)PAGE(1) + 16));
    check("stp x, first", a, 0x0123456789abcdefull);
    check("stp x, second", b, 0xfedcba9876543210ull);
    at = PAGE(2);
    asm volatile("ldp %w0, %w1, [%2], #8" : "=&r"(c), "=&r"(d), "+&r"(at));
    check("ldp first", c, 0);
    check("ldp second", d, 0);
    check("ldp write-back", at, PAGE(2) + 8);
}

static void exclusives(void)
{
    uint32_t old, failed;

    REG32(PAGE(3)) = 5;
    do {
        asm volatile("ldxr %w0, [%2]\n\tadd %w0, %w0, #1\n\t"
                     "stxr %w1, %w0, [%2]" : "=&r"(old), "=&r"(failed)
                     : "r"((uint64_t)PAGE(3)) : "memory");
    } while (failed);
    check("exclusive on a known register", REG32(PAGE(3)), 6);
    do {
        asm volatile("ldxr %w0, [%2]\n\tadd %w0, %w0, #7\n\t"
                     "stxr %w1, %w0, [%2]" : "=&r"(old), "=&r"(failed)
                     : "r"((uint64_t)PAGE(4)) : "memory");
    } while (failed);
    check("exclusive on an unknown register", REG32(PAGE(4)), 7);
}

static void sizes(void)
{
    REG8(PAGE(5) + 1) = 0xa5;
    check("byte", REG8(PAGE(5) + 1), 0xa5);
    REG16(PAGE(6) + 6) = 0xbeef;
    check("half", REG16(PAGE(6) + 6), 0xbeef);
    REG32(PAGE(7) + 8) = 0x11223344;
    REG8(PAGE(7) + 9) = 0xaa;
    check("byte in a word", REG32(PAGE(7) + 8), 0x1122aa44);
    check("byte of a word", REG8(PAGE(7) + 10), 0x22);
}

static void page_ends(void)
{
    REG32(PAGE(8) + 0xffc) = 0xcafef00d;
    check("word at the end of a page", REG32(PAGE(8) + 0xffc), 0xcafef00d);
    REG8(PAGE(9) + 0xfff) = 0x5a;
    check("byte at the end of a page", REG8(PAGE(9) + 0xfff), 0x5a);
    REG64(PAGE(10) + 0xff8) = 0x8000000000000001ull;
    check("double at the end of a page", REG64(PAGE(10) + 0xff8),
          0x8000000000000001ull);
    check("load that is the last instruction of a page",
          load_at_page_end(PAGE(11)), 0);
}

/* A register and the flags must be what they were before the question. */
static void state(void)
{
    uint64_t at = PAGE(12), kept = 3;
    uint32_t value;

    asm volatile("cmp %1, #3\n\tstr wzr, [%0], #4\n\t"
                 "cinc %1, %1, eq" : "+&r"(at), "+&r"(kept) :: "cc",
                 "memory");
    check("store write-back", at, PAGE(12) + 4);
    check("flags over a store", kept, 4);
    at = PAGE(13);
    asm volatile("cmp %1, #3\n\tldr %w2, [%0, #12]!\n\t"
                 "cinc %1, %1, ne" : "+&r"(at), "+&r"(kept), "=&r"(value)
                 :: "cc", "memory");
    check("load write-back", at, PAGE(13) + 12);
    check("flags over a load", kept, 5);
    check("value of a load", value, 0);
}

int main(void)
{
    clock_start();
    uart_start();
    put("retry a64\n");
    pairs();
    exclusives();
    sizes();
    page_ends();
    state();
    print_result();
    echo();
    power_off();
}
