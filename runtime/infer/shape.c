/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/shape.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void inf_shape_init(struct inf_shape *s, uint64_t offset, unsigned bytes)
{
    memset(s, 0, sizeof(*s));
    s->offset = offset;
    s->bytes = bytes;
    snprintf(s->name, sizeof(s->name), "r%02" PRIx64, offset);
}

/* ----------------------------------------------------------------- tokens */

struct scan {
    const char *at;
    bool bad;
};

static void skip_space(struct scan *sc)
{
    while (isspace((unsigned char)*sc->at)) {
        sc->at++;
    }
}

/* Takes @word if it stands next, whole. */
static bool take(struct scan *sc, const char *word)
{
    size_t len = strlen(word);

    skip_space(sc);
    if (strncmp(sc->at, word, len) != 0) {
        return false;
    }
    if (isalpha((unsigned char)word[0]) &&
        (isalnum((unsigned char)sc->at[len]) || sc->at[len] == '_')) {
        return false;
    }
    sc->at += len;
    return true;
}

static void expect(struct scan *sc, const char *word)
{
    if (!take(sc, word)) {
        sc->bad = true;
    }
}

static void take_name(struct scan *sc, char *out, size_t size)
{
    size_t n = 0;

    skip_space(sc);
    while (isalnum((unsigned char)*sc->at) || *sc->at == '_') {
        if (n + 1 < size) {
            out[n++] = *sc->at;
        } else {
            sc->bad = true;
        }
        sc->at++;
    }
    out[n] = '\0';
    sc->bad |= n == 0;
}

static uint64_t take_number(struct scan *sc)
{
    char *end;
    uint64_t value;

    skip_space(sc);
    if (!isdigit((unsigned char)*sc->at)) {
        sc->bad = true;
        return 0;
    }
    if (sc->at[0] == '0' && (sc->at[1] == 'b' || sc->at[1] == 'B')) {
        value = strtoull(sc->at + 2, &end, 2);
    } else {
        value = strtoull(sc->at, &end, 0);
    }
    sc->at = end;
    sc->bad |= isalnum((unsigned char)*end) || *end == '_';
    return value;
}

/* Everything up to one of @stops (not taken), without space at its ends. */
static void take_until(struct scan *sc, const char *stops, char *out,
                       size_t size)
{
    size_t len;

    skip_space(sc);
    len = strcspn(sc->at, stops);
    if (sc->at[len] == '\0' || len + 1 > size) {
        sc->bad = true;
        out[0] = '\0';
        return;
    }
    memcpy(out, sc->at, len);
    sc->at += len;
    while (len && isspace((unsigned char)out[len - 1])) {
        len--;
    }
    out[len] = '\0';
}

/* ------------------------------------------------------------------ parse */

static void parse_field(struct scan *sc, struct inf_field *f)
{
    memset(f, 0, sizeof(*f));
    take_name(sc, f->name, sizeof(f->name));
    expect(sc, "[");
    f->lo = (uint8_t)take_number(sc);
    f->hi = f->lo;
    if (take(sc, "..")) {
        f->hi = (uint8_t)take_number(sc);
    }
    expect(sc, "]");
    if (take(sc, "ro")) {
        f->kind = INF_FIELD_CONST;
        if (take(sc, ":=")) {
            f->kind = INF_FIELD_DERIVED;
            take_until(sc, ";", f->expr, sizeof(f->expr));
        } else {
            expect(sc, "=");
            f->value = take_number(sc);
        }
    } else if (take(sc, "pulse")) {
        f->kind = INF_FIELD_PULSE;
    } else if (take(sc, "w1c")) {
        f->kind = INF_FIELD_W1C;
        if (take(sc, "=")) {
            f->value = take_number(sc);
        }
    } else if (take(sc, ":=")) {
        f->kind = INF_FIELD_DERIVED;
        take_until(sc, ";", f->expr, sizeof(f->expr));
    } else if (take(sc, "=")) {
        f->kind = INF_FIELD_RESET;
        f->value = take_number(sc);
    } else {
        take_until(sc, ";", f->expr, sizeof(f->expr));
        if (f->expr[0]) {
            f->kind = INF_FIELD_DATA;
            sc->bad |= strncmp(f->expr, "pops ", 5) != 0 &&
                       strncmp(f->expr, "pushes ", 7) != 0;
        }
    }
    expect(sc, ";");
}

/* The field a rule names, if it is of @kind; NULL else. */
static struct inf_field *named_field(struct inf_shape *s, const char *name,
                                     unsigned kind)
{
    unsigned i;

    for (i = 0; i < s->count; i++) {
        if (strcmp(s->fields[i].name, name) == 0) {
            return s->fields[i].kind == kind ? &s->fields[i] : NULL;
        }
    }
    return NULL;
}

/* "on read { b5 ^= 1; f8_31 = random(); }": bits that toggle, declared as
 * constants, and values of chance. */
