/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Candidates: the values a polled register might have had, one run each, and
 * which of the ways out is the good one.
 */
#include <string.h>

#include "runtime/infer/disasm.h"
#include "runtime/infer/rules_stall.h"

#define MAX_NUMBERS 64u
#define RICH_MARGIN 15
#define LOOP_WRITES 2u
#define EXIT_IOS 6u /* accesses that still belong to the way out */

/* ----------------------------------------------------------------- digest */

/* Words that a message on the way to giving up contains. */
static bool says_error(const char *text)
{
    static const char *const words[] = {
        "error", "fail", "timeout", "timed out", "time out", "unable",
        "invalid", "cannot", "panic", "abort",
    };
    unsigned i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasestr(text, words[i])) {
            return true;
        }
    }
    return false;
}

bool rules_complains(const struct inf_trace *t)
{
    const struct inf_io *target = rules_text_target(t);
    char text[256];
    size_t len = 0;
    unsigned i;

    if (!target) {
        return false;
    }
    for (i = 0; i < t->io_count && len + 1 < sizeof(text); i++) {
        if (t->io[i].write && t->io[i].phys == target->phys) {
            text[len++] = (char)t->io[i].value;
        }
    }
    text[len] = '\0';
    return says_error(text);
}

void rules_digest(const struct stall *st, const struct inf_trace *t,
                   struct cand *c)
{
    unsigned seen = 0;
    unsigned writes = 0;
    unsigned i;

    c->end = t->end;
    c->digest = t->digest;
    c->left = t->left;
    c->returned = t->returned;
    c->retval = t->retval;
    c->signature = t->signature;
    c->new_pcs = t->new_pcs;
    c->moves = t->moves;
    c->ran = t->left ? t->insns - t->exit_insn : 0;
    c->rounds = t->rounds / inf_probe_period(st->eng->probe);
    for (i = 0; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (!io->after_exit) {
            if (io->write && writes++ < LOOP_WRITES) {
                c->written = (c->written ^ io->phys ^ io->value << 13) *
                             0x9e3779b97f4a7c15ull;
            }
            continue;
        }
        if (io->phys != st->q->phys && !c->has_first) {
            c->has_first = true;
            c->first_write = io->write;
            c->first_phys = io->phys;
            c->first_size = io->size;
        }
        if (io->phys == st->q->phys && io->write && seen < EXIT_IOS) {
            c->status_write = true;
            c->acks = c->acks ? c->acks : io->value;
        }
        seen++;
    }
    c->bad_text = rules_complains(t);
    c->text = !c->bad_text && rules_text_target(t);
}

/* ---------------------------------------------------------------- ranking */

/* A small negative number, as C functions return on errors. */
static bool is_errno(const struct stall *st, uint64_t value)
{
    int64_t v = (int32_t)value;

    if (st->q->cpu.arch == INF_ARCH_A64 && (int64_t)value < 0) {
        v = (int64_t)value;
    }
    return v < 0 && v >= -4095;
}

/* A dead end weighs less the further it is from the poll. */
static int score_dead(const struct cand *c, int score)
{
    if (c->text) {
        return score / 8;
    }
    return c->ran > 1000 ? score / 4 : c->ran > 100 ? score / 2 : score;
}

static int score_end(const struct cand *c)
{
    switch (c->end) {
    case INF_END_AGAIN:
        return -40;
    case INF_END_TIME:
        return -5;
    case INF_END_BOUND:
        return 10;
    case INF_END_CALL:
        return 5;
    case INF_END_FAULT:
        return score_dead(c, -200);
    case INF_END_WILD:
    case INF_END_SELF:
        return score_dead(c, -250);
    case INF_END_ERROR:
        return -160;
    case INF_END_AVOIDED:
        return 10 * SCORE_BAD;
    case INF_END_REACHED:
        return 200;
    default:
        return 0;
    }
}

int rules_score(const struct stall *st, const struct cand *c,
                      bool others)
{
    int score = score_end(c);
    unsigned n = c->new_pcs;
    int log = 0;

    while (n >>= 1) {
        log++;
    }
    score += log > 10 ? 30 : 3 * log;
    if (c->returned) {
        score += is_errno(st, c->retval) ? -60 : c->retval == 0 ? 15 : 10;
    }
    if (c->bad_text) {
        score -= 40;
    }
    if (others) {
        score += c->class_size <= 1 ? 15 : c->class_size == 2 ? 5
                 : c->class_size >= 4 ? -15 : 0;
    }
    score -= c->status_write ? 3 : 0;
    score -= (int)(bit_count(c->set | c->clear) - 1);
    return score;
}

