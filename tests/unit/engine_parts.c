/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FIFOs, views, derived values, lines, locks, resets through the engine. */
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

/* !full(fifo) */
static uint32_t expr_room(uint32_t fifo)
{
    uint32_t prog = tb_prog(&b, PRT_PROG_EXPR);

    tb_op(&b, PRT_OP_LEVEL, 1, 0, 0, fifo);
    tb_op(&b, PRT_OP_DEPTH, 2, 0, 0, fifo);
    tb_op(&b, PRT_OP_LT, 1, 1, 2, 0);
    tb_end(&b, 1);
    return prog;
}

/* ----------------------------------------------------- the UART of §2 */

/* irq := SR.RXNE & CR.RXNEIE | SR.TXE & CR.TXEIE */
static uint32_t expr_irq(void)
{
    uint32_t prog = tb_prog(&b, PRT_PROG_EXPR);

    tb_op(&b, PRT_OP_LDF, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_LDF, 2, 0, 0, 4);
    tb_op(&b, PRT_OP_AND, 1, 1, 2, 0);
    tb_op(&b, PRT_OP_LDF, 3, 0, 0, 2);
    tb_op(&b, PRT_OP_LDF, 4, 0, 0, 5);
    tb_op(&b, PRT_OP_AND, 3, 3, 4, 0);
    tb_op(&b, PRT_OP_OR, 1, 1, 3, 0);
    tb_end(&b, 1);
    return prog;
}

/* !empty(rx) */
static uint32_t expr_some(uint32_t fifo)
{
    uint32_t prog = tb_prog(&b, PRT_PROG_EXPR);

    tb_op(&b, PRT_OP_LEVEL, 1, 0, 0, fifo);
    tb_op(&b, PRT_OP_BOOL, 1, 1, 0, 0);
    tb_end(&b, 1);
    return prog;
}

/* empty(tx) */
static uint32_t expr_none(uint32_t fifo)
{
    uint32_t prog = tb_prog(&b, PRT_PROG_EXPR);

    tb_op(&b, PRT_OP_LEVEL, 1, 0, 0, fifo);
    tb_op(&b, PRT_OP_LNOT, 1, 1, 0, 0);
    tb_end(&b, 1);
    return prog;
}

static void build_uart(unsigned rx_depth)
{
    tb_init(&b, 0x400);
    tb_fifo(&b, "tx", 16, 8, PRT_END_TO);
    tb_fifo(&b, "rx", rx_depth, 8, PRT_END_FROM);
    tb_reg(&b, "SR", 0, 4, PRT_POL_ro);
    tb_derived(&b, "RXNE", 5, 1, expr_some(1), 0);
    tb_derived(&b, "TC", 6, 1, expr_none(0), 0);
    tb_derived(&b, "TXE", 7, 1, expr_room(0), 0);
    tb_reg(&b, "DR", 4, 4, PRT_POL_rw);
    tb_field(&b, "D", 0, 8);
    tb_view(&b, PRT_VERB_POPS, 0, 8, PRT_KIND_FIFO, 1);
    tb_view(&b, PRT_VERB_PUSHES, 0, 8, PRT_KIND_FIFO, 0);
    tb_reg(&b, "CR", 12, 4, PRT_POL_rw);
    tb_field(&b, "RXNEIE", 5, 1);
    tb_field(&b, "TXEIE", 7, 1);
    tb_field(&b, "UE", 13, 1);
    tb_line(&b, "irq", PRT_LINE_OUT, 1, expr_irq());
}

