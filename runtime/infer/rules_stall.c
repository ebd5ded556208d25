/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stalls: which bits of the polled register keep the guest in its loop, and
 * what does that make the register?
 *
 * Candidates run one at a time in the prober.  Those that leave the loop are
 * grouped by the way they take; the best way decides which bits go into the
 * model.  The probe's value itself never does.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/rules_stall.h"

#define STILL_MOVES 3u

/* Reads to let pass before asking about the same poll again. */
#define MUTE_TIME 65536u
#define SOON 2u /* rounds: a value ended the loop by itself */
#define MUTE_UNRESOLVED 1048576u
#define MUTE_NO_LOOP 4096u

/* ----------------------------------------------------------------- answer */

static const char *site_text(const struct stall *st, char *buf, size_t size)
{
    const struct inf_reg_stat *stat = inf_evidence_reg(st->eng->ev,
                                                       st->q->phys);
    unsigned sites = stat ? stat->site_count : 1;

    if (sites > 1) {
        snprintf(buf, size, "; %u sites read it", sites);
    } else {
        buf[0] = '\0';
    }
    return buf;
}

static void bits_text(uint64_t mask, char *buf, size_t size)
{
    size_t len = 0;
    unsigned bit;

    buf[0] = '\0';
    if (bit_count(mask) > 4) {
        snprintf(buf, size, "bits 0x%" PRIx64, mask);
        return;
    }
    len = (size_t)snprintf(buf, size, bit_count(mask) > 1 ? "bits" : "bit");
    for (bit = 0; bit < 64; bit++) {
        if (mask >> bit & 1) {
            len += (size_t)snprintf(buf + len, size - len, " %u", bit);
        }
    }
}

static void describe(const struct stall *st, const struct cand *c, char *buf,
                     size_t size)
{
    char sites[48], set[64], clear[64];

    site_text(st, sites, sizeof(sites));
    bits_text(c->set, set, sizeof(set));
    bits_text(c->clear, clear, sizeof(clear));
    snprintf(buf, size, "polled until %s%s%s%s%s%s", c->set ? set : "",
             c->set ? " set" : "", c->set && c->clear ? " and " : "",
             c->clear ? clear : "", c->clear ? " clear" : "", sites);
}

static int put_derived(struct inf_shape *shape, unsigned bit,
                       const char *expr)
{
    struct inf_field f = { .kind = INF_FIELD_DERIVED };

    f.lo = f.hi = (uint8_t)bit;
    snprintf(f.expr, sizeof(f.expr), "%s", expr);
    return inf_shape_put(shape, &f);
}

static int put_kind(struct inf_shape *shape, unsigned bit, unsigned kind)
{
    struct inf_field f = { .kind = (uint8_t)kind };

    f.lo = f.hi = (uint8_t)bit;
    return inf_shape_put(shape, &f);
}

/* The shape of the register at @phys as this answer already leaves it. */
static bool answered_shape(struct stall *st, uint64_t phys,
                           struct inf_shape *out)
{
    unsigned i;

    for (i = st->ans->edit_count; i > 0; i--) {
        const struct inf_edit *edit = &st->ans->edits[i - 1];

        if (edit->kind == INF_EDIT_REG && edit->base + edit->offset == phys) {
            return inf_shape_parse(out, edit->text, st->dev->width) == 0;
        }
    }
    return rules_shape_at(st->eng, phys, out);
}

/*
 * The bit was needed otherwise before: it follows another.  Declares the
 * source bit where its register has no field for it.
 */
static int follow(struct stall *st, struct inf_shape *shape, unsigned bit)
{
    struct rules_follow f;
    struct inf_shape other;
    const struct inf_field *field;
    struct inf_shape *src = shape;
    char expr[INF_EXPR_MAX];
    int rc = 0;

    if (!rules_find_source(st->eng, st->dev->base + shape->offset, bit, &f)) {
        return INF_E_RANGE;
    }
    if (f.src != st->dev->base + shape->offset) {
        if (!answered_shape(st, f.src, &other)) {
            return INF_E_RANGE;
        }
        src = &other;
    }
    field = inf_shape_field(src, f.src_bit);
    if (field && (field->lo != field->hi || field->kind == INF_FIELD_CONST ||
                  field->kind == INF_FIELD_PULSE)) {
        return INF_E_RANGE;
    }
    if (!field) {
        rc = put_kind(src, f.src_bit, INF_FIELD_PLAIN);
        if (rc == 0 && src == &other) {
            rc = rules_edit_shape(st->ans, st->dev, &other, CONF_STORAGE,
                                  NULL);
        }
    }
    if (rc == 0) {
        snprintf(expr, sizeof(expr), "%s%s.b%u", f.invert ? "!" : "",
                 src->name, f.src_bit);
        rc = put_derived(shape, bit, expr);
    }
    return rc;
}

