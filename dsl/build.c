/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes from the pieces of a grammar rule. */
#include <string.h>

#include "dsl/item.h"
#include "dsl/parse_priv.h"

struct pdl_item *pdl_build_notes(struct pdl_parser *p, struct pdl_item *item,
                                 struct pdl_note *notes, struct pdl_span span)
{
    const struct pdl_note *note;

    for (note = notes; note; note = note->next) {
        if (note->kind == PDL_NOTE_ID && item->kind != PDL_ITEM_REG &&
            item->kind != PDL_ITEM_FIELD) {
            pdl_diag_add(p->diags, PDL_D_BAD_NOTE_ARGUMENT, note->span,
                         pdl_note_word(note->kind),
                         "it stands before a register or field");
        }
    }
    item->notes = notes;
    item->span = span;
    return item;
}

struct pdl_item *pdl_build_field(struct pdl_parser *p, struct pdl_span span,
                                 const struct pdl_name *name,
                                 struct pdl_item *tail)
{
    bool quoted = p->text[name->span.begin] == '`';

    tail->span = span;
    tail->body_span = span;
    tail->name = *name;
    tail->u.field.reserved = !quoted && strcmp(name->text, "reserved") == 0;
    return tail;
}

/* ---- notes ---- */

static bool is_plain_name(const struct pdl_expr *expr)
{
    return expr->kind == PDL_EXPR_REF && !expr->u.ref->parts->next;
}

static bool is_number(const struct pdl_expr *expr, uint64_t limit)
{
    return expr->kind == PDL_EXPR_NUMBER &&
           expr->u.number.unit == PDL_UNIT_NONE &&
           expr->u.number.value <= limit;
}

/* What is wrong with an argument of @inferred, or NULL. */
static const char *check_inferred(const struct pdl_arg *arg, unsigned index)
{
    if (arg->name.text) {
        if (strcmp(arg->name.text, "sum") != 0) {
            return "the only argument with a name is sum";
        }
        return is_number(arg->value, UINT32_MAX)
               ? NULL : "sum is a number of 32 bits";
    }
    switch (index) {
    case 0:
        return is_plain_name(arg->value) ? NULL : "the first is a name";
    case 1:
        return is_number(arg->value, 100)
               ? NULL : "the second is a number from 0 to 100";
    case 2:
        return arg->value->kind == PDL_EXPR_STRING
               ? NULL : "the third is a string";
    default:
        return "too many arguments";
    }
}

static const char *check_imported(const struct pdl_arg *arg)
{
    if (!arg->name.text || arg->value->kind != PDL_EXPR_STRING) {
        return "the arguments are from = \"...\" and facts, "
               "name = \"...\"";
    }
    return NULL;
}

static const char *check_waive(const struct pdl_arg *arg)
{
    if (arg->name.text || !is_plain_name(arg->value)) {
        return "arguments are names of checks";
    }
    return NULL;
}

static void check_note(struct pdl_parser *p, const struct pdl_note *note)
{
    const struct pdl_arg *arg;
    const char *wrong = NULL;
    struct pdl_span where = note->span;
    unsigned index = 0;

    for (arg = note->args; arg && !wrong; arg = arg->next) {
        where = arg->span;
        switch (note->kind) {
        case PDL_NOTE_INFERRED:
            wrong = check_inferred(arg, index);
            break;
        case PDL_NOTE_IMPORTED:
            wrong = check_imported(arg);
            break;
        case PDL_NOTE_WAIVE:
            wrong = check_waive(arg);
            break;
        case PDL_NOTE_ID:
            wrong = "it has no arguments";
            break;
        }
        index += !arg->name.text;
    }
    if (!wrong && note->kind == PDL_NOTE_INFERRED && index < 2) {
        wrong = "who inferred it and a confidence are needed";
        where = note->span;
    } else if (!wrong && !note->args && note->kind != PDL_NOTE_ID) {
        wrong = "an argument is needed";
    }
    if (wrong) {
        pdl_diag_add(p->diags, PDL_D_BAD_NOTE_ARGUMENT, where,
                     pdl_note_word(note->kind), wrong);
    }
}

struct pdl_note *pdl_build_note(struct pdl_parser *p, struct pdl_span word,
                                struct pdl_span span, struct pdl_arg *args)
{
    struct pdl_note *note = PDL_PNEW(p, struct pdl_note);
    char text[PDL_MAX_NAME_BYTES + 1];
    size_t len = word.end - word.begin - 1;

    if (len > PDL_MAX_NAME_BYTES) {
        len = PDL_MAX_NAME_BYTES;
    }
    memcpy(text, p->text + word.begin + 1, len);
    text[len] = '\0';
    if (!pdl_note_find(text, &note->kind)) {
        pdl_diag_add(p->diags, PDL_D_UNKNOWN_NOTE, word, text);
        return NULL;
    }
    note->span = span;
    note->args = args;
    if (!p->oom) {
        check_note(p, note);
    }
    return note;
}

/* ---- expressions ---- */

static struct pdl_expr *new_expr(struct pdl_parser *p,
                                 enum pdl_expr_kind kind,
                                 struct pdl_span span)
{
    struct pdl_expr *expr = PDL_PNEW(p, struct pdl_expr);

    expr->kind = kind;
    expr->span = span;
    expr->height = 1;
    return expr;
}

/*
 * Sets the height from the operands. One that is too high is reported and
 * replaced by a leaf, so that no walk over a tree needs a bound of its own.
 */
