/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options, scripts, the console's window and keys of `periph`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/tools/option.h"
#include "runtime/tools/script.h"
#include "runtime/tools/terminal.h"
#include "runtime/tools/watch.h"

struct sample {
    bool flag;
    const char *text;
    double seconds;
    unsigned number;
};

static const struct option_row rows[] = {
    { .name = "flag", .kind = OPTION_FLAG,
      .offset = offsetof(struct sample, flag), .help = "f" },
    { .name = "text", .kind = OPTION_TEXT, .value = "T",
      .offset = offsetof(struct sample, text), .help = "t" },
    { .name = "seconds", .kind = OPTION_SECONDS, .value = "S",
      .offset = offsetof(struct sample, seconds), .help = "s" },
    { .name = "number", .kind = OPTION_NUMBER, .value = "N",
      .offset = offsetof(struct sample, number), .min = 2, .max = 9,
      .help = "n" },
    { .name = NULL },
};

static const struct option_table table = {
    .command = "sample",
    .operands = "A [B]",
    .summary = "A sample.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 2,
};

static enum option_result parse(struct sample *out, struct option_rest *rest,
                                char **argv)
{
    int argc = 0;

    while (argv[argc]) {
        argc++;
    }
    *out = (struct sample) { .number = 5 };
    return option_parse(&table, argc, argv, out, rest);
}

static void options_are_stored(void **state)
{
    char *argv[] = { "s", "one", "--flag", "--text", "x", "two",
                     "--seconds=1.5", "--number", "0x9", "--", "--flag",
                     NULL };
    struct option_rest rest;
    struct sample got;

    (void)state;
    assert_int_equal(parse(&got, &rest, argv), OPTION_OK);
    assert_true(got.flag);
    assert_string_equal(got.text, "x");
    assert_true(got.seconds == 1.5);
    assert_int_equal(got.number, 9);
    assert_int_equal(rest.operand_count, 2);
    assert_string_equal(rest.operands[1], "two");
    assert_int_equal(rest.extra_count, 1);
    assert_string_equal(rest.extra[0], "--flag");
}

static void wrong_options_are_refused(void **state)
{
    char *wrong[][5] = {
        { "s", NULL }, { "s", "a", "b", "c", NULL },
        { "s", "a", "--no", NULL }, { "s", "a", "--text", NULL },
        { "s", "a", "--number", "1", NULL },
        { "s", "a", "--number", "10", NULL },
        { "s", "a", "--number", "-3", NULL },
        { "s", "a", "--seconds", "nan", NULL },
        { "s", "a", "--seconds", "-1", NULL },
        { "s", "a", "--flag=x", NULL },
    };
    struct option_rest rest;
    struct sample got;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse(&got, &rest, wrong[i]), OPTION_ERROR);
    }
}

static char typed[64];

static void type(void *opaque, const char *bytes, size_t len)
{
    (void)opaque;
    assert_true(strlen(typed) + len < sizeof(typed));
    strncat(typed, bytes, len);
}

static void script_goes_step_by_step(void **state)
{
    struct script s;
    struct watch *w = malloc(sizeof(*w));

    (void)state;
    assert_non_null(w);
    typed[0] = 0;
    watch_init(w);
    assert_int_equal(script_parse(&s, "x", "# c\n\nexpect \"^a \\\"b$\" 5\n"
                                  "send \"\\x41 \\r\"\nwait 2\n"
                                  " expect b\\n=> \r\n"), 0);
    assert_int_equal(s.count, 4);
    script_begin(&s, 100);
    assert_int_equal(script_advance(&s, w, 104, 100, type, NULL),
                     SCRIPT_GOES_ON);
    watch_add(w, "x\r\na \"b\r\n", 9);
    assert_int_equal(script_advance(&s, w, 104, 104, type, NULL),
                     SCRIPT_GOES_ON);
    assert_string_equal(typed, "A \r");
    watch_add(w, "b\r\n=> ", 6);
    assert_int_equal(script_advance(&s, w, 106.5, 105, type, NULL),
                     SCRIPT_GOES_ON);
    assert_int_equal(script_advance(&s, w, 107, 105, type, NULL),
                     SCRIPT_PASSED);
    script_dispose(&s);
    free(w);
}

