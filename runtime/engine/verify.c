/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verification of programs: known instructions, operands in range, jumps
 * ahead and inside, END last, no effects in expressions; and of the order
 * among derived values.
 */
#include "runtime/engine/priv.h"

enum operand { OPERAND__, OPERAND_R, OPERAND_N, OPERAND_D };

struct op_info {
    uint8_t dst, a, b, imm, pure;
};

static const struct op_info op_info[PRT_NUM_OPS] = {
#define X(name, d, a, b, imm, pure) \
    { OPERAND_##d, OPERAND_##a, OPERAND_##b, PRT_IMM_##imm, pure },
    PRT_OPS(X)
#undef X
};

static uint32_t array_kind(unsigned imm)
{
    switch (imm) {
    case PRT_IMM_FIELD:
        return PRT_KIND_FIELD;
    case PRT_IMM_VAR:
        return PRT_KIND_VAR;
    case PRT_IMM_FIFO:
        return PRT_KIND_FIFO;
    case PRT_IMM_LOCK:
        return PRT_KIND_LOCK;
    case PRT_IMM_TIMER:
        return PRT_KIND_TIMER;
    case PRT_IMM_REG:
        return PRT_KIND_REG;
    case PRT_IMM_MEM:
        return PRT_KIND_MEM;
    case PRT_IMM_LINE:
        return PRT_KIND_LINE;
    case PRT_IMM_AFTER:
        return PRT_KIND_AFTER;
    case PRT_IMM_COPY:
        return PRT_KIND_COPY;
    default:
        return PRT_KIND_NONE;
    }
}

static int check_operand(unsigned kind, uint8_t value)
{
    switch (kind) {
    case OPERAND__:
        return value == 0 ? PRT_OK : PRT_E_CODE;
    case OPERAND_R:
        return value < PRT_NUM_REGS ? PRT_OK : PRT_E_CODE;
    default:
        return PRT_OK;
    }
}

/* Object operand, possibly an element of an array. */
static int check_object(const struct prt_check *c, unsigned imm,
                        const struct prt_insn *in)
{
    uint32_t kind = array_kind(imm);

    if (!(in->imm & PRT_DYN)) {
        if (op_info[in->op].b == OPERAND_D && in->b) {
            return PRT_E_CODE;
        }
        return in->imm < prt_kind_count(c->t, kind) ? PRT_OK : PRT_E_INDEX;
    }
    if (op_info[in->op].b != OPERAND_D || in->b >= PRT_NUM_REGS) {
        return PRT_E_CODE;
    }
    if ((in->imm & ~PRT_DYN) >= c->t->narrays) {
        return PRT_E_INDEX;
    }
    return c->t->arrays[in->imm & ~PRT_DYN].kind == kind ? PRT_OK :
           PRT_E_CODE;
}

static int check_imm(const struct prt_check *c, const struct prt_prog *p,
                     uint32_t pc, const struct prt_insn *in)
{
    switch (op_info[in->op].imm) {
    case PRT_IMM_ZERO:
        return in->imm == 0 ? PRT_OK : PRT_E_CODE;
    case PRT_IMM_NUMBER:
        return PRT_OK;
    case PRT_IMM_POOL:
        return in->imm < c->t->npool ? PRT_OK : PRT_E_INDEX;
    case PRT_IMM_DOMAIN:
        return in->imm == PRT_NONE || in->imm < c->t->ndomains ? PRT_OK :
               PRT_E_INDEX;
    case PRT_IMM_STRING:
        return prt_check_string(c, in->imm);
    case PRT_IMM_HOST:
        return in->imm < PRT_HOST_COUNT ? PRT_OK : PRT_E_CODE;
    case PRT_IMM_RSEL:
        return in->imm < PRT_NUM_REGS ? PRT_OK : PRT_E_CODE;
    case PRT_IMM_TARGET:
        return in->imm > pc && in->imm < p->count ? PRT_OK : PRT_E_JUMP;
    default:
        return check_object(c, op_info[in->op].imm, in);
    }
}

/* Bit numbers of LDB and STB. */
static int check_range_op(const struct prt_check *c,
                          const struct prt_insn *in)
{
    unsigned lo, width = in->b;

    if (in->op != PRT_OP_LDB && in->op != PRT_OP_STB) {
        return PRT_OK;
    }
    lo = in->op == PRT_OP_LDB ? in->a : in->dst;
    return width ? prt_check_bits(c, PRT_KIND_REG, in->imm, lo, width) :
           PRT_E_CODE;
}

static int check_insn(const struct prt_check *c, const struct prt_prog *p,
                      uint32_t pc)
{
    const struct prt_insn *in = &c->t->code[p->first + pc];
    const struct op_info *info;

    if (in->op >= PRT_NUM_OPS) {
        return PRT_E_CODE;
    }
    info = &op_info[in->op];
    if (check_operand(info->dst, in->dst) || check_operand(info->a, in->a) ||
        check_operand(info->b, in->b)) {
        return PRT_E_CODE;
    }
    if (p->kind == PRT_PROG_EXPR && !info->pure) {
        return PRT_E_PURE;
    }
    if (check_imm(c, p, pc, in)) {
        return check_imm(c, p, pc, in);
    }
    return check_range_op(c, in);
}

static int check_prog(struct prt_check *c, uint32_t index)
{
    const struct prt_prog *p = &c->t->progs[index];
    uint32_t pc;
    int err;

    prt_check_at(c, PRT_SEC_PROGS, index);
    if (p->kind > PRT_PROG_ACTION || p->count > PRT_MAX_PROG) {
        return p->count > PRT_MAX_PROG ? PRT_E_LIMIT : PRT_E_VALUE;
    }
    if (p->count == 0) {
        return PRT_E_END;
    }
    if (prt_check_range(p->first, p->count, c->t->ncode)) {
        return PRT_E_INDEX;
    }
    for (pc = 0; pc < p->count; pc++) {
        prt_check_at(c, PRT_SEC_CODE, p->first + pc);
        err = check_insn(c, p, pc);
        if (err) {
            return err;
        }
    }
    return c->t->code[p->first + p->count - 1].op == PRT_OP_END ? PRT_OK :
           PRT_E_END;
}

static int check_array(const struct prt_table *t, const struct prt_array *a)
{
    uint64_t last = a->first + (a->count - 1ull) * a->stride;

    if (a->kind == PRT_KIND_NONE || a->kind >= PRT_KIND_COUNT || !a->count) {
        return PRT_E_VALUE;
    }
    return last < prt_kind_count(t, a->kind) ? PRT_OK : PRT_E_INDEX;
}

int prt_check_code(struct prt_check *c)
{
    uint32_t i;
    int err = PRT_OK;

    for (i = 0; !err && i < c->t->narrays; i++) {
        prt_check_at(c, PRT_SEC_ARRAYS, i);
        err = check_array(c->t, &c->t->arrays[i]);
    }
    for (i = 0; !err && i < c->t->nprogs; i++) {
        err = check_prog(c, i);
    }
    return err;
}

/* One more than the highest rank among the derived bits of a register. */
static unsigned reg_rank(const struct prt_table *t, uint32_t reg, unsigned lo,
                         unsigned width, bool views)
{
    const struct prt_reg *r = &t->regs[reg];
    unsigned rank = 0, sub;
    uint32_t i;

    for (i = 0; i < r->field_count; i++) {
        const struct prt_field *f = &t->fields[r->field_first + i];

        if (f->kind == PRT_DERIVED && f->lo < lo + width &&
            lo < f->lo + f->width && f->rank + 1u > rank) {
            rank = f->rank + 1u;
        }
    }
    for (i = 0; views && i < r->view_count; i++) {
        const struct prt_view *v = &t->views[r->view_first + i];

        if (v->lo >= lo + width || lo >= v->lo + v->width) {
            continue;
        }
        sub = 0;
        if (v->target_kind == PRT_KIND_REG) {
            sub = reg_rank(t, v->target, v->target_lo, v->width, false);
        } else if (v->target_kind == PRT_KIND_VAR &&
                   t->vars[v->target].kind == PRT_DERIVED) {
            sub = t->vars[v->target].rank + 1u;
        }
        rank = sub > rank ? sub : rank;
    }
    return rank;
}

static unsigned object_rank(const struct prt_table *t, unsigned kind,
                            uint32_t index)
{
    const struct prt_field *f;

    if (kind == PRT_KIND_VAR) {
        return t->vars[index].kind == PRT_DERIVED ? t->vars[index].rank + 1u :
               0;
    }
    f = &t->fields[index];
    if (f->kind == PRT_DERIVED) {
        return f->rank + 1u;
    }
    return reg_rank(t, f->reg, f->lo, f->width, true);
}

static unsigned insn_rank(const struct prt_table *t,
                          const struct prt_insn *in)
{
    const struct prt_array *a;
    unsigned kind, rank = 0, sub;
    uint32_t k;

    if (in->op == PRT_OP_LDB) {
        return reg_rank(t, in->imm, in->a, in->b, true);
    }
    if (in->op != PRT_OP_LDF && in->op != PRT_OP_LDS) {
        return 0;
    }
    kind = in->op == PRT_OP_LDF ? PRT_KIND_FIELD : PRT_KIND_VAR;
    if (!(in->imm & PRT_DYN)) {
        return object_rank(t, kind, in->imm);
    }
    a = &t->arrays[in->imm & ~PRT_DYN];
    for (k = 0; k < a->count && rank <= PRT_MAX_RANK; k++) {
        sub = object_rank(t, kind, a->first + k * a->stride);
        rank = sub > rank ? sub : rank;
    }
    return rank;
}

/* Fields and views that insn_rank() looks at: bounds its work. */
static uint32_t insn_cost(const struct prt_table *t,
                          const struct prt_insn *in)
{
    uint32_t reg;

    if (in->op == PRT_OP_LDB) {
        reg = in->imm;
    } else if (in->op != PRT_OP_LDF) {
        return 1;
    } else if (in->imm & PRT_DYN) {
        return t->arrays[in->imm & ~PRT_DYN].count > PRT_MAX_WORK / 1024 ?
               PRT_MAX_WORK + 1 :
               1024 * t->arrays[in->imm & ~PRT_DYN].count;
    } else {
        reg = t->fields[in->imm].reg;
    }
    return 1 + t->regs[reg].field_count +
           t->regs[reg].view_count * PRT_VIEW_COST;
}

/* A program of rank `rank` loads only what ranks below it. */
static int check_rank(struct prt_check *c, uint32_t prog, unsigned rank)
{
    const struct prt_table *t = c->t;
    const struct prt_prog *p = &t->progs[prog];
    uint32_t pc, cost;

    for (pc = 0; pc < p->count; pc++) {
        const struct prt_insn *in = &t->code[p->first + pc];

        cost = insn_cost(t, in);
        if (cost > c->work) {
            return PRT_E_LIMIT;
        }
        c->work -= cost;
        if (insn_rank(t, in) > rank) {
            return PRT_E_RANK;
        }
    }
    return PRT_OK;
}

int prt_check_ranks(struct prt_check *c)
{
    const struct prt_table *t = c->t;
    uint32_t i;
    int err = PRT_OK;

    c->work = PRT_MAX_WORK;
    for (i = 0; !err && i < t->nfields; i++) {
        prt_check_at(c, PRT_SEC_FIELDS, i);
        if (t->fields[i].kind == PRT_DERIVED) {
            err = check_rank(c, t->fields[i].prog, t->fields[i].rank);
        }
    }
    for (i = 0; !err && i < t->nvars; i++) {
        prt_check_at(c, PRT_SEC_VARS, i);
        if (t->vars[i].kind == PRT_DERIVED) {
            err = check_rank(c, t->vars[i].prog, t->vars[i].rank);
        }
    }
    return err;
}
