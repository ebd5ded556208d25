/*
 * Machine "periph": images
 *
 * The formats are those of QEMU's loaders. What is looked at here is where
 * an image comes to lie: bytes that no memory takes would be lost silently.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/ctype.h"
#include "qemu/cutils.h"
#include "qapi/error.h"
#include "elf.h"
#include "exec/address-spaces.h"
#include "hw/loader.h"
#include "periph-internal.h"

typedef struct Image {
    const char *path;
    const uint8_t *data;
    size_t size;
    PeriphImages *im;
    const struct prt_board *board;
} Image;

static const struct prt_memory *find_memory(const Image *image,
                                            uint64_t addr)
{
    uint32_t i;

    for (i = 0; i < image->board->head->memories.count; i++) {
        const struct prt_memory *m = &image->board->memories[i];

        if (addr >= m->base && addr - m->base < m->size) {
            return m;
        }
    }
    return NULL;
}

static bool add_extent(Image *image, uint64_t base, uint64_t size,
                       Error **errp)
{
    const struct prt_memory *m = find_memory(image, base);
    PeriphExtent extent = { .base = base, .size = size };

    if (!size) {
        return true;
    }
    if (!m) {
        error_setg(errp, "load '%s': no memory at 0x%" PRIx64, image->path,
                   base);
        return false;
    }
    if (size > m->size - (base - m->base)) {
        error_setg(errp, "load '%s': 0x%" PRIx64 " bytes at 0x%" PRIx64
                   " are larger than memory '%s', which ends at 0x%" PRIx64,
                   image->path, size, base,
                   prt_board_string(image->board, m->name),
                   m->base + m->size);
        return false;
    }
    g_array_append_val(image->im->extents, extent);
    return true;
}

/* ---- ELF ---- */

static bool is_elf(const Image *image)
{
    return image->size >= EI_NIDENT &&
           memcmp(image->data, ELFMAG, SELFMAG) == 0;
}

/* Little-endian program headers; damage is left to QEMU's loader to find. */
static bool elf_extents(Image *image, Error **errp)
{
    bool is64 = image->data[EI_CLASS] == ELFCLASS64;
    const uint8_t *d = image->data;
    uint64_t phoff, paddr, memsz;
    unsigned phsize, phnum, i;
    const uint8_t *ph;

    if (image->size < sizeof(Elf64_Ehdr)) {
        return true;
    }
    phoff = is64 ? ldq_le_p(d + offsetof(Elf64_Ehdr, e_phoff))
                 : (uint32_t)ldl_le_p(d + offsetof(Elf32_Ehdr, e_phoff));
    phnum = is64 ? lduw_le_p(d + offsetof(Elf64_Ehdr, e_phnum))
                 : lduw_le_p(d + offsetof(Elf32_Ehdr, e_phnum));
    phsize = is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    for (i = 0; i < phnum; i++) {
        if (phoff > image->size ||
            (uint64_t)(i + 1) * phsize > image->size - phoff) {
            return true;
        }
        ph = d + phoff + (size_t)i * phsize;
        if (ldl_le_p(ph) != PT_LOAD) {
            continue;
        }
        paddr = is64 ? ldq_le_p(ph + offsetof(Elf64_Phdr, p_paddr))
                     : (uint32_t)ldl_le_p(ph +
                                          offsetof(Elf32_Phdr, p_paddr));
        memsz = is64 ? ldq_le_p(ph + offsetof(Elf64_Phdr, p_memsz))
                     : (uint32_t)ldl_le_p(ph +
                                          offsetof(Elf32_Phdr, p_memsz));
        if (!add_extent(image, paddr, memsz, errp)) {
            return false;
        }
    }
    return true;
}

static bool load_elf_image(Image *image, Error **errp)
{
    uint64_t entry;
    ssize_t ret;

    ret = load_elf_as(image->path, NULL, NULL, NULL, &entry, NULL, NULL, NULL,
                      ELFDATA2LSB, EM_NONE, 1, 0, &address_space_memory);
    if (ret < 0) {
        error_setg(errp, "load '%s': %s", image->path,
                   load_elf_strerror(ret));
        return false;
    }
    if (!image->im->has_entry) {
        image->im->has_entry = true;
        image->im->entry = entry;
    }
    return elf_extents(image, errp);
}

/* ---- Intel HEX ---- */

static int hex_byte(const uint8_t *p)
{
    if (!qemu_isxdigit(p[0]) || !qemu_isxdigit(p[1])) {
        return -1;
    }
    return g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]);
}

static bool is_hex(const Image *image)
{
    return image->size >= 11 && image->data[0] == ':' &&
           hex_byte(image->data + 1) >= 0 && hex_byte(image->data + 7) >= 0;
}

