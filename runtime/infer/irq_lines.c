/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/infer/irq_lines.h"

#include <stdio.h>

#define VECTOR_SHARES 3u /* lines that share a handler that is nobody's */
#define FAULTS_LAST 7u   /* exceptions up to this are faults */
#define FIRST_SPI 32u    /* number of a GIC's line 0 */

#define MODE_FIQ 0x11u   /* of AArch32 */
#define MODE_IRQ 0x12u
#define MODE_ABT 0x17u
#define MODE_UND 0x1bu

/* The mode of an AArch32 core, 0 for others. */
static unsigned mode_of(const struct inf_cpu *cpu)
{
    return cpu->arch == INF_ARCH_A32 ? cpu->regs[INF_REG_PSR32] & 0x1f : 0;
}

bool inf_lines_usable(const struct inf_lines *l)
{
    unsigned mode = mode_of(&l->q->cpu);

    return l->irqs.kind != INF_IRQ_NONE && l->q->cpu.exception == 0 &&
           mode != MODE_ABT && mode != MODE_UND;
}

/*
 * An interrupt's handler that waits; those of faults have come to an end.  In
 * AArch64 only the GIC knows: it has told of a line, and not yet of the end.
 */
static bool in_handler(const struct inf_lines *l)
{
    unsigned mode = mode_of(&l->q->cpu);
    unsigned i;

    for (i = 0; i < INF_IRQ_WORDS && l->irqs.kind == INF_IRQ_GIC; i++) {
        if (l->irqs.active[i]) {
            return true;
        }
    }
    return l->q->cpu.exception > FAULTS_LAST || mode == MODE_IRQ ||
           mode == MODE_FIQ;
}

bool inf_lines_init(struct inf_lines *l, struct inf_engine *eng,
                    const struct inf_question *q, struct inf_answer *ans)
{
    l->eng = eng;
    l->q = q;
    l->ans = ans;
    if (!eng->svc.irqs || eng->svc.irqs(eng->svc.opaque, &l->irqs)) {
        return false;
    }
    l->handler.distributor = l->irqs.distributor;
    l->handler.cpu_interface = l->irqs.cpu_interface;
    return !in_handler(l) && (l->irqs.kind != INF_IRQ_GIC ||
                             inf_find_gic(&eng->svc, l->gic));
}

/* The handler of @line in the table of vectors; 0 when it is nobody's own. */
static uint64_t find_vector(struct inf_lines *l, unsigned line)
{
    uint64_t table = l->q->cpu.vbar + 4 * 16;
    unsigned i, shares = 0;
    uint32_t mine, other;
    uint16_t insn;

    if (inf_probe_read(l->eng->probe, table + 4 * line, &mine, 4) ||
        !(mine & 1)) {
        return 0;
    }
    for (i = 0; i < l->irqs.lines && shares < VECTOR_SHARES; i++) {
        if (inf_probe_read(l->eng->probe, table + 4 * i, &other, 4) == 0) {
            shares += other == mine;
        }
    }
    mine &= ~1u;
    if (shares >= VECTOR_SHARES ||
        inf_probe_read(l->eng->probe, mine, &insn, 2) || insn == 0xe7fe) {
        return 0;
    }
    return mine;
}

int inf_lines_run(struct inf_lines *l, uint64_t phys, unsigned size,
                  const struct inf_stim *stim)
{
    l->ans->probes++;
    if (l->eng->svc.beat && l->ans->probes % 64 == 0) {
        l->eng->svc.beat(l->eng->svc.opaque);
    }
    return inf_probe_handler(l->eng->probe, &l->handler, phys, size, stim,
                             &l->eng->trace);
}

/*
 * The handler of an SPI is whatever the vector's code makes of it.  Which of
 * the two exceptions it comes as, the one knows that asks the GIC.
 */
static int find_spi(struct inf_lines *l, unsigned line, bool *found)
{
    const struct inf_stim nothing = { .mode = INF_STIM_FORCE };
    unsigned i;
    int rc = 0;

    l->handler.intid = FIRST_SPI + line;
    for (i = 0; i < 2 && rc == 0 && !*found; i++) {
        l->handler.fiq = i;
        rc = inf_lines_run(l, 0, 0, &nothing);
        *found = l->eng->trace.acked && l->eng->trace.handled;
    }
    return rc;
}

int inf_lines_find(struct inf_lines *l, unsigned line, bool *found)
{
    *found = false;
    if (!(l->irqs.enabled[line / 32] >> line % 32 & 1)) {
        return 0;
    }
    if (l->irqs.kind == INF_IRQ_GIC) {
        return find_spi(l, line, found);
    }
    l->handler.entry = find_vector(l, line);
    *found = l->handler.entry != 0;
    return 0;
}

bool inf_lines_core(const struct inf_lines *l, uint64_t phys)
{
    return l->irqs.kind == INF_IRQ_NVIC && (phys >> 28) == 0xe;
}

char *inf_lines_wire(const struct inf_lines *l, const char *name,
                     unsigned line)
{
    char *text;
    int n = l->irqs.kind == INF_IRQ_GIC
            ? asprintf(&text, "%s -> %s.spi %u level_high;", name, l->gic,
                       line)
            : asprintf(&text, "%s -> nvic %u;", name, line);

    return n < 0 ? NULL : text;
}
