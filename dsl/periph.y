/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grammar of .periph files. It says what can be written, not what it means;
 * dsl/SPEC.md numbers its rules. Every word but `if`, `else`, `when`, `after`
 * and `hold` is a name where it cannot be anything else.
 *
 * Recovery: on an error the driver (parse.c) skips to the end of the item the
 * error stands in and hands out T_ITEM_END, which only `error` rules take.
 */
%define api.pure full
%define api.prefix {pdl_yy}
%define api.location.type {struct pdl_span}
%define parse.lac full
%define parse.error custom
%locations
%expect 0
%param {struct pdl_parser *p}

%code requires {
#include "dsl/ast.h"

struct pdl_parser;
}

%code {
#include "dsl/parse_priv.h"

static void pdl_yyerror(const struct pdl_span *where, struct pdl_parser *p,
                        const char *message);

/* The span of a rule leaves out empty parts at both its ends. */
#define YYLLOC_DEFAULT(result, rhs, count) \
    ((result) = join_locations((rhs), (count)))

static struct pdl_span join_locations(const struct pdl_span *rhs, int count)
{
    struct pdl_span span = rhs[0];
    int first = 1, last = count;

    while (first <= count && rhs[first].begin == rhs[first].end) {
        first++;
    }
    while (last > first && rhs[last].begin == rhs[last].end) {
        last--;
    }
    if (first > count) {
        span.begin = span.end;
        return span;
    }
    span = rhs[first];
    span.end = rhs[last].end;
    return span;
}

static const struct pdl_name NO_NAME;
static const struct pdl_evals NO_EVALS;
}

%union {
    struct pdl_name name;
    struct pdl_string string;
    struct pdl_number number;
    struct pdl_ref *ref;
    struct pdl_expr *expr;
    struct pdl_arg *arg;
    struct pdl_call call;
    struct pdl_note *note;
    struct pdl_attr *attr;
    struct pdl_dim *dim;
    struct pdl_eval *eval;
    struct pdl_evals eval_list;
    struct pdl_use *use;
    struct pdl_formal *formal;
    struct pdl_body body;
    struct pdl_event *event;
    struct pdl_stmt *stmt;
    struct pdl_block block;
    struct pdl_target *target;
    struct pdl_dt_item *dt_item;
    struct pdl_dt_value *dt_value;
    struct pdl_dt_cell *dt_cell;
    struct pdl_item *item;
    struct pdl_init init;
    struct pdl_bits bits;
    enum pdl_policy policy;
    enum pdl_verb verb;
    enum pdl_assign assign;
    enum pdl_item_kind item_kind;
    struct { struct pdl_part *first, *last; } parts;
    struct { struct pdl_ref *first, *last; } refs;
    struct { struct pdl_expr *first, *last; } exprs;
    struct { struct pdl_arg *first, *last; } args;
    struct { struct pdl_note *first, *last; } notes;
    struct { struct pdl_eval *first, *last; } evals;
    struct { struct pdl_use *first, *last; bool written; } uses;
    struct { struct pdl_formal *first, *last; bool written; } formals;
    struct { struct pdl_event *first, *last; } events;
    struct { struct pdl_target *first, *last; } targets;
    struct { struct pdl_dt_item *first, *last; } dt_items;
    struct { struct pdl_dt_value *first, *last; } dt_values;
    struct { struct pdl_dt_cell *first, *last; } dt_cells;
    struct { enum pdl_fifo_end end; struct pdl_name peer;
             struct pdl_expr *rate; } fifo_end;
    struct { bool written; struct pdl_body body; } opt_body;
    struct { struct pdl_name of; struct pdl_evals evals, write_evals; } fenum;
    struct { struct pdl_attr *first, *last; } attrs;
}

/* Pseudo tokens of the driver. */
%token T_START_FILE T_START_ITEMS T_START_BODY T_START_REGISTER T_START_EXPR
%token T_ITEM_END "end of item" T_EARLY_END "end of file"

%token <name> T_NAME "name"
%token <name> T_ATWORD "@note"
%token <number> T_INT "number"
%token <string> T_STRING "string"

/* Words that are never names. */
%token T_IF "if" T_ELSE "else" T_WHEN "when" T_AFTER "after"
    T_HOLD "hold"

/* Words that are names elsewhere: keep in step with words[] of scan.c. */
%token <name>
    T_PERIPH "periph" T_IMPORT "import" T_CONST "const" T_ENUM "enum"
    T_TEMPLATE "template" T_DEVICE "device" T_BOARD "board"
    T_EXTEND "extend" T_IS "is"
    T_VAR "var" T_FIFO "fifo" T_TIMER "timer" T_LINE "line" T_LOCK "lock"
    T_DOMAIN "domain" T_REG "reg" T_GROUP "group" T_WINDOW "window"
    T_MEM "mem" T_ON "on" T_DROP "drop" T_MEMORY "memory" T_LOAD "load"
    T_INSTANCE "instance" T_NATIVE "native" T_BUS "bus" T_DT "dt"
    T_NODE "node" T_AS "as" T_TO "to" T_FROM "from" T_AT "at" T_IN "in"
    T_OUT "out" T_OF "of" T_NEEDS "needs"
    T_RW "rw" T_RO "ro" T_WO "wo" T_RC "rc" T_RS "rs"
    T_WCLR "wclr" T_WSET "wset" T_W1C "w1c" T_W1S "w1s" T_W1T "w1t"
    T_W0C "w0c" T_W0S "w0s" T_W0T "w0t" T_ONCE "once" T_PULSE "pulse"
    T_STICKY "sticky" T_UNIMPL "unimpl"
    T_SETS "sets" T_CLEARS "clears" T_TOGGLES "toggles" T_MIRRORS "mirrors"
    T_POPS "pops" T_PUSHES "pushes" T_FEEDS "feeds" T_RESETS "resets"

