/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/interrupts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/irq_blind.h"
#include "runtime/infer/irq_lines.h"
#include "runtime/infer/irq_raise.h"

#define INPUTS_MAX 24u   /* registers that one handler reads */
#define EVENTS_MAX 24u
#define LOOP_TIMES 4u    /* that a loop which counts is met */
#define CONF_EVENT 80u
#define CONF_TICK 55u

enum ack {
    ACK_NONE = 0,
    ACK_ZERO = 1, /* the bit is written 0 */
    ACK_ONE = 2,  /* the bit is written 1 */
    ACK_OTHER = 3, /* the same bit is written 1 elsewhere in the device */
    ACK_DATA = 4, /* a register that nobody ever wrote is read */
};

/* A register that a handler reads. */
struct input {
    uint64_t phys, value;
    unsigned size;
};

/* A bit of it that decides what the handler does. */
struct event {
    unsigned line;
    struct input in;
    unsigned bit, same; /* bits that do the same */
    enum ack ack;
    uint64_t ack_phys;
    uint64_t data_phys; /* 0 = reads no data */
    unsigned data_size;
    bool ack_first;     /* before the data is read */
    bool standing;      /* the model raises it, only the line is missing */
    bool leaves;        /* the idle loop goes on to something else */
    unsigned stores;
    uint64_t signature;
};

struct idle {
    struct inf_engine *eng;
    const struct inf_question *q;
    struct inf_answer *ans;
    struct inf_lines lines;
    struct inf_blind blind;
    unsigned input_count;
    struct input inputs[INPUTS_MAX];
    unsigned event_count;
    struct event events[EVENTS_MAX];
};

static int wait_on(struct idle *st, uint32_t outcome, const char *what)
{
    st->ans->verdict = INF_RETRY;
    st->ans->outcome = outcome;
    snprintf(st->ans->message, sizeof(st->ans->message),
             "idle at 0x%" PRIx64 ": %s", st->q->pc, what);
    return 0;
}

/* --------------------------------------------------------------- handlers */

static int run_handler(struct idle *st, const struct input *in, unsigned bit)
{
    struct inf_stim stim = { .mode = INF_STIM_EVENT };

    if (in) {
        stim.set = ~in->value & 1ull << bit;
        stim.clear = in->value & 1ull << bit;
    }
    return inf_lines_run(&st->lines, in ? in->phys : 0, in ? in->size : 0,
                         &stim);
}

/* Notes what the handler read in the last run. */
static void note_inputs(struct idle *st)
{
    const struct inf_trace *t = &st->eng->trace;
    unsigned i, k;

    for (i = 0; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (!io->handler || io->write || st->input_count == INPUTS_MAX ||
            inf_lines_core(&st->lines, io->phys)) {
            continue;
        }
        for (k = 0; k < st->input_count &&
             st->inputs[k].phys != io->phys; k++) {
        }
        if (k == st->input_count) {
            st->inputs[k].phys = io->phys;
            st->inputs[k].size = io->size;
            st->inputs[k].value = io->value;
            st->input_count++;
        }
    }
}

static bool same_device(const struct idle *st, uint64_t a, uint64_t b)
{
    const struct rules_device *dev = rules_device_at(st->eng, a);

    return dev ? b - dev->base < dev->size
               : (a ^ b) < INF_PAGE_SIZE;
}

/* How the handler acknowledged @ev in the last run. */
static void note_ack(struct idle *st, struct event *ev)
{
    const struct inf_trace *t = &st->eng->trace;
    unsigned i;

    for (i = 0; i < t->io_count && t->io[i].handler; i++) {
        const struct inf_io *io = &t->io[i];
        bool one = io->value >> ev->bit & 1;
        const struct inf_reg_stat *stat = inf_evidence_reg(st->eng->ev,
                                                           io->phys);

        if (!same_device(st, ev->in.phys, io->phys)) {
            continue;
        }
        if (!io->write) {
            if (io->phys != ev->in.phys && !ev->data_phys &&
                (!stat || !stat->seq_write)) {
                ev->data_phys = io->phys;
                ev->data_size = io->size;
                ev->ack_first = ev->ack != ACK_NONE;
            }
        } else if (io->phys == ev->in.phys) {
            ev->ack = one ? ACK_ONE : ACK_ZERO;
        } else if (one && ev->ack == ACK_NONE &&
                   (io->value & (io->value - 1)) == 0) {
            ev->ack = ACK_OTHER;
            ev->ack_phys = io->phys;
        }
    }
    if (ev->ack == ACK_NONE && ev->data_phys) {
        ev->ack = ACK_DATA;
    }
}

