/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file of tests/lang/err gives exactly the diagnostics that it says
 * itself, in it and in the files it imports: on the line, `error: CODE ...`
 * in a comment; where no comment can stand, `error-below: CODE ...` on the
 * line before.
 */
#include "tests/unit/dsl_help.h"

/* "line code" in sorted lines, of what is expected and of what came. */
struct lists {
    struct pdl_strbuf expected;
    struct pdl_strbuf found;
};

static void add_codes(struct lists *lists, uint32_t file, unsigned line,
                      const char *codes)
{
    while (*codes == ' ' || *codes == 'E' || *codes == 'W') {
        size_t len;

        codes += strspn(codes, " ");
        len = strspn(codes, "EW0123456789");
        if (len) {
            pdl_strbuf_printf(&lists->expected, "%u:%u %.*s\n", file, line,
                              (int)len, codes);
        }
        codes += len;
    }
}

static void read_expected(struct lists *lists, uint32_t file,
                          const char *text)
{
    static const char on[] = "error:", below[] = "error-below:";
    unsigned line = 1;
    const char *mark;

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n',
         line++) {
        size_t len = strcspn(text, "\n");

        mark = memmem(text, len, on, sizeof(on) - 1);
        if (mark) {
            add_codes(lists, file, line, mark + sizeof(on) - 1);
        }
        mark = memmem(text, len, below, sizeof(below) - 1);
        if (mark) {
            add_codes(lists, file, line + 1, mark + sizeof(below) - 1);
        }
    }
}

static void read_found(struct lists *lists, struct pdl_session *session)
{
    const struct pdl_diag *diag;
    struct pdl_location loc;

    for (diag = pdl_diags_first(pdl_session_diags(session)); diag;
         diag = diag->next) {
        assert_int_equal(pdl_source_locate(pdl_session_sources(session),
                                           diag->span.file, diag->span.begin,
                                           &loc), PDL_OK);
        pdl_strbuf_printf(&lists->found, "%u:%u %s\n", diag->span.file,
                          loc.line, pdl_code_id(diag->code));
    }
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the lines of a text. */
static void sort_lines(struct pdl_strbuf *text)
{
    char *lines[500], *line, *copy = pdl_strbuf_take(text), *rest = NULL;
    size_t count = 0, i;

    assert_non_null(copy);
    for (line = strtok_r(copy, "\n", &rest); line && count < 500;
         line = strtok_r(NULL, "\n", &rest)) {
        lines[count++] = line;
    }
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    for (i = 0; i < count; i++) {
        pdl_strbuf_printf(text, "%s\n", lines[i]);
    }
    free(copy);
}

/* The text of a file with errors keeps its tokens when it can be laid out. */
static void check_layout(const char *text, size_t len)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    if (pdl_format(text, len, 0, &out) == PDL_OK) {
        help_same_tokens(text, len, pdl_strbuf_str(&out), out.len, true);
    }
    pdl_strbuf_dispose(&out);
}

static void file_says_its_errors(void **state)
{
    struct pdl_session *session = pdl_session_new();
    struct lists lists = { PDL_STRBUF_INIT, PDL_STRBUF_INIT };
    struct pdl_sources *sources;
    struct pdl_unit *unit;
    uint32_t file;

    assert_non_null(session);
    assert_int_equal(pdl_parse_file(session, *state, &unit), PDL_ERR_SYNTAX);
    assert_non_null(unit);
    sources = pdl_session_sources(session);
    for (file = 1; file <= pdl_sources_count(sources); file++) {
        size_t len;
        const char *text = pdl_source_text(sources, file, &len);

        read_expected(&lists, file, text);
        check_layout(text, len);
    }
    read_found(&lists, session);
    sort_lines(&lists.expected);
    sort_lines(&lists.found);
    assert_string_equal(pdl_strbuf_str(&lists.found),
                        pdl_strbuf_str(&lists.expected));
    assert_true(lists.expected.len > 0);
    pdl_strbuf_dispose(&lists.expected);
    pdl_strbuf_dispose(&lists.found);
    pdl_session_free(session);
}

int main(void)
{
    struct CMUnitTest tests[200];
    size_t count;
    int failed;

    count = help_add_files("tests/lang/err", ".periph", file_says_its_errors,
                           tests, 200);
    failed = count ? _cmocka_run_group_tests("dsl_err", tests, count, NULL,
                                             NULL) : 1;
    help_free_files(tests, count);
    return failed != 0;
}
