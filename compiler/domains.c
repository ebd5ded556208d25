/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reset domains.  What a domain lists is not all that it resets: an `after`
 * or a `copy` under way that would change something of it is part of it too.
 */
#include "compiler/rules_priv.h"

void gen_domain(struct dev *dv, const struct todo *todo)
{
    static const uint8_t kinds[] = {
        [SYM_REG] = PRT_KIND_REG, [SYM_FIELD] = PRT_KIND_FIELD,
        [SYM_VAR] = PRT_KIND_VAR, [SYM_FIFO] = PRT_KIND_FIFO,
        [SYM_LINE] = PRT_KIND_LINE, [SYM_TIMER] = PRT_KIND_TIMER,
        [SYM_LOCK] = PRT_KIND_LOCK, [SYM_MEM] = PRT_KIND_MEM,
    };
    struct pcc_domain *d = &dv->domains.v[todo->index];
    const struct pdl_ref *ref;

    d->first_item = dv->dom_items.n;
    for (ref = todo->item->u.domain.refs; ref; ref = ref->next) {
        struct gen g = { .dv = dv, .scope = todo->scope };
        struct prt_item *item;
        struct target t;
        uint32_t k;

        if (!gen_ref_array(&g, ref, &t)) {
            continue;
        }
        if (t.kind >= sizeof(kinds) || !kinds[t.kind] || !gen_is_fixed(&t)) {
            gen_wrong_kind(&g, &t, "something with state");
            continue;
        }
        for (k = 0; k < (t.array && t.kind != SYM_MEM ? t.count : 1); k++) {
            if (t.array && t.kind != SYM_MEM) {
                gen_element(&g, &t, k);
                t.array = true;
            }
            item = CC_ADD(dv->cc, &dv->dom_items);
            item->kind = kinds[t.kind];
            item->lo = t.lo;
            item->width = t.part ? t.width : 0;
            item->index = t.index;
            d->item_count++;
        }
    }
}

/* ---- what is under way ---- */

static bool lists(const struct dev *dv, const struct pcc_domain *d,
                  unsigned kind, uint32_t index, uint64_t bits)
{
    uint32_t k;

    for (k = 0; k < d->item_count; k++) {
        const struct prt_item *item = &dv->dom_items.v[d->first_item + k];
        uint64_t listed = item->width ? bits_mask(item->lo, item->width) :
                          UINT64_MAX;
        const struct pcc_field *f = item->kind == PRT_KIND_FIELD ?
                                    &dv->d.fields[item->index] : NULL;

        if (f && kind == PRT_KIND_REG && index == f->reg &&
            bits & bits_mask(f->lo, f->width) & listed << f->lo) {
            return true;
        }
        if (item->kind == kind && item->index == index && bits & listed) {
            return true;
        }
    }
    return false;
}

/* The kind of object that an instruction changes; 0: of none. */
static unsigned changed_kind(const struct prt_insn *in)
{
    switch (in->op) {
    case PRT_OP_STF:
        return PRT_KIND_FIELD;
    case PRT_OP_STB:
        return PRT_KIND_REG;
    case PRT_OP_STS:
        return PRT_KIND_VAR;
    case PRT_OP_STM:
        return PRT_KIND_MEM;
    case PRT_OP_PUSH:
    case PRT_OP_POP:
    case PRT_OP_FLUSH:
        return PRT_KIND_FIFO;
    case PRT_OP_RESTART:
        return PRT_KIND_TIMER;
    case PRT_OP_RELOCK:
        return PRT_KIND_LOCK;
    case PRT_OP_LINE:
        return PRT_KIND_LINE;
    case PRT_OP_ARM:
        return PRT_KIND_AFTER;
    case PRT_OP_XFER:
        return PRT_KIND_COPY;
    default:
        return 0;
    }
}

static bool changes_one(const struct dev *dv, const struct pcc_domain *d,
                        const struct prt_insn *in, unsigned kind,
                        uint32_t index)
{
    if (kind == PRT_KIND_FIELD) {
        const struct pcc_field *f = &dv->d.fields[index];

        return lists(dv, d, PRT_KIND_REG, f->reg,
                     bits_mask(f->lo, f->width));
    }
    return lists(dv, d, kind, index, kind == PRT_KIND_REG ?
                 bits_mask(in->dst, in->b) : UINT64_MAX);
}

static bool changes(const struct dev *dv, const struct pcc_domain *d,
                    uint32_t prog)
{
    const struct pcc_prog *p = &dv->progs.v[prog];
    uint32_t i, k;

    for (i = p->first; i < p->first + p->count; i++) {
        const struct prt_insn *in = &dv->code.v[i];
        unsigned kind = changed_kind(in);
        const struct prt_array *a;

        if (!kind) {
            continue;
        }
        if (!(in->imm & PRT_DYN)) {
            if (changes_one(dv, d, in, kind, in->imm)) {
                return true;
            }
            continue;
        }
        a = &dv->arrays.v[in->imm & ~PRT_DYN];
        for (k = 0; k < a->count; k++) {
            if (changes_one(dv, d, in, kind, a->first + k * a->stride)) {
                return true;
            }
        }
    }
    return false;
}

static bool add_part(struct dev *dv, struct pcc_domain *d, unsigned kind,
                     uint32_t index, uint32_t body)
{
    struct prt_item *item;

    if (lists(dv, d, kind, index, UINT64_MAX) || !changes(dv, d, body)) {
        return false;
    }
    item = CC_ADD(dv->cc, &dv->dom_items);
    item->kind = kind;
    item->index = index;
    d->item_count++;
    return true;
}

/* What changes something of it by way of another is found in a later round. */
static void add_parts(struct dev *dv, struct pcc_domain *d)
{
    bool more = true;
    uint32_t i;

    while (more) {
        more = false;
        for (i = 0; i < dv->afters.n; i++) {
            more |= add_part(dv, d, PRT_KIND_AFTER, i, dv->afters.v[i].body);
        }
        for (i = 0; i < dv->copies.n; i++) {
            more |= add_part(dv, d, PRT_KIND_COPY, i, dv->copies.v[i].done);
        }
    }
}

void dev_finish_domains(struct dev *dv)
{
    struct prt_item *listed = dv->dom_items.v;
    uint32_t i, k;

    dv->dom_items.v = NULL;
    dv->dom_items.n = dv->dom_items.cap = 0;
    for (i = 0; i < dv->domains.n; i++) {
        struct pcc_domain *d = &dv->domains.v[i];
        const struct prt_item *items = listed ? listed + d->first_item : NULL;

        d->first_item = dv->dom_items.n;
        for (k = 0; k < d->item_count; k++) {
            *CC_ADD(dv->cc, &dv->dom_items) = items[k];
        }
        add_parts(dv, d);
    }
}
