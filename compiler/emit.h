/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emitters: model -> bytes.  A new one is a file with one function and one
 * row in the table of emit.c; it sees the model only, never the AST.
 */
#ifndef COMPILER_EMIT_H
#define COMPILER_EMIT_H

#include "compiler/driver.h"
#include "compiler/model.h"
#include "dsl/arena.h"
#include "dsl/diag.h"
#include "dsl/source.h"
#include "dsl/strbuf.h"

struct cc;

/* A file that an output was made of. */
struct pcc_found {
    const char *path;
    struct pcc_found *next;
};

/* What an emitter works with. */
struct pcc_emit {
    struct cc *cc;                          /* for checks of what is made */
    const struct pcc_model *model;
    const struct pcc_emit_options *opts;    /* never NULL */
    const struct pdl_sources *sources;      /* for folders of loads */
    struct pdl_diags *diags;
    struct pdl_arena *arena;                /* for this call's needs */
    const bool *instance;   /* [instance_count] which are wanted; NULL: all */
    const bool *memory;
    struct pdl_strbuf *out;
    struct pcc_found *found;    /* by pcc_emit_find_file(), the last first */
};

struct pcc_emitter {
    const char *name;
    const char *suffix;
    const char *help;
    bool needs_board;
    int (*emit)(struct pcc_emit *e);    /* enum pcc_error */
};

/* NULL when there is none, or @i is past the end. */
const struct pcc_emitter *pcc_emitter_find(const char *name);
const struct pcc_emitter *pcc_emitter_at(size_t i);

int pcc_emit_table(struct pcc_emit *e);
int pcc_emit_header(struct pcc_emit *e);
int pcc_emit_svd(struct pcc_emit *e);
int pcc_emit_json(struct pcc_emit *e);
int pcc_emit_dtb(struct pcc_emit *e);
int pcc_emit_dts(struct pcc_emit *e);
int pcc_emit_dtbo(struct pcc_emit *e);
int pcc_emit_dtso(struct pcc_emit *e);

/*
 * Runs the checks of device trees over the board's, merged into the base
 * that it or the options have.  Says nothing where no tree can be made: that
 * is what emitting one reports.
 */
int pcc_check_dt(struct pcc_emit *e);

/*
 * The absolute path of a file that the item at @origin names: looked up in
 * the options' folders, then beside the item's source.  NULL: not there.
 */
const char *pcc_emit_find_file(struct pcc_emit *e,
                               const struct pcc_origin *origin,
                               const char *path);
/* Reports that it is not there, and where it was looked for. */
void pcc_emit_missing(struct pcc_emit *e, const struct pcc_origin *origin,
                      const char *path);

/* Whether board instance or memory @i is to be emitted. */
static inline bool pcc_wants_instance(const struct pcc_emit *e, size_t i)
{
    return (!e->instance || e->instance[i]) &&
           e->model->board->instances[i].alternate == PCC_NONE;
}

static inline bool pcc_wants_memory(const struct pcc_emit *e, size_t i)
{
    return !e->memory || e->memory[i];
}

#endif
