/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device trees.  A board gives a whole tree; with a base blob its devices
 * are merged into that; an overlay holds only its devices, for either.
 */
#include "compiler/dt.h"

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "compiler/dt_find.h"
#include "compiler/priv.h"
#include "dsl/readfile.h"
#include "dsl/status.h"

#define SRAM_LIMIT (1u << 20)   /* smaller memories are no main memory */

static void set_cell(struct dt *dt, struct pcc_tnode *node,
                     const char *name, uint32_t cell)
{
    pcc_tree_set_cells(dt->tree, node, name, &cell, 1);
}

static struct pcc_tnode *child(struct dt *dt, struct pcc_tnode *parent,
                               const char *base, uint64_t addr)
{
    const char *name = pdl_arena_printf(dt->e->arena, "%s@%llx", base,
                                        (unsigned long long)addr);
    struct pcc_tnode *node = name ? pcc_tree_child(dt->tree, parent, name) :
                             NULL;

    dt->tree->failed |= !node;
    return node;
}

/* A pair of 2-cell address and size, the cells of generated trees. */
static size_t put_pair(uint32_t *cells, uint64_t base, uint64_t size)
{
    dt_put_cells(cells, 2, base);
    dt_put_cells(cells + 2, 2, size);
    return 4;
}

/* ---- CPUs ---- */

enum profile {
    PROFILE_A64,
    PROFILE_A32,
    PROFILE_M,
};

static enum profile profile_of(const struct pcc_board *b)
{
    static const char *const a32[] = {
        "cortex-a5", "cortex-a7", "cortex-a8", "cortex-a9", "cortex-a12",
        "cortex-a15", "cortex-a17", "cortex-r",
    };
    const char *cpu = b->cpu ? b->cpu : "";
    size_t i;

    if (strncmp(cpu, "cortex-m", 8) == 0) {
        return PROFILE_M;
    }
    for (i = 0; i < sizeof(a32) / sizeof(a32[0]); i++) {
        size_t len = strlen(a32[i]);

        if (strncmp(cpu, a32[i], len) == 0 &&
            (a32[i][len - 1] == 'r' || cpu[len] < '0' || cpu[len] > '9')) {
            return PROFILE_A32;
        }
    }
    if (strncmp(cpu, "arm", 3) == 0) {
        return PROFILE_A32;
    }
    return PROFILE_A64;
}

static bool has_psci(const struct pcc_board *b)
{
    if (b->psci == PRT_PSCI_DEFAULT) {
        return profile_of(b) == PROFILE_A64 && b->el != 3;
    }
    return b->psci != PRT_PSCI_NONE;
}

/* MPIDR of a core: QEMU gives them out in clusters of eight. */
static uint32_t affinity(unsigned cpu)
{
    return cpu / 8 << 8 | cpu % 8;
}

static void add_cpus(struct dt *dt)
{
    struct pcc_tnode *cpus = pcc_tree_child(dt->tree, dt->tree->root,
                                            "cpus");
    unsigned i;

    if (!cpus) {
        return;
    }
    set_cell(dt, cpus, "#address-cells", 1);
    set_cell(dt, cpus, "#size-cells", 0);
    for (i = 0; i < dt->b->cpus; i++) {
        struct pcc_tnode *cpu = child(dt, cpus, "cpu", affinity(i));
        const char *compatible = pdl_arena_printf(
            dt->e->arena, "arm,%s", dt->b->cpu ? dt->b->cpu : "armv8");

        pcc_tree_set_string(dt->tree, cpu, "device_type", "cpu");
        pcc_tree_set_string(dt->tree, cpu, "compatible",
                            compatible ? compatible : "");
        set_cell(dt, cpu, "reg", affinity(i));
        if (has_psci(dt->b)) {
            pcc_tree_set_string(dt->tree, cpu, "enable-method", "psci");
        }
    }
}

