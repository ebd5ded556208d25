/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map engine: what is memory, what is not, and interrupt controllers. */
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

#define PARTS 4u
#define CODE 0x40000000u

struct part {
    char name[INF_NAME_MAX];
    uint64_t base, size;
    bool person;
    const char *reg;            /* its one register, at 0; NULL: none */
};

/* A board of memories and devices, all of them as text. */
struct map {
    struct part memories[PARTS], devices[PARTS];
    unsigned memory_count, device_count;
    bool has_gic;
    uint32_t insn;              /* at CODE */
    struct inf_evidence *ev;
    struct inf_services svc;
    struct inf_engine *eng;
    struct inf_question q;
    struct inf_answer ans;
};

static bool inside(const struct part *parts, unsigned count, uint64_t at)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        if (at >= parts[i].base && at - parts[i].base < parts[i].size) {
            return true;
        }
    }
    return false;
}

static int get_page(void *opaque, uint64_t addr, bool virt,
                    struct inf_page *out)
{
    struct map *m = opaque;

    (void)virt;
    memset(out, 0, sizeof(*out));
    out->phys = addr & ~(uint64_t)(INF_PAGE_SIZE - 1);
    out->kind = inside(m->memories, m->memory_count, addr) ? INF_PAGE_RAM :
        inside(m->devices, m->device_count, addr) ? INF_PAGE_IO :
        INF_PAGE_NONE;
    if (out->phys == CODE) {
        memcpy(out->bytes, &m->insn, sizeof(m->insn));
    }
    return 0;
}

static int get_device(void *opaque, unsigned index,
                      struct inf_model_device *out)
{
    struct map *m = opaque;
    struct part *p = &m->devices[index];

    if (index >= m->device_count) {
        return INF_E_RANGE;
    }
    *out = (struct inf_model_device) {
        .name = p->name, .base = p->base, .size = p->size, .width = 32,
        .machine = !p->person,
    };
    return 0;
}

static int get_reg(void *opaque, uint64_t base, unsigned index,
                   struct inf_model_reg *out)
{
    struct map *m = opaque;
    unsigned i;

    for (i = 0; i < m->device_count; i++) {
        if (m->devices[i].base == base && m->devices[i].reg && index == 0) {
            *out = (struct inf_model_reg) {
                .name = "r00", .bytes = 4, .machine = true,
                .text = m->devices[i].reg,
            };
            return 0;
        }
    }
    return INF_E_RANGE;
}

static int get_memory(void *opaque, unsigned index,
                      struct inf_model_memory *out)
{
    struct map *m = opaque;
    struct part *p = &m->memories[index];

    if (index >= m->memory_count) {
        return INF_E_RANGE;
    }
    *out = (struct inf_model_memory) {
        .name = p->name, .base = p->base, .size = p->size,
        .machine = !p->person,
    };
    return 0;
}

static int get_native(void *opaque, const char *type, char *name)
{
    struct map *m = opaque;

    if (!m->has_gic || strcmp(type, "arm_gic") != 0) {
        return INF_E_RANGE;
    }
    strcpy(name, "gic");
    return 0;
}

static void add(struct part *parts, unsigned *count, uint64_t base,
                uint64_t size, bool person)
{
    struct part *p = &parts[(*count)++];

    assert_true(*count <= PARTS);
    memset(p, 0, sizeof(*p));
    snprintf(p->name, sizeof(p->name), "p%u", *count);
    p->base = base;
    p->size = size;
    p->person = person;
}

static struct map *map_new(uint32_t arch)
{
    struct map *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    m->ev = inf_evidence_new();
    m->svc = (struct inf_services) {
        .version = INF_API_VERSION, .opaque = m, .page = get_page,
        .device = get_device, .reg = get_reg, .memory = get_memory,
        .native = get_native,
    };
    add(m->memories, &m->memory_count, CODE, 0x100000, true);
    m->q.cpu.arch = arch;
    m->q.pc = CODE;
    m->q.cpu.regs[arch == INF_ARCH_A64 ? INF_REG_SP : 13] = CODE + 0x1000;
    assert_int_equal(inf_map_ops()->open(NULL, &m->svc, m->ev, &m->eng), 0);
    return m;
}