static void test_uart(void **state)
{
    (void)state;
    build_uart(4);
    start();
    assert_int_equal(tb_read(&d, 0, 4), 0xc0);
    assert_int_equal(d.host.nlines, 0);
    tb_write(&d, 4, 4, 'A');
    tb_write(&d, 4, 1, 'B');
    assert_string_equal(d.host.out, "AB");
    assert_int_equal(tb_read(&d, 0, 4), 0xc0);
    tb_write(&d, 12, 4, 1u << 5);
    assert_int_equal(d.host.nlines, 0);
    assert_int_equal(prt_fifo_put(&d.dev, 1, 'x'), PRT_OK);
    assert_int_equal(d.host.nlines, 1);
    assert_int_equal(d.host.lines[0].level, 1);
    assert_int_equal(prt_line_level(&d.dev, 0), 1);
    assert_int_equal(prt_fifo_put(&d.dev, 1, 'y'), PRT_OK);
    assert_int_equal(tb_read(&d, 0, 4), 0xe0);
    assert_int_equal(tb_peek(&d, 4, 4), 'x');
    assert_int_equal(tb_peek(&d, 4, 4), 'x');
    /* Lanes without the field pop nothing. */
    assert_int_equal(tb_read(&d, 5, 1), 0);
    assert_int_equal(tb_read(&d, 4, 4), 'x');
    assert_int_equal(d.host.nlines, 1);
    assert_int_equal(tb_read(&d, 4, 1), 'y');
    assert_int_equal(d.host.nlines, 2);
    assert_int_equal(d.host.lines[1].level, 0);
    assert_int_equal(tb_read(&d, 4, 4), 0);
    tb_write(&d, 12, 1, 0x80);
    assert_int_equal(d.host.lines[2].level, 1);
    assert_int_equal(prt_fifo_find(&d.table, PRT_END_TO, "console"), 0);
    assert_int_equal(prt_fifo_find(&d.table, PRT_END_FROM, "console"), 1);
    assert_int_equal(prt_fifo_find(&d.table, PRT_END_FROM, "x"), PRT_NONE);
    tb_stop(&d);
}

static void test_fifo_room_and_losses(void **state)
{
    uint32_t i;

    (void)state;
    build_uart(3);
    tb_var(&b, "lost", 8);
    b.fifos[1].rule_first = tb_rule(&b, PRT_EV_OVERFLOW, tb_count_var(&b, 0));
    b.fifos[1].rule_count = 1;
    start();
    assert_int_equal(prt_fifo_room(&d.dev, 1), 3);
    assert_int_equal(prt_fifo_room(&d.dev, 0), 0);
    assert_int_equal(prt_fifo_room(&d.dev, 9), 0);
    for (i = 0; i < 3; i++) {
        assert_int_equal(prt_fifo_put(&d.dev, 1, 'a' + i), PRT_OK);
    }
    assert_int_equal(prt_fifo_room(&d.dev, 1), 0);
    assert_int_equal(prt_fifo_put(&d.dev, 1, 'z'), PRT_E_FULL);
    assert_int_equal(prt_fifo_put(&d.dev, 0, 'z'), PRT_E_ARG);
    assert_int_equal(var(0), 1);
    assert_int_equal(d.host.logs[PRT_LOG_LOST], 1);
    for (i = 0; i < 3; i++) {
        assert_int_equal(tb_read(&d, 4, 4), 'a' + i);
        assert_int_equal(prt_fifo_put(&d.dev, 1, '0' + i), PRT_OK);
    }
    for (i = 0; i < 3; i++) {
        assert_int_equal(tb_read(&d, 4, 4), '0' + i);
    }
    tb_stop(&d);
}

static void test_stuck_console(void **state)
{
    (void)state;
    build_uart(1);
    start();
    d.host.stuck = true;
    tb_write(&d, 4, 4, 'A');
    tb_write(&d, 4, 4, 'B');
    assert_int_equal(d.host.nout, 0);
    assert_int_equal(tb_read(&d, 0, 4) & 0x40, 0);
    d.host.stuck = false;
    prt_fifo_drain(&d.dev);
    assert_string_equal(d.host.out, "AB");
    assert_int_equal(tb_read(&d, 0, 4) & 0x40, 0x40);
    tb_stop(&d);
}

