/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of access records, the directory of regions, the statistics. */
#include "runtime/bridge/bridge.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/bridge/slot.h"

/* ---- Format ---- */

static bool geometry_ok(uint32_t capacity, uint32_t record_size)
{
    return capacity >= PBR_RECORDS_MIN && capacity <= PBR_RECORDS_MAX &&
        (capacity & (capacity - 1)) == 0 &&
        (record_size == PBR_RECORD_MIN || record_size == PBR_RECORD_FULL);
}

uint64_t pbr_state_size(uint32_t capacity, uint32_t record_size)
{
    if (!geometry_ok(capacity, record_size)) {
        return 0;
    }
    return sizeof(struct pbr_state) + (uint64_t)capacity * record_size;
}

int pbr_state_format(struct pbr_state *mem,
                     const struct pbr_state_options *options)
{
    struct pbr_state_header h;

    memset(&h, 0, sizeof(h));
    h.total_size = pbr_state_size(options->capacity, options->record_size);
    if (h.total_size == 0) {
        return PBR_ERR_SIZE;
    }
    h.version = PBR_VERSION;
    h.compat = PBR_COMPAT;
    h.generation = options->generation;
    h.qemu_pid = options->qemu_pid;
    h.record_size = options->record_size;
    h.capacity = options->capacity;
    h.arch = options->arch;
    h.ring_offset = sizeof(*mem);
    pbr_store_words(&mem->header, &h, sizeof(h));
    __atomic_store_n(&mem->header.magic, PBR_STATE_MAGIC, __ATOMIC_RELEASE);
    return PBR_OK;
}

int pbr_state_check(const struct pbr_state *mem, uint64_t size,
                    struct pbr_state_header *header)
{
    struct pbr_state_header h;
    uint64_t want;

    if (size < sizeof(*mem)) {
        return PBR_ERR_SIZE;
    }
    if (__atomic_load_n(&mem->header.magic, __ATOMIC_ACQUIRE) !=
        PBR_STATE_MAGIC) {
        return PBR_ERR_MAGIC;
    }
    pbr_load_words(&h, &mem->header, sizeof(h));
    if (!pbr_hello_fits((uint32_t)h.version << 16 | h.compat)) {
        return PBR_ERR_VERSION;
    }
    want = pbr_state_size(h.capacity, h.record_size);
    if (want == 0 || h.total_size != want || want > size ||
        h.ring_offset != sizeof(*mem)) {
        return PBR_ERR_SIZE;
    }
    if (h.generation == 0 || h.arch == 0 || h.arch >= PBR_ARCH_COUNT_) {
        return PBR_ERR_BAD;
    }
    *header = h;
    return PBR_OK;
}

/* ---- Writer ---- */

int pbr_ring_writer_init(struct pbr_ring_writer *w, struct pbr_state *mem,
                         uint64_t size)
{
    struct pbr_state_header h;
    int ret = pbr_state_check(mem, size, &h);

    if (ret != PBR_OK) {
        return ret;
    }
    w->mem = mem;
    w->ring = (uint8_t *)mem + sizeof(*mem);
    w->head = h.head;
    w->mask = h.capacity - 1;
    w->record_size = h.record_size;
    return PBR_OK;
}

