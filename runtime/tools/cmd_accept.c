/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph accept` and `periph drop`: a person's word on the machine's items. */
#include <stdlib.h>
#include <string.h>

#include "runtime/profile/profile.h"
#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/util.h"

#define ITEMS_MAX 1000

static const struct option_row rows[] = {
    { .name = NULL },
};

const struct option_table accept_options_table = {
    .command = "periph accept",
    .operands = "BOARD ITEM...",
    .summary = "Make items that the machine wrote a person's.",
    .rows = rows,
    .min_operands = 2,
    .max_operands = ITEMS_MAX,
    .details =
    "ITEM is INSTANCE (with all its registers) or INSTANCE.REGISTER, as\n"
    "periph show and periph explain name them. Its @inferred note goes; from\n"
    "then on the machine leaves the item alone, --fresh keeps it, and every\n"
    "other byte of the file stays. A field has no note of its own:\n"
    "INSTANCE.REGISTER.FIELD accepts the register.\n"
    "\n"
    "While the board runs, the running machine takes the change over.\n"
    "\n"
    "Exit status: 0, 1 when an item is not there (the others are done), 2\n"
    "for errors in the board's files.\n",
};

const struct option_table drop_options_table = {
    .command = "periph drop",
    .operands = "BOARD ITEM...",
    .summary = "Take out for good what the machine wrote.",
    .rows = rows,
    .min_operands = 2,
    .max_operands = ITEMS_MAX,
    .details =
    "ITEM is INSTANCE or INSTANCE.REGISTER, as periph show and periph explain\n"
    "name them. A drop line at the end of board.periph takes it out of the\n"
    "board and keeps the machine from inferring it again; delete the line to\n"
    "have the item back. To have it asked again instead, delete its text.\n"
    "\n"
    "While the board runs, the running machine takes the change over.\n"
    "\n"
    "Exit status: 0, 1 when an item is not there or a person's (the others\n"
    "are done), 2 for errors in the board's files, also when something else\n"
    "in the board uses the item.\n",
};

typedef int item_change(struct pfl_board *board, const char *path,
                        struct pfl_change *change);

/* Says how it went with one item. */
static int report(const char *item, int result, bool changed, bool drop,
                  const struct pfl_board *profile)
{
    switch (result) {
    case PFL_OK:
        printf("%s: %s\n", item, drop ? "dropped" : changed ? "accepted" :
               "is a person's already");
        return STATUS_OK;
    case PFL_ERR_NOT_FOUND:
        say("the board has no '%s'; periph show BOARD lists what it has",
            item);
        return STATUS_USAGE;
    case PFL_ERR_OWNED:
        say("%s was not written by the machine; delete or change it in its "
            "file", item);
        return STATUS_USAGE;
    case PFL_ERR_TEXT:
        say("%s is a field; the machine's item is the register: drop that",
            item);
        return STATUS_USAGE;
    case PFL_ERR_INPUT:
        fputs(pfl_messages(profile), stderr);
        say("%s: left as it is: the board would not compile any more", item);
        return STATUS_INPUT;
    default:
        say("%s: %s", item, pfl_strerror(result));
        return STATUS_USAGE;
    }
}

static int change_items(struct pfl_board *profile, char **items, int count,
                        item_change *change_item, bool drop)
{
    struct pfl_change change;
    int status = STATUS_OK, one, i, why = 0;

    for (i = 0; i < count; i++) {
        int result = change_item(profile, items[i], &change);

        one = report(items[i], result, change.changed, drop, profile);
        status = one > status ? one : status;
    }
    if (pfl_sync(profile) != PFL_OK || pfl_unsaved(profile, &why) > 0) {
        say("the board's files could not be written: %s", strerror(why));
        status = STATUS_USAGE;
    }
    return status;
}

static int run(const struct option_table *table, int argc, char **argv,
               item_change *change_item, bool drop)
{
    struct board board = BOARD_INIT;
    struct pfl_board *profile = NULL;
    struct option_rest rest;
    int status;

    if (!command_begin(table, argc, argv, NULL, &rest, &status)) {
        return status;
    }
    status = board_find(&board, rest.operands[0], true);
    if (status == STATUS_OK) {
        status = board_profile(board.dir, &profile);
    }
    if (status == STATUS_OK) {
        status = change_items(profile, rest.operands + 1,
                              rest.operand_count - 1, change_item, drop);
    }
    pfl_close(profile);
    board_dispose(&board);
    return status;
}

int cmd_accept(int argc, char **argv)
{
    return run(&accept_options_table, argc, argv, pfl_accept, false);
}

int cmd_drop(int argc, char **argv)
{
    return run(&drop_options_table, argc, argv, pfl_drop, true);
}
