/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resolved model: what the text means.  Offsets are absolute, arrays
 * are expanded (element 2 of CR is a register named "CR[2]"), names are
 * indices, rules are byte code, every constant is computed.  Immutable once
 * pcc_compile() has returned; owned by its session; emitters, tools and the
 * daemon see only this, never the AST.
 *
 * Constants of behaviour (policies, verbs, events, operations) are those of
 * runtime/engine/table.h.  Indices are into the arrays of the same device (or
 * of the board); PCC_NONE means "none".  Strings end in NUL and are UTF-8.
 */
#ifndef COMPILER_MODEL_H
#define COMPILER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dsl/source.h"
#include "runtime/engine/table.h"

#define PCC_NONE PRT_NONE

enum pcc_owner {
    PCC_PERSON,             /* no note, or a sum that does not match */
    PCC_INFERRED,
    PCC_IMPORTED,
};

/* What an import says and the language has no word for. */
struct pcc_fact {
    const struct pcc_fact *next;
    const char *name;
    const char *text;
};

/* Where an item comes from and who wrote it. */
struct pcc_origin {
    struct pdl_span span;
    enum pcc_owner owner;
    unsigned confidence;    /* per cent; 100 for a person's */
    const char *by;         /* inference engine or import; NULL: a person */
    const char *evidence;   /* or NULL */
    const struct pcc_fact *facts;   /* of the item's own @imported */
};

struct pcc_prog {
    uint32_t first;         /* into pcc_device.code */
    uint32_t count;
    enum prt_prog_kind kind;
};

struct pcc_enum_value {
    const char *name;
    uint64_t value;
    const char *text;       /* or NULL */
};

/*
 * A policy as truth tables, one bit each; see PRT_POLICIES in table.h.
 */
struct pcc_masks {
    uint64_t m00, m01, m10, m11;
    uint64_t v0, v1;
    uint64_t r0, r1;
};

/* What accesses do to a bit: a row of PRT_POLICIES, or several mixed. */
struct pcc_row {
    unsigned m00 : 1, m01 : 1, m10 : 1, m11 : 1;
    unsigned v0 : 1, v1 : 1, r0 : 1, r1 : 1;
    unsigned once : 1, unimpl : 1;
};

struct pcc_reg {
    const char *name;
    const char *path;       /* with groups: "ch[2].CCR" */
    const char *text;       /* description or NULL */
    struct pcc_origin origin;
    uint64_t offset;        /* bytes from the start of the device */
    unsigned bytes;         /* 1, 2, 4, 8 */
    unsigned bits;          /* used ones, from bit 0 on */
    bool reads;             /* takes part in decoding of reads, */
    bool writes;            /* of writes */
    enum prt_policy policy; /* of bits without one of their own */
    struct pcc_row row;     /* the same, with what stands beside it */
    struct pcc_masks masks; /* of all bits */
    uint64_t reset;
    uint64_t known;         /* bits whose reset value is known */
    uint64_t sticky;        /* bits that keep their value over a reset */
    uint64_t once;          /* bits writable once until reset */
    uint64_t unimpl;        /* bits whose accesses are reported */
    uint64_t id;            /* bits whose reset value tells what it is */
    bool plain;             /* mask arithmetic is all there is to it */
    bool settles;           /* a line, hold, timer or edge depends on it */
    uint32_t when;          /* program that enables it, or PCC_NONE */
    uint32_t needs;         /* program that lets writes through */
    uint32_t next;          /* next register at the same offset */
    uint32_t first_field, field_count;
    uint32_t first_rule, rule_count;    /* read and write rules */
    uint32_t first_view, view_count;
    bool derived;           /* holds at least one derived field */
};

struct pcc_field {
    const char *name;
    const char *text;
    struct pcc_origin origin;
    uint32_t reg;
    unsigned lo;
    unsigned width;
    enum prt_value_kind kind;
    enum prt_policy policy;
    struct pcc_row row;
    uint64_t reset;         /* right-aligned */
    uint32_t prog;          /* of a derived or hold field */
    uint32_t needs;         /* program that lets writes through */
    uint32_t when;          /* program; while false: 0, not written */
    uint32_t rank;          /* topological: loads only lower ranks */
    const struct pcc_enum_value *values;
    size_t value_count;
    const struct pcc_enum_value *write_values;  /* of those written, if */
    size_t write_value_count;                   /* they differ */
};

struct pcc_var {
    const char *name;
    struct pcc_origin origin;
    unsigned width;         /* bits, 1 to 64 */
    enum prt_value_kind kind;
    uint32_t prog;          /* of a derived or hold variable */
    uint32_t rank;
    uint64_t reset;
    bool sticky;
};

struct pcc_fifo {
    const char *name;
    struct pcc_origin origin;
    uint32_t depth;
    unsigned width;         /* bits of an element */
    enum prt_end end;
    const char *peer;       /* "console" or another name; NULL: none */
    uint32_t at;            /* program: ns for one element; NONE: at once */
    uint32_t first_preload, preload_count;  /* in pool */
    uint32_t first_rule, rule_count;
};

