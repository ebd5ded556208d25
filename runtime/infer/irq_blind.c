/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/irq_blind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONF_BLIND 45u
#define HIDDEN_BIT 64u /* of an event: it is in no register */

static bool is_known(const struct inf_engine *eng, uint64_t ack,
                     unsigned line)
{
    unsigned i;

    for (i = 0; i < eng->event_count; i++) {
        if (eng->events[i].phys == ack && eng->events[i].line == line &&
            eng->events[i].bit == HIDDEN_BIT) {
            return true;
        }
    }
    return false;
}

void inf_blind_note(const struct inf_lines *l, unsigned line,
                    struct inf_blind *best)
{
    const struct inf_trace *t = &l->eng->trace;
    struct inf_blind b = { .line = line, .leaves = t->left };
    unsigned i;

    for (i = 0; i < t->io_count && t->io[i].handler; i++) {
        const struct inf_io *io = &t->io[i];

        if (inf_lines_core(l, io->phys)) {
            continue;
        }
        if (!io->write) {
            return;
        }
        if (!b.found) {
            b.found = true;
            b.ack = io->phys;
            b.size = io->size;
        }
    }
    if (b.found && (t->left || t->stores) &&
        (!best->found || (b.leaves && !best->leaves)) &&
        !is_known(l->eng, b.ack, line)) {
        *best = b;
    }
}

static int add_item(struct inf_lines *l, uint64_t base, const char *name,
                    const char *text)
{
    return rules_edit_item(l->ans, base, name, text, CONF_BLIND);
}

/* The register that the handler writes, and its device, where there is none. */
static int add_register(struct inf_lines *l, const struct inf_blind *b,
                        const struct rules_device *dev, bool fresh,
                        struct inf_shape *shape)
{
    const struct rules_reg *reg = rules_reg_at(l->eng, b->ack);
    int rc = fresh ? rules_edit_device(l->ans, dev) : 0;

    inf_shape_init(shape, b->ack - dev->base, b->size);
    if (rc || reg) {
        return rc || rules_shape_at(l->eng, b->ack, shape) ? rc : INF_E_RANGE;
    }
    return rules_edit_shape(l->ans, dev, shape, CONF_STORAGE, NULL);
}

static int add_wire(struct inf_lines *l, uint64_t base, const char *name,
                    unsigned line)
{
    struct inf_edit *edit = rules_edit_add(l->ans, INF_EDIT_WIRE);

    if (!edit) {
        return INF_E_RANGE;
    }
    edit->base = base;
    edit->confidence = CONF_BLIND;
    edit->text = inf_lines_wire(l, name, line);
    edit->evidence = strdup("the handler of the line writes to the device, "
                            "and looks at nothing");
    return edit->text && edit->evidence ? 0 : INF_E_NOMEM;
}

static int add_rules(struct inf_lines *l, const struct inf_blind *b,
                     uint64_t base, const char *reg)
{
    char name[INF_NAME_MAX], text[160];
    int rc;

    snprintf(name, sizeof(name), "event%u", b->line);
    snprintf(text, sizeof(text), "var %s : 1;", name);
    rc = add_item(l, base, name, text);
    snprintf(name, sizeof(name), "every%u", b->line);
    snprintf(text, sizeof(text), "timer %s { clock: 1kHz; reload: 9; }",
             name);
    rc = rc ? rc : add_item(l, base, name, text);
    snprintf(text, sizeof(text), "on expire %s { event%u = 1; }", name,
             b->line);
    rc = rc ? rc : add_item(l, base, "", text);
    snprintf(text, sizeof(text), "on write %.40s { event%u = 0; }", reg,
             b->line);
    rc = rc ? rc : add_item(l, base, "", text);
    snprintf(name, sizeof(name), "irq%u", b->line);
    snprintf(text, sizeof(text), "line out %s;", name);
    rc = rc ? rc : add_item(l, base, name, text);
    snprintf(text, sizeof(text), "%s := event%u;", name, b->line);
    rc = rc ? rc : add_item(l, base, "", text);
    return rc ? rc : add_wire(l, base, name, b->line);
}

static void remember(struct inf_engine *eng, const struct inf_blind *b)
{
    if (eng->event_count < RULES_EVENTS) {
        struct rules_event *known = &eng->events[eng->event_count++];

        known->phys = b->ack;
        known->bit = HIDDEN_BIT;
        known->line = b->line;
    }
}

int inf_blind_apply(struct inf_lines *l, const struct inf_blind *b)
{
    const struct rules_device *dev = rules_device_at(l->eng, b->ack);
    struct rules_device fresh;
    struct inf_shape shape;
    int rc;

    remember(l->eng, b);
    if (dev && dev->closed) {
        return 0;
    }
    if (!dev) {
        rules_fresh_device(l->eng, b->ack, b->size, &fresh);
    }
    rc = add_register(l, b, dev ? dev : &fresh, !dev, &shape);
    if (rc == INF_E_RANGE) {
        return 0; /* a person's register, or one that says too much */
    }
    if (rc == 0) {
        rc = add_rules(l, b, dev ? dev->base : fresh.base, shape.name);
    }
    if (rc == 0) {
        l->ans->verdict = INF_TABLES;
        l->ans->outcome = INF_SOLVED;
    }
    return rc;
}
