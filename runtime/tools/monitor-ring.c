/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Following the ring of a QEMU that comes and goes. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/tools/command.h"
#include "runtime/tools/monitor.h"
#include "runtime/tools/util.h"

#define SHM_FOLDER "/dev/shm"
#define SEEN_MAX 65536
#define MAX_TRIES 250           /* 5 seconds */

/* ---- Which memory ---- */

/* Memories that killed processes left behind are nobody's. */
static bool is_alive(uint32_t pid)
{
    return pid <= INT32_MAX && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static bool is_state(const char *name)
{
    struct pbr_shm shm = PBR_SHM_INIT;
    struct pbr_state_header head;
    bool is = pbr_shm_attach(&shm, name, sizeof(struct pbr_state),
                             false) == PBR_OK &&
        pbr_state_check(shm.mem, shm.size, &head) == PBR_OK &&
        is_alive(head.qemu_pid);

    pbr_shm_close(&shm);
    return is;
}

/* The only one of this user; says so where there are several. */
static int choose(struct monitor *m)
{
    DIR *dir = opendir(SHM_FOLDER);
    struct dirent *entry;
    char *names = text_new("%s", ""), *more;
    unsigned count = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        if (strlen(entry->d_name) + 2 <= PBR_NAME_MAX &&
            is_state(entry->d_name)) {
            snprintf(m->name, sizeof(m->name), "/%.62s", entry->d_name);
            more = text_new("%s  --state-mem %s\n", names, m->name);
            free(names);
            names = more;
            count++;
        }
    }
    if (dir) {
        closedir(dir);
    }
    if (count > 1) {
        say("several QEMUs record accesses; say which one is meant:\n%s",
            names);
    } else if (count == 0) {
        strcpy(m->name, PBR_DEFAULT_STATE);
    }
    free(names);
    return count > 1 ? STATUS_USAGE : STATUS_OK;
}

