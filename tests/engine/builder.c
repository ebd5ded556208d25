/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds device tables in memory for tests of the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/builder.h"

#define ROOM(b, n, max) do { assert_true((b)->n < (max)); } while (0)

void tb_init(struct tb *b, uint32_t size)
{
    memset(b, 0, sizeof(*b));
    b->nstrings = 1;
    b->head = (struct prt_dev_header){
        .magic = PRT_MAGIC_DEV, .version = PRT_VERSION,
        .compat = PRT_COMPAT, .mmio_size = size, .width = 4, .access = 15,
        .granule = 1, .store_state = PRT_NONE
    };
    b->head.name = tb_string(b, "test");
}

uint32_t tb_string(struct tb *b, const char *text)
{
    uint32_t at = b->nstrings;

    assert_true(at + strlen(text) + 1 <= sizeof(b->strings));
    strcpy(b->strings + at, text);
    b->nstrings += (uint32_t)strlen(text) + 1;
    return at;
}

void tb_policy(struct prt_reg *r, uint64_t bits, enum prt_policy policy)
{
    static const uint8_t rows[PRT_POL_COUNT][10] = {
#define X(name, m00, m01, m10, m11, v0, v1, r0, r1, once, unimpl) \
        { m00, m01, m10, m11, v0, v1, r0, r1, once, unimpl },
        PRT_POLICIES(X)
#undef X
    };
    uint64_t *masks[10] = {
        &r->m00, &r->m01, &r->m10, &r->m11, &r->v0, &r->v1, &r->r0, &r->r1,
        &r->once, &r->unimpl
    };
    unsigned i;

    for (i = 0; i < 10; i++) {
        *masks[i] = (*masks[i] & ~bits) | (rows[policy][i] ? bits : 0);
    }
}

struct prt_reg *tb_reg(struct tb *b, const char *name, uint32_t offset,
                       unsigned bytes, enum prt_policy policy)
{
    struct prt_reg *r = &b->regs[b->nregs++];

    ROOM(b, nregs, TB_MAX);
    *r = (struct prt_reg){
        .name = tb_string(b, name), .offset = offset, .bytes = bytes,
        .bits = 8 * bytes, .cond = PRT_NONE, .needs = PRT_NONE,
        .next = PRT_NONE, .field_first = b->nfields,
        .rule_first = b->nrules, .view_first = b->nviews,
        .flags = PRT_REG_READS | PRT_REG_WRITES | PRT_REG_SETTLES
    };
    tb_policy(r, bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * bytes) - 1,
              policy);
    return r;
}

struct prt_field *tb_field(struct tb *b, const char *name, unsigned lo,
                           unsigned width)
{
    struct prt_field *f = &b->fields[b->nfields++];

    ROOM(b, nfields, TB_MAX);
    *f = (struct prt_field){
        .name = tb_string(b, name), .reg = b->nregs - 1, .lo = lo,
        .width = width, .prog = PRT_NONE, .needs = PRT_NONE,
        .cond = PRT_NONE, .memo = PRT_NONE
    };
    b->regs[b->nregs - 1].field_count++;
    return f;
}

struct prt_field *tb_derived(struct tb *b, const char *name, unsigned lo,
                             unsigned width, uint32_t prog, unsigned rank)
{
    struct prt_field *f = tb_field(b, name, lo, width);

    f->kind = PRT_DERIVED;
    f->prog = prog;
    f->rank = rank;
    return f;
}

struct prt_view *tb_view(struct tb *b, enum prt_verb verb, unsigned lo,
                         unsigned width, enum prt_kind kind, uint32_t target)
{
    struct prt_view *v = &b->views[b->nviews++];

    ROOM(b, nviews, TB_MAX);
    *v = (struct prt_view){
        .verb = verb, .lo = lo, .width = width, .target_kind = kind,
        .target = target, .cond = PRT_NONE
    };
    b->regs[b->nregs - 1].view_count++;
    return v;
}

