/* SPDX-License-Identifier: GPL-2.0-or-later */
/* periphc: the compiler on the command line. */
#include "compiler/main.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/explain.h"
#include "compiler/library.h"
#include "dsl/bounds.h"
#include "dsl/diag.h"

/* ---- lists and explanations ---- */

static int list(const char *(*name)(size_t i), const char *(*help)(size_t i))
{
    size_t i;

    for (i = 0; name(i); i++) {
        printf("%-8s %s\n", name(i), help(i));
    }
    return EXIT_GOOD;
}

static int list_checks(void)
{
    static const char *const words[] = { "off", "warning", "error" };
    size_t i;

    for (i = 0; pcc_check_name(i); i++) {
        printf("%-20s %-8s %s\n", pcc_check_name(i),
               words[pcc_check_default(i)], pcc_check_help(i));
    }
    return EXIT_GOOD;
}

/* dsl/DIAGNOSTICS.md */
static int list_codes(void)
{
    struct pdl_strbuf page = PDL_STRBUF_INIT;
    int err;

    pcc_diagnostics_page(&page);
    err = put_stdout(&page);
    pdl_strbuf_dispose(&page);
    return err;
}

/* A code, when no file is named. */
static int explain(const char *what)
{
    struct pdl_strbuf name = PDL_STRBUF_INIT;
    enum pdl_code code = pdl_code_find(what);

    if (code == PDL_D_COUNT) {
        return fail(what, "no diagnostic of that code or name");
    }
    pdl_code_name(code, &name);
    printf("%s (%s)\n%s\n", pdl_code_id(code), pdl_strbuf_str(&name),
           pdl_code_explanation(code));
    pdl_strbuf_dispose(&name);
    return EXIT_GOOD;
}

/* ---- compiling ---- */

static void print_diags(const struct options *o, const struct pcc *s)
{
    struct pdl_strbuf buf = PDL_STRBUF_INIT;

    if (o->json) {
        pdl_diags_print_json(pcc_diags(s), pcc_sources(s), &buf);
    } else {
        pdl_diags_print_text(pcc_diags(s), pcc_sources(s),
                             isatty(STDERR_FILENO), &buf);
    }
    fwrite(pdl_strbuf_str(&buf), 1, buf.len, stderr);
    pdl_strbuf_dispose(&buf);
}

static int exit_code(int err)
{
    switch (err) {
    case PCC_OK:
        return EXIT_GOOD;
    case PCC_ERR_INPUT:
    case PCC_ERR_LIMIT:
        return EXIT_INPUT;
    case PCC_ERR_IO:
    case PCC_ERR_UNKNOWN:
    case PCC_ERR_NOMEM:
        return EXIT_USAGE;
    default:
        return EXIT_BUG;
    }
}

static int set_checks(const struct options *o, struct pcc *s)
{
    size_t i;

    for (i = 0; i < o->severity_count; i++) {
        if (pcc_set_check(s, o->severities[i].name,
                          o->severities[i].severity)) {
            return fail(o->severities[i].name,
                        "no such check; see --list-checks");
        }
    }
    return EXIT_GOOD;
}

/* Standard input as a file. */
static int add_stdin(struct pcc *s)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    int err = slurp("-", PDL_MAX_FILE_BYTES, &text) ? PCC_ERR_IO :
              pcc_add_buffer(s, "<stdin>", pdl_strbuf_str(&text), text.len);

    pdl_strbuf_dispose(&text);
    return err;
}

static int add_inputs(const struct options *o, struct pcc *s)
{
    int worst = PCC_OK;
    size_t i;

    for (i = 0; i < o->files.n; i++) {
        const char *path = o->files.v[i];
        int err = strcmp(path, "-") == 0 ? add_stdin(s) : is_folder(path) ?
                  pcc_add_board_dir(s, path) : pcc_add_file(s, path);

        worst = err < worst ? err : worst;
    }
    return worst;
}

/* Of what was read, and of @further (or NULL). */
static int write_deps(const struct options *o, const struct pcc *s,
                      const char *further)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    int err;

    pcc_make_rule(s, o->output, further, &out);
    err = put_output(o->depfile, &out);
    pdl_strbuf_dispose(&out);
    return err;
}

/* Only checks the board's device tree where nothing is to be written. */
static int emit(const struct options *o, struct pcc *s)
{
    bool writes = o->emit && !o->check;
    struct pdl_strbuf base = PDL_STRBUF_INIT;
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pcc_emit_options opts = {
        .instances = o->instances.v, .instance_count = o->instances.n,
        .memories = o->memories.v, .memory_count = o->memories.n,
        .load_dirs = o->load_dirs.v, .load_dir_count = o->load_dirs.n,
        .need_loads = !o->no_images,
    };
    int err = o->merge ? slurp(o->merge, PCC_MAX_FOREIGN_BYTES, &base) :
              EXIT_GOOD;
    int emitted;

    if (err) {
        goto done;
    }
    if (o->merge) {
        opts.base = pdl_strbuf_str(&base);
        opts.base_size = base.len;
    }
    emitted = writes ? pcc_emit(s, o->emit, &opts, &out) :
              pcc_check_tree(s, opts.base, opts.base_size);
    err = exit_code(emitted);
    if (emitted && emitted != PCC_ERR_INPUT) {
        fail(o->emit ? o->emit : "--check", pcc_strerror(emitted));
    }
    if (!emitted && writes) {
        err = put_output(o->output, &out);
    }
done:
    pdl_strbuf_dispose(&base);
    pdl_strbuf_dispose(&out);
    return err;
}

