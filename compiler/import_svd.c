/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CMSIS-SVD: registers, addresses and interrupts of a chip as its vendor
 * describes them.  A peripheral becomes a device and an instance of it on a
 * board that bears the chip's name; what is only derived from another, an
 * instance of that one's device.
 */
#include "compiler/import_svd.h"

#include <string.h>


#define MAX_INTERRUPT 495u      /* of an NVIC */

static struct pdl_expr *number(struct svd *s, uint64_t value, unsigned base)
{
    return pcc_import_need(s->imp, pdl_expr_number(s->imp->arena, value,
                                                   base));
}

static struct pdl_item *new_item(struct svd *s, enum pdl_item_kind kind,
                                 const char *name)
{
    return pcc_import_need(s->imp, pdl_item_new(s->imp->arena, kind, name));
}

static struct pdl_item *setting(struct svd *s, const char *name,
                                struct pdl_expr *value)
{
    struct pdl_item *item = new_item(s, PDL_ITEM_SETTING, name);

    item->u.setting.values = pcc_import_need(s->imp, value);
    return item;
}

static void set_desc(struct svd *s, struct pdl_item *item,
                     const struct svd_node *node)
{
    const char *text = svd_child_text(s, node, "description");

    if (text) {
        item->desc.bytes = text;
        item->desc.len = strlen(text);
    }
}

/* ---- peripherals ---- */

static void read_blocks(struct svd *s, struct svd_periph *p)
{
    const struct svd_node *block = svd_get(s, p->node, "addressBlock");

    for (; block; block = svd_next(block->next, "addressBlock")) {
        uint64_t offset = svd_child_number(s, block, "offset", 0);
        uint64_t size = svd_child_number(s, block, "size", 0);
        const char *usage = svd_child_text(s, block, "usage");
        uint64_t end = offset > UINT64_MAX - size ? UINT64_MAX :
                       offset + size;

        if (end > p->block_end && (!usage ||
                                   strcmp(usage, "reserved") != 0)) {
            p->block_end = end;
        }
    }
}

static void add_irq(struct svd *s, struct svd_periph *p,
                    const struct svd_node *node)
{
    const char *name = svd_child_text(s, node, "name");
    const struct svd_node *value = svd_get(s, node, "value");
    struct svd_irq **end = &p->irqs, *irq;
    uint64_t n;

    if (!name || !value || !svd_number(s, value, &n)) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_MISSING, svd_span(s, node),
                     node->name, name ? "a value" : "a name");
        return;
    }
    if (n > MAX_INTERRUPT) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_INTERRUPT, svd_span(s, node),
                     name, (unsigned long long)n, MAX_INTERRUPT);
        return;
    }
    while (*end) {
        if ((*end)->number == n && strcmp((*end)->name, name) == 0) {
            return;
        }
        end = &(*end)->next;
    }
    irq = PCC_IMPORT_NEW(s->imp, struct svd_irq);
    irq->name = name;
    irq->number = n;
    *end = irq;
    p->irq_count++;
}

/* The element's own interrupts, else those of its base. */
static void read_irqs(struct svd *s, struct svd_periph *p)
{
    const struct svd_node *node = svd_get(s, p->node, "interrupt");

    for (; node; node = svd_next(node->next, "interrupt")) {
        add_irq(s, p, node);
    }
}

/* Whether the element says anything about registers itself. */
static bool has_own_registers(const struct svd_node *node)
{
    static const char *const tags[] = {
        "registers", "size", "access", "protection", "resetValue",
        "resetMask",
    };
    size_t i;

    for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (svd_own(node, tags[i])) {
            return true;
        }
    }
    return false;
}

/* Names of peripherals are those of instances; devices bear them too. */
static void add_periph(struct svd *s, const struct svd_node *node,
                       uint64_t base, struct svd_periph *p)
{
    p->node = node;
    p->base = base;
    p->wanted = pcc_import_wants(s->imp, p->name);
    p->alternate = svd_get(s, node, "alternatePeripheral") != NULL;
    read_blocks(s, p);
    read_irqs(s, p);
}

struct list {
    struct svd_periph *v;
    size_t n, cap;
};

static struct svd_periph *grow(struct svd *s, struct list *list)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        struct svd_periph *v = pcc_import_alloc(s->imp, cap * sizeof(*v));

        if (list->n) {
            memcpy(v, list->v, list->n * sizeof(*v));
        }
        list->v = v;
        list->cap = cap;
    }
    return &list->v[list->n++];
}

static void read_periph(struct svd *s, const struct svd_node *node,
                        struct svd_names *names, struct list *list)
{
    const char *name = svd_child_text(s, node, "name");
    const struct svd_node *at = svd_get(s, node, "baseAddress");
    struct svd_dim dim;
    uint64_t base;
    uint32_t k;

