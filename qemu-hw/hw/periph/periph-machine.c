/*
 * Machine "periph": built from a compiled board
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + property "board": the .ptab of the board
 *  + property "stats": file that gets counters as JSON at exit
 *
 * Parts are children of /machine/periph under the names of the board. The
 * console is the first serial port of the command line.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "cpu.h"
#include "hw/intc/arm_gic_common.h"
#include "hw/intc/arm_gicv3_common.h"
#include "hw/irq.h"
#include "hw/qdev-clock.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/sysbus.h"
#include "qobject/qlist.h"
#include "system/qtest.h"
#include "system/system.h"
#include "inference-internal.h"
#include "periph-internal.h"

/* SPIs and private interrupts of a GIC whose board does not say. */
#define DEFAULT_GIC_IRQS 288

/* A clock input of a native of which the board does not say the frequency. */
#define DEFAULT_CLOCK_HZ 64000000

/* ---- Natives ---- */

static DeviceState *find_native(const char *name)
{
    Object *obj = object_resolve_path_component(periph_root(), name);

    obj = obj ? object_dynamic_cast(obj, TYPE_SYS_BUS_DEVICE) : NULL;
    return obj ? DEVICE(obj) : NULL;
}

static void connect_clock(DeviceState *dev, const char *name, uint64_t hz)
{
    g_autofree char *child = g_strconcat(name, "-source", NULL);
    Clock *clk = clock_new(OBJECT(dev), child);

    clock_set_hz(clk, hz);
    qdev_connect_clock_in(dev, name, clk);
}

/* The name of the clock input, with '_' for '-', that is not connected yet. */
static const char *free_clock(DeviceState *dev, const char *name)
{
    NamedClockList *list;

    QLIST_FOREACH(list, &dev->clocks, node) {
        g_autofree char *plain = g_strdelimit(g_strdup(list->name), "-", '_');

        if (!list->output && !clock_has_source(list->clock) &&
            (!name || g_str_equal(plain, name))) {
            return list->name;
        }
    }
    return NULL;
}

/* Many devices refuse to be without a clock. */
static void connect_clocks(DeviceState *dev)
{
    const char *name;

    while ((name = free_clock(dev, NULL))) {
        connect_clock(dev, name, DEFAULT_CLOCK_HZ);
    }
}

static bool set_prop(DeviceState *dev, const struct prt_board *board,
                     const struct prt_prop *prop, Error **errp)
{
    g_autofree char *name = g_strdup(prt_board_string(board, prop->name));
    const char *clock = free_clock(dev, name);

    if (clock && prop->kind == PRT_PROP_INT) {
        if (!prop->value || prop->value > UINT32_MAX) {
            error_setg(errp, "'%s' is a clock, of 1 to %u Hz", name,
                       UINT32_MAX);
            return false;
        }
        connect_clock(dev, clock, prop->value);
        return true;
    }
    /* Names of the language have no dashes. */
    if (!object_property_find(OBJECT(dev), name)) {
        g_strdelimit(name, "_", '-');
    }
    switch (prop->kind) {
    case PRT_PROP_INT:
        return object_property_set_uint(OBJECT(dev), name, prop->value, errp);
    case PRT_PROP_BOOL:
        return object_property_set_bool(OBJECT(dev), name, prop->value != 0,
                                        errp);
    default:
        return object_property_set_str(OBJECT(dev), name,
                                       prt_board_string(board, prop->string),
                                       errp);
    }
}

static void gic_defaults(PeriphMachine *s, DeviceState *dev,
                         const struct prt_native *n)
{
    bool v3 = object_dynamic_cast(OBJECT(dev), TYPE_ARM_GICV3_COMMON);
    bool el3 = arm_feature(cpu_env(first_cpu), ARM_FEATURE_EL3);
    QList *redist = qlist_new();

    qdev_prop_set_uint32(dev, "num-cpu", s->board->head->cpus);
    qdev_prop_set_uint32(dev, "num-irq", DEFAULT_GIC_IRQS);
    qdev_prop_set_uint32(dev, "revision", v3 ? 3 : 2);
    qdev_prop_set_bit(dev, "has-security-extensions", el3);
    if (v3) {
        qlist_append_int(redist, s->board->head->cpus);
        qdev_prop_set_array(dev, "redist-region-count", redist);
    } else {
        qobject_unref(redist);
        qdev_prop_set_bit(dev, "has-virtualization-extensions",
                          n->address_count > 2);
    }
}