static void add_psci(struct dt *dt)
{
    static const char *const compatible[] = { "arm,psci-1.0",
                                              "arm,psci-0.2" };
    struct pcc_tnode *node;

    if (!has_psci(dt->b)) {
        return;
    }
    node = pcc_tree_child(dt->tree, dt->tree->root, "psci");
    pcc_tree_set_strings(dt->tree, node, "compatible", compatible, 2);
    pcc_tree_set_string(dt->tree, node, "method",
                        dt->b->psci == PRT_PSCI_HVC ? "hvc" : "smc");
}

static bool is_gic(const struct pcc_native *n)
{
    return strcmp(n->type, "arm_gic") == 0 ||
           strcmp(n->type, "arm-gicv3") == 0;
}

static const struct pcc_native *find_gic(const struct pcc_board *b)
{
    size_t i;

    for (i = 0; i < b->native_count; i++) {
        if (is_gic(&b->natives[i])) {
            return &b->natives[i];
        }
    }
    return NULL;
}

/* The generic timer: its PPIs are the architecture's. */
static void add_timer(struct dt *dt)
{
    static const uint32_t ppis[] = { 13, 14, 11, 10 };
    const struct pcc_native *gic = find_gic(dt->b);
    uint32_t cells[12], mask = 0;
    struct pcc_tnode *node;
    unsigned i;

    if (!gic || profile_of(dt->b) == PROFILE_M) {
        return;
    }
    if (strcmp(gic->type, "arm_gic") == 0) {
        mask = ((1u << (dt->b->cpus < 8 ? dt->b->cpus : 8)) - 1) << 8;
    }
    for (i = 0; i < 4; i++) {
        cells[3 * i] = 1;
        cells[3 * i + 1] = ppis[i];
        cells[3 * i + 2] = mask | PCC_LEVEL_LOW;
    }
    node = pcc_tree_child(dt->tree, dt->tree->root, "timer");
    pcc_tree_set_string(dt->tree, node, "compatible",
                        profile_of(dt->b) == PROFILE_A64 ?
                        "arm,armv8-timer" : "arm,armv7-timer");
    pcc_tree_set_cells(dt->tree, node, "interrupts", cells, 12);
}

/* ---- memories ---- */

static void add_sram(struct dt *dt, const struct pcc_memory *m)
{
    struct pcc_tnode *node = child(dt, dt->tree->root, "sram", m->base);
    uint32_t reg[4], ranges[4];

    put_pair(reg, m->base, m->size);
    pcc_tree_set_string(dt->tree, node, "compatible", "mmio-sram");
    pcc_tree_set_cells(dt->tree, node, "reg", reg, 4);
    set_cell(dt, node, "#address-cells", 1);
    set_cell(dt, node, "#size-cells", 1);
    ranges[0] = 0;
    dt_put_cells(ranges + 1, 2, m->base);
    ranges[3] = m->size;
    pcc_tree_set_cells(dt->tree, node, "ranges", ranges, 4);
}

static void add_memories(struct dt *dt)
{
    size_t i;

    for (i = 0; i < dt->b->memory_count; i++) {
        const struct pcc_memory *m = &dt->b->memories[i];
        struct pcc_tnode *node;
        uint32_t reg[4];

        if (m->is_alias) {
            continue;
        }
        if (!m->read_only && m->size < SRAM_LIMIT) {
            add_sram(dt, m);
            continue;
        }
        put_pair(reg, m->base, m->size);
        if (m->read_only) {
            node = child(dt, dt->tree->root, "rom", m->base);
            pcc_tree_set_string(dt->tree, node, "compatible", "mtd-rom");
            set_cell(dt, node, "bank-width", 4);
        } else {
            node = child(dt, dt->tree->root, "memory", m->base);
            pcc_tree_set_string(dt->tree, node, "device_type", "memory");
        }
        pcc_tree_set_cells(dt->tree, node, "reg", reg, 4);
    }
}

/* ---- natives ---- */

struct known_native {
    const char *type;
    const char *name;
    const char *compatible[2];
    uint64_t sizes[2];
    bool interrupts;        /* an interrupt controller of three cells */
};

