/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/evidence.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define REG_SLOTS 8192u /* power of two */
#define CELL_SLOTS 16384u
#define PROBE_MAX 64u
#define RUN_MAX 1024u /* alike in a row that are kept in order */

/* Eight bytes of address space; masks say which bytes are known. */
struct cell {
    uint64_t key; /* phys / 8 + 1; 0 = empty */
    uint8_t now[8];
    uint8_t written[8];
    uint8_t known;
    uint8_t stored;
};

struct inf_evidence {
    uint64_t seq;
    uint64_t lost;
    uint64_t floor; /* accesses up to this one were before the last reset */
    uint64_t run;   /* reads like the newest one, in a row */
    struct inf_reg_stat regs[REG_SLOTS];
    struct cell cells[CELL_SLOTS];
    struct inf_access trace[INF_EV_TRACE];
};

static uint32_t slot_hash(uint64_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 40);
}

struct inf_evidence *inf_evidence_new(void)
{
    return calloc(1, sizeof(struct inf_evidence));
}

void inf_evidence_free(struct inf_evidence *ev)
{
    free(ev);
}

static struct inf_reg_stat *reg_slot(struct inf_evidence *ev, uint64_t phys)
{
    uint32_t hash = slot_hash(phys);
    unsigned i;

    for (i = 0; i < PROBE_MAX; i++) {
        struct inf_reg_stat *reg = &ev->regs[(hash + i) & (REG_SLOTS - 1)];

        if (reg->size == 0 || reg->phys == phys) {
            return reg;
        }
    }
    return NULL;
}

static struct cell *cell_slot(struct inf_evidence *ev, uint64_t phys)
{
    uint64_t key = phys / 8 + 1;
    uint32_t hash = slot_hash(key);
    unsigned i;

    for (i = 0; i < PROBE_MAX; i++) {
        struct cell *cell = &ev->cells[(hash + i) & (CELL_SLOTS - 1)];

        if (cell->key == 0 || cell->key == key) {
            return cell;
        }
    }
    return NULL;
}

static void note_bytes(struct inf_evidence *ev, const struct inf_access *acc)
{
    unsigned i;

    for (i = 0; i < acc->size; i++) {
        uint64_t addr = acc->phys + i;
        struct cell *cell = cell_slot(ev, addr);
        uint8_t byte = (uint8_t)(acc->value >> (8 * i));

        if (!cell) {
            continue;
        }
        cell->key = addr / 8 + 1;
        cell->now[addr & 7] = byte;
        cell->known |= 1u << (addr & 7);
        if (acc->write) {
            cell->written[addr & 7] = byte;
            cell->stored |= 1u << (addr & 7);
        }
    }
}

static void note_site(struct inf_reg_stat *reg, uint64_t pc)
{
    unsigned i;

    for (i = 0; i < reg->site_count; i++) {
        if (reg->sites[i] == pc) {
            return;
        }
    }
    if (reg->site_count < INF_EV_SITES) {
        reg->sites[reg->site_count++] = pc;
    }
}

/* The same read by the same instruction as the newest one that is kept. */
static bool is_repeated(const struct inf_evidence *ev,
                        const struct inf_access *acc)
{
    const struct inf_access *last = &ev->trace[ev->seq % INF_EV_TRACE];

    return ev->seq > ev->floor && !acc->write && !last->write &&
           last->pc == acc->pc && last->phys == acc->phys &&
           last->value == acc->value && last->size == acc->size &&
           last->cpu == acc->cpu && last->exception == acc->exception;
}

/* Keeps it in order; of a poll that goes on and on only the beginning, or it
 * would drive out what came before. */
static void note_order(struct inf_evidence *ev, const struct inf_access *acc)
{
    ev->run = is_repeated(ev, acc) ? ev->run + 1 : 1;
    if (ev->run <= RUN_MAX) {
        ev->seq++;
        ev->trace[ev->seq % INF_EV_TRACE] = *acc;
    }
}

