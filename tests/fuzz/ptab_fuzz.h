/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzz target over tables, for programs that feed it. */
#ifndef TESTS_FUZZ_PTAB_FUZZ_H
#define TESTS_FUZZ_PTAB_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Validate the bytes and run what validates; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feed it a file; -1 if that cannot be read. */
int ptab_fuzz_replay(const char *path);

#endif /* TESTS_FUZZ_PTAB_FUZZ_H */
