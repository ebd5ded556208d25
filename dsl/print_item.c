/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing of declarations and rules; see print.c. */
#include <string.h>

#include "dsl/bounds.h"
#include "dsl/print_priv.h"

static void put_items(struct pdl_print *p, const struct pdl_body *body)
{
    const struct pdl_item *item;

    for (item = body->first; item; item = item->next) {
        if (item != body->first) {
            pdl_put(p, "\n");
        }
        pdl_put_item(p, item);
    }
}

/* { items }, broken always or only where it does not fit. */
static void put_body(struct pdl_print *p, const struct pdl_body *body,
                     bool broken)
{
    if (++p->depth >= PDL_MAX_NESTING) {
        p->invalid = true;
    } else {
        pdl_put(p, broken && body->first ? "{\n" : "{");
        put_items(p, body);
        pdl_put(p, "}");
    }
    p->depth--;
}

static void put_opt_body(struct pdl_print *p, bool written,
                         const struct pdl_body *body, bool broken)
{
    if (written || body->first) {
        put_body(p, body, broken);
    } else {
        pdl_put(p, ";");
    }
}

/* ---- pieces ---- */

static void put_dim(struct pdl_print *p, const struct pdl_dim *dim)
{
    if (!dim) {
        return;
    }
    pdl_put_glued(p, "[");
    if (dim->index.text) {
        pdl_put_name(p, &dim->index);
        pdl_put(p, ":");
    }
    pdl_put_expr(p, dim->count);
    pdl_put(p, "]");
}

/* A part that starts with a word or sign, when it is there. */
static void put_opt(struct pdl_print *p, const char *before,
                    const struct pdl_expr *expr)
{
    if (expr) {
        pdl_put(p, before);
        pdl_put_expr(p, expr);
    }
}

static void put_attrs(struct pdl_print *p, const struct pdl_attr *attr)
{
    for (; attr; attr = attr->next) {
        switch (attr->kind) {
        case PDL_ATTR_POLICY:
            pdl_put(p, pdl_policy_word(attr->policy));
            break;
        case PDL_ATTR_VERB:
            pdl_put(p, pdl_verb_word(attr->verb));
            pdl_put_ref(p, attr->ref);
            break;
        case PDL_ATTR_WHEN:
            pdl_put(p, "when");
            pdl_put_expr(p, attr->expr);
            break;
        case PDL_ATTR_NEEDS:
            pdl_put(p, "needs");
            pdl_put_expr(p, attr->expr);
            break;
        case PDL_ATTR_KNOWN:
            pdl_put(p, "known");
            pdl_put_expr(p, attr->expr);
            break;
        }
    }
}

static void put_init(struct pdl_print *p, const struct pdl_init *init)
{
    switch (init->kind) {
    case PDL_INIT_NONE:
        break;
    case PDL_INIT_VALUE:
        pdl_put(p, "=");
        pdl_put_expr(p, init->value);
        break;
    case PDL_INIT_LIST:
        pdl_put(p, "= {");
        pdl_put_exprs(p, init->value);
        pdl_put(p, "}");
        break;
    case PDL_INIT_HOLD:
        pdl_put(p, "hold");
        /* fall through */
    case PDL_INIT_DERIVED:
        pdl_put(p, ":=");
        pdl_put_expr(p, init->value);
        break;
    }
}

static void put_desc(struct pdl_print *p, const struct pdl_string *desc)
{
    if (desc->bytes) {
        pdl_put_string(p, desc);
    }
}

static void put_evals(struct pdl_print *p, const struct pdl_evals *evals)
{
    const struct pdl_eval *eval;

    if (!evals->first) {
        return;
    }
    pdl_put(p, "{");
    for (eval = evals->first; eval; eval = eval->next) {
        pdl_put_name(p, &eval->name);
        pdl_put(p, "=");
        pdl_put_expr(p, eval->value);
        put_desc(p, &eval->text);
        if (eval->next || evals->trailing_comma) {
            pdl_put(p, ",");
        }
    }
    pdl_put(p, "}");
}

static void put_use(struct pdl_print *p, const struct pdl_use *use)
{
    if (!use) {
        p->invalid = true;
        return;
    }
    pdl_put_name(p, &use->name);
    if (use->has_args || use->args) {
        pdl_put_args(p, use->args);
    }
}

