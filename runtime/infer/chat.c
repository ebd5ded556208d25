/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/chat.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_MS 10000L
#define REPLY_TOKENS 2048
#define RETRY_DEFAULT_MS 1000u

/* How much of what is optional a request carries. */
enum extras { EXTRAS_ALL, EXTRAS_FREE_TEXT, EXTRAS_NONE };

struct inf_chat {
    const struct inf_ai_options *ai;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    enum inf_chat_state state;
    enum extras extras;     /* stays: the endpoint is the same */
    cJSON *messages;        /* of the request at hand */
    char *body;             /* being sent */
    char *reply;
    size_t reply_len;
    bool too_long;
    char *text;
    uint64_t deadline, retry_at;    /* monotonic ms; retry_at 0: none */
    unsigned tries;
    unsigned requests;
    uint64_t tokens;
    char error[CHAT_ERROR_MAX];
};

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

struct inf_chat *inf_chat_new(const struct inf_ai_options *ai)
{
    struct inf_chat *chat = calloc(1, sizeof(*chat));

    if (chat == NULL) {
        return NULL;
    }
    chat->ai = ai;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(chat);
        return NULL;
    }
    chat->multi = curl_multi_init();
    if (chat->multi == NULL) {
        curl_global_cleanup();
        free(chat);
        return NULL;
    }
    return chat;
}

static void end_transfer(struct inf_chat *chat)
{
    if (chat->easy != NULL) {
        curl_multi_remove_handle(chat->multi, chat->easy);
        curl_easy_cleanup(chat->easy);
        chat->easy = NULL;
    }
    curl_slist_free_all(chat->headers);
    chat->headers = NULL;
    cJSON_free(chat->body);
    chat->body = NULL;
}

void inf_chat_cancel(struct inf_chat *chat)
{
    end_transfer(chat);
    cJSON_Delete(chat->messages);
    chat->messages = NULL;
    free(chat->reply);
    chat->reply = NULL;
    chat->reply_len = 0;
    free(chat->text);
    chat->text = NULL;
    chat->error[0] = '\0';
    chat->retry_at = 0;
    chat->state = INF_CHAT_IDLE;
}

void inf_chat_free(struct inf_chat *chat)
{
    if (chat != NULL) {
        inf_chat_cancel(chat);
        curl_multi_cleanup(chat->multi);
        curl_global_cleanup();
        free(chat);
    }
}

const char *inf_chat_text(const struct inf_chat *chat)
{
    return chat->text != NULL ? chat->text : "";
}

const char *inf_chat_error(const struct inf_chat *chat)
{
    return chat->error;
}

unsigned inf_chat_requests(const struct inf_chat *chat)
{
    return chat->requests;
}

uint64_t inf_chat_tokens(const struct inf_chat *chat)
{
    return chat->tokens;
}

/* ---- Request ---- */

/* The text wrapped in JSON, for endpoints that take a schema. */
static cJSON *schema(void)
{
    return cJSON_Parse(
        "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"periph\","
        "\"strict\":true,\"schema\":{\"type\":\"object\","
        "\"properties\":{\"reason\":{\"type\":\"string\"},"
        "\"periph\":{\"type\":\"string\"},"
        "\"confidence\":{\"type\":\"integer\"}},"
        "\"required\":[\"reason\",\"periph\",\"confidence\"],"
        "\"additionalProperties\":false}}}");
}

static bool add_constraint(const struct inf_chat *chat, cJSON *root)
{
    cJSON *format;

    if (chat->ai->constraint == INF_AI_GRAMMAR && chat->ai->grammar != NULL) {
        return cJSON_AddStringToObject(root, "grammar", chat->ai->grammar) !=
            NULL;
    }
    if (chat->ai->constraint == INF_AI_SCHEMA) {
        format = schema();
        return format != NULL &&
            cJSON_AddItemToObject(root, "response_format", format);
    }
    return true;
}

