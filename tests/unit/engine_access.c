/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses through the engine: policies, lanes, alternates, unmapped. */
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

/* ------------------------------------------------------------- policies */

/* What the table of policies says, written out once more by hand. */
struct policy_row {
    enum prt_policy policy;
    /* content (bit: old 0, old 1) after writing 0 and after writing 1 */
    uint8_t write0, write1;
    uint8_t shown;              /* value shown for old 0, old 1 */
    uint8_t read;               /* content after a read */
};

#define PAIR(old0, old1) ((old0) | (old1) << 1)

static const struct policy_row policy_rows[] = {
    { PRT_POL_rw, PAIR(0, 0), PAIR(1, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_ro, PAIR(0, 1), PAIR(0, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_wo, PAIR(0, 0), PAIR(1, 1), PAIR(0, 0), PAIR(0, 1) },
    { PRT_POL_rc, PAIR(0, 1), PAIR(0, 1), PAIR(0, 1), PAIR(0, 0) },
    { PRT_POL_rs, PAIR(0, 1), PAIR(0, 1), PAIR(0, 1), PAIR(1, 1) },
    { PRT_POL_w1c, PAIR(0, 1), PAIR(0, 0), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_w1s, PAIR(0, 1), PAIR(1, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_w1t, PAIR(0, 1), PAIR(1, 0), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_w0c, PAIR(0, 0), PAIR(0, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_w0s, PAIR(1, 1), PAIR(0, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_w0t, PAIR(1, 0), PAIR(0, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_wclr, PAIR(0, 0), PAIR(0, 0), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_wset, PAIR(1, 1), PAIR(1, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_once, PAIR(0, 0), PAIR(1, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_pulse, PAIR(0, 0), PAIR(0, 0), PAIR(0, 0), PAIR(0, 1) },
    { PRT_POL_unimpl, PAIR(0, 1), PAIR(0, 1), PAIR(0, 1), PAIR(0, 1) },
    { PRT_POL_zero, PAIR(0, 0), PAIR(0, 0), PAIR(0, 0), PAIR(0, 0) },
    { PRT_POL_one, PAIR(1, 1), PAIR(1, 1), PAIR(1, 1), PAIR(1, 1) },
};

static uint64_t content(uint32_t reg)
{
    return d.memory[d.table.regs[reg].state / 8];
}

static void set_content(uint32_t reg, uint64_t value)
{
    d.memory[d.table.regs[reg].state / 8] = value;
}

/* Bits 0 and 1 of the register hold old 0 and old 1. */
static void check_policy(const struct policy_row *row, bool plain)
{
    uint64_t mask = PAIR(1, 1);
    struct prt_reg *r;

    tb_init(&b, 0x100);
    r = tb_reg(&b, "r", 0, 4, PRT_POL_rw);
    tb_policy(r, mask, row->policy);
    r->reset = 0x10 | PAIR(0, 1);
    if (!plain) {
        r->needs = tb_expr_const(&b, 1);
    }
    start();
    assert_int_equal(content(0), r->reset);
    assert_int_equal(tb_peek(&d, 0, 4) & mask, row->shown);
    assert_int_equal(content(0), r->reset);
    assert_int_equal(tb_read(&d, 0, 4) & mask, row->shown);
    assert_int_equal(content(0) & mask, row->read);
    set_content(0, PAIR(0, 1));
    tb_write(&d, 0, 4, 0);
    assert_int_equal(content(0) & mask, row->write0);
    prt_dev_reset(&d.dev, PRT_RESET_COLD);
    assert_int_equal(content(0), r->reset);
    set_content(0, PAIR(0, 1));
    tb_write(&d, 0, 4, mask);
    assert_int_equal(content(0) & mask, row->write1);
    tb_stop(&d);
}

static void test_policies(void **state)
{
    size_t i;

    (void)state;
    assert_int_equal(sizeof(policy_rows) / sizeof(*policy_rows),
                     PRT_POL_COUNT);
    for (i = 0; i < PRT_POL_COUNT; i++) {
        assert_int_equal(policy_rows[i].policy, i);
        check_policy(&policy_rows[i], true);
        check_policy(&policy_rows[i], false);
    }
}

static void test_once(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "r", 0, 4, PRT_POL_once);
    start();
    tb_write(&d, 0, 1, 0x12);
    tb_write(&d, 0, 4, 0xffffffff);
    assert_int_equal(tb_read(&d, 0, 4), 0xffffff12);
    tb_write(&d, 0, 4, 0);
    assert_int_equal(tb_read(&d, 0, 4), 0xffffff12);
    prt_dev_reset(&d.dev, PRT_RESET_COLD);
    tb_write(&d, 0, 4, 0x55);
    assert_int_equal(tb_read(&d, 0, 4), 0x55);
    tb_stop(&d);
}

static void test_sticky(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "r", 0, 4, PRT_POL_rw)->sticky = 0xff00;
    b.regs[0].reset = 0x1234;
    start();
    tb_write(&d, 0, 4, 0xaaaaaaaa);
    prt_dev_reset(&d.dev, PRT_RESET_WARM);
    assert_int_equal(tb_read(&d, 0, 4), 0xaa34);
    prt_dev_reset(&d.dev, PRT_RESET_COLD);
    assert_int_equal(tb_read(&d, 0, 4), 0x1234);
    tb_stop(&d);
}

static void test_unimpl_is_reported(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_policy(tb_reg(&b, "r", 0, 4, PRT_POL_rw), 0xff00, PRT_POL_unimpl);
    start();
    tb_write(&d, 0, 1, 1);
    assert_int_equal(d.host.logs[PRT_LOG_UNIMPL], 0);
    tb_write(&d, 0, 2, 1);
    tb_read(&d, 1, 1);
    tb_peek(&d, 0, 4);
    assert_int_equal(d.host.logs[PRT_LOG_UNIMPL], 2);
    tb_stop(&d);
}

/* ----------------------------------------------------------------- lanes */

/* A register file as bytes, the model for lanes of every shape. */
static void check_lanes(unsigned bytes, bool big, bool plain)
{
    uint8_t model[32] = { 0 };
    uint64_t seed = 88172645463325252, value, want;
    unsigned i, k, n;

    tb_init(&b, 32);
    b.head.endian = big ? PRT_ENDIAN_BIG : PRT_ENDIAN_LITTLE;
    for (i = 0; i < 32; i += bytes) {
        tb_reg(&b, "r", i, bytes, PRT_POL_rw);
        if (!plain) {
            b.regs[b.nregs - 1].needs = tb_expr_const(&b, 1);
        }
    }
    start();
    for (n = 0; n < 4000; n++) {
        unsigned size, at;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        size = 1 + seed % 8;
        at = (seed >> 8) % (32 - size + 1);
        tb_write(&d, at, size, seed);
        memcpy(model + at, &seed, size);
        value = tb_read(&d, at, size);
        assert_true(size == 8 || value >> 8 * size == 0);
        assert_memory_equal(&value, model + at, size);
        at = (seed >> 16) % 25;
        value = tb_peek(&d, at, 8);
        assert_memory_equal(&value, model + at, 8);
    }
    for (i = 0; i < 32 / bytes; i++) {
        for (want = 0, k = 0; k < bytes; k++) {
            want |= (uint64_t)model[i * bytes +
                                    (big ? bytes - 1 - k : k)] << 8 * k;
        }
        assert_int_equal(content(i), want);
    }
    tb_stop(&d);
}

static void test_lanes(void **state)
{
    unsigned bytes;

    (void)state;
    for (bytes = 1; bytes <= 8; bytes *= 2) {
        check_lanes(bytes, false, true);
        check_lanes(bytes, false, false);
        check_lanes(bytes, true, true);
        check_lanes(bytes, true, false);
    }
}

/* Next content by a hand-written row, bit by bit, on the lanes. */
static uint64_t by_row(uint64_t old, uint64_t value, uint64_t lanes,
                       const struct policy_row *row)
{
    uint64_t next = 0;
    unsigned bit;

    for (bit = 0; bit < 64; bit++) {
        unsigned o = old >> bit & 1, v = value >> bit & 1;
        unsigned pair = v ? row->write1 : row->write0;

        if (!(lanes >> bit & 1)) {
            next |= (uint64_t)o << bit;
        } else {
            next |= (uint64_t)(pair >> o & 1) << bit;
        }
    }
    return next;
}

/* What a read shows or leaves, by a hand-written row. */
static uint64_t by_pair(uint64_t old, uint64_t lanes, uint8_t pair)
{
    uint64_t next = (pair & 1 ? ~old : 0) | (pair & 2 ? old : 0);

    return (old & ~lanes) | (next & lanes);
}

static void check_matrix(const struct policy_row *row, unsigned bytes,
                         unsigned size, bool plain)
{
    const uint64_t old = 0x35c96ac50f3c5a96, value = 0x0ff00ff033cc55aa;
    uint64_t mask = bytes == 8 ? UINT64_MAX : (1ull << 8 * bytes) - 1;
    uint64_t part = size == 8 ? UINT64_MAX : (1ull << 8 * size) - 1;
    unsigned at;

    for (at = 0; at + size <= bytes; at++) {
        uint64_t lanes = part << 8 * at;

        tb_init(&b, 0x100);
        tb_reg(&b, "r", 0x10, bytes, row->policy);
        if (!plain) {
            b.regs[0].needs = tb_expr_const(&b, 1);
        }
        start();
        set_content(0, old & mask);
        assert_int_equal(tb_peek(&d, 0x10 + at, size),
                         by_pair(old, lanes, row->shown) >> 8 * at & part);
        assert_int_equal(content(0), old & mask);
        assert_int_equal(tb_read(&d, 0x10 + at, size),
                         by_pair(old, lanes, row->shown) >> 8 * at & part);
        assert_int_equal(content(0), by_pair(old, lanes, row->read) & mask);
        set_content(0, old & mask);
        tb_write(&d, 0x10 + at, size, value);
        assert_int_equal(content(0), by_row(old & mask, value << 8 * at,
                                            lanes, row));
        tb_stop(&d);
    }
}

/* One access to several registers, or to parts of two: each by its row. */
static void check_matrix_across(const struct policy_row *row, unsigned bytes,
                                unsigned size, unsigned at)
{
    const uint64_t value = 0x0ff00ff033cc55aa;
    uint64_t old[8], mask = bytes == 8 ? UINT64_MAX : (1ull << 8 * bytes) - 1;
    uint64_t part = size == 8 ? UINT64_MAX : (1ull << 8 * size) - 1;
    uint64_t shown = 0, got;
    unsigned i, count = (at + size + bytes - 1) / bytes;

    tb_init(&b, 0x100);
    for (i = 0; i < count; i++) {
        char name[] = { 'r', (char)('0' + i), 0 };

        tb_reg(&b, name, 0x10 + i * bytes, bytes, row->policy);
    }
    start();
    for (i = 0; i < count * bytes; i++) {
        uint64_t byte = (0x96 + 0x35 * i) & 0xff;
        unsigned reg = i / bytes, shift = i % bytes * 8;

        old[reg] = (shift ? old[reg] : 0) | byte << shift;
        if (i >= at && i < at + size) {
            shown |= by_pair(byte, 0xff, row->shown) << 8 * (i - at);
        }
    }
    for (i = 0; i < count; i++) {
        set_content(i, old[i]);
    }
    got = tb_peek(&d, 0x10 + at, size);
    assert_int_equal(got, shown & part);
    tb_write(&d, 0x10 + at, size, value);
    for (i = 0; i < count; i++) {
        int from = (int)(i * bytes) - (int)at;
        uint64_t lanes = from < 0 ? part << -8 * from : part >> 8 * from;
        uint64_t v = from < 0 ? (value & part) << -8 * from
                              : (value & part) >> 8 * from;

        assert_int_equal(content(i), by_row(old[i], v, lanes & mask, row));
    }
    tb_stop(&d);
}

static void test_policy_across(void **state)
{
    unsigned p, bytes, size, at;

    (void)state;
    for (p = 0; p < PRT_POL_COUNT; p++) {
        for (bytes = 1; bytes <= 8; bytes *= 2) {
            for (size = 1; size <= 8; size *= 2) {
                for (at = 0; at < bytes; at++) {
                    check_matrix_across(&policy_rows[p], bytes, size, at);
                }
            }
        }
    }
}

/* Every policy, on registers and accesses of every width and place. */
static void test_policy_matrix(void **state)
{
    unsigned p, bytes, size;

    (void)state;
    for (p = 0; p < PRT_POL_COUNT; p++) {
        for (bytes = 1; bytes <= 8; bytes *= 2) {
            for (size = 1; size <= bytes; size *= 2) {
                check_matrix(&policy_rows[p], bytes, size, true);
                check_matrix(&policy_rows[p], bytes, size, false);
            }
        }
    }
}

static void test_replicate(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    b.head.narrow = PRT_NARROW_REPLICATE;
    tb_reg(&b, "r", 0, 4, PRT_POL_rw);
    start();
    tb_write(&d, 2, 1, 0x12);
    assert_int_equal(tb_read(&d, 0, 4), 0x12121212);
    tb_write(&d, 0, 2, 0xabcd);
    assert_int_equal(tb_read(&d, 0, 4), 0xabcdabcd);
    assert_int_equal(tb_read(&d, 3, 1), 0xab);
    tb_stop(&d);
}

static void test_illegal_sizes(void **state)
{
    uint64_t value;

    (void)state;
    tb_init(&b, 0x100);
    b.head.access = 4;
    tb_reg(&b, "r", 0, 4, PRT_POL_rw)->reset = 0x12345678;
    tb_reg(&b, "s", 4, 4, PRT_POL_rw)->reset = 0x9abcdef0;
    start();
    assert_int_equal(tb_read(&d, 1, 1), 0x56);
    assert_int_equal(tb_read(&d, 0, 8), 0x9abcdef012345678);
    tb_stop(&d);
    b.head.illegal = PRT_ILLEGAL_IGNORE;
    start();
    assert_int_equal(tb_read(&d, 1, 1), 0);
    tb_write(&d, 0, 2, 0xffff);
    assert_int_equal(tb_read(&d, 0, 4), 0x12345678);
    tb_stop(&d);
    b.head.illegal = PRT_ILLEGAL_ABORT;
    start();
    assert_int_equal(prt_read(&d.dev, 0, 8, &value), PRT_ABORT);
    assert_int_equal(prt_write(&d.dev, 0, 1, 0), PRT_ABORT);
    assert_int_equal(prt_read(&d.dev, 0, 0, &value), PRT_E_ARG);
    assert_int_equal(prt_read(&d.dev, 0, 9, &value), PRT_E_ARG);
    tb_stop(&d);
}

/* ------------------------------------------------------------ alternates */

/* DLAB: one offset, three registers. */
static void test_alternates(void **state)
{
    uint32_t dlab, on, off, reg;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "RBR", 0, 4, PRT_POL_ro)->reset = 'r';
    tb_reg(&b, "THR", 0, 4, PRT_POL_rw);
    tb_reg(&b, "DLL", 0, 4, PRT_POL_rw)->reset = 'd';
    tb_reg(&b, "LCR", 12, 4, PRT_POL_rw);
    tb_field(&b, "DLAB", 7, 1);
    dlab = 0;
    on = tb_expr_field(&b, dlab);
    off = tb_expr_not(&b, dlab);
    b.regs[0].cond = off;
    b.regs[0].flags &= ~PRT_REG_WRITES;
    b.regs[1].cond = off;
    b.regs[1].flags &= ~PRT_REG_READS;
    b.regs[2].cond = on;
    start();
    assert_int_equal(tb_read(&d, 0, 4), 'r');
    assert_int_equal(d.dev.last_reg, 0);
    tb_write(&d, 0, 4, 't');
    assert_int_equal(d.dev.last_reg, 1);
    assert_int_equal(tb_read(&d, 0, 4), 'r');
    tb_write(&d, 12, 4, 0x80);
    assert_int_equal(tb_read(&d, 0, 4), 'd');
    tb_write(&d, 0, 4, 'D');
    assert_int_equal(tb_read(&d, 0, 1), 'D');
    assert_int_equal(prt_decode(&d.dev, 0, 4, true, &reg), PRT_OK);
    assert_int_equal(reg, 2);
    tb_write(&d, 12, 4, 0);
    assert_int_equal(tb_read(&d, 0, 4), 'r');
    assert_int_equal(content(1), 't');
    assert_int_equal(content(2), 'D');
    tb_stop(&d);
}

/* No alternate holds: the offset is unmapped, and nothing has happened. */
static void test_no_alternate(void **state)
{
    uint64_t value = 1;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "A", 0, 4, PRT_POL_rc)->reset = 3;
    tb_reg(&b, "B", 4, 4, PRT_POL_rw);
    tb_field(&b, "on", 0, 1);
    b.regs[0].cond = tb_expr_field(&b, 0);
    start();
    assert_int_equal(prt_read(&d.dev, 0, 4, &value), PRT_ASK);
    assert_int_equal(value, 0);
    assert_int_equal(d.dev.ask_offset, 0);
    assert_int_equal(d.dev.ask_size, 4);
    assert_int_equal(prt_decode(&d.dev, 0, 4, false, NULL), PRT_ASK);
    tb_write(&d, 4, 4, 1);
    assert_int_equal(tb_read(&d, 0, 4), 3);
    assert_int_equal(tb_read(&d, 0, 4), 0);
    tb_stop(&d);
}

/* A byte-wide alternate in front of a word: bytes beside it stay the word. */
static void test_alternate_widths(void **state)
{
    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "byte", 0, 1, PRT_POL_rw)->reset = 0xbb;
    tb_reg(&b, "word", 0, 4, PRT_POL_rw)->reset = 0x44444444;
    tb_reg(&b, "mode", 4, 4, PRT_POL_rw);
    tb_field(&b, "m", 0, 1);
    b.regs[0].cond = tb_expr_field(&b, 0);
    start();
    assert_int_equal(tb_read(&d, 0, 4), 0x44444444);
    tb_write(&d, 4, 4, 1);
    assert_int_equal(tb_read(&d, 0, 4), 0x444444bb);
    tb_write(&d, 0, 4, 0x01020304);
    assert_int_equal(content(0), 0x04);
    assert_int_equal(content(1), 0x01020344);
    tb_stop(&d);
}

/* -------------------------------------------------------------- unmapped */

static void test_ask(void **state)
{
    uint64_t value;
    uint32_t reg;

    (void)state;
    tb_init(&b, 0x100);
    tb_reg(&b, "r", 0, 4, PRT_POL_rc)->reset = 0xff;
    tb_reg(&b, "s", 8, 1, PRT_POL_rw)->reset = 0x77;
    start();
    assert_int_equal(prt_read(&d.dev, 4, 4, &value), PRT_ASK);
    assert_int_equal(d.dev.ask_offset, 4);
    assert_int_equal(d.dev.ask_size, 4);
    assert_int_equal(prt_write(&d.dev, 0x20, 2, 1), PRT_ASK);
    assert_int_equal(d.dev.ask_offset, 0x20);
    assert_int_equal(d.dev.ask_size, 2);
    /* The lower half is known, but the access as a whole asks first. */
    assert_int_equal(prt_read(&d.dev, 0, 8, &value), PRT_ASK);
    assert_int_equal(d.dev.ask_offset, 4);
    assert_int_equal(d.dev.ask_size, 4);
    assert_int_equal(tb_peek(&d, 0, 4), 0xff);
    /* Beside a narrow register, in its word, there are zeros. */
    assert_int_equal(tb_read(&d, 8, 4), 0x77);
    tb_write(&d, 8, 4, 0x11223344);
    assert_int_equal(tb_read(&d, 8, 4), 0x44);
    assert_int_equal(prt_read(&d.dev, 9, 1, &value), PRT_ASK);
    /* Beyond the device. */
    assert_int_equal(prt_read(&d.dev, 0x100, 4, &value), PRT_ASK);
    assert_int_equal(prt_read(&d.dev, 0xfffffffe, 8, &value), PRT_ASK);
    assert_int_equal(prt_decode(&d.dev, 0, 4, false, &reg), PRT_OK);
    assert_int_equal(reg, 0);
    assert_int_equal(tb_peek(&d, 0, 4), 0xff);
    tb_stop(&d);
}

static void test_unmapped_kinds(void **state)
{
    uint64_t value;

    (void)state;
    tb_init(&b, 0x102);
    b.head.unmapped = PRT_UNMAPPED_ZERO;
    tb_reg(&b, "r", 0, 4, PRT_POL_rw);
    start();
    tb_write(&d, 0x10, 4, 0xffffffff);
    assert_int_equal(tb_read(&d, 0x10, 4), 0);
    assert_int_equal(d.host.logs[PRT_LOG_UNMAPPED], 1);
    tb_stop(&d);
    b.head.unmapped = PRT_UNMAPPED_ONES;
    start();
    assert_int_equal(tb_read(&d, 0x10, 4), 0xffffffff);
    assert_int_equal(tb_read(&d, 0x10, 8), UINT64_MAX);
    assert_int_equal(tb_read(&d, 0, 8), 0xffffffff00000000);
    tb_stop(&d);
    b.head.unmapped = PRT_UNMAPPED_ABORT;
    start();
    assert_int_equal(prt_read(&d.dev, 0x10, 4, &value), PRT_ABORT);
    assert_int_equal(prt_write(&d.dev, 0x10, 4, 0), PRT_ABORT);
    tb_stop(&d);
    b.head.unmapped = PRT_UNMAPPED_STORE;
    start();
    tb_write(&d, 0x11, 4, 0xaabbccdd);
    assert_int_equal(tb_read(&d, 0x10, 8), 0xaabbccdd00);
    tb_write(&d, 0, 8, 0x1122334455667788);
    assert_int_equal(tb_read(&d, 0, 4), 0x55667788);
    assert_int_equal(tb_read(&d, 4, 4), 0x11223344);
    tb_write(&d, 0x100, 4, 0xaabbccdd);
    assert_int_equal(tb_read(&d, 0x100, 4), 0xccdd);
    tb_stop(&d);
}

static void test_mems_and_windows(void **state)
{
    (void)state;
    tb_init(&b, 0x4000);
    tb_reg(&b, "CTRL", 0, 4, PRT_POL_rw)->reset = 0xf0;
    tb_mem(&b, "ram", 0x100, 0x40, 4);
    tb_window(&b, 0x1000, 0x1000, 0, PRT_VERB_TOGGLES);
    tb_window(&b, 0x2000, 0x1000, 0, PRT_VERB_SETS);
    tb_window(&b, 0x3000, 0x1000, 0, PRT_VERB_CLEARS);
    start();
    tb_write(&d, 0x1000, 4, 0xff);
    assert_int_equal(tb_read(&d, 0, 4), 0x0f);
    tb_write(&d, 0x2000, 4, 0x30);
    assert_int_equal(tb_read(&d, 0, 4), 0x3f);
    tb_write(&d, 0x3000, 4, 0x0f);
    assert_int_equal(tb_read(&d, 0, 4), 0x30);
    assert_int_equal(tb_read(&d, 0x3000, 4), 0x30);
    tb_write(&d, 0x13e, 2, 0xbeef);
    assert_int_equal(tb_read(&d, 0x13c, 4), 0xbeef0000);
    tb_write(&d, 0x213c, 4, 0x0000ffff);
    assert_int_equal(tb_read(&d, 0x13c, 4), 0xbeefffff);
    assert_int_equal(prt_write(&d.dev, 0x140, 4, 0), PRT_ASK);
    assert_int_equal(prt_write(&d.dev, 0x2140, 4, 0), PRT_ASK);
    tb_stop(&d);
}

/* A granule of four and registers far apart. */
static void test_large_sparse(void **state)
{
    uint64_t value;

    (void)state;
    tb_init(&b, PRT_MAX_MMIO);
    b.head.granule = 4;
    tb_reg(&b, "a", 0, 4, PRT_POL_rw);
    tb_reg(&b, "b", 0x123454, 8, PRT_POL_rw);
    tb_reg(&b, "c", PRT_MAX_MMIO - 4, 4, PRT_POL_rw);
    start();
    tb_write(&d, 0x123454, 8, 0x0102030405060708);
    assert_int_equal(tb_read(&d, 0x123456, 4), 0x03040506);
    tb_write(&d, PRT_MAX_MMIO - 4, 4, 9);
    assert_int_equal(tb_read(&d, PRT_MAX_MMIO - 4, 4), 9);
    assert_int_equal(prt_read(&d.dev, PRT_MAX_MMIO - 4, 8, &value), PRT_ASK);
    tb_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_unimpl_is_reported),
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_policy_matrix),
        cmocka_unit_test(test_policy_across),
        cmocka_unit_test(test_replicate),
        cmocka_unit_test(test_illegal_sizes),
        cmocka_unit_test(test_alternates),
        cmocka_unit_test(test_no_alternate),
        cmocka_unit_test(test_alternate_widths),
        cmocka_unit_test(test_ask),
        cmocka_unit_test(test_unmapped_kinds),
        cmocka_unit_test(test_mems_and_windows),
        cmocka_unit_test(test_large_sparse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
