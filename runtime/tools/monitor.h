/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A view of the ring of access records of a running QEMU. */
#ifndef RUNTIME_TOOLS_MONITOR_H
#define RUNTIME_TOOLS_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/bridge/bridge-os.h"
#include "runtime/tools/decode.h"
#include "runtime/tools/traffic.h"

struct monitor_options {
    bool follow, json, reads, writes, regions, interrupts, registers;
    const char *state_mem, *device, *reg, *pc;
    unsigned last, count;
    double timeout, rates;
};

#define MONITOR_LAST_DEFAULT UINT32_MAX

/* What was read and written of one register. */
struct monitor_seen {
    uint32_t offset;
    uint64_t address;
    unsigned size;
    uint64_t reads, writes;
    uint64_t read, written;
};

struct monitor {
    struct monitor_options options;
    struct traffic_filter filter;
    struct decoder *decoder;        /* or NULL */
    char name[PBR_NAME_MAX];        /* of the shared memory */
    struct pbr_shm shm;
    struct pbr_ring_reader reader;
    uint32_t arch;
    bool attached;
    bool waiting;                   /* that it is waited for was said */
    unsigned tries;                 /* of a memory that is being made */
    bool colour;
    uint64_t shown;
    uint64_t lost;                  /* of memories before this one */
    struct traffic_irqs irqs;
    struct monitor_seen *seen;      /* -n without --follow */
    size_t seen_count;
    double rates_at;                /* when rates were printed last */
    uint64_t counted[PBR_REGIONS_MAX][2];
};

#define MONITOR_INIT { \
    .options = { .last = MONITOR_LAST_DEFAULT }, \
    .shm = PBR_SHM_INIT, \
}

/* Decides which memory is meant; says what there is to choose from. */
int monitor_find(struct monitor *m);

/*
 * Attaches to the memory where it is not, and again to the one that took its
 * place.  STATUS_OK also while there is none and that may change.
 */
int monitor_attach(struct monitor *m);

/* Shows what is new. */
void monitor_drain(struct monitor *m);

/* --count were shown. */
bool monitor_is_done(const struct monitor *m);

/* Prints what comes at the end. */
void monitor_finish(struct monitor *m);

void monitor_dispose(struct monitor *m);

/* ---- monitor-print.c ---- */

void monitor_print_record(struct monitor *m, const struct pbr_record *r,
                          const uint64_t *regs);
void monitor_print_regions(struct monitor *m);
void monitor_print_seen(struct monitor *m);
void monitor_print_interrupts(struct monitor *m);
/* Accesses a second since the last call, by device. */
void monitor_print_rates(struct monitor *m, double seconds);

#endif
