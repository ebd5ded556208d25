/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device of the model -> blob of a register table. */
#include "compiler/emit_table.h"

#include <string.h>

#include "runtime/engine/table.h"

/* A device while its sections are laid out. */
struct tab {
    struct pcc_emit *e;
    const struct pcc_device *d;
    struct pdl_strbuf strings;
    struct prt_dev_header head;
    struct prt_section dir[PRT_SEC_COUNT];
    const void *data[PRT_SEC_COUNT];
    bool failed;
};

/* @count zeroed entries for section @id. */
static void *section(struct tab *t, enum prt_section_id id, size_t entry,
                     size_t count)
{
    void *data = pdl_arena_alloc(t->e->arena, (count + !count) * entry);

    t->failed |= !data;
    t->dir[id].id = id;
    t->dir[id].entry_size = entry;
    t->dir[id].count = data ? count : 0;
    t->data[id] = data;
    return data;
}

#define SECTION(t, NAME, type, n) \
    ((type *)section((t), PRT_SEC_##NAME, sizeof(type), (n)))

static uint32_t take_state(struct tab *t, uint64_t bytes)
{
    uint32_t at = t->head.state_size;

    if (bytes > PRT_MAX_STATE - at) {
        t->failed = true;
        return at;
    }
    t->head.state_size += bytes;
    return at;
}

static uint32_t string(struct tab *t, const char *text)
{
    return tab_string(&t->strings, text);
}

/* ---- registers and fields ---- */

static void put_reg(struct tab *t, const struct pcc_reg *r,
                    struct prt_reg *out)
{
    out->name = string(t, r->path);
    out->offset = r->offset;
    out->state = take_state(t, PRT_STATE_REG(r->once));
    out->flags = (r->plain ? PRT_REG_PLAIN : 0) |
                 (r->settles ? PRT_REG_SETTLES : 0) |
                 (r->reads ? PRT_REG_READS : 0) |
                 (r->writes ? PRT_REG_WRITES : 0) |
                 (r->origin.owner == PCC_INFERRED ? PRT_REG_INFERRED : 0);
    out->bytes = r->bytes;
    out->bits = r->bits;
    out->m00 = r->masks.m00;
    out->m01 = r->masks.m01;
    out->m10 = r->masks.m10;
    out->m11 = r->masks.m11;
    out->v0 = r->masks.v0;
    out->v1 = r->masks.v1;
    out->r0 = r->masks.r0;
    out->r1 = r->masks.r1;
    out->reset = r->reset;
    out->sticky = r->sticky;
    out->once = r->once;
    out->unimpl = r->unimpl;
    out->cond = r->when;
    out->needs = r->needs;
    out->next = r->next;
    out->field_first = r->first_field;
    out->rule_first = r->first_rule;
    out->view_first = r->first_view;
    out->field_count = r->field_count;
    out->rule_count = r->rule_count;
    out->view_count = r->view_count;
}

static void put_regs(struct tab *t)
{
    struct prt_reg *out = SECTION(t, REGS, struct prt_reg, t->d->reg_count);
    size_t i;

    for (i = 0; out && i < t->d->reg_count; i++) {
        put_reg(t, &t->d->regs[i], &out[i]);
    }
}

static void put_fields(struct tab *t)
{
    struct prt_field *out = SECTION(t, FIELDS, struct prt_field,
                                    t->d->field_count);
    size_t i;

    for (i = 0; out && i < t->d->field_count; i++) {
        const struct pcc_field *f = &t->d->fields[i];

        out[i].name = string(t, f->name);
        out[i].reg = f->reg;
        out[i].lo = f->lo;
        out[i].width = f->width;
        out[i].kind = f->kind;
        out[i].rank = f->rank;
        out[i].prog = f->prog;
        out[i].needs = f->needs;
        out[i].cond = f->when;
        out[i].memo = f->kind == PRT_DERIVED ? t->head.memo_count++ :
                      PRT_NONE;
    }
}

static void put_views(struct tab *t)
{
    struct prt_view *out = SECTION(t, VIEWS, struct prt_view,
                                   t->d->view_count);
    size_t i;

    for (i = 0; out && i < t->d->view_count; i++) {
        const struct pcc_view *v = &t->d->views[i];

        out[i].verb = v->verb;
        out[i].lo = v->lo;
        out[i].width = v->width;
        out[i].target_kind = v->target_kind;
        out[i].target = v->target;
        out[i].target_lo = v->target_lo;
        out[i].cond = v->when;
    }
}

/* ---- state ---- */

static void put_vars(struct tab *t)
{
    struct prt_var *out = SECTION(t, VARS, struct prt_var, t->d->var_count);
    size_t i;

    for (i = 0; out && i < t->d->var_count; i++) {
        const struct pcc_var *v = &t->d->vars[i];

        out[i].name = string(t, v->name);
        out[i].state = v->kind == PRT_DERIVED ? PRT_NONE :
                       take_state(t, PRT_STATE_VAR);
        out[i].width = v->width;
        out[i].kind = v->kind;
        out[i].rank = v->rank;
        out[i].prog = v->prog;
        out[i].memo = v->kind == PRT_DERIVED ? t->head.memo_count++ :
                      PRT_NONE;
        out[i].flags = v->sticky ? PRT_VAR_STICKY : 0;
        out[i].reset = v->reset;
    }
}

static void put_fifos(struct tab *t)
{
    struct prt_fifo *out = SECTION(t, FIFOS, struct prt_fifo,
                                   t->d->fifo_count);
    size_t i;

    for (i = 0; out && i < t->d->fifo_count; i++) {
        const struct pcc_fifo *f = &t->d->fifos[i];

        out[i].name = string(t, f->name);
        out[i].state = take_state(t, PRT_STATE_FIFO(f->depth, f->width));
        out[i].depth = f->depth;
        out[i].width = f->width;
        out[i].end = f->end;
        out[i].end_name = string(t, f->peer);
        out[i].at = f->at;
        out[i].preload_first = f->first_preload;
        out[i].preload_count = f->preload_count;
        out[i].rule_first = f->first_rule;
        out[i].rule_count = f->rule_count;
    }
}

static void put_lines(struct tab *t)
{
    struct prt_line *out = SECTION(t, LINES, struct prt_line,
                                   t->d->line_count);
    size_t i;

    for (i = 0; out && i < t->d->line_count; i++) {
        const struct pcc_line *l = &t->d->lines[i];

        out[i].name = string(t, l->name);
        out[i].state = take_state(t, PRT_STATE_LINE);
        out[i].dir = l->dir;
        out[i].count = l->count;
        out[i].first = l->first;
        out[i].prog = l->prog;
        if (l->dir == PRT_LINE_IN) {
            t->head.lines_in += l->count;
        } else {
            t->head.lines_out += l->count;
        }
    }
}

static void put_locks(struct tab *t)
{
    struct prt_lock *out = SECTION(t, LOCKS, struct prt_lock,
                                   t->d->lock_count);
    size_t i;

    for (i = 0; out && i < t->d->lock_count; i++) {
        const struct pcc_lock *l = &t->d->locks[i];

        out[i].name = string(t, l->name);
        out[i].state = take_state(t, PRT_STATE_LOCK);
        out[i].key_first = l->first_key;
        out[i].key_count = l->key_count;
        out[i].wrong = l->wrong;
        out[i].flags = l->open ? PRT_LOCK_OPEN : 0;
        out[i].rule_first = l->first_rule;
        out[i].rule_count = l->rule_count;
    }
}

static void put_timers(struct tab *t)
{
    struct prt_timer *out = SECTION(t, TIMERS, struct prt_timer,
                                    t->d->timer_count);
    size_t i;

    for (i = 0; out && i < t->d->timer_count; i++) {
        const struct pcc_timer *tm = &t->d->timers[i];

        out[i].name = string(t, tm->name);
        out[i].state = take_state(t, PRT_STATE_TIMER + 8 * tm->match_count);
        out[i].flags = tm->down ? PRT_TIMER_DOWN : 0;
        out[i].clock = tm->clock;
        out[i].divide = tm->divide;
        out[i].bits = tm->bits;
        out[i].reload = tm->reload;
        out[i].run = tm->run;
        out[i].once = tm->once;
        out[i].start = tm->start;
        out[i].match_first = tm->first_match;
        out[i].match_count = tm->match_count;
        out[i].rule_first = tm->first_rule;
        out[i].rule_count = tm->rule_count;
    }
}

static void put_afters(struct tab *t)
{
    struct prt_after *out = SECTION(t, AFTERS, struct prt_after,
                                    t->d->after_count);
    size_t i;

    for (i = 0; out && i < t->d->after_count; i++) {
        const struct pcc_after *a = &t->d->afters[i];

        out[i].name = string(t, a->name);
        out[i].state = take_state(t, PRT_STATE_AFTER);
        out[i].flags = a->reads ? PRT_AFTER_READS : 0;
        out[i].count = 1;
        out[i].body = a->body;
        out[i].index0 = a->index;
    }
}

static void put_copies(struct tab *t)
{
    struct prt_copy *out = SECTION(t, COPIES, struct prt_copy,
                                   t->d->copy_count);
    size_t i;

    for (i = 0; out && i < t->d->copy_count; i++) {
        const struct pcc_copy *c = &t->d->copies[i];

        out[i].name = string(t, c->name);
        out[i].state = take_state(t, PRT_STATE_COPY);
        out[i].count = 1;
        out[i].index0 = c->index;
        memcpy(out[i].param, c->param, sizeof(out[i].param));
        out[i].done = c->done;
        out[i].fault = c->fault;
    }
}

static bool is_edge(enum prt_event event)
{
    return event >= PRT_EV_CHANGE && event <= PRT_EV_FALL;
}

static void put_rules(struct tab *t)
{
    struct prt_rule *out = SECTION(t, RULES, struct prt_rule,
                                   t->d->rule_count);
    size_t i;

    for (i = 0; out && i < t->d->rule_count; i++) {
        const struct pcc_rule *r = &t->d->rules[i];

        out[i].event = r->event;
        out[i].kind = r->kind;
        out[i].lo = r->lo;
        out[i].width = r->width;
        out[i].subject = r->subject;
        out[i].cond = r->when;
        out[i].body = r->body;
        out[i].index = r->index;
        out[i].state = is_edge(r->event) ? take_state(t, PRT_STATE_RULE) :
                       PRT_NONE;
    }
}

static void put_mems(struct tab *t)
{
    struct prt_mem *out = SECTION(t, MEMS, struct prt_mem, t->d->mem_count);
    size_t i;

    for (i = 0; out && i < t->d->mem_count; i++) {
        const struct pcc_mem *m = &t->d->mems[i];

        out[i].name = string(t, m->name);
        out[i].state = take_state(t, PRT_STATE_BYTES(m->size));
        out[i].offset = m->offset;
        out[i].size = m->size;
        out[i].elem = m->elem;
        out[i].flags = m->flags;
    }
}

static void put_windows(struct tab *t)
{
    struct prt_window *out = SECTION(t, WINDOWS, struct prt_window,
                                     t->d->window_count);
    size_t i;

    for (i = 0; out && i < t->d->window_count; i++) {
        const struct pcc_window *w = &t->d->windows[i];

        out[i].name = string(t, w->name);
        out[i].offset = w->offset;
        out[i].size = w->size;
        out[i].target = w->target;
        out[i].verb = w->verb;
    }
}

static void put_domains(struct tab *t)
{
    struct prt_domain *out = SECTION(t, DOMAINS, struct prt_domain,
                                     t->d->domain_count);
    size_t i;

    for (i = 0; out && i < t->d->domain_count; i++) {
        const struct pcc_domain *d = &t->d->domains[i];

        out[i].name = string(t, d->name);
        out[i].item_first = d->first_item;
        out[i].item_count = d->item_count;
        out[i].rule_first = d->first_rule;
        out[i].rule_count = d->rule_count;
    }
}

/* ---- programs ---- */

static void put_code(struct tab *t)
{
    const struct pcc_device *d = t->d;
    struct prt_prog *progs = SECTION(t, PROGS, struct prt_prog,
                                     d->prog_count);
    struct prt_insn *code = SECTION(t, CODE, struct prt_insn, d->code_count);
    size_t i;

    for (i = 0; progs && i < d->prog_count; i++) {
        progs[i].first = d->progs[i].first;
        progs[i].count = d->progs[i].count;
        progs[i].kind = d->progs[i].kind;
    }
    for (i = 0; code && i < d->code_count; i++) {
        code[i] = d->code[i];
        if (code[i].op == PRT_OP_LOG) {
            code[i].imm = string(t, d->texts[code[i].imm]);
        }
    }
}

static void put_plain(struct tab *t)
{
    const struct pcc_device *d = t->d;
    struct prt_item *items = SECTION(t, ITEMS, struct prt_item,
                                     d->item_count);
    struct prt_array *arrays = SECTION(t, ARRAYS, struct prt_array,
                                       d->array_count);
    struct prt_item *order = SECTION(t, ORDER, struct prt_item,
                                     d->order_count);
    uint64_t *pool = SECTION(t, POOL, uint64_t, d->pool_count);

    if (t->failed) {
        return;
    }
    if (d->item_count) {
        memcpy(items, d->items, d->item_count * sizeof(*items));
    }
    if (d->array_count) {
        memcpy(arrays, d->arrays, d->array_count * sizeof(*arrays));
    }
    if (d->order_count) {
        memcpy(order, d->order, d->order_count * sizeof(*order));
    }
    if (d->pool_count) {
        memcpy(pool, d->pool, d->pool_count * sizeof(*pool));
    }
}

/* ---- address index ---- */

static unsigned granule(const struct pcc_device *d)
{
    uint64_t bits = 8;
    size_t i;

    for (i = 0; i < d->reg_count; i++) {
        bits |= d->regs[i].offset | d->regs[i].bytes;
    }
    return bits & -bits;
}

static void put_index(struct tab *t)
{
    const struct pcc_device *d = t->d;
    unsigned slots = PRT_CHUNK / t->head.granule;
    size_t ndir = (d->size + PRT_CHUNK - 1) / PRT_CHUNK, i, chunks = 0;
    uint16_t *dir = SECTION(t, DIR, uint16_t, ndir);
    uint16_t *chunk;
    uint32_t head = 0;

    if (t->failed) {
        return;
    }
    memset(dir, 0xff, ndir * sizeof(*dir));
    for (i = 0; i < d->reg_count; i++) {
        uint16_t *at = &dir[d->regs[i].offset / PRT_CHUNK];

        if (*at == PRT_NONE16) {
            *at = chunks++;
        }
    }
    if (chunks >= PRT_NONE16) {
        t->failed = true;
        return;
    }
    chunk = SECTION(t, CHUNKS, uint16_t, chunks * slots);
    if (!chunk) {
        return;
    }
    memset(chunk, 0xff, chunks * slots * sizeof(*chunk));
    for (i = 0; i < d->reg_count; i++) {
        const struct pcc_reg *r = &d->regs[i];
        uint16_t *at = &chunk[dir[r->offset / PRT_CHUNK] * slots +
                              r->offset % PRT_CHUNK / t->head.granule];
        unsigned k;

        if (!i || d->regs[i - 1].next == PCC_NONE) {
            head = i;
        }
        for (k = 0; k < r->bytes / t->head.granule; k++) {
            at[k] = head;
        }
    }
}

/* ---- the blob ---- */

static void put_head(struct tab *t)
{
    const struct pcc_device *d = t->d;
    struct prt_dev_header *h = &t->head;

    h->magic = PRT_MAGIC_DEV;
    h->version = PRT_VERSION;
    h->compat = PRT_COMPAT;
    h->flags = d->closed ? PRT_DEV_CLOSED : 0;
    h->name = string(t, d->name);
    h->mmio_size = d->size;
    h->width = d->width / 8;
    h->access = d->access;
    h->illegal = d->illegal;
    h->narrow = d->narrow;
    h->endian = d->endian;
    h->unmapped = d->unmapped;
    h->granule = granule(d);
    h->edge_first = d->first_edge;
    h->edge_count = d->edge_count;
    h->rule_first = d->first_device_rule;
    h->rule_count = d->device_rule_count;
    h->store_state = PRT_NONE;
}

/* State is taken in the order that table.h fixes. */
static void put_all(struct tab *t)
{
    put_head(t);
    put_index(t);
    put_regs(t);
    put_fields(t);
    put_views(t);
    put_vars(t);
    put_fifos(t);
    put_lines(t);
    put_locks(t);
    put_timers(t);
    put_afters(t);
    put_copies(t);
    put_rules(t);
    put_mems(t);
    put_windows(t);
    put_domains(t);
    put_plain(t);
    put_code(t);
    if (t->d->unmapped == PRT_UNMAPPED_STORE) {
        t->head.store_state = take_state(t, PRT_STATE_BYTES(t->d->size));
    }
    t->dir[PRT_SEC_STRINGS].id = PRT_SEC_STRINGS;
    t->dir[PRT_SEC_STRINGS].entry_size = 1;
    t->dir[PRT_SEC_STRINGS].count = t->strings.len;
    t->data[PRT_SEC_STRINGS] = t->strings.data;
    t->failed |= t->strings.failed;
}

static void write_blob(struct tab *t, size_t base)
{
    struct pdl_strbuf *out = t->e->out;
    size_t sections;
    unsigned id;

    for (id = 1; id < PRT_SEC_COUNT; id++) {
        t->head.section_count += t->dir[id].count != 0;
    }
    sections = sizeof(t->head) +
               t->head.section_count * sizeof(struct prt_section);
    pdl_strbuf_add(out, (const char *)&t->head, sizeof(t->head));
    for (id = 1; id < PRT_SEC_COUNT; id++) {
        struct prt_section *s = &t->dir[id];

        if (s->count) {
            s->offset = sections;
            sections += ((size_t)s->count * s->entry_size + 7) / 8 * 8;
            pdl_strbuf_add(out, (const char *)s, sizeof(*s));
        }
    }
    for (id = 1; id < PRT_SEC_COUNT; id++) {
        if (t->dir[id].count) {
            pdl_strbuf_add(out, t->data[id], (size_t)t->dir[id].count *
                           t->dir[id].entry_size);
            tab_align(out, base);
        }
    }
    if (out->failed) {
        return;
    }
    t->head.total_size = out->len - base;
    t->head.model_hash = tab_hash(TAB_HASH_INIT, out->data + base +
                                  sizeof(t->head),
                                  out->len - base - sizeof(t->head));
    memcpy(out->data + base, &t->head, sizeof(t->head));
}

int tab_write_device(struct pcc_emit *e, const struct pcc_device *d)
{
    struct tab *t = PDL_NEW(e->arena, struct tab);
    int err = PCC_OK;

    if (!t) {
        return PCC_ERR_NOMEM;
    }
    t->e = e;
    t->d = d;
    put_all(t);
    if (t->failed) {
        err = t->strings.failed ? PCC_ERR_NOMEM : PCC_ERR_LIMIT;
    } else {
        write_blob(t, e->out->len);
    }
    pdl_strbuf_dispose(&t->strings);
    return err;
}
