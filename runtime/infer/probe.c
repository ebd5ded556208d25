/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs: following one counterfactual from the stuck load to where it gets.
 */
#include "runtime/infer/probe.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/infer/probe_priv.h"

#define DEFAULT_BOUND 20000u
#define BASELINE_READS 8u   /* rounds of the loop that make its set */
#define BASELINE_BOUND 60000u
#define LOOP_READS 3u       /* rounds without a way out */
#define LOOP_READS_LIVE 40u /* the same when the value changes by itself */
#define AGAIN_READS 4u
#define AGAIN_MOVED 32u       /* the same after some progress */
#define STALE_INSNS 1500u   /* instructions without anything new */
#define SPIN_INSNS 6000u
#define MAX_SPEEDUPS 7u
#define SIGNATURE_PCS 24u
#define EVENT_READS 16u     /* of one that stands, in a handler */

static const uint64_t stop_address = 0xfffffffffffffff0ull;

/* ------------------------------------------------------------------- I/O */

static uint64_t size_mask(unsigned size)
{
    return size >= 8 ? ~0ull : (1ull << (8 * size)) - 1;
}

static bool is_polled(const struct inf_probe *p, uint64_t phys, unsigned size)
{
    return phys < p->q.phys + p->q.size && p->q.phys < phys + size;
}

/* Counts a read of the frame: is it one that has the bit set? */
static bool in_frame(struct run_state *run)
{
    unsigned n = run->frame_reads++;

    return n < INF_FRAME_READS &&
           (run->stim->frame.set[n / 64] >> (n % 64) & 1);
}

/* The stimulus, aligned to an access that may start elsewhere. */
static uint64_t stimulate(struct inf_probe *p, uint64_t phys, unsigned size,
                          uint64_t standing)
{
    const struct inf_stim *stim = p->run.stim;
    uint64_t n = p->run.out->poll_reads;
    uint64_t set = stim->set;
    uint64_t clear = stim->clear;
    unsigned shift;

    if (stim->mode == INF_STIM_COUNT) {
        return (stim->value + stim->step * n) & size_mask(size);
    }
    if (stim->mode == INF_STIM_TOGGLE && (n & 1)) {
        return standing;
    }
    if (stim->mode == INF_STIM_EVENT &&
        (p->run.event_over || ++p->run.event_reads > EVENT_READS)) {
        return standing;
    }
    if (stim->mode == INF_STIM_FRAME && !in_frame(&p->run)) {
        return standing & ~set;
    }
    if (phys >= p->q.phys) {
        shift = 8 * (unsigned)(phys - p->q.phys);
        set >>= shift;
        clear >>= shift;
    } else {
        shift = 8 * (unsigned)(p->q.phys - phys);
        set <<= shift;
        clear <<= shift;
    }
    return ((standing & ~clear) | set) & size_mask(size);
}

static void record_io(struct inf_probe *p, uint64_t phys, unsigned size,
                      uint64_t value, bool write)
{
    struct inf_trace *out = p->run.out;
    struct inf_io *io;

    if (out->io_count == INF_PROBE_IO) {
        return;
    }
    io = &out->io[out->io_count++];
    io->phys = phys;
    io->value = value & size_mask(size);
    io->pc = p->run.cur_pc;
    io->insn = (uint32_t)out->insns;
    io->size = (uint8_t)size;
    io->write = write;
    io->after_exit = out->left;
    io->handler = p->run.handler;
}

/* SysTick and the cycle counter of M-profile cores; false = not one. */
static bool core_read(struct inf_probe *p, uint64_t phys, uint64_t *value)
{
    if (p->uc_arch != INF_ARCH_M || (phys >> 28) != 0xe) {
        return false;
    }
    if (phys == 0xe000e018) {
        *value = 0xffffff - (probe_now(p) & 0xffffff);
    } else if (phys == 0xe0001004) {
        *value = probe_now(p) & 0xffffffffu;
    } else if (phys == 0xe000e010) {
        *value |= 0x10000;
    } else {
        return false;
    }
    p->run.again_time++;
    if (!p->run.out->left) {
        p->run.out->time_reads++;
    }
    return true;
}

