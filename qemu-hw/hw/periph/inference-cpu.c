/*
 * What the inference device needs to know of an Arm CPU
 *
 * Hooks on the CPU class, the program counter in a region's callback, and
 * the registers that go into a question. All that depends on the target's
 * CPU state is here; the rest of the device is common code.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "internals.h"
#include "accel/tcg/cpu-ops.h"
#include "exec/cpu-common.h"
#include "exec/exec-all.h"
#include "exec/memory.h"
#include "hw/arm/armv7m.h"
#include "hw/intc/armv7m_nvic.h"
#include "tcg/insn-start-words.h"
#include "inference-internal.h"

/*
 * The hooked operations of one CPU class; lives as long as QEMU. Found by
 * the class: the hooks of somebody else may lie above these.
 */
typedef struct InferenceHook {
    CPUClass *cc;
    TCGCPUOps ops;
    const TCGCPUOps *orig;
    QSLIST_ENTRY(InferenceHook) next;
} InferenceHook;

static QSLIST_HEAD(, InferenceHook) hooks = QSLIST_HEAD_INITIALIZER(hooks);

static InferenceHook *find_hook(CPUState *cs)
{
    InferenceHook *hook;

    QSLIST_FOREACH(hook, &hooks, next) {
        if (hook->cc == cs->cc) {
            break;
        }
    }
    return hook;
}

static const TCGCPUOps *original_ops(CPUState *cs)
{
    return find_hook(cs)->orig;
}

/*
 * The program counter of the instruction whose access is being served.
 * Restoring the state here would corrupt a guest whose access is the last
 * instruction of a page: its translation goes on and adds to the pc.
 */
static bool unwind_pc(CPUState *cs, uintptr_t retaddr, uint64_t *pc)
{
    CPUARMState *env = cpu_env(cs);
    uint64_t data[TARGET_INSN_START_WORDS];
    uint64_t now = is_a64(env) ? env->pc : env->regs[15];

    if (!retaddr || !cpu_unwind_state_data(cs, retaddr, data)) {
        return false;
    }
    if (tcg_cflags_has(cs, CF_PCREL)) {
        *pc = (now & TARGET_PAGE_MASK) | data[0];
    } else {
        *pc = data[0];
    }
    return true;
}

bool inference_cpu_pc(CPUState *cs, uint64_t *pc)
{
    return unwind_pc(cs, cs->mem_io_pc, pc);
}

bool inference_cpu_thumb(CPUState *cs)
{
    CPUARMState *env = cpu_env(cs);

    return !is_a64(env) && env->thumb;
}

/* The program status register and the exception being handled (M only). */
uint64_t inference_cpu_context(CPUState *cs, uint16_t *exception)
{
    CPUARMState *env = cpu_env(cs);

    *exception = 0;
    if (arm_feature(env, ARM_FEATURE_M)) {
        *exception = env->v7m.exception;
        return xpsr_read(env);
    }
    return is_a64(env) ? pstate_read(env) : cpsr_read(env);
}

uint32_t inference_cpu_arch(CPUState *cs)
{
    CPUARMState *env = cpu_env(cs);

    if (arm_feature(env, ARM_FEATURE_M)) {
        return PBR_ARCH_M;
    }
    return arm_feature(env, ARM_FEATURE_AARCH64) ? PBR_ARCH_AARCH64
                                                 : PBR_ARCH_A32;
}

static void fill_regs(struct pbr_cpu *out, CPUARMState *env)
{
    unsigned i;

    for (i = 0; i < 16; i++) {
        out->regs[i] = env->regs[i];
    }
}

static void fill_m_profile(CPUARMState *env, struct pbr_cpu *out)
{
    bool secure = env->v7m.secure;
    bool psp = v7m_using_psp(env);

    fill_regs(out, env);
    out->regs[PBR_A32_PSR] = xpsr_read(env);
    out->exception = env->v7m.exception;
    out->flags |= env->v7m.exception ? PBR_CPU_HANDLER : 0;
    out->msp = psp ? env->v7m.other_sp : env->regs[13];
    out->psp = psp ? env->regs[13] : env->v7m.other_sp;
    out->control = env->v7m.control[secure];
    out->primask = env->v7m.primask[secure];
    out->basepri = env->v7m.basepri[secure];
    out->faultmask = env->v7m.faultmask[secure];
    out->vbar = env->v7m.vecbase[secure];
    out->cpacr = env->v7m.cpacr[secure];
    out->sctlr = env->v7m.ccr[secure];
    out->esr = env->v7m.cfsr[secure];
    out->far = env->v7m.bfar;
}

