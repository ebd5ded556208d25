/* SPDX-License-Identifier: GPL-2.0-or-later */
/* periphc: the compiler on the command line.  The only part that prints. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "compiler/explain.h"
#include "compiler/library.h"
#include "dsl/diag.h"
#include "dsl/format.h"

enum exit_code {
    EXIT_GOOD = 0,
    EXIT_USAGE = 1,         /* or input and output */
    EXIT_INPUT = 2,         /* errors in the input */
    EXIT_BUG = 3,
};

#define MAX_LIST 64

struct list {
    const char *v[MAX_LIST];
    size_t n;
};

struct severity {
    const char *name;
    enum pcc_severity severity;
};

struct options {
    struct list files;
    struct list imports;
    struct list load_dirs;
    struct list instances;
    struct list memories;
    struct severity severities[MAX_LIST];
    size_t severity_count;
    const char *emit;
    const char *import;
    const char *name;
    struct list only;
    unsigned tree;
    const char *output;
    const char *merge;
    const char *depfile;
    const char *explain;
    bool check;
    bool format;
    bool in_place;
    bool json;
    bool no_images;
    bool list_emitters;
    bool list_importers;
    bool list_checks;
    bool list_codes;
};

enum option_key {
    KEY_EMIT = 256, KEY_MERGE, KEY_CHECK, KEY_FORMAT, KEY_EXPLAIN,
    KEY_LIST_EMITTERS, KEY_LIST_CHECKS, KEY_NO_WARN, KEY_DIAGNOSTICS,
    KEY_NO_IMAGES, KEY_INSTANCE, KEY_MEMORY, KEY_IMPORT, KEY_ONLY, KEY_NAME,
    KEY_LIST_IMPORTERS, KEY_TREE, KEY_LIST_CODES,
};

static const struct argp_option option_table[] = {
    { NULL, 0, NULL, 0, "What to do (checking is the default):", 1 },
    { "emit", KEY_EMIT, "FORMAT", 0,
      "write an output; --list-emitters names them", 1 },
    { "import", KEY_IMPORT, "FORMAT", 0,
      "turn FILE, which is not .periph, into it, or with --emit into that; "
      "--list-importers names the formats", 1 },
    { "only", KEY_ONLY, "NAME,...", 0,
      "--import takes these peripherals only (may be repeated)", 1 },
    { "name", KEY_NAME, "BOARD", 0, "what --import calls the board", 1 },
    { "tree", KEY_TREE, "N", 0,
      "--import dtb takes tree N of those inside the image", 1 },
    { "output", 'o', "FILE", 0,
      "where to write; replaced only when its content changes", 1 },
    { "merge", KEY_MERGE, "BASE", 0,
      "merge the device tree into this blob, or the one inside this image",
      1 },
    { "check", KEY_CHECK, NULL, 0,
      "only report errors and warnings; with --format: whether the layout "
      "is the canonical one", 1 },
    { "format", KEY_FORMAT, NULL, 0, "lay the text out anew", 1 },
    { "in-place", 'i', NULL, 0, "--format writes the files themselves", 1 },
    { "explain", KEY_EXPLAIN, "CODE|PATH", 0,
      "what a diagnostic such as E0101 means; with FILEs what BOARD.INSTANCE"
      ".REGISTER.FIELD or a part of such a path is, and who said so", 1 },
    { "list-emitters", KEY_LIST_EMITTERS, NULL, 0, "names of --emit", 1 },
    { "list-importers", KEY_LIST_IMPORTERS, NULL, 0, "names of --import", 1 },
    { "list-checks", KEY_LIST_CHECKS, NULL, 0, "names of -W and -E", 1 },
    { "list-codes", KEY_LIST_CODES, NULL, 0,
      "every diagnostic with its explanation, as a page in Markdown", 1 },
    { NULL, 0, NULL, 0, "Where things are:", 2 },
    { "import-dir", 'I', "DIR", 0,
      "search imports here, after the importing file's folder and before the "
      "blocks that come with Periph (\"lib/pl011.periph\")", 2 },
    { "load-dir", 'L', "DIR", 0,
      "search images of `load` here, before the board's folder", 2 },
    { "no-images", KEY_NO_IMAGES, NULL, 0,
      "write a table although images of `load` are missing", 2 },
    { "instance", KEY_INSTANCE, "NAME", 0,
      "only this instance of the board (may be repeated)", 2 },
    { "memory", KEY_MEMORY, "NAME", 0,
      "with --instance: this memory as well", 2 },
    { "depfile", 'd', "FILE", 0, "write a make rule of what was read", 2 },
    { NULL, 0, NULL, 0, "Messages:", 3 },
    { "warn", 'W', "CHECK", 0, "a check gives warnings", 3 },
    { "error", 'E', "CHECK", 0, "a check gives errors", 3 },
    { "no-warn", KEY_NO_WARN, "CHECK", 0, "a check is off", 3 },
    { "diagnostics", KEY_DIAGNOSTICS, "text|json", 0,
      "form of errors and warnings", 3 },
    { NULL, 0, NULL, 0, NULL, 0 }
};

