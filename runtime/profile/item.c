/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single items: what an edit may hold, who owns it, how it is written. */
#include "runtime/profile/profile_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "dsl/format.h"
#include "dsl/item.h"

/* ---- Small things ---- */

bool pfl_is_word(const char *text)
{
    size_t i;

    if (text == NULL || (!isalpha((unsigned char)text[0]) && text[0] != '_')) {
        return false;
    }
    for (i = 0; text[i] != '\0'; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '_') {
            return false;
        }
    }
    return i < PFL_NAME_MAX;
}

/* The value of an expression made of numbers alone. */
bool pfl_literal(const struct pdl_expr *e, uint64_t *value)
{
    uint64_t a, b;

    if (e == NULL) {
        return false;
    }
    if (e->kind == PDL_EXPR_NUMBER) {
        *value = e->u.number.value;
        return true;
    }
    if (e->kind != PDL_EXPR_BINARY || !pfl_literal(e->u.op.a, &a) ||
        !pfl_literal(e->u.op.b, &b)) {
        return false;
    }
    switch (e->u.op.op) {
    case PDL_OP_ADD:
        *value = a + b;
        return true;
    case PDL_OP_SUB:
        *value = a - b;
        return true;
    case PDL_OP_MUL:
        *value = a * b;
        return true;
    default:
        return false;
    }
}

const struct pdl_body *pfl_body_of(const struct pdl_item *item)
{
    return pdl_item_body((struct pdl_item *)item);
}

/* ---- Ownership ---- */

/* Nested items with a note of their own are not in the outer sum. */
static bool nested_ok(struct pdl_sources *sources, const struct pdl_item *item)
{
    const struct pdl_body *body = pfl_body_of(item);
    const struct pdl_item *in;

    for (in = body != NULL ? body->first : NULL; in != NULL; in = in->next) {
        if (pdl_item_note(in, PDL_NOTE_INFERRED) != NULL &&
            !pdl_item_is_machines(sources, in)) {
            return false;
        }
        if (!nested_ok(sources, in)) {
            return false;
        }
    }
    return true;
}

bool pfl_may_replace(struct pfl_file *file, const struct pdl_item *item)
{
    struct pdl_sources *sources = pdl_session_sources(file->parse);

    return pdl_item_is_machines(sources, item) && nested_ok(sources, item);
}

static const struct pdl_item *find_covering(const struct pdl_item *item,
                                            enum pdl_item_kind kind,
                                            const struct pdl_span *span)
{
    const struct pdl_item *found;

    for (; item != NULL; item = item->next) {
        if (span->begin < item->span.begin || span->end > item->span.end) {
            continue;
        }
        if (item->kind == kind) {
            return item;
        }
        if (pfl_body_of(item) != NULL) {
            found = find_covering(pfl_body_of(item)->first, kind, span);
            if (found != NULL) {
                return found;
            }
        }
    }
    return NULL;
}

const struct pdl_item *pfl_find_item(struct pfl_board *board,
                                     struct pfl_file *file,
                                     enum pdl_item_kind kind,
                                     const struct pcc_origin *origin)
{
    struct pdl_unit *unit = pfl_file_unit(board, file);

    return unit != NULL ?
               find_covering(unit->items.first, kind, &origin->span) :
               NULL;
}

/* ---- Sealed text ---- */

void pfl_add_note(struct pdl_strbuf *raw, const struct pfl_edit *edit)
{
    pdl_strbuf_printf(raw, "@inferred(%s, %u", edit->by, edit->confidence);
    if (edit->evidence != NULL && edit->evidence[0] != '\0') {
        pdl_strbuf_puts(raw, ", ");
        pdl_print_string(edit->evidence, strlen(edit->evidence), raw);
    }
    pdl_strbuf_puts(raw, ") ");
}

/* Old evidence and new in one text; the oldest goes where it is too long. */
static void join_evidence(const char *old, const char *fresh,
                          char text[PFL_EVIDENCE_MAX])
{
    size_t room = PFL_EVIDENCE_MAX - strlen("; ") - 1;

    if (strlen(fresh) >= room || strstr(fresh, old) != NULL) {
        old = "";
    } else if (strstr(old, fresh) != NULL) {
        fresh = "";
    }
    while (strlen(old) + strlen(fresh) > room) {
        old = strstr(old, "; ") != NULL ? strstr(old, "; ") + 2 : "";
    }
    snprintf(text, PFL_EVIDENCE_MAX, "%.*s%s%.*s", (int)room, old,
             *old != '\0' && *fresh != '\0' ? "; " : "", (int)room, fresh);
}

