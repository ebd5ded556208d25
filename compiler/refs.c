/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reference in an expression or rule names. */
#include "compiler/rules.h"

#include <string.h>

#include "compiler/constexpr.h"

/* The way along a reference with indices known at run time only. */
struct walk {
    bool fresh;             /* the first: finds the indices */
    unsigned dims;          /* met so far */
    const struct pdl_expr *expr[GEN_MAX_DIMS];
    uint32_t count[GEN_MAX_DIMS];
    uint32_t at[GEN_MAX_DIMS];      /* what they are this time */
};

void gen_wrong_kind(struct gen *g, const struct target *t, const char *want)
{
    g->failed = true;
    pdl_diag_add(g->dv->cc->diags, PDL_D_WRONG_KIND, t->span, t->name,
                 cc_kind_text(t->kind), want);
}

/* Element 0 of what a symbol stands for. */
static void from_sym(struct gen *g, const struct sym *sym, struct target *t)
{
    t->kind = sym->kind;
    t->build = sym->index;
    t->count = sym->count;
    t->array = sym->array && sym->kind != SYM_LINE;
    t->value = sym->value;
    t->cell = NULL;
    t->part = false;
    t->lo = 0;
    gen_element(g, t, 0);
    t->array = sym->array && sym->kind != SYM_LINE;
}

void gen_element(struct gen *g, struct target *t, uint32_t k)
{
    struct dev *dv = g->dv;
    uint32_t i = t->build + k;

    t->array = false;
    t->index = i;
    switch (t->kind) {
    case SYM_REG:
        t->index = dv->final_reg[i];
        t->scope = dv->regs.v[i].scope;
        t->width = dv->d.regs[t->index].bits;
        break;
    case SYM_FIELD:
        t->index = dv->final_field[i];
        t->width = t->index == PCC_NONE ? 1 : dv->d.fields[t->index].width;
        break;
    case SYM_VAR:
        t->width = dv->vars.v[i].width;
        break;
    case SYM_LINE:
        t->index = t->build;
        t->width = dv->lines.v[t->build].count;
        break;
    case SYM_MEM:
        t->index = dv->final_mem[t->build];
        t->array = true;
        break;
    case SYM_GROUP:
        t->scope = i;
        break;
    default:
        break;
    }
}

static bool not_indexable(struct gen *g, const struct target *t,
                          struct pdl_span span)
{
    g->failed = true;
    pdl_diag_add(g->dv->cc->diags, PDL_D_NOT_INDEXABLE, span, t->name);
    return false;
}

/*
 * An index of an array, known only at run time: the element that the walk
 * is about, and what the index chooses from.
 */
static bool index_at_run_time(struct gen *g, const struct pdl_part *part,
                              struct target *t, struct walk *w)
{
    if (w->dims == GEN_MAX_DIMS) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_TOO_MANY, part->span,
                     "indices known only at run time", GEN_MAX_DIMS);
        return false;
    }
    if (w->fresh) {
        w->expr[w->dims] = part->first;
        w->count[w->dims] = t->count;
    } else if (t->count != w->count[w->dims]) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_UNEVEN, part->span, t->name);
        return false;
    }
    gen_element(g, t, w->at[w->dims]);
    w->dims++;
    return true;
}

static bool index_element(struct gen *g, const struct pdl_part *part,
                          struct target *t, struct walk *w)
{
    struct cc *cc = g->dv->cc;
    uint64_t k;

    if (t->kind == SYM_MEM) {
        t->cell = part->first;
        t->array = false;
        if (!pcc_const_try(cc, g->scope, part->first, &k)) {
            return true;
        }
    } else if (!pcc_const_try(cc, g->scope, part->first, &k)) {
        return index_at_run_time(g, part, t, w);
    }
    if (k >= t->count) {
        g->failed = true;
        pdl_diag_add(cc->diags, PDL_D_BAD_INDEX, part->span, t->name,
                     (unsigned)t->count, (unsigned long long)k);
        return false;
    }
    if (t->kind != SYM_MEM) {
        gen_element(g, t, k);
    }
    return true;
}

