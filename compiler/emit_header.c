/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A C header for drivers: macros with numbers only, so that C, C++ and
 * assembler can use it.
 *
 *   DEVICE_REG           offset; an element of an array: DEVICE_REG_2
 *   DEVICE_REG_FIELD_SHIFT, _MASK      bits; the mask is in place
 *   DEVICE_REG_FIELD_VALUE             enumerated value, right-aligned
 *   INSTANCE_BASE, INSTANCE_IRQ        of the board
 */
#include "compiler/emit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct name_set {
    const char **v;
    size_t count;
    size_t size;                /* a power of two */
};

struct header {
    struct pcc_emit *e;
    struct name_set names;
    bool failed;                /* no memory */
};

/* ---- names ---- */

static size_t slot_of(const struct name_set *set, const char *name)
{
    uint32_t h = 2166136261u;
    const char *p;
    size_t i;

    for (p = name; *p; p++) {
        h = (h ^ (uint8_t)*p) * 16777619u;
    }
    for (i = h & (set->size - 1); set->v[i] && strcmp(set->v[i], name) != 0;
         i = (i + 1) & (set->size - 1)) {
    }
    return i;
}

static bool grow(struct header *h)
{
    struct name_set bigger = { NULL, h->names.count,
                               h->names.size ? h->names.size * 2 : 1024 };
    size_t i;

    bigger.v = pdl_arena_alloc(h->e->arena, bigger.size * sizeof(*bigger.v));
    if (!bigger.v) {
        return false;
    }
    for (i = 0; i < h->names.size; i++) {
        if (h->names.v[i]) {
            bigger.v[slot_of(&bigger, h->names.v[i])] = h->names.v[i];
        }
    }
    h->names = bigger;
    return true;
}

/* Takes @name; false when it is taken, or there is no memory. */
static bool take(struct header *h, const char *name)
{
    size_t i;

    if (h->names.count * 2 >= h->names.size && !grow(h)) {
        h->failed = true;
        return false;
    }
    i = slot_of(&h->names, name);
    if (h->names.v[i]) {
        return false;
    }
    h->names.v[i] = name;
    h->names.count++;
    return true;
}

/* @text as a part of a macro: capitals, '_' for what C does not have. */
static const char *part(struct header *h, const char *text)
{
    char *copy = pdl_arena_strdup(h->e->arena, text), *out = copy;

    if (!copy) {
        h->failed = true;
        return "";
    }
    for (; *text; text++) {
        unsigned char c = *text;

        if (c == ']') {
            continue;
        }
        *out++ = isalnum(c) ? (char)toupper(c) : '_';
    }
    *out = '\0';
    return copy;
}

/* "A_B_C"; the parts that are NULL are left out. */
static const char *join(struct header *h, const char *a, const char *b,
                        const char *c)
{
    const char *name = pdl_arena_printf(h->e->arena, "%s%s%s%s%s%s",
        isdigit((unsigned char)*a) ? "_" : "", a, b ? "_" : "", b ? b : "",
        c ? "_" : "", c ? c : "");

    h->failed = h->failed || !name;
    return name ? name : "";
}

/* @name, or with a number behind it when it is taken. */
static const char *unique(struct header *h, const char *name)
{
    const char *tried = name;
    unsigned k;

    for (k = 2; !h->failed && !take(h, tried); k++) {
        /* far more of one name than any text has: count on from there */
        k = k > 64 ? k + (unsigned)h->names.count : k;
        tried = pdl_arena_printf(h->e->arena, "%s_%u", name, k);
        h->failed = h->failed || !tried;
    }
    return tried ? tried : "";
}

static void put_macro(struct header *h, const char *name, uint64_t value,
                      bool hex)
{
    pdl_strbuf_printf(h->e->out, hex ? "#define %-40s 0x%llx" :
                      "#define %-40s %llu", name, (unsigned long long)value);
    pdl_strbuf_putc(h->e->out, '\n');
}

static void define(struct header *h, const char *name, uint64_t value,
                   bool hex)
{
    put_macro(h, unique(h, name), value, hex);
}

/* A text as a comment that ends where it should. */
static void comment(struct header *h, const char *name, const char *text)
{
    pdl_strbuf_printf(h->e->out, "\n/* %s", name);
    if (text && *text) {
        pdl_strbuf_puts(h->e->out, ": ");
    }
    for (; text && *text; text++) {
        bool ends = (text[0] == '*' && text[1] == '/') ||
                    (text[0] == '/' && text[1] == '*');

        pdl_strbuf_putc(h->e->out, *text == '\n' ? ' ' : *text);
        if (ends) {
            pdl_strbuf_putc(h->e->out, ' ');
        }
    }
    pdl_strbuf_puts(h->e->out, " */\n");
}