/* Fills class sizes and scores of all candidates. */
static void rank(struct stall *st)
{
    unsigned i, j;
    bool others = false;

    for (i = 0; i < st->count; i++) {
        struct cand *c = &st->cands[i];

        c->class_size = 0;
        for (j = 0; j < st->count && c->left; j++) {
            const struct cand *d = &st->cands[j];

            if (!d->left) {
                continue;
            }
            if (d->signature != c->signature) {
                others = true;
            } else if (is_single(d)) {
                c->class_size++;
            }
        }
    }
    for (i = 0; i < st->count; i++) {
        st->cands[i].score = rules_score(st, &st->cands[i], others);
    }
}

static struct cand *best_of(struct stall *st, unsigned first)
{
    struct cand *best = NULL;
    unsigned i;

    rank(st);
    for (i = first; i < st->count; i++) {
        struct cand *c = &st->cands[i];

        if (c->left && c->score > SCORE_BAD &&
            (!best || c->score > best->score)) {
            best = c;
        }
    }
    return best;
}

unsigned rules_other_ways(const struct stall *st, const struct cand *best)
{
    unsigned n = 0;
    unsigned i;

    for (i = 0; i < st->count; i++) {
        n += st->cands[i].left && st->cands[i].score > SCORE_BAD &&
             &st->cands[i] != best;
    }
    return n;
}

/* ------------------------------------------------------------- candidates */

int rules_run_one(struct stall *st, const struct inf_stim *stim)
{
    struct inf_engine *eng = st->eng;

    st->ans->probes++;
    if (eng->svc.beat && st->ans->probes % 64 == 0) {
        eng->svc.beat(eng->svc.opaque);
    }
    return inf_probe_run(eng->probe, stim, &eng->trace);
}

/* Runs (set, clear) unless it was tried or is excluded. */
static int try_cand(struct stall *st, uint64_t set, uint64_t clear)
{
    struct inf_stim stim = { .mode = INF_STIM_FORCE };
    struct cand *c = &st->cands[st->count];
    unsigned i;
    int rc;

    set &= ~st->stored & st->width_mask;
    clear &= st->stored;
    if (st->count == MAX_CANDS || !(set | clear) ||
        rules_is_excluded(st->eng, st->q->phys, set, clear)) {
        return 0;
    }
    for (i = 0; i < st->count; i++) {
        if (st->cands[i].set == set && st->cands[i].clear == clear) {
            return 0;
        }
    }
    stim.set = set;
    stim.clear = clear;
    rc = rules_run_one(st, &stim);
    if (rc) {
        return rc;
    }
    memset(c, 0, sizeof(*c));
    c->set = set;
    c->clear = clear;
    rules_digest(st, &st->eng->trace, c);
    st->count++;
    return 0;
}

static int try_value(struct stall *st, uint64_t value)
{
    return try_cand(st, value, ~value);
}

static int try_single_bits(struct stall *st)
{
    unsigned bits = 8 * st->q->size;
    unsigned bit;
    int rc = 0;

    for (bit = 0; bit < bits && rc == 0; bit++) {
        rc = try_cand(st, 1ull << bit, 1ull << bit);
    }
    return rc;
}

/* All ones, zero, numbers of the code, what stands in the neighbours. */
static int try_values(struct stall *st)
{
    uint64_t numbers[MAX_NUMBERS];
    unsigned n, i;
    uint64_t value;
    int rc = try_value(st, ~0ull);

    if (rc == 0) {
        rc = try_value(st, 0);
    }
    n = inf_loop_numbers(st->eng->probe, &st->q->cpu, numbers, MAX_NUMBERS);
    for (i = 0; i < n && rc == 0; i++) {
        rc = try_value(st, numbers[i]);
        if (rc == 0) {
            rc = try_cand(st, numbers[i], 0);
        }
    }
    for (i = 0; i < 8 && rc == 0; i++) {
        uint64_t at = (st->q->phys & ~15ull) + 4 * i - 8;

        if (inf_evidence_written(st->eng->ev, at, st->q->size, &value)) {
            rc = try_value(st, value);
        }
    }
    return rc;
}

int rules_try_all(struct stall *st)
{
    int rc = try_single_bits(st);

    if (rc == 0) {
        rc = try_values(st);
    }
    rank(st);
    return rc;
}

