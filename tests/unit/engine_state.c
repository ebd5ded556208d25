/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of the engine: reset, save and load, carry-over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/builder.h"
#include "tests/engine/sample.h"

static struct tb b, b2;
static struct tb_dev d, d2;

#define US UINT64_C(1000)

static uint64_t random_state = 1;

static uint64_t rnd(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void random_access(struct tb_dev *dev, uint64_t r)
{
    uint32_t offset = (r >> 8) % SAMPLE_SIZE;
    unsigned size = 1u << (r >> 4 & 3);
    uint64_t value;

    switch (r & 7) {
    case 0:
        tb_advance(dev, r >> 50);
        break;
    case 1:
        prt_fifo_put(&dev->dev, 1, r >> 32);
        break;
    case 2:
        prt_line_set(&dev->dev, r >> 20 & 3, r >> 40 & 1);
        break;
    case 3: case 4:
        prt_read(&dev->dev, offset & ~(size - 1), size, &value);
        break;
    default:
        prt_write(&dev->dev, offset & ~(size - 1), size, r >> 24);
        break;
    }
}

/* After loading, both devices go on alike, events in flight included. */
static void test_save_load(void **state)
{
    unsigned round, i;

    (void)state;
    sample_build(&b);
    for (round = 0; round < 50; round++) {
        uint64_t *copy, seed;

        assert_int_equal(tb_start(&b, &d), PRT_OK);
        for (i = 0; i < 40; i++) {
            random_access(&d, rnd());
        }
        copy = malloc(prt_state_size(&d.table));
        memcpy(copy, prt_state(&d.dev), prt_state_size(&d.table));
        sample_build(&b2);
        assert_int_equal(tb_start(&b2, &d2), PRT_OK);
        d2.host = d.host;
        d2.host.deadline = PRT_NEVER;
        assert_int_equal(prt_load(&d2.dev, copy, prt_state_size(&d2.table)),
                         PRT_OK);
        assert_int_equal(d2.host.deadline, prt_deadline(&d.dev));
        seed = random_state;
        for (i = 0; i < 60; i++) {
            random_access(&d, rnd());
        }
        random_state = seed;
        for (i = 0; i < 60; i++) {
            random_access(&d2, rnd());
        }
        assert_memory_equal(prt_state(&d.dev), prt_state(&d2.dev),
                            prt_state_size(&d.table));
        free(copy);
        tb_stop(&d);
        tb_stop(&d2);
    }
}

static void test_load_refuses(void **state)
{
    uint64_t *copy;
    size_t size;

    (void)state;
    sample_build(&b);
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    size = prt_state_size(&d.table);
    copy = malloc(size);
    assert_int_equal(prt_load(&d.dev, copy, size - 8), PRT_E_MISMATCH);
#define SPOIL(section, index, cell, value) do {                         \
        memcpy(copy, prt_state(&d.dev), size);                          \
        copy[d.table.section[index].state / 8 + (cell)] = (value);      \
        assert_int_equal(prt_load(&d.dev, copy, size), PRT_E_CONTENT);  \
    } while (0)
    SPOIL(regs, 1, 0, 1ull << 32);
    SPOIL(vars, 0, 0, 1ull << 32);
    SPOIL(fifos, 0, 0, 4);      /* head */
    SPOIL(fifos, 0, 1, 5);      /* level */
    SPOIL(lines, 0, 0, 2);
    SPOIL(locks, 0, 0, 2);
    SPOIL(locks, 0, 1, 2);
    SPOIL(timers, 0, 3, UINT64_MAX);
    SPOIL(timers, 0, 1, UINT64_MAX);
    SPOIL(afters, 0, 3, 3);     /* armed */
    SPOIL(copies, 0, 0, 2);     /* active */
    SPOIL(copies, 0, 0, 1);     /* units of 0 bytes */
    memcpy(copy, prt_state(&d.dev), size);
    assert_int_equal(prt_load(&d.dev, copy, size), PRT_OK);
    free(copy);
    tb_stop(&d);
}

/* Loaded lines are delivered again: the host may have forgotten them. */
static void test_load_delivers_lines(void **state)
{
    (void)state;
    sample_build(&b);
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    d.host.nlines = 0;
    assert_int_equal(prt_load(&d.dev, prt_state(&d.dev),
                              prt_state_size(&d.table)), PRT_OK);
    assert_int_equal(d.host.nlines, 3);
    tb_stop(&d);
}

