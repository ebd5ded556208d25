/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an AArch64 core has started.  What is expected stands in memory at
 * CONFIG: exception level, PSCI (0 none, 1 SMC, 2 HVC), GIC (0 none, 2, 3),
 * CPUs.  Ends by semihosting, status 0 or the number of what is wrong:
 * 1 level, 2 timer, 3 interrupt of the timer, 4 PSCI version, 5 a CPU that
 * does not start, 6 memory alias.
 */
#define CONFIG 0x400f0000
#define FLAGS 0x400e0000
#define GICD 0x08000000
#define GICC 0x08010000
#define GICR_SGI 0x080b0000
#define TIMER 30

    .macro fail_if condition, number
    mov x19, #\number
    b.\condition finish
    .endm

    .text
    .global _start
_start:
    ldr x28, =CONFIG
    mrs x0, CurrentEL
    lsr x0, x0, #2
    ldr w1, [x28]
    cmp w0, w1
    fail_if ne, 1

    mrs x0, cntfrq_el0          /* the generic timer runs */
    mov x19, #2
    cbz x0, finish
    mrs x0, cntpct_el0
1:  mrs x1, cntpct_el0
    cmp x0, x1
    b.eq 1b
    fail_if hi, 2

    ldr x0, =0x50000100         /* shows RAM at 0x40000100 */
    ldr x1, =0x40000100
    ldr x2, [x0]
    ldr x3, [x1]
    cmp x2, x3
    fail_if ne, 6

    ldr w0, [x28, #8]
    cmp w0, #2
    b.eq gic2
    cmp w0, #3
    b.eq gic3
    b psci

gic2:
    ldr x0, =GICD
    mov w1, #3
    str w1, [x0]
    mov w1, #(1 << TIMER)
    str w1, [x0, #0x100]        /* ISENABLER */
    ldr x0, =GICC
    mov w1, #0xff
    str w1, [x0, #4]
    mov w1, #3
    str w1, [x0]
    b timer
gic3:
    ldr x0, =GICD
    mov w1, #0x37
    str w1, [x0]
    mrs x1, CurrentEL
    cmp x1, #4
    b.eq 1f
    mov x1, #0xf                /* system registers, also for EL1 */
    cmp x1, x1
    mrs x2, CurrentEL
    cmp x2, #12
    b.ne 2f
    msr S3_6_C12_C12_5, x1      /* ICC_SRE_EL3 */
    b 1f
2:  msr S3_4_C12_C9_5, x1       /* ICC_SRE_EL2 */
1:  isb
    mov x1, #1
    msr S3_0_C12_C12_5, x1      /* ICC_SRE_EL1 */
    isb
    ldr x0, =GICR_SGI
    mov w1, #(1 << TIMER)
    str wzr, [x0, #0x80]        /* IGROUPR0: group 0 at EL3 ... */
    mrs x2, CurrentEL
    cmp x2, #12
    b.eq 3f
    mov w3, #-1
    str w3, [x0, #0x80]         /* ... group 1 elsewhere */
3:  str w1, [x0, #0x100]
    mov x1, #0xff
    msr S3_0_C4_C6_0, x1        /* ICC_PMR_EL1 */
    mov x1, #1
    msr S3_0_C12_C12_6, x1      /* ICC_IGRPEN0_EL1 */
    msr S3_0_C12_C12_7, x1      /* ICC_IGRPEN1_EL1 */
    isb
timer:
    mov x0, #100
    msr cntp_tval_el0, x0
    mov x0, #1
    msr cntp_ctl_el0, x0
    mov x2, #0x8000000
1:  mrs x0, isr_el1             /* an interrupt or a fast one waits */
    tst x0, #0xc0
    b.ne psci
    subs x2, x2, #1
    b.ne 1b
    mov x19, #3
    b finish

psci:
    ldr w27, [x28, #4]
    cbz w27, passed
    mov x0, #0x84000000         /* PSCI_VERSION */
    bl call
    cmp x0, #0x10000
    fail_if lt, 4
    mov w26, #1
2:  ldr w0, [x28, #12]
    cmp w26, w0
    b.hs passed
    ldr x0, =0xc4000003         /* CPU_ON */
    mov x1, x26
    ldr x2, =other
    ldr x3, =FLAGS
    add x3, x3, x26, lsl #2
    mov x25, x3
    bl call
    cmp x0, #0
    fail_if ne, 5
    mov x2, #0x10000000
3:  ldr w0, [x25]
    cbnz w0, 4f
    subs x2, x2, #1
    b.ne 3b
    mov x19, #5
    b finish
4:  add w26, w26, #1
    b 2b

call:
    cmp w27, #2
    b.eq 1f
    smc #0
    ret
1:  hvc #0
    ret

other:
    mov w1, #1
    str w1, [x0]
1:  wfe
    b 1b

passed:
    adr x1, message
    mov x0, #4                  /* SYS_WRITE0 */
    hlt #0xf000
    mov x19, #0
finish:
    ldr x1, =block
    str x19, [x1, #8]
    mov x0, #0x18               /* SYS_EXIT */
    hlt #0xf000
1:  b 1b

message:
    .asciz "core-a64 pass\n"
    .balign 8
block:
    .quad 0x20026, 0
