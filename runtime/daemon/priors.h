/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line says is known of the board beforehand. */
#ifndef PERIPH_RUNTIME_DAEMON_PRIORS_H
#define PERIPH_RUNTIME_DAEMON_PRIORS_H

#include "runtime/daemon/daemon.h"
#include "runtime/infer/priors.h"

#define PDM_MAX_PRIORS 32u

struct pdm_prior_line {
    struct {
        const char *path;
        bool image;         /* only a tree inside counts */
    } files[PDM_MAX_PRIORS];
    unsigned count;
    bool off;               /* --no-priors */
};

/* Notes one more file; false: too many. */
bool pdm_prior_add(struct pdm_prior_line *line, const char *path, bool image);

/*
 * Reads the files into @options->priors, which stays NULL when they are
 * switched off.  0, or -1 with the reason on stderr.  What an image's tree
 * lacks is a warning: nobody asked for it.
 */
int pdm_priors_setup(const struct pdm_prior_line *line,
                     struct pdm_options *options);

/* Adds "priors" to the results: file, kind, how many answers it gave. */
void pdm_priors_results(const struct pdm *d, cJSON *root);

#endif
