/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte layout of .ptab register tables, version 1.
 *
 * TABLE-FORMAT.md says in words what the structures below say in C; this
 * header is the source for both the writer (compiler) and the reader
 * (engine).  Everything is little-endian.  Offsets count bytes from the
 * start of the blob that holds them (file, device or board), sections start
 * on multiples of 8, indices count entries of a section.  PRT_NONE stands
 * for "no such thing" wherever an index, a program or a state cell may be
 * absent.  A string is an offset into the blob's string section: bytes up to
 * a NUL; offset 0 is the empty string.
 */
#ifndef RUNTIME_ENGINE_TABLE_H
#define RUNTIME_ENGINE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tables are read in place: a little-endian host is needed"
#endif

#define PRT_VERSION 1           /* version written */
#define PRT_COMPAT 1            /* oldest reader that understands it */
#define PRT_NONE UINT32_MAX
#define PRT_NONE16 UINT16_MAX

#define PRT_MAGIC_FILE 0x42415450u      /* "PTAB" */
#define PRT_MAGIC_DEV 0x56454450u       /* "PDEV" */
#define PRT_MAGIC_BOARD 0x44524250u     /* "PBRD" */

/* Limits; the validator refuses what exceeds them. */
#define PRT_MAX_FILE (64u << 20)        /* bytes of a file */
#define PRT_MAX_MMIO (16u << 20)        /* bytes of one device's window */
#define PRT_MAX_STATE (32u << 20)       /* bytes of one device's state */
#define PRT_MAX_REGS 65534u
#define PRT_MAX_PROG 4096u              /* instructions of one program */
#define PRT_MAX_RANK 64u                /* depth of derived values */
#define PRT_MAX_VIEWS 128u              /* views of one register */
#define PRT_MAX_CHAIN 64u               /* registers sharing a granule */
#define PRT_MAX_FIFO 65536u             /* elements */
#define PRT_MAX_STEPS 262144u           /* instructions in one access */
#define PRT_NUM_REGS 16u                /* registers of a program */

/* ---------------------------------------------------------------- file */

struct prt_file_header {                /* 64 bytes, at offset 0 */
    uint32_t magic;                     /* PRT_MAGIC_FILE */
    uint16_t version;                   /* PRT_VERSION */
    uint16_t compat;                    /* PRT_COMPAT */
    uint32_t total_size;                /* of the file, multiple of 8 */
    uint32_t flags;                     /* 0 */
    uint64_t checksum;                  /* of all words after it */
    uint64_t model_hash;                /* of the resolved model; 0 unknown */
    uint32_t device_count;
    uint32_t device_dir;                /* prt_blob_ref[device_count] */
    uint32_t board_offset;              /* 0: no board section */
    uint32_t board_size;
    uint64_t reserved[2];               /* 0 */
};

struct prt_blob_ref {
    uint32_t offset;                    /* multiple of 8 */
    uint32_t size;                      /* multiple of 8 */
};

/* -------------------------------------------------------------- device */

/*
 * Sections of a device, in the order in which they must stand in the
 * directory (an empty section may be left out).  X(NAME, entry type)
 */
#define PRT_SECTIONS(X)                 \
    X(STRINGS, char)                    \
    X(DIR, uint16_t)                    \
    X(CHUNKS, uint16_t)                 \
    X(REGS, struct prt_reg)             \
    X(FIELDS, struct prt_field)         \
    X(VIEWS, struct prt_view)           \
    X(VARS, struct prt_var)             \
    X(FIFOS, struct prt_fifo)           \
    X(LINES, struct prt_line)           \
    X(LOCKS, struct prt_lock)           \
    X(TIMERS, struct prt_timer)         \
    X(AFTERS, struct prt_after)         \
    X(COPIES, struct prt_copy)          \
    X(RULES, struct prt_rule)           \
    X(MEMS, struct prt_mem)             \
    X(WINDOWS, struct prt_window)       \
    X(DOMAINS, struct prt_domain)       \
    X(ITEMS, struct prt_item)           \
    X(ARRAYS, struct prt_array)         \
    X(ORDER, struct prt_item)           \
    X(PROGS, struct prt_prog)           \
    X(CODE, struct prt_insn)            \
    X(POOL, uint64_t)

enum prt_section_id {
    PRT_SEC_NONE,
#define X(name, type) PRT_SEC_##name,
    PRT_SECTIONS(X)
#undef X
    PRT_SEC_COUNT
};

