/*
 * Engines of table devices: a table and the state that it runs on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/periph/periph-device.h"

PeriphEngine *periph_engine_new(GBytes *bytes, const struct prt_file *file,
                                uint32_t index, Error **errp)
{
    g_autoptr(PeriphEngine) e = g_new0(PeriphEngine, 1);
    size_t size;
    int ret;

    ret = prt_file_device(file, index, &e->table);
    if (ret != PRT_OK) {
        error_setg(errp, "device %" PRIu32 " of the table: %s", index,
                   prt_strerror(ret));
        return NULL;
    }
    if (e->table.head->lines_out > PERIPH_MAX_LINES ||
        e->table.head->lines_in > PERIPH_MAX_LINES) {
        error_setg(errp, "device '%s' has more than %d lines",
                   prt_string(&e->table, e->table.head->name),
                   PERIPH_MAX_LINES);
        return NULL;
    }
    size = prt_table_memory(&e->table);
    e->memory = g_try_malloc0(MAX(size, 8));
    if (!e->memory) {
        error_setg(errp, "no memory for the %zu bytes of state of '%s'", size,
                   prt_string(&e->table, e->table.head->name));
        return NULL;
    }
    ret = prt_dev_init(&e->dev, &e->table, e->memory, size, NULL, NULL);
    if (ret != PRT_OK) {
        error_setg(errp, "device '%s': %s",
                   prt_string(&e->table, e->table.head->name),
                   prt_strerror(ret));
        return NULL;
    }
    e->bytes = g_bytes_ref(bytes);
    e->index = index;
    return g_steal_pointer(&e);
}

void periph_engine_free(PeriphEngine *e)
{
    if (e) {
        g_clear_pointer(&e->bytes, g_bytes_unref);
        g_free(e->memory);
        g_free(e);
    }
}

PeriphEngine *periph_engine_from_file(const char *name, Error **errp)
{
    g_autoptr(GError) gerr = NULL;
    g_autoptr(GBytes) bytes = NULL;
    struct prt_file file;
    char *data;
    gsize size;
    int ret;

    if (!g_file_get_contents(name, &data, &size, &gerr)) {
        error_setg(errp, "%s", gerr->message);
        return NULL;
    }
    bytes = g_bytes_new_take(data, size);
    ret = prt_file_open(data, size, &file, NULL);
    if (ret != PRT_OK) {
        error_setg(errp, "%s: %s", name, prt_strerror(ret));
        return NULL;
    }
    return periph_engine_new(bytes, &file, 0, errp);
}
