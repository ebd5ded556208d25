/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/tools/util.h"

#define PROCESS_POLL_NS 10000000L

void arguments_init(struct arguments *a)
{
    a->count = 0;
    a->argv[0] = NULL;
}

void arguments_dispose(struct arguments *a)
{
    size_t i;

    for (i = 0; i < a->count; i++) {
        free(a->argv[i]);
    }
    arguments_init(a);
}

void arguments_add(struct arguments *a, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (a->count == PROCESS_MAX_ARGS || vasprintf(&text, format, args) < 0) {
        say("too many arguments");
        exit(1);
    }
    va_end(args);
    a->argv[a->count++] = text;
    a->argv[a->count] = NULL;
}

/* In the child: becomes the program, or reports errno through @report. */
static void become(const struct arguments *args, const char *log_path,
                   const int *keep, pid_t parent, int report)
{
    sigset_t none;
    int in, out, i, error;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(127);
    }
    in = open("/dev/null", O_RDONLY);
    out = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (in >= 0 && out >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
        dup2(out, 2) == 2) {
        for (i = 0; i < PROCESS_KEEP_FDS; i++) {
            if (keep[i] >= 0) {
                fcntl(keep[i], F_SETFD, 0);
            }
        }
        execvp(args->argv[0], args->argv);
    }
    error = errno;
    if (write(report, &error, sizeof(error)) < 0) {
        _exit(126);
    }
    _exit(127);
}

int process_start(struct process *p, const char *name,
                  const struct arguments *args, const char *log_path,
                  const int keep[PROCESS_KEEP_FDS])
{
    pid_t parent = getpid();
    int report[2], error = 0;
    ssize_t got;

    *p = (struct process) { .name = name };
    if (pipe2(report, O_CLOEXEC) != 0) {
        return -1;
    }
    fflush(NULL);
    p->pid = fork();
    if (p->pid == 0) {
        become(args, log_path, keep, parent, report[1]);
    }
    close(report[1]);
    if (p->pid < 0) {
        error = errno;
    } else {
        do {
            got = read(report[0], &error, sizeof(error));
        } while (got < 0 && errno == EINTR);
        if (got > 0) {
            waitpid(p->pid, NULL, 0);
        }
    }
    close(report[0]);
    if (error) {
        p->pid = 0;
        errno = error;
        return -1;
    }
    return 0;
}

bool process_ended(struct process *p)
{
    int status;

    if (p->pid && waitpid(p->pid, &status, WNOHANG) == p->pid) {
        p->status = status;
        p->pid = 0;
    }
    return p->pid == 0;
}

bool process_wait(struct process *p, double seconds)
{
    const struct timespec pause = { 0, PROCESS_POLL_NS };
    double end = now_seconds() + seconds;

    while (!process_ended(p)) {
        if (now_seconds() >= end) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

void process_stop(struct process *p, double seconds)
{
    if (process_ended(p)) {
        return;
    }
    kill(p->pid, SIGTERM);
    kill(p->pid, SIGCONT);
    if (!process_wait(p, seconds)) {
        kill(p->pid, SIGKILL);
        process_wait(p, seconds);
    }
}

char *process_first_line(const struct arguments *args)
{
    int out[2];
    pid_t pid;
    char *line = NULL;
    size_t room = 0;
    FILE *stream;
    int status = -1;

    if (pipe2(out, O_CLOEXEC) != 0) {
        return NULL;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (dup2(out[1], STDOUT_FILENO) == STDOUT_FILENO) {
            execvp(args->argv[0], args->argv);
        }
        _exit(127);
    }
    close(out[1]);
    stream = fdopen(out[0], "r");
    if (pid > 0 && stream && getline(&line, &room, stream) > 0) {
        line[strcspn(line, "\n")] = 0;
    }
    if (pid > 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    if (stream) {
        fclose(stream);
    }
    if (status != 0 || !line || !*line) {
        free(line);
        return NULL;
    }
    return line;
}

int process_code(const struct process *p)
{
    return WIFEXITED(p->status) ? WEXITSTATUS(p->status) :
           128 + WTERMSIG(p->status);
}
