/*
 * Inference device: what becomes of an answer, and of none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "hw/periph/periph-board.h"
#include "inference-internal.h"
#include "trace.h"

/* Exit status by which "periph run" is asked to start QEMU again. */
#define EXIT_RESTART 75

/* ---- Answers ---- */

static bool apply_blob(InferenceDevice *s, const struct pbr_answer *a,
                       Error **errp)
{
    int64_t start = g_get_monotonic_time();
    g_autoptr(GBytes) bytes = NULL;
    PeriphApplied applied;
    void *data;
    int ret;

    if (!a->blob_size || a->blob_size > PBR_BLOB_SIZE) {
        error_setg(errp, "an answer with a table of %" PRIu32 " bytes",
                   a->blob_size);
        return false;
    }
    data = g_malloc(a->blob_size);
    bytes = g_bytes_new_take(data, a->blob_size);
    ret = pbr_blob_copy(s->bridge, data, a->blob_size);
    if (ret != PBR_OK) {
        error_setg(errp, "%s", pbr_strerror(ret));
        return false;
    }
    if (!periph_board_apply(bytes, &applied, errp)) {
        return false;
    }
    trace_inference_applied(applied.created, applied.replaced,
                            applied.memories, g_get_monotonic_time() - start);
    if (a->console_size) {
        periph_board_console_text(a->console,
                                  MIN(a->console_size, PBR_CONSOLE_MAX));
    }
    return true;
}

static void answer_stop(InferenceDevice *s, const char *message)
{
    error_report("periph: %s; the machine is paused, 'cont' asks again",
                 *message ? message : "the daemon gave up");
    inference_close_question(s);
    vm_stop(RUN_STATE_PAUSED);
}

static void answer_deliver(InferenceDevice *s)
{
    if (s->q.kind == PBR_Q_FAULT || s->q.kind == PBR_Q_STALL) {
        s->delivery = (InferenceDelivery) {
            .valid = true, .cpu = s->asking, .pc = s->q.pc, .phys = s->q.phys,
        };
    }
    inference_finish_question(s, PBR_V_DELIVER);
}

static void answer_retry(InferenceDevice *s, uint64_t mute)
{
    PeriphDevice *dev;

    if (s->q.kind == PBR_Q_STALL) {
        dev = periph_device_named(s->q.device);
        if (dev) {
            inference_stall_mute(s->stall, s->q.pc, dev, s->q.offset, mute);
        }
    }
    inference_finish_question(s, PBR_V_RETRY);
}

void inference_mute_at(InferenceDevice *s, uint64_t pc, hwaddr phys)
{
    PeriphDevice *dev = periph_device_in(phys, phys, NULL, NULL);
    hwaddr offset;

    if (dev && periph_device_at(dev, phys, &offset)) {
        inference_stall_mute(s->stall, pc, dev, offset, 0);
    }
}

static void act_on(InferenceDevice *s, const struct pbr_answer *a)
{
    Error *err = NULL;
    uint64_t seq = a->seq;

    if (a->verdict == PBR_V_TABLES && !apply_blob(s, a, &err)) {
        warn_report("periph: table of answer %" PRIu64 " refused: %s", seq,
                    error_get_pretty(err));
        inference_link_ack(s, PBR_F_ANSWER_ACK, PBR_ACK_BAD_TABLE, seq,
                           error_get_pretty(err));
        error_free(err);
        return;
    }
    /* The guest goes first. */
    switch (a->verdict) {
    case PBR_V_TABLES:
        inference_finish_question(s, PBR_V_TABLES);
        break;
    case PBR_V_RETRY:
        answer_retry(s, a->mute);
        break;
    case PBR_V_DELIVER:
        answer_deliver(s);
        break;
    }
    inference_link_ack(s, PBR_F_ANSWER_ACK, PBR_ACK_OK, seq, NULL);
    switch (a->verdict) {
    case PBR_V_RESTART:
        pbr_stats_answered(s->bridge, s->q.kind, PBR_V_RESTART,
                           g_get_monotonic_time() - s->raised_us);
        inference_close_question(s);
        qemu_system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_QMP_QUIT,
                                               EXIT_RESTART);
        break;
    case PBR_V_STOP:
        answer_stop(s, a->message);
        break;
    }
}

