/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an engine may say.  Grammar, meaning and ownership are judged by the
 * profile and the compiler; here stands what concerns the host and trust.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime/daemon/daemon.h"

#define TEXT_MAX 16384u                 /* one item */
#define EVIDENCE_MAX 512u

/*
 * Words that name host resources, or pieces that only people may write.
 * They are looked for outside strings and comments.  The rules engine, whose
 * texts are its own, may have devices copy.
 */
static const char *const forbidden[] = {
    "import", "load", "base", "package", "native", "sample", "copy", "dt",
    "bus", "board", "template", "extend", "instance",
};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_name(const char *text)
{
    const char *p = text;

    while (is_name_char(*p)) {
        p++;
    }
    return p > text && *p == '\0' && !isdigit((unsigned char)*text);
}

/* Behind a string or comment that starts at @p; @p when none does. */
static const char *skip_quoted(const char *p)
{
    const char *end;

    if (p[0] == '"' || p[0] == '`') {
        char quote = *p++;

        while (*p != '\0' && *p != quote) {
            p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
        }
        return *p != '\0' ? p + 1 : p;
    }
    if (p[0] == '/' && p[1] == '/') {
        return p + strcspn(p, "\n");
    }
    if (p[0] == '/' && p[1] == '*') {
        end = strstr(p + 2, "*/");
        return end != NULL ? end + 2 : p + strlen(p);
    }
    return p;
}

static bool has_forbidden(const char *text, bool may_copy)
{
    const char *p = text;
    size_t i, len;

    while (*p != '\0') {
        const char *next = skip_quoted(p);

        if (next != p) {
            p = next;
            continue;
        }
        if (!is_name_char(*p)) {
            p++;
            continue;
        }
        for (len = 1; is_name_char(p[len]); len++) {
        }
        for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
            if (strlen(forbidden[i]) == len &&
                memcmp(p, forbidden[i], len) == 0 &&
                !(may_copy && strcmp(forbidden[i], "copy") == 0)) {
                return true;
            }
        }
        p += len;
    }
    return false;
}

/* Only the core's own devices, by addresses and numbers, are added so. */
static bool native_ok(const char *text)
{
    static const char *const types[] = {
        "arm_gic", "arm-gicv3", "a9-scu", "arm_mptimer",
        "arm.cortex-a9-global-timer",
    };
    char name[INF_NAME_MAX], type[32];
    size_t i;
    int at = 0;

    if (text == NULL ||
        sscanf(text, "native %63[a-z0-9_] : \"%31[a-z0-9_.-]\" @ %n", name,
               type, &at) != 2 || at == 0 ||
        strcspn(text + at, "\"`/") != strlen(text + at) ||
        has_forbidden(text + at, false)) {
        return false;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i], type) == 0) {
            return true;
        }
    }
    return false;
}

static bool makes_device(const struct inf_edit *e)
{
    return e->kind == INF_EDIT_DEVICE || e->kind == INF_EDIT_BLOCK;
}

/* Whether @base is a device of the board, or new at the place asked about. */
static bool place_ok(const struct pdm *d, const struct inf_question *q,
                     const struct inf_answer *answer, uint64_t base)
{
    struct pfl_device device;
    unsigned i;

    if (pfl_device_at(d->board, base, &device) == PFL_OK) {
        return device.base == base;
    }
    for (i = 0; i < answer->edit_count; i++) {
        if (makes_device(&answer->edits[i]) &&
            answer->edits[i].base == base) {
            return true;
        }
    }
    return q != NULL && q->device[0] != '\0' && q->base == base;
}

static bool edit_ok(const struct pdm *d, const struct inf_question *q,
                    const struct inf_answer *answer,
                    const struct inf_edit *e, const char *by,
                    const char **why)
{
    bool rules = strcmp(by, inf_rules_ops()->name) == 0;

    if (e->kind > INF_EDIT_NATIVE || e->confidence > 100 ||
        memchr(e->name, '\0', sizeof(e->name)) == NULL) {
        *why = "a malformed edit";
    } else if (e->confidence < d->options.min_confidence) {
        *why = "confidence below --min-confidence";
    } else if (e->text != NULL && strlen(e->text) > TEXT_MAX) {
        *why = "an item that is too long";
    } else if (e->evidence != NULL && strlen(e->evidence) > EVIDENCE_MAX) {
        *why = "evidence that is too long";
    } else if (e->kind == INF_EDIT_NATIVE &&
               (strcmp(by, inf_map_ops()->name) != 0 ||
                !native_ok(e->text))) {
        *why = "a device of QEMU that is not the core's own";
    } else if (e->text != NULL && e->kind != INF_EDIT_NATIVE &&
               has_forbidden(e->text, rules)) {
        *why = "a word that reaches the host or belongs to people";
    } else if (e->kind == INF_EDIT_BLOCK &&
               (e->text == NULL || !is_name(e->text))) {
        *why = "a block of the library that has no plain name";
    } else if (makes_device(e) && q != NULL &&
               (q->phys < e->base || q->phys - e->base >= e->size)) {
        *why = "a device away from the address that was asked about";
    } else if (!makes_device(e) && e->kind != INF_EDIT_MEMORY &&
               e->kind != INF_EDIT_NATIVE &&
               !place_ok(d, q, answer, e->base)) {
        *why = "a place where no device is";
    } else {
        return true;
    }
    return false;
}

bool pdm_gate(const struct pdm *d, const struct inf_question *q,
              const struct inf_answer *answer, const char *by,
              const char **why)
{
    unsigned i;

    *why = NULL;
    if (answer->edit_count > INF_MAX_EDITS) {
        *why = "too many edits";
        return false;
    }
    for (i = 0; i < answer->edit_count; i++) {
        if (!edit_ok(d, q, answer, &answer->edits[i], by, why)) {
            return false;
        }
    }
    return true;
}
