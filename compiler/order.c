/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Third stage of a device: ranks of derived values, the order of holds and
 * of rules on edges, what makes the device settle; then all of it moves into
 * the model.
 */
#include "compiler/dev.h"

#include <stdlib.h>
#include <string.h>

#define UNRANKED UINT32_MAX
#define RANKING (UINT32_MAX - 1)

struct order {
    struct dev *dv;
    bool *marked;           /* programs seen by mark_prog() */
    bool failed;
};

static unsigned var_rank(struct order *o, uint32_t var, unsigned depth);
static unsigned field_rank(struct order *o, uint32_t field, unsigned depth);

static bool overlaps(unsigned lo, unsigned width, unsigned lo2,
                     unsigned width2)
{
    return lo < lo2 + width2 && lo2 < lo + width;
}

/* One more than the highest rank among derived bits of a register. */
static unsigned reg_rank(struct order *o, uint32_t reg, unsigned lo,
                         unsigned width, unsigned depth)
{
    const struct pcc_device *d = &o->dv->d;
    const struct pcc_reg *r = &d->regs[reg];
    unsigned rank = 0, sub;
    uint32_t i;

    for (i = r->first_field; i < r->first_field + r->field_count; i++) {
        const struct pcc_field *f = &d->fields[i];

        if (f->kind == PRT_DERIVED &&
            overlaps(f->lo, f->width, lo, width)) {
            sub = field_rank(o, i, depth) + 1;
            rank = sub > rank ? sub : rank;
        }
    }
    return rank;
}

/* The same with what the register's views show. */
static unsigned shown_rank(struct order *o, uint32_t reg, unsigned lo,
                           unsigned width, unsigned depth)
{
    const struct pcc_device *d = &o->dv->d;
    const struct pcc_reg *r = &d->regs[reg];
    unsigned rank = reg_rank(o, reg, lo, width, depth), sub;
    uint32_t i;

    for (i = r->first_view; i < r->first_view + r->view_count; i++) {
        const struct pcc_view *v = &d->views[i];

        if (!overlaps(v->lo, v->width, lo, width)) {
            continue;
        }
        sub = v->target_kind == PRT_KIND_REG ?
              reg_rank(o, v->target, v->target_lo, v->width, depth) :
              v->target_kind == PRT_KIND_VAR &&
              d->vars[v->target].kind == PRT_DERIVED ?
              var_rank(o, v->target, depth) + 1 : 0;
        rank = sub > rank ? sub : rank;
    }
    return rank;
}

static unsigned object_rank(struct order *o, bool var, uint32_t index,
                            unsigned depth)
{
    const struct pcc_device *d = &o->dv->d;
    const struct pcc_field *f;

    if (var) {
        return d->vars[index].kind == PRT_DERIVED ?
               var_rank(o, index, depth) + 1 : 0;
    }
    f = &d->fields[index];
    if (f->kind == PRT_DERIVED) {
        return field_rank(o, index, depth) + 1;
    }
    return shown_rank(o, f->reg, f->lo, f->width, depth);
}

static unsigned insn_rank(struct order *o, const struct prt_insn *in,
                          unsigned depth)
{
    const struct prt_array *a;
    unsigned rank = 0, sub;
    uint32_t k;

    if (in->op == PRT_OP_LDB) {
        return shown_rank(o, in->imm, in->a, in->b, depth);
    }
    if (in->op != PRT_OP_LDF && in->op != PRT_OP_LDS) {
        return 0;
    }
    if (!(in->imm & PRT_DYN)) {
        return object_rank(o, in->op == PRT_OP_LDS, in->imm, depth);
    }
    a = &o->dv->d.arrays[in->imm & ~PRT_DYN];
    for (k = 0; k < a->count; k++) {
        sub = object_rank(o, in->op == PRT_OP_LDS, a->first + k * a->stride,
                          depth);
        rank = sub > rank ? sub : rank;
    }
    return rank;
}

