/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts to models: trials, taking over what people changed, the index. */
#include "runtime/profile/profile_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "dsl/diag.h"
#include "dsl/bounds.h"

/* ---- Compiling ---- */

static struct pcc *new_session(const struct pfl_board *board)
{
    struct pcc_options options;

    memset(&options, 0, sizeof(options));
    options.import_dirs = (const char *const *)board->import_dirs;
    options.import_dir_count = board->import_dir_count;
    return pcc_new(&options);
}

void pfl_take_messages(struct pfl_board *board, struct pcc *pcc)
{
    pdl_diags_print_text(pcc_diags(pcc), pcc_sources(pcc), false,
                         &board->messages);
}

static int error_of(int pcc_error)
{
    switch (pcc_error) {
    case PCC_OK:
        return PFL_OK;
    case PCC_ERR_INPUT:
    case PCC_ERR_IO:
        return PFL_ERR_INPUT;
    case PCC_ERR_NOMEM:
        return PFL_ERR_NOMEM;
    default:
        return PFL_ERR_INTERNAL;
    }
}

static const struct pfl_trial *trial_of(const struct pfl_trial *trials,
                                        unsigned count,
                                        const struct pfl_file *file)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        if (trials[i].file == file) {
            return &trials[i];
        }
    }
    return NULL;
}

/* Compiles board.periph and the trials, or with @all every file. */
static int compile(struct pfl_board *board, const struct pfl_trial *trials,
                   unsigned count, bool all, struct pcc **out)
{
    struct pcc *pcc = new_session(board);
    struct pfl_file *file;
    int ret = pcc != NULL ? PCC_OK : PCC_ERR_NOMEM;

    *out = NULL;
    for (file = board->files; file != NULL && ret == PCC_OK;
         file = file->next) {
        const struct pfl_trial *trial = trial_of(trials, count, file);

        if (trial != NULL) {
            ret = pcc_add_buffer(pcc, file->path, trial->text, trial->len);
        } else if (all || file == board->files) {
            ret = pcc_add_buffer(pcc, file->path, file->text, file->len);
        }
    }
    if (ret == PCC_OK) {
        ret = pcc_compile(pcc);
    }
    if (ret == PCC_OK && pcc_get_model(pcc)->board == NULL) {
        pdl_strbuf_printf(&board->messages,
                          "%s: error: no board is declared\n",
                          board->files->path);
        ret = PCC_ERR_INPUT;
    } else if (ret != PCC_OK && pcc != NULL) {
        pfl_take_messages(board, pcc);
    }
    if (ret != PCC_OK) {
        pcc_free(pcc);
        return error_of(ret);
    }
    *out = pcc;
    return PFL_OK;
}

int pfl_compile_trial(struct pfl_board *board, const struct pfl_trial *trials,
                      unsigned count, struct pcc **out, bool *all)
{
    size_t before = board->messages.len;

    *all = count != 1 || !trials[0].file->alone;
    if (!*all) {
        if (compile(board, trials, count, false, out) == PFL_OK) {
            return PFL_OK;
        }
        /* It may need what another file declares. */
        board->messages.len = before;
        *all = true;
    }
    return compile(board, trials, count, true, out);
}

/* ---- What people changed ---- */

/* An empty but valid file is what stands for one not read yet. */
static const char empty_file[] = "periph 1;\n";

struct pfl_file *pfl_find_file(struct pfl_board *board, const char *name)
{
    struct pfl_file *file;

