/*
 * Recorder of interrupts: what it needs to know of CPUs and GICs
 *
 * An interrupt begins in do_interrupt() of the CPU. Which one it is a GIC
 * tells when the CPU asks it, which is also where it is told of the end:
 * through registers of its CPU interface (GICv2) or of the CPU (GICv3). An
 * M-profile core does all of that by itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "accel/tcg/cpu-ops.h"
#include "cpu.h"
#include "cpregs.h"
#include "exec/exec-all.h"
#include "hw/intc/arm_gic.h"
#include "hw/intc/arm_gicv3_common.h"
#include "internals.h"
#include "system/tcg.h"
#include "gic-arm-internal.h"
#include "mmio-cpu.h"
#include "mmio-tap.h"

#define GICC_IAR 0x0c
#define GICC_EOIR 0x10
#define GICC_DIR 0x1000
#define GICC_CTLR_EOIMODE BIT(9)
#define GICC_CTLR_EOIMODE_NS BIT(10)
#define GICC_INTID 0x3ff
#define ICC_CTLR_EOIMODE BIT(1)
#define ICC_INTID 0xffffff

/*
 * Operations of a CPU class before ours. Found by the class: other hooks may
 * lie above these.
 */
typedef struct ClassHook {
    CPUClass *cc;
    TCGCPUOps ops;
    const TCGCPUOps *orig;
    QSLIST_ENTRY(ClassHook) next;
} ClassHook;

/* A register of the CPU interface of a GICv3, as it was. */
typedef struct RegHook {
    CPReadFn *read;
    CPWriteFn *write;
} RegHook;

typedef struct GicTap {
    MmioListener listener;
    GICState *gic;
} GicTap;

static QSLIST_HEAD(, ClassHook) classes = QSLIST_HEAD_INITIALIZER(classes);
static GHashTable *reg_hooks;   /* const ARMCPRegInfo *: RegHook */
static GICState *first_gic;

static const TCGCPUOps *original_ops(CPUState *cs)
{
    ClassHook *h;

    QSLIST_FOREACH(h, &classes, next) {
        if (h->cc == cs->cc) {
            return h->orig;
        }
    }
    g_assert_not_reached();
}

static uint64_t current_pc(CPUARMState *env)
{
    return is_a64(env) ? env->pc : env->regs[15];
}

/* ---- Interrupts taken ---- */

static bool is_interrupt(CPUState *cs)
{
    return cs->exception_index == EXCP_IRQ ||
           cs->exception_index == EXCP_FIQ ||
           cs->exception_index == EXCP_NMI;
}

/* What is most urgent, without acknowledging it. */
static uint32_t pending_number(CPUState *cs)
{
    GICv3CPUState *v3 = cpu_env(cs)->gicv3state;
    uint32_t number = GIC_HOOK_UNKNOWN;

    if (v3) {
        number = v3->hppi.prio != 0xff ? v3->hppi.irq : GIC_HOOK_UNKNOWN;
    } else if (first_gic && cs->cpu_index < first_gic->num_cpu) {
        number = first_gic->current_pending[cs->cpu_index];
    }
    return number >= 1020 && number < 8192 ? GIC_HOOK_UNKNOWN : number;
}

static void fill_before(CPUState *cs, struct pbr_record *record,
                        uint64_t *regs)
{
    memset(record, 0, sizeof(*record));
    mmio_cpu_context(cs, record);
    record->pc = current_pc(cpu_env(cs));
    mmio_cpu_regs(cs, regs);
}

static void a_profile_interrupt(CPUState *cs)
{
    bool interrupt = is_interrupt(cs);
    uint64_t regs[PBR_RECORD_REGS];
    struct pbr_record record;
    uint32_t number = 0;

    if (interrupt) {
        fill_before(cs, &record, regs);
        number = pending_number(cs);
    }
    original_ops(cs)->do_interrupt(cs);
    if (interrupt) {
        gic_hook_taken(&record, regs, number, current_pc(cpu_env(cs)));
    }
}

/*
 * One call may leave an exception and take the next one (tail-chaining), and
 * a synchronous exception is taken in the same way as an interrupt.
 */
static void m_profile_interrupt(CPUState *cs)
{
    CPUARMState *env = cpu_env(cs);
    bool leaving = cs->exception_index == EXCP_EXCEPTION_EXIT;
    int before = env->v7m.exception, now;
    uint64_t regs[PBR_RECORD_REGS];
    struct pbr_record record;

    fill_before(cs, &record, regs);
    original_ops(cs)->do_interrupt(cs);
    now = env->v7m.exception;
    if (leaving && before >= ARMV7M_EXCP_PENDSV) {
        gic_hook_ended(cs, before, record.pc);
    }
    if (now >= ARMV7M_EXCP_PENDSV &&
        (leaving ? !gic_hook_is_in(cs, now) : now != before)) {
        gic_hook_taken(&record, regs, now, env->regs[15]);
        gic_hook_acked(cs, now);
    }
}

static void hook_do_interrupt(CPUState *cs)
{
    if (arm_feature(cpu_env(cs), ARM_FEATURE_M)) {
        m_profile_interrupt(cs);
    } else {
        a_profile_interrupt(cs);
    }
}

static void hook_el_change(ARMCPU *cpu, void *opaque)
{
    gic_hook_returned(CPU(cpu), current_pc(&cpu->env));
}

/* ---- GICv2 ---- */

