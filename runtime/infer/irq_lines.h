/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt lines that an idle guest has enabled, and how the handler of
 * each is run: by the vector of an NVIC, or through the exception vectors and
 * what the GIC is asked there.
 */
#ifndef PERIPH_INFER_IRQ_LINES_H
#define PERIPH_INFER_IRQ_LINES_H

#include "runtime/infer/rules_priv.h"

struct inf_lines {
    struct inf_engine *eng;
    const struct inf_question *q;
    struct inf_answer *ans;
    struct inf_irqs irqs;
    struct inf_handler handler; /* of the line that was found last */
    char gic[INF_NAME_MAX];     /* the board's name of the GIC */
};

/*
 * False when there is nothing to find out: the controller is not known or the
 * board's text does not name it, or a handler is being run that waits.
 */
bool inf_lines_init(struct inf_lines *l, struct inf_engine *eng,
                    const struct inf_question *q, struct inf_answer *ans);

/* There is a controller, and the guest has not come to its end in the handler
 * of a fault. */
bool inf_lines_usable(const struct inf_lines *l);

/* Whether @line is enabled and has a handler; @l->handler is set to it.  0 or
 * a negative enum inf_error. */
int inf_lines_find(struct inf_lines *l, unsigned line, bool *found);

/* Runs the handler that was found; the trace is in eng->trace. */
int inf_lines_run(struct inf_lines *l, uint64_t phys, unsigned size,
                  const struct inf_stim *stim);

/* @phys is the core's own. */
bool inf_lines_core(const struct inf_lines *l, uint64_t phys);

/* The wire from output @name to @line, malloc'ed; NULL when out of memory. */
char *inf_lines_wire(const struct inf_lines *l, const char *name,
                     unsigned line);

#endif
