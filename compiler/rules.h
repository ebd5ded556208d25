/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions and rules -> byte code.  expr.c compiles expressions, refs.c
 * finds what a reference names, rules.c does statements and everything that
 * holds a program.
 *
 * Registers are used as a stack: an expression compiled "into r" leaves its
 * value in register r and may use r and those above it.
 */
#ifndef COMPILER_RULES_H
#define COMPILER_RULES_H

#include "compiler/dev.h"

#define GEN_MAX_DIMS 4          /* run-time indices in one reference */
#define GEN_MAX_ELEMENTS 65536  /* that they choose from */
#define GEN_MAX_CHOICES 1048576 /* in all references of a device */
#define GEN_MAX_CASES 256       /* of them when the table cannot index */

/* Which of `value`, `old` and `mask` exist. */
enum gen_words {
    GEN_NO_WORDS,
    GEN_VALUE,
    GEN_ALL_WORDS,
};

/* One program being compiled. */
struct gen {
    struct dev *dv;
    uint32_t scope;
    bool action;            /* a rule's body: may have effects */
    enum gen_words words;
    bool failed;            /* something was reported */
    CC_VEC(struct prt_insn) code;
};

/* What a reference names, with final indices. */
struct target {
    enum sym_kind kind;
    const char *name;       /* as written first, for messages */
    struct pdl_span span;
    uint32_t index;
    unsigned lo, width;     /* bits of a REG, FIELD, VAR or LINE */
    bool part;              /* not all bits of it */
    bool array;             /* all elements: only where that is asked for */
    uint32_t count;
    uint32_t build;         /* build index of element 0, for arrays */
    uint32_t scope;         /* of a GROUP element or REG */
    uint64_t value;         /* CONST */
    const struct pdl_expr *cell;    /* element of a MEM */
    const struct pdl_expr *bit;     /* run-time bit of lo, width */
    /*
     * Indices known at run time only, outermost first, and every element
     * they can choose: element[i0 * dim[1].count + i1].  What stands above
     * is then that of element 0.
     */
    struct {
        const struct pdl_expr *expr;
        uint32_t count;
    } dim[GEN_MAX_DIMS];
    unsigned dims;
    uint32_t element_count;
    struct target *element;
};

/* Whether it is known when the file is compiled what @t is. */
static inline bool gen_is_fixed(const struct target *t)
{
    return !t->dims && !t->bit;
}

/* Finds a reference; false when that was reported. */
bool gen_ref(struct gen *g, const struct pdl_ref *ref, struct target *t);
/* The same; an array without index is allowed and stays whole. */
bool gen_ref_array(struct gen *g, const struct pdl_ref *ref,
                   struct target *t);
/* As gen_ref(), but of kind @kind only. */
bool gen_ref_kind(struct gen *g, const struct pdl_expr *expr,
                  enum sym_kind kind, struct target *t);
/* Element @k of array @t. */
void gen_element(struct gen *g, struct target *t, uint32_t k);
void gen_wrong_kind(struct gen *g, const struct target *t, const char *want);

void gen_op(struct gen *g, unsigned op, unsigned dst, unsigned a, unsigned b,
            uint32_t imm);
void gen_const(struct gen *g, unsigned dst, uint64_t value);
/* Keeps @width bits from bit @lo on of register @dst. */
void gen_cut(struct gen *g, unsigned dst, unsigned lo, unsigned width);
/* Reports a quantity of another unit than @unit where @what is needed. */
void gen_check_unit(struct dev *dv, const struct pdl_expr *expr,
                    enum pdl_unit_kind unit, const char *what);
/* Compiles an expression into register @dst. */
void gen_expr(struct gen *g, const struct pdl_expr *expr, unsigned dst);
/* The same for a whole right-hand side, which may have an effect. */
void gen_rhs(struct gen *g, const struct pdl_expr *expr, unsigned dst);
/* Loads what @t names into @dst. */
void gen_load(struct gen *g, const struct target *t, unsigned dst);
/* Stores register @reg in @t; registers above @reg are free. */
void gen_store(struct gen *g, const struct target *t, unsigned reg);
/*
 * Emits code for the object that @t chooses by calling @emit: once with an
 * operand `imm` and its register @b, or once for each element.  Registers
 * from @reg on are free.
 */
typedef void gen_emit_fn(struct gen *g, const struct target *t, uint32_t imm,
                         unsigned b, void *opaque);
void gen_apply(struct gen *g, const struct target *t, unsigned reg,
               gen_emit_fn *emit, void *opaque);
/*
 * Number of the element (of the bit, in its elements) that is chosen, into
 * @reg; all ones when an index lies outside.
 */
void gen_index(struct gen *g, const struct target *t, unsigned reg);
/* Ends the program, value in @reg, and gives its index. */
uint32_t gen_finish(struct gen *g, unsigned reg, bool share);
/* A whole expression program. */
uint32_t gen_program(struct dev *dv, uint32_t scope,
                     const struct pdl_expr *expr, enum gen_words words);

#endif
