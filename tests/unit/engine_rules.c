/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, edges and programs through the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/builder.h"

static struct tb b;
static struct tb_dev d;

static void start(void)
{
    assert_int_equal(tb_start(&b, &d), PRT_OK);
}

static uint64_t var(uint32_t index)
{
    return d.memory[d.table.vars[index].state / 8];
}

/* ----------------------------------------------------------------- rules */

/* value, old and mask as a rule about bits 8..15 sees them */
static void test_rule_context(void **state)
{
    uint32_t prog;
    unsigned i;

    (void)state;
    tb_init(&b, 0x100);
    for (i = 0; i < 4; i++) {
        tb_var(&b, "v", 32);
    }
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_policy(&b.regs[0], 0xf000, PRT_POL_w1c);
    b.regs[0].reset = 0x1234f678;
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LDV, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 0);
    tb_op(&b, PRT_OP_LDOLD, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 1);
    tb_op(&b, PRT_OP_LDMASK, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 2);
    tb_op(&b, PRT_OP_IDX, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_STS, 0, 1, 0, 3);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 8, 16, prog)->index = 7;
    start();
    tb_write(&d, 0, 1, 0xff);
    assert_int_equal(var(2), 0);
    tb_write(&d, 1, 1, 0x5a);
    /* Bits 12..15 are w1c and written; 16..23 are stored and not written. */
    assert_int_equal(var(0), 0x345a);
    assert_int_equal(var(1), 0x34f6);
    assert_int_equal(var(2), 0x00ff);
    assert_int_equal(var(3), 7);
    assert_int_equal(tb_read(&d, 0, 4), 0x1234aaff);
    tb_write(&d, 2, 1, 0x77);
    /* Bits 12..15 are not written: 0, though the content is not. */
    assert_int_equal(var(0), 0x770a);
    assert_int_equal(var(1), 0x34aa);
    assert_int_equal(var(2), 0xff00);
    tb_stop(&d);
}

static void test_needs(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_var(&b, "ran", 32);
    tb_reg(&b, "EN", 0, 4, PRT_POL_rw);
    tb_field(&b, "on", 0, 1);
    tb_reg(&b, "R", 4, 4, PRT_POL_rw)->needs = tb_expr_field(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, tb_count_var(&b, 0));
    /* Writable only with a key in the upper half. */
    tb_reg(&b, "K", 8, 4, PRT_POL_rw);
    prog = tb_prog(&b, PRT_PROG_EXPR);
    tb_op(&b, PRT_OP_LDV, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_SHRI, 1, 1, 0, 16);
    tb_op(&b, PRT_OP_EQI, 1, 1, 0, 0x5fa);
    tb_end(&b, 1);
    b.regs[2].needs = prog;
    /* One field of a register with a condition of its own. */
    tb_reg(&b, "F", 12, 4, PRT_POL_rw);
    tb_field(&b, "f", 0, 8)->needs = tb_expr_field(&b, 0);
    tb_field(&b, "g", 8, 8)->cond = tb_expr_field(&b, 0);
    b.regs[3].reset = 0x55aa;
    start();
    tb_write(&d, 4, 4, 5);
    assert_int_equal(tb_read(&d, 4, 4), 0);
    assert_int_equal(var(0), 0);
    tb_write(&d, 8, 4, 0x1230042);
    assert_int_equal(tb_read(&d, 8, 4), 0);
    tb_write(&d, 8, 4, 0x05fa0042);
    assert_int_equal(tb_read(&d, 8, 4), 0x05fa0042);
    tb_write(&d, 12, 4, 0xffffffff);
    assert_int_equal(tb_read(&d, 12, 4), 0xffff00aa);
    tb_write(&d, 0, 4, 1);
    assert_int_equal(tb_read(&d, 12, 4), 0xffff55aa);
    tb_write(&d, 4, 4, 5);
    tb_write(&d, 12, 4, 0x1122);
    assert_int_equal(tb_read(&d, 12, 4), 0x1122);
    assert_int_equal(tb_read(&d, 4, 4), 5);
    assert_int_equal(var(0), 1);
    tb_stop(&d);
}

/* A rule never alters the value of the read that fired it. */
static void test_read_rule(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_ro)->reset = 2;
    tb_field(&b, "f", 0, 8);
    tb_reg_rule(&b, PRT_EV_READ, 0, 8, tb_set_field(&b, 0, 9));
    start();
    assert_int_equal(tb_peek(&d, 0, 4), 2);
    assert_int_equal(tb_read(&d, 1, 1), 0);
    assert_int_equal(tb_read(&d, 0, 4), 2);
    assert_int_equal(tb_read(&d, 0, 4), 9);
    tb_stop(&d);
}

