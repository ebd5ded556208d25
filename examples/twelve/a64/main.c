/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The twelve on an AArch64 core with a GICv2 or a GICv3, at any exception
 * level. */
#define DEVICES 0x02000000u
#define GICD 0x03000000u
#define GIC_CPU 0x03010000u
#define GIC_REDISTRIBUTOR 0x030a0000u
#include "examples/twelve/gic.h"

#define READ(reg) ({ \
        uint64_t value_; \
        asm volatile("mrs %0, " reg : "=r"(value_) : : "memory"); \
        value_; \
    })
#define WRITE(reg, value) \
    asm volatile("msr " reg ", %0\n\tisb" : : "r"((uint64_t)(value)) : \
                 "memory")

#define ICC_IAR1 "s3_0_c12_c12_0"
#define ICC_EOIR1 "s3_0_c12_c12_1"
#define ICC_PMR "s3_0_c4_c6_0"
#define ICC_SRE_EL1 "s3_0_c12_c12_5"
#define ICC_SRE_EL2 "s3_4_c12_c9_5"
#define ICC_SRE_EL3 "s3_6_c12_c12_5"
#define ICC_IGRPEN1_EL1 "s3_0_c12_c12_7"
#define ICC_IGRPEN1_EL3 "s3_6_c12_c12_7"
#define HCR_RW (1ul << 31)
#define HCR_AMO_IMO_FMO (7ul << 3)
#define SCR_RW (1ul << 10)
#define SCR_FIQ_IRQ (3ul << 1)

extern const char irq_vectors[];

static unsigned level(void)
{
    return READ("CurrentEL") >> 2 & 3;
}

static void core_mask(void)
{
    asm volatile("msr daifset, #3" ::: "memory");
}

static void core_unmask(void)
{
    asm volatile("msr daifclr, #3" ::: "memory");
}

static void core_wait(void)
{
    asm volatile("dsb sy\n\twfi" ::: "memory");
}

/* Interrupts come to the level that the program runs at. */
static void route(void)
{
    switch (level()) {
    case 3:
        WRITE("scr_el3", READ("scr_el3") | SCR_RW | SCR_FIQ_IRQ);
        WRITE("vbar_el3", irq_vectors);
        break;
    case 2:
        WRITE("hcr_el2", HCR_RW | HCR_AMO_IMO_FMO);
        WRITE("vbar_el2", irq_vectors);
        break;
    default:
        WRITE("vbar_el1", irq_vectors);
        break;
    }
}

static bool core_start(void)
{
    route();
    if (!(READ("id_aa64pfr0_el1") >> 24 & 15)) {
        return false;
    }
    if (level() == 3) {
        WRITE(ICC_SRE_EL3, 0xf);
        WRITE(ICC_SRE_EL1, 7);
        WRITE(ICC_IGRPEN1_EL3, 3);
    } else {
        if (level() == 2) {
            WRITE(ICC_SRE_EL2, 0xf);
        }
        WRITE(ICC_SRE_EL1, 7);
        WRITE(ICC_IGRPEN1_EL1, 1);
    }
    WRITE(ICC_PMR, 0xf0);
    return true;
}

static uint32_t core_acknowledge(void)
{
    return (uint32_t)READ(ICC_IAR1);
}

static void core_end(uint32_t number)
{
    WRITE(ICC_EOIR1, number);
}

void exception(uint64_t what, uint64_t address)
{
    put("exception ");
    put_hex((uint32_t)what);
    put(" at ");
    put_hex((uint32_t)address);
    put("\n");
    for (;;) {
    }
}

int main(void)
{
    gic_start(level() == 3);
    test_all();
    return 0;
}
