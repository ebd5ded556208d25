/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver that looks ten times whether its device is ready, and says what it
 * found; then nothing more happens. */
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define UART_STATUS REG(0x40001004)
#define UART_OUT REG(0x40001008)
#define RADIO_CONTROL REG(0x40002000)
#define RADIO_STATUS REG(0x40002004)
#define TRIES 10

void guest_main(void);

static void put(const char *text)
{
    for (; *text; text++) {
        while (!(UART_STATUS & 2u)) {
        }
        UART_OUT = (uint32_t)*text;
    }
}

static int radio_start(void)
{
    unsigned i;

    RADIO_CONTROL = 1;
    for (i = 0; i < TRIES; i++) {
        if (RADIO_STATUS & 0x40u) {
            return 0;
        }
    }
    return -5;
}

void guest_main(void)
{
    put("short polls\n");
    put(radio_start() == 0 ? "radio is up\n" : "radio failed\n");
    for (;;) {
        asm volatile("wfi");
    }
}
