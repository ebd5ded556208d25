/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiler as a library: inputs, diagnostics, outputs in part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "runtime/engine/engine.h"

#define BOARD "periph 1;\nboard b { cpu: \"cortex-a53\"; " \
    "memory ram @ 0x40000000 : 1M; memory more @ 0x50000000 : 1M; " \
    "native gic : \"arm_gic\" @ 0x8000, 0x9000; }\n"
#define UART "periph 1;\n" \
    "device uart { size: 0x1000; fifo tx[4] to console; line out irq; " \
    "reg D @ 0 { V [0..7] pushes tx; } irq := empty(tx); }\n" \
    "device plain { size: 0x1000; reg A @ 0 = 5; }\n" \
    "extend b { instance u : uart @ 0x1000 { irq -> gic.spi 3 level_high; }" \
    " instance p : plain @ 0x2000; console: u; }\n"

static struct pcc *compile(const char *board, const char *layer, int want)
{
    struct pcc *s = pcc_new(NULL);

    assert_non_null(s);
    assert_int_equal(pcc_add_buffer(s, "x/board.periph", board,
                                    strlen(board)), PCC_OK);
    if (layer) {
        assert_int_equal(pcc_add_buffer(s, "x/layer.periph", layer,
                                        strlen(layer)), PCC_OK);
    }
    assert_int_equal(pcc_compile(s), want);
    return s;
}

/* A table, checked by the engine; the bytes stay in @out. */
static void open_table(struct pcc *s, const struct pcc_emit_options *opts,
                       struct pdl_strbuf *out, struct prt_file *file)
{
    struct prt_fault_place place;

    assert_int_equal(pcc_emit(s, "table", opts, out), PCC_OK);
    assert_int_equal(prt_file_open(out->data, out->len, file, &place),
                     PRT_OK);
}

static void test_whole_board(void **state)
{
    struct pcc *s = compile(BOARD, UART, PCC_OK);
    const struct pcc_model *m = pcc_get_model(s);
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct prt_file file;

    (void)state;
    assert_non_null(m);
    assert_non_null(m->board);
    assert_int_equal(m->board->instance_count, 2);
    assert_int_equal(m->board->console, 0);
    assert_int_equal(pcc_find_instance(m->board, "p"), 1);
    assert_int_equal(pcc_find_instance(m->board, "q"), PCC_NONE);
    assert_int_equal(pcc_instance_at(m, 0x1fff), 0);
    assert_int_equal(pcc_instance_at(m, 0x3000), PCC_NONE);
    open_table(s, NULL, &out, &file);
    assert_true(file.has_board);
    assert_int_equal(file.head->device_count, 2);
    assert_int_equal(file.board.head->memories.count, 2);
    assert_int_equal(file.board.head->instances.count, 2);
    assert_int_equal(file.board.head->natives.count, 1);
    assert_int_equal(file.board.head->wires.count, 1);
    assert_int_equal(file.board.head->flags & PRT_BOARD_PARTIAL, 0);
    pdl_strbuf_dispose(&out);
    pcc_free(s);
}

static void test_part_of_a_board(void **state)
{
    const char *const names[] = { "p" }, *const uart[] = { "u" };
    const char *const memories[] = { "more" };
    struct pcc *s = compile(BOARD, UART, PCC_OK);
    struct pcc_emit_options opts = {
        .instances = names, .instance_count = 1, .delta = true,
        .memories = memories, .memory_count = 1,
    };
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct prt_file file;

    (void)state;
    open_table(s, &opts, &out, &file);
    assert_int_equal(file.head->device_count, 1);
    assert_int_equal(file.board.head->instances.count, 1);
    assert_int_equal(file.board.head->memories.count, 1);
    assert_int_equal(file.board.memories[0].base, 0x50000000);
    assert_int_equal(file.board.head->natives.count, 0);
    assert_int_equal(file.board.head->wires.count, 0);
    assert_int_equal(file.board.head->flags & PRT_BOARD_PARTIAL,
                     PRT_BOARD_PARTIAL);
    pdl_strbuf_clear(&out);

    opts.instances = uart;
    opts.memory_count = 0;
    open_table(s, &opts, &out, &file);
    assert_int_equal(file.board.head->memories.count, 0);
    assert_int_equal(file.board.head->natives.count, 1);
    assert_int_equal(file.board.head->wires.count, 1);
    assert_int_equal(file.board.instances[0].flags & PRT_INST_CONSOLE,
                     PRT_INST_CONSOLE);
    pdl_strbuf_clear(&out);

    opts.instance_count = 0;
    open_table(s, &opts, &out, &file);
    assert_int_equal(file.head->device_count, 0);
    pdl_strbuf_dispose(&out);
    pcc_free(s);
}

