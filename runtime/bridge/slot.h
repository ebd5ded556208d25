/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the bridge: word-wise copies and the sequence lock of a slot. */
#ifndef PERIPH_RUNTIME_BRIDGE_SLOT_H
#define PERIPH_RUNTIME_BRIDGE_SLOT_H

#include <stddef.h>
#include <stdint.h>

/* Copies from and to memory that another process changes meanwhile; @bytes
 * is a multiple of 8, both sides are 8-byte aligned. */
void pbr_load_words(void *to, const void *shared, size_t bytes);
void pbr_store_words(void *shared, const void *from, size_t bytes);

/* Writes under the lock word; afterwards the lock is even and not 0. */
void pbr_slot_write(uint64_t *lock, void *shared, const void *from,
                    size_t bytes);

/* PBR_OK, PBR_ERR_EMPTY or PBR_ERR_TORN; @to is undefined unless PBR_OK. */
int pbr_slot_read(const uint64_t *lock, void *to, const void *shared,
                  size_t bytes);

/* Text of @size bytes from the other side: ends it. */
void pbr_end_text(char *text, size_t size);

/* Copies a text into a field of @size bytes, cut and padded with zeros. */
void pbr_put_text(char *field, size_t size, const char *text);

#endif
