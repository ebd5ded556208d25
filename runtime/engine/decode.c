/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding: every byte of an access is looked up, through conditions and
 * windows, before anything happens.
 */
#include "runtime/engine/decode.h"

/* The register that answers byte `offset`, or PRT_NONE. */
static uint32_t find_reg(struct prt_dev *dev, uint32_t offset, bool write,
                         bool *covered)
{
    const struct prt_table *t = dev->table;
    uint32_t i = prt_chain_head(dev, offset);
    unsigned flag = write ? PRT_REG_WRITES : PRT_REG_READS;

    for (i = i == PRT_NONE16 ? PRT_NONE : i; i != PRT_NONE;
         i = t->regs[i].next) {
        const struct prt_reg *r = &t->regs[i];

        if (offset - r->offset >= r->bytes) {
            continue;
        }
        *covered = true;
        if ((r->flags & flag) && prt_holds(dev, r->cond, r->index)) {
            return i;
        }
    }
    return PRT_NONE;
}

static uint32_t find_mem(const struct prt_table *t, uint32_t offset)
{
    uint32_t i;

    for (i = 0; i < t->nmems; i++) {
        if (offset - t->mems[i].offset < t->mems[i].size) {
            return i;
        }
    }
    return PRT_NONE;
}

/* What byte `offset` reaches, windows aside. */
static void find_byte(struct prt_dev *dev, uint32_t offset, bool write,
                      struct piece *p)
{
    const struct prt_table *t = dev->table;
    bool covered = false;

    p->verb = PRT_VERB_MIRRORS;
    p->kind = PIECE_REG;
    p->index = find_reg(dev, offset, write, &covered);
    if (p->index != PRT_NONE) {
        p->from = offset - t->regs[p->index].offset;
        return;
    }
    p->kind = PIECE_MEM;
    p->index = find_mem(t, offset);
    if (p->index != PRT_NONE) {
        p->from = offset - t->mems[p->index].offset;
        return;
    }
    p->kind = covered ? PIECE_UNMAPPED : PIECE_PAD;
    p->from = offset;
}

static void find_piece(struct prt_dev *dev, uint64_t offset, bool write,
                       struct piece *p)
{
    const struct prt_table *t = dev->table;
    uint32_t i;

    if (offset >= t->head->mmio_size) {
        p->kind = PIECE_UNMAPPED;
        p->verb = PRT_VERB_MIRRORS;
        p->index = PIECE_OUTSIDE;
        p->from = (uint32_t)offset;
        return;
    }
    find_byte(dev, (uint32_t)offset, write, p);
    if (p->kind != PIECE_PAD) {
        return;
    }
    for (i = 0; i < t->nwindows; i++) {
        const struct prt_window *w = &t->windows[i];

        if (offset - w->offset < w->size) {
            find_byte(dev, (uint32_t)offset - w->offset + w->target, write,
                      p);
            p->verb = w->verb;
            return;
        }
    }
}

static bool joins(const struct piece *a, const struct piece *b)
{
    return a->kind == b->kind && a->index == b->index && a->verb == b->verb &&
           a->from + a->len == b->from;
}

static void add_piece(struct access *acc, const struct piece *p)
{
    struct piece *last = acc->count ? &acc->pieces[acc->count - 1] : NULL;

    if (last && joins(last, p)) {
        last->len++;
    } else {
        acc->pieces[acc->count++] = *p;
    }
}

/* Is there a register or memory in the natural word around this byte? */
static bool has_neighbour(const struct prt_dev *dev, const struct access *acc,
                          unsigned at)
{
    uint32_t word = ~(uint32_t)(dev->table->head->width - 1);
    unsigned i;

    for (i = 0; i < acc->count; i++) {
        const struct piece *p = &acc->pieces[i];
        unsigned b;

        for (b = p->at; p->kind <= PIECE_MEM && b < p->at + p->len; b++) {
            if (((acc->offset + b) & word) == ((acc->offset + at) & word)) {
                return true;
            }
        }
    }
    return false;
}

/*
 * Bytes that no register covers stay PAD only beside a register that the
 * same access reaches in the same natural word: an 8-bit register read as a
 * word shows zeros above.  All others are unmapped.
 */
static void settle_padding(const struct prt_dev *dev, struct access *acc)
{
    struct access out = {
        .offset = acc->offset, .size = acc->size, .write = acc->write
    };
    unsigned i, b;

    for (i = 0; i < acc->count; i++) {
        for (b = 0; b < acc->pieces[i].len; b++) {
            struct piece p = acc->pieces[i];

            p.at += b;
            p.from += b;
            p.len = 1;
            if (p.kind == PIECE_PAD && !has_neighbour(dev, acc, p.at)) {
                p.kind = PIECE_UNMAPPED;
            }
            add_piece(&out, &p);
        }
    }
    *acc = out;
}

/* First run of unmapped bytes, for the question. */
static int unmapped(struct prt_dev *dev, const struct access *acc)
{
    unsigned i;

    for (i = 0; i < acc->count; i++) {
        const struct piece *p = &acc->pieces[i];

        if (p->kind != PIECE_UNMAPPED) {
            continue;
        }
        switch (dev->table->head->unmapped) {
        case PRT_UNMAPPED_ASK:
            dev->ask_offset = acc->offset + p->at;
            dev->ask_size = p->len;
            return PRT_ASK;
        case PRT_UNMAPPED_ABORT:
            return PRT_ABORT;
        default:
            return PRT_OK;
        }
    }
    return PRT_OK;
}

/* One register that alone covers the access exactly: the common case. */
static bool decode_exact(struct prt_dev *dev, struct access *acc)
{
    const struct prt_table *t = dev->table;
    const struct prt_reg *r;
    uint32_t i;

    if (acc->offset >= t->head->mmio_size) {
        return false;
    }
    i = prt_chain_head(dev, acc->offset);
    if (i == PRT_NONE16) {
        return false;
    }
    r = &t->regs[i];
    if (r->offset != acc->offset || r->bytes != acc->size ||
        r->next != PRT_NONE || r->cond != PRT_NONE ||
        !(r->flags & (acc->write ? PRT_REG_WRITES : PRT_REG_READS))) {
        return false;
    }
    acc->count = 1;
    acc->pieces[0] = (struct piece){
        .kind = PIECE_REG, .verb = PRT_VERB_MIRRORS, .len = r->bytes,
        .index = i
    };
    return true;
}

int prt_split(struct prt_dev *dev, struct access *acc, uint32_t offset,
              unsigned size)
{
    const struct prt_dev_header *h = dev->table->head;
    bool padding = false;
    unsigned i;

    dev->last_reg = PRT_NONE;
    acc->offset = offset;
    acc->size = size;
    acc->count = 0;
    if (!(h->access & acc->size) || (acc->size & (acc->size - 1))) {
        if (h->illegal == PRT_ILLEGAL_ABORT) {
            return PRT_ABORT;
        }
        if (h->illegal == PRT_ILLEGAL_IGNORE) {
            return PRT_OK;
        }
    }
    if (!decode_exact(dev, acc)) {
        for (i = 0; i < acc->size; i++) {
            struct piece p = { .at = (uint8_t)i, .len = 1 };

            find_piece(dev, (uint64_t)acc->offset + i, acc->write, &p);
            padding |= p.kind == PIECE_PAD;
            add_piece(acc, &p);
        }
        if (padding) {
            settle_padding(dev, acc);
        }
    }
    for (i = 0; i < acc->count; i++) {
        if (acc->pieces[i].kind == PIECE_REG) {
            dev->last_reg = acc->pieces[i].index;
            break;
        }
    }
    return unmapped(dev, acc);
}
