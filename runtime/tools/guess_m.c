/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * M profile: the vector table says where code and stack are, the instructions
 * that can be reached from it which core they need, and the addresses they
 * load which memories there are (Armv7-M ARM, B3.1: the address map).
 */
#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/guess_priv.h"

#define VECTORS 16u
#define RAM_LOW 0x10000000u
#define RAM_HIGH 0x40000000u
#define SRAM 0x20000000u
#define WORK_MAX 8192u
#define ADDRESSES_MAX 8192u
#define CLUSTER_GAP 0x20000u
#define NEAR 0x1000000u         /* handlers of one image */

bool guess_vectors(const uint8_t *bytes, size_t size, uint64_t *sp,
                   uint64_t *lo, uint64_t *hi)
{
    uint32_t v[VECTORS];
    unsigned i, odd = 0;

    if (size < sizeof(v)) {
        return false;
    }
    memcpy(v, bytes, sizeof(v));
    if ((v[0] & 3) != 0 || v[0] < RAM_LOW || v[0] > RAM_HIGH ||
        (v[1] & 1) == 0) {
        return false;
    }
    *sp = v[0];
    *lo = *hi = v[1] & ~1u;
    for (i = 1; i < VECTORS; i++) {
        uint32_t at = v[i] & ~1u;

        if (v[i] == 0 || i == 7) {
            continue;           /* 7: a checksum on some parts */
        }
        if ((v[i] & 1) == 0 || v[i] >= RAM_HIGH) {
            return false;
        }
        odd++;
        if (at - v[1] + NEAR > 2 * NEAR || at == 0) {
            continue;           /* a handler in RAM */
        }
        *lo = at < *lo ? at : *lo;
        *hi = at > *hi ? at : *hi;
    }
    return odd >= 3;
}

/* ---- What the code needs and refers to ---- */

struct walk {
    csh handle;
    const uint8_t *bytes;
    size_t size;
    uint64_t base;
    uint8_t *seen;              /* a bit a halfword */
    uint32_t work[WORK_MAX];    /* offsets to go on from */
    unsigned work_count;
    uint32_t addresses[ADDRESSES_MAX];
    unsigned address_count;
    unsigned instructions;
    unsigned thumb2, dsp, fp, fp_double, v8;    /* how many need them */
    uint32_t movw[16];          /* low halves, by register */
};

static void add_work(struct walk *w, uint64_t address)
{
    uint64_t at = (address & ~1ull) - w->base;

    if (at < w->size && w->work_count < WORK_MAX &&
        (w->seen[at / 16] & 1u << (at / 2 & 7)) == 0) {
        w->work[w->work_count++] = (uint32_t)at;
    }
}

/* Whether a function starts at @address: one that keeps its return. */
static bool is_function(const struct walk *w, uint64_t address)
{
    uint64_t at = address - w->base;
    uint16_t half;

    if (at + 4 > w->size) {
        return false;
    }
    memcpy(&half, w->bytes + at, 2);
    return (half & 0xff00) == 0xb500 || half == 0xe92d;
}

/* Takes a number that the code loads: an address in memory when it is one of
 * a word, a function that is called through it when it is odd. */
static void add_address(struct walk *w, uint64_t value)
{
    if ((value & 3) == 0 && w->address_count < ADDRESSES_MAX) {
        w->addresses[w->address_count++] = (uint32_t)value;
    }
    if ((value & 1) != 0 && is_function(w, value - 1)) {
        add_work(w, value);
    }
}

/* Whether a v6-M core has it. */
static bool is_v6m(const cs_insn *insn)
{
    switch (insn->id) {
    case ARM_INS_BL:
    case ARM_INS_MRS:
    case ARM_INS_MSR:
    case ARM_INS_DSB:
    case ARM_INS_DMB:
    case ARM_INS_ISB:
    case ARM_INS_UDF:
        return true;
    case ARM_INS_IT:
    case ARM_INS_CBZ:
    case ARM_INS_CBNZ:
        return false;
    default:
        return insn->size == 2;
    }
}

static void count_needs(struct walk *w, const cs_insn *insn)
{
    unsigned i;

    w->instructions++;
    w->thumb2 += !is_v6m(insn);
    for (i = 0; i < insn->detail->groups_count; i++) {
        switch (insn->detail->groups[i]) {
        case ARM_GRP_THUMB2DSP:
            w->dsp++;
            break;
        case ARM_GRP_VFP2:
        case ARM_GRP_VFP3:
        case ARM_GRP_VFP4:
            w->fp++;
            break;
        case ARM_GRP_DPVFP:
            w->fp_double++;
            break;
        case ARM_GRP_V8:
            w->v8++;
            break;
        default:
            break;
        }
    }
}

