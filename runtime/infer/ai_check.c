/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/ai_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine/engine.h"

#define POLLS 2048u             /* reads of the poll to wait for a change */
#define POLL_NS 10000u          /* of virtual time between two of them */
#define MISMATCHES 4u           /* told at most */
#define LOOP_READS 8u           /* of a loop that reads several registers */

/* A device by itself, its clock set by the replay. */
struct bench {
    struct prt_file file;
    struct prt_table table;
    struct prt_dev dev;
    void *memory;
    uint64_t now;
    uint64_t random;
    uint64_t base, size;
};

static uint64_t bench_now(void *opaque)
{
    return ((struct bench *)opaque)->now;
}

static bool bench_put(void *opaque, uint32_t fifo, uint64_t value)
{
    (void)opaque;
    (void)fifo;
    (void)value;
    return true;
}

static uint64_t bench_random(void *opaque)
{
    struct bench *b = opaque;

    b->random = b->random * 6364136223846793005u + 1442695040888963407u;
    return b->random >> 11;
}

static const struct prt_host_ops bench_ops = {
    .now = bench_now, .put = bench_put, .random = bench_random,
};

static int bench_open(struct bench *b, const struct ai_check *check)
{
    size_t size;
    uint32_t i;

    memset(b, 0, sizeof(*b));
    if (prt_file_open(check->table, check->size, &b->file, NULL) != PRT_OK ||
        !b->file.has_board) {
        return INF_E_FORMAT;
    }
    for (i = 0; i < b->file.board.head->instances.count; i++) {
        if (b->file.board.instances[i].address == check->base) {
            break;
        }
    }
    if (i == b->file.board.head->instances.count ||
        prt_file_device(&b->file, b->file.board.instances[i].device,
                        &b->table) != PRT_OK) {
        return INF_E_FORMAT;
    }
    b->base = check->base;
    b->size = b->table.head->mmio_size;
    size = prt_table_memory(&b->table);
    b->memory = calloc(1, size);
    if (b->memory == NULL) {
        return INF_E_NOMEM;
    }
    if (prt_dev_init(&b->dev, &b->table, b->memory, size, &bench_ops, b) !=
        PRT_OK) {
        return INF_E_FORMAT;
    }
    prt_dev_reset(&b->dev, PRT_RESET_COLD);
    return 0;
}

/* ---- Replay ---- */

/* The oldest access that is kept. */
static uint64_t first_kept(const struct inf_evidence *ev)
{
    uint64_t last = inf_evidence_seq(ev);
    uint64_t seq = last > INF_EV_TRACE ? last - INF_EV_TRACE + 1 : 1;

    while (seq <= last && inf_evidence_at(ev, seq) == NULL) {
        seq++;
    }
    return seq;
}

/* Bytes of the device that were written in the part that is kept. */
static void note_written(uint8_t *written, const struct bench *b,
                         const struct inf_access *a)
{
    uint64_t at = a->phys - b->base;
    uint32_t i;

    for (i = 0; i < a->size && at + i < INF_PAGE_SIZE; i++) {
        written[at + i] = 1;
    }
}

static bool is_poll(const struct ai_check *c, const struct inf_access *a)
{
    return a->phys == c->question->phys;
}

/* Whether a read of the register by the same instruction right after gives
 * something else: then it follows time or chance, or hands out data. */
static bool is_volatile(struct bench *b, const struct inf_access *a,
                        uint64_t value)
{
    uint64_t again, now = b->now;
    uint32_t offset = (uint32_t)(a->phys - b->base);

    b->now += 1000000000u;
    prt_peek(&b->dev, offset, a->size, &again);
    b->now = now;
    return again != value;
}

/* Whether it would read so with a character more from outside: what comes
 * from a console is not in the record of accesses. */
static bool is_input(struct bench *b, const struct inf_access *a)
{
    uint32_t fifo = prt_fifo_find(&b->table, PRT_END_FROM, "console");
    uint32_t offset = (uint32_t)(a->phys - b->base);
    uint64_t value = 0;

    return fifo != PRT_NONE &&
        prt_fifo_put(&b->dev, fifo, a->value & 0xff) == PRT_OK &&
        prt_read(&b->dev, offset, a->size, &value) == PRT_OK &&
        value == a->value;
}

static void tell_mismatch(const struct inf_access *a, const struct bench *b,
                          uint64_t value, struct pdl_strbuf *problems)
{
    pdl_strbuf_printf(problems, "with these declarations offset 0x%" PRIx64
                      " would read 0x%" PRIx64 " where the firmware read 0x%"
                      PRIx64 " and went on (pc 0x%" PRIx64 ")\n",
                      a->phys - b->base, value, a->value, a->pc);
}

