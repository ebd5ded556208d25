/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Equality of trees: what is said, not where and how it is spelt. */
#include <string.h>

#include "dsl/ast.h"

/* True for two NULLs; false and done for one. */
#define SAME_PRESENCE(a, b) (!(a) == !(b))

/* Compares two lists by `equal`, which takes one element of each. */
#define LISTS_EQUAL(type, a, b, equal) \
    __extension__ ({ \
        const struct type *x = (a), *y = (b); \
        while (x && y && equal(x, y)) { \
            x = x->next; \
            y = y->next; \
        } \
        !x && !y; \
    })

static bool names_equal(struct pdl_name a, struct pdl_name b)
{
    return SAME_PRESENCE(a.text, b.text) &&
           (!a.text || strcmp(a.text, b.text) == 0);
}

static bool strings_equal(struct pdl_string a, struct pdl_string b)
{
    return SAME_PRESENCE(a.bytes, b.bytes) && a.len == b.len &&
           (!a.bytes || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static bool opt_exprs_equal(const struct pdl_expr *a,
                            const struct pdl_expr *b)
{
    return SAME_PRESENCE(a, b) && (!a || pdl_expr_equal(a, b));
}

static bool expr_lists_equal(const struct pdl_expr *a,
                             const struct pdl_expr *b)
{
    return LISTS_EQUAL(pdl_expr, a, b, pdl_expr_equal);
}

static bool parts_equal(const struct pdl_part *a, const struct pdl_part *b)
{
    return a->kind == b->kind && names_equal(a->name, b->name) &&
           opt_exprs_equal(a->first, b->first) &&
           opt_exprs_equal(a->last, b->last);
}

static bool refs_equal(const struct pdl_ref *a, const struct pdl_ref *b)
{
    return LISTS_EQUAL(pdl_part, a->parts, b->parts, parts_equal);
}

static bool opt_refs_equal(const struct pdl_ref *a, const struct pdl_ref *b)
{
    return SAME_PRESENCE(a, b) && (!a || refs_equal(a, b));
}

static bool ref_lists_equal(const struct pdl_ref *a, const struct pdl_ref *b)
{
    return LISTS_EQUAL(pdl_ref, a, b, refs_equal);
}

static bool args_equal(const struct pdl_arg *a, const struct pdl_arg *b)
{
    return names_equal(a->name, b->name) &&
           pdl_expr_equal(a->value, b->value);
}

static bool arg_lists_equal(const struct pdl_arg *a, const struct pdl_arg *b)
{
    return LISTS_EQUAL(pdl_arg, a, b, args_equal);
}

bool pdl_expr_equal(const struct pdl_expr *a, const struct pdl_expr *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case PDL_EXPR_NUMBER:
        return a->u.number.value == b->u.number.value &&
               a->u.number.unit == b->u.number.unit;
    case PDL_EXPR_STRING:
        return strings_equal(a->u.string, b->u.string);
    case PDL_EXPR_REF:
        return refs_equal(a->u.ref, b->u.ref);
    case PDL_EXPR_CALL:
        return names_equal(a->u.call.name, b->u.call.name) &&
               arg_lists_equal(a->u.call.args, b->u.call.args);
    case PDL_EXPR_UNARY:
    case PDL_EXPR_BINARY:
        return a->u.op.op == b->u.op.op &&
               opt_exprs_equal(a->u.op.a, b->u.op.a) &&
               opt_exprs_equal(a->u.op.b, b->u.op.b);
    case PDL_EXPR_COND:
        return pdl_expr_equal(a->u.cond.test, b->u.cond.test) &&
               pdl_expr_equal(a->u.cond.yes, b->u.cond.yes) &&
               pdl_expr_equal(a->u.cond.no, b->u.cond.no);
    }
    return false;
}

/* ---- pieces of declarations ---- */

static bool notes_equal(const struct pdl_note *a, const struct pdl_note *b)
{
    return a->kind == b->kind && arg_lists_equal(a->args, b->args);
}

static bool attrs_equal(const struct pdl_attr *a, const struct pdl_attr *b)
{
    return a->kind == b->kind && a->policy == b->policy &&
           a->verb == b->verb && opt_refs_equal(a->ref, b->ref) &&
           opt_exprs_equal(a->expr, b->expr);
}

static bool dims_equal(const struct pdl_dim *a, const struct pdl_dim *b)
{
    return SAME_PRESENCE(a, b) &&
           (!a || (names_equal(a->index, b->index) &&
                   opt_exprs_equal(a->count, b->count)));
}

static bool inits_equal(const struct pdl_init *a, const struct pdl_init *b)
{
    return a->kind == b->kind && expr_lists_equal(a->value, b->value);
}

static bool evals_equal(const struct pdl_eval *a, const struct pdl_eval *b)
{
    return names_equal(a->name, b->name) &&
           pdl_expr_equal(a->value, b->value) &&
           strings_equal(a->text, b->text);
}

static bool eval_lists_equal(const struct pdl_evals *a,
                             const struct pdl_evals *b)
{
    return LISTS_EQUAL(pdl_eval, a->first, b->first, evals_equal);
}

static bool uses_equal(const struct pdl_use *a, const struct pdl_use *b)
{
    return names_equal(a->name, b->name) && arg_lists_equal(a->args, b->args);
}

static bool use_lists_equal(const struct pdl_use *a, const struct pdl_use *b)
{
    return LISTS_EQUAL(pdl_use, a, b, uses_equal);
}

static bool formals_equal(const struct pdl_formal *a,
                          const struct pdl_formal *b)
{
    return names_equal(a->name, b->name) &&
           opt_exprs_equal(a->value, b->value);
}

static bool bodies_equal(const struct pdl_body *a, const struct pdl_body *b)
{
    return LISTS_EQUAL(pdl_item, a->first, b->first, pdl_item_equal);
}

static bool opt_bodies_equal(const struct pdl_body *a,
                             const struct pdl_body *b)
{
    return SAME_PRESENCE(a, b) && (!a || bodies_equal(a, b));
}

/* ---- rules ---- */

static bool stmts_equal(const struct pdl_stmt *a, const struct pdl_stmt *b);

static bool blocks_equal(const struct pdl_block *a, const struct pdl_block *b)
{
    return LISTS_EQUAL(pdl_stmt, a->first, b->first, stmts_equal);
}

static bool branches_equal(const struct pdl_stmt *a, const struct pdl_stmt *b)
{
    return pdl_expr_equal(a->u.branch.test, b->u.branch.test) &&
           blocks_equal(&a->u.branch.then, &b->u.branch.then) &&
           SAME_PRESENCE(a->u.branch.otherwise, b->u.branch.otherwise) &&
           (!a->u.branch.otherwise ||
            blocks_equal(a->u.branch.otherwise, b->u.branch.otherwise)) &&
           SAME_PRESENCE(a->u.branch.else_if, b->u.branch.else_if) &&
           (!a->u.branch.else_if ||
            stmts_equal(a->u.branch.else_if, b->u.branch.else_if));
}

static bool stmts_equal(const struct pdl_stmt *a, const struct pdl_stmt *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case PDL_STMT_ASSIGN:
        return a->u.assign.op == b->u.assign.op &&
               refs_equal(a->u.assign.target, b->u.assign.target) &&
               pdl_expr_equal(a->u.assign.value, b->u.assign.value);
    case PDL_STMT_CALL:
        return names_equal(a->u.call.name, b->u.call.name) &&
               arg_lists_equal(a->u.call.args, b->u.call.args);
    case PDL_STMT_AFTER:
        return pdl_expr_equal(a->u.after.delay, b->u.after.delay) &&
               blocks_equal(&a->u.after.block, &b->u.after.block);
    case PDL_STMT_COPY:
        return arg_lists_equal(a->u.copy.args, b->u.copy.args) &&
               blocks_equal(&a->u.copy.block, &b->u.copy.block);
    case PDL_STMT_IF:
        return branches_equal(a, b);
    }
    return false;
}