struct pcc_line {
    const char *name;
    struct pcc_origin origin;
    enum prt_dir dir;
    unsigned count;         /* elements, 1 to 64 */
    uint32_t first;         /* element 0 among the lines of its direction */
    uint32_t prog;          /* all elements as bits; NONE: not derived */
    bool driven;            /* by a program, a rule or drive() */
    struct pcc_origin driver;   /* what of `prog` is least sure */
};

struct pcc_lock {
    const char *name;
    struct pcc_origin origin;
    uint32_t first_key, key_count;  /* in pool */
    enum prt_wrong wrong;
    bool open;              /* initially */
    uint32_t first_rule, rule_count;
};

struct pcc_timer {
    const char *name;
    struct pcc_origin origin;
    bool down;
    uint32_t clock;         /* programs, PCC_NONE where not said */
    uint32_t divide, bits, reload, run, once, start;
    uint32_t first_match, match_count;      /* consecutive programs */
    uint32_t first_rule, rule_count;
};

struct pcc_mem {
    const char *name;
    struct pcc_origin origin;
    uint64_t offset;
    uint64_t size;          /* bytes */
    unsigned elem;          /* bytes of an element */
    unsigned flags;         /* PRT_MEM_* */
};

struct pcc_window {
    const char *name;
    struct pcc_origin origin;
    uint64_t offset;
    uint64_t size;
    uint64_t target;
    enum prt_verb verb;
};

struct pcc_copy {
    const char *name;
    uint32_t param[PRT_COPY_PARAMS];    /* programs */
    uint32_t index;         /* what IDX loads in its programs */
    uint32_t done;
    uint32_t fault;
};

struct pcc_domain {
    const char *name;
    struct pcc_origin origin;
    uint32_t first_item, item_count;
    uint32_t first_rule, rule_count;
};

struct pcc_rule {
    struct pcc_origin origin;
    const char *name;       /* "on write CR.EN" */
    enum prt_event event;
    enum prt_kind kind;     /* of the subject */
    uint32_t subject;       /* index; for a match its number */
    unsigned lo, width;     /* bits of the subject; width 0: all of it */
    uint32_t when;          /* program or PCC_NONE */
    uint32_t body;
    uint32_t index;         /* what IDX loads */
};

struct pcc_view {
    struct pcc_origin origin;
    enum prt_verb verb;
    unsigned lo, width;     /* bits of the register that owns it */
    enum prt_kind target_kind;
    uint32_t target;
    unsigned target_lo;
    uint32_t when;          /* program or PCC_NONE */
};

struct pcc_after {
    const char *name;
    bool reads;             /* counts reads of the device, else ns */
    uint32_t body;
    uint32_t index;         /* what IDX loads in body */
};

/* A device-tree property as bytes, with the places of references in it. */
struct pcc_dt_ref {
    uint32_t offset;        /* byte offset of the cell in the value */
    const char *label;      /* label or path ("/…") */
    bool path_string;       /* the value is the path's text, not a phandle */
    struct pdl_span span;
};

