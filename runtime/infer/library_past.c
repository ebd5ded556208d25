/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library engine remembers: blocks that it placed, those that were
 * taken back, and places where its word did not count.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/library_priv.h"

bool library_is_refused(const struct inf_engine *eng, uint64_t base)
{
    unsigned i;

    for (i = 0; i < eng->refused_count; i++) {
        if (eng->refused[i] == base) {
            return true;
        }
    }
    return false;
}

struct placed *library_placed_at(struct inf_engine *eng, uint64_t phys)
{
    unsigned i;

    for (i = 0; i < eng->placed_count; i++) {
        struct placed *p = &eng->placed[i];

        if (phys >= p->base && phys - p->base < p->size) {
            return p;
        }
    }
    return NULL;
}

bool library_is_withdrawn(struct inf_engine *eng, uint64_t base)
{
    const struct placed *p = library_placed_at(eng, base);

    return p && p->withdrawn;
}

void library_note_placed(struct inf_engine *eng, uint64_t base, uint64_t size,
                        const char *block)
{
    struct placed *p = library_placed_at(eng, base);

    if (!p && eng->placed_count < PLACED) {
        p = &eng->placed[eng->placed_count++];
    }
    if (p) {
        memset(p, 0, sizeof(*p));
        p->base = base;
        p->size = size;
        snprintf(p->block, sizeof(p->block), "%s", block);
    }
}

/* What was said of a place stands against something: others may know. */
void library_note_event(struct inf_engine *eng,
                               const struct inf_event *ev)
{
    unsigned i;

    /* what a start before this one asked about is no answer to this one */
    for (i = 0; ev->kind == INF_EV_RESET && i < eng->placed_count; i++) {
        eng->placed[i].stuck = 0;
    }
    if (ev->kind != INF_EV_REFUSED || eng->next_id == 0 ||
        ev->hypothesis != eng->next_id || library_is_refused(eng, eng->asked)) {
        return;
    }
    if (eng->refused_count < REFUSED) {
        eng->refused[eng->refused_count++] = eng->asked;
    }
    for (i = 0; i < eng->placed_count; i++) {
        if (eng->placed[i].base == eng->asked) {
            eng->placed[i] = eng->placed[--eng->placed_count];
            break;
        }
    }
}

/* ---- To and from text ---- */

static bool add_hex(cJSON *to, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    return cJSON_AddStringToObject(to, key, text) != NULL;
}

int library_save(struct inf_engine *eng, char **out)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "blocks");
    bool ok = list && cJSON_AddNumberToObject(root, "version", 1) &&
        cJSON_AddNumberToObject(root, "restarts", eng->restarts);
    unsigned i;

    for (i = 0; ok && i < eng->placed_count; i++) {
        const struct placed *p = &eng->placed[i];
        cJSON *item = cJSON_CreateObject();

        ok = cJSON_AddItemToArray(list, item) &&
            add_hex(item, "base", p->base) && add_hex(item, "size", p->size) &&
            cJSON_AddStringToObject(item, "block", p->block) &&
            cJSON_AddBoolToObject(item, "withdrawn", p->withdrawn);
    }
    *out = ok ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return *out ? 0 : INF_E_NOMEM;
}

static bool get_hex(const cJSON *o, const char *key, uint64_t *out)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    char *end;

    if (!cJSON_IsString(v) || strncmp(v->valuestring, "0x", 2) != 0) {
        return false;
    }
    *out = strtoull(v->valuestring, &end, 16);
    return *end == '\0';
}

int library_restore(struct inf_engine *eng, const char *text)
{
    cJSON *root = cJSON_ParseWithLength(text, strnlen(text, 1u << 20));
    const cJSON *version, *restarts, *list, *item;
    int rc = INF_E_FORMAT;

    version = cJSON_GetObjectItemCaseSensitive(root, "version");
    restarts = cJSON_GetObjectItemCaseSensitive(root, "restarts");
    list = cJSON_GetObjectItemCaseSensitive(root, "blocks");
    if (!cJSON_IsNumber(version) || version->valueint != 1 ||
        !cJSON_IsNumber(restarts) || restarts->valueint < 0 ||
        !cJSON_IsArray(list)) {
        goto out;
    }
    cJSON_ArrayForEach(item, list) {
        const cJSON *block = cJSON_GetObjectItemCaseSensitive(item, "block");
        uint64_t base, size;

        if (!get_hex(item, "base", &base) || !get_hex(item, "size", &size) ||
            !cJSON_IsString(block)) {
            goto out;
        }
        library_note_placed(eng, base, size, block->valuestring);
        if (library_placed_at(eng, base)) {
            library_placed_at(eng, base)->withdrawn = cJSON_IsTrue(
                cJSON_GetObjectItemCaseSensitive(item, "withdrawn"));
        }
    }
    eng->restarts = (unsigned)restarts->valueint;
    rc = 0;
out:
    cJSON_Delete(root);
    return rc;
}
