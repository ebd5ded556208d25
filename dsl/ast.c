/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the tree's constants, and building trees by program. */
#include "dsl/ast.h"

#include <string.h>


static const char *const policy_words[PDL_POLICY_COUNT] = {
    [PDL_POLICY_NONE] = "",
    [PDL_POLICY_RW] = "rw", [PDL_POLICY_RO] = "ro", [PDL_POLICY_WO] = "wo",
    [PDL_POLICY_RC] = "rc", [PDL_POLICY_RS] = "rs",
    [PDL_POLICY_WCLR] = "wclr", [PDL_POLICY_WSET] = "wset",
    [PDL_POLICY_W1C] = "w1c", [PDL_POLICY_W1S] = "w1s",
    [PDL_POLICY_W1T] = "w1t", [PDL_POLICY_W0C] = "w0c",
    [PDL_POLICY_W0S] = "w0s", [PDL_POLICY_W0T] = "w0t",
    [PDL_POLICY_ONCE] = "once", [PDL_POLICY_PULSE] = "pulse",
    [PDL_POLICY_STICKY] = "sticky", [PDL_POLICY_UNIMPL] = "unimpl",
};

static const char *const verb_words[PDL_VERB_COUNT] = {
    [PDL_VERB_NONE] = "",
    [PDL_VERB_SETS] = "sets", [PDL_VERB_CLEARS] = "clears",
    [PDL_VERB_TOGGLES] = "toggles", [PDL_VERB_MIRRORS] = "mirrors",
    [PDL_VERB_POPS] = "pops", [PDL_VERB_PUSHES] = "pushes",
    [PDL_VERB_FEEDS] = "feeds", [PDL_VERB_RESETS] = "resets",
};

static const char *const event_words[PDL_EVENT_COUNT] = {
    [PDL_EVENT_READ] = "read", [PDL_EVENT_WRITE] = "write",
    [PDL_EVENT_CHANGE] = "change", [PDL_EVENT_SET] = "set",
    [PDL_EVENT_CLEAR] = "clear", [PDL_EVENT_RISE] = "rise",
    [PDL_EVENT_FALL] = "fall", [PDL_EVENT_EXPIRE] = "expire",
    [PDL_EVENT_MATCH] = "match", [PDL_EVENT_PUSH] = "push",
    [PDL_EVENT_POP] = "pop", [PDL_EVENT_OVERFLOW] = "overflow",
    [PDL_EVENT_UNLOCK] = "unlock", [PDL_EVENT_FAULT] = "fault",
    [PDL_EVENT_RESET] = "reset",
};

static const char *const note_words[] = {
    [PDL_NOTE_INFERRED] = "inferred",
    [PDL_NOTE_IMPORTED] = "imported",
    [PDL_NOTE_WAIVE] = "waive",
    [PDL_NOTE_ID] = "id",
};

static const char *const op_words[PDL_OP_COUNT] = {
    [PDL_OP_NONE] = "",
    [PDL_OP_OROR] = "||", [PDL_OP_ANDAND] = "&&",
    [PDL_OP_EQ] = "==", [PDL_OP_NE] = "!=", [PDL_OP_LT] = "<",
    [PDL_OP_GT] = ">", [PDL_OP_LE] = "<=", [PDL_OP_GE] = ">=",
    [PDL_OP_OR] = "|", [PDL_OP_XOR] = "^", [PDL_OP_AND] = "&",
    [PDL_OP_SHL] = "<<", [PDL_OP_SHR] = ">>",
    [PDL_OP_ADD] = "+", [PDL_OP_SUB] = "-", [PDL_OP_MUL] = "*",
    [PDL_OP_DIV] = "/", [PDL_OP_MOD] = "%",
    [PDL_OP_LNOT] = "!", [PDL_OP_NOT] = "~", [PDL_OP_NEG] = "-",
};

