/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The corpora of the fuzz targets over importers, and damage done to them. */
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
#include "tests/fuzz/map_fuzz.h"
#include "tests/fuzz/svd_fuzz.h"

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

struct target {
    const char *name;
    int (*run)(const uint8_t *data, size_t size);
    size_t step;                /* damage each file at so many places; 0 */
};

/* The file whole, cut off, and with bytes changed. */
static void one_file(const struct target *t, const char *path)
{
    size_t size = read_file(path), i;

    t->run(buffer, size);
    for (i = 0; t->step && i < size; i += 1 + size / t->step) {
        uint8_t old = buffer[i];

        t->run(buffer, i);
        buffer[i] ^= 0xff;
        t->run(buffer, size);
        buffer[i] = old + 1;
        t->run(buffer, size);
        buffer[i] = old;
    }
}

static void replay(const struct target *t)
{
    const char *top = getenv("PERIPH_SRC");
    char path[4096];
    struct dirent *e;
    unsigned files = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", top ? top : ".",
             t->name);
    dir = opendir(path);
    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.') {
            char name[8192];

            snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
            one_file(t, name);
            files++;
        }
    }
    closedir(dir);
    assert_true(files > 0);
}

static void test_dtb(void **state)
{
    static const struct target t = { "dtb", dtb_fuzz_one, 64 };

    (void)state;
    replay(&t);
}

static void test_svd(void **state)
{
    static const struct target t = { "svd", svd_fuzz_one, 0 };

    (void)state;
    replay(&t);
}

static void test_map(void **state)
{
    static const struct target t = { "map", map_fuzz_one, 64 };

    (void)state;
    replay(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtb),
        cmocka_unit_test(test_svd),
        cmocka_unit_test(test_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
