/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board store on disk: journals, folders that take nothing. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/daemon/board_folder.h"

static void answers_are_on_disk_at_once(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_device d;
    struct pfl_reg r;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_non_null(
        strstr(board_get("dev_01c28000.periph"), "instance dev_01c28000"));
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0x14, "r14",
                                 "reg r14 @ 0x14 { b5 [5] ro = 1; }"),
                     PFL_OK);
    assert_non_null(strstr(board_get("dev_01c28000.periph"), "b5 [5] ro = 1"));
    assert_int_equal(board_table_registers(b), 1);
    assert_int_equal(pfl_device_at(b, BOARD_BASE + 0x800, &d), PFL_OK);
    assert_string_equal(d.name, "dev_01c28000");
    assert_true(d.machine);
    assert_int_equal(d.registers, 1);
    assert_int_equal(pfl_reg(b, BOARD_BASE, 0, &r), PFL_OK);
    assert_string_equal(r.source, "reg r14 @ 0x14 { b5 [5] ro = 1; }");
    assert_int_equal(r.reset, 0x20);
    assert_true(r.machine);
    assert_true(pfl_has_reg(b, BOARD_BASE, 0x17));
    assert_false(pfl_has_reg(b, BOARD_BASE, 0x18));
    assert_int_equal(pfl_reg(b, BOARD_BASE, 1, &r), PFL_ERR_NOT_FOUND);
    pfl_close(b);
    b = board_open();
    assert_int_equal(pfl_reg(b, BOARD_BASE, 0, &r), PFL_OK);
    assert_int_equal(r.confidence, 60);
    pfl_close(b);
}

/* Says @evidence of r14 with @confidence; the text is always another one. */
static const char *said(struct pfl_board *b, unsigned confidence,
                        const char *evidence)
{
    static unsigned bit;
    static char kept[1024];
    struct pfl_change change;
    struct pfl_edit e = { .kind = PFL_EDIT_REG, .by = "rules",
                          .confidence = confidence, .base = BOARD_BASE,
                          .offset = 0x14, .name = "r14",
                          .evidence = evidence };
    struct pfl_reg r;
    char text[64];

    bit = (bit + 1) % 32;
    snprintf(text, sizeof(text), "reg r14 @ 0x14 { b%u [%u] ro = 1; }", bit,
             bit);
    e.text = text;
    assert_int_equal(pfl_apply(b, &e, 1, &change), PFL_OK);
    assert_int_equal(pfl_reg(b, BOARD_BASE, 0, &r), PFL_OK);
    snprintf(kept, sizeof(kept), "%u %s", r.confidence,
             r.evidence != NULL ? r.evidence : "-");
    return kept;
}

static void a_register_keeps_all_its_evidence(void **state)
{
    struct pfl_board *b = board_open();
    char number[32];
    unsigned i;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_string_equal(said(b, 30, NULL), "30 -");
    assert_string_equal(said(b, 88, "bit 5"), "88 bit 5");
    assert_string_equal(said(b, 80, "bit 6"), "80 bit 5; bit 6");
    assert_string_equal(said(b, 80, "bit 6"), "80 bit 5; bit 6");
    assert_string_equal(said(b, 30, NULL), "80 bit 5; bit 6");
    assert_string_equal(said(b, 70, "bit 5; bit 6; 2 sites"),
                        "70 bit 5; bit 6; 2 sites");
    assert_string_equal(said(b, 30, ""), "30 -");
    /* The oldest goes first. */
    for (i = 0; i < 200; i++) {
        snprintf(number, sizeof(number), "finding %u", i);
        said(b, 50, number);
    }
    assert_non_null(strstr(said(b, 50, "last"), "finding 199; last"));
    assert_null(strstr(said(b, 50, "last"), "finding 0;"));
    pfl_close(b);
}

