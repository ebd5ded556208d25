/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An index of the library's blocks by `compatible` and by `@id`. */
#include "compiler/library.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "compiler/model.h"
#include "dsl/arena.h"

#define SUFFIX ".periph"

struct entry {
    struct entry *next;
    struct pcc_ip block;
};

struct broken {
    struct broken *next;
    const char *path;
};

struct pcc_library {
    struct pdl_arena *arena;
    struct entry *first, **last;
    struct broken *first_broken, **last_broken;
};

char *pcc_library_dir(void)
{
    static const char *const places[] = {
        "../share/periph/dsl", "../../dsl", "../../../dsl",
    };
    char self[PATH_MAX], path[PATH_MAX + 32];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;
    size_t i;

    if (len <= 0) {
        return NULL;
    }
    self[len] = '\0';
    slash = strrchr(self, '/');
    *slash = '\0';
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s/lib", self, places[i]);
        if (access(path, R_OK | X_OK) == 0) {
            path[strlen(path) - strlen("/lib")] = '\0';
            return realpath(path, NULL);
        }
    }
    return NULL;
}

/* ---- a block from a model; false: out of memory ---- */

static bool copy_compatible(struct pdl_arena *arena,
                            const struct pcc_device *d, struct pcc_ip *b)
{
    const char **list = pdl_arena_alloc(arena,
                                        d->compatible_count * sizeof(*list));
    size_t i;

    for (i = 0; list && i < d->compatible_count; i++) {
        list[i] = pdl_arena_strdup(arena, d->compatible[i]);
        if (!list[i]) {
            return false;
        }
    }
    b->compatible = list;
    b->compatible_count = d->compatible_count;
    return list != NULL;
}

static bool copy_ids(struct pdl_arena *arena, const struct pcc_device *d,
                     struct pcc_ip *b)
{
    struct pcc_id *ids = pdl_arena_alloc(arena, d->reg_count * sizeof(*ids));
    size_t i;

    for (i = 0; ids && i < d->reg_count; i++) {
        const struct pcc_reg *r = &d->regs[i];

        if (r->id) {
            ids[b->id_count].offset = r->offset;
            ids[b->id_count].mask = r->id;
            ids[b->id_count++].value = r->reset & r->id;
        }
    }
    b->ids = ids;
    return ids != NULL;
}

/* A copy of a string that may be NULL; false: out of memory. */
static bool copy_text(struct pdl_arena *arena, const char *text,
                      const char **out)
{
    *out = text ? pdl_arena_strdup(arena, text) : NULL;
    return !text || *out;
}

static bool add_block(struct pcc_library *lib, const struct pcc_device *d)
{
    struct entry *e = PDL_NEW(lib->arena, struct entry);

    if (!e || !copy_text(lib->arena, d->name, &e->block.device) ||
        !copy_text(lib->arena, d->text, &e->block.text) ||
        !copy_text(lib->arena, d->dt_class, &e->block.dt_class) ||
        !copy_compatible(lib->arena, d, &e->block) ||
        !copy_ids(lib->arena, d, &e->block)) {
        return false;
    }
    e->block.import = pdl_arena_printf(lib->arena, "lib/%s" SUFFIX, d->name);
    e->block.size = d->size;
    *lib->last = e;
    lib->last = &e->next;
    return e->block.import != NULL;
}

static bool add_broken(struct pcc_library *lib, const char *path)
{
    struct broken *b = PDL_NEW(lib->arena, struct broken);

    if (!b || !copy_text(lib->arena, path, &b->path)) {
        return false;
    }
    *lib->last_broken = b;
    lib->last_broken = &b->next;
    return true;
}

/* ---- files ---- */

static bool is_known(const struct pcc_library *lib, const char *device)
{
    const struct entry *e = lib->first;

    while (e && strcmp(e->block.device, device) != 0) {
        e = e->next;
    }
    return e != NULL;
}

/* Compiles DIR/lib/NAME.periph and takes the device of its name. */
static int read_file(struct pcc_library *lib, const struct pcc_options *opts,
                     const char *dir, const char *name)
{
    const struct pcc_device *d;
    struct pcc *s = pcc_new(opts);
    char path[PATH_MAX];
    int err = s ? PCC_OK : PCC_ERR_NOMEM;
    bool good = true;

    snprintf(path, sizeof(path), "%s/lib/%s" SUFFIX, dir, name);
    err = err ? err : pcc_add_file(s, path);
    err = err ? err : pcc_compile(s);
    if (!err) {
        d = pcc_find_device(pcc_get_model(s), name);
        good = !d || add_block(lib, d);
    } else if (err != PCC_ERR_NOMEM) {
        good = add_broken(lib, path);
        err = PCC_OK;
    }
    pcc_free(s);
    return good ? err : PCC_ERR_NOMEM;
}

