/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examples/common/start-a64.S"

    /* CPU_ON of PSCI: processor x0 runs second_main(x0) on the stack x1. */
    .text
    .global start_cpu
start_cpu:
    sub x3, x1, #16
    str x0, [x3]
    mov x1, x0
    ldr w0, =0xc4000003
    adr x2, 1f
    smc #0
    ret
1:  mov sp, x0
    ldr x0, [sp]
    bl second_main
