/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a core whose interrupts are not used: the handlers are called. */
#ifndef EXAMPLES_TWELVE_POLLED_H
#define EXAMPLES_TWELVE_POLLED_H

#include "examples/twelve/classes.h"

void irq_enable(enum device device)
{
    (void)device;
}

void irq_disable(enum device device)
{
    (void)device;
}

void sleep_until(enum device device, unsigned count)
{
    static void (*const handlers[DEVICE_COUNT])(void) = {
        [UART] = uart_handler, [TIMER] = timer_handler,
        [WATCHDOG] = watchdog_handler, [GPIO] = gpio_handler,
        [I2C] = i2c_handler, [SPI] = spi_handler, [ADC] = adc_handler,
        [CLOCK] = clock_handler, [FLASH] = flash_handler,
        [DMA] = dma_handler, [RNG] = rng_handler, [RTC] = rtc_handler,
        [COMBINER] = combiner_handler,
    };

    while (events[device] < count) {
        handlers[device]();
    }
}

#endif
