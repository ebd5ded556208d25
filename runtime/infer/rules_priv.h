/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the rules engine (infer_rules.c, rules_*.c). */
#ifndef PERIPH_INFER_RULES_PRIV_H
#define PERIPH_INFER_RULES_PRIV_H

#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"
#include "runtime/infer/probe.h"
#include "runtime/infer/shape.h"

#define RULES_REGS 4096u
#define RULES_DEVICES 128u
#define RULES_HYPS 64u
#define RULES_EXCLUDED 256u
#define RULES_NEEDS 256u
#define RULES_SNAPSHOT 48u
#define RULES_DERIVED 6u
#define RULES_NEAR 0x1000u /* bytes of a device that may matter to a bit */
#define RULES_EVENTS 128u
#define RULES_DEAD 12u
#define RULES_FLAGS 16u
#define RULES_RAISES 64u
#define RULES_GAVEUP 32u

#define RULES_TEXTS 8u
#define RULES_TEXT 1024u

#define CONF_STORAGE 30u

/* One bit of a register that follows another bit. */
struct rules_follow {
    uint8_t bit, src_bit;
    bool invert;
    uint64_t src; /* absolute address of the source register */
};

/* What reading a register of the model gives, beyond storage. */
struct rules_reg {
    uint64_t phys;
    unsigned bytes;
    bool machine;   /* the engine may replace it */
    bool plain;     /* storage without fields */
    bool parsed;    /* its text is one a shape can hold */
    bool counts;    /* := time(…) */
    bool pushes, pops;
    uint64_t const_mask, const_value; /* includes bits that read 0 */
    uint64_t rx_mask; /* := !empty(rx) */
    uint64_t tx_mask; /* := !full(tx), empty(tx) */
    unsigned follow_count;
    struct rules_follow follow[RULES_DERIVED];
};

struct rules_device {
    char name[INF_NAME_MAX];
    uint64_t base, size;
    unsigned width;
    bool machine, closed;
    unsigned first, count; /* in the table of registers */
};

/* The model as it stood at the question; dropped afterwards. */
struct rules_model {
    bool has_console;
    uint64_t console;
    unsigned device_count, reg_count;
    struct rules_device devices[RULES_DEVICES];
    struct rules_reg regs[RULES_REGS];
    uint16_t hash[2 * RULES_REGS]; /* phys -> index + 1 */
};

/* A value that was inferred, to be withdrawn if a crash follows. */
struct rules_hyp {
    uint64_t id;
    uint64_t phys, base;
    uint64_t set, clear;
    uint64_t seq; /* evidence order number when it was made */
    unsigned alternatives;
    bool steps; /* the loop's counter moves by it */
    bool withdrawn;
    struct inf_shape before;
    bool had_shape;
};

struct rules_excluded {
    uint64_t phys, set, clear;
};

/* "Bits @mask of @phys had to read @value while that was stored nearby." */
struct rules_need {
    uint64_t phys, mask, value;
    unsigned count;
    struct {
        uint64_t phys, value, seq;
    } near[RULES_SNAPSHOT];
};

/* A bit whose interrupt line is in the model. */
struct rules_event {
    uint64_t phys;
    unsigned bit, line;
};

/* A flag that stands without its command until it was acknowledged. */
struct rules_flag {
    uint64_t phys, command; /* its register, the one that raises it */
    uint64_t seq; /* evidence order number when it was made */
    unsigned bit;
};

/* "Writing to @command raises bit @bit of @phys" is in the model; 0: time
 * does. */
struct rules_raise {
    uint64_t phys, command;
    unsigned bit;
};

/* One instruction's read of one register. */
struct rules_watch {
    uint64_t pc, phys;
};

/* The dead end that is being searched back from. */
struct rules_dead {
    uint64_t pc;
    uint64_t hyp; /* what the last try inferred, 0 = nothing */
    unsigned regs; /* of the model, when it did */
    unsigned count;
    struct rules_watch tried[RULES_DEAD];
};

/*
 * A transfer of memory to memory that a device was told to make: offsets of
 * its registers, and what stands there.
 */
