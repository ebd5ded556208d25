/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Validation of the address index: every register is found from every byte
 * it covers, and registers that share bytes form one chain with one head.
 */
#include "runtime/engine/priv.h"

static int check_shape(const struct prt_table *t)
{
    uint32_t slots = PRT_CHUNK / t->head->granule;
    uint32_t chunks = t->nchunks / slots;
    uint32_t i;

    if (t->ndir != (t->head->mmio_size + PRT_CHUNK - 1) / PRT_CHUNK ||
        t->nchunks % slots || chunks >= PRT_NONE16) {
        return PRT_E_DECODE;
    }
    for (i = 0; i < t->ndir; i++) {
        if (t->dir[i] != PRT_NONE16 && t->dir[i] >= chunks) {
            return PRT_E_INDEX;
        }
    }
    for (i = 0; i < t->nchunks; i++) {
        if (t->chunks[i] != PRT_NONE16 && t->chunks[i] >= t->nregs) {
            return PRT_E_INDEX;
        }
    }
    return PRT_OK;
}

static uint32_t slot_of(const struct prt_table *t, uint32_t offset)
{
    uint32_t slots = PRT_CHUNK / t->head->granule;
    uint32_t chunk = t->dir[offset / PRT_CHUNK];

    if (chunk == PRT_NONE16) {
        return PRT_NONE16;
    }
    return t->chunks[chunk * slots + offset % PRT_CHUNK / t->head->granule];
}

/* Is `reg` in the chain that starts at `head`? */
static int check_chain(const struct prt_table *t, uint32_t head, uint32_t reg)
{
    uint32_t n;

    for (n = 0; n < PRT_MAX_CHAIN; n++) {
        if (head == reg) {
            return PRT_OK;
        }
        head = t->regs[head].next;
        if (head == PRT_NONE) {
            return PRT_E_DECODE;
        }
    }
    return PRT_E_LIMIT;
}

int prt_check_index(struct prt_check *c)
{
    const struct prt_table *t = c->t;
    uint32_t i, b, head;
    int err;

    prt_check_at(c, PRT_SEC_DIR, 0);
    err = check_shape(t);
    for (i = 0; !err && i < t->nregs; i++) {
        const struct prt_reg *r = &t->regs[i];

        prt_check_at(c, PRT_SEC_REGS, i);
        head = slot_of(t, r->offset);
        if (head == PRT_NONE16) {
            return PRT_E_DECODE;
        }
        for (b = 0; b < r->bytes; b += t->head->granule) {
            if (slot_of(t, r->offset + b) != head) {
                return PRT_E_DECODE;
            }
        }
        err = check_chain(t, head, i);
    }
    return err;
}
