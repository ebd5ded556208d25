/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/import.h"

#include <stdio.h>
#include <string.h>

#include "dsl/bounds.h"
#include "dsl/format.h"

/* Ends with a row without a name. */
static const struct pcc_importer importers[] = {
    { "svd", ".svd", "CMSIS-SVD: registers of a chip from its vendor", true,
      pcc_import_svd },
    { "dtb", ".dtb", "a device tree, also one inside an image: its devices",
      false, pcc_import_dtb },
    { "map", ".json", "a map of a machine of QEMU: its devices as natives",
      true, pcc_import_map },
    { NULL, NULL, NULL, false, NULL }
};

const struct pcc_importer *pcc_importer_at(size_t i)
{
    const struct pcc_importer *im = importers;

    while (im->name && i--) {
        im++;
    }
    return im->name ? im : NULL;
}

const struct pcc_importer *pcc_importer_find(const char *name)
{
    const struct pcc_importer *im = importers;

    while (im->name && strcmp(im->name, name) != 0) {
        im++;
    }
    return im->name ? im : NULL;
}

const char *pcc_importer_name(size_t i)
{
    const struct pcc_importer *im = pcc_importer_at(i);

    return im ? im->name : NULL;
}

const char *pcc_importer_help(size_t i)
{
    const struct pcc_importer *im = pcc_importer_at(i);

    return im ? im->help : NULL;
}

const char *pcc_importer_for(const char *path)
{
    const struct pcc_importer *im;
    size_t len = strlen(path);

    for (im = importers; im->name; im++) {
        size_t n = strlen(im->suffix);

        if (len > n && strcasecmp(path + len - n, im->suffix) == 0) {
            return im->name;
        }
    }
    return NULL;
}

/* ---- for importers ---- */

void pcc_import_nomem(struct pcc_import *imp)
{
    longjmp(imp->nomem, 1);
}

void *pcc_import_need(struct pcc_import *imp, const void *p)
{
    if (!p) {
        pcc_import_nomem(imp);
    }
    return (void *)p;
}

void *pcc_import_alloc(struct pcc_import *imp, size_t size)
{
    return pcc_import_need(imp, pdl_arena_alloc(imp->arena, size));
}

char *pcc_import_printf(struct pcc_import *imp, const char *format, ...)
{
    va_list args, again;
    char *text;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = pcc_import_alloc(imp, len > 0 ? (size_t)len + 1 : 1);
    if (len > 0) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    return text;
}

/* Where each line begins, once for all messages. */
static void find_lines(struct pcc_import *imp)
{
    size_t count = 1, i;

    for (i = 0; i < imp->size; i++) {
        count += imp->bytes[i] == '\n';
    }
    imp->line_begins = pcc_import_alloc(imp, count * sizeof(uint32_t));
    imp->line_count = 1;
    for (i = 0; i < imp->size; i++) {
        if (imp->bytes[i] == '\n') {
            imp->line_begins[imp->line_count++] = i + 1;
        }
    }
}

struct pdl_span pcc_import_line(struct pcc_import *imp, unsigned long line)
{
    struct pdl_span span = { 0, 0, 0 };
    uint32_t begin, end;

    if (!imp->source || !line) {
        return span;
    }
    if (!imp->line_begins) {
        find_lines(imp);
    }
    if (line > imp->line_count) {
        return span;
    }
    begin = imp->line_begins[line - 1];
    end = line < imp->line_count ? imp->line_begins[line] - 1 : imp->size;
    while (begin < end && strchr(" \t\r", imp->bytes[begin])) {
        begin++;
    }
    while (begin < end && strchr(" \t\r", imp->bytes[end - 1])) {
        end--;
    }
    span.file = imp->source;
    span.begin = begin;
    span.end = end;
    return span;
}

struct pdl_note *pcc_import_note(struct pcc_import *imp)
{
    struct pdl_note *note = PCC_IMPORT_NEW(imp, struct pdl_note);
    struct pdl_expr *text = pdl_expr_string(imp->arena, imp->from);

