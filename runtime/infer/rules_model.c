/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules engine's view of the model, and the edits it makes to it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/rules_priv.h"

#define HASH_SLOTS (2u * RULES_REGS)

static uint32_t phys_hash(uint64_t phys)
{
    return (uint32_t)((phys * 0x9e3779b97f4a7c15ull) >> 45);
}

static struct rules_reg *find_reg(const struct inf_engine *eng, uint64_t phys)
{
    uint32_t i = phys_hash(phys);

    for (;; i++) {
        uint16_t slot = eng->model.hash[i & (HASH_SLOTS - 1)];

        if (slot == 0) {
            return NULL;
        }
        if (eng->model.regs[slot - 1].phys == phys) {
            return (struct rules_reg *)&eng->model.regs[slot - 1];
        }
    }
}

/* "r14.b5", "!r14.b5": the bit that a derived bit follows. */
static bool parse_follow(const char *expr, uint64_t base,
                         struct rules_follow *out)
{
    uint64_t offset;
    unsigned bit;
    char tail;

    out->invert = expr[0] == '!';
    if (sscanf(expr + out->invert, "r%" SCNx64 ".b%u%c", &offset, &bit,
               &tail) != 2 || bit > 63) {
        return false;
    }
    out->src = base + offset;
    out->src_bit = (uint8_t)bit;
    return true;
}

static void add_effect(struct rules_reg *reg, const struct inf_field *f,
                       uint64_t base)
{
    unsigned width = f->hi - f->lo + 1u;
    uint64_t mask = (width == 64 ? ~0ull : (1ull << width) - 1) << f->lo;
    struct rules_follow follow;

    switch (f->kind) {
    case INF_FIELD_CONST:
        reg->const_mask |= mask;
        reg->const_value |= (f->value << f->lo) & mask;
        break;
    case INF_FIELD_PULSE:
        reg->const_mask |= mask;
        break;
    case INF_FIELD_DATA:
        reg->const_mask |= mask;
        reg->pushes |= strstr(f->expr, "pushes ") != NULL;
        reg->pops |= strstr(f->expr, "pops ") != NULL;
        break;
    case INF_FIELD_DERIVED:
        if (strcmp(f->expr, "!empty(rx)") == 0) {
            reg->rx_mask |= mask;
        } else if (strcmp(f->expr, "!full(tx)") == 0 ||
                   strcmp(f->expr, "empty(tx)") == 0) {
            reg->tx_mask |= mask;
        } else if (parse_follow(f->expr, base, &follow) &&
                   reg->follow_count < RULES_DERIVED) {
            follow.bit = f->lo;
            reg->follow[reg->follow_count++] = follow;
        }
        break;
    default:
        break;
    }
}

static bool has_data(const struct inf_shape *shape)
{
    unsigned i;

    for (i = 0; i < shape->count; i++) {
        if (shape->fields[i].kind == INF_FIELD_DATA) {
            return true;
        }
    }
    return false;
}

static void load_reg(struct inf_engine *eng, const struct rules_device *dev,
                     const struct inf_model_reg *src)
{
    struct rules_model *m = &eng->model;
    struct rules_reg *reg = find_reg(eng, dev->base + src->offset);
    struct inf_shape shape;
    uint32_t i;
    unsigned n;

    if (reg) {
        /* An alternate of one already loaded: does it move data? */
        if (src->text &&
            inf_shape_parse(&shape, src->text, dev->width) == 0) {
            reg->pushes |= has_data(&shape);
        }
        return;
    }
    reg = &m->regs[m->reg_count++];
    memset(reg, 0, sizeof(*reg));
    reg->phys = dev->base + src->offset;
    reg->bytes = src->bytes;
    reg->machine = src->machine;
    for (i = phys_hash(reg->phys); m->hash[i & (HASH_SLOTS - 1)]; i++) {
    }
    m->hash[i & (HASH_SLOTS - 1)] = (uint16_t)m->reg_count;
    if (!src->text || inf_shape_parse(&shape, src->text, dev->width) != 0) {
        return;
    }
    reg->parsed = true;
    reg->plain = shape.count == 0 && !shape.whole[0] && !shape.when[0];
    reg->counts = strncmp(shape.whole, "time(", 5) == 0 ||
        strncmp(shape.whole, "~time(", 6) == 0;
    for (n = 0; n < shape.count; n++) {
        add_effect(reg, &shape.fields[n], dev->base);
    }
}

/*
 * A tree names the console before anything is known of its registers: until
 * one of them transmits, there is no fifo to speak of.
 */