static void test_unknown_names(void **state)
{
    const char *const names[] = { "nobody" };
    struct pcc_emit_options opts = {
        .instances = names, .instance_count = 1
    };
    struct pcc *s = compile(BOARD, UART, PCC_OK);
    struct pdl_strbuf out = PDL_STRBUF_INIT;

    (void)state;
    assert_int_equal(pcc_emit(s, "table", &opts, &out), PCC_ERR_UNKNOWN);
    assert_int_equal(pcc_emit(s, "nothing", NULL, &out), PCC_ERR_UNKNOWN);
    assert_int_equal(out.len, 0);
    assert_int_equal(pcc_set_check(s, "undriven-line", PCC_OFF),
                     PCC_ERR_STATE);
    pcc_free(s);
    s = pcc_new(NULL);
    assert_int_equal(pcc_emit(s, "table", NULL, &out), PCC_ERR_STATE);
    assert_int_equal(pcc_set_check(s, "nothing", PCC_OFF), PCC_ERR_UNKNOWN);
    pcc_free(s);
}

static void test_three_errors(void **state)
{
    struct pcc *s = compile("periph 1;\nboard b {\n  cpuu: \"x\";\n"
                            "  instance i : nothing @ 0;\n"
                            "  console: nobody;\n}\n", NULL, PCC_ERR_INPUT);

    (void)state;
    assert_int_equal(pdl_diags_errors(pcc_diags(s)), 3);
    assert_null(pcc_get_model(s));
    pcc_free(s);
}

