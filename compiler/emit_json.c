/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resolved model as JSON, for people, tests and tools.  Numbers that may
 * need 64 bits are hexadecimal strings; programs are listings.
 */
#include "compiler/emit.h"

#include <string.h>

struct json {
    struct pdl_strbuf *out;
    const struct pcc_device *d;
    unsigned depth;
    bool first;
};

/* ---- writing ---- */

static void line(struct json *j)
{
    if (!j->first) {
        pdl_strbuf_putc(j->out, ',');
    }
    if (j->depth) {
        pdl_strbuf_putc(j->out, '\n');
        pdl_strbuf_fill(j->out, ' ', j->depth * 2);
    }
    j->first = false;
}

static void text(struct json *j, const char *s)
{
    pdl_strbuf_putc(j->out, '"');
    for (; *s; s++) {
        unsigned char c = *s;

        if (c == '"' || c == '\\') {
            pdl_strbuf_putc(j->out, '\\');
            pdl_strbuf_putc(j->out, c);
        } else if (c < 0x20 || c == 0x7f) {
            pdl_strbuf_printf(j->out, "\\u%04x", c);
        } else {
            pdl_strbuf_putc(j->out, c);
        }
    }
    pdl_strbuf_putc(j->out, '"');
}

static void key(struct json *j, const char *name)
{
    line(j);
    if (name) {
        text(j, name);
        pdl_strbuf_puts(j->out, ": ");
    }
}

static void open(struct json *j, const char *name, char bracket)
{
    key(j, name);
    pdl_strbuf_putc(j->out, bracket);
    j->depth++;
    j->first = true;
}

static void shut(struct json *j, char bracket)
{
    j->depth--;
    if (!j->first) {
        pdl_strbuf_putc(j->out, '\n');
        pdl_strbuf_fill(j->out, ' ', j->depth * 2);
    }
    pdl_strbuf_putc(j->out, bracket);
    j->first = false;
}

static void put_text(struct json *j, const char *name, const char *value)
{
    if (value) {
        key(j, name);
        text(j, value);
    }
}

static void put_number(struct json *j, const char *name, uint64_t value)
{
    key(j, name);
    pdl_strbuf_printf(j->out, "%llu", (unsigned long long)value);
}

static void put_hex(struct json *j, const char *name, uint64_t value)
{
    key(j, name);
    pdl_strbuf_printf(j->out, "\"0x%llx\"", (unsigned long long)value);
}

static void put_flag(struct json *j, const char *name, bool value)
{
    if (value) {
        key(j, name);
        pdl_strbuf_puts(j->out, "true");
    }
}

static void put_origin(struct json *j, const struct pcc_origin *o)
{
    if (o->owner == PCC_PERSON) {
        return;
    }
    put_text(j, "owner", pcc_owner_name(o->owner));
    put_text(j, "by", o->by);
    put_number(j, "confidence", o->confidence);
    put_text(j, "evidence", o->evidence);
}

/* ---- programs ---- */

enum operand { OPERAND__, OPERAND_R, OPERAND_N, OPERAND_D };

struct op_text {
    const char *name;
    enum operand dst, a, b;
    enum prt_imm imm;
};

