/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of items: what changes them, what does not, and sealing. */
#include "tests/unit/dsl_help.h"

#include "dsl/item.h"

static const char device[] =
    "@inferred(rules, 60)\n"
    "device d {\n"
    "    size: 0x400; // bytes\n"
    "    @inferred(rules, 30) reg r0 @ 0 { a [0]; @inferred(ai, 9) b [1]; }\n"
    "    reg mine @ 4;\n"
    "}\n";

/* Parses a text of one item; sum of the item reached by child indices. */
static uint32_t sum_of(const char *text, const char *path)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;
    struct pdl_item *item;
    uint32_t sum;

    assert_non_null(session);
    pdl_parse_fragment(session, PDL_FRAGMENT_FILE, "t", text, strlen(text),
                       &unit);
    help_no_diags(session);
    item = unit->items.first;
    for (; *path; path++) {
        int n = *path - '0';

        item = pdl_item_body(item)->first;
        while (n--) {
            item = item->next;
        }
    }
    assert_int_equal(pdl_item_sum(pdl_session_sources(session), item, &sum),
                     PDL_OK);
    pdl_session_free(session);
    return sum;
}

/* device[] with `from` replaced by `to`, malloc'ed. */
static char *edited(const char *from, const char *to)
{
    const char *at = strstr(device, from);
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    assert_non_null(at);
    pdl_strbuf_add(&out, device, (size_t)(at - device));
    pdl_strbuf_puts(&out, to);
    pdl_strbuf_puts(&out, at + strlen(from));
    return pdl_strbuf_take(&out);
}

/* Does the edit change the sums of the device, of r0, and of b? */
static void check_edit(const char *from, const char *to, bool d, bool r0,
                       bool b)
{
    char *text = edited(from, to);

    assert_int_equal(sum_of(text, "") != sum_of(device, ""), d);
    assert_int_equal(sum_of(text, "1") != sum_of(device, "1"), r0);
    assert_int_equal(sum_of(text, "11") != sum_of(device, "11"), b);
    free(text);
}

static void white_space_changes_nothing(void **state)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    (void)state;
    check_edit("size: 0x400;", "size :\n\n\t0x400 ;", false, false, false);
    check_edit("bytes\n", "bytes  \r\n", false, false, false);
    assert_int_equal(pdl_format(device, strlen(device), 3, &out), PDL_OK);
    assert_int_equal(sum_of(pdl_strbuf_str(&out), ""), sum_of(device, ""));
    assert_int_equal(sum_of(pdl_strbuf_str(&out), "1"), sum_of(device, "1"));
    pdl_strbuf_dispose(&out);
}

static void own_note_changes_nothing(void **state)
{
    (void)state;
    check_edit("@inferred(rules, 60)", "@inferred(ai, 61, \"x\", sum = 1)",
               false, false, false);
    check_edit("@inferred(rules, 30)", "@inferred(rules, 31)", false, false,
               false);
    check_edit("@inferred(ai, 9)", "@inferred(ai, 10)", false, false, false);
}

static void an_edit_counts_where_it_is(void **state)
{
    (void)state;
    check_edit("0x400", "0x401", true, false, false);
    check_edit("// bytes", "// words", true, false, false);
    check_edit("a [0]", "a [2]", false, true, false);
    check_edit("b [1]", "b [2]", false, false, true);
    check_edit("mine @ 4", "mine @ 8", true, false, false);
    check_edit("reg mine @ 4;", "", true, false, false);
    check_edit("a [0];", "a [0]; /* mine */", false, true, false);
    check_edit("size: 0x400;", "@waive(x) size: 0x400;", true, false, false);
    check_edit("@inferred(rules, 30) reg", "@inferred(rules, 30) "
               "@waive(x) reg", false, true, false);
}

static void nested_inferred_items_do_not_count(void **state)
{
    (void)state;
    check_edit("reg mine", "@inferred(rules, 1) reg more @ 8; reg mine",
               false, false, false);
    check_edit("a [0];", "a [0]; @inferred(ai, 1) c [2];", false, false,
               true /* another item stands there now */);
    /* an item of a person's does */
    check_edit("reg mine", "reg more @ 8; reg mine", true, false, false);
}

static bool is_machines(const char *text)
{
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;
    bool result;

    assert_non_null(session);
    pdl_parse_fragment(session, PDL_FRAGMENT_FILE, "t", text, strlen(text),
                       &unit);
    help_no_diags(session);
    result = pdl_item_is_machines(pdl_session_sources(session),
                                  unit->items.first);
    pdl_session_free(session);
    return result;
}

static void sealing_claims_items(void **state)
{
    struct pdl_strbuf once = PDL_STRBUF_INIT, twice = PDL_STRBUF_INIT;
    char *copy, *at;

    (void)state;
    assert_false(is_machines(device));
    assert_false(is_machines("device d { }"));
    assert_false(is_machines("@inferred(rules, 1, sum = 1) device d { }"));
    assert_int_equal(pdl_seal(PDL_FRAGMENT_FILE, device, strlen(device), 0,
                              &once), PDL_OK);
    assert_true(is_machines(pdl_strbuf_str(&once)));
    assert_int_equal(pdl_seal(PDL_FRAGMENT_FILE, pdl_strbuf_str(&once),
                              once.len, 0, &twice), PDL_OK);
    assert_string_equal(pdl_strbuf_str(&once), pdl_strbuf_str(&twice));

    copy = pdl_strbuf_take(&once);
    at = strstr(copy, "0x400");
    at[4] = '4';
    assert_false(is_machines(copy));
    free(copy);
    pdl_strbuf_dispose(&twice);
}

