/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start of an AArch64 guest at EL1, translation off; an interrupt calls
 * interrupt(), when main() returns the machine ends. */
    .section .start, "ax"
    .global _start
_start:
    ldr x0, =__stack_top
    mov sp, x0
    adr x0, vectors
    msr vbar_el1, x0
    isb
    ldr x0, =__bss_start
    ldr x1, =__bss_end
1:  cmp x0, x1
    b.hs 2f
    str xzr, [x0], #8
    b 1b
2:  bl main

    /* Ends the machine: SYSTEM_OFF of PSCI, by HVC. */
    .global power_off
power_off:
    ldr w0, =0x84000008
    hvc #0
    b power_off

irq:
    stp x0, x1, [sp, #-176]!
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x30, [sp, #144]
    bl interrupt
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x30, [sp, #144]
    ldp x0, x1, [sp], #176
    eret

other:
    mrs x0, esr_el1
    mrs x1, elr_el1
    bl exception
    b power_off

    .balign 2048
vectors:
    .rept 5
    .balign 128
    b other
    .endr
    .balign 128
    b irq
    .rept 10
    .balign 128
    b other
    .endr
