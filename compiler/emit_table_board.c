/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board section of a table, whole or in part. */
#include "compiler/emit_table.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/engine/table.h"

struct tab_board {
    struct pcc_emit *e;
    const struct pcc_board *b;
    const uint32_t *device;     /* model device -> device of the file */
    uint32_t *instance;         /* model index -> index written, or NONE */
    uint32_t *native;
    struct pdl_strbuf strings;
    struct pdl_strbuf body;     /* the lists behind the strings */
    struct prt_board_header head;
    int err;
};

static uint32_t string(struct tab_board *t, const char *text)
{
    return tab_string(&t->strings, text);
}

#define PUT(t, list, entry) do {                                        \
    pdl_strbuf_add(&(t)->body, (const char *)(entry), sizeof(*(entry))); \
    (t)->head.list.count++;                                             \
} while (0)

/* Offsets count from the end of the strings until write_board(). */
static void open_list(struct tab_board *t, struct prt_list *list)
{
    tab_align(&t->body, 0);
    list->offset = t->body.len;
}

static void put_memories(struct tab_board *t)
{
    size_t i;

    open_list(t, &t->head.memories);
    for (i = 0; i < t->b->memory_count; i++) {
        const struct pcc_memory *m = &t->b->memories[i];
        struct prt_memory out = { .base = m->base, .size = m->size };

        if (!pcc_wants_memory(t->e, i)) {
            continue;
        }
        out.name = string(t, m->name);
        out.alias = m->alias;
        out.flags = (m->read_only ? PRT_MEMORY_RO : 0) |
                    (m->is_alias ? PRT_MEMORY_ALIAS : 0) |
                    (m->origin.owner == PCC_INFERRED ?
                     PRT_MEMORY_INFERRED : 0);
        PUT(t, memories, &out);
    }
}

/* ---- images ---- */

/* Whether an image has addresses of its own: ELF or Intel HEX. */
static bool is_placed(const char *path)
{
    FILE *f = fopen(path, "rb");
    char head[4] = "";
    bool placed = f && fread(head, 1, 4, f) == 4 &&
                  (memcmp(head, "\177ELF", 4) == 0 || *head == ':');

    if (f) {
        fclose(f);
    }
    return placed;
}

/* The last memory of those that hold @at and follow it without a gap. */
static const struct pcc_memory *memory_from(const struct pcc_board *b,
                                            uint64_t at)
{
    const struct pcc_memory *last = NULL;
    size_t i;

    for (i = 0; i < b->memory_count; i++) {
        const struct pcc_memory *m = &b->memories[i];

        if (at >= m->base && at - m->base < m->size) {
            last = m;
            at = m->base + m->size;
            i = -1;
        }
    }
    return last;
}

/* A raw image has to fit in the memory where it goes. */
static void check_size(struct tab_board *t, const struct pcc_load *l,
                       const char *path)
{
    const struct pcc_memory *m = memory_from(t->b, l->address);
    uint64_t room = m ? m->base + m->size - l->address : 0;
    struct pdl_diag *diag;
    struct stat st;

    if (!m || stat(path, &st) || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size <= room || is_placed(path)) {
        return;
    }
    diag = pdl_diag_add(t->e->diags, PDL_D_IMAGE_TOO_LARGE, l->origin.span,
                        l->path, (unsigned long long)st.st_size,
                        (unsigned long long)l->address,
                        pdl_arena_printf(t->e->arena,
                                         "memory '%s' ends 0x%llx bytes "
                                         "later", m->name,
                                         (unsigned long long)room));
    pdl_diag_note(diag, m->origin.span, "declared here");
    t->err = PCC_ERR_INPUT;
}

static const char *find_image(struct tab_board *t, const struct pcc_load *l)
{
    const char *found = pcc_emit_find_file(t->e, &l->origin, l->path);

    if (!found && t->e->opts->need_loads) {
        pcc_emit_missing(t->e, &l->origin, l->path);
        t->err = PCC_ERR_INPUT;
    }
    if (found && l->has_address) {
        check_size(t, l, found);
    }
    return found ? found : l->path;
}

static void put_loads(struct tab_board *t)
{
    size_t i;

    open_list(t, &t->head.loads);
    for (i = 0; i < t->b->load_count && !t->e->opts->delta; i++) {
        const struct pcc_load *l = &t->b->loads[i];
        struct prt_load out = {
            .kind = PRT_LOAD_AUTO,
            .flags = l->has_address ? PRT_LOAD_HAS_ADDRESS : 0,
            .address = l->address,
        };

        out.path = string(t, find_image(t, l));
        PUT(t, loads, &out);
    }
}