int monitor_find(struct monitor *m)
{
    m->colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR") &&
        !m->options.json;
    if (!m->options.state_mem) {
        return choose(m);
    }
    if (pbr_shm_name(m->options.state_mem, m->name) != PBR_OK) {
        say("--state-mem '%s': %s", m->options.state_mem,
            pbr_strerror(PBR_ERR_NAME));
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

/* ---- Attaching ---- */

/* The board that this QEMU says it runs, where it has a bridge memory. */
static void find_board(struct monitor *m)
{
    DIR *dir = m->decoder ? NULL : opendir(SHM_FOLDER);
    struct pbr_bridge_header head;
    struct dirent *entry;

    while (dir && !m->decoder && (entry = readdir(dir)) != NULL) {
        struct pbr_shm shm = PBR_SHM_INIT;

        if (strlen(entry->d_name) + 2 <= PBR_NAME_MAX &&
            pbr_shm_attach(&shm, entry->d_name, sizeof(struct pbr_bridge),
                           false) == PBR_OK &&
            pbr_bridge_check(shm.mem, shm.size, &head) == PBR_OK &&
            strcmp(head.state_mem, m->name) == 0 && head.board[0] &&
            !strchr(head.board, '/')) {
            decoder_open(head.board, true, &m->decoder);
        }
        pbr_shm_close(&shm);
    }
    if (dir) {
        closedir(dir);
    }
}

static void start_reader(struct monitor *m, uint32_t capacity)
{
    uint64_t head = m->reader.cursor;
    uint64_t last = m->options.last;

    if (last == MONITOR_LAST_DEFAULT) {
        last = m->options.follow && !m->waiting ? 0 : capacity;
    }
    last = last < capacity ? last : capacity;
    m->reader.cursor = head > last ? head - last : 0;
    memset(m->counted, 0, sizeof(m->counted));
    memset(m->irqs.depth, 0, sizeof(m->irqs.depth));
}

static int refuse(struct monitor *m, int err)
{
    pbr_shm_close(&m->shm);
    if (err != PBR_ERR_EMPTY) {
        say("the shared memory '%s' cannot be read: %s", m->name,
            pbr_strerror(err));
        return STATUS_USAGE;
    }
    if (!m->options.follow) {
        say("there is no shared memory '%s': no QEMU records accesses there;"
            "\nstart one with -device mmio-proxy or by periph run, or see"
            " periph monitor --help", m->name);
        return STATUS_USAGE;
    }
    if (!m->waiting) {
        say("waiting for a QEMU that makes '%s'", m->name);
        m->waiting = true;
    }
    return STATUS_OK;
}

static void detach(struct monitor *m)
{
    m->lost += m->reader.lost;
    m->reader.lost = 0;
    m->attached = false;
    m->waiting = true;
    pbr_shm_close(&m->shm);
    say("QEMU has ended or was started again");
}

int monitor_attach(struct monitor *m)
{
    struct pbr_state_header head;
    int err;

    if (m->attached && pbr_shm_replaced(&m->shm)) {
        monitor_drain(m);
        detach(m);
    }
    if (m->attached) {
        return STATUS_OK;
    }
    err = pbr_shm_attach(&m->shm, m->name, sizeof(struct pbr_state), false);
    if (err != PBR_OK) {
        return refuse(m, err);
    }
    err = pbr_state_check(m->shm.mem, m->shm.size, &head);
    if (err == PBR_ERR_MAGIC && m->waiting && m->tries++ < MAX_TRIES) {
        /* Just made: its magic number is written last. */
        pbr_shm_close(&m->shm);
        return STATUS_OK;
    }
    m->tries = 0;
    if (err == PBR_OK) {
        err = pbr_ring_reader_init(&m->reader, m->shm.mem, m->shm.size,
                                   false);
    }
    if (err != PBR_OK) {
        return refuse(m, err);
    }
    m->arch = head.arch;
    m->attached = true;
    start_reader(m, head.capacity);
    m->waiting = false;
    find_board(m);
    return STATUS_OK;
}

/* ---- Records ---- */

static void note_seen(struct monitor *m, const struct pbr_record *r)
{
    struct monitor_seen *s = NULL, *grown;
    size_t i;

    for (i = 0; i < m->seen_count && !s; i++) {
        s = m->seen[i].address == r->address ? &m->seen[i] : NULL;
    }
    if (!s) {
        grown = m->seen_count >= SEEN_MAX ? NULL :
            realloc(m->seen, (m->seen_count + 1) * sizeof(*grown));
        if (!grown) {
            return;
        }
        m->seen = grown;
        s = grown + m->seen_count++;
        memset(s, 0, sizeof(*s));
        s->address = r->address;
        s->offset = r->offset;
    }
    s->size = r->size;
    if (r->flags & PBR_R_WRITE) {
        s->writes++;
        s->written = r->value;
    } else {
        s->reads++;
        s->read = r->value;
    }
}

/* Tables are wanted alone, unless they come at the end of what is followed. */
static bool wants_lines(const struct monitor *m)
{
    return !m->options.rates && !m->options.regions &&
        (m->options.follow || !m->options.interrupts);
}

static void take(struct monitor *m, const struct pbr_record *r,
                 const uint64_t *regs)
{
    struct pbr_region region;
    struct decoded d;
    bool known = pbr_region_get(m->shm.mem, r->device, &region) == PBR_OK;

    traffic_irqs_add(&m->irqs, r);
    decoder_access(m->decoder, r->address, r->size, r->value, &d);
    if (!traffic_wants(&m->filter, r, known ? region.name : NULL, d.instance,
                       d.reg)) {
        return;
    }
    m->shown++;
    if (m->options.device && !m->options.follow) {
        note_seen(m, r);
    } else if (wants_lines(m)) {
        monitor_print_record(m, r, regs);
    }
}

void monitor_drain(struct monitor *m)
{
    uint64_t regs[PBR_RECORD_REGS];
    struct pbr_record r;
    double now;

    while (!monitor_is_done(m) && pbr_ring_get(&m->reader, &r, regs) == 1) {
        take(m, &r, regs);
    }
    now = now_seconds();
    if (m->options.rates > 0 && now - m->rates_at >= m->options.rates) {
        monitor_print_rates(m, m->rates_at ? now - m->rates_at : 0);
        m->rates_at = now;
    }
    fflush(stdout);
}

bool monitor_is_done(const struct monitor *m)
{
    return m->options.count > 0 && m->shown >= m->options.count;
}

void monitor_finish(struct monitor *m)
{
    uint64_t lost = m->lost + m->reader.lost;

    if (m->options.device && !m->options.follow && m->attached) {
        monitor_print_seen(m);
    }
    if (m->options.regions && m->attached) {
        monitor_print_regions(m);
    }
    if (m->options.interrupts) {
        monitor_print_interrupts(m);
    }
    fflush(stdout);
    if (lost) {
        say("%" PRIu64 " records were lost: overwritten before they could be "
            "shown", lost);
    }
}

void monitor_dispose(struct monitor *m)
{
    pbr_shm_close(&m->shm);
    decoder_close(m->decoder);
    traffic_irqs_dispose(&m->irqs);
    free(m->seen);
}
