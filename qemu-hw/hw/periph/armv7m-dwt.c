/*
 * Data Watchpoint and Trace unit of M-profile cores: its cycle counter
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/periph/armv7m-dwt.h"
#include "hw/qdev-clock.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"

/* Armv7-M Architecture Reference Manual, C1.8 */
REG32(DWT_CTRL, 0x000)
    FIELD(DWT_CTRL, CYCCNTENA, 0, 1)
    FIELD(DWT_CTRL, NOPRFCNT, 24, 1)
    FIELD(DWT_CTRL, NOEXTTRIG, 26, 1)
    FIELD(DWT_CTRL, NOTRCPKT, 27, 1)
REG32(DWT_CYCCNT, 0x004)

/* No comparators, no profiling, no trace: what is left is the counter. */
#define DWT_CTRL_FIXED (R_DWT_CTRL_NOPRFCNT_MASK |      \
                        R_DWT_CTRL_NOEXTTRIG_MASK |     \
                        R_DWT_CTRL_NOTRCPKT_MASK)

static uint32_t dwt_count(ARMv7MDWT *s)
{
    int64_t ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - s->since;

    if (!(s->ctrl & R_DWT_CTRL_CYCCNTENA_MASK)) {
        return s->count;
    }
    return s->count + (uint32_t)clock_ns_to_ticks(s->clk, ns);
}

static void dwt_set_count(ARMv7MDWT *s, uint32_t count)
{
    s->count = count;
    s->since = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static uint64_t dwt_read(void *opaque, hwaddr addr, unsigned size)
{
    ARMv7MDWT *s = opaque;

    switch (addr) {
    case A_DWT_CTRL:
        return s->ctrl | DWT_CTRL_FIXED;
    case A_DWT_CYCCNT:
        return dwt_count(s);
    default:
        qemu_log_mask(LOG_UNIMP, "armv7m-dwt: read of 0x%03" HWADDR_PRIx
                      "\n", addr);
        return 0;
    }
}

static void dwt_write(void *opaque, hwaddr addr, uint64_t value,
                      unsigned size)
{
    ARMv7MDWT *s = opaque;

    switch (addr) {
    case A_DWT_CTRL:
        dwt_set_count(s, dwt_count(s));
        s->ctrl = value & R_DWT_CTRL_CYCCNTENA_MASK;
        break;
    case A_DWT_CYCCNT:
        dwt_set_count(s, value);
        break;
    default:
        qemu_log_mask(LOG_UNIMP, "armv7m-dwt: write of 0x%03" HWADDR_PRIx
                      "\n", addr);
        break;
    }
}

static const MemoryRegionOps dwt_ops = {
    .read = dwt_read,
    .write = dwt_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 4,
    .impl.min_access_size = 4,
    .impl.max_access_size = 4,
};

static void dwt_reset_hold(Object *obj, ResetType type)
{
    ARMv7MDWT *s = ARMV7M_DWT(obj);

    s->ctrl = 0;
    dwt_set_count(s, 0);
}

static void dwt_init(Object *obj)
{
    ARMv7MDWT *s = ARMV7M_DWT(obj);

    memory_region_init_io(&s->iomem, obj, &dwt_ops, s, "armv7m-dwt", 0x1000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    s->clk = qdev_init_clock_in(DEVICE(obj), "clk", NULL, NULL, 0);
}

static void dwt_realize(DeviceState *dev, Error **errp)
{
    if (!clock_has_source(ARMV7M_DWT(dev)->clk)) {
        error_setg(errp, "armv7m-dwt: clk must be connected");
    }
}

static const VMStateDescription vmstate_dwt = {
    .name = TYPE_ARMV7M_DWT,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_CLOCK(clk, ARMv7MDWT),
        VMSTATE_UINT32(ctrl, ARMv7MDWT),
        VMSTATE_UINT32(count, ARMv7MDWT),
        VMSTATE_INT64(since, ARMv7MDWT),
        VMSTATE_END_OF_LIST()
    }
};

static void dwt_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->realize = dwt_realize;
    dc->vmsd = &vmstate_dwt;
    rc->phases.hold = dwt_reset_hold;
}

static const TypeInfo dwt_info = {
    .name = TYPE_ARMV7M_DWT,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(ARMv7MDWT),
    .instance_init = dwt_init,
    .class_init = dwt_class_init,
};

static void dwt_register_types(void)
{
    type_register_static(&dwt_info);
}

type_init(dwt_register_types)
