/*
 * Recorder of interrupts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qobject/json-writer.h"
#include "hw/qdev-properties.h"
#include "system/system.h"
#include "gic-arm-internal.h"
#include "inference-internal.h"
#include "periph-log.h"
#include "trace.h"

#define MAX_DEPTH 32            /* interrupts within interrupts */
#define MAX_REGISTERS 1024      /* told apart for each interrupt */
#define FIRST_SPI 32
#define FIRST_PPI 16
#define FIRST_NVIC 16

/* A register, as an interrupt's handler has used it. */
typedef struct HandlerAccess {
    uint64_t address;
    uint64_t reads;
    uint64_t writes;
    uint32_t offset;
    uint16_t device;
} HandlerAccess;

/* What is known of one interrupt. */
typedef struct IrqStat {
    uint32_t number;
    uint64_t taken;
    uint64_t ended;
    uint64_t ns;                /* from taken to ended, together */
    uint64_t ns_max;
    uint64_t cpus;              /* bit by index, the first 64 */
    uint64_t vector;            /* where handlers begin */
    GHashTable *accesses;       /* address: HandlerAccess */
} IrqStat;

/* An interrupt that a CPU is in. */
typedef struct ActiveIrq {
    uint32_t number;
    bool acked;
    uint64_t pc;                /* of the interrupted instruction */
    uint64_t since;
} ActiveIrq;

typedef struct IrqStack {
    ActiveIrq irqs[MAX_DEPTH];
    unsigned depth;
} IrqStack;

struct GicArmHook {
    DeviceState parent_obj;

    char *state_name;
    char *file;
    uint32_t records;

    PeriphLog *state;
    PeriphLogListener listener;
    IrqStack *stacks;           /* by CPU */
    unsigned cpu_count;
    GHashTable *table;          /* number: IrqStat */
    Notifier exit;
};

static GicArmHook *hook;

/* ---- The table ---- */

static void free_stat(gpointer data)
{
    IrqStat *stat = data;

    g_hash_table_destroy(stat->accesses);
    g_free(stat);
}

static IrqStat *stat_of(uint32_t number)
{
    gpointer key = GUINT_TO_POINTER(number);
    IrqStat *stat = g_hash_table_lookup(hook->table, key);

    if (!stat) {
        stat = g_new0(IrqStat, 1);
        stat->number = number;
        stat->accesses = g_hash_table_new_full(g_int64_hash, g_int64_equal,
                                               NULL, g_free);
        g_hash_table_insert(hook->table, key, stat);
    }
    return stat;
}

static void count_access(IrqStat *stat, const struct pbr_record *r)
{
    HandlerAccess *a = g_hash_table_lookup(stat->accesses, &r->address);

    if (!a) {
        if (g_hash_table_size(stat->accesses) >= MAX_REGISTERS) {
            return;
        }
        a = g_new0(HandlerAccess, 1);
        a->address = r->address;
        a->offset = r->offset;
        a->device = r->device;
        g_hash_table_insert(stat->accesses, &a->address, a);
    }
    if (r->flags & PBR_R_WRITE) {
        a->writes++;
    } else {
        a->reads++;
    }
}

/* ---- What CPUs do ---- */

static IrqStack *stack_of(unsigned cpu)
{
    return hook && cpu < hook->cpu_count ? &hook->stacks[cpu] : NULL;
}

static void accessed(PeriphLogListener *l, const struct pbr_record *r)
{
    IrqStack *stack = stack_of(r->cpu);

    if (stack && stack->depth &&
        !(r->flags & (PBR_R_PEER | PBR_R_IRQ | PBR_R_IRQ_END))) {
        count_access(stat_of(stack->irqs[stack->depth - 1].number), r);
    }
}

/* Never acknowledged, or ended in a way that is not seen. */
static void drop_stale(IrqStack *stack)
{
    while (stack->depth && !stack->irqs[stack->depth - 1].acked) {
        stack->depth--;
    }
    if (stack->depth == MAX_DEPTH) {
        memmove(stack->irqs, stack->irqs + 1,
                (MAX_DEPTH - 1) * sizeof(stack->irqs[0]));
        stack->depth--;
    }
}

void gic_hook_taken(struct pbr_record *record, const uint64_t *regs,
                    uint32_t number, uint64_t vector)
{
    IrqStack *stack = stack_of(record->cpu);
    IrqStat *stat;
    ActiveIrq *irq;

    if (!stack) {
        return;
    }
    drop_stale(stack);
    irq = &stack->irqs[stack->depth++];
    record->time_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    *irq = (ActiveIrq) {
        .number = number, .pc = record->pc, .since = record->time_ns,
    };
    record->address = vector;
    record->value = number;
    record->reg = PBR_NO_REGISTER;
    record->device = PBR_NO_DEVICE;
    record->size = 4;
    record->flags |= PBR_R_IRQ;
    periph_log_record(hook->state, record, regs);
    trace_gic_arm_hook_taken(record->cpu, number, record->pc);
    if (number != GIC_HOOK_UNKNOWN) {
        stat = stat_of(number);
        stat->taken++;
        stat->vector = vector;
        stat->cpus |= record->cpu < 64 ? BIT_ULL(record->cpu) : 0;
    }
}

