/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts: a guest that waits for nothing is waiting for one of them.
 *
 * Each enabled line's handler is run counterfactually on the idle CPU, with
 * one bit of one register that it reads the other way round at a time.  A bit
 * that changes the handler's way, and that the handler acknowledges, is an
 * event: it becomes a bit of the model with a line that follows it.
 */
#ifndef PERIPH_INFER_INTERRUPTS_H
#define PERIPH_INFER_INTERRUPTS_H

#include "runtime/infer/rules_priv.h"

/* Answers an idle question; 0 or a negative enum inf_error. */
int rules_idle(struct inf_engine *eng, const struct inf_question *q,
               struct inf_answer *ans);

#endif
