/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the board store; see profile.h for what it promises. */
#ifndef PERIPH_RUNTIME_PROFILE_PRIV_H
#define PERIPH_RUNTIME_PROFILE_PRIV_H

#include <sys/types.h>

#include "compiler/driver.h"
#include "dsl/ast.h"
#include "dsl/parse.h"
#include "dsl/strbuf.h"
#include "runtime/profile/profile.h"

#define PFL_MAX_FILES 1000u             /* `.periph` files of one folder */
#define PFL_MAX_PENDING 4096u           /* edits waiting for one file */
#define PFL_MAX_STATE (1u << 20)        /* bytes of a journal or state file */

/* ---- Edits that are kept (pending.c) ---- */

/* Owned copies of edits, in order. */
struct pfl_edits {
    struct pfl_edit *v;
    unsigned count, cap;
};

void pfl_edits_dispose(struct pfl_edits *edits);
/* Frees the edits, not their array. */
void pfl_edits_clear(struct pfl_edits *edits);
/* Adds a copy; one that it supersedes (same kind, place, name) goes. */
int pfl_edits_add(struct pfl_edits *edits, const struct pfl_edit *edit);
/* Whether @b, applied after @a, makes @a superfluous. */
bool pfl_edit_supersedes(const struct pfl_edit *b, const struct pfl_edit *a);
/* JSON text of the journal, and back.  What does not fit is left out. */
char *pfl_edits_print(const struct pfl_edits *edits);
int pfl_edits_parse(struct pfl_edits *edits, const char *text);

/* ---- Files (store.c) ---- */

/* What tells one state of a file on disk from another. */
struct pfl_stamp {
    bool exists;
    dev_t dev;
    ino_t ino;
    off_t size;
    mode_t mode;                        /* permissions */
    int64_t mtime_ns, ctime_ns;
};

/*
 * `text` is in force: it parses, compiles and holds every answer.  The disk
 * may hold something else: an edit with errors (`broken`), or less, because
 * writing failed (`unsaved`); `pending` are the answers it lacks.
 */
struct pfl_file {
    struct pfl_file *next;              /* board.periph first, then by name */
    char *name;                         /* "dev_01c28000.periph" */
    char *path;                         /* in the folder, as compiled */
    char *disk;                         /* where its bytes are: no link */
    char *text;                         /* NUL behind it */
    size_t len;
    char *candidate;                    /* read from disk, not adopted yet */
    size_t candidate_len;
    struct pfl_stamp stamp;             /* of the disk when last read */
    uint64_t disk_hash;                 /* of its bytes, if disk_known */
    bool disk_known;
    bool broken, unsaved, need_sync;
    bool loaded;                        /* a text from disk was adopted */
    bool alone;                         /* no other file but board.periph is
                                           needed to know all of what it says */
    struct pfl_edits pending;
    struct pdl_session *parse;          /* of `text`, or NULL */
    struct pdl_unit *unit;
    struct pcc *model;                  /* of board.periph and this file */
};

void pfl_file_free(struct pfl_file *file);
/* Takes over a malloc'ed text; drops the tree made of the old one. */
void pfl_file_set_text(struct pfl_file *file, char *text, size_t len);
/* The tree of `text`; NULL when out of memory or broken. */
struct pdl_unit *pfl_file_unit(struct pfl_board *board,
                               struct pfl_file *file);

void pfl_stamp_get(const char *path, struct pfl_stamp *stamp);
bool pfl_stamp_equal(const struct pfl_stamp *a, const struct pfl_stamp *b);

uint64_t pfl_hash(const char *text, size_t len);

/* Reads a whole file, at most @max bytes; NULL with errno set. */
char *pfl_read(const char *path, size_t max, size_t *len,
               struct pfl_stamp *stamp);
/*
 * Replaces a file (temporary beside it, rename).  With @expect the disk must
 * still be as stamped: 1 when it is not (nothing is written).  0 with @stamp
 * of the new file, -1 with errno set.
 */
int pfl_replace(const char *path, const char *text, size_t len,
                const struct pfl_stamp *expect, struct pfl_stamp *stamp);

