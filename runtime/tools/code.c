/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/code.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>

#define WALK_INSNS 16           /* followed behind the load */
#define REGS 32

/* ---- Disassembling ---- */

static csh open_handle(enum code_kind kind)
{
    csh handle = 0;
    cs_err err = kind == CODE_A64 ?
        cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &handle) :
        cs_open(CS_ARCH_ARM, kind == CODE_THUMB ?
                CS_MODE_THUMB | CS_MODE_MCLASS : CS_MODE_ARM, &handle);

    if (err != CS_ERR_OK) {
        return 0;
    }
    cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
    return handle;
}

/*
 * Disassembles from @from; how many instructions.  A first that does not
 * decode gives none.
 */
static size_t decode(csh handle, const struct code *code, uint64_t from,
                     cs_insn **out)
{
    size_t skip = (size_t)(from - code->at);

    *out = NULL;
    return skip < code->size ?
        cs_disasm(handle, code->bytes + skip, code->size - skip, from, 0,
                  out) : 0;
}

/*
 * The instructions around @pc.  Thumb cannot be read backwards: the earliest
 * start whose instructions meet @pc is taken.  *index is that of @pc.
 */
static size_t decode_around(csh handle, const struct code *code, uint64_t pc,
                            cs_insn **out, size_t *index)
{
    uint64_t step = code->kind == CODE_THUMB ? 2 : 4;
    uint64_t from = code->at + (pc - code->at) % step;
    size_t count, i;

    for (; from <= pc; from += step) {
        count = decode(handle, code, from, out);
        for (i = 0; i < count; i++) {
            if ((*out)[i].address == pc) {
                *index = i;
                return count;
            }
        }
        if (*out) {
            cs_free(*out, count);
        }
    }
    *out = NULL;
    return 0;
}

static void put_line(const cs_insn *insn, struct code_line *out)
{
    out->address = insn->address;
    snprintf(out->text, sizeof(out->text), "%.24s%s%.64s", insn->mnemonic,
             *insn->op_str ? " " : "", insn->op_str);
}

unsigned code_lines(const struct code *code, uint64_t pc, unsigned before,
                    unsigned after, struct code_line *out)
{
    csh handle = open_handle(code->kind);
    unsigned lines = 0;
    size_t count = 0, at, i;
    cs_insn *insns = NULL;

    if (handle != 0 && pc >= code->at) {
        count = decode_around(handle, code, pc, &insns, &at);
    }
    if (count > 0) {
        i = at > before ? at - before : 0;
        for (; i < count && i <= at + after && lines < CODE_LINES; i++) {
            put_line(&insns[i], &out[lines++]);
        }
        cs_free(insns, count);
    }
    if (handle != 0) {
        cs_close(&handle);
    }
    return lines;
}

bool code_stays(const struct code *code, uint64_t pc)
{
    struct code_line line;
    char self[32];

    snprintf(self, sizeof(self), "b #0x%llx", (unsigned long long)pc);
    return code_lines(code, pc, 0, 0, &line) == 1 &&
           (strcmp(line.text, self) == 0 ||
            (strncmp(line.text, "b.w", 3) == 0 &&
             strcmp(line.text + 4, self + 2) == 0));
}

/* ---- What is tested ---- */

/* An operand, alike for all cores; registers by number. */
struct operand {
    bool is_reg, is_imm;
    unsigned reg;
    uint64_t imm;
};

struct step {
    const cs_insn *insn;
    char name[16];              /* mnemonic without flags, width, condition */
    unsigned count;
    struct operand op[4];
};

/* Where bits of the value that was read are now. */
struct tracked {
    bool valid;
    unsigned shift;             /* bit 0 is the value's bit so much */
    uint64_t mask;              /* of the register's bits that are left */
};

struct walk {
    csh handle;
    const struct code *code;
    enum code_kind kind;
    struct tracked value[REGS];
    bool known[REGS];
    uint64_t constant[REGS];
    struct code_test *out;
};

/* w3 and x3, r3 are 3; anything else has no number. */
static unsigned reg_number(csh handle, unsigned reg)
{
    const char *name = cs_reg_name(handle, reg);
    unsigned number;

    if (name && strchr("rwx", name[0]) &&
        sscanf(name + 1, "%u", &number) == 1 && number < REGS) {
        return number;
    }
    return name && strcmp(name, "ip") == 0 ? 12 :
           name && strcmp(name, "fp") == 0 ? 11 :
           name && strcmp(name, "sb") == 0 ? 9 :
           name && strcmp(name, "sl") == 0 ? 10 :
           name && strcmp(name, "lr") == 0 ? 14 : REGS;
}

