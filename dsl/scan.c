/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scanning: the driver of the generated scanner, words, numbers, strings. */
#include "dsl/scan.h"

#include <stdlib.h>
#include <string.h>

#include "dsl/scan_priv.h"

struct word {
    const char *text;
    int kind;
};

/* Sorted by text, for bsearch. */
static const struct word words[] = {
    { "after", T_AFTER }, { "as", T_AS }, { "at", T_AT }, { "board", T_BOARD },
    { "bus", T_BUS }, { "clears", T_VERB }, { "const", T_CONST },
    { "device", T_DEVICE }, { "domain", T_DOMAIN }, { "drop", T_DROP },
    { "dt", T_DT }, { "else", T_ELSE }, { "enum", T_ENUM },
    { "extend", T_EXTEND }, { "feeds", T_VERB }, { "fifo", T_FIFO },
    { "from", T_FROM }, { "group", T_GROUP }, { "hold", T_HOLD },
    { "if", T_IF }, { "import", T_IMPORT }, { "in", T_IN },
    { "instance", T_INSTANCE }, { "is", T_IS }, { "known", T_KNOWN },
    { "line", T_LINE },
    { "load", T_LOAD }, { "lock", T_LOCK }, { "mem", T_MEM },
    { "memory", T_MEMORY }, { "mirrors", T_VERB }, { "native", T_NATIVE },
    { "needs", T_NEEDS }, { "node", T_NODE }, { "of", T_OF }, { "on", T_ON },
    { "once", T_POLICY }, { "out", T_OUT }, { "periph", T_PERIPH },
    { "pops", T_VERB }, { "pulse", T_POLICY }, { "pushes", T_VERB },
    { "rc", T_POLICY }, { "reg", T_REG }, { "resets", T_VERB },
    { "ro", T_POLICY }, { "rs", T_POLICY }, { "rw", T_POLICY },
    { "sets", T_VERB }, { "sticky", T_POLICY }, { "template", T_TEMPLATE },
    { "timer", T_TIMER }, { "to", T_TO }, { "toggles", T_VERB },
    { "unimpl", T_POLICY }, { "var", T_VAR }, { "w0c", T_POLICY },
    { "w0s", T_POLICY }, { "w0t", T_POLICY }, { "w1c", T_POLICY },
    { "w1s", T_POLICY }, { "w1t", T_POLICY }, { "wclr", T_POLICY },
    { "when", T_WHEN }, { "window", T_WINDOW }, { "wo", T_POLICY },
    { "wset", T_POLICY },
};

static int compare_word(const void *key, const void *row)
{
    return strcmp(key, ((const struct word *)row)->text);
}

int pdl_word_kind(const char *text, size_t len)
{
    char key[16];
    const struct word *word;

    if (len >= sizeof(key)) {
        return T_NAME;
    }
    memcpy(key, text, len);
    key[len] = '\0';
    word = bsearch(key, words, sizeof(words) / sizeof(words[0]),
                   sizeof(words[0]), compare_word);
    return word ? word->kind : T_NAME;
}

bool pdl_kind_is_hard(int kind)
{
    return kind == T_IF || kind == T_ELSE || kind == T_WHEN ||
           kind == T_AFTER || kind == T_HOLD;
}

/* ---- tokens ---- */

void pdl_tokens_dispose(struct pdl_tokens *tokens)
{
    free(tokens->items);
    *tokens = (struct pdl_tokens)PDL_TOKENS_INIT;
}

int pdl_tokens_add(struct pdl_tokens *tokens, int kind, uint32_t begin,
                   uint32_t end)
{
    if (tokens->count == tokens->cap) {
        size_t cap = tokens->cap ? tokens->cap * 2 : 256;
        struct pdl_token *items;

        items = realloc(tokens->items, cap * sizeof(*items));
        if (!items) {
            return PDL_ERR_NOMEM;
        }
        tokens->items = items;
        tokens->cap = cap;
    }
    tokens->items[tokens->count++] = (struct pdl_token){ kind, begin, end };
    return PDL_OK;
}

/* ---- UTF-8 ---- */

/* Length that the first byte announces, and the least value it may carry. */
static size_t utf8_lead(unsigned char lead, uint32_t *least)
{
    if (lead < 0x80) {
        *least = 0;
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        *least = 0x80;
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *least = 0x800;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *least = 0x10000;
        return 4;
    }
    return 0;
}

