/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/constexpr.h"

#include "compiler/check.h"

uint64_t pcc_op_value(enum pdl_op op, uint64_t a, uint64_t b)
{
    switch (op) {
    case PDL_OP_OROR:
        return a || b;
    case PDL_OP_ANDAND:
        return a && b;
    case PDL_OP_EQ:
        return a == b;
    case PDL_OP_NE:
        return a != b;
    case PDL_OP_LT:
        return a < b;
    case PDL_OP_GT:
        return a > b;
    case PDL_OP_LE:
        return a <= b;
    case PDL_OP_GE:
        return a >= b;
    case PDL_OP_OR:
        return a | b;
    case PDL_OP_XOR:
        return a ^ b;
    case PDL_OP_AND:
        return a & b;
    case PDL_OP_SHL:
        return b < 64 ? a << b : 0;
    case PDL_OP_SHR:
        return b < 64 ? a >> b : 0;
    case PDL_OP_ADD:
        return a + b;
    case PDL_OP_SUB:
        return a - b;
    case PDL_OP_MUL:
        return a * b;
    case PDL_OP_DIV:
        return b ? a / b : 0;
    case PDL_OP_MOD:
        return b ? a % b : 0;
    case PDL_OP_LNOT:
        return !a;
    case PDL_OP_NOT:
        return ~a;
    case PDL_OP_NEG:
        return 0 - a;
    default:
        return 0;
    }
}

static bool ref_value(struct cc *cc, uint32_t scope,
                      const struct pdl_ref *ref, uint64_t *value)
{
    const struct pdl_part *part = ref->parts;
    const struct sym *sym = cc_lookup(cc, scope, part->name.text);

    if (sym && sym->kind == SYM_ENUM && part->next && !part->next->next &&
        part->next->kind == PDL_PART_NAME) {
        sym = cc_lookup_in(cc, sym->index, part->next->name.text);
    } else if (part->next) {
        return false;
    }
    if (!sym || sym->kind != SYM_CONST || sym->clash) {
        return false;
    }
    *value = sym->value;
    return true;
}

/* What counts down from 0 is meant to wrap: -4, ~0, A - B. */
static bool may_wrap(const struct pdl_expr *e)
{
    return e->kind == PDL_EXPR_UNARY ||
           (e->kind == PDL_EXPR_BINARY && e->u.op.op == PDL_OP_SUB);
}

static void check_overflow(struct cc *cc, const struct pdl_expr *e,
                           uint64_t a, uint64_t b)
{
    uint64_t value;
    bool over = e->u.op.op == PDL_OP_ADD ?
                __builtin_add_overflow(a, b, &value) :
                e->u.op.op == PDL_OP_MUL &&
                __builtin_mul_overflow(a, b, &value);

    if (over && !may_wrap(e->u.op.a) && !may_wrap(e->u.op.b)) {
        check_report(cc, PDL_D_CONST_OVERFLOW, e->span, (unsigned long long)a,
                     pdl_op_word(e->u.op.op), (unsigned long long)b);
    }
}

bool pcc_const_try(struct cc *cc, uint32_t scope, const struct pdl_expr *expr,
                   uint64_t *value)
{
    uint64_t a, b = 0;

    switch (expr->kind) {
    case PDL_EXPR_NUMBER:
        *value = expr->u.number.value;
        return true;
    case PDL_EXPR_REF:
        return ref_value(cc, scope, expr->u.ref, value);
    case PDL_EXPR_UNARY:
    case PDL_EXPR_BINARY:
        if (!pcc_const_try(cc, scope, expr->u.op.a, &a) ||
            (expr->u.op.b && !pcc_const_try(cc, scope, expr->u.op.b, &b))) {
            return false;
        }
        *value = pcc_op_value(expr->u.op.op, a, b);
        check_overflow(cc, expr, a, b);
        return true;
    case PDL_EXPR_COND:
        return pcc_const_try(cc, scope, expr->u.cond.test, &a) &&
               pcc_const_try(cc, scope, a ? expr->u.cond.yes :
                             expr->u.cond.no, value);
    default:
        return false;
    }
}

/* The first part of @expr that keeps it from being a constant. */
static void report(struct cc *cc, uint32_t scope, const struct pdl_expr *expr)
{
    uint64_t value;

    if (pcc_const_try(cc, scope, expr, &value)) {
        return;
    }
    switch (expr->kind) {
    case PDL_EXPR_UNARY:
    case PDL_EXPR_BINARY:
        report(cc, scope, expr->u.op.a);
        if (expr->u.op.b) {
            report(cc, scope, expr->u.op.b);
        }
        return;
    case PDL_EXPR_REF:
        if (!cc_lookup(cc, scope, expr->u.ref->parts->name.text)) {
            cc_unknown(cc, scope, expr->u.ref->parts->name.text, expr->span);
            return;
        }
        break;
    case PDL_EXPR_COND:
        report(cc, scope, expr->u.cond.test);
        report(cc, scope, expr->u.cond.yes);
        report(cc, scope, expr->u.cond.no);
        return;
    default:
        break;
    }
    pdl_diag_add(cc->diags, PDL_D_NOT_CONSTANT, expr->span);
}

bool pcc_const(struct cc *cc, uint32_t scope, const struct pdl_expr *expr,
               uint64_t *value)
{
    if (pcc_const_try(cc, scope, expr, value)) {
        return true;
    }
    *value = 0;
    report(cc, scope, expr);
    return false;
}

uint64_t pcc_const_max(struct cc *cc, uint32_t scope,
                       const struct pdl_expr *expr, uint64_t max,
                       const char *what)
{
    uint64_t value;

    if (!pcc_const(cc, scope, expr, &value)) {
        return 0;
    }
    if (value > max) {
        pdl_diag_add(cc->diags, PDL_D_TOO_LARGE, expr->span, what,
                     (unsigned long long)value, (unsigned long long)max);
        return 0;
    }
    return value;
}
