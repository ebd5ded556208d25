/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for QEMU in tests of the daemon: owns the shared memories and
 * the socket, runs tables in the real engine, and plays a script.
 *
 * usage: fake_qemu BRIDGE STATE [TIMEOUT-SECONDS] <SCRIPT
 *
 * A line of the script is a command; # starts a comment.  Numbers are as in
 * C.  The first command that does not get what it expects ends the program
 * with status 1 and the line on stderr.
 *
 *   daemon                wait until a daemon has said hello
 *   gone                  wait until it has gone
 *   read A SIZE PC [V]    a load; asks as often as needed; value must be V
 *   write A SIZE PC V     a store
 *   poll A SIZE PC N      N loads of one instruction, then a stall question
 *   ask KIND A SIZE PC    a question about a load, without access behind it
 *   asking A SIZE PC      open a question and do not wait
 *   answer VERDICT        wait for its answer
 *   tables N              N answers have brought tables so far
 *   questions N           N questions were asked so far
 *   load                  wait for an unasked table and take it
 *   noload MS             none comes
 *   refuse                the next table is refused
 *   console TEXT          what the guest's console was given, \n escaped
 *   record A SIZE PC V N  N stores appear in the ring
 *   mem A FILE            a page or more of guest memory
 *   reset                 a system reset
 *   exception PC ESR FAR  the guest takes a data abort
 *   garbage N             N bytes of garbage on the socket
 *   scribble              garbage in slots and headers
 *   hangup                close the connection
 *   wait MS               serve the daemon for so long
 *   run COMMAND           a shell command; must succeed
 *   until COMMAND         repeat it until it succeeds
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/bridge/bridge-os.h"
#include "tests/daemon/fake_machine.h"

#define MAX_MEMORIES 16

struct memory {
    uint64_t base, size;
    uint8_t *bytes;
};

static struct pbr_shm bridge_shm, state_shm;
static struct pbr_bridge *bridge;
static struct pbr_ring_writer ring;
static const char *bridge_name;
static int listen_fd = -1, fd = -1;
static struct pbr_stream stream;
static bool greeted, refuse_next, answered, loaded;
static struct pbr_answer answer;
static struct pbr_question question;
static bool open_question;
static unsigned tables_seen, questions_asked, line_number;
static uint64_t generation, event_seq, limit_ms = 20000;
static struct memory memories[MAX_MEMORIES];
static unsigned memory_count;

static void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "line %u: ", line_number);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    pbr_listen_close(bridge_name, &listen_fd);
    pbr_shm_close(&bridge_shm);
    pbr_shm_close(&state_shm);
    exit(1);
}

static uint64_t clock_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Loads what the blob area holds, as QEMU does: copy, check, apply. */
static uint32_t take_tables(uint32_t size, const char **why)
{
    uint8_t *copy = aligned_alloc(8, (size + 7u) & ~7u);
    int ret;

    *why = "";
    if (refuse_next) {
        refuse_next = false;
        *why = "refused as the script says";
        free(copy);
        return PBR_ACK_BAD_TABLE;
    }
    if (pbr_blob_copy(bridge, copy, size) != PBR_OK) {
        fail("blob of %u bytes", size);
    }
    ret = machine_load(copy, size, state_shm.mem);
    if (ret != PRT_OK) {
        *why = prt_strerror(ret);
        free(copy);
        return PBR_ACK_BAD_TABLE;
    }
    free(copy);
    tables_seen++;
    return PBR_ACK_OK;
}

/* ---- Frames ---- */

static void hang_up(void)
{
    if (fd >= 0) {
        close(fd);
    }
    fd = -1;
    greeted = false;
}

static void send_frame(uint32_t type, uint32_t arg, uint64_t seq)
{
    if (fd >= 0 && pbr_send(fd, type, arg, seq, 0) != PBR_OK) {
        hang_up();
    }
}

static void send_question(void)
{
    pbr_question_write(bridge, &question);
    pbr_bridge_set_open(bridge, question.seq);
    if (greeted) {
        send_frame(PBR_F_QUESTION, question.kind, question.seq);
    }
}

static void acknowledge(uint32_t type, uint32_t ack, uint64_t seq,
                        const char *why)
{
    struct pbr_note note;

    if (ack != PBR_ACK_OK) {
        memset(&note, 0, sizeof(note));
        note.seq = seq;
        note.ack = ack;
        snprintf(note.message, sizeof(note.message), "%s", why);
        pbr_note_write(bridge, &note);
    }
    send_frame(type, ack, seq);
}

