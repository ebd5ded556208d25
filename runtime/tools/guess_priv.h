/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the guess (guess*.c); see guess.h. */
#ifndef RUNTIME_TOOLS_GUESS_PRIV_H
#define RUNTIME_TOOLS_GUESS_PRIV_H

#include "runtime/tools/guess.h"

/* ---- Vector tables of M-profile cores (guess_m.c) ---- */

/* Whether @bytes start like a vector table; @lo and @hi: the range that holds
 * all handlers in flash, @sp the initial stack. */
bool guess_vectors(const uint8_t *bytes, size_t size, uint64_t *sp,
                   uint64_t *lo, uint64_t *hi);
/* CPU by the instructions that can be reached from the vectors, and what code
 * and literals say of memory.  The image stands at g->load. */
void guess_m(const struct image *img, const uint8_t *bytes, size_t size,
             uint64_t base, struct guess *g);

/* ---- Where raw bytes want to be (guess_base.c) ---- */

struct guess_search {
    const uint8_t *bytes;
    size_t size;
    unsigned width;             /* bytes of a pointer */
    uint64_t align, lo, hi;     /* of the address that is looked for */
};

/*
 * The address at which most pointers in the image meet starts of texts or
 * functions.  Returns the votes for it, with those of the next best in
 * @second.
 */
unsigned guess_base(const struct guess_search *search, uint64_t *base,
                    unsigned *second);

/* ---- Device trees in the image (guess_tree.c) ---- */

/* CPU, model, memory and devices by the first tree that names a CPU; false:
 * none. */
bool guess_tree(const struct image *img, struct guess *g);
/* Memories end where the tree's devices around [lo, hi), the image, are. */
void guess_cut_memories(struct guess *g, uint64_t lo, uint64_t hi);

/* ---- What the code needs (guess_code.c) ---- */

/* A core of A profile, by the instructions that are there; false: they do
 * not tell.  Fills cpu and its reason. */
bool guess_cpu_by_code(const struct image *img, struct guess *g);
/* Whether the start of the code is for EL3 alone: fills el and its reason. */
void guess_level(const struct image_piece *p, struct guess *g);

/* ---- Filling in (guess.c) ---- */

struct guess_memory *guess_add_memory(struct guess *g, const char *name,
                                      uint64_t base, uint64_t size,
                                      const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void guess_note(struct guess *g, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The power of two that is at least @n. */
uint64_t guess_round(uint64_t n);

#endif