static void a_file_with_errors_keeps_its_answers_in_a_journal(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;
    char *good;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    good = strdup(board_get("dev_01c28000.periph"));
    board_put("dev_01c28000.periph",
              "periph 1;\ndevice dev_01c28000 { size: \n");
    assert_int_equal(pfl_refresh(b, &change), PFL_ERR_INPUT);
    assert_non_null(strstr(pfl_messages(b), "dev_01c28000.periph:"));
    assert_non_null(strstr(pfl_messages(b), "^"));
    /* The guest goes on with what was good, and gets its answer. */
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    assert_int_equal(board_table_registers(b), 2);
    assert_string_equal(board_get("dev_01c28000.periph"),
                        "periph 1;\ndevice dev_01c28000 { size: \n");
    assert_non_null(strstr(board_get("dev_01c28000.periph.pending"), "r04"));
    /* The daemon dies; the journal is there for the next one. */
    pfl_close(b);
    b = board_open();
    board_put("dev_01c28000.periph", good);
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_true(change.changed);
    assert_false(board_has("dev_01c28000.periph.pending"));
    assert_non_null(
        strstr(board_get("dev_01c28000.periph"), "reg r04 @ 0x04;"));
    assert_int_equal(board_table_registers(b), 2);
    free(good);
    pfl_close(b);
}

static void a_damaged_journal_is_ignored(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"version\":2,\"edits\":[{}]}",
        "{\"version\":1,\"edits\":[{\"kind\":\"reg\"},{\"kind\":5},7,null]}",
        "{\"version\":1,\"edits\":\"x\"}",
        "{\"version\":1,\"edits\":[{\"kind\":\"reg\",\"by\":\"rules\","
        "\"confidence\":1e99,\"base\":\"0x0\",\"size\":\"0x0\","
        "\"offset\":\"0x0\",\"name\":\"x\"}]}",
        "{\"version\":1,\"edits\":[{\"kind\":\"reg\",\"by\":\"rules\","
        "\"confidence\":5,\"base\":\"0x01c28000\",\"size\":\"0x0\","
        "\"offset\":\"0x0\",\"name\":\"x\",\"text\":\"junk\"}]}",
    };
    struct pfl_board *b = board_open();
    unsigned i;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    pfl_close(b);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *before = strdup(board_get("dev_01c28000.periph"));

        board_put("dev_01c28000.periph.pending", bad[i]);
        b = board_open();
        assert_string_equal(before, board_get("dev_01c28000.periph"));
        assert_int_equal(board_apply(b, PFL_EDIT_REG, 4 * i, "r00", NULL),
                         PFL_ERR_TEXT);
        pfl_close(b);
        free(before);
    }
}

static void errors_in_the_board_file(void **state)
{
    struct pfl_board *b = NULL;

    (void)state;
    board_put("board.periph",
              "periph 1;\nboard b { cpu: ; }\n"
              "board c { memory @ 1; }\nboard d { nonsense here }\n");
    assert_int_equal(pfl_open(board_dir, &board_options, &b), PFL_ERR_INPUT);
    assert_non_null(b);
    assert_non_null(strstr(pfl_messages(b), "board.periph:2:"));
    assert_non_null(strstr(pfl_messages(b), "board.periph:3:"));
    assert_non_null(strstr(pfl_messages(b), "board.periph:4:"));
    pfl_close(b);
    unlink(board_file("board.periph"));
    assert_int_equal(pfl_open(board_dir, &board_options, &b), PFL_ERR_IO);
    assert_null(b);
    assert_int_equal(pfl_open("/nonexistent/board", &board_options, &b),
                     PFL_ERR_IO);
    board_put("board.periph", "periph 1;\n");
    assert_int_equal(pfl_open(board_dir, &board_options, &b), PFL_ERR_INPUT);
    pfl_close(b);
}

static void one_bad_file_does_not_stop_the_others(void **state)
{
    struct pfl_board *b;
    struct pfl_device d;

    (void)state;
    board_put("a.periph", "periph 1;\ndevice x { }}}\n");
    board_put("z.periph",
              "periph 1;\ndevice z { size: 0x1000; width: 32; reg a @ 0; }\n"
              "extend b { instance z : z @ 0x01000000; }\n");
    b = board_open();
    assert_non_null(strstr(pfl_messages(b), "a.periph:2:"));
    assert_int_equal(pfl_device_at(b, 0x01000000, &d), PFL_OK);
    assert_false(d.machine);
    pfl_close(b);
}

