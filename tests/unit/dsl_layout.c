/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each tests/lang/format/NAME.periph laid out is NAME.expected, and that laid
 * out is itself. With PERIPH_UPDATE=1 the expected files are rewritten.
 */
#include "tests/unit/dsl_help.h"

static char *expected_path(const char *path)
{
    size_t len = strlen(path) - strlen(".periph");
    char *result = malloc(len + sizeof(".expected"));

    assert_non_null(result);
    memcpy(result, path, len);
    memcpy(result + len, ".expected", sizeof(".expected"));
    return result;
}

static void write_file(const char *path, const struct pdl_strbuf *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(pdl_strbuf_str(text), 1, text->len, file),
                     text->len);
    assert_int_equal(fclose(file), 0);
}

static void layout_is_as_expected(void **state)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT, again = PDL_STRBUF_INIT;
    char *path = expected_path(*state), *text, *expected;
    const char *update = getenv("PERIPH_UPDATE");
    size_t len, expected_len;

    text = help_read(*state, &len);
    assert_int_equal(pdl_format(text, len, 0, &out), PDL_OK);
    if (update && strcmp(update, "1") == 0) {
        write_file(path, &out);
    }
    expected = help_read(path, &expected_len);
    assert_string_equal(pdl_strbuf_str(&out), expected);
    help_same_tokens(text, len, expected, expected_len, true);
    assert_int_equal(pdl_format(expected, expected_len, 0, &again), PDL_OK);
    assert_string_equal(pdl_strbuf_str(&again), expected);
    free(text);
    free(expected);
    free(path);
    pdl_strbuf_dispose(&out);
    pdl_strbuf_dispose(&again);
}

static void indent_is_that_of_the_place(void **state)
{
    static const char text[] = "reg A @ 0 {\nF [0];\n}";
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    (void)state;
    assert_int_equal(pdl_format(text, strlen(text), 2, &out), PDL_OK);
    assert_string_equal(pdl_strbuf_str(&out),
                        "        reg A @ 0 {\n            F [0];\n"
                        "        }\n");
    pdl_strbuf_dispose(&out);
}

static void what_has_no_tokens_is_refused(void **state)
{
    static const char *const texts[] = {
        "reg A @ 0 {", "}", "( ]", "\"open", "/* open", "#", "1q", "`",
    };
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    size_t i;

    (void)state;
    pdl_strbuf_puts(&out, "kept");
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(pdl_format(texts[i], strlen(texts[i]), 0, &out),
                         PDL_ERR_SYNTAX);
    }
    assert_string_equal(pdl_strbuf_str(&out), "kept");
    assert_int_equal(pdl_format("", 0, 0, &out), PDL_OK);
    assert_int_equal(pdl_format(" \n\n ", 4, 0, &out), PDL_OK);
    assert_string_equal(pdl_strbuf_str(&out), "kept");
    pdl_strbuf_dispose(&out);
}

int main(void)
{
    struct CMUnitTest tests[100] = {
        cmocka_unit_test(indent_is_that_of_the_place),
        cmocka_unit_test(what_has_no_tokens_is_refused),
    };
    size_t count;
    int failed;

    count = help_add_files("tests/lang/format", ".periph",
                           layout_is_as_expected, tests + 2, 98);
    failed = count ? _cmocka_run_group_tests("dsl_layout", tests, count + 2,
                                             NULL, NULL) : 1;
    help_free_files(tests + 2, count);
    return failed != 0;
}
