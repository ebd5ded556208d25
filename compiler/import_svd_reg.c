/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and clusters. */
#include "compiler/import_svd.h"

#include <string.h>

#include "runtime/engine/table.h"

/* What a register or cluster is read with. */
struct scope {
    const struct svd_at *around;
    struct svd_names *names;
    unsigned depth;
    struct svd_block *out;
};

static struct pdl_expr *number(struct svd *s, uint64_t value, unsigned base)
{
    return pcc_import_need(s->imp, pdl_expr_number(s->imp->arena, value,
                                                   base));
}

static uint64_t bits_of(unsigned width)
{
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static void missing(struct svd *s, const struct svd_node *node,
                    const char *what)
{
    pdl_diag_add(s->imp->diags, PDL_D_SVD_MISSING, svd_span(s, node),
                 node->name, what);
}

static void append(struct svd_block *out, struct svd_block *block)
{
    if (out->last) {
        out->last->next = block;
    } else {
        out->first = block;
    }
    out->last = block;
}

/* Whether the text may have one more; what is over the limit is left out. */
static bool may_add(struct svd *s, const struct svd_node *node)
{
    if (s->registers < PRT_MAX_REGS) {
        s->registers++;
        return true;
    }
    if (!s->full) {
        pdl_diag_add(s->imp->diags, PDL_D_TOO_MANY, svd_span(s, node),
                     "registers in the imported text", PRT_MAX_REGS);
        s->full = true;
    }
    return false;
}

static struct svd_block *new_block(struct svd *s, const struct scope *sc,
                                   const struct svd_node *node,
                                   enum pdl_item_kind kind, const char *name)
{
    struct svd_block *b = PCC_IMPORT_NEW(s->imp, struct svd_block);

    b->name = svd_unique(s, sc->names, name, node);
    b->item = pcc_import_need(s->imp, pdl_item_new(s->imp->arena, kind,
                                                   b->name));
    b->line = node->line;
    b->count = 1;
    b->alternate = svd_get(s, node, "alternateRegister") ||
                   svd_get(s, node, "alternateGroup") ||
                   svd_get(s, node, "alternateCluster");
    append(sc->out, b);
    return b;
}

static void set_place(struct svd *s, struct svd_block *b, uint64_t offset,
                      const struct svd_dim *dim)
{
    struct pdl_expr **stride = &b->item->u.reg.stride;
    struct pdl_expr **at = &b->item->u.reg.offset;

    if (b->item->kind == PDL_ITEM_GROUP) {
        stride = &b->item->u.group.stride;
        at = &b->item->u.group.offset;
    }
    b->offset = offset;
    *at = number(s, offset, 16);
    if (dim->array) {
        b->count = dim->count;
        b->stride = dim->stride;
        b->item->dim = PCC_IMPORT_NEW(s->imp, struct pdl_dim);
        b->item->dim->count = number(s, dim->count, 10);
        *stride = number(s, dim->stride, 16);
    }
}

/* ---- registers ---- */

/* The access that all fields have, where the register states none. */
static void access_of_fields(struct svd *s, const struct svd_at *at,
                             struct svd_policy *p)
{
    const struct svd_node *list = svd_get(s, at->node, "fields"), *node;
    enum svd_access common = SVD_RW;
    bool first = true;

    if (svd_inherit(s, at, "access")) {
        return;
    }
    for (node = list ? svd_own(list, "field") : NULL; node;
         node = svd_next(node->next, "field")) {
        const struct svd_node *access = svd_get(s, node, "access");
        const char *text = access ? svd_text(access) : "";
        enum svd_access one = strcmp(text, "read-only") == 0 ? SVD_RO :
                              strcmp(text, "write-only") == 0 ? SVD_WO :
                              SVD_RW;

        if (!first && one != common) {
            return;
        }
        common = one;
        first = false;
    }
    p->access = common;
}

static void put_known(struct svd *s, struct pdl_item *item, uint64_t mask)
{
    pdl_item_add_attr(item, pcc_import_need(s->imp, pdl_attr_expr(
        s->imp->arena, PDL_ATTR_KNOWN, number(s, mask, 16))));
}

static uint64_t inherited(struct svd *s, const struct svd_at *at,
                          const char *tag, uint64_t missing_value)
{
    const struct svd_node *node = svd_inherit(s, at, tag);
    uint64_t value;

    return node && svd_number(s, node, &value) ? value : missing_value;
}

static void put_reset(struct svd *s, const struct svd_at *at,
                      struct svd_block *b, unsigned bits)
{
    uint64_t reset = inherited(s, at, "resetValue", 0);
    uint64_t mask = inherited(s, at, "resetMask", UINT64_MAX);

    if (reset & ~bits_of(bits)) {
        if (svd_own(at->node, "resetValue")) {
            pdl_diag_add(s->imp->diags, PDL_D_SVD_RESET,
                         svd_span(s, at->node), b->name,
                         (unsigned long long)reset, bits);
        }
        reset &= bits_of(bits);
    }
    if ((mask & bits_of(bits)) != bits_of(bits)) {
        put_known(s, b->item, mask & bits_of(bits));
    }
    if (reset) {
        b->item->init.kind = PDL_INIT_VALUE;
        b->item->init.value = number(s, reset, 16);
    }
}

static void put_protection(struct svd *s, const struct svd_at *at,
                           struct pdl_item *item)
{
    const struct svd_node *node = svd_inherit(s, at, "protection");

    if (node) {
        svd_fact(s, item, "protection", svd_text(node));
    }
}

static void put_register(struct svd *s, const struct svd_at *at,
                         struct svd_block *b, unsigned bits)
{
    struct pdl_item *item = b->item;
    struct svd_policy policy;
    struct svd_reg_bits fields = { at, b->name, bits, &policy };
    const char *text = svd_child_text(s, at->node, "description");

    svd_read_policy(s, at, NULL, &policy);
    access_of_fields(s, at, &policy);
    if (policy.access != SVD_RW || policy.write != PDL_POLICY_NONE ||
        policy.read != PDL_POLICY_NONE) {
        svd_put_policy(s, item, &policy);
    } else if (policy.external) {
        svd_fact(s, item, "readAction", policy.external);
    }
    put_protection(s, at, item);
    if (bits != 32) {
        item->u.reg.width = number(s, bits, 10);
    }
    b->bytes = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
    b->reads = policy.access != SVD_WO && policy.access != SVD_W_ONCE;
    b->writes = policy.access != SVD_RO;
    put_reset(s, at, b, bits);
    if (text) {
        item->desc.bytes = text;
        item->desc.len = strlen(text);
    }
    svd_fields(s, &fields, item);
}

static void read_register(struct svd *s, const struct svd_node *node,
                          const struct scope *sc)
{
    const struct svd_at at = { sc->around, node };
    const char *name = svd_child_text(s, node, "name");
    const struct svd_node *offset = svd_get(s, node, "addressOffset");
    uint64_t bits = inherited(s, &at, "size", 32), where;
    struct svd_dim dim;
    uint32_t k, lists;

    if (!name || !offset || !svd_number(s, offset, &where)) {
        missing(s, node, name ? "an addressOffset" : "a name");
        return;
    }
    if (!bits || bits > 64) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_WIDTH, svd_span(s, node), name,
                     (unsigned long long)bits);
        return;
    }
    svd_read_dim(s, node, name, (bits + 7) / 8, &dim);
    lists = dim.array || !dim.count ? 1 : dim.count;
    for (k = 0; k < lists && may_add(s, node); k++) {
        struct svd_block *b = new_block(s, sc, node, PDL_ITEM_REG,
                                        svd_element(s, &dim, k));

        set_place(s, b, where + (dim.array ? 0 : k * dim.stride), &dim);
        put_register(s, &at, b, bits);
    }
}

