/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examples/common/start-a64.S"

    .text
    /* What a call may change is kept, and where it came from. */
irq:
    stp x0, x1, [sp, #-192]!
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x29, [sp, #144]
    str x30, [sp, #160]
    bl interrupt
    ldr x30, [sp, #160]
    ldp x18, x29, [sp, #144]
    ldp x16, x17, [sp, #128]
    ldp x14, x15, [sp, #112]
    ldp x12, x13, [sp, #96]
    ldp x10, x11, [sp, #80]
    ldp x8, x9, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp], #192
    eret

    /* Interrupts of the level itself, on its own stack; the secure world of a
     * GICv3 has them as FIQs. */
    .balign 2048
    .global irq_vectors
irq_vectors:
    .rept 5
    .balign 128
    b handler
    .endr
    .balign 128
    b irq
    .balign 128
    b irq
    .rept 9
    .balign 128
    b handler
    .endr