static void parse_on_read(struct scan *sc, struct inf_shape *s)
{
    struct inf_field *f;
    char name[24];

    expect(sc, "read");
    expect(sc, "{");
    while (!sc->bad && !take(sc, "}")) {
        take_name(sc, name, sizeof(name));
        if (take(sc, "=")) {
            expect(sc, "random");
            expect(sc, "(");
            expect(sc, ")");
            f = named_field(s, name, INF_FIELD_PLAIN);
        } else {
            expect(sc, "^=");
            sc->bad |= take_number(sc) != 1;
            f = named_field(s, name, INF_FIELD_CONST);
            f = f && f->lo == f->hi ? f : NULL;
        }
        expect(sc, ";");
        if (f) {
            f->kind = f->kind == INF_FIELD_PLAIN ? INF_FIELD_RANDOM
                                                 : INF_FIELD_TOGGLE;
        }
        sc->bad |= !f;
    }
}

static void parse_head(struct scan *sc, struct inf_shape *s, unsigned width)
{
    expect(sc, "reg");
    take_name(sc, s->name, sizeof(s->name));
    expect(sc, "@");
    s->offset = take_number(sc);
    s->bytes = width / 8;
    skip_space(sc);
    if (sc->at[0] == ':' && sc->at[1] != '=') {
        sc->at++;
        s->bytes = (unsigned)take_number(sc) / 8;
    }
    if (take(sc, "when")) {
        take_until(sc, ";{=", s->when, sizeof(s->when));
    }
    if (take(sc, "ro")) {
        expect(sc, ":=");
        take_until(sc, ";{", s->whole, sizeof(s->whole));
    }
}

