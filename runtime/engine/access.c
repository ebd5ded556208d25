/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest accesses: byte lanes, bit policies, views, rules.  Only when no byte
 * asks or aborts do the pieces take effect, in ascending order.
 */
#include "runtime/engine/decode.h"

/* ----------------------------------------------------------------- lanes */

static uint64_t swap(uint64_t value, unsigned bytes)
{
    uint64_t out = 0;
    unsigned i;

    for (i = 0; i < bytes; i++) {
        out = (out << 8) | (value >> 8 * i & 0xff);
    }
    return out;
}

static bool is_big(const struct prt_dev *dev)
{
    return dev->table->head->endian == PRT_ENDIAN_BIG;
}

/* Lanes of the register that the piece covers. */
static uint64_t piece_lanes(const struct prt_dev *dev, const struct piece *p)
{
    unsigned bytes = dev->table->regs[p->index].bytes;
    uint64_t lanes = prt_mask(8 * p->len) << 8 * p->from;

    return is_big(dev) ? swap(lanes, bytes) : lanes;
}

/* Value of the access seen as one of the register, on those lanes. */
static uint64_t to_reg(const struct prt_dev *dev, const struct piece *p,
                       uint64_t value)
{
    unsigned bytes = dev->table->regs[p->index].bytes;

    value = (prt_shr(value, 8 * p->at) & prt_mask(8 * p->len)) <<
            8 * p->from;
    return is_big(dev) ? swap(value, bytes) : value;
}

static uint64_t from_reg(const struct prt_dev *dev, const struct piece *p,
                         uint64_t value)
{
    unsigned bytes = dev->table->regs[p->index].bytes;

    value = is_big(dev) ? swap(value, bytes) : value;
    return (value >> 8 * p->from & prt_mask(8 * p->len)) << 8 * p->at;
}

/* --------------------------------------------------------------- reading */

static uint64_t through(const struct prt_reg *r, uint64_t value)
{
    return (~value & r->v0) | (value & r->v1);
}

static uint64_t shown(struct prt_dev *dev, uint32_t reg)
{
    const struct prt_reg *r = &dev->table->regs[reg];

    return through(r, prt_reg_value(dev, reg, prt_mask(r->bits)));
}

static void report_unimpl(struct prt_dev *dev, const struct prt_reg *r,
                          uint64_t lanes)
{
    if (r->unimpl & lanes) {
        prt_log(dev, PRT_LOG_UNIMPL, prt_string(dev->table, r->name),
                r->offset);
    }
}

static uint64_t rule_bits(const struct prt_rule *rule)
{
    return (rule->width ? prt_mask(rule->width) : UINT64_MAX) << rule->lo;
}

/* Rules on read or write about bits that the access touched. */
static void access_rules(struct prt_dev *dev, const struct prt_reg *r,
                         unsigned event, uint64_t value, uint64_t old,
                         uint64_t lanes)
{
    uint32_t i;

    for (i = r->rule_first; i < r->rule_first + r->rule_count; i++) {
        const struct prt_rule *rule = &dev->table->rules[i];
        uint64_t bits = rule_bits(rule);

        if (rule->event == event && (bits & lanes)) {
            prt_run_rule(dev, rule, (value & bits) >> rule->lo,
                         (old & bits) >> rule->lo,
                         (lanes & bits) >> rule->lo);
        }
    }
}

static void after_read(struct prt_dev *dev, uint32_t reg, uint64_t value,
                       uint64_t lanes)
{
    const struct prt_reg *r = &dev->table->regs[reg];
    uint64_t old = prt_content(dev, r);
    uint32_t i;

    prt_reg_store(dev, reg, (~old & r->r0) | (old & r->r1), lanes);
    for (i = r->view_first; i < r->view_first + r->view_count; i++) {
        const struct prt_view *v = &dev->table->views[i];

        if (v->verb == PRT_VERB_POPS &&
            (prt_mask(v->width) << v->lo & lanes) &&
            prt_holds(dev, v->cond, v->index)) {
            prt_fifo_pop(dev, v->target);
        }
    }
    report_unimpl(dev, r, lanes);
    if (r->rule_count) {
        access_rules(dev, r, PRT_EV_READ, value, value, lanes);
    }
}

static uint64_t read_reg(struct prt_dev *dev, const struct piece *p,
                         bool effects)
{
    uint64_t value = shown(dev, p->index);

    if (effects && p->verb == PRT_VERB_MIRRORS) {
        after_read(dev, p->index, value, piece_lanes(dev, p));
    }
    return from_reg(dev, p, value);
}

