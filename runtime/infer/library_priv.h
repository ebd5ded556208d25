/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by infer_library.c and library_past.c. */
#ifndef PERIPH_INFER_LIBRARY_PRIV_H
#define PERIPH_INFER_LIBRARY_PRIV_H

#include "runtime/infer/infer.h"
#include "runtime/infer/priors.h"

#define PLACED 64u
#define REFUSED 64u

/* A block that this engine has put somewhere. */
struct placed {
    uint64_t base, size;
    char block[INF_NAME_MAX];
    uint64_t stuck;         /* polled place that was asked about once */
    bool withdrawn;
};

struct inf_engine {
    struct inf_services svc;
    struct inf_options opts;
    const struct inf_evidence *ev;
    struct inf_priors *priors;
    struct placed placed[PLACED];
    unsigned placed_count;
    uint64_t refused[REFUSED];      /* places that are not ours */
    unsigned refused_count;
    uint64_t asked;                 /* base of the last answer */
    uint64_t next_id;
    unsigned restarts;
};

/* What was said of @base stood against something: it is not ours. */
bool library_is_refused(const struct inf_engine *eng, uint64_t base);
/* The block that was put where @phys is, also one that was taken back. */
struct placed *library_placed_at(struct inf_engine *eng, uint64_t phys);
bool library_is_withdrawn(struct inf_engine *eng, uint64_t base);
void library_note_placed(struct inf_engine *eng, uint64_t base,
                         uint64_t size, const char *block);

/* Operations of struct inf_engine_ops. */
void library_note_event(struct inf_engine *eng, const struct inf_event *ev);
int library_save(struct inf_engine *eng, char **out);
int library_restore(struct inf_engine *eng, const char *text);

#endif
