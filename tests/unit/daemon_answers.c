/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon makes of an engine's answers: an engine that says what a
 * test wants, a child that runs the daemon, and the test as QEMU.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/daemon/daemon.h"
#include "runtime/infer/evidence.h"

/* The first place, and others where nothing is yet. */
#define DEVICE 0x10000000u
#define OTHER  0x20000000u

/* ---- An engine that does what the low byte of the address says ---- */

enum say {
    SAY_TABLES = 0x00, SAY_RETRY = 0x10, SAY_DELIVER = 0x20,
    SAY_RESTART = 0x30, SAY_STOP = 0x40, SAY_NOTHING = 0x50,
    SAY_FAIL = 0x60, SAY_FORBIDDEN = 0x70, SAY_ELSEWHERE = 0x80,
    SAY_NONSENSE = 0x90, SAY_SLOW = 0xa0, SAY_PAGE = 0xb0, SAY_LONG = 0xc0,
    SAY_EMPTY_TABLES = 0xd0,
};

struct inf_engine {
    const struct inf_services *svc;
    unsigned refused, loaded, resets, exceptions, asked;
    char restored[64];
};

static int stub_open(const struct inf_options *opts,
                     const struct inf_services *svc,
                     const struct inf_evidence *ev, struct inf_engine **out)
{
    (void)opts;
    (void)ev;
    *out = calloc(1, sizeof(**out));
    (*out)->svc = svc;
    return *out != NULL ? 0 : INF_E_NOMEM;
}

static void edit(struct inf_answer *ans, uint32_t kind, uint64_t base,
                 uint64_t offset, const char *text)
{
    struct inf_edit *e = &ans->edits[ans->edit_count++];

    memset(e, 0, sizeof(*e));
    e->kind = kind;
    e->confidence = 77;
    e->base = base;
    e->size = 0x1000;
    e->offset = offset;
    e->bytes = 4;
    e->value = 0xfedcba9876543210u;
    if (kind == INF_EDIT_DEVICE) {
        snprintf(e->name, sizeof(e->name), "dev_%08x", (unsigned)base);
    } else {
        snprintf(e->name, sizeof(e->name), "r%02x", (unsigned)offset);
    }
    e->text = strdup(text);
}

static void say_tables(struct inf_answer *ans, uint64_t base, uint64_t offset)
{
    char text[64];

    ans->verdict = INF_TABLES;
    edit(ans, INF_EDIT_DEVICE, base, 0,
         "size: 0x1000; width: 32; unmapped: ask;");
    snprintf(text, sizeof(text), "reg r%02x @ 0x%02x;", (unsigned)offset,
             (unsigned)offset);
    edit(ans, INF_EDIT_REG, base, offset, text);
}

/* A page that is there and one that is not. */
static int try_pages(struct inf_engine *e, struct inf_answer *ans)
{
    static struct inf_page page;
    int ret = e->svc->page(e->svc->opaque, 0x40000123, true, &page);

    if (ret != 0 || page.kind != INF_PAGE_RAM || page.bytes[5] != 5 ||
        !page.readable || page.executable) {
        return INF_E_PAGE;
    }
    ret = e->svc->page(e->svc->opaque, 0x50000000, true, &page);
    if (ret != 0 || page.kind != INF_PAGE_UNMAPPED) {
        return INF_E_PAGE;
    }
    ans->verdict = INF_RETRY;
    return 0;
}

static int stub_answer(struct inf_engine *e, const struct inf_question *q,
                       struct inf_answer *ans)
{
    uint64_t base = q->phys & ~(uint64_t)0xfff;
    int i;

