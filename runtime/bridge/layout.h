/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of the two shared memories and of the doorbell frames that connect
 * QEMU with the inference daemon.  PROTOCOL.md describes the states and who
 * may write what; this file is the single source of sizes and offsets.
 *
 * Everything is little-endian and naturally aligned; hosts of another byte
 * order are refused when this header is compiled.  Texts are NUL-terminated
 * within their array.  Whoever reads copies first and checks the copy: the
 * functions in bridge.h do so, nothing else should touch these structures.
 */
#ifndef PERIPH_RUNTIME_BRIDGE_LAYOUT_H
#define PERIPH_RUNTIME_BRIDGE_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the bridge is defined for little-endian hosts only"
#endif

#define PBR_BRIDGE_MAGIC  0x47524250u   /* "PBRG" */
#define PBR_STATE_MAGIC   0x54534250u   /* "PBST" */
#define PBR_VERSION       1u            /* what this header describes */
#define PBR_COMPAT        1u            /* oldest version it still reads */

#define PBR_DEFAULT_BRIDGE "/mmio_inference_bridge"
#define PBR_DEFAULT_STATE  "/mmio_proxy_shared"

#define PBR_NAME_MAX      64u           /* names, the NUL included */
#define PBR_MESSAGE_MAX   256u          /* messages, the NUL included */
#define PBR_PAGE_SIZE     4096u

/* ------------------------------------------------------------------ */
/* Enumerations.  Values are part of the format; 0 is never a message. */

enum pbr_arch {
    PBR_ARCH_AARCH64 = 1,               /* regs: x0-x30, sp, pc, pstate */
    PBR_ARCH_A32 = 2,                   /* regs: r0-r15, cpsr */
    PBR_ARCH_M = 3,                     /* regs: r0-r15, xpsr */
    PBR_ARCH_COUNT_                     /* one past the last */
};

enum pbr_question_kind {
    PBR_Q_FAULT = 1,                    /* nothing answers this address */
    PBR_Q_STALL = 2,                    /* the guest polls one register */
    PBR_Q_IDLE = 3,                     /* the guest waits for nothing */
    PBR_Q_CRASH = 4,                    /* paused at an exception vector */
    PBR_Q_FETCH = 5,                    /* instruction fetch from nowhere */
    PBR_Q_COUNT_
};

enum pbr_access {
    PBR_ACCESS_LOAD = 1,
    PBR_ACCESS_STORE = 2,
    PBR_ACCESS_FETCH = 3,
    PBR_ACCESS_NONE = 4,                /* idle and crash have no access */
    PBR_ACCESS_COUNT_
};

enum pbr_verdict {
    PBR_V_TABLES = 1,                   /* blob holds a .ptab: load, retry */
    PBR_V_RETRY = 2,                    /* nothing new: go on, see mute */
    PBR_V_DELIVER = 3,                  /* give the guest its abort */
    PBR_V_RESTART = 4,                  /* end with exit status 75 */
    PBR_V_STOP = 5,                     /* stay paused for the user */
    PBR_V_COUNT_
};

enum pbr_frame_type {
    PBR_F_HELLO = 1,       /* D: arg version<<16|compat, arg2 pid */
    PBR_F_HELLO_ACK = 2,   /* Q: arg version<<16|compat, seq generation */
    PBR_F_QUESTION = 3,    /* Q: arg kind, seq of the question */
    PBR_F_ANSWER = 4,      /* D: arg verdict, seq of the question */
    PBR_F_ANSWER_ACK = 5,  /* Q: arg enum pbr_ack, seq of the question */
    PBR_F_BEAT = 6,        /* D: busy with seq, restarts the time-out clock */
    PBR_F_PAGE_REQ = 7,    /* D: seq of the page request */
    PBR_F_PAGE_REP = 8,    /* Q: arg enum pbr_page_status, seq of request */
    PBR_F_LOAD = 9,        /* D: unasked tables; seq chosen by D, top bit set */
    PBR_F_LOAD_ACK = 10,   /* Q: arg enum pbr_ack, seq of the LOAD */
    PBR_F_EVENT = 11,      /* Q: arg enum pbr_event, seq of the event slot */
    PBR_F_BYE = 12,        /* both: arg enum pbr_bye; the sender closes */
    PBR_F_MUTE = 13,       /* D: seq pc, arg2 address: polls there wait */
    PBR_F_PULSE = 14,      /* D: arg interrupt line, fired once */
    PBR_F_WATCH = 15,      /* D: seq pc, arg2 address, arg: ask about the
                              arg-th read there as if it were a poll */
    PBR_F_COUNT_
};

