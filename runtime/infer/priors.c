/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees, SVD files and boards as what the library engine asks. */
#include "runtime/infer/priors.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "compiler/dt_address.h"
#include "compiler/dt_find.h"
#include "compiler/dtree.h"
#include "dsl/diag.h"

#define PRIORS 64u              /* boards, and blocks that were looked at */
#define DIRS 32u
#define SVD_HEAD 4096u          /* bytes that tell an SVD file */

struct prior {
    enum inf_prior_kind kind;
    bool found;
    unsigned answers;
    char *source;
    struct pcc *pcc;
    bool has_console;
    uint64_t console;
};

struct block {
    const struct pcc_ip *ip;
    struct pcc *pcc;            /* NULL: it does not compile */
};

struct inf_priors {
    char *dirs[DIRS];
    size_t dir_count;
    struct prior priors[PRIORS];
    unsigned count;
    struct block blocks[PRIORS];
    unsigned block_count;
    bool library_read;
    struct pcc_library *library;
};

struct inf_priors *inf_priors_new(const char *const *dirs, size_t count)
{
    struct inf_priors *p = calloc(1, sizeof(*p));
    size_t i;

    for (i = 0; p && i < count && i < DIRS; i++) {
        p->dirs[i] = strdup(dirs[i]);
        if (!p->dirs[i]) {
            inf_priors_free(p);
            return NULL;
        }
        p->dir_count++;
    }
    return p;
}

void inf_priors_free(struct inf_priors *p)
{
    unsigned i;

    if (!p) {
        return;
    }
    for (i = 0; i < p->count; i++) {
        free(p->priors[i].source);
        pcc_free(p->priors[i].pcc);
    }
    for (i = 0; i < p->block_count; i++) {
        pcc_free(p->blocks[i].pcc);
    }
    for (i = 0; i < p->dir_count; i++) {
        free(p->dirs[i]);
    }
    pcc_library_free(p->library);
    free(p);
}

static struct pcc *new_session(const struct inf_priors *p)
{
    struct pcc_options opts = {
        .import_dirs = (const char *const *)p->dirs,
        .import_dir_count = p->dir_count,
    };

    return pcc_new(&opts);
}

/* ---- what a file is ---- */

static bool has_tree(const void *bytes, size_t size)
{
    struct dt_found found;

    return dt_find(bytes, size, 0, &found) == 1;
}