struct prt_section {
    uint16_t id;                        /* enum prt_section_id */
    uint16_t entry_size;                /* sizeof the entry type */
    uint32_t count;                     /* entries (bytes for STRINGS) */
    uint32_t offset;                    /* multiple of 8 */
    uint32_t reserved;                  /* 0 */
};

enum prt_illegal { PRT_ILLEGAL_SPLIT, PRT_ILLEGAL_IGNORE, PRT_ILLEGAL_ABORT };
enum prt_narrow { PRT_NARROW_MERGE, PRT_NARROW_REPLICATE };
enum prt_endian { PRT_ENDIAN_LITTLE, PRT_ENDIAN_BIG };
enum prt_unmapped {
    PRT_UNMAPPED_ASK, PRT_UNMAPPED_ZERO, PRT_UNMAPPED_ONES,
    PRT_UNMAPPED_STORE, PRT_UNMAPPED_ABORT
};

#define PRT_DEV_CLOSED 1u               /* a person's: never ask */

struct prt_dev_header {                 /* 80 bytes */
    uint32_t magic;                     /* PRT_MAGIC_DEV */
    uint16_t version;
    uint16_t compat;
    uint32_t total_size;                /* of the blob, multiple of 8 */
    uint32_t flags;                     /* PRT_DEV_* */
    uint64_t model_hash;                /* state is exchangeable if equal */
    uint32_t name;                      /* string: name of the device type */
    uint32_t mmio_size;                 /* bytes, 1..PRT_MAX_MMIO */
    uint8_t width;                      /* natural width: bytes 1 2 4 8 */
    uint8_t access;                     /* legal sizes: OR of 1 2 4 8 */
    uint8_t illegal;                    /* enum prt_illegal */
    uint8_t narrow;                     /* enum prt_narrow */
    uint8_t endian;                     /* enum prt_endian */
    uint8_t unmapped;                   /* enum prt_unmapped */
    uint8_t granule;                    /* bytes 1 2 4 8 of an index slot */
    uint8_t reserved0;
    uint32_t state_size;                /* bytes of saved state, mult. of 8 */
    uint32_t memo_count;                /* derived values (memo slots) */
    uint32_t section_count;             /* directory follows this header */
    uint32_t store_state;               /* cells for PRT_UNMAPPED_STORE */
    uint32_t edge_first;                /* rules on change set clear rise */
    uint32_t edge_count;                /*   fall, in topological order */
    uint32_t rule_first;                /* rules on reset and fault */
    uint32_t rule_count;
    uint32_t lines_out;                 /* output elements, sum of counts */
    uint32_t lines_in;                  /* input elements */
};

/* What an index means. */
enum prt_kind {
    PRT_KIND_NONE, PRT_KIND_REG, PRT_KIND_FIELD, PRT_KIND_VAR, PRT_KIND_FIFO,
    PRT_KIND_LINE, PRT_KIND_LOCK, PRT_KIND_TIMER, PRT_KIND_AFTER,
    PRT_KIND_DOMAIN, PRT_KIND_MEM, PRT_KIND_COPY, PRT_KIND_COUNT
};

/*
 * State.  One flat block of state_size bytes made of 8-byte cells.  Objects
 * that need state name its byte offset (a multiple of 8).  The ranges are
 * disjoint, and ascend in this order: REGS, VARS, FIFOS, LINES, LOCKS,
 * TIMERS, AFTERS, COPIES, RULES, MEMS, store_state; each section in index
 * order.  Sizes in bytes:
 */
#define PRT_STATE_REG(once) ((once) ? 16u : 8u) /* content [, written bits] */
#define PRT_STATE_VAR 8u
#define PRT_STATE_FIFO_HEAD 32u         /* head, level, deadline, losses */
#define PRT_STATE_LINE 24u              /* level, delivered, pulses */
#define PRT_STATE_LOCK 24u              /* locked, progress, dead */
#define PRT_STATE_TIMER 96u             /* plus 8 for each match */
#define PRT_STATE_AFTER 16u             /* for each element */
#define PRT_STATE_COPY 96u              /* for each element */
#define PRT_STATE_RULE 8u               /* edge rules: previous value */
/* An element takes 1, 2, 4 or 8 bytes; the total is rounded up to 8. */
#define PRT_ELEM_BYTES(bits) \
    ((bits) <= 8 ? 1u : (bits) <= 16 ? 2u : (bits) <= 32 ? 4u : 8u)
