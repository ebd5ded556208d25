/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a model of a device stands up to what happened: the recorded
 * accesses are replayed against its table, and the stall must clear.
 */
#ifndef PERIPH_INFER_AI_CHECK_H
#define PERIPH_INFER_AI_CHECK_H

#include "dsl/strbuf.h"
#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"
#include "runtime/infer/probe.h"

struct ai_check {
    const struct inf_question *question;
    const struct inf_services *svc;
    const struct inf_evidence *ev;
    struct inf_probe *probe;    /* NULL: the guest runs, nothing is tried */
    const void *table;          /* .ptab with the device, 8-aligned */
    size_t size;
    uint64_t base;              /* of the device */
    unsigned probes;            /* out: counterfactual runs made */
};

/*
 * 0 when nothing speaks against it; INF_E_FORMAT with the reasons, a line
 * each, in @problems; INF_E_NOMEM.
 *
 * Reads must give what they gave, except those of the poll in question, of
 * registers that follow time or chance, and of characters; where the record
 * does not reach back to reset, a register counts once it was written.
 */
int ai_check_run(struct ai_check *check, struct pdl_strbuf *problems);

/*
 * Whether the poll in question, a stall, waits for input: after a replay it
 * would read something else with a character more from outside.  Needs no
 * probe.  False as well when that cannot be found out.
 */
bool ai_check_waits(struct ai_check *check);

#endif
