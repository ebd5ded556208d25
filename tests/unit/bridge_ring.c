/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of access records and the directory of regions. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/bridge/bridge.h"

#define CAPACITY 64u

struct fixture {
    struct pbr_state *mem;
    uint64_t size;
    struct pbr_ring_writer writer;
};

static int make(struct fixture *f, uint32_t capacity, uint32_t record_size)
{
    struct pbr_state_options options = {
        .qemu_pid = 1, .arch = PBR_ARCH_M, .capacity = capacity,
        .record_size = record_size, .generation = 3,
    };

    f->size = pbr_state_size(capacity, record_size);
    f->mem = calloc(1, f->size);
    assert_non_null(f->mem);
    assert_int_equal(pbr_state_format(f->mem, &options), PBR_OK);
    return pbr_ring_writer_init(&f->writer, f->mem, f->size);
}

static void put(struct fixture *f, uint64_t value)
{
    struct pbr_record r;

    memset(&r, 0, sizeof(r));
    r.value = value;
    r.pc = value * 4;
    r.size = 4;
    r.reg = PBR_NO_REGISTER;
    pbr_ring_put(&f->writer, &r, NULL);
}

static void sizes(void **state)
{
    (void)state;
    assert_int_equal(pbr_state_size(64, 64),
                     sizeof(struct pbr_state) + 4096);
    assert_int_equal(pbr_state_size(63, 64), 0);
    assert_int_equal(pbr_state_size(96, 64), 0);
    assert_int_equal(pbr_state_size(64, 128), 0);
    assert_int_equal(pbr_state_size(0, 64), 0);
    assert_int_equal(pbr_state_size(PBR_RECORDS_MAX * 2, 64), 0);
}

static void records_come_in_order(void **state)
{
    struct pbr_ring_reader r;
    struct pbr_record rec;
    struct fixture f;
    uint64_t i;

    (void)state;
    assert_int_equal(make(&f, CAPACITY, PBR_RECORD_MIN), PBR_OK);
    assert_int_equal(pbr_ring_reader_init(&r, f.mem, f.size, true), PBR_OK);
    assert_int_equal(pbr_ring_get(&r, &rec, NULL), 0);
    for (i = 0; i < CAPACITY; i++) {
        put(&f, i);
    }
    for (i = 0; i < CAPACITY; i++) {
        assert_int_equal(pbr_ring_get(&r, &rec, NULL), 1);
        assert_int_equal(rec.value, i);
        assert_int_equal(rec.seq, i + 1);
        assert_int_equal(rec.flags & PBR_R_REGS, 0);
    }
    assert_int_equal(pbr_ring_get(&r, &rec, NULL), 0);
    assert_int_equal(r.lost, 0);
    free(f.mem);
}

static void loss_is_counted(void **state)
{
    struct pbr_ring_reader r, late;
    struct pbr_record rec;
    struct fixture f;
    uint64_t i, got = 0;

    (void)state;
    assert_int_equal(make(&f, CAPACITY, PBR_RECORD_MIN), PBR_OK);
    assert_int_equal(pbr_ring_reader_init(&r, f.mem, f.size, true), PBR_OK);
    for (i = 0; i < 1000; i++) {
        put(&f, i);
    }
    while (pbr_ring_get(&r, &rec, NULL) == 1) {
        assert_int_equal(rec.value, 1000 - CAPACITY + got);
        got++;
    }
    assert_int_equal(got, CAPACITY);
    assert_int_equal(r.lost, 1000 - CAPACITY);
    /* Who comes late has lost nothing. */
    assert_int_equal(pbr_ring_reader_init(&late, f.mem, f.size, true),
                     PBR_OK);
    for (got = 0; pbr_ring_get(&late, &rec, NULL) == 1; got++) {
    }
    assert_int_equal(got, CAPACITY);
    assert_int_equal(late.lost, 0);
    assert_int_equal(pbr_ring_reader_init(&late, f.mem, f.size, false),
                     PBR_OK);
    assert_int_equal(pbr_ring_get(&late, &rec, NULL), 0);
    free(f.mem);
}

