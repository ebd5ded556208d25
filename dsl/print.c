/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees to text. This writes the tokens with plain spaces and the newlines
 * that the layout looks at (behind the { of long lists, between items), and
 * lets pdl_format do the rest.
 */
#include "dsl/format.h"

#include <inttypes.h>
#include <string.h>

#include "dsl/parse_priv.h"
#include "dsl/print_priv.h"

void pdl_print_name(const char *name, struct pdl_strbuf *out)
{
    const char *c = name;
    bool plain;

    while ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
           *c == '_' || (c > name && *c >= '0' && *c <= '9')) {
        c++;
    }
    plain = *c == '\0' && c > name &&
            !pdl_kind_is_hard(pdl_word_kind(name, (size_t)(c - name)));
    pdl_strbuf_puts(out, plain ? "" : "`");
    pdl_strbuf_puts(out, name);
    pdl_strbuf_puts(out, plain ? "" : "`");
}

/* One character of a string, `n` bytes long; 0: not valid UTF-8. */
static void print_character(const char *c, size_t n, struct pdl_strbuf *out)
{
    switch (*c) {
    case '"':
        pdl_strbuf_puts(out, "\\\"");
        return;
    case '\\':
        pdl_strbuf_puts(out, "\\\\");
        return;
    case '\n':
        pdl_strbuf_puts(out, "\\n");
        return;
    case '\t':
        pdl_strbuf_puts(out, "\\t");
        return;
    case '\0':
        n = 0;
        break;
    default:
        break;
    }
    if (n == 0) {
        pdl_strbuf_puts(out, "\xef\xbf\xbd");
    } else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
        pdl_strbuf_printf(out, "\\x%02x", (unsigned)*c);
    } else {
        pdl_strbuf_add(out, c, n);
    }
}

void pdl_print_string(const char *bytes, size_t len, struct pdl_strbuf *out)
{
    size_t i = 0, n, bad = 0;

    pdl_strbuf_putc(out, '"');
    while (i < len) {
        n = pdl_utf8_length(bytes + i, len - i);
        bad += n && bytes[i] ? 0 : 2;       /* what stands for it is longer */
        if (i + (n ? n : 1) + bad > PDL_MAX_STRING_BYTES) {
            break;
        }
        print_character(bytes + i, n, out);
        i += n ? n : 1;
    }
    pdl_strbuf_putc(out, '"');
}

/* ---- tokens ---- */

void pdl_put(struct pdl_print *p, const char *text)
{
    pdl_strbuf_puts(p->out, text);
    pdl_strbuf_putc(p->out, ' ');
}

void pdl_put_name(struct pdl_print *p, const struct pdl_name *name)
{
    if (!name->text || !*name->text || strchr(name->text, '`')) {
        p->invalid = true;
        return;
    }
    pdl_print_name(name->text, p->out);
    pdl_strbuf_putc(p->out, ' ');
}

void pdl_put_string(struct pdl_print *p, const struct pdl_string *string)
{
    if (!string->bytes) {
        p->invalid = true;
        return;
    }
    pdl_print_string(string->bytes, string->len, p->out);
    pdl_strbuf_putc(p->out, ' ');
}

void pdl_put_number(struct pdl_print *p, const struct pdl_number *number)
{
    static const char *const units[] = { "", "ns", "Hz", "reads" };
    int bit;

    if (number->text) {
        pdl_put(p, number->text);
        return;
    }
    if (number->base == 2 && number->value) {
        bit = 63 - __builtin_clzll(number->value);
        pdl_strbuf_puts(p->out, "0b");
        for (; bit >= 0; bit--) {
            pdl_strbuf_putc(p->out, '0' + (number->value >> bit & 1));
        }
    } else if (number->base == 16) {
        pdl_strbuf_printf(p->out, "0x%" PRIx64, number->value);
    } else {
        pdl_strbuf_printf(p->out, "%" PRIu64, number->value);
    }
    pdl_strbuf_printf(p->out, "%s ", units[number->unit]);
}

/* The space in front of a [ that indexes goes. */
void pdl_put_glued(struct pdl_print *p, const char *text)
{
    if (p->out->len && p->out->data[p->out->len - 1] == ' ') {
        p->out->data[--p->out->len] = '\0';
    }
    pdl_put(p, text);
}

