/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by probe.c (runs), probe_mem.c (pages) and probe_cpu.c (cores). */
#ifndef PERIPH_INFER_PROBE_PRIV_H
#define PERIPH_INFER_PROBE_PRIV_H

#include <unicorn/unicorn.h>

#include "runtime/infer/probe.h"

#define PAGE_SLOTS 4096u /* power of two */
#define PAGE_LIMIT 1024u
#define RUN_PAGES 128u   /* one run may fetch so many */
#define PC_SLOTS 16384u  /* power of two */
#define PC_LIMIT 8192u
#define SYS_SLOTS 32u
#define DIGESTS 512u

/* One page of the guest's address space, private to the prober. */
struct probe_page {
    uint64_t vaddr;
    uint64_t phys;
    uint8_t *host;  /* mapped into the emulator */
    /* Two pages.  Memory: pristine copy while dirty.  I/O: mask of the bytes
     * that this run wrote, then what it wrote. */
    uint8_t *saved;
    bool io;
    bool dirty;
    bool code;
};

/* A set of instruction addresses that keeps their order. */
struct pc_set {
    unsigned count;
    uint64_t order[PC_LIMIT];
    uint16_t slot[PC_SLOTS]; /* index + 1 into order */
};

/* A system register that the guest wrote during a run. */
struct sys_value {
    uint32_t key;
    uint64_t value;
};

/* State of one run. */
struct run_state {
    const struct inf_stim *stim;
    struct inf_trace *out;
    bool baseline;
    bool done;
    unsigned self_count; /* the same instruction again and again */
    uint64_t return_next; /* behind a return just executed, 0 = none */
    uint64_t return_sp;
    uint64_t return_val;
    uint64_t cur_pc, last_pc;
    uint64_t loop_reads;     /* at the asked pc */
    uint64_t since_new;      /* instructions since something new */
    uint64_t again_reads;    /* at the asked pc since something new */
    uint64_t again_time;     /* time reads since something new */
    uint64_t again_io;       /* I/O reads since something new */
    uint64_t again_stores;
    uint64_t again_io_phys;
    uint64_t again_io_pc;
    bool again_io_mixed;
    uint64_t io_insn, io_addr, io_value; /* the last read, to count it once */
    uint64_t write_hash;
    uint64_t digest; /* of the registers at the last poll */
    bool moving;     /* it was another one at the poll before */
    bool seek_period;
    unsigned same_period; /* polls that the period has held for */
    unsigned frame_reads;
    bool handler;    /* the handler runs, see probe_irq.c */
    uint64_t stacks[3]; /* where its stacks begin */
    unsigned event_reads;
    bool event_over; /* the register was written */
    unsigned speedups;
    uint64_t time_scale;
    uint64_t time_base, time_insns;
    unsigned sys_count;
    struct sys_value sys[SYS_SLOTS];
};

struct inf_probe {
    uc_engine *uc;
    uc_context *ctx;
    unsigned uc_arch; /* enum inf_arch the engine was opened for */
    bool active;
    bool failed; /* a page could not be had: the question is lost */
    bool frozen; /* time stands still until the loop is left */
    bool full;   /* the run touched too many pages */
    unsigned run_pages; /* fetched by this run */
    struct inf_question q;
    struct inf_probe_env env;
    struct inf_handler handler;
    struct {
        uint64_t from, to, len;
    } copy; /* made before each run */
    uint64_t loop_sp;
    unsigned period;  /* polls in one round of the loop */
    bool once;        /* no loop: one read is looked at */
    bool idle;        /* the question is an idle one: WFI does nothing */
    bool seek;        /* the next baseline looks for the period */
    bool still;       /* the registers do not move from round to round */
    unsigned digest_count;
    uint64_t digests[DIGESTS]; /* at the polls of the baseline */
    unsigned page_count;
    struct probe_page pages[PAGE_LIMIT];
    uint16_t page_slot[PAGE_SLOTS]; /* index + 1 */
    struct probe_page *last_page;
    struct pc_set loop;
    struct pc_set seen;
    struct run_state run;
    struct inf_page scratch;
};

/* pc sets */
void pc_set_clear(struct pc_set *set);
bool pc_set_has(const struct pc_set *set, uint64_t pc);
/* True when it was new. */
bool pc_set_add(struct pc_set *set, uint64_t pc);

