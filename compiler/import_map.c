/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps of QEMU's machines (qemu-hw/DEVICE-MAP.md) to a board: its CPUs and
 * memories, and each device of QEMU as a native.  Places where QEMU has
 * nothing stay holes: those are what is to be inferred.
 */
#include "compiler/import.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/import_tree.h"
#include "dsl/scan.h"

#define LEAST_MEMORY 0x1000u    /* bytes; what is smaller is a gap's edge */
#define MAX_TEXT 1024u          /* bytes of a text, of what a string holds */

struct map {
    struct pcc_import *imp;
    const cJSON *devices;
    const cJSON *gic;         /* that wires lead to, or NULL */
    const char *gic_name;
    struct imt names;           /* for imt_name() only */
};

static const struct pdl_span nowhere = { 0, 0, 0 };

static int bad_input(struct pcc_import *imp, const char *why)
{
    pdl_diag_add(imp->diags, PDL_D_IMPORT_BAD_INPUT, nowhere, imp->path, why);
    return PCC_ERR_INPUT;
}

/* ---- JSON ---- */

static void free_json(void *json)
{
    cJSON_Delete(json);
}

/* What no string of the language may hold becomes '?'; long ones are cut. */
static void clean_text(char *text)
{
    size_t len = strlen(text), at = 0;

    while (at < len && at < MAX_TEXT) {
        size_t n = pdl_utf8_length(text + at, len - at);

        if (!n || (unsigned char)text[at] < ' ' || text[at] == 0x7f) {
            text[at] = '?';
            n = 1;
        }
        at += n;
    }
    text[at] = '\0';
}

/* All strings below @item; cJSON bounds how deep that is. */
static void clean(cJSON *item)
{
    for (; item; item = item->next) {
        if (item->valuestring) {
            clean_text(item->valuestring);
        }
        clean(item->child);
    }
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

/* A member that is a string in hex; false when it is none. */
static bool hex_of(const cJSON *object, const char *name, uint64_t *value)
{
    const char *text = text_of(object, name);
    char *end;

    if (strncmp(text, "0x", 2) != 0) {
        return false;
    }
    errno = 0;
    *value = strtoull(text, &end, 16);
    return errno == 0 && end > text + 2 && *end == '\0';
}

/* A small number; -1 when it is none. */
static long number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (!cJSON_IsNumber(item) || item->valuedouble < 0 ||
        item->valuedouble > INT32_MAX) {
        return -1;
    }
    return (long)item->valuedouble;
}

static const cJSON *list_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsArray(item) ? item : NULL;
}

/* ---- pieces ---- */

static void add_setting(struct pcc_import *imp, struct pdl_body *body,
                        const char *name, struct pdl_expr *value)
{
    struct pdl_item *item = imt_item(imp, PDL_ITEM_SETTING, name);

    item->u.setting.values = pcc_import_need(imp, value);
    pdl_body_add(body, item);
}

static struct pdl_expr *string(struct pcc_import *imp, const char *text)
{
    return pdl_expr_string(imp->arena, pcc_import_printf(imp, "%s", text));
}

/* Its place in QEMU is where it was imported from. */
static struct pdl_note *note_of(struct map *m, const cJSON *object)
{
    struct pdl_note *note = pcc_import_note(m->imp);

    note->args->value = pcc_import_need(m->imp, pdl_expr_string(
        m->imp->arena, pcc_import_printf(m->imp, "%s:%s", m->imp->from,
                                         text_of(object, "qom"))));
    return note;
}

/* ---- CPUs and memories ---- */