    e->asked++;
    snprintf(ans->message, sizeof(ans->message), "asked %u refused %u loaded "
             "%u resets %u exceptions %u restored %s", e->asked, e->refused,
             e->loaded, e->resets, e->exceptions, e->restored);
    ans->probes = 3;
    switch ((enum say)(q->phys & 0xf0)) {
    case SAY_TABLES:
        say_tables(ans, base, q->phys & 0xfff);
        break;
    case SAY_RETRY:
        ans->verdict = INF_RETRY;
        ans->outcome = INF_WAITING;
        ans->mute_reads = 12345;
        break;
    case SAY_DELIVER:
        ans->verdict = INF_DELIVER;
        ans->outcome = INF_UNRESOLVED;
        break;
    case SAY_RESTART:
        say_tables(ans, base, q->phys & 0xfff);
        ans->verdict = INF_RESTART;
        ans->outcome = INF_WITHDRAWN;
        break;
    case SAY_STOP:
        ans->verdict = INF_STOP;
        break;
    case SAY_NOTHING:
        break;
    case SAY_FAIL:
        return INF_E_PROBE;
    case SAY_FORBIDDEN:
        say_tables(ans, base, q->phys & 0xfff);
        edit(ans, INF_EDIT_ITEM, base, 0, "import \"/etc/passwd\";");
        break;
    case SAY_ELSEWHERE:
        say_tables(ans, 0x77770000, q->phys & 0xfff);
        break;
    case SAY_NONSENSE:
        say_tables(ans, base, q->phys & 0xfff);
        edit(ans, INF_EDIT_ITEM, base, 0, "irq := nowhere.b0;");
        break;
    case SAY_SLOW:
        for (i = 0; i < 20; i++) {
            usleep(10000);
            e->svc->beat(e->svc->opaque);
        }
        ans->verdict = INF_RETRY;
        break;
    case SAY_PAGE:
        return try_pages(e, ans);
    case SAY_LONG:
        say_tables(ans, base, q->phys & 0xfff);
        ans->console_len = 10000;
        ans->console_text = malloc(ans->console_len);
        memset(ans->console_text, 'x', ans->console_len);
        ans->console_text[ans->console_len - 1] = '!';
        break;
    case SAY_EMPTY_TABLES:
        ans->verdict = INF_TABLES;
        break;
    }
    return 0;
}

static int stub_review(struct inf_engine *e, struct inf_answer *ans)
{
    (void)e;
    (void)ans;
    return 0;
}

static void stub_event(struct inf_engine *e, const struct inf_event *ev)
{
    e->refused += ev->kind == INF_EV_REFUSED;
    e->loaded += ev->kind == INF_EV_LOADED;
    e->resets += ev->kind == INF_EV_RESET;
    e->exceptions += ev->kind == INF_EV_EXCEPTION && ev->far == 0xf00;
}

static int stub_save(struct inf_engine *e, char **out)
{
    return asprintf(out, "asked=%u \"quoted\"", e->asked) < 0 ?
        INF_E_NOMEM : 0;
}

static int stub_restore(struct inf_engine *e, const char *text)
{
    snprintf(e->restored, sizeof(e->restored), "%s", text);
    return 0;
}

static void stub_close(struct inf_engine *e)
{
    free(e);
}

static const struct inf_engine_ops stub = {
    .version = INF_API_VERSION, .name = "stub", .open = stub_open,
    .answer = stub_answer, .review = stub_review, .note_event = stub_event,
    .save = stub_save, .restore = stub_restore, .close = stub_close,
};

/* ---- The machine ---- */

static char dir[64], results[96], bridge_name[64], state_name[64];
static struct pbr_shm bridge_shm, state_shm;
static struct pbr_bridge *bridge;
static int listen_fd, fd = -1;
static struct pbr_stream stream;
static uint64_t seq, beats;
static pid_t child;
static struct pbr_answer answer;

static void run_daemon(void)
{
    struct pdm_options options;
    struct pdm *d = calloc(1, sizeof(*d));
    char log[128];
    sigset_t set;
    int ret;

    memset(&options, 0, sizeof(options));
    options.bridge_mem = bridge_name;
    options.board = dir;
    options.results = results;
    options.engines[0] = &stub;
    options.engine_count = 1;
    options.log.level = PDM_DEBUG;
    snprintf(log, sizeof(log), "%s/log", dir);
    options.log.file = fopen(log, "a");
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ret = pdm_init(d, &options);
    if (ret == 0) {
        ret = pdm_run(d, signalfd(-1, &set, SFD_CLOEXEC));
    }
    pdm_dispose(d);
    free(d);
    fclose(options.log.file);
    /* As exit() would, but without cmocka's. */
    _exit(ret != 0);
}

static void start_daemon(void)
{
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(listen_fd);
        run_daemon();
    }
}

static void stop_daemon(int signal_number)
{
    int status;

    kill(child, signal_number);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (signal_number == SIGTERM) {
        assert_int_equal(status, 0);
    }
    close(fd);
    fd = -1;
}