/* All elements of a field array, where they stand side by side. */
static bool whole_field_array(struct gen *g, struct target *t)
{
    const struct pcc_field *first;
    struct target e = *t;
    uint32_t k;

    gen_element(g, &e, 0);
    first = &g->dv->d.fields[e.index];
    for (k = 1; k < t->count; k++) {
        const struct pcc_field *f;

        gen_element(g, &e, k);
        f = &g->dv->d.fields[e.index];
        if (f->lo != first->lo + k * first->width) {
            return false;
        }
    }
    t->kind = SYM_REG;
    t->index = first->reg;
    t->lo = first->lo;
    t->width = first->width * t->count;
    t->part = true;
    t->array = false;
    return true;
}

static bool take_bits(struct gen *g, const struct pdl_part *part,
                      struct target *t)
{
    struct cc *cc = g->dv->cc;
    uint64_t first, last;

    if (t->kind != SYM_REG && t->kind != SYM_FIELD && t->kind != SYM_VAR &&
        t->kind != SYM_LINE) {
        return not_indexable(g, t, part->span);
    }
    if (t->array && (t->kind != SYM_FIELD || !whole_field_array(g, t))) {
        return not_indexable(g, t, part->span);
    }
    if (t->bit) {
        return not_indexable(g, t, part->span);
    }
    if (part->kind == PDL_PART_INDEX &&
        !pcc_const_try(cc, g->scope, part->first, &first)) {
        t->bit = part->first;
        return true;
    }
    if (!pcc_const(cc, g->scope, part->first, &first)) {
        g->failed = true;
        return false;
    }
    last = first;
    if (part->kind == PDL_PART_RANGE &&
        !pcc_const(cc, g->scope, part->last, &last)) {
        g->failed = true;
        return false;
    }
    if (last < first || last >= t->width) {
        g->failed = true;
        if (last < first) {
            pdl_diag_add(cc->diags, PDL_D_BITS_REVERSED, part->span,
                         (unsigned long long)first,
                         (unsigned long long)last);
        } else {
            pdl_diag_add(cc->diags, PDL_D_OUTSIDE_REGISTER, part->span,
                         (unsigned long long)last, t->name, t->width);
        }
        return false;
    }
    t->part |= first != 0 || last + 1 != t->width;
    t->lo += first;
    t->width = last - first + 1;
    return true;
}

/* FIELD.NAME is a constant of the field's enumeration. */
static bool field_constant(struct gen *g, const struct pdl_part *part,
                           struct target *t)
{
    const struct pcc_field *f = t->index == PCC_NONE ? NULL :
                                &g->dv->d.fields[t->index];
    size_t i;

    for (i = 0; f && i < f->value_count; i++) {
        if (strcmp(f->values[i].name, part->name.text) == 0) {
            t->kind = SYM_CONST;
            t->value = f->values[i].value;
            return true;
        }
    }
    g->failed = true;
    pdl_diag_add(g->dv->cc->diags, PDL_D_UNKNOWN_NAME, part->span,
                 part->name.text);
    return false;
}

static bool take_name(struct gen *g, const struct pdl_part *part,
                      struct target *t)
{
    struct cc *cc = g->dv->cc;
    const struct sym *sym;
    uint32_t scope;

    if (t->array || t->bit) {
        g->failed = true;
        pdl_diag_add(cc->diags, PDL_D_NEEDS_INDEX, t->span, t->name);
        return false;
    }
    if (t->kind == SYM_FIELD && !t->part) {
        return field_constant(g, part, t);
    }
    if ((t->kind != SYM_REG || t->part) && t->kind != SYM_GROUP &&
        t->kind != SYM_ENUM) {
        return not_indexable(g, t, part->span);
    }
    scope = t->kind == SYM_ENUM ? t->index : t->scope;
    sym = cc_lookup_in(cc, scope, part->name.text);
    if (!sym) {
        g->failed = true;
        cc_unknown(cc, scope, part->name.text, part->span);
        return false;
    }
    t->name = part->name.text;
    from_sym(g, sym, t);
    return true;
}

/* Follows a reference from the symbol it starts with. */
static bool walk(struct gen *g, const struct pdl_ref *ref,
                 const struct sym *sym, struct target *t, struct walk *w)
{
    const struct pdl_part *part;

    memset(t, 0, sizeof(*t));
    t->name = ref->parts->name.text;
    t->span = ref->span;
    w->dims = 0;
    from_sym(g, sym, t);
    for (part = ref->parts->next; part; part = part->next) {
        bool ok = part->kind == PDL_PART_NAME ? take_name(g, part, t) :
                  part->kind == PDL_PART_INDEX && t->array ?
                  index_element(g, part, t, w) : take_bits(g, part, t);

        if (!ok) {
            return false;
        }
    }
    if (t->kind == SYM_FIELD && t->index == PCC_NONE) {
        return not_indexable(g, t, ref->span);
    }
    return true;
}

