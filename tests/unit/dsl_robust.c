/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Broken text: cut off anywhere, with bytes changed, made of random tokens,
 * beyond every limit. Nothing crashes or hangs; what can be laid out keeps
 * its tokens, and laying out twice is the same as once.
 */
#include "tests/unit/dsl_help.h"

#include "dsl/bounds.h"
#include "dsl/item.h"

#define FILES 6

static const char *const files[FILES] = {
    "grammar.periph", "../format/comments.periph", "dma.periph", "board.periph",
    "taste.periph", "inferred.periph",
};

/* A fixed sequence, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void sum_all(const struct pdl_sources *sources,
                    const struct pdl_body *body)
{
    const struct pdl_item *item;
    uint32_t sum;

    for (item = body ? body->first : NULL; item; item = item->next) {
        assert_int_equal(pdl_item_sum(sources, item, &sum), PDL_OK);
        sum_all(sources, pdl_item_body((struct pdl_item *)item));
    }
}

/* Everything that a text can go through. */
static void exercise(const char *text, size_t len)
{
    struct pdl_strbuf once = PDL_STRBUF_INIT, twice = PDL_STRBUF_INIT;
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit = NULL;
    int status;

    assert_non_null(session);
    pdl_sources_allow_disk(pdl_session_sources(session), false);
    status = pdl_parse_buffer(session, "t", text, len, &unit);
    assert_true(status == PDL_OK || status == PDL_ERR_SYNTAX);
    assert_int_equal(status == PDL_OK,
                     pdl_diags_errors(pdl_session_diags(session)) == 0);
    if (unit) {
        sum_all(pdl_session_sources(session), &unit->items);
        pdl_print_unit(unit, &once);
    }
    pdl_strbuf_clear(&once);
    pdl_diags_print_text(pdl_session_diags(session),
                         pdl_session_sources(session), true, &once);
    pdl_diags_print_json(pdl_session_diags(session),
                         pdl_session_sources(session), &once);
    pdl_session_free(session);

    pdl_strbuf_clear(&once);
    if (pdl_format(text, len, 0, &once) == PDL_OK) {
        help_same_tokens(text, len, pdl_strbuf_str(&once), once.len, true);
        assert_int_equal(pdl_format(pdl_strbuf_str(&once), once.len, 0,
                                    &twice), PDL_OK);
        assert_string_equal(pdl_strbuf_str(&once), pdl_strbuf_str(&twice));
    }
    pdl_strbuf_dispose(&once);
    pdl_strbuf_dispose(&twice);
}

static char *read_case(int index, size_t *len)
{
    char *path = help_path("tests/lang/ok", files[index]);
    char *text = help_read(path, len);

    free(path);
    return text;
}

static void cut_off_anywhere(void **state)
{
    size_t len, cut;
    int i;

    (void)state;
    for (i = 0; i < FILES; i++) {
        char *text = read_case(i, &len);

        for (cut = 0; cut < len; cut += i < 2 ? 1 : 7) {
            char *piece = malloc(cut + 1);      /* so that ASan sees its end */

            assert_non_null(piece);
            memcpy(piece, text, cut);
            exercise(piece, cut);
            free(piece);
        }
        free(text);
    }
}

static void bytes_changed(void **state)
{
    static const char bytes[] = "{}()[];:,.@=\"'`\\/*<>&|!~-+ \n\t\0\x80"
                                "\xff" "a0_";
    uint32_t seed = 12345;
    size_t len, at;
    int i, round, n;

    (void)state;
    for (i = 0; i < FILES; i++) {
        char *text = read_case(i, &len);

        for (round = 0; round < 400; round++) {
            char *copy = malloc(len);

            assert_non_null(copy);
            memcpy(copy, text, len);
            for (n = 1 + round % 3; n > 0; n--) {
                at = next_random(&seed) % len;
                copy[at] = bytes[next_random(&seed) % (sizeof(bytes) - 1)];
            }
            exercise(copy, len);
            free(copy);
        }
        free(text);
    }
}

