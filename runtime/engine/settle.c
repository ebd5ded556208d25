/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settling: after an effect, held values, timers, edges and lines are brought
 * up to date, in rounds until nothing changes.  Lines and FIFO ends reach the
 * host when the call ends, never inside.
 */
#include "runtime/engine/priv.h"

/* Start of a call; `effects` is false for peeking. */
void prt_enter(struct prt_dev *dev, bool effects)
{
    dev->epoch += !dev->timeless;
    dev->now_known = false;
    dev->cut = false;
    dev->steps = PRT_MAX_STEPS;
    dev->busy = effects;
}

static void update_hold(struct prt_dev *dev, const struct prt_item *item)
{
    const struct prt_field *f;
    const struct prt_var *v;
    uint64_t value;

    if (item->kind == PRT_KIND_FIELD) {
        f = &dev->table->fields[item->index];
        value = prt_run_at(dev, f->prog, f->index);
        prt_reg_store(dev, f->reg, value << f->lo,
                      prt_mask(f->width) << f->lo);
    } else {
        v = &dev->table->vars[item->index];
        value = prt_run_at(dev, v->prog, v->index);
        prt_var_store(dev, item->index, value, prt_mask(v->width));
    }
}

static void update_line(struct prt_dev *dev, uint32_t line)
{
    const struct prt_line *l = &dev->table->lines[line];

    if (l->prog != PRT_NONE) {
        prt_line_drive(dev, line, prt_run_at(dev, l->prog, l->index),
                       UINT64_MAX);
    }
}

static uint64_t subject_value(struct prt_dev *dev,
                              const struct prt_rule *rule)
{
    uint64_t mask = rule->width ? prt_mask(rule->width) : UINT64_MAX;
    uint64_t value;

    switch (rule->kind) {
    case PRT_KIND_REG:
        value = prt_reg_value(dev, rule->subject, prt_shl(mask, rule->lo));
        break;
    case PRT_KIND_FIELD:
        value = prt_field_value(dev, rule->subject);
        break;
    case PRT_KIND_VAR:
        value = prt_var_value(dev, rule->subject);
        break;
    default:
        value = prt_cells(dev, dev->table->lines[rule->subject].state)
                [LINE_LEVEL];
        break;
    }
    return value >> rule->lo & mask;
}

static bool edge_happened(unsigned event, uint64_t before, uint64_t after)
{
    switch (event) {
    case PRT_EV_CHANGE:
        return before != after;
    case PRT_EV_SET:
        return (~before & after) != 0;
    case PRT_EV_CLEAR:
        return (before & ~after) != 0;
    case PRT_EV_RISE:
        return before == 0 && after != 0;
    default:
        return before != 0 && after == 0;
    }
}

/* Each rule compares its subject with what it was at the rule's last turn. */
static void run_edge(struct prt_dev *dev, const struct prt_rule *rule)
{
    uint64_t *cell = prt_cells(dev, rule->state);
    uint64_t before = *cell;
    uint64_t after = subject_value(dev, rule);

    *cell = after;
    if (edge_happened(rule->event, before, after)) {
        prt_run_rule(dev, rule, after, before, before ^ after);
    }
}

/* Items are numbered in the order in which they settle. */
static void settle_item(struct prt_dev *dev, uint32_t item)
{
    const struct prt_table *t = dev->table;

    if (item < t->norder) {
        update_hold(dev, &t->order[item]);
        return;
    }
    item -= t->norder;
    if (item < t->ntimers) {
        prt_timer_latch(dev, item);
        return;
    }
    item -= t->ntimers;
    if (item < t->nlines) {
        update_line(dev, item);
        return;
    }
    run_edge(dev, &t->rules[t->head->edge_first + item - t->nlines]);
}

void prt_values_rebase(struct prt_dev *dev)
{
    const struct prt_dev_header *h = dev->table->head;
    uint32_t i;

    for (i = 0; i < dev->items - h->edge_count; i++) {
        settle_item(dev, i);
    }
    for (i = h->edge_first; i < h->edge_first + h->edge_count; i++) {
        const struct prt_rule *rule = &dev->table->rules[i];

        *prt_cells(dev, rule->state) = subject_value(dev, rule);
    }
}

/* Items that share a bit, see depend.c. */
static void settle_bit(struct prt_dev *dev, unsigned bit)
{
    uint32_t i;

    if (dev->items <= 64) {
        settle_item(dev, bit);
        return;
    }
    for (i = (uint32_t)(((uint64_t)bit * dev->items + 63) / 64);
         i < dev->items && (uint64_t)i * 64 / dev->items == bit; i++) {
        settle_item(dev, i);
    }
}

/*
 * What becomes dirty on the way settles in the same round if its turn is
 * still to come, else in the next one.
 */
static void settle_round(struct prt_dev *dev)
{
    uint64_t ahead = UINT64_MAX;
    unsigned bit;

    while (dev->dirty & ahead) {
        bit = (unsigned)__builtin_ctzll(dev->dirty & ahead);
        ahead = prt_shl(UINT64_MAX, bit + 1);
        dev->dirty &= ~(UINT64_C(1) << bit);
        settle_bit(dev, bit);
    }
}

void prt_settle_rounds(struct prt_dev *dev)
{
    unsigned round;

    for (round = 0; round < PRT_MAX_ROUNDS; round++) {
        if (dev->out_dirty) {
            prt_fifo_ends(dev);
        }
        if (dev->dirty) {
            settle_round(dev);
            continue;
        }
        if (!dev->due) {
            return;
        }
        prt_due(dev);
    }
    prt_log(dev, PRT_LOG_NEST, "values do not come to rest", 0);
}

/* End of a call: the host hears of lines and deadlines. */
void prt_leave(struct prt_dev *dev)
{
    dev->busy = false;
    if (dev->lines_dirty) {
        dev->lines_dirty = false;
        prt_lines_send(dev, false);
    }
    prt_alarm(dev);
}
