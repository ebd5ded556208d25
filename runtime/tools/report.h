/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run ends with: the report as JSON, and one page for people. */
#ifndef RUNTIME_TOOLS_REPORT_H
#define RUNTIME_TOOLS_REPORT_H

#include <cjson/cJSON.h>

#include "runtime/tools/session.h"

#define REPORT_PRIORS 16
#define REPORT_UNRESOLVED 64

/* What the daemon's results file adds to our own figures. */
struct daemon_results {
    unsigned probes;
    unsigned withdrawn;
    struct {
        char *text;             /* "device tree of u-boot.bin" */
        unsigned answers;
    } priors[REPORT_PRIORS];
    unsigned prior_count;
    char *unresolved[REPORT_UNRESOLVED];
    unsigned unresolved_count;
    cJSON *replay;              /* as the daemon wrote it; NULL = nothing */
};

/* Counted in the compiled board after the run. */
struct model_counts {
    unsigned peripherals;
    unsigned inferred_peripherals;
    unsigned registers;
    unsigned inferred_registers;
    unsigned irqs_inferred;
};

struct pcc_model;

void report_count(const struct pcc_model *model, struct model_counts *out);

/*
 * Prints the page to stderr, and writes the JSON where --report asks for it.
 * @s has been stopped.  An exit status.
 */
int report_run(const struct session *s);

#endif
