/*
 * Inference device: external interrupt lines
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "hw/arm/armv7m.h"
#include "hw/intc/arm_gic_common.h"
#include "hw/intc/arm_gicv3_common.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "inference-internal.h"

/* A distributor's registers, a bit for each interrupt, SPIs from word 1. */
#define GICD_ISENABLER 0x100
#define GICD_ISPENDR   0x200
#define GICD_ISACTIVER 0x300

/* Exceptions below are those of an M-profile core itself. */
#define FIRST_EXTERNAL 16

/* How long a line stays high that the guest does not take at once. */
#define PULSE_NS (2 * SCALE_MS)

/* A line that is to fall again. */
typedef struct Pulse {
    QEMUTimer *timer;
    qemu_irq line;
} Pulse;

static Object *find_one(const char *type)
{
    bool ambiguous;

    return object_resolve_path_type("", type, &ambiguous);
}

static Object *find_gic(void)
{
    return find_one(TYPE_ARM_GIC_COMMON) ?: find_one(TYPE_ARM_GICV3_COMMON);
}

static void fill_nvic(NVICState *nvic, struct pbr_irqs *irqs)
{
    unsigned i;

    irqs->kind = PBR_IRQ_NVIC;
    irqs->lines = MIN(nvic->num_irq - FIRST_EXTERNAL, 32 * PBR_IRQ_WORDS);
    for (i = 0; i < irqs->lines; i++) {
        const VecInfo *vec = &nvic->vectors[FIRST_EXTERNAL + i];

        irqs->enabled[i / 32] |= (uint32_t)vec->enabled << i % 32;
        irqs->pending[i / 32] |= (uint32_t)vec->pending << i % 32;
        irqs->active[i / 32] |= (uint32_t)vec->active << i % 32;
    }
}

/* Where the guest has region @n of @dev, also inside of containers; 0 = not. */
static hwaddr address_of(Object *dev, int n)
{
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    MemoryRegion *mr = sysbus_has_mmio(sbd, n) ? sysbus_mmio_get_region(sbd, n)
                                               : NULL;
    hwaddr addr = 0;

    for (; mr && mr->container; mr = mr->container) {
        addr += mr->addr;
    }
    return addr;
}

static void fill_gic(Object *gic, struct pbr_irqs *irqs)
{
    hwaddr base = address_of(gic, 0);
    bool v2 = object_dynamic_cast(gic, TYPE_ARM_GIC_COMMON);
    unsigned i, spis = object_property_get_uint(gic, "num-irq", NULL);
    MemTxAttrs attrs = { .secure = 1 };

    irqs->kind = PBR_IRQ_GIC;
    irqs->distributor = base;
    irqs->cpu_interface = v2 ? address_of(gic, 1) : 0;
    irqs->lines = MIN(spis > 32 ? spis - 32 : 0, 32 * PBR_IRQ_WORDS);
    for (i = 0; i < irqs->lines / 32; i++) {
        hwaddr at = base + 4 * (i + 1);

        irqs->enabled[i] = address_space_ldl_le(&address_space_memory,
                                                at + GICD_ISENABLER, attrs,
                                                NULL);
        irqs->pending[i] = address_space_ldl_le(&address_space_memory,
                                                at + GICD_ISPENDR, attrs,
                                                NULL);
        irqs->active[i] = address_space_ldl_le(&address_space_memory,
                                               at + GICD_ISACTIVER, attrs,
                                               NULL);
    }
}

void inference_irqs_fill(struct pbr_irqs *irqs)
{
    Object *armv7m = find_one(TYPE_ARMV7M), *gic = find_gic();

    if (armv7m) {
        fill_nvic(&ARMV7M(armv7m)->nvic, irqs);
    } else if (gic) {
        fill_gic(gic, irqs);
    }
}

static void end_pulse(void *opaque)
{
    Pulse *pulse = opaque;

    qemu_irq_lower(pulse->line);
    timer_free(pulse->timer);
    g_free(pulse);
}

/* An NVIC keeps a pulse as pending, a GIC only where the line is an edge. */
void inference_irq_pulse(uint32_t n)
{
    Object *armv7m = find_one(TYPE_ARMV7M), *gic = find_gic();
    struct pbr_irqs irqs = { 0 };
    Pulse *pulse;

    inference_irqs_fill(&irqs);
    if (n >= irqs.lines) {
        return;
    }
    if (armv7m) {
        qemu_irq_pulse(qdev_get_gpio_in(DEVICE(armv7m), n));
        return;
    }
    pulse = g_new0(Pulse, 1);
    pulse->line = qdev_get_gpio_in(DEVICE(gic), n);
    pulse->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, end_pulse, pulse);
    qemu_irq_raise(pulse->line);
    timer_mod(pulse->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + PULSE_NS);
}