static const struct known_native known_natives[] = {
    { "arm_gic", "interrupt-controller", { "arm,gic-400" },
      { 0x1000, 0x2000 }, true },
    { "arm-gicv3", "interrupt-controller", { "arm,gic-v3" },
      { 0x10000, 0x20000 }, true },
    { "pl011", "serial", { "arm,pl011", "arm,primecell" },
      { 0x1000, 0 }, false },
    { "pl031", "rtc", { "arm,pl031", "arm,primecell" },
      { 0x1000, 0 }, false },
    { "pl061", "gpio", { "arm,pl061", "arm,primecell" },
      { 0x1000, 0 }, false },
    { "sp804", "timer", { "arm,sp804", "arm,primecell" },
      { 0x1000, 0 }, false },
};

static void native_reg(struct dt *dt, const struct pcc_native *n,
                       const struct known_native *k, struct pcc_tnode *node)
{
    uint32_t cells[4 * PCC_MAX_ADDRESSES];
    size_t i, count = 0;

    for (i = 0; i < n->address_count; i++) {
        uint64_t size = k && i < 2 && k->sizes[i] ? k->sizes[i] : 0x1000;

        if (i == 1 && strcmp(n->type, "arm-gicv3") == 0) {
            size *= dt->b->cpus;
        }
        count += put_pair(cells + count, n->addresses[i], size);
    }
    pcc_tree_set_cells(dt->tree, node, "reg", cells, count);
}

static void add_native(struct dt *dt, struct pcc_tnode *soc,
                       const struct pcc_native *n)
{
    const struct known_native *k = NULL;
    struct pcc_tnode *node;
    size_t i;

    for (i = 0; i < sizeof(known_natives) / sizeof(known_natives[0]); i++) {
        if (strcmp(known_natives[i].type, n->type) == 0) {
            k = &known_natives[i];
        }
    }
    if (!n->address_count || (!k && !n->dt_count)) {
        return;
    }
    node = child(dt, soc, k ? k->name : n->name, n->addresses[0]);
    if (!node) {
        return;
    }
    node->label = dt_label(dt, n->name);
    if (k) {
        pcc_tree_set_strings(dt->tree, node, "compatible", k->compatible,
                             k->compatible[1] ? 2 : 1);
    }
    native_reg(dt, n, k, node);
    if (k && k->interrupts) {
        pcc_tree_set(dt->tree, node, "interrupt-controller", "", 0);
        set_cell(dt, node, "#interrupt-cells", 3);
        set_cell(dt, node, "#address-cells", 0);
    }
}

static void add_nvic(struct dt *dt, struct pcc_tnode *soc)
{
    struct pcc_tnode *node;
    uint32_t reg[4];

    if (profile_of(dt->b) != PROFILE_M) {
        return;
    }
    node = child(dt, soc, "interrupt-controller", 0xe000e100);
    if (!node) {
        return;
    }
    node->label = "nvic";
    put_pair(reg, 0xe000e100, 0xc00);
    pcc_tree_set_string(dt->tree, node, "compatible", "arm,armv7m-nvic");
    pcc_tree_set_cells(dt->tree, node, "reg", reg, 4);
    pcc_tree_set(dt->tree, node, "interrupt-controller", "", 0);
    set_cell(dt, node, "#interrupt-cells", 1);
    set_cell(dt, node, "#address-cells", 0);
}

/* ---- the root ---- */

static void add_root(struct dt *dt)
{
    struct pcc_tnode *root = dt->tree->root;
    const struct pcc_board *b = dt->b;
    const struct pcc_native *gic = find_gic(b);

    set_cell(dt, root, "#address-cells", 2);
    set_cell(dt, root, "#size-cells", 2);
    pcc_tree_set_string(dt->tree, root, "model", b->text ? b->text :
                        b->name);
    if (b->compatible_count) {
        pcc_tree_set_strings(dt->tree, root, "compatible", b->compatible,
                             b->compatible_count);
    }
    if (gic) {
        dt_ref_cell(dt, root, "interrupt-parent", dt_label(dt, gic->name));
    } else if (profile_of(b) == PROFILE_M) {
        dt_ref_cell(dt, root, "interrupt-parent", "nvic");
    }
}

