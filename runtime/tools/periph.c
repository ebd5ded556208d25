/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph`: the front end.  Finds the command and hands over. */
#include <stdio.h>
#include <string.h>

#include "runtime/tools/command.h"

static const struct command commands[] = {
    { "new", &new_options_table, cmd_new },
    { "run", &run_options_table, cmd_run },
    { "show", &show_options_table, cmd_show },
    { "explain", &explain_options_table, cmd_explain },
    { "accept", &accept_options_table, cmd_accept },
    { "drop", &drop_options_table, cmd_drop },
    { "undo", &undo_options_table, cmd_undo },
    { "diff", &diff_options_table, cmd_diff },
    { "discover", &discover_options_table, cmd_discover },
    { "infer", &infer_options_table, cmd_infer },
    { "monitor", &monitor_options_table, cmd_monitor },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static void print_usage(FILE *out)
{
    size_t i;

    fputs("usage: periph COMMAND ...\n"
          "Runs firmware on a board that nobody has modelled, and works out\n"
          "its peripherals on the way.\n\n", out);
    for (i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-8s %-18s %s\n", commands[i].name,
                commands[i].options->operands,
                commands[i].options->summary);
    }
    fputs("  help     [COMMAND]          explain a command\n\n"
          "periph COMMAND --help lists its options;"
          " periph help --markdown prints all of it.\n", out);
}

static int print_help(const char *topic)
{
    const struct command *command;
    size_t i;

    if (!topic) {
        print_usage(stdout);
        return STATUS_OK;
    }
    if (strcmp(topic, "--markdown") == 0) {
        for (i = 0; i < COMMAND_COUNT; i++) {
            option_print_markdown(commands[i].options, stdout);
        }
        return STATUS_OK;
    }
    command = find_command(topic);
    if (!command) {
        fprintf(stderr, "periph: no command '%s'\n", topic);
        return STATUS_USAGE;
    }
    option_print_help(command->options, stdout);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        return print_help(argc > 2 ? argv[2] : NULL);
    }
    command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "periph: no command '%s'; periph help lists them\n",
                argv[1]);
        return STATUS_USAGE;
    }
    return command->run(argc - 1, argv + 1);
}
