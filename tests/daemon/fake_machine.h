/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of the stand-in for QEMU: tables in the real engine. */
#ifndef TESTS_DAEMON_FAKE_MACHINE_H
#define TESTS_DAEMON_FAKE_MACHINE_H

#include "runtime/bridge/bridge.h"
#include "runtime/engine/engine.h"

struct device {
    char name[PBR_NAME_MAX];
    uint64_t base, size;
    uint8_t *blob;                      /* the file it came from */
    uint8_t *state;
    struct prt_file file;
    struct prt_table table;
    struct prt_dev dev;
};

/* Virtual time; the caller moves it. */
extern uint64_t now_ns;

/* The device whose window holds @address, or NULL, and its number. */
struct device *device_at(uint64_t address);
uint32_t device_number(const struct device *d);

/*
 * Puts all instances of a table in place, contents carried over.  PRT_OK or
 * the engine's error, with nothing changed.
 */
int machine_load(const void *bytes, size_t size, struct pbr_state *state);

/* A system reset of all devices. */
void machine_reset(void);

/* What the guest has written to its console; and more from elsewhere. */
const char *machine_console(void);
void machine_print(const uint8_t *bytes, size_t size);

#endif
