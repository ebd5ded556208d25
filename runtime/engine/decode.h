/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest access, split into what its bytes reach. */
#ifndef RUNTIME_ENGINE_DECODE_H
#define RUNTIME_ENGINE_DECODE_H

#include "runtime/engine/priv.h"

enum piece_kind {
    PIECE_REG,
    PIECE_MEM,
    PIECE_PAD,          /* beside a register in its word: reads 0 */
    PIECE_UNMAPPED
};

#define PIECE_OUTSIDE (PRT_NONE - 1)   /* index of bytes beyond the device */

/* Bytes at..at+len-1 of the access are bytes from.. of what they reach. */
struct piece {
    uint8_t kind;
    uint8_t verb;       /* of the window, MIRRORS without */
    uint8_t at, len;
    uint32_t index;     /* register or memory */
    uint32_t from;      /* byte within it; offset in the device otherwise */
};

struct access {
    uint32_t offset;
    unsigned size;
    bool write;
    unsigned count;
    struct piece pieces[8];
};

/*
 * Split an access, whose direction the caller has set; PRT_OK, PRT_ASK or
 * PRT_ABORT.  Evaluates conditions, has no effect but dev->last_reg and
 * dev->ask_*.  An access of an illegal size that is to be ignored comes back
 * as PRT_OK without pieces.
 */
int prt_split(struct prt_dev *dev, struct access *acc, uint32_t offset,
              unsigned size);

#endif /* RUNTIME_ENGINE_DECODE_H */
