/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target over the importer of CMSIS-SVD. */
#include "tests/fuzz/svd_fuzz.h"

#include "tests/fuzz/imports.h"

int svd_fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const outputs[] = { "table", "json", "svd", NULL };

    import_fuzz("svd", "fuzz.svd", outputs, data, size);
    return 0;
}

#ifdef PERIPH_FUZZ
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return svd_fuzz_one(data, size);
}
#endif
