/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware images: refusals say why, and no bytes lead the reader astray. */
#include <dirent.h>
#include <libfdt.h>
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

/* A FIT image: firmware at 0x4a000000 and its tree, one behind the other as
 * a loader leaves them; @compression NULL: none is said. */
static size_t make_fit(uint8_t *fit, size_t size, const char *compression)
{
    static const uint8_t tree[] = { 9, 8, 7, 6 };
    uint8_t code[64];

    memset(code, 0x5a, sizeof(code));
    assert_int_equal(fdt_create(fit, (int)size), 0);
    assert_int_equal(fdt_finish_reservemap(fit), 0);
    fdt_begin_node(fit, "");
    fdt_begin_node(fit, "images");
    fdt_begin_node(fit, "atf");
    fdt_property_u32(fit, "load", 0x44000);
    fdt_property(fit, "data", code, 8);
    fdt_end_node(fit);
    fdt_begin_node(fit, "uboot");
    fdt_property_string(fit, "os", "u-boot");
    if (compression != NULL) {
        fdt_property_string(fit, "compression", compression);
    }
    fdt_property_u64(fit, "load", 0x4a000000);
    fdt_property(fit, "data", code, sizeof(code));
    fdt_end_node(fit);
    fdt_begin_node(fit, "fdt_1");
    fdt_property_string(fit, "type", "flat_dt");
    fdt_property(fit, "data", tree, sizeof(tree));
    fdt_end_node(fit);
    fdt_end_node(fit);
    fdt_begin_node(fit, "configurations");
    fdt_property_string(fit, "default", "config_1");
    fdt_begin_node(fit, "config_1");
    fdt_property_string(fit, "firmware", "atf");
    fdt_property_string(fit, "fdt", "fdt_1");
    fdt_end_node(fit);
    fdt_end_node(fit);
    fdt_end_node(fit);
    assert_int_equal(fdt_finish(fit), 0);
    return fdt_totalsize(fit);
}

static void test_fit(void **state)
{
    uint8_t fit[2048] __attribute__((aligned(8)));
    struct image img;
    char why[160];
    size_t size = make_fit(fit, sizeof(fit), "none");

    (void)state;
    assert_int_equal(parse(&img, fit, size, why), 0);
    assert_int_equal(img.kind, IMAGE_FIT);
    assert_int_equal(img.piece_count, 1);
    assert_int_equal(img.pieces[0].load, 0x4a000000);
    assert_int_equal(img.pieces[0].size, 68);
    assert_int_equal(img.pieces[0].bytes[63], 0x5a);
    assert_int_equal(img.pieces[0].bytes[64], 9);
    assert_int_equal(img.entry, 0x4a000000);
    image_close(&img);
    size = make_fit(fit, sizeof(fit), "gzip");
    refuses(fit, size, "compressed");
}

/* A legacy image behind another stage counts with a right checksum only. */
static void test_inner(void **state)
{
    static const uint8_t header[64] = {
        0x27, 0x05, 0x19, 0x56, 0xc8, 0x75, 0xb1, 0xa5, 0, 0, 0, 0,
        0, 0, 0, 16, 0x4a, 0, 0, 0, 0x4a, 0, 0, 4,
    };
    uint8_t file[1024 + 80] = { 0 };
    struct image img;
    char why[160];

    (void)state;
    memcpy(file + 1024, header, sizeof(header));
    file[1024 + 64] = 0x77;
    assert_int_equal(parse(&img, file, sizeof(file), why), 0);
    assert_int_equal(img.kind, IMAGE_UIMAGE);
    assert_int_equal(img.inner, 1024 + 64);
    assert_int_equal(img.pieces[0].load, 0x4a000000);
    assert_int_equal(img.pieces[0].size, 16);
    assert_int_equal(img.pieces[0].bytes[0], 0x77);
    assert_int_equal(img.entry, 0x4a000004);
    image_close(&img);
    file[1024 + 5] ^= 1;
    assert_int_equal(parse(&img, file, sizeof(file), why), 0);
    assert_int_equal(img.kind, IMAGE_RAW);
    image_close(&img);
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
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_inner),
        cmocka_unit_test(test_corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