static void take_operands(const struct walk *w, struct step *s)
{
    unsigned i;

    for (i = 0; i < 4; i++) {
        s->op[i] = (struct operand) { .reg = REGS };
    }
    if (w->kind == CODE_A64) {
        const cs_arm64 *d = &s->insn->detail->arm64;

        s->count = d->op_count < 4 ? d->op_count : 4;
        for (i = 0; i < s->count; i++) {
            s->op[i].is_reg = d->operands[i].type == ARM64_OP_REG;
            s->op[i].is_imm = d->operands[i].type == ARM64_OP_IMM;
            s->op[i].imm = s->op[i].is_imm ? (uint64_t)d->operands[i].imm : 0;
            if (s->op[i].is_imm &&
                d->operands[i].shift.type == ARM64_SFT_LSL) {
                s->op[i].imm <<= d->operands[i].shift.value & 63;
            }
            s->op[i].reg = s->op[i].is_reg ?
                reg_number(w->handle, d->operands[i].reg) : REGS;
        }
    } else {
        const cs_arm *d = &s->insn->detail->arm;

        s->count = d->op_count < 4 ? d->op_count : 4;
        for (i = 0; i < s->count; i++) {
            s->op[i].is_reg = d->operands[i].type == ARM_OP_REG;
            s->op[i].is_imm = d->operands[i].type == ARM_OP_IMM;
            s->op[i].imm = s->op[i].is_imm ? (uint32_t)d->operands[i].imm : 0;
            s->op[i].reg = s->op[i].is_reg ?
                reg_number(w->handle, d->operands[i].reg) : REGS;
        }
    }
}

static void take_step(const struct walk *w, const cs_insn *insn,
                      struct step *s)
{
    size_t len = strcspn(insn->mnemonic, ".");

    s->insn = insn;
    snprintf(s->name, sizeof(s->name), "%.*s",
             (int)(len < sizeof(s->name) ? len : sizeof(s->name) - 1),
             insn->mnemonic);
    take_operands(w, s);
    /* "and rd, imm" is "and rd, rd, imm". */
    if (s->count == 2 && w->kind != CODE_A64 &&
        (strncmp(s->name, "and", 3) == 0 || strncmp(s->name, "ls", 2) == 0)) {
        s->op[2] = s->op[1];
        s->op[1] = s->op[0];
        s->count = 3;
    }
}

static bool is(const struct step *s, const char *name)
{
    size_t len = strlen(name);

    return strncmp(s->name, name, len) == 0 &&
           (!s->name[len] || strcmp(s->name + len, "s") == 0);
}

static bool tracks(const struct walk *w, const struct operand *o)
{
    return o->is_reg && o->reg < REGS && w->value[o->reg].valid;
}

/* The number an operand stands for, where that is known. */
static bool number(const struct walk *w, const struct operand *o,
                   uint64_t *value)
{
    if (o->is_imm) {
        *value = o->imm;
        return true;
    }
    if (o->is_reg && o->reg < REGS && w->known[o->reg]) {
        *value = w->constant[o->reg];
        return true;
    }
    return false;
}

static bool found(struct walk *w, const struct step *s,
                  enum code_test_kind kind, const struct tracked *t,
                  uint64_t mask, uint64_t value)
{
    mask &= t->mask;
    if (mask == 0) {
        return false;
    }
    w->out->kind = kind;
    w->out->mask = mask << t->shift;
    w->out->value = (value & mask) << t->shift;
    put_line(s->insn, &w->out->line);
    return true;
}

static bool sets_flags(const struct step *s)
{
    size_t len = strlen(s->name);

    return len > 1 && s->name[len - 1] == 's';
}

/* Whether what follows is a branch on the flags' @letter: "bmi", "b.mi". */
static bool branches_on(const cs_insn *next, const char *const *conditions)
{
    const char *name;

    if (next->mnemonic[0] != 'b') {
        return false;
    }
    name = next->mnemonic + (next->mnemonic[1] == '.' ? 2 : 1);
    for (; *conditions; conditions++) {
        if (strncmp(name, *conditions, 2) == 0) {
            return true;
        }
    }
    return false;
}

