/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `periph undo`: takes back what the last run wrote into a board. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "runtime/tools/board.h"
#include "runtime/tools/change.h"
#include "runtime/tools/command.h"
#include "runtime/tools/undo.h"
#include "runtime/tools/util.h"

#define FILE_MAX_BYTES (16u << 20)
#define TRIAL "last-change.try"

static const struct option_row rows[] = {
    { .name = NULL },
};

const struct option_table undo_options_table = {
    .command = "periph undo",
    .operands = "BOARD",
    .summary = "Take back what the last run changed in a board.",
    .rows = rows,
    .min_operands = 1,
    .max_operands = 1,
    .details =
    "The files are again as they were before the last run that changed them.\n"
    "In files that you wrote in, during that run or since, only the machine's\n"
    "items go or get their old text; yours stay. periph diff BOARD --last\n"
    "tells beforehand what it is about.\n"
    "\n"
    "One run can be taken back, not the one before it. What is gone is asked\n"
    "again by the next run; to keep an item out for good, see periph drop.\n"
    "\n"
    "Exit status: 0, 1 when there is nothing to take back or a run is working\n"
    "on the board, 2 when the board would not compile without what the run\n"
    "wrote: then nothing is changed.\n",
};

struct undoing {
    const struct board *board;
    char *before, *after, *trial;   /* folders */
    FILE *told;                     /* what is done, for people */
};

/* The text of a file; NULL when it is not there or empty. */
static char *read_text(const char *dir, const char *name)
{
    char *path = text_new("%s/%s", dir, name);
    size_t len;
    char *text = file_read(path, FILE_MAX_BYTES, &len);

    free(path);
    return text;
}

/* Writes what the file is to be into the trial folder, tells what happens. */
static int undo_file(const struct undoing *u, const char *name)
{
    char *before = read_text(u->before, name);
    char *after = read_text(u->after, name);
    char *now = read_text(u->board->dir, name), *out = NULL;
    char *path = text_new("%s/%s", u->trial, name);
    const struct undo_texts texts = { name, before, after, now };
    enum undo_result result = undo_text(&texts, &out);
    const char *text = result == UNDO_NOTHING ? now : out;
    int status = STATUS_OK;

    if (result == UNDO_UNREADABLE) {
        say("%s/%s cannot be read as .periph; mend it first", u->board->dir,
            name);
        status = STATUS_INPUT;
    } else if (text && pcc_write_file(path, text, strlen(text)) != 0) {
        say("%s: %s", path, strerror(errno));
        status = STATUS_USAGE;
    } else if (result != UNDO_NOTHING) {
        fprintf(u->told, "%s: %s\n", name, !out ? "removed" :
               result == UNDO_WHOLE ? "as before the run" :
               "without what the run wrote; your items stay");
    }
    free(path);
    free(out);
    free(now);
    free(after);
    free(before);
    return status;
}

static int is_text(const struct dirent *entry)
{
    return change_is_text(entry->d_name);
}

static bool has_file(const char *dir, const char *name)
{
    char *path = text_new("%s/%s", dir, name);
    bool found = access(path, F_OK) == 0;

    free(path);
    return found;
}

/* Calls undo_file() for the texts of @dir that are in none of @skip. */
static int undo_folder(const struct undoing *u, const char *dir,
                       const char *const skip[2])
{
    struct dirent **names = NULL;
    int count = scandir(dir, &names, is_text, alphasort), i;
    int status = STATUS_OK;

    for (i = 0; i < count; i++) {
        const char *name = names[i]->d_name;

        if (status == STATUS_OK && !(skip[0] && has_file(skip[0], name)) &&
            !(skip[1] && has_file(skip[1], name))) {
            status = undo_file(u, name);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

/* Puts the state the daemon kept back, or takes it away. */
static int restore_state(const struct undoing *u)
{
    char *from = text_new("%s/" CHANGE_STATE, u->before);
    char *to = text_new("%s/" CHANGE_STATE, u->board->dir);
    size_t len;
    char *text = file_read(from, FILE_MAX_BYTES, &len);
    int result = text ? pcc_write_file(to, text, len) : unlink(to);

    if (!text && result != 0 && errno == ENOENT) {
        result = 0;
    }
    free(text);
    free(to);
    free(from);
    return result;
}

/* The board becomes what the trial folder holds. */
static int put_in_force(const struct undoing *u)
{
    struct board *board = (struct board *)u->board;
    int status = board_replace(board, u->trial);

    if (status == STATUS_OK && restore_state(u) != 0) {
        say("%s/" CHANGE_STATE ": %s", board->dir, strerror(errno));
        status = STATUS_USAGE;
    }
    return status;
}

static int undo_all(const struct undoing *u)
{
    const char *const of_now[2] = { NULL, NULL };
    const char *const of_before[2] = { u->board->dir, NULL };
    struct pcc *pcc = NULL;
    int status;

    remove_folder(u->trial);
    if (make_folders(u->trial, 0777) != 0) {
        say("%s: %s", u->trial, strerror(errno));
        return STATUS_USAGE;
    }
    status = undo_folder(u, u->board->dir, of_now);
    if (status == STATUS_OK) {
        status = undo_folder(u, u->before, of_before);
    }
    if (status == STATUS_OK) {
        status = board_compile_as(u->board->dir, u->trial, BOARD_SAYS_ERRORS,
                                  &pcc);
        pcc_free(pcc);
        if (status != STATUS_OK) {
            say("nothing was taken back: what you wrote refers to what the "
                "run wrote");
        }
    }
    if (status == STATUS_OK) {
        status = put_in_force(u);
    }
    remove_folder(u->trial);
    return status;
}

static int undo_board(const struct board *board)
{
    struct undoing u = { .board = board };
    char *log_dir = change_find(board), *told = NULL;
    size_t size;
    int status;

    if (!log_dir) {
        return STATUS_USAGE;
    }
    u.before = text_new("%s/" CHANGE_BEFORE, log_dir);
    u.after = text_new("%s/" CHANGE_AFTER, log_dir);
    u.trial = text_new("%s/" TRIAL, log_dir);
    u.told = open_memstream(&told, &size);
    status = u.told ? undo_all(&u) : STATUS_USAGE;
    if (u.told) {
        fclose(u.told);
    }
    if (status == STATUS_OK) {
        fputs(told, stdout);
        change_forget(log_dir);
    }
    free(told);
    free(u.trial);
    free(u.after);
    free(u.before);
    free(log_dir);
    return status;
}

int cmd_undo(int argc, char **argv)
{
    struct board board = BOARD_INIT;
    struct option_rest rest;
    int status;

    if (!command_begin(&undo_options_table, argc, argv, NULL, &rest, &status)) {
        return status;
    }
    status = board_find(&board, rest.operands[0], false);
    if (status == STATUS_OK && board.read_only) {
        say("%s cannot be written: nothing can be taken back there",
            board.dir);
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK) {
        status = board_lock(&board);
    }
    if (status == STATUS_OK) {
        status = undo_board(&board);
    }
    board_dispose(&board);
    return status;
}
