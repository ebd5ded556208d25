/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shapes: the registers that the rules engine writes, as a structure.
 *
 * The text in the profile is the truth; a shape is read from it, changed and
 * printed again.  Text that a shape cannot express is left alone.
 */
#ifndef PERIPH_INFER_SHAPE_H
#define PERIPH_INFER_SHAPE_H

#include "runtime/infer/infer.h"

#define INF_SHAPE_FIELDS 40
#define INF_EXPR_MAX 96

enum inf_field_kind {
    INF_FIELD_PLAIN = 0, /* storage that only has a name */
    INF_FIELD_CONST = 1, /* ro = value */
    INF_FIELD_PULSE = 2, /* writes start something, reads 0 */
    INF_FIELD_DERIVED = 3, /* := expr */
    INF_FIELD_W1C = 4,   /* set at reset to value, cleared by writing 1 */
    INF_FIELD_DATA = 5,  /* pops and/or pushes fifos: expr holds the views */
    INF_FIELD_RESET = 6, /* storage that starts with value */
    INF_FIELD_TOGGLE = 7, /* reads the other way round each time */
    INF_FIELD_RANDOM = 8, /* reads another value each time */
};

struct inf_field {
    char name[24];
    uint8_t lo, hi; /* bits, inclusive */
    uint8_t kind;   /* enum inf_field_kind */
    uint64_t value;
    char expr[INF_EXPR_MAX];
};

struct inf_shape {
    char name[INF_NAME_MAX];
    uint64_t offset;
    unsigned bytes;
    char when[INF_EXPR_MAX];  /* "" = always */
    char whole[INF_EXPR_MAX]; /* ":= expr" of the whole register, "" = none */
    unsigned count;
    struct inf_field fields[INF_SHAPE_FIELDS]; /* ascending, no overlap */
};

/* Plain storage; its name is r<offset>. */
void inf_shape_init(struct inf_shape *s, uint64_t offset, unsigned bytes);

/*
 * Reads an item's text.  @width: of the device, in bits, for registers that
 * state none.  INF_E_FORMAT when a shape cannot hold all that the text says.
 */
int inf_shape_parse(struct inf_shape *s, const char *text, unsigned width);

/* The item's text, malloc'ed; NULL when out of memory. */
char *inf_shape_print(const struct inf_shape *s, unsigned width);

/* The field that covers @bit, or NULL. */
const struct inf_field *inf_shape_field(const struct inf_shape *s,
                                        unsigned bit);

/*
 * Replaces what stands at bits lo..hi: fields inside vanish, a constant that
 * sticks out is cut.  INF_E_RANGE when a field of another kind sticks out or
 * the register has no such bits.  The name is made from the bits.
 */
int inf_shape_put(struct inf_shape *s, const struct inf_field *field);

/* Constants for all bits in @mask, with the values in @value; runs of bits
 * become one field, bits that already read so stay as they are. */
int inf_shape_constant(struct inf_shape *s, uint64_t mask, uint64_t value);

#endif
