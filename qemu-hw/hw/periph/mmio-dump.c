/*
 * Map of a machine's devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * DEVICE-MAP.md describes what is written.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qemu-version.h"
#include "qapi/error.h"
#include "qobject/json-writer.h"
#include "qobject/qbool.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"
#include "qom/qom-qobject.h"
#include "hw/boards.h"
#include "hw/periph/mmio-dump.h"
#include "hw/qdev-clock.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "system/reset.h"
#include "system/runstate.h"
#include "system/system.h"
#include "inference-internal.h"
#include "mmio-irq.h"
#include "mmio-map.h"

#define MAP_VERSION 1

struct MmioDump {
    DeviceState parent_obj;

    char *file;
    bool quit;
    bool written;
    Notifier done;
};

/* One object that regions belong to. */
typedef struct Owner {
    Object *obj;                /* or NULL */
    GPtrArray *regions;         /* MmioRegion * */
} Owner;

static void put_hex(JSONWriter *w, const char *name, uint64_t value)
{
    g_autofree char *text = g_strdup_printf("0x%" PRIx64, value);

    json_writer_str(w, name, text);
}

static void put_path(JSONWriter *w, const char *name, Object *obj)
{
    g_autofree char *path = obj ? object_get_canonical_path(obj) : NULL;

    if (path) {
        json_writer_str(w, name, path);
    } else {
        json_writer_null(w, name);
    }
}

/* ---- Machine, CPUs, address spaces ---- */

static const char *arch_name(CPUState *cs)
{
    switch (inference_cpu_arch(cs)) {
    case PBR_ARCH_M:
        return "m";
    case PBR_ARCH_AARCH64:
        return "aarch64";
    default:
        return "a32";
    }
}

static const char *conduit_name(Object *cpu)
{
    static const char *const names[] = { "none", "smc", "hvc" };
    uint64_t value;

    if (!object_property_find(cpu, "psci-conduit")) {
        return "none";
    }
    value = object_property_get_uint(cpu, "psci-conduit", NULL);
    return value < ARRAY_SIZE(names) ? names[value] : "none";
}

static void put_bool_prop(JSONWriter *w, const char *name, Object *obj,
                          const char *prop)
{
    if (object_property_find(obj, prop)) {
        json_writer_bool(w, name, object_property_get_bool(obj, prop, NULL));
    }
}

static void put_cpu(JSONWriter *w, CPUState *cs)
{
    Object *obj = OBJECT(cs);
    const char *type = object_get_typename(obj);
    g_autofree char *model = cpu_model_from_type(type);

    json_writer_start_object(w, NULL);
    json_writer_int64(w, "index", cs->cpu_index);
    json_writer_str(w, "model", model ?: type);
    json_writer_str(w, "type", type);
    put_path(w, "qom", obj);
    json_writer_str(w, "arch", arch_name(cs));
    json_writer_str(w, "psci", conduit_name(obj));
    put_bool_prop(w, "el2", obj, "has_el2");
    put_bool_prop(w, "el3", obj, "has_el3");
    put_bool_prop(w, "powered_off", obj, "start-powered-off");
    json_writer_end_object(w);
}

static void put_cpus(JSONWriter *w)
{
    CPUState *cs;

    json_writer_start_array(w, "cpus");
    CPU_FOREACH(cs) {
        put_cpu(w, cs);
    }
    json_writer_end_array(w);
}

static void put_spaces(JSONWriter *w, const MmioMap *map)
{
    unsigned i, k;

    json_writer_start_array(w, "address_spaces");
    for (i = 0; i < map->spaces->len; i++) {
        const MmioSpace *space = g_ptr_array_index(map->spaces, i);

        json_writer_start_array(w, NULL);
        for (k = 0; k < space->names->len; k++) {
            json_writer_str(w, NULL, g_ptr_array_index(space->names, k));
        }
        json_writer_end_array(w);
    }
    json_writer_end_array(w);
}

/* ---- Regions ---- */

static void put_region_spaces(JSONWriter *w, const MmioRegion *region)
{
    unsigned i;

    json_writer_start_array(w, "address_spaces");
    for (i = 0; i < region->spaces->len; i++) {
        json_writer_int64(w, NULL, g_array_index(region->spaces, unsigned,
                                                 i));
    }
    json_writer_end_array(w);
}

