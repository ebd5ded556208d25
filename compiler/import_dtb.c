/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device-tree blobs, also those inside of images, to a board: the blob stays
 * the base of its tree, and each address window of a device that the CPU
 * reaches becomes an instance.
 */
#include "compiler/import_tree.h"

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "compiler/dt_find.h"

#define MAX_TREES 64        /* of one image that are looked at */

static const struct pdl_span nowhere = { 0, 0, 0 };

/* ---- the blob ---- */

static int bad_input(struct pcc_import *imp, const char *why)
{
    pdl_diag_add(imp->diags, PDL_D_IMPORT_BAD_INPUT, nowhere, imp->path, why);
    return PCC_ERR_INPUT;
}

static size_t find_trees(struct pcc_import *imp, struct dt_found *found)
{
    size_t n = 0, from = 0;
    int more;

    while (n < MAX_TREES) {
        more = dt_find(imp->bytes, imp->size, from, &found[n]);
        if (more < 0) {
            pcc_import_nomem(imp);
        }
        if (!more) {
            break;
        }
        from = found[n++].offset + 1;
    }
    return n;
}

static int read_tree(struct pcc_import *imp, const struct dt_found *found,
                     struct pcc_tree *tree)
{
    int err = pcc_tree_read(tree, imp->arena, imp->bytes + found->offset,
                            found->size);

    if (tree->failed) {
        pcc_import_nomem(imp);
    }
    return err;
}

static const char *model_of(const struct pcc_tree *tree)
{
    const struct pcc_tprop *p = pcc_tree_get(tree->root, "model");

    if (!p) {
        p = pcc_tree_get(tree->root, "description");    /* a FIT image's */
    }
    return p && p->size && !p->value[p->size - 1] ?
           (const char *)p->value : "without a model";
}

/* Names the trees of an image where there is a choice. */
static void tell_trees(struct pcc_import *imp, const struct dt_found *found,
                       size_t count, size_t chosen)
{
    struct pdl_diag *d;
    size_t i;

    d = pdl_diag_add(imp->diags, PDL_D_IMPORT_TREES, nowhere, imp->path,
                     (unsigned)count, (unsigned)chosen + 1);
    for (i = 0; i < count; i++) {
        struct pcc_tree *tree = PCC_IMPORT_NEW(imp, struct pcc_tree);

        if (read_tree(imp, &found[i], tree) == 0) {
            pdl_diag_note(d, nowhere, "tree %u: %zu bytes at 0x%zx, %s",
                          (unsigned)i + 1, found[i].size, found[i].offset,
                          model_of(tree));
        }
    }
}

/* The tree asked for, else the first that has an MMIO device. */
static int choose_tree(struct pcc_import *imp, struct pcc_tree *tree,
                       size_t *index)
{
    struct dt_found *found = pcc_import_alloc(imp, MAX_TREES *
                                              sizeof(*found));
    size_t count = find_trees(imp, found), i, claims = 0;
    unsigned want = imp->opts->tree;
    int err;

    if (!count) {
        return bad_input(imp, "there is no whole device tree in it");
    }
    if (want > count) {
        return bad_input(imp, pcc_import_printf(
            imp, "it holds %zu device trees, not %u", count, want));
    }
    for (i = want ? want - 1 : 0; i < count; i++) {
        err = read_tree(imp, &found[i], tree);
        if (err && want) {
            return bad_input(imp, fdt_strerror(err));
        }
        claims = 0;
        if (!err) {
            dt_claims(tree, &claims);
        }
        if (claims || want) {
            break;
        }
    }
    if (i == count) {
        return bad_input(imp, "its device tree has no device with an "
                         "address of its own");
    }
    *index = i;
    if (count > 1 && !want) {
        tell_trees(imp, found, count, i);
    }
    return PCC_OK;
}

/* ---- the board ---- */

static void add_setting(struct pcc_import *imp, struct pdl_body *body,
                        const char *name, struct pdl_expr *value)
{
    struct pdl_item *item = imt_item(imp, PDL_ITEM_SETTING, name);

    item->u.setting.values = pcc_import_need(imp, value);
    pdl_body_add(body, item);
}

/* What QEMU calls the CPU; "max" has all that a newer one may want. */
static const char *cpu_name(const struct pcc_tnode *cpu)
{
    static const char *const names[] = {
        "cortex-a5", "cortex-a7", "cortex-a8", "cortex-a9", "cortex-a15",
        "cortex-a35", "cortex-a53", "cortex-a55", "cortex-a57",
        "cortex-a72", "cortex-a76", "cortex-a710", "neoverse-n1",
        "neoverse-n2", "neoverse-v1", "cortex-m0", "cortex-m3", "cortex-m4",
        "cortex-m7", "cortex-m33", "cortex-m55", "cortex-r5", "cortex-r52",
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char want[32] = "arm,";

        strcat(want, names[i]);
        if (dt_compatible(cpu, want)) {
            return names[i];
        }
    }
    return "max";
}

static bool is_type(const struct pcc_tnode *node, const char *type)
{
    const struct pcc_tprop *p = pcc_tree_get(node, "device_type");

    return p && p->size == strlen(type) + 1 &&
           memcmp(p->value, type, p->size) == 0;
}

