/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of a run: console, terminal, machine protocol, signals and
 * children, and the decision that the run is over.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/tools/command.h"
#include "runtime/tools/edits.h"
#include "runtime/tools/session.h"
#include "runtime/tools/util.h"

#define TICK_START_MS 2         /* while QEMU comes up */
#define TICK_MS 50
#define TICK_ACCESS_MS 5        /* while records must not be lost */
#define LOOK_SECONDS 0.25       /* between two looks for quietness */
#define LOOKS_POLLING 4         /* looks in a row that found a poll */
#define DAEMON_SECONDS 20.0     /* the guest waits for the daemon at start */
#define DAEMON_LIVED 1.0        /* a daemon that lived so long was good */
#define UNTIL_PATIENCE 6        /* times --quiet, when something is awaited */
#define STUCK_PATIENCE 3        /* times --quiet, until silence is "stuck" */
#define LOG_TAIL 2048
#define MAX_RESETS 100
#define CRASHES_IN_VAIN 20      /* between two looks, and nothing else */

enum {
    POLL_SIGNALS, POLL_CONSOLE, POLL_QMP, POLL_KEYS, POLL_EDITS, POLL_COUNT
};

static void finish(struct session *s, enum outcome outcome,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first reason to end counts. */
static void finish(struct session *s, enum outcome outcome,
                   const char *format, ...)
{
    va_list args;

    if (s->over) {
        return;
    }
    s->over = true;
    s->outcome = outcome;
    s->stages.ended = now_seconds();
    va_start(args, format);
    vsnprintf(s->reason, sizeof(s->reason), format, args);
    va_end(args);
}

/* ---- console ---- */

static void type(void *opaque, const char *bytes, size_t len)
{
    struct session *s = opaque;

    if (len > sizeof(s->out) - s->out_len) {
        len = sizeof(s->out) - s->out_len;
    }
    memcpy(s->out + s->out_len, bytes, len);
    s->out_len += len;
}

static void console_flush(struct session *s)
{
    ssize_t sent;

    if (s->console < 0 || s->out_len == 0) {
        return;
    }
    sent = write(s->console, s->out, s->out_len);
    if (sent > 0) {
        s->out_len -= (size_t)sent;
        memmove(s->out, s->out + sent, s->out_len);
    }
}

static void show(const char *bytes, size_t len)
{
    ssize_t done;

    while (len > 0) {
        done = write(STDOUT_FILENO, bytes, len);
        if (done < 0 && errno != EINTR) {
            return;     /* nobody listens; the log has it */
        }
        if (done > 0) {
            bytes += done;
            len -= (size_t)done;
        }
    }
}

/* The guest has come to @goal; NULL: to none. */
static void come_to(struct session *s, const struct goal *goal, unsigned cpu)
{
    char words[256];

    if (!goal || s->over || s->avoiding) {
        return;
    }
    goals_words(goal, words, sizeof(words));
    if (!goal->avoid) {
        s->satisfied = true;
        finish(s, OUTCOME_MATCHED, "%s", words);
    } else if (s->options->no_infer) {
        finish(s, OUTCOME_AVOIDED, "%s; with --no-infer nothing is taken "
               "back", words);
    } else {
        say("%s: looking for what led there", words);
        qmp_halt(&s->qmp);
        s->avoiding = goal;
        s->avoid_sent = false;
        s->avoid_cpu = cpu;
    }
}

/*
 * A stop of the machine may be a goal that it came to.  One that is to be
 * avoided becomes a question as soon as no other is open; its answer ends
 * this start of the machine, or the run.
 */
static void look_at_goals(struct session *s)
{
    char message[PBR_MESSAGE_MAX], words[256];
    const struct goal *goal;
    unsigned cpu = 0;
    uint64_t questions;
    bool open;

    if (*s->qmp.goal_error && !s->over) {
        s->failure = STATUS_USAGE;
        finish(s, OUTCOME_CRASHED, "QEMU refused a goal: %s",
               s->qmp.goal_error);
    }
    if (s->qmp.stopped) {
        s->qmp.stopped = false;
        qmp_ask_reached(&s->qmp);
    }
    if (s->reached_answers != s->qmp.reached_count) {
        s->reached_answers = s->qmp.reached_count;
        goal = goals_reached(&s->goals, s->qmp.reached, &cpu);
        come_to(s, goal, cpu);
    }
    if (!s->avoiding || s->over) {
        return;
    }
    questions = link_questions(&s->link, &open);
    if (s->avoid_answers != s->qmp.avoided_count) {
        s->avoid_answers = s->qmp.avoided_count;
        s->avoid_sent = !*s->qmp.avoided_error;
    } else if (!s->avoid_sent && !open) {
        s->avoid_sent = true;
        s->avoid_questions = questions;
        qmp_avoided(&s->qmp, s->avoid_cpu);
    } else if (s->avoid_sent && !open && questions > s->avoid_questions &&
               link_verdict(&s->link) != PBR_V_RESTART) {
        link_crashed(&s->link, message);
        finish(s, OUTCOME_AVOIDED, "%s; %s",
               goals_words(s->avoiding, words, sizeof(words)),
               *message ? message : "what led there is not known");
    }
}

static void console_receive(struct session *s)
{
    char bytes[4096];
    ssize_t got;

    while (s->console >= 0) {
        got = read(s->console, bytes, sizeof(bytes));
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (got <= 0) {
            close(s->console);
            s->console = -1;
            return;
        }
        s->quiet_since = now_seconds();
        if (s->stages.spoke == 0) {
            s->stages.spoke = s->quiet_since;
        }
        show(bytes, (size_t)got);
        if (s->console_log) {
            fwrite(bytes, 1, (size_t)got, s->console_log);
            fflush(s->console_log);
        }
        watch_add(&s->watch, bytes, (size_t)got);
        if (!s->avoiding) {
            come_to(s, goals_shown(&s->goals, &s->watch), 0);
        }
    }
}

static void keys_receive(struct session *s)
{
    char keys[256], bytes[256];
    ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));
    bool quit = false;

    if (got > 0) {
        type(s, bytes, terminal_keys(&s->terminal, keys, (size_t)got, bytes,
                                     &quit));
    } else if (got == 0 || errno != EINTR) {
        quit = true;
    }
    if (quit) {
        finish(s, s->polls_found >= LOOKS_POLLING ? OUTCOME_WAITING :
               OUTCOME_EXITED, "ended by the user");
    }
}

