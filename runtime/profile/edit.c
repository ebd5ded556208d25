/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From edits to new texts: where each goes, what it replaces. */
#include "runtime/profile/profile_priv.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/item.h"

/* Whether reference @ref is the dotted path "a" or "a.b". */
static bool ref_is(const struct pdl_ref *ref, const char *a, const char *b)
{
    const struct pdl_part *part = ref != NULL ? ref->parts : NULL;

    if (part == NULL || part->kind != PDL_PART_NAME ||
        strcmp(part->name.text, a) != 0) {
        return false;
    }
    part = part->next;
    if (b == NULL) {
        return part == NULL;
    }
    return part != NULL && part->kind == PDL_PART_NAME &&
           strcmp(part->name.text, b) == 0 && part->next == NULL;
}

/* ---- Plan ---- */

struct pfl_plan_file *pfl_plan_file(struct pfl_plan *plan,
                                    struct pfl_file *file)
{
    struct pfl_plan_file *grown;
    unsigned i;

    if (file == NULL || pfl_file_unit(plan->board, file) == NULL) {
        return NULL;
    }
    plan->where[plan->current] = file;
    for (i = 0; i < plan->file_count; i++) {
        if (plan->files[i].file == file) {
            return &plan->files[i];
        }
    }
    grown = realloc(plan->files, (plan->file_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        return NULL;
    }
    plan->files = grown;
    memset(&plan->files[plan->file_count], 0, sizeof(*grown));
    plan->files[plan->file_count].file = file;
    return &plan->files[plan->file_count++];
}

static struct pfl_file *named_file(struct pfl_plan *plan, const char *name)
{
    char file_name[PFL_NAME_MAX + 16];

    snprintf(file_name, sizeof(file_name), "%s.periph", name);
    return pfl_make_file(plan->board, file_name);
}

static int replace_item(struct pfl_plan *plan, struct pfl_file *file,
                        const struct pdl_item *item, char *sealed)
{
    struct pfl_plan_file *pf = pfl_plan_file(plan, file);
    size_t len = item->span.end - item->span.begin;
    size_t lead = strspn(sealed, " \t\n");
    size_t size = strlen(sealed);

    if (pf == NULL) {
        free(sealed);
        return PFL_ERR_NOMEM;
    }
    while (size > lead && isspace((unsigned char)sealed[size - 1])) {
        size--;
    }
    if (size - lead == len &&
        memcmp(sealed + lead, file->text + item->span.begin, len) == 0) {
        free(sealed);
        return PFL_OK;
    }
    return pfl_splice_replace(&pf->splices, item, sealed);
}

/* ---- New devices and extensions ---- */

static bool belongs(const struct pfl_plan *plan, unsigned i, uint64_t base)
{
    return !plan->done[i] && plan->edits[i].base == base &&
           (plan->edits[i].kind == PFL_EDIT_REG ||
            plan->edits[i].kind == PFL_EDIT_ITEM);
}

/* Adds the body items that edits of @base bring, in their order, and takes
 * them off the list. */
static void gather(struct pfl_plan *plan, uint64_t base, bool registers,
                   struct pdl_strbuf *raw)
{
    uint64_t from = 0;
    bool more = true;
    unsigned i, best;

