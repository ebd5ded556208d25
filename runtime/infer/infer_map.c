/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The map engine: memories that the board lacks.
 *
 * A hole is memory when the stack pointer stands in it, when instructions
 * are fetched from where they were stored, when it is filled densely, or
 * when a prior says so.  It must not take real peripherals: what has
 * registers that are more than storage, or is a person's, bounds it, and so
 * does what priors name.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/map_priv.h"
#include "runtime/infer/shape.h"

#define PAGE ((uint64_t)INF_PAGE_SIZE)
#define BLOCK 0x10000ull      /* first piece of a memory */
#define BLOCK_MAX 0x4000000ull
#define LARGE 0x1000000ull    /* memory that is no SRAM */
#define STACK_BELOW 0x1000u   /* of the stack pointer, still its stack */
#define STACK_ABOVE 0x10000u
#define WALK_SPREAD 64u       /* bytes of code that store in turns */
#define WALK_PAGE 32u         /* stores after which rules take the page */
#define WALK_WORDS 0x1000u    /* dense bytes that no register file has */
#define WALK_COPY 0x400u      /* the same, by bytes or several words */
#define CONF_SAID 95u
#define CONF_STACK 90u
#define CONF_CODE 90u
#define CONF_DENSE 80u
#define PHYS_LIMIT (1ull << 48)

/* ------------------------------------------------------------------ edits */

struct inf_edit *map_edit(struct inf_answer *ans, uint32_t kind,
                          const char *name, uint64_t base)
{
    struct inf_edit *edit;

    if (ans->edit_count == INF_MAX_EDITS) {
        return NULL;
    }
    edit = &ans->edits[ans->edit_count++];
    memset(edit, 0, sizeof(*edit));
    edit->kind = kind;
    edit->base = base;
    snprintf(edit->name, sizeof(edit->name), "%s", name);
    return edit;
}

/* ----------------------------------------------------------------- places */

bool map_is_plain(struct inf_engine *eng, const struct inf_model_device *dev)
{
    struct inf_model_reg reg;
    struct inf_shape shape;
    uint64_t console;
    unsigned i;

    if (!dev->machine || dev->closed ||
        (eng->svc.console &&
         eng->svc.console(eng->svc.opaque, &console) == 0 &&
         console == dev->base)) {
        return false;
    }
    for (i = 0; eng->svc.reg &&
                eng->svc.reg(eng->svc.opaque, dev->base, i, &reg) == 0; i++) {
        if (!reg.machine || !reg.text ||
            inf_shape_parse(&shape, reg.text, dev->width ? dev->width : 32) ||
            shape.count || shape.whole[0] || shape.when[0]) {
            return false;
        }
    }
    return true;
}

/* The first device of the model that lies in [lo, hi). */
static bool device_in(struct inf_engine *eng, uint64_t lo, uint64_t hi,
                      struct inf_model_device *out)
{
    unsigned i;

    for (i = 0; eng->svc.device(eng->svc.opaque, i, out) == 0; i++) {
        if (out->base < hi && out->base + out->size > lo) {
            return true;
        }
    }
    return false;
}

static bool memory_in(struct inf_engine *eng, uint64_t lo, uint64_t hi,
                      struct inf_model_memory *out)
{
    unsigned i;

    for (i = 0; eng->svc.memory &&
                eng->svc.memory(eng->svc.opaque, i, out) == 0; i++) {
        if (out->base < hi && out->base + out->size > lo) {
            return true;
        }
    }
    return false;
}

/* Nothing answers at the page of @phys, save what the machine made up. */
static bool is_hole(struct inf_engine *eng, uint64_t phys)
{
    struct inf_model_memory mem;
    struct inf_model_device dev;
    struct inf_page page;

    phys &= ~(PAGE - 1);
    if (memory_in(eng, phys, phys + PAGE, &mem)) {
        return false;
    }
    if (device_in(eng, phys, phys + PAGE, &dev)) {
        return map_is_plain(eng, &dev);
    }
    return eng->svc.page(eng->svc.opaque, phys, false, &page) == 0 &&
           page.kind == INF_PAGE_NONE;
}

