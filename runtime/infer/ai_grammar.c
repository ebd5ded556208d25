/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/ai_grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "dsl/strbuf.h"

/* Rules that are said anew, one line each as in the grammar's own text. */
static const struct {
    const char *name, *line;
} rules[] = {
    { "root", "root ::= ws (decl ws)+" },
    { "decl", "decl ::= reg | var | fifo | timer | line | lock | rule | "
      "derive" },
    { "notes", "notes ::= \"\"" },
    { "body-items", "body-items ::= (decl ws)*" },
    { "reg-end", "reg-end ::= \";\" | \"{\" ws ((field | rule) ws)* \"}\"" },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

/* Which of the rules the line that starts at @line defines; RULES: none. */
static size_t find_rule(const char *line)
{
    size_t i;

    for (i = 0; i < RULES; i++) {
        size_t len = strlen(rules[i].name);

        if (strncmp(line, rules[i].name, len) == 0 &&
            strncmp(line + len, " ::=", 4) == 0) {
            break;
        }
    }
    return i;
}

char *ai_grammar_answer(const char *gbnf)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    bool found[RULES] = { false };
    bool all = true;
    size_t i, len;

    for (; *gbnf != '\0'; gbnf += len + (gbnf[len] == '\n')) {
        len = strcspn(gbnf, "\n");
        i = find_rule(gbnf);
        if (i < RULES) {
            found[i] = true;
            pdl_strbuf_puts(&out, rules[i].line);
        } else {
            pdl_strbuf_add(&out, gbnf, len);
        }
        pdl_strbuf_putc(&out, '\n');
    }
    for (i = 0; i < RULES; i++) {
        all = all && found[i];
    }
    if (!all) {
        pdl_strbuf_dispose(&out);
        return NULL;
    }
    return pdl_strbuf_take(&out);
}
