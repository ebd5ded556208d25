/*
 * Inference device: questions, the pause they need, and their answers
 *
 * The pause is not a run state. A run state would be reported to a debugger
 * that runs the guest, would swallow the user's stop and the debugger's
 * interrupt meanwhile, and could not be left for every other state. While a
 * question is open all CPUs are stopped and the virtual clock stands; the
 * machine remains "running" for everybody else, so that a stop by the user
 * is an ordinary stop, which the answer then leaves alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/periph/periph-board.h"
#include "hw/qdev-properties.h"
#include "system/cpu-timers.h"
#include "system/cpus.h"
#include "system/reset.h"
#include "system/system.h"
#include "system/tcg.h"
#include "inference-internal.h"
#include "trace.h"

/* Questions about the same access that may be answered in vain. */
#define MAX_REPEAT 1000

/* Events about exceptions, in each second. */
#define MAX_EXCEPTIONS 20

static InferenceDevice *inference;

/* ---- The pause ---- */

/* CPUs that somebody else has stopped, such as a debugger, stay stopped. */
static void hold(InferenceDevice *s)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        if (!cs->stop && !cs->stopped) {
            set_bit(cs->cpu_index, s->held_cpus);
        }
    }
    s->held = true;
    cpu_disable_ticks();
    pause_all_vcpus();
}

static void release(InferenceDevice *s)
{
    CPUState *cs;

    if (!s->held) {
        return;
    }
    s->held = false;
    qemu_clock_enable(QEMU_CLOCK_VIRTUAL, true);
    cpu_enable_ticks();
    CPU_FOREACH(cs) {
        if (test_bit(cs->cpu_index, s->held_cpus)) {
            cpu_resume(cs);
        }
    }
    bitmap_zero(s->held_cpus, s->cpu_count);
}

void inference_close_question(InferenceDevice *s)
{
    s->phase = INFERENCE_IDLE;
    s->asking = NULL;
    timer_del(s->timeout);
    pbr_bridge_set_open(s->bridge, 0);
}

void inference_finish_question(InferenceDevice *s, uint32_t verdict)
{
    uint32_t kind = s->q.kind;
    int64_t us;

    inference_close_question(s);
    if (kind == PBR_Q_IDLE) {
        inference_idle_answered(s->idle, verdict != PBR_V_RETRY);
    }
    release(s);
    us = g_get_monotonic_time() - s->raised_us;
    trace_inference_resumed(s->q.seq, pbr_verdict_name(verdict), us);
    pbr_stats_answered(s->bridge, kind, verdict, us);
}

/* ---- Questions ---- */

void inference_restart_timeout(InferenceDevice *s)
{
    if (s->phase == INFERENCE_OPEN) {
        timer_mod(s->timeout, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
                              s->timeout_ms);
    }
}

static void open_question(InferenceDevice *s)
{
    uint64_t regs[32];

    s->phase = INFERENCE_OPEN;
    s->q.time_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    s->q.record_head = s->state->ring.head;
    if (s->q.kind == PBR_Q_CRASH || s->q.kind == PBR_Q_FETCH ||
        s->q.kind == PBR_Q_IDLE) {
        inference_cpu_fill(s->asking, &s->q.cpu);
    }
    if (s->q.kind == PBR_Q_IDLE || s->q.flags & PBR_QF_AVOIDED) {
        s->q.pc = inference_cpu_regs(s->asking, regs);
    }
    if (s->q.kind == PBR_Q_IDLE) {
        struct pbr_irqs irqs = { .seq = s->q.seq };

        inference_irqs_fill(&irqs);
        pbr_irqs_write(s->bridge, &irqs);
    }
    pbr_question_write(s->bridge, &s->q);
    pbr_bridge_set_open(s->bridge, s->q.seq);
    pbr_stats_count(&s->bridge->stats.questions[s->q.kind]);
    trace_inference_question(s->q.seq, pbr_question_kind_name(s->q.kind),
                             s->q.phys, s->q.size, s->q.pc);
    inference_restart_timeout(s);
    if (s->q.kind == PBR_Q_FAULT && s->q.repeat >= MAX_REPEAT) {
        inference_give_up(s, "the answers do not help");
        return;
    }
    inference_link_send(s, PBR_F_QUESTION, s->q.kind, s->q.seq);
}