struct pcc_dt_prop {
    const char *name;
    const uint8_t *value;
    uint32_t size;
    const struct pcc_dt_ref *refs;
    size_t ref_count;
    bool drop;              /* delete this property (or node) instead */
    struct pdl_span span;
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

#define PCC_MAX_REGIONS PRT_MAX_REGIONS

struct pcc_region {
    uint64_t offset;        /* in the device */
    uint64_t size;
};

/* A device as one user (board instance) of it sees it. */
struct pcc_device {
    const char *name;
    const char *text;
    struct pcc_origin origin;
    const char *const *compatible;
    size_t compatible_count;
    const char *dt_class;   /* `class:` the generic node name, or NULL */
    uint64_t size;          /* bytes, of all regions */
    /*
     * The parts that instances place one by one, each at the next multiple
     * of 8 behind the one before; one part for most devices.
     */
    struct pcc_region regions[PCC_MAX_REGIONS];
    size_t region_count;
    unsigned width;         /* natural register width, bits */
    unsigned access;        /* legal sizes: bit mask of 1, 2, 4, 8 */
    enum prt_illegal illegal;
    enum prt_narrow narrow;
    enum prt_endian endian;
    enum prt_unmapped unmapped;
    bool closed;
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
    struct pcc_lock *locks;
    size_t lock_count;
    struct pcc_timer *timers;
    size_t timer_count;
    struct pcc_mem *mems;       /* by offset */
    size_t mem_count;
    struct pcc_window *windows; /* by offset */
    size_t window_count;
    struct pcc_copy *copies;
    size_t copy_count;
    struct pcc_domain *domains;
    size_t domain_count;
    struct prt_item *items;     /* of the domains */
    size_t item_count;
    struct prt_array *arrays;   /* what DYN operands name */
    size_t array_count;
    struct prt_item *order;     /* settling, in topological order */
    size_t order_count;
    /*
     * Rules of registers, FIFOs, locks, timers and domains each at the
     * place their owner names; then those on edges, in topological order;
     * then the device's own.
     */
    struct pcc_rule *rules;
    size_t rule_count;
    uint32_t first_edge, edge_count;
    uint32_t first_device_rule, device_rule_count;
    struct pcc_view *views;     /* by register */
    size_t view_count;
    struct pcc_after *afters;
    size_t after_count;
    struct pcc_prog *progs;
    size_t prog_count;
    struct prt_insn *code;
    size_t code_count;
    uint64_t *pool;             /* constants, preloads, keys */
    size_t pool_count;
    const char **texts;         /* what LOG's operand numbers */
    size_t text_count;
    const struct pcc_dt_node *dts;
    size_t dt_count;
};

struct pcc_memory {
    const char *name;
    struct pcc_origin origin;
    uint64_t base;
    uint64_t size;
    bool read_only;
    bool is_alias;          /* mirrors: shows what is at alias */
    uint64_t alias;
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
    uint64_t address;       /* of the first region */
    uint64_t addresses[PCC_MAX_REGIONS];
    size_t address_count;   /* the device's region_count */
    bool closed;
    /*
     * The active instance whose addresses this one shares, or PCC_NONE: it
     * is known, but neither in tables nor in trees.
     */
    uint32_t alternate;
    const struct pcc_dt_node *dts;
    size_t dt_count;
};

/* A property of a native device. */
struct pcc_native_setting {
    const char *name;
    enum prt_prop_kind kind;
    const char *text;       /* PRT_PROP_STRING */
    uint64_t value;         /* the others */
};

struct pcc_native {
    const char *name;
    const char *type;
    struct pcc_origin origin;
    uint64_t addresses[PCC_MAX_ADDRESSES];
    size_t address_count;
    const struct pcc_native_setting *settings;
    size_t setting_count;
    const struct pcc_dt_node *dts;
    size_t dt_count;
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
    uint32_t instance;      /* the driver, PCC_NONE when it is */
    uint32_t native;        /* a native */
    uint32_t line;          /* of that instance's device; or the native's
                               output */
    unsigned element;       /* of line */
    enum prt_wire_to to;
    uint32_t target;        /* native or instance */
    enum prt_wire_kind kind;
    uint32_t number;        /* interrupt, or input element among lines in */
    enum pcc_trigger trigger;
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
    struct pdl_span base_span;
    bool has_entry;
    uint64_t entry;
    struct pdl_span entry_span;
    int el;                 /* 0..3; -1: not said */
    int secure;             /* 0, 1; -1: not said */
    enum prt_psci psci;
    bool closed;
    uint32_t console;       /* instance, or PCC_NONE */
    uint32_t console_native;    /* native, or PCC_NONE */
    const char *console_end;    /* "" unless `console: inst.name` */
    struct pdl_span console_span;
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

/*
 * Lines of the NVIC that machine "periph" gives the board's core: 32, 240
 * or 480 by its architecture; 0 when that is not one with an NVIC.
 */
unsigned pcc_nvic_lines(const struct pcc_board *b);

/* Lookups; the first return PCC_NONE, the others NULL, when there is none. */
uint32_t pcc_find_instance(const struct pcc_board *b, const char *name);
/* The instance one of whose regions holds physical address @addr. */
uint32_t pcc_instance_at(const struct pcc_model *m, uint64_t addr);
/* Offset in its device of @addr, when instance @i is there. */
bool pcc_instance_offset(const struct pcc_model *m, uint32_t i,
                         uint64_t addr, uint64_t *offset);
/* Address of @offset of instance @i; that of the region before in gaps. */
uint64_t pcc_instance_address(const struct pcc_model *m, uint32_t i,
                              uint64_t offset);
uint32_t pcc_find_memory(const struct pcc_board *b, const char *name);
uint32_t pcc_find_reg(const struct pcc_device *d, const char *name);
/* The first register that covers byte @offset. */
uint32_t pcc_reg_at(const struct pcc_device *d, uint64_t offset);
/* Field @name of register @reg. */
uint32_t pcc_find_field(const struct pcc_device *d, uint32_t reg,
                        const char *name);
const struct pcc_device *pcc_find_device(const struct pcc_model *m,
                                         const char *name);

/* The fact @name of an item, or NULL. */
const char *pcc_fact(const struct pcc_origin *o, const char *name);

/* Words of the enums, for dumps and messages; never NULL. */
const char *pcc_owner_name(enum pcc_owner owner);
const char *pcc_policy_name(enum prt_policy policy);
const char *pcc_trigger_name(enum pcc_trigger trigger);
const char *pcc_unmapped_name(enum prt_unmapped unmapped);

#endif
