/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/blocks.h"

#include <stdlib.h>
#include <string.h>

/* A block by the element it stands in and its name; an element by its block. */
struct slot {
    const void *parent;
    const char *name;           /* NULL for elements */
    size_t len;
    uint32_t index;
    void *value;
};

struct builder {
    struct pdl_arena *arena;
    const struct pcc_device *d;
    struct slot *slots;
    size_t size;                /* a power of two */
};

static struct slot *find(struct builder *b, const struct slot *key)
{
    uint64_t h = (uintptr_t)key->parent * UINT64_C(0x9e3779b97f4a7c15) +
                 key->index;
    struct slot *s;
    size_t i;

    for (i = 0; i < key->len; i++) {
        h = (h ^ (uint8_t)key->name[i]) * UINT64_C(1099511628211);
    }
    for (i = (h ^ h >> 32) & (b->size - 1);; i = (i + 1) & (b->size - 1)) {
        s = &b->slots[i];
        if (!s->value || (s->parent == key->parent &&
                          s->index == key->index && s->len == key->len &&
                          !s->name == !key->name &&
                          (!key->name ||
                           memcmp(s->name, key->name, key->len) == 0))) {
            return s;
        }
    }
}

static struct pcc_block *get_block(struct builder *b, struct pcc_element *in,
                                   const char *name, size_t len)
{
    struct slot key = { in, name, len, 0, NULL };
    struct slot *slot = find(b, &key);
    struct pcc_block *block = slot->value;

    if (block) {
        return block;
    }
    block = PDL_NEW(b->arena, struct pcc_block);
    if (!block) {
        return NULL;
    }
    block->name = pdl_arena_copy(b->arena, name, len);
    if (!block->name) {
        return NULL;
    }
    key.value = block;
    *slot = key;
    if (in->last) {
        in->last->next = block;
    } else {
        in->first = block;
    }
    in->last = block;
    return block;
}

static struct pcc_element *get_element(struct builder *b,
                                       struct pcc_block *block,
                                       uint32_t index)
{
    struct slot key = { block, NULL, 0, index, NULL };
    struct slot *slot = find(b, &key);
    struct pcc_element *e = slot->value;

    if (e) {
        return e;
    }
    e = PDL_NEW(b->arena, struct pcc_element);
    if (!e) {
        return NULL;
    }
    e->index = index;
    e->reg = PCC_NONE;
    e->offset = UINT64_MAX;
    key.value = e;
    *slot = key;
    if (block->last) {
        block->last->next = e;
    } else {
        block->first = e;
    }
    block->last = e;
    block->count++;
    return e;
}

/* Takes "CH[2]." off @path. */
static const char *part(const char *path, size_t *len, bool *array,
                        uint32_t *index)
{
    size_t end = strcspn(path, ".");

    *len = end;
    *array = false;
    *index = 0;
    if (end > 2 && path[end - 1] == ']') {
        size_t open = end;

        while (open && path[open - 1] != '[') {
            open--;
        }
        if (open > 1) {
            *len = open - 1;
            *array = true;
            *index = strtoul(path + open, NULL, 10);
        }
    }
    return path + end + (path[end] == '.');
}

static bool add_reg(struct builder *b, struct pcc_element *in, uint32_t reg)
{
    const struct pcc_reg *r = &b->d->regs[reg];
    const char *path = r->path;

    while (*path) {
        const char *name = path;
        struct pcc_block *block;
        uint32_t index;
        size_t len;
        bool array;

        path = part(path, &len, &array, &index);
        block = get_block(b, in, name, len);
        in = block ? get_element(b, block, index) : NULL;
        if (!in) {
            return false;
        }
        block->array |= array;
        in->offset = r->offset < in->offset ? r->offset : in->offset;
    }
    in->reg = reg;
    return true;
}

/* ---- what elements have in common ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_facts(const struct pcc_fact *a, const struct pcc_fact *b)
{
    while (a && b && strcmp(a->name, b->name) == 0 &&
           strcmp(a->text, b->text) == 0) {
        a = a->next;
        b = b->next;
    }
    return !a && !b;
}

static bool same_row(const struct pcc_row *a, const struct pcc_row *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool same_values(const struct pcc_enum_value *a, size_t n,
                        const struct pcc_enum_value *b, size_t m)
{
    size_t i;

    for (i = 0; n == m && i < n; i++) {
        if (a[i].value != b[i].value || strcmp(a[i].name, b[i].name) != 0 ||
            !same_text(a[i].text, b[i].text)) {
            return false;
        }
    }
    return n == m;
}

/* All but name and place. */
static bool alike(const struct pcc_field *a, const struct pcc_field *b)
{
    return same_text(a->text, b->text) &&
           a->width == b->width && a->kind == b->kind &&
           same_row(&a->row, &b->row) && a->reset == b->reset &&
           same_facts(a->origin.facts, b->origin.facts) &&
           same_values(a->values, a->value_count, b->values,
                       b->value_count) &&
           same_values(a->write_values, a->write_value_count,
                       b->write_values, b->write_value_count);
}

