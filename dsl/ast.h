/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syntax tree: what was written, in the order it was written, with no
 * meaning added. All nodes live in an arena; lists are linked by `next`.
 * A NULL pointer, or a name whose text is NULL, means "not written".
 * A tree may be partial after errors: only whole items are in it.
 */
#ifndef PDL_AST_H
#define PDL_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dsl/arena.h"
#include "dsl/source.h"

struct pdl_expr;
struct pdl_item;
struct pdl_unit;

/* ---- names, strings, references ---- */

/* Text without back quotes, NUL-terminated, UTF-8. */
struct pdl_name {
    const char *text;
    struct pdl_span span;
};

/* Decoded bytes; `bytes[len]` is NUL and there is none before it. */
struct pdl_string {
    const char *bytes;
    size_t len;
    struct pdl_span span;
};

enum pdl_part_kind {
    PDL_PART_NAME,      /* first part, or .name */
    PDL_PART_INDEX,     /* [first] */
    PDL_PART_RANGE,     /* [first..last] */
};

struct pdl_part {
    struct pdl_part *next;
    enum pdl_part_kind kind;
    struct pdl_span span;       /* without the dot; with the brackets */
    struct pdl_name name;
    struct pdl_expr *first;
    struct pdl_expr *last;
};

/* a.b[1].c[0..3]; the first part is always a name. */
struct pdl_ref {
    struct pdl_ref *next;       /* in lists: drop, domain */
    struct pdl_span span;
    struct pdl_part *parts;
};

/* ---- expressions ---- */

enum pdl_unit_kind {
    PDL_UNIT_NONE,
    PDL_UNIT_NS,        /* a time; value in nanoseconds */
    PDL_UNIT_HZ,        /* a frequency; value in hertz */
    PDL_UNIT_READS,     /* a number of reads of the device */
};

/*
 * An integer or a quantity. `value` is scaled (128K = 131072; 100us = 100000).
 * `text` is the spelling in the source, or NULL in a node built by a program;
 * `base` (2, 10, 16) then says how to print it.
 */
struct pdl_number {
    uint64_t value;
    enum pdl_unit_kind unit;
    unsigned base;
    const char *text;
    struct pdl_span span;
};

enum pdl_expr_kind {
    PDL_EXPR_NUMBER,
    PDL_EXPR_STRING,    /* only as setting value, argument, note argument */
    PDL_EXPR_REF,
    PDL_EXPR_CALL,
    PDL_EXPR_UNARY,
    PDL_EXPR_BINARY,
    PDL_EXPR_COND,      /* a ? b : c */
};

enum pdl_op {
    PDL_OP_NONE,
    PDL_OP_OROR, PDL_OP_ANDAND,
    PDL_OP_EQ, PDL_OP_NE, PDL_OP_LT, PDL_OP_GT, PDL_OP_LE, PDL_OP_GE,
    PDL_OP_OR, PDL_OP_XOR, PDL_OP_AND,
    PDL_OP_SHL, PDL_OP_SHR,
    PDL_OP_ADD, PDL_OP_SUB, PDL_OP_MUL, PDL_OP_DIV, PDL_OP_MOD,
    PDL_OP_LNOT, PDL_OP_NOT, PDL_OP_NEG,    /* ! ~ - */
    PDL_OP_COUNT
};

/* An argument: `value` or `name = value`. */
struct pdl_arg {
    struct pdl_arg *next;
    struct pdl_span span;
    struct pdl_name name;
    struct pdl_expr *value;
};

struct pdl_call {
    struct pdl_name name;
    struct pdl_arg *args;
};

struct pdl_expr {
    struct pdl_expr *next;      /* in lists */
    enum pdl_expr_kind kind;
    struct pdl_span span;       /* with the parentheses around it */
    unsigned parens;            /* pairs of parentheses written around it */
    unsigned height;            /* 1 for a leaf; <= PDL_MAX_EXPR_DEPTH */
    union {
        struct pdl_number number;
        struct pdl_string string;
        struct pdl_ref *ref;
        struct pdl_call call;
        struct {
            enum pdl_op op;
            struct pdl_expr *a;
            struct pdl_expr *b;     /* NULL for unary */
        } op;
        struct {
            struct pdl_expr *test;
            struct pdl_expr *yes;
            struct pdl_expr *no;
        } cond;
    } u;
};

