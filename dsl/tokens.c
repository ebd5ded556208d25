/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens for the grammar: values, errors, and where to go on after one. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dsl/parse_priv.h"

void *pdl_parser_alloc(struct pdl_parser *p, size_t size)
{
    void *result = p->oom ? NULL : pdl_arena_alloc(p->arena, size);

    if (!result) {
        p->oom = true;
        memset(p->spare, 0, size);
        result = p->spare;
    }
    return result;
}

void *pdl_parser_copy(struct pdl_parser *p, const void *node, size_t size)
{
    return memcpy(pdl_parser_alloc(p, size), node, size);
}

struct pdl_span pdl_join_spans(const struct pdl_span *rhs, int count)
{
    struct pdl_span span = rhs[0];
    int first = 1, last = count;

    while (first <= count && rhs[first].begin == rhs[first].end) {
        first++;
    }
    while (last > first && rhs[last].begin == rhs[last].end) {
        last--;
    }
    if (first > count) {
        span.begin = span.end;
        return span;
    }
    span = rhs[first];
    span.end = rhs[last].end;
    return span;
}

/* ---- values ---- */

/* The text of a token as a string of the arena; "" when memory is gone. */
static const char *copy_text(struct pdl_parser *p, uint32_t begin,
                             uint32_t end)
{
    const char *copy = NULL;

    if (!p->oom) {
        copy = pdl_arena_copy(p->arena, p->text + begin, end - begin);
    }
    if (!copy) {
        p->oom = true;
        copy = "";
    }
    return copy;
}

static void name_value(struct pdl_parser *p, const struct pdl_token *token,
                       PDL_YYSTYPE *value)
{
    uint32_t begin = token->begin, end = token->end;

    if (p->text[begin] == '`') {
        begin++;
        if (end > begin && p->text[end - 1] == '`') {
            end--;
        }
    }
    if (end - begin > PDL_MAX_NAME_BYTES) {
        end = begin + PDL_MAX_NAME_BYTES;
    }
    value->name.text = copy_text(p, begin, end);
    value->name.span = (struct pdl_span){ p->file, token->begin, token->end };
}

static void number_value(struct pdl_parser *p, const struct pdl_token *token,
                         PDL_YYSTYPE *value)
{
    enum pdl_code code;

    pdl_number_decode(p->text + token->begin, token->end - token->begin,
                      &value->number, &code);
    value->number.text = copy_text(p, token->begin, token->end);
    value->number.span = (struct pdl_span){ p->file, token->begin,
                                            token->end };
}

static void string_value(struct pdl_parser *p, const struct pdl_token *token,
                         PDL_YYSTYPE *value)
{
    size_t len = token->end - token->begin, out_len = 0, where;
    char *bytes = p->oom ? NULL : pdl_arena_alloc(p->arena, len + 1);
    enum pdl_code code;

    value->string.span = (struct pdl_span){ p->file, token->begin,
                                            token->end };
    value->string.bytes = "";
    value->string.len = 0;
    if (!bytes) {
        p->oom = true;
        return;
    }
    pdl_string_decode(p->text + token->begin, len, bytes, &out_len, &code,
                      &where);
    bytes[out_len] = '\0';
    value->string.bytes = bytes;
    value->string.len = out_len;
}

static void token_value(struct pdl_parser *p, const struct pdl_token *token,
                        PDL_YYSTYPE *value)
{
    switch (token->kind) {
    case T_INT:
        number_value(p, token, value);
        break;
    case T_STRING:
        string_value(p, token, value);
        break;
    default:
        if (token->kind >= 128) {
            name_value(p, token, value);
        }
        break;
    }
}

/* ---- recovery ---- */

static bool is_first_on_line(const struct pdl_parser *p, size_t i)
{
    uint32_t at = p->tokens.items[i].begin;

    while (at > 0 && (p->text[at - 1] == ' ' || p->text[at - 1] == '\t')) {
        at--;
    }
    return at == 0 || p->text[at - 1] == '\n';
}

/* Words that start an item and hardly ever stand first on a line else. */
static bool starts_item(const struct pdl_parser *p, size_t i)
{
    switch (p->tokens.items[i].kind) {
    case T_ATWORD: case T_REG: case T_VAR: case T_FIFO: case T_TIMER:
    case T_LINE: case T_GROUP: case T_WINDOW: case T_ON: case T_MEMORY:
    case T_LOAD: case T_INSTANCE: case T_NATIVE: case T_DEVICE:
    case T_BOARD: case T_TEMPLATE: case T_EXTEND: case T_IMPORT:
        return is_first_on_line(p, i);
    default:
        return false;
    }
}

