/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the prober knows of the three instruction sets: loading registers,
 * reading time, and the instructions that cannot run in a copy of the CPU.
 */
#include <string.h>

#include "runtime/infer/probe_priv.h"

#define DEFAULT_CNTFRQ 24000000u

static int model_of(const struct inf_cpu *cpu)
{
    if (cpu->arch == INF_ARCH_A64) {
        return UC_CPU_ARM64_MAX;
    }
    if (cpu->arch == INF_ARCH_A32) {
        return UC_CPU_ARM_MAX;
    }
    if (strstr(cpu->model, "m33") || strstr(cpu->model, "m55")) {
        return UC_CPU_ARM_CORTEX_M33;
    }
    return UC_CPU_ARM_CORTEX_M7;
}

int probe_cpu_open(struct inf_probe *p, const struct inf_cpu *cpu)
{
    uc_arch arch = cpu->arch == INF_ARCH_A64 ? UC_ARCH_ARM64 : UC_ARCH_ARM;
    uc_mode mode = cpu->arch == INF_ARCH_M ? UC_MODE_THUMB | UC_MODE_MCLASS
                                           : UC_MODE_ARM;

    if (cpu->arch > INF_ARCH_M) {
        return INF_E_UNSUPPORTED;
    }
    if (uc_open(arch, mode, &p->uc) != UC_ERR_OK) {
        p->uc = NULL;
        return INF_E_PROBE;
    }
    if (uc_ctl_set_cpu_model(p->uc, model_of(cpu)) != UC_ERR_OK ||
        uc_context_alloc(p->uc, &p->ctx) != UC_ERR_OK) {
        probe_cpu_close(p);
        return INF_E_PROBE;
    }
    p->uc_arch = cpu->arch;
    return 0;
}

void probe_cpu_close(struct inf_probe *p)
{
    if (p->ctx) {
        uc_context_free(p->ctx);
    }
    if (p->uc) {
        uc_close(p->uc);
    }
    p->ctx = NULL;
    p->uc = NULL;
}

uint64_t probe_reg(struct inf_probe *p, int uc_reg)
{
    uint64_t value = 0;

    uc_reg_read(p->uc, uc_reg, &value);
    return value;
}

void probe_put_reg(struct inf_probe *p, int uc_reg, uint64_t value)
{
    uc_reg_write(p->uc, uc_reg, &value);
}

static int reg_a64(unsigned n)
{
    if (n < 29) {
        return UC_ARM64_REG_X0 + (int)n;
    }
    return n == 29 ? UC_ARM64_REG_X29 : UC_ARM64_REG_X30;
}

static int reg_a32(unsigned n)
{
    static const int high[] = { UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC };

    return n < 13 ? UC_ARM_REG_R0 + (int)n : high[n - 13];
}

static void load_a64(struct inf_probe *p, const struct inf_cpu *cpu)
{
    unsigned i;

    probe_put_reg(p, UC_ARM64_REG_CPACR_EL1, 3u << 20);
    for (i = 0; i < 31; i++) {
        probe_put_reg(p, reg_a64(i), cpu->regs[i]);
    }
    probe_put_reg(p, UC_ARM64_REG_SP, cpu->regs[INF_REG_SP]);
    probe_put_reg(p, UC_ARM64_REG_NZCV,
                  cpu->regs[INF_REG_PSTATE] & 0xf0000000u);
    probe_put_reg(p, UC_ARM64_REG_TPIDR_EL0, cpu->tpidr[0]);
    probe_put_reg(p, UC_ARM64_REG_TPIDR_EL1, cpu->tpidr[1]);
    for (i = 0; i < 32; i++) {
        uc_reg_write(p->uc, UC_ARM64_REG_V0 + (int)i, &cpu->v[2 * i]);
    }
}

