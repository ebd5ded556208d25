/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/ai_items.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/parse.h"
#include "dsl/source.h"

#define CLAIM_DEFAULT 50u
#define REASON_MAX 200u

/* A reply taken apart; all malloc'ed. */
struct reply {
    char *text;             /* declarations */
    char *reason;           /* or NULL */
    unsigned confidence;
};

/* ---- Taking the reply apart ---- */

/* The inside of the first fenced block, or NULL when there is none. */
static char *fenced(const char *text)
{
    const char *open = strstr(text, "```");
    const char *begin = open != NULL ? strchr(open, '\n') : NULL;
    const char *end = begin != NULL ? strstr(begin, "```") : NULL;

    if (begin == NULL) {
        return NULL;
    }
    begin++;
    return end != NULL && end >= begin ?
        strndup(begin, (size_t)(end - begin)) : strdup(begin);
}

/* One line of printable text, of which a note's string can be made. */
static char *plain_line(const char *text)
{
    char *out = strndup(text, REASON_MAX);
    char *p;

    for (p = out; p != NULL && *p != '\0'; p++) {
        if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\') {
            *p = ' ';
        }
    }
    return out;
}

static void take_json(const cJSON *root, struct reply *r)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(root, "periph");
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(root, "reason");
    const cJSON *claim = cJSON_GetObjectItemCaseSensitive(root, "confidence");

    if (cJSON_IsString(text)) {
        char *inner = fenced(text->valuestring);

        r->text = inner != NULL ? inner : strdup(text->valuestring);
    }
    if (cJSON_IsString(reason) && reason->valuestring[0] != '\0') {
        r->reason = plain_line(reason->valuestring);
    }
    if (cJSON_IsNumber(claim) && claim->valuedouble >= 0 &&
        claim->valuedouble <= 100) {
        r->confidence = (unsigned)claim->valuedouble;
    }
}

static void take_apart(const char *text, struct reply *r)
{
    char *inner = fenced(text);
    cJSON *root = cJSON_Parse(text);

    if (!cJSON_IsObject(root) && inner != NULL) {
        cJSON_Delete(root);
        root = cJSON_Parse(inner);
    }
    memset(r, 0, sizeof(*r));
    r->confidence = CLAIM_DEFAULT;
    if (cJSON_IsObject(root)) {
        take_json(root, r);
    } else if (inner != NULL) {
        r->text = inner;
        inner = NULL;
    } else {
        r->text = strdup(text);
    }
    free(inner);
    cJSON_Delete(root);
}

/* ---- Reading the declarations ---- */

/* Behind "periph 1;", which some put first. */
static const char *skip_version(const char *text)
{
    const char *p = text + strspn(text, " \t\r\n");

    if (strncmp(p, "periph", 6) == 0) {
        p += 6 + strspn(p + 6, " \t");
        if (*p >= '0' && *p <= '9') {
            p += strspn(p, "0123456789 \t");
            return *p == ';' ? p + 1 : text;
        }
    }
    return text;
}

/* The declarations of @text: those of a body, or of the one device in it. */
static const struct pdl_body *parse(struct pdl_session *session,
                                    const char *text,
                                    struct pdl_strbuf *problems)
{
    struct pdl_session *other = pdl_session_new();
    const char *inner = skip_version(text);
    struct pdl_unit *unit = NULL;
    bool whole;

    whole = other != NULL &&
        pdl_parse_fragment(other, PDL_FRAGMENT_FILE, "answer", inner,
                           strlen(inner), &unit) == PDL_OK &&
        unit->items.first != NULL && unit->items.first->next == NULL &&
        unit->items.first->kind == PDL_ITEM_DEVICE;
    pdl_session_free(other);
    unit = NULL;
    if (pdl_parse_fragment(session,
                           whole ? PDL_FRAGMENT_FILE : PDL_FRAGMENT_BODY,
                           "answer", inner, strlen(inner), &unit) != PDL_OK) {
        pdl_diags_print_text(pdl_session_diags(session),
                             pdl_session_sources(session), false, problems);
        return NULL;
    }
    return whole ? &unit->items.first->u.typed.body : &unit->items;
}

