/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The board store: a folder of `.periph` files that people and the machine
 * write together.
 *
 * The machine changes single items (registers, instances, the console,
 * memories) by splicing text at their spans; every other byte of a file
 * stays.  An item without an @inferred note, or whose sum does not match, is
 * a person's and never changed or removed (language.md, section 5).
 *
 * Files are looked at again before each write, so that an editor and the
 * machine may work at once.  A file that does not parse is left alone: what
 * the machine learns meanwhile is kept in FILE.pending beside it and merged
 * when the file parses again.  Where writing fails (read-only folder, full
 * disk) everything goes on in memory, and the loss is reported once.
 *
 * One thread; several boards may be open at once.
 */
#ifndef PERIPH_RUNTIME_PROFILE_PROFILE_H
#define PERIPH_RUNTIME_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pfl_board;

#define PFL_NAME_MAX 64u

enum pfl_error {
    PFL_OK = 0,
    PFL_ERR_NOMEM = -1,
    PFL_ERR_IO = -2,        /* the folder cannot be read; errno says why */
    PFL_ERR_INPUT = -3,     /* text does not compile: pfl_messages() */
    PFL_ERR_OWNED = -4,     /* a person's text stands against it */
    PFL_ERR_CLOSED = -5,    /* the device or board says `closed;` */
    PFL_ERR_NOT_FOUND = -6, /* no such device or item */
    PFL_ERR_TEXT = -7,      /* an edit is not the one item it claims to be */
    PFL_ERR_RANGE = -8,     /* a number or name out of range */
    PFL_ERR_INTERNAL = -9,
    PFL_ERR_LAST_ = -9
};

/* A sentence without full stop for an enum pfl_error; never NULL. */
const char *pfl_strerror(int err);

enum pfl_log_level { PFL_LOG_ERROR, PFL_LOG_WARN, PFL_LOG_INFO, PFL_LOG_DEBUG };

struct pfl_options {
    /* Folders that imports are searched in, besides the board's own. */
    const char *const *import_dirs;
    size_t import_dir_count;
    /* Receives what people should know; may be NULL. */
    void (*log)(void *opaque, enum pfl_log_level level, const char *text);
    void *opaque;
    bool read_only;         /* never write: everything stays in memory */
};

/*
 * Reads the folder @dir and its journals and compiles the board.  @options
 * may be NULL; its arrays and strings are copied.  PFL_OK also when some
 * files have errors, as long as board.periph compiles: the others are left
 * out until they are mended and pfl_messages() says what is wrong.
 * PFL_ERR_INPUT when board.periph has errors; PFL_ERR_IO when it cannot be
 * read.  On PFL_ERR_INPUT @out is a board to ask for pfl_messages() only;
 * otherwise @out is NULL on failure.
 */
int pfl_open(const char *dir, const struct pfl_options *options,
             struct pfl_board **out);

/* pfl_sync() and frees everything; NULL is fine. */
void pfl_close(struct pfl_board *board);

/* Diagnostics of the last call that compiled, as text with carets; never
 * NULL, "" when there is none; valid until the next call. */
const char *pfl_messages(const struct pfl_board *board);

/* ---- Changes by the machine ---- */

enum pfl_edit_kind {
    /*
     * A new device with an instance: @name, @base, @size; @text holds its
     * settings ("size: 0x1000; width: 32; unmapped: ask;").  Goes to the new
     * file NAME.periph.  Unchanged when a device is at @base already.
     */
    PFL_EDIT_DEVICE,
    /* Register at @offset of the device at @base; @text is the item without
     * note: "reg r14 @ 0x14 { b5 [5] ro = 1; }". */
    PFL_EDIT_REG,
    /* Another item of that device, found again by @name (fifo, line, var)
     * or, where it has none (rules), by its text. */
    PFL_EDIT_ITEM,
    /* Removes the machine's item @name, or register at @offset when @name is
     * "", of the device at @base. */
    PFL_EDIT_REMOVE,
    /* The device at @base is the board's console. */
    PFL_EDIT_CONSOLE,
    /* Memory @name of the board; @text: "memory ram1 @ 0x0 : 0x1000;". */
    PFL_EDIT_MEMORY,
    /* A wire of the instance at @base; @text: "irq -> nvic 5;". */
    PFL_EDIT_WIRE,
    /* An instance @name of block @text of the library at @base, @size bytes:
     * @text is the block's name alone ("pl011").  Goes to the new file
     * NAME.periph, with the import of lib/TEXT.periph and the wires of the
     * same call.  Unchanged when a device is at @base already. */
    PFL_EDIT_BLOCK,
    /* Takes the instance at @base away, what extends it, and its device when
     * that is not the library's; PFL_ERR_OWNED when a person has a hand in
     * one of them.  The import of a block stays: it does nothing. */
    PFL_EDIT_TAKE_AWAY,
    /* A device of QEMU on the board, @name; @text:
     * "native gic : \"arm_gic\" @ 0x0, 0x1000;".  It is in the machine from
     * its next start on. */
    PFL_EDIT_NATIVE,
};