static unsigned prog_rank(struct order *o, uint32_t prog, unsigned depth)
{
    const struct pcc_prog *p;
    unsigned rank = 0, sub;
    uint32_t i;

    if (prog == PCC_NONE) {
        return 0;
    }
    p = &o->dv->d.progs[prog];
    for (i = 0; i < p->count; i++) {
        sub = insn_rank(o, &o->dv->d.code[p->first + i], depth);
        rank = sub > rank ? sub : rank;
    }
    return rank;
}

static unsigned rank_of(struct order *o, uint32_t *rank, uint32_t prog,
                        const char *name, const struct pcc_origin *origin,
                        unsigned depth)
{
    if (*rank == RANKING) {
        pdl_diag_add(o->dv->cc->diags, PDL_D_DERIVED_CYCLE, origin->span,
                     name);
        o->failed = true;
        return 0;
    }
    if (*rank != UNRANKED) {
        return *rank;
    }
    if (depth > PRT_MAX_RANK) {
        pdl_diag_add(o->dv->cc->diags, PDL_D_TOO_MANY, origin->span,
                     "derived values behind one another", PRT_MAX_RANK);
        o->failed = true;
        return 0;
    }
    *rank = RANKING;
    *rank = prog_rank(o, prog, depth + 1);
    if (*rank > PRT_MAX_RANK && !o->failed) {
        pdl_diag_add(o->dv->cc->diags, PDL_D_TOO_MANY, origin->span,
                     "derived values behind one another", PRT_MAX_RANK);
        o->failed = true;
    }
    return *rank;
}

static unsigned var_rank(struct order *o, uint32_t var, unsigned depth)
{
    struct pcc_var *v = &o->dv->d.vars[var];
    unsigned rank = rank_of(o, &v->rank, v->prog, v->name, &v->origin,
                            depth);

    return rank;
}

static unsigned field_rank(struct order *o, uint32_t field, unsigned depth)
{
    struct pcc_field *f = &o->dv->d.fields[field];

    return rank_of(o, &f->rank, f->prog, f->name, &f->origin, depth);
}

static void rank_all(struct order *o)
{
    struct pcc_device *d = &o->dv->d;
    size_t i;

    for (i = 0; i < d->field_count; i++) {
        d->fields[i].rank = d->fields[i].kind == PRT_DERIVED ? UNRANKED : 0;
    }
    for (i = 0; i < d->var_count; i++) {
        d->vars[i].rank = d->vars[i].kind == PRT_DERIVED ? UNRANKED : 0;
    }
    for (i = 0; i < d->field_count; i++) {
        if (d->fields[i].kind == PRT_DERIVED) {
            field_rank(o, i, 0);
        }
    }
    for (i = 0; i < d->var_count; i++) {
        if (d->vars[i].kind == PRT_DERIVED) {
            var_rank(o, i, 0);
        }
    }
}

/* ---- holds ---- */

struct hold {
    struct prt_item item;
    uint32_t prog;
    int state;              /* 0 new, 1 being placed, 2 placed */
};

struct holds {
    struct order *o;
    struct hold *v;
    size_t n;
    uint32_t *by_field;     /* hold + 1 */
    uint32_t *by_var;
    CC_VEC(struct prt_item) out;
    unsigned depth;
};

static void place_hold(struct holds *h, size_t i);

static void place_deps(struct holds *h, uint32_t prog, size_t self);

static void place_dep(struct holds *h, bool var, uint32_t index, size_t self)
{
    const struct pcc_device *d = &h->o->dv->d;
    uint32_t dep = var ? h->by_var[index] : h->by_field[index];

    if (var ? d->vars[index].kind == PRT_DERIVED :
        d->fields[index].kind == PRT_DERIVED) {
        place_deps(h, var ? d->vars[index].prog : d->fields[index].prog,
                   self);
    }
    if (dep && dep - 1 != self) {
        place_hold(h, dep - 1);
    }
}