/*
 * True when token i stands inside the braces of an item list; *depth is the
 * number of other braces opened between those, or the start, and i.
 */
static bool find_list(const struct pdl_parser *p, size_t i, unsigned *depth)
{
    unsigned closed = 0;

    *depth = 0;
    while (i > 0) {
        int kind = p->tokens.items[--i].kind;

        if (kind == '}') {
            closed++;
        } else if (kind == '{' && closed) {
            closed--;
        } else if (kind == '{' && p->is_list[i]) {
            return true;
        } else if (kind == '{') {
            (*depth)++;
        }
    }
    return false;
}

/*
 * Moves p->pos behind the item in which token `i` (the one in error) stands:
 * behind its ';' or closing '}', or to the '}' of the list around it.
 */
static void skip_item(struct pdl_parser *p, size_t i)
{
    unsigned depth;
    bool nested = find_list(p, i, &depth);
    size_t first = i;

    for (; i < p->tokens.count; i++) {
        int kind = p->tokens.items[i].kind;
        int next = i + 1 < p->tokens.count ? p->tokens.items[i + 1].kind : 0;

        if (kind == '{') {
            depth++;
        } else if (kind == '}' && depth) {
            depth--;
            if (!depth && next != ';' && next != '{' && next != ',' &&
                next != T_ELSE && next != T_STRING) {
                i++;
                break;
            }
        } else if (kind == '}' && nested) {
            break;
        } else if (kind == ';' && !depth) {
            i++;
            break;
        } else if (i > first && !depth && starts_item(p, i)) {
            break;
        }
    }
    p->pos = i;
}

/* Counts the lists open at the end of the file, and names the innermost. */
static size_t open_lists(struct pdl_parser *p, struct pdl_span *innermost)
{
    size_t i = p->tokens.count, count = 0;
    unsigned closed = 0;

    while (i > 0) {
        const struct pdl_token *token = &p->tokens.items[--i];

        if (token->kind == '}') {
            closed++;
        } else if (token->kind == '{' && closed) {
            closed--;
        } else if (token->kind == '{' && p->is_list[i]) {
            if (!count++) {
                *innermost = (struct pdl_span){ p->file, token->begin,
                                                token->end };
            }
        }
    }
    return count;
}

/*
 * Where to go on after the error at token p->last_error - 1. A token that only
 * showed that the item before it has no end is kept, unless it was kept once.
 * Each time some token is left behind for good, so that this ends.
 */
static int resynchronise(struct pdl_parser *p, struct pdl_span *where)
{
    size_t i = p->last_error - 1;

    p->resync = false;
    if (p->keep && p->kept != i + 1) {
        p->kept = i + 1;
        p->pos = i;
    } else {
        skip_item(p, i);
        if (p->pos <= p->skipped) {
            p->pos = p->skipped + 1;
        }
        p->skipped = p->pos;
    }
    where->begin = where->end = i < p->tokens.count
                                ? p->tokens.items[i].begin : p->len;
    return T_ITEM_END;
}

/*
 * The end of the file. Inside an item it is a token that no rule takes, since
 * the parser gives up on an error at the real end; then the lists that are
 * still open are closed.
 */
static int end_of_file(struct pdl_parser *p)
{
    int last = p->tokens.count ? p->tokens.items[p->tokens.count - 1].kind
                               : ';';
    struct pdl_span open;

    if (!p->early_end && p->start != T_START_EXPR &&
        ((last != ';' && last != '}') || open_lists(p, &open))) {
        p->early_end = true;
        return T_EARLY_END;
    }
    if (p->closers) {
        p->closers--;
        return '}';
    }
    return PDL_YYEOF;
}

/* Each error costs a look around: a file of errors is not read to its end. */
static bool gave_up(const struct pdl_parser *p)
{
    return pdl_diags_errors(p->diags) >= p->max_errors;
}

int pdl_yylex(PDL_YYSTYPE *value, PDL_YYLTYPE *where, struct pdl_parser *p)
{
    const struct pdl_token *token;

    *where = (struct pdl_span){ p->file, p->len, p->len };
    if (p->oom || gave_up(p)) {
        return PDL_YYEOF;
    }
    if (!p->started) {
        p->started = true;
        where->begin = where->end = 0;
        return p->start;
    }
    if (p->resync) {
        return resynchronise(p, where);
    }
    if (p->pos >= p->tokens.count) {
        return end_of_file(p);
    }
    token = &p->tokens.items[p->pos++];
    where->begin = token->begin;
    where->end = token->end;
    token_value(p, token, value);
    return p->oom ? PDL_YYEOF : token->kind;
}