void pfl_keep_evidence(const struct pdl_item *item, struct pfl_edit *edit,
                       char text[PFL_EVIDENCE_MAX])
{
    struct pdl_inferred old;

    if (!pdl_item_inferred(item, &old) || old.evidence == NULL ||
        old.by == NULL || strcmp(old.by, edit->by) != 0) {
        return;
    }
    if (edit->evidence == NULL) {
        edit->confidence = old.confidence;
        join_evidence(old.evidence, "", text);
        edit->evidence = text;
    } else if (edit->evidence[0] != '\0') {
        join_evidence(old.evidence, edit->evidence, text);
        edit->evidence = text;
    }
}

/* The edit's item with its note, laid out for the inside of a body. */
int pfl_seal_item(const struct pfl_edit *edit, const char *text, char **out)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    struct pdl_strbuf sealed = PDL_STRBUF_INIT;
    int ret = PFL_ERR_TEXT;

    *out = NULL;
    pfl_add_note(&raw, edit);
    pdl_strbuf_puts(&raw, text);
    if (raw.failed) {
        ret = PFL_ERR_NOMEM;
    } else if (pdl_seal(PDL_FRAGMENT_BODY, pdl_strbuf_str(&raw), raw.len, 1,
                        &sealed) == PDL_OK) {
        *out = pdl_strbuf_take(&sealed);
        ret = *out != NULL ? PFL_OK : PFL_ERR_NOMEM;
    }
    pdl_strbuf_dispose(&raw);
    pdl_strbuf_dispose(&sealed);
    return ret;
}

/* ---- What an edit may hold ---- */

static bool kind_allowed(const struct pfl_edit *edit,
                         const struct pdl_item *item)
{
    uint64_t offset;

    switch (edit->kind) {
    case PFL_EDIT_DEVICE:
        return item->kind == PDL_ITEM_SETTING;
    case PFL_EDIT_REG:
        return item->kind == PDL_ITEM_REG && item->dim == NULL &&
               pfl_literal(item->u.reg.offset, &offset) &&
               offset == edit->offset &&
               strcmp(item->name.text, edit->name) == 0;
    case PFL_EDIT_MEMORY:
        return item->kind == PDL_ITEM_MEMORY &&
               strcmp(item->name.text, edit->name) == 0;
    case PFL_EDIT_NATIVE:
        return item->kind == PDL_ITEM_NATIVE &&
               strcmp(item->name.text, edit->name) == 0;
    case PFL_EDIT_WIRE:
        return item->kind == PDL_ITEM_WIRE;
    case PFL_EDIT_ITEM:
        switch (item->kind) {
        case PDL_ITEM_VAR:
        case PDL_ITEM_FIFO:
        case PDL_ITEM_TIMER:
        case PDL_ITEM_LINE:
        case PDL_ITEM_LOCK:
        case PDL_ITEM_DOMAIN:
        case PDL_ITEM_WINDOW:
        case PDL_ITEM_MEM:
            return item->name.text != NULL &&
                   strcmp(item->name.text, edit->name) == 0;
        case PDL_ITEM_RULE:
        case PDL_ITEM_DERIVE:
            return true;
        default:
            return false;
        }
    default:
        return false;
    }
}

