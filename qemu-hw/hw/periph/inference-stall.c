/*
 * Inference device: reads that lead nowhere
 *
 * A guest that polls reads one register at one instruction over and over. It
 * is stuck when that read repeats with the same value and the CPU writes no
 * table device between, or, where other reads and writes happen in the loop,
 * when such reads are a quarter of all reads in a window and nothing is
 * written to the polled device between.
 *
 * Where a loop also writes, as bit-banged buses and events that are cleared
 * and awaited do, it is stuck when whole turns of accesses hold none that
 * the turn before did not hold as well, with the same value by the same
 * instruction.
 *
 * A changing value is progress: a clock that is waited for, a FIFO that is
 * emptied. It is asked about only after very many reads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "inference-internal.h"

#define WINDOW_READS    8192
#define WINDOW_PART     4
#define WINDOW_SITES    256
#define CHANGING_READS  (1u << 22)
#define UNROLLED_FACTOR 16
#define MUTES_MAX       1024
#define TURN_ACCESSES   8192
#define TURNS_ALIKE     2       /* in a row, before it is asked about */
#define TURN_BITS       8192
#define WATCHES_MAX     64

typedef struct StallSite {
    uint64_t pc;
    uint64_t value;
    uint64_t count;             /* of reads with the same value */
    uint64_t total;             /* of reads */
    uint64_t writes;            /* to the device, when last counted */
    PeriphDevice *dev;
    hwaddr offset;
    bool has_value;
} StallSite;

/* Accesses of one turn, as a set of hashes. */
typedef struct StallTurn {
    DECLARE_BITMAP(seen, TURN_BITS);
    StallSite sites[WINDOW_SITES];  /* reads of each, in count */
} StallTurn;

typedef struct StallCpu {
    StallSite last;             /* reads in a row by one instruction */
    StallSite row;              /* by any instruction: pc is 0 */
    StallSite sites[WINDOW_SITES];
    StallSite *current;         /* the site of the read under way */
    uint32_t window;            /* reads in this window */
    StallTurn turns[2];
    unsigned turn;              /* which of them is being filled */
    unsigned turn_accesses;
    bool turn_news;             /* something that was not in the other */
    unsigned turns_alike;       /* turns in a row that brought nothing new */
} StallCpu;

/* A read that shall be asked about, whatever stands around it. */
typedef struct StallWatch {
    uint64_t pc;
    hwaddr phys;
    uint32_t left;
} StallWatch;

typedef struct StallMute {
    uint64_t pc;
    PeriphDevice *dev;
    hwaddr offset;
    uint64_t left;              /* reads; 0: for ever */
} StallMute;

struct InferenceStall {
    uint32_t reads;
    unsigned cpu_count;
    GArray *mutes;              /* of StallMute */
    GHashTable *writes;         /* device -> writes, as a pointer */
    GArray *watches;            /* of StallWatch */
    uint64_t news;              /* accesses unlike those before */
    uint64_t read_count;
    StallCpu *cpus;
};

InferenceStall *inference_stall_new(unsigned cpus, uint32_t reads)
{
    InferenceStall *st = g_new0(InferenceStall, 1);

    st->reads = reads;
    st->cpu_count = cpus;
    st->cpus = g_new0(StallCpu, cpus);
    st->mutes = g_array_new(false, false, sizeof(StallMute));
    st->writes = g_hash_table_new(NULL, NULL);
    st->watches = g_array_new(false, false, sizeof(StallWatch));
    return st;
}

static uint64_t device_writes(InferenceStall *st, PeriphDevice *dev)
{
    return GPOINTER_TO_SIZE(g_hash_table_lookup(st->writes, dev));
}

static bool is_site(const StallSite *site, PeriphDevice *dev, hwaddr offset,
                    uint64_t pc)
{
    return site->pc == pc && site->dev == dev && site->offset == offset;
}

static void start_site(StallSite *site, PeriphDevice *dev, hwaddr offset,
                       uint64_t pc)
{
    *site = (StallSite) { .pc = pc, .dev = dev, .offset = offset };
}

