/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/grammar/gbnf.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RULES 1024u
#define MAX_PRODS 4096u
#define MAX_SYMBOLS 16384u
#define MAX_CLASSES 4096u
#define MAX_RANGES 16u
#define NEVER 1000000u
#define MAX_OUTPUT 8000u         /* bytes; beyond it only ends */

/* A class of code points; a character is one of a single point. */
struct class {
    bool negated;
    unsigned count;
    uint32_t from[MAX_RANGES], to[MAX_RANGES];
};

/* A symbol is a rule, or ~class. */
struct prod {
    unsigned rule;
    unsigned first, count;      /* of symbols */
    unsigned height;            /* least depth of rules below */
};

struct gbnf {
    char names[MAX_RULES][24];
    bool defined[MAX_RULES];
    bool nullable[MAX_RULES];
    bool loop[MAX_RULES];       /* made from * or + */
    unsigned height[MAX_RULES];
    unsigned first_prod[MAX_RULES], prod_count[MAX_RULES];
    unsigned rules;
    struct prod prods[MAX_PRODS];
    unsigned prod_total;
    int symbols[MAX_SYMBOLS];
    unsigned symbol_total;
    struct class classes[MAX_CLASSES];
    unsigned class_total;
    const char *at;             /* while reading */
    bool failed;
};

/* ---- reading ---- */

static void bad(struct gbnf *g, const char *what)
{
    if (!g->failed) {
        printf("grammar: %s at \"%.40s\"\n", what, g->at);
    }
    g->failed = true;
}

static unsigned rule_named(struct gbnf *g, const char *name, size_t len)
{
    unsigned i;

    for (i = 0; i < g->rules; i++) {
        if (strlen(g->names[i]) == len &&
            memcmp(g->names[i], name, len) == 0) {
            return i;
        }
    }
    if (g->rules == MAX_RULES || len >= sizeof(g->names[0])) {
        bad(g, "too many rules, or a long name");
        return 0;
    }
    memcpy(g->names[g->rules], name, len);
    return g->rules++;
}

static unsigned rule_new(struct gbnf *g, const char *kind)
{
    char name[24];

    snprintf(name, sizeof(name), "<%s%u>", kind, g->rules);
    g->defined[g->rules < MAX_RULES ? g->rules : 0] = true;
    return rule_named(g, name, strlen(name));
}

static void skip(struct gbnf *g, bool lines)
{
    for (;;) {
        if (*g->at == '#') {
            g->at += strcspn(g->at, "\n");
        } else if (*g->at == ' ' || *g->at == '\t' ||
                   (lines && *g->at == '\n')) {
            g->at++;
        } else {
            return;
        }
    }
}

static uint32_t code_point(const char **at)
{
    const unsigned char *s = (const unsigned char *)*at;
    unsigned more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
    uint32_t c = more ? *s & (0x3fu >> more) : *s;
    unsigned i;

    for (i = 1; i <= more && s[i]; i++) {
        c = c << 6 | (s[i] & 0x3f);
    }
    *at += i;
    return c;
}

static uint32_t escaped(struct gbnf *g)
{
    char hex[3] = "";

    if (*g->at != '\\') {
        return code_point(&g->at);
    }
    g->at += 2;
    switch (g->at[-1]) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'x':
        memcpy(hex, g->at, 2);
        g->at += 2;
        return strtoul(hex, NULL, 16);
    default:
        return (unsigned char)g->at[-1];
    }
}

static int class_new(struct gbnf *g)
{
    if (g->class_total == MAX_CLASSES) {
        bad(g, "too many classes");
        return ~0;
    }
    return ~(int)g->class_total++;
}

static int read_class(struct gbnf *g)
{
    int symbol = class_new(g);
    struct class *c = &g->classes[~symbol];

    g->at++;
    if (*g->at == '^') {
        c->negated = true;
        g->at++;
    }
    while (*g->at && *g->at != ']' && c->count < MAX_RANGES) {
        c->from[c->count] = c->to[c->count] = escaped(g);
        if (*g->at == '-' && g->at[1] != ']') {
            g->at++;
            c->to[c->count] = escaped(g);
        }
        c->count++;
    }
    if (*g->at++ != ']') {
        bad(g, "class without end");
    }
    return symbol;
}

