/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph explain`: why the last run of a board got no further. */
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/explain.h"
#include "runtime/tools/lastrun.h"
#include "runtime/tools/util.h"

struct explain_options {
    bool json;
};

static const struct option_row rows[] = {
    { .name = "json", .kind = OPTION_FLAG,
      .offset = offsetof(struct explain_options, json),
      .help = "print JSON; addresses and values are strings in hex" },
    { .name = NULL },
};

const struct option_table explain_options_table = {
    .command = "periph explain",
    .operands = "BOARD",
    .summary = "Tell why the last run got no further, and what to try.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 1,
    .details =
    "Reads what the last periph run of BOARD left in LOG/last-run.json, and\n"
    "the board as it is now. Works after any run, however it ended:\n"
    "  where the guest is       pc, as a symbol where the firmware is an ELF\n"
    "                           file that has them, and the code there\n"
    "  what it reads again and  the registers polled at the end, what they\n"
    "  again                    read as, the line of the model that says so,\n"
    "                           who wrote it and from what evidence, and the\n"
    "                           bits that the code tests then\n"
    "  what was tried           questions, probes, what stayed unanswered\n"
    "  what is not known        ranked: what was used just before a crash,\n"
    "                           by how many places of the code, how often\n"
    "  what to try              lines for board.periph, tried on the compiler\n"
    "\n"
    "A suggestion makes the code take the other way at the test it is stuck\n"
    "at. Whether that way is the right one, the manual of the chip knows.\n"
    "\n"
    "Exit status: 0, 1 for wrong options or when there was no run yet, 2 for\n"
    "errors in the board's files.\n",
};

static void open_images(struct explain *x)
{
    const cJSON *images, *one;
    char why[256];

    images = cJSON_GetObjectItemCaseSensitive(x->last, "images");
    cJSON_ArrayForEach(one, images) {
        struct explain_image *image = &x->images[x->image_count];
        const char *path = explain_text(one, "path");

        if (x->image_count == EXPLAIN_IMAGES) {
            break;
        }
        if (image_open(&image->image, path, why, sizeof(why)) != 0) {
            image_close(&image->image);
            continue;
        }
        image->name = text_new("%s", strrchr(path, '/') ?
                               strrchr(path, '/') + 1 : path);
        image->address = explain_number(one, "address");
        x->image_count++;
    }
}

static void close_images(struct explain *x)
{
    unsigned i;

    for (i = 0; i < x->image_count; i++) {
        image_close(&x->images[i].image);
        free(x->images[i].name);
    }
}

static int print(const cJSON *doc, bool json)
{
    char *text;

    if (!json) {
        explain_print(doc);
        return STATUS_OK;
    }
    text = cJSON_Print(doc);
    if (text) {
        puts(text);
    }
    free(text);
    return text ? STATUS_OK : STATUS_USAGE;
}

static int explain_board(const struct board *board, const struct pcc *pcc,
                         bool json)
{
    cJSON *last = lastrun_read(board->dir, board->name), *doc;
    struct explain x = {
        .dir = board->dir, .last = last, .pcc = pcc,
        .model = pcc_get_model(pcc),
        .machine = cJSON_GetObjectItemCaseSensitive(last, "machine"),
    };
    int status;

    if (!last) {
        return STATUS_USAGE;
    }
    open_images(&x);
    doc = explain_make(&x);
    status = print(doc, json);
    cJSON_Delete(doc);
    close_images(&x);
    cJSON_Delete(last);
    return status;
}

int cmd_explain(int argc, char **argv)
{
    struct explain_options options = { .json = false };
    struct board board = BOARD_INIT;
    struct option_rest rest;
    struct pcc *pcc = NULL;
    int status;

    if (!command_begin(&explain_options_table, argc, argv, &options, &rest,
                       &status)) {
        return status;
    }
    status = board_find(&board, rest.operands[0], false);
    if (status == STATUS_OK) {
        status = board_compile(board.dir, BOARD_SAYS_ERRORS, &pcc);
    }
    if (status == STATUS_OK) {
        status = explain_board(&board, pcc, options.json);
    }
    pcc_free(pcc);
    board_dispose(&board);
    return status;
}
