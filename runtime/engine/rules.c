/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and events.  Programs were verified: operands are in range and
 * jumps go ahead, so a program ends after at most its length; dev->steps
 * bounds what one call runs in all, dev->depth how deep values nest.
 */
#include "runtime/engine/priv.h"

/* Peeking must not call the host: nothing is logged outside of calls. */
void prt_log(struct prt_dev *dev, enum prt_log_kind kind, const char *text,
             uint64_t value)
{
    if (dev->busy && dev->host && dev->host->log) {
        dev->host->log(dev->opaque, kind, text, value);
    }
}

/* Index of the object an instruction names, or PRT_NONE beyond an array. */
static uint32_t object(const struct prt_dev *dev, const struct prt_insn *in,
                       const uint64_t *r)
{
    const struct prt_array *array;

    if (!(in->imm & PRT_DYN)) {
        return in->imm;
    }
    array = &dev->table->arrays[in->imm & ~PRT_DYN];
    if (r[in->b] >= array->count) {
        return PRT_NONE;
    }
    return array->first + (uint32_t)r[in->b] * array->stride;
}

static uint64_t host_source(struct prt_dev *dev, uint32_t source,
                            uint64_t arg)
{
    const struct prt_host_ops *host = dev->host;

    if (!host) {
        return 0;
    }
    switch (source) {
    case PRT_HOST_RANDOM:
        return host->random ? host->random(dev->opaque) : 0;
    case PRT_HOST_WALLCLOCK:
        return host->wallclock ? host->wallclock(dev->opaque) : 0;
    default:
        return host->sample ? host->sample(dev->opaque, arg) : 0;
    }
}

static uint64_t fifo_level(const struct prt_dev *dev, uint32_t fifo)
{
    return prt_cells(dev, dev->table->fifos[fifo].state)[FIFO_LEVEL];
}

static uint64_t load(struct prt_dev *dev, const struct prt_insn *in,
                     uint64_t *r)
{
    const struct prt_table *t = dev->table;
    uint32_t i = object(dev, in, r);

    if (i == PRT_NONE) {
        return 0;
    }
    switch (in->op) {
    case PRT_OP_LDF:
        return prt_field_value(dev, i);
    case PRT_OP_LDS:
        return prt_var_value(dev, i);
    case PRT_OP_LDL:
        return prt_cells(dev, t->lines[i].state)[LINE_LEVEL];
    case PRT_OP_POP:
        return prt_fifo_pop(dev, i);
    case PRT_OP_FRONT:
        return prt_fifo_front(dev, i);
    case PRT_OP_LEVEL:
        return fifo_level(dev, i);
    case PRT_OP_DEPTH:
        return t->fifos[i].depth;
    case PRT_OP_COUNT:
        return prt_timer_count(dev, i);
    default:
        return prt_cells(dev, t->locks[i].state)[LOCK_LOCKED];
    }
}

static void store(struct prt_dev *dev, const struct prt_insn *in,
                  uint64_t *r)
{
    const struct prt_table *t = dev->table;
    uint32_t i = object(dev, in, r);
    const struct prt_field *f;

    if (i == PRT_NONE) {
        return;
    }
    switch (in->op) {
    case PRT_OP_STF:
        f = &t->fields[i];
        prt_reg_store(dev, f->reg, r[in->a] << f->lo,
                      prt_mask(f->width) << f->lo);
        break;
    case PRT_OP_STS:
        prt_var_store(dev, i, r[in->a], prt_mask(t->vars[i].width));
        break;
    case PRT_OP_PUSH:
        prt_fifo_push(dev, i, r[in->a]);
        break;
    case PRT_OP_FLUSH:
        prt_fifo_flush(dev, i);
        break;
    case PRT_OP_RESTART:
        prt_timer_restart(dev, i, r[in->a]);
        break;
    case PRT_OP_FEED:
        prt_lock_feed(dev, i, r[in->a]);
        break;
    default:
        prt_lock_relock(dev, i);
        break;
    }
}

