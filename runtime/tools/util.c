/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COPY_CHUNK 65536

void say(const char *format, ...)
{
    char line[2048];
    va_list args;
    int used;

    used = snprintf(line, sizeof(line), "periph: ");
    va_start(args, format);
    vsnprintf(line + used, sizeof(line) - (size_t)used - 2, format, args);
    va_end(args);
    strcat(line, "\n");
    fputs(line, stderr);
}

char *text_new(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        fputs("periph: out of memory\n", stderr);
        exit(1);
    }
    va_end(args);
    return text;
}

double now_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

char *file_read(const char *path, size_t max, size_t *len)
{
    FILE *file = fopen(path, "rbe");
    char *bytes = NULL;
    size_t have = 0, room = 0, got = 1;
    char *grown;

    if (!file) {
        return NULL;
    }
    while (got > 0 && have <= max) {
        room = have + COPY_CHUNK;
        grown = realloc(bytes, room + 1);
        if (!grown) {
            goto fail;
        }
        bytes = grown;
        got = fread(bytes + have, 1, room - have, file);
        have += got;
    }
    if (have > max) {
        errno = EFBIG;
        goto fail;
    }
    if (ferror(file)) {
        goto fail;
    }
    bytes[have] = 0;
    *len = have;
    fclose(file);
    return bytes;
fail:
    free(bytes);
    fclose(file);
    return NULL;
}

bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int make_folders(const char *path, unsigned mode)
{
    char *copy = text_new("%s", path);
    char *slash = copy;
    int result = 0;

    while (result == 0 && (slash = strchr(slash + 1, '/')) != NULL) {
        *slash = 0;
        if (mkdir(copy, mode) != 0 && errno != EEXIST) {
            result = is_folder(copy) ? 0 : -1;
        }
        *slash = '/';
    }
    if (result == 0 && mkdir(copy, mode) != 0 && !is_folder(path)) {
        result = -1;
    }
    free(copy);
    return result;
}

int remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int result = 0;

    if (!folder) {
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        char *inner;
        struct stat st;

        if (strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        inner = text_new("%s/%s", path, entry->d_name);
        if (lstat(inner, &st) != 0 ||
            (S_ISDIR(st.st_mode) ? remove_folder(inner) : unlink(inner))) {
            result = -1;
        }
        free(inner);
    }
    closedir(folder);
    return rmdir(path) == 0 ? result : -1;
}

int copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rbe");
    FILE *out = in ? fopen(to, "wbxe") : NULL;
    char chunk[COPY_CHUNK];
    int result = -1;
    size_t got;

    if (!out) {
        goto done;
    }
    while ((got = fread(chunk, 1, sizeof(chunk), in)) > 0) {
        if (fwrite(chunk, 1, got, out) != got) {
            goto done;
        }
    }
    result = ferror(in) ? -1 : 0;
done:
    if (out && fclose(out) != 0) {
        result = -1;
    }
    if (in) {
        fclose(in);
    }
    return result;
}

int copy_folder(const char *from, const char *to, const char *skip)
{
    DIR *folder = opendir(from);
    struct dirent *entry;
    int result = 0;

    if (!folder || mkdir(to, 0777) != 0) {
        result = -1;
    }
    while (result == 0 && (entry = readdir(folder)) != NULL) {
        char *inner, *copy;
        struct stat st;

        if (entry->d_name[0] == '.' ||
            (skip && strcmp(entry->d_name, skip) == 0)) {
            continue;
        }
        inner = text_new("%s/%s", from, entry->d_name);
        copy = text_new("%s/%s", to, entry->d_name);
        if (stat(inner, &st) != 0) {
            result = -1;
        } else if (S_ISDIR(st.st_mode)) {
            result = copy_folder(inner, copy, skip);
        } else if (S_ISREG(st.st_mode)) {
            result = copy_file(inner, copy);
        }
        free(inner);
        free(copy);
    }
    if (folder) {
        closedir(folder);
    }
    return result;
}

char *xdg_folder(const char *variable, const char *tail)
{
    const char *value = getenv(variable);
    const char *home = getenv("HOME");

    if (value && *value == '/') {
        return text_new("%s", value);
    }
    return text_new("%s/%s", home && *home ? home : "", tail);
}

char *find_part(const char *installed, const char *source)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash, *path;

    if (len <= 0) {
        return NULL;
    }
    self[len] = 0;
    slash = strrchr(self, '/');     /* PREFIX/bin, or SOURCE/build/bin */
    *slash = 0;
    path = text_new("%s/../%s", self, installed);
    if (access(path, F_OK) != 0) {
        free(path);
        path = text_new("%s/../../%s", self, source);
    }
    if (access(path, F_OK) != 0) {
        free(path);
        return NULL;
    }
    slash = realpath(path, NULL);
    free(path);
    return slash;
}