/* Result of loading a table; the note slot says more when not OK. */
enum pbr_ack {
    PBR_ACK_OK = 0,
    PBR_ACK_STALE = 1,                  /* no such question is open */
    PBR_ACK_BAD_TABLE = 2,              /* refused, nothing was applied */
    PBR_ACK_BAD_ANSWER = 3,             /* slot torn or out of range */
    PBR_ACK_COUNT_
};

enum pbr_event {
    PBR_E_RESET = 1,                    /* system reset, generation is new */
    PBR_E_RUNNING = 2,
    PBR_E_PAUSED = 3,                   /* the user stopped the machine */
    PBR_E_SHUTDOWN = 4,
    PBR_E_EXCEPTION = 5,                /* taken by the guest: event slot */
    PBR_E_TIMEOUT = 6,                  /* a question was given up */
    PBR_E_COUNT_
};

enum pbr_bye {
    PBR_BYE_END = 0,
    PBR_BYE_VERSION = 1,                /* versions do not fit */
    PBR_BYE_BUSY = 2,                   /* another daemon is connected */
    PBR_BYE_PROTOCOL = 3                /* a frame that makes no sense */
};

enum pbr_page_status {
    PBR_PAGE_OK = 0,
    PBR_PAGE_NOT_PAUSED = 1,            /* served only during a question */
    PBR_PAGE_UNMAPPED = 2,              /* no translation for it */
    PBR_PAGE_BAD = 3                    /* request torn or out of range */
};

enum pbr_page_kind {
    PBR_KIND_NONE = 0,                  /* nothing is mapped there */
    PBR_KIND_RAM = 1,                   /* bytes are valid */
    PBR_KIND_ROM = 2,                   /* bytes are valid */
    PBR_KIND_ROMD = 3,                  /* bytes are valid */
    PBR_KIND_IO = 4                     /* a device: never read, no bytes */
};

/* ------------------------------------------------------------------ */
/*
 * A slot starts with its sequence number: even while stable, odd while its
 * one writer changes it, 0 never written.  Readers copy between two equal
 * even values.
 */

/* Flags of struct pbr_cpu. */
#define PBR_CPU_THUMB     0x01u
#define PBR_CPU_SECURE    0x02u
#define PBR_CPU_HANDLER   0x04u         /* M: handler mode */
#define PBR_CPU_USER      0x08u         /* EL0, or M unprivileged */
#define PBR_CPU_MMU       0x10u         /* translation is on for this EL */
#define PBR_CPU_BE        0x20u         /* big-endian data accesses */
#define PBR_CPU_HAS_V     0x40u         /* v[] is filled in */

/* Indexes into regs[] that have a name. */
#define PBR_A64_SP        31u
#define PBR_A64_PC        32u
#define PBR_A64_PSTATE    33u
#define PBR_A32_SP        13u
#define PBR_A32_LR        14u
#define PBR_A32_PC        15u
#define PBR_A32_PSR       16u           /* cpsr, M: xpsr */

