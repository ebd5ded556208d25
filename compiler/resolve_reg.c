/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and fields: layout, policies, reset values. */
#include "compiler/dev.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/constexpr.h"
#include "dsl/item.h"

static const struct pcc_row policies[] = {
#define X(name, ...) { __VA_ARGS__ },
    PRT_POLICIES(X)
#undef X
};

static const enum prt_policy from_word[PDL_POLICY_COUNT] = {
    [PDL_POLICY_RW] = PRT_POL_rw, [PDL_POLICY_RO] = PRT_POL_ro,
    [PDL_POLICY_WO] = PRT_POL_wo, [PDL_POLICY_RC] = PRT_POL_rc,
    [PDL_POLICY_RS] = PRT_POL_rs, [PDL_POLICY_WCLR] = PRT_POL_wclr,
    [PDL_POLICY_WSET] = PRT_POL_wset, [PDL_POLICY_W1C] = PRT_POL_w1c,
    [PDL_POLICY_W1S] = PRT_POL_w1s, [PDL_POLICY_W1T] = PRT_POL_w1t,
    [PDL_POLICY_W0C] = PRT_POL_w0c, [PDL_POLICY_W0S] = PRT_POL_w0s,
    [PDL_POLICY_W0T] = PRT_POL_w0t, [PDL_POLICY_ONCE] = PRT_POL_once,
    [PDL_POLICY_PULSE] = PRT_POL_pulse,
    [PDL_POLICY_UNIMPL] = PRT_POL_unimpl,
};

/* The attributes of a register or field, sorted out. */
struct attrs {
    bool has_policy;
    bool sticky;
    enum prt_policy policy;     /* the word that says most */
    struct pcc_row row;
    const struct pdl_attr *when;
    const struct pdl_attr *needs;
    const struct pdl_attr *known;
};

static void put(uint64_t *mask, unsigned bit, uint64_t bits)
{
    *mask = bit ? *mask | bits : *mask & ~bits;
}

/* Gives @bits of register @r what @p says. */
static void apply_row(struct pcc_reg *r, const struct pcc_row *p,
                      uint64_t bits)
{
    put(&r->masks.m00, p->m00, bits);
    put(&r->masks.m01, p->m01, bits);
    put(&r->masks.m10, p->m10, bits);
    put(&r->masks.m11, p->m11, bits);
    put(&r->masks.v0, p->v0, bits);
    put(&r->masks.v1, p->v1, bits);
    put(&r->masks.r0, p->r0, bits);
    put(&r->masks.r1, p->r1, bits);
    put(&r->once, p->once, bits);
    put(&r->unimpl, p->unimpl, bits);
}

static void apply_policy(struct pcc_reg *r, enum prt_policy policy,
                         uint64_t bits)
{
    apply_row(r, &policies[policy], bits);
}

/* What a policy word is about; there is one of each at most. */
enum policy_class { CLASS_ACCESS, CLASS_WRITE, CLASS_READ, CLASS_ALONE };

static enum policy_class class_of(enum prt_policy policy)
{
    switch (policy) {
    case PRT_POL_rw:
    case PRT_POL_ro:
    case PRT_POL_wo:
        return CLASS_ACCESS;
    case PRT_POL_rc:
    case PRT_POL_rs:
        return CLASS_READ;
    case PRT_POL_pulse:
    case PRT_POL_unimpl:
        return CLASS_ALONE;
    default:
        return CLASS_WRITE;
    }
}

/* Whether two words may stand together: SPEC's table of combinations. */
static bool may_mix(enum prt_policy a, enum prt_policy b)
{
    enum policy_class p = class_of(a), q = class_of(b);

    if (p > q) {
        return may_mix(b, a);
    }
    return (p == CLASS_ACCESS && q == CLASS_WRITE && a == PRT_POL_wo) ||
           (p == CLASS_ACCESS && q == CLASS_READ && a != PRT_POL_wo) ||
           (p == CLASS_WRITE && q == CLASS_READ);
}