/* The physical address behind @virt; false when it has none. */
static bool translate(struct inf_engine *eng, uint64_t virt, uint64_t *phys)
{
    struct inf_page page;

    if (eng->svc.page(eng->svc.opaque, virt, true, &page) != 0 ||
        page.kind == INF_PAGE_UNMAPPED) {
        return false;
    }
    *phys = page.phys + (virt & (PAGE - 1));
    return true;
}

/* What memories, devices that are more than storage, and priors leave of
 * [*lo, *hi) around @phys. */
static void cut(struct inf_engine *eng, uint64_t phys, uint64_t *lo,
                uint64_t *hi)
{
    struct inf_model_memory mem;
    struct inf_model_device dev;
    unsigned i;

    for (i = 0; eng->svc.memory &&
                eng->svc.memory(eng->svc.opaque, i, &mem) == 0; i++) {
        if (mem.base > phys && mem.base < *hi) {
            *hi = mem.base;
        } else if (mem.base <= phys && mem.base + mem.size > *lo) {
            *lo = mem.base + mem.size;
        }
    }
    for (i = 0; eng->svc.device(eng->svc.opaque, i, &dev) == 0; i++) {
        if (dev.base >= *hi || dev.base + dev.size <= *lo ||
            map_is_plain(eng, &dev)) {
            continue;
        }
        if (dev.base > phys) {
            *hi = dev.base;
        } else {
            *lo = dev.base + dev.size;
        }
    }
    if (eng->opts.priors) {
        struct inf_prior_hit hit;

        if (!inf_priors_at(eng->opts.priors, phys, &hit)) {
            inf_priors_gap(eng->opts.priors, phys, lo, hi);
        }
    }
    *lo = (*lo + PAGE - 1) & ~(PAGE - 1);
    *hi &= ~(PAGE - 1);
}

/* Memories that follow each other up to @end, as one; @ours: none of them is
 * a person's.  False when none ends there. */
static bool run_below(struct inf_engine *eng, uint64_t end, uint64_t *base,
                      bool *ours)
{
    struct inf_model_memory mem;

    *base = end;
    *ours = true;
    while (*base > 0 && memory_in(eng, *base - 1, *base, &mem)) {
        *base = mem.base;
        *ours = *ours && mem.machine;
    }
    return *base < end;
}

/* The same for memories that follow each other from @start on. */
static bool run_above(struct inf_engine *eng, uint64_t start, uint64_t *end)
{
    struct inf_model_memory mem;

    *end = start;
    while (memory_in(eng, *end, *end + 1, &mem) && mem.machine) {
        *end = mem.base + mem.size;
    }
    return *end > start;
}

/* Where the memory below @phys ends; 0: there is none. */
static uint64_t end_below(struct inf_engine *eng, uint64_t phys)
{
    struct inf_model_memory mem;
    uint64_t end = 0;
    unsigned i;

    for (i = 0; eng->svc.memory &&
                eng->svc.memory(eng->svc.opaque, i, &mem) == 0; i++) {
        if (mem.base + mem.size <= phys && mem.base + mem.size > end) {
            end = mem.base + mem.size;
        }
    }
    return end;
}

/*
 * A large memory below, and nothing between: it has more than its line says.
 * Real ones come in powers of two.
 */
static bool more_of_large(struct inf_engine *eng, uint64_t phys,
                          uint64_t *lo, uint64_t *hi)
{
    uint64_t end = end_below(eng, phys), base, size = LARGE;
    bool ours;

    if (end == 0 || !run_below(eng, end, &base, &ours) ||
        end - base < LARGE || phys - end > 3 * (end - base)) {
        return false;
    }
    while (base + size <= phys) {
        size *= 2;
    }
    *lo = end;
    *hi = base + size;
    cut(eng, phys, lo, hi);
    return *lo == end && *hi > phys && is_hole(eng, phys);
}

/*
 * The piece of memory to be made around @phys: what a large memory lacks; a
 * block; or, next to memory of ours, as much again as that has.
 */