/* One CPU at the instruction that asks: pc is that instruction's. */
struct pbr_cpu {
    uint32_t arch;                      /*    0 enum pbr_arch */
    uint32_t el;                        /*    4 0..3; M: 0 unpriv., 1 priv. */
    uint32_t flags;                     /*    8 PBR_CPU_* */
    uint32_t exception;                 /*   12 M: active exception, else 0 */
    uint64_t regs[34];                  /*   16 */
    uint64_t msp;                       /*  288 M-profile from here ... */
    uint64_t psp;                       /*  296 */
    uint64_t control;                   /*  304 */
    uint64_t primask;                   /*  312 */
    uint64_t basepri;                   /*  320 */
    uint64_t faultmask;                 /*  328 ... to here */
    uint64_t vbar;                      /*  336 VBAR of the EL, M: VTOR */
    uint64_t ttbr[2];                   /*  344 */
    uint64_t tcr;                       /*  360 */
    uint64_t mair;                      /*  368 */
    uint64_t sctlr;                     /*  376 of the current EL */
    uint64_t cpacr;                     /*  384 */
    uint64_t tpidr[4];                  /*  392 EL0, EL1, EL2, read-only EL0 */
    uint64_t cntfrq;                    /*  424 Hz */
    uint64_t cntvct;                    /*  432 */
    uint64_t spsr;                      /*  440 of the current EL */
    uint64_t elr;                       /*  448 of the current EL */
    uint64_t esr;                       /*  456 of the current EL */
    uint64_t far;                       /*  464 of the current EL */
    uint64_t midr;                      /*  472 MIDR, M: CPUID */
    uint64_t cbar;                      /*  480 0 where there is none */
    uint64_t irq_sp;                    /*  488 A: where a handler's stack */
    uint64_t fiq_sp;                    /*  496    begins; A64: both alike */
    uint64_t svc_sp;                    /*  504 A32: of SVC mode */
    uint64_t v[64];                     /*  512 v0 low, v0 high, v1 low ... */
};                                      /* 1024 */

/* Flags of struct pbr_question. */
#define PBR_QF_VALUE      0x01u         /* value is known */
#define PBR_QF_VIRT       0x02u         /* virt is known */
#define PBR_QF_PC         0x04u         /* pc is exact */
#define PBR_QF_SECURE     0x08u         /* secure access */
#define PBR_QF_USER       0x10u         /* unprivileged access */
#define PBR_QF_DEVICE     0x20u         /* device and offset are valid */
#define PBR_QF_HALTED     0x40u         /* idle: waits for an interrupt */
#define PBR_QF_WATCHED    0x80u         /* stall: because of PBR_F_WATCH */
#define PBR_QF_AVOIDED    0x100u        /* crash: none, but a place that the
                                           user wants avoided; there is no
                                           exception, pc is where it is */

struct pbr_question {
    uint64_t seq;                       /*    0 question number, from 1 */
    uint64_t generation;                /*    8 of the header when asked */
    uint32_t kind;                      /*   16 enum pbr_question_kind */
    uint32_t access;                    /*   20 enum pbr_access */
    uint32_t cpu_index;                 /*   24 */
    uint32_t size;                      /*   28 bytes, 0 unknown */
    uint64_t phys;                      /*   32 */
    uint64_t virt;                      /*   40 */
    uint64_t pc;                        /*   48 guest virtual */
    uint64_t value;                     /*   56 stored, or last one polled */
    uint64_t offset;                    /*   64 in the device */
    uint64_t time_ns;                   /*   72 guest virtual clock */
    uint64_t repeat;                    /*   80 reads in a row for a stall */
    uint64_t record_head;               /*   88 ring head when asked */
    uint32_t flags;                     /*   96 PBR_QF_* */
    uint32_t reserved[7];               /*  100 */
    char device[PBR_NAME_MAX];          /*  128 instance name or "" */
    struct pbr_cpu cpu;                 /*  192 */
};                                      /* 1216 */

#define PBR_CONSOLE_MAX   3584u

/* Also describes a LOAD: seq is then that of the frame, verdict TABLES. */
struct pbr_answer {
    uint64_t seq;                       /*    0 of the question */
    uint64_t generation;                /*    8 of the question */
    uint32_t verdict;                   /*   16 enum pbr_verdict */
    uint32_t blob_size;                 /*   20 bytes, 0 unless TABLES */
    uint64_t mute;                      /*   24 further reads before this
                                                (pc, register) asks again;
                                                0: not until its table is
                                                replaced.  RETRY only */
    char message[PBR_MESSAGE_MAX];      /*   32 for people */
    uint32_t console_size;              /*  288 bytes in console[] */
    uint32_t reserved;                  /*  292 */
    uint8_t console[PBR_CONSOLE_MAX];   /*  296 what the guest printed before
                                                its console was known: shown
                                                once, before what follows */
};                                      /* 3880 */

#define PBR_PAGE_VIRTUAL  0x01u         /* address is guest-virtual */
#define PBR_PAGE_SECURE   0x02u         /* physical: secure space */

