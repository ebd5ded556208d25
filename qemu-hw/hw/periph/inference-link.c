/*
 * Inference device: shared memories, doorbell and statistics
 *
 * Nothing here waits for the daemon: it may be slow, absent, or write
 * garbage.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "hw/periph/periph-board.h"
#include "inference-internal.h"
#include "trace.h"

/* ---- Frames ---- */

static void hang_up(InferenceDevice *s)
{
    if (s->peer_fd >= 0) {
        qemu_set_fd_handler(s->peer_fd, NULL, NULL, NULL);
        close(s->peer_fd);
        s->peer_fd = -1;
    }
    s->greeted = false;
}

static void send_raw(InferenceDevice *s, uint32_t type, uint32_t arg,
                     uint64_t seq)
{
    trace_inference_send(pbr_frame_type_name(type), arg, seq);
    if (pbr_send(s->peer_fd, type, arg, seq, 0) != PBR_OK) {
        hang_up(s);
    }
}

void inference_link_send(InferenceDevice *s, uint32_t type, uint32_t arg,
                         uint64_t seq)
{
    if (s->greeted) {
        send_raw(s, type, arg, seq);
    }
}

void inference_link_ack(InferenceDevice *s, uint32_t type, uint32_t ack,
                        uint64_t seq, const char *message)
{
    if (ack != PBR_ACK_OK) {
        struct pbr_note note = { .seq = seq, .ack = ack };

        pstrcpy(note.message, sizeof(note.message), message);
        pbr_note_write(s->bridge, &note);
        if (ack == PBR_ACK_BAD_TABLE) {
            pbr_stats_count(&s->bridge->stats.bad_tables);
        } else {
            pbr_stats_count(&s->bridge->stats.bad_answers);
        }
    }
    inference_link_send(s, type, ack, seq);
}

void inference_link_event(InferenceDevice *s, uint32_t kind,
                          const InferenceException *exc, const char *message)
{
    struct pbr_event_info info = {
        .seq = ++s->event_seq,
        .generation = s->generation,
        .kind = kind,
        .time_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
    };

    if (exc) {
        info.cpu_index = exc->cpu->cpu_index;
        info.exception = exc->kind;
        info.el = exc->el;
        info.pc = exc->pc;
        info.esr = exc->esr;
        info.far = exc->far;
        info.vector = exc->vector;
    }
    pstrcpy(info.message, sizeof(info.message), message ?: "");
    pbr_event_write(s->bridge, &info);
    inference_link_send(s, PBR_F_EVENT, kind, info.seq);
}

static void greet(InferenceDevice *s, const struct pbr_frame *f)
{
    send_raw(s, PBR_F_HELLO_ACK, PBR_HELLO_ARG, s->generation);
    if (s->peer_fd < 0) {
        return;
    }
    if (!pbr_hello_fits(f->arg)) {
        send_raw(s, PBR_F_BYE, PBR_BYE_VERSION, 0);
        hang_up(s);
        return;
    }
    s->greeted = true;
    pbr_stats_count(&s->bridge->stats.connects);
    inference_restart_timeout(s);
    if (s->phase == INFERENCE_OPEN) {
        inference_link_send(s, PBR_F_QUESTION, s->q.kind, s->q.seq);
    }
}

static void handle_frame(InferenceDevice *s, const struct pbr_frame *f)
{
    trace_inference_receive(pbr_frame_type_name(f->type), f->arg, f->seq);
    if (!s->greeted && f->type != PBR_F_HELLO) {
        send_raw(s, PBR_F_BYE, PBR_BYE_PROTOCOL, 0);
        hang_up(s);
        return;
    }
    inference_restart_timeout(s);
    switch (f->type) {
    case PBR_F_HELLO:
        greet(s, f);
        break;
    case PBR_F_ANSWER:
        inference_answer(s);
        break;
    case PBR_F_LOAD:
        inference_load(s, f->seq);
        break;
    case PBR_F_PAGE_REQ:
        inference_serve_page(s, f->seq);
        break;
    case PBR_F_MUTE:
        inference_mute_at(s, f->seq, f->arg2);
        break;
    case PBR_F_PULSE:
        inference_irq_pulse(f->arg);
        break;
    case PBR_F_WATCH:
        inference_stall_watch(s->stall, f->seq, f->arg2, f->arg);
        break;
    case PBR_F_BEAT:
        break;
    case PBR_F_BYE:
        hang_up(s);
        break;
    default:
        send_raw(s, PBR_F_BYE, PBR_BYE_PROTOCOL, 0);
        hang_up(s);
        break;
    }
}

static void peer_readable(void *opaque)
{
    InferenceDevice *s = opaque;
    struct pbr_frame frame;
    int got = pbr_recv(s->peer_fd, &s->stream);
    int ret;

    if (got == PBR_ERR_AGAIN) {
        return;
    }
    while (s->peer_fd >= 0) {
        ret = pbr_stream_get(&s->stream, &frame);
        if (ret == PBR_ERR_BAD) {
            send_raw(s, PBR_F_BYE, PBR_BYE_PROTOCOL, 0);
            hang_up(s);
        }
        if (ret != 1) {
            break;
        }
        handle_frame(s, &frame);
    }
    if (got != PBR_OK) {
        hang_up(s);
    }
}