size_t pdl_utf8_length(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t least, value;
    size_t i, need;

    need = len ? utf8_lead(bytes[0], &least) : 0;
    if (!need || need > len) {
        return 0;
    }
    if (need == 1) {
        return 1;
    }
    value = bytes[0] & (0xffu >> (need + 1));
    for (i = 1; i < need; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < least || value > 0x10ffff ||
        (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    return need;
}

/* ---- numbers ---- */

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 99;
}

struct suffix {
    const char *text;
    enum pdl_unit_kind unit;
    uint64_t scale;
};

static const struct suffix suffixes[] = {
    { "", PDL_UNIT_NONE, 1 },
    { "K", PDL_UNIT_NONE, 1u << 10 },
    { "M", PDL_UNIT_NONE, 1u << 20 },
    { "G", PDL_UNIT_NONE, 1u << 30 },
    { "ns", PDL_UNIT_NS, 1 },
    { "us", PDL_UNIT_NS, 1000 },
    { "ms", PDL_UNIT_NS, 1000000 },
    { "s", PDL_UNIT_NS, 1000000000 },
    { "Hz", PDL_UNIT_HZ, 1 },
    { "kHz", PDL_UNIT_HZ, 1000 },
    { "MHz", PDL_UNIT_HZ, 1000000 },
    { "GHz", PDL_UNIT_HZ, 1000000000 },
    { "reads", PDL_UNIT_READS, 1 },
};

static const struct suffix *find_suffix(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (strlen(suffixes[i].text) == len &&
            memcmp(suffixes[i].text, text, len) == 0) {
            return &suffixes[i];
        }
    }
    return NULL;
}

/*
 * Digits of a base from text[*pos] on; '_' may stand between two digits.
 * False when there is no digit, a '_' is misplaced, or the value is too big.
 */
static bool decode_digits(const char *text, size_t len, size_t *pos,
                          struct pdl_number *out, enum pdl_code *code)
{
    size_t i = *pos;
    bool digit_before = false;

    *code = PDL_D_BAD_NUMBER;
    for (; i < len; i++) {
        uint64_t digit = (uint64_t)digit_value(text[i]);

        if (text[i] == '_') {
            if (!digit_before) {
                return false;
            }
            digit_before = false;
            continue;
        }
        if (digit >= out->base) {
            break;
        }
        if (out->value > (UINT64_MAX - digit) / out->base) {
            *code = PDL_D_NUMBER_OVERFLOW;
            return false;
        }
        out->value = out->value * out->base + digit;
        digit_before = true;
    }
    *pos = i;
    return digit_before;
}

bool pdl_number_decode(const char *text, size_t len, struct pdl_number *out,
                       enum pdl_code *code)
{
    const struct suffix *suffix;
    size_t pos = 0;

    memset(out, 0, sizeof(*out));
    out->base = 10;
    if (len > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        out->base = 16;
        pos = 2;
    } else if (len > 1 && text[0] == '0' &&
               (text[1] == 'b' || text[1] == 'B')) {
        out->base = 2;
        pos = 2;
    }
    if (!decode_digits(text, len, &pos, out, code)) {
        out->value = 0;
        return false;
    }
    suffix = find_suffix(text + pos, len - pos);
    if (!suffix) {
        bool digit = text[pos] >= '0' && text[pos] <= '9';

        *code = digit ? PDL_D_BAD_NUMBER : PDL_D_BAD_SUFFIX;
        out->value = 0;
        return false;
    }
    if (out->value > UINT64_MAX / suffix->scale) {
        *code = PDL_D_NUMBER_OVERFLOW;
        out->value = 0;
        return false;
    }
    out->value *= suffix->scale;
    out->unit = suffix->unit;
    return true;
}

/* ---- strings ---- */

/* The escape at text[*pos] (behind the backslash) as a byte, or 0. */
static char decode_escape(const char *text, size_t len, size_t *pos)
{
    int high, low;

    switch (text[(*pos)++]) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'x':
        if (*pos + 2 > len) {
            return 0;
        }
        high = digit_value(text[*pos]);
        low = digit_value(text[*pos + 1]);
        if (high > 7 || low > 15) {
            return 0;
        }
        *pos += 2;
        return (char)(high * 16 + low);
    default:
        return 0;
    }
}

