/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver and a test for each class of device.  The devices are no real
 * chip's; each is set up, enabled, polled with a bound and, where it can
 * interrupt, waited for by a handler that reads and clears its status.
 */
#ifndef EXAMPLES_TWELVE_CLASSES_H
#define EXAMPLES_TWELVE_CLASSES_H

#include "examples/twelve/frame.h"

/* ------------------------------------------------------------------ timer */
/* +0x00 CONTROL bit 0 run, bit 3 interrupt; +0x04 RELOAD;
 * +0x08 COUNT, counts up; +0x0c STATUS bit 0 wrapped, written 1 to clear */
#define TIMER_CONTROL REG(TIMER, 0x00)
#define TIMER_RELOAD REG(TIMER, 0x04)
#define TIMER_COUNT REG(TIMER, 0x08)
#define TIMER_STATUS REG(TIMER, 0x0c)

void timer_handler(void)
{
    if (TIMER_STATUS & 1u) {
        TIMER_STATUS = 1u;
        events[TIMER]++;
    }
}

static bool test_timer(void)
{
    uint32_t start, i;

    TIMER_CONTROL = 0;
    TIMER_RELOAD = 0xffff;
    TIMER_CONTROL = 1u;
    start = TIMER_COUNT;
    for (i = 0; TIMER_COUNT - start < 500 && i < POLL_LIMIT; i++) {
    }
    EXPECT(i < POLL_LIMIT, "timeout: it does not count", TIMER_COUNT);
    TIMER_CONTROL = 1u | 8u;
    irq_enable(TIMER);
    sleep_until(TIMER, 3);
    irq_disable(TIMER);
    TIMER_CONTROL = 0;
    EXPECT(TIMER_RELOAD == 0xffff, "its reload value", TIMER_RELOAD);
    return true;
}

/* --------------------------------------------------------------- watchdog */
/* +0x00 KEY; +0x04 RELOAD; +0x08 STATUS bit 0 busy, bit 5 early warning,
 * written 1 to clear, bit 7 the window is open; +0x0c CONFIG bit 2 warn */
#define WATCHDOG_KEY REG(WATCHDOG, 0x00)
#define WATCHDOG_RELOAD REG(WATCHDOG, 0x04)
#define WATCHDOG_STATUS REG(WATCHDOG, 0x08)
#define WATCHDOG_CONFIG REG(WATCHDOG, 0x0c)
#define WATCHDOG_UNLOCK 0x6d5au
#define WATCHDOG_START 0x33ccu
#define WATCHDOG_FEED 0x1f1fu

void watchdog_handler(void)
{
    if (WATCHDOG_STATUS & 0x20u) {
        WATCHDOG_STATUS = 0x20u;
        WATCHDOG_KEY = WATCHDOG_FEED;
        events[WATCHDOG]++;
    }
}

static bool test_watchdog(void)
{
    WATCHDOG_KEY = WATCHDOG_UNLOCK;
    WATCHDOG_RELOAD = 0xfff;
    POLL(WATCHDOG_STATUS, 1u, 0, "busy with the reload value");
    EXPECT(WATCHDOG_RELOAD == 0xfff, "its reload value", WATCHDOG_RELOAD);
    WATCHDOG_KEY = WATCHDOG_START;
    POLL(WATCHDOG_STATUS, 0x80u, 0x80u, "the window never opens");
    WATCHDOG_KEY = WATCHDOG_FEED;
    WATCHDOG_CONFIG = 4u;
    irq_enable(WATCHDOG);
    sleep_until(WATCHDOG, 1);
    irq_disable(WATCHDOG);
    return true;
}

/* ------------------------------------------------------------------- gpio */
/* +0x00 SET, +0x04 CLEAR: a 1 sets or clears that output; +0x08 OUTPUTS
 * enable; +0x0c PINS as they are: pin 9 is wired to pin 5; +0x10 EDGE pins
 * that interrupt; +0x14 CAME, written 1 to clear */
#define GPIO_SET REG(GPIO, 0x00)
#define GPIO_CLEAR REG(GPIO, 0x04)
#define GPIO_OUTPUTS REG(GPIO, 0x08)
#define GPIO_PINS REG(GPIO, 0x0c)
#define GPIO_EDGE REG(GPIO, 0x10)
#define GPIO_CAME REG(GPIO, 0x14)