static bool events_equal(const struct pdl_event *a, const struct pdl_event *b)
{
    return a->kind == b->kind && opt_refs_equal(a->ref, b->ref);
}

static bool rules_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return LISTS_EQUAL(pdl_event, a->u.rule.events, b->u.rule.events,
                       events_equal) &&
           opt_exprs_equal(a->u.rule.when, b->u.rule.when) &&
           blocks_equal(&a->u.rule.block, &b->u.rule.block);
}

/* ---- wires and device tree ---- */

static bool targets_equal(const struct pdl_target *a,
                          const struct pdl_target *b)
{
    return strings_equal(a->text, b->text) && opt_refs_equal(a->ref, b->ref) &&
           expr_lists_equal(a->operands, b->operands);
}

static bool wires_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return refs_equal(a->u.wire.source, b->u.wire.source) &&
           LISTS_EQUAL(pdl_target, a->u.wire.targets, b->u.wire.targets,
                       targets_equal);
}

static bool cells_equal(const struct pdl_dt_cell *a,
                        const struct pdl_dt_cell *b)
{
    return a->kind == b->kind && opt_exprs_equal(a->value, b->value) &&
           names_equal(a->label, b->label) && strings_equal(a->path, b->path);
}

static bool values_equal(const struct pdl_dt_value *a,
                         const struct pdl_dt_value *b)
{
    return a->kind == b->kind && strings_equal(a->string, b->string) &&
           names_equal(a->label, b->label) &&
           LISTS_EQUAL(pdl_dt_cell, a->cells, b->cells, cells_equal);
}