static const struct op_text ops[] = {
#define X(name, d, a, b, imm, pure) \
    { #name, OPERAND_##d, OPERAND_##a, OPERAND_##b, PRT_IMM_##imm },
    PRT_OPS(X)
#undef X
};

static void put_operand(struct json *j, enum operand kind, unsigned value)
{
    if (kind == OPERAND_R) {
        pdl_strbuf_printf(j->out, " r%u", value);
    } else if (kind == OPERAND_N) {
        pdl_strbuf_printf(j->out, " %u", value);
    }
}

static const char *object_name(const struct pcc_device *d, enum prt_imm kind,
                               uint32_t i)
{
    switch (kind) {
    case PRT_IMM_VAR:
        return d->vars[i].name;
    case PRT_IMM_FIFO:
        return d->fifos[i].name;
    case PRT_IMM_LOCK:
        return d->locks[i].name;
    case PRT_IMM_TIMER:
        return d->timers[i].name;
    case PRT_IMM_REG:
        return d->regs[i].path;
    case PRT_IMM_MEM:
        return d->mems[i].name;
    case PRT_IMM_LINE:
        return d->lines[i].name;
    default:
        return NULL;
    }
}

static void put_imm(struct json *j, enum prt_imm kind,
                    const struct prt_insn *in)
{
    const struct pcc_device *d = j->d;
    const char *name;

    if (kind == PRT_IMM_ZERO) {
        return;
    }
    if (kind == PRT_IMM_POOL) {
        pdl_strbuf_printf(j->out, " 0x%llx",
                          (unsigned long long)d->pool[in->imm]);
        return;
    }
    if (in->imm & PRT_DYN && kind >= PRT_IMM_FIELD &&
        kind <= PRT_IMM_TIMER) {
        pdl_strbuf_printf(j->out, " array%u[r%u]",
                          (unsigned)(in->imm & ~PRT_DYN), in->b);
        return;
    }
    if (kind == PRT_IMM_FIELD) {
        const struct pcc_field *f = &d->fields[in->imm];

        pdl_strbuf_printf(j->out, " %s.%s", d->regs[f->reg].path, f->name);
        return;
    }
    name = object_name(d, kind, in->imm);
    if (name) {
        pdl_strbuf_printf(j->out, " %s", name);
    } else {
        pdl_strbuf_printf(j->out, " %u", (unsigned)in->imm);
    }
}

/* "LDF r0 CR.EN; END r0" */
static void put_prog(struct json *j, const char *name, uint32_t index)
{
    const struct pcc_prog *p;
    uint32_t i;

    if (index == PCC_NONE) {
        return;
    }
    p = &j->d->progs[index];
    key(j, name);
    pdl_strbuf_putc(j->out, '"');
    for (i = 0; i < p->count; i++) {
        const struct prt_insn *in = &j->d->code[p->first + i];
        const struct op_text *op = &ops[in->op];

        pdl_strbuf_printf(j->out, i ? "; %s" : "%s", op->name);
        put_operand(j, op->dst, in->dst);
        put_operand(j, op->a, in->a);
        put_operand(j, op->b, in->b);
        put_imm(j, op->imm, in);
    }
    pdl_strbuf_putc(j->out, '"');
}

/* ---- devices ---- */

static const char *const event_names[] = {
    "none",
#define X(name) #name,
    PRT_EVENTS(X)
#undef X
};

static const char *const verb_names[] = {
    "none", "sets", "clears", "toggles", "mirrors", "pushes", "pops",
    "feeds", "resets",
};

static void put_fields(struct json *j, const struct pcc_reg *r)
{
    static const char *const kinds[] = { NULL, "derived", "hold" };
    uint32_t i;
    size_t k;

    if (!r->field_count) {
        return;
    }
    open(j, "fields", '[');
    for (i = r->first_field; i < r->first_field + r->field_count; i++) {
        const struct pcc_field *f = &j->d->fields[i];

        open(j, NULL, '{');
        put_text(j, "name", f->name);
        put_text(j, "text", f->text);
        put_number(j, "lo", f->lo);
        put_number(j, "width", f->width);
        put_text(j, "policy", pcc_policy_name(f->policy));
        put_text(j, "kind", kinds[f->kind]);
        if (f->reset) {
            put_hex(j, "reset", f->reset);
        }
        put_prog(j, "value", f->prog);
        put_prog(j, "when", f->when);
        put_prog(j, "needs", f->needs);
        if (f->value_count) {
            open(j, "values", '{');
            for (k = 0; k < f->value_count; k++) {
                put_hex(j, f->values[k].name, f->values[k].value);
            }
            shut(j, '}');
        }
        put_origin(j, &f->origin);
        shut(j, '}');
    }
    shut(j, ']');
}

static void put_rules(struct json *j, const char *name, uint32_t first,
                      uint32_t count)
{
    uint32_t i;

    if (!count) {
        return;
    }
    open(j, name, '[');
    for (i = first; i < first + count; i++) {
        const struct pcc_rule *r = &j->d->rules[i];

        open(j, NULL, '{');
        put_text(j, "on", event_names[r->event]);
        if (r->subject != PCC_NONE) {
            put_number(j, "subject", r->subject);
        }
        if (r->width) {
            put_number(j, "lo", r->lo);
            put_number(j, "width", r->width);
        }
        put_prog(j, "when", r->when);
        put_prog(j, "do", r->body);
        put_origin(j, &r->origin);
        shut(j, '}');
    }
    shut(j, ']');
}

static void put_views(struct json *j, const struct pcc_reg *r)
{
    uint32_t i;

    if (!r->view_count) {
        return;
    }
    open(j, "views", '[');
    for (i = r->first_view; i < r->first_view + r->view_count; i++) {
        const struct pcc_view *v = &j->d->views[i];

        open(j, NULL, '{');
        put_number(j, "lo", v->lo);
        put_number(j, "width", v->width);
        put_text(j, "verb", verb_names[v->verb]);
        if (v->target_kind == PRT_KIND_REG) {
            put_text(j, "target", j->d->regs[v->target].path);
            put_number(j, "target_lo", v->target_lo);
        } else if (v->target_kind == PRT_KIND_VAR) {
            put_text(j, "target", j->d->vars[v->target].name);
            put_number(j, "target_lo", v->target_lo);
        } else if (v->target_kind == PRT_KIND_FIFO) {
            put_text(j, "target", j->d->fifos[v->target].name);
        } else if (v->target_kind == PRT_KIND_LOCK) {
            put_text(j, "target", j->d->locks[v->target].name);
        } else if (v->target != PCC_NONE) {
            put_text(j, "target", j->d->domains[v->target].name);
        }
        shut(j, '}');
    }
    shut(j, ']');
}

static void put_reg(struct json *j, const struct pcc_reg *r)
{
    open(j, NULL, '{');
    put_text(j, "name", r->path);
    put_text(j, "text", r->text);
    put_hex(j, "offset", r->offset);
    put_number(j, "bytes", r->bytes);
    if (r->bits != 8 * r->bytes) {
        put_number(j, "bits", r->bits);
    }
    put_text(j, "policy", pcc_policy_name(r->policy));
    put_flag(j, "no_reads", !r->reads);
    put_flag(j, "no_writes", !r->writes);
    put_flag(j, "plain", r->plain);
    put_flag(j, "settles", r->settles);
    put_hex(j, "reset", r->reset);
    if (r->sticky) {
        put_hex(j, "sticky", r->sticky);
    }
    if (r->id) {
        put_hex(j, "id", r->id);
    }
    put_prog(j, "when", r->when);
    put_prog(j, "needs", r->needs);
    put_fields(j, r);
    put_views(j, r);
    put_rules(j, "rules", r->first_rule, r->rule_count);
    put_origin(j, &r->origin);
    shut(j, '}');
}

static void put_fifos(struct json *j)
{
    static const char *const ends[] = { NULL, "to", "from" };
    size_t i;
    uint32_t k;

    for (i = 0; i < j->d->fifo_count; i++) {
        const struct pcc_fifo *f = &j->d->fifos[i];

        if (!i) {
            open(j, "fifos", '[');
        }
        open(j, NULL, '{');
        put_text(j, "name", f->name);
        put_number(j, "depth", f->depth);
        put_number(j, "width", f->width);
        if (f->end) {
            put_text(j, ends[f->end], f->peer);
        }
        put_prog(j, "at", f->at);
        if (f->preload_count) {
            open(j, "preload", '[');
            for (k = 0; k < f->preload_count; k++) {
                put_hex(j, NULL, j->d->pool[f->first_preload + k]);
            }
            shut(j, ']');
        }
        put_rules(j, "rules", f->first_rule, f->rule_count);
        shut(j, '}');
    }
    if (i) {
        shut(j, ']');
    }
}

static void put_vars(struct json *j)
{
    static const char *const kinds[] = { NULL, "derived", "hold" };
    size_t i;

    for (i = 0; i < j->d->var_count; i++) {
        const struct pcc_var *v = &j->d->vars[i];

        if (!i) {
            open(j, "vars", '[');
        }
        open(j, NULL, '{');
        put_text(j, "name", v->name);
        put_number(j, "width", v->width);
        put_text(j, "kind", kinds[v->kind]);
        put_hex(j, "reset", v->reset);
        put_prog(j, "value", v->prog);
        shut(j, '}');
    }
    if (i) {
        shut(j, ']');
    }
}

static void put_lines(struct json *j)
{
    size_t i;

    for (i = 0; i < j->d->line_count; i++) {
        const struct pcc_line *l = &j->d->lines[i];

        if (!i) {
            open(j, "lines", '[');
        }
        open(j, NULL, '{');
        put_text(j, "name", l->name);
        put_text(j, "dir", l->dir == PRT_LINE_IN ? "in" : "out");
        put_number(j, "count", l->count);
        put_prog(j, "value", l->prog);
        shut(j, '}');
    }
    if (i) {
        shut(j, ']');
    }
}

static void put_timers(struct json *j)
{
    size_t i;

    for (i = 0; i < j->d->timer_count; i++) {
        const struct pcc_timer *t = &j->d->timers[i];

        if (!i) {
            open(j, "timers", '[');
        }
        open(j, NULL, '{');
        put_text(j, "name", t->name);
        put_flag(j, "down", t->down);
        put_prog(j, "clock", t->clock);
        put_prog(j, "divide", t->divide);
        put_prog(j, "bits", t->bits);
        put_prog(j, "reload", t->reload);
        put_prog(j, "run", t->run);
        put_prog(j, "once", t->once);
        put_prog(j, "start", t->start);
        put_number(j, "matches", t->match_count);
        put_rules(j, "rules", t->first_rule, t->rule_count);
        shut(j, '}');
    }
    if (i) {
        shut(j, ']');
    }
}

static void put_afters(struct json *j)
{
    size_t i;

    for (i = 0; i < j->d->after_count; i++) {
        if (!i) {
            open(j, "afters", '[');
        }
        open(j, NULL, '{');
        put_text(j, "counts", j->d->afters[i].reads ? "reads" : "ns");
        put_prog(j, "do", j->d->afters[i].body);
        shut(j, '}');
    }
    if (i) {
        shut(j, ']');
    }
}

static void put_device(struct json *j, const struct pcc_device *d)
{
    size_t i;

    j->d = d;
    open(j, NULL, '{');
    put_text(j, "name", d->name);
    put_text(j, "text", d->text);
    put_origin(j, &d->origin);
    if (d->compatible_count) {
        open(j, "compatible", '[');
        for (i = 0; i < d->compatible_count; i++) {
            put_text(j, NULL, d->compatible[i]);
        }
        shut(j, ']');
    }
    put_hex(j, "size", d->size);
    put_number(j, "width", d->width);
    put_number(j, "access", d->access);
    put_text(j, "unmapped", pcc_unmapped_name(d->unmapped));
    put_flag(j, "closed", d->closed);
    put_flag(j, "big_endian", d->endian == PRT_ENDIAN_BIG);
    put_lines(j);
    put_fifos(j);
    put_vars(j);
    put_timers(j);
    put_afters(j);
    open(j, "registers", '[');
    for (i = 0; i < d->reg_count; i++) {
        put_reg(j, &d->regs[i]);
    }
    shut(j, ']');
    put_rules(j, "edges", d->first_edge, d->edge_count);
    put_rules(j, "rules", d->first_device_rule, d->device_rule_count);
    shut(j, '}');
}

/* ---- boards ---- */

static void put_memories(struct json *j, const struct pcc_board *b)
{
    size_t i;

    open(j, "memories", '[');
    for (i = 0; i < b->memory_count; i++) {
        const struct pcc_memory *m = &b->memories[i];

        open(j, NULL, '{');
        put_text(j, "name", m->name);
        put_hex(j, "base", m->base);
        put_hex(j, "size", m->size);
        put_flag(j, "read_only", m->read_only);
        if (m->is_alias) {
            put_hex(j, "mirrors", m->alias);
        }
        put_origin(j, &m->origin);
        shut(j, '}');
    }
    shut(j, ']');
    open(j, "loads", '[');
    for (i = 0; i < b->load_count; i++) {
        open(j, NULL, '{');
        put_text(j, "path", b->loads[i].path);
        if (b->loads[i].has_address) {
            put_hex(j, "address", b->loads[i].address);
        }
        shut(j, '}');
    }
    shut(j, ']');
}

static void put_wire(struct json *j, const struct pcc_model *m,
                     const struct pcc_wire *w)
{
    static const char *const to[] = { "native", "instance", "nvic", "cpu" };
    static const char *const kinds[] = { "line", "spi", "ppi" };
    const struct pcc_board *b = m->board;

    open(j, NULL, '{');
    if (w->instance != PCC_NONE) {
        const struct pcc_instance *in = &b->instances[w->instance];

        put_text(j, "from", in->name);
        put_text(j, "line", m->devices[in->device].lines[w->line].name);
        put_number(j, "element", w->element);
    } else {
        put_text(j, "from", b->natives[w->native].name);
        put_number(j, "line", w->line);
    }
    put_text(j, "to", w->to == PRT_TO_NATIVE ? b->natives[w->target].name :
             w->to == PRT_TO_INSTANCE ? b->instances[w->target].name :
             to[w->to]);
    put_text(j, "kind", kinds[w->kind]);
    put_number(j, "number", w->number);
    put_text(j, "trigger", pcc_trigger_name(w->trigger));
    put_origin(j, &w->origin);
    shut(j, '}');
}

static void put_regions(struct json *j, const struct pcc_emit *e, size_t i)
{
    const struct pcc_instance *in = &e->model->board->instances[i];
    const struct pcc_device *d = &e->model->devices[in->device];
    size_t k;

    if (d->region_count < 2) {
        return;
    }
    open(j, "regions", '[');
    for (k = 0; k < d->region_count; k++) {
        open(j, NULL, '{');
        put_hex(j, "offset", d->regions[k].offset);
        put_hex(j, "address", in->addresses[k]);
        put_hex(j, "size", d->regions[k].size);
        shut(j, '}');
    }
    shut(j, ']');
}

static void put_instances(struct json *j, const struct pcc_emit *e)
{
    const struct pcc_board *b = e->model->board;
    size_t i;

    open(j, "instances", '[');
    for (i = 0; i < b->instance_count; i++) {
        if (!pcc_wants_instance(e, i)) {
            continue;
        }
        open(j, NULL, '{');
        put_text(j, "name", b->instances[i].name);
        put_text(j, "device", e->model->devices[b->instances[i].device].name);
        put_hex(j, "address", b->instances[i].address);
        put_regions(j, e, i);
        put_origin(j, &b->instances[i].origin);
        shut(j, '}');
    }
    shut(j, ']');
    open(j, "natives", '[');
    for (i = 0; i < b->native_count; i++) {
        size_t k;

        open(j, NULL, '{');
        put_text(j, "name", b->natives[i].name);
        put_text(j, "type", b->natives[i].type);
        open(j, "addresses", '[');
        for (k = 0; k < b->natives[i].address_count; k++) {
            put_hex(j, NULL, b->natives[i].addresses[k]);
        }
        shut(j, ']');
        shut(j, '}');
    }
    shut(j, ']');
}

static void put_board(struct json *j, const struct pcc_emit *e)
{
    static const char *const psci[] = { "default", "none", "smc", "hvc" };
    const struct pcc_board *b = e->model->board;
    size_t i;

    open(j, "board", '{');
    put_text(j, "name", b->name);
    put_text(j, "text", b->text);
    put_text(j, "cpu", b->cpu);
    put_number(j, "cpus", b->cpus);
    put_text(j, "package", b->package);
    if (b->has_entry) {
        put_hex(j, "entry", b->entry);
    }
    if (b->el >= 0) {
        put_number(j, "el", b->el);
    }
    put_text(j, "psci", psci[b->psci]);
    if (b->console != PCC_NONE) {
        put_text(j, "console", b->instances[b->console].name);
    }
    put_memories(j, b);
    put_instances(j, e);
    open(j, "wires", '[');
    for (i = 0; i < b->wire_count; i++) {
        put_wire(j, e->model, &b->wires[i]);
    }
    shut(j, ']');
    shut(j, '}');
}

int pcc_emit_json(struct pcc_emit *e)
{
    struct json j = { .out = e->out, .first = true };
    size_t i;

    open(&j, NULL, '{');
    if (e->model->board) {
        put_board(&j, e);
    }
    open(&j, "devices", '[');
    for (i = 0; i < e->model->device_count; i++) {
        put_device(&j, &e->model->devices[i]);
    }
    shut(&j, ']');
    shut(&j, '}');
    pdl_strbuf_putc(e->out, '\n');
    return PCC_OK;
}