/* One entry for each stretch that nothing lies over. */
static void put_memory(JSONWriter *w, const MmioRegion *region)
{
    unsigned i;

    for (i = 0; i < region->pieces->len; i++) {
        const MmioPiece *piece = &g_array_index(region->pieces, MmioPiece, i);

        json_writer_start_object(w, NULL);
        json_writer_str(w, "name", memory_region_name(region->mr) ?: "");
        json_writer_str(w, "kind", memory_region_is_rom(region->mr) ? "rom"
                                                                    : "ram");
        put_path(w, "qom", OBJECT(region->mr));
        put_hex(w, "address", piece->address);
        put_hex(w, "size", piece->size);
        put_hex(w, "offset", piece->address - region->base);
        put_region_spaces(w, region);
        json_writer_end_object(w);
    }
}

static void put_memories(JSONWriter *w, const MmioMap *map)
{
    unsigned i;

    json_writer_start_array(w, "memories");
    for (i = 0; i < map->regions->len; i++) {
        const MmioRegion *region = g_ptr_array_index(map->regions, i);

        if (mmio_map_is_memory(region->mr)) {
            put_memory(w, region);
        }
    }
    json_writer_end_array(w);
}

static void put_region(JSONWriter *w, const MmioRegion *region)
{
    unsigned i;

    json_writer_start_object(w, NULL);
    json_writer_str(w, "name", memory_region_name(region->mr) ?: "");
    json_writer_str(w, "kind", region->mr->rom_device ? "romd"
                    : memory_region_is_ram_device(region->mr) ? "ram_device"
                    : "io");
    put_hex(w, "address", region->base);
    put_hex(w, "size", memory_region_size(region->mr));
    json_writer_start_array(w, "mapped");
    for (i = 0; i < region->pieces->len; i++) {
        const MmioPiece *piece = &g_array_index(region->pieces, MmioPiece, i);

        json_writer_start_object(w, NULL);
        put_hex(w, "address", piece->address);
        put_hex(w, "size", piece->size);
        json_writer_end_object(w);
    }
    json_writer_end_array(w);
    put_region_spaces(w, region);
    json_writer_end_object(w);
}

/*
 * Where a range of a system bus device lies: it may be a container of what
 * is mapped. False where no part of it can be reached.
 */
static bool find_range(const Owner *owner, MemoryRegion *range, hwaddr *base)
{
    unsigned i;

    for (i = 0; i < owner->regions->len; i++) {
        const MmioRegion *region = g_ptr_array_index(owner->regions, i);
        MemoryRegion *mr = region->mr;

        *base = region->base;
        while (mr && mr != range) {
            *base -= mr->addr;
            mr = mr->container;
        }
        if (mr) {
            return true;
        }
    }
    return false;
}

static void put_ranges(JSONWriter *w, const Owner *owner)
{
    SysBusDevice *sbd = SYS_BUS_DEVICE(owner->obj);
    hwaddr base;
    int i;

    json_writer_start_array(w, "mmio");
    for (i = 0; i < sbd->num_mmio; i++) {
        MemoryRegion *range = sbd->mmio[i].memory;

        if (!range || !find_range(owner, range, &base)) {
            continue;
        }
        json_writer_start_object(w, NULL);
        json_writer_int64(w, "index", i);
        json_writer_str(w, "name", memory_region_name(range) ?: "");
        put_hex(w, "address", base);
        put_hex(w, "size", memory_region_size(range));
        json_writer_end_object(w);
    }
    json_writer_end_array(w);
}

/* ---- Properties that are not as they would be by themselves ---- */

static bool is_default(const Property *prop, QObject *value)
{
    QNum *number = qobject_to(QNum, value);
    QBool *flag = qobject_to(QBool, value);
    QString *text = qobject_to(QString, value);
    int64_t i;
    uint64_t u;

    if (text) {
        return !*qstring_get_str(text) ||
               (prop->info->enum_table &&
                g_str_equal(qstring_get_str(text),
                            qapi_enum_lookup(prop->info->enum_table,
                                             prop->defval.i)));
    }
    if (flag) {
        return qbool_get_bool(flag) == (prop->defval.u != 0);
    }
    return (qnum_get_try_int(number, &i) && i == prop->defval.i) ||
           (qnum_get_try_uint(number, &u) && u == prop->defval.u);
}

/* Links, back ends and lists say nothing outside of their machine. */
static bool is_plain(const Property *prop, QObject *value)
{
    switch (qobject_type(value)) {
    case QTYPE_QNUM:
    case QTYPE_QBOOL:
        return true;
    case QTYPE_QSTRING:
        return prop->info == &qdev_prop_string || prop->info->enum_table;
    default:
        return false;
    }
}

