/*
 * Machine "periph": CPUs and their interrupt controllers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "hw/arm/armv7m.h"
#include "hw/arm/boot.h"
#include "hw/arm/bsa.h"
#include "hw/intc/arm_gic.h"
#include "hw/intc/arm_gicv3_common.h"
#include "hw/periph/armv7m-dwt.h"
#include "hw/qdev-clock.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "system/reset.h"
#include "target/arm/cpu-features.h"
#include "periph-internal.h"

/* Any frequency will do: guests that care program a divider from it. */
#define M_PROFILE_CLOCK_HZ (64 * 1000 * 1000)

/* Below this, the private peripheral bus is the core's or its trace port's */
#define PPB_CORE_SIZE 0x41000
#define PPB_DWT_BASE 0xe0001000

static bool has_prop(Object *obj, const char *name)
{
    return object_property_find(obj, name) != NULL;
}

/* ---- M-profile ---- */

/* Bit-band memory is an option of these two only. */
static bool has_bitband(const char *type)
{
    return g_str_equal(type, ARM_CPU_TYPE_NAME("cortex-m3")) ||
           g_str_equal(type, ARM_CPU_TYPE_NAME("cortex-m4"));
}

static bool is_v6m(const char *type)
{
    return g_str_equal(type, ARM_CPU_TYPE_NAME("cortex-m0"));
}

/* As many as the architecture allows (the compiler's pcc_nvic_lines()). */
static unsigned nvic_lines(const char *type)
{
    Object *obj = object_new(type);
    bool v8 = arm_feature(&ARM_CPU(obj)->env, ARM_FEATURE_V8);

    object_unref(obj);
    return is_v6m(type) ? 32 : v8 ? 480 : 240;
}

/* v6-M has no cycle counter. */
static bool create_dwt(PeriphMachine *s, Error **errp)
{
    DeviceState *dev = qdev_new(TYPE_ARMV7M_DWT);
    MemoryRegion *mr = sysbus_mmio_get_region(SYS_BUS_DEVICE(dev), 0);

    object_property_add_child(periph_root(), "dwt", OBJECT(dev));
    qdev_connect_clock_in(dev, "clk", s->cpuclk);
    if (!sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), errp)) {
        return false;
    }
    memory_region_add_subregion(&ARMV7M(s->armv7m)->container, PPB_DWT_BASE,
                                mr);
    return true;
}

static void without_security(Object *obj)
{
    unset_feature(&ARM_CPU(obj)->env, ARM_FEATURE_M_SECURITY);
}

/*
 * The same core built without the security extension. QEMU has no property
 * for that, and the core is made and realized in one step by "armv7m".
 */
static const char *insecure_type(const char *type)
{
    g_autofree char *model = cpu_model_from_type(type);
    g_autofree char *name = g_strdup_printf("%s-insecure-" TYPE_ARM_CPU,
                                            model);
    const TypeInfo info = {
        .name = name, .parent = type, .instance_init = without_security,
    };

    if (!object_class_by_name(name)) {
        type_register_static(&info);
    }
    return object_class_get_name(object_class_by_name(name));
}

/* secure: yes is how v8-M starts; no is a core without the extension. */
static const char *choose_security(PeriphMachine *s, const char *type,
                                   Error **errp)
{
    Object *obj = object_new(type);
    bool has = arm_feature(&ARM_CPU(obj)->env, ARM_FEATURE_M_SECURITY);

    object_unref(obj);
    if (s->board->head->secure == 1 && !has) {
        error_setg(errp, "this CPU has no security extension: it cannot "
                   "start secure");
        return NULL;
    }
    return s->board->head->secure == 0 && has ? insecure_type(type) : type;
}