/* What was guessed when it was taken may have been overtaken since. */
void gic_hook_acked(CPUState *cs, uint32_t number)
{
    IrqStack *stack = stack_of(cs->cpu_index);
    ActiveIrq *irq;

    if (!stack || !stack->depth) {
        return;
    }
    irq = &stack->irqs[stack->depth - 1];
    if (number >= 1020 && number <= 1023) {
        if (!irq->acked) {
            stack->depth--;
        }
        return;
    }
    if (irq->acked && irq->number != number && stack->depth < MAX_DEPTH) {
        /* A handler that looks for more before it returns. */
        stack->irqs[stack->depth] = *irq;
        irq = &stack->irqs[stack->depth++];
        irq->since = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
        irq->number = GIC_HOOK_UNKNOWN;
    }
    if (irq->number != number) {
        if (irq->number != GIC_HOOK_UNKNOWN) {
            stat_of(irq->number)->taken--;
        }
        irq->number = number;
        stat_of(number)->taken++;
    }
    irq->acked = true;
}

static void end_at(IrqStack *stack, unsigned index, CPUState *cs, uint64_t pc)
{
    ActiveIrq irq = stack->irqs[index];
    IrqStat *stat = stat_of(irq.number);
    struct pbr_record record = {
        .time_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
        .pc = pc,
        .address = irq.pc,
        .value = irq.number,
        .reg = PBR_NO_REGISTER,
        .device = PBR_NO_DEVICE,
        .size = 4,
        .cpu = cs->cpu_index,
        .flags = PBR_R_IRQ_END | (pc ? 0 : PBR_R_NO_PC),
    };
    uint64_t ns = record.time_ns - irq.since;

    stack->depth = index;
    stat->ended++;
    stat->ns += ns;
    stat->ns_max = MAX(stat->ns_max, ns);
    periph_log_record(hook->state, &record, NULL);
    trace_gic_arm_hook_ended(cs->cpu_index, irq.number, ns);
}

void gic_hook_ended(CPUState *cs, uint32_t number, uint64_t pc)
{
    IrqStack *stack = stack_of(cs->cpu_index);
    unsigned i;

    for (i = stack ? stack->depth : 0; i > 0; i--) {
        if (stack->irqs[i - 1].number == number) {
            end_at(stack, i - 1, cs, pc);
            return;
        }
    }
}

bool gic_hook_is_in(CPUState *cs, uint32_t number)
{
    IrqStack *stack = stack_of(cs->cpu_index);
    unsigned i;

    for (i = 0; stack && i < stack->depth; i++) {
        if (stack->irqs[i].number == number) {
            return true;
        }
    }
    return false;
}

void gic_hook_returned(CPUState *cs, uint64_t pc)
{
    IrqStack *stack = stack_of(cs->cpu_index);
    ActiveIrq *irq;

    if (stack && stack->depth) {
        irq = &stack->irqs[stack->depth - 1];
        if (irq->pc == pc && irq->acked) {
            end_at(stack, stack->depth - 1, cs, 0);
        } else if (irq->pc == pc) {
            stack->depth--;
        }
    }
}

/* ---- JSON ---- */

static void put_hex(JSONWriter *w, const char *name, uint64_t value)
{
    g_autofree char *text = g_strdup_printf("0x%" PRIx64, value);

    json_writer_str(w, name, text);
}

static void put_kind(JSONWriter *w, uint32_t number)
{
    bool m = inference_cpu_arch(first_cpu) == PBR_ARCH_M;
    unsigned first = m ? FIRST_NVIC : number >= FIRST_SPI ? FIRST_SPI
                     : number >= FIRST_PPI ? FIRST_PPI : 0;

    json_writer_str(w, "kind", m ? number >= FIRST_NVIC ? "nvic" : "system"
                    : number == GIC_HOOK_UNKNOWN ? "unknown"
                    : number >= FIRST_SPI ? "spi"
                    : number >= FIRST_PPI ? "ppi" : "sgi");
    json_writer_int64(w, "number", number >= first ? number - first
                                                   : number);
}

static gint compare_access(gconstpointer a, gconstpointer b)
{
    const HandlerAccess *x = a, *y = b;

    return x->address < y->address ? -1 : x->address > y->address;
}

