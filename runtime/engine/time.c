/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: `after`s, timers, copies, and the one alarm for the earliest of all
 * deadlines.  A timer holds what its expressions gave when they last settled;
 * its counter is computed from the time since then, and the remainder of the
 * division is kept, so that a change of settings loses no phase.
 */
#include "runtime/engine/priv.h"

uint64_t prt_time(struct prt_dev *dev)
{
    if (!dev->now_known) {
        dev->now = dev->host && dev->host->now ?
                   dev->host->now(dev->opaque) : 0;
        dev->now_known = true;
    }
    return dev->now;
}

/* --------------------------------------------------- 128-bit arithmetic */

struct wide {
    uint64_t hi, lo;
};

static struct wide wide_mul_add(uint64_t a, uint64_t b, uint64_t add)
{
    uint64_t al = (uint32_t)a, ah = a >> 32;
    uint64_t bl = (uint32_t)b, bh = b >> 32;
    uint64_t low = al * bl;
    uint64_t mid = ah * bl + (low >> 32);
    uint64_t mid2 = al * bh + (uint32_t)mid;
    struct wide w;

    w.hi = ah * bh + (mid >> 32) + (mid2 >> 32);
    w.lo = (mid2 << 32) | (uint32_t)low;
    w.lo += add;
    w.hi += w.lo < add;
    return w;
}

/* Quotient of w / d, all ones when it takes more than 64 bits. */
static uint64_t wide_div(struct wide w, uint64_t d, uint64_t *rest)
{
    uint64_t quotient = 0, rem = w.hi;
    int i;

    if (w.hi == 0) {
        *rest = w.lo % d;
        return w.lo / d;
    }
    if (w.hi >= d) {
        *rest = 0;
        return UINT64_MAX;
    }
    for (i = 63; i >= 0; i--) {
        bool carry = rem >> 63;

        rem = (rem << 1) | (w.lo >> i & 1);
        if (carry || rem >= d) {
            rem -= d;
            quotient |= UINT64_C(1) << i;
        }
    }
    *rest = rem;
    return quotient;
}

uint64_t prt_ticks(uint64_t ns, uint64_t hz)
{
    uint64_t rest;

    return wide_div(wide_mul_add(ns, hz, 0), PRT_NS, &rest);
}

static uint64_t add_sat(uint64_t a, uint64_t b)
{
    return b >= PRT_NEVER - a ? PRT_NEVER - 1 : a + b;
}

/* ---------------------------------------------------------------- timers */

/* Nanoseconds times this is one tick's worth of `frac` times Hz. */
static uint64_t tick_units(const uint64_t *cells)
{
    uint64_t divide = cells[TIMER_DIVIDE];

    divide = divide == 0 ? 1 : divide > UINT32_MAX ? UINT32_MAX : divide;
    return PRT_NS * divide;
}

static bool running(const uint64_t *cells)
{
    return (cells[TIMER_FLAGS] & (TIMER_RUN | TIMER_STOPPED)) == TIMER_RUN &&
           cells[TIMER_HZ] != 0;
}

/* Ticks since the timer was last folded; *frac: what is left over. */
static uint64_t elapsed(const uint64_t *cells, uint64_t now, uint64_t *frac)
{
    uint64_t ns = now > cells[TIMER_BASE] ? now - cells[TIMER_BASE] : 0;
    uint64_t hz = cells[TIMER_HZ] < PRT_MAX_HZ ? cells[TIMER_HZ] : PRT_MAX_HZ;

    *frac = cells[TIMER_FRAC];
    if (!running(cells)) {
        return 0;
    }
    return wide_div(wide_mul_add(ns, hz, cells[TIMER_FRAC]),
                    tick_units(cells), frac);
}

/* Ticks until the counter next expires (>= 1). */
static uint64_t until_expiry(const struct prt_timer *t, const uint64_t *cells)
{
    uint64_t count = cells[TIMER_COUNT], reload = cells[TIMER_RELOAD];

    if (t->flags & PRT_TIMER_DOWN) {
        return count ? count : add_sat(reload, 1);
    }
    if (count > reload) {
        return add_sat(cells[TIMER_MASK] - count, 1);
    }
    return add_sat(reload - count, 1);
}

