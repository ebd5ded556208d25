/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/infer_ai.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dsl/strbuf.h"
#include "runtime/infer/ai_cache.h"
#include "runtime/infer/ai_check.h"
#include "runtime/infer/ai_items.h"
#include "runtime/infer/chat.h"
#include "runtime/infer/prompt.h"

#define ROUNDS 4u               /* the answer and three repairs */
#define MESSAGES (2u + 2u * (ROUNDS - 1u))
#define QUEUE 16u               /* places to look at again */
#define SLICE_MS 100u           /* between signs of life */
#define CLAIM_MAX 70u           /* no model is believed more */
#define SURE 95u                /* an answer nobody needs to better */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* One question and what was said about it. */
struct job {
    struct inf_question question;
    bool background;
    unsigned rounds;
    unsigned count;
    struct inf_chat_message messages[MESSAGES];
    char *texts[MESSAGES];      /* owned; NULL where the text is constant */
};

enum job_state { JOB_NONE, JOB_RUNS };

struct inf_engine {
    const char *name;
    struct inf_options options;
    const struct inf_ai_options *ai;
    const struct inf_services *svc;
    const struct inf_evidence *ev;
    struct inf_chat *chat;
    struct inf_probe *probe;
    struct job job;
    enum job_state state;
    unsigned probes;
    bool shown;                 /* what leaves the machine was shown */
    bool told_spent;
    unsigned queued;
    struct inf_question queue[QUEUE];
};

static void say(const struct inf_engine *eng, enum log_level level,
                const char *what, const char *more)
{
    char text[CHAT_ERROR_MAX + 128];

    if (eng->svc->log != NULL) {
        snprintf(text, sizeof(text), "%s: %s%s%s", eng->name, what,
                 more[0] != '\0' ? ": " : "", more);
        eng->svc->log(eng->svc->opaque, (int)level, text);
    }
}

/* ---- Configuration ---- */

/* 127.0.0.0/8 or ::1, written as a number: a name could lead anywhere. */
static bool is_loopback_number(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char bare[INET6_ADDRSTRLEN + 2];
    size_t len = strlen(host);

    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    if (len < 3 || len > sizeof(bare) || host[0] != '[') {
        return false;
    }
    memcpy(bare, host + 1, len - 2);
    bare[len - 2] = '\0';
    return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool inf_ai_is_local(const char *url)
{
    CURLU *parsed = curl_url();
    char *host = NULL;
    bool local = false;

    if (parsed != NULL &&
        curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        local = strcasecmp(host, "localhost") == 0 ||
            is_loopback_number(host);
    }
    curl_free(host);
    curl_url_cleanup(parsed);
    return local;
}

const char *inf_ai_problem(const struct inf_ai_options *ai)
{
    const char *url = ai->base_url;

    if (ai->replay) {
        return ai->cache_dir == NULL ?
            "there is no folder to replay from; --ai-cache names one" : NULL;
    }
    if (url == NULL || (strncasecmp(url, "https://", 8) != 0 &&
                        strncasecmp(url, "http://", 7) != 0)) {
        return "--api-base must be an address that starts with https:// or "
            "http://";
    }
    if (ai->model == NULL || ai->model[0] == '\0') {
        return "no model is named; --model says which one to ask";
    }
    if (ai->key != NULL && strncasecmp(url, "http://", 7) == 0 &&
        !inf_ai_is_local(url)) {
        return "a key is not sent over plain http to another computer; use "
            "https://";
    }
    if (ai->key != NULL && strpbrk(ai->key, "\r\n") != NULL) {
        return "the key has a line break in it";
    }
    return NULL;
}

/* ---- A conversation ---- */

static void job_clear(struct job *job)
{
    unsigned i;

    for (i = 0; i < MESSAGES; i++) {
        free(job->texts[i]);
    }
    memset(job, 0, sizeof(*job));
}

static void job_end(struct inf_engine *eng)
{
    inf_chat_cancel(eng->chat);
    job_clear(&eng->job);
    eng->state = JOB_NONE;
}

/* Adds a message; takes @text (malloc'ed) over. */
static bool job_add(struct job *job, const char *role, char *text)
{
    if (text == NULL || job->count == MESSAGES) {
        free(text);
        return false;
    }
    job->texts[job->count] = text;
    job->messages[job->count].role = role;
    job->messages[job->count].text = text;
    job->count++;
    return true;
}

static bool spent(struct inf_engine *eng)
{
    if (inf_chat_requests(eng->chat) < eng->ai->max_requests &&
        inf_chat_tokens(eng->chat) < eng->ai->max_tokens) {
        return false;
    }
    if (!eng->told_spent) {
        eng->told_spent = true;
        say(eng, LOG_WARN, "the bound of this run is reached, no more "
            "questions to the model; --ai-requests and --ai-tokens set it",
            "");
    }
    return true;
}

/* Shows what is sent, once, or always when nothing is sent. */
static void show(struct inf_engine *eng)
{
    char *body;

    if (eng->ai->show == NULL || (eng->shown && !eng->ai->dry_run)) {
        return;
    }
    eng->shown = true;
    body = inf_chat_body(eng->chat, eng->job.messages, eng->job.count);
    if (body != NULL) {
        eng->ai->show(eng->ai->opaque, body);
    }
    free(body);
}

/* Sends what the conversation holds; false when that is not to be. */
static bool job_send(struct inf_engine *eng)
{
    if (spent(eng)) {
        return false;
    }
    show(eng);
    if (eng->ai->dry_run) {
        return false;
    }
    say(eng, LOG_INFO, eng->job.background ? "looks for a better model, in "
        "the background" : "the model is asked", "");
    return inf_chat_start(eng->chat, eng->job.messages, eng->job.count,
                          eng->ai->timeout_s * 1000u) == 0;
}

static bool job_begin(struct inf_engine *eng, const struct inf_question *q,
                      bool background)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;

    job_end(eng);
    eng->job.question = *q;
    eng->job.background = background;
    inf_prompt_question(q, eng->svc, eng->ev, !background, &text);
    if (!job_add(&eng->job, "system", strdup(inf_prompt_system())) ||
        !job_add(&eng->job, "user", pdl_strbuf_take(&text))) {
        return false;
    }
    eng->state = JOB_RUNS;
    return true;
}

