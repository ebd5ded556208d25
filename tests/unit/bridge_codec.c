/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots, headers, blob, frames and names of the bridge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/bridge/bridge.h"

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void fill_random(void *mem, size_t bytes)
{
    uint8_t *p = mem;

    while (bytes-- > 0) {
        *p++ = (uint8_t)random_word();
    }
}

static struct pbr_bridge *new_bridge(void)
{
    static const struct pbr_bridge_options options = {
        .qemu_pid = 42, .arch = PBR_ARCH_AARCH64, .cpu_count = 4,
        .cpu_model = "cortex-a53", .state_mem = "/state", .board = "b",
        .generation = 7,
    };
    struct pbr_bridge *mem = calloc(1, sizeof(*mem));

    assert_non_null(mem);
    pbr_bridge_format(mem, &options);
    return mem;
}

static void header_round_trip(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_bridge_header h;

    (void)state;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h), PBR_OK);
    assert_int_equal(h.qemu_pid, 42);
    assert_int_equal(h.cpu_count, 4);
    assert_string_equal(h.cpu_model, "cortex-a53");
    assert_string_equal(h.state_mem, "/state");
    assert_int_equal(h.generation, 7);
    pbr_bridge_set_generation(mem, 8);
    assert_int_equal(pbr_bridge_generation(mem), 8);
    free(mem);
}

static void header_of_another_kind_is_refused(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_bridge_header h;

    (void)state;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem) - 1, &h),
                     PBR_ERR_SIZE);
    mem->header.version = 9;
    mem->header.compat = 9;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h),
                     PBR_ERR_VERSION);
    mem->header.version = 9;
    mem->header.compat = 1;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h), PBR_OK);
    mem->header.blob_offset = 0;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h), PBR_ERR_SIZE);
    mem->header.blob_offset = offsetof(struct pbr_bridge, blob);
    mem->header.total_size = UINT64_MAX;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h), PBR_ERR_SIZE);
    mem->header.total_size = sizeof(*mem);
    mem->header.generation = 0;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h), PBR_ERR_BAD);
    mem->header.magic++;
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h),
                     PBR_ERR_MAGIC);
    free(mem);
}

static void texts_without_end_are_ended(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_bridge_header h;

    (void)state;
    memset(mem->header.cpu_model, 'x', sizeof(mem->header.cpu_model));
    memset(mem->header.board, '\033', sizeof(mem->header.board));
    assert_int_equal(pbr_bridge_check(mem, sizeof(*mem), &h), PBR_OK);
    assert_int_equal(strlen(h.cpu_model), PBR_NAME_MAX - 1);
    assert_int_equal(h.board[0], '?');
    free(mem);
}

static struct pbr_question question(void)
{
    struct pbr_question q;

    memset(&q, 0, sizeof(q));
    q.seq = 3;
    q.generation = 7;
    q.kind = PBR_Q_FAULT;
    q.access = PBR_ACCESS_LOAD;
    q.size = 4;
    q.phys = 0x01c28000;
    q.cpu.arch = PBR_ARCH_AARCH64;
    q.cpu.regs[PBR_A64_PC] = 0x4a000000;
    return q;
}

static void question_round_trip(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_question q = question(), got;

    (void)state;
    assert_int_equal(pbr_question_read(mem, &got), PBR_ERR_EMPTY);
    pbr_question_write(mem, &q);
    assert_int_equal(pbr_question_read(mem, &got), PBR_OK);
    assert_memory_equal(&q, &got, sizeof(q));
    free(mem);
}

static void question_out_of_range_is_refused(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_question q, got;
    unsigned i;

    (void)state;
    for (i = 0; i < 7; i++) {
        q = question();
        switch (i) {
        case 0:
            q.kind = PBR_Q_COUNT_;
            break;
        case 1:
            q.access = 0;
            break;
        case 2:
            q.cpu.arch = 99;
            break;
        case 3:
            q.seq = 0;
            break;
        case 4:
            q.size = 65;
            break;
        case 5:
            q.cpu.el = 4;
            break;
        default:
            q.flags = PBR_QF_DEVICE;
            break;
        }
        pbr_question_write(mem, &q);
        assert_int_equal(pbr_question_read(mem, &got), PBR_ERR_BAD);
    }
    free(mem);
}

