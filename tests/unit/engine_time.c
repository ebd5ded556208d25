/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time in the engine: `after`, timers, copies, the alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/builder.h"

static struct tb b;
static struct tb_dev d;

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

static void start(void)
{
    assert_int_equal(tb_start(&b, &d), PRT_OK);
}

static uint64_t var(uint32_t index)
{
    return d.memory[d.table.vars[index].state / 8];
}

/* go [0]; busy [1] ro; on write go when value { busy = 1; after … } */
static void build_busy(uint32_t flags, uint32_t amount)
{
    uint32_t done, prog;

    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_policy(&b.regs[0], 2, PRT_POL_ro);
    tb_field(&b, "go", 0, 1);
    tb_field(&b, "busy", 1, 1);
    done = tb_set_field(&b, 1, 0);
    tb_after(&b, flags, done);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LI, 1, 0, 0, 1);
    tb_op(&b, PRT_OP_STF, 0, 1, 0, 1);
    tb_op(&b, PRT_OP_LI, 1, 0, 0, amount);
    tb_op(&b, PRT_OP_ARM, 0, 1, 0, 0);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 1, prog);
    tb_reg(&b, "P", 4, 4, PRT_POL_rw);
}

static void test_after_time(void **state)
{
    (void)state;
    build_busy(0, 100 * US);
    start();
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_write(&d, 0, 4, 1);
    assert_int_equal(d.host.deadline, 100 * US);
    assert_int_equal(tb_read(&d, 0, 4), 3);
    tb_advance(&d, 60 * US);
    tb_write(&d, 0, 4, 1);      /* arming again replaces */
    tb_advance(&d, 60 * US);
    assert_int_equal(tb_read(&d, 0, 4), 3);
    tb_advance(&d, 39 * US);
    assert_int_equal(tb_read(&d, 0, 4), 3);
    tb_advance(&d, 1 * US);
    assert_int_equal(tb_read(&d, 0, 4), 1);
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_stop(&d);
}

/* The alarm is late, but the access is not. */
static void test_after_catches_up(void **state)
{
    (void)state;
    build_busy(0, 100 * US);
    start();
    tb_write(&d, 0, 4, 1);
    d.host.now += 100 * US;
    assert_int_equal(tb_read(&d, 0, 4), 1);
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_stop(&d);
}

static void test_after_zero(void **state)
{
    (void)state;
    build_busy(0, 0);
    start();
    tb_write(&d, 0, 4, 1);
    assert_int_equal(tb_read(&d, 0, 4), 1);
    tb_stop(&d);
}

static void test_after_reads(void **state)
{
    uint64_t value;

    (void)state;
    build_busy(PRT_AFTER_READS, 2);
    start();
    tb_write(&d, 0, 4, 1);
    assert_int_equal(tb_peek(&d, 0, 4), 3);
    assert_int_equal(tb_read(&d, 0, 4), 3);
    assert_int_equal(prt_read(&d.dev, 0x20, 4, &value), PRT_ASK);
    assert_int_equal(tb_read(&d, 4, 4), 0);     /* any read of the device */
    assert_int_equal(tb_read(&d, 0, 4), 1);
    tb_write(&d, 0, 4, 1);
    prt_dev_reset(&d.dev, PRT_RESET_WARM);
    assert_int_equal(tb_read(&d, 0, 4), 0);
    assert_int_equal(d.dev.reads_armed, 0);
    tb_stop(&d);
}

/* An `after` armed by a read does not count that read. */
static void test_after_reads_from_read(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_field(&b, "f", 0, 8);
    tb_after(&b, PRT_AFTER_READS, tb_set_field(&b, 0, 7));
    tb_reg(&b, "T", 4, 4, PRT_POL_rw);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LI, 1, 0, 0, 1);
    tb_op(&b, PRT_OP_ARM, 0, 1, 0, 0);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_READ, 0, 0, prog);
    start();
    tb_read(&d, 4, 4);
    assert_int_equal(tb_read(&d, 0, 4), 0);
    assert_int_equal(tb_read(&d, 0, 4), 7);
    tb_stop(&d);
}