void pbr_ring_put(struct pbr_ring_writer *w, const struct pbr_record *record,
                  const uint64_t *regs)
{
    uint8_t *slot = w->ring + (w->head & w->mask) * (uint64_t)w->record_size;
    struct pbr_record *r = (struct pbr_record *)slot;
    struct pbr_record copy = *record;

    if (regs == NULL || w->record_size != PBR_RECORD_FULL) {
        regs = NULL;
        copy.flags &= ~PBR_R_REGS;
    } else {
        copy.flags |= PBR_R_REGS;
    }
    __atomic_store_n(&r->seq, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    pbr_store_words(&r->time_ns, &copy.time_ns, sizeof(copy) - 8);
    if (regs != NULL) {
        pbr_store_words(slot + sizeof(copy), regs, PBR_RECORD_REGS * 8);
    }
    w->head++;
    __atomic_store_n(&r->seq, w->head, __ATOMIC_RELEASE);
    __atomic_store_n(&w->mem->header.head, w->head, __ATOMIC_RELEASE);
}

/* ---- Reader ---- */

int pbr_ring_reader_init(struct pbr_ring_reader *r,
                         const struct pbr_state *mem, uint64_t size,
                         bool from_start)
{
    struct pbr_state_header h;
    int ret = pbr_state_check(mem, size, &h);

    if (ret != PBR_OK) {
        return ret;
    }
    r->mem = mem;
    r->ring = (const uint8_t *)mem + sizeof(*mem);
    r->generation = h.generation;
    r->mask = h.capacity - 1;
    r->record_size = h.record_size;
    r->lost = 0;
    r->cursor = h.head;
    if (from_start) {
        r->cursor = h.head > h.capacity ? h.head - h.capacity : 0;
    }
    return PBR_OK;
}

/* Copies the record at the cursor; false when it was overwritten. */
static bool copy_record(const struct pbr_ring_reader *r,
                        struct pbr_record *record, uint64_t *regs)
{
    const uint8_t *slot =
        r->ring + (r->cursor & r->mask) * (uint64_t)r->record_size;
    const struct pbr_record *s = (const struct pbr_record *)slot;
    uint64_t before, after;

    before = __atomic_load_n(&s->seq, __ATOMIC_ACQUIRE);
    if (before != r->cursor + 1) {
        return false;
    }
    pbr_load_words(record, slot, sizeof(*record));
    if (regs != NULL) {
        memset(regs, 0, PBR_RECORD_REGS * 8);
        if (r->record_size == PBR_RECORD_FULL) {
            pbr_load_words(regs, slot + sizeof(*record),
                           PBR_RECORD_REGS * 8);
        }
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    after = __atomic_load_n(&s->seq, __ATOMIC_RELAXED);
    record->seq = before;
    return before == after;
}

static bool record_ok(const struct pbr_record *record)
{
    return record->size == 1 || record->size == 2 || record->size == 4 ||
        record->size == 8;
}

int pbr_ring_get(struct pbr_ring_reader *r, struct pbr_record *record,
                 uint64_t *regs)
{
    uint64_t capacity = (uint64_t)r->mask + 1;
    uint64_t budget;

    for (budget = capacity + 1; budget > 0; budget--) {
        uint64_t head =
            __atomic_load_n(&r->mem->header.head, __ATOMIC_ACQUIRE);

        if (head < r->cursor) {
            /* Never written so by a writer: believe the new head. */
            r->cursor = head;
        }
        if (head == r->cursor) {
            return 0;
        }
        if (head - r->cursor > capacity) {
            r->lost += head - capacity - r->cursor;
            r->cursor = head - capacity;
        }
        if (copy_record(r, record, regs) && record_ok(record)) {
            r->cursor++;
            return 1;
        }
        r->lost++;
        r->cursor++;
    }
    return 0;
}

/* ---- Regions ---- */

int pbr_region_set(struct pbr_state *mem, uint32_t index,
                   const struct pbr_region *region)
{
    uint64_t odd;

    if (index >= PBR_REGIONS_MAX) {
        return PBR_ERR_SIZE;
    }
    odd = (__atomic_load_n(&mem->region_lock, __ATOMIC_RELAXED) + 1) | 1;
    __atomic_store_n(&mem->region_lock, odd, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    pbr_store_words(&mem->regions[index], region, sizeof(*region));
    __atomic_store_n(&mem->region_lock, odd + 1, __ATOMIC_RELEASE);
    if (index >= __atomic_load_n(&mem->region_count, __ATOMIC_RELAXED)) {
        __atomic_store_n(&mem->region_count, index + 1, __ATOMIC_RELEASE);
    }
    return PBR_OK;
}

void pbr_region_count(struct pbr_state *mem, uint32_t index, bool write)
{
    struct pbr_region *region;

    if (index < PBR_REGIONS_MAX) {
        region = &mem->regions[index];
        pbr_stats_count(write ? &region->writes : &region->reads);
    }
}

uint32_t pbr_regions(const struct pbr_state *mem)
{
    uint32_t count = __atomic_load_n(&mem->region_count, __ATOMIC_ACQUIRE);

    return count < PBR_REGIONS_MAX ? count : PBR_REGIONS_MAX;
}

int pbr_region_get(const struct pbr_state *mem, uint32_t index,
                   struct pbr_region *region)
{
    struct pbr_region copy;
    int ret;

    if (index >= pbr_regions(mem)) {
        return PBR_ERR_EMPTY;
    }
    ret = pbr_slot_read(&mem->region_lock, &copy, &mem->regions[index],
                        sizeof(copy));
    if (ret != PBR_OK) {
        return ret;
    }
    if (copy.size == 0) {
        return PBR_ERR_EMPTY;
    }
    pbr_end_text(copy.name, sizeof(copy.name));
    *region = copy;
    return PBR_OK;
}

/* ---- Statistics ---- */

void pbr_stats_count(uint64_t *counter)
{
    uint64_t value = __atomic_load_n(counter, __ATOMIC_RELAXED);

    /* One writer: no need for a locked addition. */
    __atomic_store_n(counter, value + 1, __ATOMIC_RELAXED);
}

void pbr_stats_answered(struct pbr_bridge *mem, uint32_t kind,
                        uint32_t verdict, uint64_t us)
{
    struct pbr_stats *s = &mem->stats;
    uint64_t index = __atomic_load_n(&s->latency_count, __ATOMIC_RELAXED);
    uint32_t value = us < PBR_LATENCY_US ? (uint32_t)us : PBR_LATENCY_US;

    pbr_stats_count(&s->verdicts[verdict & 7]);
    value |= (kind & 15) << 28;
    __atomic_store_n(&s->latency[index & (PBR_LATENCY_COUNT - 1)], value,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&s->latency_count, index + 1, __ATOMIC_RELEASE);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

void pbr_stats_latency(const struct pbr_bridge *mem, uint32_t kind,
                       uint32_t *scratch, struct pbr_latency *out)
{
    const struct pbr_stats *s = &mem->stats;
    uint64_t count = __atomic_load_n(&s->latency_count, __ATOMIC_ACQUIRE);
    uint64_t kept = count < PBR_LATENCY_COUNT ? count : PBR_LATENCY_COUNT;
    uint64_t i, n = 0;

    memset(out, 0, sizeof(*out));
    for (i = 0; i < kept; i++) {
        uint32_t v = __atomic_load_n(&s->latency[i], __ATOMIC_RELAXED);

        if (kind == 0 || v >> 28 == kind) {
            scratch[n++] = v & PBR_LATENCY_US;
        }
    }
    out->count = n;
    if (n > 0) {
        qsort(scratch, n, sizeof(*scratch), compare_u32);
        out->p50 = scratch[(n - 1) / 2];
        out->p99 = scratch[(n - 1) * 99 / 100];
        out->max = scratch[n - 1];
    }
}