void pdl_parser_open(struct pdl_parser *p, struct pdl_span where)
{
    size_t i = p->pos;

    while (i > 0) {
        const struct pdl_token *token = &p->tokens.items[--i];

        if (token->begin == where.begin) {
            p->is_list[i] = token->kind == '{';
            break;
        }
    }
}

/* ---- messages ---- */

/* The end of the file came too early. */
static void report_end(struct pdl_parser *p, struct pdl_span where)
{
    struct pdl_span open;
    struct pdl_diag *diag;

    p->closers = open_lists(p, &open);
    if (p->closers) {
        diag = pdl_diag_add(p->diags, PDL_D_UNCLOSED, open, "{");
        pdl_diag_note(diag, where, "the file ends here");
        return;
    }
    if (p->tokens.count) {
        const struct pdl_token *last = &p->tokens.items[p->tokens.count - 1];

        where.begin = last->begin;
        where.end = last->end;
    }
    pdl_diag_add(p->diags, PDL_D_SYNTAX, where,
                 "the file ends inside an item");
}

static void describe_token(const struct pdl_parser *p, size_t i, char *out,
                           size_t size)
{
    const struct pdl_token *token = &p->tokens.items[i];
    int len = (int)(token->end - token->begin);

    if (token->kind == T_STRING) {
        snprintf(out, size, "a string");
    } else if (len > 24) {
        snprintf(out, size, "'%.20s...'", p->text + token->begin);
    } else {
        snprintf(out, size, "'%.*s'", len, p->text + token->begin);
    }
}

static bool is_word(const char *symbol)
{
    return (symbol[0] >= 'a' && symbol[0] <= 'z') ||
           (symbol[0] >= 'A' && symbol[0] <= 'Z');
}

void pdl_expected_add(struct pdl_expected *expected, const char *symbol)
{
    static const struct { const char *symbol; size_t flag; } flags[] = {
        { "name", offsetof(struct pdl_expected, name) },
        { "number", offsetof(struct pdl_expected, number) },
        { "string", offsetof(struct pdl_expected, string) },
        { "reg", offsetof(struct pdl_expected, reg) },
        { "device", offsetof(struct pdl_expected, device) },
        { "after", offsetof(struct pdl_expected, after) },
        { "node", offsetof(struct pdl_expected, node) },
        { "policy", offsetof(struct pdl_expected, policy) },
        { "'('", offsetof(struct pdl_expected, paren) },
        { "'!'", offsetof(struct pdl_expected, bang) },
        { "'*'", offsetof(struct pdl_expected, star) },
        { "';'", offsetof(struct pdl_expected, semicolon) },
        { "@note", offsetof(struct pdl_expected, note) },
    };
    size_t i;

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(symbol, flags[i].symbol) == 0) {
            *(bool *)((char *)expected + flags[i].flag) = true;
            return;
        }
    }
    if (expected->count < PDL_MAX_EXPECTED) {
        expected->words[expected->count++] = symbol;
    }
}

#define MAX_CHOICES 7

/* Alternatives in words, joined as "a, b or c". */
struct choices {
    const char *text[MAX_CHOICES];
    unsigned count;     /* more than MAX_CHOICES: too many to help */
};

static void choose(struct choices *choices, const char *text)
{
    if (choices->count < MAX_CHOICES) {
        choices->text[choices->count] = text;
    }
    choices->count++;
}

static void join_choices(const struct choices *choices, char *out,
                         size_t size)
{
    size_t len = 0;
    unsigned i;

    for (i = 0; i < choices->count && len < size; i++) {
        const char *text = choices->text[i];
        bool bare = text[0] == '\'' || strchr(text, ' ');

        len += (size_t)snprintf(out + len, size - len, "%s%s%s%s",
                                i == 0 ? "" : i + 1 < choices->count ? ", "
                                : " or ", bare ? "" : "'", text,
                                bare ? "" : "'");
    }
}

/*
 * Where a name can stand so can most keywords, and where a number can stand so
 * can '(' and the unary operators: these are summed up.
 */