static void note_event(struct idle *st, unsigned line, const struct input *in,
                       unsigned bit)
{
    const struct inf_trace *t = &st->eng->trace;
    struct event *ev = &st->events[st->event_count];
    unsigned i;

    for (i = 0; i < st->event_count; i++) {
        if (st->events[i].in.phys == in->phys &&
            st->events[i].signature == t->signature) {
            st->events[i].same++;
            return;
        }
    }
    if (st->event_count == EVENTS_MAX) {
        return;
    }
    memset(ev, 0, sizeof(*ev));
    ev->line = line;
    ev->in = *in;
    ev->bit = bit;
    ev->same = 1;
    ev->leaves = t->left;
    ev->stores = t->stores;
    ev->signature = t->signature;
    note_ack(st, ev);
    st->event_count += ev->ack != ACK_NONE;
}

static void log_event(struct idle *st, const struct event *ev)
{
    char text[200];

    if (!st->eng->svc.log) {
        return;
    }
    snprintf(text, sizeof(text), "line %u: event 0x%" PRIx64 " bit %u (%u) "
             "ack %d at 0x%" PRIx64 " data 0x%" PRIx64 " leaves %d stores "
             "%u", ev->line, ev->in.phys, ev->bit, ev->same, ev->ack,
             ev->ack_phys, ev->data_phys, ev->leaves, ev->stores);
    st->eng->svc.log(st->eng->svc.opaque, 3, text);
}

/* The bit stands already: what the handler does is what it does as it is. */
static int note_standing(struct idle *st, unsigned line,
                         const struct input *in, unsigned bit)
{
    unsigned before = st->event_count;
    int rc = run_handler(st, NULL, 0);

    if (rc == 0 && st->eng->trace.handled) {
        note_event(st, line, in, bit);
        if (st->event_count > before) {
            st->events[before].standing = true;
        }
    }
    return rc;
}

/* Tries the bits of all registers that the handler of @line reads. */
static int try_line(struct idle *st, unsigned line)
{
    unsigned first = st->event_count;
    uint64_t base;
    unsigned i, bit;
    int rc;

    st->input_count = 0;
    rc = run_handler(st, NULL, 0);
    if (rc || !st->eng->trace.handled) {
        return rc;
    }
    base = st->eng->trace.signature;
    inf_blind_note(&st->lines, line, &st->blind);
    note_inputs(st);
    for (i = 0; i < st->input_count; i++) {
        struct input in = st->inputs[i];

        for (bit = 0; bit < 8 * in.size && bit < 32; bit++) {
            rc = run_handler(st, &in, bit);
            if (rc) {
                return rc;
            }
            if (st->eng->trace.handled && !(in.value >> bit & 1) &&
                st->eng->trace.signature != base) {
                note_event(st, line, &in, bit);
                note_inputs(st);
            } else if (st->eng->trace.handled && in.value >> bit & 1 &&
                       st->eng->trace.signature != base) {
                rc = note_standing(st, line, &in, bit);
                if (rc) {
                    return rc;
                }
            }
        }
    }
    for (i = first; i < st->event_count; i++) {
        log_event(st, &st->events[i]);
    }
    return 0;
}

/* ------------------------------------------------------------------ model */

static bool is_known(const struct inf_engine *eng, const struct event *ev)
{
    unsigned i;

    for (i = 0; i < eng->event_count; i++) {
        if (eng->events[i].phys == ev->in.phys &&
            eng->events[i].bit == ev->bit &&
            eng->events[i].line == ev->line) {
            return true;
        }
    }
    return false;
}

static void remember(struct inf_engine *eng, const struct event *ev)
{
    struct rules_event *known;

    if (eng->event_count < RULES_EVENTS) {
        known = &eng->events[eng->event_count++];
        known->phys = ev->in.phys;
        known->bit = ev->bit;
        known->line = ev->line;
    }
}

