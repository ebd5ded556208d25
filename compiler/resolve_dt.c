/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `dt { … }` -> model nodes: values become bytes, labels stay names. */
#include "compiler/check.h"

#include <string.h>

#include "compiler/constexpr.h"

/* A property's value while it is put together. */
struct value {
    CC_VEC(uint8_t) bytes;
    CC_VEC(struct pcc_dt_ref) refs;
};

static void put_cell(struct cc *cc, struct value *v, uint32_t cell)
{
    int shift;

    for (shift = 24; shift >= 0; shift -= 8) {
        *CC_ADD(cc, &v->bytes) = cell >> shift;
    }
}

static void put_ref(struct cc *cc, struct value *v, const char *label,
                    struct pdl_span span, bool path_string)
{
    struct pcc_dt_ref *ref = CC_ADD(cc, &v->refs);

    ref->offset = v->bytes.n;
    ref->label = label;
    ref->path_string = path_string;
    ref->span = span;
    if (!path_string) {
        put_cell(cc, v, 0);
    }
}

static void put_cells(struct cc *cc, uint32_t scope, struct value *v,
                      const struct pdl_dt_cell *cell)
{
    for (; cell; cell = cell->next) {
        uint64_t n = 0;

        switch (cell->kind) {
        case PDL_DT_CELL_LABEL:
            put_ref(cc, v, cell->label.text, cell->span, false);
            break;
        case PDL_DT_CELL_PATH:
            put_ref(cc, v, cell->path.bytes, cell->span, false);
            break;
        default:
            n = pcc_const_max(cc, scope, cell->value, UINT32_MAX, "cell");
            put_cell(cc, v, n);
            break;
        }
    }
}

static void put_bytes(struct cc *cc, uint32_t scope, struct value *v,
                      const struct pdl_dt_cell *cell)
{
    for (; cell; cell = cell->next) {
        *CC_ADD(cc, &v->bytes) = pcc_const_max(cc, scope, cell->value, 255,
                                               "byte");
    }
}

static void put_string(struct cc *cc, struct value *v,
                       const struct pdl_string *s)
{
    size_t i;

    for (i = 0; i <= s->len; i++) {
        *CC_ADD(cc, &v->bytes) = s->bytes[i];
    }
}

static bool good_name(struct cc *cc, const struct pdl_string *name,
                      const char *extra)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,._+-";
    size_t i;

    for (i = 0; i < name->len; i++) {
        if (!strchr(plain, name->bytes[i]) &&
            !strchr(extra, name->bytes[i])) {
            break;
        }
    }
    if (!name->len || i < name->len) {
        pdl_diag_add(cc->diags, PDL_D_BAD_DT, name->span,
                     cc_printf(cc, "'%s' is no valid name", name->bytes));
        return false;
    }
    return true;
}

static void property(struct cc *cc, uint32_t scope,
                     const struct pdl_dt_item *item, struct pcc_dt_prop *p)
{
    const struct pdl_dt_value *val;
    struct value v = { 0 };

    for (val = item->values; val; val = val->next) {
        switch (val->kind) {
        case PDL_DT_STRING:
            put_string(cc, &v, &val->string);
            break;
        case PDL_DT_CELLS:
            put_cells(cc, scope, &v, val->cells);
            break;
        case PDL_DT_BYTES:
            put_bytes(cc, scope, &v, val->cells);
            break;
        case PDL_DT_LABEL:
            if (val->next || val != item->values) {
                pdl_diag_add(cc->diags, PDL_D_BAD_DT, val->span,
                             "a path by label stands alone");
            }
            put_ref(cc, &v, val->label.text, val->span, true);
            break;
        }
    }
    p->name = item->name.bytes;
    p->value = v.bytes.v;
    p->size = v.bytes.n;
    p->refs = v.refs.v;
    p->ref_count = v.refs.n;
    good_name(cc, &item->name, "?#");
}

static void items(struct cc *cc, uint32_t scope,
                  const struct pdl_dt_item *item, struct pcc_dt_node *node)
{
    CC_VEC(struct pcc_dt_prop) props = { 0 };
    CC_VEC(struct pcc_dt_node) children = { 0 };

    for (; item; item = item->next) {
        if (item->kind == PDL_DT_NODE) {
            struct pcc_dt_node *child = CC_ADD(cc, &children);
            size_t at = children.n - 1;

            child->name = item->name.bytes;
            child->label = item->label.text;
            child->origin.span = item->span;
            child->origin.confidence = 100;
            good_name(cc, &item->name, "@");
            items(cc, scope, item->children, &children.v[at]);
        } else if (item->kind == PDL_DT_DROP) {
            struct pcc_dt_prop *p = CC_ADD(cc, &props);

            p->name = item->name.bytes;
            p->span = item->span;
            p->drop = true;
        } else {
            struct pcc_dt_prop p = { 0 };

            property(cc, scope, item, &p);
            p.span = item->span;
            if (children.n) {
                check_report(cc, PDL_D_DT_ORDER, item->span, p.name);
            }
            *CC_ADD(cc, &props) = p;
        }
    }
    node->props = props.v;
    node->prop_count = props.n;
    node->children = children.v;
    node->child_count = children.n;
}

void cc_resolve_dt(struct cc *cc, const layer_list *list,
                   const struct pcc_dt_node **out, size_t *count)
{
    CC_VEC(struct pcc_dt_node) nodes = { 0 };
    size_t i;

    for (i = 0; i < list->n; i++) {
        const struct pdl_item *item = list->v[i].item;
        struct pcc_dt_node *node;

        if (item->kind != PDL_ITEM_DT) {
            continue;
        }
        node = CC_ADD(cc, &nodes);
        node->origin = cc_origin(cc, item);
        if (item->u.dt.place == PDL_DT_PATH) {
            node->target = item->u.dt.path.bytes;
        } else if (item->u.dt.place == PDL_DT_AT_LABEL) {
            node->target = cc_printf(cc, "&%s", item->u.dt.label.text);
        }
        items(cc, list->v[i].scope, item->u.dt.items, node);
    }
    *out = nodes.v;
    *count = nodes.n;
}
