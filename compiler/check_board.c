/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of boards: addresses, console, wires. */
#include "compiler/check.h"

#include <stdlib.h>
#include <string.h>

#define LOW_CONFIDENCE 50

struct area {
    uint64_t base;
    uint64_t last;          /* last byte: the end may be 2^64 */
    const char *name;
    struct pdl_span span;
    bool memory;
};

static int compare(const void *pa, const void *pb)
{
    const struct area *a = pa, *b = pb;

    if (a->base != b->base) {
        return a->base < b->base ? -1 : 1;
    }
    return a->span.begin < b->span.begin ? -1 :
           a->span.begin > b->span.begin;
}

/* Memories and instances by address. */
static struct area *areas(struct cc *cc, const struct pcc_model *m,
                          size_t *count)
{
    const struct pcc_board *b = m->board;
    struct area *v;
    size_t i, k, n = 0, parts = 0;

    *count = 0;
    if (!b) {
        return NULL;
    }
    for (i = 0; i < b->instance_count; i++) {
        parts += b->instances[i].address_count;
    }
    v = cc_alloc(cc, (b->memory_count + parts + 1) * sizeof(*v));
    for (i = 0; i < b->memory_count; i++) {
        const struct pcc_memory *mem = &b->memories[i];

        v[n++] = (struct area){ mem->base, mem->base + mem->size - 1,
                                mem->name, mem->origin.span, true };
    }
    for (i = 0; i < b->instance_count; i++) {
        const struct pcc_instance *in = &b->instances[i];

        for (k = 0; k < in->address_count && in->alternate == PCC_NONE;
             k++) {
            uint64_t base = in->addresses[k];
            uint64_t size = m->devices[in->device].regions[k].size;

            if (size - 1 > UINT64_MAX - base) {
                check_report(cc, PDL_D_ADDRESS_WRAPS, in->origin.span,
                             in->name);
                continue;
            }
            v[n++] = (struct area){ base, base + size - 1, in->name,
                                    in->origin.span, false };
        }
    }
    qsort(v, n, sizeof(*v), compare);
    *count = n;
    return v;
}

/* Reports areas that overlap the one that reaches farthest before them. */
static void overlaps(struct cc *cc, const struct pcc_model *m, bool mixed)
{
    const struct area *far[2] = { NULL, NULL };
    size_t n, i;
    struct area *v = areas(cc, m, &n);

    for (i = 0; i < n; i++) {
        const struct area *a = &v[i];
        const struct area *b = far[mixed ? !a->memory : a->memory];

        if (b && b->last >= a->base) {
            const struct area *dev = a->memory ? b : a;
            const struct area *mem = a->memory ? a : b;
            struct pdl_diag *d = mixed ?
                check_report(cc, PDL_D_DEVICE_OVER_MEMORY, dev->span,
                             dev->name, mem->name) :
                check_report(cc, PDL_D_ADDRESS_OVERLAP, a->span,
                             a->name, b->name);

            pdl_diag_note(d, (mixed ? mem : b)->span,
                          "'%s' is 0x%llx to 0x%llx",
                          (mixed ? mem : b)->name,
                          (unsigned long long)(mixed ? mem : b)->base,
                          (unsigned long long)(mixed ? mem : b)->last);
        }
        if (!far[a->memory] || far[a->memory]->last < a->last) {
            far[a->memory] = a;
        }
    }
}

void check_addresses(struct cc *cc, const struct pcc_model *m)
{
    overlaps(cc, m, false);
}

void check_memory_cover(struct cc *cc, const struct pcc_model *m)
{
    overlaps(cc, m, true);
}

/* Libraries may hold more than a board uses. */
static bool is_imported(struct cc *cc, uint32_t file)
{
    const struct pdl_unit *unit = pdl_session_units(cc->session);

    for (; unit; unit = unit->next) {
        const struct pdl_item *item = unit->items.first;

        for (; item; item = item->next) {
            if (item->kind == PDL_ITEM_IMPORT && item->u.import.unit &&
                item->u.import.unit->file == file) {
                return true;
            }
        }
    }
    return false;
}

void check_unused(struct cc *cc, const struct pcc_model *m)
{
    bool *used;
    size_t i;

    if (!m->board) {
        return;
    }
    used = cc_alloc(cc, m->device_count + 1);
    for (i = 0; i < m->board->instance_count; i++) {
        const char *name = m->devices[m->board->instances[i].device].name;
        size_t k, stem = strcspn(name, ".");

        used[m->board->instances[i].device] = true;
        for (k = 0; name[stem] && k < m->device_count; k++) {
            used[k] |= strncmp(m->devices[k].name, name, stem) == 0 &&
                       !m->devices[k].name[stem];
        }
    }
    for (i = 0; i < m->device_count; i++) {
        if (!used[i] && !is_imported(cc, m->devices[i].origin.span.file)) {
            check_report(cc, PDL_D_UNUSED_DEVICE,
                         m->devices[i].origin.span, m->devices[i].name);
        }
    }
}

void check_console(struct cc *cc, const struct pcc_model *m)
{
    const struct pcc_device *d;
    size_t i;

    if (!m->board || m->board->console == PCC_NONE) {
        return;
    }
    d = &m->devices[m->board->instances[m->board->console].device];
    for (i = 0; i < d->fifo_count; i++) {
        const char *want = *m->board->console_end ? m->board->console_end :
                           "console";

        if (d->fifos[i].end != PRT_END_NONE && d->fifos[i].peer &&
            strcmp(d->fifos[i].peer, want) == 0) {
            return;
        }
    }
    check_report(cc, PDL_D_NO_FIFO, m->board->console_span,
                 m->board->instances[m->board->console].name);
}