static bool is_gic(DeviceState *dev)
{
    return object_dynamic_cast(OBJECT(dev), TYPE_ARM_GIC_COMMON) ||
           object_dynamic_cast(OBJECT(dev), TYPE_ARM_GICV3_COMMON);
}

static bool map_native(DeviceState *dev, const struct prt_native *n,
                       Error **errp)
{
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    uint32_t i;

    for (i = 0; i < n->address_count; i++) {
        if (!sysbus_has_mmio(sbd, i)) {
            error_setg(errp, "it has only %" PRIu32 " address ranges", i);
            return false;
        }
        sysbus_mmio_map(sbd, i, n->address[i]);
    }
    return true;
}

static bool setup_native(PeriphMachine *s, DeviceState *dev, uint32_t index,
                         Error **errp)
{
    const struct prt_native *n = &s->board->natives[index];
    uint32_t i;

    if (is_gic(dev)) {
        gic_defaults(s, dev, n);
    }
    if ((n->flags & PRT_INST_CONSOLE) && serial_hd(0) &&
        object_property_find(OBJECT(dev), "chardev")) {
        qdev_prop_set_chr(dev, "chardev", serial_hd(0));
    }
    for (i = 0; i < s->board->head->props.count; i++) {
        if (s->board->props[i].native == index &&
            !set_prop(dev, s->board, &s->board->props[i], errp)) {
            return false;
        }
    }
    connect_clocks(dev);
    if (!sysbus_realize(SYS_BUS_DEVICE(dev), errp) ||
        !map_native(dev, n, errp)) {
        return false;
    }
    return !is_gic(dev) || periph_cpus_connect_gic(s, dev, errp);
}

static bool create_native(PeriphMachine *s, uint32_t index, Error **errp)
{
    const struct prt_native *n = &s->board->natives[index];
    const char *name = prt_board_string(s->board, n->name);
    const char *type = prt_board_string(s->board, n->type);
    ObjectClass *oc = module_object_class_by_name(type);
    DeviceState *dev;

    if (!oc || !object_class_dynamic_cast(oc, TYPE_SYS_BUS_DEVICE) ||
        object_class_is_abstract(oc)) {
        error_setg(errp, "native '%s': this QEMU has no device '%s' that can "
                   "be placed at an address", name, type);
        return false;
    }
    if (!*name || object_property_find(periph_root(), name)) {
        error_setg(errp, "native '%s': the name is taken", name);
        return false;
    }
    dev = qdev_new(type);
    object_property_add_child(periph_root(), name, OBJECT(dev));
    object_unref(OBJECT(dev));
    if (!setup_native(s, dev, index, errp)) {
        error_prepend(errp, "native '%s': ", name);
        return false;
    }
    return true;
}

static bool has_native(void *opaque, const struct prt_board *board,
                       const struct prt_native *n)
{
    DeviceState *dev = find_native(prt_board_string(board, n->name));

    return dev && g_str_equal(object_get_typename(OBJECT(dev)),
                              prt_board_string(board, n->type));
}

/* ---- Wires ---- */

static qemu_irq gpio_in(DeviceState *dev, int64_t n, Error **errp)
{
    NamedGPIOList *list;

    QLIST_FOREACH(list, &dev->gpios, node) {
        if (!list->name && n >= 0 && n < list->num_in) {
            return qdev_get_gpio_in(dev, n);
        }
    }
    error_setg(errp, "'%s' has no input %" PRId64,
               object_get_canonical_path_component(OBJECT(dev)), n);
    return NULL;
}

static qemu_irq native_input(const PeriphWire *wire, Error **errp)
{
    DeviceState *dev = find_native(wire->to);

    if (!dev) {
        error_setg(errp, "a wire leads to '%s', which the machine lacks",
                   wire->to);
        return NULL;
    }
    if (wire->kind == PRT_WIRE_PPI && is_gic(dev)) {
        return gpio_in(dev, periph_gic_ppi_input(dev, 16 + wire->number),
                       errp);
    }
    return gpio_in(dev, wire->number, errp);
}

