/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of `periph`: one file each, one row in the table of periph.c. */
#ifndef RUNTIME_TOOLS_COMMAND_H
#define RUNTIME_TOOLS_COMMAND_H

#include <stdbool.h>

#include "runtime/tools/option.h"

/* Exit statuses of all commands. */
enum command_status {
    STATUS_OK = 0,
    STATUS_USAGE = 1,       /* wrong options, or a file or process failed */
    STATUS_INPUT = 2,       /* errors in the board's files */
    STATUS_TIMEOUT = 3,     /* what was waited for did not come */
    STATUS_STUCK = 4,       /* the guest is stuck or crashed */
    STATUS_AVOIDED = 5,     /* it came to where it was not to come */
};

struct command {
    const char *name;
    const struct option_table *options;
    /* @argv[0] is the command's name; returns an exit status. */
    int (*run)(int argc, char **argv);
};

/*
 * option_parse(), as a command begins: true when it is to go on, else *status
 * is its exit status.
 */
bool command_begin(const struct option_table *table, int argc, char **argv,
                   void *values, struct option_rest *rest, int *status);

extern const struct option_table new_options_table;
extern const struct option_table run_options_table;
extern const struct option_table show_options_table;
extern const struct option_table explain_options_table;
extern const struct option_table accept_options_table;
extern const struct option_table drop_options_table;
extern const struct option_table diff_options_table;
extern const struct option_table undo_options_table;
extern const struct option_table monitor_options_table;
extern const struct option_table infer_options_table;
extern const struct option_table discover_options_table;

int cmd_new(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_accept(int argc, char **argv);
int cmd_drop(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_undo(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_infer(int argc, char **argv);
int cmd_discover(int argc, char **argv);

#endif