#define PRT_STATE_FIFO(depth, bits) (PRT_STATE_FIFO_HEAD + \
    (((uint32_t)(depth) * PRT_ELEM_BYTES(bits) + 7u) & ~7u))
#define PRT_STATE_BYTES(n) (((uint32_t)(n) + 7u) & ~7u) /* mem, store */

/*
 * Bit policies are boolean functions, carried as masks: on lanes written
 *   next = ~o&~v&m00 | ~o&v&m01 | o&~v&m10 | o&v&m11
 * with o the content and v the written value; a read shows
 *   ~o&v0 | o&v1
 * and leaves, on lanes read, ~o&r0 | o&r1.
 * X(NAME, m00, m01, m10, m11, v0, v1, r0, r1, once, unimpl)
 * `sticky` is no row: it sets the bits in `sticky` and keeps the masks.
 */
#define PRT_POLICIES(X)                                 \
    X(rw,     0, 1, 0, 1,  0, 1,  0, 1,  0, 0)          \
    X(ro,     0, 0, 1, 1,  0, 1,  0, 1,  0, 0)          \
    X(wo,     0, 1, 0, 1,  0, 0,  0, 1,  0, 0)          \
    X(rc,     0, 0, 1, 1,  0, 1,  0, 0,  0, 0)          \
    X(rs,     0, 0, 1, 1,  0, 1,  1, 1,  0, 0)          \
    X(w1c,    0, 0, 1, 0,  0, 1,  0, 1,  0, 0)          \
    X(w1s,    0, 1, 1, 1,  0, 1,  0, 1,  0, 0)          \
    X(w1t,    0, 1, 1, 0,  0, 1,  0, 1,  0, 0)          \
    X(w0c,    0, 0, 0, 1,  0, 1,  0, 1,  0, 0)          \
    X(w0s,    1, 0, 1, 1,  0, 1,  0, 1,  0, 0)          \
    X(w0t,    1, 0, 0, 1,  0, 1,  0, 1,  0, 0)          \
    X(wclr,   0, 0, 0, 0,  0, 1,  0, 1,  0, 0)          \
    X(wset,   1, 1, 1, 1,  0, 1,  0, 1,  0, 0)          \
    X(once,   0, 1, 0, 1,  0, 1,  0, 1,  1, 0)          \
    X(pulse,  0, 0, 0, 0,  0, 0,  0, 1,  0, 0)          \
    X(unimpl, 0, 0, 1, 1,  0, 1,  0, 1,  0, 1)          \
    X(zero,   0, 0, 0, 0,  0, 0,  0, 0,  0, 0)          \
    X(one,    1, 1, 1, 1,  1, 1,  1, 1,  0, 0)

enum prt_policy {
#define X(name, ...) PRT_POL_##name,
    PRT_POLICIES(X)
#undef X
    PRT_POL_COUNT
};

/*
 * PLAIN: the register has no cond, needs, views, rules, once or unimpl bits
 * and no field other than stored ones without cond and needs: an access is
 * mask arithmetic alone.  SETTLES: a line, a hold, a timer or an edge rule
 * depends on it (directly or through derived values): a changed content has
 * to settle; leaving it out where it belongs makes lines stale.  READS and
 * WRITES: takes part in decoding of reads/writes; a register that shares its
 * offset with others leaves out the direction that it does not serve.
 */
#define PRT_REG_PLAIN 1u
#define PRT_REG_SETTLES 2u
#define PRT_REG_READS 4u
#define PRT_REG_WRITES 8u
#define PRT_REG_INFERRED 16u            /* for monitors */
#define PRT_REG_FLAGS 31u

