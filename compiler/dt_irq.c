/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/dt_irq.h"

#include <string.h>

#include "compiler/dt_address.h"

#define MAX_CELLS 4         /* of an address in an interrupt map */
#define MAX_HOPS 8          /* nexus nodes in a row */

bool dt_compatible(const struct pcc_tnode *node, const char *name)
{
    const struct pcc_tprop *p = pcc_tree_get(node, "compatible");
    size_t want = strlen(name);
    uint32_t at = 0;

    while (p && at < p->size) {
        const char *text = (const char *)p->value + at;
        size_t len = strnlen(text, p->size - at);

        if (len == want && memcmp(text, name, len) == 0) {
            return true;
        }
        at += len + 1;
    }
    return false;
}

static bool one_of(const struct pcc_tnode *node, const char *const *names)
{
    for (; *names; names++) {
        if (dt_compatible(node, *names)) {
            return true;
        }
    }
    return false;
}

/* The kernel's names for them: drivers/irqchip/irq-gic.c, irq-gic-v3.c. */
unsigned dt_gic_version(const struct pcc_tnode *node)
{
    static const char *const v2[] = {
        "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic",
        "arm,cortex-a9-gic", "arm,cortex-a5-gic", "arm,pl390",
        "arm,arm11mp-gic", "arm,eb11mp-gic", "arm,arm1176jzf-devchip-gic",
        "brcm,brahma-b15-gic", "qcom,msm-8660-qgic", "qcom,msm-qgic2", NULL
    };
    static const char *const v3[] = {
        "arm,gic-v3", "qcom,msm8996-gic-v3", NULL
    };

    return one_of(node, v2) ? 2 : one_of(node, v3) ? 3 : 0;
}

/*
 * Controllers in front of a GIC that only wake the system up: they number
 * their interrupts as the GIC does.
 */
static bool is_shadow(const struct pcc_tnode *node)
{
    static const char *const names[] = {
        "mediatek,mt6577-sysirq", "fsl,imx6q-gpc", "fsl,imx7d-gpc",
        "fsl,imx8mq-gpc", "nvidia,tegra20-ictlr", "nvidia,tegra30-ictlr",
        "nvidia,tegra210-ictlr", "ti,omap4-wugen-mpu", NULL
    };

    return one_of(node, names);
}

static const struct pcc_tnode *by_reference(const struct pcc_tree *t,
                                            const struct pcc_tprop *p)
{
    uint64_t phandle;

    if (p->refs) {
        return *p->refs->label == '/' ? pcc_tree_path(t, p->refs->label) :
               pcc_tree_label(t, p->refs->label);
    }
    return dt_read_cells(p, 0, 1, &phandle) ? pcc_tree_phandle(t, phandle) :
           NULL;
}

const struct pcc_tnode *dt_interrupt_parent(const struct pcc_tree *t,
                                            const struct pcc_tnode *node)
{
    unsigned hops = 0;

    do {
        const struct pcc_tprop *p = pcc_tree_get(node, "interrupt-parent");

        node = p ? by_reference(t, p) : node->parent;
    } while (node && hops++ < 64 && !pcc_tree_get(node, "#interrupt-cells"));
    return node && pcc_tree_get(node, "#interrupt-cells") ? node : NULL;
}

/* ---- nexus nodes ---- */

/* Address cells that @nexus compares: its own, or those around it. */
static unsigned map_address_cells(const struct pcc_tnode *nexus)
{
    for (; nexus; nexus = nexus->parent) {
        if (pcc_tree_get(nexus, "#address-cells")) {
            return pcc_tree_cell(nexus, "#address-cells", 0, 2);
        }
    }
    return 2;
}

/* A specifier while it is translated: address, then interrupt. */
struct spec {
    uint32_t cells[MAX_CELLS + DT_IRQ_CELLS];
    unsigned address, interrupt;
};

static uint32_t cell_at(const struct pcc_tprop *p, size_t i)
{
    uint64_t cell = 0;

    dt_read_cells(p, i, 1, &cell);
    return cell;
}

static bool matches(const struct spec *spec, const struct pcc_tprop *map,
                    size_t at, const struct pcc_tprop *mask)
{
    unsigned i;

    for (i = 0; i < spec->address + spec->interrupt; i++) {
        uint32_t bits = mask ? cell_at(mask, i) : UINT32_MAX;

        if ((spec->cells[i] ^ cell_at(map, at + i)) & bits) {
            return false;
        }
    }
    return true;
}

/* Through the interrupt-map of @nexus; NULL: no row of it fits. */
static const struct pcc_tnode *map_one(const struct pcc_tree *t,
                                       const struct pcc_tnode *nexus,
                                       struct spec *spec)
{
    const struct pcc_tprop *map = pcc_tree_get(nexus, "interrupt-map");
    const struct pcc_tprop *mask = pcc_tree_get(nexus, "interrupt-map-mask");
    size_t at = 0, cells = map->size / 4;
    unsigned in = spec->address + spec->interrupt;

