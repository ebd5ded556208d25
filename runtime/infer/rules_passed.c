/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Polls that were passed at once: what a register read before anything was
 * known of it may have been what a loop waited for.  A model that says
 * otherwise keeps the next boot there.  Such reads are found in the evidence
 * when a bit of their register is needed the other way, and become needs.
 */
#include "runtime/infer/disasm.h"
#include "runtime/infer/rules_stall.h"

#define PASSED_MAX 8u /* places that are remembered of one register */

struct passed {
    struct stall *st;
    uint64_t phys, mask, want;
    struct rules_need now; /* what is stored nearby, as it was then */
    unsigned count;
    struct rules_need last[PASSED_MAX];
};

/* The registers beside @phys that the guest wrote; their values come later. */
static void begin(struct passed *p)
{
    struct inf_engine *eng = p->st->eng;
    uint64_t page = p->phys & ~(uint64_t)(RULES_NEAR - 1);
    unsigned i;

    p->now.phys = p->phys;
    p->now.mask = p->mask;
    for (i = 0; i < eng->model.reg_count &&
         p->now.count < RULES_SNAPSHOT; i++) {
        uint64_t at = eng->model.regs[i].phys;
        const struct inf_reg_stat *stat = inf_evidence_reg(eng->ev, at);

        if (at >= page && at - page < RULES_NEAR && stat &&
            stat->seq_write) {
            p->now.near[p->now.count++].phys = at;
        }
    }
}

static void store(struct passed *p, const struct inf_access *acc,
                  uint64_t seq)
{
    unsigned i;

    for (i = 0; i < p->now.count; i++) {
        if (p->now.near[i].phys == acc->phys) {
            p->now.near[i].value = acc->value;
            p->now.near[i].seq = seq;
        }
    }
}

/*
 * Whether the read @seq ended a loop: it is the only one in a row, or it gave
 * something else than those before.  One that is given up ends otherwise.
 */
static bool went_on(const struct inf_evidence *ev, uint64_t seq)
{
    const struct inf_access *acc = inf_evidence_at(ev, seq);
    const struct inf_access *next = inf_evidence_at(ev, seq + 1);
    const struct inf_access *prev = inf_evidence_at(ev, seq - 1);

    if (!next || (next->pc == acc->pc && next->phys == acc->phys)) {
        return false;
    }
    return !prev || prev->pc != acc->pc || prev->phys != acc->phys ||
           prev->value != acc->value;
}

static void note(struct passed *p, const struct inf_access *acc)
{
    struct rules_need *need;

    if (p->count == PASSED_MAX) {
        return;
    }
    need = &p->last[p->count++];
    *need = p->now;
    need->value = acc->value & p->mask;
}

/* Where the accesses of the loop that is asked about begin: it was not
 * passed. */
static uint64_t loop_begin(const struct stall *st, uint64_t seq)
{
    const struct inf_access *acc;

    while (seq > 1) {
        acc = inf_evidence_at(st->eng->ev, seq - 1);
        if (!acc || !inf_probe_in_loop(st->eng->probe, acc->pc)) {
            break;
        }
        seq--;
    }
    return seq;
}

void rules_note_passed(struct stall *st, const struct inf_shape *shape,
                       uint64_t mask, uint64_t want)
{
    const struct inf_evidence *ev = st->eng->ev;
    uint64_t now = loop_begin(st, inf_evidence_seq(ev) + 1);
    uint64_t seq = now > INF_EV_TRACE ? now - INF_EV_TRACE : 1;
    struct passed p = { .st = st, .phys = st->dev->base + shape->offset,
                        .mask = mask, .want = want };
    unsigned i;

    begin(&p);
    for (; seq < now; seq++) {
        const struct inf_access *acc = inf_evidence_at(ev, seq);

        if (acc && acc->write) {
            store(&p, acc, seq);
        } else if (acc && acc->phys == p.phys && acc->size == shape->bytes &&
                   ((acc->value ^ want) & mask) && went_on(ev, seq) &&
                   inf_is_loop_read(st->eng->probe, &st->q->cpu, acc->pc)) {
            note(&p, acc);
        }
    }
    for (i = 0; i < p.count; i++) {
        rules_keep_need(st->eng, &p.last[i]);
    }
}

bool rules_was_passed(const struct inf_engine *eng, uint64_t phys,
                      unsigned bit, bool want)
{
    unsigned i;

    for (i = 0; i < eng->need_count; i++) {
        const struct rules_need *need = &eng->needs[i];

        if (need->phys == phys && (need->mask >> bit & 1) &&
            (need->value >> bit & 1) != want) {
            return true;
        }
    }
    return false;
}
