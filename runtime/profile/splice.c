/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replacing, inserting and removing single items in a text. */
#include "runtime/profile/profile_priv.h"

#include <stdlib.h>
#include <string.h>

void pfl_splices_dispose(struct pfl_splices *s)
{
    unsigned i;

    for (i = 0; i < s->count; i++) {
        free(s->v[i].text);
    }
    free(s->v);
    memset(s, 0, sizeof(*s));
}

/* The splice for @item if there is one (a later edit wins), else a new one. */
static struct pfl_splice *new_splice(struct pfl_splices *s,
                                     const struct pdl_item *item)
{
    struct pfl_splice *grown;
    unsigned i, cap;

    for (i = 0; item != NULL && i < s->count; i++) {
        if (s->v[i].item == item) {
            free(s->v[i].text);
            s->v[i].text = NULL;
            return &s->v[i];
        }
    }
    if (s->count == s->cap) {
        cap = s->cap != 0 ? s->cap * 2 : 8;
        grown = realloc(s->v, cap * sizeof(*grown));
        if (grown == NULL) {
            return NULL;
        }
        s->v = grown;
        s->cap = cap;
    }
    memset(&s->v[s->count], 0, sizeof(s->v[0]));
    s->v[s->count].item = item;
    return &s->v[s->count++];
}

static char *text_of(const char *head, const char *body, const char *tail)
{
    size_t a = strlen(head), b = strlen(body), c = strlen(tail);
    char *text = malloc(a + b + c + 1);

    if (text != NULL) {
        memcpy(text, head, a);
        memcpy(text + a, body, b);
        memcpy(text + a + b, tail, c + 1);
    }
    return text;
}

/* Drops white space at the end, and at the start unless @keep_indent. */
static void trim(char *text, bool keep_indent)
{
    size_t len = strlen(text);
    size_t lead = 0;

    while (len > 0 && strchr(" \t\n", text[len - 1]) != NULL) {
        text[--len] = '\0';
    }
    if (!keep_indent) {
        lead = strspn(text, " \t\n");
        memmove(text, text + lead, len - lead + 1);
    }
}

int pfl_splice_replace(struct pfl_splices *s, const struct pdl_item *item,
                       char *text)
{
    struct pfl_splice *splice = text != NULL ? new_splice(s, item) : NULL;

    if (splice == NULL) {
        free(text);
        return PFL_ERR_NOMEM;
    }
    trim(text, false);
    splice->begin = item->span.begin;
    splice->end = item->span.end;
    splice->text = text;
    return PFL_OK;
}

/*
 * Where the line of @at ends, when nothing but space and a comment that ends
 * on this line follows; else @at itself.
 */
static uint32_t rest_of_line(const char *source, uint32_t at)
{
    const char *p = source + at;
    const char *end;

    p += strspn(p, " \t");
    if (p[0] == '/' && p[1] == '/') {
        p += strcspn(p, "\n");
    } else if (p[0] == '/' && p[1] == '*') {
        end = strstr(p + 2, "*/");
        if (end == NULL || memchr(p, '\n', (size_t)(end - p)) != NULL) {
            return at;
        }
        p = end + 2;
        p += strspn(p, " \t");
    }
    if (p[0] == '\r' && p[1] == '\n') {
        return (uint32_t)(p - source);
    }
    return *p == '\n' ? (uint32_t)(p - source) : at;
}

int pfl_splice_insert(struct pfl_splices *s, const char *source,
                      const struct pdl_body *body,
                      const struct pdl_item *after, uint64_t order,
                      char *text)
{
    struct pfl_splice *splice = text != NULL ? new_splice(s, NULL) : NULL;
    uint32_t at, place;
    const char *next;
    char *whole;

    if (splice == NULL) {
        free(text);
        return PFL_ERR_NOMEM;
    }
    at = after != NULL ? after->span.end : body->span.begin + 1;
    place = rest_of_line(source, at);
    next = source + place;
    trim(text, true);
    if (next[0] == '\n' || next[0] == '\r') {
        whole = text_of("\n", text, "");
    } else {
        /* The line goes on: what follows begins a new one. */
        next += strspn(next, " \t");
        whole = text_of("\n", text, *next == '}' ? "\n" : "\n    ");
    }
    free(text);
    splice->begin = splice->end = place;
    splice->order = order;
    splice->text = whole;
    return whole != NULL ? PFL_OK : PFL_ERR_NOMEM;
}

int pfl_splice_remove(struct pfl_splices *s, const char *source, size_t len,
                      const struct pdl_item *item)
{
    struct pfl_splice *splice = new_splice(s, item);
    uint32_t begin = item->span.begin;
    uint32_t end = item->span.end;

    if (splice == NULL) {
        return PFL_ERR_NOMEM;
    }
    while (begin > 0 && strchr(" \t", source[begin - 1]) != NULL) {
        begin--;
    }
    while (end < len && strchr(" \t", source[end]) != NULL) {
        end++;
    }
    if ((begin == 0 || source[begin - 1] == '\n') && end < len &&
        source[end] == '\n') {
        end++;
    } else {
        begin = item->span.begin;
        end = item->span.end;
    }
    splice->begin = begin;
    splice->end = end;
    splice->text = strdup("");
    return splice->text != NULL ? PFL_OK : PFL_ERR_NOMEM;
}

static int compare(const void *a, const void *b)
{
    const struct pfl_splice *x = a;
    const struct pfl_splice *y = b;

    if (x->begin != y->begin) {
        return x->begin < y->begin ? -1 : 1;
    }
    if (x->end != y->end) {
        return x->end < y->end ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

int pfl_splices_apply(struct pfl_splices *s, const char *source, size_t len,
                      struct pdl_strbuf *out)
{
    uint32_t at = 0;
    unsigned i;

    if (s->count > 0) {
        qsort(s->v, s->count, sizeof(*s->v), compare);
    }
    for (i = 0; i < s->count; i++) {
        const struct pfl_splice *p = &s->v[i];

        if (p->begin < at || p->end < p->begin || p->end > len) {
            return PFL_ERR_INTERNAL;
        }
        pdl_strbuf_add(out, source + at, p->begin - at);
        pdl_strbuf_puts(out, p->text);
        at = p->end;
    }
    pdl_strbuf_add(out, source + at, len - at);
    return out->failed ? PFL_ERR_NOMEM : PFL_OK;
}
