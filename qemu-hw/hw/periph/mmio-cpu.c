/*
 * What a record of an access says about the CPU that makes it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "accel/tcg/tb-context.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "exec/exec-all.h"
#include "tcg/insn-start-words.h"
#include "mmio-cpu.h"

/*
 * What the translator has noted about an instruction is found by a search.
 * A place in translated code stands for one instruction until all code is
 * thrown away, so that it is looked up once.
 */
#define CACHE_SIZE 1024

typedef struct CachedInsn {
    uintptr_t retaddr;
    uint64_t data;
} CachedInsn;

static CachedInsn cache[CACHE_SIZE];
static unsigned cache_flushes;

static bool find_insn(CPUState *cs, uint64_t *data)
{
    uintptr_t retaddr = cs->mem_io_pc;
    CachedInsn *c = &cache[(retaddr ^ retaddr >> 10) % CACHE_SIZE];
    unsigned flushes = qatomic_read(&tb_ctx.tb_flush_count);
    uint64_t words[TARGET_INSN_START_WORDS];

    if (flushes != cache_flushes) {
        cache_flushes = flushes;
        memset(cache, 0, sizeof(cache));
    }
    if (!retaddr) {
        return false;
    }
    if (c->retaddr != retaddr) {
        if (!cpu_unwind_state_data(cs, retaddr, words)) {
            return false;
        }
        c->retaddr = retaddr;
        c->data = words[0];
    }
    *data = c->data;
    return true;
}

void mmio_cpu_context(CPUState *cs, struct pbr_record *record)
{
    CPUARMState *env = cpu_env(cs);

    record->cpu = cs->cpu_index;
    if (is_a64(env)) {
        record->context = pstate_read(env);
        return;
    }
    record->flags |= env->thumb ? PBR_R_THUMB : 0;
    if (arm_feature(env, ARM_FEATURE_M)) {
        record->context = xpsr_read(env);
        record->exception = env->v7m.exception;
        record->flags |= record->exception ? PBR_R_HANDLER : 0;
    } else {
        record->context = cpsr_read(env);
    }
}

void mmio_cpu_describe(CPUState *cs, struct pbr_record *record)
{
    CPUARMState *env = cpu_env(cs);
    uint64_t now = is_a64(env) ? env->pc : env->regs[15];
    uint64_t data;

    mmio_cpu_context(cs, record);
    if (!find_insn(cs, &data)) {
        record->flags |= PBR_R_NO_PC;
    } else if (tcg_cflags_has(cs, CF_PCREL)) {
        record->pc = (now & TARGET_PAGE_MASK) | data;
    } else {
        record->pc = data;
    }
}

void mmio_cpu_regs(CPUState *cs, uint64_t *regs)
{
    CPUARMState *env = cpu_env(cs);
    unsigned i;

    if (is_a64(env)) {
        memcpy(regs, env->xregs, PBR_RECORD_REGS * sizeof(*regs));
        return;
    }
    for (i = 0; i < 16; i++) {
        regs[i] = env->regs[i];
    }
    regs[16] = arm_feature(env, ARM_FEATURE_M) ? xpsr_read(env)
                                               : cpsr_read(env);
    memset(regs + 17, 0, (PBR_RECORD_REGS - 17) * sizeof(*regs));
}