static uint64_t read_mem(const struct prt_dev *dev, const struct piece *p)
{
    const struct prt_mem *m = &dev->table->mems[p->index];
    uint64_t value = 0;

    if (!(m->flags & PRT_MEM_WO)) {
        memcpy(&value, dev->state + m->state + p->from, p->len);
    }
    return value << 8 * p->at;
}

static void report_unmapped(struct prt_dev *dev, uint32_t offset)
{
    if (dev->busy && !dev->unmapped_logged) {
        dev->unmapped_logged = true;
        prt_log(dev, PRT_LOG_UNMAPPED, prt_string(dev->table,
                dev->table->head->name), offset);
    }
}

/* Is the byte range inside the store of `unmapped: store`? */
static bool in_store(const struct prt_dev *dev, const struct piece *p)
{
    uint32_t size = dev->table->head->mmio_size;

    return dev->table->head->unmapped == PRT_UNMAPPED_STORE &&
           p->from < size && p->len <= size - p->from;
}

static uint64_t read_unmapped(struct prt_dev *dev, const struct piece *p)
{
    uint64_t value = 0;

    if (in_store(dev, p)) {
        memcpy(&value, dev->state + dev->table->head->store_state + p->from,
               p->len);
    } else if (p->kind == PIECE_UNMAPPED) {
        report_unmapped(dev, p->from);
        if (dev->table->head->unmapped == PRT_UNMAPPED_ONES) {
            value = prt_mask(8 * p->len);
        }
    }
    return value << 8 * p->at;
}

static uint64_t read_pieces(struct prt_dev *dev, const struct access *acc,
                            bool effects)
{
    uint64_t value = 0;
    unsigned i;

    for (i = 0; i < acc->count; i++) {
        const struct piece *p = &acc->pieces[i];

        switch (p->kind) {
        case PIECE_REG:
            value |= read_reg(dev, p, effects);
            break;
        case PIECE_MEM:
            value |= read_mem(dev, p);
            break;
        default:
            value |= read_unmapped(dev, p);
            break;
        }
    }
    return value;
}

/* --------------------------------------------------------------- writing */

/* A write as `needs` and rules see it. */
struct written {
    uint64_t value, old, lanes;
};

/* `needs` of a register, or of a field: what it sees begins at bit 0. */
static bool needs_hold(struct prt_dev *dev, uint32_t prog, uint32_t index,
                       const struct written *w, unsigned lo, uint64_t bits)
{
    struct written was = { dev->value, dev->old, dev->mask };
    bool holds;

    dev->value = (w->value & bits) >> lo;
    dev->old = (w->old & bits) >> lo;
    dev->mask = (w->lanes & bits) >> lo;
    holds = prt_holds(dev, prog, index);
    dev->value = was.value;
    dev->old = was.old;
    dev->mask = was.lanes;
    return holds;
}

/*
 * Bits whose content a write does not reach: views, derived, refused.  Those
 * that `needs` or `when` of a field refuse are in @refused as well: their
 * views do nothing.
 */
static uint64_t closed_bits(struct prt_dev *dev, uint32_t reg,
                            const struct written *w, uint64_t *refused)
{
    const struct prt_reg *r = &dev->table->regs[reg];
    bool guarded = dev->traits[reg] & PRT_TRAIT_GUARDS;
    uint64_t closed = 0, mask;
    uint32_t i;

    for (i = r->field_first;
         guarded && i < r->field_first + r->field_count; i++) {
        const struct prt_field *f = &dev->table->fields[i];

        if (f->kind != PRT_DERIVED && f->needs == PRT_NONE &&
            f->cond == PRT_NONE) {
            continue;
        }
        mask = prt_mask(f->width) << f->lo;
        if ((mask & w->lanes) && (!needs_hold(dev, f->needs, f->index, w,
                                              f->lo, mask) ||
                                  !prt_holds(dev, f->cond, f->index))) {
            *refused |= mask;
        } else if (f->kind == PRT_DERIVED) {
            closed |= mask;
        }
    }
    for (i = r->view_first; i < r->view_first + r->view_count; i++) {
        const struct prt_view *v = &dev->table->views[i];

        closed |= prt_mask(v->width) << v->lo;
    }
    return closed | *refused;
}

/* Next content by the policies, on `lanes`. */
static uint64_t apply_masks(const struct prt_reg *r, uint64_t o, uint64_t v,
                            uint64_t lanes)
{
    uint64_t next = (~o & ~v & r->m00) | (~o & v & r->m01) |
                    (o & ~v & r->m10) | (o & v & r->m11);

    return prt_merge(o, next, lanes);
}

