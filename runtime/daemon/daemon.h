/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inference daemon: attaches to a machine's bridge, has questions
 * answered by inference engines, keeps the answers in the board's profile.
 *
 * One thread.  Everything waits in one poll(); only an engine at work keeps
 * it from there, and then beats tell QEMU that the daemon lives.
 */
#ifndef PERIPH_RUNTIME_DAEMON_DAEMON_H
#define PERIPH_RUNTIME_DAEMON_DAEMON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/bridge/bridge-os.h"
#include "runtime/infer/ai_check.h"
#include "runtime/infer/infer.h"
#include "runtime/profile/profile.h"

#define PDM_MAX_ENGINES 8u
#define PDM_MAX_IMPORT_DIRS 16u
#define PDM_MAX_UNRESOLVED 64u
#define PDM_MAX_WAITS 64u
#define PDM_STATE_FILE ".periph-state.json"

/* ---- Log (log.c) ---- */

enum pdm_level { PDM_ERROR, PDM_WARN, PDM_INFO, PDM_DEBUG };

struct pdm_log {
    FILE *file;
    enum pdm_level level;
};

/* "error", "warn", "info", "debug"; false for anything else. */
bool pdm_level_parse(const char *word, enum pdm_level *level);
void pdm_say(const struct pdm_log *log, enum pdm_level level,
             const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Lines up to info wait for this, so that they cost a question no time. */
void pdm_log_flush(const struct pdm_log *log);

/* ---- Options ---- */

struct pdm_options {
    const char *bridge_mem;
    const char *state_mem;          /* NULL: what the bridge names */
    const char *board;
    const char *results;
    const char *image_id;           /* what runs; NULL: not known */
    const char *import_dirs[PDM_MAX_IMPORT_DIRS];
    unsigned import_dir_count;
    unsigned min_confidence;        /* 0..100 */
    const struct inf_engine_ops *engines[PDM_MAX_ENGINES];
    unsigned engine_count;
    const struct inf_ai_options *ai;    /* NULL: no model */
    struct inf_priors *priors;          /* NULL: switched off */
    struct inf_places places;
    struct pdm_log log;
};

/* ---- State ---- */

struct pdm_engine {
    const struct inf_engine_ops *ops;
    struct inf_engine *engine;
    char *saved;                    /* what save() gave last */
};

/* What an edit gave a register, for the results. */
struct pdm_value {
    uint64_t base, offset, value;
};

/* A poll that waits for input. */
struct pdm_wait {
    uint64_t pc, phys;
};

/* Counters of this daemon's life, for the results. */
struct pdm_counts {
    uint64_t questions[PBR_Q_COUNT_];
    uint64_t verdicts[PBR_V_COUNT_];
    uint64_t probes, edits, refused, lost_records;
    uint64_t live_edits, withdrawn, waiting;
};

struct pdm {
    struct pdm_options options;
    struct pfl_board *board;
    struct pdm_engine engines[PDM_MAX_ENGINES];
    unsigned engine_count;
    struct inf_evidence *evidence;
    struct inf_services services;

    /* Connection; fd is -1 and the memories closed without one. */
    struct pbr_shm bridge_shm, state_shm;
    struct pbr_bridge *bridge;
    struct pbr_ring_reader ring;
    bool have_ring;
    int fd;
    struct pbr_stream stream;
    uint64_t generation;            /* last seen, 0 never */
    char cpu_model[PBR_NAME_MAX];
    bool greeted;                   /* HELLO_ACK has come */
    bool told_waiting;              /* "waiting for a machine" was said */
    bool told_problem;              /* as was why attaching fails */
    bool told_busy;                 /* as was that another one serves it */

    /* Question in hand: QUESTION has come, the answer has not gone. */
    bool asked;
    struct pbr_question question;
    uint64_t page_seq;
    uint64_t last_beat_ns;

    /* The blob belongs to QEMU until it has acknowledged. */
    uint64_t blob_seq;              /* awaited ACK, 0 none */
    uint64_t load_seq;              /* of the last LOAD, top bit aside */
    bool answer_in_blob;            /* awaited is ANSWER_ACK, else LOAD_ACK */
    uint64_t hypothesis;            /* of the answer that is awaited */
    uint64_t repushed_pc, repushed_phys;    /* profile pushed for it */

    bool live_edit;                 /* the folder changed: look again */
    struct pfl_change load;         /* what people changed, not sent yet */
    bool stopping;
    int signal_fd;                  /* readable: the program is to end */
    bool work_left;                 /* results or state are not written */
    uint64_t quiet_ns;              /* when the last work was done */
    uint64_t written_ns;            /* when all was written last */
    uint64_t review_ns;             /* when the ring is looked at next */
    unsigned reviews;               /* looks since the last question */
    uint64_t ring_seen;             /* records taken so far */

    struct pdm_counts counts;
    struct ai_replay replay;    /* of the whole record, at the end */
    struct pdm_value *values;
    size_t value_count, value_cap;
    struct pdm_wait waits[PDM_MAX_WAITS];
    unsigned wait_count;
    bool waits_changed;
    struct pbr_frame watches[INF_MAX_WATCHES];  /* for the next life */
    unsigned watch_count;
    char *unresolved[PDM_MAX_UNRESOLVED];
    unsigned unresolved_count;
};

/* ---- Life (daemon.c) ---- */

/*
 * Opens the board and the engines.  0, or -1 with the reason logged.  @d is
 * to be disposed in any case.
 */
int pdm_init(struct pdm *d, const struct pdm_options *options);
/* Runs until @signal_fd (a signalfd) is readable; -1 on failure. */
int pdm_run(struct pdm *d, int signal_fd);
/* Writes what is left, says BYE, frees everything. */
void pdm_dispose(struct pdm *d);

uint64_t pdm_now_ns(void);

/* ---- Link (link.c) ---- */

/* One try to attach; true when connected. */
bool pdm_attach(struct pdm *d);
void pdm_detach(struct pdm *d);
/* Reads and handles what QEMU sent; detaches when it has gone. */
void pdm_receive(struct pdm *d);
/* Sends a frame; detaches on failure. */
void pdm_send(struct pdm *d, uint32_t type, uint32_t arg, uint64_t seq,
              uint64_t arg2);
/* A sign of life while an engine works, not more often than needed. */
void pdm_beat(struct pdm *d);
/* Takes new access records into the evidence; how many. */
uint64_t pdm_drain(struct pdm *d);
/* One page of the paused guest; 0 or an enum inf_error. */
int pdm_page(struct pdm *d, uint64_t address, bool virt,
             struct inf_page *out);
/* Sends the profile's table unasked, with text for the console.  Only while
 * attached, the blob is free and no question is open. */
void pdm_send_load(struct pdm *d, const uint8_t *console, size_t size);
/* The end of @text, as much as fits. */
void pdm_console_put(struct pbr_answer *a, const uint8_t *text, size_t size);

/* ---- Questions (question.c) ---- */

/* Answers the question in d->question. */
void pdm_answer(struct pdm *d);
/* Lets the engines look at new evidence without a question. */
void pdm_review(struct pdm *d);
/* The machine is gone: what engines have to say at last goes to the files. */
void pdm_review_end(struct pdm *d);
/* Tells all engines. */
void pdm_note(struct pdm *d, const struct inf_event *event);
/* Services for the engines. */
void pdm_services_init(struct pdm *d);

/* ---- Gate (gate.c) ---- */

/*
 * Whether the edits of an answer may be applied: confidence, kinds of items,
 * no word that reaches the host, places within what was seen.  @by is the
 * engine's name.  @why gets a constant text when not.
 */
bool pdm_gate(const struct pdm *d, const struct inf_question *q,
              const struct inf_answer *answer, const char *by,
              const char **why);

/* ---- Results (results.c) ---- */

/* Remembers what an applied edit gave a register. */
void pdm_value_note(struct pdm *d, const struct inf_edit *edit);
/* Adds a line to "unresolved", once. */
void pdm_unresolved(struct pdm *d, const char *text);
/* Writes the results file; false when it could not be. */
bool pdm_results_write(struct pdm *d);
/* What engines want to keep, to and from the board folder. */
void pdm_state_save(struct pdm *d);
void pdm_state_restore(struct pdm *d);

/* ---- Replay (replay.c) ---- */

/* Replays all that is recorded against the model as it is now, and says in
 * the log what reads otherwise. */
void pdm_replay(struct pdm *d);
/* Adds "replay" to the results. */
void pdm_replay_results(const struct pdm *d, cJSON *root);

/* ---- Waiting (waits.c) ---- */

/* The guest waits for input in a poll of @phys at @pc; the oldest place is
 * forgotten when there are too many. */
void pdm_wait_note(struct pdm *d, uint64_t pc, uint64_t phys);
/* Tells QEMU not to ask about them.  After HELLO_ACK. */
void pdm_waits_send(struct pdm *d);
/* Keeps what a restart is to ask about, and sends it after HELLO_ACK. */
void pdm_watches_note(struct pdm *d, const struct inf_answer *answer);
void pdm_watches_send(struct pdm *d);
/* To and from the state file; only for the images that they belong to. */
void pdm_waits_save(struct pdm *d, cJSON *root);
void pdm_waits_restore(struct pdm *d, const cJSON *root);

#endif
