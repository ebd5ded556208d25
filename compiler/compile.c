/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Second stage of a device: whatever waits for final indices. */
#include "compiler/rules_priv.h"

#include <string.h>

#include "compiler/check.h"
#include "compiler/constexpr.h"

bool timer_matches(const struct dev *dv, uint32_t i, uint32_t k,
                   const struct target *t)
{
    const struct pcc_prog *p =
        &dv->progs.v[dv->timers.v[i].first_match + k];
    const struct prt_insn *in = &dv->code.v[p->first];

    if (p->count != 2) {
        return false;
    }
    return (t->kind == SYM_FIELD && in->op == PRT_OP_LDF &&
            in->imm == t->index) ||
           (t->kind == SYM_REG && in->op == PRT_OP_LDB &&
            in->imm == t->index) ||
           (t->kind == SYM_VAR && in->op == PRT_OP_LDS &&
            in->imm == t->index);
}

/* ---- views ---- */

static bool view_bits(struct gen *g, struct bview *v, const struct target *t)
{
    struct dev *dv = g->dv;

    v->m.target_kind = PRT_KIND_REG;
    v->m.target = t->index;
    v->m.target_lo = t->lo;
    if (t->kind == SYM_FIELD) {
        v->m.target = dv->d.fields[t->index].reg;
        v->m.target_lo += dv->d.fields[t->index].lo;
    } else if (t->kind == SYM_VAR) {
        v->m.target_kind = PRT_KIND_VAR;
    } else if (t->kind != SYM_REG) {
        gen_wrong_kind(g, t, "a register, field or variable");
        return false;
    }
    if (v->m.width > t->width) {
        v->m.width = t->width;
    }
    return true;
}

static bool view_object(struct gen *g, struct bview *v,
                        const struct target *t, enum sym_kind kind)
{
    if (t->kind != kind) {
        gen_wrong_kind(g, t, cc_kind_text(kind));
        return false;
    }
    v->m.target_kind = kind == SYM_FIFO ? PRT_KIND_FIFO :
                       kind == SYM_LOCK ? PRT_KIND_LOCK : PRT_KIND_DOMAIN;
    v->m.target = t->index;
    return true;
}

static const uint8_t verbs[PDL_VERB_COUNT] = {
    [PDL_VERB_SETS] = PRT_VERB_SETS, [PDL_VERB_CLEARS] = PRT_VERB_CLEARS,
    [PDL_VERB_TOGGLES] = PRT_VERB_TOGGLES,
    [PDL_VERB_MIRRORS] = PRT_VERB_MIRRORS,
    [PDL_VERB_PUSHES] = PRT_VERB_PUSHES, [PDL_VERB_POPS] = PRT_VERB_POPS,
    [PDL_VERB_FEEDS] = PRT_VERB_FEEDS, [PDL_VERB_RESETS] = PRT_VERB_RESETS,
};

/* `all`, unless the device has something of that name. */
static bool is_all(struct dev *dv, uint32_t scope, const struct pdl_ref *ref)
{
    const struct sym *sym;

    if (strcmp(ref->parts->name.text, "all") != 0 || ref->parts->next) {
        return false;
    }
    sym = cc_lookup(dv->cc, scope, "all");
    return !sym || sym->kind == SYM_TYPED;
}

static bool add_view(struct gen *g, struct bview *v, const struct target *t,
                     enum pdl_verb verb)
{
    bool ok = verb == PDL_VERB_PUSHES || verb == PDL_VERB_POPS ?
              view_object(g, v, t, SYM_FIFO) :
              verb == PDL_VERB_FEEDS ? view_object(g, v, t, SYM_LOCK) :
              verb == PDL_VERB_RESETS ? view_object(g, v, t, SYM_DOMAIN) :
              view_bits(g, v, t);

    if (ok) {
        *CC_ADD(g->dv->cc, &g->dv->views) = *v;
    }
    return ok;
}

