/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts for the guest, a line a step:
 *
 *     # a comment
 *     expect REGEX            wait for the text, at most 60 seconds; \n and
 *                             \t are understood besides POSIX's escapes
 *     expect "REGEX" SECONDS  the same, with a time-out of its own
 *     send TEXT               type it; \r \n \t \\ \" \xHH are understood
 *     send "TEXT"             the same, where blanks at the ends matter
 *     wait SECONDS            until the guest has been quiet for so long
 *     write ADDRESS VALUE     wait for the guest to write VALUE to the
 *                             register at ADDRESS, at most 60 seconds;
 *                             VALUE/MASK compares some bits, "any" none
 *     write ADDRESS VALUE SECONDS
 *     read ADDRESS VALUE      the same for what it reads there
 *
 * An expectation forgets the text up to the end of what it matched, and the
 * accesses up to the one that was waited for.
 */
#ifndef RUNTIME_TOOLS_SCRIPT_H
#define RUNTIME_TOOLS_SCRIPT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/tools/accesses.h"
#include "runtime/tools/watch.h"

#define SCRIPT_MAX_STEPS 1024
#define SCRIPT_MAX_BYTES 65536
#define SCRIPT_TIMEOUT 60.0

enum script_verb {
    SCRIPT_EXPECT,
    SCRIPT_SEND,
    SCRIPT_WAIT,
    SCRIPT_ACCESS,
};

struct script_step {
    enum script_verb verb;
    unsigned line;
    regex_t regex;      /* SCRIPT_EXPECT */
    struct access_wanted access; /* SCRIPT_ACCESS */
    char *text;         /* the pattern, the bytes to send, or the access */
    size_t len;
    double seconds;     /* time-out, or how long to be quiet */
};

struct script {
    struct script_step *steps;
    size_t count;
    size_t at;          /* the step that is being worked on */
    double since;       /* when it was begun */
    struct accesses *accesses; /* for SCRIPT_ACCESS; the caller's */
};

enum script_state {
    SCRIPT_GOES_ON,
    SCRIPT_PASSED,
    SCRIPT_FAILED,      /* a time-out; script_describe() says of what */
};

/*
 * Reads a script.  0, or -1 after printing each wrong line as
 * "FILE:LINE: ..." to stderr.  @s needs script_dispose() in both cases.
 */
int script_load(struct script *s, const char *path);

/* The same from text; @name stands in messages. */
int script_parse(struct script *s, const char *name, const char *text);

void script_dispose(struct script *s);

/* Whether a step of it waits for an access. */
bool script_has_accesses(const struct script *s);

/* Starts the script at time @now. */
void script_begin(struct script *s, double now);

/*
 * Goes as far as it can at time @now, the guest having been quiet since
 * @quiet_since.  @send is called for what is to be typed.
 */
enum script_state script_advance(struct script *s, struct watch *w,
                                 double now, double quiet_since,
                                 void (*send)(void *opaque, const char *bytes,
                                              size_t len),
                                 void *opaque);

/* When script_advance() is to be called again at the latest. */
double script_deadline(const struct script *s, double quiet_since);

/* "line 3: expect \"=> \"" of the step being worked on; caller frees. */
char *script_describe(const struct script *s);

#endif
