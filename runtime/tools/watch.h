/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's recent words: a bounded window of console text in which
 * regular expressions are looked for.  Carriage returns and NULs are left
 * out, so that "^" and "$" mean what people expect.
 */
#ifndef RUNTIME_TOOLS_WATCH_H
#define RUNTIME_TOOLS_WATCH_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#define WATCH_SIZE 16384

struct watch {
    char text[WATCH_SIZE + 1];  /* NUL-terminated */
    size_t len;
};

void watch_init(struct watch *w);

/* Adds console output; the oldest text falls out when there is no room. */
void watch_add(struct watch *w, const char *bytes, size_t len);

/*
 * Looks for @regex.  When it is found and @consume is set, the text up to the
 * end of the match is forgotten.
 */
bool watch_find(struct watch *w, const regex_t *regex, bool consume);

/*
 * Compiles a POSIX extended expression whose "^" and "$" match at line ends.
 * On failure prints nothing, returns -1 and a text for the user in @error.
 */
int watch_compile(regex_t *regex, const char *pattern, char *error,
                  size_t size);

#endif