static void test_init_arguments(void **state)
{
    (void)state;
    sample_build(&b);
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    assert_int_equal(prt_dev_init(&d.dev, &d.table, d.memory, d.size - 8,
                                  NULL, NULL), PRT_E_ARG);
    assert_int_equal(prt_dev_init(&d.dev, &d.table, NULL, d.size, NULL, NULL),
                     PRT_E_ARG);
    tb_stop(&d);
}

/* Without a host everything still works; time stands still. */
static void test_no_host(void **state)
{
    uint64_t value;

    (void)state;
    sample_build(&b);
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    assert_int_equal(prt_dev_init(&d.dev, &d.table, d.memory, d.size, NULL,
                                  NULL), PRT_OK);
    prt_dev_reset(&d.dev, PRT_RESET_COLD);
    assert_int_equal(prt_write(&d.dev, SAMPLE_DATA, 4, 'x'), PRT_OK);
    assert_int_equal(prt_write(&d.dev, SAMPLE_GO, 2, 1), PRT_OK);
    assert_int_equal(prt_read(&d.dev, SAMPLE_COUNT, 4, &value), PRT_OK);
    prt_tick(&d.dev);
    tb_stop(&d);
}

/* ------------------------------------------------------------ carry-over */

static unsigned told[2];

static void hear(void *opaque, enum prt_carry_kind kind, const char *name)
{
    (void)opaque;
    told[kind] += name[0] != 0;
}

/* Start the second table with the contents of the first. */
static void carry(void)
{
    tb_finish(&b2);
    memset(&d2, 0, sizeof(d2));
    assert_int_equal(prt_table_open(b2.bytes, b2.size, &d2.table, NULL),
                     PRT_OK);
    d2.size = prt_table_memory(&d2.table);
    d2.memory = malloc(d2.size + 8);
    d2.host.now = d.host.now;
    d2.host.deadline = PRT_NEVER;
    told[0] = told[1] = 0;
    assert_int_equal(prt_dev_init(&d2.dev, &d2.table, d2.memory, d2.size,
                                  &tb_host_ops, &d2.host), PRT_OK);
    prt_carry(&d2.dev, &d.dev, hear, NULL);
}

/* The same table again: nothing is seen to change. */
static void test_carry_same(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 50; round++) {
        sample_build(&b);
        sample_build(&b2);
        assert_int_equal(tb_start(&b, &d), PRT_OK);
        for (i = 0; i < 60; i++) {
            random_access(&d, rnd());
        }
        carry();
        assert_int_equal(told[0] + told[1], 0);
        assert_int_equal(d2.host.nlines, 0);
        assert_int_equal(d2.host.nout, 0);
        for (i = 0; i + 8 <= SAMPLE_SIZE; i += 8) {
            uint64_t was = 0, is = 0;

            assert_int_equal(prt_peek(&d.dev, i, 8, &was),
                             prt_peek(&d2.dev, i, 8, &is));
            assert_int_equal(was, is);
        }
        assert_int_equal(prt_deadline(&d.dev), prt_deadline(&d2.dev));
        tb_stop(&d);
        tb_stop(&d2);
    }
}

/* A register is refined: what nobody had set follows the new text. */
static void test_carry_refined(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "r00", 0, 4, PRT_POL_rw);
    tb_reg(&b, "r04", 4, 4, PRT_POL_rw);
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    tb_write(&d, 0, 4, 0xff00);
    tb_write(&d, 4, 4, 0x1234);
    tb_init(&b2, 0x100);
    tb_reg(&b2, "r00", 0, 4, PRT_POL_rw)->reset = 0x30;
    tb_policy(&b2.regs[0], 0x830, PRT_POL_ro);
    tb_reg(&b2, "renamed", 4, 4, PRT_POL_rw);
    tb_reg(&b2, "new", 8, 4, PRT_POL_rw)->reset = 7;
    carry();
    /* Bit 11 can no longer be written: it takes its reset value. */
    assert_int_equal(tb_read(&d2, 0, 4), 0xf730);
    assert_int_equal(tb_read(&d2, 4, 4), 0x1234);
    assert_int_equal(tb_read(&d2, 8, 4), 7);
    tb_stop(&d);
    tb_stop(&d2);
}

