/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bits that a command raises or clears: flags that the way out acknowledges,
 * flags that go when the data is read, locks that a key opens.
 */
#include <inttypes.h>
#include <stdio.h>

#include "runtime/infer/rules_stall.h"

#define CONF_COMMAND 70u
#define CONF_TIME 55u /* raised by time, since nothing else was seen to */
#define ACK_BITS 16u /* more are no flags */
#define KEY_BITS 4u /* set at least in a number that is a key */

static int put_field(struct inf_shape *shape, unsigned bit, unsigned kind,
                     uint64_t value)
{
    struct inf_field f = { .kind = (uint8_t)kind, .value = value };

    f.lo = f.hi = (uint8_t)bit;
    return inf_shape_put(shape, &f);
}

/* `on EVENT { shape.bN = value; }` */
static int add_rule(struct stall *st, const struct inf_shape *shape,
                    unsigned bit, const char *event, bool value)
{
    char text[256];

    snprintf(text, sizeof(text), "on %.120s { %.60s.b%u = %d; }", event,
             shape->name, bit, value);
    return rules_edit_item(st->ans, st->dev->base, "", text, CONF_COMMAND);
}

/* --------------------------------------------------------------- commands */

/*
 * The write that set off what is waited for: the guest's last one of all.
 * Where that went to another device, or to the polled register at @at, no
 * register of this device is known to be the command.
 */
static const struct inf_reg_stat *find_command(const struct stall *st,
                                               uint64_t at)
{
    const struct inf_evidence *ev = st->eng->ev;
    const struct inf_access *acc = NULL;
    const struct rules_reg *reg;
    uint64_t seq;

    for (seq = inf_evidence_seq(ev); seq; seq--) {
        acc = inf_evidence_at(ev, seq);
        if (!acc || (acc->write && acc->cpu == st->q->cpu.index &&
                     acc->exception == st->q->cpu.exception)) {
            break;
        }
    }
    if (!seq || !acc || acc->phys == at ||
        acc->phys - st->dev->base >= st->dev->size) {
        return NULL;
    }
    reg = rules_reg_at(st->eng, acc->phys);
    return reg && reg->phys == acc->phys ? inf_evidence_reg(ev, acc->phys)
                                         : NULL;
}

/* The write of @cmd that gives the command: of the one bit it newly has. */
static void command_text(const struct stall *st,
                         const struct inf_reg_stat *cmd, char *buf,
                         size_t size)
{
    uint64_t fresh = cmd->last_write & ~cmd->prev_write;
    uint64_t offset = cmd->phys - st->dev->base;

    if (bit_count(fresh) == 1 && cmd->writes > 1) {
        snprintf(buf, size, "write r%02" PRIx64 " when value >> %d & 1",
                 offset, __builtin_ctzll(fresh));
    } else {
        snprintf(buf, size, "write r%02" PRIx64, offset);
    }
}

/* ----------------------------------------------------------------- events */

static bool is_raised_by(const struct inf_engine *eng, uint64_t phys,
                         unsigned bit, uint64_t command)
{
    unsigned i;

    for (i = 0; i < eng->raise_count; i++) {
        const struct rules_raise *r = &eng->raises[i];

        if (r->phys == phys && r->bit == bit && r->command == command) {
            return true;
        }
    }
    return false;
}

static void note_raise(struct inf_engine *eng, uint64_t phys, unsigned bit,
                       uint64_t command)
{
    struct rules_raise raise = { .phys = phys, .command = command,
                                 .bit = bit };

    if (eng->raise_count < RULES_RAISES) {
        eng->raises[eng->raise_count++] = raise;
    }
}


/* The flag stands now, and from the next start on it does not until the
 * command was given: rules_settle() sees to that. */
static void note_flag(struct inf_engine *eng, uint64_t phys, unsigned bit,
                      uint64_t command)
{
    struct rules_flag flag = { .phys = phys, .bit = bit, .command = command };

    flag.seq = inf_evidence_seq(eng->ev);
    if (eng->flag_count < RULES_FLAGS) {
        eng->flags[eng->flag_count++] = flag;
    }
}

static void drop_flag(struct inf_engine *eng, uint64_t phys, unsigned bit)
{
    unsigned i = 0;

    while (i < eng->flag_count) {
        if (eng->flags[i].phys == phys && eng->flags[i].bit == bit) {
            eng->flags[i] = eng->flags[--eng->flag_count];
        } else {
            i++;
        }
    }
}

