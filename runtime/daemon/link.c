/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's end of the bridge: attaching, frames, pages, the ring. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "runtime/daemon/daemon.h"

#define BEAT_NS 20000000u               /* between two beats, at least */
#define PAGE_TIMEOUT_MS 5000            /* QEMU's main loop never blocks */
#define LOAD_BIT ((uint64_t)1 << 63)    /* marks the number of a LOAD */

/* ---- Attaching ---- */

static void problem(struct pdm *d, const char *what, int err)
{
    if (!d->told_problem) {
        pdm_say(&d->options.log, PDM_WARN, "%s: %s%s%s; trying again", what,
                pbr_strerror(err), err == PBR_ERR_OS ? ": " : "",
                err == PBR_ERR_OS ? strerror(errno) : "");
        d->told_problem = true;
    }
}

static void close_memories(struct pdm *d)
{
    pbr_shm_close(&d->bridge_shm);
    pbr_shm_close(&d->state_shm);
    d->bridge = NULL;
    d->have_ring = false;
}

/* Maps both memories and checks their headers. */
static int open_memories(struct pdm *d, struct pbr_bridge_header *header)
{
    const char *state = d->options.state_mem;
    int ret;

    ret = pbr_shm_attach(&d->bridge_shm, d->options.bridge_mem,
                         sizeof(struct pbr_bridge), true);
    if (ret == PBR_OK) {
        ret = pbr_bridge_check(d->bridge_shm.mem, d->bridge_shm.size,
                               header);
    }
    if (ret != PBR_OK) {
        problem(d, d->options.bridge_mem, ret);
        return ret;
    }
    d->bridge = d->bridge_shm.mem;
    if (state == NULL) {
        state = header->state_mem;
    }
    if (state[0] == '\0') {
        return PBR_OK;
    }
    ret = pbr_shm_attach(&d->state_shm, state, sizeof(struct pbr_state),
                         false);
    if (ret == PBR_OK) {
        ret = pbr_ring_reader_init(&d->ring, d->state_shm.mem,
                                   d->state_shm.size, true);
        d->have_ring = ret == PBR_OK;
    }
    if (ret != PBR_OK) {
        /* Questions can be answered without, if not as well. */
        pdm_say(&d->options.log, PDM_WARN, "%s: %s; going on without access "
                "records", state, pbr_strerror(ret));
        pbr_shm_close(&d->state_shm);
    }
    return PBR_OK;
}

bool pdm_attach(struct pdm *d)
{
    struct pbr_bridge_header header;
    int ret = pbr_connect(d->options.bridge_mem, &d->fd);

    if (ret != PBR_OK) {
        if (ret != PBR_ERR_EMPTY) {
            problem(d, "doorbell", ret);
        } else if (!d->told_waiting) {
            pdm_say(&d->options.log, PDM_INFO,
                    "waiting for a machine with bridge memory %s",
                    d->options.bridge_mem);
            d->told_waiting = true;
        }
        return false;
    }
    if (open_memories(d, &header) != PBR_OK) {
        pdm_detach(d);
        return false;
    }
    strcpy(d->cpu_model, header.cpu_model);
    pbr_stream_init(&d->stream);
    d->told_problem = false;
    pdm_send(d, PBR_F_HELLO, PBR_HELLO_ARG, 0, (uint64_t)getpid());
    return d->fd >= 0;
}

void pdm_detach(struct pdm *d)
{
    if (d->fd >= 0) {
        close(d->fd);
    }
    d->fd = -1;
    if (d->greeted) {
        pdm_say(&d->options.log, PDM_INFO, "the machine has gone");
    }
    if (d->have_ring) {
        pdm_drain(d);
    }
    close_memories(d);
    d->greeted = false;
    d->told_waiting = false;
    d->asked = false;
    d->blob_seq = 0;
}

void pdm_send(struct pdm *d, uint32_t type, uint32_t arg, uint64_t seq,
              uint64_t arg2)
{
    if (d->fd < 0) {
        return;
    }
    pdm_say(&d->options.log, PDM_DEBUG, "> %s %" PRIu32 " #%" PRIx64,
            pbr_frame_type_name(type), arg, seq);
    if (pbr_send(d->fd, type, arg, seq, arg2) != PBR_OK) {
        pdm_detach(d);
    }
}

void pdm_beat(struct pdm *d)
{
    uint64_t now = pdm_now_ns();

    if (d->greeted && now - d->last_beat_ns >= BEAT_NS) {
        d->last_beat_ns = now;
        pbr_bridge_daemon_beat(d->bridge, (uint32_t)getpid());
        pdm_send(d, PBR_F_BEAT, 0, d->question.seq, 0);
    }
}

