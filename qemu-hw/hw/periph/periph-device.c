/*
 * Table-driven device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/guest-random.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "hw/irq.h"
#include "hw/periph/periph-board.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "system/dma.h"
#include "system/reset.h"
#include "trace.h"

PeriphCounts periph_counts;

static const PeriphObserver *observer;

/* All that are realized, in the order in which they were. */
static QTAILQ_HEAD(, PeriphDevice) devices = QTAILQ_HEAD_INITIALIZER(devices);
/* The same by name. */
static GHashTable *device_names;

void periph_set_observer(const PeriphObserver *o)
{
    observer = o;
}

Object *periph_root(void)
{
    static Object *root;        /* lives as long as the machine */

    if (!root) {
        root = object_property_add_new_container(qdev_get_machine(),
                                                 "periph");
    }
    return root;
}

/* ---- What the engine asks of its host ---- */

static uint64_t host_now(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void host_alarm(void *opaque, uint64_t deadline)
{
    PeriphDevice *s = opaque;

    if (!s->timer) {
        return;                 /* an access has outlived the device */
    }
    if (deadline > INT64_MAX) {
        timer_del(s->timer);
    } else {
        timer_mod_ns(s->timer, deadline);
    }
}

static void host_line(void *opaque, uint32_t line, int level)
{
    PeriphDevice *s = opaque;

    trace_periph_device_line(s->name, line, level);
    qemu_set_irq(*s->lines[line], level);
}

static gboolean periph_chr_writable(void *do_not_use, GIOCondition cond,
                                    void *opaque)
{
    PeriphDevice *s = opaque;

    s->chr_watch = 0;
    s->in_engine = true;
    prt_fifo_drain(&s->engine->dev);
    s->in_engine = false;
    return G_SOURCE_REMOVE;
}

static bool is_bound(PeriphDevice *s, uint32_t fifo)
{
    const struct prt_table *table = &s->engine->table;
    const char *name = prt_string(table, table->fifos[fifo].end_name);

    return s->end && g_str_equal(name, s->end);
}

static bool host_put(void *opaque, uint32_t fifo, uint64_t value)
{
    PeriphDevice *s = opaque;
    uint8_t byte = value;

    if (!is_bound(s, fifo) || !qemu_chr_fe_backend_connected(&s->chr)) {
        return true;
    }
    if (qemu_chr_fe_write(&s->chr, &byte, 1) == 1) {
        return true;
    }
    if (!s->chr_watch) {
        s->chr_watch = qemu_chr_fe_add_watch(&s->chr, G_IO_OUT | G_IO_HUP,
                                             periph_chr_writable, s);
    }
    return !s->chr_watch;
}

static uint64_t host_random(void *opaque)
{
    uint64_t value;

    qemu_guest_getrandom_nofail(&value, sizeof(value));
    return value;
}

static uint64_t host_wallclock(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_HOST) / NANOSECONDS_PER_SECOND;
}

static bool host_bus_read(void *opaque, uint64_t address, unsigned size,
                          uint64_t *value)
{
    uint8_t buf[8];

    if (address_space_read(&address_space_memory, address,
                           MEMTXATTRS_UNSPECIFIED, buf, size) != MEMTX_OK) {
        return false;
    }
    *value = ldn_le_p(buf, size);
    return true;
}

static bool host_bus_write(void *opaque, uint64_t address, unsigned size,
                           uint64_t value)
{
    uint8_t buf[8];

    stn_le_p(buf, size, value);
    return address_space_write(&address_space_memory, address,
                               MEMTXATTRS_UNSPECIFIED, buf,
                               size) == MEMTX_OK;
}

static void host_log(void *opaque, enum prt_log_kind kind, const char *text,
                     uint64_t value)
{
    PeriphDevice *s = opaque;

    switch (kind) {
    case PRT_LOG_GUEST:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: %s (0x%" PRIx64 ")\n", s->name,
                      text, value);
        break;
    case PRT_LOG_UNIMPL:
    case PRT_LOG_UNMAPPED:
        qemu_log_mask(LOG_UNIMP, "%s: %s at offset 0x%" PRIx64 "\n", s->name,
                      kind == PRT_LOG_UNIMPL ? "unimplemented bits"
                                             : "no register", value);
        break;
    case PRT_LOG_LOST:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: FIFO %" PRIu64 " overflowed\n",
                      s->name, value);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: rules were left out\n", s->name);
        break;
    }
}

static const struct prt_host_ops periph_host_ops = {
    .now = host_now,
    .alarm = host_alarm,
    .line = host_line,
    .put = host_put,
    .random = host_random,
    .wallclock = host_wallclock,
    .bus_read = host_bus_read,
    .bus_write = host_bus_write,
    .log = host_log,
};

