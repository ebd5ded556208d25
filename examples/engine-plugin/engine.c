/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An inference engine of one's own: registers that the firmware polls, and
 * that nobody has said anything about, read as all ones on every second read.
 *
 * It knows nothing of the bridge, the profile or QEMU: runtime/infer/infer.h
 * is all it includes.  Built and used like this:
 *
 *     gcc -shared -fPIC -I TOP -o toggle.so examples/engine-plugin/engine.c
 *     periph run BOARD --engine-plugin toggle.so
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/infer.h"

#define CONFIDENCE 35

/* One per board and run; this one has nothing to remember. */
struct inf_engine {
    const struct inf_services *svc;
};

const struct inf_engine_ops *periph_engine(void);

static int toggle_open(const struct inf_options *opts,
                       const struct inf_services *svc,
                       const struct inf_evidence *ev, struct inf_engine **out)
{
    (void)opts;
    (void)ev;
    if (svc->version != INF_API_VERSION) {
        return INF_E_VERSION;
    }
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) {
        return INF_E_NOMEM;
    }
    (*out)->svc = svc;
    return 0;
}

/* A verdict of INF_NONE, which an answer starts with, asks the next engine. */
static int toggle_answer(struct inf_engine *eng, const struct inf_question *q,
                         struct inf_answer *ans)
{
    struct inf_edit *e = &ans->edits[0];
    char text[160];

    (void)eng;
    if (q->kind != INF_STALL || q->device[0] == '\0') {
        return 0;
    }
    memset(e, 0, sizeof(*e));
    e->kind = INF_EDIT_REG;
    e->base = q->base;
    e->offset = q->offset;
    e->bytes = q->size;
    e->confidence = CONFIDENCE;
    snprintf(e->name, sizeof(e->name), "r%02" PRIx64, q->offset);
    snprintf(text, sizeof(text), "reg %s @ 0x%02" PRIx64 " : %u {\n"
             "    all [0..%u] ro;\n    on read { all ^= ~0; }\n}", e->name,
             q->offset, 8 * q->size, 8 * q->size - 1);
    e->text = strdup(text);
    e->evidence = strdup("polled; nothing better is known");
    if (e->text == NULL || e->evidence == NULL) {
        free(e->text);
        free(e->evidence);
        return INF_E_NOMEM;
    }
    ans->edit_count = 1;
    ans->verdict = INF_TABLES;
    ans->outcome = INF_SOLVED;
    return 0;
}

static void toggle_close(struct inf_engine *eng)
{
    free(eng);
}

/* The one name that --engine-plugin looks for. */
const struct inf_engine_ops *periph_engine(void)
{
    static const struct inf_engine_ops ops = {
        .version = INF_API_VERSION, .name = "toggle", .open = toggle_open,
        .answer = toggle_answer, .close = toggle_close,
    };

    return &ops;
}
