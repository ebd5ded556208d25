/*
 * Recorder of the accesses to a device that QEMU has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qobject/json-writer.h"
#include "exec/address-spaces.h"
#include "hw/periph/mmio-proxy.h"
#include "hw/periph/periph-device.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "mmio-cpu.h"
#include "mmio-map.h"
#include "mmio-tap.h"
#include "periph-log.h"
#include "trace.h"

/* Offsets whose last values are kept; what comes later is recorded only. */
#define MAX_SHADOWS 4096

/* One register as the guest has used it. */
typedef struct Shadow {
    uint64_t read;
    uint64_t written;
    uint64_t reads;
    uint64_t writes;
    unsigned size;
} Shadow;

/* A region of the target, or the window of it that is of interest. */
typedef struct ProxyRegion {
    MmioListener listener;
    MmioProxy *proxy;
    MemoryRegion *mr;
    hwaddr base;                /* where the region's first byte is */
    hwaddr first;               /* window: offsets in the region */
    hwaddr last;
    uint32_t entry;             /* of the directory */
    GHashTable *shadows;        /* offset: Shadow */
} ProxyRegion;

struct MmioProxy {
    DeviceState parent_obj;

    char *target;
    char *state_name;
    char *state_kind;
    uint64_t base;
    uint64_t size;
    uint32_t records;

    bool full;
    PeriphLog *state;
    GPtrArray *regions;         /* ProxyRegion * */
};

/* ---- Accesses ---- */

static void note_shadow(ProxyRegion *r, const MmioAccess *a, uint64_t value)
{
    gpointer key = GSIZE_TO_POINTER(a->offset);
    Shadow *shadow = g_hash_table_lookup(r->shadows, key);

    if (!shadow) {
        if (g_hash_table_size(r->shadows) >= MAX_SHADOWS) {
            return;
        }
        shadow = g_new0(Shadow, 1);
        g_hash_table_insert(r->shadows, key, shadow);
    }
    shadow->size = a->size;
    if (a->write) {
        shadow->written = value;
        shadow->writes++;
    } else {
        shadow->read = value;
        shadow->reads++;
    }
}

static void seen(void *opaque, const MmioAccess *a)
{
    ProxyRegion *r = opaque;
    MmioProxy *s = r->proxy;
    uint64_t value = a->value & MAKE_64BIT_MASK(0, a->size * 8);
    uint64_t regs[PBR_RECORD_REGS];
    bool full = s->full && a->cpu;
    struct pbr_record record;

    if (a->offset < r->first || a->offset > r->last) {
        return;
    }
    record = (struct pbr_record) {
        .time_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
        .address = r->base + a->offset,
        .value = value,
        .offset = a->offset - r->first,
        .reg = PBR_NO_REGISTER,
        .device = r->entry,
        .size = a->size,
        .flags = (a->write ? PBR_R_WRITE : 0)
                 | (a->attrs.secure ? PBR_R_SECURE : 0)
                 | (a->attrs.user ? PBR_R_USER : 0)
                 | (a->result != MEMTX_OK ? PBR_R_FAILED : 0)
                 | (a->cpu ? 0 : PBR_R_PEER | PBR_R_NO_PC),
    };
    if (a->cpu) {
        mmio_cpu_describe(a->cpu, &record);
    }
    if (full) {
        mmio_cpu_regs(a->cpu, regs);
    }
    note_shadow(r, a, value);
    periph_log_record(s->state, &record, full ? regs : NULL);
}

/* ---- Targets ---- */

static void free_region(gpointer data)
{
    ProxyRegion *r = data;

    mmio_tap_detach(&r->listener);
    g_hash_table_destroy(r->shadows);
    g_free(r);
}

/* "pl011", or "PATH-COMPONENT.REGION" where a device has several. */
static void name_region(char *name, MemoryRegion *mr, bool alone)
{
    Object *owner = mmio_map_owner(mr);
    const char *type = owner ? object_get_typename(owner) : "region";
    const char *own = memory_region_name(mr) ?: "";

    if (alone || g_str_equal(type, own)) {
        pstrcpy(name, PBR_NAME_MAX, type);
    } else {
        snprintf(name, PBR_NAME_MAX, "%.31s.%.31s", type, own);
    }
}