struct pbr_page_request {
    uint64_t seq;                       /*    0 chosen by the daemon */
    uint64_t address;                   /*    8 page is address & ~0xfff */
    uint32_t cpu_index;                 /*   16 whose translation */
    uint32_t flags;                     /*   20 PBR_PAGE_* */
};                                      /*   24 */

#define PBR_PROT_READ     0x01u
#define PBR_PROT_WRITE    0x02u
#define PBR_PROT_EXEC     0x04u

struct pbr_page_reply {
    uint64_t seq;                       /*    0 of the request */
    uint64_t address;                   /*    8 as asked, page-aligned */
    uint64_t phys;                      /*   16 page-aligned */
    uint32_t status;                    /*   24 enum pbr_page_status */
    uint32_t kind;                      /*   28 enum pbr_page_kind: of its
                                                first memory, if any */
    uint32_t prot;                      /*   32 PBR_PROT_* */
    uint32_t flags;                     /*   36 PBR_PAGE_SECURE */
    uint8_t bytes[PBR_PAGE_SIZE];       /*   40 zero unless RAM/ROM/ROMD */
};                                      /* 4136 */

/* The latest event; PBR_F_EVENT carries its seq. */
struct pbr_event_info {
    uint64_t seq;                       /*    0 event number, from 1 */
    uint64_t generation;                /*    8 */
    uint32_t kind;                      /*   16 enum pbr_event */
    uint32_t cpu_index;                 /*   20 */
    uint32_t exception;                 /*   24 QEMU-free number, see below */
    uint32_t el;                        /*   28 target EL */
    uint64_t pc;                        /*   32 of the faulting instruction */
    uint64_t esr;                       /*   40 M: CFSR */
    uint64_t far;                       /*   48 M: BFAR or MMFAR */
    uint64_t vector;                    /*   56 pc after it was taken */
    uint64_t time_ns;                   /*   64 */
    char message[PBR_MESSAGE_MAX];      /*   72 */
};                                      /*  328 */

/* exception of struct pbr_event_info; M-profile: 16 + vector number. */
enum pbr_exception {
    PBR_X_UNDEFINED = 1,
    PBR_X_PREFETCH_ABORT = 2,
    PBR_X_DATA_ABORT = 3,
    PBR_X_SERROR = 4,
    PBR_X_OTHER = 5,
    PBR_X_M_BASE = 16
};

/* Why QEMU refused a table, for people; seq is that of the ACK frame. */
struct pbr_note {
    uint64_t seq;                       /*    0 */
    uint32_t ack;                       /*    8 enum pbr_ack */
    uint32_t reserved;                  /*   12 */
    char message[PBR_MESSAGE_MAX];      /*   16 */
};                                      /*  272 */

enum pbr_irq_kind {
    PBR_IRQ_NONE = 0,                   /* no controller that is known */
    PBR_IRQ_NVIC = 1,                   /* line n is exception 16 + n */
    PBR_IRQ_GIC = 2,                    /* line n is SPI n, INTID 32 + n */
    PBR_IRQ_COUNT_
};

#define PBR_IRQ_WORDS     32u           /* 32 lines each */

/* External interrupt lines when an idle question was asked (QEMU). */
struct pbr_irqs {
    uint64_t seq;                       /*    0 of the question */
    uint32_t kind;                      /*    8 enum pbr_irq_kind */
    uint32_t lines;                     /*   12 up to 32 * PBR_IRQ_WORDS */
    uint32_t enabled[PBR_IRQ_WORDS];    /*   16 bit n & 31 of word n / 32 */
    uint32_t pending[PBR_IRQ_WORDS];    /*  144 */
    uint32_t active[PBR_IRQ_WORDS];     /*  272 */
    uint64_t distributor;               /*  400 GIC: its address; 0 unknown */
    uint64_t cpu_interface;             /*  408 GICv2: its address; GICv3: 0 */
};                                      /*  416 */

/* ------------------------------------------------------------------ */
/*
 * Statistics, written by QEMU.  A latency runs from the instruction that
 * asked to the resumed guest, in microseconds (28 bits, saturating), with
 * the question kind in the top 4 bits.
 */
