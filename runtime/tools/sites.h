/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses summed by the instruction that made them and their address. */
#ifndef RUNTIME_TOOLS_SITES_H
#define RUNTIME_TOOLS_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/bridge/bridge.h"

#define SITES_MAX 4096u             /* told apart; a power of two */
#define SITES_RECENT 8192u          /* accesses that count as recent */
#define SITES_LATE 64u              /* as the very last ones */

struct site {
    uint64_t pc, address;
    bool write;
    uint64_t count;                 /* in all of the ring */
    uint64_t recent, late;          /* among the last ones of it */
    uint64_t last;                  /* number of the latest access */
    uint64_t first_value, value;    /* of the first and the latest */
    uint64_t run;                   /* accesses since it last changed */
    uint64_t changes;               /* times it differed from the one before */
    struct pbr_record record;       /* the latest */
};

struct sites {
    struct site *v;                 /* malloc'ed; the hottest first */
    size_t count;
    uint64_t records;               /* accesses that were looked at */
    uint64_t lost;                  /* that the ring no longer had, or that
                                       there was no room to tell apart */
};

/*
 * Sums what the ring in @mem holds.  0, or -1 when it is no ring or memory
 * is short; sites_dispose() in any case.
 */
int sites_collect(const struct pbr_state *mem, uint64_t size,
                  struct sites *out);
void sites_dispose(struct sites *s);

#endif
