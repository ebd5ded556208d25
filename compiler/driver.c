/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/check.h"
#include "compiler/emit.h"
#include "compiler/import.h"
#include "compiler/priv.h"
#include "dsl/bounds.h"
#include "dsl/readfile.h"

struct pcc {
    struct pdl_session *session;
    struct cc cc;
    CC_VEC(const char *) files;     /* layers to parse, in order */
    CC_VEC(const char *) buffers;   /* names given to pcc_set_buffer() */
    struct pcc_found *found;        /* by outputs */
    bool compiled;
};

const char *pcc_strerror(int err)
{
    switch (err) {
    case PCC_OK:
        return "no error";
    case PCC_ERR_INPUT:
        return "the input has errors";
    case PCC_ERR_IO:
        return "a file could not be read or written";
    case PCC_ERR_NOMEM:
        return "out of memory";
    case PCC_ERR_STATE:
        return "called in the wrong order";
    case PCC_ERR_UNKNOWN:
        return "no emitter, importer, check, instance or memory of that "
               "name";
    case PCC_ERR_LIMIT:
        return "a limit of the output format is exceeded";
    case PCC_ERR_INTERNAL:
        return "internal error of the compiler";
    default:
        return "unknown error";
    }
}

struct pcc *pcc_new(const struct pcc_options *opts)
{
    struct pcc *s = calloc(1, sizeof(*s));
    struct pdl_sources *sources;
    size_t i;

    if (!s) {
        return NULL;
    }
    s->session = pdl_session_new();
    if (!s->session) {
        free(s);
        return NULL;
    }
    sources = pdl_session_sources(s->session);
    s->cc.session = s->session;
    s->cc.arena = pdl_session_arena(s->session);
    s->cc.diags = pdl_session_diags(s->session);
    s->cc.sources = sources;
    for (i = 0; opts && i < opts->import_dir_count; i++) {
        if (pdl_sources_add_path(sources, opts->import_dirs[i])) {
            pcc_free(s);
            return NULL;
        }
    }
    return s;
}

void pcc_free(struct pcc *s)
{
    if (s) {
        pdl_session_free(s->session);
        free(s);
    }
}

/* ---- inputs ---- */

static void report_io(struct pcc *s, const char *path, int status)
{
    struct pdl_span nowhere = { 0, 0, 0 };

    if (status == PDL_ERR_NOT_FOUND) {
        pdl_diag_add(s->cc.diags, PDL_D_IMPORT_NOT_FOUND, nowhere, path);
    } else if (status == PDL_ERR_TOO_BIG) {
        pdl_diag_note(pdl_diag_add(s->cc.diags, PDL_D_FILE_TOO_BIG, nowhere,
                                   PDL_MAX_FILE_BYTES),
                      nowhere, "it is %s", path);
    } else {
        pdl_diag_add(s->cc.diags, PDL_D_FILE_UNREADABLE, nowhere, path,
                     pdl_read_strerror(status));
    }
}

int pcc_set_buffer(struct pcc *s, const char *path, const char *bytes,
                   size_t len)
{
    uint32_t file;
    char *copy;
    int err;

    if (s->compiled) {
        return PCC_ERR_STATE;
    }
    err = pdl_sources_add_memory(pdl_session_sources(s->session), path,
                                 bytes, len, &file);
    if (err == PDL_ERR_TOO_BIG) {
        report_io(s, path, err);
        return PCC_ERR_IO;
    }
    copy = pdl_arena_strdup(s->cc.arena, path);
    if (err || !copy || setjmp(s->cc.nomem)) {
        return PCC_ERR_NOMEM;
    }
    *CC_ADD(&s->cc, &s->buffers) = copy;
    return PCC_OK;
}

int pcc_add_file(struct pcc *s, const char *path)
{
    uint32_t file;
    char *copy;
    int err;

    if (s->compiled) {
        return PCC_ERR_STATE;
    }
    err = pdl_sources_open(pdl_session_sources(s->session), path, &file);
    if (err == PDL_ERR_NOMEM) {
        return PCC_ERR_NOMEM;
    }
    if (err) {
        report_io(s, path, err);
        return PCC_ERR_IO;
    }
    copy = pdl_arena_strdup(s->cc.arena, path);
    if (!copy || setjmp(s->cc.nomem)) {
        return PCC_ERR_NOMEM;
    }
    *CC_ADD(&s->cc, &s->files) = copy;
    return PCC_OK;
}

