/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the guest is, what it waits for, what is not known. */
#include "runtime/tools/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/source.h"
#include "runtime/tools/decode.h"
#include "runtime/tools/symbols.h"
#include "runtime/tools/util.h"

#define WAITS_MAX 5u
#define UNKNOWN_MAX 12u
#define UNSURE 50u              /* per cent; below that an item is a guess */
#define MIN_RUN 16u             /* equal reads in a row that make a poll */

uint64_t explain_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsString(item)) {
        return strtoull(item->valuestring, NULL, 16);
    }
    return cJSON_IsNumber(item) && item->valuedouble > 0 &&
           item->valuedouble < 0x1p53 ? (uint64_t)item->valuedouble : 0;
}

const char *explain_text(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

static bool flag(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

void explain_add_hex(cJSON *to, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    cJSON_AddStringToObject(to, name, text);
}

/* ---- Places ---- */

static const struct pcc_memory *find_memory(const struct explain *x,
                                            uint64_t address)
{
    const struct pcc_board *board = x->model->board;
    size_t i;

    for (i = 0; i < board->memory_count; i++) {
        const struct pcc_memory *m = &board->memories[i];

        if (address >= m->base && address - m->base < m->size) {
            return m;
        }
    }
    return NULL;
}

bool explain_in_memory(const struct explain *x, uint64_t address)
{
    return find_memory(x, address) != NULL;
}

static bool in_image(const struct explain_image *i, uint64_t address,
                     uint64_t *offset)
{
    unsigned k;

    if (i->image.kind == IMAGE_RAW) {
        *offset = address - i->address;
        return address >= i->address && *offset < i->image.file_size;
    }
    for (k = 0; k < i->image.piece_count; k++) {
        const struct image_piece *piece = &i->image.pieces[k];

        if (address >= piece->load && address - piece->load < piece->size) {
            *offset = address - i->image.pieces[0].load;
            return true;
        }
    }
    return false;
}

bool explain_place(const struct explain *x, uint64_t address, char *out,
                   size_t size)
{
    const struct pcc_instance *instance;
    const struct pcc_memory *memory = find_memory(x, address);
    uint64_t offset;
    unsigned i;

    for (i = 0; i < x->image_count; i++) {
        if (symbols_find(&x->images[i].image, address, out, size)) {
            return true;
        }
    }
    for (i = 0; i < x->image_count; i++) {
        if (in_image(&x->images[i], address, &offset)) {
            snprintf(out, size, "%s+0x%" PRIx64, x->images[i].name, offset);
            return true;
        }
    }
    if (memory) {
        snprintf(out, size, "memory %s+0x%" PRIx64, memory->name,
                 address - memory->base);
        return true;
    }
    instance = decode_instance(x->model, address, &offset);
    if (instance) {
        snprintf(out, size, "device %s+0x%" PRIx64, instance->name, offset);
    }
    return instance != NULL;
}

static unsigned hex_digit(char c)
{
    return c >= 'a' ? (unsigned)(c - 'a') + 10 : (unsigned)(c - '0');
}

bool explain_code(const struct explain *x, const cJSON *of, struct code *out)
{
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(of, "code");
    const char *hex = explain_text(code, "bytes");
    bool a64 = strcmp(explain_text(x->machine, "arch"), "aarch64") == 0 ||
        (!*explain_text(x->machine, "arch") &&
         strstr(explain_text(of, "registers"), "PSTATE="));

    if (strspn(hex, "0123456789abcdef") != strlen(hex)) {
        return false;
    }
    out->kind = a64 ? CODE_A64 : flag(of, "thumb") ? CODE_THUMB : CODE_A32;
    if (strcmp(explain_text(x->machine, "arch"), "m") == 0) {
        out->kind = CODE_THUMB;
    }
    out->at = explain_number(code, "at");
    for (out->size = 0; hex[0] && hex[1] && out->size < CODE_BYTES_MAX;
         hex += 2) {
        out->bytes[out->size++] = (uint8_t)(hex_digit(hex[0]) << 4 |
                                            hex_digit(hex[1]));
    }
    return out->size > 0;
}

/* ---- Where the guest is ---- */

static void add_lines(cJSON *to, const struct code *code, uint64_t pc)
{
    struct code_line lines[CODE_LINES];
    unsigned count = code_lines(code, pc, 3, 4, lines), i;
    cJSON *list = cJSON_AddArrayToObject(to, "code");
    char text[160];

    for (i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "%s 0x%08" PRIx64 "  %s",
                 lines[i].address == pc ? ">" : " ", lines[i].address,
                 lines[i].text);
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
}

static void add_place(const struct explain *x, cJSON *to, uint64_t pc)
{
    char place[160];

    explain_add_hex(to, "pc", pc);
    if (explain_place(x, pc, place, sizeof(place))) {
        cJSON_AddStringToObject(to, "place", place);
    }
}

static void add_where(const struct explain *x, cJSON *doc)
{
    cJSON *list = cJSON_AddArrayToObject(doc, "where"), *item;
    const cJSON *cpus, *cpu;
    struct code code;

    cpus = cJSON_GetObjectItemCaseSensitive(x->machine, "cpus");
    cJSON_ArrayForEach(cpu, cpus) {
        item = cJSON_CreateObject();
        cJSON_AddItemToArray(list, item);
        cJSON_AddNumberToObject(item, "cpu",
                                (double)explain_number(cpu, "cpu"));
        add_place(x, item, explain_number(cpu, "pc"));
        explain_add_hex(item, "sp", explain_number(cpu, "sp"));
        cJSON_AddStringToObject(item, "mode", explain_text(cpu, "mode"));
        cJSON_AddNumberToObject(item, "exception",
                                (double)explain_number(cpu, "exception"));
        if (explain_code(x, cpu, &code)) {
            add_lines(item, &code, explain_number(cpu, "pc"));
            cJSON_AddBoolToObject(item, "stays",
                                  code_stays(&code,
                                             explain_number(cpu, "pc")));
        }
    }
}

/* ---- Registers ---- */

/* "uart0.SR" at @address, or "0x4001c000" where the board has nothing. */
static void name_register(const struct explain *x, uint64_t address,
                          const struct pcc_instance **instance,
                          const struct pcc_reg **reg, char *out, size_t size)
{
    uint64_t offset;

    *reg = NULL;
    *instance = decode_instance(x->model, address, &offset);
    if (!*instance) {
        snprintf(out, size, "0x%08" PRIx64, address);
        return;
    }
    *reg = decode_reg(x->model, *instance, offset);
    if (*reg) {
        snprintf(out, size, "%s.%s", (*instance)->name,
                 (*reg)->path ? (*reg)->path : (*reg)->name);
    } else {
        snprintf(out, size, "%s+0x%" PRIx64, (*instance)->name, offset);
    }
}

/* The first line of the item that @origin stands for, without its note. */
static char *model_line(const struct explain *x,
                        const struct pcc_origin *origin)
{
    size_t len, end;
    const char *text = pdl_source_text(pcc_sources(x->pcc),
                                       origin->span.file, &len), *at, *reg;

    if (!text || origin->span.begin >= len) {
        return NULL;
    }
    end = origin->span.end < len ? origin->span.end : len;
    at = text + origin->span.begin;
    reg = *at == '@' ? memmem(at, text + end - at, "reg ", 4) : at;
    at = reg ? reg : at;
    len = strcspn(at, "\n");
    len = len < (size_t)(text + end - at) ? len : (size_t)(text + end - at);
    return text_new("%.*s%s", (int)len, at, at + len < text + end ? " ..."
                                                                  : "");
}

static void add_origin(const struct explain *x, cJSON *to,
                       const struct pcc_origin *origin)
{
    struct pdl_location at;
    char *line;

    cJSON_AddStringToObject(to, "by", origin->owner == PCC_PERSON ? "person" :
                            origin->by ? origin->by :
                            pcc_owner_name(origin->owner));
    cJSON_AddNumberToObject(to, "confidence", origin->confidence);
    if (origin->evidence) {
        cJSON_AddStringToObject(to, "evidence", origin->evidence);
    }
    if (pdl_source_locate(pcc_sources(x->pcc), origin->span.file,
                          origin->span.begin, &at) == 0) {
        cJSON_AddStringToObject(to, "file", at.name);
        cJSON_AddNumberToObject(to, "line", at.line);
    }
    line = model_line(x, origin);
    if (line) {
        cJSON_AddStringToObject(to, "model", line);
    }
    free(line);
}

/* ---- What it waits for ---- */

static void add_test(const struct explain *x, cJSON *to, const cJSON *site)
{
    struct code_test test;
    struct code code;

    if (!explain_code(x, site, &code) ||
        !code_find_test(&code, explain_number(site, "pc"), &test)) {
        return;
    }
    cJSON_AddStringToObject(to, "test", test.line.text);
    explain_add_hex(to, "bits", test.mask);
    if (test.kind == CODE_TEST_EQUAL) {
        explain_add_hex(to, "equals", test.value);
    }
}

static cJSON *wait_json(const struct explain *x, const cJSON *site)
{
    const struct pcc_instance *instance;
    const struct pcc_reg *reg;
    uint64_t address = explain_number(site, "address");
    cJSON *item = cJSON_CreateObject();
    struct code code;
    char name[160];

    name_register(x, address, &instance, &reg, name, sizeof(name));
    cJSON_AddStringToObject(item, "register", name);
    explain_add_hex(item, "address", address);
    cJSON_AddNumberToObject(item, "bytes",
                            (double)explain_number(site, "bytes"));
    if (instance && x->model->board->console != PCC_NONE &&
        instance == &x->model->board->instances[x->model->board->console]) {
        cJSON_AddTrueToObject(item, "console");
    }
    add_place(x, item, explain_number(site, "pc"));
    cJSON_AddNumberToObject(item, "times",
                            (double)explain_number(site, "count"));
    explain_add_hex(item, "value", explain_number(site, "value"));
    cJSON_AddNumberToObject(item, "changes",
                            (double)explain_number(site, "changes"));
    cJSON_AddNumberToObject(item, "exception",
                            (double)explain_number(site, "exception"));
    if (reg) {
        add_origin(x, item, &reg->origin);
    }
    add_test(x, item, site);
    if (explain_code(x, site, &code)) {
        add_lines(item, &code, explain_number(site, "pc"));
    }
    return item;
}

/*
 * Whether the guest was still polling there at the end.  A poll that came to
 * an end read something else last; a counter changes all the time.
 */
static bool is_polled(const cJSON *site)
{
    return !flag(site, "write") && explain_number(site, "recent") > 0 &&
           (explain_number(site, "run") >= MIN_RUN ||
            (explain_number(site, "late") >= MIN_RUN &&
             explain_number(site, "changes") >= MIN_RUN));
}

static void add_waits(const struct explain *x, cJSON *doc)
{
    cJSON *list = cJSON_AddArrayToObject(doc, "waits");
    const cJSON *sites, *site;
    unsigned count = 0;

    sites = cJSON_GetObjectItemCaseSensitive(x->machine, "sites");
    cJSON_ArrayForEach(site, sites) {
        if (count < WAITS_MAX && is_polled(site)) {
            cJSON_AddItemToArray(list, wait_json(x, site));
            count++;
        }
    }
}

/* ---- What is not known ---- */

struct unknown {
    uint64_t address, hits;
    unsigned callers, crashing;
    char why[64];
};

/* Why what is at @address is not known, or "". */
static void judge(const struct explain *x, const cJSON *site, char *why,
                  size_t size)
{
    uint64_t offset, address = explain_number(site, "address");
    const struct pcc_instance *instance = decode_instance(x->model, address,
                                                          &offset);
    const struct pcc_reg *reg = instance ?
        decode_reg(x->model, instance, offset) : NULL;

    *why = 0;
    if (flag(site, "failed") && !reg) {
        snprintf(why, size, "a bus error");
    } else if (!instance && flag(site, "unmapped")) {
        snprintf(why, size, "nothing is there");
    } else if (instance && !reg && flag(site, "unmapped")) {
        snprintf(why, size, "no register is there");
    } else if (reg && reg->origin.owner == PCC_INFERRED &&
               reg->origin.confidence < UNSURE) {
        snprintf(why, size, "a guess of %u %%", reg->origin.confidence);
    }
}

static struct unknown *unknown_at(struct unknown *list, unsigned *count,
                                  unsigned max, uint64_t address)
{
    unsigned i;

    for (i = 0; i < *count; i++) {
        if (list[i].address == address) {
            return &list[i];
        }
    }
    if (*count == max) {
        return NULL;
    }
    list[*count] = (struct unknown) { .address = address };
    return &list[(*count)++];
}

/* What callers crashed with ranks far above how many and how often. */
static int by_rank(const void *a, const void *b)
{
    const struct unknown *x = a, *y = b;

    if (x->crashing != y->crashing) {
        return x->crashing > y->crashing ? -1 : 1;
    }
    if (x->callers != y->callers) {
        return x->callers > y->callers ? -1 : 1;
    }
    if (x->hits != y->hits) {
        return x->hits > y->hits ? -1 : 1;
    }
    return x->address < y->address ? -1 : x->address > y->address;
}

static void add_unknown(const struct explain *x, cJSON *doc)
{
    cJSON *list = cJSON_AddArrayToObject(doc, "unknown"), *item;
    const cJSON *sites, *site;
    const struct pcc_instance *instance;
    const struct pcc_reg *reg;
    struct unknown found[512], *one;
    bool crashed = strcmp(explain_text(doc, "outcome"), "crashed") == 0;
    unsigned count = 0, i;
    char why[64], name[160];

    sites = cJSON_GetObjectItemCaseSensitive(x->machine, "sites");
    cJSON_ArrayForEach(site, sites) {
        judge(x, site, why, sizeof(why));
        one = *why ? unknown_at(found, &count, 512,
                                explain_number(site, "address")) : NULL;
        if (one) {
            one->callers++;
            one->hits += explain_number(site, "count");
            one->crashing += crashed && explain_number(site, "late") > 0;
            memcpy(one->why, why, sizeof(why));
        }
    }
    qsort(found, count, sizeof(found[0]), by_rank);
    for (i = 0; i < count && i < UNKNOWN_MAX; i++) {
        item = cJSON_CreateObject();
        name_register(x, found[i].address, &instance, &reg, name,
                      sizeof(name));
        cJSON_AddStringToObject(item, "register", name);
        explain_add_hex(item, "address", found[i].address);
        cJSON_AddNumberToObject(item, "crashing", found[i].crashing);
        cJSON_AddNumberToObject(item, "callers", found[i].callers);
        cJSON_AddNumberToObject(item, "hits", (double)found[i].hits);
        cJSON_AddStringToObject(item, "why", found[i].why);
        cJSON_AddItemToArray(list, item);
    }
}

/* ---- What was tried ---- */

static void add_tried(const struct explain *x, cJSON *doc)
{
    static const char *const figures[] = {
        "faults", "stalls", "idles", "restarts", "probes", "timeouts",
    };
    const cJSON *report, *unresolved;
    cJSON *tried = cJSON_AddObjectToObject(doc, "tried");
    size_t i;

    report = cJSON_GetObjectItemCaseSensitive(x->last, "report");
    for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        cJSON_AddNumberToObject(tried, figures[i],
                                (double)explain_number(report, figures[i]));
    }
    cJSON_AddNumberToObject(tried, "withdrawn",
                            (double)explain_number(x->last, "withdrawn"));
    unresolved = cJSON_GetObjectItemCaseSensitive(report, "unresolved");
    cJSON_AddItemToObject(tried, "unresolved", cJSON_IsArray(unresolved) ?
                          cJSON_Duplicate(unresolved, true) :
                          cJSON_CreateArray());
}

/* What was read before the model was what it is now. */
static void add_replay(const struct explain *x, cJSON *doc)
{
    cJSON *report, *replay, *list, *one;
    char place[160];

    report = cJSON_GetObjectItemCaseSensitive(x->last, "report");
    replay = cJSON_GetObjectItemCaseSensitive(report, "replay");
    if (!cJSON_IsObject(replay)) {
        return;
    }
    replay = cJSON_Duplicate(replay, true);
    list = cJSON_GetObjectItemCaseSensitive(replay, "differences");
    cJSON_ArrayForEach(one, list) {
        if (explain_place(x, strtoull(explain_text(one, "pc"), NULL, 0),
                          place, sizeof(place))) {
            cJSON_AddStringToObject(one, "place", place);
        }
    }
    cJSON_AddItemToObject(doc, "replay", replay);
}

cJSON *explain_make(const struct explain *x)
{
    cJSON *doc = cJSON_CreateObject();
    const cJSON *report, *seconds;

    report = cJSON_GetObjectItemCaseSensitive(x->last, "report");
    seconds = cJSON_GetObjectItemCaseSensitive(report, "seconds");
    cJSON_AddStringToObject(doc, "board", x->model->board->name);
    cJSON_AddStringToObject(doc, "outcome", explain_text(report, "outcome"));
    cJSON_AddNumberToObject(doc, "seconds", cJSON_IsNumber(seconds) ?
                            seconds->valuedouble : 0);
    cJSON_AddStringToObject(doc, "reason", explain_text(x->last, "reason"));
    cJSON_AddStringToObject(doc, "console",
                            explain_text(x->last, "console"));
    cJSON_AddNumberToObject(doc, "accesses",
                            (double)explain_number(x->machine, "records"));
    add_where(x, doc);
    add_waits(x, doc);
    add_tried(x, doc);
    add_replay(x, doc);
    add_unknown(x, doc);
    explain_suggest(x, doc);
    return doc;
}
