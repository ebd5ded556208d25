/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices into a device tree.  A device at an address where the base has a
 * node sets its properties in that node and touches nothing else of it;
 * any other becomes a new node under the bus that reaches its address, with
 * that bus's cells.  The base is a tree in memory, so the caller's blob is
 * never written to, and properties come before children by construction.
 */
#include "compiler/check.h"
#include "compiler/dt.h"

#include <string.h>

#include <libfdt.h>

void dt_report(struct dt *dt, struct pdl_span span, enum pdl_code code,
               const char *text)
{
    if (!dt->quiet) {
        pdl_diag_add(dt->e->diags, code, span, text);
    }
    dt->err = PCC_ERR_INPUT;
}

void dt_unknown_label(struct dt *dt, struct pdl_span span, const char *label)
{
    size_t before = pdl_diags_errors(dt->e->diags);

    check_report(dt->e->cc, PDL_D_UNKNOWN_LABEL, span, label);
    if (pdl_diags_errors(dt->e->diags) > before) {
        dt->err = PCC_ERR_INPUT;
    }
}

const char *dt_label(struct dt *dt, const char *name)
{
    char *label = pdl_arena_strdup(dt->e->arena, name);
    char *p;

    if (!label) {
        dt->tree->failed = true;
        return "label";
    }
    for (p = label; *p; p++) {
        bool digit = *p >= '0' && *p <= '9';
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');

        if ((!letter && !digit) || (digit && p == label)) {
            *p = '_';
        }
    }
    return label;
}

/* ---- overlays ---- */

static struct pcc_tnode *find_fragment(struct dt *dt, const char *path)
{
    struct pcc_tnode *node;

    for (node = dt->tree->root->children; node; node = node->next) {
        const struct pcc_tprop *p = pcc_tree_get(node, "target-path");

        if (p && strcmp((const char *)p->value, path) == 0) {
            return pcc_tree_find_child(node, "__overlay__");
        }
    }
    return NULL;
}

static struct pcc_tnode *new_fragment(struct dt *dt, const char *path)
{
    const struct pcc_tnode *node;
    const char *name;
    struct pcc_tnode *fragment;
    unsigned n = 0;

    for (node = dt->tree->root->children; node; node = node->next) {
        n++;
    }
    name = pdl_arena_printf(dt->e->arena, "fragment@%u", n);
    fragment = name ? pcc_tree_child(dt->tree, dt->tree->root, name) : NULL;
    if (!fragment) {
        dt->tree->failed = true;
        return NULL;
    }
    pcc_tree_set_string(dt->tree, fragment, "target-path", path);
    return pcc_tree_child(dt->tree, fragment, "__overlay__");
}

struct pcc_tnode *dt_mirror(struct dt *dt, struct pcc_tnode *node)
{
    struct pcc_tnode *found;
    const char *path;

    if (dt->tree == dt->base || !node) {
        return node;
    }
    path = pcc_tree_path_of(dt->base, node);
    if (!path) {
        dt->tree->failed = true;
        return NULL;
    }
    found = find_fragment(dt, path);
    return found ? found : new_fragment(dt, path);
}

/* A new child of base node @bus, in the tree that is written. */
static struct pcc_tnode *new_child(struct dt *dt, struct pcc_tnode *bus,
                                   const char *name)
{
    struct pcc_tnode *parent = dt_mirror(dt, bus);

    if (!parent) {
        return NULL;
    }
    if (dt->tree != dt->base) {
        uint32_t ac = dt_address_cells(bus), sc = dt_size_cells(bus);

        /* what the base says already, for whoever reads only this */
        pcc_tree_set_cells(dt->tree, parent, "#address-cells", &ac, 1);
        pcc_tree_set_cells(dt->tree, parent, "#size-cells", &sc, 1);
    }
    return pcc_tree_child(dt->tree, parent, name);
}

/* ---- dt items ---- */

/* A phandle that the text says is that of its node, and taken. */
static void keep_phandle(struct pcc_tree *t, struct pcc_tnode *node,
                         const struct pcc_tprop *p)
{
    if (strcmp(p->name, "phandle") == 0 && p->size == sizeof(fdt32_t) &&
        !p->refs) {
        node->phandle = pcc_tree_cell(node, "phandle", 0, 0);
        if (node->phandle > t->max_phandle && node->phandle < UINT32_MAX) {
            t->max_phandle = node->phandle;
        }
    }
}