static const char *const assign_words[PDL_ASSIGN_COUNT] = {
    [PDL_ASSIGN_SET] = "=",
    [PDL_ASSIGN_ADD] = "+=", [PDL_ASSIGN_SUB] = "-=",
    [PDL_ASSIGN_MUL] = "*=", [PDL_ASSIGN_DIV] = "/=",
    [PDL_ASSIGN_MOD] = "%=", [PDL_ASSIGN_AND] = "&=",
    [PDL_ASSIGN_OR] = "|=", [PDL_ASSIGN_XOR] = "^=",
    [PDL_ASSIGN_SHL] = "<<=", [PDL_ASSIGN_SHR] = ">>=",
};

static const char *const item_words[PDL_ITEM_COUNT] = {
    [PDL_ITEM_IMPORT] = "import", [PDL_ITEM_CONST] = "constant",
    [PDL_ITEM_ENUM] = "enumeration", [PDL_ITEM_TEMPLATE] = "template",
    [PDL_ITEM_DEVICE] = "device", [PDL_ITEM_BOARD] = "board",
    [PDL_ITEM_EXTEND] = "extension",
    [PDL_ITEM_EXTEND_REG] = "register extension",
    [PDL_ITEM_SETTING] = "setting", [PDL_ITEM_VAR] = "variable",
    [PDL_ITEM_FIFO] = "fifo", [PDL_ITEM_TIMER] = "timer",
    [PDL_ITEM_LINE] = "line", [PDL_ITEM_LOCK] = "lock",
    [PDL_ITEM_DOMAIN] = "reset domain", [PDL_ITEM_REG] = "register",
    [PDL_ITEM_GROUP] = "group", [PDL_ITEM_WINDOW] = "window",
    [PDL_ITEM_MEM] = "memory block", [PDL_ITEM_RULE] = "rule",
    [PDL_ITEM_DERIVE] = "derived value", [PDL_ITEM_COND] = "condition",
    [PDL_ITEM_IS] = "use of a template", [PDL_ITEM_DROP] = "drop",
    [PDL_ITEM_MEMORY] = "memory", [PDL_ITEM_LOAD] = "image",
    [PDL_ITEM_INSTANCE] = "instance", [PDL_ITEM_NATIVE] = "native device",
    [PDL_ITEM_BUS] = "bus", [PDL_ITEM_WIRE] = "wire",
    [PDL_ITEM_DT] = "device tree part", [PDL_ITEM_FIELD] = "field",
};

const char *pdl_policy_word(enum pdl_policy policy)
{
    return policy_words[policy];
}

const char *pdl_verb_word(enum pdl_verb verb)
{
    return verb_words[verb];
}

const char *pdl_event_word(enum pdl_event_kind event)
{
    return event_words[event];
}

const char *pdl_note_word(enum pdl_note_kind note)
{
    return note_words[note];
}

const char *pdl_op_word(enum pdl_op op)
{
    return op_words[op];
}

const char *pdl_assign_word(enum pdl_assign op)
{
    return assign_words[op];
}

const char *pdl_item_word(enum pdl_item_kind kind)
{
    return item_words[kind];
}

static int find_word(const char *const *words, int count, const char *word)
{
    int i;

    for (i = 0; i < count && strcmp(words[i], word) != 0; i++) {
    }
    return i;
}

enum pdl_policy pdl_policy_find(const char *word)
{
    int i = find_word(policy_words, PDL_POLICY_COUNT, word);

    return i < PDL_POLICY_COUNT ? (enum pdl_policy)i : PDL_POLICY_NONE;
}

enum pdl_verb pdl_verb_find(const char *word)
{
    int i = find_word(verb_words, PDL_VERB_COUNT, word);

    return i < PDL_VERB_COUNT ? (enum pdl_verb)i : PDL_VERB_NONE;
}

enum pdl_event_kind pdl_event_find(const char *word)
{
    return (enum pdl_event_kind)find_word(event_words, PDL_EVENT_COUNT, word);
}