/* ---- Events from outside ---- */

static void periph_device_tick(void *opaque)
{
    PeriphDevice *s = opaque;

    s->in_engine = true;
    prt_tick(&s->engine->dev);
    s->in_engine = false;
}

static void periph_deliver_inputs(void *opaque)
{
    PeriphDevice *s = opaque;
    unsigned word, bit;

    s->in_engine = true;
    for (word = 0; word < ARRAY_SIZE(s->input_dirty); word++) {
        while (s->input_dirty[word]) {
            bit = ctz64(s->input_dirty[word]);
            s->input_dirty[word] &= ~BIT_ULL(bit);
            prt_line_set(&s->engine->dev, word * 64 + bit,
                         extract64(s->input_level[word], bit, 1));
        }
    }
    s->in_engine = false;
}

/* A level that the engine itself has caused waits until it is done. */
static void periph_input(void *opaque, int n, int level)
{
    PeriphDevice *s = opaque;

    s->input_level[n / 64] = deposit64(s->input_level[n / 64], n % 64, 1,
                                       level != 0);
    if (periph_wires_are_quiet()) {
        return;                 /* the contents of the engine hold it */
    }
    s->input_dirty[n / 64] |= BIT_ULL(n % 64);
    if (s->in_engine) {
        qemu_bh_schedule(s->input_bh);
    } else {
        periph_deliver_inputs(s);
    }
}

static int periph_chr_can_receive(void *opaque)
{
    PeriphDevice *s = opaque;

    if (s->rx_fifo == PRT_NONE) {
        return 0;
    }
    return prt_fifo_room(&s->engine->dev, s->rx_fifo);
}

static void periph_chr_receive(void *opaque, const uint8_t *buf, int size)
{
    PeriphDevice *s = opaque;
    int i;

    s->in_engine = true;
    for (i = 0; i < size && s->rx_fifo != PRT_NONE; i++) {
        prt_fifo_put(&s->engine->dev, s->rx_fifo, buf[i]);
    }
    s->in_engine = false;
}

static void periph_chr_event(void *opaque, QEMUChrEvent event)
{
    PeriphDevice *s = opaque;

    if (event == CHR_EVENT_OPENED) {
        s->in_engine = true;
        prt_fifo_drain(&s->engine->dev);
        s->in_engine = false;
    }
}

/* ---- Accesses ---- */

/*
 * Accesses by instructions carry the attributes of their page; those of bus
 * masters, which may well run inside an instruction, say nothing.
 */
static PeriphAccess describe(PeriphDevice *s, bool write, hwaddr offset,
                             uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return (PeriphAccess) {
        .dev = s,
        .cpu = attrs.unspecified ? NULL : current_cpu,
        .write = write,
        .offset = offset,
        .value = value,
        .size = size,
        .attrs = attrs,
        .reg = PRT_NONE,
    };
}

/* What is to be done after an access, beyond its effect. */
static MemTxResult finish(const PeriphAccess *access, int ret)
{
    PeriphDevice *s = access->dev;
    PeriphAccess done;

    switch (ret) {
    case PRT_OK:
        if (observer) {
            done = *access;
            done.reg = s->engine->dev.last_reg;
            observer->done(observer->opaque, &done);
        }
        if (access->write && periph_goal_writes) {
            periph_goal_written(access);
        }
        /* Written by somebody who asked for what follows: console input. */
        if (s->rx_fifo != PRT_NONE) {
            qemu_chr_fe_accept_input(&s->chr);
        }
        return MEMTX_OK;
    case PRT_ASK:
        periph_counts.asks++;
        trace_periph_device_ask(s->name, access->write, access->offset,
                                access->size);
        if (observer) {
            observer->asked(observer->opaque, access);
        }
        return MEMTX_DECODE_ERROR;
    default:
        periph_counts.aborts++;
        return MEMTX_ERROR;
    }
}

/* Nothing is: the access costs what a device in C does. */
static bool is_finished(PeriphDevice *s, int ret)
{
    return likely(ret == PRT_OK && !observer && s->rx_fifo == PRT_NONE &&
                  !periph_goal_writes);
}

/*
 * A debugger, or a monitor while nothing runs, looks at the registers
 * without changing them.
 */
static bool is_debugger(MemTxAttrs attrs)
{
    return attrs.debug ||
           (!current_cpu && (!attrs.unspecified ||
                             (first_cpu && cpu_is_stopped(first_cpu))));
}

