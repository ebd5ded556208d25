/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices that a person has changed a .periph file of a board's folder. */
#ifndef RUNTIME_TOOLS_EDITS_H
#define RUNTIME_TOOLS_EDITS_H

#include <stdbool.h>

/*
 * Watches the files directly in @dir; what they import from elsewhere is not
 * watched.  A descriptor to poll for input and to close(), or -1.
 */
int edits_open(const char *dir);

/*
 * Takes what is to be read; true when a .periph file was written, put in
 * place or removed, or when that may have been missed.  False for @fd -1.
 */
bool edits_drain(int fd);

#endif
