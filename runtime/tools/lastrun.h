/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run leaves for `periph explain`: LOG/last-run.json.
 *
 *   version     1
 *   report      as `periph run --report` writes it
 *   reason      of the outcome, in words
 *   withdrawn   hypotheses that were taken back
 *   console     the last lines, text
 *   images      [{path, address}]; address only where the board says it
 *   machine     absent when QEMU could not be asked and nothing was recorded:
 *     arch      "aarch64", "a32" or "m"
 *     records   accesses looked at; lost: those that were not
 *     crashed   the latest question was about an exception; with message
 *     cpus      [{cpu, pc, sp, mode, thumb, exception, registers, code}];
 *               none when QEMU was gone or did not answer
 *     sites     [{pc, thumb, handler, exception, write, address, bytes,
 *               device, count, recent, late, value, run, changes,
 *               unmapped, failed, code}], the hottest first
 *   code is {at, bytes}: the guest's memory in hex, where it could be read.
 *   Numbers that may pass 53 bits are strings in hex.
 */
#ifndef RUNTIME_TOOLS_LASTRUN_H
#define RUNTIME_TOOLS_LASTRUN_H

struct cJSON;
struct session;

#define LASTRUN_FILE "last-run.json"
#define LASTRUN_VERSION 1

/*
 * Looks at the machine before it is ended: asks QEMU, if it still lives, for
 * at most two seconds, and sums the recorded accesses.  Owned by the caller;
 * NULL when there is nothing.
 */
struct cJSON *lastrun_look(struct session *s);

/* Writes the file; takes @report over.  A failure is said, no more. */
void lastrun_write(const struct session *s, struct cJSON *report,
                   double withdrawn);

/*
 * The folders that logs of the board in folder @dir, named @name, may be in:
 * 0 beside the board, 1 among the user's own where the board cannot be
 * written; NULL from 2 on.  Owned by the caller.
 */
char *lastrun_folder(const char *dir, const char *name, unsigned index);

/*
 * Reads the file of the board in folder @dir named @name.  NULL when there is
 * none or it is damaged, which is said.
 */
struct cJSON *lastrun_read(const char *dir, const char *name);

#endif
