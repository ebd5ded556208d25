/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boards without what the machine wrote, for `periph run --fresh`. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "dsl/item.h"
#include "dsl/parse.h"
#include "runtime/tools/board.h"
#include "runtime/tools/change.h"
#include "runtime/tools/command.h"
#include "runtime/tools/util.h"

#define FILE_MAX_BYTES (16u << 20)

/* A file being copied without some of its items. */
struct stripping {
    const struct pdl_sources *sources;
    const char *text;
    size_t len;
    size_t copied;      /* bytes of text dealt with */
    FILE *out;
};

static bool is_noted(const struct pdl_item *item)
{
    struct pdl_inferred note;

    return pdl_item_inferred(item, &note);
}

/* True when nobody but the machine has a hand in the item or in one of it. */
static bool may_go(const struct stripping *s, struct pdl_item *item)
{
    struct pdl_body *body = pdl_item_body(item);
    struct pdl_item *inner;

    if (!pdl_item_is_machines(s->sources, item)) {
        return false;
    }
    for (inner = body ? body->first : NULL; inner; inner = inner->next) {
        if (is_noted(inner) && !may_go(s, inner)) {
            return false;
        }
    }
    return true;
}

/* True when all of the file's items are the machine's. */
static bool all_may_go(const struct stripping *s, struct pdl_body *items)
{
    struct pdl_item *item, *inner;
    struct pdl_body *body;

    for (item = items->first; item; item = item->next) {
        if (item->kind == PDL_ITEM_EXTEND && !is_noted(item)) {
            body = pdl_item_body(item);
            for (inner = body ? body->first : NULL; inner;
                 inner = inner->next) {
                if (!may_go(s, inner)) {
                    return false;
                }
            }
        } else if (!may_go(s, item)) {
            return false;
        }
    }
    return items->first != NULL;
}

static void leave_out(struct stripping *s, const struct pdl_item *item)
{
    size_t begin = item->span.begin, end = item->span.end;

    while (begin > s->copied && strchr(" \t", s->text[begin - 1])) {
        begin--;
    }
    fwrite(s->text + s->copied, 1, begin - s->copied, s->out);
    while (end < s->len && strchr(" \t", s->text[end])) {
        end++;
    }
    if (end < s->len && s->text[end] == '\n') {
        end++;
    }
    s->copied = end;
}

/*
 * Leaves the machine's items out of the bodies of @items.  Devices and their
 * instances stay: a person has a hand in one of them, and they refer to each
 * other.
 */
static void strip_items(struct stripping *s, struct pdl_body *items, bool top)
{
    struct pdl_item *item;
    struct pdl_body *body;

    for (item = items->first; item; item = item->next) {
        if (!top && item->kind != PDL_ITEM_INSTANCE && may_go(s, item)) {
            leave_out(s, item);
            continue;
        }
        body = pdl_item_body(item);
        if (body) {
            strip_items(s, body, false);
        }
    }
}

/*
 * Writes @from without the machine's items to @to; nothing for an all-machine
 * file.  @whole: writes all of a file that a person has a hand in.
 */
static int strip_file(const char *from, const char *to, bool whole)
{
    struct pdl_session *session = pdl_session_new();
    struct stripping s = { .sources = NULL };
    struct pdl_unit *unit = NULL;
    char *text = file_read(from, FILE_MAX_BYTES, &s.len);
    int result = -1;

    s.text = text;
    if (!session || !text ||
        pdl_parse_buffer(session, from, text, s.len, &unit) != 0) {
        goto done;
    }
    s.sources = pdl_session_sources(session);
    result = 0;
    if (all_may_go(&s, &unit->items)) {
        goto done;
    }
    s.out = fopen(to, "wbxe");
    if (!s.out) {
        result = -1;
        goto done;
    }
    if (!whole) {
        strip_items(&s, &unit->items, true);
    }
    fwrite(s.text + s.copied, 1, s.len - s.copied, s.out);
    result = ferror(s.out) ? -1 : 0;
    if (fclose(s.out) != 0) {
        result = -1;
    }
done:
    free(text);
    pdl_session_free(session);
    return result;
}

static int strip_files(const struct board *b, const char *to, bool whole)
{
    DIR *folder = opendir(b->dir);
    struct dirent *entry;
    int result = folder ? 0 : -1;

    while (result == 0 && (entry = readdir(folder)) != NULL) {
        char *from, *copy;

        if (!change_is_text(entry->d_name)) {
            continue;
        }
        from = text_new("%s/%s", b->dir, entry->d_name);
        copy = text_new("%s/%s", to, entry->d_name);
        unlink(copy);
        result = strip_file(from, copy, whole);
        if (result != 0) {
            say("%s: cannot be read as .periph", from);
        }
        free(copy);
        free(from);
    }
    if (folder) {
        closedir(folder);
    }
    return result;
}

int board_copy_fresh(const struct board *b, const char *to)
{
    struct pcc *pcc;

    if (copy_folder(b->dir, to, "log") != 0) {
        say("cannot copy %s: %s", b->dir, strerror(errno));
        return STATUS_USAGE;
    }
    if (strip_files(b, to, false) != 0) {
        return STATUS_INPUT;
    }
    if (board_compile(to, BOARD_SAYS_NOTHING, &pcc) == STATUS_OK) {
        pcc_free(pcc);
        return STATUS_OK;
    }
    say("your edits refer to what was inferred: the files you edited stay "
        "as they are");
    return strip_files(b, to, true) == 0 ? STATUS_OK : STATUS_INPUT;
}

/* The name a file has until all of them are written; the caller frees. */
static char *new_name(const char *to)
{
    const char *slash = strrchr(to, '/');

    return text_new("%.*s.%s.new", (int)(slash + 1 - to), to, slash + 1);
}

static int write_new(const char *from, const char *to)
{
    size_t len;
    char *text = file_read(from, FILE_MAX_BYTES, &len), *name = new_name(to);
    int result = text ? pcc_write_file(name, text, len) : -1;

    free(name);
    free(text);
    return result;
}

static int use_new(const char *from, const char *to)
{
    char *name = new_name(to);
    int result = rename(name, to);

    (void)from;
    free(name);
    return result;
}

static int drop_new(const char *from, const char *to)
{
    char *name = new_name(to);

    (void)from;
    unlink(name);
    free(name);
    return 0;
}

/* Calls for each .periph file of @dir; ends at the first failure. */
static int each_file(const char *dir, const char *other,
                     int (*visit)(const char *path, const char *twin))
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    int result = folder ? 0 : -1;

    while (result == 0 && (entry = readdir(folder)) != NULL) {
        if (change_is_text(entry->d_name)) {
            char *path = text_new("%s/%s", dir, entry->d_name);
            char *twin = text_new("%s/%s", other, entry->d_name);

            result = visit(path, twin);
            free(twin);
            free(path);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return result;
}

static int remove_orphan(const char *path, const char *twin)
{
    return access(twin, F_OK) == 0 ? 0 : unlink(path);
}

int board_replace(const struct board *b, const char *from)
{
    int saved;

    /* A disk that is full is so before anything has changed. */
    if (each_file(from, b->dir, write_new) != 0) {
        saved = errno;
        each_file(from, b->dir, drop_new);
        say("%s stays as it is, its new files cannot be written: %s", b->dir,
            strerror(saved));
        return STATUS_USAGE;
    }
    if (each_file(from, b->dir, use_new) != 0 ||
        each_file(b->dir, from, remove_orphan) != 0) {
        say("cannot replace the files in %s: %s", b->dir, strerror(errno));
        return STATUS_USAGE;
    }
    return STATUS_OK;
}