/* Checks names and numbers, and that the text is what it claims to be. */
int pfl_check_edit(const struct pfl_edit *edit, struct pdl_session *session)
{
    struct pdl_unit *unit = NULL;
    const struct pdl_item *item;
    unsigned count = 0;

    if (!pfl_is_word(edit->by) || edit->confidence > 100) {
        return PFL_ERR_RANGE;
    }
    if ((edit->kind == PFL_EDIT_DEVICE || edit->kind == PFL_EDIT_REG ||
         edit->kind == PFL_EDIT_MEMORY || edit->kind == PFL_EDIT_BLOCK ||
         edit->kind == PFL_EDIT_NATIVE) &&
        !pfl_is_word(edit->name)) {
        return PFL_ERR_RANGE;
    }
    if (edit->kind == PFL_EDIT_REMOVE || edit->kind == PFL_EDIT_CONSOLE ||
        edit->kind == PFL_EDIT_TAKE_AWAY) {
        return PFL_OK;
    }
    if (edit->kind == PFL_EDIT_BLOCK) {
        return edit->text != NULL && pfl_is_word(edit->text) ? PFL_OK :
            PFL_ERR_TEXT;
    }
    if (edit->text == NULL ||
        pdl_parse_fragment(session, PDL_FRAGMENT_BODY, "edit", edit->text,
                           strlen(edit->text), &unit) != PDL_OK) {
        return PFL_ERR_TEXT;
    }
    for (item = unit->items.first; item != NULL; item = item->next) {
        if (item->notes != NULL || !kind_allowed(edit, item)) {
            return PFL_ERR_TEXT;
        }
        count++;
    }
    return edit->kind == PFL_EDIT_DEVICE || count == 1 ? PFL_OK : PFL_ERR_TEXT;
}

/* ---- Finding ---- */

bool pfl_has_when(const struct pdl_item *item)
{
    const struct pdl_attr *attr;

    for (attr = item->attrs; attr != NULL; attr = attr->next) {
        if (attr->kind == PDL_ATTR_WHEN) {
            return true;
        }
    }
    return false;
}

bool pfl_same_layout(const char *a, size_t a_len, const char *b)
{
    struct pdl_strbuf x = PDL_STRBUF_INIT;
    struct pdl_strbuf y = PDL_STRBUF_INIT;
    bool same;

    same = pdl_format(a, a_len, 0, &x) == PDL_OK &&
           pdl_format(b, strlen(b), 0, &y) == PDL_OK &&
           strcmp(pdl_strbuf_str(&x), pdl_strbuf_str(&y)) == 0;
    pdl_strbuf_dispose(&x);
    pdl_strbuf_dispose(&y);
    return same;
}

/* The item of a body by name, or by text where it has no name. */
const struct pdl_item *pfl_find_named(const struct pfl_file *file,
                                      const struct pdl_body *body,
                                      const char *name, const char *text)
{
    const struct pdl_item *item;

    for (item = body->first; item != NULL; item = item->next) {
        if (item->kind == PDL_ITEM_RULE || item->kind == PDL_ITEM_DERIVE ||
            item->kind == PDL_ITEM_WIRE) {
            if (text != NULL &&
                pfl_same_layout(file->text + item->body_span.begin,
                                item->body_span.end - item->body_span.begin,
                                text)) {
                return item;
            }
        } else if (name[0] != '\0' && item->name.text != NULL &&
                   item->kind != PDL_ITEM_SETTING &&
                   strcmp(item->name.text, name) == 0) {
            return item;
        }
    }
    return NULL;
}

/* ---- Places ---- */

/* Where a register at @offset goes: behind the last one that is not after
 * it, else before the first register, else at the end. */
const struct pdl_item *pfl_place_reg(const struct pdl_body *body,
                                        uint64_t offset)
{
    const struct pdl_item *item, *before_first = NULL, *at = NULL;
    const struct pdl_item *last = NULL;
    bool any = false;
    uint64_t there;

    for (item = body->first; item != NULL; item = item->next) {
        if (item->kind == PDL_ITEM_REG) {
            if (!any) {
                before_first = last;
                any = true;
            }
            if (pfl_literal(item->u.reg.offset, &there) && there <= offset) {
                at = item;
            }
        }
        last = item;
    }
    if (at != NULL) {
        return at;
    }
    return any ? before_first : last;
}

/* State is declared before the registers, rules and the rest behind. */
const struct pdl_item *pfl_place_item(const struct pdl_body *body,
                                         const char *text)
{
    const struct pdl_item *item, *last = NULL;
    bool early = strncmp(text, "on ", 3) != 0 && strstr(text, ":=") == NULL;

    for (item = body->first; item != NULL; item = item->next) {
        if (early && item->kind == PDL_ITEM_REG) {
            break;
        }
        last = item;
    }
    return last;
}

/* The `console:` in force in @file, or NULL. */
const struct pdl_item *pfl_find_console(struct pfl_board *board,
                                           struct pfl_file *file)
{
    struct pdl_unit *unit = pfl_file_unit(board, file);
    const struct pdl_item *item, *in, *found = NULL;