bool pdl_string_decode(const char *text, size_t len, char *out,
                       size_t *out_len, enum pdl_code *code, size_t *where)
{
    size_t pos = 1, end = len, n = 0;
    bool good = true;

    if (len > 1 && text[len - 1] == '"') {
        end--;
    }
    while (pos < end) {
        size_t begin = pos;
        char c = text[pos++];

        if (c == '\\') {
            c = pos < end ? decode_escape(text, end, &pos) : 0;
            *code = PDL_D_BAD_ESCAPE;
        } else if ((unsigned char)c < 0x20 && c != '\t') {
            c = 0;
            *code = PDL_D_BAD_CHARACTER;
        }
        if (!c) {
            *where = begin;
            good = false;
            break;
        }
        out[n++] = c;
    }
    if (n > PDL_MAX_STRING_BYTES) {
        *code = PDL_D_STRING_TOO_LONG;
        *where = 0;
        n = PDL_MAX_STRING_BYTES;
        good = false;
    }
    *out_len = n;
    return good;
}

/* ---- the driver ---- */

void *pdl_scan_alloc(struct pdl_scanner *scanner, size_t size)
{
    size_t *piece = pdl_arena_alloc(scanner->scratch,
                                    size + sizeof(max_align_t));

    if (!piece) {
        return NULL;
    }
    *piece = size;
    return (char *)piece + sizeof(max_align_t);
}

void *pdl_scan_realloc(struct pdl_scanner *scanner, void *old, size_t size)
{
    void *piece = pdl_scan_alloc(scanner, size);

    if (piece && old) {
        size_t had;

        memcpy(&had, (char *)old - sizeof(max_align_t), sizeof(had));
        memcpy(piece, old, had < size ? had : size);
    }
    return piece;
}

void pdl_scan_fatal(struct pdl_scanner *scanner, const char *message)
{
    (void)message;
    longjmp(scanner->fatal, 1);
}

