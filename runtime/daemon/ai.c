/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/daemon/ai.h"
#include "runtime/infer/ai_grammar.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/infer/priors.h"

#define CLOUD_BASE "https://api.openai.com/v1"
#define LOCAL_BASE "http://127.0.0.1:8080/v1"
#define KEY_MAX 4096u
#define GRAMMAR_MAX (1u << 20)
#define PLUGIN_SYMBOL "periph_engine"

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "periphd: %s%s%s\n", what, why[0] != '\0' ? ": " : "",
            why);
    return -1;
}

/* ---- Files ---- */

/* A small file whole; NULL with errno set. */
static char *read_text(const char *path, size_t max)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    size_t len;

    if (f == NULL) {
        return NULL;
    }
    text = malloc(max + 1);
    if (text != NULL) {
        len = fread(text, 1, max, f);
        text[len] = '\0';
        if (len == max || ferror(f)) {
            errno = len == max ? EFBIG : EIO;
            free(text);
            text = NULL;
        }
    }
    fclose(f);
    return text;
}

static int read_key(struct pdm_ai *ai, const char *path)
{
    struct stat st;

    ai->key = read_text(path, KEY_MAX);
    if (ai->key == NULL) {
        return complain(path, strerror(errno));
    }
    ai->key[strcspn(ai->key, "\r\n")] = '\0';
    if (ai->key[0] == '\0') {
        return complain(path, "there is no key in its first line");
    }
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        fprintf(stderr, "periphd: warning: %s can be read by others; "
                "`chmod 600 %s` changes that\n", path, path);
    }
    return 0;
}

static int find_key(struct pdm_ai *ai, const struct pdm_ai_line *line)
{
    const char *env = getenv("OPENAI_API_KEY");

    if (line->key != NULL) {
        fprintf(stderr, "periphd: warning: a key on the command line can be "
                "read by every user of this computer; use OPENAI_API_KEY or "
                "--api-key-file\n");
        ai->key = strdup(line->key);
    } else if (line->key_file != NULL) {
        return read_key(ai, line->key_file);
    } else if (env != NULL && env[0] != '\0') {
        ai->key = strdup(env);
    }
    return 0;
}

/* Where replies are kept when nobody says. */
static char *default_cache(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    int ret = -1;

    if (xdg != NULL && xdg[0] == '/') {
        ret = asprintf(&path, "%s/periph/ai", xdg);
    } else if (home != NULL && home[0] == '/') {
        ret = asprintf(&path, "%s/.cache/periph/ai", home);
    }
    return ret < 0 ? NULL : path;
}

/* ---- Engines ---- */

static int add_engine(struct pdm_options *options,
                      const struct inf_engine_ops *ops)
{
    if (options->engine_count == PDM_MAX_ENGINES) {
        return complain("too many engines", "");
    }
    options->engines[options->engine_count++] = ops;
    return 0;
}

static int load_plugin(struct pdm_ai *ai, const char *path,
                       struct pdm_options *options)
{
    const struct inf_engine_ops *(*entry)(void);
    const struct inf_engine_ops *ops;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (handle == NULL) {
        return complain("--engine-plugin", dlerror());
    }
    ai->handles[ai->handle_count++] = handle;
    *(void **)&entry = dlsym(handle, PLUGIN_SYMBOL);
    if (entry == NULL) {
        return complain(path, "it has no function " PLUGIN_SYMBOL "(); "
                        "runtime/infer/README.md tells how to write one");
    }
    ops = entry();
    if (ops == NULL || ops->version != INF_API_VERSION) {
        return complain(path, "it was made for another version of Periph; "
                        "compile it again with this runtime/infer/infer.h");
    }
    if (ops->name == NULL || ops->open == NULL || ops->answer == NULL ||
        ops->close == NULL) {
        return complain(path, "its engine lacks a name, open, answer or "
                        "close");
    }
    return add_engine(options, ops);
}

static int parse_constraint(const char *word, enum inf_ai_constraint *out)
{
    if (word == NULL || strcmp(word, "schema") == 0) {
        *out = INF_AI_SCHEMA;
    } else if (strcmp(word, "grammar") == 0) {
        *out = INF_AI_GRAMMAR;
    } else if (strcmp(word, "none") == 0) {
        *out = INF_AI_PLAIN;
    } else {
        return complain("--ai-constraint is schema, grammar or none, not",
                        word);
    }
    return 0;
}

static void show(void *opaque, const char *text)
{
    const struct pdm_ai *ai = opaque;

    if (ai->options.dry_run) {
        printf("POST %s/chat/completions\n%s\n\n", ai->options.base_url,
               text);
        fflush(stdout);
    } else {
        fprintf(stderr, "to %s goes this, and more like it (shown once; "
                "--dry-run shows all and sends none):\n%s\n",
                ai->options.base_url, text);
    }
}

