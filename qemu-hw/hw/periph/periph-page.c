/*
 * Pages that table devices do not fill
 *
 * QEMU's core looks an access up by page. Where a page holds anything but
 * one region, each access to it goes through a second dispatch, which costs
 * half as much again. So a page with nothing in it but table devices gets
 * one region of its size in front of them, which does the second look-up by
 * an index. The devices' own regions stay where they are, behind it: "info
 * mtree" shows them, and where anything else is in the page, they serve it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/range.h"
#include "exec/address-spaces.h"
#include "exec/target_page.h"
#include "hw/periph/inference-device.h"
#include "hw/periph/periph-device.h"

/* One entry of the index stands for so many bytes. */
#define SLOT_BITS 4
/* Entries that stand for no part, and for more than one or a bit of one. */
#define SLOT_HOLE 0xff
#define SLOT_MIXED 0xfe
#define MAX_PARTS 0xfe

#define TYPE_PERIPH_PAGE "periph-page"
OBJECT_DECLARE_SIMPLE_TYPE(PeriphPage, PERIPH_PAGE)

/* A piece of a device in a page, which it may exceed. */
typedef struct PagePart {
    PeriphDevice *dev;          /* a reference */
    PeriphPiece piece;
} PagePart;

struct PeriphPage {
    Object parent_obj;

    MemoryRegion iomem;
    hwaddr base;
    GArray *parts;              /* of PagePart, in order of addresses */
    uint8_t *slots;
};

/* By page number. */
static GHashTable *pages;

/* ---- Accesses ---- */

static inline PagePart *part_at(const PeriphPage *page, unsigned index)
{
    return &g_array_index(page->parts, PagePart, index);
}

static PagePart *search(const PeriphPage *page, hwaddr offset)
{
    hwaddr addr = page->base + offset;
    unsigned i;

    for (i = 0; i < page->parts->len; i++) {
        PagePart *part = part_at(page, i);

        if (addr >= part->piece.addr &&
            addr - part->piece.addr < part->piece.size) {
            return part;
        }
    }
    return NULL;
}

/* The part that answers all of @size bytes at @offset; NULL: none does. */
static inline PagePart *look_up(const PeriphPage *page, hwaddr offset,
                                unsigned size)
{
    unsigned first = page->slots[offset >> SLOT_BITS];
    PagePart *part;

    if (first < SLOT_MIXED &&
        likely(first == page->slots[(offset + size - 1) >> SLOT_BITS])) {
        return part_at(page, first);
    }
    part = search(page, offset);
    return part && part == search(page, offset + size - 1) ? part : NULL;
}

static inline hwaddr within(const PeriphPage *page, const PagePart *part,
                            hwaddr offset)
{
    return page->base + offset - part->piece.addr + part->piece.offset;
}

/* An access across a border: byte by byte, as the core would split it. */
static MemTxResult split_read(PeriphPage *page, hwaddr offset,
                              uint64_t *value, unsigned size,
                              MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;
    uint64_t byte;
    unsigned i;

    *value = 0;
    for (i = 0; i < size && result == MEMTX_OK; i++) {
        PagePart *part = search(page, offset + i);

        if (!part) {
            return MEMTX_DECODE_ERROR;
        }
        result = periph_device_read(part->dev, within(page, part, offset + i),
                                    &byte, 1, attrs);
        *value |= byte << (8 * i);
    }
    return result;
}

static MemTxResult split_write(PeriphPage *page, hwaddr offset,
                               uint64_t value, unsigned size,
                               MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;
    unsigned i;

    for (i = 0; i < size && result == MEMTX_OK; i++) {
        PagePart *part = search(page, offset + i);

        if (!part) {
            return MEMTX_DECODE_ERROR;
        }
        result = periph_device_write(part->dev, within(page, part, offset + i),
                                     (uint8_t)(value >> (8 * i)), 1, attrs);
    }
    return result;
}

