/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The validator: every error by name, hostile tables, the board section. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/builder.h"
#include "tests/engine/sample.h"
#include "tests/fuzz/ptab_fuzz.h"

static struct tb b;
static struct prt_table t;
static struct prt_fault_place place;
static _Alignas(8) uint8_t file_bytes[TB_BYTES];

static int open_table(void)
{
    return prt_table_open(b.bytes, b.size, &t, &place);
}

static void test_sample_is_valid(void **state)
{
    struct prt_table again;
    struct prt_file file;
    uint32_t size;

    (void)state;
    sample_build(&b);
    assert_int_equal(open_table(), PRT_OK);
    assert_int_equal(t.nregs, b.nregs);
    assert_string_equal(prt_reg_name(&t, 2), "CTRL");
    assert_string_equal(prt_field_name(&t, 1), "RXNE");
    assert_string_equal(prt_reg_name(&t, 999), "");
    size = sample_file(&b, file_bytes);
    assert_int_equal(prt_file_open(file_bytes, size, &file, &place), PRT_OK);
    assert_true(file.has_board);
    assert_string_equal(prt_board_string(&file.board, file.board.head->cpu),
                        "cortex-m3");
    assert_int_equal(prt_file_device(&file, 0, &again), PRT_OK);
    assert_int_equal(again.ncode, t.ncode);
    assert_int_equal(prt_file_device(&file, 1, &again), PRT_E_INDEX);
}

/* Every section of the format stands in the sample. */
static void test_sample_is_complete(void **state)
{
    (void)state;
    sample_build(&b);
    assert_int_equal(b.head.section_count, PRT_SEC_COUNT - 1);
}

static void test_truncated(void **state)
{
    struct prt_file file;
    uint32_t size, n;

    (void)state;
    sample_build(&b);
    size = sample_file(&b, file_bytes);
    for (n = 0; n < size; n++) {
        uint8_t *copy = malloc(n ? n : 1);

        memcpy(copy, file_bytes, n);
        assert_true(prt_file_open(copy, n, &file, NULL) < 0);
        free(copy);
    }
    for (n = 0; n < b.size; n++) {
        uint8_t *copy = malloc(n ? n : 1);

        memcpy(copy, b.bytes, n);
        assert_true(prt_table_open(copy, n, &t, NULL) < 0);
        free(copy);
    }
}

/* A file whose bytes changed on the way is refused as such. */
static void test_flipped_file(void **state)
{
    struct prt_file file;
    uint32_t size, n;

    (void)state;
    sample_build(&b);
    size = sample_file(&b, file_bytes);
    for (n = 0; n < size; n++) {
        if (n == offsetof(struct prt_file_header, version) ||
            n == offsetof(struct prt_file_header, version) + 1) {
            continue;           /* a later version, still compatible */
        }
        file_bytes[n] ^= 1u << n % 8;
        assert_true(prt_file_open(file_bytes, size, &file, NULL) < 0);
        file_bytes[n] ^= 1u << n % 8;
    }
    assert_int_equal(prt_file_open(file_bytes, size, &file, NULL), PRT_OK);
}

/* With the checksum made right again, what validates is run. */
static void test_mutated_tables(void **state)
{
    uint32_t size, n, k;
    uint64_t seed = 0x9e3779b97f4a7c15;

    (void)state;
    sample_build(&b);
    size = sample_file(&b, file_bytes);
    for (n = 0; n < size; n++) {
        uint8_t was = file_bytes[n];
        static const uint8_t values[] = { 0, 1, 7, 0x20, 0x80, 0xff };

        for (k = 0; k < sizeof(values); k++) {
            file_bytes[n] = k == 3 ? was ^ 0x20 : values[k];
            LLVMFuzzerTestOneInput(file_bytes, size);
        }
        file_bytes[n] = was;
    }
    for (n = 0; n < 20000; n++) {
        uint8_t copy[8];
        uint32_t at;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        at = (uint32_t)(seed >> 33) % (size - 8);
        memcpy(copy, file_bytes + at, 8);
        memcpy(file_bytes + at, &seed, 1 + (seed >> 60) % 8);
        LLVMFuzzerTestOneInput(file_bytes, size);
        if (n % 4 == 0) {
            memcpy(file_bytes + at, copy, 8);
        }
        if (n % 64 == 0) {
            sample_file(&b, file_bytes);
        }
    }
}