static int add_cpus(struct map *m, const cJSON *root, struct pdl_body *body)
{
    const cJSON *cpus = list_of(root, "cpus"), *cpu, *first = NULL;
    unsigned same = 0;

    cJSON_ArrayForEach(cpu, cpus) {
        first = first ? first : cpu;
        same += strcmp(text_of(cpu, "model"), text_of(first, "model")) == 0;
    }
    if (!first || !*text_of(first, "model")) {
        return bad_input(m->imp, "it names no CPU");
    }
    add_setting(m->imp, body, "cpu", string(m->imp, text_of(first, "model")));
    if (same > 1) {
        add_setting(m->imp, body, "cpus",
                    pdl_expr_number(m->imp->arena, same, 10));
    }
    if (strcmp(text_of(first, "arch"), "m") != 0 &&
        (strcmp(text_of(first, "psci"), "smc") == 0 ||
         strcmp(text_of(first, "psci"), "hvc") == 0)) {
        add_setting(m->imp, body, "psci", pdl_expr_ref(
            m->imp->arena, pcc_import_printf(m->imp, "%s",
                                             text_of(first, "psci"))));
    }
    return PCC_OK;
}

/* Another view of the same bytes, or of what another CPU sees there. */
static bool is_repeated(const cJSON *memories, const cJSON *memory)
{
    uint64_t base, size, other, other_size;
    const cJSON *m;

    hex_of(memory, "address", &base);
    hex_of(memory, "size", &size);
    cJSON_ArrayForEach(m, memories) {
        if (m == memory) {
            return false;
        }
        if (strcmp(text_of(m, "qom"), text_of(memory, "qom")) == 0 &&
            strcmp(text_of(m, "offset"), text_of(memory, "offset")) == 0) {
            return true;
        }
        if (hex_of(m, "address", &other) && hex_of(m, "size", &other_size) &&
            base <= other + (other_size - 1) && other <= base + (size - 1)) {
            return true;
        }
    }
    return false;
}

static void add_memories(struct map *m, const cJSON *root,
                         struct pdl_body *body)
{
    const cJSON *memories = list_of(root, "memories"), *memory;
    uint64_t base, size;

    cJSON_ArrayForEach(memory, memories) {
        bool rom = strcmp(text_of(memory, "kind"), "rom") == 0;
        struct pdl_item *item;

        if (!hex_of(memory, "address", &base) ||
            !hex_of(memory, "size", &size) || size < LEAST_MEMORY ||
            size - 1 > UINT64_MAX - base || is_repeated(memories, memory)) {
            continue;
        }
        item = imt_item(m->imp, PDL_ITEM_MEMORY,
                        imt_name(&m->names, rom ? "rom" : "ram"));
        item->notes = note_of(m, memory);
        item->u.memory.base = imt_number(m->imp, base);
        item->u.memory.size = imt_number(m->imp, size);
        if (rom) {
            pdl_item_add_attr(item, pcc_import_need(m->imp, pdl_attr_policy(
                m->imp->arena, PDL_POLICY_RO)));
        }
        pdl_body_add(body, item);
    }
}

/* ---- natives ---- */

static bool is_gic(const char *type)
{
    return strcmp(type, "arm_gic") == 0 || strcmp(type, "arm-gicv3") == 0;
}

/* What a board makes by itself, and places where QEMU has nothing. */
static bool is_skipped(const char *type)
{
    static const char *const types[] = {
        "unimplemented-device", "none", "empty_slot", "ARM-bitband-memory",
        "armv7m", "armv7m_nvic", "armv7m_systick", "armv7m_ras",
        "armv7m-dwt", "periph-device", "fw_cfg_mem", "gpex-pcihost",
        "armv7m.dwt",
    };
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i], type) == 0) {
            return true;
        }
    }
    return false;
}

/* Ranges 0, 1, ... as far as they are mapped without a gap; or NULL. */
static struct pdl_expr *bases_of(struct map *m, const cJSON *device)
{
    const cJSON *ranges = list_of(device, "mmio"), *range;
    struct pdl_expr *first = NULL, **end = &first;
    uint64_t base;
    long index = 0;

    cJSON_ArrayForEach(range, ranges) {
        if (number_of(range, "index") != index ||
            index == PCC_MAX_ADDRESSES || !hex_of(range, "address", &base)) {
            break;
        }
        *end = imt_number(m->imp, base);
        end = &(*end)->next;
        index++;
    }
    return first;
}

