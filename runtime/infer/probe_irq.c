/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counterfactual interrupts: the handler runs on the idle CPU, and the idle
 * code goes on behind it.  On M-profile it is a function that the idle code
 * calls.  On A-profile the exception is taken: the vector's code runs, on the
 * stack of its mode, asks the GIC, and returns from the exception.
 */
#include "runtime/infer/probe.h"

#include "runtime/infer/probe_priv.h"

#define HANDLER_INSNS 20000u
#define STACK_GAP 0x80u       /* below what the idle code uses */
#define EXC_RETURN 0xfffffff9u /* to the thread, main stack */
#define SPURIOUS 1023u
#define GIC_SIZE 0x10000u      /* of a distributor */
#define GICC_SIZE 0x2000u

#define MODE_USR 0x10u
#define MODE_FIQ 0x11u
#define MODE_IRQ 0x12u
#define MODE_SVC 0x13u
#define MODE_MON 0x16u
#define MODE_HYP 0x1au
#define MODE_SYS 0x1fu
#define PSR_FIQ 0x40u          /* masked; the same in PSTATE */
#define PSR_IRQ 0x80u
#define PSR_MASKS 0x1c0u
#define PSR_STATE 0xf80f0000u  /* flags, GE */

static const struct inf_stim nothing = { .mode = INF_STIM_FORCE };

int inf_probe_idle(struct inf_probe *p, const struct inf_question *q,
                   const struct inf_probe_env *env, struct inf_trace *out)
{
    int rc = inf_probe_begin(p, q, env);

    if (rc) {
        return rc;
    }
    p->idle = true;
    p->frozen = false;
    p->q.phys = 0;
    p->q.size = 0;
    return inf_probe_baseline(p, out);
}

bool inf_probe_still(const struct inf_probe *p)
{
    return p->still && p->digest_count > 2;
}

void inf_probe_once(struct inf_probe *p)
{
    pc_set_clear(&p->loop);
    pc_set_add(&p->loop, p->q.pc);
    p->once = true;
    p->frozen = false;
    p->period = 1;
    p->still = false;
}

void probe_follow_handler(struct inf_probe *p)
{
    struct run_state *run = &p->run;
    struct inf_trace *out = run->out;

    if (pc_set_add(&p->seen, run->cur_pc)) {
        out->new_pcs++;
        out->signature = (out->signature ^ run->cur_pc) * 0x100000001b3ull;
    }
    if (out->insns > HANDLER_INSNS) {
        probe_stop(p, INF_END_STUCK);
    }
}

bool probe_handler_end(struct inf_probe *p, uint64_t fetch)
{
    if (!p->run.handler || p->uc_arch != INF_ARCH_M || fetch < 0xff000000u) {
        return false;
    }
    p->run.out->handled = true;
    uc_emu_stop(p->uc);
    return true;
}

bool probe_handler_stores(const struct inf_probe *p, uint64_t addr)
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        if (p->run.stacks[i] - 1 - addr < INF_PAGE_SIZE) {
            return false;
        }
    }
    return p->run.handler;
}

/* -------------------------------------------------------------------- GIC */

static uint32_t acknowledge(struct inf_probe *p)
{
    if (p->run.out->acked) {
        return SPURIOUS;
    }
    p->run.out->acked = true;
    return p->handler.intid;
}

static uint32_t pending(const struct inf_probe *p)
{
    return p->run.out->acked ? SPURIOUS : p->handler.intid;
}

/* All lines are enabled, and this one is pending, then active. */
static uint64_t read_distributor(const struct inf_probe *p, uint64_t offset)
{
    uint32_t n = p->handler.intid;
    bool mine = (offset & 0x7f) / 4 == n / 32;
    const struct inf_trace *out = p->run.out;

    switch (offset >> 8) {
    case 1: /* ISENABLER, ICENABLER */
        return 0xffffffffu;
    case 2: /* ISPENDR, ICPENDR */
        return mine && !out->acked ? 1u << n % 32 : 0;
    case 3: /* ISACTIVER, ICACTIVER */
        return mine && out->acked && !out->ended ? 1u << n % 32 : 0;
    default:
        return 0;
    }
}