static struct prt_rule *add_rule(struct tb *b, enum prt_event event,
                                 uint32_t body)
{
    struct prt_rule *r = &b->rules[b->nrules++];

    ROOM(b, nrules, TB_MAX);
    *r = (struct prt_rule){
        .event = event, .subject = PRT_NONE, .cond = PRT_NONE, .body = body,
        .state = PRT_NONE
    };
    return r;
}

struct prt_rule *tb_reg_rule(struct tb *b, enum prt_event event, unsigned lo,
                             unsigned width, uint32_t body)
{
    struct prt_rule *r = add_rule(b, event, body);

    r->kind = PRT_KIND_REG;
    r->subject = b->nregs - 1;
    r->lo = lo;
    r->width = width;
    if (!b->regs[b->nregs - 1].rule_count++) {
        b->regs[b->nregs - 1].rule_first = b->nrules - 1;
    }
    return r;
}

struct prt_rule *tb_edge(struct tb *b, enum prt_event event,
                         enum prt_kind kind, uint32_t subject, uint32_t body)
{
    struct prt_rule *r = add_rule(b, event, body);

    r->kind = kind;
    r->subject = subject;
    if (!b->head.edge_count++) {
        b->head.edge_first = b->nrules - 1;
    }
    return r;
}

uint32_t tb_rule(struct tb *b, enum prt_event event, uint32_t body)
{
    add_rule(b, event, body);
    return b->nrules - 1;
}

struct prt_var *tb_var(struct tb *b, const char *name, unsigned width)
{
    struct prt_var *v = &b->vars[b->nvars++];

    ROOM(b, nvars, TB_MAX);
    *v = (struct prt_var){
        .name = tb_string(b, name), .width = width, .prog = PRT_NONE,
        .memo = PRT_NONE
    };
    return v;
}

struct prt_fifo *tb_fifo(struct tb *b, const char *name, uint32_t depth,
                         unsigned width, enum prt_end end)
{
    struct prt_fifo *f = &b->fifos[b->nfifos++];

    ROOM(b, nfifos, 16);
    *f = (struct prt_fifo){
        .name = tb_string(b, name), .depth = depth, .width = width,
        .end = end, .at = PRT_NONE,
        .end_name = end ? tb_string(b, "console") : 0
    };
    return f;
}

struct prt_line *tb_line(struct tb *b, const char *name, enum prt_dir dir,
                         unsigned count, uint32_t prog)
{
    struct prt_line *l = &b->lines[b->nlines++];
    uint32_t *total = dir == PRT_LINE_OUT ? &b->head.lines_out :
                      &b->head.lines_in;

    ROOM(b, nlines, 16);
    *l = (struct prt_line){
        .name = tb_string(b, name), .dir = dir, .count = count,
        .first = *total, .prog = prog
    };
    *total += count;
    return l;
}

struct prt_lock *tb_lock(struct tb *b, const char *name, unsigned keys,
                         const uint64_t *key, enum prt_wrong wrong)
{
    struct prt_lock *l = &b->locks[b->nlocks++];

    ROOM(b, nlocks, 16);
    *l = (struct prt_lock){
        .name = tb_string(b, name), .key_first = b->npool,
        .key_count = keys, .wrong = wrong
    };
    memcpy(b->pool + b->npool, key, 8 * keys);
    b->npool += keys;
    return l;
}

struct prt_timer *tb_timer(struct tb *b, const char *name, uint32_t clock)
{
    struct prt_timer *t = &b->timers[b->ntimers++];

    ROOM(b, ntimers, 16);
    *t = (struct prt_timer){
        .name = tb_string(b, name), .clock = clock, .divide = PRT_NONE,
        .bits = PRT_NONE, .reload = PRT_NONE, .run = PRT_NONE,
        .once = PRT_NONE, .start = PRT_NONE
    };
    return t;
}

struct prt_after *tb_after(struct tb *b, uint32_t flags, uint32_t body)
{
    struct prt_after *a = &b->afters[b->nafters++];

    ROOM(b, nafters, 16);
    *a = (struct prt_after){
        .name = tb_string(b, "after"), .flags = flags, .count = 1,
        .body = body
    };
    return a;
}

struct prt_copy *tb_copy(struct tb *b, uint32_t done)
{
    struct prt_copy *c = &b->copies[b->ncopies++];
    unsigned i;

