/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements and rules -> byte code. */
#include "compiler/rules.h"

#include <string.h>

#include "compiler/check.h"
#include "compiler/constexpr.h"
#include "compiler/rules_priv.h"

/* ---- assignments ---- */

static void not_assignable(struct gen *g, const struct target *t,
                           const char *why)
{
    g->failed = true;
    pdl_diag_add(g->dv->cc->diags, PDL_D_NOT_ASSIGNABLE, t->span, t->name,
                 why);
}

static bool check_target(struct gen *g, const struct target *t)
{
    struct dev *dv = g->dv;
    uint32_t k;

    for (k = 1; k < t->element_count; k++) {
        if (!check_target(g, &t->element[k])) {
            return false;
        }
    }
    switch (t->kind) {
    case SYM_FIELD:
        if (dv->d.fields[t->index].kind != PRT_STORED) {
            not_assignable(g, t, "it is computed");
            return false;
        }
        return true;
    case SYM_VAR:
        if (dv->vars.v[t->index].kind != PRT_STORED) {
            not_assignable(g, t, "it is computed");
            return false;
        }
        return true;
    case SYM_LINE:
        if (dv->lines.v[t->index].dir == PRT_LINE_IN) {
            not_assignable(g, t, "it is an input");
            return false;
        }
        if (dv->lines.v[t->index].prog != PCC_NONE) {
            not_assignable(g, t, "it is computed");
            return false;
        }
        dv->lines.v[t->index].driven = true;
        return true;
    case SYM_REG:
    case SYM_MEM:
        return true;
    default:
        gen_wrong_kind(g, t, "something with a value");
        return false;
    }
}

static const uint8_t assign_ops[PDL_ASSIGN_COUNT] = {
    [PDL_ASSIGN_ADD] = PRT_OP_ADD, [PDL_ASSIGN_SUB] = PRT_OP_SUB,
    [PDL_ASSIGN_MUL] = PRT_OP_MUL, [PDL_ASSIGN_DIV] = PRT_OP_DIV,
    [PDL_ASSIGN_MOD] = PRT_OP_MOD, [PDL_ASSIGN_AND] = PRT_OP_AND,
    [PDL_ASSIGN_OR] = PRT_OP_OR, [PDL_ASSIGN_XOR] = PRT_OP_XOR,
    [PDL_ASSIGN_SHL] = PRT_OP_SHL, [PDL_ASSIGN_SHR] = PRT_OP_SHR,
};

static void gen_assign(struct gen *g, const struct pdl_stmt *s)
{
    struct target t;

    if (!gen_ref(g, s->u.assign.target, &t) || !check_target(g, &t)) {
        return;
    }
    if (s->u.assign.op == PDL_ASSIGN_SET) {
        gen_rhs(g, s->u.assign.value, 0);
    } else {
        gen_load(g, &t, 0);
        gen_expr(g, s->u.assign.value, 1);
        gen_op(g, assign_ops[s->u.assign.op], 0, 0, 1, 0);
    }
    gen_store(g, &t, 0);
}

/* ---- calls ---- */

static bool take_args(struct gen *g, const struct pdl_stmt *s,
                      const struct pdl_expr **args, unsigned count,
                      const char *takes)
{
    const struct pdl_arg *arg = s->u.call.args;
    unsigned n = 0;

    for (; arg && n < count && !arg->name.text; arg = arg->next) {
        args[n++] = arg->value;
    }
    if (n == count && !arg) {
        return true;
    }
    g->failed = true;
    pdl_diag_add(g->dv->cc->diags, PDL_D_BAD_CALL, s->span,
                 s->u.call.name.text, takes);
    return false;
}

static void emit_op(struct gen *g, const struct target *t, uint32_t imm,
                    unsigned b, void *opaque)
{
    (void)t;
    gen_op(g, *(unsigned *)opaque, 0, 0, b, imm);
}

/* flush(f), pop(f), relock(l): an object and nothing else. */
static void call_plain(struct gen *g, const struct pdl_stmt *s, unsigned op,
                       enum sym_kind kind)
{
    const struct pdl_expr *args[1];
    struct target t;

    if (take_args(g, s, args, 1, cc_kind_text(kind)) &&
        gen_ref_kind(g, args[0], kind, &t)) {
        gen_apply(g, &t, 1, emit_op, &op);
    }
}

