/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table-driven register engine.
 *
 * The engine executes a validated .ptab table: it decodes accesses, applies
 * bit policies, runs rules, keeps time and drives lines.  It never allocates,
 * does no I/O, has no globals, and calls nothing of libc but memcpy, memset,
 * memcmp and strlen.  The caller owns all memory and must serialise calls
 * for one device; different devices are independent.
 *
 * Life of a table:
 *     prt_file_open()      one call checks every byte that is ever used
 *     prt_file_device()    a device of it
 *     prt_table_memory()   bytes of state to provide
 *     prt_dev_init(), prt_dev_reset(), then accesses
 * The bytes of the table must stay in place and unchanged as long as a device
 * uses them; copy a table out of shared memory before opening it.
 *
 * Functions return PRT_OK (0) or a negative enum prt_err; accesses may also
 * return PRT_ASK or PRT_ABORT.
 */
#ifndef RUNTIME_ENGINE_ENGINE_H
#define RUNTIME_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/engine/table.h"

/* Results.  X(NAME, text) */
#define PRT_ERRORS(X)                                                   \
    X(E_ARG, "invalid argument")                                        \
    X(E_ALIGN, "table is not aligned to 8 bytes")                       \
    X(E_SHORT, "table is truncated")                                    \
    X(E_MAGIC, "not a register table")                                  \
    X(E_VERSION, "table version not supported by this engine")          \
    X(E_CHECKSUM, "table checksum does not match")                      \
    X(E_SIZE, "a size in the table is wrong")                           \
    X(E_SECTION, "section unknown, repeated or out of order")           \
    X(E_BOUNDS, "section reaches outside the table")                    \
    X(E_LIMIT, "a limit of the table format is exceeded")               \
    X(E_STRING, "string outside the string section")                    \
    X(E_INDEX, "index outside its section")                             \
    X(E_VALUE, "a value is out of range")                               \
    X(E_RESERVED, "a reserved field is not zero")                       \
    X(E_STATE, "state cells overlap or lie outside the state")          \
    X(E_DECODE, "address index contradicts the registers")              \
    X(E_OVERLAP, "fields or address ranges overlap")                    \
    X(E_RANK, "derived values depend on each other")                    \
    X(E_PLAIN, "a plain register has behaviour")                        \
    X(E_CODE, "unknown instruction or operand")                         \
    X(E_JUMP, "jump target not ahead within its program")               \
    X(E_END, "program does not end with END")                           \
    X(E_PURE, "an expression has an effect")                            \
    X(E_RULE, "rule attached to the wrong subject")                     \
    X(E_BOARD, "board section is inconsistent")                         \
    X(E_UNSUPPORTED, "not supported by this engine version")            \
    X(E_MISMATCH, "saved state belongs to another table")               \
    X(E_CONTENT, "saved state is corrupt")                              \
    X(E_FULL, "no room")

enum prt_err {
    PRT_OK = 0,
    PRT_ERR_BASE = -64,
#define X(name, text) PRT_##name,
    PRT_ERRORS(X)
#undef X
    PRT_ERR_END,
    PRT_ASK = 1,        /* nothing has happened; the table does not say */
    PRT_ABORT = 2       /* nothing has happened; deliver a bus error */
};

/* Text for any result of any function here; never NULL, static. */
const char *prt_strerror(int err);

/* 64-bit FNV-1a of `len` bytes; start with PRT_HASH_INIT, chain freely. */
#define PRT_HASH_INIT UINT64_C(0xcbf29ce484222325)
uint64_t prt_hash(uint64_t hash, const void *bytes, size_t len);

/*
 * The checksum of a file of `size` bytes, a multiple of 8 and no less than
 * its header (TABLE-FORMAT.md §2).  What the header holds as checksum does
 * not matter.  `file` need not be aligned.
 */
uint64_t prt_checksum(const void *file, size_t size);

/* ------------------------------------------------------ validated tables */

/*
 * A validated device table: pointers into the caller's bytes, for reading.
 * `nX` is the number of entries behind `X`; absent sections have none.
 */
