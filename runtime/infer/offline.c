/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/offline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/evidence.h"

#define TEXT_MAX 256u
#define TEXT_MIN 5u

/* -------------------------------------------------------------- registers */

static bool overlaps(const struct inf_offline_reg *reg, uint64_t phys,
                     unsigned size)
{
    return phys < reg->phys + reg->bytes && reg->phys < phys + size;
}

/* Widens @reg to an aligned place that holds the access, too. */
static bool widen(struct inf_offline_reg *reg, uint64_t phys, unsigned size)
{
    uint64_t lo = phys < reg->phys ? phys : reg->phys;
    uint64_t hi = phys + size > reg->phys + reg->bytes ? phys + size
                                                       : reg->phys + reg->bytes;
    unsigned bytes;

    for (bytes = 1; bytes <= 8; bytes *= 2) {
        uint64_t start = lo & ~(uint64_t)(bytes - 1);

        if (hi <= start + bytes) {
            reg->phys = start;
            reg->bytes = bytes;
            return true;
        }
    }
    return false;
}

static int by_address(const void *a, const void *b)
{
    const struct inf_offline_reg *x = a, *y = b;

    return x->phys < y->phys ? -1 : x->phys > y->phys;
}

/* Registers that have grown into each other become one. */
static unsigned join(struct inf_offline_reg *out, unsigned count)
{
    unsigned i, n = 0;

    qsort(out, count, sizeof(*out), by_address);
    for (i = 0; i < count; i++) {
        if (n > 0 && overlaps(&out[n - 1], out[i].phys, out[i].bytes) &&
            widen(&out[n - 1], out[i].phys, out[i].bytes)) {
            continue;
        }
        out[n++] = out[i];
    }
    return n;
}

static void count_uses(const struct inf_recording *rec,
                       struct inf_offline_reg *reg)
{
    size_t i;

    reg->reads = reg->writes = 0;
    for (i = 0; i < rec->count; i++) {
        if (overlaps(reg, rec->v[i].phys, rec->v[i].size)) {
            reg->reads += !rec->v[i].write;
            reg->writes += rec->v[i].write;
        }
    }
}

/* Notes a place that is accessed; -1 when there are too many. */
static int note_place(struct inf_offline_reg *out, unsigned *count,
                      uint64_t phys, unsigned size)
{
    unsigned i;

    for (i = 0; i < *count && !overlaps(&out[i], phys, size); i++) {
    }
    if (i == INF_OFFLINE_REGS) {
        return -1;
    }
    if (i == *count) {
        memset(&out[(*count)++], 0, sizeof(*out));
        out[i].phys = phys;
        out[i].bytes = 1;
    }
    widen(&out[i], phys, size);
    return 0;
}

int inf_offline_registers(const struct inf_recording *rec, uint64_t base,
                          uint64_t size, struct inf_offline_reg *out)
{
    unsigned count = 0, i, before, done, part;
    size_t k;

    for (k = 0; k < rec->count; k++) {
        const struct inf_access *acc = &rec->v[k];

        if (acc->phys < base || acc->phys - base >= size ||
            acc->size == 0 || acc->size > 8) {
            continue;
        }
        /* Eight bytes are two registers of a bus of four. */
        for (done = 0; done < acc->size; done += part) {
            part = acc->size - done < 4 ? acc->size - done : 4;
            if (note_place(out, &count, acc->phys + done, part) != 0) {
                return INF_E_RANGE;
            }
        }
    }
    do {
        before = count;
        count = join(out, count);
    } while (count != before);
    for (i = 0; i < count; i++) {
        count_uses(rec, &out[i]);
    }
    return (int)count;
}

/* ------------------------------------------------------------------- bits */

/*
 * A register as it goes through the recording: what was stored, and the bits
 * of the access at hand that are its own.
 */
struct walk {
    const struct inf_offline_reg *reg;
    uint64_t stored;            /* what was written last, 0 before */
    uint64_t written;           /* bits that were */
    uint64_t value, mask;       /* of the access at hand */
};

static uint64_t all_bits(unsigned bytes)
{
    return bytes >= 8 ? ~0ull : (1ull << 8 * bytes) - 1;
}