/* The rule that a write of @cmd raises the bit, once. */
static int raise_by(struct stall *st, const struct inf_shape *shape,
                    unsigned bit, const struct inf_reg_stat *cmd)
{
    uint64_t at = st->dev->base + shape->offset;
    char event[128];

    if (is_raised_by(st->eng, at, bit, cmd->phys)) {
        return 0;
    }
    note_raise(st->eng, at, bit, cmd->phys);
    command_text(st, cmd, event, sizeof(event));
    return add_rule(st, shape, bit, event, true);
}

/* Nothing was written since it was acknowledged: time raises it. */
static int raise_by_time(struct stall *st, const struct inf_shape *shape,
                         unsigned bit)
{
    uint64_t at = st->dev->base + shape->offset;
    char name[INF_NAME_MAX], text[160];
    int rc;

    if (is_raised_by(st->eng, at, bit, 0)) {
        return INF_E_RANGE;
    }
    note_raise(st->eng, at, bit, 0);
    snprintf(name, sizeof(name), "t%03" PRIx64 "_%u", shape->offset, bit);
    snprintf(text, sizeof(text), "timer %s { clock: 1kHz; reload: 9; }",
             name);
    rc = rules_edit_item(st->ans, st->dev->base, name, text, CONF_TIME);
    snprintf(text, sizeof(text), "expire %s", name);
    return rc ? rc : add_rule(st, shape, bit, text, true);
}

bool rules_is_event(const struct inf_shape *shape, unsigned bit)
{
    const struct inf_field *f = inf_shape_field(shape, bit);

    return f && f->kind == INF_FIELD_W1C && f->lo == f->hi;
}

/*
 * An event that is awaited again.  The command was given already: the flag is
 * raised by a new reset value, which a bit that has the old one takes (one
 * that was cleared has it after the next question at the latest).
 */
static int raise_again(struct stall *st, struct inf_shape *shape,
                       unsigned bit)
{
    uint64_t at = st->dev->base + shape->offset;
    const struct inf_reg_stat *own = inf_evidence_reg(st->eng->ev, at);
    const struct inf_reg_stat *cmd = find_command(st, at);
    bool stands = inf_shape_field(shape, bit)->value;
    int rc;

    if (!cmd) {
        cmd = rules_last_command(st->eng, st->dev, at);
    }
    if (!cmd || !rules_reg_at(st->eng, cmd->phys) ||
        (own && cmd->seq_write < own->seq_write)) {
        return raise_by_time(st, shape, bit);
    }
    rc = raise_by(st, shape, bit, cmd);
    drop_flag(st->eng, at, bit);
    if (rc == 0 && !stands) {
        note_flag(st->eng, at, bit, cmd->phys);
    }
    return rc ? rc : put_field(shape, bit, INF_FIELD_W1C, !stands);
}

int rules_event(struct stall *st, struct inf_shape *shape, unsigned bit,
                bool want, bool *weak)
{
    const struct inf_field *old = inf_shape_field(shape, bit);
    uint64_t at = st->dev->base + shape->offset;
    const struct inf_reg_stat *own = inf_evidence_reg(st->eng->ev, at);
    const struct inf_reg_stat *cmd;

    if (want && rules_is_event(shape, bit)) {
        return raise_again(st, shape, bit);
    }
    if (want && old && old->kind == INF_FIELD_RESET) {
        cmd = rules_last_command(st->eng, st->dev, at);
        if (cmd && rules_reg_at(st->eng, cmd->phys)) {
            return raise_by(st, shape, bit, cmd);
        }
    }
    if (!want && own && own->seq_write && !(old && (
            old->kind == INF_FIELD_W1C || old->kind == INF_FIELD_RESET))) {
        return put_field(shape, bit, own->last_write >> bit & 1
                         ? INF_FIELD_W1C : INF_FIELD_RESET, 1);
    }
    *weak = true;
    return put_field(shape, bit, INF_FIELD_TOGGLE, want);
}

/* ------------------------------------------------------------------ flags */

