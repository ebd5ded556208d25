/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/trace.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/bridge/bridge.h"
#include "runtime/engine/engine.h"
#include "runtime/tools/util.h"

#define FILE_MAX_BYTES (256u << 20)
#define WINDOW 0x1000u
#define REPLAY_DEVICES TRACE_DEVICES

/* ---- Reading ---- */

static void add_device(struct trace *t, const struct inf_access *acc,
                       uint64_t base)
{
    struct trace_device *d = NULL;
    uint64_t end = acc->phys + acc->size - base;
    unsigned i;

    for (i = 0; i < t->device_count && !d; i++) {
        d = t->devices[i].base == base ? &t->devices[i] : NULL;
    }
    if (!d && t->device_count < TRACE_DEVICES) {
        d = &t->devices[t->device_count++];
        *d = (struct trace_device) { .base = base };
    }
    if (d) {
        d->reads += !acc->write;
        d->writes += acc->write;
        if (end > d->size) {
            d->size = (end + WINDOW - 1) & ~(uint64_t)(WINDOW - 1);
        }
    }
}

static int add(struct trace *t, const struct inf_access *acc, uint64_t base)
{
    struct inf_access *grown;

    if (acc->size == 0 || acc->size > 8 || base > acc->phys) {
        return 0;
    }
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 4096;
        grown = reallocarray(t->v, t->cap, sizeof(*t->v));
        if (!grown) {
            return -1;
        }
        t->v = grown;
    }
    t->v[t->count++] = *acc;
    add_device(t, acc, base);
    return 0;
}

static int read_ring(struct trace *t, const char *bytes, size_t size)
{
    static const char *const cpus[PBR_ARCH_COUNT_] = {
        [PBR_ARCH_AARCH64] = "cortex-a53", [PBR_ARCH_A32] = "cortex-a15",
        [PBR_ARCH_M] = "cortex-m3",
    };
    struct pbr_state_header header;
    struct pbr_ring_reader reader;
    struct pbr_record r;

    if (pbr_state_check((const void *)bytes, size, &header) != PBR_OK ||
        pbr_ring_reader_init(&reader, (const void *)bytes, size,
                             true) != PBR_OK) {
        return -1;
    }
    t->cpu = header.arch < PBR_ARCH_COUNT_ ? cpus[header.arch] : NULL;
    while (pbr_ring_get(&reader, &r, NULL) == 1) {
        const struct inf_access acc = {
            .time_ns = r.time_ns, .phys = r.address, .value = r.value,
            .pc = r.flags & PBR_R_NO_PC ? 0 : r.pc, .size = r.size,
            .cpu = r.cpu, .exception = r.exception,
            .write = (r.flags & PBR_R_WRITE) != 0,
        };

        if (!(r.flags & (PBR_R_IRQ | PBR_R_IRQ_END | PBR_R_UNMAPPED |
                         PBR_R_FAILED)) &&
            add(t, &acc, r.address - r.offset) != 0) {
            return -1;
        }
    }
    t->lost = reader.lost;
    return 0;
}

/* A number that the monitor prints in hex. */
static bool take_hex(const cJSON *from, const char *name, uint64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, name);
    char *end;

    if (!cJSON_IsString(item)) {
        return false;
    }
    errno = 0;
    *out = strtoull(item->valuestring, &end, 0);
    return errno == 0 && end != item->valuestring && *end == '\0';
}

static bool has_flag(const cJSON *json, const char *flag)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "flags");
    const cJSON *item;

    cJSON_ArrayForEach(item, list) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, flag) == 0) {
            return true;
        }
    }
    return false;
}

/* One line; -1 when it is none of the monitor's. */
static int read_line(struct trace *t, const char *line)
{
    cJSON *json = cJSON_Parse(line);
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(json, "event");
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(json, "size");
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(json, "time");
    struct inf_access acc = { .size = 0 };
    uint64_t offset;
    int result = cJSON_IsObject(json) ? 0 : -1;

    if (cJSON_IsString(event) && strcmp(event->valuestring, "access") == 0 &&
        !has_flag(json, "no_register") && !has_flag(json, "bus_error")) {
        acc.write = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json,
                                                                  "write"));
        take_hex(json, "pc", &acc.pc);
        result = -1;
        if (take_hex(json, "address", &acc.phys) &&
            take_hex(json, "offset", &offset) && offset <= acc.phys &&
            take_hex(json, "value", &acc.value) && cJSON_IsNumber(size) &&
            size->valuedouble >= 1 && size->valuedouble <= 8) {
            acc.size = (uint32_t)size->valuedouble;
            acc.time_ns = cJSON_IsNumber(time) && time->valuedouble > 0 &&
                time->valuedouble < 1e9 ?
                (uint64_t)(time->valuedouble * 1e9) : 0;
            result = add(t, &acc, acc.phys - offset);
        }
    }
    cJSON_Delete(json);
    return result;
}

static int read_lines(struct trace *t, const char *path, char *text)
{
    unsigned number = 0;
    char *line;

    while ((line = strsep(&text, "\n")) != NULL) {
        number++;
        if (*line && read_line(t, line) != 0) {
            say("%s:%u: neither a line of periph monitor --json nor the start "
                "of a recorded ring", path, number);
            return -1;
        }
    }
    return 0;
}