static void on_answer(const struct pbr_frame *f)
{
    const char *why = "";
    uint32_t ack;

    if (pbr_answer_read(bridge, &answer) != PBR_OK) {
        acknowledge(PBR_F_ANSWER_ACK, PBR_ACK_BAD_ANSWER, f->seq, "slot");
        return;
    }
    if (!open_question || answer.seq != question.seq || f->seq != answer.seq ||
        answer.generation != generation) {
        acknowledge(PBR_F_ANSWER_ACK, PBR_ACK_STALE, f->seq, "stale");
        return;
    }
    if (answer.verdict == PBR_V_TABLES) {
        ack = take_tables(answer.blob_size, &why);
        acknowledge(PBR_F_ANSWER_ACK, ack, f->seq, why);
        if (ack != PBR_ACK_OK) {
            return;
        }
    } else {
        acknowledge(PBR_F_ANSWER_ACK, PBR_ACK_OK, f->seq, "");
    }
    machine_print(answer.console, answer.console_size);
    open_question = false;
    answered = true;
    pbr_bridge_set_open(bridge, 0);
}

static void on_load(const struct pbr_frame *f)
{
    struct pbr_answer load;
    const char *why = "";
    uint32_t ack = PBR_ACK_BAD_ANSWER;

    if (pbr_answer_read(bridge, &load) == PBR_OK && load.seq == f->seq &&
        load.verdict == PBR_V_TABLES) {
        ack = take_tables(load.blob_size, &why);
        machine_print(load.console, load.console_size);
    }
    acknowledge(PBR_F_LOAD_ACK, ack, f->seq, why);
    loaded = ack == PBR_ACK_OK;
}

static void on_page(const struct pbr_frame *f)
{
    static struct pbr_page_reply rep;
    struct pbr_page_request req;
    unsigned i;

    memset(&rep, 0, sizeof(rep));
    if (pbr_page_request_read(bridge, &req) != PBR_OK || req.seq != f->seq) {
        fail("bad page request");
    }
    rep.seq = req.seq;
    rep.address = req.address & ~(uint64_t)(PBR_PAGE_SIZE - 1);
    rep.phys = rep.address;             /* no translation in this machine */
    rep.status = open_question ? PBR_PAGE_OK : PBR_PAGE_NOT_PAUSED;
    rep.kind = device_at(rep.address) != NULL ? PBR_KIND_IO : PBR_KIND_NONE;
    for (i = 0; i < memory_count; i++) {
        struct memory *m = &memories[i];

        if (rep.address >= m->base && rep.address - m->base < m->size) {
            rep.kind = PBR_KIND_RAM;
            rep.prot = PBR_PROT_READ | PBR_PROT_WRITE | PBR_PROT_EXEC;
            memcpy(rep.bytes, m->bytes + (rep.address - m->base),
                   PBR_PAGE_SIZE);
        }
    }
    pbr_page_reply_write(bridge, &rep);
    send_frame(PBR_F_PAGE_REP, rep.status, req.seq);
}

static void on_frame(const struct pbr_frame *f)
{
    switch (f->type) {
    case PBR_F_HELLO:
        if (!pbr_hello_fits(f->arg)) {
            fail("hello of another version");
        }
        greeted = true;
        send_frame(PBR_F_HELLO_ACK, PBR_HELLO_ARG, generation);
        if (open_question) {
            send_frame(PBR_F_QUESTION, question.kind, question.seq);
        }
        break;
    case PBR_F_ANSWER:
        on_answer(f);
        break;
    case PBR_F_LOAD:
        on_load(f);
        break;
    case PBR_F_PAGE_REQ:
        on_page(f);
        break;
    case PBR_F_BEAT:
        break;
    case PBR_F_BYE:
        hang_up();
        break;
    default:
        fail("the daemon sent a %s frame", pbr_frame_type_name(f->type));
    }
}

/* Serves the daemon for at most @ms; returns after anything happened. */
static void serve(int ms)
{
    struct pollfd fds[2] = {
        { .fd = listen_fd, .events = POLLIN }, { .fd = fd, .events = POLLIN },
    };
    struct pbr_frame f;
    int other, ret;

    poll(fds, 2, ms);
    now_ns += 1000;
    if (fds[0].revents != 0 && pbr_accept(listen_fd, &other) == PBR_OK) {
        if (fd >= 0) {
            pbr_send(other, PBR_F_BYE, PBR_BYE_BUSY, 0, 0);
            close(other);
        } else {
            fd = other;
            pbr_stream_init(&stream);
            return;
        }
    }
    if (fd < 0 || fds[1].revents == 0) {
        return;
    }
    ret = pbr_recv(fd, &stream);
    while (fd >= 0 && pbr_stream_get(&stream, &f) == 1) {
        on_frame(&f);
    }
    if (ret == PBR_ERR_CLOSED) {
        hang_up();
    }
}

