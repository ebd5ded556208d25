/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the CMSIS-SVD output share: writing XML, and accesses. */
#ifndef COMPILER_EMIT_SVD_H
#define COMPILER_EMIT_SVD_H

#include "compiler/emit.h"

struct svd_xml {
    struct pdl_strbuf *out;
    unsigned depth;
};

void svd_open(struct svd_xml *x, const char *tag);
void svd_close(struct svd_xml *x, const char *tag);
/* <tag>text</tag>; nothing for NULL and "". */
void svd_leaf(struct svd_xml *x, const char *tag, const char *text);
void svd_hex(struct svd_xml *x, const char *tag, uint64_t value);
void svd_count(struct svd_xml *x, const char *tag, uint64_t value);
/* @name in the characters that the schema has: letters, digits, '_'. */
void svd_words(struct svd_xml *x, const char *name);
/* <tag>name@end</tag>; with @end NULL the name may start with a digit. */
void svd_name(struct svd_xml *x, const char *tag, const char *name,
              const char *end);

/* What the schema says about reads and writes; NULL: nothing. */
struct svd_effects {
    const char *access;
    const char *write;          /* modifiedWriteValues */
    const char *read;           /* readAction */
};

struct svd_effects svd_reg_effects(const struct pcc_device *d,
                                   const struct pcc_reg *r);
struct svd_effects svd_field_effects(const struct pcc_device *d,
                                     const struct pcc_field *f);

/* <registers> of a device; @place gives an offset its SVD one. */
struct svd_regs {
    struct svd_xml *x;
    struct pcc_emit *e;
    const struct pcc_device *d;
    uint64_t (*place)(const struct svd_regs *regs, uint64_t offset);
    const struct pcc_instance *instance;    /* or NULL */
    uint64_t base;
};

int svd_put_registers(const struct svd_regs *regs);

#endif
