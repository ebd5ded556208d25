/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table that uses everything the format has. */
#include <string.h>

#include "tests/engine/sample.h"

enum { F_DATA, F_RXNE, F_TXE, F_LOCKED, F_ANY, F_SEL, F_RUN, F_EN, F_HELD };

static uint32_t expr_op(struct tb *b, enum prt_op op, uint32_t index,
                        bool invert)
{
    uint32_t prog = tb_prog(b, PRT_PROG_EXPR);

    tb_op(b, op, 1, 0, 0, index);
    tb_op(b, invert ? PRT_OP_LNOT : PRT_OP_BOOL, 1, 1, 0, 0);
    tb_end(b, 1);
    return prog;
}

static void build_status(struct tb *b)
{
    uint32_t prog;

    tb_reg(b, "STATUS", SAMPLE_STATUS, 4, PRT_POL_ro);
    tb_derived(b, "RXNE", 0, 1, expr_op(b, PRT_OP_LEVEL, 1, false), 0);
    tb_derived(b, "TXE", 1, 1, expr_op(b, PRT_OP_LEVEL, 0, true), 0);
    tb_derived(b, "LOCKED", 2, 1, expr_op(b, PRT_OP_LOCKED, 0, false), 0);
    prog = tb_prog(b, PRT_PROG_EXPR);
    tb_op(b, PRT_OP_LDB, 1, 0, 3, 1);
    tb_op(b, PRT_OP_BOOL, 1, 1, 0, 0);
    tb_op(b, PRT_OP_JZ, 0, 1, 0, 4);
    tb_op(b, PRT_OP_LI, 1, 0, 0, 1);
    tb_end(b, 1);
    tb_derived(b, "ANY", 8, 1, prog, 1);
}

static void build_ctrl(struct tb *b)
{
    uint32_t prog = tb_prog(b, PRT_PROG_EXPR);

    tb_op(b, PRT_OP_LDF, 1, 0, 0, F_EN);
    tb_op(b, PRT_OP_LDF, 2, 0, 0, F_HELD);
    tb_op(b, PRT_OP_SEL, 1, 1, 2, 1);
    tb_end(b, 1);
    tb_reg(b, "CTRL", SAMPLE_CTRL, 4, PRT_POL_rw)->reset = 0x10;
    tb_policy(&b->regs[b->nregs - 1], 0xf00, PRT_POL_ro);
    tb_policy(&b->regs[b->nregs - 1], 0xff0000, PRT_POL_w1c);
    tb_policy(&b->regs[b->nregs - 1], 0xff000000, PRT_POL_once);
    tb_field(b, "SEL", 0, 1);
    tb_field(b, "RUN", 1, 1);
    tb_field(b, "EN", 4, 4);
    tb_field(b, "HELD", 8, 4)->prog = prog;
    b->fields[b->nfields - 1].kind = PRT_HOLD;
    b->order[b->norder++] = (struct prt_item){
        .kind = PRT_KIND_FIELD, .index = F_HELD
    };
    tb_view(b, PRT_VERB_RESETS, 15, 1, PRT_KIND_DOMAIN, 0);
}

static uint32_t build_go_rule(struct tb *b)
{
    uint32_t prog = tb_prog(b, PRT_PROG_ACTION);

    tb_op(b, PRT_OP_LDV, 1, 0, 0, 0);
    tb_op(b, PRT_OP_ARM, 0, 1, 1, 0);
    tb_op(b, PRT_OP_ARM, 0, 1, 2, 1);
    tb_op(b, PRT_OP_PUSH, 0, 1, 0, 1);
    tb_op(b, PRT_OP_LDF, 3, 0, 1, PRT_DYN | 0);
    tb_op(b, PRT_OP_STS, 0, 3, 1, PRT_DYN | 1);
    tb_op(b, PRT_OP_LDM, 4, 1, 0, 0);
    tb_op(b, PRT_OP_ADDI, 4, 4, 0, 1);
    tb_op(b, PRT_OP_STM, 0, 4, 1, 0);
    tb_op(b, PRT_OP_HOST, 5, 1, 0, PRT_HOST_RANDOM);
    tb_op(b, PRT_OP_STB, 32, 5, 32, 6);
    tb_op(b, PRT_OP_LINE, 1, 5, 0, 2);
    tb_op(b, PRT_OP_PULSE, 0, 5, 0, 2);
    tb_op(b, PRT_OP_XFER, 0, 0, 2, 0);
    tb_op(b, PRT_OP_RESTART, 0, 1, 0, 0);
    tb_op(b, PRT_OP_LOG, 0, 1, 0, 1);
    tb_end(b, 0);
    return prog;
}

