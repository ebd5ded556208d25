/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Importing device trees: windows, their devices and their wires. */
#include "compiler/import_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SPI 987u        /* wires of the language end here */
#define MAX_PPI 15u
#define MAX_NVIC 495u
#define MAX_LINES 256u      /* a table device has no more, each way */
#define MAX_WINDOW (PRT_MAX_MMIO)

/* Devices that QEMU has under a name of its own. */
struct imt_native {
    const char *compatible;
    const char *type;
};

static const struct imt_native natives[] = {
    { "arm,pl011", "pl011" }, { "arm,pl031", "pl031" },
    { "arm,pl061", "pl061" }, { "arm,sp804", "sp804" },
};

static const struct imt_native gics[] = {
    { NULL, "arm_gic" }, { NULL, "arm-gicv3" },
};

static const struct imt_native *find_native(const struct pcc_tnode *node)
{
    size_t i;

    for (i = 0; i < sizeof(natives) / sizeof(natives[0]); i++) {
        if (dt_compatible(node, natives[i].compatible)) {
            return &natives[i];
        }
    }
    return NULL;
}

/* ---- which there are ---- */

/* String @i of a property that is a list of strings, or NULL. */
static const char *string_at(const struct pcc_tprop *p, size_t i)
{
    uint32_t at = 0;

    if (!p || !p->size || p->value[p->size - 1]) {
        return NULL;
    }
    while (at < p->size && i--) {
        at += strlen((const char *)p->value + at) + 1;
    }
    return at < p->size ? (const char *)p->value + at : NULL;
}

static const char *stem_of(struct imt *im, const struct pcc_tnode *node)
{
    return imt_plain(im->imp, pcc_import_printf(
        im->imp, "%.*s", (int)strcspn(node->name, "@"), node->name));
}

static const char *alias_of(struct imt *im, const struct pcc_tnode *node)
{
    const struct pcc_tnode *aliases =
        pcc_tree_find_child(im->tree->root, "aliases");
    const struct pcc_tprop *p;

    for (p = aliases ? aliases->props : NULL; p; p = p->next) {
        const char *path = string_at(p, 0);
        const char *end = path ? strrchr(path, '/') : NULL;

        if (end && strcmp(end + 1, node->name) == 0 &&
            pcc_tree_path(im->tree, path) == node) {
            return p->name;
        }
    }
    return NULL;
}

/* Names of --only: a path, a label, an alias, or the node's name. */
static bool wanted(struct imt *im, const struct pcc_tnode *node,
                   const char *alias)
{
    const char *path;

    if (!im->imp->opts->only_count) {
        return true;
    }
    path = pcc_import_need(im->imp, pcc_tree_path_of(im->tree, node));
    return pcc_import_wants(im->imp, path) ||
           pcc_import_wants(im->imp, node->name) ||
           (alias && pcc_import_wants(im->imp, alias)) ||
           (node->label && pcc_import_wants(im->imp, node->label));
}

static const char *window_name(struct imt *im, const struct imt_window *w,
                               const char *alias)
{
    const char *entry;

    if (w->node == im->gic) {
        return imt_name(im, "gic");
    }
    if (w->follows) {
        entry = string_at(pcc_tree_get(w->node, "reg-names"), w->entry);
        return imt_name(im, pcc_import_printf(
            im->imp, "%s_%s", im->windows[w->node->mark - 1].name,
            entry && *entry ? imt_plain(im->imp, entry) :
            pcc_import_printf(im->imp, "%zu", w->entry)));
    }
    if (w->node->label || alias) {
        return imt_name(im, imt_plain(im->imp, w->node->label ?
                                      w->node->label : alias));
    }
    return imt_name(im, pcc_import_printf(im->imp, "%s_%llx",
                                          stem_of(im, w->node),
                                          (unsigned long long)w->base));
}

/* Pieces of a memory are memory. */
static bool in_memory(const struct pcc_tnode *node)
{
    while (node && !dt_compatible(node, "mmio-sram")) {
        node = node->parent;
    }
    return node != NULL;
}