/* A view that shows something stands on no derived bits. */
static bool shows_twice(struct dev *dv, const struct bview *v,
                        const struct pdl_attr *attr)
{
    const struct pcc_reg *r = &dv->d.regs[v->reg];
    uint32_t i;

    if (attr->verb == PDL_VERB_PUSHES || attr->verb == PDL_VERB_FEEDS ||
        attr->verb == PDL_VERB_RESETS) {
        return false;
    }
    for (i = r->first_field; i < r->first_field + r->field_count; i++) {
        const struct pcc_field *f = &dv->d.fields[i];
        struct pdl_diag *d;

        if (f->kind == PRT_STORED || f->lo >= v->m.lo + v->m.width ||
            v->m.lo >= f->lo + f->width) {
            continue;
        }
        d = pdl_diag_add(dv->cc->diags, PDL_D_POLICY_CONFLICT, attr->span,
                         f->kind == PRT_HOLD ? "hold :=" : ":=",
                         pdl_verb_word(attr->verb));
        pdl_diag_note(d, f->origin.span, "both say what a read of '%s' shows",
                      f->name);
        return true;
    }
    return false;
}

/* True while the run-time indices of @t choose element @k and bit @bit. */
static uint32_t chosen(struct gen *g, const struct target *t, uint32_t k,
                       unsigned bit)
{
    struct gen cond = { .dv = g->dv, .scope = g->scope };

    if (t->dims) {
        gen_index(&cond, t, 0);
        gen_op(&cond, PRT_OP_EQI, 0, 0, 0, k);
    } else {
        gen_const(&cond, 0, 1);
    }
    if (t->bit) {
        gen_expr(&cond, t->bit, 1);
        gen_op(&cond, PRT_OP_EQI, 1, 1, 0, bit);
        gen_op(&cond, PRT_OP_AND, 0, 0, 1, 0);
    }
    g->failed |= cond.failed;
    return gen_finish(&cond, 0, true);
}

/* A view of what is chosen at run time: one for each case, under `when`. */
static bool view_cases(struct gen *g, struct bview v, const struct target *t,
                       uint32_t k, enum pdl_verb verb)
{
    struct target e = t->dims ? t->element[k] : *t;
    unsigned bits = t->bit ? e.width : 1, i;

    if ((t->dims ? t->element_count : 1) * (uint64_t)bits > PRT_MAX_VIEWS) {
        pdl_diag_add(g->dv->cc->diags, PDL_D_TOO_MANY, t->span,
                     "elements that a view chooses from", PRT_MAX_VIEWS);
        return false;
    }
    for (i = 0; i < bits; i++) {
        struct bview one = v;
        struct target target = e;

        target.bit = NULL;
        if (t->bit) {
            target.lo += i;
            target.width = 1;
            target.part = true;
        }
        one.m.when = chosen(g, t, k, i);
        if (!add_view(g, &one, &target, verb)) {
            return false;
        }
    }
    return true;
}

/*
 * Elements of an array that are all views of the lowest bits of one target:
 * an index was forgotten.  Said once, at the second one.
 */
static void check_index(struct dev *dv, const struct pdl_item *item,
                        const struct target *t)
{
    const struct bview *v = dv->views.v + dv->views.n - 1;
    const char *name = item->name.text ? item->name.text : "?";

    if (!item->dim || dv->views.n < 2 || v->m.verb > PRT_VERB_MIRRORS ||
        v->m.width >= t->width || v[-1].m.target_kind != v->m.target_kind ||
        v[-1].m.target != v->m.target || v[-1].m.verb != v->m.verb ||
        v[-1].m.target_lo != v->m.target_lo ||
        v[-1].m.origin.span.begin != v->m.origin.span.begin) {
        return;
    }
    check_report(dv->cc, PDL_D_VIEW_INDEX, v->m.origin.span, name,
                 v->m.width, t->width, t->name);
}

static void compile_view(struct dev *dv, const struct todo *todo)
{
    struct gen g = { .dv = dv, .scope = todo->scope };
    enum pdl_verb verb = todo->attr->verb;
    struct bview v = { .seq = dv->views.n };
    struct target t;
    uint32_t k;

    v.reg = dv->final_reg[todo->reg];
    v.m.origin = cc_origin(dv->cc, todo->item);
    v.m.verb = verbs[verb];
    v.m.width = dv->d.regs[v.reg].bits;
    v.m.when = PCC_NONE;
    if (todo->index != PCC_NONE) {
        const struct pcc_field *f = &dv->fields.v[todo->index].m;

        v.m.lo = f->lo;
        v.m.width = f->width;
    }
    if (shows_twice(dv, &v, todo->attr)) {
        return;
    }
    if (verb == PDL_VERB_RESETS && is_all(dv, g.scope, todo->attr->ref)) {
        v.m.target_kind = PRT_KIND_DOMAIN;
        v.m.target = PCC_NONE;
        *CC_ADD(dv->cc, &dv->views) = v;
        return;
    }
    if (!gen_ref(&g, todo->attr->ref, &t)) {
        return;
    }
    if (gen_is_fixed(&t)) {
        if (add_view(&g, &v, &t, verb)) {
            check_index(dv, todo->item, &t);
        }
        return;
    }
    for (k = 0; k < (t.dims ? t.element_count : 1); k++) {
        if (!view_cases(&g, v, &t, k, verb)) {
            return;
        }
    }
}