    note->kind = PDL_NOTE_IMPORTED;
    note->args = pcc_import_need(imp, pdl_arg_new(imp->arena, "from", text));
    return note;
}

bool pcc_import_wants(struct pcc_import *imp, const char *name)
{
    size_t i;

    for (i = 0; i < imp->opts->only_count; i++) {
        if (strcmp(imp->opts->only[i], name) == 0) {
            imp->found[i] = true;
            return true;
        }
    }
    return !imp->opts->only_count;
}

/* ---- the entry ---- */

/* Gives the text a place in the session, so that messages can show it. */
static int add_source(struct pcc_import *imp, struct pdl_session *session)
{
    struct pdl_sources *sources = pdl_session_sources(session);
    int err = pdl_sources_add_memory(sources, imp->path,
                                     (const char *)imp->bytes, imp->size,
                                     &imp->source);

    return err == PDL_ERR_NOMEM ? PCC_ERR_NOMEM : PCC_OK;
}

static void report_missing(struct pcc_import *imp)
{
    struct pdl_span nowhere = { 0, 0, 0 };
    size_t i;

    for (i = 0; i < imp->opts->only_count; i++) {
        if (!imp->found[i]) {
            pdl_diag_add(imp->diags, PDL_D_IMPORT_NOTHING, nowhere,
                         imp->path, imp->opts->only[i]);
        }
    }
}

static int run(const struct pcc_importer *importer, struct pcc_import *imp)
{
    volatile int err = PCC_ERR_NOMEM;   /* over setjmp() */

    if (!setjmp(imp->nomem)) {
        imp->found = pcc_import_alloc(imp, imp->opts->only_count + 1);
        err = importer->import(imp);
        if (!err) {
            report_missing(imp);
        }
    }
    if (imp->dispose) {
        imp->dispose(imp->resource);
    }
    return err;
}

static int print(struct pcc_import *imp, const struct pdl_unit *unit,
                 struct pdl_strbuf *out)
{
    struct pdl_strbuf made = PDL_STRBUF_INIT;
    struct pdl_span nowhere = { 0, 0, 0 };
    int err = PCC_OK;

    switch (pdl_print_unit(unit, &made)) {
    case 0:
        break;
    case PDL_ERR_NOMEM:
        err = PCC_ERR_NOMEM;
        break;
    default:
        err = PCC_ERR_INTERNAL;
        break;
    }
    if (!err && made.len > PDL_MAX_FILE_BYTES) {
        pdl_diag_add(imp->diags, PDL_D_IMPORT_TOO_BIG, nowhere, imp->path,
                     (unsigned)PDL_MAX_FILE_BYTES);
        err = PCC_ERR_INPUT;
    }
    if (!err) {
        pdl_strbuf_add(out, pdl_strbuf_str(&made), made.len);
        err = out->failed ? PCC_ERR_NOMEM : PCC_OK;
    }
    pdl_strbuf_dispose(&made);
    return err;
}

int pcc_import_run(struct pdl_session *session, const char *name,
                   const struct pcc_import_options *opts,
                   struct pdl_strbuf *out)
{
    const struct pcc_importer *importer = pcc_importer_find(name);
    struct pdl_unit unit = {
        .version = { .value = 1, .base = 10 }, .complete = true,
    };
    struct pcc_import imp = {
        .opts = opts, .path = opts->path, .bytes = opts->bytes,
        .size = opts->size, .arena = pdl_session_arena(session),
        .diags = pdl_session_diags(session),
        .sources = pdl_session_sources(session), .items = &unit.items,
    };
    const char *slash = strrchr(opts->path, '/');
    int err;

    if (!importer) {
        return PCC_ERR_UNKNOWN;
    }
    imp.from = slash ? slash + 1 : opts->path;
    err = importer->text ? add_source(&imp, session) : PCC_OK;
    if (!err) {
        err = run(importer, &imp);
    }
    if (!err && pdl_diags_failed(imp.diags)) {
        err = PCC_ERR_NOMEM;
    }
    if (!err && pdl_diags_errors(imp.diags)) {
        err = PCC_ERR_INPUT;
    }
    return err ? err : print(&imp, &unit, out);
}
