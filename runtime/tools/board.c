/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/board.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "runtime/engine/engine.h"
#include "runtime/tools/change.h"
#include "runtime/tools/command.h"
#include "runtime/tools/process.h"
#include "runtime/tools/util.h"

#define BOARDS_INSTALLED "share/periph/boards"
#define BOARDS_SOURCE "boards"
#define LIBRARY_INSTALLED "share/periph/dsl"
#define LIBRARY_SOURCE "dsl"
#define FETCH_INSTALLED "libexec/periph/package-fetch"
#define FETCH_SOURCE "runtime/tools/package-fetch"
#define BOARD_MAX_BYTES (16u << 20)
#define TABLE_MAX_BYTES (64u << 20)

static bool has_board(const char *dir)
{
    char *path = text_new("%s/board.periph", dir);
    bool found = access(path, F_OK) == 0;

    free(path);
    return found;
}

/*
 * Folder of the user's own copy of a shipped board, made when missing and
 * @make is set; the shipped folder when there is none.
 */
static int use_copy(const char *name, const char *shipped, bool make,
                    char **out)
{
    char *data = xdg_folder("XDG_DATA_HOME", ".local/share");
    char *parent = text_new("%s/periph/boards", data);
    char *dir = text_new("%s/%s", parent, name);
    char *fresh = text_new("%s/.%s.%d", parent, name, (int)getpid());
    int status = STATUS_OK;

    if (!has_board(dir) && !make) {
        free(dir);
        dir = text_new("%s", shipped);
    } else if (!has_board(dir)) {
        if (make_folders(parent, 0777) != 0 ||
            copy_folder(shipped, fresh, "log") != 0 ||
            rename(fresh, dir) != 0) {
            say("cannot copy %s to %s: %s", shipped, dir, strerror(errno));
            remove_folder(fresh);
            status = STATUS_USAGE;
        } else {
            say("copied board %s to %s; what is learnt goes there", name,
                dir);
        }
    }
    *out = status == STATUS_OK ? dir : NULL;
    if (status != STATUS_OK) {
        free(dir);
    }
    free(fresh);
    free(parent);
    free(data);
    return status;
}

static int find_name(const char *name, bool copy, char **out)
{
    char *boards = find_part(BOARDS_INSTALLED, BOARDS_SOURCE);
    char *shipped = text_new("%s/%s", boards ? boards : "", name);
    int status = STATUS_OK;

    if (!boards || *name == '.' || !has_board(shipped)) {
        say("no board '%s'%s%s", name, boards ? " in " : "",
            boards ? boards : "");
        if (has_board(name)) {
            say("for the folder of that name, say ./%s", name);
        }
        status = STATUS_USAGE;
    } else {
        status = use_copy(name, shipped, copy, out);
    }
    free(shipped);
    free(boards);
    return status;
}

int board_find(struct board *b, const char *what, bool copy)
{
    char *found = NULL;
    int status;

    if (strchr(what, '/') || strcmp(what, ".") == 0 ||
        strcmp(what, "..") == 0) {
        if (!has_board(what)) {
            say("%s/board.periph: %s", what, strerror(errno));
            return STATUS_USAGE;
        }
        found = text_new("%s", what);
    } else {
        status = find_name(what, copy, &found);
        if (status != STATUS_OK) {
            return status;
        }
    }
    b->dir = realpath(found, NULL);
    free(found);
    if (!b->dir) {
        say("%s: %s", what, strerror(errno));
        return STATUS_USAGE;
    }
    b->name = text_new("%s", strrchr(b->dir, '/') + 1);
    b->read_only = access(b->dir, W_OK) != 0;
    return STATUS_OK;
}

bool board_try_lock(struct board *b)
{
    int saved;

    b->lock = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->lock < 0) {
        return false;
    }
    if (flock(b->lock, LOCK_EX | LOCK_NB) == 0) {
        return true;
    }
    saved = errno;
    close(b->lock);
    b->lock = -1;
    errno = saved;
    return false;
}

int board_lock(struct board *b)
{
    if (board_try_lock(b)) {
        return STATUS_OK;
    }
    if (errno == EWOULDBLOCK) {
        say("another run is working on %s", b->dir);
        say("wait for its end, or run on a copy of the folder (cp -r)");
    } else {
        say("%s: %s", b->dir, strerror(errno));
    }
    return STATUS_USAGE;
}