/* In the main loop: a CPU has asked, or the user has continued meanwhile. */
static void inference_bh(void *opaque)
{
    InferenceDevice *s = opaque;

    if (s->phase != INFERENCE_IDLE && !s->held && runstate_is_running()) {
        hold(s);
    }
    if (s->phase == INFERENCE_RAISED) {
        open_question(s);
    }
}

/*
 * The calling CPU stops at the next chance. Another question may be open
 * already: its instruction then just runs again afterwards.
 */
static bool begin_question(InferenceDevice *s, CPUState *cs, uint32_t kind,
                           uint64_t pc)
{
    struct pbr_question *q = &s->q;
    uint64_t old_pc = q->pc, old_phys = q->phys, old_repeat = q->repeat;
    bool again = q->kind == kind && old_pc == pc &&
                 q->cpu_index == cs->cpu_index;

    set_bit(cs->cpu_index, s->held_cpus);
    cs->stop = true;
    cpu_exit(cs);
    qemu_bh_schedule(s->bh);
    if (s->phase != INFERENCE_IDLE) {
        return false;
    }
    memset(q, 0, sizeof(*q));
    s->phase = INFERENCE_RAISED;
    s->asking = cs;
    s->raised_us = g_get_monotonic_time();
    q->seq = ++s->seq;
    q->generation = s->generation;
    q->kind = kind;
    q->cpu_index = cs->cpu_index;
    q->pc = pc;
    q->flags = PBR_QF_PC;
    q->access = PBR_ACCESS_NONE;
    if (again) {
        q->phys = old_phys;
        q->repeat = old_repeat;
    }
    return true;
}

static void describe_ask(InferenceDevice *s, struct pbr_question *q)
{
    PeriphDevice *dev = s->ask.dev;

    q->phys = periph_device_address(dev, s->ask.ask_offset);
    q->offset = s->ask.ask_offset;
    q->size = s->ask.ask_size;
    q->flags |= PBR_QF_DEVICE | (s->ask.watched ? PBR_QF_WATCHED : 0);
    pstrcpy(q->device, sizeof(q->device), dev->name);
    if (s->ask.has_value) {
        q->value = s->ask.value;
        q->flags |= PBR_QF_VALUE;
    }
}

void inference_raise(const InferenceFault *f)
{
    InferenceDevice *s = inference;
    struct pbr_question *q = &s->q;
    uint32_t kind = s->ask.valid ? s->ask.kind : PBR_Q_FAULT;
    uint64_t old_phys;

    if (!begin_question(s, f->cpu, kind, f->pc)) {
        s->ask.valid = false;
        return;
    }
    old_phys = q->phys;
    q->access = f->access;
    q->phys = f->phys;
    q->virt = f->virt;
    q->size = f->size;
    q->flags |= PBR_QF_VIRT | (f->attrs.secure ? PBR_QF_SECURE : 0)
                | (f->attrs.user ? PBR_QF_USER : 0);
    if (s->ask.valid) {
        describe_ask(s, q);
    }
    if (kind == PBR_Q_STALL) {
        q->repeat = s->ask.repeat;
    } else {
        q->repeat = q->phys == old_phys ? q->repeat + 1 : 0;
    }
    s->ask.valid = false;
    inference_cpu_fill(f->cpu, &q->cpu);
}

static bool in_window(InferenceDevice *s, hwaddr phys)
{
    return phys >= s->window_first && phys <= s->window_last;
}

static bool is_delivery(InferenceDevice *s, CPUState *cpu, uint64_t pc,
                        hwaddr phys)
{
    InferenceDelivery *d = &s->delivery;

    return d->valid && d->cpu == cpu && d->pc == pc && d->phys == phys;
}

/*
 * Holes, and what a table device has just refused to answer. Errors of
 * other devices, and what the daemon wants to be delivered, are not asked
 * about.
 */