static bool choose_piece(struct inf_engine *eng, uint64_t phys, uint64_t *lo,
                         uint64_t *hi)
{
    uint64_t size = BLOCK, at;
    bool ours;

    if (more_of_large(eng, phys, lo, hi)) {
        return true;
    }
    *lo = phys & ~(BLOCK - 1);
    *hi = *lo + BLOCK;
    if (run_below(eng, *lo, &at, &ours) && ours) {
        size = *lo - at < BLOCK_MAX ? *lo - at : BLOCK_MAX;
        size = size < BLOCK ? BLOCK : size;
        *hi = *lo + size;
    } else if (run_above(eng, *hi, &at)) {
        size = at - *hi < BLOCK_MAX ? at - *hi : BLOCK_MAX;
        size = size < BLOCK || size > *hi ? BLOCK : size;
        *lo = *hi - size;
    }
    cut(eng, phys, lo, hi);
    if (*lo > phys || *hi <= phys || *hi - *lo < PAGE) {
        return false;
    }
    for (at = *lo; size == BLOCK && at < *hi; at += PAGE) {
        if (is_hole(eng, at)) {
            continue;
        }
        if (at > phys) {
            *hi = at;
        } else {
            *lo = at + PAGE;
        }
    }
    return *lo <= phys && phys < *hi;
}

/* ---------------------------------------------------------------- answers */

int map_take_away(struct inf_engine *eng, struct inf_answer *ans,
                  uint64_t lo, uint64_t hi, bool *restart)
{
    struct inf_model_device dev;
    struct inf_edit *edit;
    unsigned i;

    for (i = 0; eng->svc.device(eng->svc.opaque, i, &dev) == 0; i++) {
        if (dev.base >= hi || dev.base + dev.size <= lo) {
            continue;
        }
        edit = ans->edit_count + 1 < INF_MAX_EDITS ?
            map_edit(ans, INF_EDIT_TAKE_AWAY, dev.name, dev.base) : NULL;
        if (!edit) {
            return INF_E_RANGE;
        }
        edit->confidence = 100;
        *restart = true;
    }
    return 0;
}

static bool is_refused(const struct inf_engine *eng, uint64_t place)
{
    unsigned i;

    for (i = 0; i < eng->refused_count; i++) {
        if (eng->refused[i] == place) {
            return true;
        }
    }
    return false;
}

/* Memory at [lo, hi), said to be because of @why. */
static int answer_memory(struct inf_engine *eng, struct inf_answer *ans,
                         uint64_t lo, uint64_t hi, unsigned confidence,
                         const char *why)
{
    bool restart = false;
    char name[INF_NAME_MAX];
    struct inf_edit *edit;
    int rc;

    if (is_refused(eng, lo)) {
        return 0;
    }
    rc = map_take_away(eng, ans, lo, hi, &restart);
    if (rc || (restart && eng->restarts >= eng->opts.max_restarts)) {
        inf_answer_dispose(ans);
        return 0;
    }
    snprintf(name, sizeof(name), "ram_%08" PRIx64, lo);
    edit = map_edit(ans, INF_EDIT_MEMORY, name, lo);
    edit->size = hi - lo;
    edit->confidence = confidence;
    edit->evidence = strdup(why);
    if (!edit->evidence ||
        asprintf(&edit->text, "memory %s @ 0x%08" PRIx64 " : 0x%" PRIx64 ";",
                 name, lo, hi - lo) < 0) {
        edit->text = NULL;
        return INF_E_NOMEM;
    }
    eng->asked = lo;
    eng->restarts += restart;
    memset(&eng->walk, 0, sizeof(eng->walk));
    ans->hypothesis = ++eng->next_id;
    ans->verdict = restart ? INF_RESTART : INF_TABLES;
    ans->outcome = INF_SOLVED;
    snprintf(ans->message, sizeof(ans->message), "0x%" PRIx64 " bytes at 0x%"
             PRIx64 " are memory%s: %s", hi - lo, lo,
             restart ? ", from the start" : "", why);
    return 0;
}

/* ------------------------------------------------------------------ stack */

static uint64_t reg_of(const struct inf_cpu *cpu, unsigned a64, unsigned a32)
{
    return cpu->arch == INF_ARCH_A64 ? cpu->regs[a64] : cpu->regs[a32];
}

/* The access is to the stack or what stands right above it, and the stack is
 * in the hole itself. */
