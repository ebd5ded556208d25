/*
 * Data Watchpoint and Trace unit of M-profile cores: its cycle counter
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + Clock input "clk": the clock of the core, which CYCCNT counts
 *  + sysbus MMIO region 0: the registers
 *
 * Firmware measures delays with CYCCNT. Comparators, profiling counters and
 * trace are not there: their registers read as zero.
 */
#ifndef HW_PERIPH_ARMV7M_DWT_H
#define HW_PERIPH_ARMV7M_DWT_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_ARMV7M_DWT "armv7m-dwt"
OBJECT_DECLARE_SIMPLE_TYPE(ARMv7MDWT, ARMV7M_DWT)

struct ARMv7MDWT {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    Clock *clk;
    uint32_t ctrl;
    uint32_t count;             /* CYCCNT at @since */
    int64_t since;              /* virtual time, ns */
};

#endif
