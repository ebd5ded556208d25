/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a question of the machine to an answer it can use. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/daemon/daemon.h"

/* How often engines are asked again after a person's text stood against
 * what they said. */
#define REFUSALS 3u

/* ---- The question as engines see it ---- */

static void map_cpu(const struct pdm *d, const struct pbr_cpu *from,
                    uint32_t index, struct inf_cpu *to)
{
    static const uint32_t archs[] = {
        [PBR_ARCH_AARCH64] = INF_ARCH_A64, [PBR_ARCH_A32] = INF_ARCH_A32,
        [PBR_ARCH_M] = INF_ARCH_M,
    };
    unsigned fpen = (from->cpacr >> 20) & 3;

    static_assert(sizeof(to->regs) == sizeof(from->regs), "same registers");
    static_assert(sizeof(to->v) == sizeof(from->v), "same registers");
    static_assert(sizeof(to->tpidr) == sizeof(from->tpidr), "same registers");
    to->arch = archs[from->arch];
    to->index = index;
    to->el = (uint8_t)from->el;
    to->thumb = (from->flags & PBR_CPU_THUMB) != 0;
    to->secure = (from->flags & PBR_CPU_SECURE) != 0;
    to->fp = fpen == 3 || (fpen == 1 && from->el > 0) ||
        (from->arch == PBR_ARCH_AARCH64 && from->el > 1);
    to->exception = from->exception;
    memcpy(to->model, d->cpu_model, sizeof(to->model));
    memcpy(to->regs, from->regs, sizeof(to->regs));
    to->msp = from->msp;
    to->psp = from->psp;
    to->control = from->control;
    to->primask = from->primask;
    to->basepri = from->basepri;
    to->faultmask = from->faultmask;
    to->vbar = from->vbar;
    to->sctlr = from->sctlr;
    to->cpacr = from->cpacr;
    to->ttbr0 = from->ttbr[0];
    memcpy(to->tpidr, from->tpidr, sizeof(to->tpidr));
    to->irq_sp = from->irq_sp;
    to->fiq_sp = from->fiq_sp;
    to->svc_sp = from->svc_sp;
    to->cntfrq = from->cntfrq;
    to->cntvct = from->cntvct;
    memcpy(to->v, from->v, sizeof(to->v));
    to->midr = from->midr;
    to->cbar = from->cbar;
}

static void map_question(const struct pdm *d, struct inf_question *q)
{
    static const uint32_t kinds[] = {
        [PBR_Q_FAULT] = INF_FAULT, [PBR_Q_STALL] = INF_STALL,
        [PBR_Q_IDLE] = INF_IDLE, [PBR_Q_CRASH] = INF_CRASH,
        [PBR_Q_FETCH] = INF_FETCH,
    };
    static const uint32_t accesses[] = {
        [PBR_ACCESS_LOAD] = INF_LOAD, [PBR_ACCESS_STORE] = INF_STORE,
        [PBR_ACCESS_FETCH] = INF_EXEC, [PBR_ACCESS_NONE] = INF_LOAD,
    };
    const struct pbr_question *from = &d->question;

    static_assert(INF_NAME_MAX == PBR_NAME_MAX, "names have one size");
    memset(q, 0, sizeof(*q));
    q->seq = from->seq;
    q->generation = (uint32_t)from->generation;
    q->kind = kinds[from->kind];
    q->access = accesses[from->access];
    q->size = from->size;
    q->phys = from->phys;
    q->virt = from->flags & PBR_QF_VIRT ? from->virt : from->phys;
    q->pc = from->pc;
    q->repeat = from->repeat;
    q->value = from->value;
    q->time_ns = from->time_ns;
    q->value_known = (from->flags & PBR_QF_VALUE) != 0;
    q->secure = (from->flags & PBR_QF_SECURE) != 0;
    q->user = (from->flags & PBR_QF_USER) != 0;
    q->halted = (from->flags & PBR_QF_HALTED) != 0;
    q->watched = (from->flags & PBR_QF_WATCHED) != 0;
    q->avoided = (from->flags & PBR_QF_AVOIDED) != 0;
    q->big_endian = (from->cpu.flags & PBR_CPU_BE) != 0;
    q->esr = from->cpu.esr;
    q->far = from->cpu.far;
    if (from->flags & PBR_QF_DEVICE) {
        memcpy(q->device, from->device, sizeof(q->device));
        q->offset = from->offset;
        q->base = from->phys - from->offset;
    }
    map_cpu(d, &from->cpu, from->cpu_index, &q->cpu);
}