/* ---- pieces of declarations ---- */

enum pdl_note_kind {
    PDL_NOTE_INFERRED,  /* @inferred(by, confidence, "evidence", sum = 0x...) */
    PDL_NOTE_IMPORTED,  /* @imported(from = "...", NAME = "...", ...) */
    PDL_NOTE_WAIVE,     /* @waive(check, ...) */
    PDL_NOTE_ID,        /* @id: the reset value tells what the block is */
};

/* Its span covers the @word and the parentheses, if any. */
struct pdl_note {
    struct pdl_note *next;
    enum pdl_note_kind kind;
    struct pdl_span span;
    struct pdl_arg *args;
};

enum pdl_policy {
    PDL_POLICY_NONE,
    PDL_POLICY_RW, PDL_POLICY_RO, PDL_POLICY_WO,
    PDL_POLICY_RC, PDL_POLICY_RS, PDL_POLICY_WCLR, PDL_POLICY_WSET,
    PDL_POLICY_W1C, PDL_POLICY_W1S, PDL_POLICY_W1T,
    PDL_POLICY_W0C, PDL_POLICY_W0S, PDL_POLICY_W0T,
    PDL_POLICY_ONCE, PDL_POLICY_PULSE, PDL_POLICY_STICKY, PDL_POLICY_UNIMPL,
    PDL_POLICY_COUNT
};

enum pdl_verb {
    PDL_VERB_NONE,
    PDL_VERB_SETS, PDL_VERB_CLEARS, PDL_VERB_TOGGLES, PDL_VERB_MIRRORS,
    PDL_VERB_POPS, PDL_VERB_PUSHES, PDL_VERB_FEEDS, PDL_VERB_RESETS,
    PDL_VERB_COUNT
};

enum pdl_attr_kind {
    PDL_ATTR_POLICY,    /* ro, w1c, sticky, ... */
    PDL_ATTR_VERB,      /* pops rx */
    PDL_ATTR_WHEN,      /* when expr */
    PDL_ATTR_NEEDS,     /* needs expr */
    PDL_ATTR_KNOWN,     /* known expr */
};

struct pdl_attr {
    struct pdl_attr *next;
    enum pdl_attr_kind kind;
    struct pdl_span span;
    enum pdl_policy policy;
    enum pdl_verb verb;
    struct pdl_ref *ref;        /* of a verb */
    struct pdl_expr *expr;      /* of when, needs and known */
};

enum pdl_init_kind {
    PDL_INIT_NONE,
    PDL_INIT_VALUE,     /* = expr */
    PDL_INIT_LIST,      /* = { expr, ... } */
    PDL_INIT_DERIVED,   /* := expr */
    PDL_INIT_HOLD,      /* hold := expr */
};

struct pdl_init {
    enum pdl_init_kind kind;
    struct pdl_span span;
    struct pdl_expr *value;     /* the first of several for a list */
};

/* [8] or [i: 8] */
struct pdl_dim {
    struct pdl_span span;
    struct pdl_name index;
    struct pdl_expr *count;
};

/* [5] or [0..7]; `last` is NULL for a single bit. */
struct pdl_bits {
    struct pdl_span span;
    struct pdl_expr *first;
    struct pdl_expr *last;
};

struct pdl_eval {
    struct pdl_eval *next;
    struct pdl_span span;
    struct pdl_name name;
    struct pdl_expr *value;
    struct pdl_string text;
};

/* { A = 0 "desc", B = 1 } */
struct pdl_evals {
    struct pdl_span span;       /* file 0 or begin == end: not written */
    struct pdl_eval *first;
    bool trailing_comma;
};

