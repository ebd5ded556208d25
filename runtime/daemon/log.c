/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's log: one line an event, with the time of day. */
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "runtime/daemon/daemon.h"

static const char *const level_words[] = {
    [PDM_ERROR] = "error", [PDM_WARN] = "warn",
    [PDM_INFO] = "info", [PDM_DEBUG] = "debug",
};

bool pdm_level_parse(const char *word, enum pdm_level *level)
{
    unsigned i;

    for (i = 0; i < sizeof(level_words) / sizeof(level_words[0]); i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *level = (enum pdm_level)i;
            return true;
        }
    }
    return false;
}

void pdm_say(const struct pdm_log *log, enum pdm_level level,
             const char *format, ...)
{
    struct timespec now;
    struct tm tm;
    va_list args;

    if (log->file == NULL || level > log->level) {
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    fprintf(log->file, "%02d:%02d:%02d.%03ld %s: ", tm.tm_hour, tm.tm_min,
            tm.tm_sec, now.tv_nsec / 1000000, level_words[level]);
    va_start(args, format);
    vfprintf(log->file, format, args);
    va_end(args);
    fputc('\n', log->file);
    if (level <= PDM_WARN) {
        fflush(log->file);
    }
}

void pdm_log_flush(const struct pdm_log *log)
{
    if (log->file != NULL) {
        fflush(log->file);
    }
}
