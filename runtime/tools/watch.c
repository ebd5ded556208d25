/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/watch.h"

#include <string.h>

void watch_init(struct watch *w)
{
    w->len = 0;
    w->text[0] = 0;
}

static void forget(struct watch *w, size_t count)
{
    w->len -= count;
    memmove(w->text, w->text + count, w->len + 1);
}

void watch_add(struct watch *w, const char *bytes, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (bytes[i] == '\r' || bytes[i] == 0) {
            continue;
        }
        if (w->len == WATCH_SIZE) {
            forget(w, WATCH_SIZE / 2);
        }
        w->text[w->len++] = bytes[i];
        w->text[w->len] = 0;
    }
}

bool watch_find(struct watch *w, const regex_t *regex, bool consume)
{
    regmatch_t match;

    if (regexec(regex, w->text, 1, &match, 0) != 0) {
        return false;
    }
    if (consume) {
        forget(w, (size_t)match.rm_eo);
    }
    return true;
}

int watch_compile(regex_t *regex, const char *pattern, char *error,
                  size_t size)
{
    int code = regcomp(regex, pattern, REG_EXTENDED | REG_NEWLINE);

    if (code == 0) {
        return 0;
    }
    regerror(code, regex, error, size);
    return -1;
}