/* Adds the word @policy; false when it contradicts one in @mix. */
static bool mix_policy(struct attrs *out, enum prt_policy policy,
                       enum prt_policy *mix, unsigned *count)
{
    const struct pcc_row *row = &policies[policy];
    unsigned i;

    for (i = 0; i < *count; i++) {
        if (!may_mix(mix[i], policy)) {
            return false;
        }
    }
    mix[(*count)++] = policy;
    if (!out->has_policy) {
        out->row = *row;
        out->policy = policy;
        out->has_policy = true;
        return true;
    }
    switch (class_of(policy)) {
    case CLASS_READ:
        out->row.r0 = row->r0;
        out->row.r1 = row->r1;
        break;
    case CLASS_WRITE:
        out->row.m00 = row->m00;
        out->row.m01 = row->m01;
        out->row.m10 = row->m10;
        out->row.m11 = row->m11;
        out->row.once = row->once;
        out->policy = out->policy == PRT_POL_wo ? PRT_POL_wo : policy;
        break;
    default:
        if (policy == PRT_POL_wo) {
            out->row.v0 = out->row.v1 = 0;
        } else {                /* ro or rw, behind what reads do */
            out->row.m00 = row->m00;
            out->row.m01 = row->m01;
            out->row.m10 = row->m10;
            out->row.m11 = row->m11;
        }
        out->policy = policy;
        break;
    }
    return true;
}

static void sort_attrs(struct dev *dv, const struct pdl_item *item,
                       struct attrs *out)
{
    const struct pdl_attr *a, *last = NULL;
    enum prt_policy mix[3];
    unsigned count = 0;

    memset(out, 0, sizeof(*out));
    for (a = item->attrs; a; a = a->next) {
        if (a->kind == PDL_ATTR_WHEN) {
            out->when = a;
        } else if (a->kind == PDL_ATTR_NEEDS) {
            out->needs = a;
        } else if (a->kind == PDL_ATTR_KNOWN) {
            out->known = a;
        } else if (a->kind == PDL_ATTR_POLICY &&
                   a->policy == PDL_POLICY_STICKY) {
            out->sticky = true;
        } else if (a->kind == PDL_ATTR_POLICY &&
                   mix_policy(out, from_word[a->policy], mix, &count)) {
            last = a;
        } else if (a->kind == PDL_ATTR_POLICY) {
            pdl_diag_add(dv->cc->diags, PDL_D_POLICY_CONFLICT, a->span,
                         pdl_policy_word(last->policy),
                         pdl_policy_word(a->policy));
        }
    }
}

struct todo *dev_todo(struct dev *dv, enum todo_kind kind, uint32_t scope,
                      const struct pdl_item *item)
{
    struct todo *t = CC_ADD(dv->cc, &dv->todo);

    t->kind = kind;
    t->scope = scope;
    t->index = PCC_NONE;
    t->reg = dv->cc->scopes.v[scope].reg;
    t->item = item;
    return t;
}

static void todo_expr(struct dev *dv, enum todo_kind kind, uint32_t scope,
                      uint32_t index, const struct pdl_item *item,
                      const struct pdl_expr *expr)
{
    struct todo *t = dev_todo(dv, kind, scope, item);

    t->index = index;
    t->expr = expr;
}

/* Views wait for the second stage: bits lo, width are kept in the field. */
static void todo_views(struct dev *dv, const struct pdl_item *item,
                       uint32_t scope, uint32_t reg, uint32_t field)
{
    const struct pdl_attr *a;

    for (a = item->attrs; a; a = a->next) {
        if (a->kind == PDL_ATTR_VERB) {
            struct todo *t = dev_todo(dv, TODO_VIEW, scope, item);

            t->index = field;
            t->reg = reg;
            t->attr = a;
        }
    }
}

uint32_t dev_dim(struct dev *dv, uint32_t scope, const struct pdl_dim *dim,
                 uint32_t max)
{
    uint64_t n;

    if (!dim) {
        return 1;
    }
    n = pcc_const_max(dv->cc, scope, dim->count, max, "number of elements");
    return n ? n : 1;
}

