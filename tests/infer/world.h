/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine of byte arrays around the rules engine: guest code of
 * tests/infer/polls.c runs up to its poll, the engine answers, and what it
 * answers becomes the model.  Failures fail the cmocka test at hand.
 */
#ifndef PERIPH_TESTS_INFER_WORLD_H
#define PERIPH_TESTS_INFER_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"

#define CODE 0x1000u
#define CODE_SIZE 0x2000u
#define RAM 0x8000u
#define RAM_SIZE 0x8000u
#define DEV 0x10000u
#define BIG 0x1000000u
#define WORLD_REGS 64u

struct code_symbol;

struct world_reg {
    char name[INF_NAME_MAX];
    uint64_t offset;
    unsigned bytes;
    bool person;
    char text[512];
};

/* A machine: memory, one device's model, the evidence and the engine. */
struct world {
    uint32_t arch; /* enum inf_arch */
    bool thumb;
    const struct code_symbol *symbols;
    uint8_t code[CODE_SIZE];
    uint8_t ram[RAM_SIZE];
    bool has_device, has_console;
    uint64_t device_size;
    unsigned reg_count;
    struct world_reg regs[WORLD_REGS];
    char items[4][160];
    unsigned item_count;
    struct inf_evidence *ev;
    struct inf_services svc;
    struct inf_engine *eng;
    struct inf_answer ans;
    struct inf_question q;
    unsigned pages; /* asked for */
    bool page_fails;
};

struct world *world_new(uint32_t arch);
void world_free(struct world *w);

/* The item's text as the model holds it, "(none)" when it does not. */
const char *world_text(struct world *w, const char *name);
struct world_reg *world_find(struct world *w, const char *name);
void world_put(struct world *w, uint64_t offset, unsigned bytes,
               const char *name, const char *text);

/* One access of the guest to the device: evidence, and a register. */
void world_note(struct world *w, uint64_t addr, unsigned size,
                uint64_t value, bool write);

/*
 * Runs function @name up to its poll and makes the question of a stall at
 * register @offset.
 */
void world_run(struct world *w, const char *name, uint64_t offset);
/* Asks w->q again and applies the answer, which stays in w->ans. */
void world_ask(struct world *w);
void world_apply(struct world *w);
void world_stall(struct world *w, const char *name, uint64_t offset);
void world_fault(struct world *w, uint64_t phys, unsigned size, bool store);

#define FOR_EACH_CORE(w) \
    for (uint32_t core_ = INF_ARCH_A64; core_ <= INF_ARCH_M; core_++) \
        for (struct world *w = world_new(core_); w; world_free(w), w = NULL)

#endif