static void script_step(struct session *s)
{
    enum script_state state;
    char *what;

    if (!s->options->script || !s->running || s->over) {
        return;
    }
    state = script_advance(&s->script, &s->watch, now_seconds(),
                           s->quiet_since, type, s);
    if (state == SCRIPT_PASSED) {
        s->satisfied = true;
        finish(s, OUTCOME_MATCHED, "the script passed");
    } else if (state == SCRIPT_FAILED) {
        what = script_describe(&s->script);
        finish(s, OUTCOME_TIMEOUT, accesses_lost(&s->accesses) > 0 ?
               "%s, %s: time-out, but accesses were lost" :
               "%s, %s: time-out", s->options->script, what);
        free(what);
    }
}

/* ---- processes ---- */

/* Prints the last lines a child wrote, with its name before them. */
static void print_tail(struct session *s, const char *name)
{
    char *path = text_new("%s/%s", s->log_dir, name);
    size_t len;
    char *text = file_read(path, 1u << 24, &len);
    char *line = text, *next;

    if (text && len > LOG_TAIL) {
        line = text + len - LOG_TAIL;
        line = strchr(line, '\n') ? strchr(line, '\n') + 1 : line;
    }
    while (line && (next = strsep(&line, "\n")) != NULL) {
        if (*next) {
            say("%s: %s", name, next);
        }
    }
    free(text);
    free(path);
}

static void qemu_ended(struct session *s)
{
    int code = process_code(&s->qemu);

    console_receive(s);
    qmp_receive(&s->qmp);
    if (s->over) {
        return;
    }
    if (code == SESSION_RESTART_CODE) {
        if (s->restarts >= SESSION_MAX_RESTARTS) {
            finish(s, OUTCOME_STUCK, "restarted %u times without getting "
                   "anywhere", s->restarts);
            return;
        }
        say("starting the machine again with what was learnt");
        s->failure = session_restart(s);
        if (s->failure != STATUS_OK) {
            finish(s, OUTCOME_CRASHED, "the restart failed");
        }
        script_begin(&s->script, now_seconds());
        watch_init(&s->watch);
        s->quiet_since = now_seconds();
    } else if (code == 0 && s->running) {
        finish(s, OUTCOME_EXITED, "the guest ended");
    } else {
        s->failure = s->running ? STATUS_OK : STATUS_USAGE;
        print_tail(s, "qemu.log");
        finish(s, OUTCOME_CRASHED, s->running ?
               "QEMU ended with status %d; its words are in %s/qemu.log" :
               "QEMU ended with status %d before the guest ran; its words "
               "are in %s/qemu.log; --qemu and $PERIPH_QEMU must name a QEMU "
               "with Periph's devices (make qemu)", code, s->log_dir);
    }
}

