/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device tree -> blob; for an overlay with the tables its loader needs. */
#include "compiler/dtree.h"

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#define FIRST_SIZE (16u << 10)
#define LAST_SIZE (32u << 20)

void pcc_tree_add_symbols(struct pcc_tree *t)
{
    struct pcc_tnode *symbols = NULL;
    struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        const char *path;

        if (!node->label) {
            continue;
        }
        if (!symbols) {
            symbols = pcc_tree_child(t, t->root, "__symbols__");
        }
        if (symbols && pcc_tree_get(symbols, node->label)) {
            continue;
        }
        path = pcc_tree_path_of(t, node);
        if (!symbols || !path) {
            t->failed = true;
            return;
        }
        pcc_tree_need_phandle(t, node);
        pcc_tree_set_string(t, symbols, node->label, path);
    }
}

/* Appends "path:property:offset" to __fixups__/label. */
static void add_fixup(struct pcc_tree *t, const struct pcc_tnode *node,
                      const struct pcc_tprop *p, const struct pcc_tref *ref)
{
    struct pcc_tnode *fixups = pcc_tree_child(t, t->root, "__fixups__");
    const char *path = pcc_tree_path_of(t, node);
    const struct pcc_tprop *old;
    struct pdl_strbuf buf = PDL_STRBUF_INIT;

    if (!fixups || !path) {
        t->failed = true;
        return;
    }
    old = pcc_tree_get(fixups, ref->label);
    if (old) {
        pdl_strbuf_add(&buf, (const char *)old->value, old->size);
    }
    pdl_strbuf_printf(&buf, "%s:%s:%u", path, p->name, ref->offset);
    pdl_strbuf_putc(&buf, '\0');
    t->failed |= buf.failed;
    pcc_tree_set(t, fixups, ref->label, pdl_strbuf_str(&buf), buf.len);
    pdl_strbuf_dispose(&buf);
}

/* The node of __local_fixups__ that mirrors @node. */
static struct pcc_tnode *mirror(struct pcc_tree *t,
                                const struct pcc_tnode *node)
{
    struct pcc_tnode *parent;

    if (!node->parent) {
        return pcc_tree_child(t, t->root, "__local_fixups__");
    }
    parent = mirror(t, node->parent);
    return parent ? pcc_tree_child(t, parent, node->name) : NULL;
}

static void add_local_fixup(struct pcc_tree *t, const struct pcc_tnode *node,
                            const struct pcc_tprop *p,
                            const struct pcc_tref *ref)
{
    struct pcc_tnode *place = mirror(t, node);
    const struct pcc_tprop *old = place ? pcc_tree_get(place, p->name) : NULL;
    fdt32_t cell = cpu_to_fdt32(ref->offset);
    struct pdl_strbuf buf = PDL_STRBUF_INIT;

    if (old) {
        pdl_strbuf_add(&buf, (const char *)old->value, old->size);
    }
    pdl_strbuf_add(&buf, (const char *)&cell, sizeof(cell));
    t->failed |= buf.failed || !place;
    pcc_tree_set(t, place, p->name, pdl_strbuf_str(&buf), buf.len);
    pdl_strbuf_dispose(&buf);
}

static bool is_local(const struct pcc_tree *t, const char *label)
{
    return *label == '/' ? pcc_tree_path(t, label) != NULL :
           pcc_tree_label(t, label) != NULL;
}

/* The tables are themselves nodes: collect before any of them is there. */
static void add_overlay_tables(struct pcc_tree *t)
{
    struct pcc_tnode *last = t->root->children;
    struct pcc_tnode *node;

    while (last && last->next) {
        last = last->next;
    }
    pcc_tree_add_symbols(t);
    for (node = t->root; node; node = pcc_tree_next(node)) {
        const struct pcc_tprop *p;

        if (node->parent == t->root && strncmp(node->name, "__", 2) == 0) {
            break;
        }
        for (p = node->props; p; p = p->next) {
            const struct pcc_tref *ref;

            for (ref = p->refs; ref; ref = ref->next) {
                if (is_local(t, ref->label)) {
                    add_local_fixup(t, node, p, ref);
                } else {
                    add_fixup(t, node, p, ref);
                }
            }
        }
    }
}

static int write_node(void *fdt, const struct pcc_tnode *node)
{
    const struct pcc_tnode *child;
    const struct pcc_tprop *p;
    int err = fdt_begin_node(fdt, node->name);

    for (p = node->props; p && !err; p = p->next) {
        err = fdt_property(fdt, p->name, p->value, p->size);
    }
    for (child = node->children; child && !err; child = child->next) {
        err = write_node(fdt, child);
    }
    return err ? err : fdt_end_node(fdt);
}

static int write_sized(struct pcc_tree *t, void *fdt, int size)
{
    int err = fdt_create(fdt, size);
    size_t i;

    for (i = 0; i < t->reserve_count && !err; i++) {
        err = fdt_add_reservemap_entry(fdt, t->reserve[2 * i],
                                       t->reserve[2 * i + 1]);
    }
    if (!err) {
        err = fdt_finish_reservemap(fdt);
    }
    if (!err) {
        err = write_node(fdt, t->root);
    }
    if (!err) {
        err = fdt_finish(fdt);
    }
    return err;
}

int pcc_tree_write_blob(struct pcc_tree *t, struct pdl_strbuf *out)
{
    int err = -FDT_ERR_NOSPACE;
    unsigned size;

    if (t->overlay) {
        add_overlay_tables(t);
    }
    for (size = FIRST_SIZE; err == -FDT_ERR_NOSPACE && size <= LAST_SIZE;
         size *= 2) {
        void *fdt = calloc(1, size);

        if (!fdt) {
            t->failed = true;
            return 0;
        }
        err = write_sized(t, fdt, size);
        if (!err) {
            fdt_set_boot_cpuid_phys(fdt, t->boot_cpu);
            pdl_strbuf_add(out, fdt, fdt_totalsize(fdt));
        }
        free(fdt);
    }
    return err;
}