static void map_free(struct map *m)
{
    inf_answer_dispose(&m->ans);
    inf_map_ops()->close(m->eng);
    inf_evidence_free(m->ev);
    free(m);
}

/* One access to where nothing answers; true when the engine says what is
 * there. */
static bool touch(struct map *m, uint64_t phys, unsigned size, bool store,
                  uint64_t value)
{
    struct inf_access a = {
        .phys = phys, .pc = m->q.pc, .value = value, .size = size,
        .write = store,
    };

    inf_answer_dispose(&m->ans);
    inf_answer_init(&m->ans);
    m->q.kind = INF_FAULT;
    m->q.access = store ? INF_STORE : INF_LOAD;
    m->q.phys = m->q.virt = phys;
    m->q.size = size;
    m->q.value = value;
    m->q.value_known = store;
    assert_int_equal(inf_map_ops()->answer(m->eng, &m->q, &m->ans), 0);
    if (m->ans.verdict == INF_NONE) {
        assert_int_equal(m->ans.edit_count, 0);
        inf_evidence_add(m->ev, &a);
        return false;
    }
    return true;
}

static const struct inf_edit *last_edit(const struct map *m)
{
    return &m->ans.edits[m->ans.edit_count - 1];
}

static void test_stack(void **state)
{
    uint32_t arch;

    (void)state;
    for (arch = INF_ARCH_A64; arch <= INF_ARCH_M; arch++) {
        struct map *m = map_new(arch);

        m->q.cpu.regs[arch == INF_ARCH_A64 ? INF_REG_SP : 13] = 0x15c60;
        assert_true(touch(m, 0x15c50, 8, true, 0));
        assert_int_equal(m->ans.verdict, INF_TABLES);
        assert_int_equal(m->ans.edit_count, 1);
        assert_int_equal(m->ans.edits[0].kind, INF_EDIT_MEMORY);
        assert_string_equal(m->ans.edits[0].text, "memory ram_00010000 @ "
                            "0x00010000 : 0x10000;");
        assert_non_null(strstr(m->ans.edits[0].evidence, "0x15c60"));
        map_free(m);
    }
}

/* A stack that is in memory makes nothing of what stands above it, and no
 * stack pointer at all is no evidence. */
static void test_no_stack(void **state)
{
    struct map *m = map_new(INF_ARCH_M);

    (void)state;
    m->q.cpu.regs[13] = CODE + 0x100000;
    assert_false(touch(m, CODE + 0x100000, 4, true, 1));
    m->q.cpu.regs[13] = 0;
    assert_false(touch(m, 0x10, 4, true, 1));
    m->q.cpu.regs[13] = 0x20000000;
    assert_false(touch(m, 0x40000, 4, true, 1));
    map_free(m);
}

/* What a person's device, or a register that is more than storage, takes
 * stays out of it; plain storage goes, and the machine starts again. */
static void test_bounds(void **state)
{
    struct map *m = map_new(INF_ARCH_A64);

    (void)state;
    m->q.cpu.regs[INF_REG_SP] = 0x15c60;
    add(m->devices, &m->device_count, 0x18000, 0x1000, true);
    add(m->devices, &m->device_count, 0x11000, 0x1000, false);
    m->devices[1].reg = "reg r00 @ 0x00 { b0 [0] ro = 1; }";
    add(m->devices, &m->device_count, 0x14000, 0x1000, false);
    m->devices[2].reg = "reg r00 @ 0x00;";
    assert_true(touch(m, 0x15c50, 8, true, 0));
    assert_int_equal(m->ans.verdict, INF_RESTART);
    assert_int_equal(m->ans.edit_count, 2);
    assert_int_equal(m->ans.edits[0].kind, INF_EDIT_TAKE_AWAY);
    assert_int_equal(m->ans.edits[0].base, 0x14000);
    assert_string_equal(m->ans.edits[1].text,
                        "memory ram_00012000 @ 0x00012000 : 0x6000;");
    map_free(m);
}

/* Stores of @size from @from on; how many bytes until it is memory, 0 when
 * it does not get to be. */
static uint64_t fill(struct map *m, uint64_t from, unsigned size,
                     uint64_t bytes)
{
    uint64_t at;

    for (at = from; at < from + bytes; at += size) {
        if (touch(m, at, size, true, at * 3)) {
            return at + size - from;
        }
    }
    return 0;
}

