/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table that uses everything the format has, for tests of all of it. */
#ifndef TESTS_ENGINE_SAMPLE_H
#define TESTS_ENGINE_SAMPLE_H

#include "tests/engine/builder.h"

/* Where the registers of the sample are. */
enum {
    SAMPLE_DATA = 0x00,         /* when !sel: pops rx, pushes tx */
    SAMPLE_STATUS = 0x04,       /* derived */
    SAMPLE_CTRL = 0x08,
    SAMPLE_KEY = 0x0c,
    SAMPLE_COUNT = 0x10,
    SAMPLE_GO = 0x14,
    SAMPLE_WIDE = 0x18,         /* 64 bits */
    SAMPLE_RAM = 0x40,
    SAMPLE_WINDOW = 0x80,       /* sets 0x00.. */
    SAMPLE_SIZE = 0x180
};

void sample_build(struct tb *b);

/*
 * Wrap the finished table into a file with a board; returns the size written
 * to `bytes` (aligned to 8, TB_BYTES long).
 */
uint32_t sample_file(const struct tb *b, uint8_t *bytes);

/* Recompute the checksum of a file. */
void sample_seal(uint8_t *bytes, uint32_t size);

#endif /* TESTS_ENGINE_SAMPLE_H */
