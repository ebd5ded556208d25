/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a script waits for besides text: an access of the guest to a register,
 * looked for in the ring of access records.
 */
#ifndef RUNTIME_TOOLS_ACCESSES_H
#define RUNTIME_TOOLS_ACCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/bridge/bridge-os.h"

struct access_wanted {
    uint64_t address;   /* physical, the access's first byte */
    uint64_t value, mask;
    bool write;
};

struct accesses {
    struct pbr_shm shm;
    struct pbr_ring_reader reader;
    bool ready;
};

/*
 * Reads "ADDRESS VALUE", "ADDRESS VALUE/MASK" or "ADDRESS any"; numbers as in
 * C.  Returns what follows, or NULL.
 */
const char *access_parse(struct access_wanted *w, const char *text);

void accesses_init(struct accesses *a);

/* Tries to attach to the records @state of QEMU process @pid; true when it
 * is. */
bool accesses_attach(struct accesses *a, const char *state, pid_t pid);
void accesses_close(struct accesses *a);

/*
 * Whether @w is among the accesses that were not looked at yet; then those up
 * to it are, else all.
 */
bool accesses_find(struct accesses *a, const struct access_wanted *w);

/* Records that were overwritten before they were looked at. */
uint64_t accesses_lost(const struct accesses *a);

#endif
