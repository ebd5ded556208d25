/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SVD importer as a library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"

static const char chip[] =
    "<device><name>chip</name><peripherals>\n"
    "<peripheral><name>A</name><baseAddress>0x1000</baseAddress><registers>"
    "<register><name>R</name><addressOffset>0</addressOffset></register>"
    "</registers></peripheral>\n"
    "<peripheral derivedFrom=\"A\"><name>B</name>"
    "<baseAddress>0x2000</baseAddress></peripheral>\n"
    "</peripherals></device>\n";

static int import(struct pcc *s, const char *const *only, size_t count,
                  struct pdl_strbuf *out)
{
    struct pcc_import_options opts = {
        .path = "folder/chip.svd", .bytes = chip, .size = strlen(chip),
        .only = only, .only_count = count,
    };

    return pcc_import(s, "svd", &opts, out);
}

static void test_twice(void **state)
{
    struct pdl_strbuf one = PDL_STRBUF_INIT, two = PDL_STRBUF_INIT;
    struct pcc *s = pcc_new(NULL);

    (void)state;
    assert_int_equal(import(s, NULL, 0, &one), PCC_OK);
    assert_int_equal(import(s, NULL, 0, &two), PCC_OK);
    assert_string_equal(pdl_strbuf_str(&one), pdl_strbuf_str(&two));
    assert_non_null(strstr(one.data, "@imported(from = \"chip.svd\")"));
    assert_non_null(strstr(one.data, "instance B : A @ 0x2000;"));
    assert_int_equal(pdl_diags_warnings(pcc_diags(s)), 0);
    pdl_strbuf_dispose(&one);
    pdl_strbuf_dispose(&two);
    pcc_free(s);
}

static void test_only(void **state)
{
    static const char *const b[] = { "B" }, *const none[] = { "B", "X" };
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pcc *s = pcc_new(NULL);

    (void)state;
    assert_int_equal(import(s, b, 1, &out), PCC_OK);
    assert_non_null(strstr(out.data, "device B"));
    assert_null(strstr(out.data, "device A"));
    pdl_strbuf_clear(&out);
    assert_int_equal(import(s, none, 2, &out), PCC_ERR_INPUT);
    assert_int_equal(out.len, 0);
    assert_int_equal(pdl_diags_errors(pcc_diags(s)), 1);
    pdl_strbuf_dispose(&out);
    pcc_free(s);
}

static void test_unknown(void **state)
{
    struct pcc_import_options opts = { .path = "x", .bytes = "" };
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pcc *s = pcc_new(NULL);

    (void)state;
    assert_int_equal(pcc_import(s, "nothing", &opts, &out), PCC_ERR_UNKNOWN);
    assert_int_equal(pcc_import(s, "svd", &opts, &out), PCC_ERR_INPUT);
    assert_string_equal(pcc_importer_for("a/b.SVD"), "svd");
    assert_null(pcc_importer_for("b.periph"));
    pcc_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_only),
        cmocka_unit_test(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
