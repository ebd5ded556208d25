/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/change.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/tools/lastrun.h"
#include "runtime/tools/util.h"

#define CHANGE_OPEN "last-change.open"      /* texts before a run under way */
#define CHANGE_NEW "last-change.new"
#define CHANGE_DIR "last-change"
#define FILE_MAX_BYTES (16u << 20)

bool change_is_text(const char *name)
{
    size_t len = strlen(name);

    return *name != '.' && len > 7 && strcmp(name + len - 7, ".periph") == 0;
}

static bool is_kept(const char *name)
{
    return change_is_text(name) || strcmp(name, CHANGE_STATE) == 0;
}

/* Copies a board's texts to the folder @to, made anew. */
static int keep_texts(const char *dir, const char *to)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    int result = 0;

    remove_folder(to);
    if (!folder || make_folders(to, 0777) != 0) {
        result = -1;
    }
    while (result == 0 && (entry = readdir(folder)) != NULL) {
        char *from, *copy;

        if (!is_kept(entry->d_name)) {
            continue;
        }
        from = text_new("%s/%s", dir, entry->d_name);
        copy = text_new("%s/%s", to, entry->d_name);
        result = copy_file(from, copy);
        free(copy);
        free(from);
    }
    if (folder) {
        closedir(folder);
    }
    return result;
}

static bool same_file(const char *a, const char *b)
{
    size_t a_len = 0, b_len = 0;
    char *a_text = file_read(a, FILE_MAX_BYTES, &a_len);
    char *b_text = file_read(b, FILE_MAX_BYTES, &b_len);
    bool same = a_text && b_text && a_len == b_len &&
        memcmp(a_text, b_text, a_len) == 0;

    free(a_text);
    free(b_text);
    return same;
}

/* Whether each text of @a is in @b, alike. */
static bool texts_in(const char *a, const char *b)
{
    DIR *folder = opendir(a);
    struct dirent *entry;
    bool same = folder != NULL;

    while (same && (entry = readdir(folder)) != NULL) {
        if (change_is_text(entry->d_name)) {
            char *one = text_new("%s/%s", a, entry->d_name);
            char *other = text_new("%s/%s", b, entry->d_name);

            same = same_file(one, other);
            free(other);
            free(one);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return same;
}

static int failed(const char *log_dir)
{
    say("%s: %s; periph undo will not know this run", log_dir,
        strerror(errno));
    return -1;
}

int change_end(const struct board *b, const char *log_dir)
{
    char *open = text_new("%s/" CHANGE_OPEN, log_dir);
    char *fresh = text_new("%s/" CHANGE_NEW, log_dir);
    char *before = text_new("%s/before", fresh);
    char *after = text_new("%s/after", fresh);
    char *last = text_new("%s/" CHANGE_DIR, log_dir);
    int result = 0;

    if (!is_folder(open)) {
        goto done;
    }
    if (texts_in(open, b->dir) && texts_in(b->dir, open)) {
        remove_folder(open);
        goto done;
    }
    remove_folder(fresh);
    if (keep_texts(b->dir, after) != 0 || rename(open, before) != 0) {
        result = failed(log_dir);
        goto done;
    }
    remove_folder(last);
    if (rename(fresh, last) != 0) {
        result = failed(log_dir);
    }
done:
    free(last);
    free(after);
    free(before);
    free(fresh);
    free(open);
    return result;
}

int change_begin(const struct board *b, const char *log_dir)
{
    char *open = text_new("%s/" CHANGE_OPEN, log_dir);
    char *fresh = text_new("%s/" CHANGE_NEW, log_dir);
    int result;

    change_end(b, log_dir);
    /* Kept under another name first: half of it is never taken for it. */
    remove_folder(open);
    result = keep_texts(b->dir, fresh);
    if (result == 0) {
        result = rename(fresh, open);
    }
    if (result != 0) {
        failed(log_dir);
        remove_folder(fresh);
    }
    free(fresh);
    free(open);
    return result;
}

char *change_find(const struct board *b)
{
    char *log_dir = NULL, *path = NULL;
    unsigned i;

    for (i = 0; (log_dir = lastrun_folder(b->dir, b->name, i)) != NULL; i++) {
        if (b->lock >= 0) {
            change_end(b, log_dir);
        }
        path = text_new("%s/" CHANGE_BEFORE, log_dir);
        if (is_folder(path)) {
            free(path);
            return log_dir;
        }
        free(path);
        free(log_dir);
    }
    say("no run has changed %s, or that was taken back already", b->dir);
    return NULL;
}

void change_forget(const char *log_dir)
{
    char *path = text_new("%s/" CHANGE_DIR, log_dir);

    remove_folder(path);
    free(path);
}
