/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FIFOs, locks and lines.  Cells are reduced to their legal range on use,
 * so that no content can lead outside the state.
 */
#include "runtime/engine/priv.h"

/* ----------------------------------------------------------------- FIFOs */

static uint8_t *element(const struct prt_dev *dev, const struct prt_fifo *f,
                        uint64_t at)
{
    return dev->state + f->state + PRT_STATE_FIFO_HEAD +
           at % f->depth * PRT_ELEM_BYTES(f->width);
}

static uint64_t get_element(const struct prt_dev *dev,
                            const struct prt_fifo *f, uint64_t at)
{
    uint64_t value = 0;

    memcpy(&value, element(dev, f, at), PRT_ELEM_BYTES(f->width));
    return value;
}

/* Append without events; the caller knows that there is room. */
static void append(struct prt_dev *dev, const struct prt_fifo *f,
                   uint64_t value)
{
    uint64_t *cells = prt_cells(dev, f->state);

    value &= prt_mask(f->width);
    memcpy(element(dev, f, cells[FIFO_HEAD] + cells[FIFO_LEVEL]), &value,
           PRT_ELEM_BYTES(f->width));
    cells[FIFO_LEVEL]++;
}

void prt_fifo_push(struct prt_dev *dev, uint32_t fifo, uint64_t value)
{
    const struct prt_fifo *f = &dev->table->fifos[fifo];
    uint64_t *cells = prt_cells(dev, f->state);

    if (cells[FIFO_LEVEL] >= f->depth) {
        cells[FIFO_LOSSES]++;
        prt_log(dev, PRT_LOG_LOST, prt_string(dev->table, f->name), fifo);
        prt_fire(dev, f->rule_first, f->rule_count, PRT_EV_OVERFLOW,
                 value & prt_mask(f->width));
        return;
    }
    append(dev, f, value);
    prt_touch(dev, PRT_KIND_FIFO, fifo);
    dev->out_dirty |= f->end == PRT_END_TO;
    prt_fire(dev, f->rule_first, f->rule_count, PRT_EV_PUSH,
             value & prt_mask(f->width));
}

uint64_t prt_fifo_front(const struct prt_dev *dev, uint32_t fifo)
{
    const struct prt_fifo *f = &dev->table->fifos[fifo];
    const uint64_t *cells = prt_cells(dev, f->state);

    return cells[FIFO_LEVEL] ? get_element(dev, f, cells[FIFO_HEAD]) : 0;
}

uint64_t prt_fifo_pop(struct prt_dev *dev, uint32_t fifo)
{
    const struct prt_fifo *f = &dev->table->fifos[fifo];
    uint64_t *cells = prt_cells(dev, f->state);
    uint64_t value;

    if (!cells[FIFO_LEVEL]) {
        return 0;
    }
    value = get_element(dev, f, cells[FIFO_HEAD]);
    cells[FIFO_HEAD] = (cells[FIFO_HEAD] + 1) % f->depth;
    cells[FIFO_LEVEL]--;
    prt_touch(dev, PRT_KIND_FIFO, fifo);
    prt_fire(dev, f->rule_first, f->rule_count, PRT_EV_POP, value);
    return value;
}

void prt_fifo_flush(struct prt_dev *dev, uint32_t fifo)
{
    uint64_t *cells = prt_cells(dev, dev->table->fifos[fifo].state);

    if (cells[FIFO_LEVEL]) {
        cells[FIFO_HEAD] = 0;
        cells[FIFO_LEVEL] = 0;
        cells[FIFO_DEADLINE] = PRT_NEVER;
        dev->time_dirty = true;
        prt_touch(dev, PRT_KIND_FIFO, fifo);
    }
}

void prt_fifo_preload(struct prt_dev *dev, uint32_t fifo)
{
    const struct prt_fifo *f = &dev->table->fifos[fifo];
    uint64_t *cells = prt_cells(dev, f->state);
    uint32_t i;

    memset(cells, 0, PRT_STATE_FIFO(f->depth, f->width));
    cells[FIFO_DEADLINE] = PRT_NEVER;
    for (i = 0; i < f->preload_count; i++) {
        append(dev, f, dev->table->pool[f->preload_first + i]);
    }
    dev->out_dirty |= f->end == PRT_END_TO && f->preload_count;
    dev->time_dirty = true;
    prt_touch(dev, PRT_KIND_FIFO, fifo);
}

/* Hand the front to the host; false when it takes nothing now. */
static bool put_one(struct prt_dev *dev, uint32_t fifo)
{
    if (dev->host && dev->host->put &&
        !dev->host->put(dev->opaque, fifo, prt_fifo_front(dev, fifo))) {
        return false;
    }
    prt_fifo_pop(dev, fifo);
    return true;
}

/* Elements that leave at a rate: each at its deadline. */
static void end_timed(struct prt_dev *dev, uint32_t fifo)
{
    const struct prt_fifo *f = &dev->table->fifos[fifo];
    uint64_t *cells = prt_cells(dev, f->state);
    uint64_t now = prt_time(dev);
    uint64_t ns, n;

    for (n = 0; n <= f->depth && cells[FIFO_LEVEL]; n++) {
        if (cells[FIFO_DEADLINE] == PRT_NEVER) {
            ns = prt_run(dev, f->at);
            cells[FIFO_DEADLINE] = ns > PRT_NEVER - 1 - now ?
                                   PRT_NEVER - 1 : now + ns;
            dev->time_dirty = true;
        }
        if (cells[FIFO_DEADLINE] > now) {
            return;
        }
        if (!put_one(dev, fifo)) {
            cells[FIFO_DEADLINE] = now + PRT_MIN_DELAY * 1000;
            dev->time_dirty = true;
            return;
        }
        cells[FIFO_DEADLINE] = PRT_NEVER;
        dev->time_dirty = true;
    }
}

