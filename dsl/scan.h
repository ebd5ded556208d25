/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to dsl/: text to tokens. */
#ifndef PDL_SCAN_H
#define PDL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dsl/arena.h"
#include "dsl/ast.h"
#include "dsl/diag.h"

/* Kinds are those of the grammar (YYEOF, T_NAME, ...), and these two. */
#define PDL_TOKEN_LINE_COMMENT 10001
#define PDL_TOKEN_BLOCK_COMMENT 10002

/* Bytes [begin, end) of the text. */
struct pdl_token {
    int kind;
    uint32_t begin;
    uint32_t end;
};

struct pdl_tokens {
    struct pdl_token *items;
    size_t count;
    size_t cap;
};

#define PDL_TOKENS_INIT { NULL, 0, 0 }

void pdl_tokens_dispose(struct pdl_tokens *tokens);

/* Returns 0 or NOMEM. */
int pdl_tokens_add(struct pdl_tokens *tokens, int kind, uint32_t begin,
                   uint32_t end);

/*
 * Scans a text into tokens and comments, in order; no end token. Characters
 * that start no token are left out. Offsets in diagnostics are those of the
 * text, in file `file`. `diags` may be NULL. Returns 0, SYNTAX when anything
 * was wrong (the tokens are there all the same), or NOMEM.
 */
int pdl_scan(const char *text, size_t len, uint32_t file,
             struct pdl_diags *diags, struct pdl_tokens *out);

/*
 * Tokens and comments of a file, kept with it by the parser so that sums of
 * its items need no scan of their own. NULL when there are none (yet).
 */
void pdl_source_keep_tokens(struct pdl_sources *sources, uint32_t file,
                            const struct pdl_tokens *tokens);
const struct pdl_tokens *pdl_source_tokens(const struct pdl_sources *sources,
                                           uint32_t file);

/* The kind of a word: a keyword's, or T_NAME. */
int pdl_word_kind(const char *text, size_t len);

/* True for keywords that cannot be used as a name. */
bool pdl_kind_is_hard(int kind);

/*
 * Value of a number token. On failure *code says why and the value is 0.
 * `text` of the result is left NULL.
 */
bool pdl_number_decode(const char *text, size_t len, struct pdl_number *out,
                       enum pdl_code *code);

/*
 * Decodes a string token (with its quotes) into `out`, which must have room
 * for len bytes; sets *out_len. Returns true, or false with *code and the
 * offset in the token of what is wrong; a shortened text is in out then.
 */
bool pdl_string_decode(const char *text, size_t len, char *out,
                       size_t *out_len, enum pdl_code *code, size_t *where);

/* Length of the valid UTF-8 sequence at text (1..4), or 0. */
size_t pdl_utf8_length(const char *text, size_t len);

#endif