static void test_slow_console(void **state)
{
    (void)state;
    build_uart(1);
    b.fifos[0].at = tb_expr_const(&b, 87000);
    start();
    tb_write(&d, 4, 4, 'A');
    tb_write(&d, 4, 4, 'B');
    assert_int_equal(d.host.nout, 0);
    tb_advance(&d, 86999);
    assert_int_equal(d.host.nout, 0);
    tb_advance(&d, 1);
    assert_string_equal(d.host.out, "A");
    tb_advance(&d, 87000);
    assert_string_equal(d.host.out, "AB");
    assert_int_equal(d.host.deadline, PRT_NEVER);
    tb_stop(&d);
}

static void test_preload(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_fifo(&b, "seq", 3, 16, PRT_END_NONE);
    b.fifos[0].preload_first = 0;
    b.fifos[0].preload_count = 2;
    b.pool[0] = 0x11111;
    b.pool[1] = 0x2222;
    b.npool = 2;
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_view(&b, PRT_VERB_POPS, 0, 16, PRT_KIND_FIFO, 0);
    start();
    assert_int_equal(tb_read(&d, 0, 4), 0x1111);
    assert_int_equal(tb_read(&d, 0, 4), 0x2222);
    assert_int_equal(tb_read(&d, 0, 4), 0);
    prt_dev_reset(&d.dev, PRT_RESET_WARM);
    assert_int_equal(tb_read(&d, 0, 4), 0x1111);
    tb_stop(&d);
}

/* ----------------------------------------------------------------- views */

static void test_views(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "ODR", 0, 4, PRT_POL_rw);
    tb_var(&b, "EVENTS", 32);
    tb_reg(&b, "BSRR", 4, 4, PRT_POL_wo);
    tb_view(&b, PRT_VERB_CLEARS, 16, 16, PRT_KIND_REG, 0);
    tb_view(&b, PRT_VERB_SETS, 0, 16, PRT_KIND_REG, 0);
    tb_reg(&b, "TGL", 8, 4, PRT_POL_rw);
    tb_view(&b, PRT_VERB_TOGGLES, 0, 32, PRT_KIND_REG, 0);
    tb_reg(&b, "EVENT9", 12, 4, PRT_POL_rw);
    tb_view(&b, PRT_VERB_MIRRORS, 0, 1, PRT_KIND_VAR, 0)->target_lo = 9;
    tb_reg(&b, "TGLV", 16, 4, PRT_POL_rw);
    tb_view(&b, PRT_VERB_TOGGLES, 0, 8, PRT_KIND_VAR, 0)->target_lo = 8;
    start();
    tb_write(&d, 4, 4, 0x000000ff);
    assert_int_equal(tb_read(&d, 0, 4), 0xff);
    /* Clear first, then set: the order of the views. */
    tb_write(&d, 4, 4, 0x000f0001);
    assert_int_equal(tb_read(&d, 0, 4), 0xf1);
    assert_int_equal(tb_read(&d, 4, 4), 0);
    tb_write(&d, 8, 4, 0x3);
    assert_int_equal(tb_read(&d, 0, 4), 0xf2);
    assert_int_equal(tb_read(&d, 8, 4), 0xf2);
    /* Lanes that are not written set nothing. */
    tb_write(&d, 5, 1, 0xff);
    assert_int_equal(tb_read(&d, 0, 4), 0xfff2);
    tb_write(&d, 12, 4, 1);
    assert_int_equal(var(0), 1u << 9);
    tb_write(&d, 16, 4, 3);
    assert_int_equal(var(0), 1u << 8);
    assert_int_equal(tb_read(&d, 12, 4), 0);
    assert_int_equal(tb_read(&d, 16, 4), 1);
    tb_stop(&d);
}

static void test_view_of_derived(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "CR", 0, 4, PRT_POL_rw);
    tb_field(&b, "ON", 0, 1);
    tb_reg(&b, "SR", 4, 4, PRT_POL_ro);
    tb_derived(&b, "RDY", 0, 1, tb_expr_field(&b, 0), 0);
    tb_reg(&b, "SR2", 8, 4, PRT_POL_ro);
    tb_view(&b, PRT_VERB_MIRRORS, 4, 1, PRT_KIND_REG, 1);
    start();
    assert_int_equal(tb_read(&d, 8, 4), 0);
    tb_write(&d, 0, 4, 1);
    assert_int_equal(tb_read(&d, 8, 4), 0x10);
    tb_write(&d, 8, 4, 0);
    assert_int_equal(tb_read(&d, 8, 4), 0x10);
    tb_stop(&d);
}

