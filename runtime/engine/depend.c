/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What settles when something changes.  Held values, timers' settings, lines
 * and edge rules are the items of settling, numbered in that order; each has
 * a bit (several share one when there are more than 64).  For every object
 * that a program can load, a mask says which items depend on it, directly or
 * through derived values and views.  Computed once when a device is set up.
 */
#include "runtime/engine/priv.h"

#define MAX_WORK (1u << 20)     /* instructions and objects looked at */

struct depend {
    const struct prt_table *t;
    struct prt_dev *dev;
    uint64_t mask;              /* items that are being looked at */
    uint64_t timed;             /* items that depend on time */
    uint32_t work;              /* left; 0: all depends on all */
    unsigned depth;             /* of programs within programs */
    bool changed;
};

static uint32_t item_count(const struct prt_table *t)
{
    return t->norder + t->ntimers + t->nlines + t->head->edge_count;
}

/* Objects that something may depend on. */
static size_t object_count(const struct prt_table *t)
{
    return item_count(t) == 0 ? 0 :
           (size_t)t->nregs + t->nvars + t->nfifos + t->nlines + t->nlocks +
           t->ntimers + t->nmems;
}

size_t prt_depend_cells(const struct prt_table *t)
{
    return object_count(t) + ((size_t)t->nregs + 7) / 8;
}

static void set_bases(struct prt_dev *dev)
{
    static const uint8_t kinds[] = {
        PRT_KIND_REG, PRT_KIND_VAR, PRT_KIND_FIFO, PRT_KIND_LINE,
        PRT_KIND_LOCK, PRT_KIND_TIMER, PRT_KIND_MEM
    };
    uint32_t base = 0;
    unsigned i;

    for (i = 0; i < sizeof(kinds); i++) {
        dev->depend_base[kinds[i]] = base;
        base += prt_kind_count(dev->table, kinds[i]);
    }
}

static bool spend(struct depend *c, uint32_t work)
{
    c->work -= work < c->work ? work : c->work;
    return c->work != 0;
}

static void mark_cell(struct depend *c, uint64_t *cell)
{
    if (c->mask & ~*cell) {
        *cell |= c->mask;
        c->changed = true;
    }
}

static void mark(struct depend *c, unsigned kind, uint32_t index)
{
    mark_cell(c, &c->dev->depend[c->dev->depend_base[kind] + index]);
}

/* Masks of derived values stand in their memo slots meanwhile. */
static void mark_derived(struct depend *c, uint32_t memo)
{
    mark_cell(c, &c->dev->memo[2 * (size_t)memo]);
}

static void mark_var(struct depend *c, uint32_t var)
{
    const struct prt_var *v = &c->t->vars[var];

    if (v->kind == PRT_DERIVED) {
        mark_derived(c, v->memo);
    } else {
        mark(c, PRT_KIND_VAR, var);
    }
}

static void walk(struct depend *c, uint32_t prog);

/* Bits lo..lo+width-1 of a register, as prt_reg_value() shows them. */
static void mark_bits(struct depend *c, uint32_t reg, unsigned lo,
                      unsigned width, bool views)
{
    const struct prt_reg *r = &c->t->regs[reg];
    uint64_t bits = prt_shl(prt_mask(width), lo);
    uint32_t i;

    mark(c, PRT_KIND_REG, reg);
    if (r->flags & PRT_REG_PLAIN ||
        !spend(c, 1 + r->field_count + r->view_count)) {
        return;
    }
    for (i = r->field_first; i < r->field_first + r->field_count; i++) {
        const struct prt_field *f = &c->t->fields[i];

        if (!(prt_mask(f->width) << f->lo & bits)) {
            continue;
        }
        if (f->kind == PRT_DERIVED) {
            mark_derived(c, f->memo);
        }
        walk(c, f->cond);
    }
    for (i = r->view_first; views && i < r->view_first + r->view_count;
         i++) {
        const struct prt_view *v = &c->t->views[i];

        if (!(prt_mask(v->width) << v->lo & bits)) {
            continue;
        }
        walk(c, v->cond);
        if (v->target_kind == PRT_KIND_REG) {
            mark_bits(c, v->target, v->target_lo, v->width, false);
        } else if (v->target_kind == PRT_KIND_VAR) {
            mark_var(c, v->target);
        } else if (v->target_kind == PRT_KIND_FIFO) {
            mark(c, PRT_KIND_FIFO, v->target);
        }
    }
}

static void mark_object(struct depend *c, unsigned kind, uint32_t index)
{
    const struct prt_field *f;

    switch (kind) {
    case PRT_KIND_FIELD:
        f = &c->t->fields[index];
        mark_bits(c, f->reg, f->lo, f->width, true);
        break;
    case PRT_KIND_VAR:
        mark_var(c, index);
        break;
    default:
        mark(c, kind, index);
        break;
    }
}

static void mark_operand(struct depend *c, const struct prt_insn *in,
                         unsigned kind)
{
    const struct prt_array *a;
    uint32_t k;

    if (!(in->imm & PRT_DYN)) {
        mark_object(c, kind, in->imm);
        return;
    }
    a = &c->t->arrays[in->imm & ~PRT_DYN];
    for (k = 0; k < a->count && spend(c, 1); k++) {
        mark_object(c, kind, a->first + k * a->stride);
    }
}

