/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Following the disk: what people change in the folder and in what it
 * imports. */
#include "runtime/profile/profile_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* ---- Answers that wait ---- */

static void drop_edit(struct pfl_edits *edits, unsigned index)
{
    struct pfl_edits one = { NULL, 0, 0 };
    struct pfl_edit gone;

    if (index >= edits->count) {
        index = 0;
    }
    gone = edits->v[index];
    edits->count--;
    memmove(&edits->v[index], &edits->v[index + 1],
            (edits->count - index) * sizeof(gone));
    /* The place behind the last one holds what is to be freed. */
    edits->v[edits->count] = gone;
    one.v = &edits->v[edits->count];
    one.count = 1;
    pfl_edits_clear(&one);
}

/*
 * Splices what waits for one file into its text.  Answers that a person's
 * text now stands against are dropped, one by one.
 */
static int merge_file(struct pfl_board *board, struct pfl_file *file,
                      struct pfl_change *change)
{
    struct pfl_edits work = file->pending;
    struct pfl_change mine;
    struct pfl_plan plan;
    int ret = PFL_OK;

    memset(&file->pending, 0, sizeof(file->pending));
    while (work.count > 0) {
        memset(&mine, 0, sizeof(mine));
        ret = pfl_plan_make(&plan, board, work.v, work.count, &mine);
        if (ret == PFL_OK) {
            ret = pfl_carry_out(&plan, change);
        }
        pfl_plan_dispose(&plan);
        if (ret == PFL_OK || ret == PFL_ERR_NOMEM) {
            break;
        }
        pfl_log(board, PFL_LOG_WARN, "%s: a waiting answer is dropped: %s",
                file->path, pfl_strerror(ret));
        drop_edit(&work, mine.failed_edit);
    }
    if (file->unsaved && file->pending.count == 0) {
        file->pending = work;
    } else {
        pfl_edits_dispose(&work);
    }
    pfl_save_journal(board, file);
    return ret == PFL_ERR_NOMEM ? ret : PFL_OK;
}

int pfl_merge_pending(struct pfl_board *board, struct pfl_change *change)
{
    struct pfl_file *file;
    int ret = PFL_OK;

    for (file = board->files; file != NULL && ret == PFL_OK;
         file = file->next) {
        /* With errors in it, what is in force holds them, or nothing does. */
        if (file->pending.count > 0 && !file->broken) {
            ret = merge_file(board, file, change);
        }
    }
    return ret;
}

/* ---- What is gone ---- */

void pfl_names_take(const struct pfl_board *board, struct pfl_names *n)
{
    const struct pcc_board *b = board->full != NULL ?
        pcc_get_model(board->full)->board : NULL;
    size_t memories = b != NULL ? b->memory_count : 0, i;

    n->count = 0;
    n->names = calloc(board->inst_count + memories + 1, sizeof(*n->names));
    for (i = 0; n->names != NULL && i < board->inst_count; i++) {
        strcpy(n->names[n->count++], board->insts[i].name);
    }
    n->instances = n->count;
    for (i = 0; n->names != NULL && i < memories; i++) {
        snprintf(n->names[n->count++], PFL_NAME_MAX, "%s",
                 b->memories[i].name);
    }
}

