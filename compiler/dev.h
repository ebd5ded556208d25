/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device while it is being resolved.  Two stages: all names are declared
 * and registers and fields get their final indices (resolve_device.c,
 * resolve_reg.c); then everything that holds an expression is compiled
 * (rules.c), which only ever sees final indices.
 */
#ifndef COMPILER_DEV_H
#define COMPILER_DEV_H

#include "compiler/priv.h"

enum spare {
    SPARE_STORE,
    SPARE_ZERO,
    SPARE_ONES,
};

/* A register before sorting. */
struct breg {
    struct pcc_reg m;
    uint32_t scope;         /* its fields and index are declared in it */
    bool has_policy;
};

struct bfield {
    struct pcc_field m;     /* m.reg is the build index until sorting */
    bool hidden;            /* named `reserved` or dropped */
};

/* What is compiled in the second stage. */
enum todo_kind {
    TODO_REG_WHEN,          /* index = register */
    TODO_REG_NEEDS,
    TODO_FIELD_WHEN,        /* index = field */
    TODO_FIELD_NEEDS,
    TODO_FIELD_VALUE,
    TODO_REG_VALUE,         /* an unnamed field over all of the register */
    TODO_VAR_VALUE,
    TODO_VIEW,              /* attr on bits lo, width of a register */
    TODO_RULE,              /* item; reg = the register around or NONE */
    TODO_DERIVE,            /* item: ref := expr */
    TODO_FIFO_AT,
    TODO_TIMER,
    TODO_DOMAIN,
    TODO_WINDOW,
};

struct todo {
    enum todo_kind kind;
    uint32_t scope;
    uint32_t index;         /* build index of the object */
    uint32_t reg;           /* build index of the register around */
    const struct pdl_item *item;
    const struct pdl_expr *expr;
    const struct pdl_attr *attr;
    bool hold;
};

/* Who a rule or view belongs to, for the final order. */
enum owner_class {
    OWN_REG,
    OWN_FIFO,
    OWN_LOCK,
    OWN_TIMER,
    OWN_DOMAIN,
    OWN_EDGE,
    OWN_DEVICE,
};

struct brule {
    struct pcc_rule m;
    enum owner_class owner;
    uint32_t owner_index;
    uint32_t seq;
};

struct bview {
    struct pcc_view m;
    uint32_t reg;           /* final index */
    uint32_t seq;
};

/* A piece of a line's definition. */
struct line_part {
    struct line_part *next;
    unsigned lo, width;
    uint32_t scope;
    const struct pdl_expr *expr;
    struct pcc_origin origin;
};

/* `on fault` in a group: about the copies of the element it stands in. */
struct fault_rule {
    struct todo todo;
    const struct pdl_event *event;
};

struct dev {
    struct cc *cc;
    const struct pdl_item *typed;
    const layer_list *items;
    struct pcc_device d;    /* arrays are set when finished */
    uint32_t scope;
    uint32_t enums;         /* scope of constants of field enumerations */
    enum spare spare;
    CC_VEC(struct breg) regs;
    CC_VEC(struct bfield) fields;
    CC_VEC(struct todo) todo;
    CC_VEC(struct ext *) reg_exts;  /* extend reg … */
    CC_VEC(const struct pdl_ref *) field_drops;     /* drop REG.FIELD */
    uint32_t *final_reg;    /* build index -> index in d.regs */
    uint32_t *final_field;
    uint32_t *final_mem;
    CC_VEC(struct pcc_var) vars;
    CC_VEC(struct pcc_fifo) fifos;
    CC_VEC(struct pcc_line) lines;
    CC_VEC(struct pcc_lock) locks;
    CC_VEC(struct pcc_timer) timers;
    CC_VEC(struct pcc_mem) mems;
    CC_VEC(struct pcc_window) windows;
    CC_VEC(struct pcc_domain) domains;
    CC_VEC(struct pcc_copy) copies;
    CC_VEC(uint32_t) copy_scopes;   /* that the copies stand in */
    CC_VEC(struct fault_rule) faults;
    CC_VEC(struct pcc_after) afters;
    CC_VEC(struct brule) rules;
    CC_VEC(struct bview) views;
    CC_VEC(struct pcc_prog) progs;
    CC_VEC(struct prt_insn) code;
    CC_VEC(uint64_t) pool;
    CC_VEC(struct prt_array) arrays;
    CC_VEC(struct prt_item) dom_items;
    CC_VEC(const char *) texts;     /* of LOG */
    uint32_t *prog_table;   /* open addressing: program + 1 */
    size_t prog_table_size;
    struct line_part **line_parts;  /* of each line */
    uint32_t lines_in, lines_out;   /* elements so far */
    uint64_t choices;               /* elements behind run-time indices */
    uint32_t objects;               /* declared so far, all elements */
};

/* ---- first stage ---- */

/* Where a declaration stands: scope, path prefix and offset to add. */
struct place {
    uint32_t scope;
    const char *path;
    uint64_t offset;
};

void dev_declare_reg(struct dev *dv, const struct pdl_item *item,
                     const struct place *at);
struct todo *dev_todo(struct dev *dv, enum todo_kind kind, uint32_t scope,
                      const struct pdl_item *item);
/* Number of elements of @dim (1 without one), reported when 0 or too many. */
uint32_t dev_dim(struct dev *dv, uint32_t scope, const struct pdl_dim *dim,
                 uint32_t max);
#define DEV_MAX_OBJECTS 262144u     /* arrays in groups in groups multiply */
/* Counts @n more elements; reports once, and false, when they are too many. */
bool dev_room(struct dev *dv, const struct pdl_item *item, uint32_t n);
/* A scope in which the dimension's index has the value @k. */
uint32_t dev_index_scope(struct dev *dv, uint32_t scope,
                         const struct pdl_dim *dim, uint32_t k);
const char *dev_element(struct dev *dv, const char *path, const char *name,
                        const struct pdl_dim *dim, uint32_t k);
/* Sorts registers and fields, lays chains, reports overlaps. */
void dev_finish_regs(struct dev *dv);
/* The same for windows, once their targets are known. */
void dev_finish_windows(struct dev *dv);

static inline uint64_t bits_mask(unsigned lo, unsigned width)
{
    return (width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1) << lo;
}

/* ---- second stage ---- */

void dev_compile(struct dev *dv);
/* Ranks, settling order, flags; moves everything into dv->d. */
void dev_order(struct dev *dv);

#endif
