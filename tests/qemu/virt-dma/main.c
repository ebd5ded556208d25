/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On QEMU's machine "virt": a device that writes memory by itself (fw_cfg's
 * DMA) is pointed at an address where nothing is.  No instruction could be
 * made again, so nothing may be asked: the device gets its error.  Before
 * and after it moves the same bytes into memory.
 */
#include <stdint.h>

#define UART (*(volatile uint32_t *)0x09000000)
#define UART_FLAGS (*(volatile uint32_t *)0x09000018)
#define UART_FULL 0x20u
#define DMA_ADDRESS (*(volatile uint64_t *)0x09020010)
#define NOWHERE 0x0b000000u

#define CONTROL_ERROR 1u
#define CONTROL_READ 2u
#define CONTROL_SELECT 8u
#define KEY_SIGNATURE 0u        /* "QEMU" */

struct request {                /* all big-endian */
    uint32_t control;
    uint32_t length;
    uint64_t address;
};

static volatile struct request request;
static volatile char target[8];

static void put(const char *text)
{
    for (; *text; text++) {
        while (UART_FLAGS & UART_FULL) {
        }
        UART = (uint8_t)*text;
    }
}

void exception(uint64_t syndrome, uint64_t address)
{
    (void)syndrome;
    (void)address;
    put("exception\n");
    for (;;) {
    }
}

static uint32_t dma(uint64_t address)
{
    request.length = __builtin_bswap32(4);
    request.address = __builtin_bswap64(address);
    request.control = __builtin_bswap32(KEY_SIGNATURE << 16 |
                                        CONTROL_SELECT | CONTROL_READ);
    DMA_ADDRESS = __builtin_bswap64((uintptr_t)&request);
    while (request.control & ~__builtin_bswap32(CONTROL_ERROR)) {
    }
    return __builtin_bswap32(request.control);
}

static void signature(void)
{
    target[0] = 0;
    if (dma((uintptr_t)target) == 0 && target[0] == 'Q' && target[3] == 'U') {
        put("to memory: done\n");
    } else {
        put("to memory: failed\n");
    }
}

int main(void)
{
    signature();
    put(dma(NOWHERE) == CONTROL_ERROR ? "to nowhere: error\n" :
        "to nowhere: no error\n");
    signature();
    put("the end\n");
    for (;;) {
        asm volatile("wfe");
    }
}
