/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between rules.c (statements, events) and compile.c (everything else). */
#ifndef COMPILER_RULES_PRIV_H
#define COMPILER_RULES_PRIV_H

#include "compiler/rules.h"

/* A block of statements as a program of its own. */
uint32_t gen_body(struct dev *dv, uint32_t scope,
                  const struct pdl_block *block, enum gen_words words);
/* When all copies are known: rules on faults of those in a group's element. */
void gen_fault_rules(struct dev *dv);
/* What a domain lists. */
void gen_domain(struct dev *dv, const struct todo *todo);
/* When all rules are known: what a domain resets besides. */
void dev_finish_domains(struct dev *dv);
/* All rules of an `on` item. */
void gen_rule(struct dev *dv, const struct todo *todo);
/* Whether match @k of timer @i compares with what @t names. */
bool timer_matches(const struct dev *dv, uint32_t i, uint32_t k,
                   const struct target *t);

#endif