static bool add_region(MmioProxy *s, const MmioRegion *found, hwaddr first,
                       hwaddr last, bool alone, Error **errp)
{
    ProxyRegion *r = g_new0(ProxyRegion, 1);
    struct pbr_region entry = {
        .base = found->base + first,
        .size = last - first + 1,
        .flags = PBR_REGION_PROXY,
    };

    r->proxy = s;
    r->mr = found->mr;
    r->base = found->base;
    r->first = first;
    r->last = last;
    r->listener.seen = seen;
    r->listener.opaque = r;
    r->shadows = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (!mmio_tap_attach(&r->listener, found->mr, errp)) {
        free_region(r);
        return false;
    }
    name_region(entry.name, found->mr, alone);
    r->entry = periph_log_add_region(s->state, &entry);
    if (r->entry == PBR_NO_DEVICE) {
        warn_report("mmio-proxy: the directory of '%s' is full: accesses to "
                    "'%s' are recorded without a name", s->state_name,
                    entry.name);
    }
    g_ptr_array_add(s->regions, r);
    trace_mmio_proxy_attach(entry.name, entry.base, entry.size);
    return true;
}

static bool is_hit(const MmioRegion *region, Object *obj, hwaddr address)
{
    unsigned i;

    if (obj) {
        return OBJECT(region->mr) == obj || mmio_map_owner(region->mr) == obj;
    }
    for (i = 0; i < region->pieces->len; i++) {
        const MmioPiece *piece = &g_array_index(region->pieces, MmioPiece, i);

        if (address >= piece->address &&
            address - piece->address < piece->size) {
            return true;
        }
    }
    return false;
}

/*
 * The window in a region: "base" and "size", where given. False where the
 * region has no byte of it.
 */
static bool clip(MmioProxy *s, const MmioRegion *region, hwaddr *first,
                 hwaddr *last)
{
    hwaddr end = region->base + memory_region_size(region->mr) - 1;
    hwaddr from = MAX(region->base, s->base);
    hwaddr to = s->size && s->size - 1 < end - from ? from + s->size - 1
                                                    : end;

    if (s->base > end) {
        return false;
    }
    if (s->size && s->base + s->size - 1 < region->base) {
        return false;
    }
    if (s->size && s->base) {
        to = MIN(end, s->base + s->size - 1);
    }
    *first = from - region->base;
    *last = to - region->base;
    return true;
}

static void explain_miss(MmioProxy *s, Object *obj, hwaddr address,
                         Error **errp)
{
    MemoryRegionSection section;

    if (obj) {
        error_setg(errp, "mmio-proxy: no CPU reaches a register of '%s'%s; "
                   "'info qtree' shows the addresses of devices", s->target,
                   s->base || s->size ? " in that window" : "");
        return;
    }
    section = memory_region_find(get_system_memory(), address, 1);
    error_setg(errp, "mmio-proxy: %s at 0x%" HWADDR_PRIx "; 'info mtree -f' "
               "shows what is where",
               section.mr && memory_region_is_ram(section.mr)
               ? "memory, not a device, is" : "nothing is mapped", address);
    if (section.mr) {
        memory_region_unref(section.mr);
    }
}

static bool attach_all(MmioProxy *s, Object *obj, hwaddr address,
                       Error **errp)
{
    g_autoptr(MmioMap) map = mmio_map_new();
    g_autoptr(GPtrArray) hits = g_ptr_array_new();
    hwaddr first, last;
    unsigned i;

    for (i = 0; i < map->regions->len; i++) {
        MmioRegion *region = g_ptr_array_index(map->regions, i);

        if (is_hit(region, obj, address) && clip(s, region, &first, &last) &&
            !mmio_map_is_memory(region->mr)) {
            g_ptr_array_add(hits, region);
        }
    }
    if (!hits->len) {
        explain_miss(s, obj, address, errp);
        return false;
    }
    for (i = 0; i < hits->len; i++) {
        MmioRegion *region = g_ptr_array_index(hits, i);

        clip(s, region, &first, &last);
        if (!add_region(s, region, first, last, hits->len == 1, errp)) {
            g_ptr_array_set_size(s->regions, 0);
            return false;
        }
    }
    return true;
}