static void random_tokens(void **state)
{
    static const char *const words[] = {
        "{", "}", "(", ")", "[", "]", ";", ",", ":", ":=", "=", "@", ".",
        "..", "->", "&", "|", "<", ">", "-", "!", "~", "?", "+=", "<<", "a",
        "reg", "if", "else", "when", "on", "dt", "node", "@inferred", "1",
        "0x10", "5us", "\"s\"", "`q`", "// c\n", "/* c */", "/* c\n */", "\n",
        "\n\n", "ro", "sets", "hold", "after", "device", "periph", "enum",
    };
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    uint32_t seed = 99;
    int round, n;

    (void)state;
    for (round = 0; round < 3000; round++) {
        pdl_strbuf_clear(&text);
        for (n = next_random(&seed) % 60; n >= 0; n--) {
            pdl_strbuf_puts(&text, words[next_random(&seed) %
                                         (sizeof(words) / sizeof(words[0]))]);
            if (next_random(&seed) % 4) {
                pdl_strbuf_putc(&text, ' ');
            }
        }
        exercise(pdl_strbuf_str(&text), text.len);
    }
    pdl_strbuf_dispose(&text);
}

/* Random tokens whose brackets match: nearly all of them are laid out. */
static void random_trees(struct pdl_strbuf *out, uint32_t *seed, int depth)
{
    static const char *const words[] = {
        "a ", "a[1] ", "b [2] ", "reg ", "if (", "else ", "= ", ":= ", "1 ",
        "& ", "- ", "-", "!", ": ", "< ", "> ", ", ", ", ", "; ", "; ", ";\n",
        "\n", "\n\n\n", "// c\n", "/* c */", " /* c\nc */ ", "\n// c\n",
        "@inferred(x, 1) ", "@inferred(x, 1)\n", "\"a string of some length\"",
        "on write a ", "@ ", "..", "->", ".",
    };
    int n = next_random(seed) % 14;

    while (n-- > 0) {
        const char *word = words[next_random(seed) %
                                 (sizeof(words) / sizeof(words[0]))];
        uint32_t kind = next_random(seed) % 12;

        if (depth < 6 && kind < 3) {
            pdl_strbuf_puts(out, kind == 0 ? "{" : kind == 1 ? "{\n" : "(");
            random_trees(out, seed, depth + 1);
            pdl_strbuf_puts(out, kind == 2 ? ") " : "} ");
        } else {
            pdl_strbuf_puts(out, word);
            if (word[strlen(word) - 1] == '(') {
                pdl_strbuf_puts(out, "a) ");
            }
        }
    }
}

static void layout_of_random_trees(void **state)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    uint32_t seed = 4711;
    int round;

    (void)state;
    for (round = 0; round < 6000; round++) {
        pdl_strbuf_clear(&text);
        random_trees(&text, &seed, 0);
        exercise(pdl_strbuf_str(&text), text.len);
    }
    pdl_strbuf_dispose(&text);
}

/* The code of the first diagnostic for `count` times `piece`. */
static enum pdl_code first_code(const char *before, const char *piece,
                                size_t count, const char *after)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pdl_unit *unit;
    enum pdl_code code = PDL_D_COUNT;

    assert_non_null(session);
    pdl_strbuf_puts(&text, before);
    while (count--) {
        pdl_strbuf_puts(&text, piece);
    }
    pdl_strbuf_puts(&text, after);
    pdl_parse_buffer(session, "t", pdl_strbuf_str(&text), text.len, &unit);
    if (pdl_diags_first(pdl_session_diags(session))) {
        code = pdl_diags_first(pdl_session_diags(session))->code;
    }
    pdl_strbuf_dispose(&text);
    pdl_session_free(session);
    return code;
}

