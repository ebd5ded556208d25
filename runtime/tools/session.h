/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of a board: the processes, their names and files, the guest's
 * console, and how it all ended.  session.c starts and ends things, loop.c
 * waits for events and decides when the run is over.
 */
#ifndef RUNTIME_TOOLS_SESSION_H
#define RUNTIME_TOOLS_SESSION_H

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>

#include "runtime/tools/board.h"
#include "runtime/tools/goals.h"
#include "runtime/tools/link.h"
#include "runtime/tools/option.h"
#include "runtime/tools/process.h"
#include "runtime/tools/qmp.h"
#include "runtime/tools/script.h"
#include "runtime/tools/terminal.h"
#include "runtime/tools/watch.h"

#define SESSION_RESTART_CODE 75     /* QEMU's exit status: start me again */
#define SESSION_MAX_RESTARTS 64
#define SESSION_MAX_DAEMONS 20      /* daemons that died */
#define SESSION_OUT_MAX 65536       /* bytes typed that the guest has not
                                       taken yet */

/* Options about who answers that go to the daemon as they are. */
enum ai_option {
    AI_BASE, AI_MODEL, AI_KEY_FILE, AI_CACHE, AI_CONSTRAINT, AI_PLUGIN,
    AI_MIN_CONFIDENCE, AI_OPTIONS
};

/* The options of `periph run`. */
struct run_options {
    struct option_texts until, avoid;   /* goals.h */
    const char *script;
    double timeout;                 /* seconds; 0: none */
    double quiet;                   /* seconds until a run counts as waiting */
    const char *report;
    const char *ai_type;
    const char *ai[AI_OPTIONS];     /* by enum ai_option; NULL: not said */
    struct option_texts priors;     /* files */
    bool no_priors;
    bool dry_run;
    bool fresh;
    bool no_infer;
    bool deterministic;
    const char *snapshots;          /* disk for savevm; NULL: none */
    const char *qemu;
    char **extra;                   /* QEMU's */
    int extra_count;
};

enum outcome {
    OUTCOME_MATCHED,
    OUTCOME_EXITED,
    OUTCOME_WAITING,
    OUTCOME_TIMEOUT,
    OUTCOME_STUCK,
    OUTCOME_CRASHED,
    OUTCOME_AVOIDED,                /* it came to what --avoid forbids */
};

/* Points in time, seconds on the monotonic clock; 0: not reached. */
struct stages {
    double fetching;                /* how long that took, before all else */
    double begin;                   /* moved on by as much */
    double compiled;
    double started;                 /* the guest runs its first instruction */
    double spoke;                   /* its first character */
    double ended;
    double closed;                  /* all processes are gone */
};

struct session {
    const struct run_options *options;
    struct board board;
    const char *named;              /* the board, as the user did */
    char *work_dir;                 /* what daemon and compiler work on */
    char *run_dir;                  /* private, goes at the end */
    int run_lock;
    char *log_dir;
    bool changes;                   /* the board's texts before are kept */
    char *machine_stats;            /* JSON that QEMU writes at its end */
    char *ptab;
    uint64_t image_id;              /* of the firmware in it */
    char *bridge_name;
    char *state_name;
    char *results;
    char *qemu_path;
    char *daemon_path;
    char *console_name;             /* instance or NULL */

    struct process qemu;
    struct process daemon;
    unsigned daemons_lost;
    unsigned restarts;
    int console;                    /* our end, or -1 */
    FILE *console_log;
    int signals;                    /* signalfd */
    int edits;                      /* of edits_open(), or -1 */
    bool edited;                    /* a change waits to be compiled */
    unsigned loads_seen;            /* answers that were reported */
    struct qmp qmp;
    struct link link;
    struct figures figures;
    bool attached;                  /* the link was, in this start */
    bool running;                   /* the guest was let go */
    double waits_daemon;            /* since when the start waits for it */
    double daemon_started;

    bool interactive;
    struct terminal terminal;
    char out[SESSION_OUT_MAX];      /* typed, not taken yet */
    size_t out_len;
    struct watch watch;
    struct goals goals;
    const struct goal *avoiding;    /* was come to; it is asked what led
                                       there, or NULL */
    bool avoid_sent;                /* QEMU has been told, */
    unsigned avoid_cpu;             /* of this CPU, */
    uint64_t avoid_questions;       /* after so many questions */
    unsigned avoid_answers, reached_answers;    /* of QEMU's, seen so far */
    struct script script;
    struct accesses accesses;       /* of the script's steps */

    double quiet_since;             /* last character or question */
    double checked;                 /* when quietness was last looked at */
    uint64_t questions_seen;
    uint64_t questions_known;       /* ... when the console was looked up */
    uint64_t accesses_seen;         /* to table devices, at the latest look */
    double accessed;                /* when that number last grew */
    uint64_t crashes_seen;          /* questions about one, then */
    uint64_t crash_accesses;        /* accesses_seen when that number grew */
    uint64_t polls_seen;            /* reads of the console at that time */
    unsigned polls_found;           /* looks in a row that found new ones */

    struct stages stages;
    enum outcome outcome;
    bool satisfied;                 /* --until matched, script passed */
    bool over;
    int signal;                     /* that ended it, or 0 */
    int failure;                    /* exit status when it could not run */
    char reason[512];               /* of the outcome, in words, or "" */
    struct cJSON *machine;          /* as it was at the end, or NULL */
};

/* Word of the report; never NULL. */
const char *outcome_name(enum outcome outcome);

/*
 * Prepares the run: names, folders, compiled board, script.  An exit status;
 * session_close() is due in any case.
 */
int session_open(struct session *s, const struct run_options *options,
                 const char *board);

/* Starts daemon and QEMU.  An exit status. */
int session_start(struct session *s);

/* Takes QEMU's end apart from ours: figures are kept, descriptors closed. */
void session_qemu_ended(struct session *s);

/* After exit status 75: compiles what was learnt, starts QEMU again. */
int session_restart(struct session *s);

/* Starts the daemon (again). */
int session_start_daemon(struct session *s);

/* Ends all processes, removes shared memories and the run's folder. */
void session_stop(struct session *s);

/* Frees everything; stops what still runs. */
void session_close(struct session *s);

/* Compiles the work folder into the table QEMU loads. */
int session_compile(struct session *s);

/*
 * Takes what a person has changed into the running machine, where no daemon
 * does; says what is wrong with it, and nothing changes then.
 */
void session_take_edits(struct session *s);

/* Learns from the work folder which instance is the console by now. */
void session_find_console(struct session *s);

/* Waits for events until the run is over; sets outcome, reason. */
void loop_run(struct session *s);

/*
 * QEMU with Periph's devices: @named, $PERIPH_QEMU, or the one that was
 * built; owned by the caller.  NULL, having said so, when there is none.
 */
char *session_find_qemu(const char *named);

#endif