static void apply_prop(struct dt *dt, struct pcc_tnode *node,
                       const struct pcc_dt_prop *p)
{
    struct pcc_tprop *out;
    size_t i;

    if (p->drop) {
        struct pcc_tnode *child = pcc_tree_find_child(node, p->name);

        if (child) {
            pcc_tree_remove(child);
        }
        pcc_tree_unset(node, p->name);
        return;
    }
    out = pcc_tree_set(dt->tree, node, p->name, p->value ?
                       (const void *)p->value : "", p->size);
    if (out) {
        out->span = p->span;
        keep_phandle(dt->tree, node, out);
    }
    if (p->ref_count && p->refs[0].path_string && dt->tree != dt->base) {
        const struct pcc_tnode *to = pcc_tree_label(dt->base,
                                                    p->refs[0].label);
        const char *path = to ? pcc_tree_path_of(dt->base, to) : NULL;

        if (path) {
            pcc_tree_set_string(dt->tree, node, p->name, path);
            return;
        }
    }
    for (i = 0; i < p->ref_count && out; i++) {
        struct pcc_tref *ref = pcc_tree_add_ref(dt->tree, out,
                                                p->refs[i].offset,
                                                p->refs[i].label);

        if (ref) {
            ref->path_string = p->refs[i].path_string;
            ref->span = p->refs[i].span;
        }
    }
}

void dt_apply(struct dt *dt, struct pcc_tnode *node,
              const struct pcc_dt_node *item)
{
    size_t i;

    if (!node) {
        return;
    }
    for (i = 0; i < item->prop_count; i++) {
        apply_prop(dt, node, &item->props[i]);
    }
    for (i = 0; i < item->child_count; i++) {
        struct pcc_tnode *child = pcc_tree_child(dt->tree, node,
                                                 item->children[i].name);

        if (child && item->children[i].label) {
            child->label = item->children[i].label;
        }
        if (child) {
            child->span = item->children[i].origin.span;
        }
        dt_apply(dt, child, &item->children[i]);
    }
}

static bool is_empty(const struct pcc_dt_node *item)
{
    return !item->prop_count && !item->child_count;
}

/*
 * An item about @node of the base: what the base has of it is changed in
 * place (by a fragment of its own in an overlay), the rest is new.
 */
static void apply_to_base(struct dt *dt, struct pcc_tnode *node,
                          const struct pcc_dt_node *item)
{
    struct pcc_dt_node rest = *item;
    struct pcc_dt_node *fresh;
    size_t i;

    fresh = pdl_arena_alloc(dt->e->arena, (item->child_count + 1) *
                            sizeof(*fresh));
    if (!fresh) {
        dt->tree->failed = true;
        return;
    }
    rest.children = fresh;
    rest.child_count = 0;
    for (i = 0; i < item->child_count; i++) {
        struct pcc_tnode *old = pcc_tree_find_child(node,
                                                    item->children[i].name);

        if (old) {
            apply_to_base(dt, old, &item->children[i]);
        } else {
            fresh[rest.child_count++] = item->children[i];
        }
    }
    if (!is_empty(&rest)) {
        dt_apply(dt, dt_mirror(dt, node), &rest);
    }
}

/* Where an item with a target applies, made along its path if needed. */
static struct pcc_tnode *target_of(struct dt *dt,
                                   const struct pcc_dt_node *item)
{
    struct pcc_tnode *node;

    if (*item->target == '/') {
        node = pcc_tree_path(dt->base, item->target);
        if (!node) {
            dt_report(dt, item->origin.span, PDL_D_BAD_DT,
                      pdl_arena_printf(dt->e->arena, "there is no node %s",
                                       item->target));
        }
        return dt_mirror(dt, node);
    }
    node = pcc_tree_label(dt->tree, item->target + 1);
    if (!node) {
        node = dt_mirror(dt, pcc_tree_label(dt->base, item->target + 1));
    }
    if (!node) {
        dt_unknown_label(dt, item->origin.span, item->target + 1);
    }
    return node;
}

