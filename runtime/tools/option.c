/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option tables: parsing by getopt_long(), help, reference page. */
#include "runtime/tools/option.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_MAX 64
#define OPTION_HELP_VALUE 256
#define OPTION_COLUMN 26

static int store_seconds(const char *text, double *out)
{
    char *end;
    double value;

    errno = 0;
    value = strtod(text, &end);
    if (errno || end == text || *end || !isfinite(value) || value < 0) {
        return -1;
    }
    *out = value;
    return 0;
}

static int store_number(const struct option_row *row, const char *text,
                        unsigned *out)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 0);
    if (errno || end == text || *end || *text == '-' || value < row->min ||
        value > row->max) {
        return -1;
    }
    *out = (unsigned)value;
    return 0;
}

static int store(const struct option_table *table,
                 const struct option_row *row, const char *text,
                 void *values)
{
    void *member = (char *)values + row->offset;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)member = text;
        return 0;
    case OPTION_TEXTS:
        {
            struct option_texts *texts = member;

            if (texts->count < OPTION_TEXTS_MAX) {
                texts->text[texts->count++] = text;
                return 0;
            }
        }
        break;
    case OPTION_SECONDS:
        if (store_seconds(text, member) == 0) {
            return 0;
        }
        fprintf(stderr, "%s: --%s wants a number of seconds, not '%s'\n",
                table->command, row->name, text);
        return -1;
    case OPTION_NUMBER:
        if (store_number(row, text, member) == 0) {
            return 0;
        }
        fprintf(stderr, "%s: --%s wants a number from %u to %u, not '%s'\n",
                table->command, row->name, row->min, row->max, text);
        return -1;
    }
    return -1;
}

/* Fills @out with what getopt_long() wants; returns how many rows. */
static size_t make_getopt(const struct option_table *table,
                          struct option *out)
{
    size_t i;

    for (i = 0; table->rows[i].name && i < OPTION_MAX; i++) {
        out[i] = (struct option) {
            .name = table->rows[i].name,
            .has_arg = table->rows[i].kind == OPTION_FLAG ?
                       no_argument : required_argument,
            .val = OPTION_HELP_VALUE + 1 + (int)i,
        };
    }
    out[i] = (struct option) { .name = "help", .val = OPTION_HELP_VALUE };
    out[i + 1] = (struct option) { .name = NULL };
    return i;
}

/* Cuts @argv at the first "--": what follows is not ours. */
static int split_extra(int argc, char **argv, struct option_rest *rest)
{
    int i;

    rest->extra = argv + argc;
    rest->extra_count = 0;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            rest->extra = argv + i + 1;
            rest->extra_count = argc - i - 1;
            return i;
        }
    }
    return argc;
}

static enum option_result check_operands(const struct option_table *table,
                                         const struct option_rest *rest)
{
    if (rest->operand_count < table->min_operands) {
        fprintf(stderr, "%s: %s is missing; see %s --help\n",
                table->command, table->operands, table->command);
        return OPTION_ERROR;
    }
    if (rest->operand_count > table->max_operands) {
        fprintf(stderr, "%s: '%s' is too much; see %s --help\n",
                table->command, rest->operands[table->max_operands],
                table->command);
        return OPTION_ERROR;
    }
    return OPTION_OK;
}

/*
 * The single letters as getopt_long() wants them.  What a letter stands for
 * is found by letter_row().
 */
static void make_letters(const struct option_table *table,
                         char letters[2 * OPTION_MAX + 3])
{
    const struct option_row *row;

    *letters++ = ':';
    *letters++ = 'h';
    for (row = table->rows; row->name; row++) {
        if (row->letter) {
            *letters++ = row->letter;
            if (row->kind != OPTION_FLAG) {
                *letters++ = ':';
            }
        }
    }
    *letters = '\0';
}

/* The row that getopt_long()'s answer @got means. */
static const struct option_row *find_row(const struct option_table *table,
                                         int got)
{
    const struct option_row *row;

    if (got > OPTION_HELP_VALUE) {
        return &table->rows[got - OPTION_HELP_VALUE - 1];
    }
    for (row = table->rows; row->letter != got; row++) {
    }
    return row;
}

enum option_result option_parse(const struct option_table *table, int argc,
                                char **argv, void *values,
                                struct option_rest *rest)
{
    struct option longs[OPTION_MAX + 2];
    char letters[2 * OPTION_MAX + 3];
    int own = split_extra(argc, argv, rest);
    int got;

    make_getopt(table, longs);
    make_letters(table, letters);
    optind = 0;
    opterr = 0;
    while ((got = getopt_long(own, argv, letters, longs, NULL)) != -1) {
        if (got == 'h' || got == OPTION_HELP_VALUE) {
            option_print_help(table, stdout);
            return OPTION_HELP;
        }
        if (got == ':') {
            fprintf(stderr, "%s: %s wants a value\n", table->command,
                    argv[optind - 1]);
            return OPTION_ERROR;
        }
        if (got == '?') {
            fprintf(stderr, "%s: unknown option '%s'; see %s --help\n",
                    table->command, argv[optind - 1], table->command);
            return OPTION_ERROR;
        }
        if (store(table, find_row(table, got), optarg, values) != 0) {
            return OPTION_ERROR;
        }
    }
    rest->operands = argv + optind;
    rest->operand_count = own - optind;
    return check_operands(table, rest);
}

/* Prints @text indented by @column after its first line. */
static void print_lines(FILE *out, const char *text, int column)
{
    for (; *text; text++) {
        putc(*text, out);
        if (*text == '\n') {
            fprintf(out, "%*s", column, "");
        }
    }
    putc('\n', out);
}

void option_print_help(const struct option_table *table, FILE *out)
{
    const struct option_row *row;
    int used;

    fprintf(out, "usage: %s %s%s\n%s\n\n", table->command, table->operands,
            table->rows[0].name ? " [OPTIONS]" : "", table->summary);
    for (row = table->rows; row->name; row++) {
        used = row->letter ? fprintf(out, "  -%c,", row->letter)
                           : fprintf(out, " ");
        used += fprintf(out, " --%s%s%s", row->name, row->value ? " " : "",
                        row->value ? row->value : "");
        if (used > OPTION_COLUMN - 2) {
            putc('\n', out);
            used = 0;
        }
        fprintf(out, "%*s", OPTION_COLUMN - used, "");
        print_lines(out, row->help, OPTION_COLUMN);
    }
    fprintf(out, "  %-*s%s\n", OPTION_COLUMN - 2, "--help",
            "print this and exit");
    if (table->details) {
        fprintf(out, "\n%s", table->details);
    }
}

void option_print_markdown(const struct option_table *table, FILE *out)
{
    const struct option_row *row;
    const char *at;

    fprintf(out, "## `%s %s`\n\n%s\n\n| option | meaning |\n|---|---|\n",
            table->command, table->operands, table->summary);
    for (row = table->rows; row->name; row++) {
        fputs("| ", out);
        if (row->letter) {
            fprintf(out, "`-%c`, ", row->letter);
        }
        fprintf(out, "`--%s%s%s` | ", row->name, row->value ? " " : "",
                row->value ? row->value : "");
        for (at = row->help; *at; at++) {
            fputs(*at == '\n' ? " " : *at == '|' ? "\\|" :
                  (char[]) { *at, 0 }, out);
        }
        fputs(" |\n", out);
    }
    if (table->details) {
        fprintf(out, "\n```\n%s```\n", table->details);
    }
    putc('\n', out);
}
