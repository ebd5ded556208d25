/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of the inference daemon. */
#include "runtime/daemon/daemon.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ull
#define ATTACH_FAST_MS 10               /* between tries, at first ... */
#define ATTACH_SLOW_MS 250              /* ... and later */
#define ATTACH_FAST_TRIES 500
#define QUIET_MS 1000                   /* no work for so long: write */
#define UNQUIET_MS 5000                 /* at the latest after so long */
#define REVIEW_MS 100                   /* looks at the ring, at first ... */
#define REVIEW_IDLE_MS 1000             /* ... and when nothing comes of it */
#define REVIEWS 50                      /* so often at first */
#define SETTLE_MS 20                    /* editors save in several steps */

uint64_t pdm_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- Start and end ---- */

static void profile_log(void *opaque, enum pfl_log_level level,
                        const char *text)
{
    static const enum pdm_level levels[] = {
        [PFL_LOG_ERROR] = PDM_ERROR, [PFL_LOG_WARN] = PDM_WARN,
        [PFL_LOG_INFO] = PDM_INFO, [PFL_LOG_DEBUG] = PDM_DEBUG,
    };
    struct pdm *d = opaque;

    pdm_say(&d->options.log, levels[level], "%s", text);
}

static int open_board(struct pdm *d)
{
    struct pfl_options options;
    int ret;

    memset(&options, 0, sizeof(options));
    options.log = profile_log;
    options.opaque = d;
    options.import_dirs = d->options.import_dirs;
    options.import_dir_count = d->options.import_dir_count;
    ret = pfl_open(d->options.board, &options, &d->board);
    if (ret == PFL_OK && pfl_messages(d->board)[0] != '\0') {
        pdm_say(&d->options.log, PDM_WARN, "some files have errors and are "
                "left out until they are mended:\n%s",
                pfl_messages(d->board));
    }
    if (ret != PFL_OK) {
        pdm_say(&d->options.log, PDM_ERROR, "%s: %s%s%s", d->options.board,
                pfl_strerror(ret), ret == PFL_ERR_IO ? ": " : "",
                ret == PFL_ERR_IO ? strerror(errno) : "");
        if (d->board != NULL) {
            pdm_say(&d->options.log, PDM_ERROR, "\n%s",
                    pfl_messages(d->board));
            pfl_close(d->board);
            d->board = NULL;
        }
        return -1;
    }
    return 0;
}

static int open_engines(struct pdm *d)
{
    struct inf_options options;
    unsigned i;
    int ret;

    memset(&options, 0, sizeof(options));
    options.version = INF_API_VERSION;
    options.min_confidence = d->options.min_confidence;
    options.ai = d->options.ai;
    options.priors = d->options.priors;
    options.places = &d->options.places;
    for (i = 0; i < d->options.engine_count; i++) {
        struct pdm_engine *e = &d->engines[d->engine_count];

        e->ops = d->options.engines[i];
        ret = e->ops->version == INF_API_VERSION ?
            e->ops->open(&options, &d->services, d->evidence, &e->engine) :
            INF_E_VERSION;
        if (ret != 0) {
            pdm_say(&d->options.log, PDM_ERROR, "engine %s: %s",
                    e->ops->name, inf_strerror(ret));
            return -1;
        }
        d->engine_count++;
    }
    return 0;
}

int pdm_init(struct pdm *d, const struct pdm_options *options)
{
    static const struct pbr_shm closed = PBR_SHM_INIT;

    memset(d, 0, sizeof(*d));
    d->options = *options;
    d->fd = -1;
    d->signal_fd = -1;
    d->bridge_shm = closed;
    d->state_shm = closed;
    d->evidence = inf_evidence_new();
    if (d->evidence == NULL) {
        pdm_say(&d->options.log, PDM_ERROR, "out of memory");
        return -1;
    }
    pdm_services_init(d);
    if (open_board(d) < 0 || open_engines(d) < 0) {
        return -1;
    }
    pdm_state_restore(d);
    d->work_left = true;
    return 0;
}

static void write_all(struct pdm *d)
{
    pdm_state_save(d);
    pfl_sync(d->board);
    pdm_results_write(d);
    d->work_left = false;
    d->written_ns = pdm_now_ns();
}

void pdm_dispose(struct pdm *d)
{
    unsigned i;

    if (d->fd >= 0) {
        pdm_send(d, PBR_F_BYE, PBR_BYE_END, 0, 0);
        pdm_detach(d);
    }
    if (d->board != NULL && d->engine_count > 0) {
        pdm_review_end(d);
        pdm_replay(d);
        write_all(d);
    }
    for (i = 0; i < d->engine_count; i++) {
        d->engines[i].ops->close(d->engines[i].engine);
        free(d->engines[i].saved);
    }
    pfl_close(d->board);
    inf_evidence_free(d->evidence);
    for (i = 0; i < d->unresolved_count; i++) {
        free(d->unresolved[i]);
    }
    free(d->values);
    pdm_log_flush(&d->options.log);
    memset(d, 0, sizeof(*d));
    d->fd = -1;
}

/* ---- Edits by people ---- */

