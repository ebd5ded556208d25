/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operating-system half of the bridge: shared memories and the doorbell
 * socket.  Nothing here waits: every descriptor is non-blocking and
 * close-on-exec.
 */
#ifndef PERIPH_RUNTIME_BRIDGE_BRIDGE_OS_H
#define PERIPH_RUNTIME_BRIDGE_BRIDGE_OS_H

#include "runtime/bridge/bridge.h"

/* ---- Shared memories ---- */

struct pbr_shm {
    void *mem;                      /* NULL when closed */
    uint64_t size;                  /* bytes mapped */
    int fd;
    bool owner;                     /* created here: unlink when closed */
    char name[PBR_NAME_MAX];        /* with its leading slash */
};

/* What pbr_shm_close() of one never opened must see. */
#define PBR_SHM_INIT { NULL, 0, -1, false, "" }

/*
 * Puts "/name" of a name given with or without its leading slash into @out.
 * PBR_ERR_NAME: empty, too long, a further slash, or a character outside
 * [A-Za-z0-9._-].
 */
int pbr_shm_name(const char *name, char out[PBR_NAME_MAX]);

/*
 * Creates zeroed shared memory (mode 0600, locked by flock until closed) of
 * @size bytes.  One left behind by a dead process of this user is replaced.
 * PBR_ERR_IN_USE: a living process holds it; PBR_ERR_OWNER: it belongs to
 * somebody else; PBR_ERR_NAME; PBR_ERR_OS.  @shm is as PBR_SHM_INIT on
 * failure.
 */
int pbr_shm_create(struct pbr_shm *shm, const char *name, uint64_t size);

/*
 * Maps existing shared memory of at least @min_size bytes for reading and
 * writing (@writable) or reading.  Checks owner, mode and size, not the
 * content: call pbr_bridge_check() or pbr_state_check() next.
 * PBR_ERR_EMPTY: there is none of that name.
 */
int pbr_shm_attach(struct pbr_shm *shm, const char *name, uint64_t min_size,
                   bool writable);

/* Whether the memory now under that name is another one than @shm. */
bool pbr_shm_replaced(const struct pbr_shm *shm);

/* Unmaps, and unlinks where created here; safe to call twice. */
void pbr_shm_close(struct pbr_shm *shm);

/* A generation number that differs between starts; never 0. */
uint64_t pbr_generation_new(void);

/* ---- Doorbell ---- */

#define PBR_SOCKET_MAX 108

/*
 * Path of the socket that belongs to bridge memory @bridge_name:
 * ${XDG_RUNTIME_DIR:-/tmp}/periph-<uid>/<name>.sock.  Makes nothing.
 * PBR_ERR_NAME when it does not fit a socket address.
 */
int pbr_socket_path(const char *bridge_name, char out[PBR_SOCKET_MAX]);

/*
 * QEMU: listens at that path (folder 0700 of this user, socket 0600).  Call
 * with the bridge memory created: its lock makes a socket found there a
 * left-over, which is replaced.  PBR_ERR_OWNER when the folder is not ours
 * alone.
 */
int pbr_listen(const char *bridge_name, int *fd);
/* Next daemon: PBR_OK with @fd, PBR_ERR_AGAIN, PBR_ERR_OWNER (another
 * user's, closed again), PBR_ERR_OS. */
int pbr_accept(int listen_fd, int *fd);
/* Closes and removes the socket file. */
void pbr_listen_close(const char *bridge_name, int *fd);

/* Daemon: PBR_OK with @fd, PBR_ERR_EMPTY (nobody listens), PBR_ERR_OS. */
int pbr_connect(const char *bridge_name, int *fd);

/*
 * Sends one frame whole or not at all.  PBR_ERR_CLOSED: the peer has gone,
 * or so many frames are unread that it must be taken for dead: close.
 */
int pbr_send(int fd, uint32_t type, uint32_t arg, uint64_t seq,
             uint64_t arg2);

/*
 * Reads what is there into @stream.  PBR_OK, PBR_ERR_AGAIN, PBR_ERR_CLOSED.
 * Take all frames with pbr_stream_get() after each call.
 */
int pbr_recv(int fd, struct pbr_stream *stream);

#endif