%token T_DERIVE ":=" T_ARROW "->" T_RANGE ".."
%token T_ADD_SET "+=" T_SUB_SET "-=" T_MUL_SET "*=" T_DIV_SET "/="
    T_MOD_SET "%=" T_AND_SET "&=" T_OR_SET "|=" T_XOR_SET "^="
    T_SHL_SET "<<=" T_SHR_SET ">>="
%token T_OROR "||" T_ANDAND "&&" T_EQ "==" T_NE "!=" T_LE "<=" T_GE ">="
    T_SHL "<<" T_SHR ">>"

/* Loosest first. & ^ | bind tighter than comparisons. */
%right '?' ':'
%left T_OROR
%left T_ANDAND
%nonassoc T_EQ T_NE '<' '>' T_LE T_GE
%left '|'
%left '^'
%left '&'
%left T_SHL T_SHR
%left '+' '-'
%left '*' '/' '%'
%precedence UNARY

%type <name> name soft_word opt_as
%type <item> file_item top_item typed decl decl_core state reg reg_item
    reg_item_core field group mem window cond rule board_decl instance wire
    dt extend setting_item
%type <item_kind> typed_word
%type <notes> notes
%type <note> note
%type <args> args arg_list
%type <arg> arg
%type <expr> expr value opt_width opt_stride opt_when opt_at opt_base
%type <exprs> exprs values operands
%type <ref> ref
%type <refs> refs
%type <parts> parts
%type <call> call
%type <dim> dim opt_dim
%type <bits> bits
%type <attrs> attrs
%type <attr> attr
%type <policy> policy
%type <verb> verb
%type <init> opt_init
%type <string> opt_string
%type <evals> evals
%type <eval_list> eval_list
%type <eval> eval
%type <fenum> fenum
%type <uses> uses opt_is
%type <use> use
%type <formals> formals formal_list
%type <formal> formal
%type <body> body body_items reg_items settings file_items setting_items
%type <opt_body> reg_end opt_body opt_settings
%type <events> events
%type <event> event
%type <block> block stmts
%type <stmt> stmt branch
%type <assign> assign
%type <targets> targets
%type <target> target
%type <fifo_end> fifo_end
%type <dt_items> dt_items dt_body
%type <dt_item> dt_item
%type <dt_values> dt_values
%type <dt_value> dt_value
%type <dt_cells> dt_cells dt_bytes
%type <dt_cell> dt_cell

%%

start:
    T_START_FILE version file_items     { p->unit->items = $3; }
|   T_START_ITEMS file_items            { p->unit->items = $2; }
|   T_START_BODY body_items             { p->unit->items = $2; }
|   T_START_REGISTER reg_items          { p->unit->items = $2; }
|   T_START_EXPR expr                   { p->expr = $2; }
;

version:
    T_PERIPH T_INT ';'  { p->unit->version = $2; }
|   error T_ITEM_END    { yyerrok; }
;

/* ---- file level ---- */

file_items:
    %empty                  { $$ = (struct pdl_body){ 0 }; }
|   file_items file_item {
        $$ = $1;
        pdl_body_add(&$$, $2);
        p->unit->items = $$;        /* kept if the rest is lost */
    }
|   file_items error T_ITEM_END { $$ = $1; yyerrok; }
;

file_item:
    notes top_item  { $$ = pdl_build_notes(p, $2, $1.first, @$); }
;

top_item:
    T_IMPORT T_STRING ';' {
        $$ = pdl_build_item(p, PDL_ITEM_IMPORT, @$, NO_NAME);
        $$->u.import.path = $2;
    }
|   T_CONST name '=' expr ';' {
        $$ = pdl_build_item(p, PDL_ITEM_CONST, @$, $2);
        $$->u.constant.value = $4;
    }
|   T_ENUM name eval_list ';' {
        $$ = pdl_build_item(p, PDL_ITEM_ENUM, @$, $2);
        $$->u.enumeration.evals = $3;
    }
|   typed
|   extend
;

typed:
    typed_word name formals opt_is opt_string body {
        $$ = pdl_build_item(p, $1, @$, $2);
        $$->u.typed.formals = $3.first;
        $$->u.typed.has_formals = $3.written;
        $$->u.typed.uses = $4.first;
        $$->desc = $5;
        $$->u.typed.body = $6;
    }
;

typed_word:
    T_TEMPLATE  { $$ = PDL_ITEM_TEMPLATE; }
|   T_DEVICE    { $$ = PDL_ITEM_DEVICE; }
|   T_BOARD     { $$ = PDL_ITEM_BOARD; }
;

extend:
    T_EXTEND ref body {
        $$ = pdl_build_item(p, PDL_ITEM_EXTEND, @$, NO_NAME);
        $$->u.extend.ref = $2;
        $$->u.extend.has_body = true;
        $$->u.extend.body = $3;
    }
|   T_EXTEND T_REG ref reg_end {
        $$ = pdl_build_item(p, PDL_ITEM_EXTEND_REG, @$, NO_NAME);
        $$->u.extend.ref = $3;
        $$->u.extend.has_body = $4.written;
        $$->u.extend.body = $4.body;
    }
;

formals:
    %empty              { $$.first = $$.last = NULL; $$.written = false; }
|   '(' ')'             { $$.first = $$.last = NULL; $$.written = true; }
|   '(' formal_list ')' { $$ = $2; }
;

