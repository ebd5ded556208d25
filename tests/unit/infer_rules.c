/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules engine against guest code that polls (tests/infer/polls.c), in
 * three instruction sets, over a machine of byte arrays.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unicorn/unicorn.h>

#include "infer_code.h"
#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"

#define CODE 0x1000u
#define CODE_SIZE 0x2000u
#define RAM 0x8000u
#define RAM_SIZE 0x8000u
#define DEV 0x10000u
#define BIG 0x1000000u
#define WORLD_REGS 64u

struct world_reg {
    char name[INF_NAME_MAX];
    uint64_t offset;
    unsigned bytes;
    bool person;
    char text[512];
};

/* A machine: memory, one device's model, the evidence and the engine. */
struct world {
    uint32_t arch; /* enum inf_arch */
    bool thumb;
    const struct code_symbol *symbols;
    uint8_t code[CODE_SIZE];
    uint8_t ram[RAM_SIZE];
    bool has_device, has_console;
    unsigned reg_count;
    struct world_reg regs[WORLD_REGS];
    char items[4][64];
    unsigned item_count;
    struct inf_evidence *ev;
    struct inf_services svc;
    struct inf_engine *eng;
    struct inf_answer ans;
    struct inf_question q;
    unsigned pages; /* asked for */
    bool page_fails;
};

static const struct inf_engine_ops *ops;

/* --------------------------------------------------------------- services */

static int world_page(void *opaque, uint64_t addr, bool virt,
                      struct inf_page *out)
{
    struct world *w = opaque;

    (void)virt;
    w->pages++;
    memset(out, 0, sizeof(*out));
    out->phys = addr;
    out->kind = INF_PAGE_NONE;
    if (addr >= CODE && addr < CODE + CODE_SIZE) {
        out->kind = INF_PAGE_RAM;
        memcpy(out->bytes, w->code + (addr - CODE), INF_PAGE_SIZE);
    } else if (addr >= RAM && addr < RAM + RAM_SIZE) {
        out->kind = INF_PAGE_RAM;
        memcpy(out->bytes, w->ram + (addr - RAM), INF_PAGE_SIZE);
    } else if (addr == DEV) {
        out->kind = INF_PAGE_IO;
    } else if (addr >= BIG && addr < 2 * BIG) {
        out->kind = INF_PAGE_RAM;
    }
    if (w->page_fails) {
        return -1;
    }
    return 0;
}

static int world_device(void *opaque, unsigned index,
                        struct inf_model_device *out)
{
    struct world *w = opaque;

    if (index || !w->has_device) {
        return 1;
    }
    memset(out, 0, sizeof(*out));
    out->name = "dev_00010000";
    out->base = DEV;
    out->size = 0x1000;
    out->width = 32;
    out->machine = true;
    return 0;
}

static int world_reg(void *opaque, uint64_t base, unsigned index,
                     struct inf_model_reg *out)
{
    struct world *w = opaque;

    assert_int_equal(base, DEV);
    if (index >= w->reg_count) {
        return 1;
    }
    out->name = w->regs[index].name;
    out->offset = w->regs[index].offset;
    out->bytes = w->regs[index].bytes;
    out->machine = !w->regs[index].person;
    out->text = w->regs[index].text;
    return 0;
}

static int world_console(void *opaque, uint64_t *base)
{
    struct world *w = opaque;

    *base = DEV;
    return w->has_console ? 0 : 1;
}

/* ------------------------------------------------------------------ model */

static struct world_reg *find_reg(struct world *w, const char *name)
{
    unsigned i;

    for (i = 0; i < w->reg_count; i++) {
        if (strcmp(w->regs[i].name, name) == 0) {
            return &w->regs[i];
        }
    }
    return NULL;
}

static void put_reg(struct world *w, uint64_t offset, unsigned bytes,
                    const char *name, const char *text)
{
    struct world_reg *reg = find_reg(w, name);

    if (!reg) {
        assert_true(w->reg_count < WORLD_REGS);
        reg = &w->regs[w->reg_count++];
    }
    memset(reg, 0, sizeof(*reg));
    snprintf(reg->name, sizeof(reg->name), "%s", name);
    snprintf(reg->text, sizeof(reg->text), "%s", text);
    reg->offset = offset;
    reg->bytes = bytes;
}

