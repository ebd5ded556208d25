/*
 * Inference device: what its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PERIPH_INFERENCE_INTERNAL_H
#define HW_PERIPH_INFERENCE_INTERNAL_H

#include "exec/hwaddr.h"
#include "exec/memattrs.h"
#include "hw/core/cpu.h"
#include "hw/periph/inference-device.h"
#include "hw/periph/periph-device.h"
#include "periph-log.h"
#include "qemu/notify.h"
#include "runtime/bridge/bridge-os.h"
#include "runtime/bridge/bridge.h"
#include "system/runstate.h"

/* What an unanswered question becomes. */
typedef enum InferencePolicy {
    INFERENCE_STOP,
    INFERENCE_ZERO,
    INFERENCE_ABORT,
} InferencePolicy;

/*
 * IDLE: nothing is asked. RAISED: a CPU has left its instruction, the main
 * loop does not know yet. OPEN: the machine is paused (by us or by the user)
 * and the question stands in the bridge memory.
 */
typedef enum InferencePhase {
    INFERENCE_IDLE,
    INFERENCE_RAISED,
    INFERENCE_OPEN,
} InferencePhase;

/* An access that failed; @phys is what is really touched (bit-band). */
typedef struct InferenceFault {
    CPUState *cpu;
    Object *owner;              /* of the region there; NULL: a hole */
    hwaddr phys;
    vaddr virt;
    uint64_t pc;
    unsigned size;
    uint32_t access;            /* enum pbr_access */
    MemTxAttrs attrs;
} InferenceFault;

/* A synchronous exception that a CPU has taken. */
typedef struct InferenceException {
    CPUState *cpu;
    uint32_t kind;              /* enum pbr_exception */
    uint32_t el;
    bool from_below;            /* from a less privileged level */
    uint64_t pc;
    uint64_t esr;
    uint64_t far;
    uint64_t vector;
} InferenceException;

/* Why a table device has just failed an access; valid until the next one. */
typedef struct InferenceAsk {
    bool valid;
    uint32_t kind;              /* enum pbr_question_kind */
    CPUState *cpu;
    uint64_t pc;
    PeriphDevice *dev;
    hwaddr offset;              /* of the access */
    hwaddr ask_offset;          /* what is not answered */
    unsigned ask_size;
    bool has_value;
    uint64_t value;
    uint64_t repeat;
    bool watched;               /* the daemon wants this read asked about */
} InferenceAsk;

/* The access that shall fail for good when it runs again. */
typedef struct InferenceDelivery {
    bool valid;
    CPUState *cpu;
    uint64_t pc;
    hwaddr phys;
} InferenceDelivery;

typedef struct InferenceStall InferenceStall;
typedef struct InferenceIdle InferenceIdle;

struct InferenceDevice {
    DeviceState parent_obj;

    /* Properties */
    char *bridge_name;
    char *state_name;
    char *on_timeout;
    char *window;
    char *profile;
    char *stats_file;
    uint32_t timeout_ms;
    uint32_t stall_reads;
    uint32_t records;
    bool ask_crash;
    bool ask_unimplemented;

    InferencePolicy policy;
    uint64_t window_first;
    uint64_t window_last;

    /* Shared memories and doorbell: inference-link.c */
    struct pbr_shm bridge_shm;
    struct pbr_bridge *bridge;
    PeriphLog *state;
    struct pbr_stream stream;
    int listen_fd;
    int peer_fd;
    bool greeted;
    uint64_t generation;
    uint64_t event_seq;
    QEMUTimer *beat;

    /* The question */
    InferencePhase phase;
    struct pbr_question q;
    CPUState *asking;
    InferenceAsk ask;
    InferenceDelivery delivery;
    uint64_t read_pc;           /* of the read under way */
    bool read_pc_valid;
    uint64_t seq;
    int64_t raised_us;
    QEMUBH *bh;
    QEMUTimer *timeout;
    bool fetch_failed;

    /* The pause that is ours, and the CPUs that ran before it */
    bool held;
    unsigned long *held_cpus;
    unsigned cpu_count;

    InferenceStall *stall;
    InferenceIdle *idle;
    unsigned exceptions_sent;
    int64_t exception_second;

    VMChangeStateEntry *vmstate_entry;
    Notifier exit;
    PeriphObserver observer;
};

/* ---- inference-device.c ---- */

/*
 * From the hooks of a CPU, which holds the BQL. wants: whether this access
 * is a question; if so, raise: the CPU's state is restored, it then leaves
 * its instruction.
 */
bool inference_wants(InferenceFault *fault);
void inference_raise(const InferenceFault *fault);
void inference_fetch_failed(const InferenceFault *fault);
void inference_exception_taken(const InferenceException *exc);
void inference_interrupt_taken(CPUState *cpu);
/* From the CPU's own thread: it does nothing that could ever end. */
bool inference_ask_idle(InferenceDevice *s, CPUState *cpu, bool halted);
/* The exception cannot be taken: the CPU stays where it is, for good. */
void inference_locked_up(const InferenceException *exc);

