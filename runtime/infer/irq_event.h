/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by interrupts.c, which finds events in handlers, and irq_event.c,
 * which makes them part of the model.
 */
#ifndef PERIPH_INFER_IRQ_EVENT_H
#define PERIPH_INFER_IRQ_EVENT_H

#include "runtime/infer/irq_blind.h"
#include "runtime/infer/irq_lines.h"
#include "runtime/infer/irq_raise.h"

#define IRQ_INPUTS 24u /* registers that one handler reads */
#define IRQ_EVENTS 24u

enum irq_ack {
    IRQ_ACK_NONE = 0,
    IRQ_ACK_ZERO = 1, /* the bit is written 0 */
    IRQ_ACK_ONE = 2,  /* the bit is written 1 */
    IRQ_ACK_OTHER = 3, /* the same bit is written 1 elsewhere in the device */
    IRQ_ACK_DATA = 4, /* a register that nobody ever wrote is read */
};

/* A register that a handler reads. */
struct irq_input {
    uint64_t phys, value;
    unsigned size;
};

/* A bit of it that decides what the handler does. */
struct irq_event {
    unsigned line;
    struct irq_input in;
    unsigned bit, same; /* bits that do the same */
    enum irq_ack ack;
    uint64_t ack_phys;
    uint64_t data_phys; /* 0 = reads no data */
    unsigned data_size;
    bool ack_first;     /* before the data is read */
    bool standing;      /* the model raises it, only the line is missing */
    bool leaves;        /* the idle loop goes on to something else */
    unsigned stores;
    uint64_t signature;
};

struct irq_idle {
    struct inf_engine *eng;
    const struct inf_question *q;
    struct inf_answer *ans;
    struct inf_lines lines;
    struct inf_blind blind;
    unsigned input_count;
    struct irq_input inputs[IRQ_INPUTS];
    unsigned event_count;
    struct irq_event events[IRQ_EVENTS];
};

struct irq_event_run {
    struct irq_idle *st;
    const struct irq_event *ev;
};

/* Runs the handler that was found with @bit of @in the other way round; @in
 * NULL: as everything is. */
int irq_run_handler(struct irq_idle *st, const struct irq_input *in,
                    unsigned bit);

/* The event has its line already. */
bool irq_event_known(const struct inf_engine *eng,
                     const struct irq_event *ev);

/* The event as something that is waited for; @run is filled, and must live
 * as long as what is returned. */
struct inf_waited irq_waited_for(struct irq_idle *st,
                                 const struct rules_device *dev,
                                 const struct irq_event *ev,
                                 struct irq_event_run *run);

/* Adds the event, what raises it, how it is acknowledged and its line to the
 * answer; no verdict where the model cannot take it. */
int irq_apply_event(struct irq_idle *st, const struct irq_event *ev);

#endif