struct rules_dma {
    uint64_t base; /* of the device */
    uint64_t from, to, left, ctrl;
    unsigned start; /* bit of @ctrl that starts it */
    unsigned unit;  /* bytes that @left counts */
    bool drains;    /* @left reads 0 when it is done */
    uint64_t src, dst, count;
    int score; /* of the guest's way on; below 0: it ends badly */
};

/* Faults of one instruction that walks through addresses. */
struct rules_walk {
    uint64_t pc, next;
    uint32_t size, access, length;
};

/* Characters that an address is being written, one after the other. */
struct rules_text {
    uint64_t phys, first_seq;
    unsigned size, len;
    uint8_t text[RULES_TEXT];
};

struct inf_engine {
    struct inf_options opts;
    struct inf_services svc;
    const struct inf_evidence *ev;
    struct inf_probe *probe;
    struct rules_model model;
    struct inf_trace trace; /* scratch of the run at hand */
    unsigned restarts;
    uint64_t next_id;
    uint64_t generation;
    uint64_t reviewed; /* evidence seen by review() */
    struct rules_text texts[RULES_TEXTS];
    struct rules_walk walk;
    struct rules_dead dead;
    struct rules_dma dma; /* the last one found; base 0 = none */
    uint64_t drained;    /* a register that reads 0 in probes, or 0 */
    uint64_t rom;        /* a function called where no memory is, or 0 */
    uint64_t idle_pc;    /* where the loop that counts begins, met last ... */
    unsigned idle_times; /* ... so often in a row */
    unsigned event_count;
    struct rules_event events[RULES_EVENTS];
    unsigned flag_count;
    struct rules_flag flags[RULES_FLAGS];
    bool ended; /* the machine is gone */
    unsigned gaveup_count;
    struct rules_watch gaveup[RULES_GAVEUP]; /* polls that were asked about */
    unsigned raise_count;
    struct rules_raise raises[RULES_RAISES];
    unsigned hyp_count;
    struct rules_hyp hyps[RULES_HYPS]; /* ring, newest at hyp_count - 1 */
    unsigned excluded_count;
    struct rules_excluded excluded[RULES_EXCLUDED];
    unsigned need_count;
    struct rules_need needs[RULES_NEEDS];
};

/* rules_model.c */
#define RULES_ALL (~0ull)
/* Reads all devices, and the registers of the one that covers @only; of every
 * device for RULES_ALL. */
int rules_model_load(struct inf_engine *eng, uint64_t only);
const struct rules_device *rules_device_at(const struct inf_engine *eng,
                                           uint64_t phys);
/* The register whose bytes cover @phys; NULL = none. */
const struct rules_reg *rules_reg_at(const struct inf_engine *eng,
                                     uint64_t phys);
/* The shape of the machine's register that starts at @phys (of several there,
 * the one with data); false when there is none or its text says more than a
 * shape can. */
bool rules_shape_at(struct inf_engine *eng, uint64_t phys,
                    struct inf_shape *out);
/* What a place reads now; the bits in @mask were written, to @written. */
uint64_t rules_read(struct inf_engine *eng, uint64_t phys, unsigned size,
                    uint64_t written, uint64_t mask);

/* The device to be made for an access of @size bytes to a place without one:
 * the page, as far as no other device stands in it. */
void rules_fresh_device(const struct inf_engine *eng, uint64_t phys,
                        unsigned size, struct rules_device *out);

/* Edits; all return 0 or INF_E_NOMEM, INF_E_RANGE when the answer is full. */
int rules_edit_device(struct inf_answer *ans, const struct rules_device *dev);
int rules_edit_shape(struct inf_answer *ans, const struct rules_device *dev,
                     const struct inf_shape *shape, unsigned confidence,
                     const char *evidence);
int rules_edit_item(struct inf_answer *ans, uint64_t base, const char *name,
                    const char *text, unsigned confidence);
int rules_edit_remove(struct inf_answer *ans, uint64_t base,
                      const char *name, uint64_t offset);
int rules_edit_console(struct inf_answer *ans, uint64_t base,
                       unsigned confidence, const char *evidence);