/* The stack pointer of an AArch32 mode. */
static uint64_t mode_sp(CPUARMState *env, unsigned mode)
{
    return (env->uncached_cpsr & CPSR_M) == mode
           ? env->regs[13] : env->banked_r13[bank_number(mode)];
}

/* The stack that a handler finds, if the interrupt is taken to @el. */
static void fill_stacks(CPUARMState *env, unsigned el, struct pbr_cpu *out)
{
    if (is_a64(env)) {
        out->irq_sp = arm_current_el(env) == el && (env->pstate & PSTATE_SP)
                      ? env->xregs[31] : env->sp_el[el];
        out->fiq_sp = out->irq_sp;
        return;
    }
    out->irq_sp = mode_sp(env, ARM_CPU_MODE_IRQ);
    out->fiq_sp = mode_sp(env, ARM_CPU_MODE_FIQ);
    out->svc_sp = mode_sp(env, ARM_CPU_MODE_SVC);
}

static void fill_a_profile(CPUARMState *env, struct pbr_cpu *out)
{
    unsigned el = MAX(arm_current_el(env), 1);

    if (is_a64(env)) {
        memcpy(out->regs, env->xregs, 32 * sizeof(uint64_t));
        out->regs[PBR_A64_PC] = env->pc;
        out->regs[PBR_A64_PSTATE] = pstate_read(env);
        out->spsr = env->banked_spsr[aarch64_banked_spsr_index(el)];
    } else {
        fill_regs(out, env);
        out->regs[PBR_A32_PSR] = cpsr_read(env);
        out->spsr = env->spsr;
    }
    fill_stacks(env, el, out);
    out->vbar = env->cp15.vbar_el[el];
    out->ttbr[0] = env->cp15.ttbr0_el[el];
    out->ttbr[1] = env->cp15.ttbr1_el[el];
    out->tcr = env->cp15.tcr_el[el];
    out->mair = env->cp15.mair_el[el];
    out->sctlr = arm_sctlr(env, arm_current_el(env));
    out->flags |= out->sctlr & SCTLR_M ? PBR_CPU_MMU : 0;
    out->cpacr = env->cp15.cpacr_el1;
    out->tpidr[0] = env->cp15.tpidr_el[0];
    out->tpidr[1] = env->cp15.tpidr_el[1];
    out->tpidr[2] = env->cp15.tpidr_el[2];
    out->tpidr[3] = env->cp15.tpidrro_el[0];
    out->cntfrq = env->cp15.c14_cntfrq;
    if (arm_feature(env, ARM_FEATURE_GENERIC_TIMER)) {
        out->cntvct = gt_get_countervalue(env) - env->cp15.cntvoff_el2;
    }
    out->elr = env->elr_el[el];
    out->esr = env->cp15.esr_el[el];
    out->far = env->cp15.far_el[el];
}

/* The CPU must be stopped, or be the caller's, with its state restored. */
void inference_cpu_fill(CPUState *cs, struct pbr_cpu *out)
{
    ARMCPU *cpu = ARM_CPU(cs);
    CPUARMState *env = &cpu->env;
    unsigned i;

    memset(out, 0, sizeof(*out));
    out->arch = arm_feature(env, ARM_FEATURE_M) ? PBR_ARCH_M
                : is_a64(env) ? PBR_ARCH_AARCH64 : PBR_ARCH_A32;
    out->el = arm_current_el(env);
    out->flags = (inference_cpu_thumb(cs) ? PBR_CPU_THUMB : 0)
                 | (arm_is_secure(env) ? PBR_CPU_SECURE : 0)
                 | (out->el == 0 ? PBR_CPU_USER : 0)
                 | (arm_cpu_data_is_big_endian(env) ? PBR_CPU_BE : 0)
                 | PBR_CPU_HAS_V;
    if (out->arch == PBR_ARCH_M) {
        fill_m_profile(env, out);
    } else {
        fill_a_profile(env, out);
    }
    out->midr = cpu->midr;
    out->cbar = cpu->reset_cbar;
    for (i = 0; i < 32; i++) {
        memcpy(&out->v[2 * i], aa64_vfp_qreg(env, i), 2 * sizeof(uint64_t));
    }
}

