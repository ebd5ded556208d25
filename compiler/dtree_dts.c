/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device tree -> source text that dtc reads. */
#include "compiler/dtree.h"

#include <string.h>

#include <libfdt.h>

static void indent(struct pdl_strbuf *out, unsigned depth)
{
    pdl_strbuf_fill(out, '\t', depth);
}

static bool printable(uint8_t c)
{
    return c >= 0x20 && c < 0x7f;
}

/* One or more non-empty printable strings, each with its NUL. */
static bool is_strings(const struct pcc_tprop *p)
{
    uint32_t i;

    if (!p->size || p->value[p->size - 1] || !p->value[0]) {
        return false;
    }
    for (i = 0; i + 1 < p->size; i++) {
        if (!printable(p->value[i]) &&
            (p->value[i] || !p->value[i + 1])) {
            return false;
        }
    }
    return true;
}

static void put_strings(struct pdl_strbuf *out, const struct pcc_tprop *p)
{
    uint32_t i;

    pdl_strbuf_putc(out, '"');
    for (i = 0; i + 1 < p->size; i++) {
        char c = p->value[i];

        if (!c) {
            pdl_strbuf_puts(out, "\", \"");
            continue;
        }
        if (c == '"' || c == '\\') {
            pdl_strbuf_putc(out, '\\');
        }
        pdl_strbuf_putc(out, c);
    }
    pdl_strbuf_putc(out, '"');
}

static const struct pcc_tref *ref_at(const struct pcc_tprop *p,
                                     uint32_t offset)
{
    const struct pcc_tref *ref;

    for (ref = p->refs; ref; ref = ref->next) {
        if (ref->offset == offset) {
            return ref;
        }
    }
    return NULL;
}

static void put_ref(struct pdl_strbuf *out, const char *label)
{
    if (*label == '/') {
        pdl_strbuf_printf(out, "&{%s}", label);
    } else {
        pdl_strbuf_printf(out, "&%s", label);
    }
}

static void put_cells(struct pdl_strbuf *out, const struct pcc_tprop *p)
{
    uint32_t i;

    pdl_strbuf_putc(out, '<');
    for (i = 0; i < p->size; i += sizeof(fdt32_t)) {
        const struct pcc_tref *ref = ref_at(p, i);
        fdt32_t cell;

        memcpy(&cell, p->value + i, sizeof(cell));
        if (i) {
            pdl_strbuf_putc(out, ' ');
        }
        if (ref) {
            put_ref(out, ref->label);
        } else {
            pdl_strbuf_printf(out, "0x%x", (unsigned)fdt32_to_cpu(cell));
        }
    }
    pdl_strbuf_putc(out, '>');
}

static void put_bytes(struct pdl_strbuf *out, const struct pcc_tprop *p)
{
    uint32_t i;

    pdl_strbuf_putc(out, '[');
    for (i = 0; i < p->size; i++) {
        pdl_strbuf_printf(out, i ? " %02x" : "%02x", p->value[i]);
    }
    pdl_strbuf_putc(out, ']');
}

static void put_prop(struct pdl_strbuf *out, const struct pcc_tprop *p,
                     unsigned depth)
{
    indent(out, depth);
    pdl_strbuf_puts(out, p->name);
    if (p->size) {
        pdl_strbuf_puts(out, " = ");
        if (!p->refs && is_strings(p)) {
            put_strings(out, p);
        } else if (p->size % sizeof(fdt32_t) == 0) {
            put_cells(out, p);
        } else {
            put_bytes(out, p);
        }
    }
    pdl_strbuf_puts(out, ";\n");
}

/* `skip_phandle`: dtc makes it again where a label is referred to. */
static void put_body(struct pdl_strbuf *out, const struct pcc_tnode *node,
                     unsigned depth, bool overlay)
{
    const struct pcc_tnode *child;
    const struct pcc_tprop *p;
    bool first = !node->props;

    pdl_strbuf_puts(out, " {\n");
    for (p = node->props; p; p = p->next) {
        if (!overlay || strcmp(p->name, "phandle") != 0) {
            put_prop(out, p, depth + 1);
        }
    }
    for (child = node->children; child; child = child->next) {
        if (!first) {
            pdl_strbuf_putc(out, '\n');
        }
        first = false;
        indent(out, depth + 1);
        if (child->label) {
            pdl_strbuf_printf(out, "%s: ", child->label);
        }
        pdl_strbuf_puts(out, child->name);
        put_body(out, child, depth + 1, overlay);
    }
    indent(out, depth);
    pdl_strbuf_puts(out, "};\n");
}

static void put_fragment(struct pdl_strbuf *out, const struct pcc_tnode *node)
{
    const struct pcc_tnode *body = pcc_tree_find_child(node, "__overlay__");
    const struct pcc_tprop *path = pcc_tree_get(node, "target-path");
    const struct pcc_tprop *target = pcc_tree_get(node, "target");

    if (!body) {
        return;
    }
    pdl_strbuf_putc(out, '\n');
    if (path) {
        put_ref(out, (const char *)path->value);
    } else if (target && target->refs) {
        put_ref(out, target->refs->label);
    }
    put_body(out, body, 0, true);
}

void pcc_tree_write_dts(struct pcc_tree *t, struct pdl_strbuf *out)
{
    const struct pcc_tnode *node;
    size_t i;

    pdl_strbuf_puts(out, "/dts-v1/;\n");
    if (t->overlay) {
        pdl_strbuf_puts(out, "/plugin/;\n");
        for (node = t->root->children; node; node = node->next) {
            put_fragment(out, node);
        }
        return;
    }
    for (i = 0; i < t->reserve_count; i++) {
        pdl_strbuf_printf(out, "/memreserve/ 0x%llx 0x%llx;\n",
                          (unsigned long long)t->reserve[2 * i],
                          (unsigned long long)t->reserve[2 * i + 1]);
    }
    pdl_strbuf_puts(out, "\n/");
    put_body(out, t->root, 0, false);
}