static void put_property(JSONWriter *w, Object *obj, const Property *prop)
{
    QObject *value = NULL;
    int64_t number;

    if (prop->info != &qdev_prop_link && object_property_find(obj,
                                                              prop->name)) {
        value = object_property_get_qobject(obj, prop->name, NULL);
    }
    if (!value || !is_plain(prop, value) || is_default(prop, value)) {
        qobject_unref(value);
        return;
    }
    if (qobject_type(value) == QTYPE_QBOOL) {
        json_writer_bool(w, prop->name,
                         qbool_get_bool(qobject_to(QBool, value)));
    } else if (qobject_type(value) == QTYPE_QSTRING) {
        json_writer_str(w, prop->name,
                        qstring_get_str(qobject_to(QString, value)));
    } else if (qnum_get_try_int(qobject_to(QNum, value), &number) &&
               number == (int32_t)number) {
        json_writer_int64(w, prop->name, number);
    } else {
        put_hex(w, prop->name, qnum_get_uint(qobject_to(QNum, value)));
    }
    qobject_unref(value);
}

/* A clock input that runs is like a number that is set. */
static void put_clocks(JSONWriter *w, DeviceState *dev)
{
    NamedClockList *list;
    unsigned hz;

    QLIST_FOREACH(list, &dev->clocks, node) {
        hz = clock_get_hz(list->clock);
        if (list->output || list->alias || !hz) {
            continue;
        }
        if (hz == (int32_t)hz) {
            json_writer_int64(w, list->name, hz);
        } else {
            put_hex(w, list->name, hz);
        }
    }
}

static void put_properties(JSONWriter *w, Object *obj)
{
    ObjectClass *oc = object_get_class(obj);
    unsigned i;

    json_writer_start_object(w, "properties");
    for (; oc && object_class_dynamic_cast(oc, TYPE_DEVICE);
         oc = object_class_get_parent(oc)) {
        DeviceClass *dc = DEVICE_CLASS(oc);

        for (i = 0; i < dc->props_count_; i++) {
            put_property(w, obj, &dc->props_[i]);
        }
        if (oc == object_class_by_name(TYPE_DEVICE)) {
            break;
        }
    }
    put_clocks(w, DEVICE(obj));
    json_writer_end_object(w);
}

/* ---- Interrupts ---- */

static void put_wire(void *opaque, const MmioWire *wire)
{
    JSONWriter *w = opaque;

    json_writer_start_object(w, NULL);
    json_writer_str(w, "output", wire->output);
    json_writer_int64(w, "index", wire->index);
    json_writer_str(w, "kind", wire->kind);
    json_writer_int64(w, "number", wire->number);
    if (wire->cpu >= 0) {
        json_writer_int64(w, "cpu", wire->cpu);
    }
    put_path(w, "target", wire->target);
    if (wire->target) {
        json_writer_str(w, "target_type", object_get_typename(wire->target));
    }
    json_writer_end_object(w);
}

/* ---- Devices ---- */

/* The type as an identifier, with a number where there are several. */
static char *device_name(GHashTable *names, const char *type)
{
    g_autofree char *base = g_ascii_strdown(type, -1);
    unsigned n;
    char *p;

    for (p = base; *p; p++) {
        if (!g_ascii_isalnum(*p)) {
            *p = '_';
        }
    }
    if (!g_ascii_isalpha(*base)) {
        p = g_strconcat("d_", base, NULL);
        g_free(base);
        base = p;
    }
    n = GPOINTER_TO_UINT(g_hash_table_lookup(names, base));
    g_hash_table_insert(names, g_strdup(base), GUINT_TO_POINTER(n + 1));
    return n ? g_strdup_printf("%s_%u", base, n + 1) : g_strdup(base);
}

static void put_device(JSONWriter *w, const Owner *owner, GHashTable *names)
{
    const char *type = owner->obj ? object_get_typename(owner->obj) : "none";
    g_autofree char *name = device_name(names, type);
    bool is_device = owner->obj && object_dynamic_cast(owner->obj,
                                                       TYPE_DEVICE);
    unsigned i;

    json_writer_start_object(w, NULL);
    json_writer_str(w, "name", name);
    json_writer_str(w, "type", type);
    put_path(w, "qom", owner->obj);
    if (owner->obj && object_dynamic_cast(owner->obj, TYPE_SYS_BUS_DEVICE)) {
        put_ranges(w, owner);
    }
    json_writer_start_array(w, "regions");
    for (i = 0; i < owner->regions->len; i++) {
        put_region(w, g_ptr_array_index(owner->regions, i));
    }
    json_writer_end_array(w);
    json_writer_start_array(w, "interrupts");
    if (is_device) {
        mmio_irq_each(DEVICE(owner->obj), put_wire, w);
    }
    json_writer_end_array(w);
    if (is_device) {
        put_properties(w, owner->obj);
    }
    json_writer_end_object(w);
}