void inf_evidence_add(struct inf_evidence *ev, const struct inf_access *acc)
{
    struct inf_reg_stat *reg;

    if (acc->size == 0 || acc->size > 8) {
        return;
    }
    note_order(ev, acc);
    note_bytes(ev, acc);
    reg = reg_slot(ev, acc->phys);
    if (!reg) {
        ev->lost++;
        return;
    }
    reg->phys = acc->phys;
    if (acc->size > reg->size) {
        reg->size = acc->size;
    }
    note_site(reg, acc->pc);
    if (acc->write) {
        reg->writes++;
        reg->prev_write = reg->last_write;
        reg->last_write = acc->value;
        reg->seq_write = ev->seq;
    } else {
        reg->reads++;
        reg->last_read = acc->value;
        reg->seq_read = ev->seq;
    }
}

void inf_evidence_reset(struct inf_evidence *ev)
{
    unsigned i;

    memset(ev->cells, 0, sizeof(ev->cells));
    ev->floor = ev->seq;
    for (i = 0; i < REG_SLOTS; i++) {
        ev->regs[i].seq_read = 0;
        ev->regs[i].seq_write = 0;
        ev->regs[i].last_read = 0;
        ev->regs[i].last_write = 0;
        ev->regs[i].prev_write = 0;
    }
}

uint64_t inf_evidence_seq(const struct inf_evidence *ev)
{
    return ev->seq;
}

uint64_t inf_evidence_lost(const struct inf_evidence *ev)
{
    return ev->lost;
}

const struct inf_reg_stat *inf_evidence_reg(const struct inf_evidence *ev,
                                            uint64_t phys)
{
    struct inf_reg_stat *reg = reg_slot((struct inf_evidence *)ev, phys);

    return reg && reg->size ? reg : NULL;
}

static uint64_t gather(const struct inf_evidence *ev, uint64_t phys,
                       unsigned size, uint64_t *value, bool written)
{
    uint64_t mask = 0;
    unsigned i;

    *value = 0;
    for (i = 0; i < size && i < 8; i++) {
        uint64_t addr = phys + i;
        const struct cell *cell = cell_slot((struct inf_evidence *)ev, addr);
        unsigned lane = addr & 7;
        unsigned have;

        if (!cell || cell->key == 0) {
            continue;
        }
        have = written ? cell->stored : cell->known;
        if (have & (1u << lane)) {
            uint8_t byte = written ? cell->written[lane] : cell->now[lane];

            *value |= (uint64_t)byte << (8 * i);
            mask |= 0xffull << (8 * i);
        }
    }
    return mask;
}

uint64_t inf_evidence_value(const struct inf_evidence *ev, uint64_t phys,
                            unsigned size, uint64_t *value)
{
    return gather(ev, phys, size, value, false);
}

uint64_t inf_evidence_written(const struct inf_evidence *ev, uint64_t phys,
                              unsigned size, uint64_t *value)
{
    return gather(ev, phys, size, value, true);
}

const struct inf_access *inf_evidence_at(const struct inf_evidence *ev,
                                         uint64_t seq)
{
    if (seq <= ev->floor || seq > ev->seq || seq + INF_EV_TRACE <= ev->seq) {
        return NULL;
    }
    return &ev->trace[seq % INF_EV_TRACE];
}

bool inf_is_text(uint64_t value)
{
    return (value >= 0x20 && value < 0x7f) || (value >= 7 && value <= 10) ||
           value == 13 || value == 27;
}

bool inf_looks_like_text(const uint8_t *text, size_t len)
{
    uint8_t seen[16] = { 0 };
    unsigned distinct = 0;
    unsigned wordy = 0;
    size_t i;

    if (len < 4) {
        return false;
    }
    for (i = 0; i < len; i++) {
        uint8_t c = text[i];

        if (!inf_is_text(c)) {
            return false;
        }
        if (!(seen[c >> 3] & (1u << (c & 7)))) {
            seen[c >> 3] |= 1u << (c & 7);
            distinct++;
        }
        wordy += isalnum(c) || c == ' ' || c == '\r' || c == '\n';
    }
    return distinct >= 3 && wordy * 2 >= len;
}
