/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles: a register to which text is written, one character at a time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/rules_priv.h"

#define REVIEW_TEXT 8u /* characters before an unpolled console is believed */
#define TRACE_TEXT 5u
#define STATES 48u
#define CONF_CONSOLE 85u

/* ------------------------------------------------------------ text in runs */

static size_t gather_text(const struct inf_trace *t, unsigned from,
                          uint8_t *buf, size_t size)
{
    size_t len = 0;
    unsigned i;

    for (i = from; i < t->io_count && len < size; i++) {
        const struct inf_io *io = &t->io[i];

        if (!io->write || io->phys != t->io[from].phys) {
            continue;
        }
        if (!inf_is_text(io->value)) {
            break;
        }
        buf[len++] = (uint8_t)io->value;
    }
    return len;
}

const struct inf_io *rules_text_target(const struct inf_trace *t)
{
    uint8_t text[64];
    uint64_t tried[8];
    unsigned tries = 0;
    unsigned i, k;

    for (i = 0; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];
        size_t len;

        if (!io->write || !io->after_exit || !inf_is_text(io->value)) {
            continue;
        }
        for (k = 0; k < tries && tried[k] != io->phys; k++) {
        }
        len = gather_text(t, i, text, sizeof(text));
        if (len >= TRACE_TEXT && inf_looks_like_text(text, len)) {
            return io;
        }
        if (k == tries && tries < 8) {
            tried[tries++] = io->phys;
        }
    }
    return NULL;
}

/* --------------------------------------------------------------- condition */

/* What stands in the device's registers while the evidence is walked. */
struct states {
    unsigned count;
    struct {
        uint64_t phys, value, seq;
        uint64_t diff; /* bits that told other writes from text so far */
        bool compared;
    } reg[STATES];
};

static void states_put(struct states *s, uint64_t phys, uint64_t value,
                       uint64_t seq)
{
    unsigned i;

    for (i = 0; i < s->count && s->reg[i].phys != phys; i++) {
    }
    if (i == STATES) {
        return;
    }
    if (i == s->count) {
        s->count++;
        memset(&s->reg[i], 0, sizeof(s->reg[i]));
        s->reg[i].phys = phys;
        s->reg[i].diff = ~0ull;
    }
    s->reg[i].value = value;
    s->reg[i].seq = seq;
}

/* Registers of @dev as they stand when the text begins. */
static void states_at_text(const struct inf_engine *eng, struct states *s,
                           const struct rules_device *dev,
                           const struct inf_trace *t, uint64_t until)
{
    const struct inf_io *text = t ? rules_text_target(t) : NULL;
    uint64_t seq;
    unsigned i;

    for (seq = until > INF_EV_TRACE ? until - INF_EV_TRACE : 1; seq < until;
         seq++) {
        const struct inf_access *acc = inf_evidence_at(eng->ev, seq);

        if (acc && acc->write && acc->phys - dev->base < dev->size) {
            states_put(s, acc->phys, acc->value, seq);
        }
    }
    for (i = 0; t && &t->io[i] != text && i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (io->write && io->phys - dev->base < dev->size) {
            states_put(s, io->phys, io->value, until + i);
        }
    }
}

/* At an earlier write to the data register: which bits were different? */
static void compare_states(const struct states *then, struct states *text,
                           uint64_t tx)
{
    unsigned i, k;

    for (i = 0; i < text->count; i++) {
        uint64_t diff = 0;

        if (text->reg[i].phys == tx) {
            continue;
        }
        for (k = 0; k < then->count; k++) {
            if (then->reg[k].phys == text->reg[i].phys) {
                diff = then->reg[k].value ^ text->reg[i].value;
                text->reg[i].seq = then->reg[k].seq;
            }
        }
        text->reg[i].diff &= diff;
        text->reg[i].compared = true;
    }
}

/*
 * A bit of another register of @dev that was always different when @tx was
 * written something else than text: the register is that only under a
 * condition, such as a divisor latch.  False when there is none or when
 * nothing else was written.
 */
static bool find_condition(const struct inf_engine *eng,
                           const struct rules_device *dev, uint64_t tx,
                           const struct inf_trace *t, uint64_t until,
                           struct rules_follow *out)
{
    struct states text = { 0 };
    struct states then = { 0 };
    uint64_t seq, best = 0;
    unsigned i;

    states_at_text(eng, &text, dev, t, until);
    for (seq = until > INF_EV_TRACE ? until - INF_EV_TRACE : 1; seq < until;
         seq++) {
        const struct inf_access *acc = inf_evidence_at(eng->ev, seq);

        if (!acc || !acc->write || acc->phys - dev->base >= dev->size) {
            continue;
        }
        if (acc->phys == tx && acc->value) {
            compare_states(&then, &text, tx);
        }
        states_put(&then, acc->phys, acc->value, seq);
    }
    for (i = 0; i < text.count; i++) {
        if (text.reg[i].compared && text.reg[i].diff &&
            text.reg[i].seq > best) {
            best = text.reg[i].seq;
            out->src = text.reg[i].phys;
            out->src_bit = (uint8_t)__builtin_ctzll(text.reg[i].diff);
            out->invert = !(text.reg[i].value >> out->src_bit & 1);
        }
    }
    return best != 0;
}