void board_dispose(struct board *b)
{
    if (b->lock >= 0) {
        close(b->lock);
    }
    free(b->name);
    free(b->dir);
    free(b->package);
    *b = (struct board)BOARD_INIT;
}

static void print_diagnostics(const struct pcc *pcc)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;

    pdl_diags_print_text(pcc_diags(pcc), pcc_sources(pcc),
                         isatty(STDERR_FILENO), &text);
    fputs(pdl_strbuf_str(&text), stderr);
    pdl_strbuf_dispose(&text);
}

static int status_of(const struct pcc *pcc, int result, enum board_talk talk)
{
    if (result == PCC_OK) {
        return STATUS_OK;
    }
    if (talk != BOARD_SAYS_NOTHING &&
        pdl_diags_errors(pcc_diags(pcc)) == 0) {
        say("%s", pcc_strerror(result));
    }
    return result == PCC_ERR_INPUT ? STATUS_INPUT : STATUS_USAGE;
}

char *board_library(void)
{
    return find_part(LIBRARY_INSTALLED, LIBRARY_SOURCE);
}

static struct pcc *new_session(void)
{
    char *library = board_library();
    const char *const dirs[] = { library };
    struct pcc_options options = {
        .import_dirs = dirs,
        .import_dir_count = library ? 1 : 0,
    };
    struct pcc *pcc = pcc_new(&options);

    free(library);
    return pcc;
}

int board_compile_with(const char *dir, const char *text)
{
    char *path = text_new("%s/board.periph", dir), *whole;
    struct pcc *pcc = new_session();
    size_t len;
    char *old = file_read(path, BOARD_MAX_BYTES, &len);
    int status = STATUS_USAGE;

    if (pcc && old) {
        whole = text_new("%s\n%s", old, text);
        if (pcc_set_buffer(pcc, path, whole, strlen(whole)) == PCC_OK &&
            pcc_add_board_dir(pcc, dir) == PCC_OK) {
            status = pcc_compile(pcc) == PCC_OK ? STATUS_OK : STATUS_INPUT;
        }
        free(whole);
    }
    pcc_free(pcc);
    free(old);
    free(path);
    return status;
}

/* What was added to @pcc with @result so far, compiled. */
static int compile(const char *dir, struct pcc *pcc, int result,
                   enum board_talk talk, struct pcc **out)
{
    int status;

    if (result == PCC_OK) {
        result = pcc_compile(pcc);
    }
    if (talk == BOARD_SAYS_ALL ||
        (talk == BOARD_SAYS_ERRORS && result != PCC_OK)) {
        print_diagnostics(pcc);
    }
    status = status_of(pcc, result, talk);
    if (status == STATUS_OK && !pcc_get_model(pcc)->board) {
        if (talk != BOARD_SAYS_NOTHING) {
            say("%s: no file says anything about a board", dir);
        }
        status = STATUS_INPUT;
    }
    if (status != STATUS_OK) {
        pcc_free(pcc);
        pcc = NULL;
    }
    *out = pcc;
    return status;
}

int board_compile(const char *dir, enum board_talk talk, struct pcc **out)
{
    struct pcc *pcc = new_session();

    if (!pcc) {
        say("out of memory");
        return STATUS_USAGE;
    }
    return compile(dir, pcc, pcc_add_board_dir(pcc, dir), talk, out);
}

static int is_layer(const struct dirent *entry)
{
    return change_is_text(entry->d_name) &&
        strcmp(entry->d_name, "board.periph") != 0;
}

/* The text @name of the folder @texts, as if it stood in @dir. */
static int add_text(struct pcc *pcc, const char *dir, const char *texts,
                    const char *name)
{
    char *path = text_new("%s/%s", texts, name);
    char *as = text_new("%s/%s", dir, name), *text;
    int result = PCC_ERR_IO;
    size_t len;

    text = file_read(path, BOARD_MAX_BYTES, &len);
    if (text) {
        result = pcc_add_buffer(pcc, as, text, len);
    }
    free(text);
    free(as);
    free(path);
    return result;
}

