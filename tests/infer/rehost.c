/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An AArch64 image in Unicorn in place of QEMU, with the rules engine and
 * nothing else: no compiler, no profile, no bridge.  What the engine answers
 * is applied to a model of shapes; the console goes to stdout.
 *
 *   rehost IMAGE ADDRESS IO_BASE IO_SIZE UNTIL [RAM_BASE RAM_SIZE]...
 *
 * Exit status: 0 UNTIL appeared on the console, 1 it did not, 2 usage.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"
#include "runtime/infer/shape.h"

#define MAX_REGS 2048u
#define MAX_DEVICES 128u
#define MAX_RAMS 4u
#define MAX_MUTED 64u
#define STALL_READS 64u
#define MAX_INSNS 400000000u
#define COUNTER_HZ 24000000u
#define IMAGE_LIMIT (16u << 20)

struct reg {
    uint64_t base;
    char *text;
    struct inf_shape shape;
    uint64_t value;
};

struct device {
    uint64_t base;
    unsigned width;
    char name[INF_NAME_MAX];
};

struct machine {
    uc_engine *uc;
    struct inf_engine *eng;
    struct inf_evidence *ev;
    struct inf_services svc;
    uint64_t io_base, io_size;
    unsigned ram_count, reg_count, device_count, muted_count;
    struct {
        uint64_t base, size;
    } rams[MAX_RAMS];
    struct reg regs[MAX_REGS];
    struct device devices[MAX_DEVICES];
    struct {
        uint64_t pc, phys;
    } muted[MAX_MUTED];
    bool has_console;
    uint64_t console;
    uint64_t pc, poll_pc, poll_phys, insns;
    unsigned polls, faults, stalls, waits;
    const char *until;
    size_t matched;
    bool found;
};

static const struct inf_engine_ops *ops;

/* --------------------------------------------------------------- services */

static int get_page(void *opaque, uint64_t addr, bool virt,
                    struct inf_page *out)
{
    struct machine *m = opaque;
    unsigned i;

    (void)virt;
    memset(out, 0, sizeof(*out));
    out->phys = addr & ~(uint64_t)(INF_PAGE_SIZE - 1);
    out->kind = INF_PAGE_NONE;
    for (i = 0; i < m->ram_count; i++) {
        if (addr - m->rams[i].base < m->rams[i].size) {
            out->kind = INF_PAGE_RAM;
            uc_mem_read(m->uc, out->phys, out->bytes, INF_PAGE_SIZE);
        }
    }
    return 0;
}

static int get_device(void *opaque, unsigned index,
                      struct inf_model_device *out)
{
    struct machine *m = opaque;

    if (index >= m->device_count) {
        return 1;
    }
    memset(out, 0, sizeof(*out));
    out->name = m->devices[index].name;
    out->base = m->devices[index].base;
    out->size = INF_PAGE_SIZE;
    out->width = m->devices[index].width;
    out->machine = true;
    return 0;
}

static int get_reg(void *opaque, uint64_t base, unsigned index,
                   struct inf_model_reg *out)
{
    struct machine *m = opaque;
    unsigned i;

    for (i = 0; i < m->reg_count; i++) {
        struct reg *r = &m->regs[i];

        if (r->base == base && index-- == 0) {
            out->name = r->shape.name;
            out->offset = r->shape.offset;
            out->bytes = r->shape.bytes;
            out->machine = true;
            out->text = r->text;
            return 0;
        }
    }
    return 1;
}

static int get_console(void *opaque, uint64_t *base)
{
    struct machine *m = opaque;

    *base = m->console;
    return m->has_console ? 0 : 1;
}

/* ------------------------------------------------------------------ model */

static unsigned width_of(const struct machine *m, uint64_t base)
{
    unsigned i;

    for (i = 0; i < m->device_count; i++) {
        if (m->devices[i].base == base) {
            return m->devices[i].width;
        }
    }
    return 32;
}

/* "r0c.b7", "!r0c.b7" in the device at @base. */
static bool eval(const struct machine *m, uint64_t base, const char *expr)
{
    bool invert = expr[0] == '!';
    uint64_t offset;
    unsigned bit, i;

    if (sscanf(expr + invert, "r%" SCNx64 ".b%u", &offset, &bit) != 2) {
        return strcmp(expr, "!empty(rx)") != 0; /* transmitters are ready */
    }
    for (i = 0; i < m->reg_count; i++) {
        if (m->regs[i].base == base && m->regs[i].shape.offset == offset) {
            return (m->regs[i].value >> bit & 1) != invert;
        }
    }
    return invert;
}

