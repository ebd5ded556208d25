/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/image.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/image_priv.h"
#include "runtime/tools/util.h"

#define FDT_MAGIC 0xd00dfeedu

static int complain(char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    return -1;
}

struct image_piece *image_add_piece(struct image *img, uint64_t load,
                                    const uint8_t *bytes, size_t size)
{
    struct image_piece *p;

    if (img->piece_count == IMAGE_MAX_PIECES) {
        return NULL;
    }
    p = &img->pieces[img->piece_count++];
    memset(p, 0, sizeof(*p));
    p->load = p->run = load;
    p->bytes = bytes;
    p->size = size;
    p->memory = size;
    return p;
}

/* ---- ELF ---- */

/* A segment of either class. */
struct segment {
    uint64_t offset, load, run, size, memory;
    uint32_t type, flags;
};

static struct segment segment_at(const struct image *img, bool wide,
                                 uint64_t at)
{
    struct segment s;
    Elf64_Phdr p64;
    Elf32_Phdr p32;

    if (wide) {
        memcpy(&p64, img->file + at, sizeof(p64));
        s = (struct segment) { p64.p_offset, p64.p_paddr, p64.p_vaddr,
                               p64.p_filesz, p64.p_memsz, p64.p_type,
                               p64.p_flags };
    } else {
        memcpy(&p32, img->file + at, sizeof(p32));
        s = (struct segment) { p32.p_offset, p32.p_paddr, p32.p_vaddr,
                               p32.p_filesz, p32.p_memsz, p32.p_type,
                               p32.p_flags };
    }
    return s;
}

/* Where an ELF file's program headers are. */
struct headers {
    bool wide;                  /* ELFCLASS64 */
    uint64_t at;
    unsigned count, step;
};

static int add_segments(struct image *img, const struct headers *h,
                        char *why, size_t why_size)
{
    uint64_t at = h->at;
    unsigned i;

    for (i = 0; i < h->count; i++, at += h->step) {
        struct image_piece *p;
        struct segment s;

        if (at > img->file_size || img->file_size - at < h->step) {
            return complain(why, why_size, "the ELF file is truncated: its "
                            "program headers lie behind its end");
        }
        s = segment_at(img, h->wide, at);
        if (s.type != PT_LOAD || s.memory == 0) {
            continue;
        }
        if (s.offset > img->file_size ||
            s.size > img->file_size - s.offset || s.size > s.memory) {
            return complain(why, why_size, "the ELF file is truncated: a "
                            "segment lies behind its end");
        }
        p = image_add_piece(img, s.load, img->file + s.offset, (size_t)s.size);
        if (p == NULL) {
            return complain(why, why_size, "the ELF file has more than 64 "
                            "segments");
        }
        p->run = s.run;
        p->memory = s.memory;
        p->writable = (s.flags & PF_W) != 0;
        p->executable = (s.flags & PF_X) != 0;
    }
    return 0;
}

static struct headers take_header(struct image *img, bool wide)
{
    struct headers h = { .wide = wide };
    Elf64_Ehdr e64;
    Elf32_Ehdr e32;

    if (wide) {
        memcpy(&e64, img->file, sizeof(e64));
        img->machine = e64.e_machine;
        img->entry = e64.e_entry;
        h.at = e64.e_phoff;
        h.count = e64.e_phnum;
        h.step = e64.e_phentsize;
    } else {
        memcpy(&e32, img->file, sizeof(e32));
        img->machine = e32.e_machine;
        img->entry = e32.e_entry;
        h.at = e32.e_phoff;
        h.count = e32.e_phnum;
        h.step = e32.e_phentsize;
    }
    img->has_entry = img->entry != 0;
    return h;
}

static int open_elf(struct image *img, char *why, size_t why_size)
{
    bool wide = img->file[EI_CLASS] == ELFCLASS64;
    struct headers h;

    img->kind = IMAGE_ELF;
    img->placed = true;
    if (img->file[EI_DATA] != ELFDATA2LSB) {
        return complain(why, why_size, "the ELF file is big-endian, which is "
                        "not supported");
    }
    h = take_header(img, wide);
    if (img->machine != EM_ARM && img->machine != EM_AARCH64) {
        return complain(why, why_size, "the ELF file is not for Arm");
    }
    if (h.step < (wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr))) {
        return complain(why, why_size, "the ELF file has no segments to "
                        "load: link it first");
    }
    return add_segments(img, &h, why, why_size);
}

/* ---- Intel HEX ---- */

static int hex_byte(const char *p)
{
    char text[3] = { p[0], p[0] != '\0' ? p[1] : '\0', '\0' };
    char *end;
    long value = strtol(text, &end, 16);

    return end == text + 2 && text[0] != '+' && text[0] != '-' &&
        text[0] != ' ' ? (int)value : -1;
}