    ROOM(b, ncopies, 16);
    *c = (struct prt_copy){
        .name = tb_string(b, "copy"), .count = 1, .done = done,
        .fault = PRT_NONE
    };
    for (i = 0; i < PRT_COPY_PARAMS; i++) {
        c->param[i] = PRT_NONE;
    }
    return c;
}

struct prt_mem *tb_mem(struct tb *b, const char *name, uint32_t offset,
                       uint32_t size, unsigned elem)
{
    struct prt_mem *m = &b->mems[b->nmems++];

    ROOM(b, nmems, 16);
    *m = (struct prt_mem){
        .name = tb_string(b, name), .offset = offset, .size = size,
        .elem = elem
    };
    return m;
}

struct prt_window *tb_window(struct tb *b, uint32_t offset, uint32_t size,
                             uint32_t target, enum prt_verb verb)
{
    struct prt_window *w = &b->windows[b->nwindows++];

    ROOM(b, nwindows, 16);
    *w = (struct prt_window){
        .offset = offset, .size = size, .target = target, .verb = verb
    };
    return w;
}

/* -------------------------------------------------------------- programs */

uint32_t tb_prog(struct tb *b, enum prt_prog_kind kind)
{
    ROOM(b, nprogs, TB_MAX - 1);
    b->progs[b->nprogs] = (struct prt_prog){
        .first = b->ncode, .kind = kind
    };
    return b->nprogs++;
}

void tb_op(struct tb *b, enum prt_op op, unsigned dst, unsigned a,
           unsigned reg_b, uint32_t imm)
{
    ROOM(b, ncode, TB_CODE - 1);
    b->code[b->ncode++] = (struct prt_insn){ op, dst, a, reg_b, imm };
    b->progs[b->nprogs - 1].count++;
}

void tb_end(struct tb *b, unsigned value)
{
    tb_op(b, PRT_OP_END, 0, value, 0, 0);
}

uint32_t tb_expr_const(struct tb *b, uint32_t value)
{
    uint32_t prog = tb_prog(b, PRT_PROG_EXPR);

    tb_op(b, PRT_OP_LI, 1, 0, 0, value);
    tb_end(b, 1);
    return prog;
}

uint32_t tb_expr_field(struct tb *b, uint32_t field)
{
    uint32_t prog = tb_prog(b, PRT_PROG_EXPR);

    tb_op(b, PRT_OP_LDF, 1, 0, 0, field);
    tb_end(b, 1);
    return prog;
}

uint32_t tb_expr_not(struct tb *b, uint32_t field)
{
    uint32_t prog = tb_prog(b, PRT_PROG_EXPR);

    tb_op(b, PRT_OP_LDF, 1, 0, 0, field);
    tb_op(b, PRT_OP_LNOT, 1, 1, 0, 0);
    tb_end(b, 1);
    return prog;
}

uint32_t tb_set_field(struct tb *b, uint32_t field, uint32_t value)
{
    uint32_t prog = tb_prog(b, PRT_PROG_ACTION);

    tb_op(b, PRT_OP_LI, 1, 0, 0, value);
    tb_op(b, PRT_OP_STF, 0, 1, 0, field);
    tb_end(b, 0);
    return prog;
}

uint32_t tb_set_var(struct tb *b, uint32_t var, uint32_t value)
{
    uint32_t prog = tb_prog(b, PRT_PROG_ACTION);

    tb_op(b, PRT_OP_LI, 1, 0, 0, value);
    tb_op(b, PRT_OP_STS, 0, 1, 0, var);
    tb_end(b, 0);
    return prog;
}

uint32_t tb_count_var(struct tb *b, uint32_t var)
{
    uint32_t prog = tb_prog(b, PRT_PROG_ACTION);

    tb_op(b, PRT_OP_LDS, 1, 0, 0, var);
    tb_op(b, PRT_OP_ADDI, 1, 1, 0, 1);
    tb_op(b, PRT_OP_STS, 0, 1, 0, var);
    tb_end(b, 0);
    return prog;
}

/* ------------------------------------------------------------- finishing */

