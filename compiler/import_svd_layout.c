/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who shares bytes with whom.  Vendors describe views of one register as
 * registers at one place; the first is active, the others are `when 0` until
 * a person says when.  The same goes for peripherals at one address.
 */
#include "compiler/import_svd.h"

#include <string.h>

#include "runtime/engine/table.h"

/* Bytes taken by active registers, one bit each. */
struct map {
    struct svd *s;
    uint8_t *reads;
    uint8_t *writes;
    uint64_t left;              /* elements that may still be looked at */
};

/* One element of a register, at its offset in the peripheral. */
typedef void visit_fn(struct map *m, struct svd_block *b, uint64_t offset);

static uint64_t extent(const struct svd_block *b)
{
    return (b->count - 1) * b->stride;
}

/* Where the last byte of a block ends; UINT64_MAX when out of all bounds. */
static uint64_t end_of(const struct svd_block *b)
{
    const struct svd_block *inner;
    uint64_t end = b->bytes;

    for (inner = b->first; inner; inner = inner->next) {
        uint64_t one = inner->dropped ? 0 : end_of(inner);

        end = one > end ? one : end;
    }
    if (b->offset > PRT_MAX_MMIO || b->stride > PRT_MAX_MMIO ||
        end > PRT_MAX_MMIO) {
        return UINT64_MAX;
    }
    return b->offset + extent(b) + end;
}

/* Visits the elements of path[n - 1] in all elements of what is around. */
static void each(struct map *m, struct svd_block *const *path, unsigned n,
                 uint64_t base, visit_fn *visit)
{
    const struct svd_block *b = path[0];
    uint32_t k;

    for (k = 0; k < b->count && m->left; k++) {
        uint64_t at = base + b->offset + k * b->stride;

        if (n > 1) {
            each(m, path + 1, n - 1, at, visit);
        } else {
            m->left--;
            visit(m, path[0], at);
        }
    }
}

static bool taken(const uint8_t *map, uint64_t at, unsigned bytes)
{
    while (bytes--) {
        if (map[(at + bytes) / 8] & 1u << (at + bytes) % 8) {
            return true;
        }
    }
    return false;
}

static void take(uint8_t *map, uint64_t at, unsigned bytes)
{
    while (bytes--) {
        map[(at + bytes) / 8] |= 1u << (at + bytes) % 8;
    }
}

static void report(struct map *m, const struct svd_block *b, uint64_t at,
                   enum pdl_code code)
{
    pdl_diag_add(m->s->imp->diags, code,
                 pcc_import_line(m->s->imp, b->line), b->name,
                 (unsigned long long)at);
}

/* Marks registers whose bytes an earlier one has. */
static void check_shared(struct map *m, struct svd_block *b, uint64_t at)
{
    if (b->dropped) {
        return;
    }
    if (at % b->bytes) {
        report(m, b, at, PDL_D_SVD_MISALIGNED);
        b->dropped = true;
    } else if (b->inactive) {
        return;
    } else if ((b->reads && taken(m->reads, at, b->bytes)) ||
               (b->writes && taken(m->writes, at, b->bytes))) {
        if (!b->alternate) {
            report(m, b, at, PDL_D_SVD_OVERLAP);
        }
        b->inactive = true;
    }
}

/* Arrays that run into themselves cannot be expressed: one element stays. */
static bool overlaps_itself(const struct svd_block *b)
{
    uint64_t size = b->bytes;
    const struct svd_block *inner;

    for (inner = b->first; inner; inner = inner->next) {
        uint64_t end = inner->dropped ? 0 : end_of(inner);

        size = end > size ? end : size;
    }
    return b->count > 1 && b->stride < size;
}

static void cut_array(struct svd *s, struct svd_block *b)
{
    pdl_diag_add(s->imp->diags, PDL_D_SVD_DIM, pcc_import_line(s->imp,
                 b->line), b->name,
                 "its elements overlap: one of them is taken");
    b->count = 1;
    b->item->dim->count->u.number.value = 1;
}

/* Drops what lies outside of all that a device can have. */
static void drop_far(struct svd *s, struct svd_block *top)
{
    struct svd_block *b;

    for (b = top->first; b; b = b->next) {
        drop_far(s, b);
        if (overlaps_itself(b)) {
            cut_array(s, b);
        }
        if (end_of(b) > PRT_MAX_MMIO) {
            pdl_diag_add(s->imp->diags, PDL_D_SVD_FAR,
                         pcc_import_line(s->imp, b->line), b->name,
                         (unsigned long long)b->offset, PRT_MAX_MMIO);
            b->dropped = true;
        }
    }
}

static void take_bytes(struct map *m, struct svd_block *b, uint64_t at)
{
    if (b->inactive || b->dropped) {
        return;
    }
    if (b->reads) {
        take(m->reads, at, b->bytes);
    }
    if (b->writes) {
        take(m->writes, at, b->bytes);
    }
}

