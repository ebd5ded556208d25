/* SPDX-License-Identifier: BSD-2-Clause */
/* Results in words, and the sums of bytes. */
#include "runtime/engine/engine.h"

#include <string.h>

const char *prt_strerror(int err)
{
    switch (err) {
    case PRT_OK:
        return "no error";
    case PRT_ASK:
        return "the table does not say";
    case PRT_ABORT:
        return "bus error";
#define X(name, text) case PRT_##name: return text;
    PRT_ERRORS(X)
#undef X
    default:
        return "unknown error";
    }
}

uint64_t prt_hash(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t i;

    for (i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

uint64_t prt_checksum(const void *file, size_t size)
{
    uint64_t sum = PRT_HASH_INIT, word;
    const uint8_t *p = file;
    size_t i;

    for (i = offsetof(struct prt_file_header, model_hash); i < size;
         i += sizeof(word)) {
        memcpy(&word, p + i, sizeof(word));
        sum = (sum ^ word) * UINT64_C(0x100000001b3);
        sum ^= sum >> 32;
    }
    return sum;
}
