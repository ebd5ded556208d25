/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Importing what is no `.periph` text: bytes -> text -> model -> outputs. */
#include "tests/fuzz/imports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"

#define CHECK(condition) do {   \
    if (!(condition)) {         \
        abort();                \
    }                           \
} while (0)

#define MAX_INPUT (1u << 20)

/* What an import says must be accepted: else the importer is wrong. */
static void compile(struct pcc *s, const struct pdl_strbuf *text)
{
    CHECK(!text->failed);
    CHECK(pcc_add_buffer(s, "fuzz.periph", pdl_strbuf_str(text),
                         text->len) == PCC_OK);
    if (pcc_compile(s)) {
        struct pdl_strbuf said = PDL_STRBUF_INIT;

        pdl_diags_print_text(pcc_diags(s), pcc_sources(s), false, &said);
        fputs(pdl_strbuf_str(&said), stderr);
        abort();
    }
}

static void use(const struct pdl_strbuf *text, const char *const *outputs,
                const struct pcc_emit_options *opts)
{
    struct pcc *s = pcc_new(NULL);

    CHECK(s);
    compile(s, text);
    for (; *outputs; outputs++) {
        struct pdl_strbuf out = PDL_STRBUF_INIT;
        int err = pcc_emit(s, *outputs, opts, &out);

        CHECK(err != PCC_ERR_INTERNAL);
        CHECK(err != PCC_ERR_INPUT || pdl_diags_errors(pcc_diags(s)));
        pdl_strbuf_dispose(&out);
    }
    pcc_free(s);
}

void import_fuzz(const char *importer, const char *path,
                 const char *const *outputs, const uint8_t *data, size_t size)
{
    struct pcc_emit_options emit = { .need_loads = false };
    struct pcc_import_options opts = {
        .path = path, .bytes = data, .size = size,
    };
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pcc *s;
    int err;

    if (size > MAX_INPUT) {
        return;
    }
    if (strcmp(importer, "dtb") == 0) {
        emit.base = data;
        emit.base_size = size;
    }
    s = pcc_new(NULL);
    CHECK(s);
    err = pcc_import(s, importer, &opts, &text);
    CHECK(err == PCC_OK || pdl_diags_errors(pcc_diags(s)));
    CHECK(err != PCC_ERR_INTERNAL);
    if (!err) {
        use(&text, outputs, &emit);
    }
    pdl_strbuf_dispose(&text);
    pcc_free(s);
}