/* ---- Services ---- */

static int service_page(void *opaque, uint64_t addr, bool virt,
                        struct inf_page *out)
{
    struct pdm *d = opaque;

    pdm_beat(d);
    return pdm_page(d, addr, virt, out);
}

static int service_device(void *opaque, unsigned index,
                          struct inf_model_device *out)
{
    struct pdm *d = opaque;
    struct pfl_device device;

    if (pfl_device(d->board, index, &device) != PFL_OK) {
        return INF_E_RANGE;
    }
    out->name = device.name;
    out->base = device.base;
    out->size = device.size;
    out->width = device.width;
    out->machine = device.machine;
    out->closed = device.closed;
    return 0;
}

static int service_reg(void *opaque, uint64_t base, unsigned index,
                       struct inf_model_reg *out)
{
    struct pdm *d = opaque;
    struct pfl_reg reg;

    if (pfl_reg(d->board, base, index, &reg) != PFL_OK) {
        return INF_E_RANGE;
    }
    out->name = reg.name;
    out->offset = reg.offset;
    out->bytes = reg.bytes;
    out->machine = reg.machine;
    out->text = reg.source;
    return 0;
}

static int service_console(void *opaque, uint64_t *base)
{
    struct pdm *d = opaque;

    return pfl_console(d->board, base) == PFL_OK ? 0 : INF_E_RANGE;
}

static void service_log(void *opaque, int level, const char *text)
{
    static const enum pdm_level levels[] = {
        PDM_ERROR, PDM_WARN, PDM_INFO, PDM_DEBUG
    };
    struct pdm *d = opaque;

    pdm_say(&d->options.log,
            level >= 0 && level < 4 ? levels[level] : PDM_DEBUG, "%s", text);
}

static int service_irqs(void *opaque, struct inf_irqs *out)
{
    struct pdm *d = opaque;
    struct pbr_irqs irqs;

    static_assert(INF_IRQ_WORDS == PBR_IRQ_WORDS, "the same lines");
    if (d->bridge == NULL || d->question.kind != PBR_Q_IDLE ||
        pbr_irqs_read(d->bridge, &irqs) != PBR_OK ||
        irqs.seq != d->question.seq) {
        return INF_E_RANGE;
    }
    out->kind = irqs.kind;
    out->lines = irqs.lines;
    memcpy(out->enabled, irqs.enabled, sizeof(out->enabled));
    memcpy(out->pending, irqs.pending, sizeof(out->pending));
    memcpy(out->active, irqs.active, sizeof(out->active));
    out->distributor = irqs.distributor;
    out->cpu_interface = irqs.cpu_interface;
    return 0;
}

static int service_native(void *opaque, const char *type, char *name)
{
    struct pdm *d = opaque;
    const char *found = pfl_native(d->board, type);

    if (found == NULL || strlen(found) >= INF_NAME_MAX) {
        return INF_E_RANGE;
    }
    strcpy(name, found);
    return 0;
}

static int service_memory(void *opaque, unsigned index,
                          struct inf_model_memory *out)
{
    struct pdm *d = opaque;
    struct pfl_memory memory;

    if (pfl_memory(d->board, index, &memory) != PFL_OK) {
        return INF_E_RANGE;
    }
    out->name = memory.name;
    out->base = memory.base;
    out->size = memory.size;
    out->machine = memory.machine;
    return 0;
}

static void service_beat(void *opaque)
{
    pdm_beat(opaque);
}