/* One recorded access; true when it reads differently. */
static bool replay_one(struct bench *b, const struct ai_check *c,
                       const struct inf_access *a, const uint8_t *written,
                       bool complete, struct pdl_strbuf *problems)
{
    uint32_t offset = (uint32_t)(a->phys - b->base);
    bool known = complete || (offset < INF_PAGE_SIZE && written[offset]);
    uint64_t value = 0;

    b->now = a->time_ns > b->now ? a->time_ns : b->now;
    prt_tick(&b->dev);
    if (a->write) {
        prt_write(&b->dev, offset, a->size, a->value);
        return false;
    }
    if (prt_read(&b->dev, offset, a->size, &value) != PRT_OK) {
        return false;
    }
    if (value == a->value || !known || is_poll(c, a) ||
        is_volatile(b, a, value) || is_input(b, a)) {
        return false;
    }
    tell_mismatch(a, b, value, problems);
    return true;
}

static void replay(struct bench *b, const struct ai_check *c,
                   struct pdl_strbuf *problems)
{
    uint8_t written[INF_PAGE_SIZE] = { 0 };
    uint64_t seq = first_kept(c->ev);
    bool complete = seq == 1;
    unsigned wrong = 0;

    for (; seq <= inf_evidence_seq(c->ev) && wrong < MISMATCHES; seq++) {
        const struct inf_access *a = inf_evidence_at(c->ev, seq);

        if (a == NULL || a->phys < b->base || a->phys - b->base >= b->size) {
            continue;
        }
        wrong += replay_one(b, c, a, written, complete, problems);
        if (a->write) {
            note_written(written, b, a);
        }
    }
}

/* ---- The stall ---- */

struct answers {
    struct bench *bench;
    const struct inf_evidence *ev;
};

/* What another place reads during a probe. */
static uint64_t probe_mmio(void *opaque, uint64_t phys, unsigned size,
                           uint64_t written, uint64_t mask)
{
    struct answers *a = opaque;
    struct bench *b = a->bench;
    uint64_t value = 0;

    if (phys >= b->base && phys - b->base < b->size) {
        prt_peek(&b->dev, (uint32_t)(phys - b->base), size, &value);
    } else {
        inf_evidence_value(a->ev, phys, size, &value);
    }
    return (value & ~mask) | (written & mask);
}

/* Whether the guest leaves the poll when it reads @value; true as well when
 * that cannot be tried. */
static bool leaves(struct ai_check *c, struct bench *b, uint64_t value)
{
    struct inf_trace *trace = malloc(sizeof(*trace));
    struct answers a = { b, c->ev };
    struct inf_probe_env env = {
        .svc = c->svc, .opaque = &a, .mmio = probe_mmio, .max_insns = 20000,
    };
    struct inf_stim stim = {
        .mode = INF_STIM_FORCE, .set = value, .clear = ~value,
    };
    bool left = true;

    if (trace != NULL &&
        inf_probe_begin(c->probe, c->question, &env) == 0) {
        c->probes++;
        if (inf_probe_baseline(c->probe, trace) == 0 &&
            trace->end == INF_END_LOOP) {
            c->probes++;
            left = inf_probe_run(c->probe, &stim, trace) != 0 || trace->left;
        }
        inf_probe_end(c->probe);
    }
    free(trace);
    return left;
}

/* Reads the poll on until it gives something else than it did. */
static void check_stall(struct ai_check *c, struct bench *b,
                        struct pdl_strbuf *problems)
{
    const struct inf_question *q = c->question;
    uint32_t offset = (uint32_t)(q->phys - b->base);
    const struct inf_reg_stat *stat = inf_evidence_reg(c->ev, q->phys);
    uint64_t stuck = stat != NULL ? stat->last_read : 0, value = stuck;
    unsigned i;

    for (i = 0; i < POLLS && value == stuck; i++) {
        b->now += POLL_NS;
        prt_tick(&b->dev);
        if (prt_read(&b->dev, offset, q->size, &value) != PRT_OK) {
            break;
        }
    }
    if (value == stuck) {
        pdl_strbuf_printf(problems, "with these declarations offset 0x%x "
                          "would still read 0x%" PRIx64 ", however often: "
                          "the firmware stays in its loop\n", offset, stuck);
    } else if (c->probe != NULL && !leaves(c, b, value)) {
        pdl_strbuf_printf(problems, "with these declarations offset 0x%x "
                          "would read 0x%" PRIx64 ", and the firmware stays "
                          "in its loop\n", offset, value);
    }
}

int ai_check_run(struct ai_check *check, struct pdl_strbuf *problems)
{
    size_t before = problems->len;
    struct bench b;
    int ret = bench_open(&b, check);

    if (ret == INF_E_FORMAT) {
        pdl_strbuf_puts(problems, "the device cannot be run\n");
    }
    if (ret == 0) {
        replay(&b, check, problems);
        if (check->question->kind == INF_STALL && check->probe != NULL) {
            check_stall(check, &b, problems);
        }
    }
    free(b.memory);
    return ret == INF_E_NOMEM ? ret :
        problems->len > before ? INF_E_FORMAT : 0;
}