static void enable_fp_a32(struct inf_probe *p)
{
    uc_arm_cp_reg cpacr = {
        .cp = 15, .crn = 1, .crm = 0, .opc1 = 0, .opc2 = 2, .val = 0xfu << 20,
    };

    uc_reg_write(p->uc, UC_ARM_REG_CP_REG, &cpacr);
    cpacr.sec = 1;
    uc_reg_write(p->uc, UC_ARM_REG_CP_REG, &cpacr);
    probe_put_reg(p, UC_ARM_REG_FPEXC, 0x40000000u);
}

static void load_a32(struct inf_probe *p, const struct inf_cpu *cpu)
{
    uint64_t psr = cpu->regs[INF_REG_PSR32];
    unsigned i;

    /* Any privileged mode will do: banked registers are not followed. */
    probe_put_reg(p, UC_ARM_REG_CPSR, (psr & 0xf80f0000u) | 0x1d3u);
    enable_fp_a32(p);
    for (i = 0; i < 15; i++) {
        probe_put_reg(p, reg_a32(i), cpu->regs[i] & 0xffffffffu);
    }
    for (i = 0; i < 32; i++) {
        probe_put_reg(p, UC_ARM_REG_D0 + (int)i, cpu->v[i]);
    }
}

static void load_m(struct inf_probe *p, const struct inf_cpu *cpu)
{
    uint64_t psr = cpu->regs[INF_REG_PSR32];
    unsigned i;

    probe_put_reg(p, UC_ARM_REG_CONTROL, cpu->control & 2);
    probe_put_reg(p, UC_ARM_REG_MSP, cpu->msp);
    probe_put_reg(p, UC_ARM_REG_PSP, cpu->psp);
    probe_put_reg(p, UC_ARM_REG_PRIMASK, cpu->primask);
    enable_fp_a32(p);
    for (i = 0; i < 15; i++) {
        probe_put_reg(p, reg_a32(i), cpu->regs[i] & 0xffffffffu);
    }
    probe_put_reg(p, UC_ARM_REG_XPSR, (psr & 0xf80f0000u) | 0x01000000u);
    for (i = 0; i < 16; i++) {
        probe_put_reg(p, UC_ARM_REG_D0 + (int)i, cpu->v[i]);
    }
}

int probe_cpu_load(struct inf_probe *p, const struct inf_cpu *cpu)
{
    if (cpu->arch == INF_ARCH_A64) {
        load_a64(p, cpu);
    } else if (cpu->arch == INF_ARCH_A32) {
        load_a32(p, cpu);
    } else {
        load_m(p, cpu);
    }
    if (uc_context_save(p->uc, p->ctx) != UC_ERR_OK) {
        return INF_E_PROBE;
    }
    return 0;
}

uint64_t probe_sp(struct inf_probe *p)
{
    return p->uc_arch == INF_ARCH_A64
           ? probe_reg(p, UC_ARM64_REG_SP)
           : probe_reg(p, UC_ARM_REG_SP) & 0xffffffffu;
}

uint64_t probe_result(struct inf_probe *p)
{
    return p->uc_arch == INF_ARCH_A64
           ? probe_reg(p, UC_ARM64_REG_X0)
           : probe_reg(p, UC_ARM_REG_R0) & 0xffffffffu;
}

uint64_t probe_digest(struct inf_probe *p)
{
    bool a64 = p->uc_arch == INF_ARCH_A64;
    uint64_t hash = probe_sp(p);
    unsigned i;

    for (i = 0; i < (a64 ? 31u : 13u); i++) {
        uint64_t value = probe_reg(p, a64 ? reg_a64(i) : reg_a32(i));

        hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 29;
    }
    return hash;
}

uint64_t probe_lr(struct inf_probe *p)
{
    uint64_t lr = p->uc_arch == INF_ARCH_A64
                  ? p->q.cpu.regs[30] : p->q.cpu.regs[14];

    return p->uc_arch == INF_ARCH_A64 ? lr : lr & 0xfffffffeu;
}

