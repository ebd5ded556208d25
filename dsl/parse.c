/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions, and the way from a file to its tree. */
#include "dsl/parse.h"

#include <stdlib.h>
#include <string.h>

#include "dsl/parse_priv.h"
#include "dsl/readfile.h"

struct pdl_session {
    struct pdl_arena *arena;
    struct pdl_sources *sources;
    struct pdl_diags *diags;
    struct pdl_unit *units;
    struct pdl_unit *last_unit;
    uint32_t open[PDL_MAX_IMPORT_DEPTH];    /* files being parsed */
    unsigned depth;
};

struct pdl_session *pdl_session_new(void)
{
    struct pdl_session *session = calloc(1, sizeof(*session));

    if (!session) {
        return NULL;
    }
    session->arena = pdl_arena_new();
    session->sources = pdl_sources_new();
    session->diags = pdl_diags_new();
    if (!session->arena || !session->sources || !session->diags) {
        pdl_session_free(session);
        return NULL;
    }
    return session;
}

void pdl_session_free(struct pdl_session *session)
{
    if (session) {
        pdl_diags_free(session->diags);
        pdl_sources_free(session->sources);
        pdl_arena_free(session->arena);
        free(session);
    }
}

struct pdl_arena *pdl_session_arena(struct pdl_session *session)
{
    return session->arena;
}

struct pdl_sources *pdl_session_sources(struct pdl_session *session)
{
    return session->sources;
}

struct pdl_diags *pdl_session_diags(struct pdl_session *session)
{
    return session->diags;
}

struct pdl_unit *pdl_session_units(struct pdl_session *session)
{
    return session->units;
}

/* ---- tokens for the grammar ---- */

/* Room for the largest node: what pdl_parser_alloc hands out at the end. */
#define SPARE_BYTES (sizeof(struct pdl_item) + sizeof(struct pdl_stmt))

static bool is_one_of(int kind, const char *characters)
{
    return kind > 0 && kind < 128 && strchr(characters, kind);
}

/* Reports brackets that nest too deep. False: do not parse. */
static bool check_nesting(struct pdl_parser *p)
{
    unsigned depth = 0;
    size_t i;

    for (i = 0; i < p->tokens.count; i++) {
        const struct pdl_token *token = &p->tokens.items[i];

        if (is_one_of(token->kind, "([{")) {
            depth++;
        } else if (is_one_of(token->kind, ")]}") && depth) {
            depth--;
        }
        if (depth > PDL_MAX_NESTING) {
            pdl_diag_add(p->diags, PDL_D_NESTING_TOO_DEEP,
                         (struct pdl_span){ p->file, token->begin,
                                            token->end },
                         PDL_MAX_NESTING);
            return false;
        }
    }
    return true;
}

/* Scans p->text into p->tokens, without the comments. */
static int load_tokens(struct pdl_parser *p)
{
    size_t i, kept = 0;
    int status;

    status = pdl_scan(p->text, p->len, p->file, p->diags, &p->tokens);
    if (status == PDL_ERR_NOMEM) {
        return status;
    }
    pdl_source_keep_tokens(p->session->sources, p->file, &p->tokens);
    for (i = 0; i < p->tokens.count; i++) {
        int kind = p->tokens.items[i].kind;

        if (kind != PDL_TOKEN_LINE_COMMENT &&
            kind != PDL_TOKEN_BLOCK_COMMENT) {
            p->tokens.items[kept++] = p->tokens.items[i];
        }
    }
    p->tokens.count = kept;
    p->is_list = calloc(kept + 1, sizeof(*p->is_list));
    return p->is_list ? PDL_OK : PDL_ERR_NOMEM;
}

/* A file without "periph 1;" in front: reported once, read all the same. */
static void report_version(struct pdl_parser *p)
{
    struct pdl_span begin = { p->file, 0, 0 };

    if (p->tokens.count) {
        begin.begin = begin.end = p->tokens.items[0].begin;
    }
    pdl_diag_fix(pdl_diag_add(p->diags, PDL_D_MISSING_VERSION, begin), begin,
                 "periph 1;\n");
    p->start = T_START_ITEMS;
}