int rules_acknowledged(struct stall *st, struct inf_shape *shape,
                       const struct cand *c, unsigned bit)
{
    uint64_t at = st->dev->base + shape->offset;
    const struct inf_reg_stat *own = inf_evidence_reg(st->eng->ev, at);
    const struct inf_reg_stat *cmd = find_command(st, at);
    unsigned i;
    int rc = 0;

    /* A register that was never written, and is now written the bit alone,
     * or with others that do not stand there, is acknowledged. */
    if (!cmd || (own && own->seq_write) || at != st->q->phys ||
        !(c->acks >> bit & 1) || (c->acks & st->stored & ~c->set) ||
        bit_count(c->acks) > ACK_BITS || st->eng->flag_count == RULES_FLAGS) {
        return INF_E_RANGE;
    }
    /* The others that the write acknowledges are of the same kind. */
    for (i = 0; i < 8 * shape->bytes && rc == 0; i++) {
        if ((c->acks >> i & 1) && !inf_shape_field(shape, i)) {
            rc = put_field(shape, i, INF_FIELD_W1C, i == bit);
        }
    }
    if (rc == 0) {
        rc = raise_by(st, shape, bit, cmd);
    }
    if (rc == 0) {
        note_flag(st->eng, at, bit, cmd->phys);
    }
    return rc;
}

/* Whether the flag was acknowledged, and no command was given since. */
static bool is_down(const struct inf_engine *eng, const struct rules_flag *f)
{
    const struct inf_reg_stat *own = inf_evidence_reg(eng->ev, f->phys);
    const struct inf_reg_stat *cmd = inf_evidence_reg(eng->ev, f->command);

    return own && own->seq_write > f->seq && (own->last_write >> f->bit & 1) &&
           (!cmd || cmd->seq_write < own->seq_write);
}

static int settle_one(struct inf_engine *eng, struct inf_answer *ans,
                      const struct rules_flag *f)
{
    const struct rules_device *dev = rules_device_at(eng, f->phys);
    const struct inf_field *field;
    struct inf_shape shape;

    if (!dev || !rules_shape_at(eng, f->phys, &shape)) {
        return 0;
    }
    field = inf_shape_field(&shape, f->bit);
    if (!field || field->kind != INF_FIELD_W1C || field->lo != field->hi ||
        !field->value || put_field(&shape, f->bit, INF_FIELD_W1C, 0)) {
        return 0;
    }
    return rules_edit_shape(ans, dev, &shape, CONF_COMMAND,
                            "raised by a command, acknowledged by writing 1");
}

/* An answer about the same register says it anew. */
static bool edits_same(const struct inf_answer *ans, uint64_t phys)
{
    unsigned i;

    for (i = 0; i < ans->edit_count; i++) {
        if (ans->edits[i].kind == INF_EDIT_REG &&
            ans->edits[i].base + ans->edits[i].offset == phys) {
            return true;
        }
    }
    return false;
}

int rules_settle(struct inf_engine *eng, struct inf_answer *ans, bool ended)
{
    unsigned i = 0;
    int rc = 0;

    while (i < eng->flag_count && rc == 0) {
        const struct rules_flag flag = eng->flags[i];

        if ((!ended && !is_down(eng, &flag)) || edits_same(ans, flag.phys) ||
            ans->edit_count + 1 >= INF_MAX_EDITS) {
            i++;
            continue;
        }
        rc = settle_one(eng, ans, &flag);
        eng->flags[i] = eng->flags[--eng->flag_count];
    }
    return rc;
}

/* ------------------------------------------------------------------- keys */

int rules_key_opens(struct stall *st, struct inf_shape *shape, unsigned bit)
{
    uint64_t at = st->dev->base + shape->offset;
    const struct inf_reg_stat *own = inf_evidence_reg(st->eng->ev, at);
    const struct inf_reg_stat *cmd = find_command(st, at);
    char event[128];
    int rc;

    if (!own || !cmd || cmd->seq_write < own->seq_write || cmd->writes < 2 ||
        cmd->reads || bit_count(cmd->last_write) < KEY_BITS ||
        cmd->last_write == cmd->prev_write ||
        st->eng->restarts >= st->eng->opts.max_restarts) {
        return INF_E_RANGE;
    }
    snprintf(event, sizeof(event), "write r%02" PRIx64 " when value == 0x%"
             PRIx64, cmd->phys - st->dev->base, cmd->last_write);
    rc = put_field(shape, bit, INF_FIELD_PLAIN, 0);
    if (rc == 0) {
        rc = add_rule(st, shape, bit, event, false);
    }
    if (rc == 0) {
        /* The key was written already, and the bit keeps what it holds. */
        st->eng->restarts++;
        st->restart = true;
    }
    return rc;
}