/* ---- expressions ---- */

/* How tightly an operator binds; 0 the loosest. Unary is 12, a leaf 13. */
static int binding(const struct pdl_expr *expr)
{
    static const int levels[PDL_OP_COUNT] = {
        [PDL_OP_OROR] = 1, [PDL_OP_ANDAND] = 2,
        [PDL_OP_EQ] = 3, [PDL_OP_NE] = 3, [PDL_OP_LT] = 3, [PDL_OP_GT] = 3,
        [PDL_OP_LE] = 3, [PDL_OP_GE] = 3,
        [PDL_OP_OR] = 4, [PDL_OP_XOR] = 5, [PDL_OP_AND] = 6,
        [PDL_OP_SHL] = 7, [PDL_OP_SHR] = 7,
        [PDL_OP_ADD] = 8, [PDL_OP_SUB] = 8,
        [PDL_OP_MUL] = 9, [PDL_OP_DIV] = 9, [PDL_OP_MOD] = 9,
        [PDL_OP_LNOT] = 12, [PDL_OP_NOT] = 12, [PDL_OP_NEG] = 12,
    };

    switch (expr->kind) {
    case PDL_EXPR_COND:
        return 0;
    case PDL_EXPR_UNARY:
    case PDL_EXPR_BINARY:
        return levels[expr->u.op.op];
    default:
        return 13;
    }
}

/* An operand, in parentheses when it binds less tightly than `least`. */
static void put_operand(struct pdl_print *p, const struct pdl_expr *expr,
                        int least)
{
    bool bare = !expr || expr->parens || binding(expr) >= least;

    if (!bare) {
        pdl_put(p, "(");
    }
    pdl_put_expr(p, expr);
    if (!bare) {
        pdl_put(p, ")");
    }
}

static void put_binary(struct pdl_print *p, const struct pdl_expr *expr)
{
    int level = binding(expr);

    /* comparisons do not chain: both sides must bind more tightly */
    put_operand(p, expr->u.op.a, level == 3 ? 4 : level);
    pdl_put(p, pdl_op_word(expr->u.op.op));
    put_operand(p, expr->u.op.b, level + 1);
}

static void put_bare(struct pdl_print *p, const struct pdl_expr *expr)
{
    switch (expr->kind) {
    case PDL_EXPR_NUMBER:
        pdl_put_number(p, &expr->u.number);
        break;
    case PDL_EXPR_STRING:
        pdl_put_string(p, &expr->u.string);
        break;
    case PDL_EXPR_REF:
        pdl_put_ref(p, expr->u.ref);
        break;
    case PDL_EXPR_CALL:
        pdl_put_call(p, &expr->u.call);
        break;
    case PDL_EXPR_UNARY:
        pdl_put(p, pdl_op_word(expr->u.op.op));
        put_operand(p, expr->u.op.a, 12);
        break;
    case PDL_EXPR_BINARY:
        put_binary(p, expr);
        break;
    case PDL_EXPR_COND:
        put_operand(p, expr->u.cond.test, 1);
        pdl_put(p, "?");
        pdl_put_expr(p, expr->u.cond.yes);
        pdl_put(p, ":");
        put_operand(p, expr->u.cond.no, 0);
        break;
    }
}

void pdl_put_expr(struct pdl_print *p, const struct pdl_expr *expr)
{
    unsigned i;

    if (!expr || expr->height > PDL_MAX_EXPR_DEPTH) {
        p->invalid = true;
        return;
    }
    for (i = 0; i < expr->parens; i++) {
        pdl_put(p, "(");
    }
    put_bare(p, expr);
    for (i = 0; i < expr->parens; i++) {
        pdl_put(p, ")");
    }
}

void pdl_put_exprs(struct pdl_print *p, const struct pdl_expr *expr)
{
    const struct pdl_expr *first = expr;

    do {
        if (expr != first) {
            pdl_put(p, ",");
        }
        pdl_put_expr(p, expr);
        expr = expr ? expr->next : NULL;
    } while (expr);
}