static const char doc[] =
    "Compiles .periph files: what a peripheral is, once, for the kernel "
    "(device tree) and for its loads and stores (register table).\v"
    "FILE is a .periph file, or a board's folder: board.periph, then every "
    "other .periph file of it in the order of their names.\n\n"
    "Examples:\n"
    "  periphc uart.periph                       check a device\n"
    "  periphc --emit table -o b.ptab boards/b   a board for the machine\n"
    "  periphc --emit dts boards/b               its device tree\n"
    "  periphc --emit dtb --merge base.dtb -o new.dtb boards/b\n"
    "  periphc --format -i *.periph              canonical layout\n"
    "  periphc --import svd chip.svd -o chip.periph\n"
    "                                            registers of a vendor\n\n"
    "Exit status: 0 good, 1 usage or files, 2 errors in the input, "
    "3 internal error.";

static void add(struct argp_state *state, struct list *list,
                const char *value)
{
    if (list->n == MAX_LIST) {
        argp_error(state, "more than %d values of one option", MAX_LIST);
    }
    list->v[list->n++] = value;
}

static void add_severity(struct argp_state *state, struct options *o,
                         const char *name, enum pcc_severity severity)
{
    if (o->severity_count == MAX_LIST) {
        argp_error(state, "more than %d values of one option", MAX_LIST);
    }
    o->severities[o->severity_count].name = name;
    o->severities[o->severity_count++].severity = severity;
}

/* The names between the commas of @value, which is cut up. */
static void add_names(struct argp_state *state, struct list *list,
                      char *value)
{
    char *rest, *name;

    for (name = strtok_r(value, ",", &rest); name;
         name = strtok_r(NULL, ",", &rest)) {
        add(state, list, name);
    }
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_EMIT:
        o->emit = arg;
        break;
    case KEY_IMPORT:
        o->import = arg;
        break;
    case KEY_ONLY:
        add_names(state, &o->only, arg);
        break;
    case KEY_NAME:
        o->name = arg;
        break;
    case KEY_TREE:
        o->tree = strspn(arg, "0123456789") == strlen(arg) ?
                  strtoul(arg, NULL, 10) : 0;
        if (!o->tree) {
            argp_error(state, "--tree wants a number, from 1 on");
        }
        break;
    case 'o':
        o->output = arg;
        break;
    case KEY_MERGE:
        o->merge = arg;
        break;
    case KEY_CHECK:
        o->check = true;
        break;
    case KEY_FORMAT:
        o->format = true;
        break;
    case 'i':
        o->in_place = true;
        break;
    case KEY_EXPLAIN:
        o->explain = arg;
        break;
    case KEY_LIST_EMITTERS:
        o->list_emitters = true;
        break;
    case KEY_LIST_IMPORTERS:
        o->list_importers = true;
        break;
    case KEY_LIST_CHECKS:
        o->list_checks = true;
        break;
    case KEY_LIST_CODES:
        o->list_codes = true;
        break;
    case 'I':
        add(state, &o->imports, arg);
        break;
    case 'L':
        add(state, &o->load_dirs, arg);
        break;
    case KEY_NO_IMAGES:
        o->no_images = true;
        break;
    case KEY_INSTANCE:
        add(state, &o->instances, arg);
        break;
    case KEY_MEMORY:
        add(state, &o->memories, arg);
        break;
    case 'd':
        o->depfile = arg;
        break;
    case 'W':
        add_severity(state, o, arg, PCC_WARN);
        break;
    case 'E':
        add_severity(state, o, arg, PCC_FAIL);
        break;
    case KEY_NO_WARN:
        add_severity(state, o, arg, PCC_OFF);
        break;
    case KEY_DIAGNOSTICS:
        o->json = strcmp(arg, "json") == 0;
        if (!o->json && strcmp(arg, "text") != 0) {
            argp_error(state, "--diagnostics is text or json");
        }
        break;
    case ARGP_KEY_ARG:
        add(state, &o->files, arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- files ---- */

static int fail(const char *path, const char *what)
{
    fprintf(stderr, "periphc: %s: %s\n", path, what);
    return EXIT_USAGE;
}

/* Reads a whole file into @out. */
static int slurp(const char *path, struct pdl_strbuf *out)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char buf[16384];
    size_t n;
    int err = 0;

    if (!f) {
        return fail(path, strerror(errno));
    }
    while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
        pdl_strbuf_add(out, buf, n);
    }
    if (ferror(f)) {
        err = fail(path, strerror(errno));
    } else if (out->failed) {
        err = fail(path, "file too large");
    }
    if (f != stdin) {
        fclose(f);
    }
    return err;
}

