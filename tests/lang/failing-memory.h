/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that fails: once `armed`, the allocation after `remaining` others
 * gives NULL and sets `failed`.  For a program of one file, linked with the
 * --wrap options that the Makefile gives to tests named oom.
 */
#ifndef TESTS_LANG_FAILING_MEMORY_H
#define TESTS_LANG_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static bool armed;
static bool failed;
static long remaining;      /* allocations until one fails */

static bool fails(void)
{
    if (!armed || remaining-- > 0) {
        return false;
    }
    failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

#endif
