/*
 * Registers that keep what is written, in C
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The least that a device of QEMU can do with an access. Nothing uses it but
 * tests/bench, to see what a register table costs beside it.
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_PERIPH_BARE "periph-bare"
OBJECT_DECLARE_SIMPLE_TYPE(PeriphBare, PERIPH_BARE)

#define MAX_SIZE 0x1000

struct PeriphBare {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    uint32_t size;
    uint32_t regs[MAX_SIZE / 4];
};

static uint64_t periph_bare_read(void *opaque, hwaddr offset, unsigned size)
{
    PeriphBare *s = opaque;

    return s->regs[offset / 4];
}

static void periph_bare_write(void *opaque, hwaddr offset, uint64_t value,
                              unsigned size)
{
    PeriphBare *s = opaque;

    s->regs[offset / 4] = value;
}

static const MemoryRegionOps periph_bare_ops = {
    .read = periph_bare_read,
    .write = periph_bare_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 4,
};

static void periph_bare_realize(DeviceState *dev, Error **errp)
{
    PeriphBare *s = PERIPH_BARE(dev);

    if (s->size == 0 || s->size > MAX_SIZE || s->size % 4) {
        error_setg(errp, "'size' must be a multiple of 4 up to %d", MAX_SIZE);
        return;
    }
    memory_region_init_io(&s->iomem, OBJECT(dev), &periph_bare_ops, s,
                          TYPE_PERIPH_BARE, s->size);
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->iomem);
}

static const Property periph_bare_properties[] = {
    DEFINE_PROP_UINT32("size", PeriphBare, size, MAX_SIZE),
};

static void periph_bare_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "registers without behaviour, to measure against";
    dc->realize = periph_bare_realize;
    dc->user_creatable = false;
    device_class_set_props(dc, periph_bare_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo periph_bare_info = {
    .name = TYPE_PERIPH_BARE,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(PeriphBare),
    .class_init = periph_bare_class_init,
};

static void periph_bare_register_types(void)
{
    type_register_static(&periph_bare_info);
}

type_init(periph_bare_register_types)
