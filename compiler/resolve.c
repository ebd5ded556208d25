/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AST -> model: globals, layers, and the order in which things resolve. */
#include "compiler/priv.h"

#include <string.h>
#include <unistd.h>

#include "compiler/constexpr.h"
#include "dsl/item.h"

#define MAX_BASES 16

/* ---- globals ---- */

static void declare_const(struct cc *cc, const struct pdl_item *item)
{
    uint64_t value;
    struct sym *sym;

    pcc_const(cc, 0, item->u.constant.value, &value);
    sym = cc_declare(cc, 0, item->name.text, SYM_CONST, item->name.span);
    if (sym) {
        sym->value = value;
    }
}

static void declare_enum(struct cc *cc, const struct pdl_item *item)
{
    const struct pdl_eval *e;
    uint32_t scope = cc_scope_new(cc, 0);
    struct sym *sym;

    sym = cc_declare(cc, 0, item->name.text, SYM_ENUM, item->name.span);
    if (!sym) {
        return;
    }
    sym->index = scope;
    sym->item = item;
    for (e = item->u.enumeration.evals.first; e; e = e->next) {
        uint64_t value;

        pcc_const(cc, 0, e->value, &value);
        sym = cc_declare(cc, scope, e->name.text, SYM_CONST, e->name.span);
        if (sym) {
            sym->value = value;
        }
    }
}

void cc_add_ext(struct cc *cc, struct sym *sym, struct ext *ext)
{
    (void)cc;
    if (!sym->ext_tail) {
        sym->ext_tail = &sym->exts;
    }
    *sym->ext_tail = ext;
    sym->ext_tail = &ext->next;
}

static void declare_items(struct cc *cc, const struct pdl_unit *unit)
{
    const struct pdl_item *item;

    for (item = unit->items.first; item; item = item->next) {
        struct sym *sym;

        switch (item->kind) {
        case PDL_ITEM_CONST:
            declare_const(cc, item);
            break;
        case PDL_ITEM_ENUM:
            declare_enum(cc, item);
            break;
        case PDL_ITEM_TEMPLATE:
        case PDL_ITEM_DEVICE:
        case PDL_ITEM_BOARD:
            sym = cc_declare(cc, 0, item->name.text, SYM_TYPED,
                             item->name.span);
            if (sym) {
                sym->item = item;
            }
            break;
        case PDL_ITEM_EXTEND:
        case PDL_ITEM_EXTEND_REG:
            *CC_ADD(cc, &cc->extends) = CC_NEW(cc, struct ext);
            cc->extends.v[cc->extends.n - 1]->item = item;
            break;
        default:
            break;
        }
    }
}

/* Extensions join what their first name says; the rest is for later. */
/* A board's other files say little without board.periph. */
static void note_board(struct cc *cc, struct pdl_diag *diag, uint32_t file)
{
    const char *name = pdl_source_name(cc->sources, file);
    const char *slash = name ? strrchr(name, '/') : NULL;
    int len = slash ? (int)(slash - name) : 0;
    struct pdl_span nowhere = { 0, 0, 0 };
    const char *board = cc_printf(cc, "%.*s%sboard.periph", len,
                                  name ? name : "", slash ? "/" : "");

    if (diag && name && access(board, R_OK) == 0) {
        pdl_diag_note(diag, nowhere, "the board is in this folder: compile "
                      "all of it, 'periphc %.*s'", slash ? len : 1,
                      slash ? name : ".");
    }
}

static void attach_extends(struct cc *cc)
{
    size_t i;

    for (i = 0; i < cc->extends.n; i++) {
        struct ext *ext = cc->extends.v[i];
        const struct pdl_ref *ref = ext->item->u.extend.ref;
        struct sym *sym = cc_lookup_in(cc, 0, ref->parts->name.text);

        if (!sym) {
            note_board(cc, cc_unknown(cc, 0, ref->parts->name.text,
                                      ref->parts->span), ref->span.file);
        } else if (sym->kind != SYM_TYPED) {
            pdl_diag_add(cc->diags, PDL_D_WRONG_KIND, ref->parts->span,
                         sym->name, cc_kind_text(sym->kind),
                         cc_kind_text(SYM_TYPED));
        } else {
            cc_add_ext(cc, sym, ext);
        }
    }
}

/* ---- uses and their arguments ---- */

static const struct pdl_formal *find_formal(const struct pdl_item *typed,
                                            const char *name)
{
    const struct pdl_formal *f;

    for (f = typed->u.typed.formals; f; f = f->next) {
        if (strcmp(f->name.text, name) == 0) {
            return f;
        }
    }
    return NULL;
}

