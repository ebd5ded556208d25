/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/session.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "runtime/tools/change.h"
#include "runtime/tools/command.h"
#include "runtime/tools/edits.h"
#include "runtime/tools/lastrun.h"
#include "runtime/tools/util.h"

#define STOP_SECONDS 5.0
#define MACHINE_STATS_MAX 65536
#define QEMU_INSTALLED "libexec/periph/qemu-system-aarch64"
#define QEMU_SOURCE "qemu-hw/build.sh"
#define DAEMON_INSTALLED "bin/periphd"
#define DAEMON_SOURCE "build/bin/periphd"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_MATCHED] = "matched", [OUTCOME_EXITED] = "exited",
        [OUTCOME_WAITING] = "waiting", [OUTCOME_TIMEOUT] = "timeout",
        [OUTCOME_STUCK] = "stuck", [OUTCOME_CRASHED] = "crashed",
        [OUTCOME_AVOIDED] = "avoided",
    };

    return names[outcome];
}

/* The folder of this user's runs and sockets. */
static char *runs_folder(void)
{
    const char *base = getenv("XDG_RUNTIME_DIR");

    return text_new("%s/periph-%u", base && *base == '/' ? base : "/tmp",
                    (unsigned)getuid());
}

/* Removes what runs that were killed have left behind. */
static void sweep(const char *runs)
{
    DIR *folder = opendir(runs);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL) {
        char *path;
        int fd;

        if (strncmp(entry->d_name, "run-", 4) != 0) {
            continue;
        }
        path = text_new("%s/%s", runs, entry->d_name);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            remove_folder(path);
        }
        if (fd >= 0) {
            close(fd);
        }
        free(path);
    }
    if (folder) {
        closedir(folder);
    }
}

/* True for a folder that is ours and closed to others: /tmp is everybody's. */
static bool is_private(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        return false;
    }
    errno = EPERM;
    return S_ISDIR(st.st_mode) && st.st_uid == getuid() &&
           (st.st_mode & 077) == 0;
}

/*
 * Makes and locks the private folder of this run.  The lock of the folder
 * above keeps other runs from sweeping it away before it has its own.
 */
