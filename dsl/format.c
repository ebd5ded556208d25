/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of tokens and comments.
 *
 * The source decides what it usually decides on purpose: a newline behind a
 * `{` keeps that list broken, items on one line stay together while they fit,
 * one blank line stays. Everything else is done anew, so a second run finds
 * nothing to change: where the first breaks a line, the second either keeps
 * the newline or comes to the same break.
 */
#include "dsl/format.h"

#include <string.h>

#include "dsl/layout.h"
#include "dsl/parse_priv.h"

#define INDENT 4
#define LIMIT 100       /* columns */
#define NEVER SIZE_MAX  /* the width of what cannot stand on one line */

struct printer {
    struct pdl_layout layout;
    const struct pdl_ltoken *t;
    struct pdl_strbuf *out;
    size_t column;
    bool started;           /* something stands on this line */
    bool must_break;        /* a // comment ends this line */
};

/* ---- writing ---- */

static void end_line(struct printer *p)
{
    if (p->started) {
        pdl_strbuf_putc(p->out, '\n');
    }
    p->column = 0;
    p->started = false;
    p->must_break = false;
}

/* Writes token i, behind `spaces`, or at `indent` when a line starts. */
static void put(struct printer *p, size_t i, size_t spaces, unsigned indent)
{
    const struct pdl_ltoken *token = &p->t[i];
    const char *newline;

    if (p->must_break) {
        end_line(p);
    }
    if (!p->started) {
        spaces = (size_t)indent * INDENT;
    }
    pdl_strbuf_fill(p->out, ' ', spaces);
    pdl_strbuf_add(p->out, token->text, token->len);
    p->started = true;
    p->column += spaces + pdl_columns(token->text, token->len);
    p->must_break = token->kind == PDL_TOKEN_LINE_COMMENT;
    newline = memrchr(token->text, '\n', token->len);
    if (newline) {
        p->column = pdl_columns(newline + 1,
                                (size_t)(token->text + token->len - newline)
                                - 1);
    }
}

/* ---- widths ---- */

/* Is token i the first in its braces, behind comments on the line of the {? */
static bool is_first_inside(const struct printer *p, size_t i)
{
    while (i > 0 && pdl_is_comment(&p->t[i - 1]) && !p->t[i - 1].newlines) {
        i--;
    }
    return i > 0 && p->t[i - 1].kind == '{';
}

/* True when token i cannot stand on one line with those before it. */
static bool forces_break(const struct printer *p, size_t i, size_t from)
{
    const struct pdl_ltoken *token = &p->t[i];

    if (pdl_is_comment(token)) {
        return token->kind == PDL_TOKEN_LINE_COMMENT || token->newlines ||
               memchr(token->text, '\n', token->len);
    }
    if (i > from && token->newlines) {
        return token->behind_note ||
               (token->kind != '}' && is_first_inside(p, i));
    }
    return false;
}

/* Columns of tokens [from, to) on one line; NEVER when that cannot be. */
static size_t flat_width(const struct printer *p, size_t from, size_t to)
{
    size_t i, width = 0;

    for (i = from; i < to && width <= LIMIT; i++) {
        if (i > from && forces_break(p, i, from)) {
            return NEVER;
        }
        if (i == from && p->t[i].kind == PDL_TOKEN_LINE_COMMENT) {
            return NEVER;
        }
        width += pdl_columns(p->t[i].text, p->t[i].len);
        width += i > from && p->t[i].space_before;
    }
    return width;
}

static bool fits(const struct printer *p, size_t from, size_t to,
                 size_t column)
{
    size_t width = flat_width(p, from, to);

    return width <= LIMIT && column + width <= LIMIT;
}

/* A sign with a space on both sides: stays at the end of a line. */
static bool is_binary(const struct printer *p, size_t i)
{
    return strchr("=:+-*/%&|^<>!?", p->t[i].text[0]) &&
           !pdl_is_comment(&p->t[i]) && i + 1 < p->layout.count &&
           p->t[i + 1].space_before;
}