#define PBR_LATENCY_COUNT 65536u        /* a power of two */
#define PBR_LATENCY_US    0x0fffffffu

struct pbr_stats {
    uint64_t questions[8];              /*    0 by kind */
    uint64_t verdicts[8];               /*   64 answers applied, by verdict */
    uint64_t timeouts;                  /*  128 */
    uint64_t bad_answers;               /*  136 torn, stale, out of range */
    uint64_t bad_tables;                /*  144 */
    uint64_t loads;                     /*  152 unasked tables applied */
    uint64_t exceptions;                /*  160 PBR_E_EXCEPTION raised */
    uint64_t irqs;                      /*  168 interrupts taken */
    uint64_t pages;                     /*  176 pages served */
    uint64_t connects;                  /*  184 daemons that attached */
    uint64_t accesses;                  /*  192 to table devices */
    uint64_t latency_count;             /*  200 all ever; index & mask next */
    uint64_t reserved[38];              /*  208 */
    uint32_t latency[PBR_LATENCY_COUNT]; /* 512 */
};                                      /* 262656 */

/* ------------------------------------------------------------------ */
/* Bridge memory. */

struct pbr_bridge_header {
    uint32_t magic;                     /*    0 PBR_BRIDGE_MAGIC */
    uint16_t version;                   /*    4 PBR_VERSION of the writer */
    uint16_t compat;                    /*    6 oldest reader it allows */
    uint64_t total_size;                /*    8 sizeof(struct pbr_bridge) */
    uint64_t generation;                /*   16 new at start and at reset */
    uint32_t qemu_pid;                  /*   24 */
    uint32_t daemon_pid;                /*   28 written by the daemon */
    uint32_t arch;                      /*   32 enum pbr_arch of cpu 0 */
    uint32_t cpu_count;                 /*   36 */
    uint64_t qemu_beat;                 /*   40 counts main-loop ticks */
    uint64_t daemon_beat;               /*   48 counts signs of life */
    uint64_t open_question;             /*   56 its seq, 0 none */
    char cpu_model[PBR_NAME_MAX];       /*   64 "cortex-a53" */
    char state_mem[PBR_NAME_MAX];       /*  128 name of the state memory */
    char board[PBR_NAME_MAX];           /*  192 board name or "" */
    uint64_t blob_offset;               /*  256 of blob[] */
    uint64_t blob_size;                 /*  264 PBR_BLOB_SIZE */
};                                      /*  272 */

#define PBR_BLOB_SIZE     (4u << 20)

#define PBR_SLOT(type, bytes)                                           \
    struct {                                                            \
        uint64_t lock;              /* even stable, odd being written */ \
        union {                                                         \
            type v;                                                     \
            uint64_t words[((bytes) - 8) / 8];                          \
        };                                                              \
    }

struct pbr_bridge {
    union {
        struct pbr_bridge_header header;            /* 0x000000 */
        uint8_t header_page[0x1000];
    };
    PBR_SLOT(struct pbr_question, 0x1000) question; /* 0x001000 Q writes */
    PBR_SLOT(struct pbr_answer, 0x1000) answer;     /* 0x002000 D writes */
    PBR_SLOT(struct pbr_page_request, 0x1000) page_request; /* 0x3000 D */
    PBR_SLOT(struct pbr_page_reply, 0x2000) page_reply; /* 0x004000 Q */
    PBR_SLOT(struct pbr_event_info, 0x1000) event;  /* 0x006000 Q */
    PBR_SLOT(struct pbr_note, 0x1000) note;         /* 0x007000 Q */
    PBR_SLOT(struct pbr_irqs, 0x1000) irqs;         /* 0x008000 Q */
    uint8_t reserved[0x7000];                       /* 0x009000 zero */
    union {
        struct pbr_stats stats;                     /* 0x010000 Q */
        uint8_t stats_pages[0x50000];
    };
    uint8_t blob[PBR_BLOB_SIZE];                    /* 0x060000 D */
};                                                  /* 0x460000 */

/* ------------------------------------------------------------------ */
/* State memory: a ring of access records and a directory of regions. */

