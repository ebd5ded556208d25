/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Importers: foreign bytes -> AST items, printed by dsl/format.h.  A new one
 * is a file with one function and one row in the table of import.c; it does
 * not go through the model.  What it makes carries @imported(from = "..."),
 * and what is wrong in its input is a warning with a code of its own, or an
 * error when nothing of use is left.
 */
#ifndef COMPILER_IMPORT_H
#define COMPILER_IMPORT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/driver.h"
#include "dsl/arena.h"
#include "dsl/ast.h"
#include "dsl/diag.h"
#include "dsl/parse.h"

/* What an importer works with. */
struct pcc_import {
    const struct pcc_import_options *opts;  /* never NULL */
    const char *path;       /* of the input, as it is to be shown */
    const char *from;       /* what @imported names: the file without folder */
    const uint8_t *bytes;
    size_t size;
    uint32_t source;        /* id of the text for spans; 0: not a text */
    struct pdl_arena *arena;
    struct pdl_diags *diags;
    const struct pdl_sources *sources;
    struct pdl_body *items; /* where the items of the file go */
    /*
     * What is not in the arena: @dispose is called once with @resource when
     * the importer has returned, or has left by pcc_import_nomem().
     */
    void *resource;
    void (*dispose)(void *resource);
    jmp_buf nomem;
    /* Private to import.c. */
    uint32_t *line_begins;
    size_t line_count;
    bool *found;            /* [opts->only_count] */
};

struct pcc_importer {
    const char *name;
    const char *suffix;     /* of files that look like it: ".svd" */
    const char *help;
    bool text;              /* the input is lines that messages can show */
    int (*import)(struct pcc_import *imp);  /* enum pcc_error */
};

/* NULL when there is none, or @i is past the end. */
const struct pcc_importer *pcc_importer_find(const char *name);
const struct pcc_importer *pcc_importer_at(size_t i);

int pcc_import_svd(struct pcc_import *imp);

/* ---- for importers ---- */

/* Leaves the importer: pcc_import() returns PCC_ERR_NOMEM. */
_Noreturn void pcc_import_nomem(struct pcc_import *imp);

/* Zeroed memory of the arena; does not return without it. */
void *pcc_import_alloc(struct pcc_import *imp, size_t size);
#define PCC_IMPORT_NEW(imp, type) \
    ((type *)pcc_import_alloc((imp), sizeof(type)))

/* @p, which a function of dsl/ast.h returned; does not return for NULL. */
void *pcc_import_need(struct pcc_import *imp, const void *p);

/* The text in the arena; does not return without memory. */
char *pcc_import_printf(struct pcc_import *imp, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Line @line (from 1) of a text without its indent; else nowhere. */
struct pdl_span pcc_import_line(struct pcc_import *imp, unsigned long line);

/* @imported(from = "..."); facts may be appended to its args. */
struct pdl_note *pcc_import_note(struct pcc_import *imp);

/*
 * Whether @name is to be imported: one of opts->only, or there are none.
 * Names of opts->only that were never asked for are an error in the end.
 */
bool pcc_import_wants(struct pcc_import *imp, const char *name);

/* ---- the importers ---- */

int pcc_import_dtb(struct pcc_import *imp);
int pcc_import_map(struct pcc_import *imp);

/* ---- for driver.c ---- */

/* pcc_import() for the session of a struct pcc. */
int pcc_import_run(struct pdl_session *session, const char *name,
                   const struct pcc_import_options *opts,
                   struct pdl_strbuf *out);

#endif