static void slot_being_written_is_torn_then_repaired(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_question q = question(), got;

    (void)state;
    pbr_question_write(mem, &q);
    mem->question.lock++;
    assert_int_equal(pbr_question_read(mem, &got), PBR_ERR_TORN);
    /* The writer died there; the next one mends the lock. */
    q.seq = 4;
    pbr_question_write(mem, &q);
    assert_int_equal(pbr_question_read(mem, &got), PBR_OK);
    assert_int_equal(got.seq, 4);
    assert_int_equal(mem->question.lock & 1, 0);
    mem->question.lock = UINT64_MAX - 1;
    pbr_question_write(mem, &q);
    assert_int_equal(pbr_question_read(mem, &got), PBR_OK);
    free(mem);
}

static void answer_needs_a_blob_exactly_with_tables(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_answer a, got;

    (void)state;
    memset(&a, 0, sizeof(a));
    a.seq = 1;
    a.verdict = PBR_V_TABLES;
    pbr_answer_write(mem, &a);
    assert_int_equal(pbr_answer_read(mem, &got), PBR_ERR_BAD);
    a.blob_size = 64;
    pbr_answer_write(mem, &a);
    assert_int_equal(pbr_answer_read(mem, &got), PBR_OK);
    a.verdict = PBR_V_RETRY;
    pbr_answer_write(mem, &a);
    assert_int_equal(pbr_answer_read(mem, &got), PBR_ERR_BAD);
    a.verdict = PBR_V_TABLES;
    a.blob_size = PBR_BLOB_SIZE + 1;
    pbr_answer_write(mem, &a);
    assert_int_equal(pbr_answer_read(mem, &got), PBR_ERR_BAD);
    a.blob_size = 64;
    a.console_size = PBR_CONSOLE_MAX + 1;
    pbr_answer_write(mem, &a);
    assert_int_equal(pbr_answer_read(mem, &got), PBR_ERR_BAD);
    free(mem);
}

static void pages_events_and_notes(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_page_request req = { 5, 0x1234, 0, PBR_PAGE_VIRTUAL }, req2;
    struct pbr_page_reply *rep = calloc(2, sizeof(*rep));
    struct pbr_event_info e, e2;
    struct pbr_note n, n2;

    (void)state;
    pbr_page_request_write(mem, &req);
    assert_int_equal(pbr_page_request_read(mem, &req2), PBR_OK);
    assert_int_equal(req2.address, 0x1234);
    req.flags = 0x80;
    pbr_page_request_write(mem, &req);
    assert_int_equal(pbr_page_request_read(mem, &req2), PBR_ERR_BAD);
    rep[0].seq = 5;
    rep[0].kind = PBR_KIND_RAM;
    rep[0].bytes[PBR_PAGE_SIZE - 1] = 0x5a;
    pbr_page_reply_write(mem, &rep[0]);
    assert_int_equal(pbr_page_reply_read(mem, &rep[1]), PBR_OK);
    assert_int_equal(rep[1].bytes[PBR_PAGE_SIZE - 1], 0x5a);
    rep[0].phys = 1;
    pbr_page_reply_write(mem, &rep[0]);
    assert_int_equal(pbr_page_reply_read(mem, &rep[1]), PBR_ERR_BAD);
    memset(&e, 0, sizeof(e));
    e.seq = 1;
    e.kind = PBR_E_EXCEPTION;
    memset(e.message, 'm', sizeof(e.message));
    pbr_event_write(mem, &e);
    assert_int_equal(pbr_event_read(mem, &e2), PBR_OK);
    assert_int_equal(strlen(e2.message), PBR_MESSAGE_MAX - 1);
    e.kind = 77;
    pbr_event_write(mem, &e);
    assert_int_equal(pbr_event_read(mem, &e2), PBR_ERR_BAD);
    memset(&n, 0, sizeof(n));
    n.seq = 9;
    n.ack = PBR_ACK_BAD_TABLE;
    pbr_note_write(mem, &n);
    assert_int_equal(pbr_note_read(mem, &n2), PBR_OK);
    n.ack = PBR_ACK_COUNT_;
    pbr_note_write(mem, &n);
    assert_int_equal(pbr_note_read(mem, &n2), PBR_ERR_BAD);
    free(rep);
    free(mem);
}

