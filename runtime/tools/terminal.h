/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's terminal while the guest owns it. */
#ifndef RUNTIME_TOOLS_TERMINAL_H
#define RUNTIME_TOOLS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define TERMINAL_ESCAPE 1       /* Ctrl-A */

struct terminal {
    bool raw;                   /* the settings below are to be restored */
    bool escape;                /* the last key was Ctrl-A */
    struct termios saved;
};

/* True when stdin and stdout are a terminal in whose foreground we are. */
bool terminal_usable(void);

/*
 * Switches stdin to raw mode; what is printed is still post-processed, so
 * that a line feed alone starts a line.  Does nothing when it is no terminal.
 */
void terminal_open(struct terminal *t);

/* Restores what terminal_open() changed. */
void terminal_close(struct terminal *t);

/*
 * Takes keys the user typed: copies what is for the guest to @out (room for
 * @len), returns how many bytes that is.  Sets *quit for Ctrl-A x; Ctrl-A
 * Ctrl-A sends one Ctrl-A.
 */
size_t terminal_keys(struct terminal *t, const char *keys, size_t len,
                     char *out, bool *quit);

#endif
