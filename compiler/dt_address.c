/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/dt_address.h"

#include <string.h>

#include <libfdt.h>

#define MAX_CELLS 4
#define MAX_BUS_CELLS 2     /* of a number; more is PCI, not addresses */

unsigned dt_address_cells(const struct pcc_tnode *bus)
{
    return pcc_tree_cell(bus, "#address-cells", 0, 2);
}

unsigned dt_size_cells(const struct pcc_tnode *bus)
{
    return pcc_tree_cell(bus, "#size-cells", 0, 1);
}

bool dt_read_cells(const struct pcc_tprop *p, size_t at, unsigned count,
                   uint64_t *value)
{
    unsigned i;

    *value = 0;
    if (!p || count > MAX_CELLS || p->size / 4 < at + count) {
        return false;
    }
    for (i = 0; i < count; i++) {
        fdt32_t cell;

        memcpy(&cell, p->value + (at + i) * 4, 4);
        *value = *value << 32 | fdt32_to_cpu(cell);
    }
    return true;
}

/* One row of a bus's `ranges`. */
struct range {
    uint64_t child;
    uint64_t parent;
    uint64_t size;
};

static bool read_range(const struct pcc_tnode *bus,
                       const struct pcc_tprop *ranges, size_t i,
                       struct range *out)
{
    unsigned child = dt_address_cells(bus);
    unsigned parent = dt_address_cells(bus->parent);
    unsigned size = dt_size_cells(bus);
    size_t at = i * (child + parent + size);

    return child <= MAX_BUS_CELLS && parent <= MAX_BUS_CELLS &&
           dt_read_cells(ranges, at, child, &out->child) &&
           dt_read_cells(ranges, at + child, parent, &out->parent) &&
           dt_read_cells(ranges, at + child + parent, size, &out->size) &&
           child && size;
}

/* Through one bus, towards the root (@up) or away from it. */
static bool through(const struct pcc_tnode *bus, uint64_t *addr, bool up)
{
    const struct pcc_tprop *ranges = pcc_tree_get(bus, "ranges");
    struct range r;
    size_t i;

    if (!ranges) {
        return false;
    }
    if (!ranges->size) {
        return dt_address_cells(bus) <= MAX_BUS_CELLS;
    }
    for (i = 0; read_range(bus, ranges, i, &r); i++) {
        uint64_t from = up ? r.child : r.parent;

        if (*addr >= from && *addr - from < r.size) {
            *addr = *addr - from + (up ? r.parent : r.child);
            return true;
        }
    }
    return false;
}

static bool to_root(const struct pcc_tnode *bus, uint64_t *addr)
{
    for (; bus->parent; bus = bus->parent) {
        if (!through(bus, addr, true)) {
            return false;
        }
    }
    return true;
}

bool dt_to_bus(const struct pcc_tnode *bus, uint64_t *addr)
{
    if (!bus->parent) {
        return true;
    }
    return dt_to_bus(bus->parent, addr) && through(bus, addr, false);
}

bool dt_reg(const struct pcc_tnode *node, size_t i, uint64_t *base,
            uint64_t *size)
{
    const struct pcc_tprop *reg = pcc_tree_get(node, "reg");
    unsigned ac, sc;

    if (!reg || !node->parent) {
        return false;
    }
    ac = dt_address_cells(node->parent);
    sc = dt_size_cells(node->parent);
    if (!ac || !sc || ac > MAX_BUS_CELLS || sc > MAX_BUS_CELLS) {
        return false;
    }
    return dt_read_cells(reg, i * (ac + sc), ac, base) &&
           dt_read_cells(reg, i * (ac + sc) + ac, sc, size) &&
           to_root(node->parent, base);
}

static bool is_bus(const struct pcc_tnode *node)
{
    const struct pcc_tprop *p = pcc_tree_get(node, "compatible");
    uint32_t at = 0;

    if (!pcc_tree_get(node, "ranges")) {
        return false;
    }
    while (p && at < p->size) {
        const char *text = (const char *)p->value + at;
        size_t len = strnlen(text, p->size - at);

        if (len == strlen("simple-bus") &&
            memcmp(text, "simple-bus", len) == 0) {
            return true;
        }
        at += len + 1;
    }
    return strcmp(node->name, "soc") == 0 ||
           strncmp(node->name, "soc@", 4) == 0;
}

struct pcc_tnode *dt_bus_for(const struct pcc_tree *t, uint64_t addr)
{
    struct pcc_tnode *node;
    struct pcc_tnode *best = NULL;

    for (node = t->root->children; node; node = node->next) {
        uint64_t at = addr;

        if (is_bus(node) && dt_to_bus(node, &at) &&
            (!best || strncmp(node->name, "soc", 3) == 0)) {
            best = node;
        }
    }
    return best ? best : t->root;
}

static bool is_mmio(const struct pcc_tnode *node)
{
    const struct pcc_tprop *type = pcc_tree_get(node, "device_type");

    if (type && type->size && (strcmp((const char *)type->value,
                                      "memory") == 0 ||
                               strcmp((const char *)type->value,
                                      "cpu") == 0)) {
        return false;
    }
    return !node->parent ||
           strcmp(node->parent->name, "reserved-memory") != 0;
}

size_t dt_reg_count(const struct pcc_tnode *node)
{
    const struct pcc_tprop *reg = pcc_tree_get(node, "reg");
    unsigned cells = reg && node->parent ? dt_address_cells(node->parent) +
                     dt_size_cells(node->parent) : 0;

    return cells && cells <= 2 * MAX_BUS_CELLS ? reg->size / 4 / cells : 0;
}

static size_t count_entries(const struct pcc_tree *t)
{
    const struct pcc_tnode *node;
    size_t n = 0;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        n += dt_reg_count(node);
    }
    return n;
}

struct dt_claim *dt_claims(struct pcc_tree *t, size_t *count)
{
    struct dt_claim *v = pdl_arena_alloc(t->arena, (count_entries(t) + 1) *
                                         sizeof(*v));
    struct pcc_tnode *node;
    size_t n = 0;

    *count = 0;
    if (!v) {
        t->failed = true;
        return NULL;
    }
    for (node = t->root; node; node = pcc_tree_next(node)) {
        size_t entries = dt_reg_count(node), i;

        if (entries && !is_mmio(node)) {
            continue;
        }
        for (i = 0; i < entries; i++) {
            uint64_t base, size;

            if (dt_reg(node, i, &base, &size)) {
                v[n++] = (struct dt_claim){ base, size, node, i };
            }
        }
    }
    *count = n;
    return v;
}

size_t dt_put_cells(uint32_t *cells, unsigned count, uint64_t value)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        unsigned shift = 32 * (count - 1 - i);

        cells[i] = shift < 64 ? value >> shift : 0;
    }
    return count;
}