static void limits_have_names(void **state)
{
    static const char head[] = "periph 1; const a = ";

    (void)state;
    assert_int_equal(first_code("periph 1;", " ", PDL_MAX_FILE_BYTES, ""),
                     PDL_D_FILE_TOO_BIG);
    assert_int_equal(first_code(head, "(", 1000000, ""),
                     PDL_D_NESTING_TOO_DEEP);
    assert_int_equal(first_code(head, "~", 1000000, "1;"),
                     PDL_D_PARSER_STACK);
    assert_int_equal(first_code(head, "1?2:", 500000, "1;"),
                     PDL_D_PARSER_STACK);
    assert_int_equal(first_code(head, "1?2:", 500, "1;"),
                     PDL_D_EXPRESSION_TOO_DEEP);
    assert_int_equal(first_code(head, "1+", 1000000, "1;"),
                     PDL_D_EXPRESSION_TOO_DEEP);
    assert_int_equal(first_code(head, "x[y[", 30, "1;"), PDL_D_SYNTAX);
    assert_int_equal(first_code("periph 1; device a { ", "if (1) { } else ",
                                100000, "{ } }"), PDL_D_PARSER_STACK);
    assert_int_equal(first_code("periph 1; ", "const a = 1; ", 100000, ""),
                     PDL_D_COUNT);
}

static void a_file_of_errors_ends(void **state)
{
    static const char *const pieces[] = {
        ";", "}", "#", "reg ", "device a { ", "@x ", "\"\\q\" ", "1q ",
        "\xff", "device {} ", "{;", "\n@inferred(",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        assert_int_not_equal(first_code("periph 1; ", pieces[i], 300000, ""),
                             PDL_D_COUNT);
    }
}

static void too_many_files(void **state)
{
    struct pdl_session *session = pdl_session_new();
    const struct pdl_diag *diag;
    struct pdl_unit *unit;
    char name[32];
    int i;

    (void)state;
    for (i = 0; i < (int)PDL_MAX_FILES; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        assert_int_equal(pdl_parse_buffer(session, name, "periph 1;", 9,
                                          &unit), PDL_OK);
    }
    assert_int_equal(pdl_parse_buffer(session, "more", "periph 1;", 9, &unit),
                     PDL_ERR_SYNTAX);
    diag = pdl_diags_first(pdl_session_diags(session));
    assert_non_null(diag);
    assert_int_equal(diag->code, PDL_D_TOO_MANY_FILES);
    pdl_session_free(session);
}

/* Two sessions side by side, and one session for two texts. */
static void the_parser_is_used_twice(void **state)
{
    static const char good[] = "periph 1; device a { size: 1; }";
    static const char bad[] = "periph 1; device b { size 1; }";
    struct pdl_session *one = pdl_session_new(), *two = pdl_session_new();
    struct pdl_unit *a, *b, *c;

    (void)state;
    assert_int_equal(pdl_parse_buffer(one, "x", bad, sizeof(bad) - 1, &b),
                     PDL_ERR_SYNTAX);
    assert_int_equal(pdl_parse_buffer(two, "x", good, sizeof(good) - 1, &a),
                     PDL_OK);
    assert_int_equal(pdl_parse_buffer(one, "y", good, sizeof(good) - 1, &c),
                     PDL_OK);
    assert_true(a->complete && c->complete && !b->complete);
    assert_true(pdl_unit_equal(a, c));
    assert_false(pdl_unit_equal(a, b));
    assert_int_equal(b->items.count, 1);
    assert_ptr_equal(pdl_session_units(one), b);
    assert_ptr_equal(b->next, c);
    assert_int_equal(pdl_diags_errors(pdl_session_diags(two)), 0);
    pdl_session_free(one);
    pdl_session_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_off_anywhere),
        cmocka_unit_test(bytes_changed),
        cmocka_unit_test(random_tokens),
        cmocka_unit_test(layout_of_random_trees),
        cmocka_unit_test(limits_have_names),
        cmocka_unit_test(a_file_of_errors_ends),
        cmocka_unit_test(too_many_files),
        cmocka_unit_test(the_parser_is_used_twice),
    };

    return cmocka_run_group_tests_name("dsl_robust", tests, NULL, NULL) != 0;
}
