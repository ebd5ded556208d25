/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices that a person has changed a .periph file of a board's folder, or
 * of a folder that it imports from. */
#ifndef RUNTIME_TOOLS_EDITS_H
#define RUNTIME_TOOLS_EDITS_H

#include <stdbool.h>

/*
 * Watches the files directly in @dir.  A descriptor to poll for input and to
 * close(), or -1.
 */
int edits_open(const char *dir);

/*
 * Watches the folder of @path too, if that is a .periph file: all of them
 * there count.  Again for a folder that is watched does nothing.
 */
void edits_follow(int fd, const char *path);

/*
 * Takes what is to be read; true when a .periph file was written, put in
 * place or removed, or when that may have been missed.  False for @fd -1.
 */
bool edits_drain(int fd);

#endif