static void test_dense(void **state)
{
    struct map *m = map_new(INF_ARCH_A32);

    (void)state;
    /* A register file, a queue, a table of 256 words. */
    assert_int_equal(fill(m, 0x80000, 4, 0x400), 0);
    m->q.pc += 0x100;
    assert_int_equal(fill(m, 0x90000, 4, 0xffc), 0);
    m->q.pc = CODE;
    /* A page and more. */
    assert_int_equal(fill(m, 0xa0000, 4, 0x2000), 0x1000);
    assert_string_equal(last_edit(m)->text,
                        "memory ram_000a0000 @ 0x000a0000 : 0x10000;");
    assert_int_equal(last_edit(m)->confidence, 80);
    /* Bytes, and stmia of eight registers, say it sooner. */
    assert_int_equal(fill(m, 0xc0000, 1, 0x1000), 0x400);
    m->insn = 0xe8a007f8;
    assert_int_equal(fill(m, 0xe0000, 4, 0x1000), 0x400);
    map_free(m);
}

/* Rules take the rest of a page that is walked through. */
static void test_pages(void **state)
{
    struct map *m = map_new(INF_ARCH_A64);
    unsigned i;

    (void)state;
    for (i = 0; i < 32; i++) {
        assert_false(touch(m, 0x80100 + 8 * i, 8, true, i));
    }
    assert_false(touch(m, 0x81000, 8, true, 1));
    for (i = 1; i < 32; i++) {
        assert_int_equal(touch(m, 0x81000 + 8 * i, 8, true, i),
                         0x81000 + 8 * i + 8 - 0x80100 >= 0x1000);
        if (m->ans.edit_count) {
            break;
        }
    }
    assert_string_equal(last_edit(m)->text,
                        "memory ram_00080000 @ 0x00080000 : 0x10000;");
    map_free(m);
}

/* Ours grows by what it has, and a large memory by what it lacks. */
static void test_growth(void **state)
{
    struct map *m = map_new(INF_ARCH_A64);

    (void)state;
    add(m->memories, &m->memory_count, 0x100000, 0x10000, false);
    add(m->memories, &m->memory_count, 0x110000, 0x10000, false);
    assert_true(touch(m, 0x120000, 8, true, 0));
    assert_string_equal(last_edit(m)->text,
                        "memory ram_00120000 @ 0x00120000 : 0x20000;");
    m->memories[0].size = 0x40000000;
    m->q.cpu.regs[INF_REG_SP] = 0xbf000000;
    assert_true(touch(m, 0xbefffff0, 8, true, 0));
    assert_string_equal(last_edit(m)->text,
                        "memory ram_80000000 @ 0x80000000 : 0x40000000;");
    add(m->devices, &m->device_count, 0x90000000, 0x1000, true);
    assert_true(touch(m, 0xbefffff0, 8, true, 0));
    assert_string_equal(last_edit(m)->text,
                        "memory ram_beff0000 @ 0xbeff0000 : 0x10000;");
    map_free(m);
}

/* A person's text stands against it: it is said once. */
static void test_refused(void **state)
{
    struct map *m = map_new(INF_ARCH_A64);
    struct inf_event ev = { .kind = INF_EV_REFUSED };

    (void)state;
    m->q.cpu.regs[INF_REG_SP] = 0x15c60;
    assert_true(touch(m, 0x15c50, 8, true, 0));
    ev.hypothesis = m->ans.hypothesis;
    inf_map_ops()->note_event(m->eng, &ev);
    assert_false(touch(m, 0x15c50, 8, true, 0));
    map_free(m);
}

static void fetch(struct map *m, uint64_t phys)
{
    inf_answer_dispose(&m->ans);
    inf_answer_init(&m->ans);
    m->q.kind = INF_FETCH;
    m->q.access = INF_EXEC;
    m->q.phys = 0;
    m->q.pc = phys;
    m->q.size = 4;
    assert_int_equal(inf_map_ops()->answer(m->eng, &m->q, &m->ans), 0);
}