formal_list:
    formal                  { $$.first = $$.last = $1; $$.written = true; }
|   formal_list ',' formal  { $$ = $1; PDL_APPEND($$, $3); }
;

formal:
    name {
        $$ = PDL_PNEW(p, struct pdl_formal);
        $$->name = $1;
        $$->span = @$;
    }
|   name '=' expr {
        $$ = PDL_PNEW(p, struct pdl_formal);
        $$->name = $1;
        $$->value = $3;
        $$->span = @$;
    }
;

opt_is:
    %empty      { $$.first = $$.last = NULL; $$.written = false; }
|   T_IS uses   { $$ = $2; }
;

uses:
    use             { $$.first = $$.last = $1; $$.written = true; }
|   uses ',' use    { $$ = $1; PDL_APPEND($$, $3); }
;

use:
    name {
        $$ = PDL_PNEW(p, struct pdl_use);
        $$->name = $1;
        $$->span = @$;
    }
|   name '(' args ')' {
        $$ = PDL_PNEW(p, struct pdl_use);
        $$->name = $1;
        $$->args = $3.first;
        $$->has_args = true;
        $$->span = @$;
    }
;

/* ---- notes, names, references ---- */

notes:
    %empty      { $$.first = $$.last = NULL; }
|   notes note  { $$ = $1; if ($2) { PDL_APPEND($$, $2); } }
;

note:
    T_ATWORD '(' args ')'   { $$ = pdl_build_note(p, @1, @$, $3.first); }
;

name:
    T_NAME
|   soft_word
;

soft_word:
    T_PERIPH | T_IMPORT | T_CONST | T_ENUM | T_TEMPLATE | T_DEVICE | T_BOARD
|   T_EXTEND | T_IS | T_VAR | T_FIFO | T_TIMER | T_LINE | T_LOCK | T_DOMAIN
|   T_REG | T_GROUP | T_WINDOW | T_MEM | T_ON | T_DROP | T_MEMORY | T_LOAD
|   T_INSTANCE | T_NATIVE | T_BUS | T_DT | T_NODE | T_AS | T_TO | T_FROM
|   T_AT | T_IN | T_OUT | T_OF | T_NEEDS
|   T_RW | T_RO | T_WO | T_RC | T_RS | T_WCLR | T_WSET | T_W1C | T_W1S
|   T_W1T | T_W0C | T_W0S | T_W0T | T_ONCE | T_PULSE | T_STICKY | T_UNIMPL
|   T_SETS | T_CLEARS | T_TOGGLES | T_MIRRORS | T_POPS | T_PUSHES | T_FEEDS
|   T_RESETS
;

ref:
    parts {
        $$ = PDL_PNEW(p, struct pdl_ref);
        $$->parts = $1.first;
        $$->span = @$;
    }
;

parts:
    name {
        $$.first = $$.last = pdl_build_part(p, @1, &$1, NULL, NULL);
    }
|   parts '.' name {
        struct pdl_part *part = pdl_build_part(p, @3, &$3, NULL, NULL);

        $$ = $1;
        PDL_APPEND($$, part);
    }
|   parts bits {
        struct pdl_part *part;

        part = pdl_build_part(p, @2, NULL, $2.first, $2.last);
        $$ = $1;
        PDL_APPEND($$, part);
    }
;

refs:
    ref             { $$.first = $$.last = $1; }
|   refs ',' ref    { $$ = $1; PDL_APPEND($$, $3); }
;

/* ---- expressions ---- */

expr:
    T_INT               { $$ = pdl_build_number(p, &$1); }
|   ref                 { $$ = pdl_build_ref_expr(p, $1); }
|   call                { $$ = pdl_build_call(p, @$, &$1); }
|   '(' expr ')'        { $$ = $2; $$->parens++; $$->span = @$; }
|   '!' expr %prec UNARY
        { $$ = pdl_build_op(p, @$, PDL_OP_LNOT, $2, NULL); }
|   '~' expr %prec UNARY
        { $$ = pdl_build_op(p, @$, PDL_OP_NOT, $2, NULL); }
|   '-' expr %prec UNARY
        { $$ = pdl_build_op(p, @$, PDL_OP_NEG, $2, NULL); }
|   expr '*' expr       { $$ = pdl_build_op(p, @$, PDL_OP_MUL, $1, $3); }
|   expr '/' expr       { $$ = pdl_build_op(p, @$, PDL_OP_DIV, $1, $3); }
|   expr '%' expr       { $$ = pdl_build_op(p, @$, PDL_OP_MOD, $1, $3); }
|   expr '+' expr       { $$ = pdl_build_op(p, @$, PDL_OP_ADD, $1, $3); }
|   expr '-' expr       { $$ = pdl_build_op(p, @$, PDL_OP_SUB, $1, $3); }
|   expr T_SHL expr     { $$ = pdl_build_op(p, @$, PDL_OP_SHL, $1, $3); }
|   expr T_SHR expr     { $$ = pdl_build_op(p, @$, PDL_OP_SHR, $1, $3); }
|   expr '&' expr       { $$ = pdl_build_op(p, @$, PDL_OP_AND, $1, $3); }
|   expr '^' expr       { $$ = pdl_build_op(p, @$, PDL_OP_XOR, $1, $3); }
|   expr '|' expr       { $$ = pdl_build_op(p, @$, PDL_OP_OR, $1, $3); }
|   expr T_EQ expr      { $$ = pdl_build_op(p, @$, PDL_OP_EQ, $1, $3); }
|   expr T_NE expr      { $$ = pdl_build_op(p, @$, PDL_OP_NE, $1, $3); }
|   expr '<' expr       { $$ = pdl_build_op(p, @$, PDL_OP_LT, $1, $3); }
|   expr '>' expr       { $$ = pdl_build_op(p, @$, PDL_OP_GT, $1, $3); }
|   expr T_LE expr      { $$ = pdl_build_op(p, @$, PDL_OP_LE, $1, $3); }
|   expr T_GE expr      { $$ = pdl_build_op(p, @$, PDL_OP_GE, $1, $3); }
|   expr T_ANDAND expr  { $$ = pdl_build_op(p, @$, PDL_OP_ANDAND, $1, $3); }
|   expr T_OROR expr    { $$ = pdl_build_op(p, @$, PDL_OP_OROR, $1, $3); }
|   expr '?' expr ':' expr  { $$ = pdl_build_cond(p, @$, $1, $3, $5); }
;

