/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inference engines: from a question of the paused machine to an answer in
 * the language.
 *
 * An engine is one versioned struct of functions, one file each.  It sees
 * structures of this header only: the daemon maps the bytes of the bridge to
 * them and back, so that an engine can run offline over a recorded trace or
 * inside a unit test.  Engines do not print, exit, write files or keep
 * globals; what they want remembered goes through @save/@restore.
 *
 * Addresses: "base" is always the absolute physical address of a device,
 * "offset" is relative to it, "phys" is absolute.  Sizes are in bytes.
 * All strings are NUL-terminated ASCII.  Confidence is 0..100.
 *
 * Everything runs on one thread; an engine calls the services only from
 * inside answer(), review() and note_event().
 */
#ifndef PERIPH_INFER_H
#define PERIPH_INFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INF_API_VERSION 2
#define INF_NAME_MAX 64
#define INF_MESSAGE_MAX 256
#define INF_PAGE_SIZE 4096
#define INF_MAX_EDITS 32
#define INF_MAX_PULSES 8
#define INF_MAX_WATCHES 8

/* Negative results of this library; inf_strerror() names them. */
enum inf_error {
    INF_OK = 0,
    INF_E_NOMEM = -1,
    INF_E_UNSUPPORTED = -2, /* core or question this engine does not handle */
    INF_E_VERSION = -3,     /* struct of another INF_API_VERSION */
    INF_E_PROBE = -4,       /* the CPU emulator refused */
    INF_E_PAGE = -5,        /* the page service did not answer */
    INF_E_RANGE = -6,       /* an argument is out of range */
    INF_E_FORMAT = -7,      /* text given to restore() is malformed */
};

/* Never NULL; "unknown error" for a number not listed above. */
const char *inf_strerror(int err);

/* ------------------------------------------------------------------ CPU */

enum inf_arch {
    INF_ARCH_A64 = 0, /* AArch64 state */
    INF_ARCH_A32 = 1, /* AArch32, A or R profile; @thumb says which set */
    INF_ARCH_M = 2,   /* v6-M .. v8-M */
};

enum {
    INF_REG_SP = 31, /* A64; A32 and M use r13 at index 13 */
    INF_REG_PC = 32, /* A64; A32 and M use r15 at index 15 */
    INF_REG_PSTATE = 33, /* A64 pstate; A32 and M: cpsr/xpsr at index 16 */
    INF_REG_PSR32 = 16,
    INF_REG_COUNT = 34,
};

/*
 * The CPU as it stands *before* the instruction that asks.  Fields that do
 * not exist on the core are 0.  @v holds the SIMD registers as 64-bit halves:
 * v[2n] low and v[2n+1] high half of V(n); on A32 and M, v[n] is D(n).
 */
struct inf_cpu {
    uint32_t arch; /* enum inf_arch */
    uint32_t index;
    uint8_t el;
    uint8_t thumb;
    uint8_t secure;
    uint8_t fp; /* FP/SIMD may be used without a trap */
    uint32_t exception; /* active exception number, 0 = thread / none */
    char model[INF_NAME_MAX]; /* QEMU's CPU type, e.g. "cortex-a53" */
    uint64_t regs[INF_REG_COUNT];
    uint64_t msp, psp, control, primask, basepri, faultmask; /* M */
    uint64_t vbar, sctlr, cpacr, ttbr0, tpidr[4];
    /* A profile: the stacks of interrupt handlers; svc_sp is of AArch32. */
    uint64_t irq_sp, fiq_sp, svc_sp;
    uint64_t cntfrq, cntvct;
    uint64_t v[64];
    uint64_t midr; /* M: CPUID */
    uint64_t cbar; /* base of the core's own peripherals; 0 = not told */
};

/* ------------------------------------------------------------- Question */