/* A test that ends the walk: true with w->out. */
static bool test_at(struct walk *w, const struct step *s, const cs_insn *next)
{
    static const char *const zero[] = { "eq", "ne", NULL };
    static const char *const sign[] = { "mi", "pl", "ge", "lt", NULL };
    static const char *const carry[] = { "cs", "cc", "hs", "lo", NULL };
    const struct tracked *t;
    unsigned bits = w->kind == CODE_A64 ? 64 : 32, other;
    uint64_t n;

    if ((is(s, "cbz") || is(s, "cbnz")) && tracks(w, &s->op[0])) {
        t = &w->value[s->op[0].reg];
        return found(w, s, CODE_TEST_BITS, t, UINT64_MAX, 0);
    }
    if ((is(s, "tbz") || is(s, "tbnz")) && tracks(w, &s->op[0])) {
        t = &w->value[s->op[0].reg];
        return found(w, s, CODE_TEST_BITS, t,
                     UINT64_C(1) << (s->op[1].imm & 63), 0);
    }
    if (is(s, "tst") || is(s, "cmp")) {
        other = tracks(w, &s->op[0]) ? 1 : 0;
        if (!tracks(w, &s->op[1 - other]) || !number(w, &s->op[other], &n)) {
            return false;
        }
        t = &w->value[s->op[1 - other].reg];
        if (is(s, "tst")) {
            return found(w, s, CODE_TEST_BITS, t, n, 0);
        }
        if (n == 0 && next && branches_on(next, sign)) {
            return found(w, s, CODE_TEST_BITS, t, UINT64_C(1) << 31, 0);
        }
        return found(w, s, n == 0 ? CODE_TEST_BITS : CODE_TEST_EQUAL, t,
                     UINT64_MAX, n);
    }
    if (!sets_flags(s) || !next || !tracks(w, &s->op[1])) {
        return false;
    }
    t = &w->value[s->op[1].reg];
    if (is(s, "and") && number(w, &s->op[2], &n) &&
        branches_on(next, zero)) {
        return found(w, s, CODE_TEST_BITS, t, n, 0);
    }
    n = s->op[2].is_imm ? s->op[2].imm : 0;
    if (is(s, "lsl") && n > 0 && n < bits) {
        if (branches_on(next, sign)) {
            return found(w, s, CODE_TEST_BITS, t,
                         UINT64_C(1) << (bits - 1 - n), 0);
        }
        if (branches_on(next, carry)) {
            return found(w, s, CODE_TEST_BITS, t, UINT64_C(1) << (bits - n),
                         0);
        }
        return branches_on(next, zero) &&
            found(w, s, CODE_TEST_BITS, t, (UINT64_C(1) << (bits - n)) - 1,
                  0);
    }
    if (is(s, "lsr") && n > 0 && n < bits && branches_on(next, carry)) {
        return found(w, s, CODE_TEST_BITS, t, UINT64_C(1) << (n - 1), 0);
    }
    return false;
}

/* The bits of the value as an instruction hands them on, if it does. */
static struct tracked passed_on(const struct walk *w, const struct step *s)
{
    struct tracked t = { .valid = false };
    uint64_t n;

    if (!tracks(w, &s->op[1])) {
        return t;
    }
    t = w->value[s->op[1].reg];
    n = s->op[2].imm;
    if (is(s, "and") && number(w, &s->op[2], &n)) {
        t.mask &= n;
    } else if (is(s, "mov") || is(s, "uxtw") || is(s, "sxtw")) {
        /* all of it */
    } else if (is(s, "uxtb")) {
        t.mask &= 0xff;
    } else if (is(s, "uxth")) {
        t.mask &= 0xffff;
    } else if ((is(s, "ubfx") || is(s, "lsr")) && s->op[2].is_imm && n < 32) {
        t.shift += (unsigned)n;
        t.mask >>= n;
        if (is(s, "ubfx") && s->op[3].imm < 64) {
            t.mask &= (UINT64_C(1) << s->op[3].imm) - 1;
        }
    } else {
        t.valid = false;
    }
    return t;
}

