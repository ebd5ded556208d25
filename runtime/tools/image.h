/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A firmware image as bytes at addresses: ELF, Intel HEX, U-Boot's images
 * (legacy, also behind a first stage, and FIT), or raw.
 */
#ifndef RUNTIME_TOOLS_IMAGE_H
#define RUNTIME_TOOLS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAX_BYTES (256u << 20)
#define IMAGE_MAX_PIECES 64u

enum image_kind { IMAGE_RAW, IMAGE_ELF, IMAGE_HEX, IMAGE_UIMAGE, IMAGE_FIT };

struct image_piece {
    uint64_t load;              /* where it is put; 0 when not known */
    uint64_t run;               /* where it is used: ELF's virtual address */
    uint64_t memory;            /* bytes it takes there, >= size */
    const uint8_t *bytes;
    size_t size;
    bool writable, executable;  /* of an ELF segment */
};

struct image {
    enum image_kind kind;
    bool placed;                /* the pieces' addresses are known */
    bool has_entry;
    uint64_t entry;
    unsigned machine;           /* ELF's e_machine; 0: not known */
    unsigned piece_count;
    struct image_piece pieces[IMAGE_MAX_PIECES];
    uint8_t *file;              /* owned */
    size_t file_size;
    size_t inner;               /* where the bytes of a uImage begin */
    uint8_t *store;             /* owned: bytes of a HEX file, of a FIT */
};

/*
 * Reads an image.  0, or -1 with a sentence in @why (of @why_size bytes):
 * what the file is not, or is wrong with it.  image_close() in any case.
 */
int image_open(struct image *img, const char *path, char *why,
               size_t why_size);
void image_close(struct image *img);

/* The same of bytes with a NUL behind them, malloc'ed, which it takes over. */
int image_parse(struct image *img, uint8_t *bytes, size_t size, char *why,
                size_t why_size);

/* Up to 8 bytes, little-endian, at an address of a placed image (by load
 * address, then by run address); false when they are not there. */
bool image_read(const struct image *img, uint64_t address, unsigned size,
                uint64_t *value);

#endif
