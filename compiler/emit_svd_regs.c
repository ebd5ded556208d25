/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <registers> of CMSIS-SVD: registers, clusters, fields, values. */
#include "compiler/emit_svd.h"

#include <stdio.h>
#include <string.h>

#include "compiler/blocks.h"
#include "dsl/bounds.h"

/* ---- fields ---- */

static void put_value(struct svd_xml *x, const struct pcc_enum_value *v)
{
    svd_open(x, "enumeratedValue");
    svd_name(x, "name", v->name, NULL);
    svd_leaf(x, "description", v->text);
    svd_count(x, "value", v->value);
    svd_close(x, "enumeratedValue");
}

static void put_values(struct svd_xml *x, const struct pcc_enum_value *v,
                       size_t count, const char *usage, const char *other)
{
    size_t i;

    if (!count && !other) {
        return;
    }
    svd_open(x, "enumeratedValues");
    svd_leaf(x, "usage", usage);
    for (i = 0; i < count; i++) {
        put_value(x, &v[i]);
    }
    if (other) {
        svd_open(x, "enumeratedValue");
        svd_name(x, "name", other, NULL);
        svd_leaf(x, "isDefault", "true");
        svd_close(x, "enumeratedValue");
    }
    svd_close(x, "enumeratedValues");
}