static void test_corpus(void **state)
{
    const char *top = getenv("PERIPH_SRC");
    char path[4096];
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/ptab",
             top ? top : ".");
    dir = opendir(path);
    if (!dir) {
        skip();
    }
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/ptab/%s",
                 top ? top : ".", entry->d_name);
        assert_int_equal(ptab_fuzz_replay(path), 0);
        count++;
    }
    closedir(dir);
    assert_true(count > 0);
}

/* ---------------------------------------------------------- named errors */

/* Expect `error` after `change` to the finished sample. */
#define REFUSE(error, change) do {                                      \
        sample_build(&b);                                               \
        assert_int_equal(open_table(), PRT_OK);                         \
        change;                                                         \
        assert_int_equal(open_table(), error);                          \
    } while (0)

/* The entry of an open table, to be spoilt. */
#define AT(array, index) (*(__typeof__(&b.array[0]))(uintptr_t)&t.array[index])
#define HEAD ((struct prt_dev_header *)(void *)b.bytes)
#define SECTION(n) (((struct prt_section *)(void *)(HEAD + 1))[n])

static void test_head_errors(void **state)
{
    (void)state;
    REFUSE(PRT_E_MAGIC, HEAD->magic++);
    REFUSE(PRT_E_VERSION, HEAD->compat = PRT_VERSION + 1);
    REFUSE(PRT_E_VERSION, HEAD->version = 0);
    REFUSE(PRT_E_SHORT, HEAD->total_size += 8);
    REFUSE(PRT_E_SIZE, HEAD->total_size -= 1);
    REFUSE(PRT_E_RESERVED, HEAD->reserved0 = 1);
    REFUSE(PRT_E_LIMIT, HEAD->mmio_size = PRT_MAX_MMIO + 1);
    REFUSE(PRT_E_VALUE, HEAD->mmio_size = 0);
    REFUSE(PRT_E_VALUE, HEAD->width = 3);
    REFUSE(PRT_E_VALUE, HEAD->access = 0);
    REFUSE(PRT_E_VALUE, HEAD->granule = 0);
    REFUSE(PRT_E_VALUE, HEAD->unmapped = 5);
    REFUSE(PRT_E_VALUE, HEAD->state_size += 4);
    REFUSE(PRT_E_STATE, HEAD->state_size -= 8);
    REFUSE(PRT_E_STATE, HEAD->memo_count++);
    REFUSE(PRT_E_STATE, HEAD->store_state = 0);
    REFUSE(PRT_E_STATE, HEAD->unmapped = PRT_UNMAPPED_STORE);
    REFUSE(PRT_E_VALUE, HEAD->lines_out++);
    REFUSE(PRT_E_STRING, HEAD->name = 0xffff);
    REFUSE(PRT_E_SECTION, HEAD->section_count = PRT_SEC_COUNT);
    REFUSE(PRT_E_SECTION, SECTION(3).id = SECTION(2).id);
    REFUSE(PRT_E_SECTION, SECTION(3).id = PRT_SEC_COUNT);
    REFUSE(PRT_E_SIZE, SECTION(3).entry_size++);
    REFUSE(PRT_E_BOUNDS, SECTION(3).offset += 4);
    REFUSE(PRT_E_BOUNDS, SECTION(4).offset = SECTION(3).offset);
    REFUSE(PRT_E_BOUNDS, SECTION(22).count = 0xffffffff);
    REFUSE(PRT_E_RESERVED, SECTION(3).reserved = 1);
    assert_int_equal(place.section, PRT_SEC_REGS);
}

