/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command line options.  A command describes its options once, in a table;
 * parsing, `--help` and the reference page (`periph help --markdown`) are
 * all driven by it, so that they cannot disagree.
 */
#ifndef RUNTIME_TOOLS_OPTION_H
#define RUNTIME_TOOLS_OPTION_H

#include <stddef.h>
#include <stdio.h>

enum option_kind {
    OPTION_FLAG,        /* bool: present or not */
    OPTION_TEXT,        /* const char *: the value, owned by argv */
    OPTION_TEXTS,       /* struct option_texts: may be given several times */
    OPTION_SECONDS,     /* double: finite, >= 0 */
    OPTION_NUMBER,      /* unsigned: decimal or 0x, within @min and @max */
};

#define OPTION_TEXTS_MAX 32

/* The values of a repeated option in order, owned by argv. */
struct option_texts {
    const char *text[OPTION_TEXTS_MAX];
    unsigned count;
};

/* One option.  A table ends with a row whose name is NULL. */
struct option_row {
    const char *name;   /* without dashes */
    char letter;        /* "-m" means the same; 0: none */
    enum option_kind kind;
    const char *value;  /* what stands for the value in the help, or NULL */
    size_t offset;      /* of the member of the command's struct */
    unsigned min;       /* OPTION_NUMBER only */
    unsigned max;
    const char *help;   /* lines; '\n' breaks them */
};

struct option_table {
    const char *command;    /* "periph run" */
    const char *operands;   /* "BOARD", "BOARD [INSTANCE]" */
    const char *summary;    /* one line */
    const char *details;    /* paragraphs after the options, or NULL */
    const struct option_row *rows;
    int min_operands;
    int max_operands;
};

/* What option_parse() found besides the options. */
struct option_rest {
    char **operands;    /* into argv */
    int operand_count;
    char **extra;       /* what followed "--", into argv; may be empty */
    int extra_count;
};

enum option_result {
    OPTION_OK,
    OPTION_HELP,        /* --help was asked for, and printed to stdout */
    OPTION_ERROR,       /* a message was printed to stderr */
};

/*
 * Parses @argv (argv[0] is the command's own name) into the struct at
 * @values, which holds the defaults.  @argv is reordered.
 */
enum option_result option_parse(const struct option_table *table, int argc,
                                char **argv, void *values,
                                struct option_rest *rest);

/* Prints the help text, or the same as Markdown. */
void option_print_help(const struct option_table *table, FILE *out);
void option_print_markdown(const struct option_table *table, FILE *out);

#endif