/* The device at @phys, made where there is none; NULL: not the machine's. */
static const struct rules_device *need_device(struct idle *st, uint64_t phys,
                                              unsigned size,
                                              struct rules_device *fresh,
                                              int *rc)
{
    const struct rules_device *dev = rules_device_at(st->eng, phys);

    *rc = 0;
    if (dev) {
        return dev->closed ? NULL : dev;
    }
    rules_fresh_device(st->eng, phys, size, fresh);
    *rc = rules_edit_device(st->ans, fresh);
    return fresh;
}

static bool need_shape(struct idle *st, const struct rules_device *dev,
                       uint64_t phys, unsigned size, struct inf_shape *out)
{
    const struct rules_reg *reg = rules_reg_at(st->eng, phys);

    if (!reg) {
        inf_shape_init(out, phys - dev->base, size);
        return true;
    }
    return reg->phys == phys && rules_shape_at(st->eng, phys, out);
}

/* The event's own bit, as it is acknowledged. */
static int put_event_bit(struct inf_shape *shape, const struct event *ev,
                         bool receiver)
{
    struct inf_field f = { .kind = INF_FIELD_PLAIN };

    f.lo = f.hi = (uint8_t)ev->bit;
    if (ev->ack == ACK_ONE) {
        f.kind = INF_FIELD_W1C;
    } else if (receiver && ev->ack == ACK_DATA) {
        f.kind = INF_FIELD_DERIVED;
        snprintf(f.expr, sizeof(f.expr), "!empty(rx)");
    }
    return inf_shape_put(shape, &f);
}

static int add_item(struct idle *st, const struct rules_device *dev,
                    unsigned conf, const char *evidence, const char *name,
                    const char *text)
{
    int rc = rules_edit_item(st->ans, dev->base, name, text, conf);

    if (rc == 0 && evidence) {
        st->ans->edits[st->ans->edit_count - 1].evidence = strdup(evidence);
    }
    return rc;
}

/* The line that follows the bit, and its wire. */
static int add_line(struct idle *st, const struct rules_device *dev,
                    const struct event *ev, const char *reg)
{
    char name[INF_NAME_MAX], text[160], why[160];
    struct inf_edit *edit;
    int rc;

    snprintf(name, sizeof(name), "irq%u_%03" PRIx64 "_%u", ev->line,
             ev->in.phys - dev->base, ev->bit);
    snprintf(text, sizeof(text), "line out %s;", name);
    rc = add_item(st, dev, CONF_EVENT, NULL, name, text);
    if (rc) {
        return rc;
    }
    snprintf(text, sizeof(text), "%s := %.40s.b%u;", name, reg, ev->bit);
    snprintf(why, sizeof(why), "the handler of line %u looks at bit %u and "
             "%s", ev->line, ev->bit,
             ev->ack == ACK_DATA ? "reads the data" : "acknowledges it");
    rc = add_item(st, dev, CONF_EVENT, why, "", text);
    edit = rc ? NULL : rules_edit_add(st->ans, INF_EDIT_WIRE);
    if (!edit) {
        return rc ? rc : INF_E_RANGE;
    }
    edit->base = dev->base;
    edit->confidence = CONF_EVENT;
    edit->evidence = strdup(why);
    edit->text = inf_lines_wire(&st->lines, name, ev->line);
    return edit->text ? 0 : INF_E_NOMEM;
}

/*
 * What raises the event of a receiver: a character that comes, one that is
 * left when another was read, and one that still waits after a while, since
 * the guest may clear the event without reading (when it sets the device up).
 */