/* Takes one access; true when it is one of this register. */
static bool step(struct walk *w, const struct inf_access *acc)
{
    uint64_t value = acc->value & all_bits(acc->size);

    if (!overlaps(w->reg, acc->phys, acc->size)) {
        return false;
    }
    if (acc->phys >= w->reg->phys) {
        unsigned shift = 8 * (unsigned)(acc->phys - w->reg->phys);

        w->mask = all_bits(acc->size) << shift;
        w->value = value << shift;
    } else {
        unsigned shift = 8 * (unsigned)(w->reg->phys - acc->phys);

        w->mask = all_bits(acc->size) >> shift;
        w->value = value >> shift;
    }
    w->mask &= all_bits(w->reg->bytes);
    w->value &= w->mask;
    if (acc->write) {
        w->stored = (w->stored & ~w->mask) | w->value;
        w->written |= w->mask;
    }
    return true;
}

/* What each bit of a register may be, after all of the recording. */
struct verdict {
    uint64_t read, written;
    uint64_t first, have_first; /* value of the first read, before a write */
    uint64_t constant, value;   /* reads always so */
    uint64_t storage;           /* reads as stored, or as first */
    uint64_t w1c, w1c_now;      /* 1 at first, 0 once 1 was written */
};

static void judge_read(struct verdict *v, const struct walk *w)
{
    uint64_t fresh = w->mask & ~v->read, early = fresh & ~w->written;
    uint64_t expected;

    v->value |= w->value & fresh;
    v->constant |= fresh;
    v->first |= w->value & early;
    v->have_first |= early;
    v->w1c |= fresh;
    v->w1c_now |= w->value & fresh;
    v->storage |= fresh;
    v->read |= w->mask;
    v->constant &= ~(w->mask & (w->value ^ v->value));
    expected = (w->stored & w->written) | (v->first & ~w->written);
    v->storage &= ~(w->mask & (w->value ^ expected));
    v->w1c &= ~(w->mask & (w->value ^ v->w1c_now));
}

static void judge(const struct inf_recording *rec,
                  const struct inf_offline_reg *reg, struct verdict *v)
{
    struct walk w = { .reg = reg };
    size_t i;

    memset(v, 0, sizeof(*v));
    for (i = 0; i < rec->count; i++) {
        if (!step(&w, &rec->v[i])) {
            continue;
        }
        if (rec->v[i].write) {
            v->written |= w.mask;
            v->w1c_now &= ~w.value;
        } else {
            judge_read(v, &w);
        }
    }
}

/* ------------------------------------------------ bits that follow others */

struct source {
    const struct inf_offline_reg *reg;
    unsigned bit;
    bool inverted;
};

/*
 * Which stored bits of @of were like bit @bit of @reg at each of its reads:
 * *same, and *other for those always the other way round.
 */
static void compare(const struct inf_recording *rec,
                    const struct inf_offline_reg *reg, unsigned bit,
                    const struct inf_offline_reg *of, uint64_t *same,
                    uint64_t *other)
{
    struct walk w = { .reg = reg }, s = { .reg = of };
    size_t i;

    *same = *other = of == reg ? 0 : all_bits(of->bytes);
    for (i = 0; i < rec->count && (*same | *other); i++) {
        if (rec->v[i].write) {
            step(&s, &rec->v[i]);
        }
        if (step(&w, &rec->v[i]) && !rec->v[i].write && w.mask >> bit & 1) {
            uint64_t now = w.value >> bit & 1 ? ~0ull : 0;

            *same &= ~(s.stored ^ now);
            *other &= s.stored ^ now;
        }
    }
    *same &= s.written;
    *other &= s.written;
}

/* A stored bit of the device that tells bit @bit of @reg, or false. */
static bool find_source(const struct inf_recording *rec,
                        const struct inf_offline_reg *all, unsigned count,
                        const struct inf_offline_reg *reg, unsigned bit,
                        struct source *out)
{
    uint64_t same, other;
    unsigned i;

