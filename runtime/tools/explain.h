/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph explain`: from what a run left to what a person can do. */
#ifndef RUNTIME_TOOLS_EXPLAIN_H
#define RUNTIME_TOOLS_EXPLAIN_H

#include <cjson/cJSON.h>

#include "compiler/driver.h"
#include "runtime/tools/code.h"
#include "runtime/tools/image.h"

#define EXPLAIN_IMAGES 8u

struct explain_image {
    struct image image;
    char *name;                 /* last part of the path */
    uint64_t address;           /* where the board puts a raw one */
};

/* What is looked at; all of it belongs to the command. */
struct explain {
    const char *dir;            /* of the board */
    const cJSON *last;          /* lastrun.h */
    const cJSON *machine;       /* its part, or NULL */
    const struct pcc *pcc;
    const struct pcc_model *model;
    struct explain_image images[EXPLAIN_IMAGES];
    unsigned image_count;
};

/* The members of objects that lastrun.h describes; 0, "" where absent. */
uint64_t explain_number(const cJSON *object, const char *name);
const char *explain_text(const cJSON *object, const char *name);
void explain_add_hex(cJSON *to, const char *name, uint64_t value);

/* "symbol+0x12", "u-boot.bin+0x12", "memory ram+0x12"; false: in nothing. */
bool explain_place(const struct explain *x, uint64_t address, char *out,
                   size_t size);
bool explain_in_memory(const struct explain *x, uint64_t address);

/* The "code" of a CPU or site; false when there is none. */
bool explain_code(const struct explain *x, const cJSON *of,
                  struct code *out);

/*
 * All of it as JSON:
 *   board, outcome, seconds, reason, console
 *   where        [{cpu, pc, place, mode, exception, stays, code: [text]}]
 *   waits        [{pc, place, register, address, times, value, changes,
 *                  exception, by, confidence, evidence, file, line, model,
 *                  test, bits, probed_bits, probed_value}]
 *   tried        {faults, stalls, idles, restarts, probes, withdrawn,
 *                 unresolved}
 *   unknown      [{register, address, crashing, callers, hits, why}]
 *   suggestions  [{why, file, line, text, compiles}]
 * Owned by the caller.
 */
cJSON *explain_make(const struct explain *x);

/* Fills "suggestions" of @doc, whose other parts are there. */
void explain_suggest(const struct explain *x, cJSON *doc);

void explain_print(const cJSON *doc);

#endif