static void serve_page(uint64_t number)
{
    static struct pbr_page_reply rep;
    struct pbr_page_request req;
    unsigned i;

    assert_int_equal(pbr_page_request_read(bridge, &req), PBR_OK);
    assert_int_equal(req.seq, number);
    memset(&rep, 0, sizeof(rep));
    rep.seq = number;
    rep.address = req.address;
    rep.status = PBR_PAGE_UNMAPPED;
    if (req.address == 0x40000000) {
        rep.status = PBR_PAGE_OK;
        rep.kind = PBR_KIND_RAM;
        rep.prot = PBR_PROT_READ;
        for (i = 0; i < 16; i++) {
            rep.bytes[i] = (uint8_t)i;
        }
    }
    pbr_page_reply_write(bridge, &rep);
    pbr_send(fd, PBR_F_PAGE_REP, rep.status, number, 0);
}

/* Next frame that is not a beat or a page request. */
static struct pbr_frame next_frame(void)
{
    struct pollfd p;
    struct pbr_frame f;

    for (;;) {
        while (pbr_stream_get(&stream, &f) == 1) {
            if (f.type == PBR_F_BEAT) {
                beats++;
            } else if (f.type == PBR_F_PAGE_REQ) {
                serve_page(f.seq);
            } else {
                return f;
            }
        }
        p.fd = fd;
        p.events = POLLIN;
        assert_int_equal(poll(&p, 1, 20000), 1);
        assert_int_equal(pbr_recv(fd, &stream), PBR_OK);
    }
}

static void greet(void)
{
    struct pbr_frame f;
    struct pollfd p = { .fd = listen_fd, .events = POLLIN };

    assert_int_equal(poll(&p, 1, 20000), 1);
    assert_int_equal(pbr_accept(listen_fd, &fd), PBR_OK);
    pbr_stream_init(&stream);
    f = next_frame();
    assert_int_equal(f.type, PBR_F_HELLO);
    assert_int_equal(f.arg2, child);
    pbr_send(fd, PBR_F_HELLO_ACK, PBR_HELLO_ARG,
             pbr_bridge_generation(bridge), 0);
}

static uint32_t ask_kind(uint32_t kind, uint64_t address)
{
    struct pbr_question q;
    struct pbr_frame f;

    memset(&q, 0, sizeof(q));
    q.seq = ++seq;
    q.generation = pbr_bridge_generation(bridge);
    q.kind = kind;
    q.access = PBR_ACCESS_LOAD;
    q.size = 4;
    q.phys = q.virt = address;
    q.pc = 0x40000000 + 4 * seq;
    q.cpu.arch = PBR_ARCH_AARCH64;
    pbr_question_write(bridge, &q);
    pbr_bridge_set_open(bridge, seq);
    pbr_send(fd, PBR_F_QUESTION, kind, seq, 0);
    f = next_frame();
    assert_int_equal(f.type, PBR_F_ANSWER);
    assert_int_equal(f.seq, seq);
    assert_int_equal(pbr_answer_read(bridge, &answer), PBR_OK);
    assert_int_equal(answer.seq, seq);
    assert_int_equal(answer.generation, q.generation);
    return answer.verdict;
}

static void acknowledge(uint32_t ack)
{
    pbr_bridge_set_open(bridge, ack == PBR_ACK_OK ? 0 : seq);
    pbr_send(fd, PBR_F_ANSWER_ACK, ack, seq, 0);
}

static uint32_t ask(uint64_t address)
{
    uint32_t verdict = ask_kind(PBR_Q_FAULT, address);

    acknowledge(PBR_ACK_OK);
    return verdict;
}

