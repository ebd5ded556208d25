/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board: memories, images, instances and what connects them. */
#include "compiler/board.h"

#include <string.h>

#include "compiler/constexpr.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* ---- settings ---- */

static void set_cpu(struct cc *cc, void *to, const struct pdl_item *item,
                    uint32_t scope)
{
    (void)scope;
    ((struct board *)to)->b.cpu = cc_word(cc, item, item->u.setting.values);
}

static void set_compatible(struct cc *cc, void *to,
                           const struct pdl_item *item, uint32_t scope)
{
    struct pcc_board *b = &((struct board *)to)->b;

    (void)scope;
    b->compatible = cc_words(cc, item, &b->compatible_count);
}

static void set_package(struct cc *cc, void *to, const struct pdl_item *item,
                        uint32_t scope)
{
    (void)scope;
    ((struct board *)to)->b.package = cc_word(cc, item,
                                              item->u.setting.values);
}

static void set_base(struct cc *cc, void *to, const struct pdl_item *item,
                     uint32_t scope)
{
    (void)scope;
    ((struct board *)to)->b.base = cc_word(cc, item, item->u.setting.values);
    ((struct board *)to)->b.base_span = item->body_span;
}

static bool number(struct cc *cc, const struct pdl_item *item,
                   uint32_t scope, uint64_t max, uint64_t *value)
{
    const struct pdl_expr *e = item->u.setting.values;

    if (!e || e->next) {
        pdl_diag_add(cc->diags, PDL_D_BAD_SETTING, item->body_span,
                     item->name.text, "given one number");
        return false;
    }
    if (!pcc_const(cc, scope, e, value)) {
        return false;
    }
    if (*value > max) {
        pdl_diag_add(cc->diags, PDL_D_TOO_LARGE, e->span, item->name.text,
                     (unsigned long long)*value, (unsigned long long)max);
        return false;
    }
    return true;
}

static void set_cpus(struct cc *cc, void *to, const struct pdl_item *item,
                     uint32_t scope)
{
    uint64_t value;

    if (number(cc, item, scope, 512, &value)) {
        ((struct board *)to)->b.cpus = value ? value : 1;
    }
}

static void set_entry(struct cc *cc, void *to, const struct pdl_item *item,
                      uint32_t scope)
{
    struct pcc_board *b = &((struct board *)to)->b;

    b->entry_span = item->body_span;
    b->has_entry = number(cc, item, scope, UINT64_MAX, &b->entry);
}

static void set_el(struct cc *cc, void *to, const struct pdl_item *item,
                   uint32_t scope)
{
    uint64_t value;

    if (number(cc, item, scope, 3, &value)) {
        ((struct board *)to)->b.el = value;
    }
}

static void set_secure(struct cc *cc, void *to, const struct pdl_item *item,
                       uint32_t scope)
{
    static const char *const words[] = { "no", "yes", "off", "on",
                                         "false", "true" };
    const struct pdl_expr *e = item->u.setting.values;
    uint64_t value;
    int i;

    if (e && e->kind == PDL_EXPR_NUMBER) {
        if (number(cc, item, scope, 1, &value)) {
            ((struct board *)to)->b.secure = value;
        }
        return;
    }
    i = cc_choice(cc, item, words, COUNT_OF(words));
    if (i >= 0) {
        ((struct board *)to)->b.secure = i & 1;
    }
}

static void set_psci(struct cc *cc, void *to, const struct pdl_item *item,
                     uint32_t scope)
{
    static const char *const words[] = { "none", "smc", "hvc" };
    static const enum prt_psci values[] = {
        PRT_PSCI_NONE, PRT_PSCI_SMC, PRT_PSCI_HVC
    };
    int i = cc_choice(cc, item, words, COUNT_OF(words));

    (void)scope;
    if (i >= 0) {
        ((struct board *)to)->b.psci = values[i];
    }
}

static void set_closed(struct cc *cc, void *to, const struct pdl_item *item,
                       uint32_t scope)
{
    (void)cc;
    (void)item;
    (void)scope;
    ((struct board *)to)->b.closed = true;
}

