/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recorded accesses from a file: what `periph monitor --json` printed, an
 * object a line, or a copy of the shared memory itself.
 */
#ifndef RUNTIME_TOOLS_TRACE_H
#define RUNTIME_TOOLS_TRACE_H

#include <stdint.h>

#include "runtime/infer/offline.h"

#define TRACE_DEVICES 64u

struct trace_device {
    uint64_t base, size;
    unsigned reads, writes;
};

struct trace {
    struct inf_access *v;       /* malloc'ed, in order */
    size_t count, cap;
    uint64_t lost;              /* overwritten before they were recorded */
    const char *cpu;            /* a CPU type of that kind; NULL: not known */
    struct trace_device devices[TRACE_DEVICES];     /* by address */
    unsigned device_count;
};

/* 0, or -1 having said what is wrong; trace_dispose() in any case. */
int trace_load(struct trace *t, const char *path);
void trace_dispose(struct trace *t);

/* How a model does: reads of the recording, and those it answers alike. */
struct replay {
    unsigned reads, alike;
};

/*
 * Plays the recording against the tables of the @size bytes (aligned to 8) at
 * @table.  @out has a figure for each of @count registers and is set to all
 * reads of them.  0, or -1 when the table cannot be used.
 */
int trace_replay(const struct trace *t, const void *table, size_t size,
                 const struct inf_offline_reg *regs, unsigned count,
                 struct replay *out);

#endif
