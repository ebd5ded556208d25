/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions -> byte code. */
#include "compiler/rules.h"

#include <string.h>

#include "compiler/check.h"
#include "compiler/constexpr.h"

void gen_op(struct gen *g, unsigned op, unsigned dst, unsigned a, unsigned b,
            uint32_t imm)
{
    struct prt_insn *in = CC_ADD(g->dv->cc, &g->code);

    in->op = op;
    in->dst = dst;
    in->a = a;
    in->b = b;
    in->imm = imm;
}

void gen_const(struct gen *g, unsigned dst, uint64_t value)
{
    struct dev *dv = g->dv;
    size_t i;

    if (value <= UINT32_MAX) {
        gen_op(g, PRT_OP_LI, dst, 0, 0, value);
        return;
    }
    for (i = 0; i < dv->pool.n && i < 64; i++) {
        if (dv->pool.v[i] == value) {
            gen_op(g, PRT_OP_LP, dst, 0, 0, i);
            return;
        }
    }
    *CC_ADD(dv->cc, &dv->pool) = value;
    gen_op(g, PRT_OP_LP, dst, 0, 0, dv->pool.n - 1);
}

/* `value`, `old`, `mask` where they exist and nothing hides them. */
static bool predeclared(struct gen *g, const struct pdl_expr *expr,
                        unsigned dst)
{
    static const struct {
        const char *name;
        enum prt_op op;
    } words[] = {
        { "value", PRT_OP_LDV }, { "old", PRT_OP_LDOLD },
        { "mask", PRT_OP_LDMASK },
    };
    const struct pdl_part *part = expr->u.ref->parts;
    size_t i;

    for (i = 0; i < 3; i++) {
        if (strcmp(words[i].name, part->name.text) != 0) {
            continue;
        }
        if (g->words > (i == 0 ? GEN_NO_WORDS : GEN_VALUE)) {
            uint64_t lo = 0, hi;

            gen_op(g, words[i].op, dst, 0, 0, 0);
            part = part->next;
            if (!part) {
                return true;
            }
            if (part->kind == PDL_PART_NAME || part->next) {
                break;
            }
            if (!part->last &&
                !pcc_const_try(g->dv->cc, g->scope, part->first, &lo)) {
                gen_expr(g, part->first, dst + 1);
                gen_op(g, PRT_OP_SHR, dst, dst, dst + 1, 0);
                gen_op(g, PRT_OP_ANDI, dst, dst, 0, 1);
                return true;
            }
            pcc_const(g->dv->cc, g->scope, part->first, &lo);
            hi = lo;
            if (part->last) {
                pcc_const(g->dv->cc, g->scope, part->last, &hi);
            }
            if (lo <= hi && hi < 64) {
                gen_cut(g, dst, lo, hi - lo + 1);
                return true;
            }
            pdl_diag_add(g->dv->cc->diags, PDL_D_OUTSIDE_REGISTER,
                         part->span, (unsigned long long)hi, words[i].name,
                         64u);
            g->failed = true;
            return true;
        }
        if (cc_lookup(g->dv->cc, g->scope, words[i].name)) {
            return false;
        }
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_NO_VALUE_HERE, expr->span,
                     words[i].name);
        return true;
    }
    return false;
}

void gen_check_unit(struct dev *dv, const struct pdl_expr *expr,
                    enum pdl_unit_kind unit, const char *what)
{
    if (expr->kind == PDL_EXPR_NUMBER &&
        expr->u.number.unit != PDL_UNIT_NONE &&
        expr->u.number.unit != unit) {
        pdl_diag_add(dv->cc->diags, PDL_D_WRONG_UNIT, expr->span, what);
    }
}

/* ---- calls ---- */

static const struct pdl_expr *one_arg(struct gen *g,
                                      const struct pdl_expr *expr,
                                      const char *takes)
{
    const struct pdl_arg *arg = expr->u.call.args;

    if (arg && !arg->next && !arg->name.text) {
        return arg->value;
    }
    g->failed = true;
    pdl_diag_add(g->dv->cc->diags, PDL_D_BAD_CALL, expr->span,
                 expr->u.call.name.text, takes);
    return NULL;
}

