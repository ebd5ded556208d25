/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for the board's file, each tried on the compiler before it is shown. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/strbuf.h"
#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/decode.h"
#include "runtime/tools/explain.h"
#include "runtime/tools/util.h"

#define STACK_BYTES 0x10000u
#define COUNTS_ALONE 8u         /* a value that changed so often is a counter */

static void add(const struct explain *x, cJSON *list, const char *why,
                const char *text, const cJSON *at)
{
    char *path = text_new("%s/board.periph", x->dir);
    cJSON *item = cJSON_CreateObject();

    cJSON_AddStringToObject(item, "why", why);
    cJSON_AddStringToObject(item, "file", path);
    cJSON_AddStringToObject(item, "text", text);
    if (*explain_text(at, "file")) {
        cJSON_AddStringToObject(item, "now_in", explain_text(at, "file"));
        cJSON_AddNumberToObject(item, "now_line",
                                (double)explain_number(at, "line"));
    }
    cJSON_AddBoolToObject(item, "compiles",
                          board_compile_with(x->dir, text) == STATUS_OK);
    cJSON_AddItemToArray(list, item);
    free(path);
}

/* ---- A register that is polled ---- */

/* What a field or the whole register is to read as. */
struct wish {
    unsigned lo, width;
    uint64_t value;             /* right-aligned */
};

static unsigned lowest(uint64_t mask)
{
    return (unsigned)__builtin_ctzll(mask);
}

/*
 * The bits that the code tests, such that the test comes out otherwise than
 * with the value that was read.  false when that is not told by the code.
 */
static bool make_wish(const cJSON *wait, struct wish *out)
{
    uint64_t mask = explain_number(wait, "bits");
    uint64_t now = explain_number(wait, "value") & mask;
    uint64_t equals = explain_number(wait, "equals");
    unsigned bytes = (unsigned)explain_number(wait, "bytes");

    if (bytes < 8 && bytes > 0) {
        mask &= (UINT64_C(1) << bytes * 8) - 1;
    }
    if (mask == 0 || explain_number(wait, "changes") >= COUNTS_ALONE) {
        return false;
    }
    out->lo = lowest(mask);
    if (cJSON_GetObjectItemCaseSensitive(wait, "equals")) {
        out->width = 64 - (unsigned)__builtin_clzll(mask) - out->lo;
        out->value = (now == equals ? 0 : equals) >> out->lo;
        return true;
    }
    out->lo = lowest(now ? now : mask);
    out->width = 1;
    out->value = !now;
    return true;
}

/*
 * The code around does not test it: the other value of the lowest bit that
 * was set, or of bit 0.  False for a value that changes.
 */
static bool guess_wish(const cJSON *wait, struct wish *out)
{
    uint64_t now = explain_number(wait, "value");

    if (explain_number(wait, "bits") || explain_number(wait, "changes")) {
        return false;
    }
    out->lo = now ? lowest(now) : 0;
    out->width = 1;
    out->value = !now;
    return true;
}

/*
 * Adds what probing said of a wait, where a person's text kept it from being
 * used: the daemon's words hold the numbers.
 */
static void add_probed(const cJSON *doc, cJSON *wait)
{
    const cJSON *tried = cJSON_GetObjectItemCaseSensitive(doc, "tried");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tried, "unresolved");
    const cJSON *one;
    uint64_t address, pc, bits, value;

    cJSON_ArrayForEach(one, list) {
        const char *at = cJSON_IsString(one) ?
            strstr(one->valuestring, "register at 0x") : NULL;
        const char *numbers = at ? strstr(at, "; bits 0x") : NULL;

        if (numbers &&
            sscanf(at, "register at 0x%" SCNx64 " polled at 0x%" SCNx64,
                   &address, &pc) == 2 &&
            sscanf(numbers, "; bits 0x%" SCNx64 " as 0x%" SCNx64, &bits,
                   &value) == 2 && bits != 0 &&
            address == explain_number(wait, "address") &&
            pc == explain_number(wait, "pc")) {
            explain_add_hex(wait, "probed_bits", bits);
            explain_add_hex(wait, "probed_value", value);
            return;
        }
    }
}

static bool was_probed(const cJSON *wait)
{
    return cJSON_GetObjectItemCaseSensitive(wait, "probed_bits") != NULL;
}