MemTxResult periph_device_read(void *opaque, hwaddr offset, uint64_t *value,
                               unsigned size, MemTxAttrs attrs)
{
    PeriphDevice *s = opaque;
    int ret;

    *value = 0;
    if (is_debugger(attrs)) {
        return prt_peek(&s->engine->dev, offset, size, value) == PRT_OK ?
               MEMTX_OK : MEMTX_DECODE_ERROR;
    }
    if (s->in_engine) {
        return MEMTX_ERROR;
    }
    if (observer) {
        PeriphAccess a = describe(s, false, offset, 0, size, attrs);

        if (observer->reading(observer->opaque, &a)) {
            return MEMTX_ERROR;
        }
    }
    periph_counts.reads++;
    s->in_engine = true;
    ret = prt_read(&s->engine->dev, offset, size, value);
    s->in_engine = false;
    if (ret == PRT_OK) {
        trace_periph_device_access(s->name, false, offset, size, *value);
    }
    if (!is_finished(s, ret)) {
        PeriphAccess a = describe(s, false, offset, *value, size, attrs);

        return finish(&a, ret);
    }
    return MEMTX_OK;
}

MemTxResult periph_device_write(void *opaque, hwaddr offset, uint64_t value,
                                unsigned size, MemTxAttrs attrs)
{
    PeriphDevice *s = opaque;
    int ret;

    if (s->in_engine) {
        return MEMTX_ERROR;
    }
    periph_counts.writes++;
    s->in_engine = true;
    ret = prt_write(&s->engine->dev, offset, size, value);
    s->in_engine = false;
    if (ret == PRT_OK) {
        trace_periph_device_access(s->name, true, offset, size, value);
    }
    if (!is_finished(s, ret)) {
        PeriphAccess a = describe(s, true, offset, value, size, attrs);

        return finish(&a, ret);
    }
    return MEMTX_OK;
}

static const MemoryRegionOps periph_device_ops = {
    .read_with_attrs = periph_device_read,
    .write_with_attrs = periph_device_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};

/* ---- Tables ---- */

/* A GPIO stays where it is: more of them are a block of their own. */
static void add_lines(PeriphDevice *s, uint32_t more)
{
    qemu_irq *block = g_new0(qemu_irq, more);
    uint32_t i;

    s->lines = g_renew(qemu_irq *, s->lines, s->lines_out + more);
    for (i = 0; i < more; i++) {
        s->lines[s->lines_out + i] = block + i;
    }
    s->line_blocks = g_slist_prepend(s->line_blocks, block);
    qdev_init_gpio_out_named(DEVICE(s), block, "line", more);
    s->lines_out += more;
}

/* Lines that a table has once had stay, so that wires stay connected. */
static void provide_lines(PeriphDevice *s, const struct prt_dev_header *head)
{
    DeviceState *dev = DEVICE(s);

    if (head->lines_out > s->lines_out) {
        add_lines(s, head->lines_out - s->lines_out);
    }
    if (head->lines_in > s->lines_in) {
        qdev_init_gpio_in_named(dev, periph_input, "line-in",
                                head->lines_in - s->lines_in);
        s->lines_in = head->lines_in;
    }
}

/* Ties the engine to this device; a reset or prt_carry() has to follow. */
static void attach(PeriphDevice *s, PeriphEngine *e)
{
    provide_lines(s, e->table.head);
    e->dev.host = &periph_host_ops;
    e->dev.opaque = s;
    s->engine = e;
    s->rx_fifo = s->end ? prt_fifo_find(&e->table, PRT_END_FROM, s->end)
                        : PRT_NONE;
}

void periph_device_release_chr(PeriphDevice *s)
{
    if (s->chr_watch) {
        g_source_remove(s->chr_watch);
        s->chr_watch = 0;
    }
    qemu_chr_fe_deinit(&s->chr, false);
    s->rx_fifo = PRT_NONE;
}

static void set_end(PeriphDevice *s, uint32_t flags, const char *end)
{
    g_free(s->end);
    s->end = NULL;
    s->flags = flags;
    if (flags & PRT_INST_CONSOLE) {
        s->end = g_strdup(end && *end ? end : "console");
    }
}

static void report_carry(void *opaque, enum prt_carry_kind kind,
                         const char *name)
{
    PeriphDevice *s = opaque;

    trace_periph_device_carry(s->name, name, kind == PRT_CARRY_NARROWED);
}

static void exchange(PeriphDevice *s, PeriphEngine *e, uint32_t flags,
                     const char *end, bool carry)
{
    g_autoptr(PeriphEngine) old = s->engine;

    timer_del(s->timer);
    set_end(s, flags, end);
    attach(s, e);
    s->in_engine = true;
    if (carry) {
        prt_carry(&e->dev, &old->dev, report_carry, s);
    } else {
        prt_dev_reset(&e->dev, PRT_RESET_COLD);
    }
    s->in_engine = false;
    qemu_chr_fe_accept_input(&s->chr);
}

