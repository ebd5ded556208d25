/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/emit.h"
int pcc_emit_json(struct pcc_emit *e) { (void)e; return PCC_ERR_UNKNOWN; }
