/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board store on disk: ownership, journals, folders that take nothing. */
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

#include "runtime/engine/engine.h"
#include "runtime/profile/profile.h"

#define BASE 0x01c28000u

static char dir[64];
static char log_text[8192];

static void keep_log(void *opaque, enum pfl_log_level level, const char *text)
{
    (void)opaque;
    (void)level;
    strncat(log_text, text, sizeof(log_text) - strlen(log_text) - 2);
    strcat(log_text, "\n");
}

static const struct pfl_options options = { .log = keep_log };

static const char *file(const char *name)
{
    static char paths[4][256];
    static unsigned next;

    next = (next + 1) % 4;
    snprintf(paths[next], sizeof(paths[0]), "%s/%s", dir, name);
    return paths[next];
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(file(name), "wb");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static char *get(const char *name)
{
    static char text[65536];
    FILE *f = fopen(file(name), "rb");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static bool there(const char *name)
{
    return access(file(name), F_OK) == 0;
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/periph-store-XXXXXX");
    log_text[0] = '\0';
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    put("board.periph",
        "periph 1;\n"
        "board b {\n"
        "    cpu: \"cortex-a53\";\n"
        "    memory ram @ 0x40000000 : 1M;\n"
        "}\n");
    return 0;
}

static int teardown(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", dir,
             dir);
    return system(command);
}

static struct pfl_board *open_board(void)
{
    struct pfl_board *b = NULL;

    assert_int_equal(pfl_open(dir, &options, &b), PFL_OK);
    return b;
}

static int apply(struct pfl_board *b, enum pfl_edit_kind kind,
                 uint64_t offset, const char *name, const char *text)
{
    struct pfl_change change;
    struct pfl_edit e;

    memset(&e, 0, sizeof(e));
    e.kind = kind;
    e.by = "rules";
    e.confidence = 60;
    e.base = BASE;
    e.size = 0x1000;
    e.offset = offset;
    e.name = name;
    e.text = text;
    return pfl_apply(b, &e, 1, &change);
}

static int new_device(struct pfl_board *b)
{
    return apply(b, PFL_EDIT_DEVICE, 0, "dev_01c28000",
                 "size: 0x1000; width: 32; unmapped: ask;");
}

/* Registers of the device in the table left by the last call. */
static unsigned table_registers(struct pfl_board *b)
{
    struct prt_table table;
    struct prt_file f;
    const void *bytes;
    size_t size;
    void *copy;
    unsigned n;

    bytes = pfl_table(b, &size);
    copy = aligned_alloc(8, (size + 7) & ~(size_t)7);
    memcpy(copy, bytes, size);
    assert_int_equal(prt_file_open(copy, size, &f, NULL), PRT_OK);
    assert_int_equal(prt_file_device(&f, 0, &table), PRT_OK);
    n = table.nregs;
    free(copy);
    return n;
}

static void answers_are_on_disk_at_once(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_device d;
    struct pfl_reg r;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    assert_non_null(strstr(get("dev_01c28000.periph"),
                           "instance dev_01c28000"));
    assert_int_equal(apply(b, PFL_EDIT_REG, 0x14, "r14",
                           "reg r14 @ 0x14 { b5 [5] ro = 1; }"), PFL_OK);
    assert_non_null(strstr(get("dev_01c28000.periph"), "b5 [5] ro = 1"));
    assert_int_equal(table_registers(b), 1);
    assert_int_equal(pfl_device_at(b, BASE + 0x800, &d), PFL_OK);
    assert_string_equal(d.name, "dev_01c28000");
    assert_true(d.machine);
    assert_int_equal(d.registers, 1);
    assert_int_equal(pfl_reg(b, BASE, 0, &r), PFL_OK);
    assert_string_equal(r.source, "reg r14 @ 0x14 { b5 [5] ro = 1; }");
    assert_int_equal(r.reset, 0x20);
    assert_true(r.machine);
    assert_true(pfl_has_reg(b, BASE, 0x17));
    assert_false(pfl_has_reg(b, BASE, 0x18));
    assert_int_equal(pfl_reg(b, BASE, 1, &r), PFL_ERR_NOT_FOUND);
    pfl_close(b);
    b = open_board();
    assert_int_equal(pfl_reg(b, BASE, 0, &r), PFL_OK);
    assert_int_equal(r.confidence, 60);
    pfl_close(b);
}

static void a_persons_register_stays(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_change change;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    put("dev_01c28000.periph",
        "periph 1;\n"
        "device dev_01c28000 {\n"
        "    size: 0x1000; width: 32; unmapped: ask;\n"
        "    reg CTRL @ 0x00 = 7;\n"
        "}\n"
        "extend b { instance dev_01c28000 : dev_01c28000 @ 0x01c28000; }\n");
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_ERR_OWNED);
    assert_int_equal(apply(b, PFL_EDIT_REMOVE, 0, "CTRL", NULL),
                     PFL_ERR_OWNED);
    /* A new one beside it is fine, until the person closes the device. */
    assert_int_equal(apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    assert_non_null(strstr(get("dev_01c28000.periph"),
                           "    reg CTRL @ 0x00 = 7;\n    @inferred"));
    put("dev_01c28000.periph",
        "periph 1;\n"
        "device dev_01c28000 { closed;\n"
        "    size: 0x1000; width: 32; unmapped: ask;\n"
        "}\n"
        "extend b { instance dev_01c28000 : dev_01c28000 @ 0x01c28000; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_ERR_CLOSED);
    pfl_close(b);
}

static void a_field_edited_in_place_stays(void **state)
{
    struct pfl_board *b = open_board();
    char *text, *at;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00",
                           "reg r00 @ 0x00 { b5 [5] ro = 1; }"), PFL_OK);
    text = strdup(get("dev_01c28000.periph"));
    at = strstr(text, "b5 [5]");
    memcpy(at, "b6 [6]", 6);
    put("dev_01c28000.periph", text);
    free(text);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_ERR_OWNED);
    assert_non_null(strstr(get("dev_01c28000.periph"), "b6 [6]"));
    pfl_close(b);
}

