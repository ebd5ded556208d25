/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Priors: what is known of a board before its firmware runs.  A prior is a
 * board, whatever it was written as: a device tree (by itself or inside of
 * an image), an SVD file, or `.periph` text with a board.  It says what
 * stands where; nothing of it takes effect until the guest touches the
 * place.
 */
#ifndef PERIPH_INFER_PRIORS_H
#define PERIPH_INFER_PRIORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/library.h"
#include "compiler/model.h"
#include "dsl/strbuf.h"
#include "runtime/infer/infer.h"

struct inf_priors;

enum inf_prior_kind {
    INF_PRIOR_TREE,
    INF_PRIOR_SVD,
    INF_PRIOR_BOARD,    /* .periph */
};

/* What a prior says of a place; pointers live as long as the priors. */
struct inf_prior_hit {
    enum inf_prior_kind kind;
    const char *source;         /* its file, without folder */
    bool found;                 /* in an image, not given by a person */
    const struct pcc_model *model;
    uint32_t instance;          /* of model->board */
    const struct pcc_device *device;
    uint64_t base;
    uint64_t size;
    bool console;               /* the prior says that it is the console */
    bool other_console;         /* ... that another place is */
};

/*
 * No priors yet.  @dirs is where the library is looked for, and what boards
 * import; copied.  NULL when out of memory.
 */
struct inf_priors *inf_priors_new(const char *const *dirs, size_t count);
void inf_priors_free(struct inf_priors *p);

/*
 * Adds what @bytes hold, told by content; @path is for messages and notes.
 * Earlier ones count more.  With @image only a device tree inside is looked
 * for, and none is no failure: 1 is returned.  0 when added; INF_E_FORMAT
 * with the reason in @why; INF_E_NOMEM.
 */
int inf_priors_add(struct inf_priors *p, const char *path, const void *bytes,
                   size_t size, bool image, struct pdl_strbuf *why);

struct inf_prior_info {
    enum inf_prior_kind kind;
    const char *source;
    bool found;                 /* in an image */
    unsigned answers;           /* counted by inf_priors_used() */
};

/* The @index-th prior; false past the end. */
bool inf_priors_info(const struct inf_priors *p, unsigned index,
                     struct inf_prior_info *out);

/* An answer was made of what @hit says. */
void inf_priors_used(struct inf_priors *p, const struct inf_prior_hit *hit);

/* What the first prior that knows says of @phys, the smallest window there;
 * false: none. */
bool inf_priors_at(const struct inf_priors *p, uint64_t phys,
                   struct inf_prior_hit *out);

/* A memory that a prior tells of; pointers live as long as the priors. */
struct inf_prior_memory {
    uint64_t base, size;
    const char *name;
    const char *source;         /* its file, without folder */
};

/* The memory that covers @phys, where no device of a prior does. */
bool inf_priors_memory(const struct inf_priors *p, uint64_t phys,
                       struct inf_prior_memory *out);

/* A device of QEMU that a prior puts on its board. */
struct inf_prior_native {
    const struct pcc_native *native;
    const char *source;         /* its file, without folder */
};

/* The interrupt controller one of whose windows covers @phys. */
bool inf_priors_gic(const struct inf_priors *p, uint64_t phys,
                    struct inf_prior_native *out);

/* Cuts [*lo, *hi), which holds @phys and no window at @phys, to what lies
 * between the windows of all priors; true when that made it smaller. */
bool inf_priors_gap(const struct inf_priors *p, uint64_t phys, uint64_t *lo,
                    uint64_t *hi);

/* The library, read when first asked for; NULL: none, or out of memory. */
const struct pcc_library *inf_priors_library(struct inf_priors *p);

/*
 * The library's block @ip as it would stand on a board.  NULL when it does
 * not compile; lives as long as the priors.
 */
const struct pcc_device *inf_priors_block(struct inf_priors *p,
                                          const struct pcc_ip *ip);

/* The engine that knows priors and the library: infer_library.c. */
const struct inf_engine_ops *inf_library_ops(void);

#endif
