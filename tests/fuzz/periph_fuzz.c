/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text: formatting is idempotent, keeps whether it parses, whether it
 * compiles and what it compiles to; a table that is written validates.
 */
#include "tests/fuzz/periph_fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/format.h"
#include "runtime/engine/engine.h"

#define CHECK(condition) do {   \
    if (!(condition)) {         \
        abort();                \
    }                           \
} while (0)

/* Bytes of the table, or nothing when there is none; the errors. */
static size_t compile(const char *text, size_t size, struct pdl_strbuf *out)
{
    struct pcc_emit_options opts = { .need_loads = false };
    struct pcc *s = pcc_new(NULL);
    size_t errors = 0;

    CHECK(s);
    if (pcc_add_buffer(s, "fuzz.periph", text, size) == PCC_OK) {
        int err = pcc_compile(s);

        errors = pdl_diags_errors(pcc_diags(s));
        CHECK((err == PCC_OK) == !errors || err == PCC_ERR_NOMEM);
        if (!err) {
            err = pcc_emit(s, "table", &opts, out);
            CHECK(err != PCC_ERR_INTERNAL);
        }
        if (!err) {
            struct pdl_strbuf json = PDL_STRBUF_INIT;

            CHECK(pcc_emit(s, "json", &opts, &json) == PCC_OK);
            pdl_strbuf_dispose(&json);
        }
    }
    pcc_free(s);
    return errors;
}

static void check_table(const struct pdl_strbuf *table)
{
    struct prt_file file;
    uint64_t *bytes = calloc(1, table->len + 8);

    CHECK(bytes);
    if (table->len) {
        memcpy(bytes, table->data, table->len);
        CHECK(prt_file_open(bytes, table->len, &file, NULL) == PRT_OK);
    }
    free(bytes);
}

void periph_fuzz_text(const char *text, size_t size)
{
    struct pdl_strbuf laid = PDL_STRBUF_INIT, twice = PDL_STRBUF_INIT;
    struct pdl_strbuf a = PDL_STRBUF_INIT, b = PDL_STRBUF_INIT;
    size_t errors = compile(text, size, &a);

    check_table(&a);
    if (pdl_format(text, size, 0, &laid) == 0) {
        CHECK(pdl_format(pdl_strbuf_str(&laid), laid.len, 0, &twice) == 0);
        CHECK(laid.len == twice.len &&
              memcmp(pdl_strbuf_str(&laid), pdl_strbuf_str(&twice),
                     laid.len) == 0);
        CHECK(!compile(pdl_strbuf_str(&laid), laid.len, &b) == !errors);
        CHECK(a.len == b.len && memcmp(pdl_strbuf_str(&a),
                                       pdl_strbuf_str(&b), a.len) == 0);
    }
    pdl_strbuf_dispose(&laid);
    pdl_strbuf_dispose(&twice);
    pdl_strbuf_dispose(&a);
    pdl_strbuf_dispose(&b);
}

/* Weak: a test may link another target as well. */
__attribute__((weak)) int LLVMFuzzerTestOneInput(const uint8_t *data,
                                                 size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    periph_fuzz_text((const char *)data, size);
    return 0;
}
