/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On QEMU's machine "virt" with a GICv2 or a GICv3: looks at the UART in all
 * widths, takes interrupts of the UART and of the timer, prints what it saw
 * and ends the machine.  What it prints depends on the devices only, not on
 * time.
 */
#include <stdint.h>

#define UART 0x09000000ul
#define GICD 0x08000000ul
#define GICC 0x08010000ul
#define GICR 0x080a0000ul
#define GICR_SGI (GICR + 0x10000)

#define REG8(address) (*(volatile uint8_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
#define REG32(address) (*(volatile uint32_t *)(address))
#define REG64(address) (*(volatile uint64_t *)(address))

#define UARTDR REG32(UART + 0x00)
#define UARTFR REG32(UART + 0x18)
#define UARTIMSC REG32(UART + 0x38)
#define UARTMIS REG32(UART + 0x40)
#define UARTICR REG32(UART + 0x44)
#define UART_FULL 0x20u
#define UART_TX 0x20u

#define INT_TIMER 27u           /* virtual timer */
#define INT_UART 33u
#define ROUNDS 10u

static volatile unsigned uart_count, timer_count, other_count;
static unsigned version;

static void put_char(char c)
{
    while (UARTFR & UART_FULL) {
    }
    UARTDR = (uint8_t)c;
}

static void put(const char *text)
{
    for (; *text; text++) {
        put_char(*text);
    }
}

static void line(const char *name, uint64_t value)
{
    int shift;

    put(name);
    put(" 0x");
    for (shift = 60; shift >= 0; shift -= 4) {
        put_char("0123456789abcdef"[value >> shift & 15]);
    }
    put("\n");
}

void exception(uint64_t syndrome, uint64_t address)
{
    line("exception", syndrome);
    line("at", address);
}

static uint32_t acknowledge(void)
{
    uint64_t value;

    if (version == 2) {
        return REG32(GICC + 0x0c);
    }
    asm volatile("mrs %0, s3_0_c12_c12_0" : "=r"(value) : : "memory");
    return (uint32_t)value;
}

static void end(uint32_t number)
{
    if (version == 2) {
        REG32(GICC + 0x10) = number;
    } else {
        asm volatile("msr s3_0_c12_c12_1, %0; isb" : :
                     "r"((uint64_t)number) : "memory");
    }
}

void interrupt(void)
{
    uint32_t number = acknowledge();

    switch (number) {
    case INT_UART:
        if (UARTMIS & UART_TX) {
            uart_count++;
        }
        UARTICR = UART_TX;
        break;
    case INT_TIMER:
        asm volatile("msr cntv_ctl_el0, xzr; isb");
        timer_count++;
        break;
    default:
        other_count++;
        return;
    }
    end(number);
}

static void gic2_start(void)
{
    REG32(GICD + 0x100) = 1u << INT_TIMER;
    REG32(GICD + 0x104) = 1u << (INT_UART - 32);
    REG8(GICD + 0x800 + INT_UART) = 1;
    REG32(GICD) = 1;
    REG32(GICC + 4) = 0xff;
    REG32(GICC) = 1;
}

static void gic3_start(void)
{
    REG32(GICR + 0x14) &= ~2u;
    while (REG32(GICR + 0x14) & 4) {
    }
    REG32(GICD) = 0x12;
    REG32(GICR_SGI + 0x80) = ~0u;
    REG32(GICD + 0x84) = ~0u;
    REG32(GICR_SGI + 0x100) = 1u << INT_TIMER;
    REG32(GICD + 0x104) = 1u << (INT_UART - 32);
    REG64(GICD + 0x6000 + 8 * INT_UART) = 0;
    asm volatile("msr s3_0_c12_c12_5, %0; isb" : : "r"(7ul));
    asm volatile("msr s3_0_c4_c6_0, %0" : : "r"(0xfful));
    asm volatile("msr s3_0_c12_c12_7, %0; isb" : : "r"(1ul));
}

static void look(void)
{
    line("id 32", REG32(UART + 0xfe0));
    line("id 16", REG16(UART + 0xfe4));
    line("id 8", REG8(UART + 0xfe8));
    line("id 64", REG64(UART + 0xff0));
    line("byte 1", REG8(UART + 0xfe1));
    line("control", REG32(UART + 0x30));
    REG16(UART + 0x24) = 0x1234;
    line("divider", REG32(UART + 0x24));
}

int main(void)
{
    uint64_t features;
    unsigned i;

    asm volatile("mrs %0, id_aa64pfr0_el1" : "=r"(features));
    version = features >> 24 & 15 ? 3 : 2;
    line("gic", version);
    REG32(UART + 0x30) = 0x301;
    look();
    if (version == 2) {
        gic2_start();
    } else {
        gic3_start();
    }
    asm volatile("msr daifclr, #2");
    UARTICR = UART_TX;
    for (i = 0; i < ROUNDS; i++) {
        UARTIMSC = UART_TX;
        UARTDR = '.';
        while (uart_count <= i) {
        }
        UARTIMSC = 0;
        asm volatile("msr cntv_tval_el0, %0; msr cntv_ctl_el0, %1; isb" : :
                     "r"(1000ul), "r"(1ul));
        while (timer_count <= i) {
        }
    }
    put("\n");
    line("uart interrupts", uart_count);
    line("timer interrupts", timer_count);
    line("others", other_count);
    put("the end\n");
    return 0;
}