static void test_reg_errors(void **state)
{
    (void)state;
    REFUSE(PRT_E_STRING, AT(regs, 1).name = 0xffff);
    REFUSE(PRT_E_VALUE, AT(regs, 1).bytes = 3);
    REFUSE(PRT_E_VALUE, AT(regs, 1).bits = 0);
    REFUSE(PRT_E_VALUE, AT(regs, 1).bits = 33);
    REFUSE(PRT_E_VALUE, AT(regs, 1).m01 = 1ull << 32);
    REFUSE(PRT_E_VALUE, AT(regs, 8).offset = SAMPLE_SIZE - 2);
    REFUSE(PRT_E_OVERLAP, AT(regs, 1).offset = 0x100);
    REFUSE(PRT_E_DECODE, AT(regs, 1).offset = 0x6);
    REFUSE(PRT_E_INDEX, AT(regs, 1).next = 1);
    REFUSE(PRT_E_INDEX, AT(regs, 1).next = 999);
    REFUSE(PRT_E_STATE, AT(regs, 1).state += 4);
    REFUSE(PRT_E_STATE, AT(regs, 2).state = AT(regs, 1).state);
    REFUSE(PRT_E_STATE, AT(regs, 2).state = 0xfffffff8);
    REFUSE(PRT_E_STATE, AT(regs, 2).state = PRT_NONE);
    REFUSE(PRT_E_INDEX, AT(regs, 1).cond = 9999);
    REFUSE(PRT_E_INDEX, AT(regs, 1).field_count++);
    REFUSE(PRT_E_INDEX, AT(regs, 0).view_first++);
    REFUSE(PRT_E_INDEX, AT(regs, 5).rule_first = 9999);
    REFUSE(PRT_E_RULE, AT(regs, 1).rule_count = 1);
    REFUSE(PRT_E_PLAIN, AT(regs, 0).flags |= PRT_REG_PLAIN);
    REFUSE(PRT_E_PLAIN, AT(regs, 1).flags |= PRT_REG_PLAIN);
    REFUSE(PRT_E_RESERVED, AT(regs, 1).flags |= 0x8000);
    REFUSE(PRT_E_OVERLAP, AT(fields, 2).lo = 0);
    REFUSE(PRT_E_VALUE, AT(fields, 2).width = 0);
    REFUSE(PRT_E_VALUE, AT(fields, 2).width = 40);
    REFUSE(PRT_E_VALUE, AT(fields, 2).kind = 3);
    REFUSE(PRT_E_VALUE, AT(fields, 2).rank = 65);
    REFUSE(PRT_E_INDEX, AT(fields, 2).reg = 0);
    REFUSE(PRT_E_INDEX, AT(fields, 2).prog = PRT_NONE);
    REFUSE(PRT_E_STATE, AT(fields, 2).memo = 0);
    REFUSE(PRT_E_RANK, AT(fields, 4).rank = 0);
    REFUSE(PRT_E_VALUE, AT(views, 0).width = 33);
    REFUSE(PRT_E_VALUE, AT(views, 0).verb = 0);
    REFUSE(PRT_E_VALUE, AT(views, 0).target_kind = PRT_KIND_REG);
    REFUSE(PRT_E_INDEX, AT(views, 0).target = 2);
    REFUSE(PRT_E_VALUE, AT(views, 5).target_lo = 60);
}

