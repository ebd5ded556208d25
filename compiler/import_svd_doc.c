/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An SVD document as a tree in the arena.
 *
 * libxml2 is loaded when a document is read: it brings ICU and the C++
 * library with it, whose start costs more than most of what periphc and
 * periph are called for.
 */
#include "compiler/import_svd.h"

#include <dlfcn.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlversion.h>

/* 2.14 changed its ABI. */
#if LIBXML_VERSION >= 21400
#define LIBXML_SONAME "libxml2.so.16"
#else
#define LIBXML_SONAME "libxml2.so.2"
#endif

/* What is called of it. */
#define LIBXML_CALLS(X) \
    X(xmlNewParserCtxt) \
    X(xmlCtxtReadMemory) \
    X(xmlCtxtGetLastError) \
    X(xmlFreeParserCtxt) \
    X(xmlDocGetRootElement) \
    X(xmlGetLineNo) \
    X(xmlFreeDoc)

struct libxml {
    void *handle;
#define MEMBER(name) __typeof__(name) *name;
    LIBXML_CALLS(MEMBER)
#undef MEMBER
};

struct reader {
    struct pcc_import *imp;
    struct libxml xml;
    xmlParserCtxt *ctxt;
    xmlDoc *doc;
};

/* The reader is in the arena; what it holds is freed here. */
static void free_reader(void *reader)
{
    struct reader *r = reader;

    if (r->doc) {
        r->xml.xmlFreeDoc(r->doc);
    }
    if (r->ctxt) {
        r->xml.xmlFreeParserCtxt(r->ctxt);
    }
    if (r->xml.handle) {
        dlclose(r->xml.handle);
    }
}

static const struct svd_node *bad_input(struct reader *r, unsigned long line,
                                        const char *what)
{
    pdl_diag_add(r->imp->diags, PDL_D_IMPORT_BAD_INPUT,
                 pcc_import_line(r->imp, line), r->imp->from, what);
    return NULL;
}

/* It stays in the process: threads may hold data of its own. */
static bool load_library(struct libxml *xml)
{
    bool all;

    xml->handle = dlopen(LIBXML_SONAME, RTLD_NOW | RTLD_LOCAL |
                         RTLD_NODELETE);
    all = xml->handle != NULL;
#define LOAD(name) \
    if (all) { \
        *(void **)&xml->name = dlsym(xml->handle, #name); \
        all = xml->name != NULL; \
    }
    LIBXML_CALLS(LOAD)
#undef LOAD
    return all;
}

/* Errors are asked of the context; libxml2 prints some all the same. */
static void be_quiet(void *data, xmlError *error)
{
    (void)data;
    (void)error;
}

/*
 * No network, no external files, no entities put in; libxml2's own bounds on
 * depth and sizes stay on.
 */
static bool parse(struct reader *r)
{
    const struct pcc_import *imp = r->imp;
    int flags = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                XML_PARSE_BIG_LINES;

    r->ctxt = r->xml.xmlNewParserCtxt();
    if (!r->ctxt) {
        pcc_import_nomem(r->imp);
    }
    r->ctxt->sax->serror = (xmlStructuredErrorFunc)be_quiet;
    r->doc = r->xml.xmlCtxtReadMemory(r->ctxt, (const char *)imp->bytes,
                                      (int)imp->size, imp->from, NULL, flags);
    return r->doc != NULL;
}

static const struct svd_node *report(struct reader *r)
{
    const xmlError *e = r->xml.xmlCtxtGetLastError(r->ctxt);
    const char *text = e && e->message ? e->message : "no XML";
    char *line = pdl_arena_copy(r->imp->arena, text, strcspn(text, "\n"));

    if (!line || (e && e->code == XML_ERR_NO_MEMORY)) {
        pcc_import_nomem(r->imp);
    }
    return bad_input(r, e && e->line > 0 ? (unsigned long)e->line : 1, line);
}

/* ---- from libxml2's tree to the importer's ---- */

static bool is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The texts in an element, in single spaces, cut between characters. */
static const char *read_text(struct reader *r, const xmlNode *part)
{
    char buf[SVD_MAX_TEXT];
    size_t n = 0;
    bool space = false;

    for (; part; part = part->next) {
        const xmlChar *p = part->content;

        if (part->type != XML_TEXT_NODE &&
            part->type != XML_CDATA_SECTION_NODE) {
            continue;
        }
        for (; p && *p && n + 2 < sizeof(buf); p++) {
            if (is_space(*p)) {
                space = n > 0;
                continue;
            }
            if (space) {
                buf[n++] = ' ';
                space = false;
            }
            buf[n++] = (char)*p;
        }
    }
    if (n + 2 >= sizeof(buf)) {
        while (n && (buf[n - 1] & 0xc0) == 0x80) {
            n--;
        }
        n -= n && (buf[n - 1] & 0x80);
    }
    return n ? pcc_import_need(r->imp,
                               pdl_arena_copy(r->imp->arena, buf, n)) : "";
}

static const char *derived_from(struct reader *r, const xmlNode *from)
{
    const xmlAttr *attr = from->properties;

    while (attr && strcmp((const char *)attr->name, "derivedFrom") != 0) {
        attr = attr->next;
    }
    return attr ? read_text(r, attr->children) : NULL;
}

/* libxml2 bounds the depth of what it reads. */
static struct svd_node *copy_element(struct reader *r, const xmlNode *from,
                                     struct svd_node *parent)
{
    struct svd_node *node = PCC_IMPORT_NEW(r->imp, struct svd_node);
    long line = r->xml.xmlGetLineNo((xmlNode *)from);
    const xmlNode *child;

    node->name = pcc_import_need(r->imp, pdl_arena_strdup(
        r->imp->arena, (const char *)from->name));
    node->text = read_text(r, from->children);
    node->derived_from = derived_from(r, from);
    node->line = line > 0 ? (unsigned long)line : 0;
    node->parent = parent;
    for (child = from->children; child; child = child->next) {
        struct svd_node **end = node->last ? &node->last->next :
                                &node->children;

        if (child->type == XML_ELEMENT_NODE) {
            node->last = *end = copy_element(r, child, node);
        }
    }
    return node;
}

const struct svd_node *svd_read_document(struct pcc_import *imp)
{
    struct reader *r = PCC_IMPORT_NEW(imp, struct reader);
    const xmlNode *root;

    r->imp = imp;
    imp->resource = r;
    imp->dispose = free_reader;
    if (imp->size > PDL_STRBUF_MAX) {
        return bad_input(r, 0, "the file is too large");
    }
    if (!load_library(&r->xml)) {
        return bad_input(r, 0, "it wants " LIBXML_SONAME
                         ", which cannot be loaded: install libxml2");
    }
    if (!parse(r)) {
        return report(r);
    }
    if (r->doc->intSubset || r->doc->extSubset) {
        return bad_input(r, 1, "it has a document type; SVD files have none");
    }
    root = r->xml.xmlDocGetRootElement(r->doc);
    if (!root || strcmp((const char *)root->name, "device") != 0) {
        return bad_input(r, 1, "its outermost element is not <device>");
    }
    return copy_element(r, root, NULL);
}