static uint64_t standing_value(struct inf_probe *p, struct probe_page *page,
                               uint64_t phys, unsigned size)
{
    unsigned off = phys & (INF_PAGE_SIZE - 1);
    uint64_t written = 0;
    uint64_t mask = 0;

    memcpy(&written, page->saved + INF_PAGE_SIZE + off, size);
    memcpy(&mask, page->saved + off, size);
    return p->env.mmio(p->env.opaque, phys, size, written & mask, mask) &
           size_mask(size);
}

/* Time goes on at one tick an instruction. */
static void run_normally(struct inf_probe *p)
{
    struct run_state *run = &p->run;

    run->time_base = probe_now(p);
    run->time_insns = run->out->insns;
    run->time_scale = p->frozen && !run->out->left ? 0 : 1;
    run->speedups = 0;
}

/* How many polls ago the registers were like this; 0 = never. */
static unsigned find_period(const struct inf_probe *p, uint64_t digest)
{
    unsigned n;

    for (n = 1; n <= p->digest_count; n++) {
        if (p->digests[p->digest_count - n] == digest) {
            return n;
        }
    }
    return 0;
}

static void note_digest(struct inf_probe *p, uint64_t digest)
{
    struct run_state *run = &p->run;
    unsigned period;

    run->moving = run->loop_reads > 1 && digest != run->digest;
    run->digest = digest;
    run->out->digest = digest;
    if (!run->baseline || p->digest_count == DIGESTS) {
        return;
    }
    period = find_period(p, digest);
    run->same_period = period && period == p->period ? run->same_period + 1
                                                     : 0;
    p->period = period;
    p->digests[p->digest_count++] = digest;
}

static void note_poll(struct inf_probe *p)
{
    struct run_state *run = &p->run;
    uint64_t digest;

    run->out->poll_reads++;
    if (run->cur_pc != p->q.pc) {
        return;
    }
    run->loop_reads++;
    if (!run->out->left) {
        note_digest(p, probe_digest(p));
        /* Only a delay inside the loop is cut short, not its time-out. */
        run->since_new = 0;
        run->again_time = 0;
        run_normally(p);
        return;
    }
    digest = probe_digest(p);
    /* Something moves on in the registers; time may always do. */
    if (run->digest && digest != run->digest && run->again_time == 0) {
        run->again_reads = 0;
        run->out->moves++;
    }
    run->digest = digest;
    run->again_reads++;
}

uint64_t probe_io_read(struct inf_probe *p, struct probe_page *page,
                       uint64_t addr, unsigned size)
{
    struct run_state *run = &p->run;
    uint64_t phys = page->phys + (addr & (INF_PAGE_SIZE - 1));
    uint64_t value;

    size = size > 8 ? 8 : size;
    if (run->io_insn == run->out->insns && run->io_addr == addr) {
        return run->io_value;
    }
    value = standing_value(p, page, phys, size);
    if (is_polled(p, phys, size)) {
        value = stimulate(p, phys, size, value);
        note_poll(p);
    } else if (core_read(p, phys, &value)) {
        return value;
    }
    if (!probe_gic_read(p, phys, &value)) {
        record_io(p, phys, size, value, false);
        run->again_io_mixed |= run->again_io && run->again_io_phys != phys;
        run->again_io++;
        run->again_io_phys = phys;
        run->again_io_pc = run->cur_pc;
    }
    run->io_insn = run->out->insns;
    run->io_addr = addr;
    run->io_value = value;
    return value;
}

