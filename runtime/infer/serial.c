/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/serial.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_BITS 9u /* direction and address */

static const unsigned tails[] = { 32, 16, 8 };

/* --------------------------------------------------------------- reading */

/* The number of a write, made when it is new; INF_SERIAL_WRITES: no room. */
static unsigned write_number(struct inf_serial *s,
                             const struct inf_access *acc)
{
    unsigned i;

    for (i = 0; i < s->write_count; i++) {
        if (s->writes[i].phys == acc->phys &&
            s->writes[i].value == acc->value) {
            return i;
        }
    }
    if (i < INF_SERIAL_WRITES) {
        s->writes[i].phys = acc->phys;
        s->writes[i].value = acc->value;
        s->write_count++;
    }
    return i;
}

int inf_serial_read(const struct inf_evidence *ev,
                    const struct inf_serial_bus *bus, struct inf_serial *out)
{
    uint64_t now = inf_evidence_seq(ev);
    uint64_t seq = now > INF_EV_TRACE ? now - INF_EV_TRACE : 1;
    struct inf_serial_slot slot = { 0 };
    bool inside = false;
    unsigned n;

    memset(out, 0, sizeof(*out));
    out->slots = calloc(INF_EV_TRACE + 1, sizeof(*out->slots));
    if (!out->slots) {
        return INF_E_NOMEM;
    }
    for (; seq <= now; seq++) {
        const struct inf_access *acc = inf_evidence_at(ev, seq);

        if (!acc) {
            inside = false; /* not kept: a word would have a gap */
        } else if (acc->write && acc->phys == bus->begin.phys &&
                   acc->value == bus->begin.value) {
            inside = true;
            slot = (struct inf_serial_slot) { .first = true };
        } else if (acc->write && inside) {
            n = write_number(out, acc);
            slot.writes |= n < INF_SERIAL_WRITES ? 1u << n : 0;
        } else if (inside && acc->phys == bus->in) {
            slot.got = acc->value & bus->in_mask;
            out->slots[out->slot_count++] = slot;
            slot = (struct inf_serial_slot) { 0 };
        }
    }
    return 0;
}

void inf_serial_dispose(struct inf_serial *s)
{
    free(s->slots);
    memset(s, 0, sizeof(*s));
}

/* ----------------------------------------------------------------- words */

struct word {
    unsigned bits;
    uint64_t sent, got; /* the first bit is the highest */
};

/*
 * The word that begins at slot @at; returns where the next one begins, 0 when
 * this one is the last, which may not be whole.
 */
static unsigned word_at(const struct inf_serial *s, unsigned at,
                        unsigned one, struct word *out)
{
    unsigned i = at;

    memset(out, 0, sizeof(*out));
    do {
        out->sent = out->sent << 1 | (s->slots[i].writes >> one & 1);
        out->got = out->got << 1 | s->slots[i].got;
        out->bits++;
        i++;
    } while (i < s->slot_count && !s->slots[i].first);
    return i < s->slot_count ? i : 0;
}

/* The latest whole word of @bits bits. */
static bool last_word(const struct inf_serial *s, unsigned bits,
                      unsigned one, struct word *out)
{
    unsigned at = 0, next;
    struct word w;
    bool found = false;

    while (at < s->slot_count && (next = word_at(s, at, one, &w)) != 0) {
        if (w.bits == bits) {
            *out = w;
            found = true;
        }
        at = next;
    }
    return found;
}

bool inf_serial_last(const struct inf_serial *s, unsigned bits,
                     uint64_t *got)
{
    struct word w;

    if (bits > INF_SERIAL_BITS || !last_word(s, bits, 0, &w)) {
        return false;
    }
    *got = w.got;
    return true;
}

/* ------------------------------------------------------------------ echo */

static uint64_t low(unsigned bits)
{
    return bits >= 64 ? ~0ull : (1ull << bits) - 1;
}

