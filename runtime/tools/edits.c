/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/edits.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SUFFIX ".periph"

int edits_open(const char *dir)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd >= 0 &&
        inotify_add_watch(fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE |
                                   IN_MOVED_FROM) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Files that begin with a dot are those of editors. */
static bool matters(const struct inotify_event *event)
{
    size_t len = event->len ? strlen(event->name) : 0;
    size_t suffix = strlen(SUFFIX);

    return event->mask & IN_Q_OVERFLOW ||
           (len > suffix && event->name[0] != '.' &&
            strcmp(event->name + len - suffix, SUFFIX) == 0);
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
