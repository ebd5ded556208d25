/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The promise that makes board files safe to edit: whatever a person does to
 * a file, the machine's next answer changes its own item there and not one
 * byte beside it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dsl/format.h"
#include "dsl/item.h"
#include "dsl/parse.h"
#include "runtime/profile/profile.h"

#define ITERATIONS 1500
#define BASE 0x01c28000u
#define OFFSETS 40u

static char dir[64];
static char path[128];
static char pending[160];
static uint64_t seed = 0x2545f4914f6cdd1du;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

/* ---- Files ---- */

static char *slurp(const char *name)
{
    FILE *f = fopen(name, "rb");
    char *text;
    long size;

    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    text = malloc((size_t)size + 1);
    assert_int_equal(fread(text, 1, (size_t)size, f), size);
    text[size] = '\0';
    fclose(f);
    return text;
}

/* As editors save: in place, or a new file renamed over the old one. */
static void save(const char *name, const char *text, bool in_place)
{
    char temp[160];
    FILE *f;

    snprintf(temp, sizeof(temp), "%s.new", name);
    f = fopen(in_place ? name : temp, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
    if (!in_place) {
        assert_int_equal(rename(temp, name), 0);
    }
}

static const char board_text[] =
    "periph 1;\n"
    "board b \"a board\" {\n"
    "    cpu: \"cortex-a53\";\n"
    "    memory ram @ 0x40000000 : 1M;\n"
    "}\n";

static int setup(void **state)
{
    char name[128];

    (void)state;
    strcpy(dir, "/tmp/periph-splice-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(name, sizeof(name), "%s/board.periph", dir);
    snprintf(path, sizeof(path), "%s/dev_01c28000.periph", dir);
    snprintf(pending, sizeof(pending), "%s.pending", path);
    save(name, board_text, true);
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

/* ---- Looking at a text by itself ---- */

static bool parses(const char *text)
{
    struct pdl_session *s = pdl_session_new();
    struct pdl_unit *unit = NULL;
    bool ok = pdl_parse_buffer(s, "t", text, strlen(text), &unit) == PDL_OK;

    pdl_session_free(s);
    return ok;
}

struct found {
    bool there, machines;
    uint32_t begin, end;
};

/* The register at @offset of the one device in @text. */
static struct found find(const char *text, uint64_t offset)
{
    struct pdl_session *s = pdl_session_new();
    struct found found = { false, false, 0, 0 };
    const struct pdl_item *item;
    struct pdl_unit *unit = NULL;

    pdl_parse_buffer(s, "t", text, strlen(text), &unit);
    assert_non_null(unit);
    for (item = unit->items.first; item != NULL; item = item->next) {
        const struct pdl_item *in;

        if (item->kind != PDL_ITEM_DEVICE) {
            continue;
        }
        for (in = item->u.typed.body.first; in != NULL; in = in->next) {
            if (in->kind == PDL_ITEM_REG &&
                in->u.reg.offset->u.number.value == offset) {
                found.there = true;
                found.machines =
                    pdl_item_is_machines(pdl_session_sources(s), in);
                found.begin = in->span.begin;
                found.end = in->span.end;
            }
        }
    }
    pdl_session_free(s);
    return found;
}

/* ---- A person at work ---- */

static char *put_in(const char *text, size_t at, size_t gone,
                    const char *new_text)
{
    size_t len = strlen(text), more = strlen(new_text);
    char *out = malloc(len + more + 1);

    memcpy(out, text, at);
    memcpy(out + at, new_text, more);
    strcpy(out + at + more, text + at + gone);
    return out;
}

static size_t line_start(const char *text)
{
    size_t lines = 0, i, want;

    for (i = 0; text[i] != '\0'; i++) {
        lines += text[i] == '\n';
    }
    want = draw(lines + 1);
    for (i = 0; want > 0; i++) {
        want -= text[i] == '\n';
    }
    return i;
}

static char *reformat(const char *text)
{
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    if (pdl_format(text, strlen(text), 0, &out) != PDL_OK) {
        pdl_strbuf_dispose(&out);
        return strdup(text);
    }
    return pdl_strbuf_take(&out);
}

/* Takes notes away, changes them, or writes into an item. */
static char *touch_item(const char *text)
{
    struct found f = find(text, 4 * draw(OFFSETS));
    const char *at;

    if (!f.there) {
        return strdup(text);
    }
    switch (draw(5)) {
    case 0:                             /* the person's from now on */
        return put_in(text, f.end - 1, 0, " ro");
    case 1:
        at = strchr(text + f.begin, ')');
        return text[f.begin] == '@' && at != NULL ?
            put_in(text, f.begin, (size_t)(at - text) + 1 - f.begin, "") :
            strdup(text);
    case 2:                             /* gone */
        return put_in(text, f.begin, f.end - f.begin, "");
    case 3:
        return put_in(text, f.end, 0, "  // mine \xe5\xaf\x84");
    default:
        return put_in(text, f.begin, 0, "/* before */ ");
    }
}

static char *person(const char *text)
{
    char line[128];
    size_t at = line_start(text);

    switch (draw(8)) {
    case 0:
        return put_in(text, at, 0, "// a note to myself { ; \"\n");
    case 1:
        return put_in(text, at, 0, "\n   \t\n");
    case 2:
        snprintf(line, sizeof(line), "    reg p%u @ 0x%x%s { b0 [0]; }\n",
                 (unsigned)draw(1000), (unsigned)(4 * draw(OFFSETS)),
                 draw(2) ? " /* hm */" : "");
        return put_in(text, at, 0, line);
    case 3:
        return put_in(text, at, 0, "/* two\n   lines */");
    case 4:
        return reformat(text);
    case 5:                             /* a slip of the finger */
        at = draw(strlen(text));
        return put_in(text, at, draw(3), draw(2) ? "x" : "");
    default:
        return touch_item(text);
    }
}

/* ---- The machine ---- */

static struct pfl_edit reg_edit(uint64_t offset, char *name, char *text)
{
    struct pfl_edit e;

    memset(&e, 0, sizeof(e));
    snprintf(name, 32, "r%02" PRIx64, offset);
    switch (draw(3)) {
    case 0:
        snprintf(text, 128, "reg %s @ 0x%02" PRIx64 ";", name, offset);
        break;
    case 1:
        snprintf(text, 128, "reg %s @ 0x%02" PRIx64 " { b%u [%u] ro = 1; }",
                 name, offset, 5, (unsigned)draw(32));
        break;
    default:
        snprintf(text, 128, "reg %s @ 0x%02" PRIx64 " = 0x%x;", name, offset,
                 (unsigned)draw(65536));
        break;
    }
    e.kind = PFL_EDIT_REG;
    e.by = "rules";
    e.confidence = (unsigned)draw(101);
    e.base = BASE;
    e.offset = offset;
    e.name = name;
    e.text = text;
    e.evidence = draw(2) ? "polled \"here\" \\ and there" : NULL;
    return e;
}

static void first_device(struct pfl_board *b)
{
    struct pfl_change change;
    struct pfl_edit e;

    memset(&e, 0, sizeof(e));
    e.kind = PFL_EDIT_DEVICE;
    e.by = "rules";
    e.confidence = 60;
    e.base = BASE;
    e.size = 0x1000;
    e.name = "dev_01c28000";
    e.text = "size: 0x1000; width: 32; unmapped: ask;";
    assert_int_equal(pfl_apply(b, &e, 1, &change), PFL_OK);
    assert_true(change.changed);
}

/* That @after is @before with nothing but [begin, end) replaced. */
static void check_outside(const char *before, const char *after,
                          const struct found *target)
{
    size_t a = strlen(before), b = strlen(after);
    size_t p = 0, s = 0, least = a < b ? a : b;

    while (p < least && before[p] == after[p]) {
        p++;
    }
    while (s < least - p && before[a - 1 - s] == after[b - 1 - s]) {
        s++;
    }
    if (!target->there) {
        /* Nothing was removed. */
        assert_int_equal(p + s, a);
        return;
    }
    assert_true(p >= target->begin);
    assert_true(a - s <= target->end);
}

/* ---- The property ---- */

static unsigned count_inserted, count_replaced, count_owned, count_broken;

/* True when the answer was put into the file. */
static bool machine_turn(struct pfl_board *b, const char *before)
{
    char name[32], text[128];
    uint64_t offset = 4 * draw(OFFSETS);
    struct pfl_edit e = reg_edit(offset, name, text);
    struct pfl_change change;
    struct found target, now;
    bool put = false;
    char *after;
    int ret;

    if (!parses(before)) {
        ret = pfl_apply(b, &e, 1, &change);
        after = slurp(path);
        assert_string_equal(before, after);
        free(after);
        count_broken++;
        return false;
    }
    target = find(before, offset);
    ret = pfl_apply(b, &e, 1, &change);
    after = slurp(path);
    now = find(after, offset);
    if (ret == PFL_OK && access(pending, F_OK) == 0) {
        /* It parses, but does not compile: the answer waits. */
        assert_string_equal(before, after);
        count_broken++;
    } else if (ret == PFL_OK) {
        assert_true(now.there);
        put = strcmp(before, after) != 0;
        if (put) {
            check_outside(before, after, &target);
            assert_true(!target.there || target.machines);
            assert_true(now.machines);
        }
        *(target.there ? &count_replaced : &count_inserted) += 1;
    } else {
        /* Refused, or what the person wrote does not compile. */
        assert_string_equal(before, after);
        count_owned++;
        if (ret == PFL_ERR_OWNED) {
            assert_true(!target.there || !target.machines);
        }
    }
    free(after);
    return put;
}

static void every_other_byte_stays(void **state)
{
    struct pfl_change change;
    struct pfl_board *b;
    char *good = NULL;
    int i;

    (void)state;
    assert_int_equal(pfl_open(dir, NULL, &b), PFL_OK);
    first_device(b);
    for (i = 0; i < ITERATIONS; i++) {
        char *before = slurp(path);

        if (draw(3) == 0) {
            char *edited = person(before);

            save(path, edited, draw(2) == 0);
            free(before);
            before = edited;
        }
        if (strlen(before) > 4000) {
            /* Start anew: long files only make this slow. */
            unlink(path);
            pfl_close(b);
            assert_int_equal(pfl_open(dir, NULL, &b), PFL_OK);
            first_device(b);
            free(before);
            before = slurp(path);
        }
        if (machine_turn(b, before)) {
            free(good);
            good = slurp(path);
        } else if (access(pending, F_OK) == 0 && draw(2) == 0) {
            /* The person mends it after some more answers. */
            save(path, good, draw(2) == 0);
            pfl_refresh(b, &change);
            assert_int_not_equal(access(pending, F_OK), 0);
        }
        free(before);
    }
    free(good);
    pfl_close(b);
    print_message("# %u inserted, %u replaced, %u refused, %u broken\n",
                  count_inserted, count_replaced, count_owned, count_broken);
    assert_true(count_inserted > 50);
    assert_true(count_replaced > 100);
    assert_true(count_owned > 15);
    assert_true(count_broken > 50);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_other_byte_stays),
    };

    return cmocka_run_group_tests(tests, setup, teardown) == 0 ? 0 : 1;
}
