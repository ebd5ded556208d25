/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What machine an image is for, judged by the image alone: kind of core, CPU,
 * load address, entry, memories, each with its reason in words.
 */
#ifndef RUNTIME_TOOLS_GUESS_H
#define RUNTIME_TOOLS_GUESS_H

#include "runtime/tools/image.h"

#define GUESS_MEMORIES 12u
#define GUESS_REASON 240u
#define GUESS_NOTES 8u
#define GUESS_WINDOWS 512u

enum guess_core { GUESS_UNKNOWN, GUESS_M, GUESS_A32, GUESS_A64 };

struct guess_memory {
    char name[16];
    uint64_t base, size;
    char reason[GUESS_REASON];
};

struct guess {
    enum guess_core core;
    char core_reason[GUESS_REASON];
    char cpu[32];               /* QEMU's type */
    char cpu_reason[GUESS_REASON];
    unsigned el;                /* where it starts; 0: as usual */
    char el_reason[GUESS_REASON];
    size_t skip;                /* a raw image's header to be left out */
    bool has_load;              /* a raw image: where it goes */
    uint64_t load;
    char load_reason[GUESS_REASON];
    bool has_entry;             /* not for M profile: the vectors say it */
    uint64_t entry;
    char entry_reason[GUESS_REASON];
    unsigned memory_count;
    struct guess_memory memories[GUESS_MEMORIES];
    unsigned note_count;        /* what else a person should know */
    char notes[GUESS_NOTES][GUESS_REASON];
    char model[96];             /* "model" of a tree in the image, or "" */
    unsigned window_count;      /* devices of that tree, by address */
    struct {
        uint64_t base, size;
    } windows[GUESS_WINDOWS];
};

/* Judges @img; @out is filled as far as can be told. */
void guess_image(const struct image *img, struct guess *out);

#endif
