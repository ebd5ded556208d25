/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/rules_dma.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/infer/rules_stall.h"

#define NEAR_CTRL 0x1cu   /* registers of a channel, from the one that starts */
#define STEPS_MAX 16u     /* accesses between the first one and the start */
#define COUNT_MAX 0x100000u
#define UNIT_MAX 4u
#define CONF_COPY 70u
#define RUN_BOUND 60000u
#define BOUND 8000u

/* ----------------------------------------------------------------- finding */

static bool is_memory(struct inf_engine *eng, uint64_t phys, bool writable)
{
    uint64_t base = phys & ~(uint64_t)(INF_PAGE_SIZE - 1);
    struct inf_page page;

    return base != 0 &&
           eng->svc.page(eng->svc.opaque, base, false, &page) == 0 &&
           (page.kind == INF_PAGE_RAM ||
            (page.kind == INF_PAGE_ROM && !writable));
}

static bool all_memory(struct inf_engine *eng, uint64_t phys, uint64_t len,
                       bool writable)
{
    return is_memory(eng, phys, writable) &&
           is_memory(eng, phys + len - 1, writable);
}

/* A copy of that many units that stays in memory and does not overlap. */
static bool may_copy(struct inf_engine *eng, const struct rules_dma *dma)
{
    uint64_t len = dma->count * dma->unit;
    uint64_t apart = dma->src > dma->dst ? dma->src - dma->dst
                                         : dma->dst - dma->src;

    return apart >= len && dma->src % dma->unit == 0 &&
           dma->dst % dma->unit == 0 &&
           all_memory(eng, dma->src, len, false) &&
           all_memory(eng, dma->dst, len, true);
}

/* All bytes are alike, as far as the first page says. */
static bool is_blank(struct inf_engine *eng, uint64_t phys, uint64_t len)
{
    unsigned off = phys & (INF_PAGE_SIZE - 1), i;
    struct inf_page page;

    len = len < INF_PAGE_SIZE - off ? len : INF_PAGE_SIZE - off;
    if (eng->svc.page(eng->svc.opaque, phys - off, false, &page)) {
        return false;
    }
    for (i = 1; i < len && page.bytes[off + i] == page.bytes[off]; i++) {
    }
    return i >= len;
}

/* The registers around @ctrl that were written just before it. */
static bool find_registers(struct inf_engine *eng,
                           const struct rules_device *dev,
                           const struct inf_reg_stat *ctrl,
                           struct rules_dma *out)
{
    unsigned i, addresses = 0, counts = 0;

    for (i = dev->first; i < dev->first + dev->count; i++) {
        const struct inf_reg_stat *stat =
            inf_evidence_reg(eng->ev, eng->model.regs[i].phys);

        if (!stat || stat == ctrl || !stat->seq_write ||
            stat->phys + NEAR_CTRL < ctrl->phys ||
            stat->phys > ctrl->phys + NEAR_CTRL ||
            ctrl->seq_write - stat->seq_write > STEPS_MAX) {
            continue;
        }
        if (is_memory(eng, stat->last_write, false)) {
            uint64_t offset = stat->phys - dev->base;

            /* The lower register comes first. */
            if (addresses++ == 0 || offset < out->from) {
                out->to = out->from;
                out->dst = out->src;
                out->from = offset;
                out->src = stat->last_write;
            } else {
                out->to = offset;
                out->dst = stat->last_write;
            }
        } else if (stat->last_write && stat->last_write <= COUNT_MAX) {
            counts++;
            out->left = stat->phys - dev->base;
            out->count = stat->last_write;
        }
    }
    return addresses == 2 && counts == 1;
}

static bool find_start(struct inf_engine *eng, const struct rules_device *dev,
                       uint64_t status, struct rules_dma *out)
{
    const struct inf_reg_stat *ctrl = rules_last_command(eng, dev, status);
    uint64_t fresh;

    if (!ctrl || !rules_reg_at(eng, ctrl->phys)) {
        return false;
    }
    fresh = ctrl->last_write & ~ctrl->prev_write;
    if (!fresh) {
        return false;
    }
    memset(out, 0, sizeof(*out));
    out->base = dev->base;
    out->ctrl = ctrl->phys - dev->base;
    out->start = (unsigned)__builtin_ctzll(fresh);
    return find_registers(eng, dev, ctrl, out);
}

