/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start of an AArch64 guest, any exception level, translation off; to be
 * included by the one .S file of a guest.  An exception calls
 * exception(syndrome, address of the instruction).
 */
    .section .start, "ax"
    .global _start
_start:
    ldr x0, =__stack_top
    mov sp, x0
    adr x0, vectors
    mrs x1, CurrentEL
    cmp x1, #8
    b.lo 1f
    b.eq 2f
    msr vbar_el3, x0
2:  msr vbar_el2, x0
1:  msr vbar_el1, x0
    isb
    ldr x0, =__bss_start
    ldr x1, =__bss_end
3:  cmp x0, x1
    b.hs 4f
    str xzr, [x0], #8
    b 3b
4:  bl main
5:  wfe
    b 5b

    /* Ends the machine: SYSTEM_OFF of PSCI, by SMC. */
    .global power_off
power_off:
    ldr w0, =0x84000008
    smc #0
    b power_off

handler:
    mrs x2, CurrentEL
    cmp x2, #8
    b.eq 1f
    mrs x0, esr_el1
    mrs x1, elr_el1
    b exception
1:  mrs x0, esr_el2
    mrs x1, elr_el2
    b exception

    .balign 2048
vectors:
    .rept 16
    .balign 128
    b handler
    .endr
