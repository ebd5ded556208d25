/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Idle A-profile cores: the handler of a GIC's line is found and run, however
 * it is entered and left (tests/infer/irqs-*.S).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"
#include "tests/unit/infer_irq_code.h"

#define CODE 0x1000u
#define CODE_SIZE 0x3000u
#define RAM 0x8000u
#define RAM_SIZE 0x4000u
#define DEV 0x10000u
#define GICC 0x20000u
#define GICD 0x30000u
#define LINE 5u

/* A core that waits for an interrupt. */
struct idle {
    const struct code_symbol *symbols;
    uint8_t code[CODE_SIZE];
    uint32_t high[2]; /* the high vector of an IRQ, and what it loads */
    struct inf_irqs irqs;
    struct inf_services svc;
    struct inf_evidence *ev;
    struct inf_engine *eng;
    struct inf_question q;
    struct inf_answer ans;
    bool nameless; /* the board's text has no GIC */
};

static int idle_page(void *opaque, uint64_t addr, bool virt,
                     struct inf_page *out)
{
    const struct idle *w = opaque;

    (void)virt;
    memset(out, 0, sizeof(*out));
    out->phys = addr;
    out->kind = INF_PAGE_NONE;
    if (addr - CODE < CODE_SIZE) {
        out->kind = INF_PAGE_RAM;
        memcpy(out->bytes, w->code + (addr - CODE), INF_PAGE_SIZE);
    } else if (addr == 0xffff0000) {
        out->kind = INF_PAGE_ROM;
        memcpy(out->bytes + 0x18, w->high, sizeof(w->high));
    } else if (addr - RAM < RAM_SIZE) {
        out->kind = INF_PAGE_RAM;
    } else if (addr == DEV || addr == GICC || addr == GICD) {
        out->kind = INF_PAGE_IO;
    }
    return 0;
}

static int idle_device(void *opaque, unsigned index,
                       struct inf_model_device *out)
{
    (void)opaque;
    memset(out, 0, sizeof(*out));
    out->name = "dev_00010000";
    out->base = DEV;
    out->size = 0x1000;
    out->width = 32;
    out->machine = true;
    return index != 0;
}

static int idle_reg(void *opaque, uint64_t base, unsigned index,
                    struct inf_model_reg *out)
{
    (void)opaque;
    assert_int_equal(base, DEV);
    memset(out, 0, sizeof(*out));
    out->name = "r04";
    out->offset = 4;
    out->bytes = 4;
    out->machine = true;
    out->text = "reg r04 @ 0x04;";
    return index != 0;
}

static int idle_irqs(void *opaque, struct inf_irqs *out)
{
    const struct idle *w = opaque;

    *out = w->irqs;
    return 0;
}

static int idle_native(void *opaque, const char *type, char *name)
{
    const struct idle *w = opaque;

    strcpy(name, "gic0");
    return w->nameless || strcmp(type, "arm-gic") != 0;
}

static uint32_t symbol(const struct idle *w, const char *name)
{
    const struct code_symbol *s;

    for (s = w->symbols; s->name; s++) {
        if (strcmp(s->name, name) == 0) {
            return s->address & ~1u;
        }
    }
    fail_msg("no symbol %s", name);
    return 0;
}

/* @vectors: name of the table. */
static struct idle *idle_new(uint32_t arch, const char *vectors)
{
    struct idle *w = calloc(1, sizeof(*w));
    struct inf_cpu *cpu;