struct pfl_edit {
    enum pfl_edit_kind kind;
    const char *by;         /* engine, as in @inferred(by, ...) */
    unsigned confidence;    /* 0..100 */
    uint64_t base, size, offset;
    const char *name;       /* or "" */
    const char *text;       /* without note; NULL where none is needed */
    /* NULL: a register keeps what the engine said of it before, and its
     * confidence; "" drops that; other text is added to it. */
    const char *evidence;
};

#define PFL_MAX_EDITS 64u
#define PFL_MAX_TOUCHED 256u           /* what goes beyond is left out */

struct pfl_change {
    /* Names of instances and memories whose tables are to be loaded. */
    unsigned instance_count;
    unsigned memory_count;
    char instances[PFL_MAX_TOUCHED][PFL_NAME_MAX];
    char memories[PFL_MAX_TOUCHED][PFL_NAME_MAX];
    bool whole;             /* load the whole board: what it lacks goes */
    bool changed;           /* false: all of it stood there already */
    unsigned failed_edit;   /* index of the edit that was refused */
};

/*
 * Applies all edits or none: splices, compiles, writes the files, and leaves
 * a .ptab of what they are about for pfl_table(), also when all of it stood
 * there already.  PFL_OK; PFL_ERR_OWNED,
 * PFL_ERR_CLOSED, PFL_ERR_NOT_FOUND, PFL_ERR_TEXT, PFL_ERR_RANGE (see
 * @change->failed_edit); PFL_ERR_INPUT (the result would not compile).
 * A write that fails is no failure here: see pfl_unsaved().
 */
int pfl_apply(struct pfl_board *board, const struct pfl_edit *edits,
              unsigned count, struct pfl_change *change);

/*
 * Judges edits without applying them: what pfl_apply() would return, with
 * the same messages, but nothing is put in force or written.  Leaves the
 * .ptab for pfl_table() when it succeeds.
 */
int pfl_try(struct pfl_board *board, const struct pfl_edit *edits,
            unsigned count, struct pfl_change *change);

/*
 * The .ptab that the last successful pfl_try(), pfl_apply(), pfl_load() or
 * pfl_load_all(), or pfl_refresh() with changes, left: what it names and
 * nothing else.  Valid until the next of those calls.
 */
const void *pfl_table(const struct pfl_board *board, size_t *size);

/*
 * Leaves a .ptab of instance @name as it is in force now for pfl_table(): for
 * a machine that does not have it.  PFL_ERR_NOT_FOUND, PFL_ERR_NOMEM.
 */
int pfl_load(struct pfl_board *board, const char *name);
/* The same for all that @change names; what is no longer there is taken out
 * of it. */
int pfl_load_all(struct pfl_board *board, struct pfl_change *change);

/* ---- Changes by people ---- */

/*
 * The machine's item @path, INSTANCE or INSTANCE.REG, becomes a person's: its
 * @inferred notes go, those of all nested in it too, and nothing else
 * changes.  A path of a field means its register, which holds the note.
 * PFL_OK with @change->changed false when it is a person's already;
 * PFL_ERR_NOT_FOUND, PFL_ERR_INPUT with pfl_messages().
 */
int pfl_accept(struct pfl_board *board, const char *path,
               struct pfl_change *change);

/*
 * The machine's item @path goes for good: a `drop` line at the end of
 * board.periph takes it out and keeps the machine from writing it again;
 * its text stays where it is, and counts again when the line goes.
 * PFL_ERR_OWNED for a person's, PFL_ERR_TEXT for a single field (its register
 * is the machine's item), PFL_ERR_NOT_FOUND, PFL_ERR_INPUT with
 * pfl_messages() when something else needs it.
 */
