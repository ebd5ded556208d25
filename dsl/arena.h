/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arena: memory of one compilation, freed all at once. */
#ifndef PDL_ARENA_H
#define PDL_ARENA_H

#include <stddef.h>

struct pdl_arena;

/* A new empty arena, or NULL when out of memory. Freed by pdl_arena_free. */
struct pdl_arena *pdl_arena_new(void);

/* Frees the arena and everything taken from it. NULL is allowed. */
void pdl_arena_free(struct pdl_arena *arena);

/*
 * `size` zeroed bytes, aligned for any type, owned by the arena; NULL when out
 * of memory. A size of 0 gives a valid unique pointer.
 * Built with PDL_ARENA_DEBUG each call is a malloc of its own, so that ASan
 * sees an overrun of one item into the next.
 */
void *pdl_arena_alloc(struct pdl_arena *arena, size_t size);

/* A copy of `len` bytes with a NUL behind them; NULL when out of memory. */
char *pdl_arena_copy(struct pdl_arena *arena, const char *bytes, size_t len);

/* A copy of a C string; NULL when out of memory. */
char *pdl_arena_strdup(struct pdl_arena *arena, const char *text);

/* A formatted C string; NULL when out of memory. */
char *pdl_arena_printf(struct pdl_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes handed out so far (for tests and limits). */
size_t pdl_arena_used(const struct pdl_arena *arena);

#define PDL_NEW(arena, type) ((type *)pdl_arena_alloc((arena), sizeof(type)))

#endif
