/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/daemon/priors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256u << 20)

static const char *const kinds[] = {
    [INF_PRIOR_TREE] = "device tree", [INF_PRIOR_SVD] = "SVD file",
    [INF_PRIOR_BOARD] = "board",
};

bool pdm_prior_add(struct pdm_prior_line *line, const char *path, bool image)
{
    if (line->count == PDM_MAX_PRIORS) {
        return false;
    }
    line->files[line->count].path = path;
    line->files[line->count++].image = image;
    return true;
}

/* A file whole, malloc'ed; NULL with errno set. */
static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rbe");
    char *bytes = NULL;
    long length;

    if (f == NULL) {
        return NULL;
    }
    if (fseek(f, 0, SEEK_END) == 0 && (length = ftell(f)) >= 0 &&
        fseek(f, 0, SEEK_SET) == 0) {
        if ((unsigned long)length > FILE_MAX) {
            errno = EFBIG;
        } else {
            bytes = malloc((size_t)length + 1);
            *size = bytes != NULL ? fread(bytes, 1, (size_t)length, f) : 0;
        }
    }
    fclose(f);
    return bytes;
}

/* False: the program cannot go on as it was told to. */
static bool add(struct inf_priors *priors, const char *path, bool image)
{
    struct pdl_strbuf why = PDL_STRBUF_INIT;
    size_t size = 0;
    void *bytes = read_file(path, &size);
    int ret;

    if (bytes == NULL) {
        fprintf(stderr, "periphd: %s: %s\n", path, strerror(errno));
        return image;
    }
    ret = inf_priors_add(priors, path, bytes, size, image, &why);
    if (ret < 0) {
        fprintf(stderr, "periphd: %s%s: %s\n%s", image ? "warning: " : "",
                path, image ? "the device tree in it is not used" :
                "it cannot be used as a prior", pdl_strbuf_str(&why));
    }
    pdl_strbuf_dispose(&why);
    free(bytes);
    return ret >= 0 || image;
}

int pdm_priors_setup(const struct pdm_prior_line *line,
                     struct pdm_options *options)
{
    const char *dirs[PDM_MAX_IMPORT_DIRS + 1] = { options->board };
    unsigned i, pass;

    if (line->off) {
        return 0;
    }
    /* Blocks beside the board come first, as they do in its imports. */
    memcpy(&dirs[1], options->import_dirs,
           options->import_dir_count * sizeof(dirs[0]));
    options->priors = inf_priors_new(dirs, options->import_dir_count + 1);
    if (options->priors == NULL) {
        fprintf(stderr, "periphd: out of memory\n");
        return -1;
    }
    /* What a person gave stands before what images carry. */
    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < line->count; i++) {
            if (line->files[i].image == (pass == 1) &&
                !add(options->priors, line->files[i].path, pass == 1)) {
                return -1;
            }
        }
    }
    if (line->count > 0) {
        inf_priors_library(options->priors);    /* not while a guest waits */
    }
    return 0;
}

void pdm_priors_results(const struct pdm *d, cJSON *root)
{
    cJSON *array = cJSON_AddArrayToObject(root, "priors");
    struct inf_prior_info info;
    unsigned i;

    for (i = 0; d->options.priors != NULL &&
                inf_priors_info(d->options.priors, i, &info); i++) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "file", info.source);
        cJSON_AddStringToObject(o, "kind", kinds[info.kind]);
        cJSON_AddStringToObject(o, "from", info.found ? "image" : "given");
        cJSON_AddNumberToObject(o, "answers", info.answers);
        cJSON_AddItemToArray(array, o);
    }
}