bool dev_room(struct dev *dv, const struct pdl_item *item, uint32_t n)
{
    bool had = dv->objects <= DEV_MAX_OBJECTS;

    dv->objects += had ? n : 0;
    if (had && dv->objects > DEV_MAX_OBJECTS) {
        pdl_diag_add(dv->cc->diags, PDL_D_TOO_MANY, item->name.span,
                     "elements of a device", DEV_MAX_OBJECTS);
    }
    return dv->objects <= DEV_MAX_OBJECTS;
}

uint32_t dev_index_scope(struct dev *dv, uint32_t scope,
                         const struct pdl_dim *dim, uint32_t k)
{
    uint32_t inner = cc_scope_new(dv->cc, scope);

    if (dim && dim->index.text) {
        struct sym *sym = cc_declare(dv->cc, inner, dim->index.text,
                                     SYM_CONST, dim->index.span);

        if (sym) {
            sym->value = k;
        }
    }
    return inner;
}

const char *dev_element(struct dev *dv, const char *path, const char *name,
                        const struct pdl_dim *dim, uint32_t k)
{
    if (!dim) {
        return *path ? cc_printf(dv->cc, "%s%s", path, name) : name;
    }
    return cc_printf(dv->cc, "%s%s[%u]", path, name, (unsigned)k);
}

/* ---- fields ---- */

/* Declares the constants of a field's enumeration, device-wide. */
static void declare_values(struct dev *dv,
                           const struct pcc_enum_value *values, size_t count,
                           struct pdl_span span)
{
    struct cc *cc = dv->cc;
    size_t i;

    for (i = 0; i < count; i++) {
        struct sym *sym = cc_lookup_in(cc, dv->enums, values[i].name);

        if (!sym) {
            sym = cc_declare(cc, dv->enums, values[i].name, SYM_CONST,
                             span);
            sym->value = values[i].value;
        } else if (sym->value != values[i].value) {
            sym->clash = true;
        }
    }
}

static const struct pcc_enum_value *list_values(struct dev *dv,
                                                const struct pdl_evals *evals,
                                                uint32_t scope,
                                                const struct pcc_field *f,
                                                size_t *count)
{
    struct cc *cc = dv->cc;
    const struct pdl_eval *e;
    struct pcc_enum_value *values;
    size_t n = 0;

    for (e = evals->first; e; e = e->next) {
        n++;
    }
    values = cc_alloc(cc, (n + 1) * sizeof(*values));
    for (n = 0, e = evals->first; e; e = e->next, n++) {
        values[n].name = e->name.text;
        values[n].text = e->text.bytes;
        values[n].value = pcc_const_max(cc, scope, e->value,
                                        bits_mask(0, f->width), "value");
    }
    *count = n;
    return values;
}

static void field_values(struct dev *dv, const struct pdl_item *item,
                         uint32_t scope, struct pcc_field *f)
{
    struct cc *cc = dv->cc;
    const struct pdl_evals *evals = &item->u.field.evals;

    if (item->u.field.of.text) {
        const struct sym *sym = cc_lookup(cc, scope, item->u.field.of.text);

        if (!sym || sym->kind != SYM_ENUM) {
            cc_unknown(cc, 0, item->u.field.of.text, item->u.field.of.span);
            return;
        }
        evals = &sym->item->u.enumeration.evals;
    }
    if (!evals->first) {
        return;
    }
    f->values = list_values(dv, evals, scope, f, &f->value_count);
    declare_values(dv, f->values, f->value_count, item->name.span);
    if (item->u.field.write_evals.first) {
        f->write_values = list_values(dv, &item->u.field.write_evals, scope,
                                      f, &f->write_value_count);
        declare_values(dv, f->write_values, f->write_value_count,
                       item->name.span);
    }
}

/* Bits of a field; false when they lie outside of the register. */
static bool field_bits(struct dev *dv, const struct pdl_item *item,
                       uint32_t scope, const struct breg *r,
                       struct pcc_field *f)
{
    struct cc *cc = dv->cc;
    const struct pdl_bits *bits = &item->u.field.bits;
    uint64_t first, last;