static void build_timer(struct tb *b)
{
    struct prt_timer *t = tb_timer(b, "timer", tb_expr_const(b, 1000000));

    t->run = tb_expr_field(b, F_RUN);
    t->reload = tb_expr_const(b, 999);
    t->match_first = tb_expr_const(b, 10);
    t->match_count = 1;
    t->rule_first = tb_rule(b, PRT_EV_EXPIRE, tb_count_var(b, 0));
    t->rule_count = 2;
    b->rules[tb_rule(b, PRT_EV_MATCH, tb_count_var(b, 1))].subject = 0;
}

static void build_parts(struct tb *b)
{
    static const uint64_t keys[2] = { 0x1111, 0x2222 };
    struct prt_copy *c;

    tb_var(b, "ticks", 32)->reset = 3;
    tb_var(b, "events", 64);
    tb_fifo(b, "tx", 4, 8, PRT_END_TO)->at = tb_expr_const(b, 5000);
    tb_fifo(b, "rx", 3, 12, PRT_END_FROM);
    b->fifos[1].preload_first = b->npool;
    b->fifos[1].preload_count = 1;
    b->pool[b->npool++] = 'p';
    b->fifos[1].rule_first = tb_rule(b, PRT_EV_PUSH, tb_count_var(b, 1));
    b->fifos[1].rule_count = 2;
    tb_rule(b, PRT_EV_OVERFLOW, tb_count_var(b, 1));
    tb_line(b, "irq", PRT_LINE_OUT, 1, tb_expr_field(b, F_ANY));
    tb_line(b, "pin", PRT_LINE_IN, 3, PRT_NONE);
    tb_line(b, "own", PRT_LINE_OUT, 2, PRT_NONE)->reset = 1;
    tb_lock(b, "lock", 2, keys, PRT_WRONG_RELOCK);
    b->locks[0].rule_first = tb_rule(b, PRT_EV_UNLOCK, tb_count_var(b, 1));
    b->locks[0].rule_count = 1;
    build_timer(b);
    tb_after(b, 0, tb_count_var(b, 1))->count = 4;
    tb_after(b, PRT_AFTER_READS, tb_set_field(b, F_EN, 9));
    c = tb_copy(b, tb_count_var(b, 1));
    c->param[PRT_COPY_FROM] = tb_expr_const(b, 16);
    c->param[PRT_COPY_TO] = tb_expr_const(b, 512);
    c->param[PRT_COPY_LEN] = tb_expr_const(b, 9);
    c->fault = tb_count_var(b, 0);
    tb_edge(b, PRT_EV_RISE, PRT_KIND_LINE, 1, tb_count_var(b, 1));
    tb_edge(b, PRT_EV_CHANGE, PRT_KIND_FIELD, F_EN, tb_count_var(b, 1));
    b->head.rule_first = tb_rule(b, PRT_EV_RESET, tb_count_var(b, 1));
    b->head.rule_count = 1;
}

void sample_build(struct tb *b)
{
    tb_init(b, SAMPLE_SIZE);
    tb_reg(b, "DATA", SAMPLE_DATA, 4, PRT_POL_rw);
    tb_field(b, "D", 0, 8);
    tb_view(b, PRT_VERB_POPS, 0, 8, PRT_KIND_FIFO, 1);
    tb_view(b, PRT_VERB_PUSHES, 0, 8, PRT_KIND_FIFO, 0);
    b->regs[0].cond = tb_expr_not(b, F_SEL);
    build_status(b);
    build_ctrl(b);
    tb_reg(b, "KEY", SAMPLE_KEY, 4, PRT_POL_wo);
    tb_view(b, PRT_VERB_FEEDS, 0, 32, PRT_KIND_LOCK, 0);
    tb_reg(b, "COUNT", SAMPLE_COUNT, 4, PRT_POL_ro);
    tb_derived(b, "V", 0, 32, expr_op(b, PRT_OP_COUNT, 0, false), 0);
    tb_reg(b, "GO", SAMPLE_GO, 2, PRT_POL_pulse);
    tb_reg_rule(b, PRT_EV_WRITE, 0, 0, build_go_rule(b));
    tb_reg_rule(b, PRT_EV_READ, 0, 8, tb_count_var(b, 1));
    tb_reg(b, "WIDE", SAMPLE_WIDE, 8, PRT_POL_rw)->needs =
        expr_op(b, PRT_OP_LOCKED, 0, true);
    tb_field(b, "LOW", 0, 32)->needs = tb_expr_field(b, F_EN);
    tb_field(b, "HIGH", 32, 32)->cond = tb_expr_field(b, F_EN);
    tb_reg(b, "SET", 0x20, 4, PRT_POL_rw);
    tb_view(b, PRT_VERB_SETS, 0, 16, PRT_KIND_REG, 2);
    tb_view(b, PRT_VERB_MIRRORS, 16, 16, PRT_KIND_VAR, 1)->target_lo = 3;
    tb_reg(b, "PLAIN", 0x24, 4, PRT_POL_rw)->reset = 0xcafe;
    b->arrays[0] = (struct prt_array){
        .kind = PRT_KIND_FIELD, .first = 1, .count = 4, .stride = 2
    };
    b->arrays[1] = (struct prt_array){
        .kind = PRT_KIND_VAR, .first = 0, .count = 2, .stride = 1
    };
    b->narrays = 2;
    build_parts(b);
    tb_mem(b, "ram", SAMPLE_RAM, 0x20, 4);
    tb_window(b, SAMPLE_WINDOW, 0x80, 0, PRT_VERB_SETS);
    b->items[0] = (struct prt_item){ .kind = PRT_KIND_FIFO, .index = 1 };
    b->items[1] = (struct prt_item){ .kind = PRT_KIND_TIMER };
    b->items[2] = (struct prt_item){
        .kind = PRT_KIND_REG, .lo = 4, .width = 4, .index = 2
    };
    b->domains[0] = (struct prt_domain){ .item_count = 3 };
    b->nitems = 3;
    b->ndomains = 1;
    tb_finish(b);
}

