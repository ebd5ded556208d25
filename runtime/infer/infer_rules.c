/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules engine: storage for what nothing answers, probing for what is
 * polled, withdrawal for what led to a crash.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/interrupts.h"
#include "runtime/infer/rules_priv.h"

#define PHYS_LIMIT (1ull << 48)
#define WALK_LONG 32u

/* ----------------------------------------------------------------- faults */

static int deliver(struct inf_answer *ans, const struct inf_question *q,
                   const char *why)
{
    ans->verdict = INF_DELIVER;
    ans->outcome = INF_UNRESOLVED;
    snprintf(ans->message, sizeof(ans->message),
             "%s at 0x%" PRIx64 " by pc 0x%" PRIx64 ": %s",
             q->access == INF_LOAD ? "load"
             : q->access == INF_STORE ? "store" : "instruction fetch",
             q->phys, q->pc, why);
    return 0;
}

/*
 * The registers at [lo, hi) of a device, as offsets: grows the range until no
 * register sticks out.  False when one of them is not plain storage of the
 * machine, save one that starts where the range starts.
 */
static bool widen_range(const struct inf_engine *eng, uint64_t *lo,
                        uint64_t *hi)
{
    uint64_t at = *lo;

    while (at < *hi) {
        const struct rules_reg *reg = rules_reg_at(eng, at);

        if (!reg) {
            at++;
            continue;
        }
        if (!reg->machine || !reg->parsed ||
            (!reg->plain && reg->phys != *lo)) {
            return false;
        }
        if (reg->phys < *lo) {
            *lo = reg->phys;
        }
        if (reg->phys + reg->bytes > *hi) {
            *hi = reg->phys + reg->bytes;
        }
        at = reg->phys + reg->bytes;
    }
    return true;
}

/* The smallest naturally aligned place of 1, 2, 4 or 8 bytes around a range;
 * 0 when there is none. */
static unsigned aligned_place(uint64_t *lo, uint64_t hi)
{
    unsigned bytes;

    for (bytes = 1; bytes <= 8; bytes *= 2) {
        uint64_t start = *lo & ~(uint64_t)(bytes - 1);

        if (hi <= start + bytes) {
            *lo = start;
            return bytes;
        }
    }
    return 0;
}

/* One register over [lo, lo + bytes), in place of those that stand there. */
static int one_register(struct inf_engine *eng, struct inf_answer *ans,
                        const struct rules_device *dev, uint64_t lo,
                        unsigned bytes)
{
    struct inf_shape shape, old;
    uint64_t at;
    int rc = 0;

    inf_shape_init(&shape, lo - dev->base, bytes);
    for (at = lo; at < lo + bytes && rc == 0; at++) {
        const struct rules_reg *reg = rules_reg_at(eng, at);

        if (!reg || reg->phys != at) {
            continue;
        }
        if (!rules_shape_at(eng, at, &old)) {
            return INF_E_RANGE;
        }
        if (at == lo) {
            shape = old;
            shape.bytes = bytes;
        } else {
            rc = rules_edit_remove(ans, dev->base, old.name, old.offset);
        }
    }
    return rc ? rc : rules_edit_shape(ans, dev, &shape, CONF_STORAGE, NULL);
}

/* Registers for the bytes of [lo, hi) that have none. */
static int fill_gaps(struct inf_engine *eng, struct inf_answer *ans,
                     const struct rules_device *dev, uint64_t lo,
                     uint64_t hi)
{
    uint64_t at = lo;
    int rc = 0;

    while (at < hi && rc == 0) {
        unsigned bytes = 8;
        unsigned i;

        if (rules_reg_at(eng, at)) {
            at++;
            continue;
        }
        for (; bytes > 1; bytes /= 2) {
            bool clear = !(at & (bytes - 1)) && at + bytes <= hi;

            for (i = 0; clear && i < bytes; i++) {
                clear = !rules_reg_at(eng, at + i);
            }
            if (clear) {
                break;
            }
        }
        rc = one_register(eng, ans, dev, at, bytes);
        at += bytes;
    }
    return rc;
}