    if (!pcc_const(cc, scope, bits->first, &first)) {
        return false;
    }
    last = first;
    if (bits->last && !pcc_const(cc, scope, bits->last, &last)) {
        return false;
    }
    if (last < first) {
        pdl_diag_add(cc->diags, PDL_D_BITS_REVERSED, bits->span,
                     (unsigned long long)first, (unsigned long long)last);
        return false;
    }
    if (last >= r->m.bits) {
        pdl_diag_add(cc->diags, PDL_D_OUTSIDE_REGISTER, bits->span,
                     (unsigned long long)last, r->m.path, r->m.bits);
        return false;
    }
    f->lo = first;
    f->width = last - first + 1;
    return true;
}

static uint64_t init_value(struct dev *dv, const struct pdl_item *item,
                           uint32_t scope, uint32_t k, unsigned bits)
{
    const struct pdl_expr *e = item->init.value;

    if (item->init.kind == PDL_INIT_LIST) {
        while (k-- && e) {
            e = e->next;
        }
    } else if (item->init.kind != PDL_INIT_VALUE) {
        return 0;
    }
    return e ? pcc_const_max(dv->cc, scope, e, bits_mask(0, bits),
                             "reset value") : 0;
}

static void check_list(struct dev *dv, const struct pdl_item *item,
                       uint32_t count)
{
    const struct pdl_expr *e;
    uint32_t n = 0;

    if (item->init.kind != PDL_INIT_LIST) {
        return;
    }
    for (e = item->init.value; e; e = e->next) {
        n++;
    }
    if (n != count) {
        pdl_diag_add(dv->cc->diags, PDL_D_LIST_LENGTH, item->init.span,
                     (unsigned long long)n, (unsigned long long)count);
    }
}

static bool is_derived(const struct pdl_item *item)
{
    return item->init.kind == PDL_INIT_DERIVED ||
           item->init.kind == PDL_INIT_HOLD;
}

static void field_masks(struct dev *dv, uint32_t reg, struct pcc_field *f,
                        const struct attrs *attrs)
{
    struct pcc_reg *r = &dv->regs.v[reg].m;
    uint64_t bits = bits_mask(f->lo, f->width);

    f->policy = attrs->has_policy ? attrs->policy : r->policy;
    f->row = attrs->has_policy ? attrs->row : r->row;
    apply_row(r, &f->row, bits);
    if (f->kind != PRT_STORED && f->policy == PRT_POL_rw) {
        f->row = policies[PRT_POL_ro];
        apply_row(r, &f->row, bits);
    }
    if (attrs->sticky) {
        r->sticky |= bits;
    }
    if (f->kind == PRT_STORED) {
        r->reset = (r->reset & ~bits) | f->reset << f->lo;
    }
}

static void field_todos(struct dev *dv, const struct pdl_item *item,
                        uint32_t scope, uint32_t id,
                        const struct attrs *attrs)
{
    uint32_t reg = dv->fields.v[id].m.reg;

    if (is_derived(item)) {
        todo_expr(dv, TODO_FIELD_VALUE, scope, id, item, item->init.value);
    }
    if (attrs->when) {
        todo_expr(dv, TODO_FIELD_WHEN, scope, id, item, attrs->when->expr);
    }
    if (attrs->needs) {
        todo_expr(dv, TODO_FIELD_NEEDS, scope, id, item, attrs->needs->expr);
    }
    todo_views(dv, item, scope, reg, id);
}

/* `@id`: the reset value of these bits tells what the block is. */
static void identifies(struct dev *dv, const struct pdl_item *item,
                       struct pcc_reg *r, uint64_t bits)
{
    const struct pdl_note *note = pdl_item_note(item, PDL_NOTE_ID);

    if (note && is_derived(item)) {
        pdl_diag_add(dv->cc->diags, PDL_D_BAD_NOTE_ARGUMENT, note->span,
                     "id", "a derived value does not tell what it is");
    } else if (note) {
        r->id |= bits;
    }
}