/*
 * Where a line may break: at spaces, but not in front of an operator, around
 * `else` and behind `if`. Inside parentheses only behind commas; what is then
 * still too long for a line breaks behind && and || too, and at last anywhere.
 */
enum breaks { BREAKS_FEW, BREAKS_LOGIC, BREAKS_ALL, BREAKS_COUNT };

static bool may_break(const struct printer *p, size_t i, enum breaks where)
{
    int before = i > 0 ? p->t[i - 1].kind : ';';

    if (!p->t[i].space_before || is_binary(p, i) || before == T_IF ||
        before == T_ELSE || (before == '}' && p->t[i].kind == T_ELSE)) {
        return false;
    }
    return !p->t[i].in_parens || where == BREAKS_ALL || before == ',' ||
           (where == BREAKS_LOGIC &&
            (before == T_ANDAND || before == T_OROR));
}

/* Columns from token i to the next place where a line may break. */
static size_t chunk_width(const struct printer *p, size_t i, size_t to,
                          enum breaks where)
{
    size_t width = pdl_columns(p->t[i].text, p->t[i].len);

    while (++i < to && !may_break(p, i, where) && width <= LIMIT) {
        width += pdl_columns(p->t[i].text, p->t[i].len);
        width += p->t[i].space_before;
    }
    return width;
}

/* Must the line end before token i, in an item that does not fit? */
static bool ends_line(const struct printer *p, size_t i, size_t to)
{
    enum breaks where;

    if (pdl_is_comment(&p->t[i])) {
        return p->t[i].newlines > 0;
    }
    for (where = BREAKS_FEW; where < BREAKS_COUNT; where++) {
        if (may_break(p, i, where) &&
            p->column + 1 + chunk_width(p, i, to, where) > LIMIT) {
            return true;
        }
    }
    return false;
}

/* ---- elements of a list ---- */

/* An item goes on behind a list's } with these. */
static bool goes_on(const struct printer *p, size_t i, size_t to)
{
    while (i < to && pdl_is_comment(&p->t[i])) {
        i++;
    }
    return i < to && (p->t[i].kind == T_ELSE || p->t[i].kind == ';' ||
                      p->t[i].kind == ',' || p->t[i].kind == ')');
}

/* The end of the element that starts at i: an item, a value, a comment. */
static size_t element_end(const struct printer *p, size_t i, size_t to,
                          bool list)
{
    if (pdl_is_comment(&p->t[i])) {
        return i + 1;
    }
    while (i < to) {
        const struct pdl_ltoken *token = &p->t[i];

        if (token->kind == (list ? ';' : ',')) {
            return i + 1;
        }
        if (token->kind == '(' || token->kind == '[' || token->kind == '{') {
            bool ends = token->list;

            i = token->match + 1;
            if (ends && !goes_on(p, i, to)) {
                return i;
            }
        } else {
            i++;
        }
    }
    return to;
}

static void print_elements(struct printer *p, size_t from, size_t to,
                           unsigned indent, bool list);

/* ---- one element ---- */

static void print_flat(struct printer *p, size_t from, size_t to,
                       size_t spaces, unsigned indent)
{
    size_t i;

    for (i = from; i < to; i++) {
        put(p, i, i == from ? spaces : p->t[i].space_before, indent);
    }
}

/* { on this line, the elements one level in, } on a line of its own. */
static void print_group(struct printer *p, size_t open, unsigned indent)
{
    size_t close = p->t[open].match;

    put(p, open, p->t[open].space_before, indent);
    print_elements(p, open + 1, close, indent + 1, p->t[open].list);
    end_line(p);
    put(p, close, 0, indent);
}

/* Does the { at i have to be broken, in an item that does not fit? */
static bool breaks_group(const struct printer *p, size_t i)
{
    size_t close = p->t[i].match;

    if (close == i + 1) {
        return false;
    }
    return p->t[i].list || !fits(p, i, close + 1, p->column + 1);
}

