/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics as text and JSON, sources and imports, names and strings. */
#include "tests/unit/dsl_help.h"

#include "dsl/ast.h"
#include "dsl/bounds.h"

/* ---- diagnostics ---- */

static struct pdl_session *session_with(const char *name, const char *text)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;

    assert_non_null(session);
    pdl_sources_allow_disk(pdl_session_sources(session), false);
    pdl_parse_buffer(session, name, text, strlen(text), &unit);
    return session;
}

static void check_text(const char *text, const char *expected)
{
    struct pdl_session *session = session_with("a.periph", text);
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    pdl_diags_print_text(pdl_session_diags(session),
                         pdl_session_sources(session), false, &out);
    assert_string_equal(pdl_strbuf_str(&out), expected);
    pdl_strbuf_dispose(&out);
    pdl_session_free(session);
}

static void text_shows_line_and_carets(void **state)
{
    (void)state;
    check_text("periph 1;\ndevice a {\n    reg A @ 10q;\n}\n",
               "a.periph:3:13: error[E0010]: unknown suffix or unit in "
               "'10q'\n"
               "        reg A @ 10q;\n"
               "                ^~~\n");
}

static void tabs_and_wide_characters_keep_the_carets_in_place(void **state)
{
    (void)state;
    check_text("periph 1;\r\ndevice a \"中文é\"\t 5 { }\r\n",
               "a.periph:2:17: error[E0012]: unexpected '5', expected '{'\n"
               "    device a \"中文é\"  5 { }\n"
               "                      ^\n");
}

static void a_fix_and_a_note_are_shown(void **state)
{
    (void)state;
    check_text("periph 1;\ndevice a {\n    size: 1\n    width: 2;\n",
               "a.periph:2:10: error[E0013]: '{' is never closed\n"
               "    device a {\n"
               "             ^\n"
               "a.periph:5:1: note: the file ends here\n"
               "    \n"
               "    ^\n"
               "a.periph:3:11: error[E0012]: expected ';' behind '1'\n"
               "        size: 1\n"
               "              ^\n"
               "    fix: insert ;\n");
}

static void habits_of_other_languages_get_a_hint(void **state)
{
    (void)state;
    check_text("periph 1;\ndevice a { reg A @ 0 { F [7:0]; } }\n",
               "a.periph:2:28: error[E0012]: unexpected ':', expected '..', "
               "']' or an operator\n"
               "    device a { reg A @ 0 { F [7:0]; } }\n"
               "                               ^\n"
               "note: a range of bits is written [low..high]\n");
}

static void a_terminal_gets_no_control_characters(void **state)
{
    struct pdl_session *session =
        session_with("x", "periph 1; const \x1b[31m = 1; // \x9b \xc2\x9b\n");
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    (void)state;
    pdl_diags_print_text(pdl_session_diags(session),
                         pdl_session_sources(session), false, &out);
    assert_true(out.len > 0);
    assert_null(strchr(pdl_strbuf_str(&out), '\x1b'));
    assert_null(strchr(pdl_strbuf_str(&out), '\x9b'));
    pdl_strbuf_clear(&out);
    pdl_diags_print_text(pdl_session_diags(session),
                         pdl_session_sources(session), true, &out);
    assert_non_null(strstr(pdl_strbuf_str(&out), "\x1b[1;31merror"));
    pdl_strbuf_dispose(&out);
    pdl_session_free(session);
}

static void long_lines_are_cut(void **state)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT, out = PDL_STRBUF_INIT;
    struct pdl_session *session;
    const char *line;

    (void)state;
    pdl_strbuf_puts(&text, "periph 1; /*");
    pdl_strbuf_fill(&text, 'x', 5000);
    pdl_strbuf_puts(&text, "*/ # /*");
    pdl_strbuf_fill(&text, 'x', 5000);
    pdl_strbuf_puts(&text, "*/");
    session = session_with("x", pdl_strbuf_str(&text));
    pdl_diags_print_text(pdl_session_diags(session),
                         pdl_session_sources(session), false, &out);
    line = strchr(pdl_strbuf_str(&out), '\n');
    assert_non_null(line);
    assert_true(strcspn(line + 1, "\n") < 200);
    assert_non_null(strchr(line, '#'));
    pdl_strbuf_dispose(&text);
    pdl_strbuf_dispose(&out);
    pdl_session_free(session);
}

