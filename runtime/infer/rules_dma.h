/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers: a device that was given two addresses of memory and a count, and
 * then a start, copies.
 *
 * What is copied, in which direction and in which units, is told by trying:
 * the guest goes on with the copy made, and must not complain.  What cannot
 * be told so is taken as most devices have it: the source first, bytes.
 */
#ifndef PERIPH_INFER_RULES_DMA_H
#define PERIPH_INFER_RULES_DMA_H

#include "runtime/infer/rules_priv.h"

/* One run of the guest from where it waits; the trace is in eng->trace. */
typedef int (*rules_try_fn)(void *opaque);

/*
 * The transfer that the last writes to @dev started, and what @run shows of
 * it; leaves the trace of a run with that transfer made.  INF_E_RANGE when
 * there is none, or no restart is left: the rule holds from reset on.
 */
int rules_dma_find(struct inf_engine *eng, const struct rules_device *dev,
                   uint64_t status, rules_try_fn run, void *opaque,
                   struct rules_dma *out);

/* The rule that makes the copy, and @end when it is done; the answer becomes
 * a restart. */
int rules_dma_edit(struct inf_engine *eng, struct inf_answer *ans,
                   const struct rules_dma *dma, const char *end);

#endif
