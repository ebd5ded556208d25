/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/script.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/util.h"

/* Reads a number of seconds that ends the line. */
static int parse_seconds(const char *text, double *out)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || !isfinite(value) || value < 0 ||
        end[strspn(end, " \t")] != 0) {
        return -1;
    }
    *out = value;
    return 0;
}

/*
 * Cuts a quoted text out of *@at, in place: *@text is what stands between
 * the quotes, *@at what follows.  Backslashes stay, but for those before a
 * quote.  -1 when the closing quote is missing.
 */
static int cut_quoted(char **at, char **text)
{
    char *in = *at + 1, *out = in;

    *text = in;
    while (*in && *in != '"') {
        if (*in == '\\' && in[1]) {
            if (in[1] == '"') {
                in++;
            } else {
                *out++ = *in++;
            }
        }
        *out++ = *in++;
    }
    if (!*in) {
        return -1;
    }
    *at = in + 1;
    *out = 0;
    return 0;
}

/* Replaces the escapes of @text; returns the length, or -1. */
static int unescape(char *text)
{
    static const char names[] = "nrt\\\"e", bytes[] = "\n\r\t\\\"\033";
    char *in = text, *out = text;
    const char *name;
    unsigned value;
    int used;

    while (*in) {
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        name = in[1] ? strchr(names, in[1]) : NULL;
        if (name) {
            *out++ = bytes[name - names];
            in += 2;
        } else if (in[1] == 'x' && isxdigit((unsigned char)in[2]) &&
                   sscanf(in + 2, "%2x%n", &value, &used) == 1) {
            *out++ = (char)value;
            in += 2 + used;
        } else {
            return -1;
        }
    }
    *out = 0;
    return (int)(out - text);
}

/* POSIX expressions have no word for these; all other escapes are theirs. */
static void unescape_pattern(char *text)
{
    char *in = text, *out = text;

    for (; *in; in++) {
        if (in[0] == '\\' && (in[1] == 'n' || in[1] == 't')) {
            *out++ = *++in == 'n' ? '\n' : '\t';
        } else {
            if (in[0] == '\\' && in[1]) {
                *out++ = *in++;
            }
            *out++ = *in;
        }
    }
    *out = 0;
}

static const char *parse_expect(struct script_step *step, char *rest,
                                char *error, size_t size)
{
    char *pattern = rest;

    step->seconds = SCRIPT_TIMEOUT;
    if (*rest == '"') {
        if (cut_quoted(&rest, &pattern) != 0) {
            return "the closing quote is missing";
        }
        rest += strspn(rest, " \t");
        if (*rest && parse_seconds(rest, &step->seconds) != 0) {
            return "a number of seconds must follow the expression";
        }
    }
    if (!*pattern) {
        return "an expression is missing";
    }
    step->text = text_new("%s", pattern);
    unescape_pattern(pattern);
    if (watch_compile(&step->regex, pattern, error, size) != 0) {
        free(step->text);
        return error;
    }
    step->verb = SCRIPT_EXPECT;
    return NULL;
}

static const char *parse_send(struct script_step *step, char *rest)
{
    char *text = rest;
    int len;

    if (*rest == '"' && (cut_quoted(&rest, &text) != 0 ||
                         rest[strspn(rest, " \t")])) {
        return "one text in quotes is wanted";
    }
    len = unescape(text);
    if (len < 0) {
        return "unknown escape; known are \\n \\r \\t \\e \\\\ \\\" \\xHH";
    }
    step->verb = SCRIPT_SEND;
    step->text = malloc((size_t)len + 1);
    if (!step->text) {
        return "out of memory";
    }
    memcpy(step->text, text, (size_t)len + 1);
    step->len = (size_t)len;
    return NULL;
}

static const char *parse_access(struct script_step *step, const char *rest,
                                bool write)
{
    const char *end;
    int len;

    step->seconds = SCRIPT_TIMEOUT;
    step->access.write = write;
    end = access_parse(&step->access, rest);
    if (!end) {
        return "an address and a value are wanted: 0x40001000 0x1, "
               "0x40001000 0x1/0xff, 0x40001000 any";
    }
    if (*end && parse_seconds(end, &step->seconds) != 0) {
        return "a number of seconds must follow the value";
    }
    for (len = (int)(end - rest); rest[len - 1] == ' ' ||
         rest[len - 1] == '\t'; len--) {
    }
    step->verb = SCRIPT_ACCESS;
    step->text = text_new("%s %.*s", write ? "write" : "read", len, rest);
    return NULL;
}

