/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library engine: what priors say of a place that nothing answers.  A
 * block of the library stands there when its `compatible` is the prior's and
 * it explains the access; else the prior gives name and size, and an SVD
 * file the register.  A block that the guest gets stuck in is taken back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/ai_check.h"
#include "runtime/infer/identify.h"
#include "runtime/infer/library_priv.h"
#include "runtime/infer/shape.h"

#define BLAME_ACCESSES 64u
#define MAX_WINDOW (16u << 20)      /* larger ones are buses, not devices */

#define CONF_GIVEN 90u
#define CONF_FOUND 80u
#define CONF_IDENTIFIED 75u
#define CONF_SHARED_NAME 70u        /* of a device that is only named */
#define CONF_REGISTER 40u
#define CONF_STORAGE 30u            /* as the rules engine's */

/* ---- Edits ---- */

static struct inf_edit *add_edit(struct inf_answer *ans, uint32_t kind,
                                 uint64_t base, unsigned confidence)
{
    struct inf_edit *e = &ans->edits[ans->edit_count];

    if (ans->edit_count == INF_MAX_EDITS) {
        return NULL;
    }
    memset(e, 0, sizeof(*e));
    e->kind = kind;
    e->base = base;
    e->confidence = confidence;
    ans->edit_count++;
    return e;
}

static bool device_at(const struct inf_engine *eng, uint64_t phys,
                      struct inf_model_device *out)
{
    unsigned i;

    for (i = 0; eng->svc.device(eng->svc.opaque, i, out) == 0; i++) {
        if (phys >= out->base && phys - out->base < out->size) {
            return true;
        }
    }
    return false;
}

