/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --until waits for and --avoid does not want:
 *
 *   at:ADDRESS, at:SYMBOL[+N]        the guest comes to that instruction
 *   write:ADDRESS[=VALUE[/MASK]]     it writes to that register; of VALUE the
 *                                    bits in MASK count, all without it
 *   anything else                    the console shows that expression
 *
 * Addresses of instructions are those the CPU uses, of writes physical ones.
 */
#ifndef RUNTIME_TOOLS_GOALS_H
#define RUNTIME_TOOLS_GOALS_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/tools/option.h"
#include "runtime/tools/watch.h"

#define GOALS_MAX (2 * OPTION_TEXTS_MAX)

struct arguments;
struct qmp;

enum goal_kind { GOAL_CONSOLE, GOAL_AT, GOAL_WRITE };

struct goal {
    enum goal_kind kind;
    bool avoid;
    const char *text;           /* as it was given */
    regex_t regex;              /* GOAL_CONSOLE */
    const char *symbol;         /* GOAL_AT, until goals_resolve(); or NULL */
    uint64_t address, value, mask;
};

struct goals {
    struct goal v[GOALS_MAX];
    unsigned count, untils;
};

/*
 * Reads both options.  0, or -1 having said what is wrong; goals_dispose() in
 * any case.
 */
int goals_parse(struct goals *g, const struct option_texts *until,
                const struct option_texts *avoid);
void goals_dispose(struct goals *g);

/* Finds the symbols in the images that the table @ptab loads.  0, or -1. */
int goals_resolve(struct goals *g, const char *ptab);

/* Adds what a daemon is to know of them to its command line. */
void goals_arguments(const struct goals *g, struct arguments *args);

/* Has the machine stop at those that are no text. */
void goals_send(const struct goals *g, struct qmp *q);
/* The one that the machine's word "NUMBER [CPU]" means; NULL: none.  @cpu is
 * 0 where there is none. */
const struct goal *goals_reached(const struct goals *g, const char *word,
                                 unsigned *cpu);

/* The first that the console's text shows; NULL: none. */
const struct goal *goals_shown(const struct goals *g, struct watch *w);

/* "the guest came to main", "it wrote ..." in words, into @out. */
const char *goals_words(const struct goal *goal, char *out, unsigned size);

#endif
