/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/ai_cache.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/engine/engine.h"

#define FILE_MAX (4u << 20)

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return prt_hash(hash, text, strlen(text) + 1);
}

static bool make_path(const char *dir, const char *model,
                      const struct inf_chat_message *messages, unsigned count,
                      char path[PATH_MAX])
{
    uint64_t hash = hash_text(PRT_HASH_INIT, model);
    unsigned i;

    for (i = 0; i < count; i++) {
        hash = hash_text(hash, messages[i].role);
        hash = hash_text(hash, messages[i].text);
    }
    return snprintf(path, PATH_MAX, "%s/%016" PRIx64 ".json", dir, hash) <
        PATH_MAX;
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    struct stat st;
    size_t len;

    if (f == NULL) {
        return NULL;
    }
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size <= (off_t)FILE_MAX) {
        text = malloc((size_t)st.st_size + 1);
        len = text != NULL ? fread(text, 1, (size_t)st.st_size, f) : 0;
        if (text != NULL) {
            text[len] = '\0';
        }
    }
    fclose(f);
    return text;
}

static bool same_string(const cJSON *object, const char *name,
                        const char *text)
{
    const cJSON *s = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(s) && strcmp(s->valuestring, text) == 0;
}

static bool same_question(const cJSON *root, const char *model,
                          const struct inf_chat_message *messages,
                          unsigned count)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "messages");
    unsigned i;

    if (!same_string(root, "model", model) || !cJSON_IsArray(list) ||
        cJSON_GetArraySize(list) != (int)count) {
        return false;
    }
    for (i = 0; i < count; i++) {
        const cJSON *m = cJSON_GetArrayItem(list, (int)i);

        if (!same_string(m, "role", messages[i].role) ||
            !same_string(m, "content", messages[i].text)) {
            return false;
        }
    }
    return true;
}

char *ai_cache_get(const char *dir, const char *model,
                   const struct inf_chat_message *messages, unsigned count)
{
    const cJSON *reply;
    char path[PATH_MAX];
    char *text, *out = NULL;
    cJSON *root;

    if (!make_path(dir, model, messages, count, path)) {
        return NULL;
    }
    text = read_file(path);
    root = text != NULL ? cJSON_Parse(text) : NULL;
    reply = cJSON_GetObjectItemCaseSensitive(root, "reply");
    if (cJSON_IsString(reply) &&
        same_question(root, model, messages, count)) {
        out = strdup(reply->valuestring);
    }
    cJSON_Delete(root);
    free(text);
    return out;
}

static char *print(const char *model, const struct inf_chat_message *messages,
                   unsigned count, const char *reply)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "messages");
    bool ok = list != NULL &&
        cJSON_AddStringToObject(root, "model", model) != NULL &&
        cJSON_AddStringToObject(root, "reply", reply) != NULL;
    char *text = NULL;
    unsigned i;

    for (i = 0; ok && i < count; i++) {
        cJSON *m = cJSON_CreateObject();

        ok = m != NULL && cJSON_AddItemToArray(list, m) &&
            cJSON_AddStringToObject(m, "role", messages[i].role) != NULL &&
            cJSON_AddStringToObject(m, "content", messages[i].text) != NULL;
    }
    if (ok) {
        text = cJSON_Print(root);
    }
    cJSON_Delete(root);
    return text;
}

/* Makes @dir and what is missing above it. */
static int make_dir(const char *dir)
{
    char path[PATH_MAX];
    char *slash;

    if (strlen(dir) >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(path, dir);
    for (slash = strchr(path + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST) {
            return -1;
        }
        *slash = '/';
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

/* Writes a file beside @path and puts it in place. */
static int write_file(const char *path, const char *text)
{
    char temp[PATH_MAX + 8];
    int fd, saved;
    bool ok;

    snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
    fd = mkstemp(temp);
    if (fd < 0) {
        return -1;
    }
    ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temp, path) < 0) {
        saved = errno;
        unlink(temp);
        errno = saved;
        return -1;
    }
    return 0;
}

int ai_cache_put(const char *dir, const char *model,
                 const struct inf_chat_message *messages, unsigned count,
                 const char *reply)
{
    char path[PATH_MAX];
    char *text;
    int ret;

    if (!make_path(dir, model, messages, count, path) || make_dir(dir) < 0) {
        return -1;
    }
    text = print(model, messages, count, reply);
    ret = text != NULL ? write_file(path, text) : -1;
    cJSON_free(text);
    return ret;
}
