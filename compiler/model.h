/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resolved model: what the text means.  Offsets are absolute, arrays
 * are expanded (element 2 of CR is a register named "CR[2]"), names are
 * indices, rules are byte code, every constant is computed.  Immutable once
 * pcc_compile() has returned; owned by its session; emitters, tools and the
 * daemon see only this, never the AST.
 *
 * Indices are into the arrays of the same device (or of the board); PCC_NONE
 * means "none".  Strings end in NUL and are UTF-8.
 */
#ifndef COMPILER_MODEL_H
#define COMPILER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dsl/source.h"

#define PCC_NONE UINT32_MAX

enum pcc_owner {
    PCC_PERSON,             /* no note, or a sum that does not match */
    PCC_INFERRED,
    PCC_IMPORTED,
};

/* Where an item comes from and who wrote it. */
struct pcc_origin {
    struct pdl_span span;
    enum pcc_owner owner;
    unsigned confidence;    /* per cent; 100 for a person's */
    const char *by;         /* inference engine or import; NULL: a person */
    const char *evidence;   /* or NULL */
};

/* A byte-code instruction; the layout is that of runtime/engine/table.h. */
struct pcc_insn {
    uint8_t op;
    uint8_t dst;
    uint8_t a;
    uint8_t b;
    uint32_t imm;
};

struct pcc_prog {
    uint32_t first;         /* into pcc_device.code */
    uint32_t count;
};

struct pcc_enum_value {
    const char *name;
    uint64_t value;
    const char *text;       /* or NULL */
};

/*
 * A policy as truth tables; see PRT_POLICIES in runtime/engine/table.h.
 * next = ~o&~v&m[0] | ~o&v&m[1] | o&~v&m[2] | o&v&m[3] for a write,
 * value read = ~o&v[0] | o&v[1], content after the read = ~o&r[0] | o&r[1].
 */
struct pcc_masks {
    uint64_t m[4];
    uint64_t v[2];
    uint64_t r[2];
};

struct pcc_reg {
    const char *name;
    const char *base_name;  /* without the indices of an array */
    const char *text;       /* description or NULL */
    struct pcc_origin origin;
    uint64_t offset;        /* bytes from the start of the device */
    unsigned bytes;         /* 1, 2, 4, 8 */
    bool readable;
    bool writable;
    int policy;             /* of bits without one of their own: enum
                               prt_policy */
    struct pcc_masks masks; /* of all bits */
    uint64_t reset;
    uint64_t sticky;        /* bits that keep their value over a reset */
    uint64_t once;          /* bits writable once until reset */
    uint64_t pulse;         /* bits that are always stored as 0 */
    uint64_t reserved;      /* bits named as reserved */
    uint32_t when;          /* program that enables it, or PCC_NONE */
    uint32_t needs;         /* program that lets writes through */
    uint32_t next;          /* next register at the same offset */
    uint32_t first_field, field_count;
    uint32_t first_rule, rule_count;    /* read and write rules */
    uint32_t first_view, view_count;
    bool derived;           /* holds at least one derived field */
};

enum pcc_field_kind {
    PCC_STORED,
    PCC_DERIVED,            /* := */
    PCC_HOLD,               /* hold := */
};

struct pcc_field {
    const char *name;
    const char *text;
    struct pcc_origin origin;
    uint32_t reg;
    unsigned lo;
    unsigned width;
    enum pcc_field_kind kind;
    int policy;
    uint64_t reset;         /* right-aligned */
    uint32_t prog;          /* of a derived or hold field */
    uint32_t rank;          /* topological: loads only lower ranks */
    const struct pcc_enum_value *values;
    size_t value_count;
};

struct pcc_var {
    const char *name;
    struct pcc_origin origin;
    unsigned width;         /* bits, 1 to 64 */
    uint64_t reset;
};

enum pcc_fifo_end {
    PCC_FIFO_PLAIN,
    PCC_FIFO_TO,
    PCC_FIFO_FROM,
};

struct pcc_fifo {
    const char *name;
    struct pcc_origin origin;
    uint32_t depth;
    unsigned width;         /* bits of an element */
    enum pcc_fifo_end end;
    const char *peer;       /* "console" or another name; NULL: none */
    uint64_t period_ns;     /* one element per this time; 0: at once */
    const uint64_t *preload;
    size_t preload_count;
};