uint64_t probe_start_pc(const struct inf_probe *p)
{
    uint64_t pc = p->q.pc;

    if (p->uc_arch == INF_ARCH_M ||
        (p->uc_arch == INF_ARCH_A32 && p->q.cpu.thumb)) {
        pc |= 1;
    }
    return pc;
}

uint64_t probe_now(struct inf_probe *p)
{
    struct run_state *run = &p->run;

    return run->time_base +
           (run->out->insns - run->time_insns) * run->time_scale;
}

/* ------------------------------------------------- system registers, A64 */

static uint64_t sys_get(struct inf_probe *p, uint32_t key)
{
    unsigned i;

    for (i = 0; i < p->run.sys_count; i++) {
        if (p->run.sys[i].key == key) {
            return p->run.sys[i].value;
        }
    }
    return 0;
}

void probe_sys_put(struct inf_probe *p, uint32_t key, uint64_t value)
{
    struct run_state *run = &p->run;
    unsigned i;

    for (i = 0; i < run->sys_count && run->sys[i].key != key; i++) {
    }
    if (i == SYS_SLOTS) {
        return;
    }
    if (i == run->sys_count) {
        run->sys_count++;
    }
    run->sys[i].key = key;
    run->sys[i].value = value;
}

static uint64_t read_time(struct inf_probe *p)
{
    if (!p->run.out->left) {
        p->run.out->time_reads++;
    }
    p->run.again_time++;
    return probe_now(p);
}

static uint64_t freq(const struct inf_probe *p)
{
    return p->q.cpu.cntfrq ? p->q.cpu.cntfrq : DEFAULT_CNTFRQ;
}

static bool sys_native(uint32_t key)
{
    switch (key) {
    case SYSREG(3, 3, 4, 2, 0):  /* NZCV */
    case SYSREG(3, 3, 4, 2, 1):  /* DAIF */
    case SYSREG(3, 3, 4, 4, 0):  /* FPCR */
    case SYSREG(3, 3, 4, 4, 1):  /* FPSR */
    case SYSREG(3, 3, 13, 0, 2): /* TPIDR_EL0 */
    case SYSREG(3, 0, 13, 0, 4): /* TPIDR_EL1 */
    case SYSREG(3, 3, 0, 0, 1):  /* CTR_EL0 */
    case SYSREG(3, 3, 0, 0, 7):  /* DCZID_EL0 */
        return true;
    case SYSREG(3, 0, 0, 0, 5): /* MPIDR_EL1 */
        return false;
    default:
        return (key >> 14) == 1 && ((key >> 7) & 15) == 0; /* identity */
    }
}

static uint64_t sys_read_a64(struct inf_probe *p, uint32_t key)
{
    uint64_t value;

    if ((key & ~0x7fu) == SYSREG(3, 0, 12, 0, 0) &&
        probe_icc_read(p, key >> 3 & 15, key & 7, &value)) {
        return value;
    }
    switch (key) {
    case SYSREG(3, 3, 14, 0, 1): /* CNTPCT_EL0 */
    case SYSREG(3, 3, 14, 0, 2): /* CNTVCT_EL0 */
        return read_time(p);
    case SYSREG(3, 3, 14, 0, 0): /* CNTFRQ_EL0 */
        return freq(p);
    case SYSREG(3, 0, 4, 2, 2): /* CurrentEL */
        return (uint64_t)p->q.cpu.el << 2;
    case SYSREG(3, 0, 4, 2, 0): /* SPSel */
        return 1;
    case SYSREG(3, 0, 1, 0, 0): /* SCTLR_EL1, EL2, EL3 */
    case SYSREG(3, 4, 1, 0, 0):
    case SYSREG(3, 6, 1, 0, 0):
        return p->q.cpu.sctlr;
    case SYSREG(3, 0, 12, 0, 0):
    case SYSREG(3, 4, 12, 0, 0):
    case SYSREG(3, 6, 12, 0, 0):
        return p->q.cpu.vbar;
    case SYSREG(3, 0, 0, 0, 5): /* MPIDR_EL1 */
        return 0x80000000u | p->q.cpu.index;
    case SYSREG(3, 4, 13, 0, 2): /* TPIDR_EL2 */
        return p->q.cpu.tpidr[2];
    case SYSREG(3, 6, 13, 0, 2):
        return p->q.cpu.tpidr[3];
    default:
        return sys_get(p, key);
    }
}

