/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device: its settings, and the declarations of everything in it. */
#include "compiler/dev.h"

#include <string.h>

#include "compiler/constexpr.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define DEFAULT_SIZE 0x1000

/* ---- settings ---- */

static const struct pdl_expr *one_value(struct cc *cc,
                                        const struct pdl_item *item)
{
    const struct pdl_expr *e = item->u.setting.values;

    if (!e || e->next) {
        pdl_diag_add(cc->diags, PDL_D_BAD_SETTING, item->body_span,
                     item->name.text, "given one value");
        return NULL;
    }
    return e;
}

static void set_compatible(struct cc *cc, void *to,
                           const struct pdl_item *item, uint32_t scope)
{
    struct dev *dv = to;

    (void)scope;
    dv->d.compatible = cc_words(cc, item, &dv->d.compatible_count);
}

static void set_class(struct cc *cc, void *to, const struct pdl_item *item,
                      uint32_t scope)
{
    struct dev *dv = to;

    (void)scope;
    dv->d.dt_class = cc_word(cc, item, item->u.setting.values);
}

/* One size for each region; those behind the first are 8-byte aligned. */
static void set_size(struct cc *cc, void *to, const struct pdl_item *item,
                     uint32_t scope)
{
    struct dev *dv = to;
    const struct pdl_expr *e = item->u.setting.values;
    size_t n = 0;

    if (!e) {
        pdl_diag_add(cc->diags, PDL_D_BAD_SETTING, item->body_span, "size",
                     "given a number of bytes");
        return;
    }
    dv->d.size = 0;
    for (; e; e = e->next) {
        uint64_t at = (dv->d.size + 7) / 8 * 8;
        uint64_t size = pcc_const_max(cc, scope, e, PRT_MAX_MMIO - at,
                                      "size");

        if (n == PCC_MAX_REGIONS) {
            pdl_diag_add(cc->diags, PDL_D_TOO_MANY, e->span,
                         "regions of a device", PCC_MAX_REGIONS);
            break;
        }
        dv->d.regions[n].offset = at;
        dv->d.regions[n].size = size ? size : DEFAULT_SIZE;
        dv->d.size = at + dv->d.regions[n++].size;
    }
    dv->d.region_count = n;
}

static void set_width(struct cc *cc, void *to, const struct pdl_item *item,
                      uint32_t scope)
{
    struct dev *dv = to;
    const struct pdl_expr *e = one_value(cc, item);
    uint64_t bits;

    if (!e || !pcc_const(cc, scope, e, &bits)) {
        return;
    }
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
        pdl_diag_add(cc->diags, PDL_D_BAD_WIDTH, e->span, "device",
                     (unsigned long long)bits, "8, 16, 32 and 64 are possible");
        return;
    }
    dv->d.width = bits;
}

static void set_access(struct cc *cc, void *to, const struct pdl_item *item,
                       uint32_t scope)
{
    struct dev *dv = to;
    const struct pdl_expr *e;

    dv->d.access = 0;
    for (e = item->u.setting.values; e; e = e->next) {
        uint64_t bits;

        if (!pcc_const(cc, scope, e, &bits)) {
            continue;
        }
        if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
            pdl_diag_add(cc->diags, PDL_D_BAD_WIDTH, e->span, "access",
                         (unsigned long long)bits,
                         "8, 16, 32 and 64 are possible");
            continue;
        }
        dv->d.access |= bits / 8;
    }
}

static void set_illegal(struct cc *cc, void *to, const struct pdl_item *item,
                        uint32_t scope)
{
    static const char *const words[] = { "split", "ignore", "abort" };
    int i = cc_choice(cc, item, words, COUNT_OF(words));

    (void)scope;
    ((struct dev *)to)->d.illegal = i < 0 ? PRT_ILLEGAL_SPLIT : i;
}

static void set_narrow(struct cc *cc, void *to, const struct pdl_item *item,
                       uint32_t scope)
{
    static const char *const words[] = { "merge", "replicate" };

    (void)scope;
    ((struct dev *)to)->d.narrow =
        cc_choice(cc, item, words, COUNT_OF(words)) == 1 ?
        PRT_NARROW_REPLICATE : PRT_NARROW_MERGE;
}

