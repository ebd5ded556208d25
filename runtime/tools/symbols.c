/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/symbols.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct table {
    const struct image *img;
    bool wide;                  /* 64 bits */
    uint64_t shoff, symoff, symsize, stroff, strsize;
    unsigned shentsize, shnum;
};

struct symbol {
    uint64_t name, value, size;
    unsigned type, section;
};

/* Whether @size bytes at @at of the file are there. */
static bool inside(const struct table *t, uint64_t at, uint64_t size)
{
    return at <= t->img->file_size && size <= t->img->file_size - at;
}

static bool section(const struct table *t, uint64_t index, Elf64_Shdr *out)
{
    uint64_t at = t->shoff + index * t->shentsize;
    Elf32_Shdr narrow;

    if (index >= t->shnum || !inside(t, at, t->wide ? sizeof(*out) :
                                     sizeof(narrow))) {
        return false;
    }
    if (t->wide) {
        memcpy(out, t->img->file + at, sizeof(*out));
        return true;
    }
    memcpy(&narrow, t->img->file + at, sizeof(narrow));
    *out = (Elf64_Shdr) {
        .sh_type = narrow.sh_type, .sh_offset = narrow.sh_offset,
        .sh_size = narrow.sh_size, .sh_link = narrow.sh_link,
    };
    return true;
}

static bool find_table(struct table *t)
{
    const uint8_t *file = t->img->file;
    Elf64_Shdr symbols, strings;
    Elf32_Ehdr narrow;
    Elf64_Ehdr head;
    unsigned i;

    if (t->img->kind != IMAGE_ELF || !inside(t, 0, sizeof(head))) {
        return false;
    }
    t->wide = file[EI_CLASS] == ELFCLASS64;
    memcpy(&head, file, sizeof(head));
    memcpy(&narrow, file, sizeof(narrow));
    t->shoff = t->wide ? head.e_shoff : narrow.e_shoff;
    t->shentsize = t->wide ? head.e_shentsize : narrow.e_shentsize;
    t->shnum = t->wide ? head.e_shnum : narrow.e_shnum;
    if (t->shoff == 0 || t->shoff > t->img->file_size) {
        return false;
    }
    for (i = 0; i < t->shnum; i++) {
        if (section(t, i, &symbols) && symbols.sh_type == SHT_SYMTAB &&
            section(t, symbols.sh_link, &strings) &&
            inside(t, symbols.sh_offset, symbols.sh_size) &&
            inside(t, strings.sh_offset, strings.sh_size)) {
            t->symoff = symbols.sh_offset;
            t->symsize = symbols.sh_size;
            t->stroff = strings.sh_offset;
            t->strsize = strings.sh_size;
            return true;
        }
    }
    return false;
}

static bool get(const struct table *t, uint64_t index, struct symbol *out)
{
    Elf64_Sym wide;
    Elf32_Sym narrow;
    uint64_t each = t->wide ? sizeof(wide) : sizeof(narrow);

    if (index >= t->symsize / each) {
        return false;
    }
    if (t->wide) {
        memcpy(&wide, t->img->file + t->symoff + index * each, each);
        *out = (struct symbol) { wide.st_name, wide.st_value, wide.st_size,
                                 ELF64_ST_TYPE(wide.st_info),
                                 wide.st_shndx };
    } else {
        memcpy(&narrow, t->img->file + t->symoff + index * each, each);
        *out = (struct symbol) { narrow.st_name, narrow.st_value,
                                 narrow.st_size,
                                 ELF32_ST_TYPE(narrow.st_info),
                                 narrow.st_shndx };
    }
    return true;
}

static bool in_code(const struct image *img, uint64_t address)
{
    unsigned i;

    for (i = 0; i < img->piece_count; i++) {
        if (address >= img->pieces[i].run &&
            address - img->pieces[i].run < img->pieces[i].memory) {
            return true;
        }
    }
    return false;
}

/* The symbol's name where it names a place in the code or data, else NULL. */
static const char *name_of(const struct table *t, const struct symbol *symbol)
{
    const char *text = (const char *)t->img->file + t->stroff + symbol->name;

    if (symbol->section == SHN_UNDEF || symbol->type > STT_FUNC ||
        symbol->name >= t->strsize ||
        !memchr(text, 0, t->strsize - symbol->name) || !*text ||
        *text == '$') {
        return NULL;
    }
    return text;
}

static uint64_t value_of(const struct symbol *symbol)
{
    return symbol->type == STT_FUNC ? symbol->value & ~1ull : symbol->value;
}

bool symbols_value(const struct image *img, const char *name,
                   uint64_t *value)
{
    struct table table = { .img = img };
    struct symbol symbol;
    const char *text;
    uint64_t i;

    if (!find_table(&table)) {
        return false;
    }
    for (i = 0; get(&table, i, &symbol); i++) {
        text = name_of(&table, &symbol);
        if (text && strcmp(text, name) == 0) {
            *value = value_of(&symbol);
            return true;
        }
    }
    return false;
}

bool symbols_find(const struct image *img, uint64_t address, char *out,
                  size_t size)
{
    struct table table = { .img = img };
    uint64_t best = 0, i;
    const char *name = NULL;
    struct symbol symbol;

    if (!find_table(&table) || !in_code(img, address)) {
        return false;
    }
    for (i = 0; get(&table, i, &symbol); i++) {
        const char *text = name_of(&table, &symbol);
        uint64_t value = value_of(&symbol);

        if (!text || value > address || (name && value < best) ||
            (symbol.size != 0 && address - value >= symbol.size)) {
            continue;
        }
        best = value;
        name = text;
    }
    if (name) {
        snprintf(out, size, address == best ? "%s" : "%s+0x%" PRIx64, name,
                 address - best);
    }
    return name != NULL;
}