/* Resolved when all instances are known. */
static void set_console(struct cc *cc, void *to, const struct pdl_item *item,
                        uint32_t scope)
{
    struct board *bd = to;
    const struct pdl_expr *e = item->u.setting.values;

    (void)scope;
    if (!e || e->kind != PDL_EXPR_REF || e->next) {
        pdl_diag_add(cc->diags, PDL_D_BAD_SETTING, item->body_span,
                     "console", "the name of an instance");
        return;
    }
    bd->console = e;
}

/* What the GIC is follows from the natives. */
static void set_gic(struct cc *cc, void *to, const struct pdl_item *item,
                    uint32_t scope)
{
    static const char *const words[] = { "none", "v2", "v3" };

    (void)to;
    (void)scope;
    (void)cc_choice(cc, item, words, COUNT_OF(words));
}

static const struct setting settings[] = {
    { "cpu", set_cpu }, { "cpus", set_cpus },
    { "compatible", set_compatible }, { "package", set_package },
    { "base", set_base }, { "entry", set_entry }, { "el", set_el },
    { "secure", set_secure }, { "psci", set_psci },
    { "closed", set_closed }, { "console", set_console },
    { "gic", set_gic },
};

/* ---- memories and images ---- */

static struct sym *declare(struct board *bd, const struct pdl_item *item,
                           enum sym_kind kind, size_t index)
{
    struct sym *sym = cc_declare(bd->cc, bd->scope, item->name.text, kind,
                                 item->name.span);

    if (sym) {
        sym->index = index;
        sym->item = item;
    }
    return sym;
}

/* `mirrors NAME`: the memory shows one that stands before it. */
static void mirror(struct board *bd, struct pcc_memory *m,
                   const struct pdl_attr *a)
{
    size_t i;

    for (i = 0; i + 1 < bd->memories.n; i++) {
        const struct pcc_memory *other = &bd->memories.v[i];

        if (!a->ref->parts->next && !strcmp(other->name,
                                            a->ref->parts->name.text)) {
            m->is_alias = true;
            m->alias = other->base;
            return;
        }
    }
    pdl_diag_add(bd->cc->diags, PDL_D_UNKNOWN_NAME, a->ref->span,
                 a->ref->parts->name.text);
}

static void add_memory(struct board *bd, const struct layer_item *li)
{
    struct cc *cc = bd->cc;
    const struct pdl_item *item = li->item;
    const struct pdl_attr *a;
    struct pcc_memory *m;

    if (!declare(bd, item, SYM_MEMORY, bd->memories.n)) {
        return;
    }
    m = CC_ADD(cc, &bd->memories);
    m->name = item->name.text;
    m->origin = cc_origin(cc, item);
    pcc_const(cc, li->scope, item->u.memory.base, &m->base);
    if (pcc_const(cc, li->scope, item->u.memory.size, &m->size) &&
        (!m->size || m->size - 1 > UINT64_MAX - m->base)) {
        pdl_diag_add(cc->diags, PDL_D_ADDRESS_WRAPS, item->body_span,
                     m->name);
    }
    for (a = item->attrs; a; a = a->next) {
        if (a->kind == PDL_ATTR_POLICY && a->policy == PDL_POLICY_RO) {
            m->read_only = true;
        } else if (a->kind == PDL_ATTR_VERB &&
                   a->verb == PDL_VERB_MIRRORS) {
            mirror(bd, m, a);
        } else if (a->kind != PDL_ATTR_POLICY || a->policy != PDL_POLICY_RW) {
            pdl_diag_add(cc->diags, PDL_D_BAD_ATTRIBUTE, a->span, "memory",
                         "ro, rw and mirrors");
        }
    }
}

static void add_load(struct board *bd, const struct layer_item *li)
{
    const struct pdl_item *item = li->item;
    struct pcc_load *l = CC_ADD(bd->cc, &bd->loads);

    l->path = item->u.load.file.bytes;
    l->origin = cc_origin(bd->cc, item);
    if (item->u.load.base) {
        l->has_address = pcc_const(bd->cc, li->scope, item->u.load.base,
                                   &l->address);
    }
}

/* ---- instances ---- */

