/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every bound of the text layer. Passing one gives a named diagnostic. */
#ifndef PDL_BOUNDS_H
#define PDL_BOUNDS_H

#define PDL_MAX_FILE_BYTES (4u << 20)   /* one source file */
#define PDL_MAX_STRING_BYTES 4096u      /* one string, decoded */
#define PDL_MAX_NAME_BYTES 128u         /* one name, without its quotes */
#define PDL_MAX_NESTING 64u             /* open ( [ { at one place */
#define PDL_MAX_EXPR_DEPTH 200u         /* height of an expression tree */
#define PDL_MAX_ELSE_CHAIN 200u         /* links of one else-if chain */
#define PDL_MAX_IMPORT_DEPTH 16u        /* files open at once by import */
#define PDL_MAX_FILES 1024u             /* files of one session */
#define PDL_MAX_DIAGS 200u              /* diagnostics kept by a session */
#define PDL_MAX_PATH_BYTES 4096u        /* a file name */

#endif