static void remap(PeriphDevice *s, const PeriphPiece *pieces, unsigned count)
{
    periph_device_map(s, pieces, count);
    if (observer) {
        observer->changed(observer->opaque, s);
    }
}

void periph_device_replace(PeriphDevice *s, PeriphEngine *e,
                           const PeriphPiece *pieces, unsigned count,
                           uint32_t flags, const char *end)
{
    exchange(s, e, flags, end, true);
    remap(s, pieces, count);
}

void periph_device_exchange(PeriphDevice *s, PeriphEngine *e,
                            const PeriphPiece *pieces, unsigned count,
                            uint32_t flags, const char *end)
{
    exchange(s, e, flags, end, false);
    remap(s, pieces, count);
}

/* ---- Snapshots ---- */

void periph_device_get_contents(PeriphDevice *s, PeriphContents *c)
{
    c->state = prt_state(&s->engine->dev);
    c->size = prt_state_size(&s->engine->table);
    c->was_reset = s->was_reset;
    memcpy(c->input_level, s->input_level, sizeof(c->input_level));
    memcpy(c->input_dirty, s->input_dirty, sizeof(c->input_dirty));
}

void periph_device_set_contents(PeriphDevice *s, const PeriphContents *c)
{
    int ret;

    s->was_reset = c->was_reset;
    memcpy(s->input_level, c->input_level, sizeof(c->input_level));
    memcpy(s->input_dirty, c->input_dirty, sizeof(c->input_dirty));
    s->in_engine = true;
    ret = prt_load(&s->engine->dev, c->state, c->size);
    s->in_engine = false;
    assert(ret == PRT_OK);
    qemu_bh_schedule(s->input_bh);
    qemu_chr_fe_accept_input(&s->chr);
}

void periph_device_bind_chr(PeriphDevice *s, Chardev *chr)
{
    if (chr && !qemu_chr_fe_get_driver(&s->chr) &&
        qemu_chr_fe_init(&s->chr, chr, NULL)) {
        qemu_chr_fe_set_handlers(&s->chr, periph_chr_can_receive,
                                 periph_chr_receive, periph_chr_event, NULL,
                                 s, NULL, true);
    }
    qemu_chr_fe_accept_input(&s->chr);
}

/* ---- Life ---- */

static void periph_device_reset_hold(Object *obj, ResetType type)
{
    PeriphDevice *s = PERIPH_DEVICE(obj);

    s->in_engine = true;
    prt_dev_reset(&s->engine->dev, s->was_reset ? PRT_RESET_WARM
                                                : PRT_RESET_COLD);
    s->in_engine = false;
    s->was_reset = true;
}

/* Pieces stand already where C code has made the device. */
static void map(PeriphDevice *s, uint64_t size)
{
    PeriphPiece whole = { .addr = s->addr, .size = size };

    memory_region_init_io(&s->iomem, OBJECT(s), &periph_device_ops, s,
                          s->name, size);
    QTAILQ_INSERT_TAIL(&devices, s, next);
    if (!device_names) {
        device_names = g_hash_table_new(g_str_hash, g_str_equal);
    }
    if (!periph_device_named(s->name)) {
        g_hash_table_insert(device_names, s->name, s);
    }
    if (!s->on_board) {
        periph_device_map(s, &whole, 1);
    }
}

static void unmap(PeriphDevice *s)
{
    if (observer) {
        observer->removed(observer->opaque, s);
    }
    memory_region_transaction_begin();
    periph_device_map(s, NULL, 0);
    QTAILQ_REMOVE(&devices, s, next);
    if (periph_device_named(s->name) == s) {
        g_hash_table_remove(device_names, s->name);
    }
    memory_region_transaction_commit();
}

static void dispose_events(PeriphDevice *s)
{
    periph_wires_forget(s, true);
    g_clear_pointer(&s->timer, timer_free);
    g_clear_pointer(&s->input_bh, qemu_bh_delete);
}