static void add_window(struct imt *im, const struct dt_claim *c)
{
    struct imt_window *w = &im->windows[im->window_count];
    const char *alias = NULL;
    uint64_t size = c->size;

    *w = (struct imt_window){ .node = c->node, .entry = c->entry,
                              .base = c->base,
                              .follows = c->node->mark != 0 };
    w->input_tail = &w->inputs;
    if (w->follows && c->node == im->gic) {
        return;
    }
    if (!w->follows) {
        alias = alias_of(im, c->node);
        if (c->node != im->gic && !wanted(im, c->node, alias)) {
            return;
        }
        w->native = c->node == im->gic ?
                    &gics[dt_gic_version(c->node) == 3] :
                    im->imp->opts->no_natives ? NULL : find_native(c->node);
        c->node->mark = im->window_count + 1;
    }
    if (size > MAX_WINDOW) {
        pdl_diag_add(im->imp->diags, PDL_D_IMPORT_WINDOW,
                     (struct pdl_span){ 0, 0, 0 }, c->node->name,
                     (unsigned long long)c->base, (unsigned long long)size,
                     MAX_WINDOW);
        size = MAX_WINDOW;
    }
    w->size = size;
    w->name = window_name(im, w, alias);
    im->window_count++;
}

/* ---- what answers where several are ---- */

static bool is_off(const struct pcc_tnode *node)
{
    bool off = false;

    for (; node && !off; node = node->parent) {
        const struct pcc_tprop *p = pcc_tree_get(node, "status");

        off = p && p->size && *(const char *)p->value != 'o';
    }
    return off;
}

/* What is switched on before what is off, small before large. */
static int by_claim(const void *pa, const void *pb)
{
    const struct imt_window *a = *(struct imt_window *const *)pa;
    const struct imt_window *b = *(struct imt_window *const *)pb;

    return a->off != b->off ? a->off - b->off :
           a->size != b->size ? (a->size < b->size ? -1 : 1) :
           a < b ? -1 : a > b;
}