/*
 * Advance the counter by `ticks`; returns the number of expiries.  Up counts
 * 0..reload and expires on reaching 0 again, down counts reload..0 and
 * expires on reaching 0.  A counter beyond `reload` runs through its mask.
 */
static uint64_t advance(const struct prt_timer *t, uint64_t *cells,
                        uint64_t ticks)
{
    uint64_t first = until_expiry(t, cells);
    uint64_t period = add_sat(cells[TIMER_RELOAD], 1);
    uint64_t more;

    if (ticks < first) {
        cells[TIMER_COUNT] = t->flags & PRT_TIMER_DOWN ?
            (cells[TIMER_COUNT] ? cells[TIMER_COUNT] - ticks :
             ticks ? cells[TIMER_RELOAD] - (ticks - 1) : 0) :
            cells[TIMER_COUNT] + ticks;
        return 0;
    }
    cells[TIMER_COUNT] = 0;
    if (cells[TIMER_FLAGS] & TIMER_ONCE) {
        cells[TIMER_FLAGS] |= TIMER_STOPPED;
        return 1;
    }
    more = (ticks - first) % period;
    if (t->flags & PRT_TIMER_DOWN) {
        cells[TIMER_COUNT] = more ? cells[TIMER_RELOAD] - (more - 1) : 0;
    } else {
        cells[TIMER_COUNT] = more;
    }
    return 1 + (ticks - first) / period;
}

/* Would `ticks` from here bring the counter onto `value`? */
static uint64_t until_match(const struct prt_timer *t, const uint64_t *cells,
                            uint64_t value)
{
    uint64_t count = cells[TIMER_COUNT], reload = cells[TIMER_RELOAD];
    uint64_t first = until_expiry(t, cells);

    if (t->flags & PRT_TIMER_DOWN) {
        if (value < count) {
            return count - value;
        }
        return value > reload ? PRT_NEVER : value == 0 ? first :
               add_sat(count, reload - value + 1);
    }
    if (value > count && (value <= reload || count > reload)) {
        return value <= cells[TIMER_MASK] ? value - count : PRT_NEVER;
    }
    return value > reload ? PRT_NEVER : add_sat(first, value);
}

uint64_t prt_timer_count(struct prt_dev *dev, uint32_t timer)
{
    const struct prt_timer *t = &dev->table->timers[timer];
    uint64_t copy[TIMER_MATCH];
    uint64_t frac;

    memcpy(copy, prt_cells(dev, t->state), sizeof(copy));
    advance(t, copy, elapsed(copy, prt_time(dev), &frac));
    return copy[TIMER_COUNT];
}

/* Next time a rule of the timer has to run. */
static void plan(struct prt_dev *dev, uint32_t timer)
{
    const struct prt_timer *t = &dev->table->timers[timer];
    uint64_t *cells = prt_cells(dev, t->state);
    uint64_t ticks, ns, rest;
    struct wide w;
    uint32_t k;

    dev->time_dirty = true;
    cells[TIMER_DEADLINE] = PRT_NEVER;
    if (!running(cells) || !t->rule_count) {
        return;
    }
    ticks = until_expiry(t, cells);
    for (k = 0; k < t->match_count; k++) {
        uint64_t match = until_match(t, cells, cells[TIMER_MATCH + k]);

        ticks = match < ticks ? match : ticks;
    }
    w = wide_mul_add(ticks, tick_units(cells), 0);
    w.hi -= w.lo < cells[TIMER_FRAC];
    w.lo -= cells[TIMER_FRAC];
    ns = wide_div(w, cells[TIMER_HZ], &rest);
    ns = add_sat(ns, rest != 0);
    cells[TIMER_DEADLINE] = add_sat(cells[TIMER_BASE],
                                    ns < PRT_MIN_DELAY ? PRT_MIN_DELAY : ns);
}

void prt_timers_plan(struct prt_dev *dev)
{
    uint32_t i;

    for (i = 0; i < dev->table->ntimers; i++) {
        plan(dev, i);
    }
}

/*
 * Bring the counter up to now and run what it passed.  Missed periods make
 * one `expire` whose value is their number.
 */