static void gic_seen(void *opaque, const MmioAccess *a)
{
    GicTap *tap = opaque;
    struct pbr_record record = { 0 };
    uint32_t number = a->value & GICC_INTID, mode;

    if (!a->cpu || a->cpu->cpu_index >= tap->gic->num_cpu) {
        return;
    }
    mode = tap->gic->cpu_ctlr[a->cpu->cpu_index] &
           (tap->gic->security_extn && !a->attrs.secure
            ? GICC_CTLR_EOIMODE_NS : GICC_CTLR_EOIMODE);
    if (!a->write && a->offset == GICC_IAR) {
        gic_hook_acked(a->cpu, number);
    } else if (a->write && a->offset == (mode ? GICC_DIR : GICC_EOIR)) {
        mmio_cpu_describe(a->cpu, &record);
        gic_hook_ended(a->cpu, number, record.pc);
    }
}

static bool tap_gic(GICState *gic, Error **errp)
{
    unsigned i;

    for (i = 0; i <= gic->num_cpu; i++) {
        GicTap *tap;

        if (!gic->cpuiomem[i].ops) {
            continue;
        }
        tap = g_new0(GicTap, 1);
        tap->gic = gic;
        tap->listener.seen = gic_seen;
        tap->listener.opaque = tap;
        if (!mmio_tap_attach(&tap->listener, &gic->cpuiomem[i], errp)) {
            return false;
        }
    }
    first_gic = first_gic ?: gic;
    return true;
}

typedef struct GicSearch {
    Error *err;
} GicSearch;

static int find_gic(Object *obj, void *opaque)
{
    GicSearch *search = opaque;

    if (object_dynamic_cast(obj, TYPE_ARM_GIC) && DEVICE(obj)->realized &&
        !tap_gic(ARM_GIC_COMMON(obj), &search->err)) {
        return 1;
    }
    return 0;
}

/* ---- GICv3 ---- */

static uint64_t hook_iar(CPUARMState *env, const ARMCPRegInfo *ri)
{
    RegHook *r = g_hash_table_lookup(reg_hooks, ri);
    uint64_t value = r->read(env, ri);

    gic_hook_acked(env_cpu(env), value & ICC_INTID);
    return value;
}

static bool ends_by_dir(CPUARMState *env)
{
    GICv3CPUState *v3 = env->gicv3state;

    return v3 && v3->icc_ctlr_el1[arm_is_secure(env) ? GICV3_S : GICV3_NS] &
                 ICC_CTLR_EOIMODE;
}

static void hook_eoir(CPUARMState *env, const ARMCPRegInfo *ri,
                      uint64_t value)
{
    RegHook *r = g_hash_table_lookup(reg_hooks, ri);

    if (!ends_by_dir(env)) {
        gic_hook_ended(env_cpu(env), value & ICC_INTID, 0);
    }
    r->write(env, ri, value);
}

static void hook_dir(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    RegHook *r = g_hash_table_lookup(reg_hooks, ri);

    if (ends_by_dir(env)) {
        gic_hook_ended(env_cpu(env), value & ICC_INTID, 0);
    }
    r->write(env, ri, value);
}

static void hook_register(gpointer key, gpointer value, gpointer opaque)
{
    static const struct {
        const char *name;
        CPReadFn *read;
        CPWriteFn *write;
    } wanted[] = {
        { "ICC_IAR0_EL1", hook_iar, NULL },
        { "ICC_IAR1_EL1", hook_iar, NULL },
        { "ICC_NMIAR1_EL1", hook_iar, NULL },
        { "ICC_EOIR0_EL1", NULL, hook_eoir },
        { "ICC_EOIR1_EL1", NULL, hook_eoir },
        { "ICC_DIR_EL1", NULL, hook_dir },
    };
    ARMCPRegInfo *ri = value;
    RegHook *r;
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(wanted); i++) {
        if (!g_str_equal(ri->name, wanted[i].name) ||
            (wanted[i].read && !ri->readfn) ||
            (wanted[i].write && !ri->writefn)) {
            continue;
        }
        r = g_new0(RegHook, 1);
        r->read = ri->readfn;
        r->write = ri->writefn;
        g_hash_table_insert(reg_hooks, ri, r);
        ri->readfn = wanted[i].read ?: ri->readfn;
        ri->writefn = wanted[i].write ?: ri->writefn;
    }
}

/* ---- Machine ---- */

static void hook_class(CPUState *cs)
{
    ClassHook *h;

    QSLIST_FOREACH(h, &classes, next) {
        if (h->cc == cs->cc) {
            return;
        }
    }
    h = g_new0(ClassHook, 1);
    h->cc = cs->cc;
    h->orig = cs->cc->tcg_ops;
    h->ops = *h->orig;
    h->ops.do_interrupt = hook_do_interrupt;
    QSLIST_INSERT_HEAD(&classes, h, next);
    cs->cc->tcg_ops = &h->ops;
}

bool gic_arm_hook_machine(Error **errp)
{
    GicSearch search = { 0 };
    CPUState *cs;

    if (!tcg_enabled()) {
        error_setg(errp, "interrupts can be seen with TCG only");
        return false;
    }
    object_child_foreach_recursive(object_get_root(), find_gic, &search);
    if (search.err) {
        error_propagate(errp, search.err);
        return false;
    }
    reg_hooks = g_hash_table_new(NULL, NULL);
    CPU_FOREACH(cs) {
        ARMCPU *cpu = ARM_CPU(cs);

        hook_class(cs);
        if (arm_feature(&cpu->env, ARM_FEATURE_M)) {
            continue;
        }
        arm_register_el_change_hook(cpu, hook_el_change, NULL);
        if (cpu->env.gicv3state) {
            g_hash_table_foreach(cpu->cp_regs, hook_register, NULL);
        }
    }
    return true;
}