    for (item = unit != NULL ? unit->items.first : NULL; item != NULL;
         item = item->next) {
        if (item->kind != PDL_ITEM_BOARD && item->kind != PDL_ITEM_EXTEND) {
            continue;
        }
        in = pfl_body_of(item) != NULL ? pfl_body_of(item)->first : NULL;
        for (; in != NULL; in = in->next) {
            if (in->kind == PDL_ITEM_SETTING &&
                strcmp(in->name.text, "console") == 0) {
                found = in;
            }
        }
    }
    return found;
}

const struct pdl_item *pfl_find_part(struct pfl_board *board,
                                     enum pdl_item_kind kind,
                                     const char *name, struct pfl_file **file)
{
    const struct pdl_item *item, *in;
    struct pdl_unit *unit;

    for (*file = board->files; *file != NULL; *file = (*file)->next) {
        unit = pfl_file_unit(board, *file);
        item = unit != NULL ? unit->items.first : NULL;
        for (; item != NULL; item = item->next) {
            in = pfl_body_of(item) != NULL ? pfl_body_of(item)->first : NULL;
            for (; in != NULL; in = in->next) {
                if (in->kind == kind && strcmp(in->name.text, name) == 0) {
                    return in;
                }
            }
        }
    }
    return NULL;
}

/* ---- What people have dropped ---- */

/* Whose bodies are meant: those of the board, or of a device as an instance
 * shows it. */
struct scope {
    const char *board;
    const char *device;                 /* NULL: the board itself */
    const char *instance;
};

static bool is_path(const struct pdl_ref *ref, const char *a, const char *b)
{
    const struct pdl_part *part = ref->parts;

    if (part == NULL || part->kind != PDL_PART_NAME ||
        strcmp(part->name.text, a) != 0) {
        return false;
    }
    part = part->next;
    if (b == NULL || part == NULL) {
        return b == NULL && part == NULL;
    }
    return part->kind == PDL_PART_NAME && part->next == NULL &&
        strcmp(part->name.text, b) == 0;
}

static bool in_scope(const struct scope *scope, const struct pdl_item *item)
{
    switch (item->kind) {
    case PDL_ITEM_BOARD:
        return scope->device == NULL;
    case PDL_ITEM_DEVICE:
        return scope->device != NULL &&
            strcmp(item->name.text, scope->device) == 0;
    case PDL_ITEM_EXTEND:
        if (scope->device == NULL) {
            return is_path(item->u.extend.ref, scope->board, NULL);
        }
        return is_path(item->u.extend.ref, scope->device, NULL) ||
            is_path(item->u.extend.ref, scope->board, scope->instance);
    default:
        return false;
    }
}

/* Whether @name is what @edit is about: its name, or a register there. */
static bool is_meant(const struct pdl_body *body, const char *name,
                     const struct pfl_edit *edit)
{
    const struct pdl_item *item;
    uint64_t offset;

    if (strcmp(name, edit->name) == 0) {
        return true;
    }
    for (item = body->first;
         edit->kind == PFL_EDIT_REG && item != NULL; item = item->next) {
        if (item->kind == PDL_ITEM_REG &&
            strcmp(item->name.text, name) == 0 &&
            pfl_literal(item->u.reg.offset, &offset) &&
            offset == edit->offset) {
            return true;
        }
    }
    return false;
}

bool pfl_dropped(struct pfl_board *board, const char *device,
                 const char *instance, const struct pfl_edit *edit)
{
    struct scope scope = { board->name, device, instance };
    const struct pdl_item *item, *in;
    const struct pdl_body *body;
    const struct pdl_ref *ref;
    struct pdl_unit *unit;
    struct pfl_file *file;

    for (file = board->files; file != NULL; file = file->next) {
        unit = pfl_file_unit(board, file);
        item = unit != NULL ? unit->items.first : NULL;
        for (; item != NULL; item = item->next) {
            body = in_scope(&scope, item) ? pfl_body_of(item) : NULL;
            in = body != NULL ? body->first : NULL;
            for (; in != NULL; in = in->next) {
                ref = in->kind == PDL_ITEM_DROP ? in->u.drop.refs : NULL;
                for (; ref != NULL; ref = ref->next) {
                    if (ref->parts->next == NULL &&
                        is_meant(body, ref->parts->name.text, edit)) {
                        return true;
                    }
                }
            }
        }
    }
    return false;
}
