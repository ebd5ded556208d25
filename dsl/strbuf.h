/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing byte buffer with a sticky failure, always NUL-terminated. */
#ifndef PDL_STRBUF_H
#define PDL_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

/* No buffer grows beyond this many bytes; going on fails like no memory. */
#define PDL_STRBUF_MAX (64u << 20)

/*
 * `data` is NULL until the first byte. After a failed append `failed` stays
 * true and further appends do nothing: check once, at the end.
 */
struct pdl_strbuf {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

#define PDL_STRBUF_INIT { NULL, 0, 0, false }

void pdl_strbuf_init(struct pdl_strbuf *buf);
void pdl_strbuf_dispose(struct pdl_strbuf *buf);

/* Empties the buffer, keeps its memory, clears the failure. */
void pdl_strbuf_clear(struct pdl_strbuf *buf);

void pdl_strbuf_add(struct pdl_strbuf *buf, const char *bytes, size_t len);
void pdl_strbuf_puts(struct pdl_strbuf *buf, const char *text);
void pdl_strbuf_putc(struct pdl_strbuf *buf, char c);
void pdl_strbuf_fill(struct pdl_strbuf *buf, char c, size_t count);
void pdl_strbuf_printf(struct pdl_strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text (never NULL; "" when empty), valid until the next append. */
const char *pdl_strbuf_str(const struct pdl_strbuf *buf);

/* Takes the malloc'ed text out (NULL after a failure); the buffer is empty. */
char *pdl_strbuf_take(struct pdl_strbuf *buf);

#endif