struct prt_table {
    const struct prt_dev_header *head;
    const char *strings;
    const uint16_t *dir;
    const uint16_t *chunks;
    const struct prt_reg *regs;
    const struct prt_field *fields;
    const struct prt_view *views;
    const struct prt_var *vars;
    const struct prt_fifo *fifos;
    const struct prt_line *lines;
    const struct prt_lock *locks;
    const struct prt_timer *timers;
    const struct prt_after *afters;
    const struct prt_copy *copies;
    const struct prt_rule *rules;
    const struct prt_mem *mems;
    const struct prt_window *windows;
    const struct prt_domain *domains;
    const struct prt_item *items;
    const struct prt_array *arrays;
    const struct prt_item *order;
    const struct prt_prog *progs;
    const struct prt_insn *code;
    const uint64_t *pool;
    uint32_t nstrings, ndir, nchunks, nregs, nfields, nviews, nvars, nfifos;
    uint32_t nlines, nlocks, ntimers, nafters, ncopies, nrules, nmems;
    uint32_t nwindows, ndomains, nitems, narrays, norder, nprogs, ncode;
    uint32_t npool;
};

/* A validated board section; strings through prt_board_string(). */
struct prt_board {
    const struct prt_board_header *head;
    const char *strings;
    const struct prt_memory *memories;
    const struct prt_load *loads;
    const struct prt_instance *instances;
    const struct prt_native *natives;
    const struct prt_wire *wires;
    const struct prt_prop *props;
    const struct prt_region *regions;
};

/* A validated file. */
struct prt_file {
    const uint8_t *bytes;
    size_t size;
    const struct prt_file_header *head;
    const struct prt_blob_ref *devices; /* head->device_count of them */
    bool has_board;
    struct prt_board board;             /* valid if has_board */
};

/* Where validation failed: section (enum prt_section_id or 0) and entry. */
struct prt_fault_place {
    uint32_t device;                    /* PRT_NONE: file or board */
    uint32_t section;
    uint32_t entry;
};

/*
 * Check the whole of `bytes` (aligned to 8): header, checksum, each device,
 * the board section and all references between them.  On PRT_OK `file` may
 * be used without further checks.  `place` may be NULL.
 */
int prt_file_open(const void *bytes, size_t size, struct prt_file *file,
                  struct prt_fault_place *place);

/* The `index`th device of an open file; PRT_E_INDEX beyond the last. */
int prt_file_device(const struct prt_file *file, uint32_t index,
                    struct prt_table *table);

/* Check one device blob that stands alone (magic PDEV). */
int prt_table_open(const void *bytes, size_t size, struct prt_table *table,
                   struct prt_fault_place *place);

/* Bytes of memory prt_dev_init() wants: state and scratch, multiple of 8. */
size_t prt_table_memory(const struct prt_table *table);

/* Strings of an open table or board; never NULL. */
const char *prt_string(const struct prt_table *table, uint32_t offset);
const char *prt_board_string(const struct prt_board *board, uint32_t offset);

/* Names for monitors; "" beyond the last register or field. */
const char *prt_reg_name(const struct prt_table *table, uint32_t reg);
const char *prt_field_name(const struct prt_table *table, uint32_t field);

/* --------------------------------------------------------------- devices */

#define PRT_NEVER UINT64_MAX

enum prt_log_kind {
    PRT_LOG_GUEST,      /* text and value of a LOG instruction */
    PRT_LOG_UNIMPL,     /* unimplemented bits accessed; value = offset */
    PRT_LOG_UNMAPPED,   /* unmapped offset answered; value = offset */
    PRT_LOG_STEPS,      /* programs were left out (step bound) */
    PRT_LOG_NEST,       /* events nested too deeply were dropped */
    PRT_LOG_LOST        /* a FIFO overflowed; value = its index */
};

/*
 * What the engine asks of its host.  Any may be NULL: then time stands
 * still, lines lead nowhere, and sources give 0.  Calls arrive only from
 * within the caller's own calls; `now` alone may be called by prt_peek().
 * Callbacks must not call the engine for the same device, but for
 * prt_fifo_room(), prt_peek() and prt_line_level().
 */
