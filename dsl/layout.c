/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens made ready for layout: partners, lists, and where spaces go. */
#include "dsl/layout.h"

#include <stdlib.h>
#include <string.h>

#include "dsl/bounds.h"
#include "dsl/parse_priv.h"

bool pdl_is_comment(const struct pdl_ltoken *token)
{
    return token->kind == PDL_TOKEN_LINE_COMMENT ||
           token->kind == PDL_TOKEN_BLOCK_COMMENT;
}

bool pdl_is_note_end(const struct pdl_layout *layout, size_t i)
{
    const struct pdl_ltoken *t = layout->t;

    return t[i].kind == ')' && t[i].match > 0 &&
           t[t[i].match - 1].kind == T_ATWORD;
}

/* East Asian wide characters take two columns; a rough table is enough. */
static size_t columns_of(const char *text, size_t bytes)
{
    unsigned char c = (unsigned char)text[0];

    if (bytes == 4) {
        return 2;
    }
    if (bytes == 3) {
        return (c >= 0xe3 && c <= 0xed) || c == 0xef ? 2 : 1;
    }
    return 1;
}

size_t pdl_columns(const char *text, size_t len)
{
    size_t i = 0, columns = 0, n;

    while (i < len) {
        n = pdl_utf8_length(text + i, len - i);
        n = n ? n : 1;
        columns += columns_of(text + i, n);
        i += n;
    }
    return columns;
}

/* ---- brackets ---- */

/* Sets `match` of all brackets. False when they do not match. */
static bool match_brackets(struct pdl_layout *l)
{
    uint32_t open[PDL_MAX_NESTING];
    size_t depth = 0, i;

    for (i = 0; i < l->count; i++) {
        int kind = l->t[i].kind, partner;

        l->t[i].in_parens = depth > 0 && l->t[open[depth - 1]].kind != '{';
        if (kind == '(' || kind == '[' || kind == '{') {
            if (depth == PDL_MAX_NESTING) {
                return false;
            }
            open[depth++] = (uint32_t)i;
        } else if (kind == ')' || kind == ']' || kind == '}') {
            partner = kind == ')' ? '(' : kind == ']' ? '[' : '{';
            if (!depth || l->t[open[--depth]].kind != partner) {
                return false;
            }
            l->t[i].match = open[depth];
            l->t[open[depth]].match = (uint32_t)i;
        }
    }
    return depth == 0;
}

/*
 * { } is a list of items unless it holds only values and commas, as the
 * braces of enumerations and initial values do.
 */
static void find_lists(struct pdl_layout *l)
{
    size_t i, j;

    for (i = 0; i < l->count; i++) {
        bool empty = true;

        if (l->t[i].kind != '{') {
            continue;
        }
        for (j = i + 1; j < l->t[i].match && !l->t[i].list; j++) {
            l->t[i].list = l->t[j].kind == ';' || l->t[j].kind == '{';
            empty = empty && pdl_is_comment(&l->t[j]);
        }
        l->t[i].list = l->t[i].list || empty;
    }
}

/* ---- spaces ---- */

static bool is_word(const struct pdl_ltoken *token)
{
    return token->kind >= 128 && strchr("0123456789\"@:-.+*/%&|^<>=!",
                                        token->text[0]) == NULL &&
           !pdl_is_comment(token);
}

/*
 * A word that is used as a name at the end of an operand, or another one.
 * `needs`, `known` and `at` are names where no operand stands before them.
 */
static bool ends_operand(const struct pdl_ltoken *before,
                         const struct pdl_ltoken *token)
{
    if (token->kind == T_NEEDS || token->kind == T_KNOWN ||
        token->kind == T_AT) {
        return !before->operand;
    }
    return (is_word(token) && !pdl_kind_is_hard(token->kind)) ||
           token->kind == T_INT || token->kind == T_STRING ||
           token->kind == ')' || token->kind == ']';
}

