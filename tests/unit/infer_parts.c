/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shapes, the evidence store and the interface's small functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"
#include "runtime/infer/shape.h"

/* ----------------------------------------------------------------- shapes */

static void same_text(const char *text, unsigned width)
{
    struct inf_shape shape;
    char *printed;

    assert_int_equal(inf_shape_parse(&shape, text, width), 0);
    printed = inf_shape_print(&shape, width);
    assert_string_equal(printed, text);
    free(printed);
}

static void test_round_trip(void **state)
{
    (void)state;
    same_text("reg r00 @ 0x00;", 32);
    same_text("reg r104 @ 0x104 : 8;", 32);
    same_text("reg r14 @ 0x14 { b5 [5] ro = 1; }", 32);
    same_text("reg r14 @ 0x14 { f0_7 [0..7] ro = 0x7f; b8 [8]; }", 32);
    same_text("reg r00 @ 0x00 when !r0c.b7 "
              "{ f0_7 [0..7] pops rx pushes tx; }", 8);
    same_text("reg r14 @ 0x14 { b0 [0] := !empty(rx); b1 [1] pulse; "
              "b2 [2] w1c = 0x1; b9 [9] := r00.b3; }", 32);
    same_text("reg r58 @ 0x58 { b2 [2] = 0x1; b3 [3] ro = 0; "
              "on read { b3 ^= 1; } }", 32);
    same_text("reg r24 @ 0x24 ro := time(1MHz);", 32);
}

/* However the profile lays an item out. */
static void test_layout(void **state)
{
    struct inf_shape shape;

    (void)state;
    assert_int_equal(inf_shape_parse(&shape,
                                     "reg r14 @ 20:16 when  r00.b1\n{\n"
                                     "    b5 [5] ro = 0b1;\n}\n", 32), 0);
    assert_int_equal(shape.offset, 20);
    assert_int_equal(shape.bytes, 2);
    assert_string_equal(shape.when, "r00.b1");
    assert_int_equal(shape.fields[0].value, 1);
}

/* What a shape cannot hold is refused, never half understood. */
static void test_refused(void **state)
{
    static const char *const texts[] = {
        "", "reg", "reg r14", "reg r14 @ 0x14", "reg r14 @ x;",
        "reg r14 @ 0x14 { b5 [5] ro = 1; ", "reg r14 @ 0x14; extra",
        "reg r14 @ 0x14 { b5 [40] ro = 1; }",
        "reg r14 @ 0x14 { b5 [5..4] ro = 1; }",
        "reg r14 @ 0x14 { b5 [5]; c5 [5]; }",
        "reg r14 @ 0x14 { b5 [5] sticky; }",
        "reg r14 @ 0x14 { on read { b5 = 1; } }",
        "reg r14 @ 0x14 = 5;", "reg r14 @ 0x14 : 128;",
    };
    struct inf_shape shape;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(inf_shape_parse(&shape, texts[i], 32),
                         INF_E_FORMAT);
    }
}

static void printed(const struct inf_shape *shape, const char *text)
{
    char *out = inf_shape_print(shape, 32);

    assert_string_equal(out, text);
    free(out);
}

static void test_put(void **state)
{
    struct inf_field f = { .kind = INF_FIELD_PULSE, .lo = 9, .hi = 9 };
    struct inf_shape shape;

    (void)state;
    inf_shape_init(&shape, 0x14, 4);
    assert_int_equal(inf_shape_constant(&shape, 0xf01, 0x501), 0);
    printed(&shape, "reg r14 @ 0x14 { b0 [0] ro = 1; "
            "f8_11 [8..11] ro = 5; }");
    /* A field inside a constant cuts it. */
    assert_int_equal(inf_shape_put(&shape, &f), 0);
    printed(&shape, "reg r14 @ 0x14 { b0 [0] ro = 1; b8 [8] ro = 1; "
            "b9 [9] pulse; f10_11 [10..11] ro = 1; }");
    /* A constant over it takes its place. */
    assert_int_equal(inf_shape_constant(&shape, 0x300, 0), 0);
    printed(&shape, "reg r14 @ 0x14 { b0 [0] ro = 1; f8_9 [8..9] ro = 0; "
            "f10_11 [10..11] ro = 1; }");
    f.lo = f.hi = 32;
    assert_int_equal(inf_shape_put(&shape, &f), INF_E_RANGE);
    inf_shape_init(&shape, 0, 8);
    assert_int_equal(inf_shape_constant(&shape, ~0ull, ~0ull), 0);
    assert_int_equal(shape.fields[0].value, ~0ull);
}

/* --------------------------------------------------------------- evidence */

static void access_at(struct inf_evidence *ev, uint64_t phys, unsigned size,
                      uint64_t value, bool write)
{
    struct inf_access acc = { .phys = phys, .size = size, .value = value,
                              .write = write, .pc = phys * 4 };

    inf_evidence_add(ev, &acc);
}

