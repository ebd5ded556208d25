/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics: a list of coded messages with places, and its printers. */
#ifndef PDL_DIAG_H
#define PDL_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "dsl/source.h"
#include "dsl/strbuf.h"

enum pdl_severity {
    PDL_IGNORE,     /* switched off; such a diagnostic is not kept */
    PDL_NOTE,
    PDL_WARNING,
    PDL_ERROR,
};

/* One constant per row of diag_codes.def: PDL_D_BAD_CHARACTER, ... */
enum pdl_code {
#define PDL_CODE(code, severity, name, format, explanation) PDL_D_##name,
#include "dsl/diag_codes.def"
#undef PDL_CODE
    PDL_D_COUNT
};

struct pdl_diag_note {
    struct pdl_diag_note *next;
    struct pdl_span span;           /* file 0: a remark without a place */
    char *message;
};

struct pdl_diag {
    struct pdl_diag *next;
    enum pdl_code code;
    enum pdl_severity severity;
    struct pdl_span span;
    char *message;
    struct pdl_diag_note *notes;    /* in the order they were added */
    struct pdl_span fix_span;       /* valid when fix is not NULL */
    char *fix;                      /* text to put in place of fix_span */
};

struct pdl_diags;

/* An empty list, or NULL. The list owns all its diagnostics and texts. */
struct pdl_diags *pdl_diags_new(void);
void pdl_diags_free(struct pdl_diags *diags);

/* Forgets what was collected; the severities set stay. */
void pdl_diags_clear(struct pdl_diags *diags);

/*
 * Adds a diagnostic; the arguments belong to the printf format of the code's
 * row. Returns it so that notes and a fix can be added, or NULL when it is
 * switched off, the list is full (pdl_diags_dropped counts), memory is gone,
 * or the same code stands at the same span already. The functions below
 * accept that NULL.
 */
struct pdl_diag *pdl_diag_add(struct pdl_diags *diags, enum pdl_code code,
                              struct pdl_span span, ...);
struct pdl_diag *pdl_diag_vadd(struct pdl_diags *diags, enum pdl_code code,
                               struct pdl_span span, va_list args);

void pdl_diag_note(struct pdl_diag *diag, struct pdl_span span,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Suggests to put `text` in place of span (an empty span inserts). */
void pdl_diag_fix(struct pdl_diag *diag, struct pdl_span span,
                  const char *text);

/*
 * Sorts by file and place; those at one place keep their order. The parser
 * does it; a later pass that adds more may do it again.
 */
void pdl_diags_sort(struct pdl_diags *diags);

const struct pdl_diag *pdl_diags_first(const struct pdl_diags *diags);
size_t pdl_diags_errors(const struct pdl_diags *diags);
size_t pdl_diags_warnings(const struct pdl_diags *diags);
size_t pdl_diags_dropped(const struct pdl_diags *diags);

/* True when memory ran out while collecting: the list is not complete. */
bool pdl_diags_failed(const struct pdl_diags *diags);

/* Sets what a code counts as from now on (also for -W, -E, --no-warn). */
void pdl_diags_set_severity(struct pdl_diags *diags, enum pdl_code code,
                            enum pdl_severity severity);

/* Facts of a code: "E0001", what it means, its severity to begin with. */
const char *pdl_code_id(enum pdl_code code);
const char *pdl_code_explanation(enum pdl_code code);
/* The text of its message, with printf conversions. */
const char *pdl_code_format(enum pdl_code code);
enum pdl_severity pdl_code_severity(enum pdl_code code);

/* Appends the name of a code as people write it: "bad-character". */
void pdl_code_name(enum pdl_code code, struct pdl_strbuf *out);

/* Finds a code by id or by name; PDL_D_COUNT when there is none. */
enum pdl_code pdl_code_find(const char *text);

/*
 * Prints all diagnostics: `file:line:col: error[E0001]: text`, the source
 * line, carets, notes, fix. With colour only when asked.
 */
void pdl_diags_print_text(const struct pdl_diags *diags,
                          const struct pdl_sources *sources, bool colour,
                          struct pdl_strbuf *out);

/* The same as a JSON array of objects, UTF-8, one line per diagnostic. */
void pdl_diags_print_json(const struct pdl_diags *diags,
                          const struct pdl_sources *sources,
                          struct pdl_strbuf *out);

#endif
