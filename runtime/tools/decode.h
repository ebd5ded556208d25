/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of registers in the words of a board's profile. */
#ifndef RUNTIME_TOOLS_DECODE_H
#define RUNTIME_TOOLS_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define DECODE_TEXT 256

struct decoder;

struct decoded {
    const char *instance;       /* owned by the decoder */
    const char *reg;            /* its path; NULL: no register is there */
    char fields[DECODE_TEXT];   /* "TC TXE MODE=3", or "" */
};

/*
 * Compiles the board BOARD (as for `periph run`), with what is wrong said on
 * stderr unless @quiet.  An exit status; STATUS_OK with *out.
 */
int decoder_open(const char *board, bool quiet, struct decoder **out);
void decoder_close(struct decoder *d);

/*
 * An access of @size bytes at @address that moved @value; false where the
 * board has no peripheral.  @d may be NULL.
 */
bool decoder_access(const struct decoder *d, uint64_t address, unsigned size,
                    uint64_t value, struct decoded *out);

struct pcc_model;
struct pcc_instance;
struct pcc_reg;

/*
 * The instance whose addresses hold @address, with the offset in its device,
 * and the register there; NULL where there is none.
 */
const struct pcc_instance *decode_instance(const struct pcc_model *model,
                                           uint64_t address,
                                           uint64_t *offset);
const struct pcc_reg *decode_reg(const struct pcc_model *model,
                                 const struct pcc_instance *instance,
                                 uint64_t offset);

#endif