/* Whether the model's own text says that @bit is the opposite of @want. */
static bool contradicts(const struct inf_shape *shape, unsigned bit,
                        bool want)
{
    const struct inf_field *f = inf_shape_field(shape, bit);

    if (!f) {
        return false;
    }
    if (f->kind == INF_FIELD_CONST) {
        return (f->value >> (bit - f->lo) & 1) != want;
    }
    return f->kind != INF_FIELD_PLAIN && (f->kind != INF_FIELD_PULSE || want);
}

static int shape_bit(struct stall *st, struct inf_shape *shape,
                     const struct cand *c, unsigned bit, bool *weak)
{
    unsigned shift = 8 * (unsigned)(st->q->phys - st->dev->base -
                                    shape->offset);
    bool want = c->set >> (bit - shift) & 1;
    uint64_t written;

    if (!contradicts(shape, bit, want) &&
        rules_was_passed(st->eng, st->dev->base + shape->offset, bit, want) &&
        follow(st, shape, bit) == 0) {
        return 0;
    }
    if (contradicts(shape, bit, want)) {
        return (!want && rules_drained(st, shape, bit) == 0) ||
               (!rules_is_event(shape, bit) && follow(st, shape, bit) == 0)
               ? 0 : rules_event(st, shape, bit, want, weak);
    }
    if (!want && inf_evidence_written(st->eng->ev, st->dev->base +
                                      shape->offset, shape->bytes,
                                      &written) && (written >> bit & 1)) {
        return rules_key_opens(st, shape, bit) == 0
               ? 0 : put_kind(shape, bit, INF_FIELD_PULSE);
    }
    if (want && !inf_shape_field(shape, bit) &&
        rules_acknowledged(st, shape, c, bit) == 0) {
        return 0;
    }
    return inf_shape_constant(shape, 1ull << bit, (uint64_t)want << bit);
}

/* Puts the bits of @c into @shape; their offset in it is 8 * (phys - reg). */
static int shape_bits(struct stall *st, struct inf_shape *shape,
                      const struct cand *c, bool *weak)
{
    uint64_t mask = c->set | c->clear;
    unsigned shift = 8 * (unsigned)(st->q->phys - st->dev->base -
                                    shape->offset);
    unsigned bit;
    int rc = 0;

    rules_note_passed(st, shape, mask << shift, c->set << shift);
    rules_note_need(st->eng, st->dev->base + shape->offset, mask << shift,
                    c->set << shift);
    if (bit_count(mask) > 1 && shape->count == 0 && !c->clear) {
        return inf_shape_constant(shape, mask << shift, c->set << shift);
    }
    for (bit = 0; bit + shift < 8 * shape->bytes && rc == 0; bit++) {
        if (mask >> bit & 1) {
            rc = shape_bit(st, shape, c, bit + shift, weak);
        }
    }
    return rc;
}

static int note_answer(struct stall *st, const struct cand *c,
                       const struct inf_shape *before)
{
    struct rules_hyp hyp = { .phys = st->q->phys, .base = st->dev->base,
                             .set = c->set, .clear = c->clear,
                             .alternatives = rules_other_ways(st, c),
                             .steps = steps(c) };

    hyp.before = *before;
    hyp.had_shape = true;
    st->ans->hypothesis = rules_note_hyp(st->eng, &hyp);
    return 0;
}

static int unresolved(struct stall *st, uint64_t mute, const char *why)
{
    st->ans->verdict = INF_RETRY;
    st->ans->mute_reads = mute;
    st->ans->outcome = st->time_reads ? INF_TIME : INF_UNRESOLVED;
    snprintf(st->ans->message, sizeof(st->ans->message),
             "register at 0x%" PRIx64 " polled at 0x%" PRIx64 ": %.180s",
             st->q->phys, st->q->pc, why);
    return 0;
}