static cJSON *message_array(const struct inf_chat_message *messages,
                            unsigned count)
{
    cJSON *array = cJSON_CreateArray();
    unsigned i;

    for (i = 0; array != NULL && i < count; i++) {
        cJSON *m = cJSON_CreateObject();

        if (m == NULL || !cJSON_AddItemToArray(array, m) ||
            cJSON_AddStringToObject(m, "role", messages[i].role) == NULL ||
            cJSON_AddStringToObject(m, "content", messages[i].text) == NULL) {
            cJSON_Delete(array);
            array = NULL;
        }
    }
    return array;
}

/* The body around @messages, which stay the caller's. */
static char *print_body(const struct inf_chat *chat, cJSON *messages)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    bool ok = root != NULL &&
        cJSON_AddStringToObject(root, "model", chat->ai->model) != NULL &&
        cJSON_AddItemReferenceToObject(root, "messages", messages);

    if (ok && chat->extras <= EXTRAS_FREE_TEXT) {
        ok = cJSON_AddNumberToObject(root, "temperature", 0) != NULL &&
            cJSON_AddNumberToObject(root, "seed", 1) != NULL &&
            cJSON_AddNumberToObject(root, "max_tokens", REPLY_TOKENS) !=
                NULL;
    }
    if (ok && chat->extras == EXTRAS_ALL) {
        ok = add_constraint(chat, root);
    }
    if (ok) {
        text = cJSON_PrintUnformatted(root);
    }
    cJSON_Delete(root);
    return text;
}

char *inf_chat_body(const struct inf_chat *chat,
                    const struct inf_chat_message *messages, unsigned count)
{
    cJSON *array = message_array(messages, count);
    char *text = array != NULL ? print_body(chat, array) : NULL;

    cJSON_Delete(array);
    return text;
}

static size_t take_bytes(char *data, size_t size, size_t count, void *opaque)
{
    struct inf_chat *chat = opaque;
    size_t bytes = size * count;
    char *grown;

    if (chat->reply_len + bytes > CHAT_MAX_REPLY) {
        chat->too_long = true;
        return 0;
    }
    grown = realloc(chat->reply, chat->reply_len + bytes + 1);
    if (grown == NULL) {
        return 0;
    }
    memcpy(grown + chat->reply_len, data, bytes);
    chat->reply = grown;
    chat->reply_len += bytes;
    grown[chat->reply_len] = '\0';
    return bytes;
}

/* The header line with the key is nowhere else than here. */
static bool add_headers(struct inf_chat *chat)
{
    struct curl_slist *list;
    char *line;
    size_t size;

    chat->headers = curl_slist_append(NULL, "Content-Type: application/json");
    list = chat->headers != NULL ?
        curl_slist_append(chat->headers, "Accept: application/json") : NULL;
    if (list == NULL || chat->ai->key == NULL) {
        return list != NULL;
    }
    size = strlen(chat->ai->key) + sizeof("Authorization: Bearer ");
    line = malloc(size);
    if (line == NULL) {
        return false;
    }
    snprintf(line, size, "Authorization: Bearer %s", chat->ai->key);
    list = curl_slist_append(chat->headers, line);
    explicit_bzero(line, size);
    free(line);
    return list != NULL;
}

static bool set_options(struct inf_chat *chat, const char *url, long left_ms)
{
    CURL *e = chat->easy;

    return curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") ==
            CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_HTTPHEADER, chat->headers) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)strlen(chat->body)) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, chat->body) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) ==
            CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, left_ms) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
        curl_easy_setopt(e, CURLOPT_WRITEDATA, chat) == CURLE_OK;
}

static void fail(struct inf_chat *chat, const char *text)
{
    snprintf(chat->error, sizeof(chat->error), "%s", text);
    chat->state = INF_CHAT_FAILED;
}