static void add_cpus(struct imt *im, struct pdl_body *body)
{
    const struct pcc_tnode *cpus = pcc_tree_find_child(im->tree->root,
                                                       "cpus");
    const struct pcc_tnode *node, *first = NULL;
    unsigned n = 0;

    for (node = cpus ? cpus->children : NULL; node; node = node->next) {
        if (is_type(node, "cpu")) {
            first = first ? first : node;
            n++;
        }
    }
    if (!n) {
        return;
    }
    add_setting(im->imp, body, "cpu",
                pdl_expr_string(im->imp->arena, cpu_name(first)));
    if (n > 1) {
        add_setting(im->imp, body, "cpus",
                    pdl_expr_number(im->imp->arena, n, 10));
    }
}

static void add_base(struct imt *im, struct pdl_body *body, size_t index)
{
    const char *name = im->imp->from;

    if (index) {
        name = pcc_import_printf(im->imp, "%s#%zu", name, index + 1);
    }
    add_setting(im->imp, body, "base",
                pdl_expr_string(im->imp->arena, name));
}

/* Memories that the tree knows the size of, unless another is there. */
static void add_memory(struct imt *im, struct pdl_body *body,
                       const char *stem, uint64_t base, uint64_t size)
{
    struct pdl_item *item;
    size_t i;

    for (i = 0; i < im->memory_count; i++) {
        if (base <= im->memories[i].last &&
            base + (size - 1) >= im->memories[i].base) {
            return;
        }
    }
    if (im->memory_count == IMT_MEMORIES || !size ||
        size - 1 > UINT64_MAX - base) {
        return;
    }
    im->memories[im->memory_count].base = base;
    im->memories[im->memory_count++].last = base + (size - 1);
    item = imt_item(im->imp, PDL_ITEM_MEMORY, imt_name(im, stem));
    item->u.memory.base = imt_number(im->imp, base);
    item->u.memory.size = imt_number(im->imp, size);
    pdl_body_add(body, item);
}

static void add_memories(struct imt *im, struct pdl_body *body)
{
    struct pcc_tnode *node;

    for (node = im->tree->root; node; node = pcc_tree_next(node)) {
        bool sram = dt_compatible(node, "mmio-sram");
        uint64_t base, size;
        size_t i;

        if (!sram && !is_type(node, "memory")) {
            continue;
        }
        for (i = 0; i < dt_reg_count(node); i++) {
            if (dt_reg(node, i, &base, &size) && size) {
                add_memory(im, body, sram ? "sram" : "dram", base, size);
            }
        }
    }
}

static const char *board_name(struct imt *im)
{
    const struct pcc_tprop *p = pcc_tree_get(im->tree->root, "compatible");

    if (im->imp->opts->name) {
        return imt_plain(im->imp, im->imp->opts->name);
    }
    if (p && p->size && p->value[0] && !p->value[p->size - 1]) {
        return imt_plain(im->imp, (const char *)p->value);
    }
    return imt_plain(im->imp, pcc_import_printf(
        im->imp, "%.*s", (int)strcspn(im->imp->from, "."), im->imp->from));
}

static struct pdl_item *new_board(struct imt *im)
{
    const struct pcc_tprop *model = pcc_tree_get(im->tree->root, "model");
    struct pdl_item *board = imt_item(im->imp, PDL_ITEM_BOARD,
                                      imt_global(im, board_name(im)));

    if (model && model->size > 1 && !model->value[model->size - 1]) {
        board->desc.bytes = (const char *)model->value;
        board->desc.len = strlen(board->desc.bytes);
    }
    return board;
}

/* The console, where it is a device that QEMU has. */
static void add_console(struct imt *im, struct pdl_body *body)
{
    const struct pcc_tnode *chosen = pcc_tree_find_child(im->tree->root,
                                                         "chosen");
    const struct pcc_tprop *p = chosen ? pcc_tree_get(chosen, "stdout-path") :
                                NULL;
    const struct pcc_tnode *node;
    char *path;

    if (!p || !p->size || p->value[p->size - 1]) {
        return;
    }
    path = pcc_import_printf(im->imp, "%.*s",
                             (int)strcspn((const char *)p->value, ":"),
                             (const char *)p->value);
    node = imt_alias(im, path);
    if (node && node->mark && im->windows[node->mark - 1].native) {
        add_setting(im->imp, body, "console", pdl_expr_ref(
            im->imp->arena, im->windows[node->mark - 1].name));
    }
}

static void tell_lost(struct imt *im)
{
    if (im->lost) {
        pdl_diag_add(im->imp->diags, PDL_D_IMPORT_INTERRUPTS, nowhere,
                     im->imp->path, im->lost);
    }
}

int pcc_import_dtb(struct pcc_import *imp)
{
    struct imt *im = PCC_IMPORT_NEW(imp, struct imt);
    struct pdl_body *body;
    struct pdl_item *board;
    size_t index = 0;
    int err;

    im->imp = imp;
    im->tree = PCC_IMPORT_NEW(imp, struct pcc_tree);
    err = choose_tree(imp, im->tree, &index);
    if (err) {
        return err;
    }
    board = new_board(im);
    body = &board->u.typed.body;
    add_base(im, body, index);
    add_cpus(im, body);
    add_memories(im, body);
    imt_windows(im);
    add_console(im, body);
    imt_natives(im, body);
    imt_instances(im, body);
    if (im->tree->failed) {
        pcc_import_nomem(imp);
    }
    tell_lost(im);
    pdl_body_add(imp->items, board);
    return PCC_OK;
}
