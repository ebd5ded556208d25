/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/edits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SUFFIX ".periph"
#define WATCHED (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)

int edits_open(const char *dir)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd >= 0 && inotify_add_watch(fd, dir, WATCHED) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool has_suffix(const char *name)
{
    size_t len = strlen(name), suffix = strlen(SUFFIX);

    return len > suffix && strcmp(name + len - suffix, SUFFIX) == 0;
}

void edits_follow(int fd, const char *path)
{
    char *real = fd >= 0 && has_suffix(path) ? realpath(path, NULL) : NULL;
    char *slash = real ? strrchr(real, '/') : NULL;

    if (slash) {
        slash[slash == real] = 0;
        inotify_add_watch(fd, real, WATCHED);
    }
    free(real);
}

/* Files that begin with a dot are those of editors. */
static bool matters(const struct inotify_event *event)
{
    return event->mask & IN_Q_OVERFLOW ||
           (event->len && event->name[0] != '.' && has_suffix(event->name));
}

bool edits_drain(int fd)
{
    char buf[4096]
        __attribute__((aligned(__alignof__(struct inotify_event))));
    const struct inotify_event *event;
    bool found = false;
    ssize_t got;
    char *p;

    while (fd >= 0 && (got = read(fd, buf, sizeof(buf))) > 0) {
        for (p = buf; p < buf + got; p += sizeof(*event) + event->len) {
            event = (const struct inotify_event *)(void *)p;
            found |= matters(event);
        }
    }
    return found;
}
