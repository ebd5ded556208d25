/* SPDX-License-Identifier: BSD-2-Clause */
/* Validation of the objects of a device and of the state they claim. */
#include "runtime/engine/priv.h"

#define TRY(call) do { int err_ = (call); if (err_) { return err_; } } while (0)
#define MUST(cond, error) do { if (!(cond)) { return (error); } } while (0)

/* What the rules of an owner may be about: a set of events. */
#define EV(name) (1u << PRT_EV_##name)
#define EV_ACCESS (EV(READ) | EV(WRITE))
#define EV_EDGE (EV(CHANGE) | EV(SET) | EV(CLEAR) | EV(RISE) | EV(FALL))

static int check_rules(struct prt_check *c, uint32_t first, uint32_t count,
                       uint32_t events)
{
    uint32_t i;

    TRY(prt_check_range(first, count, c->t->nrules));
    for (i = 0; i < count; i++) {
        MUST(events >> (c->t->rules[first + i].event & 31) & 1, PRT_E_RULE);
    }
    return PRT_OK;
}

static bool is_width(unsigned bytes)
{
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

static bool in_mask(const struct prt_reg *r, uint64_t mask)
{
    uint64_t all = r->m00 | r->m01 | r->m10 | r->m11 | r->v0 | r->v1 | r->r0 |
                   r->r1 | r->reset | r->sticky | r->once | r->unimpl;

    return (all & ~mask) == 0;
}

static int check_plain(const struct prt_check *c, const struct prt_reg *r)
{
    uint32_t i;

    if (!(r->flags & PRT_REG_PLAIN)) {
        return PRT_OK;
    }
    MUST(r->cond == PRT_NONE && r->needs == PRT_NONE && !r->once &&
         !r->unimpl && !r->rule_count && !r->view_count &&
         r->state != PRT_NONE, PRT_E_PLAIN);
    for (i = 0; i < r->field_count; i++) {
        const struct prt_field *f = &c->t->fields[r->field_first + i];

        MUST(f->kind == PRT_STORED && f->needs == PRT_NONE &&
             f->cond == PRT_NONE, PRT_E_PLAIN);
    }
    return PRT_OK;
}

static int check_reg(struct prt_check *c, uint32_t index)
{
    const struct prt_reg *r = &c->t->regs[index];
    const struct prt_dev_header *h = c->t->head;
    uint32_t i;

    TRY(prt_check_string(c, r->name));
    MUST(!(r->flags & ~PRT_REG_FLAGS) && !r->reserved0 && !r->reserved1,
         PRT_E_RESERVED);
    MUST(is_width(r->bytes) && r->bits >= 1 && r->bits <= 8 * r->bytes &&
         r->offset % h->granule == 0 && r->bytes % h->granule == 0 &&
         r->offset < h->mmio_size && r->bytes <= h->mmio_size - r->offset &&
         in_mask(r, prt_mask(r->bits)), PRT_E_VALUE);
    MUST(index == 0 || r->offset >= r[-1].offset, PRT_E_OVERLAP);
    MUST(r->next == PRT_NONE || (r->next > index && r->next < c->t->nregs),
         PRT_E_INDEX);
    if (r->state != PRT_NONE) {
        TRY(prt_check_state(c, r->state, PRT_STATE_REG(r->once)));
    } else {
        MUST(!r->once, PRT_E_STATE);
    }
    TRY(prt_check_expr(c, r->cond));
    TRY(prt_check_expr(c, r->needs));
    TRY(prt_check_range(r->field_first, r->field_count, c->t->nfields));
    TRY(prt_check_range(r->view_first, r->view_count, c->t->nviews));
    MUST(r->view_count <= PRT_MAX_VIEWS, PRT_E_LIMIT);
    TRY(check_rules(c, r->rule_first, r->rule_count, EV_ACCESS));
    for (i = 0; i < r->rule_count; i++) {
        const struct prt_rule *rule = &c->t->rules[r->rule_first + i];

        MUST(rule->kind == PRT_KIND_REG && rule->subject == index,
             PRT_E_RULE);
    }
    return check_plain(c, r);
}

static int check_regs(struct prt_check *c)
{
    uint32_t i, fields = 0, views = 0;

    MUST(c->t->nregs <= PRT_MAX_REGS, PRT_E_LIMIT);
    for (i = 0; i < c->t->nregs; i++) {
        const struct prt_reg *r = &c->t->regs[i];

        prt_check_at(c, PRT_SEC_REGS, i);
        MUST(!r->field_count || r->field_first == fields, PRT_E_INDEX);
        MUST(!r->view_count || r->view_first == views, PRT_E_INDEX);
        TRY(check_reg(c, i));
        fields += r->field_count;
        views += r->view_count;
    }
    MUST(fields == c->t->nfields && views == c->t->nviews, PRT_E_INDEX);
    return PRT_OK;
}

/* What DERIVED and HOLD have in common in fields and variables. */
static int check_value(struct prt_check *c, unsigned kind, unsigned rank,
                       uint32_t prog, uint32_t memo)
{
    MUST(kind <= PRT_HOLD && rank <= PRT_MAX_RANK, PRT_E_VALUE);
    if (kind == PRT_STORED) {
        return prog == PRT_NONE ? PRT_OK : PRT_E_VALUE;
    }
    MUST(prog != PRT_NONE, PRT_E_INDEX);
    if (kind == PRT_DERIVED) {
        MUST(memo == c->memo, PRT_E_STATE);
        c->memo++;
    }
    return prt_check_expr(c, prog);
}

static int check_fields(struct prt_check *c)
{
    const struct prt_field *f, *last = NULL;
    uint32_t i, r, k;

    for (r = 0; r < c->t->nregs; r++, last = NULL) {
        for (k = 0; k < c->t->regs[r].field_count; k++, last = f) {
            i = c->t->regs[r].field_first + k;
            f = &c->t->fields[i];
            prt_check_at(c, PRT_SEC_FIELDS, i);
            TRY(prt_check_string(c, f->name));
            MUST(!f->flags && !f->reserved0 && !f->reserved1,
                 PRT_E_RESERVED);
            MUST(f->reg == r, PRT_E_INDEX);
            MUST(f->width >= 1 && f->width <= 64 &&
                 f->lo + f->width <= c->t->regs[r].bits, PRT_E_VALUE);
            MUST(!last || f->lo >= last->lo + last->width, PRT_E_OVERLAP);
            MUST(f->kind != PRT_HOLD || c->t->regs[r].state != PRT_NONE,
                 PRT_E_STATE);
            TRY(check_value(c, f->kind, f->rank, f->prog, f->memo));
            TRY(prt_check_expr(c, f->needs));
            TRY(prt_check_expr(c, f->cond));
        }
    }
    return PRT_OK;
}

static int check_view(const struct prt_check *c, const struct prt_view *v)
{
    switch (v->verb) {
    case PRT_VERB_SETS:
    case PRT_VERB_CLEARS:
    case PRT_VERB_TOGGLES:
    case PRT_VERB_MIRRORS:
        MUST(v->target_kind == PRT_KIND_REG || v->target_kind == PRT_KIND_VAR,
             PRT_E_VALUE);
        return prt_check_bits(c, v->target_kind, v->target, v->target_lo,
                              v->width);
    case PRT_VERB_PUSHES:
    case PRT_VERB_POPS:
        MUST(v->target_kind == PRT_KIND_FIFO, PRT_E_VALUE);
        break;
    case PRT_VERB_FEEDS:
        MUST(v->target_kind == PRT_KIND_LOCK, PRT_E_VALUE);
        break;
    case PRT_VERB_RESETS:
        MUST(v->target_kind == PRT_KIND_DOMAIN, PRT_E_VALUE);
        if (v->target == PRT_NONE) {
            return PRT_OK;
        }
        break;
    default:
        return PRT_E_VALUE;
    }
    return v->target < prt_kind_count(c->t, v->target_kind) ? PRT_OK :
           PRT_E_INDEX;
}

static int check_views(struct prt_check *c)
{
    uint32_t r, k;

    for (r = 0; r < c->t->nregs; r++) {
        const struct prt_reg *reg = &c->t->regs[r];

        for (k = 0; k < reg->view_count; k++) {
            const struct prt_view *v = &c->t->views[reg->view_first + k];

            prt_check_at(c, PRT_SEC_VIEWS, reg->view_first + k);
            MUST(v->width >= 1 && v->width <= 64 &&
                 v->lo + v->width <= reg->bits, PRT_E_VALUE);
            TRY(prt_check_expr(c, v->cond));
            TRY(check_view(c, v));
        }
    }
    return PRT_OK;
}

static int check_vars(struct prt_check *c)
{
    uint32_t i;

    for (i = 0; i < c->t->nvars; i++) {
        const struct prt_var *v = &c->t->vars[i];

        prt_check_at(c, PRT_SEC_VARS, i);
        TRY(prt_check_string(c, v->name));
        MUST(v->width >= 1 && v->width <= 64 && !(v->flags & ~1u) &&
             !(v->reset & ~prt_mask(v->width)), PRT_E_VALUE);
        TRY(check_value(c, v->kind, v->rank, v->prog, v->memo));
        if (v->kind == PRT_DERIVED) {
            MUST(v->state == PRT_NONE, PRT_E_STATE);
        } else {
            TRY(prt_check_state(c, v->state, PRT_STATE_VAR));
        }
    }
    return PRT_OK;
}

static int check_fifos(struct prt_check *c)
{
    uint32_t i;

    for (i = 0; i < c->t->nfifos; i++) {
        const struct prt_fifo *f = &c->t->fifos[i];

        prt_check_at(c, PRT_SEC_FIFOS, i);
        TRY(prt_check_string(c, f->name));
        TRY(prt_check_string(c, f->end_name));
        MUST(f->depth <= PRT_MAX_FIFO, PRT_E_LIMIT);
        MUST(f->depth >= 1 && f->width >= 1 && f->width <= 64 &&
             f->end <= PRT_END_FROM && !f->flags &&
             f->preload_count <= f->depth, PRT_E_VALUE);
        TRY(prt_check_state(c, f->state, PRT_STATE_FIFO(f->depth, f->width)));
        TRY(prt_check_expr(c, f->at));
        TRY(prt_check_range(f->preload_first, f->preload_count, c->t->npool));
        TRY(check_rules(c, f->rule_first, f->rule_count,
                        EV(PUSH) | EV(POP) | EV(OVERFLOW)));
    }
    return PRT_OK;
}

static int check_lines(struct prt_check *c)
{
    uint32_t i, first[2] = { 0, 0 };

    for (i = 0; i < c->t->nlines; i++) {
        const struct prt_line *l = &c->t->lines[i];

        prt_check_at(c, PRT_SEC_LINES, i);
        TRY(prt_check_string(c, l->name));
        MUST(l->dir <= PRT_LINE_IN && l->count >= 1 && l->count <= 64 &&
             !(l->reset & ~prt_mask(l->count)) &&
             (l->dir == PRT_LINE_OUT || l->prog == PRT_NONE), PRT_E_VALUE);
        MUST(l->first == first[l->dir], PRT_E_INDEX);
        MUST(first[l->dir] < UINT32_MAX - 64, PRT_E_LIMIT);
        first[l->dir] += l->count;
        TRY(prt_check_state(c, l->state, PRT_STATE_LINE));
        TRY(prt_check_expr(c, l->prog));
    }
    MUST(c->t->head->lines_out == first[PRT_LINE_OUT] &&
         c->t->head->lines_in == first[PRT_LINE_IN], PRT_E_VALUE);
    return PRT_OK;
}

static int check_locks(struct prt_check *c)
{
    uint32_t i;

    for (i = 0; i < c->t->nlocks; i++) {
        const struct prt_lock *l = &c->t->locks[i];

        prt_check_at(c, PRT_SEC_LOCKS, i);
        TRY(prt_check_string(c, l->name));
        MUST(l->key_count >= 1 && l->wrong <= PRT_WRONG_UNTIL_RESET &&
             !(l->flags & ~PRT_LOCK_OPEN), PRT_E_VALUE);
        TRY(prt_check_range(l->key_first, l->key_count, c->t->npool));
        TRY(prt_check_state(c, l->state, PRT_STATE_LOCK));
        TRY(check_rules(c, l->rule_first, l->rule_count, EV(UNLOCK)));
    }
    return PRT_OK;
}

static int check_timer(struct prt_check *c, const struct prt_timer *t)
{
    uint32_t k;

    TRY(prt_check_string(c, t->name));
    MUST(!(t->flags & ~PRT_TIMER_DOWN) && t->clock != PRT_NONE, PRT_E_VALUE);
    MUST(t->match_count <= 16, PRT_E_LIMIT);
    TRY(prt_check_expr(c, t->clock));
    TRY(prt_check_expr(c, t->divide));
    TRY(prt_check_expr(c, t->bits));
    TRY(prt_check_expr(c, t->reload));
    TRY(prt_check_expr(c, t->run));
    TRY(prt_check_expr(c, t->once));
    if (t->start != PRT_NONE) {
        TRY(prt_check_body(c, t->start));
    }
    TRY(prt_check_range(t->match_first, t->match_count, c->t->nprogs));
    for (k = 0; k < t->match_count; k++) {
        TRY(prt_check_expr(c, t->match_first + k));
    }
    TRY(prt_check_state(c, t->state, PRT_STATE_TIMER + 8 * t->match_count));
    TRY(check_rules(c, t->rule_first, t->rule_count,
                    EV(EXPIRE) | EV(MATCH)));
    for (k = 0; k < t->rule_count; k++) {
        const struct prt_rule *rule = &c->t->rules[t->rule_first + k];

        MUST(rule->event != PRT_EV_MATCH || rule->subject < t->match_count,
             PRT_E_RULE);
    }
    return PRT_OK;
}

static int check_timers(struct prt_check *c)
{
    uint32_t i;

    for (i = 0; i < c->t->ntimers; i++) {
        prt_check_at(c, PRT_SEC_TIMERS, i);
        TRY(check_timer(c, &c->t->timers[i]));
    }
    return PRT_OK;
}

static int check_afters(struct prt_check *c)
{
    uint32_t i;

    for (i = 0; i < c->t->nafters; i++) {
        const struct prt_after *a = &c->t->afters[i];

        prt_check_at(c, PRT_SEC_AFTERS, i);
        TRY(prt_check_string(c, a->name));
        MUST(!(a->flags & ~PRT_AFTER_READS) && a->count >= 1, PRT_E_VALUE);
        TRY(prt_check_state(c, a->state,
                            (uint64_t)a->count * PRT_STATE_AFTER));
        TRY(prt_check_body(c, a->body));
    }
    return PRT_OK;
}

static int check_copies(struct prt_check *c)
{
    uint32_t i, k;

    for (i = 0; i < c->t->ncopies; i++) {
        const struct prt_copy *p = &c->t->copies[i];

        prt_check_at(c, PRT_SEC_COPIES, i);
        TRY(prt_check_string(c, p->name));
        MUST(p->count >= 1, PRT_E_VALUE);
        TRY(prt_check_state(c, p->state,
                            (uint64_t)p->count * PRT_STATE_COPY));
        for (k = 0; k < PRT_COPY_PARAMS; k++) {
            TRY(prt_check_expr(c, p->param[k]));
        }
        if (p->done != PRT_NONE) {
            TRY(prt_check_body(c, p->done));
        }
        if (p->fault != PRT_NONE) {
            TRY(prt_check_body(c, p->fault));
        }
    }
    return PRT_OK;
}

static int check_all_rules(struct prt_check *c)
{
    const struct prt_dev_header *h = c->t->head;
    uint32_t i;

    for (i = 0; i < c->t->nrules; i++) {
        const struct prt_rule *r = &c->t->rules[i];
        bool edge = r->event < 32 && (EV_EDGE >> r->event & 1);

        prt_check_at(c, PRT_SEC_RULES, i);
        TRY(prt_check_string(c, r->name));
        MUST(r->event >= PRT_EV_READ && r->event < PRT_EV_COUNT &&
             r->lo < 64 && r->width <= 64 - r->lo, PRT_E_VALUE);
        TRY(prt_check_expr(c, r->cond));
        TRY(prt_check_body(c, r->body));
        MUST(edge || r->state == PRT_NONE, PRT_E_STATE);
        if (edge) {
            MUST(r->kind == PRT_KIND_REG || r->kind == PRT_KIND_FIELD ||
                 r->kind == PRT_KIND_VAR || r->kind == PRT_KIND_LINE,
                 PRT_E_RULE);
            TRY(prt_check_bits(c, r->kind, r->subject, r->lo, r->width));
            TRY(prt_check_state(c, r->state, PRT_STATE_RULE));
        }
    }
    prt_check_at(c, PRT_SEC_RULES, h->edge_first);
    TRY(check_rules(c, h->edge_first, h->edge_count, EV_EDGE));
    return check_rules(c, h->rule_first, h->rule_count,
                       EV(RESET) | EV(FAULT));
}

/* Memories and windows ascend; memories share no byte with registers. */
static int check_mems(struct prt_check *c)
{
    uint32_t i, r = 0, end = 0, size = c->t->head->mmio_size;

    for (i = 0; i < c->t->nmems; i++) {
        const struct prt_mem *m = &c->t->mems[i];

        prt_check_at(c, PRT_SEC_MEMS, i);
        TRY(prt_check_string(c, m->name));
        MUST(is_width(m->elem) && m->size && m->size % m->elem == 0 &&
             !(m->flags & ~7u) && m->offset < size &&
             m->size <= size - m->offset, PRT_E_VALUE);
        MUST(m->offset >= end, PRT_E_OVERLAP);
        end = m->offset + m->size;
        while (r < c->t->nregs && c->t->regs[r].offset < end) {
            MUST(c->t->regs[r].offset + c->t->regs[r].bytes <= m->offset,
                 PRT_E_OVERLAP);
            r++;
        }
        TRY(prt_check_state(c, m->state, PRT_STATE_BYTES(m->size)));
    }
    return PRT_OK;
}

static int check_windows(struct prt_check *c)
{
    uint32_t i, end = 0, size = c->t->head->mmio_size;

    for (i = 0; i < c->t->nwindows; i++) {
        const struct prt_window *w = &c->t->windows[i];

        prt_check_at(c, PRT_SEC_WINDOWS, i);
        TRY(prt_check_string(c, w->name));
        MUST(w->verb >= PRT_VERB_SETS && w->verb <= PRT_VERB_MIRRORS &&
             w->size && w->offset < size && w->size <= size - w->offset &&
             w->target < size && w->size <= size - w->target, PRT_E_VALUE);
        MUST(w->offset >= end, PRT_E_OVERLAP);
        end = w->offset + w->size;
    }
    return PRT_OK;
}

static int check_items(struct prt_check *c, const struct prt_item *item)
{
    MUST(item->kind > PRT_KIND_NONE && item->kind < PRT_KIND_COUNT &&
         item->kind != PRT_KIND_DOMAIN && !item->reserved, PRT_E_VALUE);
    return prt_check_bits(c, item->kind, item->index, item->lo, item->width);
}

static int check_domains(struct prt_check *c)
{
    uint32_t i;

    for (i = 0; i < c->t->nitems; i++) {
        prt_check_at(c, PRT_SEC_ITEMS, i);
        TRY(check_items(c, &c->t->items[i]));
    }
    for (i = 0; i < c->t->ndomains; i++) {
        const struct prt_domain *d = &c->t->domains[i];

        prt_check_at(c, PRT_SEC_DOMAINS, i);
        TRY(prt_check_string(c, d->name));
        TRY(prt_check_range(d->item_first, d->item_count, c->t->nitems));
        TRY(check_rules(c, d->rule_first, d->rule_count, EV(RESET)));
    }
    return PRT_OK;
}

/* Each held value is computed once in a round of settling. */
static int check_order(struct prt_check *c)
{
    uint32_t i;

    for (i = 0; i < c->t->norder; i++) {
        const struct prt_item *item = &c->t->order[i];

        prt_check_at(c, PRT_SEC_ORDER, i);
        MUST(item->kind == PRT_KIND_FIELD || item->kind == PRT_KIND_VAR,
             PRT_E_VALUE);
        TRY(prt_check_bits(c, item->kind, item->index, 0, 0));
        MUST((item->kind == PRT_KIND_FIELD ?
              c->t->fields[item->index].kind :
              c->t->vars[item->index].kind) == PRT_HOLD, PRT_E_VALUE);
    }
    return PRT_OK;
}

static int check_store(struct prt_check *c)
{
    const struct prt_dev_header *h = c->t->head;

    prt_check_at(c, PRT_SEC_NONE, 0);
    MUST(h->memo_count == c->memo, PRT_E_STATE);
    if (h->unmapped != PRT_UNMAPPED_STORE) {
        return h->store_state == PRT_NONE ? PRT_OK : PRT_E_STATE;
    }
    return prt_check_state(c, h->store_state, PRT_STATE_BYTES(h->mmio_size));
}

int prt_check_objects(struct prt_check *c)
{
    TRY(check_regs(c));
    TRY(check_fields(c));
    TRY(check_views(c));
    TRY(check_vars(c));
    TRY(check_fifos(c));
    TRY(check_lines(c));
    TRY(check_locks(c));
    TRY(check_timers(c));
    TRY(check_afters(c));
    TRY(check_copies(c));
    TRY(check_all_rules(c));
    TRY(check_mems(c));
    TRY(check_windows(c));
    TRY(check_domains(c));
    TRY(check_order(c));
    return check_store(c);
}