/* What the profile would do with the answer. */
static void apply(struct world *w)
{
    unsigned i;

    for (i = 0; i < w->ans.edit_count; i++) {
        const struct inf_edit *e = &w->ans.edits[i];
        struct world_reg *reg = find_reg(w, e->name);

        switch (e->kind) {
        case INF_EDIT_DEVICE:
            assert_int_equal(e->base & 0xfff, 0);
            w->has_device = true;
            break;
        case INF_EDIT_REG:
            put_reg(w, e->offset, e->bytes, e->name, e->text);
            break;
        case INF_EDIT_ITEM:
            assert_true(w->item_count < 4);
            snprintf(w->items[w->item_count++], 64, "%s", e->text);
            break;
        case INF_EDIT_REMOVE:
            assert_non_null(reg);
            *reg = w->regs[--w->reg_count];
            break;
        case INF_EDIT_CONSOLE:
            w->has_console = true;
            break;
        default:
            fail();
        }
    }
}

static const char *text_of(struct world *w, const char *name)
{
    struct world_reg *reg = find_reg(w, name);

    return reg ? reg->text : "(none)";
}

static uint32_t symbol(const struct world *w, const char *name)
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

/* ------------------------------------------------- the guest, for real */

static void note(struct world *w, uint64_t pc, uint64_t addr, unsigned size,
                 uint64_t value, bool write)
{
    struct inf_access acc = { .phys = addr, .pc = pc, .value = value,
                              .size = size, .write = write };
    char name[16], text[48];

    if (addr < DEV || addr >= DEV + 0x1000) {
        return;
    }
    inf_evidence_add(w->ev, &acc);
    snprintf(name, sizeof(name), "r%02x", (unsigned)(addr - DEV));
    snprintf(text, sizeof(text), "reg %s @ 0x%02x;", name,
             (unsigned)(addr - DEV));
    w->has_device = true;
    if (!find_reg(w, name)) {
        put_reg(w, addr - DEV, 4, name, text);
    }
}

static void guest_access(uc_engine *uc, uc_mem_type type, uint64_t addr,
                         int size, int64_t value, void *opaque)
{
    struct world *w = opaque;
    uint32_t now = 0;

    if (type == UC_MEM_READ) {
        uc_mem_read(uc, addr, &now, 4);
    }
    note(w, 0, addr, (unsigned)size, type == UC_MEM_READ ? now
                                              : (uint64_t)value,
         type == UC_MEM_WRITE);
}

static void take_cpu(struct world *w, uc_engine *uc)
{
    unsigned i;

    for (i = 0; w->arch == INF_ARCH_A64 && i < 31; i++) {
        uc_reg_read(uc, i < 29 ? UC_ARM64_REG_X0 + (int)i
                    : i == 29 ? UC_ARM64_REG_X29 : UC_ARM64_REG_X30,
                    &w->q.cpu.regs[i]);
    }
    for (i = 0; w->arch != INF_ARCH_A64 && i < 13; i++) {
        uc_reg_read(uc, UC_ARM_REG_R0 + (int)i, &w->q.cpu.regs[i]);
    }
    if (w->arch == INF_ARCH_A64) {
        uc_reg_read(uc, UC_ARM64_REG_SP, &w->q.cpu.regs[INF_REG_SP]);
    } else {
        uc_reg_read(uc, UC_ARM_REG_SP, &w->q.cpu.regs[13]);
        uc_reg_read(uc, UC_ARM_REG_LR, &w->q.cpu.regs[14]);
        w->q.cpu.msp = w->q.cpu.regs[13];
    }
}

/*
 * Runs function @name up to its poll and makes the question of a stall at
 * register @offset.
 */
