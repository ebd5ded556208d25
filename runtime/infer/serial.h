/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buses driven bit by bit, as the evidence shows them: words of bits that the
 * guest sent and got.
 *
 * A write begins a word, each read of the input register ends one bit of it,
 * and what was written since the bit before tells which bit was sent: the
 * writes of the bus's data line are two of which each bit has exactly one.
 */
#ifndef PERIPH_INFER_SERIAL_H
#define PERIPH_INFER_SERIAL_H

#include "runtime/infer/evidence.h"

#define INF_SERIAL_WRITES 32u /* different ones within words */
#define INF_SERIAL_BITS 64u   /* of one word */

/* A write of a value. */
struct inf_serial_write {
    uint64_t phys, value;
};

struct inf_serial_bus {
    uint64_t in, in_mask; /* the register that is read, and its bit */
    struct inf_serial_write begin;
};

struct inf_serial_slot {
    uint32_t writes; /* bit n: writes[n] came since the bit before */
    bool first;      /* of a word */
    bool got;
};

struct inf_serial {
    unsigned slot_count, write_count;
    struct inf_serial_slot *slots; /* owned; the last word may be cut off */
    struct inf_serial_write writes[INF_SERIAL_WRITES];
};

/*
 * A device with registers behind the bus: the first bits of a word are an
 * address and a direction, the last ones are data.  What was written is what
 * is read.
 */
struct inf_serial_echo {
    struct inf_serial_write one, zero; /* of the data line */
    unsigned bits;      /* of a word */
    unsigned tail;      /* of them, the last ones are data */
    unsigned direction; /* bit of the head, 0 is the one sent last ... */
    bool reads;         /* ... and what it is in words that read */
    uint64_t address;   /* the other bits of the head */
};

/* All words that the evidence holds; @out is to be disposed of.  0 or
 * INF_E_NOMEM. */
int inf_serial_read(const struct inf_evidence *ev,
                    const struct inf_serial_bus *bus, struct inf_serial *out);
void inf_serial_dispose(struct inf_serial *s);

/* What the latest whole word of @bits bits got, the first bit highest; false
 * when there is none. */
bool inf_serial_last(const struct inf_serial *s, unsigned bits,
                     uint64_t *got);

/*
 * Whether words like the latest whole one of @bits bits are to get @needed
 * because the guest wrote that before, and all other words got what they
 * would get then.  @constant: bits of @needed that every word gets.
 */
bool inf_serial_find_echo(const struct inf_serial *s, unsigned bits,
                          uint64_t needed, uint64_t constant,
                          struct inf_serial_echo *out);

#endif