static struct reg *reg_at(struct machine *m, uint64_t phys)
{
    unsigned i;

    for (i = 0; i < m->reg_count; i++) {
        struct reg *r = &m->regs[i];

        if (phys - r->base - r->shape.offset < r->shape.bytes &&
            phys >= r->base &&
            (!r->shape.when[0] || eval(m, r->base, r->shape.when))) {
            return r;
        }
    }
    return NULL;
}

static uint64_t reg_read(const struct machine *m, const struct reg *r)
{
    uint64_t value = r->shape.whole[0] ? m->insns : r->value;
    unsigned i;

    for (i = 0; i < r->shape.count; i++) {
        const struct inf_field *f = &r->shape.fields[i];
        uint64_t mask = ((2ull << (f->hi - f->lo)) - 1) << f->lo;
        uint64_t bits = value & mask;

        if (f->kind == INF_FIELD_CONST) {
            bits = f->value << f->lo;
        } else if (f->kind == INF_FIELD_PULSE ||
                   f->kind == INF_FIELD_DATA) {
            bits = 0;
        } else if (f->kind == INF_FIELD_DERIVED) {
            bits = (uint64_t)eval(m, r->base, f->expr) << f->lo;
        }
        value = (value & ~mask) | bits;
    }
    return value;
}

static void put_char(struct machine *m, int c)
{
    putchar(c);
    if (c == m->until[m->matched]) {
        m->matched++;
    } else {
        m->matched = c == m->until[0];
    }
    if (m->until[m->matched] == '\0') {
        m->found = true;
        uc_emu_stop(m->uc);
    }
}

static void reg_write(struct machine *m, struct reg *r, uint64_t value,
                      uint64_t lanes)
{
    unsigned i;

    r->value = (r->value & ~lanes) | (value & lanes);
    for (i = 0; i < r->shape.count; i++) {
        if (strstr(r->shape.fields[i].expr, "pushes")) {
            put_char(m, (int)(value & 0xff));
        }
    }
}

static void put_reg(struct machine *m, const struct inf_edit *e)
{
    struct reg *r = NULL;
    unsigned i;

    for (i = 0; i < m->reg_count; i++) {
        if (m->regs[i].base == e->base &&
            strcmp(m->regs[i].shape.name, e->name) == 0) {
            r = &m->regs[i];
        }
    }
    if (!r) {
        if (m->reg_count == MAX_REGS) {
            return;
        }
        r = &m->regs[m->reg_count++];
        memset(r, 0, sizeof(*r));
    }
    free(r->text);
    r->base = e->base;
    r->text = strdup(e->text);
    if (inf_shape_parse(&r->shape, e->text, width_of(m, e->base)) != 0) {
        fprintf(stderr, "rehost: not a shape: %s\n", e->text);
    }
    if (e->evidence) {
        fprintf(stderr, "rehost: %08" PRIx64 " %s (%s)\n", e->base, e->text,
                e->evidence);
    }
}

static void apply(struct machine *m, const struct inf_answer *ans)
{
    unsigned i, k;

    for (i = 0; i < ans->edit_count; i++) {
        const struct inf_edit *e = &ans->edits[i];

        if (e->kind == INF_EDIT_DEVICE && m->device_count < MAX_DEVICES) {
            struct device *d = &m->devices[m->device_count++];

            d->base = e->base;
            snprintf(d->name, sizeof(d->name), "%s", e->name);
            d->width = (unsigned)atoi(strstr(e->text, "width: ") + 7);
        } else if (e->kind == INF_EDIT_REG) {
            put_reg(m, e);
        } else if (e->kind == INF_EDIT_CONSOLE) {
            m->has_console = true;
            m->console = e->base;
        } else if (e->kind == INF_EDIT_REMOVE) {
            for (k = 0; k < m->reg_count; k++) {
                if (m->regs[k].base == e->base &&
                    strcmp(m->regs[k].shape.name, e->name) == 0) {
                    free(m->regs[k].text);
                    m->regs[k] = m->regs[--m->reg_count];
                    break;
                }
            }
        }
    }
}

/* -------------------------------------------------------------- questions */