/* Runs the grammar over p->text. Returns 0, SYNTAX or NOMEM. */
static int run(struct pdl_parser *p)
{
    size_t errors = pdl_diags_errors(p->diags);
    int status;

    p->max_errors = errors + PDL_MAX_DIAGS;
    p->spare = calloc(1, SPARE_BYTES);
    if (!p->spare) {
        return PDL_ERR_NOMEM;
    }
    status = load_tokens(p);
    if (p->start == T_START_FILE &&
        (!p->tokens.count || p->tokens.items[0].kind != T_PERIPH)) {
        report_version(p);
    }
    if (status == PDL_OK && check_nesting(p) && pdl_yyparse(p) == 2 &&
        pdl_diags_errors(p->diags) == errors) {
        p->oom = true;
    }
    if (p->oom) {
        status = PDL_ERR_NOMEM;
    }
    if (status == PDL_OK && pdl_diags_errors(p->diags) > errors) {
        status = PDL_ERR_SYNTAX;
    }
    pdl_diags_sort(p->diags);
    pdl_tokens_dispose(&p->tokens);
    free(p->is_list);
    free(p->spare);
    return status;
}

static void init_parser(struct pdl_parser *p, struct pdl_session *session,
                        uint32_t file, int start, struct pdl_unit *unit)
{
    size_t len;

    memset(p, 0, sizeof(*p));
    p->session = session;
    p->arena = session->arena;
    p->diags = session->diags;
    p->file = file;
    p->text = pdl_source_text(session->sources, file, &len);
    p->len = (uint32_t)len;
    p->start = start;
    p->unit = unit;
}

/* ---- files and imports ---- */

static struct pdl_unit *find_unit(struct pdl_session *session, uint32_t file)
{
    struct pdl_unit *unit = session->units;

    while (unit && unit->file != file) {
        unit = unit->next;
    }
    return unit;
}

static bool is_open(const struct pdl_session *session, uint32_t file)
{
    unsigned i;

    for (i = 0; i < session->depth; i++) {
        if (session->open[i] == file) {
            return true;
        }
    }
    return false;
}

/* A diagnostic for a file that could not be opened. */
static int report_open(struct pdl_session *session, int status,
                       struct pdl_span where, const char *path)
{
    switch (status) {
    case PDL_ERR_NOMEM:
        return status;
    case PDL_ERR_NOT_FOUND:
        pdl_diag_add(session->diags, PDL_D_IMPORT_NOT_FOUND, where, path);
        break;
    case PDL_ERR_TOO_BIG:
        if (pdl_sources_count(session->sources) >= PDL_MAX_FILES) {
            pdl_diag_add(session->diags, PDL_D_TOO_MANY_FILES, where,
                         PDL_MAX_FILES);
        } else {
            pdl_diag_add(session->diags, PDL_D_FILE_TOO_BIG, where,
                         PDL_MAX_FILE_BYTES);
        }
        break;
    default:
        pdl_diag_add(session->diags, PDL_D_FILE_UNREADABLE, where, path,
                     pdl_read_strerror(PDL_ERR_IO));
        break;
    }
    return PDL_ERR_SYNTAX;
}

static int parse_source(struct pdl_session *session, uint32_t file,
                        struct pdl_unit **out);

/* Parses what an import names and links it. Returns 0, SYNTAX or NOMEM. */
static int follow_import(struct pdl_session *session, struct pdl_item *item)
{
    struct pdl_string *path = &item->u.import.path;
    uint32_t file;
    int status;

    status = pdl_sources_import(session->sources, path->span.file,
                                path->bytes, &file);
    if (status) {
        return report_open(session, status, path->span, path->bytes);
    }
    if (is_open(session, file)) {
        pdl_diag_add(session->diags, PDL_D_IMPORT_CYCLE, path->span,
                     path->bytes);
        return PDL_ERR_SYNTAX;
    }
    item->u.import.unit = find_unit(session, file);
    if (item->u.import.unit) {
        return PDL_OK;
    }
    if (session->depth == PDL_MAX_IMPORT_DEPTH) {
        pdl_diag_add(session->diags, PDL_D_IMPORT_TOO_DEEP, path->span,
                     PDL_MAX_IMPORT_DEPTH);
        return PDL_ERR_SYNTAX;
    }
    return parse_source(session, file, &item->u.import.unit);
}

static int follow_imports(struct pdl_session *session, struct pdl_unit *unit)
{
    struct pdl_item *item;
    int status, result = PDL_OK;

    for (item = unit->items.first; item; item = item->next) {
        if (item->kind != PDL_ITEM_IMPORT) {
            continue;
        }
        status = follow_import(session, item);
        if (status == PDL_ERR_NOMEM) {
            return status;
        }
        result = status ? status : result;
    }
    return result;
}

static void check_version(struct pdl_session *session, struct pdl_unit *unit)
{
    const struct pdl_number *version = &unit->version;

    if (version->text && (version->value != 1 || version->unit)) {
        pdl_diag_add(session->diags, PDL_D_BAD_VERSION, version->span,
                     version->text);
    }
}

