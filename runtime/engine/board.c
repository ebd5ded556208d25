/* SPDX-License-Identifier: BSD-2-Clause */
/* Validation of the board section of a file. */
#include "runtime/engine/priv.h"

struct board_check {
    const uint8_t *base;
    uint32_t size;
    uint64_t end;               /* of the last list seen */
    uint32_t nstrings;
};

/* Lists ascend and stay inside; an empty list may have any offset. */
static int bind_list(struct board_check *c, const struct prt_list *list,
                     size_t entry, const void **out)
{
    if (!list->count) {
        *out = NULL;
        return PRT_OK;
    }
    if (list->offset % 8 || list->offset < c->end) {
        return PRT_E_BOUNDS;
    }
    c->end = list->offset + (uint64_t)list->count * entry;
    if (c->end > c->size) {
        return PRT_E_BOUNDS;
    }
    *out = c->base + list->offset;
    return PRT_OK;
}

static int bind_lists(struct board_check *c, struct prt_board *b)
{
    int err;

#define BIND(name)                                                      \
    err = bind_list(c, &b->head->name, sizeof(*b->name),                \
                    (const void **)&b->name);                           \
    if (err) {                                                          \
        return err;                                                     \
    }
    BIND(strings)
    BIND(memories)
    BIND(loads)
    BIND(instances)
    BIND(natives)
    BIND(wires)
    BIND(props)
    BIND(regions)
#undef BIND
    c->nstrings = b->head->strings.count;
    if (c->nstrings && (b->strings[0] || b->strings[c->nstrings - 1])) {
        return PRT_E_STRING;
    }
    return PRT_OK;
}

static bool bad_string(const struct board_check *c, uint32_t offset)
{
    return offset && offset >= c->nstrings;
}

static int check_head(const struct prt_board_header *h, uint32_t size)
{
    if (size < sizeof(*h)) {
        return PRT_E_SHORT;
    }
    if (h->magic != PRT_MAGIC_BOARD) {
        return PRT_E_MAGIC;
    }
    if (h->compat > PRT_VERSION || h->version < PRT_COMPAT) {
        return PRT_E_VERSION;
    }
    if (h->total_size != size) {
        return PRT_E_SIZE;
    }
    if (h->flags & ~(PRT_BOARD_HAS_ENTRY | PRT_BOARD_PARTIAL) ||
        h->reserved0 || h->reserved1[0] || h->reserved1[1] ||
        h->reserved1[2]) {
        return PRT_E_RESERVED;
    }
    if ((h->el > 3 && h->el != PRT_EL_DEFAULT) ||
        (h->secure > 1 && h->secure != PRT_SECURE_DEFAULT) ||
        h->psci > PRT_PSCI_HVC || h->cpus == 0 || h->cpus > 512) {
        return PRT_E_BOARD;
    }
    return PRT_OK;
}

static int check_memories(const struct board_check *c,
                          const struct prt_board *b)
{
    uint32_t i;

    for (i = 0; i < b->head->memories.count; i++) {
        const struct prt_memory *m = &b->memories[i];

        if (bad_string(c, m->name)) {
            return PRT_E_STRING;
        }
        if (m->flags & ~7u || m->size == 0 ||
            m->size - 1 > UINT64_MAX - m->base) {
            return PRT_E_BOARD;
        }
    }
    for (i = 0; i < b->head->loads.count; i++) {
        const struct prt_load *l = &b->loads[i];

        if (bad_string(c, l->path)) {
            return PRT_E_STRING;
        }
        if (l->kind > PRT_LOAD_IHEX || l->flags & ~PRT_LOAD_HAS_ADDRESS ||
            (l->kind == PRT_LOAD_RAW && !l->flags)) {
            return PRT_E_BOARD;
        }
    }
    return PRT_OK;
}

static int check_instances(const struct board_check *c,
                           const struct prt_board *b,
                           const struct prt_file *file)
{
    struct prt_table table;
    uint32_t i;

    for (i = 0; i < b->head->instances.count; i++) {
        const struct prt_instance *inst = &b->instances[i];

        if (bad_string(c, inst->name) || bad_string(c, inst->end)) {
            return PRT_E_STRING;
        }
        if (prt_file_device(file, inst->device, &table)) {
            return PRT_E_INDEX;
        }
        if (inst->flags & ~7u ||
            table.head->mmio_size - 1 > UINT64_MAX - inst->address) {
            return PRT_E_BOARD;
        }
    }
    for (i = 0; i < b->head->natives.count; i++) {
        const struct prt_native *n = &b->natives[i];

        if (bad_string(c, n->name) || bad_string(c, n->type)) {
            return PRT_E_STRING;
        }
        if (n->flags & ~7u || n->address_count > 4) {
            return PRT_E_BOARD;
        }
    }
    return PRT_OK;
}