    if (!name || !at || !svd_number(s, at, &base)) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_MISSING, svd_span(s, node),
                     node->name,
                     name ? "a baseAddress" : "a name");
        return;
    }
    svd_read_dim(s, node, name, 0x1000, &dim);
    for (k = 0; k < (dim.count ? dim.count : 1); k++) {
        const char *one = dim.array ?
            pcc_import_printf(s->imp, "%s%u", dim.name, (unsigned)k) :
            svd_element(s, &dim, k);
        struct svd_periph *p;

        if (list->n == SVD_MAX_PERIPHERALS) {
            pdl_diag_add(s->imp->diags, PDL_D_TOO_MANY, svd_span(s, node),
                         "peripherals", SVD_MAX_PERIPHERALS);
            return;
        }
        p = grow(s, list);
        p->name = svd_unique(s, names, one, node);
        add_periph(s, node, base + k * dim.stride, p);
    }
}

/* ---- devices ---- */

/* The earlier peripheral whose device @p can use, or NULL. */
static struct svd_periph *same_device(struct svd *s, struct list *list,
                                      const struct svd_periph *p)
{
    const struct svd_node *node = p->node;
    unsigned depth;
    size_t i;

    for (depth = 0; node && depth < SVD_MAX_DERIVED; depth++) {
        for (i = 0; i < list->n; i++) {
            if (list->v[i].node == node && list->v[i].device) {
                return &list->v[i];
            }
        }
        if (has_own_registers(node)) {
            return NULL;
        }
        node = svd_base(s, node);
    }
    return NULL;
}

/* Registers have the same name now and then: "DMA" and "DMA_irq". */
static const char *line_name(struct svd *s, struct svd_names *names,
                             const char *name)
{
    const char *legal = svd_legal_name(s, name), *tried = legal;
    unsigned k;

    for (k = 1; !svd_take(s, names, tried); k++) {
        tried = k == 1 ? pcc_import_printf(s->imp, "%s_irq", legal)
                       : pcc_import_printf(s->imp, "%s_irq_%u", legal, k);
    }
    return tried;
}

static void make_device(struct svd *s, struct svd_periph *p)
{
    const struct svd_at top = { NULL, s->root };
    const struct svd_at at = { &top, p->node };
    struct svd_block *blocks = PCC_IMPORT_NEW(s->imp, struct svd_block);
    struct svd_device *d = PCC_IMPORT_NEW(s->imp, struct svd_device);
    struct svd_names names = { 0 };
    struct pdl_body *body;
    struct svd_irq *irq;
    unsigned k = 0;

    d->name = p->name;
    d->item = new_item(s, PDL_ITEM_DEVICE, d->name);
    d->item->notes = pcc_import_note(s->imp);
    set_desc(s, d->item, p->node);
    body = &d->item->u.typed.body;
    p->device = d;
    blocks->line = p->node->line;
    svd_registers(s, &at, &names, 0, blocks);
    d->registers_end = svd_layout(s, blocks);
    /* sizes come when all are known, in front of everything else */
    pdl_body_add(body, setting(s, "size", number(s, 0, 16)));
    pdl_body_add(body, setting(s, "spare", pdl_expr_ref(s->imp->arena,
                                                        "zero")));
    for (irq = p->irqs; irq; irq = irq->next, k++) {
        struct pdl_item *line;

        irq->line = line_name(s, &names, p->irq_count == 1 ? "irq"
                                                           : irq->name);
        line = new_item(s, PDL_ITEM_LINE, irq->line);
        line->u.line.dir = PDL_LINE_OUT;
        pdl_body_add(body, line);
    }
    d->line_count = k;
    svd_put_blocks(s, blocks, body);
}

/* The lines of a device that another peripheral has made. */
static void use_lines(struct svd *s, struct svd_periph *p,
                      const struct svd_periph *maker)
{
    const struct svd_irq *theirs = maker->irqs;
    struct svd_irq *irq;
    unsigned k = 0;

    for (irq = p->irqs; irq; irq = irq->next, k++) {
        irq->line = theirs ? theirs->line :
                    pcc_import_printf(s->imp, "irq_%u", k);
        theirs = theirs ? theirs->next : NULL;
    }
}

/* Bases first, so that what is derived finds their devices. */
static void find_device(struct svd *s, struct list *list,
                        struct svd_periph *p)
{
    struct svd_periph *maker = same_device(s, list, p);

    if (!maker) {
        make_device(s, p);
        return;
    }
    p->device = maker->device;
    p->base_of = maker;
    use_lines(s, p, maker->base_of ? maker->base_of : maker);
}

static void make_devices(struct svd *s, struct list *list)
{
    unsigned round;
    size_t i;

    for (round = 0; round < 2; round++) {
        for (i = 0; i < list->n; i++) {
            struct svd_periph *p = &list->v[i];
            bool later = svd_base(s, p->node) && !has_own_registers(p->node);

            if (p->wanted && !p->device && later == (round == 1)) {
                find_device(s, list, p);
            }
        }
    }
}

/* ---- the board ---- */

