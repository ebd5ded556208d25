/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon without knowledge, to test QEMU's side of the bridge with: every
 * hole becomes a page of plain storage, every stall is waited for.  It also
 * writes the table of a board without peripherals, so that no compiler is
 * needed.
 *
 *   peer board OUT CPU [mem=NAME,BASE,SIZE]... [load=PATH,ADDR] [entry=ADDR]
 *   peer device OUT NAME BASE
 *   peer serve BRIDGE [OPTION]...
 *     count=N        end after N answers
 *     sleep=MS       think that long about each
 *     silent=1       attach, and never answer
 *     fault=VERDICT  tables, retry, deliver, restart, stop, garbage, stale,
 *                    ones (a page that reads as ones), toggle (the other of
 *                    tables and ones)
 *     stall=VERDICT  the same
 *     crash=VERDICT  the same
 *     mute=N         with stall=retry
 *     pages=1        ask for the page of the pc first, and check it
 *     page=ADDR      with pages=1: show the word at ADDR instead
 *     space=NUMBER   with page=ADDR: 0 physical (default), 1 virtual, 2
 *                    secure physical
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/bridge/bridge-os.h"
#include "runtime/engine/engine.h"

static void die(const char *what, const char *why)
{
    fprintf(stderr, "peer: %s: %s\n", what, why);
    exit(1);
}

/* ---- Tables --------------------------------------------------------- */

#define PAGE 4096u
#define MAX_LIST 16

struct board {
    const char *cpu;
    struct prt_memory memories[MAX_LIST];
    struct prt_load loads[MAX_LIST];
    struct prt_instance instances[MAX_LIST];
    uint32_t nmemories, nloads, ninstances, flags;
    uint8_t unmapped;
    uint64_t entry;
    char strings[4096];
    uint32_t nstrings;
};

static uint32_t add_string(struct board *b, const char *text, size_t length)
{
    uint32_t at = b->nstrings ? b->nstrings : 1;

    if (at + length + 1 > sizeof(b->strings)) {
        die(text, "too long");
    }
    memcpy(b->strings + at, text, length);
    b->nstrings = at + (uint32_t)length + 1;
    return at;
}

static size_t put(uint8_t *out, size_t at, const void *bytes, size_t size)
{
    memcpy(out + at, bytes, size);
    return (at + size + 7) & ~(size_t)7;
}

/* A page without registers. */
static size_t put_device(uint8_t *out, size_t at, uint8_t unmapped)
{
    uint16_t dir[PAGE / PRT_CHUNK];
    struct prt_dev_header head = {
        .magic = PRT_MAGIC_DEV, .version = PRT_VERSION, .compat = PRT_COMPAT,
        .model_hash = 1, .mmio_size = PAGE, .width = 4, .access = 15,
        .unmapped = unmapped, .granule = 4,
        .state_size = unmapped == PRT_UNMAPPED_STORE ? PAGE : 0,
        .store_state = unmapped == PRT_UNMAPPED_STORE ? 0 : PRT_NONE,
        .section_count = 1,
    };
    struct prt_section section = {
        .id = PRT_SEC_DIR, .entry_size = 2, .count = PAGE / PRT_CHUNK,
        .offset = sizeof(head) + sizeof(section),
    };

    memset(dir, 0xff, sizeof(dir));
    head.total_size = (uint32_t)(section.offset + sizeof(dir));
    at = put(out, at, &head, sizeof(head));
    at = put(out, at, &section, sizeof(section));
    return put(out, at, dir, sizeof(dir));
}

static struct prt_list put_list(uint8_t *out, size_t start, size_t *at,
                                const void *entries, uint32_t count,
                                size_t size)
{
    struct prt_list list = { (uint32_t)(*at - start), count };

    *at = put(out, *at, entries, count * size);
    return list;
}

static size_t put_board(uint8_t *out, size_t start, struct board *b)
{
    size_t at = start + sizeof(struct prt_board_header);
    struct prt_board_header head = {
        .magic = PRT_MAGIC_BOARD, .version = PRT_VERSION,
        .compat = PRT_COMPAT, .flags = b->flags, .cpus = 1,
        .el = PRT_EL_DEFAULT, .secure = PRT_SECURE_DEFAULT,
        .entry = b->entry,
    };

    if (b->cpu) {
        head.cpu = add_string(b, b->cpu, strlen(b->cpu));
    } else {
        head.flags |= PRT_BOARD_PARTIAL;
    }
    head.strings = put_list(out, start, &at, b->strings, b->nstrings, 1);
    head.memories = put_list(out, start, &at, b->memories, b->nmemories,
                             sizeof(b->memories[0]));
    head.loads = put_list(out, start, &at, b->loads, b->nloads,
                          sizeof(b->loads[0]));
    head.instances = put_list(out, start, &at, b->instances, b->ninstances,
                              sizeof(b->instances[0]));
    head.natives.offset = head.wires.offset = head.props.offset =
        (uint32_t)(at - start);
    head.total_size = (uint32_t)(at - start);
    memcpy(out + start, &head, sizeof(head));
    return at;
}