/* In the order of the text; all elements are checked before any is taken. */
static void place(struct map *m, struct svd_block *top,
                  struct svd_block **path, unsigned depth)
{
    struct svd_block *b;

    for (b = top->first; b; b = b->next) {
        if (b->dropped) {
            continue;
        }
        path[depth] = b;
        if (!b->bytes) {
            place(m, b, path, depth + 1);
            continue;
        }
        each(m, path, depth + 1, 0, check_shared);
        each(m, path, depth + 1, 0, take_bytes);
    }
}

uint64_t svd_layout(struct svd *s, struct svd_block *top)
{
    struct svd_block *path[SVD_MAX_DEPTH + 2];
    struct map m = { .s = s, .left = 2 * PRT_MAX_REGS };
    uint64_t end;

    top->count = 1;
    drop_far(s, top);
    end = end_of(top);
    m.reads = pcc_import_alloc(s->imp, end / 8 + 1);
    m.writes = pcc_import_alloc(s->imp, end / 8 + 1);
    place(&m, top, path, 0);
    if (!m.left) {
        pdl_diag_add(s->imp->diags, PDL_D_TOO_MANY,
                     pcc_import_line(s->imp, top->line),
                     "registers of one peripheral", PRT_MAX_REGS);
    }
    return end_of(top);
}

static void deactivate(struct svd *s, struct pdl_item *item)
{
    struct pdl_expr *never = pcc_import_need(s->imp, pdl_expr_number(
        s->imp->arena, 0, 10));

    pdl_item_add_attr(item, pcc_import_need(s->imp, pdl_attr_expr(
        s->imp->arena, PDL_ATTR_WHEN, never)));
}

void svd_put_blocks(struct svd *s, struct svd_block *top,
                    struct pdl_body *body)
{
    struct svd_block *b;

    for (b = top->first; b; b = b->next) {
        if (b->dropped) {
            continue;
        }
        if (b->inactive) {
            deactivate(s, b->item);
        }
        if (!b->bytes) {
            svd_put_blocks(s, b, &b->item->u.group.body);
        }
        pdl_body_add(body, b->item);
    }
}

/* ---- peripherals ---- */

static uint64_t last_byte(const struct svd_periph *p, uint64_t size)
{
    return size - 1 > UINT64_MAX - p->base ? UINT64_MAX : p->base + size - 1;
}

/* The bytes from @p to the peripheral behind it. */
static uint64_t room(const struct svd_periph *p,
                     const struct svd_periph *all, size_t count)
{
    uint64_t room = UINT64_MAX;
    size_t i;

    for (i = 0; i < count; i++) {
        if (all[i].device && all[i].base > p->base &&
            all[i].base - p->base < room) {
            room = all[i].base - p->base;
        }
    }
    return room;
}

/*
 * A device is as large as the address blocks of its users say, but reaches
 * into no other peripheral unless its registers do.  Many files give the last
 * offset, 0xfff, as the size.
 */
static void size_device(struct svd *s, struct svd_periph *p, uint64_t room)
{
    struct svd_device *d = p->device;
    uint64_t size = p->block_end ? (p->block_end + 3) & ~UINT64_C(3) : 0;

    if (size > room) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_BLOCK, svd_span(s, p->node),
                     p->name, (unsigned long long)p->block_end,
                     (unsigned long long)room);
        size = room;
    }
    if (p->block_end && d->registers_end > p->block_end &&
        d->registers_end > size) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_OUTSIDE, svd_span(s, p->node),
                     p->name, (unsigned long long)d->registers_end,
                     (unsigned long long)p->block_end);
    }
    if (size > PRT_MAX_MMIO) {
        size = PRT_MAX_MMIO;
    }
    if (size > d->size && (!d->uses || room > d->size)) {
        d->size = size;
    }
    if (d->size > room) {
        d->size = room;
    }
    d->uses++;
}

static void find_shares(struct svd *s, struct svd_periph *p,
                        const struct svd_periph *all)
{
    const struct svd_periph *q;

    for (q = all; q < p && !p->shares; q++) {
        if (q->device && !q->shares &&
            q->base <= last_byte(p, p->device->size) &&
            p->base <= last_byte(q, q->device->size)) {
            p->shares = q;
        }
    }
    if (p->shares && !p->alternate) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_SAME_ADDRESS,
                     svd_span(s, p->node), p->name, p->shares->name);
    }
}

void svd_place(struct svd *s, struct svd_periph *periphs, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (periphs[i].device) {
            size_device(s, &periphs[i], room(&periphs[i], periphs, count));
        }
    }
    for (i = 0; i < count; i++) {
        struct svd_device *d = periphs[i].device;

        if (d && d->size < d->registers_end) {
            d->size = d->registers_end;
        }
        if (d && !d->size) {
            d->size = 4;
        }
    }
    for (i = 0; i < count; i++) {
        if (periphs[i].device) {
            find_shares(s, &periphs[i], periphs);
        }
    }
}