    while (more) {
        best = plan->count;
        for (i = 0; i < plan->count; i++) {
            const struct pfl_edit *e = &plan->edits[i];

            if (!belongs(plan, i, base) ||
                (e->kind == PFL_EDIT_REG) != registers ||
                (registers && e->offset < from)) {
                continue;
            }
            if (best == plan->count ||
                (registers && e->offset < plan->edits[best].offset)) {
                best = i;
            }
        }
        more = best < plan->count;
        if (more) {
            pfl_add_note(raw, &plan->edits[best]);
            pdl_strbuf_puts(raw, plan->edits[best].text);
            pdl_strbuf_putc(raw, '\n');
            plan->done[best] = true;
            plan->where[best] = plan->where[plan->current];
            from = plan->edits[best].offset;
        }
    }
}

int pfl_plan_add_tail(struct pfl_plan_file *pf, const struct pdl_strbuf *raw)
{
    struct pdl_strbuf sealed = PDL_STRBUF_INIT;
    int ret = PFL_OK;

    if (raw->failed) {
        return PFL_ERR_NOMEM;
    }
    if (pdl_seal(PDL_FRAGMENT_FILE, pdl_strbuf_str(raw), raw->len, 0,
                 &sealed) != PDL_OK) {
        ret = PFL_ERR_TEXT;
    } else {
        if (pf->tail.len > 0 || pf->file->len > 0) {
            pdl_strbuf_putc(&pf->tail, '\n');
        }
        pdl_strbuf_puts(&pf->tail, pdl_strbuf_str(&sealed));
        if (sealed.len > 0 && sealed.data[sealed.len - 1] != '\n') {
            pdl_strbuf_putc(&pf->tail, '\n');
        }
    }
    pdl_strbuf_dispose(&sealed);
    return ret;
}

/* Whether a device of @edit's name, place and size can be added. */
static int check_place(const struct pfl_board *board,
                       const struct pfl_edit *edit)
{
    size_t i;

    if (board->closed) {
        return PFL_ERR_CLOSED;
    }
    if (edit->size == 0 || edit->base + (edit->size - 1) < edit->base) {
        return PFL_ERR_RANGE;
    }
    for (i = 0; i < board->inst_count; i++) {
        const struct pfl_inst *inst = &board->insts[i];

        if (strcmp(inst->name, edit->name) == 0 ||
            (inst->base >= edit->base &&
             inst->base - edit->base < edit->size)) {
            return PFL_ERR_RANGE;
        }
    }
    return PFL_OK;
}

void pfl_plan_console(struct pfl_plan *plan, const struct pfl_edit *edit,
                      struct pdl_strbuf *raw)
{
    unsigned i;

    for (i = 0; i < plan->count; i++) {
        const struct pfl_edit *e = &plan->edits[i];

        if (!plan->done[i] && e->kind == PFL_EDIT_CONSOLE &&
            e->base == edit->base && plan->board->console[0] == '\0') {
            pfl_add_note(raw, e);
            pdl_strbuf_printf(raw, "console: %s;\n", edit->name);
            plan->done[i] = true;
            plan->where[i] = plan->where[plan->current];
        }
    }
}

int pfl_plan_place(struct pfl_plan *plan, const struct pfl_edit *edit,
                   struct pfl_plan_file **out)
{
    int ret;

    *out = NULL;
    if (pfl_inst_at(plan->board, edit->base) != NULL) {
        return PFL_OK;
    }
    ret = check_place(plan->board, edit);
    if (ret == PFL_OK && pfl_dropped(plan->board, NULL, NULL, edit)) {
        ret = PFL_ERR_OWNED;
    }
    if (ret == PFL_OK) {
        *out = pfl_plan_file(plan, named_file(plan, edit->name));
        ret = *out != NULL ? PFL_OK : PFL_ERR_NOMEM;
    }
    return ret;
}

/* `extend BOARD` with the new instance, and with the console if an edit says
 * that it is this one. */
static void add_instance(struct pfl_plan *plan, const struct pfl_edit *edit,
                         struct pdl_strbuf *raw)
{
    pdl_strbuf_printf(raw, "extend %s {\n@inferred(%s, %u) instance %s : %s "
                      "@ 0x%08" PRIx64 ";\n", plan->board->name, edit->by,
                      edit->confidence, edit->name, edit->name, edit->base);
    pfl_plan_console(plan, edit, raw);
    pdl_strbuf_puts(raw, "}\n");
}

static int plan_device(struct pfl_plan *plan, const struct pfl_edit *edit)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    struct pfl_plan_file *pf;
    int ret;