int rules_add_bank(struct inf_engine *eng, struct inf_answer *ans,
                   const struct rules_device *dev,
                   const struct rules_follow *cond, struct inf_shape *shape,
                   uint64_t value)
{
    struct inf_field kept = { .kind = INF_FIELD_RESET, .value = value };
    struct inf_shape src, other;
    struct inf_field f = { .kind = INF_FIELD_PLAIN };
    int rc;

    if (!rules_shape_at(eng, cond->src, &src)) {
        return 0;
    }
    if (!inf_shape_field(&src, cond->src_bit)) {
        f.lo = f.hi = cond->src_bit;
        rc = inf_shape_put(&src, &f);
        if (rc == 0) {
            rc = rules_edit_shape(ans, dev, &src, 60, "selects a bank");
        }
        if (rc) {
            return rc;
        }
    }
    inf_shape_init(&other, shape->offset, shape->bytes);
    kept.hi = (uint8_t)(8 * shape->bytes - 1);
    rc = value ? inf_shape_put(&other, &kept) : 0;
    if (rc) {
        return rc;
    }
    snprintf(other.name, sizeof(other.name), "r%02" PRIx64 "_alt",
             shape->offset);
    snprintf(shape->when, sizeof(shape->when), "%sr%02" PRIx64 ".b%u",
             cond->invert ? "!" : "", src.offset, cond->src_bit);
    snprintf(other.when, sizeof(other.when), "%sr%02" PRIx64 ".b%u",
             cond->invert ? "" : "!", src.offset, cond->src_bit);
    return rules_edit_shape(ans, dev, &other, 60, "written otherwise while "
                            "the bank is selected");
}

/* ------------------------------------------------------------------ found */

int rules_console_found(struct inf_engine *eng, struct inf_answer *ans,
                        const struct inf_io *first,
                        const struct inf_trace *t, uint64_t seq)
{
    const struct rules_device *dev = rules_device_at(eng, first->phys);
    struct inf_field d = { .kind = INF_FIELD_DATA, .lo = 0, .hi = 7,
                           .expr = "pushes tx" };
    struct rules_device fresh;
    struct rules_follow cond = { 0 };
    struct inf_shape shape;
    int rc = 0;

    if (!dev) {
        rules_fresh_device(eng, first->phys, first->size, &fresh);
        dev = &fresh;
        rc = rules_edit_device(ans, dev);
    } else if (dev->closed) {
        return 0;
    }
    if (!rules_reg_at(eng, first->phys)) {
        inf_shape_init(&shape, first->phys - dev->base, first->size);
    } else if (!rules_shape_at(eng, first->phys, &shape)) {
        return 0;
    }
    if (rc == 0) {
        rc = inf_shape_put(&shape, &d);
    }
    if (rc == 0 &&
        find_condition(eng, dev, first->phys, t,
                       t ? inf_evidence_seq(eng->ev) + 1 : seq, &cond)) {
        rc = rules_add_bank(eng, ans, dev, &cond, &shape, 0);
    }
    if (rc == 0) {
        rc = rules_edit_item(ans, dev->base, "tx",
                             "fifo tx[16] : 8 to console;", CONF_CONSOLE);
    }
    if (rc == 0) {
        rc = rules_edit_shape(ans, dev, &shape, CONF_CONSOLE,
                              "text is written to it");
    }
    return rc ? rc : rules_edit_console(ans, dev->base, CONF_CONSOLE,
                                        "text is written to it");
}

/* ----------------------------------------------------------------- review */

/* The run of text at @phys, a fresh one in place of the oldest. */
static struct rules_text *text_slot(struct inf_engine *eng, uint64_t phys)
{
    struct rules_text *oldest = &eng->texts[0];
    unsigned i;

    for (i = 0; i < RULES_TEXTS; i++) {
        if (eng->texts[i].phys == phys && eng->texts[i].len) {
            return &eng->texts[i];
        }
        if (eng->texts[i].first_seq < oldest->first_seq) {
            oldest = &eng->texts[i];
        }
    }
    oldest->phys = phys;
    oldest->len = 0;
    return oldest;
}

/* True when the run has become a console's. */
static bool note_char(struct inf_engine *eng, const struct inf_access *acc,
                      uint64_t seq, struct rules_text **out)
{
    struct rules_text *run = text_slot(eng, acc->phys);

    *out = run;
    if (!inf_is_text(acc->value)) {
        run->len = 0;
        return false;
    }
    if (run->len == 0) {
        run->first_seq = seq;
        run->size = acc->size;
    }
    if (run->len < RULES_TEXT) {
        run->text[run->len++] = (uint8_t)acc->value;
    }
    return run->len >= REVIEW_TEXT &&
           inf_looks_like_text(run->text, run->len);
}

int rules_console_review(struct inf_engine *eng, struct inf_answer *ans)
{
    uint64_t now = inf_evidence_seq(eng->ev);
    struct rules_text *found = NULL;
    struct inf_io first = { .write = true };
    uint64_t seq;
    int rc;

    for (seq = eng->reviewed + 1; seq <= now; seq++) {
        const struct inf_access *acc = inf_evidence_at(eng->ev, seq);
        struct rules_text *run;

        if (acc && acc->write && note_char(eng, acc, seq, &run)) {
            found = run;
        }
    }
    eng->reviewed = now;
    if (!found) {
        return 0;
    }
    rc = rules_model_load(eng, RULES_ALL);
    if (rc || eng->model.has_console) {
        return rc;
    }
    first.phys = found->phys;
    first.size = (uint8_t)found->size;
    rc = rules_console_found(eng, ans, &first, NULL, found->first_seq);
    if (rc || ans->edit_count == 0) {
        return rc;
    }
    ans->console_text = malloc(found->len);
    if (!ans->console_text) {
        return INF_E_NOMEM;
    }
    memcpy(ans->console_text, found->text, found->len);
    ans->console_len = found->len;
    ans->verdict = INF_TABLES;
    ans->outcome = INF_SOLVED;
    found->len = 0;
    return 0;
}
