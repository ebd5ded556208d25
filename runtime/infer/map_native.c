/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that belong to the core and that QEMU has: interrupt controllers,
 * the private devices of a Cortex-A9.  They are never made of registers.
 *
 * One is told by a prior, or by what its driver does: to a distributor it
 * reads TYPER and fills whole arrays with one value each; at a CPU interface
 * it sets the priority mask; at a redistributor it wakes it (Arm IHI 0048B,
 * chapter 4; IHI 0069, chapter 12; DDI 0407, chapter 1.5).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/map_priv.h"

#define CONF_NAMED 95u
#define CONF_LAYOUT 85u
#define PAGE ((uint64_t)INF_PAGE_SIZE)
#define GICD_CTLR 0x0u
#define GICD_TYPER 0x4u
#define GICD_IIDR 0x8u
#define GICD_IROUTER 0x6000u
#define GICC_PMR 0x4u
#define GICR_WAKER 0x14u
#define MIDR_A9 0xc09u
#define A9_SCU (-0x1000ll)  /* from the distributor */
#define A9_CPU (-0xf00ll)
#define A9_GLOBAL (-0xe00ll)
#define A9_PRIVATE (-0xa00ll)

static unsigned part_of(const struct inf_cpu *cpu)
{
    return cpu->midr >> 4 & 0xfff;
}

/* ------------------------------------------------------------- the answer */

static int add_native(struct inf_answer *ans, const char *name,
                      const char *type, uint64_t base, const char *more,
                      const char *why)
{
    struct inf_edit *edit = map_edit(ans, INF_EDIT_NATIVE, name, base);

    if (!edit) {
        return INF_E_RANGE;
    }
    edit->confidence = CONF_LAYOUT;
    edit->evidence = strdup(why);
    if (asprintf(&edit->text, "native %s : \"%s\" @ 0x%08" PRIx64 "%s", name,
                 type, base, more) < 0) {
        edit->text = NULL;
    }
    return edit->text && edit->evidence ? 0 : INF_E_NOMEM;
}

/* What was made of its registers before goes, and the machine restarts. */
static int finish(struct inf_engine *eng, struct inf_answer *ans,
                  uint64_t base, uint64_t other, const char *why)
{
    bool restart = true;
    int rc = 0;

    if (eng->restarts >= eng->opts.max_restarts) {
        inf_answer_dispose(ans);
        return 0;
    }
    rc = map_take_away(eng, ans, base, base + PAGE, &restart);
    if (rc == 0 && other / PAGE != base / PAGE) {
        rc = map_take_away(eng, ans, other & ~(PAGE - 1),
                           (other & ~(PAGE - 1)) + PAGE, &restart);
    }
    if (rc) {
        return rc;
    }
    eng->restarts++;
    eng->asked = base;
    ans->hypothesis = ++eng->next_id;
    ans->verdict = INF_RESTART;
    ans->outcome = INF_SOLVED;
    snprintf(ans->message, sizeof(ans->message), "an interrupt controller "
             "stands at 0x%" PRIx64 ", from the start: %s", base, why);
    return 0;
}

/* ----------------------------------------------------------------- priors */

static int by_prior(struct inf_engine *eng, const struct inf_question *q,
                    struct inf_answer *ans)
{
    struct inf_prior_native said;
    const struct pcc_native *n;
    char more[160] = "", why[160];
    size_t i, len = 0;
    int rc;