static void assign_state(struct tb *b)
{
    uint32_t i, at = 0;

#define CELLS(member, bytes) do { (member) = at; at += (bytes); } while (0)
    for (i = 0; i < b->nregs; i++) {
        CELLS(b->regs[i].state, PRT_STATE_REG(b->regs[i].once));
    }
    for (i = 0; i < b->nvars; i++) {
        if (b->vars[i].kind == PRT_DERIVED) {
            b->vars[i].state = PRT_NONE;
        } else {
            CELLS(b->vars[i].state, PRT_STATE_VAR);
        }
    }
    for (i = 0; i < b->nfifos; i++) {
        CELLS(b->fifos[i].state,
              PRT_STATE_FIFO(b->fifos[i].depth, b->fifos[i].width));
    }
    for (i = 0; i < b->nlines; i++) {
        CELLS(b->lines[i].state, PRT_STATE_LINE);
    }
    for (i = 0; i < b->nlocks; i++) {
        CELLS(b->locks[i].state, PRT_STATE_LOCK);
    }
    for (i = 0; i < b->ntimers; i++) {
        CELLS(b->timers[i].state,
              PRT_STATE_TIMER + 8 * b->timers[i].match_count);
    }
    for (i = 0; i < b->nafters; i++) {
        CELLS(b->afters[i].state, PRT_STATE_AFTER * b->afters[i].count);
    }
    for (i = 0; i < b->ncopies; i++) {
        CELLS(b->copies[i].state, PRT_STATE_COPY * b->copies[i].count);
    }
    for (i = 0; i < b->nrules; i++) {
        if (b->rules[i].event >= PRT_EV_CHANGE &&
            b->rules[i].event <= PRT_EV_FALL) {
            CELLS(b->rules[i].state, PRT_STATE_RULE);
        }
    }
    for (i = 0; i < b->nmems; i++) {
        CELLS(b->mems[i].state, PRT_STATE_BYTES(b->mems[i].size));
    }
    if (b->head.unmapped == PRT_UNMAPPED_STORE) {
        CELLS(b->head.store_state, PRT_STATE_BYTES(b->head.mmio_size));
    }
#undef CELLS
    b->head.state_size = at;
}

static bool is_plain(const struct tb *b, const struct prt_reg *r)
{
    uint32_t i;

    for (i = 0; i < r->field_count; i++) {
        const struct prt_field *f = &b->fields[r->field_first + i];

        if (f->kind != PRT_STORED || f->needs != PRT_NONE ||
            f->cond != PRT_NONE) {
            return false;
        }
    }
    return r->cond == PRT_NONE && r->needs == PRT_NONE && !r->once &&
           !r->unimpl && !r->rule_count && !r->view_count;
}

static void assign_flags(struct tb *b)
{
    uint32_t i, memo = 0;
    bool settles = b->nlines || b->norder || b->ntimers || b->head.edge_count;

    for (i = 0; i < b->nregs; i++) {
        if (is_plain(b, &b->regs[i])) {
            b->regs[i].flags |= PRT_REG_PLAIN;
        }
        if (!settles) {
            b->regs[i].flags &= ~PRT_REG_SETTLES;
        }
    }
    for (i = 0; i < b->nfields; i++) {
        if (b->fields[i].kind == PRT_DERIVED) {
            b->fields[i].memo = memo++;
        }
    }
    for (i = 0; i < b->nvars; i++) {
        if (b->vars[i].kind == PRT_DERIVED) {
            b->vars[i].memo = memo++;
        }
    }
    b->head.memo_count = memo;
}