static int waiting(struct stall *st, const char *what)
{
    st->ans->verdict = INF_RETRY;
    st->ans->outcome = INF_WAITING;
    st->ans->mute_reads = 0;
    snprintf(st->ans->message, sizeof(st->ans->message),
             "waits for %s at 0x%" PRIx64, what, st->q->pc);
    return 0;
}

/* The shape that covers the polled bytes; false: not the machine's. */
static bool polled_shape(struct stall *st, struct inf_shape *shape)
{
    const struct rules_reg *reg = rules_reg_at(st->eng, st->q->phys);

    return reg && rules_shape_at(st->eng, reg->phys, shape);
}

/* ------------------------------------------------------- console's inputs */

/* The way out of @c reads another register of the console first. */
static bool reads_receiver(const struct stall *st, const struct cand *c)
{
    const struct rules_model *m = &st->eng->model;

    return c->left && m->has_console && st->dev->base == m->console &&
           c->has_first && !c->first_write &&
           c->first_phys - st->dev->base < st->dev->size;
}

/* The polled bit says that the receiver has something: an input. */
static int found_receiver(struct stall *st, const struct cand *c)
{
    struct inf_shape status, data;
    struct inf_field d = { .kind = INF_FIELD_DATA, .lo = 0, .hi = 7 };
    const struct rules_reg *reg = rules_reg_at(st->eng, c->first_phys);
    const struct inf_field *old;
    char why[256];
    unsigned shift;
    int rc;

    if (!polled_shape(st, &status)) {
        return waiting(st, "a character");
    }
    shift = 8 * (unsigned)(st->q->phys - st->dev->base - status.offset);
    rc = put_derived(&status, shift +
                     (unsigned)__builtin_ctzll(c->set | c->clear),
                     c->set ? "!empty(rx)" : "empty(rx)");
    if (!reg) {
        inf_shape_init(&data, c->first_phys - st->dev->base, c->first_size);
    } else if (!rules_shape_at(st->eng, c->first_phys, &data)) {
        return waiting(st, "a character");
    }
    old = inf_shape_field(&data, 0);
    snprintf(d.expr, sizeof(d.expr), "%s",
             old && strstr(old->expr, "pushes tx") ? "pops rx pushes tx"
                                                   : "pops rx");
    if (rc == 0) {
        rc = inf_shape_put(&data, &d);
    }
    if (rc) {
        return waiting(st, "a character");
    }
    describe(st, c, why, sizeof(why));
    rc = rules_edit_shape(st->ans, st->dev, &status, 85, why);
    if (rc == 0) {
        rc = rules_edit_item(st->ans, st->dev->base, "rx",
                             "fifo rx[16] : 8 from console;", 85);
    }
    if (rc == 0) {
        rc = rules_edit_shape(st->ans, st->dev, &data, 85,
                              "read when the receiver has something");
    }
    st->ans->verdict = INF_TABLES;
    st->ans->outcome = INF_WAITING;
    return rc;
}

/* ------------------------------------------------------------- transmitter */

/*
 * Follows the best way further: does it print?  Then the register it prints
 * through is the console, and a bit that is polled right before is its room.
 */
static int look_for_text(struct stall *st, const struct cand *c,
                         struct inf_shape *shape)
{
    struct inf_stim stim = { .mode = INF_STIM_FORCE, .set = c->set,
                             .clear = c->clear };
    const struct inf_io *text;
    const struct rules_reg *first;
    unsigned bit = (unsigned)__builtin_ctzll(c->set | c->clear);
    unsigned shift = 8 * (unsigned)(st->q->phys - st->dev->base -
                                    shape->offset);
    int rc;

    if (st->eng->model.has_console && !(c->has_first && c->first_write)) {
        return 0;
    }
    inf_probe_set_bound(st->eng->probe, LONG_BOUND);
    rc = rules_run_one(st, &stim);
    inf_probe_set_bound(st->eng->probe, SHORT_BOUND);
    if (rc) {
        return rc;
    }
    text = rules_text_target(&st->eng->trace);
    if (text && !st->eng->model.has_console) {
        rc = rules_console_found(st->eng, st->ans, text, &st->eng->trace, 0);
        if (rc) {
            return rc;
        }
    }
    first = c->has_first ? rules_reg_at(st->eng, c->first_phys) : NULL;
    if (!c->has_first || !c->first_write || !c->set ||
        bit_count(c->set | c->clear) != 1 ||
        c->first_phys - st->dev->base >= st->dev->size ||
        !((text && text->phys == c->first_phys) || (first && first->pushes))) {
        return 0;
    }
    return put_derived(shape, bit + shift, "!full(tx)");
}