static void json_has_places_and_fixes(void **state)
{
    struct pdl_session *session =
        session_with("a\"b", "periph 1;\ndevice a {\n    size: 1\n"
                     "    width: 2;\n}\n");
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    (void)state;
    pdl_diags_print_json(pdl_session_diags(session),
                         pdl_session_sources(session), &out);
    assert_string_equal(pdl_strbuf_str(&out),
        "[\n{\"code\": \"E0012\", \"name\": \"syntax\", "
        "\"severity\": \"error\", \"file\": \"a\\\"b\", \"line\": 3, "
        "\"column\": 11, \"end_line\": 3, \"end_column\": 12, \"begin\": 31, "
        "\"end\": 32, \"message\": \"expected ';' behind '1'\", "
        "\"notes\": [], \"fix\": {\"file\": \"a\\\"b\", \"line\": 3, "
        "\"column\": 12, \"end_line\": 3, \"end_column\": 12, \"begin\": 32, "
        "\"end\": 32, \"text\": \";\"}}\n]\n");
    pdl_diags_clear(pdl_session_diags(session));
    pdl_strbuf_clear(&out);
    pdl_diags_print_json(pdl_session_diags(session),
                         pdl_session_sources(session), &out);
    assert_string_equal(pdl_strbuf_str(&out), "[\n]\n");
    pdl_strbuf_dispose(&out);
    pdl_session_free(session);
}

static void codes_have_names_and_switches(void **state)
{
    struct pdl_diags *diags = pdl_diags_new();
    struct pdl_strbuf name = PDL_STRBUF_INIT;
    struct pdl_span nowhere = { 0, 0, 0 };
    int code;

    (void)state;
    for (code = 0; code < PDL_D_COUNT; code++) {
        pdl_strbuf_clear(&name);
        pdl_code_name(code, &name);
        assert_int_equal(pdl_code_find(pdl_strbuf_str(&name)), code);
        assert_int_equal(pdl_code_find(pdl_code_id(code)), code);
        assert_true(strlen(pdl_code_explanation(code)) > 10);
    }
    assert_int_equal(pdl_code_find("no-such-code"), PDL_D_COUNT);
    assert_int_equal(pdl_code_find(""), PDL_D_COUNT);
    assert_int_equal(pdl_code_severity(PDL_D_SYNTAX), PDL_ERROR);

    pdl_diags_set_severity(diags, PDL_D_SYNTAX, PDL_WARNING);
    assert_non_null(pdl_diag_add(diags, PDL_D_SYNTAX, nowhere, "x"));
    pdl_diags_set_severity(diags, PDL_D_SYNTAX, PDL_IGNORE);
    assert_null(pdl_diag_add(diags, PDL_D_SYNTAX, nowhere, "x"));
    pdl_diag_note(NULL, nowhere, "no harm");
    pdl_diag_fix(NULL, nowhere, "no harm");
    assert_int_equal(pdl_diags_errors(diags), 0);
    assert_int_equal(pdl_diags_warnings(diags), 1);
    pdl_strbuf_dispose(&name);
    pdl_diags_free(diags);
}

static void too_many_diagnostics_are_counted(void **state)
{
    struct pdl_diags *diags = pdl_diags_new();
    struct pdl_span span = { 0, 0, 0 };
    unsigned i;

    (void)state;
    for (i = 0; i < PDL_MAX_DIAGS + 5; i++) {
        pdl_diag_add(diags, PDL_D_SYNTAX, span, "x");
    }
    assert_int_equal(pdl_diags_errors(diags), PDL_MAX_DIAGS + 5);
    assert_int_equal(pdl_diags_dropped(diags), 5);
    pdl_diags_free(diags);
}

/* ---- sources ---- */

static void lines_and_columns(void **state)
{
    static const char text[] = "a\n\nb中c\r\nd";
    struct pdl_sources *sources = pdl_sources_new();
    struct pdl_location loc;
    uint32_t file;

    (void)state;
    assert_int_equal(pdl_sources_add_memory(sources, "./x/../n", text,
                                            sizeof(text) - 1, &file), PDL_OK);
    assert_string_equal(pdl_source_name(sources, file), "n");
    assert_int_equal(pdl_source_locate(sources, file, 0, &loc), PDL_OK);
    assert_true(loc.line == 1 && loc.column == 1 && loc.line_end == 1);
    pdl_source_locate(sources, file, 2, &loc);
    assert_true(loc.line == 2 && loc.column == 1 && loc.line_end == 2);
    pdl_source_locate(sources, file, 7, &loc);
    assert_true(loc.line == 3 && loc.column == 3 && loc.line_end == 8);
    pdl_source_locate(sources, file, 1000, &loc);
    assert_true(loc.line == 4 && loc.column == 2);
    assert_int_equal(pdl_source_locate(sources, file + 1, 0, &loc),
                     PDL_ERR_NOT_FOUND);
    assert_int_equal(pdl_source_locate(sources, 0, 0, &loc),
                     PDL_ERR_NOT_FOUND);
    pdl_sources_free(sources);
}

