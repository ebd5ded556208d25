/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks that come with Periph, as an index: which one has this
 * `compatible` string, or these identification registers?  Nothing here
 * knows a block: strings and ids are read from the files, so that a new
 * block is a new file.  A block is the device that has its file's name; ids
 * are the reset values of what carries `@id`.
 */
#ifndef COMPILER_LIBRARY_H
#define COMPILER_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

struct pcc_library;

/*
 * An identification register, or a value seen in one: the bits in @mask of
 * the register at @offset (bytes from the start of the block).
 */
struct pcc_id {
    uint64_t offset;
    uint64_t mask;
    uint64_t value;         /* within @mask */
};

/* A block of the library. */
struct pcc_ip {
    const char *import;     /* what a board imports: "lib/pl011.periph" */
    const char *device;     /* "pl011" */
    const char *text;       /* description, or NULL */
    const char *dt_class;   /* "serial", or NULL */
    uint64_t size;          /* bytes of address space */
    const char *const *compatible;      /* the most particular first */
    size_t compatible_count;
    const struct pcc_id *ids;           /* by offset */
    size_t id_count;
};

/*
 * The folder that holds `lib/` of the running program: share/periph/dsl of
 * an installation or build folder, else dsl of the checkout.  The caller
 * frees it; NULL when there is none.
 */
char *pcc_library_dir(void);

/*
 * Reads DIR/lib/<name>.periph of each of @dirs, which are also where these
 * files' imports are looked up.  Of files of one name the first counts.
 * Files with errors, and those without a device of their name (templates),
 * are left out; the former are counted (pcc_library_broken()).  A folder
 * that is missing holds nothing.  PCC_OK or PCC_ERR_NOMEM; @out is to be
 * freed by pcc_library_free().
 */
int pcc_library_open(const char *const *dirs, size_t dir_count,
                     struct pcc_library **out);

/* Frees the index and all its blocks; NULL is fine. */
void pcc_library_free(struct pcc_library *lib);

/* Block @i by name, owned by the library; NULL past the end. */
const struct pcc_ip *pcc_library_block(const struct pcc_library *lib,
                                       size_t i);

/* Path of the @i-th file left out because of errors; NULL past the end. */
const char *pcc_library_broken(const struct pcc_library *lib, size_t i);

/*
 * The block for a device tree's node: @compatible in the order of the node,
 * each tried before the next.  NULL: none.  Strings that several blocks
 * have ("arm,primecell") match nothing.
 */
const struct pcc_ip *pcc_library_compatible(const struct pcc_library *lib,
                                            const char *const *compatible,
                                            size_t count);

/*
 * The block that values seen at some offsets tell: none of @seen contradicts
 * its ids, and more bits of its ids are confirmed than of any other block's.
 * NULL when no bit is confirmed, or as many of another block's: the 0xb1
 * at 0xffc alone tells a PrimeCell, not which.
 */
const struct pcc_ip *pcc_library_identify(const struct pcc_library *lib,
                                          const struct pcc_id *seen,
                                          size_t count);

#endif
