/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules engine remembers: hypotheses in use, those withdrawn, and
 * what polled bits had to be while which values were stored around them.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/rules_priv.h"

#define BLAME_ACCESSES 4000u

bool rules_is_excluded(const struct inf_engine *eng, uint64_t phys,
                       uint64_t set, uint64_t clear)
{
    unsigned i;

    for (i = 0; i < eng->excluded_count; i++) {
        const struct rules_excluded *e = &eng->excluded[i];

        if (e->phys == phys && e->set == set && e->clear == clear) {
            return true;
        }
    }
    return false;
}

void rules_exclude(struct inf_engine *eng, uint64_t phys, uint64_t set,
                   uint64_t clear)
{
    struct rules_excluded e = { phys, set, clear };

    if (eng->excluded_count < RULES_EXCLUDED &&
        !rules_is_excluded(eng, phys, set, clear)) {
        eng->excluded[eng->excluded_count++] = e;
    }
}

uint64_t rules_note_hyp(struct inf_engine *eng, const struct rules_hyp *hyp)
{
    if (eng->hyp_count == RULES_HYPS) {
        memmove(&eng->hyps[0], &eng->hyps[1],
                (RULES_HYPS - 1) * sizeof(eng->hyps[0]));
        eng->hyp_count--;
    }
    eng->hyps[eng->hyp_count] = *hyp;
    eng->hyps[eng->hyp_count].id = ++eng->next_id;
    eng->hyps[eng->hyp_count].seq = inf_evidence_seq(eng->ev);
    eng->hyp_count++;
    return eng->next_id;
}

bool rules_is_step(const struct inf_engine *eng, uint64_t phys)
{
    unsigned i;

    for (i = 0; i < eng->hyp_count; i++) {
        if (eng->hyps[i].phys == phys && eng->hyps[i].steps &&
            !eng->hyps[i].withdrawn) {
            return true;
        }
    }
    return false;
}

/* The newest of those made in the last @within accesses. */
static struct rules_hyp *newest(struct inf_engine *eng, uint64_t within)
{
    uint64_t now = inf_evidence_seq(eng->ev);
    unsigned i;

    for (i = eng->hyp_count; i > 0; i--) {
        struct rules_hyp *hyp = &eng->hyps[i - 1];

        if (now - hyp->seq > within) {
            break;
        }
        if (!hyp->withdrawn && hyp->alternatives) {
            return hyp;
        }
    }
    return NULL;
}

struct rules_hyp *rules_blame(struct inf_engine *eng)
{
    return newest(eng, BLAME_ACCESSES);
}

struct rules_hyp *rules_newest(struct inf_engine *eng)
{
    return newest(eng, UINT64_MAX);
}

int rules_take_back(struct inf_engine *eng, struct rules_hyp *hyp,
                    struct inf_answer *ans)
{
    const struct rules_device *dev = rules_device_at(eng, hyp->phys);

    hyp->withdrawn = true;
    rules_exclude(eng, hyp->phys, hyp->set, hyp->clear);
    eng->restarts++;
    ans->verdict = INF_RESTART;
    ans->outcome = INF_WITHDRAWN;
    return dev ? rules_edit_shape(ans, dev, &hyp->before, CONF_STORAGE, "")
               : 0;
}

/* ------------------------------------------------------------------ needs */

struct rules_need *rules_keep_need(struct inf_engine *eng,
                                   const struct rules_need *need)
{
    if (eng->need_count == RULES_NEEDS) {
        memmove(&eng->needs[0], &eng->needs[1],
                (RULES_NEEDS - 1) * sizeof(eng->needs[0]));
        eng->need_count--;
    }
    eng->needs[eng->need_count] = *need;
    return &eng->needs[eng->need_count++];
}

void rules_note_need(struct inf_engine *eng, uint64_t phys, uint64_t mask,
                     uint64_t value)
{
    uint64_t page = phys & ~(uint64_t)(RULES_NEAR - 1);
    struct rules_need fresh = { .phys = phys, .mask = mask, .value = value };
    struct rules_need *need = rules_keep_need(eng, &fresh);
    unsigned i;

    for (i = 0; i < eng->model.reg_count; i++) {
        uint64_t at = eng->model.regs[i].phys;
        const struct inf_reg_stat *stat;

        if (at < page || at - page >= RULES_NEAR ||
            need->count == RULES_SNAPSHOT) {
            continue;
        }
        stat = inf_evidence_reg(eng->ev, at);
        if (stat && stat->seq_write) {
            need->near[need->count].phys = at;
            need->near[need->count].value = stat->last_write;
            need->near[need->count].seq = stat->seq_write;
            need->count++;
        }
    }
}