/* A second daemon is sent away, unless the first has died unnoticed. */
static void listener_readable(void *opaque)
{
    InferenceDevice *s = opaque;
    uint8_t unread[16 * PBR_FRAME_SIZE];
    int fd;

    if (pbr_accept(s->listen_fd, &fd) != PBR_OK) {
        return;
    }
    if (s->peer_fd >= 0) {
        pbr_send(fd, PBR_F_BYE, PBR_BYE_BUSY, 0, 0);
        /* Closed with something unread, it would get an error instead. */
        trace_inference_busy(recv(fd, unread, sizeof(unread), MSG_DONTWAIT));
        close(fd);
        return;
    }
    s->peer_fd = fd;
    s->greeted = false;
    pbr_stream_init(&s->stream);
    qemu_set_fd_handler(fd, peer_readable, NULL, s);
}

/* ---- Access records ---- */

void inference_link_record(InferenceDevice *s, const PeriphAccess *a,
                           bool has_pc, uint64_t pc)
{
    struct pbr_record r = {
        .time_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
        .pc = pc,
        .address = periph_device_address(a->dev, a->offset),
        .value = a->value,
        .offset = a->offset,
        .reg = a->reg,
        .device = MIN(a->dev->region, PBR_NO_DEVICE),
        .size = a->size,
        .flags = (a->write ? PBR_R_WRITE : 0)
                 | (a->attrs.secure ? PBR_R_SECURE : 0)
                 | (a->attrs.user ? PBR_R_USER : 0)
                 | (has_pc ? 0 : PBR_R_NO_PC)
                 | (a->reg == PRT_NONE ? PBR_R_UNMAPPED : 0),
    };

    if (a->cpu) {
        r.cpu = a->cpu->cpu_index;
        r.context = inference_cpu_context(a->cpu, &r.exception);
        r.flags |= (inference_cpu_thumb(a->cpu) ? PBR_R_THUMB : 0)
                   | (r.exception ? PBR_R_HANDLER : 0);
    } else {
        r.flags |= PBR_R_PEER;
    }
    periph_log_record(s->state, &r, NULL);
    pbr_stats_count(&s->bridge->stats.accesses);
}

/* A device that was there before takes its old entry. */
static uint32_t choose_region(InferenceDevice *s,
                              const struct pbr_region *region)
{
    uint32_t i;

    for (i = 0; i < s->state->regions; i++) {
        if (!s->state->mem->regions[i].size &&
            !strncmp(s->state->mem->regions[i].name, region->name,
                     PBR_NAME_MAX - 1)) {
            return i;
        }
    }
    return periph_log_add_region(s->state, region);
}

void inference_link_region_gone(InferenceDevice *s, PeriphDevice *dev)
{
    struct pbr_region region;

    if (dev->region < PBR_REGIONS_MAX) {
        region = s->state->mem->regions[dev->region];
        region.size = 0;
        pbr_region_set(s->state->mem, dev->region, &region);
    }
    dev->region = UINT32_MAX;
}

void inference_link_region(InferenceDevice *s, PeriphDevice *dev)
{
    const struct prt_dev_header *head = dev->engine->table.head;
    struct pbr_region region = {
        .base = dev->addr,
        .size = dev->pieces[0].size,
        .registers = dev->engine->table.nregs,
        .model_hash = head->model_hash,
        .flags = (dev->flags & PRT_INST_INFERRED ? PBR_REGION_INFERRED : 0)
                 | (dev->flags & PRT_INST_CLOSED ? PBR_REGION_CLOSED : 0),
    };

    pstrcpy(region.name, sizeof(region.name), dev->name);
    if (dev->region == UINT32_MAX) {
        dev->region = choose_region(s, &region);
    }
    if (dev->region >= PBR_REGIONS_MAX) {
        return;
    }
    region.reads = s->state->mem->regions[dev->region].reads;
    region.writes = s->state->mem->regions[dev->region].writes;
    pbr_region_set(s->state->mem, dev->region, &region);
}

/* ---- Statistics ---- */

static void put_latency(QDict *all, InferenceDevice *s, uint32_t kind,
                        const char *name)
{
    g_autofree uint32_t *scratch = g_new(uint32_t, PBR_LATENCY_COUNT);
    struct pbr_latency l;
    QDict *d = qdict_new();

    pbr_stats_latency(s->bridge, kind, scratch, &l);
    qdict_put_int(d, "count", l.count);
    qdict_put_int(d, "p50", l.p50);
    qdict_put_int(d, "p99", l.p99);
    qdict_put_int(d, "max", l.max);
    qdict_put(all, name, d);
}

