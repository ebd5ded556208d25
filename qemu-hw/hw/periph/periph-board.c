/*
 * Parts of a compiled board in a running machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/range.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "hw/irq.h"
#include "hw/periph/periph-board.h"
#include "hw/sysbus.h"
#include "system/system.h"
#include "trace.h"

/* What is to be done for one instance of the table. */
typedef struct PlannedInstance {
    const struct prt_instance *inst;
    const char *name;
    const char *end;
    PeriphDevice *dev;          /* NULL: to be created */
    PeriphEngine *engine;
    PeriphPiece *pieces;
    unsigned piece_count;
} PlannedInstance;

typedef struct Plan {
    GBytes *bytes;
    struct prt_file file;
    const struct prt_board *board;
    PlannedInstance *instances;
    uint32_t instance_count;
    GPtrArray *memories;        /* PeriphMemory, to be mapped */
    bool whole;                 /* what it does not name goes */
} Plan;

static GPtrArray *wires;        /* PeriphWire */
static PeriphWireTarget *wire_target;
static PeriphHasNative *has_native;
static void *machine_opaque;

void periph_board_set_machine(PeriphWireTarget *target, PeriphHasNative *has,
                              void *opaque)
{
    wire_target = target;
    has_native = has;
    machine_opaque = opaque;
}

static char *board_name;

void periph_board_set_name(const char *name)
{
    g_free(board_name);
    board_name = g_strdup(name);
}

const char *periph_board_name(void)
{
    return board_name ?: "";
}

GPtrArray *periph_board_wires(void)
{
    if (!wires) {
        wires = g_ptr_array_new();
    }
    return wires;
}

static void plan_dispose(Plan *plan)
{
    uint32_t i;

    for (i = 0; i < plan->instance_count; i++) {
        periph_engine_free(plan->instances[i].engine);
        g_free(plan->instances[i].pieces);
    }
    g_free(plan->instances);
    if (plan->memories) {
        g_ptr_array_unref(plan->memories);
    }
}

/* ---- Memories ---- */

static bool plan_memories(Plan *plan, Error **errp)
{
    uint32_t i;

    plan->memories = g_ptr_array_new();
    for (i = 0; i < plan->board->head->memories.count; i++) {
        const struct prt_memory *from = &plan->board->memories[i];
        PeriphMemory wanted = {
            .name = (char *)prt_board_string(plan->board, from->name),
            .flags = from->flags, .base = from->base, .size = from->size,
            .alias = from->alias,
        }, *m;

        if (periph_memory_exists(&wanted)) {
            continue;
        }
        m = periph_memory_new(&wanted, errp);
        if (!m) {
            return false;
        }
        g_ptr_array_add(plan->memories, m);
    }
    return true;
}

/* ---- Instances ---- */

static bool has_address(PeriphDevice *s, void *opaque)
{
    return s->addr == *(uint64_t *)opaque;
}

/* Natives, CPUs and instances are children of one object. */
static bool check_name(const char *name, Error **errp)
{
    if (!*name || object_property_find(periph_root(), name)) {
        error_setg(errp, "instance '%s': the name is taken", name);
        return false;
    }
    return true;
}

static void plan_pieces(Plan *plan, uint32_t index, uint32_t size)
{
    const struct prt_board *board = plan->board;
    PlannedInstance *p = &plan->instances[index];
    uint32_t i;

    p->pieces = g_new0(PeriphPiece, PRT_MAX_REGIONS);
    for (i = 0; i < board->head->regions.count; i++) {
        const struct prt_region *r = &board->regions[i];

        if (r->instance == index) {
            p->pieces[p->piece_count++] = (PeriphPiece) {
                .addr = r->address, .offset = r->offset, .size = r->size,
            };
        }
    }
    if (!p->piece_count) {
        p->piece_count = 1;
        p->pieces[0].addr = p->inst->address;
        p->pieces[0].size = size;
    }
    p->pieces = g_renew(PeriphPiece, p->pieces, p->piece_count);
}

static bool plan_instance(Plan *plan, uint32_t index, Error **errp)
{
    PlannedInstance *p = &plan->instances[index];
    const struct prt_instance *inst = &plan->board->instances[index];
    uint64_t address = inst->address, last;

    p->inst = inst;
    p->name = prt_board_string(plan->board, inst->name);
    p->end = prt_board_string(plan->board, inst->end);
    p->engine = periph_engine_new(plan->bytes, &plan->file, inst->device,
                                  errp);
    if (!p->engine) {
        error_prepend(errp, "instance '%s': ", p->name);
        return false;
    }
    plan_pieces(plan, index, p->engine->table.head->mmio_size);
    if (uadd64_overflow(address, p->pieces[0].size - 1, &last)) {
        error_setg(errp, "instance '%s' reaches beyond the last address",
                   p->name);
        return false;
    }
    p->dev = periph_device_named(p->name);
    if (p->dev && p->dev->addr != address) {
        error_setg(errp, "instance '%s' is at 0x%" PRIx64 "; it cannot move "
                   "while the guest runs", p->name, p->dev->addr);
        return false;
    }
    if (!p->dev) {
        p->dev = periph_device_in(address, address, has_address, &address);
    }
    return p->dev || check_name(p->name, errp);
}

