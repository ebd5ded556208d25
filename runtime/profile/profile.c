/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board store: opening, applying edits, following the disk. */
#include "runtime/profile/profile_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often an edit is planned anew because a person saved meanwhile. */
#define APPLY_TRIES 8

const char *pfl_strerror(int err)
{
    static const char *const texts[] = {
        [-PFL_OK] = "success",
        [-PFL_ERR_NOMEM] = "out of memory",
        [-PFL_ERR_IO] = "the board folder cannot be read",
        [-PFL_ERR_INPUT] = "the text has errors",
        [-PFL_ERR_OWNED] = "a person's text stands against it",
        [-PFL_ERR_CLOSED] = "the device or board is closed to inference",
        [-PFL_ERR_NOT_FOUND] = "no such device or item",
        [-PFL_ERR_TEXT] = "an edit's text is not the item it should be",
        [-PFL_ERR_RANGE] = "a name or number is out of range",
        [-PFL_ERR_INTERNAL] = "internal error",
    };

    if (err > 0 || err < PFL_ERR_LAST_) {
        return "unknown error";
    }
    return texts[-err];
}

void pfl_log(struct pfl_board *board, enum pfl_log_level level,
             const char *format, ...)
{
    char text[1024];
    va_list args;

    if (board->log == NULL) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    board->log(board->opaque, level, text);
}

const char *pfl_messages(const struct pfl_board *board)
{
    return pdl_strbuf_str(&board->messages);
}

/* ---- Opening and closing ---- */

static int copy_options(struct pfl_board *board,
                        const struct pfl_options *options)
{
    size_t i;

    if (options == NULL) {
        return PFL_OK;
    }
    board->log = options->log;
    board->opaque = options->opaque;
    board->read_only = options->read_only;
    if (options->import_dir_count == 0) {
        return PFL_OK;
    }
    board->import_dirs = calloc(options->import_dir_count, sizeof(char *));
    if (board->import_dirs == NULL) {
        return PFL_ERR_NOMEM;
    }
    for (i = 0; i < options->import_dir_count; i++) {
        board->import_dirs[i] = strdup(options->import_dirs[i]);
        if (board->import_dirs[i] == NULL) {
            return PFL_ERR_NOMEM;
        }
        board->import_dir_count++;
    }
    return PFL_OK;
}

/* Answers of an earlier run that their file did not take. */
static void read_journal(struct pfl_board *board, struct pfl_file *file)
{
    char *path = NULL;
    char *text;
    size_t len;

    if (asprintf(&path, "%s.pending", file->path) < 0) {
        return;
    }
    text = pfl_read(path, PFL_MAX_STATE, &len, NULL);
    if (text != NULL &&
        pfl_edits_parse(&file->pending, text) != PFL_OK) {
        pfl_log(board, PFL_LOG_WARN, "%s is damaged and ignored", path);
    }
    free(text);
    free(path);
}

static void board_free(struct pfl_board *board)
{
    struct pfl_file *file;
    size_t i;

    while (board->files != NULL) {
        file = board->files;
        board->files = file->next;
        pfl_file_free(file);
    }
    pcc_free(board->full);
    for (i = 0; i < board->import_dir_count; i++) {
        free(board->import_dirs[i]);
    }
    free(board->import_dirs);
    while (board->inst_count > 0) {
        pfl_inst_forget(&board->insts[--board->inst_count]);
    }
    free(board->insts);
    free(board->name);
    free(board->dir);
    pdl_strbuf_dispose(&board->messages);
    pdl_strbuf_dispose(&board->table);
    pfl_watch_close(board);
    free(board);
}

int pfl_open(const char *dir, const struct pfl_options *options,
             struct pfl_board **out)
{
    struct pfl_board *board = calloc(1, sizeof(*board));
    struct pfl_change change;
    struct pfl_file *file;
    int ret;

    *out = NULL;
    if (board == NULL) {
        return PFL_ERR_NOMEM;
    }
    memset(&change, 0, sizeof(change));
    board->watch = -1;
    board->dir = realpath(dir, NULL);
    ret = board->dir != NULL ? copy_options(board, options) : PFL_ERR_IO;
    if (ret == PFL_OK && pfl_make_file(board, "board.periph") == NULL) {
        ret = PFL_ERR_NOMEM;
    }
    if (ret != PFL_OK) {
        goto fail;
    }
    pfl_watch_open(board);
    pfl_scan(board);
    if (board->files->candidate == NULL) {
        ret = PFL_ERR_IO;
        goto fail;
    }
    ret = pfl_adopt(board, &change);
    if (ret != PFL_OK && (ret != PFL_ERR_INPUT || board->full == NULL)) {
        *out = ret == PFL_ERR_INPUT ? board : NULL;
        if (*out == NULL) {
            goto fail;
        }
        return ret;
    }
    for (file = board->files; file != NULL; file = file->next) {
        read_journal(board, file);
    }
    pfl_merge_pending(board, &change);
    *out = board;
    return PFL_OK;
fail:
    board_free(board);
    return ret;
}

