/*
 * Snapshots: what the files of their two sections share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PERIPH_STATE_H
#define HW_PERIPH_STATE_H

#include "hw/periph/periph-board.h"
#include "migration/vmstate.h"

/* The content of a section. */
typedef struct StateBlock {
    const VMStateDescription *vmsd;
    uint32_t size;
    uint8_t *bytes;
} StateBlock;

/* Reads; @bad once something reached beyond the end: it is 0 then. */
typedef struct StateReader {
    const uint8_t *at;
    size_t left;
    bool bad;
} StateReader;

void state_put32(GByteArray *out, uint32_t value);
void state_put64(GByteArray *out, uint64_t value);
void state_put_bytes(GByteArray *out, const void *bytes, size_t size);
void state_put_text(GByteArray *out, const char *text);

const void *state_get(StateReader *in, size_t size);
uint32_t state_get32(StateReader *in);
uint64_t state_get64(StateReader *in);
/* A copy for the caller, aligned and followed by a NUL; never NULL. */
uint8_t *state_get_bytes(StateReader *in, size_t *size);
char *state_get_text(StateReader *in);
/* A number of things that take at least @least bytes each. */
uint32_t state_get_count(StateReader *in, size_t least);

/* The bytes of a block: with room for its head; taken, the head filled in. */
GByteArray *state_begin_block(void);
void state_finish_block(StateBlock *b, GByteArray *out);
/* Checks the head. */
bool state_open_block(const StateBlock *b, StateReader *in, Error **errp);
/* Says why @b cannot be loaded; what post_load returns then. */
int state_report(const StateBlock *b, Error *err);

/* ---- periph-state-tables.c ---- */

int periph_tables_pre_save(void *opaque);
int periph_tables_post_load(void *opaque, int version_id);

#endif