/* A device that can be the console, as one answer. */
static int uart(struct pfl_board *b, uint64_t base, const char *name,
                struct pfl_change *change)
{
    struct pfl_edit e[3];
    unsigned i;

    memset(e, 0, sizeof(e));
    for (i = 0; i < 3; i++) {
        e[i].by = "rules";
        e[i].base = base;
    }
    e[0].kind = PFL_EDIT_DEVICE;
    e[0].size = 0x1000;
    e[0].name = name;
    e[0].text = "size: 0x1000; width: 32; unmapped: ask;";
    e[1].kind = PFL_EDIT_ITEM;
    e[1].name = "tx";
    e[1].text = "fifo tx[16] : 8 to console;";
    e[2].kind = PFL_EDIT_REG;
    e[2].name = "r00";
    e[2].text = "reg r00 @ 0x00 { d [0..7] pushes tx; }";
    return pfl_apply(b, e, 3, change);
}

static int console(struct pfl_board *b, uint64_t base,
                   struct pfl_change *change)
{
    struct pfl_edit e;

    memset(&e, 0, sizeof(e));
    e.kind = PFL_EDIT_CONSOLE;
    e.by = "rules";
    e.base = base;
    e.name = "";
    return pfl_apply(b, &e, 1, change);
}

static void the_console_moves_unless_a_person_set_it(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_change change;
    uint64_t base;

    (void)state;
    assert_int_equal(uart(b, BASE, "dev_01c28000", &change), PFL_OK);
    assert_int_equal(pfl_console(b, &base), PFL_ERR_NOT_FOUND);
    assert_int_equal(console(b, BASE, &change), PFL_OK);
    assert_int_equal(pfl_console(b, &base), PFL_OK);
    assert_int_equal(base, BASE);
    assert_int_equal(uart(b, 0x01d00000, "dev_01d00000", &change), PFL_OK);
    assert_int_equal(console(b, 0x01d00000, &change), PFL_OK);
    assert_int_equal(pfl_console(b, &base), PFL_OK);
    assert_int_equal(base, 0x01d00000);
    assert_null(strstr(get("dev_01c28000.periph"), "console:"));
    assert_int_equal(change.instance_count, 2);
    pfl_close(b);
    put("board.periph",
        "periph 1;\n"
        "board b { cpu: \"cortex-a53\"; console: dev_01c28000; }\n");
    unlink(file("dev_01d00000.periph"));
    b = open_board();
    assert_string_equal(pfl_messages(b), "");
    assert_int_equal(uart(b, 0x01d00000, "dev_01d00000", &change), PFL_OK);
    assert_int_equal(console(b, 0x01d00000, &change), PFL_ERR_OWNED);
    pfl_close(b);
}

