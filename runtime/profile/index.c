/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which instance stands where, and which model knows it. */
#include "runtime/profile/profile_priv.h"

#include <stdlib.h>
#include <string.h>

struct pfl_file *pfl_origin_file(struct pfl_board *board, struct pcc *pcc,
                                 const struct pcc_origin *origin)
{
    const char *name = pdl_source_name(pcc_sources(pcc), origin->span.file);
    struct pfl_file *file;

    for (file = board->files; name != NULL && file != NULL;
         file = file->next) {
        if (strcmp(file->path, name) == 0) {
            return file;
        }
    }
    return NULL;
}

struct pcc *pfl_inst_model(const struct pfl_board *board,
                           const struct pfl_inst *inst)
{
    return inst->model_of != NULL ? inst->model_of->model : board->full;
}

static struct pfl_inst *find_inst(struct pfl_board *board, const char *name)
{
    size_t i;

    for (i = 0; i < board->inst_count; i++) {
        if (strcmp(board->insts[i].name, name) == 0) {
            return &board->insts[i];
        }
    }
    return NULL;
}

struct pfl_inst *pfl_inst_at(struct pfl_board *board, uint64_t address)
{
    size_t i;

    for (i = 0; i < board->inst_count; i++) {
        struct pfl_inst *inst = &board->insts[i];

        if (address >= inst->base && address - inst->base < inst->size) {
            return inst;
        }
    }
    return NULL;
}

void pfl_inst_forget(struct pfl_inst *inst)
{
    size_t i;

    for (i = 0; i < inst->source_count; i++) {
        free(inst->sources[i]);
    }
    free(inst->sources);
    inst->sources = NULL;
    inst->source_count = 0;
}

static struct pfl_inst *add_inst(struct pfl_board *board)
{
    struct pfl_inst *grown;
    size_t cap;

    if (board->inst_count == board->inst_cap) {
        cap = board->inst_cap != 0 ? board->inst_cap * 2 : 64;
        grown = realloc(board->insts, cap * sizeof(*grown));
        if (grown == NULL) {
            return NULL;
        }
        board->insts = grown;
        board->inst_cap = cap;
    }
    memset(&board->insts[board->inst_count], 0, sizeof(struct pfl_inst));
    return &board->insts[board->inst_count++];
}

static bool same_origin(const struct pcc_origin *a, const struct pcc_origin *b)
{
    return a->span.file == b->span.file && a->span.begin == b->span.begin;
}

static bool is_shared(const struct pcc_model *model, uint32_t index)
{
    const struct pcc_board *b = model->board;
    const struct pcc_origin *mine =
        &model->devices[b->instances[index].device].origin;
    size_t i;

    for (i = 0; i < b->instance_count; i++) {
        if (i != index &&
            same_origin(mine,
                        &model->devices[b->instances[i].device].origin)) {
            return true;
        }
    }
    return false;
}

/* Enters or updates instance @index of @pcc's model. */
static int index_inst(struct pfl_board *board, struct pcc *pcc,
                      uint32_t index, struct pfl_file *only)
{
    const struct pcc_model *model = pcc_get_model(pcc);
    const struct pcc_instance *from = &model->board->instances[index];
    const struct pcc_device *device = &model->devices[from->device];
    struct pfl_file *file = pfl_origin_file(board, pcc, &from->origin);
    struct pfl_file *device_file =
        pfl_origin_file(board, pcc, &device->origin);
    struct pfl_inst *inst;

    if (only != NULL && file != only && device_file != only) {
        return PFL_OK;
    }
    if (strlen(from->name) >= PFL_NAME_MAX) {
        return PFL_OK;
    }
    inst = only != NULL ? find_inst(board, from->name) : NULL;
    if (inst == NULL) {
        inst = add_inst(board);
    }
    if (inst == NULL) {
        return PFL_ERR_NOMEM;
    }
    pfl_inst_forget(inst);
    strcpy(inst->name, from->name);
    inst->base = from->address;
    inst->size = device->regions[0].size;
    inst->file = file;
    inst->device_file = device_file;
    inst->model_of = only;
    inst->index = index;
    inst->shared = inst->shared || is_shared(model, index);
    return PFL_OK;
}

static void note_board(struct pfl_board *board, const struct pcc_board *b,
                       bool full)
{
    board->closed = b->closed;
    if (b->console != PCC_NONE &&
        strlen(b->instances[b->console].name) < PFL_NAME_MAX) {
        strcpy(board->console, b->instances[b->console].name);
    } else if (full) {
        board->console[0] = '\0';
    }
}

/* ---- Files that compile with board.periph alone ---- */

static void not_alone(struct pfl_file *file)
{
    if (file != NULL) {
        file->alone = false;
    }
}

