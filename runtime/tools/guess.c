/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/guess_priv.h"

#include <elf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VOTES_LEAST 6u          /* fewer say nothing */
#define A_ALIGN 0x1000u
#define M_ALIGN 0x100u
#define HEADER_MAX 0x200u       /* bytes before a vector table */
#define DRAM 0x40000000ull
#define DRAM_ALIGN 0x10000000ull

/* ---- Filling in ---- */

struct guess_memory *guess_add_memory(struct guess *g, const char *name,
                                      uint64_t base, uint64_t size,
                                      const char *format, ...)
{
    struct guess_memory *m;
    unsigned i, same = 0;
    va_list args;

    if (g->memory_count == GUESS_MEMORIES) {
        return NULL;
    }
    for (i = 0; i < g->memory_count; i++) {
        same += strncmp(g->memories[i].name, name, strlen(name)) == 0;
    }
    m = &g->memories[g->memory_count++];
    if (same > 0) {
        snprintf(m->name, sizeof(m->name), "%.11s%u", name, same + 1);
    } else {
        snprintf(m->name, sizeof(m->name), "%s", name);
    }
    m->base = base;
    m->size = size;
    va_start(args, format);
    vsnprintf(m->reason, sizeof(m->reason), format, args);
    va_end(args);
    return m;
}

void guess_note(struct guess *g, const char *format, ...)
{
    va_list args;

    if (g->note_count < GUESS_NOTES) {
        va_start(args, format);
        vsnprintf(g->notes[g->note_count++], GUESS_REASON, format, args);
        va_end(args);
    }
}

uint64_t guess_round(uint64_t n)
{
    uint64_t size = 1;

    while (size < n && size < 1ull << 62) {
        size <<= 1;
    }
    return size;
}

/* ---- Kind of core ---- */

/* Returns and calls of the three instruction sets. */
struct counts {
    unsigned a64, a32, thumb;
};

static void count_code(const uint8_t *bytes, size_t size, struct counts *c)
{
    uint32_t word;
    uint16_t half, before = 0;
    size_t at;

    memset(c, 0, sizeof(*c));
    for (at = 0; at + 4 <= size; at += 4) {
        memcpy(&word, bytes + at, 4);
        c->a64 += word == 0xd65f03c0 || (word & 0xffc07fff) == 0xa9807bfd;
        c->a32 += word == 0xe12fff1e || (word & 0xffff4000) == 0xe92d4000 ||
            (word & 0xffff8000) == 0xe8bd8000;
    }
    for (at = 0; at + 2 <= size; at += 2) {
        memcpy(&half, bytes + at, 2);
        c->thumb += half == 0x4770 || ((half & 0xff00) == 0xb500 &&
            (before == 0x4770 || (before & 0xff00) == 0xbd00));
        before = half;
    }
}

static enum guess_core judge_code(const struct image *img, struct guess *g)
{
    struct counts c, sum = { 0, 0, 0 };
    unsigned i;

    for (i = 0; i < img->piece_count; i++) {
        count_code(img->pieces[i].bytes, img->pieces[i].size, &c);
        sum.a64 += c.a64;
        sum.a32 += c.a32;
        sum.thumb += c.thumb;
    }
    snprintf(g->core_reason, sizeof(g->core_reason), "function entries and "
             "returns: %u of AArch64, %u of A32, %u of Thumb", sum.a64,
             sum.a32, sum.thumb);
    if (sum.a64 >= 4 && sum.a64 > sum.a32 && sum.a64 > sum.thumb) {
        return GUESS_A64;
    }
    if (sum.a32 >= 4 || sum.thumb >= 4) {
        return GUESS_A32;
    }
    return GUESS_UNKNOWN;
}

/* The bytes of the piece that is the lowest in memory. */
static const struct image_piece *lowest(const struct image *img)
{
    const struct image_piece *p = &img->pieces[0];
    unsigned i;

    for (i = 1; i < img->piece_count; i++) {
        if (img->pieces[i].load < p->load && img->pieces[i].size > 0) {
            p = &img->pieces[i];
        }
    }
    return p;
}

/* ---- M profile ---- */

static void place_m(const struct image_piece *p, uint64_t lo, uint64_t hi,
                    struct guess *g)
{
    uint64_t from = hi + 2 > p->size ? hi + 2 - p->size : 0, base = 0;
    struct guess_search search = {
        .bytes = p->bytes, .size = p->size, .width = 4, .align = M_ALIGN,
        .hi = lo,
    };
    unsigned votes, second;