static int has_suffix(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
           strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int read_folder(struct pcc_library *lib,
                       const struct pcc_options *opts, const char *dir)
{
    char path[PATH_MAX];
    struct dirent **names;
    int n, i, err = PCC_OK;

    snprintf(path, sizeof(path), "%s/lib", dir);
    n = scandir(path, &names, has_suffix, alphasort);
    for (i = 0; i < n; i++) {
        names[i]->d_name[strlen(names[i]->d_name) - strlen(SUFFIX)] = '\0';
        if (!err && !is_known(lib, names[i]->d_name)) {
            err = read_file(lib, opts, dir, names[i]->d_name);
        }
        free(names[i]);
    }
    if (n >= 0) {
        free(names);
    }
    return err;
}

int pcc_library_open(const char *const *dirs, size_t dir_count,
                     struct pcc_library **out)
{
    struct pcc_options opts = {
        .import_dirs = dirs, .import_dir_count = dir_count,
    };
    struct pcc_library *lib = calloc(1, sizeof(*lib));
    int err = lib ? PCC_OK : PCC_ERR_NOMEM;
    size_t i;

    *out = NULL;
    if (!err) {
        lib->last = &lib->first;
        lib->last_broken = &lib->first_broken;
        lib->arena = pdl_arena_new();
        err = lib->arena ? PCC_OK : PCC_ERR_NOMEM;
    }
    for (i = 0; !err && i < dir_count; i++) {
        err = read_folder(lib, &opts, dirs[i]);
    }
    if (err) {
        pcc_library_free(lib);
        return err;
    }
    *out = lib;
    return PCC_OK;
}

void pcc_library_free(struct pcc_library *lib)
{
    if (lib) {
        pdl_arena_free(lib->arena);
        free(lib);
    }
}

/* ---- questions ---- */

const struct pcc_ip *pcc_library_block(const struct pcc_library *lib,
                                       size_t i)
{
    const struct entry *e = lib->first;

    while (e && i--) {
        e = e->next;
    }
    return e ? &e->block : NULL;
}

const char *pcc_library_broken(const struct pcc_library *lib, size_t i)
{
    const struct broken *b = lib->first_broken;

    while (b && i--) {
        b = b->next;
    }
    return b ? b->path : NULL;
}

static bool has_compatible(const struct pcc_ip *b, const char *string)
{
    size_t i;

    for (i = 0; i < b->compatible_count; i++) {
        if (strcmp(b->compatible[i], string) == 0) {
            return true;
        }
    }
    return false;
}

const struct pcc_ip *pcc_library_compatible(const struct pcc_library *lib,
                                            const char *const *compatible,
                                            size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const struct entry *e, *found = NULL;
        unsigned n = 0;

        for (e = lib->first; e; e = e->next) {
            if (has_compatible(&e->block, compatible[i])) {
                found = e;
                n++;
            }
        }
        if (n == 1) {
            return &found->block;
        }
    }
    return NULL;
}

/* Bits of the block's ids that @seen confirms; 0 when it contradicts. */
static unsigned confirmed(const struct pcc_ip *b,
                          const struct pcc_id *seen, size_t count)
{
    unsigned bits = 0;
    size_t i, k;

    for (i = 0; i < b->id_count; i++) {
        for (k = 0; k < count; k++) {
            uint64_t both = b->ids[i].mask & seen[k].mask;

            if (b->ids[i].offset != seen[k].offset) {
                continue;
            }
            if ((b->ids[i].value ^ seen[k].value) & both) {
                return 0;
            }
            bits += (unsigned)__builtin_popcountll(both);
        }
    }
    return bits;
}

const struct pcc_ip *pcc_library_identify(const struct pcc_library *lib,
                                          const struct pcc_id *seen,
                                          size_t count)
{
    const struct pcc_ip *best = NULL;
    const struct entry *e;
    unsigned best_bits = 0;

    for (e = lib->first; e; e = e->next) {
        unsigned bits = confirmed(&e->block, seen, count);

        if (bits > best_bits) {
            best = &e->block;
            best_bits = bits;
        } else if (bits == best_bits) {
            best = NULL;
        }
    }
    return best;
}
