/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buses driven bit by bit: one data bit is read many times in each round of
 * the loop, and the guest wants another value each time.  A write that comes
 * once in each row of reads begins a frame (a chip select); what matters is
 * the number of the read since then.
 *
 * The model counts the reads of a frame in a variable, and the bit is looked
 * up in a mask:  b1 [1] := 0x102 >> n54 & 1;
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/infer/disasm.h"
#include "runtime/infer/rules_stall.h"

#define MIN_FRAME 8u
#define MAX_FRAME 64u
#define MAX_NUMBERS 64u
#define CONF_FRAME 50u

struct frame {
    struct stall *st;
    struct inf_frame begin; /* set[0]: what the model says so far */
    unsigned reads;  /* in a frame */
    uint64_t data;   /* the register's bit */
    uint64_t best_mask;
    struct cand best;
    bool found;
};

/* ------------------------------------------------------------- delimiters */

/* Reads of the polled register between writes like io[@at], when there is
 * always the same number; else 0. */
static unsigned reads_between(const struct stall *st,
                              const struct inf_trace *t, unsigned at)
{
    unsigned reads = 0, gap = 0, times = 0;
    unsigned i;

    for (i = at; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (!io->write) {
            reads += io->phys == st->q->phys && io->pc == st->q->pc;
            continue;
        }
        if (io->phys != t->io[at].phys || io->value != t->io[at].value) {
            continue;
        }
        if (times++ > 0) {
            if (times > 2 && reads != gap) {
                return 0;
            }
            gap = reads;
        }
        reads = 0;
    }
    return times > 2 ? gap : 0;
}

/*
 * Whether what io[@at] writes is taken back once in each frame as well: the
 * same value to another register, or one bit of it to the same.  A select
 * line is, a data line is not.
 */
static bool is_taken_back(const struct stall *st, const struct inf_trace *t,
                          unsigned at, unsigned gap)
{
    unsigned i;

    for (i = 0; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];
        uint64_t differ = io->value ^ t->io[at].value;

        if (io->write && (io->phys == t->io[at].phys
                          ? bit_count(differ) == 1 : differ == 0) &&
            reads_between(st, t, i) == gap) {
            return true;
        }
    }
    return false;
}

/*
 * The write that begins a frame: the last one before its first read, a select
 * line's if there is one.
 */
static bool find_begin(struct frame *f)
{
    const struct inf_trace *t = &f->st->eng->trace;
    bool select = false;
    unsigned i, gap;

    for (i = 0; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (!io->write) {
            if (f->reads) {
                return true;
            }
            continue;
        }
        gap = reads_between(f->st, t, i);
        if (gap >= MIN_FRAME && gap <= MAX_FRAME && gap >= f->reads &&
            is_taken_back(f->st, t, i, gap) >= select) {
            select = is_taken_back(f->st, t, i, gap);
            f->reads = gap;
            f->begin.phys = io->phys;
            f->begin.value = io->value;
        }
    }
    return f->reads != 0;
}

/* How many reads of the frame are over: the evidence knows. */
static void count_reads(struct frame *f)
{
    const struct inf_evidence *ev = f->st->eng->ev;
    uint64_t seq;

    for (seq = inf_evidence_seq(ev); seq > 0; seq--) {
        const struct inf_access *acc = inf_evidence_at(ev, seq);

        if (!acc || (acc->write && acc->phys == f->begin.phys &&
                     acc->value == f->begin.value)) {
            break;
        }
        f->begin.reads += !acc->write && acc->phys == f->st->q->phys;
    }
}

/* Bits whose value shows in the registers. */
static uint64_t data_bits(const struct stall *st)
{
    uint64_t bits = 0;
    unsigned i;

    for (i = 0; i < st->count; i++) {
        if (is_single(&st->cands[i]) && st->cands[i].digest != st->digest) {
            bits |= st->cands[i].set | st->cands[i].clear;
        }
    }
    return bits;
}

/* ------------------------------------------------------------- candidates */

static int try_mask(struct frame *f, uint64_t mask)
{
    struct stall *st = f->st;
    struct inf_stim stim = { .mode = INF_STIM_FRAME, .set = f->data,
                             .frame = f->begin };
    struct cand c = { 0 };
    int rc;

    if (mask == f->begin.set[0] ||
        rules_is_excluded(st->eng, st->q->phys, mask, f->begin.phys)) {
        return 0;
    }
    stim.frame.set[0] = mask;
    rc = rules_run_one(st, &stim);
    if (rc) {
        return rc;
    }
    rules_digest(st, &st->eng->trace, &c);
    c.set = f->data;
    c.score = rules_score(st, &c, false);
    if (c.left && c.score > SCORE_BAD && (!f->found ||
                                          c.score > f->best.score)) {
        f->found = true;
        f->best = c;
        f->best_mask = mask;
    }
    return 0;
}