static unsigned register_index(unsigned reg)
{
    return reg >= ARM_REG_R0 && reg <= ARM_REG_R12 ? reg - ARM_REG_R0 : 15;
}

/* Addresses that an instruction makes: a literal, or both halves of one. */
static void take_addresses(struct walk *w, const cs_insn *insn)
{
    const cs_arm *arm = &insn->detail->arm;
    uint32_t literal;
    uint64_t at;

    if (insn->id == ARM_INS_LDR && arm->op_count == 2 &&
        arm->operands[1].type == ARM_OP_MEM &&
        arm->operands[1].mem.base == ARM_REG_PC) {
        at = ((insn->address + 4) & ~3ull) +
            (uint64_t)(int64_t)arm->operands[1].mem.disp - w->base;
        if (at + 4 <= w->size) {
            memcpy(&literal, w->bytes + at, 4);
            add_address(w, literal);
        }
    } else if (insn->id == ARM_INS_MOVW && arm->op_count == 2) {
        w->movw[register_index(arm->operands[0].reg)] =
            (uint32_t)arm->operands[1].imm;
    } else if (insn->id == ARM_INS_MOVT && arm->op_count == 2) {
        add_address(w, (uint32_t)arm->operands[1].imm << 16 |
                    w->movw[register_index(arm->operands[0].reg)]);
    }
}

static bool has_group(const cs_insn *insn, unsigned group)
{
    unsigned i;

    for (i = 0; i < insn->detail->groups_count; i++) {
        if (insn->detail->groups[i] == group) {
            return true;
        }
    }
    return false;
}

/* Follows a jump or call; false when nothing is behind the instruction. */
static bool take_flow(struct walk *w, const cs_insn *insn)
{
    const cs_arm *arm = &insn->detail->arm;
    unsigned i;

    if (has_group(insn, CS_GRP_JUMP) || has_group(insn, CS_GRP_CALL) ||
        insn->id == ARM_INS_CBZ || insn->id == ARM_INS_CBNZ) {
        for (i = 0; i < arm->op_count; i++) {
            if (arm->operands[i].type == ARM_OP_IMM) {
                add_work(w, (uint64_t)arm->operands[i].imm);
            }
        }
    }
    switch (insn->id) {
    case ARM_INS_B:
        return arm->cc != ARM_CC_AL && arm->cc != ARM_CC_INVALID;
    case ARM_INS_BX:
    case ARM_INS_UDF:
    case ARM_INS_TBB:
    case ARM_INS_TBH:
        return arm->cc != ARM_CC_AL && arm->cc != ARM_CC_INVALID;
    case ARM_INS_POP:
        for (i = 0; i < arm->op_count; i++) {
            if (arm->operands[i].reg == ARM_REG_PC) {
                return false;
            }
        }
        return true;
    default:
        return true;
    }
}

static void walk_from(struct walk *w, uint32_t at, cs_insn *insn)
{
    const uint8_t *p = w->bytes + at;
    size_t left = w->size - at;
    uint64_t address = w->base + at;

    while (left >= 2) {
        size_t offset = (size_t)(p - w->bytes);

        if ((w->seen[offset / 16] & 1u << (offset / 2 & 7)) != 0 ||
            !cs_disasm_iter(w->handle, &p, &left, &address, insn)) {
            return;
        }
        w->seen[offset / 16] |= (uint8_t)(1u << (offset / 2 & 7));
        count_needs(w, insn);
        take_addresses(w, insn);
        if (!take_flow(w, insn)) {
            return;
        }
    }
}

static void walk_all(struct walk *w)
{
    cs_insn *insn = cs_malloc(w->handle);
    unsigned i;

    for (i = 1; i < VECTORS && (i + 1) * 4 <= w->size; i++) {
        uint32_t v;

        memcpy(&v, w->bytes + 4 * i, 4);
        if (i != 7) {
            add_work(w, v);
        }
    }
    while (insn != NULL && w->work_count > 0) {
        walk_from(w, w->work[--w->work_count], insn);
    }
    if (insn != NULL) {
        cs_free(insn, 1);
    }
}

