/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Final order of registers and fields, chains of registers that share an
 * offset, and everything that can be wrong with where things lie.
 */
#include "compiler/dev.h"

#include <stdlib.h>
#include <string.h>

struct key {
    uint64_t major;
    uint32_t minor;
    uint32_t id;
};

static int compare(const void *pa, const void *pb)
{
    const struct key *a = pa, *b = pb;

    if (a->major != b->major) {
        return a->major < b->major ? -1 : 1;
    }
    if (a->minor != b->minor) {
        return a->minor < b->minor ? -1 : 1;
    }
    return a->id < b->id ? -1 : a->id > b->id;
}

static struct key *new_keys(struct dev *dv, size_t n)
{
    return cc_alloc(dv->cc, (n + !n) * sizeof(struct key));
}

static void sort_regs(struct dev *dv)
{
    size_t n = dv->regs.n, i;
    struct key *keys = new_keys(dv, n);

    for (i = 0; i < n; i++) {
        keys[i].major = dv->regs.v[i].m.offset;
        keys[i].id = i;
    }
    qsort(keys, n, sizeof(*keys), compare);
    dv->final_reg = cc_alloc(dv->cc, (n + 1) * sizeof(uint32_t));
    dv->d.regs = cc_alloc(dv->cc, (n + 1) * sizeof(struct pcc_reg));
    dv->d.reg_count = n;
    for (i = 0; i < n; i++) {
        dv->final_reg[keys[i].id] = i;
        dv->d.regs[i] = dv->regs.v[keys[i].id].m;
    }
}

static void overlap(struct dev *dv, const struct pcc_field *f,
                    const struct pcc_field *g)
{
    struct pdl_diag *d = pdl_diag_add(dv->cc->diags, PDL_D_FIELD_OVERLAP,
                                      g->origin.span, g->name, f->name);

    pdl_diag_note(d, f->origin.span, "'%s' takes bits %u to %u", f->name,
                  f->lo, f->lo + f->width - 1);
}

/* Hidden fields check for overlap like others, then go. */
static void sort_fields(struct dev *dv)
{
    size_t n = dv->fields.n, i, out = 0;
    struct key *keys = new_keys(dv, n);
    const struct pcc_field *last = NULL;

    for (i = 0; i < n; i++) {
        struct pcc_field *f = &dv->fields.v[i].m;

        f->reg = dv->final_reg[f->reg];
        keys[i].major = f->reg;
        keys[i].minor = f->lo;
        keys[i].id = i;
    }
    qsort(keys, n, sizeof(*keys), compare);
    dv->final_field = cc_alloc(dv->cc, (n + 1) * sizeof(uint32_t));
    dv->d.fields = cc_alloc(dv->cc, (n + 1) * sizeof(struct pcc_field));
    for (i = 0; i < n; i++) {
        const struct bfield *b = &dv->fields.v[keys[i].id];
        struct pcc_reg *r = &dv->d.regs[b->m.reg];

        if (last && last->reg == b->m.reg &&
            b->m.lo < last->lo + last->width) {
            overlap(dv, last, &b->m);
        }
        last = &b->m;
        dv->final_field[keys[i].id] = b->hidden ? PCC_NONE : out;
        if (b->hidden) {
            continue;
        }
        if (!r->field_count) {
            r->first_field = out;
        }
        r->field_count++;
        r->derived |= b->m.kind == PRT_DERIVED;
        dv->d.fields[out++] = b->m;
    }
    dv->d.field_count = out;
}

/* Whether two registers may share bytes. */
static bool may_share(const struct dev *dv, uint32_t a, uint32_t b,
                      const bool *conditional)
{
    enum prt_policy p = dv->d.regs[a].policy, q = dv->d.regs[b].policy;

    if (conditional[a] || conditional[b]) {
        return true;
    }
    return (p == PRT_POL_ro && q == PRT_POL_wo) ||
           (p == PRT_POL_wo && q == PRT_POL_ro);
}

static void check_pairs(struct dev *dv, uint32_t first, uint32_t end,
                        const bool *conditional)
{
    uint32_t i, k;

    for (i = first; i < end; i++) {
        const struct pcc_reg *a = &dv->d.regs[i];

        for (k = i + 1; k < end; k++) {
            const struct pcc_reg *b = &dv->d.regs[k];
            struct pdl_diag *d;

            if (b->offset >= a->offset + a->bytes ||
                may_share(dv, i, k, conditional)) {
                continue;
            }
            d = pdl_diag_add(dv->cc->diags, PDL_D_REG_OVERLAP,
                             b->origin.span, b->path, a->path);
            pdl_diag_note(d, a->origin.span, "'%s' is declared here",
                          a->path);
        }
    }
}

/*
 * Registers first..end-1 share bytes, directly or through one another: they
 * form a chain.  A register leaves a direction to others that serve it.
 */
static void link_chain(struct dev *dv, uint32_t first, uint32_t end,
                       const bool *conditional)
{
    bool any_reads = false, any_writes = false;
    uint32_t i;

    if (end - first > PRT_MAX_CHAIN) {
        pdl_diag_add(dv->cc->diags, PDL_D_TOO_MANY,
                     dv->d.regs[first].origin.span,
                     "registers at one offset", PRT_MAX_CHAIN);
        return;
    }
    check_pairs(dv, first, end, conditional);
    for (i = first; i < end; i++) {
        any_reads |= dv->d.regs[i].policy != PRT_POL_wo;
        any_writes |= dv->d.regs[i].policy != PRT_POL_ro;
    }
    for (i = first; i < end; i++) {
        struct pcc_reg *r = &dv->d.regs[i];

        r->reads = r->policy != PRT_POL_wo || !any_reads;
        r->writes = r->policy != PRT_POL_ro || !any_writes;
        r->next = i + 1 < end ? i + 1 : PCC_NONE;
    }
}

