/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carry-over: a table is replaced under a running guest, and what the guest
 * sees of unchanged things stays.  Things match by name, registers else by
 * offset.  A bit that still had its old reset value takes the new one, and so
 * does a bit that the guest can no longer write: what an edit declares wins
 * over what nobody had set.
 */
#include "runtime/engine/priv.h"

struct carry {
    struct prt_dev *dev;
    const struct prt_dev *old;
    prt_carry_fn *report;
    void *opaque;
};

static void tell(const struct carry *c, enum prt_carry_kind kind,
                 uint32_t name)
{
    if (c->report) {
        c->report(c->opaque, kind, prt_string(c->dev->table, name));
    }
}

static const char *name_of(const struct prt_table *t, unsigned kind,
                           uint32_t i)
{
    switch (kind) {
    case PRT_KIND_REG:
        return prt_string(t, t->regs[i].name);
    case PRT_KIND_VAR:
        return prt_string(t, t->vars[i].name);
    case PRT_KIND_FIFO:
        return prt_string(t, t->fifos[i].name);
    case PRT_KIND_LINE:
        return prt_string(t, t->lines[i].name);
    case PRT_KIND_LOCK:
        return prt_string(t, t->locks[i].name);
    case PRT_KIND_TIMER:
        return prt_string(t, t->timers[i].name);
    case PRT_KIND_AFTER:
        return prt_string(t, t->afters[i].name);
    case PRT_KIND_COPY:
        return prt_string(t, t->copies[i].name);
    default:
        return prt_string(t, t->mems[i].name);
    }
}

static bool same_string(const char *a, const char *b)
{
    size_t len = strlen(a);

    return len == strlen(b) && memcmp(a, b, len) == 0;
}

/* The old object of that name; index `i` is the likely place. */
static uint32_t counterpart(const struct carry *c, unsigned kind, uint32_t i)
{
    const char *name = name_of(c->dev->table, kind, i);
    uint32_t count = prt_kind_count(c->old->table, kind);
    uint32_t k;

    if (!name[0]) {
        return PRT_NONE;
    }
    if (i < count && same_string(name, name_of(c->old->table, kind, i))) {
        return i;
    }
    for (k = 0; k < count; k++) {
        if (same_string(name, name_of(c->old->table, kind, k))) {
            return k;
        }
    }
    return PRT_NONE;
}

static uint64_t constant_bits(const struct prt_reg *r)
{
    return r->m10 & r->m11 & ~r->m00 & ~r->m01;
}

/* What becomes of a content whose declaration changed. */
static uint64_t follow(uint64_t content, uint64_t old_reset, uint64_t reset,
                       uint64_t fixed)
{
    return prt_merge(content, reset, ~(content ^ old_reset) | fixed);
}

static const struct prt_field *field_named(const struct prt_table *t,
                                           const struct prt_reg *r,
                                           const char *name)
{
    uint32_t i;

    for (i = r->field_first; i < r->field_first + r->field_count; i++) {
        if (same_string(name, prt_string(t, t->fields[i].name))) {
            return &t->fields[i];
        }
    }
    return NULL;
}

/* Content of the old register, its fields moved to where they are now. */
static uint64_t moved(const struct carry *c, const struct prt_reg *now,
                      const struct prt_reg *was, uint64_t *reset)
{
    const struct prt_table *t = c->dev->table;
    uint64_t old = prt_content(c->old, was), value = old;
    uint32_t i;

    *reset = was->reset;
    for (i = now->field_first; i < now->field_first + now->field_count; i++) {
        const struct prt_field *f = &t->fields[i];
        const struct prt_field *o = field_named(c->old->table, was,
                                                prt_string(t, f->name));
        uint64_t mask = prt_mask(f->width);

        if (!o || (o->lo == f->lo && o->width == f->width &&
                   o->kind == f->kind)) {
            continue;
        }
        if (o->kind == PRT_DERIVED) {
            value = prt_merge(value, now->reset, mask << f->lo);
            *reset = prt_merge(*reset, now->reset, mask << f->lo);
            tell(c, PRT_CARRY_RESET, now->name);
            continue;
        }
        if (old >> o->lo & prt_mask(o->width) & ~mask) {
            tell(c, PRT_CARRY_NARROWED, now->name);
        }
        value = prt_merge(value, (old >> o->lo & prt_mask(o->width)) <<
                          f->lo, mask << f->lo);
        *reset = prt_merge(*reset, (was->reset >> o->lo & prt_mask(o->width))
                           << f->lo, mask << f->lo);
    }
    return value;
}