/* ---- Board (profile.c, compile.c, index.c) ---- */

/* An instance of the board, found in the model of its file or of all. */
struct pfl_inst {
    char name[PFL_NAME_MAX];
    uint64_t base, size;
    struct pfl_file *file;              /* of the instance; NULL: imported */
    struct pfl_file *device_file;       /* of its device; NULL: imported */
    struct pfl_file *model_of;          /* its model, NULL: the full one */
    uint32_t index;                     /* in that model */
    struct pfl_file *extender;          /* a file that extends it, or NULL */
    bool shared;                        /* its device has other instances */
    char **sources;                     /* text by register, made on demand */
    size_t source_count;
};

/* A file outside the folder that takes part. */
struct pfl_import {
    char *path;                         /* no link */
    struct pfl_stamp stamp;             /* when it was compiled */
};

struct pfl_board {
    char *dir;
    char *name;                         /* of the board declaration */
    char **import_dirs;
    size_t import_dir_count;
    void (*log)(void *opaque, enum pfl_log_level level, const char *text);
    void *opaque;
    bool read_only;
    bool readopted;                     /* pfl_adopt() ran in this call */
    bool loss_told;
    int loss_errno;
    int watch, folder;                  /* inotify, and its watch on `dir` */
    struct pfl_import *imports;         /* those that are there */
    size_t import_count;
    bool import_written;                /* an event said so */
    struct pfl_file *files;             /* the first is board.periph */
    struct pcc *full;                   /* of all files in force */
    struct pfl_inst *insts;
    size_t inst_count, inst_cap;
    char console[PFL_NAME_MAX];         /* instance, "" none */
    struct pfl_change gone;             /* what files that went were about */
    bool closed;                        /* the board says `closed;` */
    struct pdl_strbuf messages;
    struct pdl_strbuf table;
};

void pfl_log(struct pfl_board *board, enum pfl_log_level level,
             const char *format, ...) __attribute__((format(printf, 3, 4)));
struct pfl_file *pfl_find_file(struct pfl_board *board, const char *name);
/* The file of that name, made when there is none (nothing is written). */
struct pfl_file *pfl_make_file(struct pfl_board *board, const char *name);
/* Writes `text`; where that cannot be, @edits (or NULL) become pending.  1:
 * the disk changed meanwhile, nothing was done. */
int pfl_save(struct pfl_board *board, struct pfl_file *file,
             const struct pfl_edits *edits);

/* Brings FILE.pending in line with `pending`; a failure is told once. */
void pfl_save_journal(struct pfl_board *board, struct pfl_file *file);

struct pcc *pfl_inst_model(const struct pfl_board *board,
                           const struct pfl_inst *inst);
struct pfl_inst *pfl_inst_at(struct pfl_board *board, uint64_t address);
/* Whether @file extends @inst or its device. */
bool pfl_extends(struct pfl_board *board, struct pfl_file *file,
                 const struct pfl_inst *inst);
/* Forgets texts of registers, because the model is another one. */
void pfl_inst_forget(struct pfl_inst *inst);
/* The file that a model's origin stands in; NULL for an import. */
struct pfl_file *pfl_origin_file(struct pfl_board *board, struct pcc *pcc,
                                 const struct pcc_origin *origin);

/* One text for one file, to be tried instead of the one in force. */
struct pfl_trial {
    struct pfl_file *file;
    const char *text;
    size_t len;
};

/*
 * Compiles board.periph with the trial texts, and all files when that does
 * not do.  PFL_OK with @out and whether it holds @all; else messages are
 * set.
 */
int pfl_compile_trial(struct pfl_board *board, const struct pfl_trial *trials,
                      unsigned count, struct pcc **out, bool *all);
/* Reads files that changed on disk as candidates; true when there are any
 * or files have gone. */
bool pfl_scan(struct pfl_board *board);
/* The same for one file. */
bool pfl_scan_file(struct pfl_board *board, struct pfl_file *file);
/* Takes candidates over as far as they compile, adding to @change what they
 * hold; PFL_ERR_INPUT with messages when some do not. */