enum inf_kind {
    INF_FAULT = 0, /* no device or no register answers the access */
    INF_STALL = 1, /* the same pc polls the same register */
    INF_IDLE = 2,
    INF_CRASH = 3, /* exception vector, wild jump, loop on itself */
    INF_FETCH = 4, /* instruction fetch from where nothing is */
};

enum inf_access_type { INF_LOAD = 0, INF_STORE = 1, INF_EXEC = 2 };

struct inf_question {
    uint64_t seq;
    uint32_t generation; /* changes at each start and system reset */
    uint32_t kind;       /* enum inf_kind */
    uint32_t access;     /* enum inf_access_type */
    uint32_t size;       /* of the access: 1, 2, 4, 8 */
    uint64_t phys, virt;
    uint64_t pc;         /* guest-virtual */
    uint64_t base;       /* of the device that asks; valid if @device[0] */
    uint64_t offset;     /* phys - base; valid if @device[0] */
    uint64_t repeat;     /* stall: reads in a row */
    uint64_t value;      /* store: the value, if @value_known */
    uint64_t time_ns;
    uint8_t value_known;
    uint8_t secure;
    uint8_t user;
    uint8_t big_endian;
    uint8_t halted;  /* idle: the CPU has stopped for an interrupt */
    uint8_t watched; /* stall: this one read was asked for, nothing repeats */
    uint8_t avoided; /* crash: none, but a place that the user wants avoided:
                        INF_STOP says that nothing is left to try */
    uint64_t esr, far;   /* crash: syndrome (M: CFSR) and address */
    char device[INF_NAME_MAX]; /* instance name, "" = none at that place */
    struct inf_cpu cpu;
};

/* ------------------------------------------------------------- Services */

enum inf_page_kind {
    INF_PAGE_RAM = 0,
    INF_PAGE_ROM = 1,
    INF_PAGE_IO = 2,   /* a device, or a romd in device mode */
    INF_PAGE_NONE = 3, /* nothing there */
    INF_PAGE_UNMAPPED = 4, /* virtual address without translation */
};

struct inf_page {
    uint64_t phys; /* of the page's first byte */
    uint32_t kind; /* enum inf_page_kind */
    uint8_t readable, writable, executable;
    uint8_t bytes[INF_PAGE_SIZE]; /* valid for RAM and ROM */
};

/* A device instance of the current model. */
struct inf_model_device {
    const char *name;
    uint64_t base, size;
    unsigned width; /* natural register width in bits */
    bool machine;   /* the machine owns the device's own lines */
    bool closed;    /* `closed;`: nothing may be added */
};

/* A register of a device of the current model. */
struct inf_model_reg {
    const char *name;
    uint64_t offset;
    unsigned bytes;
    bool machine;     /* machine-owned: may be replaced by an edit */
    const char *text; /* the item's text without notes; NULL = not known */
};

enum inf_irq_kind {
    INF_IRQ_NONE = 0,
    INF_IRQ_NVIC = 1, /* line n is exception 16 + n */
    INF_IRQ_GIC = 2,  /* line n is SPI n */
};

/* A memory of the board. */
struct inf_model_memory {
    const char *name;
    uint64_t base, size;
    bool machine; /* inferred */
};

#define INF_IRQ_WORDS 32

/* External interrupt lines; bit n & 31 of word n / 32. */
struct inf_irqs {
    uint32_t kind; /* enum inf_irq_kind */
    uint32_t lines;
    uint32_t enabled[INF_IRQ_WORDS];
    uint32_t pending[INF_IRQ_WORDS];
    uint32_t active[INF_IRQ_WORDS];
    uint64_t distributor;   /* GIC: its address; 0 = not known */
    uint64_t cpu_interface; /* GICv2: its address; 0 = registers of the CPU */
};

/*
 * What an engine may ask of its surroundings.  Each function returns 0 or a
 * negative number.  Strings returned stay valid until the next call of the
 * same function.  @reg, @console and @log may be NULL.
 */
struct inf_edit;
struct inf_trial;
struct inf_priors;

