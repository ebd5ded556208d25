/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of a model that must not be used, each wrapped in several ways, are
 * taken apart and tried as the engine that asks models does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "runtime/daemon/daemon.h"
#include "dsl/parse.h"
#include "runtime/infer/ai_grammar.h"
#include "runtime/infer/ai_items.h"
#include "tests/grammar/gbnf.h"

#define BASE 0x01c28000u

static const char board_text[] =
    "periph 1;\nboard test \"test\" {\n    cpu: \"cortex-a53\";\n"
    "    memory ram @ 0x40000000 : 1M;\n}\n";

/* CTRL is a person's. */
static const char device_text[] =
    "periph 1;\n"
    "device dev_01c28000 {\n    size: 0x1000; width: 32; unmapped: ask;\n"
    "    reg CTRL @ 0x00;\n}\n"
    "extend test { instance dev_01c28000 : dev_01c28000 @ 0x01c28000; }\n";

struct world {
    char dir[64];
    struct pdm d;
};

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct pdm_options options = {
        .results = "/dev/null",
        .log = { .file = fopen("/dev/null", "w"), .level = PDM_ERROR },
    };
    struct inf_access access = { .phys = BASE + 0x14, .size = 4 };

    strcpy(w->dir, "hostile-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    put_file(w->dir, "board.periph", board_text);
    put_file(w->dir, "dev_01c28000.periph", device_text);
    options.board = w->dir;
    assert_int_equal(pdm_init(&w->d, &options), 0);
    inf_evidence_add(w->d.evidence, &access);
    access.phys = BASE;
    inf_evidence_add(w->d.evidence, &access);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    FILE *log = w->d.options.log.file;

    pdm_dispose(&w->d);
    fclose(log);
    free(w);
    return 0;
}

/* Whether the machine's register may be replaced by what @reply says. */
static bool gets_through(struct world *w, const char *reply)
{
    struct ai_place place = {
        .svc = &w->d.services, .ev = w->d.evidence, .base = BASE,
        .size = 0x1000, .width = 32, .claim_max = 70,
    };
    struct pdl_strbuf problems = PDL_STRBUF_INIT;
    struct inf_question q = { .kind = INF_STALL, .phys = BASE + 0x14,
                              .base = BASE, .offset = 0x14, .size = 4 };
    struct inf_answer ans;
    struct inf_trial trial;
    bool through;

    strcpy(q.device, "dev_01c28000");
    inf_answer_init(&ans);
    through = ai_items_parse(reply, &place, &ans, &problems) == 0 &&
        w->d.services.try_edits(&w->d, &q, ans.edits, ans.edit_count,
                                &trial) == 0;
    inf_answer_dispose(&ans);
    pdl_strbuf_dispose(&problems);
    return through;
}

static char *wrap(const char *text, unsigned how)
{
    static const char *const before[] = {
        "", "```periph\n", "", "periph 1;\ndevice d {\n    size: 0x1000;\n",
        "reg r14 @ 0x14;\n",
    };
    static const char *const after[] = { "", "\n```\n", "", "\n}\n", "" };
    char *out = NULL;
    cJSON *root;

    if (how != 2) {
        assert_true(asprintf(&out, "%s%s%s", before[how], text,
                             after[how]) >= 0);
        return out;
    }
    root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "reason", "because");
    cJSON_AddStringToObject(root, "periph", text);
    cJSON_AddNumberToObject(root, "confidence", 100);
    out = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return out;
}

static char *read_source(const char *name)
{
    const char *top = getenv("PERIPH_SRC");
    char path[512];
    char *text;
    size_t len;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".", name);
    f = fopen(path, "r");
    assert_non_null(f);
    text = calloc(1, 1 << 20);
    assert_non_null(text);
    len = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    assert_true(len > 0);
    return text;
}

static void test_none_gets_through(void **state)
{
    char *text = read_source("tests/infer/hostile/answers.txt");
    char *part, *end, *body, *reply;
    unsigned tried = 0, through = 0, how;

    for (part = strstr(text, "=== "); part != NULL; part = end) {
        body = strchr(part, '\n');
        end = strstr(body, "\n=== ");
        *body++ = '\0';
        if (end != NULL && end >= body) {
            *end++ = '\0';
        } else if (end != NULL) {
            end++;
            body[-1] = '\0';
            body = "";
        }
        for (how = 0; how < 5; how++) {
            if (how == 4 && (*body == '\0' || *body == '/')) {
                continue;       /* a good register with nothing behind it */
            }
            reply = wrap(body, how);
            tried++;
            if (gets_through(*state, reply)) {
                print_error("\"%s\", wrapped as %u, gets through\n",
                            part + 4, how);
                through++;
            }
            free(reply);
        }
    }
    free(text);
    print_message("%u answers tried\n", tried);
    assert_true(tried >= 200);
    assert_int_equal(through, 0);
}

/* The same way lets a good answer through, or the above would say nothing. */
static void test_a_good_one_does(void **state)
{
    struct world *w = *state;
    unsigned how;

    for (how = 0; how < 4; how++) {
        char *reply = wrap("reg r14 @ 0x14 { ready [5] ro = 1; }", how);

        assert_true(gets_through(w, reply));
        free(reply);
    }
}

/* What a model can say under the grammar is declarations of a device. */
static void test_grammar(void **state)
{
    char *text = read_source("dsl/periph.gbnf");
    char *answers = ai_grammar_answer(text);
    struct pdl_strbuf reply = PDL_STRBUF_INIT;
    uint64_t seed = 1;
    struct gbnf *g;
    unsigned i;

    (void)state;
    assert_null(ai_grammar_answer("root ::= \"x\"\n"));
    assert_non_null(answers);
    g = gbnf_new(answers);
    assert_non_null(g);
    for (i = 0; i < 500; i++) {
        struct pdl_session *s = pdl_session_new();
        struct pdl_unit *unit;
        const struct pdl_item *item;

        pdl_strbuf_clear(&reply);
        gbnf_generate(g, &seed, 8, &reply);
        assert_int_equal(pdl_parse_fragment(s, PDL_FRAGMENT_BODY, "reply",
                                            pdl_strbuf_str(&reply),
                                            reply.len, &unit), 0);
        for (item = unit->items.first; item != NULL; item = item->next) {
            assert_null(item->notes);
            assert_true(item->kind != PDL_ITEM_INSTANCE &&
                        item->kind != PDL_ITEM_IMPORT &&
                        item->kind != PDL_ITEM_LOAD &&
                        item->kind != PDL_ITEM_DT);
        }
        pdl_session_free(s);
    }
    pdl_strbuf_dispose(&reply);
    gbnf_free(g);
    free(answers);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none_gets_through, setup,
                                        teardown),
        cmocka_unit_test(test_grammar),
        cmocka_unit_test_setup_teardown(test_a_good_one_does, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