struct object_call {
    unsigned dst;
    unsigned op;
    const char *name;
};

static void emit_call(struct gen *g, const struct target *t, uint32_t imm,
                      unsigned b, void *opaque)
{
    const struct object_call *call = opaque;
    unsigned dst = call->dst;

    (void)t;
    gen_op(g, call->op, dst, 0, b, imm);
    if (strcmp(call->name, "empty") == 0) {
        gen_op(g, PRT_OP_LNOT, dst, dst, 0, 0);
    } else if (strcmp(call->name, "full") == 0) {
        gen_op(g, PRT_OP_DEPTH, dst + 2, 0, b, imm);
        gen_op(g, PRT_OP_EQ, dst, dst, dst + 2, 0);
    }
}

/* empty, full, level, front, depth of a fifo; count; locked. */
static void call_object(struct gen *g, const struct pdl_expr *expr,
                        unsigned dst, unsigned op, enum sym_kind kind)
{
    const char *takes = kind == SYM_FIFO ? "one fifo" :
                        kind == SYM_TIMER ? "one timer" : "one lock";
    const struct pdl_expr *arg = one_arg(g, expr, takes);
    const char *name = expr->u.call.name.text;
    struct object_call call = { dst, op, name };
    struct target t;

    if (!arg || !gen_ref_kind(g, arg, kind, &t)) {
        g->failed = true;
        return;
    }
    if (!gen_is_fixed(&t)) {
        /* What is not there is empty, and full. */
        gen_const(g, dst, strcmp(name, "empty") == 0 ||
                  strcmp(name, "full") == 0);
    }
    gen_apply(g, &t, dst + 1, emit_call, &call);
}

static const struct {
    const char *name;
    enum prt_op op;
    enum sym_kind kind;
} object_calls[] = {
    { "empty", PRT_OP_LEVEL, SYM_FIFO }, { "full", PRT_OP_LEVEL, SYM_FIFO },
    { "level", PRT_OP_LEVEL, SYM_FIFO }, { "front", PRT_OP_FRONT, SYM_FIFO },
    { "count", PRT_OP_COUNT, SYM_TIMER },
    { "locked", PRT_OP_LOCKED, SYM_LOCK },
};