static void put_uses(struct pdl_print *p, const struct pdl_use *uses)
{
    const struct pdl_use *use;

    pdl_put(p, "is");
    put_use(p, uses);
    for (use = uses ? uses->next : NULL; use; use = use->next) {
        pdl_put(p, ",");
        put_use(p, use);
    }
}

static void put_notes(struct pdl_print *p, const struct pdl_note *note)
{
    for (; note; note = note->next) {
        pdl_strbuf_putc(p->out, '@');
        pdl_put(p, pdl_note_word(note->kind));
        pdl_put_args(p, note->args);
    }
}

/* "word name", and its dimension */
static void put_head(struct pdl_print *p, const char *word,
                     const struct pdl_item *item)
{
    pdl_put(p, word);
    pdl_put_name(p, &item->name);
    put_dim(p, item->dim);
}

/* ---- items ---- */

static void put_typed(struct pdl_print *p, const struct pdl_item *item)
{
    const struct pdl_formal *formal;

    pdl_put(p, item->kind == PDL_ITEM_TEMPLATE ? "template"
               : item->kind == PDL_ITEM_DEVICE ? "device" : "board");
    pdl_put_name(p, &item->name);
    if (item->u.typed.has_formals || item->u.typed.formals) {
        pdl_put(p, "(");
        for (formal = item->u.typed.formals; formal; formal = formal->next) {
            pdl_put_name(p, &formal->name);
            put_opt(p, "=", formal->value);
            if (formal->next) {
                pdl_put(p, ",");
            }
        }
        pdl_put(p, ")");
    }
    if (item->u.typed.uses) {
        put_uses(p, item->u.typed.uses);
    }
    put_desc(p, &item->desc);
    put_body(p, &item->u.typed.body, true);
}

static void put_fifo(struct pdl_print *p, const struct pdl_item *item)
{
    put_head(p, "fifo", item);
    if (!item->u.fifo.depth) {
        p->invalid = true;
    }
    put_dim(p, item->u.fifo.depth);
    put_opt(p, ":", item->u.fifo.width);
    if (item->u.fifo.end != PDL_FIFO_UNBOUND) {
        pdl_put(p, item->u.fifo.end == PDL_FIFO_TO ? "to" : "from");
        pdl_put_name(p, &item->u.fifo.peer);
        put_opt(p, "at", item->u.fifo.rate);
    }
    put_init(p, &item->init);
    pdl_put(p, ";");
}

static void put_state(struct pdl_print *p, const struct pdl_item *item)
{
    switch (item->kind) {
    case PDL_ITEM_VAR:
        put_head(p, "var", item);
        put_opt(p, ":", item->u.var.width);
        put_init(p, &item->init);
        pdl_put(p, ";");
        break;
    case PDL_ITEM_TIMER:
        put_head(p, "timer", item);
        put_opt_body(p, item->u.timer.has_body, &item->u.timer.body, false);
        break;
    case PDL_ITEM_LINE:
        put_head(p, item->u.line.dir == PDL_LINE_IN ? "line in" : "line out",
                 item);
        pdl_put(p, ";");
        break;
    case PDL_ITEM_LOCK:
        put_head(p, "lock", item);
        pdl_put(p, "=");
        pdl_put_exprs(p, item->u.lock.keys);
        put_opt_body(p, item->u.lock.has_body, &item->u.lock.body, false);
        break;
    default:
        put_head(p, "domain", item);
        pdl_put(p, ":");
        pdl_put_refs(p, item->u.domain.refs);
        pdl_put(p, ";");
        break;
    }
}

static void put_reg(struct pdl_print *p, const struct pdl_item *item)
{
    put_head(p, "reg", item);
    pdl_put(p, "@");
    pdl_put_expr(p, item->u.reg.offset);
    put_opt(p, "+=", item->u.reg.stride);
    put_opt(p, ":", item->u.reg.width);
    put_attrs(p, item->attrs);
    put_init(p, &item->init);
    put_desc(p, &item->desc);
    put_opt_body(p, item->u.reg.has_body, &item->u.reg.body, false);
}