    ret = pfl_plan_place(plan, edit, &pf);
    if (ret != PFL_OK || pf == NULL) {
        return ret;
    }
    pfl_add_note(&raw, edit);
    pdl_strbuf_printf(&raw, "device %s {\n%s\n", edit->name, edit->text);
    gather(plan, edit->base, false, &raw);
    gather(plan, edit->base, true, &raw);
    pdl_strbuf_puts(&raw, "}\n");
    ret = pfl_plan_add_tail(pf, &raw);
    if (ret == PFL_OK) {
        pdl_strbuf_clear(&raw);
        add_instance(plan, edit, &raw);
        ret = pfl_plan_add_tail(pf, &raw);
    }
    pdl_strbuf_dispose(&raw);
    pfl_touch_instance(plan->change, edit->name);
    return ret;
}

/* The body of `extend BOARD` or `extend BOARD.INSTANCE` in @file. */
static const struct pdl_body *find_extend(struct pfl_board *board,
                                          struct pfl_file *file,
                                          const char *instance)
{
    struct pdl_unit *unit = pfl_file_unit(board, file);
    const struct pdl_item *item;

    for (item = unit != NULL ? unit->items.first : NULL; item != NULL;
         item = item->next) {
        if (item->kind == PDL_ITEM_EXTEND && item->u.extend.has_body &&
            ref_is(item->u.extend.ref, board->name, instance)) {
            return &item->u.extend.body;
        }
    }
    return NULL;
}

/* Starts `extend BOARD[.INSTANCE]` at the end of a file; the caller adds the
 * items and the brace. */
static void open_extend(const struct pfl_plan *plan, const char *instance,
                        struct pdl_strbuf *raw)
{
    pdl_strbuf_printf(raw, "extend %s%s%s {\n", plan->board->name,
                      instance != NULL ? "." : "",
                      instance != NULL ? instance : "");
}

/* ---- Registers and other items ---- */

/* Every instance that shows the device changes with it. */
static void touch_inst(struct pfl_plan *plan, const struct pfl_inst *inst)
{
    pfl_touch_instance(plan->change, inst->name);
}

static const struct pcc_device *device_of(struct pfl_plan *plan,
                                          const struct pfl_inst *inst)
{
    const struct pcc_model *model =
        pcc_get_model(pfl_inst_model(plan->board, inst));

    return &model->devices[model->board->instances[inst->index].device];
}

static bool inst_closed(struct pfl_plan *plan, const struct pfl_inst *inst)
{
    const struct pcc_model *model =
        pcc_get_model(pfl_inst_model(plan->board, inst));

    return model->board->instances[inst->index].closed ||
           device_of(plan, inst)->closed;
}

/*
 * The body that takes what is learnt about @inst: that of its device when it
 * stands in the folder and serves this instance alone, else an extension of
 * the instance.  NULL with *file: that extension is yet to be made.
 */
static const struct pdl_body *container(struct pfl_plan *plan,
                                        const struct pfl_inst *inst,
                                        struct pfl_file **file)
{
    const struct pdl_item *item;
    const struct pdl_body *body;

    if (inst->device_file != NULL && !inst->shared) {
        item = pfl_find_item(plan->board, inst->device_file, PDL_ITEM_DEVICE,
                             &device_of(plan, inst)->origin);
        if (item != NULL && pfl_body_of(item) != NULL) {
            *file = inst->device_file;
            return pfl_body_of(item);
        }
    }
    if (inst->file != NULL) {
        body = find_extend(plan->board, inst->file, inst->name);
        if (body != NULL) {
            *file = inst->file;
            return body;
        }
    }
    *file = named_file(plan, inst->name);
    return *file != NULL ? find_extend(plan->board, *file, inst->name) : NULL;
}

