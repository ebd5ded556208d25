/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by rules_cands.c (which values lead out) and rules_stall.c (what
 * that makes the register). */
#ifndef PERIPH_INFER_RULES_STALL_H
#define PERIPH_INFER_RULES_STALL_H

#include "runtime/infer/rules_priv.h"

#define MAX_CANDS 160u
#define SHORT_BOUND 8000u
#define LONG_BOUND 60000u
#define STEP_ROUNDS 6u
#define SCORE_BAD (-150) /* at or below: no way to go */

/* One value that was tried, and where it led. */
struct cand {
    uint64_t set, clear;
    uint32_t end;
    bool left, returned, bad_text, status_write;
    bool has_first, first_write;
    uint64_t first_phys; /* first access after the exit, of another register */
    unsigned first_size;
    uint64_t retval, signature;
    uint64_t digest;  /* of the registers at the last poll in the loop */
    uint64_t written; /* hash of what the loop wrote */
    uint64_t acks;    /* written to the register right after the exit */
    unsigned new_pcs, moves;
    uint64_t ran; /* instructions after the exit */
    unsigned rounds; /* of the loop, before the exit */
    bool text;    /* printed something that is no complaint */
    unsigned class_size; /* single bits that take this way */
    int score;
};

struct stall {
    struct inf_engine *eng;
    const struct inf_question *q;
    struct inf_answer *ans;
    const struct rules_device *dev;
    uint64_t width_mask;
    uint64_t stored; /* what the register reads now */
    unsigned time_reads;
    uint64_t written; /* candidates' @written without a stimulus ... */
    uint64_t digest;  /* ... and their @digest */
    bool restart; /* the answer holds from reset on */
    unsigned count;
    struct cand cands[MAX_CANDS];
};

static inline unsigned bit_count(uint64_t value)
{
    return (unsigned)__builtin_popcountll(value);
}

/* The value does not end the loop, it makes its counter move. */
static inline bool steps(const struct cand *c)
{
    return c->rounds > STEP_ROUNDS;
}

static inline bool is_single(const struct cand *c)
{
    return bit_count(c->set | c->clear) == 1;
}

/* All return 0 or a negative enum inf_error. */

/* Tries all bits and all values that may mean something. */
int rules_try_all(struct stall *st);
void rules_log_cands(const struct stall *st);
/*
 * rules_dma.c: the bits of @c say that a transfer is done, which the machine
 * makes from the next reset on.  INF_E_RANGE when none was started, or where
 * @c is no good way out and the transfer does not make it one.
 */
int rules_transfer(struct stall *st, struct inf_shape *shape,
                   const struct cand *c);
/*
 * rules_event.c.  Each gives @bit of @shape and adds rules to the answer, or
 * returns INF_E_RANGE when what was seen does not say so.
 */
/* Whether the model has the bit as one that is acknowledged. */
bool rules_is_event(const struct inf_shape *shape, unsigned bit);
/*
 * A bit that was needed otherwise before, and that no stored bit explains: an
 * event that the guest acknowledges, that a command or time raises again, or
 * at last one that changes by itself (*@weak).
 */
int rules_event(struct stall *st, struct inf_shape *shape, unsigned bit,
                bool want, bool *weak);
/* A flag that the last command raised, and the way out of @c acknowledges. */
int rules_acknowledged(struct stall *st, struct inf_shape *shape,
                       const struct cand *c, unsigned bit);
/* A stored bit that has to be clear after a key was written.  Sets
 * st->restart: the key was written before the model knew it. */
int rules_key_opens(struct stall *st, struct inf_shape *shape, unsigned bit);
/* A flag that has to go, in a loop that reads the data. */
int rules_drained(struct stall *st, struct inf_shape *shape, unsigned bit);
/* Each single bit, the other way round, leads out as @best does. */
bool rules_any_leaves(const struct stall *st, const struct cand *best);
/* Whatever other value stood there would do, and not for being no zero. */
bool rules_must_change(const struct stall *st, const struct cand *best);
/* The register is read after a status of its device that was waited for: it
 * hands out data, and is no counter. */
bool rules_is_data(const struct stall *st);
/* rules_gaveup.c: the bit that the poll, asked about at its first read, gives
 * up waiting for; *@found: there is one. */
int rules_gaveup_look(struct stall *st, struct cand *out, bool *found);
/* rules_bank.c: what was written to @shape's register under another condition
 * is waited for; the answer has the second register there, @shape its
 * "when". */
int rules_bank(struct stall *st, struct inf_shape *shape, bool *found);
/* rules_deadend.c: a read that was asked for. */
int rules_watched(struct stall *st);
/* rules_frame.c: no constant value leads out; does one that differs from read
 * to read? */
int rules_frame(struct stall *st);
/*
 * rules_passed.c: makes needs of earlier reads of @shape's register that a
 * loop was left by, and where a bit of @mask was not as in @want.
 */
void rules_note_passed(struct stall *st, const struct inf_shape *shape,
                       uint64_t mask, uint64_t want);
/* Whether bit @bit of the register was needed otherwise than @want. */
bool rules_was_passed(const struct inf_engine *eng, uint64_t phys,
                      unsigned bit, bool want);
/* Runs one stimulus; the trace is in st->eng->trace. */
int rules_run_one(struct stall *st, const struct inf_stim *stim);
void rules_digest(const struct stall *st, const struct inf_trace *t,
                  struct cand *c);
int rules_score(const struct stall *st, const struct cand *c, bool others);
/* Tries single bits, then richer values where no bit is good enough.
 * *@best: NULL when nothing leads out. */
int rules_find_best(struct stall *st, struct cand **best);
/* rules_fields.c: no bit leads out, or one that only leads to another look at
 * the register; does a number in some of its bits? */
int rules_try_fields(struct stall *st, struct cand **best);
/* Values that lead out as well as @best, in the same way or another. */
unsigned rules_other_ways(const struct stall *st, const struct cand *best);
/* Whether a value that counts leads out. */
int rules_counter_leaves(struct stall *st, bool *out);
/*
 * The bits that leave are all those from some place up to the top: the code
 * compares a magnitude.
 */
bool rules_is_magnitude(const struct stall *st, const struct cand *best);

#endif