static struct pdl_item *make_wire(struct svd *s, const struct svd_periph *p,
                                  const struct svd_irq *irq)
{
    struct pdl_item *item = new_item(s, PDL_ITEM_WIRE, NULL);
    struct pdl_target *target = PCC_IMPORT_NEW(s->imp, struct pdl_target);
    const char *known = strcmp(irq->line, "irq") == 0 ? p->name : irq->line;
    struct pdl_part *part;

    item->u.wire.source = pcc_import_need(s->imp, pdl_ref_new(
        s->imp->arena, "irq"));
    part = item->u.wire.source->parts;
    part->name.text = irq->line;
    target->ref = pcc_import_need(s->imp, pdl_ref_new(s->imp->arena,
                                                      "nvic"));
    target->operands = number(s, irq->number, 10);
    item->u.wire.targets = target;
    if (strcmp(known, irq->name) != 0) {
        svd_fact(s, item, "interrupt", irq->name);
    }
    return item;
}

static void add_instance(struct svd *s, const struct svd_periph *p,
                         struct pdl_body *board)
{
    struct pdl_item *item = new_item(s, PDL_ITEM_INSTANCE, p->name);
    struct pdl_use *use = PCC_IMPORT_NEW(s->imp, struct pdl_use);
    struct pdl_body *body = &item->u.instance.body;
    const struct svd_irq *irq;
    unsigned k = 0;

    use->name.text = p->device->name;
    item->u.instance.use = use;
    item->u.instance.bases = number(s, p->base, 16);
    if (p->shares) {
        struct pdl_expr *of = pcc_import_need(s->imp, pdl_expr_ref(
            s->imp->arena, "x"));

        of->u.ref->parts->name.text = p->shares->name;
        pdl_body_add(body, setting(s, "alternate", of));
    }
    for (irq = p->irqs; irq; irq = irq->next, k++) {
        if (k >= p->device->line_count) {
            struct pdl_item *line = new_item(s, PDL_ITEM_LINE, irq->line);

            line->u.line.dir = PDL_LINE_OUT;
            line->notes = pcc_import_note(s->imp);
            pdl_body_add(body, line);
        }
        pdl_body_add(body, make_wire(s, p, irq));
    }
    item->u.instance.has_body = body->first != NULL;
    pdl_body_add(board, item);
}

/* QEMU's name of the processor; NULL: none that it has. */
static const char *cpu_name(const char *name)
{
    static const char *const names[][2] = {
        { "CM0", "cortex-m0" }, { "CM0PLUS", "cortex-m0" },
        { "CM0+", "cortex-m0" }, { "CM3", "cortex-m3" },
        { "CM4", "cortex-m4" }, { "CM7", "cortex-m7" },
        { "CM33", "cortex-m33" }, { "CM55", "cortex-m55" },
    };
    size_t i;

    for (i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], name) == 0) {
            return names[i][1];
        }
    }
    return NULL;
}

static void make_board(struct svd *s, const char *name,
                       const struct list *list)
{
    struct pdl_item *board = new_item(s, PDL_ITEM_BOARD, name);
    const struct svd_node *cpu = svd_own(s->root, "cpu");
    const char *type = cpu ? cpu_name(svd_child_text(s, cpu, "name")) : NULL;
    size_t i;

    board->notes = pcc_import_note(s->imp);
    set_desc(s, board, s->root);
    if (type) {
        pdl_body_add(&board->u.typed.body, setting(s, "cpu",
                     pdl_expr_string(s->imp->arena, type)));
    }
    for (i = 0; i < list->n; i++) {
        if (list->v[i].device) {
            add_instance(s, &list->v[i], &board->u.typed.body);
        }
    }
    pdl_body_add(s->imp->items, board);
}

/* ---- the document ---- */

static const char *board_name(struct svd *s)
{
    const char *name = s->imp->opts->name ? s->imp->opts->name :
                       svd_child_text(s, s->root, "name");

    return name ? name : "board";
}

static void read_device(struct svd *s)
{
    const struct svd_node *all = svd_own(s->root, "peripherals"), *node;
    struct list list = { NULL, 0, 0 };
    const char *name;
    size_t i;

    for (node = all ? svd_own(all, "peripheral") : NULL; node;
         node = svd_next(node->next, "peripheral")) {
        read_periph(s, node, &s->globals, &list);
    }
    name = svd_unique(s, &s->globals, board_name(s), s->root);
    make_devices(s, &list);
    svd_place(s, list.v, list.n);
    for (i = 0; i < list.n; i++) {
        struct svd_device *d = list.v[i].device;

        if (d && !list.v[i].base_of) {
            d->item->u.typed.body.first->u.setting.values->u.number.value =
                d->size;
            pdl_body_add(s->imp->items, d->item);
        }
    }
    make_board(s, name, &list);
}

int pcc_import_svd(struct pcc_import *imp)
{
    struct svd *s = PCC_IMPORT_NEW(imp, struct svd);

    s->imp = imp;
    s->root = svd_read_document(imp);
    if (!s->root) {
        return PCC_ERR_INPUT;
    }
    read_device(s);
    return PCC_OK;
}