exprs:
    expr            { $$.first = $$.last = $1; }
|   exprs ',' expr  { $$ = $1; PDL_APPEND($$, $3); }
;

/* What a setting or an argument may be. */
value:
    expr
|   T_STRING    { $$ = pdl_build_string(p, &$1); }
;

values:
    value               { $$.first = $$.last = $1; }
|   values ',' value    { $$ = $1; PDL_APPEND($$, $3); }
;

call:
    name '(' args ')'   { $$.name = $1; $$.args = $3.first; }
;

args:
    %empty  { $$.first = $$.last = NULL; }
|   arg_list
;

arg_list:
    arg                 { $$.first = $$.last = $1; }
|   arg_list ',' arg    { $$ = $1; PDL_APPEND($$, $3); }
;

arg:
    value {
        $$ = PDL_PNEW(p, struct pdl_arg);
        $$->value = $1;
        $$->span = @$;
    }
|   name '=' value {
        $$ = PDL_PNEW(p, struct pdl_arg);
        $$->name = $1;
        $$->value = $3;
        $$->span = @$;
    }
;

/* ---- bodies ---- */

open:
    '{'     { pdl_parser_open(p, @1); }
;

body:
    open body_items '}'     { $$ = $2; $$.span = @$; }
;

body_items:
    %empty                      { $$ = (struct pdl_body){ 0 }; }
|   body_items decl             { $$ = $1; pdl_body_add(&$$, $2); }
|   body_items error T_ITEM_END { $$ = $1; yyerrok; }
;

decl:
    notes decl_core { $$ = pdl_build_notes(p, $2, $1.first, @$); }
;

decl_core:
    setting_item
|   state
|   reg
|   group
|   window
|   mem
|   rule
|   cond
|   board_decl
|   instance
|   wire
|   dt
|   ref T_DERIVE expr ';' {
        $$ = pdl_build_item(p, PDL_ITEM_DERIVE, @$, NO_NAME);
        $$->u.derive.ref = $1;
        $$->init.kind = PDL_INIT_DERIVED;
        $$->init.value = $3;
        $$->init.span = pdl_span_join(@2, @3);
    }
|   ref T_HOLD T_DERIVE expr ';' {
        $$ = pdl_build_item(p, PDL_ITEM_DERIVE, @$, NO_NAME);
        $$->u.derive.ref = $1;
        $$->init.kind = PDL_INIT_HOLD;
        $$->init.value = $4;
        $$->init.span = pdl_span_join(@2, @4);
    }
|   T_IS uses ';' {
        $$ = pdl_build_item(p, PDL_ITEM_IS, @$, NO_NAME);
        $$->u.is.uses = $2.first;
    }
|   T_DROP refs ';' {
        $$ = pdl_build_item(p, PDL_ITEM_DROP, @$, NO_NAME);
        $$->u.drop.refs = $2.first;
    }
;

setting_item:
    name ':' values ';' {
        $$ = pdl_build_item(p, PDL_ITEM_SETTING, @$, $1);
        $$->u.setting.values = $3.first;
    }
|   name ';' {
        $$ = pdl_build_item(p, PDL_ITEM_SETTING, @$, $1);
    }
;

settings:
    open setting_items '}'  { $$ = $2; $$.span = @$; }
;

setting_items:
    %empty                          { $$ = (struct pdl_body){ 0 }; }
|   setting_items setting_item      { $$ = $1; pdl_body_add(&$$, $2); }
|   setting_items error T_ITEM_END  { $$ = $1; yyerrok; }
;

opt_settings:
    ';'         { $$.written = false; $$.body = (struct pdl_body){ 0 }; }
|   settings    { $$.written = true; $$.body = $1; }
;

opt_body:
    ';'     { $$.written = false; $$.body = (struct pdl_body){ 0 }; }
|   body    { $$.written = true; $$.body = $1; }
;

/* ---- state ---- */

state:
    T_VAR name opt_dim opt_width opt_init ';' {
        $$ = pdl_build_item(p, PDL_ITEM_VAR, @$, $2);
        $$->dim = $3;
        $$->u.var.width = $4;
        $$->init = $5;
    }
|   T_FIFO name dim opt_dim opt_width fifo_end opt_init ';' {
        $$ = pdl_build_item(p, PDL_ITEM_FIFO, @$, $2);
        $$->dim = $4 ? $3 : NULL;
        $$->u.fifo.depth = $4 ? $4 : $3;
        $$->u.fifo.width = $5;
        $$->u.fifo.end = $6.end;
        $$->u.fifo.peer = $6.peer;
        $$->u.fifo.rate = $6.rate;
        $$->init = $7;
    }
