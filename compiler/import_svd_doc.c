/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An SVD document as a tree in the arena. */
#include "compiler/import_svd.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#define MAX_DEPTH 256u          /* of elements in elements */
#define MAX_ENCODING 64u        /* bytes of an encoding's name */
#define CHUNK (1u << 20)        /* bytes for the parser at a time */

struct reader {
    struct pcc_import *imp;
    XML_Parser parser;
    struct svd_node *root;
    struct svd_node *open;      /* the innermost element */
    unsigned depth;
    /* text of the open element since its last tag, in single spaces */
    char text[SVD_MAX_TEXT + 1];
    size_t len;
    bool space;                 /* one follows, when anything does */
    bool failed;                /* no memory */
    const char *wrong;          /* what is, other than the parser's errors */
    char encoding[MAX_ENCODING];
};

/* The reader in the arena; what it holds is freed here. */
static void free_reader(void *reader)
{
    struct reader *r = reader;

    XML_ParserFree(r->parser);
    r->parser = NULL;
}

static void stop(struct reader *r, const char *wrong)
{
    r->wrong = wrong;
    r->failed |= !wrong;
    XML_StopParser(r->parser, XML_FALSE);
}

/* Text before the first element in an element is the element's. */
static void end_text(struct reader *r)
{
    size_t n = r->len;

    /* no half character at the end of what was cut */
    if (n == SVD_MAX_TEXT) {
        while (n && (r->text[n - 1] & 0xc0) == 0x80) {
            n--;
        }
        n -= n && (r->text[n - 1] & 0x80);
    }
    if (n && r->open && !*r->open->text) {
        r->open->text = pdl_arena_copy(r->imp->arena, r->text, n);
        if (!r->open->text) {
            r->open->text = "";
            stop(r, NULL);
        }
    }
    r->len = 0;
    r->space = false;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void XMLCALL on_text(void *data, const XML_Char *text, int len)
{
    struct reader *r = data;
    const char *end = text + len;

    for (; text < end && r->len < SVD_MAX_TEXT; text++) {
        if (is_space(*text)) {
            r->space = r->len > 0;
            continue;
        }
        if (r->space && r->len + 1 < SVD_MAX_TEXT) {
            r->text[r->len++] = ' ';
        }
        r->space = false;
        r->text[r->len++] = *text;
    }
}

static const char *derived_from(struct reader *r, const XML_Char **attr)
{
    char *copy;

    while (*attr && strcmp(attr[0], "derivedFrom") != 0) {
        attr += 2;
    }
    if (!*attr) {
        return NULL;
    }
    copy = pdl_arena_copy(r->imp->arena, attr[1],
                          strnlen(attr[1], SVD_MAX_TEXT));
    r->failed |= !copy;
    return copy;
}

static void XMLCALL on_start(void *data, const XML_Char *name,
                             const XML_Char **attr)
{
    struct reader *r = data;
    struct svd_node *node = PDL_NEW(r->imp->arena, struct svd_node);

    end_text(r);
    if (!node || !(node->name = pdl_arena_strdup(r->imp->arena, name))) {
        stop(r, NULL);
        return;
    }
    if (++r->depth > MAX_DEPTH) {
        stop(r, "elements are nested deeper than 256");
        return;
    }
    node->text = "";
    node->line = XML_GetCurrentLineNumber(r->parser);
    node->derived_from = derived_from(r, attr);
    node->parent = r->open;
    if (!r->open) {
        r->root = node;
    } else if (r->open->last) {
        r->open->last->next = node;
    } else {
        r->open->children = node;
    }
    if (r->open) {
        r->open->last = node;
    }
    r->open = node;
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    struct reader *r = data;

    (void)name;
    end_text(r);
    r->open = r->open->parent;
    r->depth--;
}

/* A document type could define entities; SVD has none of either. */
static void XMLCALL on_doctype(void *data, const XML_Char *name,
                               const XML_Char *sysid, const XML_Char *pubid,
                               int has_subset)
{
    (void)name;
    (void)sysid;
    (void)pubid;
    (void)has_subset;
    stop(data, "it has a document type; SVD files have none");
}

/* The parser knows few encodings: remembered for another try. */
static int XMLCALL on_encoding(void *data, const XML_Char *name,
                               XML_Encoding *info)
{
    struct reader *r = data;

    (void)info;
    if (strlen(name) < sizeof(r->encoding)) {
        strcpy(r->encoding, name);
    }
    return XML_STATUS_ERROR;
}

static bool parse(struct reader *r, const char *bytes, size_t size,
                  const char *encoding)
{
    enum XML_Status status = XML_STATUS_OK;
    size_t at = 0;

    r->parser = XML_ParserCreate(encoding);
    if (!r->parser) {
        r->failed = true;
        return false;
    }
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    XML_SetUnknownEncodingHandler(r->parser, on_encoding, r);
    do {
        size_t n = size - at < CHUNK ? size - at : CHUNK;

        status = XML_Parse(r->parser, bytes + at, (int)n, at + n == size);
        at += n;
    } while (status == XML_STATUS_OK && at < size);
    return status == XML_STATUS_OK && !r->failed;
}

/* The document in UTF-8, malloc'ed; NULL when that cannot be done. */
static char *recode(const struct reader *r, size_t *size)
{
    iconv_t cd = iconv_open("UTF-8", r->encoding);
    size_t left = r->imp->size, room = left * 3 + 16, all = room;
    char *in = (char *)r->imp->bytes;
    char *out, *at;

    if (cd == (iconv_t)-1) {
        return NULL;
    }
    out = at = malloc(room);
    if (out && (iconv(cd, &in, &left, &at, &room) == (size_t)-1 || left)) {
        free(out);
        out = NULL;
    }
    iconv_close(cd);
    *size = all - room;
    return out;
}

static void report(struct reader *r, enum XML_Error error)
{
    struct pcc_import *imp = r->imp;
    const char *what = r->wrong ? r->wrong : XML_ErrorString(error);

    if (!r->wrong && r->open) {
        what = pcc_import_printf(imp, "%s inside <%.64s> of line %lu", what,
                                 r->open->name, r->open->line);
    }

    pdl_diag_add(imp->diags, PDL_D_IMPORT_BAD_INPUT,
                 pcc_import_line(imp, XML_GetCurrentLineNumber(r->parser)),
                 imp->from, what);
}

/* Once more, when the encoding is one that the C library knows. */
static bool parse_recoded(struct reader *r)
{
    size_t size;
    char *text = recode(r, &size);
    bool good;

    if (!text) {
        return false;
    }
    free_reader(r);
    good = parse(r, text, size, "UTF-8");
    free(text);
    return good;
}

const struct svd_node *svd_read_document(struct pcc_import *imp)
{
    struct reader *r = PCC_IMPORT_NEW(imp, struct reader);
    bool good;

    r->imp = imp;
    imp->resource = r;
    imp->dispose = free_reader;
    good = parse(r, (const char *)imp->bytes, imp->size, NULL);
    if (!good && *r->encoding) {
        good = parse_recoded(r);
    }
    if (r->failed) {
        pcc_import_nomem(imp);
    }
    if (!good) {
        enum XML_Error error = XML_GetErrorCode(r->parser);

        if (error == XML_ERROR_NO_MEMORY) {
            pcc_import_nomem(imp);
        }
        report(r, error);
        return NULL;
    }
    if (strcmp(r->root->name, "device") != 0) {
        pdl_diag_add(imp->diags, PDL_D_IMPORT_BAD_INPUT,
                     pcc_import_line(imp, 1), imp->from,
                     "its outermost element is not <device>");
        return NULL;
    }
    return r->root;
}
