/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run by oom.test: memory fails at the first allocation, the second, ...
 * until a compilation with all its outputs needs no more. Each run either
 * says that memory was short or gives the same bytes as one without failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "tests/lang/failing-memory.h"

/* Merges the board's tree into itself. False: memory was short. */
static bool merge(struct pcc *s, struct pdl_strbuf *out)
{
    struct pdl_strbuf base = PDL_STRBUF_INIT;
    struct pcc_emit_options opts = { 0 };
    int err = pcc_emit(s, "dtb", NULL, &base);

    if (!err) {
        opts.base = base.data;
        opts.base_size = base.len;
        err = pcc_emit(s, "dtb", &opts, out);
    }
    if (!err) {
        err = pcc_emit(s, "dtbo", &opts, out);
    }
    pdl_strbuf_dispose(&base);
    return err != PCC_ERR_NOMEM;
}

/* Compiles and emits everything. False: memory was short. */
static bool use(struct pcc *s, const char *path, struct pdl_strbuf *out)
{
    size_t i;
    int err = pcc_add_file(s, path);

    if (!err) {
        err = pcc_compile(s);
    }
    if (err == PCC_ERR_NOMEM) {
        return false;
    }
    pdl_strbuf_printf(out, "%d\n", err);
    for (i = 0; !err && pcc_emitter_name(i); i++) {
        int emitted = pcc_emit(s, pcc_emitter_name(i), NULL, out);

        if (emitted == PCC_ERR_NOMEM) {
            return false;
        }
        pdl_strbuf_printf(out, "%d\n", emitted);
    }
    if (!err && !merge(s, out)) {
        return false;
    }
    pdl_diags_print_text(pcc_diags(s), pcc_sources(s), false, out);
    return !out->failed && !pdl_diags_failed(pcc_diags(s));
}

static bool run(const char *path, struct pdl_strbuf *out)
{
    struct pcc *s = pcc_new(NULL);
    bool good = s && use(s, path, out);

    pcc_free(s);
    return good;
}

static int check(const char *path)
{
    struct pdl_strbuf whole = PDL_STRBUF_INIT, out = PDL_STRBUF_INIT;
    long n;

    if (!run(path, &whole)) {
        printf("not ok %s: fails with all memory there\n", path);
        return 1;
    }
    failed = true;
    for (n = 0; failed; n++) {
        bool good;

        failed = false;
        remaining = n;
        armed = true;
        good = run(path, &out);
        armed = false;
        if (good && (out.len != whole.len ||
                     memcmp(out.data, whole.data, out.len) != 0)) {
            printf("not ok %s: allocation %ld fails unseen\n", path, n);
            return 1;
        }
        pdl_strbuf_dispose(&out);
    }
    printf("ok %s, %ld allocations\n", path, n);
    pdl_strbuf_dispose(&whole);
    return 0;
}

int main(int argc, char **argv)
{
    int i, status = 0;

    for (i = 1; i < argc; i++) {
        status |= check(argv[i]);
    }
    return status;
}
