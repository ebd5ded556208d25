/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of device trees: the whole tree as a kernel will read it, with the
 * base when there is one.  What nothing in the text says anything about is
 * the base's business and not reported.
 */
#include "compiler/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/dt_address.h"
#include "compiler/dt_irq.h"

#define GIC_SPIS 988u
#define GIC_PPIS 16u

/* Where the text says property @name of @node; file 0: the base does. */
static struct pdl_span span_of(const struct pcc_tnode *node,
                               const char *name)
{
    const struct pcc_tprop *p = pcc_tree_get(node, name);

    return p && p->span.file ? p->span : node->span;
}

/* The same, or where the text changes the cells that its bus gives it. */
static struct pdl_span cells_span(const struct pcc_tnode *node,
                                  const char *name)
{
    struct pdl_span span = span_of(node, name);
    const struct pcc_tprop *p;

    if (!span.file && (p = pcc_tree_get(node->parent, "#address-cells"))) {
        span = p->span;
    }
    if (!span.file && (p = pcc_tree_get(node->parent, "#size-cells"))) {
        span = p->span;
    }
    return span;
}

/* ---- dt-cells ---- */

static void check_reg_cells(struct cc *cc, const struct pcc_tnode *node)
{
    const struct pcc_tprop *reg = pcc_tree_get(node, "reg");
    struct pdl_span span;
    unsigned ac, sc;

    if (!reg || !node->parent) {
        return;
    }
    span = cells_span(node, "reg");
    ac = dt_address_cells(node->parent);
    sc = dt_size_cells(node->parent);
    if (span.file && (ac + sc == 0 || reg->size == 0 ||
                      reg->size % (4 * (ac + sc)))) {
        check_report(cc, PDL_D_DT_CELLS, span, "reg", node->name,
                     (unsigned)(reg->size / 4), ac + sc, "#address-cells "
                     "and #size-cells of its bus");
    }
}

static void check_range_cells(struct cc *cc, const struct pcc_tnode *node)
{
    const struct pcc_tprop *ranges = pcc_tree_get(node, "ranges");
    struct pdl_span span;
    unsigned cells;

    if (!ranges || !ranges->size || !node->parent) {
        return;
    }
    span = cells_span(node, "ranges");
    cells = dt_address_cells(node) + dt_address_cells(node->parent) +
            dt_size_cells(node);
    if (span.file && (!cells || ranges->size % (4 * cells))) {
        check_report(cc, PDL_D_DT_CELLS, span, "ranges", node->name,
                     (unsigned)(ranges->size / 4), cells,
                     "the cells of both buses");
    }
}

static void no_irq(void *opaque, const struct dt_irq *irq)
{
    (void)opaque;
    (void)irq;
}

static void check_irq_cells(struct cc *cc, const struct pcc_tree *t,
                            const struct pcc_tnode *node)
{
    const struct pcc_tprop *p = pcc_tree_get(node, "interrupts");
    const struct pcc_tnode *to = p ? dt_interrupt_parent(t, node) : NULL;
    struct pdl_span span;

    if (!to || pcc_tree_get(node, "interrupts-extended")) {
        return;
    }
    span = span_of(node, "interrupts");
    if (span.file && !dt_each_irq(t, node, no_irq, NULL)) {
        check_report(cc, PDL_D_DT_CELLS, span, "interrupts", node->name,
                     (unsigned)(p->size / 4),
                     pcc_tree_cell(to, "#interrupt-cells", 0, 0),
                     "#interrupt-cells of its controller");
    }
}

void check_dt_cells(struct cc *cc, const struct pcc_tree *t)
{
    const struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        check_reg_cells(cc, node);
        check_range_cells(cc, node);
        check_irq_cells(cc, t, node);
    }
}

/* ---- dt-unit-address ---- */

static const char *unit_of(const struct pcc_tnode *node)
{
    const char *at = strchr(node->name, '@');

    return at ? at + 1 : NULL;
}

/* Buses whose unit addresses are not the number in `reg`. */
static bool has_own_units(const struct pcc_tnode *bus)
{
    const struct pcc_tprop *type = pcc_tree_get(bus, "device_type");

    return dt_address_cells(bus) > 2 || dt_address_cells(bus) == 0 ||
           (type && type->size == 4 && memcmp(type->value, "pci", 4) == 0);
}

static void check_unit(struct cc *cc, const struct pcc_tnode *node)
{
    const struct pcc_tprop *reg = pcc_tree_get(node, "reg");
    const char *unit = unit_of(node);
    struct pdl_span span = node->span.file ? node->span :
                           reg ? reg->span : node->span;
    char want[20], why[100];
    uint64_t base;

    if (!span.file || !node->parent) {
        return;
    }
    if (!reg && !unit) {
        return;
    }
    if (!reg && pcc_tree_get(node, "ranges")) {
        return;
    }
    if (!reg) {
        snprintf(why, sizeof(why), "there is no reg");
    } else if (!unit) {
        snprintf(why, sizeof(why), "there is a reg, and no '@' in the name");
    } else if (strchr(unit, ',') || has_own_units(node->parent) ||
               !dt_read_cells(reg, 0, dt_address_cells(node->parent),
                              &base)) {
        return;
    } else {
        snprintf(want, sizeof(want), "%llx", (unsigned long long)base);
        if (strcmp(want, unit) == 0) {
            return;
        }
        snprintf(why, sizeof(why), "reg says '@%s'", want);
    }
    check_report(cc, PDL_D_DT_UNIT, span, node->name, why);
}