/* One slot for each element, with its number. */
static void test_after_elements(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_var(&b, "last", 32);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_IDX, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 0);
    tb_end(&b, 0);
    tb_after(&b, 0, prog)->count = 3;
    b.afters[0].index0 = 10;
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LDV, 1, 0, 0, 0);          /* element */
    tb_op(&b, PRT_OP_ADDI, 2, 1, 0, 1);
    tb_op(&b, PRT_OP_LI, 3, 0, 0, 10000);
    tb_op(&b, PRT_OP_MUL, 2, 2, 3, 0);
    tb_op(&b, PRT_OP_ARM, 0, 2, 1, 0);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, prog);
    start();
    tb_write(&d, 0, 4, 2);
    tb_write(&d, 0, 4, 0);
    tb_write(&d, 0, 4, 3);      /* beyond: nothing */
    assert_int_equal(d.host.deadline, 10000);
    tb_advance(&d, 10000);
    assert_int_equal(var(0), 10);
    tb_advance(&d, 20000);
    assert_int_equal(var(0), 12);
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_stop(&d);
}

/* A block that arms itself at once does not stop the clock. */
static void test_after_itself(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_var(&b, "n", 32);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LDS, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_ADDI, 1, 1, 0, 1);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 0);
    tb_op(&b, PRT_OP_ARM, 0, 0, 0, 0);
    tb_end(&b, 0);
    tb_after(&b, 0, prog);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, prog);
    start();
    tb_write(&d, 0, 4, 1);
    assert_int_equal(var(0), 2);
    tb_advance(&d, 10 * US);
    assert_int_equal(var(0), 12);
    tb_stop(&d);
}

/* ---------------------------------------------------------------- timers */

enum { F_RUN, F_ONCE, F_RELOAD, F_DIVIDE };

/* Control register with every setting, counter, events counted in vars. */
static void build_timer(uint32_t hz, uint32_t flags)
{
    uint32_t prog;
    struct prt_timer *t;

    tb_init(&b, 0x100);
    tb_var(&b, "expired", 32);
    tb_var(&b, "matched", 32);
    tb_var(&b, "missed", 32);
    tb_reg(&b, "CR", 0, 4, PRT_POL_rw);
    tb_field(&b, "RUN", 0, 1);
    tb_field(&b, "ONCE", 1, 1);
    tb_reg(&b, "RELOAD", 4, 4, PRT_POL_rw)->reset = 99;
    tb_field(&b, "V", 0, 32);
    tb_reg(&b, "DIVIDE", 8, 4, PRT_POL_rw)->reset = 1;
    tb_field(&b, "V", 0, 32);
    t = tb_timer(&b, "t", tb_expr_const(&b, hz));
    t->flags = flags;
    t->run = tb_expr_field(&b, F_RUN);
    t->once = tb_expr_field(&b, F_ONCE);
    t->reload = tb_expr_field(&b, F_RELOAD);
    t->divide = tb_expr_field(&b, F_DIVIDE);
    t->match_first = tb_expr_const(&b, 30);
    t->match_count = 1;
    prog = tb_prog(&b, PRT_PROG_EXPR);
    tb_op(&b, PRT_OP_COUNT, 1, 0, 0, 0);
    tb_end(&b, 1);
    tb_reg(&b, "COUNT", 12, 4, PRT_POL_ro);
    tb_derived(&b, "V", 0, 32, prog, 0);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LDV, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_RESTART, 0, 1, 0, 0);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, prog);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LDS, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_ADDI, 1, 1, 0, 1);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 0);
    tb_op(&b, PRT_OP_LDV, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 2);
    tb_end(&b, 0);
    t->rule_first = tb_rule(&b, PRT_EV_EXPIRE, prog);
    t->rule_count = 2;
    tb_rule(&b, PRT_EV_MATCH, tb_count_var(&b, 1));
    b.rules[b.nrules - 1].subject = 0;
}

static void test_timer_up(void **state)
{
    (void)state;
    build_timer(1000000, 0);
    start();
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_advance(&d, 5 * MS);
    assert_int_equal(tb_read(&d, 12, 4), 0);
    tb_write(&d, 0, 4, 1);
    tb_advance(&d, 29 * US);
    assert_int_equal(tb_read(&d, 12, 4), 29);
    assert_int_equal(tb_peek(&d, 12, 4), 29);
    assert_int_equal(var(1), 0);
    tb_advance(&d, 1 * US);
    assert_int_equal(var(1), 1);
    tb_advance(&d, 69 * US + 999);
    assert_int_equal(tb_read(&d, 12, 4), 99);
    assert_int_equal(var(0), 0);
    tb_advance(&d, 1);
    assert_int_equal(tb_read(&d, 12, 4), 0);
    assert_int_equal(var(0), 1);
    tb_advance(&d, 1000 * US);
    assert_int_equal(var(0), 11);
    assert_int_equal(var(1), 11);
    tb_write(&d, 12, 4, 98);
    tb_advance(&d, 2 * US);
    assert_int_equal(var(0), 12);
    tb_write(&d, 0, 4, 0);
    tb_advance(&d, 1000 * US);
    assert_int_equal(var(0), 12);
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_stop(&d);
}

