/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances of library blocks: put on the board, and taken away again. */
#include "runtime/profile/profile_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dsl/item.h"

/* ---- Placing ---- */

/* Wires of the same answer stand in the instance's body. */
static void add_wires(struct pfl_plan *plan, const struct pfl_edit *edit,
                      struct pdl_strbuf *raw)
{
    bool any = false;
    unsigned i;

    for (i = 0; i < plan->count; i++) {
        const struct pfl_edit *e = &plan->edits[i];

        if (!plan->done[i] && e->kind == PFL_EDIT_WIRE &&
            e->base == edit->base) {
            pdl_strbuf_puts(raw, any ? "" : " {\n");
            pfl_add_note(raw, e);
            pdl_strbuf_printf(raw, "%s\n", e->text);
            plan->done[i] = true;
            plan->where[i] = plan->where[plan->current];
            any = true;
        }
    }
    pdl_strbuf_puts(raw, any ? "}\n" : ";\n");
}

int pfl_plan_block(struct pfl_plan *plan, const struct pfl_edit *edit)
{
    struct pdl_strbuf raw = PDL_STRBUF_INIT;
    struct pfl_plan_file *pf;
    int ret;

    ret = pfl_plan_place(plan, edit, &pf);
    if (ret != PFL_OK || pf == NULL) {
        return ret;
    }
    pdl_strbuf_printf(&raw, "@inferred(%s, %u) import \"lib/%s.periph\";\n"
                      "extend %s {\n", edit->by, edit->confidence,
                      edit->text, plan->board->name);
    pfl_add_note(&raw, edit);
    pdl_strbuf_printf(&raw, "instance %s : %s @ 0x%08" PRIx64, edit->name,
                      edit->text, edit->base);
    add_wires(plan, edit, &raw);
    pfl_plan_console(plan, edit, &raw);
    pdl_strbuf_puts(&raw, "}\n");
    ret = pfl_plan_add_tail(pf, &raw);
    pdl_strbuf_dispose(&raw);
    pfl_touch_instance(plan->change, edit->name);
    return ret;
}

/* ---- Taking away ---- */

/* What an item of a file is to the instance that goes. */
enum part {
    PART_NONE,
    PART_OF_MACHINE,    /* goes with it */
    PART_OF_PERSON,     /* stands against it */
};

static bool names(const struct pdl_ref *ref, const char *name)
{
    const struct pdl_part *part = ref != NULL ? ref->parts : NULL;

    return part != NULL && part->kind == PDL_PART_NAME &&
        strcmp(part->name.text, name) == 0;
}

/* An item of the board's body: the instance, and the console that it is. */
static enum part board_item(const struct pfl_plan *plan,
                            const struct pfl_inst *inst,
                            struct pfl_file *file,
                            const struct pdl_item *item)
{
    bool meant = item->kind == PDL_ITEM_INSTANCE ?
        strcmp(item->name.text, inst->name) == 0 :
        item->kind == PDL_ITEM_SETTING &&
        strcmp(item->name.text, "console") == 0 &&
        strcmp(plan->board->console, inst->name) == 0;

    return !meant ? PART_NONE :
        pfl_may_replace(file, item) ? PART_OF_MACHINE : PART_OF_PERSON;
}

/* Removes what @body of the board holds of @inst. */
static int strip_board(struct pfl_plan *plan, const struct pfl_inst *inst,
                       struct pfl_file *file, const struct pdl_body *body,
                       struct pfl_plan_file *pf)
{
    const struct pdl_item *item;
    int ret = PFL_OK;

    for (item = body->first; item != NULL && ret == PFL_OK;
         item = item->next) {
        enum part part = board_item(plan, inst, file, item);

        if (part == PART_OF_PERSON) {
            return PFL_ERR_OWNED;
        }
        if (part == PART_OF_MACHINE) {
            ret = pfl_splice_remove(&pf->splices, file->text, file->len,
                                    item);
        }
    }
    return ret;
}

/* Removes an extension of @inst, when all of it is the machine's. */
static int strip_extension(struct pfl_file *file, const struct pdl_item *item,
                           struct pfl_plan_file *pf)
{
    const struct pdl_item *in;

    for (in = item->u.extend.body.first; in != NULL; in = in->next) {
        if (!pfl_may_replace(file, in)) {
            return PFL_ERR_OWNED;
        }
    }
    return pfl_splice_remove(&pf->splices, file->text, file->len, item);
}

static bool extends_inst(const struct pfl_plan *plan,
                         const struct pfl_inst *inst,
                         const struct pdl_item *item)
{
    const struct pdl_ref *ref = item->u.extend.ref;

    return names(ref, plan->board->name) && ref->parts->next != NULL &&
        ref->parts->next->kind == PDL_PART_NAME &&
        strcmp(ref->parts->next->name.text, inst->name) == 0;
}

static bool is_device_of(const struct pfl_plan *plan,
                         const struct pfl_inst *inst,
                         const struct pdl_item *item)
{
    const struct pcc_model *model =
        pcc_get_model(pfl_inst_model(plan->board, inst));
    const struct pcc_board *board = model->board;

    return strcmp(item->name.text, model->devices[
                  board->instances[inst->index].device].name) == 0;
}

static int strip_file(struct pfl_plan *plan, const struct pfl_inst *inst,
                      struct pfl_file *file)
{
    struct pdl_unit *unit = pfl_file_unit(plan->board, file);
    const struct pdl_item *item = unit != NULL ? unit->items.first : NULL;
    struct pfl_plan_file *pf = pfl_plan_file(plan, file);
    int ret = pf != NULL ? PFL_OK : PFL_ERR_NOMEM;

    for (; item != NULL && ret == PFL_OK; item = item->next) {
        if (item->kind == PDL_ITEM_BOARD) {
            ret = strip_board(plan, inst, file, pfl_body_of(item), pf);
        } else if (item->kind == PDL_ITEM_DEVICE && file ==
                   inst->device_file && is_device_of(plan, inst, item)) {
            ret = pfl_may_replace(file, item) ?
                pfl_splice_remove(&pf->splices, file->text, file->len, item) :
                PFL_ERR_OWNED;
        } else if (item->kind != PDL_ITEM_EXTEND ||
                   !item->u.extend.has_body) {
            continue;
        } else if (extends_inst(plan, inst, item)) {
            ret = strip_extension(file, item, pf);
        } else if (names(item->u.extend.ref, plan->board->name) &&
                   item->u.extend.ref->parts->next == NULL) {
            ret = strip_board(plan, inst, file, &item->u.extend.body, pf);
        }
    }
    return ret;
}

int pfl_plan_take_away(struct pfl_plan *plan, const struct pfl_inst *inst)
{
    struct pfl_file *file;
    int ret = PFL_OK;

    if (inst->device_file != NULL && inst->shared) {
        return PFL_ERR_OWNED;       /* others are of its device */
    }
    for (file = plan->board->files; file != NULL && ret == PFL_OK;
         file = file->next) {
        ret = strip_file(plan, inst, file);
    }
    return ret;
}
