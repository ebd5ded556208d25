/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ownership of items: @inferred, its sum, sealing. */
#include "dsl/item.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/format.h"
#include "dsl/parse_priv.h"

const struct pdl_note *pdl_item_note(const struct pdl_item *item,
                                     enum pdl_note_kind kind)
{
    const struct pdl_note *note = item->notes;

    while (note && note->kind != kind) {
        note = note->next;
    }
    return note;
}

static void read_arg(const struct pdl_arg *arg, struct pdl_inferred *out)
{
    const struct pdl_expr *value = arg->value;

    switch (value->kind) {
    case PDL_EXPR_REF:
        if (!out->by) {
            out->by = value->u.ref->parts->name.text;
        }
        break;
    case PDL_EXPR_STRING:
        out->evidence = value->u.string.bytes;
        break;
    case PDL_EXPR_NUMBER:
        if (!arg->name.text) {
            out->confidence = value->u.number.value > 100
                              ? 100 : (unsigned)value->u.number.value;
        } else if (strcmp(arg->name.text, "sum") == 0 &&
                   value->u.number.value <= UINT32_MAX) {
            out->has_sum = true;
            out->sum = (uint32_t)value->u.number.value;
        }
        break;
    default:
        break;
    }
}

bool pdl_item_inferred(const struct pdl_item *item, struct pdl_inferred *out)
{
    const struct pdl_note *note = pdl_item_note(item, PDL_NOTE_INFERRED);
    const struct pdl_arg *arg;

    memset(out, 0, sizeof(*out));
    if (!note) {
        return false;
    }
    for (arg = note->args; arg; arg = arg->next) {
        read_arg(arg, out);
    }
    return true;
}

/* ---- sums ---- */

/* Byte ranges left out of a sum, in rising order. */
struct holes {
    struct pdl_span *spans;
    size_t count;
    size_t cap;
    bool failed;
};

static void add_hole(struct holes *holes, struct pdl_span span)
{
    if (holes->count == holes->cap) {
        size_t cap = holes->cap ? holes->cap * 2 : 16;
        struct pdl_span *spans = realloc(holes->spans, cap * sizeof(*spans));

        if (!spans) {
            holes->failed = true;
            return;
        }
        holes->spans = spans;
        holes->cap = cap;
    }
    holes->spans[holes->count++] = span;
}

static void add_nested(struct holes *holes, const struct pdl_item *item);

static void add_body(struct holes *holes, const struct pdl_body *body)
{
    const struct pdl_item *item;

    for (item = body ? body->first : NULL; item; item = item->next) {
        if (pdl_item_note(item, PDL_NOTE_INFERRED)) {
            add_hole(holes, item->span);
        } else {
            add_nested(holes, item);
        }
    }
}

/* Inferred items somewhere inside an item. */
static void add_nested(struct holes *holes, const struct pdl_item *item)
{
    add_body(holes, pdl_item_body((struct pdl_item *)item));
    if (item->kind == PDL_ITEM_COND) {
        add_body(holes, item->u.cond.otherwise);
        if (item->u.cond.else_if) {
            add_nested(holes, item->u.cond.else_if);
        }
    }
}

/* FNV-1a, 32 bits. */
static uint32_t hash(uint32_t sum, const char *bytes, size_t len)
{
    while (len--) {
        sum = (sum ^ (unsigned char)*bytes++) * 16777619u;
    }
    return sum;
}

