/*
 * What a record of an access says about the CPU that makes it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PERIPH_MMIO_CPU_H
#define HW_PERIPH_MMIO_CPU_H

#include "hw/core/cpu.h"
#include "runtime/bridge/layout.h"

/* Fills cpu, context and exception, and adds the flags that belong to them. */
void mmio_cpu_context(CPUState *cs, struct pbr_record *record);

/*
 * The same and the pc, or the flag that it is not known. Call from the
 * callback that serves the access.
 */
void mmio_cpu_describe(CPUState *cs, struct pbr_record *record);

/* PBR_RECORD_REGS general registers, as the record's format orders them. */
void mmio_cpu_regs(CPUState *cs, uint64_t *regs);

#endif
