/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device tree says of windows and interrupts, found by a reader of its
 * own: it shares no code with the importer or with libfdt.
 */
#ifndef TESTS_IMPORT_DTB_WALK_H
#define TESTS_IMPORT_DTB_WALK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes a line for each window of an MMIO node and each of its interrupts
 * that a board can say, in the order of the tree:
 *
 *     W BASE SIZE PATH         a window, at most 16 MiB of it
 *     N BASE PATH              a device of QEMU's own
 *     I PATH spi|ppi NUMBER FLAGS
 *     I PATH CONTROLLER CELL... (without the last of several cells)
 *
 * Returns 0, or -1 when the blob is damaged.
 */
int dtb_walk(const uint8_t *blob, size_t size, FILE *out);

#endif