/* Whether the site is muted at @pc; @reads were done since last asked. */
static bool is_muted(InferenceStall *st, const StallSite *site, uint64_t pc,
                     uint64_t reads)
{
    unsigned i;

    for (i = 0; i < st->mutes->len; i++) {
        StallMute *m = &g_array_index(st->mutes, StallMute, i);

        if (m->pc != pc || m->dev != site->dev || m->offset != site->offset) {
            continue;
        }
        if (!m->left) {
            return true;
        }
        if (m->left > reads) {
            m->left -= reads;
            return true;
        }
        g_array_remove_index_fast(st->mutes, i);
        return false;
    }
    return false;
}

/* Whether @limit unchanged reads in a row have been done. */
static uint64_t check_row(InferenceStall *st, StallSite *site, uint64_t pc,
                          uint64_t limit)
{
    uint64_t total = site->total;

    if (site->count < limit && site->total < CHANGING_READS) {
        return 0;
    }
    site->total = 0;
    site->count = 0;
    return is_muted(st, site, pc, total) ? 0 : total;
}

static uint64_t check_window(InferenceStall *st, StallCpu *c,
                             const PeriphAccess *a, uint64_t pc)
{
    uint64_t h = (pc >> 1) ^ a->offset ^ ((uintptr_t)a->dev >> 4);
    StallSite *site = &c->sites[(h ^ h >> 8) % WINDOW_SITES];
    uint64_t writes = device_writes(st, a->dev), count;

    if (++c->window >= WINDOW_READS) {
        c->window = 0;
        memset(c->sites, 0, sizeof(c->sites));
    }
    if (!is_site(site, a->dev, a->offset, pc) || site->writes != writes) {
        start_site(site, a->dev, a->offset, pc);
        site->writes = writes;
    }
    c->current = site;
    if (site->count < WINDOW_READS / WINDOW_PART) {
        return 0;
    }
    count = site->count;
    site->count = 0;
    return is_muted(st, site, pc, count) ? 0 : count;
}

static StallSite *turn_site(StallTurn *turn, PeriphDevice *dev, hwaddr offset,
                            uint64_t pc)
{
    uint64_t h = (pc >> 1) ^ offset * 5 ^ ((uintptr_t)dev >> 4);

    return &turn->sites[(h ^ h >> 8) % WINDOW_SITES];
}

/* The guest goes round: asks at the site that is read most. */
static uint64_t check_turn(InferenceStall *st, StallCpu *c,
                           const PeriphAccess *a, uint64_t pc)
{
    StallTurn *last = &c->turns[c->turn ^ 1];
    StallSite *site = turn_site(last, a->dev, a->offset, pc);
    unsigned i;

    if (c->turns_alike < TURNS_ALIKE || !is_site(site, a->dev, a->offset, pc) ||
        is_muted(st, site, pc, 0)) {
        return 0;
    }
    for (i = 0; i < WINDOW_SITES; i++) {
        StallSite *other = &last->sites[i];

        if (other->dev && other->count > site->count &&
            !is_muted(st, other, other->pc, 0)) {
            return 0;
        }
    }
    c->turns_alike = 0;
    return is_muted(st, site, pc, site->count) ? 0 : site->count;
}

static void note_turn(InferenceStall *st, StallCpu *c, const PeriphAccess *a,
                      uint64_t pc)
{
    StallTurn *turn = &c->turns[c->turn], *last = &c->turns[c->turn ^ 1];
    StallSite *site = turn_site(turn, a->dev, a->offset, pc);
    uint64_t h = (pc * 31 + a->offset) * 2 + a->write;

    h = (h ^ (uintptr_t)a->dev >> 4) * 0x9e3779b97f4a7c15ull;
    h = ((h ^ h >> 29) + a->value) * 0x9e3779b97f4a7c15ull;
    h = (h >> 40) % TURN_BITS;
    /* Who prints gets on, even if it is the same again. */
    if (!test_bit(h, last->seen) ||
        (a->write && qemu_chr_fe_backend_connected(&a->dev->chr))) {
        c->turn_news = true;
        st->news += !test_bit(h, turn->seen);
    }
    set_bit(h, turn->seen);
    if (!a->write) {
        if (!is_site(site, a->dev, a->offset, pc)) {
            start_site(site, a->dev, a->offset, pc);
        }
        site->count++;
    }
    if (++c->turn_accesses < TURN_ACCESSES) {
        return;
    }
    c->turns_alike = c->turn_news ? 0 : c->turns_alike + 1;
    c->turn_news = false;
    c->turn_accesses = 0;
    c->turn ^= 1;
    memset(&c->turns[c->turn], 0, sizeof(c->turns[c->turn]));
}