static void bad_args(struct cc *cc, const struct pdl_item *typed,
                     struct pdl_span span, const char *text)
{
    struct pdl_diag *d = pdl_diag_add(cc->diags, PDL_D_BAD_ARGUMENTS, span,
                                      typed->name.text, text);

    pdl_diag_note(d, typed->name.span, "declared here");
}

static void bind_one(struct cc *cc, uint32_t scope,
                     const struct pdl_formal *formal, uint32_t outer,
                     const struct pdl_expr *expr)
{
    uint64_t value;
    struct sym *sym;

    pcc_const(cc, outer, expr, &value);
    sym = cc_declare(cc, scope, formal->name.text, SYM_CONST,
                     formal->name.span);
    if (sym) {
        sym->value = value;
    }
}

static void bind_args(struct cc *cc, const struct pdl_item *typed,
                      const struct pdl_use *use, uint32_t outer,
                      uint32_t scope)
{
    const struct pdl_formal *f = typed->u.typed.formals;
    const struct pdl_arg *arg;

    for (arg = use ? use->args : NULL; arg; arg = arg->next) {
        const struct pdl_formal *to = f;

        if (arg->name.text) {
            to = find_formal(typed, arg->name.text);
        } else if (f) {
            f = f->next;
        }
        if (!to) {
            bad_args(cc, typed, arg->span, arg->name.text ?
                     "no such formal" : "too many arguments");
            continue;
        }
        bind_one(cc, scope, to, outer, arg->value);
    }
}

uint32_t cc_bind(struct cc *cc, const struct pdl_item *typed,
                 const struct pdl_use *use, uint32_t outer, uint32_t decl)
{
    const struct pdl_formal *f;
    uint32_t scope;

    if (!typed->u.typed.formals) {
        if (use && use->args) {
            bad_args(cc, typed, use->span, "it takes no arguments");
        }
        return decl;
    }
    scope = cc_scope_new(cc, decl);
    bind_args(cc, typed, use, outer, scope);
    for (f = typed->u.typed.formals; f; f = f->next) {
        if (cc_lookup_in(cc, scope, f->name.text)) {
            continue;
        }
        if (f->value) {
            bind_one(cc, scope, f, scope, f->value);
        } else {
            bad_args(cc, typed, use ? use->span : typed->name.span,
                     cc_printf(cc, "'%s' is not given", f->name.text));
        }
    }
    cc->scopes.v[scope].declares = cc->scopes.v[decl].declares;
    return scope;
}

/* ---- layers ---- */

struct collect {
    struct cc *cc;
    layer_list *out;
    uint32_t decl;
    uint32_t layer;
    unsigned depth;
};

static void collect_typed(struct collect *c, const struct pdl_item *typed,
                          const struct pdl_use *use, uint32_t outer);
static void collect_items(struct collect *c, const struct pdl_item *item,
                          uint32_t scope);

static void collect_use(struct collect *c, const struct pdl_use *use,
                        uint32_t scope)
{
    struct cc *cc = c->cc;
    const struct sym *sym = cc_lookup_in(cc, 0, use->name.text);

    if (!sym) {
        cc_unknown(cc, 0, use->name.text, use->name.span);
    } else if (sym->kind != SYM_TYPED) {
        pdl_diag_add(cc->diags, PDL_D_WRONG_KIND, use->name.span, sym->name,
                     cc_kind_text(sym->kind), cc_kind_text(SYM_TYPED));
    } else if (c->depth >= MAX_BASES) {
        pdl_diag_add(cc->diags, PDL_D_BASE_CYCLE, use->name.span, sym->name);
    } else {
        collect_typed(c, sym->item, use, scope);
    }
}

static void collect_cond(struct collect *c, const struct pdl_item *item,
                         uint32_t scope)
{
    uint64_t value;

    while (item) {
        if (!pcc_const(c->cc, scope, item->u.cond.test, &value)) {
            return;
        }
        if (value) {
            collect_items(c, item->u.cond.then.first, scope);
            return;
        }
        if (item->u.cond.otherwise) {
            collect_items(c, item->u.cond.otherwise->first, scope);
            return;
        }
        item = item->u.cond.else_if;
    }
}

static void collect_items(struct collect *c, const struct pdl_item *item,
                          uint32_t scope)
{
    for (; item; item = item->next) {
        if (item->kind == PDL_ITEM_COND) {
            collect_cond(c, item, scope);
        } else if (item->kind == PDL_ITEM_IS) {
            const struct pdl_use *use;

            for (use = item->u.is.uses; use; use = use->next) {
                collect_use(c, use, scope);
            }
        } else {
            struct layer_item *li = CC_ADD(c->cc, c->out);

            li->item = item;
            li->scope = scope;
            li->layer = c->layer;
        }
    }
}

