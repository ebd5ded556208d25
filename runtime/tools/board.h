/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Board folders: finding, locking, compiling, fetching what they load. */
#ifndef RUNTIME_TOOLS_BOARD_H
#define RUNTIME_TOOLS_BOARD_H

#include <stdbool.h>
#include <stdint.h>

struct pcc;
struct pfl_board;

struct board {
    char *name;         /* last part of the folder's path */
    char *dir;          /* the folder, absolute */
    int lock;           /* descriptor that holds the lock, or -1 */
    bool read_only;     /* nothing can be created in the folder */
    char *package;      /* folder of the unpacked package, or NULL */
};

#define BOARD_INIT { NULL, NULL, -1, false, NULL }

/*
 * Finds a board.  What holds a slash is a folder, used as it is.  A name is
 * looked up among the boards that came with Periph and worked on as a copy in
 * the user's data folder; without @copy one is used, but not made.  Returns
 * an exit status, having said what is wrong.
 */
int board_find(struct board *b, const char *what, bool copy);

/* The folder of the language's library of blocks, owned by the caller; NULL
 * when there is none. */
char *board_library(void);

/* Takes the folder for this process; says who has it when it is taken. */
int board_lock(struct board *b);

/* The same without a word: false when another process has it. */
bool board_try_lock(struct board *b);

void board_dispose(struct board *b);

enum board_talk {
    BOARD_SAYS_ALL,     /* warnings too */
    BOARD_SAYS_ERRORS,
    BOARD_SAYS_NOTHING,
};

/*
 * Compiles a board folder and prints diagnostics to stderr.  STATUS_OK with
 * *out, to be freed with pcc_free(), whose model has a board.
 */
int board_compile(const char *dir, enum board_talk talk, struct pcc **out);

/*
 * The same with the .periph files of the folder @texts in place of those of
 * @dir: what they import and load is looked for from @dir, and messages name
 * it.
 */
int board_compile_as(const char *dir, const char *texts, enum board_talk talk,
                     struct pcc **out);

/*
 * Whether the board would compile with @text at the end of board.periph: an
 * exit status.  Nothing is printed or changed.
 */
int board_compile_with(const char *dir, const char *text);

/* Fetches a Debian package into the cache: the folder it is unpacked to, owned
 * by the caller; NULL having said why. */
char *board_fetch_package(const char *name);

/* Fetches the package the board names, if any, into the cache. */
int board_fetch(struct board *b, const struct pcc *pcc);

/* Writes the register tables and the machine to @path. */
int board_emit(const struct board *b, struct pcc *pcc, const char *path);

/*
 * Changes when the images that the table @path loads do: a hash of their
 * paths, sizes and times.  0 when the table cannot be read.
 */
uint64_t board_image_id(const char *path);

/* Calls @fn with the path of each image that the table @path loads, at most
 * BOARD_IMAGES. */
#define BOARD_IMAGES 16
void board_each_image(const char *path,
                      void (*fn)(void *opaque, const char *image),
                      void *opaque);

/*
 * Opens the board's store in the folder @dir, having said what is wrong: an
 * exit status.  pfl_close() is due in any case.
 */
int board_profile(const char *dir, struct pfl_board **out);

/*
 * Copies the board's files to the new folder @to, leaving out every item
 * that the machine wrote: how --fresh starts.
 */
int board_copy_fresh(const struct board *b, const char *to);

/*
 * Replaces the board's .periph files by those of @from; files with nothing
 * but the machine's items that are not in @from go.
 */
int board_replace(const struct board *b, const char *from);

#endif
