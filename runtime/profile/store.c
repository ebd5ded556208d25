/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a board folder: reading, atomic replacement, journals. */
#include "runtime/profile/profile_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dsl/source.h"
#include "runtime/engine/engine.h"

void pfl_file_free(struct pfl_file *file)
{
    if (file == NULL) {
        return;
    }
    pfl_edits_dispose(&file->pending);
    pdl_session_free(file->parse);
    pcc_free(file->model);
    free(file->candidate);
    free(file->text);
    free(file->name);
    free(file->path);
    free(file->disk);
    free(file);
}

void pfl_file_set_text(struct pfl_file *file, char *text, size_t len)
{
    pdl_session_free(file->parse);
    file->parse = NULL;
    file->unit = NULL;
    free(file->text);
    file->text = text;
    file->len = len;
}

struct pdl_unit *pfl_file_unit(struct pfl_board *board, struct pfl_file *file)
{
    size_t i;

    if (file->unit != NULL) {
        return file->unit;
    }
    file->parse = pdl_session_new();
    if (file->parse == NULL) {
        return NULL;
    }
    for (i = 0; i < board->import_dir_count; i++) {
        pdl_sources_add_path(pdl_session_sources(file->parse),
                             board->import_dirs[i]);
    }
    pdl_parse_buffer(file->parse, file->path, file->text, file->len,
                     &file->unit);
    if (file->unit == NULL || !file->unit->complete) {
        pdl_session_free(file->parse);
        file->parse = NULL;
        file->unit = NULL;
    }
    return file->unit;
}

/* ---- Stamps, reading, replacing ---- */

uint64_t pfl_hash(const char *text, size_t len)
{
    return prt_hash(PRT_HASH_INIT, text, len);
}

