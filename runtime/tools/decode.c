/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of registers in the words of a board's profile. */
#include "runtime/tools/decode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/util.h"

struct decoder {
    struct pcc *pcc;
    const struct pcc_model *model;
};

int decoder_open(const char *name, bool quiet, struct decoder **out)
{
    struct board board = BOARD_INIT;
    struct pcc *pcc = NULL;
    int status = board_find(&board, name, false);

    *out = NULL;
    if (status == STATUS_OK) {
        status = board_compile(board.dir, quiet ? BOARD_SAYS_NOTHING
                                                : BOARD_SAYS_ERRORS, &pcc);
    }
    board_dispose(&board);
    if (status != STATUS_OK) {
        pcc_free(pcc);
        return status;
    }
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) {
        pcc_free(pcc);
        return STATUS_USAGE;
    }
    (*out)->pcc = pcc;
    (*out)->model = pcc_get_model(pcc);
    return STATUS_OK;
}

void decoder_close(struct decoder *d)
{
    if (d != NULL) {
        pcc_free(d->pcc);
        free(d);
    }
}

const struct pcc_instance *decode_instance(const struct pcc_model *model,
                                           uint64_t address,
                                           uint64_t *offset)
{
    size_t i, k;

    for (i = 0; i < model->board->instance_count; i++) {
        const struct pcc_instance *instance = &model->board->instances[i];
        const struct pcc_device *device = &model->devices[instance->device];

        for (k = 0; k < device->region_count; k++) {
            uint64_t base = k == 0 ? instance->address
                                   : instance->addresses[k];

            if (address >= base &&
                address - base < device->regions[k].size) {
                *offset = device->regions[k].offset + (address - base);
                return instance;
            }
        }
    }
    return NULL;
}

/* The register that holds the first byte; of several, the first. */
static const struct pcc_reg *find_reg(const struct pcc_device *device,
                                      uint64_t offset)
{
    size_t i;

    for (i = 0; i < device->reg_count; i++) {
        const struct pcc_reg *reg = &device->regs[i];

        if (offset >= reg->offset && offset - reg->offset < reg->bytes) {
            return reg;
        }
    }
    return NULL;
}

static const char *enum_name(const struct pcc_field *field, uint64_t value)
{
    size_t i;

    for (i = 0; i < field->value_count; i++) {
        if (field->values[i].value == value) {
            return field->values[i].name;
        }
    }
    return NULL;
}

/* Adds " NAME", " NAME=value"; fields that are 0 and have no word do not. */
static void add_field(char *text, const struct pcc_field *field,
                      uint64_t value)
{
    size_t used = strlen(text);
    const char *word = enum_name(field, value);
    const char *gap = used ? " " : "";

    if (word != NULL) {
        snprintf(text + used, DECODE_TEXT - used, "%s%s=%s", gap, field->name,
                 word);
    } else if (value != 0 && field->width == 1) {
        snprintf(text + used, DECODE_TEXT - used, "%s%s", gap, field->name);
    } else if (value != 0) {
        snprintf(text + used, DECODE_TEXT - used, "%s%s=0x%" PRIx64, gap,
                 field->name, value);
    }
}

const struct pcc_reg *decode_reg(const struct pcc_model *model,
                                 const struct pcc_instance *instance,
                                 uint64_t offset)
{
    return find_reg(&model->devices[instance->device], offset);
}

static uint64_t low_bits(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

bool decoder_access(const struct decoder *d, uint64_t address, unsigned size,
                    uint64_t value, struct decoded *out)
{
    const struct pcc_instance *instance;
    const struct pcc_device *device;
    const struct pcc_reg *reg;
    uint64_t offset, touched;
    unsigned shift;
    uint32_t i;

    memset(out, 0, sizeof(*out));
    instance = d ? decode_instance(d->model, address, &offset) : NULL;
    if (instance == NULL) {
        return false;
    }
    out->instance = instance->name;
    device = &d->model->devices[instance->device];
    reg = find_reg(device, offset);
    if (reg == NULL) {
        return true;
    }
    out->reg = reg->path ? reg->path : reg->name;
    /* Bytes that the access did not touch say nothing. */
    shift = (unsigned)(offset - reg->offset) * 8;
    touched = low_bits(size * 8) << shift;
    value = (value << shift) & touched;
    for (i = 0; i < reg->field_count; i++) {
        const struct pcc_field *field = &device->fields[reg->first_field + i];
        uint64_t mask = low_bits(field->width) << field->lo;

        if ((touched & mask) == mask) {
            add_field(out->fields, field, (value & mask) >> field->lo);
        }
    }
    return true;
}