/* ------------------------------------------------------------------- data */

/* The register of the device that the loop reads beside the polled one. */
static int loop_reads(struct stall *st, uint64_t at, uint64_t *out)
{
    struct inf_stim nothing = { .mode = INF_STIM_FORCE };
    const struct inf_trace *t = &st->eng->trace;
    unsigned i;
    int rc = rules_run_one(st, &nothing);

    *out = 0;
    for (i = 0; rc == 0 && i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (io->after_exit || io->phys == at ||
            io->phys - st->dev->base >= st->dev->size) {
            continue;
        }
        if (io->write || (*out && *out != io->phys)) {
            *out = 0;
            return 0;
        }
        *out = io->phys;
    }
    return rc;
}

/* What was written last when the bit had to be set; NULL = not known. */
static const struct inf_reg_stat *raised_by(const struct stall *st,
                                            uint64_t at, unsigned bit)
{
    const struct rules_need *need = NULL;
    uint64_t cmd = 0, seq = 0;
    unsigned i;

    for (i = 0; i < st->eng->need_count; i++) {
        const struct rules_need *n = &st->eng->needs[i];

        if (n->phys == at && (n->mask & n->value) >> bit & 1) {
            need = n;
        }
    }
    for (i = 0; need && i < need->count; i++) {
        if (need->near[i].phys != at && need->near[i].seq > seq &&
            need->near[i].phys - st->dev->base < st->dev->size &&
            rules_reg_at(st->eng, need->near[i].phys)) {
            seq = need->near[i].seq;
            cmd = need->near[i].phys;
        }
    }
    return cmd ? inf_evidence_reg(st->eng->ev, cmd) : NULL;
}

int rules_drained(struct stall *st, struct inf_shape *shape, unsigned bit)
{
    uint64_t at = st->dev->base + shape->offset;
    const struct inf_reg_stat *cmd = raised_by(st, at, bit);
    const struct rules_reg *reg;
    uint64_t data = 0;
    char event[128];
    int rc = cmd ? loop_reads(st, at, &data) : 0;

    reg = data ? rules_reg_at(st->eng, data) : NULL;
    if (rc || !reg || reg->phys != data || reg->counts) {
        return rc ? rc : INF_E_RANGE;
    }
    rc = put_field(shape, bit, INF_FIELD_PLAIN, 0);
    snprintf(event, sizeof(event), "read r%02" PRIx64, data - st->dev->base);
    if (rc == 0) {
        rc = add_rule(st, shape, bit, event, false);
    }
    return rc ? rc : raise_by(st, shape, bit, cmd);
}

/* ----------------------------------------------------------------- values */

bool rules_any_leaves(const struct stall *st, const struct cand *best)
{
    uint64_t leaving = 0;
    unsigned i;

    for (i = 0; i < st->count; i++) {
        const struct cand *c = &st->cands[i];

        if (c->left && is_single(c) && c->signature == best->signature) {
            leaving |= c->set | c->clear;
        }
    }
    return leaving == st->width_mask;
}

/*
 * Whatever other value stood there would do, and not for being no zero: the
 * value is compared with one that was read before.
 */
bool rules_must_change(const struct stall *st, const struct cand *best)
{
    const struct inf_reg_stat *own = inf_evidence_reg(st->eng->ev,
                                                      st->q->phys);

    return st->stored && own && !own->seq_write && rules_any_leaves(st, best);
}

bool rules_is_data(const struct stall *st)
{
    const struct inf_evidence *ev = st->eng->ev;
    const struct inf_access *acc = NULL;
    uint64_t seq = inf_evidence_seq(ev);
    unsigned i;

    /* The access to the device before the reads in question. */
    for (; seq; seq--) {
        acc = inf_evidence_at(ev, seq);
        if (!acc || (acc->phys != st->q->phys &&
                     acc->phys - st->dev->base < st->dev->size)) {
            break;
        }
    }
    if (!seq || !acc || acc->write) {
        return false;
    }
    for (i = 0; i < st->eng->need_count; i++) {
        if (st->eng->needs[i].phys == acc->phys) {
            return true;
        }
    }
    return false;
}