static bool is_planned(const Plan *plan, PeriphDevice *s)
{
    uint32_t i;

    for (i = 0; i < plan->instance_count; i++) {
        if (plan->instances[i].dev == s) {
            return true;
        }
    }
    return false;
}

static bool is_extra(PeriphDevice *s, void *opaque)
{
    const Plan *plan = opaque;

    return plan->whole && s->on_board && !is_planned(plan, s);
}

/* Neither moved by the plan nor taken away. */
static bool is_kept(PeriphDevice *s, void *opaque)
{
    return !is_planned(opaque, s) && !is_extra(s, opaque);
}

static bool check_overlap(Plan *plan, uint32_t index, Error **errp)
{
    const PlannedInstance *p = &plan->instances[index];
    PeriphDevice *other = NULL;
    const char *name;
    uint32_t i;

    for (i = 0; i < p->piece_count && !other; i++) {
        other = periph_device_in(p->pieces[i].addr, p->pieces[i].addr +
                                 (p->pieces[i].size - 1), is_kept, plan);
    }
    name = other ? other->name : NULL;
    for (i = 0; i < index && !name; i++) {
        const PlannedInstance *q = &plan->instances[i];

        if (periph_pieces_overlap(p->pieces, p->piece_count, q->pieces,
                                  q->piece_count) ||
            g_str_equal(p->name, q->name)) {
            name = q->name;
        }
    }
    if (name) {
        error_setg(errp, "instance '%s' at 0x%" PRIx64 " overlaps '%s', or "
                   "has its name", p->name, p->inst->address, name);
        return false;
    }
    return true;
}

static bool plan_instances(Plan *plan, Error **errp)
{
    uint32_t n = plan->board->head->instances.count, i;

    plan->instances = g_new0(PlannedInstance, n);
    for (i = 0; i < n; i++) {
        plan->instance_count = i + 1;
        if (!plan_instance(plan, i, errp)) {
            return false;
        }
    }
    for (i = 0; i < n; i++) {
        if (!check_overlap(plan, i, errp)) {
            return false;
        }
    }
    return true;
}

/* ---- Wires ---- */

void periph_wire_free(PeriphWire *wire)
{
    g_free(wire->from);
    g_free(wire->to);
    g_free(wire);
}

static const char *end_name(const struct prt_board *board, bool native,
                            uint32_t index)
{
    return prt_board_string(board, native ? board->natives[index].name
                                          : board->instances[index].name);
}

void periph_board_name_wire(const struct prt_board *board,
                            const struct prt_wire *from, PeriphWire *wire)
{
    bool has_name = from->to_kind == PRT_TO_NATIVE ||
                    from->to_kind == PRT_TO_INSTANCE;

    *wire = (PeriphWire) {
        .from = (char *)end_name(board, from->from_kind == PRT_FROM_NATIVE,
                                 from->from),
        .to = has_name ? (char *)end_name(board,
                                          from->to_kind == PRT_TO_NATIVE,
                                          from->to) : (char *)"",
        .from_kind = from->from_kind,
        .from_line = from->from_line,
        .to_kind = from->to_kind,
        .kind = from->kind,
        .to_index = has_name ? 0 : from->to,
        .number = from->number,
    };
}

qemu_irq periph_board_wire_target(const PeriphWire *wire, bool *later,
                                  Error **errp)
{
    PeriphDevice *dev;

    *later = false;
    if (wire->to_kind == PRT_TO_INSTANCE) {
        dev = periph_device_named(wire->to);
        *later = !dev || wire->number >= dev->lines_in;
        return *later ? NULL : qdev_get_gpio_in_named(DEVICE(dev), "line-in",
                                                      wire->number);
    }
    if (!wire_target) {
        error_setg(errp, "this machine takes no wires from boards");
        return NULL;
    }
    return wire_target(machine_opaque, wire, errp);
}

static gboolean same_wire(const void *a, const void *b)
{
    const PeriphWire *v = a, *w = b;

    return v->from_kind == w->from_kind && v->from_line == w->from_line &&
           v->to_kind == w->to_kind && v->kind == w->kind &&
           v->to_index == w->to_index && v->number == w->number &&
           g_str_equal(v->from, w->from) && g_str_equal(v->to, w->to);
}