int pfl_drop(struct pfl_board *board, const char *path,
             struct pfl_change *change);

/*
 * Looks at the folder again.  Files that changed and compile are taken over
 * and named in @change, pending answers are merged; where an instance is gone
 * the table is the whole board, so that a machine takes it out; of files with
 * errors the last good text stays in force and PFL_ERR_INPUT is returned,
 * with pfl_messages().  Both can happen at once: look at @change->changed too.
 */
int pfl_refresh(struct pfl_board *board, struct pfl_change *change);

/* Descriptor of an inotify watch on the folder to poll for reading, -1 where
 * there is none.  pfl_watch_drain() empties it: true when a `.periph` file
 * was touched by somebody else than this board. */
int pfl_watch_fd(const struct pfl_board *board);
bool pfl_watch_drain(struct pfl_board *board);

/* ---- Disk ---- */

/* Writes what could not be written yet and fsyncs what was: at quiet times
 * and before the end.  PFL_OK or PFL_ERR_IO. */
int pfl_sync(struct pfl_board *board);
/* True when something would be wasted by pfl_close() now. */
bool pfl_dirty(const struct pfl_board *board);
/* Files whose answers are only in memory, and why (errno of the first). */
unsigned pfl_unsaved(const struct pfl_board *board, int *why);

/* A small file of the folder that belongs to the machine, such as
 * ".periph-state.json": atomically written, read whole (malloc'ed, NUL
 * behind it, at most 1 MiB). */
int pfl_state_write(struct pfl_board *board, const char *name,
                    const char *text);
int pfl_state_read(struct pfl_board *board, const char *name, char **out);

/* ---- What the board says now ---- */

struct pfl_device {
    const char *name;       /* of the instance */
    const char *device;     /* name of its device */
    uint64_t base, size;
    unsigned width;         /* natural register width, bits */
    unsigned confidence;    /* 100 for a person's */
    const char *by;         /* NULL: a person */
    const char *text;       /* description or NULL */
    const char *file;       /* the machine's or a person's file name */
    bool machine;           /* the machine owns the instance's line */
    bool closed;
    bool console;
    unsigned registers;
};

struct pfl_reg {
    const char *name;
    uint64_t offset;
    unsigned bytes;
    uint64_t reset;
    unsigned confidence;
    const char *by;         /* NULL: a person */
    const char *evidence;   /* or NULL */
    const char *text;       /* description or NULL */
    const char *source;     /* the item as written, without notes; or NULL */
    bool machine;           /* may be replaced by an edit */
};

/* Pointers in the results live until the next apply, refresh or close. */
const char *pfl_board_name(const struct pfl_board *board);
const char *pfl_dir(const struct pfl_board *board);
/* PFL_OK, or PFL_ERR_NOT_FOUND when @index is past the end. */
int pfl_device(const struct pfl_board *board, unsigned index,
               struct pfl_device *out);
/* The device whose window holds @address. */
int pfl_device_at(const struct pfl_board *board, uint64_t address,
                  struct pfl_device *out);
/* Registers of the device at @base, by offset. */
int pfl_reg(struct pfl_board *board, uint64_t base, unsigned index,
            struct pfl_reg *out);
/* Whether some register of that device covers @offset. */
bool pfl_has_reg(const struct pfl_board *board, uint64_t base,
                 uint64_t offset);
/* Name of the board's first native whose type in QEMU begins with @type;
 * NULL: none.  Lives until the next apply, refresh or close. */
const char *pfl_native(const struct pfl_board *board, const char *type);
struct pfl_memory {
    const char *name;       /* lives until the next apply, refresh or close */
    uint64_t base, size;
    unsigned confidence;    /* 100 for a person's */
    const char *by;         /* NULL: a person */
    const char *evidence;   /* or NULL */
    bool machine;           /* may be replaced by an edit */
};

/* PFL_OK, or PFL_ERR_NOT_FOUND when @index is past the end. */
int pfl_memory(const struct pfl_board *board, unsigned index,
               struct pfl_memory *out);
/* Base of the console device; PFL_ERR_NOT_FOUND: none yet. */
int pfl_console(const struct pfl_board *board, uint64_t *base);

#endif
