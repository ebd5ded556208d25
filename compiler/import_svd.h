/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the CMSIS-SVD importer share.  The document is a tree of
 * its elements; `derivedFrom` is looked through when something is asked for,
 * nothing is copied.  A `struct svd_at` says in which context an element is
 * read: registers of a derived peripheral inherit from that one, not from
 * the one they are written in.
 */
#ifndef COMPILER_IMPORT_SVD_H
#define COMPILER_IMPORT_SVD_H

#include "compiler/import.h"

/* Limits; passing one is a diagnostic that names it. */
#define SVD_MAX_PERIPHERALS 4096u
#define SVD_MAX_DERIVED 16u     /* length of a chain of derivedFrom */
#define SVD_MAX_DEPTH 16u       /* of clusters in clusters */
#define SVD_MAX_TEXT 4096u      /* bytes of a name, number or description */

/* An element; all of them live in the importer's arena. */
struct svd_node {
    struct svd_node *parent, *next;
    struct svd_node *children, *last;
    const char *name;
    const char *text;           /* with single spaces, cut; never NULL */
    const char *derived_from;   /* the attribute, or NULL */
    unsigned long line;
    const struct svd_node *base;    /* private to svd_base() */
    bool base_known;
};

/* Names that are taken in one scope. */
struct svd_names {
    const char **v;
    size_t count;
    size_t size;                /* a power of two, or 0 */
};

struct svd {
    struct pcc_import *imp;
    const struct svd_node *root;
    struct svd_names globals;   /* devices and the board */
    unsigned registers;         /* in the text so far */
    bool full;                  /* that limit was reported */
};

/* An element, and what its values are inherited from. */
struct svd_at {
    const struct svd_at *up;
    const struct svd_node *node;
};

enum svd_access { SVD_RW, SVD_RO, SVD_WO, SVD_W_ONCE, SVD_RW_ONCE };

/* What reads and writes do. */
struct svd_policy {
    enum svd_access access;
    enum pdl_policy write;      /* PDL_POLICY_W1C, ... or NONE */
    enum pdl_policy read;       /* PDL_POLICY_RC, RS or NONE */
    const char *external;       /* "modify", "modifyExternal" or NULL */
};

/* How often and where: a dim. */
struct svd_dim {
    const char *name;           /* "CH", or "CH%s" of a list */
    bool array;                 /* name was "CH[%s]" */
    uint32_t count;             /* 0: no dim */
    uint64_t stride;
    const char **index;         /* [count], of a list */
};

/* A register or cluster on its way into the tree. */
struct svd_block {
    struct svd_block *next;
    struct svd_block *first, *last;     /* of a cluster */
    struct pdl_item *item;
    const char *name;
    unsigned long line;
    uint64_t offset;            /* from the block around */
    uint64_t stride;
    uint32_t count;
    unsigned bytes;             /* 0: a cluster */
    bool reads, writes;
    bool alternate;             /* the file says that it shares its place */
    bool inactive;              /* `when 0` */
    bool dropped;
};

struct svd_irq {
    struct svd_irq *next;
    const char *name;
    uint64_t number;
    const char *line;           /* of the device */
};

struct svd_device {
    const char *name;
    struct pdl_item *item;
    uint64_t registers_end;
    uint64_t size;
    unsigned line_count;
    unsigned uses;
};

struct svd_periph {
    const struct svd_node *node;
    const char *name;
    const char *stem;           /* name of the device, when it makes one */
    struct svd_device *device;
    uint64_t base;
    uint64_t block_end;         /* of address blocks, from base */
    bool alternate;             /* alternatePeripheral is said */
    bool wanted;
    struct svd_irq *irqs;
    unsigned irq_count;
    const struct svd_periph *shares;    /* active one at its addresses */
    const struct svd_periph *base_of;   /* whose device it uses, or NULL */
};

/* ---- import_svd_doc.c: XML ---- */

/* The document's <device>; NULL: it was reported why there is none. */
const struct svd_node *svd_read_document(struct pcc_import *imp);

/* ---- import_svd_xml.c: reading elements ---- */

