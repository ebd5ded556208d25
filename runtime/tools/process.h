/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes: each in a process group of its own, so that Ctrl-C on the
 * terminal reaches only us and the children end in order; each gets SIGTERM
 * from the kernel should we be killed.
 */
#ifndef RUNTIME_TOOLS_PROCESS_H
#define RUNTIME_TOOLS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROCESS_MAX_ARGS 256
#define PROCESS_KEEP_FDS 2

/* A growing argument list; the strings are owned by it. */
struct arguments {
    char *argv[PROCESS_MAX_ARGS + 1];
    size_t count;
};

void arguments_init(struct arguments *a);
void arguments_dispose(struct arguments *a);
/* Adds a formatted argument.  Too many is an error of the tool: it ends. */
void arguments_add(struct arguments *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct process {
    pid_t pid;          /* 0: not running */
    int status;         /* of waitpid(), valid once it has ended */
    const char *name;   /* for messages, not owned */
};

/*
 * Starts a program found by path (or on PATH when it holds no slash), stdin
 * from /dev/null, stdout and stderr to the end of @log_path.  @keep lists
 * descriptors it inherits, -1 for none.  0, or -1 with errno set.
 */
int process_start(struct process *p, const char *name,
                  const struct arguments *args, const char *log_path,
                  const int keep[PROCESS_KEEP_FDS]);

/* True once the process has ended; takes its status.  Does not wait. */
bool process_ended(struct process *p);

/* Ends the process: SIGTERM, SIGKILL after @seconds; waits for its end. */
void process_stop(struct process *p, double seconds);

/* Waits for the end at most @seconds; true when it has ended. */
bool process_wait(struct process *p, double seconds);

/*
 * Runs a program to its end; its stderr is ours.  The first line of its
 * output, owned by the caller, or NULL when it failed or printed nothing.
 */
char *process_first_line(const struct arguments *args);

/* Exit status, or 128 + signal number. */
int process_code(const struct process *p);

#endif
