/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an A- or R-profile core of 32 bits has started, and what it can.
 * CONFIG: mode, 1 with a generic timer, PSCI (0 none, 1 SMC, 2 HVC), CPUs.
 * Ends by semihosting; prints the number of what is wrong: 1 mode, 2 timer,
 * 3 PSCI, 4 a CPU that does not start, 5 memory alias, 6 undefined
 * instruction not taken, 7 floating point.
 */
#define CONFIG 0x400f0000
#define FLAGS 0x400e0000

    .syntax unified
    .arm
    .fpu vfpv3-d16
    .text
    .global _start
_start:
    ldr r11, =CONFIG
    mrs r0, cpsr
    and r0, r0, #0x1f
    ldr r1, [r11]
    mov r10, #1
    cmp r0, r1
    bne failed

    ldr r0, [r11, #4]
    cmp r0, #0
    beq 2f
    mov r10, #2
    mrrc p15, 0, r2, r3, c14    /* CNTPCT */
1:  mrrc p15, 0, r4, r5, c14
    cmp r2, r4
    beq 1b
2:
    mov r10, #5
    ldr r0, =0x50000100         /* shows RAM at 0x40000100 */
    ldr r1, =0x40000100
    ldr r2, [r0]
    ldr r3, [r1]
    cmp r2, r3
    bne failed

    mov r10, #7
    mrc p15, 0, r0, c1, c0, 2
    orr r0, r0, #0xf00000       /* CPACR: the FPU is ours */
    mcr p15, 0, r0, c1, c0, 2
    isb
    mov r0, #0x40000000
    vmsr fpexc, r0
    vmov s0, r0
    vadd.f32 s0, s0, s0         /* 2.0 + 2.0 */
    vmov r0, s0
    ldr r1, =0x40800000
    cmp r0, r1
    bne failed

    ldr r9, [r11, #8]
    cmp r9, #0
    beq passed
    mov r10, #3
    ldr r0, =0x84000000         /* PSCI_VERSION */
    bl call
    cmp r0, #0x10000
    blt failed
    mov r10, #4
    mov r8, #1
3:  ldr r0, [r11, #12]
    cmp r8, r0
    bhs passed
    ldr r0, =0x84000003         /* CPU_ON */
    mov r1, r8
    ldr r2, =other
    ldr r3, =FLAGS
    add r3, r3, r8, lsl #2
    mov r7, r3
    bl call
    cmp r0, #0
    bne failed
    mov r2, #0x10000000
4:  ldr r0, [r7]
    cmp r0, #0
    addne r8, r8, #1
    bne 3b
    subs r2, r2, #1
    bne 4b
    b failed

    .arch_extension sec
    .arch_extension virt
call:
    cmp r9, #2
    beq 1f
    smc #0
    bx lr
1:  hvc #0
    bx lr

other:
    mov r1, #1
    str r1, [r0]
1:  wfe
    b 1b

passed:
    ldr r1, =message
    ldr r2, =0x20026
    b finish
failed:
    ldr r1, =what
    add r10, r10, #'0'
    strb r10, [r1, #9]
    mov r2, #0
finish:
    mov r0, #4                  /* SYS_WRITE0 */
    svc #0x123456
    mov r1, r2
    mov r0, #0x18               /* SYS_EXIT */
    svc #0x123456
1:  b 1b

message:
    .asciz "core-a32 pass\n"
what:
    .asciz "core-a32 ? failed\n"
    .balign 4