/* The name of `extend BOARD.NAME`, or of `extend NAME`; NULL otherwise. */
static const char *extended(const struct pfl_board *board,
                            const struct pdl_item *item, bool *instance)
{
    const struct pdl_part *part;

    if (item->kind != PDL_ITEM_EXTEND && item->kind != PDL_ITEM_EXTEND_REG) {
        return NULL;
    }
    part = item->u.extend.ref->parts;
    *instance = strcmp(part->name.text, board->name) == 0;
    if (*instance) {
        part = part->next;
    }
    return part != NULL && part->kind == PDL_PART_NAME ? part->name.text :
        NULL;
}

/* Whether `extend` of that name is about @inst. */
static bool is_about(struct pfl_board *board, const struct pfl_inst *inst,
                     const char *name, bool instance)
{
    const struct pcc_model *model =
        pcc_get_model(pfl_inst_model(board, inst));
    const char *device = model->devices[
        model->board->instances[inst->index].device].name;
    size_t len = strcspn(device, ".");

    if (instance) {
        return strcmp(inst->name, name) == 0;
    }
    return strlen(name) == len && memcmp(device, name, len) == 0;
}

bool pfl_extends(struct pfl_board *board, struct pfl_file *file,
                 const struct pfl_inst *inst)
{
    const struct pdl_unit *unit = pfl_file_unit(board, file);
    const struct pdl_item *item;
    const char *name;
    bool instance;

    for (item = unit != NULL ? unit->items.first : NULL; item != NULL;
         item = item->next) {
        name = extended(board, item, &instance);
        if (name != NULL && is_about(board, inst, name, instance)) {
            return true;
        }
    }
    return false;
}

/* An extension ties its file to those of what it extends, and to others
 * that extend it too. */
static void note_extension(struct pfl_board *board, struct pfl_file *file,
                           struct pfl_inst *inst)
{
    if (inst->extender != NULL && inst->extender != file) {
        not_alone(inst->extender);
        not_alone(file);
    }
    inst->extender = file;
    if (inst->file != file && inst->file != board->files) {
        not_alone(inst->file);
        not_alone(file);
    }
    if (inst->device_file != NULL && inst->device_file != file &&
        inst->device_file != board->files) {
        not_alone(inst->device_file);
        not_alone(file);
    }
}

/* Most files extend nothing but the board. */
static bool has_extension(struct pfl_board *board, struct pfl_file *file)
{
    const struct pdl_unit *unit = pfl_file_unit(board, file);
    const struct pdl_item *item;
    bool instance;

    for (item = unit != NULL ? unit->items.first : NULL; item != NULL;
         item = item->next) {
        if (extended(board, item, &instance) != NULL) {
            return true;
        }
    }
    return false;
}

static void find_alone(struct pfl_board *board)
{
    struct pfl_file *file;
    size_t i;

    for (file = board->files; file != NULL; file = file->next) {
        file->alone = file != board->files;
    }
    for (i = 0; i < board->inst_count; i++) {
        struct pfl_inst *inst = &board->insts[i];

        inst->extender = NULL;
        if (inst->device_file != NULL && inst->device_file != inst->file) {
            not_alone(inst->device_file);
            not_alone(inst->file);
        }
    }
    for (file = board->files; file != NULL; file = file->next) {
        for (i = 0; has_extension(board, file) && i < board->inst_count;
             i++) {
            if (pfl_extends(board, file, &board->insts[i])) {
                note_extension(board, file, &board->insts[i]);
            }
        }
    }
}

int pfl_use_full(struct pfl_board *board, struct pcc *pcc)
{
    const struct pcc_board *b = pcc_get_model(pcc)->board;
    struct pfl_file *file;
    char *name = strdup(b->name);
    uint32_t i;
    int ret = name != NULL ? PFL_OK : PFL_ERR_NOMEM;

    while (board->inst_count > 0) {
        pfl_inst_forget(&board->insts[--board->inst_count]);
    }
    for (i = 0; i < b->instance_count && ret == PFL_OK; i++) {
        ret = index_inst(board, pcc, i, NULL);
    }
    note_board(board, b, true);
    for (file = board->files; file != NULL; file = file->next) {
        pcc_free(file->model);
        file->model = NULL;
    }
    pcc_free(board->full);
    board->full = pcc;
    free(board->name);
    board->name = name;
    find_alone(board);
    pfl_imports_note(board);
    return ret;
}

int pfl_use_file_model(struct pfl_board *board, struct pfl_file *file,
                       struct pcc *pcc)
{
    const struct pcc_board *b = pcc_get_model(pcc)->board;
    size_t at, kept = 0;
    uint32_t i;
    int ret = PFL_OK;

    /* Instances of this file that are no longer in it go. */
    for (at = 0; at < board->inst_count; at++) {
        struct pfl_inst *inst = &board->insts[at];

        if (inst->file != file ||
            pcc_find_instance(b, inst->name) != PCC_NONE) {
            board->insts[kept++] = *inst;
        } else {
            pfl_inst_forget(inst);
        }
    }
    board->inst_count = kept;
    for (i = 0; i < b->instance_count && ret == PFL_OK; i++) {
        ret = index_inst(board, pcc, i, file);
    }
    note_board(board, b, false);
    pcc_free(file->model);
    file->model = pcc;
    return ret;
}