struct prt_reg {                        /* 152 bytes */
    uint32_t name;                      /* string: path, "ch[2].CCR" */
    uint32_t offset;                    /* bytes in the device; ascending */
    uint32_t state;                     /* content cell; PRT_NONE: content 0 */
    uint16_t flags;                     /* PRT_REG_* */
    uint8_t bytes;                      /* 1 2 4 8 */
    uint8_t bits;                       /* used bits, 1..8*bytes */
    uint64_t m00, m01, m10, m11;        /* next content on write */
    uint64_t v0, v1;                    /* value shown by a read */
    uint64_t r0, r1;                    /* next content on read */
    uint64_t reset;                     /* content after reset */
    uint64_t sticky;                    /* bits that reset `all` keeps */
    uint64_t once;                      /* writable until first written */
    uint64_t unimpl;                    /* accesses are reported */
    uint32_t cond;                      /* program: `when`, or PRT_NONE */
    uint32_t needs;                     /* program: `needs`, or PRT_NONE */
    uint32_t next;                      /* next alternate (greater index) */
    uint32_t field_first;               /* into FIELDS */
    uint32_t rule_first;                /* read and write rules of register */
    uint32_t view_first;                /*   and fields, in source order */
    uint16_t field_count;
    uint16_t rule_count;
    uint16_t view_count;
    uint16_t reserved0;
    uint32_t index;                     /* what IDX loads in cond and needs */
    uint32_t reserved1;                 /* 0 */
};

enum prt_value_kind { PRT_STORED, PRT_DERIVED, PRT_HOLD };

/*
 * Fields stand in the order of their registers, then of `lo`; fields of one
 * register do not overlap.  A DERIVED field ignores the stored bits; a HOLD
 * field's bits are replaced at settle by its program's value.
 */
struct prt_field {                      /* 40 bytes */
    uint32_t name;                      /* string: own name, "RXNE" */
    uint32_t reg;                       /* index of its register */
    uint8_t lo;                         /* lowest bit */
    uint8_t width;                      /* bits, 1..64 */
    uint8_t kind;                       /* enum prt_value_kind */
    uint8_t flags;                      /* 0 */
    uint16_t rank;                      /* DERIVED: loads only lower ranks */
    uint16_t reserved0;
    uint32_t prog;                      /* DERIVED, HOLD: its expression */
    uint32_t needs;                     /* written only while true */
    uint32_t cond;                      /* while false: reads 0, not written */
    uint32_t memo;                      /* DERIVED: memo slot, ascending */
    uint32_t index;                     /* what IDX loads in its programs */
    uint32_t reserved1;                 /* 0 */
};

enum prt_verb {
    PRT_VERB_SETS = 1, PRT_VERB_CLEARS, PRT_VERB_TOGGLES, PRT_VERB_MIRRORS,
    PRT_VERB_PUSHES, PRT_VERB_POPS, PRT_VERB_FEEDS, PRT_VERB_RESETS,
    PRT_VERB_COUNT
};

/*
 * Bits lo..lo+width-1 of the owning register are a view of a target:
 * sets/clears/toggles/mirrors a REG or VAR (bits from target_lo on),
 * pushes/pops a FIFO, feeds a LOCK, resets a DOMAIN (PRT_NONE: all).
 * A read shows the target (sets, clears, toggles, mirrors) or the front of
 * the FIFO (pops) in place of the stored bits, through v0/v1.
 */
struct prt_view {                       /* 24 bytes */
    uint8_t verb;                       /* enum prt_verb */
    uint8_t lo;
    uint8_t width;
    uint8_t target_kind;                /* enum prt_kind */
    uint32_t target;                    /* index */
    uint8_t target_lo;
    uint8_t reserved0[3];
    uint32_t cond;                      /* program or PRT_NONE */
    uint32_t index;                     /* what IDX loads in cond */
    uint32_t reserved1;                 /* 0 */
};

struct prt_var {                        /* 48 bytes */
    uint32_t name;
    uint32_t state;                     /* PRT_NONE when DERIVED */
    uint8_t width;                      /* bits, 1..64 */
    uint8_t kind;                       /* enum prt_value_kind */
    uint16_t rank;                      /* as in prt_field */
    uint32_t prog;                      /* DERIVED, HOLD */
    uint32_t memo;                      /* DERIVED */
    uint32_t flags;                     /* PRT_VAR_* */
    uint64_t reset;
    uint32_t index;                     /* what IDX loads in prog */
    uint32_t reserved0;                 /* 0 */
    uint64_t reserved1;                 /* 0 */
};
#define PRT_VAR_STICKY 1u               /* kept by reset `all` */

enum prt_end { PRT_END_NONE, PRT_END_TO, PRT_END_FROM };

struct prt_fifo {                       /* 56 bytes */
    uint32_t name;
    uint32_t state;
    uint32_t depth;                     /* elements */
    uint8_t width;                      /* bits of an element */
    uint8_t end;                        /* enum prt_end */
    uint8_t flags;                      /* 0 */
    uint8_t reserved0;
    uint32_t end_name;                  /* string: "console" or another end */
    uint32_t at;                        /* program: ns for one element */
    uint32_t preload_first;             /* into POOL: contents after reset */
    uint32_t preload_count;             /* <= depth */
    uint32_t rule_first;                /* push, pop, overflow */
    uint32_t rule_count;
    uint64_t reserved1[2];
};

