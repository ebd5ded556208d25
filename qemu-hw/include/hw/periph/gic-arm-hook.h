/*
 * Recorder of interrupts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + property "state_mem": name of the shared memory for access records
 *  + property "records": capacity of the ring of access records
 *  + property "file": gets the table of interrupts as JSON at exit
 *  + QOM property "table": the same as it is now
 *
 * Records each interrupt that a CPU takes and its end (EOI, deactivation or
 * exception return), and counts which registers are accessed in between:
 * those whose accesses are recorded in the same shared memory, by proxies
 * and by an inference device. GICv2, GICv3 and NVIC.
 */
#ifndef HW_PERIPH_GIC_ARM_HOOK_H
#define HW_PERIPH_GIC_ARM_HOOK_H

#include "qom/object.h"

#define TYPE_GIC_ARM_HOOK "gic-arm-hook"
OBJECT_DECLARE_SIMPLE_TYPE(GicArmHook, GIC_ARM_HOOK)

#endif