static void connect_from_native(const PeriphWire *wire, qemu_irq to)
{
    Object *obj = object_resolve_path_component(periph_root(), wire->from);

    if (obj && object_dynamic_cast(obj, TYPE_SYS_BUS_DEVICE) &&
        sysbus_has_irq(SYS_BUS_DEVICE(obj), wire->from_line)) {
        periph_wire_connect_irq(DEVICE(obj), SYSBUS_DEVICE_GPIO_IRQ,
                                wire->from_line, to);
    }
}

void periph_board_add_wire(const PeriphWire *wire)
{
    PeriphWire *copy;
    PeriphDevice *dev;
    qemu_irq to;
    bool later;

    to = periph_board_wire_target(wire, &later, NULL);
    if (!to) {
        return;
    }
    if (wire->from_kind == PRT_FROM_NATIVE) {
        connect_from_native(wire, to);
    } else {
        dev = periph_device_named(wire->from);
        if (dev && wire->from_line < dev->lines_out) {
            periph_wire_connect(dev, wire->from_line, to);
        }
    }
    if (!g_ptr_array_find_with_equal_func(periph_board_wires(), wire, same_wire,
                                          NULL)) {
        copy = g_new(PeriphWire, 1);
        *copy = *wire;
        copy->from = g_strdup(wire->from);
        copy->to = g_strdup(wire->to);
        g_ptr_array_add(wires, copy);
    }
}

/* An instance that was there by its address has kept its old name. */
static void name_wire(const Plan *plan, const struct prt_wire *from,
                      PeriphWire *wire)
{
    PeriphDevice *dev;

    periph_board_name_wire(plan->board, from, wire);
    dev = from->from_kind == PRT_FROM_INSTANCE
          ? plan->instances[from->from].dev : NULL;
    wire->from = dev ? dev->name : wire->from;
    dev = from->to_kind == PRT_TO_INSTANCE ? plan->instances[from->to].dev
                                           : NULL;
    wire->to = dev ? dev->name : wire->to;
}

static bool plan_wires(Plan *plan, Error **errp)
{
    uint32_t i;

    for (i = 0; i < plan->board->head->wires.count; i++) {
        PeriphWire wire;
        bool later;

        name_wire(plan, &plan->board->wires[i], &wire);
        later = wire.to_kind == PRT_TO_INSTANCE;
        if (!later && !periph_board_wire_target(&wire, &later, errp)) {
            return false;
        }
    }
    return true;
}

/* Wires between natives were connected by the machine when it was built. */
static void connect_wire(Plan *plan, uint32_t i)
{
    PeriphWire wire;

    name_wire(plan, &plan->board->wires[i], &wire);
    if (wire.from_kind == PRT_FROM_INSTANCE ||
        wire.to_kind == PRT_TO_INSTANCE) {
        periph_board_add_wire(&wire);
    }
}

static bool has_wire(const Plan *plan, const PeriphWire *wire)
{
    uint32_t i;

    for (i = 0; i < plan->board->head->wires.count; i++) {
        PeriphWire one;

        name_wire(plan, &plan->board->wires[i], &one);
        if (same_wire(&one, wire)) {
            return true;
        }
    }
    return false;
}

static void disconnect_wire(const PeriphWire *wire)
{
    PeriphDevice *dev = periph_device_named(wire->from);
    Object *native = object_resolve_path_component(periph_root(), wire->from);
    bool later;
    qemu_irq to = periph_board_wire_target(wire, &later, NULL);

    if (to && wire->from_kind == PRT_FROM_INSTANCE && dev) {
        periph_wire_disconnect(DEVICE(dev), "line", wire->from_line, to);
    } else if (to && wire->from_kind == PRT_FROM_NATIVE && native) {
        periph_wire_disconnect(DEVICE(native), SYSBUS_DEVICE_GPIO_IRQ,
                               wire->from_line, to);
    }
}

/* ---- What a whole board does not name ---- */

/* Memories stay: a guest may hold its stack there. */
static void remove_extras(Plan *plan, PeriphApplied *applied)
{
    GPtrArray *old = periph_board_wires();
    PeriphDevice *s;
    unsigned i;

    for (i = old->len; plan->whole && i-- > 0;) {
        PeriphWire *wire = g_ptr_array_index(old, i);

        if (!has_wire(plan, wire)) {
            disconnect_wire(wire);
            periph_wire_free(wire);
            g_ptr_array_remove_index(old, i);
        }
    }
    while ((s = periph_device_find(is_extra, plan)) != NULL) {
        trace_periph_board_removed(s->name, s->addr);
        periph_device_remove(s);
        applied->removed++;
    }
}

/* ---- All of it ---- */