/* What was stored at @src when @need arose; false when not known. */
static bool near_value(const struct rules_need *need, uint64_t src,
                       uint64_t *value)
{
    unsigned i;

    for (i = 0; i < need->count; i++) {
        if (need->near[i].phys == src) {
            *value = need->near[i].value;
            return true;
        }
    }
    return false;
}

/* Whether bit @src_bit of @src explains every need of @bit at @phys. */
static bool explains(const struct inf_engine *eng, uint64_t phys,
                     unsigned bit, const struct rules_follow *f)
{
    unsigned i;

    for (i = 0; i < eng->need_count; i++) {
        const struct rules_need *need = &eng->needs[i];
        uint64_t value = 0;

        if (need->phys != phys || !(need->mask >> bit & 1)) {
            continue;
        }
        near_value(need, f->src, &value); /* never written: reset value 0 */
        if ((((value >> f->src_bit) & 1) ^ f->invert) !=
            (need->value >> bit & 1)) {
            return false;
        }
    }
    return true;
}

/*
 * The register itself is best; then what was written last before the need,
 * since that is what the guest waits for; then what is near.
 */
static int64_t rank_source(const struct rules_need *need, unsigned n,
                           bool invert)
{
    uint64_t src = need->near[n].phys;
    uint64_t distance = src > need->phys ? src - need->phys
                                         : need->phys - src;
    int64_t later = 0;
    unsigned i;

    for (i = 0; i < need->count; i++) {
        later += need->near[i].seq > need->near[n].seq;
    }
    return (src == need->phys ? 1 << 30 : 0) - later * (1 << 20) -
           (int64_t)distance * 4 - (invert ? 64 : 0);
}

bool rules_find_source(struct inf_engine *eng, uint64_t phys, unsigned bit,
                       struct rules_follow *out)
{
    const struct rules_need *last = NULL;
    int64_t best = INT64_MIN;
    unsigned i, n;

    for (i = eng->need_count; i > 0 && !last; i--) {
        const struct rules_need *need = &eng->needs[i - 1];

        if (need->phys == phys && (need->mask >> bit & 1)) {
            last = need;
        }
    }
    for (n = 0; last && n < last->count; n++) {
        struct rules_follow f = { .bit = (uint8_t)bit,
                                  .src = last->near[n].phys };
        bool inside = rules_device_at(eng, f.src) ==
            rules_device_at(eng, phys);

        for (i = 0; inside && i < 64; i++) {
            int64_t rank;

            f.src_bit = (uint8_t)(i / 2);
            f.invert = i & 1;
            rank = rank_source(last, n, f.invert);
            if ((f.src == phys && f.src_bit == bit) || rank <= best ||
                !explains(eng, phys, bit, &f)) {
                continue;
            }
            best = rank;
            *out = f;
        }
    }
    return best != INT64_MIN;
}

const struct inf_reg_stat *rules_last_command(const struct inf_engine *eng,
                                              const struct rules_device *dev,
                                              uint64_t not)
{
    const struct inf_reg_stat *best = NULL;
    unsigned i;

    for (i = dev->first; i < dev->first + dev->count; i++) {
        const struct inf_reg_stat *stat =
            inf_evidence_reg(eng->ev, eng->model.regs[i].phys);

        if (stat && stat->phys != not && stat->seq_write &&
            (!best || stat->seq_write > best->seq_write)) {
            best = stat;
        }
    }
    return best;
}

/* ------------------------------------------------------------ persistence */

static bool add_hex(cJSON *obj, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    return cJSON_AddStringToObject(obj, key, text) != NULL;
}

