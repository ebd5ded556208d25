/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The truth tables of policies in the words of CMSIS-SVD; XML text. */
#include "compiler/emit_svd.h"

#include <ctype.h>
#include <string.h>

/* ---- XML ---- */

static void indent(struct svd_xml *x)
{
    pdl_strbuf_fill(x->out, ' ', x->depth * 2);
}

void svd_open(struct svd_xml *x, const char *tag)
{
    indent(x);
    pdl_strbuf_printf(x->out, "<%s>\n", tag);
    x->depth++;
}

void svd_close(struct svd_xml *x, const char *tag)
{
    x->depth--;
    indent(x);
    pdl_strbuf_printf(x->out, "</%s>\n", tag);
}

void svd_leaf(struct svd_xml *x, const char *tag, const char *text)
{
    if (!text || !*text) {
        return;
    }
    indent(x);
    pdl_strbuf_printf(x->out, "<%s>", tag);
    for (; *text; text++) {
        unsigned char c = *text;

        if (c == '&') {
            pdl_strbuf_puts(x->out, "&amp;");
        } else if (c == '<') {
            pdl_strbuf_puts(x->out, "&lt;");
        } else if (c == '>') {
            pdl_strbuf_puts(x->out, "&gt;");
        } else if (c >= ' ' || c == '\n' || c == '\t') {
            pdl_strbuf_putc(x->out, (char)c);
        }
    }
    pdl_strbuf_printf(x->out, "</%s>\n", tag);
}

void svd_hex(struct svd_xml *x, const char *tag, uint64_t value)
{
    indent(x);
    pdl_strbuf_printf(x->out, "<%s>0x%llx</%s>\n", tag,
                      (unsigned long long)value, tag);
}

void svd_count(struct svd_xml *x, const char *tag, uint64_t value)
{
    indent(x);
    pdl_strbuf_printf(x->out, "<%s>%llu</%s>\n", tag,
                      (unsigned long long)value, tag);
}

void svd_words(struct svd_xml *x, const char *name)
{
    for (; *name; name++) {
        pdl_strbuf_putc(x->out, isalnum((unsigned char)*name) ? *name : '_');
    }
}

void svd_name(struct svd_xml *x, const char *tag, const char *name,
              const char *end)
{
    indent(x);
    pdl_strbuf_printf(x->out, "<%s>", tag);
    if (end && isdigit((unsigned char)*name)) {
        pdl_strbuf_putc(x->out, '_');
    }
    svd_words(x, name);
    pdl_strbuf_printf(x->out, "%s</%s>\n", end ? end : "", tag);
}

/* ---- accesses ---- */

static const char *write_word(const struct pcc_row *r)
{
    static const struct {
        const char *word;
        unsigned m00 : 1, m01 : 1, m10 : 1, m11 : 1;
    } words[] = {
        { NULL, 0, 1, 0, 1 }, { NULL, 0, 0, 1, 1 },
        { "oneToClear", 0, 0, 1, 0 }, { "oneToSet", 0, 1, 1, 1 },
        { "oneToToggle", 0, 1, 1, 0 }, { "zeroToClear", 0, 0, 0, 1 },
        { "zeroToSet", 1, 0, 1, 1 }, { "zeroToToggle", 1, 0, 0, 1 },
        { "clear", 0, 0, 0, 0 }, { "set", 1, 1, 1, 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].m00 == r->m00 && words[i].m01 == r->m01 &&
            words[i].m10 == r->m10 && words[i].m11 == r->m11) {
            return words[i].word;
        }
    }
    return NULL;
}

static struct svd_effects row_effects(const struct pcc_row *r)
{
    struct svd_effects out = { "read-write", write_word(r), NULL };
    bool shows = r->v0 || r->v1;
    bool writes = !(!r->m00 && !r->m01 && r->m10 && r->m11);

    if (!writes) {
        out.access = "read-only";
    } else if (!shows) {
        out.access = r->once ? "writeOnce" : "write-only";
        /* a pulse: what is written has an effect and does not stay */
        if (!r->m00 && !r->m01 && !r->m10 && !r->m11) {
            out.write = NULL;
        }
    } else if (r->once) {
        out.access = "read-writeOnce";
    }
    if (shows && !r->r0 && !r->r1) {
        out.read = "clear";
    } else if (shows && r->r0 && r->r1) {
        out.read = "set";
    }
    return out;
}

/* What views of @bits add to it. */
static void view_effects(const struct pcc_device *d, const struct pcc_reg *r,
                         uint64_t bits, struct svd_effects *out)
{
    uint32_t i;

    for (i = r->first_view; i < r->first_view + r->view_count; i++) {
        const struct pcc_view *v = &d->views[i];
        uint64_t mask = (v->width >= 64 ? UINT64_MAX :
                         (UINT64_C(1) << v->width) - 1) << v->lo;

        if (!(mask & bits)) {
            continue;
        }
        switch (v->verb) {
        case PRT_VERB_SETS:
            out->write = "oneToSet";
            break;
        case PRT_VERB_CLEARS:
            out->write = "oneToClear";
            break;
        case PRT_VERB_TOGGLES:
            out->write = "oneToToggle";
            break;
        case PRT_VERB_POPS:
            out->read = "modifyExternal";
            break;
        default:
            break;
        }
    }
    if (strcmp(out->access, "read-only") == 0) {
        out->write = NULL;
    }
}

/* Whether a rule runs when bits of @r are read. */
static bool has_read_rule(const struct pcc_device *d, const struct pcc_reg *r)
{
    uint32_t i;

    for (i = r->first_rule; i < r->first_rule + r->rule_count; i++) {
        if (d->rules[i].event == PRT_EV_READ) {
            return true;
        }
    }
    return false;
}

struct svd_effects svd_reg_effects(const struct pcc_device *d,
                                   const struct pcc_reg *r)
{
    struct svd_effects out = row_effects(&r->row);
    const char *fact = pcc_fact(&r->origin, "readAction");

    if (!out.read && has_read_rule(d, r)) {
        out.read = "modify";
    }
    if (!r->field_count) {
        view_effects(d, r, UINT64_MAX, &out);
    }
    if (!out.read) {
        out.read = fact;
    }
    return out;
}

struct svd_effects svd_field_effects(const struct pcc_device *d,
                                     const struct pcc_field *f)
{
    const struct pcc_reg *r = &d->regs[f->reg];
    struct svd_effects out = row_effects(&f->row);
    const char *fact = pcc_fact(&f->origin, "readAction");

    view_effects(d, r, (f->width >= 64 ? UINT64_MAX :
                        (UINT64_C(1) << f->width) - 1) << f->lo, &out);
    if (!out.read) {
        out.read = fact;
    }
    return out;
}
