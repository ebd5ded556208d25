/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking into the shared memories of a running QEMU, read only, and keeping
 * the figures of a run that may take several starts of QEMU.
 */
#ifndef RUNTIME_TOOLS_LINK_H
#define RUNTIME_TOOLS_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/bridge/bridge-os.h"

#define LINK_KINDS 8
#define LINK_KEEP (1u << 20)        /* latencies kept over all starts */

/* Sums over all starts. */
struct figures {
    uint64_t questions[LINK_KINDS]; /* by enum pbr_question_kind */
    uint64_t verdicts[LINK_KINDS];  /* by enum pbr_verdict */
    uint64_t timeouts;
    uint64_t exceptions;
    uint64_t accesses;
    uint64_t bad_tables;
    uint32_t *latency;              /* as in struct pbr_stats; malloc'ed */
    size_t latencies;
};

void figures_dispose(struct figures *f);

/* Microseconds at share @q (0..1) of one kind's latencies; 0: none.  Sorts. */
struct pbr_latency figures_latency(const struct figures *f, uint32_t kind);

struct link {
    struct pbr_shm bridge;
    struct pbr_shm state;
    bool ready;
};

void link_init(struct link *l);

/* Tries to attach to the memories of QEMU process @pid; true when it is. */
bool link_attach(struct link *l, const char *bridge, const char *state,
                 pid_t pid);
void link_close(struct link *l);

/* The daemon that is attached, 0 for none. */
pid_t link_daemon(const struct link *l);

/* Questions so far in this start; *open says whether one is open now. */
uint64_t link_questions(const struct link *l, bool *open);

/* Reads that the guest made of instance @name so far in this start. */
uint64_t link_reads(const struct link *l, const char *name);

/*
 * Whether the latest question was about an exception or a wild jump; then
 * with what was answered, in words.
 */
bool link_crashed(const struct link *l, char message[PBR_MESSAGE_MAX]);

/* enum pbr_verdict of the answer to the latest question; 0: none. */
uint32_t link_verdict(const struct link *l);

/* Questions of that kind so far in this start. */
uint64_t link_crashes(const struct link *l);

/* Accesses to table devices so far in this start. */
uint64_t link_accesses(const struct link *l);

/* The latest of them: instance, offset, pc.  False when there is none. */
bool link_last_access(const struct link *l, char name[PBR_NAME_MAX],
                      struct pbr_record *record);

/* Whether a question ended in the machine being stopped, and the reason in
 * words ("" when none was given). */
bool link_stopped(const struct link *l, char message[PBR_MESSAGE_MAX]);

/* Adds this start's figures. */
void link_collect(const struct link *l, struct figures *f);

#endif