static void take_cpu(struct machine *m, struct inf_cpu *cpu)
{
    unsigned i;

    cpu->arch = INF_ARCH_A64;
    cpu->el = 1;
    cpu->cntfrq = COUNTER_HZ;
    cpu->cntvct = m->insns;
    for (i = 0; i < 31; i++) {
        uc_reg_read(m->uc, i < 29 ? UC_ARM64_REG_X0 + (int)i
                    : i == 29 ? UC_ARM64_REG_X29 : UC_ARM64_REG_X30,
                    &cpu->regs[i]);
    }
    uc_reg_read(m->uc, UC_ARM64_REG_SP, &cpu->regs[INF_REG_SP]);
    uc_reg_read(m->uc, UC_ARM64_REG_NZCV, &cpu->regs[INF_REG_PSTATE]);
}

static uint32_t ask(struct machine *m, uint32_t kind, uint64_t phys,
                    unsigned size, bool store)
{
    static struct inf_question q;
    static struct inf_answer ans;
    uint32_t verdict;

    memset(&q, 0, sizeof(q));
    q.kind = kind;
    q.access = store ? INF_STORE : INF_LOAD;
    q.phys = phys;
    q.virt = phys;
    q.size = size;
    q.pc = m->pc;
    take_cpu(m, &q.cpu);
    inf_answer_init(&ans);
    if (ops->answer(m->eng, &q, &ans) != 0) {
        fprintf(stderr, "rehost: no answer\n");
    }
    if (ans.message[0]) {
        fprintf(stderr, "rehost: %s\n", ans.message);
    }
    apply(m, &ans);
    verdict = ans.verdict;
    m->faults += kind == INF_FAULT;
    m->stalls += kind == INF_STALL;
    m->waits += kind == INF_STALL && ans.outcome == INF_WAITING;
    if (verdict == INF_RETRY && m->muted_count < MAX_MUTED) {
        m->muted[m->muted_count].pc = m->pc;
        m->muted[m->muted_count++].phys = phys;
    }
    inf_answer_dispose(&ans);
    return verdict;
}

static bool is_muted(const struct machine *m, uint64_t phys)
{
    unsigned i;

    for (i = 0; i < m->muted_count; i++) {
        if (m->muted[i].pc == m->pc && m->muted[i].phys == phys) {
            return true;
        }
    }
    return false;
}

/* Asks until every byte of the access belongs to a register. */
static void cover(struct machine *m, uint64_t phys, unsigned size, bool store)
{
    unsigned tries, i;

    for (tries = 0; tries < 4; tries++) {
        for (i = 0; i < size && reg_at(m, phys + i); i++) {
        }
        if (i == size) {
            return;
        }
        if (ask(m, INF_FAULT, phys, size, store) != INF_TABLES) {
            break;
        }
    }
    fprintf(stderr, "rehost: nothing answers 0x%" PRIx64 "\n", phys);
    uc_emu_stop(m->uc);
}

static void note(struct machine *m, uint64_t phys, unsigned size,
                 uint64_t value, bool write)
{
    struct inf_access acc = { .phys = phys, .pc = m->pc, .value = value,
                              .size = size, .write = write };

    inf_evidence_add(m->ev, &acc);
}

/* ------------------------------------------------------------------ hooks */

static uint64_t io_read(uc_engine *uc, uint64_t offset, unsigned size,
                        void *opaque)
{
    struct machine *m = opaque;
    uint64_t phys = m->io_base + offset;
    uint64_t value = 0;
    unsigned i;

    (void)uc;
    cover(m, phys, size, false);
    m->polls = m->poll_pc == m->pc && m->poll_phys == phys ? m->polls + 1 : 1;
    m->poll_pc = m->pc;
    m->poll_phys = phys;
    if (m->polls >= STALL_READS && !is_muted(m, phys)) {
        m->polls = 0;
        ask(m, INF_STALL, phys, size, false);
    }
    for (i = 0; i < size; i++) {
        struct reg *r = reg_at(m, phys + i);
        uint64_t byte = r ? reg_read(m, r) >> 8 * (phys + i - r->base -
                                                   r->shape.offset) : 0;

        value |= (byte & 0xff) << 8 * i;
    }
    note(m, phys, size, value, false);
    return value;
}

static void io_write(uc_engine *uc, uint64_t offset, unsigned size,
                     uint64_t value, void *opaque)
{
    struct machine *m = opaque;
    uint64_t phys = m->io_base + offset;
    struct reg *r, *last = NULL;
    unsigned i;

    (void)uc;
    cover(m, phys, size, true);
    m->polls = 0;
    for (i = 0; i < size; i++) {
        unsigned shift;

        r = reg_at(m, phys + i);
        if (!r || r == last) {
            continue;
        }
        shift = 8 * (unsigned)(phys + i - r->base - r->shape.offset);
        reg_write(m, r, value >> 8 * i << shift,
                  (size == 8 ? ~0ull : (1ull << 8 * size) - 1) << shift);
        last = r;
    }
    note(m, phys, size, value, true);
}