enum prt_dir { PRT_LINE_OUT, PRT_LINE_IN };

struct prt_line {                       /* 32 bytes */
    uint32_t name;
    uint32_t state;
    uint8_t dir;                        /* enum prt_dir */
    uint8_t count;                      /* elements = bits, 1..64 */
    uint16_t reserved0;
    uint32_t first;                     /* number of element 0 among the */
                                        /*   lines of this direction */
    uint32_t prog;                      /* OUT: `:=`, all elements as bits */
    uint32_t index;                     /* what IDX loads in prog */
    uint64_t reset;                     /* levels without program */
};

enum prt_wrong { PRT_WRONG_RETRY, PRT_WRONG_RELOCK, PRT_WRONG_UNTIL_RESET };
#define PRT_LOCK_OPEN 1u                /* initially open */

struct prt_lock {                       /* 40 bytes */
    uint32_t name;
    uint32_t state;
    uint32_t key_first;                 /* into POOL */
    uint32_t key_count;                 /* >= 1 */
    uint8_t wrong;                      /* enum prt_wrong */
    uint8_t flags;                      /* PRT_LOCK_* */
    uint16_t reserved0;
    uint32_t rule_first;                /* unlock */
    uint32_t rule_count;
    uint32_t reserved1;
    uint64_t reserved2;
};

#define PRT_TIMER_DOWN 1u

struct prt_timer {                      /* 64 bytes */
    uint32_t name;
    uint32_t state;
    uint32_t flags;                     /* PRT_TIMER_* */
    uint32_t clock;                     /* program: Hz */
    uint32_t divide;                    /* program; none: 1 */
    uint32_t bits;                      /* program; none: 32 */
    uint32_t reload;                    /* program; none: all ones of bits */
    uint32_t run;                       /* program; none: always */
    uint32_t once;                      /* program; none: 0 */
    uint32_t start;                     /* program (may act); none: 0/reload */
    uint32_t match_first;               /* into PROGS: consecutive programs */
    uint32_t match_count;               /* <= 16 */
    uint32_t rule_first;                /* expire; match (subject = which) */
    uint32_t rule_count;
    uint32_t index;                     /* what IDX loads in its programs */
    uint32_t reserved;                  /* 0 */
};

#define PRT_AFTER_READS 1u              /* counts reads, not nanoseconds */

struct prt_after {                      /* 32 bytes */
    uint32_t name;                      /* string: path of the site */
    uint32_t state;
    uint32_t flags;                     /* PRT_AFTER_* */
    uint32_t count;                     /* elements (slots) */
    uint32_t body;                      /* program, IDX = index0 + element */
    uint32_t index0;
    uint64_t reserved;
};

enum prt_copy_param {
    PRT_COPY_FROM, PRT_COPY_TO, PRT_COPY_LEN, PRT_COPY_UNIT,
    PRT_COPY_FROM_STEP, PRT_COPY_TO_STEP, PRT_COPY_SKIP, PRT_COPY_PARAMS
};

struct prt_copy {                       /* 64 bytes */
    uint32_t name;
    uint32_t state;
    uint32_t count;                     /* elements (slots) */
    uint32_t index0;
    uint32_t param[PRT_COPY_PARAMS];    /* programs; none: 0 (unit 1,step 1) */
    uint32_t done;                      /* program run on completion */
    uint32_t fault;                     /* program run on a bus error */
    uint32_t reserved0;
    uint64_t reserved1;
};

/* Events.  X(NAME) */
#define PRT_EVENTS(X) \
    X(READ) X(WRITE) X(CHANGE) X(SET) X(CLEAR) X(RISE) X(FALL) X(EXPIRE) \
    X(MATCH) X(PUSH) X(POP) X(OVERFLOW) X(UNLOCK) X(FAULT) X(RESET)

enum prt_event {
    PRT_EV_NONE,
#define X(name) PRT_EV_##name,
    PRT_EVENTS(X)
#undef X
    PRT_EV_COUNT
};

