/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links the engine alone: an engine that came to need another library, or a
 * host, would not link here.
 */
#include <stdio.h>

#include "runtime/engine/engine.h"

int main(void)
{
    static const uint64_t nothing[8];
    struct prt_fault_place place;
    struct prt_file file;
    int err;

    err = prt_file_open(nothing, sizeof(nothing), &file, &place);
    if (err != PRT_E_MAGIC) {
        printf("not ok link-test: %s\n", prt_strerror(err));
        return 1;
    }
    return 0;
}