static void add(struct pdl_session *session, const char *name,
                const char *text)
{
    uint32_t file;

    assert_int_equal(pdl_sources_add_memory(pdl_session_sources(session),
                                            name, text, strlen(text), &file),
                     PDL_OK);
}

/* a imports b and c, both import d: four units, imported ones first. */
static void imports_are_read_once_and_in_order(void **state)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;
    const char *order[8] = { NULL };
    int count = 0;

    (void)state;
    pdl_sources_allow_disk(pdl_session_sources(session), false);
    pdl_sources_add_path(pdl_session_sources(session), "lib");
    add(session, "x/a", "periph 1; import \"b\"; import \"../x/c\";");
    add(session, "x/b", "periph 1; import \"d\";");
    add(session, "x/c", "periph 1; import \"./d\";");
    add(session, "lib/d", "periph 1; device d { }");
    assert_int_equal(pdl_parse_file(session, "x/a", &unit), PDL_OK);
    for (unit = pdl_session_units(session); unit; unit = unit->next) {
        order[count++] = pdl_source_name(pdl_session_sources(session),
                                         unit->file);
    }
    assert_int_equal(count, 4);
    assert_string_equal(order[0], "lib/d");
    assert_string_equal(order[1], "x/b");
    assert_string_equal(order[2], "x/c");
    assert_string_equal(order[3], "x/a");
    unit = pdl_session_units(session)->next->next->next;
    assert_ptr_equal(unit->items.first->u.import.unit,
                     pdl_session_units(session)->next);
    assert_int_equal(pdl_parse_file(session, "x/../x/a", &unit), PDL_OK);
    assert_string_equal(pdl_source_name(pdl_session_sources(session),
                                        unit->file), "x/a");
    pdl_session_free(session);
}

static void untrusted_text_reads_no_files(void **state)
{
    struct pdl_session *session =
        session_with("t", "periph 1; import \"/etc/passwd\"; "
                     "import \"../../../../../../etc/passwd\";");
    const struct pdl_diag *diag = pdl_diags_first(pdl_session_diags(session));

    (void)state;
    assert_int_equal(pdl_diags_errors(pdl_session_diags(session)), 2);
    assert_int_equal(diag->code, PDL_D_IMPORT_NOT_FOUND);
    assert_int_equal(diag->next->code, PDL_D_IMPORT_NOT_FOUND);
    pdl_session_free(session);
}

static void an_import_is_a_plain_file(void **state)
{
    static const char text[] = "periph 1; import \"/dev/zero\";";
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;

    (void)state;
    assert_int_equal(pdl_parse_buffer(session, "t", text, strlen(text),
                                      &unit), PDL_ERR_SYNTAX);
    assert_int_equal(pdl_diags_first(pdl_session_diags(session))->code,
                     PDL_D_FILE_UNREADABLE);
    pdl_session_free(session);
}

static void a_missing_file_is_a_diagnostic(void **state)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;

    (void)state;
    assert_int_equal(pdl_parse_file(session, "no/such/file", &unit),
                     PDL_ERR_SYNTAX);
    assert_null(unit);
    assert_int_equal(pdl_diags_errors(pdl_session_diags(session)), 1);
    pdl_session_free(session);
}

/* ---- printing ---- */

static void check_name(const char *name, const char *expected)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    pdl_print_name(name, &out);
    assert_string_equal(pdl_strbuf_str(&out), expected);
    pdl_strbuf_dispose(&out);
}

static void names_are_quoted_when_needed(void **state)
{
    (void)state;
    check_name("a_1", "a_1");
    check_name("reg", "reg");
    check_name("if", "`if`");
    check_name("hold", "`hold`");
    check_name("8bit", "`8bit`");
    check_name("a b", "`a b`");
    check_name("中", "`中`");
}

