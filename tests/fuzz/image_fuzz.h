/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzz target over images, for programs that feed it. */
#ifndef TESTS_FUZZ_IMAGE_FUZZ_H
#define TESTS_FUZZ_IMAGE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Reads and judges an image; aborts when a refusal has no reason. */
void image_fuzz_bytes(const uint8_t *data, size_t size);

#endif
