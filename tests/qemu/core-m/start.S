/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an M-profile core has, in instructions of v6-M.  CONFIG: 1 with a
 * cycle counter, 1 with the security extension (SAU), 1 with bit-band memory,
 * number of the interrupt that the device at 0x40000000 raises.  Ends by
 * semihosting; prints the number of what is wrong: 1 SysTick, 2 cycle
 * counter, 3 security extension, 4 bit-band, 5 interrupt, 6 memory alias,
 * 7 alias of the non-secure system control space.
 */
#define CONFIG 0x2000f000

    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20008000
    .word _start
    .rept 14
    .word fault
    .endr
    .rept 32
    .word interrupt
    .endr

    .text
    .thumb_func
    .global _start
_start:
    ldr r7, =CONFIG
    movs r6, #1
    ldr r0, =0xe000e010         /* SysTick */
    ldr r1, =1000
    str r1, [r0, #4]
    str r1, [r0, #8]
    movs r1, #5
    str r1, [r0]
    ldr r2, =0x8000000
1:  ldr r1, [r0]
    lsrs r1, r1, #17            /* COUNTFLAG */
    bcs 2f
    subs r2, #1
    bne 1b
    b failed
2:
    movs r6, #2
    ldr r0, [r7]
    cmp r0, #0
    beq 2f
    ldr r0, =0xe0001000         /* DWT */
    movs r1, #1
    str r1, [r0]
    ldr r1, [r0, #4]
    ldr r2, =100000
1:  subs r2, #1
    bne 1b
    ldr r2, [r0, #4]
    cmp r1, r2
    beq failed
2:
    movs r6, #3
    ldr r0, =0xe000edd4         /* SAU_TYPE: zero without the extension */
    ldr r0, [r0]
    ldr r1, [r7, #4]
    cmp r1, #0
    beq 1f
    cmp r0, #0
    beq failed
    movs r6, #7
    ldr r0, =0xe002ed00         /* CPUID_NS, for the secure state only */
    ldr r0, [r0]
    ldr r1, =0xe000ed00
    ldr r1, [r1]
    cmp r0, r1
    bne failed
    b 2f
1:  cmp r0, #0
    bne failed
2:
    movs r6, #4
    ldr r0, [r7, #8]
    cmp r0, #0
    beq 2f
    ldr r0, =0x20000200
    movs r1, #0
    str r1, [r0]
    ldr r0, =0x22004000 + 4 * 5
    movs r1, #1
    str r1, [r0]
    ldr r0, =0x20000200
    ldr r1, [r0]
    cmp r1, #32
    bne failed
2:
    movs r6, #6
    ldr r0, =0x00400040         /* shows what is at 0x40 */
    movs r1, #0x40
    ldr r0, [r0]
    ldr r1, [r1]
    cmp r0, r1
    bne failed

    movs r6, #5
    ldr r5, =0x20000300
    movs r0, #0
    str r0, [r5]
    ldr r1, [r7, #12]
    movs r0, #1
    lsls r0, r1
    ldr r1, =0xe000e100         /* NVIC_ISER0 */
    str r0, [r1]
    ldr r0, =0x40000000
    movs r1, #1
    str r1, [r0]
    ldr r2, =0x8000000
1:  ldr r0, [r5]
    cmp r0, #0
    bne passed
    subs r2, #1
    bne 1b
    b failed

    .thumb_func
interrupt:
    ldr r0, =0x40000000
    movs r1, #0
    str r1, [r0]
    ldr r0, =0x20000300
    movs r1, #1
    str r1, [r0]
    bx lr

    .thumb_func
fault:
failed:
    ldr r0, =0x20000400
    ldr r1, ='f' | 'a' << 8 | 'i' << 16 | 'l' << 24
    str r1, [r0]
    movs r1, #' '
    adds r6, #'0'
    lsls r6, #8
    orrs r1, r6
    str r1, [r0, #4]
    mov r1, r0
    movs r2, #0
    b finish
passed:
    ldr r1, =message
    ldr r2, =0x20026
finish:
    movs r0, #4                 /* SYS_WRITE0 */
    bkpt #0xab
    mov r1, r2
    movs r0, #0x18              /* SYS_EXIT */
    bkpt #0xab
1:  b 1b

    .balign 4
message:
    .asciz "core-m pass\n"