void gpio_handler(void)
{
    uint32_t came = GPIO_CAME & 0x200u;

    if (came) {
        GPIO_CAME = came;
        events[GPIO]++;
    }
}

static bool test_gpio(void)
{
    unsigned i;

    GPIO_OUTPUTS = 0x20u;
    for (i = 0; i < 3; i++) {
        GPIO_SET = 0x20u;
        POLL(GPIO_PINS, 0x200u, 0x200u, "pin 9 does not rise");
        GPIO_CLEAR = 0x20u;
        POLL(GPIO_PINS, 0x200u, 0, "pin 9 does not fall");
    }
    GPIO_EDGE = 0x200u;
    irq_enable(GPIO);
    GPIO_SET = 0x20u;
    sleep_until(GPIO, 1);
    irq_disable(GPIO);
    GPIO_EDGE = 0;
    return true;
}

/* -------------------------------------------------------------------- i2c */
/* +0x00 CONTROL bit 0 enable, bit 6 interrupt, bit 8 start: clears itself;
 * +0x04 STATUS bit 2 done, bit 4 nobody there, both written 1 to clear,
 * bit 12 bus busy; +0x08 ADDRESS; +0x0c DATA */
#define I2C_CONTROL REG(I2C, 0x00)
#define I2C_STATUS REG(I2C, 0x04)
#define I2C_ADDRESS REG(I2C, 0x08)
#define I2C_DATA REG(I2C, 0x0c)
#define I2C_START (1u << 8)
#define I2C_DONE (1u << 2)
#define I2C_NOBODY (1u << 4)
#define I2C_BUSY (1u << 12)

void i2c_handler(void)
{
    uint32_t status = I2C_STATUS;

    if (status & I2C_NOBODY) {
        I2C_STATUS = I2C_NOBODY;
        seen[I2C]++;
        events[I2C]++;
    } else if (status & I2C_DONE) {
        I2C_STATUS = I2C_DONE;
        events[I2C]++;
    }
}

static bool test_i2c(void)
{
    uint32_t address;

    I2C_CONTROL = 1u;
    for (address = 0x50; address < 0x54; address++) {
        POLL(I2C_STATUS, I2C_BUSY, 0, "the bus is busy");
        I2C_ADDRESS = address << 1;
        I2C_CONTROL = 1u | I2C_START;
        POLL(I2C_CONTROL, I2C_START, 0, "start does not end");
        POLL(I2C_STATUS, I2C_DONE, I2C_DONE, "no address is sent");
        I2C_STATUS = I2C_DONE | I2C_NOBODY;
        EXPECT(!(I2C_STATUS & I2C_DONE), "done does not clear", I2C_STATUS);
    }
    I2C_CONTROL = 1u | 1u << 6;
    irq_enable(I2C);
    I2C_DATA = 0x5a;
    sleep_until(I2C, 1);
    irq_disable(I2C);
    return true;
}

/* -------------------------------------------------------------------- spi */
/* +0x00 CONTROL bit 0 enable, bit 1 loops back, bit 7 interrupt;
 * +0x04 STATUS bit 0 busy, bit 3 room, bit 4 a byte has come: reading DATA
 * clears it, bit 6 transfer complete, written 1 to clear; +0x08 DATA */
#define SPI_CONTROL REG(SPI, 0x00)
#define SPI_STATUS REG(SPI, 0x04)
#define SPI_DATA REG(SPI, 0x08)

void spi_handler(void)
{
    if (SPI_STATUS & 0x40u) {
        SPI_STATUS = 0x40u;
        events[SPI]++;
    }
}

