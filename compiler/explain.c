/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a path of the model means, and where it was said. */
#include "compiler/explain.h"

#include <string.h>

#include "compiler/driver.h"
#include "dsl/diag.h"

struct explain {
    const struct pcc_model *m;
    const struct pdl_sources *sources;
    struct pdl_strbuf *out;
};

static void put_origin(struct explain *x, const struct pcc_origin *o)
{
    struct pdl_location at;

    if (pdl_source_locate(x->sources, o->span.file, o->span.begin,
                          &at) == 0) {
        pdl_strbuf_printf(x->out, "  said at %s:%u:%u", at.name,
                          (unsigned)at.line, (unsigned)at.column);
    } else {
        pdl_strbuf_puts(x->out, "  said");
    }
    if (o->owner == PCC_PERSON) {
        pdl_strbuf_puts(x->out, " by a person\n");
        return;
    }
    pdl_strbuf_printf(x->out, ", %s by %s, %u %%",
                      pcc_owner_name(o->owner), o->by ? o->by : "?",
                      o->confidence);
    pdl_strbuf_printf(x->out, o->evidence ? ": %s\n" : "\n",
                      o->evidence ? o->evidence : "");
}

static void put_field(struct explain *x, const struct pcc_field *f)
{
    size_t i;

    if (f->width == 1) {
        pdl_strbuf_printf(x->out, "  bit %u", f->lo);
    } else {
        pdl_strbuf_printf(x->out, "  bits %u to %u", f->lo,
                          f->lo + f->width - 1);
    }
    pdl_strbuf_printf(x->out, ", %s", pcc_policy_name(f->policy));
    if (f->kind == PRT_STORED) {
        pdl_strbuf_printf(x->out, ", after reset 0x%llx\n",
                          (unsigned long long)f->reset);
    } else {
        pdl_strbuf_puts(x->out, f->kind == PRT_HOLD ?
                        ", held by an expression\n" :
                        ", derived by an expression\n");
    }
    for (i = 0; i < f->value_count; i++) {
        pdl_strbuf_printf(x->out, "  %llu is %s\n",
                          (unsigned long long)f->values[i].value,
                          f->values[i].name);
    }
    put_origin(x, &f->origin);
}

static void put_reg(struct explain *x, const struct pcc_device *d,
                    const struct pcc_reg *r, uint32_t inst)
{
    uint32_t i;

    pdl_strbuf_printf(x->out, "  register of %u bits at offset 0x%llx",
                      r->bits, (unsigned long long)r->offset);
    if (inst != PCC_NONE) {
        pdl_strbuf_printf(x->out, ", address 0x%llx",
                          (unsigned long long)
                          pcc_instance_address(x->m, inst, r->offset));
    }
    pdl_strbuf_printf(x->out, ", %s, after reset 0x%llx\n",
                      pcc_policy_name(r->policy), (unsigned long long)r->reset);
    if (r->when != PCC_NONE) {
        pdl_strbuf_puts(x->out, "  there only while its 'when' holds\n");
    }
    if (r->needs != PCC_NONE) {
        pdl_strbuf_puts(x->out, "  written only while its 'needs' holds\n");
    }
    if (r->rule_count || r->view_count) {
        pdl_strbuf_printf(x->out, "  %u rules and %u views\n",
                          (unsigned)r->rule_count, (unsigned)r->view_count);
    }
    put_origin(x, &r->origin);
    for (i = r->first_field; i < r->first_field + r->field_count; i++) {
        pdl_strbuf_printf(x->out, "  .%s\n", d->fields[i].name);
    }
}

static void put_device(struct explain *x, const struct pcc_device *d)
{
    size_t i;

    pdl_strbuf_printf(x->out, "  device %s, 0x%llx bytes, %u bits wide; "
                      "an access nothing takes: %s\n", d->name,
                      (unsigned long long)d->size, d->width,
                      pcc_unmapped_name(d->unmapped));
    put_origin(x, &d->origin);
    for (i = 0; i < d->reg_count; i++) {
        pdl_strbuf_printf(x->out, "  .%s @ 0x%llx\n", d->regs[i].path,
                          (unsigned long long)d->regs[i].offset);
    }
}

/* Register path @rest of @d, perhaps with a field behind it. */
static bool in_device(struct explain *x, const struct pcc_device *d,
                      const char *rest, uint32_t inst)
{
    uint32_t r = pcc_find_reg(d, rest), f;
    size_t i;

    if (r != PCC_NONE) {
        put_reg(x, d, &d->regs[r], inst);
        return true;
    }
    for (i = 0; i < d->reg_count; i++) {
        size_t len = strlen(d->regs[i].path);

        if (strncmp(d->regs[i].path, rest, len) != 0 || rest[len] != '.') {
            continue;
        }
        f = pcc_find_field(d, i, rest + len + 1);
        if (f != PCC_NONE) {
            put_field(x, &d->fields[f]);
            return true;
        }
    }
    return false;
}

