/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of one session, positions in them, and how imports are found. */
#ifndef PDL_SOURCE_H
#define PDL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A piece of text: bytes [begin, end) of a file. File 0 is "nowhere": nodes
 * built by a program, and diagnostics without a place.
 */
struct pdl_span {
    uint32_t file;
    uint32_t begin;
    uint32_t end;
};

/* Line and column count from 1; the column counts UTF-8 characters. */
struct pdl_location {
    const char *name;       /* file name as shown; lives with the sources */
    uint32_t line;
    uint32_t column;
    uint32_t line_begin;    /* byte offset of the line's first byte */
    uint32_t line_end;      /* byte offset of its end, without newline */
};

struct pdl_sources;

/* An empty set, or NULL when out of memory. */
struct pdl_sources *pdl_sources_new(void);
void pdl_sources_free(struct pdl_sources *sources);

/* Adds a folder to the search path of imports (after those given before). */
int pdl_sources_add_path(struct pdl_sources *sources, const char *folder);

/*
 * Forbids (false) or allows (true, the start) reading from disk. With false
 * only files given by pdl_sources_add_memory are found: for text that is not
 * trusted.
 */
void pdl_sources_allow_disk(struct pdl_sources *sources, bool allow);

/*
 * Adds a file from memory under a name; the bytes are copied. A name that is
 * already there is given a new text, and a new id: old spans keep pointing at
 * the old text. Memory files are found before files on disk.
 * Returns 0 and the id in *file, or NOMEM, TOO_BIG, INVALID (name too long).
 */
int pdl_sources_add_memory(struct pdl_sources *sources, const char *name,
                           const char *bytes, size_t len, uint32_t *file);

/*
 * Opens a file by path (memory first, then disk), once per session: the same
 * path gives the same id. Returns 0, NOT_FOUND, IO, TOO_BIG or NOMEM.
 */
int pdl_sources_open(struct pdl_sources *sources, const char *path,
                     uint32_t *file);

/*
 * Finds an import: relative to the folder of the file `from`, then in each
 * search folder. Returns as pdl_sources_open.
 */
int pdl_sources_import(struct pdl_sources *sources, uint32_t from,
                       const char *path, uint32_t *file);

/* Name, text (NUL behind it) and length of a file; NULL/0 for unknown ids. */
const char *pdl_source_name(const struct pdl_sources *sources, uint32_t file);
const char *pdl_source_text(const struct pdl_sources *sources, uint32_t file,
                            size_t *len);

/* Number of files; ids go from 1 to this. */
uint32_t pdl_sources_count(const struct pdl_sources *sources);

/*
 * Line and column of a byte offset (offsets beyond the end mean the end).
 * Returns 0 or NOT_FOUND for an unknown file.
 */
int pdl_source_locate(const struct pdl_sources *sources, uint32_t file,
                      uint32_t offset, struct pdl_location *out);

/* The span from the start of a to the end of b; a itself if files differ. */
struct pdl_span pdl_span_join(struct pdl_span a, struct pdl_span b);

#endif