    from = (from + M_ALIGN - 1) & ~(uint64_t)(M_ALIGN - 1);
    search.lo = from;
    votes = guess_base(&search, &base, &second);
    g->has_load = true;
    if (votes >= VOTES_LEAST && votes > 2 * second) {
        g->load = base;
        snprintf(g->load_reason, sizeof(g->load_reason), "%u pointers meet "
                 "texts of the image there, %u at the next best place; the "
                 "handlers lie at 0x%" PRIx64 " to 0x%" PRIx64, votes,
                 second, lo, hi);
        return;
    }
    g->load = from == 0 ? 0 : lo & ~0xfffull;
    snprintf(g->load_reason, sizeof(g->load_reason), "the handlers of the "
             "vector table lie at 0x%" PRIx64 " to 0x%" PRIx64 ", inside "
             "the image when it starts %s", lo, hi,
             from == 0 ? "at 0" : "there (a guess)");
}

/* Flash of a placed image: each piece that is not in RAM by the stack. */
static void add_code_memory(const struct image *img, struct guess *g)
{
    unsigned i;

    for (i = 0; i < img->piece_count; i++) {
        const struct image_piece *p = &img->pieces[i];
        uint64_t base = g->has_load ? g->load : p->load;
        uint64_t start = base & ~0xfffull, size;
        unsigned k;

        for (k = 0; k < g->memory_count; k++) {
            struct guess_memory *m = &g->memories[k];

            if (base - m->base < m->size || base < m->base + 0x100000) {
                size = guess_round(base + p->size - m->base);
                m->size = size > m->size ? size : m->size;
                break;
            }
        }
        if (k < g->memory_count || p->size == 0) {
            continue;
        }
        if (base < 0x100000) {
            start = 0;
        }
        size = guess_round(base + p->size - start);
        guess_add_memory(g, k == 0 ? "flash" : "data", start,
                         size < 0x1000 ? 0x1000 : size, "%sthe image has "
                         "%zu bytes for 0x%08" PRIx64 "%s", k == 0 ?
                         "code: " : "", p->size, base, k == 0 ?
                         "; real parts come in powers of two" : "");
    }
}

/* The vector table of a raw image may follow a header of some bytes. */
static bool find_vectors(const struct image *img, struct image_piece *p,
                         struct guess *g, uint64_t *sp, uint64_t *lo,
                         uint64_t *hi)
{
    size_t skip;

    for (skip = 0; skip <= (img->placed ? 0 : HEADER_MAX) &&
         skip < p->size; skip += 4) {
        if (guess_vectors(p->bytes + skip, p->size - skip, sp, lo, hi)) {
            g->skip = skip;
            p->bytes += skip;
            p->size -= skip;
            if (skip > 0) {
                guess_note(g, "a header of %zu bytes was left out: the "
                           "vector table follows it", skip);
            }
            return true;
        }
    }
    return false;
}

static bool judge_m(const struct image *img, struct guess *g)
{
    struct image_piece piece = *lowest(img), *p = &piece;
    uint64_t sp, lo, hi;

    if (!find_vectors(img, p, g, &sp, &lo, &hi)) {
        return false;
    }
    if (img->placed && (lo < p->load || lo >= p->load + p->memory) &&
        (lo < p->run || lo >= p->run + p->memory)) {
        return false;
    }
    g->core = GUESS_M;
    snprintf(g->core_reason, sizeof(g->core_reason), "it begins with a "
             "vector table: stack 0x%08" PRIx64 ", handlers in Thumb at 0x%"
             PRIx64 " to 0x%" PRIx64, sp, lo, hi);
    if (!img->placed) {
        place_m(p, lo, hi, g);
    }
    add_code_memory(img, g);
    guess_m(img, p->bytes, p->size, g->has_load ? g->load : p->load, g);
    return true;
}

/* ---- A and R profile ---- */

/* U-Boot for AArch64 keeps the address it was linked to behind its first
 * branch and a word of padding, or behind the header of a kernel
 * (arch/arm/cpu/armv8/start.S: _TEXT_BASE). */
static bool text_base(const struct image_piece *p, bool header,
                      uint64_t *base)
{
    size_t at = header ? 0x40 : 8;
    uint32_t first;

    if (p->size < at + 8) {
        return false;
    }
    memcpy(&first, p->bytes, 4);
    memcpy(base, p->bytes + at, 8);
    return (first & 0xfc000000) == 0x14000000 && *base != 0 &&
        (*base & 0xfff) == 0 && *base < 1ull << 40;
}

/* Linux: Documentation/arch/arm64/booting.rst, and zImage's header. */
static bool is_linux(const struct image_piece *p, enum guess_core core)
{
    uint32_t magic = 0;
    size_t at = core == GUESS_A64 ? 0x38 : 0x24;

    if (p->size >= at + 4) {
        memcpy(&magic, p->bytes + at, 4);
    }
    return magic == (core == GUESS_A64 ? 0x644d5241u : 0x016f2818u);
}

