/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/report.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "runtime/tools/command.h"
#include "runtime/tools/lastrun.h"
#include "runtime/tools/util.h"

#define RESULTS_MAX_BYTES (64u << 20)
#define PAGE_DEVICES 24
#define PAGE_FINDINGS 12
#define PAGE_UNRESOLVED 6

void report_count(const struct pcc_model *model, struct model_counts *out)
{
    const struct pcc_board *board = model->board;
    size_t i, j;

    *out = (struct model_counts) { 0 };
    for (i = 0; i < board->instance_count; i++) {
        const struct pcc_instance *instance = &board->instances[i];
        const struct pcc_device *device = &model->devices[instance->device];

        out->peripherals++;
        if (instance->origin.owner == PCC_INFERRED) {
            out->inferred_peripherals++;
        }
        out->registers += (unsigned)device->reg_count;
        for (j = 0; j < device->reg_count; j++) {
            if (device->regs[j].origin.owner == PCC_INFERRED) {
                out->inferred_registers++;
            }
        }
    }
    for (i = 0; i < board->wire_count; i++) {
        if (board->wires[i].origin.owner == PCC_INFERRED) {
            out->irqs_inferred++;
        }
    }
}

/* ---- what the daemon wrote ---- */

/* What was known beforehand, a line each. */
static void read_priors(const cJSON *json, struct daemon_results *out)
{
    const cJSON *item, *file, *kind, *answers, *list;

    list = cJSON_GetObjectItemCaseSensitive(json, "priors");
    cJSON_ArrayForEach(item, list) {
        file = cJSON_GetObjectItemCaseSensitive(item, "file");
        kind = cJSON_GetObjectItemCaseSensitive(item, "kind");
        answers = cJSON_GetObjectItemCaseSensitive(item, "answers");
        if (out->prior_count < REPORT_PRIORS && cJSON_IsString(file) &&
            cJSON_IsString(kind) && cJSON_IsNumber(answers)) {
            out->priors[out->prior_count].answers =
                (unsigned)answers->valuedouble;
            out->priors[out->prior_count++].text =
                text_new("%s of %s", kind->valuestring, file->valuestring);
        }
    }
}

static void read_results(const char *path, struct daemon_results *out)
{
    size_t len;
    char *text = file_read(path, RESULTS_MAX_BYTES, &len);
    cJSON *json = text ? cJSON_Parse(text) : NULL;
    const cJSON *item, *list;

    *out = (struct daemon_results) { 0 };
    item = cJSON_GetObjectItemCaseSensitive(json, "probes");
    if (cJSON_IsNumber(item) && item->valuedouble >= 0) {
        out->probes = (unsigned)item->valuedouble;
    }
    item = cJSON_GetObjectItemCaseSensitive(json, "withdrawn");
    if (cJSON_IsNumber(item) && item->valuedouble >= 0) {
        out->withdrawn = (unsigned)item->valuedouble;
    }
    read_priors(json, out);
    out->replay = cJSON_DetachItemFromObjectCaseSensitive(json, "replay");
    list = cJSON_GetObjectItemCaseSensitive(json, "unresolved");
    cJSON_ArrayForEach(item, list) {
        if (out->unresolved_count == REPORT_UNRESOLVED) {
            break;
        }
        if (cJSON_IsString(item)) {
            out->unresolved[out->unresolved_count++] =
                text_new("%s", item->valuestring);
        }
    }
    cJSON_Delete(json);
    free(text);
}

static void results_dispose(struct daemon_results *r)
{
    unsigned i;

    for (i = 0; i < r->unresolved_count; i++) {
        free(r->unresolved[i]);
    }
    for (i = 0; i < r->prior_count; i++) {
        free(r->priors[i].text);
    }
    cJSON_Delete(r->replay);
}

/* ---- JSON ---- */

static void add_latency(cJSON *to, const struct figures *f, const char *name,
                        uint32_t kind)
{
    struct pbr_latency latency = figures_latency(f, kind);
    cJSON *item = cJSON_AddObjectToObject(to, name);

    cJSON_AddNumberToObject(item, "p50", latency.p50);
    cJSON_AddNumberToObject(item, "p99", latency.p99);
    cJSON_AddNumberToObject(item, "max", latency.max);
}