static bool is_unsure(const struct pcc_origin *origin)
{
    return origin->owner == PCC_INFERRED &&
           origin->confidence < LOW_CONFIDENCE;
}

/* The least sure of what makes the level of line @l. */
static const struct pcc_origin *doubt(const struct pcc_device *d,
                                      const struct pcc_line *l)
{
    const struct pcc_prog *p = l->prog == PCC_NONE ? NULL :
                               &d->progs[l->prog];
    uint32_t i;

    if (p && is_unsure(&l->driver)) {
        return &l->driver;
    }
    for (i = 0; p && i < p->count; i++) {
        const struct prt_insn *in = &d->code[p->first + i];
        uint32_t reg = in->op == PRT_OP_LDB ? in->imm :
                       in->op == PRT_OP_LDF && !(in->imm & PRT_DYN) ?
                       d->fields[in->imm].reg : PCC_NONE;

        if (reg != PCC_NONE && is_unsure(&d->regs[reg].origin)) {
            return &d->regs[reg].origin;
        }
        if (in->op == PRT_OP_LDF && !(in->imm & PRT_DYN) &&
            is_unsure(&d->fields[in->imm].origin)) {
            return &d->fields[in->imm].origin;
        }
    }
    return NULL;
}

static void check_doubt(struct cc *cc, const struct pcc_model *m,
                        const struct pcc_wire *w, bool *told)
{
    uint32_t device = m->board->instances[w->instance].device;
    const struct pcc_device *d = &m->devices[device];
    const struct pcc_line *l = &d->lines[w->line];
    const struct pcc_origin *weak = is_unsure(&w->origin) ? &w->origin :
                                    told[device] ? NULL : doubt(d, l);

    if (weak) {
        told[device] |= weak != &w->origin;
        check_report(cc, PDL_D_LOW_CONFIDENCE, weak->span, l->name,
                     weak->confidence);
    }
}

/* Wires, and what drives the lines that wires lead on. */
void check_confidence(struct cc *cc, const struct pcc_model *m)
{
    bool *told = cc_alloc(cc, m->device_count + 1);
    size_t i;

    for (i = 0; m->board && i < m->board->wire_count; i++) {
        if (m->board->wires[i].instance != PCC_NONE) {
            check_doubt(cc, m, &m->board->wires[i], told);
        }
    }
}

void check_trigger(struct cc *cc, const struct pcc_model *m)
{
    size_t i;

    for (i = 0; m->board && i < m->board->wire_count; i++) {
        const struct pcc_wire *w = &m->board->wires[i];

        if (w->to == PRT_TO_NATIVE && w->kind != PRT_WIRE_LINE &&
            w->trigger == PCC_TRIGGER_NONE) {
            check_report(cc, PDL_D_NO_TRIGGER, w->origin.span);
        }
    }
}

static uint64_t setting_of(const struct pcc_native *n, const char *name,
                           uint64_t fallback)
{
    size_t i;

    for (i = 0; i < n->setting_count; i++) {
        if (strcmp(n->settings[i].name, name) == 0) {
            return n->settings[i].value;
        }
    }
    return fallback;
}

static const char *source_of(const struct pcc_board *b,
                             const struct pcc_wire *w)
{
    return w->instance != PCC_NONE ? b->instances[w->instance].name :
           b->natives[w->native].name;
}

static void check_nvic_number(struct cc *cc, const struct pcc_board *b,
                              const struct pcc_wire *w)
{
    unsigned lines = pcc_nvic_lines(b);

    if (lines && w->number >= lines) {
        check_report(cc, PDL_D_DT_IRQ_RANGE, w->origin.span,
                     source_of(b, w), w->number, b->cpu, lines,
                     "interrupts");
    }
}

/* Interrupts that the core, or the native as it was told, does not have. */
void check_irq_numbers(struct cc *cc, const struct pcc_model *m)
{
    size_t i;

    for (i = 0; m->board && i < m->board->wire_count; i++) {
        const struct pcc_wire *w = &m->board->wires[i];
        const struct pcc_native *n;
        uint64_t ids;

        if (w->to == PRT_TO_NVIC) {
            check_nvic_number(cc, m->board, w);
        }
        if (w->to != PRT_TO_NATIVE || w->kind != PRT_WIRE_SPI) {
            continue;
        }
        n = &m->board->natives[w->target];
        ids = setting_of(n, "num-irq", 0);
        ids = ids ? ids : setting_of(n, "num_irq", 1020);
        if (w->number + 32 >= ids) {
            check_report(cc, PDL_D_DT_IRQ_RANGE, w->origin.span,
                         source_of(m->board, w), w->number, n->name,
                         (unsigned)(ids > 32 ? ids - 32 : 0),
                         "SPIs");
        }
    }
}

static void check_place(struct cc *cc, const struct pcc_board *b,
                        struct pdl_span span, const char *what, uint64_t at)
{
    size_t i;

    for (i = 0; i < b->memory_count; i++) {
        if (at >= b->memories[i].base &&
            at - b->memories[i].base < b->memories[i].size) {
            return;
        }
    }
    check_report(cc, PDL_D_NO_MEMORY_THERE, span, what,
                 (unsigned long long)at);
}

/* A board without any memory is one that nobody has described yet. */
void check_places(struct cc *cc, const struct pcc_model *m)
{
    const struct pcc_board *b = m->board;
    size_t i;

    if (!b || !b->memory_count) {
        return;
    }
    for (i = 0; i < b->load_count; i++) {
        if (b->loads[i].has_address) {
            check_place(cc, b, b->loads[i].origin.span, "the image at",
                        b->loads[i].address);
        }
    }
    if (b->has_entry) {
        check_place(cc, b, b->entry_span, "the entry point", b->entry);
    }
}
