/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte layout of the board section of .ptab tables.  Included by table.h,
 * which holds the conventions.
 */
#ifndef RUNTIME_ENGINE_TABLE_BOARD_H
#define RUNTIME_ENGINE_TABLE_BOARD_H

#include "runtime/engine/table.h"

#define PRT_BOARD_HAS_ENTRY 1u
#define PRT_BOARD_PARTIAL 2u            /* hot load: only what changes */

enum prt_psci { PRT_PSCI_DEFAULT, PRT_PSCI_NONE, PRT_PSCI_SMC, PRT_PSCI_HVC };
#define PRT_EL_DEFAULT 0xffu
#define PRT_SECURE_DEFAULT 0xffu

struct prt_list {
    uint32_t offset;                    /* of the first entry; multiple of 8 */
    uint32_t count;
};

struct prt_board_header {               /* 136 bytes */
    uint32_t magic;                     /* PRT_MAGIC_BOARD */
    uint16_t version;
    uint16_t compat;
    uint32_t total_size;
    uint32_t flags;                     /* PRT_BOARD_* */
    uint32_t name;                      /* string */
    uint32_t cpu;                       /* string, "" default of machine */
    uint32_t cpus;                      /* >= 1 */
    uint8_t el;                         /* 0..3 or PRT_EL_DEFAULT */
    uint8_t secure;                     /* 0 1 or PRT_SECURE_DEFAULT */
    uint8_t psci;                       /* enum prt_psci */
    uint8_t reserved0;
    uint64_t entry;                     /* with HAS_ENTRY */
    struct prt_list strings;            /* bytes */
    struct prt_list memories;           /* struct prt_memory */
    struct prt_list loads;              /* struct prt_load */
    struct prt_list instances;          /* struct prt_instance */
    struct prt_list natives;            /* struct prt_native */
    struct prt_list wires;              /* struct prt_wire */
    struct prt_list props;              /* struct prt_prop */
    uint64_t model_hash;
    struct prt_list regions;            /* struct prt_region */
    uint64_t reserved1[3];
};

#define PRT_MEMORY_RO 1u
#define PRT_MEMORY_INFERRED 2u
#define PRT_MEMORY_ALIAS 4u

struct prt_memory {                     /* 40 bytes */
    uint32_t name;
    uint32_t flags;                     /* PRT_MEMORY_* */
    uint64_t base;
    uint64_t size;                      /* > 0, base + size <= 2^64 */
    uint64_t alias;                     /* ALIAS: address it shows */
    uint64_t reserved;
};

enum prt_load_kind {
    PRT_LOAD_AUTO, PRT_LOAD_RAW, PRT_LOAD_ELF, PRT_LOAD_IHEX
};
#define PRT_LOAD_HAS_ADDRESS 1u

struct prt_load {                       /* 24 bytes */
    uint32_t path;                      /* string, absolute path */
    uint8_t kind;                       /* enum prt_load_kind */
    uint8_t flags;                      /* PRT_LOAD_* */
    uint16_t reserved0;
    uint64_t address;
    uint64_t reserved1;
};

#define PRT_INST_INFERRED 1u
#define PRT_INST_CLOSED 2u
#define PRT_INST_CONSOLE 4u             /* FIFO ends "console" are bound */

struct prt_instance {                   /* 40 bytes */
    uint32_t name;
    uint32_t device;                    /* index into the file's devices */
    uint64_t address;                   /* absolute; of the first region */
    uint32_t flags;                     /* PRT_INST_* */
    uint32_t end;                       /* string: bound FIFO end, "" console */
    uint64_t reserved[2];
};

struct prt_native {                     /* 56 bytes */
    uint32_t name;
    uint32_t type;                      /* string: "arm_gic", "pl011" ... */
    uint32_t flags;                     /* PRT_INST_CONSOLE */
    uint32_t address_count;             /* 0..4 */
    uint64_t address[4];
    uint64_t reserved;
};

enum prt_wire_to {
    PRT_TO_NATIVE,                      /* to = native */
    PRT_TO_INSTANCE,                    /* to = instance, number = line in */
    PRT_TO_NVIC,                        /* number = external interrupt */
    PRT_TO_CPU                          /* to = cpu, number 0 IRQ 1 FIQ */
};
enum prt_wire_kind { PRT_WIRE_LINE, PRT_WIRE_SPI, PRT_WIRE_PPI };
enum prt_from { PRT_FROM_INSTANCE, PRT_FROM_NATIVE };
#define PRT_WIRE_INFERRED 1u

struct prt_wire {                       /* 32 bytes */
    uint8_t from_kind;                  /* enum prt_from */
    uint8_t to_kind;                    /* enum prt_wire_to */
    uint8_t kind;                       /* enum prt_wire_kind */
    uint8_t flags;                      /* PRT_WIRE_* */
    uint32_t from;                      /* index of the source */
    uint32_t from_line;                 /* its output element */
    uint32_t to;
    uint32_t number;                    /* SPI and PPI numbers from 0 */
    uint32_t reserved[3];
};

/*
 * Part of an instance that is not mapped in one piece: `size` bytes from
 * `offset` of the device on answer at `address`.  Regions stand in the order
 * of their instances, then of offsets; the first of an instance has offset 0
 * and the instance's address.  An instance without regions is mapped whole.
 */
#define PRT_MAX_REGIONS 16u             /* of one instance */

struct prt_region {                     /* 32 bytes */
    uint32_t instance;
    uint32_t offset;                    /* multiple of 8 */
    uint64_t address;
    uint32_t size;                      /* > 0 */
    uint32_t reserved[3];
};

enum prt_prop_kind { PRT_PROP_INT, PRT_PROP_STRING, PRT_PROP_BOOL };

struct prt_prop {                       /* 32 bytes; settings of a native */
    uint32_t native;
    uint32_t name;                      /* string */
    uint8_t kind;                       /* enum prt_prop_kind */
    uint8_t reserved0[3];
    uint32_t string;
    uint64_t value;
    uint64_t reserved1;
};

PRT_SIZE_IS(struct prt_list, 8);
PRT_SIZE_IS(struct prt_board_header, 136);
PRT_SIZE_IS(struct prt_memory, 40);
PRT_SIZE_IS(struct prt_load, 24);
PRT_SIZE_IS(struct prt_instance, 40);
PRT_SIZE_IS(struct prt_native, 56);
PRT_SIZE_IS(struct prt_wire, 32);
PRT_SIZE_IS(struct prt_prop, 32);
PRT_SIZE_IS(struct prt_region, 32);

#endif /* RUNTIME_ENGINE_TABLE_BOARD_H */