int board_compile_as(const char *dir, const char *texts, enum board_talk talk,
                     struct pcc **out)
{
    struct pcc *pcc = new_session();
    struct dirent **names = NULL;
    int result, count, i;

    *out = NULL;
    if (!pcc) {
        say("out of memory");
        return STATUS_USAGE;
    }
    result = add_text(pcc, dir, texts, "board.periph");
    count = scandir(texts, &names, is_layer, alphasort);
    for (i = 0; i < count; i++) {
        if (result == PCC_OK) {
            result = add_text(pcc, dir, texts, names[i]->d_name);
        }
        free(names[i]);
    }
    free(names);
    return compile(dir, pcc, result, talk, out);
}

char *board_fetch_package(const char *name)
{
    char *fetch = find_part(FETCH_INSTALLED, FETCH_SOURCE), *folder = NULL;
    struct arguments args;

    if (!fetch) {
        say("package-fetch is missing in this installation");
        return NULL;
    }
    arguments_init(&args);
    arguments_add(&args, "%s", fetch);
    arguments_add(&args, "%s", name);
    folder = process_first_line(&args);
    arguments_dispose(&args);
    free(fetch);
    if (!folder) {
        say("the image of this board is in the Debian package %s, which "
            "could not be fetched", name);
    }
    return folder;
}

int board_fetch(struct board *b, const struct pcc *pcc)
{
    const char *name = pcc_get_model(pcc)->board->package;

    if (!name || b->package) {
        return STATUS_OK;
    }
    b->package = board_fetch_package(name);
    return b->package ? STATUS_OK : STATUS_USAGE;
}

int board_emit(const struct board *b, struct pcc *pcc, const char *path)
{
    const char *dirs[2];
    struct pcc_emit_options options = {
        .load_dirs = dirs,
        .need_loads = true,
    };
    struct pdl_strbuf bytes = PDL_STRBUF_INIT;
    size_t before = pdl_diags_errors(pcc_diags(pcc));
    int result;

    if (b->package) {
        dirs[options.load_dir_count++] = b->package;
    }
    dirs[options.load_dir_count++] = b->dir;
    result = pcc_emit(pcc, "table", &options, &bytes);
    if (result == PCC_OK) {
        result = pcc_write_file(path, bytes.data, bytes.len);
        if (result != PCC_OK) {
            say("%s: %s", path, strerror(errno));
        }
    } else if (pdl_diags_errors(pcc_diags(pcc)) > before) {
        print_diagnostics(pcc);
    }
    pdl_strbuf_dispose(&bytes);
    return status_of(pcc, result, BOARD_SAYS_ERRORS);
}

static uint64_t hash_loads(const struct prt_board *board)
{
    uint64_t hash = PRT_HASH_INIT;
    uint32_t i;

    for (i = 0; i < board->head->loads.count; i++) {
        const char *path = prt_board_string(board, board->loads[i].path);
        struct stat st;
        int64_t facts[3] = { 0 };

        if (stat(path, &st) == 0) {
            facts[0] = st.st_size;
            facts[1] = st.st_mtim.tv_sec;
            facts[2] = st.st_mtim.tv_nsec;
        }
        hash = prt_hash(hash, path, strlen(path));
        hash = prt_hash(hash, facts, sizeof(facts));
    }
    return hash;
}

void board_each_image(const char *path,
                      void (*fn)(void *opaque, const char *image),
                      void *opaque)
{
    struct prt_file file;
    size_t len;
    char *bytes = file_read(path, TABLE_MAX_BYTES, &len);
    uint32_t i;

    if (bytes && prt_file_open(bytes, len, &file, NULL) == PRT_OK &&
        file.has_board) {
        for (i = 0; i < file.board.head->loads.count && i < BOARD_IMAGES;
             i++) {
            fn(opaque, prt_board_string(&file.board,
                                        file.board.loads[i].path));
        }
    }
    free(bytes);
}

uint64_t board_image_id(const char *path)
{
    struct prt_file file;
    uint64_t id = 0;
    size_t len;
    char *bytes = file_read(path, TABLE_MAX_BYTES, &len);

    if (bytes && prt_file_open(bytes, len, &file, NULL) == PRT_OK &&
        file.has_board) {
        id = hash_loads(&file.board);
    }
    free(bytes);
    return id;
}