/* push(f, v), restart(t, v). */
static void call_value(struct gen *g, const struct pdl_stmt *s, unsigned op,
                       enum sym_kind kind)
{
    const struct pdl_expr *args[2];
    struct target t;

    if (take_args(g, s, args, 2, kind == SYM_FIFO ? "a fifo and a value" :
                  "a timer and a value") &&
        gen_ref_kind(g, args[0], kind, &t)) {
        gen_expr(g, args[1], 0);
        gen_apply(g, &t, 1, emit_op, &op);
    }
}

/* Every line that @t can be is an output. */
static bool may_drive(struct gen *g, const struct target *t)
{
    struct pcc_line *l = &g->dv->lines.v[t->index];
    uint32_t k;

    for (k = 1; k < t->element_count; k++) {
        if (!may_drive(g, &t->element[k])) {
            return false;
        }
    }
    if (l->dir == PRT_LINE_IN) {
        not_assignable(g, t, "it is an input");
        return false;
    }
    l->driven = true;
    return true;
}

static void call_pulse(struct gen *g, const struct pdl_stmt *s)
{
    const struct pdl_expr *args[1];
    unsigned op = PRT_OP_PULSE;
    struct target t;

    if (take_args(g, s, args, 1, "a line") &&
        gen_ref_kind(g, args[0], SYM_LINE, &t)) {
        if (!may_drive(g, &t)) {
            return;
        }
        if (t.bit) {
            gen_const(g, 0, 1);
            gen_expr(g, t.bit, 1);
            gen_op(g, PRT_OP_SHL, 0, 0, 1, 0);
            gen_op(g, PRT_OP_SHLI, 0, 0, 0, t.lo);
        } else {
            gen_const(g, 0, bits_mask(t.lo, t.width));
        }
        gen_apply(g, &t, 1, emit_op, &op);
    }
}

static void call_drive(struct gen *g, const struct pdl_stmt *s)
{
    const struct pdl_expr *args[2];
    struct target t;

    if (take_args(g, s, args, 2, "a line and a value") &&
        gen_ref_kind(g, args[0], SYM_LINE, &t) && check_target(g, &t)) {
        gen_expr(g, args[1], 0);
        gen_store(g, &t, 0);
    }
}

static void call_log(struct gen *g, const struct pdl_stmt *s)
{
    const struct pdl_arg *arg = s->u.call.args;

    if (!arg || arg->value->kind != PDL_EXPR_STRING ||
        (arg->next && arg->next->next)) {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_BAD_CALL, s->span, "log",
                     "a text and, if wanted, a value");
        return;
    }
    gen_const(g, 0, 0);
    if (arg->next) {
        gen_expr(g, arg->next->value, 0);
    }
    *CC_ADD(g->dv->cc, &g->dv->texts) = arg->value->u.string.bytes;
    gen_op(g, PRT_OP_LOG, 0, 0, 0, g->dv->texts.n - 1);
}

static void gen_call_stmt(struct gen *g, const struct pdl_stmt *s)
{
    const char *name = s->u.call.name.text;

    if (strcmp(name, "push") == 0) {
        call_value(g, s, PRT_OP_PUSH, SYM_FIFO);
    } else if (strcmp(name, "restart") == 0) {
        call_value(g, s, PRT_OP_RESTART, SYM_TIMER);
    } else if (strcmp(name, "flush") == 0) {
        call_plain(g, s, PRT_OP_FLUSH, SYM_FIFO);
    } else if (strcmp(name, "pop") == 0) {
        call_plain(g, s, PRT_OP_POP, SYM_FIFO);
    } else if (strcmp(name, "relock") == 0) {
        call_plain(g, s, PRT_OP_RELOCK, SYM_LOCK);
    } else if (strcmp(name, "pulse") == 0) {
        call_pulse(g, s);
    } else if (strcmp(name, "drive") == 0) {
        call_drive(g, s);
    } else if (strcmp(name, "log") == 0) {
        call_log(g, s);
    } else {
        g->failed = true;
        pdl_diag_add(g->dv->cc->diags, PDL_D_UNKNOWN_FUNCTION, s->span,
                     name);
    }
}

/* ---- blocks ---- */