/* Drops the bits of @c that the way out does not need. */
static int minimise(struct stall *st, struct cand *c)
{
    uint64_t bits = c->set | c->clear;
    unsigned bit;
    int rc;

    for (bit = 0; bit < 64; bit++) {
        struct inf_stim stim = { .mode = INF_STIM_FORCE };
        uint64_t one = 1ull << bit;
        struct cand less = { 0 };

        if (!(bits & one) || bits == one) {
            continue;
        }
        stim.set = c->set & ~one;
        stim.clear = c->clear & ~one;
        rc = rules_run_one(st, &stim);
        if (rc) {
            return rc;
        }
        rules_digest(st, &st->eng->trace, &less);
        less.set = stim.set;
        less.clear = stim.clear;
        less.class_size = c->class_size;
        less.score = rules_score(st, &less, false);
        if (less.left && (less.signature == c->signature ||
                          less.score >= c->score)) {
            *c = less;
            bits &= ~one;
        }
    }
    return 0;
}

/* ----------------------------------------------------- values that change */

static int leaves_with(struct stall *st, uint32_t mode, uint64_t step,
                       bool *out)
{
    struct inf_stim stim = { .mode = mode, .set = ~0ull,
                             .value = st->stored, .step = step };
    int rc = rules_run_one(st, &stim);
    struct cand c = { 0 };

    *out = false;
    if (rc == 0) {
        rules_digest(st, &st->eng->trace, &c);
        *out = c.left && rules_score(st, &c, false) > SCORE_BAD;
    }
    return rc;
}

int rules_counter_leaves(struct stall *st, bool *out)
{
    static const uint64_t steps[] = { 1, 0x100, 0x10000, 0x1000000,
                                      (uint64_t)-1, (uint64_t)-0x10000 };
    unsigned i;
    int rc = 0;

    *out = false;
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !*out && !rc; i++) {
        rc = leaves_with(st, INF_STIM_COUNT, steps[i], out);
    }
    return rc;
}

bool rules_is_magnitude(const struct stall *st, const struct cand *best)
{
    uint64_t leaving = 0;
    unsigned low, i;

    for (i = 0; i < st->count; i++) {
        const struct cand *c = &st->cands[i];

        if (c->left && is_single(c) &&
            c->signature == best->signature) {
            leaving |= c->set | c->clear;
        }
    }
    if (bit_count(leaving) < 4 || (leaving & 1)) {
        return false;
    }
    low = (unsigned)__builtin_ctzll(leaving);
    return leaving == (st->width_mask & ~((1ull << low) - 1)) ||
           /* a signed compare excludes the top bit */
           leaving == ((st->width_mask >> 1) & ~((1ull << low) - 1));
}

/* ------------------------------------------------------------------- best */

/* A single bit that does nearly as well explains more. */
static struct cand *simpler(struct stall *st, unsigned singles,
                            struct cand *rich)
{
    struct cand *best = rich;
    unsigned i;

    for (i = 0; i < singles; i++) {
        struct cand *c = &st->cands[i];

        if (c->left && c->score > SCORE_BAD &&
            c->score + RICH_MARGIN > rich->score &&
            (best == rich || c->score > best->score)) {
            best = c;
        }
    }
    return best;
}

/*
 * The value is what the loop's counter moves by (a page size).  The smallest
 * one passes the loop's bound by the least.
 */
static struct cand *smallest_step(struct stall *st, struct cand *best)
{
    unsigned i;

    for (i = 0; i < st->count && best && steps(best); i++) {
        struct cand *c = &st->cands[i];

        if (c->left && steps(c) && c->score >= 0 && c->set < best->set) {
            best = c;
        }
    }
    return best;
}

int rules_find_best(struct stall *st, struct cand **best)
{
    struct cand *rich;
    unsigned singles;
    int rc = try_single_bits(st);

    if (rc) {
        return rc;
    }
    *best = best_of(st, 0);
    singles = st->count;
    if (*best && (*best)->score >= 0) {
        *best = smallest_step(st, *best);
        return 0;
    }
    rc = try_values(st);
    if (rc) {
        return rc;
    }
    rich = best_of(st, singles);
    *best = best_of(st, 0);
    if (rich && rich == *best) {
        rc = minimise(st, rich);
        *best = simpler(st, singles, rich);
    }
    if (rc == 0 && (!*best || (*best)->end == INF_END_AGAIN)) {
        rc = rules_try_fields(st, best);
    }
    return rc;
}