/* Returns the bytes of a valid file in @out. */
static size_t make_file(uint8_t *out, struct board *b)
{
    struct prt_file_header head = {
        .magic = PRT_MAGIC_FILE, .version = PRT_VERSION,
        .compat = PRT_COMPAT,
    };
    struct prt_blob_ref ref;
    struct prt_file file;
    size_t at = sizeof(head), end;
    int ret;

    if (b->ninstances) {
        head.device_count = 1;
        head.device_dir = (uint32_t)at;
        at += sizeof(ref);
        end = put_device(out, at, b->unmapped);
        ref.offset = (uint32_t)at;
        ref.size = (uint32_t)(end - at);
        memcpy(out + head.device_dir, &ref, sizeof(ref));
        at = end;
    }
    head.board_offset = (uint32_t)at;
    at = put_board(out, at, b);
    head.board_size = (uint32_t)(at - head.board_offset);
    head.total_size = (uint32_t)at;
    memcpy(out, &head, sizeof(head));
    head.checksum = prt_checksum(out, at);
    memcpy(out, &head, sizeof(head));
    ret = prt_file_open(out, at, &file, NULL);
    if (ret != PRT_OK) {
        die("table", prt_strerror(ret));
    }
    return at;
}

static void add_instance(struct board *b, const char *name, uint64_t base)
{
    struct prt_instance *inst = &b->instances[b->ninstances++];

    inst->name = add_string(b, name, strlen(name));
    inst->address = base;
    inst->flags = PRT_INST_INFERRED;
    b->unmapped = PRT_UNMAPPED_STORE;
}

static void write_file(const char *name, struct board *b)
{
    static uint8_t out[1 << 16];
    size_t size = make_file(out, b);
    FILE *f = fopen(name, "wb");

    if (!f || fwrite(out, 1, size, f) != size || fclose(f)) {
        die(name, strerror(errno));
    }
}

static void parse_part(struct board *b, const char *arg)
{
    const char *comma = strchr(arg, ',');
    char *rest;

    if (!strncmp(arg, "mem=", 4) && comma && b->nmemories < MAX_LIST) {
        struct prt_memory *m = &b->memories[b->nmemories++];

        m->name = add_string(b, arg + 4, (size_t)(comma - arg - 4));
        m->base = strtoull(comma + 1, &rest, 0);
        m->size = strtoull(rest + 1, NULL, 0);
    } else if (!strncmp(arg, "load=", 5) && b->nloads < MAX_LIST) {
        struct prt_load *l = &b->loads[b->nloads++];
        size_t length = comma ? (size_t)(comma - arg - 5) : strlen(arg + 5);

        l->path = add_string(b, arg + 5, length);
        if (comma) {
            l->address = strtoull(comma + 1, NULL, 0);
            l->flags = PRT_LOAD_HAS_ADDRESS;
        }
    } else if (!strncmp(arg, "entry=", 6)) {
        b->entry = strtoull(arg + 6, NULL, 0);
        b->flags |= PRT_BOARD_HAS_ENTRY;
    } else {
        die(arg, "not understood");
    }
}

/* ---- Answers -------------------------------------------------------- */

struct peer {
    struct pbr_shm shm;
    struct pbr_bridge *mem;
    struct pbr_stream stream;
    int fd;
    long count, sleep_ms, silent, pages, page, space;
    unsigned long mute;
    const char *on_fault, *on_stall, *on_crash;
    uint64_t answered, acked;
    struct pbr_question q;
    uint64_t page_seq;
};

static void send_frame(struct peer *p, uint32_t type, uint32_t arg,
                       uint64_t seq)
{
    if (pbr_send(p->fd, type, arg, seq, 0) != PBR_OK) {
        die("socket", "QEMU has gone");
    }
}

/* What a page has been given before, by "toggle". */
static bool other_way(uint64_t base)
{
    static struct { uint64_t base; bool ones; } pages[64];
    unsigned i;

    for (i = 0; i < 63 && pages[i].base && pages[i].base != base; i++) {
    }
    pages[i].base = base;
    pages[i].ones = !pages[i].ones;
    return pages[i].ones;
}

static uint32_t put_tables(struct peer *p, uint64_t base, const char *how)
{
    static uint8_t out[1 << 16];
    struct board b = { 0 };
    char name[32];
    size_t size;

    snprintf(name, sizeof(name), "dev_%08" PRIx64, base);
    add_instance(&b, name, base);
    if (!strcmp(how, "ones") || (!strcmp(how, "toggle") && other_way(base))) {
        b.unmapped = PRT_UNMAPPED_ONES;
    }
    size = make_file(out, &b);
    pbr_blob_put(p->mem, out, size);
    return (uint32_t)size;
}