static bool test_spi(void)
{
    uint32_t i, got;

    SPI_CONTROL = 1u | 2u;
    for (i = 0x31; i < 0x36; i++) {
        while (SPI_STATUS & 0x10u) {
            (void)SPI_DATA;
        }
        POLL(SPI_STATUS, 8u, 8u, "no room");
        SPI_DATA = i;
        POLL(SPI_STATUS, 0x10u, 0x10u, "nothing comes back");
        got = SPI_DATA;
        EXPECT(got == i, "looped back", got);
        POLL(SPI_STATUS, 1u, 0, "stays busy");
    }
    SPI_CONTROL = 1u | 2u | 0x80u;
    irq_enable(SPI);
    SPI_DATA = 0x77;
    sleep_until(SPI, 1);
    irq_disable(SPI);
    return true;
}

/* -------------------------------------------------------------------- adc */
/* +0x00 CONTROL bit 0 enable, bit 1 calibrate: clears itself, bit 4 start,
 * bit 5 interrupt; +0x04 STATUS bit 0 ready, bit 1 end of conversion: reading
 * RESULT clears it; +0x08 RESULT, 12 bits; +0x0c CHANNEL */
#define ADC_CONTROL REG(ADC, 0x00)
#define ADC_STATUS REG(ADC, 0x04)
#define ADC_RESULT REG(ADC, 0x08)
#define ADC_CHANNEL REG(ADC, 0x0c)

void adc_handler(void)
{
    if (ADC_STATUS & 2u) {
        seen[ADC] = ADC_RESULT;
        events[ADC]++;
    }
}

static bool test_adc(void)
{
    uint32_t i, got;

    ADC_CONTROL = 1u | 2u;
    POLL(ADC_CONTROL, 2u, 0, "calibration does not end");
    POLL(ADC_STATUS, 1u, 1u, "not ready");
    for (i = 0; i < 4; i++) {
        ADC_CHANNEL = i;
        while (ADC_STATUS & 2u) {
            (void)ADC_RESULT;
        }
        ADC_CONTROL = 1u | 0x10u;
        POLL(ADC_STATUS, 2u, 2u, "no end of conversion");
        got = ADC_RESULT;
        EXPECT(got <= 0xfff, "out of range", got);
    }
    while (ADC_STATUS & 2u) {
        (void)ADC_RESULT;
    }
    irq_enable(ADC);
    ADC_CONTROL = 1u | 0x10u | 0x20u;
    sleep_until(ADC, 1);
    irq_disable(ADC);
    EXPECT(seen[ADC] <= 0xfff, "out of range", seen[ADC]);
    return true;
}

/* ------------------------------------------------------- clock controller */
/* +0x00 CONTROL bit 0 oscillator, bit 1 it is ready, bit 24 loop, bit 25 it
 * is locked; +0x04 CONFIG bits 0..1 switch, bits 2..3 where it stands;
 * +0x08 INTERRUPT bit 4 locked, bit 12 enable, bit 20 clears bit 4 */
#define CLOCK_CONTROL REG(CLOCK, 0x00)
#define CLOCK_CONFIG REG(CLOCK, 0x04)
#define CLOCK_INTERRUPT REG(CLOCK, 0x08)
#define CLOCK_CLEAR REG(CLOCK, 0x0c)

void clock_handler(void)
{
    if (CLOCK_INTERRUPT & 0x10u) {
        CLOCK_CLEAR = 0x10u;
        events[CLOCK]++;
    }
}

static bool clock_switch(uint32_t source)
{
    CLOCK_CONFIG = (CLOCK_CONFIG & ~3u) | source;
    return poll(&CLOCK_CONFIG, 0xcu, source << 2);
}

static bool test_clock(void)
{
    unsigned i;

    for (i = 0; i < 2; i++) {
        CLOCK_CONTROL |= 1u;
        POLL(CLOCK_CONTROL, 2u, 2u, "no oscillator");
        CLOCK_CONTROL |= 1u << 24;
        POLL(CLOCK_CONTROL, 1u << 25, 1u << 25, "no lock");
        EXPECT(clock_switch(1), "timeout: switch to 1", CLOCK_CONFIG);
        EXPECT(clock_switch(2), "timeout: switch to 2", CLOCK_CONFIG);
        EXPECT(clock_switch(0), "timeout: switch to 0", CLOCK_CONFIG);
        CLOCK_CONTROL &= ~(1u << 24);
        POLL(CLOCK_CONTROL, 1u << 25, 0, "the lock stays");
        CLOCK_CONTROL &= ~1u;
        POLL(CLOCK_CONTROL, 2u, 0, "the oscillator stays");
    }
    CLOCK_INTERRUPT = 1u << 12;
    irq_enable(CLOCK);
    CLOCK_CONTROL |= 1u;
    sleep_until(CLOCK, 1);
    irq_disable(CLOCK);
    return true;
}

