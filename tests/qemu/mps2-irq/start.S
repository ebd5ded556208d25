/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cortex-M3 with handlers for PendSV and external interrupt 8. */
    .syntax unified
    .thumb
    .section .start, "a"
    .word __stack_top
    .word _start
    .rept 12
    .word fault
    .endr
    .word pendsv
    .word fault
    .rept 8
    .word fault
    .endr
    .word timer

    .text
    .thumb_func
    .global _start
_start:
    bl main
    /* Ends QEMU: semihosting's SYS_EXIT, "application exit". */
    .global fault
    .thumb_func
fault:
    movs r0, #0x18
    ldr r1, =0x20026
    bkpt 0xab
1:  b 1b
