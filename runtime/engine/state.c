/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset, loading, carry-over, and the host's ends of FIFOs and lines. */
#include "runtime/engine/priv.h"

static bool has_op(const struct prt_table *t, enum prt_op op)
{
    uint32_t i;

    for (i = 0; i < t->ncode && t->code[i].op != op; i++) {
    }
    return i < t->ncode;
}

int prt_dev_init(struct prt_dev *dev, const struct prt_table *table,
                 void *memory, size_t size, const struct prt_host_ops *host,
                 void *opaque)
{
    if (!dev || !table || !table->head || size < prt_table_memory(table) ||
        (!memory && size) || (uintptr_t)memory % 8) {
        return PRT_E_ARG;
    }
    memset(dev, 0, sizeof(*dev));
    if (size) {
        memset(memory, 0, prt_table_memory(table));
    }
    dev->table = table;
    dev->host = host;
    dev->opaque = opaque;
    dev->state = memory;
    dev->memo = (uint64_t *)(void *)((uint8_t *)memory +
                                     table->head->state_size);
    dev->depend = dev->memo + 2 * (size_t)table->head->memo_count;
    dev->alarm = PRT_NEVER;
    dev->last_reg = PRT_NONE;
    dev->epoch = 1;
    dev->timeless = !has_op(table, PRT_OP_TIME) &&
                    !has_op(table, PRT_OP_COUNT);
    dev->uses_old = has_op(table, PRT_OP_LDOLD);
    while (1u << dev->granule_shift < table->head->granule) {
        dev->granule_shift++;
    }
    dev->whole = table->head->endian == PRT_ENDIAN_LITTLE ?
                 table->head->access : 0;
    prt_depend_init(dev);
    return PRT_OK;
}

/* ----------------------------------------------------------------- reset */

static void reset_reg(struct prt_dev *dev, uint32_t reg, uint64_t bits,
                      bool sticky)
{
    const struct prt_reg *r = &dev->table->regs[reg];

    bits &= sticky ? ~r->sticky : UINT64_MAX;
    prt_reg_store(dev, reg, r->reset, bits);
    if (r->once) {
        prt_cells(dev, r->state)[1] &= ~bits;
    }
}

static uint64_t item_bits(const struct prt_item *item)
{
    return item->width ? prt_mask(item->width) << item->lo : UINT64_MAX;
}

static void reset_mem(struct prt_dev *dev, uint32_t mem)
{
    const struct prt_mem *m = &dev->table->mems[mem];

    memset(dev->state + m->state, 0, m->size);
    prt_touch(dev, PRT_KIND_MEM, mem);
}

static void reset_line(struct prt_dev *dev, uint32_t line)
{
    const struct prt_line *l = &dev->table->lines[line];

    if (l->dir == PRT_LINE_OUT && l->prog == PRT_NONE) {
        prt_line_drive(dev, line, l->reset, UINT64_MAX);
    }
}

/* Timers come later: their settings are computed from what is reset here. */
static void reset_item(struct prt_dev *dev, const struct prt_item *item)
{
    const struct prt_table *t = dev->table;
    const struct prt_field *f;

    switch (item->kind) {
    case PRT_KIND_REG:
        reset_reg(dev, item->index, item_bits(item), false);
        break;
    case PRT_KIND_FIELD:
        f = &t->fields[item->index];
        reset_reg(dev, f->reg, (item_bits(item) & prt_mask(f->width)) <<
                  f->lo, false);
        break;
    case PRT_KIND_VAR:
        prt_var_store(dev, item->index, t->vars[item->index].reset,
                      item_bits(item));
        break;
    case PRT_KIND_FIFO:
        prt_fifo_preload(dev, item->index);
        break;
    case PRT_KIND_LINE:
        reset_line(dev, item->index);
        break;
    case PRT_KIND_LOCK:
        prt_lock_reset(dev, item->index);
        break;
    case PRT_KIND_AFTER:
        prt_after_cancel(dev, item->index);
        break;
    case PRT_KIND_MEM:
        reset_mem(dev, item->index);
        break;
    case PRT_KIND_COPY:
        prt_copy_cancel(dev, item->index);
        break;
    default:
        break;
    }
}