bool inference_wants(InferenceFault *f)
{
    InferenceDevice *s = inference;
    bool from_table;

    if (!s || f->access == PBR_ACCESS_FETCH) {
        return false;
    }
    from_table = s->ask.valid && s->ask.cpu == f->cpu &&
                 s->ask.pc == f->pc && f->owner == OBJECT(s->ask.dev);
    if (f->owner && !from_table) {
        return false;
    }
    if (!from_table) {
        s->ask.valid = false;
        if (!in_window(s, f->phys)) {
            return false;
        }
    }
    if (is_delivery(s, f->cpu, f->pc,
                    from_table ? periph_device_address(s->ask.dev,
                                                       s->ask.ask_offset)
                               : f->phys)) {
        s->delivery.valid = false;
        s->ask.valid = false;
        return false;
    }
    return true;
}

void inference_fetch_failed(const InferenceFault *f)
{
    if (inference) {
        inference->fetch_failed = true;
    }
}

void inference_interrupt_taken(CPUState *cpu)
{
    if (inference) {
        pbr_stats_count(&inference->bridge->stats.irqs);
    }
}

/* A guest that faults in its fault handler must not fill the doorbell. */
static bool may_tell_exception(InferenceDevice *s)
{
    int64_t second = g_get_monotonic_time() / G_USEC_PER_SEC;

    if (second != s->exception_second) {
        s->exception_second = second;
        s->exceptions_sent = 0;
    }
    return s->exceptions_sent++ < MAX_EXCEPTIONS;
}

static void tell_exception(InferenceDevice *s, const InferenceException *exc,
                           const char *message)
{
    pbr_stats_count(&s->bridge->stats.exceptions);
    trace_inference_exception(exc->kind, exc->pc, exc->esr, exc->far);
    if (may_tell_exception(s)) {
        inference_link_event(s, PBR_E_EXCEPTION, exc, message);
    }
}

static void ask_exception(InferenceDevice *s, const InferenceException *exc,
                          uint32_t kind)
{
    if (!begin_question(s, exc->cpu, kind, exc->pc)) {
        return;
    }
    s->q.virt = exc->far;
    s->q.value = exc->esr;
    s->q.flags |= PBR_QF_VIRT | PBR_QF_VALUE;
    s->q.repeat = 0;
    s->q.phys = 0;
    if (kind == PBR_Q_FETCH) {
        s->q.access = PBR_ACCESS_FETCH;
    }
}

/* An operating system takes exceptions from below all the time. */
void inference_exception_taken(const InferenceException *exc)
{
    InferenceDevice *s = inference;
    bool fetch;

    if (!s) {
        return;
    }
    fetch = s->fetch_failed;
    s->fetch_failed = false;
    if (exc->from_below) {
        return;
    }
    tell_exception(s, exc, NULL);
    if (s->ask_crash) {
        ask_exception(s, exc, fetch ? PBR_Q_FETCH : PBR_Q_CRASH);
    }
}

bool inference_ask_idle(InferenceDevice *s, CPUState *cpu, bool halted)
{
    if (!s->greeted || s->phase != INFERENCE_IDLE ||
        !runstate_is_running()) {
        return false;
    }
    begin_question(s, cpu, PBR_Q_IDLE, 0);
    s->q.repeat = 0;
    s->q.phys = 0;
    s->q.flags |= halted ? PBR_QF_HALTED : 0;
    return true;
}

void inference_locked_up(const InferenceException *exc)
{
    InferenceDevice *s = inference;

    if (s) {
        tell_exception(s, exc, "lockup");
    }
    if (s && s->ask_crash) {
        ask_exception(s, exc, PBR_Q_CRASH);
        return;
    }
    error_report("periph: CPU %d has locked up: its fault handler faults at "
                 "0x%" PRIx64 "; the machine is paused", exc->cpu->cpu_index,
                 exc->pc);
    vm_stop(RUN_STATE_GUEST_PANICKED);
}

/* ---- What table devices tell ---- */

