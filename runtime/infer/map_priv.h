/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by infer_map.c (memories) and map_native.c (the core's devices). */
#ifndef PERIPH_INFER_MAP_PRIV_H
#define PERIPH_INFER_MAP_PRIV_H

#include "runtime/infer/evidence.h"
#include "runtime/infer/infer.h"
#include "runtime/infer/priors.h"

#define MAP_REFUSED 64u

/* Stores of one piece of code to addresses that follow each other. */
struct map_walk {
    uint64_t pc, start, next;
};

struct inf_engine {
    struct inf_options opts;
    struct inf_services svc;
    const struct inf_evidence *ev;
    struct map_walk walk;
    uint64_t refused[MAP_REFUSED]; /* places a person's text is against */
    unsigned refused_count;
    uint64_t asked; /* place of the last answer */
    uint64_t next_id;
    unsigned restarts;
};

/* The next edit of @ans; NULL when it is full. */
struct inf_edit *map_edit(struct inf_answer *ans, uint32_t kind,
                          const char *name, uint64_t base);

/* What the machine made there before it was known goes; INF_E_RANGE when
 * there is too much of it.  Sets *@restart when anything goes. */
int map_take_away(struct inf_engine *eng, struct inf_answer *ans,
                  uint64_t lo, uint64_t hi, bool *restart);

/*
 * Whether the device at @phys is the machine's and plain storage: no field,
 * no rule shows in its registers.
 */
bool map_is_plain(struct inf_engine *eng,
                  const struct inf_model_device *dev);

/*
 * An access to an interrupt controller, or to a device of the core, that
 * priors or the core itself tell of.  0 with @ans filled or not.
 */
int map_native(struct inf_engine *eng, const struct inf_question *q,
               struct inf_answer *ans);

#endif