static bool has_effect(const char *name)
{
    static const char *const names[] = {
        "pop", "random", "wallclock", "sample", "push", "flush", "restart",
        "relock", "pulse", "drive", "log"
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void gen_call(struct gen *g, const struct pdl_expr *expr, unsigned dst)
{
    const char *name = expr->u.call.name.text;
    size_t i;

    for (i = 0; i < sizeof(object_calls) / sizeof(object_calls[0]); i++) {
        if (strcmp(name, object_calls[i].name) == 0) {
            call_object(g, expr, dst, object_calls[i].op,
                        object_calls[i].kind);
            return;
        }
    }
    if (strcmp(name, "time") == 0) {
        const struct pdl_expr *arg = one_arg(g, expr, "a frequency");

        if (arg) {
            gen_check_unit(g->dv, arg, PDL_UNIT_HZ, "a frequency");
            gen_expr(g, arg, dst);
            gen_op(g, PRT_OP_TIME, dst, dst, 0, 0);
        }
        return;
    }
    g->failed = true;
    if (has_effect(name)) {
        pdl_diag_add(g->dv->cc->diags, PDL_D_SIDE_EFFECT, expr->span, name);
    } else {
        pdl_diag_add(g->dv->cc->diags, PDL_D_UNKNOWN_FUNCTION, expr->span,
                     name);
    }
}

/* ---- operators ---- */

static bool small(struct gen *g, const struct pdl_expr *e, uint64_t *value)
{
    return pcc_const_try(g->dv->cc, g->scope, e, value) &&
           *value <= UINT32_MAX;
}

static bool immediate(struct gen *g, const struct pdl_expr *expr,
                      unsigned dst)
{
    uint64_t value;
    unsigned op;

    switch (expr->u.op.op) {
    case PDL_OP_ADD:
        op = PRT_OP_ADDI;
        break;
    case PDL_OP_AND:
        op = PRT_OP_ANDI;
        break;
    case PDL_OP_SHL:
        op = PRT_OP_SHLI;
        break;
    case PDL_OP_SHR:
        op = PRT_OP_SHRI;
        break;
    case PDL_OP_EQ:
    case PDL_OP_NE:
        op = PRT_OP_EQI;
        break;
    default:
        return false;
    }
    if (!small(g, expr->u.op.b, &value)) {
        return false;
    }
    gen_expr(g, expr->u.op.a, dst);
    gen_op(g, op, dst, dst, 0, value);
    if (expr->u.op.op == PDL_OP_NE) {
        gen_op(g, PRT_OP_LNOT, dst, dst, 0, 0);
    }
    return true;
}

static const uint8_t binary_ops[PDL_OP_COUNT] = {
    [PDL_OP_EQ] = PRT_OP_EQ, [PDL_OP_NE] = PRT_OP_NE,
    [PDL_OP_LT] = PRT_OP_LT, [PDL_OP_GT] = PRT_OP_LT,
    [PDL_OP_LE] = PRT_OP_LE, [PDL_OP_GE] = PRT_OP_LE,
    [PDL_OP_OR] = PRT_OP_OR, [PDL_OP_XOR] = PRT_OP_XOR,
    [PDL_OP_AND] = PRT_OP_AND, [PDL_OP_SHL] = PRT_OP_SHL,
    [PDL_OP_SHR] = PRT_OP_SHR, [PDL_OP_ADD] = PRT_OP_ADD,
    [PDL_OP_SUB] = PRT_OP_SUB, [PDL_OP_MUL] = PRT_OP_MUL,
    [PDL_OP_DIV] = PRT_OP_DIV, [PDL_OP_MOD] = PRT_OP_MOD,
    [PDL_OP_OROR] = PRT_OP_OR, [PDL_OP_ANDAND] = PRT_OP_AND,
};

static void gen_binary(struct gen *g, const struct pdl_expr *expr,
                       unsigned dst)
{
    enum pdl_op op = expr->u.op.op;

    if (immediate(g, expr, dst)) {
        return;
    }
    gen_expr(g, expr->u.op.a, dst);
    gen_expr(g, expr->u.op.b, dst + 1);
    if (op == PDL_OP_OROR || op == PDL_OP_ANDAND) {
        gen_op(g, PRT_OP_BOOL, dst, dst, 0, 0);
        gen_op(g, PRT_OP_BOOL, dst + 1, dst + 1, 0, 0);
    }
    if (op == PDL_OP_GT || op == PDL_OP_GE) {
        gen_op(g, binary_ops[op], dst, dst + 1, dst, 0);
    } else {
        gen_op(g, binary_ops[op], dst, dst, dst + 1, 0);
    }
}

static void gen_unary(struct gen *g, const struct pdl_expr *expr,
                      unsigned dst)
{
    unsigned op = expr->u.op.op == PDL_OP_LNOT ? PRT_OP_LNOT :
                  expr->u.op.op == PDL_OP_NOT ? PRT_OP_NOT : PRT_OP_NEG;

    gen_expr(g, expr->u.op.a, dst);
    if (op == PRT_OP_LNOT && g->code.n &&
        g->code.v[g->code.n - 1].op == PRT_OP_LNOT) {
        g->code.v[g->code.n - 1].op = PRT_OP_BOOL;      /* !!x */
        return;
    }
    gen_op(g, op, dst, dst, 0, 0);
}

static void gen_cond(struct gen *g, const struct pdl_expr *expr, unsigned dst)
{
    gen_expr(g, expr->u.cond.test, dst);
    gen_expr(g, expr->u.cond.yes, dst + 1);
    gen_expr(g, expr->u.cond.no, dst + 2);
    gen_op(g, PRT_OP_SEL, dst, dst + 1, dst + 2, dst);
}

/* ---- precedence ---- */

static bool is_bits(const struct pdl_expr *e)
{
    return e->kind == PDL_EXPR_BINARY && !e->parens &&
           (e->u.op.op == PDL_OP_AND || e->u.op.op == PDL_OP_OR ||
            e->u.op.op == PDL_OP_XOR);
}

/* `a & MASK == c`, `a & b != 0` and `a | b != 0` say what they mean. */
static bool is_plain(struct gen *g, const struct pdl_expr *compare)
{
    const struct pdl_expr *bits = compare->u.op.a, *with = compare->u.op.b;
    bool zero = with->kind == PDL_EXPR_NUMBER && !with->u.number.value;
    uint64_t value;

    return bits->u.op.op == PDL_OP_AND ?
           zero || pcc_const_try(g->dv->cc, g->scope, bits->u.op.a, &value) ||
           pcc_const_try(g->dv->cc, g->scope, bits->u.op.b, &value) :
           bits->u.op.op == PDL_OP_OR && zero &&
           compare->u.op.op == PDL_OP_NE;
}

/* A comparison with & ^ | beside it that C would read otherwise. */
static void check_precedence(struct gen *g, const struct pdl_expr *e)
{
    const struct pdl_expr *bits;

    switch (e->u.op.op) {
    case PDL_OP_EQ: case PDL_OP_NE: case PDL_OP_LT: case PDL_OP_GT:
    case PDL_OP_LE: case PDL_OP_GE:
        break;
    default:
        return;
    }
    if (is_bits(e->u.op.b)) {
        bits = e->u.op.b;
    } else if (is_bits(e->u.op.a) && !is_plain(g, e)) {
        bits = e->u.op.a;
    } else {
        return;
    }
    check_report(g->dv->cc, PDL_D_PRECEDENCE, e->span,
                 pdl_op_word(bits->u.op.op), pdl_op_word(e->u.op.op));
}

void gen_expr(struct gen *g, const struct pdl_expr *expr, unsigned dst)
{
    uint64_t value;
    struct target t;

    if (dst + 2 >= PRT_NUM_REGS) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_EXPRESSION_TOO_WIDE, expr->span,
                     PRT_NUM_REGS);
        return;
    }
    switch (expr->kind) {
    case PDL_EXPR_NUMBER:
        gen_const(g, dst, expr->u.number.value);
        break;
    case PDL_EXPR_REF:
        if (!predeclared(g, expr, dst) && gen_ref(g, expr->u.ref, &t)) {
            gen_load(g, &t, dst);
        }
        break;
    case PDL_EXPR_CALL:
        gen_call(g, expr, dst);
        break;
    case PDL_EXPR_UNARY:
        if (pcc_const_try(g->dv->cc, g->scope, expr, &value)) {
            gen_const(g, dst, value);
        } else {
            gen_unary(g, expr, dst);
        }
        break;
    case PDL_EXPR_BINARY:
        check_precedence(g, expr);
        if (expr->height < 8 &&
            pcc_const_try(g->dv->cc, g->scope, expr, &value)) {
            gen_const(g, dst, value);
        } else {
            gen_binary(g, expr, dst);
        }
        break;
    case PDL_EXPR_COND:
        gen_cond(g, expr, dst);
        break;
    case PDL_EXPR_STRING:
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_TEXT_NEEDED, expr->span,
                     "a number");
        break;
    }
}