struct pcc_line {
    const char *name;
    const char *base_name;
    unsigned index;         /* element of base_name */
    struct pcc_origin origin;
    bool in;
    uint32_t prog;          /* irq := …; PCC_NONE: not driven */
};

struct pcc_rule {
    struct pcc_origin origin;
    int event;              /* enum prt_event of table.h */
    int subject_kind;       /* enum prt_subject */
    uint32_t subject;
    uint32_t when;          /* program or PCC_NONE */
    uint32_t body;
};

struct pcc_view {
    struct pcc_origin origin;
    int verb;               /* enum prt_verb */
    uint32_t reg;
    unsigned lo, width;     /* bits of reg */
    int target_kind;        /* enum prt_subject */
    uint32_t target;
    unsigned target_lo;
};

struct pcc_after {
    bool reads;             /* amount counts reads of the device, else ns */
    uint32_t amount_prog;   /* PCC_NONE: amount is constant */
    uint64_t amount;
    uint32_t body;
};

enum pcc_unmapped {
    PCC_UNMAPPED_ASK,
    PCC_UNMAPPED_ZERO,
    PCC_UNMAPPED_ONES,
    PCC_UNMAPPED_STORE,
    PCC_UNMAPPED_ABORT,
};

enum pcc_illegal {
    PCC_ILLEGAL_SPLIT,
    PCC_ILLEGAL_IGNORE,
    PCC_ILLEGAL_ABORT,
};

/* A device-tree property as bytes, with the places of references in it. */
struct pcc_dt_ref {
    uint32_t offset;        /* byte offset of the cell in the value */
    const char *label;      /* label or path ("/…") */
    bool path_string;       /* the value is the path's text, not a phandle */
};

struct pcc_dt_prop {
    const char *name;
    const uint8_t *value;
    uint32_t size;
    const struct pcc_dt_ref *refs;
    size_t ref_count;
    bool drop;              /* delete this property (or node) instead */
};

struct pcc_dt_node {
    const char *name;       /* with unit address; NULL: the item itself */
    const char *label;      /* or NULL */
    const char *target;     /* `dt "path"` or `dt &label`: applies there */
    struct pcc_origin origin;
    const struct pcc_dt_prop *props;
    size_t prop_count;
    const struct pcc_dt_node *children;
    size_t child_count;
};

/* A device as one user (board instance) of it sees it. */
struct pcc_device {
    const char *name;
    const char *text;
    struct pcc_origin origin;
    const char *const *compatible;
    size_t compatible_count;
    const char *dt_class;   /* `class:` the generic node name, or NULL */
    uint64_t size;          /* bytes */
    unsigned width;         /* natural register width, bits */
    unsigned access;        /* legal sizes: bit mask of 1, 2, 4, 8 */
    enum pcc_illegal illegal;
    bool replicate;         /* narrow: replicate, else merge */
    bool big_endian;
    bool closed;
    enum pcc_unmapped unmapped;
    struct pcc_reg *regs;   /* by offset, alternates in text order */
    size_t reg_count;
    struct pcc_field *fields;   /* by register, in text order */
    size_t field_count;
    struct pcc_var *vars;
    size_t var_count;
    struct pcc_fifo *fifos;
    size_t fifo_count;
    struct pcc_line *lines;
    size_t line_count;
    struct pcc_rule *rules;     /* register rules first, by register */
    size_t rule_count;
    struct pcc_view *views;     /* by register */
    size_t view_count;
    struct pcc_after *afters;
    size_t after_count;
    struct pcc_prog *progs;
    size_t prog_count;
    struct pcc_insn *code;
    size_t code_count;
    uint64_t *pool;             /* 64-bit constants of the code */
    size_t pool_count;
    const struct pcc_dt_node *dts;
    size_t dt_count;
};

struct pcc_memory {
    const char *name;
    struct pcc_origin origin;
    uint64_t base;
    uint64_t size;
    bool read_only;
};

struct pcc_load {
    const char *path;       /* as written */
    struct pcc_origin origin;
    bool has_address;
    uint64_t address;
};