void inference_answer(InferenceDevice *s)
{
    struct pbr_answer a;
    int ret = pbr_answer_read(s->bridge, &a);

    if (ret != PBR_OK) {
        inference_link_ack(s, PBR_F_ANSWER_ACK, PBR_ACK_BAD_ANSWER, s->q.seq,
                           pbr_strerror(ret));
    } else if (s->phase != INFERENCE_OPEN || a.seq != s->q.seq ||
               a.generation != s->q.generation) {
        inference_link_ack(s, PBR_F_ANSWER_ACK, PBR_ACK_STALE, a.seq,
                           "no such question is open");
    } else {
        act_on(s, &a);
    }
}

void inference_load(InferenceDevice *s, uint64_t seq)
{
    Error *err = NULL;
    struct pbr_answer a;
    int ret = pbr_answer_read(s->bridge, &a);

    if (ret != PBR_OK || a.seq != seq || a.verdict != PBR_V_TABLES) {
        inference_link_ack(s, PBR_F_LOAD_ACK, PBR_ACK_BAD_ANSWER, seq,
                           ret != PBR_OK ? pbr_strerror(ret)
                                         : "the slot describes no table");
        return;
    }
    if (!apply_blob(s, &a, &err)) {
        inference_link_ack(s, PBR_F_LOAD_ACK, PBR_ACK_BAD_TABLE, seq,
                           error_get_pretty(err));
        error_free(err);
        return;
    }
    pbr_stats_count(&s->bridge->stats.loads);
    inference_link_ack(s, PBR_F_LOAD_ACK, PBR_ACK_OK, seq, NULL);
}

/* ---- No answer ---- */

static void answer_zero(InferenceDevice *s)
{
    if (s->q.kind != PBR_Q_FAULT) {
        answer_retry(s, 0);
    } else if (s->q.flags & PBR_QF_DEVICE) {
        answer_deliver(s);
    } else {
        periph_board_zero(s->q.phys & ~(hwaddr)(PBR_PAGE_SIZE - 1),
                          PBR_PAGE_SIZE);
        inference_finish_question(s, PBR_V_RETRY);
    }
}

static char *question_text(InferenceDevice *s)
{
    static const char *const access[] = {
        [PBR_ACCESS_LOAD] = "load", [PBR_ACCESS_STORE] = "store",
        [PBR_ACCESS_FETCH] = "fetch", [PBR_ACCESS_NONE] = "exception",
    };

    return g_strdup_printf("%s: %s of %" PRIu32 " bytes at 0x%08" PRIx64
                           " by the instruction at 0x%" PRIx64,
                           pbr_question_kind_name(s->q.kind),
                           access[s->q.access], s->q.size, s->q.phys,
                           s->q.pc);
}

void inference_give_up(InferenceDevice *s, const char *why)
{
    g_autofree char *what = question_text(s);

    pbr_stats_count(&s->bridge->stats.timeouts);
    inference_link_event(s, PBR_E_TIMEOUT, NULL, why);
    switch (s->policy) {
    case INFERENCE_STOP:
        error_report("periph: %s (%s); the machine is paused", why, what);
        error_printf("Start 'periphd --bridge-mem %s', then say 'cont'; or "
                     "use on-timeout=zero or on-timeout=abort.\n",
                     s->bridge_name);
        inference_close_question(s);
        vm_stop(RUN_STATE_PAUSED);
        break;
    case INFERENCE_ZERO:
        warn_report("periph: %s (%s); it reads as zero", why, what);
        answer_zero(s);
        break;
    case INFERENCE_ABORT:
        warn_report("periph: %s (%s); the guest gets an abort", why, what);
        answer_deliver(s);
        break;
    }
}

void inference_question_timeout(void *opaque)
{
    InferenceDevice *s = opaque;
    g_autofree char *why = NULL;

    if (s->phase != INFERENCE_OPEN) {
        return;
    }
    why = g_strdup_printf(s->greeted ? "the daemon was silent for %g s"
                                     : "no daemon came within %g s",
                          s->timeout_ms / 1000.0);
    inference_give_up(s, why);
}