static struct pdl_expr *set_height(struct pdl_parser *p,
                                   struct pdl_expr *expr, unsigned below)
{
    expr->height = below + 1;
    if (expr->height <= PDL_MAX_EXPR_DEPTH) {
        return expr;
    }
    pdl_diag_add(p->diags, PDL_D_EXPRESSION_TOO_DEEP, expr->span,
                 PDL_MAX_EXPR_DEPTH);
    memset(&expr->u, 0, sizeof(expr->u));
    expr->kind = PDL_EXPR_NUMBER;
    expr->u.number.base = 10;
    expr->u.number.span = expr->span;
    expr->height = 1;
    return expr;
}

/* The greater of an expression's height (0 for NULL) and `below`. */
static unsigned max_height(const struct pdl_expr *expr, unsigned below)
{
    return expr && expr->height > below ? expr->height : below;
}

struct pdl_expr *pdl_build_number(struct pdl_parser *p,
                                  const struct pdl_number *number)
{
    struct pdl_expr *expr = new_expr(p, PDL_EXPR_NUMBER, number->span);

    expr->u.number = *number;
    return expr;
}

struct pdl_expr *pdl_build_string(struct pdl_parser *p,
                                  const struct pdl_string *string)
{
    struct pdl_expr *expr = new_expr(p, PDL_EXPR_STRING, string->span);

    expr->u.string = *string;
    return expr;
}

struct pdl_expr *pdl_build_ref_expr(struct pdl_parser *p, struct pdl_ref *ref)
{
    struct pdl_expr *expr = new_expr(p, PDL_EXPR_REF, ref->span);
    const struct pdl_part *part;
    unsigned below = 0;

    expr->u.ref = ref;
    for (part = ref->parts; part && !p->oom; part = part->next) {
        below = max_height(part->first, below);
        below = max_height(part->last, below);
    }
    return set_height(p, expr, below);
}

struct pdl_expr *pdl_build_name_expr(struct pdl_parser *p,
                                     const struct pdl_name *name)
{
    struct pdl_ref *ref = PDL_PNEW(p, struct pdl_ref);

    ref->span = name->span;
    ref->parts = pdl_build_part(p, name->span, name, NULL, NULL);
    return pdl_build_ref_expr(p, ref);
}

struct pdl_expr *pdl_build_call(struct pdl_parser *p, struct pdl_span span,
                                const struct pdl_call *call)
{
    struct pdl_expr *expr = new_expr(p, PDL_EXPR_CALL, span);
    const struct pdl_arg *arg;
    unsigned below = 0;

    expr->u.call = *call;
    for (arg = call->args; arg && !p->oom; arg = arg->next) {
        below = max_height(arg->value, below);
    }
    return set_height(p, expr, below);
}

struct pdl_expr *pdl_build_op(struct pdl_parser *p, struct pdl_span span,
                              enum pdl_op op, struct pdl_expr *a,
                              struct pdl_expr *b)
{
    struct pdl_expr *expr;

    expr = new_expr(p, b ? PDL_EXPR_BINARY : PDL_EXPR_UNARY, span);
    expr->u.op.op = op;
    expr->u.op.a = a;
    expr->u.op.b = b;
    return set_height(p, expr, max_height(b, a->height));
}

struct pdl_expr *pdl_build_cond(struct pdl_parser *p, struct pdl_span span,
                                struct pdl_expr *test, struct pdl_expr *yes,
                                struct pdl_expr *no)
{
    struct pdl_expr *expr = new_expr(p, PDL_EXPR_COND, span);

    expr->u.cond.test = test;
    expr->u.cond.yes = yes;
    expr->u.cond.no = no;
    return set_height(p, expr, max_height(no, max_height(yes, test->height)));
}

struct pdl_part *pdl_build_part(struct pdl_parser *p, struct pdl_span span,
                                const struct pdl_name *name,
                                struct pdl_expr *first, struct pdl_expr *last)
{
    struct pdl_part *part = PDL_PNEW(p, struct pdl_part);

    part->span = span;
    part->first = first;
    part->last = last;
    if (name) {
        part->kind = PDL_PART_NAME;
        part->name = *name;
    } else {
        part->kind = last ? PDL_PART_RANGE : PDL_PART_INDEX;
    }
    return part;
}

/* ---- rules ---- */

struct pdl_event *pdl_build_event(struct pdl_parser *p, struct pdl_span span,
                                  const struct pdl_name *name,
                                  struct pdl_ref *ref)
{
    struct pdl_event *event = PDL_PNEW(p, struct pdl_event);

    event->kind = pdl_event_find(name->text);
    event->span = span;
    event->ref = ref;
    if (event->kind == PDL_EVENT_COUNT) {
        pdl_diag_add(p->diags, PDL_D_UNKNOWN_EVENT, name->span, name->text);
        event->kind = PDL_EVENT_CHANGE;
    }
    return event;
}

void pdl_check_copy(struct pdl_parser *p, const struct pdl_call *call)
{
    if (strcmp(call->name.text, "copy") != 0) {
        pdl_diag_add(p->diags, PDL_D_BLOCK_AFTER_CALL, call->name.span,
                     call->name.text);
    }
}

unsigned pdl_build_chain(struct pdl_parser *p, struct pdl_span span,
                         unsigned rest)
{
    if (rest == PDL_MAX_ELSE_CHAIN) {
        pdl_diag_add(p->diags, PDL_D_CHAIN_TOO_LONG, span,
                     PDL_MAX_ELSE_CHAIN);
        return 1;
    }
    return rest + 1;
}