/* ---- Ring ---- */

uint64_t pdm_drain(struct pdm *d)
{
    struct pbr_record r;
    struct inf_access a;
    uint64_t lost = d->ring.lost;
    uint64_t n = 0;
    uint64_t most = (uint64_t)d->ring.mask + 1;

    /* A guest that runs may write as fast as this reads: one ring is enough. */
    while (d->have_ring && n < most && pbr_ring_get(&d->ring, &r, NULL) > 0) {
        n++;
        /* Neither DMA nor the marks of interrupts are accesses of a CPU. */
        if (r.flags & (PBR_R_PEER | PBR_R_IRQ | PBR_R_IRQ_END)) {
            continue;
        }
        memset(&a, 0, sizeof(a));
        a.time_ns = r.time_ns;
        a.phys = r.address;
        a.pc = r.flags & PBR_R_NO_PC ? 0 : r.pc;
        a.value = r.value;
        a.size = r.size;
        a.cpu = r.cpu;
        a.exception = r.exception;
        a.write = (r.flags & PBR_R_WRITE) != 0;
        inf_evidence_add(d->evidence, &a);
    }
    if (d->have_ring) {
        d->counts.lost_records += d->ring.lost - lost;
    }
    d->ring_seen += n;
    return n;
}

/* ---- Frames ---- */

static void new_generation(struct pdm *d, uint64_t generation)
{
    struct inf_event event;

    if (generation == d->generation) {
        return;
    }
    pdm_drain(d);
    if (d->generation != 0) {
        inf_evidence_reset(d->evidence);
    }
    d->generation = generation;
    d->repushed_pc = d->repushed_phys = 0;
    memset(&event, 0, sizeof(event));
    event.kind = INF_EV_RESET;
    event.generation = (uint32_t)generation;
    pdm_note(d, &event);
}

static void on_hello_ack(struct pdm *d, const struct pbr_frame *f)
{
    if (!pbr_hello_fits(f->arg)) {
        pdm_say(&d->options.log, PDM_ERROR, "QEMU speaks version %u of the "
                "bridge, this program %u", f->arg >> 16, PBR_VERSION);
        pdm_send(d, PBR_F_BYE, PBR_BYE_VERSION, 0, 0);
        pdm_detach(d);
        return;
    }
    d->greeted = true;
    d->told_busy = false;
    pdm_say(&d->options.log, PDM_INFO, "attached to a machine with %s",
            d->cpu_model[0] != '\0' ? d->cpu_model : "a CPU");
    new_generation(d, pbr_bridge_generation(d->bridge));
    pdm_waits_send(d);
    pdm_watches_send(d);
    /* Whoever waits for this daemon may let the guest go from here on. */
    if (d->fd >= 0) {
        pbr_bridge_daemon_beat(d->bridge, (uint32_t)getpid());
    }
}

static void on_question(struct pdm *d, const struct pbr_frame *f)
{
    struct pbr_question q;
    int ret = pbr_question_read(d->bridge, &q);

    if (ret != PBR_OK || q.seq != f->seq) {
        /* A newer one follows, or QEMU is broken: its time-out tells. */
        pdm_say(&d->options.log, PDM_WARN, "question %" PRIu64 ": %s",
                f->seq, ret != PBR_OK ? pbr_strerror(ret) : "overtaken");
        return;
    }
    new_generation(d, q.generation);
    d->question = q;
    d->asked = true;
}

static void on_event(struct pdm *d, const struct pbr_frame *f)
{
    struct pbr_event_info info;
    struct inf_event event;

    if (pbr_event_read(d->bridge, &info) != PBR_OK || info.seq != f->seq) {
        memset(&info, 0, sizeof(info));
        info.kind = f->arg;
    }
    pdm_say(&d->options.log, PDM_DEBUG, "event %s pc 0x%" PRIx64 " esr 0x%"
            PRIx64 " far 0x%" PRIx64 " %s", pbr_event_name(info.kind),
            info.pc, info.esr, info.far, info.message);
    memset(&event, 0, sizeof(event));
    event.generation = (uint32_t)d->generation;
    event.time_ns = info.time_ns;
    event.pc = info.pc;
    event.esr = info.esr;
    event.far = info.far;
    switch (info.kind) {
    case PBR_E_RESET:
        new_generation(d, pbr_bridge_generation(d->bridge));
        break;
    case PBR_E_EXCEPTION:
        event.kind = INF_EV_EXCEPTION;
        pdm_drain(d);
        pdm_note(d, &event);
        break;
    case PBR_E_SHUTDOWN:
        event.kind = INF_EV_SHUTDOWN;
        pdm_drain(d);
        pdm_note(d, &event);
        d->work_left = true;
        break;
    case PBR_E_TIMEOUT:
        pdm_say(&d->options.log, PDM_WARN, "QEMU gave a question up: %s",
                info.message);
        d->asked = false;
        break;
    default:
        break;
    }
}

