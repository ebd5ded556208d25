/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of diagnostics. Its printers are in diag_print.c. */
#include "dsl/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/arena.h"
#include "dsl/bounds.h"

struct code_row {
    const char *id;
    const char *symbol;
    enum pdl_severity severity;
    const char *format;
    const char *explanation;
};

static const struct code_row codes[] = {
#define PDL_CODE(code, severity, name, format, explanation) \
    { #code, #name, PDL_##severity, format, explanation },
#include "dsl/diag_codes.def"
#undef PDL_CODE
};

struct pdl_diags {
    struct pdl_arena *arena;
    struct pdl_diag *first;
    struct pdl_diag *last;
    size_t count;
    size_t errors;
    size_t warnings;
    size_t dropped;
    bool failed;
    enum pdl_severity severities[PDL_D_COUNT];
};

/*
 * A diagnostic with what adding to it needs. `pub` comes first: the public
 * functions get a pointer to it.
 */
struct diag {
    struct pdl_diag pub;
    struct pdl_diags *list;
    struct pdl_diag_note *last_note;
};

struct pdl_diags *pdl_diags_new(void)
{
    struct pdl_diags *diags = calloc(1, sizeof(*diags));
    size_t i;

    if (!diags) {
        return NULL;
    }
    diags->arena = pdl_arena_new();
    if (!diags->arena) {
        free(diags);
        return NULL;
    }
    for (i = 0; i < PDL_D_COUNT; i++) {
        diags->severities[i] = codes[i].severity;
    }
    return diags;
}

void pdl_diags_free(struct pdl_diags *diags)
{
    if (diags) {
        pdl_arena_free(diags->arena);
        free(diags);
    }
}

void pdl_diags_clear(struct pdl_diags *diags)
{
    struct pdl_arena *arena = pdl_arena_new();

    if (arena) {        /* else the old memory is kept until the end */
        pdl_arena_free(diags->arena);
        diags->arena = arena;
    }
    diags->first = diags->last = NULL;
    diags->count = diags->errors = diags->warnings = diags->dropped = 0;
    diags->failed = false;
}

static char *format_text(struct pdl_diags *diags, const char *format,
                         va_list args)
{
    va_list again;
    char *text = NULL;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len >= 0) {
        text = pdl_arena_alloc(diags->arena, (size_t)len + 1);
    }
    if (text) {
        vsnprintf(text, (size_t)len + 1, format, args);
    } else {
        diags->failed = true;
    }
    return text;
}

static bool is_repeated(const struct pdl_diags *diags, enum pdl_code code,
                        struct pdl_span span)
{
    const struct pdl_diag *diag;

    for (diag = diags->first; diag; diag = diag->next) {
        if (diag->code == code && diag->span.file == span.file &&
            diag->span.begin == span.begin && diag->span.end == span.end) {
            return span.file != 0;
        }
    }
    return false;
}

struct pdl_diag *pdl_diag_vadd(struct pdl_diags *diags, enum pdl_code code,
                               struct pdl_span span, va_list args)
{
    enum pdl_severity severity = diags->severities[code];

    bool full = diags->count == PDL_MAX_DIAGS;
    struct diag *diag;

    if (severity == PDL_IGNORE || (!full && is_repeated(diags, code, span))) {
        return NULL;
    }
    diags->errors += severity == PDL_ERROR;
    diags->warnings += severity == PDL_WARNING;
    if (full) {
        diags->dropped++;
        return NULL;
    }
    diag = PDL_NEW(diags->arena, struct diag);
    if (!diag) {
        diags->failed = true;
        return NULL;
    }
    diag->list = diags;
    diag->pub.code = code;
    diag->pub.severity = severity;
    diag->pub.span = span;
    diag->pub.message = format_text(diags, codes[code].format, args);
    if (!diag->pub.message) {
        return NULL;
    }
    if (diags->last) {
        diags->last->next = &diag->pub;
    } else {
        diags->first = &diag->pub;
    }
    diags->last = &diag->pub;
    diags->count++;
    return &diag->pub;
}

