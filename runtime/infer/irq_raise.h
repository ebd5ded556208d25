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

struct inf_raise {
    uint32_t kind;         /* enum inf_raise_kind */
    struct rules_dma dma;
    uint64_t trigger;      /* offset */
    bool gated;            /* the bit shows only while ... */
    uint64_t gate;         /* ... it stands in the register at this offset */
    char cell[INF_EXPR_MAX]; /* what holds the event, for rules */
};

/* The register of @dev, by offset, that was written 1 << @bit, and is for
 * that alone; @ack is the one that clears it.  False = none. */
bool inf_raise_trigger(const struct inf_engine *eng,
                       const struct rules_device *dev, uint64_t status,
                       unsigned bit, uint64_t ack, uint64_t *out);

/*
 * What raises bit @bit of @shape; @run runs the guest on from the event.
 * Needs a restart for all but time: none is found when there is none left.
 */
int inf_raise_find(struct inf_engine *eng, const struct rules_device *dev,
                   const struct inf_shape *shape, unsigned bit, uint64_t ack,
                   rules_try_fn run, void *opaque, struct inf_raise *out);

/* Gives @shape a gated bit, and declares its cell. */
int inf_raise_gate(const struct inf_raise *r, struct inf_answer *ans,
                   const struct rules_device *dev, struct inf_shape *shape,
                   unsigned bit);

/* The rule of a transfer or trigger; the answer becomes a restart. */
int inf_raise_edit(struct inf_engine *eng, struct inf_answer *ans,
                   const struct rules_device *dev, const struct inf_raise *r,
                   unsigned bit);

#endif