    assert_non_null(w);
    w->symbols = arch == INF_ARCH_A64 ? irq_a64_symbols : irq_a32_symbols;
    if (arch == INF_ARCH_A64) {
        memcpy(w->code, irq_a64_code, sizeof(irq_a64_code));
    } else {
        memcpy(w->code, irq_a32_code, sizeof(irq_a32_code));
    }
    w->irqs.kind = INF_IRQ_GIC;
    w->irqs.lines = 32;
    w->irqs.enabled[0] = 1u << LINE;
    w->irqs.distributor = GICD;
    w->irqs.cpu_interface = GICC;
    w->svc = (struct inf_services) {
        .version = INF_API_VERSION, .opaque = w, .page = idle_page,
        .device = idle_device, .reg = idle_reg, .irqs = idle_irqs,
        .native = idle_native,
    };
    w->ev = inf_evidence_new();
    assert_int_equal(inf_rules_ops()->open(NULL, &w->svc, w->ev, &w->eng), 0);
    w->q.kind = INF_IDLE;
    w->q.pc = symbol(w, "idle");
    w->q.halted = 1;
    cpu = &w->q.cpu;
    cpu->arch = arch;
    cpu->el = 1;
    cpu->vbar = symbol(w, vectors);
    cpu->irq_sp = RAM + 0x2000;
    cpu->svc_sp = RAM + 0x3000;
    cpu->regs[4] = RAM;
    if (arch == INF_ARCH_A64) {
        cpu->regs[INF_REG_SP] = RAM + 0x2000;
        cpu->regs[INF_REG_PSTATE] = 0x3c5; /* EL1, its own stack, masked */
    } else {
        cpu->regs[13] = RAM + 0x3000;
        cpu->regs[INF_REG_PSR32] = 0x1d3; /* SVC mode, masked */
    }
    inf_answer_init(&w->ans);
    return w;
}

static void idle_free(struct idle *w)
{
    inf_answer_dispose(&w->ans);
    inf_rules_ops()->close(w->eng);
    inf_evidence_free(w->ev);
    free(w);
}

static void ask(struct idle *w)
{
    inf_answer_dispose(&w->ans);
    assert_int_equal(inf_rules_ops()->answer(w->eng, &w->q, &w->ans), 0);
}

/* The text of the first edit of that kind; "" when there is none. */
static const char *edit_text(const struct idle *w, uint32_t kind)
{
    unsigned i;

    for (i = 0; i < w->ans.edit_count; i++) {
        if (w->ans.edits[i].kind == kind) {
            return w->ans.edits[i].text;
        }
    }
    return "";
}

/* The event is found; @w is freed. */
static void expect_event(struct idle *w)
{
    ask(w);
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_string_equal(edit_text(w, INF_EDIT_REG),
                        "reg r04 @ 0x04 { b3 [3] w1c = 0x0; }");
    assert_string_equal(edit_text(w, INF_EDIT_WIRE),
                        "irq5_004_3 -> gic0.spi 5 level_high;");
    idle_free(w);
}

/* Nothing is found out, and the guest goes on waiting; @w is freed. */
static void expect_nothing(struct idle *w)
{
    ask(w);
    assert_int_equal(w->ans.verdict, INF_RETRY);
    assert_int_equal(w->ans.edit_count, 0);
    idle_free(w);
}

static void test_a32_returns(void **state)
{
    static const char *const ways[] = { "ldm", "subs", "rfe", "stub" };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        expect_event(idle_new(INF_ARCH_A32, ways[i]));
    }
}

static void test_a32_system_mode(void **state)
{
    struct idle *w = idle_new(INF_ARCH_A32, "rfe");

    (void)state;
    w->q.cpu.regs[INF_REG_PSR32] = 0x1df;
    w->q.cpu.regs[13] = RAM + 0x1000;
    expect_event(w);
}

static void test_a32_fiq(void **state)
{
    struct idle *w = idle_new(INF_ARCH_A32, "fiq");

    (void)state;
    w->q.cpu.fiq_sp = RAM + 0x1000;
    expect_event(w);
}

static void test_a32_high_vectors(void **state)
{
    struct idle *w = idle_new(INF_ARCH_A32, "never");

    (void)state;
    w->q.cpu.sctlr = 1u << 13;
    w->high[0] = 0xe51ff004; /* ldr pc, [pc, #-4] */
    w->high[1] = symbol(w, "by_ldm");
    expect_event(w);
}

static void test_thumb(void **state)
{
    struct idle *w = idle_new(INF_ARCH_A32, "thumb");

    (void)state;
    w->q.cpu.sctlr = 1u << 30;
    expect_event(w);
}