/* The first of the windows, sorted and disjoint, that ends behind @base. */
static size_t first_behind(struct imt_window *const *taken, size_t count,
                           uint64_t base)
{
    size_t lo = 0;

    while (count) {
        size_t half = count / 2;
        const struct imt_window *w = taken[lo + half];

        if (w->base + (w->size - 1) < base) {
            lo += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return lo;
}

/*
 * Of windows that share addresses one answers, the others are alternates of
 * it: registers in the window of their bus or block, controllers that are
 * either this or that.
 */
static void find_alternates(struct imt *im)
{
    struct imt_window **order, **taken;
    size_t n = 0, count = 0, i, at;

    order = pcc_import_alloc(im->imp, (im->window_count + 1) *
                             sizeof(order[0]));
    taken = pcc_import_alloc(im->imp, (im->window_count + 1) *
                             sizeof(taken[0]));
    for (i = 0; i < im->window_count; i++) {
        struct imt_window *w = &im->windows[i];

        if (!w->native) {
            w->off = is_off(w->node);
            order[n++] = w;
        }
    }
    qsort(order, n, sizeof(order[0]), by_claim);
    for (i = 0; i < n; i++) {
        struct imt_window *w = order[i];

        at = first_behind(taken, count, w->base);
        if (at < count && taken[at]->base <= w->base + (w->size - 1)) {
            w->alternate = taken[at];
            continue;
        }
        memmove(taken + at + 1, taken + at, (count - at) * sizeof(*taken));
        taken[at] = w;
        count++;
    }
}

/* What the compiler would report. */
static void mark_over_memory(struct imt *im)
{
    size_t i, k;

    for (i = 0; i < im->window_count; i++) {
        struct imt_window *w = &im->windows[i];

        for (k = 0; k < im->memory_count; k++) {
            w->over_memory |= w->base <= im->memories[k].last &&
                              w->base + (w->size - 1) >= im->memories[k].base;
        }
    }
}

static const struct pcc_tnode *find_gic(const struct dt_claim *claims,
                                        size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (claims[i].size && dt_gic_version(claims[i].node)) {
            return claims[i].node;
        }
    }
    return NULL;
}

/* ---- interrupts ---- */

static bool can_write(const struct imt *im, const struct dt_irq_wire *wire)
{
    switch (wire->kind) {
    case DT_IRQ_SPI:
        return wire->gic == im->gic && wire->number <= MAX_SPI;
    case DT_IRQ_PPI:
        return wire->gic == im->gic && wire->number <= MAX_PPI;
    case DT_IRQ_NVIC:
        return wire->number <= MAX_NVIC;
    default:
        return false;
    }
}

/* "in_3_14": the specifier without its trigger, the last of several cells. */
static const char *input_name(struct imt *im, const struct dt_irq *irq)
{
    char name[16 * DT_IRQ_CELLS] = "in";
    unsigned i, n = irq->count > 1 ? irq->count - 1 : 1;
    size_t len = 2;

    for (i = 0; i < n; i++) {
        len += snprintf(name + len, sizeof(name) - len, "_%u",
                        irq->cells[i]);
    }
    return pcc_import_printf(im->imp, "%s", name);
}

/* The instance whose line an interrupt drives that no GIC takes. */
static struct imt_window *input_owner(struct imt *im,
                                      const struct dt_irq *irq)
{
    struct imt_window *w = irq->parent->mark ?
                           &im->windows[irq->parent->mark - 1] : NULL;

    return w && !w->native ? w : NULL;
}

static bool has_input(const struct imt_window *w, const char *name)
{
    const struct imt_input *in = w->inputs;

    while (in && strcmp(in->name, name) != 0) {
        in = in->next;
    }
    return in != NULL;
}

static void note_irq(void *opaque, const struct dt_irq *irq)
{
    struct imt *im = opaque;
    struct dt_irq_wire wire;
    struct imt_window *w;
    const char *name;

    dt_irq_as_wire(im->tree, irq, &wire);
    if (can_write(im, &wire)) {
        if (wire.kind == DT_IRQ_SPI && wire.number > im->max_spi) {
            im->max_spi = wire.number;
        }
        return;
    }
    w = wire.kind == DT_IRQ_OTHER ? input_owner(im, irq) : NULL;
    name = w ? input_name(im, irq) : NULL;
    if (!w || (w->input_count == MAX_LINES && !has_input(w, name))) {
        im->lost++;
    } else if (!has_input(w, name)) {
        struct imt_input *in = PCC_IMPORT_NEW(im->imp, struct imt_input);

        in->name = name;
        *w->input_tail = in;
        w->input_tail = &in->next;
        w->input_count++;
    }
}

void imt_windows(struct imt *im)
{
    size_t count, i;
    struct dt_claim *claims = dt_claims(im->tree, &count);

    pcc_import_need(im->imp, claims);
    im->gic = find_gic(claims, count);
    im->windows = pcc_import_alloc(im->imp, (count + 1) *
                                   sizeof(im->windows[0]));
    for (i = 0; i < count; i++) {
        if (claims[i].size &&
            claims[i].size - 1 <= UINT64_MAX - claims[i].base &&
            !in_memory(claims[i].node)) {
            add_window(im, &claims[i]);
        }
    }
    find_alternates(im);
    mark_over_memory(im);
    for (i = 0; i < im->window_count; i++) {
        const struct imt_window *w = &im->windows[i];

        if (!w->follows && w->node != im->gic &&
            !dt_each_irq(im->tree, w->node, note_irq, im)) {
            im->lost++;
        }
    }
}

/* ---- wires ---- */

/* The interrupts of one node, and the lines that they come from. */
struct lines {
    struct imt *im;
    const struct imt_window *window;
    struct dt_irq irqs[MAX_LINES];
    const char *names[MAX_LINES];
    size_t count;
};

static bool has_target(struct imt *im, const struct dt_irq *irq)
{
    struct imt_window *w;
    struct dt_irq_wire wire;

    dt_irq_as_wire(im->tree, irq, &wire);
    if (wire.kind != DT_IRQ_OTHER) {
        return can_write(im, &wire);
    }
    w = input_owner(im, irq);
    return w && has_input(w, input_name(im, irq));
}

static void collect_line(void *opaque, const struct dt_irq *irq)
{
    struct lines *l = opaque;

    if (l->count < MAX_LINES) {
        l->irqs[l->count++] = *irq;
    } else {
        l->im->lost++;
    }
}

/* interrupt-names, where they name each one and no two the same. */
static void name_lines(struct lines *l)
{
    const struct pcc_tprop *p = pcc_tree_get(l->window->node,
                                             "interrupt-names");
    bool good = l->count > 0 && string_at(p, l->count - 1) != NULL;
    size_t i, k;

    for (i = 0; i < l->count && good; i++) {
        l->names[i] = imt_plain(l->im->imp, string_at(p, i));
        good = strncmp(l->names[i], "in_", 3) != 0;
        for (k = 0; k < i && good; k++) {
            good = strcmp(l->names[i], l->names[k]) != 0;
        }
    }
    for (i = 0; i < l->count && !good; i++) {
        l->names[i] = l->count == 1 ? "irq" :
                      pcc_import_printf(l->im->imp, "irq%zu", i);
    }
}

static void find_lines(struct lines *l, struct imt *im,
                       const struct imt_window *w)
{
    l->im = im;
    l->window = w;
    l->count = 0;
    if (!w->follows && w->node != im->gic) {
        dt_each_irq(im->tree, w->node, collect_line, l);
    }
    name_lines(l);
}

static struct pdl_expr *word(struct pcc_import *imp, const char *text)
{
    return pcc_import_need(imp, pdl_expr_ref(imp->arena, text));
}

static struct pdl_target *wire_target(struct imt *im,
                                      const struct dt_irq *irq)
{
    struct pdl_target *t = PCC_IMPORT_NEW(im->imp, struct pdl_target);
    struct dt_irq_wire wire;
    const char *where;

    dt_irq_as_wire(im->tree, irq, &wire);
    if (wire.kind == DT_IRQ_OTHER) {
        where = pcc_import_printf(im->imp, "%s.%s",
                                  input_owner(im, irq)->name,
                                  input_name(im, irq));
    } else {
        where = wire.kind == DT_IRQ_NVIC ? "nvic" :
            pcc_import_printf(im->imp, "%s.%s",
                              im->windows[im->gic->mark - 1].name,
                              wire.kind == DT_IRQ_SPI ? "spi" : "ppi");
        t->operands = pcc_import_need(im->imp, pdl_expr_number(
            im->imp->arena, wire.number, 10));
        if (wire.trigger != PCC_TRIGGER_NONE && wire.kind != DT_IRQ_NVIC) {
            t->operands->next = word(im->imp,
                                     pcc_trigger_name(wire.trigger));
        }
    }
    t->ref = pcc_import_need(im->imp, pdl_ref_new(im->imp->arena, where));
    return t;
}

static void add_wires(const struct lines *l, struct pdl_body *body)
{
    struct imt *im = l->im;
    size_t i;

    for (i = 0; i < l->count; i++) {
        struct pdl_item *item;

        if (!has_target(im, &l->irqs[i])) {
            continue;
        }
        item = imt_item(im->imp, PDL_ITEM_WIRE, NULL);
        item->u.wire.source = pcc_import_need(
            im->imp, pdl_ref_new(im->imp->arena, l->names[i]));
        item->u.wire.targets = wire_target(im, &l->irqs[i]);
        pdl_body_add(body, item);
    }
}

/* ---- natives ---- */

static struct pdl_note *note_of(struct imt *im, const struct pcc_tnode *node)
{
    struct pdl_note *note = pcc_import_note(im->imp);
    const char *path = pcc_import_need(im->imp,
                                       pcc_tree_path_of(im->tree, node));

    note->args->value = pcc_import_need(im->imp, pdl_expr_string(
        im->imp->arena, pcc_import_printf(im->imp, "%s:%s", im->imp->from,
                                          path)));
    return note;
}

/* Distributor and CPU interfaces, or distributor and redistributors. */
static struct pdl_expr *gic_bases(struct imt *im)
{
    size_t most = dt_gic_version(im->gic) == 3 ? 2 : PCC_MAX_ADDRESSES;
    struct pdl_expr *first = NULL, **end = &first;
    uint64_t base, size;
    size_t i;

    for (i = 0; i < most && dt_reg(im->gic, i, &base, &size); i++) {
        *end = imt_number(im->imp, base);
        end = &(*end)->next;
    }
    return first;
}

static void add_gic_size(struct imt *im, struct pdl_body *body)
{
    struct pdl_item *item = imt_item(im->imp, PDL_ITEM_SETTING, "num_irq");
    unsigned n = (im->max_spi + 1 + 32 + 31) / 32 * 32;

    n = n < 96 ? 96 : n > 1020 ? 1020 : n;
    item->u.setting.values = pcc_import_need(
        im->imp, pdl_expr_number(im->imp->arena, n, 10));
    pdl_body_add(body, item);
}

void imt_natives(struct imt *im, struct pdl_body *body)
{
    struct lines *l = PCC_IMPORT_NEW(im->imp, struct lines);
    size_t i;

    for (i = 0; i < im->window_count; i++) {
        const struct imt_window *w = &im->windows[i];
        struct pdl_item *item;

        if (!w->native) {
            continue;
        }
        item = imt_item(im->imp, PDL_ITEM_NATIVE, w->name);
        item->notes = note_of(im, w->node);
        item->u.instance.type.bytes = w->native->type;
        item->u.instance.type.len = strlen(w->native->type);
        if (w->node == im->gic) {
            item->u.instance.bases = gic_bases(im);
            add_gic_size(im, &item->u.instance.body);
        } else {
            item->u.instance.bases = imt_number(im->imp, w->base);
            find_lines(l, im, w);
            add_wires(l, &item->u.instance.body);
        }
        item->u.instance.has_body = item->u.instance.body.count > 0;
        pdl_body_add(body, item);
    }
}

/* ---- devices ---- */

static void add_strings(struct imt *im, struct pdl_body *body,
                        const char *name, const struct pcc_tprop *p)
{
    struct pdl_item *item = imt_item(im->imp, PDL_ITEM_SETTING, name);
    struct pdl_expr **end = &item->u.setting.values;
    const char *text;
    size_t i;

    for (i = 0; (text = string_at(p, i)) != NULL; i++) {
        *end = pcc_import_need(im->imp, pdl_expr_string(im->imp->arena,
                                                        text));
        end = &(*end)->next;
    }
    if (item->u.setting.values) {
        pdl_body_add(body, item);
    }
}

static void add_value(struct imt *im, struct pdl_body *body,
                      const char *name, struct pdl_expr *value)
{
    struct pdl_item *item = imt_item(im->imp, PDL_ITEM_SETTING, name);

    item->u.setting.values = value;
    pdl_body_add(body, item);
}

static void add_line(struct imt *im, struct pdl_body *body, const char *name,
                     enum pdl_line_dir dir)
{
    struct pdl_item *item = imt_item(im->imp, PDL_ITEM_LINE, name);

    item->u.line.dir = dir;
    pdl_body_add(body, item);
}

static bool is_text(const struct pcc_tprop *p)
{
    uint32_t i;

    for (i = 0; i < p->size; i++) {
        if (p->value[i] >= 0x7f || (p->value[i] && p->value[i] < ' ')) {
            return false;
        }
    }
    return true;
}

/* `compatible` as it is written; NULL where a string list cannot say it. */
static const struct pcc_tprop *compatible_of(const struct imt_window *w)
{
    const struct pcc_tprop *p = w->follows ? NULL :
                                pcc_tree_get(w->node, "compatible");

    return p && string_at(p, 0) && is_text(p) ? p : NULL;
}

static struct pdl_item *make_device(struct imt *im, const struct lines *l,
                                    const char *name)
{
    const struct imt_window *w = l->window;
    struct pdl_item *item = imt_item(im->imp, PDL_ITEM_DEVICE, name);
    struct pdl_body *body = &item->u.typed.body;
    const struct imt_input *in;
    size_t i;

    item->notes = pcc_import_note(im->imp);
    add_strings(im, body, "compatible", compatible_of(w));
    if (!w->follows) {
        add_value(im, body, "class", pcc_import_need(im->imp, pdl_expr_string(
            im->imp->arena, pcc_import_printf(
                im->imp, "%.*s", (int)strcspn(w->node->name, "@"),
                w->node->name))));
    }
    add_value(im, body, "size", imt_number(im->imp, w->size));
    add_value(im, body, "unmapped", word(im->imp, "ask"));
    for (in = w->inputs; in; in = in->next) {
        add_line(im, body, in->name, PDL_LINE_IN);
    }
    for (i = 0; i < l->count; i++) {
        add_line(im, body, l->names[i], PDL_LINE_OUT);
    }
    return item;
}

static const char *device_stem(struct imt *im, const struct imt_window *w)
{
    const char *first = string_at(pcc_tree_get(w->node, "compatible"), 0);
    const char *stem = first && *first ? imt_plain(im->imp, first) :
                       stem_of(im, w->node);
    const char *entry;

    if (!w->follows) {
        return stem;
    }
    entry = string_at(pcc_tree_get(w->node, "reg-names"), w->entry);
    return pcc_import_printf(im->imp, "%s_%s", stem, entry && *entry ?
                             imt_plain(im->imp, entry) : "window");
}

/* All that devices differ in.  One with inputs is the only one of its kind. */
static const char *device_key(struct imt *im, const struct lines *l)
{
    const struct imt_window *w = l->window;
    const struct pcc_tprop *p = compatible_of(w);
    struct pdl_strbuf key = PDL_STRBUF_INIT;
    const char *text, *copy;
    size_t i;

    pdl_strbuf_printf(&key, "%s %llx %p", device_stem(im, w),
                      (unsigned long long)w->size,
                      w->inputs ? (const void *)w->node : NULL);
    for (i = 0; (text = string_at(p, i)) != NULL; i++) {
        pdl_strbuf_printf(&key, "\n%s", text);
    }
    for (i = 0; i < l->count; i++) {
        pdl_strbuf_printf(&key, "\t%s", l->names[i]);
    }
    copy = key.failed ? NULL : pdl_arena_strdup(im->imp->arena,
                                                pdl_strbuf_str(&key));
    pdl_strbuf_dispose(&key);
    return pcc_import_need(im->imp, copy);
}

/* The device of a window, written when it is the first of its kind. */
static const char *device_of(struct imt *im, const struct lines *l)
{
    void **known = imt_lookup(im, &im->devices, device_key(im, l));

    if (!*known) {
        const char *name = imt_global(im, device_stem(im, l->window));

        *known = (void *)name;
        pdl_body_add(im->imp->items, make_device(im, l, name));
    }
    return *known;
}

/* ---- instances ---- */

static void add_waive(struct imt *im, struct pdl_item *item,
                      const char *check)
{
    struct pdl_note *note = PCC_IMPORT_NEW(im->imp, struct pdl_note);

    note->kind = PDL_NOTE_WAIVE;
    note->args = pcc_import_need(im->imp, pdl_arg_new(
        im->imp->arena, NULL, word(im->imp, check)));
    item->notes->next = note;
}

/* A device that is switched off says so: merging must leave it off. */
static void add_status(struct imt *im, const struct imt_window *w,
                       struct pdl_body *body)
{
    const struct pcc_tprop *p = pcc_tree_get(w->node, "status");
    const char *text = p && is_text(p) ? string_at(p, 0) : NULL;
    struct pdl_item *item;
    struct pdl_dt_item *prop;

    if (!text || strcmp(text, "okay") == 0 || strcmp(text, "ok") == 0 ||
        strlen(text) + 1 != p->size) {
        return;
    }
    item = imt_item(im->imp, PDL_ITEM_DT, NULL);
    prop = PCC_IMPORT_NEW(im->imp, struct pdl_dt_item);
    prop->kind = PDL_DT_PROPERTY;
    prop->name.bytes = "status";
    prop->name.len = strlen("status");
    prop->values = PCC_IMPORT_NEW(im->imp, struct pdl_dt_value);
    prop->values->kind = PDL_DT_STRING;
    prop->values->string.bytes = text;
    prop->values->string.len = strlen(text);
    item->u.dt.place = PDL_DT_HERE;
    item->u.dt.items = prop;
    pdl_body_add(body, item);
}

void imt_instances(struct imt *im, struct pdl_body *body)
{
    struct lines *l = PCC_IMPORT_NEW(im->imp, struct lines);
    size_t i;

    for (i = 0; i < im->window_count; i++) {
        const struct imt_window *w = &im->windows[i];
        struct pdl_item *item;

        if (w->native) {
            continue;
        }
        find_lines(l, im, w);
        item = imt_item(im->imp, PDL_ITEM_INSTANCE, w->name);
        item->notes = note_of(im, w->node);
        if (w->over_memory && !w->alternate) {
            add_waive(im, item, "device_over_memory");
        }
        item->u.instance.use = PCC_IMPORT_NEW(im->imp, struct pdl_use);
        item->u.instance.use->name.text = device_of(im, l);
        item->u.instance.bases = imt_number(im->imp, w->base);
        if (w->alternate) {
            add_value(im, &item->u.instance.body, "alternate",
                      word(im->imp, w->alternate->name));
        }
        add_wires(l, &item->u.instance.body);
        if (!w->follows) {
            add_status(im, w, &item->u.instance.body);
        }
        item->u.instance.has_body = item->u.instance.body.count > 0;
        pdl_body_add(body, item);
    }
}