    for (i = 0; i < count; i++) {
        if (all[i].phys == reg->phys || all[i].writes == 0) {
            continue;
        }
        compare(rec, reg, bit, &all[i], &same, &other);
        if (same | other) {
            out->inverted = same == 0;
            same = same ? same : other;
            out->reg = &all[i];
            out->bit = same >> bit & 1 ? bit
                                       : (unsigned)__builtin_ctzll(same);
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ shape */

/* Text that is written to the register, one character at a time. */
static bool takes_text(const struct inf_recording *rec,
                       const struct inf_offline_reg *reg)
{
    uint8_t text[TEXT_MAX];
    size_t len = 0, i;

    for (i = 0; i < rec->count && len < TEXT_MAX; i++) {
        const struct inf_access *acc = &rec->v[i];

        if (acc->write && acc->phys == reg->phys) {
            if (!inf_is_text(acc->value)) {
                return false;
            }
            text[len++] = (uint8_t)acc->value;
        }
    }
    return len >= TEXT_MIN && inf_looks_like_text(text, len);
}

static int put_runs(struct inf_shape *shape, unsigned kind, uint64_t mask,
                    uint64_t value)
{
    unsigned lo = 0, hi;
    int rc = 0;

    while (lo < 8 * shape->bytes && rc == 0) {
        struct inf_field f = { .kind = (uint8_t)kind };

        if (!(mask >> lo & 1)) {
            lo++;
            continue;
        }
        for (hi = lo; hi + 1 < 8 * shape->bytes && mask >> (hi + 1) & 1;
             hi++) {
        }
        f.lo = (uint8_t)lo;
        f.hi = (uint8_t)hi;
        f.value = value >> lo & all_bits(8) >> (63 - (hi - lo));
        rc = inf_shape_put(shape, &f);
        lo = hi + 1;
    }
    return rc;
}

static int put_source(struct inf_offline_reg *reg, unsigned bit,
                      const struct source *from, uint64_t base)
{
    struct inf_field f = { .lo = (uint8_t)bit, .hi = (uint8_t)bit,
                           .kind = INF_FIELD_DERIVED };

    snprintf(f.expr, sizeof(f.expr), "%sr%02" PRIx64 " >> %u & 1",
             from->inverted ? "~" : "", from->reg->phys - base, from->bit);
    return inf_shape_put(&reg->shape, &f);
}

static void explain(struct inf_offline_reg *reg, uint64_t constant,
                    uint64_t derived)
{
    int len = snprintf(reg->why, sizeof(reg->why), "recorded: %u read%s, %u "
                       "write%s", reg->reads, reg->reads == 1 ? "" : "s",
                       reg->writes, reg->writes == 1 ? "" : "s");

    if (constant) {
        len += snprintf(reg->why + len, sizeof(reg->why) - (size_t)len,
                        "; bits 0x%" PRIx64 " never changed", constant);
    }
    if (derived) {
        len += snprintf(reg->why + len, sizeof(reg->why) - (size_t)len,
                        "; bits 0x%" PRIx64 " follow others", derived);
    }
    if (reg->unexplained) {
        snprintf(reg->why + len, sizeof(reg->why) - (size_t)len,
                 "; bits 0x%" PRIx64 " not explained", reg->unexplained);
    }
}

/* The bits that neither storage nor constants nor w1c explain. */
static int follow(const struct inf_recording *rec,
                  const struct inf_offline_reg *all, unsigned count,
                  uint64_t base, struct inf_offline_reg *reg, uint64_t bits)
{
    uint64_t derived = 0;
    struct source from;
    unsigned bit;
    int rc = 0;

    for (bit = 0; bit < 8 * reg->bytes && rc == 0; bit++) {
        if (!(bits >> bit & 1)) {
            continue;
        }
        if (find_source(rec, all, count, reg, bit, &from)) {
            rc = put_source(reg, bit, &from, base);
            derived |= 1ull << bit;
        }
    }
    reg->unexplained = bits & ~derived;
    return rc;
}

int inf_offline_shape(const struct inf_recording *rec,
                      const struct inf_offline_reg *all, unsigned count,
                      uint64_t base, struct inf_offline_reg *reg)
{
    uint64_t constant, storage, w1c, rest;
    struct verdict v;
    int rc;

    judge(rec, reg, &v);
    inf_shape_init(&reg->shape, reg->phys - base, reg->bytes);
    storage = v.storage & v.written;
    constant = v.constant & ~storage;
    w1c = v.w1c & v.written & ~storage & ~constant;
    rest = v.read & ~storage & ~constant & ~w1c;
    reg->text = takes_text(rec, reg);
    if (reg->text) {
        struct inf_field f = { .hi = 7, .kind = INF_FIELD_DATA,
                               .expr = "pushes tx" };

        constant &= ~0xffull;
        rest &= ~0xffull;
        reg->unexplained = 0;
        snprintf(reg->why, sizeof(reg->why), "text is written to it");
        rc = inf_shape_put(&reg->shape, &f);
        return rc ? rc : inf_shape_constant(&reg->shape, constant, v.value);
    }
    rc = inf_shape_constant(&reg->shape, constant, v.value);
    if (rc == 0) {
        rc = put_runs(&reg->shape, INF_FIELD_RESET,
                      storage & v.have_first & v.first, v.first);
    }
    if (rc == 0) {
        rc = put_runs(&reg->shape, INF_FIELD_W1C, w1c, v.value);
    }
    if (rc == 0) {
        rc = follow(rec, all, count, base, reg, rest);
    }
    if (v.read) {
        explain(reg, constant, rest & ~reg->unexplained);
    }
    return rc;
}