struct inf_edit *rules_edit_add(struct inf_answer *ans, uint32_t kind);

/* rules_stall.c */
int rules_stall(struct inf_engine *eng, const struct inf_question *q,
                struct inf_answer *ans);

/* rules_event.c: takes the flags that were acknowledged down at reset; all of
 * them when the guest @ended.  The guest must not run meanwhile. */
int rules_settle(struct inf_engine *eng, struct inf_answer *ans, bool ended);

/* rules_gaveup.c: nothing more happens; starts the machine again (in @ans) when
 * polls gave up before, of which none was asked about. */
void rules_gave_up(struct inf_engine *eng, struct inf_answer *ans);
/* Whether that poll was asked about for giving up. */
bool rules_is_gaveup(const struct inf_engine *eng, uint64_t pc,
                     uint64_t phys);

/* rules_deadend.c */
/* The guest stays for good in the loop that begins at eng->idle_pc. */
int rules_dead_end(struct inf_engine *eng, const struct inf_question *q,
                   struct inf_answer *ans);
/* The guest has come to where the user does not want it. */
int rules_avoided(struct inf_engine *eng, const struct inf_question *q,
                  struct inf_answer *ans);

/* rules_console.c */
/* The access of a run that began to write text somewhere after the loop was
 * left; NULL = none did. */
const struct inf_io *rules_text_target(const struct inf_trace *t);
/* Makes the register written by @first the console's transmitter; @t is the
 * run that showed it, NULL when it is in the evidence from @seq on. */
int rules_console_found(struct inf_engine *eng, struct inf_answer *ans,
                        const struct inf_io *first,
                        const struct inf_trace *t, uint64_t seq);
int rules_console_review(struct inf_engine *eng, struct inf_answer *ans);

/* rules_cands.c: a message that complains was printed. */
bool rules_complains(const struct inf_trace *t);

/* Puts the condition @cond on @shape, and what the register is otherwise, with
 * @value at first, beside it.  Where the bit cannot be named @shape stays. */
int rules_add_bank(struct inf_engine *eng, struct inf_answer *ans,
                   const struct rules_device *dev,
                   const struct rules_follow *cond, struct inf_shape *shape,
                   uint64_t value);

/* rules_past.c */
bool rules_is_excluded(const struct inf_engine *eng, uint64_t phys,
                       uint64_t set, uint64_t clear);
void rules_exclude(struct inf_engine *eng, uint64_t phys, uint64_t set,
                   uint64_t clear);
/* Remembers the answer's value; returns its id. */
uint64_t rules_note_hyp(struct inf_engine *eng, const struct rules_hyp *hyp);
/* A loop that polls @phys counts on with what was inferred for it. */
bool rules_is_step(const struct inf_engine *eng, uint64_t phys);
/* The newest hypothesis that a crash now may blame; NULL = none. */
struct rules_hyp *rules_blame(struct inf_engine *eng);
/* The newest one of all that could have been another one; NULL = none. */
struct rules_hyp *rules_newest(struct inf_engine *eng);
/* Takes @hyp back for good: *@ans starts the machine again without it. */
int rules_take_back(struct inf_engine *eng, struct rules_hyp *hyp,
                    struct inf_answer *ans);
void rules_note_need(struct inf_engine *eng, uint64_t phys, uint64_t mask,
                     uint64_t value);
/* Keeps a copy of @need, the oldest one goes where there are too many. */
struct rules_need *rules_keep_need(struct inf_engine *eng,
                                   const struct rules_need *need);
/*
 * A stored bit near @phys that was always like bit @bit had to be; needs two
 * different needs.  False when nothing explains them.
 */
bool rules_find_source(struct inf_engine *eng, uint64_t phys, unsigned bit,
                       struct rules_follow *out);
/* The register of @dev that was written last, other than @not; or NULL. */
const struct inf_reg_stat *rules_last_command(const struct inf_engine *eng,
                                              const struct rules_device *dev,
                                              uint64_t not);
int rules_save(struct inf_engine *eng, char **out);
int rules_restore(struct inf_engine *eng, const char *text);

#endif