static void put_accesses(JSONWriter *w, IrqStat *stat)
{
    g_autoptr(GList) all = g_list_sort(g_hash_table_get_values(
                                           stat->accesses), compare_access);
    struct pbr_region region;
    GList *k;

    json_writer_start_array(w, "registers");
    for (k = all; k; k = k->next) {
        HandlerAccess *a = k->data;

        json_writer_start_object(w, NULL);
        if (hook->state->mem &&
            pbr_region_get(hook->state->mem, a->device, &region) == PBR_OK) {
            json_writer_str(w, "device", region.name);
        }
        put_hex(w, "address", a->address);
        put_hex(w, "offset", a->offset);
        json_writer_uint64(w, "reads", a->reads);
        json_writer_uint64(w, "writes", a->writes);
        json_writer_end_object(w);
    }
    json_writer_end_array(w);
}

static void put_cpus(JSONWriter *w, uint64_t cpus)
{
    unsigned i;

    json_writer_start_array(w, "cpus");
    for (i = 0; i < 64; i++) {
        if (extract64(cpus, i, 1)) {
            json_writer_int64(w, NULL, i);
        }
    }
    json_writer_end_array(w);
}

static gint compare_stat(gconstpointer a, gconstpointer b)
{
    const IrqStat *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static char *table_text(bool pretty)
{
    g_autoptr(JSONWriter) w = json_writer_new(pretty);
    g_autoptr(GList) all = g_list_sort(g_hash_table_get_values(hook->table),
                                       compare_stat);
    GList *k;

    json_writer_start_object(w, NULL);
    json_writer_start_array(w, "interrupts");
    for (k = all; k; k = k->next) {
        IrqStat *stat = k->data;

        if (!stat->taken && !g_hash_table_size(stat->accesses)) {
            continue;
        }
        json_writer_start_object(w, NULL);
        json_writer_int64(w, "intid", stat->number);
        put_kind(w, stat->number);
        json_writer_uint64(w, "taken", stat->taken);
        json_writer_uint64(w, "ended", stat->ended);
        put_cpus(w, stat->cpus);
        put_hex(w, "vector", stat->vector);
        json_writer_uint64(w, "ns", stat->ns);
        json_writer_uint64(w, "ns_max", stat->ns_max);
        put_accesses(w, stat);
        json_writer_end_object(w);
    }
    json_writer_end_array(w);
    json_writer_end_object(w);
    return g_strconcat(json_writer_get(w), pretty ? "\n" : "", NULL);
}

static char *get_table(Object *obj, Error **errp)
{
    if (GIC_ARM_HOOK(obj) != hook) {
        error_setg(errp, "the device is not realized");
        return NULL;
    }
    return table_text(false);
}

static void write_table(Notifier *notifier, void *data)
{
    g_autofree char *text = table_text(true);
    g_autoptr(GError) gerr = NULL;

    if (!g_file_set_contents(hook->file, text, -1, &gerr)) {
        warn_report("gic-arm-hook: %s", gerr->message);
    }
}

/* ---- The device ---- */

static void gic_arm_hook_realize(DeviceState *dev, Error **errp)
{
    GicArmHook *s = GIC_ARM_HOOK(dev);
    CPUState *cs;

    if (hook) {
        error_setg(errp, "there is one gic-arm-hook already; it serves all "
                   "CPUs");
        return;
    }
    s->state = periph_log_get(s->state_name ?: PBR_DEFAULT_STATE,
                                s->records, true, errp);
    if (!s->state) {
        return;
    }
    if (!gic_arm_hook_machine(errp)) {
        g_clear_pointer(&s->state, periph_log_put);
        return;
    }
    CPU_FOREACH(cs) {
        s->cpu_count = MAX(s->cpu_count, cs->cpu_index + 1);
    }
    s->stacks = g_new0(IrqStack, s->cpu_count);
    s->table = g_hash_table_new_full(NULL, NULL, NULL, free_stat);
    s->listener.accessed = accessed;
    QLIST_INSERT_HEAD(&s->state->listeners, &s->listener, next);
    hook = s;
    if (s->file) {
        s->exit.notify = write_table;
        qemu_add_exit_notifier(&s->exit);
    }
}

static const Property gic_arm_hook_properties[] = {
    DEFINE_PROP_STRING("state_mem", GicArmHook, state_name),
    DEFINE_PROP_STRING("file", GicArmHook, file),
    DEFINE_PROP_UINT32("records", GicArmHook, records, PBR_RECORDS_DEFAULT),
};

static void gic_arm_hook_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "records interrupts, and the registers of their handlers";
    dc->realize = gic_arm_hook_realize;
    dc->hotpluggable = false;
    device_class_set_props(dc, gic_arm_hook_properties);
    object_class_property_add_str(klass, "table", get_table, NULL);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo gic_arm_hook_info = {
    .name = TYPE_GIC_ARM_HOOK,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(GicArmHook),
    .class_init = gic_arm_hook_class_init,
};

static void gic_arm_hook_register_types(void)
{
    type_register_static(&gic_arm_hook_info);
}

type_init(gic_arm_hook_register_types)
