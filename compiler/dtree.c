/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/dtree.h"

#include <string.h>

#include <libfdt.h>

static struct pcc_tnode *new_node(struct pcc_tree *t,
                                  struct pcc_tnode *parent, const char *name,
                                  size_t len)
{
    struct pcc_tnode *node = PDL_NEW(t->arena, struct pcc_tnode);
    char *copy = pdl_arena_copy(t->arena, name, len);

    if (!node || !copy) {
        t->failed = true;
        return NULL;
    }
    node->name = copy;
    node->parent = parent;
    node->prop_tail = &node->props;
    node->child_tail = &node->children;
    if (parent) {
        *parent->child_tail = node;
        parent->child_tail = &node->next;
    }
    return node;
}

void pcc_tree_init(struct pcc_tree *t, struct pdl_arena *arena)
{
    memset(t, 0, sizeof(*t));
    t->arena = arena;
    t->root = new_node(t, NULL, "", 0);
}

/* The value stays where it is: the blob lies in the arena, too. */
static void read_prop(struct pcc_tree *t, const void *fdt, int offset,
                      struct pcc_tnode *node)
{
    struct pcc_tprop *p = PDL_NEW(t->arena, struct pcc_tprop);
    int len = 0;
    const void *value = fdt_getprop_by_offset(fdt, offset, p ? &p->name :
                                              NULL, &len);

    if (!p) {
        t->failed = true;
        return;
    }
    if (!value || len < 0) {
        return;
    }
    p->value = value;
    p->size = len;
    *node->prop_tail = p;
    node->prop_tail = &p->next;
    if (len == 4 && (strcmp(p->name, "phandle") == 0 ||
                     (!node->phandle &&
                      strcmp(p->name, "linux,phandle") == 0))) {
        node->phandle = pcc_tree_cell(node, p->name, 0, 0);
    }
}

/* __symbols__ gives labels to the nodes it names. */
static void read_symbols(struct pcc_tree *t)
{
    struct pcc_tnode *symbols = pcc_tree_find_child(t->root, "__symbols__");
    struct pcc_tprop *p;

    for (p = symbols ? symbols->props : NULL; p; p = p->next) {
        struct pcc_tnode *node;

        if (!p->size || p->value[p->size - 1]) {
            continue;
        }
        node = pcc_tree_path(t, (const char *)p->value);
        if (node && !node->label) {
            node->label = p->name;
        }
    }
}

static void index_phandles(struct pcc_tree *t);

#define MAX_DEPTH 64

static struct pcc_tnode *read_node(struct pcc_tree *t, const void *fdt,
                                   int offset, struct pcc_tnode *parent)
{
    int len;
    const char *name = fdt_get_name(fdt, offset, &len);

    return name ? new_node(t, parent, name, len) : NULL;
}

/* fdt_check_full() has been through it: tags and their lengths are right. */
static int read_nodes(struct pcc_tree *t, const void *fdt)
{
    struct pcc_tnode *node = NULL;
    unsigned depth = 0;
    int offset, next = 0;

    for (;;) {
        offset = next;
        switch (fdt_next_tag(fdt, offset, &next)) {
        case FDT_BEGIN_NODE:
            if (++depth > MAX_DEPTH) {
                return -FDT_ERR_BADSTRUCTURE;
            }
            node = depth == 1 ? t->root : read_node(t, fdt, offset, node);
            if (!node) {
                return -FDT_ERR_BADSTRUCTURE;
            }
            break;
        case FDT_PROP:
            if (!node) {
                return -FDT_ERR_BADSTRUCTURE;
            }
            read_prop(t, fdt, offset, node);
            break;
        case FDT_END_NODE:
            if (!node || !--depth) {
                return 0;
            }
            node = node->parent;
            break;
        case FDT_NOP:
            break;
        default:
            return next < 0 ? next : -FDT_ERR_BADSTRUCTURE;
        }
    }
}