/* ---- ref := expr ---- */

static void twice(struct dev *dv, const struct pdl_item *item,
                  const char *name)
{
    pdl_diag_add(dv->cc->diags, PDL_D_BAD_INIT, item->body_span,
                 cc_printf(dv->cc, "'%s' has a definition already", name));
}

/* One element or all of a line; the parts are joined in finish_lines(). */
static void derive_line(struct dev *dv, const struct todo *todo,
                        const struct target *t)
{
    struct pcc_line *l = &dv->lines.v[t->index];
    struct line_part *part;
    struct line_part **at = &dv->line_parts[t->index];

    if (l->dir == PRT_LINE_IN) {
        pdl_diag_add(dv->cc->diags, PDL_D_NOT_ASSIGNABLE, t->span, t->name,
                     "it is an input");
        return;
    }
    for (; *at; at = &(*at)->next) {
        if ((*at)->lo < t->lo + t->width &&
            t->lo < (*at)->lo + (*at)->width) {
            twice(dv, todo->item, l->name);
            return;
        }
    }
    part = *at = CC_NEW(dv->cc, struct line_part);
    part->lo = t->lo;
    part->width = t->width;
    part->scope = todo->scope;
    part->expr = todo->item->init.value;
    part->origin = cc_origin(dv->cc, todo->item);
    l->driven = true;
}

static void derive_field(struct dev *dv, const struct todo *todo,
                         const struct target *t)
{
    struct pcc_field *f = &dv->d.fields[t->index];
    struct pcc_reg *r = &dv->d.regs[f->reg];
    uint64_t bits = bits_mask(f->lo, f->width);

    if (f->kind != PRT_STORED || t->part || !gen_is_fixed(t)) {
        twice(dv, todo->item, f->name);
        return;
    }
    f->kind = todo->item->init.kind == PDL_INIT_HOLD ? PRT_HOLD :
              PRT_DERIVED;
    r->derived |= f->kind == PRT_DERIVED;
    if (f->policy == PRT_POL_rw) {
        r->masks.m01 &= ~bits;
        r->masks.m10 |= bits;
    }
    f->prog = gen_program(dv, todo->scope, todo->item->init.value,
                          GEN_NO_WORDS);
}

static void compile_derive(struct dev *dv, const struct todo *todo)
{
    struct gen g = { .dv = dv, .scope = todo->scope };
    struct target t;

    if (!gen_ref(&g, todo->item->u.derive.ref, &t)) {
        return;
    }
    if (t.kind == SYM_LINE && gen_is_fixed(&t)) {
        derive_line(dv, todo, &t);
    } else if (t.kind == SYM_FIELD) {
        derive_field(dv, todo, &t);
    } else {
        pdl_diag_add(dv->cc->diags, PDL_D_NOT_ASSIGNABLE, t.span, t.name,
                     "only lines and fields are defined like this");
    }
}

/* ---- lines ---- */

static void least_sure(const struct line_part *part, struct pcc_origin *out)
{
    for (*out = part->origin; part; part = part->next) {
        if (part->origin.confidence < out->confidence) {
            *out = part->origin;
        }
    }
}

static void finish_line(struct dev *dv, uint32_t index)
{
    struct pcc_line *l = &dv->lines.v[index];
    const struct line_part *part = dv->line_parts[index];
    struct gen g = { .dv = dv };

    if (!part) {
        return;
    }
    least_sure(part, &l->driver);
    if (part->width == l->count) {
        g.scope = part->scope;
        gen_expr(&g, part->expr, 0);
    } else {
        gen_const(&g, 0, 0);
        for (; part; part = part->next) {
            g.scope = part->scope;
            gen_expr(&g, part->expr, 1);
            gen_const(&g, 2, bits_mask(0, part->width));
            gen_op(&g, PRT_OP_AND, 1, 1, 2, 0);
            gen_op(&g, PRT_OP_SHLI, 1, 1, 0, part->lo);
            gen_op(&g, PRT_OP_OR, 0, 0, 1, 0);
        }
    }
    l->prog = gen_finish(&g, 0, true);
}

