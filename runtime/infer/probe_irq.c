/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counterfactual interrupts: the handler runs as a function that the idle
 * code calls, and the idle code goes on behind it.
 */
#include "runtime/infer/probe.h"

#include "runtime/infer/probe_priv.h"

#define HANDLER_INSNS 20000u
#define STACK_GAP 0x80u       /* below what the idle code uses */
#define EXC_RETURN 0xfffffff9u /* to the thread, main stack */

static const struct inf_stim nothing = { .mode = INF_STIM_FORCE };

int inf_probe_idle(struct inf_probe *p, const struct inf_question *q,
                   const struct inf_probe_env *env, struct inf_trace *out)
{
    int rc = inf_probe_begin(p, q, env);

    if (rc) {
        return rc;
    }
    p->idle = true;
    p->frozen = false;
    p->q.phys = 0;
    p->q.size = 0;
    return inf_probe_baseline(p, out);
}

bool inf_probe_still(const struct inf_probe *p)
{
    return p->still && p->digest_count > 2;
}

void inf_probe_once(struct inf_probe *p)
{
    pc_set_clear(&p->loop);
    pc_set_add(&p->loop, p->q.pc);
    p->once = true;
    p->frozen = false;
    p->period = 1;
    p->still = false;
}

void probe_follow_handler(struct inf_probe *p)
{
    struct run_state *run = &p->run;
    struct inf_trace *out = run->out;

    if (pc_set_add(&p->seen, run->cur_pc)) {
        out->new_pcs++;
        out->signature = (out->signature ^ run->cur_pc) * 0x100000001b3ull;
    }
    if (out->insns > HANDLER_INSNS) {
        probe_stop(p, INF_END_STUCK);
    }
}

bool probe_handler_end(struct inf_probe *p, uint64_t fetch)
{
    if (!p->run.handler || fetch < 0xff000000u) {
        return false;
    }
    p->run.out->handled = true;
    uc_emu_stop(p->uc);
    return true;
}

int inf_probe_handler(struct inf_probe *p, uint64_t entry, uint64_t phys,
                      unsigned size, const struct inf_stim *stim,
                      struct inf_trace *out)
{
    uint64_t sp, lr = EXC_RETURN;
    uint64_t signature;
    int rc;

    if (p->uc_arch != INF_ARCH_M) {
        return INF_E_UNSUPPORTED;
    }
    p->q.phys = phys;
    p->q.size = size;
    rc = probe_prepare(p, stim ? stim : &nothing, out, false);
    if (rc) {
        return rc;
    }
    sp = (probe_sp(p) - STACK_GAP) & ~7ull;
    uc_reg_write(p->uc, UC_ARM_REG_SP, &sp);
    uc_reg_write(p->uc, UC_ARM_REG_LR, &lr);
    p->run.handler = true;
    rc = probe_emulate(p, entry | 1);
    p->run.handler = false;
    if (rc || !out->handled) {
        return rc;
    }
    /* Behind it the idle code goes on, in the memory that it left. */
    signature = out->signature;
    p->run.done = false;
    p->run.since_new = 0;
    p->run.loop_reads = 0;
    pc_set_clear(&p->seen);
    rc = probe_reload(p);
    if (rc == 0) {
        rc = probe_emulate(p, probe_start_pc(p));
    }
    out->signature = signature;
    return rc;
}
