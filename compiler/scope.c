/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory, scopes, symbols and the messages about names. */
#include "compiler/priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dsl/item.h"

#define FIRST_TABLE 256

_Noreturn void cc_nomem(struct cc *cc)
{
    longjmp(cc->nomem, 1);
}

void *cc_alloc(struct cc *cc, size_t size)
{
    void *p = pdl_arena_alloc(cc->arena, size);

    if (!p) {
        cc_nomem(cc);
    }
    return p;
}

void *cc_grow(struct cc *cc, void *old, size_t *cap, size_t elem)
{
    size_t grown = *cap ? *cap * 2 : 8;
    void *p = cc_alloc(cc, grown * elem);

    if (*cap) {
        memcpy(p, old, *cap * elem);
    }
    *cap = grown;
    return p;
}

const char *cc_printf(struct cc *cc, const char *format, ...)
{
    char small[256];
    va_list args;
    char *text;
    int len;

    va_start(args, format);
    len = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (len < 0) {
        cc_nomem(cc);
    }
    text = cc_alloc(cc, (size_t)len + 1);
    if ((size_t)len < sizeof(small)) {
        memcpy(text, small, (size_t)len + 1);
        return text;
    }
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

uint32_t cc_scope_new(struct cc *cc, uint32_t parent)
{
    uint32_t id = cc->scopes.n;
    struct scope *s = CC_ADD(cc, &cc->scopes);

    s->parent = parent;
    s->declares = id;
    s->reg = parent < id ? cc->scopes.v[parent].reg : PCC_NONE;
    return id;
}

static uint32_t hash_name(const char *name)
{
    uint32_t h = 2166136261u;

    for (; *name; name++) {
        h = (h ^ (uint8_t)*name) * 16777619u;
    }
    return h;
}

static uint32_t hash_in(uint32_t scope, uint32_t h)
{
    h ^= scope * 2654435761u;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

/* The slot of a symbol, or the free slot where it would go. */
static uint32_t *slot(struct cc *cc, uint32_t scope, const char *name,
                      uint32_t hash)
{
    size_t mask = cc->table_size - 1;
    size_t i = hash & mask;

    while (cc->table[i]) {
        const struct sym *s = &cc->syms.v[cc->table[i] - 1];

        if (s->hash == hash && s->scope == scope &&
            strcmp(s->name, name) == 0) {
            break;
        }
        i = (i + 1) & mask;
    }
    return &cc->table[i];
}

static void grow_table(struct cc *cc)
{
    size_t i;

    cc->table_size = cc->table_size ? cc->table_size * 2 : FIRST_TABLE;
    cc->table = cc_alloc(cc, cc->table_size * sizeof(*cc->table));
    for (i = 0; i < cc->syms.n; i++) {
        const struct sym *s = &cc->syms.v[i];

        *slot(cc, s->scope, s->name, s->hash) = i + 1;
    }
}

/* @name_hash is hash_name() of @name. */
static struct sym *lookup(struct cc *cc, uint32_t scope, const char *name,
                          uint32_t name_hash)
{
    uint32_t i;

    if (!cc->scopes.v[scope].named) {
        return NULL;
    }
    i = *slot(cc, scope, name, hash_in(scope, name_hash));
    return i ? &cc->syms.v[i - 1] : NULL;
}

struct sym *cc_lookup_in(struct cc *cc, uint32_t scope, const char *name)
{
    return lookup(cc, scope, name, hash_name(name));
}

struct sym *cc_lookup(struct cc *cc, uint32_t scope, const char *name)
{
    uint32_t name_hash = hash_name(name);

    for (;;) {
        struct sym *s = lookup(cc, scope, name, name_hash);

        if (s || !scope) {
            return s;
        }
        scope = cc->scopes.v[scope].parent;
    }
}

struct sym *cc_declare(struct cc *cc, uint32_t scope, const char *name,
                       enum sym_kind kind, struct pdl_span span)
{
    uint32_t hash;
    uint32_t *at;
    struct sym *s;

    scope = cc->scopes.v[scope].declares;
    if (cc->syms.n * 2 >= cc->table_size) {
        grow_table(cc);
    }
    hash = hash_in(scope, hash_name(name));
    at = slot(cc, scope, name, hash);
    if (*at) {
        struct pdl_diag *d;

        s = &cc->syms.v[*at - 1];
        d = pdl_diag_add(cc->diags, PDL_D_DUPLICATE_NAME, span, name);
        pdl_diag_note(d, s->span, "first declared here");
        return NULL;
    }
    *at = cc->syms.n + 1;
    cc->scopes.v[scope].named = true;
    s = CC_ADD(cc, &cc->syms);
    s->name = name;
    s->hash = hash;
    s->scope = scope;
    s->kind = kind;
    s->count = 1;
    s->span = span;
    return s;
}

const char *cc_kind_text(enum sym_kind kind)
{
    static const char *const text[] = {
        [SYM_CONST] = "a constant", [SYM_ENUM] = "an enumeration",
        [SYM_TYPED] = "a template, device or board",
        [SYM_GROUP] = "a group", [SYM_REG] = "a register",
        [SYM_FIELD] = "a field", [SYM_VAR] = "a variable",
        [SYM_FIFO] = "a fifo", [SYM_LINE] = "a line",
        [SYM_TIMER] = "a timer", [SYM_LOCK] = "a lock",
        [SYM_MEM] = "a mem", [SYM_DOMAIN] = "a reset domain",
        [SYM_WINDOW] = "a window", [SYM_MEMORY] = "a memory",
        [SYM_INSTANCE] = "an instance", [SYM_NATIVE] = "a native device",
        [SYM_BUS] = "a bus",
    };

    return text[kind];
}

/* Edit distance of short names, at most 3; 99 for anything farther. */
static unsigned distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    unsigned row[34];
    size_t i, j;

    if (la > 32 || lb > 32 || la > lb + 2 || lb > la + 2) {
        return 99;
    }
    for (j = 0; j <= lb; j++) {
        row[j] = j;
    }
    for (i = 1; i <= la; i++) {
        unsigned corner = row[0];

        row[0] = i;
        for (j = 1; j <= lb; j++) {
            unsigned best = corner + ((a[i - 1] | 32) != (b[j - 1] | 32));

            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[lb];
}

static bool visible(const struct cc *cc, uint32_t scope, uint32_t from)
{
    for (;;) {
        if (scope == from) {
            return true;
        }
        if (!from) {
            return false;
        }
        from = cc->scopes.v[from].parent;
    }
}

struct pdl_diag *cc_unknown(struct cc *cc, uint32_t scope,
                            const char *name, struct pdl_span span)
{
    unsigned limit = strlen(name) > 4 ? 2 : strlen(name) > 1;
    const struct sym *best = NULL;
    unsigned best_distance = limit + 1;
    struct pdl_diag *d;
    size_t i;

    d = pdl_diag_add(cc->diags, PDL_D_UNKNOWN_NAME, span, name);
    if (!d) {
        return NULL;
    }
    for (i = 0; i < cc->syms.n; i++) {
        const struct sym *s = &cc->syms.v[i];
        unsigned far;

        if (!visible(cc, s->scope, scope)) {
            continue;
        }
        far = distance(name, s->name);
        if (far < best_distance) {
            best = s;
            best_distance = far;
        }
    }
    if (best) {
        pdl_diag_note(d, best->span, "did you mean '%s'?", best->name);
        if (span.end - span.begin == strlen(name)) {
            pdl_diag_fix(d, span, best->name);
        }
    }
    return d;
}

static void add_waives(struct cc *cc, const struct pdl_item *item)
{
    const struct pdl_note *note = pdl_item_note(item, PDL_NOTE_WAIVE);
    const struct pdl_arg *arg;

    for (arg = note ? note->args : NULL; arg; arg = arg->next) {
        const struct pdl_expr *e = arg->value;
        struct waive *w;

        if (!e || e->kind != PDL_EXPR_REF) {
            continue;
        }
        w = CC_ADD(cc, &cc->waives);
        w->span = item->span;
        w->check = e->u.ref->parts->name.text;
    }
}

/* @imported(from = "...", name = "..."): the first is who says it. */
static void read_facts(struct cc *cc, const struct pdl_note *note,
                       struct pcc_origin *o)
{
    const struct pcc_fact **end = &o->facts;
    const struct pdl_arg *arg;

    for (arg = note->args; arg; arg = arg->next) {
        struct pcc_fact *fact;
        const char *text;

        if (!arg->name.text || arg->value->kind != PDL_EXPR_STRING) {
            continue;               /* reported by the parser */
        }
        text = arg->value->u.string.bytes;
        if (strcmp(arg->name.text, "from") == 0) {
            o->by = text;
            continue;
        }
        fact = CC_NEW(cc, struct pcc_fact);
        fact->name = arg->name.text;
        fact->text = text;
        *end = fact;
        end = &fact->next;
    }
}

void cc_find_waives(struct cc *cc, const struct pdl_item *item)
{
    for (; item; item = item->next) {
        const struct pdl_body *body =
            pdl_item_body((struct pdl_item *)item);

        if (item->notes) {
            add_waives(cc, item);
        }
        if (body) {
            cc_find_waives(cc, body->first);
        }
        if (item->kind == PDL_ITEM_COND && item->u.cond.otherwise) {
            cc_find_waives(cc, item->u.cond.otherwise->first);
        }
        if (item->kind == PDL_ITEM_COND && item->u.cond.else_if) {
            cc_find_waives(cc, item->u.cond.else_if);
        }
    }
}

struct pcc_origin cc_origin(struct cc *cc, const struct pdl_item *item)
{
    struct pcc_origin o = { .span = item->body_span, .confidence = 100 };
    struct pdl_inferred note;

    if (!item->notes) {
        return o;
    }
    if (pdl_item_inferred(item, &note)) {
        o.by = note.by;
        o.evidence = note.evidence;
        if (pdl_item_is_machines(cc->sources, item)) {
            o.owner = PCC_INFERRED;
            o.confidence = note.confidence;
        }
    } else if (pdl_item_note(item, PDL_NOTE_IMPORTED)) {
        o.owner = PCC_IMPORTED;
        read_facts(cc, pdl_item_note(item, PDL_NOTE_IMPORTED), &o);
    }
    return o;
}

struct pcc_origin cc_origin_in(struct cc *cc, const struct pdl_item *item,
                               const struct pcc_origin *outer)
{
    struct pcc_origin o = cc_origin(cc, item);

    if (!pdl_item_note(item, PDL_NOTE_INFERRED) &&
        !pdl_item_note(item, PDL_NOTE_IMPORTED) &&
        o.span.file == outer->span.file &&
        o.span.begin >= outer->span.begin && o.span.end <= outer->span.end) {
        struct pdl_span span = o.span;

        o = *outer;
        o.span = span;
        o.facts = NULL;
    }
    return o;
}
