/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device-tree blobs inside of larger images. */
#ifndef COMPILER_DT_FIND_H
#define COMPILER_DT_FIND_H

#include <stdbool.h>
#include <stddef.h>

/* A blob found: its place in the image, its totalsize. */
struct dt_found {
    size_t offset;
    size_t size;
};

/*
 * The first blob at or behind offset @from of an image: it has the magic, a
 * header that fits into the image and a structure that libfdt finds whole.
 * Blobs inside of another blob (a FIT image) are found when @from lies in it.
 * Returns 1, 0 when there is none, or -1 when out of memory.
 */
int dt_find(const void *image, size_t size, size_t from,
            struct dt_found *found);

/*
 * Splits "IMAGE#N" into the length of IMAGE, which is returned, and N, which
 * counts the blobs of an image from 1.  Without "#N" N is 1.
 */
size_t dt_find_split(const char *name, unsigned *n);

#endif