static bool is_dropped(struct pfl_plan *plan, const struct pfl_inst *inst,
                       const struct pfl_edit *edit)
{
    char device[PFL_NAME_MAX * 2];

    /* A device specialised for one instance is named "device.instance". */
    snprintf(device, sizeof(device), "%s", device_of(plan, inst)->name);
    device[strcspn(device, ".")] = '\0';
    return pfl_dropped(plan->board, device, inst->name, edit);
}

/* Adds a new item to @inst's container. */
static int insert_item(struct pfl_plan *plan, const struct pfl_inst *inst,
                       const struct pfl_edit *edit)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    const struct pdl_item *after;
    const struct pdl_body *body;
    struct pfl_plan_file *pf;
    struct pfl_file *file = NULL;
    char *sealed;
    int ret;

    if (inst_closed(plan, inst)) {
        return PFL_ERR_CLOSED;
    }
    if (is_dropped(plan, inst, edit)) {
        return PFL_ERR_OWNED;
    }
    body = container(plan, inst, &file);
    pf = pfl_plan_file(plan, file);
    if (pf == NULL) {
        return PFL_ERR_NOMEM;
    }
    if (body == NULL) {
        file->alone = false;
        open_extend(plan, inst->name, &raw);
        gather(plan, inst->base, false, &raw);
        gather(plan, inst->base, true, &raw);
        pdl_strbuf_puts(&raw, "}\n");
        ret = pfl_plan_add_tail(pf, &raw);
        pdl_strbuf_dispose(&raw);
        return ret;
    }
    ret = pfl_seal_item(edit, edit->text, &sealed);
    if (ret != PFL_OK) {
        return ret;
    }
    after = edit->kind == PFL_EDIT_REG ? pfl_place_reg(body, edit->offset) :
                                         pfl_place_item(body, edit->text);
    return pfl_splice_insert(&pf->splices, file->text, body, after,
                             edit->kind == PFL_EDIT_REG ? edit->offset : 0,
                             sealed);
}

/* The register of the model that an edit replaces, or NULL. */
static const struct pcc_reg *find_reg(const struct pcc_device *device,
                                      const struct pfl_edit *edit)
{
    const struct pcc_reg *found = NULL;
    size_t i;

    for (i = 0; i < device->reg_count; i++) {
        const struct pcc_reg *reg = &device->regs[i];

        if (reg->offset != edit->offset) {
            continue;
        }
        if (edit->name[0] != '\0' && strcmp(reg->name, edit->name) == 0) {
            return reg;
        }
        if (found == NULL || found->origin.owner != PCC_INFERRED) {
            found = reg;
        }
    }
    return found;
}

/* Whether the new register may stand beside the old one at its offset. */
static bool stands_beside(const struct pdl_item *old,
                          const struct pfl_edit *edit,
                          struct pdl_session *session)
{
    struct pdl_unit *unit = NULL;

    if (old->name.text != NULL && strcmp(old->name.text, edit->name) == 0) {
        return false;
    }
    if (pfl_has_when(old)) {
        return true;
    }
    return pdl_parse_fragment(session, PDL_FRAGMENT_BODY, "edit", edit->text,
                              strlen(edit->text), &unit) == PDL_OK &&
           unit->items.first != NULL && pfl_has_when(unit->items.first);
}

static int plan_reg(struct pfl_plan *plan, const struct pfl_inst *inst,
                    const struct pfl_edit *edit, struct pdl_session *session)
{
    const struct pcc_reg *reg = find_reg(device_of(plan, inst), edit);
    struct pfl_edit kept = *edit;
    char evidence[PFL_EVIDENCE_MAX];
    const struct pdl_item *item;
    struct pfl_file *file;
    char *sealed;
    int ret;

    if (reg == NULL) {
        return insert_item(plan, inst, edit);
    }
    file = pfl_origin_file(plan->board, pfl_inst_model(plan->board, inst),
                           &reg->origin);
    item = file != NULL ?
               pfl_find_item(plan->board, file, PDL_ITEM_REG, &reg->origin) :
               NULL;
    if (item != NULL && stands_beside(item, edit, session)) {
        return insert_item(plan, inst, edit);
    }
    if (item == NULL || item->dim != NULL || !pfl_may_replace(file, item)) {
        return PFL_ERR_OWNED;
    }
    pfl_keep_evidence(item, &kept, evidence);
    ret = pfl_seal_item(&kept, edit->text, &sealed);
    return ret == PFL_OK ? replace_item(plan, file, item, sealed) : ret;
}

