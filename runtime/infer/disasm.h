/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that the code around a poll compares with. */
#ifndef PERIPH_INFER_DISASM_H
#define PERIPH_INFER_DISASM_H

#include "runtime/infer/probe.h"

/*
 * Immediates, literals and register contents of the loop that the baseline
 * of @p found, without repetition, at most @max; returns how many.
 */
unsigned inf_loop_numbers(struct inf_probe *p, const struct inf_cpu *cpu,
                          uint64_t *out, unsigned max);

/*
 * Whether the load at @pc stands in a short loop: a jump soon behind it goes
 * back to it, or to a few instructions before.  False for what cannot be told
 * from the code alone (a load in a function that the loop calls).
 */
bool inf_is_loop_read(struct inf_probe *p, const struct inf_cpu *cpu,
                      uint64_t pc);

#endif