static void test_timer_down(void **state)
{
    (void)state;
    build_timer(1000000, PRT_TIMER_DOWN);
    start();
    assert_int_equal(tb_read(&d, 12, 4), 99);
    tb_write(&d, 0, 4, 1);
    tb_advance(&d, 69 * US);
    assert_int_equal(tb_read(&d, 12, 4), 30);
    assert_int_equal(var(1), 1);
    tb_advance(&d, 30 * US);
    assert_int_equal(tb_read(&d, 12, 4), 0);
    assert_int_equal(var(0), 1);
    tb_advance(&d, 1 * US);
    assert_int_equal(tb_read(&d, 12, 4), 99);
    tb_advance(&d, 99 * US);
    assert_int_equal(var(0), 2);
    tb_advance(&d, 1000 * US);
    assert_int_equal(var(0), 12);
    assert_int_equal(var(1), 12);
    tb_stop(&d);
}

static void test_timer_once(void **state)
{
    unsigned down;

    (void)state;
    for (down = 0; down < 2; down++) {
        build_timer(1000000, down ? PRT_TIMER_DOWN : 0);
        start();
        tb_write(&d, 0, 4, 3);
        tb_advance(&d, 5 * MS);
        assert_int_equal(var(0), 1);
        assert_int_equal(tb_read(&d, 12, 4), 0);
        tb_write(&d, 12, 4, down ? 10 : 90);
        tb_advance(&d, 10 * US);
        assert_int_equal(var(0), 2);
        tb_write(&d, 0, 4, 0);
        tb_write(&d, 0, 4, 3);
        d.host.now += 5 * MS;   /* late: it passed 30 once, then stopped */
        tb_read(&d, 12, 4);
        assert_int_equal(var(0), 3);
        assert_int_equal(var(1), 2);
        tb_stop(&d);
    }
}

/* A change of divider keeps the count; fractions are not lost. */
static void test_timer_phase(void **state)
{
    unsigned i;

    (void)state;
    build_timer(3, 0);
    start();
    tb_write(&d, 4, 4, 1000000);
    tb_write(&d, 0, 4, 1);
    for (i = 0; i < 1000; i++) {
        tb_advance(&d, S / 1000);
        tb_write(&d, 0, 4, 1 | i << 8);
        tb_write(&d, 0, 4, 1 | (i & 1) << 1);   /* `once` changes: folds */
    }
    assert_int_equal(tb_read(&d, 12, 4), 3);
    tb_write(&d, 8, 4, 3);
    tb_advance(&d, 10 * S);
    assert_int_equal(tb_read(&d, 12, 4), 13);
    tb_stop(&d);
}

/* Periods missed make one event with their number. */
static void test_timer_missed(void **state)
{
    (void)state;
    build_timer(1000000, 0);
    start();
    tb_write(&d, 0, 4, 1);
    d.host.now += 1050 * US;
    tb_read(&d, 12, 4);
    assert_int_equal(var(0), 1);
    assert_int_equal(var(2), 10);
    assert_int_equal(tb_read(&d, 12, 4), 50);
    tb_stop(&d);
}

/* 2^64 ns at 1 GHz, large dividers: no overflow, no endless loop. */
static void test_timer_extremes(void **state)
{
    (void)state;
    build_timer(0xffffffff, 0);
    start();
    tb_write(&d, 4, 4, 0xffffffff);
    tb_write(&d, 0, 4, 1);
    d.host.now = UINT64_MAX - 5;
    tb_read(&d, 12, 4);
    assert_int_equal(var(0), 1);
    assert_true(var(2) > 4000000000u);
    tb_write(&d, 8, 4, 0xffffffff);
    tb_write(&d, 8, 4, 0);
    tb_write(&d, 4, 4, 0);
    tb_read(&d, 12, 4);
    tb_stop(&d);
}

static void test_timer_short_period(void **state)
{
    (void)state;
    build_timer(1000000000, 0);
    start();
    tb_write(&d, 4, 4, 0);
    d.host.alarms = 0;
    tb_write(&d, 0, 4, 1);
    tb_advance(&d, 100 * US);
    assert_in_range(d.host.alarms, 50, 300);
    tb_stop(&d);
}