static int read_grammar(struct pdm_ai *ai, const struct pdm_ai_line *line)
{
    char *text = line->grammar_file != NULL ?
        read_text(line->grammar_file, GRAMMAR_MAX) : NULL;

    ai->grammar = text != NULL ? ai_grammar_answer(text) : NULL;
    ai->options.grammar = ai->grammar;
    free(text);
    return ai->grammar != NULL ? 0 :
        complain("--ai-constraint grammar", line->grammar_file != NULL ?
                 "periph.gbnf beside the library is not there or another "
                 "one" : "the folder of the library is not there");
}

/* The options of a model that @cloud tells where to look for. */
static int setup_model(struct pdm_ai *ai, const struct pdm_ai_line *line,
                       bool cloud, bool replay)
{
    struct inf_ai_options *o = &ai->options;
    const char *env = getenv("OPENAI_BASE_URL");
    const char *problem;

    o->base_url = line->base != NULL ? line->base :
        cloud ? (env != NULL && env[0] != '\0' ? env : CLOUD_BASE) :
        LOCAL_BASE;
    o->model = line->model != NULL ? line->model :
        cloud && !replay ? NULL : "default";
    o->replay = replay;
    o->dry_run = line->dry_run;
    o->timeout_s = line->timeout_s != 0 ? line->timeout_s : INF_AI_TIMEOUT_S;
    o->max_requests = line->requests != 0 ? line->requests : INF_AI_REQUESTS;
    o->max_tokens = line->tokens != 0 ? line->tokens : INF_AI_TOKENS;
    o->show = show;
    o->opaque = ai;
    if (line->cache == NULL || strcmp(line->cache, "none") != 0) {
        ai->cache = line->cache != NULL ? strdup(line->cache) :
            default_cache();
        o->cache_dir = ai->cache;
    }
    if (parse_constraint(line->constraint, &o->constraint) < 0 ||
        (cloud && !replay && find_key(ai, line) < 0)) {
        return -1;
    }
    o->key = ai->key;
    if (cloud && !replay && ai->key == NULL && line->base == NULL) {
        return complain("--ai-type cloud", "there is no key; put it into "
                        "OPENAI_API_KEY or a file for --api-key-file");
    }
    if (!cloud && !replay && !inf_ai_is_local(o->base_url)) {
        return complain("--ai-type local", "--api-base names another "
                        "computer; what leaves this one needs --ai-type "
                        "cloud");
    }
    if (o->constraint == INF_AI_GRAMMAR && read_grammar(ai, line) < 0) {
        return -1;
    }
    problem = inf_ai_problem(o);
    return problem != NULL ? complain("the model cannot be asked", problem) :
        0;
}

int pdm_ai_setup(struct pdm_ai *ai, const struct pdm_ai_line *line,
                 struct pdm_options *options)
{
    bool cloud = strcmp(line->type, "cloud") == 0;
    bool local = strcmp(line->type, "local") == 0 ||
        (strcmp(line->type, "auto") == 0 && line->base != NULL);
    bool replay = strcmp(line->type, "replay") == 0;
    unsigned i;

    memset(ai, 0, sizeof(*ai));
    if (!cloud && !local && !replay && strcmp(line->type, "rules") != 0 &&
        strcmp(line->type, "auto") != 0) {
        fprintf(stderr, "periphd: --ai-type has no \"%s\"; `periphd --help` "
                "explains the options\n", line->type);
        return -1;
    }
    for (i = 0; i < line->plugin_count; i++) {
        if (load_plugin(ai, line->plugins[i], options) < 0) {
            return -1;
        }
    }
    if (add_engine(options, inf_map_ops()) < 0) {
        return -1;
    }
    if (options->priors != NULL &&
        add_engine(options, inf_library_ops()) < 0) {
        return -1;
    }
    if (add_engine(options, inf_rules_ops()) < 0) {
        return -1;
    }
    if (!cloud && !local && !replay) {
        return 0;
    }
    ai->asks_model = true;
    options->ai = &ai->options;
    return setup_model(ai, line, cloud, replay) < 0 ? -1 :
        add_engine(options, cloud ? inf_cloud_ops() : inf_local_ops());
}

void pdm_ai_dispose(struct pdm_ai *ai)
{
    unsigned i;

    if (ai->key != NULL) {
        explicit_bzero(ai->key, strlen(ai->key));
    }
    free(ai->key);
    free(ai->cache);
    free(ai->grammar);
    for (i = 0; i < ai->handle_count; i++) {
        dlclose(ai->handles[i]);
    }
    memset(ai, 0, sizeof(*ai));
}

void pdm_ai_disclose(const struct pdm_ai *ai, FILE *to)
{
    if (!ai->asks_model || ai->options.replay) {
        fprintf(to, "Nothing leaves this computer: registers are worked out "
                "here, without network.\n");
        return;
    }
    fprintf(to, "To %s (model %s) go, for each poll that rules alone do not "
            "answer with certainty: the CPU's type and registers, names and "
            "addresses of the board's devices, the accesses to the device "
            "in question with their values, and some 30 disassembled "
            "instructions around the place. No files, no names of this "
            "computer, no key of anything else. At most %u requests and "
            "%llu tokens in a run.\n", ai->options.base_url,
            ai->options.model, ai->options.max_requests,
            (unsigned long long)ai->options.max_tokens);
}
