/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph new`: a board for an image, proposed from the image alone. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dsl/strbuf.h"
#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/guess.h"
#include "runtime/tools/util.h"

struct new_options {
    const char *output;
    const char *name;
    const char *cpu;
    const char *package;
    bool print, json;
};

#define ROW(option, type, field, val, text)                             \
    { .name = option, .kind = type, .value = val,                       \
      .offset = offsetof(struct new_options, field), .help = text }

static const struct option_row rows[] = {
    ROW("output", OPTION_TEXT, output, "DIR",
        "the board folder to make; default is the board's name\n"
        "in the current folder"),
    ROW("name", OPTION_TEXT, name, "NAME",
        "the board's name; default is made from the file's"),
    ROW("cpu", OPTION_TEXT, cpu, "TYPE",
        "QEMU's CPU type, when you know it"),
    ROW("package", OPTION_TEXT, package, "PACKAGE[:ARCH]",
        "IMAGE is a file of this Debian package; the board then\n"
        "names the package instead of holding a copy"),
    ROW("print", OPTION_FLAG, print, NULL,
        "print the board file, make nothing"),
    ROW("json", OPTION_FLAG, json, NULL,
        "print what was found as JSON, make nothing; numbers are\n"
        "strings in hex"),
    { .name = NULL },
};

const struct option_table new_options_table = {
    .command = "periph new",
    .operands = "IMAGE",
    .summary = "Propose a board for a firmware image.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 1,
    .details =
    "IMAGE is ELF, Intel HEX, one of U-Boot's images (legacy, also behind a\n"
    "first stage loader, or FIT) or raw bytes. Kind of core, CPU, load\n"
    "address, entry and memories are judged by vector tables, code, pointers\n"
    "and device trees in it; each line of the board file says why it stands\n"
    "there. What is a guess says so: look at those\n"
    "first when the firmware goes nowhere.\n"
    "\n"
    "Then: periph run DIR\n"
    "\n"
    "Exit status: 0, 1 for wrong options, a file that cannot be read or a\n"
    "folder that is there already, 2 when nothing of the image is Arm code.\n",
};

/* ---- Names ---- */

/* A name of the language, made from a file's. */
static char *board_name(const char *path)
{
    const char *base = strrchr(path, '/');
    char *name = text_new("%s", base != NULL ? base + 1 : path);
    char *p, *dot = strchr(name, '.');

    if (dot != NULL && dot != name) {
        *dot = '\0';
    }
    for (p = name; *p != '\0'; p++) {
        *p = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) :
            '_';
    }
    if (!isalpha((unsigned char)name[0])) {
        p = text_new("board_%s", name);
        free(name);
        name = p;
    }
    return name;
}

static bool is_name(const char *text)
{
    const char *p;

    for (p = text; isalnum((unsigned char)*p) || *p == '_'; p++) {
    }
    return *p == '\0' && (isalpha((unsigned char)*text) || *text == '_');
}

/* ---- The board file ---- */

/* A comment, broken before 78 columns. */
static void put_comment(struct pdl_strbuf *out, const char *text)
{
    const char *word = text;
    size_t column = 0;

    while (*word != '\0') {
        size_t len = strcspn(word, " ");

        if (column == 0 || column + 1 + len > 77) {
            pdl_strbuf_puts(out, column == 0 ? "    //" : "\n    //");
            column = 6;
        }
        pdl_strbuf_putc(out, ' ');
        pdl_strbuf_add(out, word, len);
        column += 1 + len;
        word += len;
        word += strspn(word, " ");
    }
    pdl_strbuf_putc(out, '\n');
}

static void put_board(const struct guess *g, const struct image *img,
                      const struct new_options *o, const char *name,
                      const char *image, struct pdl_strbuf *out)
{
    unsigned i;

    pdl_strbuf_puts(out, "periph 1;\n\n");
    pdl_strbuf_printf(out, "board %s", name);
    if (g->model[0] != '\0') {
        pdl_strbuf_printf(out, " \"%s\"", g->model);
    }
    pdl_strbuf_puts(out, " {\n");
    put_comment(out, g->core_reason);
    put_comment(out, o->cpu != NULL ? "given" : g->cpu_reason);
    pdl_strbuf_printf(out, "    cpu: \"%s\";\n",
                      o->cpu != NULL ? o->cpu : g->cpu);
    if (g->el != 0) {
        put_comment(out, g->el_reason);
        pdl_strbuf_printf(out, "    el: %u;\n", g->el);
    }
    if (o->package != NULL) {
        pdl_strbuf_printf(out, "    package: \"%s\";\n", o->package);
    }
    pdl_strbuf_putc(out, '\n');
    for (i = 0; i < g->memory_count; i++) {
        const struct guess_memory *m = &g->memories[i];

        put_comment(out, m->reason);
        pdl_strbuf_printf(out, "    memory %s @ 0x%08" PRIx64 " : 0x%" PRIx64
                          ";\n", m->name, m->base, m->size);
    }
    pdl_strbuf_putc(out, '\n');
    if (g->has_load) {
        put_comment(out, g->load_reason);
        pdl_strbuf_printf(out, "    load \"%s\" @ 0x%08" PRIx64 ";\n", image,
                          g->load);
    } else if (img->kind == IMAGE_UIMAGE || img->kind == IMAGE_FIT) {
        put_comment(out, "the file says so");
        pdl_strbuf_printf(out, "    load \"%s\" @ 0x%08" PRIx64 ";\n", image,
                          img->pieces[0].load -
                          (o->package != NULL ? img->inner : 0));
    } else {
        pdl_strbuf_printf(out, "    load \"%s\";\n", image);
    }
    if (g->has_entry) {
        put_comment(out, g->entry_reason);
        pdl_strbuf_printf(out, "    entry: 0x%08" PRIx64 ";\n", g->entry);
    }
    for (i = 0; i < g->note_count; i++) {
        pdl_strbuf_puts(out, i == 0 ? "\n" : "");
        put_comment(out, g->notes[i]);
    }
    pdl_strbuf_puts(out, "}\n");
}

/* ---- JSON ---- */

static void put_hex(cJSON *object, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    cJSON_AddStringToObject(object, name, text);
}

static void put_fact(cJSON *root, const char *name, const char *text,
                     uint64_t value, const char *reason)
{
    cJSON *fact = cJSON_AddObjectToObject(root, name);

    if (text != NULL) {
        cJSON_AddStringToObject(fact, "value", text);
    } else {
        put_hex(fact, "value", value);
    }
    cJSON_AddStringToObject(fact, "reason", reason);
}

static void print_json(const struct guess *g)
{
    static const char *const cores[] = { "unknown", "M", "A32", "AArch64" };
    cJSON *root = cJSON_CreateObject();
    cJSON *list;
    char *text;
    unsigned i;

    put_fact(root, "core", cores[g->core], 0, g->core_reason);
    put_fact(root, "cpu", g->cpu, 0, g->cpu_reason);
    if (g->el != 0) {
        put_fact(root, "el", NULL, g->el, g->el_reason);
    }
    if (g->has_load) {
        put_fact(root, "load", NULL, g->load, g->load_reason);
    }
    if (g->has_entry) {
        put_fact(root, "entry", NULL, g->entry, g->entry_reason);
    }
    list = cJSON_AddArrayToObject(root, "memories");
    for (i = 0; i < g->memory_count; i++) {
        cJSON *m = cJSON_CreateObject();

        cJSON_AddStringToObject(m, "name", g->memories[i].name);
        put_hex(m, "base", g->memories[i].base);
        put_hex(m, "size", g->memories[i].size);
        cJSON_AddStringToObject(m, "reason", g->memories[i].reason);
        cJSON_AddItemToArray(list, m);
    }
    list = cJSON_AddArrayToObject(root, "notes");
    for (i = 0; i < g->note_count; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(g->notes[i]));
    }
    text = cJSON_Print(root);
    puts(text != NULL ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(root);
}

/* ---- The folder ---- */

static bool write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wbxe");
    bool ok = f != NULL && fwrite(bytes, 1, size, f) == size;

    if (f != NULL && fclose(f) != 0) {
        ok = false;
    }
    if (!ok) {
        say("%s: %s", path, strerror(errno));
    }
    return ok;
}

/* The bytes of the image that go into the folder, without what they are
 * wrapped in. */
static bool copy_image(const struct image *img, const struct guess *g,
                       const char *dir, const char *image)
{
    bool wrapped = img->kind == IMAGE_UIMAGE || img->kind == IMAGE_FIT;
    char *path = text_new("%s/%s", dir, image);
    bool ok = wrapped ?
        write_file(path, img->pieces[0].bytes, img->pieces[0].size) :
        write_file(path, img->file + g->skip, img->file_size - g->skip);

    free(path);
    return ok;
}

static int make_board(const struct image *img, const struct guess *g,
                      const struct new_options *o, const char *name,
                      const char *image)
{
    char *dir = text_new("%s", o->output != NULL ? o->output : name);
    char *path = text_new("%s/board.periph", dir);
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    int status = STATUS_USAGE;

    put_board(g, img, o, name, image, &text);
    if (o->print) {
        fputs(pdl_strbuf_str(&text), stdout);
        status = STATUS_OK;
    } else if (access(path, F_OK) == 0) {
        say("%s is there already; --output names another folder", path);
    } else if (make_folders(dir, 0777) != 0) {
        say("%s: %s", dir, strerror(errno));
    } else if ((o->package != NULL || copy_image(img, g, dir, image)) &&
               write_file(path, pdl_strbuf_str(&text), text.len)) {
        printf("%s: %s%s; look at it, then: periph run %s%s\n", path,
               o->cpu != NULL ? o->cpu : g->cpu,
               g->has_load ? ", a raw image" : "",
               strchr(dir, '/') != NULL ? "" : "./", dir);
        status = STATUS_OK;
    }
    pdl_strbuf_dispose(&text);
    free(path);
    free(dir);
    return status;
}

static int propose(const struct image *img, const struct new_options *o,
                   const char *operand)
{
    const char *slash = strrchr(operand, '/');
    const char *image = o->package != NULL || slash == NULL ? operand :
        slash + 1;
    char *name = o->name != NULL ? text_new("%s", o->name) :
        board_name(operand);
    int status = STATUS_INPUT;
    struct guess g;

    guess_image(img, &g);
    if (!is_name(name)) {
        say("'%s' is no name for a board: letters, digits and _", name);
        status = STATUS_USAGE;
    } else if (o->json) {
        print_json(&g);
        status = g.core == GUESS_UNKNOWN ? STATUS_INPUT : STATUS_OK;
    } else if (g.core == GUESS_UNKNOWN) {
        say("%s: no Arm code found (%s); is it compressed or encrypted, or a "
            "container? Take the firmware out of it first", operand,
            g.core_reason);
    } else {
        if (o->package != NULL && img->kind == IMAGE_FIT) {
            say("%s is a FIT image, whose parts a board cannot name: take a "
                "copy without --package", operand);
        }
        if (o->package != NULL && g.skip > 0) {
            say("%s has a header of %zu bytes before its vector table, which "
                "a board cannot leave out: take a copy without --package",
                operand, g.skip);
        }
        status = make_board(img, &g, o, name, image);
    }
    free(name);
    return status;
}

int cmd_new(int argc, char **argv)
{
    struct new_options options = { .print = false };
    struct option_rest rest;
    struct image img;
    char *path = NULL, *folder = NULL;
    char why[160];
    int status = STATUS_USAGE;

    if (!command_begin(&new_options_table, argc, argv, &options, &rest,
                       &status)) {
        return status;
    }
    if (options.package != NULL) {
        folder = board_fetch_package(options.package);
        if (folder == NULL) {
            return STATUS_USAGE;
        }
        path = text_new("%s/%s", folder, rest.operands[0]);
    } else {
        path = text_new("%s", rest.operands[0]);
    }
    if (image_open(&img, path, why, sizeof(why)) != 0) {
        say("%s: %s", path, why);
    } else {
        status = propose(&img, &options, rest.operands[0]);
    }
    image_close(&img);
    free(path);
    free(folder);
    return status;
}
