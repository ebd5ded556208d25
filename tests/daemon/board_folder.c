/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/daemon/board_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/engine/engine.h"

char board_dir[64];
char board_log[8192];

static void keep_log(void *opaque, enum pfl_log_level level, const char *text)
{
    (void)opaque;
    (void)level;
    strncat(board_log, text, sizeof(board_log) - strlen(board_log) - 2);
    strcat(board_log, "\n");
}

const struct pfl_options board_options = { .log = keep_log };

const char *board_file(const char *name)
{
    static char paths[4][256];
    static unsigned next;

    next = (next + 1) % 4;
    snprintf(paths[next], sizeof(paths[0]), "%s/%s", board_dir, name);
    return paths[next];
}

void board_put(const char *name, const char *text)
{
    FILE *f = fopen(board_file(name), "wb");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

char *board_get(const char *name)
{
    static char text[65536];
    FILE *f = fopen(board_file(name), "rb");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

bool board_has(const char *name)
{
    return access(board_file(name), F_OK) == 0;
}

int board_setup(void **state)
{
    (void)state;
    strcpy(board_dir, "/tmp/periph-store-XXXXXX");
    board_log[0] = '\0';
    if (mkdtemp(board_dir) == NULL) {
        return -1;
    }
    board_put("board.periph", "periph 1;\n"
                              "board b {\n"
                              "    cpu: \"cortex-a53\";\n"
                              "    memory ram @ 0x40000000 : 1M;\n"
                              "}\n");
    return 0;
}

int board_teardown(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", board_dir,
             board_dir);
    return system(command);
}

struct pfl_board *board_open(void)
{
    struct pfl_board *b = NULL;

    assert_int_equal(pfl_open(board_dir, &board_options, &b), PFL_OK);
    return b;
}

int board_apply(struct pfl_board *b, enum pfl_edit_kind kind, uint64_t offset,
                const char *name, const char *text)
{
    struct pfl_change change;
    struct pfl_edit e;

    memset(&e, 0, sizeof(e));
    e.kind = kind;
    e.by = "rules";
    e.confidence = 60;
    e.base = BOARD_BASE;
    e.size = 0x1000;
    e.offset = offset;
    e.name = name;
    e.text = text;
    return pfl_apply(b, &e, 1, &change);
}

int board_new_device(struct pfl_board *b)
{
    return board_apply(b, PFL_EDIT_DEVICE, 0, "dev_01c28000",
                       "size: 0x1000; width: 32; unmapped: ask;");
}

/* Registers of the device in the table left by the last call. */
unsigned board_table_registers(struct pfl_board *b)
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

/* A device that can be the console, as one answer. */
int board_uart(struct pfl_board *b, uint64_t base, const char *name,
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

int board_console(struct pfl_board *b, uint64_t base, struct pfl_change *change)
{
    struct pfl_edit e;

    memset(&e, 0, sizeof(e));
    e.kind = PFL_EDIT_CONSOLE;
    e.by = "rules";
    e.base = base;
    e.name = "";
    return pfl_apply(b, &e, 1, change);
}
