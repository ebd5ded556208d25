/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of instruction addresses; places that end a run. */
#include <string.h>

#include "runtime/infer/probe_priv.h"

static uint32_t pc_hash(uint64_t pc)
{
    return (uint32_t)(((pc >> 1) * 0x9e3779b97f4a7c15ull) >> 44);
}

void pc_set_clear(struct pc_set *set)
{
    set->count = 0;
    memset(set->slot, 0, sizeof(set->slot));
}

static uint16_t *pc_slot(const struct pc_set *set, uint64_t pc)
{
    uint32_t i = pc_hash(pc);

    for (;; i++) {
        const uint16_t *slot = &set->slot[i & (PC_SLOTS - 1)];

        if (*slot == 0 || set->order[*slot - 1] == pc) {
            return (uint16_t *)slot;
        }
    }
}

bool pc_set_has(const struct pc_set *set, uint64_t pc)
{
    return *pc_slot(set, pc) != 0;
}

bool pc_set_add(struct pc_set *set, uint64_t pc)
{
    uint16_t *slot = pc_slot(set, pc);

    if (*slot != 0 || set->count == PC_LIMIT) {
        return false;
    }
    set->order[set->count] = pc;
    *slot = ++set->count;
    return true;
}

static bool is_among(uint64_t pc, const uint64_t *places, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        if (places[i] == pc) {
            return true;
        }
    }
    return false;
}

void probe_look_at_places(struct inf_probe *p, uint64_t pc)
{
    const struct inf_places *places = p->env.places;

    if (is_among(pc, places->avoid, places->avoid_count)) {
        probe_stop(p, INF_END_AVOIDED);
    } else if (is_among(pc, places->until, places->until_count)) {
        probe_stop(p, INF_END_REACHED);
    }
}