bool pdl_note_find(const char *word, enum pdl_note_kind *out)
{
    size_t i;

    for (i = 0; i < sizeof(note_words) / sizeof(note_words[0]); i++) {
        if (strcmp(note_words[i], word) == 0) {
            *out = (enum pdl_note_kind)i;
            return true;
        }
    }
    return false;
}

/* ---- building ---- */

struct pdl_item *pdl_item_new(struct pdl_arena *arena,
                              enum pdl_item_kind kind, const char *name)
{
    struct pdl_item *item = PDL_NEW(arena, struct pdl_item);

    if (!item) {
        return NULL;
    }
    item->kind = kind;
    if (name) {
        item->name.text = pdl_arena_strdup(arena, name);
        if (!item->name.text) {
            return NULL;
        }
    }
    return item;
}

static struct pdl_expr *expr_new(struct pdl_arena *arena,
                                 enum pdl_expr_kind kind)
{
    struct pdl_expr *expr = PDL_NEW(arena, struct pdl_expr);

    if (expr) {
        expr->kind = kind;
        expr->height = 1;
    }
    return expr;
}

struct pdl_expr *pdl_expr_number(struct pdl_arena *arena, uint64_t value,
                                 unsigned base)
{
    struct pdl_expr *expr = expr_new(arena, PDL_EXPR_NUMBER);

    if (expr) {
        expr->u.number.value = value;
        expr->u.number.base = base;
    }
    return expr;
}

struct pdl_expr *pdl_expr_string(struct pdl_arena *arena, const char *text)
{
    struct pdl_expr *expr = text ? expr_new(arena, PDL_EXPR_STRING) : NULL;

    if (!expr) {
        return NULL;
    }
    expr->u.string.bytes = pdl_arena_strdup(arena, text);
    expr->u.string.len = strlen(text);
    return expr->u.string.bytes ? expr : NULL;
}

struct pdl_ref *pdl_ref_new(struct pdl_arena *arena, const char *path)
{
    struct pdl_ref *ref = path ? PDL_NEW(arena, struct pdl_ref) : NULL;
    struct pdl_part **end;

    if (!ref) {
        return NULL;
    }
    end = &ref->parts;
    for (;;) {
        size_t len = strcspn(path, ".");
        struct pdl_part *part = PDL_NEW(arena, struct pdl_part);

        if (!part) {
            return NULL;
        }
        part->kind = PDL_PART_NAME;
        part->name.text = pdl_arena_copy(arena, path, len);
        if (!part->name.text) {
            return NULL;
        }
        *end = part;
        end = &part->next;
        if (!path[len]) {
            return ref;
        }
        path += len + 1;
    }
}

struct pdl_expr *pdl_expr_ref(struct pdl_arena *arena, const char *path)
{
    struct pdl_ref *ref = pdl_ref_new(arena, path);
    struct pdl_expr *expr = ref ? expr_new(arena, PDL_EXPR_REF) : NULL;

    if (expr) {
        expr->u.ref = ref;
    }
    return expr;
}

struct pdl_expr *pdl_expr_unary(struct pdl_arena *arena, enum pdl_op op,
                                struct pdl_expr *a)
{
    struct pdl_expr *expr = a ? expr_new(arena, PDL_EXPR_UNARY) : NULL;

    if (expr) {
        expr->u.op.op = op;
        expr->u.op.a = a;
        expr->height = a->height + 1;
    }
    return expr;
}

struct pdl_expr *pdl_expr_binary(struct pdl_arena *arena, enum pdl_op op,
                                 struct pdl_expr *a, struct pdl_expr *b)
{
    struct pdl_expr *expr = a && b ? expr_new(arena, PDL_EXPR_BINARY) : NULL;

    if (expr) {
        expr->u.op.op = op;
        expr->u.op.a = a;
        expr->u.op.b = b;
        expr->height = (a->height > b->height ? a->height : b->height) + 1;
    }
    return expr;
}