static void place_a(const struct image_piece *p, struct guess *g)
{
    bool wide = g->core == GUESS_A64;
    /* Words from 0xe0000000 on are mostly instructions of A32. */
    struct guess_search search = {
        .bytes = p->bytes, .size = p->size, .width = wide ? 8 : 4,
        .align = A_ALIGN, .hi = wide ? 1ull << 36 : 0xe0000000u - p->size,
    };
    uint64_t base = 0, said = 0;
    bool kernel = is_linux(p, g->core);
    bool says = wide && text_base(p, kernel, &said);
    unsigned votes, second;
    bool agree;

    votes = guess_base(&search, &base, &second);
    agree = votes >= VOTES_LEAST && votes > 2 * second;
    g->has_load = true;
    if (says && (!agree || base == said || kernel)) {
        g->load = said;
        snprintf(g->load_reason, sizeof(g->load_reason), "the number behind "
                 "%s, where U-Boot says where it was linked to%s", kernel ?
                 "the header" : "the first branch",
                 base == said ? "; pointers agree" : "");
    } else if (agree && !kernel) {
        g->load = base;
        snprintf(g->load_reason, sizeof(g->load_reason), "%u pointers meet "
                 "texts of the image there, %u at the next best place",
                 votes, second);
    } else if (kernel) {
        g->load = DRAM + (g->core == GUESS_A64 ? 0x200000 : 0x10000);
        snprintf(g->load_reason, sizeof(g->load_reason), "a Linux kernel: "
                 "it runs at any such place in RAM");
        guess_note(g, "a kernel wants a device tree: give the board `base:` "
                   "and load it, or start with a boot loader");
    } else {
        g->load = DRAM;
        snprintf(g->load_reason, sizeof(g->load_reason), "nothing in the "
                 "image tells (%u pointers agree, %u elsewhere): a guess",
                 votes, second);
    }
}

/* One memory around where the image goes, where no tree has told. */
static void add_dram(struct guess *g, uint64_t lo, uint64_t hi)
{
    uint64_t base = lo & ~(DRAM_ALIGN - 1);
    unsigned i;

    for (i = 0; i < g->memory_count; i++) {
        if (lo - g->memories[i].base < g->memories[i].size) {
            return;
        }
    }
    guess_add_memory(g, "dram", base, guess_round(hi - base > DRAM ?
                     hi - base : DRAM), "around the image; where it begins "
                     "and ends is a guess");
}

/* What a secure firmware finds is SRAM, of which nothing tells the size: the
 * run finds out what is lacking, but not what is too much. */
static void add_sram(struct guess *g, uint64_t lo, uint64_t hi)
{
    uint64_t base = lo & ~0xffffull;

    guess_add_memory(g, "sram", base, ((hi + 0xffff) & ~0xffffull) - base,
                     "the image and what it clears; the run adds what is "
                     "lacking");
}

static void judge_a(const struct image *img, struct guess *g)
{
    const struct image_piece *p = lowest(img);
    unsigned i;

    if (!guess_tree(img, g) && !guess_cpu_by_code(img, g)) {
        strcpy(g->cpu, g->core == GUESS_A64 ? "cortex-a53" : "cortex-a9");
        strcpy(g->cpu_reason, "a common one; nothing in the image tells");
    }
    if (!img->placed) {
        place_a(p, g);
        guess_level(p, g);
        (g->el == 3 ? add_sram : add_dram)(g, g->load, g->load + p->size);
        guess_cut_memories(g, g->load, g->load + p->size);
    }
    if (img->placed) {
        guess_level(p, g);
    }
    for (i = 0; img->placed && i < img->piece_count; i++) {
        (g->el == 3 ? add_sram : add_dram)(g, img->pieces[i].load,
            img->pieces[i].load + img->pieces[i].memory);
        guess_cut_memories(g, img->pieces[i].load,
                           img->pieces[i].load + img->pieces[i].memory);
    }
    g->has_entry = true;
    g->entry = img->has_entry ? img->entry : g->load;
    strcpy(g->entry_reason, img->has_entry ? "the file says so" :
           "the image's first instruction");
}

void guess_image(const struct image *img, struct guess *out)
{
    memset(out, 0, sizeof(*out));
    if (img->piece_count == 0) {
        strcpy(out->core_reason, "there is nothing to load in it");
        return;
    }
    if (img->machine != EM_AARCH64 && judge_m(img, out)) {
        return;
    }
    out->core = judge_code(img, out);
    if (img->machine != 0) {
        out->core = img->machine == EM_AARCH64 ? GUESS_A64 : GUESS_A32;
        strcpy(out->core_reason, "the ELF header says so");
    }
    if (out->core != GUESS_UNKNOWN) {
        judge_a(img, out);
    }
}