/* One HTTP request of the conversation at hand. */
static void send_request(struct inf_chat *chat)
{
    uint64_t now = now_ms();
    char url[1024];
    int len;

    end_transfer(chat);
    free(chat->reply);
    chat->reply = NULL;
    chat->reply_len = 0;
    chat->too_long = false;
    chat->retry_at = 0;
    if (now >= chat->deadline) {
        fail(chat, "no answer in time; --ai-timeout gives it longer");
        return;
    }
    len = snprintf(url, sizeof(url), "%s%schat/completions",
                   chat->ai->base_url,
                   chat->ai->base_url[0] != '\0' &&
                   chat->ai->base_url[strlen(chat->ai->base_url) - 1] == '/' ?
                   "" : "/");
    chat->body = print_body(chat, chat->messages);
    chat->easy = curl_easy_init();
    if (len >= (int)sizeof(url) || chat->body == NULL ||
        chat->easy == NULL || !add_headers(chat) ||
        !set_options(chat, url, (long)(chat->deadline - now)) ||
        curl_multi_add_handle(chat->multi, chat->easy) != CURLM_OK) {
        fail(chat, "the request could not be made");
        return;
    }
    chat->tries++;
    chat->requests++;
    chat->state = INF_CHAT_BUSY;
}

int inf_chat_start(struct inf_chat *chat,
                   const struct inf_chat_message *messages, unsigned count,
                   unsigned timeout_ms)
{
    inf_chat_cancel(chat);
    chat->messages = message_array(messages, count);
    if (chat->messages == NULL) {
        return INF_E_NOMEM;
    }
    chat->deadline = now_ms() + timeout_ms;
    chat->tries = 0;
    send_request(chat);
    return 0;
}

/* ---- Reply ---- */

/* A later try, when the deadline allows it. */
static bool try_later(struct inf_chat *chat, uint64_t wait_ms)
{
    uint64_t now = now_ms();

    if (chat->tries >= CHAT_MAX_TRIES || now + wait_ms >= chat->deadline) {
        return false;
    }
    end_transfer(chat);
    chat->retry_at = now + wait_ms;
    return true;
}

/* What the endpoint says of an error, in printable characters. */
static void add_reason(struct inf_chat *chat)
{
    cJSON *root = cJSON_ParseWithLengthOpts(chat->reply != NULL ?
        chat->reply : "", chat->reply_len, NULL, 0);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(root, "error");
    const cJSON *text = cJSON_IsString(error) ? error :
        cJSON_GetObjectItemCaseSensitive(error, "message");
    size_t at = strlen(chat->error);
    const char *p;

    if (cJSON_IsString(text) && (chat->ai->key == NULL ||
        strstr(text->valuestring, chat->ai->key) == NULL)) {
        at += (size_t)snprintf(chat->error + at, 3, ": ");
        for (p = text->valuestring; *p != '\0' && at + 1 <
             sizeof(chat->error); p++) {
            chat->error[at++] = *p >= ' ' && *p <= '~' ? *p : ' ';
        }
        chat->error[at] = '\0';
    }
    cJSON_Delete(root);
}

static void fail_status(struct inf_chat *chat, long status)
{
    const char *hint = status == 401 || status == 403 ?
        " (is the key in OPENAI_API_KEY right?)" :
        status == 404 ? " (is the model's name right, and does --api-base "
        "end with /v1?)" :
        status >= 300 && status < 400 ? " (redirects are not followed: give "
        "the address it leads to)" : "";

    chat->state = INF_CHAT_FAILED;
    snprintf(chat->error, sizeof(chat->error), "the endpoint answered HTTP "
             "%ld%s", status, hint);
    add_reason(chat);
}

