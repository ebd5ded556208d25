/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board folder of its own for each test of the board store. */
#ifndef TESTS_DAEMON_BOARD_FOLDER_H
#define TESTS_DAEMON_BOARD_FOLDER_H

#include "runtime/profile/profile.h"

#define BOARD_BASE 0x01c28000u          /* of the device most tests use */

extern char board_dir[64];              /* the folder */
extern char board_log[8192];            /* what was logged, line by line */
extern const struct pfl_options board_options;

/* Makes the folder with a board.periph, removes it; for cmocka. */
int board_setup(void **state);
int board_teardown(void **state);

/* Path of a file in it; valid for the next three calls. */
const char *board_file(const char *name);
void board_put(const char *name, const char *text);
/* Its text; valid until the next call. */
char *board_get(const char *name);
bool board_has(const char *name);

/* Opens it; the test fails when that fails. */
struct pfl_board *board_open(void);

/* One edit of the device at BOARD_BASE. */
int board_apply(struct pfl_board *b, enum pfl_edit_kind kind,
                uint64_t offset, const char *name, const char *text);
/* That device, new and empty. */
int board_new_device(struct pfl_board *b);
/* A device that can be the console, as one answer. */
int board_uart(struct pfl_board *b, uint64_t base, const char *name,
               struct pfl_change *change);
/* Makes it the console. */
int board_console(struct pfl_board *b, uint64_t base,
                  struct pfl_change *change);

/* Registers of the device in the table left by the last call. */
unsigned board_table_registers(struct pfl_board *b);

#endif