static int plan_item(struct pfl_plan *plan, const struct pfl_inst *inst,
                     const struct pfl_edit *edit)
{
    const struct pdl_item *item = NULL;
    const struct pdl_body *body;
    struct pfl_file *file = NULL;
    char *sealed;
    int ret;

    body = container(plan, inst, &file);
    if (body != NULL) {
        item = pfl_find_named(file, body, edit->name, edit->text);
    }
    if (item == NULL) {
        return insert_item(plan, inst, edit);
    }
    if (!pfl_may_replace(file, item)) {
        return pfl_same_layout(file->text + item->body_span.begin,
                               item->body_span.end - item->body_span.begin,
                               edit->text) ?
                   PFL_OK :
                   PFL_ERR_OWNED;
    }
    ret = pfl_seal_item(edit, edit->text, &sealed);
    return ret == PFL_OK ? replace_item(plan, file, item, sealed) : ret;
}

static int plan_remove(struct pfl_plan *plan, const struct pfl_inst *inst,
                       const struct pfl_edit *edit)
{
    const struct pcc_device *device = device_of(plan, inst);
    const struct pdl_item *item = NULL;
    struct pfl_file *file = NULL;
    const struct pdl_body *body;
    struct pfl_plan_file *pf;
    uint32_t index;

    index = edit->name[0] != '\0' ? pcc_find_reg(device, edit->name) :
                                    pcc_reg_at(device, edit->offset);
    if (index != PCC_NONE) {
        file = pfl_origin_file(plan->board, pfl_inst_model(plan->board, inst),
                               &device->regs[index].origin);
        item = file != NULL ? pfl_find_item(plan->board, file, PDL_ITEM_REG,
                                            &device->regs[index].origin) :
                              NULL;
        if (item == NULL) {
            return PFL_ERR_OWNED;
        }
    } else {
        body = container(plan, inst, &file);
        item = body != NULL ?
                   pfl_find_named(file, body, edit->name, edit->text) :
                   NULL;
        if (item == NULL) {
            return PFL_OK;
        }
    }
    if (!pfl_may_replace(file, item)) {
        return PFL_ERR_OWNED;
    }
    pf = pfl_plan_file(plan, file);
    return pf != NULL ?
               pfl_splice_remove(&pf->splices, file->text, file->len, item) :
               PFL_ERR_NOMEM;
}

/* ---- Board items ---- */

/* Adds a machine's item to `extend BOARD` in @file. */
static int extend_board(struct pfl_plan *plan, struct pfl_file *file,
                        const struct pfl_edit *edit, const char *text)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    struct pfl_plan_file *pf = pfl_plan_file(plan, file);
    const struct pdl_body *body;
    char *sealed;
    int ret;

    if (pf == NULL) {
        return PFL_ERR_NOMEM;
    }
    if (plan->board->closed) {
        return PFL_ERR_CLOSED;
    }
    body = find_extend(plan->board, file, NULL);
    if (body != NULL) {
        ret = pfl_seal_item(edit, text, &sealed);
        return ret == PFL_OK ? pfl_splice_insert(&pf->splices, file->text, body,
                                                 body->last, 0, sealed) :
                               ret;
    }
    open_extend(plan, NULL, &raw);
    pfl_add_note(&raw, edit);
    pdl_strbuf_printf(&raw, "%s\n}\n", text);
    ret = pfl_plan_add_tail(pf, &raw);
    pdl_strbuf_dispose(&raw);
    return ret;
}

