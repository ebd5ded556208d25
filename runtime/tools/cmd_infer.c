/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph infer`: a board's devices from a recording, without a guest. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "dsl/strbuf.h"
#include "runtime/infer/infer.h"
#include "runtime/profile/profile.h"
#include "runtime/tools/board.h"
#include "runtime/tools/change.h"
#include "runtime/tools/command.h"
#include "runtime/tools/trace.h"
#include "runtime/tools/util.h"

#define CONF_RECORDED 60u
#define CONF_STORAGE 30u
#define CONF_TEXT 85u
#define BY "recording"

struct infer_options {
    const char *output, *cpu;
    bool json;
};

#define ROW(option, type, field, val, text)                             \
    { .name = option, .kind = type, .value = val,                       \
      .offset = offsetof(struct infer_options, field), .help = text }

static const struct option_row rows[] = {
    ROW("output", OPTION_TEXT, output, "FOLDER",
        "put what was inferred there: a new folder, or a board's,\n"
        "whose own lines stay; default: print it"),
    ROW("cpu", OPTION_TEXT, cpu, "TYPE",
        "CPU of a new board, as QEMU calls it; default: one of the\n"
        "recorded kind"),
    ROW("json", OPTION_FLAG, json, NULL,
        "print what agrees and what does not as JSON"),
    { .name = NULL },
};

const struct option_table infer_options_table = {
    .command = "periph infer",
    .operands = "TRACE",
    .summary = "Infer devices from recorded accesses, without a guest.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 1,
    .details =
    "TRACE is what periph monitor --json has printed, or a copy of the shared\n"
    "memory of a QEMU that records (/dev/shm/NAME). Devices that QEMU models\n"
    "are recorded by mmio-proxy, those of a board by periph run:\n"
    "  qemu-system-aarch64 ... -device mmio-proxy,base=0x9000000,state_mem=/t\n"
    "  periph monitor -m -j --state-mem /t >trace.json\n"
    "  periph infer trace.json --output ./myboard\n"
    "\n"
    "A recording holds no CPU to try values on: what a bit is follows from\n"
    "what was read and written alone. Storage, constants, bits cleared by\n"
    "writing 1, bits that follow a stored one, and text that is written are\n"
    "found. Then the recording is played against the model: the figures say\n"
    "how many reads agree, and which bits nothing explains.\n"
    "\n"
    "Exit status: 0 when all reads agree, 1 for wrong options or a file that\n"
    "cannot be used, 2 for errors in the board's files, 4 when some reads do\n"
    "not agree.\n",
};

/* All of one inference. */
struct inferring {
    const struct infer_options *options;
    struct trace trace;
    struct inf_recording recording;
    struct pfl_board *profile;
    char *dir;
    bool temporary;             /* the folder goes at the end */
    struct inf_offline_reg *regs;   /* of all devices, one after the other */
    struct replay *replays;
    unsigned reg_count;
    bool console;               /* is known */
};

/* ---- The folder ---- */

static int write_board(const struct inferring *in, const char *path)
{
    const char *cpu = in->options->cpu ? in->options->cpu : in->trace.cpu;
    char *text = text_new("periph 1;\n\nboard recorded {\n    cpu: \"%s\";\n"
                          "}\n", cpu ? cpu : "cortex-a53");
    int result = pcc_write_file(path, text, strlen(text));

    free(text);
    return result;
}

static int open_folder(struct inferring *in)
{
    char name[] = "/tmp/periph-infer-XXXXXX", *path;
    int status = STATUS_OK;

    in->temporary = in->options->output == NULL;
    if (in->temporary) {
        in->dir = mkdtemp(name) ? text_new("%s", name) : NULL;
    } else if (make_folders(in->options->output, 0777) == 0) {
        in->dir = text_new("%s", in->options->output);
    }
    if (!in->dir) {
        say("%s: %s", in->temporary ? name : in->options->output,
            strerror(errno));
        return STATUS_USAGE;
    }
    path = text_new("%s/board.periph", in->dir);
    if (access(path, F_OK) != 0 && write_board(in, path) != 0) {
        say("%s: %s", path, strerror(errno));
        status = STATUS_USAGE;
    }
    free(path);
    return status == STATUS_OK ? board_profile(in->dir, &in->profile)
                               : status;
}

/* ---- Edits ---- */

static int apply(struct inferring *in, struct pfl_edit *edit)
{
    struct pfl_change change;
    int result = pfl_apply(in->profile, edit, 1, &change);

    if (result == PFL_OK) {
        return STATUS_OK;
    }
    if (result == PFL_ERR_OWNED || result == PFL_ERR_CLOSED) {
        say("%s at 0x%" PRIx64 ": %s; it stays", *edit->name ? edit->name :
            edit->text, edit->base + edit->offset, pfl_strerror(result));
        return STATUS_OK;
    }
    fputs(pfl_messages(in->profile), stderr);
    say("%s: %s", edit->text, pfl_strerror(result));
    return STATUS_INPUT;
}

static int add_console(struct inferring *in, uint64_t base)
{
    struct pfl_edit fifo = {
        .kind = PFL_EDIT_ITEM, .by = BY, .confidence = CONF_TEXT,
        .base = base, .name = "tx", .text = "fifo tx[16] : 8 to console;",
    };
    struct pfl_edit console = {
        .kind = PFL_EDIT_CONSOLE, .by = BY, .confidence = CONF_TEXT,
        .base = base, .name = "", .evidence = "text is written to it",
    };
    int status = apply(in, &fifo);

    in->console = true;
    return status == STATUS_OK ? apply(in, &console) : status;
}

static int add_register(struct inferring *in, const struct trace_device *d,
                        const struct inf_offline_reg *reg)
{
    char *text = inf_shape_print(&reg->shape, 32);
    struct pfl_edit edit = {
        .kind = PFL_EDIT_REG, .by = BY, .base = d->base,
        .offset = reg->phys - d->base, .name = reg->shape.name, .text = text,
        .confidence = reg->text ? CONF_TEXT : reg->reads ? CONF_RECORDED :
                      CONF_STORAGE,
        .evidence = *reg->why ? reg->why : NULL,
    };
    int status = text ? apply(in, &edit) : STATUS_USAGE;

    free(text);
    return status;
}

/*
 * Registers whose bits follow others come behind them; so all are there once
 * as storage first.
 */
static int add_registers(struct inferring *in, const struct trace_device *d,
                         struct inf_offline_reg *regs, unsigned count)
{
    struct inf_offline_reg plain;
    int status = STATUS_OK;
    unsigned i;

    for (i = 0; i < count && status == STATUS_OK; i++) {
        plain = regs[i];
        plain.why[0] = '\0';
        inf_shape_init(&plain.shape, plain.phys - d->base, plain.bytes);
        status = add_register(in, d, &plain);
    }
    for (i = 0; i < count && status == STATUS_OK; i++) {
        if (inf_offline_shape(&in->recording, regs, count, d->base,
                              &regs[i]) != 0) {
            inf_shape_init(&regs[i].shape, regs[i].phys - d->base,
                           regs[i].bytes);
            regs[i].unexplained = ~0ull >> (64 - 8 * regs[i].bytes);
        }
        if (regs[i].text && !in->console) {
            status = add_console(in, d->base);
        } else if (regs[i].text) {
            continue;           /* one console: this one stays storage */
        }
        if (status == STATUS_OK) {
            status = add_register(in, d, &regs[i]);
        }
    }
    return status;
}

static int add_device(struct inferring *in, const struct trace_device *d)
{
    char name[32], text[64];
    struct pfl_edit edit = {
        .kind = PFL_EDIT_DEVICE, .by = BY, .confidence = CONF_STORAGE,
        .base = d->base, .size = d->size, .name = name, .text = text,
    };
    int count, status;

    snprintf(name, sizeof(name), "dev_%08" PRIx64, d->base);
    snprintf(text, sizeof(text), "size: 0x%" PRIx64 "; width: 32; "
             "unmapped: ask;", d->size);
    status = apply(in, &edit);
    count = inf_offline_registers(&in->recording, d->base, d->size,
                                  in->regs + in->reg_count);
    if (status != STATUS_OK || count < 0) {
        say("%s: %s", name, count < 0 ? inf_strerror(count) : "not added");
        return status == STATUS_OK ? STATUS_USAGE : status;
    }
    status = add_registers(in, d, in->regs + in->reg_count, (unsigned)count);
    in->reg_count += (unsigned)count;
    return status;
}

static int infer(struct inferring *in)
{
    unsigned i;
    int status = STATUS_OK;

    in->recording.v = in->trace.v;
    in->recording.count = in->trace.count;
    in->regs = calloc((size_t)(in->trace.device_count + 1) * INF_OFFLINE_REGS,
                      sizeof(*in->regs));
    if (!in->regs) {
        say("out of memory");
        return STATUS_USAGE;
    }
    for (i = 0; i < in->trace.device_count && status == STATUS_OK; i++) {
        status = add_device(in, &in->trace.devices[i]);
    }
    if (status == STATUS_OK && pfl_sync(in->profile) != PFL_OK) {
        say("%s: %s", in->dir, strerror(errno));
        status = STATUS_USAGE;
    }
    return status;
}

/* ---- Judging ---- */

static int play(struct inferring *in)
{
    struct pcc_emit_options options = { .need_loads = false };
    struct pdl_strbuf bytes = PDL_STRBUF_INIT;
    struct pcc *pcc = NULL;
    int status = board_compile(in->dir, BOARD_SAYS_ERRORS, &pcc);
    void *table = NULL;

    in->replays = calloc(in->reg_count + 1, sizeof(*in->replays));
    if (status == STATUS_OK &&
        (!in->replays ||
         pcc_emit(pcc, "table", &options, &bytes) != PCC_OK ||
         !(table = aligned_alloc(8, (bytes.len + 7) & ~(size_t)7)))) {
        status = STATUS_USAGE;
    }
    if (table) {
        memcpy(table, bytes.data, bytes.len);
        status = trace_replay(&in->trace, table, bytes.len, in->regs,
                              in->reg_count, in->replays) == 0 ? STATUS_OK :
                 STATUS_USAGE;
    }
    if (status == STATUS_USAGE) {
        say("%s: the model cannot be played against the recording", in->dir);
    }
    free(table);
    pdl_strbuf_dispose(&bytes);
    pcc_free(pcc);
    return status;
}

/* Registers of @d: the first, and how many. */
static unsigned registers_of(const struct inferring *in,
                             const struct trace_device *d, unsigned *count)
{
    unsigned first, i;

    for (first = 0; first < in->reg_count && in->regs[first].phys < d->base;
         first++) {
    }
    for (i = first; i < in->reg_count &&
         in->regs[i].phys - d->base < d->size; i++) {
    }
    *count = i - first;
    return first;
}

static struct replay sum(const struct inferring *in, unsigned first,
                         unsigned count)
{
    struct replay all = { 0, 0 };
    unsigned i;

    for (i = first; i < first + count; i++) {
        all.reads += in->replays[i].reads;
        all.alike += in->replays[i].alike;
    }
    return all;
}

static void tell_device(const struct inferring *in,
                        const struct trace_device *d)
{
    unsigned count, first = registers_of(in, d, &count), i;
    struct replay all = sum(in, first, count);

    fprintf(stderr, "dev_%08" PRIx64 "  %u registers; %u of %u reads agree\n",
            d->base, count, all.alike, all.reads);
    for (i = first; i < first + count; i++) {
        const struct replay *r = &in->replays[i];

        if (r->alike != r->reads) {
            fprintf(stderr, "  r%02" PRIx64 ": %u of %u reads differ; bits 0x%"
                    PRIx64 " are not explained\n",
                    in->regs[i].phys - d->base, r->reads - r->alike,
                    r->reads, in->regs[i].unexplained);
        }
    }
}

static void tell_json(const struct inferring *in)
{
    cJSON *json = cJSON_CreateObject(), *list, *item;
    char *text;
    unsigned i;

    cJSON_AddNumberToObject(json, "accesses", (double)in->trace.count);
    cJSON_AddNumberToObject(json, "lost", (double)in->trace.lost);
    list = cJSON_AddArrayToObject(json, "devices");
    for (i = 0; i < in->trace.device_count; i++) {
        const struct trace_device *d = &in->trace.devices[i];
        unsigned count, first = registers_of(in, d, &count);
        struct replay all = sum(in, first, count);
        char hex[24];

        item = cJSON_CreateObject();
        snprintf(hex, sizeof(hex), "0x%08" PRIx64, d->base);
        cJSON_AddStringToObject(item, "base", hex);
        cJSON_AddNumberToObject(item, "registers", count);
        cJSON_AddNumberToObject(item, "writes", d->writes);
        cJSON_AddNumberToObject(item, "reads", all.reads);
        cJSON_AddNumberToObject(item, "agree", all.alike);
        cJSON_AddItemToArray(list, item);
    }
    text = cJSON_Print(json);
    if (text) {
        puts(text);
    }
    free(text);
    cJSON_Delete(json);
}

static int is_made(const struct dirent *entry)
{
    return change_is_text(entry->d_name) &&
        strcmp(entry->d_name, "board.periph") != 0;
}

static void print_texts(const struct inferring *in)
{
    struct dirent **names = NULL;
    int count = scandir(in->dir, &names, is_made, alphasort), i;

    for (i = 0; i < count; i++) {
        char *path = text_new("%s/%s", in->dir, names[i]->d_name), *text;
        size_t len;

        text = file_read(path, 1u << 24, &len);
        fputs(text ? text : "", stdout);
        free(text);
        free(path);
        free(names[i]);
    }
    free(names);
}

static int tell(const struct inferring *in)
{
    struct replay all = sum(in, 0, in->reg_count);
    unsigned i;

    if (in->options->json) {
        tell_json(in);
    } else {
        if (in->temporary) {
            print_texts(in);
        }
        fprintf(stderr, "%zu accesses, %" PRIu64 " lost, %u devices\n",
                in->trace.count, in->trace.lost, in->trace.device_count);
        for (i = 0; i < in->trace.device_count; i++) {
            tell_device(in, &in->trace.devices[i]);
        }
    }
    return all.alike == all.reads ? STATUS_OK : STATUS_STUCK;
}

int cmd_infer(int argc, char **argv)
{
    struct infer_options options = { .json = false };
    struct inferring in = { .options = &options };
    struct option_rest rest;
    int status;

    if (!command_begin(&infer_options_table, argc, argv, &options, &rest,
                       &status)) {
        return status;
    }
    status = trace_load(&in.trace, rest.operands[0]) == 0 ? STATUS_OK
                                                          : STATUS_USAGE;
    if (status == STATUS_OK) {
        status = open_folder(&in);
    }
    if (status == STATUS_OK) {
        status = infer(&in);
    }
    if (status == STATUS_OK) {
        status = play(&in);
    }
    if (status == STATUS_OK) {
        status = tell(&in);
    }
    pfl_close(in.profile);
    if (in.dir && in.temporary) {
        remove_folder(in.dir);
    }
    free(in.replays);
    free(in.regs);
    free(in.dir);
    trace_dispose(&in.trace);
    return status;
}
