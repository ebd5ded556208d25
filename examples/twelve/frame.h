/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of the twelve: registers, bounded polls, events of handlers, and
 * the serial port that everything is printed through.  The including file
 * defines DEVICES, the address of the first device; device n stands n pages
 * above it and raises line n.  It also has the core's side of interrupts:
 * irq_enable(), irq_disable(), sleep_until().
 */
#ifndef EXAMPLES_TWELVE_FRAME_H
#define EXAMPLES_TWELVE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum device {
    UART, TIMER, WATCHDOG, GPIO, I2C, SPI, ADC, CLOCK, FLASH, DMA, RNG, RTC,
    COMBINER, DEVICE_COUNT
};

#define REG(device, offset) (*(volatile uint32_t *)(uintptr_t) \
                             (DEVICES + (device) * 0x1000u + (offset)))
#define POLL_LIMIT 2000000u

/* What the handlers have seen. */
static volatile unsigned events[DEVICE_COUNT];
static volatile uint32_t seen[DEVICE_COUNT];

void irq_enable(enum device device);
void irq_disable(enum device device);
/* Sleeps until events[device] is @count or more. */
void sleep_until(enum device device, unsigned count);

/* Waits until (*reg & mask) == want; false when that never comes. */
static inline bool poll(volatile uint32_t *reg, uint32_t mask, uint32_t want)
{
    unsigned i;

    for (i = 0; i < POLL_LIMIT; i++) {
        if ((*reg & mask) == want) {
            return true;
        }
    }
    return false;
}

/*
 * UART  +0x00 CONTROL  bit 0 enable, bit 4 interrupt on reception
 *       +0x04 STATUS   bit 1 room, bit 2 idle, bit 8 a character has come
 *       +0x08 OUT      +0x0c IN     +0x10 DIVIDER
 */
#define UART_CONTROL REG(UART, 0x00)
#define UART_STATUS REG(UART, 0x04)
#define UART_OUT REG(UART, 0x08)
#define UART_IN REG(UART, 0x0c)
#define UART_DIVIDER REG(UART, 0x10)
#define UART_ENABLE (1u << 0)
#define UART_RX_IRQ (1u << 4)
#define UART_ROOM (1u << 1)
#define UART_IDLE (1u << 2)
#define UART_COME (1u << 8)

static void put_char(char c)
{
    while (!(UART_STATUS & UART_ROOM)) {
    }
    UART_OUT = (uint8_t)c;
}

static void put(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            put_char('\r');
        }
        put_char(*text);
    }
}

static void put_hex(uint32_t value)
{
    int shift;

    put("0x");
    for (shift = 28; shift >= 0; shift -= 4) {
        put_char("0123456789abcdef"[value >> shift & 15]);
    }
}

/* What a test returns when @what is wrong. */
static bool wrong(const char *what, uint32_t got)
{
    put(" failed: ");
    put(what);
    put(", got ");
    put_hex(got);
    put("\n");
    return false;
}

/* Steps of a test: it ends with the first that is wrong. */
#define EXPECT(condition, what, got) \
    do { \
        if (!(condition)) { \
            return wrong(what, got); \
        } \
    } while (0)
#define POLL(reg, mask, want, what) \
    EXPECT(poll(&(reg), mask, want), "timeout: " what, reg)

#endif