/* Instructions that compute from registers alone. */
static uint64_t compute(const struct prt_insn *in, const uint64_t *r)
{
    uint64_t a = r[in->a], b = r[in->b];

    switch (in->op) {
    case PRT_OP_ADD:
        return a + b;
    case PRT_OP_SUB:
        return a - b;
    case PRT_OP_MUL:
        return a * b;
    case PRT_OP_DIV:
        return b ? a / b : 0;
    case PRT_OP_MOD:
        return b ? a % b : 0;
    case PRT_OP_AND:
        return a & b;
    case PRT_OP_OR:
        return a | b;
    case PRT_OP_XOR:
        return a ^ b;
    case PRT_OP_SHL:
        return prt_shl(a, b);
    case PRT_OP_SHR:
        return prt_shr(a, b);
    case PRT_OP_EQ:
        return a == b;
    case PRT_OP_NE:
        return a != b;
    case PRT_OP_LT:
        return a < b;
    case PRT_OP_LE:
        return a <= b;
    case PRT_OP_NOT:
        return ~a;
    case PRT_OP_NEG:
        return 0 - a;
    case PRT_OP_BOOL:
        return a != 0;
    case PRT_OP_LNOT:
        return a == 0;
    case PRT_OP_ADDI:
        return a + in->imm;
    case PRT_OP_ANDI:
        return a & in->imm;
    case PRT_OP_SHLI:
        return prt_shl(a, in->imm);
    case PRT_OP_SHRI:
        return prt_shr(a, in->imm);
    case PRT_OP_EQI:
        return a == in->imm;
    case PRT_OP_SEL:
        return r[in->imm] ? a : b;
    default:
        return a;               /* MOV */
    }
}

/* Instructions with an effect that arrays do not reach. */
static void act(struct prt_dev *dev, const struct prt_insn *in, uint64_t *r)
{
    switch (in->op) {
    case PRT_OP_STB:
        prt_reg_store(dev, in->imm, r[in->a] << in->dst,
                      prt_mask(in->b) << in->dst);
        break;
    case PRT_OP_STM:
        prt_mem_store(dev, in->imm, r[in->b], r[in->a]);
        break;
    case PRT_OP_ARM:
        prt_after_arm(dev, in->imm, r[in->b], r[in->a]);
        break;
    case PRT_OP_LINE:
        prt_line_drive(dev, in->imm, r[in->a], r[in->dst]);
        break;
    case PRT_OP_PULSE:
        prt_line_pulse(dev, in->imm, r[in->a]);
        break;
    case PRT_OP_HOST:
        r[in->dst] = host_source(dev, in->imm, r[in->a]);
        break;
    case PRT_OP_XFER:
        prt_copy_start(dev, in->imm, r[in->b]);
        break;
    case PRT_OP_RESET:
        prt_reset_domain(dev, in->imm);
        break;
    default:
        prt_log(dev, PRT_LOG_GUEST, prt_string(dev->table, in->imm),
                r[in->a]);
        break;
    }
}

static PRT_APART uint64_t cut_short(struct prt_dev *dev)
{
    dev->cut = true;
    if (dev->depth >= PRT_MAX_DEPTH) {
        prt_log(dev, PRT_LOG_NEST, "values nest too deeply", 0);
    } else {
        prt_log(dev, PRT_LOG_STEPS, "a program was not run", 0);
        dev->steps = 0;
    }
    return 0;
}

/* One instruction that is no jump and not END. */
static void step(struct prt_dev *dev, const struct prt_insn *in, uint64_t *r)
{
    switch (in->op) {
    case PRT_OP_LI:
        r[in->dst] = in->imm;
        break;
    case PRT_OP_LP:
        r[in->dst] = dev->table->pool[in->imm];
        break;
    case PRT_OP_LDB:
        r[in->dst] = prt_reg_value(dev, in->imm,
                                   prt_mask(in->b) << in->a) >> in->a;
        break;
    case PRT_OP_LDM:
        r[in->dst] = prt_mem_load(dev, in->imm, r[in->a]);
        break;
    case PRT_OP_LDV:
        r[in->dst] = dev->value;
        break;
    case PRT_OP_LDOLD:
        r[in->dst] = dev->old;
        break;
    case PRT_OP_LDMASK:
        r[in->dst] = dev->mask;
        break;
    case PRT_OP_IDX:
        r[in->dst] = dev->index;
        break;
    case PRT_OP_TIME:
        r[in->dst] = prt_ticks(prt_time(dev), r[in->a]);
        break;
    case PRT_OP_LDF: case PRT_OP_LDS: case PRT_OP_LDL: case PRT_OP_POP:
    case PRT_OP_FRONT: case PRT_OP_LEVEL: case PRT_OP_DEPTH:
    case PRT_OP_COUNT: case PRT_OP_LOCKED:
        r[in->dst] = load(dev, in, r);
        break;
    case PRT_OP_STF: case PRT_OP_STS: case PRT_OP_PUSH: case PRT_OP_FLUSH:
    case PRT_OP_RESTART: case PRT_OP_FEED: case PRT_OP_RELOCK:
        store(dev, in, r);
        break;
    case PRT_OP_STB: case PRT_OP_STM: case PRT_OP_ARM: case PRT_OP_LINE:
    case PRT_OP_PULSE: case PRT_OP_HOST: case PRT_OP_XFER:
    case PRT_OP_RESET: case PRT_OP_LOG:
        act(dev, in, r);
        break;
    default:
        r[in->dst] = compute(in, r);
        break;
    }
}

