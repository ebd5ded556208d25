/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ai_inference_results.json, and what engines keep from run to run. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/daemon/priors.h"
#include "runtime/infer/evidence.h"

#define RESULTS_VERSION 1
#define STATE_VERSION 1
#define MAX_VALUES 65536u

/* ---- Collecting ---- */

void pdm_value_note(struct pdm *d, const struct inf_edit *edit)
{
    struct pdm_value *grown;
    size_t i, cap;

    if (edit->kind != INF_EDIT_REG) {
        return;
    }
    for (i = 0; i < d->value_count; i++) {
        if (d->values[i].base == edit->base &&
            d->values[i].offset == edit->offset) {
            d->values[i].value = edit->value;
            return;
        }
    }
    if (d->value_count == d->value_cap) {
        cap = d->value_cap != 0 ? d->value_cap * 2 : 256;
        if (cap > MAX_VALUES) {
            return;
        }
        grown = realloc(d->values, cap * sizeof(*grown));
        if (grown == NULL) {
            return;
        }
        d->values = grown;
        d->value_cap = cap;
    }
    d->values[d->value_count].base = edit->base;
    d->values[d->value_count].offset = edit->offset;
    d->values[d->value_count].value = edit->value;
    d->value_count++;
}

void pdm_unresolved(struct pdm *d, const char *text)
{
    unsigned i;

    for (i = 0; i < d->unresolved_count; i++) {
        if (strcmp(d->unresolved[i], text) == 0) {
            return;
        }
    }
    if (d->unresolved_count < PDM_MAX_UNRESOLVED) {
        d->unresolved[d->unresolved_count] = strdup(text);
        d->unresolved_count += d->unresolved[d->unresolved_count] != NULL;
    }
}

/* ---- Writing ---- */

/* cJSON's numbers are doubles: 64-bit values travel as text. */
static void add_hex(cJSON *to, const char *key, uint64_t value, int digits)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%0*" PRIx64, digits, value);
    cJSON_AddStringToObject(to, key, text);
}

static void add_text(cJSON *to, const char *key, const char *text)
{
    cJSON_AddStringToObject(to, key, text != NULL ? text : "");
}

static uint64_t value_of(const struct pdm *d, uint64_t base,
                         const struct pfl_reg *reg)
{
    size_t i;

    for (i = 0; i < d->value_count; i++) {
        if (d->values[i].base == base &&
            d->values[i].offset == reg->offset) {
            return d->values[i].value;
        }
    }
    return reg->reset;
}

static void add_register(const struct pdm *d, cJSON *array, uint64_t base,
                         const struct pfl_reg *reg)
{
    const struct inf_reg_stat *stat =
        inf_evidence_reg(d->evidence, base + reg->offset);
    cJSON *o = cJSON_CreateObject();

    add_hex(o, "offset", reg->offset, 2);
    add_hex(o, "value", value_of(d, base, reg), 1);
    cJSON_AddNumberToObject(o, "confidence", reg->confidence);
    cJSON_AddNumberToObject(o, "size", reg->bytes);
    add_text(o, "name", reg->name);
    add_text(o, "description",
             reg->text != NULL ? reg->text :
             reg->evidence != NULL ? reg->evidence :
             reg->machine ? "remembers what is written" : "");
    add_text(o, "by", reg->by != NULL ? reg->by : "person");
    /* Of this daemon's life. */
    cJSON_AddNumberToObject(o, "reads",
                            stat != NULL ? (double)stat->reads : 0);
    cJSON_AddNumberToObject(o, "writes",
                            stat != NULL ? (double)stat->writes : 0);
    cJSON_AddItemToArray(array, o);
}

static void add_device(struct pdm *d, cJSON *array,
                       const struct pfl_device *device)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *registers;
    struct pfl_reg reg;
    unsigned i;

    add_hex(o, "address", device->base, 8);
    cJSON_AddNumberToObject(o, "register_count", device->registers);
    add_text(o, "name", device->name);
    add_hex(o, "size", device->size, 1);
    cJSON_AddNumberToObject(o, "confidence", device->confidence);
    add_text(o, "by", device->by != NULL ? device->by : "person");
    add_text(o, "file", device->file);
    cJSON_AddBoolToObject(o, "console", device->console);
    registers = cJSON_AddArrayToObject(o, "registers");
    for (i = 0; pfl_reg(d->board, device->base, i, &reg) == PFL_OK; i++) {
        add_register(d, registers, device->base, &reg);
    }
    cJSON_AddItemToArray(array, o);
}

static void add_counts(const struct pdm *d, cJSON *root)
{
    const struct pdm_counts *c = &d->counts;
    cJSON *o = cJSON_AddObjectToObject(root, "questions");
    uint32_t i;

    for (i = 1; i < PBR_Q_COUNT_; i++) {
        cJSON_AddNumberToObject(o, pbr_question_kind_name(i),
                                (double)c->questions[i]);
    }
    o = cJSON_AddObjectToObject(root, "answers");
    for (i = 1; i < PBR_V_COUNT_; i++) {
        cJSON_AddNumberToObject(o, pbr_verdict_name(i),
                                (double)c->verdicts[i]);
    }
    cJSON_AddNumberToObject(root, "probes", (double)c->probes);
    cJSON_AddNumberToObject(root, "edits", (double)c->edits);
    cJSON_AddNumberToObject(root, "refused", (double)c->refused);
    cJSON_AddNumberToObject(root, "waiting", (double)c->waiting);
    cJSON_AddNumberToObject(root, "withdrawn", (double)c->withdrawn);
    cJSON_AddNumberToObject(root, "live_edits", (double)c->live_edits);
    cJSON_AddNumberToObject(root, "lost_records", (double)c->lost_records);
}

