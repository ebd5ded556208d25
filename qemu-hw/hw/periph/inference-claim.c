/*
 * Inference device: what a machine only stubs
 *
 * A region of "unimplemented-device" is exchanged for one that is a hole to
 * whoever asks who is there, or the table device that has been put there
 * meanwhile. The stub's place is kept, since there may be memory behind it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "hw/boards.h"
#include "hw/misc/unimp.h"
#include "inference-internal.h"
#include "trace.h"

OBJECT_DECLARE_SIMPLE_TYPE(InferenceClaim, INFERENCE_CLAIM)

struct InferenceClaim {
    Object parent_obj;

    MemoryRegion iomem;
    hwaddr base;                /* in the system's memory */
};

static PeriphDevice *find(hwaddr addr, hwaddr *offset)
{
    PeriphDevice *s = periph_device_in(addr, addr, NULL, NULL);

    if (s) {
        periph_device_at(s, addr, offset);
    }
    return s;
}

static MemTxResult claim_read(void *opaque, hwaddr addr, uint64_t *value,
                              unsigned size, MemTxAttrs attrs)
{
    InferenceClaim *claim = opaque;
    hwaddr offset;
    PeriphDevice *s = find(claim->base + addr, &offset);

    *value = 0;
    return s ? periph_device_read(s, offset, value, size, attrs)
             : MEMTX_DECODE_ERROR;
}

static MemTxResult claim_write(void *opaque, hwaddr addr, uint64_t value,
                               unsigned size, MemTxAttrs attrs)
{
    InferenceClaim *claim = opaque;
    hwaddr offset;
    PeriphDevice *s = find(claim->base + addr, &offset);

    return s ? periph_device_write(s, offset, value, size, attrs)
             : MEMTX_DECODE_ERROR;
}

static const MemoryRegionOps claim_ops = {
    .read_with_attrs = claim_read,
    .write_with_attrs = claim_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};

Object *inference_claim_owner(Object *owner, hwaddr addr)
{
    hwaddr offset;

    if (!owner || !object_dynamic_cast(owner, TYPE_INFERENCE_CLAIM)) {
        return owner;
    }
    return (Object *)find(addr, &offset);
}

static hwaddr absolute(const MemoryRegion *mr)
{
    hwaddr addr = 0;

    for (; mr; mr = mr->container) {
        addr += mr->addr;
    }
    return addr;
}

static void exchange(MemoryRegion *stub, hwaddr base)
{
    InferenceClaim *claim =
        INFERENCE_CLAIM(object_new(TYPE_INFERENCE_CLAIM));
    g_autofree char *name = g_strdup_printf("claimed-%08" HWADDR_PRIx, base);

    claim->base = base;
    memory_region_init_io(&claim->iomem, OBJECT(claim), &claim_ops, claim,
                          name, memory_region_size(stub));
    /* Stubs may lie over each other. */
    object_property_add_child(periph_root(), "claim[*]", OBJECT(claim));
    object_unref(OBJECT(claim));
    memory_region_set_enabled(stub, false);
    memory_region_add_subregion_overlap(stub->container, stub->addr,
                                        &claim->iomem, stub->priority);
}

static int claim_stub(Object *obj, void *opaque)
{
    InferenceDevice *s = opaque;
    MemoryRegion *mr;
    hwaddr base;

    if (!object_dynamic_cast(obj, TYPE_UNIMPLEMENTED_DEVICE)) {
        return 0;
    }
    mr = sysbus_mmio_get_region(SYS_BUS_DEVICE(obj), 0);
    base = absolute(mr);
    if (mr->container && mr->enabled && base <= s->window_last &&
        base + (memory_region_size(mr) - 1) >= s->window_first) {
        trace_inference_claimed(memory_region_name(mr), base,
                                memory_region_size(mr));
        exchange(mr, base);
    }
    return 0;
}

static int collect(Object *obj, void *opaque)
{
    g_ptr_array_add(opaque, obj);
    return 0;
}

/* Children are added on the way: the tree is read first. */
void inference_claim_stubs(InferenceDevice *s)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    unsigned i;

    object_child_foreach_recursive(qdev_get_machine(), collect, all);
    memory_region_transaction_begin();
    for (i = 0; i < all->len; i++) {
        claim_stub(g_ptr_array_index(all, i), s);
    }
    memory_region_transaction_commit();
}

static const TypeInfo inference_claim_info = {
    .name = TYPE_INFERENCE_CLAIM,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(InferenceClaim),
};

static void inference_claim_register_types(void)
{
    type_register_static(&inference_claim_info);
}

type_init(inference_claim_register_types)