static void stamp_of(const struct stat *st, struct pfl_stamp *stamp)
{
    stamp->exists = true;
    stamp->dev = st->st_dev;
    stamp->ino = st->st_ino;
    stamp->size = st->st_size;
    stamp->mode = st->st_mode & 0777;
    stamp->mtime_ns =
        (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    stamp->ctime_ns =
        (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

void pfl_stamp_get(const char *path, struct pfl_stamp *stamp)
{
    struct stat st;

    memset(stamp, 0, sizeof(*stamp));
    if (stat(path, &st) == 0) {
        stamp_of(&st, stamp);
    }
}

bool pfl_stamp_equal(const struct pfl_stamp *a, const struct pfl_stamp *b)
{
    if (!a->exists || !b->exists) {
        return a->exists == b->exists;
    }
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
        a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

char *pfl_read(const char *path, size_t max, size_t *len,
               struct pfl_stamp *stamp)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *text = NULL;
    size_t got = 0;
    ssize_t n = 0;

    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &st) < 0) {
        goto fail;
    }
    if (!S_ISREG(st.st_mode) || st.st_size < 0 ||
        (uint64_t)st.st_size > max) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
        goto fail;
    }
    text = malloc((size_t)st.st_size + 1);
    if (text == NULL) {
        goto fail;
    }
    while (got < (size_t)st.st_size) {
        n = read(fd, text + got, (size_t)st.st_size - got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    if (n < 0) {
        goto fail;
    }
    close(fd);
    text[got] = '\0';
    *len = got;
    if (stamp != NULL) {
        stamp_of(&st, stamp);
    }
    return text;
fail:
    free(text);
    close(fd);
    return NULL;
}

static int write_all(int fd, const char *text, size_t len)
{
    ssize_t n;

    while (len > 0) {
        n = write(fd, text, len);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -1;
        }
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

/* The permissions of the file that is replaced, or those of a new one. */
static mode_t mode_for(const char *path, const struct pfl_stamp *known)
{
    struct pfl_stamp now;
    mode_t mask;

    if (known == NULL || !known->exists) {
        pfl_stamp_get(path, &now);
        known = &now;
    }
    if (known->exists) {
        return known->mode;
    }
    mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* A new file; one of that name is what a killed process left. */
static int create(const char *path)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(path, flags, 0600);

    if (fd < 0 && errno == EEXIST && unlink(path) == 0) {
        fd = open(path, flags, 0600);
    }
    return fd;
}

static bool same_content(const struct pfl_stamp *a, const struct pfl_stamp *b)
{
    return a->exists && b->exists && a->dev == b->dev && a->ino == b->ino &&
        a->size == b->size && a->mtime_ns == b->mtime_ns;
}

/*
 * Puts @temp in the place of @path: 0, 1 when a person saved it meanwhile,
 * -1 with errno.  Exchanging the two shows afterwards what was replaced, and
 * spares a question the wait that ext4 adds to a rename over a file (it
 * starts to write it out).  That is what pfl_sync() is for.
 */
static int put_in_place(const char *temp, const char *path,
                        const struct pfl_stamp *expect)
{
    struct pfl_stamp now;

    if (expect == NULL) {
        return rename(temp, path);
    }
    pfl_stamp_get(path, &now);
    if (!pfl_stamp_equal(&now, expect)) {
        return 1;
    }
    if (!expect->exists ||
        renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_EXCHANGE) < 0) {
        return rename(temp, path);
    }
    pfl_stamp_get(temp, &now);
    if (!same_content(&now, expect)) {
        renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_EXCHANGE);
        return 1;
    }
    unlink(temp);
    return 0;
}

int pfl_replace(const char *path, const char *text, size_t len,
                const struct pfl_stamp *expect, struct pfl_stamp *stamp)
{
    const char *slash = strrchr(path, '/');
    char temp[4096];
    struct stat st;
    int fd, n, saved, ret = -1;

    n = snprintf(temp, sizeof(temp), "%.*s.%s.tmp",
                 slash != NULL ? (int)(slash - path + 1) : 0, path,
                 slash != NULL ? slash + 1 : path);
    if (n < 0 || (size_t)n >= sizeof(temp)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = create(temp);
    if (fd < 0) {
        return -1;
    }
    if (write_all(fd, text, len) < 0 ||
        fchmod(fd, mode_for(path, expect)) < 0) {
        goto out;
    }
    ret = put_in_place(temp, path, expect);
    if (ret != 0 || fstat(fd, &st) < 0) {
        goto out;
    }
    if (stamp != NULL) {
        stamp_of(&st, stamp);
    }
    close(fd);
    return 0;
out:
    saved = errno;
    close(fd);
    unlink(temp);
    errno = saved;
    return ret;
}

/* ---- Saving ---- */

static char *journal_path(const struct pfl_file *file)
{
    char *path = NULL;

    return asprintf(&path, "%s.pending", file->path) < 0 ? NULL : path;
}

/* Brings the journal in line with `pending`; errno on failure. */
static int save_journal(struct pfl_file *file)
{
    char *path = journal_path(file);
    char *text = NULL;
    int ret = -1;

    if (path == NULL) {
        return -1;
    }
    if (file->pending.count == 0) {
        ret = unlink(path) == 0 || errno == ENOENT || errno == EROFS ? 0 : -1;
        goto out;
    }
    text = pfl_edits_print(&file->pending);
    if (text == NULL) {
        errno = ENOMEM;
        goto out;
    }
    ret = pfl_replace(path, text, strlen(text), NULL, NULL);
out:
    free(text);
    free(path);
    return ret;
}

static void tell_loss(struct pfl_board *board, const struct pfl_file *file)
{
    board->loss_errno = errno;
    if (board->loss_told) {
        return;
    }
    board->loss_told = true;
    pfl_log(board, PFL_LOG_ERROR,
            "cannot write %s: %s; the run goes on, but what is inferred "
            "stays in memory and is lost at its end", file->path,
            strerror(errno));
}

/* More than a journal holds is lost like what a disk does not take. */
static int keep_pending(struct pfl_board *board, struct pfl_file *file,
                        const struct pfl_edits *edits)
{
    unsigned i;
    int ret = PFL_OK;

    for (i = 0; edits != NULL && i < edits->count && ret == PFL_OK; i++) {
        ret = pfl_edits_add(&file->pending, &edits->v[i]);
    }
    if (ret == PFL_ERR_RANGE) {
        errno = ENOSPC;
        tell_loss(board, file);
        ret = PFL_OK;
    }
    return ret;
}

void pfl_save_journal(struct pfl_board *board, struct pfl_file *file)
{
    if (file->pending.count == 0 && board->read_only) {
        return;
    }
    if (board->read_only) {
        errno = EROFS;
        tell_loss(board, file);
    } else if (save_journal(file) < 0) {
        tell_loss(board, file);
    }
}

int pfl_save(struct pfl_board *board, struct pfl_file *file,
             const struct pfl_edits *edits)
{
    bool had_pending = file->pending.count > 0;
    int ret;

    if (file->broken) {
        ret = keep_pending(board, file, edits);
        pfl_save_journal(board, file);
        return ret;
    }
    if (board->read_only) {
        errno = EROFS;
        ret = -1;
    } else {
        ret = pfl_replace(file->disk, file->text, file->len, &file->stamp,
                          &file->stamp);
    }
    if (ret > 0) {
        return 1;
    }
    file->unsaved = ret < 0;
    if (file->unsaved) {
        tell_loss(board, file);
        return keep_pending(board, file, edits);
    }
    file->need_sync = true;
    file->disk_known = true;
    file->disk_hash = pfl_hash(file->text, file->len);
    pfl_edits_dispose(&file->pending);
    if (had_pending) {
        pfl_save_journal(board, file);
    }
    return PFL_OK;
}
