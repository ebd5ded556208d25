/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Codec of the bridge: pure functions over mapped shared memory, without
 * system calls, allocation, globals or waiting.  Both QEMU and the daemon
 * link it; the helpers that open shared memories and sockets are apart, in
 * bridge-os.h.
 *
 * The other side is never trusted: each read function copies first and
 * then checks the copy, so that a caller only ever sees values in range and
 * terminated texts.  One thread of one process writes a slot or the ring.
 */
#ifndef PERIPH_RUNTIME_BRIDGE_BRIDGE_H
#define PERIPH_RUNTIME_BRIDGE_BRIDGE_H

#include <stdbool.h>

#include "runtime/bridge/layout.h"

enum pbr_error {
    PBR_OK = 0,
    PBR_ERR_EMPTY = -1,     /* nothing there (yet) */
    PBR_ERR_TORN = -2,      /* the writer is at it or died at it: retry */
    PBR_ERR_BAD = -3,       /* content out of range */
    PBR_ERR_VERSION = -4,   /* magic fits, version does not */
    PBR_ERR_MAGIC = -5,     /* not a memory of this kind */
    PBR_ERR_SIZE = -6,      /* too large, or sizes that contradict */
    PBR_ERR_IN_USE = -7,    /* another living process has this name */
    PBR_ERR_OWNER = -8,     /* belongs to another user, or open to others */
    PBR_ERR_NAME = -9,      /* name empty, too long or with bad characters */
    PBR_ERR_OS = -10,       /* system call failed, errno says why */
    PBR_ERR_AGAIN = -11,    /* would block */
    PBR_ERR_CLOSED = -12,   /* the peer has gone */
    PBR_ERR_LAST_ = -12
};

/* A sentence without full stop for an enum pbr_error; never NULL. */
const char *pbr_strerror(int err);

/* Words for enumerations ("fault", "tables", ...); "?" out of range. */
const char *pbr_question_kind_name(uint32_t kind);
const char *pbr_verdict_name(uint32_t verdict);
const char *pbr_frame_type_name(uint32_t type);
const char *pbr_event_name(uint32_t event);
const char *pbr_page_kind_name(uint32_t kind);

/* ---- Bridge memory ---- */

struct pbr_bridge_options {
    uint32_t qemu_pid;
    uint32_t arch;                  /* enum pbr_arch of cpu 0 */
    uint32_t cpu_count;
    const char *cpu_model;          /* texts are cut to their arrays */
    const char *state_mem;
    const char *board;              /* or NULL */
    uint64_t generation;            /* not 0, differs between starts */
};

/* Formats zeroed memory of sizeof(struct pbr_bridge) bytes; the magic is
 * written last. */
void pbr_bridge_format(struct pbr_bridge *mem,
                       const struct pbr_bridge_options *options);

/*
 * Copies and checks the header of a memory of @size bytes.  Returns PBR_OK,
 * PBR_ERR_MAGIC, PBR_ERR_VERSION, PBR_ERR_SIZE or PBR_ERR_BAD.
 */
int pbr_bridge_check(const struct pbr_bridge *mem, uint64_t size,
                     struct pbr_bridge_header *header);

/* New generation after a system reset (QEMU). */
void pbr_bridge_set_generation(struct pbr_bridge *mem, uint64_t generation);
uint64_t pbr_bridge_generation(const struct pbr_bridge *mem);

/* Signs of life that tools can see without the socket. */
void pbr_bridge_qemu_beat(struct pbr_bridge *mem);
void pbr_bridge_daemon_beat(struct pbr_bridge *mem, uint32_t pid);

/* Which question is open (QEMU); 0 none. */
void pbr_bridge_set_open(struct pbr_bridge *mem, uint64_t seq);
uint64_t pbr_bridge_open(const struct pbr_bridge *mem);

/*
 * Slots.  A write replaces the content and never fails; it repairs a lock
 * that a dead writer left odd.  A read returns PBR_OK, PBR_ERR_EMPTY (never
 * written), PBR_ERR_TORN (being written after a few tries) or PBR_ERR_BAD;
 * the output is untouched unless PBR_OK.
 */
void pbr_question_write(struct pbr_bridge *mem, const struct pbr_question *q);
int pbr_question_read(const struct pbr_bridge *mem, struct pbr_question *q);
void pbr_answer_write(struct pbr_bridge *mem, const struct pbr_answer *a);
int pbr_answer_read(const struct pbr_bridge *mem, struct pbr_answer *a);
void pbr_page_request_write(struct pbr_bridge *mem,
                            const struct pbr_page_request *r);
int pbr_page_request_read(const struct pbr_bridge *mem,
                          struct pbr_page_request *r);
void pbr_page_reply_write(struct pbr_bridge *mem,
                          const struct pbr_page_reply *r);
int pbr_page_reply_read(const struct pbr_bridge *mem,
                        struct pbr_page_reply *r);
void pbr_event_write(struct pbr_bridge *mem, const struct pbr_event_info *e);
int pbr_event_read(const struct pbr_bridge *mem, struct pbr_event_info *e);
void pbr_note_write(struct pbr_bridge *mem, const struct pbr_note *n);
int pbr_note_read(const struct pbr_bridge *mem, struct pbr_note *n);
void pbr_irqs_write(struct pbr_bridge *mem, const struct pbr_irqs *irqs);
int pbr_irqs_read(const struct pbr_bridge *mem, struct pbr_irqs *irqs);

/*
 * Blob: the daemon puts a .ptab there before ANSWER or LOAD and leaves it
 * alone until the ACK.  PBR_ERR_SIZE when it does not fit.  pbr_blob_copy
 * gives QEMU its private copy of the first @size bytes: validate that.
 */
