/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Header, slots, blob, frames and names of the bridge. */
#include "runtime/bridge/bridge.h"

#include <string.h>

#include "runtime/bridge/slot.h"

/* A reader gives up after so many looks at a slot being written. */
#define SLOT_TRIES 64

/* ---- Copies and the lock word ---- */

/* Words of structures of any type. */
typedef uint64_t __attribute__((may_alias)) pbr_word;

void pbr_load_words(void *to, const void *shared, size_t bytes)
{
    pbr_word *d = to;
    const pbr_word *s = shared;
    size_t i;

    for (i = 0; i < bytes / 8; i++) {
        d[i] = __atomic_load_n(&s[i], __ATOMIC_RELAXED);
    }
}

void pbr_store_words(void *shared, const void *from, size_t bytes)
{
    pbr_word *d = shared;
    const pbr_word *s = from;
    size_t i;

    for (i = 0; i < bytes / 8; i++) {
        __atomic_store_n(&d[i], s[i], __ATOMIC_RELAXED);
    }
}

void pbr_slot_write(uint64_t *lock, void *shared, const void *from,
                    size_t bytes)
{
    /* A writer that died left it odd: the next odd number is as good. */
    uint64_t odd = (__atomic_load_n(lock, __ATOMIC_RELAXED) + 1) | 1;

    __atomic_store_n(lock, odd, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    pbr_store_words(shared, from, bytes);
    odd++;
    __atomic_store_n(lock, odd != 0 ? odd : 2, __ATOMIC_RELEASE);
}

int pbr_slot_read(const uint64_t *lock, void *to, const void *shared,
                  size_t bytes)
{
    uint64_t before, after;
    int i;

    for (i = 0; i < SLOT_TRIES; i++) {
        before = __atomic_load_n(lock, __ATOMIC_ACQUIRE);
        if (before == 0) {
            return PBR_ERR_EMPTY;
        }
        if (before & 1) {
            continue;
        }
        pbr_load_words(to, shared, bytes);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        after = __atomic_load_n(lock, __ATOMIC_RELAXED);
        if (before == after) {
            return PBR_OK;
        }
    }
    return PBR_ERR_TORN;
}

void pbr_end_text(char *text, size_t size)
{
    size_t i;

    text[size - 1] = '\0';
    for (i = 0; text[i] != '\0'; i++) {
        unsigned char c = text[i];

        /* Control characters must not reach anybody's terminal. */
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
            text[i] = '?';
        }
    }
}

void pbr_put_text(char *field, size_t size, const char *text)
{
    size_t len = text != NULL ? strnlen(text, size - 1) : 0;

    memset(field, 0, size);
    if (len > 0) {
        memcpy(field, text, len);
    }
}

/* ---- Names ---- */

static const char *name_of(const char *const *names, size_t count,
                           uint32_t value)
{
    return value < count && names[value] != NULL ? names[value] : "?";
}

#define NAME_OF(table, value) \
    name_of(table, sizeof(table) / sizeof((table)[0]), value)

const char *pbr_question_kind_name(uint32_t kind)
{
    static const char *const names[] = {
        [PBR_Q_FAULT] = "fault", [PBR_Q_STALL] = "stall",
        [PBR_Q_IDLE] = "idle", [PBR_Q_CRASH] = "crash",
        [PBR_Q_FETCH] = "fetch",
    };

    return NAME_OF(names, kind);
}

const char *pbr_verdict_name(uint32_t verdict)
{
    static const char *const names[] = {
        [PBR_V_TABLES] = "tables", [PBR_V_RETRY] = "retry",
        [PBR_V_DELIVER] = "deliver", [PBR_V_RESTART] = "restart",
        [PBR_V_STOP] = "stop",
    };

    return NAME_OF(names, verdict);
}

const char *pbr_frame_type_name(uint32_t type)
{
    static const char *const names[] = {
        [PBR_F_HELLO] = "hello", [PBR_F_HELLO_ACK] = "hello-ack",
        [PBR_F_QUESTION] = "question", [PBR_F_ANSWER] = "answer",
        [PBR_F_ANSWER_ACK] = "answer-ack", [PBR_F_BEAT] = "beat",
        [PBR_F_PAGE_REQ] = "page-request", [PBR_F_PAGE_REP] = "page-reply",
        [PBR_F_LOAD] = "load", [PBR_F_LOAD_ACK] = "load-ack",
        [PBR_F_EVENT] = "event", [PBR_F_BYE] = "bye",
        [PBR_F_MUTE] = "mute", [PBR_F_PULSE] = "pulse",
        [PBR_F_WATCH] = "watch",
    };

    return NAME_OF(names, type);
}