static void daemon_ended(struct session *s)
{
    int code = process_code(&s->daemon);
    bool young = now_seconds() - s->daemon_started < DAEMON_LIVED;

    s->daemons_lost++;
    if (young && code == STATUS_USAGE && s->daemons_lost == 1) {
        print_tail(s, "periphd.log");
        s->failure = STATUS_USAGE;
        finish(s, OUTCOME_CRASHED, "periphd cannot be started like this");
        return;
    }
    if ((young && s->daemons_lost > 2) ||
        s->daemons_lost > SESSION_MAX_DAEMONS) {
        print_tail(s, "periphd.log");
        finish(s, OUTCOME_CRASHED, "periphd ends again and again, the last "
               "time with status %d", code);
        return;
    }
    say("periphd ended with status %d; starting it again", code);
    if (session_start_daemon(s) != STATUS_OK) {
        finish(s, OUTCOME_CRASHED, "periphd could not be started");
    }
}

static void signals_receive(struct session *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGCHLD) {
            s->signal = (int)info.ssi_signo;
            finish(s, OUTCOME_EXITED, "ended by %s",
                   strsignal((int)info.ssi_signo));
        }
    }
    if (!s->over && process_ended(&s->qemu)) {
        qemu_ended(s);
    }
    if (!s->over && s->daemon_path && process_ended(&s->daemon)) {
        daemon_ended(s);
    }
}

static bool user_holds(const struct session *s)
{
    int i;

    for (i = 0; i < s->options->extra_count; i++) {
        if (strcmp(s->options->extra[i], "-S") == 0) {
            return true;
        }
    }
    return false;
}

/*
 * QEMU is started stopped: the guest is let go once we look into its shared
 * memory and the daemon is there, so that no figure is lost.
 */
static void let_go(struct session *s)
{
    double now = now_seconds();

    if (s->running || !s->qmp.ready) {
        return;
    }
    if (s->daemon_path) {
        if (!link_attach(&s->link, s->bridge_name, s->state_name,
                         s->qemu.pid)) {
            return;
        }
        if (link_daemon(&s->link) == 0 &&
            now - s->waits_daemon < DAEMON_SECONDS) {
            return;
        }
    }
    if (script_has_accesses(&s->script) &&
        !accesses_attach(&s->accesses, s->state_name, s->qemu.pid)) {
        return;
    }
    s->running = true;
    s->quiet_since = now;
    if (s->stages.started == 0) {
        s->stages.started = now;
    }
    script_begin(&s->script, now);
    goals_send(&s->goals, &s->qmp);
    if (!user_holds(s)) {
        qmp_continue(&s->qmp);
    }
}

/* ---- quietness ---- */

static void look_at_stop(struct session *s)
{
    char message[PBR_MESSAGE_MAX], crash[PBR_MESSAGE_MAX];
    bool open;

    link_questions(&s->link, &open);
    if (open || !link_stopped(&s->link, message) ||
        strcmp(s->qmp.status, "paused") != 0) {
        return;
    }
    if (!*message) {
        print_tail(s, "qemu.log");
    }
    finish(s, link_crashed(&s->link, crash) ? OUTCOME_CRASHED :
           OUTCOME_STUCK, "%s", *message ? message :
           "a question got no answer in time");
}

/* Nothing has happened for @seconds: says what the guest was last seen at. */
static void finish_stuck(struct session *s, double seconds)
{
    char message[PBR_MESSAGE_MAX], name[PBR_NAME_MAX];
    struct pbr_record last;

    /* Where a guest ends in a loop, that may have been asked about since. */
    if (link_crashed(&s->link, message) ||
        (s->crashes_seen > 0 && s->accesses_seen == s->crash_accesses)) {
        finish(s, OUTCOME_CRASHED, "an exception, and nothing after it; %s",
               *message ? message : "see periphd.log");
    } else if (!link_last_access(&s->link, name, &last)) {
        finish(s, OUTCOME_STUCK, "no character for %.0f s", seconds);
    } else if (now_seconds() - s->accessed < seconds / 2) {
        finish(s, OUTCOME_STUCK, "no character and no new question for %.0f "
               "s; the guest polls %s+0x%x at pc 0x%llx", seconds, name,
               last.offset, (unsigned long long)last.pc);
    } else {
        finish(s, OUTCOME_STUCK, "the guest touched no device for %.0f s; "
               "the last was %s+0x%x at pc 0x%llx", seconds, name,
               last.offset, (unsigned long long)last.pc);
    }
}