static void view_bits(struct prt_dev *dev, const struct prt_view *v,
                      uint64_t bits, uint64_t lanes)
{
    uint64_t value = bits, mask = lanes;

    switch (v->verb) {
    case PRT_VERB_SETS:
        value = UINT64_MAX;
        mask = bits & lanes;
        break;
    case PRT_VERB_CLEARS:
        value = 0;
        mask = bits & lanes;
        break;
    case PRT_VERB_TOGGLES:
        mask = bits & lanes;
        value = v->target_kind == PRT_KIND_VAR ?
                ~prt_var_value(dev, v->target) >> v->target_lo :
                ~prt_content(dev, &dev->table->regs[v->target]) >>
                v->target_lo;
        break;
    default:
        break;
    }
    if (v->target_kind == PRT_KIND_VAR) {
        prt_var_store(dev, v->target, value << v->target_lo,
                      mask << v->target_lo);
    } else {
        prt_reg_store(dev, v->target, value << v->target_lo,
                      mask << v->target_lo);
    }
}

static void write_view(struct prt_dev *dev, const struct prt_view *v,
                       uint64_t value, uint64_t lanes)
{
    uint64_t mask = prt_mask(v->width);

    value = value >> v->lo & mask;
    lanes = lanes >> v->lo & mask;
    if (!lanes || !prt_holds(dev, v->cond, v->index)) {
        return;
    }
    switch (v->verb) {
    case PRT_VERB_PUSHES:
        prt_fifo_push(dev, v->target, value);
        break;
    case PRT_VERB_POPS:
        break;
    case PRT_VERB_FEEDS:
        prt_lock_feed(dev, v->target, value);
        break;
    case PRT_VERB_RESETS:
        if (value & lanes) {
            prt_reset_domain(dev, v->target);
        }
        break;
    default:
        view_bits(dev, v, value, lanes);
        break;
    }
}

/* Bits that have been written once stay as they are. */
static uint64_t once_bits(struct prt_dev *dev, const struct prt_reg *r,
                          uint64_t lanes)
{
    uint64_t *written, closed;

    if (!r->once) {
        return 0;
    }
    written = prt_cells(dev, r->state) + 1;
    closed = *written & r->once;
    *written |= lanes & r->once;
    return closed;
}

/* The register is written on `lanes`; other lanes of `v` are 0. */
static void write_value(struct prt_dev *dev, uint32_t reg, uint64_t v,
                        uint64_t lanes)
{
    const struct prt_reg *r = &dev->table->regs[reg];
    uint64_t content = prt_content(dev, r);
    struct written w = { 0 };
    uint64_t stored, open, refused = 0;
    uint32_t i;

    lanes &= prt_mask(r->bits);
    if (r->flags & PRT_REG_PLAIN) {
        prt_reg_store(dev, reg, apply_masks(r, content, v, lanes), lanes);
        return;
    }
    stored = r->m01 & r->m11 & ~r->m00 & ~r->m10 & r->v1 & ~r->once;
    w.lanes = lanes;
    w.value = (v & lanes) | (content & stored & ~lanes);
    if (dev->uses_old && (r->needs != PRT_NONE || r->rule_count ||
                          dev->traits[reg] & PRT_TRAIT_GUARDS)) {
        w.old = prt_reg_value(dev, reg, prt_mask(r->bits));
    }
    if (r->needs != PRT_NONE &&
        !needs_hold(dev, r->needs, r->index, &w, 0, UINT64_MAX)) {
        return;
    }
    open = lanes & ~closed_bits(dev, reg, &w, &refused);
    open &= ~once_bits(dev, r, open);
    prt_reg_store(dev, reg, apply_masks(r, content, v, open), open);
    for (i = r->view_first; i < r->view_first + r->view_count; i++) {
        write_view(dev, &dev->table->views[i], v, lanes & ~refused);
    }
    report_unimpl(dev, r, lanes);
    if (r->rule_count) {
        access_rules(dev, r, PRT_EV_WRITE, w.value, w.old, lanes);
    }
}

/* Narrow writes of buses that repeat the value on every lane. */
static uint64_t replicate(uint64_t value, unsigned size, unsigned bytes)
{
    uint64_t out = value & prt_mask(8 * size);

    for (; size < bytes; size *= 2) {
        out |= out << 8 * size;
    }
    return out;
}

