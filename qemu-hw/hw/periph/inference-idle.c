/*
 * Inference device: CPUs that wait for what never comes
 *
 * A CPU is idle when it has stopped for an interrupt, or runs in a loop that
 * reads no device and gets nowhere. Both are found by looking at it from
 * time to time: nothing is inserted into the code that it runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "inference-internal.h"

#define SAMPLE_NS       (10 * SCALE_MS)
#define SAMPLE_REGS     32
#define PLACES_MAX      48      /* instructions of one loop */
#define ALIKE_SAMPLES   12      /* before a loop or a stop is asked about */
#define COUNTS_SAMPLES  60      /* the same where a register moves */
#define BACKOFF_MAX     512
#define STRIDE_MAX      64      /* the longest between two samples */

/* What was seen at one instruction. */
typedef struct IdlePlace {
    uint64_t pc;
    uint64_t regs[SAMPLE_REGS];
} IdlePlace;

typedef enum IdleSight {
    IDLE_KNOWN,
    IDLE_NEW,
    IDLE_TOO_MANY,
} IdleSight;

typedef struct IdleCpu {
    IdlePlace places[PLACES_MAX];
    unsigned place_count;
    unsigned alike;             /* samples that showed nothing new */
    bool counts;                /* one register moves */
    unsigned counter;           /* which */
    bool halted;
    uint64_t news, reads, irqs;
} IdleCpu;

struct InferenceIdle {
    InferenceDevice *dev;
    QEMUTimer *timer;
    unsigned backoff;           /* how much longer than usual to wait */
    unsigned cpu_count;
    IdleCpu *cpus;
};

/*
 * The longer nothing came of asking, the fewer samples are taken: a machine
 * that sleeps costs nothing.
 */
static unsigned stride(const InferenceIdle *idle)
{
    return MIN(idle->backoff, STRIDE_MAX);
}

static void begin_again(IdleCpu *c)
{
    c->place_count = 0;
    c->alike = 0;
    c->counts = false;
}

/* Whether @regs is like @place but for the one register that moves. */
static bool is_alike(IdleCpu *c, const IdlePlace *place, const uint64_t *regs)
{
    unsigned i, moved = SAMPLE_REGS;

    for (i = 0; i < SAMPLE_REGS; i++) {
        if (place->regs[i] == regs[i]) {
            continue;
        }
        if (moved < SAMPLE_REGS || (c->counts && c->counter != i)) {
            return false;
        }
        moved = i;
    }
    if (moved < SAMPLE_REGS) {
        c->counts = true;
        c->counter = moved;
    }
    return true;
}

/*
 * A loop may come by one instruction in several ways (a delay that is called
 * from two places): each is a place of its own.
 */
static IdleSight look_at_place(IdleCpu *c, uint64_t pc, const uint64_t *regs)
{
    IdlePlace *place;
    unsigned i;

    for (i = 0; i < c->place_count; i++) {
        if (c->places[i].pc == pc && is_alike(c, &c->places[i], regs)) {
            return IDLE_KNOWN;
        }
    }
    if (c->place_count == PLACES_MAX) {
        return IDLE_TOO_MANY;
    }
    place = &c->places[c->place_count++];
    place->pc = pc;
    memcpy(place->regs, regs, sizeof(place->regs));
    return IDLE_NEW;
}

/* What devices and interrupts have done since the last sample. */
static bool outside_is_quiet(InferenceDevice *s, IdleCpu *c)
{
    uint64_t news = inference_stall_news(s->stall);
    uint64_t reads = inference_stall_reads(s->stall);
    uint64_t irqs = s->bridge->stats.irqs;
    bool quiet = news == c->news && reads == c->reads && irqs == c->irqs;

    c->news = news;
    c->reads = reads;
    c->irqs = irqs;
    return quiet;
}

/* In the CPU's thread, which holds the BQL. */
static void sample(CPUState *cs, run_on_cpu_data data)
{
    InferenceIdle *idle = data.host_ptr;
    IdleCpu *c = &idle->cpus[cs->cpu_index % idle->cpu_count];
    uint64_t regs[SAMPLE_REGS], pc, wanted;
    bool halted = cs->halted;
    IdleSight sight;

    pc = inference_cpu_regs(cs, regs);
    if (!outside_is_quiet(idle->dev, c) || halted != c->halted) {
        begin_again(c);
    }
    c->halted = halted;
    sight = look_at_place(c, pc, regs);
    if (sight == IDLE_TOO_MANY) {
        begin_again(c);
        sight = look_at_place(c, pc, regs);
    }
    if (sight == IDLE_NEW) {
        return;
    }
    wanted = (uint64_t)(c->counts ? COUNTS_SAMPLES : ALIKE_SAMPLES) *
             idle->backoff / stride(idle);
    if (++c->alike >= wanted && inference_ask_idle(idle->dev, cs, halted)) {
        begin_again(c);
    }
}

static void look(void *opaque)
{
    InferenceIdle *idle = opaque;
    InferenceDevice *s = idle->dev;
    CPUState *cs;

    if (s->greeted && s->phase == INFERENCE_IDLE && runstate_is_running()) {
        CPU_FOREACH(cs) {
            if (!cs->stop && !cs->stopped) {
                async_run_on_cpu(cs, sample, RUN_ON_CPU_HOST_PTR(idle));
            }
        }
    }
    timer_mod(idle->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
              (int64_t)SAMPLE_NS * stride(idle));
}

void inference_idle_answered(InferenceIdle *idle, bool helped)
{
    idle->backoff = helped ? 1 : MIN(idle->backoff * 2, BACKOFF_MAX);
}

void inference_idle_reset(InferenceIdle *idle)
{
    memset(idle->cpus, 0, idle->cpu_count * sizeof(*idle->cpus));
    idle->backoff = 1;
}

InferenceIdle *inference_idle_new(InferenceDevice *s)
{
    InferenceIdle *idle = g_new0(InferenceIdle, 1);

    idle->dev = s;
    idle->cpu_count = s->cpu_count;
    idle->cpus = g_new0(IdleCpu, s->cpu_count);
    idle->backoff = 1;
    idle->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, look, idle);
    timer_mod(idle->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + SAMPLE_NS);
    return idle;
}
