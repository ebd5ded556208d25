/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that can never fire: nothing in the device makes their event happen.
 * Where it is not certain, a rule is taken to fire.
 */
#include "compiler/check.h"

#include <string.h>

static uint64_t bits_of(unsigned lo, unsigned width)
{
    return (width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1) << lo;
}

/* Whether a program is `0`. */
static bool is_zero(const struct pcc_device *d, uint32_t prog)
{
    const struct prt_insn *code;

    if (prog == PCC_NONE) {
        return false;
    }
    code = &d->code[d->progs[prog].first];
    return d->progs[prog].count == 2 && code->op == PRT_OP_LI && !code->imm;
}

/* Calls of @op on object @index, also through an array of @kind. */
static bool has_op(const struct pcc_device *d, unsigned op, unsigned kind,
                   uint32_t index)
{
    size_t i;

    for (i = 0; i < d->code_count; i++) {
        const struct prt_insn *in = &d->code[i];
        const struct prt_array *a;

        if (in->op != op) {
            continue;
        }
        if (in->imm == index) {
            return true;
        }
        if (!(in->imm & PRT_DYN)) {
            continue;
        }
        a = &d->arrays[in->imm & ~PRT_DYN];
        if (a->kind == kind && index >= a->first &&
            (a->stride ? (index - a->first) / a->stride < a->count &&
             (index - a->first) % a->stride == 0 : index == a->first)) {
            return true;
        }
    }
    return false;
}

/* A view with @verb (0: any) on @target; @bits only for registers, vars. */
static bool has_view(const struct pcc_device *d, unsigned verb, unsigned kind,
                     uint32_t target, uint64_t bits)
{
    size_t i;

    for (i = 0; i < d->view_count; i++) {
        const struct pcc_view *v = &d->views[i];

        if (v->target_kind == kind && v->target == target &&
            (verb ? v->verb == verb :
             (bits_of(v->target_lo, v->width) & bits) != 0)) {
            return true;
        }
    }
    return false;
}

static bool fields_change(const struct pcc_device *d, uint32_t reg,
                          uint64_t bits)
{
    const struct pcc_reg *r = &d->regs[reg];
    uint32_t k;

    for (k = r->first_field; k < r->first_field + r->field_count; k++) {
        const struct pcc_field *f = &d->fields[k];

        if ((bits_of(f->lo, f->width) & bits) &&
            (f->kind != PRT_STORED || f->when != PCC_NONE ||
             has_op(d, PRT_OP_STF, PRT_KIND_FIELD, k))) {
            return true;
        }
    }
    return false;
}

/* Whether bits of a register can ever have another value than at reset. */
static bool reg_changes(const struct pcc_device *d, uint32_t reg,
                        uint64_t bits)
{
    const struct pcc_reg *r = &d->regs[reg];
    uint64_t written = r->masks.m00 | r->masks.m01 | ~r->masks.m10 |
                       ~r->masks.m11;
    uint64_t read = r->masks.r0 | ~r->masks.r1;

    return (r->writes && (written & bits)) || (r->reads && (read & bits)) ||
           r->view_count || fields_change(d, reg, bits) ||
           has_op(d, PRT_OP_STB, PRT_KIND_REG, reg) ||
           has_view(d, 0, PRT_KIND_REG, reg, bits);
}

static bool subject_changes(const struct pcc_device *d,
                            const struct pcc_rule *rule)
{
    uint32_t k = rule->subject;
    unsigned width = rule->width;

    switch (rule->kind) {
    case PRT_KIND_REG:
        return reg_changes(d, k, width ? bits_of(rule->lo, width) :
                           bits_of(0, d->regs[k].bits));
    case PRT_KIND_FIELD:
        return reg_changes(d, d->fields[k].reg,
                           bits_of(d->fields[k].lo + rule->lo,
                                   width ? width : d->fields[k].width));
    case PRT_KIND_VAR:
        return d->vars[k].kind != PRT_STORED ||
               has_op(d, PRT_OP_STS, PRT_KIND_VAR, k) ||
               has_view(d, 0, PRT_KIND_VAR, k, UINT64_MAX);
    case PRT_KIND_LINE:
        return d->lines[k].dir == PRT_LINE_IN || d->lines[k].driven;
    default:
        return true;
    }
}

static const char *fifo_never(const struct pcc_device *d,
                              const struct pcc_rule *rule)
{
    const struct pcc_fifo *f = &d->fifos[rule->subject];
    bool pushed = f->end == PRT_END_FROM ||
                  has_op(d, PRT_OP_PUSH, PRT_KIND_FIFO, rule->subject) ||
                  has_view(d, PRT_VERB_PUSHES, PRT_KIND_FIFO, rule->subject,
                           0);

    if (rule->event == PRT_EV_POP) {
        return f->end == PRT_END_TO ||
               has_op(d, PRT_OP_POP, PRT_KIND_FIFO, rule->subject) ||
               has_view(d, PRT_VERB_POPS, PRT_KIND_FIFO, rule->subject, 0) ?
               NULL : "nothing takes from the fifo";
    }
    if (!pushed) {
        return "nothing is put into the fifo";
    }
    return rule->event == PRT_EV_OVERFLOW && f->end == PRT_END_TO &&
           f->at == PCC_NONE ? "the fifo drains at once" : NULL;
}

static const char *never(const struct pcc_device *d,
                         const struct pcc_rule *rule)
{
    if (is_zero(d, rule->when)) {
        return "its 'when' is 0";
    }
    switch (rule->event) {
    case PRT_EV_WRITE:
        return d->regs[rule->subject].writes ? NULL :
               "another register takes the writes at this offset";
    case PRT_EV_READ:
        return d->regs[rule->subject].reads ? NULL :
               "another register takes the reads at this offset";
    case PRT_EV_PUSH:
    case PRT_EV_POP:
    case PRT_EV_OVERFLOW:
        return fifo_never(d, rule);
    case PRT_EV_UNLOCK:
        return has_view(d, PRT_VERB_FEEDS, PRT_KIND_LOCK, rule->subject, 0) ?
               NULL : "nothing feeds the lock";
    case PRT_EV_FAULT:
        return d->copy_count ? NULL : "the device copies nothing";
    case PRT_EV_CHANGE:
    case PRT_EV_SET:
    case PRT_EV_CLEAR:
    case PRT_EV_RISE:
    case PRT_EV_FALL:
        return subject_changes(d, rule) ? NULL : "the value never changes";
    default:
        return NULL;
    }
}

/* Timers that `run: 0` keeps still. */
static void check_timers(struct cc *cc, const struct pcc_device *d)
{
    size_t i;
    uint32_t k;

    for (i = 0; i < d->timer_count; i++) {
        const struct pcc_timer *t = &d->timers[i];

        for (k = 0; k < t->rule_count && is_zero(d, t->run); k++) {
            check_report(cc, PDL_D_NEVER_FIRES,
                         d->rules[t->first_rule + k].origin.span,
                         "the timer does not run");
        }
    }
}

void check_never(struct cc *cc, const struct pcc_device *d)
{
    size_t i;

    for (i = 0; i < d->rule_count; i++) {
        const char *why = never(d, &d->rules[i]);

        if (why) {
            check_report(cc, PDL_D_NEVER_FIRES,
                         d->rules[i].origin.span, why);
        }
    }
    check_timers(cc, d);
}