static int read_reserve(struct pcc_tree *t, const void *fdt)
{
    int count = fdt_num_mem_rsv(fdt);
    uint64_t *pairs;
    int i;

    if (count < 0) {
        return count;
    }
    pairs = pdl_arena_alloc(t->arena, (size_t)count * 2 * sizeof(*pairs));
    if (!pairs) {
        t->failed = true;
        return 0;
    }
    for (i = 0; i < count; i++) {
        int err = fdt_get_mem_rsv(fdt, i, &pairs[2 * i], &pairs[2 * i + 1]);

        if (err) {
            return err;
        }
    }
    t->reserve = pairs;
    t->reserve_count = count;
    return 0;
}

int pcc_tree_read(struct pcc_tree *t, struct pdl_arena *arena,
                  const void *blob, size_t size)
{
    void *copy;
    int err;

    pcc_tree_init(t, arena);
    if (t->failed) {
        return 0;
    }
    if (size < sizeof(struct fdt_header)) {
        return -FDT_ERR_TRUNCATED;
    }
    copy = pdl_arena_copy(arena, blob, size);   /* for its alignment */
    if (!copy) {
        t->failed = true;
        return 0;
    }
    err = fdt_check_full(copy, size);
    if (err) {
        return err;
    }
    t->boot_cpu = fdt_boot_cpuid_phys(copy);
    err = read_reserve(t, copy);
    if (!err) {
        err = read_nodes(t, copy);
    }
    if (!err) {
        index_phandles(t);
        read_symbols(t);
    }
    return err;
}

struct pcc_tnode *pcc_tree_find_child(const struct pcc_tnode *parent,
                                      const char *name)
{
    struct pcc_tnode *node;

    for (node = parent->children; node; node = node->next) {
        if (strcmp(node->name, name) == 0) {
            return node;
        }
    }
    return NULL;
}

struct pcc_tnode *pcc_tree_child(struct pcc_tree *t, struct pcc_tnode *parent,
                                 const char *name)
{
    struct pcc_tnode *node;

    if (!parent) {
        return NULL;
    }
    node = pcc_tree_find_child(parent, name);
    return node ? node : new_node(t, parent, name, strlen(name));
}

/* Child of @parent by @len bytes of name, the unit address optional. */
static struct pcc_tnode *step(const struct pcc_tnode *parent,
                              const char *name, size_t len)
{
    struct pcc_tnode *node;
    struct pcc_tnode *loose = NULL;
    size_t loose_count = 0;

    for (node = parent->children; node; node = node->next) {
        if (strncmp(node->name, name, len) != 0) {
            continue;
        }
        if (!node->name[len]) {
            return node;
        }
        if (node->name[len] == '@' && !memchr(name, '@', len)) {
            loose = node;
            loose_count++;
        }
    }
    return loose_count == 1 ? loose : NULL;
}

struct pcc_tnode *pcc_tree_path(const struct pcc_tree *t, const char *path)
{
    struct pcc_tnode *node = t->root;

    if (*path != '/') {
        return NULL;
    }
    while (node && *path) {
        size_t len;

        path += strspn(path, "/");
        len = strcspn(path, "/");
        if (len) {
            node = step(node, path, len);
        }
        path += len;
    }
    return node;
}

struct pcc_tnode *pcc_tree_next(const struct pcc_tnode *node)
{
    if (node->children) {
        return node->children;
    }
    while (node && !node->next) {
        node = node->parent;
    }
    return node ? node->next : NULL;
}

struct pcc_tnode *pcc_tree_label(const struct pcc_tree *t, const char *label)
{
    struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        if (node->label && strcmp(node->label, label) == 0) {
            return node;
        }
    }
    return NULL;
}

struct pcc_tnode *pcc_tree_phandle(const struct pcc_tree *t, uint32_t phandle)
{
    struct pcc_tnode *node;

    if (phandle > t->max_phandle) {
        return NULL;
    }
    if (phandle < t->phandle_count) {
        node = t->by_phandle[phandle];
        return node && node->phandle == phandle ? node : NULL;
    }
    for (node = t->root; node && phandle; node = pcc_tree_next(node)) {
        if (node->phandle == phandle) {
            return node;
        }
    }
    return NULL;
}

#define MAX_TABLE 65536u    /* larger phandles are searched for */

