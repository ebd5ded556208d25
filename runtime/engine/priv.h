/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the engine share.  Tables are validated before any of
 * this runs, so indices taken from them are not checked again.
 */
#ifndef RUNTIME_ENGINE_PRIV_H
#define RUNTIME_ENGINE_PRIV_H

#include <string.h>

#include "runtime/engine/engine.h"

#define PRT_MAX_DEPTH (PRT_MAX_RANK + 8)
#define PRT_MAX_NEST 8u         /* events fired by events */
#define PRT_MAX_ROUNDS 32u      /* of settling in one call */
#define PRT_MAX_HZ UINT64_C(1000000000)
#define PRT_MIN_DELAY UINT64_C(1000)    /* ns between two alarms */
#define PRT_COPY_CHUNK 4096u    /* units moved in one tick */
#define PRT_MAX_WORK (64u << 20) /* steps of checking one table's ranks */
#define PRT_VIEW_COST 64u       /* fields of a register, as a rule */
#define PRT_NS UINT64_C(1000000000)

/* Cells of a FIFO, line, lock, timer, `after` and copy. */
enum { FIFO_HEAD, FIFO_LEVEL, FIFO_DEADLINE, FIFO_LOSSES };
enum { LINE_LEVEL, LINE_SENT, LINE_PULSES };
enum { LOCK_LOCKED, LOCK_PROGRESS, LOCK_DEAD };
enum {
    TIMER_BASE, TIMER_COUNT, TIMER_FRAC, TIMER_HZ, TIMER_DIVIDE,
    TIMER_RELOAD, TIMER_MASK, TIMER_FLAGS, TIMER_DEADLINE, TIMER_MATCH = 12
};
enum { AFTER_WHEN, AFTER_ARMED };
enum {
    COPY_ACTIVE, COPY_SRC, COPY_DST, COPY_LEFT, COPY_SIZE, COPY_SRC_STEP,
    COPY_DST_STEP
};

#define TIMER_RUN 1u            /* the run expression holds */
#define TIMER_ONCE 2u
#define TIMER_STOPPED 4u        /* expired with `once` */

/* What a register has, beside what its table entry says at a glance. */
#define PRT_TRAIT_VALUES 1u     /* fields that are derived or have a cond */
#define PRT_TRAIT_GUARDS 2u     /* those, or fields with `needs` */

/* Kept out of its callers, whose short way would pay for its registers. */
#define PRT_APART __attribute__((noinline))
/*
 * At the start of a cache line: where a linker puts the shortest ways by
 * chance costs an access up to a twentieth (make bench).
 */
#define PRT_LINE __attribute__((aligned(64)))

static inline uint64_t prt_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static inline uint64_t prt_shl(uint64_t value, uint64_t by)
{
    return by >= 64 ? 0 : value << by;
}

static inline uint64_t prt_shr(uint64_t value, uint64_t by)
{
    return by >= 64 ? 0 : value >> by;
}

static inline uint64_t prt_merge(uint64_t old, uint64_t value, uint64_t mask)
{
    return (old & ~mask) | (value & mask);
}

/* Cells at a state offset of the table. */
static inline uint64_t *prt_cells(const struct prt_dev *dev, uint32_t state)
{
    return (uint64_t *)(void *)(dev->state + state);
}

/* Work that one instruction makes beyond its own counts as more of them. */
static inline void prt_charge(struct prt_dev *dev, uint32_t steps)
{
    dev->steps -= steps < dev->steps ? steps : dev->steps;
}

/* Content of a register; 0 for those without storage. */
static inline uint64_t prt_content(const struct prt_dev *dev,
                                   const struct prt_reg *reg)
{
    return reg->state == PRT_NONE ? 0 : *prt_cells(dev, reg->state);
}

