/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every `.periph` file there is: what fuzzing keeps is replayed; fixtures,
 * library and boards are laid out anew, which is idempotent and changes
 * nothing that they compile to.
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/format.h"
#include "tests/fuzz/periph_fuzz.h"

static unsigned files, compiled;

static const char *top(void)
{
    const char *src = getenv("PERIPH_SRC");

    return src ? src : ".";
}

static char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc((4u << 20) + 1);

    assert_non_null(f);
    assert_non_null(text);
    *len = fread(text, 1, 4u << 20, f);
    fclose(f);
    return text;
}

static bool is_periph(const char *path)
{
    size_t len = strlen(path);

    return len > 7 && strcmp(path + len - 7, ".periph") == 0;
}

static int replay(const char *path, const struct stat *st, int type,
                  struct FTW *ftw)
{
    size_t len;
    char *text;

    (void)st;
    (void)ftw;
    if (type == FTW_F) {
        text = slurp(path, &len);
        periph_fuzz_text(text, len);
        free(text);
        files++;
    }
    return 0;
}

/* Appends everything that the file compiles to as @text; false: errors. */
static bool outputs(const char *path, const char *text, size_t len,
                    struct pdl_strbuf *out)
{
    static const char *const emitters[] = { "table", "dtb", "dtbo" };
    struct pcc_emit_options emit = { .need_loads = false };
    const char *dirs[1];
    struct pcc_options opts = { .import_dirs = dirs, .import_dir_count = 1 };
    char lib[4096];
    struct pcc *s;
    bool good;
    size_t i;

    snprintf(lib, sizeof(lib), "%s/dsl", top());
    dirs[0] = lib;
    s = pcc_new(&opts);
    assert_non_null(s);
    good = pcc_add_buffer(s, path, text, len) == PCC_OK &&
           pcc_compile(s) == PCC_OK;
    for (i = 0; good && i < sizeof(emitters) / sizeof(emitters[0]); i++) {
        int err = pcc_emit(s, emitters[i], &emit, out);

        pdl_strbuf_printf(out, "|%d|", err);
    }
    pcc_free(s);
    return good;
}

static int lay_out(const char *path, const struct stat *st, int type,
                   struct FTW *ftw)
{
    struct pdl_strbuf laid = PDL_STRBUF_INIT, twice = PDL_STRBUF_INIT;
    struct pdl_strbuf a = PDL_STRBUF_INIT, b = PDL_STRBUF_INIT;
    bool good;
    size_t len;
    char *text;

    (void)st;
    (void)ftw;
    if (type != FTW_F || !is_periph(path) || strstr(path, "/corpus/")) {
        return 0;
    }
    text = slurp(path, &len);
    files++;
    if (pdl_format(text, len, 0, &laid) == 0) {
        assert_int_equal(pdl_format(pdl_strbuf_str(&laid), laid.len, 0,
                                    &twice), 0);
        if (strcmp(pdl_strbuf_str(&laid), pdl_strbuf_str(&twice)) != 0) {
            fail_msg("%s: laid out twice is not laid out once", path);
        }
        good = outputs(path, text, len, &a);
        compiled += good;
        if (outputs(path, pdl_strbuf_str(&laid), laid.len, &b) != good ||
            a.len != b.len ||
            memcmp(pdl_strbuf_str(&a), pdl_strbuf_str(&b), a.len) != 0) {
            fail_msg("%s: means something else when laid out", path);
        }
    }
    pdl_strbuf_dispose(&laid);
    pdl_strbuf_dispose(&twice);
    pdl_strbuf_dispose(&a);
    pdl_strbuf_dispose(&b);
    free(text);
    return 0;
}

static void walk(const char *name, int (*fn)(const char *,
                                             const struct stat *, int,
                                             struct FTW *))
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", top(), name);
    assert_int_equal(nftw(path, fn, 16, 0), 0);
}

static void the_corpus_replays(void **state)
{
    (void)state;
    files = 0;
    walk("tests/fuzz/corpus/periph", replay);
    print_message("# %u texts\n", files);
    assert_true(files > 20);
}

static void layout_changes_nothing(void **state)
{
    (void)state;
    files = compiled = 0;
    walk("tests", lay_out);
    walk("dsl", lay_out);
    walk("boards", lay_out);
    print_message("# %u files, %u compile alone\n", files, compiled);
    assert_true(files > 100);
    assert_true(compiled > 60);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_corpus_replays),
        cmocka_unit_test(layout_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
