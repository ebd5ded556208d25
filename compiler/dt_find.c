/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/dt_find.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#define LAST_VERSION 17u
#define MAX_INDEX 9999u

/* Checks on a copy: libfdt wants alignment, which an image does not give. */
static int is_blob(const uint8_t *at, size_t left, size_t *len)
{
    struct fdt_header head;
    void *copy;
    int err;

    if (left < sizeof(head)) {
        return 0;
    }
    memcpy(&head, at, sizeof(head));
    *len = fdt32_to_cpu(head.totalsize);
    if (*len < sizeof(head) || *len > left ||
        fdt32_to_cpu(head.version) < LAST_VERSION - 1 ||
        fdt32_to_cpu(head.last_comp_version) > LAST_VERSION ||
        fdt32_to_cpu(head.off_dt_struct) >= *len ||
        fdt32_to_cpu(head.off_dt_strings) > *len) {
        return 0;
    }
    copy = malloc(*len);
    if (!copy) {
        return -1;
    }
    memcpy(copy, at, *len);
    err = fdt_check_full(copy, *len);
    free(copy);
    return !err;
}

int dt_find(const void *image, size_t size, size_t from,
            struct dt_found *found)
{
    static const uint8_t magic[] = { 0xd0, 0x0d, 0xfe, 0xed };
    const uint8_t *begin = image, *end = begin + size, *at;

    for (at = from < size ? begin + from : NULL; at && at < end; at++) {
        int good;

        at = memmem(at, end - at, magic, sizeof(magic));
        if (!at) {
            break;
        }
        good = is_blob(at, end - at, &found->size);
        if (good) {
            found->offset = at - begin;
            return good;
        }
    }
    return 0;
}

size_t dt_find_split(const char *name, unsigned *n)
{
    const char *hash = strrchr(name, '#');
    size_t len = hash ? strspn(hash + 1, "0123456789") : 0;
    unsigned long value;

    *n = 1;
    if (!len || hash == name || hash[1 + len]) {
        return strlen(name);
    }
    value = strtoul(hash + 1, NULL, 10);
    *n = value > MAX_INDEX ? MAX_INDEX : value ? value : 1;
    return hash - name;
}