/* Single reads, then numbers of the code in the last bits of the frame. */
static int try_masks(struct frame *f)
{
    struct stall *st = f->st;
    uint64_t numbers[MAX_NUMBERS];
    unsigned count, i, k, width, bit;
    int rc = 0;

    for (k = 0; k < f->reads && rc == 0; k++) {
        rc = try_mask(f, f->begin.set[0] ^ 1ull << k);
    }
    if (rc || f->found) {
        return rc;
    }
    count = inf_loop_numbers(st->eng->probe, &st->q->cpu, numbers,
                             MAX_NUMBERS);
    for (i = 0; i < count && rc == 0; i++) {
        for (width = 8; width <= 32 && width <= f->reads && rc == 0;
             width *= 2) {
            uint64_t field = ((1ull << width) - 1) << (f->reads - width);
            uint64_t mask = f->begin.set[0] & ~field;

            for (bit = 0; bit < width; bit++) {
                mask |= (numbers[i] >> bit & 1) << (f->reads - 1 - bit);
            }
            rc = try_mask(f, mask);
        }
    }
    return rc;
}

/* ------------------------------------------------------------------ model */

/* The mask that the model looks the bit up in; 0 = none yet. */
static uint64_t old_mask(const struct inf_shape *shape, unsigned bit)
{
    const struct inf_field *field = inf_shape_field(shape, bit);
    unsigned long long mask = 0;

    if (field && field->kind == INF_FIELD_DERIVED &&
        sscanf(field->expr, "0x%llx >> n", &mask) == 1) {
        return mask;
    }
    return 0;
}

static int add_rule(struct stall *st, const char *name, const char *text)
{
    return rules_edit_item(st->ans, st->dev->base, name, text, CONF_FRAME);
}

static int apply(struct frame *f, struct inf_shape *shape)
{
    struct stall *st = f->st;
    unsigned bit = (unsigned)__builtin_ctzll(f->data);
    struct inf_field field = { .kind = INF_FIELD_DERIVED };
    const struct rules_reg *begin = rules_reg_at(st->eng, f->begin.phys);
    char name[32], text[160], why[160];
    int rc;

    if (!begin || f->begin.phys - st->dev->base >= st->dev->size) {
        return 0;
    }
    field.lo = field.hi = (uint8_t)bit;
    snprintf(name, sizeof(name), "n%02" PRIx64, shape->offset);
    snprintf(field.expr, sizeof(field.expr), "0x%" PRIx64 " >> %s & 1",
             f->best_mask, name);
    if (inf_shape_put(shape, &field)) {
        return 0;
    }
    snprintf(why, sizeof(why), "read bit by bit, %u in a frame that a write "
             "of 0x%" PRIx64 " begins", f->reads, f->begin.value);
    rc = rules_edit_shape(st->ans, st->dev, shape, CONF_FRAME, why);
    snprintf(text, sizeof(text), "var %s : 8;", name);
    if (rc == 0) {
        rc = add_rule(st, name, text);
    }
    snprintf(text, sizeof(text), "on read %.40s { %s += 1; }", shape->name,
             name);
    if (rc == 0) {
        rc = add_rule(st, "", text);
    }
    snprintf(text, sizeof(text), "on write r%02" PRIx64 " when value == 0x%"
             PRIx64 " { %s = 0; }", f->begin.phys - st->dev->base,
             f->begin.value, name);
    if (rc == 0) {
        rc = add_rule(st, "", text);
    }
    st->ans->verdict = INF_TABLES;
    st->ans->outcome = INF_SOLVED;
    return rc;
}

int rules_frame(struct stall *st)
{
    struct inf_stim nothing = { .mode = INF_STIM_FORCE };
    struct frame f = { .st = st };
    const struct rules_reg *reg = rules_reg_at(st->eng, st->q->phys);
    struct inf_shape shape;
    uint64_t bits;
    int rc;

    if (inf_probe_period(st->eng->probe) < MIN_FRAME || !reg ||
        reg->phys != st->q->phys ||
        !rules_shape_at(st->eng, reg->phys, &shape)) {
        return 0;
    }
    bits = data_bits(st);
    rc = bits ? rules_run_one(st, &nothing) : 0;
    if (rc || !bits || !find_begin(&f)) {
        return rc;
    }
    count_reads(&f);
    for (; bits && !f.found && rc == 0; bits &= bits - 1) {
        f.data = bits & -bits;
        f.begin.set[0] = old_mask(&shape, (unsigned)__builtin_ctzll(bits));
        rc = try_masks(&f);
    }
    return rc || !f.found ? rc : apply(&f, &shape);
}