void probe_io_write(struct inf_probe *p, struct probe_page *page,
                    uint64_t addr, unsigned size, uint64_t value)
{
    struct run_state *run = &p->run;
    uint64_t phys = page->phys + (addr & (INF_PAGE_SIZE - 1));
    uint64_t hash;

    size = size > 8 ? 8 : size;
    probe_gic_write(p, phys);
    record_io(p, phys, size, value, true);
    run->event_over |= is_polled(p, phys, size);
    if (run->stim->mode == INF_STIM_FRAME && phys == run->stim->frame.phys &&
        (value & size_mask(size)) == run->stim->frame.value) {
        run->frame_reads = 0;
    }
    /* Writing something else than before is progress (a message). */
    hash = (phys * 31 + (value & size_mask(size))) * 0x9e3779b97f4a7c15ull;
    if (hash != run->write_hash) {
        run->again_reads = 0;
        run->out->moves += run->out->left;
        run->again_io_mixed = true;
    }
    run->write_hash = hash;
}

/* ------------------------------------------------------------------- run */

void probe_stop(struct inf_probe *p, enum inf_probe_end end)
{
    if (!p->run.done) {
        p->run.done = true;
        p->run.out->end = end;
        p->run.out->end_pc = p->run.cur_pc;
    }
    uc_emu_stop(p->uc);
}

static void note_new(struct inf_probe *p)
{
    struct run_state *run = &p->run;

    if (run->time_scale > 1) {
        run_normally(p);
    }
    run->since_new = 0;
    run->again_reads = 0;
    run->again_time = 0;
    run->again_io = 0;
    run->again_stores = 0;
    run->again_io_mixed = false;
}

static void run_faster(struct inf_probe *p)
{
    struct run_state *run = &p->run;

    run->time_base = probe_now(p);
    run->time_insns = run->out->insns;
    run->time_scale *= 8;
    run->speedups++;
    run->since_new = 0;
}

/* Inside the loop: has it gone round often enough? */
static void follow_loop(struct inf_probe *p)
{
    struct run_state *run = &p->run;
    unsigned limit = run->stim->mode == INF_STIM_FORCE ||
                     run->stim->mode == INF_STIM_FRAME ? LOOP_READS
                                                       : LOOP_READS_LIVE;

    limit *= p->period;
    if (run->baseline) {
        limit = BASELINE_READS;
        if (pc_set_add(&p->loop, run->cur_pc)) {
            run->since_new = 0;
        }
        if (run->seek_period) {
            limit = DIGESTS;
            if (p->period && run->same_period >= 2 * p->period + 8) {
                limit = 0;
            }
        }
    } else if (run->moving && p->still && p->period == 1 &&
               run->again_time == 0) {
        /* The value makes something move that stands still without it. */
        limit = UINT32_MAX;
    }
    if (run->loop_reads > limit) {
        probe_stop(p, INF_END_LOOP);
    } else if (run->since_new > STALE_INSNS / 4 && run->again_time > 4 &&
               run->speedups < MAX_SPEEDUPS) {
        run_faster(p);
    }
}

/* Outside: is there still something new? */
static void follow_outside(struct inf_probe *p)
{
    struct run_state *run = &p->run;
    struct inf_trace *out = run->out;

    if (pc_set_add(&p->seen, run->cur_pc)) {
        if (!pc_set_has(&p->loop, run->cur_pc)) {
            out->new_pcs++;
            if (out->new_pcs <= SIGNATURE_PCS || p->once) {
                out->signature = (out->signature ^ run->cur_pc) *
                                 0x100000001b3ull;
            }
        }
        note_new(p);
        return;
    }
    if (run->again_reads >= (out->moves > AGAIN_READS ? AGAIN_MOVED
                                                      : AGAIN_READS)) {
        probe_stop(p, INF_END_AGAIN);
    } else if (run->since_new < STALE_INSNS) {
        return;
    }
    if (run->again_time > 4 && run->speedups < MAX_SPEEDUPS) {
        run_faster(p);
    } else if (run->again_io > 16 && !run->again_io_mixed) {
        out->poll_phys = run->again_io_phys;
        out->poll_pc = run->again_io_pc;
        probe_stop(p, INF_END_POLL);
    } else if (run->again_time > 4 ||
               (run->since_new > SPIN_INSNS && run->again_stores == 0)) {
        probe_stop(p, INF_END_TIME);
    }
}

