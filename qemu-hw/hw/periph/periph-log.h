/*
 * Shared memories of access records, by name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Devices that name the same memory write into the same ring and directory.
 * All of it with the BQL held.
 */
#ifndef HW_PERIPH_LOG_H
#define HW_PERIPH_LOG_H

#include "hw/core/cpu.h"
#include "qemu/notify.h"
#include "qemu/queue.h"
#include "runtime/bridge/bridge-os.h"
#include "runtime/bridge/bridge.h"

/* Told of every record that is an access of a CPU to a device. */
typedef struct PeriphLogListener PeriphLogListener;

struct PeriphLogListener {
    void (*accessed)(PeriphLogListener *l, const struct pbr_record *r);
    QLIST_ENTRY(PeriphLogListener) next;
};

typedef struct PeriphLog {
    char *name;
    unsigned users;
    uint32_t regions;           /* entries of the directory given out */
    struct pbr_shm shm;
    struct pbr_state *mem;
    struct pbr_ring_writer ring;
    QLIST_HEAD(, PeriphLogListener) listeners;
    QLIST_ENTRY(PeriphLog) next;
} PeriphLog;

/*
 * The memory of that name, made unless it is there already: then @records
 * and @full (records with general registers) are as its first user wanted.
 * NULL with @errp. Give it back with periph_log_put(); at exit of QEMU all
 * memories are removed.
 */
PeriphLog *periph_log_get(const char *name, uint32_t records, bool full,
                              Error **errp);
void periph_log_put(PeriphLog *state);

/* Whether its records have room for registers. */
bool periph_log_is_full(const PeriphLog *state);

/*
 * A new entry of the directory; PBR_NO_DEVICE when it is full. The entry is
 * the caller's to change with pbr_region_set().
 */
uint32_t periph_log_add_region(PeriphLog *state,
                                 const struct pbr_region *region);

/* Appends @record; @regs: PBR_RECORD_REGS values, or NULL. */
void periph_log_record(PeriphLog *state, const struct pbr_record *record,
                         const uint64_t *regs);

#endif
