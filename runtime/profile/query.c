/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the board says now, for engines, results and tools. */
#include "runtime/profile/profile_priv.h"

#include <stdlib.h>
#include <string.h>

const char *pfl_board_name(const struct pfl_board *board)
{
    return board->name;
}

const char *pfl_dir(const struct pfl_board *board)
{
    return board->dir;
}

static void fill_device(const struct pfl_board *board,
                        const struct pfl_inst *inst, struct pfl_device *out)
{
    const struct pcc_model *model =
        pcc_get_model(pfl_inst_model(board, inst));
    const struct pcc_instance *from = &model->board->instances[inst->index];
    const struct pcc_device *device = &model->devices[from->device];
    const struct pfl_file *file =
        inst->file != NULL ? inst->file : inst->device_file;

    memset(out, 0, sizeof(*out));
    out->name = inst->name;
    out->device = device->name;
    out->base = inst->base;
    out->size = inst->size;
    out->width = device->width;
    out->confidence = from->origin.confidence;
    out->by = from->origin.owner == PCC_PERSON ? NULL : from->origin.by;
    out->text = device->text;
    out->file = file != NULL ? file->name : NULL;
    out->machine = from->origin.owner == PCC_INFERRED;
    out->closed = from->closed || device->closed;
    out->console = strcmp(board->console, inst->name) == 0;
    out->registers = (unsigned)device->reg_count;
}

int pfl_device(const struct pfl_board *board, unsigned index,
               struct pfl_device *out)
{
    if (index >= board->inst_count) {
        return PFL_ERR_NOT_FOUND;
    }
    fill_device(board, &board->insts[index], out);
    return PFL_OK;
}

int pfl_device_at(const struct pfl_board *board, uint64_t address,
                  struct pfl_device *out)
{
    const struct pfl_inst *inst =
        pfl_inst_at((struct pfl_board *)board, address);

    if (inst == NULL) {
        return PFL_ERR_NOT_FOUND;
    }
    fill_device(board, inst, out);
    return PFL_OK;
}

/* The item as written, without its notes; malloc'ed, NULL for an import. */
static char *source_of(struct pfl_board *board, struct pcc *pcc,
                       const struct pcc_reg *reg)
{
    struct pfl_file *file = pfl_origin_file(board, pcc, &reg->origin);
    const struct pdl_item *item;

    if (file == NULL) {
        return NULL;
    }
    item = pfl_find_item(board, file, PDL_ITEM_REG, &reg->origin);
    return item == NULL ? NULL :
        strndup(file->text + item->body_span.begin,
                item->body_span.end - item->body_span.begin);
}

/* Makes the texts of all registers of an instance, once for its model. */
static void make_sources(struct pfl_board *board, struct pfl_inst *inst,
                         const struct pcc_device *device)
{
    size_t i;

    inst->sources = calloc(device->reg_count + 1, sizeof(char *));
    if (inst->sources == NULL) {
        return;
    }
    inst->source_count = device->reg_count;
    for (i = 0; i < device->reg_count; i++) {
        inst->sources[i] = source_of(board, pfl_inst_model(board, inst),
                                     &device->regs[i]);
    }
}

int pfl_reg(struct pfl_board *board, uint64_t base, unsigned index,
            struct pfl_reg *out)
{
    struct pfl_inst *inst = pfl_inst_at(board, base);
    const struct pcc_device *device;
    const struct pcc_model *model;
    const struct pcc_reg *reg;

    if (inst == NULL || inst->base != base) {
        return PFL_ERR_NOT_FOUND;
    }
    model = pcc_get_model(pfl_inst_model(board, inst));
    device = &model->devices[model->board->instances[inst->index].device];
    if (index >= device->reg_count) {
        return PFL_ERR_NOT_FOUND;
    }
    reg = &device->regs[index];
    memset(out, 0, sizeof(*out));
    out->name = reg->name;
    out->offset = reg->offset;
    out->bytes = reg->bytes;
    out->reset = reg->reset;
    out->confidence = reg->origin.confidence;
    out->by = reg->origin.owner == PCC_PERSON ? NULL : reg->origin.by;
    out->evidence = reg->origin.evidence;
    out->text = reg->text;
    out->machine = reg->origin.owner == PCC_INFERRED;
    if (inst->sources == NULL) {
        make_sources(board, inst, device);
    }
    out->source = inst->sources != NULL ? inst->sources[index] : NULL;
    return PFL_OK;
}

bool pfl_has_reg(const struct pfl_board *board, uint64_t base,
                 uint64_t offset)
{
    const struct pfl_inst *inst =
        pfl_inst_at((struct pfl_board *)board, base);
    const struct pcc_model *model;

    if (inst == NULL || inst->base != base) {
        return false;
    }
    model = pcc_get_model(pfl_inst_model(board, inst));
    return pcc_reg_at(
        &model->devices[model->board->instances[inst->index].device],
        offset) != PCC_NONE;
}

int pfl_console(const struct pfl_board *board, uint64_t *base)
{
    size_t i;

    for (i = 0; board->console[0] != '\0' && i < board->inst_count; i++) {
        if (strcmp(board->insts[i].name, board->console) == 0) {
            *base = board->insts[i].base;
            return PFL_OK;
        }
    }
    return PFL_ERR_NOT_FOUND;
}

int pfl_memory(const struct pfl_board *board, unsigned index,
               struct pfl_memory *out)
{
    const struct pcc_model *model =
        board->full != NULL ? pcc_get_model(board->full) : NULL;
    const struct pcc_memory *memory;

    if (model == NULL || index >= model->board->memory_count) {
        return PFL_ERR_NOT_FOUND;
    }
    memory = &model->board->memories[index];
    memset(out, 0, sizeof(*out));
    out->name = memory->name;
    out->base = memory->base;
    out->size = memory->size;
    out->confidence = memory->origin.confidence;
    out->by = memory->origin.owner == PCC_PERSON ? NULL : memory->origin.by;
    out->evidence = memory->origin.evidence;
    out->machine = memory->origin.owner == PCC_INFERRED;
    return PFL_OK;
}

const char *pfl_native(const struct pfl_board *board, const char *type)
{
    const struct pcc_model *model =
        board->full != NULL ? pcc_get_model(board->full) : NULL;
    size_t i;

    for (i = 0; model != NULL && i < model->board->native_count; i++) {
        const struct pcc_native *native = &model->board->natives[i];

        if (strncmp(native->type, type, strlen(type)) == 0) {
            return native->name;
        }
    }
    return NULL;
}
