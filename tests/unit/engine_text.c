/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random devices in the language: what is written compiles, its table is
 * valid, no access leads outside the state (each state has the size that was
 * asked for, so that the sanitizer sees a byte too far), and saving, loading
 * and carrying over keep what a guest sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "runtime/engine/engine.h"
#include "tests/fuzz/ptab_fuzz.h"

#define TEXTS 120
#define MAX_REGS 24
#define MAX_FIELDS 5
#define GUARD 64

static uint64_t seed;

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % n;
}

/* ---------------------------------------------------------------- texts */

struct text {
    struct pdl_strbuf out;
    unsigned regs;
    unsigned fields[MAX_REGS];
    bool settable[MAX_REGS][MAX_FIELDS];
};

/* A field of one of the registers before `limit`, or a number. */
static void put_leaf(struct text *t, unsigned limit)
{
    unsigned reg = limit ? pick(limit) : 0;

    if (!limit || !pick(3)) {
        pdl_strbuf_printf(&t->out, "%u", pick(300));
    } else if (!pick(8)) {
        pdl_strbuf_printf(&t->out, "level(q)");
    } else {
        pdl_strbuf_printf(&t->out, "R%u.F%u", reg, pick(t->fields[reg]));
    }
}

static void put_expr(struct text *t, unsigned limit, unsigned depth)
{
    static const char *const ops[] = {
        "+", "-", "*", "&", "|", "^", "<<", ">>", "==", "!=", "<", "/",
    };

    if (!depth || !pick(4)) {
        put_leaf(t, limit);
        return;
    }
    pdl_strbuf_puts(&t->out, "(");
    put_expr(t, limit, depth - 1);
    pdl_strbuf_printf(&t->out, " %s ",
                      ops[pick(sizeof(ops) / sizeof(ops[0]))]);
    put_expr(t, limit, depth - 1);
    pdl_strbuf_puts(&t->out, ")");
}

static void put_field(struct text *t, unsigned reg, unsigned field,
                      unsigned lo, unsigned width)
{
    static const char *const policies[] = {
        "", "", "ro", "wo", "w1c", "w1s", "w1t", "w0c", "w0s", "w0t", "rc",
        "rs", "once", "wclr", "wset",
    };
    unsigned n = sizeof(policies) / sizeof(policies[0]);

    pdl_strbuf_printf(&t->out, "  F%u [%u..%u] ", field, lo, lo + width - 1);
    t->settable[reg][field] = pick(4) != 0;
    if (t->settable[reg][field]) {
        pdl_strbuf_printf(&t->out, "%s = %u;\n", policies[pick(n)],
                          pick(1u << width));
    } else {
        pdl_strbuf_puts(&t->out, ":= ");
        put_expr(t, reg, 3);
        pdl_strbuf_puts(&t->out, ";\n");
    }
}

/* `Rn.Fn = expression;` with anything that can be assigned to. */
static void put_statement(struct text *t)
{
    unsigned reg = pick(t->regs), field = pick(t->fields[reg]);

    if (t->settable[reg][field]) {
        pdl_strbuf_printf(&t->out, " R%u.F%u = ", reg, field);
        put_expr(t, t->regs, 2);
        pdl_strbuf_puts(&t->out, ";");
    } else {
        pdl_strbuf_puts(&t->out, " restart(t, 3);");
    }
}

static void put_rule(struct text *t)
{
    static const char *const effects[] = { "read", "write" };

    pdl_strbuf_printf(&t->out, " on %s R%u", effects[pick(2)],
                      pick(t->regs));
    if (!pick(2)) {
        pdl_strbuf_puts(&t->out, " when ");
        put_expr(t, t->regs, 2);
    }
    pdl_strbuf_puts(&t->out, " {");
    put_statement(t);
    if (!pick(3)) {
        pdl_strbuf_printf(&t->out, " after %uus {", 1 + pick(50));
        put_statement(t);
        pdl_strbuf_puts(&t->out, " }");
    }
    pdl_strbuf_puts(&t->out, " }\n");
}

static void put_reg(struct text *t, unsigned reg)
{
    unsigned bits = 8u << pick(3), lo = 0, width, field = 0;

    pdl_strbuf_printf(&t->out, " reg R%u @ 0x%x : %u {\n", reg, 4 * reg, bits);
    while (lo < bits && field < MAX_FIELDS) {
        width = 1 + pick(bits - lo < 8 ? bits - lo : 8);
        put_field(t, reg, field++, lo, width);
        t->fields[reg] = field;
        lo += width + pick(3);
    }
    pdl_strbuf_puts(&t->out, " }\n");
}

static void put_device(struct text *t, const char *unmapped)
{
    unsigned i, rules = pick(8);

    t->regs = 0;
    pdl_strbuf_clear(&t->out);
    pdl_strbuf_printf(&t->out, "periph 1;\ndevice d {\n size: 0x100; "
                      "unmapped: %s;\n fifo q[%u] : 8;\n line out irq;\n"
                      " timer t { clock: 1MHz; reload: %u; }\n", unmapped,
                      1 + pick(9), pick(5000));
    for (i = 1 + pick(MAX_REGS); t->regs < i; t->regs++) {
        put_reg(t, t->regs);
    }
    pdl_strbuf_puts(&t->out, " reg DATA @ 0xf0 { V [0..7] pushes q pops q; }\n"
                    " reg COUNT @ 0xf4 ro { V [0..15] := count(t); }\n"
                    " irq := ");
    put_expr(t, t->regs, 3);
    pdl_strbuf_puts(&t->out, ";\n on expire t {");
    put_statement(t);
    pdl_strbuf_puts(&t->out, " }\n");
    for (i = 0; i < rules; i++) {
        put_rule(t);
    }
    pdl_strbuf_puts(&t->out, "}\n");
}