static void test_part_errors(void **state)
{
    (void)state;
    REFUSE(PRT_E_VALUE, AT(vars, 0).width = 65);
    REFUSE(PRT_E_VALUE, AT(vars, 0).reset = 1ull << 32);
    REFUSE(PRT_E_STATE, AT(vars, 0).state = 0);
    REFUSE(PRT_E_LIMIT, AT(fifos, 0).depth = PRT_MAX_FIFO + 1);
    REFUSE(PRT_E_STATE, AT(fifos, 0).depth = 100);
    REFUSE(PRT_E_VALUE, AT(fifos, 0).depth = 0);
    REFUSE(PRT_E_VALUE, AT(fifos, 1).preload_count = 4);
    REFUSE(PRT_E_INDEX, AT(fifos, 1).preload_first = 99);
    REFUSE(PRT_E_RULE, AT(fifos, 1).rule_first = 0);
    REFUSE(PRT_E_INDEX, AT(lines, 2).first = 0);
    REFUSE(PRT_E_VALUE, AT(lines, 2).count = 65);
    REFUSE(PRT_E_VALUE, AT(lines, 1).prog = 0);
    REFUSE(PRT_E_VALUE, AT(lines, 2).reset = 4);
    REFUSE(PRT_E_VALUE, AT(locks, 0).key_count = 0);
    REFUSE(PRT_E_INDEX, AT(locks, 0).key_first = 2);
    REFUSE(PRT_E_VALUE, AT(timers, 0).clock = PRT_NONE);
    REFUSE(PRT_E_LIMIT, AT(timers, 0).match_count = 17);
    REFUSE(PRT_E_RULE, AT(timers, 0).match_count = 0);
    REFUSE(PRT_E_PURE, AT(timers, 0).run = AT(afters, 0).body);
    REFUSE(PRT_E_VALUE, AT(afters, 0).count = 0);
    REFUSE(PRT_E_STATE, AT(afters, 0).count = 0x80000000);
    REFUSE(PRT_E_INDEX, AT(afters, 0).body = PRT_NONE);
    REFUSE(PRT_E_STATE, AT(copies, 0).count = 2);
    REFUSE(PRT_E_RULE, AT(rules, 0).event = PRT_EV_COUNT);
    REFUSE(PRT_E_VALUE, AT(rules, 0).lo = 64);
    REFUSE(PRT_E_STATE, AT(rules, 0).state = 0);
    REFUSE(PRT_E_STATE, AT(rules, b.head.edge_first).state = 0);
    REFUSE(PRT_E_RULE, AT(rules, b.head.edge_first).kind = PRT_KIND_FIFO);
    REFUSE(PRT_E_RULE, HEAD->edge_first = 0);
    REFUSE(PRT_E_INDEX, HEAD->rule_count = 99);
    REFUSE(PRT_E_OVERLAP, AT(mems, 0).offset = 0x20);
    REFUSE(PRT_E_VALUE, AT(mems, 0).size = 3);
    REFUSE(PRT_E_STATE, AT(mems, 0).size = 0x40);
    REFUSE(PRT_E_VALUE, AT(windows, 0).verb = PRT_VERB_POPS);
    REFUSE(PRT_E_VALUE, AT(windows, 0).target = SAMPLE_SIZE - 4);
    REFUSE(PRT_E_VALUE, AT(items, 0).kind = PRT_KIND_DOMAIN);
    REFUSE(PRT_E_VALUE, AT(items, 2).width = 40);
    REFUSE(PRT_E_INDEX, AT(domains, 0).item_count = 4);
    REFUSE(PRT_E_VALUE, AT(order, 0).index = 0);
    REFUSE(PRT_E_INDEX, AT(arrays, 0).stride = 99);
    REFUSE(PRT_E_VALUE, AT(arrays, 0).count = 0);
    REFUSE(PRT_E_STRING, *(char *)(uintptr_t)t.strings = 'x');
}

/* Index of the first instruction `op`. */
static uint32_t find_op(enum prt_op op)
{
    uint32_t i;

    for (i = 0; i < t.ncode; i++) {
        if (t.code[i].op == op) {
            return i;
        }
    }
    fail();
    return 0;
}

#define OP(op) AT(code, find_op(PRT_OP_##op))

static void test_code_errors(void **state)
{
    (void)state;
    REFUSE(PRT_E_CODE, AT(code, 0).op = PRT_NUM_OPS);
    REFUSE(PRT_E_CODE, AT(code, 0).dst = 16);
    REFUSE(PRT_E_CODE, OP(END).b = 1);
    REFUSE(PRT_E_CODE, OP(END).imm = 1);
    REFUSE(PRT_E_CODE, OP(LDF).b = 1);
    REFUSE(PRT_E_INDEX, OP(LDF).imm = t.nfields);
    REFUSE(PRT_E_INDEX, OP(LDS).imm = t.nvars);
    REFUSE(PRT_E_CODE, OP(LDF).imm = PRT_DYN | 1);
    REFUSE(PRT_E_INDEX, OP(LDF).imm = PRT_DYN | 2);
    REFUSE(PRT_E_CODE, OP(LDM).imm = PRT_DYN);
    REFUSE(PRT_E_VALUE, OP(LDB).b = 33);
    REFUSE(PRT_E_CODE, OP(LDB).b = 0);
    REFUSE(PRT_E_CODE, OP(SEL).imm = 16);
    REFUSE(PRT_E_CODE, OP(HOST).imm = PRT_HOST_COUNT);
    REFUSE(PRT_E_STRING, OP(LOG).imm = 0xffff);
    REFUSE(PRT_E_INDEX, OP(ARM).imm = 2);
    REFUSE(PRT_E_INDEX, OP(XFER).imm = 1);
    REFUSE(PRT_E_INDEX, OP(LEVEL).imm = 2);
    REFUSE(PRT_E_PURE, OP(LEVEL).op = PRT_OP_POP);
    REFUSE(PRT_E_INDEX, AT(progs, 0).first = t.ncode);
    REFUSE(PRT_E_INDEX, AT(progs, t.nprogs - 1).count++);
    REFUSE(PRT_E_END, AT(progs, 0).count--);
    REFUSE(PRT_E_END, AT(progs, 0).count = 0);
    REFUSE(PRT_E_LIMIT, AT(progs, 0).count = PRT_MAX_PROG + 1);
    REFUSE(PRT_E_VALUE, AT(progs, 0).kind = 2);
    assert_int_equal(place.section, PRT_SEC_PROGS);
}