/* A diagnostic about bytes [begin, end) of the text. */
#define REPORT(scanner, code, begin, end, ...) \
    do { \
        (scanner)->bad = true; \
        if ((scanner)->diags) { \
            pdl_diag_add((scanner)->diags, (code), \
                         (struct pdl_span){ (scanner)->file, (begin), \
                                            (end) }, ##__VA_ARGS__); \
        } \
    } while (0)

static void report_bad_character(struct pdl_scanner *s)
{
    size_t len = s->end - s->begin;
    const char *text = s->text + s->begin;
    char shown[16];

    if (pdl_utf8_length(text, len) == len && (unsigned char)*text > 0x20 &&
        *text != 0x7f) {
        shown[0] = '\'';
        memcpy(shown + 1, text, len);
        shown[len + 1] = '\'';
        shown[len + 2] = '\0';
    } else {
        const char *hex = "0123456789abcdef";

        memcpy(shown, "0x", 2);
        shown[2] = hex[(unsigned char)*text >> 4];
        shown[3] = hex[*text & 15];
        shown[4] = '\0';
    }
    REPORT(s, PDL_D_BAD_CHARACTER, s->begin, s->end, shown);
}

static void check_number(struct pdl_scanner *s)
{
    struct pdl_number number;
    enum pdl_code code;
    char shown[64];
    size_t len = s->end - s->begin;

    if (pdl_number_decode(s->text + s->begin, len, &number, &code)) {
        return;
    }
    if (len >= sizeof(shown)) {
        len = sizeof(shown) - 1;
    }
    memcpy(shown, s->text + s->begin, len);
    shown[len] = '\0';
    REPORT(s, code, s->begin, s->end, shown);
}

static int check_string(struct pdl_scanner *s)
{
    size_t len = s->end - s->begin, out_len, where = 0;
    enum pdl_code code;
    char *out = malloc(len);
    bool good;

    if (!out) {
        return PDL_ERR_NOMEM;
    }
    good = pdl_string_decode(s->text + s->begin, len, out, &out_len, &code,
                             &where);
    free(out);
    if (good) {
        return PDL_OK;
    }
    if (code == PDL_D_STRING_TOO_LONG) {
        REPORT(s, code, s->begin, s->end, PDL_MAX_STRING_BYTES);
    } else if (code == PDL_D_BAD_CHARACTER) {
        REPORT(s, code, s->begin + (uint32_t)where,
               s->begin + (uint32_t)where + 1, "in string");
    } else {
        REPORT(s, code, s->begin + (uint32_t)where,
               s->begin + (uint32_t)where + 2);
    }
    return PDL_OK;
}

static void check_name(struct pdl_scanner *s)
{
    uint32_t begin = s->begin, end = s->end, i;

    if (s->text[begin] == '`') {
        begin++;
        end--;
        if (begin >= end) {
            REPORT(s, PDL_D_BAD_QUOTED_NAME, s->begin, s->end);
        }
    }
    for (i = begin; i < end; i++) {
        if ((unsigned char)s->text[i] < 0x20 || s->text[i] == 0x7f) {
            REPORT(s, PDL_D_BAD_QUOTED_NAME, s->begin, s->end);
            break;
        }
    }
    if (end > begin && end - begin > PDL_MAX_NAME_BYTES) {
        REPORT(s, PDL_D_NAME_TOO_LONG, s->begin, s->end, PDL_MAX_NAME_BYTES);
    }
}

/* Trailing white space is no part of a line comment. */
static void trim_comment(struct pdl_scanner *s, uint32_t *end)
{
    while (*end > s->begin && strchr(" \t\r\f\v", s->text[*end - 1])) {
        (*end)--;
    }
}

int pdl_scan_token(struct pdl_scanner *s, int kind)
{
    uint32_t end = s->end;
    int status = PDL_OK;

    switch (kind) {
    case PDL_SCAN_BAD:
        report_bad_character(s);
        return PDL_OK;
    case PDL_SCAN_OPEN_COMMENT:
        REPORT(s, PDL_D_UNTERMINATED_COMMENT, s->begin, s->begin + 2);
        return PDL_OK;
    case PDL_SCAN_OPEN_STRING:
        REPORT(s, PDL_D_UNTERMINATED_STRING, s->begin, s->end);
        kind = T_STRING;
        break;
    case PDL_SCAN_OPEN_NAME:
        REPORT(s, PDL_D_BAD_QUOTED_NAME, s->begin, s->end);
        kind = T_NAME;
        break;
    case PDL_TOKEN_LINE_COMMENT:
        trim_comment(s, &end);
        break;
    case T_INT:
        check_number(s);
        break;
    case T_STRING:
        status = check_string(s);
        break;
    case T_NAME:
    case T_ATWORD:
        check_name(s);
        break;
    default:
        break;
    }
    return status ? status : pdl_tokens_add(s->out, kind, s->begin, end);
}

/* The first byte that is not UTF-8: a file in another encoding has many. */
static void check_utf8(struct pdl_scanner *s, size_t len)
{
    size_t i = 0, n;

    while (i < len) {
        n = pdl_utf8_length(s->text + i, len - i);
        if (!n) {
            REPORT(s, PDL_D_BAD_UTF8, (uint32_t)i, (uint32_t)i + 1,
                   (unsigned char)s->text[i]);
            break;
        }
        i += n;
    }
}

int pdl_scan(const char *text, size_t len, uint32_t file,
             struct pdl_diags *diags, struct pdl_tokens *out)
{
    struct pdl_scanner scanner = { .text = text, .file = file,
                                   .diags = diags, .out = out };
    struct pdl_span whole = { file, 0, 0 };
    uint32_t skip;
    int status;

    if (len > PDL_MAX_FILE_BYTES) {
        if (diags) {
            pdl_diag_add(diags, PDL_D_FILE_TOO_BIG, whole,
                         PDL_MAX_FILE_BYTES);
        }
        return PDL_ERR_SYNTAX;
    }
    scanner.scratch = pdl_arena_new();
    if (!scanner.scratch) {
        return PDL_ERR_NOMEM;
    }
    check_utf8(&scanner, len);
    skip = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    scanner.end = skip;
    status = pdl_scan_run(&scanner, text + skip, len - skip);
    pdl_arena_free(scanner.scratch);
    return status ? status : scanner.bad ? PDL_ERR_SYNTAX : PDL_OK;
}
