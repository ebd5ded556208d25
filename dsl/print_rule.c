/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing of rule blocks and device-tree parts; see print.c. */
#include "dsl/bounds.h"
#include "dsl/print_priv.h"

/* ---- rules ---- */

static void put_branch(struct pdl_print *p, const struct pdl_stmt *stmt)
{
    const struct pdl_stmt *link;

    for (link = stmt; link; link = link->u.branch.else_if) {
        pdl_put(p, link == stmt ? "if (" : "else if (");
        pdl_put_expr(p, link->u.branch.test);
        pdl_put(p, ")");
        pdl_put_block(p, &link->u.branch.then);
        if (link->u.branch.otherwise) {
            pdl_put(p, "else");
            pdl_put_block(p, link->u.branch.otherwise);
        }
    }
}

static void put_stmt(struct pdl_print *p, const struct pdl_stmt *stmt)
{
    switch (stmt->kind) {
    case PDL_STMT_ASSIGN:
        pdl_put_ref(p, stmt->u.assign.target);
        pdl_put(p, pdl_assign_word(stmt->u.assign.op));
        pdl_put_expr(p, stmt->u.assign.value);
        pdl_put(p, ";");
        break;
    case PDL_STMT_CALL:
        pdl_put_call(p, &stmt->u.call);
        pdl_put(p, ";");
        break;
    case PDL_STMT_AFTER:
        pdl_put(p, "after");
        pdl_put_expr(p, stmt->u.after.delay);
        pdl_put_block(p, &stmt->u.after.block);
        break;
    case PDL_STMT_COPY:
        pdl_put(p, "copy");
        pdl_put_args(p, stmt->u.copy.args);
        pdl_put_block(p, &stmt->u.copy.block);
        break;
    case PDL_STMT_IF:
        put_branch(p, stmt);
        break;
    }
}

void pdl_put_block(struct pdl_print *p, const struct pdl_block *block)
{
    const struct pdl_stmt *stmt;

    if (++p->depth >= PDL_MAX_NESTING) {
        p->invalid = true;
    } else {
        pdl_put(p, "{");
        for (stmt = block->first; stmt; stmt = stmt->next) {
            if (stmt != block->first) {
                pdl_put(p, "\n");
            }
            put_stmt(p, stmt);
        }
        pdl_put(p, "}");
    }
    p->depth--;
}

/* ---- device tree ---- */

static void put_cell(struct pdl_print *p, const struct pdl_dt_cell *cell)
{
    switch (cell->kind) {
    case PDL_DT_CELL_INT:
        pdl_put_expr(p, cell->value);
        break;
    case PDL_DT_CELL_EXPR:
        pdl_put(p, "(");
        pdl_put_expr(p, cell->value);
        pdl_put(p, ")");
        break;
    case PDL_DT_CELL_LABEL:
        pdl_put(p, "&");
        pdl_put_name(p, &cell->label);
        break;
    case PDL_DT_CELL_PATH:
        pdl_put(p, "&");
        pdl_put_string(p, &cell->path);
        break;
    }
}

static void put_value(struct pdl_print *p, const struct pdl_dt_value *value)
{
    const struct pdl_dt_cell *cell;

    switch (value->kind) {
    case PDL_DT_STRING:
        pdl_put_string(p, &value->string);
        break;
    case PDL_DT_LABEL:
        pdl_put(p, "&");
        pdl_put_name(p, &value->label);
        break;
    case PDL_DT_CELLS:
    case PDL_DT_BYTES:
        pdl_put(p, value->kind == PDL_DT_CELLS ? "<" : "[");
        for (cell = value->cells; cell; cell = cell->next) {
            put_cell(p, cell);
        }
        pdl_put(p, value->kind == PDL_DT_CELLS ? ">" : "]");
        break;
    }
}

static void put_dt_items(struct pdl_print *p, const struct pdl_dt_item *items);

static void put_dt_item(struct pdl_print *p, const struct pdl_dt_item *item)
{
    const struct pdl_dt_value *value;

    switch (item->kind) {
    case PDL_DT_PROPERTY:
        pdl_put_string(p, &item->name);
        for (value = item->values; value; value = value->next) {
            pdl_put(p, value == item->values ? "=" : ",");
            put_value(p, value);
        }
        pdl_put(p, ";");
        break;
    case PDL_DT_NODE:
        pdl_put(p, "node");
        pdl_put_string(p, &item->name);
        if (item->label.text) {
            pdl_put(p, "as");
            pdl_put_name(p, &item->label);
        }
        put_dt_items(p, item->children);
        break;
    case PDL_DT_DROP:
        pdl_put(p, "drop");
        pdl_put_string(p, &item->name);
        pdl_put(p, ";");
        break;
    }
}

static void put_dt_items(struct pdl_print *p, const struct pdl_dt_item *items)
{
    const struct pdl_dt_item *item;

    if (++p->depth >= PDL_MAX_NESTING) {
        p->invalid = true;
    } else {
        pdl_put(p, "{");
        for (item = items; item; item = item->next) {
            if (item != items) {
                pdl_put(p, "\n");
            }
            put_dt_item(p, item);
        }
        pdl_put(p, "}");
    }
    p->depth--;
}

void pdl_put_dt(struct pdl_print *p, const struct pdl_item *item)
{
    pdl_put(p, "dt");
    if (item->u.dt.place == PDL_DT_PATH) {
        pdl_put_string(p, &item->u.dt.path);
    } else if (item->u.dt.place == PDL_DT_AT_LABEL) {
        pdl_put(p, "&");
        pdl_put_name(p, &item->u.dt.label);
    }
    put_dt_items(p, item->u.dt.items);
}