/* Object `index` of that kind changed: derived values are stale. */
static inline void prt_touch(struct prt_dev *dev, unsigned kind,
                             uint32_t index)
{
    dev->epoch++;
    if (dev->depend) {
        dev->dirty |= dev->depend[dev->depend_base[kind] + index];
    }
}

static inline void prt_touch_all(struct prt_dev *dev)
{
    dev->epoch++;
    dev->dirty = dev->all_items;
}

/* Head of the chain of registers at a byte below mmio_size, or PRT_NONE16. */
static inline uint32_t prt_chain_head(const struct prt_dev *dev,
                                      uint32_t offset)
{
    const struct prt_table *t = dev->table;
    uint32_t chunk = t->dir[offset / PRT_CHUNK];

    if (chunk == PRT_NONE16) {
        return PRT_NONE16;
    }
    return t->chunks[(chunk * PRT_CHUNK + offset % PRT_CHUNK) >>
                     dev->granule_shift];
}

/* rules.c: programs and events */
uint64_t prt_run(struct prt_dev *dev, uint32_t prog);
/* As above; IDX loads `index` meanwhile. */
uint64_t prt_run_at(struct prt_dev *dev, uint32_t prog, uint32_t index);
/* True if there is no such program, or its value is not 0. */
bool prt_holds(struct prt_dev *dev, uint32_t prog, uint32_t index);
/* Run the rules first..first+count-1 on `event`; value is LDV. */
void prt_fire(struct prt_dev *dev, uint32_t first, uint32_t count,
              unsigned event, uint64_t value);
/* As above, only rules whose subject is `subject`. */
void prt_fire_subject(struct prt_dev *dev, uint32_t first, uint32_t count,
                      unsigned event, uint32_t subject, uint64_t value);
void prt_run_rule(struct prt_dev *dev, const struct prt_rule *rule,
                  uint64_t value, uint64_t old, uint64_t mask);
void prt_log(struct prt_dev *dev, enum prt_log_kind kind, const char *text,
             uint64_t value);

/* value.c: contents and what is derived from them */
uint64_t prt_field_value(struct prt_dev *dev, uint32_t field);
uint64_t prt_var_value(struct prt_dev *dev, uint32_t var);
/* Bits of a register with derived fields and views, before v0/v1. */
uint64_t prt_reg_value(struct prt_dev *dev, uint32_t reg, uint64_t bits);
void prt_reg_store(struct prt_dev *dev, uint32_t reg, uint64_t value,
                   uint64_t mask);
void prt_var_store(struct prt_dev *dev, uint32_t var, uint64_t value,
                   uint64_t mask);
uint64_t prt_mem_load(const struct prt_dev *dev, uint32_t mem, uint64_t elem);
void prt_mem_store(struct prt_dev *dev, uint32_t mem, uint64_t elem,
                   uint64_t value);

/* parts.c: FIFOs, locks, lines */
void prt_fifo_push(struct prt_dev *dev, uint32_t fifo, uint64_t value);
uint64_t prt_fifo_front(const struct prt_dev *dev, uint32_t fifo);
uint64_t prt_fifo_pop(struct prt_dev *dev, uint32_t fifo);
void prt_fifo_flush(struct prt_dev *dev, uint32_t fifo);
void prt_fifo_preload(struct prt_dev *dev, uint32_t fifo);
/* Move what may leave through the ends now. */
void prt_fifo_ends(struct prt_dev *dev);
void prt_lock_feed(struct prt_dev *dev, uint32_t lock, uint64_t value);
void prt_lock_relock(struct prt_dev *dev, uint32_t lock);
void prt_lock_reset(struct prt_dev *dev, uint32_t lock);
void prt_line_drive(struct prt_dev *dev, uint32_t line, uint64_t value,
                    uint64_t mask);
void prt_line_pulse(struct prt_dev *dev, uint32_t line, uint64_t mask);
void prt_lines_send(struct prt_dev *dev, bool all);