static void choose_groups(const struct pdl_expected *e,
                          struct choices *choices)
{
    if (e->note) {
        choose(choices, e->name ? "a declaration" : "an item");
    } else if (e->after) {
        choose(choices, "a statement");
    } else if (e->name && e->number && e->bang) {
        choose(choices, "an expression");
    } else if (e->name) {
        choose(choices, "a name");
    } else if (e->number) {
        choose(choices, "a number");
    }
    if (e->string) {
        choose(choices, "a string");
    }
    if (e->policy && !e->name) {
        choose(choices, "an attribute");
    }
    if (e->paren && !e->bang) {
        choose(choices, "'('");
    }
    if (e->semicolon) {
        choose(choices, "';'");
    }
}

static bool is_operator(const char *symbol)
{
    static const char *const operators[] = {
        "'/'", "'%'", "'+'", "'-'", "'<'", "'>'", "'&'", "'|'", "'^'", "'?'",
        "'~'", "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "'.'", "'['",
    };
    size_t i;

    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(symbol, operators[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void describe_expected(const struct pdl_expected *e, char *out,
                              size_t size)
{
    struct choices choices = { .count = 0 };
    unsigned i;

    choose_groups(e, &choices);
    for (i = 0; i < e->count; i++) {
        if (is_word(e->words[i]) && (e->name || e->policy || e->note)) {
            continue;
        }
        if ((e->star || e->bang) && is_operator(e->words[i])) {
            continue;
        }
        choose(&choices, e->words[i]);
    }
    if (e->star) {
        choose(&choices, "an operator");
    }
    out[0] = '\0';
    if (choices.count <= MAX_CHOICES) {
        join_choices(&choices, out, size);
    }
}

/* The item before token i, first on its line, lacks its ';'. */
static void report_missing_end(struct pdl_parser *p, size_t i)
{
    const struct pdl_token *before = &p->tokens.items[i - 1];
    struct pdl_span where = { p->file, before->begin, before->end };
    struct pdl_span behind = { p->file, before->end, before->end };
    char found[64], text[100];

    describe_token(p, i - 1, found, sizeof(found));
    snprintf(text, sizeof(text), "expected ';' behind %s", found);
    pdl_diag_fix(pdl_diag_add(p->diags, PDL_D_SYNTAX, where, text), behind,
                 ";");
}

static bool is_expected(const struct pdl_expected *e, const char *symbol)
{
    unsigned i;

    for (i = 0; i < e->count; i++) {
        if (strcmp(e->words[i], symbol) == 0) {
            return true;
        }
    }
    return false;
}

/* What people write who come from other languages. */
static const char *find_hint(const struct pdl_expected *e, int found)
{
    if (found == ':' && is_expected(e, "..")) {
        return "a range of bits is written [low..high]";
    }
    if (found == '=' && is_expected(e, "->")) {
        return "a setting is written 'name: value;', "
               "a derived value 'name := expression;'";
    }
    if (found == T_DERIVE && is_expected(e, "-=")) {
        return "rules assign with '='";
    }
    if (found == T_NAME && e->policy && !e->name) {
        return "policies are rw ro wo rc rs w1c w1s w1t w0c w0s w0t wclr wset "
               "once pulse sticky unimpl; views are sets clears toggles "
               "mirrors pops pushes feeds resets; others are when needs known";
    }
    return NULL;
}

void pdl_parser_syntax(struct pdl_parser *p, struct pdl_span where,
                       const struct pdl_expected *expected)
{
    static const struct pdl_span nowhere;
    char found[64], wanted[256], text[400];
    size_t i = p->pos ? p->pos - 1 : 0;
    struct pdl_diag *diag;
    const char *hint;

    if (p->oom || gave_up(p)) {
        return;
    }
    if (p->closing) {
        p->closers = 0;     /* what was made up does not fit: the end */
        return;
    }
    p->resync = true;
    if (p->pos >= p->tokens.count && where.begin >= p->len) {
        p->closing = true;
        p->last_error = p->tokens.count + 1;
        p->keep = false;
        report_end(p, where);
        return;
    }
    p->last_error = i + 1;
    p->keep = starts_item(p, i) ||
              (expected->semicolon && i > 0 && is_first_on_line(p, i));
    if (expected->semicolon && i > 0 && p->keep) {
        report_missing_end(p, i);
        return;
    }
    describe_token(p, i, found, sizeof(found));
    describe_expected(expected, wanted, sizeof(wanted));
    snprintf(text, sizeof(text), "unexpected %s%s%s", found,
             wanted[0] ? ", expected " : "", wanted);
    diag = pdl_diag_add(p->diags, PDL_D_SYNTAX, where, text);
    hint = find_hint(expected, p->tokens.items[i].kind);
    if (hint) {
        pdl_diag_note(diag, nowhere, "%s", hint);
    }
}