/* Parses one line; returns NULL or what is wrong.  Sets *used for a step. */
static const char *parse_line(struct script_step *step, char *line,
                              bool *used, char *error, size_t size)
{
    char *rest = line + strcspn(line, " \t");

    *used = *line && *line != '#';
    if (!*used) {
        return NULL;
    }
    if (*rest) {
        *rest++ = 0;
        rest += strspn(rest, " \t");
    }
    if (strcmp(line, "expect") == 0) {
        return parse_expect(step, rest, error, size);
    }
    if (strcmp(line, "send") == 0) {
        return parse_send(step, rest);
    }
    if (strcmp(line, "wait") == 0) {
        step->verb = SCRIPT_WAIT;
        return parse_seconds(rest, &step->seconds) == 0 ? NULL :
               "wait wants a number of seconds";
    }
    if (strcmp(line, "write") == 0 || strcmp(line, "read") == 0) {
        return parse_access(step, rest, *line == 'w');
    }
    return "unknown step; known are expect, send, wait, write, read";
}

static void trim(char *line)
{
    size_t len = strlen(line), blank = strspn(line, " \t");

    while (len > blank && strchr(" \t\r", line[len - 1])) {
        len--;
    }
    line[len] = 0;
    memmove(line, line + blank, strlen(line + blank) + 1);
}

int script_parse(struct script *s, const char *name, const char *text)
{
    char *copy = text_new("%s", text), *next = copy, *line;
    unsigned number = 0, wrong = 0;
    char error[256];

    *s = (struct script) { 0 };
    s->steps = calloc(SCRIPT_MAX_STEPS, sizeof(*s->steps));
    if (!s->steps) {
        free(copy);
        return -1;
    }
    while ((line = strsep(&next, "\n")) != NULL) {
        struct script_step step = { .line = ++number };
        const char *message;
        bool used;

        trim(line);
        message = parse_line(&step, line, &used, error, sizeof(error));
        if (!message && used && s->count == SCRIPT_MAX_STEPS) {
            message = "too many steps";
        }
        if (message) {
            fprintf(stderr, "%s:%u: %s\n", name, number, message);
            wrong++;
        } else if (used) {
            s->steps[s->count++] = step;
        }
    }
    free(copy);
    return wrong ? -1 : 0;
}

int script_load(struct script *s, const char *path)
{
    size_t len;
    char *text = file_read(path, SCRIPT_MAX_BYTES, &len);
    int result;

    if (!text) {
        *s = (struct script) { 0 };
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    result = script_parse(s, path, text);
    free(text);
    return result;
}

void script_dispose(struct script *s)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (s->steps[i].verb == SCRIPT_EXPECT) {
            regfree(&s->steps[i].regex);
        }
        free(s->steps[i].text);
    }
    free(s->steps);
    *s = (struct script) { 0 };
}

bool script_has_accesses(const struct script *s)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (s->steps[i].verb == SCRIPT_ACCESS) {
            return true;
        }
    }
    return false;
}

void script_begin(struct script *s, double now)
{
    s->at = 0;
    s->since = now;
}

enum script_state script_advance(struct script *s, struct watch *w,
                                 double now, double quiet_since,
                                 void (*send)(void *opaque, const char *bytes,
                                              size_t len),
                                 void *opaque)
{
    struct script_step *step;
    bool done;

    for (; s->at < s->count; s->at++, s->since = now) {
        step = &s->steps[s->at];
        done = true;
        switch (step->verb) {
        case SCRIPT_EXPECT:
            done = watch_find(w, &step->regex, true);
            if (!done && now - s->since >= step->seconds) {
                return SCRIPT_FAILED;
            }
            break;
        case SCRIPT_SEND:
            send(opaque, step->text, step->len);
            break;
        case SCRIPT_WAIT:
            done = now >= script_deadline(s, quiet_since);
            break;
        case SCRIPT_ACCESS:
            done = s->accesses && accesses_find(s->accesses, &step->access);
            if (!done && now - s->since >= step->seconds) {
                return SCRIPT_FAILED;
            }
            break;
        }
        if (!done) {
            return SCRIPT_GOES_ON;
        }
    }
    return SCRIPT_PASSED;
}

double script_deadline(const struct script *s, double quiet_since)
{
    const struct script_step *step;
    double from = s->since;

    if (s->at >= s->count) {
        return 0;
    }
    step = &s->steps[s->at];
    if (step->verb == SCRIPT_WAIT && quiet_since > from) {
        from = quiet_since;
    }
    return from + step->seconds;
}

char *script_describe(const struct script *s)
{
    const struct script_step *step;

    if (s->at >= s->count) {
        return text_new("the end");
    }
    step = &s->steps[s->at];
    if (step->verb == SCRIPT_WAIT) {
        return text_new("line %u: wait %g", step->line, step->seconds);
    }
    if (step->verb == SCRIPT_ACCESS) {
        return text_new("line %u: %s", step->line, step->text);
    }
    return text_new("line %u: %s \"%s\"", step->line,
                    step->verb == SCRIPT_EXPECT ? "expect" : "send",
                    step->text);
}
