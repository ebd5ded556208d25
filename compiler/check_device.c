/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of devices. */
#include "compiler/check.h"

#include <string.h>

void check_undriven(struct cc *cc, const struct pcc_device *d)
{
    size_t i;

    for (i = 0; i < d->line_count; i++) {
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

static const char *never(const struct pcc_device *d,
                         const struct pcc_rule *rule)
{
    if (rule->event == PRT_EV_WRITE && !d->regs[rule->subject].writes) {
        return "another register takes the writes at this offset";
    }
    if (rule->event == PRT_EV_READ && !d->regs[rule->subject].reads) {
        return "another register takes the reads at this offset";
    }
    if (rule->event == PRT_EV_OVERFLOW && rule->kind == PRT_KIND_FIFO &&
        d->fifos[rule->subject].end == PRT_END_TO &&
        d->fifos[rule->subject].at == PCC_NONE) {
        return "the fifo drains at once";
    }
    return NULL;
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
}