static void test_carry_moved(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_var(&b, "v", 32);
    tb_reg(&b, "A", 0, 4, PRT_POL_rw);
    tb_field(&b, "x", 0, 8);
    tb_reg(&b, "B", 4, 4, PRT_POL_rw);
    tb_fifo(&b, "f", 4, 8, PRT_END_FROM);
    tb_view(&b, PRT_VERB_POPS, 0, 8, PRT_KIND_FIFO, 0);
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    tb_write(&d, 0, 4, 0xab);
    prt_fifo_put(&d.dev, 0, 1);
    prt_fifo_put(&d.dev, 0, 2);
    prt_fifo_put(&d.dev, 0, 3);
    tb_init(&b2, 0x100);
    tb_fifo(&b2, "f", 2, 16, PRT_END_FROM);
    tb_reg(&b2, "B", 0, 2, PRT_POL_rw);
    tb_view(&b2, PRT_VERB_POPS, 0, 16, PRT_KIND_FIFO, 0);
    tb_reg(&b2, "A", 8, 4, PRT_POL_rw);
    tb_field(&b2, "x", 8, 4);
    carry();
    /* A moved, its field moved up and lost the upper half. */
    assert_int_equal(tb_read(&d2, 8, 4) & 0xf00, 0xb00);
    assert_true(told[PRT_CARRY_NARROWED] >= 2);
    assert_int_equal(tb_read(&d2, 0, 2), 1);
    assert_int_equal(tb_read(&d2, 0, 2), 2);
    assert_int_equal(tb_read(&d2, 0, 2), 0);
    tb_stop(&d);
    tb_stop(&d2);
}

/* A level that the new table drives otherwise is delivered, others not. */
static void test_carry_lines(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_field(&b, "f", 0, 1);
    tb_field(&b, "g", 1, 1);
    tb_line(&b, "irq", PRT_LINE_OUT, 1, tb_expr_field(&b, 0));
    tb_line(&b, "in", PRT_LINE_IN, 1, PRT_NONE);
    b2 = b;
    b2.lines[0].prog = tb_expr_field(&b2, 1);
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    tb_write(&d, 0, 4, 1);
    prt_line_set(&d.dev, 0, 1);
    assert_int_equal(d.host.nlines, 1);
    carry();
    assert_int_equal(d2.host.nlines, 1);
    assert_int_equal(d2.host.lines[0].level, 0);
    assert_int_equal(d2.memory[d2.table.lines[1].state / 8], 1);
    tb_write(&d2, 0, 4, 2);
    assert_int_equal(d2.host.lines[1].level, 1);
    tb_stop(&d);
    tb_stop(&d2);
}

/* A line that is gone, and one that got another number. */
static void test_carry_lost_lines(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "R", 0, 4, PRT_POL_rw);
    tb_field(&b, "f", 0, 4);
    tb_line(&b, "gone", PRT_LINE_OUT, 2, tb_expr_field(&b, 0));
    tb_line(&b, "irq", PRT_LINE_OUT, 1, tb_expr_field(&b, 0));
    assert_int_equal(tb_start(&b, &d), PRT_OK);
    tb_write(&d, 0, 4, 3);
    assert_int_equal(d.host.nlines, 3);
    tb_init(&b2, 0x100);
    tb_reg(&b2, "R", 0, 4, PRT_POL_rw);
    tb_field(&b2, "f", 0, 4);
    tb_line(&b2, "irq", PRT_LINE_OUT, 1, tb_expr_field(&b2, 0));
    carry();
    /* 0, 1 and 2 fall; then irq rises at its new number, 0. */
    assert_int_equal(d2.host.nlines, 4);
    assert_int_equal(d2.host.lines[0].level, 0);
    assert_int_equal(d2.host.lines[2].line, 2);
    assert_int_equal(d2.host.lines[2].level, 0);
    assert_int_equal(d2.host.lines[3].line, 0);
    assert_int_equal(d2.host.lines[3].level, 1);
    tb_stop(&d);
    tb_stop(&d2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save_load),
        cmocka_unit_test(test_load_refuses),
        cmocka_unit_test(test_load_delivers_lines),
        cmocka_unit_test(test_init_arguments),
        cmocka_unit_test(test_no_host),
        cmocka_unit_test(test_carry_same),
        cmocka_unit_test(test_carry_refined),
        cmocka_unit_test(test_carry_moved),
        cmocka_unit_test(test_carry_lines),
        cmocka_unit_test(test_carry_lost_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