static bool create_m_profile(PeriphMachine *s, const char *type, Error **errp)
{
    DeviceState *dev = qdev_new(TYPE_ARMV7M);
    uint64_t vectors = 0;

    periph_images_lowest(&s->images, &vectors);
    if (s->board->head->flags & PRT_BOARD_HAS_ENTRY) {
        vectors = s->board->head->entry;
    }
    s->cpuclk = clock_new(OBJECT(s), "cpuclk");
    clock_set_hz(s->cpuclk, M_PROFILE_CLOCK_HZ);
    qdev_connect_clock_in(dev, "cpuclk", s->cpuclk);
    qdev_prop_set_string(dev, "cpu-type", type);
    qdev_prop_set_uint32(dev, "num-irq", nvic_lines(type));
    qdev_prop_set_bit(dev, "enable-bitband", has_bitband(type));
    qdev_prop_set_uint32(dev, "init-nsvtor", vectors & ~0x7fULL);
    qdev_prop_set_uint32(dev, "init-svtor", vectors & ~0x7fULL);
    object_property_set_link(OBJECT(dev), "memory",
                             OBJECT(get_system_memory()), &error_abort);
    object_property_add_child(periph_root(), "armv7m", OBJECT(dev));
    if (!sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), errp)) {
        return false;
    }
    s->armv7m = dev;
    /* What is no part of the core is a hole like any other. */
    memory_region_set_size(&ARMV7M(dev)->defaultmem, PPB_CORE_SIZE);
    armv7m_load_kernel(ARMV7M(dev)->cpu, NULL, 0, 0);
    return is_v6m(type) || create_dwt(s, errp);
}

/* ---- A- and R-profile ---- */

static bool at_reset_vector(PeriphMachine *s, uint64_t vector)
{
    if (s->has_entry) {
        return s->entry == vector;
    }
    return periph_images_cover(&s->images, vector);
}

/*
 * A boot loader or kernel expects firmware to have left it at EL2; an image
 * at the reset vector is that firmware. AArch32 cores are left as they come
 * out of reset unless the board says otherwise.
 */
static int choose_el(PeriphMachine *s, ARMCPU *cpu)
{
    const struct prt_board_header *head = s->board->head;
    bool has_el2 = arm_feature(&cpu->env, ARM_FEATURE_EL2);
    bool has_el3 = arm_feature(&cpu->env, ARM_FEATURE_EL3);

    if (head->el != PRT_EL_DEFAULT) {
        return head->el;
    }
    if (!arm_feature(&cpu->env, ARM_FEATURE_AARCH64)) {
        return 0;
    }
    if (has_el3 && head->secure != 0 &&
        (head->secure == 1 || at_reset_vector(s, cpu->rvbar_prop))) {
        return 3;
    }
    return has_el2 ? 2 : 1;
}

static uint32_t choose_psci(PeriphMachine *s, bool aarch64)
{
    switch (s->board->head->psci) {
    case PRT_PSCI_SMC:
        return QEMU_PSCI_CONDUIT_SMC;
    case PRT_PSCI_HVC:
        return QEMU_PSCI_CONDUIT_HVC;
    case PRT_PSCI_DEFAULT:
        return aarch64 && s->start_el != 3 ? QEMU_PSCI_CONDUIT_SMC
                                           : QEMU_PSCI_CONDUIT_DISABLED;
    default:
        return QEMU_PSCI_CONDUIT_DISABLED;
    }
}

static bool check_el(PeriphMachine *s, ARMCPU *cpu, Error **errp)
{
    CPUARMState *env = &cpu->env;

    if (s->start_el > 3 || s->board->head->el == 0 ||
        (s->start_el == 2 && !arm_feature(env, ARM_FEATURE_EL2)) ||
        (s->start_el == 3 && !arm_feature(env, ARM_FEATURE_EL3))) {
        error_setg(errp, "this CPU cannot start at EL%d", s->start_el);
        return false;
    }
    if (s->board->head->secure == 1 && s->start_el != 3 && s->start_el != 0) {
        error_setg(errp, "a secure start is at EL3, not at EL%d",
                   s->start_el);
        return false;
    }
    return true;
}

/*
 * What Linux and those that boot like it are given: the address of the
 * device tree in x0, or in r2 behind "no machine number"
 * (Documentation/arch/arm64/booting.rst, Documentation/arch/arm/booting.rst).
 */
