/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compiler as a library: `.periph` text in, model and outputs out.
 *
 * A session (`struct pcc`) is used once: add inputs, pcc_compile(), then
 * read the model and emit as often as wanted, pcc_free().  Sessions share
 * nothing (no globals), so several may live at once, one thread each.
 * Nothing here prints or exits; everything wrong in the input is collected
 * as diagnostics (dsl/diag.h) and compilation goes on to find more.
 */
#ifndef COMPILER_DRIVER_H
#define COMPILER_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/model.h"

/* The most that is read of an image, a base tree or a file to import. */
#define PCC_MAX_FOREIGN_BYTES (64u << 20)

struct pcc;
struct pdl_diags;
struct pdl_sources;
struct pdl_strbuf;

enum pcc_error {
    PCC_OK = 0,
    PCC_ERR_INPUT = -1,     /* the diagnostics hold at least one error */
    PCC_ERR_IO = -2,        /* a file could not be read; a diagnostic says
                               which and why */
    PCC_ERR_NOMEM = -3,
    PCC_ERR_STATE = -4,     /* called in the wrong order */
    PCC_ERR_UNKNOWN = -5,   /* no emitter, importer, check or instance of
                               that name */
    PCC_ERR_LIMIT = -6,     /* the output does not fit its format */
    PCC_ERR_INTERNAL = -7,  /* a bug: the output failed its own check */
};

/* A constant text for a value of enum pcc_error; never NULL. */
const char *pcc_strerror(int err);

/* How often a check's finding counts; see pcc_set_check(). */
enum pcc_severity {
    PCC_OFF,
    PCC_WARN,
    PCC_FAIL,
};

struct pcc_options {
    /* Folders searched for `import "x"` after the importing file's own. */
    const char *const *import_dirs;
    size_t import_dir_count;
};

/*
 * Starts a session.  @opts may be NULL; its arrays are copied.  Returns NULL
 * when out of memory.
 */
struct pcc *pcc_new(const struct pcc_options *opts);

/* Frees the session with its model, diagnostics and sources; NULL is fine. */
void pcc_free(struct pcc *s);

/*
 * Makes @bytes the content of the file @path for this session, whether it
 * exists on disk or not: pcc_add_file(), pcc_add_board_dir() and `import`
 * take it instead of reading.  A `.periph` path directly inside a folder
 * given to pcc_add_board_dir() later is one of that folder's files.  The
 * bytes are copied.  Adds no input by itself.
 */
int pcc_set_buffer(struct pcc *s, const char *path, const char *bytes,
                   size_t len);

/* Adds a file as the next layer.  PCC_ERR_IO when it cannot be read. */
int pcc_add_file(struct pcc *s, const char *path);

/* pcc_set_buffer() and pcc_add_file() in one. */
int pcc_add_buffer(struct pcc *s, const char *path, const char *bytes,
                   size_t len);

/*
 * Adds a board folder: board.periph first, then every other `*.periph` in
 * it in byte order of the names.  A missing board.periph is PCC_ERR_IO.
 */
int pcc_add_board_dir(struct pcc *s, const char *dir);

/*
 * Sets a check by name (pcc_check_name()) to off, warning or error.  Before
 * pcc_compile().  PCC_ERR_UNKNOWN when there is no such check.
 */
int pcc_set_check(struct pcc *s, const char *name, enum pcc_severity sev);

/*
 * Parses, resolves and checks everything added.  Returns PCC_OK (there may
 * be warnings), PCC_ERR_INPUT, PCC_ERR_NOMEM or PCC_ERR_STATE.  Once only.
 */
int pcc_compile(struct pcc *s);

/* The diagnostics so far, owned by the session; never NULL. */
const struct pdl_diags *pcc_diags(const struct pcc *s);

/* The sources that spans of diagnostics and model refer to; never NULL. */
const struct pdl_sources *pcc_sources(const struct pcc *s);

/*
 * The resolved model, owned by the session; NULL before pcc_compile() and
 * when that found errors.
 */
const struct pcc_model *pcc_get_model(const struct pcc *s);

/*
 * Files read, in order (imports included), then images and base trees that
 * outputs were made of; NULL when @i is past the end.
 */
const char *pcc_input(const struct pcc *s, size_t i);

