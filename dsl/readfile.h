/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading whole files, which may be pipes, within a bound. */
#ifndef PDL_READFILE_H
#define PDL_READFILE_H

#include <stddef.h>

/*
 * Reads @path to its end into *text, malloc'ed, with a NUL behind its *len
 * bytes.  Returns PDL_OK, PDL_ERR_NOT_FOUND, PDL_ERR_TOO_BIG when there are
 * more than @limit bytes, PDL_ERR_NOMEM, or PDL_ERR_IO with errno set: a
 * folder is EISDIR.  A pipe may be read from; one that nobody opens for
 * writing within two seconds is ENODATA, so that nobody waits for ever.
 */
int pdl_read_file(const char *path, size_t limit, char **text, size_t *len);

/* The same of an open file; @fd stays open. */
int pdl_read_fd(int fd, size_t limit, char **text, size_t *len);

/* Why a file could not be read: errno's text for PDL_ERR_IO. */
const char *pdl_read_strerror(int status);

#endif