/* ------------------------------------------------------------------ trying */

static void turn_round(struct rules_dma *dma)
{
    uint64_t offset = dma->from, address = dma->src;

    dma->from = dma->to;
    dma->src = dma->dst;
    dma->to = offset;
    dma->dst = address;
}

/* What the guest does with the copy made: more is better. */
static int try_copy(struct inf_engine *eng, const struct rules_dma *dma,
                    rules_try_fn run, void *opaque, int *score)
{
    const struct inf_trace *t = &eng->trace;
    int rc;

    inf_probe_set_copy(eng->probe, dma->src, dma->dst,
                       dma->count * dma->unit);
    inf_probe_set_bound(eng->probe, RUN_BOUND);
    eng->drained = dma->drains ? dma->base + dma->left : 0;
    rc = run(opaque);
    eng->drained = 0;
    inf_probe_set_bound(eng->probe, BOUND);
    inf_probe_set_copy(eng->probe, 0, 0, 0);
    *score = (t->left ? 10 : 0) - (rules_complains(t) ? 40 : 0) -
             (t->end >= INF_END_FAULT && t->end <= INF_END_SELF ? 100 : 0);
    return rc;
}

/* Another channel of the device works like the one that is known. */
static bool is_known(const struct inf_engine *eng, struct rules_dma *dma)
{
    const struct rules_dma *old = &eng->dma;
    bool turned = old->from > old->to;

    if (old->base != dma->base ||
        dma->left - dma->ctrl != old->left - old->ctrl ||
        dma->from - dma->ctrl != (turned ? old->to : old->from) - old->ctrl ||
        dma->to - dma->ctrl != (turned ? old->from : old->to) - old->ctrl) {
        return false;
    }
    if (turned) {
        turn_round(dma);
    }
    dma->start = old->start;
    dma->unit = old->unit;
    dma->drains = old->drains;
    return true;
}

/*
 * Something is copied to where nothing is yet.  What compares the two areas
 * afterwards finds them alike in either direction.
 */
static bool to_blank(struct inf_engine *eng, const struct rules_dma *dma)
{
    uint64_t len = dma->count * dma->unit;

    return is_blank(eng, dma->dst, len) && !is_blank(eng, dma->src, len);
}

/* The first of the best of all ways to make the transfer. */
static int choose(struct inf_engine *eng, struct rules_dma *dma,
                  rules_try_fn run, void *opaque)
{
    struct rules_dma best = { 0 };
    int top = 0, score, rc = 0;
    unsigned way;

    for (way = 0; way < 4 && rc == 0; way++) {
        struct rules_dma next = *dma;

        next.drains = way & 1;
        if (way & 2) {
            turn_round(&next);
        }
        for (next.unit = 1; next.unit <= UNIT_MAX && rc == 0;
             next.unit *= 2) {
            if (!may_copy(eng, &next)) {
                continue;
            }
            rc = try_copy(eng, &next, run, opaque, &score);
            score += to_blank(eng, &next) ? 5 : 0;
            if (rc == 0 && (!best.base || score > top)) {
                best = next;
                top = score;
            }
        }
    }
    if (rc || !best.base) {
        return rc ? rc : INF_E_RANGE;
    }
    *dma = best;
    return 0;
}

int rules_dma_find(struct inf_engine *eng, const struct rules_device *dev,
                   uint64_t status, rules_try_fn run, void *opaque,
                   struct rules_dma *out)
{
    int rc = 0;

    if (eng->restarts >= eng->opts.max_restarts ||
        !find_start(eng, dev, status, out)) {
        return INF_E_RANGE;
    }
    if (!is_known(eng, out)) {
        rc = choose(eng, out, run, opaque);
    }
    if (rc == 0) {
        rc = try_copy(eng, out, run, opaque, &out->score);
    }
    return rc;
}

/* ------------------------------------------------------------------- model */