/* The word of the code that a load relative to pc brings. */
static bool literal(const struct walk *w, const struct step *s,
                    uint64_t *value)
{
    uint64_t at;
    uint32_t word;

    if (w->kind == CODE_A64) {
        at = s->op[1].imm;
        if (!s->op[1].is_imm) {
            return false;
        }
    } else {
        const cs_arm_op *op = &s->insn->detail->arm.operands[1];

        if (op->type != ARM_OP_MEM || op->mem.base != ARM_REG_PC) {
            return false;
        }
        at = ((s->insn->address + (w->kind == CODE_THUMB ? 4 : 8)) & ~3ull) +
             (uint64_t)(int64_t)op->mem.disp;
    }
    if (at < w->code->at || at - w->code->at + 4 > w->code->size) {
        return false;
    }
    memcpy(&word, w->code->bytes + (at - w->code->at), sizeof(word));
    *value = word;
    return true;
}

/* The number that @s puts into its register, where it is one. */
static bool new_constant(const struct walk *w, const struct step *s,
                         uint64_t *value)
{
    uint64_t low;

    if (s->count < 2) {
        return false;
    }
    if (is(s, "mov") || is(s, "movz") || is(s, "movw")) {
        return number(w, &s->op[1], value);
    }
    if ((is(s, "movk") || is(s, "movt")) && number(w, &s->op[0], &low)) {
        *value = is(s, "movt") ? (low & 0xffff) | s->op[1].imm << 16
                               : low | s->op[1].imm;
        return true;
    }
    return is(s, "ldr") && literal(w, s, value);
}

/* What the registers hold after @s. */
static void follow(struct walk *w, const struct step *s)
{
    cs_regs reads, writes;
    uint8_t read_count, write_count, i;
    struct tracked t = passed_on(w, s);
    uint64_t n = 0;
    bool constant = new_constant(w, s, &n);

    if (cs_regs_access(w->handle, s->insn, reads, &read_count, writes,
                       &write_count) != CS_ERR_OK) {
        return;
    }
    for (i = 0; i < write_count; i++) {
        unsigned reg = reg_number(w->handle, writes[i]);

        if (reg < REGS) {
            w->value[reg].valid = false;
            w->known[reg] = false;
        }
    }
    if (s->count >= 2 && s->op[0].is_reg && s->op[0].reg < REGS) {
        if (t.valid) {
            w->value[s->op[0].reg] = t;
        } else if (constant) {
            w->known[s->op[0].reg] = true;
            w->constant[s->op[0].reg] = n;
        }
    }
}

/* Whether control never comes to what stands behind @insn. */
static bool leaves(const cs_insn *insn)
{
    return strcmp(insn->mnemonic, "b") == 0 ||
           strcmp(insn->mnemonic, "ret") == 0 ||
           strncmp(insn->mnemonic, "bx", 2) == 0 ||
           strncmp(insn->mnemonic, "pop", 3) == 0;
}

static bool walk_on(struct walk *w, const cs_insn *insns, size_t count,
                    size_t load)
{
    struct step step;
    size_t i;

    for (i = 0; i < load; i++) {
        take_step(w, &insns[i], &step);
        follow(w, &step);
    }
    take_step(w, &insns[load], &step);
    follow(w, &step);
    if (strncmp(step.name, "ld", 2) != 0 || !step.op[0].is_reg ||
        step.op[0].reg >= REGS) {
        return false;
    }
    w->value[step.op[0].reg] = (struct tracked) {
        .valid = true, .mask = UINT32_MAX,
    };
    for (i = load + 1; i < count && i <= load + WALK_INSNS; i++) {
        take_step(w, &insns[i], &step);
        if (test_at(w, &step, i + 1 < count ? &insns[i + 1] : NULL)) {
            return true;
        }
        if (leaves(&insns[i])) {
            return false;
        }
        follow(w, &step);
    }
    return false;
}

bool code_find_test(const struct code *code, uint64_t pc,
                    struct code_test *out)
{
    struct walk walk = { .code = code, .kind = code->kind, .out = out };
    size_t count = 0, at = 0;
    cs_insn *insns = NULL;
    bool ok = false;

    memset(out, 0, sizeof(*out));
    walk.handle = open_handle(code->kind);
    if (walk.handle == 0) {
        return false;
    }
    if (pc >= code->at) {
        count = decode_around(walk.handle, code, pc, &insns, &at);
    }
    if (count > 0) {
        ok = walk_on(&walk, insns, count, at);
        cs_free(insns, count);
    }
    cs_close(&walk.handle);
    return ok;
}