/* The lowest run of the bits that would lead on. */
static void wish_probed(const cJSON *wait, struct wish *out)
{
    uint64_t mask = explain_number(wait, "probed_bits");

    out->lo = lowest(mask);
    out->width = ~(mask >> out->lo) ? lowest(~(mask >> out->lo)) : 64;
    out->value = explain_number(wait, "probed_value") >> out->lo;
    if (out->width < 64) {
        out->value &= (UINT64_C(1) << out->width) - 1;
    }
}

static const struct pcc_field *field_over(const struct pcc_device *device,
                                          const struct pcc_reg *reg,
                                          const struct wish *w)
{
    uint32_t i;

    for (i = 0; i < reg->field_count; i++) {
        const struct pcc_field *f = &device->fields[reg->first_field + i];

        if (f->lo < w->lo + w->width && w->lo < f->lo + f->width) {
            return f;
        }
    }
    return NULL;
}

/* "b5 [5] ro = 1;" */
static void put_field(struct pdl_strbuf *out, const char *name,
                      const struct wish *w)
{
    if (name) {
        /* `drop` would take a field of the old name along. */
        pdl_strbuf_printf(out, "%s_is", name);
    } else {
        pdl_strbuf_printf(out, "b%u", w->lo);
    }
    if (w->width == 1) {
        pdl_strbuf_printf(out, " [%u]", w->lo);
    } else {
        pdl_strbuf_printf(out, " [%u..%u]", w->lo, w->lo + w->width - 1);
    }
    pdl_strbuf_printf(out, " ro = 0x%" PRIx64 ";", w->value);
}

/* The lines that make register @reg of @instance read as wished. */
static void put_change(const struct explain *x, struct pdl_strbuf *out,
                       const struct pcc_instance *instance,
                       const struct pcc_reg *reg, struct wish w)
{
    const struct pcc_device *device = &x->model->devices[instance->device];
    const struct pcc_field *field = field_over(device, reg, &w);
    const char *board = x->model->board->name;
    const char *path = reg->path ? reg->path : reg->name;

    if (field) {
        w.value = field->width == w.width ? w.value :
            (field->reset & ~(UINT64_C(1) << (w.lo - field->lo))) |
            w.value << (w.lo > field->lo ? w.lo - field->lo : 0);
        w.lo = field->lo;
        w.width = field->width;
        pdl_strbuf_printf(out, "extend %s.%s { drop %s.%s; }\n", board,
                          instance->name, path, field->name);
    }
    pdl_strbuf_printf(out, "extend reg %s.%s.%s { ", board, instance->name,
                      path);
    put_field(out, field ? field->name : NULL, &w);
    pdl_strbuf_puts(out, " }\n");
}

static void put_new(const struct explain *x, struct pdl_strbuf *out,
                    const struct pcc_instance *instance, const cJSON *wait,
                    uint64_t offset, const struct wish *w)
{
    const struct pcc_device *device = &x->model->devices[instance->device];
    unsigned bits = (unsigned)explain_number(wait, "bytes") * 8;

    pdl_strbuf_printf(out, "extend %s.%s { reg r%02" PRIx64 " @ 0x%02" PRIx64,
                      x->model->board->name, instance->name, offset, offset);
    if (bits != device->width && bits != 0) {
        pdl_strbuf_printf(out, " : %u", bits);
    }
    pdl_strbuf_puts(out, " { ");
    put_field(out, NULL, w);
    pdl_strbuf_puts(out, " } }\n");
}

/* How a wish is come to, best first. */
enum told { TOLD_PROBED, TOLD_BY_CODE, TOLD_NOT, TOLD_NOTHING };

static enum told find_wish(const cJSON *wait, struct wish *out)
{
    if (was_probed(wait)) {
        wish_probed(wait, out);
        return TOLD_PROBED;
    }
    if (make_wish(wait, out)) {
        return TOLD_BY_CODE;
    }
    return guess_wish(wait, out) ? TOLD_NOT : TOLD_NOTHING;
}

