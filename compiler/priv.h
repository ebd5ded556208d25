/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the passes between AST and model share.  Nothing outside compiler/
 * includes this.
 *
 * Memory: everything is in the session's arena.  A pass that finds no memory
 * leaves by cc_nomem(), which jumps back to pcc_compile(); nothing here owns
 * anything that would leak.
 */
#ifndef COMPILER_PRIV_H
#define COMPILER_PRIV_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/model.h"
#include "dsl/ast.h"
#include "dsl/diag.h"
#include "dsl/parse.h"

/* A growing array in the arena; zero-initialise. */
#define CC_VEC(type) struct { type *v; size_t n; size_t cap; }
/* A pointer to a new zeroed element at the end. */
#define CC_ADD(cc, vec)                                                     \
    ((vec)->n == (vec)->cap ?                                               \
     (void)((vec)->v = cc_grow((cc), (vec)->v, &(vec)->cap,                 \
                               sizeof(*(vec)->v))) : (void)0,               \
     &(vec)->v[(vec)->n++])

/* ---- scopes and symbols ---- */

enum sym_kind {
    SYM_CONST,              /* value */
    SYM_ENUM,               /* a named enum; members in scope `index` */
    SYM_TYPED,              /* a template, device or board */
    SYM_GROUP,              /* element scopes from `index` on */
    SYM_REG,
    SYM_FIELD,
    SYM_VAR,
    SYM_FIFO,
    SYM_LINE,               /* `count` elements are bits of one line */
    SYM_TIMER,
    SYM_LOCK,
    SYM_MEM,
    SYM_DOMAIN,
    SYM_WINDOW,
    SYM_MEMORY,
    SYM_INSTANCE,
    SYM_NATIVE,
    SYM_BUS,
};

struct sym {
    const char *name;
    uint32_t hash;
    uint32_t scope;
    enum sym_kind kind;
    bool array;
    bool clash;             /* enum constants: several values of the name */
    uint32_t index;         /* of (element 0 of) the object */
    uint32_t count;         /* elements; 1 when it is no array */
    uint64_t value;
    struct pdl_span span;
    const struct pdl_item *item;
    struct ext *exts;       /* what extends it, in order */
    struct ext **ext_tail;
};

struct ext {
    struct ext *next;
    const struct pdl_item *item;
    bool used;
};

/* Where names are looked up, innermost first, up to scope 0 (globals). */
struct scope {
    uint32_t parent;
    uint32_t declares;      /* scope that a declaration in it belongs to */
    uint32_t reg;           /* build index of the register around, or NONE */
    bool named;             /* something is declared in it */
};

/* `@waive(check)`: the check is off for what lies in @span. */
struct waive {
    struct pdl_span span;
    const char *check;
};

struct cc {
    struct pdl_session *session;
    struct pdl_arena *arena;
    struct pdl_diags *diags;
    const struct pdl_sources *sources;
    const struct pcc_options *options;
    jmp_buf nomem;
    CC_VEC(struct scope) scopes;
    CC_VEC(struct sym) syms;
    uint32_t *table;        /* open addressing: index of a symbol + 1 */
    size_t table_size;      /* a power of two */
    CC_VEC(struct ext *) extends;   /* all of them */
    CC_VEC(struct pcc_device) devices;
    CC_VEC(struct waive) waives;
    const struct pdl_item *board_item;
    struct pcc_board *board;
    struct pcc_model *model;
};

struct pcc_tree;

