/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At the end: what happened, replayed against the model as it is then. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "runtime/daemon/daemon.h"

/* Whether something that is kept concerns the device. */
static bool was_accessed(const struct pdm *d, const struct pfl_device *device)
{
    uint64_t last = inf_evidence_seq(d->evidence);
    uint64_t seq = last > INF_EV_TRACE ? last - INF_EV_TRACE + 1 : 1;
    const struct inf_access *a;

    for (; seq <= last; seq++) {
        a = inf_evidence_at(d->evidence, seq);
        if (a != NULL && a->phys - device->base < device->size) {
            return true;
        }
    }
    return false;
}

void pdm_replay(struct pdm *d)
{
    struct pfl_device device;
    const void *table;
    size_t size;
    unsigned i;

    memset(&d->replay, 0, sizeof(d->replay));
    for (i = 0; pfl_device(d->board, i, &device) == PFL_OK; i++) {
        char name[PFL_NAME_MAX];

        snprintf(name, sizeof(name), "%s", device.name);
        if (!was_accessed(d, &device) ||
            pfl_load(d->board, name) != PFL_OK) {
            continue;
        }
        table = pfl_table(d->board, &size);
        if (size == 0 || ai_check_replay(table, size, device.base,
                                         d->evidence, &d->replay) != 0) {
            pdm_say(&d->options.log, PDM_DEBUG, "%s cannot be replayed",
                    name);
        }
    }
    for (i = 0; i < d->replay.count; i++) {
        const struct ai_difference *e = &d->replay.entries[i];

        pdm_say(&d->options.log, PDM_INFO, "replay: 0x%" PRIx64 " read 0x%"
                PRIx64 " by pc 0x%" PRIx64 ", would read 0x%" PRIx64 " now",
                e->phys, e->was, e->pc, e->is);
    }
}

static void add_hex(cJSON *to, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    cJSON_AddStringToObject(to, key, text);
}

void pdm_replay_results(const struct pdm *d, cJSON *root)
{
    const struct ai_replay *r = &d->replay;
    cJSON *o = cJSON_AddObjectToObject(root, "replay");
    cJSON *list;
    unsigned i;

    cJSON_AddNumberToObject(o, "reads", (double)r->reads);
    cJSON_AddNumberToObject(o, "different", (double)r->different);
    list = cJSON_AddArrayToObject(o, "differences");
    for (i = 0; i < r->count; i++) {
        const struct ai_difference *e = &r->entries[i];
        cJSON *one = cJSON_CreateObject();

        add_hex(one, "address", e->phys);
        add_hex(one, "pc", e->pc);
        add_hex(one, "was", e->was);
        add_hex(one, "is", e->is);
        cJSON_AddNumberToObject(one, "times", (double)e->times);
        cJSON_AddItemToArray(list, one);
    }
}