bool probe_gic_read(struct inf_probe *p, uint64_t phys, uint64_t *value)
{
    const struct inf_handler *h = &p->handler;

    if (!p->run.handler) {
        return false;
    }
    if (h->distributor && phys - h->distributor < GIC_SIZE &&
        !(h->cpu_interface && phys - h->cpu_interface < GICC_SIZE)) {
        *value = read_distributor(p, phys - h->distributor);
        return true;
    }
    if (!h->cpu_interface || phys - h->cpu_interface >= GICC_SIZE) {
        return false;
    }
    switch (phys - h->cpu_interface) {
    case 0x0c: /* IAR, AIAR */
    case 0x20:
        *value = acknowledge(p);
        break;
    case 0x18: /* HPPIR, AHPPIR */
    case 0x28:
        *value = pending(p);
        break;
    default:
        *value = 0;
        break;
    }
    return true;
}

void probe_gic_write(struct inf_probe *p, uint64_t phys)
{
    uint64_t offset = phys - p->handler.cpu_interface;

    /* EOIR, AEOIR */
    p->run.out->ended |= p->run.handler && p->handler.cpu_interface &&
                         (offset == 0x10 || offset == 0x24);
}

bool probe_icc_read(struct inf_probe *p, unsigned crm, unsigned op2,
                    uint64_t *value)
{
    if (!p->run.handler || (crm != 8 && crm != 12) || (op2 != 0 && op2 != 2)) {
        return false;
    }
    *value = op2 == 0 ? acknowledge(p) : pending(p); /* IAR, HPPIR */
    return true;
}

void probe_icc_write(struct inf_probe *p, unsigned crm, unsigned op2)
{
    /* EOIR */
    p->run.out->ended |= p->run.handler && (crm == 8 || crm == 12) &&
                         op2 == 1;
}

/* ------------------------------------------------------- returns, AArch32 */

/*
 * An interrupt was taken since none was masked: a return to where it is
 * masked is a change of mode on the way to the handler.
 */
static bool spsr_unmasks(struct inf_probe *p)
{
    uint32_t mask = p->handler.fiq ? PSR_FIQ : PSR_IRQ;

    return !(probe_reg(p, UC_ARM_REG_SPSR) & mask);
}

bool probe_returns_a32(struct inf_probe *p, uint32_t w)
{
    unsigned op = w >> 21 & 15;

    if ((w & 0xfe50ffffu) == 0xf8100a00u) { /* RFE */
        return true;
    }
    if (w >> 28 != 14) {
        return false;
    }
    if ((w & 0x0fffffffu) == 0x0160006eu || /* ERET */
        (w & 0x0e508000u) == 0x08508000u) { /* LDM {.., PC}^ */
        return spsr_unmasks(p);
    }
    /* SUBS PC, LR, #4; MOVS PC, LR; but no compare, no multiply. */
    return (w & 0x0c10f000u) == 0x0010f000u && (op < 8 || op > 11) &&
           (w & 0x02000090u) != 0x90u && spsr_unmasks(p);
}

bool probe_returns_thumb(struct inf_probe *p, uint32_t w)
{
    if ((w & 0xffd0ffffu) == 0xe810c000u || (w & 0xffd0ffffu) == 0xe990c000u) {
        return true; /* RFE */
    }
    return (w & 0xffffff00u) == 0xf3de8f00u && /* SUBS PC, LR; ERET */
           spsr_unmasks(p);
}

/* ------------------------------------------------------------ exceptions */

static int enter_m(struct inf_probe *p, uint64_t *pc)
{
    probe_put_reg(p, UC_ARM_REG_SP, (probe_sp(p) - STACK_GAP) & ~7ull);
    probe_put_reg(p, UC_ARM_REG_LR, EXC_RETURN);
    *pc = p->handler.entry | 1;
    return 0;
}