static void carry_reg(const struct carry *c, uint32_t i, uint32_t k)
{
    const struct prt_reg *now = &c->dev->table->regs[i];
    const struct prt_reg *was = &c->old->table->regs[k];
    uint64_t value, reset, fixed;

    if (now->state == PRT_NONE || was->state == PRT_NONE) {
        return;
    }
    value = moved(c, now, was, &reset);
    if (value & ~prt_mask(now->bits)) {
        tell(c, PRT_CARRY_NARROWED, now->name);
    }
    fixed = constant_bits(now) & ~constant_bits(was);
    value = follow(value, reset, now->reset, fixed) & prt_mask(now->bits);
    *prt_cells(c->dev, now->state) = value;
    if (now->once && was->once) {
        prt_cells(c->dev, now->state)[1] =
            prt_cells(c->old, was->state)[1] & now->once;
    }
}

/* Both tables order registers by offset: `k` follows `i`. */
static void carry_regs(const struct carry *c)
{
    const struct prt_table *t = c->dev->table, *o = c->old->table;
    uint32_t i, j, k = 0, found;

    for (i = 0; i < t->nregs; i++) {
        while (k < o->nregs && o->regs[k].offset < t->regs[i].offset) {
            k++;
        }
        found = PRT_NONE;
        for (j = k; j < o->nregs && o->regs[j].offset == t->regs[i].offset;
             j++) {
            if (same_string(prt_string(t, t->regs[i].name),
                            prt_string(o, o->regs[j].name))) {
                found = j;
            }
        }
        if (found == PRT_NONE) {
            found = counterpart(c, PRT_KIND_REG, i);
        }
        if (found == PRT_NONE && k < o->nregs &&
            o->regs[k].offset == t->regs[i].offset) {
            found = k;
        }
        if (found != PRT_NONE) {
            carry_reg(c, i, found);
        }
    }
}

static void carry_vars(const struct carry *c)
{
    const struct prt_table *t = c->dev->table;
    uint32_t i, k;

    for (i = 0; i < t->nvars; i++) {
        const struct prt_var *v = &t->vars[i], *o;
        uint64_t value;

        k = counterpart(c, PRT_KIND_VAR, i);
        if (k == PRT_NONE || v->kind == PRT_DERIVED) {
            continue;
        }
        o = &c->old->table->vars[k];
        if (o->kind == PRT_DERIVED) {
            tell(c, PRT_CARRY_RESET, v->name);
            continue;
        }
        value = *prt_cells(c->old, o->state);
        if (value & ~prt_mask(v->width)) {
            tell(c, PRT_CARRY_NARROWED, v->name);
        }
        *prt_cells(c->dev, v->state) =
            follow(value, o->reset, v->reset, 0) & prt_mask(v->width);
    }
}