/* Whatever bytes go into a string, a string that parses comes out. */
static void any_bytes_make_a_string(void **state)
{
    static const char nasty[] = "a\0\xff\"\\\n\t\x01\x7f\xe4\xb8\xad\xe4\xb8";
    struct pdl_strbuf out = PDL_STRBUF_INIT, many = PDL_STRBUF_INIT;
    struct pdl_tokens tokens = PDL_TOKENS_INIT;

    (void)state;
    pdl_print_string(nasty, sizeof(nasty) - 1, &out);
    assert_string_equal(pdl_strbuf_str(&out),
                        "\"a\xef\xbf\xbd\xef\xbf\xbd\\\"\\\\\\n\\t\\x01\\x7f"
                        "\xe4\xb8\xad\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_int_equal(pdl_scan(pdl_strbuf_str(&out), out.len, 0, NULL,
                              &tokens), PDL_OK);
    assert_int_equal(tokens.count, 1);
    pdl_tokens_dispose(&tokens);

    pdl_strbuf_fill(&many, '\xff', 10000);
    pdl_strbuf_clear(&out);
    pdl_print_string(pdl_strbuf_str(&many), many.len, &out);
    assert_int_equal(pdl_scan(pdl_strbuf_str(&out), out.len, 0, NULL,
                              &tokens), PDL_OK);
    assert_true(out.len > PDL_MAX_STRING_BYTES - 3);
    pdl_tokens_dispose(&tokens);
    pdl_strbuf_dispose(&out);
    pdl_strbuf_dispose(&many);
}

/* What is printed of an expression says the same; see the parentheses. */
static void check_expr(const char *text, const char *expected)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pdl_expr *expr, *again;

    assert_int_equal(pdl_parse_expr(session, "e", text, strlen(text), &expr),
                     PDL_OK);
    assert_int_equal(pdl_print_expr(expr, &out), PDL_OK);
    assert_string_equal(pdl_strbuf_str(&out), expected);
    assert_int_equal(pdl_parse_expr(session, "f", pdl_strbuf_str(&out),
                                    out.len, &again), PDL_OK);
    assert_true(pdl_expr_equal(expr, again));
    pdl_strbuf_dispose(&out);
    pdl_session_free(session);
}

static void operators_bind_as_specified(void **state)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_expr *expr;

    (void)state;
    pdl_parse_expr(session, "e", "a & b != c | d", 14, &expr);
    assert_int_equal(expr->u.op.op, PDL_OP_NE);
    assert_int_equal(expr->u.op.a->u.op.op, PDL_OP_AND);
    assert_int_equal(expr->u.op.b->u.op.op, PDL_OP_OR);
    pdl_parse_expr(session, "e", "a?b:c?d:e", 9, &expr);
    assert_int_equal(expr->u.cond.no->kind, PDL_EXPR_COND);
    pdl_parse_expr(session, "e", "1-2-3", 5, &expr);
    assert_int_equal(expr->u.op.a->kind, PDL_EXPR_BINARY);
    pdl_parse_expr(session, "e", "1|2^3&4<<5+6*7", 14, &expr);
    assert_int_equal(expr->u.op.op, PDL_OP_OR);
    assert_int_equal(expr->u.op.b->u.op.op, PDL_OP_XOR);
    help_no_diags(session);
    pdl_session_free(session);
    check_expr("a&b|(c)+-1<<2", "a & b | (c) + -1 << 2");
    check_expr("!~-a.b[1].c[2..3]", "!~-a.b[1].c[2..3]");
    check_expr("f(x,y=1)?1:2", "f(x, y = 1) ? 1 : 2");
}

static void built_trees_get_their_parentheses(void **state)
{
    struct pdl_arena *arena = pdl_arena_new();
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pdl_expr *a = pdl_expr_ref(arena, "a");
    struct pdl_expr *b = pdl_expr_ref(arena, "b");
    struct pdl_expr *sum = pdl_expr_binary(arena, PDL_OP_SUB, a, b);
    struct pdl_expr *lt = pdl_expr_binary(arena, PDL_OP_LT, a, b);

    (void)state;
    pdl_print_expr(pdl_expr_binary(arena, PDL_OP_SUB, a, sum), &out);
    pdl_strbuf_putc(&out, '\n');
    pdl_print_expr(pdl_expr_binary(arena, PDL_OP_SUB, sum, a), &out);
    pdl_strbuf_putc(&out, '\n');
    pdl_print_expr(pdl_expr_binary(arena, PDL_OP_EQ, lt, lt), &out);
    pdl_strbuf_putc(&out, '\n');
    pdl_print_expr(pdl_expr_unary(arena, PDL_OP_NEG, sum), &out);
    assert_string_equal(pdl_strbuf_str(&out),
                        "a - (a - b)\na - b - a\n(a < b) == (a < b)\n"
                        "-(a - b)");
    pdl_strbuf_clear(&out);
    pdl_print_expr(pdl_expr_number(arena, 5, 2), &out);
    pdl_print_expr(pdl_expr_number(arena, 255, 16), &out);
    pdl_print_expr(pdl_expr_string(arena, "a\"\\\n\x01"), &out);
    assert_string_equal(pdl_strbuf_str(&out), "0b1010xff\"a\\\"\\\\\\n\\x01\"");
    assert_null(pdl_expr_unary(arena, PDL_OP_NEG, NULL));
    pdl_strbuf_dispose(&out);
    pdl_arena_free(arena);
}