static int add_arrival(struct idle *st, const struct rules_device *dev,
                       const struct event *ev, const char *reg)
{
    char text[160];
    int rc;

    snprintf(text, sizeof(text), "on push rx { %.40s.b%u = 1; }", reg,
             ev->bit);
    rc = add_item(st, dev, CONF_EVENT, "an event that a character raises", "",
                  text);
    if (rc == 0) {
        snprintf(text, sizeof(text), "on pop rx { %.40s.b%u = !empty(rx); }",
                 reg, ev->bit);
        rc = add_item(st, dev, CONF_EVENT, "more characters wait", "", text);
    }
    if (rc == 0 && !ev->ack_first) {
        snprintf(text, sizeof(text), "on clear %.40s.b%u when !empty(rx) "
                 "{ %.40s.b%u = 1; }", reg, ev->bit, reg, ev->bit);
        return add_item(st, dev, CONF_EVENT, "more characters wait", "",
                        text);
    }
    if (rc == 0) {
        rc = add_item(st, dev, CONF_EVENT, NULL, "rxwait",
                      "timer rxwait { clock: 1kHz; reload: 9; "
                      "run: !empty(rx); }");
    }
    if (rc == 0) {
        snprintf(text, sizeof(text), "on expire rxwait { %.40s.b%u = 1; }",
                 reg, ev->bit);
        rc = add_item(st, dev, CONF_EVENT, "cleared while characters wait", "",
                      text);
    }
    return rc;
}

/* A character that arrives is the event. */
static int add_receiver(struct idle *st, const struct rules_device *dev,
                        const struct event *ev, const char *reg)
{
    struct inf_field d = { .kind = INF_FIELD_DATA, .lo = 0, .hi = 7 };
    struct inf_shape data;
    const struct inf_field *old;
    int rc;

    if (!need_shape(st, dev, ev->data_phys, ev->data_size, &data)) {
        return INF_E_RANGE;
    }
    old = inf_shape_field(&data, 0);
    snprintf(d.expr, sizeof(d.expr), "%s",
             old && strstr(old->expr, "pushes tx") ? "pops rx pushes tx"
                                                   : "pops rx");
    rc = inf_shape_put(&data, &d);
    if (rc == 0) {
        rc = rules_edit_shape(st->ans, dev, &data, CONF_EVENT,
                              "the interrupt handler reads it");
    }
    if (rc == 0) {
        rc = add_item(st, dev, CONF_EVENT, NULL, "rx",
                      "fifo rx[16] : 8 from console;");
    }
    if (rc || ev->ack == ACK_DATA) {
        return rc;
    }
    return add_arrival(st, dev, ev, reg);
}

/* Nothing but time is left to raise the event. */
static int add_tick(struct idle *st, const struct rules_device *dev,
                    const struct event *ev, const char *reg)
{
    char name[INF_NAME_MAX], text[160];
    int rc;

    snprintf(name, sizeof(name), "t%03" PRIx64 "_%u",
             ev->in.phys - dev->base, ev->bit);
    snprintf(text, sizeof(text), "timer %s { clock: 1kHz; reload: 9; }",
             name);
    rc = add_item(st, dev, CONF_TICK, NULL, name, text);
    if (rc == 0) {
        snprintf(text, sizeof(text), "on expire %s { %.40s.b%u = 1; }", name,
                 reg, ev->bit);
        rc = add_item(st, dev, CONF_TICK, "waited for by an interrupt, "
                      "nothing else was seen to raise it", "", text);
    }
    return rc;
}

/* @cell holds the event. */
static int add_ack_elsewhere(struct idle *st, const struct rules_device *dev,
                             const struct event *ev, const char *cell)
{
    struct inf_shape other;
    char text[160];
    int rc = 0;

    if (!need_shape(st, dev, ev->ack_phys, ev->in.size, &other)) {
        return INF_E_RANGE;
    }
    if (!rules_reg_at(st->eng, ev->ack_phys)) {
        rc = rules_edit_shape(st->ans, dev, &other, CONF_STORAGE, NULL);
    }
    if (rc == 0) {
        snprintf(text, sizeof(text), "on write %.40s when value >> %u & 1 "
                 "{ %.60s = 0; }", other.name, ev->bit, cell);
        rc = add_item(st, dev, CONF_EVENT, "how the handler acknowledges it",
                      "", text);
    }
    return rc;
}

struct event_run {
    struct idle *st;
    const struct event *ev;
};

static int run_event(void *opaque)
{
    struct event_run *r = opaque;

    return run_handler(r->st, &r->ev->in, r->ev->bit);
}

static struct inf_waited waited_for(struct idle *st,
                                    const struct rules_device *dev,
                                    const struct event *ev,
                                    struct event_run *run)
{
    struct inf_waited w = { .eng = st->eng, .dev = dev,
                            .status = ev->in.phys, .bit = ev->bit,
                            .run = run_event, .opaque = run };