static void fold(struct prt_dev *dev, uint32_t timer)
{
    const struct prt_timer *t = &dev->table->timers[timer];
    uint64_t *cells = prt_cells(dev, t->state);
    uint64_t now = prt_time(dev), frac, ticks, expiries;
    uint32_t k, hits = 0;

    ticks = elapsed(cells, now, &frac);
    if (cells[TIMER_FLAGS] & TIMER_ONCE && ticks > until_expiry(t, cells)) {
        ticks = until_expiry(t, cells);
    }
    for (k = 0; ticks && k < t->match_count; k++) {
        if (until_match(t, cells, cells[TIMER_MATCH + k]) <= ticks) {
            hits |= 1u << k;
        }
    }
    expiries = ticks ? advance(t, cells, ticks) : 0;
    cells[TIMER_BASE] = now;
    cells[TIMER_FRAC] = frac;
    if (ticks) {
        prt_touch(dev, PRT_KIND_TIMER, timer);
    }
    for (k = 0; hits >> k; k++) {
        if (hits >> k & 1) {
            prt_fire_subject(dev, t->rule_first, t->rule_count, PRT_EV_MATCH,
                             k, 1);
        }
    }
    if (expiries) {
        prt_fire(dev, t->rule_first, t->rule_count, PRT_EV_EXPIRE, expiries);
    }
}

static uint64_t setting(struct prt_dev *dev, const struct prt_timer *t,
                        uint32_t prog, uint64_t otherwise)
{
    return prog == PRT_NONE ? otherwise : prt_run_at(dev, prog, t->index);
}

/* The settings as they are now, in the order of the cells. */
static void settings(struct prt_dev *dev, const struct prt_timer *t,
                     uint64_t *set)
{
    uint64_t bits = setting(dev, t, t->bits, 32);
    uint32_t k;

    set[TIMER_HZ] = setting(dev, t, t->clock, 0);
    if (set[TIMER_HZ] > PRT_MAX_HZ) {
        set[TIMER_HZ] = PRT_MAX_HZ;
    }
    set[TIMER_DIVIDE] = setting(dev, t, t->divide, 1);
    set[TIMER_MASK] = prt_mask(bits == 0 ? 32 : bits > 64 ? 64 : bits);
    set[TIMER_RELOAD] = setting(dev, t, t->reload, UINT64_MAX) &
                        set[TIMER_MASK];
    set[TIMER_FLAGS] = (setting(dev, t, t->run, 1) ? TIMER_RUN : 0) |
                       (setting(dev, t, t->once, 0) ? TIMER_ONCE : 0);
    for (k = 0; k < t->match_count; k++) {
        set[TIMER_MATCH + k] = prt_run_at(dev, t->match_first + k, t->index) &
                               set[TIMER_MASK];
    }
}

static bool same_settings(const struct prt_timer *t, const uint64_t *a,
                          const uint64_t *b)
{
    return a[TIMER_HZ] == b[TIMER_HZ] &&
           a[TIMER_DIVIDE] == b[TIMER_DIVIDE] &&
           a[TIMER_RELOAD] == b[TIMER_RELOAD] &&
           a[TIMER_MASK] == b[TIMER_MASK] &&
           ((a[TIMER_FLAGS] ^ b[TIMER_FLAGS]) &
            (TIMER_RUN | TIMER_ONCE)) == 0 &&
           memcmp(a + TIMER_MATCH, b + TIMER_MATCH, 8 * t->match_count) == 0;
}

void prt_timer_latch(struct prt_dev *dev, uint32_t timer)
{
    const struct prt_timer *t = &dev->table->timers[timer];
    uint64_t *cells = prt_cells(dev, t->state);
    uint64_t set[TIMER_MATCH + 16] = { 0 };
    uint64_t stopped;

    settings(dev, t, set);
    if (same_settings(t, cells, set)) {
        return;
    }
    fold(dev, timer);
    stopped = cells[TIMER_FLAGS] & TIMER_STOPPED;
    if (!(cells[TIMER_FLAGS] & TIMER_RUN)) {
        stopped = 0;            /* a rising `run` starts it again */
    }
    if (cells[TIMER_DIVIDE] != set[TIMER_DIVIDE]) {
        cells[TIMER_FRAC] %= PRT_NS;
    }
    cells[TIMER_HZ] = set[TIMER_HZ];
    cells[TIMER_DIVIDE] = set[TIMER_DIVIDE];
    cells[TIMER_RELOAD] = set[TIMER_RELOAD];
    cells[TIMER_MASK] = set[TIMER_MASK];
    cells[TIMER_FLAGS] = set[TIMER_FLAGS] | stopped;
    cells[TIMER_COUNT] &= set[TIMER_MASK];
    memcpy(cells + TIMER_MATCH, set + TIMER_MATCH, 8 * t->match_count);
    plan(dev, timer);
}