int pcc_add_buffer(struct pcc *s, const char *path, const char *bytes,
                   size_t len)
{
    int err = pcc_set_buffer(s, path, bytes, len);

    return err ? err : pcc_add_file(s, path);
}

/* ---- board folders ---- */

struct name_list {
    char **v;
    size_t n;
};

static bool is_layer(const char *name)
{
    size_t len = strlen(name);

    return *name != '.' && len > 7 &&
           strcmp(name + len - 7, ".periph") == 0 &&
           strcmp(name, "board.periph") != 0;
}

static int add_name(struct name_list *list, const char *name)
{
    char **grown = realloc(list->v, (list->n + 1) * sizeof(*grown));

    if (!grown) {
        return PCC_ERR_NOMEM;
    }
    list->v = grown;
    list->v[list->n] = strdup(name);
    if (!list->v[list->n]) {
        return PCC_ERR_NOMEM;
    }
    list->n++;
    return PCC_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in @dir on disk and among the buffers; may repeat. */
static int list_names(struct pcc *s, const char *dir, struct name_list *list)
{
    size_t len = strlen(dir), i;
    DIR *d = opendir(dir);
    struct dirent *entry;
    int err = PCC_OK;

    while (!err && d && (entry = readdir(d)) != NULL) {
        if (is_layer(entry->d_name)) {
            err = add_name(list, entry->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
    for (i = 0; !err && i < s->buffers.n; i++) {
        const char *name = s->buffers.v[i];

        if (strncmp(name, dir, len) == 0 && name[len] == '/' &&
            !strchr(name + len + 1, '/') && is_layer(name + len + 1)) {
            err = add_name(list, name + len + 1);
        }
    }
    return err;
}

static int add_in_dir(struct pcc *s, const char *dir, const char *name)
{
    char *path = pdl_arena_printf(s->cc.arena, "%s/%s", dir, name);

    return path ? pcc_add_file(s, path) : PCC_ERR_NOMEM;
}

int pcc_add_board_dir(struct pcc *s, const char *dir)
{
    struct name_list list = { NULL, 0 };
    char *plain = pdl_arena_strdup(s->cc.arena, dir);
    size_t len, i;
    int err, later;

    if (!plain) {
        return PCC_ERR_NOMEM;
    }
    for (len = strlen(plain); len > 1 && plain[len - 1] == '/'; len--) {
        plain[len - 1] = '\0';
    }
    err = add_in_dir(s, plain, "board.periph");
    later = list_names(s, plain, &list);
    if (list.n) {
        qsort(list.v, list.n, sizeof(*list.v), compare_names);
    }
    for (i = 0; !later && i < list.n; i++) {
        if (!i || strcmp(list.v[i - 1], list.v[i]) != 0) {
            later = add_in_dir(s, plain, list.v[i]);
        }
    }
    for (i = 0; i < list.n; i++) {
        free(list.v[i]);
    }
    free(list.v);
    return err ? err : later;
}

/* ---- compiling ---- */

int pcc_set_check(struct pcc *s, const char *name, enum pcc_severity sev)
{
    static const enum pdl_severity severity[] = {
        [PCC_OFF] = PDL_IGNORE, [PCC_WARN] = PDL_WARNING,
        [PCC_FAIL] = PDL_ERROR,
    };
    const struct pcc_check *check = pcc_check_find(name);

    if (s->compiled) {
        return PCC_ERR_STATE;
    }
    if (!check) {
        return PCC_ERR_UNKNOWN;
    }
    pdl_diags_set_severity(s->cc.diags, check->code, severity[sev]);
    return PCC_OK;
}

static int parse_all(struct pcc *s)
{
    size_t i;

    for (i = 0; i < s->files.n; i++) {
        struct pdl_unit *unit;

        if (pdl_parse_file(s->session, s->files.v[i], &unit) ==
            PDL_ERR_NOMEM) {
            return PCC_ERR_NOMEM;
        }
    }
    return PCC_OK;
}

int pcc_compile(struct pcc *s)
{
    int err;

    if (s->compiled) {
        return PCC_ERR_STATE;
    }
    s->compiled = true;
    err = parse_all(s);
    if (err) {
        return err;
    }
    if (setjmp(s->cc.nomem)) {
        s->cc.model = NULL;
        return PCC_ERR_NOMEM;
    }
    cc_resolve(&s->cc);
    if (!pdl_diags_errors(s->cc.diags)) {
        cc_run_checks(&s->cc);
    }
    if (pdl_diags_failed(s->cc.diags)) {
        s->cc.model = NULL;
        return PCC_ERR_NOMEM;
    }
    if (pdl_diags_errors(s->cc.diags)) {
        s->cc.model = NULL;
        return PCC_ERR_INPUT;
    }
    return PCC_OK;
}

const struct pdl_diags *pcc_diags(const struct pcc *s)
{
    return s->cc.diags;
}

const struct pdl_sources *pcc_sources(const struct pcc *s)
{
    return s->cc.sources;
}

const struct pcc_model *pcc_get_model(const struct pcc *s)
{
    return s->cc.model;
}

const char *pcc_input(const struct pcc *s, size_t i)
{
    size_t sources = pdl_sources_count(s->cc.sources);
    const struct pcc_found *f = s->found;

    if (i < sources) {
        return pdl_source_name(s->cc.sources, i + 1);
    }
    for (i -= sources; f && i; i--) {
        f = f->next;
    }
    return f ? f->path : NULL;
}

/* Characters that make takes for its own are escaped. */
static void put_dep(struct pdl_strbuf *out, const char *name)
{
    for (; *name; name++) {
        if (*name == ' ' || *name == '#') {
            pdl_strbuf_putc(out, '\\');
        } else if (*name == '$') {
            pdl_strbuf_putc(out, '$');
        }
        pdl_strbuf_putc(out, *name);
    }
}

void pcc_make_rule(const struct pcc *s, const char *target,
                   const char *further, struct pdl_strbuf *out)
{
    const char *input = pcc_input(s, 0);
    size_t i;

    put_dep(out, target);
    pdl_strbuf_putc(out, ':');
    for (i = 0; input; input = pcc_input(s, ++i)) {
        pdl_strbuf_puts(out, " \\\n  ");
        put_dep(out, input);
    }
    if (further) {
        pdl_strbuf_puts(out, " \\\n  ");
        put_dep(out, further);
    }
    pdl_strbuf_putc(out, '\n');
}

/* ---- emitting ---- */

static int mark_instances(struct pcc_emit *e)
{
    const struct pcc_emit_options *o = e->opts;
    const struct pcc_board *b = e->model->board;
    bool *wanted;
    size_t i;

    if (!o->delta && !o->instance_count) {
        return PCC_OK;
    }
    wanted = pdl_arena_alloc(e->arena, b ? b->instance_count + 1 : 1);
    if (!wanted) {
        return PCC_ERR_NOMEM;
    }
    for (i = 0; i < o->instance_count; i++) {
        uint32_t k = b ? pcc_find_instance(b, o->instances[i]) : PCC_NONE;

        if (k == PCC_NONE) {
            return PCC_ERR_UNKNOWN;
        }
        wanted[k] = true;
    }
    e->instance = wanted;
    return PCC_OK;
}

static int mark_memories(struct pcc_emit *e)
{
    const struct pcc_emit_options *o = e->opts;
    const struct pcc_board *b = e->model->board;
    bool *wanted;
    size_t i;

    if (!o->delta) {
        return PCC_OK;
    }
    wanted = pdl_arena_alloc(e->arena, b ? b->memory_count + 1 : 1);
    if (!wanted) {
        return PCC_ERR_NOMEM;
    }
    for (i = 0; i < o->memory_count; i++) {
        uint32_t k = b ? pcc_find_memory(b, o->memories[i]) : PCC_NONE;

        if (k == PCC_NONE) {
            return PCC_ERR_UNKNOWN;
        }
        wanted[k] = true;
    }
    e->memory = wanted;
    return PCC_OK;
}

static int emit_all(struct pcc *s, const struct pcc_emitter *emitter,
                    struct pcc_emit *e)
{
    int err = mark_instances(e);

    if (!err) {
        err = mark_memories(e);
    }
    if (!err && emitter->needs_board && !e->model->board) {
        struct pdl_span nowhere = { 0, 0, 0 };

        pdl_diag_add(s->cc.diags, PDL_D_NO_BOARD, nowhere);
        err = PCC_ERR_INPUT;
    }
    if (!err) {
        err = emitter->emit(e);
    }
    if (!err && e->out->failed) {
        err = PCC_ERR_NOMEM;
    }
    return err;
}

int pcc_emit(struct pcc *s, const char *name,
             const struct pcc_emit_options *opts, struct pdl_strbuf *out)
{
    static const struct pcc_emit_options no_options;
    const struct pcc_emitter *emitter = pcc_emitter_find(name);
    struct pdl_strbuf made = PDL_STRBUF_INIT;
    struct pcc_emit e = {
        .model = s->cc.model, .sources = s->cc.sources,
        .diags = s->cc.diags, .arena = s->cc.arena, .out = &made,
        .cc = &s->cc, .found = s->found,
    };
    struct pcc_emit_options plain;
    int err;

    if (!emitter) {
        return PCC_ERR_UNKNOWN;
    }
    if (!s->cc.model) {
        return PCC_ERR_STATE;
    }
    plain = opts ? *opts : no_options;
    plain.delta |= plain.instance_count != 0;
    e.opts = &plain;
    err = emit_all(s, emitter, &e);
    s->found = e.found;
    if (!err) {
        pdl_strbuf_add(out, pdl_strbuf_str(&made), made.len);
        err = out->failed ? PCC_ERR_NOMEM : PCC_OK;
    }
    pdl_strbuf_dispose(&made);
    return err;
}

int pcc_check_tree(struct pcc *s, const void *base, size_t size)
{
    struct pcc_emit_options opts = { .base = base, .base_size = size };
    struct pcc_emit e = {
        .model = s->cc.model, .sources = s->cc.sources,
        .diags = s->cc.diags, .arena = s->cc.arena, .cc = &s->cc,
        .opts = &opts,
    };

    if (!s->cc.model) {
        return PCC_ERR_STATE;
    }
    return s->cc.model->board ? pcc_check_dt(&e) : PCC_OK;
}

int pcc_import(struct pcc *s, const char *name,
               const struct pcc_import_options *opts, struct pdl_strbuf *out)
{
    return pcc_import_run(s->session, name, opts, out);
}

/* ---- files ---- */

static bool same_content(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "rb");
    const char *p = bytes;
    char buf[8192];
    size_t n;
    bool same = f != NULL;

    while (same && (n = fread(buf, 1, sizeof(buf), f)) > 0) {
        same = n <= len && memcmp(buf, p, n) == 0;
        p += n;
        len -= same ? n : 0;
    }
    same = same && len == 0 && !ferror(f);
    if (f) {
        fclose(f);
    }
    return same;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return PCC_ERR_IO;
        }
        bytes += n;
        len -= n;
    }
    return PCC_OK;
}

/* Into what is there: a device or a pipe is no file to be replaced. */
static int write_into(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_NOCTTY);
    int err, saved;

    if (fd < 0) {
        return PCC_ERR_IO;
    }
    err = write_all(fd, bytes, len);
    saved = errno;
    if (close(fd) && !err) {
        err = PCC_ERR_IO;
        saved = errno;
    }
    errno = saved;
    return err;
}