static bool service_stopping(void *opaque)
{
    struct pdm *d = opaque;
    struct pollfd poll_fd = { .fd = d->signal_fd, .events = POLLIN };

    return d->fd < 0 ||
        (d->signal_fd >= 0 && poll(&poll_fd, 1, 0) > 0);
}

void pdm_note(struct pdm *d, const struct inf_event *event)
{
    unsigned i;

    for (i = 0; i < d->engine_count; i++) {
        if (d->engines[i].ops->note_event != NULL) {
            d->engines[i].ops->note_event(d->engines[i].engine, event);
        }
    }
}

/* ---- Applying ---- */

static const enum pfl_edit_kind edit_kinds[] = {
    [INF_EDIT_DEVICE] = PFL_EDIT_DEVICE, [INF_EDIT_REG] = PFL_EDIT_REG,
    [INF_EDIT_ITEM] = PFL_EDIT_ITEM, [INF_EDIT_REMOVE] = PFL_EDIT_REMOVE,
    [INF_EDIT_CONSOLE] = PFL_EDIT_CONSOLE,
    [INF_EDIT_MEMORY] = PFL_EDIT_MEMORY,
    [INF_EDIT_WIRE] = PFL_EDIT_WIRE,
    [INF_EDIT_BLOCK] = PFL_EDIT_BLOCK,
    [INF_EDIT_TAKE_AWAY] = PFL_EDIT_TAKE_AWAY,
    [INF_EDIT_NATIVE] = PFL_EDIT_NATIVE,
};

static void map_edit(const struct inf_edit *from, const char *by,
                     struct pfl_edit *to)
{
    memset(to, 0, sizeof(*to));
    to->kind = edit_kinds[from->kind];
    to->by = by;
    to->confidence = from->confidence;
    to->base = from->base;
    to->size = from->size;
    to->offset = from->offset;
    to->name = from->name;
    to->text = from->text;
    to->evidence = from->evidence;
}

/* A device that the machine knows and the folder does not (somebody deleted
 * its file): edits of it need it back. */
static bool needs_device(const struct pdm *d, const struct inf_answer *answer,
                         uint64_t base)
{
    struct pfl_device device;
    unsigned i;

    if (pfl_device_at(d->board, base, &device) == PFL_OK) {
        return false;
    }
    for (i = 0; i < answer->edit_count; i++) {
        if (answer->edits[i].kind == INF_EDIT_DEVICE &&
            answer->edits[i].base == base) {
            return false;
        }
    }
    return true;
}

static unsigned map_edits(const struct pdm *d, const struct inf_answer *answer,
                          const char *by, struct pfl_edit *edits,
                          char name[PFL_NAME_MAX])
{
    unsigned i, n = 0;

    for (i = 0; i < answer->edit_count; i++) {
        const struct inf_edit *e = &answer->edits[i];

        if (e->kind != INF_EDIT_REG && e->kind != INF_EDIT_ITEM) {
            continue;
        }
        if (needs_device(d, answer, e->base)) {
            memset(&edits[n], 0, sizeof(edits[n]));
            snprintf(name, PFL_NAME_MAX, "dev_%08" PRIx64, e->base);
            edits[n].kind = PFL_EDIT_DEVICE;
            edits[n].by = by;
            edits[n].confidence = e->confidence;
            edits[n].base = e->base;
            edits[n].size = 0x1000;
            edits[n].name = name;
            edits[n].text = "size: 0x1000; width: 32; unmapped: ask;";
            n++;
        }
        break;
    }
    for (i = 0; i < answer->edit_count; i++) {
        map_edit(&answer->edits[i], by, &edits[n++]);
    }
    return n;
}

/*
 * Puts an answer's edits into the profile.  What a person's text stands
 * against is reported and left out; nothing left is PFL_ERR_OWNED.
 */