/* Tokens that need more than one line. */
static void print_broken(struct printer *p, size_t from, size_t to,
                         unsigned indent)
{
    size_t i = from;

    while (i < to) {
        const struct pdl_ltoken *token = &p->t[i];
        bool first = i == from;

        if (token->kind == '{') {
            if (breaks_group(p, i)) {
                print_group(p, i, indent);
            } else {
                print_flat(p, i, token->match + 1, token->space_before,
                           indent);
            }
            i = token->match + 1;
            continue;
        }
        if (!first && p->started && ends_line(p, i, to)) {
            end_line(p);
        }
        put(p, i, first ? 0 : token->space_before,
            first || token->kind == T_ELSE ? indent : indent + 1);
        i++;
    }
}

/* The end of the note that starts at i, or i. */
static size_t note_end(const struct printer *p, size_t i, size_t to)
{
    if (i + 1 < to && p->t[i].kind == T_ATWORD && p->t[i + 1].kind == '(') {
        return p->t[i + 1].match + 1;
    }
    return i;
}

/*
 * Notes and comments in front of an item that does not fit on one line with
 * them: a line each. Returns where the item itself starts.
 */
static size_t print_front(struct printer *p, size_t from, size_t to,
                          unsigned indent)
{
    size_t end;

    while (from < to) {
        end = note_end(p, from, to);
        if (pdl_is_comment(&p->t[from])) {
            end = from + 1;
            if (!p->t[from].newlines && p->started) {
                put(p, from, 2, indent);
                from = end;
                continue;
            }
        }
        if (end == from || end == to) {
            break;
        }
        end_line(p);
        print_broken(p, from, end, indent);
        from = end;
    }
    end_line(p);
    return from;
}

/* An element on lines of its own. Returns true when it took one line only. */
static bool print_element(struct printer *p, size_t from, size_t to,
                          unsigned indent)
{
    if (fits(p, from, to, (size_t)indent * INDENT)) {
        print_flat(p, from, to, 0, indent);
        return true;
    }
    from = print_front(p, from, to, indent);
    if (fits(p, from, to, (size_t)indent * INDENT)) {
        print_flat(p, from, to, 0, indent);
    } else {
        print_broken(p, from, to, indent);
    }
    return false;
}

/* ---- lists ---- */

/* A comment behind something on its line stays there. */
static bool stays_behind(const struct printer *p, size_t i)
{
    return pdl_is_comment(&p->t[i]) && !p->t[i].newlines && p->started &&
           !p->must_break;
}

/*
 * Elements on their own lines. Those that shared a line still do where they
 * fit; `joinable`: the line holds only whole flat elements.
 */
static void print_elements(struct printer *p, size_t from, size_t to,
                           unsigned indent, bool list)
{
    bool joinable = false, comment = false;
    size_t i = from, end, gap;

    for (; i < to; i = end) {
        end = element_end(p, i, to, list);
        if (stays_behind(p, i)) {
            put(p, i, p->t[i].kind == PDL_TOKEN_LINE_COMMENT ? 2 : 1, indent);
            comment = true;
            continue;
        }
        gap = list && !comment ? 2 : 1;
        if (joinable && !p->must_break && !p->t[i].newlines &&
            fits(p, i, end, p->column + gap)) {
            print_flat(p, i, end, gap, indent);
        } else {
            end_line(p);
            if (i > from && p->t[i].newlines > 1) {
                pdl_strbuf_putc(p->out, '\n');
            }
            joinable = print_element(p, i, end, indent);
        }
        comment = pdl_is_comment(&p->t[i]);
    }
}

int pdl_format(const char *text, size_t len, unsigned indent,
               struct pdl_strbuf *out)
{
    struct printer p = { .out = out };
    size_t start = out->len;
    int status;

    status = pdl_layout_init(&p.layout, text, len);
    if (status) {
        return status;
    }
    p.t = p.layout.t;
    print_elements(&p, 0, p.layout.count, indent, true);
    end_line(&p);
    pdl_layout_dispose(&p.layout);
    if (out->failed) {
        if (out->data) {
            out->len = start;
            out->data[start] = '\0';
        }
        return PDL_ERR_NOMEM;
    }
    return PDL_OK;
}