static void carry_fifo(const struct carry *c, uint32_t i, uint32_t k)
{
    const struct prt_fifo *now = &c->dev->table->fifos[i];
    const struct prt_fifo *was = &c->old->table->fifos[k];
    uint64_t *to = prt_cells(c->dev, now->state);
    const uint64_t *from = prt_cells(c->old, was->state);
    uint32_t n, bytes = PRT_ELEM_BYTES(was->width);
    uint64_t level = from[FIFO_LEVEL], value;

    if (level > now->depth) {
        tell(c, PRT_CARRY_NARROWED, now->name);
        level = now->depth;
    }
    for (n = 0; n < level; n++) {
        value = 0;
        memcpy(&value, (const uint8_t *)from + PRT_STATE_FIFO_HEAD +
               (from[FIFO_HEAD] + n) % was->depth * bytes, bytes);
        value &= prt_mask(now->width);
        memcpy((uint8_t *)to + PRT_STATE_FIFO_HEAD +
               n * PRT_ELEM_BYTES(now->width), &value,
               PRT_ELEM_BYTES(now->width));
    }
    to[FIFO_HEAD] = 0;
    to[FIFO_LEVEL] = level;
    to[FIFO_DEADLINE] = from[FIFO_DEADLINE];
    to[FIFO_LOSSES] = from[FIFO_LOSSES];
}

static void carry_line(const struct carry *c, uint32_t i, uint32_t k)
{
    const struct prt_line *now = &c->dev->table->lines[i];
    const struct prt_line *was = &c->old->table->lines[k];
    uint64_t *to = prt_cells(c->dev, now->state);
    const uint64_t *from = prt_cells(c->old, was->state);
    uint64_t mask = prt_mask(now->count);

    if (now->dir != was->dir) {
        tell(c, PRT_CARRY_RESET, now->name);
        return;
    }
    if (now->dir == PRT_LINE_IN || now->prog == PRT_NONE) {
        to[LINE_LEVEL] = from[LINE_LEVEL] & mask;
    }
    if (now->first == was->first) {
        to[LINE_SENT] = from[LINE_SENT] & mask;
    }
}

/* Is the old line's element still the one of that number? */
static bool line_stays(const struct carry *c, const struct prt_line *was,
                       unsigned bit)
{
    const struct prt_table *t = c->dev->table;
    uint32_t i;

    for (i = 0; i < t->nlines; i++) {
        const struct prt_line *now = &t->lines[i];

        if (now->dir == PRT_LINE_OUT && now->first == was->first &&
            same_string(prt_string(t, now->name),
                        prt_string(c->old->table, was->name))) {
            return bit < now->count;
        }
    }
    return false;
}

/* Outputs that are gone, or have another number now, do not stay high. */
static void lower_lost(const struct carry *c)
{
    const struct prt_host_ops *host = c->dev->host;
    const struct prt_table *o = c->old->table;
    uint32_t i;
    unsigned bit;

    for (i = 0; host && host->line && i < o->nlines; i++) {
        const struct prt_line *was = &o->lines[i];
        uint64_t sent = prt_cells(c->old, was->state)[LINE_SENT];

        for (bit = 0; was->dir == PRT_LINE_OUT && bit < was->count; bit++) {
            if (sent >> bit & 1 && !line_stays(c, was, bit)) {
                host->line(c->dev->opaque, was->first + bit, 0);
            }
        }
    }
}

static void carry_lock(const struct carry *c, uint32_t i, uint32_t k)
{
    const struct prt_lock *now = &c->dev->table->locks[i];
    const struct prt_lock *was = &c->old->table->locks[k];
    uint64_t *to = prt_cells(c->dev, now->state);
    const uint64_t *from = prt_cells(c->old, was->state);

    to[LOCK_LOCKED] = from[LOCK_LOCKED];
    to[LOCK_DEAD] = from[LOCK_DEAD];
    if (now->key_count == was->key_count) {
        to[LOCK_PROGRESS] = from[LOCK_PROGRESS];
    }
}

/* The counter and its phase; settings follow from the new expressions. */
static void carry_timer(const struct carry *c, uint32_t i, uint32_t k)
{
    const struct prt_timer *now = &c->dev->table->timers[i];
    const struct prt_timer *was = &c->old->table->timers[k];
    uint64_t *to = prt_cells(c->dev, now->state);
    const uint64_t *from = prt_cells(c->old, was->state);

    memcpy(to, from, 8 * TIMER_MATCH);
    if (now->match_count == was->match_count) {
        memcpy(to + TIMER_MATCH, from + TIMER_MATCH, 8 * now->match_count);
    }
}

