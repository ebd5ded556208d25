/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Polls that give up: a driver that looks a few times and takes an error for
 * an answer is never asked about, since it does not stall.  When nothing more
 * happens, the reads before are looked at: some of one register, by one
 * instruction, all alike, and then the guest did something else.  The machine
 * starts again and asks about the first read of each such poll.  A bit that
 * ends the loop at once, on a better way than giving up, was waited for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/infer/rules_stall.h"

#define MIN_READS 3u  /* fewer are no loop */
#define MAX_READS 64u /* as many are asked about */
#define MAX_BITS 2u   /* single bits that end a poll; more: it is no poll */

bool rules_is_gaveup(const struct inf_engine *eng, uint64_t pc, uint64_t phys)
{
    unsigned i;

    for (i = 0; i < eng->gaveup_count; i++) {
        if (eng->gaveup[i].pc == pc && eng->gaveup[i].phys == phys) {
            return true;
        }
    }
    return false;
}

/* Whether the register is one of which nothing is known: nobody wrote it and
 * nothing was found out. */
static bool is_unknown(const struct inf_engine *eng, uint64_t phys)
{
    const struct rules_reg *reg = rules_reg_at(eng, phys);
    const struct inf_reg_stat *stat = inf_evidence_reg(eng->ev, phys);

    return reg && reg->machine && reg->plain && stat && !stat->seq_write;
}

/* How many reads alike, by one instruction, begin at @seq; the loop may read
 * something else between, and writes nothing. */
static unsigned run_length(const struct inf_evidence *ev, uint64_t seq)
{
    const struct inf_access *first = inf_evidence_at(ev, seq);
    const struct inf_access *acc;
    unsigned between = 0;
    unsigned n = 1;

    while ((acc = inf_evidence_at(ev, ++seq)) != NULL && !acc->write &&
           between < MIN_READS && n < MAX_READS) {
        if (acc->pc != first->pc || acc->phys != first->phys) {
            between++;
        } else if (acc->value != first->value) {
            return 0;
        } else {
            between = 0;
            n++;
        }
    }
    return acc && n >= MIN_READS && n < MAX_READS ? n : 0;
}

/* Adds the poll to those that are asked about; false when there is no room. */
static bool add_watch(struct inf_engine *eng, struct inf_answer *ans,
                      const struct inf_access *acc)
{
    struct rules_watch at = { .pc = acc->pc, .phys = acc->phys };

    if (ans->watch_count == INF_MAX_WATCHES ||
        eng->gaveup_count == RULES_GAVEUP) {
        return false;
    }
    eng->gaveup[eng->gaveup_count++] = at;
    ans->watches[ans->watch_count].pc = acc->pc;
    ans->watches[ans->watch_count].phys = acc->phys;
    ans->watches[ans->watch_count++].reads = 1;
    return true;
}

void rules_gave_up(struct inf_engine *eng, struct inf_answer *ans)
{
    uint64_t now = inf_evidence_seq(eng->ev);
    uint64_t seq = now > INF_EV_TRACE ? now - INF_EV_TRACE + 1 : 1;
    bool room = eng->restarts < eng->opts.max_restarts;

    for (; seq <= now && room; seq++) {
        const struct inf_access *acc = inf_evidence_at(eng->ev, seq);
        unsigned n;

        if (!acc || acc->write || !is_unknown(eng, acc->phys)) {
            continue;
        }
        n = run_length(eng->ev, seq);
        if (n && !rules_is_gaveup(eng, acc->pc, acc->phys)) {
            room = add_watch(eng, ans, acc);
        }
        seq += n ? n - 1 : 0;
    }
    if (ans->watch_count) {
        eng->restarts++;
        ans->verdict = INF_RESTART;
        ans->outcome = INF_WITHDRAWN;
        snprintf(ans->message, sizeof(ans->message), "nothing more happens: "
                 "starts again, to see what %u poll%s that gave up waited "
                 "for", ans->watch_count, ans->watch_count == 1 ? "" : "s");
    }
}

/* ------------------------------------------------------- the poll looked at */

static unsigned reads_at(const struct stall *st)
{
    const struct inf_trace *t = &st->eng->trace;
    unsigned i, n = 0;

    for (i = 0; i < t->io_count; i++) {
        n += !t->io[i].write && t->io[i].pc == st->q->pc &&
             t->io[i].phys == st->q->phys;
    }
    return n;
}

/* Tries each bit the other way round: @c is the one that ends the poll at its
 * first read and does best; *count bits end it. */
static int find_end(struct stall *st, const struct cand *base, struct cand *c,
                    unsigned *count)
{
    unsigned bit;
    int rc = 0;

    *count = 0;
    for (bit = 0; bit < 8 * st->q->size && rc == 0; bit++) {
        uint64_t one = 1ull << bit;
        struct inf_stim stim = { .mode = INF_STIM_FORCE };
        struct cand next = { 0 };

        stim.set = next.set = one & ~st->stored;
        stim.clear = next.clear = one & st->stored;
        rc = rules_run_one(st, &stim);
        rules_digest(st, &st->eng->trace, &next);
        next.score = rules_score(st, &next, false);
        if (rc || reads_at(st) > 1 || next.signature == base->signature ||
            rules_is_excluded(st->eng, st->q->phys, next.set, next.clear)) {
            continue;
        }
        *c = *count == 0 || next.score > c->score ? next : *c;
        ++*count;
    }
    return rc;
}

int rules_gaveup_look(struct stall *st, struct cand *out, bool *found)
{
    struct inf_stim nothing = { .mode = INF_STIM_FORCE };
    struct cand base = { 0 };
    unsigned count, reads;
    int rc;

    *found = false;
    inf_probe_once(st->eng->probe);
    rc = rules_run_one(st, &nothing);
    if (rc) {
        return rc;
    }
    reads = reads_at(st);
    rules_digest(st, &st->eng->trace, &base);
    base.score = rules_score(st, &base, false);
    rc = reads < MIN_READS ? 0 : find_end(st, &base, out, &count);
    *found = rc == 0 && reads >= MIN_READS && count > 0 &&
             count <= MAX_BITS && out->score > base.score;
    return rc;
}