static void gen_block(struct gen *g, const struct pdl_block *block);

static void gen_after(struct gen *g, const struct pdl_stmt *s)
{
    struct dev *dv = g->dv;
    const struct pdl_expr *delay = s->u.after.delay;
    uint32_t body = gen_body(dv, g->scope, &s->u.after.block,
                             GEN_NO_WORDS);
    struct pcc_after *a = CC_ADD(dv->cc, &dv->afters);
    uint32_t index = dv->afters.n - 1;

    a->name = cc_printf(dv->cc, "after[%u]", (unsigned)index);
    a->body = body;
    a->reads = delay->kind == PDL_EXPR_NUMBER &&
               delay->u.number.unit == PDL_UNIT_READS;
    if (delay->kind == PDL_EXPR_NUMBER &&
        delay->u.number.unit != PDL_UNIT_READS &&
        delay->u.number.unit != PDL_UNIT_NS && delay->u.number.value) {
        g->failed = true;
        pdl_diag_add(dv->cc->diags, PDL_D_WRONG_UNIT, delay->span,
                     "a time or a number of reads");
    }
    gen_expr(g, delay, 0);
    gen_const(g, 1, 0);
    gen_op(g, PRT_OP_ARM, 0, 0, 1, index);
}

static uint32_t copy_param(struct gen *g, const struct pdl_expr *expr)
{
    return gen_program(g->dv, g->scope, expr, GEN_NO_WORDS);
}

static void check_unit_size(struct gen *g, unsigned param,
                            const struct pdl_expr *expr)
{
    uint64_t unit;

    if (param == PRT_COPY_UNIT &&
        pcc_const_try(g->dv->cc, g->scope, expr, &unit) && unit != 1 &&
        unit != 2 && unit != 4 && unit != 8) {
        pdl_diag_add(g->dv->cc->diags, PDL_D_BAD_SETTING, expr->span, "unit",
                     "1, 2, 4 or 8 bytes");
    }
}

static void gen_copy(struct gen *g, const struct pdl_stmt *s)
{
    static const char *const names[PRT_COPY_PARAMS] = {
        [PRT_COPY_FROM] = "from", [PRT_COPY_TO] = "to",
        [PRT_COPY_LEN] = "count", [PRT_COPY_UNIT] = "unit",
        [PRT_COPY_FROM_STEP] = "from_step", [PRT_COPY_TO_STEP] = "to_step",
        [PRT_COPY_SKIP] = "skip",
    };
    struct dev *dv = g->dv;
    struct pcc_copy copy = { .fault = PCC_NONE };
    const struct pdl_arg *arg;
    unsigned k;

    for (k = 0; k < PRT_COPY_PARAMS; k++) {
        copy.param[k] = PCC_NONE;
    }
    for (arg = s->u.copy.args; arg; arg = arg->next) {
        for (k = 0; k < PRT_COPY_PARAMS; k++) {
            if (arg->name.text && strcmp(arg->name.text, names[k]) == 0) {
                check_unit_size(g, k, arg->value);
                copy.param[k] = copy_param(g, arg->value);
                break;
            }
        }
        if (k == PRT_COPY_PARAMS) {
            g->failed = true;
            pdl_diag_add(dv->cc->diags, PDL_D_BAD_CALL, arg->span, "copy",
                         "from, to, count, unit, from_step, to_step, skip");
        }
    }
    copy.done = gen_body(dv, g->scope, &s->u.copy.block, GEN_NO_WORDS);
    copy.name = cc_printf(dv->cc, "copy[%u]", (unsigned)dv->copies.n);
    *CC_ADD(dv->cc, &dv->copies) = copy;
    *CC_ADD(dv->cc, &dv->copy_scopes) = g->scope;
    gen_const(g, 0, 0);
    gen_op(g, PRT_OP_XFER, 0, 0, 0, dv->copies.n - 1);
}

