/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to dsl/: semantic values of the grammar. */
#ifndef PDL_VALUES_H
#define PDL_VALUES_H

#include <stdbool.h>

#include "dsl/ast.h"

struct pdl_parser;

/* First and last of a linked list, while it is built. */
#define PDL_LIST(type) struct { struct type *first, *last; }

/* to console at 87us */
struct pdl_fifo_value {
    enum pdl_fifo_end end;
    struct pdl_name peer;
    struct pdl_expr *rate;
};

/* { ... }, or the ; that stands for none */
struct pdl_opt_body {
    bool written;
    struct pdl_body body;
};

/* of name, { ... }, { ... } { ... } */
struct pdl_fenum {
    struct pdl_name of;
    struct pdl_evals evals;
    struct pdl_evals write_evals;
};

union pdl_value {
    struct pdl_name name;
    struct pdl_string string;
    struct pdl_number number;
    struct pdl_ref *ref;
    struct pdl_expr *expr;
    struct pdl_arg *arg;
    struct pdl_call call;
    struct pdl_note *note;
    struct pdl_attr *attr;
    struct pdl_dim *dim;
    struct pdl_eval *eval;
    struct pdl_evals eval_list;
    struct pdl_use *use;
    struct pdl_formal *formal;
    struct pdl_body body;
    struct pdl_event *event;
    struct pdl_stmt *stmt;
    struct pdl_block block;
    struct pdl_target *target;
    struct pdl_dt_item *dt_item;
    struct pdl_dt_value *dt_value;
    struct pdl_dt_cell *dt_cell;
    struct pdl_item *item;
    struct pdl_init init;
    struct pdl_bits bits;
    enum pdl_assign assign;
    enum pdl_item_kind item_kind;
    PDL_LIST(pdl_part) parts;
    PDL_LIST(pdl_ref) refs;
    PDL_LIST(pdl_expr) exprs;
    PDL_LIST(pdl_arg) args;
    PDL_LIST(pdl_note) notes;
    PDL_LIST(pdl_eval) evals;
    struct { struct pdl_use *first, *last; bool written; } uses;
    struct { struct pdl_formal *first, *last; bool written; } formals;
    PDL_LIST(pdl_event) events;
    PDL_LIST(pdl_target) targets;
    PDL_LIST(pdl_dt_item) dt_items;
    PDL_LIST(pdl_dt_value) dt_values;
    PDL_LIST(pdl_dt_cell) dt_cells;
    struct pdl_fifo_value fifo_end;
    struct pdl_opt_body opt_body;
    struct pdl_fenum fenum;
    PDL_LIST(pdl_attr) attrs;
};

#endif