void pdl_put_ref(struct pdl_print *p, const struct pdl_ref *ref)
{
    const struct pdl_part *part = ref ? ref->parts : NULL;
    bool first = true;

    if (!part || part->kind != PDL_PART_NAME) {
        p->invalid = true;
        return;
    }
    for (; part; part = part->next) {
        if (part->kind == PDL_PART_NAME) {
            if (!first) {
                pdl_put(p, ".");
            }
            pdl_put_name(p, &part->name);
        } else {
            pdl_put_glued(p, "[");
            pdl_put_expr(p, part->first);
            if (part->kind == PDL_PART_RANGE) {
                pdl_put(p, "..");
                pdl_put_expr(p, part->last);
            }
            pdl_put(p, "]");
        }
        first = false;
    }
}

void pdl_put_refs(struct pdl_print *p, const struct pdl_ref *ref)
{
    const struct pdl_ref *first = ref;

    do {
        if (ref != first) {
            pdl_put(p, ",");
        }
        pdl_put_ref(p, ref);
        ref = ref ? ref->next : NULL;
    } while (ref);
}

void pdl_put_args(struct pdl_print *p, const struct pdl_arg *args)
{
    const struct pdl_arg *arg;

    pdl_put(p, "(");
    for (arg = args; arg; arg = arg->next) {
        if (arg != args) {
            pdl_put(p, ",");
        }
        if (arg->name.text) {
            pdl_put_name(p, &arg->name);
            pdl_put(p, "=");
        }
        pdl_put_expr(p, arg->value);
    }
    pdl_put(p, ")");
}

void pdl_put_call(struct pdl_print *p, const struct pdl_call *call)
{
    pdl_put_name(p, &call->name);
    pdl_put_args(p, call->args);
}

/* ---- entries ---- */

/* Lays out what was written to p->out. */
static int finish(struct pdl_print *p, unsigned indent,
                  struct pdl_strbuf *out)
{
    int status;

    if (p->invalid) {
        status = PDL_ERR_INVALID;
    } else if (p->out->failed) {
        status = PDL_ERR_NOMEM;
    } else {
        status = pdl_format(pdl_strbuf_str(p->out), p->out->len, indent, out);
        status = status == PDL_ERR_SYNTAX ? PDL_ERR_INVALID : status;
    }
    pdl_strbuf_dispose(p->out);
    return status;
}

int pdl_print_item(const struct pdl_item *item, unsigned indent,
                   struct pdl_strbuf *out)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    struct pdl_print p = { .out = &raw };

    pdl_put_item(&p, item);
    return finish(&p, indent, out);
}

int pdl_print_unit(const struct pdl_unit *unit, struct pdl_strbuf *out)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    struct pdl_print p = { .out = &raw };
    const struct pdl_item *item;
    bool was_short = true, is_short;

    pdl_strbuf_puts(&raw, "periph ");
    if (unit->version.text) {
        pdl_put_number(&p, &unit->version);
    } else {
        pdl_put(&p, "1");
    }
    pdl_put(&p, ";\n");
    for (item = unit->items.first; item; item = item->next) {
        is_short = item->kind == PDL_ITEM_IMPORT ||
                   item->kind == PDL_ITEM_CONST;
        pdl_put(&p, was_short && is_short ? "" : "\n");
        was_short = is_short;
        pdl_put_item(&p, item);
        pdl_put(&p, "\n");
    }
    return finish(&p, 0, out);
}

int pdl_print_expr(const struct pdl_expr *expr, struct pdl_strbuf *out)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT, text = PDL_STRBUF_INIT;
    struct pdl_print p = { .out = &raw };
    size_t i;
    int status;

    pdl_put_expr(&p, expr);
    status = finish(&p, 0, &text);
    for (i = 0; status == PDL_OK && i < text.len; i++) {
        if (text.data[i] == '\n') {         /* the layout's breaks */
            while (i + 1 < text.len && text.data[i + 1] == ' ') {
                i++;
            }
            if (i + 1 < text.len) {
                pdl_strbuf_putc(out, ' ');
            }
        } else {
            pdl_strbuf_putc(out, text.data[i]);
        }
    }
    pdl_strbuf_dispose(&text);
    return status == PDL_OK && out->failed ? PDL_ERR_NOMEM : status;
}
