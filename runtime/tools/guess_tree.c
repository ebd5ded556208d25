/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot loaders carry a device tree: it names CPU, board and memory. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/dt_address.h"
#include "compiler/dtree.h"
#include "runtime/tools/guess_priv.h"

#define TREES_MAX 64u
#define MIB 0x100000ull
#define ROOM (64 * MIB)         /* least that firmware is left */

static const struct {
    const char *compatible, *cpu;
} cpus[] = {
    { "arm,cortex-a5", "cortex-a7" }, { "arm,cortex-a7", "cortex-a7" },
    { "arm,cortex-a8", "cortex-a8" }, { "arm,cortex-a9", "cortex-a9" },
    { "arm,cortex-a12", "cortex-a15" }, { "arm,cortex-a15", "cortex-a15" },
    { "arm,cortex-a17", "cortex-a15" }, { "arm,cortex-a35", "cortex-a35" },
    { "arm,cortex-a53", "cortex-a53" }, { "arm,cortex-a55", "cortex-a55" },
    { "arm,cortex-a57", "cortex-a57" }, { "arm,cortex-a72", "cortex-a72" },
    { "arm,cortex-a73", "cortex-a72" }, { "arm,cortex-a76", "cortex-a76" },
    { "arm,neoverse-n1", "neoverse-n1" },
    { "arm,arm1176jzf-s", "arm1176" }, { "arm,arm926ej-s", "arm926" },
};

/* The CPU of the first node of /cpus that QEMU has, or one like it. */
static bool take_cpu(const void *fdt, struct guess *g)
{
    int cpu, node = fdt_path_offset(fdt, "/cpus");
    size_t i;

    fdt_for_each_subnode(cpu, fdt, node) {
        for (i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
            if (fdt_node_check_compatible(fdt, cpu, cpus[i].compatible) ==
                0) {
                snprintf(g->cpu, sizeof(g->cpu), "%s", cpus[i].cpu);
                snprintf(g->cpu_reason, sizeof(g->cpu_reason), "a device "
                         "tree in the image names %s", cpus[i].compatible);
                return true;
            }
        }
    }
    return false;
}

static uint64_t cells(const fdt32_t *p, int count)
{
    uint64_t value = 0;
    int i;

    for (i = 0; i < count; i++) {
        value = value << 32 | fdt32_to_cpu(p[i]);
    }
    return value;
}

static void take_memory(const void *fdt, struct guess *g)
{
    int node, len, a = fdt_address_cells(fdt, 0), s = fdt_size_cells(fdt, 0);
    const fdt32_t *reg;

    if (a < 1 || a > 2 || s < 1 || s > 2) {
        return;
    }
    fdt_for_each_subnode(node, fdt, 0) {
        const char *type = fdt_getprop(fdt, node, "device_type", NULL);

        reg = fdt_getprop(fdt, node, "reg", &len);
        if (type == NULL || strcmp(type, "memory") != 0 || reg == NULL) {
            continue;
        }
        for (; len >= 4 * (a + s); len -= 4 * (a + s), reg += a + s) {
            if (cells(reg + a, s) != 0) {
                guess_add_memory(g, "dram", cells(reg, a),
                                 cells(reg + a, s), "a device tree in the "
                                 "image says so");
            }
        }
    }
}

static void take_windows(const void *fdt, struct guess *g)
{
    struct pdl_arena *arena = pdl_arena_new();
    struct dt_claim *claims;
    struct pcc_tree tree;
    size_t count = 0, i;

    if (arena != NULL &&
        pcc_tree_read(&tree, arena, fdt, fdt_totalsize(fdt)) == 0 &&
        !tree.failed) {
        claims = dt_claims(&tree, &count);
        for (i = 0; claims != NULL && i < count &&
             g->window_count < GUESS_WINDOWS; i++) {
            g->windows[g->window_count].base = claims[i].base;
            g->windows[g->window_count++].size = claims[i].size;
        }
    }
    pdl_arena_free(arena);
}

void guess_cut_memories(struct guess *g, uint64_t lo, uint64_t hi)
{
    unsigned i, k;

    for (i = 0; i < g->memory_count; i++) {
        struct guess_memory *m = &g->memories[i];
        uint64_t begin = m->base, end = m->base + m->size;

        if (lo < begin || hi > end) {
            continue;
        }
        for (k = 0; k < g->window_count; k++) {
            uint64_t at = g->windows[k].base & ~(MIB - 1);
            uint64_t behind = (g->windows[k].base + g->windows[k].size +
                               MIB - 1) & ~(MIB - 1);

            if (at >= hi + ROOM && at < end) {
                end = at;
            } else if (behind <= lo && behind > begin) {
                begin = behind;
            }
        }
        if (end - begin < m->size) {
            size_t len = strlen(m->reason);

            m->base = begin;
            m->size = end - begin;
            snprintf(m->reason + len, sizeof(m->reason) - len, "; cut where "
                     "the tree has devices");
        }
    }
}

static bool take_tree(const void *fdt, struct guess *g)
{
    const char *model;
    int len;

    if (!take_cpu(fdt, g)) {
        return false;
    }
    model = fdt_getprop(fdt, 0, "model", &len);
    if (model != NULL && len > 0 && model[len - 1] == '\0') {
        snprintf(g->model, sizeof(g->model), "%s", model);
    }
    take_memory(fdt, g);
    take_windows(fdt, g);
    return true;
}

/* A tree that starts at @at and is sound; an aligned copy, or NULL. */
static void *copy_tree(const uint8_t *at, size_t left)
{
    struct fdt_header header;
    size_t size;
    void *copy;

    if (left < sizeof(header)) {
        return NULL;
    }
    memcpy(&header, at, sizeof(header));
    size = fdt_totalsize(&header);
    if (size < sizeof(struct fdt_header) || size > left) {
        return NULL;
    }
    copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, at, size);
        if (fdt_check_full(copy, size) != 0) {
            free(copy);
            copy = NULL;
        }
    }
    return copy;
}

bool guess_tree(const struct image *img, struct guess *g)
{
    static const uint8_t magic[4] = { 0xd0, 0x0d, 0xfe, 0xed };
    bool wrapped = img->kind == IMAGE_UIMAGE || img->kind == IMAGE_FIT;
    const uint8_t *at = wrapped ? img->pieces[0].bytes : img->file;
    const uint8_t *end = at + (wrapped ? img->pieces[0].size :
                               img->file_size);
    unsigned tries = 0;
    bool found = false;

    while (!found && at < end && tries++ < TREES_MAX) {
        const uint8_t *hit = memmem(at, (size_t)(end - at), magic, 4);
        void *tree;

        if (hit == NULL) {
            break;
        }
        tree = copy_tree(hit, (size_t)(end - hit));
        found = tree != NULL && take_tree(tree, g);
        free(tree);
        at = hit + 4;
    }
    return found;
}
