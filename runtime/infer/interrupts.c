/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/interrupts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/irq_event.h"

#define LOOP_TIMES 4u    /* that a loop which counts is met */

static int wait_on(struct irq_idle *st, uint32_t outcome, const char *what)
{
    st->ans->verdict = INF_RETRY;
    st->ans->outcome = outcome;
    snprintf(st->ans->message, sizeof(st->ans->message),
             "idle at 0x%" PRIx64 ": %s", st->q->pc, what);
    return 0;
}

/* --------------------------------------------------------------- handlers */

/* Notes what the handler read in the last run. */
static void note_inputs(struct irq_idle *st)
{
    const struct inf_trace *t = &st->eng->trace;
    unsigned i, k;

    for (i = 0; i < t->io_count; i++) {
        const struct inf_io *io = &t->io[i];

        if (!io->handler || io->write || st->input_count == IRQ_INPUTS ||
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

static bool same_device(const struct irq_idle *st, uint64_t a, uint64_t b)
{
    const struct rules_device *dev = rules_device_at(st->eng, a);

    return dev ? b - dev->base < dev->size
               : (a ^ b) < INF_PAGE_SIZE;
}

/* How the handler acknowledged @ev in the last run. */
static void note_ack(struct irq_idle *st, struct irq_event *ev)
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
                ev->ack_first = ev->ack != IRQ_ACK_NONE;
            }
        } else if (io->phys == ev->in.phys) {
            ev->ack = one ? IRQ_ACK_ONE : IRQ_ACK_ZERO;
        } else if (one && ev->ack == IRQ_ACK_NONE &&
                   (io->value & (io->value - 1)) == 0) {
            ev->ack = IRQ_ACK_OTHER;
            ev->ack_phys = io->phys;
        }
    }
    if (ev->ack == IRQ_ACK_NONE && ev->data_phys) {
        ev->ack = IRQ_ACK_DATA;
    }
}

static void note_event(struct irq_idle *st, unsigned line,
                       const struct irq_input *in, unsigned bit)
{
    const struct inf_trace *t = &st->eng->trace;
    struct irq_event *ev = &st->events[st->event_count];
    unsigned i;

    for (i = 0; i < st->event_count; i++) {
        if (st->events[i].in.phys == in->phys &&
            st->events[i].signature == t->signature) {
            st->events[i].same++;
            return;
        }
    }
    if (st->event_count == IRQ_EVENTS) {
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
    st->event_count += ev->ack != IRQ_ACK_NONE;
}

static void log_event(struct irq_idle *st, const struct irq_event *ev)
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
static int note_standing(struct irq_idle *st, unsigned line,
                         const struct irq_input *in, unsigned bit)
{
    unsigned before = st->event_count;
    int rc = irq_run_handler(st, NULL, 0);

    if (rc == 0 && st->eng->trace.handled) {
        note_event(st, line, in, bit);
        if (st->event_count > before) {
            st->events[before].standing = true;
        }
    }
    return rc;
}

/* Tries the bits of all registers that the handler of @line reads. */
static int try_line(struct irq_idle *st, unsigned line)
{
    unsigned first = st->event_count;
    uint64_t base;
    unsigned i, bit;
    int rc;

    st->input_count = 0;
    rc = irq_run_handler(st, NULL, 0);
    if (rc || !st->eng->trace.handled) {
        return rc;
    }
    base = st->eng->trace.signature;
    inf_blind_note(&st->lines, line, &st->blind);
    note_inputs(st);
    for (i = 0; i < st->input_count; i++) {
        struct irq_input in = st->inputs[i];

        for (bit = 0; bit < 8 * in.size && bit < 32; bit++) {
            rc = irq_run_handler(st, &in, bit);
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

/* ----------------------------------------------------------------- choice */

static bool is_receiver(const struct irq_idle *st, const struct irq_event *ev)
{
    const struct rules_model *m = &st->eng->model;
    const struct rules_device *dev = rules_device_at(st->eng, ev->in.phys);

    return ev->data_phys && dev && m->has_console && m->console == dev->base;
}

static bool is_triggered(struct irq_idle *st, const struct irq_event *ev)
{
    const struct rules_device *dev = rules_device_at(st->eng, ev->in.phys);
    struct irq_event_run run;
    struct inf_waited w = irq_waited_for(st, dev, ev, &run);
    uint64_t at;

    return dev && inf_raise_trigger(&w, &at);
}

/* The best event that is not in the model yet; NULL = none. */
static const struct irq_event *choose(struct irq_idle *st)
{
    const struct irq_event *best = NULL;
    unsigned i;
    int score, top = 0;

    for (i = 0; i < st->event_count; i++) {
        const struct irq_event *ev = &st->events[i];

        if (irq_event_known(st->eng, ev)) {
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

static int try_lines(struct irq_idle *st, unsigned *handlers)
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
static bool is_for_good(struct irq_idle *st)
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

static int solve(struct irq_idle *st)
{
    const struct irq_event *ev;
    unsigned handlers = 0;
    int rc = inf_lines_usable(&st->lines) ? try_lines(st, &handlers) : 0;

    if (rc) {
        return rc;
    }
    ev = choose(st);
    if (!ev && !handlers && is_for_good(st)) {
        return rules_dead_end(st->eng, st->q, st->ans);
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
    return irq_apply_event(st, ev);
}

int rules_idle(struct inf_engine *eng, const struct inf_question *q,
               struct inf_answer *ans)
{
    struct inf_probe_env env = { .svc = &eng->svc, .opaque = eng,
                                 .mmio = read_mmio, .max_insns = 8000 };
    struct irq_idle *st = calloc(1, sizeof(*st));
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