static void link_chains(struct dev *dv, const bool *conditional)
{
    uint32_t n = dv->d.reg_count, i, first = 0;
    uint64_t end = 0;

    for (i = 0; i < n; i++) {
        const struct pcc_reg *r = &dv->d.regs[i];

        if (i && r->offset >= end) {
            link_chain(dv, first, i, conditional);
            first = i;
        }
        end = r->offset + r->bytes > end ? r->offset + r->bytes : end;
    }
    if (n) {
        link_chain(dv, first, n, conditional);
    }
}

static void check_places(struct dev *dv)
{
    struct pdl_diags *diags = dv->cc->diags;
    size_t i;

    for (i = 0; i < dv->d.reg_count; i++) {
        const struct pcc_reg *r = &dv->d.regs[i];

        if (r->offset > dv->d.size || r->bytes > dv->d.size - r->offset) {
            pdl_diag_add(diags, PDL_D_OUTSIDE_DEVICE, r->origin.span,
                         r->path,
                         (unsigned long long)(r->offset + r->bytes),
                         (unsigned long long)dv->d.size);
        } else if (r->offset % r->bytes) {
            pdl_diag_add(diags, PDL_D_MISALIGNED, r->origin.span, r->path,
                         r->bytes, (unsigned long long)r->offset);
        }
    }
}

struct extent {
    uint64_t begin, end;
    const char *name;
    struct pdl_span span;
};

static void check_extent(struct dev *dv, const struct extent *e)
{
    if (!e->end || e->begin >= dv->d.size || e->end > dv->d.size ||
        e->end <= e->begin) {
        pdl_diag_add(dv->cc->diags, PDL_D_OUTSIDE_DEVICE, e->span, e->name,
                     (unsigned long long)e->end,
                     (unsigned long long)dv->d.size);
    }
}

/* The one that reaches farthest so far, against the next by offset. */
static void check_after(struct dev *dv, struct extent *far,
                        const struct extent *next)
{
    if (far->name && next->begin < far->end) {
        struct pdl_diag *d = pdl_diag_add(dv->cc->diags, PDL_D_REG_OVERLAP,
                                          next->span, next->name, far->name);

        pdl_diag_note(d, far->span, "'%s' is declared here", far->name);
    }
    if (!far->name || next->end > far->end) {
        *far = *next;
    }
}

static void check_mems(struct dev *dv)
{
    struct extent far = { 0 };
    size_t i, k;

    for (i = 0; i < dv->d.mem_count; i++) {
        const struct pcc_mem *m = &dv->d.mems[i];
        struct extent e = { m->offset, m->offset + m->size, m->name,
                            m->origin.span };

        check_extent(dv, &e);
        check_after(dv, &far, &e);
        for (k = 0; k < dv->d.reg_count; k++) {
            const struct pcc_reg *r = &dv->d.regs[k];

            if (r->offset < e.end && e.begin < r->offset + r->bytes) {
                pdl_diag_add(dv->cc->diags, PDL_D_REG_OVERLAP,
                             r->origin.span, r->path, m->name);
                break;
            }
        }
    }
}

/* What a window covers, and what it shows. */
static void check_windows(struct dev *dv)
{
    struct extent far = { 0 };
    size_t i;

    for (i = 0; i < dv->d.window_count; i++) {
        const struct pcc_window *w = &dv->d.windows[i];
        struct extent here = { w->offset, w->offset + w->size, w->name,
                               w->origin.span };
        struct extent there = { w->target, w->target + w->size, w->name,
                                w->origin.span };

        check_extent(dv, &here);
        check_extent(dv, &there);
        check_after(dv, &far, &here);
    }
}

static void sort_mems(struct dev *dv)
{
    size_t n = dv->mems.n, i;
    struct key *keys = new_keys(dv, n);

    dv->final_mem = cc_alloc(dv->cc, (n + 1) * sizeof(uint32_t));
    dv->d.mems = cc_alloc(dv->cc, (n + 1) * sizeof(struct pcc_mem));
    dv->d.mem_count = n;
    for (i = 0; i < n; i++) {
        keys[i].major = dv->mems.v[i].offset;
        keys[i].id = i;
    }
    qsort(keys, n, sizeof(*keys), compare);
    for (i = 0; i < n; i++) {
        dv->final_mem[keys[i].id] = i;
        dv->d.mems[i] = dv->mems.v[keys[i].id];
    }
}

void dev_finish_windows(struct dev *dv)
{
    size_t n = dv->windows.n, i;
    struct key *keys = new_keys(dv, n);

    dv->d.windows = cc_alloc(dv->cc, (n + 1) * sizeof(struct pcc_window));
    dv->d.window_count = n;
    for (i = 0; i < n; i++) {
        keys[i].major = dv->windows.v[i].offset;
        keys[i].id = i;
    }
    qsort(keys, n, sizeof(*keys), compare);
    for (i = 0; i < n; i++) {
        dv->d.windows[i] = dv->windows.v[keys[i].id];
    }
    check_windows(dv);
}

void dev_finish_regs(struct dev *dv)
{
    bool *conditional;
    size_t i;

    sort_regs(dv);
    sort_fields(dv);
    conditional = cc_alloc(dv->cc, dv->d.reg_count + 1);
    for (i = 0; i < dv->todo.n; i++) {
        const struct todo *t = &dv->todo.v[i];

        if (t->kind == TODO_REG_WHEN) {
            conditional[dv->final_reg[t->index]] = true;
        }
    }
    link_chains(dv, conditional);
    check_places(dv);
    sort_mems(dv);
    check_mems(dv);
}
