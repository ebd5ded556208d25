/*
 * Taps: to see the accesses that a region of another device serves
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/core/cpu.h"
#include "mmio-tap.h"

struct MmioTap {
    MemoryRegion *mr;
    MemoryRegionOps ops;        /* what @mr has now */
    const MemoryRegionOps *orig;
    void *opaque;               /* of @orig */
    QLIST_HEAD(, MmioListener) listeners;
    QLIST_ENTRY(MmioTap) next;
};

static QLIST_HEAD(, MmioTap) taps = QLIST_HEAD_INITIALIZER(taps);

/* A debugger's accesses are not the guest's. */
static void tell(MmioTap *tap, MmioAccess *access)
{
    MmioListener *l, *next;

    if (access->attrs.debug) {
        return;
    }
    access->cpu = access->attrs.unspecified ? NULL : current_cpu;
    QLIST_FOREACH_SAFE(l, &tap->listeners, next, next) {
        l->seen(l->opaque, access);
    }
}

static MemTxResult tap_read(void *opaque, hwaddr offset, uint64_t *value,
                            unsigned size, MemTxAttrs attrs)
{
    MmioTap *tap = opaque;
    MmioAccess access = {
        .offset = offset, .size = size, .attrs = attrs,
    };

    if (tap->orig->read) {
        *value = tap->orig->read(tap->opaque, offset, size);
    } else {
        access.result = tap->orig->read_with_attrs(tap->opaque, offset, value,
                                                   size, attrs);
    }
    access.value = *value;
    tell(tap, &access);
    return access.result;
}

static MemTxResult tap_write(void *opaque, hwaddr offset, uint64_t value,
                             unsigned size, MemTxAttrs attrs)
{
    MmioTap *tap = opaque;
    MmioAccess access = {
        .offset = offset, .size = size, .attrs = attrs, .value = value,
        .write = true,
    };

    if (tap->orig->write) {
        tap->orig->write(tap->opaque, offset, value, size);
    } else {
        access.result = tap->orig->write_with_attrs(tap->opaque, offset,
                                                    value, size, attrs);
    }
    tell(tap, &access);
    return access.result;
}

static bool tap_accepts(void *opaque, hwaddr offset, unsigned size,
                        bool is_write, MemTxAttrs attrs)
{
    MmioTap *tap = opaque;

    return tap->orig->valid.accepts(tap->opaque, offset, size, is_write,
                                    attrs);
}

static MmioTap *new_tap(MemoryRegion *mr)
{
    MmioTap *tap = g_new0(MmioTap, 1);

    tap->mr = mr;
    tap->orig = mr->ops;
    tap->opaque = mr->opaque;
    tap->ops = *mr->ops;
    if (mr->ops->read || mr->ops->read_with_attrs) {
        tap->ops.read = NULL;
        tap->ops.read_with_attrs = tap_read;
    }
    if (mr->ops->write || mr->ops->write_with_attrs) {
        tap->ops.write = NULL;
        tap->ops.write_with_attrs = tap_write;
    }
    if (mr->ops->valid.accepts) {
        tap->ops.valid.accepts = tap_accepts;
    }
    memory_region_ref(mr);
    mr->ops = &tap->ops;
    mr->opaque = tap;
    QLIST_INSERT_HEAD(&taps, tap, next);
    return tap;
}

bool mmio_tap_attach(MmioListener *listener, MemoryRegion *mr, Error **errp)
{
    MmioTap *tap;

    if (mr->alias || memory_region_is_ram(mr) || !mr->terminates ||
        !mr->ops || memory_region_is_iommu(mr)) {
        error_setg(errp, "'%s' is no region that a device serves",
                   memory_region_name(mr) ?: "");
        return false;
    }
    QLIST_FOREACH(tap, &taps, next) {
        if (tap->mr == mr) {
            break;
        }
    }
    listener->tap = tap ?: new_tap(mr);
    QLIST_INSERT_HEAD(&listener->tap->listeners, listener, next);
    return true;
}

/* Somebody else may have put callbacks over ours: then ours stay. */
void mmio_tap_detach(MmioListener *listener)
{
    MmioTap *tap = listener->tap;

    if (!tap) {
        return;
    }
    QLIST_REMOVE(listener, next);
    listener->tap = NULL;
    if (!QLIST_EMPTY(&tap->listeners) || tap->mr->opaque != tap) {
        return;
    }
    tap->mr->ops = tap->orig;
    tap->mr->opaque = tap->opaque;
    memory_region_unref(tap->mr);
    QLIST_REMOVE(tap, next);
    g_free(tap);
}
