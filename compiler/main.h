/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the program periphc share.  main.c and main_*.c are not in
 * the library: only they print and exit.
 */
#ifndef COMPILER_MAIN_H
#define COMPILER_MAIN_H

#include "compiler/driver.h"
#include "dsl/strbuf.h"

enum exit_code {
    EXIT_GOOD = 0,
    EXIT_USAGE = 1,         /* or input and output */
    EXIT_INPUT = 2,         /* errors in the input */
    EXIT_BUG = 3,
};

#define MAX_LIST 64

struct list {
    const char *v[MAX_LIST];
    size_t n;
};

struct severity {
    const char *name;
    enum pcc_severity severity;
};

struct options {
    struct list files;
    struct list imports;
    struct list load_dirs;
    struct list instances;
    struct list memories;
    struct severity severities[MAX_LIST];
    size_t severity_count;
    const char *emit;
    const char *import;
    const char *name;
    struct list only;
    unsigned tree;
    const char *output;
    const char *merge;
    const char *depfile;
    const char *explain;
    bool check;
    bool format;
    bool in_place;
    bool json;
    bool no_images;
    bool list_emitters;
    bool list_importers;
    bool list_checks;
    bool list_codes;
};

/* ---- main_options.c ---- */

/* Ends the program when the command line makes no sense. */
void read_options(int argc, char **argv, struct options *o);
/*
 * EXIT_GOOD; else it was said which option is wrong.  One that does nothing
 * beside the others is a mistake.
 */
int check_options(const struct options *o);

/* ---- main_files.c ---- */

/* Says "periphc: @path: @what"; EXIT_USAGE. */
int fail(const char *path, const char *what);
/* Makes @out a file ("-": standard input) of at most @limit bytes. */
int slurp(const char *path, size_t limit, struct pdl_strbuf *out);
int put_stdout(const struct pdl_strbuf *buf);
/* Writes to a file, or to standard output for NULL and "-". */
int put_output(const char *path, const struct pdl_strbuf *buf);
bool is_folder(const char *path);
/* --format */
int format_files(const struct options *o);

#endif