struct prt_host_ops {
    /* Nanoseconds of the machine's virtual time, never going back. */
    uint64_t (*now)(void *opaque);
    /* Call prt_tick() at `deadline` (ns); PRT_NEVER: no more. */
    void (*alarm)(void *opaque, uint64_t deadline);
    /* Output element `line` (0..lines_out-1) has taken a level. */
    void (*line)(void *opaque, uint32_t line, int level);
    /*
     * An element leaves FIFO `fifo`.  False: not now; it stays, and
     * prt_fifo_drain() or the next access tries again.
     */
    bool (*put)(void *opaque, uint32_t fifo, uint64_t value);
    uint64_t (*random)(void *opaque);
    uint64_t (*wallclock)(void *opaque);        /* seconds since 1970 */
    uint64_t (*sample)(void *opaque, uint64_t channel);
    /* size 1 2 4 8; false: bus error. */
    bool (*bus_read)(void *opaque, uint64_t address, unsigned size,
                     uint64_t *value);
    bool (*bus_write)(void *opaque, uint64_t address, unsigned size,
                      uint64_t value);
    void (*log)(void *opaque, enum prt_log_kind kind, const char *text,
                uint64_t value);
};

/*
 * A running device.  Caller-held; treat the members after `last_reg` as
 * private.  `host` and `opaque` may be exchanged before the first reset or
 * load, the rest up to there is for reading.  Nothing in it needs disposal.
 */
struct prt_dev {
    const struct prt_table *table;
    const struct prt_host_ops *host;
    void *opaque;
    /* After PRT_ASK: the first bytes the table does not answer. */
    uint32_t ask_offset;
    uint32_t ask_size;
    /* First register of the last access, or PRT_NONE. */
    uint32_t last_reg;

    uint8_t *state;             /* head->state_size bytes */
    uint64_t *memo;             /* 2 * head->memo_count cells */
    uint64_t *depend;           /* what settles with each object, or NULL */
    const uint8_t *traits;      /* of each register: what it may skip */
    uint32_t depend_base[PRT_KIND_COUNT];
    uint32_t items;             /* that settle */
    uint64_t all_items;         /* their bits */
    uint64_t dirty;             /* those that have to settle */
    uint64_t now;               /* host time of this call */
    uint64_t epoch;             /* changes with each change of content */
    uint64_t alarm;             /* deadline last given to the host */
    uint64_t value, old, mask;  /* of the write a rule is about */
    uint32_t index;             /* IDX */
    uint32_t steps;             /* instructions left in this call */
    uint32_t reads_armed;       /* read-counting `after`s pending */
    uint16_t depth;             /* nested programs */
    uint16_t events;            /* nested events */
    uint8_t granule_shift;
    uint8_t whole;              /* sizes that a register is accessed by */
    bool time_dirty;            /* deadlines have changed */
    bool out_dirty;             /* FIFO ends have work */
    bool lines_dirty;           /* lines have to be delivered */
    bool alarm_stale;           /* tell the host the alarm in any case */
    bool copies_active;         /* transfers are under way */
    bool due;                   /* an `after` has run out in this call */
    bool in_due;                /* running what is due */
    bool in_read;               /* effects of a read are running */
    bool now_known;             /* `now` is of this call */
    bool timeless;              /* no value of the table depends on time */
    bool uses_old;              /* a program loads `old` */
    bool cut;                   /* a bound left a program out in this call */
    bool unmapped_logged;
    bool busy;                  /* in a call that may have effects */
};

/*
 * Set up `dev` on `table`, which must outlive it.  `memory` (aligned to 8,
 * prt_table_memory() bytes) holds its contents; it is cleared, and
 * prt_dev_reset() must follow, or prt_load().  `host` must outlive it too.
 */
int prt_dev_init(struct prt_dev *dev, const struct prt_table *table,
                 void *memory, size_t size, const struct prt_host_ops *host,
                 void *opaque);

enum prt_reset { PRT_RESET_WARM, PRT_RESET_COLD };

/*
 * Reset: COLD takes everything to its reset value, WARM leaves what is
 * sticky.  Pending `after`s are dropped, timers restart, lines settle.
 * Input levels are kept: they belong to the host.
 */
void prt_dev_reset(struct prt_dev *dev, enum prt_reset kind);

