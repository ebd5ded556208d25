/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interrupt is handled in SVC mode, on the stack of what it came into,
 * with the frame that RFE takes.
 */
    .arm
    .section .start, "ax"
    .global _start
_start:
    ldr sp, =__stack_top
    ldr r0, =vectors
    mcr p15, 0, r0, c12, c0, 0
    ldr r0, =__bss_start
    ldr r1, =__bss_end
    mov r2, #0
1:  cmp r0, r1
    strlo r2, [r0], #4
    blo 1b
    bl main
2:  wfi
    b 2b

irq:
    sub lr, lr, #4
    srsdb sp!, #0x13
    cps #0x13
    push {r0-r3, r12, lr}
    and r1, sp, #4
    sub sp, sp, r1
    push {r1, lr}
    bl interrupt
    pop {r1, lr}
    add sp, sp, r1
    pop {r0-r3, r12, lr}
    rfeia sp!

    .macro vector number
    ldr sp, =__stack_top
    mov r0, #\number
    mov r1, lr
    b exception
    .endm

undefined:
    vector 1
call:
    vector 2
prefetch:
    vector 3
data:
    vector 4
other:
    vector 5

    .balign 32
vectors:
    b other
    b undefined
    b call
    b prefetch
    b data
    b other
    b irq
    b other
