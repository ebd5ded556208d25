/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules engine on faults, crashes and text that nobody polls for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/infer/world.h"

/* A crash soon after takes the value back and excludes it. */
static void test_crash(void **state)
{
    char *saved = NULL;

    (void)state;
    FOR_EACH_CORE(w) {
        world_stall(w, "trap", 0x40);
        w->q.kind = INF_CRASH;
        world_ask(w);
        assert_int_equal(w->ans.verdict, INF_DELIVER);
    }
    FOR_EACH_CORE(w) {
        world_stall(w, "with_errors", 0x38);
        w->q.kind = INF_CRASH;
        world_ask(w);
        assert_int_equal(w->ans.verdict, INF_RESTART);
        assert_string_equal(world_text(w, "r38"), "reg r38 @ 0x38;");
        w->q.kind = INF_STALL;
        world_ask(w);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_not_equal(world_text(w, "r38"),
                                "reg r38 @ 0x38 { b2 [2] ro = 1; }");
        assert_int_equal(inf_rules_ops()->save(w->eng, &saved), 0);
        assert_non_null(strstr(saved, "\"0x10038\""));
        assert_int_equal(inf_rules_ops()->restore(w->eng, saved), 0);
        assert_int_equal(inf_rules_ops()->restore(w->eng, "{\"version\":2}"),
                         INF_E_FORMAT);
        free(saved);
    }
}

static void test_faults(void **state)
{
    struct world *w = world_new(INF_ARCH_A64);

    (void)state;
    world_fault(w, DEV + 0x14, 4, false);
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_int_equal(w->ans.edits[0].kind, INF_EDIT_DEVICE);
    assert_string_equal(w->ans.edits[0].name, "dev_00010000");
    assert_string_equal(w->ans.edits[0].text,
                        "size: 0x1000; width: 32; unmapped: ask;");
    assert_string_equal(world_text(w, "r14"), "reg r14 @ 0x14;");
    assert_int_equal(w->ans.edits[1].confidence, 30);

    world_fault(w, DEV + 0x20, 1, true);
    assert_string_equal(world_text(w, "r20"), "reg r20 @ 0x20 : 8;");
    world_fault(w, DEV + 0x23, 1, true);
    assert_string_equal(world_text(w, "r23"), "reg r23 @ 0x23 : 8;");
    /* A wider access over narrower storage widens it. */
    world_fault(w, DEV + 0x20, 4, false);
    assert_string_equal(world_text(w, "r20"), "reg r20 @ 0x20;");
    assert_string_equal(world_text(w, "r23"), "(none)");
    world_fault(w, DEV + 0x16, 4, false);
    assert_string_equal(world_text(w, "r10"), "(none)");
    assert_int_equal(w->ans.verdict, INF_TABLES);
    world_free(w);
}

/* A copy through a hole does not make a thousand registers. */
static void test_walk(void **state)
{
    struct world *w = world_new(INF_ARCH_A64);
    unsigned i;

    (void)state;
    world_fault(w, DEV + 0x800, 4, true);
    for (i = 0; i < 32; i++) {
        world_fault(w, DEV + 4 * i, 4, true);
    }
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_int_equal(w->reg_count, 1 + 31);
    assert_string_equal(w->items[0], "mem m07c[481] @ 0x07c : 32;");
    world_free(w);
}

/* A person's device need not fill its page: the machine's stands behind. */
static void test_shared_page(void **state)
{
    struct world *w = world_new(INF_ARCH_A64);

    (void)state;
    w->has_device = true;
    w->device_size = 0x100;
    world_fault(w, DEV + 0x204, 4, true);
    assert_int_equal(w->ans.edits[0].base, DEV + 0x100);
    assert_int_equal(w->ans.edits[0].size, 0xf00);
    assert_string_equal(w->ans.edits[0].text,
                        "size: 0xf00; width: 32; unmapped: ask;");
    assert_string_equal(w->ans.edits[1].text, "reg r104 @ 0x104;");
    world_free(w);
}

/* Beside what a person owns only the gap is filled. */
static void test_fault_person(void **state)
{
    struct world *w = world_new(INF_ARCH_A64);

    (void)state;
    w->has_device = true;
    world_fault(w, DEV + 0x40, 2, true);
    world_find(w, "r40")->person = true;
    world_fault(w, DEV + 0x40, 4, true);
    assert_string_equal(world_text(w, "r40"), "reg r40 @ 0x40 : 16;");
    assert_string_equal(world_text(w, "r42"), "reg r42 @ 0x42 : 16;");
    world_free(w);
}

static void test_fetch(void **state)
{
    struct world *w = world_new(INF_ARCH_M);

    (void)state;
    world_fault(w, 0x70000000, 2, false);
    w->q.kind = INF_FETCH;
    w->q.access = INF_EXEC;
    world_ask(w);
    assert_int_equal(w->ans.verdict, INF_DELIVER);
    assert_true(w->ans.message[0] != '\0');
    world_free(w);
}

/* Text that nobody polls for is found in the evidence. */
static void test_review(void **state)
{
    static const char text[] = "Booting 1.0\n";
    struct world *w = world_new(INF_ARCH_M);
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(text) - 1; i++) {
        world_note(w, DEV, 4, (uint8_t)text[i], true);
        assert_int_equal(inf_rules_ops()->review(w->eng, &w->ans), 0);
        if (w->ans.verdict != INF_NONE) {
            break;
        }
    }
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_int_equal(w->ans.console_len, i + 1);
    assert_memory_equal(w->ans.console_text, text, i + 1);
    world_apply(w);
    assert_true(w->has_console);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_shared_page),
        cmocka_unit_test(test_fault_person),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_review),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
