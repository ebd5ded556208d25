/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run by dtb.test: imports each blob named, compiles what that gives, and
 * compares the board with what a reader of its own finds in the blob.
 *
 *     dtb_all FOLDER BLOB...
 *
 * FOLDER/NUMBER gets the blob, FOLDER/NUMBER.merged the board's tree of it;
 * dtc compares these.  Prints "trees N windows N interrupts N".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "tests/import/dtb_walk.h"

struct totals {
    unsigned trees, windows, interrupts;
};

static const char *path_of(const struct pcc_origin *origin)
{
    const char *path = origin->by ? strstr(origin->by, ":/") : NULL;

    return path ? path + 1 : "?";
}

static void print_wire(const struct pcc_board *b, const struct pcc_model *m,
                       const struct pcc_wire *w, FILE *out)
{
    const char *from = path_of(w->instance != PCC_NONE ?
                               &b->instances[w->instance].origin :
                               &b->natives[w->native].origin);
    const struct pcc_instance *to;
    const struct pcc_device *d;
    const char *p;
    size_t i;

    if (w->to == PRT_TO_NATIVE) {
        fprintf(out, "I %s %s %u %u\n", from,
                w->kind == PRT_WIRE_PPI ? "ppi" : "spi", w->number,
                (unsigned)w->trigger);
        return;
    }
    to = &b->instances[w->target];
    d = &m->devices[to->device];
    for (i = 0; i < d->line_count; i++) {
        if (d->lines[i].dir == PRT_LINE_IN && d->lines[i].first == w->number) {
            fprintf(out, "I %s %s ", from, path_of(&to->origin));
            for (p = d->lines[i].name + strlen("in_"); *p; p++) {
                fputc(*p == '_' ? ' ' : *p, out);
            }
            fputc('\n', out);
        }
    }
}

static void print_board(const struct pcc_model *m, FILE *out)
{
    const struct pcc_board *b = m->board;
    size_t i;

    for (i = 0; i < b->native_count; i++) {
        fprintf(out, "N 0x%llx %s\n",
                (unsigned long long)b->natives[i].addresses[0],
                path_of(&b->natives[i].origin));
    }
    for (i = 0; i < b->instance_count; i++) {
        const struct pcc_instance *in = &b->instances[i];

        fprintf(out, "W 0x%llx 0x%llx %s\n", (unsigned long long)in->address,
                (unsigned long long)m->devices[in->device].size,
                path_of(&in->origin));
    }
    for (i = 0; i < b->wire_count; i++) {
        print_wire(b, m, &b->wires[i], out);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of @text, in place, sorted. */
static char **lines_of(char *text, size_t *count)
{
    char **lines = calloc(strlen(text) + 1, sizeof(*lines));
    char *rest, *line;

    *count = 0;
    for (line = strtok_r(text, "\n", &rest); lines && line;
         line = strtok_r(NULL, "\n", &rest)) {
        lines[(*count)++] = line;
    }
    if (lines) {
        qsort(lines, *count, sizeof(*lines), compare);
    }
    return lines;
}

/* Prints what one has and the other has not; false when there is any. */
static bool same_lines(const char *name, char *want, char *have,
                       struct totals *totals)
{
    size_t nw, nh, i = 0, k = 0;
    char **w = lines_of(want, &nw), **h = lines_of(have, &nh);
    bool same = w && h;

    while (same && (i < nw || k < nh)) {
        int cmp = i == nw ? 1 : k == nh ? -1 : strcmp(w[i], h[k]);

        if (cmp) {
            printf("%s: %s %s\n", name, cmp < 0 ? "missing" : "too much",
                   cmp < 0 ? w[i] : h[k]);
            same = false;
        } else {
            totals->windows += *w[i] != 'I';
            totals->interrupts += *w[i] == 'I';
        }
        i += cmp <= 0;
        k += cmp >= 0;
    }
    free(w);
    free(h);
    return same;
}

static bool read_file(const char *path, struct pdl_strbuf *out)
{
    FILE *f = fopen(path, "rb");
    char buf[65536];
    size_t n;

    if (!f) {
        return false;
    }
    while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
        pdl_strbuf_add(out, buf, n);
    }
    fclose(f);
    return !out->failed;
}

static void complain(const struct pcc *s, const char *path)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;

    pdl_diags_print_text(pcc_diags(s), pcc_sources(s), false, &text);
    printf("%s: %.2000s\n", path, pdl_strbuf_str(&text));
    pdl_strbuf_dispose(&text);
}

/* Imports, compiles and merges; the model stays in the session. */
static int make(struct pcc *s, const char *path, const char *folder,
                const struct pdl_strbuf *blob, struct pdl_strbuf *merged)
{
    struct pcc_import_options opts = {
        .path = path, .bytes = blob->data, .size = blob->len,
    };
    struct pcc_emit_options emit = {
        .base = blob->data, .base_size = blob->len,
    };
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    char board[4096];
    int err = pcc_import(s, "dtb", &opts, &text);

    snprintf(board, sizeof(board), "%s/board.periph", folder);
    if (!err) {
        err = pcc_add_buffer(s, board, pdl_strbuf_str(&text), text.len);
    }
    if (!err) {
        err = pcc_compile(s);
    }
    if (!err) {
        err = pcc_emit(s, "dtb", &emit, merged);
    }
    pdl_strbuf_dispose(&text);
    return err;
}

static bool check(const char *path, const char *folder, unsigned number,
                  struct totals *totals)
{
    struct pdl_strbuf blob = PDL_STRBUF_INIT, merged = PDL_STRBUF_INIT;
    char *want = NULL, *have = NULL, name[4096];
    size_t want_size, have_size;
    FILE *w = open_memstream(&want, &want_size);
    FILE *h = open_memstream(&have, &have_size);
    struct pcc *s = pcc_new(NULL);
    bool good = w && h && s && read_file(path, &blob);

    if (good && make(s, path, folder, &blob, &merged)) {
        complain(s, path);
        good = false;
    }
    if (good) {
        good = dtb_walk((const uint8_t *)blob.data, blob.len, w) == 0;
        print_board(pcc_get_model(s), h);
        fflush(w);
        fflush(h);
        good = good && same_lines(path, want, have, totals);
        snprintf(name, sizeof(name), "%s/%u", folder, number);
        good &= !pcc_write_file(name, blob.data, blob.len);
        snprintf(name, sizeof(name), "%s/%u.merged", folder, number);
        good &= !pcc_write_file(name, merged.data, merged.len);
    }
    fclose(w);
    fclose(h);
    free(want);
    free(have);
    pcc_free(s);
    pdl_strbuf_dispose(&blob);
    pdl_strbuf_dispose(&merged);
    return good;
}

int main(int argc, char **argv)
{
    struct totals totals = { 0, 0, 0 };
    int i, failed = 0;

    for (i = 2; i < argc; i++) {
        if (check(argv[i], argv[1], i, &totals)) {
            totals.trees++;
        } else {
            printf("%s: failed\n", argv[i]);
            failed = 1;
        }
    }
    printf("trees %u windows %u interrupts %u\n", totals.trees,
           totals.windows, totals.interrupts);
    return failed;
}
