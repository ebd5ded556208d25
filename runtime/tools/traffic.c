/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters over access records, and interrupts with their registers. */
#include "runtime/tools/traffic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Filter ---- */

bool traffic_parse_range(const char *text, uint64_t *first, uint64_t *last)
{
    char *end;

    errno = 0;
    if (*text < '0' || *text > '9') {
        return false;
    }
    *first = *last = strtoull(text, &end, 0);
    if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
        *last = strtoull(end + 1, &end, 0);
    }
    return errno == 0 && *end == '\0' && *first <= *last;
}

static bool is_named(const char *want, const char *have)
{
    return have != NULL && strcmp(want, have) == 0;
}

static bool wants_reg(const char *want, uint32_t offset, const char *reg)
{
    uint64_t first, last;

    return is_named(want, reg) ||
        (traffic_parse_range(want, &first, &last) && offset >= first &&
         offset <= last);
}

bool traffic_wants(const struct traffic_filter *f, const struct pbr_record *r,
                   const char *device, const char *instance, const char *reg)
{
    bool write = r->flags & PBR_R_WRITE;

    if (f->has_cpu && r->cpu != f->cpu) {
        return false;
    }
    if (f->has_pc && (r->flags & PBR_R_NO_PC || r->pc < f->pc_first ||
                      r->pc > f->pc_last)) {
        return false;
    }
    if (r->flags & TRAFFIC_IRQ) {
        return f->device == NULL && f->reg == NULL && !f->reads_only &&
            !f->writes_only;
    }
    if ((f->reads_only && write) || (f->writes_only && !write)) {
        return false;
    }
    if (f->device && !is_named(f->device, device) &&
        !is_named(f->device, instance)) {
        return false;
    }
    return f->reg == NULL || wants_reg(f->reg, r->offset, reg);
}

/* ---- Interrupts ---- */

/* The entry of @number, added unless there are too many already. */
static struct traffic_irq *irq_of(struct traffic_irqs *t, uint64_t number)
{
    struct traffic_irq *grown;
    size_t i;

    for (i = 0; i < t->irq_count; i++) {
        if (t->irqs[i].number == number) {
            return &t->irqs[i];
        }
    }
    if (t->irq_count >= TRAFFIC_MAX) {
        return NULL;
    }
    grown = realloc(t->irqs, (t->irq_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        return NULL;
    }
    t->irqs = grown;
    grown += t->irq_count++;
    memset(grown, 0, sizeof(*grown));
    grown->number = number;
    return grown;
}

static void count_use(struct traffic_irqs *t, uint64_t number,
                      const struct pbr_record *r)
{
    struct traffic_use *use = NULL, *grown;
    size_t i;

    for (i = 0; i < t->use_count && use == NULL; i++) {
        if (t->uses[i].number == number && t->uses[i].address == r->address) {
            use = &t->uses[i];
        }
    }
    if (use == NULL) {
        grown = t->use_count >= TRAFFIC_MAX ? NULL :
            realloc(t->uses, (t->use_count + 1) * sizeof(*grown));
        if (grown == NULL) {
            return;
        }
        t->uses = grown;
        use = grown + t->use_count++;
        memset(use, 0, sizeof(*use));
        use->number = number;
        use->address = r->address;
    }
    if (r->flags & PBR_R_WRITE) {
        use->writes++;
    } else {
        use->reads++;
    }
}

static void enter(struct traffic_irqs *t, const struct pbr_record *r)
{
    unsigned most = sizeof(t->stack[0]) / sizeof(t->stack[0][0]);
    struct traffic_irq *irq = irq_of(t, r->value);

    if (irq != NULL) {
        irq->taken++;
    }
    if (t->depth[r->cpu] == most) {
        t->depth[r->cpu] = 0;
    }
    t->stack[r->cpu][t->depth[r->cpu]++] = r->value;
}

static void leave(struct traffic_irqs *t, const struct pbr_record *r)
{
    struct traffic_irq *irq = irq_of(t, r->value);
    unsigned i;

    if (irq != NULL) {
        irq->ended++;
    }
    for (i = t->depth[r->cpu]; i > 0; i--) {
        if (t->stack[r->cpu][i - 1] == r->value) {
            t->depth[r->cpu] = i - 1;
            return;
        }
    }
}

void traffic_irqs_add(struct traffic_irqs *t, const struct pbr_record *r)
{
    if (r->flags & PBR_R_IRQ) {
        enter(t, r);
    } else if (r->flags & PBR_R_IRQ_END) {
        leave(t, r);
    } else if (!(r->flags & PBR_R_PEER) && t->depth[r->cpu] > 0) {
        count_use(t, t->stack[r->cpu][t->depth[r->cpu] - 1], r);
    }
}

void traffic_irqs_dispose(struct traffic_irqs *t)
{
    free(t->irqs);
    free(t->uses);
    memset(t, 0, sizeof(*t));
}

void traffic_irq_name(uint32_t arch, uint64_t number, char *text, size_t size)
{
    if (arch == PBR_ARCH_M && number == 14) {
        snprintf(text, size, "PendSV");
    } else if (arch == PBR_ARCH_M && number == 15) {
        snprintf(text, size, "SysTick");
    } else if (arch == PBR_ARCH_M) {
        snprintf(text, size, number < 16 ? "exception %" PRIu64
                                         : "nvic %" PRIu64,
                 number < 16 ? number : number - 16);
    } else if (number == 1023) {
        snprintf(text, size, "unknown");
    } else if (number < 16) {
        snprintf(text, size, "sgi %" PRIu64, number);
    } else if (number < 32) {
        snprintf(text, size, "ppi %" PRIu64, number - 16);
    } else {
        snprintf(text, size, "spi %" PRIu64, number - 32);
    }
}
