/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target over the table validator and the engine: what validates must
 * never lead outside its state, whatever accesses come.  For libFuzzer build
 * it with -fsanitize=fuzzer,address,undefined; with -DPTAB_FUZZ_MAIN it is a
 * program that replays the files named on its command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine/engine.h"
#include "tests/fuzz/ptab_fuzz.h"

#define FUZZ_MAX_INPUT (1u << 20)
#define FUZZ_MAX_MEMORY (1u << 20)
#define CALLS 64

struct fuzz_host {
    uint64_t now;
    uint64_t seed;
    bool cut;                   /* a bound of the engine was reached */
};

static uint64_t next(struct fuzz_host *h)
{
    h->seed ^= h->seed << 13;
    h->seed ^= h->seed >> 7;
    h->seed ^= h->seed << 17;
    return h->seed;
}

static uint64_t fuzz_now(void *opaque)
{
    return ((struct fuzz_host *)opaque)->now;
}

static uint64_t fuzz_random(void *opaque)
{
    return next(opaque);
}

static uint64_t fuzz_sample(void *opaque, uint64_t channel)
{
    return next(opaque) ^ channel;
}

static bool fuzz_put(void *opaque, uint32_t fifo, uint64_t value)
{
    return (next(opaque) & 7) != 0 || fifo == value;
}

static void fuzz_log(void *opaque, enum prt_log_kind kind, const char *text,
                     uint64_t value)
{
    struct fuzz_host *h = opaque;

    (void)text;
    (void)value;
    h->cut |= kind == PRT_LOG_STEPS || kind == PRT_LOG_NEST;
}

static void check_size(unsigned size)
{
    if (size != 1 && size != 2 && size != 4 && size != 8) {
        abort();
    }
}

static bool fuzz_bus_read(void *opaque, uint64_t address, unsigned size,
                          uint64_t *value)
{
    check_size(size);
    *value = next(opaque) ^ address ^ size;
    return (*value & 31) != 0;
}

static bool fuzz_bus_write(void *opaque, uint64_t address, unsigned size,
                           uint64_t value)
{
    (void)opaque;
    check_size(size);
    return ((address ^ size ^ value) & 31) != 1;
}

static const struct prt_host_ops fuzz_ops = {
    .now = fuzz_now, .random = fuzz_random, .sample = fuzz_sample,
    .wallclock = fuzz_random, .put = fuzz_put, .bus_read = fuzz_bus_read,
    .bus_write = fuzz_bus_write, .log = fuzz_log
};

static void one_call(struct prt_dev *dev, struct fuzz_host *h)
{
    uint32_t mmio = dev->table->head->mmio_size;
    uint64_t what = next(h), value;
    uint32_t offset = (uint32_t)(next(h) % (mmio + 16ull));
    unsigned size = 1u << (what >> 8 & 3);

    if (what >> 10 & 1) {
        offset &= ~(size - 1);
    } else if (what >> 11 & 1) {
        size = 1 + (what >> 16 & 7);
    }
    if (what >> 12 & 1 && dev->table->nregs) {
        offset = dev->table->regs[next(h) % dev->table->nregs].offset;
    }
    switch (what & 15) {
    case 0:
        h->now += next(h) >> (next(h) & 63);
        prt_tick(dev);
        break;
    case 1:
        prt_line_set(dev, (uint32_t)next(h) & 7, what >> 20 & 1);
        break;
    case 2:
        prt_fifo_put(dev, (uint32_t)next(h) & 3, next(h));
        break;
    case 3:
        prt_dev_reset(dev, what >> 20 & 1);
        break;
    case 4: case 5:
        prt_peek(dev, offset, size, &value);
        break;
    case 6: case 7: case 8: case 9:
        prt_read(dev, offset, size, &value);
        break;
    default:
        prt_write(dev, offset, size, next(h) >> (next(h) & 63));
        break;
    }
}

/* A saved state that somebody has tampered with. */
static void run_spoilt(struct prt_dev *dev, struct fuzz_host *h)
{
    size_t size = prt_state_size(dev->table);
    uint64_t *copy;
    unsigned i;

    if (!size) {
        return;
    }
    copy = malloc(size);
    if (!copy) {
        return;
    }
    memcpy(copy, prt_state(dev), size);
    for (i = 0; i < 3; i++) {
        copy[next(h) % (size / 8)] = next(h) >> (next(h) & 63);
        if (prt_load(dev, copy, size) == PRT_OK) {
            one_call(dev, h);
            prt_tick(dev);
        }
    }
    free(copy);
}