static bool kind_allowed(enum pdl_item_kind kind)
{
    switch (kind) {
    case PDL_ITEM_REG:
    case PDL_ITEM_FIFO:
    case PDL_ITEM_VAR:
    case PDL_ITEM_LINE:
    case PDL_ITEM_TIMER:
    case PDL_ITEM_LOCK:
    case PDL_ITEM_RULE:
    case PDL_ITEM_DERIVE:
        return true;
    default:
        return false;
    }
}

static bool has_notes(const struct pdl_item *item)
{
    const struct pdl_body *body = pdl_item_body((struct pdl_item *)item);
    const struct pdl_item *in = body != NULL ? body->first : NULL;

    for (; in != NULL; in = in->next) {
        if (in->notes != NULL || has_notes(in)) {
            return true;
        }
    }
    return item->notes != NULL;
}

/* ---- Edits ---- */

/* Whether the guest touched a byte of [@phys, @phys + @bytes), or the model
 * has a register there: no other place is known to exist. */
static bool place_known(const struct ai_place *p, uint64_t offset,
                        unsigned bytes)
{
    struct inf_model_reg r;
    unsigned i;

    for (i = 0; i < bytes; i++) {
        if (inf_evidence_reg(p->ev, p->base + offset + i) != NULL) {
            return true;
        }
    }
    for (i = 0; p->svc->reg(p->svc->opaque, p->base, i, &r) == 0; i++) {
        if (r.offset < offset + bytes && offset < r.offset + r.bytes) {
            return true;
        }
    }
    return false;
}

static bool literal(const struct pdl_expr *e, uint64_t *value)
{
    if (e == NULL || e->kind != PDL_EXPR_NUMBER ||
        e->u.number.unit != PDL_UNIT_NONE) {
        return false;
    }
    *value = e->u.number.value;
    return true;
}

/* The register's place in an edit; false with a problem told. */
static bool take_register(const struct pdl_item *item,
                          const struct ai_place *p, struct inf_edit *e,
                          struct pdl_strbuf *problems)
{
    uint64_t bits = p->width;

    if (item->dim != NULL || !literal(item->u.reg.offset, &e->offset) ||
        (item->u.reg.width != NULL &&
         !literal(item->u.reg.width, &bits)) ||
        bits < 8 || bits > 64 || e->offset >= p->size) {
        pdl_strbuf_printf(problems, "reg %s: give offset and width as plain "
                          "numbers within the device, and write each "
                          "register by itself\n", item->name.text);
        return false;
    }
    e->bytes = (uint32_t)bits / 8;
    if (!place_known(p, e->offset, e->bytes)) {
        pdl_strbuf_printf(problems, "reg %s @ 0x%" PRIx64 ": the firmware "
                          "has not touched that offset; leave it out\n",
                          item->name.text, e->offset);
        return false;
    }
    return true;
}

/* Whether an edit before @e, of @count, has its name. */
static bool named_twice(const struct inf_edit *edits, unsigned count,
                        const struct inf_edit *e)
{
    unsigned i;

    for (i = 0; i < count && e->name[0] != '\0'; i++) {
        if (strcmp(edits[i].name, e->name) == 0) {
            return true;
        }
    }
    return false;
}

static bool to_edit(const struct pdl_item *item, const char *text,
                    const struct ai_place *p, const struct reply *r,
                    struct inf_edit *e, struct pdl_strbuf *problems)
{
    const char *name = item->name.text != NULL ? item->name.text : "";

