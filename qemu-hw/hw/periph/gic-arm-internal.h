/*
 * Recorder of interrupts: what its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PERIPH_GIC_ARM_INTERNAL_H
#define HW_PERIPH_GIC_ARM_INTERNAL_H

#include "hw/core/cpu.h"
#include "hw/periph/gic-arm-hook.h"
#include "runtime/bridge/layout.h"

/* Not known (yet), and what a GIC says when nothing is pending. */
#define GIC_HOOK_UNKNOWN 1023

/* ---- gic-arm-hook.c: told by the hooks, with the BQL held ---- */

/*
 * A CPU has taken interrupt @number (INTID, or exception number of an
 * M-profile core). @record holds cpu, pc, context and exception as they were
 * before, @regs the registers; @vector is where the CPU goes on.
 */
void gic_hook_taken(struct pbr_record *record, const uint64_t *regs,
                    uint32_t number, uint64_t vector);

/* The CPU has read the number of the interrupt that it took last. */
void gic_hook_acked(CPUState *cs, uint32_t number);

/* Interrupt @number of the CPU has ended; @pc as far as it is known. */
void gic_hook_ended(CPUState *cs, uint32_t number, uint64_t pc);

/* Whether the CPU is in interrupt @number, as far as was seen. */
bool gic_hook_is_in(CPUState *cs, uint32_t number);

/* The CPU has left an exception for @pc. */
void gic_hook_returned(CPUState *cs, uint64_t pc);

/* ---- gic-arm-cpu.c ---- */

/* Puts the hooks in place, once for all CPUs and GICs of the machine. */
bool gic_arm_hook_machine(Error **errp);

#endif
