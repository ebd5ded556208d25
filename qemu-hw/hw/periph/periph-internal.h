/*
 * Machine "periph": what its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PERIPH_INTERNAL_H
#define HW_PERIPH_INTERNAL_H

#include "exec/hwaddr.h"
#include "hw/boards.h"
#include "hw/clock.h"
#include "hw/periph/periph-board.h"
#include "qemu/notify.h"
#include "runtime/engine/engine.h"

#define TYPE_PERIPH_MACHINE MACHINE_TYPE_NAME("periph")
OBJECT_DECLARE_SIMPLE_TYPE(PeriphMachine, PERIPH_MACHINE)

/* Where the images of a board lie. */
typedef struct PeriphImages {
    GArray *extents;            /* of PeriphExtent */
    bool has_entry;             /* an image says where it begins */
    uint64_t entry;
    bool has_fdt;               /* an image is a device tree: */
    uint64_t fdt;               /* where it lies */
} PeriphImages;

typedef struct PeriphExtent {
    uint64_t base;
    uint64_t size;
} PeriphExtent;

struct PeriphMachine {
    MachineState parent_obj;

    char *board_file;
    char *stats_file;
    GBytes *bytes;
    struct prt_file file;
    const struct prt_board *board;

    PeriphImages images;
    bool m_profile;
    bool has_entry;
    uint64_t entry;
    int start_el;               /* 0: as reset leaves it */
    DeviceState *armv7m;
    Clock *cpuclk;
    Notifier exit;
};

/* ---- periph-image.c ---- */

/* Adds all images of the board; they are written at each reset. */
bool periph_images_load(PeriphImages *im, const struct prt_board *board,
                        Error **errp);
bool periph_images_cover(const PeriphImages *im, uint64_t addr);
/* False: there is no image. */
bool periph_images_lowest(const PeriphImages *im, uint64_t *addr);

/* ---- periph-cpu.c ---- */

/* CPUs, for A and R with their start state, for M with the NVIC. */
bool periph_cpus_create(PeriphMachine *s, Error **errp);
/* Leads the outputs of an interrupt controller to the CPUs and back. */
bool periph_cpus_connect_gic(PeriphMachine *s, DeviceState *gic,
                             Error **errp);
/* Private interrupt @intid of the first CPU, as an input of @gic. */
int periph_gic_ppi_input(DeviceState *gic, unsigned intid);

#endif
