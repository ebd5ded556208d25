/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fault, and another one in its handler: hardware locks up. */
    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20001000
    .word _start
    .rept 14
    .word fault
    .endr

    .text
    .thumb_func
    .global _start
_start:
    ldr r0, =0x77777770
    ldr r1, [r0]
1:  b 1b

    .thumb_func
fault:
    ldr r0, =0x66666660
    ldr r1, [r0]
2:  b 2b
