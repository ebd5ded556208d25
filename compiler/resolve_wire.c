/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wires of a board: from an output line to whatever takes it. */
#include "compiler/board.h"

#include <string.h>

#include "compiler/constexpr.h"

#define MAX_NATIVE_LINE 1023    /* outputs of a native device */

static void bad_wire(struct board *bd, struct pdl_span span,
                     const char *text)
{
    pdl_diag_add(bd->cc->diags, PDL_D_BAD_WIRE, span, text);
}

/* Line @name of @inst, in direction @dir; NULL: reported. */
static const struct pcc_line *find_line(struct board *bd, uint32_t inst,
                                        const struct pdl_part *part,
                                        enum prt_dir dir, unsigned *element)
{
    struct cc *cc = bd->cc;
    const struct pcc_device *d;
    const struct pcc_line *l = NULL;
    const struct pdl_part *named = part;
    uint64_t k = 0;
    size_t i;

    *element = 0;
    if (bd->instances.v[inst].device == PCC_NONE) {
        return NULL;
    }
    d = &cc->devices.v[bd->instances.v[inst].device];
    for (i = 0; part && part->name.text && i < d->line_count; i++) {
        if (strcmp(d->lines[i].name, part->name.text) == 0 &&
            d->lines[i].dir == dir) {
            l = &d->lines[i];
        }
    }
    if (!l) {
        bad_wire(bd, part ? part->span : bd->b.origin.span,
                 cc_printf(cc, "'%s' has no %s line '%s'",
                           bd->instances.v[inst].name,
                           dir == PRT_LINE_IN ? "input" : "output",
                           part && part->name.text ? part->name.text : ""));
        return NULL;
    }
    part = part->next;
    if (part && (part->kind != PDL_PART_INDEX ||
                 !pcc_const(cc, bd->scope, part->first, &k))) {
        bad_wire(bd, part->span, "an element of the line is needed here");
        return NULL;
    }
    if (k >= l->count || (!part && l->count > 1)) {
        bad_wire(bd, part ? part->span : named->span,
                 cc_printf(cc, "'%s' has %u elements: say which", l->name,
                           l->count));
        return NULL;
    }
    *element = k;
    return l;
}

static bool wire_source(struct board *bd, const struct bwire *bw,
                        struct pcc_wire *w)
{
    const struct pdl_part *part = bw->li.item->u.wire.source->parts;
    const struct pcc_line *l;
    uint64_t k = 0;

    w->instance = bw->instance;
    w->native = bw->native;
    if (bw->instance == PCC_NONE && bw->native == PCC_NONE) {
        const struct sym *sym = cc_lookup_in(bd->cc, bd->scope,
                                             part->name.text);

        if (!sym) {
            cc_unknown(bd->cc, bd->scope, part->name.text, part->span);
            return false;
        }
        if (sym->kind == SYM_INSTANCE) {
            w->instance = sym->index;
        } else if (sym->kind == SYM_NATIVE) {
            w->native = sym->index;
        } else {
            bad_wire(bd, part->span, "a wire starts at an instance");
            return false;
        }
        part = part->next;
    }
    if (w->instance == PCC_NONE) {
        if (part && part->next && part->next->kind == PDL_PART_INDEX) {
            k = pcc_const_max(bd->cc, bd->scope, part->next->first,
                              MAX_NATIVE_LINE, "output");
        }
        w->line = k;
        return true;
    }
    l = find_line(bd, w->instance, part, PRT_LINE_OUT, &w->element);
    if (!l) {
        return false;
    }
    w->line = l - bd->cc->devices.v[bd->instances.v[w->instance].device].lines;
    return true;
}