static MemTxResult periph_page_read(void *opaque, hwaddr offset,
                                    uint64_t *value, unsigned size,
                                    MemTxAttrs attrs)
{
    PeriphPage *page = opaque;
    PagePart *part = look_up(page, offset, size);

    if (unlikely(!part)) {
        return split_read(page, offset, value, size, attrs);
    }
    return periph_device_read(part->dev, within(page, part, offset), value,
                              size, attrs);
}

static MemTxResult periph_page_write(void *opaque, hwaddr offset,
                                     uint64_t value, unsigned size,
                                     MemTxAttrs attrs)
{
    PeriphPage *page = opaque;
    PagePart *part = look_up(page, offset, size);

    if (unlikely(!part)) {
        return split_write(page, offset, value, size, attrs);
    }
    return periph_device_write(part->dev, within(page, part, offset), value,
                               size, attrs);
}

static const MemoryRegionOps periph_page_ops = {
    .read_with_attrs = periph_page_read,
    .write_with_attrs = periph_page_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};

Object *periph_page_owner(Object *owner, hwaddr addr)
{
    PeriphPage *page;
    PagePart *part;

    if (!owner || !object_dynamic_cast(owner, TYPE_PERIPH_PAGE)) {
        return owner;
    }
    page = PERIPH_PAGE(owner);
    part = search(page, addr - page->base);
    return part ? OBJECT(part->dev) : NULL;
}

/* ---- Layout ---- */

typedef struct PageRange {
    hwaddr base;
    GArray *parts;
} PageRange;

static bool collect(PeriphDevice *s, void *opaque)
{
    PageRange *r = opaque;
    unsigned i;

    for (i = 0; i < s->piece_count; i++) {
        PagePart part = { .dev = s, .piece = s->pieces[i] };

        if (ranges_overlap(part.piece.addr, part.piece.size, r->base,
                           qemu_target_page_size())) {
            g_array_append_val(r->parts, part);
        }
    }
    return false;
}

/* What is claimed is a hole, as the rest of a page is. */
static bool is_ours(const MemoryRegion *mr)
{
    Object *owner = memory_region_owner((MemoryRegion *)mr);

    return owner && (object_dynamic_cast(owner, TYPE_PERIPH_PAGE) ||
                     object_dynamic_cast(owner, TYPE_INFERENCE_CLAIM) ||
                     object_dynamic_cast(owner, TYPE_PERIPH_DEVICE));
}

/*
 * Whether anything that is not a table device lies in @base.. of @mr's
 * container. The tree is asked, not the flat view, which is not up to date
 * in the middle of a transaction.
 */
static bool has_others(const MemoryRegion *container, hwaddr base,
                       hwaddr size)
{
    const MemoryRegion *mr;

    QTAILQ_FOREACH(mr, &container->subregions, subregions_link) {
        hwaddr mr_size = memory_region_size((MemoryRegion *)mr);

        /* What is 0 long was 2^64 long: the whole address space. */
        if (!mr->enabled || !mr_size ||
            !ranges_overlap(mr->addr, mr_size, base, size) || is_ours(mr)) {
            continue;
        }
        if (mr->terminates || mr->alias ||
            has_others(mr, MAX(base, mr->addr) - mr->addr,
                       MIN(base + size, mr->addr + mr_size) -
                       MAX(base, mr->addr))) {
            return true;
        }
    }
    return false;
}

static int by_address(const void *a, const void *b)
{
    const PagePart *x = a, *y = b;

    return x->piece.addr < y->piece.addr ? -1 : x->piece.addr > y->piece.addr;
}

static void fill_slots(PeriphPage *page)
{
    unsigned n = qemu_target_page_size() >> SLOT_BITS, i;

    page->slots = g_malloc(n);
    for (i = 0; i < n; i++) {
        hwaddr first = (hwaddr)i << SLOT_BITS;
        PagePart *part = search(page, first);

        if (part != search(page, first + (1 << SLOT_BITS) - 1)) {
            page->slots[i] = SLOT_MIXED;
        } else {
            page->slots[i] = part ? part - part_at(page, 0) : SLOT_HOLE;
        }
    }
}