static bool is_named_only(const struct rules_model *m)
{
    const struct rules_device *dev = NULL;
    unsigned i;

    for (i = 0; i < m->device_count; i++) {
        if (m->devices[i].base == m->console) {
            dev = &m->devices[i];
        }
    }
    if (!dev || !dev->machine) {
        return false;
    }
    for (i = dev->first; i < dev->first + dev->count; i++) {
        if (!m->regs[i].machine || m->regs[i].pushes) {
            return false;
        }
    }
    return true;
}

int rules_model_load(struct inf_engine *eng, uint64_t only)
{
    struct rules_model *m = &eng->model;
    struct inf_model_device src;
    unsigned i;

    m->device_count = 0;
    m->reg_count = 0;
    memset(m->hash, 0, sizeof(m->hash));
    for (i = 0; m->device_count < RULES_DEVICES &&
                eng->svc.device(eng->svc.opaque, i, &src) == 0; i++) {
        struct rules_device *dev = &m->devices[m->device_count++];
        struct inf_model_reg reg;

        snprintf(dev->name, sizeof(dev->name), "%s", src.name);
        dev->base = src.base;
        dev->size = src.size;
        dev->width = src.width ? src.width : 32;
        dev->machine = src.machine;
        dev->closed = src.closed;
        dev->first = m->reg_count;
        dev->count = 0;
        if (only != RULES_ALL && only - dev->base >= dev->size) {
            continue;
        }
        while (eng->svc.reg && m->reg_count < RULES_REGS &&
               eng->svc.reg(eng->svc.opaque, src.base,
                            m->reg_count - dev->first + dev->count,
                            &reg) == 0) {
            unsigned before = m->reg_count;

            load_reg(eng, dev, &reg);
            dev->count += m->reg_count == before; /* skipped alternates */
        }
        dev->count = m->reg_count - dev->first;
    }
    m->has_console = eng->svc.console &&
                     eng->svc.console(eng->svc.opaque, &m->console) == 0 &&
                     !is_named_only(m);
    return 0;
}

const struct rules_device *rules_device_at(const struct inf_engine *eng,
                                           uint64_t phys)
{
    unsigned i;

    for (i = 0; i < eng->model.device_count; i++) {
        const struct rules_device *dev = &eng->model.devices[i];

        if (phys >= dev->base && phys - dev->base < dev->size) {
            return dev;
        }
    }
    return NULL;
}

const struct rules_reg *rules_reg_at(const struct inf_engine *eng,
                                     uint64_t phys)
{
    unsigned back;

    for (back = 0; back < 8 && back <= phys; back++) {
        const struct rules_reg *reg = find_reg(eng, phys - back);

        if (reg && reg->bytes > back) {
            return reg;
        }
    }
    return NULL;
}

bool rules_shape_at(struct inf_engine *eng, uint64_t phys,
                    struct inf_shape *out)
{
    const struct rules_device *dev = rules_device_at(eng, phys);
    const struct rules_reg *reg = find_reg(eng, phys);
    struct inf_model_reg src;
    bool found = false;
    unsigned i;

    if (!dev || !reg) {
        return false;
    }
    for (i = 0; eng->svc.reg(eng->svc.opaque, dev->base, i, &src) == 0; i++) {
        struct inf_shape shape;

        if (dev->base + src.offset != phys || !src.machine || !src.text ||
            inf_shape_parse(&shape, src.text, dev->width) != 0) {
            continue;
        }
        if (!found || has_data(&shape)) {
            *out = shape;
            found = true;
        }
    }
    return found;
}

static uint64_t bits_of(unsigned bytes)
{
    return bytes >= 8 ? ~0ull : (1ull << (8 * bytes)) - 1;
}

/* Applies @reg to the storage @value, both starting at reg->phys. */
static uint64_t apply_reg(struct inf_engine *eng, const struct rules_reg *reg,
                          uint64_t value)
{
    unsigned i;

    value = (value & ~reg->const_mask) | reg->const_value;
    value = (value & ~reg->rx_mask) | reg->tx_mask;
    for (i = 0; i < reg->follow_count; i++) {
        const struct rules_follow *f = &reg->follow[i];
        uint64_t src = value;

        if (f->src != reg->phys) {
            inf_evidence_value(eng->ev, f->src, 8, &src);
        }
        value &= ~(1ull << f->bit);
        value |= (((src >> f->src_bit) & 1) ^ f->invert) << f->bit;
    }
    return value;
}

uint64_t rules_read(struct inf_engine *eng, uint64_t phys, unsigned size,
                    uint64_t written, uint64_t mask)
{
    const struct rules_reg *reg = rules_reg_at(eng, phys);
    uint64_t value;
    unsigned shift;

    inf_evidence_value(eng->ev, phys, size, &value);
    value = (value & ~mask) | (written & mask);
    if (eng->drained && phys == eng->drained && !mask) {
        return 0;
    }
    if (!reg) {
        return value;
    }
    shift = 8 * (unsigned)(phys - reg->phys);
    value = apply_reg(eng, reg, value << shift) >> shift;
    return value & bits_of(size);
}