_Noreturn void cc_nomem(struct cc *cc);
void *cc_alloc(struct cc *cc, size_t size);
void *cc_grow(struct cc *cc, void *old, size_t *cap, size_t elem);
const char *cc_printf(struct cc *cc, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define CC_NEW(cc, type) ((type *)cc_alloc((cc), sizeof(type)))

uint32_t cc_scope_new(struct cc *cc, uint32_t parent);
/* Declares a name; reports E0101 and returns NULL when it is taken. */
struct sym *cc_declare(struct cc *cc, uint32_t scope, const char *name,
                       enum sym_kind kind, struct pdl_span span);
struct sym *cc_lookup_in(struct cc *cc, uint32_t scope, const char *name);
struct sym *cc_lookup(struct cc *cc, uint32_t scope, const char *name);
/* "a register", … for messages. */
const char *cc_kind_text(enum sym_kind kind);
/*
 * Reports that a name is unknown, with a near name if there is one.  The
 * result may be NULL.
 */
struct pdl_diag *cc_unknown(struct cc *cc, uint32_t scope, const char *name,
                struct pdl_span span);

/* Notes what @waive says on @item, those behind it and all inside. */
void cc_find_waives(struct cc *cc, const struct pdl_item *item);
struct pcc_origin cc_origin(struct cc *cc, const struct pdl_item *item);
/* The same; what stands without a note inside @outer is @outer's owner's. */
struct pcc_origin cc_origin_in(struct cc *cc, const struct pdl_item *item,
                               const struct pcc_origin *outer);

/* ---- items of a thing, with its bases and extensions ---- */

/* One declaration in the order of layers, and the scope it is read in. */
struct layer_item {
    const struct pdl_item *item;
    uint32_t scope;
    uint32_t layer;         /* number of the body it stood in */
};

typedef CC_VEC(struct layer_item) layer_list;

/*
 * Lists the declarations of template, device or board @typed for one use
 * with arguments @args: its base first, then its own, then those of
 * `extend`, `if` decided, `is` spliced, dropped items left out.  @scope is
 * the scope that names are declared in.
 */
void cc_collect(struct cc *cc, const struct pdl_item *typed,
                const struct pdl_use *use, uint32_t scope,
                layer_list *out);
/* The same for a single body, appended as a layer of its own. */
void cc_collect_body(struct cc *cc, const struct pdl_body *body,
                     uint32_t scope, layer_list *out);
/* Removes what `drop` names; to be called when the list is complete. */
void cc_apply_drops(struct cc *cc, layer_list *list);
/* The scope of a use of @typed: its formals bound to @use's arguments. */
uint32_t cc_bind(struct cc *cc, const struct pdl_item *typed,
                 const struct pdl_use *use, uint32_t outer, uint32_t decl);
/* Whether every formal has a default. */
bool cc_has_all_defaults(const struct pdl_item *typed);
/* Whether @board is, or is a base of, the board that is resolved. */
bool cc_is_our_board(struct cc *cc, const struct pdl_item *board);
void cc_add_ext(struct cc *cc, struct sym *sym, struct ext *ext);

/* ---- settings ---- */

struct setting {
    const char *name;
    void (*set)(struct cc *cc, void *target, const struct pdl_item *item,
                uint32_t scope);
};

bool cc_setting(struct cc *cc, const struct setting *table, size_t count,
                void *target, const struct layer_item *li);
/* The text of a value that is a string or a plain name; NULL: reported. */
const char *cc_word(struct cc *cc, const struct pdl_item *item,
                    const struct pdl_expr *value);
/* Index of the setting's word in @words; -1: reported. */
int cc_choice(struct cc *cc, const struct pdl_item *item,
              const char *const *words, size_t count);
const char *const *cc_words(struct cc *cc, const struct pdl_item *item,
                            size_t *count);

/* ---- passes ---- */

/* AST to model; diagnostics tell whether it worked. */
void cc_resolve(struct cc *cc);
/* One elaboration of a device from its declarations; index of the result. */
struct device_use {
    const char *name;
    const struct sym *instance;     /* it is made for, or NULL */
};

uint32_t cc_resolve_device(struct cc *cc, const struct pdl_item *typed,
                           const struct device_use *use,
                           const layer_list *items, uint32_t scope);
void cc_resolve_board(struct cc *cc, const struct pdl_item *typed);
/* The `dt` items of a list, as model nodes. */
void cc_resolve_dt(struct cc *cc, const layer_list *items,
                   const struct pcc_dt_node **out, size_t *count);
/* Shared checks over the finished model, check.c. */
void cc_run_checks(struct cc *cc);
/* The checks of a device tree, which is whole and resolved. */
void cc_check_tree(struct cc *cc, const struct pcc_tree *t);

#endif