struct inf_services {
    uint32_t version; /* INF_API_VERSION */
    void *opaque;
    /* The page holding @addr (guest-virtual of the asking cpu, or physical). */
    int (*page)(void *opaque, uint64_t addr, bool virt, struct inf_page *out);
    /* The @index-th device (any order); nonzero past the end. */
    int (*device)(void *opaque, unsigned index, struct inf_model_device *out);
    /* The @index-th register of the device at @base; nonzero past the end. */
    int (*reg)(void *opaque, uint64_t base, unsigned index,
               struct inf_model_reg *out);
    /* Base of the device the board's `console:` names; nonzero = none. */
    int (*console)(void *opaque, uint64_t *base);
    void (*log)(void *opaque, int level, const char *text); /* 0 err .. 3 dbg */
    /* True when the caller should be given a sign of life (BEAT). */
    void (*beat)(void *opaque);
    /*
     * Judges edits as if they were an answer to @q, without applying them:
     * gate, ownership, compiler.  0 when they would be taken; @out is valid
     * until the next call.  NULL where there is no profile.
     */
    int (*try_edits)(void *opaque, const struct inf_question *q,
                     const struct inf_edit *edits, unsigned count,
                     struct inf_trial *out);
    /* True when the program is about to end: give up what takes long.  May
     * be NULL. */
    bool (*stopping)(void *opaque);
    /* The lines as an idle question found them; may be NULL, negative for
     * other questions. */
    int (*irqs)(void *opaque, struct inf_irqs *out);
    /* The name (INF_NAME_MAX bytes) of the board's first native whose type in
     * QEMU begins with @type; nonzero: none.  May be NULL. */
    int (*native)(void *opaque, const char *type, char *name);
    /* The @index-th memory (any order); nonzero past the end.  May be
     * NULL. */
    int (*memory)(void *opaque, unsigned index, struct inf_model_memory *out);
};

/*
 * The name (INF_NAME_MAX bytes) of the board's GIC, or of the block of a
 * multi-core that has it; false when its text names none, and no interrupt
 * can be wired to it.
 */
bool inf_find_gic(const struct inf_services *svc, char *name);

/* What try_edits() found. */
struct inf_trial {
    const char *messages; /* what is wrong, with lines and carets; or "" */
    const void *table;    /* .ptab of the devices concerned, 8-aligned */
    size_t size;
};

/* ------------------------------------------------------------- Evidence */

/*
 * Accesses to table devices, fed by the daemon from the access ring in the
 * order they happened; see evidence.h for what can be asked of it.
 */
struct inf_evidence;

struct inf_access {
    uint64_t time_ns;
    uint64_t phys;
    uint64_t pc;
    uint64_t value;
    uint32_t size;
    uint32_t cpu;
    uint32_t exception; /* exception number at the access, 0 = none */
    bool write;
};

/* Bounded memory (about 8 MiB at most).  NULL when out of memory. */
struct inf_evidence *inf_evidence_new(void);
void inf_evidence_free(struct inf_evidence *ev);
/* One access.  Never fails; what does not fit is counted as lost. */
void inf_evidence_add(struct inf_evidence *ev, const struct inf_access *acc);
/* A system reset or a restart of QEMU: values go, counters stay. */
void inf_evidence_reset(struct inf_evidence *ev);

/* --------------------------------------------------------------- Answer */

enum inf_verdict {
    INF_TABLES = 0,  /* edits hold; compile, load, retry the instruction */
    INF_RETRY = 1,   /* nothing to change (waiting): retry, see @mute_reads */
    INF_DELIVER = 2, /* give the guest its abort */
    INF_RESTART = 3, /* edits hold; start the machine again from reset */
    INF_STOP = 4,    /* pause for the user, @message says why */
    INF_NONE = 5,    /* this engine has no answer: ask the next one */
};