static struct pdl_target *target_of(struct map *m, const cJSON *wire)
{
    const char *kind = text_of(wire, "kind");
    struct pdl_target *t;
    const char *where;
    long number = number_of(wire, "number");

    if (number < 0 || strcmp(text_of(wire, "output"), "sysbus-irq") != 0) {
        return NULL;
    }
    if (strcmp(kind, "nvic") == 0) {
        where = "nvic";
    } else if (strcmp(kind, "spi") == 0 && m->gic &&
               strcmp(text_of(wire, "target"),
                      text_of(m->gic, "qom")) == 0) {
        where = pcc_import_printf(m->imp, "%s.spi", m->gic_name);
    } else {
        return NULL;
    }
    t = PCC_IMPORT_NEW(m->imp, struct pdl_target);
    t->ref = pcc_import_need(m->imp, pdl_ref_new(m->imp->arena, where));
    t->operands = pcc_import_need(m->imp, pdl_expr_number(
        m->imp->arena, (uint64_t)number, 10));
    if (strcmp(kind, "spi") == 0) {
        t->operands->next = pcc_import_need(m->imp, pdl_expr_ref(
            m->imp->arena, "level_high"));
    }
    return t;
}

/* "irq", or "irq[2]" for an output that is not the first. */
static struct pdl_ref *output_of(struct map *m, long index)
{
    struct pdl_ref *ref = pcc_import_need(m->imp, pdl_ref_new(
        m->imp->arena, "irq"));

    if (index > 0) {
        struct pdl_part *part = PCC_IMPORT_NEW(m->imp, struct pdl_part);

        part->kind = PDL_PART_INDEX;
        part->first = pcc_import_need(m->imp, pdl_expr_number(
            m->imp->arena, (uint64_t)index, 10));
        ref->parts->next = part;
    }
    return ref;
}

static void add_wires(struct map *m, const cJSON *device,
                      struct pdl_body *body)
{
    const cJSON *wires = list_of(device, "interrupts"), *wire;

    cJSON_ArrayForEach(wire, wires) {
        struct pdl_target *target = target_of(m, wire);
        long index = number_of(wire, "index");
        struct pdl_item *item;

        if (!target || index < 0) {
            continue;
        }
        item = imt_item(m->imp, PDL_ITEM_WIRE, NULL);
        item->u.wire.source = output_of(m, index);
        item->u.wire.targets = target;
        pdl_body_add(body, item);
    }
}

/* What QEMU's machine has set, as far as it says something elsewhere. */
static void add_property(struct map *m, const cJSON *p, struct pdl_body *body)
{
    struct pdl_arena *arena = m->imp->arena;
    char *name = pcc_import_printf(m->imp, "%s", p->string);
    struct pdl_expr *value;
    char *end;

    for (end = name; *end; end++) {
        *end = *end == '-' ? '_' : *end;
    }
    if (strcmp(imt_plain(m->imp, name), name) != 0) {
        return;
    }
    if (cJSON_IsBool(p)) {
        value = pdl_expr_ref(arena, cJSON_IsTrue(p) ? "true" : "false");
    } else if (cJSON_IsNumber(p) && p->valuedouble >= 0 &&
               p->valuedouble < 0x1p64) {
        value = pdl_expr_number(arena, (uint64_t)p->valuedouble, 10);
    } else if (cJSON_IsString(p) && strncmp(p->valuestring, "0x", 2) == 0) {
        value = pdl_expr_number(arena, strtoull(p->valuestring, &end, 16),
                                16);
    } else if (cJSON_IsString(p)) {
        value = string(m->imp, p->valuestring);
    } else {
        return;
    }
    add_setting(m->imp, body, name, value);
}

static void add_native(struct map *m, const cJSON *device, const char *name,
                       struct pdl_body *body)
{
    const char *type = pcc_import_printf(m->imp, "%s",
                                         text_of(device, "type"));
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(device,
                                                               "properties");
    struct pdl_item *item;
    const cJSON *p;