/* The daemon has given a sign of life. */
void inference_restart_timeout(InferenceDevice *s);
/* The question is no more; the pause stays. */
void inference_close_question(InferenceDevice *s);
/* It has been dealt with by @verdict: the guest goes on. */
void inference_finish_question(InferenceDevice *s, uint32_t verdict);

/* ---- inference-answer.c, in the main loop ---- */

void inference_answer(InferenceDevice *s);
/* Polls of the register at @phys by the instruction at @pc wait for input. */
void inference_mute_at(InferenceDevice *s, uint64_t pc, hwaddr phys);
void inference_load(InferenceDevice *s, uint64_t seq);
void inference_give_up(InferenceDevice *s, const char *why);
/* A timer's callback; @opaque is the device. */
void inference_question_timeout(void *opaque);

/* ---- inference-link.c ---- */

bool inference_link_open(InferenceDevice *s, Error **errp);
void inference_link_close(InferenceDevice *s);
void inference_link_send(InferenceDevice *s, uint32_t type, uint32_t arg,
                         uint64_t seq);
/* @exc may be NULL; @message too. */
void inference_link_event(InferenceDevice *s, uint32_t kind,
                          const InferenceException *exc,
                          const char *message);
/* ACK or LOAD_ACK, with the reason in the note slot when not OK. */
void inference_link_ack(InferenceDevice *s, uint32_t type, uint32_t ack,
                        uint64_t seq, const char *message);
void inference_link_new_generation(InferenceDevice *s);
/* One access record. */
void inference_link_record(InferenceDevice *s, const PeriphAccess *a,
                           bool has_pc, uint64_t pc);
void inference_link_region(InferenceDevice *s, PeriphDevice *dev);
void inference_link_region_gone(InferenceDevice *s, PeriphDevice *dev);
bool inference_link_write_stats(InferenceDevice *s, Error **errp);

/* ---- inference-page.c ---- */

void inference_serve_page(InferenceDevice *s, uint64_t seq);

/* ---- inference-stall.c ---- */

InferenceStall *inference_stall_new(unsigned cpus, uint32_t reads);
/*
 * A read is about to be done: the number of reads in a row when it has to be
 * asked about, else 0.
 */
uint64_t inference_stall_reading(InferenceStall *st, const PeriphAccess *a,
                                 uint64_t pc);
void inference_stall_done(InferenceStall *st, const PeriphAccess *a,
                          uint64_t pc);
/* The read that is about to be done is one that shall be asked about. */
uint64_t inference_stall_watched(InferenceStall *st, const PeriphAccess *a,
                                 uint64_t pc);
/* The @reads-th read from now on at that place shall be asked about. */
void inference_stall_watch(InferenceStall *st, uint64_t pc, hwaddr phys,
                           uint32_t reads);
/* Accesses unlike those shortly before, and reads; both ever. */
uint64_t inference_stall_news(InferenceStall *st);
uint64_t inference_stall_reads(InferenceStall *st);
/* The last value that the asking CPU saw there; false: none. */
bool inference_stall_value(InferenceStall *st, CPUState *cpu,
                           uint64_t *value);
/* @reads further reads of that site are not asked about; 0: none ever. */
void inference_stall_mute(InferenceStall *st, uint64_t pc, PeriphDevice *dev,
                          hwaddr offset, uint64_t reads);
/* Forgets all about @dev; NULL: about every device. */
void inference_stall_forget(InferenceStall *st, PeriphDevice *dev);

/* ---- inference-idle.c ---- */

/* Looks at the CPUs from time to time, while a daemon is there. */
InferenceIdle *inference_idle_new(InferenceDevice *s);
/* The last idle question was answered; @helped: something has changed. */
void inference_idle_answered(InferenceIdle *idle, bool helped);
/* The machine was reset. */
void inference_idle_reset(InferenceIdle *idle);

/* ---- inference-irq.c ---- */

/* The external interrupt lines, as the interrupt controller has them. */
void inference_irqs_fill(struct pbr_irqs *irqs);
/* Fires line @n once. */
void inference_irq_pulse(uint32_t n);

/* ---- inference-claim.c ---- */

/* What the machine only stubs, in the window, is asked about. */
void inference_claim_stubs(InferenceDevice *s);
/* As periph_page_owner(), for what has been claimed. */
Object *inference_claim_owner(Object *owner, hwaddr addr);

/* ---- inference-cpu.c ---- */

void inference_cpu_hook_all(void);
uint32_t inference_cpu_arch(CPUState *cs);
/* The instruction whose access a region's callback is serving. */
bool inference_cpu_pc(CPUState *cs, uint64_t *pc);
bool inference_cpu_thumb(CPUState *cs);
uint64_t inference_cpu_context(CPUState *cs, uint16_t *exception);
void inference_cpu_fill(CPUState *cs, struct pbr_cpu *out);
/*
 * The program counter, and the general registers into @regs (32 values, 0
 * where the CPU has none), of a CPU that does not run.
 */
uint64_t inference_cpu_regs(CPUState *cs, uint64_t *regs);

#endif