static void run_to_poll(struct world *w, const char *name, uint64_t offset)
{
    uc_arch arch = w->arch == INF_ARCH_A64 ? UC_ARCH_ARM64 : UC_ARCH_ARM;
    uint32_t start = symbol(w, name);
    uint64_t sp = RAM + 0x4000;
    uint64_t lr = symbol(w, "after") + (w->thumb ? 1 : 0);
    uint64_t standing;
    uc_engine *uc;
    uc_hook hook;
    char poll[64];

    snprintf(poll, sizeof(poll), "poll_%s", name);
    assert_int_equal(uc_open(arch, w->thumb ? UC_MODE_THUMB | UC_MODE_MCLASS
                                            : UC_MODE_ARM, &uc), 0);
    uc_mem_map(uc, CODE, CODE_SIZE, UC_PROT_ALL);
    uc_mem_map(uc, RAM, RAM_SIZE + 0x1000, UC_PROT_ALL);
    uc_mem_map(uc, 0xe0001000, 0x1000, UC_PROT_ALL);
    uc_mem_write(uc, CODE, w->code, CODE_SIZE);
    uc_hook_add(uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, guest_access,
                w, 1, 0);
    if (w->arch == INF_ARCH_A64) {
        uc_reg_write(uc, UC_ARM64_REG_SP, &sp);
        uc_reg_write(uc, UC_ARM64_REG_X30, &lr);
    } else {
        uc_reg_write(uc, UC_ARM_REG_SP, &sp);
        uc_reg_write(uc, UC_ARM_REG_LR, &lr);
    }
    memset(&w->q, 0, sizeof(w->q));
    assert_int_equal(uc_emu_start(uc, start | (w->thumb ? 1 : 0),
                                  symbol(w, poll), 0, 0), UC_ERR_OK);
    take_cpu(w, uc);
    uc_mem_read(uc, RAM, w->ram, RAM_SIZE);
    uc_close(uc);
    w->q.kind = INF_STALL;
    w->q.cpu.arch = w->arch;
    w->q.cpu.thumb = w->thumb;
    w->q.cpu.el = 1;
    w->q.cpu.cntfrq = 24000000;
    w->q.pc = symbol(w, poll);
    w->q.phys = DEV + offset;
    w->q.virt = w->q.phys;
    w->q.size = 4;
    w->q.base = DEV;
    w->q.offset = offset;
    w->q.repeat = 64;
    snprintf(w->q.device, sizeof(w->q.device), "dev_00010000");
    inf_evidence_value(w->ev, w->q.phys, 4, &standing);
    note(w, w->q.pc, w->q.phys, 4, standing, false);
}

static void ask(struct world *w)
{
    inf_answer_dispose(&w->ans);
    assert_int_equal(ops->answer(w->eng, &w->q, &w->ans), 0);
    apply(w);
}

static void stall(struct world *w, const char *name, uint64_t offset)
{
    run_to_poll(w, name, offset);
    ask(w);
}

/* --------------------------------------------------------------- lifetime */

static struct world *world_new(uint32_t arch)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->arch = arch;
    w->thumb = arch == INF_ARCH_M;
    if (arch == INF_ARCH_A64) {
        memcpy(w->code, a64_code, sizeof(a64_code));
        w->symbols = a64_symbols;
    } else if (arch == INF_ARCH_A32) {
        memcpy(w->code, a32_code, sizeof(a32_code));
        w->symbols = a32_symbols;
    } else {
        memcpy(w->code, thumb_code, sizeof(thumb_code));
        w->symbols = thumb_symbols;
    }
    w->ev = inf_evidence_new();
    w->svc = (struct inf_services) {
        .version = INF_API_VERSION, .opaque = w, .page = world_page,
        .device = world_device, .reg = world_reg, .console = world_console,
    };
    inf_answer_init(&w->ans);
    assert_int_equal(ops->open(NULL, &w->svc, w->ev, &w->eng), 0);
    return w;
}

static void world_free(struct world *w)
{
    inf_answer_dispose(&w->ans);
    ops->close(w->eng);
    inf_evidence_free(w->ev);
    free(w);
}

#define FOR_EACH_CORE(w) \
    for (uint32_t core_ = INF_ARCH_A64; core_ <= INF_ARCH_M; core_++) \
        for (struct world *w = world_new(core_); w; world_free(w), w = NULL)

/* ------------------------------------------------------------------ tests */