int inf_shape_parse(struct inf_shape *s, const char *text, unsigned width)
{
    struct scan sc = { text, false };
    unsigned i;

    memset(s, 0, sizeof(*s));
    parse_head(&sc, s, width);
    if (!take(&sc, ";")) {
        expect(&sc, "{");
        while (!sc.bad && !take(&sc, "}")) {
            if (take(&sc, "on")) {
                parse_on_read(&sc, s);
                continue;
            }
            if (s->count == INF_SHAPE_FIELDS) {
                return INF_E_FORMAT;
            }
            parse_field(&sc, &s->fields[s->count++]);
        }
    }
    skip_space(&sc);
    if (sc.bad || *sc.at || s->bytes == 0 || s->bytes > 8) {
        return INF_E_FORMAT;
    }
    for (i = 0; i < s->count; i++) {
        const struct inf_field *f = &s->fields[i];

        if (f->hi < f->lo || f->hi >= 8 * s->bytes ||
            (i && f->lo <= s->fields[i - 1].hi)) {
            return INF_E_FORMAT;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ print */

static void add(char *buf, size_t size, const char *fmt, ...)
{
    size_t len = strlen(buf);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf + len, size - len, fmt, ap);
    va_end(ap);
}

static void print_field(char *buf, size_t size, const struct inf_field *f)
{
    if (f->lo == f->hi) {
        add(buf, size, " %s [%u]", f->name, f->lo);
    } else {
        add(buf, size, " %s [%u..%u]", f->name, f->lo, f->hi);
    }
    switch (f->kind) {
    case INF_FIELD_RESET:
        add(buf, size, " = 0x%" PRIx64, f->value);
        break;
    case INF_FIELD_TOGGLE:
        add(buf, size, " ro = %" PRIu64, f->value);
        break;
    case INF_FIELD_CONST:
        add(buf, size, f->hi - f->lo < 4 ? " ro = %" PRIu64
                                         : " ro = 0x%" PRIx64, f->value);
        break;
    case INF_FIELD_PULSE:
        add(buf, size, " pulse");
        break;
    case INF_FIELD_W1C:
        add(buf, size, " w1c = 0x%" PRIx64, f->value);
        break;
    case INF_FIELD_DERIVED:
        add(buf, size, " := %s", f->expr);
        break;
    case INF_FIELD_DATA:
        add(buf, size, " %s", f->expr);
        break;
    default:
        break;
    }
    add(buf, size, ";");
}

static void print_on_read(char *buf, size_t size, const struct inf_shape *s)
{
    unsigned i;

    add(buf, size, " on read {");
    for (i = 0; i < s->count; i++) {
        if (s->fields[i].kind == INF_FIELD_TOGGLE) {
            add(buf, size, " %s ^= 1;", s->fields[i].name);
        } else if (s->fields[i].kind == INF_FIELD_RANDOM) {
            add(buf, size, " %s = random();", s->fields[i].name);
        }
    }
    add(buf, size, " }");
}

char *inf_shape_print(const struct inf_shape *s, unsigned width)
{
    size_t size = 256 + 2 * INF_EXPR_MAX + s->count * (96 + INF_EXPR_MAX);
    char *buf = calloc(1, size);
    bool on_read = false;
    unsigned i;

    if (!buf) {
        return NULL;
    }
    add(buf, size, "reg %s @ 0x%02" PRIx64, s->name, s->offset);
    if (s->bytes * 8 != width) {
        add(buf, size, " : %u", s->bytes * 8);
    }
    if (s->when[0]) {
        add(buf, size, " when %s", s->when);
    }
    if (s->whole[0]) {
        add(buf, size, " ro := %s", s->whole);
    }
    if (s->count == 0) {
        add(buf, size, ";");
        return buf;
    }
    add(buf, size, " {");
    for (i = 0; i < s->count; i++) {
        print_field(buf, size, &s->fields[i]);
        on_read |= s->fields[i].kind == INF_FIELD_TOGGLE ||
                   s->fields[i].kind == INF_FIELD_RANDOM;
    }
    if (on_read) {
        print_on_read(buf, size, s);
    }
    add(buf, size, " }");
    return buf;
}

/* ------------------------------------------------------------------- edit */

const struct inf_field *inf_shape_field(const struct inf_shape *s,
                                        unsigned bit)
{
    unsigned i;

    for (i = 0; i < s->count; i++) {
        if (bit >= s->fields[i].lo && bit <= s->fields[i].hi) {
            return &s->fields[i];
        }
    }
    return NULL;
}

static void name_field(struct inf_field *f)
{
    if (f->lo == f->hi) {
        snprintf(f->name, sizeof(f->name), "b%u", f->lo);
    } else {
        snprintf(f->name, sizeof(f->name), "f%u_%u", f->lo, f->hi);
    }
}

static void remove_field(struct inf_shape *s, unsigned i)
{
    memmove(&s->fields[i], &s->fields[i + 1],
            (s->count - i - 1) * sizeof(s->fields[0]));
    s->count--;
}

static int insert_field(struct inf_shape *s, const struct inf_field *f)
{
    unsigned i = 0;

    if (s->count == INF_SHAPE_FIELDS) {
        return INF_E_RANGE;
    }
    while (i < s->count && s->fields[i].lo < f->lo) {
        i++;
    }
    memmove(&s->fields[i + 1], &s->fields[i],
            (s->count - i) * sizeof(s->fields[0]));
    s->fields[i] = *f;
    s->count++;
    return 0;
}

/* Constant @f without the bits lo..hi: up to two pieces. */
static int cut_constant(struct inf_shape *s, struct inf_field f, unsigned lo,
                        unsigned hi)
{
    struct inf_field piece = f;
    int rc = 0;

    if (f.lo < lo) {
        piece.hi = (uint8_t)(lo - 1);
        piece.value = f.value & ((1ull << (lo - f.lo)) - 1);
        name_field(&piece);
        rc = insert_field(s, &piece);
    }
    if (rc == 0 && f.hi > hi) {
        piece = f;
        piece.lo = (uint8_t)(hi + 1);
        piece.value = f.value >> (hi + 1 - f.lo);
        name_field(&piece);
        rc = insert_field(s, &piece);
    }
    return rc;
}

int inf_shape_put(struct inf_shape *s, const struct inf_field *field)
{
    struct inf_field f = *field;
    unsigned i = 0;
    int rc;

    if (f.hi < f.lo || f.hi >= 8 * s->bytes) {
        return INF_E_RANGE;
    }
    while (i < s->count) {
        struct inf_field old = s->fields[i];
        bool sticks_out = old.lo < f.lo || old.hi > f.hi;

        if (old.hi < f.lo || old.lo > f.hi) {
            i++;
            continue;
        }
        if (sticks_out && old.kind != INF_FIELD_CONST) {
            return INF_E_RANGE;
        }
        remove_field(s, i);
        if (sticks_out) {
            rc = cut_constant(s, old, f.lo, f.hi);
            if (rc) {
                return rc;
            }
        }
        i = 0;
    }
    name_field(&f);
    return insert_field(s, &f);
}

int inf_shape_constant(struct inf_shape *s, uint64_t mask, uint64_t value)
{
    unsigned bits = 8 * s->bytes;
    unsigned lo = 0;

    while (lo < bits) {
        struct inf_field f = { .kind = INF_FIELD_CONST };
        unsigned hi = lo;
        int rc;

        if (!(mask >> lo & 1)) {
            lo++;
            continue;
        }
        while (hi + 1 < bits && (mask >> (hi + 1) & 1)) {
            hi++;
        }
        f.lo = (uint8_t)lo;
        f.hi = (uint8_t)hi;
        f.value = value >> lo;
        if (hi - lo < 63) {
            f.value &= (1ull << (hi - lo + 1)) - 1;
        }
        rc = inf_shape_put(s, &f);
        if (rc) {
            return rc;
        }
        lo = hi + 1;
    }
    return 0;
}