/* Code that was stored is run from memory; a jump into nothing is not. */
static void test_fetch(void **state)
{
    struct map *m = map_new(INF_ARCH_A32);

    (void)state;
    fetch(m, 0x80000);
    assert_int_equal(m->ans.verdict, INF_NONE);
    assert_false(touch(m, 0x80000, 4, true, 0xe12fff1e));
    fetch(m, 0x80000);
    assert_int_equal(m->ans.verdict, INF_NONE);
    add(m->devices, &m->device_count, 0x80000, 0x1000, false);
    fetch(m, 0x80000);
    assert_int_equal(m->ans.verdict, INF_RESTART);
    assert_string_equal(last_edit(m)->text,
                        "memory ram_00080000 @ 0x00080000 : 0x10000;");
    map_free(m);
}

/* What drivers do to a GICv2: U-Boot, Linux and others alike. */
static void set_up_distributor(struct map *m, uint64_t base)
{
    unsigned i;

    assert_false(touch(m, base, 4, true, 0));
    assert_false(touch(m, base + 4, 4, false, 0));
    for (i = 0; i < 8; i++) {
        assert_false(touch(m, base + 0x420 + 4 * i, 4, true, 0xa0a0a0a0));
        assert_false(touch(m, base + 0x820 + 4 * i, 4, true, 0x01010101));
    }
    assert_false(touch(m, base + 0x184, 4, true, 0xffffffff));
    assert_false(touch(m, base, 4, true, 1));
}

static void test_gic(void **state)
{
    struct map *m = map_new(INF_ARCH_A64);

    (void)state;
    set_up_distributor(m, 0x1c81000);
    add(m->devices, &m->device_count, 0x1c81000, 0x1000, false);
    assert_true(touch(m, 0x1c82004, 4, true, 0xf0));
    assert_int_equal(m->ans.verdict, INF_RESTART);
    assert_string_equal(m->ans.edits[0].text, "native gic : \"arm_gic\" @ "
                        "0x01c81000, 0x01c82000;");
    assert_int_equal(m->ans.edits[1].kind, INF_EDIT_TAKE_AWAY);
    m->has_gic = true;
    assert_false(touch(m, 0x1c82004, 4, true, 0xf0));
    map_free(m);
}

/* On a Cortex-A9 the timers and the snoop unit come along. */
static void test_a9(void **state)
{
    struct map *m = map_new(INF_ARCH_A32);

    (void)state;
    m->q.cpu.midr = 0x410fc090;
    set_up_distributor(m, 0xa01000);
    assert_true(touch(m, 0xa00104, 4, true, 0xff));
    assert_int_equal(m->ans.edit_count, 4);
    assert_string_equal(m->ans.edits[0].text, "native gic : \"arm_gic\" @ "
                        "0x00a01000, 0x00a00100 { revision: 1; }");
    assert_non_null(strstr(m->ans.edits[1].text, "a9-scu"));
    assert_non_null(strstr(m->ans.edits[3].text, "0x00a00600"));
    map_free(m);
}

/* A device with some of the offsets is none. */
static void test_no_gic(void **state)
{
    struct map *m = map_new(INF_ARCH_A64);

    (void)state;
    assert_false(touch(m, 0x1c81000, 4, true, 1));
    assert_false(touch(m, 0x1c81004, 4, false, 0));
    assert_false(touch(m, 0x1c81400, 4, true, 0xa0a0a0a0));
    assert_false(touch(m, 0x1c82004, 4, true, 0xf0));
    assert_false(touch(m, 0x1c82000, 4, true, 1));
    map_free(m);
}

static void test_gicv3(void **state)
{
    struct map *m = map_new(INF_ARCH_A64);
    unsigned i;

    (void)state;
    assert_false(touch(m, 0xfee00000, 4, true, 0));
    assert_false(touch(m, 0xfee00004, 4, false, 0));
    for (i = 0; i < 8; i++) {
        assert_false(touch(m, 0xfee00420 + 4 * i, 4, true, 0x80808080));
        assert_false(touch(m, 0xfee06100 + 8 * i, 8, true, 0));
    }
    assert_true(touch(m, 0xfef00014, 4, false, 0));
    assert_string_equal(m->ans.edits[0].text, "native gic : \"arm-gicv3\" @ "
                        "0xfee00000, 0xfef00000;");
    map_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_no_stack),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_gic),
        cmocka_unit_test(test_a9),
        cmocka_unit_test(test_no_gic),
        cmocka_unit_test(test_gicv3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