uint64_t inference_cpu_regs(CPUState *cs, uint64_t *regs)
{
    CPUARMState *env = cpu_env(cs);
    unsigned i;

    if (is_a64(env)) {
        memcpy(regs, env->xregs, 32 * sizeof(uint64_t));
        return env->pc;
    }
    memset(regs, 0, 32 * sizeof(uint64_t));
    for (i = 0; i < 15; i++) {
        regs[i] = env->regs[i];
    }
    return env->regs[15];
}

/*
 * The region that serves the access: NULL where nothing does. A bit-band
 * alias stands for the memory behind it: @f->phys is then changed to what
 * the access really touches, words for words.
 */
static Object *find_owner(InferenceFault *f)
{
    int index = cpu_asidx_from_attrs(f->cpu, f->attrs);
    AddressSpace *as = cpu_get_address_space(f->cpu, index);
    MemoryRegionSection sec = memory_region_find(as->root, f->phys, 1);
    Object *owner = NULL;

    if (sec.mr) {
        owner = memory_region_owner(sec.mr) ?: OBJECT(sec.mr);
        owner = periph_page_owner(owner, f->phys);
        owner = inference_claim_owner(owner, f->phys);
        memory_region_unref(sec.mr);
    }
    if (owner && object_dynamic_cast(owner, TYPE_BITBAND)) {
        BitBandState *band = BITBAND(owner);

        f->phys = band->base | (sec.offset_within_region & 0x1ffffff) >> 5;
        f->phys &= -(hwaddr)f->size;
        return find_owner(f);
    }
    return owner;
}

static void hook_transaction_failed(CPUState *cs, hwaddr phys, vaddr addr,
                                    unsigned size, MMUAccessType type,
                                    int mmu_idx, MemTxAttrs attrs,
                                    MemTxResult response, uintptr_t retaddr)
{
    InferenceFault fault = {
        .cpu = cs, .phys = phys, .virt = addr, .size = size, .attrs = attrs,
        .access = type == MMU_DATA_STORE ? PBR_ACCESS_STORE
                  : type == MMU_DATA_LOAD ? PBR_ACCESS_LOAD
                  : PBR_ACCESS_FETCH,
    };

    if (type == MMU_INST_FETCH) {
        inference_fetch_failed(&fault);
    } else if (unwind_pc(cs, retaddr, &fault.pc)) {
        fault.owner = find_owner(&fault);
        if (inference_wants(&fault)) {
            cpu_restore_state(cs, retaddr);
            inference_raise(&fault);
            cs->exception_index = -1;
            cpu_loop_exit(cs);
        }
        if (!fault.owner ||
            object_dynamic_cast(fault.owner, TYPE_PERIPH_DEVICE)) {
            periph_counts.unanswered++;
        }
    }
    original_ops(cs)->do_transaction_failed(cs, phys, addr, size, type,
                                            mmu_idx, attrs, response,
                                            retaddr);
}

static uint32_t exception_kind(CPUState *cs)
{
    switch (cs->exception_index) {
    case EXCP_UDEF:
    case EXCP_NOCP:
    case EXCP_INVSTATE:
        return PBR_X_UNDEFINED;
    case EXCP_PREFETCH_ABORT:
        return PBR_X_PREFETCH_ABORT;
    case EXCP_DATA_ABORT:
        return PBR_X_DATA_ABORT;
    case EXCP_VSERR:
        return PBR_X_SERROR;
    case EXCP_BKPT:
    case EXCP_LAZYFP:
    case EXCP_STKOF:
    case EXCP_UNALIGNED:
    case EXCP_DIVBYZERO:
    case EXCP_GPC:
        return PBR_X_OTHER;
    default:
        return 0;
    }
}

static bool is_interrupt(CPUState *cs)
{
    switch (cs->exception_index) {
    case EXCP_IRQ:
    case EXCP_FIQ:
    case EXCP_VIRQ:
    case EXCP_VFIQ:
    case EXCP_NMI:
    case EXCP_VINMI:
    case EXCP_VFNMI:
        return true;
    default:
        return false;
    }
}

/*
 * A fault that cannot be taken, since the handler of hard faults (or one
 * above it) is what has faulted. QEMU would abort.
 */
static bool is_lockup(CPUState *cs, uint32_t kind)
{
    CPUARMState *env = cpu_env(cs);

    return kind &&
           armv7m_nvic_raw_execution_priority(env->nvic) <= -1;
}