static void test_view_condition(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_fifo(&b, "tx", 4, 8, PRT_END_TO);
    tb_reg(&b, "CR", 0, 4, PRT_POL_rw);
    tb_field(&b, "EN", 0, 1);
    tb_reg(&b, "TX", 4, 4, PRT_POL_wo);
    tb_view(&b, PRT_VERB_PUSHES, 0, 8, PRT_KIND_FIFO, 0)->cond =
        tb_expr_field(&b, 0);
    start();
    tb_write(&d, 4, 4, 'x');
    tb_write(&d, 0, 4, 1);
    tb_write(&d, 4, 4, 'y');
    assert_string_equal(d.host.out, "y");
    tb_stop(&d);
}

/* ------------------------------------------------------- derived, holds */

/* Depth beyond counting twice: each reads the one below it twice. */
static void test_derived_chain(void **state)
{
    unsigned i;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_field(&b, "x", 0, 1);
    for (i = 1; i <= 60; i++) {
        uint32_t prog = tb_prog(&b, PRT_PROG_EXPR);

        tb_op(&b, PRT_OP_LDF, 1, 0, 0, i - 1);
        tb_op(&b, PRT_OP_LDF, 2, 0, 0, i - 1);
        tb_op(&b, PRT_OP_AND, 1, 1, 2, 0);
        tb_end(&b, 1);
        if (i % 32 == 1) {
            tb_reg(&b, "D", 4 * b.nregs, 4, PRT_POL_ro);
        }
        tb_derived(&b, "d", (i - 1) % 32, 1, prog, i);
    }
    start();
    assert_int_equal(tb_read(&d, 8, 4), 0);
    tb_write(&d, 0, 4, 1);
    assert_int_equal(tb_read(&d, 8, 4), 0x0fffffff);
    assert_int_equal(d.host.logs[PRT_LOG_STEPS], 0);
    assert_int_equal(d.host.logs[PRT_LOG_NEST], 0);
    tb_stop(&d);
}

/* SWS hold := SW != 3 ? SW : SWS */
static void test_hold(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "CFGR", 0, 4, PRT_POL_rw);
    tb_policy(&b.regs[0], 0xc, PRT_POL_ro);
    tb_field(&b, "SW", 0, 2);
    prog = tb_prog(&b, PRT_PROG_EXPR);
    tb_op(&b, PRT_OP_LDF, 1, 0, 0, 0);
    tb_op(&b, PRT_OP_EQI, 2, 1, 0, 3);
    tb_op(&b, PRT_OP_LDF, 3, 0, 0, 1);
    tb_op(&b, PRT_OP_SEL, 1, 3, 1, 2);
    tb_end(&b, 1);
    tb_field(&b, "SWS", 2, 2)->prog = prog;
    b.fields[1].kind = PRT_HOLD;
    b.order[b.norder++] = (struct prt_item){ .kind = PRT_KIND_FIELD,
                                             .index = 1 };
    start();
    tb_write(&d, 0, 4, 2);
    assert_int_equal(tb_read(&d, 0, 4), 0xa);
    tb_write(&d, 0, 4, 3);
    assert_int_equal(tb_read(&d, 0, 4), 0xb);
    tb_write(&d, 0, 4, 1);
    assert_int_equal(tb_read(&d, 0, 4), 0x5);
    tb_stop(&d);
}

/* -------------------------------------------------------- locks, lines */