static bool is_stack(struct inf_engine *eng, const struct inf_question *q)
{
    uint64_t sp = reg_of(&q->cpu, INF_REG_SP, 13), phys;

    return sp >= 2 * PAGE && (sp & 3) == 0 && q->virt >= sp - STACK_BELOW &&
           q->virt < sp + STACK_ABOVE && translate(eng, sp - 8, &phys) &&
           is_hole(eng, phys);
}

/* ---------------------------------------------------------- dense writing */

static uint32_t code_at(struct inf_engine *eng, uint64_t pc)
{
    struct inf_page page;
    uint32_t word = 0;
    uint64_t at = pc & (PAGE - 1);

    if (at + 4 <= PAGE &&
        eng->svc.page(eng->svc.opaque, pc, true, &page) == 0 &&
        page.kind <= INF_PAGE_ROM) {
        memcpy(&word, &page.bytes[at], sizeof(word));
    }
    return word;
}

/* A store of several registers at once, as copying and clearing use. */
static bool stores_many(struct inf_engine *eng, const struct inf_question *q)
{
    uint32_t word = code_at(eng, q->pc);
    uint16_t half = (uint16_t)word;

    if (q->cpu.arch == INF_ARCH_A64) {
        return (word & 0x3a400000) == 0x28000000;
    }
    if (q->cpu.arch == INF_ARCH_A32 && !q->cpu.thumb) {
        return (word & 0x0e100000) == 0x08000000 &&
               __builtin_popcount(word & 0xffff) >= 4;
    }
    if ((half & 0xf800) == 0xc000) {
        return __builtin_popcount(half & 0xff) >= 4;
    }
    return (half & 0xfe50) == 0xe800 &&
           __builtin_popcount(word >> 16) >= 4;
}

/* Follows stores through a hole; how many bytes were filled by now. */
static uint64_t follow_walk(struct inf_engine *eng,
                            const struct inf_question *q)
{
    struct map_walk *w = &eng->walk;
    uint64_t apart = q->pc > w->pc ? q->pc - w->pc : w->pc - q->pc;
    bool on = apart <= WALK_SPREAD && w->next != 0;

    /* Rules give the rest of a page to what walked through its begin. */
    if (on && q->phys > w->next && (q->phys & (PAGE - 1)) == 0 &&
        q->phys - w->next < PAGE &&
        w->next - w->start >= (uint64_t)WALK_PAGE * q->size) {
        w->next = q->phys;
    }
    if (!on || q->phys != w->next) {
        w->pc = q->pc;
        w->start = q->phys;
    }
    w->next = q->phys + q->size;
    return w->next - w->start;
}

static bool is_dense(struct inf_engine *eng, const struct inf_question *q)
{
    uint64_t bytes = follow_walk(eng, q);

    return bytes >= WALK_WORDS ||
           (bytes >= WALK_COPY && (q->size == 1 || stores_many(eng, q)));
}

/* The store goes on where a memory of ours ends. */
static bool leaves_ours(struct inf_engine *eng, const struct inf_question *q)
{
    struct inf_model_memory mem;

    return q->phys >= PAGE && (q->phys & (PAGE - 1)) == 0 &&
           memory_in(eng, q->phys - 1, q->phys, &mem) && mem.machine;
}

/* -------------------------------------------------------------- questions */

/* A prior names a device there, which is no memory. */
static bool is_named(struct inf_engine *eng, uint64_t phys)
{
    struct inf_prior_hit hit;

    return eng->opts.priors && inf_priors_at(eng->opts.priors, phys, &hit) &&
           hit.device->compatible_count > 0;
}

static int by_prior(struct inf_engine *eng, const struct inf_question *q,
                    struct inf_answer *ans)
{
    struct inf_prior_memory said;
    char why[160];
    uint64_t lo, hi;

    if (!eng->opts.priors ||
        !inf_priors_memory(eng->opts.priors, q->phys, &said)) {
        return 0;
    }
    lo = said.base;
    hi = said.base + said.size;
    cut(eng, q->phys, &lo, &hi);
    if (lo > q->phys || hi <= q->phys) {
        return 0;
    }
    snprintf(why, sizeof(why), "%.60s of %.80s", said.name, said.source);
    return answer_memory(eng, ans, lo, hi, CONF_SAID, why);
}

static int answer_access(struct inf_engine *eng, const struct inf_question *q,
                         struct inf_answer *ans)
{
    bool store = q->access == INF_STORE;
    uint64_t lo, hi, from;
    char why[160];
    int rc;