static int apply(struct pdm *d, const struct inf_answer *answer,
                 const char *by, struct pfl_change *change)
{
    struct pfl_edit edits[INF_MAX_EDITS + 1];
    char name[PFL_NAME_MAX];
    unsigned count = map_edits(d, answer, by, edits, name);
    int ret = PFL_ERR_OWNED;

    static_assert(INF_MAX_EDITS + 1 <= PFL_MAX_EDITS, "edits fit");
    while (count > 0) {
        const struct pfl_edit *e;

        ret = pfl_apply(d->board, edits, count, change);
        if (ret == PFL_OK || change->failed_edit >= count) {
            break;
        }
        e = &edits[change->failed_edit];
        pdm_say(&d->options.log, PDM_WARN, "not applied: %s @ 0x%" PRIx64
                "+0x%" PRIx64 " %s: %s", e->name, e->base, e->offset,
                e->text != NULL ? e->text : "", pfl_strerror(ret));
        if (ret == PFL_ERR_INPUT) {
            pdm_say(&d->options.log, PDM_WARN, "%s", pfl_messages(d->board));
        }
        d->counts.refused++;
        if ((ret != PFL_ERR_OWNED && ret != PFL_ERR_CLOSED) ||
            e->kind == PFL_EDIT_MEMORY || e->kind == PFL_EDIT_NATIVE) {
            break;      /* the rest of the answer is for its sake */
        }
        memmove(&edits[change->failed_edit], e + 1,
                (count - change->failed_edit - 1) * sizeof(*e));
        count--;
    }
    if (ret == PFL_OK) {
        unsigned i;

        d->counts.edits += count;
        for (i = 0; i < answer->edit_count; i++) {
            pdm_value_note(d, &answer->edits[i]);
        }
    }
    return ret;
}

/* What apply() would say of edits; nothing is changed. */
static int service_try(void *opaque, const struct inf_question *q,
                       const struct inf_edit *edits, unsigned count,
                       struct inf_trial *out)
{
    struct pfl_edit mapped[INF_MAX_EDITS + 1];
    struct pdm *d = opaque;
    struct inf_answer answer;
    struct pfl_change change;
    char name[PFL_NAME_MAX];
    unsigned n;
    int ret;

    memset(out, 0, sizeof(*out));
    out->messages = "";
    if (count > INF_MAX_EDITS) {
        return INF_E_RANGE;
    }
    inf_answer_init(&answer);
    memcpy(answer.edits, edits, count * sizeof(*edits));
    answer.edit_count = count;
    if (!pdm_gate(d, q, &answer, "trial", &out->messages)) {
        return INF_E_RANGE;
    }
    out->messages = "";
    n = map_edits(d, &answer, "trial", mapped, name);
    ret = pfl_try(d->board, mapped, n, &change);
    if (ret != PFL_OK) {
        out->messages = ret == PFL_ERR_INPUT ? pfl_messages(d->board) :
            pfl_strerror(ret);
        return ret == PFL_ERR_NOMEM ? INF_E_NOMEM : INF_E_FORMAT;
    }
    out->table = pfl_table(d->board, &out->size);
    return 0;
}

void pdm_services_init(struct pdm *d)
{
    d->services.version = INF_API_VERSION;
    d->services.opaque = d;
    d->services.page = service_page;
    d->services.device = service_device;
    d->services.reg = service_reg;
    d->services.console = service_console;
    d->services.log = service_log;
    d->services.beat = service_beat;
    d->services.irqs = service_irqs;
    d->services.native = service_native;
    d->services.memory = service_memory;
    d->services.stopping = service_stopping;
    d->services.try_edits = service_try;
}

/* ---- Answering ---- */