static void on_ack(struct pdm *d, const struct pbr_frame *f)
{
    struct inf_event event;
    struct pbr_note note;

    if (f->seq != d->blob_seq) {
        return;
    }
    d->blob_seq = 0;
    memset(&event, 0, sizeof(event));
    event.generation = (uint32_t)d->generation;
    event.hypothesis = d->hypothesis;
    if (f->arg == PBR_ACK_OK) {
        event.kind = INF_EV_LOADED;
    } else {
        event.kind = INF_EV_REFUSED;
        if (pbr_note_read(d->bridge, &note) != PBR_OK || note.seq != f->seq) {
            note.message[0] = '\0';
        }
        pdm_say(&d->options.log, f->arg == PBR_ACK_STALE ? PDM_INFO :
                PDM_ERROR, "QEMU refused %s (%" PRIu32 ")%s%s",
                d->answer_in_blob ? "an answer" : "a table", f->arg,
                note.message[0] != '\0' ? ": " : "", note.message);
        d->counts.refused++;
    }
    pdm_note(d, &event);
    if (d->answer_in_blob && f->arg != PBR_ACK_OK &&
        f->arg != PBR_ACK_STALE &&
        pbr_bridge_open(d->bridge) == d->question.seq) {
        /* The question is still open: say so instead of asking forever. */
        struct pbr_answer stop;

        memset(&stop, 0, sizeof(stop));
        stop.seq = d->question.seq;
        stop.generation = d->question.generation;
        stop.verdict = PBR_V_STOP;
        snprintf(stop.message, sizeof(stop.message), "the machine refused "
                 "the table made for it: %.200s", note.message);
        pbr_answer_write(d->bridge, &stop);
        pdm_send(d, PBR_F_ANSWER, PBR_V_STOP, stop.seq, 0);
    }
}

static void handle(struct pdm *d, const struct pbr_frame *f)
{
    pdm_say(&d->options.log, PDM_DEBUG, "< %s %" PRIu32 " #%" PRIx64,
            pbr_frame_type_name(f->type), f->arg, f->seq);
    switch (f->type) {
    case PBR_F_HELLO_ACK:
        on_hello_ack(d, f);
        break;
    case PBR_F_QUESTION:
        on_question(d, f);
        break;
    case PBR_F_ANSWER_ACK:
    case PBR_F_LOAD_ACK:
        on_ack(d, f);
        break;
    case PBR_F_EVENT:
        on_event(d, f);
        break;
    case PBR_F_BYE:
        if (f->arg == PBR_BYE_BUSY && !d->told_busy) {
            pdm_say(&d->options.log, PDM_WARN, "another daemon serves this "
                    "machine; waiting for its end");
            d->told_busy = true;
        }
        pdm_detach(d);
        break;
    case PBR_F_PAGE_REP:
        break;                          /* of a wait that was given up */
    default:
        pdm_say(&d->options.log, PDM_WARN, "QEMU sent a %s frame",
                pbr_frame_type_name(f->type));
        break;
    }
}

/*
 * Takes frames until one of @type with @seq comes (true) or there are no
 * more.  Others are handled, but for a question nothing is done here.
 */
static bool take_frames(struct pdm *d, uint32_t type, uint64_t seq)
{
    struct pbr_frame f;
    int got = 0;

    while (d->fd >= 0 && (got = pbr_stream_get(&d->stream, &f)) > 0) {
        if (f.type == type && f.seq == seq) {
            return true;
        }
        handle(d, &f);
    }
    if (got < 0) {
        pdm_say(&d->options.log, PDM_ERROR, "QEMU sent garbage");
        pdm_send(d, PBR_F_BYE, PBR_BYE_PROTOCOL, 0, 0);
        pdm_detach(d);
    }
    return false;
}

void pdm_receive(struct pdm *d)
{
    int ret = PBR_OK;

    while (d->fd >= 0 && ret == PBR_OK) {
        ret = pbr_recv(d->fd, &d->stream);
        take_frames(d, 0, 0);
        if (ret == PBR_ERR_CLOSED && d->fd >= 0) {
            pdm_detach(d);
        }
    }
}

