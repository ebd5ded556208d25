/*
 * Parts of a compiled board in a running machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One form serves a cold start, an answer to a question and an edit while
 * the guest runs: a .ptab whose board section names memories, instances and
 * wires. All of it is checked before any of it is applied.
 */
#ifndef HW_PERIPH_BOARD_H
#define HW_PERIPH_BOARD_H

#include "hw/periph/periph-device.h"

/* What applying a table has done. */
typedef struct PeriphApplied {
    unsigned created;
    unsigned replaced;
    unsigned memories;
    unsigned wires;
} PeriphApplied;

/*
 * Applies @bytes: adds memories and instances that are not there yet,
 * replaces the tables of those that are (contents carried over), connects
 * wires. On failure nothing has been changed. Call with the BQL held, not
 * from an access to a table device.
 */
bool periph_board_apply(GBytes *bytes, PeriphApplied *applied, Error **errp);

/* The same for the content of a file. */
bool periph_board_apply_file(const char *name, PeriphApplied *applied,
                             Error **errp);

/*
 * How a machine leads wires to what it made itself: the input that the wire
 * ends at, or NULL with @errp.
 */
typedef qemu_irq PeriphWireTarget(void *opaque, const struct prt_board *board,
                                  const struct prt_wire *wire, Error **errp);

/* The natives of a board are the machine's: false refuses one it lacks. */
typedef bool PeriphHasNative(void *opaque, const struct prt_board *board,
                             const struct prt_native *native);

void periph_board_set_machine(PeriphWireTarget *target, PeriphHasNative *has,
                              void *opaque);

/* Name of the board that the machine was built from, or "". */
void periph_board_set_name(const char *name);
const char *periph_board_name(void);

/* Text for the console, shown before what the guest prints next. */
void periph_board_console_text(const uint8_t *text, size_t size);

/*
 * periph-wire.c: an output that may lead to several inputs, and inputs that
 * are the OR of several outputs. Connecting twice is the same as once.
 */
void periph_wire_connect(PeriphDevice *from, unsigned line, qemu_irq to);
void periph_wire_connect_irq(DeviceState *from, const char *name,
                             unsigned line, qemu_irq to);

#endif
