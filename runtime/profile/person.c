/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person decides about the machine's items: keep one, or none of it. */
#include <stdlib.h>
#include <string.h>

#include "dsl/item.h"
#include "runtime/profile/profile_priv.h"

#define PERSON_FILES 2

/* What a path names. */
struct named {
    const struct pfl_inst *inst;
    struct pcc *pcc;
    const struct pcc_instance *instance;
    const struct pcc_device *device;
    const struct pcc_reg *reg;          /* NULL: all of the instance */
};

static const struct pfl_inst *find_inst(const struct pfl_board *board,
                                        const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < board->inst_count; i++) {
        if (strlen(board->insts[i].name) == len &&
            memcmp(board->insts[i].name, name, len) == 0) {
            return &board->insts[i];
        }
    }
    return NULL;
}

/* INSTANCE, INSTANCE.REG, or INSTANCE.REG.FIELD, which means its register. */
static int find_named(struct pfl_board *board, const char *path,
                      struct named *out)
{
    const struct pcc_model *model;
    size_t len = strcspn(path, "."), i;
    const char *rest = path[len] ? path + len + 1 : NULL;

    memset(out, 0, sizeof(*out));
    out->inst = find_inst(board, path, len);
    if (out->inst == NULL) {
        return PFL_ERR_NOT_FOUND;
    }
    out->pcc = pfl_inst_model(board, out->inst);
    model = pcc_get_model(out->pcc);
    out->instance = &model->board->instances[out->inst->index];
    out->device = &model->devices[out->instance->device];
    for (i = 0; rest != NULL && i < out->device->reg_count; i++) {
        const struct pcc_reg *reg = &out->device->regs[i];

        len = strlen(reg->path);
        if (strncmp(reg->path, rest, len) == 0 &&
            (!rest[len] ||
             (rest[len] == '.' &&
              pcc_find_field(out->device, (uint32_t)i,
                             rest + len + 1) != PCC_NONE))) {
            out->reg = reg;
            return PFL_OK;
        }
    }
    return rest == NULL ? PFL_OK : PFL_ERR_NOT_FOUND;
}

/* ---- Putting texts in force ---- */

static int start_plan(struct pfl_plan *plan, struct pfl_board *board,
                      struct pfl_change *mine)
{
    memset(plan, 0, sizeof(*plan));
    memset(mine, 0, sizeof(*mine));
    plan->board = board;
    plan->change = mine;
    plan->files = calloc(PERSON_FILES, sizeof(*plan->files));
    return plan->files != NULL ? PFL_OK : PFL_ERR_NOMEM;
}

static struct pfl_plan_file *use_file(struct pfl_plan *plan,
                                      struct pfl_file *file)
{
    unsigned i;

    for (i = 0; i < plan->file_count; i++) {
        if (plan->files[i].file == file) {
            return &plan->files[i];
        }
    }
    if (plan->file_count == PERSON_FILES) {
        return NULL;
    }
    plan->files[plan->file_count].file = file;
    return &plan->files[plan->file_count++];
}

static int finish_plan(struct pfl_plan *plan, struct pfl_change *change)
{
    int ret = pfl_plan_texts(plan);

    return ret == PFL_OK ? pfl_carry_out(plan, change) : ret;
}

/* ---- Accepting ---- */

/* The item's text without its @inferred and the white space behind that. */
static int strip_note(struct pfl_plan_file *pf, const struct pdl_item *item)
{
    const struct pdl_note *note = pdl_item_note(item, PDL_NOTE_INFERRED);
    const char *text = pf->file->text;
    struct pfl_splice *splice;
    uint32_t end;
    unsigned i;
    int ret;

    if (note == NULL) {
        return PFL_OK;
    }
    end = note->span.end;
    while (end < pf->file->len && strchr(" \t\n", text[end]) != NULL) {
        end++;
    }
    ret = pfl_splice_replace(&pf->splices, item, strdup(""));
    for (i = 0; ret == PFL_OK && i < pf->splices.count; i++) {
        splice = &pf->splices.v[i];
        if (splice->item == item) {
            splice->begin = note->span.begin;
            splice->end = end;
        }
    }
    return ret;
}

