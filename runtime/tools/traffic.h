/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access records as a stream: which of them are wanted, how many there were
 * of what, and which registers interrupts use.
 */
#ifndef RUNTIME_TOOLS_TRAFFIC_H
#define RUNTIME_TOOLS_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/bridge/bridge.h"

/* What is wanted; zero members want everything. */
struct traffic_filter {
    const char *device;         /* name in the directory or of the profile */
    const char *reg;            /* name, or offset in hex or decimal */
    bool reads_only, writes_only;
    bool has_pc;
    uint64_t pc_first, pc_last;
    bool has_cpu;
    unsigned cpu;
};

/* Parses "ADDRESS" or "FIRST-LAST"; false when it is neither. */
bool traffic_parse_range(const char *text, uint64_t *first, uint64_t *last);

/*
 * Whether @r is wanted.  @device and @reg are its names or NULL, @instance
 * another name for the device, or NULL.
 */
bool traffic_wants(const struct traffic_filter *f, const struct pbr_record *r,
                   const char *device, const char *instance, const char *reg);

/* Records that are no accesses. */
#define TRAFFIC_IRQ (PBR_R_IRQ | PBR_R_IRQ_END)

/* ---- Interrupts and the registers that are used in them ---- */

struct traffic_use {
    uint64_t number;            /* of the interrupt */
    uint64_t address;
    uint64_t reads, writes;
};

struct traffic_irq {
    uint64_t number;
    uint64_t taken, ended;
};

struct traffic_irqs {
    struct traffic_irq *irqs;
    size_t irq_count;
    struct traffic_use *uses;
    size_t use_count;
    /* Interrupts that each CPU is in, the innermost last. */
    uint64_t stack[256][8];
    unsigned depth[256];
};

#define TRAFFIC_MAX 4096        /* interrupts, and uses, that are told apart */

/* Takes the next record into account; all of them, in order. */
void traffic_irqs_add(struct traffic_irqs *t, const struct pbr_record *r);
void traffic_irqs_dispose(struct traffic_irqs *t);

/* "spi 1", "ppi 11", "nvic 8", "SysTick"; @arch as in the state memory. */
void traffic_irq_name(uint32_t arch, uint64_t number, char *text,
                      size_t size);

#endif