static void set_endian(struct cc *cc, void *to, const struct pdl_item *item,
                       uint32_t scope)
{
    static const char *const words[] = { "little", "big" };

    (void)scope;
    ((struct dev *)to)->d.endian =
        cc_choice(cc, item, words, COUNT_OF(words)) == 1 ?
        PRT_ENDIAN_BIG : PRT_ENDIAN_LITTLE;
}

static void set_unmapped(struct cc *cc, void *to, const struct pdl_item *item,
                         uint32_t scope)
{
    static const char *const words[] = {
        "ask", "zero", "ones", "store", "abort"
    };
    int i = cc_choice(cc, item, words, COUNT_OF(words));

    (void)scope;
    ((struct dev *)to)->d.unmapped = i < 0 ? PRT_UNMAPPED_ZERO : i;
}

static void set_spare(struct cc *cc, void *to, const struct pdl_item *item,
                      uint32_t scope)
{
    static const char *const words[] = { "store", "zero", "ones" };
    int i = cc_choice(cc, item, words, COUNT_OF(words));

    (void)scope;
    ((struct dev *)to)->spare = i < 0 ? SPARE_STORE : (enum spare)i;
}

static void set_closed(struct cc *cc, void *to, const struct pdl_item *item,
                       uint32_t scope)
{
    (void)scope;
    if (item->u.setting.values) {
        pdl_diag_add(cc->diags, PDL_D_BAD_SETTING, item->body_span, "closed",
                     "written without a value");
    }
    ((struct dev *)to)->d.closed = true;
}

static const struct setting settings[] = {
    { "compatible", set_compatible },
    { "class", set_class },
    { "size", set_size },
    { "width", set_width },
    { "access", set_access },
    { "illegal", set_illegal },
    { "narrow", set_narrow },
    { "endian", set_endian },
    { "unmapped", set_unmapped },
    { "spare", set_spare },
    { "closed", set_closed },
};

static void read_settings(struct dev *dv)
{
    size_t i;

    for (i = 0; i < dv->items->n; i++) {
        const struct layer_item *li = &dv->items->v[i];

        if (li->item->kind == PDL_ITEM_SETTING &&
            !cc_setting(dv->cc, settings, COUNT_OF(settings), dv, li)) {
            pdl_diag_add(dv->cc->diags, PDL_D_UNKNOWN_SETTING,
                         li->item->name.span, li->item->name.text);
        }
    }
}

/* ---- state ---- */

static struct sym *declare(struct dev *dv, const struct pdl_item *item,
                           const struct place *at, enum sym_kind kind,
                           size_t index)
{
    struct sym *sym = cc_declare(dv->cc, at->scope, item->name.text, kind,
                                 item->name.span);

    if (sym) {
        sym->index = index;
        sym->item = item;
        sym->array = item->dim != NULL;
    }
    return sym;
}

