/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The twelve on an A32 core with a GICv2. */
#define DEVICES 0x10000000u
#define GICD 0x1e001000u
#define GIC_CPU 0x1e002000u
#define GIC_REDISTRIBUTOR 0u
#include "examples/twelve/gic.h"

static void core_mask(void)
{
    asm volatile("cpsid i" ::: "memory");
}

static void core_unmask(void)
{
    asm volatile("cpsie i" ::: "memory");
}

/* This one goes round instead of stopping. */
static void core_wait(void)
{
    asm volatile("dsb" ::: "memory");
}

static bool core_start(void)
{
    return false;
}

static uint32_t core_acknowledge(void)
{
    return SPURIOUS;
}

static void core_end(uint32_t number)
{
    (void)number;
}

void exception(uint32_t what, uint32_t address)
{
    put("exception ");
    put_hex(what);
    put(" at ");
    put_hex(address);
    put("\n");
    for (;;) {
    }
}

int main(void)
{
    gic_start(true);
    test_all();
    return 0;
}