/* ------------------------------------------------------------------ entry */

static int answer_bits(struct stall *st, struct cand *c)
{
    struct inf_shape shape, before;
    bool weak = false;
    unsigned conf = 88;
    char why[256];
    int rc;

    if (!polled_shape(st, &shape)) {
        /* `periph explain` reads the numbers. */
        snprintf(why, sizeof(why), "its model is a person's, or too rich to "
                 "extend; bits 0x%" PRIx64 " as 0x%" PRIx64 " would lead on",
                 c->set | c->clear, c->set);
        return unresolved(st, 0, why);
    }
    before = shape;
    rc = rules_transfer(st, &shape, c);
    if (rc != INF_E_RANGE) {
        return rc ? rc : note_answer(st, c, &before);
    }
    rc = shape_bits(st, &shape, c, &weak);
    if (rc == 0) {
        rc = look_for_text(st, c, &shape);
    }
    if (rc) {
        return rc;
    }
    conf -= bit_count(c->set | c->clear) > 1 ? 10 : 0;
    conf -= c->class_size > 2 ? 15 : 0;
    conf -= c->end == INF_END_AGAIN ? 20 : 0;
    conf -= weak || steps(c) ? 40 : 0;
    describe(st, c, why, sizeof(why));
    st->ans->verdict = st->restart ? INF_RESTART : INF_TABLES;
    st->ans->outcome = INF_SOLVED;
    rc = rules_edit_shape(st->ans, st->dev, &shape, conf, why);
    return rc ? rc : note_answer(st, c, &before);
}

/* Rounds of the loop that a value takes which moves by @step a read. */
static int rounds_with(struct stall *st, uint64_t step, unsigned *rounds)
{
    struct inf_stim stim = { .mode = INF_STIM_COUNT, .set = ~0ull,
                             .value = st->stored, .step = step };
    struct cand c = { 0 };
    int rc = rules_run_one(st, &stim);

    if (rc == 0) {
        rules_digest(st, &st->eng->trace, &c);
    }
    *rounds = c.left ? c.rounds : UINT_MAX;
    return rc;
}

/*
 * Counting up ends the wait at once, as if time had gone backwards, and
 * counting down takes as long as a wait does.
 */
static int counts_down(struct stall *st, bool *down)
{
    unsigned up, other;
    int rc = rounds_with(st, 1, &up);

    rc = rc ? rc : rounds_with(st, (uint64_t)-1, &other);
    *down = rc == 0 && up <= SOON && other > SOON;
    return rc;
}

static int answer_counter(struct stall *st, bool down)
{
    struct inf_shape shape;
    const struct rules_reg *reg = rules_reg_at(st->eng, st->q->phys);

    if (!polled_shape(st, &shape) || reg->counts) {
        return unresolved(st, MUTE_TIME, "its value has to change");
    }
    shape.count = 0;
    snprintf(shape.whole, sizeof(shape.whole), "%stime(1MHz)",
             down ? "~" : "");
    st->ans->verdict = INF_TABLES;
    st->ans->outcome = INF_SOLVED;
    return rules_edit_shape(st->ans, st->dev, &shape, 70,
                            "differences of its values are waited for");
}

/* A register that hands out data: each value is another one. */
static int answer_random(struct stall *st)
{
    struct inf_field all = { .kind = INF_FIELD_RANDOM };
    struct inf_shape shape;
    int rc;

    if (!polled_shape(st, &shape)) {
        return unresolved(st, MUTE_TIME, "its value has to change");
    }
    shape.count = 0;
    shape.whole[0] = '\0';
    all.hi = (uint8_t)(8 * shape.bytes - 1);
    rc = inf_shape_put(&shape, &all);
    st->ans->verdict = INF_TABLES;
    st->ans->outcome = INF_SOLVED;
    return rc ? rc : rules_edit_shape(st->ans, st->dev, &shape, 70,
                                      "another value than before is waited "
                                      "for");
}