/* ------------------------------------------------------------------ file */

static void put_list(uint8_t *base, uint32_t *at, struct prt_list *list,
                     const void *entries, uint32_t count, size_t size)
{
    list->offset = *at;
    list->count = count;
    memcpy(base + *at, entries, count * size);
    *at += (uint32_t)(count * size + 7) & ~7u;
}

static uint32_t put_board(uint8_t *bytes)
{
    static const char strings[] =
        "\0board\0cortex-m3\0uart0\0nvic\0/images/a.bin\0prop";
    const struct prt_memory memory = {
        .name = 1, .base = 0x20000000, .size = 0x10000
    };
    const struct prt_load load = {
        .path = 28, .kind = PRT_LOAD_RAW, .flags = PRT_LOAD_HAS_ADDRESS
    };
    const struct prt_instance instance = {
        .name = 17, .address = 0x40000000, .flags = PRT_INST_CONSOLE
    };
    const struct prt_native native = { .name = 23, .type = 23 };
    const struct prt_wire wires[2] = {
        { .to_kind = PRT_TO_NVIC, .number = 5 },
        { .to_kind = PRT_TO_INSTANCE, .from_line = 1, .number = 2 }
    };
    const struct prt_prop prop = { .name = 43, .kind = PRT_PROP_INT };
    struct prt_board_header head = {
        .magic = PRT_MAGIC_BOARD, .version = PRT_VERSION,
        .compat = PRT_COMPAT, .name = 1, .cpu = 7, .cpus = 1,
        .el = PRT_EL_DEFAULT, .secure = PRT_SECURE_DEFAULT
    };
    uint32_t at = sizeof(head);

    put_list(bytes, &at, &head.strings, strings, sizeof(strings), 1);
    put_list(bytes, &at, &head.memories, &memory, 1, sizeof(memory));
    put_list(bytes, &at, &head.loads, &load, 1, sizeof(load));
    put_list(bytes, &at, &head.instances, &instance, 1, sizeof(instance));
    put_list(bytes, &at, &head.natives, &native, 1, sizeof(native));
    put_list(bytes, &at, &head.wires, wires, 2, sizeof(*wires));
    put_list(bytes, &at, &head.props, &prop, 1, sizeof(prop));
    head.total_size = at;
    memcpy(bytes, &head, sizeof(head));
    return at;
}

void sample_seal(uint8_t *bytes, uint32_t size)
{
    struct prt_file_header head;

    memcpy(&head, bytes, sizeof(head));
    head.checksum = prt_checksum(bytes, size);
    memcpy(bytes, &head, sizeof(head));
}

uint32_t sample_file(const struct tb *b, uint8_t *bytes)
{
    struct prt_blob_ref ref = {
        .offset = sizeof(struct prt_file_header) + sizeof(ref),
        .size = b->size
    };
    struct prt_file_header head = {
        .magic = PRT_MAGIC_FILE, .version = PRT_VERSION,
        .compat = PRT_COMPAT, .device_count = 1,
        .device_dir = sizeof(head), .board_offset = ref.offset + ref.size
    };

    memset(bytes, 0, TB_BYTES);
    memcpy(bytes + head.device_dir, &ref, sizeof(ref));
    memcpy(bytes + ref.offset, b->bytes, b->size);
    head.board_size = put_board(bytes + head.board_offset);
    head.total_size = head.board_offset + head.board_size;
    memcpy(bytes, &head, sizeof(head));
    sample_seal(bytes, head.total_size);
    return head.total_size;
}