static void judge_cpu(const struct walk *w, struct guess *g)
{
    unsigned some = w->instructions / 200 + 1;  /* more than stray bytes */
    const char *why;

    if (w->v8 > some) {
        strcpy(g->cpu, "cortex-m33");
        why = "some are of Armv8-M";
    } else if (w->fp_double > 1 && w->thumb2 > some) {
        strcpy(g->cpu, "cortex-m7");
        why = "some compute in double precision";
    } else if (w->fp + w->dsp > 1 && w->thumb2 > some) {
        strcpy(g->cpu, "cortex-m4");
        why = w->fp > 0 ? "some are for a floating-point unit" :
            "some are of the DSP extension";
    } else if (w->thumb2 > some) {
        strcpy(g->cpu, "cortex-m3");
        why = "some are of Armv7-M, none needs more";
    } else {
        strcpy(g->cpu, "cortex-m0");
        why = "none needs more than Armv6-M";
    }
    snprintf(g->cpu_reason, sizeof(g->cpu_reason), "%u instructions can be "
             "reached from the vectors; %s", w->instructions, why);
}

/* ---- Memories ---- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* One memory around addresses @low to @high that the code uses. */
static void add_ram(struct guess *g, uint64_t low, uint64_t high, uint64_t sp,
                    unsigned uses)
{
    uint64_t base = low & ~0xfffffull;
    uint64_t end = high + 1;
    bool stack = sp > low - CLUSTER_GAP && sp - 1 <= high + CLUSTER_GAP;

    if (low - base >= 0x10000) {
        base = low & ~0x3fffull;
    }
    if (stack && sp > end) {
        end = sp;
    }
    guess_add_memory(g, stack ? "ram" : "sram", base,
                     guess_round(end - base < 0x1000 ? 0x1000 : end - base),
                     "%u addresses in the code from 0x%08" PRIx64 " to 0x%08"
                     PRIx64 "%s%s", uses, low, high,
                     stack ? "; the stack starts at the top" : "",
                     stack ? "" : "; the size is a guess");
}

static bool in_code(const struct guess *g, uint32_t address)
{
    unsigned i;

    for (i = 0; i < g->memory_count; i++) {
        if (address - g->memories[i].base < g->memories[i].size) {
            return true;
        }
    }
    return false;
}

/* Groups of addresses: those with the stack, or in the SRAM part of the
 * address map, are memory. */
static void judge_memory(struct walk *w, uint64_t sp, struct guess *g)
{
    unsigned i, first = 0, kept = 0;

    add_address(w, sp - 4);
    for (i = 0; i < w->address_count; i++) {
        uint32_t a = w->addresses[i];

        if (a >= RAM_LOW && a < RAM_HIGH && !in_code(g, a)) {
            w->addresses[kept++] = a;
        }
    }
    qsort(w->addresses, kept, sizeof(w->addresses[0]), by_value);
    for (i = 1; i <= kept; i++) {
        uint64_t low = w->addresses[first], high = w->addresses[i - 1];
        bool stack = sp - 4 >= low && sp - 4 <= high;

        if (i < kept && w->addresses[i] - high <= CLUSTER_GAP &&
            (high >= SRAM || w->addresses[i] < SRAM || i - first >= 4)) {
            continue;
        }
        if (stack || (low >= SRAM && i - first >= 4 && high - low >= 12)) {
            add_ram(g, low, high, sp, i - first);
        } else if (i - first >= 2) {
            guess_note(g, "the code refers to 0x%08" PRIx64 "%s (%u times): "
                       "if that is memory, or bytes that the firmware needs "
                       "(a ROM, option or id bytes), add a line for it", low,
                       high > low ? " and around" : "", i - first);
        }
        first = i;
    }
}

void guess_m(const struct image *img, const uint8_t *bytes, size_t size,
             uint64_t base, struct guess *g)
{
    struct walk *w = calloc(1, sizeof(*w));
    uint64_t sp = 0, lo, hi;

    (void)img;
    if (w != NULL) {
        w->seen = calloc(size / 16 + 1, 1);
    }
    if (w != NULL && w->seen != NULL &&
        guess_vectors(bytes, size, &sp, &lo, &hi) &&
        cs_open(CS_ARCH_ARM, (cs_mode)(CS_MODE_THUMB | CS_MODE_MCLASS |
                                       CS_MODE_V8), &w->handle) ==
        CS_ERR_OK) {
        cs_option(w->handle, CS_OPT_DETAIL, CS_OPT_ON);
        w->bytes = bytes;
        w->size = size;
        w->base = base;
        walk_all(w);
        judge_cpu(w, g);
        judge_memory(w, sp, g);
        cs_close(&w->handle);
    }
    if (w != NULL) {
        free(w->seen);
    }
    free(w);
}