/* ---- clusters ---- */

static void read_cluster(struct svd *s, const struct svd_node *node,
                         const struct scope *sc)
{
    const struct svd_at at = { sc->around, node };
    const char *name = svd_child_text(s, node, "name");
    const struct svd_node *offset = svd_get(s, node, "addressOffset");
    struct svd_dim dim;
    uint64_t where;
    uint32_t k, lists;

    if (!name || !offset || !svd_number(s, offset, &where)) {
        missing(s, node, name ? "an addressOffset" : "a name");
        return;
    }
    if (sc->depth == SVD_MAX_DEPTH) {
        pdl_diag_add(s->imp->diags, PDL_D_NESTING_TOO_DEEP,
                     svd_span(s, node), SVD_MAX_DEPTH);
        return;
    }
    svd_read_dim(s, node, name, 4, &dim);
    lists = dim.array || !dim.count ? 1 : dim.count;
    for (k = 0; k < lists && may_add(s, node); k++) {
        struct svd_block *b = new_block(s, sc, node, PDL_ITEM_GROUP,
                                        svd_element(s, &dim, k));
        struct svd_names names = { 0 };

        set_place(s, b, where + (dim.array ? 0 : k * dim.stride), &dim);
        svd_registers(s, &at, &names, sc->depth + 1, b);
    }
}

static bool is_block(const struct svd_node *node)
{
    return svd_is(node, "register") || svd_is(node, "cluster");
}

/* What the list of a peripheral or cluster holds itself. */
static const struct svd_node *first_of(const struct svd_node *node)
{
    const struct svd_node *list = svd_own(node, "registers");

    return list ? list->children : node->children;
}

void svd_registers(struct svd *s, const struct svd_at *at,
                   struct svd_names *names, unsigned depth,
                   struct svd_block *out)
{
    const struct scope sc = { at, names, depth, out };
    struct svd_names seen = { 0 };
    const struct svd_node *from = at->node, *node;
    unsigned chain;

    for (chain = 0; from && chain <= SVD_MAX_DERIVED; chain++) {
        for (node = first_of(from); node; node = node->next) {
            const char *name = is_block(node) ?
                               svd_child_text(s, node, "name") : NULL;

            if (!is_block(node) || (name && !svd_take(s, &seen, name) &&
                                    from != at->node)) {
                continue;
            }
            if (svd_is(node, "register")) {
                read_register(s, node, &sc);
            } else {
                read_cluster(s, node, &sc);
            }
        }
        from = svd_base(s, from);
    }
}
