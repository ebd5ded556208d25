/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target over the importer of device trees, also in images. */
#include "tests/fuzz/dtb_fuzz.h"

#include "tests/fuzz/imports.h"

int dtb_fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const outputs[] = { "dtb", "dtso", "dts", NULL };

    import_fuzz("dtb", "fuzz.dtb", outputs, data, size);
    return 0;
}

#ifdef PERIPH_FUZZ
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return dtb_fuzz_one(data, size);
}
#endif