struct pdl_diag *pdl_diag_add(struct pdl_diags *diags, enum pdl_code code,
                              struct pdl_span span, ...)
{
    struct pdl_diag *diag;
    va_list args;

    va_start(args, span);
    diag = pdl_diag_vadd(diags, code, span, args);
    va_end(args);
    return diag;
}

void pdl_diag_note(struct pdl_diag *diag, struct pdl_span span,
                   const char *format, ...)
{
    struct diag *whole = (struct diag *)diag;
    struct pdl_diag_note *note;
    va_list args;

    if (!diag) {
        return;
    }
    note = PDL_NEW(whole->list->arena, struct pdl_diag_note);
    if (!note) {
        whole->list->failed = true;
        return;
    }
    note->span = span;
    va_start(args, format);
    note->message = format_text(whole->list, format, args);
    va_end(args);
    if (!note->message) {
        return;
    }
    if (whole->last_note) {
        whole->last_note->next = note;
    } else {
        diag->notes = note;
    }
    whole->last_note = note;
}

void pdl_diag_fix(struct pdl_diag *diag, struct pdl_span span,
                  const char *text)
{
    struct diag *whole = (struct diag *)diag;

    if (!diag) {
        return;
    }
    diag->fix_span = span;
    diag->fix = pdl_arena_strdup(whole->list->arena, text);
    if (!diag->fix) {
        whole->list->failed = true;
    }
}

static bool stands_before(const struct pdl_diag *a, const struct pdl_diag *b)
{
    return a->span.file != b->span.file ? a->span.file < b->span.file
                                        : a->span.begin < b->span.begin;
}

void pdl_diags_sort(struct pdl_diags *diags)
{
    struct pdl_diag *sorted = NULL, *diag, *next, **place;

    for (diag = diags->first; diag; diag = next) {
        next = diag->next;
        place = &sorted;
        while (*place && !stands_before(diag, *place)) {
            place = &(*place)->next;
        }
        diag->next = *place;
        *place = diag;
    }
    diags->first = diags->last = sorted;
    while (diags->last && diags->last->next) {
        diags->last = diags->last->next;
    }
}

const struct pdl_diag *pdl_diags_first(const struct pdl_diags *diags)
{
    return diags->first;
}

size_t pdl_diags_errors(const struct pdl_diags *diags)
{
    return diags->errors;
}

size_t pdl_diags_warnings(const struct pdl_diags *diags)
{
    return diags->warnings;
}

size_t pdl_diags_dropped(const struct pdl_diags *diags)
{
    return diags->dropped;
}

bool pdl_diags_failed(const struct pdl_diags *diags)
{
    return diags->failed;
}

void pdl_diags_set_severity(struct pdl_diags *diags, enum pdl_code code,
                            enum pdl_severity severity)
{
    diags->severities[code] = severity;
}

const char *pdl_code_id(enum pdl_code code)
{
    return codes[code].id;
}

void pdl_code_name(enum pdl_code code, struct pdl_strbuf *out)
{
    const char *c;

    for (c = codes[code].symbol; *c; c++) {
        char low = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;

        pdl_strbuf_putc(out, low == '_' ? '-' : low);
    }
}

const char *pdl_code_explanation(enum pdl_code code)
{
    return codes[code].explanation;
}

const char *pdl_code_format(enum pdl_code code)
{
    return codes[code].format;
}

enum pdl_severity pdl_code_severity(enum pdl_code code)
{
    return codes[code].severity;
}

/* True when text is the symbol, written with '-' and in any case. */
static bool is_name(const char *symbol, const char *text)
{
    for (; *symbol && *text; symbol++, text++) {
        char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A')
                                              : *text;

        if ((c == '-' ? '_' : c) != *symbol) {
            return false;
        }
    }
    return *symbol == *text;
}

enum pdl_code pdl_code_find(const char *text)
{
    size_t i;

    for (i = 0; i < PDL_D_COUNT; i++) {
        if (strcmp(codes[i].id, text) == 0 || is_name(codes[i].symbol, text)) {
            break;
        }
    }
    return (enum pdl_code)i;
}
