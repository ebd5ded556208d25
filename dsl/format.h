/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only printer. Everything goes through one layout of tokens and comments,
 * so formatted, imported and inferred text look alike.
 */
#ifndef PDL_FORMAT_H
#define PDL_FORMAT_H

#include <stddef.h>

#include "dsl/ast.h"
#include "dsl/status.h"
#include "dsl/strbuf.h"

/*
 * Lays out a text anew: the tokens and comments stay, in order, byte for byte
 * (trailing space in // comments goes); only white space changes. Formatting
 * twice is the same as once. The text need not parse, but its tokens must be
 * legal and its brackets must match. `indent` is the level of the first line.
 * Appends to out. Returns 0, SYNTAX (out unchanged) or NOMEM.
 */
int pdl_format(const char *text, size_t len, unsigned indent,
               struct pdl_strbuf *out);

/*
 * Canonical text of a tree, built or parsed; comments are not in a tree, so
 * none come out. Appends whole lines, the last one ended by a newline.
 * `indent` is the level of nesting (0 at file level, 4 columns each).
 * Returns 0, INVALID when the tree cannot be written (a part that the grammar
 * demands is missing, or is nested too deep), or NOMEM; out is then
 * unchanged.
 */
int pdl_print_item(const struct pdl_item *item, unsigned indent,
                   struct pdl_strbuf *out);
int pdl_print_unit(const struct pdl_unit *unit, struct pdl_strbuf *out);

/* An expression on one line, without newline. */
int pdl_print_expr(const struct pdl_expr *expr, struct pdl_strbuf *out);

/* A name, in back quotes where the grammar needs them. */
void pdl_print_name(const char *name, struct pdl_strbuf *out);

/*
 * A string literal with quotes and escapes that always parses: bytes that are
 * not UTF-8, and zero bytes, become U+FFFD, and what is beyond
 * PDL_MAX_STRING_BYTES is cut off.
 */
void pdl_print_string(const char *bytes, size_t len, struct pdl_strbuf *out);

#endif