static void send_answer(struct pdm *d, uint32_t verdict,
                        const struct inf_answer *from)
{
    struct pbr_answer a;
    const void *table;
    size_t bytes = 0;
    unsigned i;

    memset(&a, 0, sizeof(a));
    a.seq = d->question.seq;
    a.generation = d->question.generation;
    a.verdict = verdict;
    a.mute = verdict == PBR_V_RETRY ? from->mute_reads : 0;
    memcpy(a.message, from->message, sizeof(a.message));
    if (verdict == PBR_V_TABLES) {
        table = pfl_table(d->board, &bytes);
        if (bytes == 0 || pbr_blob_put(d->bridge, table, bytes) != PBR_OK) {
            a.verdict = PBR_V_STOP;
            snprintf(a.message, sizeof(a.message),
                     "a table of %zu bytes does not fit", bytes);
            bytes = 0;
        }
    }
    a.blob_size = (uint32_t)bytes;
    pdm_console_put(&a, from->console_text, from->console_len);
    for (i = 0; i < from->pulse_count && i < INF_MAX_PULSES; i++) {
        pdm_send(d, PBR_F_PULSE, from->pulses[i], 0, 0);
    }
    pbr_answer_write(d->bridge, &a);
    d->asked = false;
    d->counts.verdicts[a.verdict]++;
    if (a.verdict == PBR_V_TABLES) {
        d->blob_seq = a.seq;
        d->answer_in_blob = true;
        d->hypothesis = from->hypothesis;
    }
    pdm_send(d, PBR_F_ANSWER, a.verdict, a.seq, bytes);
}

/*
 * What the folder says already, and the machine does not know: a device that
 * it lacks, or a register its table lacks.  Once for one place, so that a
 * register that is there but not active gets to the engines.
 */
static bool answer_from_profile(struct pdm *d, const struct inf_question *q)
{
    struct inf_answer answer;
    struct pfl_device device;

    if (q->kind != INF_FAULT ||
        (d->repushed_pc == q->pc && d->repushed_phys == q->phys) ||
        pfl_device_at(d->board, q->phys, &device) != PFL_OK) {
        return false;
    }
    if (q->device[0] != '\0' &&
        !pfl_has_reg(d->board, device.base, q->phys - device.base)) {
        return false;
    }
    if (pfl_load(d->board, device.name) != PFL_OK) {
        return false;
    }
    d->repushed_pc = q->pc;
    d->repushed_phys = q->phys;
    pdm_say(&d->options.log, PDM_INFO, "%s is in the board's files: loaded",
            device.name);
    inf_answer_init(&answer);
    send_answer(d, PBR_V_TABLES, &answer);
    inf_answer_dispose(&answer);
    return true;
}

static void tell_question(struct pdm *d, const struct inf_question *q)
{
    pdm_say(&d->options.log, PDM_INFO, "%s: %s of %u at 0x%" PRIx64
            "%s%s, pc 0x%" PRIx64, pbr_question_kind_name(d->question.kind),
            q->access == INF_STORE ? "store" :
            q->access == INF_EXEC ? "fetch" : "load", q->size, q->phys,
            q->device[0] != '\0' ? " in " : "", q->device, q->pc);
}

static void tell_edits(struct pdm *d, const struct inf_answer *answer)
{
    unsigned i;

    for (i = 0; i < answer->edit_count; i++) {
        const struct inf_edit *e = &answer->edits[i];

        pdm_say(&d->options.log, PDM_INFO, "  %u%% %s%s%s", e->confidence,
                e->text != NULL ? e->text : e->name,
                e->evidence != NULL ? "  // " : "",
                e->evidence != NULL ? e->evidence : "");
    }
}

static uint32_t verdict_of(const struct inf_answer *answer)
{
    static const uint32_t verdicts[] = {
        [INF_TABLES] = PBR_V_TABLES, [INF_RETRY] = PBR_V_RETRY,
        [INF_DELIVER] = PBR_V_DELIVER, [INF_RESTART] = PBR_V_RESTART,
        [INF_STOP] = PBR_V_STOP,
    };

    return verdicts[answer->verdict];
}

static void count_outcome(struct pdm *d, const struct inf_question *q,
                          const struct inf_answer *answer)
{
    char text[INF_MESSAGE_MAX + 96];

    d->counts.probes += answer->probes;
    switch (answer->outcome) {
    case INF_WAITING:
        d->counts.waiting++;
        if (q->kind == INF_STALL && answer->verdict == INF_RETRY &&
            answer->mute_reads == 0) {
            pdm_wait_note(d, q->pc, q->phys);
        }
        break;
    case INF_WITHDRAWN:
        d->counts.withdrawn++;
        break;
    case INF_UNRESOLVED:
        snprintf(text, sizeof(text), "%s at 0x%" PRIx64 ", pc 0x%" PRIx64
                 "%s%s", pbr_question_kind_name(d->question.kind), q->phys,
                 q->pc, answer->message[0] != '\0' ? ": " : "",
                 answer->message);
        pdm_unresolved(d, text);
        break;
    default:
        break;
    }
}

