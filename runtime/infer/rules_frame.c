/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buses driven bit by bit: one data bit is read many times in each round of
 * the loop, and the guest wants another value each time.  A write that comes
 * once in each row of reads begins a frame (a chip select); what matters is
 * the number of the read since then.
 *
 * The model counts the reads of a frame in a variable, and the bit is looked
 * up in a mask:  b1 [1] := 0x102 >> n54 & 1;
 *
 * Where the guest sent before what it wants to get now (serial.h), the model
 * is a device with registers behind the bus: it collects the bits sent, keeps
 * the data of words that write, and gives it to words that read.  The mask
 * then says what the first bits of each word get, a status.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/infer/disasm.h"
#include "runtime/infer/rules_stall.h"
#include "runtime/infer/serial.h"

#define MIN_FRAME 8u
#define MAX_FRAME 64u
#define MAX_NUMBERS 64u
#define CONF_FRAME 50u
#define CONF_ECHO 65u

/* What the model says of the bit. */
struct served {
    uint64_t mask;
    unsigned head; /* mask serves so many reads, @rest the others; 0: all */
    char rest[INF_EXPR_MAX];
};

struct frame {
    struct stall *st;
    struct inf_frame begin; /* set[0]: what is read as things stand */
    unsigned reads;  /* in a frame */
    uint64_t data;   /* the register's bit */
    struct served old;
    struct inf_serial words;
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

static void parse_served(const struct inf_shape *shape, unsigned bit,
                         struct served *out)
{
    const struct inf_field *field = inf_shape_field(shape, bit);
    unsigned long long mask = 0;

