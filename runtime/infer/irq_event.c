/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/irq_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONF_EVENT 80u
#define CONF_TICK 55u

int irq_run_handler(struct irq_idle *st, const struct irq_input *in,
                    unsigned bit)
{
    struct inf_stim stim = { .mode = INF_STIM_EVENT };

    if (in) {
        stim.set = ~in->value & 1ull << bit;
        stim.clear = in->value & 1ull << bit;
    }
    return inf_lines_run(&st->lines, in ? in->phys : 0, in ? in->size : 0,
                         &stim);
}

bool irq_event_known(const struct inf_engine *eng, const struct irq_event *ev)
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

static void remember(struct inf_engine *eng, const struct irq_event *ev)
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
static const struct rules_device *need_device(struct irq_idle *st,
                                              uint64_t phys, unsigned size,
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

static bool need_shape(struct irq_idle *st, const struct rules_device *dev,
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
static int put_event_bit(struct inf_shape *shape, const struct irq_event *ev,
                         bool receiver)
{
    struct inf_field f = { .kind = INF_FIELD_PLAIN };

    f.lo = f.hi = (uint8_t)ev->bit;
    if (ev->ack == IRQ_ACK_ONE) {
        f.kind = INF_FIELD_W1C;
    } else if (receiver && ev->ack == IRQ_ACK_DATA) {
        f.kind = INF_FIELD_DERIVED;
        snprintf(f.expr, sizeof(f.expr), "!empty(rx)");
    }
    return inf_shape_put(shape, &f);
}

static int add_item(struct irq_idle *st, const struct rules_device *dev,
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
static int add_line(struct irq_idle *st, const struct rules_device *dev,
                    const struct irq_event *ev, const char *reg)
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
             ev->ack == IRQ_ACK_DATA ? "reads the data" : "acknowledges it");
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
static int add_arrival(struct irq_idle *st, const struct rules_device *dev,
                       const struct irq_event *ev, const char *reg)
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
static int add_receiver(struct irq_idle *st, const struct rules_device *dev,
                        const struct irq_event *ev, const char *reg)
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
    if (rc || ev->ack == IRQ_ACK_DATA) {
        return rc;
    }
    return add_arrival(st, dev, ev, reg);
}

/* Nothing but time is left to raise the event. */
static int add_tick(struct irq_idle *st, const struct rules_device *dev,
                    const struct irq_event *ev, const char *reg)
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
static int add_ack_elsewhere(struct irq_idle *st,
                             const struct rules_device *dev,
                             const struct irq_event *ev, const char *cell)
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

static int run_event(void *opaque)
{
    struct irq_event_run *r = opaque;

    return irq_run_handler(r->st, &r->ev->in, r->ev->bit);
}

struct inf_waited irq_waited_for(struct irq_idle *st,
                                 const struct rules_device *dev,
                                 const struct irq_event *ev,
                                 struct irq_event_run *run)
{
    struct inf_waited w = { .eng = st->eng, .dev = dev,
                            .status = ev->in.phys, .bit = ev->bit,
                            .run = run_event, .opaque = run };

    run->st = st;
    run->ev = ev;
    w.ack = ev->ack == IRQ_ACK_OTHER ? ev->ack_phys : 0;
    return w;
}

/* Reading the data acknowledges it. */
static int add_ack_by_reading(struct irq_idle *st,
                              const struct rules_device *dev,
                              const struct irq_event *ev, const char *reg)
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

/*
 * The model has it that data is ready at any time, since that was all that a
 * poll needed.  A handler that reads the data makes it an event: it goes with
 * the data, and comes again soon, well before a poll is taken for a stall.
 */
static int apply_ready(struct irq_idle *st, const struct rules_device *dev,
                       const struct irq_event *ev, struct inf_shape *shape)
{
    struct inf_field f = { .kind = INF_FIELD_RESET, .value = 1 };
    char text[200];
    int rc;

    if (!rules_reg_at(st->eng, ev->data_phys) ||
        st->eng->restarts >= st->eng->opts.max_restarts) {
        return 0;
    }
    f.lo = f.hi = (uint8_t)ev->bit;
    rc = inf_shape_put(shape, &f);
    if (rc) {
        return 0;
    }
    rc = rules_edit_shape(st->ans, dev, shape, CONF_TICK,
                          "ready when polled; an interrupt handler looks at "
                          "it and reads the data");
    snprintf(text, sizeof(text), "on read r%02" PRIx64 " { %.40s.b%u = 0; "
             "after 2us { %.40s.b%u = 1; } }", ev->data_phys - dev->base,
             shape->name, ev->bit, shape->name, ev->bit);
    if (rc == 0) {
        rc = add_item(st, dev, CONF_TICK, "goes with the data that the handler "
                      "reads", "", text);
    }
    if (rc == 0) {
        rc = add_line(st, dev, ev, shape->name);
    }
    if (rc == 0) {
        remember(st->eng, ev);
        st->ans->verdict = INF_RESTART;
        st->ans->outcome = INF_SOLVED;
        st->eng->restarts++;
    }
    return rc;
}

/* The model has the event already. */
static int apply_standing(struct irq_idle *st, const struct rules_device *dev,
                          const struct irq_event *ev, struct inf_shape *shape)
{
    const struct inf_field *f = inf_shape_field(shape, ev->bit);
    int rc;

    if (f && f->kind == INF_FIELD_CONST && ev->ack == IRQ_ACK_DATA) {
        return apply_ready(st, dev, ev, shape);
    }
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

/* A command that raises the bit is known; @last: the guest's last one is. */
static bool is_commanded(const struct inf_engine *eng,
                         const struct irq_event *ev,
                         const struct inf_reg_stat *cmd, bool *last)
{
    bool known = false;
    unsigned i;

    *last = false;
    for (i = 0; i < eng->raise_count; i++) {
        const struct rules_raise *r = &eng->raises[i];

        if (r->phys == ev->in.phys && r->bit == ev->bit && r->command) {
            known = true;
            *last |= r->command == cmd->phys;
        }
    }
    return known;
}

/*
 * The flag is one that commands raise: the last command has raised it, or
 * does so from the next start on.  Time would raise it where the guest has
 * just cleared it.  INF_E_RANGE when it is no such flag.
 */
static int apply_commanded(struct irq_idle *st,
                           const struct rules_device *dev,
                           const struct irq_event *ev,
                           const struct inf_shape *shape)
{
    struct inf_engine *eng = st->eng;
    const struct inf_reg_stat *cmd = rules_last_command(eng, dev,
                                                        ev->in.phys);
    const struct inf_field *f = inf_shape_field(shape, ev->bit);
    struct rules_raise raise = { .phys = ev->in.phys, .bit = ev->bit };
    bool last;
    char text[160];
    int rc = 0;

    if (!cmd || !rules_reg_at(eng, cmd->phys) || !f || f->lo != f->hi ||
        (f->kind != INF_FIELD_PLAIN && f->kind != INF_FIELD_W1C) ||
        ev->ack == IRQ_ACK_OTHER || !is_commanded(eng, ev, cmd, &last) ||
        (!last && (eng->restarts >= eng->opts.max_restarts ||
                   eng->raise_count == RULES_RAISES))) {
        return INF_E_RANGE;
    }
    if (!last) {
        raise.command = cmd->phys;
        eng->raises[eng->raise_count++] = raise;
        snprintf(text, sizeof(text), "on write r%02" PRIx64 " { %.40s.b%u = "
                 "1; }", cmd->phys - dev->base, shape->name, ev->bit);
        rc = add_item(st, dev, CONF_TICK, "the last command before an "
                      "interrupt is waited for", "", text);
        st->ans->verdict = INF_RESTART;
        eng->restarts++;
    }
    if (rc == 0 && ev->ack == IRQ_ACK_DATA) {
        rc = add_ack_by_reading(st, dev, ev, shape->name);
    }
    if (rc == 0) {
        rc = add_line(st, dev, ev, shape->name);
    }
    if (rc == 0) {
        remember(eng, ev);
        st->ans->verdict = last ? INF_TABLES : INF_RESTART;
        st->ans->outcome = INF_SOLVED;
    }
    return rc;
}

int irq_apply_event(struct irq_idle *st, const struct irq_event *ev)
{
    const struct rules_model *m = &st->eng->model;
    const struct rules_device *dev;
    struct rules_device fresh;
    struct inf_shape shape;
    struct inf_raise raise;
    struct inf_waited waited;
    struct irq_event_run run;
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
    rc = receiver ? INF_E_RANGE : apply_commanded(st, dev, ev, &shape);
    if (rc != INF_E_RANGE) {
        return rc;
    }
    waited = irq_waited_for(st, dev, ev, &run);
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
    if (rc == 0 && ev->ack == IRQ_ACK_OTHER) {
        rc = add_ack_elsewhere(st, dev, ev, raise.cell);
    }
    if (rc == 0 && ev->ack == IRQ_ACK_DATA && !receiver) {
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