static void registers_travel_in_long_records(void **state)
{
    uint64_t regs[PBR_RECORD_REGS], got[PBR_RECORD_REGS];
    struct pbr_ring_reader r;
    struct pbr_record rec;
    struct fixture f;
    unsigned i;

    (void)state;
    assert_int_equal(make(&f, CAPACITY, PBR_RECORD_FULL), PBR_OK);
    for (i = 0; i < PBR_RECORD_REGS; i++) {
        regs[i] = i * 0x0101010101010101u;
    }
    memset(&rec, 0, sizeof(rec));
    rec.size = 8;
    for (i = 0; i < CAPACITY + 3; i++) {
        pbr_ring_put(&f.writer, &rec, i % 2 == 0 ? regs : NULL);
    }
    assert_int_equal(pbr_ring_reader_init(&r, f.mem, f.size, true), PBR_OK);
    for (i = 3; pbr_ring_get(&r, &rec, got) == 1; i++) {
        assert_int_equal((rec.flags & PBR_R_REGS) != 0, i % 2 == 0);
        if (i % 2 == 0) {
            assert_memory_equal(regs, got, sizeof(regs));
        }
    }
    assert_int_equal(i, CAPACITY + 3);
    free(f.mem);
}

/* What stands in the header afterwards must not lead anybody astray. */
static void hostile_header(void **state)
{
    struct pbr_state_header h;
    struct pbr_ring_reader r;
    struct pbr_record rec;
    struct fixture f;
    unsigned i, n;

    (void)state;
    assert_int_equal(make(&f, CAPACITY, PBR_RECORD_MIN), PBR_OK);
    for (i = 0; i < 10; i++) {
        put(&f, i);
    }
    assert_int_equal(pbr_ring_reader_init(&r, f.mem, f.size, true), PBR_OK);
    f.mem->header.capacity = UINT32_MAX;
    f.mem->header.record_size = UINT32_MAX;
    f.mem->header.ring_offset = UINT64_MAX;
    assert_int_equal(pbr_ring_get(&r, &rec, NULL), 1);
    put(&f, 11);
    f.mem->header.head = UINT64_MAX;
    for (n = 0; pbr_ring_get(&r, &rec, NULL) == 1; n++) {
        assert_true(n < CAPACITY);
    }
    assert_true(r.lost > 0);
    f.mem->header.head = 2;
    assert_int_equal(pbr_ring_get(&r, &rec, NULL), 0);
    assert_int_equal(r.cursor, 2);
    assert_int_equal(pbr_state_check(f.mem, f.size, &h), PBR_ERR_SIZE);
    f.mem->header.capacity = CAPACITY * 2;
    f.mem->header.record_size = PBR_RECORD_MIN;
    f.mem->header.ring_offset = sizeof(*f.mem);
    assert_int_equal(pbr_state_check(f.mem, f.size, &h), PBR_ERR_SIZE);
    f.mem->header.total_size = pbr_state_size(CAPACITY * 2, PBR_RECORD_MIN);
    assert_int_equal(pbr_state_check(f.mem, f.size, &h), PBR_ERR_SIZE);
    free(f.mem);
}

static void records_of_garbage_are_skipped(void **state)
{
    struct pbr_ring_reader r;
    struct pbr_record rec;
    struct fixture f;
    uint8_t *ring;
    uint64_t i, n = 0;

    (void)state;
    assert_int_equal(make(&f, CAPACITY, PBR_RECORD_MIN), PBR_OK);
    for (i = 0; i < CAPACITY; i++) {
        put(&f, i);
    }
    ring = (uint8_t *)f.mem + sizeof(*f.mem);
    for (i = 0; i < CAPACITY; i += 2) {
        memset(ring + i * 64, 0xa5, 64);
    }
    /* A right number and a wrong size. */
    ring[1 * 64 + offsetof(struct pbr_record, size)] = 3;
    assert_int_equal(pbr_ring_reader_init(&r, f.mem, f.size, true), PBR_OK);
    while (pbr_ring_get(&r, &rec, NULL) == 1) {
        assert_int_equal(rec.value % 2, 1);
        n++;
    }
    assert_int_equal(n, CAPACITY / 2 - 1);
    assert_int_equal(r.lost, CAPACITY / 2 + 1);
    free(f.mem);
}