static void several_edits_are_one(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_change change;
    struct pfl_edit e[4];
    unsigned i;

    (void)state;
    memset(e, 0, sizeof(e));
    for (i = 0; i < 4; i++) {
        e[i].by = "rules";
        e[i].base = BASE;
        e[i].kind = PFL_EDIT_REG;
    }
    e[0].kind = PFL_EDIT_DEVICE;
    e[0].size = 0x1000;
    e[0].name = "dev_01c28000";
    e[0].text = "size: 0x1000; width: 32; unmapped: ask;";
    e[1].kind = PFL_EDIT_ITEM;
    e[1].name = "tx";
    e[1].text = "fifo tx[16] : 8 to console;";
    e[2].offset = 0x10;
    e[2].name = "r10";
    e[2].text = "reg r10 @ 0x10 { d [0..7] pushes tx; }";
    e[3].name = "r00";
    e[3].text = "reg r04 @ 0x04;";      /* not what it claims to be */
    assert_int_equal(pfl_apply(b, e, 4, &change), PFL_ERR_TEXT);
    assert_int_equal(change.failed_edit, 3);
    assert_false(there("dev_01c28000.periph"));
    e[3].text = "reg r00 @ 0x00;";
    assert_int_equal(pfl_apply(b, e, 4, &change), PFL_OK);
    assert_int_equal(change.instance_count, 1);
    assert_int_equal(table_registers(b), 2);
    assert_true(strstr(get("dev_01c28000.periph"), "r00") <
                strstr(get("dev_01c28000.periph"), "r10"));
    /* Once more: nothing changes, the table is there all the same. */
    assert_int_equal(pfl_apply(b, e, 4, &change), PFL_OK);
    assert_false(change.changed);
    assert_int_equal(table_registers(b), 2);
    pfl_close(b);
}

static void bad_edits_change_nothing(void **state)
{
    static const struct {
        enum pfl_edit_kind kind;
        const char *name, *text;
        int want;
    } bad[] = {
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x04;", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r01 @ 0x00;", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00; reg r04 @ 0x04;",
          PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00; } board c {", PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r 00", "reg r00 @ 0x00;", PFL_ERR_RANGE },
        { PFL_EDIT_REG, "r00", "@inferred(x, 9) reg r00 @ 0x00;",
          PFL_ERR_TEXT },
        { PFL_EDIT_REG, "r00", "reg r00 @ 0x00 { x [3] := nowhere; }",
          PFL_ERR_INPUT },
        { PFL_EDIT_REG, "r00", NULL, PFL_ERR_TEXT },
        { PFL_EDIT_ITEM, "x", "import \"/etc/passwd\";", PFL_ERR_TEXT },
        { PFL_EDIT_ITEM, "x", "closed;", PFL_ERR_TEXT },
        { PFL_EDIT_DEVICE, "../evil", "size: 0x1000;", PFL_ERR_RANGE },
        { PFL_EDIT_MEMORY, "m", "load \"x\" @ 0;", PFL_ERR_TEXT },
    };
    struct pfl_board *b = open_board();
    char *before;
    unsigned i;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    before = strdup(get("dev_01c28000.periph"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(apply(b, bad[i].kind, 0, bad[i].name, bad[i].text),
                         bad[i].want);
        assert_string_equal(before, get("dev_01c28000.periph"));
    }
    free(before);
    pfl_close(b);
}

