/* SPDX-License-Identifier: GPL-2.0-or-later */
    .syntax unified
    .thumb
    .text
    .balign 4096
    .skip 4096 - 2
    .global load_at_page_end
    .thumb_func
load_at_page_end:
    ldr r0, [r0]
    bx lr

    /* The instruction itself lies on two pages. */
    .balign 4096
    .skip 4096 - 2
    .global load_over_page_end
    .thumb_func
load_over_page_end:
    ldr.w r0, [r0, #0x100]
    bx lr
