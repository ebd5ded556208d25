/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware images: refusals say why, and no bytes lead the reader astray. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/tools/guess.h"
#include "tests/fuzz/image_fuzz.h"

static int parse(struct image *img, const void *bytes, size_t size,
                 char why[160])
{
    uint8_t *copy = calloc(1, size + 1);

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    why[0] = '\0';
    return image_parse(img, copy, size, why, 160);
}

static void refuses(const void *bytes, size_t size, const char *text)
{
    struct image img;
    char why[160];

    assert_int_equal(parse(&img, bytes, size, why), -1);
    if (strstr(why, text) == NULL) {
        fail_msg("\"%s\" instead of \"%s\"", why, text);
    }
    image_close(&img);
}

static void test_refusals(void **state)
{
    char hex[] = ":10000000004000207D0200007902000079020000A4\n"
        ":10001000000000000000000000000000000000000000\n";
    uint8_t elf[64] = "\177ELF\1\2\1";

    (void)state;
    refuses("short", 5, "too short");
    refuses(hex, sizeof(hex) - 1, "line 1");
    refuses(elf, sizeof(elf), "big-endian");
    elf[5] = 1;
    refuses(elf, 52, "too short");
    refuses(elf, sizeof(elf), "not for Arm");
    elf[18] = 40;               /* EM_ARM */
    refuses(elf, sizeof(elf), "no segments");
    elf[42] = 32;               /* e_phentsize */
    elf[44] = 1;                /* e_phnum */
    elf[28] = 60;               /* e_phoff */
    refuses(elf, sizeof(elf), "truncated");
}

/* Records may jump, and address records shift them. */
static void test_hex_pieces(void **state)
{
    static const char hex[] =
        ":020000040000FA\n:0400000001020304F2\n:0400040005060708DE\n"
        ":020000041000EA\n:0400C000AABBCCDD2E\n:00000001FF\n";
    struct image img;
    uint64_t value;
    char why[160];

    (void)state;
    assert_int_equal(parse(&img, hex, sizeof(hex) - 1, why), 0);
    assert_int_equal(img.kind, IMAGE_HEX);
    assert_int_equal(img.piece_count, 2);
    assert_int_equal(img.pieces[0].size, 8);
    assert_int_equal(img.pieces[1].load, 0x100000c0);
    assert_true(image_read(&img, 2, 4, &value));
    assert_int_equal(value, 0x06050403);
    assert_true(image_read(&img, 0x100000c0, 4, &value));
    assert_int_equal(value, 0xddccbbaa);
    assert_false(image_read(&img, 6, 4, &value));
    image_close(&img);
}

static void replay(const char *path)
{
    static uint8_t buffer[1 << 20];
    FILE *f = fopen(path, "rb");
    size_t size, cut;

    assert_non_null(f);
    size = fread(buffer, 1, sizeof(buffer), f);
    fclose(f);
    image_fuzz_bytes(buffer, size);
    for (cut = 1; cut < size && cut < 200; cut++) {
        image_fuzz_bytes(buffer, size - cut);
    }
}

static void test_corpus(void **state)
{
    const char *top = getenv("PERIPH_SRC");
    const struct dirent *entry;
    unsigned count = 0;
    char path[512];
    DIR *dir;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/image",
             top != NULL ? top : ".");
    dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/image/%s",
                     top != NULL ? top : ".", entry->d_name);
            replay(path);
            count++;
        }
    }
    closedir(dir);
    assert_true(count > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_hex_pieces),
        cmocka_unit_test(test_corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