static QDict *stats_dict(InferenceDevice *s)
{
    static const struct {
        const char *name;
        size_t offset;
    } counters[] = {
#define COUNTER(n) { #n, offsetof(struct pbr_stats, n) }
        COUNTER(timeouts), COUNTER(bad_answers), COUNTER(bad_tables),
        COUNTER(loads), COUNTER(exceptions), COUNTER(irqs), COUNTER(pages),
        COUNTER(connects), COUNTER(accesses),
#undef COUNTER
    };
    const struct pbr_stats *st = &s->bridge->stats;
    QDict *d = qdict_new(), *q = qdict_new(), *v = qdict_new();
    QDict *l = qdict_new();
    unsigned i;

    for (i = 1; i < PBR_Q_COUNT_; i++) {
        const char *name = pbr_question_kind_name(i);

        qdict_put_int(q, name, st->questions[i]);
        put_latency(l, s, i, name);
    }
    for (i = 1; i < PBR_V_COUNT_; i++) {
        qdict_put_int(v, pbr_verdict_name(i), st->verdicts[i]);
    }
    for (i = 0; i < ARRAY_SIZE(counters); i++) {
        qdict_put_int(d, counters[i].name,
                      *(uint64_t *)((char *)st + counters[i].offset));
    }
    qdict_put_int(d, "asks", periph_counts.asks);
    qdict_put_int(d, "aborts", periph_counts.aborts);
    qdict_put(d, "questions", q);
    qdict_put(d, "verdicts", v);
    qdict_put(d, "latency_us", l);
    return d;
}

bool inference_link_write_stats(InferenceDevice *s, Error **errp)
{
    g_autoptr(QDict) d = stats_dict(s);
    g_autoptr(GString) text = qobject_to_json_pretty(QOBJECT(d), true);
    g_autoptr(GError) gerr = NULL;

    g_string_append_c(text, '\n');
    if (!g_file_set_contents(s->stats_file, text->str, text->len, &gerr)) {
        error_setg(errp, "%s", gerr->message);
        return false;
    }
    return true;
}

/* ---- Life ---- */

void inference_link_new_generation(InferenceDevice *s)
{
    s->generation++;
    pbr_bridge_set_generation(s->bridge, s->generation);
    s->state->mem->header.generation = s->generation;
}

static void beat(void *opaque)
{
    InferenceDevice *s = opaque;

    pbr_bridge_qemu_beat(s->bridge);
    timer_mod(s->beat, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + 1000);
}

static bool open_bridge(InferenceDevice *s, Error **errp)
{
    const char *type = object_get_typename(OBJECT(first_cpu));
    g_autofree char *model = cpu_model_from_type(type);
    struct pbr_bridge_options options = {
        .qemu_pid = getpid(),
        .arch = inference_cpu_arch(first_cpu),
        .cpu_count = s->cpu_count,
        .cpu_model = model ?: type,
        .state_mem = s->state_name,
        .board = periph_board_name(),
        .generation = s->generation,
    };
    int ret = pbr_shm_create(&s->bridge_shm, s->bridge_name,
                             sizeof(struct pbr_bridge));

    if (ret != PBR_OK) {
        error_setg(errp, "bridge_mem '%s': %s", s->bridge_name,
                   pbr_strerror(ret));
        return false;
    }
    s->bridge = s->bridge_shm.mem;
    pbr_bridge_format(s->bridge, &options);
    return true;
}

/* A memory that a proxy has made already keeps what that wanted. */
static bool open_state(InferenceDevice *s, Error **errp)
{
    s->state = periph_log_get(s->state_name, s->records, false, errp);
    if (!s->state) {
        return false;
    }
    s->state->mem->header.generation = s->generation;
    return true;
}

bool inference_link_open(InferenceDevice *s, Error **errp)
{
    int ret;

    s->bridge_shm = (struct pbr_shm) PBR_SHM_INIT;
    s->generation = pbr_generation_new();
    if (!open_state(s, errp) || !open_bridge(s, errp)) {
        inference_link_close(s);
        return false;
    }
    ret = pbr_listen(s->bridge_name, &s->listen_fd);
    if (ret != PBR_OK) {
        s->listen_fd = -1;
        error_setg(errp, "socket of bridge_mem '%s': %s", s->bridge_name,
                   pbr_strerror(ret));
        inference_link_close(s);
        return false;
    }
    qemu_set_fd_handler(s->listen_fd, listener_readable, NULL, s);
    s->beat = timer_new_ms(QEMU_CLOCK_REALTIME, beat, s);
    beat(s);
    return true;
}

/* The bridge memory goes last: its lock vouches for the socket. */
void inference_link_close(InferenceDevice *s)
{
    hang_up(s);
    if (s->listen_fd >= 0) {
        qemu_set_fd_handler(s->listen_fd, NULL, NULL, NULL);
        pbr_listen_close(s->bridge_name, &s->listen_fd);
        s->listen_fd = -1;
    }
    g_clear_pointer(&s->beat, timer_free);
    g_clear_pointer(&s->state, periph_log_put);
    pbr_shm_close(&s->bridge_shm);
    s->bridge = NULL;
}