static bool plan_natives(Plan *plan, Error **errp)
{
    const struct prt_board *board = plan->board;
    uint32_t i;

    for (i = 0; i < board->head->natives.count; i++) {
        if (!has_native ||
            !has_native(machine_opaque, board, &board->natives[i])) {
            error_setg(errp, "native '%s' cannot be added while the guest "
                       "runs: the machine has to start again",
                       prt_board_string(board, board->natives[i].name));
            return false;
        }
    }
    return true;
}

static bool plan_all(Plan *plan, Error **errp)
{
    struct prt_fault_place place = { .device = PRT_NONE };
    gsize size;
    const void *data = g_bytes_get_data(plan->bytes, &size);
    int ret = prt_file_open(data, size, &plan->file, &place);

    if (ret != PRT_OK) {
        error_setg(errp, "%s (device %d, section %" PRIu32 ", entry %" PRIu32
                   ")", prt_strerror(ret), (int)place.device, place.section,
                   place.entry);
        return false;
    }
    if (!plan->file.has_board) {
        error_setg(errp, "the table has no board section");
        return false;
    }
    plan->board = &plan->file.board;
    plan->whole = !(plan->board->head->flags & PRT_BOARD_PARTIAL);
    return plan_natives(plan, errp) && plan_memories(plan, errp) &&
           plan_instances(plan, errp) && plan_wires(plan, errp);
}

static void commit_instance(PlannedInstance *p, PeriphApplied *applied)
{
    bool console = p->inst->flags & PRT_INST_CONSOLE;
    PeriphEngine *engine = g_steal_pointer(&p->engine);

    if (p->dev) {
        periph_device_replace(p->dev, engine, p->pieces, p->piece_count,
                              p->inst->flags, p->end);
        applied->replaced++;
    } else {
        p->dev = periph_device_new(p->name, engine, p->pieces,
                                   p->piece_count, p->inst->flags, p->end);
        applied->created++;
    }
    if (console) {
        periph_device_bind_chr(p->dev, serial_hd(0));
    }
    trace_periph_board_instance(p->name, p->inst->address,
                                p->pieces[0].size);
}

static void commit(Plan *plan, PeriphApplied *applied)
{
    uint32_t i;

    memory_region_transaction_begin();
    remove_extras(plan, applied);
    for (i = 0; i < plan->memories->len; i++) {
        periph_memory_map(g_ptr_array_index(plan->memories, i));
        applied->memories++;
    }
    for (i = 0; i < plan->instance_count; i++) {
        PlannedInstance *p = &plan->instances[i];

        if (p->dev && !(p->inst->flags & PRT_INST_CONSOLE)) {
            periph_device_release_chr(p->dev);
        }
    }
    for (i = 0; i < plan->instance_count; i++) {
        commit_instance(&plan->instances[i], applied);
    }
    for (i = 0; i < plan->board->head->wires.count; i++) {
        connect_wire(plan, i);
        applied->wires++;
    }
    memory_region_transaction_commit();
}

/* What a refused plan had made was never visible to anybody. */
static void forget_memories(Plan *plan)
{
    unsigned i;

    for (i = 0; plan->memories && i < plan->memories->len; i++) {
        periph_memory_discard(g_ptr_array_index(plan->memories, i));
    }
}

bool periph_board_apply(GBytes *bytes, PeriphApplied *applied, Error **errp)
{
    Plan plan = { .bytes = bytes };
    PeriphApplied unused;
    bool ok;

    applied = applied ?: &unused;
    memset(applied, 0, sizeof(*applied));
    ok = plan_all(&plan, errp);
    if (ok) {
        commit(&plan, applied);
    } else {
        forget_memories(&plan);
    }
    plan_dispose(&plan);
    return ok;
}

bool periph_board_apply_file(const char *name, PeriphApplied *applied,
                             Error **errp)
{
    g_autoptr(GError) gerr = NULL;
    g_autoptr(GBytes) bytes = NULL;
    char *data;
    gsize size;

    if (!g_file_get_contents(name, &data, &size, &gerr)) {
        error_setg(errp, "%s", gerr->message);
        return false;
    }
    bytes = g_bytes_new_take(data, size);
    if (!periph_board_apply(bytes, applied, errp)) {
        error_prepend(errp, "%s: ", name);
        return false;
    }
    return true;
}

static bool is_console(PeriphDevice *s, void *opaque)
{
    return qemu_chr_fe_get_driver(&s->chr) != NULL;
}

void periph_board_console_text(const uint8_t *text, size_t size)
{
    PeriphDevice *s = periph_device_find(is_console, NULL);
    int done;

    while (s && size) {
        done = qemu_chr_fe_write(&s->chr, text, size);
        if (done <= 0) {
            break;
        }
        text += done;
        size -= done;
    }
}