void pfl_close(struct pfl_board *board)
{
    if (board == NULL) {
        return;
    }
    if (board->full != NULL) {
        pfl_sync(board);
    }
    board_free(board);
}

/* ---- Applying ---- */

static unsigned plan_trials(const struct pfl_plan *plan,
                            struct pfl_trial *trials)
{
    unsigned i, n = 0;

    for (i = 0; i < plan->file_count; i++) {
        const struct pfl_plan_file *pf = &plan->files[i];

        if (pf->text.len != pf->file->len ||
            memcmp(pf->text.data, pf->file->text, pf->file->len) != 0) {
            trials[n].file = pf->file;
            trials[n].text = pf->text.data;
            trials[n].len = pf->text.len;
            n++;
        }
    }
    return n;
}

/* Puts the planned texts in force. */
static int take_texts(struct pfl_plan *plan)
{
    unsigned i;

    for (i = 0; i < plan->file_count; i++) {
        struct pfl_plan_file *pf = &plan->files[i];
        size_t len = pf->text.len;
        char *text;

        if (len == pf->file->len &&
            memcmp(pf->text.data, pf->file->text, len) == 0) {
            continue;
        }
        text = pdl_strbuf_take(&pf->text);
        if (text == NULL) {
            return PFL_ERR_NOMEM;
        }
        pfl_file_set_text(pf->file, text, len);
        pf->file->loaded = true;
    }
    return PFL_OK;
}

/*
 * Keeps with the files what is not on disk.  Where a person saved a file at
 * this very moment, theirs is taken over and the edits go on top of it.
 */
static int save_files(struct pfl_plan *plan, struct pfl_file *const *changed,
                      unsigned count)
{
    struct pfl_board *board = plan->board;
    struct pfl_edits mine;
    bool raced = false;
    unsigned i, k;
    int ret = PFL_OK;

    for (i = 0; i < count && ret == PFL_OK; i++) {
        struct pfl_file *file = changed[i];

        memset(&mine, 0, sizeof(mine));
        for (k = 0; k < plan->count && ret == PFL_OK; k++) {
            if (plan->where[k] == file) {
                ret = pfl_edits_add(&mine, &plan->edits[k]);
            }
        }
        if (ret == PFL_OK) {
            ret = pfl_save(board, file, &mine);
        }
        if (ret == 1) {
            ret = PFL_OK;
            for (k = 0; k < mine.count && ret == PFL_OK; k++) {
                ret = pfl_edits_add(&file->pending, &mine.v[k]);
            }
            raced = pfl_scan_file(board, file) || raced;
        }
        pfl_edits_dispose(&mine);
    }
    if (raced && ret == PFL_OK) {
        pfl_adopt(board, plan->change);
        ret = pfl_merge_pending(board, plan->change);
    }
    return ret;
}

static bool knows_all(struct pcc *pcc, const struct pfl_change *change)
{
    const struct pcc_board *b = pcc_get_model(pcc)->board;
    unsigned i;

    for (i = 0; i < change->instance_count; i++) {
        if (pcc_find_instance(b, change->instances[i]) == PCC_NONE) {
            return false;
        }
    }
    for (i = 0; i < change->memory_count; i++) {
        if (pcc_find_memory(b, change->memories[i]) == PCC_NONE) {
            return false;
        }
    }
    return true;
}

/* Compiles the planned texts and emits the delta; nothing else changes. */
static int compile_plan(struct pfl_plan *plan, const struct pfl_trial *trials,
                        unsigned count, struct pcc **out, bool *all)
{
    struct pfl_board *board = plan->board;
    int ret;

    ret = pfl_compile_trial(board, trials, count, out, all);
    if (ret == PFL_OK && !*all && !knows_all(*out, plan->change)) {
        pcc_free(*out);
        *all = true;
        trials[0].file->alone = false;
        ret = pfl_compile_trial(board, trials, count, out, all);
    }
    if (ret != PFL_OK) {
        return ret;
    }
    ret = pfl_emit(board, *out, plan->change);
    if (ret != PFL_OK) {
        pcc_free(*out);
    }
    return ret;
}