static void merge_names(struct pfl_change *to, const struct pfl_change *from)
{
    unsigned i, k;

    for (i = 0; i < from->instance_count; i++) {
        for (k = 0; k < to->instance_count; k++) {
            if (strcmp(to->instances[k], from->instances[i]) == 0) {
                break;
            }
        }
        if (k == to->instance_count && k < PFL_MAX_TOUCHED) {
            strcpy(to->instances[to->instance_count++], from->instances[i]);
        }
    }
    for (i = 0; i < from->memory_count; i++) {
        for (k = 0; k < to->memory_count; k++) {
            if (strcmp(to->memories[k], from->memories[i]) == 0) {
                break;
            }
        }
        if (k == to->memory_count && k < PFL_MAX_TOUCHED) {
            strcpy(to->memories[to->memory_count++], from->memories[i]);
        }
    }
    to->whole = to->whole || from->whole;
    to->changed = to->changed || from->changed;
}

static void look_at_folder(struct pdm *d)
{
    struct pfl_change change;
    unsigned i;
    int ret;

    d->live_edit = false;
    ret = pfl_refresh(d->board, &change);
    if (ret != PFL_OK) {
        pdm_say(&d->options.log, PDM_WARN, "%s; the last good text stays in "
                "force\n%s", pfl_strerror(ret), pfl_messages(d->board));
    }
    if (change.changed) {
        d->counts.live_edits++;
        d->work_left = true;
        for (i = 0; i < change.instance_count; i++) {
            pdm_say(&d->options.log, PDM_INFO, "%s was edited",
                    change.instances[i]);
        }
        merge_names(&d->load, &change);
    }
}

/* Gives the machine what people changed. */
static void send_edits(struct pdm *d)
{
    int ret = pfl_load_all(d->board, &d->load);

    if (ret == PFL_OK &&
        (d->load.whole ||
         d->load.instance_count + d->load.memory_count > 0)) {
        pdm_send_load(d, NULL, 0);
    } else if (ret != PFL_OK) {
        pdm_say(&d->options.log, PDM_WARN, "%s\n%s", pfl_strerror(ret),
                pfl_messages(d->board));
    }
    memset(&d->load, 0, sizeof(d->load));
}

/* ---- Loop ---- */

/* Whether an engine works on something without a question. */
static bool engines_busy(const struct pdm *d)
{
    unsigned i;

    for (i = 0; i < d->engine_count; i++) {
        const struct pdm_engine *e = &d->engines[i];

        if (e->ops->busy != NULL && e->ops->busy(e->engine)) {
            return true;
        }
    }
    return false;
}

/* What is to be done now, beside frames. */
static void do_work(struct pdm *d)
{
    uint64_t now = pdm_now_ns();
    bool free_to_load = d->greeted && d->blob_seq == 0 && !d->asked;

    if (d->asked && d->blob_seq == 0) {
        pdm_answer(d);
        d->quiet_ns = pdm_now_ns();
        d->reviews = 0;
        return;
    }
    if (d->live_edit && !d->asked && now - d->quiet_ns >= SETTLE_MS * MS) {
        look_at_folder(d);
    }
    if (d->load.changed && free_to_load) {
        send_edits(d);
        return;
    }
    if (free_to_load && now >= d->review_ns) {
        bool any = pdm_drain(d) > 0 || engines_busy(d);

        if (any) {
            pdm_review(d);
        }
        d->reviews++;
        d->review_ns = now + (any && d->reviews < REVIEWS ? REVIEW_MS :
                              REVIEW_IDLE_MS) * MS;
    }
    if (d->work_left && (now - d->quiet_ns >= QUIET_MS * MS ||
                         now - d->written_ns >= UNQUIET_MS * MS)) {
        write_all(d);
    }
}

static int soonest(int a, int b)
{
    return a < 0 || b < a ? b : a;
}

/* Milliseconds until do_work() or an attempt to attach is due; -1 never. */
static int next_timeout(const struct pdm *d, unsigned tries)
{
    uint64_t now = pdm_now_ns();
    int timeout = -1;

    if (d->fd < 0) {
        timeout = tries < ATTACH_FAST_TRIES ? ATTACH_FAST_MS :
            ATTACH_SLOW_MS;
    }
    if (d->work_left) {
        timeout = soonest(timeout, QUIET_MS);
    }
    if (d->live_edit) {
        timeout = soonest(timeout, SETTLE_MS);
    }
    if (d->greeted && d->blob_seq == 0) {
        timeout = soonest(timeout, now >= d->review_ns ? 0 :
                          (int)((d->review_ns - now) / MS) + 1);
    }
    return timeout;
}

int pdm_run(struct pdm *d, int signal_fd)
{
    struct pollfd fds[3];
    unsigned tries = 0;

    d->quiet_ns = pdm_now_ns();
    d->signal_fd = signal_fd;
    while (!d->stopping) {
        if (d->fd < 0) {
            pdm_attach(d);
            tries++;
        } else if (d->greeted) {
            tries = 0;
        }
        memset(fds, 0, sizeof(fds));
        fds[0].fd = signal_fd;
        fds[1].fd = pfl_watch_fd(d->board);
        fds[2].fd = d->fd;
        fds[0].events = fds[1].events = fds[2].events = POLLIN;
        pdm_log_flush(&d->options.log);
        if (poll(fds, 3, next_timeout(d, tries)) < 0 && errno != EINTR) {
            pdm_say(&d->options.log, PDM_ERROR, "poll: %s", strerror(errno));
            return -1;
        }
        if (fds[0].revents != 0) {
            d->stopping = true;
            continue;
        }
        if (fds[1].revents != 0 && pfl_watch_drain(d->board)) {
            d->live_edit = true;
            d->quiet_ns = pdm_now_ns();
        }
        if (d->fd >= 0 && fds[2].revents != 0) {
            pdm_receive(d);
        }
        do_work(d);
    }
    return 0;
}
