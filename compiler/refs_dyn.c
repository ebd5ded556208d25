/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and stores of what a reference names, with indices known only at run
 * time.  Where the elements are objects that lie evenly in the table, the
 * engine indexes them (PRT_DYN); otherwise the code looks for the element by
 * halving.  An index outside loads 0 and stores nothing.
 */
#include "compiler/rules.h"

#include <string.h>

/* ---- indices ---- */

void gen_index(struct gen *g, const struct target *t, unsigned reg)
{
    unsigned i;

    if (!t->dims) {
        gen_expr(g, t->bit, reg);
        return;
    }
    gen_expr(g, t->dim[0].expr, reg);
    if (t->dims == 1) {
        return;
    }
    /* All indices must be inside before they make one number. */
    gen_const(g, reg + 1, t->dim[0].count);
    gen_op(g, PRT_OP_LT, reg + 1, reg, reg + 1, 0);
    for (i = 1; i < t->dims; i++) {
        gen_expr(g, t->dim[i].expr, reg + 2);
        gen_const(g, reg + 3, t->dim[i].count);
        gen_op(g, PRT_OP_MUL, reg, reg, reg + 3, 0);
        gen_op(g, PRT_OP_ADD, reg, reg, reg + 2, 0);
        gen_op(g, PRT_OP_LT, reg + 2, reg + 2, reg + 3, 0);
        gen_op(g, PRT_OP_AND, reg + 1, reg + 1, reg + 2, 0);
    }
    gen_const(g, reg + 2, UINT64_MAX);
    gen_op(g, PRT_OP_SEL, reg, reg, reg + 2, reg + 1);
}

static unsigned array_kind(const struct target *t)
{
    switch (t->kind) {
    case SYM_FIELD:
        return t->part ? PRT_KIND_NONE : PRT_KIND_FIELD;
    case SYM_VAR:
        return t->part ? PRT_KIND_NONE : PRT_KIND_VAR;
    case SYM_FIFO:
        return PRT_KIND_FIFO;
    case SYM_LOCK:
        return PRT_KIND_LOCK;
    case SYM_TIMER:
        return PRT_KIND_TIMER;
    default:
        return PRT_KIND_NONE;
    }
}

/* The operand that lets the engine index; false when it cannot. */
static bool array_operand(struct gen *g, const struct target *t,
                          uint32_t *imm)
{
    struct dev *dv = g->dv;
    struct prt_array a = {
        .kind = array_kind(t), .first = t->index, .count = t->element_count,
        .stride = 1,
    };
    uint32_t i;

    if (a.kind == PRT_KIND_NONE) {
        return false;
    }
    if (a.count > 1) {
        a.stride = t->element[1].index - a.first;
    }
    for (i = 0; i < a.count; i++) {
        if (t->element[i].index != a.first + i * a.stride ||
            t->element[i].index < a.first) {
            return false;
        }
    }
    for (i = 0; i < dv->arrays.n; i++) {
        if (memcmp(&dv->arrays.v[i], &a, sizeof(a)) == 0) {
            break;
        }
    }
    if (i == dv->arrays.n) {
        *CC_ADD(dv->cc, &dv->arrays) = a;
    }
    *imm = i | PRT_DYN;
    return true;
}

/* ---- a case for each element ---- */

typedef void case_fn(struct gen *g, const struct target *element,
                     unsigned reg, void *opaque);

struct cases {
    const struct target *t;
    unsigned index;         /* register that holds the index */
    case_fn *emit;
    unsigned reg;
    void *opaque;
    CC_VEC(size_t) ends;    /* jumps to the end */
};

/* Elements first to last-1; @index + 1 is scratch. */
static void halve(struct gen *g, struct cases *c, uint32_t first,
                  uint32_t last)
{
    uint32_t middle = first + (last - first) / 2;
    size_t jump;

    if (last - first == 1) {
        c->emit(g, &c->t->element[first], c->reg, c->opaque);
        *CC_ADD(g->dv->cc, &c->ends) = g->code.n;
        gen_op(g, PRT_OP_JMP, 0, 0, 0, 0);
        return;
    }
    gen_const(g, c->index + 1, middle);
    gen_op(g, PRT_OP_LT, c->index + 1, c->index, c->index + 1, 0);
    jump = g->code.n;
    gen_op(g, PRT_OP_JZ, 0, c->index + 1, 0, 0);
    halve(g, c, first, middle);
    g->code.v[jump].imm = g->code.n;
    halve(g, c, middle, last);
}

