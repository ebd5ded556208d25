/*
 * Shared memories of access records, by name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "inference-internal.h"
#include "periph-log.h"
#include "system/system.h"

static QLIST_HEAD(, PeriphLog) states = QLIST_HEAD_INITIALIZER(states);

static void remove_all(Notifier *notifier, void *data)
{
    PeriphLog *state;

    QLIST_FOREACH(state, &states, next) {
        pbr_shm_close(&state->shm);
        state->mem = NULL;
    }
}

static Notifier exit_notifier = { .notify = remove_all };

static bool open_memory(PeriphLog *state, uint32_t records, bool full,
                        Error **errp)
{
    uint32_t record_size = full ? PBR_RECORD_FULL : PBR_RECORD_MIN;
    uint64_t size = pbr_state_size(records, record_size);
    struct pbr_state_options options = {
        .qemu_pid = getpid(),
        .arch = inference_cpu_arch(first_cpu),
        .capacity = records,
        .record_size = record_size,
        .generation = pbr_generation_new(),
    };
    int ret;

    if (!size) {
        error_setg(errp, "'records' must be a power of two between %u and %u",
                   PBR_RECORDS_MIN, PBR_RECORDS_MAX);
        return false;
    }
    ret = pbr_shm_create(&state->shm, state->name, size);
    if (ret == PBR_OK) {
        state->mem = state->shm.mem;
        ret = pbr_state_format(state->mem, &options);
    }
    if (ret == PBR_OK) {
        ret = pbr_ring_writer_init(&state->ring, state->mem, size);
    }
    if (ret != PBR_OK) {
        error_setg(errp, "state_mem '%s': %s", state->name,
                   pbr_strerror(ret));
        pbr_shm_close(&state->shm);
        return false;
    }
    return true;
}

/* "name" and "/name" are the same memory. */
static PeriphLog *find(const char *name)
{
    PeriphLog *state;

    QLIST_FOREACH(state, &states, next) {
        if (g_str_equal(state->name + (*state->name == '/'),
                        name + (*name == '/'))) {
            break;
        }
    }
    return state;
}

PeriphLog *periph_log_get(const char *name, uint32_t records, bool full,
                              Error **errp)
{
    PeriphLog *state = find(name);

    if (state) {
        state->users++;
        return state;
    }
    state = g_new0(PeriphLog, 1);
    state->name = g_strdup(name);
    state->shm = (struct pbr_shm) PBR_SHM_INIT;
    state->users = 1;
    if (!open_memory(state, records, full, errp)) {
        g_free(state->name);
        g_free(state);
        return NULL;
    }
    if (!exit_notifier.node.le_prev) {
        qemu_add_exit_notifier(&exit_notifier);
    }
    QLIST_INSERT_HEAD(&states, state, next);
    return state;
}

void periph_log_put(PeriphLog *state)
{
    if (!state || --state->users) {
        return;
    }
    QLIST_REMOVE(state, next);
    pbr_shm_close(&state->shm);
    g_free(state->name);
    g_free(state);
}

bool periph_log_is_full(const PeriphLog *state)
{
    return state->ring.record_size == PBR_RECORD_FULL;
}

uint32_t periph_log_add_region(PeriphLog *state,
                                 const struct pbr_region *region)
{
    if (state->regions >= PBR_REGIONS_MAX) {
        return PBR_NO_DEVICE;
    }
    pbr_region_set(state->mem, state->regions, region);
    return state->regions++;
}

void periph_log_record(PeriphLog *state, const struct pbr_record *record,
                         const uint64_t *regs)
{
    PeriphLogListener *l;

    if (!state->mem) {
        return;
    }
    pbr_ring_put(&state->ring, record, regs);
    if (record->device != PBR_NO_DEVICE && record->device < state->regions) {
        pbr_region_count(state->mem, record->device,
                         record->flags & PBR_R_WRITE);
    }
    QLIST_FOREACH(l, &state->listeners, next) {
        l->accessed(l, record);
    }
}
