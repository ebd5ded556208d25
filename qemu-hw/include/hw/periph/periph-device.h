/*
 * Table-driven device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + property "table": file name of a .ptab; the first device in it is used
 *  + property "addr": where in the system memory it is mapped
 *  + property "chardev": where FIFOs with a bound end lead
 *  + property "end": name of the bound end, "console" unless given
 *  + property "irq": wires, LINE:PATH:INPUT or LINE:PATH:NAME:INPUT each,
 *    with blanks between: output LINE leads to that input of the device at
 *    the QOM path
 *  + QOM properties "registers" and "fields": what they hold, by name
 *  + named GPIO outputs "line": the output elements of the table
 *  + named GPIO inputs "line-in": the input elements of the table
 *
 * What registers do is in the table and in the engine that executes it, not
 * here. An access that the table does not answer ends as a decode error with
 * nothing done; so does, as a device error, a read that the observer holds
 * back. The device is realized by C code as well, at any time, with a table
 * that was validated before: see periph_device_new().
 */
#ifndef HW_PERIPH_DEVICE_H
#define HW_PERIPH_DEVICE_H

#include "chardev/char-fe.h"
#include "exec/memory.h"
#include "hw/qdev-core.h"
#include "qemu/queue.h"
#include "qom/object.h"
#include "runtime/engine/engine.h"

#define TYPE_PERIPH_DEVICE "periph-device"
OBJECT_DECLARE_SIMPLE_TYPE(PeriphDevice, PERIPH_DEVICE)

/* Lines of either direction; a table that has more is refused. */
#define PERIPH_MAX_LINES 256

/* Of their regions: below whatever a machine has, above what it stubs. */
#define PERIPH_PRIORITY (-1)

/* A table in use: @dev runs @table, which lies in @bytes. */
typedef struct PeriphEngine {
    GBytes *bytes;
    uint32_t index;             /* of the device in the file @bytes */
    struct prt_table table;
    struct prt_dev dev;
    void *memory;
} PeriphEngine;

/* So many bytes from @offset of a device on answer at @addr. */
typedef struct PeriphPiece {
    uint64_t addr;
    uint32_t offset;
    uint32_t size;
} PeriphPiece;

struct PeriphDevice {
    DeviceState parent_obj;

    QTAILQ_ENTRY(PeriphDevice) next;

    MemoryRegion iomem;
    PeriphPiece *pieces;        /* in order of offsets */
    unsigned piece_count;
    GPtrArray *mapped;          /* the regions of the pieces */
    GSList *aliases;            /* regions, all that ever were */
    CharBackend chr;
    guint chr_watch;
    QEMUTimer *timer;
    QEMUBH *input_bh;
    PeriphEngine *engine;
    bool in_engine;
    bool was_reset;
    bool on_board;              /* made by C code, not by -device */
    uint32_t flags;             /* PRT_INST_* */
    uint32_t rx_fifo;           /* PRT_NONE: takes no characters */
    uint32_t region;            /* entry in the observer's directory */
    uint32_t lines_out;         /* so many GPIOs are there */
    uint32_t lines_in;
    qemu_irq **lines;           /* each lies where its GPIO was made: */
    GSList *line_blocks;
    uint64_t input_level[PERIPH_MAX_LINES / 64];
    uint64_t input_dirty[PERIPH_MAX_LINES / 64];

    char *name;
    char *table_file;
    char *end;
    char *irqs;
    uint64_t addr;              /* of the first piece */
};

/* One access by the guest, as an observer sees it. */
typedef struct PeriphAccess {
    PeriphDevice *dev;
    CPUState *cpu;              /* NULL: not by an instruction of a CPU */
    hwaddr offset;
    uint64_t value;             /* valid in done() and for writes */
    uint32_t reg;               /* valid in done(); or PRT_NONE */
    unsigned size;
    bool write;
    MemTxAttrs attrs;
} PeriphAccess;

/*
 * At most one observer, called with the BQL held.
 *  reading: before a read; true fails it with nothing done
 *  done: after an access that was served
 *  asked: after an access that the table does not answer
 *  changed: a device was added or has another table
 *  removed: a device is about to go
 */
typedef struct PeriphObserver {
    bool (*reading)(void *opaque, const PeriphAccess *access);
    void (*done)(void *opaque, const PeriphAccess *access);
    void (*asked)(void *opaque, const PeriphAccess *access);
    void (*changed)(void *opaque, PeriphDevice *dev);
    void (*removed)(void *opaque, PeriphDevice *dev);
    void *opaque;
} PeriphObserver;

/* @observer must outlive its use; NULL: none. */
void periph_set_observer(const PeriphObserver *observer);

/*
 * Places where the machine is to stop as for a debugger: "pc ADDRESS", before
 * the instruction there, or "write ADDRESS [VALUE MASK]", behind a write to a
 * table device that begins at that address. After all CPUs are there.
 */
void periph_goal_add(const char *text, Error **errp);
/*
 * The number of the goal that stopped the machine, from 0, in the order they
 * were added, and that of the CPU; "": none has. Owned by the caller.
 */
char *periph_goal_reached(void);
/* A write was served, while there are goals that are writes. */
extern bool periph_goal_writes;
void periph_goal_written(const PeriphAccess *access);

