/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing diagnostics, for people and for editors. */
#include "dsl/diag.h"

#include <string.h>

#include "dsl/layout.h"

/* Longest part of a source line that is shown, in bytes. */
#define MAX_EXCERPT 160

struct palette {
    const char *bold;
    const char *error;
    const char *warning;
    const char *note;
    const char *carets;
    const char *off;
};

static const struct palette plain = { "", "", "", "", "", "" };
static const struct palette colours = {
    "\033[1m", "\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[1;32m",
    "\033[0m",
};

static const char *severity_word(enum pdl_severity severity)
{
    switch (severity) {
    case PDL_ERROR:
        return "error";
    case PDL_WARNING:
        return "warning";
    default:
        return "note";
    }
}

static const char *severity_colour(const struct palette *palette,
                                   enum pdl_severity severity)
{
    switch (severity) {
    case PDL_ERROR:
        return palette->error;
    case PDL_WARNING:
        return palette->warning;
    default:
        return palette->note;
    }
}

/*
 * One character of the source at text[i], made harmless for a terminal: a
 * byte that is not printable UTF-8 becomes '?'. Returns its length in bytes.
 */
static size_t print_character(const char *text, size_t i, size_t end,
                              struct pdl_strbuf *out)
{
    unsigned char c = (unsigned char)text[i];
    size_t n = pdl_utf8_length(text + i, end - i);

    if (c == '\t') {
        pdl_strbuf_putc(out, ' ');
        return 1;
    }
    if (!n || c < 0x20 || c == 0x7f || (c == 0xc2 && n == 2 &&
        (unsigned char)text[i + 1] < 0xa0)) {
        pdl_strbuf_putc(out, '?');
        return n ? n : 1;
    }
    pdl_strbuf_add(out, text + i, n);
    return n;
}

/* The source line at `loc` and a line of carets under [begin, end). */
static void print_excerpt(const char *text, const struct pdl_location *loc,
                          struct pdl_span span, const struct palette *palette,
                          struct pdl_strbuf *out)
{
    size_t from = loc->line_begin, to = loc->line_end, i, n, carets = 0;
    struct pdl_strbuf marks = PDL_STRBUF_INIT;

    if (span.begin > from + MAX_EXCERPT / 2) {
        from = span.begin - MAX_EXCERPT / 2;
        while (from > loc->line_begin && (text[from] & 0xc0) == 0x80) {
            from--;
        }
    }
    if (to > from + MAX_EXCERPT) {
        to = from + MAX_EXCERPT;
        while (to > from && (text[to] & 0xc0) == 0x80) {
            to--;
        }
    }
    pdl_strbuf_puts(out, "    ");
    pdl_strbuf_puts(&marks, "    ");
    for (i = from; i < to; i += n) {
        bool under = i >= span.begin && i < span.end;

        n = print_character(text, i, to, out);
        if (i < span.begin || under) {
            pdl_strbuf_fill(&marks, under ? (carets ? '~' : '^') : ' ',
                            pdl_columns(text + i, n));
            carets += under;
        }
    }
    if (!carets) {
        pdl_strbuf_putc(&marks, '^');
    }
    pdl_strbuf_printf(out, "\n%s%s%s\n", palette->carets,
                      pdl_strbuf_str(&marks), palette->off);
    out->failed = out->failed || marks.failed;
    pdl_strbuf_dispose(&marks);
}

/* "file:12:3: " and nothing when there is no place. */
static bool print_place(const struct pdl_sources *sources,
                        struct pdl_span span, const struct palette *palette,
                        struct pdl_location *loc, struct pdl_strbuf *out)
{
    if (pdl_source_locate(sources, span.file, span.begin, loc)) {
        return false;
    }
    pdl_strbuf_printf(out, "%s%s:%u:%u:%s ", palette->bold, loc->name,
                      loc->line, loc->column, palette->off);
    return true;
}

static void print_message(const char *message, struct pdl_strbuf *out)
{
    size_t i = 0, len = strlen(message);

    while (i < len) {
        i += print_character(message, i, len, out);
    }
    pdl_strbuf_putc(out, '\n');
}

static void print_one(const struct pdl_diag *diag,
                      const struct pdl_sources *sources,
                      const struct palette *palette, struct pdl_strbuf *out)
{
    const struct pdl_diag_note *note;
    struct pdl_location loc;
    bool placed;

    placed = print_place(sources, diag->span, palette, &loc, out);
    pdl_strbuf_printf(out, "%s%s[%s]:%s ",
                      severity_colour(palette, diag->severity),
                      severity_word(diag->severity), pdl_code_id(diag->code),
                      palette->off);
    print_message(diag->message, out);
    if (placed) {
        print_excerpt(pdl_source_text(sources, diag->span.file, NULL), &loc,
                      diag->span, palette, out);
    }
    if (diag->fix) {
        pdl_strbuf_printf(out, "    %sfix:%s ", palette->note, palette->off);
        if (diag->fix_span.begin == diag->fix_span.end) {
            pdl_strbuf_puts(out, "insert ");
        } else {
            pdl_strbuf_puts(out, "write ");
        }
        print_message(diag->fix, out);
    }
    for (note = diag->notes; note; note = note->next) {
        placed = print_place(sources, note->span, palette, &loc, out);
        pdl_strbuf_printf(out, "%snote:%s ", palette->note, palette->off);
        print_message(note->message, out);
        if (placed) {
            print_excerpt(pdl_source_text(sources, note->span.file, NULL),
                          &loc, note->span, palette, out);
        }
    }
}

