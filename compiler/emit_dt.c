/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/emit.h"
int pcc_emit_dtb(struct pcc_emit *e) { (void)e; return PCC_ERR_UNKNOWN; }
int pcc_emit_dts(struct pcc_emit *e) { (void)e; return PCC_ERR_UNKNOWN; }
int pcc_emit_dtbo(struct pcc_emit *e) { (void)e; return PCC_ERR_UNKNOWN; }
int pcc_emit_dtso(struct pcc_emit *e) { (void)e; return PCC_ERR_UNKNOWN; }
