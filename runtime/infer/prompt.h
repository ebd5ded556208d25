/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a language model is told about a question. */
#ifndef PERIPH_INFER_PROMPT_H
#define PERIPH_INFER_PROMPT_H

#include "dsl/strbuf.h"
#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"

/* The part that is the same for all questions: the language, two examples,
 * the form of the answer.  A constant text. */
const char *inf_prompt_system(void);

/*
 * The question: the board's facts, the device as it is known, what the guest
 * did to it, the code around.  Depends on the guest only, not on addresses
 * of this process, paths or time, so that equal questions read the same.
 * With @paused false the guest runs and its code cannot be read.  Appends.
 */
void inf_prompt_question(const struct inf_question *q,
                         const struct inf_services *svc,
                         const struct inf_evidence *ev, bool paused,
                         struct pdl_strbuf *out);

/* What to say to a reply that cannot be used; @problems as lines.  Appends. */
void inf_prompt_repair(const char *problems, struct pdl_strbuf *out);

#endif