/* ---- timers ---- */

static void timer_match(struct dev *dv, const struct pdl_expr *e,
                        uint32_t scope, struct pcc_timer *t)
{
    t->first_match = dv->progs.n;
    for (; e; e = e->next) {
        struct gen g = { .dv = dv, .scope = scope };

        gen_expr(&g, e, 0);
        gen_finish(&g, 0, false);
        t->match_count++;
    }
    if (t->match_count > 16) {
        pdl_diag_add(dv->cc->diags, PDL_D_TOO_MANY, t->origin.span,
                     "matches of a timer", 16u);
    }
}

static uint32_t timer_start(struct dev *dv, const struct pdl_expr *e,
                            uint32_t scope)
{
    struct gen g = { .dv = dv, .scope = scope, .action = true };

    if (e->kind == PDL_EXPR_REF && !e->u.ref->parts->next &&
        strcmp(e->u.ref->parts->name.text, "wallclock") == 0) {
        gen_const(&g, 0, 0);
        gen_op(&g, PRT_OP_HOST, 0, 0, 0, PRT_HOST_WALLCLOCK);
    } else {
        gen_rhs(&g, e, 0);
    }
    return gen_finish(&g, 0, true);
}

static void timer_setting(struct dev *dv, const struct pdl_item *item,
                          uint32_t scope, struct pcc_timer *t)
{
    static const char *const down[] = { "up", "down" };
    const char *name = item->name.text;
    const struct pdl_expr *e = item->u.setting.values;
    const struct {
        const char *name;
        uint32_t *prog;
    } progs[] = {
        { "clock", &t->clock }, { "divide", &t->divide },
        { "bits", &t->bits }, { "reload", &t->reload }, { "run", &t->run },
        { "once", &t->once },
    };
    size_t i;

    if (!e) {
        pdl_diag_add(dv->cc->diags, PDL_D_BAD_SETTING, item->body_span, name,
                     "given a value");
        return;
    }
    for (i = 0; i < sizeof(progs) / sizeof(progs[0]); i++) {
        if (strcmp(progs[i].name, name) == 0) {
            gen_check_unit(dv, e, i == 0 ? PDL_UNIT_HZ : PDL_UNIT_NONE,
                           i == 0 ? "a frequency" : "a number");
            *progs[i].prog = gen_program(dv, scope, e, GEN_NO_WORDS);
            return;
        }
    }
    if (strcmp(name, "count") == 0) {
        t->down = cc_choice(dv->cc, item, down, 2) == 1;
    } else if (strcmp(name, "match") == 0) {
        timer_match(dv, e, scope, t);
    } else if (strcmp(name, "start") == 0) {
        t->start = timer_start(dv, e, scope);
    } else {
        pdl_diag_add(dv->cc->diags, PDL_D_UNKNOWN_SETTING, item->name.span,
                     name);
    }
}

static void compile_timer(struct dev *dv, const struct todo *todo)
{
    const struct pdl_item *item = todo->item;
    const struct pdl_item *s = item->u.timer.has_body ?
                               item->u.timer.body.first : NULL;
    struct pcc_timer *t = &dv->timers.v[todo->index];

    for (; s; s = s->next) {
        if (s->kind == PDL_ITEM_SETTING) {
            timer_setting(dv, s, todo->scope, t);
        }
    }
    if (t->clock == PCC_NONE) {
        pdl_diag_add(dv->cc->diags, PDL_D_BAD_SETTING, item->name.span,
                     item->name.text, "given a clock: clock: 1MHz;");
    }
}

/* ---- windows ---- */