static int setup(void **state)
{
    struct pbr_bridge_options b = {
        .arch = PBR_ARCH_AARCH64, .cpu_count = 1, .cpu_model = "cortex-a53",
        .generation = pbr_generation_new(),
    };
    struct pbr_state_options s = {
        .arch = PBR_ARCH_AARCH64, .capacity = 64,
        .record_size = PBR_RECORD_MIN, .generation = b.generation,
    };
    char path[96];
    FILE *f;

    (void)state;
    strcpy(dir, "/tmp/periph-daemon-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    setenv("XDG_RUNTIME_DIR", dir, 1);
    snprintf(results, sizeof(results), "%s/log.d/results.json", dir);
    snprintf(path, sizeof(path), "%s/board.periph", dir);
    f = fopen(path, "w");
    fputs("periph 1;\nboard b { cpu: \"cortex-a53\"; }\n", f);
    fclose(f);
    snprintf(bridge_name, sizeof(bridge_name), "/periph-ut-%d",
             (int)getpid());
    snprintf(state_name, sizeof(state_name), "/periph-us-%d", (int)getpid());
    b.state_mem = state_name;
    if (pbr_shm_create(&bridge_shm, bridge_name, sizeof(*bridge)) ||
        pbr_shm_create(&state_shm, state_name,
                       pbr_state_size(64, PBR_RECORD_MIN))) {
        return -1;
    }
    bridge = bridge_shm.mem;
    pbr_bridge_format(bridge, &b);
    pbr_state_format(state_shm.mem, &s);
    if (pbr_listen(bridge_name, &listen_fd) != PBR_OK) {
        return -1;
    }
    start_daemon();
    greet();
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    if (fd >= 0) {
        stop_daemon(SIGTERM);
    }
    pbr_listen_close(bridge_name, &listen_fd);
    pbr_shm_close(&bridge_shm);
    pbr_shm_close(&state_shm);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static bool file_has(const char *name, const char *text)
{
    char path[160], line[1024];
    bool found = false;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "r");
    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        found = strstr(line, text) != NULL;
    }
    if (f != NULL) {
        fclose(f);
    }
    return found;
}

/* ---- Cases ---- */

static void each_verdict(void **state)
{
    (void)state;
    assert_int_equal(ask(DEVICE + SAY_TABLES), PBR_V_TABLES);
    assert_true(answer.blob_size > 64);
    assert_true(file_has("dev_10000000.periph", "@inferred(stub, 77"));
    assert_int_equal(ask(OTHER + SAY_RETRY), PBR_V_RETRY);
    assert_int_equal(answer.mute, 12345);
    assert_non_null(strstr(answer.message, "loaded 1"));
    assert_int_equal(ask(OTHER + SAY_DELIVER), PBR_V_DELIVER);
    assert_int_equal(ask(OTHER + SAY_STOP), PBR_V_STOP);
    assert_non_null(strstr(answer.message, "asked 4"));
}

static void nobody_knows(void **state)
{
    (void)state;
    assert_int_equal(ask(DEVICE + SAY_NOTHING), PBR_V_DELIVER);
    assert_int_equal(ask(DEVICE + SAY_FAIL), PBR_V_DELIVER);
    assert_int_equal(ask_kind(PBR_Q_STALL, DEVICE + SAY_NOTHING),
                     PBR_V_RETRY);
    assert_int_equal(answer.mute, 0);
    acknowledge(PBR_ACK_OK);
    assert_int_equal(ask(DEVICE + SAY_EMPTY_TABLES), PBR_V_RETRY);
}

static void the_gate_holds(void **state)
{
    (void)state;
    assert_int_equal(ask(DEVICE + SAY_FORBIDDEN), PBR_V_DELIVER);
    assert_false(file_has("dev_10000000.periph", "reg"));
    assert_int_equal(ask(DEVICE + SAY_ELSEWHERE), PBR_V_DELIVER);
    assert_false(file_has("dev_77770000.periph", "reg"));
    /* What does not compile is asked again, not for ever. */
    assert_int_equal(ask(DEVICE + SAY_NONSENSE), PBR_V_DELIVER);
    assert_false(file_has("dev_10000000.periph", "reg"));
    assert_int_equal(ask(DEVICE + SAY_STOP), PBR_V_STOP);
    assert_non_null(strstr(answer.message, "asked 6 refused 5"));
}

static void a_restart_is_remembered_first(void **state)
{
    (void)state;
    assert_int_equal(ask_kind(PBR_Q_FAULT, DEVICE + SAY_RESTART),
                     PBR_V_RESTART);
    /* Before the machine knows of it. */
    assert_true(file_has(PDM_STATE_FILE, "asked=1"));
    assert_true(file_has("dev_10000000.periph", "reg r30"));
    stop_daemon(SIGKILL);
    start_daemon();
    greet();
    assert_int_equal(ask(OTHER + SAY_STOP), PBR_V_STOP);
    assert_non_null(strstr(answer.message, "restored asked=1 \"quoted\""));
}

static void signs_of_life(void **state)
{
    (void)state;
    beats = 0;
    assert_int_equal(ask(DEVICE + SAY_SLOW), PBR_V_RETRY);
    assert_true(beats >= 3);
}

static void pages(void **state)
{
    (void)state;
    assert_int_equal(ask(DEVICE + SAY_PAGE), PBR_V_RETRY);
}