static struct pdl_unit *new_unit(struct pdl_session *session, uint32_t file)
{
    struct pdl_unit *unit = PDL_NEW(session->arena, struct pdl_unit);
    size_t len;

    if (unit) {
        pdl_source_text(session->sources, file, &len);
        unit->file = file;
        unit->items.span = (struct pdl_span){ file, 0, (uint32_t)len };
    }
    return unit;
}

static void add_unit(struct pdl_session *session, struct pdl_unit *unit)
{
    if (session->last_unit) {
        session->last_unit->next = unit;
    } else {
        session->units = unit;
    }
    session->last_unit = unit;
}

/* Parses one file of the set, and what it imports. */
static int parse_source(struct pdl_session *session, uint32_t file,
                        struct pdl_unit **out)
{
    struct pdl_unit *unit = new_unit(session, file);
    struct pdl_parser parser;
    int status, imports;

    if (!unit) {
        return PDL_ERR_NOMEM;
    }
    init_parser(&parser, session, file, T_START_FILE, unit);
    status = run(&parser);
    if (status == PDL_ERR_NOMEM) {
        return status;
    }
    unit->complete = status == PDL_OK;
    unit->items.span = (struct pdl_span){ file, 0, parser.len };
    check_version(session, unit);
    session->open[session->depth++] = file;
    imports = follow_imports(session, unit);
    session->depth--;
    if (imports == PDL_ERR_NOMEM) {
        return imports;
    }
    add_unit(session, unit);
    *out = unit;
    return status ? status : imports;
}

int pdl_parse_file(struct pdl_session *session, const char *path,
                   struct pdl_unit **out)
{
    static const struct pdl_span nowhere;
    size_t errors = pdl_diags_errors(session->diags);
    uint32_t file;
    int status;

    *out = NULL;
    status = pdl_sources_open(session->sources, path, &file);
    if (status) {
        return report_open(session, status, nowhere, path);
    }
    *out = find_unit(session, file);
    if (*out) {
        return PDL_OK;
    }
    status = parse_source(session, file, out);
    if (status == PDL_OK && pdl_diags_errors(session->diags) > errors) {
        status = PDL_ERR_SYNTAX;
    }
    return status;
}

int pdl_parse_buffer(struct pdl_session *session, const char *name,
                     const char *bytes, size_t len, struct pdl_unit **out)
{
    static const struct pdl_span nowhere;
    size_t errors = pdl_diags_errors(session->diags);
    uint32_t file;
    int status;

    *out = NULL;
    status = pdl_sources_add_memory(session->sources, name, bytes, len,
                                    &file);
    if (status) {
        return report_open(session, status, nowhere, name);
    }
    status = parse_source(session, file, out);
    if (status == PDL_OK && pdl_diags_errors(session->diags) > errors) {
        status = PDL_ERR_SYNTAX;
    }
    return status;
}

/* Parses bytes with another start of the grammar, and no imports. */
static int parse_piece(struct pdl_session *session, const char *name,
                       const char *bytes, size_t len,
                       struct pdl_parser *parser, struct pdl_unit **out)
{
    static const struct pdl_span nowhere;
    int start = parser->start, status;
    struct pdl_unit *unit;
    uint32_t file;

    status = pdl_sources_add_memory(session->sources, name, bytes, len,
                                    &file);
    if (status) {
        return report_open(session, status, nowhere, name);
    }
    unit = new_unit(session, file);
    if (!unit) {
        return PDL_ERR_NOMEM;
    }
    init_parser(parser, session, file, start, unit);
    status = run(parser);
    unit->complete = status == PDL_OK;
    unit->items.span = (struct pdl_span){ file, 0, parser->len };
    if (status != PDL_ERR_NOMEM) {
        *out = unit;
    }
    return status;
}

int pdl_parse_fragment(struct pdl_session *session, enum pdl_fragment kind,
                       const char *name, const char *bytes, size_t len,
                       struct pdl_unit **out)
{
    struct pdl_parser parser;

    *out = NULL;
    parser.start = kind == PDL_FRAGMENT_FILE ? T_START_ITEMS
                   : kind == PDL_FRAGMENT_BODY ? T_START_BODY
                                               : T_START_REGISTER;
    return parse_piece(session, name, bytes, len, &parser, out);
}

int pdl_parse_expr(struct pdl_session *session, const char *name,
                   const char *bytes, size_t len, struct pdl_expr **out)
{
    struct pdl_parser parser;
    struct pdl_unit *unit = NULL;
    int status;

    *out = NULL;
    parser.start = T_START_EXPR;
    status = parse_piece(session, name, bytes, len, &parser, &unit);
    if (status == PDL_OK) {
        *out = parser.expr;
    }
    return status;
}