static void test_set_bit(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "set_bit", 0x14);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_equal(text_of(w, "r14"),
                            "reg r14 @ 0x14 { b5 [5] ro = 1; }");
        assert_int_equal(w->ans.outcome, INF_SOLVED);
        assert_true(w->ans.edits[0].confidence >= 80);
        assert_string_equal(w->ans.edits[0].evidence,
                            "polled until bit 5 set");
    }
}

static void test_clear_bit(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "clear_bit", 0x18);
        assert_string_equal(text_of(w, "r18"),
                            "reg r18 @ 0x18 { b31 [31] pulse; }");
    }
}

static void test_timeout(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "with_timeout", 0x38);
        assert_string_equal(text_of(w, "r38"),
                            "reg r38 @ 0x38 { b2 [2] ro = 1; }");
    }
}

/* The time-out is about to strike: that is no way out. */
static void test_late(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        run_to_poll(w, "with_timeout", 0x38);
        w->q.cpu.cntvct = 24000000 - 20;
        ask(w);
        assert_string_equal(text_of(w, "r38"),
                            "reg r38 @ 0x38 { b2 [2] ro = 1; }");
    }
}

static void test_errors(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "with_errors", 0x38);
        assert_string_equal(text_of(w, "r38"),
                            "reg r38 @ 0x38 { b2 [2] ro = 1; }");
    }
}

static void test_identity(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "identity", 0xfc);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_int_equal(w->ans.edits[0].value, 0x4457a110);
    }
}

static void test_two_bits(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "two_bits", 0x20);
        assert_string_equal(text_of(w, "r20"),
                            "reg r20 @ 0x20 { f13_14 [13..14] ro = 3; }");
    }
}

/* The console's receiver is an input: wired once, then waited for. */
static void test_receive(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        w->has_console = true;
        put_reg(w, 0, 4, "r00", "reg r00 @ 0x00 { d [0..7] pushes tx; }");
        stall(w, "receive", 0x14);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_int_equal(w->ans.outcome, INF_WAITING);
        assert_string_equal(text_of(w, "r14"),
                            "reg r14 @ 0x14 { b0 [0] := !empty(rx); }");
        assert_string_equal(text_of(w, "r00"), "reg r00 @ 0x00 "
                            "{ f0_7 [0..7] pops rx pushes tx; }");
        assert_string_equal(w->items[0], "fifo rx[16] : 8 from console;");
        ask(w);
        assert_int_equal(w->ans.verdict, INF_RETRY);
        assert_int_equal(w->ans.outcome, INF_WAITING);
        assert_int_equal(w->ans.mute_reads, 0);
    }
}

static void test_transmit(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "transmit", 0x14);
        assert_true(w->has_console);
        assert_string_equal(w->items[0], "fifo tx[16] : 8 to console;");
        assert_string_equal(text_of(w, "r00"),
                            "reg r00 @ 0x00 { f0_7 [0..7] pushes tx; }");
        assert_string_equal(text_of(w, "r14"),
                            "reg r14 @ 0x14 { b5 [5] := !full(tx); }");
    }
}

static void test_latched(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "latched", 0x14);
        assert_true(w->has_console);
        assert_string_equal(text_of(w, "r00"), "reg r00 @ 0x00 when !r0c.b7 "
                            "{ f0_7 [0..7] pushes tx; }");
        assert_string_equal(text_of(w, "r00_alt"),
                            "reg r00_alt @ 0x00 when r0c.b7;");
        assert_string_equal(text_of(w, "r0c"), "reg r0c @ 0x0c { b7 [7]; }");
    }
}

static void test_delay(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "delay", 0x24);
        assert_string_equal(text_of(w, "r24"),
                            "reg r24 @ 0x24 ro := time(1MHz);");
    }
}

static void test_button(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "button", 0x34);
        assert_int_equal(w->ans.verdict, INF_RETRY);
        assert_int_equal(w->ans.outcome, INF_WAITING);
        assert_int_equal(w->ans.edit_count, 0);
    }
}

/* The way into an abort is not taken where there is another. */
static void test_trap(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "trap", 0x40);
        assert_string_equal(text_of(w, "r40"),
                            "reg r40 @ 0x40 { b8 [8] ro = 1; }");
    }
}

