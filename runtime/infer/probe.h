/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counterfactual execution: what would the guest do if the polled register
 * read differently?
 *
 * inf_probe_begin() takes the CPU of a question; each inf_probe_run() starts
 * from there with one stimulus, in a private copy of the guest, and says
 * where it went.  Guest memory is fetched page by page when it is touched and
 * is never written back.  Pages that are not memory answer from the caller's
 * @mmio function; writes to them are recorded and remembered for the run.
 * Time (generic timer, SysTick, CYCCNT) advances with the instructions run.
 *
 * The guest runs flat: virtual addresses are looked up through the page
 * service, the emulated MMU stays off; system registers are emulated only as
 * far as reading time and identity goes.
 */
#ifndef PERIPH_INFER_PROBE_H
#define PERIPH_INFER_PROBE_H

#include "runtime/infer/infer.h"

#define INF_PROBE_IO 384

enum inf_stim_mode {
    INF_STIM_FORCE = 0,  /* (standing value & ~clear) | set */
    INF_STIM_COUNT = 1,  /* value + step * (reads so far) */
    INF_STIM_TOGGLE = 2, /* set on every second read */
    INF_STIM_FRAME = 3,  /* set at some of the reads of each frame */
    INF_STIM_EVENT = 4,  /* as FORCE until the register is written */
};

#define INF_FRAME_READS 128u

/*
 * A bus driven bit by bit: a write of @value to @phys begins a frame, and the
 * n-th read since then (from 0) has the bit set when bit n of @set is.
 */
struct inf_frame {
    uint64_t phys, value;
    unsigned reads; /* since the last beginning, when the question arose */
    uint64_t set[INF_FRAME_READS / 64];
};

/* How the polled register answers during a run. */
struct inf_stim {
    uint32_t mode; /* enum inf_stim_mode */
    uint64_t set, clear;
    uint64_t value, step;
    struct inf_frame frame; /* INF_STIM_FRAME */
};

enum inf_probe_end {
    INF_END_LOOP = 0,   /* never left the loop around the poll */
    INF_END_AGAIN = 1,  /* left, and came back to the poll with nothing new */
    INF_END_POLL = 2,   /* left, and polls another place */
    INF_END_TIME = 3,   /* left, and waits for time or for memory to change */
    INF_END_BOUND = 4,  /* left, and still runs at the bound */
    INF_END_FAULT = 5,  /* abort, undefined instruction */
    INF_END_WILD = 6,   /* runs where no memory is */
    INF_END_SELF = 7,   /* branches to itself for ever */
    INF_END_CALL = 8,   /* SVC, HVC, SMC, exception return, WFI: goes beyond */
    INF_END_ERROR = 9,  /* the emulator refused */
    INF_END_STUCK = 10, /* a handler that does not return */
    INF_END_AVOIDED = 11, /* left, and came to one of the places to avoid */
    INF_END_REACHED = 12, /* left, and came to one that is wanted */
};

/* One access of a run to what is not memory. */
struct inf_io {
    uint64_t phys, value, pc;
    uint32_t insn; /* instructions run so far */
    uint8_t size;
    bool write;
    bool after_exit;
    bool handler; /* done by the handler of inf_probe_handler() */
};

struct inf_trace {
    uint32_t end; /* enum inf_probe_end */
    bool left;
    bool returned;     /* the function of the loop returned ... */
    uint64_t retval;   /* ... with this in its result register */
    uint64_t insns, exit_insn;
    uint64_t exit_from, exit_pc; /* last pc of the loop, first one outside */
    uint64_t end_pc;
    uint64_t poll_phys;  /* INF_END_POLL: what is polled */
    uint64_t poll_pc;
    unsigned new_pcs;    /* distinct instructions outside the loop */
    unsigned poll_reads; /* of the asked register, in total */
    bool handled;        /* the handler returned */
    bool acked, ended;   /* it asked the GIC which it is, and told the end */
    unsigned stores;     /* by the handler, to memory but its stack */
    unsigned rounds;     /* reads by the asked instruction before the exit */
    unsigned time_reads; /* before exit, or in all if it did not leave */
    unsigned moves;      /* signs of progress between polls after the exit */
    uint64_t digest;     /* of the registers at the last poll in the loop */
    uint64_t signature;  /* equal = the same way out */
    unsigned io_count;   /* entries of io[]; later accesses are dropped */
    struct inf_io io[INF_PROBE_IO];
};

