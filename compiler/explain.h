/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_EXPLAIN_H
#define COMPILER_EXPLAIN_H

#include "compiler/model.h"
#include "dsl/strbuf.h"

/*
 * Appends what @path means after all layers, and where it was said: a board,
 * BOARD.MEMORY, [BOARD.]INSTANCE, a device, and any of these two with
 * .REGISTER or .REGISTER.FIELD behind it.  false: there is no such thing.
 */
bool pcc_explain_path(const struct pcc_model *m,
                      const struct pdl_sources *sources, const char *path,
                      struct pdl_strbuf *out);

/* Appends every diagnostic and its explanation, as a page in Markdown. */
void pcc_diagnostics_page(struct pdl_strbuf *out);

#endif
