/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small things that all of `periph` uses: messages, paths, time. */
#ifndef RUNTIME_TOOLS_UTIL_H
#define RUNTIME_TOOLS_UTIL_H

#include <stdbool.h>
#include <stddef.h>

/* Prints "periph: ", the message and a line end to stderr. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Allocates a formatted string, owned by the caller.  Ends the program when
 * out of memory: only the tool itself uses it, no library.
 */
char *text_new(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Seconds on the monotonic clock. */
double now_seconds(void);

/*
 * Reads a file of at most @max bytes, NUL added behind them; the caller
 * frees.  NULL with errno set; EFBIG when it is longer.
 */
char *file_read(const char *path, size_t max, size_t *len);

/* Creates a folder and those above it, each with @mode.  0 or -1, errno. */
int make_folders(const char *path, unsigned mode);

/* True for a folder; links are followed. */
bool is_folder(const char *path);

/* Removes a folder with all in it; links are not followed.  0 or -1. */
int remove_folder(const char *path);

/* Copies a file to the new file @to.  0 or -1, errno. */
int copy_file(const char *from, const char *to);

/*
 * Copies the regular files and folders of @from to the new folder @to,
 * without names that begin with a dot and without @skip (may be NULL).
 */
int copy_folder(const char *from, const char *to, const char *skip);

/* $variable when it is set and absolute, else $HOME/@tail; caller frees. */
char *xdg_folder(const char *variable, const char *tail);

/*
 * Finds a part of the installation: @installed below the folder above the
 * program's own ("share/periph/boards"), or @source below the source folder
 * when the program runs from its build folder.  NULL when neither exists.
 */
char *find_part(const char *installed, const char *source);

#endif