/* Puts the planned texts in force. */
static int commit(struct pfl_plan *plan, const struct pfl_trial *trials,
                  unsigned count)
{
    struct pfl_board *board = plan->board;
    struct pcc *pcc;
    bool all;
    int ret;

    ret = compile_plan(plan, trials, count, &pcc, &all);
    if (ret != PFL_OK) {
        return ret;
    }
    ret = take_texts(plan);
    if (ret != PFL_OK) {
        pcc_free(pcc);
        return ret;
    }
    return all ? pfl_use_full(board, pcc) :
        pfl_use_file_model(board, trials[0].file, pcc);
}

/* Takes over what people changed in the files a plan is about. */
static bool rescan(struct pfl_plan *plan, struct pfl_change *change)
{
    bool any = false;
    unsigned i;

    for (i = 0; i < plan->file_count; i++) {
        any = pfl_scan_file(plan->board, plan->files[i].file) || any;
    }
    if (any) {
        pfl_adopt(plan->board, change);
        pfl_merge_pending(plan->board, change);
    }
    return any;
}

/* Puts a plan in force and on disk. */
int pfl_carry_out(struct pfl_plan *plan, struct pfl_change *change)
{
    struct pfl_file **changed;
    struct pfl_trial *trials;
    unsigned i, n;
    int ret = PFL_ERR_NOMEM;

    trials = calloc(plan->file_count + 1, sizeof(*trials));
    changed = calloc(plan->file_count + 1, sizeof(struct pfl_file *));
    if (trials == NULL || changed == NULL) {
        goto out;
    }
    n = plan_trials(plan, trials);
    for (i = 0; i < n; i++) {
        changed[i] = trials[i].file;
    }
    ret = n > 0 ? commit(plan, trials, n) : PFL_OK;
    for (i = 0; ret == PFL_OK && i < plan->change->instance_count; i++) {
        pfl_touch_instance(change, plan->change->instances[i]);
    }
    for (i = 0; ret == PFL_OK && i < plan->change->memory_count; i++) {
        pfl_touch_memory(change, plan->change->memories[i]);
    }
    if (n > 0 && ret == PFL_OK) {
        change->changed = true;
        ret = save_files(plan, changed, n);
    }
out:
    free(changed);
    free(trials);
    return ret;
}

/* One try: PFL_OK, an error, or 1 when it is to be done again. */
static int apply_once(struct pfl_board *board, const struct pfl_edit *edits,
                      unsigned count, struct pfl_change *change)
{
    struct pfl_change mine;
    struct pfl_plan plan;
    int ret;

    memset(&mine, 0, sizeof(mine));
    ret = pfl_plan_make(&plan, board, edits, count, &mine);
    change->failed_edit = mine.failed_edit;
    if (rescan(&plan, change)) {
        ret = 1;
    } else if (ret == PFL_OK) {
        ret = pfl_carry_out(&plan, change);
    }
    pfl_plan_dispose(&plan);
    return ret;
}

int pfl_try(struct pfl_board *board, const struct pfl_edit *edits,
            unsigned count, struct pfl_change *change)
{
    struct pfl_trial *trials = NULL;
    struct pfl_plan plan;
    struct pcc *pcc;
    unsigned n;
    bool all;
    int ret;

    memset(change, 0, sizeof(*change));
    pdl_strbuf_clear(&board->messages);
    if (count > PFL_MAX_EDITS) {
        return PFL_ERR_RANGE;
    }
    ret = pfl_plan_make(&plan, board, edits, count, change);
    if (ret == PFL_OK) {
        trials = calloc(plan.file_count + 1, sizeof(*trials));
        ret = trials != NULL ? PFL_OK : PFL_ERR_NOMEM;
    }
    if (ret == PFL_OK) {
        n = plan_trials(&plan, trials);
        change->changed = n > 0;
        ret = compile_plan(&plan, trials, n, &pcc, &all);
    }
    if (ret == PFL_OK) {
        pcc_free(pcc);
    }
    free(trials);
    pfl_plan_dispose(&plan);
    return ret;
}

int pfl_load_all(struct pfl_board *board, struct pfl_change *change)
{
    struct pfl_change known = *change;
    const struct pcc_board *b;
    struct pcc *pcc;
    unsigned i;
    bool all;
    int ret;

    ret = pfl_compile_trial(board, NULL, 0, &pcc, &all);
    if (ret != PFL_OK) {
        return ret;
    }
    b = pcc_get_model(pcc)->board;
    known.instance_count = known.memory_count = 0;
    for (i = 0; i < change->instance_count; i++) {
        if (pcc_find_instance(b, change->instances[i]) != PCC_NONE) {
            pfl_touch_instance(&known, change->instances[i]);
        }
    }
    for (i = 0; i < change->memory_count; i++) {
        if (pcc_find_memory(b, change->memories[i]) != PCC_NONE) {
            pfl_touch_memory(&known, change->memories[i]);
        }
    }
    *change = known;
    ret = pfl_emit(board, pcc, change);
    if (ret != PFL_OK) {
        pcc_free(pcc);
        return ret;
    }
    return pfl_use_full(board, pcc);
}