static uint64_t reset_of(struct dev *dv, const struct pdl_item *item,
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

static void declare_var(struct dev *dv, const struct pdl_item *item,
                        const struct place *at)
{
    uint32_t count = dev_dim(dv, at->scope, item->dim, 4096);
    uint64_t width = 32;
    struct sym *sym = dev_room(dv, item, count) ?
                      declare(dv, item, at, SYM_VAR, dv->vars.n) : NULL;
    const struct pdl_attr *a;
    uint32_t k;

    if (!sym) {
        return;
    }
    sym->count = count;
    if (item->u.var.width) {
        width = pcc_const_max(dv->cc, at->scope, item->u.var.width, 64,
                              "width");
        width += !width;
    }
    for (k = 0; k < count; k++) {
        uint32_t scope = dev_index_scope(dv, at->scope, item->dim, k);
        struct pcc_var *v = CC_ADD(dv->cc, &dv->vars);

        v->name = dev_element(dv, at->path, item->name.text, item->dim, k);
        v->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
        v->width = width;
        v->prog = PCC_NONE;
        v->reset = reset_of(dv, item, scope, k, width);
        for (a = item->attrs; a; a = a->next) {
            v->sticky |= a->policy == PDL_POLICY_STICKY;
        }
        if (item->init.kind == PDL_INIT_DERIVED ||
            item->init.kind == PDL_INIT_HOLD) {
            struct todo *t = dev_todo(dv, TODO_VAR_VALUE, scope, item);

            v->kind = item->init.kind == PDL_INIT_HOLD ? PRT_HOLD :
                      PRT_DERIVED;
            t->index = dv->vars.n - 1;
            t->expr = item->init.value;
        }
    }
}

static void fifo_preload(struct dev *dv, const struct pdl_item *item,
                         uint32_t scope, struct pcc_fifo *f)
{
    const struct pdl_expr *e = item->init.value;

    f->first_preload = dv->pool.n;
    if (item->init.kind != PDL_INIT_VALUE &&
        item->init.kind != PDL_INIT_LIST) {
        return;
    }
    for (; e; e = e->next) {
        *CC_ADD(dv->cc, &dv->pool) =
            pcc_const_max(dv->cc, scope, e, bits_mask(0, f->width),
                          "element");
        f->preload_count++;
    }
    if (f->preload_count > f->depth) {
        pdl_diag_add(dv->cc->diags, PDL_D_LIST_LENGTH, item->init.span,
                     (unsigned long long)f->preload_count,
                     (unsigned long long)f->depth);
        f->preload_count = f->depth;
    }
}

static void declare_fifo(struct dev *dv, const struct pdl_item *item,
                         const struct place *at)
{
    const struct pdl_dim *depth = item->u.fifo.depth;
    uint32_t count = dev_dim(dv, at->scope, item->dim, 256);
    struct sym *sym = dev_room(dv, item, count) ?
                      declare(dv, item, at, SYM_FIFO, dv->fifos.n) : NULL;
    uint32_t k;

    if (!sym) {
        return;
    }
    sym->count = count;
    for (k = 0; k < count; k++) {
        uint32_t scope = dev_index_scope(dv, at->scope, item->dim, k);
        struct pcc_fifo *f = CC_ADD(dv->cc, &dv->fifos);

        f->name = dev_element(dv, at->path, item->name.text, item->dim, k);
        f->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
        f->depth = dev_dim(dv, scope, depth, PRT_MAX_FIFO);
        f->width = item->u.fifo.width ?
                   pcc_const_max(dv->cc, scope, item->u.fifo.width, 64,
                                 "width") : 8;
        f->width += !f->width;
        f->end = item->u.fifo.end == PDL_FIFO_TO ? PRT_END_TO :
                 item->u.fifo.end == PDL_FIFO_FROM ? PRT_END_FROM :
                 PRT_END_NONE;
        f->peer = item->u.fifo.peer.text;
        f->at = PCC_NONE;
        if (item->u.fifo.rate) {
            struct todo *t = dev_todo(dv, TODO_FIFO_AT, scope, item);

            t->index = dv->fifos.n - 1;
            t->expr = item->u.fifo.rate;
        }
        fifo_preload(dv, item, scope, f);
    }
}

static void declare_line(struct dev *dv, const struct pdl_item *item,
                         const struct place *at)
{
    struct sym *sym = declare(dv, item, at, SYM_LINE, dv->lines.n);
    struct pcc_line *l;
    uint32_t *next;

    if (!sym) {
        return;
    }
    l = CC_ADD(dv->cc, &dv->lines);
    l->name = dev_element(dv, at->path, item->name.text, NULL, 0);
    l->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
    l->dir = item->u.line.dir == PDL_LINE_IN ? PRT_LINE_IN : PRT_LINE_OUT;
    l->count = dev_dim(dv, at->scope, item->dim, 64);
    l->prog = PCC_NONE;
    next = l->dir == PRT_LINE_IN ? &dv->lines_in : &dv->lines_out;
    l->first = *next;
    *next += l->count;
    sym->count = l->count;
}

static void lock_setting(struct dev *dv, const struct pdl_item *item,
                         struct pcc_lock *l)
{
    static const char *const wrong[] = { "retry", "relock", "until_reset" };
    static const char *const initial[] = { "closed", "open" };
    int i;

    if (item->kind == PDL_ITEM_SETTING &&
        strcmp(item->name.text, "wrong") == 0) {
        i = cc_choice(dv->cc, item, wrong, COUNT_OF(wrong));
        l->wrong = i < 0 ? PRT_WRONG_RETRY : i;
    } else if (item->kind == PDL_ITEM_SETTING &&
               strcmp(item->name.text, "initial") == 0) {
        l->open = cc_choice(dv->cc, item, initial, COUNT_OF(initial)) == 1;
    } else {
        pdl_diag_add(dv->cc->diags, PDL_D_UNKNOWN_SETTING, item->body_span,
                     item->name.text ? item->name.text : "?");
    }
}

static void declare_lock(struct dev *dv, const struct pdl_item *item,
                         const struct place *at)
{
    struct sym *sym = declare(dv, item, at, SYM_LOCK, dv->locks.n);
    const struct pdl_item *inner;
    const struct pdl_expr *e;
    struct pcc_lock *l;

    if (!sym) {
        return;
    }
    l = CC_ADD(dv->cc, &dv->locks);
    l->name = dev_element(dv, at->path, item->name.text, NULL, 0);
    l->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
    l->first_key = dv->pool.n;
    for (e = item->u.lock.keys; e; e = e->next) {
        uint64_t key;

        pcc_const(dv->cc, at->scope, e, &key);
        *CC_ADD(dv->cc, &dv->pool) = key;
        l->key_count++;
    }
    for (inner = item->u.lock.has_body ? item->u.lock.body.first : NULL;
         inner; inner = inner->next) {
        lock_setting(dv, inner, l);
    }
}

static void declare_timer(struct dev *dv, const struct pdl_item *item,
                          const struct place *at)
{
    uint32_t count = dev_dim(dv, at->scope, item->dim, 256);
    struct sym *sym = dev_room(dv, item, count) ?
                      declare(dv, item, at, SYM_TIMER, dv->timers.n) : NULL;
    uint32_t k;

    if (!sym) {
        return;
    }
    sym->count = count;
    for (k = 0; k < count; k++) {
        uint32_t scope = dev_index_scope(dv, at->scope, item->dim, k);
        struct pcc_timer *t = CC_ADD(dv->cc, &dv->timers);
        struct todo *todo = dev_todo(dv, TODO_TIMER, scope, item);

        todo->index = dv->timers.n - 1;
        t->name = dev_element(dv, at->path, item->name.text, item->dim, k);
        t->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
        t->clock = t->divide = t->bits = t->reload = PCC_NONE;
        t->run = t->once = t->start = PCC_NONE;
    }
}

static void declare_domain(struct dev *dv, const struct pdl_item *item,
                           const struct place *at)
{
    struct sym *sym = declare(dv, item, at, SYM_DOMAIN, dv->domains.n);
    struct pcc_domain *d;

    if (!sym) {
        return;
    }
    d = CC_ADD(dv->cc, &dv->domains);
    d->name = item->name.text;
    d->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
    dev_todo(dv, TODO_DOMAIN, at->scope, item)->index = dv->domains.n - 1;
}

static void declare_mem(struct dev *dv, const struct pdl_item *item,
                        const struct place *at)
{
    struct sym *sym = declare(dv, item, at, SYM_MEM, dv->mems.n);
    const struct pdl_attr *a;
    uint64_t bits = dv->d.width, offset = 0;
    struct pcc_mem *m;

    if (!sym) {
        return;
    }
    if (item->u.mem.width) {
        pcc_const(dv->cc, at->scope, item->u.mem.width, &bits);
    }
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
        pdl_diag_add(dv->cc->diags, PDL_D_BAD_WIDTH, item->body_span, "mem",
                     (unsigned long long)bits,
                     "8, 16, 32 and 64 are possible");
        bits = 8;
    }
    pcc_const(dv->cc, at->scope, item->u.mem.offset, &offset);
    m = CC_ADD(dv->cc, &dv->mems);
    m->name = dev_element(dv, at->path, item->name.text, NULL, 0);
    m->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
    m->offset = at->offset + offset;
    m->elem = bits / 8;
    m->size = (uint64_t)dev_dim(dv, at->scope, item->dim, PRT_MAX_MMIO) *
              m->elem;
    sym->count = m->size / m->elem;
    for (a = item->attrs; a; a = a->next) {
        m->flags |= a->policy == PDL_POLICY_RO ? PRT_MEM_RO :
                    a->policy == PDL_POLICY_WO ? PRT_MEM_WO :
                    a->policy == PDL_POLICY_STICKY ? PRT_MEM_STICKY : 0;
        if (a->kind != PDL_ATTR_POLICY ||
            (!m->flags && a->policy != PDL_POLICY_RW)) {
            pdl_diag_add(dv->cc->diags, PDL_D_BAD_ATTRIBUTE, a->span, "mem",
                         "ro, wo, rw and sticky");
        }
    }
}