#define RACE_RECORDS 400000u

static void *race_writer(void *opaque)
{
    struct fixture *f = opaque;
    uint64_t i;

    for (i = 0; i < RACE_RECORDS; i++) {
        put(f, i);
    }
    return NULL;
}

/* A reader that is overtaken all the time sees whole records only. */
static void reader_against_writer(void **state)
{
    struct pbr_ring_reader r;
    struct pbr_record rec;
    struct fixture f;
    pthread_t thread;
    uint64_t seen = 0, last = 0;

    (void)state;
    assert_int_equal(make(&f, CAPACITY, PBR_RECORD_MIN), PBR_OK);
    assert_int_equal(pbr_ring_reader_init(&r, f.mem, f.size, true), PBR_OK);
    assert_int_equal(pthread_create(&thread, NULL, race_writer, &f), 0);
    while (last < RACE_RECORDS) {
        if (pbr_ring_get(&r, &rec, NULL) == 1) {
            assert_int_equal(rec.pc, rec.value * 4);
            assert_int_equal(rec.seq, rec.value + 1);
            assert_true(rec.seq > last);
            last = rec.seq;
            seen++;
        }
    }
    pthread_join(thread, NULL);
    assert_int_equal(seen + r.lost, RACE_RECORDS);
    free(f.mem);
}

static void regions(void **state)
{
    struct pbr_region region, got;
    struct fixture f;

    (void)state;
    assert_int_equal(make(&f, CAPACITY, PBR_RECORD_MIN), PBR_OK);
    memset(&region, 0, sizeof(region));
    region.base = 0x01c28000;
    region.size = 0x1000;
    memset(region.name, 'n', sizeof(region.name));
    assert_int_equal(pbr_regions(f.mem), 0);
    assert_int_equal(pbr_region_get(f.mem, 0, &got), PBR_ERR_EMPTY);
    assert_int_equal(pbr_region_set(f.mem, 0, &region), PBR_OK);
    assert_int_equal(pbr_regions(f.mem), 1);
    pbr_region_count(f.mem, 0, true);
    pbr_region_count(f.mem, 0, false);
    pbr_region_count(f.mem, 0, false);
    pbr_region_count(f.mem, UINT32_MAX, false);
    assert_int_equal(pbr_region_get(f.mem, 0, &got), PBR_OK);
    assert_int_equal(got.writes, 1);
    assert_int_equal(got.reads, 2);
    assert_int_equal(strlen(got.name), PBR_NAME_MAX - 1);
    assert_int_equal(pbr_region_set(f.mem, PBR_REGIONS_MAX, &region),
                     PBR_ERR_SIZE);
    assert_int_equal(pbr_region_set(f.mem, PBR_REGIONS_MAX - 1, &region),
                     PBR_OK);
    assert_int_equal(pbr_regions(f.mem), PBR_REGIONS_MAX);
    assert_int_equal(pbr_region_get(f.mem, 5, &got), PBR_ERR_EMPTY);
    f.mem->region_count = UINT32_MAX;
    assert_int_equal(pbr_regions(f.mem), PBR_REGIONS_MAX);
    assert_int_equal(pbr_region_get(f.mem, UINT32_MAX - 1, &got),
                     PBR_ERR_EMPTY);
    free(f.mem);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(records_come_in_order),
        cmocka_unit_test(loss_is_counted),
        cmocka_unit_test(registers_travel_in_long_records),
        cmocka_unit_test(hostile_header),
        cmocka_unit_test(records_of_garbage_are_skipped),
        cmocka_unit_test(reader_against_writer),
        cmocka_unit_test(regions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