const char *pbr_event_name(uint32_t event)
{
    static const char *const names[] = {
        [PBR_E_RESET] = "reset", [PBR_E_RUNNING] = "running",
        [PBR_E_PAUSED] = "paused", [PBR_E_SHUTDOWN] = "shutdown",
        [PBR_E_EXCEPTION] = "exception", [PBR_E_TIMEOUT] = "timeout",
    };

    return NAME_OF(names, event);
}

const char *pbr_page_kind_name(uint32_t kind)
{
    static const char *const names[] = {
        [PBR_KIND_NONE] = "none", [PBR_KIND_RAM] = "ram",
        [PBR_KIND_ROM] = "rom", [PBR_KIND_ROMD] = "romd",
        [PBR_KIND_IO] = "io",
    };

    return NAME_OF(names, kind);
}

const char *pbr_strerror(int err)
{
    static const char *const texts[] = {
        [-PBR_OK] = "success",
        [-PBR_ERR_EMPTY] = "nothing there",
        [-PBR_ERR_TORN] = "the other side is writing or died writing",
        [-PBR_ERR_BAD] = "content out of range",
        [-PBR_ERR_VERSION] = "written for another version of the protocol",
        [-PBR_ERR_MAGIC] = "not a shared memory of this program",
        [-PBR_ERR_SIZE] = "size out of range",
        [-PBR_ERR_IN_USE] = "the name is in use by a running machine",
        [-PBR_ERR_OWNER] = "belongs to another user or is open to others",
        [-PBR_ERR_NAME] = "bad name: 1 to 62 of A-Z a-z 0-9 . _ -",
        [-PBR_ERR_OS] = "system call failed",
        [-PBR_ERR_AGAIN] = "would block",
        [-PBR_ERR_CLOSED] = "the other side has gone",
    };

    if (err > 0 || err < PBR_ERR_LAST_) {
        return "unknown error";
    }
    return texts[-err];
}

/* ---- Header ---- */

void pbr_bridge_format(struct pbr_bridge *mem,
                       const struct pbr_bridge_options *options)
{
    struct pbr_bridge_header h;

    memset(&h, 0, sizeof(h));
    h.version = PBR_VERSION;
    h.compat = PBR_COMPAT;
    h.total_size = sizeof(*mem);
    h.generation = options->generation;
    h.qemu_pid = options->qemu_pid;
    h.arch = options->arch;
    h.cpu_count = options->cpu_count;
    h.blob_offset = offsetof(struct pbr_bridge, blob);
    h.blob_size = PBR_BLOB_SIZE;
    pbr_put_text(h.cpu_model, sizeof(h.cpu_model), options->cpu_model);
    pbr_put_text(h.state_mem, sizeof(h.state_mem), options->state_mem);
    pbr_put_text(h.board, sizeof(h.board), options->board);
    pbr_store_words(&mem->header, &h, sizeof(h));
    __atomic_store_n(&mem->header.magic, PBR_BRIDGE_MAGIC, __ATOMIC_RELEASE);
}

int pbr_bridge_check(const struct pbr_bridge *mem, uint64_t size,
                     struct pbr_bridge_header *header)
{
    struct pbr_bridge_header h;

    if (size < sizeof(*mem)) {
        return PBR_ERR_SIZE;
    }
    if (__atomic_load_n(&mem->header.magic, __ATOMIC_ACQUIRE) !=
        PBR_BRIDGE_MAGIC) {
        return PBR_ERR_MAGIC;
    }
    pbr_load_words(&h, &mem->header, sizeof(h));
    if (!pbr_hello_fits((uint32_t)h.version << 16 | h.compat)) {
        return PBR_ERR_VERSION;
    }
    if (h.total_size < sizeof(*mem) || h.total_size > size ||
        h.blob_offset != offsetof(struct pbr_bridge, blob) ||
        h.blob_size != PBR_BLOB_SIZE) {
        return PBR_ERR_SIZE;
    }
    if (h.generation == 0 || h.arch == 0 || h.arch >= PBR_ARCH_COUNT_) {
        return PBR_ERR_BAD;
    }
    pbr_end_text(h.cpu_model, sizeof(h.cpu_model));
    pbr_end_text(h.state_mem, sizeof(h.state_mem));
    pbr_end_text(h.board, sizeof(h.board));
    *header = h;
    return PBR_OK;
}

void pbr_bridge_set_generation(struct pbr_bridge *mem, uint64_t generation)
{
    __atomic_store_n(&mem->header.generation, generation, __ATOMIC_RELEASE);
}

