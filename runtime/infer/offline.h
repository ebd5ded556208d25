/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A register from a recording alone: no CPU, no probing, only what was read
 * and written.  A bit is, in this order, what explains all of its reads:
 *   storage      it reads as written last, and was written
 *   a constant   it always reads the same, whatever is written
 *   cleared by writing 1
 *   another bit  that is stored in the same device, as it is or inverted
 * What nothing explains stays storage and is said.
 */
#ifndef PERIPH_INFER_OFFLINE_H
#define PERIPH_INFER_OFFLINE_H

#include "runtime/infer/infer.h"
#include "runtime/infer/shape.h"

#define INF_OFFLINE_REGS 1024u

/* A recording, in the order in which it happened. */
struct inf_recording {
    const struct inf_access *v;
    size_t count;
};

struct inf_offline_reg {
    uint64_t phys;
    unsigned bytes;             /* a naturally aligned place of 1, 2, 4, 8 */
    unsigned reads, writes;
    struct inf_shape shape;
    uint64_t unexplained;       /* bits */
    bool text;                  /* text is written to it */
    char why[128];              /* "" for plain storage */
};

/*
 * The registers of the recording inside [base, base + size), by address, into
 * @out (INF_OFFLINE_REGS of them).  How many, or a negative enum inf_error.
 */
int inf_offline_registers(const struct inf_recording *rec, uint64_t base,
                          uint64_t size, struct inf_offline_reg *out);

/* Works out @reg's shape; @all are the @count registers of its device. */
int inf_offline_shape(const struct inf_recording *rec,
                      const struct inf_offline_reg *all, unsigned count,
                      uint64_t base, struct inf_offline_reg *reg);

#endif