static bool observe_reading(void *opaque, const PeriphAccess *a)
{
    InferenceDevice *s = opaque;
    uint64_t pc, reads, watched;

    s->read_pc_valid = a->cpu && inference_cpu_pc(a->cpu, &s->read_pc);
    if (!s->read_pc_valid) {
        return false;
    }
    pc = s->read_pc;
    if (s->delivery.valid &&
        is_delivery(s, a->cpu, pc,
                    periph_device_address(a->dev, a->offset))) {
        s->delivery.valid = false;
        s->ask.valid = false;
        return true;
    }
    if (a->dev->chr_watch ||
        (a->dev->engine && a->dev->engine->dev.copies_active)) {
        /*
         * The guest waits for whoever reads the console, or for a transfer
         * that is being made: not for nothing.
         */
        return false;
    }
    watched = inference_stall_watched(s->stall, a, pc);
    reads = watched ?: inference_stall_reading(s->stall, a, pc);
    if (!reads) {
        return false;
    }
    s->ask = (InferenceAsk) {
        .valid = true, .kind = PBR_Q_STALL, .cpu = a->cpu, .pc = pc,
        .dev = a->dev,
        .offset = a->offset, .ask_offset = a->offset, .ask_size = a->size,
        .repeat = reads, .watched = watched != 0,
    };
    s->ask.has_value = inference_stall_value(s->stall, a->cpu,
                                             &s->ask.value);
    return true;
}

static void observe_done(void *opaque, const PeriphAccess *a)
{
    InferenceDevice *s = opaque;
    uint64_t pc = s->read_pc;
    bool has_pc = s->read_pc_valid;

    if (a->write) {
        has_pc = a->cpu && inference_cpu_pc(a->cpu, &pc);
    }
    inference_link_record(s, a, has_pc, has_pc ? pc : 0);
    if (a->cpu) {
        inference_stall_done(s->stall, a, has_pc ? pc : 0);
    }
}

static void observe_asked(void *opaque, const PeriphAccess *a)
{
    InferenceDevice *s = opaque;
    const struct prt_dev *dev = &a->dev->engine->dev;
    uint64_t pc;

    if (!a->cpu || !inference_cpu_pc(a->cpu, &pc)) {
        return;
    }
    s->ask = (InferenceAsk) {
        .valid = true, .kind = PBR_Q_FAULT, .cpu = a->cpu, .pc = pc,
        .dev = a->dev,
        .offset = a->offset, .ask_offset = dev->ask_offset,
        .ask_size = dev->ask_size, .has_value = a->write, .value = a->value,
    };
}

static void observe_changed(void *opaque, PeriphDevice *dev)
{
    InferenceDevice *s = opaque;

    inference_stall_forget(s->stall, dev);
    inference_link_region(s, dev);
}

static void observe_removed(void *opaque, PeriphDevice *dev)
{
    InferenceDevice *s = opaque;

    inference_stall_forget(s->stall, dev);
    inference_link_region_gone(s, dev);
    if (s->ask.dev == dev) {
        s->ask.valid = false;
        s->ask.dev = NULL;
    }
}

/* ---- The machine's own events ---- */

static void vm_state_changed(void *opaque, bool running, RunState state)
{
    InferenceDevice *s = opaque;

    if (running) {
        inference_link_event(s, PBR_E_RUNNING, NULL, NULL);
        if (s->phase != INFERENCE_IDLE) {
            qemu_bh_schedule(s->bh);
        }
    } else {
        inference_link_event(s, PBR_E_PAUSED, NULL, RunState_str(state));
        s->held = false;
        bitmap_zero(s->held_cpus, s->cpu_count);
    }
}

/* CPUs are resumed by whoever resets the machine; the clock is ours. */
static void inference_reset_hold(Object *obj, ResetType type)
{
    InferenceDevice *s = INFERENCE_DEVICE(obj);

    if (s->phase != INFERENCE_IDLE) {
        inference_close_question(s);
    }
    if (s->held) {
        s->held = false;
        bitmap_zero(s->held_cpus, s->cpu_count);
        cpu_enable_ticks();
    }
    s->ask.valid = false;
    s->delivery.valid = false;
    s->fetch_failed = false;
    memset(&s->q, 0, sizeof(s->q));
    inference_stall_forget(s->stall, NULL);
    inference_idle_reset(s->idle);
    inference_link_new_generation(s);
    inference_link_event(s, PBR_E_RESET, NULL, NULL);
}