/* One instruction walks through a hole: after WALK_LONG it is no register. */
static bool is_walk(struct inf_engine *eng, const struct inf_question *q)
{
    struct rules_walk *walk = &eng->walk;

    if (walk->pc == q->pc && walk->next == q->phys &&
        walk->size == q->size && walk->access == q->access) {
        walk->length++;
    } else {
        walk->length = 1;
    }
    walk->pc = q->pc;
    walk->size = q->size;
    walk->access = q->access;
    walk->next = q->phys + q->size;
    return walk->length >= WALK_LONG;
}

/* The rest of the hole becomes storage without registers. */
static int answer_walk(struct inf_engine *eng, const struct inf_question *q,
                       const struct rules_device *dev,
                       struct inf_answer *ans)
{
    uint64_t offset = q->phys - dev->base;
    uint64_t end = offset;
    char name[32], text[96];
    int rc;

    while (end + q->size <= dev->size &&
           !rules_reg_at(eng, dev->base + end) &&
           !rules_reg_at(eng, dev->base + end + q->size - 1)) {
        end += q->size;
    }
    eng->walk.next = dev->base + end; /* behind what asks no more */
    snprintf(name, sizeof(name), "m%03" PRIx64, offset);
    snprintf(text, sizeof(text), "mem %s[%" PRIu64 "] @ 0x%03" PRIx64
             " : %u;", name, (end - offset) / q->size, offset, 8 * q->size);
    rc = rules_edit_item(ans, dev->base, name, text, CONF_STORAGE);
    if (rc == 0) {
        ans->edits[ans->edit_count - 1].evidence =
            strdup("accessed one after the other, as memory is");
    }
    ans->verdict = INF_TABLES;
    ans->outcome = INF_SOLVED;
    return rc;
}

/* A call of a function where no memory is: searching back is no use. */
static void note_rom(struct inf_engine *eng, const struct inf_question *q)
{
    uint64_t target = q->pc & ~1ull;

    if (q->cpu.arch == INF_ARCH_M && target >= INF_PAGE_SIZE &&
        target < 0x20000000u) {
        eng->rom = target;
    }
}

/* Whether the call of secure firmware stands right before @at. */
static bool is_after_smc(struct inf_engine *eng, const struct inf_cpu *cpu,
                         uint64_t at)
{
    struct inf_page page;
    uint32_t word;

    at -= 4;
    if (eng->svc.page(eng->svc.opaque, at, true, &page) != 0 ||
        page.kind > INF_PAGE_ROM ||
        (at & (INF_PAGE_SIZE - 1)) + 4 > INF_PAGE_SIZE) {
        return false;
    }
    memcpy(&word, &page.bytes[at & (INF_PAGE_SIZE - 1)], 4);
    return cpu->arch == INF_ARCH_A32 &&
           ((word & 0x0ffffff0) == 0x01600070 ||
            (word & 0xfffffff0) == 0x8000f7f0);
}

/* A fetch from nowhere: said where from, as far as that shows, and left to
 * the guest. */
static int wild_jump(struct inf_engine *eng, struct inf_answer *ans,
                     const struct inf_question *q)
{
    const struct inf_access *last =
        inf_evidence_at(eng->ev, inf_evidence_seq(eng->ev));
    bool a64 = q->cpu.arch == INF_ARCH_A64;
    uint64_t lr = q->cpu.regs[a64 ? 30 : 14];
    char *out = ans->message;
    size_t size = sizeof(ans->message);
    int len;

    ans->verdict = INF_DELIVER;
    ans->outcome = INF_UNRESOLVED;
    len = snprintf(out, size, "a jump to 0x%" PRIx64 ", where nothing to "
                   "execute stands; the link register is 0x%" PRIx64, q->pc,
                   lr);
    if (len > 0 && is_after_smc(eng, &q->cpu, lr)) {
        len += snprintf(out + len, size - (size_t)len, ", behind a call of "
                        "secure firmware that is not there (`psci: smc;` on "
                        "the board lets QEMU answer it)");
    }
    if (last && len > 0 && (size_t)len < size) {
        snprintf(out + len, size - (size_t)len, "; the last access was to 0x%"
                 PRIx64 ", pc 0x%" PRIx64, last->phys, last->pc);
    }
    return 0;
}

