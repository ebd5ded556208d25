/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of dsl/SPEC.md, row by row: each policy (R4), compiled and
 * executed, with both contents: read, what the read leaves, writing 0 and 1,
 * reset, peek; and each pair of attributes (R13), compiled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "dsl/ast.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "runtime/engine/engine.h"

#define MAX_CELLS 16

struct device {
    uint64_t *bytes, *memory;
    struct prt_file file;
    struct prt_table table;
    struct prt_dev dev;
    unsigned reported;
};

static void note(void *opaque, enum prt_log_kind kind, const char *text,
                 uint64_t value)
{
    struct device *d = opaque;

    (void)text;
    (void)value;
    d->reported += kind == PRT_LOG_UNIMPL;
}

static const struct prt_host_ops host = { .log = note };

/* ---- SPEC.md ---- */

struct row {
    char text[512];
    char *cell[MAX_CELLS];
    unsigned count;
};

/* The next row of the table behind @heading; false at its end. */
static bool next_row(FILE *f, struct row *row)
{
    char *rest, *cell;

    if (!fgets(row->text, sizeof(row->text), f) || row->text[0] != '|') {
        return false;
    }
    row->count = 0;
    for (cell = strtok_r(row->text, "|\n", &rest);
         cell && row->count < MAX_CELLS;
         cell = strtok_r(NULL, "|\n", &rest)) {
        char *end = cell + strlen(cell);

        while (*cell == ' ' || *cell == '`') {
            cell++;
        }
        while (end > cell && (end[-1] == ' ' || end[-1] == '`')) {
            *--end = '\0';
        }
        row->cell[row->count++] = cell;
    }
    return true;
}

/* Opens SPEC.md behind the table's first line, which is read into @head. */
static FILE *open_table(const char *first, struct row *head)
{
    const char *top = getenv("PERIPH_SRC");
    char path[4096];
    struct row line;
    FILE *f;

    snprintf(path, sizeof(path), "%s/dsl/SPEC.md", top ? top : ".");
    f = fopen(path, "r");
    assert_non_null(f);
    while (!next_row(f, head) || !head->count ||
           strcmp(head->cell[0], first) != 0) {
        assert_false(feof(f));
    }
    assert_true(next_row(f, &line));
    return f;
}

/* ---- a device ---- */

static enum pdl_code compile(const char *text, struct pdl_strbuf *out)
{
    struct pcc *s = pcc_new(NULL);
    const struct pdl_diag *first;
    enum pdl_code code = PDL_D_COUNT;

    assert_non_null(s);
    assert_int_equal(pcc_add_buffer(s, "t.periph", text, strlen(text)), 0);
    if (pcc_compile(s) == PCC_OK) {
        assert_int_equal(pcc_emit(s, "table", NULL, out), PCC_OK);
    }
    first = pdl_diags_first(pcc_diags(s));
    if (first) {
        code = first->code;
    }
    pcc_free(s);
    return code;
}

static void start(struct device *d, const char *policy, unsigned content)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    char text[256];
    size_t size;

    snprintf(text, sizeof(text), "periph 1;\ndevice d { size: 4; reg A @ 0 : "
             "32 { F [5] %s = %u; } }\n", policy, content);
    assert_int_equal(compile(text, &out), PDL_D_COUNT);
    d->bytes = calloc(1, out.len + 8);
    memcpy(d->bytes, out.data, out.len);
    assert_int_equal(prt_file_open(d->bytes, out.len, &d->file, NULL),
                     PRT_OK);
    assert_int_equal(prt_file_device(&d->file, 0, &d->table), PRT_OK);
    size = prt_table_memory(&d->table);
    d->memory = calloc(1, size + 8);
    assert_int_equal(prt_dev_init(&d->dev, &d->table, d->memory, size, &host,
                                  d), PRT_OK);
    prt_dev_reset(&d->dev, PRT_RESET_COLD);
    d->reported = 0;
    pdl_strbuf_dispose(&out);
}

static void stop(struct device *d)
{
    free(d->bytes);
    free(d->memory);
}

static unsigned content_of(struct device *d)
{
    return *(uint64_t *)(d->dev.state + d->table.regs[0].state) >> 5 & 1;
}

static unsigned read_bit(struct device *d)
{
    uint64_t value;

    assert_int_equal(prt_read(&d->dev, 0, 4, &value), PRT_OK);
    assert_int_equal(value & ~UINT64_C(32), 0);
    return value >> 5 & 1;
}

static void write_bit(struct device *d, unsigned bit)
{
    assert_int_equal(prt_write(&d->dev, 0, 4, bit << 5), PRT_OK);
}