/* An own copy, aligned as prt_file_open() wants it. */
static uint8_t *compile(const struct text *t, size_t *size)
{
    struct pdl_strbuf table = PDL_STRBUF_INIT, why = PDL_STRBUF_INIT;
    struct pcc *s = pcc_new(NULL);
    const char *text = pdl_strbuf_str(&t->out);
    uint8_t *bytes;

    assert_non_null(s);
    if (pcc_add_buffer(s, "random.periph", text, t->out.len) ||
        pcc_compile(s) || pcc_emit(s, "table", NULL, &table)) {
        pdl_diags_print_text(pcc_diags(s), pcc_sources(s), false, &why);
        print_error("%s\n%s", text, pdl_strbuf_str(&why));
        fail();
    }
    *size = table.len;
    bytes = malloc(table.len);
    assert_non_null(bytes);
    memcpy(bytes, table.data, table.len);
    pdl_strbuf_dispose(&table);
    pdl_strbuf_dispose(&why);
    pcc_free(s);
    return bytes;
}

/* -------------------------------------------------------------- devices */

struct device {
    struct prt_dev dev;
    uint8_t *memory;            /* with a guard behind it */
    size_t size;
    uint64_t now;
};

static uint64_t host_now(void *opaque)
{
    return ((struct device *)opaque)->now;
}

static const struct prt_host_ops ops = { .now = host_now };

static void device_open(struct device *d, const struct prt_table *table)
{
    d->size = prt_table_memory(table);
    d->now = 0;
    d->memory = malloc(d->size + GUARD);
    assert_non_null(d->memory);
    memset(d->memory + d->size, 0xa5, GUARD);
    assert_int_equal(prt_dev_init(&d->dev, table, d->memory, d->size, &ops,
                                  d), PRT_OK);
    prt_dev_reset(&d->dev, PRT_RESET_COLD);
}

static void device_close(struct device *d)
{
    unsigned i;

    for (i = 0; i < GUARD; i++) {
        assert_int_equal(d->memory[d->size + i], 0xa5);
    }
    free(d->memory);
}

/* The same accesses and the same time to both; the answers are the same. */
static void wander(struct device *x, struct device *y, unsigned count)
{
    uint64_t a, b, value;
    unsigned size, offset;
    bool write;
    int ret;

    while (count--) {
        size = 1u << pick(4);
        offset = pick(0x108);
        value = (uint64_t)pick(1u << 20) << pick(40);
        write = pick(2);
        x->now += pick(20000);
        a = b = 0;
        ret = write ? prt_write(&x->dev, offset, size, value)
                    : prt_read(&x->dev, offset, size, &a);
        prt_tick(&x->dev);
        assert_true(ret >= 0);
        if (y) {
            y->now = x->now;
            assert_int_equal(write ? prt_write(&y->dev, offset, size, value)
                                   : prt_read(&y->dev, offset, size, &b),
                             ret);
            prt_tick(&y->dev);
            assert_int_equal(a, b);
        }
    }
}

static void same_view(struct device *x, struct device *y)
{
    uint32_t i;

    for (i = 0; i < x->dev.table->nregs; i++) {
        assert_int_equal(prt_peek_reg(&x->dev, i), prt_peek_reg(&y->dev, i));
    }
}

static void keeps_promises(const struct prt_table *table)
{
    struct device x, loaded, carried;

    device_open(&x, table);
    device_open(&loaded, table);
    device_open(&carried, table);
    wander(&x, NULL, 200);
    loaded.now = carried.now = x.now;
    assert_int_equal(prt_load(&loaded.dev, prt_state(&x.dev),
                              prt_state_size(table)), PRT_OK);
    prt_carry(&carried.dev, &x.dev, NULL, NULL);
    same_view(&x, &loaded);
    same_view(&x, &carried);
    wander(&carried, &loaded, 200);
    same_view(&carried, &loaded);
    device_close(&x);
    device_close(&loaded);
    device_close(&carried);
}

static void test_texts(void **state)
{
    static const char *const unmapped[] = { "ask", "zero", "abort" };
    static struct text t = { .out = PDL_STRBUF_INIT };
    struct prt_table table;
    struct prt_file file;
    uint8_t *bytes;
    unsigned i;
    size_t size;

    (void)state;
    for (i = 0; i < TEXTS; i++) {
        seed = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
        put_device(&t, unmapped[i % 3]);
        bytes = compile(&t, &size);
        assert_int_equal(prt_file_open(bytes, size, &file, NULL), PRT_OK);
        assert_int_equal(prt_file_device(&file, 0, &table), PRT_OK);
        assert_true(table.nregs > 2);
        keeps_promises(&table);
        /* hostile time, ends and states besides; aborts on a mismatch */
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
    }
    pdl_strbuf_dispose(&t.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
