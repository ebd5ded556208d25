/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph run`: options, and the order of a run. */
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/command.h"
#include "runtime/tools/report.h"
#include "runtime/tools/session.h"
#include "runtime/tools/util.h"

#define ROW(option, type, field, val, text)                             \
    { .name = option, .kind = type, .value = val,                       \
      .offset = offsetof(struct run_options, field), .help = text }

static const struct option_row rows[] = {
    ROW("until", OPTION_TEXTS, until, "GOAL",
        "end when the console shows GOAL, an expression (POSIX\n"
        "extended), or the guest comes to it: see below; may be\n"
        "repeated, the first that is reached ends the run"),
    ROW("avoid", OPTION_TEXTS, avoid, "GOAL",
        "what the guest must not come to: what was inferred\n"
        "before is taken back, and the machine starts again"),
    ROW("script", OPTION_TEXT, script, "FILE",
        "expect and send on the console, wait for accesses;\n"
        "see below"),
    ROW("timeout", OPTION_SECONDS, timeout, "SECONDS",
        "end after so long whatever happens; default: never"),
    ROW("quiet", OPTION_SECONDS, quiet, "SECONDS",
        "how long without a new character or question a guest\n"
        "that polls its console counts as waiting; default 10"),
    ROW("report", OPTION_TEXT, report, "FILE.json",
        "write the figures of the run there"),
    ROW("ai-type", OPTION_TEXT, ai_type, "TYPE",
        "who answers: rules (default), local, cloud, auto,\n"
        "replay; periphd --help tells what they are"),
    ROW("api-base", OPTION_TEXT, ai[AI_BASE], "URL",
        "chat-completions API of a local or cloud model"),
    ROW("model", OPTION_TEXT, ai[AI_MODEL], "NAME", "model to ask for"),
    ROW("api-key-file", OPTION_TEXT, ai[AI_KEY_FILE], "FILE",
        "its key; default is what OPENAI_API_KEY holds"),
    ROW("ai-cache", OPTION_TEXT, ai[AI_CACHE], "DIR|none",
        "where replies are kept; default ~/.cache/periph/ai"),
    ROW("ai-constraint", OPTION_TEXT, ai[AI_CONSTRAINT], "HOW",
        "schema (default), grammar or none"),
    ROW("engine-plugin", OPTION_TEXT, ai[AI_PLUGIN], "FILE.so",
        "an engine of your own, asked first"),
    ROW("min-confidence", OPTION_TEXT, ai[AI_MIN_CONFIDENCE], "N",
        "use no answer below N per cent; default 0"),
    ROW("prior", OPTION_TEXTS, priors, "FILE",
        "a device tree, SVD file or .periph board that tells\n"
        "what stands where; asked first; may be repeated"),
    ROW("no-priors", OPTION_FLAG, no_priors, NULL,
        "use no --prior, no device tree in the images, no\n"
        "library blocks: everything is worked out"),
    ROW("dry-run", OPTION_FLAG, dry_run, NULL,
        "write what a model would be sent to the daemon's log\n"
        "instead of sending it"),
    ROW("fresh", OPTION_FLAG, fresh, NULL,
        "ignore what was inferred before; it is replaced only\n"
        "when the run succeeds"),
    ROW("no-infer", OPTION_FLAG, no_infer, NULL,
        "the board as its files are: no daemon, no questions;\n"
        "an edit of them reaches the running guest all the same"),
    ROW("deterministic", OPTION_FLAG, deterministic, NULL,
        "count instructions instead of time, fixed seeds"),
    ROW("snapshots", OPTION_TEXT, snapshots, "FILE.qcow2",
        "a disk for savevm and loadvm, made if it is not there;\n"
        "for a monitor add -- -monitor unix:PATH,server=on,wait=off"),
    ROW("qemu", OPTION_TEXT, qemu, "PATH",
        "qemu-system-aarch64 with Periph's devices; default\n"
        "$PERIPH_QEMU, else the one that was built"),
    { .name = NULL },
};

const struct option_table run_options_table = {
    .command = "periph run",
    .operands = "BOARD",
    .summary = "Run a board's firmware and learn its peripherals.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 1,
    .details =
    "BOARD with a slash in it is a folder and is worked on in place; a name\n"
    "is one of the boards that came with Periph, worked on as a copy in\n"
    "~/.local/share/periph/boards. What follows -- goes to QEMU.\n"
    "\n"
    "The guest's console is stdout; all else goes to stderr. On a terminal\n"
    "keys go to the guest, and Ctrl-A x ends the run.\n"
    "\n"
    "A GOAL of --until and --avoid is one of\n"
    "  at:ADDRESS       the instruction there, as the CPU addresses it\n"
    "  at:SYMBOL[+N]    the same by name, where the image is an ELF file\n"
    "  write:ADDRESS[=VALUE[/MASK]]\n"
    "                   a write to the register at that physical address,\n"
    "                   of any value or of VALUE in the bits of MASK\n"
    "  anything else    the console shows that expression\n"
    "Addresses guide what is inferred, too: a value that leads to an avoided\n"
    "one is not taken, one that leads to a wanted one is preferred. With\n"
    "--no-infer nothing can be taken back: an avoided goal ends the run.\n"
    "\n"
    "A script has a step a line:\n"
    "  expect REGEX            wait for it, at most 60 seconds; \\n, \\t work\n"
    "  expect \"REGEX\" SECONDS  the same with a time-out of its own\n"
    "  send TEXT               type it; \\r \\n \\t \\e \\\\ \\\" \\xHH work\n"
    "  send \"TEXT\"             the same, where blanks at the ends matter\n"
    "  wait SECONDS            until the guest was quiet for so long\n"
    "  write ADDRESS VALUE     until the guest writes VALUE to that register,\n"
    "                          at most 60 seconds; VALUE/MASK compares some\n"
    "                          bits, any takes all; SECONDS may follow\n"
    "  read ADDRESS VALUE      the same for what it reads there\n"
    "  # ...                   a comment\n"
    "\n"
    "Exit status:\n"
    "  0  the guest ended, waits for input, --until matched or the script\n"
    "     passed\n"
    "  1  wrong options, or something could not be started\n"
    "  2  errors in the board's files\n"
    "  3  time-out: --timeout, a step of the script, or the guest ended or\n"
    "     waits and what was to come did not\n"
    "  4  the guest is stuck or crashed; the page says why\n"
    "  5  the guest came to an --avoid, and nothing was left to take back\n"
    "  128 + N when signal N ended the run\n",
};

static int status_of(const struct session *s)
{
    bool awaited = s->options->until.count || s->options->script;

    if (s->failure != STATUS_OK) {
        return s->failure;
    }
    if (s->signal) {
        return 128 + s->signal;
    }
    switch (s->outcome) {
    case OUTCOME_MATCHED:
        return STATUS_OK;
    case OUTCOME_EXITED:
    case OUTCOME_WAITING:
        return awaited && !s->satisfied && !s->interactive ?
               STATUS_TIMEOUT : STATUS_OK;
    case OUTCOME_TIMEOUT:
        return STATUS_TIMEOUT;
    case OUTCOME_AVOIDED:
        return STATUS_AVOIDED;
    default:
        return STATUS_STUCK;
    }
}

static int run_board(struct session *s)
{
    int status = session_start(s), reported;

    if (status != STATUS_OK) {
        return status;
    }
    loop_run(s);
    session_stop(s);
    status = status_of(s);
    if (s->options->fresh && status == STATUS_OK && !s->board.read_only) {
        status = board_replace(&s->board, s->work_dir);
    }
    reported = report_run(s);
    return status != STATUS_OK ? status : reported;
}

/* Whether TYPE names who can answer; says what is wrong with it if not. */
static bool ai_type_known(const char *type)
{
    static const char *const types[] = {
        "rules", "local", "cloud", "auto", "replay",
    };
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(type, types[i]) == 0) {
            return true;
        }
    }
    say("--ai-type has no '%s'; see periph run --help", type);
    return false;
}

int cmd_run(int argc, char **argv)
{
    struct run_options options = { .ai_type = "rules", .quiet = 10 };
    struct option_rest rest;
    struct session *s;
    int status;

    if (!command_begin(&run_options_table, argc, argv, &options, &rest,
                       &status)) {
        return status;
    }
    if (!ai_type_known(options.ai_type)) {
        return STATUS_USAGE;
    }
    if (options.dry_run && (strcmp(options.ai_type, "rules") == 0 ||
                            strcmp(options.ai_type, "replay") == 0)) {
        say("--dry-run shows what goes to a model; with --ai-type %s none is "
            "asked", options.ai_type);
        return STATUS_USAGE;
    }
    options.extra = rest.extra;
    options.extra_count = rest.extra_count;
    s = calloc(1, sizeof(*s));
    if (!s) {
        say("out of memory");
        return STATUS_USAGE;
    }
    status = session_open(s, &options, rest.operands[0]);
    if (status == STATUS_OK) {
        status = run_board(s);
    }
    session_close(s);
    free(s);
    return status;
}
