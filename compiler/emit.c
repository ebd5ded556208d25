/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/emit.h"

#include <string.h>

static const struct pcc_emitter emitters[] = {
    { "table", ".ptab", "register table for the machine", false,
      pcc_emit_table },
    { "dtb", ".dtb", "device tree of the board, or the base merged with it",
      true, pcc_emit_dtb },
    { "dts", ".dts", "the same as source text", true, pcc_emit_dts },
    { "dtbo", ".dtbo", "device-tree overlay with the board's devices", true,
      pcc_emit_dtbo },
    { "dtso", ".dtso", "the same as source text", true, pcc_emit_dtso },
    { "svd", ".svd", "CMSIS-SVD for debuggers and generators", false,
      pcc_emit_svd },
    { "header", ".h", "C header for drivers: offsets, bits, values", false,
      pcc_emit_header },
    { "json", ".json", "the resolved model, readable", false,
      pcc_emit_json },
};

#define COUNT (sizeof(emitters) / sizeof(emitters[0]))

const struct pcc_emitter *pcc_emitter_at(size_t i)
{
    return i < COUNT ? &emitters[i] : NULL;
}

const struct pcc_emitter *pcc_emitter_find(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (strcmp(emitters[i].name, name) == 0) {
            return &emitters[i];
        }
    }
    return NULL;
}

const char *pcc_emitter_name(size_t i)
{
    return i < COUNT ? emitters[i].name : NULL;
}

const char *pcc_emitter_help(size_t i)
{
    return i < COUNT ? emitters[i].help : NULL;
}