/* Waits for one frame while the machine is paused. */
static bool wait_frame(struct pdm *d, uint32_t type, uint64_t seq,
                       int timeout_ms)
{
    uint64_t end = pdm_now_ns() + (uint64_t)timeout_ms * 1000000;
    struct pollfd p;
    int ret;

    while (d->fd >= 0) {
        if (take_frames(d, type, seq)) {
            return true;
        }
        if (d->fd < 0 || pdm_now_ns() >= end) {
            return false;
        }
        p.fd = d->fd;
        p.events = POLLIN;
        poll(&p, 1, (int)((end - pdm_now_ns()) / 1000000) + 1);
        ret = pbr_recv(d->fd, &d->stream);
        if (ret == PBR_ERR_CLOSED) {
            pdm_detach(d);
        }
    }
    return false;
}

/* ---- Pages ---- */

static void page_out(const struct pbr_page_reply *rep, struct inf_page *out)
{
    static const uint32_t kinds[] = {
        [PBR_KIND_NONE] = INF_PAGE_NONE, [PBR_KIND_RAM] = INF_PAGE_RAM,
        [PBR_KIND_ROM] = INF_PAGE_ROM, [PBR_KIND_ROMD] = INF_PAGE_ROM,
        [PBR_KIND_IO] = INF_PAGE_IO,
    };

    memset(out, 0, sizeof(*out));
    out->phys = rep->phys;
    if (rep->status == PBR_PAGE_UNMAPPED) {
        out->kind = INF_PAGE_UNMAPPED;
        return;
    }
    out->kind = kinds[rep->kind];
    out->readable = (rep->prot & PBR_PROT_READ) != 0;
    out->writable = (rep->prot & PBR_PROT_WRITE) != 0;
    out->executable = (rep->prot & PBR_PROT_EXEC) != 0;
    memcpy(out->bytes, rep->bytes, sizeof(out->bytes));
}

int pdm_page(struct pdm *d, uint64_t address, bool virt, struct inf_page *out)
{
    struct pbr_page_request req;
    struct pbr_page_reply rep;

    if (d->fd < 0) {
        return INF_E_PAGE;
    }
    memset(&req, 0, sizeof(req));
    req.seq = ++d->page_seq;
    req.address = address & ~(uint64_t)(PBR_PAGE_SIZE - 1);
    req.cpu_index = d->question.cpu_index;
    if (virt) {
        req.flags |= PBR_PAGE_VIRTUAL;
    } else if (d->question.flags & PBR_QF_SECURE) {
        req.flags |= PBR_PAGE_SECURE;
    }
    pbr_page_request_write(d->bridge, &req);
    pdm_send(d, PBR_F_PAGE_REQ, req.flags, req.seq, req.address);
    if (!wait_frame(d, PBR_F_PAGE_REP, req.seq, PAGE_TIMEOUT_MS) ||
        pbr_page_reply_read(d->bridge, &rep) != PBR_OK ||
        rep.seq != req.seq || rep.address != req.address ||
        (rep.status != PBR_PAGE_OK && rep.status != PBR_PAGE_UNMAPPED)) {
        return INF_E_PAGE;
    }
    page_out(&rep, out);
    return 0;
}

/* ---- Unasked tables ---- */

void pdm_send_load(struct pdm *d, const uint8_t *console, size_t size)
{
    struct pbr_answer load;
    const void *table;
    size_t bytes;

    table = pfl_table(d->board, &bytes);
    if (bytes == 0 || pbr_blob_put(d->bridge, table, bytes) != PBR_OK) {
        pdm_say(&d->options.log, PDM_ERROR, "a table of %zu bytes does not "
                "fit", bytes);
        return;
    }
    memset(&load, 0, sizeof(load));
    load.seq = ++d->load_seq | LOAD_BIT;
    load.generation = d->generation;
    load.verdict = PBR_V_TABLES;
    load.blob_size = (uint32_t)bytes;
    pdm_console_put(&load, console, size);
    pbr_answer_write(d->bridge, &load);
    d->blob_seq = load.seq;
    d->answer_in_blob = false;
    d->hypothesis = 0;
    pdm_send(d, PBR_F_LOAD, 0, load.seq, bytes);
}

void pdm_console_put(struct pbr_answer *a, const uint8_t *text, size_t size)
{
    if (size > PBR_CONSOLE_MAX) {
        text += size - PBR_CONSOLE_MAX;
        size = PBR_CONSOLE_MAX;
    }
    if (size > 0) {
        memcpy(a->console, text, size);
        a->console_size = (uint32_t)size;
    }
}