static void collect_typed(struct collect *c, const struct pdl_item *typed,
                          const struct pdl_use *use, uint32_t outer)
{
    struct cc *cc = c->cc;
    uint32_t scope = cc_bind(cc, typed, use, outer, c->decl);
    const struct pdl_use *base = typed->u.typed.uses;
    const struct sym *sym = cc_lookup_in(cc, 0, typed->name.text);
    struct ext *ext;

    c->depth++;
    if (base && base->next) {
        pdl_diag_add(cc->diags, PDL_D_TOO_MANY_BASES, base->next->span,
                     typed->name.text);
    }
    if (base) {
        collect_use(c, base, scope);
    }
    c->layer++;
    collect_items(c, typed->u.typed.body.first, scope);
    for (ext = sym && sym->item == typed ? sym->exts : NULL; ext;
         ext = ext->next) {
        if (ext->item->kind == PDL_ITEM_EXTEND &&
            !ext->item->u.extend.ref->parts->next) {
            ext->used = true;
            c->layer++;
            collect_items(c, ext->item->u.extend.body.first, scope);
        }
    }
    c->depth--;
}

void cc_collect(struct cc *cc, const struct pdl_item *typed,
                const struct pdl_use *use, uint32_t scope, layer_list *out)
{
    struct collect c = { .cc = cc, .out = out, .decl = scope };

    collect_typed(&c, typed, use, 0);
}

void cc_collect_body(struct cc *cc, const struct pdl_body *body,
                     uint32_t scope, layer_list *out)
{
    struct collect c = { .cc = cc, .out = out, .decl = scope };

    c.layer = out->n ? out->v[out->n - 1].layer + 1 : 1;
    collect_items(&c, body->first, scope);
}

/* Whether the item at @i goes because of the `drop` at @at. */
static bool dropped_by(const layer_list *list, size_t i, size_t at,
                       struct cc *cc)
{
    if (list->v[i].layer < list->v[at].layer) {
        return true;
    }
    return i < at || cc_origin(cc, list->v[i].item).owner != PCC_PERSON;
}

static void drop_name(struct cc *cc, layer_list *list, size_t at,
                      const char *name)
{
    size_t i;

    for (i = 0; i < list->n; i++) {
        struct layer_item *li = &list->v[i];

        if (li->item && li->item->name.text &&
            li->item->kind != PDL_ITEM_SETTING &&
            strcmp(li->item->name.text, name) == 0 &&
            dropped_by(list, i, at, cc)) {
            li->item = NULL;
        }
    }
}

void cc_apply_drops(struct cc *cc, layer_list *list)
{
    bool any = false;
    size_t i, n = 0;

    for (i = 0; i < list->n; i++) {
        const struct pdl_item *item = list->v[i].item;
        const struct pdl_ref *ref;

        if (!item || item->kind != PDL_ITEM_DROP) {
            continue;
        }
        for (ref = item->u.drop.refs; ref; ref = ref->next) {
            if (!ref->parts->next) {
                any = true;
                drop_name(cc, list, i, ref->parts->name.text);
            }
        }
    }
    for (i = 0; any && i < list->n; i++) {
        if (list->v[i].item) {
            list->v[n++] = list->v[i];
        }
    }
    list->n = any ? n : list->n;
}

/* ---- settings ---- */

const char *cc_word(struct cc *cc, const struct pdl_item *item,
                    const struct pdl_expr *value)
{
    if (value && value->kind == PDL_EXPR_STRING) {
        return value->u.string.bytes;
    }
    if (value && value->kind == PDL_EXPR_REF &&
        !value->u.ref->parts->next) {
        return value->u.ref->parts->name.text;
    }
    pdl_diag_add(cc->diags, PDL_D_TEXT_NEEDED,
                 value ? value->span : item->body_span, "a text or a word");
    return NULL;
}

int cc_choice(struct cc *cc, const struct pdl_item *item,
              const char *const *words, size_t count)
{
    const struct pdl_expr *value = item->u.setting.values;
    const char *word = cc_word(cc, item, value);
    const char *all = "";
    size_t i;

    for (i = 0; word && i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
        all = cc_printf(cc, "%s%s%s", all, !i ? "" :
                        i + 1 == count ? " or " : ", ", words[i]);
    }
    if (word) {
        pdl_diag_add(cc->diags, PDL_D_BAD_SETTING, value->span,
                     item->name.text, all);
    }
    return -1;
}

const char *const *cc_words(struct cc *cc, const struct pdl_item *item,
                            size_t *count)
{
    const struct pdl_expr *e;
    const char **words;
    size_t n = 0;

    for (e = item->u.setting.values; e; e = e->next) {
        n++;
    }
    words = cc_alloc(cc, (n + !n) * sizeof(*words));
    *count = 0;
    for (e = item->u.setting.values; e; e = e->next) {
        const char *word = cc_word(cc, item, e);

        if (word) {
            words[(*count)++] = word;
        }
    }
    return words;
}