    run->st = st;
    run->ev = ev;
    w.ack = ev->ack == ACK_OTHER ? ev->ack_phys : 0;
    return w;
}

/* Reading the data acknowledges it. */
static int add_ack_by_reading(struct idle *st, const struct rules_device *dev,
                              const struct event *ev, const char *reg)
{
    struct inf_shape data;
    char text[160];
    int rc = 0;

    if (!need_shape(st, dev, ev->data_phys, ev->data_size, &data)) {
        return INF_E_RANGE;
    }
    if (!rules_reg_at(st->eng, ev->data_phys)) {
        rc = rules_edit_shape(st->ans, dev, &data, CONF_STORAGE, NULL);
    }
    snprintf(text, sizeof(text), "on read %.40s { %.40s.b%u = 0; }",
             data.name, reg, ev->bit);
    return rc ? rc : add_item(st, dev, CONF_EVENT,
                              "how the handler acknowledges it", "", text);
}

/* The model has the event already. */
static int apply_standing(struct idle *st, const struct rules_device *dev,
                          const struct event *ev,
                          const struct inf_shape *shape)
{
    const struct inf_field *f = inf_shape_field(shape, ev->bit);
    int rc;

    if (!f || f->lo != f->hi ||
        (f->kind != INF_FIELD_PLAIN && f->kind != INF_FIELD_W1C)) {
        return 0;
    }
    rc = add_line(st, dev, ev, shape->name);
    if (rc == 0) {
        remember(st->eng, ev);
        st->ans->verdict = INF_TABLES;
        st->ans->outcome = INF_SOLVED;
    }
    return rc;
}

static int apply_event(struct idle *st, const struct event *ev)
{
    const struct rules_model *m = &st->eng->model;
    const struct rules_device *dev;
    struct rules_device fresh;
    struct inf_shape shape;
    struct inf_raise raise;
    struct inf_waited waited;
    struct event_run run;
    bool receiver, found;
    int rc;

    dev = need_device(st, ev->in.phys, ev->in.size, &fresh, &rc);
    if (rc || !dev ||
        !need_shape(st, dev, ev->in.phys, ev->in.size, &shape)) {
        return rc;
    }
    receiver = ev->data_phys && m->has_console && m->console == dev->base;
    if (ev->standing) {
        return apply_standing(st, dev, ev, &shape);
    }
    waited = waited_for(st, dev, ev, &run);
    rc = inf_lines_find(&st->lines, ev->line, &found);
    if (rc == 0) {
        rc = inf_raise_find(&waited, &shape, &raise);
    }
    if (rc) {
        return rc;
    }
    rc = raise.gated ? inf_raise_gate(&waited, &raise, st->ans, &shape)
                     : put_event_bit(&shape, ev, receiver);
    if (rc) {
        return 0; /* the bit is something else already */
    }
    rc = rules_edit_shape(st->ans, dev, &shape, CONF_EVENT,
                          "an event: an interrupt handler looks at it");
    if (rc == 0 && ev->ack == ACK_OTHER) {
        rc = add_ack_elsewhere(st, dev, ev, raise.cell);
    }
    if (rc == 0 && ev->ack == ACK_DATA && !receiver) {
        rc = add_ack_by_reading(st, dev, ev, shape.name);
    }
    if (rc == 0 && receiver) {
        rc = add_receiver(st, dev, ev, shape.name);
    } else if (rc == 0) {
        rc = raise.kind == INF_RAISE_TIME
             ? add_tick(st, dev, ev, shape.name)
             : inf_raise_edit(&waited, &raise, st->ans);
    }
    if (rc == 0) {
        rc = add_line(st, dev, ev, shape.name);
    }
    if (rc == 0) {
        remember(st->eng, ev);
        if (st->ans->verdict != INF_RESTART) {
            st->ans->verdict = INF_TABLES;
        }
        st->ans->outcome = receiver ? INF_WAITING : INF_SOLVED;
    }
    return rc;
}

/* ----------------------------------------------------------------- choice */

static bool is_receiver(const struct idle *st, const struct event *ev)
{
    const struct rules_model *m = &st->eng->model;
    const struct rules_device *dev = rules_device_at(st->eng, ev->in.phys);

    return ev->data_phys && dev && m->has_console && m->console == dev->base;
}