static int answer_fault(struct inf_engine *eng, const struct inf_question *q,
                        struct inf_answer *ans)
{
    const struct rules_device *dev = rules_device_at(eng, q->phys);
    struct rules_device fresh;
    uint64_t lo = q->phys;
    uint64_t hi = q->phys + q->size;
    unsigned bytes;
    bool walks;
    int rc = 0;

    if (q->access == INF_EXEC || q->kind == INF_FETCH) {
        note_rom(eng, q);
        return wild_jump(eng, ans, q);
    }
    if (q->phys >= PHYS_LIMIT) {
        return deliver(ans, q, "no such address");
    }
    if (dev && dev->closed) {
        return deliver(ans, q, "the device is closed");
    }
    walks = is_walk(eng, q);
    if (!dev) {
        rules_fresh_device(eng, q->phys, q->size, &fresh);
        dev = &fresh;
        rc = rules_edit_device(ans, dev);
    }
    if (walks && rc == 0 && q->phys % q->size == 0 &&
        !rules_reg_at(eng, q->phys) &&
        !rules_reg_at(eng, q->phys + q->size - 1)) {
        return answer_walk(eng, q, dev, ans);
    }
    if (hi > dev->base + dev->size) {
        hi = dev->base + dev->size;
    }
    bytes = widen_range(eng, &lo, &hi) ? aligned_place(&lo, hi) : 0;
    if (rc == 0 && bytes) {
        /* Aligning may have reached further registers. */
        hi = lo + bytes;
        bytes = widen_range(eng, &lo, &hi) && hi == lo + bytes ? bytes : 0;
    }
    if (rc == 0) {
        rc = bytes ? one_register(eng, ans, dev, lo, bytes)
                   : fill_gaps(eng, ans, dev, q->phys, hi);
    }
    if (rc == 0 && ans->edit_count == 0) {
        return deliver(ans, q, "the model of that place asks in vain");
    }
    ans->verdict = INF_TABLES;
    ans->outcome = INF_SOLVED;
    return rc;
}

/* ---------------------------------------------------------------- crashes */

static int answer_crash(struct inf_engine *eng, const struct inf_question *q,
                        struct inf_answer *ans)
{
    struct rules_hyp *hyp = rules_blame(eng);
    const struct rules_device *dev;
    int rc;

    dev = hyp ? rules_device_at(eng, hyp->phys) : NULL;
    if (!hyp || !dev || eng->restarts >= eng->opts.max_restarts) {
        return deliver(ans, q, "no inferred value is to blame");
    }
    rc = rules_take_back(eng, hyp, ans);
    snprintf(ans->message, sizeof(ans->message),
             "the guest crashed at 0x%" PRIx64 " soon after 0x%" PRIx64
             " was inferred: taken back", q->pc, hyp->phys);
    return rc;
}

/* ------------------------------------------------------------- operations */

static int rules_open(const struct inf_options *opts,
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
    eng->probe = inf_probe_new();
    if (!eng->probe) {
        free(eng);
        return INF_E_NOMEM;
    }
    *out = eng;
    return 0;
}

/* Answers that are too weak are none; plain storage claims nothing. */
static void drop_weak(struct inf_engine *eng, const struct inf_question *q,
                      struct inf_answer *ans)
{
    unsigned i;

    if (q->kind != INF_STALL || ans->verdict != INF_TABLES) {
        return;
    }
    for (i = 0; i < ans->edit_count; i++) {
        const struct inf_edit *edit = &ans->edits[i];

        if (edit->evidence && edit->confidence < eng->opts.min_confidence) {
            unsigned probes = ans->probes;

            inf_answer_dispose(ans);
            ans->probes = probes;
            return;
        }
    }
}

