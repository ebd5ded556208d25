/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a board names: images and base trees. */
#include "compiler/emit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, R_OK) == 0;
}

/* The folder of the source file that an item stands in. */
static const char *own_folder(struct pcc_emit *e,
                              const struct pcc_origin *origin)
{
    const char *name = pdl_source_name(e->sources, origin->span.file);
    const char *slash = name ? strrchr(name, '/') : NULL;
    const char *dir;

    if (!slash) {
        return ".";
    }
    dir = pdl_arena_copy(e->arena, name, slash == name ? 1 : slash - name);
    return dir ? dir : ".";
}

static const char *try_folder(struct pcc_emit *e, const char *dir,
                              const char *path)
{
    const char *full = *path == '/' ? path :
        pdl_arena_printf(e->arena, "%s/%s", dir, path);
    char *real;
    const char *copy;

    if (!full || !is_file(full)) {
        return NULL;
    }
    real = realpath(full, NULL);
    if (!real) {
        return NULL;
    }
    copy = pdl_arena_strdup(e->arena, real);
    free(real);
    return copy;
}

static void note_found(struct pcc_emit *e, const char *path)
{
    struct pcc_found *f;

    for (f = e->found; f; f = f->next) {
        if (strcmp(f->path, path) == 0) {
            return;
        }
    }
    f = PDL_NEW(e->arena, struct pcc_found);
    if (f) {
        f->path = path;
        f->next = e->found;
        e->found = f;
    }
}

const char *pcc_emit_find_file(struct pcc_emit *e,
                               const struct pcc_origin *origin,
                               const char *path)
{
    const struct pcc_emit_options *o = e->opts;
    const char *found = NULL;
    size_t i;

    for (i = 0; i < o->load_dir_count && !found; i++) {
        found = try_folder(e, o->load_dirs[i], path);
    }
    if (!found) {
        found = try_folder(e, own_folder(e, origin), path);
    }
    if (found) {
        note_found(e, found);
    }
    return found;
}

void pcc_emit_missing(struct pcc_emit *e, const struct pcc_origin *origin,
                      const char *path)
{
    const struct pcc_emit_options *o = e->opts;
    const char *package = e->model->board->package;
    struct pdl_span nowhere = { 0, 0, 0 };
    const char *own = own_folder(e, origin);
    bool own_named = *path == '/';
    struct pdl_diag *d;
    size_t i;

    d = pdl_diag_add(e->diags, PDL_D_IMAGE_NOT_FOUND, origin->span, path);
    for (i = 0; i < o->load_dir_count && *path != '/'; i++) {
        pdl_diag_note(d, nowhere, "looked in %s", o->load_dirs[i]);
        own_named = own_named || strcmp(o->load_dirs[i], own) == 0;
    }
    if (!own_named) {
        pdl_diag_note(d, nowhere, "looked in %s", own);
    }
    if (package) {
        pdl_diag_note(d, nowhere, "the board's images come from package %s",
                      package);
    }
}
