/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The corpus of the fuzz target over device trees, and damage done to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/dtb_fuzz.h"

static uint8_t buffer[1 << 20];

static size_t read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(buffer, 1, sizeof(buffer), f) : 0;

    if (f) {
        fclose(f);
    }
    return size;
}

/* Each file whole, cut off, and with bytes changed. */
static void one_file(const char *path)
{
    size_t size = read_file(path), i;

    dtb_fuzz_one(buffer, size);
    for (i = 0; i < size; i += 1 + size / 64) {
        uint8_t old = buffer[i];

        dtb_fuzz_one(buffer, i);
        buffer[i] ^= 0xff;
        dtb_fuzz_one(buffer, size);
        buffer[i] = old + 1;
        dtb_fuzz_one(buffer, size);
        buffer[i] = old;
    }
}

static void test_corpus(void **state)
{
    const char *top = getenv("PERIPH_SRC");
    char path[4096];
    struct dirent *e;
    unsigned files = 0;
    DIR *dir;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/dtb",
             top ? top : ".");
    dir = opendir(path);
    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.') {
            char name[8192];

            snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
            one_file(name);
            files++;
        }
    }
    closedir(dir);
    assert_true(files > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