static bool is_triggered(struct idle *st, const struct event *ev)
{
    const struct rules_device *dev = rules_device_at(st->eng, ev->in.phys);
    struct event_run run;
    struct inf_waited w = waited_for(st, dev, ev, &run);
    uint64_t at;

    return dev && inf_raise_trigger(&w, &at);
}

/* The best event that is not in the model yet; NULL = none. */
static const struct event *choose(struct idle *st)
{
    const struct event *best = NULL;
    unsigned i;
    int score, top = 0;

    for (i = 0; i < st->event_count; i++) {
        const struct event *ev = &st->events[i];

        if (is_known(st->eng, ev)) {
            continue;
        }
        score = (is_receiver(st, ev) ? 4 : 0) + (ev->leaves ? 2 : 0) +
                (ev->stores ? 1 : 0);
        score += score && is_triggered(st, ev);
        if (score > top) {
            top = score;
            best = ev;
        }
    }
    return best;
}

static int try_lines(struct idle *st, unsigned *handlers)
{
    unsigned line;
    int rc = 0;

    *handlers = 0;
    for (line = 0; line < st->lines.irqs.lines && rc == 0; line++) {
        bool found;

        rc = inf_lines_find(&st->lines, line, &found);
        if (rc == 0 && found) {
            ++*handlers;
            rc = try_line(st, line);
        }
    }
    return rc;
}

static uint64_t read_mmio(void *opaque, uint64_t phys, unsigned size,
                          uint64_t written, uint64_t mask)
{
    return rules_read(opaque, phys, size, written, mask);
}

/*
 * Whether the guest is here for good.  A loop that counts may end; it is
 * believed not to when it is met again and again.
 */
static bool is_for_good(struct idle *st)
{
    struct inf_engine *eng = st->eng;
    uint64_t pc, lowest = st->q->pc;
    unsigned i;

    if (st->q->halted) {
        return false;
    }
    for (i = 0; inf_probe_loop_pc(eng->probe, i, &pc); i++) {
        lowest = pc < lowest ? pc : lowest;
    }
    eng->idle_times = lowest == eng->idle_pc ? eng->idle_times + 1 : 1;
    eng->idle_pc = lowest;
    return inf_probe_still(eng->probe) || eng->idle_times >= LOOP_TIMES ||
           eng->dead.pc == lowest;
}

static int solve(struct idle *st)
{
    const struct event *ev;
    unsigned handlers = 0;
    int rc = inf_lines_usable(&st->lines) ? try_lines(st, &handlers) : 0;

    if (rc) {
        return rc;
    }
    ev = choose(st);
    if (!ev && !handlers && is_for_good(st)) {
        return rules_dead_end(st->eng, st->ans);
    }
    if (!ev && !handlers && !st->q->halted) {
        return wait_on(st, INF_TIME, "a loop that counts");
    }
    if (!ev && st->blind.found) {
        return inf_blind_apply(&st->lines, &st->blind);
    }
    if (!ev) {
        return wait_on(st, handlers ? INF_WAITING : INF_UNRESOLVED, handlers
                       ? "an interrupt" : "no interrupt is enabled");
    }
    return apply_event(st, ev);
}

int rules_idle(struct inf_engine *eng, const struct inf_question *q,
               struct inf_answer *ans)
{
    struct inf_probe_env env = { .svc = &eng->svc, .opaque = eng,
                                 .mmio = read_mmio, .max_insns = 8000 };
    struct idle *st = calloc(1, sizeof(*st));
    int rc;

    if (!st) {
        return INF_E_NOMEM;
    }
    st->eng = eng;
    st->q = q;
    st->ans = ans;
    if (!inf_lines_init(&st->lines, eng, q, ans)) {
        rc = wait_on(st, INF_WAITING, "an interrupt");
    } else {
        rc = inf_probe_idle(eng->probe, q, &env, &eng->trace);
        if (rc == 0) {
            rc = solve(st);
        }
        inf_probe_end(eng->probe);
    }
    if (rc == 0 && ans->verdict == INF_NONE) {
        rc = wait_on(st, INF_WAITING, "an interrupt");
    }
    free(st);
    return rc;
}
