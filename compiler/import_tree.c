/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Importing device trees: names, and pieces of what is written. */
#include "compiler/import_tree.h"

#include <string.h>

#define MAX_STEM 100        /* bytes of a name, a number behind it fits */

struct pdl_item *imt_item(struct pcc_import *imp, enum pdl_item_kind kind,
                          const char *name)
{
    return pcc_import_need(imp, pdl_item_new(imp->arena, kind, name));
}

struct pdl_expr *imt_number(struct pcc_import *imp, uint64_t value)
{
    return pcc_import_need(imp, pdl_expr_number(imp->arena, value, 16));
}

const char *imt_plain(struct pcc_import *imp, const char *text)
{
    char *name = pcc_import_printf(imp, "%.*s", MAX_STEM, text);
    char *p;

    for (p = name; *p; p++) {
        bool digit = *p >= '0' && *p <= '9';
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');

        if (!letter && (!digit || p == name)) {
            *p = '_';
        }
    }
    return *name ? name : "_";
}

void **imt_lookup(struct imt *im, struct imt_map *map, const char *key)
{
    uint32_t hash = 2166136261u;
    struct imt_entry **at;
    const char *p;

    for (p = key; *p; p++) {
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    }
    for (at = &map->bucket[hash % IMT_BUCKETS]; *at; at = &(*at)->next) {
        if (strcmp((*at)->key, key) == 0) {
            return &(*at)->value;
        }
    }
    *at = PCC_IMPORT_NEW(im->imp, struct imt_entry);
    (*at)->key = key;
    return &(*at)->value;
}

/* The entry of @stem counts the names made of it: no search from 2 on. */
static const char *unique(struct imt *im, struct imt_map *map,
                          const char *stem)
{
    uintptr_t *count = (uintptr_t *)imt_lookup(im, map, stem);
    const char *name = stem;

    while (*imt_lookup(im, map, name)) {
        name = pcc_import_printf(im->imp, "%s_%u", stem,
                                 (unsigned)++*count);
    }
    *imt_lookup(im, map, name) = (void *)1;
    return name;
}

const char *imt_name(struct imt *im, const char *stem)
{
    return unique(im, &im->locals, stem);
}

const char *imt_global(struct imt *im, const char *stem)
{
    return unique(im, &im->globals, stem);
}

const struct pcc_tnode *imt_alias(struct imt *im, const char *name)
{
    const struct pcc_tnode *aliases;
    const struct pcc_tprop *p;

    if (*name == '/') {
        return pcc_tree_path(im->tree, name);
    }
    aliases = pcc_tree_find_child(im->tree->root, "aliases");
    p = aliases ? pcc_tree_get(aliases, name) : NULL;
    return p && p->size && !p->value[p->size - 1] ?
           pcc_tree_path(im->tree, (const char *)p->value) : NULL;
}
