/*
 * Recorder of the accesses to a device that QEMU has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + property "target": QOM path of a device or of a memory region, or an
 *    address that a device serves
 *  + property "base": first address that is of interest; without "target",
 *    the device there
 *  + property "size": so many bytes from "base"; all of it unless given
 *  + property "state_mem": name of the shared memory for access records
 *  + property "state": "full" records the general registers with each access,
 *    "pc" the program counter only
 *  + property "records": capacity of the ring of access records
 *  + QOM property "attach": writing a target leaves the present one for it;
 *    "" leaves it
 *  + QOM property "snapshot": what is known of the registers, as JSON,
 *    without touching the device
 *
 * The device behind serves all accesses itself: a guest cannot tell.
 */
#ifndef HW_PERIPH_MMIO_PROXY_H
#define HW_PERIPH_MMIO_PROXY_H

#include "qom/object.h"

#define TYPE_MMIO_PROXY "mmio-proxy"
OBJECT_DECLARE_SIMPLE_TYPE(MmioProxy, MMIO_PROXY)

#endif