static bool is_svd(const void *bytes, size_t size)
{
    size_t head = size < SVD_HEAD ? size : SVD_HEAD;

    return memmem(bytes, head, "<?xml", 5) &&
        memmem(bytes, size, "<peripherals", 12);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int error_of(int err)
{
    return err == PCC_OK ? 0 : err == PCC_ERR_NOMEM ? INF_E_NOMEM :
        INF_E_FORMAT;
}

/* ---- the console that a tree names ---- */

static const struct pcc_tnode *stdout_node(const struct pcc_tree *t)
{
    const struct pcc_tnode *chosen = pcc_tree_find_child(t->root, "chosen");
    const struct pcc_tnode *aliases = pcc_tree_find_child(t->root, "aliases");
    const struct pcc_tprop *p = NULL;
    char name[256];
    size_t len;

    if (chosen) {
        p = pcc_tree_get(chosen, "stdout-path");
    }
    if (!p || !p->size || p->value[p->size - 1]) {
        return NULL;
    }
    len = strcspn((const char *)p->value, ":");
    if (len >= sizeof(name)) {
        return NULL;
    }
    memcpy(name, p->value, len);
    name[len] = '\0';
    if (name[0] == '/') {
        return pcc_tree_path(t, name);
    }
    p = aliases ? pcc_tree_get(aliases, name) : NULL;
    return p && p->size && !p->value[p->size - 1] ?
        pcc_tree_path(t, (const char *)p->value) : NULL;
}

/* Of the tree that the importer takes: the first that has devices. */
static int find_console(struct prior *prior, const uint8_t *bytes,
                        size_t size)
{
    struct pdl_arena *arena = pdl_arena_new();
    struct dt_found found;
    size_t from = 0, claims = 0;
    int ret = 0;

    while (arena && !claims && dt_find(bytes, size, from, &found) == 1) {
        const struct pcc_tnode *node;
        struct pcc_tree tree;
        uint64_t length;

        if (pcc_tree_read(&tree, arena, bytes + found.offset,
                          found.size) == 0 && !tree.failed) {
            dt_claims(&tree, &claims);
            node = claims ? stdout_node(&tree) : NULL;
            prior->has_console = node &&
                dt_reg(node, 0, &prior->console, &length);
        }
        from = found.offset + 1;
    }
    if (!arena) {
        ret = INF_E_NOMEM;
    }
    pdl_arena_free(arena);
    return ret;
}

/* ---- adding ---- */

/* The board that an importer makes of something. */
static int import(const struct inf_priors *p, const char *importer,
                  const struct pcc_import_options *opts,
                  struct pdl_strbuf *text, struct pdl_strbuf *why)
{
    struct pcc *s = new_session(p);
    int err = s ? pcc_import(s, importer, opts, text) : PCC_ERR_NOMEM;

    if (err && s) {
        pdl_diags_print_text(pcc_diags(s), pcc_sources(s), false, why);
    }
    pcc_free(s);
    return error_of(err);
}

static int compile(const struct inf_priors *p, const char *path,
                   const char *text, size_t len, struct prior *prior,
                   struct pdl_strbuf *why)
{
    int err;

    prior->pcc = new_session(p);
    err = prior->pcc ? pcc_add_buffer(prior->pcc, path, text, len) :
        PCC_ERR_NOMEM;
    err = err ? err : pcc_compile(prior->pcc);
    if (err) {
        if (prior->pcc) {
            pdl_diags_print_text(pcc_diags(prior->pcc),
                                 pcc_sources(prior->pcc), false, why);
        }
    } else if (!pcc_get_model(prior->pcc)->board) {
        pdl_strbuf_printf(why, "%s: no board is declared in it\n", path);
        err = PCC_ERR_INPUT;
    }
    return error_of(err);
}

static int add(struct inf_priors *p, struct prior *prior, const char *path,
               const struct pcc_import_options *opts, struct pdl_strbuf *why)
{
    static const char *const importers[] = {
        [INF_PRIOR_TREE] = "dtb", [INF_PRIOR_SVD] = "svd",
        [INF_PRIOR_BOARD] = NULL,
    };
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    int ret = 0;

    if (prior->kind == INF_PRIOR_BOARD) {
        return compile(p, path, opts->bytes, opts->size, prior, why);
    }
    ret = import(p, importers[prior->kind], opts, &text, why);
    if (ret == 0) {
        ret = compile(p, path, pdl_strbuf_str(&text), text.len, prior, why);
    }
    if (ret == 0 && prior->kind == INF_PRIOR_TREE) {
        ret = find_console(prior, opts->bytes, opts->size);
    }
    pdl_strbuf_dispose(&text);
    return ret;
}

int inf_priors_add(struct inf_priors *p, const char *path, const void *bytes,
                   size_t size, bool image, struct pdl_strbuf *why)
{
    struct pcc_import_options opts = {
        .path = path, .bytes = bytes, .size = size, .name = "prior",
        .no_natives = true,
    };
    struct prior prior = { .kind = INF_PRIOR_BOARD, .found = image };
    int ret;

    if (p->count == PRIORS) {
        pdl_strbuf_printf(why, "%s: more than %u priors\n", path, PRIORS);
        return INF_E_FORMAT;
    }
    if (has_tree(bytes, size)) {
        prior.kind = INF_PRIOR_TREE;
    } else if (image) {
        return 1;
    } else if (is_svd(bytes, size)) {
        prior.kind = INF_PRIOR_SVD;
    } else if (memchr(bytes, '\0', size)) {
        pdl_strbuf_printf(why, "%s: neither a device tree, nor an SVD file, "
                          "nor .periph text\n", path);
        return INF_E_FORMAT;
    }
    prior.source = strdup(last_part(path));
    ret = prior.source ? add(p, &prior, path, &opts, why) : INF_E_NOMEM;
    if (ret) {
        pcc_free(prior.pcc);
        free(prior.source);
        return ret;
    }
    p->priors[p->count++] = prior;
    return 0;
}

bool inf_priors_info(const struct inf_priors *p, unsigned index,
                     struct inf_prior_info *out)
{
    const struct prior *prior = &p->priors[index];

    if (index >= p->count) {
        return false;
    }
    out->kind = prior->kind;
    out->source = prior->source;
    out->found = prior->found;
    out->answers = prior->answers;
    return true;
}

void inf_priors_used(struct inf_priors *p, const struct inf_prior_hit *hit)
{
    unsigned i;

    for (i = 0; i < p->count; i++) {
        p->priors[i].answers += p->priors[i].source == hit->source;
    }
}

/* ---- asking ---- */

static bool prior_at(const struct prior *prior, uint64_t phys,
                     struct inf_prior_hit *out)
{
    const struct pcc_model *model = pcc_get_model(prior->pcc);
    const struct pcc_board *board = model->board;
    bool any = false;
    size_t i;

    for (i = 0; i < board->instance_count; i++) {
        const struct pcc_instance *inst = &board->instances[i];
        const struct pcc_device *device = &model->devices[inst->device];

        if (inst->alternate != PCC_NONE || device->region_count > 1 ||
            phys < inst->address || phys - inst->address >= device->size ||
            (any && device->size >= out->size)) {
            continue;
        }
        memset(out, 0, sizeof(*out));
        out->instance = (uint32_t)i;
        out->device = device;
        out->base = inst->address;
        out->size = device->size;
        out->console = prior->has_console ? prior->console == inst->address :
            board->console == i;
        any = true;
    }
    if (any) {
        out->kind = prior->kind;
        out->source = prior->source;
        out->found = prior->found;
        out->model = model;
        out->other_console = !out->console &&
            (prior->has_console || board->console != PCC_NONE);
    }
    return any;
}

bool inf_priors_at(const struct inf_priors *p, uint64_t phys,
                   struct inf_prior_hit *out)
{
    unsigned i;

    for (i = 0; i < p->count; i++) {
        if (prior_at(&p->priors[i], phys, out)) {
            return true;
        }
    }
    return false;
}

/* A device of which the tree says that it is memory. */
static bool is_sram(const struct pcc_device *device)
{
    size_t i;

    for (i = 0; i < device->compatible_count; i++) {
        if (strcmp(device->compatible[i], "mmio-sram") == 0) {
            return true;
        }
    }
    return false;
}

static bool sram_at(const struct prior *prior, uint64_t phys,
                    struct inf_prior_memory *out)
{
    const struct pcc_model *model = pcc_get_model(prior->pcc);
    size_t i;

    for (i = 0; i < model->board->instance_count; i++) {
        const struct pcc_instance *inst = &model->board->instances[i];
        const struct pcc_device *device = &model->devices[inst->device];

        if (phys >= inst->address && phys - inst->address < device->size &&
            is_sram(device)) {
            *out = (struct inf_prior_memory) {
                inst->address, device->size, inst->name, prior->source,
            };
            return true;
        }
    }
    return false;
}

static bool memory_at(const struct prior *prior, uint64_t phys,
                      struct inf_prior_memory *out)
{
    const struct pcc_board *board = pcc_get_model(prior->pcc)->board;
    size_t i;

    for (i = 0; i < board->memory_count; i++) {
        const struct pcc_memory *m = &board->memories[i];

        if (phys >= m->base && phys - m->base < m->size && !m->read_only &&
            !m->is_alias) {
            *out = (struct inf_prior_memory) {
                m->base, m->size, m->name, prior->source,
            };
            return true;
        }
    }
    return false;
}

bool inf_priors_memory(const struct inf_priors *p, uint64_t phys,
                       struct inf_prior_memory *out)
{
    struct inf_prior_hit hit;
    unsigned i;

    for (i = 0; i < p->count; i++) {
        if (sram_at(&p->priors[i], phys, out)) {
            return true;
        }
        if (prior_at(&p->priors[i], phys, &hit)) {
            return false;
        }
        if (memory_at(&p->priors[i], phys, out)) {
            return true;
        }
    }
    return false;
}

bool inf_priors_gic(const struct inf_priors *p, uint64_t phys,
                    struct inf_prior_native *out)
{
    unsigned i;
    size_t k, a;

    for (i = 0; i < p->count; i++) {
        const struct pcc_board *board =
            pcc_get_model(p->priors[i].pcc)->board;

        for (k = 0; k < board->native_count; k++) {
            const struct pcc_native *n = &board->natives[k];
            bool v3 = strcmp(n->type, "arm-gicv3") == 0;

            for (a = 0; (v3 || strcmp(n->type, "arm_gic") == 0) &&
                        a < n->address_count; a++) {
                uint64_t size = !v3 ? 0x1000 : a == 0 ? 0x10000 : 0x20000;

                if (phys >= n->addresses[a] &&
                    phys - n->addresses[a] < size) {
                    *out = (struct inf_prior_native) {
                        n, p->priors[i].source,
                    };
                    return true;
                }
            }
        }
    }
    return false;
}

bool inf_priors_gap(const struct inf_priors *p, uint64_t phys, uint64_t *lo,
                    uint64_t *hi)
{
    uint64_t first = *lo, end = *hi;
    unsigned i;
    size_t k;

    for (i = 0; i < p->count; i++) {
        const struct pcc_model *model = pcc_get_model(p->priors[i].pcc);

        for (k = 0; k < model->board->instance_count; k++) {
            const struct pcc_instance *inst = &model->board->instances[k];
            uint64_t size = model->devices[inst->device].size;

            if (inst->address > phys && inst->address < *hi) {
                *hi = inst->address;
            } else if (inst->address <= phys &&
                       phys - inst->address >= size &&
                       inst->address + size > *lo) {
                *lo = inst->address + size;
            }
        }
    }
    return *lo != first || *hi != end;
}

const struct pcc_library *inf_priors_library(struct inf_priors *p)
{
    if (!p->library_read) {
        p->library_read = true;
        if (pcc_library_open((const char *const *)p->dirs, p->dir_count,
                             &p->library) != PCC_OK) {
            p->library = NULL;
        }
    }
    return p->library;
}

const struct pcc_device *inf_priors_block(struct inf_priors *p,
                                          const struct pcc_ip *ip)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    struct block *b;
    unsigned i;
    int err;

    for (i = 0; i < p->block_count && p->blocks[i].ip != ip; i++) {
    }
    b = &p->blocks[i];
    if (i == p->block_count) {
        if (i == PRIORS) {
            return NULL;
        }
        pdl_strbuf_printf(&text, "periph 1;\nimport \"%s\";\n", ip->import);
        b->ip = ip;
        b->pcc = new_session(p);
        err = b->pcc ? pcc_add_buffer(b->pcc, "block.periph",
                                      pdl_strbuf_str(&text), text.len) :
            PCC_ERR_NOMEM;
        if (err || pcc_compile(b->pcc) != PCC_OK) {
            pcc_free(b->pcc);
            b->pcc = NULL;
        }
        pdl_strbuf_dispose(&text);
        p->block_count++;
    }
    return b->pcc ? pcc_find_device(pcc_get_model(b->pcc), ip->device) : NULL;
}