int pbr_blob_put(struct pbr_bridge *mem, const void *bytes, uint64_t size);
int pbr_blob_copy(const struct pbr_bridge *mem, void *to, uint64_t size);

/* ---- Statistics (QEMU writes, anybody reads) ---- */

/* One question ended with @verdict after @us microseconds. */
void pbr_stats_answered(struct pbr_bridge *mem, uint32_t kind,
                        uint32_t verdict, uint64_t us);
/* Adds one to a counter inside @stats, visible to readers at once. */
void pbr_stats_count(uint64_t *counter);

struct pbr_latency {
    uint64_t count;                 /* among the last 65536 answers */
    uint32_t p50, p99, max;         /* microseconds */
};

/*
 * Percentiles for one question kind (0: all).  @scratch holds
 * PBR_LATENCY_COUNT values.  All zero when there is none.
 */
void pbr_stats_latency(const struct pbr_bridge *mem, uint32_t kind,
                       uint32_t *scratch, struct pbr_latency *out);

/* ---- State memory ---- */

/* Bytes for a ring of @capacity records (a power of two within
 * PBR_RECORDS_MIN..MAX) of @record_size (PBR_RECORD_MIN or _FULL); 0 when
 * one of them is not allowed. */
uint64_t pbr_state_size(uint32_t capacity, uint32_t record_size);

struct pbr_state_options {
    uint32_t qemu_pid;
    uint32_t arch;
    uint32_t capacity;
    uint32_t record_size;
    uint64_t generation;
};

/* Formats zeroed memory of pbr_state_size() bytes. */
int pbr_state_format(struct pbr_state *mem,
                     const struct pbr_state_options *options);
/* As pbr_bridge_check(). */
int pbr_state_check(const struct pbr_state *mem, uint64_t size,
                    struct pbr_state_header *header);

/*
 * Writer of the ring.  Keeps its own copy of the geometry: what a reader
 * scribbles into the header cannot lead it out of the mapping.
 */
struct pbr_ring_writer {
    struct pbr_state *mem;
    uint8_t *ring;
    uint64_t head;                  /* records written */
    uint32_t mask;
    uint32_t record_size;
};

/* @size: bytes mapped at @mem.  PBR_ERR_SIZE when it does not hold what the
 * (just formatted) header says. */
int pbr_ring_writer_init(struct pbr_ring_writer *w, struct pbr_state *mem,
                         uint64_t size);
/*
 * Appends one record; record->seq is ignored.  @regs: PBR_RECORD_REGS
 * values or NULL; dropped where the ring has short records.
 */
void pbr_ring_put(struct pbr_ring_writer *w, const struct pbr_record *record,
                  const uint64_t *regs);

/* Reader: any number, each with its own cursor. */
struct pbr_ring_reader {
    const struct pbr_state *mem;
    const uint8_t *ring;
    uint64_t cursor;                /* next record to read */
    uint64_t lost;                  /* overwritten before they were read */
    uint64_t generation;            /* of the header when last looked at */
    uint32_t mask;
    uint32_t record_size;
};

/*
 * Starts at the oldest record still there (@from_start) or after the newest.
 * Checks the header as pbr_state_check() does and keeps its geometry.
 */
int pbr_ring_reader_init(struct pbr_ring_reader *r,
                         const struct pbr_state *mem, uint64_t size,
                         bool from_start);
/*
 * Next record: 1 with @record (and @regs, PBR_RECORD_REGS values or NULL),
 * 0 at the end.  Records that were overwritten meanwhile are counted in
 * r->lost and skipped.  Never loops longer than one ring.
 */
int pbr_ring_get(struct pbr_ring_reader *r, struct pbr_record *record,
                 uint64_t *regs);

/* Directory of regions; @index below PBR_REGIONS_MAX.  A count may be
 * raised only after the entries below it were set. */
int pbr_region_set(struct pbr_state *mem, uint32_t index,
                   const struct pbr_region *region);
/* Adds to the counters of one entry without taking the lock. */
void pbr_region_count(struct pbr_state *mem, uint32_t index, bool write);
/* Entries in use. */
uint32_t pbr_regions(const struct pbr_state *mem);
/* PBR_OK, PBR_ERR_EMPTY (free or past the end), PBR_ERR_TORN. */
int pbr_region_get(const struct pbr_state *mem, uint32_t index,
                   struct pbr_region *region);

/* ---- Frames ---- */

void pbr_frame_encode(uint8_t bytes[PBR_FRAME_SIZE],
                      const struct pbr_frame *frame);
/* PBR_ERR_BAD for an unknown type. */
int pbr_frame_decode(const uint8_t bytes[PBR_FRAME_SIZE],
                     struct pbr_frame *frame);

/* Version word of HELLO and HELLO_ACK, and whether the peer's fits ours. */
#define PBR_HELLO_ARG ((PBR_VERSION << 16) | PBR_COMPAT)
bool pbr_hello_fits(uint32_t arg);

/* Cuts a byte stream into frames. */
struct pbr_stream {
    uint32_t have;                  /* bytes in buf */
    uint8_t buf[64 * PBR_FRAME_SIZE];
};

void pbr_stream_init(struct pbr_stream *s);
/* Where to read into, and how much fits (at least one byte as long as
 * pbr_stream_get() is called until it returns 0). */
uint8_t *pbr_stream_space(struct pbr_stream *s, uint32_t *bytes);
/* @bytes have been read into the space. */
void pbr_stream_added(struct pbr_stream *s, uint32_t bytes);
/* 1 with a frame, 0 when more bytes are needed, PBR_ERR_BAD (close it). */
int pbr_stream_get(struct pbr_stream *s, struct pbr_frame *frame);

#endif