static void test_check_severity(void **state)
{
    static const char text[] = "periph 1;\n"
        "device d { size: 4; line out irq; reg A @ 0; }\n";
    static const struct {
        enum pcc_severity severity;
        int want;
        size_t warnings;
    } cases[] = {
        { PCC_OFF, PCC_OK, 0 }, { PCC_WARN, PCC_OK, 1 },
        { PCC_FAIL, PCC_ERR_INPUT, 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct pcc *s = pcc_new(NULL);

        assert_int_equal(pcc_set_check(s, "undriven-line",
                                       cases[i].severity), PCC_OK);
        assert_int_equal(pcc_add_buffer(s, "d", text, strlen(text)), PCC_OK);
        assert_int_equal(pcc_compile(s), cases[i].want);
        assert_int_equal(pdl_diags_warnings(pcc_diags(s)),
                         cases[i].warnings);
        pcc_free(s);
    }
}

static void put(const char *path, const char *text)
{
    assert_int_equal(pcc_write_file(path, text, strlen(text)), PCC_OK);
}

/* Layers in the order of names, buffers in front of the disk. */
static void test_board_folder(void **state)
{
    char dir[] = "/tmp/periph-unit-XXXXXX", path[64];
    static const char override[] = "periph 1;\nconst A = 7;\n";
    static const char extra[] = "periph 1;\n"
        "extend b { memory z @ 0x9000 : 4K; }\n";
    struct pcc *s;
    const struct pcc_model *m;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/board.periph", dir);
    put(path, "periph 1;\nboard b { }\n");
    snprintf(path, sizeof(path), "%s/b.periph", dir);
    put(path, "periph 1;\nextend b { memory y @ A * 4096 : 4K; }\n");
    snprintf(path, sizeof(path), "%s/a.periph", dir);
    put(path, "periph 1;\nconst A = 5;\n");
    s = pcc_new(NULL);
    snprintf(path, sizeof(path), "%s/a.periph", dir);
    assert_int_equal(pcc_set_buffer(s, path, override, strlen(override)),
                     PCC_OK);
    snprintf(path, sizeof(path), "%s/c.periph", dir);
    assert_int_equal(pcc_set_buffer(s, path, extra, strlen(extra)), PCC_OK);
    snprintf(path, sizeof(path), "%s/", dir);
    assert_int_equal(pcc_add_board_dir(s, path), PCC_OK);
    assert_int_equal(pcc_compile(s), PCC_OK);
    m = pcc_get_model(s);
    assert_int_equal(m->board->memory_count, 2);
    assert_int_equal(m->board->memories[0].base, 7 * 4096);
    assert_string_equal(m->board->memories[1].name, "z");
    pcc_free(s);

    s = pcc_new(NULL);
    snprintf(path, sizeof(path), "%s/board.periph", dir);
    unlink(path);
    assert_int_equal(pcc_add_board_dir(s, dir), PCC_ERR_IO);
    pcc_free(s);
    snprintf(path, sizeof(path), "rm -r %s", dir);
    assert_int_equal(system(path), 0);
}

static void test_missing_image(void **state)
{
    struct pcc *s = compile("periph 1;\nboard b { load \"no-image\" @ 0; }\n",
                            NULL, PCC_OK);
    const char *const dirs[] = { "/nowhere" };
    struct pcc_emit_options opts = {
        .load_dirs = dirs, .load_dir_count = 1, .need_loads = true
    };
    struct pdl_strbuf out = PDL_STRBUF_INIT;
    struct prt_file file;

    (void)state;
    assert_int_equal(pcc_emit(s, "table", &opts, &out), PCC_ERR_INPUT);
    assert_int_equal(pdl_diags_errors(pcc_diags(s)), 1);
    assert_int_equal(out.len, 0);
    opts.need_loads = false;
    open_table(s, &opts, &out, &file);
    assert_string_equal(prt_board_string(&file.board,
                                         file.board.loads[0].path),
                        "no-image");
    pdl_strbuf_dispose(&out);
    pcc_free(s);
}

/* Only a changed file is written: the inode of an equal one stays. */
static void test_write_file(void **state)
{
    char path[] = "/tmp/periph-unit-XXXXXX";
    int fd = mkstemp(path);
    struct stat a, b, c;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    put(path, "one");
    assert_int_equal(stat(path, &a), 0);
    put(path, "one");
    assert_int_equal(stat(path, &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);
    put(path, "one more");
    assert_int_equal(stat(path, &c), 0);
    assert_int_equal(c.st_size, 8);
    unlink(path);
    assert_int_equal(pcc_write_file("/nowhere/at/all", "x", 1), PCC_ERR_IO);
}

static void test_base_is_not_trusted(void **state)
{
    struct pcc *s = compile(BOARD, UART, PCC_OK);
    struct pdl_strbuf base = PDL_STRBUF_INIT, out = PDL_STRBUF_INIT;
    struct pcc_emit_options opts = { 0 };
    size_t i;

    (void)state;
    assert_int_equal(pcc_emit(s, "dtb", NULL, &base), PCC_OK);
    opts.base = base.data;
    for (i = 0; i < base.len; i++) {
        int err;

        opts.base_size = i;
        err = pcc_emit(s, "dtb", &opts, &out);
        assert_int_equal(err, PCC_ERR_INPUT);
    }
    for (i = 0; i < base.len; i++) {
        char was = base.data[i];
        int err;

        opts.base_size = base.len;
        base.data[i] ^= 0xff;
        err = pcc_emit(s, "dtb", &opts, &out);
        assert_true(err == PCC_OK || err == PCC_ERR_INPUT);
        base.data[i] = was;
        pdl_strbuf_clear(&out);
    }
    pdl_strbuf_dispose(&base);
    pdl_strbuf_dispose(&out);
    pcc_free(s);
}

static void test_texts(void **state)
{
    int err;
    size_t i;

    (void)state;
    for (err = PCC_ERR_INTERNAL; err <= PCC_OK; err++) {
        assert_string_not_equal(pcc_strerror(err), pcc_strerror(1));
    }
    for (i = 0; pcc_emitter_name(i); i++) {
        assert_non_null(pcc_emitter_help(i));
    }
    assert_true(i >= 5);
    for (i = 0; pcc_check_name(i); i++) {
        assert_non_null(pcc_check_help(i));
        assert_true(pcc_check_default(i) != PCC_OFF);
    }
    assert_true(i >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_board),
        cmocka_unit_test(test_part_of_a_board),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_three_errors),
        cmocka_unit_test(test_check_severity),
        cmocka_unit_test(test_board_folder),
        cmocka_unit_test(test_missing_image),
        cmocka_unit_test(test_write_file),
        cmocka_unit_test(test_base_is_not_trusted),
        cmocka_unit_test(test_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