static void declare_window(struct dev *dv, const struct pdl_item *item,
                           const struct place *at)
{
    struct sym *sym = declare(dv, item, at, SYM_WINDOW, dv->windows.n);
    struct pcc_window *w;

    if (!sym) {
        return;
    }
    w = CC_ADD(dv->cc, &dv->windows);
    w->name = dev_element(dv, at->path, item->name.text, NULL, 0);
    w->origin = cc_origin_in(dv->cc, item, &dv->d.origin);
    pcc_const(dv->cc, at->scope, item->u.window.offset, &w->offset);
    w->offset += at->offset;
    pcc_const(dv->cc, at->scope, item->u.window.size, &w->size);
    dev_todo(dv, TODO_WINDOW, at->scope, item)->index = dv->windows.n - 1;
}

/* ---- declarations ---- */

static void declare_item(struct dev *dv, const struct pdl_item *item,
                         const struct place *at);

static void declare_group(struct dev *dv, const struct pdl_item *item,
                          const struct place *at)
{
    struct cc *cc = dv->cc;
    uint32_t count = dev_dim(dv, at->scope, item->dim, PRT_MAX_REGS);
    uint32_t first = cc->scopes.n;
    uint64_t offset = 0, stride = 0;
    struct sym *sym = dev_room(dv, item, count) ?
                      declare(dv, item, at, SYM_GROUP, first) : NULL;
    uint32_t k;

    if (!sym) {
        return;
    }
    sym->count = count;
    pcc_const(cc, at->scope, item->u.group.offset, &offset);
    if (item->u.group.stride) {
        pcc_const(cc, at->scope, item->u.group.stride, &stride);
    } else if (count > 1) {
        pdl_diag_add(cc->diags, PDL_D_BAD_SETTING, item->body_span,
                     item->name.text, "given a stride: += BYTES");
    }
    for (k = 0; k < count; k++) {
        dev_index_scope(dv, at->scope, item->dim, k);
    }
    for (k = 0; k < count; k++) {
        struct place inner = {
            .scope = first + k,
            .path = cc_printf(cc, "%s.", dev_element(dv, at->path,
                                                     item->name.text,
                                                     item->dim, k)),
            .offset = at->offset + offset + k * stride,
        };
        layer_list items = { 0 };
        size_t i;

        cc_collect_body(cc, &item->u.group.body, first + k, &items);
        for (i = 0; i < items.n; i++) {
            inner.scope = items.v[i].scope;
            declare_item(dv, items.v[i].item, &inner);
        }
    }
}

