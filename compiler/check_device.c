/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of devices. */
#include "compiler/check.h"

#include <string.h>

void check_undriven(struct cc *cc, const struct pcc_device *d)
{
    size_t i;

    for (i = 0; i < d->line_count; i++) {
        /* vendors list interrupts; what drives them comes from others */
        if (d->lines[i].dir == PRT_LINE_OUT && !d->lines[i].driven &&
            d->lines[i].origin.owner != PCC_IMPORTED) {
            check_report(cc, PDL_D_UNDRIVEN_LINE,
                         d->lines[i].origin.span, d->lines[i].name);
        }
    }
}

void check_hidden_reset(struct cc *cc, const struct pcc_device *d)
{
    size_t i;

    for (i = 0; i < d->reg_count; i++) {
        const struct pcc_reg *r = &d->regs[i];
        uint64_t hidden = 0;
        uint32_t k;

        for (k = r->first_field; k < r->first_field + r->field_count; k++) {
            const struct pcc_field *f = &d->fields[k];

            if (f->kind == PRT_DERIVED) {
                hidden |= (f->width == 64 ? UINT64_MAX :
                           (UINT64_C(1) << f->width) - 1) << f->lo;
            }
        }
        if (r->reset & hidden) {
            check_report(cc, PDL_D_RESET_HIDDEN, r->origin.span,
                         (unsigned long long)(r->reset & hidden), r->path);
        }
    }
}

/* ---- contradictory policies ---- */

static bool keeps(enum prt_policy policy)
{
    return policy == PRT_POL_rw || policy == PRT_POL_ro ||
           policy == PRT_POL_wo || policy == PRT_POL_pulse ||
           policy == PRT_POL_unimpl;
}

/* The policy of the bits of a view, when it is one for all of them. */
static enum prt_policy policy_at(const struct pcc_device *d,
                                 const struct pcc_reg *r,
                                 const struct pcc_view *v)
{
    uint32_t k;

    for (k = r->first_field; k < r->first_field + r->field_count; k++) {
        const struct pcc_field *f = &d->fields[k];

        if (f->lo <= v->lo && v->lo + v->width <= f->lo + f->width) {
            return f->policy;
        }
    }
    return r->policy;
}

static void check_view(struct cc *cc, const struct pcc_device *d,
                       const struct pcc_reg *r, const struct pcc_view *v)
{
    enum prt_policy policy = policy_at(d, r, v);

    if (policy == PRT_POL_ro && r->writes && v->verb != PRT_VERB_POPS) {
        check_report(cc, PDL_D_IDLE_POLICY, v->origin.span, r->path, "ro",
                     "writes go through its view");
    } else if (policy == PRT_POL_wo && r->reads &&
               v->verb == PRT_VERB_POPS) {
        check_report(cc, PDL_D_IDLE_POLICY, v->origin.span, r->path, "wo",
                     "reads take from its fifo");
    }
}

void check_policies(struct cc *cc, const struct pcc_device *d)
{
    size_t i;
    uint32_t k;

    for (i = 0; i < d->field_count; i++) {
        const struct pcc_field *f = &d->fields[i];

        if (f->kind == PRT_DERIVED && !keeps(f->policy)) {
            check_report(cc, PDL_D_IDLE_POLICY, f->origin.span, f->name,
                         pcc_policy_name(f->policy),
                         "defined by ':=' it stores nothing");
        }
    }
    for (i = 0; i < d->reg_count; i++) {
        const struct pcc_reg *r = &d->regs[i];

        for (k = r->first_view; k < r->first_view + r->view_count; k++) {
            check_view(cc, d, r, &d->views[k]);
        }
    }
}

/* ---- periods ---- */

/* The value of a program that is a constant. */
static bool constant(const struct pcc_device *d, uint32_t prog,
                     uint64_t otherwise, uint64_t *value)
{
    const struct prt_insn *in;

    *value = otherwise;
    if (prog == PCC_NONE) {
        return true;
    }
    in = &d->code[d->progs[prog].first];
    if (d->progs[prog].count != 2 ||
        (in->op != PRT_OP_LI && in->op != PRT_OP_LP)) {
        return false;
    }
    *value = in->op == PRT_OP_LI ? in->imm : d->pool[in->imm];
    return true;
}

#define SHORTEST_NS 1000u

void check_periods(struct cc *cc, const struct pcc_device *d)
{
    uint64_t clock, divide, reload, ns;
    size_t i;

    for (i = 0; i < d->timer_count; i++) {
        const struct pcc_timer *t = &d->timers[i];

        if (!t->rule_count || !constant(d, t->clock, 0, &clock) ||
            !constant(d, t->divide, 1, &divide) ||
            !constant(d, t->reload, UINT32_MAX, &reload) || !clock ||
            divide > SHORTEST_NS || reload >= SHORTEST_NS) {
            continue;
        }
        ns = (reload + 1) * (divide ? divide : 1) * 1000000000u / clock;
        if (ns < SHORTEST_NS) {
            check_report(cc, PDL_D_SHORT_PERIOD, t->origin.span, t->name,
                         (unsigned long long)ns);
        }
    }
}