/* The first token that begins at an offset or behind it. */
static size_t first_token(const struct pdl_tokens *tokens, uint32_t offset)
{
    size_t low = 0, high = tokens->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (tokens->items[middle].begin < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Over tokens of a span that begin in no hole; each ends with a zero byte. */
static uint32_t sum_tokens(const char *text, const struct pdl_tokens *tokens,
                           const struct holes *holes, struct pdl_span span)
{
    uint32_t sum = 2166136261u;
    size_t i, hole = 0;

    for (i = first_token(tokens, span.begin); i < tokens->count; i++) {
        const struct pdl_token *token = &tokens->items[i];

        if (token->begin >= span.end) {
            break;
        }
        while (hole < holes->count &&
               holes->spans[hole].end <= token->begin) {
            hole++;
        }
        if (hole == holes->count ||
            holes->spans[hole].begin > token->begin) {
            sum = hash(sum, text + token->begin, token->end - token->begin);
            sum = hash(sum, "", 1);
        }
    }
    return sum;
}

int pdl_item_sum(const struct pdl_sources *sources,
                 const struct pdl_item *item, uint32_t *sum)
{
    const struct pdl_note *note = pdl_item_note(item, PDL_NOTE_INFERRED);
    struct pdl_tokens scanned = PDL_TOKENS_INIT;
    const struct pdl_tokens *tokens;
    struct holes holes = { 0 };
    const char *text;
    size_t len;
    int status = PDL_OK;

    if (!sources || !item->span.file) {
        return PDL_ERR_NOT_FOUND;
    }
    text = pdl_source_text(sources, item->span.file, &len);
    if (!text || item->span.end > len || item->span.begin > item->span.end) {
        return PDL_ERR_NOT_FOUND;
    }
    if (note) {
        add_hole(&holes, note->span);
    }
    add_nested(&holes, item);
    tokens = pdl_source_tokens(sources, item->span.file);
    if (!tokens) {
        status = pdl_scan(text, len, 0, NULL, &scanned);
        tokens = &scanned;
    }
    if (status != PDL_ERR_NOMEM && !holes.failed) {
        *sum = sum_tokens(text, tokens, &holes, item->span);
        status = PDL_OK;
    } else {
        status = PDL_ERR_NOMEM;
    }
    pdl_tokens_dispose(&scanned);
    free(holes.spans);
    return status;
}

bool pdl_item_is_machines(const struct pdl_sources *sources,
                          const struct pdl_item *item)
{
    struct pdl_inferred inferred;
    uint32_t sum;

    return pdl_item_inferred(item, &inferred) && inferred.has_sum &&
           pdl_item_sum(sources, item, &sum) == PDL_OK &&
           sum == inferred.sum;
}

/* ---- sealing ---- */

/* A text under way with what it is copied from. */
struct seal {
    const struct pdl_sources *sources;
    const char *text;
    size_t len;
    size_t done;            /* bytes of text already copied */
    struct pdl_strbuf *out;
    int status;
};

static void copy_to(struct seal *s, size_t end)
{
    if (end > s->done) {
        pdl_strbuf_add(s->out, s->text + s->done, end - s->done);
        s->done = end;
    }
}

/* Writes the right sum into a note, in place of one that is there. */
static void seal_item(struct seal *s, const struct pdl_item *item)
{
    const struct pdl_note *note = pdl_item_note(item, PDL_NOTE_INFERRED);
    const struct pdl_arg *arg;
    uint32_t sum;

    if (!note || s->status) {
        return;
    }
    s->status = pdl_item_sum(s->sources, item, &sum);
    if (s->status) {
        return;
    }
    for (arg = note->args; arg && !arg->name.text; arg = arg->next) {
    }
    if (arg) {
        copy_to(s, arg->value->span.begin);
        s->done = arg->value->span.end;
        pdl_strbuf_printf(s->out, "0x%08" PRIx32, sum);
    } else {
        copy_to(s, note->span.end - 1);
        pdl_strbuf_printf(s->out, ", sum = 0x%08" PRIx32, sum);
    }
}

static void seal_body(struct seal *s, const struct pdl_body *body)
{
    const struct pdl_item *item;

    for (item = body ? body->first : NULL; item; item = item->next) {
        const struct pdl_item *link = item;

        seal_item(s, item);
        while (link && link->kind == PDL_ITEM_COND) {
            seal_body(s, &link->u.cond.then);
            seal_body(s, link->u.cond.otherwise);
            link = link->u.cond.else_if;
        }
        if (item->kind != PDL_ITEM_COND) {
            seal_body(s, pdl_item_body((struct pdl_item *)item));
        }
    }
}

int pdl_seal(int fragment, const char *text, size_t len, unsigned indent,
             struct pdl_strbuf *out)
{
    struct pdl_strbuf sealed = PDL_STRBUF_INIT;
    struct seal s = { .out = &sealed };
    struct pdl_session *session = pdl_session_new();
    struct pdl_unit *unit;

    if (!session) {
        return PDL_ERR_NOMEM;
    }
    s.status = pdl_parse_fragment(session, (enum pdl_fragment)fragment,
                                  "sealed", text, len, &unit);
    if (s.status == PDL_OK) {
        s.sources = pdl_session_sources(session);
        s.text = pdl_source_text(s.sources, unit->file, &s.len);
        seal_body(&s, &unit->items);
        copy_to(&s, s.len);
    }
    if (s.status == PDL_OK && sealed.failed) {
        s.status = PDL_ERR_NOMEM;
    }
    if (s.status == PDL_OK) {
        s.status = pdl_format(pdl_strbuf_str(&sealed), sealed.len, indent,
                              out);
    }
    pdl_strbuf_dispose(&sealed);
    pdl_session_free(session);
    return s.status;
}