    if (!eng->opts.priors ||
        !inf_priors_gic(eng->opts.priors, q->phys, &said)) {
        return 0;
    }
    n = said.native;
    for (i = 1; i < n->address_count; i++) {
        len += (size_t)snprintf(more + len, sizeof(more) - len, ", 0x%08"
                                PRIx64, n->addresses[i]);
    }
    for (i = 0; i < n->setting_count; i++) {
        if (strcmp(n->settings[i].name, "num_irq") == 0) {
            len += (size_t)snprintf(more + len, sizeof(more) - len,
                                    " { num_irq: %" PRIu64 "; }",
                                    n->settings[i].value);
            break;
        }
    }
    if (len == 0 || more[len - 1] != '}') {
        snprintf(more + len, sizeof(more) - len, ";");
    }
    snprintf(why, sizeof(why), "%.60s of %.80s", n->name, said.source);
    rc = add_native(ans, "gic", n->type, n->addresses[0], more, why);
    return rc ? rc : finish(eng, ans, n->addresses[0],
                            n->address_count > 1 ? n->addresses[1] :
                            n->addresses[0], why);
}

/* ----------------------------------------------------------------- layout */

/* All bytes of a word are alike, and not 0. */
static bool all_alike(uint64_t value)
{
    return value != 0 && value == (value & 0xff) * 0x01010101u;
}

/* What a driver did to a page, as far as it looks like a distributor. */
struct seen {
    bool typer, ctlr;
    unsigned clears, priorities, targets, routers;
    uint64_t control;       /* last value written there */
};

static void see(struct seen *s, const struct inf_access *a, uint64_t base)
{
    uint64_t offset = a->phys - base;

    if (!a->write) {
        s->typer |= offset == GICD_TYPER;
    } else if (offset == GICD_CTLR) {
        s->ctlr = true;
        s->control |= a->value;
    } else if (offset >= 0x180 && offset < 0x400) {
        s->clears += a->value == 0xffffffff;
    } else if (offset >= 0x400 && offset < 0x800) {
        s->priorities += a->size == 4 && all_alike(a->value);
    } else if (offset >= 0x800 && offset < 0xc00) {
        s->targets += a->size == 4 && all_alike(a->value);
    } else if (offset >= GICD_IROUTER && offset < 0x8000) {
        s->routers++;
    }
}

/* The last accesses of the guest to [base, base + size), and the one that
 * asks. */
static void look_back(const struct inf_engine *eng,
                      const struct inf_question *q, uint64_t base,
                      uint64_t size, struct seen *out)
{
    uint64_t seq = inf_evidence_seq(eng->ev), left = 4096;
    struct inf_access now = {
        .phys = q->phys, .size = q->size, .value = q->value,
        .write = q->access == INF_STORE,
    };

    memset(out, 0, sizeof(*out));
    for (; seq > 0 && left > 0; seq--, left--) {
        const struct inf_access *a = inf_evidence_at(eng->ev, seq);

        if (!a) {
            break;
        }
        if (a->phys >= base && a->phys - base < size) {
            see(out, a, base);
        }
    }
    if (q->phys >= base && q->phys - base < size) {
        see(out, &now, base);
    }
}

static bool is_distributor(const struct seen *s)
{
    return s->typer && s->ctlr &&
           (s->clears > 0) + (s->priorities > 3) + (s->targets > 3) +
           (s->routers > 3) >= 2;
}

/*
 * The base of a distributor that the guest has set up: there @from which the
 * offset of its CPU interface or redistributor is one of those in use.
 */
static bool distributor_near(const struct inf_engine *eng,
                             const struct inf_question *q,
                             const int64_t *away, unsigned count,
                             uint64_t size, uint64_t *base)
{
    struct seen s;
    unsigned i;

    for (i = 0; i < count; i++) {
        *base = q->phys - (uint64_t)away[i];
        if (*base & (PAGE - 1)) {
            continue;
        }
        look_back(eng, q, *base, size, &s);
        if (is_distributor(&s)) {
            return true;
        }
    }
    return false;
}

/* Timers and snoop control, by the distributor; interrupts 27, 29 and 30. */
static int add_a9(struct inf_answer *ans, uint64_t dist, const char *why)
{
    int rc = add_native(ans, "scu", "a9-scu", dist + (uint64_t)A9_SCU, ";",
                        why);

    rc = rc ? rc : add_native(ans, "global_timer",
                              "arm.cortex-a9-global-timer",
                              dist + (uint64_t)A9_GLOBAL,
                              " { num_cpu: 4; irq -> gic.ppi 11 "
                              "level_high; }", why);
    return rc ? rc : add_native(ans, "private_timer", "arm_mptimer",
                                dist + (uint64_t)A9_PRIVATE,
                                " { num_cpu: 4; irq -> gic.ppi 13 "
                                "level_high; }", why);
}