/* `name` or `name(args)`: a template, device or block that is used. */
struct pdl_use {
    struct pdl_use *next;
    struct pdl_span span;
    struct pdl_name name;
    struct pdl_arg *args;
    bool has_args;              /* parentheses written */
};

struct pdl_formal {
    struct pdl_formal *next;
    struct pdl_span span;
    struct pdl_name name;
    struct pdl_expr *value;     /* default, or NULL */
};

/* { ... } of declarations, register items or settings. */
struct pdl_body {
    struct pdl_span span;       /* with the braces */
    struct pdl_item *first;
    struct pdl_item *last;
    unsigned count;
};

/* ---- rules ---- */

enum pdl_event_kind {
    PDL_EVENT_READ, PDL_EVENT_WRITE, PDL_EVENT_CHANGE, PDL_EVENT_SET,
    PDL_EVENT_CLEAR, PDL_EVENT_RISE, PDL_EVENT_FALL, PDL_EVENT_EXPIRE,
    PDL_EVENT_MATCH, PDL_EVENT_PUSH, PDL_EVENT_POP, PDL_EVENT_OVERFLOW,
    PDL_EVENT_UNLOCK, PDL_EVENT_FAULT, PDL_EVENT_RESET,
    PDL_EVENT_COUNT
};

struct pdl_event {
    struct pdl_event *next;
    enum pdl_event_kind kind;
    struct pdl_span span;
    struct pdl_ref *ref;        /* NULL: the register the rule stands in */
};

enum pdl_assign {
    PDL_ASSIGN_SET,             /* = */
    PDL_ASSIGN_ADD, PDL_ASSIGN_SUB, PDL_ASSIGN_MUL, PDL_ASSIGN_DIV,
    PDL_ASSIGN_MOD, PDL_ASSIGN_AND, PDL_ASSIGN_OR, PDL_ASSIGN_XOR,
    PDL_ASSIGN_SHL, PDL_ASSIGN_SHR,
    PDL_ASSIGN_COUNT
};

enum pdl_stmt_kind {
    PDL_STMT_ASSIGN,    /* ref op= expr; */
    PDL_STMT_CALL,      /* call; */
    PDL_STMT_AFTER,     /* after expr block */
    PDL_STMT_COPY,      /* copy(args) block */
    PDL_STMT_IF,
};

struct pdl_stmt;

struct pdl_block {
    struct pdl_span span;       /* with the braces */
    struct pdl_stmt *first;
    struct pdl_stmt *last;
    unsigned count;
};

struct pdl_stmt {
    struct pdl_stmt *next;
    enum pdl_stmt_kind kind;
    struct pdl_span span;
    union {
        struct {
            struct pdl_ref *target;
            enum pdl_assign op;
            struct pdl_expr *value;
        } assign;
        struct pdl_call call;
        struct {
            struct pdl_expr *delay;
            struct pdl_block block;
        } after;
        struct {
            struct pdl_arg *args;
            struct pdl_block block;
        } copy;
        struct {
            struct pdl_expr *test;
            struct pdl_block then;
            struct pdl_block *otherwise;    /* else { ... } */
            struct pdl_stmt *else_if;       /* else if ... */
            unsigned chain;                 /* links from here on, >= 1 */
        } branch;
    } u;
};

/* ---- wires ---- */

/* "text", or ref with operands: gic.spi 0 level_high */
struct pdl_target {
    struct pdl_target *next;
    struct pdl_span span;
    struct pdl_string text;     /* bytes NULL when it is a ref */
    struct pdl_ref *ref;
    struct pdl_expr *operands;  /* numbers, and refs of one name */
};

/* ---- device tree ---- */

enum pdl_dt_cell_kind {
    PDL_DT_CELL_INT,
    PDL_DT_CELL_EXPR,   /* (expr) */
    PDL_DT_CELL_LABEL,  /* &name */
    PDL_DT_CELL_PATH,   /* &"/path" */
};