static void declare_item(struct dev *dv, const struct pdl_item *item,
                         const struct place *at)
{
    if (!dev_room(dv, item, 1)) {
        return;
    }
    switch (item->kind) {
    case PDL_ITEM_SETTING:
    case PDL_ITEM_DROP:
    case PDL_ITEM_DT:
        break;
    case PDL_ITEM_VAR:
        declare_var(dv, item, at);
        break;
    case PDL_ITEM_FIFO:
        declare_fifo(dv, item, at);
        break;
    case PDL_ITEM_LINE:
        declare_line(dv, item, at);
        break;
    case PDL_ITEM_LOCK:
        declare_lock(dv, item, at);
        break;
    case PDL_ITEM_TIMER:
        declare_timer(dv, item, at);
        break;
    case PDL_ITEM_DOMAIN:
        declare_domain(dv, item, at);
        break;
    case PDL_ITEM_REG:
        dev_declare_reg(dv, item, at);
        break;
    case PDL_ITEM_GROUP:
        declare_group(dv, item, at);
        break;
    case PDL_ITEM_MEM:
        declare_mem(dv, item, at);
        break;
    case PDL_ITEM_WINDOW:
        declare_window(dv, item, at);
        break;
    case PDL_ITEM_RULE:
        dev_todo(dv, TODO_RULE, at->scope, item);
        break;
    case PDL_ITEM_DERIVE:
        dev_todo(dv, TODO_DERIVE, at->scope, item);
        break;
    default:
        pdl_diag_add(dv->cc->diags, PDL_D_MISPLACED_ITEM, item->body_span,
                     pdl_item_word(item->kind), "device");
        break;
    }
}

