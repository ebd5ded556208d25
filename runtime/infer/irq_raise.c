/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/irq_raise.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONF_TRIGGER 70u

static bool is_single(uint64_t value)
{
    return value && (value & (value - 1)) == 0;
}

/* A register where writing 0 does something: it holds what is written. */
static bool holds(const struct inf_reg_stat *stat)
{
    return stat->reads || (stat->writes > 1 && !is_single(stat->prev_write));
}

bool inf_raise_trigger(const struct inf_waited *w, uint64_t *out)
{
    unsigned i;

    for (i = w->dev->first; w->ack && i < w->dev->first + w->dev->count;
         i++) {
        uint64_t at = w->eng->model.regs[i].phys;
        const struct inf_reg_stat *stat = inf_evidence_reg(w->eng->ev, at);

        if (stat && at != w->status && at != w->ack && stat->seq_write &&
            stat->last_write == 1ull << w->bit && !holds(stat)) {
            *out = at - w->dev->base;
            return true;
        }
    }
    return false;
}

/* "e008_0 & r00[0]": another bit of the register has a gate at @gate. */
static bool same_gate(const struct inf_shape *shape, unsigned bit,
                      uint64_t *gate)
{
    unsigned i, from, of;

    for (i = 0; i < shape->count; i++) {
        const struct inf_field *f = &shape->fields[i];

        if (f->kind == INF_FIELD_DERIVED && f->lo != bit &&
            sscanf(f->expr, "e%*x_%u & r%" SCNx64 "[%u]", &from, gate,
                   &of) == 3 && from == of && of == f->lo) {
            return true;
        }
    }
    return false;
}

/*
 * The trigger had been written, and the bit was read as 0: what enables it
 * came later, in the same place of another register, which holds it.
 */
static bool find_gate(const struct inf_waited *w, const struct inf_raise *r,
                      uint64_t *gate)
{
    const struct inf_evidence *ev = w->eng->ev;
    const struct inf_reg_stat *read = inf_evidence_reg(ev, w->status);
    const struct inf_reg_stat *trigger =
        inf_evidence_reg(ev, w->dev->base + r->trigger);
    unsigned i;

    if (!read || !trigger || read->seq_read < trigger->seq_write ||
        read->last_read >> w->bit & 1) {
        return false;
    }
    for (i = w->dev->first; i < w->dev->first + w->dev->count; i++) {
        uint64_t at = w->eng->model.regs[i].phys;
        const struct inf_reg_stat *stat = inf_evidence_reg(ev, at);

        if (stat && at != w->status && stat != trigger && holds(stat) &&
            stat->seq_write > read->seq_read &&
            stat->last_write >> w->bit & 1 &&
            !(stat->prev_write >> w->bit & 1)) {
            *gate = at - w->dev->base;
            return true;
        }
    }
    return false;
}

int inf_raise_find(const struct inf_waited *w, const struct inf_shape *shape,
                   struct inf_raise *out)
{
    int rc;

    memset(out, 0, sizeof(*out));
    snprintf(out->cell, sizeof(out->cell), "%.40s.b%u", shape->name, w->bit);
    rc = rules_dma_find(w->eng, w->dev, w->status, w->run, w->opaque,
                        &out->dma);
    if (rc == 0) {
        out->kind = INF_RAISE_TRANSFER;
    }
    if (rc != INF_E_RANGE || w->eng->restarts >= w->eng->opts.max_restarts ||
        !inf_raise_trigger(w, &out->trigger)) {
        return rc == INF_E_RANGE ? 0 : rc;
    }
    out->kind = INF_RAISE_TRIGGER;
    out->gated = find_gate(w, out, &out->gate) ||
                 same_gate(shape, w->bit, &out->gate);
    if (out->gated) {
        snprintf(out->cell, sizeof(out->cell), "e%03" PRIx64 "_%u",
                 shape->offset, w->bit);
    }
    return 0;
}

int inf_raise_gate(const struct inf_waited *w, const struct inf_raise *r,
                   struct inf_answer *ans, struct inf_shape *shape)
{
    struct inf_field f = { .kind = INF_FIELD_DERIVED };
    char text[INF_EXPR_MAX + 16];
    int rc;

    f.lo = f.hi = (uint8_t)w->bit;
    snprintf(f.expr, sizeof(f.expr), "%.40s & r%02" PRIx64 "[%u]", r->cell,
             r->gate, w->bit);
    rc = inf_shape_put(shape, &f);
    snprintf(text, sizeof(text), "var %s : 1;", r->cell);
    return rc ? rc : rules_edit_item(ans, w->dev->base, r->cell, text,
                                     CONF_TRIGGER);
}

int inf_raise_edit(const struct inf_waited *w, const struct inf_raise *r,
                   struct inf_answer *ans)
{
    char text[INF_EXPR_MAX + 80];
    int rc;

    if (r->kind == INF_RAISE_TRANSFER) {
        snprintf(text, sizeof(text), "%.90s = 1;", r->cell);
        return rules_dma_edit(w->eng, ans, &r->dma, text);
    }
    snprintf(text, sizeof(text), "on write r%02" PRIx64 " when value >> %u & "
             "1 { %.90s = 1; }", r->trigger, w->bit, r->cell);
    rc = rules_edit_item(ans, w->dev->base, "", text, CONF_TRIGGER);
    if (rc == 0) {
        ans->edits[ans->edit_count - 1].evidence =
            strdup("its bit alone was written there before the wait");
        ans->verdict = INF_RESTART;
        w->eng->restarts++;
    }
    return rc;
}