/* ---- Judging ---- */

static struct ai_place place_of(const struct inf_engine *eng,
                                const struct inf_question *q)
{
    struct ai_place p = {
        .svc = eng->svc, .ev = eng->ev, .base = q->base,
        .size = INF_PAGE_SIZE, .width = 32, .claim_max = CLAIM_MAX,
    };
    struct inf_model_device d;
    unsigned i;

    for (i = 0; eng->svc->device(eng->svc->opaque, i, &d) == 0; i++) {
        if (d.base == q->base) {
            p.size = d.size;
            p.width = d.width;
            break;
        }
    }
    return p;
}

static int check_edits(struct inf_engine *eng, const struct inf_answer *ans,
                       struct pdl_strbuf *problems)
{
    const struct inf_question *q = &eng->job.question;
    struct ai_check check = {
        .question = q, .svc = eng->svc, .ev = eng->ev, .base = q->base,
        .probe = eng->job.background ? NULL : eng->probe,
    };
    struct inf_trial trial;
    int ret = 0;

    if (eng->svc->try_edits == NULL) {
        return 0;
    }
    ret = eng->svc->try_edits(eng->svc->opaque, q, ans->edits,
                              ans->edit_count, &trial);
    if (ret != 0) {
        pdl_strbuf_puts(problems, trial.messages);
        return INF_E_FORMAT;
    }
    check.table = trial.table;
    check.size = trial.size;
    if (trial.size > 0) {
        ret = ai_check_run(&check, problems);
        eng->probes += check.probes;
    }
    return ret;
}

/* Judges a reply: 0 with the edits in @ans, or what is wrong. */
static int judge(struct inf_engine *eng, const char *reply,
                 struct inf_answer *ans, struct pdl_strbuf *problems)
{
    struct ai_place place = place_of(eng, &eng->job.question);
    int ret = ai_items_parse(reply, &place, ans, problems);

    if (ret == 0) {
        ret = check_edits(eng, ans, problems);
    }
    if (ret != 0) {
        inf_answer_dispose(ans);
    }
    return ret;
}

/* Goes on with a conversation after a reply; true when it is over. */
static bool take_reply(struct inf_engine *eng, const char *reply,
                       struct inf_answer *ans)
{
    struct pdl_strbuf problems = PDL_STRBUF_INIT;
    struct pdl_strbuf repair = PDL_STRBUF_INIT;
    struct job *job = &eng->job;
    bool over = judge(eng, reply, ans, &problems) == 0;