/* Whether anything is mapped where vector @number is read from. */
static bool has_vector(CPUState *cs, bool secure, unsigned number)
{
    CPUARMState *env = cpu_env(cs);
    MemTxAttrs attrs = { .secure = secure };
    AddressSpace *as = arm_addressspace(cs, attrs);
    MemoryRegionSection sec;

    sec = memory_region_find(as->root,
                             env->v7m.vecbase[secure] + 4 * number, 4);
    if (!sec.mr) {
        return false;
    }
    memory_region_unref(sec.mr);
    return true;
}

/*
 * An exception whose vector cannot be read becomes a hard fault; where the
 * vector of that cannot be read either, QEMU would abort.
 */
static bool has_no_vector(CPUState *cs, uint32_t kind)
{
    CPUARMState *env = cpu_env(cs);
    bool secure = arm_feature(env, ARM_FEATURE_M_SECURITY) &&
                  !(env->v7m.aircr & R_V7M_AIRCR_BFHFNMINS_MASK);
    bool to_secure;
    int pending;

    if (has_vector(cs, secure, ARMV7M_EXCP_HARD)) {
        return false;
    }
    if (cs->exception_index == EXCP_IRQ) {
        armv7m_nvic_get_pending_irq_info(env->nvic, &pending, &to_secure);
        return !has_vector(cs, to_secure, pending);
    }
    return kind != 0 || cs->exception_index == EXCP_SWI;
}

static uint64_t current_pc(CPUARMState *env)
{
    return is_a64(env) ? env->pc : env->regs[15];
}

/*
 * On M-profile a fault is first made pending, and taken before the next
 * instruction as interrupts are. So are those that arise while an exception
 * is taken or left. What is reported is what was taken.
 */
static void m_profile_taken(CPUState *cs, InferenceException *exc, int before)
{
    CPUARMState *env = cpu_env(cs);
    int now = env->v7m.exception;

    if (now == before || now == 0) {
        return;
    }
    if (now >= ARMV7M_EXCP_PENDSV) {
        inference_interrupt_taken(cs);
    }
    if (now < ARMV7M_EXCP_HARD || now > ARMV7M_EXCP_SECURE) {
        return;
    }
    exc->kind = PBR_X_M_BASE + now;
    exc->vector = env->regs[15];
    exc->esr = env->v7m.cfsr[env->v7m.secure];
    exc->far = exc->esr & R_V7M_CFSR_MMARVALID_MASK ?
               env->v7m.mmfar[env->v7m.secure] : env->v7m.bfar;
    inference_exception_taken(exc);
}

static void hook_m_do_interrupt(CPUState *cs)
{
    CPUARMState *env = cpu_env(cs);
    int before = env->v7m.exception;
    InferenceException exc = {
        .cpu = cs, .pc = current_pc(env), .el = arm_current_el(env),
    };

    if (is_lockup(cs, exception_kind(cs)) ||
        has_no_vector(cs, exception_kind(cs))) {
        exc.kind = PBR_X_M_BASE + ARMV7M_EXCP_HARD;
        exc.esr = env->v7m.cfsr[env->v7m.secure];
        exc.vector = exc.pc;
        inference_locked_up(&exc);
        return;
    }
    original_ops(cs)->do_interrupt(cs);
    m_profile_taken(cs, &exc, before);
}

static void hook_do_interrupt(CPUState *cs)
{
    CPUARMState *env = cpu_env(cs);
    InferenceException exc = {
        .cpu = cs, .kind = exception_kind(cs), .pc = current_pc(env),
        .el = arm_current_el(env),
    };

    if (arm_feature(env, ARM_FEATURE_M)) {
        hook_m_do_interrupt(cs);
        return;
    }
    if (is_interrupt(cs)) {
        inference_interrupt_taken(cs);
    }
    original_ops(cs)->do_interrupt(cs);
    if (exc.kind) {
        exc.from_below = exc.el < arm_current_el(env);
        exc.el = arm_current_el(env);
        exc.vector = current_pc(env);
        exc.esr = env->exception.syndrome;
        exc.far = env->exception.vaddress;
        inference_exception_taken(&exc);
    }
}

void inference_cpu_hook_all(void)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        InferenceHook *hook;

        cs->ignore_memory_transaction_failures = false;
        if (find_hook(cs)) {
            continue;
        }
        hook = g_new0(InferenceHook, 1);
        hook->cc = cs->cc;
        hook->orig = cs->cc->tcg_ops;
        hook->ops = *hook->orig;
        hook->ops.do_transaction_failed = hook_transaction_failed;
        hook->ops.do_interrupt = hook_do_interrupt;
        QSLIST_INSERT_HEAD(&hooks, hook, next);
        cs->cc->tcg_ops = &hook->ops;
    }
}