    while (at + in < cells) {
        const struct pcc_tnode *to = pcc_tree_phandle(t,
                                                      cell_at(map, at + in));
        unsigned address, interrupt, i;

        if (!to) {
            return NULL;
        }
        address = pcc_tree_cell(to, "#address-cells", 0, 0);
        interrupt = pcc_tree_cell(to, "#interrupt-cells", 0, 0);
        if (address > MAX_CELLS || !interrupt || interrupt > DT_IRQ_CELLS ||
            cells - at < in + 1 + address + interrupt) {
            return NULL;
        }
        if (matches(spec, map, at, mask)) {
            for (i = 0; i < address + interrupt; i++) {
                spec->cells[i] = cell_at(map, at + in + 1 + i);
            }
            spec->address = address;
            spec->interrupt = interrupt;
            return to;
        }
        at += in + 1 + address + interrupt;
    }
    return NULL;
}

/* The unit address of @node in front of the cells of its interrupt. */
static bool begin_map(const struct pcc_tnode *node,
                      const struct pcc_tnode *nexus, const struct dt_irq *irq,
                      struct spec *spec)
{
    const struct pcc_tprop *reg = pcc_tree_get(node, "reg");
    unsigned i;

    spec->address = map_address_cells(nexus);
    spec->interrupt = irq->count;
    if (spec->address > MAX_CELLS) {
        return false;
    }
    for (i = 0; i < spec->address; i++) {
        spec->cells[i] = reg ? cell_at(reg, i) : 0;
    }
    memcpy(spec->cells + spec->address, irq->cells,
           irq->count * sizeof(irq->cells[0]));
    return true;
}

/* Follows nexus nodes to a controller.  False: the map has no such row. */
static bool follow(const struct pcc_tree *t, const struct pcc_tnode *node,
                   struct dt_irq *irq)
{
    struct spec spec;
    unsigned hops;

    for (hops = 0; pcc_tree_get(irq->parent, "interrupt-map"); hops++) {
        if (hops == MAX_HOPS ||
            (!hops && !begin_map(node, irq->parent, irq, &spec))) {
            return false;
        }
        irq->parent = map_one(t, irq->parent, &spec);
        if (!irq->parent) {
            return false;
        }
    }
    if (hops) {
        irq->count = spec.interrupt;
        memcpy(irq->cells, spec.cells + spec.address,
               spec.interrupt * sizeof(irq->cells[0]));
    }
    return true;
}

/* ---- the properties ---- */

/* The interrupt at cell @at of @p for controller @parent; cells taken, or 0. */
static size_t take(const struct pcc_tprop *p, size_t at,
                   const struct pcc_tnode *parent, struct dt_irq *irq)
{
    uint32_t count = parent ? pcc_tree_cell(parent, "#interrupt-cells", 0,
                                            0) : 0;
    uint32_t i;

    if (!count || count > DT_IRQ_CELLS || p->size / 4 < at + count) {
        return 0;
    }
    irq->parent = parent;
    irq->count = count;
    for (i = 0; i < count; i++) {
        irq->cells[i] = cell_at(p, at + i);
    }
    return count;
}

bool dt_each_irq(const struct pcc_tree *t, const struct pcc_tnode *node,
                 void (*fn)(void *opaque, const struct dt_irq *irq),
                 void *opaque)
{
    const struct pcc_tprop *more = pcc_tree_get(node, "interrupts-extended");
    const struct pcc_tprop *p = more ? more :
                                pcc_tree_get(node, "interrupts");
    const struct pcc_tnode *parent = p && !more ?
                                     dt_interrupt_parent(t, node) : NULL;
    size_t at = 0, n;
    bool good = true;

    while (p && at < p->size / 4) {
        struct dt_irq irq = { 0 };

        if (more) {
            parent = pcc_tree_phandle(t, cell_at(p, at++));
        }
        n = take(p, at, parent, &irq);
        if (!n) {
            return false;
        }
        at += n;
        if (follow(t, node, &irq)) {
            fn(opaque, &irq);
        } else {
            good = false;
        }
    }
    return good;
}

static enum pcc_trigger trigger(uint32_t flags)
{
    switch (flags & 15) {
    case PCC_EDGE_RISING:
    case PCC_EDGE_FALLING:
    case PCC_LEVEL_HIGH:
    case PCC_LEVEL_LOW:
        return flags & 15;
    default:
        return PCC_TRIGGER_NONE;
    }
}

void dt_irq_as_wire(const struct pcc_tree *t, const struct dt_irq *irq,
                    struct dt_irq_wire *wire)
{
    const struct pcc_tnode *up;

    *wire = (struct dt_irq_wire){ .kind = DT_IRQ_OTHER };
    if (dt_compatible(irq->parent, "arm,armv7m-nvic") ||
        dt_compatible(irq->parent, "arm,v7m-nvic")) {
        wire->kind = DT_IRQ_NVIC;
        wire->number = irq->cells[0];
        return;
    }
    up = is_shadow(irq->parent) ? dt_interrupt_parent(t, irq->parent) :
         irq->parent;
    if (irq->count >= 3 && up && dt_gic_version(up) && irq->cells[0] < 2) {
        wire->kind = irq->cells[0] ? DT_IRQ_PPI : DT_IRQ_SPI;
        wire->number = irq->cells[1];
        wire->trigger = trigger(irq->cells[2]);
        wire->gic = up;
    }
}