void prt_timer_restart(struct prt_dev *dev, uint32_t timer, uint64_t value)
{
    uint64_t *cells = prt_cells(dev, dev->table->timers[timer].state);

    cells[TIMER_BASE] = prt_time(dev);
    cells[TIMER_COUNT] = value & cells[TIMER_MASK];
    cells[TIMER_FRAC] = 0;
    cells[TIMER_FLAGS] &= ~(uint64_t)TIMER_STOPPED;
    plan(dev, timer);
    prt_touch(dev, PRT_KIND_TIMER, timer);
}

void prt_timer_start(struct prt_dev *dev, uint32_t timer)
{
    const struct prt_timer *t = &dev->table->timers[timer];
    uint64_t *cells = prt_cells(dev, t->state);
    uint64_t set[TIMER_MATCH + 16] = { 0 };
    uint64_t value;

    settings(dev, t, set);
    memcpy(cells, set, 8 * (TIMER_MATCH + t->match_count));
    value = t->flags & PRT_TIMER_DOWN ? cells[TIMER_RELOAD] : 0;
    prt_timer_restart(dev, timer, setting(dev, t, t->start, value));
}

/* ---------------------------------------------------------------- afters */

static uint64_t *slot(const struct prt_dev *dev, const struct prt_after *a,
                      uint64_t elem)
{
    return prt_cells(dev, a->state) + 2 * elem;
}

void prt_after_arm(struct prt_dev *dev, uint32_t after, uint64_t elem,
                   uint64_t amount)
{
    const struct prt_after *a = &dev->table->afters[after];
    uint64_t *cells;

    if (elem >= a->count) {
        return;
    }
    cells = slot(dev, a, elem);
    if (a->flags & PRT_AFTER_READS) {
        dev->reads_armed += !cells[AFTER_ARMED];
        cells[AFTER_WHEN] = amount;
        /* The read that arms it does not count. */
        cells[AFTER_ARMED] = dev->in_read ? 2 : 1;
        dev->due |= amount == 0;
    } else {
        if (dev->in_due && amount < PRT_MIN_DELAY) {
            amount = PRT_MIN_DELAY;
        }
        cells[AFTER_WHEN] = add_sat(prt_time(dev), amount);
        cells[AFTER_ARMED] = 1;
        dev->due |= amount == 0;
        dev->time_dirty = true;
    }
}

void prt_after_cancel(struct prt_dev *dev, uint32_t after)
{
    const struct prt_after *a = &dev->table->afters[after];
    uint32_t k;

    for (k = 0; k < a->count; k++) {
        uint64_t *cells = slot(dev, a, k);

        if (cells[AFTER_ARMED] && a->flags & PRT_AFTER_READS) {
            dev->reads_armed--;
        }
        cells[AFTER_ARMED] = 0;
    }
    dev->time_dirty = true;
}

void prt_after_recount(struct prt_dev *dev)
{
    uint32_t i, k;

    dev->reads_armed = 0;
    for (i = 0; i < dev->table->nafters; i++) {
        const struct prt_after *a = &dev->table->afters[i];

        for (k = 0; a->flags & PRT_AFTER_READS && k < a->count; k++) {
            dev->reads_armed += slot(dev, a, k)[AFTER_ARMED] != 0;
        }
    }
}

void prt_after_reads(struct prt_dev *dev)
{
    uint32_t i, k;

    for (i = 0; i < dev->table->nafters; i++) {
        const struct prt_after *a = &dev->table->afters[i];

        for (k = 0; a->flags & PRT_AFTER_READS && k < a->count; k++) {
            uint64_t *cells = slot(dev, a, k);

            if (cells[AFTER_ARMED] == 2) {
                cells[AFTER_ARMED] = 1;
            } else if (cells[AFTER_ARMED] && cells[AFTER_WHEN]) {
                cells[AFTER_WHEN]--;
                dev->due |= cells[AFTER_WHEN] == 0;
            }
        }
    }
}