void dt_generate(struct dt *dt)
{
    struct pcc_tnode *soc;
    size_t i;

    add_root(dt);
    pcc_tree_child(dt->tree, dt->tree->root, "aliases");
    pcc_tree_child(dt->tree, dt->tree->root, "chosen");
    add_cpus(dt);
    add_psci(dt);
    add_timer(dt);
    add_memories(dt);
    soc = pcc_tree_child(dt->tree, dt->tree->root, "soc");
    if (!soc || dt->tree->failed) {
        dt->tree->failed = true;
        return;
    }
    pcc_tree_set_string(dt->tree, soc, "compatible", "simple-bus");
    set_cell(dt, soc, "#address-cells", 2);
    set_cell(dt, soc, "#size-cells", 2);
    pcc_tree_set(dt->tree, soc, "ranges", "", 0);
    add_nvic(dt, soc);
    for (i = 0; i < dt->b->native_count; i++) {
        add_native(dt, soc, &dt->b->natives[i]);
    }
}

/* The console in /aliases and /chosen; empty nodes go. */
static void add_console(struct dt *dt)
{
    const struct pcc_board *b = dt->b;
    const char *name = b->console != PCC_NONE ?
                       b->instances[b->console].name :
                       b->console_native != PCC_NONE ?
                       b->natives[b->console_native].name : NULL;
    struct pcc_tnode *aliases = pcc_tree_find_child(dt->tree->root,
                                                    "aliases");
    struct pcc_tnode *chosen = pcc_tree_find_child(dt->tree->root,
                                                   "chosen");
    const struct pcc_tnode *node = name ?
        pcc_tree_label(dt->tree, dt_label(dt, name)) : NULL;
    const char *path = node ? pcc_tree_path_of(dt->tree, node) : NULL;

    if (path && !pcc_tree_get(aliases, "serial0")) {
        pcc_tree_set_string(dt->tree, aliases, "serial0", path);
        pcc_tree_set_string(dt->tree, chosen, "stdout-path", "serial0");
    }
    if (!aliases->props && !aliases->children) {
        pcc_tree_remove(aliases);
    }
    if (!chosen->props && !chosen->children) {
        pcc_tree_remove(chosen);
    }
}

/* ---- emitters ---- */

/* Blob @n, from 1 on, of an image. */
static int read_base(struct dt *dt, const void *bytes, size_t size,
                     unsigned n, struct pdl_span span)
{
    struct dt_found found = { 0, 0 };
    size_t from = 0;
    int err = 1;

    while (err > 0 && n--) {
        err = dt_find(bytes, size, from, &found);
        from = found.offset + 1;
    }
    if (err < 0) {
        return PCC_ERR_NOMEM;
    }
    if (!err) {
        dt_report(dt, span, PDL_D_BAD_BASE_TREE,
                  "there is no device tree in it");
        return PCC_ERR_INPUT;
    }
    err = pcc_tree_read(dt->base, dt->e->arena,
                        (const uint8_t *)bytes + found.offset, found.size);
    if (err) {
        dt_report(dt, span, PDL_D_BAD_BASE_TREE, fdt_strerror(err));
        return PCC_ERR_INPUT;
    }
    return dt->base->failed ? PCC_ERR_NOMEM : PCC_OK;
}

/* `base: "x.dtb"` of the board. */
static int read_named_base(struct dt *dt)
{
    struct pcc_origin origin = { .span = dt->b->base_span };
    const char *path = pcc_emit_find_file(dt->e, &origin, dt->b->base);
    unsigned tree = 1;
    size_t size = 0;
    char *bytes;
    int err;

    if (!path) {
        size_t len = dt_find_split(dt->b->base, &tree);
        const char *image = pdl_arena_copy(dt->e->arena, dt->b->base, len);

        path = image ? pcc_emit_find_file(dt->e, &origin, image) : NULL;
    }
    if (!path) {
        if (!dt->quiet) {
            pcc_emit_missing(dt->e, &origin, dt->b->base);
        }
        return PCC_ERR_INPUT;
    }
    err = pdl_read_file(path, PCC_MAX_FOREIGN_BYTES, &bytes, &size);
    if (err == PDL_ERR_NOMEM) {
        return PCC_ERR_NOMEM;
    }
    if (err) {
        dt_report(dt, origin.span, PDL_D_BAD_BASE_TREE,
                  err == PDL_ERR_TOO_BIG ?
                  "the file is larger than 64 MiB, the most that is read" :
                  pdl_read_strerror(err));
        return PCC_ERR_INPUT;
    }
    err = read_base(dt, bytes, size, tree, origin.span);
    free(bytes);
    return err;
}