static void long_console_text_is_cut_in_front(void **state)
{
    (void)state;
    assert_int_equal(ask(DEVICE + SAY_LONG), PBR_V_TABLES);
    assert_int_equal(answer.console_size, PBR_CONSOLE_MAX);
    assert_int_equal(answer.console[PBR_CONSOLE_MAX - 1], '!');
}

static void events_reach_the_engine(void **state)
{
    struct pbr_event_info e;

    (void)state;
    assert_int_equal(ask(OTHER + SAY_RETRY), PBR_V_RETRY);
    memset(&e, 0, sizeof(e));
    e.seq = 1;
    e.kind = PBR_E_EXCEPTION;
    e.far = 0xf00;
    pbr_event_write(bridge, &e);
    pbr_send(fd, PBR_F_EVENT, e.kind, e.seq, 0);
    pbr_bridge_set_generation(bridge, 99);
    e.seq = 2;
    e.kind = PBR_E_RESET;
    pbr_send(fd, PBR_F_EVENT, e.kind, e.seq, 0);    /* slot overtaken */
    assert_int_equal(ask(DEVICE + SAY_STOP), PBR_V_STOP);
    if (strstr(answer.message, "resets 2 exceptions 1") == NULL) {
        fail_msg("%s", answer.message);
    }
}

static void a_refused_table_stops_the_machine(void **state)
{
    struct pbr_note note;
    struct pbr_frame f;

    (void)state;
    assert_int_equal(ask_kind(PBR_Q_FAULT, DEVICE + SAY_TABLES),
                     PBR_V_TABLES);
    memset(&note, 0, sizeof(note));
    note.seq = seq;
    note.ack = PBR_ACK_BAD_TABLE;
    strcpy(note.message, "checksum");
    pbr_note_write(bridge, &note);
    acknowledge(PBR_ACK_BAD_TABLE);
    f = next_frame();
    assert_int_equal(f.type, PBR_F_ANSWER);
    assert_int_equal(pbr_answer_read(bridge, &answer), PBR_OK);
    assert_int_equal(answer.verdict, PBR_V_STOP);
    assert_non_null(strstr(answer.message, "checksum"));
}

static void results_are_written(void **state)
{
    (void)state;
    assert_int_equal(ask(DEVICE + SAY_TABLES), PBR_V_TABLES);
    assert_int_equal(ask(OTHER + SAY_DELIVER), PBR_V_DELIVER);
    stop_daemon(SIGTERM);
    assert_true(file_has("log.d/results.json", "\"0x10000000\""));
    assert_true(file_has("log.d/results.json", "\"0xfedcba9876543210\""));
    assert_true(file_has("log.d/results.json", "fault at 0x20000020"));
    assert_true(file_has("log.d/results.json", "\"probes\":\t6"));
}

/* What lies in the ring beside accesses of a CPU is no evidence. */
static void only_accesses_are_evidence(void **state)
{
    static const uint16_t flags[] = {
        PBR_R_IRQ, PBR_R_WRITE, PBR_R_IRQ_END, PBR_R_WRITE | PBR_R_PEER, 0,
    };
    struct pbr_record r = { .address = DEVICE, .size = 4, .value = 33 };
    struct pbr_ring_writer writer;
    struct pdm d = { .have_ring = true };
    const struct inf_reg_stat *reg;
    size_t i;

    (void)state;
    assert_int_equal(pbr_ring_writer_init(&writer, state_shm.mem,
                                          state_shm.size), PBR_OK);
    assert_int_equal(pbr_ring_reader_init(&d.ring, state_shm.mem,
                                          state_shm.size, true), PBR_OK);
    d.evidence = inf_evidence_new();
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        r.flags = flags[i];
        pbr_ring_put(&writer, &r, NULL);
    }
    assert_int_equal(pdm_drain(&d), i);
    reg = inf_evidence_reg(d.evidence, DEVICE);
    assert_non_null(reg);
    assert_int_equal(reg->reads, 1);
    assert_int_equal(reg->writes, 1);
    inf_evidence_free(d.evidence);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(each_verdict),
        TEST(nobody_knows),
        TEST(the_gate_holds),
        TEST(a_restart_is_remembered_first),
        TEST(signs_of_life),
        TEST(pages),
        TEST(long_console_text_is_cut_in_front),
        TEST(events_reach_the_engine),
        TEST(a_refused_table_stops_the_machine),
        TEST(results_are_written),
        TEST(only_accesses_are_evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