static mode_t new_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* Puts a file of these bytes in the place of @path, whole or not at all. */
static int replace(const char *path, mode_t mode, const void *bytes,
                   size_t len)
{
    int fd, err, saved;
    char *temp;

    if (asprintf(&temp, "%s.XXXXXX", path) < 0) {
        return PCC_ERR_NOMEM;
    }
    fd = mkstemp(temp);
    if (fd < 0) {
        free(temp);
        return PCC_ERR_IO;
    }
    err = write_all(fd, bytes, len);
    if (!err && (fchmod(fd, mode) || fsync(fd))) {
        err = PCC_ERR_IO;
    }
    saved = errno;
    if (close(fd) && !err) {
        err = PCC_ERR_IO;
        saved = errno;
    }
    if (!err && rename(temp, path)) {
        err = PCC_ERR_IO;
        saved = errno;
    }
    if (err) {
        unlink(temp);
        errno = saved;
    }
    free(temp);
    return err;
}

int pcc_write_file(const char *path, const void *bytes, size_t len)
{
    struct stat st;
    char *real;
    int err, saved;

    if (stat(path, &st)) {
        return replace(path, new_mode(), bytes, len);
    }
    if (!S_ISREG(st.st_mode)) {
        return write_into(path, bytes, len);
    }
    if (same_content(path, bytes, len)) {
        return PCC_OK;
    }
    real = realpath(path, NULL);
    if (!real) {
        return PCC_ERR_IO;
    }
    err = replace(real, st.st_mode & 0777, bytes, len);
    saved = errno;
    free(real);
    errno = saved;
    return err;
}