static qemu_irq wire_target(void *opaque, const PeriphWire *wire,
                            Error **errp)
{
    PeriphMachine *s = opaque;
    CPUState *cpu;

    switch (wire->to_kind) {
    case PRT_TO_NATIVE:
        return native_input(wire, errp);
    case PRT_TO_NVIC:
        if (s->armv7m) {
            return gpio_in(s->armv7m, wire->number, errp);
        }
        error_setg(errp, "a wire leads to an NVIC, which this CPU lacks");
        return NULL;
    case PRT_TO_CPU:
        cpu = qemu_get_cpu(wire->to_index);
        if (cpu && !s->m_profile) {
            return gpio_in(DEVICE(cpu), wire->number, errp);
        }
        /* fall through */
    default:
        error_setg(errp, "a wire leads nowhere");
        return NULL;
    }
}

static bool connect_natives(PeriphMachine *s, Error **errp)
{
    const struct prt_board *board = s->board;
    uint32_t i;

    for (i = 0; i < board->head->wires.count; i++) {
        const struct prt_wire *wire = &board->wires[i];
        PeriphWire named;
        DeviceState *dev;
        qemu_irq to;

        if (wire->from_kind != PRT_FROM_NATIVE ||
            wire->to_kind == PRT_TO_INSTANCE) {
            continue;
        }
        periph_board_name_wire(board, wire, &named);
        dev = find_native(named.from);
        to = wire_target(s, &named, errp);
        if (!to) {
            return false;
        }
        if (!sysbus_has_irq(SYS_BUS_DEVICE(dev), wire->from_line)) {
            error_setg(errp, "'%s' has no output %" PRIu32,
                       object_get_canonical_path_component(OBJECT(dev)),
                       wire->from_line);
            return false;
        }
        periph_wire_connect_irq(dev, SYSBUS_DEVICE_GPIO_IRQ, wire->from_line,
                                to);
    }
    return true;
}

/* ---- The machine ---- */

static void write_stats(Notifier *notifier, void *data)
{
    PeriphMachine *s = container_of(notifier, PeriphMachine, exit);
    g_autoptr(QDict) d = qdict_new();
    g_autoptr(GString) text = NULL;
    g_autoptr(GError) gerr = NULL;

    qdict_put_int(d, "reads", periph_counts.reads);
    qdict_put_int(d, "writes", periph_counts.writes);
    qdict_put_int(d, "asks", periph_counts.asks);
    qdict_put_int(d, "aborts", periph_counts.aborts);
    qdict_put_int(d, "unanswered", periph_counts.unanswered);
    text = qobject_to_json_pretty(QOBJECT(d), true);
    g_string_append_c(text, '\n');
    if (!g_file_set_contents(s->stats_file, text->str, text->len, &gerr)) {
        warn_report("%s", gerr->message);
    }
}

static bool build(PeriphMachine *s, Error **errp)
{
    uint32_t i;

    if (!periph_images_load(&s->images, s->board, errp) ||
        !periph_cpus_create(s, errp)) {
        return false;
    }
    for (i = 0; i < s->board->head->natives.count; i++) {
        if (!create_native(s, i, errp)) {
            return false;
        }
    }
    periph_board_set_machine(wire_target, has_native, s);
    return periph_board_apply(s->bytes, NULL, errp) &&
           connect_natives(s, errp);
}

static void periph_machine_run(MachineState *machine)
{
    PeriphMachine *s = PERIPH_MACHINE(machine);
    Error *err = NULL;

    if (!s->board) {
        if (qtest_enabled()) {
            return;             /* QEMU's tests start every machine so */
        }
        error_report("machine periph needs a board: -M periph,board=FILE");
        exit(1);
    }
    if (s->board->head->cpus > machine->smp.max_cpus) {
        error_report("the board has %" PRIu32 " cpus; do not use -smp",
                     s->board->head->cpus);
        exit(1);
    }
    periph_state_register();
    periph_board_set_name(prt_board_string(s->board, s->board->head->name));
    if (!build(s, &err)) {
        error_reportf_err(err, "%s: ", s->board_file);
        exit(1);
    }
    /* Where nobody asks holes are counted, and a lockup is a panic. */
    inference_cpu_hook_all();
    if (s->stats_file) {
        s->exit.notify = write_stats;
        qemu_add_exit_notifier(&s->exit);
    }
}

