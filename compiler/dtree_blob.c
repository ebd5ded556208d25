/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device tree -> blob; for an overlay with the tables its loader needs. */
#include "compiler/dtree.h"

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#define MAX_BLOB (32u << 20)    /* half of what a buffer holds */

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

/* ---- the bytes ---- */

/*
 * Tails of all strings by what they are: a name that ends another one needs no
 * bytes of its own.  (fdt_property() looks through all strings each time.)
 */
struct strings {
    struct pdl_strbuf bytes;
    uint32_t *slots;            /* offset + 1 of a tail; 0: free */
    size_t size;                /* a power of two */
    size_t count;
    bool failed;
};

static size_t string_slot(const struct strings *s, uint32_t hash,
                          const char *name)
{
    size_t i = hash & (s->size - 1);

    while (s->slots[i] &&
           strcmp(s->bytes.data + s->slots[i] - 1, name) != 0) {
        i = (i + 1) & (s->size - 1);
    }
    return i;
}

/* From the end, so that the hashes of all tails come in one pass. */
static uint32_t hash_more(uint32_t hash, char c)
{
    return (hash ^ (uint8_t)c) * 16777619u;
}

#define HASH_START 2166136261u

static uint32_t hash_name(const char *name, size_t len)
{
    uint32_t hash = HASH_START;

    while (len) {
        hash = hash_more(hash, name[--len]);
    }
    return hash;
}

/* Room for @more tails. */
static bool grow_strings(struct strings *s, size_t more)
{
    size_t size = s->size ? s->size : 1024;
    const struct strings old = *s;
    size_t i;

    while ((s->count + more) * 2 > size) {
        size *= 2;
    }
    if (size == s->size) {
        return true;
    }
    s->slots = calloc(size, sizeof(*s->slots));
    if (!s->slots) {
        s->slots = old.slots;
        return false;
    }
    s->size = size;
    for (i = 0; i < old.size; i++) {
        if (old.slots[i]) {
            const char *tail = s->bytes.data + old.slots[i] - 1;

            s->slots[string_slot(s, hash_name(tail, strlen(tail)), tail)] =
                old.slots[i];
        }
    }
    free(old.slots);
    return true;
}

static uint32_t add_string(struct strings *s, const char *name)
{
    size_t len = strlen(name), begin, k, i;
    uint32_t hash = HASH_START;

    if (!grow_strings(s, len + 1)) {
        s->failed = true;
        return 0;
    }
    i = string_slot(s, hash_name(name, len), name);
    if (s->slots[i]) {
        return s->slots[i] - 1;
    }
    begin = s->bytes.len;
    pdl_strbuf_add(&s->bytes, name, len + 1);
    if (s->bytes.failed) {
        s->failed = true;
        return 0;
    }
    for (k = len + 1; k-- > 0; hash = k ? hash_more(hash, name[k - 1]) : 0) {
        i = string_slot(s, hash, name + k);
        s->count += !s->slots[i];
        s->slots[i] = s->slots[i] ? s->slots[i] : begin + k + 1;
    }
    return begin;
}

static void put_cell(struct pdl_strbuf *out, uint32_t value)
{
    fdt32_t cell = cpu_to_fdt32(value);

    pdl_strbuf_add(out, (const char *)&cell, sizeof(cell));
}

static void put_padded(struct pdl_strbuf *out, const void *bytes, size_t size)
{
    pdl_strbuf_add(out, bytes, size);
    pdl_strbuf_fill(out, '\0', -size & 3);
}

static void put_node(struct strings *s, const struct pcc_tnode *node,
                     struct pdl_strbuf *out)
{
    const struct pcc_tnode *child;
    const struct pcc_tprop *p;

    put_cell(out, FDT_BEGIN_NODE);
    put_padded(out, node->name, strlen(node->name) + 1);
    for (p = node->props; p; p = p->next) {
        put_cell(out, FDT_PROP);
        put_cell(out, p->size);
        put_cell(out, add_string(s, p->name));
        put_padded(out, p->value, p->size);
    }
    for (child = node->children; child; child = child->next) {
        put_node(s, child, out);
    }
    put_cell(out, FDT_END_NODE);
}

static void put_reserved(const struct pcc_tree *t, struct pdl_strbuf *out)
{
    size_t i;

    for (i = 0; i < 2 * t->reserve_count; i++) {
        put_cell(out, t->reserve[i] >> 32);
        put_cell(out, (uint32_t)t->reserve[i]);
    }
    pdl_strbuf_fill(out, '\0', 2 * sizeof(uint64_t));
}

/* The header of what follows it, reserved memory first. */
static void put_blob(const struct pcc_tree *t, const struct pdl_strbuf *body,
                     const struct strings *s, struct pdl_strbuf *out)
{
    uint32_t at = sizeof(struct fdt_header);
    uint32_t nodes = at + 2 * sizeof(uint64_t) * (t->reserve_count + 1);
    uint32_t names = nodes + body->len;
    struct fdt_header h = {
        .magic = cpu_to_fdt32(FDT_MAGIC),
        .totalsize = cpu_to_fdt32(names + s->bytes.len),
        .off_dt_struct = cpu_to_fdt32(nodes),
        .off_dt_strings = cpu_to_fdt32(names),
        .off_mem_rsvmap = cpu_to_fdt32(at),
        .version = cpu_to_fdt32(17),
        .last_comp_version = cpu_to_fdt32(16),
        .boot_cpuid_phys = cpu_to_fdt32(t->boot_cpu),
        .size_dt_strings = cpu_to_fdt32(s->bytes.len),
        .size_dt_struct = cpu_to_fdt32(body->len),
    };

    pdl_strbuf_add(out, (const char *)&h, sizeof(h));
    put_reserved(t, out);
    pdl_strbuf_add(out, pdl_strbuf_str(body), body->len);
    pdl_strbuf_add(out, pdl_strbuf_str(&s->bytes), s->bytes.len);
}

int pcc_tree_write_blob(struct pcc_tree *t, struct pdl_strbuf *out)
{
    struct strings s = { .bytes = PDL_STRBUF_INIT };
    struct pdl_strbuf body = PDL_STRBUF_INIT;
    struct pdl_strbuf blob = PDL_STRBUF_INIT;
    int err = 0;

    if (t->overlay) {
        add_overlay_tables(t);
    }
    put_node(&s, t->root, &body);
    put_cell(&body, FDT_END);
    if (!body.failed && !s.failed) {
        put_blob(t, &body, &s, &blob);
    }
    if (body.failed || s.failed || blob.failed) {
        t->failed |= body.len < MAX_BLOB;
        err = body.len < MAX_BLOB ? 0 : -FDT_ERR_NOSPACE;
    } else if (blob.len > MAX_BLOB) {
        err = -FDT_ERR_NOSPACE;
    } else {
        err = fdt_check_full(blob.data, blob.len);
        pdl_strbuf_add(out, blob.data, err ? 0 : blob.len);
    }
    pdl_strbuf_dispose(&s.bytes);
    pdl_strbuf_dispose(&body);
    pdl_strbuf_dispose(&blob);
    free(s.slots);
    return err;
}
