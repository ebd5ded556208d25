/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of a device tree's nodes, followed as a kernel follows them:
 * interrupt parents, interrupts-extended, and nexus nodes with their
 * interrupt-map.
 */
#ifndef COMPILER_DT_IRQ_H
#define COMPILER_DT_IRQ_H

#include "compiler/dtree.h"
#include "compiler/model.h"

#define DT_IRQ_CELLS 8

/* One interrupt: its controller, and the cells that controller reads. */
struct dt_irq {
    const struct pcc_tnode *parent;
    uint32_t cells[DT_IRQ_CELLS];
    unsigned count;
};

enum dt_irq_kind {
    DT_IRQ_OTHER,           /* another controller's: pins, a second level */
    DT_IRQ_SPI,
    DT_IRQ_PPI,
    DT_IRQ_NVIC,
};

/* What a wire of the language says about an interrupt. */
struct dt_irq_wire {
    enum dt_irq_kind kind;
    uint32_t number;
    enum pcc_trigger trigger;
    const struct pcc_tnode *gic;    /* of an SPI or PPI */
};

/*
 * Calls @fn for each interrupt of @node in order.  Returns false when what
 * the node says ends in the middle of an interrupt, names no controller, or
 * is longer than an interrupt can be: what stands before that was reported.
 */
bool dt_each_irq(const struct pcc_tree *t, const struct pcc_tnode *node,
                 void (*fn)(void *opaque, const struct dt_irq *irq),
                 void *opaque);

/* Fills in @wire; its number and trigger count when the kind is not OTHER. */
void dt_irq_as_wire(const struct pcc_tree *t, const struct dt_irq *irq,
                    struct dt_irq_wire *wire);

/* Whether one of the strings of `compatible` is @name. */
bool dt_compatible(const struct pcc_tnode *node, const char *name);

/* 0, or 2 or 3: the version of the GIC that @node is. */
unsigned dt_gic_version(const struct pcc_tnode *node);

/* The controller that `interrupts` of @node refers to, or NULL. */
const struct pcc_tnode *dt_interrupt_parent(const struct pcc_tree *t,
                                            const struct pcc_tnode *node);

#endif