static void write_reg(struct prt_dev *dev, const struct access *acc,
                      const struct piece *p, uint64_t value)
{
    const struct prt_reg *r = &dev->table->regs[p->index];
    uint64_t lanes = piece_lanes(dev, p);
    uint64_t v = to_reg(dev, p, value), now;

    if (dev->table->head->narrow == PRT_NARROW_REPLICATE &&
        p->len == acc->size && acc->size < r->bytes &&
        !(acc->size & (acc->size - 1))) {
        v = replicate(is_big(dev) ? swap(value, acc->size) : value,
                      acc->size, r->bytes);
        lanes = prt_mask(8 * r->bytes);
    }
    if (p->verb != PRT_VERB_MIRRORS) {
        now = shown(dev, p->index);
        v = p->verb == PRT_VERB_SETS ? now | v :
            p->verb == PRT_VERB_CLEARS ? now & ~v : now ^ v;
        v &= lanes;
    }
    write_value(dev, p->index, v, lanes);
}

static void write_bytes(const struct piece *p, uint8_t *bytes,
                        uint64_t value)
{
    uint64_t now = 0;

    value = prt_shr(value, 8 * p->at);
    memcpy(&now, bytes, p->len);
    if (p->verb != PRT_VERB_MIRRORS) {
        value = p->verb == PRT_VERB_SETS ? now | value :
                p->verb == PRT_VERB_CLEARS ? now & ~value : now ^ value;
    }
    memcpy(bytes, &value, p->len);
}

static void write_piece(struct prt_dev *dev, const struct access *acc,
                        const struct piece *p, uint64_t value)
{
    const struct prt_table *t = dev->table;

    if (p->kind == PIECE_REG) {
        write_reg(dev, acc, p, value);
    } else if (p->kind == PIECE_MEM) {
        if (!(t->mems[p->index].flags & PRT_MEM_RO)) {
            write_bytes(p, dev->state + t->mems[p->index].state + p->from,
                        value);
            prt_touch(dev, PRT_KIND_MEM, p->index);
        }
    } else if (in_store(dev, p)) {
        write_bytes(p, dev->state + t->head->store_state + p->from, value);
    } else if (p->kind == PIECE_UNMAPPED) {
        report_unmapped(dev, p->from);
    }
}

/* ------------------------------------------------------------------- API */

/* What has run out by now happens before the access sees anything. */
static void catch_up(struct prt_dev *dev)
{
    if (dev->alarm != PRT_NEVER && prt_time(dev) >= dev->alarm) {
        dev->out_dirty = true;
        dev->time_dirty = true;
        prt_due(dev);
        prt_settle(dev);
        dev->epoch++;
    }
}

/* The register that alone answers this access, as a whole; else NULL. */
static inline const struct prt_reg *exact(const struct prt_dev *dev,
                                          uint32_t offset, unsigned size,
                                          unsigned flag)
{
    const struct prt_table *t = dev->table;
    const struct prt_reg *r;
    uint32_t i;

    if (offset >= t->head->mmio_size || !(dev->whole & size)) {
        return NULL;
    }
    i = prt_chain_head(dev, offset);
    if (i == PRT_NONE16) {
        return NULL;
    }
    r = &t->regs[i];
    return r->offset == offset && r->bytes == size && (r->flags & flag) &&
           r->next == PRT_NONE && r->cond == PRT_NONE ? r : NULL;
}

static inline void replace(struct prt_dev *dev, uint64_t *cell,
                           uint64_t content)
{
    if (*cell != content) {
        *cell = content;
        dev->epoch++;
    }
}

static PRT_APART void read_exact(struct prt_dev *dev, uint32_t reg,
                                 uint64_t *value)
{
    const struct prt_reg *r = &dev->table->regs[reg];

    prt_enter(dev, true);
    catch_up(dev);
    *value = shown(dev, reg);
    dev->in_read = true;
    after_read(dev, reg, *value, prt_mask(8 * r->bytes));
    if (dev->reads_armed) {
        prt_after_reads(dev);
    }
    dev->in_read = false;
    prt_settle(dev);
    prt_leave(dev);
}

static PRT_APART int read_parts(struct prt_dev *dev, uint32_t offset,
                                unsigned size, uint64_t *value)
{
    struct access acc;
    int result;

    prt_enter(dev, true);
    catch_up(dev);
    acc.write = false;
    result = prt_split(dev, &acc, offset, size);
    if (result == PRT_OK) {
        dev->in_read = true;
        *value = read_pieces(dev, &acc, true);
        if (dev->reads_armed) {
            prt_after_reads(dev);
        }
        dev->in_read = false;
        prt_settle(dev);
    }
    prt_leave(dev);
    return result;
}