/* A crash soon after takes the value back and excludes it. */
static void test_crash(void **state)
{
    char *saved = NULL;

    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "trap", 0x40);
        w->q.kind = INF_CRASH;
        ask(w);
        assert_int_equal(w->ans.verdict, INF_DELIVER);
    }
    FOR_EACH_CORE(w) {
        stall(w, "with_errors", 0x38);
        w->q.kind = INF_CRASH;
        ask(w);
        assert_int_equal(w->ans.verdict, INF_RESTART);
        assert_string_equal(text_of(w, "r38"), "reg r38 @ 0x38;");
        w->q.kind = INF_STALL;
        ask(w);
        assert_int_equal(w->ans.verdict, INF_TABLES);
        assert_string_not_equal(text_of(w, "r38"),
                                "reg r38 @ 0x38 { b2 [2] ro = 1; }");
        assert_int_equal(ops->save(w->eng, &saved), 0);
        assert_non_null(strstr(saved, "\"0x10038\""));
        assert_int_equal(ops->restore(w->eng, saved), 0);
        assert_int_equal(ops->restore(w->eng, "{\"version\":2}"),
                         INF_E_FORMAT);
        free(saved);
    }
}

static void test_person(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        put_reg(w, 0x14, 4, "r14", "reg r14 @ 0x14;");
        w->regs[0].person = true;
        stall(w, "set_bit", 0x14);
        assert_int_equal(w->ans.verdict, INF_RETRY);
        assert_int_equal(w->ans.outcome, INF_UNRESOLVED);
        assert_int_equal(w->ans.edit_count, 0);
    }
}

/* Set once, clear the next time: the bit follows what the guest wrote. */
static void test_follow(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "clock_on", 0x50);
        assert_string_equal(text_of(w, "r50"),
                            "reg r50 @ 0x50 { b17 [17] ro = 1; }");
        stall(w, "clock_off", 0x50);
        assert_string_equal(text_of(w, "r50"), "reg r50 @ 0x50 "
                            "{ b16 [16]; b17 [17] := r50.b16; }");
    }
}

/* Cleared by writing 1, raised again by a command. */
static void test_event(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "done", 0x58);
        assert_string_equal(text_of(w, "r58"),
                            "reg r58 @ 0x58 { b2 [2] ro = 1; }");
        stall(w, "acknowledge", 0x58);
        assert_string_equal(text_of(w, "r58"),
                            "reg r58 @ 0x58 { b2 [2] w1c = 0x1; }");
        note(w, 0, DEV + 0x58, 4, 0, false);
        stall(w, "command", 0x58);
        assert_string_equal(w->items[0], "on write r5c { r58.b2 = 1; }");
    }
}

static void test_toggle(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "high", 0x60);
        stall(w, "low", 0x60);
        assert_string_equal(text_of(w, "r60"), "reg r60 @ 0x60 "
                            "{ b1 [1] ro = 0; on read { b1 ^= 1; } }");
        assert_true(w->ans.edits[0].confidence <= 50);
    }
}

static void test_much_memory(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        stall(w, "clear_memory", 0x64);
        assert_string_equal(text_of(w, "r64"),
                            "reg r64 @ 0x64 { b0 [0] ro = 1; }");
        assert_true(w->pages < 2000);
    }
}

/* A machine that goes away in the middle: an error, and no leftovers. */
static void test_no_pages(void **state)
{
    (void)state;
    FOR_EACH_CORE(w) {
        run_to_poll(w, "set_bit", 0x14);
        w->page_fails = true;
        assert_int_equal(ops->answer(w->eng, &w->q, &w->ans), INF_E_PAGE);
        assert_int_equal(w->ans.verdict, INF_NONE);
        assert_int_equal(w->ans.edit_count, 0);
        w->page_fails = false;
        ask(w);
        assert_int_equal(w->ans.verdict, INF_TABLES);
    }
}

/* ----------------------------------------------------------------- faults */

static void fault(struct world *w, uint64_t phys, unsigned size, bool store)
{
    memset(&w->q, 0, sizeof(w->q));
    w->q.kind = INF_FAULT;
    w->q.access = store ? INF_STORE : INF_LOAD;
    w->q.phys = phys;
    w->q.size = size;
    w->q.cpu.arch = w->arch;
    ask(w);
}

