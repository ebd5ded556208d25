/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guests share: a serial port, a clock controller and a reset that
 * no real chip has, and a small frame for checks.  The including file
 * defines UART and CLOCK, the devices' addresses.
 *
 *   UART  +0x00 CTRL    bit 0 enable, bit 1 reset: clears itself
 *         +0x04 STATUS  bit 3 room for a character, bit 6 one has come
 *         +0x08 DATA    the character
 *         +0x0c BAUD    a divider, remembered
 *   CLOCK +0x00 CONFIG  bit 0 enable, bits 8..15 multiplier
 *         +0x10 STATE   bit 17 locked, some time after the enable
 */
#ifndef EXAMPLES_COMMON_GUEST_H
#define EXAMPLES_COMMON_GUEST_H

#include <stdint.h>

#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))
#define REG16(address) (*(volatile uint16_t *)(uintptr_t)(address))
#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define REG64(address) (*(volatile uint64_t *)(uintptr_t)(address))

#define UART_CTRL REG32(UART + 0x00)
#define UART_STATUS REG32(UART + 0x04)
#define UART_DATA REG32(UART + 0x08)
#define UART_BAUD REG32(UART + 0x0c)
#define UART_ENABLE 0x01u
#define UART_RESET 0x02u
#define UART_ROOM 0x08u
#define UART_COME 0x40u

#define CLOCK_CONFIG REG32(CLOCK + 0x00)
#define CLOCK_STATE REG32(CLOCK + 0x10)
#define CLOCK_LOCKED 0x20000u

static unsigned checks_failed;

static inline void clock_start(void)
{
    CLOCK_CONFIG = 0x1800u;
    CLOCK_CONFIG |= 1u;
    while (!(CLOCK_STATE & CLOCK_LOCKED)) {
    }
}

static inline void uart_start(void)
{
    UART_CTRL = UART_RESET;
    while (UART_CTRL & UART_RESET) {
    }
    UART_BAUD = 26;
    UART_CTRL = UART_ENABLE;
}

static void put_char(char c)
{
    while (!(UART_STATUS & UART_ROOM)) {
    }
    UART_DATA = (uint8_t)c;
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

static inline void put_hex(uint64_t value)
{
    int shift;

    put("0x");
    for (shift = 60; shift > 0 && !(value >> shift); shift -= 4) {
    }
    for (; shift >= 0; shift -= 4) {
        put_char("0123456789abcdef"[value >> shift & 15]);
    }
}

static inline char get_char(void)
{
    while (!(UART_STATUS & UART_COME)) {
    }
    return (char)UART_DATA;
}

/* Prints a line only for what is wrong. */
static inline void check(const char *what, uint64_t got, uint64_t want)
{
    if (got != want) {
        put(what);
        put(": got ");
        put_hex(got);
        put(", want ");
        put_hex(want);
        put("\n");
        checks_failed++;
    }
}

/* What the vectors call; @what is a syndrome or an exception's number. */
static inline void print_exception(uint64_t what, uint64_t address)
{
    put("exception ");
    put_hex(what);
    put(" at ");
    put_hex(address);
    put("\n");
}

static inline void print_result(void)
{
    put(checks_failed ? "some failed\n" : "all passed\n");
}

/* Echoes what is typed, for ever; for a 'q' it returns. */
static inline void echo(void)
{
    char c;

    put("> ");
    while ((c = get_char()) != 'q') {
        put_char(c);
        if (c == '\r') {
            put("\n> ");
        }
    }
    put("bye\n");
}

#endif
