/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields and their enumerated values. */
#include "compiler/import_svd.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_DONT_CARE 4u        /* bits of a value: 16 values at most */

/* A field as it is being read. */
struct field {
    const struct svd_reg_bits *reg;
    const struct svd_node *node;
    const char *name;
    unsigned lo, width;
};

static struct pdl_expr *number(struct svd *s, uint64_t value, unsigned base)
{
    return pcc_import_need(s->imp, pdl_expr_number(s->imp->arena, value,
                                                   base));
}

static void problem(struct svd *s, const struct field *f, const char *what)
{
    pdl_diag_add(s->imp->diags, PDL_D_SVD_FIELD, svd_span(s, f->node),
                 f->name, svd_path(s, f->reg->at->up, f->reg->name), what);
}

/* ---- bits ---- */

/* The three ways to say them; false: none of them is there. */
static bool read_range(struct svd *s, const struct field *f, uint64_t *lo,
                       uint64_t *hi)
{
    const struct svd_node *range = svd_get(s, f->node, "bitRange");
    const struct svd_node *lsb = svd_get(s, f->node, "lsb");
    const struct svd_node *msb = svd_get(s, f->node, "msb");
    const struct svd_node *offset = svd_get(s, f->node, "bitOffset");
    unsigned a, b;
    uint64_t width;

    if (range) {
        if (sscanf(svd_text(range), "[%4u:%4u]", &a, &b) != 2) {
            return false;
        }
        *hi = a;
        *lo = b;
        return true;
    }
    if (lsb && msb) {
        return svd_number(s, lsb, lo) && svd_number(s, msb, hi);
    }
    if (!offset || !svd_number(s, offset, lo)) {
        return false;
    }
    width = svd_child_number(s, f->node, "bitWidth", f->reg->bits);
    if (!svd_get(s, f->node, "bitWidth")) {
        width = *lo < f->reg->bits ? f->reg->bits - *lo : 0;
    }
    *hi = *lo + width - 1;
    return width && width <= 64 && *lo < 64;
}

static bool read_bits(struct svd *s, struct field *f)
{
    uint64_t lo, hi;

    if (!read_range(s, f, &lo, &hi)) {
        problem(s, f, "no bits are said; left out");
        return false;
    }
    if (hi < lo) {
        uint64_t swap = hi;

        problem(s, f, "the bits are the wrong way round");
        hi = lo;
        lo = swap;
    }
    if (lo >= f->reg->bits) {
        problem(s, f, "lies outside of the register; left out");
        return false;
    }
    if (hi >= f->reg->bits) {
        problem(s, f, "reaches beyond the register; cut");
        hi = f->reg->bits - 1;
    }
    f->lo = lo;
    f->width = hi - lo + 1;
    return true;
}

static uint64_t mask_of(unsigned lo, unsigned width)
{
    return (width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1) << lo;
}

/* ---- enumerated values ---- */

static void value_problem(struct svd *s, const struct svd_node *node,
                          const struct field *f, const char *what)
{
    const char *name = svd_child_text(s, node, "name");

    pdl_diag_add(s->imp->diags, PDL_D_SVD_VALUE, svd_span(s, node),
                 name ? name : "?", f->name, what);
}

static void add_value(struct svd *s, struct pdl_evals *evals,
                      const struct svd_node *node, uint64_t value)
{
    struct pdl_eval *e = PCC_IMPORT_NEW(s->imp, struct pdl_eval);
    struct pdl_eval **end = &evals->first;
    struct svd_names none = { 0 };
    const char *text = svd_child_text(s, node, "description");

    e->name.text = svd_unique(s, &none, svd_child_text(s, node, "name"),
                              node);
    e->value = number(s, value, 10);
    if (text) {
        e->text.bytes = text;
        e->text.len = strlen(text);
    }
    while (*end) {
        end = &(*end)->next;
    }
    *end = e;
}