static void test_faults(void **state)
{
    struct world *w = world_new(INF_ARCH_A64);

    (void)state;
    fault(w, DEV + 0x14, 4, false);
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_int_equal(w->ans.edits[0].kind, INF_EDIT_DEVICE);
    assert_string_equal(w->ans.edits[0].name, "dev_00010000");
    assert_string_equal(w->ans.edits[0].text,
                        "size: 0x1000; width: 32; unmapped: ask;");
    assert_string_equal(text_of(w, "r14"), "reg r14 @ 0x14;");
    assert_int_equal(w->ans.edits[1].confidence, 30);

    fault(w, DEV + 0x20, 1, true);
    assert_string_equal(text_of(w, "r20"), "reg r20 @ 0x20 : 8;");
    fault(w, DEV + 0x23, 1, true);
    assert_string_equal(text_of(w, "r23"), "reg r23 @ 0x23 : 8;");
    /* A wider access over narrower storage widens it. */
    fault(w, DEV + 0x20, 4, false);
    assert_string_equal(text_of(w, "r20"), "reg r20 @ 0x20;");
    assert_string_equal(text_of(w, "r23"), "(none)");
    fault(w, DEV + 0x16, 4, false);
    assert_string_equal(text_of(w, "r10"), "(none)");
    assert_int_equal(w->ans.verdict, INF_TABLES);
    world_free(w);
}

/* A copy through a hole does not make a thousand registers. */
static void test_walk(void **state)
{
    struct world *w = world_new(INF_ARCH_A64);
    unsigned i;

    (void)state;
    fault(w, DEV + 0x800, 4, true);
    for (i = 0; i < 32; i++) {
        fault(w, DEV + 4 * i, 4, true);
    }
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_int_equal(w->reg_count, 1 + 31);
    assert_string_equal(w->items[0], "mem m07c[481] @ 0x07c : 32;");
    world_free(w);
}

/* Beside what a person owns only the gap is filled. */
static void test_fault_person(void **state)
{
    struct world *w = world_new(INF_ARCH_A64);

    (void)state;
    w->has_device = true;
    fault(w, DEV + 0x40, 2, true);
    find_reg(w, "r40")->person = true;
    fault(w, DEV + 0x40, 4, true);
    assert_string_equal(text_of(w, "r40"), "reg r40 @ 0x40 : 16;");
    assert_string_equal(text_of(w, "r42"), "reg r42 @ 0x42 : 16;");
    world_free(w);
}

static void test_fetch(void **state)
{
    struct world *w = world_new(INF_ARCH_M);

    (void)state;
    fault(w, 0x70000000, 2, false);
    w->q.kind = INF_FETCH;
    w->q.access = INF_EXEC;
    ask(w);
    assert_int_equal(w->ans.verdict, INF_DELIVER);
    assert_true(w->ans.message[0] != '\0');
    world_free(w);
}

/* Text that nobody polls for is found in the evidence. */
static void test_review(void **state)
{
    static const char text[] = "Booting 1.0\n";
    struct world *w = world_new(INF_ARCH_M);
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(text) - 1; i++) {
        note(w, 0x100, DEV, 4, (uint8_t)text[i], true);
        assert_int_equal(ops->review(w->eng, &w->ans), 0);
        if (w->ans.verdict != INF_NONE) {
            break;
        }
    }
    assert_int_equal(w->ans.verdict, INF_TABLES);
    assert_int_equal(w->ans.console_len, i + 1);
    assert_memory_equal(w->ans.console_text, text, i + 1);
    apply(w);
    assert_true(w->has_console);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_bit),
        cmocka_unit_test(test_clear_bit),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_two_bits),
        cmocka_unit_test(test_receive),
        cmocka_unit_test(test_transmit),
        cmocka_unit_test(test_latched),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_button),
        cmocka_unit_test(test_trap),
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_person),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_much_memory),
        cmocka_unit_test(test_no_pages),
        cmocka_unit_test(test_toggle),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_fault_person),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_review),
    };

    ops = inf_rules_ops();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
