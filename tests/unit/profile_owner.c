/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board store and people: what is theirs stays theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/daemon/board_folder.h"

static void a_persons_register_stays(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    board_put(
        "dev_01c28000.periph",
        "periph 1;\n"
        "device dev_01c28000 {\n"
        "    size: 0x1000; width: 32; unmapped: ask;\n"
        "    reg CTRL @ 0x00 = 7;\n"
        "}\n"
        "extend b { instance dev_01c28000 : dev_01c28000 @ 0x01c28000; }\n");
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_ERR_OWNED);
    assert_int_equal(board_apply(b, PFL_EDIT_REMOVE, 0, "CTRL", NULL),
                     PFL_ERR_OWNED);
    /* A new one beside it is fine, until the person closes the device. */
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    assert_non_null(strstr(board_get("dev_01c28000.periph"),
                           "    reg CTRL @ 0x00 = 7;\n    @inferred"));
    board_put(
        "dev_01c28000.periph",
        "periph 1;\n"
        "device dev_01c28000 { closed;\n"
        "    size: 0x1000; width: 32; unmapped: ask;\n"
        "}\n"
        "extend b { instance dev_01c28000 : dev_01c28000 @ 0x01c28000; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_ERR_CLOSED);
    pfl_close(b);
}

static void a_field_edited_in_place_stays(void **state)
{
    struct pfl_board *b = board_open();
    char *text, *at;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00",
                                 "reg r00 @ 0x00 { b5 [5] ro = 1; }"),
                     PFL_OK);
    text = strdup(board_get("dev_01c28000.periph"));
    at = strstr(text, "b5 [5]");
    memcpy(at, "b6 [6]", 6);
    board_put("dev_01c28000.periph", text);
    free(text);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_ERR_OWNED);
    assert_non_null(strstr(board_get("dev_01c28000.periph"), "b6 [6]"));
    pfl_close(b);
}

static void the_console_moves_unless_a_person_set_it(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;
    uint64_t base;

    (void)state;
    assert_int_equal(board_uart(b, BOARD_BASE, "dev_01c28000", &change),
                     PFL_OK);
    assert_int_equal(pfl_console(b, &base), PFL_ERR_NOT_FOUND);
    assert_int_equal(board_console(b, BOARD_BASE, &change), PFL_OK);
    assert_int_equal(pfl_console(b, &base), PFL_OK);
    assert_int_equal(base, BOARD_BASE);
    assert_int_equal(board_uart(b, 0x01d00000, "dev_01d00000", &change),
                     PFL_OK);
    assert_int_equal(board_console(b, 0x01d00000, &change), PFL_OK);
    assert_int_equal(pfl_console(b, &base), PFL_OK);
    assert_int_equal(base, 0x01d00000);
    assert_null(strstr(board_get("dev_01c28000.periph"), "console:"));
    assert_int_equal(change.instance_count, 2);
    pfl_close(b);
    board_put("board.periph",
              "periph 1;\n"
              "board b { cpu: \"cortex-a53\"; console: dev_01c28000; }\n");
    unlink(board_file("dev_01d00000.periph"));
    b = board_open();
    assert_string_equal(pfl_messages(b), "");
    assert_int_equal(board_uart(b, 0x01d00000, "dev_01d00000", &change),
                     PFL_OK);
    assert_int_equal(board_console(b, 0x01d00000, &change), PFL_ERR_OWNED);
    pfl_close(b);
}