void check_dt_units(struct cc *cc, const struct pcc_tree *t)
{
    const struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        check_unit(cc, node);
    }
}

/* ---- dt-duplicate-address ---- */

/* A node that is off may share its address: one of several is chosen. */
static bool is_off(const struct pcc_tnode *node)
{
    const struct pcc_tprop *p = pcc_tree_get(node, "status");

    return p && p->size >= 8 && memcmp(p->value, "disabled", 8) == 0;
}

static void check_siblings(struct cc *cc, const struct pcc_tnode *node)
{
    const char *unit = unit_of(node);
    const struct pcc_tnode *other;
    bool before = true;

    if (!unit || !node->span.file || is_off(node)) {
        return;
    }
    for (other = node->parent->children; other; other = other->next) {
        const char *taken = unit_of(other);

        if (other == node) {
            before = false;
            continue;
        }
        if (!taken || strcmp(taken, unit) != 0 || is_off(other) ||
            (!before && other->span.file)) {
            continue;               /* the later of two is reported */
        }
        pdl_diag_note(check_report(cc, PDL_D_DT_DUPLICATE, node->span,
                                   node->name, other->name),
                      other->span, "'%s' is here", other->name);
        return;
    }
}

void check_dt_duplicates(struct cc *cc, const struct pcc_tree *t)
{
    const struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        if (node->parent) {
            check_siblings(cc, node);
        }
    }
}

/* ---- dt-interrupt ---- */

struct irq_check {
    struct cc *cc;
    struct pdl_span span;
    const struct pcc_tnode *node;
};

/* Of a core that is not known: as many as any NVIC has. */
static unsigned nvic_lines(const struct cc *cc)
{
    const struct pcc_board *b = cc->model ? cc->model->board : NULL;
    unsigned lines = b ? pcc_nvic_lines(b) : 0;

    return lines ? lines : 496;
}

static void check_irq(void *opaque, const struct dt_irq *irq)
{
    const struct irq_check *c = opaque;
    unsigned version = dt_gic_version(irq->parent);
    const char *what = NULL;
    unsigned limit = 0;
    uint32_t number = irq->count ? irq->cells[0] : 0;

    if (version && irq->count >= 3) {
        number = irq->cells[1];
        switch (irq->cells[0]) {
        case 0:
            what = "SPIs";
            limit = GIC_SPIS;
            break;
        case 1:
            what = "PPIs";
            limit = GIC_PPIS;
            break;
        case 2:                     /* the extended ones of a GICv3.1 */
            what = version == 3 ? "extended SPIs" : "interrupts of type 2";
            limit = version == 3 ? 1024 : 0;
            break;
        case 3:
            what = version == 3 ? "extended PPIs" : "interrupts of type 3";
            limit = version == 3 ? 64 : 0;
            break;
        default:
            what = "interrupts of that type";
            break;
        }
    } else if (irq->count && dt_compatible(irq->parent, "arm,armv7m-nvic")) {
        what = "interrupts";
        limit = nvic_lines(c->cc);
    }
    if (what && number >= limit) {
        check_report(c->cc, PDL_D_DT_IRQ_RANGE, c->span, c->node->name,
                     number, irq->parent->name, limit, what);
    }
}

void check_dt_interrupts(struct cc *cc, const struct pcc_tree *t)
{
    const struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        struct irq_check c = { cc, span_of(node, "interrupts"), node };

        if (pcc_tree_get(node, "interrupts-extended")) {
            c.span = span_of(node, "interrupts-extended");
        }
        if (c.span.file) {
            dt_each_irq(t, node, check_irq, &c);
        }
    }
}

/* ---- dt-phandle ---- */

static const struct pcc_tnode *same_phandle(const struct pcc_tree *t,
                                            const struct pcc_tnode *node,
                                            uint32_t phandle)
{
    const struct pcc_tnode *n;

    for (n = t->root; n; n = pcc_tree_next(n)) {
        if (n != node && pcc_tree_cell(n, "phandle", 0, 0) == phandle) {
            return n;
        }
    }
    return NULL;
}

void check_dt_phandles(struct cc *cc, const struct pcc_tree *t)
{
    const struct pcc_tnode *node, *other;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        const struct pcc_tprop *p = pcc_tree_get(node, "phandle");
        uint32_t phandle = pcc_tree_cell(node, "phandle", 0, 0);

        if (!p || !p->span.file) {
            continue;
        }
        if (p->size != 4 || !phandle || phandle == UINT32_MAX) {
            check_report(cc, PDL_D_DT_PHANDLE, p->span, node->name,
                         "one cell, neither 0 nor 0xffffffff");
            continue;
        }
        other = same_phandle(t, node, phandle);
        if (other) {
            pdl_diag_note(check_report(cc, PDL_D_DT_PHANDLE, p->span,
                                       node->name, other->name),
                          other->span, "'%s' has it too", other->name);
        }
    }
}
