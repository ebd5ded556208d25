/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two registers at one place: the guest waits for a value that it wrote there
 * before, and wrote something else since, while one bit of the device stood
 * otherwise.  That bit selects which of the two answers.
 */
#include <inttypes.h>

#include "runtime/infer/rules_stall.h"

/* What was written to a register of the device up to @seq, in *@value. */
static bool written_by(const struct stall *st, uint64_t phys, uint64_t seq,
                       uint64_t *value)
{
    for (; seq; seq--) {
        const struct inf_access *acc = inf_evidence_at(st->eng->ev, seq);

        if (!acc) {
            return false;
        }
        if (acc->write && acc->phys == phys) {
            *value = acc->value;
            return true;
        }
    }
    return false;
}

/* The last write of @at before @seq, other than @not; 0 = none. */
static uint64_t write_before(const struct stall *st, uint64_t at,
                             uint64_t seq, uint64_t not)
{
    while (seq > 1) {
        const struct inf_access *acc = inf_evidence_at(st->eng->ev, --seq);

        if (!acc) {
            return 0;
        }
        if (acc->write && acc->phys == at && acc->value != not) {
            return seq;
        }
    }
    return 0;
}

/*
 * The one bit of the device, outside @at, that stands as it did at the write
 * @then and did not at the write @since.  False when there are several.
 */
static bool find_select(const struct stall *st, uint64_t at, uint64_t then,
                        uint64_t since, struct rules_follow *out)
{
    const struct rules_device *dev = st->dev;
    uint64_t now = inf_evidence_seq(st->eng->ev);
    unsigned i, found = 0;

    for (i = dev->first; i < dev->first + dev->count; i++) {
        uint64_t phys = st->eng->model.regs[i].phys;
        uint64_t a, b, c, bits;

        if (phys == at || !written_by(st, phys, then, &a) ||
            !written_by(st, phys, since, &b) ||
            !written_by(st, phys, now, &c)) {
            continue;
        }
        bits = (a ^ b) & ~(a ^ c);
        found += bit_count(bits);
        if (bit_count(bits) == 1) {
            out->src = phys;
            out->src_bit = (uint8_t)__builtin_ctzll(bits);
            out->invert = b >> out->src_bit & 1 ? 0 : 1;
        }
    }
    return found == 1;
}

/* Whether @value leads well out of the loop. */
static int leads_out(struct stall *st, uint64_t value, bool *out)
{
    struct inf_stim stim = { .mode = INF_STIM_FORCE,
                             .set = value & st->width_mask,
                             .clear = ~value & st->width_mask };
    struct cand c = { 0 };
    int rc = rules_run_one(st, &stim);

    if (rc == 0) {
        rules_digest(st, &st->eng->trace, &c);
        *out = c.left && rules_score(st, &c, false) >= 0;
    }
    return rc;
}

int rules_bank(struct stall *st, struct inf_shape *shape, bool *found)
{
    uint64_t at = st->dev->base + shape->offset;
    const struct inf_reg_stat *own = inf_evidence_reg(st->eng->ev, at);
    struct rules_follow select = { 0 };
    uint64_t then, value = 0;
    bool out = false;
    int rc;

    *found = false;
    if (at != st->q->phys || shape->count || shape->whole[0] ||
        shape->when[0] || !own || !own->seq_write) {
        return 0;
    }
    then = write_before(st, at, own->seq_write, own->last_write);
    if (!then || !written_by(st, at, then, &value) ||
        !find_select(st, at, then, own->seq_write, &select)) {
        return 0;
    }
    rc = leads_out(st, value, &out);
    if (rc || !out) {
        return rc;
    }
    rc = rules_add_bank(st->eng, st->ans, st->dev, &select, shape, value);
    *found = shape->when[0] != '\0';
    return rc;
}