struct pdl_dt_cell {
    struct pdl_dt_cell *next;
    enum pdl_dt_cell_kind kind;
    struct pdl_span span;
    struct pdl_expr *value;     /* INT and EXPR */
    struct pdl_name label;
    struct pdl_string path;
};

enum pdl_dt_value_kind {
    PDL_DT_STRING,
    PDL_DT_CELLS,       /* < ... > */
    PDL_DT_BYTES,       /* [ ... ] */
    PDL_DT_LABEL,       /* &name */
};

struct pdl_dt_value {
    struct pdl_dt_value *next;
    enum pdl_dt_value_kind kind;
    struct pdl_span span;
    struct pdl_string string;
    struct pdl_dt_cell *cells;  /* of CELLS, and INT cells of BYTES */
    struct pdl_name label;
};

enum pdl_dt_item_kind {
    PDL_DT_PROPERTY,
    PDL_DT_NODE,
    PDL_DT_DROP,
};

struct pdl_dt_item {
    struct pdl_dt_item *next;
    enum pdl_dt_item_kind kind;
    struct pdl_span span;
    struct pdl_string name;
    struct pdl_dt_value *values;    /* PROPERTY; NULL: an empty property */
    struct pdl_name label;          /* NODE: as name */
    struct pdl_dt_item *children;   /* NODE */
};

/* ---- items ---- */

enum pdl_item_kind {
    /* of files */
    PDL_ITEM_IMPORT,
    PDL_ITEM_CONST,
    PDL_ITEM_ENUM,
    PDL_ITEM_TEMPLATE,
    PDL_ITEM_DEVICE,
    PDL_ITEM_BOARD,
    PDL_ITEM_EXTEND,        /* extend ref { ... } */
    PDL_ITEM_EXTEND_REG,    /* extend reg ref { ... } */
    /* of bodies */
    PDL_ITEM_SETTING,
    PDL_ITEM_VAR,
    PDL_ITEM_FIFO,
    PDL_ITEM_TIMER,
    PDL_ITEM_LINE,
    PDL_ITEM_LOCK,
    PDL_ITEM_DOMAIN,
    PDL_ITEM_REG,
    PDL_ITEM_GROUP,
    PDL_ITEM_WINDOW,
    PDL_ITEM_MEM,
    PDL_ITEM_RULE,          /* also of registers */
    PDL_ITEM_DERIVE,        /* ref := expr; */
    PDL_ITEM_COND,
    PDL_ITEM_IS,
    PDL_ITEM_DROP,          /* also of registers */
    PDL_ITEM_MEMORY,
    PDL_ITEM_LOAD,
    PDL_ITEM_INSTANCE,
    PDL_ITEM_NATIVE,
    PDL_ITEM_BUS,
    PDL_ITEM_WIRE,
    PDL_ITEM_DT,
    /* of registers */
    PDL_ITEM_FIELD,
    PDL_ITEM_COUNT
};

enum pdl_fifo_end {
    PDL_FIFO_UNBOUND,
    PDL_FIFO_TO,
    PDL_FIFO_FROM,
};

enum pdl_line_dir {
    PDL_LINE_IN,
    PDL_LINE_OUT,
};

enum pdl_dt_place {
    PDL_DT_HERE,        /* dt { } */
    PDL_DT_PATH,        /* dt "/path" { } */
    PDL_DT_AT_LABEL,    /* dt &name { } */
};

/*
 * One declaration. `span` runs from its first note to its last byte (the `;`
 * or `}`), `body_span` starts behind the notes: replacing the bytes of `span`
 * replaces the whole item. `name` and `desc` are filled where the kind has
 * them; `attrs`, `init`, `dim` likewise.
 */