|   T_TIMER name opt_dim opt_settings {
        $$ = pdl_build_item(p, PDL_ITEM_TIMER, @$, $2);
        $$->dim = $3;
        $$->u.timer.has_body = $4.written;
        $$->u.timer.body = $4.body;
    }
|   T_LINE T_IN name opt_dim ';' {
        $$ = pdl_build_item(p, PDL_ITEM_LINE, @$, $3);
        $$->dim = $4;
        $$->u.line.dir = PDL_LINE_IN;
    }
|   T_LINE T_OUT name opt_dim ';' {
        $$ = pdl_build_item(p, PDL_ITEM_LINE, @$, $3);
        $$->dim = $4;
        $$->u.line.dir = PDL_LINE_OUT;
    }
|   T_LOCK name '=' exprs opt_settings {
        $$ = pdl_build_item(p, PDL_ITEM_LOCK, @$, $2);
        $$->u.lock.keys = $4.first;
        $$->u.lock.has_body = $5.written;
        $$->u.lock.body = $5.body;
    }
|   T_DOMAIN name ':' refs ';' {
        $$ = pdl_build_item(p, PDL_ITEM_DOMAIN, @$, $2);
        $$->u.domain.refs = $4.first;
    }
;

fifo_end:
    %empty {
        $$.end = PDL_FIFO_UNBOUND;
        $$.peer = NO_NAME;
        $$.rate = NULL;
    }
|   T_TO name opt_at    { $$.end = PDL_FIFO_TO; $$.peer = $2; $$.rate = $3; }
|   T_FROM name opt_at
        { $$.end = PDL_FIFO_FROM; $$.peer = $2; $$.rate = $3; }
;

opt_at:
    %empty      { $$ = NULL; }
|   T_AT expr   { $$ = $2; }
;

opt_dim:
    %empty  { $$ = NULL; }
|   dim
;

dim:
    '[' expr ']' {
        $$ = PDL_PNEW(p, struct pdl_dim);
        $$->count = $2;
        $$->span = @$;
    }
|   '[' name ':' expr ']' {
        $$ = PDL_PNEW(p, struct pdl_dim);
        $$->index = $2;
        $$->count = $4;
        $$->span = @$;
    }
;

bits:
    '[' expr ']' {
        $$.first = $2;
        $$.last = NULL;
        $$.span = @$;
    }
|   '[' expr T_RANGE expr ']' {
        $$.first = $2;
        $$.last = $4;
        $$.span = @$;
    }
;

opt_width:
    %empty      { $$ = NULL; }
|   ':' expr    { $$ = $2; }
;

opt_stride:
    %empty          { $$ = NULL; }
|   T_ADD_SET expr  { $$ = $2; }
;

opt_init:
    %empty      { $$ = (struct pdl_init){ .kind = PDL_INIT_NONE }; }
|   '=' expr {
        $$ = (struct pdl_init){ PDL_INIT_VALUE, @$, $2 };
    }
|   '=' '{' exprs '}' {
        $$ = (struct pdl_init){ PDL_INIT_LIST, @$, $3.first };
    }
|   T_DERIVE expr {
        $$ = (struct pdl_init){ PDL_INIT_DERIVED, @$, $2 };
    }
|   T_HOLD T_DERIVE expr {
        $$ = (struct pdl_init){ PDL_INIT_HOLD, @$, $3 };
    }
;

opt_string:
    %empty      { $$ = (struct pdl_string){ 0 }; }
|   T_STRING
;

/* ---- registers ---- */

reg:
    T_REG name opt_dim '@' expr opt_stride opt_width attrs opt_init
    opt_string reg_end {
        $$ = pdl_build_item(p, PDL_ITEM_REG, @$, $2);
        $$->dim = $3;
        $$->u.reg.offset = $5;
        $$->u.reg.stride = $6;
        $$->u.reg.width = $7;
        $$->attrs = $8.first;
        $$->init = $9;
        $$->desc = $10;
        $$->u.reg.has_body = $11.written;
        $$->u.reg.body = $11.body;
    }
;

attrs:
    %empty      { $$.first = $$.last = NULL; }
|   attrs attr  { $$ = $1; PDL_APPEND($$, $2); }
;

attr:
    policy {
        $$ = pdl_build_attr(p, @$, PDL_ATTR_POLICY);
        $$->policy = $1;
    }
|   verb ref {
        $$ = pdl_build_attr(p, @$, PDL_ATTR_VERB);
        $$->verb = $1;
        $$->ref = $2;
    }
|   T_WHEN expr {
        $$ = pdl_build_attr(p, @$, PDL_ATTR_WHEN);
        $$->expr = $2;
    }
|   T_NEEDS expr {
        $$ = pdl_build_attr(p, @$, PDL_ATTR_NEEDS);
        $$->expr = $2;
    }
;

policy:
    T_RW        { $$ = PDL_POLICY_RW; }
|   T_RO        { $$ = PDL_POLICY_RO; }
|   T_WO        { $$ = PDL_POLICY_WO; }
|   T_RC        { $$ = PDL_POLICY_RC; }
|   T_RS        { $$ = PDL_POLICY_RS; }
|   T_WCLR      { $$ = PDL_POLICY_WCLR; }
|   T_WSET      { $$ = PDL_POLICY_WSET; }
|   T_W1C       { $$ = PDL_POLICY_W1C; }
|   T_W1S       { $$ = PDL_POLICY_W1S; }
|   T_W1T       { $$ = PDL_POLICY_W1T; }
|   T_W0C       { $$ = PDL_POLICY_W0C; }
|   T_W0S       { $$ = PDL_POLICY_W0S; }
|   T_W0T       { $$ = PDL_POLICY_W0T; }
|   T_ONCE      { $$ = PDL_POLICY_ONCE; }
|   T_PULSE     { $$ = PDL_POLICY_PULSE; }
|   T_STICKY    { $$ = PDL_POLICY_STICKY; }
|   T_UNIMPL    { $$ = PDL_POLICY_UNIMPL; }
;