/*
 * A rule belongs to the object whose rule_first/rule_count hold it (register,
 * FIFO, lock, timer) or to the device (edge_*, rule_*).  For READ and WRITE
 * `lo`, `width` give the bits of the register the rule is about: it fires
 * when a lane of them is accessed, and LDV/LDOLD/LDM see them shifted to 0.
 * Edge rules name REG, FIELD, VAR or LINE and bits of it; FIELD subjects
 * count `lo` from the field's own bit 0.
 */
struct prt_rule {                       /* 32 bytes */
    uint8_t event;                      /* enum prt_event */
    uint8_t kind;                       /* enum prt_kind of the subject */
    uint8_t lo;
    uint8_t width;                      /* 0: the whole subject */
    uint32_t subject;                   /* index; MATCH: number of match */
    uint32_t cond;                      /* program or PRT_NONE */
    uint32_t body;                      /* program */
    uint32_t index;                     /* what IDX loads */
    uint32_t state;                     /* edge rules: previous value */
    uint32_t name;                      /* string, may be empty */
    uint32_t reserved;
};

#define PRT_MEM_RO 1u                   /* guest writes are ignored */
#define PRT_MEM_WO 2u                   /* guest reads show 0 */
#define PRT_MEM_STICKY 4u

struct prt_mem {                        /* 32 bytes; storage, bytes in LE */
    uint32_t name;
    uint32_t state;                     /* `size` bytes of state */
    uint32_t offset;                    /* in the device; ascending */
    uint32_t size;                      /* bytes; overlaps no register */
    uint8_t elem;                       /* bytes of an element 1 2 4 8 */
    uint8_t reserved0[3];
    uint32_t flags;                     /* PRT_MEM_* */
    uint64_t reserved1;
};

/*
 * An access to offset+x in the window is one to target+x: written through
 * `verb` (SETS, CLEARS, TOGGLES: of the shown value, then rewritten as is;
 * MIRRORS: the same access).  Windows do not reach other windows.
 */
struct prt_window {                     /* 24 bytes */
    uint32_t name;
    uint32_t offset;                    /* ascending, no overlap */
    uint32_t size;
    uint32_t target;                    /* offset of what it shows */
    uint8_t verb;                       /* enum prt_verb, first four */
    uint8_t reserved0[3];
    uint32_t reserved1;
};

struct prt_domain {                     /* 24 bytes */
    uint32_t name;
    uint32_t item_first;                /* into ITEMS */
    uint32_t item_count;
    uint32_t rule_first;                /* reset */
    uint32_t rule_count;
    uint32_t reserved;
};

struct prt_item {                       /* 8 bytes */
    uint8_t kind;                       /* enum prt_kind */
    uint8_t lo;                         /* REG, FIELD, VAR: bits of it; */
    uint8_t width;                      /*   0: all */
    uint8_t reserved;
    uint32_t index;
};

/* Element k of an array is entry first + k * stride of `kind`. */
struct prt_array {                      /* 16 bytes */
    uint8_t kind;                       /* FIELD VAR FIFO LOCK TIMER MEM REG */
    uint8_t reserved[3];
    uint32_t first;
    uint32_t count;
    uint32_t stride;
};

/* EXPR programs are free of effects; their value is END's register. */
enum prt_prog_kind { PRT_PROG_EXPR, PRT_PROG_ACTION };

struct prt_prog {                       /* 8 bytes */
    uint32_t first;                     /* into CODE */
    uint16_t count;                     /* instructions, the last one END */
    uint8_t kind;                       /* enum prt_prog_kind */
    uint8_t reserved;
};

struct prt_insn {                       /* 8 bytes */
    uint8_t op;
    uint8_t dst;
    uint8_t a;
    uint8_t b;
    uint32_t imm;
};

/*
 * Operand kinds of dst, a, b:  _ unused (0), R register, N number.
 * Operand kinds of imm: see enum prt_imm.  Where imm is an index of an
 * object that arrays hold (FIELD VAR FIFO LOCK TIMER), setting PRT_DYN makes
 * the other bits an index into ARRAYS, of that kind, and `b` the register
 * with the element number; beyond the end a load gives 0 and the rest does
 * nothing.  Without PRT_DYN `b` is 0.
 */
#define PRT_DYN 0x80000000u