static int plan_console(struct pfl_plan *plan, const struct pfl_inst *inst,
                        const struct pfl_edit *edit)
{
    struct pfl_board *board = plan->board;
    struct pfl_file *file, *target;
    const struct pdl_item *item;
    struct pfl_plan_file *pf;
    char text[PFL_NAME_MAX + 16];
    int ret;

    if (strcmp(board->console, inst->name) == 0) {
        return PFL_OK;
    }
    for (file = board->files; file != NULL; file = file->next) {
        item = pfl_find_console(board, file);
        if (item == NULL) {
            continue;
        }
        if (!pfl_may_replace(file, item)) {
            return PFL_ERR_OWNED;
        }
        pf = pfl_plan_file(plan, file);
        ret = pf != NULL ?
                  pfl_splice_remove(&pf->splices, file->text, file->len, item) :
                  PFL_ERR_NOMEM;
        if (ret != PFL_OK) {
            return ret;
        }
        if (board->console[0] != '\0') {
            pfl_touch_instance(plan->change, board->console);
        }
    }
    target = inst->file != NULL ? inst->file : named_file(plan, inst->name);
    snprintf(text, sizeof(text), "console: %s;", inst->name);
    return extend_board(plan, target, edit, text);
}

/* A wire stands in the extension of its instance. */
static int plan_wire(struct pfl_plan *plan, const struct pfl_inst *inst,
                     const struct pfl_edit *edit)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    struct pfl_file *file = inst->file != NULL ? inst->file :
                                                 named_file(plan, inst->name);
    const struct pdl_body *body =
        file != NULL ? find_extend(plan->board, file, inst->name) : NULL;
    struct pfl_plan_file *pf = pfl_plan_file(plan, file);
    char *sealed;
    int ret;

    if (pf == NULL) {
        return PFL_ERR_NOMEM;
    }
    if (inst_closed(plan, inst)) {
        return PFL_ERR_CLOSED;
    }
    if (body == NULL) {
        file->alone = false;
        open_extend(plan, inst->name, &raw);
        pfl_add_note(&raw, edit);
        pdl_strbuf_printf(&raw, "%s\n}\n", edit->text);
        ret = pfl_plan_add_tail(pf, &raw);
        pdl_strbuf_dispose(&raw);
        return ret;
    }
    if (pfl_find_named(file, body, "", edit->text) != NULL) {
        return PFL_OK;
    }
    ret = pfl_seal_item(edit, edit->text, &sealed);
    return ret == PFL_OK ? pfl_splice_insert(&pf->splices, file->text, body,
                                             body->last, 0, sealed) :
                           ret;
}

/* A memory or a native of the board. */
static int plan_part(struct pfl_plan *plan, const struct pfl_edit *edit)
{
    bool memory = edit->kind == PFL_EDIT_MEMORY;
    const struct pdl_item *item;
    struct pfl_file *file;
    char *sealed;
    int ret;

    if (memory) {
        pfl_touch_memory(plan->change, edit->name);
    }
    item = pfl_find_part(plan->board, memory ? PDL_ITEM_MEMORY :
                         PDL_ITEM_NATIVE, edit->name, &file);
    if (pfl_dropped(plan->board, NULL, NULL, edit)) {
        return PFL_ERR_OWNED;
    }
    if (item == NULL) {
        return extend_board(plan, named_file(plan, "memory"), edit,
                            edit->text);
    }
    if (!pfl_may_replace(file, item)) {
        return PFL_ERR_OWNED;
    }
    ret = pfl_seal_item(edit, edit->text, &sealed);
    return ret == PFL_OK ? replace_item(plan, file, item, sealed) : ret;
}

/* ---- All together ---- */

static int plan_edit(struct pfl_plan *plan, const struct pfl_edit *edit,
                     struct pdl_session *session)
{
    struct pfl_inst *inst;