static void reset_objects(struct prt_dev *dev)
{
    const struct prt_table *t = dev->table;
    uint32_t i;

    for (i = 0; i < t->nfifos; i++) {
        prt_fifo_preload(dev, i);
    }
    for (i = 0; i < t->nlines; i++) {
        reset_line(dev, i);
    }
    for (i = 0; i < t->nlocks; i++) {
        prt_lock_reset(dev, i);
    }
    for (i = 0; i < t->nafters; i++) {
        prt_after_cancel(dev, i);
    }
    for (i = 0; i < t->ncopies; i++) {
        prt_copy_cancel(dev, i);
    }
}

static void reset_contents(struct prt_dev *dev, bool sticky)
{
    const struct prt_table *t = dev->table;
    uint32_t i;

    for (i = 0; i < t->nregs; i++) {
        reset_reg(dev, i, UINT64_MAX, sticky);
    }
    for (i = 0; i < t->nvars; i++) {
        if (!sticky || !(t->vars[i].flags & PRT_VAR_STICKY)) {
            prt_var_store(dev, i, t->vars[i].reset, UINT64_MAX);
        }
    }
    for (i = 0; i < t->nmems; i++) {
        if (!sticky || !(t->mems[i].flags & PRT_MEM_STICKY)) {
            reset_mem(dev, i);
        }
    }
    if (t->head->unmapped == PRT_UNMAPPED_STORE && !sticky) {
        memset(dev->state + t->head->store_state, 0, t->head->mmio_size);
    }
}

static void reset_all(struct prt_dev *dev, bool sticky)
{
    const struct prt_dev_header *h = dev->table->head;
    uint32_t i;

    reset_objects(dev);
    reset_contents(dev, sticky);
    prt_touch_all(dev);
    for (i = 0; i < dev->table->ntimers; i++) {
        prt_timer_start(dev, i);
    }
    prt_fire(dev, h->rule_first, h->rule_count, PRT_EV_RESET, 0);
}

void prt_reset_domain(struct prt_dev *dev, uint32_t domain)
{
    const struct prt_table *t = dev->table;
    const struct prt_domain *d;
    uint32_t i;

    prt_charge(dev, t->head->state_size / 8);
    if (domain == PRT_NONE) {
        reset_all(dev, true);
        return;
    }
    d = &t->domains[domain];
    for (i = d->item_first; i < d->item_first + d->item_count; i++) {
        reset_item(dev, &t->items[i]);
    }
    prt_touch_all(dev);
    for (i = d->item_first; i < d->item_first + d->item_count; i++) {
        if (t->items[i].kind == PRT_KIND_TIMER) {
            prt_timer_start(dev, t->items[i].index);
        }
    }
    prt_fire(dev, d->rule_first, d->rule_count, PRT_EV_RESET, 0);
}

/* Held values and `:=` lines take their values, before any edge is seen. */
static void reset_quiet(struct prt_dev *dev, bool sticky)
{
    dev->due = false;
    dev->unmapped_logged = false;
    reset_all(dev, sticky);
    prt_values_rebase(dev);
    dev->time_dirty = true;
    dev->lines_dirty = true;
}

void prt_reset_quiet(struct prt_dev *dev)
{
    reset_quiet(dev, false);
}

void prt_dev_reset(struct prt_dev *dev, enum prt_reset kind)
{
    prt_enter(dev, true);
    reset_quiet(dev, kind == PRT_RESET_WARM);
    prt_settle(dev);
    prt_leave(dev);
}

/* ----------------------------------------------------------------- state */

const void *prt_state(const struct prt_dev *dev)
{
    return dev->state;
}

