/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start of an A32 guest in whatever privileged mode it is in, translation
 * off.  An exception calls exception(vector number, return address).
 */
    .arm
    .section .start, "ax"
    .global _start
_start:
    ldr sp, =__stack_top
    adr r0, vectors
    mcr p15, 0, r0, c12, c0, 0
    ldr r0, =__bss_start
    ldr r1, =__bss_end
    mov r2, #0
1:  cmp r0, r1
    strlo r2, [r0], #4
    blo 1b
    bl main
2:  wfe
    b 2b

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
    b other
    b other