/* Would the last byte of a and the first of b be read as one token? */
static bool would_fuse(const struct pdl_ltoken *a, const struct pdl_ltoken *b)
{
    static const char pairs[] = ":=+=-=*=/=%=&=|=^=<=>===!=<<>>&&||->..///*";
    char x = a->text[a->len - 1], y = b->text[0];
    size_t i;

    for (i = 0; i + 1 < sizeof(pairs) - 1; i += 2) {
        if (pairs[i] == x && pairs[i + 1] == y) {
            return true;
        }
    }
    return a->kind >= 128 && b->kind >= 128 && a->kind != T_STRING &&
           b->kind != T_STRING && is_word(b) && (is_word(a) ||
           a->kind == T_INT);
}

/* Context that the spacing of a token depends on. */
struct spacing {
    size_t cells;           /* > 0: inside < > of a device tree; 1 + index */
    size_t item;            /* first token of the item, behind its notes */
    bool at_item;           /* the next token starts an item */
    bool in_front;          /* inside a note in front of an item */
    bool prefix;            /* the token before is a prefix operator */
};

/* In < > or as a value, & names a node; else it is an operator. */
static bool is_node_mark(const struct pdl_ltoken *before,
                         const struct spacing *s)
{
    return s->cells || before->kind == '=' || before->kind == ',' ||
           before->kind == T_DT;
}

static bool is_prefix(const struct pdl_ltoken *before,
                      const struct pdl_ltoken *token,
                      const struct spacing *s)
{
    switch (token->kind) {
    case '!':
    case '~':
        return true;
    case '-':
        return !before->operand;
    case '&':
        return is_node_mark(before, s);
    default:
        return false;
    }
}

/* `:` right behind the name of a setting or of an index. */
static bool is_tight_colon(const struct pdl_layout *l, size_t i,
                           const struct spacing *s)
{
    if (i == s->item + 1 || (i > 1 && l->t[i - 2].kind == '[')) {
        return is_word(&l->t[i - 1]);
    }
    return i == s->item + 2 && l->t[s->item].kind == T_DOMAIN;
}

static bool starts_declaration(int kind)
{
    switch (kind) {
    case T_VAR: case T_FIFO: case T_TIMER: case T_LINE: case T_REG:
    case T_GROUP: case T_MEM: case T_DOMAIN: case T_ON: case T_DROP:
        return true;
    default:
        return false;
    }
}

/*
 * The bits of a field have a space in front, an index and a dimension have
 * none. Where tokens alone cannot tell, the source decides.
 */
static bool space_before_bits(const struct pdl_layout *l, size_t i,
                              const struct spacing *s)
{
    if (l->t[i].in_parens || (i > 1 && l->t[i - 2].kind == '.') ||
        (i > s->item + 1 && starts_declaration(l->t[s->item].kind))) {
        return false;
    }
    return l->t[i].space;
}

/* Space in front of an opening bracket. */
static bool space_before_open(const struct pdl_layout *l, size_t i,
                              const struct spacing *s)
{
    const struct pdl_ltoken *before = &l->t[i - 1];

    if (l->t[i].kind == '[' && (is_word(before) || before->kind == ']')) {
        return space_before_bits(l, i, s);
    }
    if (l->t[i].kind == '(' &&
        (before->kind == T_ATWORD || is_word(before))) {
        return pdl_kind_is_hard(before->kind) ||
               (!before->operand && before->kind != T_ATWORD);
    }
    return true;
}

static bool space_before(const struct pdl_layout *l, size_t i,
                         const struct spacing *s)
{
    const struct pdl_ltoken *before = &l->t[i - 1], *token = &l->t[i];

    if (pdl_is_comment(token) || pdl_is_comment(before)) {
        return true;
    }
    if (s->prefix) {
        return false;
    }
    switch (before->kind) {
    case '(': case '[': case '.': case T_RANGE:
        return false;
    case '<':
        if (s->cells) {
            return false;
        }
        break;
    default:
        break;
    }
    switch (token->kind) {
    case ';': case ',': case ')': case ']': case '.': case T_RANGE:
        return false;
    case '>':
        return !s->cells;
    case ':':
        return !token->tight_colon;
    case '(': case '[':
        return space_before_open(l, i, s);
    default:
        return true;
    }
}

