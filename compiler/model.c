/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/model.h"

#include <string.h>

const char *pcc_fact(const struct pcc_origin *o, const char *name)
{
    const struct pcc_fact *fact = o->facts;

    while (fact && strcmp(fact->name, name) != 0) {
        fact = fact->next;
    }
    return fact ? fact->text : NULL;
}

unsigned pcc_nvic_lines(const struct pcc_board *b)
{
    static const struct {
        const char *cpu;
        unsigned lines;
    } cores[] = {
        { "cortex-m0", 32 }, { "cortex-m1", 32 }, { "cortex-m33", 480 },
        { "cortex-m55", 480 }, { "cortex-m85", 480 }, { "cortex-m", 240 },
    };
    size_t i, n = sizeof(cores) / sizeof(cores[0]);

    for (i = 0; b->cpu && i < n; i++) {
        if (strncmp(b->cpu, cores[i].cpu, strlen(cores[i].cpu)) == 0) {
            return cores[i].lines;
        }
    }
    return 0;
}

uint32_t pcc_find_instance(const struct pcc_board *b, const char *name)
{
    size_t i;

    for (i = 0; i < b->instance_count; i++) {
        if (strcmp(b->instances[i].name, name) == 0) {
            return i;
        }
    }
    return PCC_NONE;
}

bool pcc_instance_offset(const struct pcc_model *m, uint32_t i,
                         uint64_t addr, uint64_t *offset)
{
    const struct pcc_instance *in = &m->board->instances[i];
    const struct pcc_device *d = &m->devices[in->device];
    size_t k;

    for (k = 0; k < in->address_count && k < d->region_count; k++) {
        if (addr >= in->addresses[k] &&
            addr - in->addresses[k] < d->regions[k].size) {
            *offset = addr - in->addresses[k] + d->regions[k].offset;
            return true;
        }
    }
    return false;
}

uint64_t pcc_instance_address(const struct pcc_model *m, uint32_t i,
                              uint64_t offset)
{
    const struct pcc_instance *in = &m->board->instances[i];
    const struct pcc_device *d = &m->devices[in->device];
    size_t k = in->address_count < d->region_count ? in->address_count :
               d->region_count;

    while (k > 1 && d->regions[k - 1].offset > offset) {
        k--;
    }
    return k ? in->addresses[k - 1] + (offset - d->regions[k - 1].offset) :
           in->address + offset;
}

uint32_t pcc_instance_at(const struct pcc_model *m, uint64_t addr)
{
    const struct pcc_board *b = m->board;
    uint64_t offset;
    size_t i;

    for (i = 0; b && i < b->instance_count; i++) {
        if (b->instances[i].alternate == PCC_NONE &&
            pcc_instance_offset(m, i, addr, &offset)) {
            return i;
        }
    }
    return PCC_NONE;
}

uint32_t pcc_find_memory(const struct pcc_board *b, const char *name)
{
    size_t i;

    for (i = 0; i < b->memory_count; i++) {
        if (strcmp(b->memories[i].name, name) == 0) {
            return i;
        }
    }
    return PCC_NONE;
}

uint32_t pcc_find_reg(const struct pcc_device *d, const char *name)
{
    size_t i;

    for (i = 0; i < d->reg_count; i++) {
        if (strcmp(d->regs[i].path, name) == 0) {
            return i;
        }
    }
    return PCC_NONE;
}

uint32_t pcc_reg_at(const struct pcc_device *d, uint64_t offset)
{
    size_t lo = 0, hi = d->reg_count;

    /* registers ascend: the first that could reach @offset */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (d->regs[mid].offset + 8 <= offset) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < d->reg_count && d->regs[lo].offset <= offset; lo++) {
        if (offset - d->regs[lo].offset < d->regs[lo].bytes) {
            return lo;
        }
    }
    return PCC_NONE;
}

uint32_t pcc_find_field(const struct pcc_device *d, uint32_t reg,
                        const char *name)
{
    const struct pcc_reg *r = &d->regs[reg];
    uint32_t i;

    for (i = r->first_field; i < r->first_field + r->field_count; i++) {
        if (strcmp(d->fields[i].name, name) == 0) {
            return i;
        }
    }
    return PCC_NONE;
}

const struct pcc_device *pcc_find_device(const struct pcc_model *m,
                                         const char *name)
{
    size_t i;

    for (i = 0; i < m->device_count; i++) {
        if (strcmp(m->devices[i].name, name) == 0) {
            return &m->devices[i];
        }
    }
    return NULL;
}

const char *pcc_policy_name(enum prt_policy policy)
{
    static const char *const names[] = {
#define X(name, ...) #name,
        PRT_POLICIES(X)
#undef X
    };

    return names[policy];
}

const char *pcc_owner_name(enum pcc_owner owner)
{
    switch (owner) {
    case PCC_PERSON:
        return "person";
    case PCC_INFERRED:
        return "inferred";
    case PCC_IMPORTED:
        return "imported";
    }
    return "?";
}

const char *pcc_trigger_name(enum pcc_trigger trigger)
{
    switch (trigger) {
    case PCC_TRIGGER_NONE:
        return "none";
    case PCC_EDGE_RISING:
        return "rising";
    case PCC_EDGE_FALLING:
        return "falling";
    case PCC_LEVEL_HIGH:
        return "level_high";
    case PCC_LEVEL_LOW:
        return "level_low";
    }
    return "?";
}

const char *pcc_unmapped_name(enum prt_unmapped unmapped)
{
    static const char *const names[] = {
        [PRT_UNMAPPED_ASK] = "ask", [PRT_UNMAPPED_ZERO] = "zero",
        [PRT_UNMAPPED_ONES] = "ones", [PRT_UNMAPPED_STORE] = "store",
        [PRT_UNMAPPED_ABORT] = "abort",
    };

    return (size_t)unmapped < sizeof(names) / sizeof(names[0]) ?
           names[unmapped] : "?";
}
