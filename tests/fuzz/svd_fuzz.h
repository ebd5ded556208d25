/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzz target over the SVD importer, for programs that feed it. */
#ifndef TESTS_FUZZ_SVD_FUZZ_H
#define TESTS_FUZZ_SVD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Import the bytes and compile what comes of it; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feed it a file; -1 if that cannot be read. */
int svd_fuzz_replay(const char *path);

#endif /* TESTS_FUZZ_SVD_FUZZ_H */
