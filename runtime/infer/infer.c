/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/infer.h"

#include <stdlib.h>
#include <string.h>

const char *inf_strerror(int err)
{
    switch (err) {
    case INF_OK:
        return "no error";
    case INF_E_NOMEM:
        return "out of memory";
    case INF_E_UNSUPPORTED:
        return "this core or question is not supported";
    case INF_E_VERSION:
        return "interface of another version";
    case INF_E_PROBE:
        return "the CPU emulator refused";
    case INF_E_PAGE:
        return "the machine did not deliver a page";
    case INF_E_RANGE:
        return "argument or result out of range";
    case INF_E_FORMAT:
        return "malformed text";
    default:
        return "unknown error";
    }
}

bool inf_find_gic(const struct inf_services *svc, char *name)
{
    static const char *const types[] = {
        "arm_gic", "arm-gic", "a9mpcore", "a15mpcore",
    };
    unsigned i;

    for (i = 0; svc->native && i < sizeof(types) / sizeof(types[0]); i++) {
        if (svc->native(svc->opaque, types[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void inf_answer_init(struct inf_answer *ans)
{
    memset(ans, 0, sizeof(*ans));
    ans->verdict = INF_NONE;
}

void inf_answer_dispose(struct inf_answer *ans)
{
    unsigned i;

    for (i = 0; i < ans->edit_count; i++) {
        free(ans->edits[i].text);
        free(ans->edits[i].evidence);
    }
    free(ans->console_text);
    inf_answer_init(ans);
}