static void apply_items(struct dt *dt, struct pcc_tnode *here,
                        const struct pcc_dt_node *items, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        dt_apply(dt, items[i].target ? target_of(dt, &items[i]) : here,
                 &items[i]);
    }
}

/* ---- placing instances ---- */

static unsigned regs_inside(const struct pcc_device *d, uint64_t address,
                            const struct dt_claim *c)
{
    unsigned n = 0;
    size_t i;

    for (i = 0; i < d->reg_count; i++) {
        uint64_t at = address + d->regs[i].offset;

        n += at >= c->base && at - c->base < c->size;
    }
    return n;
}

/* The node that an imported instance was made of, in this tree or not. */
static const struct pcc_tnode *imported_node(struct dt *dt,
                                             const struct pcc_instance *in)
{
    const char *path = in->origin.owner == PCC_IMPORTED && in->origin.by ?
                       strstr(in->origin.by, ":/") : NULL;

    return path ? pcc_tree_path(dt->base, path + 1) : NULL;
}

/*
 * The claim a device overrides: of the node it was imported from; else one
 * that starts where it starts; else one that holds it; else, of those inside
 * its window, the one with most of its registers (an inferred device is a
 * page, and a page may hold several).
 */
static const struct dt_claim *find_claim(struct dt *dt,
                                         const struct pcc_instance *in)
{
    const struct pcc_device *d = &dt->e->model->devices[in->device];
    const struct dt_claim *best = NULL;
    const struct pcc_tnode *from = imported_node(dt, in);
    unsigned most = 0;
    size_t i;

    for (i = 0; i < dt->claim_count; i++) {
        const struct dt_claim *c = &dt->claims[i];

        if (c->base == in->address && (!from || c->node == from)) {
            return c;
        }
    }
    for (i = 0; i < dt->claim_count; i++) {
        const struct dt_claim *c = &dt->claims[i];
        unsigned n;

        if (in->address >= c->base && in->address - c->base < c->size &&
            d->regions[0].size <= c->size - (in->address - c->base)) {
            return c;
        }
        if (c->base < in->address ||
            c->base - in->address >= d->regions[0].size) {
            continue;
        }
        n = regs_inside(d, in->address, c) + 1;
        if (n > most) {
            most = n;
            best = c;
        }
    }
    return best;
}

/* One entry for each region. */
static void set_reg(struct dt *dt, struct pcc_tnode *node,
                    const struct pcc_tnode *bus,
                    const struct pcc_instance *in)
{
    const struct pcc_device *d = &dt->e->model->devices[in->device];
    uint32_t cells[8 * PCC_MAX_REGIONS];
    unsigned ac = dt_address_cells(bus), sc = dt_size_cells(bus);
    size_t n = 0, i;

    if (ac > 4 || sc > 4) {
        return;
    }
    for (i = 0; i < in->address_count; i++) {
        uint64_t base = in->addresses[i];

        dt_to_bus(bus, &base);
        n += dt_put_cells(cells + n, ac, base);
        n += dt_put_cells(cells + n, sc, d->regions[i].size);
    }
    pcc_tree_set_cells(dt->tree, node, "reg", cells, n);
}

/*
 * Only the size of an item that is not inferred, a page, is worth more.  A
 * window larger than a device can be was cut when it was imported.
 */
static bool changes_reg(const struct pcc_device *d,
                        const struct pcc_instance *in,
                        const struct dt_claim *c)
{
    uint64_t size = d->origin.owner == PCC_IMPORTED &&
                    c->size > PRT_MAX_MMIO ? PRT_MAX_MMIO : c->size;

    return d->origin.owner != PCC_INFERRED && c->base == in->address &&
           size != d->regions[0].size &&
           dt_size_cells(c->node->parent) <= 4;
}

