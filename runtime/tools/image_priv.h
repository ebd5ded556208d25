/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by image.c and image_fit.c. */
#ifndef RUNTIME_TOOLS_IMAGE_PRIV_H
#define RUNTIME_TOOLS_IMAGE_PRIV_H

#include "runtime/tools/image.h"

/* The next piece, @load and run alike; NULL when there are too many. */
struct image_piece *image_add_piece(struct image *img, uint64_t load,
                                    const uint8_t *bytes, size_t size);

/* Where a legacy header stands: at the begin of the file, or, with the right
 * checksum, at one of its sectors. */
bool image_find_uimage(const struct image *img, size_t *at);
void image_open_uimage(struct image *img, size_t at);

/* 0; 1 when the file is no FIT image; -1 with a sentence in @why. */
int image_open_fit(struct image *img, char *why, size_t why_size);

#endif