/* Nothing that a slot may hold gets past the reader out of range. */
static void garbage_in_slots(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    struct pbr_page_reply *rep = calloc(1, sizeof(*rep));
    struct pbr_event_info e;
    struct pbr_question q;
    struct pbr_answer a;
    unsigned i, taken = 0;

    (void)state;
    for (i = 0; i < 20000; i++) {
        fill_random(&mem->question, i % 3 == 0 ? 256 : 200);
        fill_random(&mem->answer, 64);
        fill_random(&mem->page_reply, 64);
        fill_random(&mem->event, 64);
        mem->question.lock &= ~(uint64_t)1;
        mem->answer.lock &= ~(uint64_t)1;
        mem->event.lock &= ~(uint64_t)1;
        /* Some of them plausible. */
        if (i % 2 == 0) {
            mem->question.v.kind %= 8;
            mem->question.v.access %= 8;
            mem->question.v.size %= 128;
            mem->question.v.cpu.arch %= 5;
            mem->question.v.cpu.el %= 6;
            mem->answer.v.verdict %= 8;
            mem->answer.v.blob_size %= PBR_BLOB_SIZE * 2;
            mem->answer.v.console_size %= PBR_CONSOLE_MAX * 2;
            mem->event.v.kind %= 10;
        }
        if (pbr_question_read(mem, &q) == PBR_OK) {
            taken++;
            assert_true(q.kind > 0 && q.kind < PBR_Q_COUNT_);
            assert_true(q.cpu.arch > 0 && q.cpu.arch < PBR_ARCH_COUNT_);
            assert_non_null(memchr(q.device, '\0', sizeof(q.device)));
        }
        if (pbr_answer_read(mem, &a) == PBR_OK) {
            taken++;
            assert_true(a.blob_size <= PBR_BLOB_SIZE);
            assert_true(a.console_size <= PBR_CONSOLE_MAX);
            assert_non_null(memchr(a.message, '\0', sizeof(a.message)));
        }
        if (pbr_page_reply_read(mem, rep) == PBR_OK) {
            assert_true(rep->kind <= PBR_KIND_IO);
        }
        if (pbr_event_read(mem, &e) == PBR_OK) {
            taken++;
            assert_true(e.kind > 0 && e.kind < PBR_E_COUNT_);
        }
    }
    assert_true(taken > 100);
    free(rep);
    free(mem);
}

static void blob_is_bounded(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    uint8_t bytes[100], got[100];

    (void)state;
    fill_random(bytes, sizeof(bytes));
    assert_int_equal(pbr_blob_put(mem, bytes, sizeof(bytes)), PBR_OK);
    assert_int_equal(pbr_blob_copy(mem, got, sizeof(got)), PBR_OK);
    assert_memory_equal(bytes, got, sizeof(got));
    assert_int_equal(pbr_blob_put(mem, bytes, PBR_BLOB_SIZE + 1ull),
                     PBR_ERR_SIZE);
    assert_int_equal(pbr_blob_copy(mem, got, UINT64_MAX), PBR_ERR_SIZE);
    free(mem);
}

static void frames_survive_any_cut(void **state)
{
    struct pbr_frame f = { PBR_F_QUESTION, 2, 0x1122334455667788, 3 }, got;
    uint8_t bytes[3 * PBR_FRAME_SIZE];
    struct pbr_stream s;
    uint32_t room;
    size_t step, at, n;
    int frames;

    (void)state;
    for (at = 0; at < 3; at++) {
        f.seq += at;
        pbr_frame_encode(bytes + at * PBR_FRAME_SIZE, &f);
    }
    for (step = 1; step <= sizeof(bytes); step++) {
        pbr_stream_init(&s);
        frames = 0;
        for (at = 0; at < sizeof(bytes); at += n) {
            uint8_t *space = pbr_stream_space(&s, &room);

            n = sizeof(bytes) - at < step ? sizeof(bytes) - at : step;
            assert_true(room >= n);
            memcpy(space, bytes + at, n);
            pbr_stream_added(&s, (uint32_t)n);
            while (pbr_stream_get(&s, &got) == 1) {
                frames++;
                assert_int_equal(got.type, PBR_F_QUESTION);
                assert_int_equal(got.arg2, 3);
            }
        }
        assert_int_equal(frames, 3);
    }
}

