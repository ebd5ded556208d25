/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start of an M-profile guest: vector table and reset handler.  Any fault
 * calls exception(number, address of the instruction).
 */
    .syntax unified
    .thumb
    .section .start, "a"
    .global vectors
vectors:
    .word __stack_top
    .word _start
    .rept 14
    .word handler
    .endr

    .text
    .thumb_func
    .global _start
_start:
    ldr r0, =__data_start
    ldr r1, =__data_end
    ldr r2, =__data_load
1:  cmp r0, r1
    beq 2f
    ldr r3, [r2]
    str r3, [r0]
    adds r0, #4
    adds r2, #4
    b 1b
2:  ldr r0, =__bss_start
    ldr r1, =__bss_end
    movs r2, #0
3:  cmp r0, r1
    beq 4f
    str r2, [r0]
    adds r0, #4
    b 3b
4:  bl main
5:  b 5b

    .thumb_func
handler:
    mrs r0, ipsr
    ldr r1, [sp, #24]
    bl exception
6:  b 6b