static void each_insn(uc_engine *uc, uint64_t addr, uint32_t size,
                      void *opaque)
{
    struct machine *m = opaque;

    (void)size;
    m->pc = addr;
    if (++m->insns == MAX_INSNS) {
        fprintf(stderr, "rehost: enough instructions\n");
        uc_emu_stop(uc);
    }
}

/* The generic timer counts instructions: no run depends on the host. */
static uint32_t read_sysreg(uc_engine *uc, uc_arm64_reg reg,
                            const uc_arm64_cp_reg *cp, void *opaque)
{
    struct machine *m = opaque;
    uint64_t frequency = COUNTER_HZ;

    if (cp->op0 != 3 || cp->op1 != 3 || cp->crn != 14 || cp->crm != 0 ||
        cp->op2 > 2) {
        return 0;
    }
    uc_reg_write(uc, reg, cp->op2 == 0 ? &frequency : &m->insns);
    return 1;
}

/* ------------------------------------------------------------------- main */

static int load_image(struct machine *m, const char *path, uint64_t address)
{
    uint8_t *bytes = malloc(IMAGE_LIMIT);
    FILE *file = fopen(path, "rb");
    size_t len = 0;

    if (bytes && file) {
        len = fread(bytes, 1, IMAGE_LIMIT, file);
    }
    if (file) {
        fclose(file);
    }
    if (len && uc_mem_write(m->uc, address, bytes, len) != UC_ERR_OK) {
        len = 0;
    }
    free(bytes);
    return len ? 0 : -1;
}

static int start(struct machine *m, int argc, char **argv)
{
    uc_hook hook;
    int i;

    if (uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &m->uc) != UC_ERR_OK ||
        uc_ctl_set_cpu_model(m->uc, UC_CPU_ARM64_A53) != UC_ERR_OK) {
        return -1;
    }
    m->io_base = strtoull(argv[3], NULL, 0);
    m->io_size = strtoull(argv[4], NULL, 0);
    m->until = argv[5];
    for (i = 6; i + 1 < argc && m->ram_count < MAX_RAMS; i += 2) {
        m->rams[m->ram_count].base = strtoull(argv[i], NULL, 0);
        m->rams[m->ram_count].size = strtoull(argv[i + 1], NULL, 0);
        if (uc_mem_map(m->uc, m->rams[m->ram_count].base,
                       m->rams[m->ram_count].size,
                       UC_PROT_ALL) != UC_ERR_OK) {
            return -1;
        }
        m->ram_count++;
    }
    if (uc_mmio_map(m->uc, m->io_base, m->io_size, io_read, m, io_write,
                    m) != UC_ERR_OK ||
        uc_hook_add(m->uc, &hook, UC_HOOK_CODE, each_insn, m, 1, 0) ||
        uc_hook_add(m->uc, &hook, UC_HOOK_INSN, read_sysreg, m, 1, 0,
                    UC_ARM64_INS_MRS)) {
        return -1;
    }
    m->svc = (struct inf_services) {
        .version = INF_API_VERSION, .opaque = m, .page = get_page,
        .device = get_device, .reg = get_reg, .console = get_console,
    };
    m->ev = inf_evidence_new();
    if (!m->ev || ops->open(NULL, &m->svc, m->ev, &m->eng) != 0) {
        return -1;
    }
    return load_image(m, argv[1], strtoull(argv[2], NULL, 0));
}

int main(int argc, char **argv)
{
    struct machine *m = calloc(1, sizeof(*m));
    bool found;
    unsigned i;

    ops = inf_rules_ops();
    if (argc < 8 || !m || start(m, argc, argv) != 0) {
        fprintf(stderr, "usage: rehost IMAGE ADDRESS IO_BASE IO_SIZE UNTIL "
                "RAM_BASE RAM_SIZE...\n");
        return 2;
    }
    uc_emu_start(m->uc, strtoull(argv[2], NULL, 0), ~0ull - 15, 0, 0);
    fprintf(stderr, "rehost: faults %u stalls %u waiting %u registers %u\n",
            m->faults, m->stalls, m->waits, m->reg_count);
    found = m->found;
    ops->close(m->eng);
    inf_evidence_free(m->ev);
    uc_close(m->uc);
    for (i = 0; i < m->reg_count; i++) {
        free(m->regs[i].text);
    }
    free(m);
    return found ? 0 : 1;
}