static bool run_afters(struct prt_dev *dev)
{
    uint64_t now;
    bool any = false;
    uint32_t i, k;

    for (i = 0; i < dev->table->nafters; i++) {
        const struct prt_after *a = &dev->table->afters[i];
        bool reads = a->flags & PRT_AFTER_READS;

        now = reads ? 0 : prt_time(dev);
        for (k = 0; k < a->count; k++) {
            uint64_t *cells = slot(dev, a, k);

            if (!cells[AFTER_ARMED] || cells[AFTER_WHEN] > now) {
                continue;
            }
            cells[AFTER_ARMED] = 0;
            dev->reads_armed -= reads;
            prt_run_at(dev, a->body, a->index0 + k);
            any = true;
        }
    }
    return any;
}

/* ---------------------------------------------------------------- copies */

static uint64_t *copy_cells(const struct prt_dev *dev,
                            const struct prt_copy *p, uint64_t elem)
{
    return prt_cells(dev, p->state) + PRT_STATE_COPY / 8 * elem;
}

static uint64_t copy_param(struct prt_dev *dev, const struct prt_copy *p,
                           unsigned which, uint64_t elem, uint64_t otherwise)
{
    uint32_t prog = p->param[which];

    return prog == PRT_NONE ? otherwise :
           prt_run_at(dev, prog, p->index0 + (uint32_t)elem);
}

void prt_copy_start(struct prt_dev *dev, uint32_t copy, uint64_t elem)
{
    const struct prt_copy *p = &dev->table->copies[copy];
    uint64_t *cells, unit, skip;

    if (elem >= p->count) {
        return;
    }
    cells = copy_cells(dev, p, elem);
    unit = copy_param(dev, p, PRT_COPY_UNIT, elem, 1);
    if (unit != 2 && unit != 4 && unit != 8) {
        unit = 1;
    }
    skip = copy_param(dev, p, PRT_COPY_SKIP, elem, 0);
    cells[COPY_SIZE] = unit;
    cells[COPY_SRC_STEP] =
        copy_param(dev, p, PRT_COPY_FROM_STEP, elem, 1) * unit;
    cells[COPY_DST_STEP] =
        copy_param(dev, p, PRT_COPY_TO_STEP, elem, 1) * unit;
    cells[COPY_SRC] = copy_param(dev, p, PRT_COPY_FROM, elem, 0) +
                      skip * cells[COPY_SRC_STEP];
    cells[COPY_DST] = copy_param(dev, p, PRT_COPY_TO, elem, 0) +
                      skip * cells[COPY_DST_STEP];
    cells[COPY_LEFT] = copy_param(dev, p, PRT_COPY_LEN, elem, 0);
    cells[COPY_ACTIVE] = 1;
    dev->copies_active = true;
    dev->time_dirty = true;
}

void prt_copy_cancel(struct prt_dev *dev, uint32_t copy)
{
    const struct prt_copy *p = &dev->table->copies[copy];
    uint32_t k;

    for (k = 0; k < p->count; k++) {
        copy_cells(dev, p, k)[COPY_ACTIVE] = 0;
    }
}

static bool copy_unit(struct prt_dev *dev, uint64_t *cells)
{
    const struct prt_host_ops *host = dev->host;
    unsigned size = (unsigned)cells[COPY_SIZE];
    uint64_t value = 0;

    if (!host || !host->bus_read || !host->bus_write ||
        !host->bus_read(dev->opaque, cells[COPY_SRC], size, &value) ||
        !host->bus_write(dev->opaque, cells[COPY_DST], size, value)) {
        return false;
    }
    cells[COPY_SRC] += cells[COPY_SRC_STEP];
    cells[COPY_DST] += cells[COPY_DST_STEP];
    cells[COPY_LEFT]--;
    return true;
}