struct pdl_item {
    struct pdl_item *next;
    enum pdl_item_kind kind;
    struct pdl_span span;
    struct pdl_span body_span;
    struct pdl_note *notes;
    struct pdl_name name;
    struct pdl_string desc;         /* the STRING behind it */
    struct pdl_dim *dim;            /* array dimension, or NULL */
    struct pdl_attr *attrs;         /* in written order */
    struct pdl_init init;
    union {
        struct {
            struct pdl_string path;
            struct pdl_unit *unit;  /* NULL when it could not be read */
        } import;
        struct {
            struct pdl_expr *value;
        } constant;
        struct {
            struct pdl_evals evals;
        } enumeration;
        struct {                    /* TEMPLATE DEVICE BOARD */
            struct pdl_formal *formals;
            bool has_formals;       /* parentheses written */
            struct pdl_use *uses;   /* is a, b */
            struct pdl_body body;
        } typed;
        struct {                    /* EXTEND EXTEND_REG */
            struct pdl_ref *ref;
            bool has_body;          /* false: extend reg ref; */
            struct pdl_body body;
        } extend;
        struct {                    /* name: a, b;   or the flag   name; */
            struct pdl_expr *values;    /* NULL for a flag */
        } setting;
        struct {
            struct pdl_expr *width;     /* bits, or NULL */
        } var;
        struct {
            struct pdl_dim *depth;
            struct pdl_expr *width;     /* bits of one element, or NULL */
            enum pdl_fifo_end end;
            struct pdl_name peer;       /* console */
            struct pdl_expr *rate;      /* at: time per element, or NULL */
        } fifo;
        struct {                        /* settings only */
            bool has_body;
            struct pdl_body body;
        } timer;
        struct {
            enum pdl_line_dir dir;
        } line;
        struct {
            struct pdl_expr *keys;
            bool has_body;
            struct pdl_body body;       /* settings only */
        } lock;
        struct {
            struct pdl_ref *refs;
        } domain;
        struct {
            struct pdl_expr *offset;
            struct pdl_expr *stride;    /* +=, or NULL */
            struct pdl_expr *width;     /* bits, or NULL */
            bool has_body;
            struct pdl_body body;       /* FIELD, RULE, DROP */
        } reg;
        struct {
            bool reserved;              /* the word, not a name */
            struct pdl_bits bits;
            struct pdl_expr *stride;    /* of an array, or NULL */
            struct pdl_name of;         /* of name */
            struct pdl_evals evals;
            struct pdl_evals write_evals;
        } field;
        struct {
            struct pdl_expr *offset;
            struct pdl_expr *stride;
            struct pdl_body body;
        } group;
        struct {
            struct pdl_expr *offset;
            struct pdl_expr *size;      /* bytes */
            enum pdl_verb verb;
            struct pdl_ref *ref;
        } window;
        struct {
            struct pdl_expr *offset;
            struct pdl_expr *width;
        } mem;
        struct {
            struct pdl_event *events;
            struct pdl_expr *when;
            struct pdl_block block;
        } rule;
        struct {                        /* ref [hold] := init.value */
            struct pdl_ref *ref;
        } derive;
        struct {
            struct pdl_expr *test;
            struct pdl_body then;
            struct pdl_body *otherwise;     /* else { ... } */
            struct pdl_item *else_if;       /* another COND */
            unsigned chain;                 /* links from here on, >= 1 */
        } cond;
        struct {
            struct pdl_use *uses;
        } is;
        struct {
            struct pdl_ref *refs;
        } drop;
        struct {
            struct pdl_expr *base;
            struct pdl_expr *size;
        } memory;
        struct {
            struct pdl_string file;
            struct pdl_expr *base;      /* or NULL */
        } load;
        struct {                        /* INSTANCE NATIVE */
            struct pdl_use *use;        /* of an instance */
            struct pdl_string type;     /* of a native */
            struct pdl_expr *bases;
            bool has_body;
            struct pdl_body body;
        } instance;
        struct {
            struct pdl_expr *base;
            struct pdl_expr *size;
            struct pdl_body body;
        } bus;
        struct {
            struct pdl_ref *source;
            struct pdl_target *targets;
        } wire;
        struct {
            enum pdl_dt_place place;
            struct pdl_string path;
            struct pdl_name label;
            struct pdl_dt_item *items;
        } dt;
    } u;
};