enum prt_imm {
    PRT_IMM_ZERO,       /* must be 0 */
    PRT_IMM_NUMBER,     /* any */
    PRT_IMM_POOL,       /* index into POOL */
    PRT_IMM_FIELD, PRT_IMM_VAR, PRT_IMM_FIFO, PRT_IMM_LOCK, PRT_IMM_TIMER,
    PRT_IMM_REG,        /* index into REGS */
    PRT_IMM_MEM, PRT_IMM_LINE, PRT_IMM_AFTER, PRT_IMM_COPY,
    PRT_IMM_DOMAIN,     /* or PRT_NONE: all */
    PRT_IMM_STRING, PRT_IMM_HOST, PRT_IMM_RSEL, PRT_IMM_TARGET
};

enum prt_host {
    PRT_HOST_RANDOM,    /* 64 random bits */
    PRT_HOST_WALLCLOCK, /* seconds since 1970-01-01 */
    PRT_HOST_SAMPLE,    /* value of the host's channel r[a], 0 if none */
    PRT_HOST_COUNT
};

/*
 * X(NAME, dst, a, b, imm, pure): unsigned 64-bit; division by 0 gives 0,
 * shifts by 64 and more give 0, comparisons give 0 or 1.
 *  END   value of the program is r[a]
 *  LI    dst = imm             LP   dst = POOL[imm]
 *  LDF   dst = field           STF  field = r[a]
 *  LDB   dst = bits a..a+b-1 of register imm (as a read would show them,
 *        without `wo`); STB bits dst..dst+b-1 of register imm = r[a]
 *  LDS   dst = variable        STS  variable = r[a]
 *  LDM   dst = element r[a] of mem  STM element r[b] of mem = r[a]
 *  LDL   dst = levels of all elements of a line
 *  LDV   `value`  LDOLD `old`  LDMASK `mask`  IDX array index of the rule
 *  SEL   dst = r[imm] ? r[a] : r[b]
 *  JZ/JNZ/JMP imm = target, counted from the start of this program; it lies
 *        after this instruction, at most on the last one
 *  POP   dst = front, removed (0 when empty); FRONT without removing
 *  COUNT dst = counter of a timer; RESTART counter = r[a]
 *  TIME  dst = time since start, in ticks of r[a] Hz
 *  ARM   AFTER imm, element r[b], in r[a] ns or reads
 *  FEED  lock with r[a]; LOCKED dst; RELOCK
 *  LINE  elements r[dst] (mask) of a line = r[a]; PULSE elements r[a]
 *  HOST  dst = source imm with argument r[a]
 *  XFER  start COPY imm, element r[b]
 *  RESET domain; LOG string and r[a]
 */
