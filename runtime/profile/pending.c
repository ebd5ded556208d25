/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edits that wait for their file, and the journal they are kept in. */
#include "runtime/profile/profile_priv.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOURNAL_VERSION 1

static void edit_dispose(struct pfl_edit *edit)
{
    free((char *)edit->by);
    free((char *)edit->name);
    free((char *)edit->text);
    free((char *)edit->evidence);
}

void pfl_edits_clear(struct pfl_edits *edits)
{
    unsigned i;

    for (i = 0; i < edits->count; i++) {
        edit_dispose(&edits->v[i]);
    }
    edits->count = 0;
}

void pfl_edits_dispose(struct pfl_edits *edits)
{
    pfl_edits_clear(edits);
    free(edits->v);
    memset(edits, 0, sizeof(*edits));
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

bool pfl_edit_supersedes(const struct pfl_edit *b, const struct pfl_edit *a)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case PFL_EDIT_REG:
        return a->base == b->base && a->offset == b->offset &&
            same_text(a->name, b->name);
    case PFL_EDIT_ITEM:
        return a->base == b->base && same_text(a->name, b->name) &&
            (a->name[0] != '\0' || same_text(a->text, b->text));
    case PFL_EDIT_CONSOLE:
        return true;
    case PFL_EDIT_WIRE:
        return a->base == b->base && same_text(a->text, b->text);
    case PFL_EDIT_MEMORY:
    case PFL_EDIT_NATIVE:
        return same_text(a->name, b->name);
    default:
        return false;
    }
}

static struct pfl_edit *grow(struct pfl_edits *edits)
{
    struct pfl_edit *grown;
    unsigned cap;

    if (edits->count == edits->cap) {
        cap = edits->cap != 0 ? edits->cap * 2 : 8;
        grown = realloc(edits->v, cap * sizeof(*grown));
        if (grown == NULL) {
            return NULL;
        }
        edits->v = grown;
        edits->cap = cap;
    }
    return &edits->v[edits->count];
}

int pfl_edits_add(struct pfl_edits *edits, const struct pfl_edit *edit)
{
    struct pfl_edit copy = *edit;
    struct pfl_edit *place;
    unsigned i;

    if (edits->count >= PFL_MAX_PENDING) {
        return PFL_ERR_RANGE;
    }
    copy.by = strdup(edit->by != NULL ? edit->by : "");
    copy.name = strdup(edit->name != NULL ? edit->name : "");
    copy.text = edit->text != NULL ? strdup(edit->text) : NULL;
    copy.evidence = edit->evidence != NULL ? strdup(edit->evidence) : NULL;
    place = grow(edits);
    if (place == NULL || copy.by == NULL || copy.name == NULL ||
        (copy.text == NULL) != (edit->text == NULL) ||
        (copy.evidence == NULL) != (edit->evidence == NULL)) {
        edit_dispose(&copy);
        return PFL_ERR_NOMEM;
    }
    for (i = 0; i < edits->count; i++) {
        if (pfl_edit_supersedes(&copy, &edits->v[i])) {
            edit_dispose(&edits->v[i]);
            edits->v[i] = copy;
            return PFL_OK;
        }
    }
    *place = copy;
    edits->count++;
    return PFL_OK;
}

/* ---- JSON ---- */

static const char *const kind_words[] = {
    [PFL_EDIT_DEVICE] = "device", [PFL_EDIT_REG] = "reg",
    [PFL_EDIT_ITEM] = "item", [PFL_EDIT_REMOVE] = "remove",
    [PFL_EDIT_CONSOLE] = "console", [PFL_EDIT_MEMORY] = "memory",
    [PFL_EDIT_WIRE] = "wire", [PFL_EDIT_BLOCK] = "block",
    [PFL_EDIT_TAKE_AWAY] = "take-away", [PFL_EDIT_NATIVE] = "native",
};

#define KIND_COUNT (sizeof(kind_words) / sizeof(kind_words[0]))

