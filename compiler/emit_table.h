/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the table emitter. */
#ifndef COMPILER_EMIT_TABLE_H
#define COMPILER_EMIT_TABLE_H

#include "compiler/emit.h"

/* FNV-1a, by which models are told apart. */
#define TAB_HASH_INIT UINT64_C(0xcbf29ce484222325)
uint64_t tab_hash(uint64_t hash, const void *bytes, size_t len);

/* Adds a string and gives its offset; "" and NULL are 0. */
uint32_t tab_string(struct pdl_strbuf *strings, const char *text);
/* Pads @buf to a multiple of 8 bytes behind @base. */
void tab_align(struct pdl_strbuf *buf, size_t base);

/* Each appends a blob, a multiple of 8 bytes long.  enum pcc_error. */
int tab_write_device(struct pcc_emit *e, const struct pcc_device *d);
/* @index: model device -> device of the file, PCC_NONE where left out. */
int tab_write_board(struct pcc_emit *e, const uint32_t *index);

#endif