/* ------------------------------------------------------------------ edits */

struct inf_edit *rules_edit_add(struct inf_answer *ans, uint32_t kind)
{
    struct inf_edit *edit;

    if (ans->edit_count == INF_MAX_EDITS) {
        return NULL;
    }
    edit = &ans->edits[ans->edit_count++];
    memset(edit, 0, sizeof(*edit));
    edit->kind = kind;
    return edit;
}

void rules_fresh_device(const struct inf_engine *eng, uint64_t phys,
                        unsigned size, struct rules_device *out)
{
    uint64_t lo = phys & ~(uint64_t)(INF_PAGE_SIZE - 1);
    uint64_t hi = lo + INF_PAGE_SIZE;
    unsigned i;

    for (i = 0; i < eng->model.device_count; i++) {
        const struct rules_device *dev = &eng->model.devices[i];
        uint64_t end = dev->base + dev->size;

        if (end <= phys && end > lo) {
            lo = end;
        } else if (dev->base > phys && dev->base < hi) {
            hi = dev->base;
        }
    }
    memset(out, 0, sizeof(*out));
    out->base = lo;
    out->size = hi - lo;
    out->width = 8 * size;
}

int rules_edit_device(struct inf_answer *ans, const struct rules_device *dev)
{
    struct inf_edit *edit = rules_edit_add(ans, INF_EDIT_DEVICE);

    if (!edit) {
        return INF_E_RANGE;
    }
    edit->base = dev->base;
    edit->size = dev->size;
    edit->confidence = CONF_STORAGE;
    snprintf(edit->name, sizeof(edit->name), "dev_%08" PRIx64, dev->base);
    if (asprintf(&edit->text, "size: 0x%" PRIx64 "; width: %u; "
                 "unmapped: ask;", dev->size, dev->width) < 0) {
        edit->text = NULL;
        return INF_E_NOMEM;
    }
    return 0;
}

static uint64_t constant_value(const struct inf_shape *shape)
{
    uint64_t value = 0;
    unsigned i;

    for (i = 0; i < shape->count; i++) {
        if (shape->fields[i].kind == INF_FIELD_CONST) {
            value |= shape->fields[i].value << shape->fields[i].lo;
        }
    }
    return value;
}

int rules_edit_shape(struct inf_answer *ans, const struct rules_device *dev,
                     const struct inf_shape *shape, unsigned confidence,
                     const char *evidence)
{
    struct inf_edit *edit = rules_edit_add(ans, INF_EDIT_REG);

    if (!edit) {
        return INF_E_RANGE;
    }
    edit->base = dev->base;
    edit->offset = shape->offset;
    edit->bytes = shape->bytes;
    edit->value = constant_value(shape);
    edit->confidence = confidence;
    snprintf(edit->name, sizeof(edit->name), "%s", shape->name);
    edit->text = inf_shape_print(shape, dev->width);
    edit->evidence = evidence ? strdup(evidence) : NULL;
    return edit->text && (edit->evidence || !evidence) ? 0 : INF_E_NOMEM;
}

int rules_edit_item(struct inf_answer *ans, uint64_t base, const char *name,
                    const char *text, unsigned confidence)
{
    struct inf_edit *edit = rules_edit_add(ans, INF_EDIT_ITEM);

    if (!edit) {
        return INF_E_RANGE;
    }
    edit->base = base;
    edit->confidence = confidence;
    snprintf(edit->name, sizeof(edit->name), "%s", name);
    edit->text = strdup(text);
    return edit->text ? 0 : INF_E_NOMEM;
}

int rules_edit_remove(struct inf_answer *ans, uint64_t base,
                      const char *name, uint64_t offset)
{
    struct inf_edit *edit = rules_edit_add(ans, INF_EDIT_REMOVE);

    if (!edit) {
        return INF_E_RANGE;
    }
    edit->base = base;
    edit->offset = offset;
    snprintf(edit->name, sizeof(edit->name), "%s", name);
    return 0;
}

int rules_edit_console(struct inf_answer *ans, uint64_t base,
                       unsigned confidence, const char *evidence)
{
    struct inf_edit *edit = rules_edit_add(ans, INF_EDIT_CONSOLE);

    if (!edit) {
        return INF_E_RANGE;
    }
    edit->base = base;
    edit->confidence = confidence;
    edit->evidence = strdup(evidence);
    return edit->evidence ? 0 : INF_E_NOMEM;
}