/* The entry of `reg` at the device's address takes its size. */
static void override_reg(struct dt *dt, struct pcc_tnode *node,
                         const struct dt_claim *c, uint64_t size)
{
    const struct pcc_tprop *old = pcc_tree_get(c->node, "reg");
    unsigned ac = dt_address_cells(c->node->parent);
    unsigned sc = dt_size_cells(c->node->parent);
    uint32_t cells[4];
    uint8_t *value;
    unsigned i;

    value = (uint8_t *)pdl_arena_copy(dt->e->arena, (const char *)old->value,
                                      old->size);
    if (!value) {
        dt->tree->failed = true;
        return;
    }
    dt_put_cells(cells, sc, size);
    for (i = 0; i < sc; i++) {
        fdt32_t be = cpu_to_fdt32(cells[i]);

        memcpy(value + (c->entry * (ac + sc) + ac + i) * 4, &be, 4);
    }
    pcc_tree_set(dt->tree, node, "reg", value, old->size);
}

static bool has_console(const struct pcc_device *d)
{
    size_t i;

    for (i = 0; i < d->fifo_count; i++) {
        if (d->fifos[i].end != PRT_END_NONE && d->fifos[i].peer &&
            strcmp(d->fifos[i].peer, "console") == 0) {
            return true;
        }
    }
    return false;
}

/* The generic name of a device's node. */
static const char *class_name(struct dt *dt, const struct pcc_device *d)
{
    char *name, *p;

    if (d->dt_class) {
        return d->dt_class;
    }
    if (has_console(d)) {
        return "serial";
    }
    if (d->origin.owner == PCC_INFERRED || strncmp(d->name, "dev_", 4) == 0) {
        return "device";
    }
    name = pdl_arena_copy(dt->e->arena, d->name, strcspn(d->name, "."));
    if (!name) {
        dt->tree->failed = true;
        return "device";
    }
    for (p = name; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9');

        if (*p >= 'A' && *p <= 'Z') {
            *p |= 32;
        } else if (!plain) {
            *p = '-';
        }
    }
    return name;
}

static void set_compatible(struct dt *dt, struct pcc_tnode *node,
                           const struct pcc_device *d)
{
    if (d->compatible_count) {
        pcc_tree_set_strings(dt->tree, node, "compatible", d->compatible,
                             d->compatible_count);
    }
}

/* Whether property @p of a `dt` item stands in @node of the base as it is. */
static bool has_prop(const struct pcc_tnode *node,
                     const struct pcc_dt_prop *p)
{
    const struct pcc_tprop *old = pcc_tree_get(node, p->name);

    if (p->drop) {
        return !old && !pcc_tree_find_child(node, p->name);
    }
    return old && !p->ref_count && old->size == p->size &&
           (!p->size || memcmp(old->value, p->value, p->size) == 0);
}

static bool has_items(const struct pcc_tnode *node,
                      const struct pcc_dt_node *items, size_t count)
{
    size_t i, k;

    for (i = 0; i < count; i++) {
        if (items[i].target || items[i].child_count) {
            return false;
        }
        for (k = 0; k < items[i].prop_count; k++) {
            if (!has_prop(node, &items[i].props[k])) {
                return false;
            }
        }
    }
    return true;
}

static bool has_compatible(const struct pcc_tnode *node,
                           const struct pcc_device *d)
{
    const struct pcc_tprop *p = pcc_tree_get(node, "compatible");
    uint32_t at = 0;
    size_t i;

    for (i = 0; i < d->compatible_count; i++) {
        size_t len = strlen(d->compatible[i]) + 1;

        if (!p || p->size - at < len ||
            memcmp(p->value + at, d->compatible[i], len) != 0) {
            return false;
        }
        at += len;
    }
    return !d->compatible_count || at == p->size;
}

/* An imported instance that nobody has changed says what the base says. */
static bool is_unchanged(struct dt *dt, uint32_t index,
                         const struct dt_claim *c)
{
    const struct pcc_instance *in = &dt->b->instances[index];
    const struct pcc_device *d = &dt->e->model->devices[in->device];
    const struct dt_source from = { index, PCC_NONE };

    return in->origin.owner == PCC_IMPORTED && has_compatible(c->node, d) &&
           !changes_reg(d, in, c) && dt_same_interrupts(dt, c->node, &from) &&
           has_items(c->node, d->dts, d->dt_count) &&
           has_items(c->node, in->dts, in->dt_count);
}