/* Walks to every element that run-time indices can choose. */
static bool walk_all(struct gen *g, const struct pdl_ref *ref,
                     const struct sym *sym, struct target *t, struct walk *w)
{
    unsigned dims = w->dims, i;
    uint64_t n = 1, k;
    struct target *v;

    for (i = 0; i < dims; i++) {
        n *= w->count[i];
        t->dim[i].expr = w->expr[i];
        t->dim[i].count = w->count[i];
        if (n > GEN_MAX_ELEMENTS) {
            g->failed = true;
            pdl_diag_add(g->dv->cc->diags, PDL_D_TOO_MANY, ref->span,
                         "elements to choose from", GEN_MAX_ELEMENTS);
            return false;
        }
    }
    g->dv->choices += n;
    if (g->dv->choices > GEN_MAX_CHOICES) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_TOO_MANY, ref->span,
                     "elements to choose from, in all references of a device",
                     GEN_MAX_CHOICES);
        return false;
    }
    w->fresh = false;
    v = cc_alloc(g->dv->cc, n * sizeof(*v));
    for (k = 0; k < n; k++) {
        uint64_t rest = k;

        for (i = dims; i-- > 0; rest /= w->count[i]) {
            w->at[i] = rest % w->count[i];
        }
        if (!walk(g, ref, sym, &v[k], w)) {
            return false;
        }
        if (v[k].kind != t->kind || v[k].width != t->width) {
            g->failed = true;
            pdl_diag_add(g->dv->cc->diags, PDL_D_UNEVEN, ref->span, t->name);
            return false;
        }
        v[k].bit = NULL;
    }
    t->dims = dims;
    t->element = v;
    t->element_count = n;
    return true;
}

static bool find(struct gen *g, const struct pdl_ref *ref, struct target *t)
{
    const struct pdl_part *part = ref->parts;
    const struct sym *sym = cc_lookup(g->dv->cc, g->scope, part->name.text);
    struct walk w = { .fresh = true };

    memset(t, 0, sizeof(*t));
    t->name = part->name.text;
    t->span = ref->span;
    if (!sym) {
        g->failed = true;
        cc_unknown(g->dv->cc, g->scope, part->name.text, part->span);
        return false;
    }
    if (sym->clash) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_AMBIGUOUS_NAME, part->span,
                     sym->name);
        return false;
    }
    if (sym->kind == SYM_TYPED) {
        t->kind = SYM_TYPED;
        gen_wrong_kind(g, t, "something of the device");
        return false;
    }
    return walk(g, ref, sym, t, &w) &&
           (!w.dims || t->kind == SYM_CONST || walk_all(g, ref, sym, t, &w));
}

bool gen_ref_array(struct gen *g, const struct pdl_ref *ref,
                   struct target *t)
{
    return find(g, ref, t);
}

bool gen_ref(struct gen *g, const struct pdl_ref *ref, struct target *t)
{
    uint32_t k;

    if (!find(g, ref, t)) {
        return false;
    }
    if (!t->array) {
        return true;
    }
    if (t->kind == SYM_FIELD && whole_field_array(g, t)) {
        for (k = 0; k < t->element_count; k++) {
            if (!whole_field_array(g, &t->element[k])) {
                break;
            }
        }
        if (k == t->element_count) {
            return true;
        }
    }
    g->failed = true;
    pdl_diag_add(g->dv->cc->diags, PDL_D_NEEDS_INDEX, t->span, t->name);
    return false;
}

bool gen_ref_kind(struct gen *g, const struct pdl_expr *expr,
                  enum sym_kind kind, struct target *t)
{
    if (!expr || expr->kind != PDL_EXPR_REF) {
        g->failed = true;
        if (expr) {
            pdl_diag_add(g->dv->cc->diags, PDL_D_TEXT_NEEDED, expr->span,
                         cc_kind_text(kind));
        }
        return false;
    }
    if (!gen_ref(g, expr->u.ref, t)) {
        return false;
    }
    if (t->kind != kind) {
        gen_wrong_kind(g, t, cc_kind_text(kind));
        return false;
    }
    return true;
}