void pdl_diags_print_text(const struct pdl_diags *diags,
                          const struct pdl_sources *sources, bool colour,
                          struct pdl_strbuf *out)
{
    const struct pdl_diag *diag;

    for (diag = pdl_diags_first(diags); diag; diag = diag->next) {
        print_one(diag, sources, colour ? &colours : &plain, out);
    }
    if (pdl_diags_dropped(diags)) {
        pdl_strbuf_printf(out, "note: %zu more are not shown\n",
                          pdl_diags_dropped(diags));
    }
}

/* ---- JSON ---- */

static void json_string(const char *text, struct pdl_strbuf *out)
{
    size_t i = 0, len = strlen(text), n;

    pdl_strbuf_putc(out, '"');
    for (; i < len; i += n) {
        unsigned char c = (unsigned char)text[i];

        n = pdl_utf8_length(text + i, len - i);
        if (!n) {
            pdl_strbuf_puts(out, "\\ufffd");
            n = 1;
        } else if (c == '"' || c == '\\') {
            pdl_strbuf_printf(out, "\\%c", c);
        } else if (c < 0x20) {
            pdl_strbuf_printf(out, "\\u%04x", c);
        } else {
            pdl_strbuf_add(out, text + i, n);
        }
    }
    pdl_strbuf_putc(out, '"');
}

/* "file": ..., lines and columns of both ends, byte offsets. */
static void json_place(const struct pdl_sources *sources,
                       struct pdl_span span, struct pdl_strbuf *out)
{
    struct pdl_location from, to;

    if (pdl_source_locate(sources, span.file, span.begin, &from) ||
        pdl_source_locate(sources, span.file, span.end, &to)) {
        pdl_strbuf_puts(out, "\"file\": null");
        return;
    }
    pdl_strbuf_puts(out, "\"file\": ");
    json_string(from.name, out);
    pdl_strbuf_printf(out, ", \"line\": %u, \"column\": %u, \"end_line\": %u, "
                      "\"end_column\": %u, \"begin\": %u, \"end\": %u",
                      from.line, from.column, to.line, to.column, span.begin,
                      span.end);
}

static void json_notes(const struct pdl_diag *diag,
                       const struct pdl_sources *sources,
                       struct pdl_strbuf *out)
{
    const struct pdl_diag_note *note;

    pdl_strbuf_puts(out, ", \"notes\": [");
    for (note = diag->notes; note; note = note->next) {
        pdl_strbuf_puts(out, note == diag->notes ? "{" : ", {");
        json_place(sources, note->span, out);
        pdl_strbuf_puts(out, ", \"message\": ");
        json_string(note->message, out);
        pdl_strbuf_putc(out, '}');
    }
    pdl_strbuf_putc(out, ']');
}

static void json_one(const struct pdl_diag *diag,
                     const struct pdl_sources *sources,
                     struct pdl_strbuf *out)
{
    pdl_strbuf_printf(out, "{\"code\": \"%s\", \"name\": \"",
                      pdl_code_id(diag->code));
    pdl_code_name(diag->code, out);
    pdl_strbuf_printf(out, "\", \"severity\": \"%s\", ",
                      severity_word(diag->severity));
    json_place(sources, diag->span, out);
    pdl_strbuf_puts(out, ", \"message\": ");
    json_string(diag->message, out);
    json_notes(diag, sources, out);
    if (diag->fix) {
        pdl_strbuf_puts(out, ", \"fix\": {");
        json_place(sources, diag->fix_span, out);
        pdl_strbuf_puts(out, ", \"text\": ");
        json_string(diag->fix, out);
        pdl_strbuf_putc(out, '}');
    }
    pdl_strbuf_putc(out, '}');
}

void pdl_diags_print_json(const struct pdl_diags *diags,
                          const struct pdl_sources *sources,
                          struct pdl_strbuf *out)
{
    const struct pdl_diag *diag;

    pdl_strbuf_putc(out, '[');
    for (diag = pdl_diags_first(diags); diag; diag = diag->next) {
        pdl_strbuf_puts(out, diag == pdl_diags_first(diags) ? "\n" : ",\n");
        json_one(diag, sources, out);
    }
    pdl_strbuf_puts(out, "\n]\n");
}