static void put_field(struct pdl_print *p, const struct pdl_item *item)
{
    const struct pdl_bits *bits = &item->u.field.bits;

    if (item->u.field.reserved) {
        pdl_put(p, "reserved");
    } else if (item->name.text && strcmp(item->name.text, "reserved") == 0) {
        pdl_put(p, "`reserved`");
    } else {
        pdl_put_name(p, &item->name);
    }
    put_dim(p, item->dim);
    pdl_put(p, "[");
    pdl_put_expr(p, bits->first);
    put_opt(p, "..", bits->last);
    pdl_put(p, "]");
    put_opt(p, "+=", item->u.field.stride);
    put_attrs(p, item->attrs);
    put_init(p, &item->init);
    if (item->u.field.of.text) {
        pdl_put(p, "of");
        pdl_put_name(p, &item->u.field.of);
    } else {
        put_evals(p, &item->u.field.evals);
        put_evals(p, &item->u.field.write_evals);
    }
    put_desc(p, &item->desc);
    pdl_put(p, ";");
}

static void put_rule(struct pdl_print *p, const struct pdl_item *item)
{
    const struct pdl_event *event = item->u.rule.events;

    if (!event) {
        p->invalid = true;
    }
    pdl_put(p, "on");
    for (; event; event = event->next) {
        pdl_put(p, pdl_event_word(event->kind));
        if (event->ref) {
            pdl_put_ref(p, event->ref);
        }
        if (event->next) {
            pdl_put(p, ",");
        }
    }
    put_opt(p, "when", item->u.rule.when);
    pdl_put_block(p, &item->u.rule.block);
}

static void put_cond(struct pdl_print *p, const struct pdl_item *item)
{
    const struct pdl_item *link;

    for (link = item; link; link = link->u.cond.else_if) {
        pdl_put(p, link == item ? "if (" : "else if (");
        pdl_put_expr(p, link->u.cond.test);
        pdl_put(p, ")");
        put_body(p, &link->u.cond.then, true);
        if (link->u.cond.otherwise) {
            pdl_put(p, "else");
            put_body(p, link->u.cond.otherwise, true);
        }
    }
}

/* Items with a place: "word name @ base : size". */
static void put_placed(struct pdl_print *p, const struct pdl_item *item)
{
    switch (item->kind) {
    case PDL_ITEM_GROUP:
        put_head(p, "group", item);
        put_opt(p, "@", item->u.group.offset);
        put_opt(p, "+=", item->u.group.stride);
        put_body(p, &item->u.group.body, true);
        break;
    case PDL_ITEM_WINDOW:
        put_head(p, "window", item);
        put_opt(p, "@", item->u.window.offset);
        put_opt(p, ":", item->u.window.size);
        pdl_put(p, pdl_verb_word(item->u.window.verb));
        pdl_put_ref(p, item->u.window.ref);
        put_desc(p, &item->desc);
        pdl_put(p, ";");
        break;
    case PDL_ITEM_MEM:
        put_head(p, "mem", item);
        put_opt(p, "@", item->u.mem.offset);
        put_opt(p, ":", item->u.mem.width);
        put_attrs(p, item->attrs);
        put_desc(p, &item->desc);
        pdl_put(p, ";");
        break;
    case PDL_ITEM_MEMORY:
        put_head(p, "memory", item);
        put_opt(p, "@", item->u.memory.base);
        put_opt(p, ":", item->u.memory.size);
        put_attrs(p, item->attrs);
        put_desc(p, &item->desc);
        pdl_put(p, ";");
        break;
    default:
        put_head(p, "bus", item);
        put_opt(p, "@", item->u.bus.base);
        put_opt(p, ":", item->u.bus.size);
        put_body(p, &item->u.bus.body, true);
        break;
    }
}

static void put_wire(struct pdl_print *p, const struct pdl_item *item)
{
    const struct pdl_target *target;
    const struct pdl_expr *operand;

    pdl_put_ref(p, item->u.wire.source);
    pdl_put(p, "->");
    if (!item->u.wire.targets) {
        p->invalid = true;
    }
    for (target = item->u.wire.targets; target; target = target->next) {
        if (target->text.bytes) {
            pdl_put_string(p, &target->text);
        } else {
            pdl_put_ref(p, target->ref);
        }
        for (operand = target->operands; operand; operand = operand->next) {
            pdl_put_expr(p, operand);
        }
        if (target->next) {
            pdl_put(p, ",");
        }
    }
    pdl_put(p, ";");
}

