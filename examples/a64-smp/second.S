/* SPDX-License-Identifier: GPL-2.0-or-later */
    /* CPU_ON of PSCI: x0 is where processor 1 starts; returns its result. */
    .text
    .global start_second
start_second:
    mov x2, x0
    ldr w0, =0xc4000003
    mov x1, #1
    mov x3, #0
    smc #0
    ret

    .global second_entry
second_entry:
    ldr x0, =__stack_top - 0x2000
    mov sp, x0
    bl second_main