/* Registers from @index on are free; @emit may use those from index + 1. */
static void each_case(struct gen *g, const struct target *t, unsigned index,
                      case_fn *emit, unsigned reg, void *opaque)
{
    struct cases c = { t, index, emit, reg, opaque, { 0 } };
    size_t outside, i;

    if (t->element_count > GEN_MAX_CASES) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_TOO_MANY, t->span,
                     "registers or bits to choose from at run time",
                     GEN_MAX_CASES);
        return;
    }
    gen_index(g, t, index);
    gen_const(g, index + 1, t->element_count);
    gen_op(g, PRT_OP_LT, index + 1, index, index + 1, 0);
    outside = g->code.n;
    gen_op(g, PRT_OP_JZ, 0, index + 1, 0, 0);
    halve(g, &c, 0, t->element_count);
    g->code.v[outside].imm = g->code.n;
    for (i = 0; i < c.ends.n; i++) {
        g->code.v[c.ends.v[i]].imm = g->code.n;
    }
}

struct applied {
    gen_emit_fn *emit;
    void *opaque;
};

static void apply_case(struct gen *g, const struct target *e, unsigned reg,
                       void *opaque)
{
    const struct applied *a = opaque;

    (void)reg;
    a->emit(g, e, e->index, 0, a->opaque);
}

void gen_apply(struct gen *g, const struct target *t, unsigned reg,
               gen_emit_fn *emit, void *opaque)
{
    struct applied a = { emit, opaque };
    uint32_t imm;

    if (!t->dims) {
        emit(g, t, t->index, 0, opaque);
    } else if (array_operand(g, t, &imm)) {
        gen_index(g, t, reg);
        emit(g, t, imm, reg, opaque);
    } else {
        each_case(g, t, reg, apply_case, reg, &a);
    }
}

/* ---- loads ---- */

void gen_cut(struct gen *g, unsigned dst, unsigned lo, unsigned width)
{
    if (lo) {
        gen_op(g, PRT_OP_SHRI, dst, dst, 0, lo);
    }
    if (width <= 32) {
        gen_op(g, PRT_OP_ANDI, dst, dst, 0, bits_mask(0, width));
    } else if (width < 64) {
        gen_const(g, dst + 1, bits_mask(0, width));
        gen_op(g, PRT_OP_AND, dst, dst, dst + 1, 0);
    }
}

static void load_fixed(struct gen *g, const struct target *t, unsigned dst,
                       void *opaque)
{
    const struct pcc_field *f;

    (void)opaque;
    switch (t->kind) {
    case SYM_CONST:
        gen_const(g, dst, t->value);
        break;
    case SYM_REG:
        gen_op(g, PRT_OP_LDB, dst, t->lo, t->width, t->index);
        break;
    case SYM_FIELD:
        if (t->part) {
            f = &g->dv->d.fields[t->index];
            gen_op(g, PRT_OP_LDB, dst, f->lo + t->lo, t->width, f->reg);
        } else {
            gen_op(g, PRT_OP_LDF, dst, 0, 0, t->index);
        }
        break;
    case SYM_VAR:
    case SYM_LINE:
        gen_op(g, t->kind == SYM_VAR ? PRT_OP_LDS : PRT_OP_LDL, dst, 0, 0,
               t->index);
        if (t->part) {
            gen_cut(g, dst, t->lo, t->width);
        }
        break;
    case SYM_MEM:
        gen_expr(g, t->cell, dst);
        gen_op(g, PRT_OP_LDM, dst, dst, 0, t->index);
        break;
    default:
        gen_wrong_kind(g, t, "a value");
        break;
    }
}

static bool has_value(const struct target *t)
{
    return t->kind == SYM_REG || t->kind == SYM_FIELD || t->kind == SYM_VAR ||
           t->kind == SYM_LINE || t->kind == SYM_MEM;
}

void gen_load(struct gen *g, const struct target *t, unsigned dst)
{
    uint32_t imm;

    if (t->bit) {
        struct target all = *t;

        all.bit = NULL;
        gen_load(g, &all, dst);
        gen_expr(g, t->bit, dst + 1);
        gen_op(g, PRT_OP_SHR, dst, dst, dst + 1, 0);
        gen_op(g, PRT_OP_ANDI, dst, dst, 0, 1);
    } else if (!t->dims) {
        load_fixed(g, t, dst, NULL);
    } else if ((t->kind == SYM_FIELD || t->kind == SYM_VAR) &&
               array_operand(g, t, &imm)) {
        gen_index(g, t, dst);
        gen_op(g, t->kind == SYM_VAR ? PRT_OP_LDS : PRT_OP_LDF, dst, 0, dst,
               imm);
    } else if (!has_value(t)) {
        gen_wrong_kind(g, t, "a value");
    } else {
        gen_const(g, dst, 0);
        each_case(g, t, dst + 1, load_fixed, dst, NULL);
    }
}