static int make_run_dir(struct session *s, const char *runs)
{
    int above = -1, status = STATUS_USAGE;

    if (make_folders(runs, 0700) == 0 && is_private(runs)) {
        above = open(runs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (above >= 0 && flock(above, LOCK_EX) == 0) {
        sweep(runs);
        if (mkdir(s->run_dir, 0700) == 0) {
            s->run_lock = open(s->run_dir,
                               O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
    }
    if (s->run_lock >= 0 && flock(s->run_lock, LOCK_EX | LOCK_NB) == 0) {
        status = STATUS_OK;
    } else {
        say("%s: %s", s->run_dir, strerror(errno));
    }
    if (above >= 0) {
        close(above);
    }
    return status;
}

/* Finds names that no other run has. */
static int make_names(struct session *s)
{
    struct timespec ts;
    char *runs = runs_folder();
    char *tag;
    int status;

    clock_gettime(CLOCK_REALTIME, &ts);
    tag = text_new("%d-%lx", (int)getpid(), (unsigned long)ts.tv_nsec);
    s->run_dir = text_new("%s/run-%s", runs, tag);
    status = make_run_dir(s, runs);
    s->ptab = text_new("%s/board.ptab", s->run_dir);
    s->machine_stats = text_new("%s/machine.json", s->run_dir);
    s->bridge_name = text_new("/periph-%s-bridge", tag);
    s->state_name = text_new("/periph-%s-state", tag);
    free(tag);
    free(runs);
    return status;
}

/* Where logs and results go: beside the board, else in the state folder. */
static int make_log_dir(struct session *s)
{
    s->log_dir = lastrun_folder(s->board.dir, s->board.name, 0);
    if (make_folders(s->log_dir, 0777) != 0 ||
        access(s->log_dir, W_OK) != 0) {
        free(s->log_dir);
        s->log_dir = lastrun_folder(s->board.dir, s->board.name, 1);
        s->board.read_only = true;
        say("%s cannot be written: what is learnt lasts for this run only; "
            "logs go to %s", s->board.dir, s->log_dir);
    }
    s->results = text_new("%s/ai_inference_results.json", s->log_dir);
    if (make_folders(s->log_dir, 0777) != 0) {
        say("%s: %s", s->log_dir, strerror(errno));
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

/*
 * Starts each log anew; children append.  What a daemon left stays when this
 * run has none: it is still what is known of the board.
 */
static void clear_logs(struct session *s)
{
    static const char *const names[] = { "qemu.log", "periphd.log" };
    size_t count = s->options->no_infer ? 1 : 2, i;

    for (i = 0; i < count; i++) {
        char *path = text_new("%s/%s", s->log_dir, names[i]);

        unlink(path);
        free(path);
    }
    if (!s->options->no_infer) {
        unlink(s->results);
    }
}

char *session_find_qemu(const char *named)
{
    char *found, *path;
    struct arguments args;

    named = named ? named : getenv("PERIPH_QEMU");
    if (named && *named) {
        return text_new("%s", named);
    }
    found = find_part(QEMU_INSTALLED, QEMU_SOURCE);
    path = found;
    if (found && strstr(found, "build.sh")) {
        arguments_init(&args);
        arguments_add(&args, "%s", found);
        arguments_add(&args, "path");
        path = process_first_line(&args);
        arguments_dispose(&args);
        free(found);
    }
    if (!path) {
        say("no QEMU with Periph's devices: run make qemu, or name one with "
            "--qemu");
    }
    return path;
}

static int find_qemu(struct session *s)
{
    s->qemu_path = session_find_qemu(s->options->qemu);
    return s->qemu_path ? STATUS_OK : STATUS_USAGE;
}

static int find_programs(struct session *s)
{
    if (find_qemu(s) != STATUS_OK) {
        return STATUS_USAGE;
    }
    if (s->options->no_infer) {
        return STATUS_OK;
    }
    s->daemon_path = find_part(DAEMON_INSTALLED, DAEMON_SOURCE);
    if (!s->daemon_path) {
        say("periphd is missing beside this program");
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

static int open_watches(struct session *s)
{
    watch_init(&s->watch);
    if (s->options->script &&
        script_load(&s->script, s->options->script) != 0) {
        return STATUS_USAGE;
    }
    s->script.accesses = &s->accesses;
    return goals_parse(&s->goals, &s->options->until,
                       &s->options->avoid) == 0 ? STATUS_OK : STATUS_USAGE;
}

static int open_signals(struct session *s)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals >= 0 ? STATUS_OK : STATUS_USAGE;
}

/* Decides what folder is worked on: the board's, or a copy of its own. */
static int choose_work_dir(struct session *s)
{
    if (!s->options->fresh) {
        s->work_dir = text_new("%s", s->board.dir);
        return STATUS_OK;
    }
    s->work_dir = text_new("%s/%s", s->run_dir, s->board.name);
    return board_copy_fresh(&s->board, s->work_dir);
}

static int resolve_goals(struct session *s)
{
    return goals_resolve(&s->goals, s->ptab) == 0 ? STATUS_OK : STATUS_USAGE;
}

int session_open(struct session *s, const struct run_options *options,
                 const char *board)
{
    int status;

    memset(s, 0, sizeof(*s));
    s->options = options;
    s->named = board;
    s->board = (struct board)BOARD_INIT;
    s->run_lock = s->console = s->signals = s->edits = s->qmp.fd = -1;
    link_init(&s->link);
    accesses_init(&s->accesses);
    s->stages.begin = now_seconds();
    if ((status = open_watches(s)) == STATUS_OK &&
        (status = board_find(&s->board, board, true)) == STATUS_OK &&
        (status = board_lock(&s->board)) == STATUS_OK &&
        (status = make_names(s)) == STATUS_OK &&
        (status = choose_work_dir(s)) == STATUS_OK &&
        (status = session_compile(s)) == STATUS_OK &&
        (status = resolve_goals(s)) == STATUS_OK &&
        (status = find_programs(s)) == STATUS_OK &&
        (status = make_log_dir(s)) == STATUS_OK &&
        (status = open_signals(s)) == STATUS_OK) {
        clear_logs(s);
        s->changes = !options->no_infer && !s->board.read_only &&
            change_begin(&s->board, s->log_dir) == 0;
    }
    s->stages.compiled = now_seconds();
    return status;
}

static void keep_console(struct session *s, const struct pcc *pcc)
{
    const struct pcc_board *board = pcc_get_model(pcc)->board;

    if (board->console != PCC_NONE) {
        free(s->console_name);
        s->console_name = text_new("%s",
                                   board->instances[board->console].name);
    }
}

/* Without a daemon edits are ours to see; imports may lie elsewhere. */
static void keep_inputs(struct session *s, const struct pcc *pcc)
{
    const char *path;
    size_t i;

    if (s->edits < 0 && s->options->no_infer) {
        s->edits = edits_open(s->work_dir);
    }
    for (i = 0; s->edits >= 0 && (path = pcc_input(pcc, i)) != NULL; i++) {
        edits_follow(s->edits, path);
    }
}

int session_compile(struct session *s)
{
    enum board_talk talk = s->restarts ? BOARD_SAYS_ERRORS : BOARD_SAYS_ALL;
    struct pcc *pcc = NULL;
    int status = board_compile(s->work_dir, talk, &pcc);
    double before = now_seconds();

    if (status == STATUS_OK) {
        status = board_fetch(&s->board, pcc);
        s->stages.fetching += now_seconds() - before;
        s->stages.begin += now_seconds() - before;
    }
    if (status == STATUS_OK) {
        status = board_emit(&s->board, pcc, s->ptab);
    }
    if (status == STATUS_OK) {
        s->image_id = board_image_id(s->ptab);
    }
    if (status == STATUS_OK) {
        keep_console(s, pcc);
        keep_inputs(s, pcc);
    }
    pcc_free(pcc);
    return status;
}

void session_take_edits(struct session *s)
{
    struct pcc *pcc = NULL;

    if (s->loads_seen != s->qmp.loads) {
        s->loads_seen = s->qmp.loads;
        say(*s->qmp.load_error ? "the edit was not taken over: %s" :
            "the edit is in force%s", s->qmp.load_error);
    }
    if (!s->edited || !s->running) {
        return;
    }
    s->edited = false;
    if (board_compile(s->work_dir, BOARD_SAYS_ERRORS, &pcc) == STATUS_OK &&
        board_emit(&s->board, pcc, s->ptab) == STATUS_OK) {
        keep_console(s, pcc);
        keep_inputs(s, pcc);
        qmp_load(&s->qmp, s->ptab);
    } else {
        say("the machine goes on with the devices as they were");
    }
    pcc_free(pcc);
}

void session_find_console(struct session *s)
{
    struct pcc *pcc = NULL;

    if (board_compile(s->work_dir, BOARD_SAYS_NOTHING, &pcc) == STATUS_OK) {
        keep_console(s, pcc);
    }
    pcc_free(pcc);
}

/* Without an inference device, the registers that the script waits for are
 * recorded one by one. */
static void add_recorders(struct session *s, struct arguments *a)
{
    size_t i, j;

    for (i = 0; i < s->script.count; i++) {
        const struct script_step *step = &s->script.steps[i];

        for (j = 0; j < i && (s->script.steps[j].verb != SCRIPT_ACCESS ||
                              s->script.steps[j].access.address !=
                              step->access.address); j++) {
        }
        if (step->verb == SCRIPT_ACCESS && j == i) {
            arguments_add(a, "-device");
            arguments_add(a, "mmio-proxy,base=0x%" PRIx64 ",size=4,state=pc,"
                          "state_mem=%s", step->access.address,
                          s->state_name);
        }
    }
}

static void add_machine(struct session *s, struct arguments *a, int console,
                        int qmp)
{
    arguments_add(a, "%s", s->qemu_path);
    arguments_add(a, "-M");
    arguments_add(a, "periph,board=%s,stats=%s", s->ptab, s->machine_stats);
    arguments_add(a, "-nodefaults");
    arguments_add(a, "-display");
    arguments_add(a, "none");
    arguments_add(a, "-S");
    arguments_add(a, "-chardev");
    arguments_add(a, "socket,id=console,fd=%d", console);
    arguments_add(a, "-serial");
    arguments_add(a, "chardev:console");
    arguments_add(a, "-chardev");
    arguments_add(a, "socket,id=qmp,fd=%d", qmp);
    arguments_add(a, "-mon");
    arguments_add(a, "chardev=qmp,mode=control");
    if (!s->options->no_infer) {
        arguments_add(a, "-device");
        arguments_add(a, "inference-device,id=inf0,bridge_mem=%s,"
                      "state_mem=%s,ask-crash=on", s->bridge_name,
                      s->state_name);
    } else {
        add_recorders(s, a);
    }
    if (s->options->deterministic) {
        arguments_add(a, "-icount");
        arguments_add(a, "shift=3,sleep=off,align=off");
        arguments_add(a, "-rtc");
        arguments_add(a, "base=2000-01-01T00:00:00,clock=vm");
        arguments_add(a, "-seed");
        arguments_add(a, "1");
    }
}

/* QEMU keeps snapshots in a disk only: one that the guest does not see. */
static int add_snapshots(struct session *s, struct arguments *a)
{
    const char *disk = s->options->snapshots;
    const char *slash = strrchr(s->qemu_path, '/');
    struct arguments make;
    char *line;

    if (disk && access(disk, F_OK) != 0) {
        arguments_init(&make);
        arguments_add(&make, "%.*sqemu-img",
                      slash ? (int)(slash + 1 - s->qemu_path) : 0,
                      s->qemu_path);
        arguments_add(&make, "create");
        arguments_add(&make, "-f");
        arguments_add(&make, "qcow2");
        arguments_add(&make, "%s", disk);
        arguments_add(&make, "64M");
        line = process_first_line(&make);
        arguments_dispose(&make);
        free(line);
        if (access(disk, F_OK) != 0) {
            say("--snapshots %s: the disk cannot be made", disk);
            return STATUS_USAGE;
        }
    }
    if (disk) {
        arguments_add(a, "-blockdev");
        arguments_add(a, "{\"driver\":\"qcow2\",\"node-name\":\"snapshots\","
                      "\"file\":{\"driver\":\"file\",\"filename\":\"%s\"}}",
                      disk);
    }
    return STATUS_OK;
}

static int start_qemu(struct session *s)
{
    int console[2] = { -1, -1 }, qmp[2] = { -1, -1 };
    int keep[PROCESS_KEEP_FDS], status = STATUS_USAGE, i;
    struct arguments args;
    char *log = text_new("%s/qemu.log", s->log_dir);

    arguments_init(&args);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) != 0) {
        say("socketpair: %s", strerror(errno));
        goto done;
    }
    add_machine(s, &args, console[1], qmp[1]);
    status = add_snapshots(s, &args);
    if (status != STATUS_OK) {
        goto done;
    }
    status = STATUS_USAGE;
    for (i = 0; i < s->options->extra_count; i++) {
        arguments_add(&args, "%s", s->options->extra[i]);
    }
    keep[0] = console[1];
    keep[1] = qmp[1];
    if (process_start(&s->qemu, "QEMU", &args, log, keep) != 0) {
        say("%s: %s", s->qemu_path, strerror(errno));
        goto done;
    }
    fcntl(console[0], F_SETFL, O_NONBLOCK);
    s->console = console[0];
    qmp_init(&s->qmp, qmp[0]);
    console[0] = qmp[0] = -1;
    s->running = false;
    s->waits_daemon = now_seconds();
    s->attached = false;
    s->avoiding = NULL;
    s->avoid_answers = s->reached_answers = 0;
    status = STATUS_OK;
done:
    for (i = 0; i < 2; i++) {
        if (console[i] >= 0) {
            close(console[i]);
        }
        if (qmp[i] >= 0) {
            close(qmp[i]);
        }
    }
    arguments_dispose(&args);
    free(log);
    return status;
}

/* What the daemon is told about who answers. */
static void add_ai_arguments(const struct run_options *options,
                             struct arguments *args)
{
    static const char *const names[AI_OPTIONS] = {
        [AI_BASE] = "--api-base", [AI_MODEL] = "--model",
        [AI_KEY_FILE] = "--api-key-file", [AI_CACHE] = "--ai-cache",
        [AI_CONSTRAINT] = "--ai-constraint",
        [AI_PLUGIN] = "--engine-plugin",
        [AI_MIN_CONFIDENCE] = "--min-confidence",
    };
    size_t i;

    arguments_add(args, "--ai-type");
    arguments_add(args, "%s", options->ai_type);
    for (i = 0; i < AI_OPTIONS; i++) {
        if (options->ai[i]) {
            arguments_add(args, "%s", names[i]);
            arguments_add(args, "%s", options->ai[i]);
        }
    }
    if (options->dry_run) {
        arguments_add(args, "--dry-run");
    }
}

static void add_image(void *opaque, const char *path)
{
    arguments_add(opaque, "--image");
    arguments_add(opaque, "%s", path);
}

/* What the daemon may know beforehand: given files, trees in images. */
static void add_priors(struct session *s, struct arguments *args)
{
    const struct run_options *options = s->options;
    unsigned i;

    if (options->no_priors) {
        arguments_add(args, "--no-priors");
        return;
    }
    for (i = 0; i < options->priors.count; i++) {
        arguments_add(args, "--prior");
        arguments_add(args, "%s", options->priors.text[i]);
    }
    board_each_image(s->ptab, add_image, args);
}

int session_start_daemon(struct session *s)
{
    static const int keep[PROCESS_KEEP_FDS] = { -1, -1 };
    const char *level = getenv("PERIPH_LOG_LEVEL");
    struct arguments args;
    char *log = text_new("%s/periphd.log", s->log_dir);
    int status = STATUS_OK;

    arguments_init(&args);
    arguments_add(&args, "%s", s->daemon_path);
    add_ai_arguments(s->options, &args);
    add_priors(s, &args);
    goals_arguments(&s->goals, &args);
    arguments_add(&args, "--bridge-mem");
    arguments_add(&args, "%s", s->bridge_name);
    arguments_add(&args, "--state-mem");
    arguments_add(&args, "%s", s->state_name);
    arguments_add(&args, "--board");
    arguments_add(&args, "%s", s->work_dir);
    arguments_add(&args, "--results");
    arguments_add(&args, "%s", s->results);
    arguments_add(&args, "--image-id");
    arguments_add(&args, "%016" PRIx64, s->image_id);
    if (level != NULL && level[0] != '\0') {
        arguments_add(&args, "--log-level");
        arguments_add(&args, "%s", level);
    }
    if (process_start(&s->daemon, "periphd", &args, log, keep) != 0) {
        say("%s: %s", s->daemon_path, strerror(errno));
        status = STATUS_USAGE;
    }
    s->daemon_started = now_seconds();
    arguments_dispose(&args);
    free(log);
    return status;
}

int session_start(struct session *s)
{
    char *path = text_new("%s/console.log", s->log_dir);
    int status = STATUS_OK;

    s->console_log = fopen(path, "wbe");
    free(path);
    if (!s->options->no_infer) {
        status = session_start_daemon(s);
    }
    return status == STATUS_OK ? start_qemu(s) : status;
}

/*
 * Without an inference device nothing counts questions; the machine itself
 * counts the accesses that ended as bus errors where one would have asked.
 */
static void collect_unanswered(struct session *s)
{
    size_t len;
    char *text = file_read(s->machine_stats, MACHINE_STATS_MAX, &len);
    cJSON *json = text ? cJSON_Parse(text) : NULL;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "unanswered");

    if (cJSON_IsNumber(item) && item->valuedouble > 0) {
        s->figures.questions[PBR_Q_FAULT] += (uint64_t)item->valuedouble;
    }
    cJSON_Delete(json);
    free(text);
    unlink(s->machine_stats);
}

void session_qemu_ended(struct session *s)
{
    link_collect(&s->link, &s->figures);
    if (s->options->no_infer) {
        collect_unanswered(s);
    }
    link_close(&s->link);
    accesses_close(&s->accesses);
    qmp_close(&s->qmp);
    if (s->console >= 0) {
        close(s->console);
        s->console = -1;
    }
    s->out_len = 0;
}

int session_restart(struct session *s)
{
    int status;

    session_qemu_ended(s);
    s->restarts++;
    status = session_compile(s);
    return status == STATUS_OK ? start_qemu(s) : status;
}

/* Shared memories of a QEMU that was killed, and its socket. */
static void remove_left_overs(struct session *s)
{
    char path[PBR_SOCKET_MAX];

    shm_unlink(s->bridge_name);
    shm_unlink(s->state_name);
    if (pbr_socket_path(s->bridge_name, path) == PBR_OK) {
        unlink(path);
    }
}

void session_stop(struct session *s)
{
    if (s->over && !s->machine) {
        s->machine = lastrun_look(s);
    }
    if (!process_ended(&s->qemu)) {
        qmp_quit(&s->qmp);
        process_wait(&s->qemu, STOP_SECONDS);
        process_stop(&s->qemu, STOP_SECONDS);
    }
    session_qemu_ended(s);
    process_stop(&s->daemon, STOP_SECONDS);
    if (s->bridge_name) {
        remove_left_overs(s);
    }
    if (s->console_log) {
        fclose(s->console_log);
        s->console_log = NULL;
    }
    s->stages.closed = now_seconds();
}

void session_close(struct session *s)
{
    session_stop(s);
    terminal_close(&s->terminal);
    if (s->changes) {
        change_end(&s->board, s->log_dir);
    }
    goals_dispose(&s->goals);
    script_dispose(&s->script);
    figures_dispose(&s->figures);
    if (s->run_dir) {
        remove_folder(s->run_dir);
    }
    if (s->run_lock >= 0) {
        close(s->run_lock);
    }
    if (s->signals >= 0) {
        close(s->signals);
    }
    if (s->edits >= 0) {
        close(s->edits);
    }
    board_dispose(&s->board);
    free(s->work_dir);
    free(s->run_dir);
    free(s->log_dir);
    free(s->ptab);
    free(s->machine_stats);
    free(s->bridge_name);
    free(s->state_name);
    free(s->results);
    free(s->qemu_path);
    free(s->daemon_path);
    free(s->console_name);
    cJSON_Delete(s->machine);
}