/* ---- devices ---- */

static void put_values(struct header *h, const char *field,
                       const struct pcc_enum_value *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        define(h, join(h, field, part(h, values[i].name), NULL),
               values[i].value, false);
    }
}

static void put_field(struct header *h, const char *reg,
                      const struct pcc_field *f)
{
    const char *name = join(h, reg, part(h, f->name), NULL);
    uint64_t mask = (f->width >= 64 ? UINT64_MAX :
                     (UINT64_C(1) << f->width) - 1) << f->lo;

    define(h, join(h, name, "SHIFT", NULL), f->lo, false);
    define(h, join(h, name, "MASK", NULL), mask, true);
    put_values(h, name, f->values, f->value_count);
    put_values(h, name, f->write_values, f->write_value_count);
}

static void put_device(struct header *h, const struct pcc_device *d)
{
    const char *device = part(h, d->name);
    const char **names = pdl_arena_alloc(h->e->arena, (d->reg_count + 1) *
                                         sizeof(*names));
    uint32_t i, k;

    if (!names) {
        h->failed = true;
        return;
    }
    /* registers come by their plain names, whatever else there is */
    for (i = 0; i < d->reg_count; i++) {
        names[i] = unique(h, join(h, device, part(h, d->regs[i].path),
                                  NULL));
    }
    comment(h, d->name, d->text);
    define(h, join(h, device, "SIZE", NULL), d->size, true);
    for (i = 0; i < d->reg_count; i++) {
        const struct pcc_reg *r = &d->regs[i];
        const char *reg = names[i];

        put_macro(h, reg, r->offset, true);
        if (r->reset) {
            define(h, join(h, reg, "RESET", NULL), r->reset, true);
        }
        for (k = 0; k < r->field_count; k++) {
            put_field(h, reg, &d->fields[r->first_field + k]);
        }
    }
    for (i = 0; i < d->mem_count; i++) {
        const char *mem = join(h, device, part(h, d->mems[i].name), NULL);

        define(h, mem, d->mems[i].offset, true);
        define(h, join(h, mem, "BYTES", NULL), d->mems[i].size, true);
    }
}

/* ---- the board ---- */

static void put_interrupts(struct header *h, const struct pcc_model *m,
                           uint32_t i)
{
    const struct pcc_board *b = m->board;
    const struct pcc_instance *in = &b->instances[i];
    size_t k, wires = 0;

    for (k = 0; k < b->wire_count; k++) {
        wires += b->wires[k].instance == i &&
                 b->wires[k].to != PRT_TO_INSTANCE;
    }
    for (k = 0; k < b->wire_count; k++) {
        const struct pcc_wire *w = &b->wires[k];
        const char *name = part(h, in->name);

        if (w->instance != i || w->to == PRT_TO_INSTANCE) {
            continue;
        }
        if (wires > 1) {
            const struct pcc_line *l = &m->devices[in->device].lines[w->line];

            name = join(h, name, part(h, l->name), NULL);
            if (l->count > 1) {
                name = pdl_arena_printf(h->e->arena, "%s_%u", name,
                                        w->element);
            }
        }
        define(h, join(h, name ? name : "", "IRQ", NULL), w->number, false);
    }
}

static void put_board(struct header *h, const struct pcc_model *m)
{
    const struct pcc_board *b = m->board;
    uint32_t i;

    comment(h, b->name, b->text);
    for (i = 0; i < b->memory_count; i++) {
        const char *name = part(h, b->memories[i].name);

        define(h, join(h, name, "BASE", NULL), b->memories[i].base, true);
        define(h, join(h, name, "BYTES", NULL), b->memories[i].size, true);
    }
    for (i = 0; i < b->instance_count; i++) {
        if (!h->e->instance || h->e->instance[i]) {
            define(h, join(h, part(h, b->instances[i].name), "BASE", NULL),
                   b->instances[i].address, true);
            put_interrupts(h, m, i);
        }
    }
}

int pcc_emit_header(struct pcc_emit *e)
{
    const struct pcc_model *m = e->model;
    struct header h = { .e = e };
    const char *name = part(&h, m->board ? m->board->name :
                            m->device_count ? m->devices[0].name : "none");
    const char *guard = join(&h, name, "PERIPH_H", NULL);
    size_t i;

    take(&h, guard);
    pdl_strbuf_printf(e->out, "/* Written by periphc. */\n#ifndef %s\n"
                      "#define %s\n", guard, guard);
    for (i = 0; i < m->device_count; i++) {
        put_device(&h, &m->devices[i]);
    }
    if (m->board) {
        put_board(&h, m);
    }
    pdl_strbuf_printf(e->out, "\n#endif /* %s */\n", guard);
    return h.failed ? PCC_ERR_NOMEM : PCC_OK;
}
