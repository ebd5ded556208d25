/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/disasm.h"

#include <capstone/capstone.h>
#include <string.h>

#define LOOP_INSNS 256u
#define BACK_INSNS 8u  /* from a load to the jump back, at most */
#define BACK_BYTES 32u /* before the load, at most */

struct numbers {
    uint64_t *out;
    unsigned count, max;
};

static void put(struct numbers *n, uint64_t value)
{
    unsigned i;

    for (i = 0; i < n->count; i++) {
        if (n->out[i] == value) {
            return;
        }
    }
    if (n->count < n->max) {
        n->out[n->count++] = value;
    }
}

static void put_literal(struct inf_probe *p, struct numbers *n, uint64_t at)
{
    uint32_t word;

    if (inf_probe_read(p, at, &word, sizeof(word)) == 0) {
        put(n, word);
    }
}

static void numbers_a64(struct inf_probe *p, const cs_insn *insn,
                        struct numbers *n)
{
    const cs_arm64 *d = &insn->detail->arm64;
    unsigned i;

    for (i = 0; i < d->op_count; i++) {
        const cs_arm64_op *op = &d->operands[i];
        uint64_t value = (uint64_t)op->imm;

        if (op->type != ARM64_OP_IMM) {
            continue;
        }
        if (insn->id == ARM64_INS_LDR) {
            put_literal(p, n, value);
        } else {
            put(n, op->shift.type == ARM64_SFT_LSL
                   ? value << (op->shift.value & 63) : value);
        }
    }
}

static void numbers_arm(struct inf_probe *p, const cs_insn *insn, bool thumb,
                        struct numbers *n)
{
    const cs_arm *d = &insn->detail->arm;
    unsigned i;

    for (i = 0; i < d->op_count; i++) {
        const cs_arm_op *op = &d->operands[i];

        if (op->type == ARM_OP_IMM) {
            put(n, (uint32_t)op->imm);
        } else if (op->type == ARM_OP_MEM && op->mem.base == ARM_REG_PC) {
            uint64_t pc = (insn->address + (thumb ? 4 : 8)) & ~3ull;

            put_literal(p, n, pc + (int64_t)op->mem.disp);
        }
    }
}

/* Branch targets are numbers too, but nothing is compared with them. */
static bool is_branch(csh handle, const cs_insn *insn)
{
    return cs_insn_group(handle, insn, CS_GRP_JUMP) ||
           cs_insn_group(handle, insn, CS_GRP_CALL);
}

static void from_loop(csh handle, struct inf_probe *p, bool a64, bool thumb,
                      struct numbers *n)
{
    cs_insn *insn = cs_malloc(handle);
    uint64_t pc;
    unsigned i;

    for (i = 0; insn && i < LOOP_INSNS && inf_probe_loop_pc(p, i, &pc); i++) {
        uint8_t bytes[4];
        const uint8_t *code = bytes;
        size_t size = sizeof(bytes);

        if (inf_probe_read(p, pc, bytes, 4) != 0 ||
            !cs_disasm_iter(handle, &code, &size, &pc, insn) ||
            is_branch(handle, insn)) {
            continue;
        }
        if (a64) {
            numbers_a64(p, insn, n);
        } else {
            numbers_arm(p, insn, thumb, n);
        }
    }
    if (insn) {
        cs_free(insn, 1);
    }
}

static bool open_for(const struct inf_cpu *cpu, csh *handle)
{
    bool a64 = cpu->arch == INF_ARCH_A64;
    cs_mode mode = a64 ? CS_MODE_ARM
                   : cpu->arch == INF_ARCH_M ? CS_MODE_THUMB | CS_MODE_MCLASS
                   : cpu->thumb ? CS_MODE_THUMB : CS_MODE_ARM;

    if (cs_open(a64 ? CS_ARCH_ARM64 : CS_ARCH_ARM, mode, handle) !=
        CS_ERR_OK) {
        return false;
    }
    cs_option(*handle, CS_OPT_DETAIL, CS_OPT_ON);
    return true;
}

/* Where a jump goes to: its last operand, when that is a number. */
static bool jump_target(const cs_insn *insn, bool a64, uint64_t *target)
{
    const cs_arm64 *d64 = &insn->detail->arm64;
    const cs_arm *d32 = &insn->detail->arm;

    if (a64) {
        if (d64->op_count == 0 ||
            d64->operands[d64->op_count - 1].type != ARM64_OP_IMM) {
            return false;
        }
        *target = (uint64_t)d64->operands[d64->op_count - 1].imm;
        return true;
    }
    if (d32->op_count == 0 ||
        d32->operands[d32->op_count - 1].type != ARM_OP_IMM) {
        return false;
    }
    *target = (uint32_t)d32->operands[d32->op_count - 1].imm;
    return true;
}

bool inf_is_loop_read(struct inf_probe *p, const struct inf_cpu *cpu,
                      uint64_t pc)
{
    uint8_t code[4 * BACK_INSNS];
    bool a64 = cpu->arch == INF_ARCH_A64, found = false;
    const uint8_t *at = code;
    size_t size = sizeof(code);
    uint64_t target, where = pc;
    cs_insn *insn;
    csh handle;

    if (inf_probe_read(p, pc, code, sizeof(code)) != 0 ||
        !open_for(cpu, &handle)) {
        return false;
    }
    insn = cs_malloc(handle);
    while (insn && !found && cs_disasm_iter(handle, &at, &size, &where,
                                            insn)) {
        if (cs_insn_group(handle, insn, CS_GRP_CALL)) {
            break;
        }
        if (cs_insn_group(handle, insn, CS_GRP_JUMP)) {
            if (!jump_target(insn, a64, &target)) {
                break;
            }
            found = target <= pc && pc - target <= BACK_BYTES;
        }
    }
    if (insn) {
        cs_free(insn, 1);
    }
    cs_close(&handle);
    return found;
}

unsigned inf_loop_numbers(struct inf_probe *p, const struct inf_cpu *cpu,
                          uint64_t *out, unsigned max)
{
    struct numbers n = { out, 0, max };
    bool a64 = cpu->arch == INF_ARCH_A64;
    bool thumb = cpu->arch == INF_ARCH_M || cpu->thumb;
    unsigned regs = a64 ? 31 : 13;
    unsigned i;
    csh handle;

    if (open_for(cpu, &handle)) {
        from_loop(handle, p, a64, thumb, &n);
        cs_close(&handle);
    }
    for (i = 0; i < regs; i++) {
        put(&n, cpu->regs[i]);
    }
    return n.count;
}