int pfl_adopt(struct pfl_board *board, struct pfl_change *change);
/* Makes a new model of everything the current one and indexes it; takes
 * @pcc over. */
int pfl_use_full(struct pfl_board *board, struct pcc *pcc);
/* Puts a plan in force and on disk (profile.c). */
struct pfl_plan;
int pfl_carry_out(struct pfl_plan *plan, struct pfl_change *change);

/* ---- The disk (follow.c) ---- */

/* Splices the answers that wait into files that parse again. */
int pfl_merge_pending(struct pfl_board *board, struct pfl_change *change);
/* Names of instances, then of memories, at some time; free `names`. */
struct pfl_names {
    char (*names)[PFL_NAME_MAX];
    size_t instances;
    size_t count;
};

void pfl_names_take(const struct pfl_board *board, struct pfl_names *n);
/* Sets @change->whole where the text no longer has an instance of @before, or
 * has got one that a part of the board cannot tell of. */
void pfl_names_compare(struct pfl_board *board, const struct pfl_names *before,
                       struct pfl_change *change);
/* Starts and ends watching the folder; board->watch is -1 where it cannot
 * be watched. */
void pfl_watch_open(struct pfl_board *board);
void pfl_watch_close(struct pfl_board *board);
/* Remembers and watches what the full model was made of, beside the folder. */
void pfl_imports_note(struct pfl_board *board);
bool pfl_imports_changed(const struct pfl_board *board);
/* The same for the instances and devices of one file. */
int pfl_use_file_model(struct pfl_board *board, struct pfl_file *file,
                       struct pcc *pcc);
/* Emits what @change names into board->table. */
int pfl_emit(struct pfl_board *board, struct pcc *pcc,
             const struct pfl_change *change);
void pfl_take_messages(struct pfl_board *board, struct pcc *pcc);
/* Adds a name once; ignored when there is no room. */
void pfl_touch_instance(struct pfl_change *change, const char *name);
void pfl_touch_memory(struct pfl_change *change, const char *name);

/* ---- Splicing (splice.c) ---- */

struct pfl_splice {
    uint32_t begin, end;
    uint64_t order;                     /* among insertions at one place */
    const struct pdl_item *item;        /* replaced or removed, or NULL */
    char *text;
};

struct pfl_splices {
    struct pfl_splice *v;
    unsigned count, cap;
};

void pfl_splices_dispose(struct pfl_splices *s);
/* Each takes @text (malloc'ed; NULL: out of memory) over.  PFL_OK/NOMEM. */
int pfl_splice_replace(struct pfl_splices *s, const struct pdl_item *item,
                       char *text);
int pfl_splice_insert(struct pfl_splices *s, const char *source,
                      const struct pdl_body *body,
                      const struct pdl_item *after, uint64_t order,
                      char *text);
int pfl_splice_remove(struct pfl_splices *s, const char *source, size_t len,
                      const struct pdl_item *item);
/* The text with all splices done, appended to @out. */
int pfl_splices_apply(struct pfl_splices *s, const char *source, size_t len,
                      struct pdl_strbuf *out);

/* ---- Edits (edit.c) ---- */

struct pfl_plan_file {
    struct pfl_file *file;
    struct pfl_splices splices;
    struct pdl_strbuf tail;             /* items to follow at the end */
    struct pdl_strbuf text;             /* the result */
};

struct pfl_plan {
    struct pfl_board *board;
    const struct pfl_edit *edits;
    unsigned count;
    unsigned current;                   /* edit being planned */
    bool *done;
    struct pfl_file **where;            /* file each edit went to */
    struct pfl_plan_file *files;
    unsigned file_count;
    struct pfl_change *change;
};

/* Works out the new texts; nothing else changes.  Dispose in any case. */
int pfl_plan_make(struct pfl_plan *plan, struct pfl_board *board,
                  const struct pfl_edit *edits, unsigned count,
                  struct pfl_change *change);