uint64_t inference_stall_watched(InferenceStall *st, const PeriphAccess *a,
                                 uint64_t pc)
{
    unsigned i;

    for (i = 0; i < st->watches->len; i++) {
        StallWatch *w = &g_array_index(st->watches, StallWatch, i);

        if (w->pc == pc &&
            w->phys == periph_device_address(a->dev, a->offset) &&
            --w->left == 0) {
            g_array_remove_index_fast(st->watches, i);
            return 1;
        }
    }
    return 0;
}

void inference_stall_watch(InferenceStall *st, uint64_t pc, hwaddr phys,
                           uint32_t reads)
{
    StallWatch watch = { .pc = pc, .phys = phys, .left = MAX(reads, 1) };

    if (st->watches->len < WATCHES_MAX) {
        g_array_append_val(st->watches, watch);
    }
}

uint64_t inference_stall_news(InferenceStall *st)
{
    return st->news;
}

uint64_t inference_stall_reads(InferenceStall *st)
{
    return st->read_count;
}

uint64_t inference_stall_reading(InferenceStall *st, const PeriphAccess *a,
                                 uint64_t pc)
{
    StallCpu *c = &st->cpus[a->cpu->cpu_index % st->cpu_count];
    uint64_t reads;

    if (!st->reads) {
        return 0;
    }
    if (!is_site(&c->last, a->dev, a->offset, pc)) {
        start_site(&c->last, a->dev, a->offset, pc);
    }
    if (!is_site(&c->row, a->dev, a->offset, 0)) {
        start_site(&c->row, a->dev, a->offset, 0);
    }
    reads = check_row(st, &c->last, pc, st->reads);
    if (!reads) {
        reads = check_row(st, &c->row, pc,
                          (uint64_t)st->reads * UNROLLED_FACTOR);
    }
    reads = reads ?: check_window(st, c, a, pc);
    return reads ?: check_turn(st, c, a, pc);
}

static void count_read(StallSite *site, const PeriphAccess *a)
{
    if (site->dev != a->dev || site->offset != a->offset) {
        return;
    }
    if (site->has_value && site->value == a->value) {
        site->count++;
    } else {
        site->count = 1;
    }
    site->total++;
    site->value = a->value;
    site->has_value = true;
}

void inference_stall_done(InferenceStall *st, const PeriphAccess *a,
                          uint64_t pc)
{
    StallCpu *c = &st->cpus[a->cpu->cpu_index % st->cpu_count];

    note_turn(st, c, a, pc);
    st->read_count += !a->write;
    if (a->write) {
        c->last.dev = NULL;
        c->row.dev = NULL;
        g_hash_table_insert(st->writes, a->dev,
                            GSIZE_TO_POINTER(device_writes(st, a->dev) + 1));
        return;
    }
    count_read(&c->last, a);
    count_read(&c->row, a);
    if (c->current) {
        count_read(c->current, a);
    }
}

bool inference_stall_value(InferenceStall *st, CPUState *cpu, uint64_t *value)
{
    StallSite *site = &st->cpus[cpu->cpu_index % st->cpu_count].last;

    *value = site->value;
    return site->has_value;
}

void inference_stall_mute(InferenceStall *st, uint64_t pc, PeriphDevice *dev,
                          hwaddr offset, uint64_t reads)
{
    StallMute mute = {
        .pc = pc, .dev = dev, .offset = offset, .left = reads,
    };

    if (st->mutes->len == MUTES_MAX) {
        g_array_remove_index(st->mutes, 0);
    }
    g_array_append_val(st->mutes, mute);
}

void inference_stall_forget(InferenceStall *st, PeriphDevice *dev)
{
    unsigned i = st->mutes->len;

    while (i-- > 0) {
        StallMute *m = &g_array_index(st->mutes, StallMute, i);

        if (!dev || m->dev == dev) {
            g_array_remove_index_fast(st->mutes, i);
        }
    }
    for (i = 0; i < st->cpu_count; i++) {
        memset(&st->cpus[i], 0, sizeof(st->cpus[i]));
    }
}
