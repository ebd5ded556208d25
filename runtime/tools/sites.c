/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/sites.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/tools/traffic.h"

static struct site *find_site(struct site *table, const struct pbr_record *r)
{
    bool write = (r->flags & PBR_R_WRITE) != 0;
    uint64_t hash = (r->pc * 31 + r->address) * 2 + write;
    size_t i, at = (size_t)((hash * UINT64_C(0x9e3779b97f4a7c15)) >> 40);

    for (i = 0; i < SITES_MAX; i++) {
        struct site *site = &table[(at + i) % SITES_MAX];

        if (site->count == 0) {
            site->pc = r->pc;
            site->address = r->address;
            site->write = write;
            site->first_value = site->value = r->value;
            return site;
        }
        if (site->pc == r->pc && site->address == r->address &&
            site->write == write) {
            return site;
        }
    }
    return NULL;
}

/* Takes one access in; @left is how many are still to come. */
static void add(struct sites *s, const struct pbr_record *r, uint64_t left)
{
    struct site *site = find_site(s->v, r);

    s->records++;
    if (site == NULL) {
        s->lost++;
        return;
    }
    if (site->value != r->value) {
        site->changes++;
        site->run = 0;
    }
    site->run++;
    site->value = r->value;
    site->count++;
    site->recent += left < SITES_RECENT;
    site->late += left < SITES_LATE;
    site->last = s->records;
    site->record = *r;
}

static int by_heat(const void *a, const void *b)
{
    const struct site *x = a, *y = b;

    if ((x->count != 0) != (y->count != 0)) {
        return x->count != 0 ? -1 : 1;
    }
    if (x->recent != y->recent) {
        return x->recent > y->recent ? -1 : 1;
    }
    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    return x->last > y->last ? -1 : x->last < y->last;
}

int sites_collect(const struct pbr_state *mem, uint64_t size,
                  struct sites *out)
{
    struct pbr_ring_reader end, reader;
    struct pbr_record record;

    memset(out, 0, sizeof(*out));
    if (pbr_ring_reader_init(&end, mem, size, false) != PBR_OK ||
        pbr_ring_reader_init(&reader, mem, size, true) != PBR_OK) {
        return -1;
    }
    out->v = calloc(SITES_MAX, sizeof(*out->v));
    if (out->v == NULL) {
        return -1;
    }
    /* A guest that still runs may add faster than this reads. */
    while (reader.cursor < end.cursor &&
           pbr_ring_get(&reader, &record, NULL) == 1) {
        if (!(record.flags & TRAFFIC_IRQ)) {
            add(out, &record, end.cursor > reader.cursor ?
                end.cursor - reader.cursor : 0);
        }
    }
    out->lost += reader.lost;
    qsort(out->v, SITES_MAX, sizeof(*out->v), by_heat);
    while (out->count < SITES_MAX && out->v[out->count].count != 0) {
        out->count++;
    }
    return 0;
}

void sites_dispose(struct sites *s)
{
    free(s->v);
    memset(s, 0, sizeof(*s));
}