/* Outcome of a question in one word, for the report and results. */
enum inf_outcome {
    INF_SOLVED = 0,
    INF_WAITING = 1,   /* the guest waits for input: not a stall */
    INF_TIME = 2,      /* the guest waits for time to pass */
    INF_UNRESOLVED = 3,
    INF_WITHDRAWN = 4, /* a hypothesis was taken back */
};

enum inf_edit_kind {
    /* New device: @name, @base, @size; @text = its settings, e.g.
     * "size: 0x1000; width: 32; unmapped: ask;".  The profile writes the
     * device, its instance and the file.  No-op when it exists. */
    INF_EDIT_DEVICE = 0,
    /* Upsert register @name at @offset of the device at @base;
     * @text = "reg r14 @ 0x14 { b5 [5] ro = 1; }". */
    INF_EDIT_REG = 1,
    /* Upsert another item of the device's body, keyed by @name (fifo, line)
     * or by its text (rules). */
    INF_EDIT_ITEM = 2,
    /* Remove the machine-owned item @name of the device at @base. */
    INF_EDIT_REMOVE = 3,
    /* The device at @base is the board's console. */
    INF_EDIT_CONSOLE = 4,
    /* Memory of the board: @name, @base, @size;
     * @text = "memory ram1 @ 0x… : 0x…;". */
    INF_EDIT_MEMORY = 5,
    /* A wire of the device at @base; @text = "irq -> nvic 5;". */
    INF_EDIT_WIRE = 6,
    /* An instance @name of block @text of the library at @base, of @size:
     * @text is the block's name alone, "pl011", which the profile imports
     * as lib/pl011.periph.  Wires and the console of the same answer follow
     * it.  No-op when a device is at @base. */
    INF_EDIT_BLOCK = 7,
    /* Takes the machine's instance at @base away, with all that the machine
     * wrote about it.  Needs a restart. */
    INF_EDIT_TAKE_AWAY = 8,
    /* A device that QEMU has: @name, @base, @text =
     * "native gic : \"arm_gic\" @ 0x..., 0x...;".  Only what belongs to the
     * core; needs a restart. */
    INF_EDIT_NATIVE = 9,
};

struct inf_edit {
    uint32_t kind; /* enum inf_edit_kind */
    uint32_t confidence;
    uint64_t base, size, offset;
    uint32_t bytes; /* register width in bytes (REG), for the results */
    uint64_t value; /* bits the register gives by this item, for the results */
    char name[INF_NAME_MAX];
    char *text;     /* malloc'ed, owned by the answer; without note and sum */
    /* malloc'ed, owned by the answer.  NULL = nothing new: a register keeps
     * what was said of it, and its confidence; "" drops that. */
    char *evidence;
};

/*
 * Edits are one unit: all are applied in order, or none.  An edit that a
 * person's text forbids is dropped by the profile and reported to the engine
 * by @refused.
 */
struct inf_answer {
    uint32_t verdict; /* enum inf_verdict */
    uint32_t outcome; /* enum inf_outcome */
    uint64_t mute_reads; /* RETRY on a stall: ask again after so many further
                            reads; 0 = never until the table changes */
    unsigned probes;     /* counterfactual runs made */
    uint64_t hypothesis; /* id for refused(); 0 = none */
    unsigned edit_count;
    struct inf_edit edits[INF_MAX_EDITS];
    /* Characters the guest wrote before its console was known, to be shown
     * once before anything else it prints; malloc'ed, owned by the answer. */
    uint8_t *console_text;
    size_t console_len;
    /* Interrupt lines to fire once before the guest goes on. */
    unsigned pulse_count;
    uint32_t pulses[INF_MAX_PULSES];
    /* RESTART: the @reads-th read of @phys by @pc is to be asked about in the
     * next life, as a stall whose @watched is set. */
    unsigned watch_count;
    struct {
        uint64_t pc, phys;
        uint32_t reads;
    } watches[INF_MAX_WATCHES];
    char message[INF_MESSAGE_MAX]; /* for people, may be "" */
};

