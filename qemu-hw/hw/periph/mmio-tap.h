/*
 * Taps: to see the accesses that a region of another device serves
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The callbacks of the region are replaced by ours, which call the original
 * ones with what they were given. Nothing else of the region changes: its
 * place, priority, allowed and implemented sizes, byte order, ROMD mode and
 * guards are handled by the memory core as before, so that a guest cannot
 * tell. Reads of a ROM device in ROMD mode and of RAM reach no callback and
 * are not seen. All of it with the BQL held.
 */
#ifndef HW_PERIPH_MMIO_TAP_H
#define HW_PERIPH_MMIO_TAP_H

#include "exec/memory.h"
#include "qemu/queue.h"

/* An access that has been served, in a part that the device implements. */
typedef struct MmioAccess {
    CPUState *cpu;              /* NULL: not by an instruction of a CPU */
    hwaddr offset;              /* in the region */
    uint64_t value;
    unsigned size;
    bool write;
    MemTxAttrs attrs;
    MemTxResult result;
} MmioAccess;

typedef struct MmioTap MmioTap;

/* Zero but for @seen, which may be called inside of itself. */
typedef struct MmioListener {
    void (*seen)(void *opaque, const MmioAccess *access);
    void *opaque;
    MmioTap *tap;               /* NULL: not attached */
    QLIST_ENTRY(MmioListener) next;
} MmioListener;

/* False with @errp where @mr has no callbacks. Several may listen to one. */
bool mmio_tap_attach(MmioListener *listener, MemoryRegion *mr, Error **errp);
/* Safe where it is not attached; not from seen(). */
void mmio_tap_detach(MmioListener *listener);

#endif