static void note_exit(struct inf_probe *p)
{
    struct run_state *run = &p->run;

    run->out->left = true;
    run->out->exit_insn = run->out->insns;
    run->out->rounds = (unsigned)run->loop_reads;
    run->digest = 0;
    run->out->exit_from = run->last_pc;
    run->out->exit_pc = run->cur_pc;
    run->out->signature = 0xcbf29ce484222325ull;
    if (p->frozen) {
        run->time_base = probe_now(p);
        run->time_insns = run->out->insns;
        run->time_scale = 1;
    }
    note_new(p);
}

/*
 * A return just executed: into the loop it tells the loop's stack level;
 * from above that level it is the loop's own function that returned.
 */
static void note_return(struct inf_probe *p)
{
    struct run_state *run = &p->run;
    bool inside = pc_set_has(&p->loop, run->cur_pc);

    if (run->cur_pc == run->return_next || run->out->returned) {
        return;
    }
    if (run->baseline) {
        if (run->return_sp > p->loop_sp) {
            p->loop_sp = run->return_sp;
        }
        return;
    }
    if (inside) {
        return;
    }
    if (run->return_sp > p->loop_sp ||
        (run->return_sp == p->loop_sp && run->cur_pc == probe_lr(p))) {
        run->out->returned = true;
        run->out->retval = run->return_val;
    }
}

static const uint8_t *insn_bytes(struct inf_probe *p, uint64_t pc,
                                 uint32_t size, uint8_t *buf)
{
    struct probe_page *page = probe_page_get(p, pc);
    unsigned off = pc & (INF_PAGE_SIZE - 1);

    if (!page || page->io) {
        return NULL;
    }
    page->code = true;
    if (off + size <= INF_PAGE_SIZE) {
        return page->host + off;
    }
    memcpy(buf, page->host + off, INF_PAGE_SIZE - off);
    page = probe_page_get(p, pc + size - 1);
    if (!page || page->io) {
        return NULL;
    }
    memcpy(buf + INF_PAGE_SIZE - off, page->host,
           size - (INF_PAGE_SIZE - off));
    return buf;
}

static void look_at_insn(struct inf_probe *p, uint64_t pc, uint32_t size)
{
    struct run_state *run = &p->run;
    uint8_t buf[8] = { 0 };
    uint64_t sp_after = 0;
    const uint8_t *bytes = insn_bytes(p, pc, size > 4 ? 4 : size, buf);

    if (!bytes) {
        probe_stop(p, p->full ? INF_END_BOUND : INF_END_WILD);
        return;
    }
    switch (probe_insn(p, pc, size, bytes, &sp_after)) {
    case INSN_RETURN:
        run->return_next = pc + size;
        run->return_sp = sp_after;
        run->return_val = probe_result(p);
        break;
    case INSN_ERET:
        run->out->handled = true;
        uc_emu_stop(p->uc);
        break;
    case INSN_WAIT:
        if (p->idle) {
            probe_skip(p, pc + size);
            break;
        }
        /* fall through */
    case INSN_BEYOND:
        probe_stop(p, INF_END_CALL);
        break;
    default:
        break;
    }
}

static void hook_code(uc_engine *uc, uint64_t pc, uint32_t size, void *opaque)
{
    struct inf_probe *p = opaque;
    struct run_state *run = &p->run;
    struct inf_trace *out = run->out;

    (void)uc;
    if (run->done) {
        uc_emu_stop(p->uc);
        return;
    }
    run->last_pc = run->cur_pc;
    run->cur_pc = pc;
    out->insns++;
    run->since_new++;
    if (run->return_next) {
        note_return(p);
        run->return_next = 0;
    }
    if (!run->handler && !run->baseline && !out->left &&
        !pc_set_has(&p->loop, pc)) {
        note_exit(p);
    }
    if (p->idle && pc == p->q.pc) {
        run->loop_reads++;
        if (run->baseline) {
            note_digest(p, probe_digest(p));
        }
    }
    if (run->handler) {
        probe_follow_handler(p);
    } else if (out->left) {
        follow_outside(p);
    } else {
        follow_loop(p);
    }
    if (p->env.places && out->left && !run->handler) {
        probe_look_at_places(p, pc);
    }
    run->self_count = pc == run->last_pc ? run->self_count + 1 : 0;
    if (run->self_count > 2) {
        probe_stop(p, INF_END_SELF);
    } else if (out->insns > p->env.max_insns) {
        probe_stop(p, out->left ? INF_END_BOUND : INF_END_LOOP);
    }
    if (!run->done) {
        look_at_insn(p, pc, size);
    }
}