/*
 * Every way out leads straight back to the poll, or none leads out but the
 * value ends up in what the loop writes: it is looked at for ever.
 */
static bool only_comes_back(const struct stall *st)
{
    unsigned left = 0;
    unsigned i;

    for (i = 0; i < st->count; i++) {
        const struct cand *c = &st->cands[i];

        if (c->left && (c->end != INF_END_AGAIN || c->status_write ||
                        c->moves > STILL_MOVES)) {
            return false;
        }
        left += c->left || c->written != st->written;
    }
    return left > 0;
}

void rules_log_cands(const struct stall *st)
{
    const struct inf_services *svc = &st->eng->svc;
    char text[200];
    unsigned i;

    for (i = 0; svc->log && i < st->count; i++) {
        const struct cand *c = &st->cands[i];

        if (c->left) {
            snprintf(text, sizeof(text), "candidate +0x%" PRIx64 " -0x%"
                     PRIx64 ": end %u score %d class %u new %u returned %d"
                     " 0x%" PRIx64 " first %c 0x%" PRIx64, c->set, c->clear,
                     c->end, c->score, c->class_size, c->new_pcs,
                     c->returned, c->retval, c->first_write ? 'w' : 'r',
                     c->first_phys);
            svc->log(svc->opaque, 3, text);
        }
    }
}

/* The model has it that the register is read bit by bit. */
static bool is_framed(struct stall *st)
{
    struct inf_shape shape;
    unsigned i;

    if (!polled_shape(st, &shape)) {
        return false;
    }
    for (i = 0; i < shape.count; i++) {
        if (shape.fields[i].kind == INF_FIELD_DERIVED &&
            strstr(shape.fields[i].expr, " >> n")) {
            return true;
        }
    }
    return false;
}

/*
 * Every way out ends badly: because what the guest waits for has not been
 * done?
 */
static int transfer_missing(struct stall *st)
{
    struct inf_shape shape, before;
    unsigned i;
    int rc = INF_E_RANGE;

    for (i = 0; i < st->count && rc == INF_E_RANGE; i++) {
        const struct cand *c = &st->cands[i];

        if (c->left && is_single(c) && polled_shape(st, &shape)) {
            before = shape;
            rc = rules_transfer(st, &shape, c);
            if (rc == 0) {
                return note_answer(st, c, &before);
            }
        }
    }
    return rc == INF_E_RANGE ? 0 : rc;
}

/* Two registers at the polled place? */
static int answer_bank(struct stall *st)
{
    struct inf_shape shape;
    bool found = false;
    int rc = polled_shape(st, &shape) ? rules_bank(st, &shape, &found) : 0;

    if (rc || !found) {
        return rc;
    }
    st->ans->verdict = INF_TABLES;
    st->ans->outcome = INF_SOLVED;
    return rules_edit_shape(st->ans, st->dev, &shape, 65, "read back as it "
                            "was written under another condition");
}

static int decide(struct stall *st, struct cand *best)
{
    const struct rules_reg *reg = rules_reg_at(st->eng, st->q->phys);
    bool counts = false, down = false;
    unsigned i;
    int rc;

    rules_log_cands(st);
    for (i = 0; i < st->count; i++) {
        struct cand *c = &st->cands[i];

        if (!c->left || bit_count(c->set | c->clear) != 1 || !reg) {
            continue;
        }
        if (reg->phys == st->q->phys && (reg->rx_mask & (c->set | c->clear))) {
            return waiting(st, "a character");
        }
    }
    for (i = 0; i < st->count; i++) {
        if (bit_count(st->cands[i].set | st->cands[i].clear) == 1 &&
            reads_receiver(st, &st->cands[i])) {
            return found_receiver(st, &st->cands[i]);
        }
    }
    if (is_framed(st)) {
        rc = rules_frame(st);
        if (rc || st->ans->verdict != INF_NONE) {
            return rc;
        }
    }
    rc = answer_bank(st);
    if (rc || st->ans->verdict != INF_NONE) {
        return rc;
    }
    if (best && rules_must_change(st, best)) {
        rc = counts_down(st, &down);
        return rc ? rc : rules_is_data(st) ? answer_random(st) :
            answer_counter(st, down);
    }
    if (best && rules_any_leaves(st, best)) {
        rc = counts_down(st, &down);
        if (rc || down) {
            return rc ? rc : answer_counter(st, true);
        }
    }
    if (!best || rules_is_magnitude(st, best)) {
        rc = rules_counter_leaves(st, &counts);
        if (rc || counts) {
            return rc ? rc : answer_counter(st, false);
        }
    }
    if (!best) {
        rc = rules_frame(st);
        if (rc || st->ans->verdict != INF_NONE) {
            return rc;
        }
        rc = transfer_missing(st);
        if (rc || st->ans->verdict != INF_NONE) {
            return rc;
        }
    }
    if (only_comes_back(st)) {
        return waiting(st, "an input");
    }
    if (!best) {
        return unresolved(st, st->time_reads ? MUTE_TIME : MUTE_UNRESOLVED,
                          "no value of it leads out");
    }
    return answer_bits(st, best);
}