verb:
    T_SETS      { $$ = PDL_VERB_SETS; }
|   T_CLEARS    { $$ = PDL_VERB_CLEARS; }
|   T_TOGGLES   { $$ = PDL_VERB_TOGGLES; }
|   T_MIRRORS   { $$ = PDL_VERB_MIRRORS; }
|   T_POPS      { $$ = PDL_VERB_POPS; }
|   T_PUSHES    { $$ = PDL_VERB_PUSHES; }
|   T_FEEDS     { $$ = PDL_VERB_FEEDS; }
|   T_RESETS    { $$ = PDL_VERB_RESETS; }
;

reg_end:
    ';'                 { $$.written = false;
                          $$.body = (struct pdl_body){ 0 }; }
|   open reg_items '}'  { $$.written = true; $$.body = $2;
                          $$.body.span = @$; }
;

reg_items:
    %empty                      { $$ = (struct pdl_body){ 0 }; }
|   reg_items reg_item          { $$ = $1; pdl_body_add(&$$, $2); }
|   reg_items error T_ITEM_END  { $$ = $1; yyerrok; }
;

reg_item:
    notes reg_item_core { $$ = pdl_build_notes(p, $2, $1.first, @$); }
;

reg_item_core:
    field
|   rule
|   T_DROP refs ';' {
        $$ = pdl_build_item(p, PDL_ITEM_DROP, @$, NO_NAME);
        $$->u.drop.refs = $2.first;
    }
;

field:
    name bits attrs opt_init fenum opt_string ';' {
        $$ = pdl_build_field(p, @$, &$1);
        $$->attrs = $3.first;
        $$->u.field.bits = $2;
        $$->init = $4;
        $$->u.field.of = $5.of;
        $$->u.field.evals = $5.evals;
        $$->u.field.write_evals = $5.write_evals;
        $$->desc = $6;
    }
|   name dim bits T_ADD_SET expr attrs opt_init fenum opt_string ';' {
        $$ = pdl_build_field(p, @$, &$1);
        $$->attrs = $6.first;
        $$->dim = $2;
        $$->u.field.bits = $3;
        $$->u.field.stride = $5;
        $$->init = $7;
        $$->u.field.of = $8.of;
        $$->u.field.evals = $8.evals;
        $$->u.field.write_evals = $8.write_evals;
        $$->desc = $9;
    }
;

fenum:
    %empty {
        $$.of = NO_NAME;
        $$.evals = $$.write_evals = NO_EVALS;
    }
|   T_OF name {
        $$.of = $2;
        $$.evals = $$.write_evals = NO_EVALS;
    }
|   eval_list {
        $$.of = NO_NAME;
        $$.evals = $1;
        $$.write_evals = NO_EVALS;
    }
|   eval_list eval_list {
        $$.of = NO_NAME;
        $$.evals = $1;
        $$.write_evals = $2;
    }
;

eval_list:
    '{' evals '}' {
        $$.first = $2.first;
        $$.trailing_comma = false;
        $$.span = @$;
    }
|   '{' evals ',' '}' {
        $$.first = $2.first;
        $$.trailing_comma = true;
        $$.span = @$;
    }
;

evals:
    eval            { $$.first = $$.last = $1; }
|   evals ',' eval  { $$ = $1; PDL_APPEND($$, $3); }
;

eval:
    name '=' expr opt_string {
        $$ = PDL_PNEW(p, struct pdl_eval);
        $$->name = $1;
        $$->value = $3;
        $$->text = $4;
        $$->span = @$;
    }
;

/* ---- other declarations of a body ---- */

group:
    T_GROUP name opt_dim '@' expr opt_stride body {
        $$ = pdl_build_item(p, PDL_ITEM_GROUP, @$, $2);
        $$->dim = $3;
        $$->u.group.offset = $5;
        $$->u.group.stride = $6;
        $$->u.group.body = $7;
    }
;

mem:
    T_MEM name dim '@' expr opt_width attrs opt_string ';' {
        $$ = pdl_build_item(p, PDL_ITEM_MEM, @$, $2);
        $$->dim = $3;
        $$->u.mem.offset = $5;
        $$->u.mem.width = $6;
        $$->attrs = $7.first;
        $$->desc = $8;
    }
;

window:
    T_WINDOW name '@' expr ':' expr verb ref opt_string ';' {
        $$ = pdl_build_item(p, PDL_ITEM_WINDOW, @$, $2);
        $$->u.window.offset = $4;
        $$->u.window.size = $6;
        $$->u.window.verb = $7;
        $$->u.window.ref = $8;
        $$->desc = $9;
    }
;

cond:
    T_IF '(' expr ')' body {
        $$ = pdl_build_cond_item(p, @$, $3, &$5);
    }
|   T_IF '(' expr ')' body T_ELSE body {
        $$ = pdl_build_cond_item(p, @$, $3, &$5);
        $$->u.cond.otherwise = PDL_PNEW(p, struct pdl_body);
        *$$->u.cond.otherwise = $7;
    }
|   T_IF '(' expr ')' body T_ELSE cond {
        $$ = pdl_build_cond_item(p, @$, $3, &$5);
        $$->u.cond.chain = pdl_build_chain(p, @$, $7->u.cond.chain);
        $$->u.cond.else_if = $$->u.cond.chain > 1 ? $7 : NULL;
    }
