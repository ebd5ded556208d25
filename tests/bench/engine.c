/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine costs, without a machine around it.
 *
 *   engine calls TABLE OFFSET OP N    N accesses, for callgrind: OP is r, w
 *                                     (changing values) or n (nothing)
 *   engine load TABLE RUNS            validates the file and makes each of
 *                                     its devices, RUNS times
 *   engine carry TABLE RUNS           replaces device 0 by itself, RUNS times
 *   engine size TABLE                 bytes each device needs beside its
 *                                     registers, the largest
 *
 * `load` and `carry` print the median in microseconds, `size` bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/engine/engine.h"

static void die(const char *what, const char *why)
{
    fprintf(stderr, "engine: %s: %s\n", what, why);
    exit(1);
}

static void *need(void *memory)
{
    if (!memory) {
        die("memory", "none left");
    }
    return memory;
}

static uint64_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint64_t *bytes = need(malloc(PRT_MAX_FILE));

    if (!f) {
        die(path, "cannot be read");
    }
    *size = fread(bytes, 1, PRT_MAX_FILE, f);
    fclose(f);
    return bytes;
}

static double now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), by_size);
    return values[count / 2];
}

struct device {
    struct prt_table table;
    struct prt_dev dev;
    void *memory;
};

static uint64_t host_now(void *opaque)
{
    (void)opaque;
    return 1000000;
}

static const struct prt_host_ops host = { .now = host_now };

static void make(const struct prt_file *file, uint32_t index,
                 struct device *d)
{
    size_t size;
    int err = prt_file_device(file, index, &d->table);

    if (err) {
        die("device", prt_strerror(err));
    }
    size = prt_table_memory(&d->table);
    d->memory = need(malloc(size ? size : 8));
    err = prt_dev_init(&d->dev, &d->table, d->memory, size, &host, NULL);
    if (err) {
        die("device", prt_strerror(err));
    }
}

static void open_file(const uint64_t *bytes, size_t size,
                      struct prt_file *file)
{
    int err = prt_file_open(bytes, size, file, NULL);

    if (err) {
        die("table", prt_strerror(err));
    }
}

static void calls(const struct prt_file *file, uint32_t offset, char op,
                  unsigned long count)
{
    struct device d;
    uint64_t value = 0;
    unsigned long i;

    make(file, 0, &d);
    prt_dev_reset(&d.dev, PRT_RESET_COLD);
    for (i = 0; op != 'n' && i < count; i++) {
        if (op == 'r') {
            prt_read(&d.dev, offset, 4, &value);
        } else {
            prt_write(&d.dev, offset, 4, i);
        }
    }
    free(d.memory);
}

static double load(const uint64_t *bytes, size_t size)
{
    struct prt_file file;
    struct device *d;
    double start = now_us(), took;
    uint32_t i, count;

    open_file(bytes, size, &file);
    count = file.head->device_count;
    d = need(malloc(count * sizeof(*d)));
    for (i = 0; i < count; i++) {
        make(&file, i, &d[i]);
        prt_dev_reset(&d[i].dev, PRT_RESET_COLD);
    }
    took = now_us() - start;
    for (i = 0; i < count; i++) {
        free(d[i].memory);
    }
    free(d);
    return took;
}

/* From the bytes of the new table to a device that goes on with it. */
static double carry(const uint64_t *bytes, size_t size)
{
    struct prt_file file;
    struct device was, now;
    double start;

    open_file(bytes, size, &file);
    make(&file, 0, &was);
    prt_dev_reset(&was.dev, PRT_RESET_COLD);
    start = now_us();
    open_file(bytes, size, &file);
    make(&file, 0, &now);
    prt_carry(&now.dev, &was.dev, NULL, NULL);
    start = now_us() - start;
    free(was.memory);
    free(now.memory);
    return start;
}

/* Blob and memory of a device, without what its registers need by number. */
static size_t rest(const struct prt_table *t)
{
    return t->head->total_size + prt_table_memory(t) +
           sizeof(struct device) -
           t->nregs * (sizeof(struct prt_reg) + 8) -
           t->nfields * sizeof(struct prt_field);
}

static void print_size(const struct prt_file *file)
{
    struct prt_table table;
    size_t most = 0, size;
    uint32_t i;

    for (i = 0; i < file->head->device_count; i++) {
        if (prt_file_device(file, i, &table)) {
            die("device", "cannot be opened");
        }
        size = rest(&table);
        most = size > most ? size : most;
    }
    printf("%zu\n", most);
}

int main(int argc, char **argv)
{
    struct prt_file file;
    uint64_t *bytes;
    double *took;
    size_t size;
    unsigned i, runs;

    if (argc < 3) {
        die("usage", "engine calls|load|carry|size TABLE ...");
    }
    bytes = read_file(argv[2], &size);
    if (!strcmp(argv[1], "calls") && argc == 6) {
        open_file(bytes, size, &file);
        calls(&file, (uint32_t)strtoul(argv[3], NULL, 0), argv[4][0],
              strtoul(argv[5], NULL, 0));
    } else if (!strcmp(argv[1], "size")) {
        open_file(bytes, size, &file);
        print_size(&file);
    } else if (argc == 4) {
        runs = (unsigned)strtoul(argv[3], NULL, 0);
        took = need(calloc(runs + 1, sizeof(*took)));
        for (i = 0; i < runs; i++) {
            took[i] = argv[1][0] == 'l' ? load(bytes, size) :
                      carry(bytes, size);
        }
        printf("%.1f\n", median(took, runs));
        free(took);
    } else {
        die(argv[1], "unknown, or too few arguments");
    }
    free(bytes);
    return 0;
}