/* `drop REG.FIELD`; names of the device itself are gone already. */
static void find_field_drops(struct dev *dv)
{
    size_t i;

    for (i = 0; i < dv->items->n; i++) {
        const struct pdl_item *item = dv->items->v[i].item;
        const struct pdl_ref *ref;

        for (ref = item->kind == PDL_ITEM_DROP ? item->u.drop.refs : NULL;
             ref; ref = ref->next) {
            const struct pdl_part *second = ref->parts->next;

            if (second && second->name.text && !second->next) {
                *CC_ADD(dv->cc, &dv->field_drops) = ref;
            }
        }
    }
}

/* `extend reg` of the device, and of the instance it is made for. */
static void find_reg_exts(struct dev *dv, const struct sym *sym,
                          unsigned parts)
{
    struct ext *ext;

    for (ext = sym ? sym->exts : NULL; ext; ext = ext->next) {
        const struct pdl_part *p = ext->item->u.extend.ref->parts;
        unsigned n = 0;

        for (; p; p = p->next) {
            n++;
        }
        if (ext->item->kind == PDL_ITEM_EXTEND_REG && n == parts) {
            *CC_ADD(dv->cc, &dv->reg_exts) = ext;
        }
    }
}

uint32_t cc_resolve_device(struct cc *cc, const struct pdl_item *typed,
                           const struct device_use *use,
                           const layer_list *items, uint32_t scope)
{
    struct dev *dv = CC_NEW(cc, struct dev);
    struct pcc_device *d = &dv->d;
    size_t i;

    dv->cc = cc;
    dv->typed = typed;
    dv->items = items;
    dv->scope = scope;
    dv->enums = cc_scope_new(cc, 0);
    cc->scopes.v[scope].parent = dv->enums;
    d->name = use->name;
    find_reg_exts(dv, cc_lookup_in(cc, 0, typed->name.text), 2);
    find_reg_exts(dv, use->instance, 3);
    d->text = typed->desc.bytes;
    d->origin = cc_origin(cc, typed);
    d->size = d->regions[0].size = DEFAULT_SIZE;
    d->region_count = 1;
    d->width = 32;
    d->unmapped = d->origin.owner == PCC_INFERRED ? PRT_UNMAPPED_ASK :
                  PRT_UNMAPPED_ZERO;
    find_field_drops(dv);
    read_settings(dv);
    if (!d->access) {
        d->access = d->width == 64 ? 15 : 7;
    }
    for (i = 0; i < items->n; i++) {
        struct place at = { items->v[i].scope, "", 0 };

        declare_item(dv, items->v[i].item, &at);
    }
    dev_finish_regs(dv);
    dev_compile(dv);
    dev_order(dv);
    cc_resolve_dt(cc, items, &d->dts, &d->dt_count);
    *CC_ADD(cc, &cc->devices) = *d;
    return cc->devices.n - 1;
}