/* One record's bytes, checked; how many, or -1. */
static int hex_record(const char *line, uint8_t bytes[261])
{
    int count = hex_byte(line + 1), i, sum = 0, value;

    if (line[0] != ':' || count < 0) {
        return -1;
    }
    for (i = 0; i < count + 5; i++) {
        value = hex_byte(line + 1 + 2 * i);
        if (value < 0) {
            return -1;
        }
        bytes[i] = (uint8_t)value;
        sum += value;
    }
    return (sum & 0xff) == 0 ? count + 5 : -1;
}

/* Data goes behind what was stored; one run of addresses is one piece. */
static bool hex_data(struct image *img, uint64_t address, const uint8_t *from,
                     size_t len, size_t *stored)
{
    struct image_piece *last = img->piece_count > 0 ?
        &img->pieces[img->piece_count - 1] : NULL;

    memcpy(img->store + *stored, from, len);
    if (last != NULL && last->load + last->size == address) {
        last->size += len;
        last->memory = last->size;
    } else if (image_add_piece(img, address, img->store + *stored, len) ==
               NULL) {
        return false;
    }
    *stored += len;
    return true;
}

static int open_hex(struct image *img, char *why, size_t why_size)
{
    const char *line = (const char *)img->file;
    uint64_t base = 0;
    size_t stored = 0;
    uint8_t r[261];
    unsigned number;
    int len;

    img->kind = IMAGE_HEX;
    img->placed = true;
    img->store = malloc(img->file_size / 2 + 1);
    if (img->store == NULL) {
        return complain(why, why_size, "out of memory");
    }
    for (number = 1; *line != '\0'; number++) {
        len = *line == ':' ? hex_record(line, r) : 0;
        if (len < 0) {
            snprintf(why, why_size, "line %u is no Intel HEX record, or its "
                     "checksum is wrong", number);
            return -1;
        }
        if (len > 0 && r[3] == 0 &&
            !hex_data(img, base + (r[1] << 8 | r[2]), r + 4, r[0],
                      &stored)) {
            return complain(why, why_size, "the HEX file has more than 64 "
                            "pieces");
        }
        if (len > 0 && (r[3] == 2 || r[3] == 4) && r[0] == 2) {
            base = (uint64_t)(r[4] << 8 | r[5]) << (r[3] == 2 ? 4 : 16);
        }
        if (len > 0 && r[3] == 5 && r[0] == 4) {
            img->entry = (uint64_t)r[4] << 24 | r[5] << 16 | r[6] << 8 | r[7];
            img->has_entry = true;
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return 0;
}

/* ---- The others ---- */

int image_parse(struct image *img, uint8_t *bytes, size_t size, char *why,
                size_t why_size)
{
    uint32_t magic = 0;
    size_t at;
    int ret;

    memset(img, 0, sizeof(*img));
    img->file = bytes;
    img->file_size = size;
    if (img->file_size < 64) {
        return complain(why, why_size, "too short to be firmware");
    }
    memcpy(&magic, img->file, sizeof(magic));
    if (memcmp(img->file, ELFMAG, SELFMAG) == 0) {
        return open_elf(img, why, why_size);
    }
    if (img->file[0] == ':' && hex_byte((char *)img->file + 1) >= 0) {
        return open_hex(img, why, why_size);
    }
    ret = be32toh(magic) == FDT_MAGIC ? image_open_fit(img, why, why_size) :
        1;
    if (ret <= 0) {
        return ret;
    }
    if (image_find_uimage(img, &at)) {
        image_open_uimage(img, at);
    } else {
        image_add_piece(img, 0, img->file, img->file_size);
    }
    return 0;
}

int image_open(struct image *img, const char *path, char *why,
               size_t why_size)
{
    size_t size;
    char *bytes = file_read(path, IMAGE_MAX_BYTES, &size);

    if (bytes == NULL) {
        memset(img, 0, sizeof(*img));
        snprintf(why, why_size, "%s", strerror(errno));
        return -1;
    }
    return image_parse(img, (uint8_t *)bytes, size, why, why_size);
}

void image_close(struct image *img)
{
    free(img->file);
    free(img->store);
    memset(img, 0, sizeof(*img));
}

static bool read_piece(const struct image_piece *p, uint64_t from,
                       uint64_t address, unsigned size, uint64_t *value)
{
    uint64_t at = address - from;

    if (address < from || at >= p->size || size > p->size - at) {
        return false;
    }
    *value = 0;
    memcpy(value, p->bytes + at, size);
    return true;
}

bool image_read(const struct image *img, uint64_t address, unsigned size,
                uint64_t *value)
{
    unsigned i;

    for (i = 0; i < img->piece_count; i++) {
        if (read_piece(&img->pieces[i], img->pieces[i].load, address, size,
                       value)) {
            return true;
        }
    }
    for (i = 0; i < img->piece_count; i++) {
        if (read_piece(&img->pieces[i], img->pieces[i].run, address, size,
                       value)) {
            return true;
        }
    }
    return false;
}
