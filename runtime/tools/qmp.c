/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/qmp.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/tools/util.h"

#define QMP_COMMAND_MAX 256

void qmp_init(struct qmp *q, int fd)
{
    *q = (struct qmp) { .fd = fd };
}

void qmp_close(struct qmp *q)
{
    if (q->fd >= 0) {
        close(q->fd);
    }
    q->fd = -1;
    free(q->text);
    q->text = NULL;
}

static void transmit(struct qmp *q, const char *text)
{
    if (q->fd >= 0 &&
        send(q->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        errno != EAGAIN) {
        qmp_close(q);
    }
}

void qmp_ask_status(struct qmp *q)
{
    transmit(q, "{\"execute\":\"query-status\"}\n");
}

void qmp_continue(struct qmp *q)
{
    transmit(q, "{\"execute\":\"cont\"}\n");
}

void qmp_halt(struct qmp *q)
{
    transmit(q, "{\"execute\":\"stop\"}\n");
}

void qmp_quit(struct qmp *q)
{
    transmit(q, "{\"execute\":\"quit\"}\n");
}

/* Sets a property; takes @value over.  The answer is told by @id. */
static void set(struct qmp *q, const char *id, const char *path,
                const char *property, cJSON *value)
{
    cJSON *command = cJSON_CreateObject();
    cJSON *arguments = cJSON_AddObjectToObject(command, "arguments");
    char *text, *line;

    cJSON_AddStringToObject(command, "execute", value ? "qom-set" :
                            "qom-get");
    cJSON_AddStringToObject(command, "id", id);
    cJSON_AddStringToObject(arguments, "path", path);
    cJSON_AddStringToObject(arguments, "property", property);
    if (value) {
        cJSON_AddItemToObject(arguments, "value", value);
    }
    text = cJSON_PrintUnformatted(command);
    line = text ? text_new("%s\n", text) : NULL;
    if (line) {
        transmit(q, line);
    }
    free(line);
    cJSON_free(text);
    cJSON_Delete(command);
}

void qmp_load(struct qmp *q, const char *path)
{
    set(q, "load", "/machine", "load", cJSON_CreateString(path));
}

void qmp_goal(struct qmp *q, const char *goal)
{
    set(q, "goal", "/machine", "goal", cJSON_CreateString(goal));
}

void qmp_ask_reached(struct qmp *q)
{
    set(q, "reached", "/machine", "reached", NULL);
}

void qmp_avoided(struct qmp *q, unsigned cpu)
{
    set(q, "avoided", "/machine/peripheral/inf0", "avoided",
        cJSON_CreateNumber(cpu));
}

/* What an error says, "" for none. */
static void copy_error(char out[QMP_ERROR_MAX], const cJSON *error)
{
    const cJSON *why = cJSON_GetObjectItemCaseSensitive(error, "desc");

    snprintf(out, QMP_ERROR_MAX, "%s",
             cJSON_IsString(why) ? why->valuestring : error ? "refused" : "");
}

/* The answer to what set() sent. */
static void take_set(struct qmp *q, const char *id, const cJSON *message)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(message, "error");
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(message, "return");

    if (strcmp(id, "load") == 0) {
        q->loads++;
        copy_error(q->load_error, error);
    } else if (strcmp(id, "goal") == 0 && error) {
        copy_error(q->goal_error, error);
    } else if (strcmp(id, "avoided") == 0) {
        q->avoided_count++;
        copy_error(q->avoided_error, error);
    } else if (strcmp(id, "reached") == 0) {
        q->reached_count++;
        snprintf(q->reached, sizeof(q->reached), "%s",
                 cJSON_IsString(result) ? result->valuestring : "");
    }
}

static void take_event(struct qmp *q, const char *name, const cJSON *data)
{
    const cJSON *guest = cJSON_GetObjectItemCaseSensitive(data, "guest");

    if (strcmp(name, "SHUTDOWN") == 0) {
        q->shutdown = true;
        q->guest_shutdown = cJSON_IsTrue(guest);
    } else if (strcmp(name, "RESET") == 0 && cJSON_IsTrue(guest)) {
        q->resets++;
    } else if (strcmp(name, "STOP") == 0) {
        q->stopped = true;
    }
}

/* Takes the answer to a monitor command, told by its number. */
static void take_answer(struct qmp *q, const cJSON *id, const cJSON *result)
{
    if (id->valuedouble != (double)q->asked) {
        return;
    }
    free(q->text);
    q->text = cJSON_IsString(result) ? strdup(result->valuestring) : NULL;
    q->answered = q->asked;
}

static void take_line(struct qmp *q)
{
    cJSON *message = cJSON_Parse(q->line);
    const cJSON *event, *result, *status, *id;

    event = cJSON_GetObjectItemCaseSensitive(message, "event");
    result = cJSON_GetObjectItemCaseSensitive(message, "return");
    status = cJSON_GetObjectItemCaseSensitive(result, "status");
    id = cJSON_GetObjectItemCaseSensitive(message, "id");
    if (cJSON_GetObjectItemCaseSensitive(message, "QMP")) {
        transmit(q, "{\"execute\":\"qmp_capabilities\"}\n");
        q->ready = true;
    } else if (cJSON_IsString(id)) {
        take_set(q, id->valuestring, message);
    } else if (cJSON_IsString(event)) {
        take_event(q, event->valuestring,
                   cJSON_GetObjectItemCaseSensitive(message, "data"));
    } else if (cJSON_IsNumber(id)) {
        take_answer(q, id, result);
    } else if (cJSON_IsString(status)) {
        snprintf(q->status, sizeof(q->status), "%s", status->valuestring);
    }
    cJSON_Delete(message);
}

static void take_lines(struct qmp *q)
{
    char *end;
    size_t used;

    while ((end = memchr(q->line, '\n', q->have)) != NULL) {
        *end = 0;
        take_line(q);
        used = (size_t)(end - q->line) + 1;
        memmove(q->line, q->line + used, q->have - used);
        q->have -= used;
    }
    if (q->have == sizeof(q->line)) {
        q->have = 0;    /* no message we want is that long */
    }
}

void qmp_receive(struct qmp *q)
{
    ssize_t got;

    while (q->fd >= 0) {
        got = recv(q->fd, q->line + q->have, sizeof(q->line) - q->have,
                   MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            qmp_close(q);
            return;
        }
        q->have += (size_t)got;
        take_lines(q);
    }
}

/* Waits until command q->asked is answered; a hung QEMU never does. */
static bool await_answer(struct qmp *q, double deadline)
{
    double left;

    while (q->fd >= 0 && q->answered != q->asked) {
        struct pollfd fd = { .fd = q->fd, .events = POLLIN };

        left = deadline - now_seconds();
        if (left <= 0) {
            return false;
        }
        poll(&fd, 1, (int)(left * 1000) + 1);
        qmp_receive(q);
    }
    return q->fd >= 0;
}

bool qmp_stop(struct qmp *q, double deadline)
{
    char line[QMP_COMMAND_MAX];

    snprintf(line, sizeof(line), "{\"execute\":\"stop\",\"id\":%u}\n",
             ++q->asked);
    transmit(q, line);
    return await_answer(q, deadline);
}

const char *qmp_monitor(struct qmp *q, const char *command, double deadline)
{
    char line[QMP_COMMAND_MAX];

    snprintf(line, sizeof(line), "{\"execute\":\"human-monitor-command\","
             "\"arguments\":{\"command-line\":\"%s\"},\"id\":%u}\n",
             command, ++q->asked);
    transmit(q, line);
    return await_answer(q, deadline) ? q->text : NULL;
}