static void a_file_with_errors_keeps_its_answers_in_a_journal(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_change change;
    char *good;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    good = strdup(get("dev_01c28000.periph"));
    put("dev_01c28000.periph", "periph 1;\ndevice dev_01c28000 { size: \n");
    assert_int_equal(pfl_refresh(b, &change), PFL_ERR_INPUT);
    assert_non_null(strstr(pfl_messages(b), "dev_01c28000.periph:"));
    assert_non_null(strstr(pfl_messages(b), "^"));
    /* The guest goes on with what was good, and gets its answer. */
    assert_int_equal(apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    assert_int_equal(table_registers(b), 2);
    assert_string_equal(get("dev_01c28000.periph"),
                        "periph 1;\ndevice dev_01c28000 { size: \n");
    assert_non_null(strstr(get("dev_01c28000.periph.pending"), "r04"));
    /* The daemon dies; the journal is there for the next one. */
    pfl_close(b);
    b = open_board();
    put("dev_01c28000.periph", good);
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_true(change.changed);
    assert_false(there("dev_01c28000.periph.pending"));
    assert_non_null(strstr(get("dev_01c28000.periph"), "reg r04 @ 0x04;"));
    assert_int_equal(table_registers(b), 2);
    free(good);
    pfl_close(b);
}

static void a_damaged_journal_is_ignored(void **state)
{
    static const char *const bad[] = {
        "", "{", "[]", "{\"version\":2,\"edits\":[{}]}",
        "{\"version\":1,\"edits\":[{\"kind\":\"reg\"},{\"kind\":5},7,null]}",
        "{\"version\":1,\"edits\":\"x\"}",
        "{\"version\":1,\"edits\":[{\"kind\":\"reg\",\"by\":\"rules\","
        "\"confidence\":1e99,\"base\":\"0x0\",\"size\":\"0x0\","
        "\"offset\":\"0x0\",\"name\":\"x\"}]}",
        "{\"version\":1,\"edits\":[{\"kind\":\"reg\",\"by\":\"rules\","
        "\"confidence\":5,\"base\":\"0x01c28000\",\"size\":\"0x0\","
        "\"offset\":\"0x0\",\"name\":\"x\",\"text\":\"junk\"}]}",
    };
    struct pfl_board *b = open_board();
    unsigned i;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    pfl_close(b);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *before = strdup(get("dev_01c28000.periph"));

        put("dev_01c28000.periph.pending", bad[i]);
        b = open_board();
        assert_string_equal(before, get("dev_01c28000.periph"));
        assert_int_equal(apply(b, PFL_EDIT_REG, 4 * i, "r00", NULL),
                         PFL_ERR_TEXT);
        pfl_close(b);
        free(before);
    }
}

static void errors_in_the_board_file(void **state)
{
    struct pfl_board *b = NULL;

    (void)state;
    put("board.periph", "periph 1;\nboard b { cpu: ; }\n"
        "board c { memory @ 1; }\nboard d { nonsense here }\n");
    assert_int_equal(pfl_open(dir, &options, &b), PFL_ERR_INPUT);
    assert_non_null(b);
    assert_non_null(strstr(pfl_messages(b), "board.periph:2:"));
    assert_non_null(strstr(pfl_messages(b), "board.periph:3:"));
    assert_non_null(strstr(pfl_messages(b), "board.periph:4:"));
    pfl_close(b);
    unlink(file("board.periph"));
    assert_int_equal(pfl_open(dir, &options, &b), PFL_ERR_IO);
    assert_null(b);
    assert_int_equal(pfl_open("/nonexistent/board", &options, &b),
                     PFL_ERR_IO);
    put("board.periph", "periph 1;\n");
    assert_int_equal(pfl_open(dir, &options, &b), PFL_ERR_INPUT);
    pfl_close(b);
}

static void one_bad_file_does_not_stop_the_others(void **state)
{
    struct pfl_board *b;
    struct pfl_device d;

    (void)state;
    put("a.periph", "periph 1;\ndevice x { }}}\n");
    put("z.periph",
        "periph 1;\ndevice z { size: 0x1000; width: 32; reg a @ 0; }\n"
        "extend b { instance z : z @ 0x01000000; }\n");
    b = open_board();
    assert_non_null(strstr(pfl_messages(b), "a.periph:2:"));
    assert_int_equal(pfl_device_at(b, 0x01000000, &d), PFL_OK);
    assert_false(d.machine);
    pfl_close(b);
}