#define PCC_MAX_ADDRESSES 4

struct pcc_instance {
    const char *name;
    struct pcc_origin origin;
    uint32_t device;        /* into pcc_model.devices */
    uint64_t address;
    bool closed;
    const struct pcc_dt_node *dts;
    size_t dt_count;
};

struct pcc_native {
    const char *name;
    const char *type;
    struct pcc_origin origin;
    uint64_t addresses[PCC_MAX_ADDRESSES];
    size_t address_count;
    const char *const *keys;    /* settings, as text */
    const char *const *values;
    size_t setting_count;
};

enum pcc_wire_kind {
    PCC_WIRE_LINE,          /* an input line of an instance */
    PCC_WIRE_SPI,           /* GIC shared interrupt, without the 32 */
    PCC_WIRE_PPI,
    PCC_WIRE_IRQ,           /* NVIC external interrupt, or an input number */
};

enum pcc_trigger {
    PCC_TRIGGER_NONE,
    PCC_EDGE_RISING = 1,
    PCC_EDGE_FALLING = 2,
    PCC_LEVEL_HIGH = 4,
    PCC_LEVEL_LOW = 8,
};

struct pcc_wire {
    struct pcc_origin origin;
    uint32_t instance;      /* the driver; PCC_NONE: a native */
    uint32_t native;
    uint32_t line;          /* of that instance's device */
    uint32_t to_instance;   /* one of these two, */
    uint32_t to_native;     /* or none: "nvic" */
    enum pcc_wire_kind kind;
    uint32_t number;        /* interrupt, or line of to_instance's device */
    enum pcc_trigger trigger;
};

enum pcc_psci {
    PCC_PSCI_DEFAULT,
    PCC_PSCI_NONE,
    PCC_PSCI_SMC,
    PCC_PSCI_HVC,
};

struct pcc_board {
    const char *name;
    const char *text;
    struct pcc_origin origin;
    const char *const *compatible;
    size_t compatible_count;
    const char *cpu;        /* QEMU's CPU type without suffix, or NULL */
    unsigned cpus;
    const char *package;    /* "name:architecture" or NULL */
    const char *base;       /* base device tree file, or NULL */
    bool has_entry;
    uint64_t entry;
    int el;                 /* 1..3; 0: not said */
    int secure;             /* 0, 1; -1: not said */
    enum pcc_psci psci;
    bool closed;
    uint32_t console;       /* instance, or PCC_NONE */
    const char *console_fifo;   /* "" unless `console: inst.name` */
    struct pcc_memory *memories;
    size_t memory_count;
    struct pcc_load *loads;
    size_t load_count;
    struct pcc_instance *instances;
    size_t instance_count;
    struct pcc_native *natives;
    size_t native_count;
    struct pcc_wire *wires;
    size_t wire_count;
    const struct pcc_dt_node *dts;
    size_t dt_count;
};

struct pcc_model {
    /*
     * The devices in text order; an instance that `extend board.instance`
     * specialises has one of its own, named "device.instance", after them.
     */
    struct pcc_device *devices;
    size_t device_count;
    const struct pcc_board *board;  /* the last concrete one; NULL: none */
};

/* Lookups; the first return PCC_NONE, the others NULL, when there is none. */
uint32_t pcc_find_instance(const struct pcc_board *b, const char *name);
/* The instance whose window holds physical address @addr. */
uint32_t pcc_instance_at(const struct pcc_model *m, uint64_t addr);
uint32_t pcc_find_memory(const struct pcc_board *b, const char *name);
uint32_t pcc_find_reg(const struct pcc_device *d, const char *name);
/* The first register that covers byte @offset. */
uint32_t pcc_reg_at(const struct pcc_device *d, uint64_t offset);
/* Field @name of register @reg. */
uint32_t pcc_find_field(const struct pcc_device *d, uint32_t reg,
                        const char *name);
const struct pcc_device *pcc_find_device(const struct pcc_model *m,
                                         const char *name);

/* Words of the enums, for dumps and messages; never NULL. */
const char *pcc_owner_name(enum pcc_owner owner);
const char *pcc_trigger_name(enum pcc_trigger trigger);
const char *pcc_unmapped_name(enum pcc_unmapped unmapped);

#endif