/* Each bit has exactly one of these writes. */
static bool is_data_line(const struct inf_serial *s, unsigned a, unsigned b)
{
    uint32_t both = 1u << a | 1u << b;
    uint32_t seen = 0;
    unsigned i;

    for (i = 0; i < s->slot_count; i++) {
        uint32_t these = s->slots[i].writes & both;

        if (these == 0 || these == both) {
            return false;
        }
        seen |= these;
    }
    return seen == both;
}

/*
 * The latest word before those like @now that only differs in one bit of its
 * head, and sent @needed.
 */
static bool find_source(const struct inf_serial *s, unsigned one,
                        const struct word *now, uint64_t needed,
                        struct inf_serial_echo *e)
{
    uint64_t latest[HEAD_BITS] = { 0 };
    bool any[HEAD_BITS] = { false };
    unsigned at = 0, next, bit;
    struct word w;

    while (at < s->slot_count && (next = word_at(s, at, one, &w)) != 0) {
        uint64_t differ = (w.sent ^ now->sent) >> e->tail;

        at = next;
        if (w.bits != e->bits || !differ || (differ & (differ - 1))) {
            continue;
        }
        bit = (unsigned)__builtin_ctzll(differ);
        latest[bit] = w.sent & low(e->tail);
        any[bit] = true;
    }
    for (bit = e->bits - e->tail; bit > 0; bit--) {
        if (any[bit - 1] && latest[bit - 1] == (needed & low(e->tail))) {
            e->direction = bit - 1;
            e->reads = now->sent >> (e->tail + bit - 1) & 1;
            e->address = low(e->bits - e->tail) & ~(1ull << (bit - 1));
            return true;
        }
    }
    return false;
}

/* Whether all words but those like @now, behind the last write to their
 * address, got what they would get. */
static bool replays(const struct inf_serial *s, unsigned one,
                    const struct word *now, uint64_t needed,
                    const struct inf_serial_echo *e)
{
    uint64_t stored[1u << HEAD_BITS] = { 0 };
    unsigned at = 0, next;
    struct word w;

    while (at < s->slot_count && (next = word_at(s, at, one, &w)) != 0) {
        uint64_t head = w.sent >> e->tail;
        uint64_t *place = &stored[head & e->address];

        at = next;
        if (w.bits != e->bits) {
            continue;
        }
        if ((head >> e->direction & 1) != e->reads) {
            *place = w.sent & low(e->tail);
        } else if ((w.got & low(e->tail)) != *place &&
                   (w.sent != now->sent ||
                    *place != (needed & low(e->tail)))) {
            return false;
        }
    }
    return true;
}

static bool try_line(const struct inf_serial *s, unsigned one, unsigned zero,
                     uint64_t needed, uint64_t constant,
                     struct inf_serial_echo *e)
{
    struct word now;
    unsigned i;

    if (!last_word(s, e->bits, one, &now)) {
        return false;
    }
    for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        e->tail = tails[i];
        if (e->tail >= e->bits || e->bits - e->tail > HEAD_BITS ||
            ((needed ^ constant) & ~low(e->tail) & low(e->bits))) {
            continue;
        }
        if (find_source(s, one, &now, needed, e) &&
            replays(s, one, &now, needed, e)) {
            e->one = s->writes[one];
            e->zero = s->writes[zero];
            return true;
        }
    }
    return false;
}

bool inf_serial_find_echo(const struct inf_serial *s, unsigned bits,
                          uint64_t needed, uint64_t constant,
                          struct inf_serial_echo *out)
{
    unsigned a, b;

    memset(out, 0, sizeof(*out));
    out->bits = bits;
    for (a = 0; a < s->write_count && bits <= INF_SERIAL_BITS; a++) {
        for (b = 0; b < s->write_count; b++) {
            if (a != b && is_data_line(s, a, b) &&
                try_line(s, a, b, needed, constant, out)) {
                return true;
            }
        }
    }
    return false;
}