static bool dt_items_equal(const struct pdl_dt_item *a,
                           const struct pdl_dt_item *b)
{
    return a->kind == b->kind && strings_equal(a->name, b->name) &&
           names_equal(a->label, b->label) &&
           LISTS_EQUAL(pdl_dt_value, a->values, b->values, values_equal) &&
           LISTS_EQUAL(pdl_dt_item, a->children, b->children,
                       dt_items_equal);
}

static bool dts_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return a->u.dt.place == b->u.dt.place &&
           strings_equal(a->u.dt.path, b->u.dt.path) &&
           names_equal(a->u.dt.label, b->u.dt.label) &&
           LISTS_EQUAL(pdl_dt_item, a->u.dt.items, b->u.dt.items,
                       dt_items_equal);
}

/* ---- items ---- */

static bool typed_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return LISTS_EQUAL(pdl_formal, a->u.typed.formals, b->u.typed.formals,
                       formals_equal) &&
           use_lists_equal(a->u.typed.uses, b->u.typed.uses) &&
           bodies_equal(&a->u.typed.body, &b->u.typed.body);
}

static bool fifos_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return dims_equal(a->u.fifo.depth, b->u.fifo.depth) &&
           opt_exprs_equal(a->u.fifo.width, b->u.fifo.width) &&
           a->u.fifo.end == b->u.fifo.end &&
           names_equal(a->u.fifo.peer, b->u.fifo.peer) &&
           opt_exprs_equal(a->u.fifo.rate, b->u.fifo.rate);
}

static bool regs_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return opt_exprs_equal(a->u.reg.offset, b->u.reg.offset) &&
           opt_exprs_equal(a->u.reg.stride, b->u.reg.stride) &&
           opt_exprs_equal(a->u.reg.width, b->u.reg.width) &&
           bodies_equal(&a->u.reg.body, &b->u.reg.body);
}

static bool fields_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return a->u.field.reserved == b->u.field.reserved &&
           opt_exprs_equal(a->u.field.bits.first, b->u.field.bits.first) &&
           opt_exprs_equal(a->u.field.bits.last, b->u.field.bits.last) &&
           opt_exprs_equal(a->u.field.stride, b->u.field.stride) &&
           names_equal(a->u.field.of, b->u.field.of) &&
           eval_lists_equal(&a->u.field.evals, &b->u.field.evals) &&
           eval_lists_equal(&a->u.field.write_evals,
                            &b->u.field.write_evals);
}

static bool conds_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return pdl_expr_equal(a->u.cond.test, b->u.cond.test) &&
           bodies_equal(&a->u.cond.then, &b->u.cond.then) &&
           opt_bodies_equal(a->u.cond.otherwise, b->u.cond.otherwise) &&
           SAME_PRESENCE(a->u.cond.else_if, b->u.cond.else_if) &&
           (!a->u.cond.else_if ||
            pdl_item_equal(a->u.cond.else_if, b->u.cond.else_if));
}

static bool instances_equal(const struct pdl_item *a,
                            const struct pdl_item *b)
{
    return SAME_PRESENCE(a->u.instance.use, b->u.instance.use) &&
           (!a->u.instance.use ||
            uses_equal(a->u.instance.use, b->u.instance.use)) &&
           strings_equal(a->u.instance.type, b->u.instance.type) &&
           expr_lists_equal(a->u.instance.bases, b->u.instance.bases) &&
           bodies_equal(&a->u.instance.body, &b->u.instance.body);
}

/* What only items with a place have: base, size, stride, body. */
static bool placed_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    switch (a->kind) {
    case PDL_ITEM_GROUP:
        return opt_exprs_equal(a->u.group.offset, b->u.group.offset) &&
               opt_exprs_equal(a->u.group.stride, b->u.group.stride) &&
               bodies_equal(&a->u.group.body, &b->u.group.body);
    case PDL_ITEM_WINDOW:
        return opt_exprs_equal(a->u.window.offset, b->u.window.offset) &&
               opt_exprs_equal(a->u.window.size, b->u.window.size) &&
               a->u.window.verb == b->u.window.verb &&
               opt_refs_equal(a->u.window.ref, b->u.window.ref);
    case PDL_ITEM_MEM:
        return opt_exprs_equal(a->u.mem.offset, b->u.mem.offset) &&
               opt_exprs_equal(a->u.mem.width, b->u.mem.width);
    case PDL_ITEM_MEMORY:
        return opt_exprs_equal(a->u.memory.base, b->u.memory.base) &&
               opt_exprs_equal(a->u.memory.size, b->u.memory.size);
    default:
        return opt_exprs_equal(a->u.bus.base, b->u.bus.base) &&
               opt_exprs_equal(a->u.bus.size, b->u.bus.size) &&
               bodies_equal(&a->u.bus.body, &b->u.bus.body);
    }
}