static const uint64_t *saved(const void *state, uint32_t offset)
{
    return (const void *)((const uint8_t *)state + offset);
}

static bool good_regs(const struct prt_table *t, const void *state)
{
    uint32_t i;

    for (i = 0; i < t->nregs; i++) {
        const struct prt_reg *r = &t->regs[i];

        if (r->state != PRT_NONE &&
            *saved(state, r->state) & ~prt_mask(r->bits)) {
            return false;
        }
    }
    for (i = 0; i < t->nvars; i++) {
        const struct prt_var *v = &t->vars[i];

        if (v->kind != PRT_DERIVED &&
            *saved(state, v->state) & ~prt_mask(v->width)) {
            return false;
        }
    }
    return true;
}

static bool good_parts(const struct prt_table *t, const void *state)
{
    const uint64_t *cells;
    uint32_t i;

    for (i = 0; i < t->nfifos; i++) {
        cells = saved(state, t->fifos[i].state);
        if (cells[FIFO_HEAD] >= t->fifos[i].depth ||
            cells[FIFO_LEVEL] > t->fifos[i].depth) {
            return false;
        }
    }
    for (i = 0; i < t->nlines; i++) {
        cells = saved(state, t->lines[i].state);
        if ((cells[LINE_LEVEL] | cells[LINE_PULSES]) &
            ~prt_mask(t->lines[i].count)) {
            return false;
        }
    }
    for (i = 0; i < t->nlocks; i++) {
        cells = saved(state, t->locks[i].state);
        if (cells[LOCK_LOCKED] > 1 || cells[LOCK_DEAD] > 1 ||
            cells[LOCK_PROGRESS] >= t->locks[i].key_count) {
            return false;
        }
    }
    return true;
}

static bool good_timers(const struct prt_table *t, const void *state)
{
    const uint64_t *cells;
    uint32_t i;

    for (i = 0; i < t->ntimers; i++) {
        cells = saved(state, t->timers[i].state);
        if (cells[TIMER_HZ] > PRT_MAX_HZ || cells[TIMER_FLAGS] > 7 ||
            (cells[TIMER_COUNT] | cells[TIMER_RELOAD]) & ~cells[TIMER_MASK] ||
            cells[TIMER_MASK] & (cells[TIMER_MASK] + 1)) {
            return false;
        }
    }
    return true;
}

static bool good_copy(const uint64_t *cells)
{
    uint64_t size = cells[COPY_SIZE];

    return !cells[COPY_ACTIVE] || (cells[COPY_ACTIVE] == 1 && size <= 8 &&
           size && !(size & (size - 1)));
}

static bool good_slots(const struct prt_table *t, const void *state)
{
    uint32_t i, k;

    for (i = 0; i < t->nafters; i++) {
        const uint64_t *cells = saved(state, t->afters[i].state);

        for (k = 0; k < t->afters[i].count; k++) {
            if (cells[2 * k + AFTER_ARMED] > 2) {
                return false;
            }
        }
    }
    for (i = 0; i < t->ncopies; i++) {
        for (k = 0; k < t->copies[i].count; k++) {
            if (!good_copy(saved(state, t->copies[i].state +
                                 PRT_STATE_COPY * k))) {
                return false;
            }
        }
    }
    return true;
}

static bool any_copy(const struct prt_dev *dev)
{
    uint32_t i, k;

    for (i = 0; i < dev->table->ncopies; i++) {
        const struct prt_copy *p = &dev->table->copies[i];

        for (k = 0; k < p->count; k++) {
            if (prt_cells(dev, p->state + PRT_STATE_COPY * k)[COPY_ACTIVE]) {
                return true;
            }
        }
    }
    return false;
}

void prt_state_changed(struct prt_dev *dev)
{
    dev->epoch++;
    dev->due = false;
    dev->dirty = dev->all_items;
    dev->time_dirty = true;
    dev->out_dirty = true;
    dev->lines_dirty = true;
    dev->alarm_stale = true;
    dev->copies_active = any_copy(dev);
    prt_after_recount(dev);
}