static void run_device(const struct prt_table *table, struct fuzz_host *h)
{
    size_t size = prt_table_memory(table);
    struct prt_dev dev, again;
    void *memory, *second;
    unsigned i;

    if (size > FUZZ_MAX_MEMORY) {
        return;
    }
    memory = malloc(size ? size : 1);
    second = malloc(size ? size : 1);
    if (memory && second &&
        prt_dev_init(&dev, table, memory, size, &fuzz_ops, h) == PRT_OK &&
        prt_dev_init(&again, table, second, size, &fuzz_ops, h) == PRT_OK) {
        prt_dev_reset(&dev, PRT_RESET_COLD);
        for (i = 0; i < CALLS; i++) {
            one_call(&dev, h);
        }
        prt_load(&again, prt_state(&dev), prt_state_size(table));
        prt_carry(&again, &dev, NULL, NULL);
        for (i = 0; i < CALLS / 4; i++) {
            one_call(&again, h);
        }
        run_spoilt(&again, h);
    }
    free(memory);
    free(second);
}

/* Does the table say of all registers that settle something that they do? */
static bool is_honest(const struct prt_dev *dev)
{
    uint32_t i;

    for (i = 0; i < dev->table->nregs; i++) {
        if (!(dev->table->regs[i].flags & PRT_REG_SETTLES) && dev->depend &&
            dev->depend[i]) {
            return false;
        }
    }
    return true;
}

/*
 * What settles only where something has changed must come to the same as
 * what settles as a whole after each change.
 */
static void run_twins(const struct prt_table *table, uint64_t seed)
{
    struct fuzz_host host[2] = { { .seed = seed }, { .seed = seed } };
    size_t size = prt_table_memory(table), cells;
    void *memory[2] = { NULL, NULL };
    struct prt_dev dev[2];
    unsigned i, k;

    for (k = 0; k < 2; k++) {
        memory[k] = size <= FUZZ_MAX_MEMORY ? malloc(size ? size : 1) : NULL;
        if (!memory[k] || prt_dev_init(&dev[k], table, memory[k], size,
                                       &fuzz_ops, &host[k]) != PRT_OK) {
            goto out;
        }
    }
    cells = dev[1].depend ? (size_t)((const uint64_t *)(const void *)
                                     dev[1].traits - dev[1].depend) : 0;
    for (i = 0; i < cells; i++) {
        dev[1].depend[i] = dev[1].all_items;
    }
    for (k = 0; k < 2 && is_honest(&dev[0]); k++) {
        prt_dev_reset(&dev[k], PRT_RESET_COLD);
        for (i = 0; i < CALLS; i++) {
            one_call(&dev[k], &host[k]);
        }
    }
    if (!host[0].cut && !host[1].cut &&
        memcmp(memory[0], memory[1], prt_state_size(table))) {
        abort();
    }
out:
    free(memory[0]);
    free(memory[1]);
}

static void run_file(const uint8_t *bytes, size_t size)
{
    struct fuzz_host h = { .seed = prt_hash(PRT_HASH_INIT, bytes, size) | 1 };
    struct prt_table table;
    struct prt_file file;
    uint32_t i;

    if (prt_table_open(bytes, size, &table, NULL) == PRT_OK) {
        run_device(&table, &h);
        run_twins(&table, h.seed);
    }
    if (prt_file_open(bytes, size, &file, NULL) != PRT_OK) {
        return;
    }
    for (i = 0; i < file.head->device_count && i < 4; i++) {
        if (prt_file_device(&file, i, &table) == PRT_OK) {
            run_device(&table, &h);
            run_twins(&table, h.seed);
        }
    }
    for (i = 0; file.has_board && i < file.board.head->instances.count; i++) {
        (void)prt_board_string(&file.board, file.board.instances[i].name);
    }
}

/* A checksum that is right, so that what it covers is reached. */
static void seal(uint8_t *bytes, size_t size)
{
    uint64_t sum;

    if (size >= sizeof(struct prt_file_header)) {
        sum = prt_checksum(bytes, size / 8 * 8);
        memcpy(bytes + offsetof(struct prt_file_header, checksum), &sum, 8);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes;

    if (size > FUZZ_MAX_INPUT) {
        return 0;
    }
    bytes = malloc(size ? size : 1);
    if (!bytes) {
        return 0;
    }
    memcpy(bytes, data, size);
    seal(bytes, size);
    run_file(bytes, size);
    free(bytes);
    return 0;
}

int ptab_fuzz_replay(const char *path)
{
    static uint8_t buffer[FUZZ_MAX_INPUT];
    FILE *f = fopen(path, "rb");
    size_t size;

    if (!f) {
        return -1;
    }
    size = fread(buffer, 1, sizeof(buffer), f);
    fclose(f);
    LLVMFuzzerTestOneInput(buffer, size);
    return 0;
}

#ifdef PTAB_FUZZ_MAIN
int main(int argc, char **argv)
{
    int i, failed = 0;

    for (i = 1; i < argc; i++) {
        if (ptab_fuzz_replay(argv[i])) {
            perror(argv[i]);
            failed = 1;
        }
    }
    return failed;
}
#endif
