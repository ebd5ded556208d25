/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading elements of an SVD document: children, texts, numbers, names. */
#include "compiler/import_svd.h"

#include <ctype.h>
#include <string.h>

#include "dsl/bounds.h"
#include "runtime/engine/table.h"

bool svd_is(const struct svd_node *node, const char *tag)
{
    return strcmp(node->name, tag) == 0;
}

const struct svd_node *svd_next(const struct svd_node *node, const char *tag)
{
    while (node && !svd_is(node, tag)) {
        node = node->next;
    }
    return node;
}

const struct svd_node *svd_own(const struct svd_node *node, const char *tag)
{
    return svd_next(node->children, tag);
}

/* ---- derivedFrom ---- */

/* Elements that only hold others. */
static bool is_wrapper(const struct svd_node *node)
{
    return svd_is(node, "peripherals") || svd_is(node, "registers") ||
           svd_is(node, "fields");
}

/* Whether the element's own name is the @len bytes at @name. */
static bool has_name(const struct svd_node *node, const char *name, size_t len)
{
    const struct svd_node *own = svd_own(node, "name");

    return own && strncmp(own->text, name, len) == 0 &&
           (!own->text[len] || own->text[len] == ' ');
}

static const struct svd_node *find_child(const struct svd_node *node,
                                         const char *name, size_t len,
                                         unsigned depth)
{
    const struct svd_node *child, *found = NULL;

    for (child = node->children; child && !found; child = child->next) {
        if (is_wrapper(child) && depth) {
            found = find_child(child, name, len, depth - 1);
        } else if (has_name(child, name, len)) {
            found = child;
        }
    }
    return found;
}

/* The element at dotted @path below @scope. */
static const struct svd_node *find_path(const struct svd_node *scope,
                                        const char *path)
{
    while (scope && *path) {
        size_t len = strcspn(path, ".");

        scope = find_child(scope, path, len, 1);
        path += len + (path[len] == '.');
    }
    return scope;
}

static const struct svd_node *find_base(struct svd *s,
                                        const struct svd_node *node)
{
    const struct svd_node *scope, *found = NULL;
    const char *path = node->derived_from;

    if (!path) {
        return NULL;
    }
    for (scope = node->parent; scope && !found; scope = scope->parent) {
        if (*path) {
            found = find_path(scope, path);
        }
        if (found == node || (found && !svd_is(found, node->name))) {
            found = NULL;
        }
    }
    if (!found) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_DERIVED, svd_span(s, node),
                     node->name, path, "is not there");
    }
    return found;
}

/* Looked for once. */
const struct svd_node *svd_base(struct svd *s, const struct svd_node *node)
{
    struct svd_node *keep = (struct svd_node *)node;

    if (!keep->base_known) {
        keep->base = find_base(s, node);
        keep->base_known = true;
    }
    return keep->base;
}

/* The base's base and so on, within the limit. */
static const struct svd_node *next_base(struct svd *s,
                                        const struct svd_node *node,
                                        unsigned *depth)
{
    if (++*depth > SVD_MAX_DERIVED) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_DERIVED, svd_span(s, node),
                     node->name, "others",
                     "is a circle, or more than 16 of them");
        return NULL;
    }
    return svd_base(s, node);
}

const struct svd_node *svd_get(struct svd *s, const struct svd_node *node,
                               const char *tag)
{
    const struct svd_node *found = svd_own(node, tag);
    unsigned depth = 0;

    while (!found && (node = next_base(s, node, &depth)) != NULL) {
        found = svd_own(node, tag);
    }
    return found;
}

const struct svd_node *svd_inherit(struct svd *s, const struct svd_at *at,
                           const char *tag)
{
    const struct svd_node *found = NULL;

    for (; at && !found; at = at->up) {
        found = svd_get(s, at->node, tag);
    }
    return found;
}

/* ---- texts and numbers ---- */

const char *svd_child_text(struct svd *s, const struct svd_node *node,
                           const char *tag)
{
    const struct svd_node *child = svd_get(s, node, tag);

    return child && *child->text ? child->text : NULL;
}

static unsigned digit(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0') :
           isxdigit((unsigned char)c) ?
           (unsigned)(tolower((unsigned char)c) - 'a') + 10 : 99;
}

static unsigned scale(const char *text)
{
    static const char letters[] = "kmgt";
    const char *at = *text ? strchr(letters, tolower((unsigned char)*text)) :
                     NULL;

    return at && !text[1] ? 10 * (unsigned)(at - letters + 1) : 0;
}