/* GICv1 and v2: the priority mask tells the CPU interface. */
static int by_cpu_interface(struct inf_engine *eng,
                            const struct inf_question *q,
                            struct inf_answer *ans)
{
    static const int64_t away[] = {
        A9_CPU + GICC_PMR, 0x1000 + GICC_PMR, 0x10000 + GICC_PMR,
        0x1f000 + GICC_PMR, 0x20000 + GICC_PMR, 0x2f000 + GICC_PMR,
        0x100 - 0x1000 + GICC_PMR, A9_CPU, 0x1000, 0x10000, 0x1f000, 0x20000,
        0x2f000,
    };
    const char *why = "a driver set up its distributor and CPU interface";
    uint64_t dist, cpu;
    bool a9, mask;
    char more[64];
    int rc;

    mask = q->value >= 0x80 && q->value <= 0xff;
    if (q->access != INF_STORE || !q->value_known || q->size != 4 ||
        !(mask || q->value == 1 || q->value == 3) ||
        !distributor_near(eng, q, away, sizeof(away) / sizeof(away[0]), PAGE,
                          &dist)) {
        return 0;
    }
    cpu = q->phys & ~7ull;
    a9 = cpu == dist + (uint64_t)A9_CPU;
    snprintf(more, sizeof(more), ", 0x%08" PRIx64 "%s", cpu,
             a9 ? " { revision: 1; }" : ";");
    rc = add_native(ans, "gic", "arm_gic", dist, more, why);
    if (rc == 0 && a9 && part_of(&q->cpu) == MIDR_A9) {
        rc = add_a9(ans, dist, why);
    }
    return rc ? rc : finish(eng, ans, dist, cpu, why);
}

/* GICv3: the guest wakes a redistributor, and routes by affinity. */
static int by_redistributor(struct inf_engine *eng,
                            const struct inf_question *q,
                            struct inf_answer *ans)
{
    static const int64_t away[] = {
        0x10000 + GICR_WAKER, 0x20000 + GICR_WAKER, 0x40000 + GICR_WAKER,
        0x60000 + GICR_WAKER, 0x80000 + GICR_WAKER, 0xa0000 + GICR_WAKER,
        0x100000 + GICR_WAKER,
    };
    const char *why = "a driver set up its distributor and a redistributor";
    uint64_t dist;
    char more[32];
    int rc;

    if ((q->phys & 0xffff) != GICR_WAKER || q->size != 4 ||
        !distributor_near(eng, q, away, sizeof(away) / sizeof(away[0]),
                          0x10000, &dist)) {
        return 0;
    }
    snprintf(more, sizeof(more), ", 0x%08" PRIx64 ";",
             q->phys - GICR_WAKER);
    rc = add_native(ans, "gic", "arm-gicv3", dist, more, why);
    return rc ? rc : finish(eng, ans, dist, q->phys, why);
}

int map_native(struct inf_engine *eng, const struct inf_question *q,
               struct inf_answer *ans)
{
    char name[INF_NAME_MAX];
    int rc;

    if (q->cpu.arch == INF_ARCH_M ||
        (eng->svc.native &&
         (eng->svc.native(eng->svc.opaque, "arm_gic", name) == 0 ||
          eng->svc.native(eng->svc.opaque, "arm-gicv3", name) == 0))) {
        return 0;
    }
    rc = by_prior(eng, q, ans);
    if (rc == 0 && ans->edit_count == 0) {
        rc = by_cpu_interface(eng, q, ans);
    }
    if (rc == 0 && ans->edit_count == 0) {
        rc = by_redistributor(eng, q, ans);
    }
    return rc;
}
