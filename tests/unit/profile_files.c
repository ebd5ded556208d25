/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ownership over real files: each device of tests/engine, tests/lang/ok and
 * what the machine itself writes, edited by a person at random places, then
 * by the machine (registers, other items, removals).  What the machine
 * changes lies in items that are its own; every other byte stays.  Laying a
 * file out anew leaves every item with its owner.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dsl/format.h"
#include "dsl/item.h"
#include "dsl/parse.h"
#include "tests/daemon/board_folder.h"

#define TURNS 3000u
#define MAX_TEXTS 64u
#define MAX_ITEMS 4096u
#define FILE_NAME "device.periph"

struct text {
    char *bytes;
    char device[128];           /* its first concrete device */
};

static struct text texts[MAX_TEXTS];
static unsigned text_count;
static unsigned applied, refused, broken, formatted;
static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

/* ---- what the items of a text are ---- */

struct owned {
    size_t count;
    struct {
        uint32_t begin, end;
        bool machines;
        bool noted;
    } v[MAX_ITEMS];
};

static void list_items(const struct pdl_sources *sources,
                       const struct pdl_item *item, struct owned *out)
{
    for (; item != NULL; item = item->next) {
        struct pdl_body *body = pdl_item_body((struct pdl_item *)item);

        assert_true(out->count < MAX_ITEMS);
        out->v[out->count].begin = item->span.begin;
        out->v[out->count].end = item->span.end;
        out->v[out->count].noted = item->notes != NULL;
        out->v[out->count++].machines = pdl_item_is_machines(sources, item);
        if (body != NULL) {
            list_items(sources, body->first, out);
        }
    }
}

/* False when the text does not parse. */
static bool look(const char *text, struct owned *out)
{
    struct pdl_session *s = pdl_session_new();
    struct pdl_unit *unit = NULL;
    bool ok = pdl_parse_buffer(s, "t", text, strlen(text), &unit) == PDL_OK;

    out->count = 0;
    if (ok) {
        list_items(pdl_session_sources(s), unit->items.first, out);
    }
    pdl_session_free(s);
    return ok;
}

/* Whether bytes begin..end, but for white space, are the machine's. */
static bool is_machines(const char *text, const struct owned *items,
                        size_t begin, size_t end)
{
    size_t i, k;

    for (i = begin; i < end; i++) {
        bool machines = false;

        if (strchr(" \n\t", text[i]) != NULL) {
            continue;
        }
        for (k = 0; k < items->count; k++) {
            if (items->v[k].begin > i || i >= items->v[k].end) {
                continue;
            }
            /* The innermost item with a note decides; they ascend. */
            if (items->v[k].noted) {
                machines = items->v[k].machines;
            }
        }
        if (!machines) {
            return false;
        }
    }
    return true;
}

/*
 * One place differs between the texts, and it is the machine's in both.
 * Equal bytes at its borders leave open where exactly it is.
 */
static bool only_machines(const char *before, const char *after)
{
    static struct owned was, is;
    size_t a = strlen(before), b = strlen(after), p = 0;

    if (strcmp(before, after) == 0) {
        return true;
    }
    if (!look(before, &was) || !look(after, &is)) {
        return false;
    }
    while (before[p] != '\0' && before[p] == after[p]) {
        p++;
    }
    while (a > p && b > p && before[a - 1] == after[b - 1]) {
        a--;
        b--;
    }
    for (;;) {
        if (is_machines(before, &was, p, a) && is_machines(after, &is, p, b)) {
            return true;
        }
        if (p == 0 || before[a - 1] != after[b - 1]) {
            return false;
        }
        p--;
        a--;
        b--;
    }
}

/* Laid out anew, every item has the owner that it had. */
static void format_keeps_owners(const char *text)
{
    static struct owned was, is;
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    size_t i;

    if (!look(text, &was)) {
        return;
    }
    assert_int_equal(pdl_format(text, strlen(text), 0, &out), 0);
    assert_true(look(pdl_strbuf_str(&out), &is));
    assert_int_equal(was.count, is.count);
    for (i = 0; i < was.count; i++) {
        assert_int_equal(was.v[i].machines, is.v[i].machines);
    }
    pdl_strbuf_dispose(&out);
    formatted++;
}

