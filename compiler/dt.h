/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make device trees of a model. */
#ifndef COMPILER_DT_H
#define COMPILER_DT_H

#include "compiler/dt_address.h"
#include "compiler/dt_irq.h"
#include "compiler/dtree.h"
#include "compiler/emit.h"

/*
 * A tree being made.  `base` is what devices are placed in: the generated
 * tree of the board, or the blob given for merging.  `tree` is what is
 * written: the same, or an overlay for it.
 */
struct dt {
    struct pcc_emit *e;
    const struct pcc_board *b;
    struct pcc_tree *base;
    struct pcc_tree *tree;
    struct dt_claim *claims;
    size_t claim_count;
    bool merging;           /* `base` was given */
    bool quiet;             /* only to see whether it can be made */
    bool for_overlay;       /* and then as an overlay */
    int err;
};

/* Generates the board's tree without its instances. */
void dt_generate(struct dt *dt);
/* Adds instances, wires and `dt` items: merge.c. */
void dt_place_all(struct dt *dt);

/* Reports @text as a mistake in `dt` at @span. */
void dt_report(struct dt *dt, struct pdl_span span, enum pdl_code code,
               const char *text);
/* The check of labels, which may be off: then the reference stays open. */
void dt_unknown_label(struct dt *dt, struct pdl_span span, const char *label);
/* A name as a label: other characters become '_'. */
const char *dt_label(struct dt *dt, const char *name);
/* Properties and children of a `dt` item, put into @node. */
void dt_apply(struct dt *dt, struct pcc_tnode *node,
              const struct pcc_dt_node *item);
/* Where wires come from: an instance, or a native when that is PCC_NONE. */
struct dt_source {
    uint32_t instance;
    uint32_t native;
};

/* "interrupts" and "interrupt-names" of what stands at @place in the base. */
void dt_interrupts(struct dt *dt, struct pcc_tnode *node,
                   const struct pcc_tnode *place,
                   const struct dt_source *from);
/* Whether @place of the base has the interrupts that the wires say. */
bool dt_same_interrupts(struct dt *dt, const struct pcc_tnode *place,
                        const struct dt_source *from);
/* Property @name of @node: a cell that refers to @label. */
void dt_ref_cell(struct dt *dt, struct pcc_tnode *node, const char *name,
                 const char *label);
/* The node of the tree that is written for @node of the base. */
struct pcc_tnode *dt_mirror(struct dt *dt, struct pcc_tnode *node);

#endif