/* Follows items, device-tree cells and prefix operators over token i. */
static void advance(const struct pdl_layout *l, size_t i, struct spacing *s)
{
    const struct pdl_ltoken *token = &l->t[i];

    if (pdl_is_comment(token)) {
        return;
    }
    if (s->at_item) {
        s->item = i;
        s->in_front = token->kind == T_ATWORD;
    }
    s->at_item = token->kind == ';' || token->kind == '{' ||
                 token->kind == '}' ||
                 (s->in_front && token->kind == ')' &&
                  token->match == s->item + 1);
    if (!s->cells && token->kind == '<' && i > 0 &&
        (l->t[i - 1].kind == '=' || l->t[i - 1].kind == ',')) {
        s->cells = i + 1;
    } else if (token->kind == '>' || token->kind == ';') {
        s->cells = 0;
    }
}

static void set_spaces(struct pdl_layout *l)
{
    static const struct pdl_ltoken start = { .kind = ';' };
    const struct pdl_ltoken *before = &start;
    struct spacing s = { .at_item = true };
    size_t i, brackets = 0;

    for (i = 0; i < l->count; i++) {
        struct pdl_ltoken *token = &l->t[i];
        struct spacing here = s;

        token->behind_note = s.at_item && i > 0 && pdl_is_note_end(l, i - 1);

        /* inside ( ) a cell is an ordinary expression */
        here.cells = brackets ? 0 : s.cells;
        if (i > 0) {
            token->tight_colon = token->kind == ':' &&
                                 is_tight_colon(l, i, &here);
            token->space_before = space_before(l, i, &here) ||
                                  would_fuse(&l->t[i - 1], token);
        }
        s.prefix = is_prefix(before, token, &here);
        if (!pdl_is_comment(token)) {
            token->operand = ends_operand(before, token);
            before = token;
        }
        brackets += token->kind == '(';
        brackets -= token->kind == ')';
        if (!brackets || token->kind != '>') {
            advance(l, i, &s);
        }
    }
}

/* ---- loading ---- */

/* Newlines (0..2) and white space between two offsets. */
static void look_between(const char *text, uint32_t from, uint32_t to,
                         struct pdl_ltoken *token)
{
    for (; from < to; from++) {
        token->space = true;
        if (text[from] == '\n' && token->newlines < 2) {
            token->newlines++;
        }
    }
}

static int load(struct pdl_layout *l, const char *text,
                const struct pdl_tokens *tokens)
{
    uint32_t end = 0;
    size_t i;

    l->count = tokens->count;
    l->t = calloc(tokens->count + 1, sizeof(*l->t));
    if (!l->t) {
        return PDL_ERR_NOMEM;
    }
    for (i = 0; i < tokens->count; i++) {
        const struct pdl_token *token = &tokens->items[i];

        l->t[i].kind = token->kind;
        l->t[i].text = text + token->begin;
        l->t[i].len = token->end - token->begin;
        look_between(text, end, token->begin, &l->t[i]);
        end = token->end;
    }
    if (!match_brackets(l)) {
        return PDL_ERR_SYNTAX;
    }
    find_lists(l);
    set_spaces(l);
    return PDL_OK;
}

int pdl_layout_init(struct pdl_layout *layout, const char *text, size_t len)
{
    struct pdl_tokens tokens = PDL_TOKENS_INIT;
    int status;

    layout->t = NULL;
    layout->count = 0;
    status = pdl_scan(text, len, 0, NULL, &tokens);
    if (status == PDL_OK) {
        status = load(layout, text, &tokens);
    }
    pdl_tokens_dispose(&tokens);
    if (status) {
        pdl_layout_dispose(layout);
    }
    return status;
}

void pdl_layout_dispose(struct pdl_layout *layout)
{
    free(layout->t);
    layout->t = NULL;
    layout->count = 0;
}