static void override_node(struct dt *dt, uint32_t index,
                          const struct dt_claim *c)
{
    const struct pcc_instance *in = &dt->b->instances[index];
    const struct pcc_device *d = &dt->e->model->devices[in->device];
    const struct dt_source from = { index, PCC_NONE };
    bool reg = changes_reg(d, in, c);
    struct pcc_tnode *node;

    if (is_unchanged(dt, index, c)) {
        return;
    }

    /* an overlay's `reg` needs the cells of the bus beside it */
    node = reg && dt->tree != dt->base ?
           new_child(dt, c->node->parent, c->node->name) :
           dt_mirror(dt, c->node);
    if (!node) {
        dt->tree->failed = true;
        return;
    }
    set_compatible(dt, node, d);
    if (reg) {
        override_reg(dt, node, c, d->regions[0].size);
    }
    if (in->origin.owner != PCC_IMPORTED) {
        pcc_tree_set_string(dt->tree, node, "status", "okay");
    }
    if (!dt_same_interrupts(dt, c->node, &from)) {
        dt_interrupts(dt, node, c->node, &from);
    }
    apply_items(dt, node, d->dts, d->dt_count);
    apply_items(dt, node, in->dts, in->dt_count);
}

static void add_node(struct dt *dt, uint32_t index)
{
    const struct pcc_instance *in = &dt->b->instances[index];
    const struct pcc_device *d = &dt->e->model->devices[in->device];
    const struct dt_source from = { index, PCC_NONE };
    struct pcc_tnode *bus = dt_bus_for(dt->base, in->address);
    uint64_t address = in->address;
    struct pcc_tnode *node;
    const char *name;

    dt_to_bus(bus, &address);
    name = pdl_arena_printf(dt->e->arena, "%s@%llx", class_name(dt, d),
                            (unsigned long long)address);
    node = name ? new_child(dt, bus, name) : NULL;
    if (!node) {
        dt->tree->failed = true;
        return;
    }
    if (!pcc_tree_label(dt->base, dt_label(dt, in->name))) {
        node->label = dt_label(dt, in->name);
    }
    node->span = in->origin.span;
    set_compatible(dt, node, d);
    set_reg(dt, node, bus, in);
    pcc_tree_set_string(dt->tree, node, "status", "okay");
    dt_interrupts(dt, node, bus, &from);
    apply_items(dt, node, d->dts, d->dt_count);
    apply_items(dt, node, in->dts, in->dt_count);
}

/* ---- the board's own items ---- */

/* Natives of a base tree are there; only what `dt` says of them is new. */
static void place_natives(struct dt *dt)
{
    size_t i, k;

    for (i = 0; i < dt->b->native_count; i++) {
        const struct pcc_native *n = &dt->b->natives[i];
        const struct dt_source from = { PCC_NONE, i };
        struct pcc_tnode *node = NULL;

        for (k = 0; k < dt->claim_count; k++) {
            if (n->address_count && dt->claims[k].base == n->addresses[0]) {
                node = dt->claims[k].node;
                break;
            }
        }
        if (node && !dt->merging && dt->tree == dt->base) {
            dt_interrupts(dt, node, node->parent, &from);
        }
        if (node && n->dt_count) {
            apply_items(dt, dt_mirror(dt, node), n->dts, n->dt_count);
        }
    }
}

/* Of what another answers for, nodes of the base: theirs is what it says. */
static bool is_known_node(struct dt *dt, size_t i)
{
    const struct pcc_instance *in = &dt->b->instances[i];

    return dt->merging && in->alternate != PCC_NONE &&
           (!dt->e->instance || dt->e->instance[i]) && imported_node(dt, in);
}

void dt_place_all(struct dt *dt)
{
    size_t i;

    dt->claims = dt_claims(dt->base, &dt->claim_count);
    place_natives(dt);
    for (i = 0; i < dt->b->instance_count; i++) {
        const struct dt_claim *c;

        if (!pcc_wants_instance(dt->e, i) && !is_known_node(dt, i)) {
            continue;
        }
        c = find_claim(dt, &dt->b->instances[i]);
        if (c) {
            override_node(dt, i, c);
        } else {
            add_node(dt, i);
        }
    }
    for (i = 0; i < dt->b->dt_count; i++) {
        const struct pcc_dt_node *item = &dt->b->dts[i];

        if (item->target) {
            dt_apply(dt, target_of(dt, item), item);
        } else {
            apply_to_base(dt, dt->base->root, item);
        }
    }
}