static void test_values(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    uint64_t value;

    (void)state;
    access_at(ev, 0x1000, 4, 0x11223344, true);
    access_at(ev, 0x1001, 1, 0xaa, true);
    access_at(ev, 0x1002, 2, 0xbbcc, false);
    assert_int_equal(inf_evidence_value(ev, 0x1000, 4, &value), 0xffffffff);
    assert_int_equal(value, 0xbbccaa44);
    assert_int_equal(inf_evidence_written(ev, 0x1000, 4, &value), 0xffffffff);
    assert_int_equal(value, 0x1122aa44);
    assert_int_equal(inf_evidence_value(ev, 0x1002, 4, &value), 0xffff);
    assert_int_equal(inf_evidence_value(ev, 0x2000, 8, &value), 0);
    assert_int_equal(inf_evidence_reg(ev, 0x1000)->writes, 1);
    assert_null(inf_evidence_reg(ev, 0x1003));
    inf_evidence_reset(ev);
    assert_int_equal(inf_evidence_value(ev, 0x1000, 4, &value), 0);
    assert_null(inf_evidence_at(ev, 1));
    assert_int_equal(inf_evidence_reg(ev, 0x1000)->writes, 1);
    inf_evidence_free(ev);
}

/* However much comes, memory stays bounded and the newest is kept. */
static void test_bounds(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    uint64_t i;

    (void)state;
    for (i = 1; i <= 100000; i++) {
        access_at(ev, i * 4, 4, i, i & 1);
    }
    assert_int_equal(inf_evidence_seq(ev), 100000);
    assert_true(inf_evidence_lost(ev) > 0);
    assert_int_equal(inf_evidence_at(ev, 100000)->value, 100000);
    assert_non_null(inf_evidence_at(ev, 100001 - INF_EV_TRACE));
    assert_null(inf_evidence_at(ev, 100000 - INF_EV_TRACE));
    assert_null(inf_evidence_at(ev, 100001));
    assert_null(inf_evidence_at(ev, 0));
    access_at(ev, 0x10, 9, 0, true);
    access_at(ev, 0x10, 0, 0, true);
    assert_int_equal(inf_evidence_seq(ev), 100000);
    inf_evidence_free(ev);
}

static void test_sites(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    struct inf_access acc = { .phys = 0x40, .size = 4 };
    unsigned i;

    (void)state;
    for (i = 0; i < 40; i++) {
        acc.pc = 0x100 + 4 * (i % 20);
        inf_evidence_add(ev, &acc);
    }
    assert_int_equal(inf_evidence_reg(ev, 0x40)->site_count, INF_EV_SITES);
    assert_int_equal(inf_evidence_reg(ev, 0x40)->reads, 40);
    inf_evidence_free(ev);
}

/* A poll that goes on and on does not drive out what was before. */
static void test_repeated(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    unsigned i;

    (void)state;
    access_at(ev, 0x10, 4, 1, true);
    for (i = 0; i < 100000; i++) {
        access_at(ev, 0x20, 4, 0, false);
    }
    assert_non_null(inf_evidence_at(ev, 1));
    assert_int_equal(inf_evidence_seq(ev), 1025);
    assert_int_equal(inf_evidence_reg(ev, 0x20)->reads, 100000);
    access_at(ev, 0x20, 4, 1, false);
    assert_int_equal(inf_evidence_seq(ev), 1026);
    assert_int_equal(inf_evidence_at(ev, 1026)->value, 1);
    inf_evidence_free(ev);
}

static bool looks(const char *text)
{
    return inf_looks_like_text((const uint8_t *)text, strlen(text));
}

static void test_text(void **state)
{
    (void)state;
    assert_true(looks("\r\n\nU-Boot 2023"));
    assert_true(looks("abc "));
    assert_false(looks("abc"));
    assert_false(looks("aaaaaaaa"));
    assert_false(looks("\x01" "abcdef"));
    assert_false(looks("!#$%&'()*+"));
    assert_false(inf_is_text(0x80));
    assert_false(inf_is_text(0x141));
    assert_false(inf_is_text(0));
}

/* -------------------------------------------------------------- interface */

static void test_strerror(void **state)
{
    int err;

    (void)state;
    for (err = 0; err >= INF_E_FORMAT; err--) {
        assert_string_not_equal(inf_strerror(err), "unknown error");
    }
    assert_string_equal(inf_strerror(-99), "unknown error");
    assert_string_equal(inf_strerror(1), "unknown error");
}

static void test_version(void **state)
{
    const struct inf_engine_ops *ops = inf_rules_ops();
    struct inf_services svc = { .version = INF_API_VERSION + 1 };
    struct inf_evidence *ev = inf_evidence_new();
    struct inf_engine *eng;

    (void)state;
    assert_int_equal(ops->version, INF_API_VERSION);
    assert_int_equal(ops->open(NULL, &svc, ev, &eng), INF_E_VERSION);
    assert_null(eng);
    inf_evidence_free(ev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_sites),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_strerror),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
