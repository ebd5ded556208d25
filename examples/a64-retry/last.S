/* SPDX-License-Identifier: GPL-2.0-or-later */
    .text
    .balign 4096
    .skip 4096 - 4
    .global load_at_page_end
load_at_page_end:
    ldr w0, [x0]
    ret