static void hook_intr(uc_engine *uc, uint32_t number, void *opaque)
{
    struct inf_probe *p = opaque;

    (void)uc;
    (void)number;
    /* EXCP_EXCEPTION_EXIT of M-profile: a handler returns. */
    if (number == 8 && probe_handler_end(p, 0xffffffffu)) {
        return;
    }
    probe_stop(p, number == 8 ? INF_END_CALL : INF_END_FAULT);
}

static bool hook_invalid(uc_engine *uc, void *opaque)
{
    (void)uc;
    probe_stop(opaque, INF_END_FAULT);
    return false;
}

static int add_hooks(struct inf_probe *p)
{
    uc_hook hook;

    if (uc_hook_add(p->uc, &hook, UC_HOOK_CODE, hook_code, p, 1, 0) ||
        uc_hook_add(p->uc, &hook, UC_HOOK_INTR, hook_intr, p, 1, 0) ||
        uc_hook_add(p->uc, &hook, UC_HOOK_INSN_INVALID, hook_invalid, p,
                    1, 0)) {
        return INF_E_PROBE;
    }
    return probe_mem_hooks(p);
}

int probe_reload(struct inf_probe *p)
{
    return uc_context_restore(p->uc, p->ctx) == UC_ERR_OK ? 0 : INF_E_PROBE;
}

int probe_prepare(struct inf_probe *p, const struct inf_stim *stim,
                  struct inf_trace *out, bool baseline)
{
    struct run_state *run = &p->run;

    if (!p->active) {
        return INF_E_RANGE;
    }
    memset(out, 0, offsetof(struct inf_trace, io));
    memset(run, 0, offsetof(struct run_state, sys));
    run->stim = stim;
    run->out = out;
    run->baseline = baseline;
    run->time_base = p->q.cpu.cntvct;
    run->time_scale = p->frozen ? 0 : 1;
    run->io_insn = ~0ull;
    run->seek_period = baseline && p->seek;
    run->frame_reads = stim->frame.reads;
    p->full = false;
    p->run_pages = 0;
    pc_set_clear(&p->seen);
    probe_pages_restore(p);
    probe_pages_copy(p);
    return probe_reload(p);
}

int probe_emulate(struct inf_probe *p, uint64_t pc)
{
    struct inf_trace *out = p->run.out;
    uint64_t until = p->uc_arch == INF_ARCH_A64 ? stop_address : 0xfffffff0u;
    uc_err err = uc_emu_start(p->uc, pc, until, 0, 0);

    if (!p->run.done) {
        out->end = err == UC_ERR_FETCH_PROT || err == UC_ERR_FETCH_UNMAPPED
                   ? INF_END_WILD
                   : err == UC_ERR_OK ? INF_END_ERROR : INF_END_FAULT;
        out->end_pc = p->run.cur_pc;
    }
    return p->failed ? INF_E_PAGE : 0;
}

static int run_once(struct inf_probe *p, const struct inf_stim *stim,
                    struct inf_trace *out, bool baseline)
{
    int rc = probe_prepare(p, stim, out, baseline);

    return rc ? rc : probe_emulate(p, probe_start_pc(p));
}

static int learn_loop(struct inf_probe *p, struct inf_trace *out)
{
    static const struct inf_stim nothing = { .mode = INF_STIM_FORCE };
    uint64_t bound = p->env.max_insns;
    int rc;

    pc_set_clear(&p->loop);
    p->digest_count = 0;
    p->period = 0;
    p->env.max_insns = BASELINE_BOUND;
    rc = run_once(p, &nothing, out, true);
    p->env.max_insns = bound;
    out->left = p->run.loop_reads <= BASELINE_READS;
    return rc;
}

