/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file of tests/lang/ok: it parses; laid out anew it has the same
 * tokens and comments and an equal tree; printed from the tree it has the same
 * tokens; layout and printing find nothing to change the second time.
 */
#include "tests/unit/dsl_help.h"

static struct pdl_unit *parse_text(struct pdl_session *session,
                                   const char *name,
                                   const struct pdl_strbuf *text)
{
    struct pdl_unit *unit;

    pdl_parse_buffer(session, name, pdl_strbuf_str(text), text->len, &unit);
    help_no_diags(session);
    assert_non_null(unit);
    assert_true(unit->complete);
    return unit;
}

static void check_layout(struct pdl_session *session, struct pdl_unit *unit,
                         const char *path)
{
    struct pdl_strbuf once = PDL_STRBUF_INIT, twice = PDL_STRBUF_INIT;
    struct pdl_unit *again;
    const char *text;
    size_t len;

    text = pdl_source_text(pdl_session_sources(session), unit->file, &len);
    assert_int_equal(pdl_format(text, len, 0, &once), PDL_OK);
    help_same_tokens(text, len, pdl_strbuf_str(&once), once.len, true);
    assert_int_equal(pdl_format(pdl_strbuf_str(&once), once.len, 0, &twice),
                     PDL_OK);
    assert_string_equal(pdl_strbuf_str(&once), pdl_strbuf_str(&twice));
    again = parse_text(session, path, &once);
    assert_true(pdl_unit_equal(unit, again));
    pdl_strbuf_dispose(&once);
    pdl_strbuf_dispose(&twice);
}

static void check_print(struct pdl_session *session, struct pdl_unit *unit,
                        const char *path)
{
    struct pdl_strbuf printed = PDL_STRBUF_INIT, twice = PDL_STRBUF_INIT;
    struct pdl_unit *again;
    const char *text;
    size_t len;

    text = pdl_source_text(pdl_session_sources(session), unit->file, &len);
    assert_int_equal(pdl_print_unit(unit, &printed), PDL_OK);
    help_same_tokens(text, len, pdl_strbuf_str(&printed), printed.len, false);
    again = parse_text(session, path, &printed);
    assert_true(pdl_unit_equal(unit, again));
    assert_int_equal(pdl_format(pdl_strbuf_str(&printed), printed.len, 0,
                                &twice), PDL_OK);
    assert_string_equal(pdl_strbuf_str(&printed), pdl_strbuf_str(&twice));
    pdl_strbuf_dispose(&printed);
    pdl_strbuf_dispose(&twice);
}

/* Each item alone, printed and parsed again as a fragment. */
static void check_items(struct pdl_session *session, struct pdl_unit *unit)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct pdl_unit *piece;
    struct pdl_item *item;

    for (item = unit->items.first; item; item = item->next) {
        if (item->kind == PDL_ITEM_IMPORT) {
            continue;
        }
        pdl_strbuf_clear(&text);
        assert_int_equal(pdl_print_item(item, 1, &text), PDL_OK);
        assert_memory_equal(pdl_strbuf_str(&text), "    ", 4);
        assert_int_equal(pdl_parse_fragment(session, PDL_FRAGMENT_FILE,
                                            "item", pdl_strbuf_str(&text),
                                            text.len, &piece), PDL_OK);
        assert_int_equal(piece->items.count, 1);
        assert_true(pdl_item_equal(item, piece->items.first));
    }
    pdl_strbuf_dispose(&text);
}

/* Every node lies inside the node around it, and notes before bodies. */
static void check_spans(const struct pdl_item *item, struct pdl_span around)
{
    const struct pdl_note *note;
    const struct pdl_body *body;
    const struct pdl_item *child;

    assert_int_equal(item->span.file, around.file);
    assert_true(item->span.begin >= around.begin);
    assert_true(item->span.end <= around.end);
    assert_true(item->span.begin < item->span.end);
    assert_int_equal(item->body_span.end, item->span.end);
    assert_true(item->notes ? item->body_span.begin > item->span.begin
                            : item->body_span.begin == item->span.begin);
    for (note = item->notes; note; note = note->next) {
        assert_true(note->span.begin >= item->span.begin);
        assert_true(note->span.end <= item->body_span.begin);
    }
    body = pdl_item_body((struct pdl_item *)item);
    for (child = body ? body->first : NULL; child; child = child->next) {
        check_spans(child, body->span);
    }
}

static void file_is_good(void **state)
{
    const char *path = *state;
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;
    struct pdl_item *item;

    assert_non_null(session);
    pdl_parse_file(session, path, &unit);
    help_no_diags(session);
    assert_non_null(unit);
    for (item = unit->items.first; item; item = item->next) {
        check_spans(item, unit->items.span);
    }
    check_layout(session, unit, path);
    check_print(session, unit, path);
    check_items(session, unit);
    pdl_session_free(session);
}

int main(void)
{
    struct CMUnitTest tests[200];
    size_t count;
    int failed;

    count = help_add_files("tests/lang/ok", ".periph", file_is_good, tests,
                           200);
    failed = count ? _cmocka_run_group_tests("dsl_ok", tests, count, NULL,
                                             NULL) : 1;
    help_free_files(tests, count);
    return failed != 0;
}