static void gen_if(struct gen *g, const struct pdl_stmt *s)
{
    size_t to_else, to_end;

    gen_expr(g, s->u.branch.test, 0);
    to_else = g->code.n;
    gen_op(g, PRT_OP_JZ, 0, 0, 0, 0);
    gen_block(g, &s->u.branch.then);
    if (s->u.branch.otherwise || s->u.branch.else_if) {
        to_end = g->code.n;
        gen_op(g, PRT_OP_JMP, 0, 0, 0, 0);
        g->code.v[to_else].imm = g->code.n;
        if (s->u.branch.otherwise) {
            gen_block(g, s->u.branch.otherwise);
        } else {
            gen_if(g, s->u.branch.else_if);
        }
        g->code.v[to_end].imm = g->code.n;
        return;
    }
    g->code.v[to_else].imm = g->code.n;
}

static void gen_block(struct gen *g, const struct pdl_block *block)
{
    const struct pdl_stmt *s;

    for (s = block->first; s; s = s->next) {
        switch (s->kind) {
        case PDL_STMT_ASSIGN:
            gen_assign(g, s);
            break;
        case PDL_STMT_CALL:
            gen_call_stmt(g, s);
            break;
        case PDL_STMT_AFTER:
            gen_after(g, s);
            break;
        case PDL_STMT_COPY:
            gen_copy(g, s);
            break;
        case PDL_STMT_IF:
            gen_if(g, s);
            break;
        }
    }
}

uint32_t gen_body(struct dev *dv, uint32_t scope,
                  const struct pdl_block *block, enum gen_words words)
{
    struct gen g = {
        .dv = dv, .scope = scope, .action = true, .words = words
    };

    gen_block(&g, block);
    return gen_finish(&g, 0, true);
}

/* ---- events ---- */

static const uint8_t event_codes[PDL_EVENT_COUNT] = {
    [PDL_EVENT_READ] = PRT_EV_READ, [PDL_EVENT_WRITE] = PRT_EV_WRITE,
    [PDL_EVENT_CHANGE] = PRT_EV_CHANGE, [PDL_EVENT_SET] = PRT_EV_SET,
    [PDL_EVENT_CLEAR] = PRT_EV_CLEAR, [PDL_EVENT_RISE] = PRT_EV_RISE,
    [PDL_EVENT_FALL] = PRT_EV_FALL, [PDL_EVENT_EXPIRE] = PRT_EV_EXPIRE,
    [PDL_EVENT_MATCH] = PRT_EV_MATCH, [PDL_EVENT_PUSH] = PRT_EV_PUSH,
    [PDL_EVENT_POP] = PRT_EV_POP, [PDL_EVENT_OVERFLOW] = PRT_EV_OVERFLOW,
    [PDL_EVENT_UNLOCK] = PRT_EV_UNLOCK, [PDL_EVENT_FAULT] = PRT_EV_FAULT,
    [PDL_EVENT_RESET] = PRT_EV_RESET,
};

struct rule_site {
    struct dev *dv;
    const struct todo *todo;
    const struct pdl_event *event;
    uint32_t scope;
};

/* Accesses and changes have all of them, what counts or holds a value one. */
static enum gen_words words_of(enum pdl_event_kind kind)
{
    switch (kind) {
    case PDL_EVENT_READ:
    case PDL_EVENT_WRITE:
    case PDL_EVENT_CHANGE:
    case PDL_EVENT_SET:
    case PDL_EVENT_CLEAR:
    case PDL_EVENT_RISE:
    case PDL_EVENT_FALL:
        return GEN_ALL_WORDS;
    case PDL_EVENT_EXPIRE:
    case PDL_EVENT_PUSH:
    case PDL_EVENT_POP:
    case PDL_EVENT_OVERFLOW:
        return GEN_VALUE;
    default:
        return GEN_NO_WORDS;
    }
}

static struct brule *add_rule(const struct rule_site *site,
                              enum owner_class owner, uint32_t owner_index)
{
    struct dev *dv = site->dv;
    const struct pdl_item *item = site->todo->item;
    enum gen_words words = words_of(site->event->kind);
    struct brule r = { .owner = owner, .owner_index = owner_index };

    r.m.origin = cc_origin(dv->cc, item);
    r.m.name = pdl_event_word(site->event->kind);
    r.m.event = event_codes[site->event->kind];
    r.m.when = item->u.rule.when ?
               gen_program(dv, site->scope, item->u.rule.when, words) :
               PCC_NONE;
    r.m.body = gen_body(dv, site->scope, &item->u.rule.block, words);
    r.seq = dv->rules.n;
    *CC_ADD(dv->cc, &dv->rules) = r;
    return &dv->rules.v[dv->rules.n - 1];
}