/* Slots of `after` and `copy`: as many as both have. */
static void carry_slots(const struct carry *c, uint32_t to, uint32_t from,
                        uint32_t count, uint32_t old_count, uint32_t bytes)
{
    memcpy(c->dev->state + to, c->old->state + from,
           (size_t)(count < old_count ? count : old_count) * bytes);
}

static void carry_mem(const struct carry *c, uint32_t i, uint32_t k)
{
    const struct prt_mem *now = &c->dev->table->mems[i];
    const struct prt_mem *was = &c->old->table->mems[k];

    if (was->size > now->size) {
        tell(c, PRT_CARRY_NARROWED, now->name);
    }
    memcpy(c->dev->state + now->state, c->old->state + was->state,
           was->size < now->size ? was->size : now->size);
}

static void carry_one(const struct carry *c, unsigned kind, uint32_t i,
                      uint32_t k)
{
    const struct prt_table *t = c->dev->table, *o = c->old->table;

    switch (kind) {
    case PRT_KIND_FIFO:
        carry_fifo(c, i, k);
        break;
    case PRT_KIND_LINE:
        carry_line(c, i, k);
        break;
    case PRT_KIND_LOCK:
        carry_lock(c, i, k);
        break;
    case PRT_KIND_TIMER:
        carry_timer(c, i, k);
        break;
    case PRT_KIND_AFTER:
        if (t->afters[i].flags == o->afters[k].flags) {
            carry_slots(c, t->afters[i].state, o->afters[k].state,
                        t->afters[i].count, o->afters[k].count,
                        PRT_STATE_AFTER);
        }
        break;
    case PRT_KIND_COPY:
        carry_slots(c, t->copies[i].state, o->copies[k].state,
                    t->copies[i].count, o->copies[k].count, PRT_STATE_COPY);
        break;
    default:
        carry_mem(c, i, k);
        break;
    }
}

static void carry_kind(const struct carry *c, unsigned kind)
{
    uint32_t count = prt_kind_count(c->dev->table, kind);
    uint32_t i, k;

    for (i = 0; i < count; i++) {
        k = counterpart(c, kind, i);
        if (k != PRT_NONE) {
            carry_one(c, kind, i, k);
        }
    }
}

static void carry_store(const struct carry *c)
{
    const struct prt_dev_header *now = c->dev->table->head;
    const struct prt_dev_header *was = c->old->table->head;

    if (now->unmapped == PRT_UNMAPPED_STORE &&
        was->unmapped == PRT_UNMAPPED_STORE) {
        memcpy(c->dev->state + now->store_state,
               c->old->state + was->store_state,
               now->mmio_size < was->mmio_size ? now->mmio_size :
               was->mmio_size);
    }
}

void prt_carry(struct prt_dev *dev, const struct prt_dev *old,
               prt_carry_fn *report, void *opaque)
{
    struct carry c = { dev, old, report, opaque };

    prt_enter(dev, true);
    prt_reset_quiet(dev);
    carry_regs(&c);
    carry_vars(&c);
    carry_kind(&c, PRT_KIND_FIFO);
    carry_kind(&c, PRT_KIND_LINE);
    carry_kind(&c, PRT_KIND_LOCK);
    carry_kind(&c, PRT_KIND_TIMER);
    carry_kind(&c, PRT_KIND_AFTER);
    carry_kind(&c, PRT_KIND_COPY);
    carry_kind(&c, PRT_KIND_MEM);
    carry_store(&c);
    lower_lost(&c);
    prt_state_changed(dev);
    prt_values_rebase(dev);
    prt_timers_plan(dev);
    prt_settle(dev);
    prt_leave(dev);
}
