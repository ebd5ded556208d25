/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of places in the guest's code. */
#ifndef RUNTIME_TOOLS_SYMBOLS_H
#define RUNTIME_TOOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/tools/image.h"

/*
 * The function or label of the ELF file @img at or before @address, in the
 * segment that holds it: "name+0x12" in @out.  Mapping symbols do not count.
 * false when the image has none there.
 */
bool symbols_find(const struct image *img, uint64_t address, char *out,
                  size_t size);

/*
 * The address of the function or label @name, without a Thumb bit; false when
 * the image has none of that name.
 */
bool symbols_value(const struct image *img, const char *name,
                   uint64_t *value);

#endif
