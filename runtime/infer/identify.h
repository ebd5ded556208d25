/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks told by the identification that a driver asks for. */
#ifndef PERIPH_INFER_IDENTIFY_H
#define PERIPH_INFER_IDENTIFY_H

#include "compiler/library.h"
#include "runtime/infer/infer.h"

/*
 * The block whose identification register @q loads while the number it must
 * read stands in the code around: a literal of 32 bits, or one that is put
 * together by two instructions (AArch64).  Registers of 8 bits count as one
 * number, the first lowest, as PrimeCells have them.  NULL: none, or more
 * than one.  @base is where the block would stand.
 */
const struct pcc_ip *inf_identify(const struct pcc_library *lib,
                                  const struct inf_services *svc,
                                  const struct inf_question *q,
                                  uint64_t *base);

#endif