/* struct pbr_record.flags */
#define PBR_R_WRITE       0x0001u       /* else a read */
#define PBR_R_SECURE      0x0002u
#define PBR_R_USER        0x0004u
#define PBR_R_THUMB       0x0008u
#define PBR_R_HANDLER     0x0010u       /* in an exception handler */
#define PBR_R_PEER        0x0020u       /* not a CPU: DMA of a device */
#define PBR_R_NO_PC       0x0040u       /* pc is not known */
#define PBR_R_REGS        0x0080u       /* regs[] follow */
#define PBR_R_UNMAPPED    0x0100u       /* register is none: a hole */
#define PBR_R_IRQ         0x0200u       /* interrupt taken: value its number,
                                           address the handler's first pc */
#define PBR_R_IRQ_END     0x0400u       /* it has ended */
#define PBR_R_FAILED      0x0800u       /* the device gave a bus error */

#define PBR_NO_REGISTER   0xffffffffu
#define PBR_NO_DEVICE     0xffffu

struct pbr_record {
    uint64_t seq;                       /*    0 index + 1; 0 being written */
    uint64_t time_ns;                   /*    8 guest virtual clock */
    uint64_t pc;                        /*   16 guest virtual */
    uint64_t address;                   /*   24 physical */
    uint64_t value;                     /*   32 read or written */
    uint32_t offset;                    /*   40 in the device */
    uint32_t reg;                       /*   44 index in the table or none */
    uint16_t device;                    /*   48 region index or none */
    uint16_t exception;                 /*   50 active exception or 0 */
    uint16_t flags;                     /*   52 PBR_R_* */
    uint8_t size;                       /*   54 bytes: 1, 2, 4, 8 */
    uint8_t cpu;                        /*   55 */
    uint64_t context;                   /*   56 M: xpsr, A: pstate/cpsr */
};                                      /*   64; then optional regs[32] */

#define PBR_RECORD_REGS   32u           /* x0-x30, sp | r0-r15, xpsr, 0 ... */
#define PBR_RECORD_MIN    64u           /* header's record_size: */
#define PBR_RECORD_FULL   320u          /*   one of these two */
#define PBR_RECORDS_MIN   64u           /* header's capacity: a power of */
#define PBR_RECORDS_MAX   (1u << 20)    /*   two between these */
#define PBR_RECORDS_DEFAULT 65536u

struct pbr_region {
    uint64_t base;                      /*    0 physical */
    uint64_t size;                      /*    8 bytes, 0: free entry */
    uint32_t flags;                     /*   16 PBR_REGION_* */
    uint32_t registers;                 /*   20 how many the table has */
    uint64_t model_hash;                /*   24 of its table */
    uint64_t reads;                     /*   32 */
    uint64_t writes;                    /*   40 */
    uint64_t reserved[2];               /*   48 */
    char name[PBR_NAME_MAX];            /*   64 instance name */
};                                      /*  128 */

#define PBR_REGION_INFERRED 0x01u
#define PBR_REGION_CLOSED   0x02u
#define PBR_REGION_PROXY    0x04u       /* in front of a native device */
#define PBR_REGIONS_MAX     510u

struct pbr_state_header {
    uint32_t magic;                     /*    0 PBR_STATE_MAGIC */
    uint16_t version;                   /*    4 */
    uint16_t compat;                    /*    6 */
    uint64_t total_size;                /*    8 ring and directory included */
    uint64_t generation;                /*   16 as in the bridge memory */
    uint32_t qemu_pid;                  /*   24 */
    uint32_t record_size;               /*   28 bytes */
    uint32_t capacity;                  /*   32 records */
    uint32_t arch;                      /*   36 enum pbr_arch */
    uint64_t ring_offset;               /*   40 sizeof(struct pbr_state) */
    uint64_t head;                      /*   48 records ever written */
    uint64_t reserved[9];               /*   56 */
};                                      /*  128 */

/* Fixed part; the ring follows it. */
struct pbr_state {
    struct pbr_state_header header;     /* 0x00000 */
    uint64_t region_lock;               /* 0x00080 as a slot's lock */
    uint32_t region_count;              /* 0x00088 entries in use, dense */
    uint32_t reserved0;
    uint64_t reserved[14];
    struct pbr_region regions[PBR_REGIONS_MAX]; /* 0x00100 */
};                                      /* 0x10000 */