/* All fields zero, verdict INF_NONE. */
void inf_answer_init(struct inf_answer *ans);
/* Frees what the edits own and makes it empty again. */
void inf_answer_dispose(struct inf_answer *ans);

/* --------------------------------------------------------------- Events */

enum inf_event_kind {
    INF_EV_RESET = 0,     /* system reset or QEMU started: generation changed */
    INF_EV_EXCEPTION = 1, /* synchronous exception taken: pc, esr, far */
    INF_EV_LOADED = 2,    /* an answer's table is in the machine */
    INF_EV_REFUSED = 3,   /* the edits of @hypothesis were not applied */
    INF_EV_SHUTDOWN = 4,
};

struct inf_event {
    uint32_t kind; /* enum inf_event_kind */
    uint32_t generation;
    uint64_t time_ns;
    uint64_t pc, esr, far;
    uint64_t hypothesis;
};

/* --------------------------------------------------------------- Engine */

#define INF_PLACES_MAX 16

/* Where the user wants the guest to come to, and where not; guest-virtual
 * addresses of instructions, without a Thumb bit. */
struct inf_places {
    unsigned until_count, avoid_count;
    uint64_t until[INF_PLACES_MAX], avoid[INF_PLACES_MAX];
};

struct inf_options {
    uint32_t version;        /* INF_API_VERSION */
    unsigned min_confidence; /* answers below become INF_NONE; default 0 */
    unsigned max_restarts;   /* bound of RESTART verdicts; default 20 */
    uint64_t max_insns;      /* per counterfactual run; default 20000 */
    const struct inf_ai_options *ai; /* infer_ai.h; NULL: no model */
    struct inf_priors *priors; /* priors.h; NULL: none */
    const struct inf_places *places; /* NULL: none; lives as long as engines */
};

struct inf_engine; /* opaque, one per board and run */

/*
 * Order of calls: open; restore at most once; then any of answer, review,
 * note_event, save; close.
 */
struct inf_engine_ops {
    uint32_t version; /* INF_API_VERSION */
    const char *name; /* "rules", as in @inferred(NAME, …) */
    /* @opts may be NULL.  @svc and @ev must live until close(). */
    int (*open)(const struct inf_options *opts, const struct inf_services *svc,
                const struct inf_evidence *ev, struct inf_engine **out);
    /*
     * Answers one question; @ans was initialised by the caller, who disposes
     * it.  0 also when the verdict is INF_NONE; negative only for failures
     * of the surroundings, after which the engine is still usable.
     */
    int (*answer)(struct inf_engine *eng, const struct inf_question *q,
                  struct inf_answer *ans);
    /*
     * Looks at new evidence without a question (a console that is written
     * without being polled).  Cheap; call it when the ring was drained.
     * Verdict INF_TABLES asks for an unasked load, INF_NONE = nothing.
     */
    int (*review)(struct inf_engine *eng, struct inf_answer *ans);
    void (*note_event)(struct inf_engine *eng, const struct inf_event *ev);
    /* What must survive the daemon (excluded hypotheses): JSON text,
     * malloc'ed, the caller frees it. */
    int (*save)(struct inf_engine *eng, char **out);
    int (*restore)(struct inf_engine *eng, const char *text);
    void (*close)(struct inf_engine *eng);
    /*
     * Another engine, @by, has answered @q with @given: whether to look for
     * a better model meanwhile is up to this one.  Must not wait; what comes
     * of it is told by review().  NULL: never does.
     */
    void (*consider)(struct inf_engine *eng, const struct inf_question *q,
                     const struct inf_answer *given, const char *by);
    /* True while review() should be called soon, without new evidence.  NULL:
     * never. */
    bool (*busy)(const struct inf_engine *eng);
};

/* Memories and devices of the core that the board lacks. */
const struct inf_engine_ops *inf_map_ops(void);

/* The rules engine with probing. */
const struct inf_engine_ops *inf_rules_ops(void);

#endif
