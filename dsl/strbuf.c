/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing byte buffer. */
#include "dsl/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pdl_strbuf_init(struct pdl_strbuf *buf)
{
    *buf = (struct pdl_strbuf)PDL_STRBUF_INIT;
}

void pdl_strbuf_dispose(struct pdl_strbuf *buf)
{
    free(buf->data);
    pdl_strbuf_init(buf);
}

void pdl_strbuf_clear(struct pdl_strbuf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

/* Makes room for `more` bytes and a NUL; false sets the failure. */
static bool reserve(struct pdl_strbuf *buf, size_t more)
{
    size_t cap = buf->cap ? buf->cap : 64;
    char *data;

    if (buf->failed || more >= PDL_STRBUF_MAX - buf->len) {
        buf->failed = true;
        return false;
    }
    if (buf->len + more < buf->cap) {
        return true;
    }
    while (cap <= buf->len + more) {
        cap *= 2;
    }
    data = realloc(buf->data, cap);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

void pdl_strbuf_add(struct pdl_strbuf *buf, const char *bytes, size_t len)
{
    if (!reserve(buf, len)) {
        return;
    }
    if (len) {
        memcpy(buf->data + buf->len, bytes, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void pdl_strbuf_puts(struct pdl_strbuf *buf, const char *text)
{
    pdl_strbuf_add(buf, text, strlen(text));
}

void pdl_strbuf_putc(struct pdl_strbuf *buf, char c)
{
    pdl_strbuf_add(buf, &c, 1);
}

void pdl_strbuf_fill(struct pdl_strbuf *buf, char c, size_t count)
{
    if (!reserve(buf, count)) {
        return;
    }
    memset(buf->data + buf->len, c, count);
    buf->len += count;
    buf->data[buf->len] = '\0';
}

void pdl_strbuf_printf(struct pdl_strbuf *buf, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !reserve(buf, (size_t)len)) {
        buf->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

const char *pdl_strbuf_str(const struct pdl_strbuf *buf)
{
    return buf->data ? buf->data : "";
}

char *pdl_strbuf_take(struct pdl_strbuf *buf)
{
    char *data;

    if (!buf->failed) {
        reserve(buf, 0);
    }
    if (buf->failed) {
        pdl_strbuf_dispose(buf);
        return NULL;
    }
    data = buf->data;
    data[buf->len] = '\0';
    pdl_strbuf_init(buf);
    return data;
}