static char *page_name(const PeriphPage *page)
{
    GString *name = g_string_new("periph page:");
    unsigned i;

    for (i = 0; i < page->parts->len; i++) {
        g_string_append_printf(name, " %s", part_at(page, i)->dev->name);
    }
    return g_string_free(name, false);
}

static PeriphPage *create_page(hwaddr base, GArray *parts)
{
    PeriphPage *page = PERIPH_PAGE(object_new(TYPE_PERIPH_PAGE));
    g_autofree char *child = g_strdup_printf("page-%08" HWADDR_PRIx, base);
    g_autofree char *name = NULL;
    unsigned i;

    page->base = base;
    page->parts = g_array_ref(parts);
    g_array_sort(parts, by_address);
    for (i = 0; i < parts->len; i++) {
        object_ref(OBJECT(part_at(page, i)->dev));
    }
    fill_slots(page);
    name = page_name(page);
    memory_region_init_io(&page->iomem, OBJECT(page), &periph_page_ops, page,
                          name, qemu_target_page_size());
    memory_region_add_subregion_overlap(get_system_memory(), base,
                                        &page->iomem, PERIPH_PRIORITY);
    object_property_add_child(periph_root(), child, OBJECT(page));
    object_unref(OBJECT(page));
    return page;
}

static void drop_page(gpointer number)
{
    PeriphPage *page = g_hash_table_lookup(pages, number);

    if (page) {
        g_hash_table_remove(pages, number);
        memory_region_del_subregion(get_system_memory(), &page->iomem);
        object_unparent(OBJECT(page));
    }
}

/*
 * Whether the piece's own region can serve the page. The TLB keeps the offset
 * into the region and the number of the section in one word, so that pages
 * have to begin at page boundaries of their region.
 */
static bool fills(const PeriphPiece *p, hwaddr base)
{
    return p->addr <= base && !(p->addr & (qemu_target_page_size() - 1)) &&
           p->addr + (p->size - 1) >= base + (qemu_target_page_size() - 1);
}

static void update_page(hwaddr base)
{
    g_autoptr(GArray) parts = g_array_new(false, false, sizeof(PagePart));
    PageRange range = { .base = base, .parts = parts };
    gpointer number;

    number = (gpointer)(uintptr_t)(base >> qemu_target_page_bits());
    drop_page(number);
    periph_device_find(collect, &range);
    /* The last page of all: its end is 0. */
    if (!parts->len || parts->len > MAX_PARTS ||
        !(base + qemu_target_page_size()) ||
        fills(&g_array_index(parts, PagePart, 0).piece, base) ||
        has_others(get_system_memory(), base, qemu_target_page_size())) {
        return;
    }
    g_hash_table_insert(pages, number, create_page(base, parts));
}

void periph_pages_update(hwaddr addr, hwaddr size, bool ends_only)
{
    hwaddr mask = qemu_target_page_size() - 1;
    hwaddr first = addr & ~mask, last = (addr + (size - 1)) & ~mask;
    bool aligned = !(addr & mask);
    hwaddr step = ends_only && aligned && last != first ? last - first
                                                        : mask + 1;
    hwaddr base;

    pages = pages ?: g_hash_table_new(NULL, NULL);
    memory_region_transaction_begin();
    for (base = first; base != last; base += step) {
        update_page(base);
    }
    update_page(last);
    memory_region_transaction_commit();
}

/* ---- Life ---- */

static void periph_page_finalize(Object *obj)
{
    PeriphPage *page = PERIPH_PAGE(obj);
    unsigned i;

    for (i = 0; page->parts && i < page->parts->len; i++) {
        object_unref(OBJECT(part_at(page, i)->dev));
    }
    g_clear_pointer(&page->parts, g_array_unref);
    g_free(page->slots);
}

static const TypeInfo periph_page_info = {
    .name = TYPE_PERIPH_PAGE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(PeriphPage),
    .instance_finalize = periph_page_finalize,
};

static void periph_page_register_types(void)
{
    type_register_static(&periph_page_info);
}

type_init(periph_page_register_types)