/* time.c */
uint64_t prt_time(struct prt_dev *dev);         /* now, asked for once */
uint64_t prt_ticks(uint64_t ns, uint64_t hz);
uint64_t prt_timer_count(struct prt_dev *dev, uint32_t timer);
void prt_timer_restart(struct prt_dev *dev, uint32_t timer, uint64_t value);
void prt_timer_start(struct prt_dev *dev, uint32_t timer);
void prt_timer_latch(struct prt_dev *dev, uint32_t timer);
void prt_timers_plan(struct prt_dev *dev);
void prt_after_arm(struct prt_dev *dev, uint32_t after, uint64_t elem,
                   uint64_t amount);
void prt_after_cancel(struct prt_dev *dev, uint32_t after);
void prt_after_reads(struct prt_dev *dev);      /* one read has been made */
void prt_after_recount(struct prt_dev *dev);
void prt_copy_start(struct prt_dev *dev, uint32_t copy, uint64_t elem);
void prt_copy_cancel(struct prt_dev *dev, uint32_t copy);
bool prt_due(struct prt_dev *dev);              /* run what is due; any? */
void prt_alarm(struct prt_dev *dev);            /* tell the host the next */

/* depend.c: what is found out from a table before it runs */
size_t prt_depend_cells(const struct prt_table *t);     /* 8 bytes each */
/* Fill dev->depend and dev->traits; the memo is scratch and left cleared. */
void prt_depend_init(struct prt_dev *dev);

/* settle.c: from one consistent state to the next */
void prt_enter(struct prt_dev *dev, bool effects);
void prt_leave(struct prt_dev *dev);
void prt_settle_rounds(struct prt_dev *dev);

static inline void prt_settle(struct prt_dev *dev)
{
    if (dev->dirty || dev->out_dirty || dev->due) {
        prt_settle_rounds(dev);
    }
}

/*
 * Compute held values and lines, and take the present values of edge rules as
 * their previous ones: nothing counts as an edge.
 */
void prt_values_rebase(struct prt_dev *dev);

/* state.c */
void prt_reset_domain(struct prt_dev *dev, uint32_t domain);
/* Cold reset within a call, without edges; nothing is delivered yet. */
void prt_reset_quiet(struct prt_dev *dev);
/* The state was replaced: recompute what is kept beside it. */
void prt_state_changed(struct prt_dev *dev);

/* table.c, verify.c, board.c: validation */
struct prt_check {
    const uint8_t *base;
    uint32_t size;
    struct prt_table *t;
    struct prt_fault_place *place;
    uint32_t cursor;            /* end of the state claimed so far */
    uint32_t memo;              /* memo slots claimed so far */
    uint32_t work;              /* steps left for the order of values */
};

void prt_check_at(struct prt_check *c, uint32_t section, uint32_t entry);
int prt_check_string(const struct prt_check *c, uint32_t offset);
int prt_check_range(uint32_t first, uint32_t count, uint32_t total);
int prt_check_state(struct prt_check *c, uint32_t state, uint64_t bytes);
int prt_check_expr(const struct prt_check *c, uint32_t prog);
int prt_check_body(const struct prt_check *c, uint32_t prog);
/* Is bits lo..lo+width-1 (width 0: all) of such an object? */
int prt_check_bits(const struct prt_check *c, unsigned kind, uint32_t index,
                   unsigned lo, unsigned width);
uint32_t prt_kind_count(const struct prt_table *t, unsigned kind);
int prt_check_code(struct prt_check *c);        /* verify.c */
int prt_check_ranks(struct prt_check *c);       /* verify.c */
int prt_check_index(struct prt_check *c);       /* index.c */
int prt_check_objects(struct prt_check *c);     /* objects.c */
int prt_check_board(const uint8_t *bytes, uint32_t size,
                    const struct prt_file *file, struct prt_board *board,
                    struct prt_fault_place *place);

#endif /* RUNTIME_ENGINE_PRIV_H */