static void test_locks(void **state)
{
    static const uint64_t keys[2] = { 0x45670123, 0xcdef89ab };
    uint32_t prog;
    unsigned wrong;

    (void)state;
    for (wrong = 0; wrong < 3; wrong++) {
        tb_init(&b, 0x100);
        tb_lock(&b, "key", 2, keys, (enum prt_wrong)wrong);
        tb_var(&b, "unlocks", 8);
        b.locks[0].rule_first = tb_rule(&b, PRT_EV_UNLOCK,
                                        tb_count_var(&b, 0));
        b.locks[0].rule_count = 1;
        tb_reg(&b, "KEYR", 0, 4, PRT_POL_wo);
        tb_view(&b, PRT_VERB_FEEDS, 0, 32, PRT_KIND_LOCK, 0);
        tb_reg(&b, "CR", 4, 4, PRT_POL_rw);
        prog = tb_prog(&b, PRT_PROG_EXPR);
        tb_op(&b, PRT_OP_LOCKED, 1, 0, 0, 0);
        tb_end(&b, 1);
        tb_derived(&b, "LOCK", 7, 1, prog, 0);
        prog = tb_prog(&b, PRT_PROG_ACTION);
        tb_op(&b, PRT_OP_RELOCK, 0, 0, 0, 0);
        tb_end(&b, 0);
        tb_reg_rule(&b, PRT_EV_WRITE, 7, 1, prog)->cond =
            tb_prog(&b, PRT_PROG_EXPR);
        tb_op(&b, PRT_OP_LDV, 1, 0, 0, 0);
        tb_end(&b, 1);
        start();
        assert_int_equal(tb_read(&d, 4, 4), 0x80);
        tb_write(&d, 0, 4, keys[0]);
        tb_write(&d, 0, 4, keys[1]);
        assert_int_equal(tb_read(&d, 4, 4), 0);
        assert_int_equal(var(0), 1);
        tb_write(&d, 4, 4, 0x80);
        assert_int_equal(tb_read(&d, 4, 4), 0x80);
        tb_write(&d, 0, 4, keys[0]);
        tb_write(&d, 0, 4, 0xbad);
        tb_write(&d, 0, 4, keys[1]);
        assert_int_equal(tb_read(&d, 4, 4), 0x80);
        prt_dev_reset(&d.dev, PRT_RESET_WARM);
        tb_write(&d, 0, 4, 0xbad);
        tb_write(&d, 0, 4, keys[0]);
        tb_write(&d, 0, 4, keys[1]);
        assert_int_equal(tb_read(&d, 4, 4),
                         wrong == PRT_WRONG_UNTIL_RESET ? 0x80 : 0);
        tb_write(&d, 0, 4, 0xbad);
        assert_int_equal(tb_read(&d, 4, 4),
                         wrong == PRT_WRONG_RETRY ? 0 : 0x80);
        tb_stop(&d);
    }
}