static void test_time(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    prog = tb_prog(&b, PRT_PROG_EXPR);
    tb_op(&b, PRT_OP_LI, 1, 0, 0, 1000000);
    tb_op(&b, PRT_OP_TIME, 1, 1, 0, 0);
    tb_end(&b, 1);
    tb_reg(&b, "R", 0, 8, PRT_POL_ro);
    tb_derived(&b, "v", 0, 64, prog, 0);
    start();
    assert_int_equal(tb_read(&d, 0, 8), 0);
    d.host.now = 12345678;
    assert_int_equal(tb_peek(&d, 0, 8), 12345);
    assert_int_equal(tb_read(&d, 0, 8), 12345);
    d.host.now = UINT64_MAX;
    assert_int_equal(tb_read(&d, 0, 8), UINT64_MAX / 1000);
    tb_stop(&d);
}

/* ---------------------------------------------------------------- copies */

/* copy(from = SRC, to = DST, count = LEN, unit = 4) on a write to GO */
static void build_dma(void)
{
    uint32_t prog;
    struct prt_copy *c;

    tb_init(&b, 0x100);
    tb_var(&b, "done", 8);
    tb_var(&b, "faults", 8);
    tb_reg(&b, "SRC", 0, 4, PRT_POL_rw);
    tb_field(&b, "V", 0, 32);
    tb_reg(&b, "DST", 4, 4, PRT_POL_rw);
    tb_field(&b, "V", 0, 32);
    tb_reg(&b, "LEN", 8, 4, PRT_POL_rw);
    tb_field(&b, "V", 0, 32);
    c = tb_copy(&b, tb_count_var(&b, 0));
    c->param[PRT_COPY_FROM] = tb_expr_field(&b, 0);
    c->param[PRT_COPY_TO] = tb_expr_field(&b, 1);
    c->param[PRT_COPY_LEN] = tb_expr_field(&b, 2);
    c->param[PRT_COPY_UNIT] = tb_expr_const(&b, 4);
    tb_reg(&b, "GO", 12, 4, PRT_POL_wo);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_XFER, 0, 0, 0, 0);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, prog);
    b.head.rule_first = tb_rule(&b, PRT_EV_FAULT, tb_count_var(&b, 1));
    b.head.rule_count = 1;
}

static void test_copy(void **state)
{
    unsigned i;

    (void)state;
    build_dma();
    start();
    for (i = 0; i < 64; i++) {
        d.host.ram[i] = (uint8_t)(i + 1);
    }
    tb_write(&d, 4, 4, 0x800);
    tb_write(&d, 8, 4, 16);
    tb_write(&d, 12, 4, 1);
    /* Never inside the access. */
    assert_int_equal(d.host.ram[0x800], 0);
    assert_true(d.host.deadline != PRT_NEVER);
    tb_advance(&d, 10 * US);
    assert_memory_equal(d.host.ram, d.host.ram + 0x800, 64);
    assert_int_equal(d.host.ram[0x840], 0);
    assert_int_equal(var(0), 1);
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_write(&d, 4, 4, 0x2000);
    tb_write(&d, 12, 4, 1);
    tb_advance(&d, 10 * US);
    assert_int_equal(var(0), 1);
    assert_int_equal(var(1), 1);
    /* Much work is done in steps. */
    tb_write(&d, 4, 4, 0x0);
    tb_write(&d, 8, 4, 0xffffffff);
    tb_write(&d, 12, 4, 1);
    prt_tick(&d.dev);
    assert_int_equal(var(1), 2);
    tb_stop(&d);
}

static void test_copy_bounded(void **state)
{
    (void)state;
    build_dma();
    b.copies[0].param[PRT_COPY_FROM_STEP] = tb_expr_const(&b, 0);
    b.copies[0].param[PRT_COPY_TO_STEP] = tb_expr_const(&b, 0);
    start();
    tb_write(&d, 8, 4, 10000);
    tb_write(&d, 12, 4, 1);
    prt_tick(&d.dev);
    prt_tick(&d.dev);
    assert_int_equal(var(0), 0);
    assert_true(d.host.deadline != PRT_NEVER);
    prt_tick(&d.dev);
    assert_int_equal(var(0), 1);
    tb_write(&d, 12, 4, 1);
    prt_dev_reset(&d.dev, PRT_RESET_WARM);
    prt_tick(&d.dev);
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_time),
        cmocka_unit_test(test_after_catches_up),
        cmocka_unit_test(test_after_zero),
        cmocka_unit_test(test_after_reads),
        cmocka_unit_test(test_after_reads_from_read),
        cmocka_unit_test(test_after_elements),
        cmocka_unit_test(test_after_itself),
        cmocka_unit_test(test_timer_up),
        cmocka_unit_test(test_timer_down),
        cmocka_unit_test(test_timer_once),
        cmocka_unit_test(test_timer_phase),
        cmocka_unit_test(test_timer_missed),
        cmocka_unit_test(test_timer_extremes),
        cmocka_unit_test(test_timer_short_period),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_copy_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
