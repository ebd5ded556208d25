/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to dsl/: what the grammar and the parse driver share. */
#ifndef PDL_PARSE_PRIV_H
#define PDL_PARSE_PRIV_H

#include <stdbool.h>

#include "dsl/ast.h"
#include "dsl/bounds.h"
#include "dsl/diag.h"
#include "dsl/parse.h"
#include "dsl/scan.h"
#include "dsl/values.h"

#define PDL_APPEND(list, node) \
    do { \
        __typeof__((list).first) node_ = (node); \
        if ((list).last) { \
            (list).last->next = node_; \
        } else { \
            (list).first = node_; \
        } \
        (list).last = node_; \
    } while (0)

struct pdl_parser {
    struct pdl_session *session;
    struct pdl_arena *arena;
    struct pdl_diags *diags;
    struct pdl_unit *unit;          /* receives the items */
    struct pdl_expr *expr;          /* result of an expression fragment */
    const char *text;
    uint32_t file;
    uint32_t len;
    int start;                      /* pseudo token that picks the start */
    struct pdl_tokens tokens;       /* without comments */
    bool *is_list;                  /* tokens[i] is a { of an item list */
    size_t pos;                     /* next token to hand out */
    bool started;
    bool resync;                    /* an error: skip to the item's end */
    size_t last_error;              /* token of the last error, + 1 */
    bool keep;                      /* ... is the start of the next item */
    size_t kept;                    /* token kept in this way, + 1 */
    size_t skipped;                 /* where skipping an item ended last */
    bool early_end;                 /* T_EARLY_END was handed out */
    bool closing;                   /* the early end was reported */
    size_t closers;                 /* } to make up at the end of the file */
    size_t max_errors;              /* the parser gives up beyond */
    bool oom;
    void *spare;                    /* handed out when memory is gone */
};

#include "dsl/periph.tab.h"

/* ---- called by the generated parser ---- */

int pdl_yylex(PDL_YYSTYPE *value, PDL_YYLTYPE *where, struct pdl_parser *p);

/* Zeroed memory that is never NULL; after a failure the tree is thrown away. */
void *pdl_parser_alloc(struct pdl_parser *p, size_t size);

/* A copy of `node`, never NULL. */
void *pdl_parser_copy(struct pdl_parser *p, const void *node, size_t size);

#define PDL_PNEW(p, type) ((type *)pdl_parser_alloc((p), sizeof(type)))

/* Nodes of the arena from designated initialisers. */
#define COPY(type, from) \
    ((struct type *)pdl_parser_copy(p, (from), sizeof(struct type)))
#define NODE(type, ...) COPY(type, (&(struct type){ __VA_ARGS__ }))
#define ITEM_OF(which, where, ...) \
    NODE(pdl_item, .kind = (which), .span = (where), .body_span = (where), \
         __VA_ARGS__)
#define ITEM(which, ...) ITEM_OF(PDL_ITEM_##which, __VA_ARGS__)

#define ATTR(which, where, e) \
    NODE(pdl_attr, .kind = PDL_ATTR_##which, .span = (where), .expr = (e))

#define NO_NAME ((struct pdl_name){ 0 })
#define EMPTY_BODY ((struct pdl_body){ 0 })
#define NO_BODY ((struct pdl_opt_body){ .written = false })

/* The span of rhs[1..count], without empty ones at the ends. */
struct pdl_span pdl_join_spans(const struct pdl_span *rhs, int count);

/* At least the number of tokens of the grammar. */
#define PDL_MAX_EXPECTED 160

/* What could have stood at an error: see describe_expected in tokens.c. */
struct pdl_expected {
    bool name, number, string, reg, device, after, node, policy;
    bool paren, bang, star, semicolon, note;
    unsigned count;
    const char *words[PDL_MAX_EXPECTED];        /* other tokens */
};

void pdl_expected_add(struct pdl_expected *expected, const char *symbol);

/* Reports a syntax error at `where` and asks for resynchronisation. */
void pdl_parser_syntax(struct pdl_parser *p, struct pdl_span where,
                       const struct pdl_expected *expected);

/* The { at `where` opens a list of items in which recovery may stop. */
void pdl_parser_open(struct pdl_parser *p, struct pdl_span where);

/* ---- build.c: nodes that take more than copying ---- */

/* Gives an item its notes, and the span with them. */
struct pdl_item *pdl_build_notes(struct pdl_parser *p, struct pdl_item *item,
                                 struct pdl_note *notes,
                                 struct pdl_span span);
struct pdl_note *pdl_build_note(struct pdl_parser *p, struct pdl_span word,
                                struct pdl_span span, struct pdl_arg *args);
struct pdl_expr *pdl_build_number(struct pdl_parser *p,
                                  const struct pdl_number *number);
struct pdl_expr *pdl_build_string(struct pdl_parser *p,
                                  const struct pdl_string *string);
struct pdl_expr *pdl_build_ref_expr(struct pdl_parser *p,
                                    struct pdl_ref *ref);
struct pdl_expr *pdl_build_call(struct pdl_parser *p, struct pdl_span span,
                                const struct pdl_call *call);
struct pdl_expr *pdl_build_op(struct pdl_parser *p, struct pdl_span span,
                              enum pdl_op op, struct pdl_expr *a,
                              struct pdl_expr *b);
struct pdl_expr *pdl_build_cond(struct pdl_parser *p, struct pdl_span span,
                                struct pdl_expr *test, struct pdl_expr *yes,
                                struct pdl_expr *no);
struct pdl_part *pdl_build_part(struct pdl_parser *p, struct pdl_span span,
                                const struct pdl_name *name,
                                struct pdl_expr *first,
                                struct pdl_expr *last);
struct pdl_event *pdl_build_event(struct pdl_parser *p, struct pdl_span span,
                                  const struct pdl_name *name,
                                  struct pdl_ref *ref);
/* `tail` is an item with what stands behind the bits. */
struct pdl_item *pdl_build_field(struct pdl_parser *p, struct pdl_span span,
                                 const struct pdl_name *name,
                                 struct pdl_item *tail);
struct pdl_expr *pdl_build_name_expr(struct pdl_parser *p,
                                     const struct pdl_name *name);
/* Only copy(...) takes a block: reports any other name. */
void pdl_check_copy(struct pdl_parser *p, const struct pdl_call *call);
/*
 * Links of an else-if chain with one more; 1 when that is too many, which is
 * reported: the rest must then be left off.
 */
unsigned pdl_build_chain(struct pdl_parser *p, struct pdl_span span,
                         unsigned rest);

#endif