/* drive := pins, counted edges on the inputs, driven and pulsed outputs */
static void test_lines(void **state)
{
    uint32_t prog;

    (void)state;
    tb_init(&b, 0x100);
    tb_var(&b, "rises", 8);
    tb_line(&b, "a", PRT_LINE_IN, 2, PRT_NONE);
    tb_line(&b, "pin", PRT_LINE_IN, 4, PRT_NONE);
    prog = tb_prog(&b, PRT_PROG_EXPR);
    tb_op(&b, PRT_OP_LDL, 1, 0, 0, 1);
    tb_op(&b, PRT_OP_NOT, 1, 1, 0, 0);
    tb_end(&b, 1);
    tb_line(&b, "inv", PRT_LINE_OUT, 4, prog);
    tb_line(&b, "own", PRT_LINE_OUT, 2, PRT_NONE)->reset = 2;
    tb_edge(&b, PRT_EV_RISE, PRT_KIND_LINE, 1, tb_count_var(&b, 0))->lo = 2;
    b.rules[0].width = 1;
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    prog = tb_prog(&b, PRT_PROG_ACTION);
    tb_op(&b, PRT_OP_LI, 1, 0, 0, 3);
    tb_op(&b, PRT_OP_LDV, 2, 0, 0, 0);
    tb_op(&b, PRT_OP_LINE, 1, 2, 0, 3);
    tb_op(&b, PRT_OP_LI, 3, 0, 0, 1);
    tb_op(&b, PRT_OP_PULSE, 0, 3, 0, 3);
    tb_end(&b, 0);
    tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, prog);
    start();
    /* inv is 1111, own 10 */
    assert_int_equal(d.host.nlines, 5);
    assert_int_equal(prt_line_level(&d.dev, 0), 1);
    assert_int_equal(prt_line_level(&d.dev, 4), 0);
    assert_int_equal(prt_line_level(&d.dev, 5), 1);
    d.host.nlines = 0;
    prt_line_set(&d.dev, 2 + 2, 1);
    assert_int_equal(d.host.nlines, 1);
    assert_int_equal(d.host.lines[0].line, 2);
    assert_int_equal(d.host.lines[0].level, 0);
    assert_int_equal(var(0), 1);
    prt_line_set(&d.dev, 2 + 2, 1);
    prt_line_set(&d.dev, 2 + 3, 1);
    prt_line_set(&d.dev, 17, 1);
    assert_int_equal(var(0), 1);
    d.host.nlines = 0;
    tb_write(&d, 0, 4, 0);
    /* own[0] pulses, own[1] falls, all after the access */
    assert_int_equal(d.host.nlines, 3);
    assert_int_equal(d.host.lines[0].line, 4);
    assert_int_equal(d.host.lines[0].level, 1);
    assert_int_equal(d.host.lines[1].level, 0);
    assert_int_equal(d.host.lines[2].line, 5);
    assert_int_equal(d.host.lines[2].level, 0);
    /* Inputs belong to the host: a reset keeps them. */
    prt_dev_reset(&d.dev, PRT_RESET_COLD);
    assert_int_equal(prt_line_level(&d.dev, 2), 0);
    tb_stop(&d);
}

static void test_reset_domain(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_var(&b, "resets", 8);
    b.vars[0].flags = PRT_VAR_STICKY;
    tb_reg(&b, "A", 0, 4, PRT_POL_rw)->reset = 0x11;
    tb_reg(&b, "B", 4, 4, PRT_POL_rw)->reset = 0x22;
    b.regs[1].sticky = 0xf;
    b.domains[0] = (struct prt_domain){ .item_count = 1 };
    b.items[0] = (struct prt_item){ .kind = PRT_KIND_REG, .width = 4 };
    b.ndomains = b.nitems = 1;
    tb_reg(&b, "RST", 8, 4, PRT_POL_pulse);
    tb_view(&b, PRT_VERB_RESETS, 0, 1, PRT_KIND_DOMAIN, PRT_NONE);
    tb_view(&b, PRT_VERB_RESETS, 1, 1, PRT_KIND_DOMAIN, 0);
    b.domains[0].rule_first = tb_rule(&b, PRT_EV_RESET, tb_count_var(&b, 0));
    b.domains[0].rule_count = 1;
    start();
    tb_write(&d, 0, 4, 0xffffffff);
    tb_write(&d, 4, 4, 0xffffffff);
    tb_write(&d, 8, 4, 2);
    assert_int_equal(tb_read(&d, 0, 4), 0xfffffff1);
    assert_int_equal(var(0), 1);
    tb_write(&d, 8, 4, 1);
    assert_int_equal(tb_read(&d, 0, 4), 0x11);
    assert_int_equal(tb_read(&d, 4, 4), 0x2f);
    assert_int_equal(tb_read(&d, 8, 4), 0);
    assert_int_equal(var(0), 1);
    tb_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uart),
        cmocka_unit_test(test_fifo_room_and_losses),
        cmocka_unit_test(test_stuck_console),
        cmocka_unit_test(test_slow_console),
        cmocka_unit_test(test_preload),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_view_of_derived),
        cmocka_unit_test(test_view_condition),
        cmocka_unit_test(test_derived_chain),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_reset_domain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