static bool same_word(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What differs from the register's is said. */
static void put_effects(struct svd_xml *x, const struct svd_effects *f,
                        const struct svd_effects *reg)
{
    if (!same_word(f->access, reg->access)) {
        svd_leaf(x, "access", f->access);
    }
    if (!same_word(f->write, reg->write) &&
        strcmp(f->access, "read-only") != 0) {
        svd_leaf(x, "modifiedWriteValues", f->write ? f->write : "modify");
    }
    if (f->read && !same_word(f->read, reg->read)) {
        svd_leaf(x, "readAction", f->read);
    }
}

static void put_field(const struct svd_regs *regs, uint32_t i,
                      const struct svd_effects *reg)
{
    const struct pcc_field *f = &regs->d->fields[i];
    struct svd_effects effects = svd_field_effects(regs->d, f);
    struct svd_xml *x = regs->x;
    struct pcc_field_place place;
    uint32_t count = pcc_field_array(regs->d, i, &place);
    const char *name = f->name;
    char stem[PDL_MAX_NAME_BYTES + 1];

    if (count && place.index) {
        return;                     /* said with element 0 */
    }
    svd_open(x, "field");
    if (count) {
        svd_count(x, "dim", count);
        svd_count(x, "dimIncrement", place.stride);
        snprintf(stem, sizeof(stem), "%.*s", (int)place.stem, name);
        name = stem;
    }
    svd_name(x, "name", name, count ? "[%s]" : "");
    svd_leaf(x, "description", f->text);
    svd_count(x, "bitOffset", f->lo);
    svd_count(x, "bitWidth", f->width);
    put_effects(x, &effects, reg);
    put_values(x, f->values, f->value_count,
               f->write_value_count ? "read" : NULL,
               pcc_fact(&f->origin, "isDefault"));
    put_values(x, f->write_values, f->write_value_count, "write", NULL);
    svd_close(x, "field");
}

/* ---- registers ---- */

static void put_dim(struct svd_xml *x, const struct pcc_block *b)
{
    if (b->array && b->uniform) {
        svd_count(x, "dim", b->count);
        svd_hex(x, "dimIncrement", b->stride);
    }
}

static void put_name(const struct svd_regs *regs, const struct pcc_block *b,
                     const struct pcc_element *e)
{
    char end[16] = "";

    if (b->array && b->uniform) {
        strcpy(end, "[%s]");
    } else if (b->array) {
        snprintf(end, sizeof(end), "_%u", (unsigned)e->index);
    }
    svd_name(regs->x, "name", b->name, end);
}

/* The register before it that has some of its bytes, if it yields to one. */
static const struct pcc_reg *other_of(const struct pcc_device *d,
                                      uint32_t reg)
{
    const struct pcc_reg *r = &d->regs[reg];
    uint32_t i;

    for (i = reg; i > 0 && reg - i < 64; i--) {
        const struct pcc_reg *q = &d->regs[i - 1];

        if (q->offset + q->bytes > r->offset &&
            (r->when != PCC_NONE || q->when != PCC_NONE ||
             q->offset == r->offset)) {
            return q;
        }
    }
    return NULL;
}

static void put_reg(const struct svd_regs *regs, const struct pcc_block *b,
                    const struct pcc_element *e, uint64_t outer)
{
    const struct pcc_reg *r = &regs->d->regs[e->reg];
    struct svd_effects effects = svd_reg_effects(regs->d, r);
    const struct pcc_reg *other = other_of(regs->d, e->reg);
    struct svd_xml *x = regs->x;
    uint32_t i;

    svd_open(x, "register");
    put_dim(x, b);
    put_name(regs, b, e);
    svd_leaf(x, "description", r->text);
    if (other) {
        svd_name(x, "alternateRegister", other->name, "");
    }
    svd_hex(x, "addressOffset", regs->place(regs, r->offset) - outer);
    svd_count(x, "size", r->bits);
    svd_leaf(x, "access", effects.access);
    svd_leaf(x, "protection", pcc_fact(&r->origin, "protection"));
    svd_hex(x, "resetValue", r->reset);
    svd_hex(x, "resetMask", r->known);
    svd_leaf(x, "modifiedWriteValues", effects.write);
    svd_leaf(x, "readAction", effects.read);
    if (r->field_count) {
        svd_open(x, "fields");
        for (i = 0; i < r->field_count; i++) {
            put_field(regs, r->first_field + i, &effects);
        }
        svd_close(x, "fields");
    }
    svd_close(x, "register");
}

static void put_blocks(const struct svd_regs *regs,
                       const struct pcc_block *b, uint64_t outer);

static void put_cluster(const struct svd_regs *regs,
                        const struct pcc_block *b,
                        const struct pcc_element *e, uint64_t outer)
{
    uint64_t at = regs->place(regs, e->offset);

    svd_open(regs->x, "cluster");
    put_dim(regs->x, b);
    put_name(regs, b, e);
    svd_leaf(regs->x, "description", b->name);
    svd_hex(regs->x, "addressOffset", at - outer);
    put_blocks(regs, e->first, at);
    svd_close(regs->x, "cluster");
}

static void put_blocks(const struct svd_regs *regs,
                       const struct pcc_block *b, uint64_t outer)
{
    const struct pcc_element *e;

    for (; b; b = b->next) {
        for (e = b->first; e; e = b->uniform && b->array ? NULL : e->next) {
            if (e->reg != PCC_NONE) {
                put_reg(regs, b, e, outer);
            }
            if (e->first) {
                put_cluster(regs, b, e, outer);
            }
        }
    }
}

static void put_mem(const struct svd_regs *regs, const struct pcc_mem *m)
{
    struct svd_xml *x = regs->x;

    svd_open(x, "register");
    svd_count(x, "dim", m->size / m->elem);
    svd_hex(x, "dimIncrement", m->elem);
    svd_name(x, "name", m->name, "[%s]");
    svd_hex(x, "addressOffset", regs->place(regs, m->offset));
    svd_count(x, "size", m->elem * 8);
    svd_leaf(x, "access", m->flags & PRT_MEM_RO ? "read-only" :
             m->flags & PRT_MEM_WO ? "write-only" : "read-write");
    svd_close(x, "register");
}

int svd_put_registers(const struct svd_regs *regs)
{
    const struct pcc_device *d = regs->d;
    struct pcc_block *blocks;
    size_t i;

    if (!d->reg_count && !d->mem_count) {
        return PCC_OK;
    }
    if (!pcc_blocks(regs->e->arena, d, &blocks)) {
        return PCC_ERR_NOMEM;
    }
    svd_open(regs->x, "registers");
    put_blocks(regs, blocks, 0);
    for (i = 0; i < d->mem_count; i++) {
        put_mem(regs, &d->mems[i]);
    }
    svd_close(regs->x, "registers");
    return PCC_OK;
}
