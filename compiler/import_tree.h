/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that import device trees. */
#ifndef COMPILER_IMPORT_TREE_H
#define COMPILER_IMPORT_TREE_H

#include "compiler/dt_address.h"
#include "compiler/dt_irq.h"
#include "compiler/dtree.h"
#include "compiler/import.h"

#define IMT_BUCKETS 1024u
#define IMT_MEMORIES 64

/* A name in use and what it stands for. */
struct imt_entry {
    struct imt_entry *next;
    const char *key;
    void *value;
};

struct imt_map {
    struct imt_entry *bucket[IMT_BUCKETS];
};

/* A line of an interrupt controller that somebody drives. */
struct imt_input {
    struct imt_input *next;
    const char *name;
};

/* One entry of a node's `reg`. */
struct imt_window {
    const struct pcc_tnode *node;
    size_t entry;
    uint64_t base, size;
    const char *name;           /* of the instance or native */
    const struct imt_native *native;    /* NULL: an instance */
    bool follows;               /* a further entry of the one before */
    const struct imt_window *alternate; /* what answers there, or NULL */
    bool off;                   /* by status, its own or of those around */
    bool over_memory;
    struct imt_input *inputs;   /* of the node's first window */
    struct imt_input **input_tail;
    size_t input_count;
};

struct imt {
    struct pcc_import *imp;
    struct pcc_tree *tree;
    /* In the order of the tree; a node's `mark` is the index of its first
     * window, plus 1. */
    struct imt_window *windows;
    size_t window_count;
    const struct pcc_tnode *gic;    /* the one that is native, or NULL */
    uint32_t max_spi;
    unsigned lost;              /* interrupts that cannot be written */
    struct imt_map globals;     /* names of devices and of the board */
    struct imt_map locals;      /* names in the board */
    struct imt_map devices;     /* what a device is, as text -> its name */
    struct {
        uint64_t base, last;
    } memories[IMT_MEMORIES];
    size_t memory_count;
};

/* ---- import_tree.c: names and pieces of text ---- */

struct pdl_item *imt_item(struct pcc_import *imp, enum pdl_item_kind kind,
                          const char *name);
struct pdl_expr *imt_number(struct pcc_import *imp, uint64_t value);
/* @text as a name: what no name may hold becomes '_'; not too long. */
const char *imt_plain(struct pcc_import *imp, const char *text);
/* A name nobody has yet: @stem, else with a number behind it. */
const char *imt_name(struct imt *im, const char *stem);
const char *imt_global(struct imt *im, const char *stem);
/* The value of @key; a new key gets NULL. */
void **imt_lookup(struct imt *im, struct imt_map *map, const char *key);
/* The node of a path or of an alias. */
const struct pcc_tnode *imt_alias(struct imt *im, const char *name);

/* ---- import_window.c: which windows there are ---- */

/* Finds the windows that are wanted, names them, notes what they drive. */
void imt_windows(struct imt *im);
/* Writes the natives; then the instances, in front of them their devices. */
void imt_natives(struct imt *im, struct pdl_body *body);
void imt_instances(struct imt *im, struct pdl_body *body);

#endif