static int explain_path(const struct options *o, const struct pcc *s)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    int err;

    pdl_strbuf_printf(&out, "%s\n", o->explain);
    if (pcc_explain_path(pcc_get_model(s), pcc_sources(s), o->explain,
                         &out)) {
        err = put_stdout(&out);
    } else {
        err = fail(o->explain, "nothing of that name in the input");
    }
    pdl_strbuf_dispose(&out);
    return err;
}

static int compile(const struct options *o)
{
    struct pcc_options opts = {
        .import_dirs = o->imports.v, .import_dir_count = o->imports.n,
    };
    struct pcc *s = pcc_new(&opts);
    int err, io;

    if (!s) {
        return fail("periphc", "out of memory");
    }
    err = set_checks(o, s);
    if (!err) {
        io = add_inputs(o, s);
        err = exit_code(pcc_compile(s));
        if (io) {
            err = exit_code(io);
        }
    }
    if (!err && o->explain) {
        err = explain_path(o, s);
    } else if (!err) {
        err = emit(o, s);
    }
    if (!err && o->depfile) {
        err = write_deps(o, s, o->merge);
    }
    print_diags(o, s);
    pcc_free(s);
    return err;
}

/* ---- --import ---- */

/*
 * The imported text is compiled as if it stood beside its input, so that the
 * base it names is found there.
 */
static int compile_imported(const struct options *o,
                            const struct pdl_strbuf *text)
{
    struct pcc *s = pcc_new(NULL);
    char *path = NULL;
    int err;

    if (!s || asprintf(&path, "%s.periph", o->files.v[0]) < 0) {
        pcc_free(s);
        return fail("periphc", "out of memory");
    }
    err = set_checks(o, s);
    if (!err) {
        pcc_add_buffer(s, path, pdl_strbuf_str(text), text->len);
        err = exit_code(pcc_compile(s));
    }
    if (!err) {
        err = emit(o, s);
    }
    print_diags(o, s);
    pcc_free(s);
    free(path);
    return err;
}

static int import(const struct options *o)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pcc_import_options opts = {
        .path = o->files.v[0], .name = o->name,
        .only = o->only.v, .only_count = o->only.n, .tree = o->tree,
    };
    struct pcc *s = pcc_new(NULL);
    int err, imported;

    if (!s) {
        return fail("periphc", "out of memory");
    }
    err = slurp(opts.path, PCC_MAX_FOREIGN_BYTES, &text);
    if (!err) {
        opts.bytes = pdl_strbuf_str(&text);
        opts.size = text.len;
        imported = pcc_import(s, o->import, &opts, &out);
        err = exit_code(imported);
        if (imported && imported != PCC_ERR_INPUT) {
            fail(opts.path, pcc_strerror(imported));
        }
        print_diags(o, s);
    }
    if (!err && o->emit) {
        err = compile_imported(o, &out);
    } else if (!err && !o->check) {
        err = put_output(o->output, &out);
    }
    if (!err && o->depfile) {
        err = write_deps(o, s, opts.path);
    }
    pcc_free(s);
    pdl_strbuf_dispose(&text);
    pdl_strbuf_dispose(&out);
    return err;
}

/* The folder of the blocks that come with Periph is searched last. */
static int compile_with_library(struct options *o)
{
    char *library = pcc_library_dir();
    int err;

    if (library && o->imports.n < MAX_LIST) {
        o->imports.v[o->imports.n++] = library;
    }
    err = compile(o);
    free(library);
    return err;
}

static int run(struct options *o)
{
    int err;

    if (o->list_emitters) {
        return list(pcc_emitter_name, pcc_emitter_help);
    }
    if (o->list_importers) {
        return list(pcc_importer_name, pcc_importer_help);
    }
    if (o->list_checks) {
        return list_checks();
    }
    if (o->list_codes) {
        return list_codes();
    }
    if (o->explain && !o->files.n) {
        return explain(o->explain);
    }
    if (!o->files.n) {
        return fail("no input", "name a .periph file or a board's folder "
                    "(--help says more)");
    }
    err = check_options(o);
    if (err) {
        return err;
    }
    return o->format ? format_files(o) :
           o->import ? import(o) : compile_with_library(o);
}

int main(int argc, char **argv)
{
    static struct options o;
    int err;

    /* a short life: ask for memory seldom, and give none back */
    mallopt(M_TOP_PAD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    read_options(argc, argv, &o);
    err = run(&o);
    if (fflush(stdout) && !err) {
        err = fail("standard output", strerror(errno));
    }
    return err;
}
