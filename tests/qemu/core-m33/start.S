/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both worlds of a core with TrustZone at one table device.  CONFIG: not 0
 * where both also read something that no device answers, which gives 0.
 * Ends by semihosting; prints the number of what is wrong: 1 the device from
 * the secure world, 2 SAU, 3 way into the other world, 4 the device from
 * there, 5 its interrupt there, 6 call of a secure function, 7 a secure
 * device from the other world, 8 way back, 9 a hole.
 */
#define CONFIG 0x20007f00           /* secure */
#define STEP 0x2000f100             /* both */
#define SEEN 0x2000f104             /* interrupts */
#define FAULTS 0x2000f108           /* SecureFaults as wanted */
#define DEVICE 0x40000000           /* A, B: interrupt 3 */
#define HOLES 0x41000000
#define SECURE_DEVICE 0x50000000

    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20007000
    .word _start
    .rept 5
    .word fault
    .endr
    .word secure_fault
    .rept 40
    .word fault
    .endr

    .macro step n
    ldr r0, =STEP
    movs r1, #\n
    str r1, [r0]
    .endm

    /* Region \n of the SAU: \base to \limit; \kind is 1, or 3 for a gate. */
    .macro sau n, base, limit, kind
    movs r1, #\n
    str r1, [r0, #8]
    ldr r1, =\base
    str r1, [r0, #12]
    ldr r1, =(\limit & ~31) + \kind
    str r1, [r0, #16]
    .endm

    .text
    .thumb_func
    .global _start
_start:
    movs r1, #0
    ldr r0, =SEEN
    str r1, [r0]
    ldr r0, =FAULTS
    str r1, [r0]
    step 1
    ldr r4, =DEVICE
    movs r1, #5
    str r1, [r4]
    ldr r2, [r4]
    cmp r1, r2
    bne failed
    step 9
    ldr r0, =CONFIG
    ldr r5, [r0]
    cbz r5, 1f
    ldr r0, =HOLES
    ldr r1, [r0]
    cmp r1, #0
    bne failed
1:
    step 2
    ldr r0, =0xe000edd0             /* SAU_CTRL */
    ldr r1, [r0, #4]
    cmp r1, #4
    blo failed
    sau 0, 0x8000, 0xfffff, 1
    sau 1, 0x4000, 0x401f, 3
    sau 2, 0x20008000, 0x2000ffff, 1
    sau 3, 0x40000000, 0x4fffffff, 1
    movs r1, #1
    str r1, [r0]
    dsb
    isb
    ldr r0, =0xe000ed24             /* SHCSR: SecureFault */
    ldr r1, [r0]
    orr r1, #1 << 19
    str r1, [r0]
    ldr r0, =0xe000e380             /* NVIC_ITNS0 */
    movs r1, #1 << 3
    str r1, [r0]
    ldr r0, =0xe002ed08             /* VTOR_NS */
    ldr r1, =other_vectors
    str r1, [r0]
    ldr r0, =0x2000f000
    msr msp_ns, r0
    step 3
    ldr r0, =other_start
    bic r0, #1
    mov r1, r5
    blxns r0
    ldr r2, =0x5a5a
    cmp r0, r2
    bne failed
    step 8
    ldr r0, =FAULTS
    ldr r0, [r0]
    cmp r0, #1
    bne failed
    ldr r0, =DEVICE
    ldr r0, [r0]
    cmp r0, #7
    bne failed
    ldr r1, =message
    ldr r2, =0x20026
    b finish

    /* For the other world: what the secure device makes of r0. */
    .thumb_func
secure_function:
    ldr r1, =SECURE_DEVICE
    str r0, [r1]
    ldr r0, [r1]
    adds r0, #1
    bxns lr

    .thumb_func
secure_fault:
    ldr r0, =0xe000ede4             /* SFSR; QEMU has no SFAR for this */
    ldr r1, [r0]
    ands r2, r1, #8                 /* AUVIOL */
    beq failed
    str r1, [r0]
    mrs r0, msp_ns
    ldr r1, [r0, #24]
    adds r1, #2
    str r1, [r0, #24]
    ldr r0, =FAULTS
    ldr r1, [r0]
    adds r1, #1
    str r1, [r0]
    bx lr

    .thumb_func
fault:
failed:
    ldr r0, =STEP
    ldr r6, [r0]
    ldr r0, =0x20007e00
    ldr r1, ='f' | 'a' << 8 | 'i' << 16 | 'l' << 24
    str r1, [r0]
    movs r1, #' '
    adds r6, #'0'
    lsls r6, #8
    orrs r1, r6
    str r1, [r0, #4]
    mov r1, r0
    movs r2, #0
finish:
    movs r0, #4                     /* SYS_WRITE0 */
    bkpt #0xab
    mov r1, r2
    movs r0, #0x18                  /* SYS_EXIT */
    bkpt #0xab
1:  b 1b
    .balign 4
message:
    .asciz "core-m33 pass\n"
    .balign 4
    .pool

    .section .gate, "ax"
    .thumb_func
gate:
    sg
    b.w secure_function
    .balign 32

    .section .other, "ax"
other_vectors:
    .word 0x2000f000
    .word other_start
    .rept 14
    .word other_fault
    .endr
    .rept 32
    .word other_interrupt
    .endr

    .thumb_func
other_start:
    push {r4, lr}
    mov r5, r1
    step 4
    ldr r4, =DEVICE
    ldr r1, [r4]
    cmp r1, #5                      /* what the secure world has left */
    bne other_fault
    movs r1, #7
    str r1, [r4]
    ldr r1, [r4]
    cmp r1, #7
    bne other_fault
    step 5
    ldr r0, =0xe000e100
    movs r1, #1 << 3
    str r1, [r0]
    str r1, [r4, #4]
    ldr r0, =SEEN
1:  ldr r1, [r0]
    cmp r1, #1
    bne 1b
    step 6
    movs r0, #0x31
    bl gate
    cmp r0, #0x32
    bne other_fault
    step 7
    ldr r0, =SECURE_DEVICE
    ldr r1, [r0]                    /* 2 bytes; the handler goes on behind */
    cbz r5, 1f
    step 9
    ldr r0, =HOLES + 0x1000
    ldr r1, [r0]
    cmp r1, #0
    bne other_fault
1:  ldr r0, =0x5a5a
    pop {r4, pc}

    .thumb_func
other_interrupt:
    ldr r0, =DEVICE
    movs r1, #0
    str r1, [r0, #4]
    ldr r0, =SEEN
    ldr r1, [r0]
    adds r1, #1
    str r1, [r0]
    bx lr

    .thumb_func
other_fault:
    udf #0                          /* a HardFault is the secure world's */
    .pool
