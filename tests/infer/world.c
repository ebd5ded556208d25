/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/infer/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unicorn/unicorn.h>

#include "tests/unit/infer_code.h"

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
    out->size = w->device_size;
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

struct world_reg *world_find(struct world *w, const char *name)
{
    unsigned i;

    for (i = 0; i < w->reg_count; i++) {
        if (strcmp(w->regs[i].name, name) == 0) {
            return &w->regs[i];
        }
    }
    return NULL;
}

void world_put(struct world *w, uint64_t offset, unsigned bytes,
                    const char *name, const char *text)
{
    struct world_reg *reg = world_find(w, name);

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
void world_apply(struct world *w)
{
    unsigned i;

    for (i = 0; i < w->ans.edit_count; i++) {
        const struct inf_edit *e = &w->ans.edits[i];
        struct world_reg *reg = world_find(w, e->name);

        switch (e->kind) {
        case INF_EDIT_DEVICE:
            assert_false(w->has_device && e->base < DEV + w->device_size);
            w->has_device = true;
            break;
        case INF_EDIT_REG:
            world_put(w, e->offset, e->bytes, e->name, e->text);
            break;
        case INF_EDIT_ITEM:
            assert_true(w->item_count < 4);
            snprintf(w->items[w->item_count++], sizeof(w->items[0]), "%s",
                     e->text);
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

const char *world_text(struct world *w, const char *name)
{
    struct world_reg *reg = world_find(w, name);

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

void world_note(struct world *w, uint64_t addr, unsigned size,
                uint64_t value, bool write)
{
    struct inf_access acc = { .pc = w->q.pc, .phys = addr, .value = value,
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
    if (!world_find(w, name)) {
        world_put(w, addr - DEV, 4, name, text);
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
    world_note(w, addr, (unsigned)size,
               type == UC_MEM_READ ? now : (uint64_t)value,
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

void world_run(struct world *w, const char *name, uint64_t offset)
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
    world_note(w, w->q.phys, 4, standing, false);
}

void world_ask(struct world *w)
{
    inf_answer_dispose(&w->ans);
    assert_int_equal(inf_rules_ops()->answer(w->eng, &w->q, &w->ans), 0);
    world_apply(w);
}

void world_stall(struct world *w, const char *name, uint64_t offset)
{
    world_run(w, name, offset);
    world_ask(w);
}

/* --------------------------------------------------------------- lifetime */

struct world *world_new(uint32_t arch)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->arch = arch;
    w->thumb = arch == INF_ARCH_M;
    w->device_size = 0x1000;
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
    assert_int_equal(inf_rules_ops()->open(NULL, &w->svc, w->ev, &w->eng), 0);
    return w;
}

void world_free(struct world *w)
{
    inf_answer_dispose(&w->ans);
    inf_rules_ops()->close(w->eng);
    inf_evidence_free(w->ev);
    free(w);
}


void world_fault(struct world *w, uint64_t phys, unsigned size, bool store)
{
    memset(&w->q, 0, sizeof(w->q));
    w->q.kind = INF_FAULT;
    w->q.access = store ? INF_STORE : INF_LOAD;
    w->q.phys = phys;
    w->q.size = size;
    w->q.cpu.arch = w->arch;
    world_ask(w);
}