static unsigned temporaries(void)
{
    DIR *d = opendir(dir);
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
    if (pfl_open(dir, &options, &b) != PFL_OK || new_device(b) != PFL_OK ||
        apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;") != PFL_OK ||
        apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;") != PFL_OK) {
        _exit(2);
    }
    if (pfl_unsaved(b, &why) == 1 && why == EACCES && pfl_dirty(b) &&
        pfl_sync(b) == PFL_ERR_IO && pfl_reg(b, BASE, 1, &r) == PFL_OK &&
        strstr(log_text, "stays in memory") != NULL &&
        strstr(strstr(log_text, "stays in memory") + 1,
               "stays in memory") == NULL) {
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
    assert_int_equal(chmod(file("board.periph"), 0444), 0);
    assert_int_equal(chmod(dir, 0555), 0);
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
    assert_false(there("dev_01c28000.periph"));
    assert_int_equal(temporaries(), 0);
}

static void what_could_not_be_written_is_written_later(void **state)
{
    struct pfl_board *b = open_board();
    int why;

    (void)state;
    /* A folder in the way of the temporary file, also for root. */
    assert_int_equal(mkdir(file(".dev_01c28000.periph.tmp"), 0700), 0);
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_false(there("dev_01c28000.periph"));
    assert_int_equal(pfl_unsaved(b, &why), 1);
    assert_int_equal(pfl_sync(b), PFL_ERR_IO);
    assert_int_equal(rmdir(file(".dev_01c28000.periph.tmp")), 0);
    assert_int_equal(pfl_sync(b), PFL_OK);
    assert_non_null(strstr(get("dev_01c28000.periph"), "r00"));
    assert_int_equal(pfl_unsaved(b, &why), 0);
    assert_false(pfl_dirty(b));
    pfl_close(b);
}

static void read_only_by_option(void **state)
{
    struct pfl_options o = options;
    struct pfl_board *b = NULL;

    (void)state;
    o.read_only = true;
    assert_int_equal(pfl_open(dir, &o, &b), PFL_OK);
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_int_equal(table_registers(b), 1);
    assert_false(there("dev_01c28000.periph"));
    assert_int_equal(pfl_state_write(b, ".x", "y"), PFL_ERR_IO);
    pfl_close(b);
    assert_false(there("dev_01c28000.periph"));
}

/* Killed at any moment, the file is whole: the old one or the new one. */
static void killed_while_writing(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_board *again;
    int round, status;
    pid_t pid;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    pfl_close(b);
    for (round = 0; round < 25; round++) {
        pid = fork();
        if (pid == 0) {
            uint64_t i = 0;
            char name[16], text[96];

            again = NULL;
            if (pfl_open(dir, &options, &again) != PFL_OK) {
                _exit(1);
            }
            for (;;) {
                i = (i + 1) % 512;
                snprintf(name, sizeof(name), "r%02x", (unsigned)(4 * i));
                snprintf(text, sizeof(text), "reg %s @ 0x%x = %d;", name,
                         (unsigned)(4 * i), round);
                apply(again, PFL_EDIT_REG, 4 * i, name, text);
            }
        }
        usleep(3000 + (useconds_t)round * 1700);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        b = open_board();
        assert_string_equal(pfl_messages(b), "");
        pfl_close(b);
    }
}

static void state_files(void **state)
{
    struct pfl_board *b = open_board();
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

static void what_is_learnt_about_a_library_block(void **state)
{
    struct pfl_board *b;
    struct pfl_reg r;

    (void)state;
    assert_int_equal(mkdir(file("lib"), 0700), 0);
    put("lib/block.periph",
        "periph 1;\ndevice block { size: 0x1000; width: 32; unmapped: ask;\n"
        "    reg ID @ 0 ro = 1; }\n");
    put("board.periph",
        "periph 1;\nimport \"lib/block.periph\";\n"
        "board b { cpu: \"cortex-a53\";\n"
        "    instance u0 : block @ 0x01c28000;\n"
        "    instance u1 : block @ 0x01c29000; }\n");
    b = open_board();
    assert_int_equal(apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    assert_non_null(strstr(get("u0.periph"), "extend b.u0 {"));
    assert_int_equal(table_registers(b), 2);
    assert_int_equal(apply(b, PFL_EDIT_REG, 8, "r08", "reg r08 @ 0x08;"),
                     PFL_OK);
    assert_int_equal(table_registers(b), 3);
    assert_null(strstr(get("lib/block.periph"), "r04"));
    assert_int_equal(pfl_reg(b, BASE, 1, &r), PFL_OK);
    assert_true(r.machine);
    assert_int_equal(pfl_reg(b, 0x01c29000, 1, &r), PFL_ERR_NOT_FOUND);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "ID", "reg ID @ 0x00;"),
                     PFL_ERR_OWNED);
    pfl_close(b);
}

static void the_watch_sees_others_only(void **state)
{
    struct pfl_board *b = open_board();

    (void)state;
    if (pfl_watch_fd(b) < 0) {
        pfl_close(b);
        skip();
    }
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(pfl_state_write(b, ".s", "x"), PFL_OK);
    assert_false(pfl_watch_drain(b));
    put("notes.txt", "x");
    assert_false(pfl_watch_drain(b));
    put("other.periph", "periph 1;\n");
    assert_true(pfl_watch_drain(b));
    assert_false(pfl_watch_drain(b));
    pfl_close(b);
}

static void a_file_that_goes_is_forgotten(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_change change;
    struct pfl_device d;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(unlink(file("dev_01c28000.periph")), 0);
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(pfl_device_at(b, BASE, &d), PFL_ERR_NOT_FOUND);
    assert_int_equal(new_device(b), PFL_OK);
    assert_true(there("dev_01c28000.periph"));
    pfl_close(b);
}

static void what_was_dropped_stays_away(void **state)
{
    struct pfl_board *b = open_board();
    struct pfl_change change;
    char *text;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_OK);
    put("mine.periph", "periph 1;\nextend b.dev_01c28000 { drop r04; }\n"
        "extend b { drop dev_01d00000; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(table_registers(b), 0);
    text = strdup(get("dev_01c28000.periph"));
    assert_int_equal(apply(b, PFL_EDIT_REG, 4, "r04", "reg r04 @ 0x04;"),
                     PFL_ERR_OWNED);
    assert_string_equal(text, get("dev_01c28000.periph"));
    free(text);
    assert_int_equal(apply(b, PFL_EDIT_REG, 8, "r08", "reg r08 @ 0x08;"),
                     PFL_OK);
    assert_int_equal(uart(b, 0x01d00000, "dev_01d00000", &change),
                     PFL_ERR_OWNED);
    /* Taken back by an edit, and by deleting the file. */
    put("mine.periph", "periph 1;\nextend b.dev_01c28000 { drop r08; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(table_registers(b), 1);
    put("mine.periph", "periph 1;\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(change.instance_count, 1);
    assert_int_equal(table_registers(b), 2);
    put("mine.periph", "periph 1;\nextend b.dev_01c28000 { drop r08; }\n");
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(table_registers(b), 1);
    unlink(file("mine.periph"));
    assert_int_equal(pfl_refresh(b, &change), PFL_OK);
    assert_int_equal(change.instance_count, 1);
    assert_int_equal(table_registers(b), 2);
    pfl_close(b);
}

static void a_link_stays_a_link(void **state)
{
    struct pfl_board *b = open_board();
    struct stat st;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    pfl_close(b);
    assert_int_equal(rename(file("dev_01c28000.periph"), file("real.txt")),
                     0);
    assert_int_equal(symlink("real.txt", file("dev_01c28000.periph")), 0);
    b = open_board();
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_int_equal(lstat(file("dev_01c28000.periph"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_non_null(strstr(get("real.txt"), "r00"));
    pfl_close(b);
}

static void permissions_stay(void **state)
{
    struct pfl_board *b = open_board();
    struct stat st;

    (void)state;
    assert_int_equal(new_device(b), PFL_OK);
    assert_int_equal(chmod(file("dev_01c28000.periph"), 0640), 0);
    assert_int_equal(apply(b, PFL_EDIT_REG, 0, "r00", "reg r00 @ 0x00;"),
                     PFL_OK);
    assert_int_equal(stat(file("dev_01c28000.periph"), &st), 0);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(answers_are_on_disk_at_once),
        TEST(a_persons_register_stays),
        TEST(a_field_edited_in_place_stays),
        TEST(the_console_moves_unless_a_person_set_it),
        TEST(several_edits_are_one),
        TEST(bad_edits_change_nothing),
        TEST(a_file_with_errors_keeps_its_answers_in_a_journal),
        TEST(a_damaged_journal_is_ignored),
        TEST(errors_in_the_board_file),
        TEST(one_bad_file_does_not_stop_the_others),
        TEST(a_read_only_folder),
        TEST(what_could_not_be_written_is_written_later),
        TEST(read_only_by_option),
        TEST(killed_while_writing),
        TEST(state_files),
        TEST(what_is_learnt_about_a_library_block),
        TEST(the_watch_sees_others_only),
        TEST(a_file_that_goes_is_forgotten),
        TEST(what_was_dropped_stays_away),
        TEST(a_link_stays_a_link),
        TEST(permissions_stay),
        TEST(every_error_has_a_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