/* The reason of a suggestion, owned by the caller. */
static char *reason(const cJSON *wait, enum told told)
{
    const char *name = explain_text(wait, "register");
    const char *value = explain_text(wait, "value");

    switch (told) {
    case TOLD_PROBED:
        return text_new("with bits %s of %s as %s it would go on, by trying "
                        "it", explain_text(wait, "probed_bits"), name,
                        explain_text(wait, "probed_value"));
    case TOLD_BY_CODE:
        return text_new("after it read %s as %s, the code does \"%s\"", name,
                        value, explain_text(wait, "test"));
    default:
        return text_new("it read %s as %s, %llu times, and the code around "
                        "does not say what it wants: the other value, to "
                        "start from", name, value,
                        (unsigned long long)explain_number(wait, "times"));
    }
}

static void suggest_register(const struct explain *x, cJSON *list,
                             const cJSON *wait)
{
    struct pdl_strbuf text = PDL_STRBUF_INIT;
    const struct pcc_instance *instance;
    const struct pcc_reg *reg;
    struct wish wish;
    uint64_t offset;
    enum told told;
    char *why;

    instance = decode_instance(x->model, explain_number(wait, "address"),
                               &offset);
    told = instance ? find_wish(wait, &wish) : TOLD_NOTHING;
    if (told == TOLD_NOTHING) {
        return;
    }
    reg = decode_reg(x->model, instance, offset);
    if (reg) {
        wish.lo += (unsigned)(offset - reg->offset) * 8;
        put_change(x, &text, instance, reg, wish);
    } else {
        put_new(x, &text, instance, wait, offset, &wish);
    }
    why = reason(wait, told);
    add(x, list, why, pdl_strbuf_str(&text), wait);
    free(why);
    pdl_strbuf_dispose(&text);
}

/* ---- Memory that is missing ---- */

static void suggest_memory(const struct explain *x, cJSON *list,
                           const char *why, uint64_t base)
{
    char *text;

    text = text_new("extend %s { memory found_%" PRIx64 " @ 0x%08" PRIx64
                    " : %uK; }\n", x->model->board->name, base, base,
                    STACK_BYTES / 1024);
    add(x, list, why, text, NULL);
    free(text);
}

/* A stack or code where the board has nothing. */
static void suggest_memories(const struct explain *x, cJSON *list,
                             const cJSON *doc)
{
    const cJSON *where, *cpu;
    uint64_t pc, sp, offset;

    where = cJSON_GetObjectItemCaseSensitive(doc, "where");
    cJSON_ArrayForEach(cpu, where) {
        sp = explain_number(cpu, "sp");
        pc = explain_number(cpu, "pc");
        if (sp > STACK_BYTES / 16 && sp % 4 == 0 &&
            !explain_in_memory(x, sp) && !explain_in_memory(x, sp - 1) &&
            !decode_instance(x->model, sp - 1, &offset)) {
            suggest_memory(x, list, "the stack pointer is where the board "
                           "has no memory",
                           (sp - 1) & ~(uint64_t)(STACK_BYTES - 1));
        }
        if (!explain_in_memory(x, pc) && !*explain_text(cpu, "place") &&
            pc > STACK_BYTES) {
            suggest_memory(x, list, "the guest runs where the board has no "
                           "memory: is memory missing there, or did it jump "
                           "through a wrong pointer?",
                           pc & ~(uint64_t)(STACK_BYTES - 1));
        }
    }
}

void explain_suggest(const struct explain *x, cJSON *doc)
{
    cJSON *list = cJSON_AddArrayToObject(doc, "suggestions");
    const cJSON *waits;
    cJSON *wait;
    uint64_t most = 0;
    bool waiting = strcmp(explain_text(doc, "outcome"), "waiting") == 0 ||
        strcmp(explain_text(doc, "outcome"), "matched") == 0;

    suggest_memories(x, list, doc);
    /* The first is the hottest; what is read far less does not hold it up. */
    waits = cJSON_GetObjectItemCaseSensitive(doc, "waits");
    cJSON_ArrayForEach(wait, waits) {
        add_probed(doc, wait);
        /* A console that waits for input is to go on waiting. */
        most = explain_number(wait, "times") > most ?
            explain_number(wait, "times") : most;
        if (explain_number(wait, "times") >= most / 4 &&
            (!cJSON_GetObjectItemCaseSensitive(wait, "console") ||
             !waiting || was_probed(wait))) {
            suggest_register(x, list, wait);
        }
    }
}
