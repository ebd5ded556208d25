/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/daemon/fake_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEVICES 64

static struct device devices[MAX_DEVICES];
static unsigned device_count;
static char console[16384];
static size_t console_len;

uint64_t now_ns;

static bool console_put(void *opaque, uint32_t fifo, uint64_t value)
{
    (void)opaque;
    (void)fifo;
    if (console_len < sizeof(console) - 1) {
        console[console_len++] = (char)value;
    }
    return true;
}

static uint64_t host_now(void *opaque)
{
    (void)opaque;
    return now_ns;
}

static const struct prt_host_ops host = {
    .now = host_now, .put = console_put,
};

struct device *device_at(uint64_t address)
{
    unsigned i;

    for (i = 0; i < device_count; i++) {
        if (address >= devices[i].base &&
            address - devices[i].base < devices[i].size) {
            return &devices[i];
        }
    }
    return NULL;
}

static struct device *device_slot(const char *name)
{
    unsigned i;

    for (i = 0; i < device_count; i++) {
        if (strcmp(devices[i].name, name) == 0 || !devices[i].size) {
            return &devices[i];
        }
    }
    if (device_count == MAX_DEVICES) {
        abort();
    }
    return &devices[device_count++];
}

/* Puts one instance of a copied, validated file in place. */
static void take_instance(const void *blob, size_t size,
                          const struct prt_file *file, uint32_t index,
                          struct pbr_state *state)
{
    const struct prt_instance *from = &file->board.instances[index];
    const char *name = prt_board_string(&file->board, from->name);
    struct device *d = device_slot(name);
    struct device old = *d;
    struct pbr_region region;

    memset(d, 0, sizeof(*d));
    snprintf(d->name, sizeof(d->name), "%s", name);
    d->blob = aligned_alloc(8, (size + 7) & ~(size_t)7);
    memcpy(d->blob, blob, size);
    if (prt_file_open(d->blob, size, &d->file, NULL) != PRT_OK ||
        prt_file_device(&d->file, from->device, &d->table) != PRT_OK) {
        abort();                        /* it did open a moment ago */
    }
    d->base = from->address;
    d->size = d->table.head->mmio_size;
    d->state = aligned_alloc(8, prt_table_memory(&d->table));
    prt_dev_init(&d->dev, &d->table, d->state, prt_table_memory(&d->table),
                 &host, d);
    if (old.blob != NULL) {
        old.dev.table = &old.table;
        prt_carry(&d->dev, &old.dev, NULL, NULL);
        free(old.blob);
        free(old.state);
    } else {
        prt_dev_reset(&d->dev, PRT_RESET_COLD);
    }
    memset(&region, 0, sizeof(region));
    region.base = d->base;
    region.size = d->size;
    memcpy(region.name, d->name, sizeof(region.name));
    pbr_region_set(state, device_number(d), &region);
}

static bool is_named(const struct prt_file *file, const char *name)
{
    const struct prt_board *b = &file->board;
    uint32_t i;

    for (i = 0; i < b->head->instances.count; i++) {
        if (strcmp(prt_board_string(b, b->instances[i].name), name) == 0) {
            return true;
        }
    }
    return false;
}

/* A whole board takes the place of what it does not name. */
static void drop_extras(const struct prt_file *file, struct pbr_state *state)
{
    struct pbr_region none;
    unsigned i;

    memset(&none, 0, sizeof(none));
    for (i = 0; i < device_count; i++) {
        struct device *d = &devices[i];

        if (d->size != 0 && !is_named(file, d->name)) {
            free(d->blob);
            free(d->state);
            memset(d, 0, sizeof(*d));
            pbr_region_set(state, i, &none);
        }
    }
}

int machine_load(const void *bytes, size_t size, struct pbr_state *state)
{
    struct prt_file file;
    uint32_t i;
    int ret = prt_file_open(bytes, size, &file, NULL);

    if (ret != PRT_OK) {
        return ret;
    }
    if (file.has_board &&
        !(file.board.head->flags & PRT_BOARD_PARTIAL)) {
        drop_extras(&file, state);
    }
    for (i = 0; file.has_board && i < file.board.head->instances.count;
         i++) {
        take_instance(bytes, size, &file, i, state);
    }
    return PRT_OK;
}

uint32_t device_number(const struct device *d)
{
    return (uint32_t)(d - devices);
}

void machine_reset(void)
{
    unsigned i;

    for (i = 0; i < device_count; i++) {
        if (devices[i].size == 0) {
            continue;
        }
        prt_dev_reset(&devices[i].dev, PRT_RESET_COLD);
    }
}

const char *machine_console(void)
{
    console[console_len] = '\0';
    return console;
}

void machine_print(const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        console_put(NULL, 0, bytes[i]);
    }
}
