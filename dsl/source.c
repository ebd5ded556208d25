/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a session: opening, imports, lines and columns. */
#include "dsl/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dsl/bounds.h"
#include "dsl/readfile.h"
#include "dsl/scan.h"
#include "dsl/status.h"

struct source {
    char *name;
    char *text;
    size_t len;
    uint32_t *lines;        /* offset of each line's first byte */
    uint32_t line_count;
    struct pdl_tokens tokens;
};

struct pdl_sources {
    struct source *files;   /* id - 1 is the index */
    uint32_t count;
    uint32_t cap;
    char **paths;
    size_t path_count;
    bool no_disk;
};

struct pdl_sources *pdl_sources_new(void)
{
    return calloc(1, sizeof(struct pdl_sources));
}

static void source_dispose(struct source *source)
{
    free(source->name);
    free(source->text);
    free(source->lines);
    pdl_tokens_dispose(&source->tokens);
}

void pdl_sources_free(struct pdl_sources *sources)
{
    size_t i;

    if (!sources) {
        return;
    }
    for (i = 0; i < sources->count; i++) {
        source_dispose(&sources->files[i]);
    }
    for (i = 0; i < sources->path_count; i++) {
        free(sources->paths[i]);
    }
    free(sources->files);
    free(sources->paths);
    free(sources);
}

int pdl_sources_add_path(struct pdl_sources *sources, const char *folder)
{
    char **paths;

    paths = realloc(sources->paths,
                    (sources->path_count + 1) * sizeof(*paths));
    if (!paths) {
        return PDL_ERR_NOMEM;
    }
    sources->paths = paths;
    paths[sources->path_count] = strdup(folder);
    if (!paths[sources->path_count]) {
        return PDL_ERR_NOMEM;
    }
    sources->path_count++;
    return PDL_OK;
}

void pdl_sources_allow_disk(struct pdl_sources *sources, bool allow)
{
    sources->no_disk = !allow;
}

/* Fills in the table of lines. Returns 0 or NOMEM. */
static int index_lines(struct source *source)
{
    size_t i, count = 1;

    for (i = 0; i < source->len; i++) {
        count += source->text[i] == '\n';
    }
    source->lines = malloc(count * sizeof(*source->lines));
    if (!source->lines) {
        return PDL_ERR_NOMEM;
    }
    source->lines[0] = 0;
    source->line_count = 1;
    for (i = 0; i < source->len; i++) {
        if (source->text[i] == '\n') {
            source->lines[source->line_count++] = (uint32_t)i + 1;
        }
    }
    return PDL_OK;
}

/* Takes over `text` in every case. */
static int add_source(struct pdl_sources *sources, const char *name,
                      char *text, size_t len, uint32_t *file)
{
    struct source source = { .text = text, .len = len };
    int status = PDL_ERR_NOMEM;

    if (sources->count == PDL_MAX_FILES) {
        status = PDL_ERR_TOO_BIG;
        goto fail;
    }
    if (sources->count == sources->cap) {
        uint32_t cap = sources->cap ? sources->cap * 2 : 8;
        struct source *files;

        files = realloc(sources->files, cap * sizeof(*files));
        if (!files) {
            goto fail;
        }
        sources->files = files;
        sources->cap = cap;
    }
    source.name = strdup(name);
    if (!source.name || index_lines(&source)) {
        goto fail;
    }
    sources->files[sources->count++] = source;
    *file = sources->count;
    return PDL_OK;

fail:
    source_dispose(&source);
    return status;
}

/*
 * Writes path without "." and without "name/.." into out (of size
 * PDL_MAX_PATH_BYTES), so that one file has one name. False when too long.
 */
static bool normalise(const char *path, char *out)
{
    size_t n = 0, floor = 0, len;

    if (strlen(path) >= PDL_MAX_PATH_BYTES - 1) {
        return false;
    }
    if (*path == '/') {
        out[n++] = '/';
        floor = n;
    }
    while (*path) {
        len = strcspn(path, "/");
        if (len == 2 && memcmp(path, "..", 2) == 0 && n > floor) {
            n--;
            while (n > floor && out[n - 1] != '/') {
                n--;
            }
        } else if (len && !(len == 1 && *path == '.')) {
            memcpy(out + n, path, len);
            n += len;
            out[n++] = '/';
            if (len == 2 && memcmp(path, "..", 2) == 0) {
                floor = n;
            }
        }
        path += len;
        path += strspn(path, "/");
    }
    if (n > 1 && out[n - 1] == '/') {
        n--;
    }
    out[n] = '\0';
    return true;
}

int pdl_sources_add_memory(struct pdl_sources *sources, const char *name,
                           const char *bytes, size_t len, uint32_t *file)
{
    char clean[PDL_MAX_PATH_BYTES];
    char *text;

    if (len > PDL_MAX_FILE_BYTES) {
        return PDL_ERR_TOO_BIG;
    }
    if (!normalise(name, clean)) {
        return PDL_ERR_INVALID;
    }
    text = malloc(len + 1);
    if (!text) {
        return PDL_ERR_NOMEM;
    }
    if (len) {
        memcpy(text, bytes, len);
    }
    text[len] = '\0';
    return add_source(sources, clean, text, len, file);
}

