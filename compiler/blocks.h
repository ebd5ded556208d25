/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers as they were written: the model has every element of an array by
 * itself; here they are groups and arrays again, for outputs that have such.
 */
#ifndef COMPILER_BLOCKS_H
#define COMPILER_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/model.h"
#include "dsl/arena.h"

struct pcc_block;

struct pcc_element {
    struct pcc_element *next;
    uint32_t index;
    uint32_t reg;               /* of the device; PCC_NONE: a group */
    uint64_t offset;            /* of the first register in it */
    struct pcc_block *first;    /* what a group holds, by offset */
    struct pcc_block *last;
};

/* "CH" of "CH[0].A", "CH[0].B", "CH[1].A", ... */
struct pcc_block {
    struct pcc_block *next;
    const char *name;
    bool array;                 /* written with an index */
    /*
     * Elements 0 to count - 1 differ in nothing but their place, `stride`
     * bytes apart.  Else each stands for itself.
     */
    bool uniform;
    uint64_t stride;
    uint32_t count;
    struct pcc_element *first;
    struct pcc_element *last;
};

/* The blocks of a device in @arena; false: out of memory. */
bool pcc_blocks(struct pdl_arena *arena, const struct pcc_device *d,
                struct pcc_block **out);

/*
 * Elements of the array that @field belongs to when they differ in nothing
 * but their bits, @stride apart; then @index is which one it is, and @stem
 * the length of the name without it.  0: no such array.
 */
struct pcc_field_place {
    uint32_t index;
    size_t stem;
    unsigned stride;
};

uint32_t pcc_field_array(const struct pcc_device *d, uint32_t field,
                         struct pcc_field_place *out);

#endif