/* Jumps: ahead, at most onto the last instruction. */
static void test_jump_errors(void **state)
{
    uint32_t pc, target;

    (void)state;
    for (pc = 0; pc < 3; pc++) {
        for (target = 0; target < 7; target++) {
            tb_init(&b, 0x100);
            tb_prog(&b, PRT_PROG_EXPR);
            tb_op(&b, PRT_OP_LI, 1, 0, 0, 0);
            tb_op(&b, PRT_OP_LI, 1, 0, 0, 0);
            tb_op(&b, PRT_OP_LI, 1, 0, 0, 0);
            tb_end(&b, 1);
            b.code[pc] = (struct prt_insn){ .op = PRT_OP_JMP,
                                            .imm = target };
            tb_expr_const(&b, 0);
            tb_finish(&b);
            assert_int_equal(open_table(), target > pc && target < 4 ?
                             PRT_OK : PRT_E_JUMP);
        }
    }
}

/* A register must be found from each of its bytes, through one chain. */
static void test_index_errors(void **state)
{
    (void)state;
    REFUSE(PRT_E_DECODE, *(uint16_t *)(uintptr_t)&t.dir[0] = PRT_NONE16);
    REFUSE(PRT_E_INDEX, *(uint16_t *)(uintptr_t)&t.dir[0] = 1);
    REFUSE(PRT_E_DECODE, *(uint16_t *)(uintptr_t)&t.chunks[6] = 0);
    REFUSE(PRT_E_INDEX, *(uint16_t *)(uintptr_t)&t.chunks[0xf0] = 500);
    REFUSE(PRT_E_DECODE, HEAD->mmio_size += 256);
    REFUSE(PRT_E_VALUE, HEAD->granule = 8);
    REFUSE(PRT_E_DECODE, HEAD->granule = 2);
}

static void test_file_errors(void **state)
{
    struct prt_file_header *h = (void *)file_bytes;
    struct prt_file file;
    uint32_t size;

#define REFUSE_FILE(error, change) do {                                 \
        size = sample_file(&b, file_bytes);                             \
        change;                                                         \
        sample_seal(file_bytes, size);                                  \
        assert_int_equal(prt_file_open(file_bytes, size, &file, &place),\
                         error);                                        \
    } while (0)
#define BOARD ((struct prt_board_header *)(void *)                      \
               (file_bytes + h->board_offset))