static enum insn_class skip_insn(struct inf_probe *p, uint64_t next)
{
    if (p->uc_arch == INF_ARCH_A64) {
        probe_put_reg(p, UC_ARM64_REG_PC, next);
    } else {
        bool thumb = p->uc_arch == INF_ARCH_M ||
                     (probe_reg(p, UC_ARM_REG_CPSR) & 0x20);

        probe_put_reg(p, UC_ARM_REG_PC, next | (thumb ? 1 : 0));
    }
    return INSN_SKIPPED;
}

void probe_skip(struct inf_probe *p, uint64_t next)
{
    skip_insn(p, next);
}

static enum insn_class system_a64(struct inf_probe *p, uint64_t pc,
                                  uint32_t w)
{
    uint32_t key = (w >> 5) & 0x7fff;
    unsigned rt = w & 31;

    if ((w & 0xfff00000u) == 0xd5300000u) { /* MRS */
        if (sys_native(key)) {
            return INSN_PLAIN;
        }
        if (rt != 31) {
            probe_put_reg(p, reg_a64(rt), sys_read_a64(p, key));
        }
        return skip_insn(p, pc + 4);
    }
    if ((w & 0xfff00000u) == 0xd5100000u) { /* MSR */
        if (sys_native(key)) {
            return INSN_PLAIN;
        }
        if ((key & ~0x7fu) == SYSREG(3, 0, 12, 0, 0)) {
            probe_icc_write(p, key >> 3 & 15, key & 7);
        }
        probe_sys_put(p, key, rt == 31 ? 0 : probe_reg(p, reg_a64(rt)));
        return skip_insn(p, pc + 4);
    }
    /* SYS: caches, TLB, address translation; DC ZVA does write memory. */
    if ((w & 0xffffffe0u) == 0xd50b7420u) {
        return INSN_PLAIN;
    }
    return skip_insn(p, pc + 4);
}

static enum insn_class insn_a64(struct inf_probe *p, uint64_t pc, uint32_t w,
                                uint64_t *sp_after)
{
    if ((w & 0xfffffc1fu) == 0xd65f0000u || w == 0xd65f0bffu ||
        w == 0xd65f0fffu) {
        *sp_after = probe_sp(p);
        return INSN_RETURN;
    }
    if ((w & 0xfff80000u) == 0xd5080000u || (w & 0xffd00000u) == 0xd5100000u) {
        return system_a64(p, pc, w);
    }
    if (w == 0xd503205fu) { /* WFE: may as well not wait */
        return skip_insn(p, pc + 4);
    }
    if (w == 0xd503207fu) {
        return INSN_WAIT;
    }
    if (w == 0xd69f03e0u) { /* ERET */
        return p->run.handler ? INSN_ERET : INSN_BEYOND;
    }
    if ((w & 0xff000000u) == 0xd4000000u) {
        return INSN_BEYOND; /* SVC HVC SMC BRK HLT */
    }
    return INSN_PLAIN;
}

/* --------------------------------------------------------- A32 and Thumb */

