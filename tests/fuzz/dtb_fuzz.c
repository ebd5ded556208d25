/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target over the importer of device trees and the images they are
 * looked for in: what is imported compiles, and merges back.
 */
#include "tests/fuzz/dtb_fuzz.h"

#include <stdbool.h>
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

static void emit(struct pcc *s, const char *format,
                 const struct pcc_emit_options *opts)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    CHECK(pcc_emit(s, format, opts, &out) != PCC_ERR_INTERNAL);
    pdl_strbuf_dispose(&out);
}

/* What was imported has no error, whatever the tree said. */
static void use(const struct pdl_strbuf *text, const uint8_t *data,
                size_t size)
{
    struct pcc_emit_options opts = { .base = data, .base_size = size };
    struct pcc *s = pcc_new(NULL);

    CHECK(s);
    CHECK(pcc_add_buffer(s, "fuzz.periph", pdl_strbuf_str(text),
                         text->len) == PCC_OK);
    CHECK(pcc_compile(s) == PCC_OK);
    emit(s, "dtb", &opts);
    emit(s, "dtso", &opts);
    emit(s, "dts", &opts);
    pcc_free(s);
}

int dtb_fuzz_one(const uint8_t *data, size_t size)
{
    struct pcc_import_options opts = {
        .path = "fuzz.dtb", .bytes = data, .size = size,
    };
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pcc *s;
    int err;

    if (size > MAX_INPUT) {
        return 0;
    }
    s = pcc_new(NULL);
    CHECK(s);
    err = pcc_import(s, "dtb", &opts, &text);
    CHECK(err == PCC_OK || pdl_diags_errors(pcc_diags(s)));
    CHECK(err != PCC_ERR_INTERNAL);
    if (!err) {
        use(&text, data, size);
    }
    pdl_strbuf_dispose(&text);
    pcc_free(s);
    return 0;
}

#ifdef PERIPH_FUZZ
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return dtb_fuzz_one(data, size);
}
#endif