static char *results_text(struct pdm *d)
{
    cJSON *root = cJSON_CreateObject();
    struct pfl_device device;
    cJSON *array;
    char *text;
    unsigned i;

    cJSON_AddNumberToObject(root, "version", RESULTS_VERSION);
    add_text(root, "board", pfl_board_name(d->board));
    add_counts(d, root);
    pdm_priors_results(d, root);
    pdm_replay_results(d, root);
    array = cJSON_AddArrayToObject(root, "unresolved");
    for (i = 0; i < d->unresolved_count; i++) {
        cJSON_AddItemToArray(array, cJSON_CreateString(d->unresolved[i]));
    }
    array = cJSON_AddArrayToObject(root, "devices");
    for (i = 0; pfl_device(d->board, i, &device) == PFL_OK; i++) {
        add_device(d, array, &device);
    }
    text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

/* Makes the folders of a path; what cannot be made shows when writing. */
static void make_folders(const char *path)
{
    char *copy = strdup(path);
    char *p;

    for (p = copy != NULL ? strchr(copy + 1, '/') : NULL; p != NULL;
         p = strchr(p + 1, '/')) {
        *p = '\0';
        mkdir(copy, 0777);
        *p = '/';
    }
    free(copy);
}

/* Replaces a file atomically. */
static bool write_file(const char *path, const char *text)
{
    char *temp = NULL;
    FILE *f = NULL;
    bool ok = false;

    if (asprintf(&temp, "%s.tmp", path) < 0) {
        return false;
    }
    make_folders(path);
    f = fopen(temp, "we");
    if (f != NULL) {
        ok = fputs(text, f) >= 0 && fputc('\n', f) != EOF &&
            fflush(f) == 0 && fsync(fileno(f)) == 0;
        ok = fclose(f) == 0 && ok;
    }
    if (f != NULL && (!ok || rename(temp, path) < 0)) {
        int saved = errno;

        unlink(temp);
        errno = saved;
        ok = false;
    }
    free(temp);
    return ok;
}

bool pdm_results_write(struct pdm *d)
{
    char *text = results_text(d);
    bool ok = text != NULL && write_file(d->options.results, text);

    if (!ok) {
        pdm_say(&d->options.log, PDM_WARN, "%s: %s", d->options.results,
                strerror(errno));
    }
    free(text);
    return ok;
}

/* ---- State of engines ---- */

void pdm_state_save(struct pdm *d)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *engines = cJSON_AddObjectToObject(root, "engines");
    bool changed = false;
    char *text;
    unsigned i;

    cJSON_AddNumberToObject(root, "version", STATE_VERSION);
    for (i = 0; i < d->engine_count; i++) {
        struct pdm_engine *e = &d->engines[i];

        text = NULL;
        if (e->ops->save == NULL || e->ops->save(e->engine, &text) != 0 ||
            text == NULL) {
            continue;
        }
        if (e->saved == NULL || strcmp(e->saved, text) != 0) {
            changed = true;
        }
        cJSON_AddStringToObject(engines, e->ops->name, text);
        free(e->saved);
        e->saved = text;
    }
    pdm_waits_save(d, root);
    changed |= d->waits_changed;
    d->waits_changed = false;
    text = changed ? cJSON_Print(root) : NULL;
    if (text != NULL &&
        pfl_state_write(d->board, PDM_STATE_FILE, text) != PFL_OK) {
        pdm_say(&d->options.log, PDM_DEBUG, "%s cannot be written",
                PDM_STATE_FILE);
    }
    free(text);
    cJSON_Delete(root);
}

void pdm_state_restore(struct pdm *d)
{
    const cJSON *version, *engines, *one;
    char *text = NULL;
    cJSON *root;
    unsigned i;

    if (pfl_state_read(d->board, PDM_STATE_FILE, &text) != PFL_OK) {
        return;
    }
    root = cJSON_Parse(text);
    version = cJSON_GetObjectItemCaseSensitive(root, "version");
    if (!cJSON_IsNumber(version) || version->valueint != STATE_VERSION) {
        pdm_say(&d->options.log, PDM_WARN, "%s is damaged and ignored",
                PDM_STATE_FILE);
    }
    engines = cJSON_GetObjectItemCaseSensitive(root, "engines");
    for (i = 0; i < d->engine_count; i++) {
        struct pdm_engine *e = &d->engines[i];

        one = cJSON_GetObjectItemCaseSensitive(engines, e->ops->name);
        if (cJSON_IsString(one) && e->ops->restore != NULL &&
            e->ops->restore(e->engine, one->valuestring) == 0) {
            free(e->saved);
            e->saved = strdup(one->valuestring);
        }
    }
    pdm_waits_restore(d, root);
    cJSON_Delete(root);
    free(text);
}