static void trees_that_cannot_be_written_are_refused(void **state)
{
    struct pdl_arena *arena = pdl_arena_new();
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct pdl_item *reg = pdl_item_new(arena, PDL_ITEM_REG, "r");
    struct pdl_expr *deep = pdl_expr_ref(arena, "a");
    unsigned i;

    (void)state;
    assert_int_equal(pdl_print_item(reg, 0, &out), PDL_ERR_INVALID);
    reg->u.reg.offset = pdl_expr_number(arena, 0, 16);
    assert_int_equal(pdl_print_item(reg, 0, &out), PDL_OK);
    reg->name.text = "a`b";
    assert_int_equal(pdl_print_item(reg, 0, &out), PDL_ERR_INVALID);
    reg->name.text = "a\nb";
    assert_int_equal(pdl_print_item(reg, 0, &out), PDL_ERR_INVALID);
    for (i = 0; i < PDL_MAX_EXPR_DEPTH; i++) {
        deep = pdl_expr_unary(arena, PDL_OP_NOT, deep);
    }
    assert_int_equal(pdl_print_expr(deep, &out), PDL_ERR_INVALID);
    assert_string_equal(pdl_strbuf_str(&out), "reg r @ 0x0;\n");
    pdl_strbuf_dispose(&out);
    pdl_arena_free(arena);
}

static void quantities_are_scaled(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
        enum pdl_unit_kind unit;
    } cases[] = {
        { "0", 0, PDL_UNIT_NONE }, { "128K", 131072, PDL_UNIT_NONE },
        { "2G", 1ull << 31, PDL_UNIT_NONE }, { "0b1010_1", 21, PDL_UNIT_NONE },
        { "0xFFFF_ffff", 0xffffffff, PDL_UNIT_NONE },
        { "18446744073709551615", UINT64_MAX, PDL_UNIT_NONE },
        { "100us", 100000, PDL_UNIT_NS }, { "7ns", 7, PDL_UNIT_NS },
        { "20ms", 20000000, PDL_UNIT_NS }, { "2s", 2000000000, PDL_UNIT_NS },
        { "72MHz", 72000000, PDL_UNIT_HZ }, { "1Hz", 1, PDL_UNIT_HZ },
        { "32kHz", 32000, PDL_UNIT_HZ }, { "1GHz", 1000000000, PDL_UNIT_HZ },
        { "2reads", 2, PDL_UNIT_READS }, { "0x2M", 0x200000, PDL_UNIT_NONE },
    };
    struct pdl_number number;
    enum pdl_code code;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(pdl_number_decode(cases[i].text, strlen(cases[i].text),
                                      &number, &code));
        assert_true(number.value == cases[i].value);
        assert_int_equal(number.unit, cases[i].unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_shows_line_and_carets),
        cmocka_unit_test(tabs_and_wide_characters_keep_the_carets_in_place),
        cmocka_unit_test(a_fix_and_a_note_are_shown),
        cmocka_unit_test(habits_of_other_languages_get_a_hint),
        cmocka_unit_test(a_terminal_gets_no_control_characters),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(json_has_places_and_fixes),
        cmocka_unit_test(codes_have_names_and_switches),
        cmocka_unit_test(too_many_diagnostics_are_counted),
        cmocka_unit_test(lines_and_columns),
        cmocka_unit_test(imports_are_read_once_and_in_order),
        cmocka_unit_test(untrusted_text_reads_no_files),
        cmocka_unit_test(an_import_is_a_plain_file),
        cmocka_unit_test(a_missing_file_is_a_diagnostic),
        cmocka_unit_test(names_are_quoted_when_needed),
        cmocka_unit_test(any_bytes_make_a_string),
        cmocka_unit_test(operators_bind_as_specified),
        cmocka_unit_test(built_trees_get_their_parentheses),
        cmocka_unit_test(trees_that_cannot_be_written_are_refused),
        cmocka_unit_test(quantities_are_scaled),
    };

    return cmocka_run_group_tests_name("dsl_text", tests, NULL, NULL) != 0;
}