#define ENTRY(list, type) ((struct type *)(void *)                      \
    (file_bytes + h->board_offset + BOARD->list.offset))

    (void)state;
    sample_build(&b);
    REFUSE_FILE(PRT_OK, (void)0);
    REFUSE_FILE(PRT_E_MAGIC, h->magic = 0);
    REFUSE_FILE(PRT_E_VERSION, h->compat = 2);
    REFUSE_FILE(PRT_E_SIZE, h->total_size -= 8);
    REFUSE_FILE(PRT_E_RESERVED, h->flags = 1);
    REFUSE_FILE(PRT_E_BOUNDS, h->device_dir = 1 << 30);
    REFUSE_FILE(PRT_E_BOUNDS, h->board_offset += 8);
    REFUSE_FILE(PRT_E_BOARD, h->board_offset = 0);
    REFUSE_FILE(PRT_E_BOUNDS, h->board_offset = 4);
    REFUSE_FILE(PRT_E_MAGIC, BOARD->magic = 0);
    REFUSE_FILE(PRT_E_SIZE, BOARD->total_size += 8);
    REFUSE_FILE(PRT_E_BOARD, BOARD->cpus = 0);
    REFUSE_FILE(PRT_E_BOARD, BOARD->el = 4);
    REFUSE_FILE(PRT_E_BOUNDS, BOARD->wires.count = 0x10000000);
    REFUSE_FILE(PRT_E_BOUNDS, BOARD->loads.offset = 8);
    REFUSE_FILE(PRT_E_STRING, BOARD->cpu = 999);
    REFUSE_FILE(PRT_E_BOARD, ENTRY(memories, prt_memory)->size = 0);
    REFUSE_FILE(PRT_E_BOARD, ENTRY(memories, prt_memory)->base = ~0ull);
    REFUSE_FILE(PRT_E_BOARD, ENTRY(loads, prt_load)->flags = 0);
    REFUSE_FILE(PRT_E_INDEX, ENTRY(instances, prt_instance)->device = 1);
    REFUSE_FILE(PRT_E_BOARD, ENTRY(instances, prt_instance)->address = ~0ull);
    REFUSE_FILE(PRT_E_BOARD, ENTRY(natives, prt_native)->address_count = 5);
    REFUSE_FILE(PRT_E_BOARD, ENTRY(wires, prt_wire)->from_line = 3);
    REFUSE_FILE(PRT_E_INDEX, ENTRY(wires, prt_wire)->from = 1);
    REFUSE_FILE(PRT_E_BOARD, ENTRY(wires, prt_wire)[1].number = 3);
    REFUSE_FILE(PRT_E_INDEX, ENTRY(props, prt_prop)->native = 1);
    size = sample_file(&b, file_bytes);
    file_bytes[size - 1] ^= 1;
    assert_int_equal(prt_file_open(file_bytes, size, &file, NULL),
                     PRT_E_CHECKSUM);
    assert_int_equal(prt_file_open(file_bytes + 1, size, &file, NULL),
                     PRT_E_ALIGN);
    assert_int_equal(prt_file_open(NULL, size, &file, NULL), PRT_E_ARG);
    /* A device that fails is named. */
    sample_build(&b);
    HEAD->width = 5;
    size = sample_file(&b, file_bytes);
    assert_int_equal(prt_file_open(file_bytes, size, &file, &place),
                     PRT_E_VALUE);
    assert_int_equal(place.device, 0);
}

static void test_strerror(void **state)
{
    int err;

    (void)state;
    for (err = PRT_ERR_BASE + 1; err < PRT_ERR_END; err++) {
        assert_string_not_equal(prt_strerror(err), "unknown error");
    }
    assert_string_equal(prt_strerror(PRT_ERR_END), "unknown error");
    assert_string_equal(prt_strerror(PRT_OK), "no error");
    assert_string_not_equal(prt_strerror(PRT_ASK), "unknown error");
    assert_string_not_equal(prt_strerror(PRT_ABORT), "unknown error");
    assert_int_equal(prt_hash(PRT_HASH_INIT, "a", 1),
                     UINT64_C(0xaf63dc4c8601ec8c));
}

/* By the words of TABLE-FORMAT.md, in Python. */
static void test_checksum(void **state)
{
    static const uint64_t words[] = {
        1, 2, UINT64_MAX, 0, UINT64_C(0x0123456789abcdef),
        UINT64_C(0x8000000000000000)
    };
    uint8_t bytes[1 + sizeof(words)];

    (void)state;
    memcpy(bytes + 1, words, sizeof(words));
    assert_int_equal(prt_checksum(bytes + 1, 24), PRT_HASH_INIT);
    assert_int_equal(prt_checksum(bytes + 1, sizeof(words)),
                     UINT64_C(0xc39efb2f16df42cd));
    bytes[1] ^= 1;              /* before what is summed */
    assert_int_equal(prt_checksum(bytes + 1, sizeof(words)),
                     UINT64_C(0xc39efb2f16df42cd));
    bytes[sizeof(words)] ^= 0x80;
    assert_int_not_equal(prt_checksum(bytes + 1, sizeof(words)),
                         UINT64_C(0xc39efb2f16df42cd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_is_valid),
        cmocka_unit_test(test_sample_is_complete),
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped_file),
        cmocka_unit_test(test_mutated_tables),
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_head_errors),
        cmocka_unit_test(test_reg_errors),
        cmocka_unit_test(test_part_errors),
        cmocka_unit_test(test_code_errors),
        cmocka_unit_test(test_jump_errors),
        cmocka_unit_test(test_index_errors),
        cmocka_unit_test(test_file_errors),
        cmocka_unit_test(test_strerror),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