/* Whether an item of an instance's body is about its device. */
static bool is_device_item(const struct pdl_item *item)
{
    switch (item->kind) {
    case PDL_ITEM_WIRE:
    case PDL_ITEM_DT:
    case PDL_ITEM_NATIVE:
    case PDL_ITEM_MEMORY:
        return false;
    case PDL_ITEM_SETTING:
        return strcmp(item->name.text, "closed") != 0 &&
               strcmp(item->name.text, "alternate") != 0;
    default:
        return true;
    }
}

/* All declarations of an instance: its body, then what extends it. */
static void collect_instance(struct board *bd, const struct sym *sym,
                             layer_list *out)
{
    struct ext *ext;

    if (sym->item->u.instance.has_body) {
        cc_collect_body(bd->cc, &sym->item->u.instance.body, bd->scope, out);
    }
    for (ext = sym->exts; ext; ext = ext->next) {
        if (ext->item->kind == PDL_ITEM_EXTEND) {
            ext->used = true;
            cc_collect_body(bd->cc, &ext->item->u.extend.body, bd->scope,
                            out);
        }
    }
}

static void add_wire(struct board *bd, const struct layer_item *li,
                     uint32_t instance, uint32_t native)
{
    struct bwire *w = CC_ADD(bd->cc, &bd->bwires);

    w->li = *li;
    w->instance = instance;
    w->native = native;
}

static bool has_reg_ext(const struct sym *sym)
{
    const struct ext *ext;

    for (ext = sym->exts; ext; ext = ext->next) {
        if (ext->item->kind == PDL_ITEM_EXTEND_REG) {
            return true;
        }
    }
    return false;
}

/* The device of an instance that needs one of its own. */
static uint32_t special_device(struct board *bd, const struct sym *sym,
                               const struct pdl_item *typed,
                               const layer_list *own)
{
    struct cc *cc = bd->cc;
    struct device_use use = { .instance = sym };
    uint32_t scope = cc_scope_new(cc, 0);
    layer_list items = { 0 };
    uint32_t layer;
    size_t i;

    use.name = cc_printf(cc, "%s.%s", typed->name.text, sym->name);
    cc_collect(cc, typed, sym->item->u.instance.use, scope, &items);
    layer = items.n ? items.v[items.n - 1].layer : 0;
    for (i = 0; i < own->n; i++) {
        if (is_device_item(own->v[i].item)) {
            struct layer_item *li = CC_ADD(cc, &items);

            *li = own->v[i];
            li->scope = scope;
            li->layer += layer;
        }
    }
    cc_apply_drops(cc, &items);
    return cc_resolve_device(cc, typed, &use, &items, scope);
}

static void instance_device(struct board *bd, const struct sym *sym,
                            const layer_list *own, struct pcc_instance *inst)
{
    struct cc *cc = bd->cc;
    const struct pdl_use *use = sym->item->u.instance.use;
    const struct sym *typed = cc_lookup_in(cc, 0, use->name.text);
    bool special = use->args != NULL || has_reg_ext(sym);
    size_t i;

    inst->device = PCC_NONE;
    if (!typed) {
        cc_unknown(cc, 0, use->name.text, use->name.span);
        return;
    }
    if (typed->kind != SYM_TYPED || typed->item->kind == PDL_ITEM_BOARD) {
        pdl_diag_add(cc->diags, PDL_D_WRONG_KIND, use->name.span,
                     use->name.text, typed->kind == SYM_TYPED ? "a board" :
                     cc_kind_text(typed->kind), "a device or template");
        return;
    }
    special |= typed->item->kind == PDL_ITEM_TEMPLATE ||
               !cc_has_all_defaults(typed->item);
    for (i = 0; i < own->n; i++) {
        special |= is_device_item(own->v[i].item);
    }
    inst->device = special ?
                   special_device(bd, sym, typed->item, own) : typed->index;
}

/* An instance gives each region of its device a place. */
static void check_regions(struct board *bd, const struct sym *sym,
                          struct pcc_instance *inst)
{
    const struct pcc_device *d = &bd->cc->devices.v[inst->device];
    struct pdl_diag *diag;

    if (inst->address_count == d->region_count) {
        return;
    }
    diag = pdl_diag_add(bd->cc->diags, PDL_D_REGION_COUNT,
                        sym->item->body_span, sym->name,
                        (unsigned)inst->address_count, d->name,
                        (unsigned)d->region_count);
    pdl_diag_note(diag, d->origin.span, "'size:' of '%s' lists its regions",
                  d->name);
    inst->address_count = 1;
}