static void test_edges(void **state)
{
    unsigned i;

    (void)state;
    tb_init(&b, 0x100);
    for (i = 0; i < 6; i++) {
        tb_var(&b, "n", 32);
    }
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_field(&b, "f", 4, 4);
    tb_reg(&b, "S", 4, 4, PRT_POL_ro);
    tb_derived(&b, "d", 0, 1, tb_expr_not(&b, 0), 0);
    for (i = 0; i < 5; i++) {
        tb_edge(&b, PRT_EV_CHANGE + i, PRT_KIND_FIELD, 0,
                tb_count_var(&b, i));
    }
    tb_edge(&b, PRT_EV_RISE, PRT_KIND_FIELD, 1, tb_count_var(&b, 5));
    start();
    tb_write(&d, 0, 4, 0x10);   /* change set rise */
    tb_write(&d, 0, 4, 0x1f);   /* none: other bits */
    tb_write(&d, 0, 4, 0x30);   /* change set */
    tb_write(&d, 0, 4, 0x50);   /* change set clear */
    tb_write(&d, 0, 4, 0x05);   /* change clear fall; S.d rises */
    assert_int_equal(var(0), 4);
    assert_int_equal(var(1), 3);
    assert_int_equal(var(2), 2);
    assert_int_equal(var(3), 1);
    assert_int_equal(var(4), 1);
    assert_int_equal(var(5), 1);
    tb_stop(&d);
}

/* A rule that undoes what fired it comes to an end. */
static void test_no_rest(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_field(&b, "f", 0, 1);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LDF, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_LNOT, 1, 1, 0, 0);
    tb_op(&b, PRT_OP_STF, 0, 1, 0, 0);
    tb_end(&b, 0);
    tb_edge(&b, PRT_EV_CHANGE, PRT_KIND_FIELD, 0, prog);
    start();
    tb_write(&d, 0, 4, 1);
    assert_int_equal(d.host.logs[PRT_LOG_NEST], 1);
    tb_stop(&d);
}

/* Events that fire themselves end too. */
static void test_nested_events(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_fifo(&b, "f", 64, 8, PRT_END_NONE);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_PUSH, 0, 0, 0, 0);
    tb_op(&b, PRT_OP_PUSH, 0, 0, 0, 0);
    tb_end(&b, 0);
    b.fifos[0].rule_first = tb_rule(&b, PRT_EV_PUSH, prog);
    b.fifos[0].rule_count = 1;
    tb_reg(&b, "R", 0, 4, PRT_POL_wo);
    tb_view(&b, PRT_VERB_PUSHES, 0, 8, PRT_KIND_FIFO, 0);
    start();
    tb_write(&d, 0, 4, 1);
    assert_true(d.host.logs[PRT_LOG_NEST] > 0);
    tb_stop(&d);
}

static void test_step_bound(void **state)
{
    uint32_t deep = 0, i, prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_field(&b, "x", 0, 32);
    /* Without memo: conditions of fields, each loading the one before. */
    for (i = 1; i <= 30; i++) {
        prog = tb_prog(&b, PRT_PROG_EXPR);
        tb_op(&b, PRT_OP_LDF, 1, 0, 0, i - 1);
        tb_op(&b, PRT_OP_LDF, 2, 0, 0, i - 1);
        tb_op(&b, PRT_OP_OR, 1, 1, 2, 0);
        tb_op(&b, PRT_OP_BOOL, 1, 1, 0, 0);
        tb_end(&b, 1);
        tb_reg(&b, "C", 4 * i, 4, PRT_POL_rw)->reset = 1;
        tb_field(&b, "c", 0, 1)->cond = prog;
        deep = i;
    }
    start();
    tb_write(&d, 0, 4, 1);
    tb_read(&d, 4 * deep, 4);
    assert_true(d.host.logs[PRT_LOG_STEPS] > 0);
    tb_stop(&d);
}

/* ARRAYS with an index that a program computes. */
static void test_arrays(void **state)
{
    uint32_t prog;
    unsigned i;

    (void)state;
    tb_init(&b, 0x100);
    for (i = 0; i < 4; i++) {
        tb_reg(&b, "ch", 8 * i, 4, PRT_POL_rw);
        tb_field(&b, "v", 4, 8);
        tb_field(&b, "w", 12, 8);
    }
    b.arrays[0] = (struct prt_array){ .kind = PRT_KIND_FIELD, .first = 1,
                                      .count = 4, .stride = 2 };
    b.narrays = 1;
    tb_reg(&b, "IDX", 0x40, 4, PRT_POL_rw);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LDV, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_LDF, 2, 0, 1, PRT_DYN | 0);
    tb_op(&b, PRT_OP_ADDI, 2, 2, 0, 5);
    tb_op(&b, PRT_OP_STF, 0, 2, 1, PRT_DYN | 0);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, prog);
    start();
    tb_write(&d, 0x40, 4, 2);
    tb_write(&d, 0x40, 4, 2);
    tb_write(&d, 0x40, 4, 3);
    tb_write(&d, 0x40, 4, 4);
    tb_write(&d, 0x40, 4, 0xffffffff);
    assert_int_equal(tb_read(&d, 0, 4), 0);
    assert_int_equal(tb_read(&d, 16, 4), 10 << 12);
    assert_int_equal(tb_read(&d, 24, 4), 5 << 12);
    tb_stop(&d);
}