static void place_deps(struct holds *h, uint32_t prog, size_t self)
{
    const struct pcc_device *d = &h->o->dv->d;
    const struct pcc_prog *p;
    uint32_t i, k;

    if (prog == PCC_NONE || h->depth > PRT_MAX_RANK) {
        return;
    }
    h->depth++;
    p = &d->progs[prog];
    for (i = 0; i < p->count; i++) {
        const struct prt_insn *in = &d->code[p->first + i];
        bool var = in->op == PRT_OP_LDS;

        if (in->op != PRT_OP_LDF && !var) {
            continue;
        }
        if (in->imm & PRT_DYN) {
            const struct prt_array *a = &d->arrays[in->imm & ~PRT_DYN];

            for (k = 0; k < a->count; k++) {
                place_dep(h, var, a->first + k * a->stride, self);
            }
        } else {
            place_dep(h, var, in->imm, self);
        }
    }
    h->depth--;
}

/* Holds that depend on each other keep text order: they have storage. */
static void place_hold(struct holds *h, size_t i)
{
    if (h->v[i].state) {
        return;
    }
    h->v[i].state = 1;
    place_deps(h, h->v[i].prog, i);
    h->v[i].state = 2;
    *CC_ADD(h->o->dv->cc, &h->out) = h->v[i].item;
}

static void add_hold(struct holds *h, unsigned kind, uint32_t index,
                     uint32_t prog)
{
    h->v[h->n].item.kind = kind;
    h->v[h->n].item.index = index;
    h->v[h->n].prog = prog;
    h->n++;
}

static void order_holds(struct order *o)
{
    struct pcc_device *d = &o->dv->d;
    struct cc *cc = o->dv->cc;
    struct holds h = { .o = o };
    size_t i;

    for (i = 0; i < d->field_count; i++) {
        h.n += d->fields[i].kind == PRT_HOLD;
    }
    for (i = 0; i < d->var_count; i++) {
        h.n += d->vars[i].kind == PRT_HOLD;
    }
    if (!h.n) {
        return;
    }
    h.v = cc_alloc(cc, h.n * sizeof(*h.v));
    h.by_field = cc_alloc(cc, (d->field_count + 1) * sizeof(uint32_t));
    h.by_var = cc_alloc(cc, (d->var_count + 1) * sizeof(uint32_t));
    h.n = 0;
    for (i = 0; i < d->field_count; i++) {
        if (d->fields[i].kind == PRT_HOLD) {
            add_hold(&h, PRT_KIND_FIELD, i, d->fields[i].prog);
            h.by_field[i] = h.n;
        }
    }
    for (i = 0; i < d->var_count; i++) {
        if (d->vars[i].kind == PRT_HOLD) {
            add_hold(&h, PRT_KIND_VAR, i, d->vars[i].prog);
            h.by_var[i] = h.n;
        }
    }
    for (i = 0; i < h.n; i++) {
        place_hold(&h, i);
    }
    d->order = h.out.v;
    d->order_count = h.out.n;
}

/* ---- what settles ---- */

static void mark_prog(struct order *o, uint32_t prog);

static void mark_reg(struct order *o, uint32_t reg, unsigned lo,
                     unsigned width)
{
    struct pcc_device *d = &o->dv->d;
    struct pcc_reg *r = &d->regs[reg];
    uint32_t i;

    r->settles = true;
    for (i = r->first_field; i < r->first_field + r->field_count; i++) {
        const struct pcc_field *f = &d->fields[i];

        if (f->kind == PRT_DERIVED &&
            overlaps(f->lo, f->width, lo, width)) {
            mark_prog(o, f->prog);
        }
    }
    for (i = r->first_view; i < r->first_view + r->view_count; i++) {
        const struct pcc_view *v = &d->views[i];

        mark_prog(o, v->when);
        if (v->target_kind == PRT_KIND_REG &&
            !d->regs[v->target].settles) {
            mark_reg(o, v->target, v->target_lo, v->width);
        }
    }
}