static bool in_board(struct explain *x, const char *rest)
{
    const struct pcc_board *b = x->m->board;
    size_t len = strcspn(rest, "."), i;

    for (i = 0; i < b->instance_count; i++) {
        const struct pcc_instance *in = &b->instances[i];
        const struct pcc_device *d = &x->m->devices[in->device];

        if (strlen(in->name) != len || strncmp(in->name, rest, len) != 0) {
            continue;
        }
        if (rest[len]) {
            return in_device(x, d, rest + len + 1, i);
        }
        pdl_strbuf_printf(x->out, "  instance at 0x%llx%s\n",
                          (unsigned long long)in->address,
                          b->console == i ? ", the console" : "");
        put_origin(x, &in->origin);
        put_device(x, d);
        return true;
    }
    for (i = 0; i < b->memory_count; i++) {
        const struct pcc_memory *mem = &b->memories[i];

        if (strcmp(mem->name, rest) == 0) {
            pdl_strbuf_printf(x->out, "  memory 0x%llx to 0x%llx%s\n",
                              (unsigned long long)mem->base,
                              (unsigned long long)(mem->base + mem->size - 1),
                              mem->read_only ? ", read-only" : "");
            put_origin(x, &mem->origin);
            return true;
        }
    }
    return false;
}

static void put_board(struct explain *x)
{
    const struct pcc_board *b = x->m->board;
    size_t i;

    pdl_strbuf_printf(x->out, "  board with %u CPUs %s\n", b->cpus,
                      b->cpu ? b->cpu : "");
    put_origin(x, &b->origin);
    for (i = 0; i < b->memory_count; i++) {
        pdl_strbuf_printf(x->out, "  .%s\n", b->memories[i].name);
    }
    for (i = 0; i < b->instance_count; i++) {
        pdl_strbuf_printf(x->out, "  .%s @ 0x%llx\n", b->instances[i].name,
                          (unsigned long long)b->instances[i].address);
    }
}

bool pcc_explain_path(const struct pcc_model *m,
                      const struct pdl_sources *sources, const char *path,
                      struct pdl_strbuf *out)
{
    struct explain x = { .m = m, .sources = sources, .out = out };
    const struct pcc_board *b = m->board;
    size_t i, len;

    if (b) {
        len = strlen(b->name);
        if (strcmp(b->name, path) == 0) {
            put_board(&x);
            return true;
        }
        if (strncmp(b->name, path, len) == 0 && path[len] == '.' &&
            in_board(&x, path + len + 1)) {
            return true;
        }
        if (in_board(&x, path)) {
            return true;
        }
    }
    for (i = 0; i < m->device_count; i++) {
        const struct pcc_device *d = &m->devices[i];

        len = strlen(d->name);
        if (strcmp(d->name, path) == 0) {
            put_device(&x, d);
            return true;
        }
        if (strncmp(d->name, path, len) == 0 && path[len] == '.' &&
            in_device(&x, d, path + len + 1, PCC_NONE)) {
            return true;
        }
    }
    return false;
}

/* ---- the page of diagnostics ---- */

/* The name of the check that reports @code, or NULL. */
static const char *check_of(enum pdl_code code)
{
    size_t i;

    for (i = 0; pcc_check_name(i); i++) {
        if (strcmp(pcc_check_code(i), pdl_code_id(code)) == 0) {
            return pcc_check_name(i);
        }
    }
    return NULL;
}

void pcc_diagnostics_page(struct pdl_strbuf *out)
{
    unsigned code;

    pdl_strbuf_puts(out,
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n"
        "# Diagnostics\n\nWritten by `periphc --list-codes`; do not edit. "
        "`periphc --explain CODE` prints one.\n`%s` and the like stand for "
        "what the message is about. A check can be switched by\n"
        "`-W`, `-E`, `--no-warn` and, in the text, by `@waive(name)`.\n");
    for (code = 0; code < PDL_D_COUNT; code++) {
        const char *check = check_of(code);

        pdl_strbuf_printf(out, "\n## %s: ", pdl_code_id(code));
        pdl_code_name(code, out);
        pdl_strbuf_printf(out, "\n\n%s%s%s: `%s`\n\n%s\n",
                          pdl_code_severity(code) == PDL_ERROR ? "error" :
                          "warning", check ? ", check " : "",
                          check ? check : "", pdl_code_format(code),
                          pdl_code_explanation(code));
    }
}
