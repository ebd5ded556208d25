/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/undo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/item.h"
#include "dsl/parse.h"
#include "dsl/strbuf.h"
#include "runtime/tools/util.h"

/* A parsed text; an empty one has no items. */
struct side {
    struct pdl_session *session;
    const struct pdl_sources *sources;
    const char *text;
    struct pdl_unit *unit;
};

/* The text being made of @now's: what stands before @copied is dealt with. */
struct merge {
    struct side now, before, after;
    size_t copied;
    struct pdl_strbuf out;
};

static int side_open(struct side *s, const char *path, const char *text)
{
    *s = (struct side) { .session = pdl_session_new(), .text = text };
    if (!s->session) {
        return -1;
    }
    s->sources = pdl_session_sources(s->session);
    if (!text) {
        return 0;
    }
    pdl_parse_buffer(s->session, path, text, strlen(text), &s->unit);
    return s->unit && s->unit->complete ? 0 : -1;
}

static const struct pdl_body *items_of(const struct side *s)
{
    return s->unit ? &s->unit->items : NULL;
}

static const struct pdl_body *body_of(const struct pdl_item *item)
{
    return item ? pdl_item_body((struct pdl_item *)item) : NULL;
}

/* ---- Whose an item is, and which it is ---- */

static bool is_noted(const struct pdl_item *item)
{
    struct pdl_inferred note;

    return pdl_item_inferred(item, &note);
}

/* The machine's, with all in it. */
static bool is_whole(const struct side *s, const struct pdl_item *item)
{
    const struct pdl_body *body = body_of(item);
    const struct pdl_item *inner;

    if (!pdl_item_is_machines(s->sources, item)) {
        return false;
    }
    for (inner = body ? body->first : NULL; inner; inner = inner->next) {
        if (is_noted(inner) && !is_whole(s, inner)) {
            return false;
        }
    }
    return true;
}

static size_t size_of(const struct pdl_item *item)
{
    return item->span.end - item->span.begin;
}

static bool same_span(const struct side *a, const struct pdl_item *x,
                      const struct side *b, const struct pdl_item *y)
{
    return size_of(x) == size_of(y) &&
        memcmp(a->text + x->span.begin, b->text + y->span.begin,
               size_of(x)) == 0;
}

static bool same_ref(const struct pdl_ref *a, const struct pdl_ref *b)
{
    const struct pdl_part *x = a->parts, *y = b->parts;

    for (; x && y; x = x->next, y = y->next) {
        if (x->kind != y->kind || x->kind != PDL_PART_NAME ||
            strcmp(x->name.text, y->name.text) != 0) {
            return false;
        }
    }
    return !x && !y;
}

/* Whether both are about the same thing, whatever they say of it. */
static bool is_twin(const struct side *a, const struct pdl_item *x,
                    const struct side *b, const struct pdl_item *y)
{
    if (x->kind != y->kind) {
        return false;
    }
    if (x->kind == PDL_ITEM_EXTEND || x->kind == PDL_ITEM_EXTEND_REG) {
        return same_ref(x->u.extend.ref, y->u.extend.ref);
    }
    if (x->name.text && y->name.text) {
        return strcmp(x->name.text, y->name.text) == 0;
    }
    return !x->name.text && !y->name.text && same_span(a, x, b, y);
}

static const struct pdl_item *find_twin(const struct side *in,
                                        const struct pdl_body *body,
                                        const struct side *of,
                                        const struct pdl_item *item)
{
    const struct pdl_item *one;

    for (one = body ? body->first : NULL; one; one = one->next) {
        if (is_twin(in, one, of, item)) {
            return one;
        }
    }
    return NULL;
}

/* ---- Making the text ---- */

static void put(struct merge *m, const char *text, size_t len)
{
    pdl_strbuf_add(&m->out, text, len);
}

static void copy_to(struct merge *m, size_t end)
{
    put(m, m->now.text + m->copied, end - m->copied);
    m->copied = end;
}

/* With the blanks around it, and its line end when it has its own lines. */
static void leave_out(struct merge *m, const struct pdl_item *item)
{
    const char *text = m->now.text;
    size_t begin = item->span.begin, end = item->span.end;

    while (begin > m->copied && strchr(" \t", text[begin - 1])) {
        begin--;
    }
    copy_to(m, begin);
    while (text[end] == ' ' || text[end] == '\t') {
        end++;
    }
    if (text[end] == '\n') {
        end++;
    }
    m->copied = end;
}