static void mark_object(struct order *o, bool var, uint32_t index)
{
    struct pcc_device *d = &o->dv->d;

    if (var) {
        if (d->vars[index].kind == PRT_DERIVED) {
            mark_prog(o, d->vars[index].prog);
        }
        return;
    }
    mark_reg(o, d->fields[index].reg, d->fields[index].lo,
             d->fields[index].width);
}

static void mark_prog(struct order *o, uint32_t prog)
{
    struct pcc_device *d = &o->dv->d;
    const struct pcc_prog *p;
    uint32_t i, k;

    if (prog == PCC_NONE || o->marked[prog]) {
        return;
    }
    o->marked[prog] = true;
    p = &d->progs[prog];
    for (i = 0; i < p->count; i++) {
        const struct prt_insn *in = &d->code[p->first + i];
        bool var = in->op == PRT_OP_LDS;

        if (in->op == PRT_OP_LDB) {
            mark_reg(o, in->imm, in->a, in->b);
        } else if (in->op == PRT_OP_LDF || var) {
            const struct prt_array *a = in->imm & PRT_DYN ?
                &d->arrays[in->imm & ~PRT_DYN] : NULL;

            for (k = 0; a && k < a->count; k++) {
                mark_object(o, var, a->first + k * a->stride);
            }
            if (!a) {
                mark_object(o, var, in->imm);
            }
        }
    }
}

static void mark_edges(struct order *o)
{
    struct pcc_device *d = &o->dv->d;
    uint32_t i;

    for (i = d->first_edge; i < d->first_edge + d->edge_count; i++) {
        const struct pcc_rule *r = &d->rules[i];

        if (r->kind == PRT_KIND_REG) {
            mark_reg(o, r->subject, r->lo, r->width ? r->width : 64);
        } else if (r->kind == PRT_KIND_FIELD || r->kind == PRT_KIND_VAR) {
            mark_object(o, r->kind == PRT_KIND_VAR, r->subject);
        }
    }
}

static void mark_all(struct order *o)
{
    struct pcc_device *d = &o->dv->d;
    size_t i, k;

    o->marked = cc_alloc(o->dv->cc, d->prog_count + 1);
    for (i = 0; i < d->line_count; i++) {
        mark_prog(o, d->lines[i].prog);
    }
    for (i = 0; i < d->order_count; i++) {
        mark_prog(o, d->order[i].kind == PRT_KIND_VAR ?
                  d->vars[d->order[i].index].prog :
                  d->fields[d->order[i].index].prog);
    }
    for (i = 0; i < d->timer_count; i++) {
        const struct pcc_timer *t = &d->timers[i];

        mark_prog(o, t->clock);
        mark_prog(o, t->divide);
        mark_prog(o, t->bits);
        mark_prog(o, t->reload);
        mark_prog(o, t->run);
        mark_prog(o, t->once);
        for (k = 0; k < t->match_count; k++) {
            mark_prog(o, t->first_match + k);
        }
    }
    mark_edges(o);
}

/* ---- plain registers ---- */

static void find_plain(struct pcc_device *d)
{
    size_t i;
    uint32_t k;

    for (i = 0; i < d->reg_count; i++) {
        struct pcc_reg *r = &d->regs[i];

        r->plain = r->when == PCC_NONE && r->needs == PCC_NONE && !r->once &&
                   !r->unimpl && !r->rule_count && !r->view_count;
        for (k = r->first_field; k < r->first_field + r->field_count; k++) {
            const struct pcc_field *f = &d->fields[k];

            r->plain &= f->kind == PRT_STORED && f->needs == PCC_NONE &&
                        f->when == PCC_NONE;
        }
    }
}

/* ---- rules and views by owner ---- */