static void look_at_silence(struct session *s, double now)
{
    double patience = s->options->quiet;
    bool polls = s->polls_found >= LOOKS_POLLING;
    bool known = s->link.ready;

    if (s->interactive || s->options->script || user_holds(s)) {
        return;
    }
    patience *= s->goals.untils > 0 ? UNTIL_PATIENCE : 1;
    if (now - s->quiet_since >= patience &&
        (polls || (!known && s->stages.spoke != 0))) {
        finish(s, OUTCOME_WAITING, known ? "the guest polls its console and "
               "waits for input" : "the guest said nothing more");
    } else if (now - s->quiet_since >= patience * STUCK_PATIENCE) {
        finish_stuck(s, now - s->quiet_since);
    }
}

/*
 * Whether questions show that something happens.  A guest that takes one
 * exception after the other, for ever, does not get anywhere.
 */
static bool moves_on(const struct session *s, uint64_t questions, bool open)
{
    uint64_t fresh = questions - s->questions_seen;
    uint64_t crashes = link_crashes(&s->link) - s->crashes_seen;

    if (crashes >= CRASHES_IN_VAIN && crashes + 1 >= fresh) {
        return false;
    }
    return open || fresh > 0;
}

static void look(struct session *s)
{
    double now = now_seconds();
    uint64_t questions, polls, accesses;
    bool open;

    if (now - s->checked < LOOK_SECONDS || !s->running || s->over ||
        s->avoiding) {
        return;
    }
    s->checked = now;
    questions = link_questions(&s->link, &open);
    if (moves_on(s, questions, open)) {
        s->quiet_since = now;
    }
    s->questions_seen = questions;
    if (questions != s->questions_known && now - s->quiet_since > 1) {
        s->questions_known = questions;
        session_find_console(s);
    }
    accesses = link_accesses(&s->link);
    if (accesses != s->accesses_seen) {
        s->accesses_seen = accesses;
        s->accessed = now;
    }
    if (link_crashes(&s->link) != s->crashes_seen) {
        s->crashes_seen = link_crashes(&s->link);
        s->crash_accesses = accesses;
    }
    polls = s->console_name ? link_reads(&s->link, s->console_name) : 0;
    s->polls_found = polls != s->polls_seen ? s->polls_found + 1 : 0;
    s->polls_seen = polls;
    qmp_ask_status(&s->qmp);
    look_at_stop(s);
    look_at_silence(s, now);
    if (s->qmp.resets > MAX_RESETS) {
        finish(s, OUTCOME_CRASHED, "the guest resets itself again and again");
    }
}

static void look_at_clock(struct session *s)
{
    if (s->options->timeout > 0 &&
        now_seconds() - s->stages.begin >= s->options->timeout) {
        finish(s, OUTCOME_TIMEOUT, "--timeout %g is over",
               s->options->timeout);
    }
}

static void wait_for_events(struct session *s)
{
    struct pollfd fds[POLL_COUNT] = {
        [POLL_SIGNALS] = { .fd = s->signals, .events = POLLIN },
        [POLL_CONSOLE] = { .fd = s->console, .events = POLLIN },
        [POLL_QMP] = { .fd = s->qmp.fd, .events = POLLIN },
        [POLL_KEYS] = { .fd = s->interactive ? STDIN_FILENO : -1,
                        .events = POLLIN },
        [POLL_EDITS] = { .fd = s->edits, .events = POLLIN },
    };

    if (s->out_len > 0) {
        fds[POLL_CONSOLE].events |= POLLOUT;
    }
    poll(fds, POLL_COUNT, !s->running ? TICK_START_MS :
         s->accesses.ready ? TICK_ACCESS_MS : TICK_MS);
    if (fds[POLL_CONSOLE].revents) {
        console_receive(s);
    }
    if (fds[POLL_QMP].revents) {
        qmp_receive(&s->qmp);
    }
    if (fds[POLL_KEYS].revents) {
        keys_receive(s);
    }
    if (fds[POLL_EDITS].revents) {
        s->edited |= edits_drain(s->edits);
    }
    signals_receive(s);
}

void loop_run(struct session *s)
{
    s->interactive = terminal_usable();
    if (s->interactive) {
        say("Ctrl-A x ends the run");
        terminal_open(&s->terminal);
    }
    s->quiet_since = now_seconds();
    while (!s->over) {
        wait_for_events(s);
        let_go(s);
        session_take_edits(s);
        look_at_goals(s);
        script_step(s);
        console_flush(s);
        look(s);
        look_at_clock(s);
    }
    terminal_close(&s->terminal);
}
