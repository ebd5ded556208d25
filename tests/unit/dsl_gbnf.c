/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dsl/periph.gbnf against the parser: what it generates parses, and it
 * matches each file that parses.  The interpreter is Earley's, over code
 * points; tests/grammar/gbnf.c reads the dialect.
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

#include "dsl/diag.h"
#include "dsl/format.h"
#include "dsl/parse.h"
#include "tests/grammar/gbnf.h"

#define TEXTS 3000u
#define MAX_BYTES 24000u

static struct gbnf *grammar;
static unsigned matched;

static const char *top(void)
{
    const char *src = getenv("PERIPH_SRC");

    return src ? src : ".";
}

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1u << 20);

    assert_non_null(f);
    assert_true(fread(text, 1, (1u << 20) - 1, f) < (1u << 20) - 1);
    fclose(f);
    return text;
}

static int load(void **state)
{
    char path[4096];
    char *text;

    (void)state;
    snprintf(path, sizeof(path), "%s/dsl/periph.gbnf", top());
    text = slurp(path);
    grammar = gbnf_new(text);
    free(text);
    return grammar ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    gbnf_free(grammar);
    return 0;
}

/* Errors of the text: that an import is not there is none. */
static unsigned errors_in(struct pdl_session *s)
{
    const struct pdl_diag *d = pdl_diags_first(pdl_session_diags(s));
    unsigned n = 0;

    for (; d; d = d->next) {
        n += d->code != PDL_D_IMPORT_NOT_FOUND &&
             d->code != PDL_D_FILE_UNREADABLE;
    }
    return n;
}

/* Parses; with @show prints what is wrong. */
static bool parses(const char *text, size_t len, bool show)
{
    struct pdl_session *s = pdl_session_new();
    struct pdl_strbuf said = PDL_STRBUF_INIT;
    struct pdl_unit *unit = NULL;
    bool good;

    assert_non_null(s);
    pdl_parse_buffer(s, "text", text, len, &unit);
    good = !errors_in(s);
    if (!good && show) {
        pdl_diags_print_text(pdl_session_diags(s), pdl_session_sources(s),
                             false, &said);
        print_message("%s\n---\n%.*s\n", pdl_strbuf_str(&said), (int)len,
                      text);
    }
    pdl_strbuf_dispose(&said);
    pdl_session_free(s);
    return good;
}

static void what_it_generates_parses(void **state)
{
    uint64_t seed = 0x2545f4914f6cdd1du, bytes = 0;
    unsigned i;

    (void)state;
    print_message("# seed 0x%llx\n", (unsigned long long)seed);
    for (i = 0; i < TEXTS; i++) {
        struct pdl_strbuf text = PDL_STRBUF_INIT;

        gbnf_generate(grammar, &seed, 8 + i % 40, &text);
        bytes += text.len;
        assert_true(parses(pdl_strbuf_str(&text), text.len, true));
        if (i % 50 == 0 && text.len < 4000) {
            assert_int_equal(gbnf_match(grammar, pdl_strbuf_str(&text),
                                        text.len), text.len);
        }
        pdl_strbuf_dispose(&text);
    }
    print_message("# %u texts of %llu bytes in the middle\n", TEXTS,
                  (unsigned long long)(bytes / TEXTS));
    assert_true(bytes / TEXTS > 200);
}

static int match_file(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    size_t len = strlen(path), far;
    char *text;

    (void)st;
    (void)ftw;
    if (type != FTW_F || len < 7 || strcmp(path + len - 7, ".periph") != 0 ||
        strstr(path, "/corpus/") || strstr(path, "format/spacing")) {
        return 0;
    }
    text = slurp(path);
    len = strlen(text);
    if (len <= MAX_BYTES && parses(text, len, false)) {
        far = gbnf_match(grammar, text, len);
        if (far != len) {
            fail_msg("%s: no match behind \"%.60s\"", path,
                     text + (far > 30 ? far - 30 : 0));
        }
        matched++;
    }
    free(text);
    return 0;
}

static void it_matches_what_parses(void **state)
{
    static const char *const folders[] = { "tests", "dsl", "boards" };
    char path[4096];
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", top(), folders[i]);
        assert_int_equal(nftw(path, match_file, 16, 0), 0);
    }
    print_message("# %u files\n", matched);
    assert_true(matched > 100);
}

/* And not everything: what the language refuses it refuses as well. */
static void it_refuses_what_does_not_parse(void **state)
{
    static const char *const texts[] = {
        "", "periph 2;", "periph 1; device if { }",
        "periph 1; const A = 1 < 2 < 3;", "periph 1; device d { reg A @x; }",
        "periph 1; device d { reg when @ 0; }", "periph 1; device d {",
        "periph 1; device d { reg A @ 0 { on frob { } } }",
        "periph 1; @inferred(rules, 101) device d { }",
        "periph 1; device d { reg A @ 0xgg; }",
        "periph 1; device d { x = 1; }",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(parses(texts[i], strlen(texts[i]), false));
        assert_int_not_equal(gbnf_match(grammar, texts[i], strlen(texts[i])),
                             strlen(texts[i]));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_refuses_what_does_not_parse),
        cmocka_unit_test(what_it_generates_parses),
        cmocka_unit_test(it_matches_what_parses),
    };

    return cmocka_run_group_tests(tests, load, unload) == 0 ? 0 : 1;
}