int pfl_load(struct pfl_board *board, const char *name)
{
    struct pfl_change one;
    size_t i;

    memset(&one, 0, sizeof(one));
    for (i = 0; i < board->inst_count; i++) {
        if (strcmp(board->insts[i].name, name) == 0) {
            pfl_touch_instance(&one, name);
            return pfl_emit(board, pfl_inst_model(board, &board->insts[i]),
                            &one);
        }
    }
    return PFL_ERR_NOT_FOUND;
}

int pfl_apply(struct pfl_board *board, const struct pfl_edit *edits,
              unsigned count, struct pfl_change *change)
{
    struct pfl_names before;
    int ret = 1;
    int tries;

    memset(change, 0, sizeof(*change));
    pdl_strbuf_clear(&board->messages);
    if (count > PFL_MAX_EDITS) {
        return PFL_ERR_RANGE;
    }
    board->readopted = false;
    pfl_names_take(board, &before);
    for (tries = 0; ret == 1 && tries < APPLY_TRIES; tries++) {
        ret = apply_once(board, edits, count, change);
    }
    if (ret == 1) {
        ret = PFL_ERR_IO;
    }
    if (ret == PFL_OK && board->readopted) {
        change->changed = true;
        pfl_names_compare(board, &before, change);
    }
    free(before.names);
    if (ret == PFL_OK && (board->readopted || !change->changed)) {
        ret = pfl_load_all(board, change);
    }
    return ret;
}

const void *pfl_table(const struct pfl_board *board, size_t *size)
{
    *size = board->table.len;
    return pdl_strbuf_str(&board->table);
}

/* ---- Disk ---- */

static int sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int ret;

    if (fd < 0) {
        return -1;
    }
    ret = fsync(fd);
    close(fd);
    return ret;
}

int pfl_sync(struct pfl_board *board)
{
    struct pfl_file *file;
    bool any = false;
    int ret = PFL_OK;

    for (file = board->files; file != NULL; file = file->next) {
        if (file->unsaved && !file->broken && !board->read_only &&
            pfl_save(board, file, NULL) != PFL_OK) {
            ret = PFL_ERR_IO;
        }
        if (file->unsaved) {
            ret = PFL_ERR_IO;
        }
        if (file->need_sync) {
            if (sync_path(file->disk, 0) < 0 && errno != ENOENT) {
                ret = PFL_ERR_IO;
            }
            file->need_sync = false;
            any = true;
        }
    }
    if (any && sync_path(board->dir, O_DIRECTORY) < 0) {
        ret = PFL_ERR_IO;
    }
    return ret;
}

bool pfl_dirty(const struct pfl_board *board)
{
    const struct pfl_file *file;

    for (file = board->files; file != NULL; file = file->next) {
        if (file->unsaved || file->need_sync) {
            return true;
        }
    }
    return false;
}

unsigned pfl_unsaved(const struct pfl_board *board, int *why)
{
    const struct pfl_file *file;
    unsigned count = 0;

    for (file = board->files; file != NULL; file = file->next) {
        count += file->unsaved;
    }
    *why = board->loss_errno;
    return count;
}

static char *state_path(const struct pfl_board *board, const char *name)
{
    char *path = NULL;

    if (strchr(name, '/') != NULL ||
        asprintf(&path, "%s/%s", board->dir, name) < 0) {
        return NULL;
    }
    return path;
}

int pfl_state_write(struct pfl_board *board, const char *name,
                    const char *text)
{
    char *path = state_path(board, name);
    int ret = PFL_OK;

    if (path == NULL) {
        return PFL_ERR_NOMEM;
    }
    if (board->read_only ||
        pfl_replace(path, text, strlen(text), NULL, NULL) < 0) {
        ret = PFL_ERR_IO;
    }
    free(path);
    return ret;
}

int pfl_state_read(struct pfl_board *board, const char *name, char **out)
{
    char *path = state_path(board, name);
    size_t len;

    *out = NULL;
    if (path == NULL) {
        return PFL_ERR_NOMEM;
    }
    *out = pfl_read(path, PFL_MAX_STATE, &len, NULL);
    free(path);
    if (*out == NULL) {
        return errno == ENOENT ? PFL_ERR_NOT_FOUND : PFL_ERR_IO;
    }
    return PFL_OK;
}