static int make_base(struct dt *dt)
{
    struct pdl_span nowhere = { 0, 0, 0 };

    dt->base = PDL_NEW(dt->e->arena, struct pcc_tree);
    if (!dt->base) {
        return PCC_ERR_NOMEM;
    }
    dt->tree = dt->base;
    dt->merging = dt->e->opts->base || dt->b->base;
    if (dt->e->opts->base) {
        return read_base(dt, dt->e->opts->base, dt->e->opts->base_size,
                         1, nowhere);
    }
    if (dt->b->base) {
        return read_named_base(dt);
    }
    pcc_tree_init(dt->base, dt->e->arena);
    if (dt->base->failed) {
        return PCC_ERR_NOMEM;
    }
    dt_generate(dt);
    return dt->base->failed ? PCC_ERR_NOMEM : PCC_OK;
}

static bool leads_somewhere(struct dt *dt, const struct pcc_tref *ref)
{
    if (pcc_tree_target(dt->tree, ref->label)) {
        return true;
    }
    /* in the base, which is not known: fix_path() says so */
    if (*ref->label == '/' && dt->for_overlay && !dt->merging) {
        return true;
    }
    /* paths in an overlay: fix_path() */
    return dt->tree->overlay &&
           (*ref->label == '/' || pcc_tree_label(dt->base, ref->label));
}

/* In an overlay a label the base lacks would silently become a fix-up. */
static void check_labels(struct dt *dt)
{
    const struct pcc_tnode *node;

    for (node = dt->tree->root; node; node = pcc_tree_next(node)) {
        const struct pcc_tprop *p;
        const struct pcc_tref *r;

        for (p = node->props; p; p = p->next) {
            for (r = p->refs; r; r = r->next) {
                if (!leads_somewhere(dt, r)) {
                    dt_unknown_label(dt, r->span, r->label);
                }
            }
        }
    }
}

/*
 * A path of the base in an overlay: no loader looks that up, so the cell is
 * the phandle that the base has there.  Where it has none a fragment brings
 * one, to which the cell refers as to any node of the overlay.
 * False: the reference stays.
 */
static bool fix_path(struct dt *dt, struct pcc_tprop *p, struct pcc_tref *r)
{
    struct pcc_tnode *to = dt->merging ? pcc_tree_path(dt->base, r->label) :
                           NULL;
    fdt32_t cell;

    if (!to) {
        dt_report(dt, r->span, PDL_D_BAD_DT, pdl_arena_printf(
            dt->e->arena, dt->merging ? "the base has no node %s" :
            "an overlay refers to %s by path: --merge says what is there",
            r->label));
        return false;
    }
    if (!to->phandle) {
        const struct pcc_tnode *place = dt_mirror(dt, to);
        const char *path = place ? pcc_tree_path_of(dt->tree, place) : NULL;

        dt->tree->failed |= !path;
        r->label = path ? path : r->label;
        return false;
    }
    cell = cpu_to_fdt32(to->phandle);
    if (r->offset + sizeof(cell) <= p->size) {
        /* the value lies in the arena: only its type is const */
        memcpy((uint8_t *)p->value + r->offset, &cell, sizeof(cell));
    }
    return true;
}

static void fix_paths(struct dt *dt)
{
    struct pcc_tnode *node;

    for (node = dt->tree->root; node; node = pcc_tree_next(node)) {
        struct pcc_tprop *p;
        struct pcc_tref **at;

        for (p = node->props; p; p = p->next) {
            at = &p->refs;
            while (*at) {
                if (*(*at)->label == '/' && !(*at)->path_string &&
                    fix_path(dt, p, *at)) {
                    *at = (*at)->next;
                } else {
                    at = &(*at)->next;
                }
            }
        }
    }
}