#define SERVE_UNTIL(condition, what)                                    \
    do {                                                                \
        uint64_t end_ = clock_ms() + limit_ms;                          \
                                                                        \
        while (!(condition)) {                                          \
            if (clock_ms() > end_) {                                    \
                fail("no %s", what);                                    \
            }                                                           \
            serve(20);                                                  \
        }                                                               \
    } while (0)

/* ---- Accesses ---- */

static void put_record(uint64_t address, unsigned size, uint64_t pc,
                       uint64_t value, bool write)
{
    struct device *d = device_at(address);
    struct pbr_record r;

    memset(&r, 0, sizeof(r));
    r.time_ns = now_ns++;
    r.pc = pc;
    r.address = address;
    r.value = value;
    r.offset = d != NULL ? (uint32_t)(address - d->base) : 0;
    r.device = d != NULL ? (uint16_t)device_number(d) : PBR_NO_DEVICE;
    r.reg = PBR_NO_REGISTER;
    r.flags = write ? PBR_R_WRITE : 0;
    r.size = (uint8_t)size;
    pbr_ring_put(&ring, &r, NULL);
}

static void make_question(uint32_t kind, uint64_t address, unsigned size,
                          uint64_t pc, uint32_t access)
{
    struct device *d = device_at(address);
    uint64_t seq = question.seq;

    memset(&question, 0, sizeof(question));
    question.seq = seq + 1;
    question.generation = generation;
    question.kind = kind;
    question.access = access;
    question.size = size;
    question.phys = question.virt = address;
    question.pc = pc;
    question.flags = PBR_QF_VIRT | PBR_QF_PC;
    question.time_ns = now_ns;
    if (d != NULL) {
        question.flags |= PBR_QF_DEVICE;
        question.offset = address - d->base;
        memcpy(question.device, d->name, sizeof(question.device));
    }
    question.cpu.arch = PBR_ARCH_AARCH64;
    question.cpu.el = 2;
    question.cpu.regs[0] = address;
    question.cpu.regs[PBR_A64_SP] = 0x1000;
    question.cpu.regs[PBR_A64_PC] = pc;
    question.cpu.regs[PBR_A64_PSTATE] = 0x3c9;
    question.cpu.cntfrq = 24000000;
    open_question = true;
    answered = false;
    questions_asked++;
}

static void ask_and_wait(void)
{
    send_question();
    SERVE_UNTIL(answered, "answer");
}

/* One instruction's access: asks until it can be done. */
static uint64_t access_once(uint64_t address, unsigned size, uint64_t pc,
                            bool write, uint64_t value)
{
    struct device *d;
    uint64_t got = 0;
    int tries, ret;

    for (tries = 0; tries < 8; tries++) {
        d = device_at(address);
        ret = PRT_ASK;
        if (d != NULL && write) {
            ret = prt_write(&d->dev, (uint32_t)(address - d->base), size,
                            value);
        } else if (d != NULL) {
            ret = prt_read(&d->dev, (uint32_t)(address - d->base), size,
                           &got);
        }
        if (ret == PRT_OK) {
            put_record(address, size, pc, write ? value : got, write);
            return got;
        }
        make_question(PBR_Q_FAULT, address, size, pc,
                      write ? PBR_ACCESS_STORE : PBR_ACCESS_LOAD);
        if (write) {
            question.value = value;
            question.flags |= PBR_QF_VALUE;
        }
        ask_and_wait();
        if (answer.verdict != PBR_V_TABLES) {
            fail("verdict %s: %s", pbr_verdict_name(answer.verdict),
                 answer.message);
        }
    }
    fail("asked %d times for 0x%" PRIx64, tries, address);
}

/* ---- Commands ---- */

static uint32_t find_word(const char *word,
                          const char *(*name)(uint32_t value))
{
    uint32_t i;

    for (i = 1; i < 16; i++) {
        if (strcmp(word, name(i)) == 0) {
            return i;
        }
    }
    fail("no such word: %s", word);
}

