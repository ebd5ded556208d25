/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who owns an item: @inferred, its sum, and sealing of new text. */
#ifndef PDL_ITEM_H
#define PDL_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "dsl/ast.h"
#include "dsl/source.h"
#include "dsl/status.h"
#include "dsl/strbuf.h"

/* What @inferred(by, confidence, "evidence", sum = 0x...) says. */
struct pdl_inferred {
    const char *by;         /* NULL when not written */
    unsigned confidence;    /* 0..100 */
    const char *evidence;   /* NULL when not written */
    bool has_sum;
    uint32_t sum;
};

/* The first note of a kind on an item, or NULL. */
const struct pdl_note *pdl_item_note(const struct pdl_item *item,
                                     enum pdl_note_kind kind);

/* Reads the item's @inferred. Returns false when it has none. */
bool pdl_item_inferred(const struct pdl_item *item,
                       struct pdl_inferred *out);

/*
 * Sum over the item's tokens and comments as they stand in its source: not
 * white space, not its own @inferred, not items nested in it that carry an
 * @inferred of their own. Formatting keeps it, an edit changes it.
 * Returns 0, or NOT_FOUND for an item that was not parsed from a text.
 */
int pdl_item_sum(const struct pdl_sources *sources,
                 const struct pdl_item *item, uint32_t *sum);

/* True when the item has an @inferred whose sum is there and right. */
bool pdl_item_is_machines(const struct pdl_sources *sources,
                          const struct pdl_item *item);

/*
 * Copies a text (`fragment` is an enum pdl_fragment), laid out, with the sum of
 * every @inferred set to the right value: what a program does with the items
 * it has made before it puts them into a file. Must not be used on text that
 * a person may have edited: it would claim the edit for the machine.
 * Appends to out. Returns 0, SYNTAX or NOMEM.
 */
int pdl_seal(int fragment, const char *text, size_t len, unsigned indent,
             struct pdl_strbuf *out);

#endif