/* The table of phandles that a blob came with. */
static void index_phandles(struct pcc_tree *t)
{
    struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        if (node->phandle >= UINT32_MAX - 1) {
            node->phandle = 0;      /* no handle: the format excludes it */
        }
        if (node->phandle > t->max_phandle) {
            t->max_phandle = node->phandle;
        }
        if (node->phandle < MAX_TABLE &&
            node->phandle >= t->phandle_count) {
            t->phandle_count = node->phandle + 1;
        }
    }
    t->by_phandle = pdl_arena_alloc(t->arena, (t->phandle_count + 1) *
                                    sizeof(t->by_phandle[0]));
    if (!t->by_phandle) {
        t->failed = true;
        t->phandle_count = 0;
        return;
    }
    for (node = t->root; node; node = pcc_tree_next(node)) {
        if (node->phandle && node->phandle < t->phandle_count &&
            !t->by_phandle[node->phandle]) {
            t->by_phandle[node->phandle] = node;
        }
    }
}

void pcc_tree_remove(struct pcc_tnode *node)
{
    struct pcc_tnode **at = &node->parent->children;
    struct pcc_tnode *gone, *end = node;

    while (!end->next && end->parent) {
        end = end->parent;
    }
    for (gone = node; gone && gone != end->next; gone = pcc_tree_next(gone)) {
        gone->phandle = 0;          /* nothing refers to them any more */
    }
    while (*at != node) {
        at = &(*at)->next;
    }
    *at = node->next;
    if (!*at) {
        node->parent->child_tail = at;
    }
}

const char *pcc_tree_path_of(const struct pcc_tree *t,
                             const struct pcc_tnode *node)
{
    const char *path = "";

    if (!node->parent) {
        return "/";
    }
    for (; node->parent && path; node = node->parent) {
        path = pdl_arena_printf(t->arena, "/%s%s", node->name, path);
    }
    return path;
}

