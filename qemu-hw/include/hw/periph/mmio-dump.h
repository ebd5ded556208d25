/*
 * Map of a machine's devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + property "file": where the map goes when the machine is complete
 *  + property "quit": end QEMU then
 *  + QOM property "write": writing a file name writes the map as it is now
 *
 * Writes what is mapped where, and which interrupts are wired to what, as
 * JSON; DEVICE-MAP.md describes the format. Changes nothing.
 */
#ifndef HW_PERIPH_MMIO_DUMP_H
#define HW_PERIPH_MMIO_DUMP_H

#include "hw/qdev-core.h"
#include "qom/object.h"

#define TYPE_MMIO_DUMP "mmio-dump"
OBJECT_DECLARE_SIMPLE_TYPE(MmioDump, MMIO_DUMP)

#endif