    job->rounds++;
    if (!over) {
        say(eng, LOG_DEBUG, "not used", pdl_strbuf_str(&problems));
        inf_prompt_repair(pdl_strbuf_str(&problems), &repair);
        over = job->rounds == ROUNDS ||
            !job_add(job, "assistant", strdup(reply)) ||
            !job_add(job, "user", pdl_strbuf_take(&repair));
        if (over) {
            say(eng, LOG_INFO, "no usable answer after the repairs it was "
                "given", "");
        }
    }
    pdl_strbuf_dispose(&problems);
    pdl_strbuf_dispose(&repair);
    return over;
}

/* Replies that are kept, as long as there are any; true when it is over. */
static bool take_kept(struct inf_engine *eng, struct inf_answer *ans)
{
    bool over = false;
    char *reply;

    while (!over && eng->ai->cache_dir != NULL) {
        reply = ai_cache_get(eng->ai->cache_dir, eng->ai->model,
                             eng->job.messages, eng->job.count);
        if (reply == NULL) {
            break;
        }
        say(eng, LOG_DEBUG, "a kept reply is used", "");
        over = take_reply(eng, reply, ans);
        free(reply);
    }
    return over;
}

/* Starts the next request; true when there is none and all is over. */
static bool next_request(struct inf_engine *eng, struct inf_answer *ans)
{
    if (take_kept(eng, ans)) {
        return true;
    }
    if (eng->ai->replay) {
        say(eng, LOG_INFO, "no reply is recorded for this question", "");
        return true;
    }
    return !job_send(eng);
}

/* Lets a conversation go on for @wait_ms; true when it is over. */
static bool job_step(struct inf_engine *eng, unsigned wait_ms,
                     struct inf_answer *ans)
{
    const char *reply;

    switch (inf_chat_step(eng->chat, wait_ms)) {
    case INF_CHAT_BUSY:
        return false;
    case INF_CHAT_DONE:
        reply = inf_chat_text(eng->chat);
        if (eng->ai->cache_dir != NULL &&
            ai_cache_put(eng->ai->cache_dir, eng->ai->model,
                         eng->job.messages, eng->job.count, reply) < 0) {
            say(eng, LOG_DEBUG, "the reply cannot be kept",
                eng->ai->cache_dir);
        }
        return take_reply(eng, reply, ans) || next_request(eng, ans);
    case INF_CHAT_FAILED:
        say(eng, LOG_WARN, "no answer", inf_chat_error(eng->chat));
        return true;
    default:
        return true;
    }
}

/* ---- The operations ---- */

static int ai_open(const char *name, const struct inf_options *opts,
                   const struct inf_services *svc,
                   const struct inf_evidence *ev, struct inf_engine **out)
{
    struct inf_engine *eng;

    if (opts == NULL || opts->version != INF_API_VERSION ||
        svc->version != INF_API_VERSION) {
        return INF_E_VERSION;
    }
    if (opts->ai == NULL || inf_ai_problem(opts->ai) != NULL) {
        return INF_E_RANGE;
    }
    eng = calloc(1, sizeof(*eng));
    if (eng == NULL) {
        return INF_E_NOMEM;
    }
    eng->name = name;
    eng->options = *opts;
    eng->ai = opts->ai;
    eng->svc = svc;
    eng->ev = ev;
    eng->chat = inf_chat_new(eng->ai);
    eng->probe = inf_probe_new();
    if (eng->chat == NULL || eng->probe == NULL) {
        inf_chat_free(eng->chat);
        inf_probe_free(eng->probe);
        free(eng);
        return INF_E_NOMEM;
    }
    *out = eng;
    return 0;
}

static int open_local(const struct inf_options *opts,
                      const struct inf_services *svc,
                      const struct inf_evidence *ev, struct inf_engine **out)
{
    return ai_open("local", opts, svc, ev, out);
}

static int open_cloud(const struct inf_options *opts,
                      const struct inf_services *svc,
                      const struct inf_evidence *ev, struct inf_engine **out)
{
    return ai_open("cloud", opts, svc, ev, out);
}