static void refuse(struct pdm *d, const struct pdm_engine *engine,
                   const struct inf_answer *answer)
{
    struct inf_event event;

    memset(&event, 0, sizeof(event));
    event.kind = INF_EV_REFUSED;
    event.generation = (uint32_t)d->generation;
    event.hypothesis = answer->hypothesis;
    if (engine->ops->note_event != NULL) {
        engine->ops->note_event(engine->engine, &event);
    }
}

/* Other engines may look for something better while the guest runs on. */
static void tell_others(struct pdm *d, const struct pdm_engine *engine,
                        const struct inf_question *q,
                        const struct inf_answer *answer)
{
    unsigned i;

    for (i = 0; i < d->engine_count; i++) {
        const struct pdm_engine *other = &d->engines[i];

        if (other != engine && other->ops->consider != NULL) {
            other->ops->consider(other->engine, q, answer, engine->ops->name);
        }
    }
}

static void finish(struct pdm *d, const struct inf_question *q,
                   uint32_t verdict, const struct inf_answer *answer)
{
    count_outcome(d, q, answer);
    if (verdict == PBR_V_RESTART) {
        /* It must not be forgotten, whatever ends first. */
        pdm_state_save(d);
        pfl_sync(d->board);
    }
    pdm_say(&d->options.log, PDM_INFO, "  %s %s",
            pbr_verdict_name(verdict), answer->message);
    send_answer(d, verdict, answer);
}

/* An answer that only says that its engine does not know. */
static bool knows_nothing(const struct inf_answer *answer)
{
    return answer->outcome == INF_UNRESOLVED && answer->edit_count == 0 &&
        (answer->verdict == INF_RETRY || answer->verdict == INF_DELIVER);
}

/*
 * Asks one engine and carries its answer out.  True when the question is
 * answered; *again when the engine should be asked once more.  What only
 * says that it does not know goes to @held, for the case that nobody does.
 */
static bool ask(struct pdm *d, const struct pdm_engine *engine,
                const struct inf_question *q, struct inf_answer *held,
                bool *again)
{
    struct inf_answer answer;
    struct pfl_change change;
    const char *why = NULL;
    uint32_t verdict;
    bool done = false;
    int ret;

    *again = false;
    inf_answer_init(&answer);
    ret = engine->ops->answer(engine->engine, q, &answer);
    if (ret != 0) {
        pdm_say(&d->options.log, PDM_WARN, "engine %s: %s",
                engine->ops->name, inf_strerror(ret));
        goto out;
    }
    if (answer.verdict >= INF_NONE || d->fd < 0) {
        d->counts.probes += answer.probes;
        goto out;
    }
    answer.message[INF_MESSAGE_MAX - 1] = '\0';
    if (knows_nothing(&answer)) {
        if (held->verdict == INF_NONE) {
            *held = answer;
            inf_answer_init(&answer);
        }
        goto out;
    }
    verdict = verdict_of(&answer);
    if (answer.edit_count > 0) {
        tell_edits(d, &answer);
        if (!pdm_gate(d, q, &answer, engine->ops->name, &why)) {
            pdm_say(&d->options.log, PDM_INFO, "engine %s: not used: %s",
                    engine->ops->name, why);
            refuse(d, engine, &answer);
            goto out;
        }
        ret = apply(d, &answer, engine->ops->name, &change);
        if (ret != PFL_OK) {
            refuse(d, engine, &answer);
            *again = true;
            goto out;
        }
        if (verdict == PBR_V_RETRY) {
            verdict = PBR_V_TABLES;
        }
    } else if (verdict == PBR_V_TABLES) {
        verdict = PBR_V_RETRY;
    }
    if (verdict == PBR_V_RESTART) {
        pdm_watches_note(d, &answer);
    }
    finish(d, q, verdict, &answer);
    tell_others(d, engine, q, &answer);
    done = true;
out:
    inf_answer_dispose(&answer);
    return done;
}