/*
 * Guest accesses of 1 to 8 bytes at `offset`; bytes outside mmio_size count
 * as unmapped.  Returns PRT_OK, PRT_ASK (dev->ask_* say for what) or
 * PRT_ABORT; in the latter two nothing has happened and *value is 0.
 * PRT_E_ARG for sizes outside 1..8.
 */
int prt_read(struct prt_dev *dev, uint32_t offset, unsigned size,
             uint64_t *value);
int prt_write(struct prt_dev *dev, uint32_t offset, unsigned size,
              uint64_t value);

/*
 * What such an access would return (PRT_OK, PRT_ASK, PRT_ABORT), without
 * any effect.  *reg, if not NULL: first register touched, or PRT_NONE.
 */
int prt_decode(struct prt_dev *dev, uint32_t offset, unsigned size,
               bool write, uint32_t *reg);

/*
 * The value a read would show, without any effect: nothing is popped or
 * cleared, no rule runs.  Bytes that would ask or abort show 0; the result
 * tells.
 */
int prt_peek(struct prt_dev *dev, uint32_t offset, unsigned size,
             uint64_t *value);

/* Value of a register or field as a monitor shows it, without effect. */
uint64_t prt_peek_reg(struct prt_dev *dev, uint32_t reg);
uint64_t prt_peek_field(struct prt_dev *dev, uint32_t field);

/* Do what is due by now: `after`s, timers, FIFO ends, copies. */
void prt_tick(struct prt_dev *dev);

/* Earliest deadline in ns, or PRT_NEVER. */
uint64_t prt_deadline(struct prt_dev *dev);

/*
 * Host end of FIFOs.  room: elements a `from` FIFO takes now (0 for others);
 * put: hand over one, PRT_E_FULL if there is no room (`on overflow` runs);
 * drain: the host takes elements again.
 */
uint32_t prt_fifo_room(const struct prt_dev *dev, uint32_t fifo);
int prt_fifo_put(struct prt_dev *dev, uint32_t fifo, uint64_t value);
void prt_fifo_drain(struct prt_dev *dev);

/*
 * First FIFO bound to an end of that name ("console") in that direction, or
 * PRT_NONE.
 */
uint32_t prt_fifo_find(const struct prt_table *table, enum prt_end end,
                       const char *name);

/* Input element `line` (0..lines_in-1) takes a level; others are ignored. */
void prt_line_set(struct prt_dev *dev, uint32_t line, int level);

/* Level last delivered for output element `line`. */
int prt_line_level(const struct prt_dev *dev, uint32_t line);

/* ----------------------------------------------------------------- state */

/*
 * The contents are the first head->state_size bytes of the memory given to
 * prt_dev_init(); they may be copied away at any time between calls.  load
 * copies `size` bytes in and checks them: PRT_E_MISMATCH for another size,
 * PRT_E_CONTENT if a cell is impossible (nothing is changed then).  Lines
 * are delivered again and the alarm is set.
 */
size_t prt_state_size(const struct prt_table *table);
const void *prt_state(const struct prt_dev *dev);
int prt_load(struct prt_dev *dev, const void *state, size_t size);

enum prt_carry_kind {
    PRT_CARRY_NARROWED, /* bits were lost */
    PRT_CARRY_RESET     /* content took its reset value */
};

typedef void prt_carry_fn(void *opaque, enum prt_carry_kind kind,
                          const char *name);

/*
 * Take over contents into `dev` from a device that ran another version of the
 * table, instead of prt_dev_reset() after prt_dev_init(): by name, else
 * (registers) by offset.  Registers, fields, variables, FIFOs, locks, timers,
 * pending `after`s, transfers, memories and line levels.  What is new starts
 * from reset; bits that still had their old reset value, or that the guest
 * can no longer write, take the new reset value.  `report` (may be NULL)
 * hears of what did not fit.  Only lines whose level differs are delivered;
 * output numbers that the new table gives to another line, or to none, are
 * lowered first (their numbers are those of the old table).  `old` stays as
 * it is.
 */
void prt_carry(struct prt_dev *dev, const struct prt_dev *old,
               prt_carry_fn *report, void *opaque);

#endif /* RUNTIME_ENGINE_ENGINE_H */