/* probe_mem.c */
struct probe_page *probe_page_find(struct inf_probe *p, uint64_t addr);
/* Finds or fetches; NULL when nothing can stand there. */
struct probe_page *probe_page_get(struct inf_probe *p, uint64_t addr);
void probe_pages_restore(struct inf_probe *p);
void probe_pages_drop(struct inf_probe *p);
/* Makes the copy that inf_probe_set_copy() asked for. */
void probe_pages_copy(struct inf_probe *p);
int probe_mem_hooks(struct inf_probe *p);

/* probe_cpu.c */
int probe_cpu_open(struct inf_probe *p, const struct inf_cpu *cpu);
void probe_cpu_close(struct inf_probe *p);
int probe_cpu_load(struct inf_probe *p, const struct inf_cpu *cpu);
uint64_t probe_reg(struct inf_probe *p, int uc_reg);
uint64_t probe_sp(struct inf_probe *p);
uint64_t probe_result(struct inf_probe *p);
uint64_t probe_lr(struct inf_probe *p);
/* A hash of the general registers and the stack pointer. */
uint64_t probe_digest(struct inf_probe *p);
uint64_t probe_start_pc(const struct inf_probe *p);
uint64_t probe_now(struct inf_probe *p);

enum insn_class {
    INSN_PLAIN = 0,
    /* Returns, if its condition holds; *sp_after: stack pointer then. */
    INSN_RETURN,
    INSN_BEYOND,  /* leaves what can be run: SVC, WFI, ERET ... */
    INSN_SKIPPED, /* was emulated; the emulator goes on behind it */
    INSN_WAIT,    /* WFI */
    INSN_ERET,    /* ends a handler that runs */
};

/* Encodings of MRS and MSR, bits 19..5: op0(1) op1(3) CRn(4) CRm(4) op2(3). */
#define SYSREG(op0, op1, crn, crm, op2) \
    ((((op0) & 1u) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | \
     (op2))
/* What system register @key of A64 reads when nothing else is known. */
void probe_sys_put(struct inf_probe *p, uint32_t key, uint64_t value);
void probe_put_reg(struct inf_probe *p, int uc_reg, uint64_t value);

/* The emulator goes on at @next. */
void probe_skip(struct inf_probe *p, uint64_t next);

/* Looks at the instruction about to run, of @size bytes at @pc. */
enum insn_class probe_insn(struct inf_probe *p, uint64_t pc, uint32_t size,
                           const uint8_t *bytes, uint64_t *sp_after);

/* probe.c: a run in its parts, for probe_irq.c. */
int probe_prepare(struct inf_probe *p, const struct inf_stim *stim,
                  struct inf_trace *out, bool baseline);
/* Registers as the question has them; memory stays. */
int probe_reload(struct inf_probe *p);
int probe_emulate(struct inf_probe *p, uint64_t pc);
/* probe_irq.c: one instruction of the handler. */
void probe_follow_handler(struct inf_probe *p);
bool probe_handler_end(struct inf_probe *p, uint64_t fetch);
/* A store to memory that is not the handler's stack. */
bool probe_handler_stores(const struct inf_probe *p, uint64_t addr);
/* What the GIC answers to the handler that runs; false = no GIC there. */
bool probe_gic_read(struct inf_probe *p, uint64_t phys, uint64_t *value);
void probe_gic_write(struct inf_probe *p, uint64_t phys);
/* The same by register CRm, op2 with CRn = 12 of the CPU. */
bool probe_icc_read(struct inf_probe *p, unsigned crm, unsigned op2,
                    uint64_t *value);
void probe_icc_write(struct inf_probe *p, unsigned crm, unsigned op2);
/* Whether @w, in the A32 layout, returns from the exception. */
bool probe_returns_a32(struct inf_probe *p, uint32_t w);
/* The same of Thumb. */
bool probe_returns_thumb(struct inf_probe *p, uint32_t w);

/* Instructions of IT blocks belong to the loop, those skipped as well. */
void probe_add_predicated(struct inf_probe *p);
/* A proper call of a function where no memory is, in the region for code: a
 * ROM that nobody has, rather than a jump gone wild. */
bool probe_calls_rom(struct inf_probe *p, uint64_t target);

/* probe.c: called by the memory hooks. */
uint64_t probe_io_read(struct inf_probe *p, struct probe_page *page,
                       uint64_t addr, unsigned size);
void probe_io_write(struct inf_probe *p, struct probe_page *page,
                    uint64_t addr, unsigned size, uint64_t value);
void probe_stop(struct inf_probe *p, enum inf_probe_end end);
/* probe_set.c: ends the run at a place that is wanted, or to be avoided. */
void probe_look_at_places(struct inf_probe *p, uint64_t pc);

#endif