static void answer(struct peer *p, const char *verdict)
{
    struct pbr_answer a = {
        .seq = p->q.seq, .generation = p->q.generation, .mute = p->mute,
    };

    if (!strcmp(verdict, "tables") || !strcmp(verdict, "ones") ||
        !strcmp(verdict, "toggle")) {
        a.verdict = PBR_V_TABLES;
        a.blob_size = put_tables(p, p->q.phys & ~(uint64_t)(PAGE - 1),
                                 verdict);
    } else if (!strcmp(verdict, "retry")) {
        a.verdict = PBR_V_RETRY;
    } else if (!strcmp(verdict, "deliver")) {
        a.verdict = PBR_V_DELIVER;
    } else if (!strcmp(verdict, "restart")) {
        a.verdict = PBR_V_RESTART;
    } else if (!strcmp(verdict, "stop")) {
        a.verdict = PBR_V_STOP;
        strcpy(a.message, "peer says stop");
    } else if (!strcmp(verdict, "stale")) {
        a.verdict = PBR_V_RETRY;
        a.seq += 1000;
    } else {
        /* Garbage: a table that is none. */
        a.verdict = PBR_V_TABLES;
        a.blob_size = 4096;
        memset(p->mem->blob, 0xa5, a.blob_size);
    }
    pbr_answer_write(p->mem, &a);
    send_frame(p, PBR_F_ANSWER, a.verdict, a.seq);
    p->answered++;
}

static uint64_t page_wanted(const struct peer *p)
{
    return p->page ? (uint64_t)p->page : p->q.pc;
}

static void ask_page(struct peer *p)
{
    struct pbr_page_request r = {
        .seq = ++p->page_seq, .address = page_wanted(p),
        .cpu_index = p->q.cpu_index,
        .flags = p->page ? (uint32_t)p->space : PBR_PAGE_VIRTUAL,
    };

    pbr_page_request_write(p->mem, &r);
    send_frame(p, PBR_F_PAGE_REQ, 0, r.seq);
}

static void respond(struct peer *p)
{
    if (p->sleep_ms) {
        struct timespec ts = { p->sleep_ms / 1000,
                               p->sleep_ms % 1000 * 1000000 };

        nanosleep(&ts, NULL);
    }
    switch (p->q.kind) {
    case PBR_Q_STALL:
        answer(p, p->on_stall);
        break;
    case PBR_Q_CRASH:
    case PBR_Q_FETCH:
        answer(p, p->on_crash);
        break;
    default:
        answer(p, p->on_fault);
        break;
    }
}

static void question(struct peer *p, uint64_t seq)
{
    int ret = pbr_question_read(p->mem, &p->q);

    if (ret != PBR_OK || p->q.seq != seq) {
        die("question", pbr_strerror(ret));
    }
    printf("question %" PRIu64 " %s access %" PRIu32 " phys 0x%08" PRIx64
           " size %" PRIu32 " pc 0x%" PRIx64 " cpu %" PRIu32 " el %" PRIu32
           " device '%s' offset 0x%" PRIx64 " repeat %" PRIu64 " value 0x%"
           PRIx64 "\n", p->q.seq, pbr_question_kind_name(p->q.kind),
           p->q.access, p->q.phys, p->q.size, p->q.pc, p->q.cpu_index,
           p->q.cpu.el, p->q.device, p->q.offset, p->q.repeat, p->q.value);
    fflush(stdout);
    if (p->silent) {
        return;
    }
    if (p->pages) {
        ask_page(p);
    } else {
        respond(p);
    }
}

static void page(struct peer *p, uint64_t seq)
{
    struct pbr_page_reply r;

    if (pbr_page_reply_read(p->mem, &r) != PBR_OK || r.seq != seq ||
        seq != p->page_seq) {
        die("page", "torn or stale");
    }
    printf("page 0x%" PRIx64 " phys 0x%" PRIx64 " %s status %" PRIu32
           " insn %08" PRIx32 "\n", r.address, r.phys,
           pbr_page_kind_name(r.kind), r.status,
           *(uint32_t *)(void *)(r.bytes + (page_wanted(p) & 0xffc)));
    fflush(stdout);
    respond(p);
}