static bool host_call(struct gen *g, const struct pdl_expr *expr,
                      unsigned dst)
{
    const char *name = expr->u.call.name.text;
    const struct pdl_arg *args = expr->u.call.args;

    if (strcmp(name, "sample") == 0) {
        const struct pdl_expr *arg = one_arg(g, expr, "a channel number");

        if (arg) {
            gen_expr(g, arg, dst);
            gen_op(g, PRT_OP_HOST, dst, dst, 0, PRT_HOST_SAMPLE);
        }
        return true;
    }
    if (strcmp(name, "random") != 0 && strcmp(name, "wallclock") != 0) {
        return false;
    }
    if (args) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_BAD_CALL, expr->span, name,
                     "no argument");
    }
    gen_const(g, dst, 0);
    gen_op(g, PRT_OP_HOST, dst, dst, 0, *name == 'r' ? PRT_HOST_RANDOM :
           PRT_HOST_WALLCLOCK);
    return true;
}

void gen_rhs(struct gen *g, const struct pdl_expr *expr, unsigned dst)
{
    if (expr->kind == PDL_EXPR_CALL && g->action) {
        if (strcmp(expr->u.call.name.text, "pop") == 0) {
            call_object(g, expr, dst, PRT_OP_POP, SYM_FIFO);
            return;
        }
        if (host_call(g, expr, dst)) {
            return;
        }
    }
    gen_expr(g, expr, dst);
}

