/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What raises an event that an idle guest waits for: a transfer that it
 * started, or a 1 that it wrote in the place of the event's bit to a register
 * for nothing else (a trigger); where neither is seen, time.
 */
#ifndef PERIPH_INFER_IRQ_RAISE_H
#define PERIPH_INFER_IRQ_RAISE_H

#include "runtime/infer/rules_dma.h"

enum inf_raise_kind {
    INF_RAISE_TIME = 0,
    INF_RAISE_TRANSFER = 1,
    INF_RAISE_TRIGGER = 2,
};

/* The event that is waited for. */
struct inf_waited {
    struct inf_engine *eng;
    const struct rules_device *dev;
    uint64_t status;  /* address of the register with its bit */
    unsigned bit;
    uint64_t ack;     /* a 1 in its place there clears it; 0 = nowhere */
    rules_try_fn run; /* runs the guest on from the event */
    void *opaque;
};

struct inf_raise {
    uint32_t kind;         /* enum inf_raise_kind */
    struct rules_dma dma;
    uint64_t trigger;      /* offset */
    bool gated;            /* the bit shows only while ... */
    uint64_t gate;         /* ... it stands in the register at this offset */
    char cell[INF_EXPR_MAX]; /* what holds the event, for rules */
};

/* The register, by offset, that was written the event's bit alone, and is for
 * that only.  @run is not needed.  False = none. */
bool inf_raise_trigger(const struct inf_waited *w, uint64_t *out);

/*
 * What raises the event, whose bit is in @shape.  All but time needs a
 * restart, and is not found when none is left.
 */
int inf_raise_find(const struct inf_waited *w, const struct inf_shape *shape,
                   struct inf_raise *out);

/* Gives @shape a gated bit, and declares its cell. */
int inf_raise_gate(const struct inf_waited *w, const struct inf_raise *r,
                   struct inf_answer *ans, struct inf_shape *shape);

/* The rule of a transfer or trigger; the answer becomes a restart. */
int inf_raise_edit(const struct inf_waited *w, const struct inf_raise *r,
                   struct inf_answer *ans);

#endif
