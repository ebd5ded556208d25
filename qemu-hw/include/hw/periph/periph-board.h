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
    unsigned removed;
    unsigned memories;
    unsigned wires;
} PeriphApplied;

/*
 * Applies @bytes: adds memories and instances that are not there yet,
 * replaces the tables of those that are (contents carried over), connects
 * wires. Of a whole board (no PRT_BOARD_PARTIAL) instances and wires that it
 * does not name go; memories and devices of -device stay. On failure nothing
 * has been changed. Call with the BQL held, not from an access to a table
 * device.
 */
bool periph_board_apply(GBytes *bytes, PeriphApplied *applied, Error **errp);

/* The same for the content of a file. */
bool periph_board_apply_file(const char *name, PeriphApplied *applied,
                             Error **errp);

/*
 * A wire that begins at an instance, or leads from a native to one. It has
 * names, so that it is the same in another run.
 */
typedef struct PeriphWire {
    char *from;
    char *to;                   /* native or instance, else "" */
    uint32_t from_kind;         /* enum prt_from */
    uint32_t from_line;
    uint32_t to_kind;           /* enum prt_wire_to */
    uint32_t kind;              /* enum prt_wire_kind */
    uint32_t to_index;          /* the CPU's, else 0 */
    uint32_t number;
} PeriphWire;

/*
 * How a machine leads wires to what it made itself: the input that the wire
 * ends at, or NULL with @errp.
 */
typedef qemu_irq PeriphWireTarget(void *opaque, const PeriphWire *wire,
                                  Error **errp);

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

/* ---- For snapshots ---- */

/* Of a memory: reads as zero, ignores writes. Beyond PRT_MEMORY_*. */
#define PERIPH_MEMORY_ZERO (1u << 31)

/* A memory that a board has asked for; inferred ones come while it runs. */
typedef struct PeriphMemory {
    MemoryRegion mr;
    char *name;
    uint32_t flags;             /* PRT_MEMORY_*, PERIPH_MEMORY_ZERO */
    uint64_t base;
    uint64_t size;
    uint64_t alias;
} PeriphMemory;

/* ---- periph-memory.c ---- */

/* Whether there is a memory of that address and size. */
bool periph_memory_exists(const PeriphMemory *wanted);
/*
 * A memory as @wanted describes it, to be mapped or discarded; NULL with
 * @errp where it is in the way of another.
 */
PeriphMemory *periph_memory_new(const PeriphMemory *wanted, Error **errp);
void periph_memory_map(PeriphMemory *m);
void periph_memory_discard(PeriphMemory *m);

/* Lets a range that nobody has answered for read as zero. */
void periph_board_zero(uint64_t base, uint64_t size);

/* Both lists are the board's, in the order of their making; not NULL. */
GPtrArray *periph_board_memories(void);
GPtrArray *periph_board_wires(void);

/*
 * Makes the board's memories these and no others: @wanted holds descriptions
 * without a region. False with @errp, and nothing changed, where one of them
 * is in the way of what is there.
 */
bool periph_board_set_memories(GPtrArray *wanted, Error **errp);

/*
 * The input that @wire ends at, where that is there already; NULL with @errp
 * where nothing will ever be, and with *later where it is an instance.
 */
qemu_irq periph_board_wire_target(const PeriphWire *wire, bool *later,
                                  Error **errp);
/* Connects and remembers it. Its ends are there. */
void periph_board_add_wire(const PeriphWire *wire);
/* Fills @wire in; its names are the board's. */
void periph_board_name_wire(const struct prt_board *board,
                            const struct prt_wire *from, PeriphWire *wire);
void periph_wire_free(PeriphWire *wire);
void periph_memory_free(void *opaque);

/* periph-state.c: the sections of snapshots; once is enough. */
void periph_state_register(void);

/*
 * periph-wire.c: an output that may lead to several inputs, and inputs that
 * are the OR of several outputs. Connecting twice is the same as once.
 */
void periph_wire_connect(PeriphDevice *from, unsigned line, qemu_irq to);
void periph_wire_connect_irq(DeviceState *from, const char *name,
                             unsigned line, qemu_irq to);
/* Takes that wire away again; its level counts no more. */
void periph_wire_disconnect(DeviceState *from, const char *name,
                            unsigned line, qemu_irq to);

/*
 * While a snapshot is loaded no input is driven: what is behind it has its
 * level from the snapshot. loud counts the levels anew.
 */
void periph_wires_quiet(void);
void periph_wires_loud(void);
bool periph_wires_are_quiet(void);
/* The outputs of @dev lead nowhere; with @gone neither do wires to it. */
void periph_wires_forget(PeriphDevice *dev, bool gone);
/*
 * Outputs of natives: their levels belong to the snapshot. Calls @fn for
 * each; set: false where there is no such output.
 */
void periph_wires_levels(void (*fn)(void *opaque, const char *path,
                                    const char *name, unsigned line,
                                    int level), void *opaque);
bool periph_wires_set_level(const char *path, const char *name,
                            unsigned line, int level);

#endif
