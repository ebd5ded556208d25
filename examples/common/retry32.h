/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that are hard to repeat, for 32-bit guests: each case touches a
 * page of its own, where nothing is known yet, so that the access is made
 * again after the question.  What it did must have been done once.  The
 * including file defines PAGE(n), and has load_at_page_end() in last.S: a
 * load that is the last instruction of a page.
 */
#ifndef EXAMPLES_COMMON_RETRY32_H
#define EXAMPLES_COMMON_RETRY32_H

#include "examples/common/guest.h"

#ifdef __thumb__
#define IF_EQUAL "it eq\n\t"
#else
#define IF_EQUAL
#endif

uint32_t load_at_page_end(uint32_t address);

static void pairs(void)
{
    register uint32_t a asm("r4") = 0x11111111, b asm("r5") = 0x22222222;
    register uint32_t c asm("r6") = 0x33333333;
    uint32_t at = PAGE(0);

    asm volatile("strd %0, %1, [%2]" :: "r"(a), "r"(b), "r"(PAGE(0))
                 : "memory");
    asm volatile("ldrd %0, %1, [%2]" : "=&r"(a), "=&r"(b) : "r"(PAGE(0)));
    check("strd, first", a, 0x11111111);
    check("strd, second", b, 0x22222222);
    asm volatile("ldrd %0, %1, [%2]" : "=&r"(a), "=&r"(b) : "r"(PAGE(1)));
    check("ldrd, first", a, 0);
    check("ldrd, second", b, 0);
    a = 0x44444444;
    b = 0x55555555;
    at = PAGE(2);
    asm volatile("stmia %0!, {r4, r5, r6}" : "+&r"(at)
                 : "r"(a), "r"(b), "r"(c) : "memory");
    check("stm write-back", at, PAGE(2) + 12);
    check("stm, first", REG32(PAGE(2)), 0x44444444);
    check("stm, second", REG32(PAGE(2) + 4), 0x55555555);
    check("stm, third", REG32(PAGE(2) + 8), 0x33333333);
    at = PAGE(2);
    asm volatile("ldmia %0!, {r4, r5, r6}"
                 : "+&r"(at), "=r"(a), "=r"(b), "=r"(c) :: "memory");
    check("ldm, third", c, 0x33333333);
    check("ldm write-back", at, PAGE(2) + 12);
}

static void exclusives(void)
{
    uint32_t old, failed;

    REG32(PAGE(3)) = 5;
    do {
        asm volatile("ldrex %0, [%2]\n\tadd %0, %0, #1\n\t"
                     "strex %1, %0, [%2]" : "=&r"(old), "=&r"(failed)
                     : "r"(PAGE(3)) : "memory");
    } while (failed);
    check("exclusive on a known register", REG32(PAGE(3)), 6);
    do {
        asm volatile("ldrex %0, [%2]\n\tadd %0, %0, #7\n\t"
                     "strex %1, %0, [%2]" : "=&r"(old), "=&r"(failed)
                     : "r"(PAGE(4)) : "memory");
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
}

static void page_ends(void)
{
    REG32(PAGE(8) + 0xffc) = 0xcafef00d;
    check("word at the end of a page", REG32(PAGE(8) + 0xffc), 0xcafef00d);
    REG8(PAGE(9) + 0xfff) = 0x5a;
    check("byte at the end of a page", REG8(PAGE(9) + 0xfff), 0x5a);
    check("load that is the last instruction of a page",
          load_at_page_end(PAGE(11)), 0);
}

/* A register and the flags must be what they were before the question. */
static void state(void)
{
    uint32_t at = PAGE(12), kept = 3, zero = 0;

    asm volatile("cmp %1, #3\n\tstr %2, [%0], #4\n\t" IF_EQUAL
                 "addeq %1, %1, #1" : "+&r"(at), "+&r"(kept) : "r"(zero)
                 : "cc", "memory");
    check("store write-back", at, PAGE(12) + 4);
    check("flags over a store", kept, 4);
}

#endif
