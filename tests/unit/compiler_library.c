/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The library's blocks, found by `compatible` and by identification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "compiler/library.h"

static char own_folder[2048];

static int open_library(void **state)
{
    const char *top = getenv("PERIPH_SRC");
    char dsl[2048];
    const char *const dirs[] = { dsl };
    struct pcc_library *lib;

    snprintf(dsl, sizeof(dsl), "%s/dsl", top ? top : ".");
    if (pcc_library_open(dirs, 1, &lib)) {
        return -1;
    }
    *state = lib;
    return 0;
}

static int close_library(void **state)
{
    pcc_library_free(*state);
    return 0;
}

static const struct pcc_ip *find(const struct pcc_library *lib,
                                    const char *a, const char *b)
{
    const char *const list[] = { a, b };

    return pcc_library_compatible(lib, list, b ? 2 : 1);
}

/* Each block compiles and says what it is. */
static void test_all(void **state)
{
    const struct pcc_ip *b;
    size_t i;

    assert_null(pcc_library_broken(*state, 0));
    for (i = 0; (b = pcc_library_block(*state, i)); i++) {
        print_message("%s\n", b->device);
        assert_non_null(b->text);
        assert_non_null(b->dt_class);
        assert_true(b->compatible_count > 0);
        assert_ptr_equal(find(*state, b->compatible[0], NULL), b);
        if (b->id_count) {
            assert_ptr_equal(pcc_library_identify(*state, b->ids,
                                                  b->id_count), b);
        }
    }
    assert_true(i >= 20);
}

static void test_compatible(void **state)
{
    const struct pcc_ip *b = find(*state, "arm,pl011", "arm,primecell");

    assert_non_null(b);
    assert_string_equal(b->device, "pl011");
    assert_string_equal(b->import, "lib/pl011.periph");
    assert_string_equal(b->dt_class, "serial");
    assert_int_equal(b->size, 0x1000);
    assert_null(find(*state, "arm,primecell", NULL));
    assert_null(find(*state, "vendor,unheard-of", NULL));
    b = find(*state, "vendor,soc-uart", "snps,dw-apb-uart");
    assert_non_null(b);
    assert_string_equal(b->device, "dw_apb_uart");
    assert_null(pcc_library_compatible(*state, NULL, 0));
}

/* A driver's table has 0x00041061 with mask 0x000fffff for the PL061. */
static void test_primecell(void **state)
{
    struct pcc_id seen[4] = {
        { 0xfe0, 0xff, 0x61 }, { 0xfe4, 0xff, 0x10 },
        { 0xfe8, 0xff, 0x54 }, { 0xfec, 0xff, 0x00 },
    };
    struct pcc_id cell = { 0xffc, 0xff, 0xb1 };
    const struct pcc_ip *b;

    /* The revision does not matter. */
    b = pcc_library_identify(*state, seen, 4);
    assert_non_null(b);
    assert_string_equal(b->device, "pl061");
    seen[0].value = 0x05;
    seen[1].value = 0x18;
    b = pcc_library_identify(*state, seen, 2);
    assert_non_null(b);
    assert_string_equal(b->device, "sp805");
    /* Another maker, another part. */
    seen[2].value = 0x08;
    assert_null(pcc_library_identify(*state, seen, 3));
    seen[2].value = 0x14;
    seen[0].value = 0x99;
    assert_null(pcc_library_identify(*state, seen, 3));
    /* What all of them have tells nothing. */
    assert_null(pcc_library_identify(*state, &cell, 1));
    assert_null(pcc_library_identify(*state, NULL, 0));
}

static void test_designware(void **state)
{
    struct pcc_id seen = { 0xfc, 0xffffffff, 0x44570110 };
    const struct pcc_ip *b = pcc_library_identify(*state, &seen, 1);

    assert_non_null(b);
    assert_string_equal(b->device, "dw_apb_uart");
    seen.value = 0x44570140;
    assert_null(pcc_library_identify(*state, &seen, 1));
}

static void put_file(const char *name, const char *text)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof(path), "%s/lib/%s", own_folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* A folder of one's own: templates, broken files, names known already. */
static void test_own_folder(void **state)
{
    const char *tmp = getenv("PERIPH_TMP");
    const char *const dirs[] = { own_folder, own_folder, "/nonexistent" };
    struct pcc_library *lib;
    char path[4096];

    (void)state;
    snprintf(own_folder, sizeof(own_folder), "%s/own", tmp ? tmp : ".");
    snprintf(path, sizeof(path), "%s/lib", own_folder);
    mkdir(own_folder, 0700);
    mkdir(path, 0700);
    put_file("t.periph", "periph 1;\ntemplate t(v) { @id reg ID @ 0 = v; }\n");
    put_file("one.periph", "periph 1;\nimport \"lib/t.periph\";\n"
             "device one is t(7) { size: 4; compatible: \"x,one\"; }\n");
    put_file("two.periph", "periph 1;\ndevice two { size: 4; "
             "compatible: \"x,one\", \"x,two\"; "
             "reg R @ 0 { @id KIND [4..7] = 3; REV [0..3] = 1; } }\n");
    put_file("bad.periph", "periph 1;\ndevice bad { size: }\n");
    put_file(".hidden.periph", "no\n");
    assert_int_equal(pcc_library_open(dirs, 3, &lib), PCC_OK);
    assert_string_equal(pcc_library_block(lib, 0)->device, "one");
    assert_string_equal(pcc_library_block(lib, 1)->device, "two");
    assert_null(pcc_library_block(lib, 2));
    assert_non_null(strstr(pcc_library_broken(lib, 0), "lib/bad.periph"));
    assert_null(find(lib, "x,one", NULL));
    assert_ptr_equal(find(lib, "x,one", "x,two"), pcc_library_block(lib, 1));
    assert_int_equal(pcc_library_block(lib, 1)->ids[0].mask, 0xf0);
    assert_int_equal(pcc_library_block(lib, 1)->ids[0].value, 0x30);
    pcc_library_free(lib);
    pcc_library_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all, open_library,
                                        close_library),
        cmocka_unit_test_setup_teardown(test_compatible, open_library,
                                        close_library),
        cmocka_unit_test_setup_teardown(test_primecell, open_library,
                                        close_library),
        cmocka_unit_test_setup_teardown(test_designware, open_library,
                                        close_library),
        cmocka_unit_test(test_own_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
