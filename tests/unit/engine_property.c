/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold for all tables of a kind: each policy at each width and
 * alignment against its row of the table, bit by bit; a saved state that
 * behaves as what it was saved from; contents that survive a replacement.
 */
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

static uint64_t seed;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t ones(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* ------------------------------------------------------------- policies */

/* One bit of a register, by the rows of TABLE-FORMAT.md section 6. */
struct row {
    const char *name;
    uint8_t next[4];            /* content 0 and 1, written 0 and 1 */
    uint8_t shown[2];
    uint8_t after_read[2];
    bool once;
};

static const struct row rows[] = {
#define X(name, m00, m01, m10, m11, v0, v1, r0, r1, once, unimpl) \
    { #name, { m00, m01, m10, m11 }, { v0, v1 }, { r0, r1 }, once },
    PRT_POLICIES(X)
#undef X
};

struct model {
    const struct row *row;
    uint64_t content, written;
    unsigned bits;
};

static uint64_t model_write(struct model *m, uint64_t value, uint64_t lanes)
{
    unsigned i, o, v;

    for (i = 0; i < m->bits; i++) {
        if (!(lanes >> i & 1) || (m->row->once && m->written >> i & 1)) {
            continue;
        }
        o = m->content >> i & 1;
        v = value >> i & 1;
        m->content &= ~(UINT64_C(1) << i);
        m->content |= (uint64_t)m->row->next[2 * o + v] << i;
        m->written |= UINT64_C(1) << i;
    }
    return m->content;
}

static uint64_t model_shown(const struct model *m)
{
    uint64_t shown = 0;
    unsigned i;

    for (i = 0; i < m->bits; i++) {
        shown |= (uint64_t)m->row->shown[m->content >> i & 1] << i;
    }
    return shown;
}

static void model_read(struct model *m, uint64_t lanes)
{
    unsigned i, o;

    for (i = 0; i < m->bits; i++) {
        if (lanes >> i & 1) {
            o = m->content >> i & 1;
            m->content &= ~(UINT64_C(1) << i);
            m->content |= (uint64_t)m->row->after_read[o] << i;
        }
    }
}

/* Accesses of `size` bytes at byte `at` of a register at 0x10. */
static void try_access(struct model *m, unsigned bytes, unsigned size,
                       unsigned at)
{
    unsigned len = at + size > bytes ? bytes - at : size, i;
    uint64_t lanes = ones(8 * len) << 8 * at;
    uint64_t value, got;

    for (i = 0; i < 24; i++) {
        value = next();
        if (value & 1) {
            value >>= 1;
            tb_write(&d, 0x10 + at, size, value);
            model_write(m, value << 8 * at, lanes);
        }
        got = tb_peek(&d, 0x10 + at, size);
        assert_int_equal(got, (model_shown(m) & lanes) >> 8 * at);
        if (value & 4) {
            got = tb_read(&d, 0x10 + at, size);
            assert_int_equal(got, (model_shown(m) & lanes) >> 8 * at);
            model_read(m, lanes);
        }
        assert_int_equal(prt_peek_reg(&d.dev, 0), model_shown(m));
    }
}

/*
 * A register of `bits` bits that is plain, or has a rule that does nothing,
 * so that both ways through the engine are gone.
 */
static void one_policy(unsigned policy, unsigned bytes, unsigned bits,
                       bool rule)
{
    struct model m = { &rows[policy], 0, 0, bits };
    struct prt_reg *r;
    unsigned size, at;
    uint32_t prog;

    tb_init(&b, 0x100);
    b.head.unmapped = PRT_UNMAPPED_ZERO;
    b.head.access = 15;
    b.head.width = 8;
    r = tb_reg(&b, "R", 0x10, bytes, policy);
    r->bits = bits;
    tb_policy(r, ~ones(bits), PRT_POL_zero);
    r->once &= ones(bits);
    r->unimpl &= ones(bits);
    r->reset = next() & ones(bits);
    if (rule) {
        prog = tb_prog(&b, PRT_PROG_ACTION);
        tb_end(&b, 0);
        tb_reg_rule(&b, PRT_EV_WRITE, 0, 0, prog);
    }
    for (size = 1; size <= 8; size *= 2) {
        for (at = 0; at < bytes; at++) {
            assert_int_equal(tb_start(&b, &d), PRT_OK);
            m.content = b.regs[0].reset;
            m.written = 0;
            try_access(&m, bytes, size, at);
            tb_stop(&d);
        }
    }
}

static void test_policies(void **state)
{
    unsigned policy, bytes;

    (void)state;
    seed = 0x9e3779b97f4a7c15;
    for (policy = 0; policy < PRT_POL_COUNT; policy++) {
        for (bytes = 1; bytes <= 8; bytes *= 2) {
            one_policy(policy, bytes, 8 * bytes, false);
            one_policy(policy, bytes, 8 * bytes, true);
            one_policy(policy, bytes, 8 * bytes - 3, false);
            one_policy(policy, bytes, 8 * bytes - 3, true);
        }
    }
}

/* -------------------------------------------------------- save and load */

/* The same accesses on both must be answered alike. */
static void same_answers(struct tb_dev *x, struct tb_dev *y, unsigned count)
{
    uint64_t what, value, a, c;
    uint32_t offset;
    unsigned size;

    while (count--) {
        what = next();
        value = next() >> (what >> 32 & 63);
        offset = (uint32_t)(what >> 8) % SAMPLE_SIZE;
        size = 1u << (what >> 2 & 3);
        switch (what & 3) {
        case 0:
            a = c = next() % 200000;
            tb_advance(x, a);
            tb_advance(y, c);
            break;
        case 1:
            assert_int_equal(prt_read(&x->dev, offset, size, &a),
                             prt_read(&y->dev, offset, size, &c));
            assert_int_equal(a, c);
            break;
        default:
            assert_int_equal(prt_write(&x->dev, offset, size, value),
                             prt_write(&y->dev, offset, size, value));
            break;
        }
    }
}

static void wander(struct tb_dev *x, unsigned count)
{
    uint64_t what, value;

    while (count--) {
        what = next();
        if (what & 1) {
            prt_write(&x->dev, (uint32_t)(what >> 8) % SAMPLE_SIZE,
                      1u << (what >> 2 & 3), next());
        } else {
            prt_read(&x->dev, (uint32_t)(what >> 8) % SAMPLE_SIZE,
                     1u << (what >> 2 & 3), &value);
        }
        if (!(what >> 40 & 7)) {
            tb_advance(x, next() % 50000);
        }
    }
}

static void test_save_load(void **state)
{
    unsigned round;

    (void)state;
    seed = 12345;
    sample_build(&b);
    for (round = 0; round < 100; round++) {
        assert_int_equal(tb_start(&b, &d), PRT_OK);
        assert_int_equal(tb_start(&b, &d2), PRT_OK);
        wander(&d, round);
        d2.host.now = d.host.now;
        assert_int_equal(prt_load(&d2.dev, prt_state(&d.dev),
                                  prt_state_size(&d.table)), PRT_OK);
        assert_memory_equal(prt_state(&d.dev), prt_state(&d2.dev),
                            prt_state_size(&d.table));
        d2.host.random = d.host.random;
        d2.host.stuck = d.host.stuck;
        same_answers(&d, &d2, 60);
        assert_memory_equal(prt_state(&d.dev), prt_state(&d2.dev),
                            prt_state_size(&d.table));
        tb_stop(&d);
        tb_stop(&d2);
    }
}

/* ------------------------------------------------------------ carry-over */

/*
 * A table is replaced by itself: nobody notices, at any time.  FIFOs may lie
 * elsewhere in their rings.
 */
static void test_carry_same(void **state)
{
    unsigned round;

    (void)state;
    seed = 777;
    sample_build(&b);
    for (round = 0; round < 100; round++) {
        assert_int_equal(tb_start(&b, &d), PRT_OK);
        assert_int_equal(tb_start(&b, &d2), PRT_OK);
        wander(&d, round);
        d2.host.now = d.host.now;
        d2.host.random = d.host.random;
        prt_carry(&d2.dev, &d.dev, NULL, NULL);
        same_answers(&d, &d2, 60);
        tb_stop(&d);
        tb_stop(&d2);
    }
}

/* Registers that both tables have, in whatever order and wherever. */
static void test_carry_moved(void **state)
{
    char name[8];
    uint64_t kept[32];
    unsigned i, round;

    (void)state;
    seed = 4242;
    for (round = 0; round < 50; round++) {
        uint32_t turn = (uint32_t)(next() % 32);

        tb_init(&b, 0x100);
        tb_init(&b2, 0x200);
        for (i = 0; i < 32; i++) {
            name[0] = 'R';
            name[1] = (char)('a' + i % 26);
            name[2] = (char)('0' + i / 26);
            name[3] = 0;
            tb_reg(&b, name, 4 * i, 4, PRT_POL_rw);
            name[1] = (char)('a' + (i + turn) % 32 % 26);
            name[2] = (char)('0' + (i + turn) % 32 / 26);
            tb_reg(&b2, name, 0x80 + 4 * i, 4, PRT_POL_rw);
        }
        assert_int_equal(tb_start(&b, &d), PRT_OK);
        assert_int_equal(tb_start(&b2, &d2), PRT_OK);
        for (i = 0; i < 32; i++) {
            kept[i] = next() & ones(32);
            tb_write(&d, 4 * i, 4, kept[i]);
        }
        prt_carry(&d2.dev, &d.dev, NULL, NULL);
        for (i = 0; i < 32; i++) {
            assert_int_equal(tb_read(&d2, 0x80 + 4 * i, 4),
                             kept[(i + turn) % 32]);
        }
        tb_stop(&d);
        tb_stop(&d2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_save_load),
        cmocka_unit_test(test_carry_same),
        cmocka_unit_test(test_carry_moved),
    };

    return cmocka_run_group_tests_name("engine_property", tests, NULL, NULL);
}