bool ai_check_waits(struct ai_check *check)
{
    const struct inf_question *q = check->question;
    struct pdl_strbuf problems = PDL_STRBUF_INIT;
    uint32_t fifo, offset = (uint32_t)(q->phys - check->base);
    uint64_t before = 0, after = 0;
    bool waits = false;
    struct bench b;

    if (bench_open(&b, check) == 0) {
        replay(&b, check, &problems);
        fifo = prt_fifo_find(&b.table, PRT_END_FROM, "console");
        waits = fifo != PRT_NONE && q->phys >= b.base &&
            q->phys - b.base < b.size &&
            prt_peek(&b.dev, offset, q->size, &before) == PRT_OK &&
            prt_fifo_put(&b.dev, fifo, '\r') == PRT_OK &&
            prt_peek(&b.dev, offset, q->size, &after) == PRT_OK &&
            before != after;
    }
    free(b.memory);
    pdl_strbuf_dispose(&problems);
    return waits;
}

/* ---- The whole record ---- */

/* The guest did something else next: the same instruction does not read the
 * same again, unless the guest wrote something before. */
static bool served(const struct inf_evidence *ev, uint64_t seq)
{
    const struct inf_access *a = inf_evidence_at(ev, seq);
    const struct inf_access *next = inf_evidence_at(ev, ++seq);
    unsigned i;

    if (next == NULL) {
        return false;
    }
    for (i = 0; i < LOOP_READS && next != NULL && !next->write; i++) {
        if (next->pc == a->pc && next->phys == a->phys) {
            return false;
        }
        next = inf_evidence_at(ev, ++seq);
    }
    return true;
}

static void note_difference(struct ai_replay *out, const struct inf_access *a,
                            uint64_t is)
{
    unsigned i;

    out->different++;
    for (i = 0; i < out->count; i++) {
        if (out->entries[i].phys == a->phys && out->entries[i].pc == a->pc) {
            out->entries[i].times++;
            return;
        }
    }
    if (out->count < AI_DIFFERENCES) {
        out->entries[out->count++] = (struct ai_difference) {
            .phys = a->phys, .pc = a->pc, .was = a->value, .is = is,
            .times = 1,
        };
    }
}

/*
 * One recorded access to both benches, of which the second has other random
 * numbers and a clock that runs faster: what they do not agree on is not the
 * table's to say.  True when a read has a value, in @value.
 */
static bool replay_both(struct bench both[2], const struct inf_access *a,
                        uint64_t *value)
{
    uint32_t offset = (uint32_t)(a->phys - both[0].base);
    uint64_t read[2] = { 0, 0 };
    bool ok = true;
    unsigned i;

    for (i = 0; i < 2; i++) {
        uint64_t now = i == 0 ? a->time_ns : a->time_ns * 3 + 1000000000u;

        both[i].now = now > both[i].now ? now : both[i].now;
        prt_tick(&both[i].dev);
        if (a->write) {
            prt_write(&both[i].dev, offset, a->size, a->value);
            ok = false;
        } else {
            ok &= prt_read(&both[i].dev, offset, a->size, &read[i]) == PRT_OK;
        }
    }
    *value = read[0];
    return ok && read[0] == read[1];
}

static void replay_all(struct bench both[2], const struct inf_evidence *ev,
                       struct ai_replay *out)
{
    uint8_t written[INF_PAGE_SIZE] = { 0 };
    uint64_t seq = first_kept(ev), last = inf_evidence_seq(ev), value;
    bool complete = seq == 1 || last - seq + 1 < INF_EV_TRACE;

    for (; seq <= last; seq++) {
        const struct inf_access *a = inf_evidence_at(ev, seq);
        uint64_t offset = a != NULL ? a->phys - both[0].base : 0;

        if (a == NULL || offset >= both[0].size) {
            continue;
        }
        if (a->write) {
            note_written(written, &both[0], a);
        }
        if (!replay_both(both, a, &value) || !served(ev, seq) ||
            !(complete || (offset < INF_PAGE_SIZE && written[offset]))) {
            continue;
        }
        out->reads++;
        if (value != a->value && !is_input(&both[0], a)) {
            note_difference(out, a, value);
        }
    }
}

int ai_check_replay(const void *table, size_t size, uint64_t base,
                    const struct inf_evidence *ev, struct ai_replay *out)
{
    const struct ai_check check = {
        .ev = ev, .table = table, .size = size, .base = base,
    };
    struct bench both[2];
    int ret = bench_open(&both[0], &check);

    both[1].memory = NULL;
    if (ret == 0) {
        ret = bench_open(&both[1], &check);
        both[1].random = 1;
    }
    /* What a transfer does needs the memory of then. */
    if (ret == 0 && both[0].table.ncopies == 0) {
        replay_all(both, ev, out);
    }
    free(both[0].memory);
    free(both[1].memory);
    return ret;
}
