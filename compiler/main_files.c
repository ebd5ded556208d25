/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that periphc reads and writes, and --format, which knows only them. */
#include "compiler/main.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dsl/bounds.h"
#include "dsl/format.h"
#include "dsl/readfile.h"
#include "dsl/status.h"

int fail(const char *path, const char *what)
{
    fprintf(stderr, "periphc: %s: %s\n", path, what);
    return EXIT_USAGE;
}

int slurp(const char *path, size_t limit, struct pdl_strbuf *out)
{
    char *text;
    size_t len;
    int status = strcmp(path, "-") == 0 ?
                 pdl_read_fd(STDIN_FILENO, limit, &text, &len) :
                 pdl_read_file(path, limit, &text, &len);

    if (status == PDL_ERR_TOO_BIG) {
        fprintf(stderr, "periphc: %s: larger than %zu bytes, the most that "
                "is read\n", path, limit);
        return EXIT_USAGE;
    }
    if (status) {
        return fail(path, pdl_read_strerror(status));
    }
    pdl_strbuf_dispose(out);
    out->data = text;
    out->len = len;
    out->cap = len + 1;
    return EXIT_GOOD;
}

int put_stdout(const struct pdl_strbuf *buf)
{
    if (fwrite(pdl_strbuf_str(buf), 1, buf->len, stdout) != buf->len ||
        fflush(stdout)) {
        return fail("standard output", strerror(errno));
    }
    return EXIT_GOOD;
}

static bool is_text(const struct pdl_strbuf *buf)
{
    return !buf->len || !memchr(buf->data, '\0', buf->len);
}

int put_output(const char *path, const struct pdl_strbuf *buf)
{
    if (!path || strcmp(path, "-") == 0) {
        if (!is_text(buf) && isatty(STDOUT_FILENO)) {
            return fail("standard output",
                        "not writing binary output to a terminal; use -o");
        }
        return put_stdout(buf);
    }
    if (pcc_write_file(path, pdl_strbuf_str(buf), buf->len)) {
        return fail(path, strerror(errno));
    }
    return EXIT_GOOD;
}

/* ---- --format ---- */

static int format_one(const struct options *o, const char *path)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    int err = slurp(path, PDL_MAX_FILE_BYTES, &text);
    bool same;

    if (err) {
        goto done;
    }
    if (pdl_format(pdl_strbuf_str(&text), text.len, 0, &out)) {
        fail(path, "cannot be formatted: its tokens or brackets are wrong; "
             "compile it to see where");
        err = EXIT_INPUT;
        goto done;
    }
    same = out.len == text.len &&
           memcmp(pdl_strbuf_str(&out), pdl_strbuf_str(&text), out.len) == 0;
    if (o->check) {
        if (!same) {
            printf("%s\n", path);
            err = EXIT_INPUT;
        }
    } else if (!o->in_place) {
        err = put_output(o->output, &out);
    } else if (!same) {
        err = put_output(path, &out);
    }
done:
    pdl_strbuf_dispose(&text);
    pdl_strbuf_dispose(&out);
    return err;
}

static int is_periph(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return *entry->d_name != '.' && len > 7 &&
           strcmp(entry->d_name + len - 7, ".periph") == 0;
}

/* Every .periph file of a folder, by name. */
static int format_folder(const struct options *o, const char *path)
{
    int worst = EXIT_GOOD, n, i;
    struct dirent **names;

    n = scandir(path, &names, is_periph, alphasort);
    if (n < 0) {
        return fail(path, strerror(errno));
    }
    for (i = 0; i < n; i++) {
        char *file = NULL;
        int err = asprintf(&file, "%s/%s", path, names[i]->d_name) < 0 ?
                  fail(path, "out of memory") : format_one(o, file);

        worst = err > worst ? err : worst;
        free(file);
        free(names[i]);
    }
    free(names);
    return n ? worst : fail(path, "no .periph file in this folder");
}

bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int format_files(const struct options *o)
{
    int worst = EXIT_GOOD;
    size_t i;

    if (!o->in_place && !o->check &&
        (o->files.n > 1 || is_folder(o->files.v[0]))) {
        return fail("--format", "several files: say -i (write them) or "
                    "--check (only look)");
    }
    for (i = 0; i < o->files.n; i++) {
        int err = is_folder(o->files.v[i]) ?
                  format_folder(o, o->files.v[i]) :
                  format_one(o, o->files.v[i]);

        worst = err > worst ? err : worst;
    }
    return worst;
}