static void several_edits_are_one(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;
    struct pfl_edit e[4];
    unsigned i;

    (void)state;
    memset(e, 0, sizeof(e));
    for (i = 0; i < 4; i++) {
        e[i].by = "rules";
        e[i].base = BOARD_BASE;
        e[i].kind = PFL_EDIT_REG;
    }
    e[0].kind = PFL_EDIT_DEVICE;
    e[0].size = 0x1000;
    e[0].name = "dev_01c28000";
    e[0].text = "size: 0x1000; width: 32; unmapped: ask;";
    e[1].kind = PFL_EDIT_ITEM;
    e[1].name = "tx";
    e[1].text = "fifo tx[16] : 8 to console;";
    e[2].offset = 0x10;
    e[2].name = "r10";
    e[2].text = "reg r10 @ 0x10 { d [0..7] pushes tx; }";
    e[3].name = "r00";
    e[3].text = "reg r04 @ 0x04;"; /* not what it claims to be */
    assert_int_equal(pfl_apply(b, e, 4, &change), PFL_ERR_TEXT);
    assert_int_equal(change.failed_edit, 3);
    assert_false(board_has("dev_01c28000.periph"));
    e[3].text = "reg r00 @ 0x00;";
    assert_int_equal(pfl_apply(b, e, 4, &change), PFL_OK);
    assert_int_equal(change.instance_count, 1);
    assert_int_equal(board_table_registers(b), 2);
    assert_true(strstr(board_get("dev_01c28000.periph"), "r00") <
                strstr(board_get("dev_01c28000.periph"), "r10"));
    /* Once more: nothing changes, the table is there all the same. */
    assert_int_equal(pfl_apply(b, e, 4, &change), PFL_OK);
    assert_false(change.changed);
    assert_int_equal(board_table_registers(b), 2);
    pfl_close(b);
}

static void bad_edits_change_nothing(void **state)
{
    static const struct {
        enum pfl_edit_kind kind;
        const char *name, *text;
        int want;
    } bad[] = {
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x04;", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r01 @ 0x00;", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00; reg r04 @ 0x04;",
          PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00; } board c {", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r 00", "reg r00 @ 0x00;", PFL_ERR_RANGE },
        { PFL_EDIT_REG, "r00", "@inferred(x, 9) reg r00 @ 0x00;",
          PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00 { x [3] := nowhere; }",
          PFL_ERR_INPUT },
        { PFL_EDIT_REG, "r00", NULL, PFL_ERR_TEXT },
        { PFL_EDIT_ITEM, "x", "import \"/etc/passwd\";", PFL_ERR_TEXT },
        { PFL_EDIT_ITEM, "x", "closed;", PFL_ERR_TEXT },
        { PFL_EDIT_DEVICE, "../evil", "size: 0x1000;", PFL_ERR_RANGE },
        { PFL_EDIT_MEMORY, "m", "load \"x\" @ 0;", PFL_ERR_TEXT },
    };
    struct pfl_board *b = board_open();
    char *before;
    unsigned i;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    before = strdup(board_get("dev_01c28000.periph"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            board_apply(b, bad[i].kind, 0, bad[i].name, bad[i].text),
            bad[i].want);
        assert_string_equal(before, board_get("dev_01c28000.periph"));
    }
    free(before);
    pfl_close(b);
}

static void what_is_learnt_about_a_library_block(void **state)
{
    struct pfl_board *b;
    struct pfl_reg r;

    (void)state;
    assert_int_equal(mkdir(board_file("lib"), 0700), 0);
    board_put(
        "lib/block.periph",
        "periph 1;\ndevice block { size: 0x1000; width: 32; unmapped: ask;\n"
        "    reg ID @ 0 ro = 1; }\n");
    board_put("board.periph", "periph 1;\nimport \"lib/block.periph\";\n"
                              "board b { cpu: \"cortex-a53\";\n"
                              "    instance u0 : block @ 0x01c28000;\n"
                              "    instance u1 : block @ 0x01c29000; }\n");
    b = board_open();
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    assert_non_null(strstr(board_get("u0.periph"), "extend b.u0 {"));
    assert_int_equal(board_table_registers(b), 2);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 8, "r08", "reg r08 @ 0x08;"),
                     PFL_OK);
    assert_int_equal(board_table_registers(b), 3);
    assert_null(strstr(board_get("lib/block.periph"), "r04"));
    assert_int_equal(pfl_reg(b, BOARD_BASE, 1, &r), PFL_OK);
    assert_true(r.machine);
    assert_int_equal(pfl_reg(b, 0x01c29000, 1, &r), PFL_ERR_NOT_FOUND);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "ID", "reg ID @ 0x00;"),
                     PFL_ERR_OWNED);
    pfl_close(b);
}