static void test_never_asks(void **state)
{
    (void)state;
    expect_nothing(idle_new(INF_ARCH_A32, "never"));
}

static void test_a64_stacks(void **state)
{
    static const uint64_t states[] = { 0x3c5, 0x3c4, 0x3c0, 0x3c9, 0x3cd };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        struct idle *w = idle_new(INF_ARCH_A64, "memory_vectors");

        w->q.cpu.regs[INF_REG_PSTATE] = states[i];
        w->q.cpu.el = states[i] >> 2 & 3;
        w->q.cpu.regs[INF_REG_SP] = RAM + 0x1000;
        expect_event(w);
    }
}

static void test_a64_fiq(void **state)
{
    (void)state;
    expect_event(idle_new(INF_ARCH_A64, "other_vectors"));
}

static void test_gicv3(void **state)
{
    struct idle *w = idle_new(INF_ARCH_A64, "other_vectors");

    (void)state;
    w->irqs.cpu_interface = 0;
    w->q.cpu.regs[INF_REG_PSTATE] = 0x3c0;
    w->q.cpu.el = 0;
    expect_event(w);
}

/* A handler that only clears: time raises what it clears. */
static void test_blind(void **state)
{
    static const char *const texts[] = {
        "reg r20 @ 0x20;", "var event6 : 1;",
        "timer every6 { clock: 1kHz; reload: 9; }",
        "on expire every6 { event6 = 1; }", "on write r20 { event6 = 0; }",
        "line out irq6;", "irq6 := event6;",
        "irq6 -> gic0.spi 6 level_high;",
    };
    struct idle *w = idle_new(INF_ARCH_A64, "memory_vectors");
    unsigned i;

    (void)state;
    w->irqs.enabled[0] = 1u << (LINE + 1);
    ask(w);
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_int_equal(w->ans.edit_count, sizeof(texts) / sizeof(texts[0]));
    for (i = 0; i < w->ans.edit_count; i++) {
        assert_string_equal(w->ans.edits[i].text, texts[i]);
        assert_true(w->ans.edits[i].confidence < 50);
    }
    /* Once only: what it waits for then is something else. */
    ask(w);
    assert_int_equal(w->ans.verdict, INF_RETRY);
    assert_int_equal(w->ans.edit_count, 0);
    /* A line whose handler looks at something comes first. */
    w->irqs.enabled[0] |= 1u << LINE;
    expect_event(w);
}

static void test_what_is_not_asked(void **state)
{
    struct idle *w = idle_new(INF_ARCH_A64, "memory_vectors");

    (void)state;
    w->irqs.enabled[0] = 0;
    expect_nothing(w);
    /* A handler waits: another interrupt will not help it. */
    w = idle_new(INF_ARCH_A64, "memory_vectors");
    w->irqs.active[0] = 1u << LINE;
    expect_nothing(w);
    w = idle_new(INF_ARCH_A32, "ldm");
    w->q.cpu.regs[INF_REG_PSR32] = 0x1d2;
    expect_nothing(w);
    /* In the handler of an abort. */
    w = idle_new(INF_ARCH_A32, "ldm");
    w->q.cpu.regs[INF_REG_PSR32] = 0x1d7;
    expect_nothing(w);
    /* Nothing to wire a line to. */
    w = idle_new(INF_ARCH_A64, "memory_vectors");
    w->nameless = true;
    expect_nothing(w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a32_returns),
        cmocka_unit_test(test_a32_system_mode),
        cmocka_unit_test(test_a32_fiq),
        cmocka_unit_test(test_a32_high_vectors),
        cmocka_unit_test(test_thumb),
        cmocka_unit_test(test_never_asks),
        cmocka_unit_test(test_a64_stacks),
        cmocka_unit_test(test_a64_fiq),
        cmocka_unit_test(test_gicv3),
        cmocka_unit_test(test_blind),
        cmocka_unit_test(test_what_is_not_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
