/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to dsl/: spacing between tokens, shared by format.c and item.c. */
#ifndef PDL_LAYOUT_H
#define PDL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dsl/scan.h"

/* A token or comment with what the source had in front of it. */
struct pdl_ltoken {
    int kind;
    const char *text;
    uint32_t len;
    uint32_t match;         /* of a bracket: index of its partner */
    uint8_t newlines;       /* 0, 1, or 2 for a blank line */
    bool space;             /* white space in front */
    bool space_before;      /* to be written in front, on the same line */
    bool list;              /* { of items that end with ; or } */
    bool in_parens;         /* between ( ) or [ ] */
    bool behind_note;       /* first behind a note in front of an item */
    bool tight_colon;       /* : of a setting or an index */
    bool operand;           /* ends an operand: a - behind it is binary */
};

struct pdl_layout {
    struct pdl_ltoken *t;
    size_t count;
};

/*
 * Scans a text for layout. Returns 0, SYNTAX (illegal tokens, or brackets
 * that do not match or nest too deep) or NOMEM; then there is nothing to
 * dispose of. The tokens point into `text`.
 */
int pdl_layout_init(struct pdl_layout *layout, const char *text, size_t len);
void pdl_layout_dispose(struct pdl_layout *layout);

bool pdl_is_comment(const struct pdl_ltoken *token);

/* True when token i is the `)` of a note. */
bool pdl_is_note_end(const struct pdl_layout *layout, size_t i);

/* Columns of a piece of text on a terminal. */
size_t pdl_columns(const char *text, size_t len);

#endif