static void script_reads_accesses(void **state)
{
    static const char *const wrong[] = {
        "write\n", "write 0x10\n", "write ten 1\n", "write 0x10 1/\n",
        "write 0x10 anything\n", "read 0x10 1 soon\n", "read 0x10 1/2x\n",
        "read 0x11111111111111111 1\n",
    };
    struct script s;
    struct watch w;
    unsigned i;
    char *step;

    (void)state;
    watch_init(&w);
    assert_int_equal(script_parse(&s, "x", "write 0x4000 0x12/0xff 5\n"
                                  "read  16 any\n"), 0);
    assert_int_equal(s.count, 2);
    assert_true(script_has_accesses(&s));
    assert_true(s.steps[0].access.write);
    assert_int_equal(s.steps[0].access.address, 0x4000);
    assert_int_equal(s.steps[0].access.value, 0x12);
    assert_int_equal(s.steps[0].access.mask, 0xff);
    assert_false(s.steps[1].access.write);
    assert_int_equal(s.steps[1].access.address, 16);
    assert_int_equal(s.steps[1].access.mask, 0);
    script_begin(&s, 10);
    assert_int_equal(script_advance(&s, &w, 14.9, 10, type, NULL),
                     SCRIPT_GOES_ON);
    assert_int_equal(script_advance(&s, &w, 15, 10, type, NULL),
                     SCRIPT_FAILED);
    step = script_describe(&s);
    assert_string_equal(step, "line 1: write 0x4000 0x12/0xff");
    free(step);
    script_dispose(&s);
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(script_parse(&s, "wrong", wrong[i]), -1);
        script_dispose(&s);
    }
}

static void script_times_out(void **state)
{
    struct script s;
    struct watch *w = malloc(sizeof(*w));
    char *step;

    (void)state;
    assert_non_null(w);
    watch_init(w);
    assert_int_equal(script_parse(&s, "x", "expect \"a\" 5\n"), 0);
    script_begin(&s, 10);
    assert_int_equal(script_advance(&s, w, 14.9, 10, type, NULL),
                     SCRIPT_GOES_ON);
    assert_int_equal(script_advance(&s, w, 15, 10, type, NULL),
                     SCRIPT_FAILED);
    step = script_describe(&s);
    assert_string_equal(step, "line 1: expect \"a\"");
    free(step);
    script_dispose(&s);
    free(w);
}

static void window_is_bounded(void **state)
{
    struct watch *w = malloc(sizeof(*w));
    regex_t regex;
    char error[64];
    int i;

    (void)state;
    assert_non_null(w);
    watch_init(w);
    assert_int_equal(watch_compile(&regex, "^needle$", error,
                                   sizeof(error)), 0);
    for (i = 0; i < 3 * WATCH_SIZE; i++) {
        watch_add(w, "hay\n" + i % 4, 1);
    }
    assert_true(w->len <= WATCH_SIZE);
    assert_false(watch_find(w, &regex, true));
    watch_add(w, "\nneedle\r\nrest", 13);
    assert_true(watch_find(w, &regex, true));
    assert_string_equal(w->text, "\nrest");
    assert_false(watch_find(w, &regex, true));
    regfree(&regex);
    free(w);
}

static void keys_end_the_run(void **state)
{
    struct terminal t = { .raw = false };
    char out[16];
    bool quit = false;

    (void)state;
    assert_int_equal(terminal_keys(&t, "a\1", 2, out, &quit), 1);
    assert_false(quit);
    assert_int_equal(terminal_keys(&t, "\1b", 2, out, &quit), 2);
    assert_memory_equal(out, "\1b", 2);
    assert_int_equal(terminal_keys(&t, "\1x", 2, out, &quit), 0);
    assert_true(quit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_stored),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(script_goes_step_by_step),
        cmocka_unit_test(script_times_out),
        cmocka_unit_test(script_reads_accesses),
        cmocka_unit_test(window_is_bounded),
        cmocka_unit_test(keys_end_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