static void free_owner(gpointer data)
{
    Owner *owner = data;

    g_ptr_array_free(owner->regions, true);
    g_free(owner);
}

/* In the order of their first region. */
static GPtrArray *owners_of(const MmioMap *map)
{
    GPtrArray *owners = g_ptr_array_new_with_free_func(free_owner);
    unsigned i, k;

    for (i = 0; i < map->regions->len; i++) {
        MmioRegion *region = g_ptr_array_index(map->regions, i);
        Object *obj = mmio_map_owner(region->mr);
        Owner *owner = NULL;

        if (mmio_map_is_memory(region->mr)) {
            continue;
        }
        for (k = 0; k < owners->len && !owner; k++) {
            owner = g_ptr_array_index(owners, k);
            owner = owner->obj == obj ? owner : NULL;
        }
        if (!owner) {
            owner = g_new0(Owner, 1);
            owner->obj = obj;
            owner->regions = g_ptr_array_new();
            g_ptr_array_add(owners, owner);
        }
        g_ptr_array_add(owner->regions, region);
    }
    return owners;
}

static void put_devices(JSONWriter *w, const MmioMap *map)
{
    g_autoptr(GPtrArray) owners = owners_of(map);
    g_autoptr(GHashTable) names = g_hash_table_new_full(
        g_str_hash, g_str_equal, g_free, NULL);
    unsigned i;

    json_writer_start_array(w, "devices");
    for (i = 0; i < owners->len; i++) {
        put_device(w, g_ptr_array_index(owners, i), names);
    }
    json_writer_end_array(w);
}

static bool write_map(const char *file, Error **errp)
{
    g_autoptr(MmioMap) map = mmio_map_new();
    g_autoptr(JSONWriter) w = json_writer_new(true);
    g_autoptr(GError) gerr = NULL;
    g_autofree char *text = NULL;

    json_writer_start_object(w, NULL);
    json_writer_str(w, "format", "periph-device-map");
    json_writer_int64(w, "version", MAP_VERSION);
    json_writer_str(w, "machine", current_machine
                    ? MACHINE_GET_CLASS(current_machine)->name : "");
    json_writer_str(w, "qemu", QEMU_VERSION);
    put_cpus(w);
    put_spaces(w, map);
    put_memories(w, map);
    put_devices(w, map);
    json_writer_end_object(w);
    text = g_strconcat(json_writer_get(w), "\n", NULL);
    if (!g_file_set_contents(file, text, -1, &gerr)) {
        error_setg(errp, "the map cannot be written: %s", gerr->message);
        return false;
    }
    return true;
}

/* ---- The device ---- */

/*
 * Some devices take their place in the first reset only. What is registered
 * when the machine is complete leaves that reset last, and no CPU has run.
 */
static void mmio_dump_reset_exit(Object *obj, ResetType type)
{
    MmioDump *s = MMIO_DUMP(obj);
    Error *err = NULL;

    if (s->written) {
        return;
    }
    s->written = true;
    if (!write_map(s->file, &err)) {
        error_report_err(err);
        exit(1);
    }
    if (s->quit) {
        qemu_system_shutdown_request(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
    }
}

static void machine_is_complete(Notifier *notifier, void *data)
{
    MmioDump *s = container_of(notifier, MmioDump, done);

    qemu_register_resettable(OBJECT(s));
}

static void mmio_dump_realize(DeviceState *dev, Error **errp)
{
    MmioDump *s = MMIO_DUMP(dev);

    if (!s->file) {
        error_setg(errp, "property 'file' not specified: where shall the map "
                   "go?");
        return;
    }
    s->done.notify = machine_is_complete;
    qemu_add_machine_init_done_notifier(&s->done);
}

static void set_write(Object *obj, const char *value, Error **errp)
{
    write_map(value, errp);
}

static const Property mmio_dump_properties[] = {
    DEFINE_PROP_STRING("file", MmioDump, file),
    DEFINE_PROP_BOOL("quit", MmioDump, quit, false),
};

static void mmio_dump_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "writes a map of the machine's devices as JSON";
    dc->realize = mmio_dump_realize;
    dc->hotpluggable = false;
    rc->phases.exit = mmio_dump_reset_exit;
    device_class_set_props(dc, mmio_dump_properties);
    object_class_property_add_str(klass, "write", NULL, set_write);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo mmio_dump_info = {
    .name = TYPE_MMIO_DUMP,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(MmioDump),
    .class_init = mmio_dump_class_init,
};

static void mmio_dump_register_types(void)
{
    type_register_static(&mmio_dump_info);
}

type_init(mmio_dump_register_types)
