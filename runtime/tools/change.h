/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the last run changed in a board: the texts before and after it, kept
 * in the log folder.  `periph diff BOARD --last` tells it, `periph undo` takes
 * it back.  A run that changes nothing leaves the change before it in place.
 */
#ifndef RUNTIME_TOOLS_CHANGE_H
#define RUNTIME_TOOLS_CHANGE_H

#include "runtime/tools/board.h"

#define CHANGE_BEFORE "last-change/before"
#define CHANGE_AFTER "last-change/after"

/* What the daemon keeps for itself in a board folder; goes with the texts. */
#define CHANGE_STATE ".periph-state.json"

/* True for the name of a board's own text: NAME.periph, not an editor's. */
bool change_is_text(const char *name);

/*
 * At the start and at the end of a run that may change the board @b, whose
 * logs go to @log_dir.  What a killed run began is ended by the next begin.
 * A failure costs the undo, and is said; 0 or -1.
 */
int change_begin(const struct board *b, const char *log_dir);
int change_end(const struct board *b, const char *log_dir);

/*
 * The log folder that holds the last change of @b, owned by the caller; NULL
 * having said that there is none.  Where @b is locked, what a killed run left
 * is looked at too.
 */
char *change_find(const struct board *b);

/* Forgets it. */
void change_forget(const char *log_dir);

#endif
