/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/terminal.h"

#include <unistd.h>

bool terminal_usable(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
           tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void terminal_open(struct terminal *t)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &t->saved) != 0) {
        return;
    }
    raw = t->saved;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    t->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void terminal_close(struct terminal *t)
{
    if (t->raw) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &t->saved);
        t->raw = false;
    }
}

size_t terminal_keys(struct terminal *t, const char *keys, size_t len,
                     char *out, bool *quit)
{
    size_t i, used = 0;

    for (i = 0; i < len; i++) {
        if (!t->escape && keys[i] == TERMINAL_ESCAPE) {
            t->escape = true;
            continue;
        }
        if (t->escape && (keys[i] == 'x' || keys[i] == 'X')) {
            *quit = true;
        } else {
            out[used++] = keys[i];
        }
        t->escape = false;
    }
    return used;
}