static bool take_trigger(struct board *bd, const struct pdl_expr *e,
                         struct pcc_wire *w)
{
    static const struct {
        const char *word;
        enum pcc_trigger trigger;
    } words[] = {
        { "rising", PCC_EDGE_RISING }, { "falling", PCC_EDGE_FALLING },
        { "level_high", PCC_LEVEL_HIGH }, { "level_low", PCC_LEVEL_LOW },
        { "edge_rising", PCC_EDGE_RISING },
        { "edge_falling", PCC_EDGE_FALLING },
        { "high", PCC_LEVEL_HIGH }, { "low", PCC_LEVEL_LOW },
    };
    const char *word = e->kind == PDL_EXPR_REF ?
                       e->u.ref->parts->name.text : "";
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, word) == 0) {
            w->trigger = words[i].trigger;
            return true;
        }
    }
    bad_wire(bd, e->span,
             "a trigger is needed: rising, falling, level_high or level_low");
    return false;
}

static bool wire_number(struct board *bd, const struct pdl_target *t,
                        uint64_t max, struct pcc_wire *w)
{
    const struct pdl_expr *e = t->operands;
    uint64_t number;

    if (!e || e->kind != PDL_EXPR_NUMBER) {
        bad_wire(bd, t->span, "an interrupt number is needed");
        return false;
    }
    if (!pcc_const(bd->cc, bd->scope, e, &number)) {
        return false;
    }
    if (number > max) {
        pdl_diag_add(bd->cc->diags, PDL_D_TOO_LARGE, e->span,
                     "interrupt number", (unsigned long long)number,
                     (unsigned long long)max);
        return false;
    }
    w->number = number;
    return !e->next || take_trigger(bd, e->next, w);
}

static bool to_native(struct board *bd, const struct pdl_target *t,
                      const struct sym *sym, struct pcc_wire *w)
{
    const struct pdl_part *part = t->ref->parts->next;
    const char *input = part && part->name.text ? part->name.text : "";
    uint64_t max = 8191;

    w->to = PRT_TO_NATIVE;
    w->target = sym->index;
    if (strcmp(input, "spi") == 0) {
        w->kind = PRT_WIRE_SPI;
        max = 987;
    } else if (strcmp(input, "ppi") == 0) {
        w->kind = PRT_WIRE_PPI;
        max = 15;
    } else {
        w->kind = PRT_WIRE_LINE;
    }
    return wire_number(bd, t, max, w);
}

static bool wire_target(struct board *bd, const struct pdl_target *t,
                        struct pcc_wire *w)
{
    const char *name = t->ref ? t->ref->parts->name.text : t->text.bytes;
    const struct sym *sym = cc_lookup_in(bd->cc, bd->scope, name);
    const struct pcc_line *l;
    unsigned element;

    if (t->ref && sym && sym->kind == SYM_NATIVE) {
        return to_native(bd, t, sym, w);
    }
    if (t->ref && sym && sym->kind == SYM_INSTANCE) {
        l = find_line(bd, sym->index, t->ref->parts->next, PRT_LINE_IN,
                      &element);
        w->to = PRT_TO_INSTANCE;
        w->target = sym->index;
        w->number = l ? l->first + element : 0;
        return l != NULL;
    }
    if (strcmp(name, "nvic") == 0) {
        w->to = PRT_TO_NVIC;
        return wire_number(bd, t, 495, w);
    }
    if (!sym) {
        cc_unknown(bd->cc, bd->scope, name, t->span);
    } else {
        bad_wire(bd, t->span,
                 "a wire ends at an instance, a native device or nvic");
    }
    return false;
}

void board_wires(struct board *bd)
{
    size_t i;

    for (i = 0; i < bd->bwires.n; i++) {
        const struct bwire *bw = &bd->bwires.v[i];
        const struct pdl_target *t;
        struct pcc_wire source = { 0 };

        if (!wire_source(bd, bw, &source)) {
            continue;
        }
        source.origin = cc_origin(bd->cc, bw->li.item);
        for (t = bw->li.item->u.wire.targets; t; t = t->next) {
            struct pcc_wire w = source;

            if (wire_target(bd, t, &w)) {
                *CC_ADD(bd->cc, &bd->wires) = w;
            }
        }
    }
}