/* All values that a pattern with don't-care bits stands for. */
static void add_pattern(struct svd *s, struct pdl_evals *evals,
                        const struct field *f, const struct svd_node *node,
                        uint64_t care)
{
    uint64_t any = ~care & mask_of(0, f->width), bits = 0, value, ignored;
    const char *text = svd_text(svd_get(s, node, "value"));

    svd_parse_number(text, &value, &ignored);
    if (__builtin_popcountll(any) > (int)MAX_DONT_CARE) {
        value_problem(s, node, f, "stands for too many values; left out");
        return;
    }
    do {
        add_value(s, evals, node, (value & care) | bits);
        bits = (bits - any) & any;
    } while (bits);
}

/* False when nothing came of it. */
static void read_value(struct svd *s, struct pdl_evals *evals,
                       const struct field *f, const struct svd_node *node,
                       struct pdl_item *item)
{
    const struct svd_node *value = svd_get(s, node, "value");
    const char *name = svd_child_text(s, node, "name");
    uint64_t number, care;

    if (!name) {
        value_problem(s, node, f, "has no name; left out");
        return;
    }
    if (!value && svd_get(s, node, "isDefault")) {
        svd_fact(s, item, "isDefault", name);
        return;
    }
    if (!value ||
        !svd_parse_number(svd_text(value), &number, &care)) {
        value_problem(s, node, f, "has no number; left out");
        return;
    }
    if (number & ~mask_of(0, f->width)) {
        value_problem(s, node, f, "does not fit in the field; left out");
        return;
    }
    if (care != UINT64_MAX) {
        add_pattern(s, evals, f, node, care);
    } else {
        add_value(s, evals, node, number);
    }
}

/* The list that holds the values, when @list is derived from another. */
static const struct svd_node *value_source(struct svd *s,
                                           const struct svd_node *list)
{
    unsigned depth = 0;

    while (list && !svd_own(list, "enumeratedValue") &&
           depth++ < SVD_MAX_DERIVED) {
        list = svd_base(s, list);
    }
    return list;
}

static void read_list(struct svd *s, const struct field *f,
                      const struct svd_node *list, struct pdl_item *item)
{
    struct pdl_evals *evals = &item->u.field.evals;
    const char *usage = svd_child_text(s, list, "usage");
    const struct svd_node *source = value_source(s, list), *node;

    if (usage && strcmp(usage, "write") == 0 && evals->first) {
        evals = &item->u.field.write_evals;
    }
    if (!source) {
        return;
    }
    if (evals->first) {
        problem(s, f, "has several lists of values; the first is taken");
        return;
    }
    for (node = svd_own(source, "enumeratedValue"); node;
         node = svd_next(node->next, "enumeratedValue")) {
        read_value(s, evals, f, node, item);
    }
}

/* Those for reads come first. */
static void read_values(struct svd *s, const struct field *f,
                        struct pdl_item *item)
{
    const struct svd_node *first = svd_get(s, f->node, "enumeratedValues");
    const struct svd_node *list;
    unsigned pass;

    for (pass = 0; pass < 2; pass++) {
        for (list = first; list;
             list = svd_next(list->next, "enumeratedValues")) {
            const char *usage = svd_child_text(s, list, "usage");

            if ((usage && strcmp(usage, "write") == 0) == (pass == 1)) {
                read_list(s, f, list, item);
            }
        }
    }
}

/* ---- fields ---- */

static bool is_reserved(const char *name)
{
    return strcasecmp(name, "reserved") == 0;
}

static struct pdl_item *new_field(struct svd *s, const struct field *f,
                                  const char *name)
{
    struct pdl_item *item = pcc_import_need(s->imp, pdl_item_new(
        s->imp->arena, PDL_ITEM_FIELD, name));

    item->u.field.reserved = is_reserved(name);
    item->u.field.bits.first = number(s, f->lo, 10);
    if (f->width > 1) {
        item->u.field.bits.last = number(s, f->lo + f->width - 1, 10);
    }
    return item;
}

/* One field, or an array of them. */
static void put_field(struct svd *s, const struct field *f,
                      const char *name, const struct svd_dim *dim,
                      struct pdl_item *reg)
{
    const struct svd_at at = { f->reg->at, f->node };
    const char *text = svd_child_text(s, f->node, "description");
    struct pdl_item *item = new_field(s, f, name);
    struct svd_policy policy;