/* ---- stores ---- */

/* Puts the low bits of register @reg into bits of variable @t. */
static void merge_var(struct gen *g, const struct target *t, unsigned reg)
{
    uint64_t bits = bits_mask(t->lo, t->width);

    if (t->lo) {
        gen_op(g, PRT_OP_SHLI, reg, reg, 0, t->lo);
    }
    gen_const(g, reg + 1, bits);
    gen_op(g, PRT_OP_AND, reg, reg, reg + 1, 0);
    gen_op(g, PRT_OP_NOT, reg + 1, reg + 1, 0, 0);
    gen_op(g, PRT_OP_LDS, reg + 2, 0, 0, t->index);
    gen_op(g, PRT_OP_AND, reg + 2, reg + 2, reg + 1, 0);
    gen_op(g, PRT_OP_OR, reg, reg, reg + 2, 0);
    gen_op(g, PRT_OP_STS, 0, reg, 0, t->index);
}

static void store_fixed(struct gen *g, const struct target *t, unsigned reg,
                        void *opaque)
{
    const struct pcc_field *f;

    (void)opaque;
    switch (t->kind) {
    case SYM_REG:
        gen_op(g, PRT_OP_STB, t->lo, reg, t->width, t->index);
        break;
    case SYM_FIELD:
        if (t->part) {
            f = &g->dv->d.fields[t->index];
            gen_op(g, PRT_OP_STB, f->lo + t->lo, reg, t->width, f->reg);
        } else {
            gen_op(g, PRT_OP_STF, 0, reg, 0, t->index);
        }
        break;
    case SYM_VAR:
        if (t->part) {
            merge_var(g, t, reg);
        } else {
            gen_op(g, PRT_OP_STS, 0, reg, 0, t->index);
        }
        break;
    case SYM_LINE:
        if (t->lo) {
            gen_op(g, PRT_OP_SHLI, reg, reg, 0, t->lo);
        }
        gen_const(g, reg + 1, bits_mask(t->lo, t->width));
        gen_op(g, PRT_OP_LINE, reg + 1, reg, 0, t->index);
        break;
    case SYM_MEM:
        gen_expr(g, t->cell, reg + 1);
        gen_op(g, PRT_OP_STM, 0, reg, reg + 1, t->index);
        break;
    default:
        break;
    }
}

/* Bit 0 of @reg to the bit that is chosen. */
static void store_bit(struct gen *g, const struct target *t, unsigned reg)
{
    struct target all = *t;
    size_t outside;

    all.bit = NULL;
    gen_expr(g, t->bit, reg + 1);
    gen_const(g, reg + 2, t->width);
    gen_op(g, PRT_OP_LT, reg + 2, reg + 1, reg + 2, 0);
    outside = g->code.n;
    gen_op(g, PRT_OP_JZ, 0, reg + 2, 0, 0);
    gen_const(g, reg + 2, 1);
    gen_op(g, PRT_OP_AND, reg, reg, reg + 2, 0);
    gen_op(g, PRT_OP_SHL, reg, reg, reg + 1, 0);
    gen_op(g, PRT_OP_SHL, reg + 1, reg + 2, reg + 1, 0);
    if (t->kind == SYM_LINE && !t->dims) {
        gen_op(g, PRT_OP_SHLI, reg, reg, 0, t->lo);
        gen_op(g, PRT_OP_SHLI, reg + 1, reg + 1, 0, t->lo);
        gen_op(g, PRT_OP_LINE, reg + 1, reg, 0, t->index);
    } else {
        gen_op(g, PRT_OP_NOT, reg + 1, reg + 1, 0, 0);
        gen_load(g, &all, reg + 2);
        gen_op(g, PRT_OP_AND, reg + 2, reg + 2, reg + 1, 0);
        gen_op(g, PRT_OP_OR, reg, reg, reg + 2, 0);
        gen_store(g, &all, reg);
    }
    g->code.v[outside].imm = g->code.n;
}

void gen_store(struct gen *g, const struct target *t, unsigned reg)
{
    uint32_t imm;

    if (t->bit) {
        store_bit(g, t, reg);
    } else if (!t->dims) {
        store_fixed(g, t, reg, NULL);
    } else if ((t->kind == SYM_FIELD || t->kind == SYM_VAR) &&
               array_operand(g, t, &imm)) {
        gen_index(g, t, reg + 1);
        gen_op(g, t->kind == SYM_VAR ? PRT_OP_STS : PRT_OP_STF, 0, reg,
               reg + 1, imm);
    } else {
        each_case(g, t, reg + 1, store_fixed, reg, NULL);
    }
}