/*
 * Appends the rule of make that says that @target was made of all
 * pcc_input() and of @further (or NULL).
 */
void pcc_make_rule(const struct pcc *s, const char *target,
                   const char *further, struct pdl_strbuf *out);

struct pcc_emit_options {
    /*
     * Names of board instances to emit; none means all.  "table" then holds
     * only their devices and wires, and no memories, loads or natives
     * except those named in @memories: what a running machine is to load.
     */
    const char *const *instances;
    size_t instance_count;
    /* Names of board memories to emit besides; only with @delta. */
    const char *const *memories;
    size_t memory_count;
    /* true: only what is named above, even when that is nothing. */
    bool delta;
    /*
     * "table": folders searched for relative `load` paths, in order, before
     * the folder of the file that says `load`.
     */
    const char *const *load_dirs;
    size_t load_dir_count;
    /*
     * "table": each load must name a readable file, whose absolute path is
     * written.  false leaves the path as it was found or written.
     */
    bool need_loads;
    /* "dtb", "dts", "dtbo": a device tree to merge into, or NULL. */
    const void *base;
    size_t base_size;
};

/*
 * Writes output @emitter of the compiled model to the end of @out.  @opts
 * may be NULL.  The bytes depend on the model and the options only.
 * PCC_ERR_STATE without a model, PCC_ERR_UNKNOWN for a name (of emitter,
 * instance or memory) that is not there, PCC_ERR_INPUT with diagnostics
 * (a missing image, a base tree that does not fit), PCC_ERR_LIMIT,
 * PCC_ERR_NOMEM.  @out is unchanged on failure.
 */
int pcc_emit(struct pcc *s, const char *emitter,
             const struct pcc_emit_options *opts, struct pdl_strbuf *out);

/*
 * The checks of device trees ("dt-...") over the tree of the compiled board,
 * merged into the blob @base where that is not NULL.  pcc_emit() of "dtb",
 * "dts", "dtbo" and "dtso" does the same before it writes.  PCC_OK also for a
 * board whose tree cannot be made, which pcc_emit() reports; PCC_ERR_INPUT
 * when a check that counts as an error found something.
 */
int pcc_check_tree(struct pcc *s, const void *base, size_t size);

/* Something that is not `.periph` text, to be turned into it. */
struct pcc_import_options {
    const char *path;       /* of the input, as shown; its last part is what
                               @imported(from = "...") names */
    const void *bytes;      /* read in place */
    size_t size;
    const char *name;       /* of the board made, or NULL: from the input */
    /* Peripherals to import, by their name in the input; none means all. */
    const char *const *only;
    size_t only_count;
    unsigned tree;          /* "dtb": which of an image's trees, from 1 on;
                               0: the first that has devices */
    bool no_natives;        /* "dtb": what QEMU has is an instance as well,
                               save the interrupt controller */
};

/*
 * Appends the `.periph` text that importer @name makes of opts->bytes to
 * @out.  May be called at any time and as often as wanted; what is odd in the
 * input is a warning in pcc_diags().  Returns PCC_ERR_UNKNOWN for a name that
 * is not there, PCC_ERR_INPUT with diagnostics, PCC_ERR_NOMEM,
 * PCC_ERR_INTERNAL; @out is unchanged on failure.
 */
int pcc_import(struct pcc *s, const char *name,
               const struct pcc_import_options *opts, struct pdl_strbuf *out);

/* The importer whose files end like @path, or NULL. */
const char *pcc_importer_for(const char *path);

/*
 * Replaces @path by @bytes atomically (temporary file, fsync, rename), and
 * only when the content differs; a link's target, with its permissions.  A
 * device or pipe is written to, not replaced.  PCC_ERR_IO with errno set.
 */
int pcc_write_file(const char *path, const void *bytes, size_t len);

/* The tables of importers, emitters, checks; NULL: @i is past the end. */
const char *pcc_importer_name(size_t i);
const char *pcc_importer_help(size_t i);
const char *pcc_emitter_name(size_t i);
const char *pcc_emitter_help(size_t i);
const char *pcc_check_name(size_t i);
const char *pcc_check_help(size_t i);
const char *pcc_check_code(size_t i);     /* "W0401" */
enum pcc_severity pcc_check_default(size_t i);

#endif