/* Whether the guest listens to its console: it got to where it wanted. */
static bool at_prompt(const struct inf_engine *eng,
                      const struct inf_question *q,
                      const struct inf_answer *ans)
{
    const struct rules_device *dev = rules_device_at(eng, q->phys);

    return ans->outcome == INF_WAITING && dev &&
           eng->model.has_console && eng->model.console == dev->base;
}

/* The guest waits, or stays where it is for good. */
static bool nothing_more(const struct inf_engine *eng,
                         const struct inf_question *q,
                         const struct inf_answer *ans)
{
    return (q->kind == INF_STALL || q->kind == INF_IDLE) && !q->watched &&
           ans->verdict == INF_RETRY && ans->mute_reads == 0 &&
           ans->pulse_count == 0 &&
           (ans->outcome == INF_WAITING || ans->outcome == INF_UNRESOLVED) &&
           !at_prompt(eng, q, ans);
}

static int rules_answer(struct inf_engine *eng, const struct inf_question *q,
                        struct inf_answer *ans)
{
    int rc = rules_model_load(eng, q->kind == INF_STALL ||
                              q->kind == INF_IDLE ||
                              q->kind == INF_CRASH ? RULES_ALL : q->phys);

    if (rc) {
        return rc;
    }
    if (q->kind != INF_IDLE) {
        eng->idle_times = 0;
    }
    switch (q->kind) {
    case INF_FAULT:
    case INF_FETCH:
        rc = answer_fault(eng, q, ans);
        break;
    case INF_STALL:
        rc = rules_stall(eng, q, ans);
        break;
    case INF_CRASH:
        rc = q->avoided ? rules_avoided(eng, q, ans)
                        : answer_crash(eng, q, ans);
        break;
    case INF_IDLE:
        rc = rules_idle(eng, q, ans);
        break;
    default:
        ans->verdict = INF_RETRY;
        ans->outcome = INF_WAITING;
        break;
    }
    if (rc) {
        inf_answer_dispose(ans);
        return rc;
    }
    drop_weak(eng, q, ans);
    if (nothing_more(eng, q, ans)) {
        rules_gave_up(eng, ans);
    }
    return ans->verdict == INF_TABLES || ans->verdict == INF_RESTART
           ? rules_settle(eng, ans, ans->verdict == INF_RESTART) : 0;
}

static int rules_review(struct inf_engine *eng, struct inf_answer *ans)
{
    /* A guest may end before anybody has looked at what it printed. */
    int rc = eng->ended && eng->flag_count ? 0 :
             rules_console_review(eng, ans);

    if (eng->ended && eng->flag_count) {
        rc = rules_model_load(eng, RULES_ALL);
        rc = rc ? rc : rules_settle(eng, ans, true);
        ans->verdict = rc == 0 && ans->edit_count ? INF_TABLES : INF_NONE;
    }
    if (rc) {
        inf_answer_dispose(ans);
    }
    return rc;
}

static void rules_note_event(struct inf_engine *eng,
                             const struct inf_event *ev)
{
    unsigned i;

    if (ev->kind == INF_EV_RESET) {
        eng->ended = false;
        memset(eng->texts, 0, sizeof(eng->texts));
        eng->rom = 0;
        eng->generation = ev->generation;
    } else if (ev->kind == INF_EV_SHUTDOWN) {
        eng->ended = true;
    } else if (ev->kind == INF_EV_REFUSED) {
        for (i = 0; i < eng->hyp_count; i++) {
            struct rules_hyp *hyp = &eng->hyps[i];

            if (hyp->id == ev->hypothesis) {
                hyp->withdrawn = true;
                rules_exclude(eng, hyp->phys, hyp->set, hyp->clear);
            }
        }
    }
}

static void rules_close(struct inf_engine *eng)
{
    if (eng) {
        inf_probe_free(eng->probe);
        free(eng);
    }
}

const struct inf_engine_ops *inf_rules_ops(void)
{
    static const struct inf_engine_ops ops = {
        .version = INF_API_VERSION,
        .name = "rules",
        .open = rules_open,
        .answer = rules_answer,
        .review = rules_review,
        .note_event = rules_note_event,
        .save = rules_save,
        .restore = rules_restore,
        .close = rules_close,
    };

    return &ops;
}