static unsigned temporaries(void)
{
    DIR *d = opendir(board_dir);
    struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(d)) != NULL) {
        n += strstr(entry->d_name, ".tmp") != NULL;
    }
    closedir(d);
    return n;
}

/* A folder that takes nothing: as a child without rights when we are root. */
static void read_only_child(void)
{
    struct pfl_board *b = NULL;
    struct pfl_reg r;
    int why, ret = 1;

    if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0)) {
        _exit(77);
    }
    if (pfl_open(board_dir, &board_options, &b) != PFL_OK ||
        board_new_device(b) != PFL_OK ||
        board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;") != PFL_OK ||
        board_apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;") != PFL_OK) {
        _exit(2);
    }
    if (pfl_unsaved(b, &why) == 1 && why == EACCES && pfl_dirty(b) &&
        pfl_sync(b) == PFL_ERR_IO && pfl_reg(b, BOARD_BASE, 1, &r) == PFL_OK &&
        strstr(board_log, "stays in memory") != NULL &&
        strstr(strstr(board_log, "stays in memory") + 1, "stays in memory") ==
            NULL) {
        ret = 0;
    }
    pfl_close(b);
    _exit(ret);
}

static void a_read_only_folder(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(chmod(board_file("board.periph"), 0444), 0);
    assert_int_equal(chmod(board_dir, 0555), 0);
    pid = fork();
    if (pid == 0) {
        read_only_child();
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_false(board_has("dev_01c28000.periph"));
    assert_int_equal(temporaries(), 0);
}

static void what_could_not_be_written_is_written_later(void **state)
{
    struct pfl_board *b = board_open();
    int why;

    (void)state;
    /* A folder in the way of the temporary file, also for root. */
    assert_int_equal(mkdir(board_file(".dev_01c28000.periph.tmp"), 0700), 0);
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_false(board_has("dev_01c28000.periph"));
    assert_int_equal(pfl_unsaved(b, &why), 1);
    assert_int_equal(pfl_sync(b), PFL_ERR_IO);
    assert_int_equal(rmdir(board_file(".dev_01c28000.periph.tmp")), 0);
    assert_int_equal(pfl_sync(b), PFL_OK);
    assert_non_null(strstr(board_get("dev_01c28000.periph"), "r00"));
    assert_int_equal(pfl_unsaved(b, &why), 0);
    assert_false(pfl_dirty(b));
    pfl_close(b);
}

static void read_only_by_option(void **state)
{
    struct pfl_options o = board_options;
    struct pfl_board *b = NULL;

    (void)state;
    o.read_only = true;
    assert_int_equal(pfl_open(board_dir, &o, &b), PFL_OK);
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_int_equal(board_table_registers(b), 1);
    assert_false(board_has("dev_01c28000.periph"));
    assert_int_equal(pfl_state_write(b, ".x", "y"), PFL_ERR_IO);
    pfl_close(b);
    assert_false(board_has("dev_01c28000.periph"));
}

/* Killed at any moment, the file is whole: the old one or the new one. */
static void killed_while_writing(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_board *again;
    int round, status;
    pid_t pid;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    pfl_close(b);
    for (round = 0; round < 25; round++) {
        pid = fork();
        if (pid == 0) {
            uint64_t i = 0;
            char name[16], text[96];

            again = NULL;
            if (pfl_open(board_dir, &board_options, &again) != PFL_OK) {
                _exit(1);
            }
            for (;;) {
                i = (i + 1) % 512;
                snprintf(name, sizeof(name), "r%02x", (unsigned)(4 * i));
                snprintf(text, sizeof(text), "reg %s @ 0x%x = %d;", name,
                         (unsigned)(4 * i), round);
                board_apply(again, PFL_EDIT_REG, 4 * i, name, text);
            }
        }
        usleep(3000 + (useconds_t)round * 1700);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        b = board_open();
        assert_string_equal(pfl_messages(b), "");
        pfl_close(b);
    }
}

static void state_files(void **state)
{
    struct pfl_board *b = board_open();
    char *text;

    (void)state;
    assert_int_equal(pfl_state_read(b, ".s", &text), PFL_ERR_NOT_FOUND);
    assert_null(text);
    assert_int_equal(pfl_state_write(b, ".s", "one"), PFL_OK);
    assert_int_equal(pfl_state_write(b, ".s", "two"), PFL_OK);
    assert_int_equal(pfl_state_read(b, ".s", &text), PFL_OK);
    assert_string_equal(text, "two");
    free(text);
    assert_int_equal(pfl_state_write(b, "a/b", "x"), PFL_ERR_NOMEM);
    pfl_close(b);
}

static void the_watch_sees_others_only(void **state)
{
    struct pfl_board *b = board_open();

    (void)state;
    if (pfl_watch_fd(b) < 0) {
        pfl_close(b);
        skip();
    }
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(pfl_state_write(b, ".s", "x"), PFL_OK);
    assert_false(pfl_watch_drain(b));
    board_put("notes.txt", "x");
    assert_false(pfl_watch_drain(b));
    board_put("other.periph", "periph 1;\n");
    assert_true(pfl_watch_drain(b));
    assert_false(pfl_watch_drain(b));
    pfl_close(b);
}

static void a_file_that_goes_is_forgotten(void **state)
{
    struct pfl_board *b = board_open();
    struct pfl_change change;
    struct pfl_device d;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(unlink(board_file("dev_01c28000.periph")), 0);
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(pfl_device_at(b, BOARD_BASE, &d), PFL_ERR_NOT_FOUND);
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_true(board_has("dev_01c28000.periph"));
    pfl_close(b);
}

static void a_link_stays_a_link(void **state)
{
    struct pfl_board *b = board_open();
    struct stat st;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    pfl_close(b);
    assert_int_equal(
        rename(board_file("dev_01c28000.periph"), board_file("real.txt")), 0);
    assert_int_equal(symlink("real.txt", board_file("dev_01c28000.periph")), 0);
    b = board_open();
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_int_equal(lstat(board_file("dev_01c28000.periph"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_non_null(strstr(board_get("real.txt"), "r00"));
    pfl_close(b);
}

static void permissions_stay(void **state)
{
    struct pfl_board *b = board_open();
    struct stat st;

    (void)state;
    assert_int_equal(board_new_device(b), PFL_OK);
    assert_int_equal(chmod(board_file("dev_01c28000.periph"), 0640), 0);
    assert_int_equal(board_apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_int_equal(stat(board_file("dev_01c28000.periph"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    pfl_close(b);
}

static void every_error_has_a_text(void **state)
{
    int err;

    (void)state;
    for (err = 0; err >= PFL_ERR_LAST_; err--) {
        assert_string_not_equal(pfl_strerror(err), "unknown error");
    }
    assert_string_equal(pfl_strerror(PFL_ERR_LAST_ - 1), "unknown error");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_setup, board_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(answers_are_on_disk_at_once),
        TEST(a_register_keeps_all_its_evidence),
        TEST(a_file_with_errors_keeps_its_answers_in_a_journal),
        TEST(a_damaged_journal_is_ignored),
        TEST(errors_in_the_board_file),
        TEST(one_bad_file_does_not_stop_the_others),
        TEST(a_read_only_folder),
        TEST(what_could_not_be_written_is_written_later),
        TEST(read_only_by_option),
        TEST(killed_while_writing),
        TEST(state_files),
        TEST(the_watch_sees_others_only),
        TEST(a_file_that_goes_is_forgotten),
        TEST(a_link_stays_a_link),
        TEST(permissions_stay),
        TEST(every_error_has_a_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