static cJSON *priors_json(const struct daemon_results *r)
{
    cJSON *list = cJSON_CreateArray();
    unsigned i;

    for (i = 0; i < r->prior_count; i++) {
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "prior", r->priors[i].text);
        cJSON_AddNumberToObject(item, "answers", r->priors[i].answers);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *make_json(const struct session *s, const struct model_counts *m,
                        const struct daemon_results *r)
{
    const struct figures *f = &s->figures;
    double seconds = s->stages.ended - s->stages.begin;
    cJSON *json = cJSON_CreateObject(), *latency, *unresolved;
    unsigned i;

    cJSON_AddStringToObject(json, "board", s->board.name);
    cJSON_AddStringToObject(json, "outcome", outcome_name(s->outcome));
    cJSON_AddNumberToObject(json, "seconds", round(seconds * 1000) / 1000);
    cJSON_AddNumberToObject(json, "faults",
                            (double)f->questions[PBR_Q_FAULT]);
    cJSON_AddNumberToObject(json, "stalls",
                            (double)f->questions[PBR_Q_STALL]);
    cJSON_AddNumberToObject(json, "idles",
                            (double)f->questions[PBR_Q_IDLE]);
    cJSON_AddNumberToObject(json, "restarts", s->restarts);
    cJSON_AddNumberToObject(json, "probes", r->probes);
    cJSON_AddNumberToObject(json, "timeouts", (double)f->timeouts);
    cJSON_AddNumberToObject(json, "irqs_inferred", m->irqs_inferred);
    cJSON_AddNumberToObject(json, "peripherals", m->peripherals);
    cJSON_AddNumberToObject(json, "registers", m->registers);
    cJSON_AddNumberToObject(json, "inferred_registers",
                            m->inferred_registers);
    latency = cJSON_AddObjectToObject(json, "latency_us");
    add_latency(latency, f, "fault", PBR_Q_FAULT);
    add_latency(latency, f, "stall", PBR_Q_STALL);
    cJSON_AddItemToObject(json, "priors", priors_json(r));
    if (r->replay) {
        cJSON_AddItemToObject(json, "replay",
                              cJSON_Duplicate(r->replay, true));
    }
    unresolved = cJSON_AddArrayToObject(json, "unresolved");
    for (i = 0; i < r->unresolved_count; i++) {
        cJSON_AddItemToArray(unresolved,
                             cJSON_CreateString(r->unresolved[i]));
    }
    return json;
}

static int write_json(const struct session *s, const struct model_counts *m,
                      const struct daemon_results *r)
{
    cJSON *json = make_json(s, m, r);
    char *text = cJSON_Print(json), *lines = NULL;
    int status = STATUS_OK;

    if (text) {
        lines = text_new("%s\n", text);
    }
    if (!text || pcc_write_file(s->options->report, lines,
                                strlen(lines)) != 0) {
        say("%s: %s", s->options->report, strerror(errno));
        status = STATUS_USAGE;
    }
    free(lines);
    free(text);
    cJSON_Delete(json);
    return status;
}

/* ---- the page ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_latency(const struct figures *f, const char *name,
                          uint32_t kind)
{
    struct pbr_latency latency = figures_latency(f, kind);

    if (latency.count > 0) {
        fprintf(stderr, "  %-9s %6" PRIu64 " answer%s, median %.2f ms, "
                "99 %% %.2f ms, longest %.2f ms\n", name, latency.count,
                plural(latency.count), latency.p50 / 1000.0,
                latency.p99 / 1000.0, latency.max / 1000.0);
    }
}

static void print_priors(const struct session *s,
                         const struct daemon_results *r)
{
    unsigned i;

    if (s->options->no_priors) {
        fputs("priors      none: --no-priors\n", stderr);
    }
    for (i = 0; i < r->prior_count; i++) {
        fprintf(stderr, "%-11s %s, %u answer%s\n", i ? "" : "priors",
                r->priors[i].text, r->priors[i].answers,
                plural(r->priors[i].answers));
    }
}

static void print_questions(const struct session *s,
                            const struct daemon_results *r)
{
    const struct figures *f = &s->figures;

    if (s->options->no_infer) {
        fputs("questions   none asked: --no-infer\n", stderr);
        if (f->questions[PBR_Q_FAULT] > 0) {
            fprintf(stderr, "  %" PRIu64 " access%s found nothing and ended "
                    "as a bus error\n", f->questions[PBR_Q_FAULT],
                    f->questions[PBR_Q_FAULT] == 1 ? "" : "es");
        }
        return;
    }
    fprintf(stderr, "questions   %" PRIu64 " fault%s, %" PRIu64 " stall%s, "
            "%" PRIu64 " crash%s; %u restart%s, %u probe%s, %" PRIu64
            " time-out%s\n",
            f->questions[PBR_Q_FAULT], plural(f->questions[PBR_Q_FAULT]),
            f->questions[PBR_Q_STALL], plural(f->questions[PBR_Q_STALL]),
            f->questions[PBR_Q_CRASH],
            f->questions[PBR_Q_CRASH] == 1 ? "" : "es",
            s->restarts, plural(s->restarts), r->probes, plural(r->probes),
            f->timeouts, plural(f->timeouts));
    if (f->questions[PBR_Q_FETCH] > 0) {
        fprintf(stderr, "  %" PRIu64 " jump%s to where nothing is\n",
                f->questions[PBR_Q_FETCH], plural(f->questions[PBR_Q_FETCH]));
    }
    print_latency(f, "fault", PBR_Q_FAULT);
    print_latency(f, "stall", PBR_Q_STALL);
    print_priors(s, r);
}

static unsigned least_confidence(const struct pcc_device *device)
{
    unsigned least = device->origin.confidence;
    size_t i;

    for (i = 0; i < device->reg_count; i++) {
        if (device->regs[i].origin.confidence < least) {
            least = device->regs[i].origin.confidence;
        }
    }
    return least;
}

static void print_devices(const struct pcc_model *model)
{
    const struct pcc_board *board = model->board;
    size_t i;

    for (i = 0; i < board->instance_count && i < PAGE_DEVICES; i++) {
        const struct pcc_instance *instance = &board->instances[i];
        const struct pcc_device *device = &model->devices[instance->device];

        fprintf(stderr, "  %-16s 0x%08" PRIx64 " %4zu register%-2s %s",
                instance->name, instance->address, device->reg_count,
                plural(device->reg_count),
                instance->origin.owner == PCC_INFERRED ? "inferred" :
                pcc_owner_name(instance->origin.owner));
        if (least_confidence(device) < 100) {
            fprintf(stderr, ", confidence from %u %%",
                    least_confidence(device));
        }
        fputs(i == board->console ? ", the console\n" : "\n", stderr);
    }
    if (i < board->instance_count) {
        fprintf(stderr, "  and %zu more\n", board->instance_count - i);
    }
}

/* What the board lacked: memories, and devices of the core. */
static void print_added(const struct pcc_model *model)
{
    const struct pcc_board *board = model->board;
    size_t i;

    for (i = 0; i < board->memory_count; i++) {
        const struct pcc_memory *m = &board->memories[i];

        if (m->origin.owner == PCC_INFERRED) {
            fprintf(stderr, "  %-16s 0x%08" PRIx64 " memory of 0x%" PRIx64
                    " bytes, inferred (%u %%)%s%s\n", m->name, m->base,
                    m->size, m->origin.confidence,
                    m->origin.evidence ? ": " : "",
                    m->origin.evidence ? m->origin.evidence : "");
        }
    }
    for (i = 0; i < board->native_count; i++) {
        const struct pcc_native *n = &board->natives[i];

        if (n->origin.owner == PCC_INFERRED) {
            fprintf(stderr, "  %-16s 0x%08" PRIx64 " %s of QEMU, inferred "
                    "(%u %%)%s%s\n", n->name, n->addresses[0], n->type,
                    n->origin.confidence, n->origin.evidence ? ": " : "",
                    n->origin.evidence ? n->origin.evidence : "");
        }
    }
}

/* Items that were not merely remembered: those with evidence in words. */
static void print_findings(const struct pcc_model *model)
{
    unsigned shown = 0, more = 0;
    size_t i, j;

    for (i = 0; i < model->board->instance_count; i++) {
        const struct pcc_instance *instance = &model->board->instances[i];
        const struct pcc_device *device = &model->devices[instance->device];

        for (j = 0; j < device->reg_count; j++) {
            const struct pcc_origin *origin = &device->regs[j].origin;

            if (origin->owner != PCC_INFERRED || !origin->evidence) {
                continue;
            }
            if (shown == PAGE_FINDINGS) {
                more++;
                continue;
            }
            if (shown++ == 0) {
                fputs("findings\n", stderr);
            }
            fprintf(stderr, "  %s.%s (%u %%): %s\n", instance->name,
                    device->regs[j].name, origin->confidence,
                    origin->evidence);
        }
    }
    if (more > 0) {
        fprintf(stderr, "  and %u more\n", more);
    }
}

/* What the guest read when the model was another one yet. */
static void print_replay(const struct daemon_results *r)
{
    const cJSON *reads, *different;

    reads = cJSON_GetObjectItemCaseSensitive(r->replay, "reads");
    different = cJSON_GetObjectItemCaseSensitive(r->replay, "different");
    if (cJSON_IsNumber(different) && cJSON_IsNumber(reads) &&
        different->valuedouble > 0) {
        fprintf(stderr, "replay      %.0f of %.0f recorded reads would read "
                "otherwise now; `periph explain` lists them\n",
                different->valuedouble, reads->valuedouble);
    }
}

static void print_unresolved(const struct daemon_results *r)
{
    unsigned i;

    if (r->unresolved_count == 0) {
        return;
    }
    fputs("unknown\n", stderr);
    for (i = 0; i < r->unresolved_count && i < PAGE_UNRESOLVED; i++) {
        fprintf(stderr, "  %s\n", r->unresolved[i]);
    }
    if (i < r->unresolved_count) {
        fprintf(stderr, "  and %u more\n", r->unresolved_count - i);
    }
}

static void print_stages(const struct stages *t)
{
    fputs("seconds     ", stderr);
    if (t->fetching >= 0.005) {
        fprintf(stderr, "image %.2f, ", t->fetching);
    }
    fprintf(stderr, "compile %.2f", t->compiled - t->begin);
    if (t->started > 0) {
        fprintf(stderr, ", start %.2f", t->started - t->compiled);
        if (t->spoke > 0) {
            fprintf(stderr, ", to the first character %.2f",
                    t->spoke - t->started);
        }
        fprintf(stderr, ", guest %.2f", t->ended - t->started);
    }
    fprintf(stderr, ", end %.2f\n", t->closed - t->ended);
}

static void print_page(const struct session *s, const struct pcc_model *model,
                       const struct model_counts *m,
                       const struct daemon_results *r)
{
    fprintf(stderr, "\n---- %s: %s after %.1f s%s%s\n", s->board.name,
            outcome_name(s->outcome), s->stages.ended - s->stages.begin,
            *s->reason ? ": " : "", s->reason);
    print_questions(s, r);
    if (model) {
        fprintf(stderr, "model       %u peripheral%s (%u inferred), "
                "%u register%s (%u inferred)\n", m->peripherals,
                plural(m->peripherals), m->inferred_peripherals,
                m->registers, plural(m->registers), m->inferred_registers);
        print_devices(model);
        print_added(model);
        print_findings(model);
    }
    print_unresolved(r);
    print_replay(r);
    print_stages(&s->stages);
    fprintf(stderr, "files       %s (logs, results: %s)\n", s->board.dir,
            s->log_dir);
    if (s->outcome == OUTCOME_STUCK || s->outcome == OUTCOME_CRASHED ||
        s->outcome == OUTCOME_TIMEOUT || s->outcome == OUTCOME_AVOIDED) {
        fprintf(stderr, "next        periph explain %s tells more\n",
                s->named);
    }
}

int report_run(const struct session *s)
{
    struct model_counts counts = { 0 };
    struct daemon_results results = { 0 };
    struct pcc *pcc = NULL;
    const struct pcc_model *model = NULL;
    int status = STATUS_OK;

    if (!s->options->no_infer) {
        read_results(s->results, &results);
    }
    if (board_compile(s->work_dir, BOARD_SAYS_ERRORS, &pcc) == STATUS_OK) {
        model = pcc_get_model(pcc);
        report_count(model, &counts);
    }
    print_page(s, model, &counts, &results);
    lastrun_write(s, make_json(s, &counts, &results), results.withdrawn);
    if (s->options->report) {
        status = write_json(s, &counts, &results);
    }
    pcc_free(pcc);
    results_dispose(&results);
    return status;
}