static int compare_rules(const void *pa, const void *pb)
{
    const struct brule *a = pa, *b = pb;

    if (a->owner != b->owner) {
        return a->owner < b->owner ? -1 : 1;
    }
    if (a->owner_index != b->owner_index) {
        return a->owner_index < b->owner_index ? -1 : 1;
    }
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int compare_views(const void *pa, const void *pb)
{
    const struct bview *a = pa, *b = pb;

    if (a->reg != b->reg) {
        return a->reg < b->reg ? -1 : 1;
    }
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void count_rule(uint32_t *first, uint32_t *count, size_t i)
{
    if (!(*count)++) {
        *first = i;
    }
}

static void own_rule(struct dev *dv, const struct brule *r, size_t i)
{
    struct pcc_device *d = &dv->d;
    uint32_t k = r->owner_index;

    switch (r->owner) {
    case OWN_REG:
        count_rule(&d->regs[k].first_rule, &d->regs[k].rule_count, i);
        break;
    case OWN_FIFO:
        count_rule(&d->fifos[k].first_rule, &d->fifos[k].rule_count, i);
        break;
    case OWN_LOCK:
        count_rule(&d->locks[k].first_rule, &d->locks[k].rule_count, i);
        break;
    case OWN_TIMER:
        count_rule(&d->timers[k].first_rule, &d->timers[k].rule_count, i);
        break;
    case OWN_DOMAIN:
        count_rule(&d->domains[k].first_rule, &d->domains[k].rule_count, i);
        break;
    case OWN_EDGE:
        count_rule(&d->first_edge, &d->edge_count, i);
        break;
    case OWN_DEVICE:
        count_rule(&d->first_device_rule, &d->device_rule_count, i);
        break;
    }
}

static void place_rules(struct dev *dv)
{
    struct pcc_device *d = &dv->d;
    size_t i;

    if (dv->rules.n) {
        qsort(dv->rules.v, dv->rules.n, sizeof(*dv->rules.v), compare_rules);
    }
    if (dv->views.n) {
        qsort(dv->views.v, dv->views.n, sizeof(*dv->views.v), compare_views);
    }
    d->rules = cc_alloc(dv->cc, (dv->rules.n + 1) * sizeof(*d->rules));
    d->views = cc_alloc(dv->cc, (dv->views.n + 1) * sizeof(*d->views));
    d->rule_count = dv->rules.n;
    d->view_count = dv->views.n;
    for (i = 0; i < dv->rules.n; i++) {
        d->rules[i] = dv->rules.v[i].m;
        own_rule(dv, &dv->rules.v[i], i);
    }
    for (i = 0; i < dv->views.n; i++) {
        struct pcc_reg *r = &d->regs[dv->views.v[i].reg];

        d->views[i] = dv->views.v[i].m;
        d->views[i].target = dv->views.v[i].m.target;
        count_rule(&r->first_view, &r->view_count, i);
    }
}

static void move_all(struct dev *dv)
{
    struct pcc_device *d = &dv->d;

#define MOVE(field, count, from) (d->field = dv->from.v, d->count = dv->from.n)
    MOVE(vars, var_count, vars);
    MOVE(fifos, fifo_count, fifos);
    MOVE(lines, line_count, lines);
    MOVE(locks, lock_count, locks);
    MOVE(timers, timer_count, timers);
    MOVE(copies, copy_count, copies);
    MOVE(afters, after_count, afters);
    MOVE(domains, domain_count, domains);
    MOVE(items, item_count, dom_items);
    MOVE(arrays, array_count, arrays);
    MOVE(progs, prog_count, progs);
    MOVE(code, code_count, code);
    MOVE(pool, pool_count, pool);
    MOVE(texts, text_count, texts);
#undef MOVE
}

void dev_order(struct dev *dv)
{
    struct order o = { .dv = dv };

    move_all(dv);
    place_rules(dv);
    if (pdl_diags_errors(dv->cc->diags)) {
        return;             /* programs may be missing */
    }
    rank_all(&o);
    if (o.failed) {
        return;
    }
    order_holds(&o);
    mark_all(&o);
    find_plain(&dv->d);
}