/* ---- files ---- */

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 65536);

    assert_non_null(f);
    assert_true(fread(text, 1, 65535, f) < 65535);
    fclose(f);
    return text;
}

static void add_text(char *bytes)
{
    struct pdl_session *s = pdl_session_new();
    struct pdl_unit *unit = NULL;
    const struct pdl_item *item = NULL;

    assert_true(text_count < MAX_TEXTS);
    if (pdl_parse_buffer(s, "t", bytes, strlen(bytes), &unit) == PDL_OK) {
        item = unit->items.first;
    }
    while (item != NULL && item->kind == PDL_ITEM_CONST) {
        item = item->next;
    }
    while (item != NULL && (item->kind != PDL_ITEM_DEVICE ||
                            item->u.typed.formals != NULL)) {
        item = item->kind == PDL_ITEM_BOARD || item->kind == PDL_ITEM_IMPORT ?
               NULL : item->next;
    }
    if (item != NULL) {
        strcpy(texts[text_count].device, item->name.text);
        texts[text_count++].bytes = bytes;
    } else {
        free(bytes);
    }
    pdl_session_free(s);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_folder(const char *name)
{
    const char *top = getenv("PERIPH_SRC");
    struct dirent **names;
    char path[4096];
    int n, i;

    snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
    n = scandir(path, &names, NULL, by_name);
    assert_true(n > 0);
    for (i = 0; i < n; i++) {
        size_t len = strlen(names[i]->d_name);

        if (len > 7 && strcmp(names[i]->d_name + len - 7, ".periph") == 0) {
            snprintf(path, sizeof(path), "%s/%s/%s", top ? top : ".", name,
                     names[i]->d_name);
            add_text(slurp(path));
        }
        free(names[i]);
    }
    free(names);
}

static void put_board(const struct text *t)
{
    char text[512];

    snprintf(text, sizeof(text), "periph 1;\nboard b {\n    memory ram @ "
             "0x40000000 : 1M;\n    instance it : %s @ 0x%x;\n}\n",
             t->device, BOARD_BASE);
    board_put("board.periph", text);
    board_put(FILE_NAME, t->bytes);
    unlink(board_file(FILE_NAME ".pending"));
}

/* ---- a person ---- */

static char *replace(const char *text, size_t at, size_t gone,
                     const char *with)
{
    size_t len = strlen(text);
    char *out = malloc(len + strlen(with) + 1);

    gone = gone > len - at ? len - at : gone;
    memcpy(out, text, at);
    strcpy(out + at, with);
    strcat(out, text + at + gone);
    return out;
}

/* A place that begins a token, roughly. */
static size_t boundary(const char *text)
{
    size_t at = draw(strlen(text));

    while (text[at] != '\0' && strchr(" \n;{}", text[at]) == NULL) {
        at++;
    }
    return at;
}

static char *person(const char *text)
{
    static struct owned items;
    size_t at = boundary(text);
    size_t i;

    switch (draw(9)) {
    case 0:
        return replace(text, at, 0, "  /* 寄存器 { */ ");
    case 1:
        return replace(text, at, 0, "\n\n\t");
    case 2:
        return replace(text, at, 0, " // why;\n");
    case 3:                             /* another number */
        for (i = at; text[i] != '\0' && strchr("0123456", text[i]) == NULL;
             i++) {
        }
        return text[i] != '\0' ? replace(text, i, 1, "7") : strdup(text);
    case 4:                             /* a slip of the finger */
        return replace(text, draw(strlen(text)), draw(3), draw(2) ? "x" : "");
    case 5:                             /* an item goes, or its note */
    case 6:
        if (!look(text, &items) || items.count == 0) {
            return strdup(text);
        }
        i = draw(items.count);
        if (items.v[i].noted && draw(2)) {
            at = strchr(text + items.v[i].begin, ')') - text + 1;
            return replace(text, items.v[i].begin,
                           at - items.v[i].begin, "");
        }
        return replace(text, items.v[i].begin,
                       items.v[i].end - items.v[i].begin, "");
    default:
        return strdup(text);
    }
}

/* ---- the machine ---- */

static int machine(struct pfl_board *b)
{
    unsigned n = (unsigned)draw(24), offset = 4 * n;
    char name[32], text[128];

    switch (draw(6)) {
    case 0:
        snprintf(name, sizeof(name), "v%u", n % 4);
        snprintf(text, sizeof(text), "var v%u : %u;", n % 4,
                 1 + (unsigned)draw(64));
        return board_apply(b, PFL_EDIT_ITEM, 0, name, text);
    case 1:
        return board_apply(b, PFL_EDIT_REMOVE, offset, "", NULL);
    case 2:
        snprintf(name, sizeof(name), "v%u", n % 4);
        return board_apply(b, PFL_EDIT_REMOVE, 0, name, NULL);
    default:
        snprintf(name, sizeof(name), "r%02x", offset);
        snprintf(text, sizeof(text), "reg %s @ 0x%02x%s", name, offset,
                 draw(2) ? ";" : " { b3 [3] ro = 1; on read { b3 ^= 1; } }");
        return board_apply(b, PFL_EDIT_REG, offset, name, text);
    }
}

static void turn(struct pfl_board *b, unsigned i)
{
    char *before = strdup(board_get(FILE_NAME));
    char *board = strdup(board_get("board.periph"));
    int ret = machine(b);
    char *after = strdup(board_get(FILE_NAME));

    if (!only_machines(before, after)) {
        print_message("turn %u (%s)\n--- before\n%s\n--- after\n%s\n", i,
                      pfl_strerror(ret), before, after);
        fail();
    }
    assert_string_equal(board, board_get("board.periph"));
    applied += ret == PFL_OK;
    refused += ret != PFL_OK;
    if (i % 8 == 0) {
        format_keeps_owners(after);
    }
    free(before);
    free(board);
    free(after);
}

/* A file that does not compile is left as it is. */
static void left_alone(struct pfl_board *b)
{
    char *before = strdup(board_get(FILE_NAME));

    machine(b);
    assert_string_equal(before, board_get(FILE_NAME));
    free(before);
    broken++;
}

static void one_text(const struct text *t, unsigned turns)
{
    struct pfl_change change;
    struct pfl_board *b;
    unsigned i;

    put_board(t);
    b = board_open();
    for (i = 0; i < turns; i++) {
        char *text = person(board_get(FILE_NAME));

        format_keeps_owners(text);
        board_put(FILE_NAME, text);
        free(text);
        if (pfl_refresh(b, &change) == PFL_OK &&
            !board_has(FILE_NAME ".pending")) {
            turn(b, i);
            turn(b, i + 1);
            continue;
        }
        left_alone(b);
        pfl_close(b);
        put_board(t);
        b = board_open();
    }
    pfl_close(b);
}

static void what_is_a_persons_stays(void **state)
{
    unsigned i;

    (void)state;
    print_message("# seed 0x%llx\n", (unsigned long long)seed);
    add_folder("tests/engine");
    add_folder("tests/lang/ok");
    add_text(strdup("periph 1;\ndevice dev_01c28000 { size: 0x1000; "
                    "unmapped: ask; }\n"));
    assert_true(text_count > 10);
    assert_false(only_machines("periph 1;\ndevice d { reg A @ 0; }\n",
                               "periph 1;\ndevice d { reg A @ 4; }\n"));
    for (i = 0; i < text_count; i++) {
        struct pfl_board *b = NULL;

        put_board(&texts[i]);
        if (pfl_open(board_dir, &board_options, &b) == PFL_OK &&
            *pfl_messages(b) == '\0') {
            pfl_close(b);
            one_text(&texts[i], TURNS / text_count);
        } else {
            pfl_close(b);
        }
        free(texts[i].bytes);
    }
    print_message("# %u texts: %u applied, %u refused, %u broken files left "
                  "alone, %u laid out\n", text_count, applied, refused,
                  broken, formatted);
    assert_true(applied > 500);
    assert_true(refused > 200);
    assert_true(broken > 100);
    assert_true(formatted > 1000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_a_persons_stays, board_setup,
                                        board_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
