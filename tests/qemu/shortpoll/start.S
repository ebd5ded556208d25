/* SPDX-License-Identifier: GPL-2.0-or-later */
    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20001000
    .word guest_main
    .rept 14
    .word fault
    .endr

    .text
    .thumb_func
fault:
    b fault
