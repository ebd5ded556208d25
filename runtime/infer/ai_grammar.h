/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The language's grammar, cut down to what a model may answer. */
#ifndef PERIPH_INFER_AI_GRAMMAR_H
#define PERIPH_INFER_AI_GRAMMAR_H

/*
 * From the GBNF of the whole language (dsl/periph.gbnf) that of an answer:
 * declarations of one device, of the kinds that ai_items_parse() takes,
 * without notes.  malloc'ed; NULL when @gbnf lacks a rule that is to be
 * replaced, or out of memory.
 */
char *ai_grammar_answer(const char *gbnf);

#endif