/* What happened to all table devices since QEMU was started. */
typedef struct PeriphCounts {
    uint64_t reads;
    uint64_t writes;
    uint64_t asks;              /* not answered by a table */
    uint64_t aborts;            /* bus errors that a table asks for */
    uint64_t unanswered;        /* that ended as a bus error of a CPU */
} PeriphCounts;

extern PeriphCounts periph_counts;

/*
 * An engine for device @index of @file, whose bytes @bytes holds; reset.
 * NULL with @errp when the device cannot be used here.
 */
PeriphEngine *periph_engine_new(GBytes *bytes, const struct prt_file *file,
                                uint32_t index, Error **errp);
/* The same for the first device of a file. */
PeriphEngine *periph_engine_from_file(const char *name, Error **errp);
void periph_engine_free(PeriphEngine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PeriphEngine, periph_engine_free)

/*
 * Realizes /machine/periph/@name at @pieces. Takes @engine. @flags are
 * PRT_INST_*.
 */
PeriphDevice *periph_device_new(const char *name, PeriphEngine *engine,
                                const PeriphPiece *pieces, unsigned count,
                                uint32_t flags, const char *end);

/* ---- periph-qom.c ---- */

void periph_device_class_properties(ObjectClass *klass);
/* Makes the wires that the property "irq" asks for. */
bool periph_device_connect(PeriphDevice *s, Error **errp);

/* ---- periph-map.c ---- */

/*
 * The device answers at @pieces and nowhere else; nowhere for none of them.
 * Its region is as large as its table says.
 */
void periph_device_map(PeriphDevice *s, const PeriphPiece *pieces,
                       unsigned count);
void periph_device_map_finalize(PeriphDevice *s);
/* Whether it answers at @addr, and what it has there. */
bool periph_device_at(const PeriphDevice *s, hwaddr addr, hwaddr *offset);
/*
 * A device that answers somewhere from @first to @last and for which @fn
 * (NULL: any) says true; or NULL.
 */
PeriphDevice *periph_device_in(hwaddr first, hwaddr last,
                               bool (*fn)(PeriphDevice *s, void *opaque),
                               void *opaque);
/* Where @offset of it is. */
hwaddr periph_device_address(const PeriphDevice *s, hwaddr offset);
bool periph_pieces_overlap(const PeriphPiece *a, unsigned a_count,
                           const PeriphPiece *b, unsigned b_count);

/*
 * What a snapshot holds of a device beyond its table; @state of
 * prt_state_size() bytes, aligned to 8, belongs to the caller.
 */
typedef struct PeriphContents {
    const void *state;
    size_t size;
    bool was_reset;
    uint64_t input_level[PERIPH_MAX_LINES / 64];
    uint64_t input_dirty[PERIPH_MAX_LINES / 64];
} PeriphContents;

void periph_device_get_contents(PeriphDevice *s, PeriphContents *c);
/*
 * @c has been accepted by prt_load() for this table. Wires must be quiet,
 * and virtual time that of the snapshot.
 */
void periph_device_set_contents(PeriphDevice *s, const PeriphContents *c);
/* As the replacement, but with nothing carried over. */
void periph_device_exchange(PeriphDevice *s, PeriphEngine *engine,
                            const PeriphPiece *pieces, unsigned count,
                            uint32_t flags, const char *end);
/* What was made with periph_device_new() goes. */
void periph_device_remove(PeriphDevice *s);

/*
 * Continues with @engine (taken) and the contents of the one before, at
 * @pieces.
 */
void periph_device_replace(PeriphDevice *s, PeriphEngine *engine,
                           const PeriphPiece *pieces, unsigned count,
                           uint32_t flags, const char *end);

/* Gives the device @chr (or NULL) unless it has one or somebody else does. */
void periph_device_bind_chr(PeriphDevice *s, Chardev *chr);
/* Lets go of it, for another device. */
void periph_device_release_chr(PeriphDevice *s);

/* Calls @fn for each, until it returns true; gives that device or NULL. */
PeriphDevice *periph_device_find(bool (*fn)(PeriphDevice *s, void *opaque),
                                 void *opaque);
/* The one of that name, or NULL. */
PeriphDevice *periph_device_named(const char *name);

/* Accesses at @offset of the device, as its region does them. */
MemTxResult periph_device_read(void *opaque, hwaddr offset, uint64_t *value,
                               unsigned size, MemTxAttrs attrs);
MemTxResult periph_device_write(void *opaque, hwaddr offset, uint64_t value,
                                unsigned size, MemTxAttrs attrs);

/*
 * periph-page.c: pages that table devices share, or do not fill. To be told
 * of each range where something has come, gone or changed its size;
 * @ends_only for a device, which fills all pages but its first and last.
 */
void periph_pages_update(hwaddr addr, hwaddr size, bool ends_only);
/*
 * Who answers at @addr, given the owner of the region that QEMU finds there:
 * the device behind a page's region, or NULL where that is a hole of the
 * page. Other owners are returned as they are.
 */
Object *periph_page_owner(Object *owner, hwaddr addr);

/* The QOM object whose children are the parts of a board: /machine/periph */
Object *periph_root(void);

#endif
