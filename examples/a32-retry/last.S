/* SPDX-License-Identifier: GPL-2.0-or-later */
    .arm
    .text
    .balign 4096
    .skip 4096 - 4
    .global load_at_page_end
    .type load_at_page_end, %function
load_at_page_end:
    ldr r0, [r0]
    bx lr
