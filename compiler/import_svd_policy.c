/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access, modifiedWriteValues and readAction as words of the language. */
#include "compiler/import_svd.h"

#include <string.h>

struct word {
    const char *text;
    int value;
};

static const struct word access_words[] = {
    { "read-write", SVD_RW }, { "read-only", SVD_RO },
    { "write-only", SVD_WO }, { "writeOnce", SVD_W_ONCE },
    { "read-writeOnce", SVD_RW_ONCE },
    { NULL, 0 }
};

static const struct word write_words[] = {
    { "modify", PDL_POLICY_NONE },
    { "oneToClear", PDL_POLICY_W1C }, { "oneToSet", PDL_POLICY_W1S },
    { "oneToToggle", PDL_POLICY_W1T }, { "zeroToClear", PDL_POLICY_W0C },
    { "zeroToSet", PDL_POLICY_W0S }, { "zeroToToggle", PDL_POLICY_W0T },
    { "clear", PDL_POLICY_WCLR }, { "set", PDL_POLICY_WSET },
    { NULL, 0 }
};

static const struct word read_words[] = {
    { "clear", PDL_POLICY_RC }, { "set", PDL_POLICY_RS },
    { "modify", PDL_POLICY_NONE }, { "modifyExternal", PDL_POLICY_NONE },
    { NULL, 0 }
};

/* The row of the element's text; NULL: none, or not known and reported. */
static const struct word *find(struct svd *s, const struct svd_node *node,
                               const struct word *words)
{
    const struct word *w = words;
    const char *text;

    if (!node) {
        return NULL;
    }
    text = svd_text(node);
    while (w->text && strcmp(w->text, text) != 0) {
        w++;
    }
    if (!w->text) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_WORD, svd_span(s, node),
                     node->name, text);
        return NULL;
    }
    return w;
}

/* What reads and writes cannot do with this access. */
static void drop_contradictions(struct svd *s, const struct svd_at *at,
                                struct svd_policy *p)
{
    const char *what = NULL;

    if (p->access == SVD_RO && p->write != PDL_POLICY_NONE) {
        p->write = PDL_POLICY_NONE;
        what = "is read-only: modifiedWriteValues";
    }
    if ((p->access == SVD_WO || p->access == SVD_W_ONCE) &&
        (p->read != PDL_POLICY_NONE || p->external)) {
        p->read = PDL_POLICY_NONE;
        p->external = NULL;
        what = "is write-only: readAction";
    }
    if ((p->access == SVD_W_ONCE || p->access == SVD_RW_ONCE) &&
        p->write != PDL_POLICY_NONE) {
        p->write = PDL_POLICY_NONE;
        what = "is written once: modifiedWriteValues";
    }
    if (what) {
        const char *name = svd_child_text(s, at->node, "name");

        pdl_diag_add(s->imp->diags, PDL_D_SVD_CONTRADICTION,
                     svd_span(s, at->node), name ? name : "?", what);
    }
}

void svd_read_policy(struct svd *s, const struct svd_at *at,
                     const struct svd_policy *outer, struct svd_policy *out)
{
    static const struct svd_policy plain = { SVD_RW, PDL_POLICY_NONE,
                                             PDL_POLICY_NONE, NULL };
    const struct word *access, *write, *read;
    bool own;

    access = find(s, outer ? svd_get(s, at->node, "access") :
                  svd_inherit(s, at, "access"), access_words);
    write = find(s, svd_get(s, at->node, "modifiedWriteValues"), write_words);
    read = find(s, svd_get(s, at->node, "readAction"), read_words);
    *out = outer ? *outer : plain;
    own = access || write || read;
    if (access) {
        out->access = (enum svd_access)access->value;
    }
    if (write) {
        out->write = (enum pdl_policy)write->value;
    }
    if (read) {
        out->read = (enum pdl_policy)read->value;
        out->external = out->read == PDL_POLICY_NONE ? read->text : NULL;
    }
    /* a read-only field of a register with an effect on writes is no news */
    if (own && outer && !write && out->access == SVD_RO) {
        out->write = PDL_POLICY_NONE;
    }
    if (own && outer && !read && (out->access == SVD_WO ||
                                  out->access == SVD_W_ONCE)) {
        out->read = PDL_POLICY_NONE;
        out->external = NULL;
    }
    if (own) {
        drop_contradictions(s, at, out);
    }
}

bool svd_same_policy(const struct svd_policy *a, const struct svd_policy *b)
{
    return a->access == b->access && a->write == b->write &&
           a->read == b->read && (a->external == b->external ||
           (a->external && b->external &&
            strcmp(a->external, b->external) == 0));
}

static void put_word(struct svd *s, struct pdl_item *item,
                     enum pdl_policy word)
{
    if (word != PDL_POLICY_NONE) {
        pdl_item_add_attr(item, pcc_import_need(
            s->imp, pdl_attr_policy(s->imp->arena, word)));
    }
}

void svd_put_policy(struct svd *s, struct pdl_item *item,
                    const struct svd_policy *p)
{
    bool write = p->write != PDL_POLICY_NONE;
    bool read = p->read != PDL_POLICY_NONE;

    switch (p->access) {
    case SVD_RW:
        put_word(s, item, write ? p->write : PDL_POLICY_RW);
        break;
    case SVD_RO:
        put_word(s, item, read ? PDL_POLICY_NONE : PDL_POLICY_RO);
        break;
    case SVD_WO:
        put_word(s, item, PDL_POLICY_WO);
        put_word(s, item, p->write);
        break;
    case SVD_W_ONCE:
        put_word(s, item, PDL_POLICY_WO);
        put_word(s, item, PDL_POLICY_ONCE);
        break;
    case SVD_RW_ONCE:
        put_word(s, item, PDL_POLICY_ONCE);
        break;
    }
    put_word(s, item, p->read);
    if (p->external) {
        svd_fact(s, item, "readAction", p->external);
    }
}

void svd_fact(struct svd *s, struct pdl_item *item, const char *name,
              const char *value)
{
    struct pdl_arg **end;

    if (!item->notes) {
        item->notes = pcc_import_note(s->imp);
    }
    end = &item->notes->args;
    while (*end) {
        end = &(*end)->next;
    }
    *end = pcc_import_need(s->imp, pdl_arg_new(
        s->imp->arena, name, pdl_expr_string(s->imp->arena, value)));
}