/* Whether the registers were the same at each poll but the first. */
static bool stands_still(const struct inf_probe *p)
{
    unsigned i;

    for (i = 2; i < p->digest_count; i++) {
        if (p->digests[i] != p->digests[1]) {
            return false;
        }
    }
    return true;
}

/*
 * The registers move from poll to poll: are they the same again after some
 * polls?  Then all that lies between is the loop.
 */
static int learn_round(struct inf_probe *p, struct inf_trace *out)
{
    unsigned period;
    int rc;

    p->seek = true;
    rc = learn_loop(p, out);
    p->seek = false;
    if (rc) {
        return rc;
    }
    period = p->run.same_period >= 2 * p->period ? p->period : 0;
    if (period < 2) {
        rc = learn_loop(p, out);
        p->period = 1;
        return rc;
    }
    probe_add_predicated(p);
    p->period = period;
    p->still = true;
    out->left = false;
    return 0;
}

int inf_probe_baseline(struct inf_probe *p, struct inf_trace *out)
{
    int rc;

    p->frozen = false;
    rc = learn_loop(p, out);
    if (rc == 0 && out->left && out->time_reads) {
        /* The guest went round many times: its time-out is near by now. */
        p->frozen = true;
        rc = learn_loop(p, out);
    }
    probe_add_predicated(p);
    p->period = 1;
    p->still = stands_still(p);
    if (p->idle && p->run.again_stores) {
        p->still = false;
    }
    if (rc == 0 && !out->left && !p->still && !out->time_reads && !p->idle) {
        rc = learn_round(p, out);
    }
    return rc;
}

unsigned inf_probe_period(const struct inf_probe *p)
{
    return p->period;
}

int inf_probe_run(struct inf_probe *p, const struct inf_stim *stim,
                  struct inf_trace *out)
{
    return run_once(p, stim, out, false);
}

void inf_probe_set_bound(struct inf_probe *p, uint64_t max_insns)
{
    p->env.max_insns = max_insns ? max_insns : DEFAULT_BOUND;
}

bool inf_probe_in_loop(const struct inf_probe *p, uint64_t pc)
{
    return pc_set_has(&p->loop, pc);
}

bool inf_probe_loop_pc(const struct inf_probe *p, unsigned index,
                       uint64_t *pc)
{
    if (index >= p->loop.count) {
        return false;
    }
    *pc = p->loop.order[index];
    return true;
}

/* -------------------------------------------------------------- lifetime */

struct inf_probe *inf_probe_new(void)
{
    return calloc(1, sizeof(struct inf_probe));
}

void inf_probe_free(struct inf_probe *p)
{
    unsigned i;

    if (!p) {
        return;
    }
    probe_cpu_close(p);
    for (i = 0; i < PAGE_LIMIT; i++) {
        free(p->pages[i].host);
        free(p->pages[i].saved);
    }
    free(p);
}

int inf_probe_begin(struct inf_probe *p, const struct inf_question *q,
                    const struct inf_probe_env *env)
{
    int rc;

    inf_probe_end(p);
    if (q->big_endian) {
        return INF_E_UNSUPPORTED;
    }
    p->q = *q;
    p->env = *env;
    p->idle = false;
    p->once = false;
    p->failed = false;
    p->copy.len = 0;
    inf_probe_set_bound(p, env->max_insns);
    if (p->uc && p->uc_arch != q->cpu.arch) {
        probe_cpu_close(p);
    }
    if (!p->uc) {
        rc = probe_cpu_open(p, &q->cpu);
        if (rc == 0) {
            rc = add_hooks(p);
        }
        if (rc) {
            probe_cpu_close(p);
            return rc;
        }
    }
    p->active = true;
    rc = probe_cpu_load(p, &q->cpu);
    p->loop_sp = probe_sp(p);
    return rc;
}

void inf_probe_end(struct inf_probe *p)
{
    probe_pages_drop(p);
    p->active = false;
}
