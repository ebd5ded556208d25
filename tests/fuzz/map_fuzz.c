/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target over the importer of maps of machines. */
#include "tests/fuzz/map_fuzz.h"

#include "tests/fuzz/imports.h"

int map_fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const outputs[] = { "table", "json", "dts", NULL };

    import_fuzz("map", "fuzz.json", outputs, data, size);
    return 0;
}

#ifdef PERIPH_FUZZ
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return map_fuzz_one(data, size);
}
#endif