/* What a cell of the table means for a bit with @content. */
static unsigned meaning(const char *cell, unsigned content)
{
    size_t word = strcspn(cell, ",");

    if (strncmp(cell, "content", word) == 0) {
        return content;
    }
    if (strncmp(cell, "inverse", word) == 0) {
        return !content;
    }
    assert_int_equal(word, 1);
    assert_true(*cell == '0' || *cell == '1');
    return *cell - '0';
}

static void check_said(const struct device *d, const char *cell)
{
    assert_int_equal(d->reported, strstr(cell, "reported") ? 1 : 0);
}

static void check_read(const struct row *row, unsigned content)
{
    struct device d;
    uint64_t value;

    start(&d, row->cell[0], content);
    assert_int_equal(prt_peek(&d.dev, 0, 4, &value), PRT_OK);
    assert_int_equal(value >> 5 & 1, meaning(row->cell[1], content));
    assert_int_equal(content_of(&d), content);
    assert_int_equal(d.reported, 0);
    assert_int_equal(read_bit(&d), meaning(row->cell[1], content));
    check_said(&d, row->cell[1]);
    assert_int_equal(content_of(&d), meaning(row->cell[2], content));
    prt_dev_reset(&d.dev, PRT_RESET_WARM);
    assert_int_equal(content_of(&d), content);
    stop(&d);
}

static void check_write(const struct row *row, unsigned content,
                        unsigned bit)
{
    const char *cell = row->cell[3 + bit];
    unsigned next = meaning(cell, content);
    struct device d;

    start(&d, row->cell[0], content);
    write_bit(&d, bit);
    assert_int_equal(content_of(&d), next);
    check_said(&d, cell);
    if (strstr(cell, "first time")) {
        write_bit(&d, !bit);
        assert_int_equal(content_of(&d), next);
    }
    prt_dev_reset(&d.dev, PRT_RESET_WARM);
    assert_int_equal(content_of(&d), content);
    if (strstr(cell, "first time")) {
        write_bit(&d, bit);
        assert_int_equal(content_of(&d), next);
    }
    stop(&d);
}

static void policies_do_what_the_table_says(void **state)
{
    struct row row;
    FILE *f = open_table("policy", &row);
    unsigned rows = 0, content;

    (void)state;
    while (next_row(f, &row)) {
        assert_int_equal(row.count, 5);
        for (content = 0; content < 2; content++) {
            check_read(&row, content);
            check_write(&row, content, 0);
            check_write(&row, content, 1);
        }
        rows++;
    }
    fclose(f);
    print_message("# %u policies\n", rows);
    /* All words but sticky, which is none, and the 0 of the enumeration. */
    assert_int_equal(rows, PDL_POLICY_COUNT - 2);
}

static void sticky_stays(void **state)
{
    struct device d;

    (void)state;
    start(&d, "sticky", 0);
    write_bit(&d, 1);
    prt_dev_reset(&d.dev, PRT_RESET_WARM);
    assert_int_equal(content_of(&d), 1);
    prt_dev_reset(&d.dev, PRT_RESET_COLD);
    assert_int_equal(content_of(&d), 0);
    stop(&d);
}

/* ---- pairs of attributes ---- */

static void pairs_are_as_the_table_says(void **state)
{
    struct row head, row;
    FILE *f = open_table("with", &head);
    unsigned pairs = 0, i;

    (void)state;
    while (next_row(f, &row)) {
        assert_int_equal(row.count, head.count);
        for (i = 1; i < row.count; i++) {
            struct pdl_strbuf out = PDL_STRBUF_INIT;
            const char *a = row.cell[0], *b = head.cell[i];
            char text[512];
            enum pdl_code code;
            bool init = strstr(a, "=") != NULL;

            if (!*row.cell[i]) {
                continue;
            }
            snprintf(text, sizeof(text), "periph 1;\ndevice d { size: 16; "
                     "var v : 8; fifo q[4] : 8; lock k = 1; reg B @ 4; "
                     "reg C @ 8 pops q pushes q; reg K @ 12 feeds k;\n"
                     "reg A @ 0 { F [0..7] %s %s; } }\n", init ? b : a,
                     init ? a : b);
            code = compile(text, &out);
            if (strcmp(row.cell[i], code == PDL_D_COUNT ? "yes" :
                       pdl_code_id(code)) != 0) {
                fail_msg("%s with %s: %s, not %s", a, b,
                         code == PDL_D_COUNT ? "yes" : pdl_code_id(code),
                         row.cell[i]);
            }
            pairs++;
            pdl_strbuf_dispose(&out);
        }
    }
    fclose(f);
    print_message("# %u pairs\n", pairs);
    assert_true(pairs > 40);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_do_what_the_table_says),
        cmocka_unit_test(sticky_stays),
        cmocka_unit_test(pairs_are_as_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
