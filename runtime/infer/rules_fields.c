/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers within the polled register: the guest compares some of its bits
 * with a number that it holds (a channel, a state), often after a bit that
 * says that they are valid.  No bit alone leads out then, and no number where
 * the lowest bit stands.
 */
#include "runtime/infer/disasm.h"
#include "runtime/infer/rules_stall.h"

#define MAX_NUMBERS 64u
#define FIELD_LIMIT 0xffu
#define WIDEST 8u
#define PROGRESS 3u /* signs of it, where the guest polls again further on */

struct fields {
    struct stall *st;
    uint64_t set, clear; /* leave the loop, but the poll comes back */
    struct cand best;
    bool found;
};

/* The last run read the register once more on its way back to the poll. */
static bool reads_again(const struct stall *st)
{
    const struct inf_trace *t = &st->eng->trace;
    unsigned i;

    for (i = 0; i < t->io_count; i++) {
        if (t->io[i].after_exit && !t->io[i].write &&
            t->io[i].phys == st->q->phys && t->io[i].pc != st->q->pc) {
            return true;
        }
    }
    return false;
}

static int run(struct stall *st, uint64_t set, uint64_t clear,
               struct cand *c)
{
    struct inf_stim stim = { .mode = INF_STIM_FORCE, .set = set,
                             .clear = clear };
    int rc = rules_run_one(st, &stim);

    *c = (struct cand) { .set = set, .clear = clear };
    rules_digest(st, &st->eng->trace, c);
    c->class_size = 1;
    c->score = rules_score(st, c, false);
    return rc;
}

/* The bit that leaves the loop, and that the guest then looks further from;
 * false when those that leave do something else. */
static int find_first(struct fields *f, bool *usable)
{
    struct stall *st = f->st;
    struct cand c;
    unsigned i;
    int rc;

    *usable = false;
    for (i = 0; i < st->count; i++) {
        if (!st->cands[i].left || !is_single(&st->cands[i]) ||
            (*usable && st->cands[i].set == f->set &&
             st->cands[i].clear == f->clear)) {
            continue;
        }
        if (*usable || st->cands[i].end != INF_END_AGAIN ||
            st->cands[i].moves) {
            *usable = false;
            return 0;
        }
        rc = run(st, st->cands[i].set, st->cands[i].clear, &c);
        if (rc || !reads_again(st)) {
            return rc;
        }
        f->set = c.set;
        f->clear = c.clear;
        *usable = true;
    }
    return 0;
}

/* @number in @width bits from @low on. */
static int try_field(struct fields *f, uint64_t number, unsigned low,
                     unsigned width)
{
    struct stall *st = f->st;
    uint64_t field = ((1ull << width) - 1) << low;
    uint64_t set = (number << low & ~st->stored) | (f->set & ~field);
    uint64_t clear = (field & ~(number << low) & st->stored) |
                     (f->clear & ~field);
    struct cand c;
    int rc;

    if (!((set | clear) & field) || field & ~st->width_mask ||
        rules_is_excluded(st->eng, st->q->phys, set, clear)) {
        return 0;
    }
    rc = run(st, set, clear, &c);
    if (rc == 0 && c.left && c.score > SCORE_BAD &&
        (c.end != INF_END_AGAIN || c.moves > PROGRESS) &&
        (!f->found || c.score > f->best.score)) {
        f->best = c;
        f->found = true;
    }
    return rc;
}

int rules_try_fields(struct stall *st, struct cand **best)
{
    struct fields f = { .st = st };
    uint64_t numbers[MAX_NUMBERS];
    unsigned count, i, low, width;
    bool usable = true;
    int rc = *best ? find_first(&f, &usable) : 0;

    if (rc || !usable || st->count == MAX_CANDS) {
        return rc;
    }
    count = inf_loop_numbers(st->eng->probe, &st->q->cpu, numbers,
                             MAX_NUMBERS);
    for (i = 0; i < count; i++) {
        unsigned least = 64 - (unsigned)__builtin_clzll(numbers[i] | 1);

        if (!numbers[i] || numbers[i] > FIELD_LIMIT) {
            continue;
        }
        for (low = 0; low < 8 * st->q->size; low++) {
            for (width = least; width <= WIDEST && rc == 0; width++) {
                /* Wider ones only differ where there is something to clear. */
                if (width == least || st->stored >> (low + width - 1) & 1) {
                    rc = try_field(&f, numbers[i], low, width);
                }
            }
        }
    }
    if (rc == 0 && f.found) {
        st->cands[st->count] = f.best;
        *best = &st->cands[st->count++];
    }
    return rc;
}
