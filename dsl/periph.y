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
%define api.value.type {union pdl_value}
%locations
%expect 0
%param {struct pdl_parser *p}

%code requires {
#include "dsl/values.h"
}

%code {
#include "dsl/parse_priv.h"

static void pdl_yyerror(const struct pdl_span *where, struct pdl_parser *p,
                        const char *message);

/* The span of a rule leaves out empty parts at both its ends. */
#define YYLLOC_DEFAULT(result, rhs, count) \
    ((result) = pdl_join_spans((rhs), (count)))
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
    T_OUT "out" T_OF "of" T_NEEDS "needs" T_KNOWN "known"
    T_POLICY "policy" T_VERB "verb"

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
    reg_item_core field field_tail group mem window cond rule board_decl
    instance wire
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

version:
    T_PERIPH T_INT ';'  { p->unit->version = $2; }
|   error T_ITEM_END    { yyerrok; }

/* ---- file level ---- */

file_items:
    %empty                  { $$ = EMPTY_BODY; }
|   file_items file_item {
        $$ = $1;
        pdl_body_add(&$$, $2);
        p->unit->items = $$;        /* kept if the rest is lost */
    }
|   file_items error T_ITEM_END { $$ = $1; yyerrok; }

file_item:
    notes top_item  { $$ = pdl_build_notes(p, $2, $1.first, @$); }

top_item:
    T_IMPORT T_STRING ';'
        { $$ = ITEM(IMPORT, @$, .u.import.path = $2); }
|   T_CONST name '=' expr ';'
        { $$ = ITEM(CONST, @$, .name = $2, .u.constant.value = $4); }
|   T_ENUM name eval_list ';'
        { $$ = ITEM(ENUM, @$, .name = $2, .u.enumeration.evals = $3); }
|   typed
|   extend

typed:
    typed_word name formals opt_is opt_string body
        { $$ = ITEM_OF($1, @$, .name = $2, .u.typed.formals = $3.first,
                       .u.typed.has_formals = $3.written,
                       .u.typed.uses = $4.first, .desc = $5,
                       .u.typed.body = $6); }

typed_word:
    T_TEMPLATE  { $$ = PDL_ITEM_TEMPLATE; }
|   T_DEVICE    { $$ = PDL_ITEM_DEVICE; }
|   T_BOARD     { $$ = PDL_ITEM_BOARD; }

extend:
    T_EXTEND ref body
        { $$ = ITEM(EXTEND, @$, .u.extend.ref = $2, .u.extend.has_body = true,
                    .u.extend.body = $3); }
|   T_EXTEND T_REG ref reg_end
        { $$ = ITEM(EXTEND_REG, @$, .u.extend.ref = $3,
                    .u.extend.has_body = $4.written,
                    .u.extend.body = $4.body); }

formals:
    %empty              { $$.first = $$.last = NULL; $$.written = false; }
|   '(' ')'             { $$.first = $$.last = NULL; $$.written = true; }
|   '(' formal_list ')' { $$ = $2; }

formal_list:
    formal                  { $$.first = $$.last = $1; $$.written = true; }
|   formal_list ',' formal  { $$ = $1; PDL_APPEND($$, $3); }

formal:
    name
        { $$ = NODE(pdl_formal, .name = $1, .span = @$); }
|   name '=' expr
        { $$ = NODE(pdl_formal, .name = $1, .value = $3, .span = @$); }

opt_is:
    %empty      { $$.first = $$.last = NULL; $$.written = false; }
|   T_IS uses   { $$ = $2; }

uses:
    use             { $$.first = $$.last = $1; $$.written = true; }
|   uses ',' use    { $$ = $1; PDL_APPEND($$, $3); }

use:
    name
        { $$ = NODE(pdl_use, .name = $1, .span = @$); }
|   name '(' args ')'
        { $$ = NODE(pdl_use, .name = $1, .args = $3.first, .has_args = true,
                    .span = @$); }

/* ---- notes, names, references ---- */

notes:
    %empty      { $$.first = $$.last = NULL; }
|   notes note  { $$ = $1; if ($2) { PDL_APPEND($$, $2); } }

note:
    T_ATWORD                { $$ = pdl_build_note(p, @1, @$, NULL); }
|   T_ATWORD '(' args ')'   { $$ = pdl_build_note(p, @1, @$, $3.first); }

name:
    T_NAME
|   soft_word

soft_word:
    T_PERIPH | T_IMPORT | T_CONST | T_ENUM | T_TEMPLATE | T_DEVICE | T_BOARD
|   T_EXTEND | T_IS | T_VAR | T_FIFO | T_TIMER | T_LINE | T_LOCK | T_DOMAIN
|   T_REG | T_GROUP | T_WINDOW | T_MEM | T_ON | T_DROP | T_MEMORY | T_LOAD
|   T_INSTANCE | T_NATIVE | T_BUS | T_DT | T_NODE | T_AS | T_TO | T_FROM
|   T_AT | T_IN | T_OUT | T_OF | T_NEEDS | T_KNOWN
|   T_POLICY | T_VERB

ref:
    parts
        { $$ = NODE(pdl_ref, .parts = $1.first, .span = @$); }

parts:
    name
        { $$.first = $$.last = pdl_build_part(p, @1, &$1, NULL, NULL); }
|   parts '.' name
        { $$ = $1;
          PDL_APPEND($$, pdl_build_part(p, @3, &$3, NULL, NULL)); }
|   parts bits
        { $$ = $1;
          PDL_APPEND($$, pdl_build_part(p, @2, NULL, $2.first, $2.last)); }

refs:
    ref             { $$.first = $$.last = $1; }
|   refs ',' ref    { $$ = $1; PDL_APPEND($$, $3); }

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

exprs:
    expr            { $$.first = $$.last = $1; }
|   exprs ',' expr  { $$ = $1; PDL_APPEND($$, $3); }

/* What a setting or an argument may be. */
value:
    expr
|   T_STRING    { $$ = pdl_build_string(p, &$1); }

values:
    value               { $$.first = $$.last = $1; }
|   values ',' value    { $$ = $1; PDL_APPEND($$, $3); }

call:
    name '(' args ')'   { $$.name = $1; $$.args = $3.first; }

args:
    %empty  { $$.first = $$.last = NULL; }
|   arg_list

arg_list:
    arg                 { $$.first = $$.last = $1; }
|   arg_list ',' arg    { $$ = $1; PDL_APPEND($$, $3); }

arg:
    value
        { $$ = NODE(pdl_arg, .value = $1, .span = @$); }
|   name '=' value
        { $$ = NODE(pdl_arg, .name = $1, .value = $3, .span = @$); }

/* ---- bodies ---- */

open:
    '{'     { pdl_parser_open(p, @1); }

body:
    open body_items '}'     { $$ = $2; $$.span = @$; }

body_items:
    %empty                      { $$ = EMPTY_BODY; }
|   body_items decl             { $$ = $1; pdl_body_add(&$$, $2); }
|   body_items error T_ITEM_END { $$ = $1; yyerrok; }

decl:
    notes decl_core { $$ = pdl_build_notes(p, $2, $1.first, @$); }

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
|   ref T_DERIVE expr ';'
        { $$ = ITEM(DERIVE, @$, .u.derive.ref = $1,
                    .init.kind = PDL_INIT_DERIVED, .init.value = $3,
                    .init.span = pdl_span_join(@2, @3)); }
|   ref T_HOLD T_DERIVE expr ';'
        { $$ = ITEM(DERIVE, @$, .u.derive.ref = $1, .init.kind = PDL_INIT_HOLD,
                    .init.value = $4, .init.span = pdl_span_join(@2, @4)); }
|   T_IS uses ';'
        { $$ = ITEM(IS, @$, .u.is.uses = $2.first); }
|   T_DROP refs ';'
        { $$ = ITEM(DROP, @$, .u.drop.refs = $2.first); }

setting_item:
    name ':' values ';'
        { $$ = ITEM(SETTING, @$, .name = $1, .u.setting.values = $3.first); }
|   name ';'
        { $$ = ITEM(SETTING, @$, .name = $1); }

settings:
    open setting_items '}'  { $$ = $2; $$.span = @$; }

setting_items:
    %empty                          { $$ = EMPTY_BODY; }
|   setting_items setting_item      { $$ = $1; pdl_body_add(&$$, $2); }
|   setting_items error T_ITEM_END  { $$ = $1; yyerrok; }

opt_settings:
    ';'         { $$ = NO_BODY; }
|   settings    { $$ = (struct pdl_opt_body){ true, $1 }; }

opt_body:
    ';'         { $$ = NO_BODY; }
|   body        { $$ = (struct pdl_opt_body){ true, $1 }; }

/* ---- state ---- */

state:
    T_VAR name opt_dim opt_width opt_init ';'
        { $$ = ITEM(VAR, @$, .name = $2, .dim = $3, .u.var.width = $4,
                    .init = $5); }
|   T_FIFO name dim opt_dim opt_width fifo_end opt_init ';'
        { $$ = ITEM(FIFO, @$, .name = $2, .dim = $4 ? $3 : NULL,
                    .u.fifo.depth = $4 ? $4 : $3, .u.fifo.width = $5,
                    .u.fifo.end = $6.end, .u.fifo.peer = $6.peer,
                    .u.fifo.rate = $6.rate, .init = $7); }
|   T_TIMER name opt_dim opt_settings
        { $$ = ITEM(TIMER, @$, .name = $2, .dim = $3,
                    .u.timer.has_body = $4.written, .u.timer.body = $4.body); }
|   T_LINE T_IN name opt_dim ';'
        { $$ = ITEM(LINE, @$, .name = $3, .dim = $4,
                    .u.line.dir = PDL_LINE_IN); }
|   T_LINE T_OUT name opt_dim ';'
        { $$ = ITEM(LINE, @$, .name = $3, .dim = $4,
                    .u.line.dir = PDL_LINE_OUT); }
|   T_LOCK name '=' exprs opt_settings
        { $$ = ITEM(LOCK, @$, .name = $2, .u.lock.keys = $4.first,
                    .u.lock.has_body = $5.written, .u.lock.body = $5.body); }
|   T_DOMAIN name ':' refs ';'
        { $$ = ITEM(DOMAIN, @$, .name = $2, .u.domain.refs = $4.first); }

fifo_end:
    %empty              { $$ = (struct pdl_fifo_value){ PDL_FIFO_UNBOUND,
                                                        NO_NAME, NULL }; }
|   T_TO name opt_at
        { $$ = (struct pdl_fifo_value){ PDL_FIFO_TO, $2, $3 }; }
|   T_FROM name opt_at
        { $$ = (struct pdl_fifo_value){ PDL_FIFO_FROM, $2, $3 }; }

opt_at:
    %empty { $$ = NULL; } | T_AT expr { $$ = $2; }

opt_dim:
    %empty  { $$ = NULL; }
|   dim

dim:
    '[' expr ']'
        { $$ = NODE(pdl_dim, .count = $2, .span = @$); }
|   '[' name ':' expr ']'
        { $$ = NODE(pdl_dim, .index = $2, .count = $4, .span = @$); }

bits:
    '[' expr ']'                { $$ = (struct pdl_bits){ @$, $2, NULL }; }
|   '[' expr T_RANGE expr ']'   { $$ = (struct pdl_bits){ @$, $2, $4 }; }

opt_width:
    %empty { $$ = NULL; } | ':' expr { $$ = $2; }

opt_stride:
    %empty { $$ = NULL; } | T_ADD_SET expr { $$ = $2; }

opt_init:
    %empty              { $$ = (struct pdl_init){ .kind = PDL_INIT_NONE }; }
|   '=' expr            { $$ = (struct pdl_init){ PDL_INIT_VALUE, @$, $2 }; }
|   '=' '{' exprs '}'
        { $$ = (struct pdl_init){ PDL_INIT_LIST, @$, $3.first }; }
|   T_DERIVE expr       { $$ = (struct pdl_init){ PDL_INIT_DERIVED, @$, $2 }; }
|   T_HOLD T_DERIVE expr
        { $$ = (struct pdl_init){ PDL_INIT_HOLD, @$, $3 }; }

opt_string:
    %empty      { $$ = (struct pdl_string){ 0 }; }
|   T_STRING

/* ---- registers ---- */

reg:
    T_REG name opt_dim '@' expr opt_stride opt_width attrs opt_init
    opt_string reg_end
        { $$ = ITEM(REG, @$, .name = $2, .dim = $3, .u.reg.offset = $5,
                    .u.reg.stride = $6, .u.reg.width = $7, .attrs = $8.first,
                    .init = $9, .desc = $10, .u.reg.has_body = $11.written,
                    .u.reg.body = $11.body); }

attrs:
    %empty      { $$.first = $$.last = NULL; }
|   attrs attr  { $$ = $1; PDL_APPEND($$, $2); }

attr:
    T_POLICY
        { $$ = NODE(pdl_attr, .kind = PDL_ATTR_POLICY, .span = @$,
                    .policy = pdl_policy_find($1.text)); }
|   T_VERB ref
        { $$ = NODE(pdl_attr, .kind = PDL_ATTR_VERB, .span = @$,
                    .verb = pdl_verb_find($1.text), .ref = $2); }
|   T_WHEN expr     { $$ = ATTR(WHEN, @$, $2); }
|   T_NEEDS expr    { $$ = ATTR(NEEDS, @$, $2); }
|   T_KNOWN expr    { $$ = ATTR(KNOWN, @$, $2); }

reg_end:
    ';'                 { $$ = NO_BODY; }
|   open reg_items '}'  { $$ = (struct pdl_opt_body){ true, $2 };
                          $$.body.span = @$; }

reg_items:
    %empty                      { $$ = EMPTY_BODY; }
|   reg_items reg_item          { $$ = $1; pdl_body_add(&$$, $2); }
|   reg_items error T_ITEM_END  { $$ = $1; yyerrok; }

reg_item:
    notes reg_item_core { $$ = pdl_build_notes(p, $2, $1.first, @$); }

reg_item_core:
    field
|   rule
|   T_DROP refs ';'
        { $$ = ITEM(DROP, @$, .u.drop.refs = $2.first); }

field:
    name bits field_tail {
        $$ = pdl_build_field(p, @$, &$1, $3);
        $$->u.field.bits = $2;
    }
|   name dim bits T_ADD_SET expr field_tail {
        $$ = pdl_build_field(p, @$, &$1, $6);
        $$->dim = $2;
        $$->u.field.bits = $3;
        $$->u.field.stride = $5;
    }

field_tail:
    attrs opt_init fenum opt_string ';'
        { $$ = ITEM(FIELD, @$, .attrs = $1.first, .init = $2, .desc = $4,
                    .u.field.of = $3.of, .u.field.evals = $3.evals,
                    .u.field.write_evals = $3.write_evals); }

fenum:
    %empty                  { $$ = (struct pdl_fenum){ .of = NO_NAME }; }
|   T_OF name               { $$ = (struct pdl_fenum){ .of = $2 }; }
|   eval_list               { $$ = (struct pdl_fenum){ .evals = $1 }; }
|   eval_list eval_list
        { $$ = (struct pdl_fenum){ .evals = $1, .write_evals = $2 }; }

eval_list:
    '{' evals '}'
        { $$ = (struct pdl_evals){ @$, $2.first, false }; }
|   '{' evals ',' '}'
        { $$ = (struct pdl_evals){ @$, $2.first, true }; }

evals:
    eval            { $$.first = $$.last = $1; }
|   evals ',' eval  { $$ = $1; PDL_APPEND($$, $3); }

eval:
    name '=' expr opt_string
        { $$ = NODE(pdl_eval, .name = $1, .value = $3, .text = $4,
                    .span = @$); }

/* ---- other declarations of a body ---- */

group:
    T_GROUP name opt_dim '@' expr opt_stride body
        { $$ = ITEM(GROUP, @$, .name = $2, .dim = $3, .u.group.offset = $5,
                    .u.group.stride = $6, .u.group.body = $7); }

mem:
    T_MEM name dim '@' expr opt_width attrs opt_string ';'
        { $$ = ITEM(MEM, @$, .name = $2, .dim = $3, .u.mem.offset = $5,
                    .u.mem.width = $6, .attrs = $7.first, .desc = $8); }

window:
    T_WINDOW name '@' expr ':' expr T_VERB ref opt_string ';'
        { $$ = ITEM(WINDOW, @$, .name = $2, .u.window.offset = $4,
                    .u.window.size = $6,
                    .u.window.verb = pdl_verb_find($7.text),
                    .u.window.ref = $8, .desc = $9); }

cond:
    T_IF '(' expr ')' body
        { $$ = ITEM(COND, @$, .u.cond = { .test = $3, .then = $5,
                                          .chain = 1 }); }
|   T_IF '(' expr ')' body T_ELSE body
        { $$ = ITEM(COND, @$, .u.cond = { .test = $3, .then = $5, .chain = 1,
                    .otherwise = COPY(pdl_body, &$7) }); }
|   T_IF '(' expr ')' body T_ELSE cond {
        unsigned chain = pdl_build_chain(p, @$, $7->u.cond.chain);

        $$ = ITEM(COND, @$, .u.cond = { .test = $3, .then = $5,
                  .chain = chain, .else_if = chain > 1 ? $7 : NULL });
    }

board_decl:
    T_MEMORY name '@' expr ':' expr attrs opt_string ';'
        { $$ = ITEM(MEMORY, @$, .name = $2, .u.memory.base = $4,
                    .u.memory.size = $6, .attrs = $7.first, .desc = $8); }
|   T_LOAD T_STRING opt_base ';'
        { $$ = ITEM(LOAD, @$, .u.load.file = $2, .u.load.base = $3); }
|   T_BUS name '@' expr ':' expr body
        { $$ = ITEM(BUS, @$, .name = $2, .u.bus.base = $4, .u.bus.size = $6,
                    .u.bus.body = $7); }

opt_base:
    %empty { $$ = NULL; } | '@' expr { $$ = $2; }

instance:
    T_INSTANCE name ':' use '@' exprs opt_body
        { $$ = ITEM(INSTANCE, @$, .name = $2, .u.instance.use = $4,
                    .u.instance.bases = $6.first,
                    .u.instance.has_body = $7.written,
                    .u.instance.body = $7.body); }
|   T_NATIVE name ':' T_STRING '@' exprs opt_body
        { $$ = ITEM(NATIVE, @$, .name = $2, .u.instance.type = $4,
                    .u.instance.bases = $6.first,
                    .u.instance.has_body = $7.written,
                    .u.instance.body = $7.body); }

wire:
    ref T_ARROW targets ';'
        { $$ = ITEM(WIRE, @$, .u.wire.source = $1,
                    .u.wire.targets = $3.first); }

targets:
    target              { $$.first = $$.last = $1; }
|   targets ',' target  { $$ = $1; PDL_APPEND($$, $3); }

target:
    T_STRING
        { $$ = NODE(pdl_target, .text = $1, .span = @$); }
|   ref operands
        { $$ = NODE(pdl_target, .ref = $1, .operands = $2.first, .span = @$); }

operands:
    %empty              { $$.first = $$.last = NULL; }
|   operands T_INT      { $$ = $1; PDL_APPEND($$, pdl_build_number(p, &$2)); }
|   operands name
        { $$ = $1; PDL_APPEND($$, pdl_build_name_expr(p, &$2)); }

/* ---- rules ---- */

rule:
    T_ON events opt_when block
        { $$ = ITEM(RULE, @$, .u.rule.events = $2.first, .u.rule.when = $3,
                    .u.rule.block = $4); }

events:
    event               { $$.first = $$.last = $1; }
|   events ',' event    { $$ = $1; PDL_APPEND($$, $3); }

event:
    name        { $$ = pdl_build_event(p, @$, &$1, NULL); }
|   name ref    { $$ = pdl_build_event(p, @$, &$1, $2); }

opt_when:
    %empty { $$ = NULL; } | T_WHEN expr { $$ = $2; }

block:
    open stmts '}'  { $$ = $2; $$.span = @$; }

stmts:
    %empty                  { $$ = (struct pdl_block){ 0 }; }
|   stmts stmt              { $$ = $1; PDL_APPEND($$, $2); $$.count++; }
|   stmts error T_ITEM_END  { $$ = $1; yyerrok; }

stmt:
    ref assign expr ';'
        { $$ = NODE(pdl_stmt, .kind = PDL_STMT_ASSIGN, .span = @$,
                    .u.assign.target = $1, .u.assign.op = $2,
                    .u.assign.value = $3); }
|   call ';'
        { $$ = NODE(pdl_stmt, .kind = PDL_STMT_CALL, .span = @$,
                    .u.call = $1); }
|   call block {
        pdl_check_copy(p, &$1);
        $$ = NODE(pdl_stmt, .kind = PDL_STMT_COPY, .span = @$,
                  .u.copy = { .args = $1.args, .block = $2 });
    }
|   T_AFTER expr block
        { $$ = NODE(pdl_stmt, .kind = PDL_STMT_AFTER, .span = @$,
                    .u.after.delay = $2, .u.after.block = $3); }
|   branch

branch:
    T_IF '(' expr ')' block
        { $$ = NODE(pdl_stmt, .kind = PDL_STMT_IF, .span = @$,
                    .u.branch = { .test = $3, .then = $5, .chain = 1 }); }
|   T_IF '(' expr ')' block T_ELSE block
        { $$ = NODE(pdl_stmt, .kind = PDL_STMT_IF, .span = @$,
                    .u.branch = { .test = $3, .then = $5, .chain = 1,
                                  .otherwise = COPY(pdl_block, &$7) }); }
|   T_IF '(' expr ')' block T_ELSE branch {
        unsigned chain = pdl_build_chain(p, @$, $7->u.branch.chain);

        $$ = NODE(pdl_stmt, .kind = PDL_STMT_IF, .span = @$,
                  .u.branch = { .test = $3, .then = $5, .chain = chain,
                                .else_if = chain > 1 ? $7 : NULL });
    }

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

/* ---- device tree ---- */

dt:
    T_DT dt_body
        { $$ = ITEM(DT, @$, .u.dt.place = PDL_DT_HERE,
                    .u.dt.items = $2.first); }
|   T_DT T_STRING dt_body
        { $$ = ITEM(DT, @$, .u.dt.place = PDL_DT_PATH, .u.dt.path = $2,
                    .u.dt.items = $3.first); }
|   T_DT '&' name dt_body
        { $$ = ITEM(DT, @$, .u.dt.place = PDL_DT_AT_LABEL, .u.dt.label = $3,
                    .u.dt.items = $4.first); }

dt_body:
    open dt_items '}'   { $$ = $2; }

dt_items:
    %empty                      { $$.first = $$.last = NULL; }
|   dt_items dt_item            { $$ = $1; PDL_APPEND($$, $2); }
|   dt_items error T_ITEM_END   { $$ = $1; yyerrok; }

dt_item:
    T_STRING ';'
        { $$ = NODE(pdl_dt_item, .kind = PDL_DT_PROPERTY, .span = @$,
                    .name = $1); }
|   T_STRING '=' dt_values ';'
        { $$ = NODE(pdl_dt_item, .kind = PDL_DT_PROPERTY, .span = @$,
                    .name = $1, .values = $3.first); }
|   T_NODE T_STRING opt_as dt_body
        { $$ = NODE(pdl_dt_item, .kind = PDL_DT_NODE, .span = @$, .name = $2,
                    .label = $3, .children = $4.first); }
|   T_DROP T_STRING ';'
        { $$ = NODE(pdl_dt_item, .kind = PDL_DT_DROP, .span = @$,
                    .name = $2); }

opt_as:
    %empty      { $$ = NO_NAME; }
|   T_AS name   { $$ = $2; }

dt_values:
    dt_value                { $$.first = $$.last = $1; }
|   dt_values ',' dt_value  { $$ = $1; PDL_APPEND($$, $3); }

dt_value:
    T_STRING
        { $$ = NODE(pdl_dt_value, .kind = PDL_DT_STRING, .span = @$,
                    .string = $1); }
|   '<' dt_cells '>'
        { $$ = NODE(pdl_dt_value, .kind = PDL_DT_CELLS, .span = @$,
                    .cells = $2.first); }
|   '[' dt_bytes ']'
        { $$ = NODE(pdl_dt_value, .kind = PDL_DT_BYTES, .span = @$,
                    .cells = $2.first); }
|   '&' name
        { $$ = NODE(pdl_dt_value, .kind = PDL_DT_LABEL, .span = @$,
                    .label = $2); }

dt_cells:
    %empty              { $$.first = $$.last = NULL; }
|   dt_cells dt_cell    { $$ = $1; PDL_APPEND($$, $2); }

dt_cell:
    T_INT
        { $$ = NODE(pdl_dt_cell, .kind = PDL_DT_CELL_INT, .span = @$,
                    .value = pdl_build_number(p, &$1)); }
|   '(' expr ')'
        { $$ = NODE(pdl_dt_cell, .kind = PDL_DT_CELL_EXPR, .span = @$,
                    .value = $2); }
|   '&' name
        { $$ = NODE(pdl_dt_cell, .kind = PDL_DT_CELL_LABEL, .span = @$,
                    .label = $2); }
|   '&' T_STRING
        { $$ = NODE(pdl_dt_cell, .kind = PDL_DT_CELL_PATH, .span = @$,
                    .path = $2); }

dt_bytes:
    %empty  { $$.first = $$.last = NULL; }
|   dt_bytes T_INT
        { $$ = $1;
          PDL_APPEND($$, NODE(pdl_dt_cell, .kind = PDL_DT_CELL_INT,
                              .span = @2,
                              .value = pdl_build_number(p, &$2))); }

%%

/* Only called for a parser stack that is full. */
static void pdl_yyerror(const struct pdl_span *where, struct pdl_parser *p,
                        const char *message)
{
    (void)message;
    pdl_diag_add(p->diags, PDL_D_PARSER_STACK, *where);
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