int rules_dma_edit(struct inf_engine *eng, struct inf_answer *ans,
                   const struct rules_dma *dma, const char *end)
{
    char text[320], unit[24] = "", left[32] = "";
    int rc;

    if (dma->unit > 1) {
        snprintf(unit, sizeof(unit), ", unit = %u", dma->unit);
    }
    if (dma->drains) {
        snprintf(left, sizeof(left), " r%02" PRIx64 " = 0;", dma->left);
    }
    snprintf(text, sizeof(text), "on write r%02" PRIx64 " when value >> %u "
             "& 1 { copy(from = r%02" PRIx64 ", to = r%02" PRIx64
             ", count = r%02" PRIx64 "%s) {%s %s } }", dma->ctrl, dma->start,
             dma->from, dma->to, dma->left, unit, left, end);
    rc = rules_edit_item(ans, dma->base, "", text, CONF_COPY);
    if (rc == 0) {
        ans->edits[ans->edit_count - 1].evidence =
            strdup("two addresses of memory and a count were written, then "
                   "the start");
        ans->verdict = INF_RESTART;
        ans->outcome = INF_SOLVED;
        eng->restarts++;
        eng->dma = *dma;
    }
    return rc;
}

/* ------------------------------------------------------------------- polls */

struct polled {
    struct stall *st;
    const struct cand *c;
};

static int run_polled(void *opaque)
{
    struct polled *p = opaque;
    struct inf_stim stim = { .mode = INF_STIM_FORCE, .set = p->c->set,
                             .clear = p->c->clear };

    return rules_run_one(p->st, &stim);
}

/* How the guest clears bit @bit of @status behind the loop: a write of that
 * bit, there or elsewhere in the device; NULL = not seen. */
static const struct inf_io *find_ack(const struct stall *st, unsigned bit,
                                     uint64_t ctrl)
{
    const struct inf_trace *t = &st->eng->trace;
    unsigned i;

    for (i = 0; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (io->after_exit && io->write && io->value == 1ull << bit &&
            io->phys - st->dev->base < st->dev->size && io->phys != ctrl) {
            return io;
        }
    }
    return NULL;
}

int rules_transfer(struct stall *st, struct inf_shape *shape,
                   const struct cand *c)
{
    struct polled polled = { st, c };
    struct inf_field f = { .kind = INF_FIELD_PLAIN };
    unsigned bit = (unsigned)__builtin_ctzll(c->set | c->clear);
    uint64_t status = st->dev->base + shape->offset;
    const struct inf_io *ack;
    struct inf_shape other;
    struct rules_dma dma;
    char end[96], text[160];
    int rc;

    if (!is_single(c) || status != st->q->phys) {
        return INF_E_RANGE;
    }
    rc = rules_dma_find(st->eng, st->dev, c->set ? status : 0, run_polled,
                        &polled, &dma);
    if (rc || (c->score <= SCORE_BAD && dma.score < 0)) {
        return rc ? rc : INF_E_RANGE;
    }
    ack = c->set ? find_ack(st, bit, dma.base + dma.ctrl) : NULL;
    f.lo = f.hi = (uint8_t)bit;
    f.kind = ack && ack->phys == status ? INF_FIELD_W1C : INF_FIELD_PLAIN;
    rc = inf_shape_put(shape, &f);
    if (rc == 0) {
        rc = rules_edit_shape(st->ans, st->dev, shape, CONF_COPY,
                              "the guest waits for it to say that a transfer "
                              "is done");
    }
    if (rc == 0 && ack && ack->phys != status &&
        !rules_reg_at(st->eng, ack->phys)) {
        inf_shape_init(&other, ack->phys - dma.base, ack->size);
        rc = rules_edit_shape(st->ans, st->dev, &other, CONF_STORAGE, NULL);
    }
    if (rc == 0 && ack && ack->phys != status) {
        snprintf(text, sizeof(text), "on write r%02" PRIx64 " when value >> "
                 "%u & 1 { %.60s.b%u = 0; }", ack->phys - dma.base, bit,
                 shape->name, bit);
        rc = rules_edit_item(st->ans, dma.base, "", text, CONF_COPY);
    }
    snprintf(end, sizeof(end), "%.60s.b%u = %d;", shape->name, bit,
             c->set != 0);
    return rc ? rc : rules_dma_edit(st->eng, st->ans, &dma, end);
}
