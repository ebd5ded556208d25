/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways to take an interrupt on an A32 core, for tests/unit/infer_irq.c.  Each
 * has a table of vectors and calls body(), which asks the GIC, looks at bit 3
 * of the device's register 4, clears it and tells the idle loop.
 */
    .syntax unified
    .arm
    .text
    .globl entry
entry:
    ldr r4, =0x8000
again:
    ldr r0, [r4]
    cmp r0, #0
    bne left
    wfi
    .globl idle
idle:
    b again
left:
    b left

body:
    ldr r0, =0x20000
    ldr r1, [r0, #0xc]
    cmp r1, #37
    bne 1f
    bl device
1:  str r1, [r0, #0x10]
    pop {pc}

device:
    ldr r2, =0x10000
    ldr r3, [r2, #4]
    tst r3, #8
    bxeq lr
    mov r3, #8
    str r3, [r2, #4]
    ldr r3, =0x8000
    mov r2, #1
    str r2, [r3]
    bx lr

    .ltorg

    .macro table name irq fiq
    .balign 32
    .globl \name
\name:
    .rept 6
    b .
    .endr
    b \irq
    b \fiq
    .endm

    /* On the stack of IRQ mode, back by LDM. */
    table ldm by_ldm nobody
by_ldm:
    sub lr, lr, #4
    push {r0-r3, r12, lr}
    adr lr, 1f
    push {lr}
    b body
1:  ldm sp!, {r0-r3, r12, pc}^

    /* By SUBS. */
    table subs by_subs nobody
by_subs:
    push {r0-r3, r12, lr}
    adr lr, 1f
    push {lr}
    b body
1:  pop {r0-r3, r12, lr}
    subs pc, lr, #4

    /* In SVC mode, by what SRS and RFE keep. */
    table rfe by_rfe nobody
by_rfe:
    sub lr, lr, #4
    srsdb sp!, #0x13
    cps #0x13
    push {r0-r3, r12, lr}
    adr lr, 1f
    push {lr}
    b body
1:  pop {r0-r3, r12, lr}
    rfeia sp!

    /* A little stack of IRQ mode, then an exception return to SVC mode, where
     * interrupts stay masked, which goes on. */
    table stub by_stub nobody
by_stub:
    sub lr, lr, #4
    stmia sp, {r0, lr}
    mrs lr, spsr
    str lr, [sp, #8]
    mrs r0, cpsr
    eor r0, r0, #(0x12 ^ 0x13)
    msr spsr_cxsf, r0
    mov r0, sp
    adr lr, 1f
    movs pc, lr
1:  sub sp, sp, #32
    stmia sp, {r1-r3, r12, lr}
    ldm r0, {r1-r3}
    str r1, [sp, #20]
    str r2, [sp, #24]
    str r3, [sp, #28]
    adr lr, 2f
    push {lr}
    b body
2:  ldr r0, [sp, #28]
    msr spsr_cxsf, r0
    ldr r0, [sp, #20]
    ldr lr, [sp, #24]
    push {lr}
    ldmib sp, {r1-r3, r12, lr}
    ldm sp, {pc}^

    /* As an FIQ. */
    table fiq nobody by_ldm

    /* What never asks. */
    table never nobody nobody
nobody:
    subs pc, lr, #4

    .thumb
    .balign 32
    .globl thumb
    .thumb_func
thumb:
    .rept 6
    b.w .
    .endr
    b.w by_thumb
    b.w .
    .thumb_func
by_thumb:
    push {r0-r3, r12, lr}
    adr lr, 1f
    push {lr}
    blx to_body
    .balign 4
1:  pop {r0-r3, r12, lr}
    subs pc, lr, #4
    .balign 4
    .arm
to_body:
    ldr lr, [sp]
    orr lr, lr, #1
    str lr, [sp]
    b body