static bool bad_target(const struct prt_board *b, const struct prt_file *file,
                       const struct prt_wire *w)
{
    struct prt_table table;

    switch (w->to_kind) {
    case PRT_TO_NATIVE:
        return w->to >= b->head->natives.count;
    case PRT_TO_INSTANCE:
        if (w->to >= b->head->instances.count) {
            return true;
        }
        prt_file_device(file, b->instances[w->to].device, &table);
        return w->number >= table.head->lines_in;
    case PRT_TO_NVIC:
        return false;
    case PRT_TO_CPU:
        return w->to >= b->head->cpus;
    default:
        return true;
    }
}

static int check_wires(const struct prt_board *b, const struct prt_file *file)
{
    struct prt_table table;
    uint32_t i;

    for (i = 0; i < b->head->wires.count; i++) {
        const struct prt_wire *w = &b->wires[i];

        if (w->kind > PRT_WIRE_PPI || w->flags & ~PRT_WIRE_INFERRED ||
            w->from_kind > PRT_FROM_NATIVE || w->number > 8191 ||
            bad_target(b, file, w)) {
            return PRT_E_BOARD;
        }
        if (w->from_kind == PRT_FROM_NATIVE) {
            if (w->from >= b->head->natives.count) {
                return PRT_E_INDEX;
            }
            continue;
        }
        if (w->from >= b->head->instances.count) {
            return PRT_E_INDEX;
        }
        prt_file_device(file, b->instances[w->from].device, &table);
        if (w->from_line >= table.head->lines_out) {
            return PRT_E_BOARD;
        }
    }
    return PRT_OK;
}

static int check_props(const struct board_check *c, const struct prt_board *b)
{
    uint32_t i;

    for (i = 0; i < b->head->props.count; i++) {
        const struct prt_prop *p = &b->props[i];

        if (p->native >= b->head->natives.count) {
            return PRT_E_INDEX;
        }
        if (bad_string(c, p->name) || bad_string(c, p->string)) {
            return PRT_E_STRING;
        }
        if (p->kind > PRT_PROP_BOOL) {
            return PRT_E_BOARD;
        }
    }
    return PRT_OK;
}

/* Regions of one instance follow each other and do not overlap in it. */
static int check_regions(const struct prt_board *b,
                         const struct prt_file *file)
{
    const struct prt_region *last = NULL;
    struct prt_table table;
    uint32_t i, count = 0;

    for (i = 0; i < b->head->regions.count; i++) {
        const struct prt_region *r = &b->regions[i];
        bool first = !last || r->instance != last->instance;

        if (r->instance >= b->head->instances.count ||
            (last && r->instance < last->instance)) {
            return PRT_E_INDEX;
        }
        prt_file_device(file, b->instances[r->instance].device, &table);
        count = first ? 1 : count + 1;
        if (count > PRT_MAX_REGIONS) {
            return PRT_E_LIMIT;
        }
        if (!r->size || r->offset % 8 ||
            r->offset + (uint64_t)r->size > table.head->mmio_size ||
            r->size - 1 > UINT64_MAX - r->address ||
            r->reserved[0] || r->reserved[1] || r->reserved[2] ||
            (first ? r->offset ||
             r->address != b->instances[r->instance].address :
             r->offset < last->offset + last->size)) {
            return PRT_E_BOARD;
        }
        last = r;
    }
    return PRT_OK;
}

int prt_check_board(const uint8_t *bytes, uint32_t size,
                    const struct prt_file *file, struct prt_board *board,
                    struct prt_fault_place *place)
{
    struct board_check c = {
        .base = bytes, .size = size, .end = sizeof(*board->head)
    };
    int err;

    if (place) {
        place->device = PRT_NONE;
        place->section = 0;
        place->entry = 0;
    }
    board->head = (const void *)bytes;
    err = check_head(board->head, size);
    if (!err) {
        err = bind_lists(&c, board);
    }
    if (!err && (bad_string(&c, board->head->name) ||
                 bad_string(&c, board->head->cpu))) {
        err = PRT_E_STRING;
    }
    if (!err) {
        err = check_memories(&c, board);
    }
    if (!err) {
        err = check_instances(&c, board, file);
    }
    if (!err) {
        err = check_wires(board, file);
    }
    if (!err) {
        err = check_props(&c, board);
    }
    if (!err) {
        err = check_regions(board, file);
    }
    return err;
}

const char *prt_board_string(const struct prt_board *board, uint32_t offset)
{
    return offset < board->head->strings.count ? board->strings + offset : "";
}