static bool read_board(PeriphMachine *s, const char *name, Error **errp)
{
    g_autoptr(GError) gerr = NULL;
    char *data;
    gsize size;
    int ret;

    if (!g_file_get_contents(name, &data, &size, &gerr)) {
        error_setg(errp, "%s", gerr->message);
        return false;
    }
    s->bytes = g_bytes_new_take(data, size);
    ret = prt_file_open(data, size, &s->file, NULL);
    if (ret != PRT_OK) {
        error_setg(errp, "%s: %s", name, prt_strerror(ret));
        return false;
    }
    if (!s->file.has_board || s->file.board.head->flags & PRT_BOARD_PARTIAL) {
        error_setg(errp, "%s: the table describes no whole board", name);
        return false;
    }
    s->board = &s->file.board;
    return true;
}

/* Early enough for the accelerator to know the number of CPUs. */
static void set_board(Object *obj, const char *value, Error **errp)
{
    PeriphMachine *s = PERIPH_MACHINE(obj);
    MachineState *ms = MACHINE(obj);
    unsigned cpus;

    if (s->board_file) {
        error_setg(errp, "'board' was given twice");
        return;
    }
    s->board_file = g_strdup(value);
    if (!read_board(s, value, errp)) {
        return;
    }
    cpus = s->board->head->cpus;
    if (cpus < 1 || cpus > MACHINE_GET_CLASS(ms)->max_cpus) {
        error_setg(errp, "%s: a board has 1 to %d cpus", value,
                   MACHINE_GET_CLASS(ms)->max_cpus);
        return;
    }
    ms->smp.cpus = cpus;
    ms->smp.max_cpus = cpus;
    ms->smp.cores = cpus;
}

static char *get_board(Object *obj, Error **errp)
{
    return g_strdup(PERIPH_MACHINE(obj)->board_file);
}

static void set_stats(Object *obj, const char *value, Error **errp)
{
    PeriphMachine *s = PERIPH_MACHINE(obj);

    g_free(s->stats_file);
    s->stats_file = g_strdup(value);
}

static char *get_stats(Object *obj, Error **errp)
{
    return g_strdup(PERIPH_MACHINE(obj)->stats_file);
}

static void set_load(Object *obj, const char *value, Error **errp)
{
    if (!phase_check(PHASE_MACHINE_READY)) {
        error_setg(errp, "use 'board' before the machine is created");
        return;
    }
    periph_board_apply_file(value, NULL, errp);
}

static void set_goal(Object *obj, const char *value, Error **errp)
{
    if (!phase_check(PHASE_MACHINE_READY)) {
        error_setg(errp, "goals are set once the machine is there");
        return;
    }
    periph_goal_add(value, errp);
}

static char *get_reached(Object *obj, Error **errp)
{
    return periph_goal_reached();
}

static void periph_machine_class_init(ObjectClass *oc, void *data)
{
    MachineClass *mc = MACHINE_CLASS(oc);

    mc->desc = "machine built from a compiled board (board=FILE.ptab)";
    mc->init = periph_machine_run;
    mc->max_cpus = 64;
    mc->default_cpus = 1;
    mc->no_cdrom = true;
    mc->no_floppy = true;
    mc->no_parallel = true;
    object_class_property_add_str(oc, "board", get_board, set_board);
    object_class_property_set_description(oc, "board",
                                          "compiled board (.ptab)");
    object_class_property_add_str(oc, "load", NULL, set_load);
    object_class_property_set_description(oc, "load",
                                          "compiled board whose tables "
                                          "replace those in force");
    object_class_property_add_str(oc, "goal", NULL, set_goal);
    object_class_property_set_description(oc, "goal",
                                          "where to stop, besides others: "
                                          "'pc ADDRESS' or 'write ADDRESS "
                                          "[VALUE MASK]'");
    object_class_property_add_str(oc, "reached", get_reached, NULL);
    object_class_property_set_description(oc, "reached",
                                          "number of the goal that stopped "
                                          "the machine");
    object_class_property_add_str(oc, "stats", get_stats, set_stats);
    object_class_property_set_description(oc, "stats",
                                          "file for counters, as JSON");
}

static const TypeInfo periph_machine_info = {
    .name = TYPE_PERIPH_MACHINE,
    .parent = TYPE_MACHINE,
    .instance_size = sizeof(PeriphMachine),
    .class_init = periph_machine_class_init,
};

static void periph_machine_register_types(void)
{
    type_register_static(&periph_machine_info);
}

type_init(periph_machine_register_types)