static void walk_insn(struct depend *c, const struct prt_insn *in)
{
    switch (in->op) {
    case PRT_OP_LDF:
        mark_operand(c, in, PRT_KIND_FIELD);
        break;
    case PRT_OP_LDB:
        mark_bits(c, in->imm, in->a, in->b, true);
        break;
    case PRT_OP_LDS:
        mark_operand(c, in, PRT_KIND_VAR);
        break;
    case PRT_OP_LDM:
        mark(c, PRT_KIND_MEM, in->imm);
        break;
    case PRT_OP_LDL:
        mark(c, PRT_KIND_LINE, in->imm);
        break;
    case PRT_OP_FRONT: case PRT_OP_LEVEL:
        mark_operand(c, in, PRT_KIND_FIFO);
        break;
    case PRT_OP_LOCKED:
        mark_operand(c, in, PRT_KIND_LOCK);
        break;
    case PRT_OP_COUNT: case PRT_OP_TIME:
        c->timed |= c->mask;
        break;
    default:
        break;
    }
}

/* Conditions of what a program loads are programs too. */
static void walk(struct depend *c, uint32_t prog)
{
    const struct prt_prog *p;
    uint32_t pc;

    if (prog == PRT_NONE) {
        return;
    }
    if (c->depth >= PRT_MAX_DEPTH) {
        c->work = 0;
        return;
    }
    c->depth++;
    p = &c->t->progs[prog];
    for (pc = 0; pc < p->count && spend(c, 1); pc++) {
        walk_insn(c, &c->t->code[p->first + pc]);
    }
    c->depth--;
}

/* ----------------------------------------------------------------- items */

static void walk_hold(struct depend *c, const struct prt_item *item)
{
    const struct prt_field *f;

    if (item->kind == PRT_KIND_FIELD) {
        f = &c->t->fields[item->index];
        mark(c, PRT_KIND_REG, f->reg);
        walk(c, f->prog);
    } else {
        mark(c, PRT_KIND_VAR, item->index);
        walk(c, c->t->vars[item->index].prog);
    }
}

static void walk_timer(struct depend *c, const struct prt_timer *t)
{
    uint32_t k;

    walk(c, t->clock);
    walk(c, t->divide);
    walk(c, t->bits);
    walk(c, t->reload);
    walk(c, t->run);
    walk(c, t->once);
    for (k = 0; k < t->match_count; k++) {
        walk(c, t->match_first + k);
    }
}

static void walk_edge(struct depend *c, const struct prt_rule *rule)
{
    if (rule->kind == PRT_KIND_REG) {
        mark_bits(c, rule->subject, rule->lo, rule->width ? rule->width : 64,
                  true);
    } else {
        mark_object(c, rule->kind, rule->subject);
    }
}

static void walk_item(struct depend *c, uint32_t item)
{
    const struct prt_table *t = c->t;

    if (item < t->norder) {
        walk_hold(c, &t->order[item]);
        return;
    }
    item -= t->norder;
    if (item < t->ntimers) {
        walk_timer(c, &t->timers[item]);
        return;
    }
    item -= t->ntimers;
    if (item < t->nlines) {
        if (t->lines[item].prog != PRT_NONE) {
            mark(c, PRT_KIND_LINE, item);
            walk(c, t->lines[item].prog);
        }
        return;
    }
    walk_edge(c, &t->rules[t->head->edge_first + item - t->nlines]);
}

/* What a derived value depends on, its dependants do too. */
static void walk_derived(struct depend *c)
{
    const struct prt_table *t = c->t;
    uint32_t i;

    for (i = 0; i < t->nfields; i++) {
        if (t->fields[i].kind == PRT_DERIVED) {
            c->mask = c->dev->memo[2 * (size_t)t->fields[i].memo];
            walk(c, c->mask ? t->fields[i].prog : PRT_NONE);
        }
    }
    for (i = 0; i < t->nvars; i++) {
        if (t->vars[i].kind == PRT_DERIVED) {
            c->mask = c->dev->memo[2 * (size_t)t->vars[i].memo];
            walk(c, c->mask ? t->vars[i].prog : PRT_NONE);
        }
    }
}

static unsigned bit_of(uint32_t item, uint32_t items)
{
    return items <= 64 ? item : (unsigned)((uint64_t)item * 64 / items);
}

static void set_traits(const struct prt_table *t, uint8_t *traits)
{
    uint32_t i;

    for (i = 0; i < t->nfields; i++) {
        const struct prt_field *f = &t->fields[i];

        if (f->kind == PRT_DERIVED || f->cond != PRT_NONE) {
            traits[f->reg] |= PRT_TRAIT_VALUES | PRT_TRAIT_GUARDS;
        } else if (f->needs != PRT_NONE) {
            traits[f->reg] |= PRT_TRAIT_GUARDS;
        }
    }
}

void prt_depend_init(struct prt_dev *dev)
{
    struct depend c = { .t = dev->table, .dev = dev, .work = MAX_WORK };
    size_t cells = object_count(dev->table), i;
    uint32_t items = item_count(dev->table), k;

    dev->items = items;
    dev->all_items = prt_mask(items);
    dev->traits = (const uint8_t *)(dev->depend + cells);
    set_traits(dev->table, (uint8_t *)(dev->depend + cells));
    set_bases(dev);
    if (cells == 0) {
        dev->depend = NULL;
        return;
    }
    for (k = 0; k < items; k++) {
        c.mask = UINT64_C(1) << bit_of(k, items);
        walk_item(&c, k);
    }
    do {
        c.changed = false;
        walk_derived(&c);
    } while (c.changed && c.work);
    for (i = 0; i < cells; i++) {
        dev->depend[i] = c.work ? dev->depend[i] | c.timed : dev->all_items;
    }
    memset(dev->memo, 0, (size_t)dev->table->head->memo_count * 16);
}