uint64_t pbr_bridge_generation(const struct pbr_bridge *mem)
{
    return __atomic_load_n(&mem->header.generation, __ATOMIC_ACQUIRE);
}

void pbr_bridge_qemu_beat(struct pbr_bridge *mem)
{
    pbr_stats_count(&mem->header.qemu_beat);
}

void pbr_bridge_daemon_beat(struct pbr_bridge *mem, uint32_t pid)
{
    __atomic_store_n(&mem->header.daemon_pid, pid, __ATOMIC_RELAXED);
    pbr_stats_count(&mem->header.daemon_beat);
}

void pbr_bridge_set_open(struct pbr_bridge *mem, uint64_t seq)
{
    __atomic_store_n(&mem->header.open_question, seq, __ATOMIC_RELEASE);
}

uint64_t pbr_bridge_open(const struct pbr_bridge *mem)
{
    return __atomic_load_n(&mem->header.open_question, __ATOMIC_ACQUIRE);
}

/* ---- Slots ---- */

/* Every payload is a whole number of words, so that copies stay inside. */
#define WORDS(type) \
    static_assert(sizeof(type) % 8 == 0, #type " is not made of words")

WORDS(struct pbr_bridge_header);
WORDS(struct pbr_question);
WORDS(struct pbr_answer);
WORDS(struct pbr_page_request);
WORDS(struct pbr_page_reply);
WORDS(struct pbr_event_info);
WORDS(struct pbr_note);
WORDS(struct pbr_irqs);
WORDS(struct pbr_record);
WORDS(struct pbr_region);

#define WRITE_SLOT(mem, slot, from) \
    pbr_slot_write(&(mem)->slot.lock, &(mem)->slot.v, from, sizeof(*(from)))
#define READ_SLOT(mem, slot, to) \
    pbr_slot_read(&(mem)->slot.lock, to, &(mem)->slot.v, sizeof(*(to)))

static bool in_enum(uint32_t value, uint32_t count)
{
    return value > 0 && value < count;
}

void pbr_question_write(struct pbr_bridge *mem, const struct pbr_question *q)
{
    WRITE_SLOT(mem, question, q);
}

int pbr_question_read(const struct pbr_bridge *mem, struct pbr_question *q)
{
    struct pbr_question copy;
    int ret = READ_SLOT(mem, question, &copy);

    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.seq == 0 || copy.generation == 0 ||
        !in_enum(copy.kind, PBR_Q_COUNT_) ||
        !in_enum(copy.access, PBR_ACCESS_COUNT_) ||
        !in_enum(copy.cpu.arch, PBR_ARCH_COUNT_) ||
        copy.size > 64 || copy.cpu.el > 3) {
        return PBR_ERR_BAD;
    }
    pbr_end_text(copy.device, sizeof(copy.device));
    if ((copy.flags & PBR_QF_DEVICE) && copy.device[0] == '\0') {
        return PBR_ERR_BAD;
    }
    *q = copy;
    return PBR_OK;
}

void pbr_answer_write(struct pbr_bridge *mem, const struct pbr_answer *a)
{
    WRITE_SLOT(mem, answer, a);
}

int pbr_answer_read(const struct pbr_bridge *mem, struct pbr_answer *a)
{
    struct pbr_answer copy;
    int ret = READ_SLOT(mem, answer, &copy);

    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.seq == 0 || !in_enum(copy.verdict, PBR_V_COUNT_) ||
        copy.blob_size > PBR_BLOB_SIZE ||
        copy.console_size > PBR_CONSOLE_MAX ||
        (copy.verdict == PBR_V_TABLES) != (copy.blob_size != 0)) {
        return PBR_ERR_BAD;
    }
    pbr_end_text(copy.message, sizeof(copy.message));
    *a = copy;
    return PBR_OK;
}

void pbr_page_request_write(struct pbr_bridge *mem,
                            const struct pbr_page_request *r)
{
    WRITE_SLOT(mem, page_request, r);
}

int pbr_page_request_read(const struct pbr_bridge *mem,
                          struct pbr_page_request *r)
{
    struct pbr_page_request copy;
    int ret = READ_SLOT(mem, page_request, &copy);

    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.flags & ~(PBR_PAGE_VIRTUAL | PBR_PAGE_SECURE)) {
        return PBR_ERR_BAD;
    }
    *r = copy;
    return PBR_OK;
}

void pbr_page_reply_write(struct pbr_bridge *mem,
                          const struct pbr_page_reply *r)
{
    WRITE_SLOT(mem, page_reply, r);
}