/* Each instruction that computes, with its corner cases. */
static void test_arithmetic(void **state)
{
    static const struct {
        enum prt_op op;
        uint64_t a, b, want;
    } rows[] = {
        { PRT_OP_ADD, UINT64_MAX, 2, 1 },
        { PRT_OP_SUB, 1, 2, UINT64_MAX },
        { PRT_OP_MUL, 1ull << 63, 2, 0 },
        { PRT_OP_DIV, 7, 2, 3 }, { PRT_OP_DIV, 7, 0, 0 },
        { PRT_OP_MOD, 7, 4, 3 }, { PRT_OP_MOD, 7, 0, 0 },
        { PRT_OP_AND, 6, 3, 2 }, { PRT_OP_OR, 6, 3, 7 },
        { PRT_OP_XOR, 6, 3, 5 },
        { PRT_OP_SHL, 3, 63, 1ull << 63 }, { PRT_OP_SHL, 3, 64, 0 },
        { PRT_OP_SHR, UINT64_MAX, 63, 1 }, { PRT_OP_SHR, 3, 1ull << 32, 0 },
        { PRT_OP_EQ, 3, 3, 1 }, { PRT_OP_NE, 3, 3, 0 },
        { PRT_OP_LT, 3, UINT64_MAX, 1 }, { PRT_OP_LT, 3, 3, 0 },
        { PRT_OP_LE, 3, 3, 1 }, { PRT_OP_LE, 4, 3, 0 },
        { PRT_OP_NOT, 0, 0, UINT64_MAX }, { PRT_OP_NEG, 1, 0, UINT64_MAX },
        { PRT_OP_BOOL, 5, 0, 1 }, { PRT_OP_LNOT, 5, 0, 0 },
        { PRT_OP_MOV, 5, 0, 5 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        bool unary = rows[i].op >= PRT_OP_NOT || rows[i].op == PRT_OP_MOV;
        uint32_t prog;

        tb_init(&b, 0x100);
        b.pool[0] = rows[i].a;
        b.pool[1] = rows[i].b;
        b.npool = 2;
        prog = tb_prog(&b, PRT_PROG_EXPR);
        tb_op(&b, PRT_OP_LP, 14, 0, 0, 0);
        tb_op(&b, PRT_OP_LP, 15, 0, 0, 1);
        tb_op(&b, rows[i].op, 3, 14, unary ? 0 : 15, 0);
        tb_end(&b, 3);
        tb_reg(&b, "R", 0, 8, PRT_POL_ro);
        tb_derived(&b, "v", 0, 64, prog, 0);
        start();
        assert_int_equal(tb_read(&d, 0, 8), rows[i].want);
        tb_stop(&d);
    }
}

/* Conditional jumps: to the next, over some, to the last instruction. */
static void test_jumps(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "X", 0, 4, PRT_POL_rw);
    tb_field(&b, "x", 0, 32);
    prog = tb_prog(&b, PRT_PROG_EXPR);
    tb_op(&b, PRT_OP_LDF, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_LI, 2, 0, 0, 10);
    tb_op(&b, PRT_OP_JZ, 0, 1, 0, 7);
    tb_op(&b, PRT_OP_JNZ, 0, 1, 0, 5);
    tb_op(&b, PRT_OP_LI, 2, 0, 0, 99);
    tb_op(&b, PRT_OP_LI, 2, 0, 0, 20);
    tb_op(&b, PRT_OP_JMP, 0, 0, 0, 7);
    tb_end(&b, 2);
    tb_reg(&b, "R", 4, 4, PRT_POL_ro);
    tb_derived(&b, "v", 0, 32, prog, 0);
    start();
    assert_int_equal(tb_read(&d, 4, 4), 10);
    tb_write(&d, 0, 4, 5);
    assert_int_equal(tb_read(&d, 4, 4), 20);
    tb_stop(&d);
}

static void test_host_sources(void **state)
{
    uint32_t prog;
    unsigned i;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 8, PRT_POL_rw);
    for (i = 0; i < PRT_HOST_COUNT; i++) {
        prog = tb_prog(&b, PRT_PROG_ACTION);
        tb_op(&b, PRT_OP_LI, 2, 0, 0, 14);
        tb_op(&b, PRT_OP_HOST, 1, 2, 0, i);
        tb_op(&b, PRT_OP_STB, 0, 1, 64, 0);
        tb_end(&b, 0);
        tb_reg_rule(&b, PRT_EV_WRITE, 8 * i, 8, prog);
    }
    start();
    tb_write(&d, 0, 1, 0);
    assert_int_equal(tb_read(&d, 0, 8), 1);
    tb_write(&d, 1, 1, 0);
    assert_int_equal(tb_read(&d, 0, 8), 1700000000);
    tb_write(&d, 2, 1, 0);
    assert_int_equal(tb_read(&d, 0, 8), 42);
    tb_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule_context),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_read_rule),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_no_rest),
        cmocka_unit_test(test_nested_events),
        cmocka_unit_test(test_step_bound),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_host_sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
