/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, buses and interrupt parents of a device tree. */
#ifndef COMPILER_DT_ADDRESS_H
#define COMPILER_DT_ADDRESS_H

#include "compiler/dtree.h"

/* #address-cells and #size-cells that @bus gives its children. */
unsigned dt_address_cells(const struct pcc_tnode *bus);
unsigned dt_size_cells(const struct pcc_tnode *bus);

/* Number of cells @count from cell @at of a property; false: too short. */
bool dt_read_cells(const struct pcc_tprop *p, size_t at, unsigned count,
                   uint64_t *value);

/* Entries of a node's `reg`, also those that lead to no physical address. */
size_t dt_reg_count(const struct pcc_tnode *node);

/*
 * Entry @i of a node's `reg`: physical address and size; false: none, or the
 * buses above do not translate it (no `ranges`, PCI, more than 64 bits).
 */
bool dt_reg(const struct pcc_tnode *node, size_t i, uint64_t *base,
            uint64_t *size);

/* A physical address as children of @bus write it; false: not reachable. */
bool dt_to_bus(const struct pcc_tnode *bus, uint64_t *addr);

/* Where a new node at @addr belongs: /soc or another bus, or the root. */
struct pcc_tnode *dt_bus_for(const struct pcc_tree *t, uint64_t addr);

/* A piece of address space and the node that claims it. */
struct dt_claim {
    uint64_t base;
    uint64_t size;
    struct pcc_tnode *node;
    size_t entry;           /* of its `reg` */
};

/* All of a tree's claims that are MMIO (not memory, cpus, ...). */
struct dt_claim *dt_claims(struct pcc_tree *t, size_t *count);

/* Writes cells of an address or size of @count cells. */
size_t dt_put_cells(uint32_t *cells, unsigned count, uint64_t value);

#endif