/* ------------------------------------------------------- flash controller */
/* +0x00 KEY; +0x04 CONTROL bit 1 erase, bit 4 start, bit 7 locked, bit 10
 * interrupt; +0x08 STATUS bit 0 busy, bit 5 end and bit 6 error, both written
 * 1 to clear; +0x0c ADDRESS */
#define FLASH_KEY REG(FLASH, 0x00)
#define FLASH_CONTROL REG(FLASH, 0x04)
#define FLASH_STATUS REG(FLASH, 0x08)
#define FLASH_ADDRESS REG(FLASH, 0x0c)
#define FLASH_LOCKED (1u << 7)

void flash_handler(void)
{
    uint32_t status = FLASH_STATUS;

    if (status & 0x40u) {
        FLASH_STATUS = 0x40u;
        seen[FLASH]++;
        events[FLASH]++;
    } else if (status & 0x20u) {
        FLASH_STATUS = 0x20u;
        events[FLASH]++;
    }
}

static bool flash_unlock(uint32_t second)
{
    FLASH_KEY = 0x2f6b0193u;
    FLASH_KEY = second;
    return poll(&FLASH_CONTROL, FLASH_LOCKED, 0);
}

static bool test_flash(void)
{
    uint32_t page;

    EXPECT(flash_unlock(0x9ae4c527u), "timeout: locked", FLASH_CONTROL);
    for (page = 0; page < 3; page++) {
        FLASH_CONTROL = FLASH_LOCKED;
        EXPECT(FLASH_CONTROL & FLASH_LOCKED, "does not lock", FLASH_CONTROL);
        FLASH_KEY = 0x12345678u;
        EXPECT(FLASH_CONTROL & FLASH_LOCKED, "a wrong key unlocks",
               FLASH_CONTROL);
        EXPECT(flash_unlock(0x9ae4c527u), "timeout: locked", FLASH_CONTROL);
        FLASH_CONTROL = 2u;
        FLASH_ADDRESS = page * 0x400u;
        FLASH_CONTROL = 2u | 0x10u;
        POLL(FLASH_STATUS, 1u, 0, "stays busy");
        POLL(FLASH_STATUS, 0x20u, 0x20u, "no end");
        FLASH_STATUS = 0x20u;
        EXPECT(!(FLASH_STATUS & 0x20u), "end does not clear", FLASH_STATUS);
    }
    FLASH_CONTROL = 2u | 1u << 10;
    irq_enable(FLASH);
    FLASH_CONTROL = 2u | 1u << 10 | 0x10u;
    sleep_until(FLASH, 1);
    irq_disable(FLASH);
    EXPECT(!seen[FLASH], "an error", seen[FLASH]);
    return true;
}

/* -------------------------------------------------------------------- dma */
/* Two channels, 0x20 apart: +0x00 FROM, +0x04 TO, +0x08 bytes LEFT,
 * +0x0c CONTROL bit 0 start, bit 1 interrupt; +0x100 STATUS bit n: channel n
 * is done; +0x104 CLEAR */
#define DMA_FROM(n) REG(DMA, 0x20 * (n) + 0x00)
#define DMA_TO(n) REG(DMA, 0x20 * (n) + 0x04)
#define DMA_LEFT(n) REG(DMA, 0x20 * (n) + 0x08)
#define DMA_CONTROL(n) REG(DMA, 0x20 * (n) + 0x0c)
#define DMA_STATUS REG(DMA, 0x100)
#define DMA_CLEAR REG(DMA, 0x104)

static uint32_t dma_source[16], dma_target[16];

void dma_handler(void)
{
    if (DMA_STATUS & 2u) {
        DMA_CLEAR = 2u;
        events[DMA]++;
    }
}

