/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small interpreter of llama.cpp's grammar dialect (GBNF): rules, literals,
 * classes of code points, groups, alternatives, * + ? {m,n}, comments.  No
 * left recursion.
 */
#ifndef TESTS_GRAMMAR_GBNF_H
#define TESTS_GRAMMAR_GBNF_H

#include <stddef.h>
#include <stdint.h>

#include "dsl/strbuf.h"

struct gbnf;

/* Reads a grammar; NULL, with a message on stdout, when it is none. */
struct gbnf *gbnf_new(const char *text);
void gbnf_free(struct gbnf *g);

/*
 * Bytes of the longest beginning of @text that some sentence begins with;
 * @len when all of it is a sentence, else less (also when only its end is
 * missing).
 */
size_t gbnf_match(const struct gbnf *g, const char *text, size_t len);

/*
 * Appends a sentence, drawn by @seed.  Beyond @depth rules inside each other
 * it takes the shortest way out, and also when the text becomes long.
 */
void gbnf_generate(const struct gbnf *g, uint64_t *seed, unsigned depth,
                   struct pdl_strbuf *out);

#endif /* TESTS_GRAMMAR_GBNF_H */