static int by_base(const void *a, const void *b)
{
    const struct trace_device *x = a, *y = b;

    return x->base < y->base ? -1 : x->base > y->base;
}

/* Windows end where the next device begins. */
static void settle_devices(struct trace *t)
{
    unsigned i;

    qsort(t->devices, t->device_count, sizeof(t->devices[0]), by_base);
    for (i = 0; i + 1 < t->device_count; i++) {
        uint64_t room = t->devices[i + 1].base - t->devices[i].base;

        if (t->devices[i].size > room) {
            t->devices[i].size = room;
        }
    }
}

int trace_load(struct trace *t, const char *path)
{
    uint32_t magic = 0;
    size_t size;
    char *bytes = file_read(path, FILE_MAX_BYTES, &size);
    int result;

    *t = (struct trace) { .v = NULL };
    if (!bytes) {
        say("%s: %s", path, strerror(errno));
        return -1;
    }
    memcpy(&magic, bytes, size < sizeof(magic) ? size : sizeof(magic));
    if (magic == PBR_STATE_MAGIC) {
        result = read_ring(t, bytes, size);
        if (result != 0) {
            say("%s: a recorded ring that is damaged or of another version",
                path);
        }
    } else {
        result = read_lines(t, path, bytes);
    }
    free(bytes);
    if (result == 0 && t->count == 0) {
        say("%s: no access was recorded", path);
        result = -1;
    }
    settle_devices(t);
    return result;
}

void trace_dispose(struct trace *t)
{
    free(t->v);
    *t = (struct trace) { .v = NULL };
}

/* ---- Replay ---- */

struct machine {
    struct prt_file file;
    uint64_t now;
    unsigned count;
    struct prt_table tables[REPLAY_DEVICES];
    struct prt_dev devs[REPLAY_DEVICES];
    uint64_t bases[REPLAY_DEVICES];
    uint64_t *memory[REPLAY_DEVICES];
};

static uint64_t host_now(void *opaque)
{
    return ((struct machine *)opaque)->now;
}

static bool host_put(void *opaque, uint32_t fifo, uint64_t value)
{
    (void)opaque;
    (void)fifo;
    (void)value;
    return true;
}

static const struct prt_host_ops host = { .now = host_now, .put = host_put };

static int open_machine(struct machine *m, const void *table, size_t size)
{
    uint32_t i;

    if (prt_file_open(table, size, &m->file, NULL) != PRT_OK ||
        !m->file.has_board) {
        return -1;
    }
    for (i = 0; i < m->file.board.head->instances.count &&
         m->count < REPLAY_DEVICES; i++) {
        const struct prt_instance *from = &m->file.board.instances[i];
        unsigned n = m->count;
        size_t bytes;

        if (prt_file_device(&m->file, from->device, &m->tables[n]) != PRT_OK) {
            return -1;
        }
        bytes = prt_table_memory(&m->tables[n]);
        m->memory[n] = calloc(1, bytes);
        if (!m->memory[n] ||
            prt_dev_init(&m->devs[n], &m->tables[n], m->memory[n], bytes,
                         &host, m) != PRT_OK) {
            return -1;
        }
        prt_dev_reset(&m->devs[n], PRT_RESET_COLD);
        m->bases[n] = from->address;
        m->count++;
    }
    return 0;
}

static struct prt_dev *device_at(struct machine *m, uint64_t phys,
                                 uint32_t *offset)
{
    unsigned i;

    for (i = 0; i < m->count; i++) {
        if (phys >= m->bases[i] &&
            phys - m->bases[i] < m->tables[i].head->mmio_size) {
            *offset = (uint32_t)(phys - m->bases[i]);
            return &m->devs[i];
        }
    }
    return NULL;
}

static void play(struct machine *m, const struct inf_access *acc,
                 const struct inf_offline_reg *regs, unsigned count,
                 struct replay *out)
{
    uint64_t bits = acc->size >= 8 ? ~0ull : (1ull << 8 * acc->size) - 1;
    uint64_t value = 0;
    uint32_t offset = 0;
    struct prt_dev *dev = device_at(m, acc->phys, &offset);
    unsigned i;

    if (acc->time_ns > m->now) {
        m->now = acc->time_ns;
    }
    if (acc->write) {
        if (dev) {
            prt_write(dev, offset, acc->size, acc->value & bits);
        }
        return;
    }
    for (i = 0; i < count && !(acc->phys >= regs[i].phys && acc->phys <
                               regs[i].phys + regs[i].bytes); i++) {
    }
    if (i < count) {
        out[i].reads++;
        out[i].alike += dev &&
            prt_read(dev, offset, acc->size, &value) == PRT_OK &&
            ((value ^ acc->value) & bits) == 0;
    }
}

int trace_replay(const struct trace *t, const void *table, size_t size,
                 const struct inf_offline_reg *regs, unsigned count,
                 struct replay *out)
{
    struct machine *m = calloc(1, sizeof(*m));
    int result = m ? open_machine(m, table, size) : -1;
    size_t i;

    memset(out, 0, count * sizeof(*out));
    for (i = 0; result == 0 && i < t->count; i++) {
        play(m, &t->v[i], regs, count, out);
    }
    for (i = 0; m && i < REPLAY_DEVICES; i++) {
        free(m->memory[i]);
    }
    free(m);
    return result;
}