static void dma_start(unsigned channel, uint32_t control)
{
    unsigned i;

    for (i = 0; i < 16; i++) {
        dma_source[i] = 0x01234567u * (i + 3 + channel);
        dma_target[i] = 0;
    }
    asm volatile("" ::: "memory");
    DMA_FROM(channel) = (uint32_t)(uintptr_t)dma_source;
    DMA_TO(channel) = (uint32_t)(uintptr_t)dma_target;
    DMA_LEFT(channel) = sizeof(dma_source);
    DMA_CONTROL(channel) = control;
}

static bool dma_copied(void)
{
    unsigned i;

    asm volatile("" ::: "memory");
    for (i = 0; i < 16 && dma_target[i] == dma_source[i]; i++) {
    }
    return i == 16;
}

static bool test_dma(void)
{
    dma_start(0, 1u);
    POLL(DMA_STATUS, 1u, 1u, "channel 0 is not done");
    EXPECT(DMA_LEFT(0) == 0, "left of channel 0", DMA_LEFT(0));
    EXPECT(dma_copied(), "what channel 0 copied", dma_target[0]);
    DMA_CLEAR = 1u;
    irq_enable(DMA);
    dma_start(1, 3u);
    sleep_until(DMA, 1);
    irq_disable(DMA);
    EXPECT(dma_copied(), "what channel 1 copied", dma_target[0]);
    return true;
}

/* -------------------------------------------------------------------- rng */
/* +0x00 CONTROL bit 2 enable, bit 3 interrupt; +0x04 STATUS bit 0 ready,
 * bit 5 seed error; +0x08 VALUE */
#define RNG_CONTROL REG(RNG, 0x00)
#define RNG_STATUS REG(RNG, 0x04)
#define RNG_VALUE REG(RNG, 0x08)

void rng_handler(void)
{
    if (RNG_STATUS & 1u) {
        seen[RNG] = RNG_VALUE;
        events[RNG]++;
    }
}

static bool test_rng(void)
{
    uint32_t last = 0, value = 0, i, tries;

    RNG_CONTROL = 4u;
    for (i = 0; i < 6; i++) {
        POLL(RNG_STATUS, 1u, 1u, "no value");
        EXPECT(!(RNG_STATUS & 0x20u), "a seed error", RNG_STATUS);
        for (tries = 0; tries < POLL_LIMIT; tries++) {
            value = RNG_VALUE;
            if (value != last) {
                break;
            }
        }
        EXPECT(value != last, "timeout: always the same", value);
        last = value;
    }
    RNG_CONTROL = 4u | 8u;
    irq_enable(RNG);
    sleep_until(RNG, 1);
    irq_disable(RNG);
    EXPECT(seen[RNG] != last, "the same again", seen[RNG]);
    RNG_CONTROL = 0;
    return true;
}

/* -------------------------------------------------------------------- rtc */
/* +0x00 KEY; +0x04 STATE bit 0 set-up wanted, bit 1 set-up granted, bit 4
 * registers are in step; +0x08 SECONDS; +0x0c ALARM; +0x10 CAME bit 0 alarm,
 * written 1 to clear */
#define RTC_KEY REG(RTC, 0x00)
#define RTC_STATE REG(RTC, 0x04)
#define RTC_SECONDS REG(RTC, 0x08)
#define RTC_ALARM REG(RTC, 0x0c)
#define RTC_CAME REG(RTC, 0x10)

void rtc_handler(void)
{
    if (RTC_CAME & 1u) {
        RTC_CAME = 1u;
        events[RTC]++;
    }
}

static bool test_rtc(void)
{
    uint32_t i;

    for (i = 0; i < 2; i++) {
        RTC_KEY = 0xca;
        RTC_KEY = 0x53;
        RTC_STATE |= 1u;
        POLL(RTC_STATE, 2u, 2u, "no set-up");
        RTC_SECONDS = 1700000000u + i;
        RTC_STATE &= ~1u;
        POLL(RTC_STATE, 2u, 0, "set-up does not end");
        RTC_KEY = 0xff;
        POLL(RTC_STATE, 0x10u, 0x10u, "out of step");
        EXPECT(RTC_SECONDS - 1700000000u - i < 60, "time", RTC_SECONDS);
    }
    RTC_ALARM = 1700000002u;
    irq_enable(RTC);
    sleep_until(RTC, 1);
    irq_disable(RTC);
    return true;
}