static bool overlap(const struct prt_reg *a, const struct prt_reg *b)
{
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

/* Chains: a register follows the nearest earlier one it overlaps. */
static void assign_index(struct tb *b, uint16_t *dir, uint16_t *chunks,
                         uint32_t *nchunks)
{
    uint32_t slots = PRT_CHUNK / b->head.granule;
    uint32_t ndir = (b->head.mmio_size + PRT_CHUNK - 1) / PRT_CHUNK;
    uint32_t head[TB_MAX], i, k, n;

    *nchunks = 0;
    memset(dir, 0xff, 2 * ndir);
    for (i = 0; i < b->nregs; i++) {
        b->regs[i].next = PRT_NONE;
    }
    for (i = 0; i < b->nregs; i++) {
        head[i] = i;
        for (k = i; k-- > 0;) {
            if (overlap(&b->regs[i], &b->regs[k])) {
                head[i] = head[k];
                b->regs[i - 1].next = i;
                break;
            }
        }
    }
    for (i = 0; i < b->nregs; i++) {
        for (n = 0; n < b->regs[i].bytes; n += b->head.granule) {
            uint32_t at = b->regs[i].offset + n;

            if (dir[at / PRT_CHUNK] == PRT_NONE16) {
                dir[at / PRT_CHUNK] = (uint16_t)(*nchunks / slots);
                memset(chunks + *nchunks, 0xff, 2 * slots);
                *nchunks += slots;
            }
            chunks[dir[at / PRT_CHUNK] * slots +
                   at % PRT_CHUNK / b->head.granule] = (uint16_t)head[i];
        }
    }
}

static void put_section(struct tb *b, unsigned id, const void *entries,
                        uint32_t count, size_t entry_size)
{
    struct prt_section *dir =
        (struct prt_section *)(void *)(b->bytes + sizeof(b->head));
    size_t bytes = count * entry_size;

    if (!count) {
        return;
    }
    assert_true(b->size + bytes + 8 <= TB_BYTES);
    dir[b->head.section_count++] = (struct prt_section){
        .id = (uint16_t)id, .entry_size = (uint16_t)entry_size,
        .count = count, .offset = b->size
    };
    memcpy(b->bytes + b->size, entries, bytes);
    b->size += (uint32_t)(bytes + 7) & ~7u;
}

void tb_finish(struct tb *b)
{
    static uint16_t dir[65536], chunks[65536];
    uint32_t ndir = (b->head.mmio_size + PRT_CHUNK - 1) / PRT_CHUNK, nchunks;

    assert_true(ndir <= 65536);
    assign_state(b);
    assign_flags(b);
    assign_index(b, dir, chunks, &nchunks);
    memset(b->bytes, 0, sizeof(b->bytes));
    b->head.section_count = 0;
    b->size = sizeof(b->head) + sizeof(struct prt_section) * PRT_SEC_COUNT;
    put_section(b, PRT_SEC_STRINGS, b->strings, b->nstrings, 1);
    put_section(b, PRT_SEC_DIR, dir, ndir, 2);
    put_section(b, PRT_SEC_CHUNKS, chunks, nchunks, 2);
#define PUT(ID, name) \
    put_section(b, PRT_SEC_##ID, b->name, b->n##name, sizeof(*b->name))
    PUT(REGS, regs);
    PUT(FIELDS, fields);
    PUT(VIEWS, views);
    PUT(VARS, vars);
    PUT(FIFOS, fifos);
    PUT(LINES, lines);
    PUT(LOCKS, locks);
    PUT(TIMERS, timers);
    PUT(AFTERS, afters);
    PUT(COPIES, copies);
    PUT(RULES, rules);
    PUT(MEMS, mems);
    PUT(WINDOWS, windows);
    PUT(DOMAINS, domains);
    PUT(ITEMS, items);
    PUT(ARRAYS, arrays);
    PUT(ORDER, order);
    PUT(PROGS, progs);
    PUT(CODE, code);
    PUT(POOL, pool);
#undef PUT
    b->head.total_size = b->size;
    memcpy(b->bytes, &b->head, sizeof(b->head));
}

/* ------------------------------------------------- a device and its host */

static void check_call(struct tb_host *h)
{
    h->bad_calls += h->in_peek;
}

static uint64_t host_now(void *opaque)
{
    return ((struct tb_host *)opaque)->now;
}

static void host_alarm(void *opaque, uint64_t deadline)
{
    struct tb_host *h = opaque;

    check_call(h);
    h->deadline = deadline;
    h->alarms++;
}

static void host_line(void *opaque, uint32_t line, int level)
{
    struct tb_host *h = opaque;

    check_call(h);
    if (h->nlines < 256) {
        h->lines[h->nlines].line = line;
        h->lines[h->nlines++].level = level;
    }
}

static bool host_put(void *opaque, uint32_t fifo, uint64_t value)
{
    struct tb_host *h = opaque;

    (void)fifo;
    check_call(h);
    if (h->stuck) {
        return false;
    }
    if (h->nout < sizeof(h->out) - 1) {
        h->out[h->nout++] = (char)value;
    }
    return true;
}

static uint64_t host_random(void *opaque)
{
    struct tb_host *h = opaque;

    check_call(h);
    h->random = h->random * UINT64_C(6364136223846793005) + 1;
    return h->random;
}

static uint64_t host_wallclock(void *opaque)
{
    check_call(opaque);
    return 1700000000;
}

static uint64_t host_sample(void *opaque, uint64_t channel)
{
    check_call(opaque);
    return channel * 3;
}

static bool host_bus_read(void *opaque, uint64_t address, unsigned size,
                          uint64_t *value)
{
    struct tb_host *h = opaque;

    check_call(h);
    if (address > sizeof(h->ram) || size > sizeof(h->ram) - address) {
        return false;
    }
    *value = 0;
    memcpy(value, h->ram + address, size);
    return true;
}

static bool host_bus_write(void *opaque, uint64_t address, unsigned size,
                           uint64_t value)
{
    struct tb_host *h = opaque;

    check_call(h);
    if (address > sizeof(h->ram) || size > sizeof(h->ram) - address) {
        return false;
    }
    memcpy(h->ram + address, &value, size);
    return true;
}

static void host_log(void *opaque, enum prt_log_kind kind, const char *text,
                     uint64_t value)
{
    struct tb_host *h = opaque;

    (void)value;
    check_call(h);
    h->logs[kind] += text != NULL;
}

const struct prt_host_ops tb_host_ops = {
    .now = host_now, .alarm = host_alarm, .line = host_line,
    .put = host_put, .random = host_random, .wallclock = host_wallclock,
    .sample = host_sample, .bus_read = host_bus_read,
    .bus_write = host_bus_write, .log = host_log
};

int tb_start(struct tb *b, struct tb_dev *d)
{
    int err;

    memset(d, 0, sizeof(*d));
    d->host.deadline = PRT_NEVER;
    tb_finish(b);
    err = prt_table_open(b->bytes, b->size, &d->table, NULL);
    if (err) {
        return err;
    }
    d->size = prt_table_memory(&d->table);
    d->memory = malloc(d->size ? d->size : 8);
    assert_non_null(d->memory);
    err = prt_dev_init(&d->dev, &d->table, d->memory, d->size, &tb_host_ops,
                       &d->host);
    if (!err) {
        prt_dev_reset(&d->dev, PRT_RESET_COLD);
    }
    return err;
}

void tb_stop(struct tb_dev *d)
{
    assert_int_equal(d->host.bad_calls, 0);
    free(d->memory);
    d->memory = NULL;
}

uint64_t tb_read(struct tb_dev *d, uint32_t offset, unsigned size)
{
    uint64_t value;

    assert_int_equal(prt_read(&d->dev, offset, size, &value), PRT_OK);
    return value;
}

void tb_write(struct tb_dev *d, uint32_t offset, unsigned size,
              uint64_t value)
{
    assert_int_equal(prt_write(&d->dev, offset, size, value), PRT_OK);
}

uint64_t tb_peek(struct tb_dev *d, uint32_t offset, unsigned size)
{
    uint64_t value;

    d->host.in_peek = true;
    assert_int_equal(prt_peek(&d->dev, offset, size, &value), PRT_OK);
    d->host.in_peek = false;
    return value;
}

void tb_advance(struct tb_dev *d, uint64_t ns)
{
    uint64_t end = d->host.now + ns;
    unsigned rounds = 0;

    while (d->host.deadline <= end) {
        assert_true(rounds++ < 100000);
        if (d->host.now < d->host.deadline) {
            d->host.now = d->host.deadline;
        }
        d->host.deadline = PRT_NEVER;
        prt_tick(&d->dev);
    }
    d->host.now = end;
}
