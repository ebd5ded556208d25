/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load address of raw bytes.  Absolute pointers in an image mostly point
 * at its own texts and functions; each pair of a pointer and such a start
 * votes for their difference.  Wrong pairs scatter, right ones agree.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/guess_priv.h"

#define STARTS_MAX 16384u
#define SLOTS (1u << 16)
#define TEXT_LEAST 6u
#define POINTERS_MAX 65536u

/* Offsets that pointers are likely to lead to, chained by their low bits. */
struct starts {
    uint32_t offset[STARTS_MAX];
    uint32_t next[STARTS_MAX];  /* index + 1; 0 ends a chain */
    uint32_t *head;             /* by offset modulo the alignment */
    unsigned count;
};

struct slot {
    uint64_t base;
    uint32_t votes;             /* 0: free */
};

static bool is_text(uint8_t c)
{
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\t' || c == '\r';
}

static void add_start(struct starts *s, uint32_t offset, uint64_t align)
{
    uint32_t *head = &s->head[offset & (align - 1)];

    if (s->count < STARTS_MAX) {
        s->offset[s->count] = offset;
        s->next[s->count] = *head;
        *head = ++s->count;
    }
}

/* Zero-terminated texts that follow a zero. */
static void find_texts(struct starts *s, const uint8_t *bytes, size_t size,
                       uint64_t align)
{
    size_t i, begin = 0;

    for (i = 1; i < size; i++) {
        if (is_text(bytes[i])) {
            if (!is_text(bytes[i - 1])) {
                begin = bytes[i - 1] == 0 ? i : 0;
            }
        } else if (bytes[i] == 0 && begin != 0 && i - begin >= TEXT_LEAST) {
            add_start(s, (uint32_t)begin, align);
            begin = 0;
        } else {
            begin = 0;
        }
    }
}

/* Thumb functions behind the end of another, as odd pointers name them. */
static void find_thumb(struct starts *s, const uint8_t *bytes, size_t size,
                       uint64_t align)
{
    uint16_t half, before = 0;
    size_t at;

    for (at = 0; at + 2 <= size; at += 2) {
        memcpy(&half, bytes + at, 2);
        if (((half & 0xff00) == 0xb500 || half == 0xe92d) &&
            (before == 0x4770 || (before & 0xff00) == 0xbd00 ||
             before == 0xbf00 || before == 0)) {
            add_start(s, (uint32_t)at + 1, align);
        }
        before = half;
    }
}

static void vote(struct slot *slots, uint64_t base)
{
    uint64_t hash = base * 0x9e3779b97f4a7c15u >> 48;
    unsigned i;

    for (i = 0; i < 64; i++) {
        struct slot *s = &slots[(hash + i) & (SLOTS - 1)];

        if (s->votes == 0 || s->base == base) {
            s->base = base;
            s->votes++;
            return;
        }
    }
}

static void vote_all(const struct starts *s, struct slot *slots,
                     const struct guess_search *g)
{
    unsigned used = 0;
    uint64_t last = 0;
    size_t at;

    for (at = 0; at + g->width <= g->size && used < POINTERS_MAX;
         at += g->width) {
        uint64_t pointer = 0;
        uint32_t i;

        memcpy(&pointer, g->bytes + at, g->width);
        if (pointer < g->lo || pointer >= g->hi + g->size ||
            pointer == last) {
            continue;
        }
        last = pointer;
        used++;
        for (i = s->head[pointer & (g->align - 1)]; i != 0;
             i = s->next[i - 1]) {
            uint64_t base = pointer - s->offset[i - 1];

            if (pointer >= s->offset[i - 1] && base >= g->lo &&
                base <= g->hi) {
                vote(slots, base);
            }
        }
    }
}

static unsigned count_votes(const struct slot *slots, uint64_t *base,
                            unsigned *second)
{
    unsigned i, best = 0;

    for (i = 0; i < SLOTS; i++) {
        if (slots[i].votes > best) {
            *second = best;
            best = slots[i].votes;
            *base = slots[i].base;
        } else if (slots[i].votes > *second) {
            *second = slots[i].votes;
        }
    }
    return best;
}

unsigned guess_base(const struct guess_search *g, uint64_t *base,
                    unsigned *second)
{
    struct starts *s = calloc(1, sizeof(*s));
    uint32_t *head = calloc(g->align, sizeof(*head));
    struct slot *slots = calloc(SLOTS, sizeof(*slots));
    unsigned best = 0;

    *second = 0;
    if (s != NULL && head != NULL && slots != NULL) {
        s->head = head;
        find_texts(s, g->bytes, g->size, g->align);
        if (g->width == 4) {
            find_thumb(s, g->bytes, g->size, g->align);
        }
        vote_all(s, slots, g);
        best = count_votes(slots, base, second);
    }
    free(head);
    free(s);
    free(slots);
    return best;
}