    memset(e, 0, sizeof(*e));
    if (!kind_allowed(item->kind) || has_notes(item)) {
        pdl_strbuf_printf(problems, "%s%sonly registers, fifos, variables, "
                          "lines, timers, locks and rules may be declared, "
                          "without notes\n", name, *name != '\0' ? ": " : "");
        return false;
    }
    if (strlen(name) >= sizeof(e->name)) {
        pdl_strbuf_puts(problems, "a name is too long\n");
        return false;
    }
    e->kind = item->kind == PDL_ITEM_REG ? INF_EDIT_REG : INF_EDIT_ITEM;
    e->base = p->base;
    e->confidence = r->confidence < p->claim_max ? r->confidence :
        p->claim_max;
    strcpy(e->name, name);
    if (e->kind == INF_EDIT_REG && !take_register(item, p, e, problems)) {
        return false;
    }
    e->text = strndup(text + item->body_span.begin,
                      item->body_span.end - item->body_span.begin);
    if (e->kind == INF_EDIT_REG && r->reason != NULL) {
        e->evidence = strdup(r->reason);
    }
    return e->text != NULL;
}

/* The device becomes the board's console when a fifo leads there and the
 * board has none. */
static void add_console(const struct pdl_body *body, const struct ai_place *p,
                        struct inf_answer *ans)
{
    const struct pdl_item *item;
    struct inf_edit *e;
    uint64_t at;

    if (p->svc->console == NULL ||
        p->svc->console(p->svc->opaque, &at) == 0 ||
        ans->edit_count >= INF_MAX_EDITS) {
        return;
    }
    for (item = body->first; item != NULL; item = item->next) {
        if (item->kind == PDL_ITEM_FIFO &&
            item->u.fifo.peer.text != NULL &&
            strcmp(item->u.fifo.peer.text, "console") == 0) {
            e = &ans->edits[ans->edit_count++];
            memset(e, 0, sizeof(*e));
            e->kind = INF_EDIT_CONSOLE;
            e->base = p->base;
            e->confidence = p->claim_max;
            return;
        }
    }
}

static void take_items(struct pdl_session *session,
                       const struct pdl_body *body, const struct ai_place *p,
                       const struct reply *r, struct inf_answer *ans,
                       struct pdl_strbuf *problems)
{
    const struct pdl_item *item;
    const char *text;
    size_t len;

    for (item = body->first; item != NULL; item = item->next) {
        if (item->kind == PDL_ITEM_SETTING) {
            continue;           /* of a device that was taken off */
        }
        text = pdl_source_text(pdl_session_sources(session),
                               item->span.file, &len);
        if (ans->edit_count >= INF_MAX_EDITS - 1) {
            pdl_strbuf_printf(problems, "more than %u declarations: only "
                              "those that must change\n", INF_MAX_EDITS - 1);
            return;
        }
        if (text != NULL &&
            to_edit(item, text, p, r, &ans->edits[ans->edit_count],
                    problems)) {
            if (named_twice(ans->edits, ans->edit_count,
                            &ans->edits[ans->edit_count])) {
                pdl_strbuf_printf(problems, "%s is declared twice\n",
                                  item->name.text);
            }
            ans->edit_count++;
        }
    }
    if (ans->edit_count == 0 && problems->len == 0) {
        pdl_strbuf_puts(problems, "there is no declaration in it\n");
    }
    add_console(body, p, ans);
}

int ai_items_parse(const char *reply, const struct ai_place *place,
                   struct inf_answer *ans, struct pdl_strbuf *problems)
{
    struct pdl_session *session = pdl_session_new();
    const struct pdl_body *body;
    size_t before = problems->len;
    struct reply r;
    int ret = 0;

    take_apart(reply, &r);
    if (session == NULL) {
        ret = INF_E_NOMEM;
    } else if (r.text == NULL || strlen(r.text) > AI_TEXT_MAX) {
        pdl_strbuf_puts(problems, r.text == NULL ? "there is no \"periph\" "
                        "member\n" : "it is too long\n");
    } else {
        pdl_sources_allow_disk(pdl_session_sources(session), false);
        body = parse(session, r.text, problems);
        if (body != NULL) {
            take_items(session, body, place, &r, ans, problems);
        }
    }
    if (ret == 0 && problems->len > before) {
        inf_answer_dispose(ans);
        ret = INF_E_FORMAT;
    }
    free(r.text);
    free(r.reason);
    pdl_session_free(session);
    return ret;
}