/* Element @k of a field; its slot @id is there already. */
static void field_element(struct dev *dv, const struct pdl_item *item,
                          uint32_t reg, uint32_t id, uint32_t k)
{
    struct cc *cc = dv->cc;
    const struct pdl_dim *dim = item->dim;
    struct breg *r = &dv->regs.v[reg];
    uint32_t scope = dim ? dev_index_scope(dv, r->scope, dim, k) : r->scope;
    struct pcc_field *f = &dv->fields.v[id].m;
    uint64_t stride = 0;
    struct attrs attrs;

    f->reg = reg;
    f->name = dim ? dev_element(dv, "", item->name.text, dim, k) :
              item->name.text;
    f->text = item->desc.bytes;
    f->origin = cc_origin_in(cc, item, &r->m.origin);
    f->prog = f->needs = f->when = PCC_NONE;
    f->width = 1;
    if (!field_bits(dv, item, scope, r, f)) {
        return;
    }
    if (item->u.field.stride) {
        stride = pcc_const_max(cc, scope, item->u.field.stride, 64, "stride");
    }
    if (f->lo + k * stride + f->width > r->m.bits) {
        pdl_diag_add(cc->diags, PDL_D_OUTSIDE_REGISTER,
                     item->u.field.bits.span,
                     (unsigned long long)(f->lo + k * stride + f->width - 1),
                     r->m.path, r->m.bits);
        return;
    }
    f->lo += k * stride;
    f->kind = item->init.kind == PDL_INIT_DERIVED ? PRT_DERIVED :
              item->init.kind == PDL_INIT_HOLD ? PRT_HOLD : PRT_STORED;
    f->reset = init_value(dv, item, scope, k, f->width);
    if (item->init.kind == PDL_INIT_NONE) {
        f->reset = r->m.reset >> f->lo & bits_mask(0, f->width);
    }
    sort_attrs(dv, item, &attrs);
    if (item->u.field.reserved && !attrs.has_policy) {
        attrs.has_policy = true;
        attrs.policy = PRT_POL_ro;
        attrs.row = policies[PRT_POL_ro];
    }
    if (attrs.known) {
        uint64_t known = pcc_const_max(cc, scope, attrs.known->expr,
                                       bits_mask(0, f->width), "mask");

        r->m.known &= ~bits_mask(f->lo, f->width) | known << f->lo;
    }
    field_masks(dv, reg, f, &attrs);
    identifies(dv, item, &r->m, bits_mask(f->lo, f->width));
    field_values(dv, item, scope, f);
    field_todos(dv, item, scope, id, &attrs);
}

static void declare_field(struct dev *dv, const struct pdl_item *item,
                          uint32_t reg)
{
    uint32_t scope = dv->regs.v[reg].scope;
    uint32_t count = dev_dim(dv, scope, item->dim, 64);
    uint32_t first = dv->fields.n;
    uint32_t k;

    if (!dev_room(dv, item, count)) {
        return;
    }
    check_list(dv, item, count);
    for (k = 0; k < count; k++) {
        struct bfield *f = CC_ADD(dv->cc, &dv->fields);

        f->hidden = item->u.field.reserved;
    }
    if (!item->u.field.reserved) {
        struct sym *sym = cc_declare(dv->cc, scope, item->name.text,
                                     SYM_FIELD, item->name.span);

        if (!sym) {
            dv->fields.n = first;
            return;
        }
        sym->index = first;
        sym->count = count;
        sym->array = item->dim != NULL;
        sym->item = item;
    }
    for (k = 0; k < count; k++) {
        field_element(dv, item, reg, first + k, k);
    }
}

/* ---- registers ---- */

/* Width in bits, or the device's; bytes are the next power of two. */
static void reg_width(struct dev *dv, const struct pdl_item *item,
                      uint32_t scope, struct pcc_reg *r)
{
    uint64_t bits = dv->d.width;

    if (item->u.reg.width &&
        pcc_const(dv->cc, scope, item->u.reg.width, &bits) &&
        (!bits || bits > 64)) {
        pdl_diag_add(dv->cc->diags, PDL_D_BAD_WIDTH, item->u.reg.width->span,
                     "register", (unsigned long long)bits,
                     "1 to 64 are possible");
        bits = dv->d.width;
    }
    r->bits = bits ? bits : dv->d.width;
    r->bytes = r->bits <= 8 ? 1 : r->bits <= 16 ? 2 : r->bits <= 32 ? 4 : 8;
}

