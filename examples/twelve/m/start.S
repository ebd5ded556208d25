/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vector of line n is the handler of device n. */
#include "examples/common/start-m.S"

    .section .start, "a"
    .word uart_handler
    .word timer_handler
    .word watchdog_handler
    .word gpio_handler
    .word i2c_handler
    .word spi_handler
    .word adc_handler
    .word clock_handler
    .word flash_handler
    .word dma_handler
    .word rng_handler
    .word rtc_handler
    .word combiner_handler