struct sequence {
    int v[64];
    unsigned n;
};

static void put(struct gbnf *g, struct sequence *s, int symbol)
{
    if (s->n == 64) {
        bad(g, "sequence too long");
        return;
    }
    s->v[s->n++] = symbol;
}

static void add_prod(struct gbnf *g, unsigned rule, const int *v, unsigned n)
{
    struct prod *p = &g->prods[g->prod_total];

    if (g->prod_total == MAX_PRODS || g->symbol_total + n > MAX_SYMBOLS) {
        bad(g, "grammar too large");
        return;
    }
    p->rule = rule;
    p->first = g->symbol_total;
    p->count = n;
    memcpy(&g->symbols[g->symbol_total], v, n * sizeof(*v));
    g->symbol_total += n;
    g->prod_total++;
}

/* The symbols from @from on, as one rule. */
static int wrap(struct gbnf *g, struct sequence *s, unsigned from)
{
    unsigned rule;

    if (s->n == from + 1) {
        s->n = from;
        return s->v[from];
    }
    rule = rule_new(g, "g");
    add_prod(g, rule, s->v + from, s->n - from);
    s->n = from;
    return rule;
}

/* x* is r ::= r x | ; left recursion suits Earley. */
static int star(struct gbnf *g, int x)
{
    unsigned rule = rule_new(g, "s");
    int v[2] = { (int)rule, x };

    g->loop[rule] = true;
    add_prod(g, rule, v, 0);
    add_prod(g, rule, v, 2);
    return rule;
}

static int optional(struct gbnf *g, int x)
{
    unsigned rule = rule_new(g, "o");

    add_prod(g, rule, &x, 0);
    add_prod(g, rule, &x, 1);
    return rule;
}

/* x{low,high}: x x o, with o ::= | x o2 ... */
static void counted(struct gbnf *g, struct sequence *s, int x)
{
    unsigned low = strtoul(g->at + 1, (char **)&g->at, 10), high = low, i;
    int rest[2], tail = 0;

    if (*g->at == ',') {
        high = strtoul(g->at + 1, (char **)&g->at, 10);
    }
    if (*g->at++ != '}' || low > high) {
        bad(g, "bad count");
        return;
    }
    for (i = low; i < high; i++) {
        unsigned rule = rule_new(g, "c");

        rest[0] = x;
        rest[1] = tail;
        add_prod(g, rule, rest, 0);
        add_prod(g, rule, rest, i == low ? 1 : 2);
        tail = rule;
    }
    for (i = 0; i < low; i++) {
        put(g, s, x);
    }
    if (low < high) {
        put(g, s, tail);
    }
}

static void read_alternatives(struct gbnf *g, unsigned rule);

static void read_item(struct gbnf *g, struct sequence *s)
{
    const char *begin = g->at;
    unsigned rule;

    if (*g->at == '"') {
        for (g->at++; *g->at && *g->at != '"';) {
            int symbol = class_new(g);
            struct class *c = &g->classes[~symbol];

            c->count = 1;
            c->from[0] = c->to[0] = escaped(g);
            put(g, s, symbol);
        }
        g->at++;
    } else if (*g->at == '[') {
        put(g, s, read_class(g));
    } else if (*g->at == '(') {
        g->at++;
        rule = rule_new(g, "g");
        read_alternatives(g, rule);
        if (*g->at++ != ')') {
            bad(g, "group without end");
        }
        put(g, s, rule);
    } else {
        while (isalnum((unsigned char)*g->at) || *g->at == '-') {
            g->at++;
        }
        if (g->at == begin) {
            bad(g, "unexpected character");
            return;
        }
        put(g, s, rule_named(g, begin, g->at - begin));
    }
}