struct inf_probe_env {
    const struct inf_services *svc;
    void *opaque;
    /*
     * What a place that is not memory reads, without side effects.  The bits
     * in @mask were written during this run, to @written.
     */
    uint64_t (*mmio)(void *opaque, uint64_t phys, unsigned size,
                     uint64_t written, uint64_t mask);
    uint64_t max_insns; /* bound of one run */
    const struct inf_places *places; /* or NULL */
};

struct inf_probe;

/* An engine to be used for many questions; NULL when out of memory. */
struct inf_probe *inf_probe_new(void);
void inf_probe_free(struct inf_probe *p);

/*
 * Takes over the CPU and the poll of @q.  @env is copied; what it points to
 * must live until inf_probe_end().  INF_E_UNSUPPORTED for a core that cannot
 * be run.
 */
int inf_probe_begin(struct inf_probe *p, const struct inf_question *q,
                    const struct inf_probe_env *env);

/*
 * The first run after begin must be the baseline (a stimulus that changes
 * nothing): it learns which instructions are the loop.  Its trace has
 * left = false unless the loop ends by itself.
 */
int inf_probe_baseline(struct inf_probe *p, struct inf_trace *out);
int inf_probe_run(struct inf_probe *p, const struct inf_stim *stim,
                  struct inf_trace *out);

/*
 * Instead of the baseline: there is no loop, what counts is the way that the
 * guest takes from here on.  Signatures then tell all of it.
 */
void inf_probe_once(struct inf_probe *p);

/*
 * Takes over the CPU of an idle question and learns what it runs while it
 * waits; use inf_probe_handler() afterwards, and inf_probe_end().
 */
int inf_probe_idle(struct inf_probe *p, const struct inf_question *q,
                   const struct inf_probe_env *env, struct inf_trace *out);

/* The loop leaves all registers as they are and stores nothing: it goes on
 * for ever. */
bool inf_probe_still(const struct inf_probe *p);

/* An interrupt that comes. */
struct inf_handler {
    uint64_t entry; /* M: the handler.  A: not used, the vectors are known */
    bool fiq;       /* A: it comes as FIQ */
    uint32_t intid; /* A: what the GIC says that it is */
    uint64_t distributor, cpu_interface; /* GIC: addresses; see inf_irqs */
};

/*
 * What if an interrupt came now?  M-profile: runs the handler as a function.
 * A-profile: takes the exception as the CPU would, the vector's code asks a
 * GIC that says @h->intid once; handled = false where the mode that the CPU
 * is in cannot be told.  The idle code is run on behind it.  @stim is for the
 * @size bytes at @phys.  @out->signature tells the handler's way, @out->left
 * whether the idle loop was left afterwards.
 */
int inf_probe_handler(struct inf_probe *p, const struct inf_handler *h,
                      uint64_t phys, unsigned size,
                      const struct inf_stim *stim, struct inf_trace *out);

/*
 * How many reads by the asked instruction make one round of the loop: 1 for a
 * plain poll, more where a bus is driven bit by bit.
 */
unsigned inf_probe_period(const struct inf_probe *p);

/* Changes the bound of the following runs. */
void inf_probe_set_bound(struct inf_probe *p, uint64_t max_insns);

/*
 * Before each of the following runs @len bytes are copied in the private
 * memory, as if a device had done it (its first 64 KiB); 0 = no more.  The
 * addresses are physical; nothing is done where these are no virtual ones.
 */
void inf_probe_set_copy(struct inf_probe *p, uint64_t from, uint64_t to,
                        uint64_t len);

/* True when @pc belongs to the loop that the baseline found. */
bool inf_probe_in_loop(const struct inf_probe *p, uint64_t pc);

/* The @index-th instruction address of the loop, in the order first seen;
 * false past the end. */
bool inf_probe_loop_pc(const struct inf_probe *p, unsigned index,
                       uint64_t *pc);

/* Private memory of the asking cpu as the question found it; guest-virtual.
 * Negative when a page is not memory. */
int inf_probe_read(struct inf_probe *p, uint64_t virt, void *buf, size_t len);

/* Drops the guest's pages; the engine stays. */
void inf_probe_end(struct inf_probe *p);

#endif
