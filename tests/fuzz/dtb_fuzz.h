/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzz target over device trees, for programs that feed it. */
#ifndef TESTS_FUZZ_DTB_FUZZ_H
#define TESTS_FUZZ_DTB_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* See import_fuzz(); returns 0. */
int dtb_fuzz_one(const uint8_t *data, size_t size);

#endif /* TESTS_FUZZ_DTB_FUZZ_H */