/* ---- devices and wires ---- */

static void put_instances(struct tab_board *t)
{
    size_t i;

    open_list(t, &t->head.instances);
    for (i = 0; i < t->b->instance_count; i++) {
        const struct pcc_instance *in = &t->b->instances[i];
        const struct pcc_device *d = &t->e->model->devices[in->device];
        struct prt_instance out = { .address = in->address };

        t->instance[i] = PCC_NONE;
        if (!pcc_wants_instance(t->e, i)) {
            continue;
        }
        t->instance[i] = t->head.instances.count;
        out.name = string(t, in->name);
        out.device = t->device[in->device];
        out.flags = (in->origin.owner == PCC_INFERRED ?
                     PRT_INST_INFERRED : 0) |
                    (in->closed || d->closed ? PRT_INST_CLOSED : 0) |
                    (t->b->console == i ? PRT_INST_CONSOLE : 0);
        out.end = t->b->console == i ? string(t, t->b->console_end) : 0;
        PUT(t, instances, &out);
    }
}

/* Where the parts of instances are that are not mapped in one piece. */
static void put_regions(struct tab_board *t)
{
    size_t i, k;

    open_list(t, &t->head.regions);
    for (i = 0; i < t->b->instance_count; i++) {
        const struct pcc_instance *in = &t->b->instances[i];
        const struct pcc_device *d = &t->e->model->devices[in->device];

        if (t->instance[i] == PCC_NONE || d->region_count < 2) {
            continue;
        }
        for (k = 0; k < d->region_count; k++) {
            struct prt_region out = {
                .instance = t->instance[i], .address = in->addresses[k],
                .offset = d->regions[k].offset, .size = d->regions[k].size,
            };

            PUT(t, regions, &out);
        }
    }
}

static bool wants_wire(const struct tab_board *t, const struct pcc_wire *w)
{
    bool from = w->instance == PCC_NONE ? !t->e->opts->delta :
                pcc_wants_instance(t->e, w->instance);

    return from && (w->to != PRT_TO_INSTANCE ||
                    pcc_wants_instance(t->e, w->target));
}

/* In part of a board only the natives that its wires end at. */
static bool wants_native(const struct tab_board *t, uint32_t i)
{
    size_t k;

    if (!t->e->opts->delta) {
        return true;
    }
    for (k = 0; k < t->b->wire_count; k++) {
        const struct pcc_wire *w = &t->b->wires[k];

        if (wants_wire(t, w) && w->to == PRT_TO_NATIVE && w->target == i) {
            return true;
        }
    }
    return false;
}

static void put_natives(struct tab_board *t)
{
    size_t i;

    open_list(t, &t->head.natives);
    for (i = 0; i < t->b->native_count; i++) {
        const struct pcc_native *n = &t->b->natives[i];
        struct prt_native out = { .address_count = n->address_count };

        t->native[i] = PCC_NONE;
        if (!wants_native(t, i)) {
            continue;
        }
        t->native[i] = t->head.natives.count;
        out.name = string(t, n->name);
        out.type = string(t, n->type);
        out.flags = t->b->console_native == i ? PRT_INST_CONSOLE : 0;
        memcpy(out.address, n->addresses, sizeof(out.address));
        PUT(t, natives, &out);
    }
}

static void put_wires(struct tab_board *t)
{
    size_t i;

    open_list(t, &t->head.wires);
    for (i = 0; i < t->b->wire_count; i++) {
        const struct pcc_wire *w = &t->b->wires[i];
        struct prt_wire out = {
            .to_kind = w->to, .kind = w->kind, .number = w->number,
            .flags = w->origin.owner == PCC_INFERRED ?
                     PRT_WIRE_INFERRED : 0,
        };

        if (!wants_wire(t, w)) {
            continue;
        }
        if (w->instance != PCC_NONE) {
            const struct pcc_device *d = &t->e->model->devices[
                t->b->instances[w->instance].device];

            out.from_kind = PRT_FROM_INSTANCE;
            out.from = t->instance[w->instance];
            out.from_line = d->lines[w->line].first + w->element;
        } else {
            out.from_kind = PRT_FROM_NATIVE;
            out.from = t->native[w->native];
            out.from_line = w->line;
        }
        out.to = w->to == PRT_TO_INSTANCE ? t->instance[w->target] :
                 w->to == PRT_TO_NATIVE ? t->native[w->target] : w->target;
        PUT(t, wires, &out);
    }
}

