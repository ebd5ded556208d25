/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memories and sockets of the bridge. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "runtime/bridge/bridge-os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "runtime/bridge/slot.h"

static const struct pbr_shm shm_closed = PBR_SHM_INIT;

/* ---- Shared memories ---- */

int pbr_shm_name(const char *name, char out[PBR_NAME_MAX])
{
    const char *rest = name[0] == '/' ? name + 1 : name;
    size_t len = strlen(rest);

    if (len == 0 || len > PBR_NAME_MAX - 2 || rest[0] == '.' ||
        strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
               "0123456789._-") != len) {
        return PBR_ERR_NAME;
    }
    out[0] = '/';
    memcpy(out + 1, rest, len + 1);
    return PBR_OK;
}

/* Ours alone: nobody else may read firmware or feed answers. */
static int check_owner(int fd, struct stat *st)
{
    if (fstat(fd, st) < 0) {
        return PBR_ERR_OS;
    }
    if (st->st_uid != geteuid() || (st->st_mode & 077) != 0) {
        return PBR_ERR_OWNER;
    }
    return PBR_OK;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/*
 * Removes memory that a dead process left behind.  The lock is taken on the
 * old inode and the name looked up again: who loses a race against another
 * creator sees another inode there and must not unlink it.
 */
static int reclaim(const char *name)
{
    struct stat st, now;
    int fd, again, ret;

    fd = shm_open(name, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) {
        if (errno == ENOENT) {
            return PBR_OK;
        }
        return errno == EACCES ? PBR_ERR_OWNER : PBR_ERR_OS;
    }
    ret = check_owner(fd, &st);
    if (ret == PBR_OK && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        ret = errno == EWOULDBLOCK ? PBR_ERR_IN_USE : PBR_ERR_OS;
    }
    if (ret != PBR_OK) {
        goto out;
    }
    again = shm_open(name, O_RDONLY | O_CLOEXEC, 0);
    if (again >= 0) {
        if (fstat(again, &now) == 0 && same_file(&st, &now)) {
            shm_unlink(name);
        }
        close(again);
    }
out:
    close(fd);
    return ret;
}

static int map(struct pbr_shm *shm, uint64_t size, int prot)
{
    void *mem = mmap(NULL, size, prot, MAP_SHARED, shm->fd, 0);

    if (mem == MAP_FAILED) {
        return PBR_ERR_OS;
    }
    shm->mem = mem;
    shm->size = size;
    return PBR_OK;
}

/* Allocates every page: a full /dev/shm must fail here, not at a store. */
static int set_size(int fd, uint64_t size)
{
    int err;

    do {
        err = posix_fallocate(fd, 0, (off_t)size);
    } while (err == EINTR);
    errno = err;
    return err == 0 ? PBR_OK : PBR_ERR_OS;
}

int pbr_shm_create(struct pbr_shm *shm, const char *name, uint64_t size)
{
    struct pbr_shm s = PBR_SHM_INIT;
    int ret, tries;

    *shm = shm_closed;
    ret = pbr_shm_name(name, s.name);
    if (ret != PBR_OK) {
        return ret;
    }
    for (tries = 0; s.fd < 0; tries++) {
        s.fd = shm_open(s.name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (s.fd >= 0) {
            break;
        }
        if (errno != EEXIST || tries == 16) {
            return PBR_ERR_OS;
        }
        ret = reclaim(s.name);
        if (ret != PBR_OK) {
            return ret;
        }
    }
    if (flock(s.fd, LOCK_EX | LOCK_NB) < 0) {
        /* Another creator took the fresh one for a left-over. */
        close(s.fd);
        return PBR_ERR_IN_USE;
    }
    s.owner = true;
    ret = fchmod(s.fd, 0600) < 0 ? PBR_ERR_OS : set_size(s.fd, size);
    if (ret == PBR_OK) {
        ret = map(&s, size, PROT_READ | PROT_WRITE);
    }
    if (ret != PBR_OK) {
        int saved = errno;

        pbr_shm_close(&s);
        errno = saved;
        return ret;
    }
    *shm = s;
    return PBR_OK;
}

int pbr_shm_attach(struct pbr_shm *shm, const char *name, uint64_t min_size,
                   bool writable)
{
    struct pbr_shm s = PBR_SHM_INIT;
    struct stat st;
    int ret;

    *shm = shm_closed;
    ret = pbr_shm_name(name, s.name);
    if (ret != PBR_OK) {
        return ret;
    }
    s.fd = shm_open(s.name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0);
    if (s.fd < 0) {
        switch (errno) {
        case ENOENT:
            return PBR_ERR_EMPTY;
        case EACCES:
            return PBR_ERR_OWNER;
        default:
            return PBR_ERR_OS;
        }
    }
    ret = check_owner(s.fd, &st);
    if (ret == PBR_OK && (st.st_size <= 0 ||
                          (uint64_t)st.st_size < min_size)) {
        ret = PBR_ERR_SIZE;
    }
    if (ret == PBR_OK) {
        ret = map(&s, (uint64_t)st.st_size,
                  writable ? PROT_READ | PROT_WRITE : PROT_READ);
    }
    if (ret != PBR_OK) {
        close(s.fd);
        return ret;
    }
    *shm = s;
    return PBR_OK;
}

bool pbr_shm_replaced(const struct pbr_shm *shm)
{
    struct stat mine, now;
    bool same;
    int fd;

    if (shm->mem == NULL || fstat(shm->fd, &mine) < 0) {
        return true;
    }
    fd = shm_open(shm->name, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        return true;
    }
    same = fstat(fd, &now) == 0 && same_file(&mine, &now);
    close(fd);
    return !same;
}

void pbr_shm_close(struct pbr_shm *shm)
{
    if (shm->owner && shm->fd >= 0 &&
        (shm->mem == NULL || !pbr_shm_replaced(shm))) {
        shm_unlink(shm->name);
    }
    if (shm->mem != NULL) {
        munmap(shm->mem, shm->size);
    }
    if (shm->fd >= 0) {
        close(shm->fd);
    }
    *shm = shm_closed;
}

uint64_t pbr_generation_new(void)
{
    struct timespec ts;
    uint64_t g;

    clock_gettime(CLOCK_REALTIME, &ts);
    g = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
    g ^= (uint64_t)getpid() << 40;
    return g != 0 ? g : 1;
}

/* ---- Doorbell ---- */

static int folder_path(char out[PBR_SOCKET_MAX])
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    int n;

    if (base == NULL || base[0] != '/') {
        base = "/tmp";
    }
    n = snprintf(out, PBR_SOCKET_MAX, "%s/periph-%u", base,
                 (unsigned)geteuid());
    return n > 0 && n < PBR_SOCKET_MAX ? PBR_OK : PBR_ERR_NAME;
}

int pbr_socket_path(const char *bridge_name, char out[PBR_SOCKET_MAX])
{
    char name[PBR_NAME_MAX];
    char folder[PBR_SOCKET_MAX];
    int ret, n;

    ret = pbr_shm_name(bridge_name, name);
    if (ret == PBR_OK) {
        ret = folder_path(folder);
    }
    if (ret != PBR_OK) {
        return ret;
    }
    n = snprintf(out, PBR_SOCKET_MAX, "%s%s.sock", folder, name);
    return n > 0 && n < PBR_SOCKET_MAX ? PBR_OK : PBR_ERR_NAME;
}

/* A folder of ours alone; a link or another user's folder is refused. */
static int check_folder(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        return errno == ENOENT ? PBR_ERR_EMPTY : PBR_ERR_OS;
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 077) != 0) {
        return PBR_ERR_OWNER;
    }
    return PBR_OK;
}