static void read_repeat(struct gbnf *g, struct sequence *s, unsigned from)
{
    int x;

    if (!strchr("*+?{", *g->at) || !*g->at) {
        return;
    }
    x = wrap(g, s, from);
    switch (*g->at) {
    case '*':
        put(g, s, star(g, x));
        break;
    case '+':
        put(g, s, x);
        put(g, s, star(g, x));
        break;
    case '?':
        put(g, s, optional(g, x));
        break;
    default:
        counted(g, s, x);
        return;
    }
    g->at++;
}

static void read_alternatives(struct gbnf *g, unsigned rule)
{
    do {
        struct sequence s = { .n = 0 };

        g->at += *g->at == '|';
        skip(g, false);
        while (*g->at && !strchr("|)\n", *g->at) && !g->failed) {
            unsigned from = s.n;

            read_item(g, &s);
            read_repeat(g, &s, from);
            skip(g, false);
        }
        add_prod(g, rule, s.v, s.n);
    } while (*g->at == '|' && !g->failed);
}

static int by_rule(const void *pa, const void *pb)
{
    const struct prod *a = pa, *b = pb;

    return a->rule != b->rule ? (a->rule < b->rule ? -1 : 1) :
           a->first < b->first ? -1 : a->first > b->first;
}

/* Nullable rules, and how deep the shortest way out of each is. */
static void measure(struct gbnf *g)
{
    bool changed = true;
    unsigned i, k;

    for (i = 0; i < g->rules; i++) {
        g->height[i] = NEVER;
    }
    while (changed) {
        changed = false;
        for (i = 0; i < g->prod_total; i++) {
            struct prod *p = &g->prods[i];
            bool nullable = true;
            unsigned height = 0;

            for (k = 0; k < p->count; k++) {
                int symbol = g->symbols[p->first + k];

                nullable &= symbol >= 0 && g->nullable[symbol];
                if (symbol >= 0 && g->height[symbol] + 1 > height) {
                    height = g->height[symbol] + 1;
                }
            }
            p->height = height;
            changed |= nullable && !g->nullable[p->rule];
            g->nullable[p->rule] |= nullable;
            if (height < g->height[p->rule]) {
                g->height[p->rule] = height;
                changed = true;
            }
        }
    }
}

struct gbnf *gbnf_new(const char *text)
{
    struct gbnf *g = calloc(1, sizeof(*g));
    unsigned i, rule;

    if (!g) {
        return NULL;
    }
    g->at = text;
    rule_named(g, "root", 4);
    for (skip(g, true); *g->at && !g->failed; skip(g, true)) {
        size_t len = strcspn(g->at, " ");

        rule = rule_named(g, g->at, len);
        g->at += len;
        skip(g, false);
        if (strncmp(g->at, "::=", 3) != 0 || g->defined[rule]) {
            bad(g, "no rule, or one that is there already");
            break;
        }
        g->defined[rule] = true;
        g->at += 3;
        read_alternatives(g, rule);
    }
    qsort(g->prods, g->prod_total, sizeof(*g->prods), by_rule);
    for (i = g->prod_total; i-- > 0;) {
        g->first_prod[g->prods[i].rule] = i;
        g->prod_count[g->prods[i].rule]++;
    }
    measure(g);
    for (i = 0; i < g->rules && !g->failed; i++) {
        if (g->height[i] >= NEVER) {
            printf("grammar: rule %s has no end\n", g->names[i]);
            g->failed = true;
        }
    }
    if (g->failed) {
        free(g);
        return NULL;
    }
    return g;
}

void gbnf_free(struct gbnf *g)
{
    free(g);
}

static bool in_class(const struct class *c, uint32_t point)
{
    bool found = false;
    unsigned i;

    for (i = 0; i < c->count; i++) {
        found |= c->from[i] <= point && point <= c->to[i];
    }
    return found != c->negated;
}

/* ---- recognising ---- */

struct item {
    uint32_t prod, dot, origin;
    int next;                   /* of those that wait for the same rule */
};

struct set {
    struct item *v;
    unsigned n, cap;
    int *waiting;               /* by rule: first item, or -1 */
};