#define PRT_OPS(X)                              \
    X(END,     _, R, _, ZERO, 1)                \
    X(LI,      R, _, _, NUMBER, 1)              \
    X(LP,      R, _, _, POOL, 1)                \
    X(MOV,     R, R, _, ZERO, 1)                \
    X(LDF,     R, _, D, FIELD, 1)               \
    X(STF,     _, R, D, FIELD, 0)               \
    X(LDB,     R, N, N, REG, 1)                 \
    X(STB,     N, R, N, REG, 0)                 \
    X(LDS,     R, _, D, VAR, 1)                 \
    X(STS,     _, R, D, VAR, 0)                 \
    X(LDM,     R, R, _, MEM, 1)                 \
    X(STM,     _, R, R, MEM, 0)                 \
    X(LDL,     R, _, _, LINE, 1)                \
    X(LDV,     R, _, _, ZERO, 1)                \
    X(LDOLD,   R, _, _, ZERO, 1)                \
    X(LDMASK,  R, _, _, ZERO, 1)                \
    X(IDX,     R, _, _, ZERO, 1)                \
    X(ADD,     R, R, R, ZERO, 1)                \
    X(SUB,     R, R, R, ZERO, 1)                \
    X(MUL,     R, R, R, ZERO, 1)                \
    X(DIV,     R, R, R, ZERO, 1)                \
    X(MOD,     R, R, R, ZERO, 1)                \
    X(AND,     R, R, R, ZERO, 1)                \
    X(OR,      R, R, R, ZERO, 1)                \
    X(XOR,     R, R, R, ZERO, 1)                \
    X(SHL,     R, R, R, ZERO, 1)                \
    X(SHR,     R, R, R, ZERO, 1)                \
    X(EQ,      R, R, R, ZERO, 1)                \
    X(NE,      R, R, R, ZERO, 1)                \
    X(LT,      R, R, R, ZERO, 1)                \
    X(LE,      R, R, R, ZERO, 1)                \
    X(NOT,     R, R, _, ZERO, 1)  /* ~ */       \
    X(NEG,     R, R, _, ZERO, 1)  /* 0 - a */   \
    X(BOOL,    R, R, _, ZERO, 1)  /* a != 0 */  \
    X(LNOT,    R, R, _, ZERO, 1)  /* a == 0 */  \
    X(ADDI,    R, R, _, NUMBER, 1)              \
    X(ANDI,    R, R, _, NUMBER, 1)              \
    X(SHLI,    R, R, _, NUMBER, 1)              \
    X(SHRI,    R, R, _, NUMBER, 1)              \
    X(EQI,     R, R, _, NUMBER, 1)              \
    X(SEL,     R, R, R, RSEL, 1)                \
    X(JZ,      _, R, _, TARGET, 1)              \
    X(JNZ,     _, R, _, TARGET, 1)              \
    X(JMP,     _, _, _, TARGET, 1)              \
    X(PUSH,    _, R, D, FIFO, 0)                \
    X(POP,     R, _, D, FIFO, 0)                \
    X(FRONT,   R, _, D, FIFO, 1)                \
    X(LEVEL,   R, _, D, FIFO, 1)                \
    X(DEPTH,   R, _, D, FIFO, 1)                \
    X(FLUSH,   _, _, D, FIFO, 0)                \
    X(COUNT,   R, _, D, TIMER, 1)               \
    X(RESTART, _, R, D, TIMER, 0)               \
    X(TIME,    R, R, _, ZERO, 1)                \
    X(ARM,     _, R, R, AFTER, 0)               \
    X(FEED,    _, R, D, LOCK, 0)                \
    X(LOCKED,  R, _, D, LOCK, 1)                \
    X(RELOCK,  _, _, D, LOCK, 0)                \
    X(LINE,    R, R, _, LINE, 0)                \
    X(PULSE,   _, R, _, LINE, 0)                \
    X(HOST,    R, R, _, HOST, 0)                \
    X(XFER,    _, _, R, COPY, 0)                \
    X(RESET,   _, _, _, DOMAIN, 0)              \
    X(LOG,     _, R, _, STRING, 0)

enum prt_op {
#define X(name, ...) PRT_OP_##name,
    PRT_OPS(X)
#undef X
    PRT_NUM_OPS
};

/*
 * Index.  DIR has one entry for each 256 bytes of mmio_size (rounded up):
 * number of a chunk, or PRT_NONE16.  A chunk is 256 / granule entries of
 * CHUNKS: index of the first register (head of the chain through `next`)
 * that covers the granule, or PRT_NONE16.  A chain holds every register
 * that covers any byte of the granule, in order of priority; members that
 * do not cover the byte in question are passed over.  Offset and size of
 * each register are multiples of the granule.
 */
#define PRT_CHUNK 256u

/* ------------------------------------------------------- layout checks */

#define PRT_SIZE_IS(type, bytes) \
    _Static_assert(sizeof(type) == (bytes), #type " has a fixed layout")

PRT_SIZE_IS(struct prt_file_header, 64);
PRT_SIZE_IS(struct prt_blob_ref, 8);
PRT_SIZE_IS(struct prt_section, 16);
PRT_SIZE_IS(struct prt_dev_header, 80);
PRT_SIZE_IS(struct prt_reg, 152);
PRT_SIZE_IS(struct prt_field, 40);
PRT_SIZE_IS(struct prt_view, 24);
PRT_SIZE_IS(struct prt_var, 48);
PRT_SIZE_IS(struct prt_fifo, 56);
PRT_SIZE_IS(struct prt_line, 32);
PRT_SIZE_IS(struct prt_lock, 40);
PRT_SIZE_IS(struct prt_timer, 64);
PRT_SIZE_IS(struct prt_after, 32);
PRT_SIZE_IS(struct prt_copy, 64);
PRT_SIZE_IS(struct prt_rule, 32);
PRT_SIZE_IS(struct prt_mem, 32);
PRT_SIZE_IS(struct prt_window, 24);
PRT_SIZE_IS(struct prt_domain, 24);
PRT_SIZE_IS(struct prt_item, 8);
PRT_SIZE_IS(struct prt_array, 16);
PRT_SIZE_IS(struct prt_prog, 8);
PRT_SIZE_IS(struct prt_insn, 8);

/* The board section has a header of its own. */
#include "runtime/engine/table-board.h"

#endif /* RUNTIME_ENGINE_TABLE_H */