    memset(out, 0, sizeof(*out));
    if (!field || field->kind != INF_FIELD_DERIVED) {
        return;
    }
    if (sscanf(field->expr, "n%*x < %u ? 0x%llx >> n%*x & 1 : %95[^\n]",
               &out->head, &mask, out->rest) != 3) {
        out->head = 0;
        if (sscanf(field->expr, "0x%llx >> n", &mask) != 1) {
            mask = 0;
        }
    }
    out->mask = mask;
}

static uint64_t low_bits(unsigned count)
{
    return count >= 64 ? ~0ull : (1ull << count) - 1;
}

/* The first bit of a word is the highest; it is the lowest of a mask. */
static uint64_t turned(uint64_t value, unsigned bits)
{
    uint64_t out = 0;
    unsigned i;

    for (i = 0; i < bits; i++) {
        out |= (value >> i & 1) << (bits - 1 - i);
    }
    return out;
}

static int add_item(const struct frame *f, unsigned conf, const char *name,
                    const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int add_item(const struct frame *f, unsigned conf, const char *name,
                    const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return rules_edit_item(f->st->ans, f->st->dev->base, name, text, conf);
}

static bool in_device(const struct frame *f, uint64_t phys)
{
    return rules_reg_at(f->st->eng, phys) &&
           phys - f->st->dev->base < f->st->dev->size;
}

/* The counter of reads and what begins a frame. */
static int count_frame(const struct frame *f, uint64_t offset)
{
    char name[32];
    int rc;

    snprintf(name, sizeof(name), "n%02" PRIx64, offset);
    rc = add_item(f, CONF_FRAME, name, "var %s : 8;", name);
    if (rc == 0) {
        rc = add_item(f, CONF_FRAME, "", "on read r%02" PRIx64
                      " { %s += 1; }", offset, name);
    }
    if (rc == 0) {
        rc = add_item(f, CONF_FRAME, "", "on write r%02" PRIx64
                      " when value == 0x%" PRIx64 " { %s = 0; }",
                      f->begin.phys - f->st->dev->base, f->begin.value,
                      name);
    }
    return rc;
}

/* Which write of the data line means which bit. */
static int follow_line(const struct frame *f, uint64_t offset,
                       const struct inf_serial_write *at, unsigned bit)
{
    return add_item(f, CONF_ECHO, "", "on write r%02" PRIx64
                    " when value == 0x%" PRIx64 " { d%02" PRIx64 " = %u; }",
                    at->phys - f->st->dev->base, at->value, offset, bit);
}

/* What is sent, and the registers behind the bus. */
static int collect_words(const struct frame *f, uint64_t offset,
                         const struct inf_serial_echo *e)
{
    unsigned top = e->tail + e->direction;
    char name[32];
    int rc;

    snprintf(name, sizeof(name), "o%02" PRIx64, offset);
    rc = add_item(f, CONF_ECHO, name, "var %s : %u;", name,
                  e->bits > 32 ? 64 : 32);
    name[0] = 'd';
    if (rc == 0) {
        rc = add_item(f, CONF_ECHO, name, "var %s : 1;", name);
    }
    name[0] = 't';
    if (rc == 0) {
        rc = add_item(f, CONF_ECHO, name, "var %s[%" PRIu64 "] : %u;", name,
                      e->address + 1, e->tail);
    }
    if (rc == 0) {
        rc = follow_line(f, offset, &e->one, 1);
    }
    if (rc == 0) {
        rc = follow_line(f, offset, &e->zero, 0);
    }
    if (rc == 0) {
        rc = add_item(f, CONF_ECHO, "", "on read r%02" PRIx64 " { o%02"
                      PRIx64 " = o%02" PRIx64 " << 1 | d%02" PRIx64
                      "; if (n%02" PRIx64 " == %u && (o%02" PRIx64
                      " >> %u & 1) == %u) { t%02" PRIx64 "[o%02" PRIx64
                      " >> %u & 0x%" PRIx64 "] = o%02" PRIx64 "; } }",
                      offset, offset, offset, offset, offset, e->bits,
                      offset, top, !e->reads, offset, offset, e->tail,
                      e->address, offset);
    }
    return rc;
}

/* Whether what is needed was sent before; then the model says that. */
static bool find_echo(struct frame *f, const struct inf_shape *shape,
                      struct inf_serial_echo *e, struct served *out)
{
    uint64_t needed = turned(f->best_mask, f->reads);
    uint64_t off = shape->offset;

    if (f->old.head ||
        f->st->eng->restarts >= f->st->eng->opts.max_restarts ||
        !inf_serial_find_echo(&f->words, f->reads, needed,
                              turned(f->old.mask, f->reads), e) ||
        !in_device(f, e->one.phys) || !in_device(f, e->zero.phys)) {
        return false;
    }
    out->head = e->bits - e->tail;
    out->mask = f->old.mask & low_bits(out->head);
    snprintf(out->rest, sizeof(out->rest), "t%02" PRIx64 "[o%02" PRIx64
             " >> n%02" PRIx64 " - %u & 0x%" PRIx64 "] >> %u - n%02" PRIx64
             " & 1", off, off, off, out->head, e->address, e->bits - 1, off);
    return true;
}

static void print_served(const struct served *s, uint64_t offset, char *buf,
                         size_t size)
{
    if (s->head) {
        snprintf(buf, size, "n%02" PRIx64 " < %u ? 0x%" PRIx64 " >> n%02"
                 PRIx64 " & 1 : %s", offset, s->head, s->mask, offset,
                 s->rest);
    } else {
        snprintf(buf, size, "0x%" PRIx64 " >> n%02" PRIx64 " & 1", s->mask,
                 offset);
    }
}

static int apply(struct frame *f, struct inf_shape *shape)
{
    struct stall *st = f->st;
    struct inf_field field = { .kind = INF_FIELD_DERIVED };
    struct served now = f->old;
    struct inf_serial_echo e;
    char expr[2 * INF_EXPR_MAX], why[160];
    unsigned bits;
    bool echo;
    int rc;

    if (!in_device(f, f->begin.phys)) {
        return 0;
    }
    echo = find_echo(f, shape, &e, &now);
    if (!echo) {
        if (now.head && (f->best_mask ^ f->begin.set[0]) >> now.head) {
            return 0; /* the registers behind the bus say otherwise */
        }
        bits = now.head && now.head < f->reads ? now.head : f->reads;
        now.mask = (now.mask & ~low_bits(bits)) |
                   (f->best_mask & low_bits(bits));
    }
    print_served(&now, shape->offset, expr, sizeof(expr));
    field.lo = field.hi = (uint8_t)__builtin_ctzll(f->data);
    snprintf(field.expr, sizeof(field.expr), "%.*s", INF_EXPR_MAX - 1, expr);
    if (strlen(expr) >= sizeof(field.expr) || inf_shape_put(shape, &field)) {
        return 0;
    }
    snprintf(why, sizeof(why), "read bit by bit, %u in a frame that a write "
             "of 0x%" PRIx64 " begins%s", f->reads, f->begin.value,
             now.head ? "; what was sent there is read back" : "");
    rc = rules_edit_shape(st->ans, st->dev, shape,
                          now.head ? CONF_ECHO : CONF_FRAME, why);
    if (rc == 0) {
        rc = count_frame(f, shape->offset);
    }
    if (rc == 0 && echo) {
        rc = collect_words(f, shape->offset, &e);
    }
    st->ans->verdict = INF_TABLES;
    st->ans->outcome = INF_SOLVED;
    if (echo) {
        /* What was sent before the model was there is not in it. */
        st->eng->restarts++;
        st->ans->verdict = INF_RESTART;
        snprintf(st->ans->message, sizeof(st->ans->message), "what is read "
                 "bit by bit at 0x%" PRIx64 " was sent before: starts again, "
                 "to keep it", st->q->phys);
    }
    return rc;
}

/* What the bit gives as things stand, and does another mask lead out? */
static int try_bit(struct frame *f, const struct inf_shape *shape)
{
    struct inf_serial_bus bus = {
        .in = f->st->q->phys, .in_mask = f->data,
        .begin = { f->begin.phys, f->begin.value },
    };
    uint64_t got;
    int rc;

    inf_serial_dispose(&f->words);
    rc = inf_serial_read(f->st->eng->ev, &bus, &f->words);
    if (rc) {
        return rc;
    }
    parse_served(shape, (unsigned)__builtin_ctzll(f->data), &f->old);
    f->begin.set[0] = inf_serial_last(&f->words, f->reads, &got)
                      ? turned(got, f->reads) : f->old.mask;
    return try_masks(f);
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
        rc = try_bit(&f, &shape);
    }
    if (rc == 0 && f.found) {
        rc = apply(&f, &shape);
    }
    inf_serial_dispose(&f.words);
    return rc;
}