    item = imt_item(m->imp, PDL_ITEM_NATIVE, name);
    item->notes = note_of(m, device);
    item->u.instance.type.bytes = type;
    item->u.instance.type.len = strlen(type);
    item->u.instance.bases = bases_of(m, device);
    cJSON_ArrayForEach(p, properties) {
        /* A GIC's other figures are the machine's business. */
        if (p->string &&
            (!is_gic(type) || strcmp(p->string, "num-irq") == 0)) {
            add_property(m, p, &item->u.instance.body);
        }
    }
    if (!is_gic(type)) {
        add_wires(m, device, &item->u.instance.body);
    }
    item->u.instance.has_body = item->u.instance.body.count > 0;
    pdl_body_add(body, item);
}

/* Whether it becomes a native of the board. */
static bool is_wanted(struct map *m, const cJSON *device)
{
    const char *type = text_of(device, "type");

    return *type && !is_skipped(type) && list_of(device, "mmio") &&
           bases_of(m, device) &&
           pcc_import_wants(m->imp, text_of(device, "name"));
}

/* The first GIC gets its name first: wires lead there. */
static void find_gic(struct map *m)
{
    const cJSON *device;

    cJSON_ArrayForEach(device, m->devices) {
        if (is_gic(text_of(device, "type")) && !m->gic &&
            is_wanted(m, device)) {
            m->gic = device;
            m->gic_name = imt_name(&m->names, "gic");
        }
    }
}

static bool is_uart(const char *type)
{
    return strstr(type, "uart") || strstr(type, "usart") ||
        strcmp(type, "pl011") == 0 || strcmp(type, "serial-mm") == 0;
}

static void add_natives(struct map *m, struct pdl_body *body)
{
    const char *console = NULL;
    const cJSON *device;

    find_gic(m);
    cJSON_ArrayForEach(device, m->devices) {
        const char *type = text_of(device, "type"), *name;

        if (!is_wanted(m, device)) {
            continue;
        }
        name = device == m->gic ? m->gic_name : imt_name(&m->names, imt_plain(
            m->imp, text_of(device, "name")));
        if (!console && is_uart(type)) {
            console = name;
        }
        add_native(m, device, name, body);
    }
    if (console) {
        add_setting(m->imp, body, "console",
                    pdl_expr_ref(m->imp->arena, console));
    }
}

/* ---- the board ---- */

int pcc_import_map(struct pcc_import *imp)
{
    struct map *m = PCC_IMPORT_NEW(imp, struct map);
    const char *name = imp->opts->name;
    struct pdl_item *board;
    cJSON *root;
    int err;

    root = cJSON_ParseWithLength((const char *)imp->bytes, imp->size);
    if (!root) {
        return bad_input(imp, "it is not JSON");
    }
    imp->resource = root;
    imp->dispose = free_json;
    clean(root);
    if (strcmp(text_of(root, "format"), "periph-device-map") != 0) {
        return bad_input(imp, "it is no map that mmio-dump wrote");
    }
    if (number_of(root, "version") != 1) {
        return bad_input(imp, "the map is of a version that is not known");
    }
    m->imp = imp;
    m->names.imp = imp;
    m->devices = list_of(root, "devices");
    if (!name) {
        name = text_of(root, "machine");
    }
    board = imt_item(imp, PDL_ITEM_BOARD, imt_plain(imp, name));
    board->desc.bytes = pcc_import_printf(imp, "QEMU's machine %s",
                                          text_of(root, "machine"));
    board->desc.len = strlen(board->desc.bytes);
    err = add_cpus(m, root, &board->u.typed.body);
    if (err) {
        return err;
    }
    add_memories(m, root, &board->u.typed.body);
    add_natives(m, &board->u.typed.body);
    pdl_body_add(imp->items, board);
    return PCC_OK;
}
