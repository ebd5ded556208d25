/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/goals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/board.h"
#include "runtime/tools/image.h"
#include "runtime/tools/process.h"
#include "runtime/tools/qmp.h"
#include "runtime/tools/symbols.h"
#include "runtime/tools/util.h"

#define AT "at:"
#define WRITE "write:"

/* Takes a number off *text. */
static bool take_number(const char **text, uint64_t *out)
{
    char *end;

    errno = 0;
    if (**text < '0' || **text > '9') {
        return false;
    }
    *out = strtoull(*text, &end, 0);
    *text = end;
    return errno == 0;
}

static int wrong(const struct goal *goal, const char *why)
{
    say("--%s '%s': %s", goal->avoid ? "avoid" : "until", goal->text, why);
    return -1;
}

static int parse_write(struct goal *goal)
{
    const char *rest = goal->text + strlen(WRITE);

    if (!take_number(&rest, &goal->address)) {
        return wrong(goal, "an address must follow write:, as in "
                     "write:0x40013804=0x20/0x20");
    }
    if (*rest == '=') {
        rest++;
        goal->mask = UINT64_MAX;
        if (!take_number(&rest, &goal->value) ||
            (*rest == '/' && (rest++, !take_number(&rest, &goal->mask)))) {
            return wrong(goal, "a number must follow = and /");
        }
    }
    return *rest ? wrong(goal, "an address, then =VALUE or =VALUE/MASK")
                 : 0;
}

static int parse_at(struct goal *goal)
{
    const char *rest = goal->text + strlen(AT);

    if (take_number(&rest, &goal->address)) {
        return *rest ? wrong(goal, "one address, or a symbol, must follow "
                             "at:") : 0;
    }
    goal->symbol = goal->text + strlen(AT);
    return *goal->symbol ? 0 : wrong(goal, "an address or a symbol must "
                                     "follow at:");
}

static int parse(struct goal *goal)
{
    char error[256];

    if (strncmp(goal->text, AT, strlen(AT)) == 0) {
        goal->kind = GOAL_AT;
        return parse_at(goal);
    }
    if (strncmp(goal->text, WRITE, strlen(WRITE)) == 0) {
        goal->kind = GOAL_WRITE;
        return parse_write(goal);
    }
    if (watch_compile(&goal->regex, goal->text, error, sizeof(error)) != 0) {
        goal->kind = GOAL_AT;   /* nothing to be freed */
        return wrong(goal, error);
    }
    return 0;
}

static int parse_all(struct goals *g, const struct option_texts *texts,
                     bool avoid)
{
    unsigned i;

    for (i = 0; i < texts->count; i++) {
        struct goal *goal = &g->v[g->count++];

        *goal = (struct goal) { .avoid = avoid, .text = texts->text[i] };
        if (parse(goal) != 0) {
            return -1;
        }
    }
    return 0;
}

int goals_parse(struct goals *g, const struct option_texts *until,
                const struct option_texts *avoid)
{
    g->count = 0;
    g->untils = until->count;
    return parse_all(g, until, false) == 0 ? parse_all(g, avoid, true) : -1;
}

void goals_dispose(struct goals *g)
{
    unsigned i;

    for (i = 0; i < g->count; i++) {
        if (g->v[i].kind == GOAL_CONSOLE) {
            regfree(&g->v[i].regex);
        }
    }
    g->count = 0;
}

/* ---- Symbols ---- */

static void find_in(void *opaque, const char *path)
{
    struct goal *goal = opaque;
    const char *plus, *rest;
    struct image img;
    uint64_t more = 0;
    char why[128], *name;

    if (!goal->symbol) {
        return;
    }
    plus = strrchr(goal->symbol, '+');
    rest = plus ? plus + 1 : "";
    if (!plus || !take_number(&rest, &more) || *rest) {
        plus = goal->symbol + strlen(goal->symbol);
        more = 0;
    }
    name = text_new("%.*s", (int)(plus - goal->symbol), goal->symbol);
    if (image_open(&img, path, why, sizeof(why)) == 0 &&
        symbols_value(&img, name, &goal->address)) {
        goal->address += more;
        goal->symbol = NULL;
    }
    image_close(&img);
    free(name);
}

int goals_resolve(struct goals *g, const char *ptab)
{
    unsigned i;

    for (i = 0; i < g->count; i++) {
        if (g->v[i].symbol) {
            board_each_image(ptab, find_in, &g->v[i]);
        }
        if (g->v[i].symbol) {
            return wrong(&g->v[i], "no image of the board has that symbol; "
                         "only ELF files have symbols, an address always "
                         "works: at:0x...");
        }
    }
    return 0;
}

/* ---- Telling others ---- */

void goals_arguments(const struct goals *g, struct arguments *args)
{
    unsigned i;

    for (i = 0; i < g->count; i++) {
        if (g->v[i].kind == GOAL_AT) {
            arguments_add(args, g->v[i].avoid ? "--avoid-at" : "--until-at");
            arguments_add(args, "0x%" PRIx64, g->v[i].address);
        }
    }
}

void goals_send(const struct goals *g, struct qmp *q)
{
    char *text;
    unsigned i;

    for (i = 0; i < g->count; i++) {
        const struct goal *goal = &g->v[i];

        if (goal->kind == GOAL_CONSOLE) {
            continue;
        }
        text = goal->kind == GOAL_AT ? text_new("pc 0x%" PRIx64,
                                                goal->address) :
               text_new("write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64,
                        goal->address, goal->value, goal->mask);
        qmp_goal(q, text);
        free(text);
    }
}

const struct goal *goals_reached(const struct goals *g, const char *word,
                                 unsigned *cpu)
{
    uint64_t number, at = 0;
    unsigned i;

    if (!take_number(&word, &number)) {
        return NULL;
    }
    if (*word == ' ') {
        word++;
        take_number(&word, &at);
    }
    *cpu = (unsigned)at;
    for (i = 0; i < g->count; i++) {
        if (g->v[i].kind != GOAL_CONSOLE && number-- == 0) {
            return &g->v[i];
        }
    }
    return NULL;
}

const struct goal *goals_shown(const struct goals *g, struct watch *w)
{
    unsigned i;

    for (i = 0; i < g->count; i++) {
        if (g->v[i].kind == GOAL_CONSOLE &&
            watch_find(w, &g->v[i].regex, false)) {
            return &g->v[i];
        }
    }
    return NULL;
}

const char *goals_words(const struct goal *goal, char *out, unsigned size)
{
    const char *option = goal->avoid ? "--avoid forbids"
                                     : "--until asked for";

    if (goal->kind == GOAL_CONSOLE) {
        snprintf(out, size, "the console showed what %s", option);
    } else if (goal->kind == GOAL_AT) {
        snprintf(out, size, "the guest came to %s, which %s",
                 goal->text + strlen(AT), option);
    } else {
        snprintf(out, size, "the guest wrote %s, which %s",
                 goal->text + strlen(WRITE), option);
    }
    return out;
}