static void put_props(struct tab_board *t)
{
    size_t i, k;

    open_list(t, &t->head.props);
    for (i = 0; i < t->b->native_count; i++) {
        const struct pcc_native *n = &t->b->natives[i];

        for (k = 0; k < n->setting_count && t->native[i] != PCC_NONE; k++) {
            const struct pcc_native_setting *s = &n->settings[k];
            struct prt_prop out = {
                .native = t->native[i], .kind = s->kind, .value = s->value,
            };

            out.name = string(t, s->name);
            out.string = string(t, s->text);
            PUT(t, props, &out);
        }
    }
}

/* ---- the blob ---- */

static void put_head(struct tab_board *t)
{
    const struct pcc_board *b = t->b;
    struct prt_board_header *h = &t->head;

    h->magic = PRT_MAGIC_BOARD;
    h->version = PRT_VERSION;
    h->compat = PRT_COMPAT;
    h->flags = (b->has_entry ? PRT_BOARD_HAS_ENTRY : 0) |
               (t->e->opts->delta ? PRT_BOARD_PARTIAL : 0);
    h->name = string(t, b->name);
    h->cpu = string(t, b->cpu);
    h->cpus = b->cpus;
    h->el = b->el < 0 ? PRT_EL_DEFAULT : (unsigned)b->el;
    h->secure = b->secure < 0 ? PRT_SECURE_DEFAULT : (unsigned)b->secure;
    h->psci = b->psci;
    h->entry = b->entry;
}

static void write_board(struct tab_board *t, size_t base)
{
    struct pdl_strbuf *out = t->e->out;
    struct prt_list *lists[] = {
        &t->head.memories, &t->head.loads, &t->head.instances,
        &t->head.natives, &t->head.wires, &t->head.props,
        &t->head.regions,
    };
    uint32_t behind;
    size_t i;

    t->head.strings.count = t->strings.len;
    t->head.strings.offset = sizeof(t->head);
    behind = sizeof(t->head) + (t->strings.len + 7) / 8 * 8;
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        lists[i]->offset = lists[i]->count ? lists[i]->offset + behind : 0;
    }
    if (!t->head.strings.count) {
        t->head.strings.offset = 0;
    }
    pdl_strbuf_add(out, (const char *)&t->head, sizeof(t->head));
    pdl_strbuf_add(out, pdl_strbuf_str(&t->strings), t->strings.len);
    tab_align(out, base);
    pdl_strbuf_add(out, pdl_strbuf_str(&t->body), t->body.len);
    tab_align(out, base);
    if (out->failed) {
        return;
    }
    t->head.total_size = out->len - base;
    t->head.model_hash = tab_hash(TAB_HASH_INIT, out->data + base +
                                  sizeof(t->head),
                                  out->len - base - sizeof(t->head));
    memcpy(out->data + base, &t->head, sizeof(t->head));
}

int tab_write_board(struct pcc_emit *e, const uint32_t *index)
{
    const struct pcc_board *b = e->model->board;
    struct tab_board *t = PDL_NEW(e->arena, struct tab_board);

    if (!t) {
        return PCC_ERR_NOMEM;
    }
    t->e = e;
    t->b = b;
    t->device = index;
    t->instance = pdl_arena_alloc(e->arena, (b->instance_count + 1) *
                                  sizeof(uint32_t));
    t->native = pdl_arena_alloc(e->arena, (b->native_count + 1) *
                                sizeof(uint32_t));
    if (!t->instance || !t->native) {
        return PCC_ERR_NOMEM;
    }
    put_head(t);
    put_memories(t);
    put_loads(t);
    put_instances(t);
    put_natives(t);
    put_wires(t);
    put_props(t);
    put_regions(t);
    if (!t->err && (t->strings.failed || t->body.failed)) {
        t->err = PCC_ERR_NOMEM;
    }
    if (!t->err) {
        write_board(t, e->out->len);
    }
    pdl_strbuf_dispose(&t->strings);
    pdl_strbuf_dispose(&t->body);
    return t->err;
}