/* Move up to *budget units of one transfer; then run its block. */
static void run_copy(struct prt_dev *dev, const struct prt_copy *p,
                     uint32_t elem, uint32_t *budget)
{
    uint64_t *cells = copy_cells(dev, p, elem);
    uint32_t prog = p->done;
    bool fault = false;

    while (cells[COPY_LEFT] && *budget) {
        --*budget;
        if (!copy_unit(dev, cells)) {
            prog = p->fault;
            fault = true;
            cells[COPY_LEFT] = 0;
        }
    }
    if (cells[COPY_LEFT]) {
        return;
    }
    cells[COPY_ACTIVE] = 0;
    if (prog != PRT_NONE) {
        prt_run_at(dev, prog, p->index0 + elem);
    }
    if (fault) {
        prt_fire_subject(dev, dev->table->head->rule_first,
                         dev->table->head->rule_count, PRT_EV_FAULT,
                         (uint32_t)(p - dev->table->copies), elem);
    }
}

/* Only from prt_tick(): the guest's access is over. */
static void run_copies(struct prt_dev *dev)
{
    uint32_t budget = PRT_COPY_CHUNK;
    uint32_t i, k;

    dev->copies_active = false;
    for (i = 0; i < dev->table->ncopies; i++) {
        const struct prt_copy *p = &dev->table->copies[i];

        for (k = 0; k < p->count; k++) {
            if (copy_cells(dev, p, k)[COPY_ACTIVE]) {
                run_copy(dev, p, k, &budget);
                dev->copies_active |= copy_cells(dev, p, k)[COPY_ACTIVE] != 0;
            }
        }
    }
    dev->time_dirty = true;
}

/* ----------------------------------------------------------------- alarm */

uint64_t prt_deadline(struct prt_dev *dev)
{
    const struct prt_table *t = dev->table;
    uint64_t first = PRT_NEVER, when;
    uint32_t i, k;

    for (i = 0; i < t->ntimers; i++) {
        when = prt_cells(dev, t->timers[i].state)[TIMER_DEADLINE];
        first = when < first ? when : first;
    }
    for (i = 0; i < t->nafters; i++) {
        const struct prt_after *a = &t->afters[i];

        for (k = 0; !(a->flags & PRT_AFTER_READS) && k < a->count; k++) {
            uint64_t *cells = slot(dev, a, k);

            if (cells[AFTER_ARMED] && cells[AFTER_WHEN] < first) {
                first = cells[AFTER_WHEN];
            }
        }
    }
    for (i = 0; i < t->nfifos; i++) {
        const uint64_t *cells = prt_cells(dev, t->fifos[i].state);

        if (t->fifos[i].end == PRT_END_TO && t->fifos[i].at != PRT_NONE &&
            cells[FIFO_LEVEL] && cells[FIFO_DEADLINE] < first) {
            first = cells[FIFO_DEADLINE];
        }
    }
    if (dev->copies_active && first > 0) {
        when = prt_time(dev) + PRT_MIN_DELAY;
        first = when < first ? when : first;
    }
    return first;
}

void prt_alarm(struct prt_dev *dev)
{
    uint64_t when;

    if (!dev->time_dirty) {
        return;
    }
    dev->time_dirty = false;
    when = prt_deadline(dev);
    if (when != dev->alarm || dev->alarm_stale) {
        dev->alarm = when;
        dev->alarm_stale = false;
        if (dev->host && dev->host->alarm) {
            dev->host->alarm(dev->opaque, when);
        }
    }
}

/* Timers whose deadline has come, then `after`s. */
bool prt_due(struct prt_dev *dev)
{
    const struct prt_table *t = dev->table;
    bool any = false;
    uint32_t i;

    dev->due = false;
    dev->in_due = true;
    for (i = 0; i < t->ntimers; i++) {
        if (prt_cells(dev, t->timers[i].state)[TIMER_DEADLINE] <=
            prt_time(dev)) {
            fold(dev, i);
            plan(dev, i);
            any = true;
        }
    }
    any |= run_afters(dev);
    dev->in_due = false;
    return any;
}

void prt_tick(struct prt_dev *dev)
{
    prt_enter(dev, true);
    dev->alarm_stale = true;    /* the host's alarm is spent */
    dev->time_dirty = true;
    dev->out_dirty = true;
    prt_due(dev);
    if (dev->copies_active) {
        run_copies(dev);
    }
    prt_settle(dev);
    prt_leave(dev);
}