/* ---- finished programs ---- */

static uint32_t add_program(struct gen *g)
{
    struct dev *dv = g->dv;
    struct pcc_prog *p = CC_ADD(dv->cc, &dv->progs);
    size_t i;

    p->first = dv->code.n;
    p->count = g->code.n;
    p->kind = g->action ? PRT_PROG_ACTION : PRT_PROG_EXPR;
    for (i = 0; i < g->code.n; i++) {
        *CC_ADD(dv->cc, &dv->code) = g->code.v[i];
    }
    return dv->progs.n - 1;
}

static bool same_program(const struct gen *g, uint32_t index)
{
    const struct pcc_prog *p = &g->dv->progs.v[index];

    return p->kind == (g->action ? PRT_PROG_ACTION : PRT_PROG_EXPR) &&
           p->count == g->code.n &&
           memcmp(&g->dv->code.v[p->first], g->code.v,
                  g->code.n * sizeof(*g->code.v)) == 0;
}

static uint32_t hash_code(const struct prt_insn *code, size_t n)
{
    const uint8_t *bytes = (const uint8_t *)code;
    uint32_t h = 2166136261u;
    size_t i;

    for (i = 0; i < n * sizeof(*code); i++) {
        h = (h ^ bytes[i]) * 16777619u;
    }
    return h ^ h >> 15;
}

static uint32_t *prog_slot(struct dev *dv, uint32_t hash,
                           const struct gen *g)
{
    size_t mask = dv->prog_table_size - 1;
    size_t i = hash & mask;

    while (dv->prog_table[i] &&
           (!g || !same_program(g, dv->prog_table[i] - 1))) {
        i = (i + 1) & mask;
    }
    return &dv->prog_table[i];
}

static void grow_progs(struct dev *dv)
{
    uint32_t *old = dv->prog_table;
    size_t old_size = dv->prog_table_size, i;

    dv->prog_table_size = old_size ? old_size * 2 : 64;
    dv->prog_table = cc_alloc(dv->cc, dv->prog_table_size * sizeof(*old));
    for (i = 0; i < old_size; i++) {
        if (old[i]) {
            const struct pcc_prog *p = &dv->progs.v[old[i] - 1];

            *prog_slot(dv, hash_code(&dv->code.v[p->first], p->count),
                       NULL) = old[i];
        }
    }
}

uint32_t gen_finish(struct gen *g, unsigned reg, bool share)
{
    struct dev *dv = g->dv;
    uint32_t *slot;

    gen_op(g, PRT_OP_END, 0, reg, 0, 0);
    if (g->code.n > PRT_MAX_PROG) {
        pdl_diag_add(dv->cc->diags, PDL_D_TOO_MANY, dv->typed->name.span,
                     "instructions of one rule", PRT_MAX_PROG);
    }
    if (!share) {
        return add_program(g);
    }
    if (dv->progs.n * 2 >= dv->prog_table_size) {
        grow_progs(dv);
    }
    slot = prog_slot(dv, hash_code(g->code.v, g->code.n), g);
    if (!*slot) {
        *slot = add_program(g) + 1;
    }
    return *slot - 1;
}

uint32_t gen_program(struct dev *dv, uint32_t scope,
                     const struct pdl_expr *expr, enum gen_words words)
{
    struct gen g = { .dv = dv, .scope = scope, .words = words };

    gen_expr(&g, expr, 0);
    return gen_finish(&g, 0, true);
}
