/*
 * Where the interrupt outputs of a device lead
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/core/cpu.h"
#include "hw/core/split-irq.h"
#include "hw/intc/arm_gic_common.h"
#include "hw/intc/arm_gicv3_common.h"
#include "hw/intc/armv7m_nvic.h"
#include "hw/irq.h"
#include "hw/or-irq.h"
#include "mmio-irq.h"

/* Gates behind gates: more would be a circle. */
#define MAX_DEPTH 8

typedef struct Walk {
    MmioWire wire;
    MmioWireFn *fn;
    void *opaque;
} Walk;

static bool is_gic(Object *obj)
{
    return object_dynamic_cast(obj, TYPE_ARM_GIC_COMMON) ||
           object_dynamic_cast(obj, TYPE_ARM_GICV3_COMMON);
}

static int take_gic(Object *child, void *opaque)
{
    Object **gic = opaque;

    if (is_gic(child)) {
        *gic = child;
        return 1;
    }
    return 0;
}

/* A GIC, or the one inside of a device that hands its inputs through. */
static Object *gic_of(Object *obj)
{
    Object *gic = NULL;

    if (is_gic(obj)) {
        return obj;
    }
    object_child_foreach(obj, take_gic, &gic);
    return gic;
}

static void describe_end(MmioWire *wire, Object *dev, int input)
{
    Object *gic = gic_of(dev);
    int spis;

    wire->target = dev;
    wire->number = input;
    wire->cpu = -1;
    wire->kind = "device";
    if (gic) {
        spis = object_property_get_uint(gic, "num-irq", NULL) - GIC_INTERNAL;
        if (input < spis) {
            wire->kind = "spi";
            wire->target = gic;
        } else if (gic == dev && (input - spis) % GIC_INTERNAL >= 16) {
            wire->kind = "ppi";
            wire->cpu = (input - spis) / GIC_INTERNAL;
            wire->number = (input - spis) % GIC_INTERNAL - 16;
        }
    } else if (object_dynamic_cast(dev, TYPE_NVIC)) {
        wire->kind = "nvic";
    } else if (object_dynamic_cast(dev, TYPE_CPU)) {
        wire->kind = "cpu";
        wire->cpu = CPU(dev)->cpu_index;
    }
}

/*
 * An input is a child of its device, named "LIST[n]". Those without a
 * parent were made by code that did not name them.
 */
static void follow(Walk *walk, qemu_irq irq, unsigned depth)
{
    Object *dev = irq ? OBJECT(irq)->parent : NULL;
    const char *name = dev ?
        object_get_canonical_path_component(OBJECT(irq)) : NULL;
    int i;

    if (!irq || depth > MAX_DEPTH) {
        return;
    }
    if (dev && object_dynamic_cast(dev, TYPE_OR_IRQ)) {
        follow(walk, OR_IRQ(dev)->out_irq, depth + 1);
    } else if (dev && object_dynamic_cast(dev, TYPE_SPLIT_IRQ)) {
        for (i = 0; i < SPLIT_IRQ(dev)->num_lines; i++) {
            follow(walk, SPLIT_IRQ(dev)->out_irq[i], depth + 1);
        }
    } else {
        if (dev && g_str_has_prefix(name, "unnamed-gpio-in[")) {
            describe_end(&walk->wire, dev, irq->n);
        } else {
            walk->wire.target = dev;
            walk->wire.kind = "device";
            walk->wire.number = irq->n;
            walk->wire.cpu = -1;
        }
        walk->fn(walk->opaque, &walk->wire);
    }
}

void mmio_irq_each(DeviceState *dev, MmioWireFn *fn, void *opaque)
{
    Walk walk = { .fn = fn, .opaque = opaque };
    NamedGPIOList *list;
    int i;

    QLIST_FOREACH(list, &dev->gpios, node) {
        walk.wire.output = list->name ?: "unnamed-gpio-out";
        for (i = 0; i < list->num_out; i++) {
            walk.wire.index = i;
            follow(&walk, qdev_get_gpio_out_connector(dev, list->name, i), 0);
        }
    }
}