/* The part of two items of one kind that is their kind's own. */
static bool own_parts_equal(const struct pdl_item *a,
                            const struct pdl_item *b)
{
    switch (a->kind) {
    case PDL_ITEM_IMPORT:
        return strings_equal(a->u.import.path, b->u.import.path);
    case PDL_ITEM_CONST:
        return opt_exprs_equal(a->u.constant.value, b->u.constant.value);
    case PDL_ITEM_ENUM:
        return eval_lists_equal(&a->u.enumeration.evals,
                                &b->u.enumeration.evals);
    case PDL_ITEM_TEMPLATE: case PDL_ITEM_DEVICE: case PDL_ITEM_BOARD:
        return typed_equal(a, b);
    case PDL_ITEM_EXTEND: case PDL_ITEM_EXTEND_REG:
        return opt_refs_equal(a->u.extend.ref, b->u.extend.ref) &&
               bodies_equal(&a->u.extend.body, &b->u.extend.body);
    case PDL_ITEM_SETTING:
        return expr_lists_equal(a->u.setting.values, b->u.setting.values);
    case PDL_ITEM_VAR:
        return opt_exprs_equal(a->u.var.width, b->u.var.width);
    case PDL_ITEM_FIFO:
        return fifos_equal(a, b);
    case PDL_ITEM_TIMER:
        return bodies_equal(&a->u.timer.body, &b->u.timer.body);
    case PDL_ITEM_LINE:
        return a->u.line.dir == b->u.line.dir;
    case PDL_ITEM_LOCK:
        return expr_lists_equal(a->u.lock.keys, b->u.lock.keys) &&
               bodies_equal(&a->u.lock.body, &b->u.lock.body);
    case PDL_ITEM_DOMAIN:
        return ref_lists_equal(a->u.domain.refs, b->u.domain.refs);
    case PDL_ITEM_REG:
        return regs_equal(a, b);
    case PDL_ITEM_GROUP: case PDL_ITEM_WINDOW: case PDL_ITEM_MEM:
    case PDL_ITEM_MEMORY: case PDL_ITEM_BUS:
        return placed_equal(a, b);
    case PDL_ITEM_RULE:
        return rules_equal(a, b);
    case PDL_ITEM_DERIVE:
        return opt_refs_equal(a->u.derive.ref, b->u.derive.ref);
    case PDL_ITEM_COND:
        return conds_equal(a, b);
    case PDL_ITEM_IS:
        return use_lists_equal(a->u.is.uses, b->u.is.uses);
    case PDL_ITEM_DROP:
        return ref_lists_equal(a->u.drop.refs, b->u.drop.refs);
    case PDL_ITEM_LOAD:
        return strings_equal(a->u.load.file, b->u.load.file) &&
               opt_exprs_equal(a->u.load.base, b->u.load.base);
    case PDL_ITEM_INSTANCE: case PDL_ITEM_NATIVE:
        return instances_equal(a, b);
    case PDL_ITEM_WIRE:
        return wires_equal(a, b);
    case PDL_ITEM_DT:
        return dts_equal(a, b);
    case PDL_ITEM_FIELD:
        return fields_equal(a, b);
    case PDL_ITEM_COUNT:
        break;
    }
    return false;
}

bool pdl_item_equal(const struct pdl_item *a, const struct pdl_item *b)
{
    return a->kind == b->kind && names_equal(a->name, b->name) &&
           LISTS_EQUAL(pdl_note, a->notes, b->notes, notes_equal) &&
           strings_equal(a->desc, b->desc) && dims_equal(a->dim, b->dim) &&
           LISTS_EQUAL(pdl_attr, a->attrs, b->attrs, attrs_equal) &&
           inits_equal(&a->init, &b->init) && own_parts_equal(a, b);
}

bool pdl_unit_equal(const struct pdl_unit *a, const struct pdl_unit *b)
{
    return a->version.value == b->version.value &&
           bodies_equal(&a->items, &b->items);
}