static void hand_over_fdt(PeriphMachine *s, CPUARMState *env)
{
    if (is_a64(env)) {
        env->xregs[0] = s->images.fdt;
        return;
    }
    env->regs[0] = 0;
    env->regs[1] = UINT32_MAX;
    env->regs[2] = s->images.fdt;
}

static void reset_cpu(void *opaque)
{
    ARMCPU *cpu = opaque;
    PeriphMachine *s = PERIPH_MACHINE(qdev_get_machine());

    cpu_reset(CPU(cpu));
    if (s->start_el) {
        arm_emulate_firmware_reset(CPU(cpu), s->start_el);
    }
    if (s->has_entry) {
        cpu_set_pc(CPU(cpu), s->entry);
    }
    if (s->images.has_fdt && !CPU(cpu)->cpu_index) {
        hand_over_fdt(s, &cpu->env);
    }
    arm_rebuild_hflags(&cpu->env);
}

/* Where the private peripherals of a multi-core begin: its GIC says. */
static void set_cbar(PeriphMachine *s, Object *cpu)
{
    const struct prt_board *board = s->board;
    uint32_t i;

    for (i = 0; i < board->head->natives.count; i++) {
        const struct prt_native *n = &board->natives[i];

        if (g_str_equal(prt_board_string(board, n->type), TYPE_ARM_GIC) &&
            n->address_count && has_prop(cpu, "reset-cbar")) {
            object_property_set_int(cpu, "reset-cbar",
                                    n->address[0] & ~0x1fffULL, &error_abort);
        }
    }
}

static bool create_a_cpu(PeriphMachine *s, const char *type, unsigned index,
                         Error **errp)
{
    Object *obj = object_new(type);
    ARMCPU *cpu = ARM_CPU(obj);
    bool aarch64 = arm_feature(&cpu->env, ARM_FEATURE_AARCH64);
    g_autofree char *name = g_strdup_printf("cpu%u", index);
    uint32_t psci;
    bool ok;

    object_property_add_child(periph_root(), name, obj);
    object_unref(obj);
    CPU(obj)->cpu_index = index;
    s->start_el = choose_el(s, cpu);
    if (!check_el(s, cpu, errp)) {
        return false;
    }
    psci = choose_psci(s, aarch64);
    object_property_set_int(obj, "psci-conduit", psci, &error_abort);
    if (psci && index) {
        object_property_set_bool(obj, "start-powered-off", true,
                                 &error_abort);
    }
    /* Firmware that is played by QEMU leaves no EL3 behind. */
    if (has_prop(obj, "has_el3") &&
        (s->board->head->secure == 0 || s->start_el == 2 ||
         s->start_el == 1)) {
        object_property_set_bool(obj, "has_el3", false, &error_abort);
    }
    /* Nor one that starts below it EL2, which would have to allow things. */
    if (has_prop(obj, "has_el2") && s->start_el == 1) {
        object_property_set_bool(obj, "has_el2", false, &error_abort);
    }
    set_cbar(s, obj);
    object_property_set_link(obj, "memory", OBJECT(get_system_memory()),
                             &error_abort);
    ok = qdev_realize(DEVICE(obj), NULL, errp);
    if (ok) {
        qemu_register_reset(reset_cpu, cpu);
    }
    return ok;
}

/* Without a word from the board: what an ELF says, else the lowest byte. */
static void choose_entry(PeriphMachine *s, uint64_t vector)
{
    s->has_entry = s->board->head->flags & PRT_BOARD_HAS_ENTRY;
    s->entry = s->board->head->entry;
    if (s->has_entry || periph_images_cover(&s->images, vector)) {
        return;
    }
    if (s->images.has_entry) {
        s->has_entry = true;
        s->entry = s->images.entry;
    } else {
        s->has_entry = periph_images_lowest(&s->images, &s->entry);
    }
}

static bool is_m_profile(const char *type, uint64_t *vector)
{
    Object *obj = object_new(type);
    bool m = arm_feature(&ARM_CPU(obj)->env, ARM_FEATURE_M);

    *vector = ARM_CPU(obj)->rvbar_prop;
    object_unref(obj);
    return m;
}

