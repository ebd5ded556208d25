/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading whole files. */
#include "dsl/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dsl/status.h"

#define FIRST_CHUNK 16384u
#define WRITER_WAIT_MS 2000     /* for someone to open a pipe for writing */
#define WRITER_STEP_MS 20

/* Makes room for more than @have bytes, up to @limit and one, and a NUL. */
static bool make_room(char **buf, size_t *cap, size_t have, size_t limit)
{
    size_t wanted = *cap ? *cap * 2 : FIRST_CHUNK;
    char *more;

    if (have + 1 < *cap) {
        return true;
    }
    if (wanted > limit + 2) {
        wanted = limit + 2;
    }
    more = realloc(*buf, wanted);
    if (!more) {
        return false;
    }
    *buf = more;
    *cap = wanted;
    return true;
}

/*
 * read() that waits on a descriptor which does not.  *wait is what is left
 * of the time for a writer to come, in milliseconds; 0: the end is the end.
 */
static ssize_t read_some(int fd, char *buf, size_t room, int *wait)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    ssize_t n;

    for (;;) {
        n = read(fd, buf, room);
        if (n > 0 || (n == 0 && !*wait)) {
            return n;
        }
        if (n == 0) {
            poll(NULL, 0, WRITER_STEP_MS);
            *wait -= WRITER_STEP_MS;
            if (*wait <= 0) {
                errno = ENODATA;
                return -1;
            }
        } else if (errno == EAGAIN) {
            /* a writer is there, and thinks */
            *wait = 0;
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            return n;
        }
    }
}

static int read_all(int fd, int wait, size_t limit, char **text, size_t *len)
{
    size_t cap = 0, have = 0;
    int status = PDL_ERR_NOMEM;
    char *buf = NULL;
    ssize_t n;

    while (make_room(&buf, &cap, have, limit)) {
        n = read_some(fd, buf + have, cap - have - 1, &wait);
        if (n <= 0) {
            status = n ? PDL_ERR_IO : PDL_OK;
            break;
        }
        wait = 0;
        have += (size_t)n;
        if (have > limit) {
            status = PDL_ERR_TOO_BIG;
            break;
        }
    }
    if (status) {
        free(buf);
        return status;
    }
    buf[have] = '\0';
    *text = buf;
    *len = have;
    return PDL_OK;
}

int pdl_read_fd(int fd, size_t limit, char **text, size_t *len)
{
    return read_all(fd, 0, limit, text, len);
}

int pdl_read_file(const char *path, size_t limit, char **text, size_t *len)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    int status, saved;

    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? PDL_ERR_NOT_FOUND
                                                   : PDL_ERR_IO;
    }
    if (fstat(fd, &st)) {
        status = PDL_ERR_IO;
    } else if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > limit) {
        status = PDL_ERR_TOO_BIG;
    } else {
        status = read_all(fd, S_ISFIFO(st.st_mode) ? WRITER_WAIT_MS : 0,
                          limit, text, len);
    }
    saved = errno;
    close(fd);
    errno = saved;
    return status;
}

const char *pdl_read_strerror(int status)
{
    if (status != PDL_ERR_IO) {
        return pdl_strerror(status);
    }
    return errno == ENODATA ? "a pipe that nobody writes to" :
           errno == ENOTSUP ? "a pipe or device: imports are files" :
           strerror(errno);
}
