/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of the functions of dsl/: 0 or one of these. */
#ifndef PDL_STATUS_H
#define PDL_STATUS_H

enum pdl_status {
    PDL_OK = 0,
    PDL_ERR_NOMEM = -1,     /* out of memory */
    PDL_ERR_IO = -2,        /* a file could not be read; errno is kept */
    PDL_ERR_NOT_FOUND = -3, /* no such file, name or item */
    PDL_ERR_TOO_BIG = -4,   /* a limit of bounds.h was passed */
    PDL_ERR_SYNTAX = -5,    /* the text has errors; see the diagnostics */
    PDL_ERR_INVALID = -6,   /* an argument makes no sense */
};

/* Text for a status, in English, never NULL; static storage. */
const char *pdl_strerror(int status);

#endif
