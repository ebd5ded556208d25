/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph show`: what is known of a board, and who said so. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "runtime/tools/board.h"
#include "runtime/tools/command.h"
#include "runtime/tools/util.h"

struct show_options {
    bool json;
};

static const struct option_row rows[] = {
    { .name = "json", .kind = OPTION_FLAG,
      .offset = offsetof(struct show_options, json),
      .help = "print JSON; numbers beyond 32 bits are strings in hex" },
    { .name = NULL },
};

const struct option_table show_options_table = {
    .command = "periph show",
    .operands = "BOARD [INSTANCE]",
    .summary = "List a board's peripherals, or one's registers.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 2,
    .details =
    "BOARD is found as for periph run; a board that was not run yet is shown\n"
    "as it came. \"by\" is who wrote an item: a person, or the engine or\n"
    "import named in its note, then with the confidence in per cent.\n"
    "\n"
    "Exit status: 0, 1 for wrong options or an unknown board or instance,\n"
    "2 for errors in the board's files.\n",
};

static const char *writer(const struct pcc_origin *origin)
{
    return origin->owner == PCC_PERSON ? "person" :
           origin->by ? origin->by : pcc_owner_name(origin->owner);
}

/* ---- text ---- */

static void print_board(const struct pcc_model *model)
{
    const struct pcc_board *board = model->board;
    size_t i;

    printf("board %s%s%s%s: %u x %s\n", board->name, board->text ? " (" : "",
           board->text ? board->text : "", board->text ? ")" : "",
           board->cpus ? board->cpus : 1,
           board->cpu ? board->cpu : "no cpu");
    for (i = 0; i < board->memory_count; i++) {
        printf("  memory %-12s 0x%08" PRIx64 " : 0x%" PRIx64 "%s  by %s\n",
               board->memories[i].name, board->memories[i].base,
               board->memories[i].size,
               board->memories[i].read_only ? " read-only" : "",
               writer(&board->memories[i].origin));
    }
    for (i = 0; i < board->load_count; i++) {
        printf("  load \"%s\"", board->loads[i].path);
        if (board->loads[i].has_address) {
            printf(" @ 0x%08" PRIx64, board->loads[i].address);
        }
        putchar('\n');
    }
    for (i = 0; i < board->native_count; i++) {
        printf("  native %-12s 0x%08" PRIx64 " %s\n", board->natives[i].name,
               board->natives[i].addresses[0], board->natives[i].type);
    }
    printf("  %-18s %-10s %9s  %s\n", "peripheral", "address", "registers",
           "by");
    for (i = 0; i < board->instance_count; i++) {
        const struct pcc_instance *instance = &board->instances[i];
        const struct pcc_device *device = &model->devices[instance->device];

        printf("  %-18s 0x%08" PRIx64 " %9zu  %s", instance->name,
               instance->address, device->reg_count,
               writer(&instance->origin));
        if (instance->origin.owner != PCC_PERSON) {
            printf(" %u %%", instance->origin.confidence);
        }
        printf("%s\n", i == board->console ? "  console" : "");
    }
}

static void print_fields(const struct pcc_device *device,
                         const struct pcc_reg *reg)
{
    static const char *const kinds[] = {
        [PRT_STORED] = "", [PRT_DERIVED] = " derived", [PRT_HOLD] = " hold",
    };
    size_t i;

    for (i = 0; i < reg->field_count; i++) {
        const struct pcc_field *field =
            &device->fields[reg->first_field + i];

        printf("           %-14s", field->name);
        if (field->width == 1) {
            printf(" [%u]", field->lo);
        } else {
            printf(" [%u..%u]", field->lo, field->lo + field->width - 1);
        }
        if (field->reset) {
            printf(" = 0x%" PRIx64, field->reset);
        }
        if (field->kind == PRT_STORED && field->policy != reg->policy) {
            printf(" %s", pcc_policy_name(field->policy));
        }
        printf("%s\n", kinds[field->kind]);
    }
}

static void print_instance(const struct pcc_model *model,
                           const struct pcc_instance *instance)
{
    const struct pcc_device *device = &model->devices[instance->device];
    size_t i;

    printf("%s : %s @ 0x%08" PRIx64 ", 0x%" PRIx64 " bytes, by %s, "
           "unmapped: %s\n", instance->name, device->name, instance->address,
           device->size, writer(&instance->origin),
           pcc_unmapped_name(device->unmapped));
    for (i = 0; i < device->reg_count; i++) {
        const struct pcc_reg *reg = &device->regs[i];

        printf("  +0x%04" PRIx64 "  %-14s %2u bits %-4s reset 0x%" PRIx64
               "  %s", reg->offset, reg->name, reg->bytes * 8,
               pcc_policy_name(reg->policy), reg->reset, writer(&reg->origin));
        if (reg->origin.owner != PCC_PERSON) {
            printf(" %u %%", reg->origin.confidence);
        }
        if (reg->origin.evidence) {
            printf("  \"%s\"", reg->origin.evidence);
        }
        putchar('\n');
        print_fields(device, reg);
    }
}

/* ---- JSON ---- */

static void add_hex(cJSON *to, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    cJSON_AddStringToObject(to, name, text);
}

static void add_origin(cJSON *to, const struct pcc_origin *origin)
{
    cJSON_AddStringToObject(to, "owner", pcc_owner_name(origin->owner));
    if (origin->by) {
        cJSON_AddStringToObject(to, "by", origin->by);
    }
    cJSON_AddNumberToObject(to, "confidence", origin->confidence);
    if (origin->evidence) {
        cJSON_AddStringToObject(to, "evidence", origin->evidence);
    }
}

static cJSON *register_json(const struct pcc_device *device,
                            const struct pcc_reg *reg)
{
    cJSON *json = cJSON_CreateObject(), *fields, *item;
    size_t i;

    cJSON_AddStringToObject(json, "name", reg->name);
    add_hex(json, "offset", reg->offset);
    cJSON_AddNumberToObject(json, "bytes", reg->bytes);
    add_hex(json, "reset", reg->reset);
    cJSON_AddStringToObject(json, "policy", pcc_policy_name(reg->policy));
    add_origin(json, &reg->origin);
    fields = cJSON_AddArrayToObject(json, "fields");
    for (i = 0; i < reg->field_count; i++) {
        const struct pcc_field *field =
            &device->fields[reg->first_field + i];

        item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", field->name);
        cJSON_AddNumberToObject(item, "lo", field->lo);
        cJSON_AddNumberToObject(item, "width", field->width);
        add_hex(item, "reset", field->reset);
        cJSON_AddStringToObject(item, "policy", pcc_policy_name(field->policy));
        cJSON_AddItemToArray(fields, item);
    }
    return json;
}

static cJSON *instance_json(const struct pcc_model *model,
                            const struct pcc_instance *instance)
{
    const struct pcc_device *device = &model->devices[instance->device];
    cJSON *json = cJSON_CreateObject(), *registers;
    size_t i;

    cJSON_AddStringToObject(json, "name", instance->name);
    cJSON_AddStringToObject(json, "device", device->name);
    add_hex(json, "address", instance->address);
    add_hex(json, "size", device->size);
    add_origin(json, &instance->origin);
    registers = cJSON_AddArrayToObject(json, "registers");
    for (i = 0; i < device->reg_count; i++) {
        cJSON_AddItemToArray(registers,
                             register_json(device, &device->regs[i]));
    }
    return json;
}

static cJSON *board_json(const struct pcc_model *model)
{
    const struct pcc_board *board = model->board;
    cJSON *json = cJSON_CreateObject(), *list, *item;
    size_t i;

    cJSON_AddStringToObject(json, "board", board->name);
    cJSON_AddStringToObject(json, "cpu", board->cpu ? board->cpu : "");
    cJSON_AddNumberToObject(json, "cpus", board->cpus ? board->cpus : 1);
    if (board->console != PCC_NONE) {
        cJSON_AddStringToObject(json, "console",
                                board->instances[board->console].name);
    }
    list = cJSON_AddArrayToObject(json, "memories");
    for (i = 0; i < board->memory_count; i++) {
        item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", board->memories[i].name);
        add_hex(item, "base", board->memories[i].base);
        add_hex(item, "size", board->memories[i].size);
        add_origin(item, &board->memories[i].origin);
        cJSON_AddItemToArray(list, item);
    }
    list = cJSON_AddArrayToObject(json, "peripherals");
    for (i = 0; i < board->instance_count; i++) {
        cJSON_AddItemToArray(list,
                             instance_json(model, &board->instances[i]));
    }
    return json;
}

static int print_json(cJSON *json)
{
    char *text = cJSON_Print(json);

    if (text) {
        puts(text);
    }
    free(text);
    cJSON_Delete(json);
    return text ? STATUS_OK : STATUS_USAGE;
}

static int show(const struct pcc_model *model, const char *name, bool json)
{
    const struct pcc_instance *instance;
    uint32_t index;

    if (!name) {
        if (json) {
            return print_json(board_json(model));
        }
        print_board(model);
        return STATUS_OK;
    }
    index = pcc_find_instance(model->board, name);
    if (index == PCC_NONE) {
        say("board %s has no peripheral '%s'", model->board->name, name);
        return STATUS_USAGE;
    }
    instance = &model->board->instances[index];
    if (json) {
        return print_json(instance_json(model, instance));
    }
    print_instance(model, instance);
    return STATUS_OK;
}

int cmd_show(int argc, char **argv)
{
    struct show_options options = { .json = false };
    struct board board = BOARD_INIT;
    struct option_rest rest;
    struct pcc *pcc = NULL;
    int status;

    if (!command_begin(&show_options_table, argc, argv, &options, &rest,
                       &status)) {
        return status;
    }
    status = board_find(&board, rest.operands[0], false);
    if (status == STATUS_OK) {
        status = board_compile(board.dir, BOARD_SAYS_ALL, &pcc);
    }
    if (status == STATUS_OK) {
        status = show(pcc_get_model(pcc),
                      rest.operand_count > 1 ? rest.operands[1] : NULL,
                      options.json);
    }
    pcc_free(pcc);
    board_dispose(&board);
    return status;
}