/* `closed;` or `alternate: INSTANCE;` */
static void instance_setting(struct board *bd, const struct layer_item *li,
                             struct pcc_instance *inst)
{
    const struct pdl_expr *e = li->item->u.setting.values;
    const struct sym *sym;

    if (strcmp(li->item->name.text, "closed") == 0) {
        inst->closed = true;
        return;
    }
    sym = e && e->kind == PDL_EXPR_REF && !e->u.ref->parts->next ?
          cc_lookup_in(bd->cc, bd->scope, e->u.ref->parts->name.text) : NULL;
    if (!sym || sym->kind != SYM_INSTANCE ||
        &bd->instances.v[sym->index] == inst) {
        pdl_diag_add(bd->cc->diags, PDL_D_BAD_SETTING, li->item->body_span,
                     "alternate", "the name of another instance");
        return;
    }
    inst->alternate = sym->index;
}

static void finish_instance(struct board *bd, const struct sym *sym)
{
    struct cc *cc = bd->cc;
    struct pcc_instance *inst = &bd->instances.v[sym->index];
    layer_list own = { 0 };
    size_t i;

    collect_instance(bd, sym, &own);
    for (i = 0; i < own.n; i++) {
        const struct pdl_item *item = own.v[i].item;

        if (item->kind == PDL_ITEM_WIRE) {
            add_wire(bd, &own.v[i], sym->index, PCC_NONE);
        } else if (item->kind == PDL_ITEM_SETTING && !is_device_item(item)) {
            instance_setting(bd, &own.v[i], inst);
        } else if (item->kind == PDL_ITEM_NATIVE ||
                   item->kind == PDL_ITEM_MEMORY) {
            pdl_diag_add(cc->diags, PDL_D_MISPLACED_ITEM, item->body_span,
                         pdl_item_word(item->kind), "device");
        }
    }
    instance_device(bd, sym, &own, inst);
    if (inst->device != PCC_NONE) {
        check_regions(bd, sym, &bd->instances.v[sym->index]);
    }
    cc_resolve_dt(cc, &own, &inst->dts, &inst->dt_count);
}

static void add_instance(struct board *bd, const struct layer_item *li)
{
    const struct pdl_item *item = li->item;
    struct pcc_instance *inst;
    const struct pdl_expr *e;

    if (!declare(bd, item, SYM_INSTANCE, bd->instances.n)) {
        return;
    }
    inst = CC_ADD(bd->cc, &bd->instances);
    inst->name = item->name.text;
    inst->alternate = PCC_NONE;
    inst->origin = cc_origin(bd->cc, item);
    for (e = item->u.instance.bases; e; e = e->next) {
        if (inst->address_count == PCC_MAX_REGIONS) {
            pdl_diag_add(bd->cc->diags, PDL_D_TOO_MANY, e->span,
                         "addresses", (unsigned)PCC_MAX_REGIONS);
            break;
        }
        pcc_const(bd->cc, li->scope, e,
                  &inst->addresses[inst->address_count++]);
    }
    inst->address = inst->addresses[0];
}

/* ---- natives ---- */

static void native_setting(struct board *bd, const struct layer_item *li,
                           struct pcc_native_setting *s)
{
    const struct pdl_item *item = li->item;
    const struct pdl_expr *e = item->u.setting.values;

    s->name = item->name.text;
    if (!e) {
        s->kind = PRT_PROP_BOOL;
        s->value = 1;
    } else if (e->kind == PDL_EXPR_STRING) {
        s->kind = PRT_PROP_STRING;
        s->text = e->u.string.bytes;
    } else if (e->kind == PDL_EXPR_REF &&
               !cc_lookup(bd->cc, li->scope, e->u.ref->parts->name.text)) {
        s->kind = PRT_PROP_STRING;
        s->text = cc_word(bd->cc, item, e);
        if (s->text && (strcmp(s->text, "true") == 0 ||
                        strcmp(s->text, "false") == 0)) {
            s->kind = PRT_PROP_BOOL;
            s->value = *s->text == 't';
        }
    } else {
        s->kind = PRT_PROP_INT;
        pcc_const(bd->cc, li->scope, e, &s->value);
    }
}

