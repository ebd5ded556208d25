/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Named checks over the finished model.  Each is a row of the table in
 * check.c; it can be switched off, or made a warning or an error, by name.
 */
#ifndef COMPILER_CHECK_H
#define COMPILER_CHECK_H

#include "compiler/dtree.h"
#include "compiler/priv.h"

struct pcc_check {
    const char *name;
    const char *help;
    enum pdl_code code;     /* what it reports; its severity is the check's */
    /* Called once; NULL: reported while resolving. */
    void (*model)(struct cc *cc, const struct pcc_model *m);
    /* Called for each device. */
    void (*device)(struct cc *cc, const struct pcc_device *d);
    /* Called when a device tree was made, with all of it. */
    void (*tree)(struct cc *cc, const struct pcc_tree *t);
};

/* NULL when there is none; '_' stands for '-', as notes cannot say '-'. */
const struct pcc_check *pcc_check_find(const char *name);

/* pdl_diag_add(), unless the item at @span waives the check of @code. */
struct pdl_diag *check_report(struct cc *cc, enum pdl_code code,
                              struct pdl_span span, ...);

void check_addresses(struct cc *cc, const struct pcc_model *m);
void check_memory_cover(struct cc *cc, const struct pcc_model *m);
void check_unused(struct cc *cc, const struct pcc_model *m);
void check_console(struct cc *cc, const struct pcc_model *m);
void check_confidence(struct cc *cc, const struct pcc_model *m);
void check_trigger(struct cc *cc, const struct pcc_model *m);
void check_irq_numbers(struct cc *cc, const struct pcc_model *m);
void check_places(struct cc *cc, const struct pcc_model *m);
void check_undriven(struct cc *cc, const struct pcc_device *d);
void check_hidden_reset(struct cc *cc, const struct pcc_device *d);
void check_policies(struct cc *cc, const struct pcc_device *d);
void check_never(struct cc *cc, const struct pcc_device *d);
void check_periods(struct cc *cc, const struct pcc_device *d);
void check_dt_cells(struct cc *cc, const struct pcc_tree *t);
void check_dt_units(struct cc *cc, const struct pcc_tree *t);
void check_dt_duplicates(struct cc *cc, const struct pcc_tree *t);
void check_dt_interrupts(struct cc *cc, const struct pcc_tree *t);
void check_dt_phandles(struct cc *cc, const struct pcc_tree *t);

#endif