struct pdl_arg *pdl_arg_new(struct pdl_arena *arena, const char *name,
                            struct pdl_expr *value)
{
    struct pdl_arg *arg = value ? PDL_NEW(arena, struct pdl_arg) : NULL;

    if (!arg) {
        return NULL;
    }
    arg->value = value;
    if (name) {
        arg->name.text = pdl_arena_strdup(arena, name);
        if (!arg->name.text) {
            return NULL;
        }
    }
    return arg;
}

struct pdl_attr *pdl_attr_policy(struct pdl_arena *arena,
                                 enum pdl_policy policy)
{
    struct pdl_attr *attr = PDL_NEW(arena, struct pdl_attr);

    if (attr) {
        attr->kind = PDL_ATTR_POLICY;
        attr->policy = policy;
    }
    return attr;
}

struct pdl_attr *pdl_attr_verb(struct pdl_arena *arena, enum pdl_verb verb,
                               struct pdl_ref *ref)
{
    struct pdl_attr *attr = ref ? PDL_NEW(arena, struct pdl_attr) : NULL;

    if (attr) {
        attr->kind = PDL_ATTR_VERB;
        attr->verb = verb;
        attr->ref = ref;
    }
    return attr;
}

struct pdl_attr *pdl_attr_expr(struct pdl_arena *arena,
                               enum pdl_attr_kind kind, struct pdl_expr *expr)
{
    struct pdl_attr *attr = expr ? PDL_NEW(arena, struct pdl_attr) : NULL;

    if (attr) {
        attr->kind = kind;
        attr->expr = expr;
    }
    return attr;
}

struct pdl_note *pdl_note_inferred(struct pdl_arena *arena, const char *by,
                                   unsigned confidence, const char *evidence)
{
    struct pdl_note *note = PDL_NEW(arena, struct pdl_note);
    struct pdl_arg *args[3] = { NULL, NULL, NULL };

    args[0] = pdl_arg_new(arena, NULL, pdl_expr_ref(arena, by));
    args[1] = pdl_arg_new(arena, NULL,
                          pdl_expr_number(arena, confidence, 10));
    if (evidence) {
        args[2] = pdl_arg_new(arena, NULL, pdl_expr_string(arena, evidence));
    }
    if (!note || !args[0] || !args[1] || (evidence && !args[2])) {
        return NULL;
    }
    args[0]->next = args[1];
    args[1]->next = args[2];
    note->kind = PDL_NOTE_INFERRED;
    note->args = args[0];
    return note;
}

void pdl_body_add(struct pdl_body *body, struct pdl_item *item)
{
    if (!item) {
        return;
    }
    if (body->last) {
        body->last->next = item;
    } else {
        body->first = item;
    }
    body->last = item;
    body->count++;
}

void pdl_item_add_attr(struct pdl_item *item, struct pdl_attr *attr)
{
    struct pdl_attr **end = &item->attrs;

    while (*end) {
        end = &(*end)->next;
    }
    *end = attr;
}

struct pdl_body *pdl_item_body(struct pdl_item *item)
{
    switch (item->kind) {
    case PDL_ITEM_TEMPLATE:
    case PDL_ITEM_DEVICE:
    case PDL_ITEM_BOARD:
        return &item->u.typed.body;
    case PDL_ITEM_EXTEND:
    case PDL_ITEM_EXTEND_REG:
        return &item->u.extend.body;
    case PDL_ITEM_TIMER:
        return &item->u.timer.body;
    case PDL_ITEM_LOCK:
        return &item->u.lock.body;
    case PDL_ITEM_REG:
        return &item->u.reg.body;
    case PDL_ITEM_GROUP:
        return &item->u.group.body;
    case PDL_ITEM_COND:
        return &item->u.cond.then;
    case PDL_ITEM_INSTANCE:
    case PDL_ITEM_NATIVE:
        return &item->u.instance.body;
    case PDL_ITEM_BUS:
        return &item->u.bus.body;
    default:
        return NULL;
    }
}