/* One by one: compilers clear arrays by string instructions, which crawl. */
_Static_assert(PRT_NUM_REGS == 16, "clear() clears all registers");
static inline void clear(uint64_t *r)
{
    r[0] = r[1] = r[2] = r[3] = r[4] = r[5] = r[6] = r[7] = 0;
    r[8] = r[9] = r[10] = r[11] = r[12] = r[13] = r[14] = r[15] = 0;
}

/*
 * The instructions that expressions are mostly made of are executed here,
 * all others by step().
 */
static uint64_t interpret(struct prt_dev *dev, const struct prt_insn *code)
{
    uint64_t r[PRT_NUM_REGS];
    const struct prt_insn *in;

    clear(r);
    for (in = code; ; in++) {
        switch (in->op) {
        case PRT_OP_END:
            return r[in->a];
        case PRT_OP_LI:
            r[in->dst] = in->imm;
            break;
        case PRT_OP_LDF:
            if (in->imm & PRT_DYN) {
                step(dev, in, r);
            } else {
                r[in->dst] = prt_field_value(dev, in->imm);
            }
            break;
        case PRT_OP_STF:
            store(dev, in, r);
            break;
        case PRT_OP_LDV:
            r[in->dst] = dev->value;
            break;
        case PRT_OP_AND:
            r[in->dst] = r[in->a] & r[in->b];
            break;
        case PRT_OP_OR:
            r[in->dst] = r[in->a] | r[in->b];
            break;
        case PRT_OP_EQI:
            r[in->dst] = r[in->a] == in->imm;
            break;
        case PRT_OP_LNOT:
            r[in->dst] = r[in->a] == 0;
            break;
        case PRT_OP_JMP:
            in = code + in->imm - 1;
            break;
        case PRT_OP_JZ:
            in = r[in->a] ? in : code + in->imm - 1;
            break;
        case PRT_OP_JNZ:
            in = r[in->a] ? code + in->imm - 1 : in;
            break;
        default:
            step(dev, in, r);
            break;
        }
    }
}

/* A program costs its length, and is run as a whole or not at all. */
uint64_t prt_run(struct prt_dev *dev, uint32_t prog)
{
    const struct prt_prog *p = &dev->table->progs[prog];
    uint64_t value;

    if (dev->steps < p->count || dev->depth >= PRT_MAX_DEPTH) {
        return cut_short(dev);
    }
    dev->steps -= p->count;
    dev->depth++;
    value = interpret(dev, dev->table->code + p->first);
    dev->depth--;
    return value;
}

uint64_t prt_run_at(struct prt_dev *dev, uint32_t prog, uint32_t index)
{
    uint32_t index_was = dev->index;
    uint64_t value;

    dev->index = index;
    value = prt_run(dev, prog);
    dev->index = index_was;
    return value;
}

bool prt_holds(struct prt_dev *dev, uint32_t prog, uint32_t index)
{
    return prog == PRT_NONE || prt_run_at(dev, prog, index) != 0;
}

void prt_run_rule(struct prt_dev *dev, const struct prt_rule *rule,
                  uint64_t value, uint64_t old, uint64_t mask)
{
    uint64_t value_was = dev->value, old_was = dev->old;
    uint64_t mask_was = dev->mask;
    uint32_t index_was = dev->index;

    dev->value = value;
    dev->old = old;
    dev->mask = mask;
    dev->index = rule->index;
    if (prt_holds(dev, rule->cond, rule->index)) {
        prt_run(dev, rule->body);
    }
    dev->value = value_was;
    dev->old = old_was;
    dev->mask = mask_was;
    dev->index = index_was;
}

void prt_fire_subject(struct prt_dev *dev, uint32_t first, uint32_t count,
                      unsigned event, uint32_t subject, uint64_t value)
{
    uint32_t i;

    if (count == 0) {
        return;
    }
    if (dev->events >= PRT_MAX_NEST) {
        prt_log(dev, PRT_LOG_NEST, "events nest too deeply", event);
        return;
    }
    dev->events++;
    for (i = first; i < first + count; i++) {
        const struct prt_rule *rule = &dev->table->rules[i];

        if (rule->event == event &&
            (subject == PRT_NONE || rule->subject == PRT_NONE ||
             rule->subject == subject)) {
            prt_run_rule(dev, rule, value, 0, 0);
        }
    }
    dev->events--;
}

void prt_fire(struct prt_dev *dev, uint32_t first, uint32_t count,
              unsigned event, uint64_t value)
{
    prt_fire_subject(dev, first, count, event, PRT_NONE, value);
}