const struct pcc_tprop *pcc_tree_get(const struct pcc_tnode *node,
                                     const char *name)
{
    const struct pcc_tprop *p;

    for (p = node->props; p; p = p->next) {
        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

void pcc_tree_unset(struct pcc_tnode *node, const char *name)
{
    struct pcc_tprop **at = &node->props;

    while (*at && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = (*at)->next;
        if (!*at) {
            node->prop_tail = at;
        }
    }
}

struct pcc_tprop *pcc_tree_set(struct pcc_tree *t, struct pcc_tnode *node,
                               const char *name, const void *value,
                               uint32_t size)
{
    struct pcc_tprop *p;

    if (!node) {
        return NULL;
    }
    p = (struct pcc_tprop *)pcc_tree_get(node, name);
    if (!p) {
        p = PDL_NEW(t->arena, struct pcc_tprop);
        if (!p || !(p->name = pdl_arena_strdup(t->arena, name))) {
            t->failed = true;
            return NULL;
        }
        *node->prop_tail = p;
        node->prop_tail = &p->next;
    }
    p->value = (const uint8_t *)pdl_arena_copy(t->arena, value, size);
    p->size = p->value ? size : 0;
    p->refs = NULL;
    if (!p->value) {
        t->failed = true;
        p->value = (const uint8_t *)"";
    }
    return p;
}

void pcc_tree_set_string(struct pcc_tree *t, struct pcc_tnode *node,
                         const char *name, const char *text)
{
    pcc_tree_set(t, node, name, text, strlen(text) + 1);
}

void pcc_tree_set_strings(struct pcc_tree *t, struct pcc_tnode *node,
                          const char *name, const char *const *texts,
                          size_t count)
{
    struct pdl_strbuf buf = PDL_STRBUF_INIT;
    size_t i;

    for (i = 0; i < count; i++) {
        pdl_strbuf_add(&buf, texts[i], strlen(texts[i]) + 1);
    }
    t->failed |= buf.failed;
    pcc_tree_set(t, node, name, pdl_strbuf_str(&buf), buf.len);
    pdl_strbuf_dispose(&buf);
}

struct pcc_tprop *pcc_tree_set_cells(struct pcc_tree *t,
                                     struct pcc_tnode *node, const char *name,
                                     const uint32_t *cells, size_t count)
{
    fdt32_t *value = pdl_arena_alloc(t->arena, count * sizeof(*value));
    size_t i;

    if (!value) {
        t->failed = true;
        return NULL;
    }
    for (i = 0; i < count; i++) {
        value[i] = cpu_to_fdt32(cells[i]);
    }
    return pcc_tree_set(t, node, name, value, count * sizeof(*value));
}

struct pcc_tref *pcc_tree_add_ref(struct pcc_tree *t, struct pcc_tprop *prop,
                                  uint32_t offset, const char *label)
{
    struct pcc_tref *ref = PDL_NEW(t->arena, struct pcc_tref);
    struct pcc_tref **at;

    if (!ref || !prop) {
        t->failed = true;
        return NULL;
    }
    ref->offset = offset;
    ref->label = label;
    for (at = &prop->refs; *at; at = &(*at)->next) {
    }
    *at = ref;
    return ref;
}

uint32_t pcc_tree_cell(const struct pcc_tnode *node, const char *name,
                       size_t i, uint32_t fallback)
{
    const struct pcc_tprop *p = pcc_tree_get(node, name);
    fdt32_t cell;

    if (!p || p->size / sizeof(cell) <= i) {
        return fallback;
    }
    memcpy(&cell, p->value + i * sizeof(cell), sizeof(cell));
    return fdt32_to_cpu(cell);
}

uint32_t pcc_tree_need_phandle(struct pcc_tree *t, struct pcc_tnode *node)
{
    if (!node->phandle) {
        node->phandle = ++t->max_phandle;
        pcc_tree_set_cells(t, node, "phandle", &node->phandle, 1);
    }
    return node->phandle;
}

struct pcc_tnode *pcc_tree_target(const struct pcc_tree *t, const char *label)
{
    return *label == '/' ? pcc_tree_path(t, label) : pcc_tree_label(t, label);
}

static void fill(struct pcc_tprop *p, uint32_t offset, uint32_t cell)
{
    fdt32_t be = cpu_to_fdt32(cell);

    if (offset <= p->size && p->size - offset >= sizeof(be)) {
        /* the value lies in the arena: only its type is const */
        memcpy((uint8_t *)p->value + offset, &be, sizeof(be));
    }
}

/* In an overlay: the path that a node has once it is applied. */
static const char *applied_path(const struct pcc_tree *t,
                                const struct pcc_tnode *node)
{
    const struct pcc_tnode *top = node;
    const struct pcc_tprop *target;
    const char *path = pcc_tree_path_of(t, node), *base;
    size_t skip;

    while (t->overlay && path && top->parent && top->parent->parent) {
        top = top->parent;
    }
    target = t->overlay ? pcc_tree_get(top, "target-path") : NULL;
    if (!target || !path) {
        return path;
    }
    skip = strlen(top->name) + strlen("//__overlay__");
    base = (const char *)target->value;
    if (strlen(path) <= skip) {
        return base;
    }
    return pdl_arena_printf(t->arena, "%s%s", strcmp(base, "/") == 0 ? "" :
                            base, path + skip);
}

static void resolve_prop(struct pcc_tree *t, struct pcc_tnode *node,
                         struct pcc_tprop *p)
{
    struct pcc_tref *ref;

    for (ref = p->refs; ref; ref = ref->next) {
        struct pcc_tnode *target = pcc_tree_target(t, ref->label);

        if (target && ref->path_string) {
            const char *path = applied_path(t, target);

            if (path) {
                pcc_tree_set_string(t, node, p->name, path);
            }
            return;
        }
        fill(p, ref->offset, target ? pcc_tree_need_phandle(t, target) :
             UINT32_MAX);
    }
}

void pcc_tree_resolve(struct pcc_tree *t)
{
    struct pcc_tnode *node;

    for (node = t->root; node; node = pcc_tree_next(node)) {
        struct pcc_tprop *p;

        for (p = node->props; p; p = p->next) {
            if (p->refs) {
                resolve_prop(t, node, p);
            }
        }
    }
}