int rules_save(struct inf_engine *eng, char **out)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "excluded");
    bool ok = list && cJSON_AddNumberToObject(root, "version", 1) &&
              cJSON_AddNumberToObject(root, "restarts", eng->restarts);
    unsigned i;

    for (i = 0; ok && i < eng->excluded_count; i++) {
        cJSON *item = cJSON_CreateObject();

        ok = cJSON_AddItemToArray(list, item) &&
             add_hex(item, "phys", eng->excluded[i].phys) &&
             add_hex(item, "set", eng->excluded[i].set) &&
             add_hex(item, "clear", eng->excluded[i].clear);
    }
    list = ok ? cJSON_AddArrayToObject(root, "flags") : NULL;
    for (i = 0; list && ok && i < eng->flag_count; i++) {
        cJSON *item = cJSON_CreateObject();

        ok = cJSON_AddItemToArray(list, item) &&
             add_hex(item, "phys", eng->flags[i].phys) &&
             add_hex(item, "command", eng->flags[i].command) &&
             cJSON_AddNumberToObject(item, "bit", eng->flags[i].bit);
    }
    list = list ? cJSON_AddArrayToObject(root, "gave_up") : NULL;
    for (i = 0; list && ok && i < eng->gaveup_count; i++) {
        cJSON *item = cJSON_CreateObject();

        ok = cJSON_AddItemToArray(list, item) &&
             add_hex(item, "pc", eng->gaveup[i].pc) &&
             add_hex(item, "phys", eng->gaveup[i].phys);
    }
    *out = ok && list ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return *out ? 0 : INF_E_NOMEM;
}

static bool get_hex(const cJSON *obj, const char *key, uint64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(obj, key);
    char *end;

    if (!cJSON_IsString(item) || strncmp(item->valuestring, "0x", 2) != 0) {
        return false;
    }
    *out = strtoull(item->valuestring, &end, 16);
    return *end == '\0';
}

static bool restore_flags(struct inf_engine *eng, const cJSON *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list) {
        const cJSON *bit = cJSON_GetObjectItemCaseSensitive(item, "bit");
        struct rules_flag flag = { 0 };

        if (!get_hex(item, "phys", &flag.phys) ||
            !get_hex(item, "command", &flag.command) || !cJSON_IsNumber(bit) ||
            bit->valueint < 0 || bit->valueint > 63) {
            return false;
        }
        flag.bit = (unsigned)bit->valueint;
        if (eng->flag_count < RULES_FLAGS) {
            eng->flags[eng->flag_count++] = flag;
        }
    }
    return true;
}

static bool restore_gaveup(struct inf_engine *eng, const cJSON *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list) {
        struct rules_watch at = { 0 };

        if (!get_hex(item, "pc", &at.pc) || !get_hex(item, "phys", &at.phys)) {
            return false;
        }
        if (eng->gaveup_count < RULES_GAVEUP) {
            eng->gaveup[eng->gaveup_count++] = at;
        }
    }
    return true;
}

int rules_restore(struct inf_engine *eng, const char *text)
{
    cJSON *root = cJSON_ParseWithLength(text, strnlen(text, 1u << 20));
    const cJSON *version, *restarts, *list, *item;
    int rc = INF_E_FORMAT;

    version = cJSON_GetObjectItemCaseSensitive(root, "version");
    restarts = cJSON_GetObjectItemCaseSensitive(root, "restarts");
    list = cJSON_GetObjectItemCaseSensitive(root, "excluded");
    if (!cJSON_IsNumber(version) || version->valueint != 1 ||
        !cJSON_IsNumber(restarts) || restarts->valueint < 0 ||
        !cJSON_IsArray(list)) {
        goto out;
    }
    cJSON_ArrayForEach(item, list) {
        uint64_t phys, set, clear;

        if (!get_hex(item, "phys", &phys) || !get_hex(item, "set", &set) ||
            !get_hex(item, "clear", &clear)) {
            goto out;
        }
        rules_exclude(eng, phys, set, clear);
    }
    if (!restore_flags(eng, cJSON_GetObjectItemCaseSensitive(root,
                                                              "flags")) ||
        !restore_gaveup(eng, cJSON_GetObjectItemCaseSensitive(root,
                                                              "gave_up"))) {
        goto out;
    }
    eng->restarts = (unsigned)restarts->valueint;
    rc = 0;
out:
    cJSON_Delete(root);
    return rc;
}