/* One line of data, or a new base for those that follow. */
static bool hex_record(const uint8_t *p, size_t size, uint64_t *base,
                       PeriphExtent *extent)
{
    int length = hex_byte(p + 1), type = hex_byte(p + 7);
    int high = hex_byte(p + 3), low = hex_byte(p + 5);
    unsigned value;

    if (length < 0 || high < 0 || low < 0 || size < 11 + 2 * (size_t)length) {
        return false;
    }
    if (type == 0) {
        extent->base = *base + (high << 8 | low);
        extent->size = length;
        return true;
    }
    if ((type == 2 || type == 4) && length == 2) {
        value = hex_byte(p + 9) << 8 | hex_byte(p + 11);
        *base = (uint64_t)value << (type == 2 ? 4 : 16);
    }
    return false;
}

static bool hex_extents(Image *image, Error **errp)
{
    const uint8_t *p = image->data, *end = p + image->size;
    PeriphExtent all = { 0 }, one;
    uint64_t base = 0;

    for (; p && end - p >= 11; p = memchr(p, ':', end - p)) {
        if (hex_record(p, end - p, &base, &one)) {
            if (all.size && one.base == all.base + all.size) {
                all.size += one.size;
            } else if (!add_extent(image, all.base, all.size, errp)) {
                return false;
            } else {
                all = one;
            }
        }
        p++;
    }
    return add_extent(image, all.base, all.size, errp);
}

static bool load_hex_image(Image *image, Error **errp)
{
    hwaddr entry;

    if (load_targphys_hex_as(image->path, &entry,
                             &address_space_memory) < 0) {
        error_setg(errp, "load '%s': damaged Intel HEX file", image->path);
        return false;
    }
    return hex_extents(image, errp);
}

/* ---- Raw ---- */

#define FDT_MAGIC 0xd00dfeed
#define FDT_HEADER_SIZE 40

/* A device tree by itself is for a kernel, which is told where it lies. */
static bool is_fdt(const Image *image)
{
    return image->size >= FDT_HEADER_SIZE &&
           ldl_be_p(image->data) == FDT_MAGIC &&
           (uint32_t)ldl_be_p(image->data + 4) <= image->size;
}

static bool load_raw_image(Image *image, const struct prt_load *load,
                           Error **errp)
{
    if (!(load->flags & PRT_LOAD_HAS_ADDRESS)) {
        error_setg(errp, "load '%s': a raw image needs an address",
                   image->path);
        return false;
    }
    if (!add_extent(image, load->address, image->size, errp)) {
        return false;
    }
    if (is_fdt(image) && !image->im->has_fdt) {
        image->im->has_fdt = true;
        image->im->fdt = load->address;
    }
    rom_add_blob_fixed(image->path, image->data, image->size, load->address);
    return true;
}

static bool load_image(PeriphImages *im, const struct prt_board *board,
                       const struct prt_load *load, Error **errp)
{
    Image image = {
        .path = prt_board_string(board, load->path),
        .im = im, .board = board,
    };
    g_autoptr(GError) gerr = NULL;
    g_autofree char *data = NULL;
    gsize size;

    if (!g_file_get_contents(image.path, &data, &size, &gerr)) {
        error_setg(errp, "load: %s", gerr->message);
        return false;
    }
    image.data = (uint8_t *)data;
    image.size = size;
    if (!size) {
        error_setg(errp, "load '%s': the file is empty", image.path);
        return false;
    }
    switch (load->kind) {
    case PRT_LOAD_ELF:
        return load_elf_image(&image, errp);
    case PRT_LOAD_IHEX:
        return load_hex_image(&image, errp);
    case PRT_LOAD_RAW:
        return load_raw_image(&image, load, errp);
    default:
        if (is_elf(&image)) {
            return load_elf_image(&image, errp);
        }
        if (is_hex(&image) && !(load->flags & PRT_LOAD_HAS_ADDRESS)) {
            return load_hex_image(&image, errp);
        }
        return load_raw_image(&image, load, errp);
    }
}

bool periph_images_load(PeriphImages *im, const struct prt_board *board,
                        Error **errp)
{
    uint32_t i;

    im->extents = g_array_new(false, false, sizeof(PeriphExtent));
    for (i = 0; i < board->head->loads.count; i++) {
        if (!load_image(im, board, &board->loads[i], errp)) {
            return false;
        }
    }
    return true;
}

bool periph_images_cover(const PeriphImages *im, uint64_t addr)
{
    unsigned i;

    for (i = 0; i < im->extents->len; i++) {
        PeriphExtent *e = &g_array_index(im->extents, PeriphExtent, i);

        if (addr >= e->base && addr - e->base < e->size) {
            return true;
        }
    }
    return false;
}

bool periph_images_lowest(const PeriphImages *im, uint64_t *addr)
{
    unsigned i;

    for (i = 0; i < im->extents->len; i++) {
        PeriphExtent *e = &g_array_index(im->extents, PeriphExtent, i);

        if (i == 0 || e->base < *addr) {
            *addr = e->base;
        }
    }
    return im->extents->len > 0;
}