bool svd_parse_number(const char *text, uint64_t *value, uint64_t *care)
{
    unsigned base = 10, shift;
    uint64_t v = 0, c = UINT64_MAX;
    const char *first;

    text += *text == '+';
    if (*text == '#' || (*text == '0' && tolower((unsigned char)text[1]) ==
                         'b')) {
        base = 2;
        text += *text == '#' ? 1 : 2;
    } else if (*text == '0' && tolower((unsigned char)text[1]) == 'x') {
        base = 16;
        text += 2;
    }
    for (first = text; *text; text++) {
        bool any = base == 2 && tolower((unsigned char)*text) == 'x';
        unsigned d = any ? 0 : digit(*text);

        if (d >= base) {
            break;
        }
        if (v > (UINT64_MAX - d) / base) {
            return false;
        }
        v = v * base + d;
        c = base == 2 ? c << 1 | !any : c;
    }
    shift = scale(text);
    if (text == first || (*text && !shift) || (v && v << shift >> shift != v)) {
        return false;
    }
    *value = v << shift;
    *care = c;
    return true;
}

bool svd_number(struct svd *s, const struct svd_node *node, uint64_t *out)
{
    const char *text = node->text;
    uint64_t care;

    /* some say true and false where the schema has 1 and 0 */
    if (svd_parse_number(text, out, &care) && care == UINT64_MAX) {
        return true;
    }
    pdl_diag_add(s->imp->diags, PDL_D_SVD_NUMBER, svd_span(s, node),
                 node->name, text);
    return false;
}

uint64_t svd_child_number(struct svd *s, const struct svd_node *node,
                          const char *tag, uint64_t missing)
{
    const struct svd_node *child = svd_get(s, node, tag);
    uint64_t value;

    return child && svd_number(s, child, &value) ? value : missing;
}

struct pdl_span svd_span(struct svd *s, const struct svd_node *node)
{
    return pcc_import_line(s->imp, node->line);
}

const char *svd_path(struct svd *s, const struct svd_at *at,
                     const char *name)
{
    const char *path = name;

    for (; at && at->up; at = at->up) {
        const char *outer = svd_child_text(s, at->node, "name");

        path = pcc_import_printf(s->imp, "%s.%s", outer ? outer : "?", path);
    }
    return path;
}

/* ---- names ---- */

static size_t name_slot(const struct svd_names *names, const char *name)
{
    uint32_t h = 2166136261u;
    const char *p;
    size_t i;

    for (p = name; *p; p++) {
        h = (h ^ (uint8_t)*p) * 16777619u;
    }
    i = h & (names->size - 1);
    while (names->v[i] && strcmp(names->v[i], name) != 0) {
        i = (i + 1) & (names->size - 1);
    }
    return i;
}

static void grow_names(struct svd *s, struct svd_names *names)
{
    struct svd_names bigger = { .size = names->size ? names->size * 2 : 16 };
    size_t i;

    bigger.v = pcc_import_alloc(s->imp, bigger.size * sizeof(*bigger.v));
    for (i = 0; i < names->size; i++) {
        if (names->v[i]) {
            bigger.v[name_slot(&bigger, names->v[i])] = names->v[i];
        }
    }
    bigger.count = names->count;
    *names = bigger;
}

bool svd_take(struct svd *s, struct svd_names *names, const char *name)
{
    size_t i;

    if (names->count * 2 >= names->size) {
        grow_names(s, names);
    }
    i = name_slot(names, name);
    if (names->v[i]) {
        return false;
    }
    names->v[i] = name;
    names->count++;
    return true;
}