static int enter_a64(struct inf_probe *p, uint64_t *pc)
{
    static const unsigned op1[] = { 0, 0, 4, 6 };
    const struct inf_cpu *cpu = &p->q.cpu;
    uint64_t state = cpu->regs[INF_REG_PSTATE];
    uint64_t sp = cpu->irq_sp ? cpu->irq_sp : probe_sp(p);
    unsigned el = state >> 2 & 3;
    uint64_t vector = el == 0 ? 0x400 : state & 1 ? 0x200 : 0;
    uint64_t mask = p->handler.fiq ? PSR_FIQ : PSR_IRQ;

    *pc = cpu->vbar + vector + (p->handler.fiq ? 0x100 : 0x80);
    probe_sys_put(p, SYSREG(3, op1[el], 4, 0, 0), state & ~mask); /* SPSR */
    probe_sys_put(p, SYSREG(3, op1[el], 4, 0, 1), p->q.pc);       /* ELR */
    probe_put_reg(p, UC_ARM64_REG_SP, sp);
    p->run.stacks[1] = sp;
    return 0;
}

static void switch_mode(struct inf_probe *p, uint32_t mode, uint64_t sp)
{
    uint64_t state = p->q.cpu.regs[INF_REG_PSR32] & PSR_STATE;

    probe_put_reg(p, UC_ARM_REG_CPSR, state | PSR_MASKS | mode);
    probe_put_reg(p, UC_ARM_REG_SP, sp);
}

static int enter_a32(struct inf_probe *p, uint64_t *pc)
{
    const struct inf_cpu *cpu = &p->q.cpu;
    uint64_t state = cpu->regs[INF_REG_PSR32];
    unsigned mode = state & 0x1f;
    bool fiq = p->handler.fiq;
    uint64_t sp = fiq ? cpu->fiq_sp : cpu->irq_sp;

    if (mode == MODE_MON || mode == MODE_HYP) {
        return INF_E_UNSUPPORTED;
    }
    mode = mode == MODE_USR ? MODE_SYS : mode;
    sp = sp ? sp : probe_sp(p) - STACK_GAP;
    if (mode != MODE_SVC) {
        switch_mode(p, MODE_SVC, cpu->svc_sp ? cpu->svc_sp : sp);
        switch_mode(p, mode, cpu->regs[13]);
        probe_put_reg(p, UC_ARM_REG_LR, cpu->regs[14]);
    }
    switch_mode(p, fiq ? MODE_FIQ : MODE_IRQ, sp);
    probe_put_reg(p, UC_ARM_REG_LR, p->q.pc + 4);
    probe_put_reg(p, UC_ARM_REG_SPSR,
                  state & ~(uint64_t)(fiq ? PSR_FIQ : PSR_IRQ));
    p->run.stacks[1] = sp;
    p->run.stacks[2] = cpu->svc_sp;
    *pc = (cpu->sctlr & 1u << 13 ? 0xffff0000u : cpu->vbar & ~0x1full) +
          (fiq ? 0x1c : 0x18);
    *pc |= cpu->sctlr >> 30 & 1;
    return 0;
}

static int enter(struct inf_probe *p, uint64_t *pc)
{
    p->run.stacks[0] = p->loop_sp;
    if (p->uc_arch == INF_ARCH_M) {
        return enter_m(p, pc);
    }
    return p->uc_arch == INF_ARCH_A64 ? enter_a64(p, pc) : enter_a32(p, pc);
}

int inf_probe_handler(struct inf_probe *p, const struct inf_handler *h,
                      uint64_t phys, unsigned size,
                      const struct inf_stim *stim, struct inf_trace *out)
{
    uint64_t signature, pc;
    int rc;

    p->q.phys = phys;
    p->q.size = size;
    p->handler = *h;
    rc = probe_prepare(p, stim ? stim : &nothing, out, false);
    if (rc) {
        return rc;
    }
    if (enter(p, &pc)) {
        return 0;
    }
    p->run.handler = true;
    rc = probe_emulate(p, pc);
    p->run.handler = false;
    if (rc || !out->handled) {
        return rc;
    }
    /* Behind it the idle code goes on, in the memory that it left. */
    signature = out->signature;
    p->run.done = false;
    p->run.since_new = 0;
    p->run.loop_reads = 0;
    pc_set_clear(&p->seen);
    rc = probe_reload(p);
    if (rc == 0) {
        rc = probe_emulate(p, probe_start_pc(p));
    }
    out->signature = signature;
    return rc;
}