bool cc_setting(struct cc *cc, const struct setting *table, size_t count,
                void *target, const struct layer_item *li)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(table[i].name, li->item->name.text) == 0) {
            table[i].set(cc, target, li->item, li->scope);
            return true;
        }
    }
    return false;
}

/* ---- the whole ---- */

bool cc_has_all_defaults(const struct pdl_item *typed)
{
    const struct pdl_formal *f;

    for (f = typed->u.typed.formals; f; f = f->next) {
        if (!f->value) {
            return false;
        }
    }
    return true;
}

static void resolve_device_item(struct cc *cc, struct sym *sym)
{
    struct device_use use = { .name = sym->name };
    uint32_t scope = cc_scope_new(cc, 0);
    layer_list items = { 0 };

    if (!cc_has_all_defaults(sym->item)) {
        return;
    }
    cc_collect(cc, sym->item, NULL, scope, &items);
    cc_apply_drops(cc, &items);
    sym->index = cc_resolve_device(cc, sym->item, &use, &items, scope);
}

/* The board that is meant: the last one that no other is based on. */
static const struct pdl_item *choose_board(struct cc *cc)
{
    const struct pdl_item *best = NULL;
    size_t i, k;

    for (i = 0; i < cc->syms.n; i++) {
        const struct pdl_item *item = cc->syms.v[i].item;
        bool is_base = false;

        if (cc->syms.v[i].kind != SYM_TYPED ||
            item->kind != PDL_ITEM_BOARD) {
            continue;
        }
        for (k = i + 1; k < cc->syms.n && !is_base; k++) {
            const struct sym *other = &cc->syms.v[k];

            is_base = other->kind == SYM_TYPED &&
                      other->item->kind == PDL_ITEM_BOARD &&
                      other->item->u.typed.uses &&
                      strcmp(other->item->u.typed.uses->name.text,
                             item->name.text) == 0;
        }
        best = is_base ? best : item;
    }
    return best;
}

bool cc_is_our_board(struct cc *cc, const struct pdl_item *board)
{
    const struct pdl_item *item = cc->board_item;
    unsigned depth;

    for (depth = 0; item && depth < MAX_BASES; depth++) {
        const struct sym *sym;

        if (item == board) {
            return true;
        }
        if (!item->u.typed.uses) {
            return false;
        }
        sym = cc_lookup_in(cc, 0, item->u.typed.uses->name.text);
        item = sym && sym->kind == SYM_TYPED ? sym->item : NULL;
    }
    return false;
}

static void report_unused_extends(struct cc *cc)
{
    size_t i;

    for (i = 0; i < cc->extends.n; i++) {
        const struct ext *ext = cc->extends.v[i];
        const struct pdl_ref *ref = ext->item->u.extend.ref;
        const struct sym *sym = cc_lookup_in(cc, 0, ref->parts->name.text);

        if (ext->used || !sym || sym->kind != SYM_TYPED) {
            continue;
        }
        if (sym->item->kind == PDL_ITEM_TEMPLATE ||
            (sym->item->kind == PDL_ITEM_BOARD &&
             !cc_is_our_board(cc, sym->item))) {
            continue;       /* of something nobody uses */
        }
        pdl_diag_add(cc->diags, PDL_D_BAD_EXTEND, ref->span,
                     ext->item->kind == PDL_ITEM_EXTEND_REG ?
                     "no such register" : "no such instance");
    }
}

void cc_resolve(struct cc *cc)
{
    const struct pdl_unit *unit;
    size_t globals, i;

    cc_scope_new(cc, 0);
    for (unit = pdl_session_units(cc->session); unit; unit = unit->next) {
        cc_find_waives(cc, unit->items.first);
        declare_items(cc, unit);
    }
    attach_extends(cc);
    cc->board_item = choose_board(cc);
    globals = cc->syms.n;
    for (i = 0; i < globals; i++) {
        struct sym sym = cc->syms.v[i];

        if (sym.kind == SYM_TYPED && sym.item->kind == PDL_ITEM_DEVICE) {
            resolve_device_item(cc, &sym);
            cc->syms.v[i].index = sym.index;
        }
    }
    if (cc->board_item) {
        cc_resolve_board(cc, cc->board_item);
    }
    report_unused_extends(cc);
    cc->model = CC_NEW(cc, struct pcc_model);
    cc->model->devices = cc->devices.v;
    cc->model->device_count = cc->devices.n;
    cc->model->board = cc->board;
}
