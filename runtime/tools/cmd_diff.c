/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph diff`: what two boards say differently, in words. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "runtime/tools/board.h"
#include "runtime/tools/change.h"
#include "runtime/tools/command.h"
#include "runtime/tools/util.h"

struct diff_options {
    bool json, last;
};

static const struct option_row rows[] = {
    { .name = "last", .kind = OPTION_FLAG,
      .offset = offsetof(struct diff_options, last),
      .help = "what the last run that changed BOARD changed in it" },
    { .name = "json", .kind = OPTION_FLAG,
      .offset = offsetof(struct diff_options, json),
      .help = "print JSON: [{item, before, after}]; null where it is not" },
    { .name = NULL },
};

const struct option_table diff_options_table = {
    .command = "periph diff",
    .operands = "BOARD [OTHER]",
    .summary = "Tell what two boards, or one before and after its last run, "
               "say differently.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 2,
    .details =
    "Compares memories, peripherals, registers and fields by name, and says\n"
    "what each board has, or says of it: + only OTHER has it, - only BOARD\n"
    "has it, ~ they differ. Of rules and derived fields their number and kind\n"
    "are compared, not their text.\n"
    "\n"
    "With --last there is no OTHER: BOARD as it was before the last run that\n"
    "changed it, and as that run left it. periph undo takes that back.\n"
    "\n"
    "Exit status: 0 whether they differ or not, 1 for wrong options or when\n"
    "no run has changed anything, 2 for errors in the boards' files.\n",
};

/* One thing a board says. */
struct fact {
    char *item, *says;
};

struct facts {
    struct fact *v;
    size_t count, cap;
};

/* Takes both texts over. */
static void add(struct facts *f, char *item, char *says)
{
    if (f->count == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 256;
        f->v = reallocarray(f->v, f->cap, sizeof(*f->v));
        if (!f->v) {
            abort();
        }
    }
    f->v[f->count++] = (struct fact) { item, says };
}

static void dispose(struct facts *f)
{
    size_t i;

    for (i = 0; i < f->count; i++) {
        free(f->v[i].item);
        free(f->v[i].says);
    }
    free(f->v);
}

static void add_reg(struct facts *f, const char *instance,
                    const struct pcc_device *device,
                    const struct pcc_reg *reg)
{
    static const char *const kinds[] = {
        [PRT_STORED] = "stored", [PRT_DERIVED] = "derived",
        [PRT_HOLD] = "hold",
    };
    uint32_t i;

    add(f, text_new("%s.%s", instance, reg->path),
        text_new("at +0x%" PRIx64 ", %u bits, %s, reset 0x%" PRIx64
                 ", %u rules", reg->offset, reg->bytes * 8,
                 pcc_policy_name(reg->policy), reg->reset, reg->rule_count));
    for (i = 0; i < reg->field_count; i++) {
        const struct pcc_field *field = &device->fields[reg->first_field + i];

        add(f, text_new("%s.%s.%s", instance, reg->path, field->name),
            text_new("bits %u to %u, %s, %s, reset 0x%" PRIx64, field->lo,
                     field->lo + field->width - 1,
                     pcc_policy_name(field->policy), kinds[field->kind],
                     field->reset));
    }
}

static int by_item(const void *a, const void *b)
{
    return strcmp(((const struct fact *)a)->item,
                  ((const struct fact *)b)->item);
}

static void collect(struct facts *f, const struct pcc_model *model)
{
    const struct pcc_board *board = model->board;
    size_t i, k;

    for (i = 0; i < board->memory_count; i++) {
        add(f, text_new("memory %s", board->memories[i].name),
            text_new("at 0x%" PRIx64 ", 0x%" PRIx64 " bytes%s",
                     board->memories[i].base, board->memories[i].size,
                     board->memories[i].read_only ? ", read-only" : ""));
    }
    for (i = 0; i < board->instance_count; i++) {
        const struct pcc_instance *instance = &board->instances[i];
        const struct pcc_device *device = &model->devices[instance->device];

        add(f, text_new("%s", instance->name),
            text_new("at 0x%" PRIx64 ", 0x%" PRIx64 " bytes%s",
                     instance->address, device->size,
                     i == board->console ? ", the console" : ""));
        for (k = 0; k < device->reg_count; k++) {
            add_reg(f, instance->name, device, &device->regs[k]);
        }
    }
    if (f->count > 0) {
        qsort(f->v, f->count, sizeof(*f->v), by_item);
    }
}

static void tell(cJSON *list, const char *item, const char *before,
                 const char *after)
{
    cJSON *json;

    if (before && after && strcmp(before, after) == 0) {
        return;
    }
    if (list) {
        json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "item", item);
        cJSON_AddItemToObject(json, "before", before ?
                              cJSON_CreateString(before) : cJSON_CreateNull());
        cJSON_AddItemToObject(json, "after", after ?
                              cJSON_CreateString(after) : cJSON_CreateNull());
        cJSON_AddItemToArray(list, json);
    } else if (before && after) {
        printf("~ %s: %s\n  %*s  now %s\n", item, before, (int)strlen(item),
               "", after);
    } else {
        printf("%s %s: %s\n", before ? "-" : "+", item,
               before ? before : after);
    }
}

static void compare(const struct facts *a, const struct facts *b, cJSON *list)
{
    size_t i = 0, k = 0;
    int order;

    while (i < a->count || k < b->count) {
        order = i == a->count ? 1 : k == b->count ? -1 :
                strcmp(a->v[i].item, b->v[k].item);
        tell(list, order <= 0 ? a->v[i].item : b->v[k].item,
             order <= 0 ? a->v[i].says : NULL,
             order >= 0 ? b->v[k].says : NULL);
        i += order <= 0;
        k += order >= 0;
    }
}

static int read_board(const char *name, struct facts *out)
{
    struct board board = BOARD_INIT;
    struct pcc *pcc = NULL;
    int status = board_find(&board, name, false);

    if (status == STATUS_OK) {
        status = board_compile(board.dir, BOARD_SAYS_ERRORS, &pcc);
    }
    if (status == STATUS_OK) {
        collect(out, pcc_get_model(pcc));
    }
    pcc_free(pcc);
    board_dispose(&board);
    return status;
}

static int read_texts(const struct board *board, const char *texts,
                      struct facts *out)
{
    struct pcc *pcc = NULL;
    int status = board_compile_as(board->dir, texts, BOARD_SAYS_ERRORS, &pcc);

    if (status == STATUS_OK) {
        collect(out, pcc_get_model(pcc));
    }
    pcc_free(pcc);
    return status;
}

/* The board before and after the last run that changed it. */
static int read_last(const char *name, struct facts *before,
                     struct facts *after)
{
    struct board board = BOARD_INIT;
    char *log_dir = NULL, *path;
    int status = board_find(&board, name, false);

    if (status == STATUS_OK) {
        board_try_lock(&board);
        log_dir = change_find(&board);
        status = log_dir ? STATUS_OK : STATUS_USAGE;
    }
    if (status == STATUS_OK) {
        path = text_new("%s/" CHANGE_BEFORE, log_dir);
        status = read_texts(&board, path, before);
        free(path);
    }
    if (status == STATUS_OK) {
        path = text_new("%s/" CHANGE_AFTER, log_dir);
        status = read_texts(&board, path, after);
        free(path);
    }
    free(log_dir);
    board_dispose(&board);
    return status;
}

/* Both sides of what is compared; says what is wrong with the operands. */
static int read_sides(const struct diff_options *options,
                      const struct option_rest *rest, struct facts *before,
                      struct facts *after)
{
    int status;

    if (options->last == (rest->operand_count == 2)) {
        say(options->last ? "--last compares a board with itself: one BOARD, "
            "no OTHER" : "OTHER is missing: a second board, or --last for "
            "what the last run changed");
        return STATUS_USAGE;
    }
    if (options->last) {
        return read_last(rest->operands[0], before, after);
    }
    status = read_board(rest->operands[0], before);
    return status == STATUS_OK ? read_board(rest->operands[1], after) : status;
}

int cmd_diff(int argc, char **argv)
{
    struct diff_options options = { .json = false };
    struct facts before = { 0 }, after = { 0 };
    struct option_rest rest;
    cJSON *list = NULL;
    char *text = NULL;
    int status;

    if (!command_begin(&diff_options_table, argc, argv, &options, &rest,
                       &status)) {
        return status;
    }
    status = read_sides(&options, &rest, &before, &after);
    if (status == STATUS_OK) {
        list = options.json ? cJSON_CreateArray() : NULL;
        compare(&before, &after, list);
        text = list ? cJSON_Print(list) : NULL;
    }
    if (text) {
        puts(text);
    }
    free(text);
    cJSON_Delete(list);
    dispose(&before);
    dispose(&after);
    return status;
}
