/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the text of a model's reply to edits of one device.
 *
 * The declarations are taken from the `periph` member of a JSON object, else
 * from the first fenced block, else the whole text; a `device` around them is
 * taken off, settings are passed over.  Only registers, fifos, variables,
 * lines, timers, locks, rules and derived values may stand there: what
 * reaches the host or belongs to people has no place in an answer, whatever
 * it is wrapped in.
 */
#ifndef PERIPH_INFER_AI_ITEMS_H
#define PERIPH_INFER_AI_ITEMS_H

#include "dsl/strbuf.h"
#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"

#define AI_TEXT_MAX 32768u

/* What the edits are for. */
struct ai_place {
    const struct inf_services *svc;
    const struct inf_evidence *ev;
    uint64_t base, size;
    unsigned width;             /* of the device, bits */
    unsigned claim_max;         /* confidence is cut to this */
};

/*
 * Appends the edits to @ans.  What is wrong goes to @problems, a line each,
 * for the model to read; then nothing is in @ans.  0, INF_E_FORMAT with
 * problems, or INF_E_NOMEM.
 */
int ai_items_parse(const char *reply, const struct ai_place *place,
                   struct inf_answer *ans, struct pdl_strbuf *problems);

#endif
