/*
 * Where the interrupt outputs of a device lead
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PERIPH_MMIO_IRQ_H
#define HW_PERIPH_MMIO_IRQ_H

#include "hw/qdev-core.h"

typedef struct MmioWire {
    const char *output;         /* "sysbus-irq", "unnamed-gpio-out", ... */
    int index;                  /* of the output */
    const char *kind;           /* "spi", "ppi", "nvic", "cpu", "device" */
    int number;                 /* SPIs and PPIs counted from 0 */
    int cpu;                    /* whose PPI or input; -1: none */
    Object *target;             /* or NULL where QEMU does not say */
} MmioWire;

typedef void MmioWireFn(void *opaque, const MmioWire *wire);

/* Calls @fn for each; OR gates and splitters are followed to their ends. */
void mmio_irq_each(DeviceState *dev, MmioWireFn *fn, void *opaque);

#endif