/* MRC, MCR, MRRC, MCRR of coprocessor 15; @w in the A32 layout. */
static enum insn_class system_a32(struct inf_probe *p, uint64_t next,
                                  uint32_t w)
{
    unsigned rt = (w >> 12) & 15;
    unsigned crn = (w >> 16) & 15;
    unsigned crm = w & 15;
    unsigned op1 = (w >> 21) & 7;
    unsigned op2 = (w >> 5) & 7;
    bool read = w & (1u << 20);
    uint64_t value;

    if ((w & 0x0fe00f00u) == 0x0c400f00u) { /* MRRC, MCRR */
        if (read && crm == 14) {
            uint64_t now = read_time(p);

            probe_put_reg(p, reg_a32(rt), now & 0xffffffffu);
            probe_put_reg(p, reg_a32((w >> 16) & 15), now >> 32);
        }
        return skip_insn(p, next);
    }
    if (!read) {
        if (crn == 12 && op1 == 0) {
            probe_icc_write(p, crm, op2);
        }
        return crn == 13 ? INSN_PLAIN : skip_insn(p, next);
    }
    if (crn == 12 && op1 == 0 && rt != 15 &&
        probe_icc_read(p, crm, op2, &value)) {
        probe_put_reg(p, reg_a32(rt), value);
        return skip_insn(p, next);
    }
    if (crn == 0 || crn == 13 || rt == 15) {
        return INSN_PLAIN;
    }
    if (crn == 14 && crm == 0 && op1 == 0) {
        probe_put_reg(p, reg_a32(rt), freq(p));
    } else if (crn == 1 && crm == 0 && op2 == 0) {
        probe_put_reg(p, reg_a32(rt), p->q.cpu.sctlr);
    } else if (crn == 12 && crm == 0 && op2 == 0) {
        probe_put_reg(p, reg_a32(rt), p->q.cpu.vbar);
    } else if (crn == 9 && crm == 13 && op2 == 0) { /* PMCCNTR */
        probe_put_reg(p, reg_a32(rt), read_time(p) & 0xffffffffu);
    } else {
        probe_put_reg(p, reg_a32(rt), 0);
    }
    return skip_insn(p, next);
}

static bool is_cp15(uint32_t w)
{
    return (w & 0x0f000f10u) == 0x0e000f10u ||
           (w & 0x0fe00f00u) == 0x0c400f00u;
}

static enum insn_class insn_a32(struct inf_probe *p, uint64_t pc, uint32_t w,
                                uint64_t *sp_after)
{
    if (p->run.handler && probe_returns_a32(p, w)) {
        return INSN_ERET;
    }
    if ((w & 0x0fffffffu) == 0x012fff1eu || (w & 0x0fffffffu) == 0x01a0f00eu) {
        *sp_after = probe_sp(p); /* BX LR; MOV PC, LR */
        return INSN_RETURN;
    }
    if ((w & 0x0fff8000u) == 0x08bd8000u) { /* POP {.., PC} */
        *sp_after = probe_sp(p) + 4 * __builtin_popcount(w & 0xffff);
        return INSN_RETURN;
    }
    if (w == 0xe49df004u) {
        *sp_after = probe_sp(p) + 4;
        return INSN_RETURN;
    }
    if (w >> 28 == 14 && is_cp15(w)) {
        return system_a32(p, pc + 4, w);
    }
    if ((w & 0x0fffffffu) == 0x0320f002u) {
        return skip_insn(p, pc + 4); /* WFE */
    }
    if ((w & 0x0fffffffu) == 0x0320f003u) {
        return INSN_WAIT;
    }
    if (w >> 28 == 14 && ((w & 0x0f000000u) == 0x0f000000u ||
                          (w & 0x0fffffe0u) == 0x01400060u)) {
        return INSN_BEYOND; /* SVC; HVC, SMC */
    }
    return INSN_PLAIN;
}