void prt_fifo_ends(struct prt_dev *dev)
{
    uint32_t i, n;

    dev->out_dirty = false;
    for (i = 0; i < dev->table->nfifos; i++) {
        const struct prt_fifo *f = &dev->table->fifos[i];
        const uint64_t *cells = prt_cells(dev, f->state);

        if (f->end != PRT_END_TO || !cells[FIFO_LEVEL]) {
            continue;
        }
        if (f->at != PRT_NONE) {
            end_timed(dev, i);
            continue;
        }
        for (n = 0; n < f->depth && cells[FIFO_LEVEL]; n++) {
            if (!put_one(dev, i)) {
                break;
            }
        }
    }
}

/* ----------------------------------------------------------------- locks */

void prt_lock_reset(struct prt_dev *dev, uint32_t lock)
{
    const struct prt_lock *l = &dev->table->locks[lock];
    uint64_t *cells = prt_cells(dev, l->state);

    cells[LOCK_LOCKED] = !(l->flags & PRT_LOCK_OPEN);
    cells[LOCK_PROGRESS] = 0;
    cells[LOCK_DEAD] = 0;
    prt_touch(dev, PRT_KIND_LOCK, lock);
}

void prt_lock_relock(struct prt_dev *dev, uint32_t lock)
{
    uint64_t *cells = prt_cells(dev, dev->table->locks[lock].state);

    cells[LOCK_LOCKED] = 1;
    cells[LOCK_PROGRESS] = 0;
    prt_touch(dev, PRT_KIND_LOCK, lock);
}

static void wrong_key(struct prt_dev *dev, uint32_t lock, uint64_t value)
{
    const struct prt_lock *l = &dev->table->locks[lock];
    uint64_t *cells = prt_cells(dev, l->state);

    cells[LOCK_PROGRESS] = 0;
    if (l->wrong == PRT_WRONG_UNTIL_RESET) {
        cells[LOCK_DEAD] = 1;
    } else if (l->key_count > 1 && value == dev->table->pool[l->key_first]) {
        cells[LOCK_PROGRESS] = 1;
    }
}

void prt_lock_feed(struct prt_dev *dev, uint32_t lock, uint64_t value)
{
    const struct prt_lock *l = &dev->table->locks[lock];
    const uint64_t *keys = dev->table->pool + l->key_first;
    uint64_t *cells = prt_cells(dev, l->state);

    if (cells[LOCK_DEAD]) {
        return;
    }
    if (!cells[LOCK_LOCKED]) {
        if (l->wrong == PRT_WRONG_RELOCK && value != keys[0]) {
            prt_lock_relock(dev, lock);
        }
        return;
    }
    if (cells[LOCK_PROGRESS] >= l->key_count ||
        value != keys[cells[LOCK_PROGRESS]]) {
        wrong_key(dev, lock, value);
        return;
    }
    if (++cells[LOCK_PROGRESS] == l->key_count) {
        cells[LOCK_PROGRESS] = 0;
        cells[LOCK_LOCKED] = 0;
        prt_touch(dev, PRT_KIND_LOCK, lock);
        prt_fire(dev, l->rule_first, l->rule_count, PRT_EV_UNLOCK, value);
    }
}

/* ----------------------------------------------------------------- lines */

void prt_line_drive(struct prt_dev *dev, uint32_t line, uint64_t value,
                    uint64_t mask)
{
    const struct prt_line *l = &dev->table->lines[line];
    uint64_t *cells = prt_cells(dev, l->state);
    uint64_t next = prt_merge(cells[LINE_LEVEL], value,
                              mask & prt_mask(l->count));

    if (next != cells[LINE_LEVEL]) {
        cells[LINE_LEVEL] = next;
        dev->lines_dirty = true;
        prt_touch(dev, PRT_KIND_LINE, line);
    }
}

void prt_line_pulse(struct prt_dev *dev, uint32_t line, uint64_t mask)
{
    const struct prt_line *l = &dev->table->lines[line];

    if (l->dir == PRT_LINE_OUT) {
        prt_cells(dev, l->state)[LINE_PULSES] |= mask & prt_mask(l->count);
        dev->lines_dirty = true;
    }
}

static void send_line(struct prt_dev *dev, const struct prt_line *l,
                      uint64_t changed)
{
    uint64_t *cells = prt_cells(dev, l->state);
    uint64_t pulses = cells[LINE_PULSES];
    uint64_t level = cells[LINE_LEVEL];
    unsigned bit;

    cells[LINE_SENT] = level;
    cells[LINE_PULSES] = 0;
    if (!dev->host || !dev->host->line) {
        return;
    }
    for (bit = 0; bit < l->count; bit++) {
        int high = level >> bit & 1;

        if (changed >> bit & 1) {
            dev->host->line(dev->opaque, l->first + bit, high);
        }
        if (pulses >> bit & 1) {
            dev->host->line(dev->opaque, l->first + bit, !high);
            dev->host->line(dev->opaque, l->first + bit, high);
        }
    }
}

void prt_lines_send(struct prt_dev *dev, bool all)
{
    uint32_t i;

    for (i = 0; i < dev->table->nlines; i++) {
        const struct prt_line *l = &dev->table->lines[i];
        const uint64_t *cells = prt_cells(dev, l->state);
        uint64_t changed = cells[LINE_LEVEL] ^ cells[LINE_SENT];

        if (l->dir != PRT_LINE_OUT) {
            continue;
        }
        changed = all ? prt_mask(l->count) : changed;
        if (changed || cells[LINE_PULSES]) {
            send_line(dev, l, changed);
        }
    }
}