/* @target is a path, an address, or NULL: what "base" says. */
static bool attach(MmioProxy *s, const char *target, Error **errp)
{
    uint64_t address = s->base;
    bool ambiguous = false;
    Object *obj;

    if (!target || !qemu_strtou64(target, NULL, 0, &address)) {
        return attach_all(s, NULL, address, errp);
    }
    obj = object_resolve_path(target, &ambiguous);
    if (!obj) {
        error_setg(errp, "mmio-proxy: target '%s' is %s", target,
                   ambiguous ? "the end of several paths: give a whole one"
                   : "neither an address nor the path of an object; 'info "
                   "qom-tree' shows the paths");
        return false;
    }
    if (!object_dynamic_cast(obj, TYPE_DEVICE) &&
        !object_dynamic_cast(obj, TYPE_MEMORY_REGION)) {
        error_setg(errp, "mmio-proxy: target '%s' is of type %s: neither a "
                   "device nor a memory region", target,
                   object_get_typename(obj));
        return false;
    }
    return attach_all(s, obj, 0, errp);
}

static void set_attach(Object *obj, const char *value, Error **errp)
{
    MmioProxy *s = MMIO_PROXY(obj);

    if (!DEVICE(obj)->realized) {
        error_setg(errp, "'attach' is for later; use 'target'");
        return;
    }
    g_ptr_array_set_size(s->regions, 0);
    g_free(s->target);
    s->target = g_strdup(value);
    if (*value) {
        attach(s, value, errp);
    }
}

static char *get_attach(Object *obj, Error **errp)
{
    return g_strdup(MMIO_PROXY(obj)->target ?: "");
}

/* ---- Snapshot ---- */

static void put_hex(JSONWriter *w, const char *name, uint64_t value)
{
    g_autofree char *text = g_strdup_printf("0x%" PRIx64, value);

    json_writer_str(w, name, text);
}

/* What a table device holds can be looked at; others would notice. */
static void put_peek(JSONWriter *w, ProxyRegion *r, hwaddr offset,
                     unsigned size)
{
    Object *owner = memory_region_owner(r->mr);
    uint64_t value;

    if (owner && object_dynamic_cast(owner, TYPE_PERIPH_DEVICE) &&
        prt_peek(&PERIPH_DEVICE(owner)->engine->dev, offset, size,
                 &value) == PRT_OK) {
        put_hex(w, "now", value);
    }
}

static gint compare_offsets(gconstpointer a, gconstpointer b)
{
    uintptr_t x = GPOINTER_TO_SIZE(a), y = GPOINTER_TO_SIZE(b);

    return x < y ? -1 : x > y;
}

static void put_shadows(JSONWriter *w, ProxyRegion *r)
{
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(r->shadows),
                                        compare_offsets);
    GList *k;

    json_writer_start_array(w, "registers");
    for (k = keys; k; k = k->next) {
        Shadow *shadow = g_hash_table_lookup(r->shadows, k->data);
        hwaddr offset = GPOINTER_TO_SIZE(k->data);

        json_writer_start_object(w, NULL);
        put_hex(w, "offset", offset - r->first);
        json_writer_int64(w, "size", shadow->size);
        json_writer_uint64(w, "reads", shadow->reads);
        json_writer_uint64(w, "writes", shadow->writes);
        if (shadow->reads) {
            put_hex(w, "read", shadow->read);
        }
        if (shadow->writes) {
            put_hex(w, "written", shadow->written);
        }
        put_peek(w, r, offset, shadow->size);
        json_writer_end_object(w);
    }
    json_writer_end_array(w);
}

