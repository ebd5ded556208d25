/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * U-Boot's images: the legacy header (uImage), also behind a first stage
 * loader in the same file, and FIT, whose parts stand in a device tree or
 * behind it (doc/usage/fit/source_file_format.rst of U-Boot).
 */
#include <endian.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/image_priv.h"

#define UIMAGE_MAGIC 0x27051956u
#define UIMAGE_HEADER 64u
#define SECTOR 512u             /* what loaders look at */

static int complain(char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    return -1;
}

/* ---- Legacy images ---- */

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = ~0u;
    size_t i;
    int bit;

    for (i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

/* Whether a header whose checksum is right stands at @at. */
static bool is_header(const uint8_t *at)
{
    uint8_t copy[UIMAGE_HEADER];
    uint32_t magic, crc;

    memcpy(&magic, at, 4);
    if (be32toh(magic) != UIMAGE_MAGIC) {
        return false;
    }
    memcpy(copy, at, sizeof(copy));
    memcpy(&crc, copy + 4, 4);
    memset(copy + 4, 0, 4);
    return crc32(copy, sizeof(copy)) == be32toh(crc);
}

bool image_find_uimage(const struct image *img, size_t *at)
{
    uint32_t magic;

    memcpy(&magic, img->file, 4);
    if (be32toh(magic) == UIMAGE_MAGIC) {
        *at = 0;
        return true;
    }
    for (*at = SECTOR; img->file_size - *at > UIMAGE_HEADER &&
         *at < img->file_size; *at += SECTOR) {
        if (is_header(img->file + *at)) {
            return true;
        }
    }
    return false;
}

void image_open_uimage(struct image *img, size_t at)
{
    size_t size, left = img->file_size - at - UIMAGE_HEADER;
    uint32_t words[16];

    memcpy(words, img->file + at, sizeof(words));
    size = be32toh(words[3]);
    img->kind = IMAGE_UIMAGE;
    img->placed = true;
    img->inner = at + UIMAGE_HEADER;
    img->entry = be32toh(words[5]);
    img->has_entry = true;
    image_add_piece(img, be32toh(words[4]), img->file + img->inner,
                    size < left ? size : left);
}

/* ---- FIT ---- */

static bool number_of(const void *fdt, int node, const char *name,
                      uint64_t *value)
{
    int len;
    const fdt32_t *p = fdt_getprop(fdt, node, name, &len);

    if (p == NULL || (len != 4 && len != 8)) {
        return false;
    }
    *value = fdt32_to_cpu(p[0]);
    if (len == 8) {
        *value = *value << 32 | fdt32_to_cpu(p[1]);
    }
    return true;
}

/* A part's bytes, in the tree or behind it. */
static bool part_of(const struct image *img, const void *fdt, int node,
                    const uint8_t **bytes, size_t *size)
{
    uint64_t at, length;
    int len;

    *bytes = fdt_getprop(fdt, node, "data", &len);
    if (*bytes != NULL) {
        *bytes = img->file + ((const uint8_t *)*bytes -
                              (const uint8_t *)fdt);
        *size = (size_t)len;
        return len > 0;
    }
    if (!number_of(fdt, node, "data-position", &at)) {
        if (!number_of(fdt, node, "data-offset", &at)) {
            return false;
        }
        at += (fdt_totalsize(fdt) + 3u) & ~3u;
    }
    if (!number_of(fdt, node, "data-size", &length) ||
        at > img->file_size || length > img->file_size - at) {
        return false;
    }
    *bytes = img->file + at;
    *size = (size_t)length;
    return length > 0;
}

static bool says(const void *fdt, int node, const char *name,
                 const char *value)
{
    const char *text = fdt_stringlist_get(fdt, node, name, 0, NULL);

    return text != NULL && strcmp(text, value) == 0;
}

/* The configuration that is taken when nobody says which; negative: none. */
static int configuration(const void *fdt)
{
    int configs = fdt_path_offset(fdt, "/configurations");
    const char *name = configs < 0 ? NULL :
        fdt_stringlist_get(fdt, configs, "default", 0, NULL);
    int config = name != NULL ? fdt_subnode_offset(fdt, configs, name) : -1;

    return config >= 0 || configs < 0 ? config :
        fdt_first_subnode(fdt, configs);
}

/* The image that @config names as @what. */
static int named_image(const void *fdt, int images, int config,
                       const char *what)
{
    const char *name = config < 0 ? NULL :
        fdt_stringlist_get(fdt, config, what, 0, NULL);

    return name != NULL ? fdt_subnode_offset(fdt, images, name) : -1;
}

/* What is to run: U-Boot where it is there, since what it expects of the
 * firmware before it QEMU plays; else what the configuration names. */
static int main_image(const void *fdt, int images, int config)
{
    static const char *const names[] = { "firmware", "kernel", "loadables" };
    uint64_t load;
    size_t i;
    int node;

    fdt_for_each_subnode(node, fdt, images) {
        const char *name = fdt_get_name(fdt, node, NULL);

        if (number_of(fdt, node, "load", &load) && name != NULL &&
            !says(fdt, node, "type", "flat_dt") &&
            (says(fdt, node, "os", "u-boot") || strstr(name, "u-boot") ||
             strstr(name, "uboot"))) {
            return node;
        }
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        node = named_image(fdt, images, config, names[i]);
        if (node >= 0 && number_of(fdt, node, "load", &load)) {
            return node;
        }
    }
    return -1;
}

/* The image as SPL would leave it in memory: its tree right behind it. */
static int take_image(struct image *img, const void *fdt, int node,
                      int tree, char *why, size_t why_size)
{
    const uint8_t *bytes, *more = NULL;
    size_t size, more_size = 0;
    uint64_t load, entry;

    if (!number_of(fdt, node, "load", &load) ||
        !part_of(img, fdt, node, &bytes, &size)) {
        return complain(why, why_size, "the FIT image is truncated: its "
                        "firmware lies behind its end");
    }
    if (fdt_getprop(fdt, node, "compression", NULL) != NULL &&
        !says(fdt, node, "compression", "none")) {
        return complain(why, why_size, "the firmware in the FIT image is "
                        "compressed: take it out of it (dumpimage) and "
                        "unpack it first");
    }
    if (tree >= 0 && !part_of(img, fdt, tree, &more, &more_size)) {
        more_size = 0;
    }
    img->store = malloc(size + more_size + 1);
    if (img->store == NULL) {
        return complain(why, why_size, "out of memory");
    }
    memcpy(img->store, bytes, size);
    if (more_size > 0) {
        memcpy(img->store + size, more, more_size);
    }
    img->kind = IMAGE_FIT;
    img->placed = true;
    img->has_entry = true;
    img->entry = number_of(fdt, node, "entry", &entry) ? entry : load;
    image_add_piece(img, load, img->store, size + more_size);
    return 0;
}

int image_open_fit(struct image *img, char *why, size_t why_size)
{
    void *fdt = NULL;
    int images, config, node, ret = 1;
    size_t size = img->file_size < sizeof(struct fdt_header) ? 0 :
        fdt_totalsize(img->file);

    if (size > img->file_size || size < sizeof(struct fdt_header)) {
        return 1;
    }
    fdt = malloc(size);         /* aligned, as libfdt wants it */
    if (fdt == NULL) {
        return complain(why, why_size, "out of memory");
    }
    memcpy(fdt, img->file, size);
    images = fdt_check_full(fdt, size) == 0 ?
        fdt_path_offset(fdt, "/images") : -1;
    if (images >= 0) {
        config = configuration(fdt);
        node = main_image(fdt, images, config);
        ret = node >= 0 ?
            take_image(img, fdt, node, named_image(fdt, images, config,
                                                   "fdt"), why, why_size) :
            complain(why, why_size, "the FIT image has no firmware with a "
                     "load address");
    }
    free(fdt);
    return ret;
}