static void load_memory(uint64_t base, const char *path)
{
    struct memory *m = &memories[memory_count++];
    FILE *f = fopen(path, "rb");
    struct stat st;

    if (memory_count > MAX_MEMORIES || f == NULL ||
        fstat(fileno(f), &st) < 0) {
        fail("%s: %s", path, strerror(errno));
    }
    m->base = base;
    m->size = ((uint64_t)st.st_size + PBR_PAGE_SIZE - 1) &
        ~(uint64_t)(PBR_PAGE_SIZE - 1);
    m->bytes = calloc(1, m->size);
    if (fread(m->bytes, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
        fail("%s: short", path);
    }
    fclose(f);
}

static void unescape(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] == 'n') {
            *to++ = '\n';
            text++;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

static void send_event(uint32_t kind, uint64_t pc, uint64_t esr, uint64_t far)
{
    struct pbr_event_info e;

    memset(&e, 0, sizeof(e));
    e.seq = ++event_seq;
    e.generation = generation;
    e.kind = kind;
    e.exception = PBR_X_DATA_ABORT;
    e.pc = pc;
    e.esr = esr;
    e.far = far;
    e.time_ns = now_ns;
    pbr_event_write(bridge, &e);
    send_frame(PBR_F_EVENT, kind, e.seq);
}

static void scribble(void)
{
    uint8_t *p = (uint8_t *)bridge + 0x1000;
    size_t i;

    for (i = 0; i < 0x7000; i++) {
        p[i] = (uint8_t)(i * 37 + 11);
    }
    memset((uint8_t *)state_shm.mem + 0x28, 0xff, 0x50);
}

static void send_garbage(unsigned count)
{
    uint8_t bytes[4096];

    memset(bytes, 0xa7, sizeof(bytes));
    if (fd < 0 || count > sizeof(bytes) ||
        write(fd, bytes, count) != (ssize_t)count) {
        fail("cannot send garbage");
    }
}

static void serve_for(uint64_t ms)
{
    uint64_t end = clock_ms() + ms;

    while (clock_ms() < end) {
        serve(5);
    }
}

static void until(const char *command)
{
    uint64_t end = clock_ms() + limit_ms;

    while (system(command) != 0) {
        if (clock_ms() > end) {
            fail("never: %s", command);
        }
        serve_for(20);
    }
}

static void new_start(void)
{
    generation = pbr_generation_new();
    pbr_bridge_set_generation(bridge, generation);
    machine_reset();
    open_question = false;
    pbr_bridge_set_open(bridge, 0);
    send_event(PBR_E_RESET, 0, 0, 0);
}

/* Commands about accesses and questions; false: none of them. */
static bool command_access(const char *word, char *rest)
{
    uint64_t a[5] = { 0, 0, 0, 0, 0 };
    char text[64] = "";
    char *p = rest;
    int n;

    if (strcmp(word, "ask") == 0) {
        sscanf(rest, "%63s", text);
        p = strstr(rest, text) + strlen(text);
    }
    for (n = 0; n < 5 && *p != '\0'; n++) {
        a[n] = strtoull(p, &p, 0);
        p += strspn(p, " ");
    }
    if (strcmp(word, "read") == 0) {
        uint64_t got = access_once(a[0], (unsigned)a[1], a[2], false, 0);

        if (n > 3 && got != a[3]) {
            fail("read 0x%" PRIx64 " gives 0x%" PRIx64 ", not 0x%" PRIx64,
                 a[0], got, a[3]);
        }
    } else if (strcmp(word, "write") == 0) {
        access_once(a[0], (unsigned)a[1], a[2], true, a[3]);
    } else if (strcmp(word, "poll") == 0) {
        uint64_t i;

        for (i = 0; i < a[3]; i++) {
            access_once(a[0], (unsigned)a[1], a[2], false, 0);
        }
        make_question(PBR_Q_STALL, a[0], (unsigned)a[1], a[2],
                      PBR_ACCESS_LOAD);
        question.repeat = a[3];
        ask_and_wait();
    } else if (strcmp(word, "ask") == 0 || strcmp(word, "asking") == 0) {
        make_question(word[3] == '\0' ?
                      find_word(text, pbr_question_kind_name) : PBR_Q_FAULT,
                      a[0], (unsigned)a[1], a[2], PBR_ACCESS_LOAD);
        send_question();
        if (word[3] == '\0') {
            SERVE_UNTIL(answered, "answer");
        }
    } else if (strcmp(word, "record") == 0) {
        for (; a[4] > 0; a[4]--) {
            put_record(a[0], (unsigned)a[1], a[2], a[3], true);
        }
    } else if (strcmp(word, "exception") == 0) {
        send_event(PBR_E_EXCEPTION, a[0], a[1], a[2]);
    } else {
        return false;
    }
    return true;
}

static void command_other(const char *word, char *rest)
{
    uint64_t n = strtoull(rest, NULL, 0);

    if (strcmp(word, "daemon") == 0) {
        SERVE_UNTIL(greeted, "daemon");
    } else if (strcmp(word, "gone") == 0) {
        SERVE_UNTIL(fd < 0, "end of the daemon");
    } else if (strcmp(word, "answer") == 0) {
        SERVE_UNTIL(answered, "answer");
        if (answer.verdict != find_word(rest, pbr_verdict_name)) {
            fail("answer %s: %s", pbr_verdict_name(answer.verdict),
                 answer.message);
        }
    } else if (strcmp(word, "tables") == 0 && tables_seen != n) {
        fail("%u tables so far", tables_seen);
    } else if (strcmp(word, "questions") == 0 && questions_asked != n) {
        fail("%u questions so far", questions_asked);
    } else if (strcmp(word, "load") == 0) {
        SERVE_UNTIL(loaded, "unasked table");
        loaded = false;
    } else if (strcmp(word, "noload") == 0) {
        serve_for(n);
        if (loaded) {
            fail("an unasked table came");
        }
    } else if (strcmp(word, "refuse") == 0) {
        refuse_next = true;
    } else if (strcmp(word, "console") == 0) {
        unescape(rest);
        if (strcmp(machine_console(), rest) != 0) {
            fail("the console shows: %s", machine_console());
        }
    } else if (strcmp(word, "mem") == 0) {
        char *path = strchr(rest, ' ');

        if (path == NULL) {
            fail("mem A FILE");
        }
        load_memory(n, path + 1);
    } else if (strcmp(word, "reset") == 0) {
        new_start();
    } else if (strcmp(word, "garbage") == 0) {
        send_garbage((unsigned)n);
    } else if (strcmp(word, "scribble") == 0) {
        scribble();
    } else if (strcmp(word, "hangup") == 0) {
        hang_up();
    } else if (strcmp(word, "wait") == 0) {
        serve_for(n);
    } else if (strcmp(word, "run") == 0) {
        if (system(rest) != 0) {
            fail("failed: %s", rest);
        }
    } else if (strcmp(word, "until") == 0) {
        until(rest);
    } else if (strcmp(word, "tables") != 0 &&
               strcmp(word, "questions") != 0) {
        fail("unknown command %s", word);
    }
}

static void play(void)
{
    char line[4096];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *word = line + strspn(line, " \t");
        char *rest;

        line_number++;
        word[strcspn(word, "\n")] = '\0';
        if (word[0] == '\0' || word[0] == '#') {
            continue;
        }
        rest = word + strcspn(word, " ");
        if (*rest != '\0') {
            *rest++ = '\0';
            rest += strspn(rest, " ");
        }
        if (!command_access(word, rest)) {
            command_other(word, rest);
        }
    }
}