static int put_stdout(const struct pdl_strbuf *buf)
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

static int put_output(const char *path, const struct pdl_strbuf *buf)
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
    int err = slurp(path, &text);
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

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int format_files(const struct options *o)
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

static int add_inputs(const struct options *o, struct pcc *s)
{
    int worst = PCC_OK;
    size_t i;

    for (i = 0; i < o->files.n; i++) {
        const char *path = o->files.v[i];
        int err = is_folder(path) ?
                  pcc_add_board_dir(s, path) : pcc_add_file(s, path);

        worst = err < worst ? err : worst;
    }
    return worst;
}

/* Spaces in names are escaped as make wants them. */
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

static int write_deps(const struct options *o, const struct pcc *s)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    size_t i;
    int err;

    put_dep(&out, o->output ? o->output : "-");
    pdl_strbuf_putc(&out, ':');
    for (i = 0; pcc_input(s, i); i++) {
        pdl_strbuf_puts(&out, " \\\n  ");
        put_dep(&out, pcc_input(s, i));
    }
    if (o->merge) {
        pdl_strbuf_puts(&out, " \\\n  ");
        put_dep(&out, o->merge);
    }
    pdl_strbuf_putc(&out, '\n');
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
    int err = o->merge ? slurp(o->merge, &base) : EXIT_GOOD;
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
        err = write_deps(o, s);
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
    err = slurp(opts.path, &text);
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
        err = write_deps(o, s);
    }
    pcc_free(s);
    pdl_strbuf_dispose(&text);
    pdl_strbuf_dispose(&out);
    return err;
}

static bool is_known(const char *name, const char *(*at)(size_t i))
{
    size_t i;

    for (i = 0; at(i) && strcmp(at(i), name) != 0; i++) {
    }
    return at(i) != NULL;
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

int main(int argc, char **argv)
{
    static struct options o;
    struct argp argp = { option_table, parse_option, "FILE...", doc,
                         NULL, NULL, NULL };

    argp_err_exit_status = EXIT_USAGE;
    argp_program_version = "periphc 0.1 (language 1, register tables 1)";
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (o.list_emitters) {
        return list(pcc_emitter_name, pcc_emitter_help);
    }
    if (o.list_importers) {
        return list(pcc_importer_name, pcc_importer_help);
    }
    if (o.list_checks) {
        return list_checks();
    }
    if (o.list_codes) {
        return list_codes();
    }
    if (o.explain && !o.files.n) {
        return explain(o.explain);
    }
    if (!o.files.n) {
        return fail("no input", "name a .periph file or a board's folder "
                    "(--help says more)");
    }
    if (o.format) {
        return format_files(&o);
    }
    if (o.import && !is_known(o.import, pcc_importer_name)) {
        return fail(o.import, "no such input; see --list-importers");
    }
    if (o.import && o.files.n != 1) {
        return fail("--import", "takes one FILE");
    }
    if (o.emit && !is_known(o.emit, pcc_emitter_name)) {
        return fail(o.emit, "no such output; see --list-emitters");
    }
    if (o.import) {
        return import(&o);
    }
    if (o.merge && !o.emit && !o.check) {
        return fail("--merge", "needs --check, or --emit dtb, dts, dtbo or "
                    "dtso");
    }
    return compile_with_library(&o);
}
