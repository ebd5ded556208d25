/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places where the guest was found waiting for input.  They are no part of
 * the model, which is free of program counters: they are only remembered so
 * that the next run of the same images need not ask about them again.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/daemon/daemon.h"

void pdm_wait_note(struct pdm *d, uint64_t pc, uint64_t phys)
{
    unsigned i;

    for (i = 0; i < d->wait_count; i++) {
        if (d->waits[i].pc == pc && d->waits[i].phys == phys) {
            return;
        }
    }
    if (d->wait_count == PDM_MAX_WAITS) {
        memmove(&d->waits[0], &d->waits[1],
                (PDM_MAX_WAITS - 1) * sizeof(d->waits[0]));
        d->wait_count--;
    }
    d->waits[d->wait_count++] = (struct pdm_wait) { pc, phys };
    d->waits_changed = true;
    d->work_left = true;
}

void pdm_waits_send(struct pdm *d)
{
    unsigned i;

    for (i = 0; i < d->wait_count && d->fd >= 0; i++) {
        pdm_send(d, PBR_F_MUTE, 0, d->waits[i].pc, d->waits[i].phys);
    }
}

void pdm_watches_note(struct pdm *d, const struct inf_answer *answer)
{
    unsigned i;

    d->watch_count = 0;
    for (i = 0; i < answer->watch_count && i < INF_MAX_WATCHES; i++) {
        d->watches[d->watch_count++] = (struct pbr_frame) {
            PBR_F_WATCH, answer->watches[i].reads, answer->watches[i].pc,
            answer->watches[i].phys,
        };
    }
}

void pdm_watches_send(struct pdm *d)
{
    unsigned i;

    for (i = 0; i < d->watch_count && d->fd >= 0; i++) {
        pdm_send(d, PBR_F_WATCH, d->watches[i].arg, d->watches[i].seq,
                 d->watches[i].arg2);
    }
    d->watch_count = 0;
}

void pdm_waits_save(struct pdm *d, cJSON *root)
{
    char text[2 * 19 + 2];
    cJSON *waits, *list;
    unsigned i;

    if (d->options.image_id == NULL || d->wait_count == 0) {
        return;
    }
    waits = cJSON_AddObjectToObject(root, "waits");
    cJSON_AddStringToObject(waits, "images", d->options.image_id);
    list = cJSON_AddArrayToObject(waits, "places");
    for (i = 0; i < d->wait_count; i++) {
        snprintf(text, sizeof(text), "0x%" PRIx64 " 0x%" PRIx64,
                 d->waits[i].pc, d->waits[i].phys);
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
}

void pdm_waits_restore(struct pdm *d, const cJSON *root)
{
    const cJSON *waits = cJSON_GetObjectItemCaseSensitive(root, "waits");
    const cJSON *images = cJSON_GetObjectItemCaseSensitive(waits, "images");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(waits, "places");
    const cJSON *one;
    uint64_t pc, phys;

    if (d->options.image_id == NULL || !cJSON_IsString(images) ||
        strcmp(images->valuestring, d->options.image_id) != 0) {
        return;
    }
    cJSON_ArrayForEach(one, list) {
        if (cJSON_IsString(one) &&
            sscanf(one->valuestring, "%" SCNx64 " %" SCNx64, &pc,
                   &phys) == 2) {
            pdm_wait_note(d, pc, phys);
        }
    }
    d->waits_changed = false;
}
