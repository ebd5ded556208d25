/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buses driven bit by bit, as the evidence shows them; and dead ends: ways out
 * of a read that were taken before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/infer/serial.h"
#include "tests/infer/world.h"

#define IN 0x54u
#define SET 0x58u
#define CLEAR 0x5cu
#define SELECT 0x20u
#define CLOCK 0x10u
#define DATA 0x1u

static const struct inf_serial_bus bus = {
    .in = IN, .in_mask = 2, .begin = { CLEAR, SELECT },
};

static void access_at(struct inf_evidence *ev, uint64_t phys, uint64_t value,
                      bool write)
{
    struct inf_access acc = { .phys = phys, .pc = 0x100, .value = value,
                              .size = 4, .write = write };

    inf_evidence_add(ev, &acc);
}

/* One word of a mode-0 bus: select, then data, clock up, read, clock down. */
static void word(struct inf_evidence *ev, unsigned bits, uint64_t sent,
                 uint64_t got)
{
    access_at(ev, CLEAR, SELECT, true);
    while (bits-- > 0) {
        access_at(ev, sent >> bits & 1 ? SET : CLEAR, DATA, true);
        access_at(ev, SET, CLOCK, true);
        access_at(ev, IN, (got >> bits & 1) << 1, false);
        access_at(ev, CLEAR, CLOCK, true);
    }
    access_at(ev, SET, SELECT, true);
}

static bool find(struct inf_evidence *ev, unsigned bits, uint64_t needed,
                 uint64_t constant, struct inf_serial_echo *out)
{
    struct inf_serial s;
    bool found;

    assert_int_equal(inf_serial_read(ev, &bus, &s), 0);
    found = inf_serial_find_echo(&s, bits, needed, constant, out);
    inf_serial_dispose(&s);
    return found;
}

static void last_whole_word(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    struct inf_serial s;
    uint64_t got = 0;

    (void)state;
    word(ev, 24, 0x123456, 0xabcdef);
    word(ev, 8, 0, 0x40);
    word(ev, 24, 0x800000, 0x111111); /* may go on: not whole yet */
    assert_int_equal(inf_serial_read(ev, &bus, &s), 0);
    assert_int_equal(s.slot_count, 56);
    assert_true(inf_serial_last(&s, 24, &got));
    assert_int_equal(got, 0xabcdef);
    assert_true(inf_serial_last(&s, 8, &got));
    assert_int_equal(got, 0x40);
    assert_false(inf_serial_last(&s, 16, &got));
    inf_serial_dispose(&s);
    inf_evidence_free(ev);
}

/* 0 is written and read back, then 0x8000 is written and waited for. */
static void written_is_read(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    struct inf_serial_echo e;

    (void)state;
    word(ev, 24, 0x0d5fff, 0);
    word(ev, 24, 0x000000, 0);
    word(ev, 24, 0x800000, 0);
    word(ev, 24, 0x008000, 0);
    word(ev, 24, 0x800000, 0);
    word(ev, 24, 0x800000, 0);
    word(ev, 24, 0x800000, 0);
    assert_true(find(ev, 24, 0x008000, 0, &e));
    assert_int_equal(e.bits, 24);
    assert_int_equal(e.tail, 16);
    assert_int_equal(e.direction, 7);
    assert_true(e.reads);
    assert_int_equal(e.address, 0x7f);
    assert_int_equal(e.one.phys, SET);
    assert_int_equal(e.zero.phys, CLEAR);
    assert_int_equal(e.one.value, DATA);
    /* A status in the first bits changes nothing, where it is known. */
    assert_true(find(ev, 24, 0x408000, 0x400000, &e));
    assert_false(find(ev, 24, 0x408000, 0, &e));
    /* Nobody wrote that. */
    assert_false(find(ev, 24, 0x004000, 0, &e));
    inf_evidence_free(ev);
}

/* Another register was read back as something else than was written there. */
static void contradiction(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    struct inf_serial_echo e;

    (void)state;
    word(ev, 24, 0x051234, 0);
    word(ev, 24, 0x850000, 0);
    word(ev, 24, 0x008000, 0);
    word(ev, 24, 0x800000, 0);
    word(ev, 24, 0x800000, 0);
    assert_false(find(ev, 24, 0x008000, 0, &e));
    inf_evidence_free(ev);
}

/* The direction may be the last bit of the head, and mean the opposite. */
static void low_direction(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    struct inf_serial_echo e;

    (void)state;
    word(ev, 16, 0x2d5a, 0);
    word(ev, 16, 0x2c00, 0);
    word(ev, 16, 0x2c00, 0);
    assert_true(find(ev, 16, 0x5a, 0, &e));
    assert_int_equal(e.tail, 8);
    assert_int_equal(e.direction, 0);
    assert_false(e.reads);
    assert_int_equal(e.address, 0xfe);
    inf_evidence_free(ev);
}

/* No two writes of which each bit has one: what was sent is not known. */
static void no_data_line(void **state)
{
    struct inf_evidence *ev = inf_evidence_new();
    struct inf_serial_echo e;
    unsigned i;

    (void)state;
    for (i = 0; i < 48; i++) {
        if (i % 24 == 0) {
            access_at(ev, CLEAR, SELECT, true);
        }
        access_at(ev, SET, CLOCK, true);
        access_at(ev, IN, 0, false);
        access_at(ev, CLEAR, CLOCK, true);
    }
    assert_false(find(ev, 24, 0x8000, 0, &e));
    inf_evidence_free(ev);
}

/* ------------------------------------------------------------- dead ends */

/* A read that was asked about gets the value that leads elsewhere, once. */
static void way_taken_before(void **state)
{
    static const char excluded[] =
        "{\"version\":1,\"restarts\":1,\"excluded\":[{\"phys\":\"0x10014\","
        "\"set\":\"0x20\",\"clear\":\"0x0\"}]}";

    (void)state;
    FOR_EACH_CORE(w) {
        world_run(w, "set_bit", 0x14);
        w->q.watched = 1;
        world_ask(w);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(world_text(w, "r14"),
                            "reg r14 @ 0x14 { b5 [5] ro = 1; }");
    }
    FOR_EACH_CORE(w) {
        assert_int_equal(inf_rules_ops()->restore(w->eng, excluded), 0);
        world_run(w, "set_bit", 0x14);
        w->q.watched = 1;
        world_ask(w);
        /* All other ways out need that bit as well. */
        assert_string_not_equal(world_text(w, "r14"),
                                "reg r14 @ 0x14 { b5 [5] ro = 1; }");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_whole_word),
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(contradiction),
        cmocka_unit_test(low_direction),
        cmocka_unit_test(no_data_line),
        cmocka_unit_test(way_taken_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