static bool same_field(const struct pcc_field *a, const struct pcc_field *b)
{
    return strcmp(a->name, b->name) == 0 && a->lo == b->lo && alike(a, b);
}

static bool same_reg(const struct pcc_device *d, uint32_t i, uint32_t k)
{
    const struct pcc_reg *a = &d->regs[i], *b = &d->regs[k];
    uint32_t f;

    if (a->bits != b->bits || a->reset != b->reset || a->known != b->known ||
        !same_row(&a->row, &b->row) || a->field_count != b->field_count ||
        a->view_count != b->view_count || a->rule_count != b->rule_count ||
        !same_text(a->text, b->text) || (a->when == PCC_NONE) !=
        (b->when == PCC_NONE) ||
        !same_facts(a->origin.facts, b->origin.facts)) {
        return false;
    }
    for (f = 0; f < a->field_count; f++) {
        if (!same_field(&d->fields[a->first_field + f],
                        &d->fields[b->first_field + f])) {
            return false;
        }
    }
    return true;
}

static bool same_element(const struct pcc_device *d,
                         const struct pcc_element *a,
                         const struct pcc_element *b)
{
    const struct pcc_block *p = a->first, *q = b->first;

    if (a->reg != PCC_NONE || b->reg != PCC_NONE) {
        return a->reg != PCC_NONE && b->reg != PCC_NONE && !p && !q &&
               same_reg(d, a->reg, b->reg);
    }
    for (; p && q; p = p->next, q = q->next) {
        const struct pcc_element *e = p->first, *f = q->first;

        if (strcmp(p->name, q->name) != 0 || p->array != q->array ||
            p->count != q->count) {
            return false;
        }
        for (; e && f; e = e->next, f = f->next) {
            if (e->index != f->index ||
                e->offset - a->offset != f->offset - b->offset ||
                !same_element(d, e, f)) {
                return false;
            }
        }
    }
    return !p && !q;
}

static void find_uniform(const struct pcc_device *d, struct pcc_block *block)
{
    const struct pcc_element *zero, *e;
    uint32_t k = 0;

    for (; block; block = block->next) {
        zero = block->first;
        block->stride = zero->next ? zero->next->offset - zero->offset :
                        zero->reg == PCC_NONE ? 0 : d->regs[zero->reg].bytes;
        block->uniform = true;
        for (e = zero, k = 0; e; e = e->next, k++) {
            find_uniform(d, e->first);
            block->uniform = block->uniform && e->index == k &&
                e->offset - zero->offset == k * block->stride &&
                same_element(d, zero, e) &&
                /* a group that is a register too cannot be written */
                (e->reg == PCC_NONE || !e->first);
        }
    }
}

/* Element @k of the array whose names start like @f's, or NULL. */
static const struct pcc_field *element(const struct pcc_device *d,
                                       const struct pcc_field *f,
                                       size_t stem, uint32_t k)
{
    const struct pcc_reg *r = &d->regs[f->reg];
    uint32_t i;

    for (i = r->first_field; i < r->first_field + r->field_count; i++) {
        const struct pcc_field *g = &d->fields[i];
        uint32_t index;
        size_t len;
        bool array;

        part(g->name, &len, &array, &index);
        if (array && index == k && len == stem &&
            memcmp(g->name, f->name, len) == 0) {
            return g;
        }
    }
    return NULL;
}

uint32_t pcc_field_array(const struct pcc_device *d, uint32_t field,
                         struct pcc_field_place *out)
{
    const struct pcc_field *f = &d->fields[field], *zero, *g;
    uint32_t k;
    bool array;

    part(f->name, &out->stem, &array, &out->index);
    zero = array ? element(d, f, out->stem, 0) : NULL;
    g = zero ? element(d, f, out->stem, 1) : NULL;
    if (!zero) {
        return 0;
    }
    out->stride = g && g->lo > zero->lo ? g->lo - zero->lo : zero->width;
    for (k = 1; (g = element(d, f, out->stem, k)) != NULL; k++) {
        if (!alike(zero, g) || g->lo != zero->lo + k * out->stride) {
            return 0;
        }
    }
    return out->index < k ? k : 0;
}

bool pcc_blocks(struct pdl_arena *arena, const struct pcc_device *d,
                struct pcc_block **out)
{
    struct builder b = { .arena = arena, .d = d, .size = 64 };
    struct pcc_element top = { .offset = 0 };
    size_t parts = 0;
    uint32_t i;

    for (i = 0; i < d->reg_count; i++) {
        const char *p = d->regs[i].path;

        for (parts += 2; *p; p++) {
            parts += *p == '.' ? 2 : 0;
        }
    }
    while (b.size < parts * 2) {
        b.size *= 2;
    }
    b.slots = pdl_arena_alloc(arena, b.size * sizeof(*b.slots));
    if (!b.slots) {
        return false;
    }
    for (i = 0; i < d->reg_count; i++) {
        if (!add_reg(&b, &top, i)) {
            return false;
        }
    }
    if (top.first) {
        find_uniform(d, top.first);
    }
    *out = top.first;
    return true;
}