/* Nobody knows: the guest gets its abort, or goes on polling. */
static void give_up(struct pdm *d, const struct inf_question *q)
{
    struct inf_answer answer;
    uint32_t verdict = PBR_V_DELIVER;

    inf_answer_init(&answer);
    answer.outcome = INF_UNRESOLVED;
    if (q->kind == INF_STALL || q->kind == INF_IDLE) {
        verdict = PBR_V_RETRY;
    }
    snprintf(answer.message, sizeof(answer.message), "no engine has an "
             "answer");
    count_outcome(d, q, &answer);
    pdm_say(&d->options.log, PDM_WARN, "  no engine has an answer: %s",
            pbr_verdict_name(verdict));
    send_answer(d, verdict, &answer);
    inf_answer_dispose(&answer);
}

void pdm_answer(struct pdm *d)
{
    struct inf_answer held;
    struct inf_question q;
    unsigned i, tries;
    bool again;

    pdm_drain(d);
    map_question(d, &q);
    d->counts.questions[d->question.kind]++;
    d->work_left = true;
    tell_question(d, &q);
    if (answer_from_profile(d, &q)) {
        return;
    }
    inf_answer_init(&held);
    for (i = 0; i < d->engine_count && d->asked; i++) {
        again = true;
        for (tries = 0; again && tries < REFUSALS && d->asked; tries++) {
            if (ask(d, &d->engines[i], &q, &held, &again)) {
                goto out;
            }
        }
    }
    if (d->asked && d->fd >= 0) {
        if (held.verdict != INF_NONE) {
            finish(d, &q, verdict_of(&held), &held);
        } else {
            give_up(d, &q);
        }
    }
out:
    inf_answer_dispose(&held);
}

/* What @engine says without a question, in the board's files; true when there
 * is something to load. */
static bool review_one(struct pdm *d, const struct pdm_engine *engine,
                       struct inf_answer *answer)
{
    struct pfl_change change;
    const char *why;

    if (engine->ops->review(engine->engine, answer) != 0 ||
        answer->verdict != INF_TABLES || answer->edit_count == 0) {
        return false;
    }
    pdm_say(&d->options.log, PDM_INFO, "seen without a question:");
    tell_edits(d, answer);
    if (!pdm_gate(d, NULL, answer, engine->ops->name, &why)) {
        pdm_say(&d->options.log, PDM_INFO, "engine %s: not used: %s",
                engine->ops->name, why);
        refuse(d, engine, answer);
        return false;
    }
    if (apply(d, answer, engine->ops->name, &change) != PFL_OK) {
        refuse(d, engine, answer);
        return false;
    }
    d->work_left = true;
    return true;
}

void pdm_review(struct pdm *d)
{
    struct inf_answer answer;
    unsigned i;

    for (i = 0; i < d->engine_count; i++) {
        const struct pdm_engine *engine = &d->engines[i];

        if (engine->ops->review == NULL || d->blob_seq != 0) {
            continue;
        }
        inf_answer_init(&answer);
        if (review_one(d, engine, &answer)) {
            pdm_send_load(d, answer.console_text, answer.console_len);
        }
        inf_answer_dispose(&answer);
    }
}

void pdm_review_end(struct pdm *d)
{
    struct inf_event event;
    struct inf_answer answer;
    unsigned i;

    memset(&event, 0, sizeof(event));
    event.kind = INF_EV_SHUTDOWN;
    event.generation = (uint32_t)d->generation;
    pdm_note(d, &event);
    for (i = 0; i < d->engine_count; i++) {
        if (d->engines[i].ops->review != NULL) {
            inf_answer_init(&answer);
            review_one(d, &d->engines[i], &answer);
            inf_answer_dispose(&answer);
        }
    }
}
