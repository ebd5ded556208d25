/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/accesses.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char **at, uint64_t *out)
{
    char *end;

    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    errno = 0;
    *out = strtoull(*at, &end, 0);
    if (errno || end == *at) {
        return false;
    }
    *at = end;
    return true;
}

static bool ends_word(char c)
{
    return c == '\0' || c == ' ' || c == '\t';
}

const char *access_parse(struct access_wanted *w, const char *text)
{
    w->value = w->mask = 0;
    if (!parse_number(&text, &w->address) || !ends_word(*text)) {
        return NULL;
    }
    text += strspn(text, " \t");
    if (strncmp(text, "any", 3) == 0) {
        text += 3;
    } else {
        if (!parse_number(&text, &w->value)) {
            return NULL;
        }
        w->mask = ~0ull;
        if (*text == '/' && (text++, !parse_number(&text, &w->mask))) {
            return NULL;
        }
    }
    return ends_word(*text) ? text + strspn(text, " \t") : NULL;
}

void accesses_init(struct accesses *a)
{
    *a = (struct accesses) { .shm = PBR_SHM_INIT };
}

void accesses_close(struct accesses *a)
{
    pbr_shm_close(&a->shm);
    a->ready = false;
}

bool accesses_attach(struct accesses *a, const char *state, pid_t pid)
{
    struct pbr_state_header header;

    if (a->ready) {
        return true;
    }
    if (pbr_shm_attach(&a->shm, state, sizeof(struct pbr_state),
                       false) == PBR_OK &&
        pbr_state_check(a->shm.mem, a->shm.size, &header) == PBR_OK &&
        header.qemu_pid == (uint32_t)pid &&
        pbr_ring_reader_init(&a->reader, a->shm.mem, a->shm.size,
                             true) == PBR_OK) {
        a->ready = true;
    } else {
        accesses_close(a);
    }
    return a->ready;
}

static bool is_wanted(const struct access_wanted *w,
                      const struct pbr_record *r)
{
    return !(r->flags & (PBR_R_IRQ | PBR_R_IRQ_END | PBR_R_UNMAPPED |
                         PBR_R_FAILED)) &&
           !(r->flags & PBR_R_WRITE) == !w->write &&
           r->address == w->address && !((r->value ^ w->value) & w->mask);
}

bool accesses_find(struct accesses *a, const struct access_wanted *w)
{
    struct pbr_record record;

    while (a->ready && pbr_ring_get(&a->reader, &record, NULL) == 1) {
        if (is_wanted(w, &record)) {
            return true;
        }
    }
    return false;
}

uint64_t accesses_lost(const struct accesses *a)
{
    return a->ready ? a->reader.lost : 0;
}
