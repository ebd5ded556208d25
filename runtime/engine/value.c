/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contents of registers, variables and memories, and the values derived from
 * them.  A derived value is computed at most once between two changes: its
 * memo slot holds {epoch, value}.
 */
#include "runtime/engine/priv.h"

static bool known(const struct prt_dev *dev, uint32_t memo, uint64_t *value)
{
    *value = dev->memo[2 * (size_t)memo + 1];
    return dev->memo[2 * (size_t)memo] == dev->epoch;
}

static uint64_t remember(struct prt_dev *dev, uint32_t memo, uint64_t value)
{
    if (!dev->cut) {
        dev->memo[2 * (size_t)memo] = dev->epoch;
        dev->memo[2 * (size_t)memo + 1] = value;
    }
    return value;
}

static uint64_t derived_field(struct prt_dev *dev, const struct prt_field *f)
{
    uint64_t value;

    if (known(dev, f->memo, &value)) {
        return value;
    }
    value = prt_run_at(dev, f->prog, f->index) & prt_mask(f->width);
    return remember(dev, f->memo, value);
}

uint64_t prt_var_value(struct prt_dev *dev, uint32_t var)
{
    const struct prt_var *v = &dev->table->vars[var];

    uint64_t value;

    if (v->kind == PRT_DERIVED) {
        if (known(dev, v->memo, &value)) {
            return value;
        }
        value = prt_run_at(dev, v->prog, v->index) & prt_mask(v->width);
        return remember(dev, v->memo, value);
    }
    return *prt_cells(dev, v->state) & prt_mask(v->width);
}

/* Content with derived fields, of `bits`; views are not followed. */
static uint64_t own_value(struct prt_dev *dev, uint32_t reg, uint64_t bits)
{
    const struct prt_reg *r = &dev->table->regs[reg];
    uint64_t value = prt_content(dev, r);
    uint64_t mask;
    uint32_t i;

    if (!(dev->traits[reg] & PRT_TRAIT_VALUES)) {
        return value & bits;
    }
    for (i = r->field_first; i < r->field_first + r->field_count; i++) {
        const struct prt_field *f = &dev->table->fields[i];

        if (f->kind != PRT_DERIVED && f->cond == PRT_NONE) {
            continue;
        }
        mask = prt_mask(f->width) << f->lo;
        if (!(mask & bits)) {
            continue;
        }
        if (f->kind == PRT_DERIVED) {
            value = prt_merge(value, derived_field(dev, f) << f->lo, mask);
        }
        if (f->cond != PRT_NONE && !prt_holds(dev, f->cond, f->index)) {
            value &= ~mask;
        }
    }
    return value & bits;
}

static uint64_t view_value(struct prt_dev *dev, const struct prt_view *v)
{
    uint64_t mask = prt_mask(v->width);

    switch (v->verb) {
    case PRT_VERB_POPS:
        return prt_fifo_front(dev, v->target) & mask;
    case PRT_VERB_SETS:
    case PRT_VERB_CLEARS:
    case PRT_VERB_TOGGLES:
    case PRT_VERB_MIRRORS:
        if (v->target_kind == PRT_KIND_VAR) {
            return prt_shr(prt_var_value(dev, v->target), v->target_lo) &
                   mask;
        }
        return own_value(dev, v->target, mask << v->target_lo) >>
               v->target_lo;
    default:
        return 0;
    }
}

/* Does the view replace the stored bits in what a read shows? */
static bool shows(const struct prt_view *v)
{
    return v->verb <= PRT_VERB_MIRRORS || v->verb == PRT_VERB_POPS;
}

uint64_t prt_reg_value(struct prt_dev *dev, uint32_t reg, uint64_t bits)
{
    const struct prt_reg *r = &dev->table->regs[reg];
    uint64_t value = own_value(dev, reg, bits);
    uint32_t i;

    if (r->view_count == 0) {
        return value;
    }
    prt_charge(dev, r->view_count);
    for (i = r->view_first; i < r->view_first + r->view_count; i++) {
        const struct prt_view *v = &dev->table->views[i];
        uint64_t mask = prt_mask(v->width) << v->lo;

        if ((mask & bits) && shows(v) &&
            prt_holds(dev, v->cond, v->index)) {
            value = prt_merge(value, view_value(dev, v) << v->lo, mask);
        }
    }
    return value & bits;
}

uint64_t prt_field_value(struct prt_dev *dev, uint32_t field)
{
    const struct prt_field *f = &dev->table->fields[field];
    const struct prt_reg *r = &dev->table->regs[f->reg];

    if (r->view_count == 0 && f->cond == PRT_NONE) {
        return f->kind == PRT_DERIVED ? derived_field(dev, f) :
               prt_content(dev, r) >> f->lo & prt_mask(f->width);
    }
    return prt_reg_value(dev, f->reg, prt_mask(f->width) << f->lo) >> f->lo;
}

void prt_reg_store(struct prt_dev *dev, uint32_t reg, uint64_t value,
                   uint64_t mask)
{
    const struct prt_reg *r = &dev->table->regs[reg];
    uint64_t *cell;
    uint64_t next;

    if (r->state == PRT_NONE) {
        return;
    }
    cell = prt_cells(dev, r->state);
    next = prt_merge(*cell, value, mask & prt_mask(r->bits));
    if (next != *cell) {
        *cell = next;
        if (r->flags & PRT_REG_SETTLES) {
            prt_touch(dev, PRT_KIND_REG, reg);
        } else {
            dev->epoch++;
        }
    }
}

void prt_var_store(struct prt_dev *dev, uint32_t var, uint64_t value,
                   uint64_t mask)
{
    const struct prt_var *v = &dev->table->vars[var];
    uint64_t *cell;
    uint64_t next;

    if (v->kind == PRT_DERIVED) {
        return;
    }
    cell = prt_cells(dev, v->state);
    next = prt_merge(*cell, value, mask & prt_mask(v->width));
    if (next != *cell) {
        *cell = next;
        prt_touch(dev, PRT_KIND_VAR, var);
    }
}

uint64_t prt_mem_load(const struct prt_dev *dev, uint32_t mem, uint64_t elem)
{
    const struct prt_mem *m = &dev->table->mems[mem];
    uint64_t value = 0;

    if (elem < m->size / m->elem) {
        memcpy(&value, dev->state + m->state + elem * m->elem, m->elem);
    }
    return value;
}

void prt_mem_store(struct prt_dev *dev, uint32_t mem, uint64_t elem,
                   uint64_t value)
{
    const struct prt_mem *m = &dev->table->mems[mem];

    if (elem < m->size / m->elem) {
        memcpy(dev->state + m->state + elem * m->elem, &value, m->elem);
        prt_touch(dev, PRT_KIND_MEM, mem);
    }
}