;

board_decl:
    T_MEMORY name '@' expr ':' expr attrs opt_string ';' {
        $$ = pdl_build_item(p, PDL_ITEM_MEMORY, @$, $2);
        $$->u.memory.base = $4;
        $$->u.memory.size = $6;
        $$->attrs = $7.first;
        $$->desc = $8;
    }
|   T_LOAD T_STRING opt_base ';' {
        $$ = pdl_build_item(p, PDL_ITEM_LOAD, @$, NO_NAME);
        $$->u.load.file = $2;
        $$->u.load.base = $3;
    }
|   T_BUS name '@' expr ':' expr body {
        $$ = pdl_build_item(p, PDL_ITEM_BUS, @$, $2);
        $$->u.bus.base = $4;
        $$->u.bus.size = $6;
        $$->u.bus.body = $7;
    }
;

opt_base:
    %empty      { $$ = NULL; }
|   '@' expr    { $$ = $2; }
;

instance:
    T_INSTANCE name ':' use '@' exprs opt_body {
        $$ = pdl_build_item(p, PDL_ITEM_INSTANCE, @$, $2);
        $$->u.instance.use = $4;
        $$->u.instance.bases = $6.first;
        $$->u.instance.has_body = $7.written;
        $$->u.instance.body = $7.body;
    }
|   T_NATIVE name ':' T_STRING '@' exprs opt_body {
        $$ = pdl_build_item(p, PDL_ITEM_NATIVE, @$, $2);
        $$->u.instance.type = $4;
        $$->u.instance.bases = $6.first;
        $$->u.instance.has_body = $7.written;
        $$->u.instance.body = $7.body;
    }
;

wire:
    ref T_ARROW targets ';' {
        $$ = pdl_build_item(p, PDL_ITEM_WIRE, @$, NO_NAME);
        $$->u.wire.source = $1;
        $$->u.wire.targets = $3.first;
    }
;

targets:
    target              { $$.first = $$.last = $1; }
|   targets ',' target  { $$ = $1; PDL_APPEND($$, $3); }
;

target:
    T_STRING {
        $$ = PDL_PNEW(p, struct pdl_target);
        $$->text = $1;
        $$->span = @$;
    }
|   ref operands {
        $$ = PDL_PNEW(p, struct pdl_target);
        $$->ref = $1;
        $$->operands = $2.first;
        $$->span = @$;
    }
;

operands:
    %empty              { $$.first = $$.last = NULL; }
|   operands T_INT {
        struct pdl_expr *operand = pdl_build_number(p, &$2);

        $$ = $1;
        PDL_APPEND($$, operand);
    }
|   operands name {
        struct pdl_expr *operand = pdl_build_name_expr(p, &$2);

        $$ = $1;
        PDL_APPEND($$, operand);
    }
;

/* ---- rules ---- */

rule:
    T_ON events opt_when block {
        $$ = pdl_build_item(p, PDL_ITEM_RULE, @$, NO_NAME);
        $$->u.rule.events = $2.first;
        $$->u.rule.when = $3;
        $$->u.rule.block = $4;
    }
;

events:
    event               { $$.first = $$.last = $1; }
|   events ',' event    { $$ = $1; PDL_APPEND($$, $3); }
;

event:
    name        { $$ = pdl_build_event(p, @$, &$1, NULL); }
|   name ref    { $$ = pdl_build_event(p, @$, &$1, $2); }
;

opt_when:
    %empty      { $$ = NULL; }
|   T_WHEN expr { $$ = $2; }
;

block:
    open stmts '}'  { $$ = $2; $$.span = @$; }
;

stmts:
    %empty                  { $$ = (struct pdl_block){ 0 }; }
|   stmts stmt              { $$ = $1; PDL_APPEND($$, $2); $$.count++; }
|   stmts error T_ITEM_END  { $$ = $1; yyerrok; }
;

stmt:
    ref assign expr ';' {
        $$ = pdl_build_stmt(p, PDL_STMT_ASSIGN, @$);
        $$->u.assign.target = $1;
        $$->u.assign.op = $2;
        $$->u.assign.value = $3;
    }
|   call ';' {
        $$ = pdl_build_stmt(p, PDL_STMT_CALL, @$);
        $$->u.call = $1;
    }
|   call block {
        pdl_check_copy(p, &$1);
        $$ = pdl_build_stmt(p, PDL_STMT_COPY, @$);
        $$->u.copy.args = $1.args;
        $$->u.copy.block = $2;
    }
|   T_AFTER expr block {
        $$ = pdl_build_stmt(p, PDL_STMT_AFTER, @$);
        $$->u.after.delay = $2;
        $$->u.after.block = $3;
    }
|   branch
;

branch:
    T_IF '(' expr ')' block {
        $$ = pdl_build_branch(p, @$, $3, &$5);
    }
|   T_IF '(' expr ')' block T_ELSE block {
        $$ = pdl_build_branch(p, @$, $3, &$5);
        $$->u.branch.otherwise = PDL_PNEW(p, struct pdl_block);
        *$$->u.branch.otherwise = $7;
    }
|   T_IF '(' expr ')' block T_ELSE branch {
        $$ = pdl_build_branch(p, @$, $3, &$5);
        $$->u.branch.chain = pdl_build_chain(p, @$, $7->u.branch.chain);
        $$->u.branch.else_if = $$->u.branch.chain > 1 ? $7 : NULL;
    }
;

assign:
    '='         { $$ = PDL_ASSIGN_SET; }