/* False: QEMU has said good-bye. */
static bool handle(struct peer *p, const struct pbr_frame *f)
{
    struct pbr_event_info e;
    struct pbr_note n;

    switch (f->type) {
    case PBR_F_QUESTION:
        question(p, f->seq);
        return true;
    case PBR_F_PAGE_REP:
        page(p, f->seq);
        return true;
    case PBR_F_ANSWER_ACK:
        p->acked++;
        /* fall through */
    case PBR_F_LOAD_ACK:
        if (f->arg != PBR_ACK_OK && pbr_note_read(p->mem, &n) == PBR_OK) {
            printf("refused %" PRIu32 ": %s\n", f->arg, n.message);
            fflush(stdout);
        }
        return true;
    case PBR_F_EVENT:
        if (pbr_event_read(p->mem, &e) == PBR_OK) {
            printf("event %s exception %" PRIu32 " pc 0x%" PRIx64
                   " far 0x%" PRIx64 " esr 0x%" PRIx64 " %s\n",
                   pbr_event_name(f->arg), e.exception, e.pc, e.far, e.esr,
                   e.message);
            fflush(stdout);
        }
        return true;
    case PBR_F_BYE:
        printf("bye %" PRIu32 "\n", f->arg);
        return false;
    default:
        return true;
    }
}

static void attach(struct peer *p, const char *name)
{
    struct pbr_bridge_header head;
    int ret = PBR_ERR_EMPTY, tries;

    /* QEMU may be about to create it. */
    for (tries = 0; tries < 1000 && ret != PBR_OK; tries++) {
        struct timespec ts = { 0, 10000000 };

        ret = pbr_shm_attach(&p->shm, name, sizeof(struct pbr_bridge), true);
        if (ret == PBR_OK) {
            ret = pbr_bridge_check(p->shm.mem, p->shm.size, &head);
        }
        if (ret == PBR_OK) {
            ret = pbr_connect(name, &p->fd);
        }
        if (ret != PBR_OK) {
            pbr_shm_close(&p->shm);
            nanosleep(&ts, NULL);
        }
    }
    if (ret != PBR_OK) {
        die(name, pbr_strerror(ret));
    }
    p->mem = p->shm.mem;
    pbr_stream_init(&p->stream);
    /* Where that fails there may be a good-bye to read. */
    pbr_send(p->fd, PBR_F_HELLO, PBR_HELLO_ARG, 0, 0);
}

static void serve(struct peer *p)
{
    struct pbr_frame f;

    for (;;) {
        struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
        int ret;

        poll(&pfd, 1, -1);
        ret = pbr_recv(p->fd, &p->stream);
        if (ret == PBR_ERR_CLOSED) {
            return;
        }
        while (pbr_stream_get(&p->stream, &f) == 1) {
            if (!handle(p, &f)) {
                return;
            }
            if (p->count && p->acked >= (uint64_t)p->count) {
                return;
            }
        }
    }
}

static bool number(const char *arg, const char *key, long *value)
{
    size_t length = strlen(key);

    if (strncmp(arg, key, length) || arg[length] != '=') {
        return false;
    }
    *value = strtol(arg + length + 1, NULL, 0);
    return true;
}

static bool word(const char *arg, const char *key, const char **value)
{
    size_t length = strlen(key);

    if (strncmp(arg, key, length) || arg[length] != '=') {
        return false;
    }
    *value = arg + length + 1;
    return true;
}

static int cmd_serve(int argc, char **argv)
{
    static struct peer p = {
        .shm = PBR_SHM_INIT, .fd = -1, .on_fault = "tables",
        .on_stall = "retry", .on_crash = "retry",
    };
    long mute = 0;
    int i;

    for (i = 3; i < argc; i++) {
        if (!number(argv[i], "count", &p.count) &&
            !number(argv[i], "sleep", &p.sleep_ms) &&
            !number(argv[i], "silent", &p.silent) &&
            !number(argv[i], "pages", &p.pages) &&
            !number(argv[i], "page", &p.page) &&
            !number(argv[i], "space", &p.space) &&
            !number(argv[i], "mute", &mute) &&
            !word(argv[i], "fault", &p.on_fault) &&
            !word(argv[i], "stall", &p.on_stall) &&
            !word(argv[i], "crash", &p.on_crash)) {
            die(argv[i], "not understood");
        }
    }
    p.mute = (unsigned long)mute;
    attach(&p, argv[2]);
    serve(&p);
    printf("answered %" PRIu64 "\n", p.answered);
    close(p.fd);
    pbr_shm_close(&p.shm);
    return 0;
}

int main(int argc, char **argv)
{
    static struct board b;
    int i;

    if (argc >= 3 && !strcmp(argv[1], "serve")) {
        return cmd_serve(argc, argv);
    }
    if (argc == 5 && !strcmp(argv[1], "device")) {
        add_instance(&b, argv[3], strtoull(argv[4], NULL, 0));
        write_file(argv[2], &b);
        return 0;
    }
    if (argc >= 4 && !strcmp(argv[1], "board")) {
        b.cpu = argv[3];
        for (i = 4; i < argc; i++) {
            parse_part(&b, argv[i]);
        }
        write_file(argv[2], &b);
        return 0;
    }
    fprintf(stderr, "usage: peer board|device|serve ...; see peer.c\n");
    return 1;
}