/* Bits outside of fields follow `spare:`, when there are fields. */
static void spare_bits(struct dev *dv, uint32_t reg, uint32_t first_field)
{
    struct pcc_reg *r = &dv->regs.v[reg].m;
    uint64_t used = 0;
    size_t i;

    if (dv->spare == SPARE_STORE || dv->fields.n == first_field) {
        return;
    }
    for (i = first_field; i < dv->fields.n; i++) {
        used |= bits_mask(dv->fields.v[i].m.lo, dv->fields.v[i].m.width);
    }
    apply_policy(r, dv->spare == SPARE_ZERO ? PRT_POL_zero : PRT_POL_one,
                 bits_mask(0, r->bits) & ~used);
}

/* Whether a `drop` of the device names "@reg.@field". */
static bool dropped_by_device(const struct dev *dv, const char *reg,
                              const char *field)
{
    size_t i;

    for (i = 0; i < dv->field_drops.n; i++) {
        const struct pdl_part *part = dv->field_drops.v[i]->parts;

        if (strcmp(part->name.text, reg) == 0 &&
            strcmp(part->next->name.text, field) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a `drop` of the register, or of the device, names the field. */
static bool is_dropped(struct dev *dv, const struct pdl_item *item,
                       const char *name)
{
    const struct pdl_item *inner;
    const struct pdl_ref *ref;

    if (!name) {
        return false;
    }
    for (inner = item->u.reg.body.first; inner; inner = inner->next) {
        for (ref = inner->kind == PDL_ITEM_DROP ? inner->u.drop.refs : NULL;
             ref; ref = ref->next) {
            if (strcmp(ref->parts->name.text, name) == 0) {
                return true;
            }
        }
    }
    return dropped_by_device(dv, item->name.text, name);
}

static void body_items(struct dev *dv, const struct pdl_item *item,
                       const struct pdl_body *body, uint32_t reg)
{
    const struct pdl_item *inner;

    for (inner = body->first; inner; inner = inner->next) {
        switch (inner->kind) {
        case PDL_ITEM_FIELD:
            if (!is_dropped(dv, item, inner->name.text)) {
                declare_field(dv, inner, reg);
            }
            break;
        case PDL_ITEM_RULE:
            dev_todo(dv, TODO_RULE, dv->regs.v[reg].scope, inner);
            break;
        default:
            break;
        }
    }
}

/* The register's own items, then those of `extend reg device.REG`. */
static void reg_items(struct dev *dv, const struct pdl_item *item,
                      uint32_t reg)
{
    size_t i;

    body_items(dv, item, &item->u.reg.body, reg);
    for (i = 0; i < dv->reg_exts.n; i++) {
        struct ext *ext = dv->reg_exts.v[i];
        const struct pdl_part *last = ext->item->u.extend.ref->parts;

        while (last->next) {
            last = last->next;
        }
        if (last->name.text &&
            strcmp(last->name.text, item->name.text) == 0) {
            ext->used = true;
            body_items(dv, item, &ext->item->u.extend.body, reg);
        }
    }
}

static void reg_todos(struct dev *dv, const struct pdl_item *item,
                      uint32_t reg, const struct attrs *attrs)
{
    uint32_t scope = dv->regs.v[reg].scope;

    if (is_derived(item)) {
        todo_expr(dv, TODO_REG_VALUE, scope, reg, item, item->init.value);
        dv->todo.v[dv->todo.n - 1].hold = item->init.kind == PDL_INIT_HOLD;
    }
    if (attrs->when) {
        todo_expr(dv, TODO_REG_WHEN, scope, reg, item, attrs->when->expr);
    }
    if (attrs->needs) {
        todo_expr(dv, TODO_REG_NEEDS, scope, reg, item, attrs->needs->expr);
    }
    todo_views(dv, item, scope, reg, PCC_NONE);
}

/* `reg X := e` is a register with one field over all of it. */
static void whole_field(struct dev *dv, const struct pdl_item *item,
                        uint32_t reg)
{
    struct pcc_reg *r = &dv->regs.v[reg].m;
    struct pcc_field *f = &CC_ADD(dv->cc, &dv->fields)->m;

    f->name = item->name.text;
    f->reg = reg;
    f->origin = r->origin;
    f->width = r->bits;
    f->kind = item->init.kind == PDL_INIT_HOLD ? PRT_HOLD : PRT_DERIVED;
    f->policy = r->policy;
    f->row = r->row;
    f->prog = f->needs = f->when = PCC_NONE;
    if (f->policy == PRT_POL_rw) {
        f->row = policies[PRT_POL_ro];
        apply_row(r, &f->row, bits_mask(0, r->bits));
    }
}

static void reg_element(struct dev *dv, const struct pdl_item *item,
                        const struct place *at, uint32_t id, uint32_t k)
{
    struct cc *cc = dv->cc;
    struct breg *b = &dv->regs.v[id];
    struct pcc_reg *r = &b->m;
    uint32_t first_field = dv->fields.n;
    uint64_t offset = 0, stride;
    struct attrs attrs;

    b->scope = dev_index_scope(dv, at->scope, item->dim, k);
    cc->scopes.v[b->scope].reg = id;
    r->name = dev_element(dv, "", item->name.text, item->dim, k);
    r->path = dev_element(dv, at->path, item->name.text, item->dim, k);
    r->text = item->desc.bytes;
    r->origin = cc_origin_in(cc, item, &dv->d.origin);
    r->when = r->needs = r->next = PCC_NONE;
    reg_width(dv, item, b->scope, r);
    pcc_const(cc, b->scope, item->u.reg.offset, &offset);
    stride = r->bytes;
    if (item->u.reg.stride) {
        pcc_const(cc, b->scope, item->u.reg.stride, &stride);
    }
    r->offset = at->offset + offset + k * stride;
    sort_attrs(dv, item, &attrs);
    b->has_policy = attrs.has_policy;
    r->policy = attrs.has_policy ? attrs.policy : PRT_POL_rw;
    r->row = attrs.has_policy ? attrs.row : policies[PRT_POL_rw];
    apply_row(r, &r->row, bits_mask(0, r->bits));
    r->known = attrs.known ?
               pcc_const_max(cc, b->scope, attrs.known->expr,
                             bits_mask(0, r->bits), "mask") :
               bits_mask(0, r->bits);
    r->reset = init_value(dv, item, b->scope, k, r->bits);
    if (attrs.sticky) {
        r->sticky = bits_mask(0, r->bits);
    }
    if (is_derived(item)) {
        whole_field(dv, item, id);
    }
    identifies(dv, item, r, bits_mask(0, r->bits));
    reg_items(dv, item, id);
    spare_bits(dv, id, first_field);
    reg_todos(dv, item, id, &attrs);
}

void dev_declare_reg(struct dev *dv, const struct pdl_item *item,
                     const struct place *at)
{
    uint32_t count = dev_dim(dv, at->scope, item->dim, PRT_MAX_REGS);
    uint32_t first = dv->regs.n;
    struct sym *sym;
    uint32_t k;

    if (!dev_room(dv, item, count)) {
        return;
    }
    sym = cc_declare(dv->cc, at->scope, item->name.text, SYM_REG,
                     item->name.span);
    if (!sym) {
        return;
    }
    sym->index = first;
    sym->count = count;
    sym->array = item->dim != NULL;
    sym->item = item;
    if (first + count > PRT_MAX_REGS) {
        pdl_diag_add(dv->cc->diags, PDL_D_TOO_MANY, item->name.span,
                     "registers", PRT_MAX_REGS);
        return;
    }
    check_list(dv, item, count);
    for (k = 0; k < count; k++) {
        (void)CC_ADD(dv->cc, &dv->regs);
    }
    for (k = 0; k < count; k++) {
        reg_element(dv, item, at, first + k, k);
    }
}