/* ------------------------------------------------------------------ */
/* Doorbell frame, 24 bytes on the stream, little-endian. */

struct pbr_frame {
    uint32_t type;                      /*    0 enum pbr_frame_type */
    uint32_t arg;                       /*    4 */
    uint64_t seq;                       /*    8 */
    uint64_t arg2;                      /*   16 */
};                                      /*   24 */

#define PBR_FRAME_SIZE    24u

/* ------------------------------------------------------------------ */
#define PBR_AT(type, member, where)                                     \
    static_assert(offsetof(type, member) == (where),                    \
                  #type "." #member " has moved")
#define PBR_BYTES(type, bytes)                                          \
    static_assert(sizeof(type) == (bytes), #type " has another size")

PBR_AT(struct pbr_cpu, regs, 16);
PBR_AT(struct pbr_cpu, msp, 288);
PBR_AT(struct pbr_cpu, vbar, 336);
PBR_AT(struct pbr_cpu, tpidr, 392);
PBR_AT(struct pbr_cpu, cntfrq, 424);
PBR_AT(struct pbr_cpu, irq_sp, 488);
PBR_AT(struct pbr_cpu, v, 512);
PBR_BYTES(struct pbr_cpu, 1024);
PBR_AT(struct pbr_question, phys, 32);
PBR_AT(struct pbr_question, repeat, 80);
PBR_AT(struct pbr_question, device, 128);
PBR_AT(struct pbr_question, cpu, 192);
PBR_BYTES(struct pbr_question, 1216);
PBR_AT(struct pbr_answer, mute, 24);
PBR_AT(struct pbr_answer, message, 32);
PBR_AT(struct pbr_answer, console, 296);
PBR_BYTES(struct pbr_answer, 3880);
PBR_BYTES(struct pbr_page_request, 24);
PBR_AT(struct pbr_page_reply, bytes, 40);
PBR_BYTES(struct pbr_page_reply, 4136);
PBR_AT(struct pbr_event_info, message, 72);
PBR_BYTES(struct pbr_event_info, 328);
PBR_BYTES(struct pbr_note, 272);
PBR_AT(struct pbr_irqs, enabled, 16);
PBR_AT(struct pbr_irqs, distributor, 400);
PBR_BYTES(struct pbr_irqs, 416);
PBR_AT(struct pbr_stats, timeouts, 128);
PBR_AT(struct pbr_stats, latency_count, 200);
PBR_AT(struct pbr_stats, latency, 512);
PBR_BYTES(struct pbr_stats, 262656);
PBR_AT(struct pbr_bridge_header, open_question, 56);
PBR_AT(struct pbr_bridge_header, cpu_model, 64);
PBR_AT(struct pbr_bridge_header, blob_offset, 256);
PBR_BYTES(struct pbr_bridge_header, 272);
PBR_AT(struct pbr_bridge, question, 0x1000);
PBR_AT(struct pbr_bridge, answer, 0x2000);
PBR_AT(struct pbr_bridge, page_request, 0x3000);
PBR_AT(struct pbr_bridge, page_reply, 0x4000);
PBR_AT(struct pbr_bridge, event, 0x6000);
PBR_AT(struct pbr_bridge, note, 0x7000);
PBR_AT(struct pbr_bridge, irqs, 0x8000);
PBR_AT(struct pbr_bridge, stats, 0x10000);
PBR_AT(struct pbr_bridge, blob, 0x60000);
PBR_BYTES(struct pbr_bridge, 0x460000);
PBR_AT(struct pbr_record, offset, 40);
PBR_AT(struct pbr_record, size, 54);
PBR_BYTES(struct pbr_record, 64);
PBR_BYTES(struct pbr_region, 128);
PBR_AT(struct pbr_state_header, head, 48);
PBR_BYTES(struct pbr_state_header, 128);
PBR_AT(struct pbr_state, region_lock, 0x80);
PBR_AT(struct pbr_state, regions, 0x100);
PBR_BYTES(struct pbr_state, 0x10000);
PBR_BYTES(struct pbr_frame, PBR_FRAME_SIZE);

#endif