struct earley {
    const struct gbnf *g;
    struct set *sets;
    unsigned *seen;             /* hash: item + 1 of the set being filled */
    unsigned seen_size, seen_stamp;
    uint64_t *stamp;
};

static unsigned find_slot(const struct earley *e, const struct set *s,
                          uint32_t prod, uint32_t dot, uint32_t origin)
{
    uint32_t h = (prod * 31 + dot) * 2654435761u ^ origin * 40503u;

    h = (h ^ h >> 15) & (e->seen_size - 1);
    while (e->stamp[h] == e->seen_stamp) {
        const struct item *i = &s->v[e->seen[h]];

        if (i->prod == prod && i->dot == dot && i->origin == origin) {
            break;
        }
        h = (h + 1) & (e->seen_size - 1);
    }
    return h;
}

static void add_item(struct earley *e, struct set *s, uint32_t prod,
                     uint32_t dot, uint32_t origin)
{
    const struct prod *p = &e->g->prods[prod];
    unsigned slot = find_slot(e, s, prod, dot, origin);
    struct item *item;

    if (e->stamp[slot] == e->seen_stamp || s->n * 2 > e->seen_size) {
        return;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->v = realloc(s->v, s->cap * sizeof(*s->v));
        if (!s->v) {
            abort();
        }
    }
    e->stamp[slot] = e->seen_stamp;
    e->seen[slot] = s->n;
    item = &s->v[s->n];
    item->prod = prod;
    item->dot = dot;
    item->origin = origin;
    item->next = -1;
    if (dot < p->count && e->g->symbols[p->first + dot] >= 0) {
        int rule = e->g->symbols[p->first + dot];

        item->next = s->waiting[rule];
        s->waiting[rule] = (int)s->n;
    }
    s->n++;
}

/* Predicts and completes until nothing is new. */
static void close_set(struct earley *e, unsigned at)
{
    const struct gbnf *g = e->g;
    struct set *s = &e->sets[at];
    unsigned i, k;

    for (i = 0; i < s->n; i++) {
        struct item item = s->v[i];
        const struct prod *p = &g->prods[item.prod];
        int symbol = item.dot < p->count ? g->symbols[p->first + item.dot]
                                         : 0, w;

        if (item.dot == p->count) {
            const struct set *from = &e->sets[item.origin];

            for (w = from->waiting[p->rule]; w >= 0; w = from->v[w].next) {
                struct item up = from->v[w];

                add_item(e, s, up.prod, up.dot + 1, up.origin);
            }
        } else if (symbol >= 0) {
            for (k = 0; k < g->prod_count[symbol]; k++) {
                add_item(e, s, g->first_prod[symbol] + k, 0, at);
            }
            if (g->nullable[symbol]) {
                add_item(e, s, item.prod, item.dot + 1, item.origin);
            }
        }
    }
}

static void open_set(struct earley *e, unsigned at)
{
    unsigned i;

    e->sets[at].waiting = malloc(e->g->rules * sizeof(int));
    if (!e->sets[at].waiting) {
        abort();
    }
    for (i = 0; i < e->g->rules; i++) {
        e->sets[at].waiting[i] = -1;
    }
    e->seen_stamp++;
}

static bool is_sentence(const struct earley *e, unsigned at)
{
    const struct set *s = &e->sets[at];
    unsigned i;

    for (i = 0; i < s->n; i++) {
        const struct prod *p = &e->g->prods[s->v[i].prod];

        if (p->rule == 0 && s->v[i].dot == p->count && !s->v[i].origin) {
            return true;
        }
    }
    return false;
}

