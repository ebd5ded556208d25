/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzz target over `.periph` text, for programs that feed it. */
#ifndef TESTS_FUZZ_PERIPH_FUZZ_H
#define TESTS_FUZZ_PERIPH_FUZZ_H

#include <stddef.h>

/*
 * Formats, parses, compiles and emits a text, and aborts when a promise of
 * the language is broken: see periph_fuzz.c.
 */
void periph_fuzz_text(const char *text, size_t size);

#endif /* TESTS_FUZZ_PERIPH_FUZZ_H */