/* Whether a model can be asked that: about a place of a device. */
static bool suits(const struct inf_question *q)
{
    return q->device[0] != '\0' &&
        (q->kind == INF_STALL || q->kind == INF_FAULT);
}

static bool stopping(const struct inf_engine *eng)
{
    return eng->svc->stopping != NULL && eng->svc->stopping(eng->svc->opaque);
}

/* A look in the background gives way to a guest that waits. */
static void put_back(struct inf_engine *eng)
{
    if (eng->state == JOB_RUNS && eng->job.background &&
        eng->queued < QUEUE) {
        eng->queue[eng->queued++] = eng->job.question;
    }
}

static int ai_answer(struct inf_engine *eng, const struct inf_question *q,
                     struct inf_answer *ans)
{
    bool over;

    if (!suits(q)) {
        return 0;
    }
    put_back(eng);
    eng->probes = 0;
    if (!job_begin(eng, q, false)) {
        job_end(eng);
        return INF_E_NOMEM;
    }
    over = next_request(eng, ans);
    while (!over && !stopping(eng)) {
        over = job_step(eng, SLICE_MS, ans);
        if (eng->svc->beat != NULL) {
            eng->svc->beat(eng->svc->opaque);
        }
    }
    ans->probes = eng->probes;
    if (over && ans->edit_count > 0) {
        ans->verdict = INF_TABLES;
        ans->outcome = INF_SOLVED;
        snprintf(ans->message, sizeof(ans->message), "%s model: %u "
                 "declarations", eng->name, ans->edit_count);
    }
    job_end(eng);
    return 0;
}

/* Places worth a second look: polls that were answered with less than
 * certainty. */
static void ai_consider(struct inf_engine *eng, const struct inf_question *q,
                        const struct inf_answer *given, const char *by)
{
    unsigned i, sure = 100;

    (void)by;
    if (q->kind != INF_STALL || q->device[0] == '\0' ||
        given->outcome != INF_SOLVED || eng->queued == QUEUE) {
        return;
    }
    for (i = 0; i < given->edit_count; i++) {
        sure = given->edits[i].confidence < sure ?
            given->edits[i].confidence : sure;
    }
    for (i = 0; i < eng->queued; i++) {
        if (eng->queue[i].phys == q->phys) {
            return;
        }
    }
    if (sure < SURE) {
        eng->queue[eng->queued++] = *q;
    }
}

static bool ai_busy(const struct inf_engine *eng)
{
    return eng->state == JOB_RUNS || eng->queued > 0;
}

static int ai_review(struct inf_engine *eng, struct inf_answer *ans)
{
    struct inf_question q;
    bool over;

    if (eng->state == JOB_NONE && eng->queued > 0) {
        q = eng->queue[0];
        eng->queued--;
        memmove(&eng->queue[0], &eng->queue[1],
                eng->queued * sizeof(eng->queue[0]));
        over = !job_begin(eng, &q, true) || next_request(eng, ans);
    } else if (eng->state == JOB_RUNS) {
        over = job_step(eng, 0, ans);
    } else {
        return 0;
    }
    if (over) {
        if (ans->edit_count > 0) {
            ans->verdict = INF_TABLES;
            ans->outcome = INF_SOLVED;
        }
        job_end(eng);
    }
    return 0;
}

static void ai_event(struct inf_engine *eng, const struct inf_event *event)
{
    if (event->kind == INF_EV_SHUTDOWN) {
        job_end(eng);
        eng->queued = 0;
    }
}

static void ai_close(struct inf_engine *eng)
{
    job_end(eng);
    inf_chat_free(eng->chat);
    inf_probe_free(eng->probe);
    free(eng);
}

static const struct inf_engine_ops local_ops = {
    .version = INF_API_VERSION, .name = "local", .open = open_local,
    .answer = ai_answer, .review = ai_review, .note_event = ai_event,
    .close = ai_close, .consider = ai_consider, .busy = ai_busy,
};

static const struct inf_engine_ops cloud_ops = {
    .version = INF_API_VERSION, .name = "cloud", .open = open_cloud,
    .answer = ai_answer, .review = ai_review, .note_event = ai_event,
    .close = ai_close, .consider = ai_consider, .busy = ai_busy,
};

const struct inf_engine_ops *inf_local_ops(void)
{
    return &local_ops;
}

const struct inf_engine_ops *inf_cloud_ops(void)
{
    return &cloud_ops;
}