int pdl_sources_open(struct pdl_sources *sources, const char *path,
                     uint32_t *file)
{
    char name[PDL_MAX_PATH_BYTES];
    char *text;
    size_t len;
    uint32_t i;
    int status;

    if (!normalise(path, name)) {
        return PDL_ERR_NOT_FOUND;
    }
    for (i = sources->count; i > 0; i--) {      /* the newest of a name */
        if (strcmp(sources->files[i - 1].name, name) == 0) {
            *file = i;
            return PDL_OK;
        }
    }
    if (sources->no_disk) {
        return PDL_ERR_NOT_FOUND;
    }
    status = pdl_read_file(name, PDL_MAX_FILE_BYTES, &text, &len);
    if (status) {
        return status;
    }
    return add_source(sources, name, text, len, file);
}

/*
 * An import is a plain file: opening a pipe or a device could block, or never
 * end. What cannot be looked at is left to be reported on opening.
 */
static bool is_plain(const struct pdl_sources *sources, const char *path)
{
    struct stat status;

    return sources->no_disk || stat(path, &status) != 0 ||
           S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

/* Opens folder[0..len) / path. */
static int open_below(struct pdl_sources *sources, const char *folder,
                      size_t len, const char *path, uint32_t *file)
{
    char name[PDL_MAX_PATH_BYTES];
    int n;

    n = snprintf(name, sizeof(name), "%.*s%s%s", (int)len, folder,
                 len ? "/" : "", path);
    if (n < 0 || (size_t)n >= sizeof(name)) {
        return PDL_ERR_NOT_FOUND;
    }
    if (!is_plain(sources, name)) {
        errno = ENOTSUP;
        return PDL_ERR_IO;
    }
    return pdl_sources_open(sources, name, file);
}

int pdl_sources_import(struct pdl_sources *sources, uint32_t from,
                       const char *path, uint32_t *file)
{
    const char *name = pdl_source_name(sources, from), *slash;
    int status;
    size_t i;

    if (*path == '/') {
        return open_below(sources, "", 0, path, file);
    }
    slash = name ? strrchr(name, '/') : NULL;
    status = open_below(sources, name ? name : "",
                        slash ? (size_t)(slash - name) : 0, path, file);
    for (i = 0; status == PDL_ERR_NOT_FOUND && i < sources->path_count; i++) {
        status = open_below(sources, sources->paths[i],
                            strlen(sources->paths[i]), path, file);
    }
    return status;
}

static const struct source *find(const struct pdl_sources *sources,
                                 uint32_t file)
{
    return file && file <= sources->count ? &sources->files[file - 1] : NULL;
}

const char *pdl_source_name(const struct pdl_sources *sources, uint32_t file)
{
    const struct source *source = find(sources, file);

    return source ? source->name : NULL;
}

const char *pdl_source_text(const struct pdl_sources *sources, uint32_t file,
                            size_t *len)
{
    const struct source *source = find(sources, file);

    if (len) {
        *len = source ? source->len : 0;
    }
    return source ? source->text : NULL;
}

uint32_t pdl_sources_count(const struct pdl_sources *sources)
{
    return sources->count;
}

/* Characters in bytes [from, to); a byte that is not UTF-8 counts as one. */
static uint32_t count_characters(const struct source *source, uint32_t from,
                                 uint32_t to)
{
    uint32_t count = 0;
    size_t n;

    while (from < to) {
        n = pdl_utf8_length(source->text + from, source->len - from);
        from += n ? (uint32_t)n : 1;
        count++;
    }
    return count;
}

int pdl_source_locate(const struct pdl_sources *sources, uint32_t file,
                      uint32_t offset, struct pdl_location *out)
{
    const struct source *source = find(sources, file);
    uint32_t low = 0, high, end;

    if (!source) {
        return PDL_ERR_NOT_FOUND;
    }
    if (offset > source->len) {
        offset = (uint32_t)source->len;
    }
    high = source->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (source->lines[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    end = low + 1 < source->line_count ? source->lines[low + 1] - 1
                                       : (uint32_t)source->len;
    if (end > source->lines[low] && source->text[end - 1] == '\r') {
        end--;
    }
    out->name = source->name;
    out->line = low + 1;
    out->line_begin = source->lines[low];
    out->line_end = end;
    out->column = count_characters(source, source->lines[low], offset) + 1;
    return PDL_OK;
}

struct pdl_span pdl_span_join(struct pdl_span a, struct pdl_span b)
{
    if (a.file == b.file && b.end > a.end) {
        a.end = b.end;
    }
    return a;
}

void pdl_source_keep_tokens(struct pdl_sources *sources, uint32_t file,
                            const struct pdl_tokens *tokens)
{
    struct pdl_tokens *kept;
    size_t bytes = tokens->count * sizeof(*tokens->items);

    if (!file || file > sources->count || !tokens->count) {
        return;
    }
    kept = &sources->files[file - 1].tokens;
    pdl_tokens_dispose(kept);
    kept->items = malloc(bytes);
    if (kept->items) {
        memcpy(kept->items, tokens->items, bytes);
        kept->count = kept->cap = tokens->count;
    }
}

const struct pdl_tokens *pdl_source_tokens(const struct pdl_sources *sources,
                                           uint32_t file)
{
    if (!file || file > sources->count) {
        return NULL;
    }
    return sources->files[file - 1].tokens.count ?
           &sources->files[file - 1].tokens : NULL;
}
