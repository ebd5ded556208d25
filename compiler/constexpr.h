/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions whose value is known when the file is compiled. */
#ifndef COMPILER_CONSTEXPR_H
#define COMPILER_CONSTEXPR_H

#include "compiler/priv.h"

/* The value of @op on constants: 64-bit unsigned, never undefined. */
uint64_t pcc_op_value(enum pdl_op op, uint64_t a, uint64_t b);

/*
 * Tries to evaluate @expr with the constants visible from @scope.  false,
 * without a diagnostic, when it is not constant.
 */
bool pcc_const_try(struct cc *cc, uint32_t scope, const struct pdl_expr *expr,
                   uint64_t *value);

/* The same; what is not constant is reported, and gives 0 and false. */
bool pcc_const(struct cc *cc, uint32_t scope, const struct pdl_expr *expr,
               uint64_t *value);

/* A constant of at most @max, called @what in messages; 0 when reported. */
uint64_t pcc_const_max(struct cc *cc, uint32_t scope,
                       const struct pdl_expr *expr, uint64_t max,
                       const char *what);

#endif