void pfl_plan_dispose(struct pfl_plan *plan);
/* Makes the new text of each file from its splices and its tail. */
int pfl_plan_texts(struct pfl_plan *plan);
/* The plan's view of a file; NULL when out of memory. */
struct pfl_plan_file *pfl_plan_file(struct pfl_plan *plan,
                                    struct pfl_file *file);
/* Seals the items in @raw and puts them at the end of a file. */
int pfl_plan_add_tail(struct pfl_plan_file *pf, const struct pdl_strbuf *raw);
/*
 * The file for a new device of @edit's name and place: *out is NULL with
 * PFL_OK when one is at its base already.  PFL_ERR_OWNED, PFL_ERR_RANGE ...
 * when none can be added there.
 */
int pfl_plan_place(struct pfl_plan *plan, const struct pfl_edit *edit,
                   struct pfl_plan_file **out);
/* Adds `console:` when an edit of the plan says that it is @edit's device and
 * the board has none. */
void pfl_plan_console(struct pfl_plan *plan, const struct pfl_edit *edit,
                      struct pdl_strbuf *raw);

/* ---- Blocks of the library (block.c) ---- */

int pfl_plan_block(struct pfl_plan *plan, const struct pfl_edit *edit);
int pfl_plan_take_away(struct pfl_plan *plan, const struct pfl_inst *inst);

/* ---- Single items (item.c) ---- */

/* A name that needs no quotes, shorter than PFL_NAME_MAX. */
bool pfl_is_word(const char *text);
/* The value of an expression made of numbers alone. */
bool pfl_literal(const struct pdl_expr *e, uint64_t *value);
const struct pdl_body *pfl_body_of(const struct pdl_item *item);
bool pfl_has_when(const struct pdl_item *item);
/* Whether two texts differ in white space only. */
bool pfl_same_layout(const char *a, size_t a_len, const char *b);
/* The item of a body by name, or by text where it has no name. */
const struct pdl_item *pfl_find_named(const struct pfl_file *file,
                                      const struct pdl_body *body,
                                      const char *name, const char *text);
/* Where a register at @offset goes: behind the item returned, NULL: first. */
const struct pdl_item *pfl_place_reg(const struct pdl_body *body,
                                     uint64_t offset);
/* The same for another item. */
const struct pdl_item *pfl_place_item(const struct pdl_body *body,
                                      const char *text);
/* The `console:` in force in @file, or NULL. */
const struct pdl_item *pfl_find_console(struct pfl_board *board,
                                        struct pfl_file *file);
/* The memory or native of that name in some file. */
const struct pdl_item *pfl_find_part(struct pfl_board *board,
                                     enum pdl_item_kind kind,
                                     const char *name,
                                     struct pfl_file **file);
/* Checks names and numbers, and that the text is what it claims to be. */
int pfl_check_edit(const struct pfl_edit *edit, struct pdl_session *session);
/*
 * Whether a person's `drop` stands against the item of @edit: in the device
 * named @device as @instance shows it, or with NULL in the board.
 */
bool pfl_dropped(struct pfl_board *board, const char *device,
                 const char *instance, const struct pfl_edit *edit);
#define PFL_EVIDENCE_MAX 512

/*
 * What the same engine found out before about the register that @edit
 * replaces is kept: @text holds what edit->evidence then is.
 */
void pfl_keep_evidence(const struct pdl_item *item, struct pfl_edit *edit,
                       char text[PFL_EVIDENCE_MAX]);
/* "@inferred(...) ", without a sum yet. */
void pfl_add_note(struct pdl_strbuf *raw, const struct pfl_edit *edit);
/* The edit's item with its note, laid out for the inside of a body. */
int pfl_seal_item(const struct pfl_edit *edit, const char *text, char **out);
/* Whether the machine may replace @item and all that is nested in it. */
bool pfl_may_replace(struct pfl_file *file, const struct pdl_item *item);
/* The item of the given kind in @file that covers a model's origin. */
const struct pdl_item *pfl_find_item(struct pfl_board *board,
                                     struct pfl_file *file,
                                     enum pdl_item_kind kind,
                                     const struct pcc_origin *origin);

#endif
