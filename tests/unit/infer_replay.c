/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record replayed against the model as it is at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "dsl/strbuf.h"
#include "runtime/infer/ai_check.h"

#define BASE 0x1000u
#define BOARD "periph 1;\nboard b { cpu: \"cortex-m3\"; " \
    "memory ram @ 0x20000000 : 1M; instance d : dev @ 0x1000; }\n" \
    "device dev { size: 0x1000; width: 32; fifo rx[4] from console; " \
    "reg ready @ 0 { b5 [5] ro = 1; } reg stored @ 4; " \
    "reg clock @ 8 ro := time(1MHz); " \
    "reg chance @ 12 { v [0..31]; on read { v = random(); } } " \
    "reg toggles @ 16 { t [0] ro = 0; on read { t ^= 1; } } " \
    "reg flag @ 20 { f [0] w1c; } on write stored { flag.f = 1; } " \
    "reg has @ 24 { c [0] ro := !empty(rx); } }\n"

struct bench {
    struct pcc *pcc;
    struct pdl_strbuf table;
    struct inf_evidence *ev;
    struct ai_replay out;
    uint64_t pc, time;
};

static void begin(struct bench *b)
{
    static const struct pdl_strbuf empty = PDL_STRBUF_INIT;

    memset(b, 0, sizeof(*b));
    b->table = empty;
    b->pcc = pcc_new(NULL);
    assert_int_equal(pcc_add_buffer(b->pcc, "x/board.periph", BOARD,
                                    strlen(BOARD)), PCC_OK);
    assert_int_equal(pcc_compile(b->pcc), PCC_OK);
    assert_int_equal(pcc_emit(b->pcc, "table", NULL, &b->table), PCC_OK);
    b->ev = inf_evidence_new();
}

static void access_at(struct bench *b, uint64_t offset, uint64_t value,
                      bool write)
{
    struct inf_access acc = { .phys = BASE + offset, .size = 4,
                              .value = value, .write = write };

    acc.pc = b->pc += 4;
    acc.time_ns = b->time += 1000000;
    inf_evidence_add(b->ev, &acc);
}

static void end(struct bench *b)
{
    /* Something else, so that the last access has one behind it. */
    access_at(b, 0x2000, 0, true);
    assert_int_equal(ai_check_replay(b->table.data, b->table.len, BASE, b->ev,
                                     &b->out), 0);
    inf_evidence_free(b->ev);
    pdl_strbuf_dispose(&b->table);
    pcc_free(b->pcc);
}

static void test_same(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    access_at(&b, 0, 0x20, false);
    access_at(&b, 20, 0, false);
    access_at(&b, 4, 7, true);
    access_at(&b, 4, 7, false);
    access_at(&b, 20, 1, false);
    access_at(&b, 20, 1, true);
    access_at(&b, 20, 0, false);
    access_at(&b, 16, 0, false);
    access_at(&b, 16, 1, false);
    end(&b);
    assert_int_equal(b.out.reads, 7);
    assert_int_equal(b.out.different, 0);
}

static void test_different(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    access_at(&b, 0, 0, false);
    access_at(&b, 4, 7, true);
    b.pc -= 8;
    access_at(&b, 0, 0, false);
    access_at(&b, 20, 0, false);
    end(&b);
    assert_int_equal(b.out.reads, 3);
    assert_int_equal(b.out.different, 3);
    assert_int_equal(b.out.count, 2);
    assert_int_equal(b.out.entries[0].phys, BASE);
    assert_int_equal(b.out.entries[0].was, 0);
    assert_int_equal(b.out.entries[0].is, 0x20);
    assert_int_equal(b.out.entries[0].times, 2);
    assert_int_equal(b.out.entries[1].phys, BASE + 20);
    assert_int_equal(b.out.entries[1].is, 1);
}

/* Time, chance and characters are not in the record; nor is a poll that the
 * guest was kept in what it went on with. */
static void test_not_told(void **state)
{
    struct bench b;
    unsigned i;

    (void)state;
    begin(&b);
    access_at(&b, 8, 123, false);
    access_at(&b, 12, 0, false);
    access_at(&b, 12, 0x1234, false);
    access_at(&b, 24, 1, false);
    for (i = 0; i < 70; i++) {
        b.pc = 0x100;
        access_at(&b, 0, 0, false);
        access_at(&b, 4, 0, false);
    }
    b.pc = 0x100;
    access_at(&b, 0, 0x20, false);
    end(&b);
    assert_int_equal(b.out.different, 0);
}

/* A register read before the record begins may have been written before. */
static void test_cut(void **state)
{
    struct bench b;
    unsigned i;

    (void)state;
    begin(&b);
    for (i = 0; i < INF_EV_TRACE; i++) {
        access_at(&b, 0x3000, i, true);
    }
    access_at(&b, 4, 9, false);
    access_at(&b, 4, 7, true);
    access_at(&b, 4, 6, false);
    end(&b);
    assert_int_equal(b.out.reads, 1);
    assert_int_equal(b.out.different, 1);
    assert_int_equal(b.out.entries[0].is, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_different),
        cmocka_unit_test(test_not_told),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
