/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A minimal client of QEMU's machine protocol: state of the machine, quit. */
#ifndef RUNTIME_TOOLS_QMP_H
#define RUNTIME_TOOLS_QMP_H

#include <stdbool.h>
#include <stddef.h>

#define QMP_LINE_MAX 65536
#define QMP_STATUS_MAX 32
#define QMP_ERROR_MAX 512

struct qmp {
    int fd;                         /* -1: not connected */
    char line[QMP_LINE_MAX];
    size_t have;
    char status[QMP_STATUS_MAX];    /* "running", "paused" ... or "" */
    bool ready;                     /* the greeting was exchanged */
    bool shutdown;                  /* SHUTDOWN was announced */
    bool guest_shutdown;            /* ... and the guest asked for it */
    unsigned resets;                /* resets that the guest asked for */
    unsigned asked;                 /* monitor commands sent, */
    unsigned answered;              /* the latest that was answered */
    char *text;                     /* what it said; owned */
    bool stopped;                   /* STOP was announced; for the reader to
                                       take back */
    char reached[QMP_STATUS_MAX];   /* latest answer to qmp_ask_reached() */
    unsigned reached_count;         /* answers to it */
    unsigned avoided_count;         /* answers to qmp_avoided() */
    char avoided_error[QMP_ERROR_MAX];  /* the latest; "": it is asked */
    char goal_error[QMP_ERROR_MAX]; /* why a goal was refused, or "" */
    unsigned loads;                 /* answers to qmp_load() */
    char load_error[QMP_ERROR_MAX]; /* of the latest; "": it is in force */
};

/* Takes over a connected socket. */
void qmp_init(struct qmp *q, int fd);
void qmp_close(struct qmp *q);

/* Reads what is there; closes at the end of the stream. */
void qmp_receive(struct qmp *q);

/* Asks for the state; the answer appears in status later. */
void qmp_ask_status(struct qmp *q);
void qmp_continue(struct qmp *q);
void qmp_quit(struct qmp *q);
/* Stops the machine, without waiting for that. */
void qmp_halt(struct qmp *q);

/*
 * Stops the machine and waits for that at most until @deadline (seconds on
 * the monotonic clock); false when there was no answer.
 */
bool qmp_stop(struct qmp *q, double deadline);
/*
 * What the human monitor says to @command, a word of [a-z0-9 /-] only; NULL
 * when it did not by @deadline.  Valid until the next call.
 */
const char *qmp_monitor(struct qmp *q, const char *command, double deadline);

/*
 * Has the machine replace its tables by those of the file @path; loads and
 * load_error tell later.
 */
void qmp_load(struct qmp *q, const char *path);

/* Adds a place to stop at, as qemu-hw's property `goal` of the machine. */
void qmp_goal(struct qmp *q, const char *goal);
/* Asks which of them has stopped the machine; reached tells later. */
void qmp_ask_reached(struct qmp *q);
/* Has the inference device ask what led CPU @cpu to where it is. */
void qmp_avoided(struct qmp *q, unsigned cpu);

#endif
