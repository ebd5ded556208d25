/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile: what instructions of the image say of the core it is for. */
#include <stdio.h>
#include <string.h>

#include "runtime/tools/guess_priv.h"

#define STRAY 4096u             /* bytes of data that look like one more */
#define START 0x2000u           /* bytes in which a start sets up its level */

/* ---- A32 ---- */

/* What cores differ in. */
struct uses {
    unsigned timers;            /* generic timer: mrrc p15, n, ..., c14 */
    unsigned thumb2;            /* Armv7 */
    size_t bytes;
};

static void look_at(const uint8_t *bytes, size_t size, struct uses *u)
{
    uint16_t a, b;
    size_t at;

    u->bytes += size;
    for (at = 0; at + 4 <= size; at += 2) {
        memcpy(&a, bytes + at, 2);
        memcpy(&b, bytes + at + 2, 2);
        /* T1 and, where it is aligned, A1: the halves change places. */
        u->timers += (a & 0xfff0) == 0xec50 && (b & 0x0fcf) == 0x0f0e;
        u->timers += (at & 3) == 0 && (b & 0xfff0) == 0xec50 &&
            (a & 0x0fcf) == 0x0f0e;
        u->thumb2 += a == 0xe92d && (b & 0x4000) != 0;
        /* movw, movt of A1, always. */
        u->thumb2 += (at & 3) == 0 && ((b & 0xfff0) == 0xe300 ||
                                       (b & 0xfff0) == 0xe340);
    }
}

bool guess_cpu_by_code(const struct image *img, struct guess *g)
{
    struct uses u = { 0, 0, 0 };
    unsigned i;

    if (g->core != GUESS_A32) {
        return false;
    }
    for (i = 0; i < img->piece_count; i++) {
        look_at(img->pieces[i].bytes, img->pieces[i].size, &u);
    }
    if (u.timers > 0) {
        strcpy(g->cpu, "cortex-a7");
        strcpy(g->cpu_reason, "it reads the generic timer, which Cortex-A7, "
               "A15 and later ones have; nothing tells which");
    } else if (u.thumb2 < 4 + u.bytes / STRAY) {
        strcpy(g->cpu, "arm926");
        strcpy(g->cpu_reason, "nothing of Armv7 is in it");
    } else {
        return false;
    }
    return true;
}

/* ---- AArch64 ---- */

void guess_level(const struct image_piece *p, struct guess *g)
{
    unsigned el3 = 0;
    uint32_t word;
    size_t at;

    if (g->core != GUESS_A64) {
        return;
    }
    for (at = 0; at + 4 <= p->size && at < START; at += 4) {
        memcpy(&word, p->bytes + at, 4);
        if ((word & 0xffffffe0) == 0xd5384240) {
            return;             /* mrs xN, CurrentEL: it looks for itself */
        }
        /* msr to a system register of EL3 */
        el3 += (word & 0xfff80000) == 0xd5180000 &&
            (word >> 16 & 7) == 6;
    }
    if (el3 >= 2) {
        g->el = 3;
        snprintf(g->el_reason, sizeof(g->el_reason), "its start writes %u "
                 "registers of EL3 and never asks where it is", el3);
    }
}
