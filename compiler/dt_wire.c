/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From wires to `interrupts`, and whether a base says the same already. */
#include "compiler/dt.h"

#include <string.h>

#define MAX_INTERRUPTS 256
#define MAX_SPI 987u
#define MAX_PPI 15u

void dt_ref_cell(struct dt *dt, struct pcc_tnode *node, const char *name,
                 const char *label)
{
    uint32_t none = 0;

    pcc_tree_add_ref(dt->tree, pcc_tree_set_cells(dt->tree, node, name,
                                                  &none, 1), 0, label);
}

/* The controller a wire ends at, in the base tree; NULL: none there. */
static const struct pcc_tnode *controller(struct dt *dt,
                                          const struct pcc_tnode *place)
{
    return dt_interrupt_parent(dt->base, place);
}

static size_t interrupt_cells(const struct pcc_wire *w, unsigned count,
                              uint32_t *cells)
{
    uint32_t flags = w->trigger ? w->trigger : PCC_LEVEL_HIGH;

    switch (count) {
    case 1:
        cells[0] = w->number;
        return 1;
    case 2:
        cells[0] = w->number;
        cells[1] = w->to == PRT_TO_NVIC ? 0 : flags;
        return 2;
    case 3:
    case 4:
        cells[0] = w->kind == PRT_WIRE_PPI;
        cells[1] = w->number;
        cells[2] = flags;
        cells[3] = 0;
        return count;
    default:
        return 0;
    }
}

static bool is_interrupt(const struct pcc_wire *w,
                         const struct dt_source *from)
{
    return w->instance == from->instance && w->native == from->native &&
           (w->to == PRT_TO_NVIC ||
            (w->to == PRT_TO_NATIVE && w->kind != PRT_WIRE_LINE));
}

/* The wires of one source, in the order of its lines and their elements. */
struct wire_list {
    const struct pcc_wire *v[MAX_INTERRUPTS];
    size_t count;
};

static bool comes_first(const struct pcc_wire *a, const struct pcc_wire *b)
{
    return a->line != b->line ? a->line < b->line : a->element < b->element;
}

static void list_wires(struct dt *dt, const struct dt_source *from,
                       struct wire_list *list)
{
    size_t i, k;

    for (i = 0; i < dt->b->wire_count; i++) {
        const struct pcc_wire *w = &dt->b->wires[i];

        if (list->count == MAX_INTERRUPTS || !is_interrupt(w, from)) {
            continue;
        }
        for (k = list->count; k && comes_first(w, list->v[k - 1]); k--) {
            list->v[k] = list->v[k - 1];
        }
        list->v[k] = w;
        list->count++;
    }
}

struct interrupt_list {
    struct wire_list wires;
    uint32_t cells[4 * MAX_INTERRUPTS];
    const char *names[MAX_INTERRUPTS];
    size_t cell_count;
    size_t count;
};

/* The name of the line that @w comes from; NULL: a native's. */
static const char *line_name(struct dt *dt, const struct pcc_wire *w)
{
    const struct pcc_device *d;
    const struct pcc_line *l;

    if (w->instance == PCC_NONE) {
        return NULL;
    }
    d = &dt->e->model->devices[dt->b->instances[w->instance].device];
    l = &d->lines[w->line];
    return l->count == 1 ? l->name :
           pdl_arena_printf(dt->e->arena, "%s%u", l->name, w->element);
}

static void list_interrupts(struct dt *dt, const struct dt_source *from,
                            unsigned cells, struct interrupt_list *list)
{
    size_t i;

    list_wires(dt, from, &list->wires);
    for (i = 0; i < list->wires.count; i++) {
        const struct pcc_wire *w = list->wires.v[i];

        list->cell_count += interrupt_cells(w, cells, list->cells +
                                            list->cell_count);
        list->names[list->count++] = line_name(dt, w);
    }
}

static void set_names(struct dt *dt, struct pcc_tnode *node,
                      const struct interrupt_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (!list->names[i]) {
            return;
        }
    }
    if (list->count > 1) {
        pcc_tree_set_strings(dt->tree, node, "interrupt-names", list->names,
                             list->count);
    }
}

void dt_interrupts(struct dt *dt, struct pcc_tnode *node,
                   const struct pcc_tnode *place,
                   const struct dt_source *from)
{
    const struct pcc_tnode *parent = controller(dt, place);
    struct interrupt_list *list = PDL_NEW(dt->e->arena,
                                          struct interrupt_list);

    if (!list) {
        dt->tree->failed = true;
        return;
    }
    if (!parent) {
        return;
    }
    list_interrupts(dt, from, pcc_tree_cell(parent, "#interrupt-cells", 0, 0),
                    list);
    if (!list->cell_count) {
        return;
    }
    if (dt->tree != dt->base && parent->label) {
        dt_ref_cell(dt, node, "interrupt-parent", parent->label);
    }
    pcc_tree_set_cells(dt->tree, node, "interrupts", list->cells,
                       list->cell_count);
    set_names(dt, node, list);
}

/* ---- what the base says ---- */

/* Walks through the wires while it finds the base's interrupts in them. */
struct compare {
    struct dt *dt;
    const struct pcc_tnode *gic;    /* of the board's natives; or NULL */
    struct wire_list wires;
    size_t at;
    bool same;
};

static const struct pcc_tnode *native_node(struct dt *dt, uint32_t native)
{
    const struct pcc_native *n = &dt->b->natives[native];
    size_t i;

    for (i = 0; n->address_count && i < dt->claim_count; i++) {
        if (dt->claims[i].base == n->addresses[0]) {
            return dt->claims[i].node;
        }
    }
    return NULL;
}

/* Whether a wire can say it: what it cannot say is not compared. */
static bool is_wire(const struct compare *c, const struct dt_irq_wire *wire)
{
    switch (wire->kind) {
    case DT_IRQ_SPI:
        return wire->gic == c->gic && wire->number <= MAX_SPI;
    case DT_IRQ_PPI:
        return wire->gic == c->gic && wire->number <= MAX_PPI;
    case DT_IRQ_NVIC:
        return true;
    default:
        return false;
    }
}

static void compare_irq(void *opaque, const struct dt_irq *irq)
{
    struct compare *c = opaque;
    const struct pcc_wire *w = c->at < c->wires.count ?
                               c->wires.v[c->at] : NULL;
    struct dt_irq_wire wire;

    dt_irq_as_wire(c->dt->base, irq, &wire);
    if (!is_wire(c, &wire)) {
        return;
    }
    c->at++;
    c->same &= w && w->number == wire.number &&
               (wire.kind == DT_IRQ_NVIC ? w->to == PRT_TO_NVIC :
                w->to == PRT_TO_NATIVE && w->trigger == wire.trigger &&
                w->kind == (wire.kind == DT_IRQ_SPI ? PRT_WIRE_SPI :
                            PRT_WIRE_PPI));
}

bool dt_same_interrupts(struct dt *dt, const struct pcc_tnode *place,
                        const struct dt_source *from)
{
    struct compare *c = PDL_NEW(dt->e->arena, struct compare);
    size_t i;

    if (!c) {
        dt->tree->failed = true;
        return true;
    }
    c->dt = dt;
    c->same = true;
    list_wires(dt, from, &c->wires);
    if (!c->wires.count) {
        return true;            /* nothing is said of them */
    }
    for (i = 0; i < c->wires.count && !c->gic; i++) {
        if (c->wires.v[i]->to == PRT_TO_NATIVE) {
            c->gic = native_node(dt, c->wires.v[i]->target);
        }
    }
    dt_each_irq(dt->base, place, compare_irq, c);
    return c->same && c->at == c->wires.count;
}
