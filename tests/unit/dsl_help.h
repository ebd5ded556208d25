/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of dsl/ share. */
#ifndef DSL_HELP_H
#define DSL_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/diag.h"
#include "dsl/format.h"
#include "dsl/parse.h"
#include "dsl/scan.h"

/* PERIPH_SRC/relative, malloc'ed. */
static inline char *help_path(const char *folder, const char *name)
{
    const char *top = getenv("PERIPH_SRC");
    size_t size;
    char *path;

    top = top ? top : ".";
    size = strlen(top) + strlen(folder) + strlen(name) + 3;
    path = malloc(size);
    assert_non_null(path);
    snprintf(path, size, "%s/%s/%s", top, folder, name);
    return path;
}

/* A whole file, malloc'ed, NUL-terminated. */
static inline char *help_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(8u << 20);

    if (!file || !text) {
        fail_msg("cannot read %s", path);
    }
    *len = fread(text, 1, (8u << 20) - 1, file);
    fclose(file);
    text[*len] = '\0';
    return text;
}

/* Fails with the diagnostics when there are any. */
static inline void help_no_diags(struct pdl_session *session)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    if (pdl_diags_first(pdl_session_diags(session))) {
        pdl_diags_print_text(pdl_session_diags(session),
                             pdl_session_sources(session), false, &out);
        print_error("%s", pdl_strbuf_str(&out));
        pdl_strbuf_dispose(&out);
        fail();
    }
}

/* Kinds and texts of all tokens, comments too or not, as one string. */
static inline char *help_tokens(const char *text, size_t len, bool comments)
{
    struct pdl_tokens tokens = PDL_TOKENS_INIT;
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    char *result;
    size_t i;

    assert_int_not_equal(pdl_scan(text, len, 0, NULL, &tokens),
                         PDL_ERR_NOMEM);
    for (i = 0; i < tokens.count; i++) {
        const struct pdl_token *token = &tokens.items[i];

        if (comments || (token->kind != PDL_TOKEN_LINE_COMMENT &&
                         token->kind != PDL_TOKEN_BLOCK_COMMENT)) {
            pdl_strbuf_printf(&out, "%d ", token->kind);
            pdl_strbuf_add(&out, text + token->begin,
                           token->end - token->begin);
            pdl_strbuf_putc(&out, '\n');
        }
    }
    pdl_tokens_dispose(&tokens);
    result = pdl_strbuf_take(&out);
    assert_non_null(result);
    return result;
}

/* Fails when two texts differ in their tokens. */
static inline void help_same_tokens(const char *a, size_t a_len,
                                    const char *b, size_t b_len,
                                    bool comments)
{
    char *x = help_tokens(a, a_len, comments);
    char *y = help_tokens(b, b_len, comments);

    assert_string_equal(x, y);
    free(x);
    free(y);
}

/* One test for each file of a folder that ends with `suffix`. */
static inline size_t help_add_files(const char *folder, const char *suffix,
                                    CMUnitTestFunction function,
                                    struct CMUnitTest *tests, size_t max)
{
    char *path = help_path(folder, "");
    struct dirent **names;
    int i, count = scandir(path, &names, NULL, alphasort);
    size_t added = 0;

    if (count < 0) {
        print_error("cannot read %s\n", path);
        exit(1);
    }
    for (i = 0; i < count; i++) {
        size_t len = strlen(names[i]->d_name), tail = strlen(suffix);

        if (len > tail && added < max &&
            strcmp(names[i]->d_name + len - tail, suffix) == 0) {
            char *file = help_path(folder, names[i]->d_name);

            tests[added++] = (struct CMUnitTest){
                .name = strdup(names[i]->d_name), .test_func = function,
                .initial_state = file,
            };
        }
        free(names[i]);
    }
    free(names);
    free(path);
    return added;
}

/* Frees what help_add_files made. */
static inline void help_free_files(struct CMUnitTest *tests, size_t count)
{
    while (count--) {
        free((char *)tests[count].name);
        free(tests[count].initial_state);
    }
}

#endif
