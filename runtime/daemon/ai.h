/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which engines a daemon has, by what its command line and environment say. */
#ifndef PERIPH_RUNTIME_DAEMON_AI_H
#define PERIPH_RUNTIME_DAEMON_AI_H

#include "runtime/daemon/daemon.h"
#include "runtime/infer/infer_ai.h"

#define PDM_MAX_PLUGINS 4u

/* What was said; NULL and 0 where nothing was. */
struct pdm_ai_line {
    const char *type;           /* rules, local, cloud, auto, replay */
    char *key;                  /* malloc'ed */
    const char *key_file;
    const char *base, *model;
    const char *constraint;     /* schema, grammar, none */
    const char *cache;          /* folder; "none" */
    const char *grammar_file;   /* the language as GBNF */
    const char *plugins[PDM_MAX_PLUGINS];
    unsigned plugin_count;
    unsigned timeout_s, requests;
    uint64_t tokens;
    bool dry_run;
};

/* What came of it; owns its strings. */
struct pdm_ai {
    struct inf_ai_options options;
    bool asks_model;            /* a local or cloud engine is there */
    char *key, *cache, *grammar;
    void *handles[PDM_MAX_PLUGINS];
    unsigned handle_count;
};

/*
 * Fills @options->engines in order of trust, and @options->ai;
 * @options->priors come before.  0, or -1 with
 * the reason on stderr.  pdm_ai_dispose() in any case, after the daemon.
 */
int pdm_ai_setup(struct pdm_ai *ai, const struct pdm_ai_line *line,
                 struct pdm_options *options);
void pdm_ai_dispose(struct pdm_ai *ai);

/* What will leave this computer, for people; ends with a newline. */
void pdm_ai_disclose(const struct pdm_ai *ai, FILE *to);

#endif