size_t gbnf_match(const struct gbnf *g, const char *text, size_t len)
{
    struct earley e = { .g = g, .seen_size = 1u << 16 };
    const char *at = text;
    unsigned pos = 0, i;
    size_t good;

    e.sets = calloc(len + 2, sizeof(*e.sets));
    e.seen = calloc(e.seen_size, sizeof(*e.seen));
    e.stamp = calloc(e.seen_size, sizeof(*e.stamp));
    if (!e.sets || !e.seen || !e.stamp) {
        abort();
    }
    open_set(&e, 0);
    for (i = 0; i < g->prod_count[0]; i++) {
        add_item(&e, &e.sets[0], g->first_prod[0] + i, 0, 0);
    }
    close_set(&e, 0);
    while (at < text + len && e.sets[pos].n) {
        uint32_t point = code_point(&at);
        struct set *s = &e.sets[pos++];

        open_set(&e, pos);
        for (i = 0; i < s->n; i++) {
            const struct prod *p = &g->prods[s->v[i].prod];
            int symbol = s->v[i].dot < p->count ?
                         g->symbols[p->first + s->v[i].dot] : 0;

            if (symbol < 0 && in_class(&g->classes[~symbol], point)) {
                add_item(&e, &e.sets[pos], s->v[i].prod, s->v[i].dot + 1,
                         s->v[i].origin);
            }
        }
        close_set(&e, pos);
    }
    good = (size_t)(at - text);
    if (!e.sets[pos].n || !is_sentence(&e, pos)) {
        good = good ? good - 1 : SIZE_MAX;
    }
    for (i = 0; i <= pos; i++) {
        free(e.sets[i].v);
        free(e.sets[i].waiting);
    }
    free(e.sets);
    free(e.seen);
    free(e.stamp);
    return good;
}

/* ---- generating ---- */

static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (*seed >> 11) % below;
}

static void put_point(struct pdl_strbuf *out, uint32_t c)
{
    if (c >= 0x800) {
        pdl_strbuf_putc(out, (char)(0xe0 | c >> 12));
        pdl_strbuf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        pdl_strbuf_putc(out, (char)(0x80 | (c & 0x3f)));
    } else if (c >= 0x80) {
        pdl_strbuf_putc(out, (char)(0xc0 | c >> 6));
        pdl_strbuf_putc(out, (char)(0x80 | (c & 0x3f)));
    } else {
        pdl_strbuf_putc(out, (char)c);
    }
}

static void put_class(const struct class *c, uint64_t *seed,
                      struct pdl_strbuf *out)
{
    static const uint32_t far[] = { 0x5bc4, 0x5b58, 0xe9, 0x2014 };
    uint32_t point;
    unsigned i;

    if (!c->negated) {
        i = draw(seed, c->count);
        put_point(out, c->from[i] + draw(seed, c->to[i] - c->from[i] + 1));
        return;
    }
    do {
        point = draw(seed, 12) ? 0x20 + draw(seed, 0x5f)
                               : far[draw(seed, 4)];
    } while (!in_class(c, point));
    put_point(out, point);
}

static void generate(const struct gbnf *g, int symbol, uint64_t *seed,
                     unsigned depth, struct pdl_strbuf *out)
{
    const struct prod *p;
    unsigned best, i, k;

    if (symbol < 0) {
        put_class(&g->classes[~symbol], seed, out);
        return;
    }
    if (out->len > MAX_OUTPUT) {
        depth = 0;
    }
    best = g->first_prod[symbol];
    if (g->loop[symbol]) {
        p = &g->prods[best + 1];
        for (i = 0; depth > p->height && i < 5 && draw(seed, 3); i++) {
            generate(g, g->symbols[p->first + 1], seed, depth - 1, out);
        }
        return;
    }
    if (depth > g->height[symbol]) {
        /* Any alternative that ends in time. */
        do {
            best = g->first_prod[symbol] + draw(seed, g->prod_count[symbol]);
        } while (g->prods[best].height > depth);
    } else {
        for (k = 1; k < g->prod_count[symbol]; k++) {
            if (g->prods[g->first_prod[symbol] + k].height <
                g->prods[best].height) {
                best = g->first_prod[symbol] + k;
            }
        }
    }
    p = &g->prods[best];
    for (i = 0; i < p->count; i++) {
        generate(g, g->symbols[p->first + i], seed, depth ? depth - 1 : 0,
                 out);
    }
}

void gbnf_generate(const struct gbnf *g, uint64_t *seed, unsigned depth,
                   struct pdl_strbuf *out)
{
    generate(g, 0, seed, depth, out);
}