int pbr_page_reply_read(const struct pbr_bridge *mem,
                        struct pbr_page_reply *r)
{
    struct pbr_page_reply copy;
    int ret = READ_SLOT(mem, page_reply, &copy);

    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.status > PBR_PAGE_BAD || copy.kind > PBR_KIND_IO ||
        (copy.address & (PBR_PAGE_SIZE - 1)) != 0 ||
        (copy.phys & (PBR_PAGE_SIZE - 1)) != 0) {
        return PBR_ERR_BAD;
    }
    *r = copy;
    return PBR_OK;
}

void pbr_event_write(struct pbr_bridge *mem, const struct pbr_event_info *e)
{
    WRITE_SLOT(mem, event, e);
}

int pbr_event_read(const struct pbr_bridge *mem, struct pbr_event_info *e)
{
    struct pbr_event_info copy;
    int ret = READ_SLOT(mem, event, &copy);

    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.seq == 0 || !in_enum(copy.kind, PBR_E_COUNT_)) {
        return PBR_ERR_BAD;
    }
    pbr_end_text(copy.message, sizeof(copy.message));
    *e = copy;
    return PBR_OK;
}

void pbr_note_write(struct pbr_bridge *mem, const struct pbr_note *n)
{
    WRITE_SLOT(mem, note, n);
}

int pbr_note_read(const struct pbr_bridge *mem, struct pbr_note *n)
{
    struct pbr_note copy;
    int ret = READ_SLOT(mem, note, &copy);

    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.ack >= PBR_ACK_COUNT_) {
        return PBR_ERR_BAD;
    }
    pbr_end_text(copy.message, sizeof(copy.message));
    *n = copy;
    return PBR_OK;
}

void pbr_irqs_write(struct pbr_bridge *mem, const struct pbr_irqs *irqs)
{
    WRITE_SLOT(mem, irqs, irqs);
}

int pbr_irqs_read(const struct pbr_bridge *mem, struct pbr_irqs *irqs)
{
    struct pbr_irqs copy;
    int ret = READ_SLOT(mem, irqs, &copy);

    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.kind >= PBR_IRQ_COUNT_ || copy.lines > 32 * PBR_IRQ_WORDS) {
        return PBR_ERR_BAD;
    }
    *irqs = copy;
    return PBR_OK;
}

/* ---- Blob ---- */

int pbr_blob_put(struct pbr_bridge *mem, const void *bytes, uint64_t size)
{
    if (size > PBR_BLOB_SIZE) {
        return PBR_ERR_SIZE;
    }
    memcpy(mem->blob, bytes, size);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return PBR_OK;
}

int pbr_blob_copy(const struct pbr_bridge *mem, void *to, uint64_t size)
{
    if (size > PBR_BLOB_SIZE) {
        return PBR_ERR_SIZE;
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    memcpy(to, mem->blob, size);
    return PBR_OK;
}

/* ---- Frames ---- */

void pbr_frame_encode(uint8_t bytes[PBR_FRAME_SIZE],
                      const struct pbr_frame *frame)
{
    memcpy(bytes, frame, PBR_FRAME_SIZE);
}

int pbr_frame_decode(const uint8_t bytes[PBR_FRAME_SIZE],
                     struct pbr_frame *frame)
{
    struct pbr_frame f;

    memcpy(&f, bytes, sizeof(f));
    if (!in_enum(f.type, PBR_F_COUNT_)) {
        return PBR_ERR_BAD;
    }
    *frame = f;
    return PBR_OK;
}

bool pbr_hello_fits(uint32_t arg)
{
    uint32_t version = arg >> 16;
    uint32_t compat = arg & 0xffff;

    return version >= PBR_COMPAT && compat <= PBR_VERSION &&
        compat <= version && compat > 0;
}

void pbr_stream_init(struct pbr_stream *s)
{
    memset(s, 0, sizeof(*s));
}

uint8_t *pbr_stream_space(struct pbr_stream *s, uint32_t *bytes)
{
    *bytes = (uint32_t)sizeof(s->buf) - s->have;
    return s->buf + s->have;
}

void pbr_stream_added(struct pbr_stream *s, uint32_t bytes)
{
    uint32_t room = (uint32_t)sizeof(s->buf) - s->have;

    s->have += bytes < room ? bytes : room;
}

int pbr_stream_get(struct pbr_stream *s, struct pbr_frame *frame)
{
    int ret;

    if (s->have < PBR_FRAME_SIZE) {
        return 0;
    }
    ret = pbr_frame_decode(s->buf, frame);
    s->have -= PBR_FRAME_SIZE;
    memmove(s->buf, s->buf + PBR_FRAME_SIZE, s->have);
    return ret == PBR_OK ? 1 : ret;
}
