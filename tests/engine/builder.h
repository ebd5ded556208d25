/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds device tables in memory for tests of the engine, without the
 * compiler: add objects, adjust their entries, finish.
 */
#ifndef TESTS_ENGINE_BUILDER_H
#define TESTS_ENGINE_BUILDER_H

#include "runtime/engine/engine.h"

#define TB_MAX 256
#define TB_CODE 4096
#define TB_BYTES (256 * 1024)

struct tb {
    struct prt_dev_header head;
    char strings[8192];
    struct prt_reg regs[TB_MAX];
    struct prt_field fields[TB_MAX];
    struct prt_view views[TB_MAX];
    struct prt_var vars[TB_MAX];
    struct prt_fifo fifos[16];
    struct prt_line lines[16];
    struct prt_lock locks[16];
    struct prt_timer timers[16];
    struct prt_after afters[16];
    struct prt_copy copies[16];
    struct prt_rule rules[TB_MAX];
    struct prt_mem mems[16];
    struct prt_window windows[16];
    struct prt_domain domains[16];
    struct prt_item items[TB_MAX];
    struct prt_array arrays[16];
    struct prt_item order[16];
    struct prt_prog progs[TB_MAX];
    struct prt_insn code[TB_CODE];
    uint64_t pool[TB_MAX];
    uint32_t nstrings, nregs, nfields, nviews, nvars, nfifos, nlines, nlocks;
    uint32_t ntimers, nafters, ncopies, nrules, nmems, nwindows, ndomains;
    uint32_t nitems, narrays, norder, nprogs, ncode, npool;
    _Alignas(8) uint8_t bytes[TB_BYTES];
    uint32_t size;              /* of the finished table */
};

/* Begin a table: `size` bytes of MMIO, 32-bit registers, unmapped asks. */
void tb_init(struct tb *b, uint32_t size);

uint32_t tb_string(struct tb *b, const char *text);

/*
 * Add a register after all those at lower offsets; masks are those of
 * `policy` on every bit.  Fields, views and rules added next belong to it.
 */
struct prt_reg *tb_reg(struct tb *b, const char *name, uint32_t offset,
                       unsigned bytes, enum prt_policy policy);
/* Apply a policy to some bits of a register. */
void tb_policy(struct prt_reg *r, uint64_t bits, enum prt_policy policy);
struct prt_field *tb_field(struct tb *b, const char *name, unsigned lo,
                           unsigned width);
/* A derived field of rank `rank`, computed by the program. */
struct prt_field *tb_derived(struct tb *b, const char *name, unsigned lo,
                             unsigned width, uint32_t prog, unsigned rank);
struct prt_view *tb_view(struct tb *b, enum prt_verb verb, unsigned lo,
                         unsigned width, enum prt_kind kind,
                         uint32_t target);
/* Rule of the last register on READ or WRITE of bits lo.. (0, 0: all). */
struct prt_rule *tb_reg_rule(struct tb *b, enum prt_event event, unsigned lo,
                             unsigned width, uint32_t body);
/* Rule of the device's edges; all of them are to be added in one row. */
struct prt_rule *tb_edge(struct tb *b, enum prt_event event,
                         enum prt_kind kind, uint32_t subject,
                         uint32_t body);
/* A rule of another owner, which then points to it. */
uint32_t tb_rule(struct tb *b, enum prt_event event, uint32_t body);

struct prt_var *tb_var(struct tb *b, const char *name, unsigned width);
struct prt_fifo *tb_fifo(struct tb *b, const char *name, uint32_t depth,
                         unsigned width, enum prt_end end);
struct prt_line *tb_line(struct tb *b, const char *name, enum prt_dir dir,
                         unsigned count, uint32_t prog);
struct prt_lock *tb_lock(struct tb *b, const char *name, unsigned keys,
                         const uint64_t *key, enum prt_wrong wrong);
struct prt_timer *tb_timer(struct tb *b, const char *name, uint32_t clock);
struct prt_after *tb_after(struct tb *b, uint32_t flags, uint32_t body);
struct prt_copy *tb_copy(struct tb *b, uint32_t done);
struct prt_mem *tb_mem(struct tb *b, const char *name, uint32_t offset,
                       uint32_t size, unsigned elem);
struct prt_window *tb_window(struct tb *b, uint32_t offset, uint32_t size,
                             uint32_t target, enum prt_verb verb);

/* Programs: tb_prog() starts one, tb_op() adds to it, tb_end() closes it. */
uint32_t tb_prog(struct tb *b, enum prt_prog_kind kind);
void tb_op(struct tb *b, enum prt_op op, unsigned dst, unsigned a,
           unsigned reg_b, uint32_t imm);
void tb_end(struct tb *b, unsigned value);
/* Short ones: value of a constant, a field, its opposite; field = constant. */
uint32_t tb_expr_const(struct tb *b, uint32_t value);
uint32_t tb_expr_field(struct tb *b, uint32_t field);
uint32_t tb_expr_not(struct tb *b, uint32_t field);
uint32_t tb_set_field(struct tb *b, uint32_t field, uint32_t value);
uint32_t tb_set_var(struct tb *b, uint32_t var, uint32_t value);
/* Action that counts in a variable how often it ran. */
uint32_t tb_count_var(struct tb *b, uint32_t var);

/*
 * Assign state cells, memo slots, flags and the index, and lay the table out
 * in b->bytes.  May be called again after changes.
 */
void tb_finish(struct tb *b);

/* ------------------------------------------------- a device and its host */

struct tb_host {
    uint64_t now;
    uint64_t deadline;
    unsigned alarms;
    char out[256];              /* what FIFOs put */
    unsigned nout;
    bool stuck;                 /* put takes nothing */
    struct { uint32_t line; int level; } lines[256];
    unsigned nlines;
    uint8_t ram[4096];          /* the bus: addresses 0.. */
    unsigned logs[8];           /* by prt_log_kind */
    uint64_t random;
    bool in_peek;               /* any call but now is an error */
    unsigned bad_calls;
};

extern const struct prt_host_ops tb_host_ops;

struct tb_dev {
    struct prt_table table;
    struct prt_dev dev;
    struct tb_host host;
    uint64_t *memory;
    size_t size;
};

/* Finish, validate, set up and reset; 0 or the engine's error. */
int tb_start(struct tb *b, struct tb_dev *d);
void tb_stop(struct tb_dev *d);

/* Accesses that must succeed; the test fails otherwise. */
uint64_t tb_read(struct tb_dev *d, uint32_t offset, unsigned size);
void tb_write(struct tb_dev *d, uint32_t offset, unsigned size,
              uint64_t value);
uint64_t tb_peek(struct tb_dev *d, uint32_t offset, unsigned size);
/* Let time pass; alarms that fall due on the way run on their deadline. */
void tb_advance(struct tb_dev *d, uint64_t ns);

#endif /* TESTS_ENGINE_BUILDER_H */
