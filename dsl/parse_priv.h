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

/* First and last of a linked list, while it is built. */
#define PDL_LIST(type) struct { struct type *first, *last; }

#define PDL_APPEND(list, node) \
    do { \
        if ((list).last) { \
            (list).last->next = (node); \
        } else { \
            (list).first = (node); \
        } \
        (list).last = (node); \
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
    bool early_end;                 /* T_EARLY_END was handed out */
    size_t closers;                 /* } to make up at the end of the file */
    bool oom;
    void *spare;                    /* handed out when memory is gone */
};

#include "dsl/periph.tab.h"

/* ---- called by the generated parser ---- */

int pdl_yylex(PDL_YYSTYPE *value, PDL_YYLTYPE *where, struct pdl_parser *p);

/* Zeroed memory that is never NULL; after a failure the tree is thrown away. */
void *pdl_parser_alloc(struct pdl_parser *p, size_t size);

#define PDL_PNEW(p, type) ((type *)pdl_parser_alloc((p), sizeof(type)))

/* At least the number of tokens of the grammar. */
#define PDL_MAX_EXPECTED 160

/* What could have stood at an error: see describe_expected in tokens.c. */
struct pdl_expected {
    bool name, number, string, reg, device, after, node, policy;
    bool paren, bang, star, semicolon;
    unsigned count;
    const char *words[PDL_MAX_EXPECTED];        /* other tokens */
};

void pdl_expected_add(struct pdl_expected *expected, const char *symbol);

/* Reports a syntax error at `where` and asks for resynchronisation. */
void pdl_parser_syntax(struct pdl_parser *p, struct pdl_span where,
                       const struct pdl_expected *expected);

/* The { at `where` opens a list of items in which recovery may stop. */
void pdl_parser_open(struct pdl_parser *p, struct pdl_span where);

/* ---- build_*: nodes from the pieces of a rule ---- */

struct pdl_item *pdl_build_item(struct pdl_parser *p, enum pdl_item_kind kind,
                                struct pdl_span span, struct pdl_name name);
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
struct pdl_attr *pdl_build_attr(struct pdl_parser *p, struct pdl_span span,
                                enum pdl_attr_kind kind);
struct pdl_event *pdl_build_event(struct pdl_parser *p, struct pdl_span span,
                                  const struct pdl_name *name,
                                  struct pdl_ref *ref);
struct pdl_stmt *pdl_build_stmt(struct pdl_parser *p, enum pdl_stmt_kind kind,
                                struct pdl_span span);
struct pdl_item *pdl_build_field(struct pdl_parser *p, struct pdl_span span,
                                 const struct pdl_name *name);
struct pdl_item *pdl_build_cond_item(struct pdl_parser *p,
                                     struct pdl_span span,
                                     struct pdl_expr *test,
                                     const struct pdl_body *then);
struct pdl_stmt *pdl_build_branch(struct pdl_parser *p, struct pdl_span span,
                                  struct pdl_expr *test,
                                  const struct pdl_block *then);
struct pdl_expr *pdl_build_name_expr(struct pdl_parser *p,
                                     const struct pdl_name *name);
struct pdl_dt_item *pdl_build_dt_item(struct pdl_parser *p,
                                      enum pdl_dt_item_kind kind,
                                      struct pdl_span span,
                                      const struct pdl_string *name);
struct pdl_dt_value *pdl_build_dt_value(struct pdl_parser *p,
                                        enum pdl_dt_value_kind kind,
                                        struct pdl_span span);
struct pdl_dt_cell *pdl_build_dt_cell(struct pdl_parser *p,
                                      enum pdl_dt_cell_kind kind,
                                      struct pdl_span span);
/* Only copy(...) takes a block: reports any other name. */
void pdl_check_copy(struct pdl_parser *p, const struct pdl_call *call);
/*
 * Links of an else-if chain with one more; 1 when that is too many, which is
 * reported: the rest must then be left off.
 */
unsigned pdl_build_chain(struct pdl_parser *p, struct pdl_span span,
                         unsigned rest);

#endif