bool svd_is(const struct svd_node *node, const char *tag);
/* The next element @tag from @node on, among siblings. */
const struct svd_node *svd_next(const struct svd_node *node, const char *tag);
/* A child of the element itself; NULL when there is none. */
const struct svd_node *svd_own(const struct svd_node *node, const char *tag);
/* What @node is derived from; NULL: nothing, or it was reported. */
const struct svd_node *svd_base(struct svd *s, const struct svd_node *node);
/* Child @tag of the element or of what it is derived from. */
const struct svd_node *svd_get(struct svd *s, const struct svd_node *node,
                               const char *tag);
/* The same, else that of the nearest element around which has one. */
const struct svd_node *svd_inherit(struct svd *s, const struct svd_at *at,
                           const char *tag);

/* Text with single spaces; "" for NULL. */
static inline const char *svd_text(const struct svd_node *node)
{
    return node ? node->text : "";
}

/* The text of child @tag, or NULL. */
const char *svd_child_text(struct svd *s, const struct svd_node *node,
                           const char *tag);
/* A number; false when it is none, which is reported. */
bool svd_number(struct svd *s, const struct svd_node *node, uint64_t *out);
/* The number of child @tag; @missing when there is none. */
uint64_t svd_child_number(struct svd *s, const struct svd_node *node,
                          const char *tag, uint64_t missing);
/* Digits of SVD: 12, 0x1f, #101, 0b101, 4k.  Don't-care bits in @care. */
bool svd_parse_number(const char *text, uint64_t *value, uint64_t *care);

struct pdl_span svd_span(struct svd *s, const struct svd_node *node);
/* "a.b" of the element's name and those around it, for messages. */
const char *svd_path(struct svd *s, const struct svd_at *at,
                     const char *name);

/*
 * @name, or with a number behind it when it is taken in @names; that is
 * reported.  Names too long for the language are cut.
 */
const char *svd_unique(struct svd *s, struct svd_names *names,
                       const char *name, const struct svd_node *node);
/*
 * @name without what the language cannot hold even in back quotes, with room
 * for 12 bytes more.
 */
const char *svd_legal_name(struct svd *s, const char *name);
/* Takes @name; false when it is taken already. */
bool svd_take(struct svd *s, struct svd_names *names, const char *name);
/* Reads dim, dimIncrement, dimIndex; @unit is the stride that is missing. */
void svd_read_dim(struct svd *s, const struct svd_node *node, const char *name,
                  uint64_t unit, struct svd_dim *out);
/* Name of element @k of a list. */
const char *svd_element(struct svd *s, const struct svd_dim *dim,
                        uint32_t k);

/* ---- import_svd_policy.c ---- */

/* @outer is what holds where the element says nothing; NULL: read-write. */
void svd_read_policy(struct svd *s, const struct svd_at *at,
                     const struct svd_policy *outer, struct svd_policy *out);
bool svd_same_policy(const struct svd_policy *a, const struct svd_policy *b);
/* Adds the words that say @p to @item. */
void svd_put_policy(struct svd *s, struct pdl_item *item,
                    const struct svd_policy *p);
/* Adds what the language has no word for to @item's note. */
void svd_fact(struct svd *s, struct pdl_item *item, const char *name,
              const char *value);

/* ---- import_svd_field.c ---- */

struct svd_reg_bits {
    const struct svd_at *at;
    const char *name;
    unsigned bits;
    const struct svd_policy *policy;
};

/* Adds the fields of a register to @item. */
void svd_fields(struct svd *s, const struct svd_reg_bits *reg,
                struct pdl_item *item);

/* ---- import_svd_reg.c ---- */

/* The registers and clusters of a peripheral, clusters in @depth. */
void svd_registers(struct svd *s, const struct svd_at *at,
                   struct svd_names *names, unsigned depth,
                   struct svd_block *out);

/* ---- import_svd_layout.c ---- */

/*
 * Finds out what shares bytes: all but the first are made inactive, what
 * cannot be placed is dropped.  Returns where the last register ends.
 */
uint64_t svd_layout(struct svd *s, struct svd_block *top);
/* Fills @body with the items of @top that are left. */
void svd_put_blocks(struct svd *s, struct svd_block *top,
                    struct pdl_body *body);
/* Sizes of devices, and which peripherals are alternates of others. */
void svd_place(struct svd *s, struct svd_periph *periphs, size_t count);

#endif
