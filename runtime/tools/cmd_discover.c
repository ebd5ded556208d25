/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph discover`: a machine of QEMU becomes a map, and a board. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "dsl/strbuf.h"
#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/process.h"
#include "runtime/tools/session.h"
#include "runtime/tools/util.h"

#define MAP_MAX (64u << 20)
#define MAX_LEFT_OUT 64
#define QEMU_SECONDS 60

struct discover_options {
    const char *qemu;
    const char *name;
    bool map_only;
};

static const struct option_row rows[] = {
    { .name = "name", .kind = OPTION_TEXT, .value = "NAME",
      .offset = offsetof(struct discover_options, name),
      .help = "name of the board; default: the machine's" },
    { .name = "map-only", .kind = OPTION_FLAG,
      .offset = offsetof(struct discover_options, map_only),
      .help = "write device_map.json, and no board" },
    { .name = "qemu", .kind = OPTION_TEXT, .value = "PATH",
      .offset = offsetof(struct discover_options, qemu),
      .help = "qemu-system-aarch64 with Periph's devices; default\n"
              "$PERIPH_QEMU, else the one that was built" },
    { .name = NULL },
};

const struct option_table discover_options_table = {
    .command = "periph discover",
    .operands = "MACHINE FOLDER",
    .summary = "Make a board of a machine that QEMU has.",
    .rows = rows,
    .min_operands = 2,
    .max_operands = 2,
    .details =
    "Starts QEMU's MACHINE (qemu-system-aarch64 -M help lists them) without\n"
    "letting it run, and writes into the new or empty FOLDER\n"
    "  device_map.json  what its CPUs find at which address, and where\n"
    "                   interrupts lead; qemu-hw/DEVICE-MAP.md describes it\n"
    "  board.periph     a board with the same CPU and memories, and with\n"
    "                   QEMU's devices as natives\n"
    "What QEMU has only a placeholder for stays a hole: there is work for\n"
    "periph run. A device that cannot be used outside of its machine is left\n"
    "out; board.periph ends with a list of those.\n"
    "\n"
    "The board has no image yet: add load \"firmware.elf\"; to it. What\n"
    "follows -- goes to QEMU: a machine that wants options gets them there.\n"
    "\n"
    "Exit status: 0, 1 for wrong options, or when QEMU or a file failed.\n",
};

struct discover {
    struct discover_options options;
    const char *machine;
    char *dir, *qemu, *map_path, *board_path, *log, *table, *trial;
    cJSON *map;
    char *left_out[MAX_LEFT_OUT];   /* "NAME: reason" */
    size_t left_out_count;
};

/* ---- QEMU ---- */

/* The last line of the log that says something; the caller frees. */
static char *last_words(const char *log)
{
    size_t size;
    char *text = file_read(log, 1 << 20, &size), *line, *save = NULL;
    char *found = text_new("%s", "it says nothing");

    for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
         line = strtok_r(NULL, "\n", &save)) {
        free(found);
        found = text_new("%s", line);
    }
    free(text);
    return found;
}

/* Runs QEMU until it has written the map @path and ended by itself. */
static bool run_qemu(struct discover *d, struct arguments *a, const char *path)
{
    static const int keep[PROCESS_KEEP_FDS] = { -1, -1 };
    struct process p = { .name = "QEMU" };
    bool good = false;

    unlink(d->log);
    arguments_add(a, "-device");
    arguments_add(a, "mmio-dump,file=%s,quit=on", path);
    if (process_start(&p, "QEMU", a, d->log, keep) != 0) {
        say("%s cannot be started: %s", a->argv[0], strerror(errno));
    } else if (!process_wait(&p, QEMU_SECONDS)) {
        process_stop(&p, 1);
        say("QEMU did not end within %d seconds", QEMU_SECONDS);
    } else {
        good = process_code(&p) == 0;
    }
    return good;
}

static bool dump_machine(struct discover *d, const struct option_rest *rest,
                         bool defaults)
{
    struct arguments a;
    bool good;
    int i;

    arguments_init(&a);
    arguments_add(&a, "%s", d->qemu);
    arguments_add(&a, "-M");
    arguments_add(&a, "%s", d->machine);
    arguments_add(&a, "-S");
    arguments_add(&a, "-display");
    arguments_add(&a, "none");
    if (!defaults) {
        arguments_add(&a, "-nodefaults");
    }
    for (i = 0; i < rest->extra_count; i++) {
        arguments_add(&a, "%s", rest->extra[i]);
    }
    unlink(d->map_path);
    good = run_qemu(d, &a, d->map_path) && access(d->map_path, R_OK) == 0;
    arguments_dispose(&a);
    return good;
}

/* Some machines start only without -nodefaults: audio, for one. */
static int make_map(struct discover *d, const struct option_rest *rest)
{
    char *text, *why;
    size_t size;

    if (!dump_machine(d, rest, false)) {
        why = last_words(d->log);
        if (!dump_machine(d, rest, true)) {
            say("QEMU does not start '%s': %s", d->machine, why);
            free(why);
            return STATUS_USAGE;
        }
        free(why);
    }
    text = file_read(d->map_path, MAP_MAX, &size);
    d->map = text ? cJSON_ParseWithLength(text, size) : NULL;
    free(text);
    if (!d->map) {
        say("%s is no map", d->map_path);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

/* ---- The board ---- */

/* What was left out, as comments behind the text. */
static void add_comments(const struct discover *d, struct pdl_strbuf *text)
{
    size_t i;

    if (d->left_out_count > 0) {
        pdl_strbuf_printf(text, "\n// Left out, since outside of its machine"
                          " QEMU says:\n");
    }
    for (i = 0; i < d->left_out_count; i++) {
        pdl_strbuf_printf(text, "// %s\n", d->left_out[i]);
    }
}

static int write_board(struct discover *d)
{
    char *bytes = cJSON_PrintUnformatted(d->map);
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pcc *pcc = pcc_new(NULL);
    struct pcc_import_options options = {
        .path = d->map_path, .bytes = bytes,
        .size = bytes ? strlen(bytes) : 0, .name = d->options.name,
    };
    int err = bytes && pcc ? pcc_import(pcc, "map", &options, &text)
                           : PCC_ERR_NOMEM;

    if (!err) {
        add_comments(d, &text);
        err = pcc_write_file(d->board_path, pdl_strbuf_str(&text), text.len);
    }
    if (err) {
        say("%s cannot be made: %s", d->board_path, pcc_strerror(err));
    }
    pdl_strbuf_dispose(&text);
    pcc_free(pcc);
    cJSON_free(bytes);
    return err ? STATUS_USAGE : STATUS_OK;
}

/* Makes a placeholder of device @name; false when it is not in the map. */
static bool leave_out(struct discover *d, const char *name, const char *why)
{
    const cJSON *devices = cJSON_GetObjectItem(d->map, "devices");
    cJSON *device;

    if (d->left_out_count == MAX_LEFT_OUT) {
        return false;
    }
    cJSON_ArrayForEach(device, devices) {
        cJSON *own = cJSON_GetObjectItem(device, "name");

        if (cJSON_IsString(own) && strcmp(own->valuestring, name) == 0) {
            cJSON_ReplaceItemInObject(device, "type", cJSON_CreateString(
                "unimplemented-device"));
            d->left_out[d->left_out_count++] = text_new("%s: %s", name, why);
            return true;
        }
    }
    return false;
}

/* Whether QEMU makes the machine; else its last words in *why. */
static bool try_board(struct discover *d, char **why)
{
    struct board board = BOARD_INIT;
    struct pcc *pcc = NULL;
    struct arguments a;
    bool good = false;

    *why = NULL;
    if (board_find(&board, d->dir, false) == STATUS_OK &&
        board_compile(board.dir, BOARD_SAYS_ERRORS, &pcc) == STATUS_OK &&
        board_emit(&board, pcc, d->table) == STATUS_OK) {
        arguments_init(&a);
        arguments_add(&a, "%s", d->qemu);
        arguments_add(&a, "-M");
        arguments_add(&a, "periph,board=%s", d->table);
        arguments_add(&a, "-S");
        arguments_add(&a, "-nodefaults");
        arguments_add(&a, "-display");
        arguments_add(&a, "none");
        good = run_qemu(d, &a, d->trial);
        arguments_dispose(&a);
        *why = good ? NULL : last_words(d->log);
    }
    pcc_free(pcc);
    board_dispose(&board);
    return good;
}

/* "... native 'NAME': REASON": the two parts of it. */
static bool split_reason(char *why, char **name, char **reason)
{
    static const char mark[] = "native '";
    char *at = why ? strstr(why, mark) : NULL, *end;

    if (!at) {
        return false;
    }
    *name = at + strlen(mark);
    end = strstr(*name, "': ");
    if (!end) {
        return false;
    }
    *end = '\0';
    *reason = end + 3;
    return true;
}

/* Leaves out one device after the other until what remains starts. */
static int make_board(struct discover *d)
{
    int status = write_board(d);
    char *why, *name, *reason;
    bool again = true;

    while (status == STATUS_OK && again && !try_board(d, &why)) {
        again = split_reason(why, &name, &reason) &&
            leave_out(d, name, reason);
        if (again) {
            status = write_board(d);
        } else if (why) {
            say("the board does not start yet: %s", why);
        }
        free(why);
    }
    return status;
}

static void print_summary(const struct discover *d)
{
    say("%s: %d devices mapped", d->map_path,
        cJSON_GetArraySize(cJSON_GetObjectItem(d->map, "devices")));
    if (!d->options.map_only) {
        say("%s: the board; %zu devices left out%s", d->board_path,
            d->left_out_count, d->left_out_count ? ", listed at its end"
                                                 : "");
    }
}

static int discover(struct discover *d, const struct option_rest *rest)
{
    int status;

    d->qemu = session_find_qemu(d->options.qemu);
    if (!d->qemu) {
        return STATUS_USAGE;
    }
    if (make_folders(d->dir, 0777) != 0) {
        say("%s: %s", d->dir, strerror(errno));
        return STATUS_USAGE;
    }
    if (!d->options.map_only && access(d->board_path, F_OK) == 0) {
        say("%s is there already; give another folder", d->board_path);
        return STATUS_USAGE;
    }
    status = make_map(d, rest);
    if (status == STATUS_OK && !d->options.map_only) {
        status = make_board(d);
    }
    if (status == STATUS_OK) {
        print_summary(d);
    }
    unlink(d->log);
    unlink(d->table);
    unlink(d->trial);
    return status;
}

static void dispose(struct discover *d)
{
    while (d->left_out_count > 0) {
        free(d->left_out[--d->left_out_count]);
    }
    cJSON_Delete(d->map);
    free(d->dir);
    free(d->qemu);
    free(d->map_path);
    free(d->board_path);
    free(d->log);
    free(d->table);
    free(d->trial);
}

int cmd_discover(int argc, char **argv)
{
    struct discover d = { .map = NULL };
    struct option_rest rest;
    int status;

    if (!command_begin(&discover_options_table, argc, argv, &d.options, &rest,
                       &status)) {
        return status;
    }
    d.machine = rest.operands[0];
    /* With a slash in it, it is a folder for whoever looks it up later. */
    d.dir = text_new("%s%s", strchr(rest.operands[1], '/') ? "" : "./",
                     rest.operands[1]);
    d.map_path = text_new("%s/device_map.json", d.dir);
    d.board_path = text_new("%s/board.periph", d.dir);
    d.log = text_new("%s/.discover.log", d.dir);
    d.table = text_new("%s/.discover.ptab", d.dir);
    d.trial = text_new("%s/.discover.json", d.dir);
    status = discover(&d, &rest);
    dispose(&d);
    return status;
}