/* One parsed file. */
struct pdl_unit {
    struct pdl_unit *next;      /* in a session: imported files come first */
    uint32_t file;
    struct pdl_number version;  /* periph N; */
    struct pdl_body items;      /* its span is the whole file */
    bool complete;              /* parsed without a syntax error */
};

/* ---- words ---- */

/* Spelling of a constant, and back (NONE or COUNT when it is no such word). */
const char *pdl_policy_word(enum pdl_policy policy);
const char *pdl_verb_word(enum pdl_verb verb);
const char *pdl_event_word(enum pdl_event_kind event);
const char *pdl_note_word(enum pdl_note_kind note);         /* "inferred" */
const char *pdl_op_word(enum pdl_op op);
const char *pdl_assign_word(enum pdl_assign op);            /* "+=" */
const char *pdl_item_word(enum pdl_item_kind kind);         /* "register" */
enum pdl_policy pdl_policy_find(const char *word);
enum pdl_verb pdl_verb_find(const char *word);
enum pdl_event_kind pdl_event_find(const char *word);
bool pdl_note_find(const char *word, enum pdl_note_kind *out);

/* ---- building, for importers and inference ---- */

/*
 * Each returns a zeroed node of the arena with its kind set, or NULL when out
 * of memory. Texts are copied. Inputs that are NULL make the result NULL, so
 * a chain of calls can be checked once.
 */
struct pdl_item *pdl_item_new(struct pdl_arena *arena,
                              enum pdl_item_kind kind, const char *name);
struct pdl_expr *pdl_expr_number(struct pdl_arena *arena, uint64_t value,
                                 unsigned base);
struct pdl_expr *pdl_expr_string(struct pdl_arena *arena, const char *text);
/* A reference by dotted path: "LSR.THRE". Each piece is taken as a name. */
struct pdl_expr *pdl_expr_ref(struct pdl_arena *arena, const char *path);
struct pdl_ref *pdl_ref_new(struct pdl_arena *arena, const char *path);
struct pdl_expr *pdl_expr_unary(struct pdl_arena *arena, enum pdl_op op,
                                struct pdl_expr *a);
struct pdl_expr *pdl_expr_binary(struct pdl_arena *arena, enum pdl_op op,
                                 struct pdl_expr *a, struct pdl_expr *b);
struct pdl_arg *pdl_arg_new(struct pdl_arena *arena, const char *name,
                            struct pdl_expr *value);
struct pdl_attr *pdl_attr_policy(struct pdl_arena *arena,
                                 enum pdl_policy policy);
struct pdl_attr *pdl_attr_verb(struct pdl_arena *arena, enum pdl_verb verb,
                               struct pdl_ref *ref);
struct pdl_attr *pdl_attr_expr(struct pdl_arena *arena,
                               enum pdl_attr_kind kind,
                               struct pdl_expr *expr);
/* @inferred(by, confidence, "evidence"); evidence may be NULL. */
struct pdl_note *pdl_note_inferred(struct pdl_arena *arena, const char *by,
                                   unsigned confidence,
                                   const char *evidence);

/* Appends an item to a body; NULL items are ignored. */
void pdl_body_add(struct pdl_body *body, struct pdl_item *item);
/* Appends to the list of attributes of an item. */
void pdl_item_add_attr(struct pdl_item *item, struct pdl_attr *attr);

/* ---- walking ---- */

/* The body of an item that has one, else NULL. */
struct pdl_body *pdl_item_body(struct pdl_item *item);

/*
 * Equality of what is said: spans, number spellings and redundant parentheses
 * do not count, order does.
 */
bool pdl_expr_equal(const struct pdl_expr *a, const struct pdl_expr *b);
bool pdl_item_equal(const struct pdl_item *a, const struct pdl_item *b);
bool pdl_unit_equal(const struct pdl_unit *a, const struct pdl_unit *b);

#endif