/* The same for all that is nested in @item. */
static int strip_all(struct pfl_plan_file *pf, const struct pdl_item *item,
                     unsigned *count)
{
    const struct pdl_body *body = pfl_body_of(item);
    const struct pdl_item *in = body != NULL ? body->first : NULL;
    int ret = strip_note(pf, item);

    *count += pdl_item_note(item, PDL_NOTE_INFERRED) != NULL;
    for (; in != NULL && ret == PFL_OK; in = in->next) {
        ret = strip_all(pf, in, count);
    }
    return ret;
}

/* The item of the given kind behind @origin, where it is in the folder. */
static int strip_origin(struct pfl_plan *plan, struct pcc *pcc,
                        enum pdl_item_kind kind,
                        const struct pcc_origin *origin, unsigned *count)
{
    struct pfl_file *file = pfl_origin_file(plan->board, pcc, origin);
    const struct pdl_item *item = file == NULL ? NULL :
        pfl_find_item(plan->board, file, kind, origin);
    struct pfl_plan_file *pf = item == NULL ? NULL : use_file(plan, file);

    return pf == NULL ? PFL_OK : strip_all(pf, item, count);
}

int pfl_accept(struct pfl_board *board, const char *path,
               struct pfl_change *change)
{
    struct pfl_change mine;
    struct pfl_plan plan;
    struct named named;
    unsigned count = 0;
    int ret;

    memset(change, 0, sizeof(*change));
    pdl_strbuf_clear(&board->messages);
    ret = find_named(board, path, &named);
    if (ret != PFL_OK) {
        return ret;
    }
    ret = start_plan(&plan, board, &mine);
    if (ret == PFL_OK && named.reg != NULL) {
        ret = strip_origin(&plan, named.pcc, PDL_ITEM_REG,
                           &named.reg->origin, &count);
    } else if (ret == PFL_OK) {
        ret = strip_origin(&plan, named.pcc, PDL_ITEM_INSTANCE,
                           &named.instance->origin, &count);
        if (ret == PFL_OK) {
            ret = strip_origin(&plan, named.pcc, PDL_ITEM_DEVICE,
                               &named.device->origin, &count);
        }
    }
    if (ret == PFL_OK && count > 0) {
        pfl_touch_instance(&mine, named.inst->name);
        ret = finish_plan(&plan, change);
    }
    pfl_plan_dispose(&plan);
    return ret;
}

/* ---- Dropping ---- */

int pfl_drop(struct pfl_board *board, const char *path,
             struct pfl_change *change)
{
    const struct pcc_origin *origin;
    struct pfl_plan_file *pf;
    struct pfl_change mine;
    struct pfl_plan plan;
    struct named named;
    int ret;

    memset(change, 0, sizeof(*change));
    pdl_strbuf_clear(&board->messages);
    ret = find_named(board, path, &named);
    if (ret != PFL_OK) {
        return ret;
    }
    origin = named.reg != NULL ? &named.reg->origin
                               : &named.instance->origin;
    if (origin->owner == PCC_PERSON) {
        return PFL_ERR_OWNED;
    }
    if (named.reg != NULL &&
        strcmp(strchr(path, '.') + 1, named.reg->path) != 0) {
        return PFL_ERR_TEXT;            /* a field of it */
    }
    ret = start_plan(&plan, board, &mine);
    if (ret == PFL_OK) {
        pf = use_file(&plan, board->files);
        if (named.reg != NULL) {
            pdl_strbuf_printf(&pf->tail, "\nextend %s.%s { drop %s; }\n",
                              board->name, named.inst->name,
                              named.reg->path);
            pfl_touch_instance(&mine, named.inst->name);
        } else {
            pdl_strbuf_printf(&pf->tail, "\nextend %s { drop %s; }\n",
                              board->name, named.inst->name);
        }
        ret = finish_plan(&plan, change);
    }
    pfl_plan_dispose(&plan);
    return ret;
}
