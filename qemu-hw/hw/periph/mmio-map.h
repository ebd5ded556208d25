/*
 * What is mapped in the address spaces of CPUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PERIPH_MMIO_MAP_H
#define HW_PERIPH_MMIO_MAP_H

#include "exec/memory.h"
#include "hw/qdev-core.h"

/* Address spaces with the same content. */
typedef struct MmioSpace {
    FlatView *view;
    GPtrArray *names;           /* char *, owned */
} MmioSpace;

/* A part of a region that accesses reach. */
typedef struct MmioPiece {
    hwaddr address;
    uint64_t size;
} MmioPiece;

/* A region where it is mapped. */
typedef struct MmioRegion {
    MemoryRegion *mr;
    hwaddr base;                /* where its first byte would be */
    GArray *pieces;             /* MmioPiece, ascending */
    GArray *spaces;             /* unsigned: index of a MmioSpace */
} MmioRegion;

typedef struct MmioMap {
    GPtrArray *spaces;          /* MmioSpace * */
    GPtrArray *regions;         /* MmioRegion *, by first piece */
} MmioMap;

/* Call with the BQL held; regions are not referenced: use it at once. */
MmioMap *mmio_map_new(void);
void mmio_map_free(MmioMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MmioMap, mmio_map_free)

/* The device that a region belongs to, or its owner, or NULL. */
Object *mmio_map_owner(const MemoryRegion *mr);

/* Whether the region holds what the guest stores: RAM or ROM. */
bool mmio_map_is_memory(MemoryRegion *mr);

#endif
