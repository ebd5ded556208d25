/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dead ends: the guest runs in a loop that nothing can end.  Some value that
 * it read on the way, and that was 0 for want of anything better, may have
 * led it there (a pin, a converter's result).  The reads before the dead end
 * are looked at one after the other, the latest first: the machine starts
 * again, that read is asked about, and if another value of it leads elsewhere
 * it gets that value.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/rules_stall.h"

#define SEARCH_ACCESSES 6000u /* back from the dead end */
#define WATCH_BOUND 60000u
#define MODIFY_ACCESSES 3u
#define CONF_GUESS 45u
#define CONTIGUOUS 3u
#define AVOIDED_PC (~0ull) /* of a search that no dead end began */
#define NAMED_READS 2u
#define WAYS 16u /* out of one read, that led to a dead end as well */

/* ------------------------------------------------------------- the search */

static bool was_tried(const struct inf_engine *eng, uint64_t pc,
                      uint64_t phys)
{
    const struct rules_dead *dead = &eng->dead;
    unsigned i;

    for (i = 0; i < dead->count; i++) {
        if (dead->tried[i].phys == phys && dead->tried[i].pc == pc) {
            return true;
        }
    }
    return false;
}

/* Whether the access @seq read only to write the same place right after. */
static bool is_modified(const struct inf_engine *eng, uint64_t seq,
                        uint64_t phys)
{
    uint64_t i;

    for (i = seq + 1; i <= seq + MODIFY_ACCESSES; i++) {
        const struct inf_access *acc = inf_evidence_at(eng->ev, i);

        if (acc && acc->write && acc->phys == phys) {
            return true;
        }
    }
    return false;
}

/*
 * Whether what access @seq read was made up: nobody wrote it, or only a 0
 * that may have had another meaning, and nothing else is known.
 */
static bool is_made_up(struct inf_engine *eng, const struct inf_access *acc,
                       uint64_t seq, bool written)
{
    const struct inf_reg_stat *stat = inf_evidence_reg(eng->ev, acc->phys);
    const struct rules_reg *reg = rules_reg_at(eng, acc->phys);

    if (acc->write || acc->value != 0 || !stat || !reg || !reg->machine ||
        !reg->plain) {
        return false;
    }
    return written ? stat->seq_write && !stat->last_write &&
                     !is_modified(eng, seq, acc->phys)
                   : !stat->seq_write;
}

static bool find_read(struct inf_engine *eng, struct rules_watch *out)
{
    uint64_t now = inf_evidence_seq(eng->ev);
    uint64_t seq;
    unsigned written;

    for (written = 0; written < 2; written++) {
        for (seq = now; seq > 0 && now - seq < SEARCH_ACCESSES; seq--) {
            const struct inf_access *acc = inf_evidence_at(eng->ev, seq);

            if (!acc) {
                break;
            }
            if (is_made_up(eng, acc, seq, written) &&
                !was_tried(eng, acc->pc, acc->phys)) {
                out->pc = acc->pc;
                out->phys = acc->phys;
                return true;
            }
        }
    }
    return false;
}

static const char *place_text(const struct rules_dead *dead, char *text,
                              size_t size)
{
    if (dead->pc == AVOIDED_PC) {
        return "a place to be avoided";
    }
    snprintf(text, size, "a dead end at 0x%" PRIx64, dead->pc);
    return text;
}

static int restart_at(struct inf_engine *eng, struct inf_answer *ans,
                      const struct rules_watch *at)
{
    struct rules_dead *dead = &eng->dead;
    char text[64];

    if (!was_tried(eng, at->pc, at->phys)) {
        dead->tried[dead->count++] = *at;
    }
    eng->restarts++;
    ans->verdict = INF_RESTART;
    ans->outcome = INF_WITHDRAWN;
    ans->watch_count = 1;
    ans->watches[0].pc = at->pc;
    ans->watches[0].phys = at->phys;
    ans->watches[0].reads = 1;
    snprintf(ans->message, sizeof(ans->message), "%s: starts again, to see "
             "whether what 0x%" PRIx64 " reads led there", place_text(dead,
             text, sizeof(text)), at->phys);
    return 0;
}

/* What the last try inferred did not help either. */
static int withdraw(struct inf_engine *eng, struct inf_answer *ans,
                    struct rules_hyp *hyp)
{
    const struct rules_device *dev = rules_device_at(eng, hyp->phys);
    int rc;

    hyp->withdrawn = true;
    rules_exclude(eng, hyp->phys, hyp->set, hyp->clear);
    if (!dev) {
        return 0;
    }
    rc = rules_edit_shape(ans, dev, &hyp->before, CONF_STORAGE, "");
    return rc ? rc : restart_at(eng, ans,
                                &eng->dead.tried[eng->dead.count - 1]);
}

/*
 * What the guest read last before it stays, latest first: what decided is
 * likely among it.
 */
static void name_reads(const struct inf_engine *eng, char *buf, size_t size)
{
    uint64_t now = inf_evidence_seq(eng->ev), seen[NAMED_READS];
    unsigned count = 0, i;
    size_t len = 0;
    uint64_t seq;

    buf[0] = '\0';
    for (seq = now; seq > 0 && now - seq < SEARCH_ACCESSES &&
         count < NAMED_READS; seq--) {
        const struct inf_access *acc = inf_evidence_at(eng->ev, seq);
        const struct inf_reg_stat *stat;

        if (!acc) {
            break;
        }
        stat = inf_evidence_reg(eng->ev, acc->phys);
        for (i = 0; i < count && seen[i] != acc->phys; i++) {
        }
        if (acc->write || i < count || !stat ||
            is_modified(eng, seq, acc->phys)) {
            continue;
        }
        seen[count++] = acc->phys;
        len += (size_t)snprintf(buf + len, size - len, "%s0x%" PRIx64
                                " (%" PRIu64 " times, last 0x%" PRIx64
                                " at pc 0x%" PRIx64 ")",
                                len ? ", " : "; read before: ", acc->phys,
                                stat->reads, acc->value, acc->pc);
        if (len >= size) {
            return;
        }
    }
}

/* Where the function that the guest stays in was called from, if told. */
static void name_caller(const struct inf_question *q, char *buf, size_t size)
{
    bool a64 = q->cpu.arch == INF_ARCH_A64;
    uint64_t lr = a64 ? q->cpu.regs[30] : q->cpu.regs[14] & ~1ull;

    buf[0] = '\0';
    if (lr && lr < ~0xffull && (a64 || lr < 0xffffff00u)) {
        snprintf(buf, size, ", where it returns to 0x%" PRIx64, lr);
    }
}

static struct rules_hyp *last_guess(struct inf_engine *eng)
{
    unsigned i;

    for (i = 0; i < eng->hyp_count; i++) {
        if (eng->dead.hyp && eng->hyps[i].id == eng->dead.hyp &&
            !eng->hyps[i].withdrawn) {
            return &eng->hyps[i];
        }
    }
    return NULL;
}

int rules_dead_end(struct inf_engine *eng, const struct inf_question *q,
                   struct inf_answer *ans)
{
    struct rules_dead *dead = &eng->dead;
    char caller[48], reads[160];
    struct rules_watch at;
    struct rules_hyp *hyp;

    ans->verdict = INF_RETRY;
    ans->outcome = INF_UNRESOLVED;
    if (eng->rom) {
        snprintf(ans->message, sizeof(ans->message), "the guest called 0x%"
                 PRIx64 ", where no memory is: a ROM of the chip? Give the "
                 "board that memory and its image", eng->rom);
        return 0;
    }
    /* What was inferred led to places never seen before: it stands, and this
     * is another dead end, if in the same function. */
    if (dead->pc != eng->idle_pc ||
        (dead->hyp && eng->model.reg_count > dead->regs)) {
        memset(dead, 0, sizeof(*dead));
        dead->pc = eng->idle_pc;
    }
    if (eng->restarts < eng->opts.max_restarts && dead->count < RULES_DEAD) {
        hyp = last_guess(eng);
        if (hyp) {
            return withdraw(eng, ans, hyp);
        }
        if (find_read(eng, &at)) {
            return restart_at(eng, ans, &at);
        }
    }
    name_caller(q, caller, sizeof(caller));
    name_reads(eng, reads, sizeof(reads));
    snprintf(ans->message, sizeof(ans->message), "the guest stays at 0x%"
             PRIx64 " for good%s%s", dead->pc, caller, reads);
    return 0;
}

/*
 * Where the user does not want the guest: what was inferred last and could
 * have been another value goes first, then reads that were made up, then what
 * was inferred long ago.
 */
int rules_avoided(struct inf_engine *eng, const struct inf_question *q,
                  struct inf_answer *ans)
{
    struct rules_dead *dead = &eng->dead;
    struct rules_hyp *hyp;
    struct rules_watch at;
    int rc;

    ans->verdict = INF_STOP;
    ans->outcome = INF_UNRESOLVED;
    if (dead->pc != AVOIDED_PC) {
        memset(dead, 0, sizeof(*dead));
        dead->pc = AVOIDED_PC;
    }
    if (eng->restarts >= eng->opts.max_restarts) {
        snprintf(ans->message, sizeof(ans->message), "%u restarts did not "
                 "lead elsewhere", eng->restarts);
        return 0;
    }
    hyp = last_guess(eng);
    if (hyp) {
        return withdraw(eng, ans, hyp);
    }
    hyp = rules_blame(eng);
    if (!hyp && dead->count < RULES_DEAD && find_read(eng, &at)) {
        return restart_at(eng, ans, &at);
    }
    hyp = hyp ? hyp : rules_newest(eng);
    if (!hyp) {
        snprintf(ans->message, sizeof(ans->message), "nothing that was "
                 "inferred before pc 0x%" PRIx64 " could be otherwise; %u "
                 "reads were tried", q->pc, dead->count);
        return 0;
    }
    rc = rules_take_back(eng, hyp, ans);
    snprintf(ans->message, sizeof(ans->message), "the guest came to 0x%"
             PRIx64 ", which is to be avoided, after 0x%" PRIx64 " was "
             "inferred: taken back", q->pc, hyp->phys);
    return rc;
}

/* ----------------------------------------------------- the read looked at */

/* All bits that lead the way of @best on their own, where they are many in a
 * row: a magnitude is better far from its threshold. */
static int widen(struct stall *st, struct cand *best)
{
    struct inf_stim stim = { .mode = INF_STIM_FORCE };
    struct cand wide = { 0 };
    uint64_t bits = 0;
    unsigned i, width;
    int rc;

    for (i = 0; i < st->count; i++) {
        const struct cand *c = &st->cands[i];

        if (is_single(c) && c->set && c->signature == best->signature) {
            bits |= c->set;
        }
    }
    width = bit_count(bits);
    if (width < CONTIGUOUS ||
        bits >> __builtin_ctzll(bits) != (width == 64 ? ~0ull
                                                      : (1ull << width) - 1)) {
        return 0;
    }
    stim.set = bits;
    rc = rules_run_one(st, &stim);
    rules_digest(st, &st->eng->trace, &wide);
    if (rc == 0 && wide.signature == best->signature) {
        best->set = bits;
    }
    return rc;
}

static bool is_among(const uint64_t *ways, unsigned count, uint64_t way)
{
    unsigned i;

    for (i = 0; i < count && ways[i] != way; i++) {
    }
    return i < count;
}

/* The best value that leads another way than these. */
static struct cand *best_other(struct stall *st, const uint64_t *ways,
                               unsigned count)
{
    struct cand *best = NULL;
    unsigned i;

    for (i = 0; i < st->count; i++) {
        struct cand *c = &st->cands[i];

        if (!is_among(ways, count, c->signature) && c->score > SCORE_BAD &&
            (!best || c->score > best->score)) {
            best = c;
        }
    }
    return best;
}

static int take(struct stall *st, struct cand *best)
{
    struct inf_engine *eng = st->eng;
    struct rules_hyp hyp = { .phys = st->q->phys, .base = st->dev->base,
                             .set = best->set, .clear = best->clear };
    const struct rules_reg *reg = rules_reg_at(eng, st->q->phys);
    struct inf_shape shape;
    unsigned shift;
    char why[120], place[64];
    int rc;

    if (!reg || !rules_shape_at(eng, reg->phys, &shape)) {
        return 0;
    }
    hyp.before = shape;
    hyp.had_shape = true;
    shift = 8 * (unsigned)(st->q->phys - reg->phys);
    rc = inf_shape_constant(&shape, best->set << shift, best->set << shift);
    if (rc) {
        return 0;
    }
    snprintf(why, sizeof(why), "read as 0 it led to %s",
             place_text(&eng->dead, place, sizeof(place)));
    rc = rules_edit_shape(st->ans, st->dev, &shape, CONF_GUESS, why);
    eng->dead.hyp = rules_note_hyp(eng, &hyp);
    eng->dead.regs = eng->model.reg_count;
    st->ans->hypothesis = eng->dead.hyp;
    st->ans->verdict = INF_TABLES;
    st->ans->outcome = INF_SOLVED;
    return rc;
}

/* The best value whose way was not taken yet; NULL: none. */
static int choose_way(struct stall *st, uint64_t standing,
                      struct cand **best)
{
    uint64_t ways[WAYS] = { standing };
    unsigned count = 1;
    int rc = 0;

    for (;;) {
        *best = count < WAYS ? best_other(st, ways, count) : NULL;
        if (!*best) {
            return 0;
        }
        ways[count++] = (*best)->signature;
        rc = widen(st, *best);
        if (rc || !rules_is_excluded(st->eng, st->q->phys, (*best)->set,
                                     (*best)->clear)) {
            return rc;
        }
    }
}

static int look(struct stall *st)
{
    struct inf_stim nothing = { .mode = INF_STIM_FORCE };
    struct cand base = { 0 };
    struct cand *best;
    int rc;

    inf_probe_once(st->eng->probe);
    rc = rules_run_one(st, &nothing);
    if (rc) {
        return rc;
    }
    rules_digest(st, &st->eng->trace, &base);
    rc = rules_try_all(st);
    if (rc) {
        return rc;
    }
    rules_log_cands(st);
    rc = choose_way(st, base.signature, &best);
    return rc || !best ? rc : take(st, best);
}

int rules_watched(struct stall *st)
{
    struct inf_engine *eng = st->eng;
    int rc;

    eng->dead.hyp = 0;
    inf_probe_set_bound(eng->probe, WATCH_BOUND);
    rc = look(st);
    if (rc == 0 && st->ans->verdict == INF_NONE) {
        st->ans->verdict = INF_RETRY;
        st->ans->outcome = INF_SOLVED;
        st->ans->mute_reads = 1;
        snprintf(st->ans->message, sizeof(st->ans->message), "what 0x%"
                 PRIx64 " reads makes no difference", st->q->phys);
    }
    return rc;
}
