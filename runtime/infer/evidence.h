/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: what the guest did to table devices, in bounded memory.
 *
 * Three views of the same stream: bytes (what stands at an address as far as
 * accesses show), registers (counters, sites, text statistics) and the most
 * recent accesses in order.
 */
#ifndef PERIPH_INFER_EVIDENCE_H
#define PERIPH_INFER_EVIDENCE_H

#include "runtime/infer/infer.h"

#define INF_EV_SITES 8
#define INF_EV_TEXT 256
#define INF_EV_TRACE 65536

/* One address that was accessed; @phys is the first byte of the access. */
struct inf_reg_stat {
    uint64_t phys;
    uint32_t size; /* widest access seen, bytes; 0 = empty slot */
    uint32_t site_count; /* distinct pcs, saturates at INF_EV_SITES */
    uint64_t reads, writes;
    uint64_t last_read, last_write, prev_write;
    uint64_t seq_read, seq_write; /* order number of the last one, 0 = none */
    uint64_t sites[INF_EV_SITES];
};

/*
 * The order number of the newest access (1 = the first ever); numbers do
 * not go back on reset.  Of reads that are alike and in a row the first 1024
 * have one, later ones are counted in the view of registers only.
 */
uint64_t inf_evidence_seq(const struct inf_evidence *ev);
/* Accesses that found no slot in the register view. */
uint64_t inf_evidence_lost(const struct inf_evidence *ev);

/* NULL when that address was never accessed. */
const struct inf_reg_stat *inf_evidence_reg(const struct inf_evidence *ev,
                                            uint64_t phys);

/*
 * The value standing at @phys as far as accesses show (little-endian; bytes
 * never seen are 0).  Returns the mask of the bits that were seen.
 */
uint64_t inf_evidence_value(const struct inf_evidence *ev, uint64_t phys,
                            unsigned size, uint64_t *value);
/* The same, of writes only: what the guest last stored there. */
uint64_t inf_evidence_written(const struct inf_evidence *ev, uint64_t phys,
                              unsigned size, uint64_t *value);

/*
 * The access with order number @seq; NULL when it is no longer (or not yet)
 * kept.  The pointer is valid until the next inf_evidence_add().
 */
const struct inf_access *inf_evidence_at(const struct inf_evidence *ev,
                                         uint64_t seq);

/* A character a console may be sent: printable ASCII, CR, LF, TAB, BS, ESC,
 * BEL. */
bool inf_is_text(uint64_t value);

/*
 * Whether @len characters look like text that a person is meant to read:
 * all of them inf_is_text(), at least four, at least three different ones,
 * and most of them letters, digits or spaces.
 */
bool inf_looks_like_text(const uint8_t *text, size_t len);

#endif