static bool names_have(const struct pfl_names *n, const char *name)
{
    size_t i;

    for (i = 0; i < n->count; i++) {
        if (strcmp(n->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A wire to an instance of that name is part of a whole board only. */
static bool is_driven(const struct pfl_board *board, const char *name)
{
    const struct pcc_board *b = board->full != NULL ?
        pcc_get_model(board->full)->board : NULL;
    size_t i;

    for (i = 0; b != NULL && i < b->wire_count; i++) {
        if (b->wires[i].to == PRT_TO_INSTANCE &&
            strcmp(b->instances[b->wires[i].target].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void pfl_names_compare(struct pfl_board *board, const struct pfl_names *before,
                       struct pfl_change *change)
{
    struct pfl_names now;
    size_t i;

    pfl_names_take(board, &now);
    for (i = 0; now.names != NULL && i < before->count; i++) {
        if (names_have(&now, before->names[i])) {
            continue;
        }
        if (i < before->instances) {
            change->whole = true;
            pfl_log(board, PFL_LOG_INFO, "%s is gone from the text: a machine "
                    "that runs loses it", before->names[i]);
        } else {
            pfl_log(board, PFL_LOG_WARN, "memory %s is gone from the text: a "
                    "machine that runs keeps it until it is started again",
                    before->names[i]);
        }
    }
    for (i = 0; now.names != NULL && i < now.instances; i++) {
        change->whole |= !names_have(before, now.names[i]) &&
            is_driven(board, now.names[i]);
    }
    free(now.names);
}

/* ---- Looking again ---- */

int pfl_refresh(struct pfl_board *board, struct pfl_change *change)
{
    int ret, emitted = PFL_OK;
    struct pfl_names before;
    bool imports;
    size_t i;

    memset(change, 0, sizeof(*change));
    imports = pfl_imports_changed(board);
    pfl_names_take(board, &before);
    if (!pfl_scan(board) && !imports) {
        free(before.names);
        return PFL_OK;
    }
    ret = pfl_adopt(board, change);
    pfl_merge_pending(board, change);
    pfl_names_compare(board, &before, change);
    free(before.names);
    /* Which devices an import has a part in is not known: all of them. */
    for (i = 0; imports && ret == PFL_OK && i < board->inst_count; i++) {
        pfl_touch_instance(change, board->insts[i].name);
    }
    if (change->whole || change->instance_count + change->memory_count > 0) {
        size_t len = board->messages.len;

        change->changed = true;
        emitted = pfl_load_all(board, change);
        if (emitted == PFL_OK) {
            board->messages.len = len;
        }
    }
    return ret != PFL_OK ? ret : emitted;
}

/* ---- Watching ---- */

#define WATCHED (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)

void pfl_watch_open(struct pfl_board *board)
{
    board->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (board->watch >= 0) {
        board->folder = inotify_add_watch(board->watch, board->dir, WATCHED);
        if (board->folder < 0) {
            close(board->watch);
            board->watch = -1;
        }
    }
}

static void imports_free(struct pfl_board *board)
{
    size_t i;

    for (i = 0; i < board->import_count; i++) {
        free(board->imports[i].path);
    }
    free(board->imports);
    board->imports = NULL;
    board->import_count = 0;
}

void pfl_watch_close(struct pfl_board *board)
{
    if (board->watch >= 0) {
        close(board->watch);
        board->watch = -1;
    }
    imports_free(board);
}

static bool is_own(const struct pfl_board *board, const char *path)
{
    const struct pfl_file *file;

    for (file = board->files; file != NULL; file = file->next) {
        if (strcmp(file->path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void import_add(struct pfl_board *board, const char *path)
{
    struct pfl_import *import = &board->imports[board->import_count];
    char *slash;

    import->path = realpath(path, NULL);
    if (import->path == NULL) {
        return;
    }
    pfl_stamp_get(import->path, &import->stamp);
    slash = strrchr(import->path, '/');
    *slash = '\0';
    if (board->watch >= 0) {
        /* The same number again for a folder that is watched. */
        inotify_add_watch(board->watch, slash == import->path ? "/" :
                          import->path, WATCHED);
    }
    *slash = '/';
    board->import_count++;
}

void pfl_imports_note(struct pfl_board *board)
{
    const char *path;
    size_t count = 0, i;

    imports_free(board);
    board->import_written = false;
    while (pcc_input(board->full, count) != NULL) {
        count++;
    }
    board->imports = calloc(count + 1, sizeof(*board->imports));
    for (i = 0; board->imports != NULL && i < count; i++) {
        path = pcc_input(board->full, i);
        if (!is_own(board, path)) {
            import_add(board, path);
        }
    }
}

bool pfl_imports_changed(const struct pfl_board *board)
{
    struct pfl_stamp now;
    size_t i;

    if (board->import_written) {
        return true;
    }
    for (i = 0; i < board->import_count; i++) {
        pfl_stamp_get(board->imports[i].path, &now);
        if (!pfl_stamp_equal(&now, &board->imports[i].stamp)) {
            return true;
        }
    }
    return false;
}

/* In a folder of imports; or events were lost. */
static bool import_event(struct pfl_board *board,
                         const struct inotify_event *event)
{
    const char *name;
    size_t i;

    for (i = 0; event->len > 0 && i < board->import_count; i++) {
        name = strrchr(board->imports[i].path, '/') + 1;
        board->import_written |= strcmp(name, event->name) == 0;
    }
    return board->import_written || (event->mask & IN_Q_OVERFLOW) != 0;
}

int pfl_watch_fd(const struct pfl_board *board)
{
    return board->watch;
}

bool pfl_watch_drain(struct pfl_board *board)
{
    char buf[4096]
        __attribute__((aligned(__alignof__(struct inotify_event))));
    const struct inotify_event *event;
    bool others = false;
    ssize_t n;
    char *p;

    while ((n = read(board->watch, buf, sizeof(buf))) > 0) {
        for (p = buf; p < buf + n; p += sizeof(*event) + event->len) {
            struct pfl_file *file;
            struct pfl_stamp now;
            size_t len;

            event = (const struct inotify_event *)p;
            if (event->wd != board->folder) {
                others = import_event(board, event) || others;
                continue;
            }
            len = event->len > 0 ? strlen(event->name) : 0;
            if (len <= 7 || event->name[0] == '.' ||
                strcmp(event->name + len - 7, ".periph") != 0) {
                others = others || (event->mask & IN_Q_OVERFLOW) != 0;
                continue;
            }
            file = pfl_find_file(board, event->name);
            if (file != NULL) {
                pfl_stamp_get(file->disk, &now);
            }
            others = others || file == NULL ||
                !pfl_stamp_equal(&now, &file->stamp);
        }
    }
    return others;
}
