/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to print.c and print_item.c. */
#ifndef PDL_PRINT_PRIV_H
#define PDL_PRINT_PRIV_H

#include <stdbool.h>

#include "dsl/ast.h"
#include "dsl/strbuf.h"

/* Each pdl_put_* writes tokens, a space behind each one. */
struct pdl_print {
    struct pdl_strbuf *out;
    bool invalid;           /* something the grammar demands is missing */
    unsigned depth;
};

void pdl_put(struct pdl_print *p, const char *text);
void pdl_put_glued(struct pdl_print *p, const char *text);
void pdl_put_name(struct pdl_print *p, const struct pdl_name *name);
void pdl_put_string(struct pdl_print *p, const struct pdl_string *string);
void pdl_put_number(struct pdl_print *p, const struct pdl_number *number);
void pdl_put_expr(struct pdl_print *p, const struct pdl_expr *expr);
void pdl_put_exprs(struct pdl_print *p, const struct pdl_expr *expr);
void pdl_put_ref(struct pdl_print *p, const struct pdl_ref *ref);
void pdl_put_refs(struct pdl_print *p, const struct pdl_ref *ref);
void pdl_put_args(struct pdl_print *p, const struct pdl_arg *args);
void pdl_put_call(struct pdl_print *p, const struct pdl_call *call);
void pdl_put_item(struct pdl_print *p, const struct pdl_item *item);
void pdl_put_dt(struct pdl_print *p, const struct pdl_item *item);
void pdl_put_block(struct pdl_print *p, const struct pdl_block *block);

#endif
