/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board while it is being resolved. */
#ifndef COMPILER_BOARD_H
#define COMPILER_BOARD_H

#include "compiler/priv.h"

/* A wire waits until every instance is known. */
struct bwire {
    struct layer_item li;
    uint32_t instance;      /* whose body it stands in, or PCC_NONE */
    uint32_t native;
};

struct board {
    struct cc *cc;
    struct pcc_board b;
    uint32_t scope;
    layer_list items;
    const struct pdl_expr *console;
    CC_VEC(struct pcc_memory) memories;
    CC_VEC(struct pcc_load) loads;
    CC_VEC(struct pcc_instance) instances;
    CC_VEC(struct pcc_native) natives;
    CC_VEC(struct bwire) bwires;
    CC_VEC(struct pcc_wire) wires;
};

/* Resolves the wires collected, when all instances are known. */
void board_wires(struct board *bd);

#endif