static void inference_exit(Notifier *notifier, void *data)
{
    InferenceDevice *s = container_of(notifier, InferenceDevice, exit);
    Error *err = NULL;

    if (s->stats_file && !inference_link_write_stats(s, &err)) {
        warn_report_err(err);
    }
    periph_set_observer(NULL);
    inference = NULL;
    inference_link_event(s, PBR_E_SHUTDOWN, NULL, NULL);
    inference_link_send(s, PBR_F_BYE, PBR_BYE_END, 0);
    inference_link_close(s);
}

/* ---- Properties and life ---- */

static bool parse_properties(InferenceDevice *s, Error **errp)
{
    const char *end;

    if (!s->on_timeout || g_str_equal(s->on_timeout, "stop")) {
        s->policy = INFERENCE_STOP;
    } else if (g_str_equal(s->on_timeout, "zero")) {
        s->policy = INFERENCE_ZERO;
    } else if (g_str_equal(s->on_timeout, "abort")) {
        s->policy = INFERENCE_ABORT;
    } else {
        error_setg(errp, "on-timeout must be 'stop', 'zero' or 'abort'");
        return false;
    }
    s->window_last = UINT64_MAX;
    if (s->window &&
        (qemu_strtou64(s->window, &end, 0, &s->window_first) < 0 ||
         *end != '-' ||
         qemu_strtou64(end + 1, NULL, 0, &s->window_last) < 0 ||
         s->window_first > s->window_last)) {
        error_setg(errp, "window must be FIRST-LAST, two addresses");
        return false;
    }
    if (!s->timeout_ms) {
        error_setg(errp, "timeout_ms must not be 0");
        return false;
    }
    s->bridge_name = s->bridge_name ?: g_strdup(PBR_DEFAULT_BRIDGE);
    s->state_name = s->state_name ?: g_strdup(PBR_DEFAULT_STATE);
    return true;
}

static bool observe_existing(PeriphDevice *dev, void *opaque)
{
    observe_changed(opaque, dev);
    return false;
}

static void start(InferenceDevice *s)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        s->cpu_count = MAX(s->cpu_count, cs->cpu_index + 1);
    }
    s->held_cpus = bitmap_new(s->cpu_count);
    s->stall = inference_stall_new(s->cpu_count, s->stall_reads);
    s->idle = inference_idle_new(s);
    s->bh = qemu_bh_new_guarded(inference_bh, s,
                                &DEVICE(s)->mem_reentrancy_guard);
    s->timeout = timer_new_ms(QEMU_CLOCK_REALTIME, inference_question_timeout,
                              s);
}

static void inference_realize(DeviceState *dev, Error **errp)
{
    InferenceDevice *s = INFERENCE_DEVICE(dev);

    if (inference) {
        error_setg(errp, "there is an inference-device already");
        return;
    }
    if (!tcg_enabled() || !first_cpu) {
        error_setg(errp, "inference-device needs TCG and a CPU");
        return;
    }
    if (!parse_properties(s, errp)) {
        return;
    }
    start(s);
    if (!inference_link_open(s, errp)) {
        return;
    }
    if (s->profile && !periph_board_apply_file(s->profile, NULL, errp)) {
        inference_link_close(s);
        return;
    }
    if (s->ask_unimplemented) {
        inference_claim_stubs(s);
    }
    inference_cpu_hook_all();
    s->observer = (PeriphObserver) {
        .reading = observe_reading,
        .done = observe_done,
        .asked = observe_asked,
        .changed = observe_changed,
        .removed = observe_removed,
        .opaque = s,
    };
    periph_set_observer(&s->observer);
    periph_device_find(observe_existing, s);
    s->vmstate_entry = qemu_add_vm_change_state_handler(vm_state_changed, s);
    s->exit.notify = inference_exit;
    qemu_add_exit_notifier(&s->exit);
    qemu_register_resettable(OBJECT(dev));
    periph_state_register();
    inference = s;
}

