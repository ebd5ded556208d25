/* SPDX-License-Identifier: GPL-2.0-or-later */
/* periphd: options and signals of the inference daemon. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "compiler/library.h"
#include "runtime/daemon/ai.h"
#include "runtime/daemon/priors.h"

/* One row an option: parsing and help come from here. */
struct option_row {
    char key;
    const char *name;
    const char *argument;               /* NULL: takes none */
    const char *help;
};

static const struct option_row rows[] = {
    { 't', "ai-type", "rules|local|cloud|auto|replay",
      "who answers: `rules` works out registers here by trying values on a\n"
      "copy of the guest, without network or model (default); `local` and\n"
      "`cloud` ask a model where rules do not know, and look for better\n"
      "models in the background; `auto` is rules, and local where\n"
      "--api-base is given; `replay` answers from --ai-cache alone" },
    { 'b', "board", "DIR",
      "the board folder that answers are kept in; it must hold a\n"
      "board.periph (default ./boards/unnamed)" },
    { 'i', "import-dir", "DIR",
      "search imports of board files here too, after the blocks that come\n"
      "with Periph; may be given several times" },
    { 'm', "bridge-mem", "NAME",
      "shared memory of the machine to serve, as given to its\n"
      "inference-device (default " PBR_DEFAULT_BRIDGE ")" },
    { 's', "state-mem", "NAME",
      "shared memory with the access records (default: the one that the\n"
      "bridge names)" },
    { 'c', "min-confidence", "N",
      "use no answer below N per cent (default 0; plain storage has 30)" },
    { 'r', "results", "FILE",
      "what is known of each register, as JSON\n"
      "(default log/ai_inference_results.json)" },
    { 'w', "image-id", "TEXT",
      "what stands for the firmware that runs: places where it was found\n"
      "waiting for input are not asked about again while TEXT is the same\n"
      "(default: they are not kept)" },
    { 'u', "until-at", "ADDRESS",
      "the guest should come to this instruction: a value that leads there\n"
      "is preferred; may be given several times" },
    { 'v', "avoid-at", "ADDRESS",
      "the guest should not come there: such a value is never taken" },
    { 'l', "log-level", "error|warn|info|debug", "default info" },
    { 'f', "log-file", "FILE", "append the log to FILE instead of stderr" },
    { 'k', "api-key", "KEY",
      "key of a cloud model; better in OPENAI_API_KEY or a file: every user\n"
      "of this computer can read a command line" },
    { 'K', "api-key-file", "FILE", "take the key from its first line" },
    { 'a', "api-base", "URL",
      "address of a chat-completions API, without /chat/completions\n"
      "(default for local http://127.0.0.1:8080/v1, for cloud\n"
      "$OPENAI_BASE_URL, else https://api.openai.com/v1)" },
    { 'o', "model", "NAME", "model to ask for there; needed for cloud" },
    { 'C', "ai-constraint", "schema|grammar|none",
      "what makes the model answer in the language: a JSON schema (default),\n"
      "a GBNF grammar (llama.cpp's server), or only its instructions" },
    { 'd', "ai-cache", "DIR|none",
      "replies are kept there, and taken from there when the same is asked\n"
      "again (default ~/.cache/periph/ai)" },
    { 'T', "ai-timeout", "SECONDS",
      "for one question, repairs included "
      "(default 60)" },
    { 'R', "ai-requests", "N", "at most N requests in a run (default 200)" },
    { 'N', "ai-tokens", "N",
      "at most N tokens in a run, as the API counts them (default 500000)" },
    { 'p', "engine-plugin", "FILE.so",
      "an engine of your own, asked before the others; may be given several\n"
      "times" },
    { 'P', "prior", "FILE",
      "what is known of the board: a device tree, an SVD file or a .periph\n"
      "file with a board, told by content; asked before all rules where the\n"
      "guest touches what it names; may be given several times" },
    { 'I', "image", "FILE",
      "an image that the guest runs: a device tree inside of it is used\n"
      "like --prior; may be given several times" },
    { 'Q', "no-priors", NULL,
      "use neither --prior nor trees in images nor blocks of the library:\n"
      "for measuring" },
    { 'n', "dry-run", NULL,
      "print what would be sent to a model instead of sending it" },
    { 'h', "help", NULL, "this text" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

struct command_line {
    struct pdm_options options;
    struct pdm_ai_line ai;
    struct pdm_prior_line priors;
    const char *log_file;
};

static void print_help(void)
{
    size_t i;
    const char *p;

    printf("periphd - works out registers that a paused machine asks for\n"
           "\n"
           "usage: periphd [OPTION]...\n"
           "\n"
           "Attaches to a QEMU machine with an inference-device, answers its\n"
           "questions and writes the answers as .periph text into the board\n"
           "folder, where people may edit them while the machine runs. Waits\n"
           "until the machine is there, and again when it comes back; ends by\n"
           "SIGTERM or Ctrl-C with everything written. `periph run` starts it\n"
           "by itself.\n"
           "\n");
    for (i = 0; i < ROW_COUNT; i++) {
        printf("  --%s%s%s\n", rows[i].name,
               rows[i].argument != NULL ? " " : "",
               rows[i].argument != NULL ? rows[i].argument : "");
        for (p = rows[i].help; *p != '\0'; p += strspn(p, "\n")) {
            int len = (int)strcspn(p, "\n");

            printf("        %.*s\n", len, p);
            p += len;
        }
    }
    printf("\nexit status: 0 ended by a signal, 1 usage or files, "
           "2 errors in the board's files\n");
}

static int usage(const char *format, const char *what)
{
    fprintf(stderr, "periphd: ");
    fprintf(stderr, format, what);
    fprintf(stderr, "; `periphd --help` explains the options\n");
    return -1;
}

/* A number from 1 on. */
static bool parse_count(const char *value, unsigned long max,
                        unsigned long *out)
{
    char *end;

    errno = 0;
    *out = strtoul(value, &end, 10);
    return *value >= '0' && *value <= '9' && *end == '\0' && errno == 0 &&
        *out > 0 && *out <= max;
}

static int set_ai_count(struct pdm_ai_line *ai, char key, const char *value)
{
    unsigned long n;

    if (!parse_count(value, key == 'N' ? 1ul << 40 : 1000000, &n)) {
        return usage("\"%s\" is no number from 1 on, or too large", value);
    }
    if (key == 'T') {
        ai->timeout_s = (unsigned)n;
    } else if (key == 'R') {
        ai->requests = (unsigned)n;
    } else {
        ai->tokens = n;
    }
    return 0;
}

static int set_ai_option(struct pdm_ai_line *ai, char key, const char *value)
{
    switch (key) {
    case 'k':
        free(ai->key);
        ai->key = strdup(value);
        memset((char *)value, 'x', strlen(value));  /* not for ps to show */
        break;
    case 'K':
        ai->key_file = value;
        break;
    case 'a':
        ai->base = value;
        break;
    case 'o':
        ai->model = value;
        break;
    case 'C':
        ai->constraint = value;
        break;
    case 'd':
        ai->cache = value;
        break;
    case 'n':
        ai->dry_run = true;
        break;
    case 'p':
        if (ai->plugin_count == PDM_MAX_PLUGINS) {
            return usage("too many plugins: %s", value);
        }
        ai->plugins[ai->plugin_count++] = value;
        break;
    default:
        return set_ai_count(ai, key, value);
    }
    return 0;
}

static int add_place(uint64_t *places, unsigned *count, const char *value)
{
    char *end;

    errno = 0;
    if (*count == INF_PLACES_MAX) {
        return usage("too many places: %s", value);
    }
    places[*count] = strtoull(value, &end, 0);
    if (errno != 0 || end == value || *end != '\0') {
        return usage("\"%s\" is no address", value);
    }
    ++*count;
    return 0;
}

static int set_option(struct command_line *c, char key, const char *value)
{
    char *end;
    unsigned long n;

    switch (key) {
    case 't':
        c->ai.type = value;
        break;
    case 'b':
        c->options.board = value;
        break;
    case 'm':
    case 's':
        {
            char name[PBR_NAME_MAX];

            if (pbr_shm_name(value, name) != PBR_OK) {
                return usage("\"%s\" is no name for a shared memory", value);
            }
            *(key == 'm' ? &c->options.bridge_mem :
              &c->options.state_mem) = value;
        }
        break;
    case 'i':
        if (c->options.import_dir_count == PDM_MAX_IMPORT_DIRS) {
            return usage("too many folders: %s", value);
        }
        c->options.import_dirs[c->options.import_dir_count++] = value;
        break;
    case 'c':
        n = strtoul(value, &end, 10);
        if (*value == '\0' || *end != '\0' || n > 100) {
            return usage("--min-confidence is 0 to 100, not \"%s\"", value);
        }
        c->options.min_confidence = (unsigned)n;
        break;
    case 'w':
        c->options.image_id = value;
        break;
    case 'u':
        return add_place(c->options.places.until,
                         &c->options.places.until_count, value);
    case 'v':
        return add_place(c->options.places.avoid,
                         &c->options.places.avoid_count, value);
    case 'r':
        c->options.results = value;
        break;
    case 'l':
        if (!pdm_level_parse(value, &c->options.log.level)) {
            return usage("--log-level has no \"%s\"", value);
        }
        break;
    case 'f':
        c->log_file = value;
        break;
    case 'P':
    case 'I':
        if (!pdm_prior_add(&c->priors, value, key == 'I')) {
            return usage("too many priors: %s", value);
        }
        break;
    case 'Q':
        c->priors.off = true;
        break;
    default:
        return set_ai_option(&c->ai, key, value);
    }
    return 0;
}

/* 0 go on, 1 help was printed, -1 wrong. */
static int parse(struct command_line *c, int argc, char **argv)
{
    struct option longs[ROW_COUNT + 1];
    size_t i;
    int key;

    memset(longs, 0, sizeof(longs));
    for (i = 0; i < ROW_COUNT; i++) {
        longs[i].name = rows[i].name;
        longs[i].has_arg =
            rows[i].argument != NULL ? required_argument : no_argument;
        longs[i].val = rows[i].key;
    }
    while ((key = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (key == 'h') {
            print_help();
            return 1;
        }
        if (key == '?') {
            fprintf(stderr, "`periphd --help` explains the options\n");
            return -1;
        }
        if (set_option(c, (char)key, optarg) < 0) {
            return -1;
        }
    }
    if (optind < argc) {
        return usage("unexpected argument \"%s\"", argv[optind]);
    }
    return 0;
}

/* SIGTERM, SIGINT and SIGHUP as a descriptor; a broken pipe is no signal. */
static int open_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
        return -1;
    }
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_log(struct command_line *c)
{
    c->options.log.file = stderr;
    setvbuf(stderr, NULL, _IOFBF, 8192);
    if (c->log_file != NULL) {
        c->options.log.file = fopen(c->log_file, "ae");
        if (c->options.log.file == NULL) {
            fprintf(stderr, "periphd: %s: %s\n", c->log_file,
                    strerror(errno));
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct command_line c = {
        .options = {
            .bridge_mem = PBR_DEFAULT_BRIDGE,
            .board = "boards/unnamed",
            .results = "log/ai_inference_results.json",
            .log = { .level = PDM_INFO },
        },
        .ai = { .type = "rules" },
    };
    char grammar[PATH_MAX + 16];
    char *library = pcc_library_dir();
    struct pdm_ai ai = { .asks_model = false };
    struct pdm *d = NULL;
    int signals, ret;

    if (library != NULL) {
        snprintf(grammar, sizeof(grammar), "%s/periph.gbnf", library);
        c.ai.grammar_file = grammar;
        c.options.import_dirs[c.options.import_dir_count++] = library;
    }
    ret = parse(&c, argc, argv);
    if (ret != 0) {
        ret = ret > 0 ? 0 : 1;
        goto out;
    }
    ret = 1;
    if (pdm_priors_setup(&c.priors, &c.options) < 0 ||
        pdm_ai_setup(&ai, &c.ai, &c.options) < 0) {
        goto out;
    }
    if (c.ai.dry_run) {
        pdm_ai_disclose(&ai, stdout);
        fflush(stdout);
    }
    if (c.ai.dry_run && !ai.asks_model) {
        ret = 0;
        goto out;
    }
    signals = open_signals();
    d = calloc(1, sizeof(*d));
    if (signals < 0 || d == NULL || open_log(&c) < 0) {
        goto out;
    }
    ret = pdm_init(d, &c.options);
    if (ret == 0) {
        ret = pdm_run(d, signals);
    } else {
        ret = 2;
    }
    pdm_dispose(d);
    ret = ret < 0 ? 1 : ret;
out:
    pdm_ai_dispose(&ai);
    inf_priors_free(c.options.priors);
    free(c.ai.key);
    free(d);
    free(library);
    return ret;
}
