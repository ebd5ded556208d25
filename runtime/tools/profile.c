/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board store, as commands use it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/profile/profile.h"
#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/util.h"

static void print_log(void *opaque, enum pfl_log_level level,
                      const char *text)
{
    (void)opaque;
    if (level <= PFL_LOG_WARN) {
        say("%s", text);
    }
}

int board_profile(const char *dir, struct pfl_board **out)
{
    char *library = board_library();
    const char *const dirs[] = { library };
    struct pfl_options options = {
        .import_dirs = dirs, .import_dir_count = library ? 1 : 0,
        .log = print_log,
    };
    int result = pfl_open(dir, &options, out);

    free(library);
    if (result == PFL_OK) {
        return STATUS_OK;
    }
    if (result == PFL_ERR_INPUT) {
        fputs(pfl_messages(*out), stderr);
        return STATUS_INPUT;
    }
    say("%s: %s", dir, pfl_strerror(result));
    return STATUS_USAGE;
}