/* --------------------------------------------------------------- combiner */
/* +0x00 ENABLE; +0x04 RAW; +0x08 PENDING = RAW & ENABLE; +0x0c TRIGGER: a 1
 * raises that source; +0x10 ACKNOWLEDGE: a 1 clears it */
#define COMBINER_ENABLE REG(COMBINER, 0x00)
#define COMBINER_RAW REG(COMBINER, 0x04)
#define COMBINER_PENDING REG(COMBINER, 0x08)
#define COMBINER_TRIGGER REG(COMBINER, 0x0c)
#define COMBINER_ACKNOWLEDGE REG(COMBINER, 0x10)

void combiner_handler(void)
{
    uint32_t pending = COMBINER_PENDING;

    if (pending & 1u) {
        COMBINER_ACKNOWLEDGE = 1u;
        seen[COMBINER] |= 1u;
        events[COMBINER]++;
    }
    if (pending & 4u) {
        COMBINER_ACKNOWLEDGE = 4u;
        seen[COMBINER] |= 4u;
        events[COMBINER]++;
    }
}

static bool test_combiner(void)
{
    COMBINER_ENABLE = 0;
    COMBINER_ACKNOWLEDGE = ~0u;
    COMBINER_TRIGGER = 1u;
    EXPECT(!(COMBINER_PENDING & 5u), "not enabled", COMBINER_PENDING);
    irq_enable(COMBINER);
    COMBINER_ENABLE = 1u;
    sleep_until(COMBINER, 1);
    COMBINER_ENABLE = 5u;
    COMBINER_TRIGGER = 4u;
    while (!(seen[COMBINER] & 4u)) {
        sleep_until(COMBINER, events[COMBINER] + 1);
    }
    irq_disable(COMBINER);
    COMBINER_ENABLE = 0;
    return true;
}

/* ------------------------------------------------------------------- uart */
void uart_handler(void)
{
    if (UART_STATUS & UART_COME) {
        seen[UART] = UART_IN & 0xffu;
        events[UART]++;
    }
}

static void uart_start(void)
{
    UART_CONTROL = 0;
    UART_DIVIDER = 26;
    UART_CONTROL = UART_ENABLE;
}

/* Takes a line of one letter, by interrupts. */
static bool test_uart(void)
{
    EXPECT(UART_DIVIDER == 26, "its divider", UART_DIVIDER);
    POLL(UART_STATUS, UART_IDLE, UART_IDLE, "never idle");
    UART_CONTROL = UART_ENABLE | UART_RX_IRQ;
    irq_enable(UART);
    put(" type x:");
    sleep_until(UART, 1);
    irq_disable(UART);
    EXPECT(seen[UART] == 'x', "what was typed", seen[UART]);
    return true;
}

/* --------------------------------------------------------------- the list */

/* TWELVE_TESTS: bit n = the test of device n is made. */
#ifndef TWELVE_TESTS
#define TWELVE_TESTS ~0u
#endif

static void test_all(void)
{
    static const struct {
        const char *name;
        enum device device;
        bool (*run)(void);
    } tests[] = {
        { "clock", CLOCK, test_clock }, { "timer", TIMER, test_timer },
        { "watchdog", WATCHDOG, test_watchdog }, { "gpio", GPIO, test_gpio },
        { "i2c", I2C, test_i2c }, { "spi", SPI, test_spi },
        { "adc", ADC, test_adc }, { "flash", FLASH, test_flash },
        { "rng", RNG, test_rng }, { "rtc", RTC, test_rtc },
        { "combiner", COMBINER, test_combiner }, { "dma", DMA, test_dma },
        { "uart", UART, test_uart },
    };
    unsigned i, failed = 0;

    uart_start();
    put("the twelve\n");
    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (TWELVE_TESTS >> tests[i].device & 1) {
            put(tests[i].name);
            if (tests[i].run()) {
                put(" ok\n");
            } else {
                failed++;
            }
        }
    }
    put(failed ? "some did not pass\n" : "all passed\n");
}

#endif