static void start(const char *state_name)
{
    uint64_t size = pbr_state_size(4096, PBR_RECORD_MIN);
    struct pbr_bridge_options b = {
        .qemu_pid = (uint32_t)getpid(), .arch = PBR_ARCH_AARCH64,
        .cpu_count = 1, .cpu_model = "cortex-a53", .state_mem = state_name,
    };
    struct pbr_state_options s = {
        .qemu_pid = (uint32_t)getpid(), .arch = PBR_ARCH_AARCH64,
        .capacity = 4096, .record_size = PBR_RECORD_MIN,
    };
    int ret;

    generation = pbr_generation_new();
    b.generation = s.generation = generation;
    ret = pbr_shm_create(&bridge_shm, bridge_name, sizeof(*bridge));
    if (ret == PBR_OK) {
        ret = pbr_shm_create(&state_shm, state_name, size);
    }
    if (ret != PBR_OK) {
        fail("%s: %s", bridge_name, pbr_strerror(ret));
    }
    bridge = bridge_shm.mem;
    pbr_bridge_format(bridge, &b);
    if (pbr_state_format(state_shm.mem, &s) != PBR_OK ||
        pbr_ring_writer_init(&ring, state_shm.mem, size) != PBR_OK) {
        fail("state memory");
    }
    ret = pbr_listen(bridge_name, &listen_fd);
    if (ret != PBR_OK) {
        fail("socket: %s", pbr_strerror(ret));
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: fake_qemu BRIDGE STATE [SECONDS]\n");
        return 1;
    }
    bridge_name = argv[1];
    if (argc > 3) {
        limit_ms = strtoull(argv[3], NULL, 0) * 1000;
    }
    start(argv[2]);
    play();
    hang_up();
    pbr_listen_close(bridge_name, &listen_fd);
    pbr_shm_close(&bridge_shm);
    pbr_shm_close(&state_shm);
    return 0;
}