static void compile_window(struct dev *dv, const struct todo *todo)
{
    const struct pdl_item *item = todo->item;
    struct pcc_window *w = &dv->windows.v[todo->index];
    const struct pdl_ref *ref = item->u.window.ref;
    struct gen g = { .dv = dv, .scope = todo->scope };
    struct target t;

    w->verb = verbs[item->u.window.verb];
    if (w->verb > PRT_VERB_MIRRORS) {
        pdl_diag_add(dv->cc->diags, PDL_D_POLICY_CONFLICT, item->body_span,
                     "window", pdl_verb_word(item->u.window.verb));
        return;
    }
    if (strcmp(ref->parts->name.text, "self") == 0 && !ref->parts->next) {
        return;
    }
    if (gen_ref_array(&g, ref, &t)) {
        if (t.kind == SYM_REG && gen_is_fixed(&t)) {
            w->target = dv->d.regs[t.index].offset;
        } else if (t.kind == SYM_MEM) {
            w->target = dv->d.mems[t.index].offset;
        } else {
            gen_wrong_kind(&g, &t, "a register, a mem or self");
        }
    }
}

/* ---- all ---- */

static void compile_field(struct dev *dv, const struct todo *todo)
{
    uint32_t index = dv->final_field[todo->index];
    struct pcc_field *f;
    uint32_t prog;

    prog = gen_program(dv, todo->scope, todo->expr,
                       todo->kind == TODO_FIELD_NEEDS ?
                       GEN_ALL_WORDS : GEN_NO_WORDS);
    if (index == PCC_NONE) {
        return;
    }
    f = &dv->d.fields[index];
    if (todo->kind == TODO_FIELD_VALUE) {
        f->prog = prog;
    } else if (todo->kind == TODO_FIELD_WHEN) {
        f->when = prog;
    } else {
        f->needs = prog;
    }
}

static void compile_reg(struct dev *dv, const struct todo *todo)
{
    struct pcc_reg *r = &dv->d.regs[dv->final_reg[todo->index]];
    uint32_t prog = gen_program(dv, todo->scope, todo->expr,
                                todo->kind == TODO_REG_NEEDS ?
                                GEN_ALL_WORDS : GEN_NO_WORDS);

    if (todo->kind == TODO_REG_WHEN) {
        r->when = prog;
    } else if (todo->kind == TODO_REG_NEEDS) {
        r->needs = prog;
    } else if (r->field_count) {
        dv->d.fields[r->first_field].prog = prog;
    }
}

static void compile_one(struct dev *dv, const struct todo *todo)
{
    switch (todo->kind) {
    case TODO_REG_WHEN:
    case TODO_REG_NEEDS:
    case TODO_REG_VALUE:
        compile_reg(dv, todo);
        break;
    case TODO_FIELD_WHEN:
    case TODO_FIELD_NEEDS:
    case TODO_FIELD_VALUE:
        compile_field(dv, todo);
        break;
    case TODO_VAR_VALUE:
        dv->vars.v[todo->index].prog =
            gen_program(dv, todo->scope, todo->expr, GEN_NO_WORDS);
        break;
    case TODO_FIFO_AT:
        gen_check_unit(dv, todo->expr, PDL_UNIT_NS, "a time");
        dv->fifos.v[todo->index].at =
            gen_program(dv, todo->scope, todo->expr, GEN_NO_WORDS);
        break;
    case TODO_VIEW:
        compile_view(dv, todo);
        break;
    case TODO_RULE:
        gen_rule(dv, todo);
        break;
    case TODO_DOMAIN:
        gen_domain(dv, todo);
        break;
    case TODO_WINDOW:
        compile_window(dv, todo);
        break;
    case TODO_DERIVE:
    case TODO_TIMER:
        break;
    }
}

/*
 * Definitions come first, since rules may not assign to what is defined;
 * timers next, since rules name their matches.
 */
void dev_compile(struct dev *dv)
{
    size_t i;

    dv->line_parts = cc_alloc(dv->cc, (dv->lines.n + 1) *
                              sizeof(*dv->line_parts));
    for (i = 0; i < dv->todo.n; i++) {
        if (dv->todo.v[i].kind == TODO_DERIVE) {
            compile_derive(dv, &dv->todo.v[i]);
        }
    }
    for (i = 0; i < dv->lines.n; i++) {
        finish_line(dv, i);
    }
    for (i = 0; i < dv->todo.n; i++) {
        if (dv->todo.v[i].kind == TODO_TIMER) {
            compile_timer(dv, &dv->todo.v[i]);
        }
    }
    for (i = 0; i < dv->todo.n; i++) {
        struct todo todo = dv->todo.v[i];

        compile_one(dv, &todo);
    }
    gen_fault_rules(dv);
    dev_finish_domains(dv);
    dev_finish_windows(dv);
}
