/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What explain_make() found, for a person. */
#include <stdio.h>
#include <string.h>

#include "runtime/tools/explain.h"

#define CONSOLE_LINES 4
#define UNRESOLVED_LINES 6

static const cJSON *list(const cJSON *doc, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(doc, name);
}

static unsigned long long number(const cJSON *object, const char *name)
{
    return (unsigned long long)explain_number(object, name);
}

static void print_console(const char *text)
{
    const char *at = text + strlen(text);
    int lines = 0;

    while (at > text && (at[-1] != '\n' || ++lines <= CONSOLE_LINES)) {
        at--;
    }
    if (!*text) {
        puts("console      nothing was written to it");
        return;
    }
    puts("console      ends with");
    while (*at) {
        int len = (int)strcspn(at, "\n");

        printf("  | %.*s\n", len, at);
        at += len + (at[len] == '\n');
    }
}

static void print_code(const cJSON *of)
{
    const cJSON *line;

    cJSON_ArrayForEach(line, list(of, "code")) {
        if (cJSON_IsString(line)) {
            printf("      %s\n", line->valuestring);
        }
    }
}

static const char *place(const cJSON *of)
{
    const char *text = explain_text(of, "place");

    return *text ? text : "nothing the board has";
}

static void print_where(const cJSON *doc)
{
    const cJSON *cpu;

    puts("where the guest is");
    if (cJSON_GetArraySize(list(doc, "where")) == 0) {
        puts("  not known: QEMU had ended, or did not answer");
    }
    cJSON_ArrayForEach(cpu, list(doc, "where")) {
        printf("  cpu %llu, pc %s: %s", number(cpu, "cpu"),
               explain_text(cpu, "pc"), place(cpu));
        if (*explain_text(cpu, "mode")) {
            printf(", %s", explain_text(cpu, "mode"));
        }
        if (number(cpu, "exception")) {
            printf(", exception %llu", number(cpu, "exception"));
        }
        puts(cJSON_IsTrue(list(cpu, "stays")) ?
             "; it jumps to itself for good" : "");
        print_code(cpu);
    }
}

static void print_wait(const cJSON *wait)
{
    printf("  %s read %llu times at pc %s (%s)\n",
           explain_text(wait, "register"), number(wait, "times"),
           explain_text(wait, "pc"), place(wait));
    printf("    as %s, %s%s\n", explain_text(wait, "value"),
           number(wait, "changes") ? "the last of several values" :
           "each time",
           list(wait, "console") ? "; it is the console" : "");
    if (*explain_text(wait, "by")) {
        printf("    %s:%llu: %s\n", explain_text(wait, "file"),
               number(wait, "line"), explain_text(wait, "model"));
        printf("    said by %s, %llu %%%s%s\n", explain_text(wait, "by"),
               number(wait, "confidence"),
               *explain_text(wait, "evidence") ? ": " : "",
               explain_text(wait, "evidence"));
    } else {
        puts("    the board says nothing about it");
    }
    if (*explain_text(wait, "test")) {
        printf("    then bits %s are tested: %s\n",
               explain_text(wait, "bits"), explain_text(wait, "test"));
    }
    print_code(wait);
}

static void print_waits(const cJSON *doc)
{
    const cJSON *wait;

    puts("what it reads again and again");
    if (cJSON_GetArraySize(list(doc, "waits")) == 0) {
        printf("  no register%s\n", number(doc, "accesses") ? "" :
               "; no access to an inferred device was recorded (a run with\n"
               "  --no-infer records none: run it without, then explain)");
    }
    cJSON_ArrayForEach(wait, list(doc, "waits")) {
        print_wait(wait);
    }
}

static void print_tried(const cJSON *doc)
{
    const cJSON *tried = list(doc, "tried"), *one;
    int left = UNRESOLVED_LINES;

    printf("what was tried\n  %llu faults, %llu stalls and %llu idle waits "
           "answered; %llu probes, %llu restarts,\n  %llu hypotheses "
           "withdrawn, %llu time-outs\n", number(tried, "faults"),
           number(tried, "stalls"), number(tried, "idles"),
           number(tried, "probes"), number(tried, "restarts"),
           number(tried, "withdrawn"), number(tried, "timeouts"));
    cJSON_ArrayForEach(one, list(tried, "unresolved")) {
        if (cJSON_IsString(one) && left-- > 0) {
            printf("  without answer: %s\n", one->valuestring);
        }
    }
    if (left < 0) {
        printf("  and %d more without answer\n", -left);
    }
}

/* Reads that gave something else than they would now. */
static void print_replay(const cJSON *doc)
{
    const cJSON *replay = list(doc, "replay"), *one;

    if (number(replay, "different") == 0) {
        return;
    }
    printf("what was read and would read otherwise with the model as it is "
           "now (%llu of %llu reads)\n", number(replay, "different"),
           number(replay, "reads"));
    cJSON_ArrayForEach(one, list(replay, "differences")) {
        printf("  %s was %s, is %s, %llu time%s, pc %s %s\n",
               explain_text(one, "address"), explain_text(one, "was"),
               explain_text(one, "is"), number(one, "times"),
               number(one, "times") == 1 ? "" : "s",
               explain_text(one, "pc"), explain_text(one, "place"));
    }
}

static void print_unknown(const cJSON *doc)
{
    const cJSON *one;

    if (cJSON_GetArraySize(list(doc, "unknown")) == 0) {
        return;
    }
    puts("what is not known, the most likely culprit first\n"
         "  crashing  callers      hits  register");
    cJSON_ArrayForEach(one, list(doc, "unknown")) {
        printf("  %8llu %8llu %9llu  %s: %s\n", number(one, "crashing"),
               number(one, "callers"), number(one, "hits"),
               explain_text(one, "register"), explain_text(one, "why"));
    }
}

static void print_text(const char *text)
{
    while (*text) {
        int len = (int)strcspn(text, "\n");

        printf("    %.*s\n", len, text);
        text += len + (text[len] == '\n');
    }
}

static void print_suggestions(const cJSON *doc)
{
    const cJSON *one;

    if (cJSON_GetArraySize(list(doc, "suggestions")) == 0) {
        puts("what to try\n  the code tells no single register that would "
             "do; look up what is listed above\n  in the chip's manual");
        return;
    }
    puts("what to try: one at a time at the end of the file, then run again");
    cJSON_ArrayForEach(one, list(doc, "suggestions")) {
        printf("  %s%s\n", explain_text(one, "why"),
               cJSON_IsTrue(list(one, "compiles")) ? "" :
               " (does not compile as it is: something else uses it)");
        printf("  %s:\n", explain_text(one, "file"));
        print_text(explain_text(one, "text"));
        if (*explain_text(one, "now_in")) {
            printf("  what it says now is in %s:%llu\n",
                   explain_text(one, "now_in"), number(one, "now_line"));
        }
    }
}

void explain_print(const cJSON *doc)
{
    const cJSON *seconds = list(doc, "seconds");

    printf("%s: %s after %.1f s%s%s\n", explain_text(doc, "board"),
           explain_text(doc, "outcome"),
           cJSON_IsNumber(seconds) ? seconds->valuedouble : 0,
           *explain_text(doc, "reason") ? ": " : "",
           explain_text(doc, "reason"));
    print_console(explain_text(doc, "console"));
    print_where(doc);
    print_waits(doc);
    print_tried(doc);
    print_replay(doc);
    print_unknown(doc);
    print_suggestions(doc);
}