static bool name_taken(const struct inf_engine *eng, const char *name)
{
    struct inf_model_device dev;
    unsigned i;

    for (i = 0; eng->svc.device(eng->svc.opaque, i, &dev) == 0; i++) {
        if (strcmp(dev.name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The prior's name for it, or one with the address behind it. */
static void choose_name(const struct inf_engine *eng,
                        const struct inf_prior_hit *hit, char *out)
{
    const char *name = hit->model->board->instances[hit->instance].name;

    snprintf(out, INF_NAME_MAX, "%.40s", name);
    if (name_taken(eng, out)) {
        snprintf(out, INF_NAME_MAX, "%.40s_%08" PRIx64, name, hit->base);
    }
}

static const char *kind_word(const struct inf_prior_hit *hit)
{
    return hit->kind == INF_PRIOR_TREE ? "the tree in" :
        hit->kind == INF_PRIOR_SVD ? "the SVD file" : "the board";
}

/* ---- Wires and console of a block ---- */

/* The line of @block that the prior's @line is: its name, else the only
 * output there is. */
static const char *line_of(const struct pcc_device *block, const char *line)
{
    const char *only = NULL;
    unsigned outputs = 0;
    size_t i;

    for (i = 0; i < block->line_count; i++) {
        if (block->lines[i].dir != PRT_LINE_OUT) {
            continue;
        }
        if (strcmp(block->lines[i].name, line) == 0) {
            return line;
        }
        if (block->lines[i].count == 1) {
            only = block->lines[i].name;
            outputs++;
        }
    }
    return outputs == 1 ? only : NULL;
}

static int wire_text(const struct inf_engine *eng,
                     const struct pcc_wire *wire, const char *line,
                     char **out)
{
    char gic[INF_NAME_MAX];
    int n;

    *out = NULL;
    if (wire->to == PRT_TO_NVIC) {
        n = asprintf(out, "%s -> nvic %u;", line, wire->number);
    } else if (wire->to == PRT_TO_NATIVE && wire->kind == PRT_WIRE_SPI &&
               inf_find_gic(&eng->svc, gic)) {
        n = asprintf(out, "%s -> %s.spi %u %s;", line, gic, wire->number,
                     wire->trigger != PCC_TRIGGER_NONE ?
                     pcc_trigger_name(wire->trigger) : "level_high");
    } else {
        return 0;
    }
    return n < 0 ? INF_E_NOMEM : 0;
}

/* Interrupts as the prior says, where the board has the controller. */
static int add_wires(struct inf_engine *eng, const struct inf_prior_hit *hit,
                     const struct pcc_device *block, unsigned confidence,
                     struct inf_answer *ans)
{
    const struct pcc_board *board = hit->model->board;
    size_t i;
    int rc = 0;

    for (i = 0; i < board->wire_count && rc == 0; i++) {
        const struct pcc_wire *wire = &board->wires[i];
        struct inf_edit *e;
        const char *line;
        char *text;

        if (wire->instance != hit->instance ||
            hit->device->lines[wire->line].count != 1) {
            continue;
        }
        line = line_of(block, hit->device->lines[wire->line].name);
        rc = line ? wire_text(eng, wire, line, &text) : 0;
        if (!line || rc || !text) {
            continue;
        }
        e = add_edit(ans, INF_EDIT_WIRE, hit->base, confidence);
        if (!e) {
            free(text);
            return INF_E_RANGE;
        }
        e->text = text;
    }
    return rc;
}

static bool has_console_fifo(const struct pcc_device *block)
{
    size_t i;

    for (i = 0; i < block->fifo_count; i++) {
        const char *name = block->fifos[i].name;

        if (strcmp(name, "tx") == 0) {
            return true;
        }
    }
    return false;
}

/* The first serial port touched is the console, unless the prior knows. */
static int add_console(const struct inf_engine *eng,
                       const struct inf_prior_hit *hit,
                       const struct pcc_ip *ip,
                       const struct pcc_device *block, unsigned confidence,
                       struct inf_answer *ans)
{
    struct inf_edit *e;
    uint64_t there;

    if (!ip->dt_class || strcmp(ip->dt_class, "serial") != 0 ||
        hit->other_console || !has_console_fifo(block) ||
        (eng->svc.console &&
         eng->svc.console(eng->svc.opaque, &there) == 0)) {
        return 0;
    }
    e = add_edit(ans, INF_EDIT_CONSOLE, hit->base, confidence);
    if (!e) {
        return INF_E_RANGE;
    }
    e->evidence = strdup(hit->console ? "the prior's console" :
                         "the first serial port that was touched");
    return 0;
}

/* ---- A block of the library ---- */

/* Whether @block has something at the place that is asked about. */
static bool explains(const struct pcc_device *block, uint64_t offset,
                     unsigned size, bool store)
{
    size_t i;

    for (i = 0; i < block->reg_count; i++) {
        const struct pcc_reg *r = &block->regs[i];

        if (offset >= r->offset && offset - r->offset < r->bytes &&
            (store ? r->writes : r->reads)) {
            return true;
        }
    }
    for (i = 0; i < block->mem_count; i++) {
        if (offset >= block->mems[i].offset &&
            offset - block->mems[i].offset + size <= block->mems[i].size) {
            return true;
        }
    }
    return false;
}

/* Replays what was recorded there against the block; true when nothing of it
 * speaks against it, or nothing can be tried. */
static bool stands_up(struct inf_engine *eng, const struct inf_question *q,
                      const struct inf_answer *ans, uint64_t base,
                      uint64_t size)
{
    struct pdl_strbuf problems = PDL_STRBUF_INIT;
    struct inf_trial trial;
    struct ai_check check;
    bool touched = false;
    uint64_t seq, last = inf_evidence_seq(eng->ev);
    int rc = 0;

    for (seq = last > INF_EV_TRACE ? last - INF_EV_TRACE : 0;
         seq <= last && !touched; seq++) {
        const struct inf_access *a = inf_evidence_at(eng->ev, seq);

        touched = a && a->phys >= base && a->phys - base < size;
    }
    if (!touched || !eng->svc.try_edits ||
        eng->svc.try_edits(eng->svc.opaque, q, ans->edits, ans->edit_count,
                           &trial) != 0) {
        return true;
    }
    memset(&check, 0, sizeof(check));
    check.question = q;
    check.svc = &eng->svc;
    check.ev = eng->ev;
    check.table = trial.table;
    check.size = trial.size;
    check.base = base;
    rc = ai_check_run(&check, &problems);
    if (rc && eng->svc.log) {
        eng->svc.log(eng->svc.opaque, 2, pdl_strbuf_str(&problems));
    }
    pdl_strbuf_dispose(&problems);
    return rc == 0;
}

/* The string of the prior that the library knows. */
static const char *matching(const struct pcc_device *device,
                            const struct pcc_ip *ip)
{
    size_t i, j;

    for (i = 0; i < device->compatible_count; i++) {
        for (j = 0; j < ip->compatible_count; j++) {
            if (strcmp(device->compatible[i], ip->compatible[j]) == 0) {
                return device->compatible[i];
            }
        }
    }
    return ip->device;
}

/* The block for what the prior names; NULL: none. */
static const struct pcc_ip *find_block(struct inf_engine *eng,
                                       const struct inf_prior_hit *hit)
{
    const struct pcc_library *lib = inf_priors_library(eng->priors);
    const struct pcc_ip *ip = NULL;
    size_t i;

    if (!lib) {
        return NULL;
    }
    for (i = 0; hit->kind == INF_PRIOR_BOARD &&
                (ip = pcc_library_block(lib, i)) != NULL; i++) {
        if (strcmp(ip->device, hit->device->name) == 0) {
            return ip;
        }
    }
    return pcc_library_compatible(lib, hit->device->compatible,
                                  hit->device->compatible_count);
}

static int place_block(struct inf_engine *eng, const struct inf_question *q,
                       const struct inf_prior_hit *hit,
                       const struct pcc_ip *ip, struct inf_answer *ans)
{
    const struct pcc_device *block = inf_priors_block(eng->priors, ip);
    unsigned confidence = hit->found ? CONF_FOUND : CONF_GIVEN;
    struct inf_edit *e;
    int rc;

    if (!block || q->phys - hit->base >= block->size ||
        !explains(block, q->phys - hit->base, q->size,
                  q->access == INF_STORE)) {
        return 0;
    }
    e = add_edit(ans, INF_EDIT_BLOCK, hit->base, confidence);
    e->size = block->size;
    choose_name(eng, hit, e->name);
    e->text = strdup(ip->device);
    if (!e->text || asprintf(&e->evidence, "compatible %s of %s %s",
                             matching(hit->device, ip), kind_word(hit),
                             hit->source) < 0) {
        e->evidence = NULL;
        return INF_E_NOMEM;
    }
    rc = add_wires(eng, hit, block, confidence, ans);
    rc = rc ? rc : add_console(eng, hit, ip, block, confidence, ans);
    if (rc == 0 && !stands_up(eng, q, ans, hit->base, block->size)) {
        inf_answer_dispose(ans);
        return 0;
    }
    if (rc == 0) {
        library_note_placed(eng, hit->base, block->size, ip->device);
        ans->verdict = INF_TABLES;
        ans->outcome = INF_SOLVED;
        snprintf(ans->message, sizeof(ans->message), "%s of the library "
                 "stands at 0x%" PRIx64 ", says %s", ip->device, hit->base,
                 hit->source);
    }
    return rc;
}

/* ---- A name and registers ---- */

static const struct pcc_reg *register_at(const struct inf_prior_hit *hit,
                                         uint64_t offset)
{
    uint32_t i = pcc_reg_at(hit->device, offset);

    return i == PCC_NONE ? NULL : &hit->device->regs[i];
}

/*
 * The register asked about, as the prior has it: place, width, and the bits
 * that are set at reset; without one, storage.  It keeps a name made of its
 * offset, which is what rules count on; the prior's stands in the note.
 */
static int add_register(struct inf_answer *ans, const struct inf_question *q,
                        const struct inf_prior_hit *hit, uint64_t base,
                        unsigned width)
{
    uint64_t offset = q->phys - base;
    const struct pcc_reg *reg = hit->device ?
        register_at(hit, q->phys - hit->base) : NULL;
    struct inf_shape shape;
    struct inf_edit *e;
    unsigned bytes = q->size, bit;

    if (reg) {
        offset = hit->base + reg->offset - base;
        bytes = reg->bytes;
    }
    if (offset % bytes || q->phys - base - offset + q->size > bytes) {
        return 0;
    }
    inf_shape_init(&shape, offset, bytes);
    for (bit = 0; reg && bit < 8 * bytes; bit++) {
        struct inf_field f = { .lo = (uint8_t)bit, .hi = (uint8_t)bit,
                               .kind = INF_FIELD_RESET, .value = 1 };

        if ((reg->reset & reg->known) >> bit & 1 &&
            shape.count < INF_SHAPE_FIELDS / 2) {
            inf_shape_put(&shape, &f);
        }
    }
    e = add_edit(ans, INF_EDIT_REG, base, reg ? CONF_REGISTER : CONF_STORAGE);
    if (!e) {
        return INF_E_RANGE;
    }
    e->offset = offset;
    e->bytes = bytes;
    e->value = reg ? reg->reset : 0;
    snprintf(e->name, sizeof(e->name), "%s", shape.name);
    e->text = inf_shape_print(&shape, width);
    if (reg && asprintf(&e->evidence, "%.64s of %.64s in %.128s", reg->name,
                        hit->model->board->instances[hit->instance].name,
                        hit->source) < 0) {
        e->evidence = NULL;
    }
    return e->text ? 0 : INF_E_NOMEM;
}

static int name_device(struct inf_engine *eng, const struct inf_question *q,
                       const struct inf_prior_hit *hit,
                       struct inf_answer *ans)
{
    struct inf_edit *e = add_edit(ans, INF_EDIT_DEVICE, hit->base,
                                  CONF_SHARED_NAME);
    unsigned width = hit->device->reg_count ? hit->device->width :
        8 * q->size;
    int rc;

    e->size = hit->size;
    choose_name(eng, hit, e->name);
    if (asprintf(&e->text, "size: 0x%" PRIx64 "; width: %u; unmapped: ask;",
                 hit->size, width) < 0) {
        e->text = NULL;
        return INF_E_NOMEM;
    }
    if (asprintf(&e->evidence, "%s%s%s %s", hit->device->compatible_count ?
                 hit->device->compatible[0] : "",
                 hit->device->compatible_count ? " of " : "",
                 kind_word(hit), hit->source) < 0) {
        e->evidence = NULL;
        return INF_E_NOMEM;
    }
    rc = add_register(ans, q, hit, hit->base, width);
    ans->verdict = INF_TABLES;
    ans->outcome = INF_SOLVED;
    return rc;
}

/* ---- Identification ---- */

/* Nothing is known of the place, but what the driver looks for there. */
static int place_identified(struct inf_engine *eng,
                            const struct inf_question *q,
                            struct inf_answer *ans)
{
    const struct pcc_library *lib = inf_priors_library(eng->priors);
    const struct pcc_device *block;
    const struct pcc_ip *ip;
    struct inf_prior_hit hit;
    struct inf_edit *e;
    int rc;

    memset(&hit, 0, sizeof(hit));
    ip = lib ? inf_identify(lib, &eng->svc, q, &hit.base) : NULL;
    block = ip ? inf_priors_block(eng->priors, ip) : NULL;
    if (!block || library_is_refused(eng, hit.base) ||
        library_is_withdrawn(eng, hit.base)) {
        return 0;
    }
    eng->asked = hit.base;
    e = add_edit(ans, INF_EDIT_BLOCK, hit.base, CONF_IDENTIFIED);
    e->size = block->size;
    snprintf(e->name, sizeof(e->name), "%.40s_%08" PRIx64, ip->device,
             hit.base);
    e->text = strdup(ip->device);
    if (!e->text || asprintf(&e->evidence, "the code at 0x%" PRIx64 " loads "
                             "offset 0x%" PRIx64 " and knows the "
                             "identification of %s", q->pc,
                             q->phys - hit.base, ip->device) < 0) {
        e->evidence = NULL;
        return INF_E_NOMEM;
    }
    rc = add_console(eng, &hit, ip, block, CONF_IDENTIFIED, ans);
    if (rc == 0) {
        library_note_placed(eng, hit.base, block->size, ip->device);
        ans->verdict = INF_TABLES;
        ans->outcome = INF_SOLVED;
    }
    return rc;
}

/* ---- Questions ---- */

/*
 * Between what priors name: a device that leaves their places free, where
 * rules would take the rest of the page.
 */
static int name_gap(struct inf_engine *eng, const struct inf_question *q,
                    struct inf_answer *ans)
{
    uint64_t lo = q->phys & ~(uint64_t)(INF_PAGE_SIZE - 1);
    uint64_t hi = lo + INF_PAGE_SIZE;
    struct inf_prior_hit none;
    struct inf_model_device dev;
    struct inf_edit *e;
    unsigned i;

    if (q->phys + q->size > hi || library_is_refused(eng, lo) ||
        !inf_priors_gap(eng->priors, q->phys, &lo, &hi)) {
        return 0;
    }
    for (i = 0; eng->svc.device(eng->svc.opaque, i, &dev) == 0; i++) {
        if (dev.base <= q->phys && dev.base + dev.size > lo) {
            lo = dev.base + dev.size;
        } else if (dev.base > q->phys && dev.base < hi) {
            hi = dev.base;
        }
    }
    if (lo > q->phys || q->phys + q->size > hi || library_is_refused(eng, lo)) {
        return 0;
    }
    eng->asked = lo;
    e = add_edit(ans, INF_EDIT_DEVICE, lo, CONF_STORAGE);
    e->size = hi - lo;
    snprintf(e->name, sizeof(e->name), "dev_%08" PRIx64, lo);
    if (asprintf(&e->text, "size: 0x%" PRIx64 "; width: %u; unmapped: ask;",
                 hi - lo, 8 * q->size) < 0) {
        e->text = NULL;
        return INF_E_NOMEM;
    }
    ans->verdict = INF_TABLES;
    ans->outcome = INF_SOLVED;
    memset(&none, 0, sizeof(none));
    return add_register(ans, q, &none, lo, 8 * q->size);
}

static int answer_fault(struct inf_engine *eng, const struct inf_question *q,
                        struct inf_answer *ans)
{
    struct inf_model_device dev;
    struct inf_prior_hit hit;
    const struct pcc_ip *ip;
    bool known;
    int rc = 0;

    if (q->access == INF_EXEC) {
        return 0;
    }
    known = device_at(eng, q->phys, &dev);
    if (!inf_priors_at(eng->priors, q->phys, &hit)) {
        rc = known ? 0 : place_identified(eng, q, ans);
        return rc || known || ans->edit_count ? rc : name_gap(eng, q, ans);
    }
    if (hit.size > MAX_WINDOW || library_is_refused(eng, hit.base)) {
        return 0;
    }
    eng->asked = hit.base;
    if (known) {
        if (!dev.closed && !library_placed_at(eng, q->phys) &&
            register_at(&hit, q->phys - hit.base)) {
            rc = add_register(ans, q, &hit, dev.base, dev.width);
            ans->verdict = ans->edit_count ? INF_TABLES : INF_NONE;
        }
        return rc;
    }
    ip = library_is_withdrawn(eng, hit.base) ? NULL : find_block(eng, &hit);
    if (ip) {
        rc = place_block(eng, q, &hit, ip, ans);
    }
    if (rc == 0 && ans->edit_count == 0) {
        rc = name_device(eng, q, &hit, ans);
    }
    inf_priors_used(eng->priors, &hit);
    return rc;
}

/* Takes the block at @p back: the guest starts again without it. */
static int withdraw(struct inf_engine *eng, struct placed *p,
                    struct inf_answer *ans, const char *why)
{
    struct inf_edit *e;

    if (eng->restarts >= eng->opts.max_restarts) {
        return 0;
    }
    e = add_edit(ans, INF_EDIT_TAKE_AWAY, p->base, 100);
    e->evidence = NULL;
    p->withdrawn = true;
    eng->restarts++;
    ans->verdict = INF_RESTART;
    ans->outcome = INF_WITHDRAWN;
    snprintf(ans->message, sizeof(ans->message), "%s: %s of the library at "
             "0x%" PRIx64 " is taken back", why, p->block, p->base);
    return 0;
}

/*
 * A poll in a block that this engine placed.  What a character from outside
 * would change is waiting; else others may know; asked about the same place
 * again, they did not, and the block was the wrong one.
 */
static int answer_stall(struct inf_engine *eng, const struct inf_question *q,
                        struct inf_answer *ans)
{
    struct placed *p = library_placed_at(eng, q->phys);
    struct ai_check check;
    struct inf_trial trial;
    struct inf_edit edit;
    char text[INF_NAME_MAX];
    bool input = false;

    if (!p || p->withdrawn) {
        return 0;
    }
    memset(&edit, 0, sizeof(edit));
    edit.kind = INF_EDIT_BLOCK;
    edit.base = p->base;
    edit.size = p->size;
    snprintf(edit.name, sizeof(edit.name), "b");
    snprintf(text, sizeof(text), "%s", p->block);
    edit.text = text;
    edit.confidence = 100;
    memset(&check, 0, sizeof(check));
    check.question = q;
    check.svc = &eng->svc;
    check.ev = eng->ev;
    check.base = p->base;
    if (eng->svc.try_edits &&
        eng->svc.try_edits(eng->svc.opaque, q, &edit, 1, &trial) == 0) {
        check.table = trial.table;
        check.size = trial.size;
        input = ai_check_waits(&check);
    }
    if (input) {
        ans->verdict = INF_RETRY;
        ans->outcome = INF_WAITING;
        snprintf(ans->message, sizeof(ans->message), "waits for input of %s",
                 p->block);
        return 0;
    }
    if (p->stuck == q->phys + 1) {
        return withdraw(eng, p, ans, "the guest stays in its poll");
    }
    p->stuck = q->phys + 1;
    return 0;
}

/* The block that the guest used last before it crashed. */
static int answer_crash(struct inf_engine *eng, struct inf_answer *ans)
{
    uint64_t seq, last = inf_evidence_seq(eng->ev);

    for (seq = last; seq > 0 && last - seq < BLAME_ACCESSES; seq--) {
        const struct inf_access *a = inf_evidence_at(eng->ev, seq);
        struct placed *p = a ? library_placed_at(eng, a->phys) : NULL;

        if (p && !p->withdrawn && seq == last) {
            return withdraw(eng, p, ans, "the guest crashed");
        }
    }
    return 0;
}

static int library_answer(struct inf_engine *eng,
                          const struct inf_question *q,
                          struct inf_answer *ans)
{
    int rc = 0;

    if (q->kind == INF_FAULT) {
        rc = answer_fault(eng, q, ans);
    } else if (q->kind == INF_STALL && !q->watched) {
        rc = answer_stall(eng, q, ans);
    } else if (q->kind == INF_CRASH) {
        rc = answer_crash(eng, ans);
    }
    if (rc) {
        inf_answer_dispose(ans);
    }
    if (ans->verdict != INF_NONE) {
        ans->hypothesis = ++eng->next_id;
    }
    return rc;
}

/* ---- Life ---- */

static int library_open(const struct inf_options *opts,
                        const struct inf_services *svc,
                        const struct inf_evidence *ev,
                        struct inf_engine **out)
{
    struct inf_engine *eng;

    *out = NULL;
    if (svc->version != INF_API_VERSION || !opts || !opts->priors ||
        opts->version != INF_API_VERSION) {
        return INF_E_VERSION;
    }
    eng = calloc(1, sizeof(*eng));
    if (!eng) {
        return INF_E_NOMEM;
    }
    eng->opts = *opts;
    if (eng->opts.max_restarts == 0) {
        eng->opts.max_restarts = 20;
    }
    eng->svc = *svc;
    eng->ev = ev;
    eng->priors = opts->priors;
    *out = eng;
    return 0;
}

static void library_close(struct inf_engine *eng)
{
    free(eng);
}

const struct inf_engine_ops *inf_library_ops(void)
{
    static const struct inf_engine_ops ops = {
        .version = INF_API_VERSION,
        .name = "library",
        .open = library_open,
        .answer = library_answer,
        .note_event = library_note_event,
        .save = library_save,
        .restore = library_restore,
        .close = library_close,
    };

    return &ops;
}
