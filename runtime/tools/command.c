/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/command.h"

bool command_begin(const struct option_table *table, int argc, char **argv,
                   void *values, struct option_rest *rest, int *status)
{
    enum option_result result = option_parse(table, argc, argv, values, rest);

    if (result != OPTION_OK) {
        *status = result == OPTION_HELP ? STATUS_OK : STATUS_USAGE;
    }
    return result == OPTION_OK;
}
