/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Built and run by oom.test: memory fails at the first allocation, the
 * second, ... until a run needs no more. Each run either says that memory was
 * short or gives the same text as a run without failure; nothing is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/format.h"
#include "dsl/item.h"
#include "dsl/parse.h"
#include "tests/lang/failing-memory.h"

/* Parses, prints, sums, seals, reports. False: memory was short. */
static bool use(struct pdl_session *session, const char *path,
                struct pdl_strbuf *out)
{
    struct pdl_unit *unit = NULL;
    const struct pdl_item *item;
    const char *text;
    size_t len;
    uint32_t sum;

    if (pdl_parse_file(session, path, &unit) == PDL_ERR_NOMEM ||
        pdl_diags_failed(pdl_session_diags(session))) {
        return false;
    }
    if (unit && pdl_print_unit(unit, out) == PDL_ERR_NOMEM) {
        return false;
    }
    for (item = unit ? unit->items.first : NULL; item; item = item->next) {
        if (pdl_item_sum(pdl_session_sources(session), item, &sum)) {
            return false;
        }
        pdl_strbuf_printf(out, "%u\n", sum);
    }
    text = pdl_source_text(pdl_session_sources(session), 1, &len);
    if (text && pdl_format(text, len, 0, out) == PDL_ERR_NOMEM) {
        return false;
    }
    if (text && (text = strchr(text, ';')) != NULL &&
        pdl_seal(PDL_FRAGMENT_FILE, text + 1, strlen(text + 1), 0, out) ==
        PDL_ERR_NOMEM) {
        return false;
    }
    pdl_diags_print_text(pdl_session_diags(session),
                         pdl_session_sources(session), false, out);
    return !out->failed;
}

static bool run(const char *path, struct pdl_strbuf *out)
{
    struct pdl_session *session = pdl_session_new();
    bool good = session && use(session, path, out);

    pdl_session_free(session);
    return good;
}

static int check(const char *path)
{
    struct pdl_strbuf whole = PDL_STRBUF_INIT, out = PDL_STRBUF_INIT;
    long n;

    if (!run(path, &whole)) {
        printf("not ok %s: fails with all memory there\n", path);
        return 1;
    }
    failed = true;
    for (n = 0; failed; n++) {
        bool good;

        failed = false;
        remaining = n;
        armed = true;
        good = run(path, &out);
        armed = false;
        if (good && strcmp(pdl_strbuf_str(&out), pdl_strbuf_str(&whole))) {
            printf("not ok %s: allocation %ld fails unseen\n", path, n);
            return 1;
        }
        pdl_strbuf_dispose(&out);
    }
    printf("ok %s, %ld allocations\n", path, n);
    pdl_strbuf_dispose(&whole);
    return 0;
}

int main(int argc, char **argv)
{
    int i, status = 0;

    for (i = 1; i < argc; i++) {
        status |= check(argv[i]);
    }
    return status;
}