static int build(struct dt *dt, bool overlay)
{
    struct pcc_tree *out;
    int err = make_base(dt);

    if (err) {
        return err;
    }
    if (overlay) {
        out = PDL_NEW(dt->e->arena, struct pcc_tree);
        if (!out) {
            return PCC_ERR_NOMEM;
        }
        pcc_tree_init(out, dt->e->arena);
        out->overlay = true;
        dt->tree = out;
        if (out->failed) {
            return PCC_ERR_NOMEM;
        }
    }
    dt_place_all(dt);
    if (dt->tree->failed || dt->base->failed) {
        return PCC_ERR_NOMEM;
    }
    check_labels(dt);
    if (overlay) {
        fix_paths(dt);
    } else if (!dt->merging) {
        add_console(dt);
    }
    if (dt->tree->failed || dt->base->failed) {
        return PCC_ERR_NOMEM;
    }
    if (!dt->err) {
        pcc_tree_resolve(dt->tree);
    }
    return dt->err;
}

/* New labels join __symbols__ where the base has it. */
static void add_symbols(struct dt *dt)
{
    if (!dt->merging || pcc_tree_find_child(dt->tree->root, "__symbols__")) {
        pcc_tree_add_symbols(dt->tree);
    }
}

static struct dt *new_dt(struct pcc_emit *e)
{
    struct dt *dt = PDL_NEW(e->arena, struct dt);

    if (dt) {
        dt->e = e;
        dt->b = e->model->board;
    }
    return dt;
}

/* The tree as a kernel sees it goes through the checks. */
static int check_tree(struct dt *dt)
{
    size_t before = pdl_diags_errors(dt->e->diags);

    cc_check_tree(dt->e->cc, dt->tree);
    return pdl_diags_errors(dt->e->diags) > before ? PCC_ERR_INPUT : PCC_OK;
}

static int check_dt(struct pcc_emit *e, bool for_overlay)
{
    size_t before = pdl_diags_errors(e->diags);
    struct dt *dt = new_dt(e);
    int err;

    if (!dt) {
        return PCC_ERR_NOMEM;
    }
    dt->quiet = true;
    dt->for_overlay = for_overlay;
    err = build(dt, false);
    if (err == PCC_ERR_INPUT && pdl_diags_errors(e->diags) == before) {
        return PCC_OK;          /* what only the output itself tells */
    }
    return err ? err : check_tree(dt);
}

int pcc_check_dt(struct pcc_emit *e)
{
    return check_dt(e, false);
}

static int emit(struct pcc_emit *e, bool overlay, bool text)
{
    struct dt *dt = new_dt(e);
    int err;

    if (!dt) {
        return PCC_ERR_NOMEM;
    }
    err = overlay ? check_dt(e, true) : PCC_OK;
    if (!err) {
        err = build(dt, overlay);
    }
    if (!err && !overlay) {
        err = check_tree(dt);
    }
    if (err) {
        return err;
    }
    if (text) {
        if (dt->merging && !overlay) {
            add_symbols(dt);
        }
        pcc_tree_write_dts(dt->tree, e->out);
    } else {
        if (!overlay) {
            add_symbols(dt);
        }
        err = pcc_tree_write_blob(dt->tree, e->out);
    }
    if (err) {
        return err == -FDT_ERR_NOSPACE ? PCC_ERR_LIMIT : PCC_ERR_INTERNAL;
    }
    return dt->tree->failed ? PCC_ERR_NOMEM : PCC_OK;
}

int pcc_emit_dtb(struct pcc_emit *e)
{
    return emit(e, false, false);
}

int pcc_emit_dts(struct pcc_emit *e)
{
    return emit(e, false, true);
}

int pcc_emit_dtbo(struct pcc_emit *e)
{
    return emit(e, true, false);
}

int pcc_emit_dtso(struct pcc_emit *e)
{
    return emit(e, true, true);
}