|   T_ADD_SET   { $$ = PDL_ASSIGN_ADD; }
|   T_SUB_SET   { $$ = PDL_ASSIGN_SUB; }
|   T_MUL_SET   { $$ = PDL_ASSIGN_MUL; }
|   T_DIV_SET   { $$ = PDL_ASSIGN_DIV; }
|   T_MOD_SET   { $$ = PDL_ASSIGN_MOD; }
|   T_AND_SET   { $$ = PDL_ASSIGN_AND; }
|   T_OR_SET    { $$ = PDL_ASSIGN_OR; }
|   T_XOR_SET   { $$ = PDL_ASSIGN_XOR; }
|   T_SHL_SET   { $$ = PDL_ASSIGN_SHL; }
|   T_SHR_SET   { $$ = PDL_ASSIGN_SHR; }
;

/* ---- device tree ---- */

dt:
    T_DT dt_body {
        $$ = pdl_build_item(p, PDL_ITEM_DT, @$, NO_NAME);
        $$->u.dt.place = PDL_DT_HERE;
        $$->u.dt.items = $2.first;
    }
|   T_DT T_STRING dt_body {
        $$ = pdl_build_item(p, PDL_ITEM_DT, @$, NO_NAME);
        $$->u.dt.place = PDL_DT_PATH;
        $$->u.dt.path = $2;
        $$->u.dt.items = $3.first;
    }
|   T_DT '&' name dt_body {
        $$ = pdl_build_item(p, PDL_ITEM_DT, @$, NO_NAME);
        $$->u.dt.place = PDL_DT_AT_LABEL;
        $$->u.dt.label = $3;
        $$->u.dt.items = $4.first;
    }
;

dt_body:
    open dt_items '}'   { $$ = $2; }
;

dt_items:
    %empty                      { $$.first = $$.last = NULL; }
|   dt_items dt_item            { $$ = $1; PDL_APPEND($$, $2); }
|   dt_items error T_ITEM_END   { $$ = $1; yyerrok; }
;

dt_item:
    T_STRING ';' {
        $$ = pdl_build_dt_item(p, PDL_DT_PROPERTY, @$, &$1);
    }
|   T_STRING '=' dt_values ';' {
        $$ = pdl_build_dt_item(p, PDL_DT_PROPERTY, @$, &$1);
        $$->values = $3.first;
    }
|   T_NODE T_STRING opt_as dt_body {
        $$ = pdl_build_dt_item(p, PDL_DT_NODE, @$, &$2);
        $$->label = $3;
        $$->children = $4.first;
    }
|   T_DROP T_STRING ';' {
        $$ = pdl_build_dt_item(p, PDL_DT_DROP, @$, &$2);
    }
;

opt_as:
    %empty      { $$ = NO_NAME; }
|   T_AS name   { $$ = $2; }
;

dt_values:
    dt_value                { $$.first = $$.last = $1; }
|   dt_values ',' dt_value  { $$ = $1; PDL_APPEND($$, $3); }
;

dt_value:
    T_STRING {
        $$ = pdl_build_dt_value(p, PDL_DT_STRING, @$);
        $$->string = $1;
    }
|   '<' dt_cells '>' {
        $$ = pdl_build_dt_value(p, PDL_DT_CELLS, @$);
        $$->cells = $2.first;
    }
|   '[' dt_bytes ']' {
        $$ = pdl_build_dt_value(p, PDL_DT_BYTES, @$);
        $$->cells = $2.first;
    }
|   '&' name {
        $$ = pdl_build_dt_value(p, PDL_DT_LABEL, @$);
        $$->label = $2;
    }
;

dt_cells:
    %empty              { $$.first = $$.last = NULL; }
|   dt_cells dt_cell    { $$ = $1; PDL_APPEND($$, $2); }
;

dt_cell:
    T_INT {
        $$ = pdl_build_dt_cell(p, PDL_DT_CELL_INT, @$);
        $$->value = pdl_build_number(p, &$1);
    }
|   '(' expr ')' {
        $$ = pdl_build_dt_cell(p, PDL_DT_CELL_EXPR, @$);
        $$->value = $2;
    }
|   '&' name {
        $$ = pdl_build_dt_cell(p, PDL_DT_CELL_LABEL, @$);
        $$->label = $2;
    }
|   '&' T_STRING {
        $$ = pdl_build_dt_cell(p, PDL_DT_CELL_PATH, @$);
        $$->path = $2;
    }
;

dt_bytes:
    %empty  { $$.first = $$.last = NULL; }
|   dt_bytes T_INT {
        struct pdl_dt_cell *cell;

        cell = pdl_build_dt_cell(p, PDL_DT_CELL_INT, @2);
        cell->value = pdl_build_number(p, &$2);
        $$ = $1;
        PDL_APPEND($$, cell);
    }
;

%%

/* Only called for a parser stack that is full. */
static void pdl_yyerror(const struct pdl_span *where, struct pdl_parser *p,
                        const char *message)
{
    (void)message;
    pdl_diag_add(p->diags, PDL_D_NESTING_TOO_DEEP, *where, PDL_MAX_NESTING);
}

static int yyreport_syntax_error(const yypcontext_t *context,
                                 struct pdl_parser *p)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    struct pdl_expected expected = { 0 };
    int i, count;

    count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    if (count < 0) {
        return count;
    }
    for (i = 0; i < count; i++) {
        pdl_expected_add(&expected, kinds[i] == YYSYMBOL_YYEOF
                         ? "end of file" : yysymbol_name(kinds[i]));
    }
    pdl_parser_syntax(p, *yypcontext_location(context), &expected);
    return 0;
}