static void bad_event(const struct rule_site *site, const char *what)
{
    pdl_diag_add(site->dv->cc->diags, PDL_D_BAD_EVENT, site->event->span,
                 pdl_event_word(site->event->kind), what);
}

static void access_rule(const struct rule_site *site, const struct target *t)
{
    struct dev *dv = site->dv;
    uint32_t reg = t->index;
    unsigned lo = t->lo;
    struct brule *r;

    if (t->kind == SYM_FIELD) {
        reg = dv->d.fields[t->index].reg;
        lo += dv->d.fields[t->index].lo;
    } else if (t->kind != SYM_REG) {
        bad_event(site, cc_kind_text(t->kind));
        return;
    }
    r = add_rule(site, OWN_REG, reg);
    r->m.kind = PRT_KIND_REG;
    r->m.subject = reg;
    r->m.lo = lo;
    r->m.width = t->width;
}

static void edge_rule(const struct rule_site *site, const struct target *t)
{
    static const uint8_t kinds[] = {
        [SYM_REG] = PRT_KIND_REG, [SYM_FIELD] = PRT_KIND_FIELD,
        [SYM_VAR] = PRT_KIND_VAR, [SYM_LINE] = PRT_KIND_LINE,
    };
    struct brule *r;

    if (t->kind != SYM_REG && t->kind != SYM_FIELD && t->kind != SYM_VAR &&
        t->kind != SYM_LINE) {
        bad_event(site, cc_kind_text(t->kind));
        return;
    }
    r = add_rule(site, OWN_EDGE, 0);
    r->m.kind = kinds[t->kind];
    r->m.subject = t->index;
    r->m.lo = t->lo;
    r->m.width = t->part ? t->width : 0;
}

/* All matches of a timer, or the one that compares with a register. */
static void match_rule(const struct rule_site *site, const struct target *t)
{
    struct dev *dv = site->dv;
    uint32_t i, k;
    bool any = false;

    for (i = 0; i < dv->timers.n; i++) {
        for (k = 0; k < dv->timers.v[i].match_count; k++) {
            struct brule *r;

            if (t->kind == SYM_TIMER ? t->index != i :
                !timer_matches(dv, i, k, t)) {
                continue;
            }
            r = add_rule(site, OWN_TIMER, i);
            r->m.kind = PRT_KIND_TIMER;
            r->m.subject = k;
            any = true;
        }
    }
    if (!any) {
        bad_event(site, "something no timer is matched with");
    }
}

static void object_rule(const struct rule_site *site, const struct target *t,
                        enum sym_kind kind)
{
    static const uint8_t kinds[] = {
        [SYM_FIFO] = PRT_KIND_FIFO, [SYM_TIMER] = PRT_KIND_TIMER,
        [SYM_LOCK] = PRT_KIND_LOCK, [SYM_DOMAIN] = PRT_KIND_DOMAIN,
    };
    static const uint8_t owners[] = {
        [SYM_FIFO] = OWN_FIFO, [SYM_TIMER] = OWN_TIMER,
        [SYM_LOCK] = OWN_LOCK, [SYM_DOMAIN] = OWN_DOMAIN,
    };
    struct brule *r;

    if (t->kind != kind) {
        bad_event(site, cc_kind_text(t->kind));
        return;
    }
    r = add_rule(site, owners[kind], t->index);
    r->m.kind = kinds[kind];
    r->m.subject = t->index;
}

static void one_rule(const struct rule_site *site, const struct target *t)
{
    switch (site->event->kind) {
    case PDL_EVENT_READ:
    case PDL_EVENT_WRITE:
        access_rule(site, t);
        break;
    case PDL_EVENT_CHANGE:
    case PDL_EVENT_SET:
    case PDL_EVENT_CLEAR:
    case PDL_EVENT_RISE:
    case PDL_EVENT_FALL:
        edge_rule(site, t);
        break;
    case PDL_EVENT_PUSH:
    case PDL_EVENT_POP:
    case PDL_EVENT_OVERFLOW:
        object_rule(site, t, SYM_FIFO);
        break;
    case PDL_EVENT_EXPIRE:
        object_rule(site, t, SYM_TIMER);
        break;
    case PDL_EVENT_MATCH:
        match_rule(site, t);
        break;
    case PDL_EVENT_UNLOCK:
        object_rule(site, t, SYM_LOCK);
        break;
    case PDL_EVENT_RESET:
        object_rule(site, t, SYM_DOMAIN);
        break;
    default:
        bad_event(site, cc_kind_text(t->kind));
        break;
    }
}

