/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/identify.h"

#include <string.h>

#define MIN_BITS 20u        /* fewer turn up in code by chance */
#define BEFORE 256u         /* bytes of code that are looked at */
#define AFTER 1024u

/* A number that tells a block, and which of its bits do. */
struct number {
    uint64_t value, mask;
};

/* Byte-wide registers one after the other make one number; a wide one is a
 * number by itself.  The one that @offset belongs to. */
static bool number_at(const struct pcc_ip *ip, uint64_t offset,
                      struct number *out)
{
    unsigned lane = 0;
    bool met = false;
    size_t i;

    memset(out, 0, sizeof(*out));
    for (i = 0; i < ip->id_count; i++) {
        const struct pcc_id *id = &ip->ids[i];

        if (id->mask > 0xff) {
            if (id->offset == offset) {
                out->value = id->value;
                out->mask = id->mask;
                return true;
            }
            continue;
        }
        if (i > 0 && (id->offset != ip->ids[i - 1].offset + 4 ||
                      lane == 4)) {
            if (met) {
                break;
            }
            memset(out, 0, sizeof(*out));
            lane = 0;
        }
        out->value |= id->value << 8 * lane;
        out->mask |= id->mask << 8 * lane;
        lane++;
        met |= id->offset == offset;
    }
    return met;
}

static uint32_t word_at(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A number that instructions @a, @b put together, else the word @a. */
static uint32_t made_of(uint32_t a, uint32_t b, bool a64)
{
    bool movz = (a & 0xffe00000) == 0x52800000;
    bool movk = (b & 0xffe00000) == 0x72a00000;

    if (a64 && movz && movk && (a & 31) == (b & 31)) {
        return (a >> 5 & 0xffff) | (b >> 5 & 0xffff) << 16;
    }
    return a;
}

/* Whether the code around the load holds @n. */
static bool code_has(const struct inf_services *svc,
                     const struct inf_question *q, const struct number *n)
{
    uint64_t at = (q->pc > BEFORE ? q->pc - BEFORE : 0) & ~3ull;
    uint64_t page = ~0ull;
    struct inf_page bytes;
    bool a64 = q->cpu.arch == INF_ARCH_A64;

    memset(&bytes, 0, sizeof(bytes));
    for (; at < q->pc + AFTER; at += 4) {
        uint64_t offset = at & (INF_PAGE_SIZE - 1);
        uint32_t next, word;

        if (at - offset != page) {
            page = at - offset;
            if (svc->page(svc->opaque, page, true, &bytes) != 0 ||
                bytes.kind > INF_PAGE_ROM) {
                return false;
            }
        }
        next = offset + 8 <= INF_PAGE_SIZE ? word_at(&bytes.bytes[offset + 4])
                                           : 0;
        word = made_of(word_at(&bytes.bytes[offset]), next, a64);
        if ((word & n->mask) == n->value && word >> 28 == n->value >> 28) {
            return true;
        }
    }
    return false;
}

const struct pcc_ip *inf_identify(const struct pcc_library *lib,
                                  const struct inf_services *svc,
                                  const struct inf_question *q,
                                  uint64_t *base)
{
    const struct pcc_ip *ip, *found = NULL;
    size_t i, k;

    if (q->access != INF_LOAD) {
        return NULL;
    }
    for (i = 0; (ip = pcc_library_block(lib, i)) != NULL; i++) {
        for (k = 0; k < ip->id_count; k++) {
            uint64_t offset = ip->ids[k].offset;
            uint64_t start = q->phys - offset;
            struct number n;

            if (offset > q->phys || ip->size & (ip->size - 1) ||
                start & (ip->size - 1) || !number_at(ip, offset, &n) ||
                (unsigned)__builtin_popcountll(n.mask) < MIN_BITS ||
                !code_has(svc, q, &n)) {
                continue;
            }
            if (found && found != ip) {
                return NULL;
            }
            found = ip;
            *base = start;
        }
    }
    return found;
}
