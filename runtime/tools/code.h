/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few instructions in words, and what they test of a value just read. */
#ifndef RUNTIME_TOOLS_CODE_H
#define RUNTIME_TOOLS_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_BYTES_MAX 256u
#define CODE_LINES 16u

enum code_kind { CODE_A64, CODE_A32, CODE_THUMB };

struct code {
    enum code_kind kind;
    uint64_t at;                /* address of bytes[0] */
    size_t size;
    uint8_t bytes[CODE_BYTES_MAX];
};

struct code_line {
    uint64_t address;
    char text[96];
};

/*
 * Up to @before instructions before @pc, the one there, and up to @after
 * behind it; returns how many, at most CODE_LINES.
 */
unsigned code_lines(const struct code *code, uint64_t pc, unsigned before,
                    unsigned after, struct code_line *out);

enum code_test_kind {
    CODE_TEST_NONE,
    CODE_TEST_BITS,             /* some of @mask are 0 or not */
    CODE_TEST_EQUAL,            /* the bits of @mask against @value */
};

struct code_test {
    enum code_test_kind kind;
    uint64_t mask, value;       /* of the register that was read */
    struct code_line line;      /* the instruction */
};

/* Whether the instruction at @pc jumps to itself. */
bool code_stays(const struct code *code, uint64_t pc);

/*
 * What is tested first of the value that the load at @pc brings; false when
 * the instructions behind it do not say.
 */
bool code_find_test(const struct code *code, uint64_t pc,
                    struct code_test *out);

#endif
