/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts by a GICv2, or a GICv3 where the core has its registers: device n
 * raises SPI n.  The including file defines GICD, the distributor's address,
 * and the functions of the core below.
 */
#ifndef EXAMPLES_TWELVE_GIC_H
#define EXAMPLES_TWELVE_GIC_H

#include "examples/twelve/classes.h"

/* The core's: interrupts are taken or not; waits for one, taken or not. */
static void core_mask(void);
static void core_unmask(void);
static void core_wait(void);
/* The interface to a GICv3; core_start() says whether there is one. */
static bool core_start(void);
static uint32_t core_acknowledge(void);
static void core_end(uint32_t number);

#define GIC_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define GICD_CTLR GIC_REG(GICD + 0x000)
#define GICD_TYPER GIC_REG(GICD + 0x004)
#define GICD_IGROUPR(n) GIC_REG(GICD + 0x080 + 4 * (n))
#define GICD_ISENABLER(n) GIC_REG(GICD + 0x100 + 4 * (n))
#define GICD_ICENABLER(n) GIC_REG(GICD + 0x180 + 4 * (n))
#define GICD_IPRIORITYR(n) GIC_REG(GICD + 0x400 + 4 * (n))
#define GICD_ITARGETSR(n) GIC_REG(GICD + 0x800 + 4 * (n))
#define GICD_ICFGR(n) GIC_REG(GICD + 0xc00 + 4 * (n))
#define GICD_IGRPMODR(n) GIC_REG(GICD + 0xd00 + 4 * (n))
#define GICC GIC_CPU
#define GICC_CTLR GIC_REG(GICC + 0x00)
#define GICC_PMR GIC_REG(GICC + 0x04)
#define GICC_IAR GIC_REG(GICC + 0x0c)
#define GICC_EOIR GIC_REG(GICC + 0x10)
#define GICR_WAKER GIC_REG(GIC_REDISTRIBUTOR + 0x14)

#define FIRST_SPI 32u
#define SPURIOUS 1020u /* from here on */
#define GROUP1_SECURE 0x37u /* CTLR: all groups, affinity routing */
#define GROUP1 0x12u

static bool gic_v3;

void irq_enable(enum device device)
{
    GICD_ISENABLER(1) = 1u << device;
}

void irq_disable(enum device device)
{
    GICD_ICENABLER(1) = 1u << device;
    asm volatile("dsb sy\n\tisb" ::: "memory");
}

void sleep_until(enum device device, unsigned count)
{
    for (;;) {
        core_mask();
        if (events[device] >= count) {
            break;
        }
        core_wait();
        core_unmask();
    }
    core_unmask();
}

/* Called by the vector's code. */
void interrupt(void)
{
    static void (*const handlers[DEVICE_COUNT])(void) = {
        [UART] = uart_handler, [TIMER] = timer_handler,
        [WATCHDOG] = watchdog_handler, [GPIO] = gpio_handler,
        [I2C] = i2c_handler, [SPI] = spi_handler, [ADC] = adc_handler,
        [CLOCK] = clock_handler, [FLASH] = flash_handler,
        [DMA] = dma_handler, [RNG] = rng_handler, [RTC] = rtc_handler,
        [COMBINER] = combiner_handler,
    };
    uint32_t number = gic_v3 ? core_acknowledge() : GICC_IAR;
    uint32_t line = (number & 0x3ff) - FIRST_SPI;

    if ((number & 0x3ff) >= SPURIOUS) {
        return;
    }
    if (line < DEVICE_COUNT) {
        handlers[line]();
    }
    if (gic_v3) {
        core_end(number);
    } else {
        GICC_EOIR = number;
    }
}

/* All SPIs that there are: off, level, one priority, to this core. */
static void gic_lines(bool secure)
{
    unsigned words = (GICD_TYPER & 0x1f) + 1, i;

    for (i = 1; i < words; i++) {
        GICD_ICENABLER(i) = ~0u;
        if (gic_v3) {
            GICD_IGROUPR(i) = secure ? 0 : ~0u;
        }
        if (gic_v3 && secure) {
            GICD_IGRPMODR(i) = ~0u;
        }
    }
    for (i = 2; i < 2 * words; i++) {
        GICD_ICFGR(i) = 0;
    }
    for (i = 8; i < 8 * words; i++) {
        GICD_IPRIORITYR(i) = 0xa0a0a0a0u;
        if (!gic_v3) {
            GICD_ITARGETSR(i) = 0x01010101u;
        }
    }
}

/* Those of the core itself, which are not used: off, one priority. */
static void gic_private(void)
{
    uintptr_t base = gic_v3 ? GIC_REDISTRIBUTOR + 0x10000 : GICD;
    unsigned i;

    GIC_REG(base + 0x180) = ~0u;
    for (i = 0; i < 8; i++) {
        GIC_REG(base + 0x400 + 4 * i) = 0xa0a0a0a0u;
    }
}

/* @secure: the GIC knows two worlds, and this is the one that sees both. */
static void gic_start(bool secure)
{
    gic_v3 = core_start();
    GICD_CTLR = 0;
    if (gic_v3) {
        GICR_WAKER &= ~2u;
        while (GICR_WAKER & 4u) {
        }
        gic_lines(secure);
        gic_private();
        GICD_CTLR = secure ? GROUP1_SECURE : GROUP1;
    } else {
        gic_lines(secure);
        gic_private();
        GICD_CTLR = 1;
        GICC_PMR = 0xf0;
        GICC_CTLR = 1;
    }
    core_unmask();
}

#endif