/* The machine's items that only the text before the run has. */
static void put_back(struct merge *m, const struct pdl_body *now,
                     const struct pdl_body *before,
                     const struct pdl_body *after, size_t end)
{
    const struct pdl_item *item;

    for (item = before ? before->first : NULL; item; item = item->next) {
        if (is_whole(&m->before, item) &&
            !find_twin(&m->now, now, &m->before, item) &&
            !find_twin(&m->after, after, &m->before, item)) {
            copy_to(m, end);
            put(m, "    ", 4);
            put(m, m->before.text + item->span.begin, size_of(item));
            put(m, "\n", 1);
        }
    }
}

/*
 * A person has a hand in the file: what the run made goes, what it changed is
 * as it was, and a person's items stay.  So do instances: those of devices
 * that a person's items are in.
 */
static void merge_body(struct merge *m, const struct pdl_body *now,
                       const struct pdl_body *before,
                       const struct pdl_body *after, size_t end)
{
    const struct pdl_item *item, *was, *made;

    for (item = now ? now->first : NULL; item; item = item->next) {
        const struct pdl_body *body = body_of(item);

        was = find_twin(&m->before, before, &m->now, item);
        made = find_twin(&m->after, after, &m->now, item);
        if (!is_whole(&m->now, item)) {
            if (body) {
                merge_body(m, body, body_of(was), body_of(made),
                           item->span.end - 1);
            }
        } else if (!was && item->kind != PDL_ITEM_INSTANCE) {
            leave_out(m, item);
        } else if (was && !same_span(&m->now, item, &m->before, was)) {
            copy_to(m, item->span.begin);
            put(m, m->before.text + was->span.begin, size_of(was));
            m->copied = item->span.end;
        }
    }
    put_back(m, now, before, after, end);
}

/* The merged text, owned by the caller; NULL when out of memory. */
static char *merge_texts(struct merge *m)
{
    size_t size = strlen(m->now.text);

    m->copied = 0;
    m->out = (struct pdl_strbuf)PDL_STRBUF_INIT;
    merge_body(m, items_of(&m->now), items_of(&m->before),
               items_of(&m->after), size);
    copy_to(m, size);
    return pdl_strbuf_take(&m->out);
}

/* ---- What a person says in a text ---- */

static bool all_is_machines(const struct side *s, const struct pdl_body *body)
{
    const struct pdl_item *item;

    for (item = body ? body->first : NULL; item; item = item->next) {
        if (item->kind == PDL_ITEM_IMPORT ||
            (item->kind == PDL_ITEM_EXTEND && !is_noted(item) &&
             all_is_machines(s, body_of(item)))) {
            continue;
        }
        if (!is_whole(s, item)) {
            return false;
        }
    }
    return true;
}

/*
 * Whether the run alone made the difference: nobody wrote since, and either
 * all of it is the machine's or what it left out and put in is.
 */
static bool is_machines_alone(const struct undo_texts *t, struct merge *m)
{
    bool untouched = !t->now == !t->after &&
        (!t->now || strcmp(t->now, t->after) == 0);
    char *made;
    bool same;

    if (!untouched) {
        return false;
    }
    if (all_is_machines(&m->before, items_of(&m->before)) &&
        all_is_machines(&m->after, items_of(&m->after))) {
        return true;
    }
    if (!t->before || !t->now) {
        return false;
    }
    made = merge_texts(m);
    same = made && strcmp(made, t->before) == 0;
    free(made);
    return same;
}

enum undo_result undo_text(const struct undo_texts *t, char **out)
{
    struct merge m = { .copied = 0 };
    enum undo_result result = UNDO_UNREADABLE;

    *out = NULL;
    if (!t->before == !t->after &&
        (!t->before || strcmp(t->before, t->after) == 0)) {
        return UNDO_NOTHING;
    }
    if (side_open(&m.now, t->path, t->now) != 0 ||
        side_open(&m.before, t->path, t->before) != 0 ||
        side_open(&m.after, t->path, t->after) != 0) {
        goto done;
    }
    if (is_machines_alone(t, &m)) {
        *out = t->before ? strdup(t->before) : NULL;
        result = UNDO_WHOLE;
    } else if (!t->now) {
        result = UNDO_NOTHING;      /* a person has deleted the file since */
    } else {
        *out = merge_texts(&m);
        result = *out ? UNDO_MERGED : UNDO_UNREADABLE;
    }
done:
    pdl_session_free(m.now.session);
    pdl_session_free(m.before.session);
    pdl_session_free(m.after.session);
    return result;
}