static void garbage_on_the_stream(void **state)
{
    struct pbr_stream s;
    struct pbr_frame f;
    uint32_t room;
    unsigned i;
    int ret, bad = 0;

    (void)state;
    pbr_stream_init(&s);
    for (i = 0; i < 20000; i++) {
        uint8_t *space = pbr_stream_space(&s, &room);
        uint32_t n = (uint32_t)random_word() % (room + 1);

        fill_random(space, n);
        pbr_stream_added(&s, n);
        while ((ret = pbr_stream_get(&s, &f)) != 0) {
            if (ret == 1) {
                assert_true(f.type > 0 && f.type < PBR_F_COUNT_);
            } else {
                assert_int_equal(ret, PBR_ERR_BAD);
                bad++;
            }
        }
        assert_true(s.have < PBR_FRAME_SIZE);
    }
    assert_true(bad > 1000);
    pbr_stream_added(&s, UINT32_MAX);
    assert_true(s.have <= sizeof(s.buf));
}

static void versions(void **state)
{
    (void)state;
    assert_true(pbr_hello_fits(PBR_HELLO_ARG));
    assert_true(pbr_hello_fits((PBR_VERSION + 1) << 16 | PBR_VERSION));
    assert_false(pbr_hello_fits((PBR_VERSION + 1) << 16 |
                                (PBR_VERSION + 1)));
    assert_false(pbr_hello_fits(0));
    assert_false(pbr_hello_fits(1 << 16));
    assert_false(pbr_hello_fits(1));
}

static void every_error_has_a_text(void **state)
{
    int err, other;

    (void)state;
    for (err = 0; err >= PBR_ERR_LAST_; err--) {
        assert_string_not_equal(pbr_strerror(err), "unknown error");
        for (other = err - 1; other >= PBR_ERR_LAST_; other--) {
            assert_string_not_equal(pbr_strerror(err), pbr_strerror(other));
        }
    }
    assert_string_equal(pbr_strerror(PBR_ERR_LAST_ - 1), "unknown error");
    assert_string_equal(pbr_strerror(1), "unknown error");
    assert_string_equal(pbr_question_kind_name(PBR_Q_STALL), "stall");
    assert_string_equal(pbr_question_kind_name(0), "?");
    assert_string_equal(pbr_verdict_name(PBR_V_COUNT_), "?");
    assert_string_equal(pbr_event_name(UINT32_MAX), "?");
}

static void latencies(void **state)
{
    struct pbr_bridge *mem = new_bridge();
    uint32_t *scratch = calloc(PBR_LATENCY_COUNT, sizeof(*scratch));
    struct pbr_latency out;
    unsigned i;

    (void)state;
    pbr_stats_latency(mem, 0, scratch, &out);
    assert_int_equal(out.count + out.p50 + out.max, 0);
    for (i = 1; i <= 100; i++) {
        pbr_stats_answered(mem, PBR_Q_FAULT, PBR_V_TABLES, i);
    }
    pbr_stats_answered(mem, PBR_Q_STALL, PBR_V_RETRY, UINT64_MAX);
    pbr_stats_latency(mem, PBR_Q_FAULT, scratch, &out);
    assert_int_equal(out.count, 100);
    assert_int_equal(out.p50, 50);
    assert_int_equal(out.p99, 99);
    assert_int_equal(out.max, 100);
    pbr_stats_latency(mem, PBR_Q_STALL, scratch, &out);
    assert_int_equal(out.max, PBR_LATENCY_US);
    for (i = 0; i < PBR_LATENCY_COUNT; i++) {
        pbr_stats_answered(mem, PBR_Q_FAULT, PBR_V_TABLES, 5);
    }
    pbr_stats_latency(mem, 0, scratch, &out);
    assert_int_equal(out.count, PBR_LATENCY_COUNT);
    assert_int_equal(out.max, 5);
    /* A reader must survive any count. */
    mem->stats.latency_count = UINT64_MAX;
    pbr_stats_latency(mem, 0, scratch, &out);
    assert_int_equal(out.count, PBR_LATENCY_COUNT);
    free(scratch);
    free(mem);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_round_trip),
        cmocka_unit_test(header_of_another_kind_is_refused),
        cmocka_unit_test(texts_without_end_are_ended),
        cmocka_unit_test(question_round_trip),
        cmocka_unit_test(question_out_of_range_is_refused),
        cmocka_unit_test(slot_being_written_is_torn_then_repaired),
        cmocka_unit_test(answer_needs_a_blob_exactly_with_tables),
        cmocka_unit_test(pages_events_and_notes),
        cmocka_unit_test(garbage_in_slots),
        cmocka_unit_test(blob_is_bounded),
        cmocka_unit_test(frames_survive_any_cut),
        cmocka_unit_test(garbage_on_the_stream),
        cmocka_unit_test(versions),
        cmocka_unit_test(every_error_has_a_text),
        cmocka_unit_test(latencies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