static void inference_set_load(Object *obj, const char *value, Error **errp)
{
    int64_t start = g_get_monotonic_time();
    PeriphApplied applied;

    if (!DEVICE(obj)->realized) {
        error_setg(errp, "use 'profile' before the device is created");
        return;
    }
    if (!periph_board_apply_file(value, &applied, errp)) {
        return;
    }
    trace_inference_applied(applied.created, applied.replaced,
                            applied.memories, g_get_monotonic_time() - start);
    if (INFERENCE_DEVICE(obj)->phase == INFERENCE_OPEN) {
        /* Perhaps that was the answer; if not, it is asked again. */
        inference_finish_question(INFERENCE_DEVICE(obj), PBR_V_RETRY);
    }
}

/* The guest has come to where it must not: what led there? */
static void inference_set_avoided(Object *obj, int64_t cpu, Error **errp)
{
    InferenceDevice *s = INFERENCE_DEVICE(obj);
    CPUState *cs = qemu_get_cpu(cpu);

    if (!DEVICE(obj)->realized || !cs) {
        error_setg(errp, "there is no CPU %" PRId64, cpu);
        return;
    }
    if (s->phase != INFERENCE_IDLE) {
        error_setg(errp, "a question is open");
        return;
    }
    begin_question(s, cs, PBR_Q_CRASH, 0);
    s->q.flags |= PBR_QF_AVOIDED;
    s->q.repeat = 0;
    s->q.phys = 0;
}

static void inference_take_avoided(Object *obj, Visitor *v, const char *name,
                                   void *opaque, Error **errp)
{
    int64_t cpu;

    if (visit_type_int(v, name, &cpu, errp)) {
        inference_set_avoided(obj, cpu, errp);
    }
}

static void inference_init(Object *obj)
{
    InferenceDevice *s = INFERENCE_DEVICE(obj);

    s->listen_fd = -1;
    s->peer_fd = -1;
}

static const Property inference_properties[] = {
    DEFINE_PROP_STRING("bridge_mem", InferenceDevice, bridge_name),
    DEFINE_PROP_STRING("state_mem", InferenceDevice, state_name),
    DEFINE_PROP_UINT32("timeout_ms", InferenceDevice, timeout_ms, 30000),
    DEFINE_PROP_STRING("on-timeout", InferenceDevice, on_timeout),
    DEFINE_PROP_STRING("window", InferenceDevice, window),
    DEFINE_PROP_STRING("profile", InferenceDevice, profile),
    DEFINE_PROP_UINT32("stall-reads", InferenceDevice, stall_reads, 64),
    DEFINE_PROP_BOOL("ask-crash", InferenceDevice, ask_crash, false),
    DEFINE_PROP_BOOL("ask-unimplemented", InferenceDevice, ask_unimplemented,
                     false),
    DEFINE_PROP_UINT32("records", InferenceDevice, records,
                       PBR_RECORDS_DEFAULT),
    DEFINE_PROP_STRING("stats", InferenceDevice, stats_file),
};

static void inference_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "asks a daemon about what no device answers";
    dc->realize = inference_realize;
    dc->hotpluggable = false;
    rc->phases.hold = inference_reset_hold;
    device_class_set_props(dc, inference_properties);
    object_class_property_add_str(klass, "load", NULL, inference_set_load);
    object_class_property_add(klass, "avoided", "int", NULL,
                              inference_take_avoided, NULL, NULL);
    object_class_property_set_description(klass, "avoided",
                                          "CPU that has come to where the "
                                          "guest must not: asks what led "
                                          "there");
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo inference_info = {
    .name = TYPE_INFERENCE_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(InferenceDevice),
    .instance_init = inference_init,
    .class_init = inference_class_init,
};

static void inference_register_types(void)
{
    type_register_static(&inference_info);
}

type_init(inference_register_types)