/* Rules about every element of an array, with its index as a constant. */
static void array_rule(struct rule_site *site, struct gen *g,
                       const struct target *t)
{
    const struct sym *sym = cc_lookup(site->dv->cc, g->scope,
                                      site->event->ref->parts->name.text);
    const struct pdl_dim *dim = sym && sym->item ? sym->item->dim : NULL;
    uint32_t k;

    for (k = 0; k < t->count; k++) {
        struct target e = *t;

        gen_element(g, &e, k);
        site->scope = dev_index_scope(site->dv, g->scope, dim, k);
        one_rule(site, &e);
    }
}

static void device_rule(const struct rule_site *site, enum prt_kind kind,
                        uint32_t subject)
{
    struct brule *r = add_rule(site, OWN_DEVICE, 0);

    r->m.kind = kind;
    r->m.subject = subject;
}

/* The element of a group that @scope lies in, PCC_NONE outside of groups. */
static uint32_t group_scope(const struct dev *dv, uint32_t scope)
{
    const struct scope *all = dv->cc->scopes.v;

    while (scope && all[scope].reg != PCC_NONE) {
        scope = all[scope].parent;
    }
    scope = all[scope].declares;
    return scope != all[dv->scope].declares ? scope : PCC_NONE;
}

static bool lies_in(const struct dev *dv, uint32_t scope, uint32_t outer)
{
    while (scope && scope != outer) {
        scope = dv->cc->scopes.v[scope].parent;
    }
    return scope == outer;
}

void gen_fault_rules(struct dev *dv)
{
    size_t i, k;

    for (i = 0; i < dv->faults.n; i++) {
        const struct fault_rule *f = &dv->faults.v[i];
        struct rule_site site = { dv, &f->todo, f->event, f->todo.scope };
        uint32_t group = group_scope(dv, f->todo.scope);
        bool any = false;

        for (k = 0; k < dv->copy_scopes.n; k++) {
            if (lies_in(dv, dv->copy_scopes.v[k], group)) {
                device_rule(&site, PRT_KIND_COPY, k);
                any = true;
            }
        }
        if (!any) {
            check_report(dv->cc, PDL_D_NEVER_FIRES, f->todo.item->body_span,
                         "its group copies nothing");
        }
    }
}

static void event_rule(struct dev *dv, const struct todo *todo,
                       const struct pdl_event *event)
{
    struct rule_site site = { dv, todo, event, todo->scope };
    struct gen g = { .dv = dv, .scope = todo->scope };
    struct target t = { .kind = SYM_REG };

    if (event->ref) {
        if (!gen_ref_array(&g, event->ref, &t)) {
            return;
        }
        if (!gen_is_fixed(&t)) {
            bad_event(&site, "an element known only at run time");
        } else if (t.array) {
            array_rule(&site, &g, &t);
        } else {
            one_rule(&site, &t);
        }
        return;
    }
    if (todo->reg != PCC_NONE) {
        t.index = dv->final_reg[todo->reg];
        t.width = dv->d.regs[t.index].bits;
        t.name = dv->d.regs[t.index].name;
        one_rule(&site, &t);
    } else if (event->kind == PDL_EVENT_FAULT &&
               group_scope(dv, todo->scope) != PCC_NONE) {
        struct fault_rule *f = CC_ADD(dv->cc, &dv->faults);

        f->todo = *todo;
        f->event = event;
    } else if (event->kind == PDL_EVENT_RESET ||
               event->kind == PDL_EVENT_FAULT) {
        device_rule(&site, PRT_KIND_NONE, PCC_NONE);
    } else {
        bad_event(&site, "a device");
    }
}

void gen_rule(struct dev *dv, const struct todo *todo)
{
    const struct pdl_event *event;

    for (event = todo->item->u.rule.events; event; event = event->next) {
        event_rule(dv, todo, event);
    }
}
