/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers that look at nothing: they have one cause, write a register to
 * clear it, and do their work.
 */
#ifndef PERIPH_INFER_IRQ_BLIND_H
#define PERIPH_INFER_IRQ_BLIND_H

#include "runtime/infer/irq_lines.h"

struct inf_blind {
    bool found;
    unsigned line;
    uint64_t ack; /* address of the register that it writes first */
    unsigned size;
    bool leaves;  /* the idle loop goes on to something else */
};

/*
 * Looks at the handler of @line, whose run is in the trace; keeps it in @best
 * if it reads no device, writes one, changes something, is not in the model,
 * and is better than what stands there.
 */
void inf_blind_note(const struct inf_lines *l, unsigned line,
                    struct inf_blind *best);

/* Gives the device a hidden event that time raises and the write clears, and
 * a line that follows it. */
int inf_blind_apply(struct inf_lines *l, const struct inf_blind *b);

#endif
