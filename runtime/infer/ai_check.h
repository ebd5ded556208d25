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

/* A recorded read that the device gives otherwise, as its table is now. */
struct ai_difference {
    uint64_t phys, pc;
    uint64_t was, is;
    uint64_t times; /* by this instruction, of this register */
};

#define AI_DIFFERENCES 8

struct ai_replay {
    uint64_t reads;     /* compared */
    uint64_t different;
    unsigned count;     /* entries, those met first */
    struct ai_difference entries[AI_DIFFERENCES];
};

/*
 * Replays what is recorded since the last reset against the device at @base of
 * @table (.ptab, 8-aligned) and adds to @out, which the caller zeroed.  A read
 * counts when the guest went on after it, and when its value follows neither
 * time nor chance nor characters, and no transfer is the device's; where the
 * record does not reach back to reset, a register counts once it was written.
 * INF_E_FORMAT, INF_E_NOMEM.
 */
int ai_check_replay(const void *table, size_t size, uint64_t base,
                    const struct inf_evidence *ev, struct ai_replay *out);

#endif