static enum insn_class insn_thumb16(struct inf_probe *p, uint64_t pc,
                                    uint16_t w, uint64_t *sp_after)
{
    if (w == 0x4770) { /* BX LR */
        *sp_after = probe_sp(p);
        return INSN_RETURN;
    }
    if ((w & 0xff00) == 0xbd00) { /* POP {.., PC} */
        *sp_after = probe_sp(p) + 4 + 4 * __builtin_popcount(w & 0xff);
        return INSN_RETURN;
    }
    if (w == 0xbf20) {
        return skip_insn(p, pc + 2); /* WFE */
    }
    if (w == 0xbf30) {
        return INSN_WAIT;
    }
    if ((w & 0xff00) == 0xdf00 || (w & 0xff00) == 0xbe00) {
        return INSN_BEYOND; /* SVC, BKPT */
    }
    return INSN_PLAIN;
}

static enum insn_class insn_thumb32(struct inf_probe *p, uint64_t pc,
                                    uint16_t hi, uint16_t lo,
                                    uint64_t *sp_after)
{
    uint32_t w = ((uint32_t)hi << 16) | lo;

    if (p->run.handler && p->uc_arch == INF_ARCH_A32 &&
        probe_returns_thumb(p, w)) {
        return INSN_ERET;
    }
    if (hi == 0xe8bd && (lo & 0x8000)) { /* POP.W {.., PC} */
        *sp_after = probe_sp(p) + 4 * __builtin_popcount(lo);
        return INSN_RETURN;
    }
    if (w == 0xf85dfb04u) { /* LDR PC, [SP], #4 */
        *sp_after = probe_sp(p) + 4;
        return INSN_RETURN;
    }
    if ((hi & 0xf000) == 0xe000 && is_cp15(w) && p->uc_arch != INF_ARCH_M) {
        return system_a32(p, pc + 4, w);
    }
    if (w == 0xf3af8002u) {
        return skip_insn(p, pc + 4);
    }
    if (w == 0xf3af8003u) {
        return INSN_WAIT;
    }
    if ((w & 0xfff0f000u) == 0xf7f08000u) {
        return INSN_BEYOND;
    }
    return INSN_PLAIN;
}

/* Instructions of IT blocks belong to the loop, those skipped as well. */
void probe_add_predicated(struct inf_probe *p)
{
    uint64_t pc;
    unsigned i, n;
    uint16_t insn;

    if (p->uc_arch != INF_ARCH_M) {
        return;
    }
    for (i = 0; inf_probe_loop_pc(p, i, &pc); i++) {
        if (inf_probe_read(p, pc, &insn, 2) || (insn & 0xff00) != 0xbf00 ||
            !(insn & 15)) {
            continue;
        }
        pc += 2;
        for (n = 4 - (unsigned)__builtin_ctz(insn & 15); n > 0; n--) {
            if (inf_probe_read(p, pc, &insn, 2)) {
                break;
            }
            pc_set_add(&p->loop, pc);
            pc += insn >> 11 >= 0x1d ? 4 : 2;
        }
    }
}

bool probe_calls_rom(struct inf_probe *p, uint64_t target)
{
    uint64_t back = p->run.cur_pc + 2; /* behind a BLX */

    return p->uc_arch == INF_ARCH_M && target >= INF_PAGE_SIZE &&
           target < 0x20000000u &&
           (probe_reg(p, UC_ARM_REG_LR) & 0xffffffffu) == (back | 1);
}

enum insn_class probe_insn(struct inf_probe *p, uint64_t pc, uint32_t size,
                           const uint8_t *bytes, uint64_t *sp_after)
{
    uint16_t half[2];
    uint32_t w;

    if (p->uc_arch == INF_ARCH_A64) {
        memcpy(&w, bytes, 4);
        return insn_a64(p, pc, w, sp_after);
    }
    if (size == 2) {
        memcpy(half, bytes, 2);
        return insn_thumb16(p, pc, half[0], sp_after);
    }
    memcpy(half, bytes, 4);
    if (p->uc_arch == INF_ARCH_M ||
        (probe_reg(p, UC_ARM_REG_CPSR) & 0x20)) {
        return insn_thumb32(p, pc, half[0], half[1], sp_after);
    }
    memcpy(&w, bytes, 4);
    return insn_a32(p, pc, w, sp_after);
}