static void put_instance(struct pdl_print *p, const struct pdl_item *item)
{
    bool native = item->kind == PDL_ITEM_NATIVE;

    put_head(p, native ? "native" : "instance", item);
    pdl_put(p, ":");
    if (native) {
        pdl_put_string(p, &item->u.instance.type);
    } else {
        put_use(p, item->u.instance.use);
    }
    pdl_put(p, "@");
    pdl_put_exprs(p, item->u.instance.bases);
    put_opt_body(p, item->u.instance.has_body, &item->u.instance.body, false);
}

/* Items that end with ; and have no body. */
static void put_short(struct pdl_print *p, const struct pdl_item *item)
{
    switch (item->kind) {
    case PDL_ITEM_IMPORT:
        pdl_put(p, "import");
        pdl_put_string(p, &item->u.import.path);
        break;
    case PDL_ITEM_CONST:
        put_head(p, "const", item);
        pdl_put(p, "=");
        pdl_put_expr(p, item->u.constant.value);
        break;
    case PDL_ITEM_ENUM:
        put_head(p, "enum", item);
        put_evals(p, &item->u.enumeration.evals);
        break;
    case PDL_ITEM_SETTING:
        pdl_put_name(p, &item->name);
        if (item->u.setting.values) {
            pdl_put(p, ":");
            pdl_put_exprs(p, item->u.setting.values);
        }
        break;
    case PDL_ITEM_DERIVE:
        pdl_put_ref(p, item->u.derive.ref);
        put_init(p, &item->init);
        break;
    case PDL_ITEM_IS:
        put_uses(p, item->u.is.uses);
        break;
    case PDL_ITEM_DROP:
        pdl_put(p, "drop");
        pdl_put_refs(p, item->u.drop.refs);
        break;
    default:
        pdl_put(p, "load");
        pdl_put_string(p, &item->u.load.file);
        put_opt(p, "@", item->u.load.base);
        break;
    }
    pdl_put(p, ";");
}

void pdl_put_item(struct pdl_print *p, const struct pdl_item *item)
{
    put_notes(p, item->notes);
    switch (item->kind) {
    case PDL_ITEM_IMPORT: case PDL_ITEM_CONST: case PDL_ITEM_ENUM:
    case PDL_ITEM_SETTING: case PDL_ITEM_DERIVE: case PDL_ITEM_IS:
    case PDL_ITEM_DROP: case PDL_ITEM_LOAD:
        put_short(p, item);
        break;
    case PDL_ITEM_TEMPLATE: case PDL_ITEM_DEVICE: case PDL_ITEM_BOARD:
        put_typed(p, item);
        break;
    case PDL_ITEM_EXTEND: case PDL_ITEM_EXTEND_REG:
        pdl_put(p, item->kind == PDL_ITEM_EXTEND ? "extend" : "extend reg");
        pdl_put_ref(p, item->u.extend.ref);
        put_opt_body(p, item->u.extend.has_body, &item->u.extend.body,
                     item->kind == PDL_ITEM_EXTEND);
        break;
    case PDL_ITEM_VAR: case PDL_ITEM_TIMER: case PDL_ITEM_LINE:
    case PDL_ITEM_LOCK: case PDL_ITEM_DOMAIN:
        put_state(p, item);
        break;
    case PDL_ITEM_FIFO:
        put_fifo(p, item);
        break;
    case PDL_ITEM_REG:
        put_reg(p, item);
        break;
    case PDL_ITEM_FIELD:
        put_field(p, item);
        break;
    case PDL_ITEM_GROUP: case PDL_ITEM_WINDOW: case PDL_ITEM_MEM:
    case PDL_ITEM_MEMORY: case PDL_ITEM_BUS:
        put_placed(p, item);
        break;
    case PDL_ITEM_RULE:
        put_rule(p, item);
        break;
    case PDL_ITEM_COND:
        put_cond(p, item);
        break;
    case PDL_ITEM_INSTANCE: case PDL_ITEM_NATIVE:
        put_instance(p, item);
        break;
    case PDL_ITEM_WIRE:
        put_wire(p, item);
        break;
    case PDL_ITEM_DT:
        pdl_put_dt(p, item);
        break;
    case PDL_ITEM_COUNT:
        p->invalid = true;
        break;
    }
}