static void periph_device_realize(DeviceState *dev, Error **errp)
{
    PeriphDevice *s = PERIPH_DEVICE(dev);
    PeriphEngine *engine = s->engine;
    uint64_t last;

    if (!engine) {
        if (!s->table_file) {
            error_setg(errp, "property 'table' not specified");
            return;
        }
        engine = periph_engine_from_file(s->table_file, errp);
        if (!engine) {
            return;
        }
    }
    if (uadd64_overflow(s->addr, engine->table.head->mmio_size - 1, &last)) {
        error_setg(errp, "'addr' leaves no room for the device");
        periph_engine_free(engine);
        s->engine = NULL;
        return;
    }
    if (!s->name) {
        s->name = g_strdup(dev->id ?: prt_string(&engine->table,
                                                 engine->table.head->name));
    }
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, periph_device_tick, s);
    s->input_bh = qemu_bh_new_guarded(periph_deliver_inputs, s,
                                      &dev->mem_reentrancy_guard);
    if (s->end || qemu_chr_fe_get_driver(&s->chr)) {
        s->flags |= PRT_INST_CONSOLE;
        s->end = s->end ?: g_strdup("console");
    }
    attach(s, engine);
    s->in_engine = true;
    prt_dev_reset(&engine->dev, PRT_RESET_COLD);
    s->in_engine = false;
    if (!periph_device_connect(s, errp)) {
        dispose_events(s);
        return;
    }
    qemu_chr_fe_set_handlers(&s->chr, periph_chr_can_receive,
                             periph_chr_receive, periph_chr_event, NULL, s,
                             NULL, true);
    map(s, engine->table.head->mmio_size);
    qemu_register_resettable(OBJECT(dev));
    periph_state_register();
    if (observer && !s->on_board) {
        observer->changed(observer->opaque, s);
    }
}

static void periph_device_unrealize(DeviceState *dev)
{
    PeriphDevice *s = PERIPH_DEVICE(dev);

    qemu_unregister_resettable(OBJECT(dev));
    unmap(s);
    if (s->chr_watch) {
        g_source_remove(s->chr_watch);
    }
    dispose_events(s);
}

static void periph_device_init(Object *obj)
{
    PeriphDevice *s = PERIPH_DEVICE(obj);

    s->rx_fifo = PRT_NONE;
    s->region = UINT32_MAX;
}

static void periph_device_finalize(Object *obj)
{
    PeriphDevice *s = PERIPH_DEVICE(obj);

    periph_device_map_finalize(s);
    g_slist_free_full(s->line_blocks, g_free);
    g_free(s->lines);
    periph_engine_free(s->engine);
    g_free(s->name);
}

PeriphDevice *periph_device_new(const char *name, PeriphEngine *engine,
                                const PeriphPiece *pieces, unsigned count,
                                uint32_t flags, const char *end)
{
    DeviceState *dev = qdev_new(TYPE_PERIPH_DEVICE);
    PeriphDevice *s = PERIPH_DEVICE(dev);

    s->name = g_strdup(name);
    s->addr = pieces[0].addr;
    s->engine = engine;
    s->on_board = true;
    set_end(s, flags, end);
    object_property_add_child(periph_root(), name, OBJECT(dev));
    qdev_realize_and_unref(dev, NULL, &error_abort);
    remap(s, pieces, count);
    return s;
}

void periph_device_remove(PeriphDevice *s)
{
    periph_device_release_chr(s);
    object_unparent(OBJECT(s));
}

PeriphDevice *periph_device_find(bool (*fn)(PeriphDevice *s, void *opaque),
                                 void *opaque)
{
    PeriphDevice *s;

    QTAILQ_FOREACH(s, &devices, next) {
        if (fn(s, opaque)) {
            break;
        }
    }
    return s;
}

PeriphDevice *periph_device_named(const char *name)
{
    return device_names ? g_hash_table_lookup(device_names, name) : NULL;
}

static const Property periph_device_properties[] = {
    DEFINE_PROP_STRING("table", PeriphDevice, table_file),
    DEFINE_PROP_UINT64("addr", PeriphDevice, addr, 0),
    DEFINE_PROP_STRING("end", PeriphDevice, end),
    DEFINE_PROP_STRING("irq", PeriphDevice, irqs),
    DEFINE_PROP_CHR("chardev", PeriphDevice, chr),
};

static void periph_device_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "device described by a register table";
    dc->realize = periph_device_realize;
    dc->unrealize = periph_device_unrealize;
    /* Answers to questions realize it while the guest runs. */
    dc->hotpluggable = true;
    rc->phases.hold = periph_device_reset_hold;
    device_class_set_props(dc, periph_device_properties);
    periph_device_class_properties(klass);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo periph_device_info = {
    .name = TYPE_PERIPH_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(PeriphDevice),
    .instance_init = periph_device_init,
    .instance_finalize = periph_device_finalize,
    .class_init = periph_device_class_init,
};

static void periph_device_register_types(void)
{
    type_register_static(&periph_device_info);
}

type_init(periph_device_register_types)
