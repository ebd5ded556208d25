/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device tree in memory that can still be changed: read from a blob or
 * built up, then written as blob, source or overlay.  Everything lives in
 * the arena it was made in.  Order of nodes and properties is kept.
 */
#ifndef COMPILER_DTREE_H
#define COMPILER_DTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dsl/arena.h"
#include "dsl/source.h"
#include "dsl/strbuf.h"

/* A reference inside a property's value, filled in when written. */
struct pcc_tref {
    struct pcc_tref *next;
    uint32_t offset;        /* of the 4-byte cell in the value */
    const char *label;      /* a label, or a path when it starts with '/' */
    bool path_string;       /* the whole value is the target's path */
    struct pdl_span span;   /* where it was written; file 0: nowhere */
};

struct pcc_tprop {
    struct pcc_tprop *next;
    const char *name;
    const uint8_t *value;   /* big-endian cells as in a blob */
    uint32_t size;
    struct pcc_tref *refs;
    struct pdl_span span;   /* what says it; file 0: nothing in the text */
};

struct pcc_tnode {
    struct pcc_tnode *next;
    struct pcc_tnode *parent;   /* NULL: the root */
    const char *name;           /* with unit address; "" for the root */
    const char *label;          /* or NULL */
    uint32_t phandle;           /* 0: none (yet) */
    uint32_t mark;              /* for who uses the tree; 0 at first */
    struct pdl_span span;       /* what made it; file 0: nothing in the text */
    struct pcc_tprop *props;
    struct pcc_tprop **prop_tail;
    struct pcc_tnode *children;
    struct pcc_tnode **child_tail;
};

struct pcc_tree {
    struct pdl_arena *arena;
    struct pcc_tnode *root;
    const uint64_t *reserve;    /* pairs of address and size */
    size_t reserve_count;       /* pairs */
    uint32_t boot_cpu;
    struct pcc_tnode **by_phandle;  /* [phandle_count], NULL where none */
    size_t phandle_count;
    uint32_t max_phandle;
    bool overlay;               /* /plugin/: unknown labels are fix-ups */
    bool failed;                /* out of memory at some point */
};

/* An empty tree; `failed` is set when even that found no memory. */
void pcc_tree_init(struct pcc_tree *t, struct pdl_arena *arena);

/*
 * Reads blob @blob into @t.  Returns 0, or the negative FDT_ERR_* that
 * libfdt found in it; labels are taken from /__symbols__.
 */
int pcc_tree_read(struct pcc_tree *t, struct pdl_arena *arena,
                  const void *blob, size_t size);

/* Finds or makes child @name (unit address included) of @parent. */
struct pcc_tnode *pcc_tree_child(struct pcc_tree *t, struct pcc_tnode *parent,
                                 const char *name);
struct pcc_tnode *pcc_tree_find_child(const struct pcc_tnode *parent,
                                      const char *name);
/* By absolute path; unit addresses may be left out where that is unique. */
struct pcc_tnode *pcc_tree_path(const struct pcc_tree *t, const char *path);
struct pcc_tnode *pcc_tree_label(const struct pcc_tree *t, const char *label);
struct pcc_tnode *pcc_tree_phandle(const struct pcc_tree *t, uint32_t phandle);
/* The next node when the tree is walked parents first; NULL at the end. */
struct pcc_tnode *pcc_tree_next(const struct pcc_tnode *node);
/* Takes a node that is not the root out of the tree. */
void pcc_tree_remove(struct pcc_tnode *node);

/* The absolute path of a node, in the arena; NULL when out of memory. */
const char *pcc_tree_path_of(const struct pcc_tree *t,
                             const struct pcc_tnode *node);

/* Sets (replaces or appends) a property; the value is copied. */
struct pcc_tprop *pcc_tree_set(struct pcc_tree *t, struct pcc_tnode *node,
                               const char *name, const void *value,
                               uint32_t size);
void pcc_tree_set_string(struct pcc_tree *t, struct pcc_tnode *node,
                         const char *name, const char *text);
void pcc_tree_set_strings(struct pcc_tree *t, struct pcc_tnode *node,
                          const char *name, const char *const *texts,
                          size_t count);
/* Cells in host order. */
struct pcc_tprop *pcc_tree_set_cells(struct pcc_tree *t,
                                     struct pcc_tnode *node, const char *name,
                                     const uint32_t *cells, size_t count);
/* Adds a reference to @prop; NULL when out of memory. */
struct pcc_tref *pcc_tree_add_ref(struct pcc_tree *t, struct pcc_tprop *prop,
                                  uint32_t offset, const char *label);
void pcc_tree_unset(struct pcc_tnode *node, const char *name);

const struct pcc_tprop *pcc_tree_get(const struct pcc_tnode *node,
                                     const char *name);
/* Cell @i of a property, or @fallback when it has none. */
uint32_t pcc_tree_cell(const struct pcc_tnode *node, const char *name,
                       size_t i, uint32_t fallback);

/* Gives @node a phandle nobody else in the tree has, and the property. */
uint32_t pcc_tree_need_phandle(struct pcc_tree *t, struct pcc_tnode *node);

/* The node that a reference means: a label, or a path with '/'; or NULL. */
struct pcc_tnode *pcc_tree_target(const struct pcc_tree *t,
                                  const char *label);
/* Fills in references; what leads nowhere is 0xffffffff, as dtc -f has it. */
void pcc_tree_resolve(struct pcc_tree *t);

/* Names every labelled node in /__symbols__ and gives it a phandle. */
void pcc_tree_add_symbols(struct pcc_tree *t);

/*
 * Writes the tree: dtree_blob.c as a version 17 blob (an overlay with
 * __symbols__, __fixups__ and __local_fixups__), dtree_dts.c as source.
 * pcc_tree_resolve() comes first.  0 or a negative FDT_ERR_*.
 */
int pcc_tree_write_blob(struct pcc_tree *t, struct pdl_strbuf *out);
void pcc_tree_write_dts(struct pcc_tree *t, struct pdl_strbuf *out);

#endif