PRT_LINE
int prt_read(struct prt_dev *dev, uint32_t offset, unsigned size,
             uint64_t *value)
{
    const struct prt_reg *r = exact(dev, offset, size, PRT_REG_READS);
    uint64_t *cell;

    *value = 0;
    if (!r) {
        return size >= 1 && size <= 8 ?
               read_parts(dev, offset, size, value) : PRT_E_ARG;
    }
    dev->last_reg = (uint32_t)(r - dev->table->regs);
    if ((r->flags & (PRT_REG_PLAIN | PRT_REG_SETTLES)) == PRT_REG_PLAIN &&
        !dev->reads_armed) {
        cell = prt_cells(dev, r->state);
        *value = through(r, *cell);
        replace(dev, cell, (~*cell & r->r0) | (*cell & r->r1));
    } else {
        read_exact(dev, dev->last_reg, value);
    }
    return PRT_OK;
}

static PRT_APART void write_exact(struct prt_dev *dev, uint32_t reg,
                                  uint64_t value, uint64_t lanes)
{
    prt_enter(dev, true);
    catch_up(dev);
    write_value(dev, reg, value & lanes, lanes);
    prt_settle(dev);
    prt_leave(dev);
}

static PRT_APART int write_parts(struct prt_dev *dev, uint32_t offset,
                                 unsigned size, uint64_t value)
{
    struct access acc;
    unsigned i;
    int result;

    prt_enter(dev, true);
    catch_up(dev);
    acc.write = true;
    result = prt_split(dev, &acc, offset, size);
    for (i = 0; result == PRT_OK && i < acc.count; i++) {
        write_piece(dev, &acc, &acc.pieces[i], value);
    }
    if (result == PRT_OK) {
        prt_settle(dev);
    }
    prt_leave(dev);
    return result;
}

PRT_LINE
int prt_write(struct prt_dev *dev, uint32_t offset, unsigned size,
              uint64_t value)
{
    const struct prt_reg *r = exact(dev, offset, size, PRT_REG_WRITES);
    uint64_t *cell;

    if (!r) {
        return size >= 1 && size <= 8 ?
               write_parts(dev, offset, size, value) : PRT_E_ARG;
    }
    dev->last_reg = (uint32_t)(r - dev->table->regs);
    if ((r->flags & (PRT_REG_PLAIN | PRT_REG_SETTLES)) == PRT_REG_PLAIN) {
        cell = prt_cells(dev, r->state);
        replace(dev, cell, apply_masks(r, *cell, value, prt_mask(r->bits)));
    } else {
        write_exact(dev, dev->last_reg, value, prt_mask(8 * size));
    }
    return PRT_OK;
}

int prt_decode(struct prt_dev *dev, uint32_t offset, unsigned size,
               bool write, uint32_t *reg)
{
    struct access acc;
    uint32_t last = dev->last_reg;
    int result = PRT_E_ARG;

    if (reg) {
        *reg = PRT_NONE;
    }
    if (size >= 1 && size <= 8) {
        prt_enter(dev, false);
        acc.write = write;
        result = prt_split(dev, &acc, offset, size);
        if (reg) {
            *reg = dev->last_reg;
        }
    }
    dev->last_reg = last;
    return result;
}

int prt_peek(struct prt_dev *dev, uint32_t offset, unsigned size,
             uint64_t *value)
{
    struct access acc;
    uint32_t last = dev->last_reg;
    int result = PRT_E_ARG;

    *value = 0;
    if (size >= 1 && size <= 8) {
        prt_enter(dev, false);
        acc.write = false;
        result = prt_split(dev, &acc, offset, size);
        if (result >= 0) {
            *value = read_pieces(dev, &acc, false);
        }
    }
    dev->last_reg = last;
    return result;
}

uint64_t prt_peek_reg(struct prt_dev *dev, uint32_t reg)
{
    if (reg >= dev->table->nregs) {
        return 0;
    }
    prt_enter(dev, false);
    return shown(dev, reg);
}

uint64_t prt_peek_field(struct prt_dev *dev, uint32_t field)
{
    const struct prt_field *f;

    if (field >= dev->table->nfields) {
        return 0;
    }
    f = &dev->table->fields[field];
    return prt_peek_reg(dev, f->reg) >> f->lo & prt_mask(f->width);
}
