/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets over importers do with the bytes. */
#ifndef TESTS_FUZZ_IMPORTS_H
#define TESTS_FUZZ_IMPORTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Imports the bytes as @importer does a file @path; what it makes has to
 * compile and is written as each of @outputs (NULL at the end), a device
 * tree into the one it came from.  Aborts when a failure has no reason.
 */
void import_fuzz(const char *importer, const char *path,
                 const char *const *outputs, const uint8_t *data,
                 size_t size);

#endif /* TESTS_FUZZ_IMPORTS_H */