static void sealing_goes_into_bodies(void **state)
{
    static const char text[] =
        "if (1) { @inferred(a, 1) reg x @ 0; }"
        " else if (2) { @inferred(a, 1) reg y @ 0; }"
        " else { group g @ 0 { @inferred(a, 1, \"s\", sum = 0) reg z @ 0; } }";
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    const char *at;
    int count = 0;

    (void)state;
    assert_int_equal(pdl_seal(PDL_FRAGMENT_BODY, text, strlen(text), 0,
                              &out), PDL_OK);
    for (at = pdl_strbuf_str(&out); (at = strstr(at, "sum = 0x")) != NULL;
         at++) {
        count++;
    }
    assert_int_equal(count, 3);
    pdl_strbuf_clear(&out);
    assert_int_equal(pdl_seal(PDL_FRAGMENT_BODY, "reg", 3, 0, &out),
                     PDL_ERR_SYNTAX);
    assert_int_equal(out.len, 0);
    pdl_strbuf_dispose(&out);
}

static void notes_are_read(void **state)
{
    static const char text[] =
        "@waive(x) @inferred(rules, 88, \"why\", sum = 0x12) reg r @ 0;";
    struct pdl_session *session = pdl_session_new();
    struct pdl_inferred inferred;
    struct pdl_unit *unit;

    (void)state;
    pdl_parse_fragment(session, PDL_FRAGMENT_BODY, "t", text, strlen(text),
                       &unit);
    help_no_diags(session);
    assert_true(pdl_item_inferred(unit->items.first, &inferred));
    assert_string_equal(inferred.by, "rules");
    assert_int_equal(inferred.confidence, 88);
    assert_string_equal(inferred.evidence, "why");
    assert_true(inferred.has_sum);
    assert_int_equal(inferred.sum, 0x12);
    assert_non_null(pdl_item_note(unit->items.first, PDL_NOTE_WAIVE));
    assert_null(pdl_item_note(unit->items.first, PDL_NOTE_IMPORTED));
    pdl_session_free(session);
}

/* The way of inference: a tree by program, text, seal, the machine's. */
static void built_items_are_sealed(void **state)
{
    struct pdl_arena *arena = pdl_arena_new();
    struct pdl_item *dev = pdl_item_new(arena, PDL_ITEM_DEVICE, "d");
    struct pdl_item *reg = pdl_item_new(arena, PDL_ITEM_REG, "r0");
    struct pdl_item *field = pdl_item_new(arena, PDL_ITEM_FIELD, "hold");
    struct pdl_strbuf text = PDL_STRBUF_INIT, out = PDL_STRBUF_INIT;
    uint32_t sum;

    (void)state;
    reg->u.reg.offset = pdl_expr_number(arena, 0x10, 16);
    reg->notes = pdl_note_inferred(arena, "rules", 70, "a \"reason\"");
    pdl_item_add_attr(reg, pdl_attr_policy(arena, PDL_POLICY_RO));
    pdl_item_add_attr(reg, pdl_attr_expr(arena, PDL_ATTR_WHEN,
        pdl_expr_unary(arena, PDL_OP_LNOT, pdl_expr_binary(arena, PDL_OP_AND,
            pdl_expr_ref(arena, "a.b"), pdl_expr_number(arena, 5, 2)))));
    field->u.field.bits.first = pdl_expr_number(arena, 3, 10);
    pdl_item_add_attr(field, pdl_attr_verb(arena, PDL_VERB_POPS,
                                           pdl_ref_new(arena, "rx")));
    pdl_body_add(&reg->u.reg.body, field);
    pdl_body_add(&dev->u.typed.body, reg);
    dev->notes = pdl_note_inferred(arena, "rules", 60, NULL);
    assert_int_equal(pdl_item_sum(NULL, dev, &sum), PDL_ERR_NOT_FOUND);
    assert_int_equal(pdl_print_item(dev, 0, &text), PDL_OK);
    assert_string_equal(pdl_strbuf_str(&text),
        "@inferred(rules, 60)\n"
        "device d {\n"
        "    @inferred(rules, 70, \"a \\\"reason\\\"\")\n"
        "    reg r0 @ 0x10 ro when !(a.b & 0b101) { `hold` [3] pops rx; }\n"
        "}\n");
    assert_int_equal(pdl_seal(PDL_FRAGMENT_FILE, pdl_strbuf_str(&text),
                              text.len, 0, &out), PDL_OK);
    assert_true(is_machines(pdl_strbuf_str(&out)));
    pdl_strbuf_dispose(&text);
    pdl_strbuf_dispose(&out);
    pdl_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_changes_nothing),
        cmocka_unit_test(own_note_changes_nothing),
        cmocka_unit_test(an_edit_counts_where_it_is),
        cmocka_unit_test(nested_inferred_items_do_not_count),
        cmocka_unit_test(sealing_claims_items),
        cmocka_unit_test(sealing_goes_into_bodies),
        cmocka_unit_test(notes_are_read),
        cmocka_unit_test(built_items_are_sealed),
    };

    return cmocka_run_group_tests_name("dsl_item", tests, NULL, NULL) != 0;
}
