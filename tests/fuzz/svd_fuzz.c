/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target over the CMSIS-SVD importer: whatever the bytes, it ends with
 * text or messages, and text that it makes compiles and can be written as
 * every output that needs no board.
 */
#include <stdio.h>
#include <stdlib.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "tests/fuzz/svd_fuzz.h"

#define FUZZ_MAX_INPUT (64u << 10)

/* What an import says must be accepted: else the importer is wrong. */
static void compile(const struct pdl_strbuf *text)
{
    static const char *const outputs[] = { "table", "json", "svd" };
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pcc *s = pcc_new(NULL);
    size_t i;

    if (!s) {
        return;
    }
    if (pcc_add_buffer(s, "imported.periph", pdl_strbuf_str(text),
                       text->len) ||
        pcc_compile(s)) {
        pdl_diags_print_text(pcc_diags(s), pcc_sources(s), false, &out);
        fputs(pdl_strbuf_str(&out), stderr);
        abort();
    }
    for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        pdl_strbuf_clear(&out);
        if (pcc_emit(s, outputs[i], NULL, &out)) {
            abort();
        }
    }
    pdl_strbuf_dispose(&out);
    pcc_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pcc_import_options opts = {
        .path = "fuzz.svd", .bytes = data, .size = size,
    };
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pcc *s;

    if (size > FUZZ_MAX_INPUT) {
        return 0;
    }
    s = pcc_new(NULL);
    if (!s) {
        return 0;
    }
    if (!pcc_import(s, "svd", &opts, &text)) {
        compile(&text);
    } else if (!pdl_diags_errors(pcc_diags(s))) {
        abort();                    /* failed, and nobody says why */
    }
    pdl_strbuf_dispose(&text);
    pcc_free(s);
    return 0;
}

int svd_fuzz_replay(const char *path)
{
    static uint8_t buffer[FUZZ_MAX_INPUT];
    FILE *f = fopen(path, "rb");
    size_t size;

    if (!f) {
        return -1;
    }
    size = fread(buffer, 1, sizeof(buffer), f);
    fclose(f);
    LLVMFuzzerTestOneInput(buffer, size);
    return 0;
}
