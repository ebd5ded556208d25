/*
 * What is mapped in the address spaces of CPUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/rcu.h"
#include "exec/address-spaces.h"
#include "hw/core/cpu.h"
#include "mmio-map.h"

typedef struct Collector {
    MmioMap *map;
    unsigned space;
    unsigned first;             /* region of this space */
} Collector;

static void free_space(gpointer data)
{
    MmioSpace *space = data;

    g_ptr_array_free(space->names, true);
    g_free(space);
}

static void free_region(gpointer data)
{
    MmioRegion *region = data;

    g_array_free(region->pieces, true);
    g_array_free(region->spaces, true);
    g_free(region);
}

void mmio_map_free(MmioMap *map)
{
    g_ptr_array_free(map->spaces, true);
    g_ptr_array_free(map->regions, true);
    g_free(map);
}

static MmioRegion *find_region(Collector *c, const MemoryRegion *mr,
                               hwaddr base)
{
    MmioRegion *region;
    unsigned i;

    for (i = c->first; i < c->map->regions->len; i++) {
        region = g_ptr_array_index(c->map->regions, i);
        if (region->mr == mr && region->base == base) {
            return region;
        }
    }
    region = g_new0(MmioRegion, 1);
    region->mr = (MemoryRegion *)mr;
    region->base = base;
    region->pieces = g_array_new(false, true, sizeof(MmioPiece));
    region->spaces = g_array_new(false, true, sizeof(unsigned));
    g_array_append_val(region->spaces, c->space);
    g_ptr_array_add(c->map->regions, region);
    return region;
}

/* Neighbours that differ in what QEMU knows of them only become one. */
static bool add_range(Int128 start, Int128 len, const MemoryRegion *mr,
                      hwaddr offset, void *opaque)
{
    hwaddr address = int128_get64(start);
    MmioRegion *region = find_region(opaque, mr, address - offset);
    MmioPiece piece = { .address = address };
    MmioPiece *last;

    /* All 64 bits of address space do not fit a number: one byte less. */
    piece.size = int128_eq(len, int128_2_64()) ? UINT64_MAX
                                               : int128_get64(len);
    if (region->pieces->len) {
        last = &g_array_index(region->pieces, MmioPiece,
                              region->pieces->len - 1);
        if (last->address + last->size == address) {
            last->size += piece.size;
            return false;
        }
    }
    g_array_append_val(region->pieces, piece);
    return false;
}

static bool same_region(const MmioRegion *a, const MmioRegion *b)
{
    return a->mr == b->mr && a->base == b->base &&
           a->pieces->len == b->pieces->len &&
           memcmp(a->pieces->data, b->pieces->data,
                  a->pieces->len * sizeof(MmioPiece)) == 0;
}

/* What another space shows in the same way is told once. */
static void merge_space(Collector *c)
{
    GPtrArray *regions = c->map->regions;
    unsigned i = c->first, k;

    while (i < regions->len) {
        MmioRegion *region = g_ptr_array_index(regions, i);

        for (k = 0; k < c->first; k++) {
            MmioRegion *old = g_ptr_array_index(regions, k);

            if (same_region(old, region)) {
                g_array_append_val(old->spaces, c->space);
                g_ptr_array_remove_index(regions, i);
                break;
            }
        }
        i += k == c->first;
    }
}

static void add_space(MmioMap *map, AddressSpace *as)
{
    FlatView *view = address_space_to_flatview(as);
    Collector c = { map, map->spaces->len, map->regions->len };
    MmioSpace *space;
    unsigned i;

    for (i = 0; i < map->spaces->len; i++) {
        space = g_ptr_array_index(map->spaces, i);
        if (space->view == view) {
            g_ptr_array_add(space->names, g_strdup(as->name));
            return;
        }
    }
    space = g_new0(MmioSpace, 1);
    space->view = view;
    space->names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(space->names, g_strdup(as->name));
    g_ptr_array_add(map->spaces, space);
    flatview_for_each_range(view, add_range, &c);
    merge_space(&c);
}

static gint compare_regions(gconstpointer a, gconstpointer b)
{
    const MmioRegion *x = *(MmioRegion *const *)a;
    const MmioRegion *y = *(MmioRegion *const *)b;
    hwaddr p = g_array_index(x->pieces, MmioPiece, 0).address;
    hwaddr q = g_array_index(y->pieces, MmioPiece, 0).address;

    return p < q ? -1 : p > q;
}

MmioMap *mmio_map_new(void)
{
    MmioMap *map = g_new0(MmioMap, 1);
    CPUState *cs;
    int i;

    map->spaces = g_ptr_array_new_with_free_func(free_space);
    map->regions = g_ptr_array_new_with_free_func(free_region);
    RCU_READ_LOCK_GUARD();
    add_space(map, &address_space_memory);
    CPU_FOREACH(cs) {
        for (i = 0; i < cs->num_ases; i++) {
            AddressSpace *as = cpu_get_address_space(cs, i);

            if (as) {
                add_space(map, as);
            }
        }
    }
    g_ptr_array_sort(map->regions, compare_regions);
    return map;
}

Object *mmio_map_owner(const MemoryRegion *mr)
{
    Object *owner = memory_region_owner((MemoryRegion *)mr);
    Object *obj;

    for (obj = owner; obj; obj = obj->parent) {
        if (object_dynamic_cast(obj, TYPE_DEVICE)) {
            return obj;
        }
    }
    return owner;
}

bool mmio_map_is_memory(MemoryRegion *mr)
{
    return memory_region_is_ram(mr) && !memory_region_is_ram_device(mr) &&
           !mr->rom_device;
}
