/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware images of all kinds, read and judged. */
#include "tests/fuzz/image_fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/tools/guess.h"

void image_fuzz_bytes(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    struct guess guess;
    struct image img;
    char why[160];

    if (copy == NULL) {
        return;
    }
    memcpy(copy, data, size);
    copy[size] = '\0';
    if (image_parse(&img, copy, size, why, sizeof(why)) == 0) {
        guess_image(&img, &guess);
    } else if (strlen(why) == 0) {
        abort();                /* no reason is given */
    }
    image_close(&img);
}

#ifdef PERIPH_FUZZ
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    image_fuzz_bytes(data, size);
    return 0;
}
#endif