const char *svd_legal_name(struct svd *s, const char *name)
{
    size_t len = strlen(name), i;
    char *copy;

    if (len > PDL_MAX_NAME_BYTES - 12) {
        len = PDL_MAX_NAME_BYTES - 12;
        while (len && (name[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    copy = pcc_import_need(s->imp,
                           pdl_arena_copy(s->imp->arena, name, len));
    for (i = 0; i < len; i++) {
        if (copy[i] == '`' || (unsigned char)copy[i] < ' ' ||
            copy[i] == 0x7f) {
            copy[i] = '_';
        }
    }
    return copy;
}

const char *svd_unique(struct svd *s, struct svd_names *names,
                       const char *name, const struct svd_node *node)
{
    const char *legal = svd_legal_name(s, name), *tried = legal;
    unsigned k;

    for (k = 2; !svd_take(s, names, tried); k++) {
        /* far more of one name than any text has: count on from there */
        k = k > 64 ? k + (unsigned)names->count : k;
        tried = pcc_import_printf(s->imp, "%s_%u", legal, k);
    }
    if (strcmp(tried, name) != 0) {
        pdl_diag_add(s->imp->diags, PDL_D_SVD_NAME, svd_span(s, node), name,
                     tried);
    }
    return tried;
}

/* ---- dim ---- */

static void dim_problem(struct svd *s, const struct svd_node *node,
                        const char *name, const char *what)
{
    pdl_diag_add(s->imp->diags, PDL_D_SVD_DIM, svd_span(s, node), name,
                 what);
}

/* "0-3" or "A-D": name of element @k; NULL: no such range. */
static const char *range_element(struct svd *s, const char *text, uint32_t k)
{
    uint64_t first, care;
    size_t dash = strcspn(text, "-");
    const char *low;

    if (!text[dash] || !dash) {
        return NULL;
    }
    if (dash == 1 && isalpha((unsigned char)*text)) {
        return k < 26u && *text + (int)k <= 'z' ?
               pcc_import_printf(s->imp, "%c", *text + (int)k) : NULL;
    }
    low = pcc_import_need(s->imp, pdl_arena_copy(s->imp->arena, text, dash));
    if (!svd_parse_number(low, &first, &care)) {
        return NULL;
    }
    return pcc_import_printf(s->imp, "%llu",
                             (unsigned long long)(first + k));
}

/* "X,Y,Z": the names; fewer than wanted leave the others NULL. */
static void list_elements(struct svd *s, const char *text,
                          struct svd_dim *out)
{
    uint32_t k;

    for (k = 0; k < out->count && *text; k++) {
        size_t len = strcspn(text, ",");
        size_t used = len;

        while (used && text[used - 1] == ' ') {
            used--;
        }
        out->index[k] = pcc_import_need(s->imp, pdl_arena_copy(
            s->imp->arena, text, used));
        text += len + (text[len] == ',');
        text += strspn(text, " ");
    }
}

static void read_index(struct svd *s, const struct svd_node *node,
                       struct svd_dim *out)
{
    const char *text = svd_child_text(s, node, "dimIndex");
    bool short_list = false;
    uint32_t k;

    out->index = pcc_import_alloc(s->imp,
                                  out->count * sizeof(*out->index));
    if (text && strchr(text, ',')) {
        list_elements(s, text, out);
    }
    for (k = 0; k < out->count; k++) {
        if (!out->index[k] && text && !strchr(text, ',')) {
            out->index[k] = range_element(s, text, k);
        }
        if (!out->index[k]) {
            short_list = text != NULL;
            out->index[k] = pcc_import_printf(s->imp, "%u", (unsigned)k);
        }
    }
    if (short_list) {
        dim_problem(s, node, out->name, "dimIndex names fewer than dim");
    }
}

void svd_read_dim(struct svd *s, const struct svd_node *node, const char *name,
                  uint64_t unit, struct svd_dim *out)
{
    const struct svd_node *dim = svd_get(s, node, "dim");
    const char *mark = strstr(name, "%s");
    uint64_t count;

    memset(out, 0, sizeof(*out));
    out->name = name;
    if (mark && mark > name && mark[-1] == '[' && strcmp(mark, "%s]") == 0) {
        out->array = true;
        out->name = pcc_import_need(s->imp, pdl_arena_copy(
            s->imp->arena, name, (size_t)(mark - name - 1)));
    }
    if (!dim || !svd_number(s, dim, &count)) {
        if (mark) {
            dim_problem(s, node, name, "there is none for its %s");
        }
        out->array = false;
        return;
    }
    if (!count || count > PRT_MAX_REGS) {
        dim_problem(s, node, name, "not 1 to 65534: one element is taken");
        count = 1;
    }
    out->count = count;
    out->stride = svd_child_number(s, node, "dimIncrement", unit);
    if (!out->stride) {
        dim_problem(s, node, name, "dimIncrement is 0");
        out->stride = unit;
    }
    if (!mark) {
        dim_problem(s, node, name, "its name has no %s: taken as an array");
        out->array = true;
    }
    if (!out->array) {
        read_index(s, node, out);
    }
}

const char *svd_element(struct svd *s, const struct svd_dim *dim, uint32_t k)
{
    const char *mark = strstr(dim->name, "%s");

    if (!mark) {
        return dim->name;
    }
    return pcc_import_printf(s->imp, "%.*s%s%s", (int)(mark - dim->name),
                             dim->name, dim->count ? dim->index[k] : "",
                             mark + 2);
}