/* Takes the message out of a good reply. */
static void take_reply(struct inf_chat *chat)
{
    cJSON *root = cJSON_ParseWithLengthOpts(chat->reply != NULL ?
        chat->reply : "", chat->reply_len, NULL, 0);
    const cJSON *usage = cJSON_GetObjectItemCaseSensitive(root, "usage");
    const cJSON *total =
        cJSON_GetObjectItemCaseSensitive(usage, "total_tokens");
    const cJSON *choice = cJSON_GetArrayItem(
        cJSON_GetObjectItemCaseSensitive(root, "choices"), 0);
    const cJSON *reason =
        cJSON_GetObjectItemCaseSensitive(choice, "finish_reason");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(choice, "message"), "content");

    if (cJSON_IsNumber(total) && total->valuedouble > 0 &&
        total->valuedouble < 1e9) {
        chat->tokens += (uint64_t)total->valuedouble;
    }
    if (cJSON_IsString(reason) && strcmp(reason->valuestring, "length") ==
        0) {
        fail(chat, "the answer was cut off at the model's limit");
    } else if (!cJSON_IsString(text)) {
        fail(chat, root == NULL ? "the answer is no JSON" :
             "the answer is no chat completion");
    } else {
        chat->text = strdup(text->valuestring);
        chat->state = chat->text != NULL ? INF_CHAT_DONE : INF_CHAT_FAILED;
    }
    cJSON_Delete(root);
}

static bool is_json(CURL *easy)
{
    const char *type = NULL;

    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    return type != NULL && strncmp(type, "application/json", 16) == 0;
}

static void judge_status(struct inf_chat *chat)
{
    curl_off_t wait_s = 0;
    long status = 0;

    curl_easy_getinfo(chat->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(chat->easy, CURLINFO_RETRY_AFTER, &wait_s);
    if (status == 200 && is_json(chat->easy)) {
        take_reply(chat);
    } else if (status == 200) {
        fail(chat, "the endpoint does not answer with JSON; --api-base is "
             "the address of the API, it usually ends with /v1");
    } else if ((status == 400 || status == 422) &&
               chat->extras != EXTRAS_NONE && try_later(chat, 0)) {
        chat->extras++;
    } else if ((status == 429 || status >= 500) &&
               try_later(chat, wait_s > 0 && wait_s < 1000000 ?
                         (uint64_t)wait_s * 1000u :
                         RETRY_DEFAULT_MS << chat->tries)) {
        return;
    } else if (status == 429 || status == 503) {
        chat->state = INF_CHAT_FAILED;
        snprintf(chat->error, sizeof(chat->error), "the endpoint is busy "
                 "(HTTP %ld, asks to wait %lld s)", status,
                 (long long)wait_s);
    } else {
        fail_status(chat, status);
    }
}

static void judge(struct inf_chat *chat, CURLcode code)
{
    if (chat->too_long) {
        fail(chat, "the answer is longer than 1 MiB");
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        fail(chat, "no answer in time; --ai-timeout gives it longer");
    } else if (code == CURLE_COULDNT_CONNECT && try_later(chat, 500)) {
        return;
    } else if (code != CURLE_OK) {
        chat->state = INF_CHAT_FAILED;
        snprintf(chat->error, sizeof(chat->error), "%s: %s",
                 chat->ai->base_url, curl_easy_strerror(code));
    } else {
        judge_status(chat);
    }
}

enum inf_chat_state inf_chat_step(struct inf_chat *chat, unsigned wait_ms)
{
    uint64_t now = now_ms();
    CURLMsg *message;
    int n;

    if (chat->state != INF_CHAT_BUSY) {
        return chat->state;
    }
    if (chat->retry_at > now) {
        uint64_t left = chat->retry_at - now;

        curl_multi_poll(chat->multi, NULL, 0,
                        (int)(left < wait_ms ? left : wait_ms), NULL);
        return chat->state;
    }
    if (chat->retry_at != 0) {
        send_request(chat);
        return chat->state;
    }
    curl_multi_perform(chat->multi, &n);
    if (n > 0 && wait_ms > 0) {
        curl_multi_poll(chat->multi, NULL, 0, (int)wait_ms, NULL);
        curl_multi_perform(chat->multi, &n);
    }
    while ((message = curl_multi_info_read(chat->multi, &n)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            judge(chat, message->data.result);
            break;
        }
    }
    if (chat->state != INF_CHAT_BUSY) {
        end_transfer(chat);
    }
    return chat->state;
}
