/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CMSIS-SVD 1.3: a board's instances as peripherals (its devices, at address
 * 0, when there is no board), for debuggers and generators of headers.  What
 * registers do beyond accesses has no place in it.
 */
#include "compiler/emit_svd.h"

#include <string.h>

/* Offsets of later regions are where an instance has put these. */
static uint64_t place(const struct svd_regs *regs, uint64_t offset)
{
    const struct pcc_device *d = regs->d;
    size_t i;

    for (i = 1; regs->instance && i < d->region_count; i++) {
        const struct pcc_region *g = &d->regions[i];

        if (offset >= g->offset && offset - g->offset < g->size) {
            return regs->instance->addresses[i] - regs->base +
                   (offset - g->offset);
        }
    }
    return regs->instance ?
           regs->instance->address - regs->base + offset : offset;
}

static void put_blocks(const struct svd_regs *regs)
{
    const struct pcc_device *d = regs->d;
    size_t i;

    for (i = 0; i < d->region_count; i++) {
        svd_open(regs->x, "addressBlock");
        svd_hex(regs->x, "offset", place(regs, d->regions[i].offset));
        svd_hex(regs->x, "size", d->regions[i].size);
        svd_leaf(regs->x, "usage", "registers");
        svd_close(regs->x, "addressBlock");
    }
}

/* ---- interrupts ---- */

static const char *interrupt_name(struct pcc_emit *e,
                                  const struct pcc_wire *w,
                                  const struct pcc_instance *in)
{
    const struct pcc_line *l = &e->model->devices[in->device].lines[w->line];
    const char *fact = pcc_fact(&w->origin, "interrupt");
    const char *name = fact ? fact : strcmp(l->name, "irq") == 0 ?
                       in->name : l->name;

    if (!fact && l->count > 1) {
        char *one = pdl_arena_printf(e->arena, "%s_%u", name, w->element);

        name = one ? one : name;
    }
    return name;
}

static void put_interrupts(struct pcc_emit *e, struct svd_xml *x, uint32_t i)
{
    const struct pcc_board *b = e->model->board;
    size_t k;

    for (k = 0; k < b->wire_count; k++) {
        const struct pcc_wire *w = &b->wires[k];
        uint32_t number = w->number;

        if (w->instance != i || w->to == PRT_TO_INSTANCE) {
            continue;
        }
        /* numbers of a GIC count from its private interrupts */
        number += w->to == PRT_TO_NVIC ? 0 : w->kind == PRT_WIRE_SPI ? 32 :
                  w->kind == PRT_WIRE_PPI ? 16 : 0;
        svd_open(x, "interrupt");
        svd_name(x, "name", interrupt_name(e, w, &b->instances[i]), "");
        svd_count(x, "value", number);
        svd_close(x, "interrupt");
    }
}

/* ---- peripherals ---- */

static uint64_t lowest(const struct pcc_instance *in)
{
    uint64_t base = in->address;
    size_t i;

    for (i = 1; i < in->address_count; i++) {
        base = in->addresses[i] < base ? in->addresses[i] : base;
    }
    return base;
}

/* The first instance of the same device with regions at the same distances. */
static const struct pcc_instance *model_of(const struct pcc_board *b,
                                           uint32_t i)
{
    const struct pcc_instance *in = &b->instances[i];
    uint32_t k;
    size_t n;

    for (k = 0; k < i; k++) {
        const struct pcc_instance *one = &b->instances[k];
        bool same = one->device == in->device;

        for (n = 1; same && n < in->address_count; n++) {
            same = in->addresses[n] - in->address ==
                   one->addresses[n] - one->address;
        }
        if (same) {
            return one;
        }
    }
    return NULL;
}

static void start_peripheral(struct svd_xml *x,
                             const struct pcc_instance *from)
{
    pdl_strbuf_fill(x->out, ' ', x->depth * 2);
    if (from) {
        pdl_strbuf_puts(x->out, "<peripheral derivedFrom=\"");
        svd_words(x, from->name);
        pdl_strbuf_puts(x->out, "\">\n");
    } else {
        pdl_strbuf_puts(x->out, "<peripheral>\n");
    }
    x->depth++;
}

static int put_instance(struct pcc_emit *e, struct svd_xml *x, uint32_t i)
{
    const struct pcc_board *b = e->model->board;
    const struct pcc_instance *in = &b->instances[i];
    const struct pcc_instance *from = model_of(b, i);
    struct svd_regs regs = {
        .x = x, .e = e, .d = &e->model->devices[in->device], .place = place,
        .instance = in, .base = lowest(in),
    };
    int err = PCC_OK;

    start_peripheral(x, from);
    svd_name(x, "name", in->name, "");
    svd_leaf(x, "description", regs.d->text);
    if (in->alternate != PCC_NONE) {
        svd_name(x, "alternatePeripheral", b->instances[in->alternate].name,
                 "");
    }
    svd_hex(x, "baseAddress", regs.base);
    if (!from) {
        put_blocks(&regs);
    }
    put_interrupts(e, x, i);
    if (!from) {
        err = svd_put_registers(&regs);
    }
    svd_close(x, "peripheral");
    return err;
}

static int put_device(struct pcc_emit *e, struct svd_xml *x,
                      const struct pcc_device *d)
{
    struct svd_regs regs = { .x = x, .e = e, .d = d, .place = place };
    int err;

    start_peripheral(x, NULL);
    svd_name(x, "name", d->name, "");
    svd_leaf(x, "description", d->text);
    svd_hex(x, "baseAddress", 0);
    put_blocks(&regs);
    err = svd_put_registers(&regs);
    svd_close(x, "peripheral");
    return err;
}

static int put_peripherals(struct pcc_emit *e, struct svd_xml *x)
{
    const struct pcc_model *m = e->model;
    int err = PCC_OK;
    uint32_t i;

    svd_open(x, "peripherals");
    for (i = 0; m->board && !err && i < m->board->instance_count; i++) {
        if (!e->instance || e->instance[i]) {
            err = put_instance(e, x, i);
        }
    }
    for (i = 0; !m->board && !err && i < m->device_count; i++) {
        err = put_device(e, x, &m->devices[i]);
    }
    svd_close(x, "peripherals");
    return err;
}

int pcc_emit_svd(struct pcc_emit *e)
{
    const struct pcc_model *m = e->model;
    const char *name = m->board ? m->board->name :
                       m->device_count ? m->devices[0].name : "none";
    const char *text = m->board ? m->board->text :
                       m->device_count ? m->devices[0].text : NULL;
    struct svd_xml x = { e->out, 0 };
    int err;

    pdl_strbuf_puts(e->out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<device schemaVersion=\"1.3\" "
        "xmlns:xs=\"http://www.w3.org/2001/XMLSchema-instance\" "
        "xs:noNamespaceSchemaLocation=\"CMSIS-SVD.xsd\">\n");
    x.depth = 1;
    svd_name(&x, "name", name, "");
    svd_leaf(&x, "version", "1.0");
    svd_leaf(&x, "description", text ? text : name);
    svd_count(&x, "addressUnitBits", 8);
    svd_count(&x, "width", 32);
    svd_count(&x, "size", 32);
    svd_leaf(&x, "access", "read-write");
    svd_hex(&x, "resetValue", 0);
    svd_hex(&x, "resetMask", UINT32_MAX);
    err = put_peripherals(e, &x);
    svd_close(&x, "device");
    return err;
}