static void what_was_dropped_stays_away(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;
    char *text;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    board_put("mine.periph", "periph 1;\nextend b.dev_01c28000 { drop r04; }\n"
                             "extend b { drop dev_01d00000; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(board_table_registers(b), 0);
    text = strdup(board_get("dev_01c28000.periph"));
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_ERR_OWNED);
    assert_string_equal(text, board_get("dev_01c28000.periph"));
    free(text);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 8, "r08", "reg r08 @ 0x08;"),
                     PFL_OK);
    assert_int_equal(board_uart(b, 0x01d00000, "dev_01d00000", &change),
                     PFL_ERR_OWNED);
    /* Taken back by an edit, and by deleting the file. */
    board_put("mine.periph",
              "periph 1;\nextend b.dev_01c28000 { drop r08; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(board_table_registers(b), 1);
    board_put("mine.periph", "periph 1;\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(change.instance_count, 1);
    assert_int_equal(board_table_registers(b), 2);
    board_put("mine.periph",
              "periph 1;\nextend b.dev_01c28000 { drop r08; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(board_table_registers(b), 1);
    unlink(board_file("mine.periph"));
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(change.instance_count, 1);
    assert_int_equal(board_table_registers(b), 2);
    pfl_close(b);
}

/* SPEC N7 */
static void a_name_that_a_person_uses_stays(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;
    char *text;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04",
                                 "reg r04 @ 0x04 { b5 [5]; }"), PFL_OK);
    board_put("mine.periph",
              "periph 1;\nextend b.dev_01c28000 {\n"
              "    reg MINE @ 0x40 ro { V [0] := r04.b5; }\n}\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    text = strdup(board_get("dev_01c28000.periph"));
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04",
                                 "reg r04 @ 0x04 { b6 [6]; }"),
                     PFL_ERR_INPUT);
    assert_int_equal(board_apply(b, PFL_EDIT_REMOVE, 4, "r04", NULL),
                     PFL_ERR_INPUT);
    assert_string_equal(text, board_get("dev_01c28000.periph"));
    assert_int_equal(board_table_registers(b), 2);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04",
                                 "reg r04 @ 0x04 { b5 [5]; b6 [6]; }"),
                     PFL_OK);
    free(text);
    pfl_close(b);
}

/* SPEC N6 */
static void what_was_imported_stays(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    board_put(
        "dev_01c28000.periph",
        "periph 1;\n"
        "@imported(from = \"x.svd\")\n"
        "device dev_01c28000 {\n"
        "    size: 0x1000; width: 32; unmapped: ask;\n"
        "    reg CTRL @ 0x00 { EN [0]; }\n"
        "}\n"
        "extend b { instance dev_01c28000 : dev_01c28000 @ 0x01c28000; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "CTRL",
                                 "reg CTRL @ 0x00 { EN [1]; }"),
                     PFL_ERR_OWNED);
    assert_int_equal(board_apply(b, PFL_EDIT_REMOVE, 0, "CTRL", NULL),
                     PFL_ERR_OWNED);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    assert_non_null(strstr(board_get("dev_01c28000.periph"),
                           "    reg CTRL @ 0x00 { EN [0]; }\n    @inferred"));
    pfl_close(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_setup, board_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_persons_register_stays),
        TEST(a_field_edited_in_place_stays),
        TEST(the_console_moves_unless_a_person_set_it),
        TEST(several_edits_are_one),
        TEST(bad_edits_change_nothing),
        TEST(what_is_learnt_about_a_library_block),
        TEST(what_was_dropped_stays_away),
        TEST(a_name_that_a_person_uses_stays),
        TEST(what_was_imported_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
