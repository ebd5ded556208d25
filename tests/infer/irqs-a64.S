/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same for AArch64: where the vectors are, and who is asked. */
    .text
    .globl entry
entry:
    mov x4, #0x8000
again:
    ldr w0, [x4]
    cbnz w0, left
    wfi
    .globl idle
idle:
    b again
left:
    b left

device:
    mov x2, #0x10000
    ldr w3, [x2, #4]
    tbz w3, #3, 1f
    mov w3, #8
    str w3, [x2, #4]
    mov x3, #0x8000
    mov w2, #1
    str w2, [x3]
1:  ret

/* Looks at nothing. */
blind:
    mov x2, #0x10000
    mov w3, #1
    str w3, [x2, #0x20]
    mov x2, #0x8000
    str w3, [x2]
    ret

/* A GICv2. */
memory:
    stp x0, x30, [sp, #-16]!
    mov x0, #0x20000
    ldr w1, [x0, #0xc]
    cmp w1, #38
    b.eq 2f
    cmp w1, #37
    b.ne 1f
    bl device
    b 1f
2:  bl blind
1:  str w1, [x0, #0x10]
    ldp x0, x30, [sp], #16
    eret

/* A GICv3; where it came from is kept, and must be what is known. */
registers:
    stp x0, x30, [sp, #-16]!
    mrs x5, elr_el1
    adr x6, idle
    cmp x5, x6
    b.ne 1f
    mrs x1, s3_0_c12_c12_0
    cmp w1, #37
    b.ne 1f
    bl device
1:  msr s3_0_c12_c12_1, x1
    ldp x0, x30, [sp], #16
    eret

    /* One of the sixteen; the others lead nowhere. */
    .macro vector handler
    .balign 128
    b \handler
    .endm

    .balign 2048
    .globl memory_vectors
memory_vectors:
    vector .
    vector memory /* IRQ at the same level, on the stack of EL0 */
    vector .
    vector .
    vector .
    vector memory /* IRQ at the same level */
    vector .
    vector .
    vector .
    vector memory /* IRQ of EL0 */

    .balign 2048
    .globl other_vectors
other_vectors:
    .rept 6
    vector .
    .endr
    vector memory /* FIQ at the same level */
    vector .
    vector .
    vector registers
