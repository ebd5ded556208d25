/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/link.h"

#include <stdlib.h>
#include <string.h>

static const struct pbr_bridge *bridge_of(const struct link *l)
{
    return l->bridge.mem;
}

/* One counter that QEMU may be changing. */
static uint64_t counter(const uint64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

void figures_dispose(struct figures *f)
{
    free(f->latency);
    *f = (struct figures) { .latency = NULL };
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

struct pbr_latency figures_latency(const struct figures *f, uint32_t kind)
{
    struct pbr_latency out = { .count = 0 };
    uint32_t *own = malloc(f->latencies * sizeof(*own) + 1);
    size_t i, n = 0;

    for (i = 0; own && i < f->latencies; i++) {
        if (f->latency[i] >> 28 == kind) {
            own[n++] = f->latency[i] & PBR_LATENCY_US;
        }
    }
    if (n > 0) {
        qsort(own, n, sizeof(*own), by_value);
        out.count = n;
        out.p50 = own[(n - 1) / 2];
        out.p99 = own[(n - 1) * 99 / 100];
        out.max = own[n - 1];
    }
    free(own);
    return out;
}

void link_init(struct link *l)
{
    *l = (struct link) { .bridge = PBR_SHM_INIT, .state = PBR_SHM_INIT };
}

void link_close(struct link *l)
{
    pbr_shm_close(&l->bridge);
    pbr_shm_close(&l->state);
    l->ready = false;
}

bool link_attach(struct link *l, const char *bridge, const char *state,
                 pid_t pid)
{
    struct pbr_bridge_header header;
    struct pbr_state_header ring;

    if (l->ready) {
        return true;
    }
    if (pbr_shm_attach(&l->bridge, bridge, sizeof(struct pbr_bridge),
                       false) == PBR_OK &&
        pbr_bridge_check(bridge_of(l), l->bridge.size, &header) == PBR_OK &&
        header.qemu_pid == (uint32_t)pid &&
        pbr_shm_attach(&l->state, state, sizeof(struct pbr_state),
                       false) == PBR_OK &&
        pbr_state_check(l->state.mem, l->state.size, &ring) == PBR_OK) {
        l->ready = true;
    } else {
        link_close(l);
    }
    return l->ready;
}

pid_t link_daemon(const struct link *l)
{
    struct pbr_bridge_header header;

    if (!l->ready || pbr_bridge_check(bridge_of(l), l->bridge.size,
                                      &header) != PBR_OK) {
        return 0;
    }
    return (pid_t)header.daemon_pid;
}

uint64_t link_reads(const struct link *l, const char *name)
{
    struct pbr_region region;
    uint32_t i, count;

    count = l->ready ? pbr_regions(l->state.mem) : 0;
    for (i = 0; i < count; i++) {
        if (pbr_region_get(l->state.mem, i, &region) == PBR_OK &&
            strcmp(region.name, name) == 0) {
            return region.reads;
        }
    }
    return 0;
}

/* The latest question and its answer; the latter is empty when not there. */
static bool latest(const struct link *l, struct pbr_question *q,
                   struct pbr_answer *a)
{
    if (!l->ready || pbr_question_read(bridge_of(l), q) != PBR_OK) {
        return false;
    }
    if (pbr_answer_read(bridge_of(l), a) != PBR_OK || a->seq != q->seq) {
        memset(a, 0, sizeof(*a));
    }
    return true;
}

uint64_t link_questions(const struct link *l, bool *open)
{
    const struct pbr_stats *stats;
    uint64_t sum = 0;
    size_t i;

    *open = false;
    if (!l->ready) {
        return 0;
    }
    stats = &bridge_of(l)->stats;
    for (i = 0; i < LINK_KINDS; i++) {
        sum += counter(&stats->questions[i]);
    }
    *open = pbr_bridge_open(bridge_of(l)) != 0;
    return sum;
}

bool link_crashed(const struct link *l, char message[PBR_MESSAGE_MAX])
{
    struct pbr_question question;
    struct pbr_answer answer;

    message[0] = 0;
    if (!latest(l, &question, &answer) || (question.kind != PBR_Q_CRASH &&
                                           question.kind != PBR_Q_FETCH)) {
        return false;
    }
    memcpy(message, answer.message, PBR_MESSAGE_MAX);
    return true;
}

uint32_t link_verdict(const struct link *l)
{
    struct pbr_question question;
    struct pbr_answer answer;

    return latest(l, &question, &answer) ? answer.verdict : 0;
}

uint64_t link_crashes(const struct link *l)
{
    return l->ready ? counter(&bridge_of(l)->stats.questions[PBR_Q_CRASH]) +
        counter(&bridge_of(l)->stats.questions[PBR_Q_FETCH]) : 0;
}

uint64_t link_accesses(const struct link *l)
{
    return l->ready ? counter(&bridge_of(l)->stats.accesses) : 0;
}

bool link_last_access(const struct link *l, char name[PBR_NAME_MAX],
                      struct pbr_record *record)
{
    struct pbr_ring_reader reader;
    struct pbr_region region;
    unsigned back;

    if (!l->ready || pbr_ring_reader_init(&reader, l->state.mem,
                                          l->state.size, false) != PBR_OK) {
        return false;
    }
    /* Behind it may be marks of interrupts, and accesses to holes. */
    for (back = 0; back < PBR_RECORDS_MIN / 2 && reader.cursor > 0; back++) {
        reader.cursor--;
        if (pbr_ring_get(&reader, record, NULL) != 1) {
            return false;
        }
        if (!(record->flags & (PBR_R_IRQ | PBR_R_IRQ_END)) &&
            pbr_region_get(l->state.mem, record->device, &region) == PBR_OK) {
            memcpy(name, region.name, PBR_NAME_MAX);
            return true;
        }
        reader.cursor--;
    }
    return false;
}

bool link_stopped(const struct link *l, char message[PBR_MESSAGE_MAX])
{
    struct pbr_question question;
    struct pbr_answer answer;

    message[0] = 0;
    if (!l->ready) {
        return false;
    }
    if (latest(l, &question, &answer) && answer.verdict == PBR_V_STOP) {
        memcpy(message, answer.message, PBR_MESSAGE_MAX);
        return true;
    }
    return counter(&bridge_of(l)->stats.timeouts) > 0;
}

static void collect_latencies(const struct pbr_stats *stats,
                              struct figures *f)
{
    uint64_t all = counter(&stats->latency_count);
    uint64_t from = all > PBR_LATENCY_COUNT ? all - PBR_LATENCY_COUNT : 0;
    size_t more = (size_t)(all - from);
    uint32_t *grown;

    if (more == 0 || f->latencies + more > LINK_KEEP) {
        return;
    }
    grown = realloc(f->latency, (f->latencies + more) * sizeof(*grown));
    if (!grown) {
        return;
    }
    f->latency = grown;
    for (; from < all; from++) {
        f->latency[f->latencies++] =
            stats->latency[from & (PBR_LATENCY_COUNT - 1)];
    }
}

void link_collect(const struct link *l, struct figures *f)
{
    const struct pbr_stats *stats;
    size_t i;

    if (!l->ready) {
        return;
    }
    stats = &bridge_of(l)->stats;
    for (i = 0; i < LINK_KINDS; i++) {
        f->questions[i] += counter(&stats->questions[i]);
        f->verdicts[i] += counter(&stats->verdicts[i]);
    }
    f->timeouts += counter(&stats->timeouts);
    f->exceptions += counter(&stats->exceptions);
    f->accesses += counter(&stats->accesses);
    f->bad_tables += counter(&stats->bad_tables);
    collect_latencies(stats, f);
}
