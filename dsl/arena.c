/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arena: blocks in a list, filled from front to back. */
#include "dsl/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 1024u               /* blocks grow with what is used, */
#define BLOCK_BYTES (32u * 1024)        /* up to this: many arenas are small */
#define ALIGN _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

struct pdl_arena {
    struct block *blocks;
    size_t used;
};

struct pdl_arena *pdl_arena_new(void)
{
    return calloc(1, sizeof(struct pdl_arena));
}

void pdl_arena_free(struct pdl_arena *arena)
{
    struct block *block;

    if (!arena) {
        return;
    }
    while ((block = arena->blocks) != NULL) {
        arena->blocks = block->next;
        free(block);
    }
    free(arena);
}

static struct block *add_block(struct pdl_arena *arena, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);

    if (block) {
        block->size = size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

/* The block to take `size` bytes from, or NULL. */
static struct block *room_for(struct pdl_arena *arena, size_t size)
{
#ifdef PDL_ARENA_DEBUG
    return add_block(arena, size);
#else
    struct block *block = arena->blocks;
    size_t room = arena->used < FIRST_BYTES ? FIRST_BYTES :
                  arena->used < BLOCK_BYTES ? arena->used : BLOCK_BYTES;

    if (block && block->size - block->used >= size) {
        return block;
    }
    return add_block(arena, size > room ? size : room);
#endif
}

void *pdl_arena_alloc(struct pdl_arena *arena, size_t size)
{
    struct block *block;
    void *result;

    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    block = room_for(arena, size);
    if (!block) {
        return NULL;
    }
    result = (char *)block->bytes + block->used;
    block->used += size;
    arena->used += size;
    return result;
}

char *pdl_arena_copy(struct pdl_arena *arena, const char *bytes, size_t len)
{
    char *copy = len < SIZE_MAX ? pdl_arena_alloc(arena, len + 1) : NULL;

    if (copy && len) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

char *pdl_arena_strdup(struct pdl_arena *arena, const char *text)
{
    return pdl_arena_copy(arena, text, strlen(text));
}

char *pdl_arena_printf(struct pdl_arena *arena, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len >= 0) {
        text = pdl_arena_alloc(arena, (size_t)len + 1);
    }
    if (text) {
        va_start(args, format);
        vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}

size_t pdl_arena_used(const struct pdl_arena *arena)
{
    return arena->used;
}
