/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to tree: the one entry to the scanner and the grammar. */
#ifndef PDL_PARSE_H
#define PDL_PARSE_H

#include <stddef.h>

#include "dsl/arena.h"
#include "dsl/ast.h"
#include "dsl/diag.h"
#include "dsl/source.h"
#include "dsl/status.h"

/*
 * A session owns the files, trees and diagnostics of one compilation. One
 * session is used by one thread at a time; several may live side by side.
 */
struct pdl_session;

struct pdl_session *pdl_session_new(void);
void pdl_session_free(struct pdl_session *session);

struct pdl_arena *pdl_session_arena(struct pdl_session *session);
struct pdl_sources *pdl_session_sources(struct pdl_session *session);
struct pdl_diags *pdl_session_diags(struct pdl_session *session);

/*
 * All units parsed so far, each file once, an imported file always before the
 * file that imports it; NULL when none.
 */
struct pdl_unit *pdl_session_units(struct pdl_session *session);

/*
 * Parses a file and, through its imports, others; a file parsed before is not
 * parsed again. *out is the unit, possibly partial, or NULL when the file
 * could not be read. Returns 0, or SYNTAX when this call added an error, or
 * NOMEM. A file that cannot be read is a diagnostic too, and SYNTAX.
 */
int pdl_parse_file(struct pdl_session *session, const char *path,
                   struct pdl_unit **out);

/*
 * The same for bytes that are not on disk. `name` appears in diagnostics, and
 * imports are looked up from its folder.
 */
int pdl_parse_buffer(struct pdl_session *session, const char *name,
                     const char *bytes, size_t len, struct pdl_unit **out);

enum pdl_fragment {
    PDL_FRAGMENT_FILE,          /* items of a file, without "periph 1;" */
    PDL_FRAGMENT_BODY,          /* declarations of a device or board */
    PDL_FRAGMENT_REGISTER,      /* items of a register */
};

/*
 * Parses a piece of a file, such as one item; no imports. The items are in
 * (*out)->items and the unit is not added to the session's list.
 */
int pdl_parse_fragment(struct pdl_session *session, enum pdl_fragment kind,
                       const char *name, const char *bytes, size_t len,
                       struct pdl_unit **out);

/* Parses one expression, to the end of the bytes. */
int pdl_parse_expr(struct pdl_session *session, const char *name,
                   const char *bytes, size_t len, struct pdl_expr **out);

#endif