    if (edit->kind == PFL_EDIT_DEVICE) {
        return plan_device(plan, edit);
    }
    if (edit->kind == PFL_EDIT_MEMORY || edit->kind == PFL_EDIT_NATIVE) {
        return plan_part(plan, edit);
    }
    if (edit->kind == PFL_EDIT_BLOCK) {
        return pfl_plan_block(plan, edit);
    }
    inst = pfl_inst_at(plan->board, edit->base);
    if (inst == NULL || inst->base != edit->base) {
        return PFL_ERR_NOT_FOUND;
    }
    if (edit->kind == PFL_EDIT_TAKE_AWAY) {
        return pfl_plan_take_away(plan, inst);
    }
    touch_inst(plan, inst);
    switch (edit->kind) {
    case PFL_EDIT_REG:
        return plan_reg(plan, inst, edit, session);
    case PFL_EDIT_ITEM:
        return plan_item(plan, inst, edit);
    case PFL_EDIT_REMOVE:
        return plan_remove(plan, inst, edit);
    case PFL_EDIT_CONSOLE:
        return plan_console(plan, inst, edit);
    case PFL_EDIT_WIRE:
        return plan_wire(plan, inst, edit);
    default:
        return PFL_ERR_INTERNAL;
    }
}

int pfl_plan_texts(struct pfl_plan *plan)
{
    unsigned i;
    int ret = PFL_OK;

    for (i = 0; i < plan->file_count && ret == PFL_OK; i++) {
        struct pfl_plan_file *pf = &plan->files[i];

        ret = pfl_splices_apply(&pf->splices, pf->file->text, pf->file->len,
                                &pf->text);
        if (pf->tail.len > 0 && pf->text.len > 0 &&
            pf->text.data[pf->text.len - 1] != '\n') {
            pdl_strbuf_putc(&pf->text, '\n');
        }
        pdl_strbuf_add(&pf->text, pdl_strbuf_str(&pf->tail), pf->tail.len);
        if (ret == PFL_OK && (pf->text.failed || pf->tail.failed)) {
            ret = PFL_ERR_NOMEM;
        }
    }
    return ret;
}

int pfl_plan_make(struct pfl_plan *plan, struct pfl_board *board,
                  const struct pfl_edit *edits, unsigned count,
                  struct pfl_change *change)
{
    struct pdl_session *session = pdl_session_new();
    unsigned i, k;
    int ret = PFL_OK;

    memset(plan, 0, sizeof(*plan));
    plan->board = board;
    plan->edits = edits;
    plan->count = count;
    plan->change = change;
    plan->done = calloc(count + 1, sizeof(*plan->done));
    plan->where = calloc(count + 1, sizeof(struct pfl_file *));
    if (session == NULL || plan->done == NULL || plan->where == NULL) {
        ret = PFL_ERR_NOMEM;
    }
    for (i = 0; i < count && ret == PFL_OK; i++) {
        change->failed_edit = i;
        ret = pfl_check_edit(&edits[i], session);
        for (k = i + 1; k < count && ret == PFL_OK; k++) {
            if (pfl_edit_supersedes(&edits[k], &edits[i])) {
                plan->done[i] = true;
            }
        }
    }
    for (i = 0; i < count && ret == PFL_OK; i++) {
        if (!plan->done[i]) {
            plan->current = i;
            change->failed_edit = i;
            ret = plan_edit(plan, &edits[i], session);
            plan->done[i] = true;
        }
    }
    if (ret == PFL_OK) {
        ret = pfl_plan_texts(plan);
    }
    pdl_session_free(session);
    return ret;
}

void pfl_plan_dispose(struct pfl_plan *plan)
{
    unsigned i;

    for (i = 0; i < plan->file_count; i++) {
        pfl_splices_dispose(&plan->files[i].splices);
        pdl_strbuf_dispose(&plan->files[i].tail);
        pdl_strbuf_dispose(&plan->files[i].text);
    }
    free(plan->files);
    free(plan->done);
    free(plan->where);
    memset(plan, 0, sizeof(*plan));
}