static void finish_native(struct board *bd, const struct sym *sym)
{
    struct cc *cc = bd->cc;
    struct pcc_native *n = &bd->natives.v[sym->index];
    CC_VEC(struct pcc_native_setting) found = { 0 };
    layer_list own = { 0 };
    size_t i;

    collect_instance(bd, sym, &own);
    for (i = 0; i < own.n; i++) {
        const struct pdl_item *item = own.v[i].item;

        if (item->kind == PDL_ITEM_SETTING) {
            native_setting(bd, &own.v[i], CC_ADD(cc, &found));
        } else if (item->kind == PDL_ITEM_WIRE) {
            add_wire(bd, &own.v[i], PCC_NONE, sym->index);
        } else if (item->kind != PDL_ITEM_DT) {
            pdl_diag_add(cc->diags, PDL_D_MISPLACED_ITEM, item->body_span,
                         pdl_item_word(item->kind), "native device");
        }
    }
    n->settings = found.v;
    n->setting_count = found.n;
    cc_resolve_dt(cc, &own, &n->dts, &n->dt_count);
}

static void add_native(struct board *bd, const struct layer_item *li)
{
    const struct pdl_item *item = li->item;
    const struct pdl_expr *e;
    struct pcc_native *n;

    if (!declare(bd, item, SYM_NATIVE, bd->natives.n)) {
        return;
    }
    n = CC_ADD(bd->cc, &bd->natives);
    n->name = item->name.text;
    n->type = item->u.instance.type.bytes;
    n->origin = cc_origin(bd->cc, item);
    for (e = item->u.instance.bases; e; e = e->next) {
        uint64_t address;

        pcc_const(bd->cc, li->scope, e, &address);
        if (n->address_count == PCC_MAX_ADDRESSES) {
            pdl_diag_add(bd->cc->diags, PDL_D_TOO_MANY, e->span,
                         "addresses", (unsigned)PCC_MAX_ADDRESSES);
            break;
        }
        n->addresses[n->address_count++] = address;
    }
}

/* ---- all ---- */

static void add_item(struct board *bd, const struct layer_item *li);

static void add_bus(struct board *bd, const struct layer_item *li)
{
    struct cc *cc = bd->cc;
    const struct pdl_item *item = li->item;
    uint64_t base = 0, size = 0;
    layer_list inner = { 0 };
    size_t i;

    if (!declare(bd, item, SYM_BUS, 0)) {
        return;
    }
    pcc_const(cc, li->scope, item->u.bus.base, &base);
    pcc_const(cc, li->scope, item->u.bus.size, &size);
    cc_collect_body(cc, &item->u.bus.body, li->scope, &inner);
    for (i = 0; i < inner.n; i++) {
        size_t before = bd->instances.n;

        add_item(bd, &inner.v[i]);
        if (bd->instances.n > before &&
            bd->instances.v[before].address - base >= size) {
            pdl_diag_add(cc->diags, PDL_D_OUTSIDE_BUS,
                         inner.v[i].item->body_span,
                         bd->instances.v[before].name, item->name.text);
        }
    }
}

static void add_item(struct board *bd, const struct layer_item *li)
{
    const struct pdl_item *item = li->item;

    switch (item->kind) {
    case PDL_ITEM_SETTING:
        if (!cc_setting(bd->cc, settings, COUNT_OF(settings), bd, li)) {
            pdl_diag_add(bd->cc->diags, PDL_D_UNKNOWN_SETTING,
                         item->name.span, item->name.text);
        }
        break;
    case PDL_ITEM_MEMORY:
        add_memory(bd, li);
        break;
    case PDL_ITEM_LOAD:
        add_load(bd, li);
        break;
    case PDL_ITEM_INSTANCE:
        add_instance(bd, li);
        break;
    case PDL_ITEM_NATIVE:
        add_native(bd, li);
        break;
    case PDL_ITEM_BUS:
        add_bus(bd, li);
        break;
    case PDL_ITEM_WIRE:
        add_wire(bd, li, PCC_NONE, PCC_NONE);
        break;
    case PDL_ITEM_DT:
    case PDL_ITEM_DROP:
        break;
    default:
        pdl_diag_add(bd->cc->diags, PDL_D_MISPLACED_ITEM, item->body_span,
                     pdl_item_word(item->kind), "board");
        break;
    }
}