    if (dim->array) {
        item->dim = PCC_IMPORT_NEW(s->imp, struct pdl_dim);
        item->dim->count = number(s, dim->count, 10);
        item->u.field.stride = number(s, dim->stride, 10);
    }
    svd_read_policy(s, &at, f->reg->policy, &policy);
    if (!item->u.field.reserved) {
        if (!svd_same_policy(&policy, f->reg->policy)) {
            svd_put_policy(s, item, &policy);
        }
        read_values(s, f, item);
        if (text) {
            item->desc.bytes = text;
            item->desc.len = strlen(text);
        }
    }
    pdl_body_add(&reg->u.reg.body, item);
    reg->u.reg.has_body = true;
}

/* Takes the bits; false when some are taken already. */
static bool take_bits(struct svd *s, const struct field *f, uint64_t bits,
                      uint64_t *used)
{
    if (bits & *used) {
        problem(s, f, "shares bits with another; left out");
        return false;
    }
    *used |= bits;
    return true;
}

static bool array_fits(struct svd *s, const struct field *f,
                       const struct svd_dim *dim, uint64_t *bits)
{
    uint64_t last = (dim->count - 1) * dim->stride;
    uint32_t k;

    *bits = 0;
    if (dim->stride > 64 || dim->count > 64 ||
        f->lo + last + f->width > f->reg->bits) {
        problem(s, f, "its elements lie outside of the register; left out");
        return false;
    }
    if (dim->stride < f->width) {
        problem(s, f, "its elements share bits; left out");
        return false;
    }
    for (k = 0; k < dim->count; k++) {
        *bits |= mask_of(f->lo + k * dim->stride, f->width);
    }
    return true;
}

struct fields {
    struct svd_names names;
    uint64_t used;
    struct pdl_item *reg;
};

static const char *field_name(struct svd *s, struct fields *all,
                              const char *name, const struct svd_node *node)
{
    return is_reserved(name) ? "reserved" :
           svd_unique(s, &all->names, name, node);
}

static void read_field(struct svd *s, const struct svd_reg_bits *reg,
                       const struct svd_node *node, struct fields *all)
{
    struct field f = { reg, node, svd_child_text(s, node, "name"), 0, 0 };
    struct svd_dim dim;
    uint64_t bits;
    uint32_t k;

    if (!f.name) {
        f.name = "?";
        problem(s, &f, "has no name; left out");
        return;
    }
    if (!read_bits(s, &f)) {
        return;
    }
    svd_read_dim(s, node, f.name, f.width, &dim);
    if (dim.array) {
        if (array_fits(s, &f, &dim, &bits) &&
            take_bits(s, &f, bits, &all->used)) {
            put_field(s, &f, field_name(s, all, dim.name, node), &dim,
                      all->reg);
        }
        return;
    }
    for (k = 0; k < (dim.count ? dim.count : 1); k++) {
        struct field one = f;

        one.lo = f.lo + (dim.stride > 64 ? 64 : dim.stride) * k;
        if (one.lo + one.width > reg->bits) {
            problem(s, &f, "its elements lie outside of the register");
            break;
        }
        if (take_bits(s, &f, mask_of(one.lo, one.width), &all->used)) {
            put_field(s, &one, field_name(s, all, svd_element(s, &dim, k),
                                          node), &dim, all->reg);
        }
    }
}

/* Fields of the element, then those of its bases that it has not. */
void svd_fields(struct svd *s, const struct svd_reg_bits *reg,
                struct pdl_item *item)
{
    struct fields all = { .reg = item };
    struct svd_names seen = { 0 };
    const struct svd_node *from = reg->at->node, *list, *node;
    unsigned depth, round;

    /* fields that hold something take their bits first */
    for (round = 0; round < 2; round++) {
        from = reg->at->node;
        for (depth = 0; from && depth <= SVD_MAX_DERIVED; depth++) {
            list = svd_own(from, "fields");
            for (node = list ? svd_own(list, "field") : NULL; node;
                 node = svd_next(node->next, "field")) {
                const char *name = svd_child_text(s, node, "name");

                if (is_reserved(name ? name : "") != (round == 1)) {
                    continue;
                }
                if (round || !name || svd_take(s, &seen, name) ||
                    from == reg->at->node) {
                    read_field(s, reg, node, &all);
                }
            }
            from = svd_base(s, from);
        }
    }
}