static char *get_snapshot(Object *obj, Error **errp)
{
    MmioProxy *s = MMIO_PROXY(obj);
    g_autoptr(JSONWriter) w = json_writer_new(false);
    unsigned i;

    json_writer_start_array(w, NULL);
    for (i = 0; s->regions && i < s->regions->len; i++) {
        ProxyRegion *r = g_ptr_array_index(s->regions, i);
        char name[PBR_NAME_MAX];

        name_region(name, r->mr, s->regions->len == 1);
        json_writer_start_object(w, NULL);
        json_writer_str(w, "name", name);
        put_hex(w, "base", r->base + r->first);
        put_hex(w, "size", r->last - r->first + 1);
        put_shadows(w, r);
        json_writer_end_object(w);
    }
    json_writer_end_array(w);
    return g_strdup(json_writer_get(w));
}

/* ---- The device ---- */

static bool check_properties(MmioProxy *s, Error **errp)
{
    if (!s->state_kind || g_str_equal(s->state_kind, "full")) {
        s->full = true;
    } else if (!g_str_equal(s->state_kind, "pc")) {
        error_setg(errp, "'state' is 'full' or 'pc', not '%s'",
                   s->state_kind);
        return false;
    }
    if (s->size && s->base + s->size - 1 < s->base) {
        error_setg(errp, "'size' leads past the last address");
        return false;
    }
    return true;
}

static void mmio_proxy_realize(DeviceState *dev, Error **errp)
{
    MmioProxy *s = MMIO_PROXY(dev);

    if (!check_properties(s, errp)) {
        return;
    }
    s->regions = g_ptr_array_new_with_free_func(free_region);
    s->state = periph_log_get(s->state_name ?: PBR_DEFAULT_STATE,
                                s->records, s->full, errp);
    if (!s->state) {
        return;
    }
    if (s->full && !periph_log_is_full(s->state)) {
        warn_report("mmio-proxy: '%s' was made without room for registers: "
                    "put the proxy before the device that made it",
                    s->state->name);
    }
    if ((s->target || s->base || s->size) && !attach(s, s->target, errp)) {
        g_clear_pointer(&s->state, periph_log_put);
    }
}

static void mmio_proxy_unrealize(DeviceState *dev)
{
    MmioProxy *s = MMIO_PROXY(dev);

    g_ptr_array_set_size(s->regions, 0);
    g_clear_pointer(&s->state, periph_log_put);
}

static void mmio_proxy_finalize(Object *obj)
{
    g_clear_pointer(&MMIO_PROXY(obj)->regions, g_ptr_array_unref);
}

static const Property mmio_proxy_properties[] = {
    DEFINE_PROP_STRING("target", MmioProxy, target),
    DEFINE_PROP_UINT64("base", MmioProxy, base, 0),
    DEFINE_PROP_UINT64("size", MmioProxy, size, 0),
    DEFINE_PROP_STRING("state_mem", MmioProxy, state_name),
    DEFINE_PROP_STRING("state", MmioProxy, state_kind),
    DEFINE_PROP_UINT32("records", MmioProxy, records, PBR_RECORDS_DEFAULT),
};

static void mmio_proxy_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "records the accesses to a device";
    dc->realize = mmio_proxy_realize;
    dc->unrealize = mmio_proxy_unrealize;
    device_class_set_props(dc, mmio_proxy_properties);
    object_class_property_add_str(klass, "attach", get_attach, set_attach);
    object_class_property_add_str(klass, "snapshot", get_snapshot, NULL);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo mmio_proxy_info = {
    .name = TYPE_MMIO_PROXY,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(MmioProxy),
    .instance_finalize = mmio_proxy_finalize,
    .class_init = mmio_proxy_class_init,
};

static void mmio_proxy_register_types(void)
{
    type_register_static(&mmio_proxy_info);
}

type_init(mmio_proxy_register_types)