/* `extend board.instance` joins the instance it names. */
static void attach_extends(struct board *bd)
{
    struct cc *cc = bd->cc;
    size_t i;

    for (i = 0; i < cc->extends.n; i++) {
        struct ext *ext = cc->extends.v[i];
        const struct pdl_part *first = ext->item->u.extend.ref->parts;
        const struct sym *board = cc_lookup_in(cc, 0, first->name.text);
        struct sym *sym;

        if (!first->next || !first->next->name.text || !board ||
            board->kind != SYM_TYPED || !cc_is_our_board(cc, board->item)) {
            continue;
        }
        sym = cc_lookup_in(cc, bd->scope, first->next->name.text);
        if (sym && (sym->kind == SYM_INSTANCE || sym->kind == SYM_NATIVE) &&
            (ext->item->kind == PDL_ITEM_EXTEND ? !first->next->next :
             first->next->next != NULL)) {
            struct ext *copy = CC_NEW(cc, struct ext);

            copy->item = ext->item;
            ext->used = true;
            cc_add_ext(cc, sym, copy);
        }
    }
}

static void finish_console(struct board *bd)
{
    const struct pdl_part *part;
    const struct sym *sym;

    bd->b.console = bd->b.console_native = PCC_NONE;
    bd->b.console_end = "";
    if (!bd->console) {
        return;
    }
    part = bd->console->u.ref->parts;
    sym = cc_lookup_in(bd->cc, bd->scope, part->name.text);
    bd->b.console_span = bd->console->span;
    if (!sym) {
        cc_unknown(bd->cc, bd->scope, part->name.text, bd->console->span);
    } else if (sym->kind == SYM_INSTANCE) {
        bd->b.console = sym->index;
        if (part->next && part->next->name.text) {
            bd->b.console_end = part->next->name.text;
        }
    } else if (sym->kind == SYM_NATIVE) {
        bd->b.console_native = sym->index;
    } else {
        pdl_diag_add(bd->cc->diags, PDL_D_WRONG_KIND, bd->console->span,
                     sym->name, cc_kind_text(sym->kind),
                     cc_kind_text(SYM_INSTANCE));
    }
}

/* Instances and natives in the order they were declared. */
static void finish_all(struct board *bd, size_t first_sym)
{
    struct cc *cc = bd->cc;
    size_t n = cc->syms.n, i;

    for (i = first_sym; i < n; i++) {
        struct sym sym = cc->syms.v[i];

        if (sym.scope != bd->scope) {
            continue;
        }
        if (sym.kind == SYM_INSTANCE) {
            finish_instance(bd, &sym);
        } else if (sym.kind == SYM_NATIVE) {
            finish_native(bd, &sym);
        }
    }
}

void cc_resolve_board(struct cc *cc, const struct pdl_item *typed)
{
    struct board *bd = CC_NEW(cc, struct board);
    struct pcc_board *b = &bd->b;
    size_t first_sym = cc->syms.n, i;

    bd->cc = cc;
    bd->scope = cc_scope_new(cc, 0);
    b->name = typed->name.text;
    b->text = typed->desc.bytes;
    b->origin = cc_origin(cc, typed);
    b->cpus = 1;
    b->el = -1;
    b->secure = -1;
    cc_collect(cc, typed, NULL, bd->scope, &bd->items);
    cc_apply_drops(cc, &bd->items);
    for (i = 0; i < bd->items.n; i++) {
        add_item(bd, &bd->items.v[i]);
    }
    attach_extends(bd);
    finish_all(bd, first_sym);
    board_wires(bd);
    finish_console(bd);
    cc_resolve_dt(cc, &bd->items, &b->dts, &b->dt_count);
    b->memories = bd->memories.v;
    b->memory_count = bd->memories.n;
    b->loads = bd->loads.v;
    b->load_count = bd->loads.n;
    b->instances = bd->instances.v;
    b->instance_count = bd->instances.n;
    b->natives = bd->natives.v;
    b->native_count = bd->natives.n;
    b->wires = bd->wires.v;
    b->wire_count = bd->wires.n;
    cc->board = b;
}