/* The loop counts on, and will end. */
static int still_counts(struct stall *st)
{
    st->ans->verdict = INF_RETRY;
    st->ans->mute_reads = MUTE_TIME;
    st->ans->outcome = INF_SOLVED;
    return 0;
}

/* What the registers are like after as many rounds as candidates run. */
static int baseline_digest(struct stall *st)
{
    struct inf_stim nothing = { .mode = INF_STIM_FORCE };
    int rc = 0;

    if (inf_probe_period(st->eng->probe) > 1) {
        rc = rules_run_one(st, &nothing);
        st->digest = st->eng->trace.digest;
    }
    return rc;
}

static int solve(struct stall *st)
{
    struct cand *best;
    struct cand still = { 0 };
    int rc = inf_probe_baseline(st->eng->probe, &st->eng->trace);

    if (rc) {
        return rc;
    }
    st->ans->probes++;
    if (rules_is_step(st->eng, st->q->phys)) {
        return still_counts(st);
    }
    st->time_reads = st->eng->trace.time_reads;
    rules_digest(st, &st->eng->trace, &still);
    st->written = still.written;
    if (st->eng->trace.left) {
        return unresolved(st, MUTE_NO_LOOP, "the loop ends by itself");
    }
    rc = baseline_digest(st);
    if (rc == 0) {
        rc = rules_find_best(st, &best);
    }
    return rc ? rc : decide(st, best);
}

/* The first read of a poll that gave up. */
static int solve_short(struct stall *st)
{
    struct cand c = { 0 };
    bool found;
    int rc = rules_gaveup_look(st, &c, &found);

    if (rc == 0 && found) {
        c.class_size = 1;
        return answer_bits(st, &c);
    }
    st->ans->verdict = INF_RETRY;
    st->ans->outcome = INF_SOLVED;
    st->ans->mute_reads = MUTE_NO_LOOP;
    snprintf(st->ans->message, sizeof(st->ans->message), "what 0x%" PRIx64
             " reads makes no difference", st->q->phys);
    return rc;
}

static int solve_watched(struct stall *st)
{
    return rules_is_gaveup(st->eng, st->q->pc, st->q->phys)
           ? solve_short(st) : rules_watched(st);
}

static uint64_t read_mmio(void *opaque, uint64_t phys, unsigned size,
                          uint64_t written, uint64_t mask)
{
    return rules_read(opaque, phys, size, written, mask);
}

int rules_stall(struct inf_engine *eng, const struct inf_question *q,
                struct inf_answer *ans)
{
    struct inf_probe_env env = { .svc = &eng->svc, .opaque = eng,
                                 .mmio = read_mmio,
                                 .max_insns = SHORT_BOUND,
                                 .places = eng->opts.places };
    struct stall *st = calloc(1, sizeof(*st));
    int rc;

    if (!st) {
        return INF_E_NOMEM;
    }
    st->eng = eng;
    st->q = q;
    st->ans = ans;
    st->dev = rules_device_at(eng, q->phys);
    st->width_mask = q->size >= 8 ? ~0ull : (1ull << (8 * q->size)) - 1;
    st->stored = rules_read(eng, q->phys, q->size, 0, 0);
    if (!st->dev) {
        rc = unresolved(st, MUTE_NO_LOOP, "no device stands there");
    } else {
        rc = inf_probe_begin(eng->probe, q, &env);
        if (rc == 0) {
            rc = q->watched ? solve_watched(st) : solve(st);
        }
        inf_probe_end(eng->probe);
    }
    free(st);
    return rc;
}