int prt_load(struct prt_dev *dev, const void *state, size_t size)
{
    const struct prt_table *t = dev->table;

    if (size != t->head->state_size) {
        return PRT_E_MISMATCH;
    }
    if ((uintptr_t)state % 8) {
        return PRT_E_ALIGN;
    }
    if (!good_regs(t, state) || !good_parts(t, state) ||
        !good_timers(t, state) || !good_slots(t, state)) {
        return PRT_E_CONTENT;
    }
    prt_enter(dev, true);
    if (size && state != dev->state) {
        memcpy(dev->state, state, size);
    }
    prt_state_changed(dev);
    dev->dirty = 0;
    prt_lines_send(dev, true);
    prt_leave(dev);
    return PRT_OK;
}

/* ------------------------------------------------------------ host's ends */

uint32_t prt_fifo_room(const struct prt_dev *dev, uint32_t fifo)
{
    const struct prt_fifo *f;
    uint64_t level;

    if (fifo >= dev->table->nfifos) {
        return 0;
    }
    f = &dev->table->fifos[fifo];
    level = prt_cells(dev, f->state)[FIFO_LEVEL];
    return f->end == PRT_END_FROM && level < f->depth ?
           f->depth - (uint32_t)level : 0;
}

int prt_fifo_put(struct prt_dev *dev, uint32_t fifo, uint64_t value)
{
    bool room = prt_fifo_room(dev, fifo) != 0;

    if (fifo >= dev->table->nfifos ||
        dev->table->fifos[fifo].end != PRT_END_FROM) {
        return PRT_E_ARG;
    }
    prt_enter(dev, true);
    prt_fifo_push(dev, fifo, value);
    prt_settle(dev);
    prt_leave(dev);
    return room ? PRT_OK : PRT_E_FULL;
}

void prt_fifo_drain(struct prt_dev *dev)
{
    prt_enter(dev, true);
    dev->out_dirty = true;
    prt_settle(dev);
    prt_leave(dev);
}

static bool same_string(const char *a, const char *b)
{
    size_t len = strlen(a);

    return len == strlen(b) && memcmp(a, b, len) == 0;
}

uint32_t prt_fifo_find(const struct prt_table *table, enum prt_end end,
                       const char *name)
{
    uint32_t i;

    for (i = 0; i < table->nfifos; i++) {
        const struct prt_fifo *f = &table->fifos[i];

        if (f->end == end && end != PRT_END_NONE &&
            same_string(prt_string(table, f->end_name), name)) {
            return i;
        }
    }
    return PRT_NONE;
}

static const struct prt_line *find_line(const struct prt_table *t,
                                        unsigned dir, uint32_t number,
                                        uint32_t *index)
{
    uint32_t i;

    for (i = 0; i < t->nlines; i++) {
        const struct prt_line *l = &t->lines[i];

        if (l->dir == dir && number - l->first < l->count) {
            *index = i;
            return l;
        }
    }
    return NULL;
}

void prt_line_set(struct prt_dev *dev, uint32_t line, int level)
{
    const struct prt_line *l;
    uint32_t index;
    uint64_t bit;

    l = find_line(dev->table, PRT_LINE_IN, line, &index);
    if (!l) {
        return;
    }
    bit = UINT64_C(1) << (line - l->first);
    prt_enter(dev, true);
    prt_line_drive(dev, index, level ? bit : 0, bit);
    prt_settle(dev);
    prt_leave(dev);
}

int prt_line_level(const struct prt_dev *dev, uint32_t line)
{
    const struct prt_line *l;
    uint32_t index;

    l = find_line(dev->table, PRT_LINE_OUT, line, &index);
    if (!l) {
        return 0;
    }
    return prt_cells(dev, l->state)[LINE_SENT] >> (line - l->first) & 1;
}