bool periph_cpus_create(PeriphMachine *s, Error **errp)
{
    const char *model = prt_board_string(s->board, s->board->head->cpu);
    const char *type;
    ObjectClass *oc;
    uint64_t vector;
    unsigned i;

    if (!*model) {
        error_setg(errp, "the board names no cpu");
        return false;
    }
    oc = cpu_class_by_name(TYPE_ARM_CPU, model);
    if (!oc) {
        error_setg(errp, "cpu '%s' is not one that this QEMU knows", model);
        return false;
    }
    type = object_class_get_name(oc);
    s->m_profile = is_m_profile(type, &vector);
    if (s->m_profile) {
        if (s->board->head->cpus != 1) {
            error_setg(errp, "an M-profile board has one cpu");
            return false;
        }
        type = choose_security(s, type, errp);
        return type && create_m_profile(s, type, errp);
    }
    choose_entry(s, vector);
    for (i = 0; i < s->board->head->cpus; i++) {
        if (!create_a_cpu(s, type, i, errp)) {
            return false;
        }
    }
    return true;
}

/* ---- GIC ---- */

int periph_gic_ppi_input(DeviceState *gic, unsigned intid)
{
    return object_property_get_uint(OBJECT(gic), "num-irq", &error_abort)
           - GIC_INTERNAL + intid;
}

static void connect_timers(DeviceState *gic, DeviceState *cpu, unsigned base)
{
    static const int timer_irq[] = {
        [GTIMER_PHYS] = ARCH_TIMER_NS_EL1_IRQ,
        [GTIMER_VIRT] = ARCH_TIMER_VIRT_IRQ,
        [GTIMER_HYP] = ARCH_TIMER_NS_EL2_IRQ,
        [GTIMER_SEC] = ARCH_TIMER_S_EL1_IRQ,
        [GTIMER_HYPVIRT] = ARCH_TIMER_NS_EL2_VIRT_IRQ,
        [GTIMER_S_EL2_PHYS] = ARCH_TIMER_S_EL2_IRQ,
        [GTIMER_S_EL2_VIRT] = ARCH_TIMER_S_EL2_VIRT_IRQ,
    };
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(timer_irq); i++) {
        qdev_connect_gpio_out(cpu, i,
                              qdev_get_gpio_in(gic, base + timer_irq[i]));
    }
    qdev_connect_gpio_out_named(cpu, "pmu-interrupt", 0,
                                qdev_get_gpio_in(gic,
                                                 base + VIRTUAL_PMU_IRQ));
}

bool periph_cpus_connect_gic(PeriphMachine *s, DeviceState *gic, Error **errp)
{
    SysBusDevice *sbd = SYS_BUS_DEVICE(gic);
    unsigned cpus = s->board->head->cpus, i;
    bool v3 = object_dynamic_cast(OBJECT(gic), TYPE_ARM_GICV3_COMMON);

    if (s->m_profile) {
        error_setg(errp, "an M-profile CPU has an NVIC and no GIC");
        return false;
    }
    for (i = 0; i < cpus; i++) {
        DeviceState *cpu = DEVICE(qemu_get_cpu(i));
        unsigned base = periph_gic_ppi_input(gic, 0) + i * GIC_INTERNAL;

        connect_timers(gic, cpu, base);
        if (v3) {
            qdev_connect_gpio_out_named(cpu, "gicv3-maintenance-interrupt", 0,
                                        qdev_get_gpio_in(gic, base +
                                                         ARCH_GIC_MAINT_IRQ));
        }
        sysbus_connect_irq(sbd, i, qdev_get_gpio_in(cpu, ARM_CPU_IRQ));
        sysbus_connect_irq(sbd, i + cpus, qdev_get_gpio_in(cpu, ARM_CPU_FIQ));
        sysbus_connect_irq(sbd, i + 2 * cpus,
                           qdev_get_gpio_in(cpu, ARM_CPU_VIRQ));
        sysbus_connect_irq(sbd, i + 3 * cpus,
                           qdev_get_gpio_in(cpu, ARM_CPU_VFIQ));
    }
    return true;
}