/* cJSON's numbers are doubles: 64-bit values travel as text. */
static bool add_number(cJSON *to, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    return cJSON_AddStringToObject(to, key, text) != NULL;
}

static bool add_text(cJSON *to, const char *key, const char *text)
{
    return text == NULL || cJSON_AddStringToObject(to, key, text) != NULL;
}

static bool add_edit(cJSON *array, const struct pfl_edit *e)
{
    cJSON *o = cJSON_CreateObject();

    if (o == NULL || !cJSON_AddItemToArray(array, o)) {
        cJSON_Delete(o);
        return false;
    }
    return add_text(o, "kind", kind_words[e->kind]) &&
        add_text(o, "by", e->by) &&
        cJSON_AddNumberToObject(o, "confidence", e->confidence) != NULL &&
        add_number(o, "base", e->base) && add_number(o, "size", e->size) &&
        add_number(o, "offset", e->offset) && add_text(o, "name", e->name) &&
        add_text(o, "text", e->text) && add_text(o, "evidence", e->evidence);
}

char *pfl_edits_print(const struct pfl_edits *edits)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *array;
    char *text = NULL;
    unsigned i;

    array = root != NULL ? cJSON_AddArrayToObject(root, "edits") : NULL;
    if (array == NULL ||
        cJSON_AddNumberToObject(root, "version", JOURNAL_VERSION) == NULL) {
        goto out;
    }
    for (i = 0; i < edits->count; i++) {
        if (!add_edit(array, &edits->v[i])) {
            goto out;
        }
    }
    text = cJSON_Print(root);
out:
    cJSON_Delete(root);
    return text;
}

static const char *get_text(const cJSON *o, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

    return cJSON_IsString(v) ? v->valuestring : NULL;
}

static bool get_number(const cJSON *o, const char *key, uint64_t *value)
{
    const char *text = get_text(o, key);
    char *end;

    if (text == NULL || text[0] != '0' || text[1] != 'x') {
        return false;
    }
    *value = strtoull(text, &end, 16);
    return *end == '\0';
}

static bool get_edit(const cJSON *o, struct pfl_edit *e)
{
    const cJSON *confidence =
        cJSON_GetObjectItemCaseSensitive(o, "confidence");
    const char *kind = get_text(o, "kind");
    unsigned i;

    memset(e, 0, sizeof(*e));
    for (i = 0; i < KIND_COUNT; i++) {
        if (kind != NULL && strcmp(kind, kind_words[i]) == 0) {
            break;
        }
    }
    if (i == KIND_COUNT || !cJSON_IsNumber(confidence) ||
        confidence->valuedouble < 0 || confidence->valuedouble > 100 ||
        !get_number(o, "base", &e->base) ||
        !get_number(o, "size", &e->size) ||
        !get_number(o, "offset", &e->offset)) {
        return false;
    }
    e->kind = (enum pfl_edit_kind)i;
    e->confidence = (unsigned)confidence->valuedouble;
    e->by = get_text(o, "by");
    e->name = get_text(o, "name");
    e->text = get_text(o, "text");
    e->evidence = get_text(o, "evidence");
    return e->by != NULL && e->name != NULL;
}

int pfl_edits_parse(struct pfl_edits *edits, const char *text)
{
    cJSON *root = cJSON_Parse(text);
    const cJSON *version, *o;
    struct pfl_edit edit;
    int ret = PFL_ERR_TEXT;

    version = cJSON_GetObjectItemCaseSensitive(root, "version");
    if (!cJSON_IsNumber(version) || version->valueint != JOURNAL_VERSION) {
        goto out;
    }
    ret = PFL_OK;
    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(root, "edits")) {
        if (get_edit(o, &edit)) {
            ret = pfl_edits_add(edits, &edit);
            if (ret != PFL_OK) {
                break;
            }
        }
    }
out:
    cJSON_Delete(root);
    return ret;
}
