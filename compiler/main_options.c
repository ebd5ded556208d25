/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of periphc. */
#include "compiler/main.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

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

/* One run has one of each: one output, one input of an import, ... */
static void set_once(struct argp_state *state, const char **value,
                     const char *option, const char *arg)
{
    if (*value) {
        argp_error(state, "%s %s: there is %s %s already; run periphc once "
                   "for each", option, arg, option, *value);
    }
    *value = arg;
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
        set_once(state, &o->emit, "--emit", arg);
        break;
    case KEY_IMPORT:
        set_once(state, &o->import, "--import", arg);
        break;
    case KEY_ONLY:
        add_names(state, &o->only, arg);
        break;
    case KEY_NAME:
        set_once(state, &o->name, "--name", arg);
        break;
    case KEY_TREE:
        o->tree = strspn(arg, "0123456789") == strlen(arg) ?
                  strtoul(arg, NULL, 10) : 0;
        if (!o->tree) {
            argp_error(state, "--tree wants a number, from 1 on");
        }
        break;
    case 'o':
        set_once(state, &o->output, "-o", arg);
        break;
    case KEY_MERGE:
        set_once(state, &o->merge, "--merge", arg);
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
        set_once(state, &o->explain, "--explain", arg);
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
        set_once(state, &o->depfile, "--depfile", arg);
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

void read_options(int argc, char **argv, struct options *o)
{
    struct argp argp = { option_table, parse_option, "FILE...", doc,
                         NULL, NULL, NULL };

    argp_err_exit_status = EXIT_USAGE;
    argp_program_version = "periphc 0.1 (language 1, register tables 1)";
    argp_parse(&argp, argc, argv, 0, NULL, o);
}

/* ---- what goes with what ---- */

/* What a run does; options say with which of these they do something. */
enum mode {
    M_FORMAT = 1, M_IMPORT = 2, M_EMIT = 4, M_CHECK = 8, M_EXPLAIN = 16,
    M_TREE = 32,            /* with M_EMIT: a device tree */
    M_TABLE = 64,           /* with M_EMIT: a register table */
    M_DTB = 128,            /* with M_IMPORT: out of a device tree */
    M_COMPILE = M_EMIT | M_CHECK | M_EXPLAIN,
};

static bool among(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0) {
        list++;
    }
    return *list != NULL;
}

static unsigned modes(const struct options *o)
{
    static const char *const trees[] = { "dtb", "dts", "dtbo", "dtso", NULL };
    static const char *const table[] = { "table", NULL };
    unsigned m = 0;

    if (o->format) {
        return M_FORMAT;
    }
    if (o->import) {
        m = strcmp(o->import, "dtb") == 0 ? M_IMPORT | M_DTB : M_IMPORT;
    } else if (o->explain) {
        return M_EXPLAIN;
    }
    if (o->emit) {
        m |= M_EMIT;
        m |= among(o->emit, trees) ? M_TREE : 0;
        m |= among(o->emit, table) ? M_TABLE : 0;
    }
    return m ? m : M_CHECK;
}

static bool is_known(const char *name, const char *(*at)(size_t i))
{
    size_t i;

    for (i = 0; at(i) && strcmp(at(i), name) != 0; i++) {
    }
    return at(i) != NULL;
}

static int check_names(const struct options *o)
{
    if (o->import && !is_known(o->import, pcc_importer_name)) {
        return fail(o->import, "no such input; see --list-importers");
    }
    if (o->import && o->files.n != 1) {
        return fail("--import", "takes one FILE");
    }
    if (o->emit && !is_known(o->emit, pcc_emitter_name)) {
        return fail(o->emit, "no such output; see --list-emitters");
    }
    return EXIT_GOOD;
}

int check_options(const struct options *o)
{
    bool file = o->output && strcmp(o->output, "-") != 0;
    const struct {
        bool given;
        unsigned with;      /* any of these modes */
        const char *option;
        const char *needs;
    } rules[] = {
        { o->format && (o->import || o->emit || o->explain), 0, "--format",
          "does nothing else; run periphc once for each" },
        { o->explain && (o->import || o->emit), M_FORMAT, "--explain",
          "does nothing else; run periphc once for each" },
        { o->only.n, M_IMPORT, "--only", "needs --import" },
        { o->name, M_IMPORT, "--name", "needs --import" },
        { o->tree, M_DTB, "--tree", "needs --import dtb" },
        { o->in_place, M_FORMAT, "--in-place", "needs --format" },
        { o->in_place && o->check, 0, "--in-place",
          "writes and --check only looks: one of them" },
        { o->in_place && o->output, 0, "--output",
          "--in-place writes the files themselves" },
        { o->output, M_FORMAT | M_IMPORT | M_EMIT, "--output",
          "needs --emit, --import or --format" },
        { o->merge, M_TREE | M_CHECK, "--merge",
          "needs --check, or --emit dtb, dts, dtbo or dtso" },
        { o->merge && o->import, 0, "--merge",
          "the base is the imported tree itself" },
        { o->imports.n, M_COMPILE, "--import-dir",
          "there is nothing to compile" },
        { o->load_dirs.n, M_EMIT, "--load-dir", "needs --emit" },
        { o->no_images, M_TABLE, "--no-images", "needs --emit table" },
        { o->instances.n, M_EMIT, "--instance", "needs --emit" },
        { o->memories.n && !o->instances.n, 0, "--memory",
          "needs --instance" },
        { o->depfile, M_EMIT | M_IMPORT, "--depfile",
          "needs --emit or --import" },
        { o->depfile && !file, 0, "--depfile",
          "needs -o FILE, the target of its rule" },
        { o->severity_count, M_COMPILE, "--warn, --error, --no-warn",
          "there is nothing to compile" },
    };
    unsigned mode = modes(o);
    size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].given && !(rules[i].with & mode)) {
            return fail(rules[i].option, rules[i].needs);
        }
    }
    return check_names(o);
}