    if (q->phys >= PHYS_LIMIT) {
        return 0;
    }
    rc = map_native(eng, q, ans);
    rc = rc || ans->edit_count ? rc : by_prior(eng, q, ans);
    if (rc || ans->edit_count) {
        return rc;
    }
    if (is_stack(eng, q)) {
        if (!choose_piece(eng, q->phys, &lo, &hi)) {
            return 0;
        }
        snprintf(why, sizeof(why), "the stack pointer, 0x%" PRIx64
                 ", stands there", reg_of(&q->cpu, INF_REG_SP, 13));
        return answer_memory(eng, ans, lo, hi, CONF_STACK, why);
    }
    from = eng->walk.start;
    if (!store || is_named(eng, q->phys)) {
        return 0;
    }
    if (is_dense(eng, q)) {
        from = eng->walk.start;
        snprintf(why, sizeof(why), "0x%" PRIx64 " bytes from 0x%" PRIx64
                 " on were filled one after the other", eng->walk.next - from,
                 from);
    } else if (leaves_ours(eng, q)) {
        from = q->phys;
        snprintf(why, sizeof(why), "what is filled goes on there");
    } else {
        return 0;
    }
    return choose_piece(eng, from, &lo, &hi) ?
        answer_memory(eng, ans, lo, hi, CONF_DENSE, why) : 0;
}

/* Instructions that the guest stored, in what was taken for registers. */
static int answer_fetch(struct inf_engine *eng, const struct inf_question *q,
                        struct inf_answer *ans)
{
    uint64_t at, value, lo, hi;
    struct inf_model_device dev;

    /* The exception is asked about: the place is in the pc. */
    if (!translate(eng, q->pc & ~3ull, &at) ||
        !device_in(eng, at, at + 4, &dev) || !map_is_plain(eng, &dev) ||
        inf_evidence_written(eng->ev, at, 4, &value) != 0xffffffff ||
        !choose_piece(eng, at, &lo, &hi)) {
        return 0;
    }
    return answer_memory(eng, ans, lo, hi, CONF_CODE,
                         "the guest runs what it stored there");
}

static int map_answer(struct inf_engine *eng, const struct inf_question *q,
                      struct inf_answer *ans)
{
    int rc = 0;

    if (q->kind == INF_FETCH || q->access == INF_EXEC) {
        rc = answer_fetch(eng, q, ans);
    } else if (q->kind == INF_FAULT) {
        rc = answer_access(eng, q, ans);
    }
    if (rc) {
        inf_answer_dispose(ans);
    }
    return rc;
}

/* ------------------------------------------------------------- operations */

static int map_open(const struct inf_options *opts,
                    const struct inf_services *svc,
                    const struct inf_evidence *ev, struct inf_engine **out)
{
    struct inf_engine *eng;

    *out = NULL;
    if (svc->version != INF_API_VERSION ||
        (opts && opts->version != INF_API_VERSION)) {
        return INF_E_VERSION;
    }
    eng = calloc(1, sizeof(*eng));
    if (!eng) {
        return INF_E_NOMEM;
    }
    if (opts) {
        eng->opts = *opts;
    }
    if (eng->opts.max_restarts == 0) {
        eng->opts.max_restarts = 20;
    }
    eng->svc = *svc;
    eng->ev = ev;
    *out = eng;
    return 0;
}

static void map_note_event(struct inf_engine *eng, const struct inf_event *ev)
{
    if (ev->kind == INF_EV_RESET) {
        memset(&eng->walk, 0, sizeof(eng->walk));
    } else if (ev->kind == INF_EV_REFUSED && eng->next_id != 0 &&
               ev->hypothesis == eng->next_id &&
               eng->refused_count < MAP_REFUSED) {
        eng->refused[eng->refused_count++] = eng->asked;
    }
}

static void map_close(struct inf_engine *eng)
{
    free(eng);
}

const struct inf_engine_ops *inf_map_ops(void)
{
    static const struct inf_engine_ops ops = {
        .version = INF_API_VERSION,
        .name = "map",
        .open = map_open,
        .answer = map_answer,
        .note_event = map_note_event,
        .close = map_close,
    };

    return &ops;
}