static int address_of(const char *bridge_name, struct sockaddr_un *address)
{
    static_assert(sizeof(address->sun_path) >= PBR_SOCKET_MAX,
                  "socket paths fit their address");

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    return pbr_socket_path(bridge_name, address->sun_path);
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int pbr_listen(const char *bridge_name, int *fd)
{
    struct sockaddr_un address;
    char folder[PBR_SOCKET_MAX];
    int s, saved, ret;

    *fd = -1;
    ret = address_of(bridge_name, &address);
    if (ret == PBR_OK) {
        ret = folder_path(folder);
    }
    if (ret != PBR_OK) {
        return ret;
    }
    if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
        return PBR_ERR_OS;
    }
    ret = check_folder(folder);
    if (ret != PBR_OK) {
        return ret;
    }
    s = new_socket();
    if (s < 0) {
        return PBR_ERR_OS;
    }
    unlink(address.sun_path);
    /* Inside a 0700 folder nobody sees the moment before chmod. */
    if (bind(s, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(address.sun_path, 0600) < 0 || listen(s, 4) < 0) {
        saved = errno;
        close(s);
        errno = saved;
        return PBR_ERR_OS;
    }
    *fd = s;
    return PBR_OK;
}

int pbr_accept(int listen_fd, int *fd)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    int s;

    *fd = -1;
    s = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (s < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
            errno == ECONNABORTED ? PBR_ERR_AGAIN : PBR_ERR_OS;
    }
    if (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ||
        cred.uid != geteuid()) {
        close(s);
        return PBR_ERR_OWNER;
    }
    *fd = s;
    return PBR_OK;
}

void pbr_listen_close(const char *bridge_name, int *fd)
{
    struct sockaddr_un address;

    if (*fd >= 0) {
        close(*fd);
        if (address_of(bridge_name, &address) == PBR_OK) {
            unlink(address.sun_path);
        }
    }
    *fd = -1;
}

int pbr_connect(const char *bridge_name, int *fd)
{
    struct sockaddr_un address;
    char folder[PBR_SOCKET_MAX];
    int s, ret;

    *fd = -1;
    ret = address_of(bridge_name, &address);
    if (ret == PBR_OK) {
        ret = folder_path(folder);
    }
    if (ret == PBR_OK) {
        ret = check_folder(folder);
    }
    if (ret != PBR_OK) {
        return ret;
    }
    s = new_socket();
    if (s < 0) {
        return PBR_ERR_OS;
    }
    if (connect(s, (struct sockaddr *)&address, sizeof(address)) < 0) {
        ret = errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN ?
            PBR_ERR_EMPTY : PBR_ERR_OS;
        close(s);
        return ret;
    }
    *fd = s;
    return PBR_OK;
}

int pbr_send(int fd, uint32_t type, uint32_t arg, uint64_t seq,
             uint64_t arg2)
{
    struct pbr_frame frame = { type, arg, seq, arg2 };
    uint8_t bytes[PBR_FRAME_SIZE];
    ssize_t n;

    pbr_frame_encode(bytes, &frame);
    do {
        n = send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    /* A full or torn stream cannot be mended: the peer reads no more. */
    return n == (ssize_t)sizeof(bytes) ? PBR_OK : PBR_ERR_CLOSED;
}

int pbr_recv(int fd, struct pbr_stream *stream)
{
    uint32_t room;
    uint8_t *space = pbr_stream_space(stream, &room);
    ssize_t n;

    if (room == 0) {
        return PBR_OK;
    }
    do {
        n = recv(fd, space, room, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        pbr_stream_added(stream, (uint32_t)n);
        return PBR_OK;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return PBR_ERR_AGAIN;
    }
    return PBR_ERR_CLOSED;
}