    for (file = board->files; file != NULL; file = file->next) {
        if (strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

struct pfl_file *pfl_make_file(struct pfl_board *board, const char *name)
{
    struct pfl_file *file = pfl_find_file(board, name);
    struct pfl_file **place = &board->files;

    if (file != NULL) {
        return file;
    }
    file = calloc(1, sizeof(*file));
    if (file == NULL) {
        return NULL;
    }
    file->alone = board->files != NULL;
    file->name = strdup(name);
    file->text = strdup(empty_file);
    file->len = sizeof(empty_file) - 1;
    if (asprintf(&file->path, "%s/%s", board->dir, name) < 0) {
        file->path = NULL;
    }
    /* A link stays a link: what it leads to is what is replaced. */
    file->disk = file->path != NULL ? realpath(file->path, NULL) : NULL;
    if (file->disk == NULL && file->path != NULL) {
        file->disk = strdup(file->path);
    }
    if (file->name == NULL || file->text == NULL || file->disk == NULL) {
        pfl_file_free(file);
        return NULL;
    }
    /* board.periph was made first and stays first. */
    if (*place != NULL) {
        place = &(*place)->next;
    }
    while (*place != NULL && strcmp((*place)->name, name) < 0) {
        place = &(*place)->next;
    }
    file->next = *place;
    *place = file;
    return file;
}

/* Time stamps are coarse: a file written just now may have been written
 * twice with one stamp, and has to be looked into. */
static bool just_written(const struct pfl_stamp *stamp)
{
    struct timespec now;
    int64_t age;

    clock_gettime(CLOCK_REALTIME, &now);
    age = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - stamp->mtime_ns;
    return age < 50000000;
}

bool pfl_scan_file(struct pfl_board *board, struct pfl_file *file)
{
    struct pfl_stamp now;
    uint64_t hash;
    char *text;
    size_t len;

    pfl_stamp_get(file->disk, &now);
    if (!now.exists ||
        (pfl_stamp_equal(&now, &file->stamp) && !just_written(&now))) {
        return false;
    }
    text = pfl_read(file->disk, PDL_MAX_FILE_BYTES, &len, &file->stamp);
    if (text == NULL) {
        pfl_log(board, PFL_LOG_WARN, "%s: %s", file->path, strerror(errno));
        file->stamp = now;
        return false;
    }
    hash = pfl_hash(text, len);
    if (file->disk_known && hash == file->disk_hash) {
        free(text);
        return false;
    }
    file->disk_known = true;
    file->disk_hash = hash;
    free(file->candidate);
    file->candidate = text;
    file->candidate_len = len;
    return true;
}

static bool wanted(const char *name)
{
    size_t len = strlen(name);

    return name[0] != '.' && len > 7 &&
        strcmp(name + len - 7, ".periph") == 0;
}

/* Drops files that were on disk and are no longer. */
static bool drop_gone(struct pfl_board *board)
{
    struct pfl_file **place = &board->files;
    struct pfl_stamp now;
    bool any = false;
    size_t i;

    while (*place != NULL) {
        struct pfl_file *file = *place;

        pfl_stamp_get(file->disk, &now);
        if (file == board->files || now.exists || !file->stamp.exists ||
            file->unsaved) {
            place = &file->next;
            continue;
        }
        pfl_log(board, PFL_LOG_INFO, "%s is gone: what it said may be asked "
                "again", file->path);
        for (i = 0; i < board->inst_count; i++) {
            if (pfl_extends(board, file, &board->insts[i])) {
                pfl_touch_instance(&board->gone, board->insts[i].name);
            }
        }
        for (i = 0; i < board->inst_count; i++) {
            if (board->insts[i].model_of == file ||
                board->insts[i].file == file ||
                board->insts[i].device_file == file) {
                pfl_inst_forget(&board->insts[i]);
                board->insts[i--] = board->insts[--board->inst_count];
            }
        }
        *place = file->next;
        pfl_file_free(file);
        any = true;
    }
    return any;
}

bool pfl_scan(struct pfl_board *board)
{
    DIR *dir = opendir(board->dir);
    struct dirent *entry;
    struct pfl_file *file;
    unsigned count = 0;
    bool any;

    if (dir == NULL) {
        return false;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (wanted(entry->d_name) && ++count <= PFL_MAX_FILES) {
            pfl_make_file(board, entry->d_name);
        }
    }
    closedir(dir);
    any = drop_gone(board);
    for (file = board->files; file != NULL; file = file->next) {
        any = pfl_scan_file(board, file) || any;
    }
    return any;
}

static unsigned candidates(struct pfl_board *board, struct pfl_trial *trials)
{
    struct pfl_file *file;
    unsigned n = 0;

    for (file = board->files; file != NULL; file = file->next) {
        if (file->candidate != NULL && n < PFL_MAX_FILES) {
            trials[n].file = file;
            trials[n].text = file->candidate;
            trials[n].len = file->candidate_len;
            n++;
        }
    }
    return n;
}

/* Everything that stands in @file is to be loaded. */
static void touch_all(struct pfl_board *board, struct pfl_file *file,
                      struct pfl_change *change)
{
    const struct pcc_board *b;
    size_t i;

    if (board->full == NULL) {
        return;
    }
    b = pcc_get_model(board->full)->board;

    for (i = 0; i < board->inst_count; i++) {
        if (board->insts[i].file == file ||
            board->insts[i].device_file == file ||
            pfl_extends(board, file, &board->insts[i])) {
            pfl_touch_instance(change, board->insts[i].name);
        }
    }
    for (i = 0; i < b->memory_count; i++) {
        if (pfl_origin_file(board, board->full, &b->memories[i].origin) ==
            file) {
            pfl_touch_memory(change, b->memories[i].name);
        }
    }
}

static void adopt_one(struct pfl_file *file)
{
    pfl_file_set_text(file, file->candidate, file->candidate_len);
    file->candidate = NULL;
    file->loaded = true;
    file->broken = false;
    file->unsaved = false;
}

/* Compiles everything with the given candidates and takes them over. */
static int adopt_these(struct pfl_board *board, struct pfl_trial *trials,
                       unsigned count, struct pfl_change *change)
{
    char console[PFL_NAME_MAX];
    struct pcc *pcc;
    unsigned i;
    int ret;

    ret = compile(board, trials, count, true, &pcc);
    if (ret != PFL_OK) {
        return ret;
    }
    /* What was extended and is no longer changes as well. */
    for (i = 0; i < count; i++) {
        touch_all(board, trials[i].file, change);
        adopt_one(trials[i].file);
    }
    strcpy(console, board->console);
    ret = pfl_use_full(board, pcc);
    if (strcmp(console, board->console) != 0) {
        pfl_touch_instance(change, console);
        pfl_touch_instance(change, board->console);
    }
    for (i = 0; i < count; i++) {
        touch_all(board, trials[i].file, change);
    }
    return ret;
}

/* One file at a time, again while that gets further: files may need each
 * other.  What is left does not compile. */
static int adopt_singly(struct pfl_board *board, struct pfl_trial *trials,
                        unsigned count, struct pfl_change *change)
{
    bool progress = true;
    unsigned i;
    int ret;

    while (progress) {
        progress = false;
        pdl_strbuf_clear(&board->messages);
        for (i = 0; i < count; i++) {
            struct pfl_trial one = trials[i];

            if (one.file->candidate == NULL) {
                continue;
            }
            ret = adopt_these(board, &one, 1, change);
            if (ret == PFL_OK) {
                progress = true;
            } else if (ret != PFL_ERR_INPUT) {
                return ret;
            } else if (i == 0 && one.file == board->files &&
                       !one.file->loaded) {
                /* Without a board nothing else can be judged. */
                return ret;
            }
        }
    }
    ret = PFL_OK;
    for (i = 0; i < count; i++) {
        struct pfl_file *file = trials[i].file;

        if (file->candidate != NULL) {
            free(file->candidate);
            file->candidate = NULL;
            file->broken = true;
            ret = PFL_ERR_INPUT;
        }
    }
    return ret;
}

int pfl_adopt(struct pfl_board *board, struct pfl_change *change)
{
    struct pfl_trial *trials = calloc(PFL_MAX_FILES, sizeof(*trials));
    struct pcc *pcc;
    unsigned count, i;
    int ret;

    if (trials == NULL) {
        return PFL_ERR_NOMEM;
    }
    board->readopted = true;
    pdl_strbuf_clear(&board->messages);
    count = candidates(board, trials);
    if (count > 0) {
        ret = adopt_these(board, trials, count, change);
        if (ret == PFL_ERR_INPUT) {
            ret = adopt_singly(board, trials, count, change);
        }
    } else {
        /* Files have gone. */
        ret = compile(board, NULL, 0, true, &pcc);
        if (ret == PFL_OK) {
            ret = pfl_use_full(board, pcc);
        }
    }
    for (i = 0; i < board->gone.instance_count; i++) {
        pfl_touch_instance(change, board->gone.instances[i]);
    }
    memset(&board->gone, 0, sizeof(board->gone));
    free(trials);
    return ret;
}

/* ---- Emitting ---- */

static void touch(char names[][PFL_NAME_MAX], unsigned *count,
                  const char *name)
{
    unsigned i;

    if (name[0] == '\0') {
        return;
    }
    for (i = 0; i < *count; i++) {
        if (strcmp(names[i], name) == 0) {
            return;
        }
    }
    if (*count < PFL_MAX_TOUCHED && strlen(name) < PFL_NAME_MAX) {
        strcpy(names[(*count)++], name);
    }
}

void pfl_touch_instance(struct pfl_change *change, const char *name)
{
    touch(change->instances, &change->instance_count, name);
}

void pfl_touch_memory(struct pfl_change *change, const char *name)
{
    touch(change->memories, &change->memory_count, name);
}

int pfl_emit(struct pfl_board *board, struct pcc *pcc,
             const struct pfl_change *change)
{
    const char *instances[PFL_MAX_TOUCHED];
    const char *memories[PFL_MAX_TOUCHED];
    struct pcc_emit_options options;
    unsigned i;
    int ret;

    memset(&options, 0, sizeof(options));
    for (i = 0; i < change->instance_count; i++) {
        instances[i] = change->instances[i];
    }
    for (i = 0; i < change->memory_count; i++) {
        memories[i] = change->memories[i];
    }
    if (!change->whole) {
        options.instances = instances;
        options.instance_count = change->instance_count;
        options.memories = memories;
        options.memory_count = change->memory_count;
        options.delta = true;
    }
    pdl_strbuf_clear(&board->table);
    ret = pcc_emit(pcc, "table", &options, &board->table);
    if (ret != PCC_OK) {
        pfl_take_messages(board, pcc);
    }
    return error_of(ret);
}
