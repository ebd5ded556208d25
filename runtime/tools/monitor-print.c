/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access records as lines for people, or as JSON. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tools/monitor.h"

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define CYAN "\033[36m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static const char *colour(const struct monitor *m, const char *code)
{
    return m->colour ? code : "";
}

/* ---- JSON ---- */

static void add_hex(cJSON *to, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    cJSON_AddStringToObject(to, name, text);
}

static void print_json(cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);

    if (text) {
        puts(text);
    }
    cJSON_free(text);
    cJSON_Delete(json);
}

static void add_irq(const struct monitor *m, cJSON *json, uint64_t number)
{
    char name[32];

    traffic_irq_name(m->arch, number, name, sizeof(name));
    cJSON_AddNumberToObject(json, "intid", (double)number);
    cJSON_AddStringToObject(json, "name", name);
}

static void add_access(const struct monitor *m, cJSON *json,
                       const struct pbr_record *r)
{
    struct pbr_region region;
    struct decoded d;

    if (pbr_region_get(m->shm.mem, r->device, &region) == PBR_OK) {
        cJSON_AddStringToObject(json, "device", region.name);
    }
    add_hex(json, "address", r->address);
    add_hex(json, "offset", r->offset);
    cJSON_AddNumberToObject(json, "size", r->size);
    cJSON_AddBoolToObject(json, "write", (r->flags & PBR_R_WRITE) != 0);
    add_hex(json, "value", r->value);
    if (decoder_access(m->decoder, r->address, r->size, r->value, &d)) {
        cJSON_AddStringToObject(json, "instance", d.instance);
        if (d.reg) {
            cJSON_AddStringToObject(json, "register", d.reg);
            cJSON_AddStringToObject(json, "fields", d.fields);
        }
    }
}

static void add_flags(cJSON *json, const struct pbr_record *r)
{
    static const struct {
        uint16_t flag;
        const char *name;
    } names[] = {
        { PBR_R_SECURE, "secure" }, { PBR_R_USER, "unprivileged" },
        { PBR_R_HANDLER, "handler" }, { PBR_R_PEER, "dma" },
        { PBR_R_UNMAPPED, "no_register" }, { PBR_R_FAILED, "bus_error" },
    };
    cJSON *list = cJSON_AddArrayToObject(json, "flags");
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (r->flags & names[i].flag) {
            cJSON_AddItemToArray(list, cJSON_CreateString(names[i].name));
        }
    }
}

static unsigned register_count(const struct monitor *m)
{
    return m->arch == PBR_ARCH_AARCH64 ? PBR_RECORD_REGS : 17;
}

static void record_json(const struct monitor *m, const struct pbr_record *r,
                        const uint64_t *regs)
{
    cJSON *json = cJSON_CreateObject(), *list;
    unsigned i;

    cJSON_AddStringToObject(json, "event", r->flags & PBR_R_IRQ ? "interrupt"
                            : r->flags & PBR_R_IRQ_END ? "interrupt_end"
                            : "access");
    add_hex(json, "seq", r->seq);
    cJSON_AddNumberToObject(json, "time", (double)r->time_ns / 1e9);
    cJSON_AddNumberToObject(json, "cpu", r->cpu);
    if (!(r->flags & PBR_R_NO_PC)) {
        add_hex(json, "pc", r->pc);
    }
    if (r->flags & TRAFFIC_IRQ) {
        add_irq(m, json, r->value);
    } else {
        add_access(m, json, r);
        add_flags(json, r);
    }
    if (m->options.registers && r->flags & PBR_R_REGS) {
        list = cJSON_AddArrayToObject(json, "registers");
        for (i = 0; i < register_count(m); i++) {
            char text[24];

            snprintf(text, sizeof(text), "0x%" PRIx64, regs[i]);
            cJSON_AddItemToArray(list, cJSON_CreateString(text));
        }
    }
    print_json(json);
}

/* ---- Lines ---- */

static void print_registers(const struct monitor *m, const uint64_t *regs)
{
    bool a64 = m->arch == PBR_ARCH_AARCH64;
    unsigned i;

    for (i = 0; i < register_count(m); i++) {
        printf("%s%s%c%-2u 0x%0*" PRIx64 "%s", i % 4 ? "  " : "             ",
               colour(m, DIM), a64 ? 'x' : 'r', i, a64 ? 16 : 8, regs[i],
               colour(m, PLAIN));
        if (i % 4 == 3 || i + 1 == register_count(m)) {
            putchar('\n');
        }
    }
}

static void print_irq(const struct monitor *m, const struct pbr_record *r)
{
    char name[32];

    traffic_irq_name(m->arch, r->value, name, sizeof(name));
    printf("%s%s %s%s (%" PRIu64 ")", colour(m, YELLOW),
           r->flags & PBR_R_IRQ ? "interrupt" : "end of", name,
           colour(m, PLAIN), r->value);
    if (r->flags & PBR_R_IRQ) {
        printf(" to 0x%" PRIx64, r->address);
    }
    putchar('\n');
}

static void print_access(const struct monitor *m, const struct pbr_record *r)
{
    struct pbr_region region;
    struct decoded d;
    const char *device = "?";

    decoder_access(m->decoder, r->address, r->size, r->value, &d);
    if (pbr_region_get(m->shm.mem, r->device, &region) == PBR_OK) {
        device = region.name;
    }
    printf("%c %u %s%-12s%s +0x%03" PRIx32 " ",
           r->flags & PBR_R_WRITE ? 'W' : 'R', r->size, colour(m, CYAN),
           d.instance ? d.instance : device, colour(m, PLAIN), r->offset);
    if (d.reg) {
        printf("%s%s%s = ", colour(m, BOLD), d.reg, colour(m, PLAIN));
    }
    printf("0x%" PRIx64, r->value);
    if (d.fields[0]) {
        printf(" [%s]", d.fields);
    }
    if (r->flags & PBR_R_PEER) {
        fputs("  by a device", stdout);
    }
    if (r->flags & PBR_R_FAILED) {
        fputs("  bus error", stdout);
    }
    putchar('\n');
}

void monitor_print_record(struct monitor *m, const struct pbr_record *r,
                          const uint64_t *regs)
{
    char pc[24] = "?";

    if (m->options.json) {
        record_json(m, r, regs);
        return;
    }
    if (!(r->flags & PBR_R_NO_PC)) {
        snprintf(pc, sizeof(pc), "0x%08" PRIx64, r->pc);
    }
    printf("%s%12.6f cpu%u %-10s%s ", colour(m, DIM),
           (double)r->time_ns / 1e9, r->cpu, pc, colour(m, PLAIN));
    if (r->flags & TRAFFIC_IRQ) {
        print_irq(m, r);
    } else {
        print_access(m, r);
    }
    if (m->options.registers && r->flags & PBR_R_REGS) {
        print_registers(m, regs);
    }
}

/* ---- Tables ---- */

static const char *region_kind(const struct pbr_region *region)
{
    return region->flags & PBR_REGION_PROXY ? "native" :
        region->flags & PBR_REGION_INFERRED ? "inferred" : "table";
}

void monitor_print_regions(struct monitor *m)
{
    struct pbr_region region;
    uint32_t i;
    cJSON *json;

    for (i = 0; i < pbr_regions(m->shm.mem); i++) {
        if (pbr_region_get(m->shm.mem, i, &region) != PBR_OK ||
            (m->filter.device && strcmp(m->filter.device, region.name))) {
            continue;
        }
        if (m->options.json) {
            json = cJSON_CreateObject();
            cJSON_AddStringToObject(json, "region", region.name);
            cJSON_AddStringToObject(json, "kind", region_kind(&region));
            add_hex(json, "base", region.base);
            add_hex(json, "size", region.size);
            cJSON_AddNumberToObject(json, "reads", (double)region.reads);
            cJSON_AddNumberToObject(json, "writes", (double)region.writes);
            print_json(json);
        } else {
            printf("%s%-24s%s 0x%08" PRIx64 " : 0x%-8" PRIx64
                   " %-8s %10" PRIu64 " reads %10" PRIu64 " writes\n",
                   colour(m, CYAN), region.name, colour(m, PLAIN),
                   region.base, region.size, region_kind(&region),
                   region.reads, region.writes);
        }
    }
}

static int compare_seen(const void *a, const void *b)
{
    const struct monitor_seen *x = a, *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

static void print_use(const struct monitor *m, const struct monitor_seen *s)
{
    uint64_t value = s->writes && !s->reads ? s->written : s->read;
    struct decoded d;
    cJSON *json;

    decoder_access(m->decoder, s->address, s->size, value, &d);
    if (m->options.json) {
        json = cJSON_CreateObject();
        add_hex(json, "address", s->address);
        add_hex(json, "offset", s->offset);
        if (d.reg) {
            cJSON_AddStringToObject(json, "register", d.reg);
        }
        cJSON_AddNumberToObject(json, "size", s->size);
        cJSON_AddNumberToObject(json, "reads", (double)s->reads);
        cJSON_AddNumberToObject(json, "writes", (double)s->writes);
        add_hex(json, "read", s->read);
        add_hex(json, "written", s->written);
        print_json(json);
        return;
    }
    printf("  +0x%03" PRIx32 " %-12s %8" PRIu64 " reads", s->offset,
           d.reg ? d.reg : "", s->reads);
    if (s->reads) {
        printf(", last 0x%" PRIx64, s->read);
    }
    printf("  %8" PRIu64 " writes", s->writes);
    if (s->writes) {
        printf(", last 0x%" PRIx64, s->written);
    }
    printf(d.fields[0] ? "  [%s]\n" : "\n", d.fields);
}

void monitor_print_seen(struct monitor *m)
{
    size_t i;

    if (m->seen_count > 0) {
        qsort(m->seen, m->seen_count, sizeof(*m->seen), compare_seen);
    }
    if (!m->options.json) {
        monitor_print_regions(m);
    }
    for (i = 0; i < m->seen_count; i++) {
        print_use(m, &m->seen[i]);
    }
    if (m->seen_count == 0 && !m->options.json) {
        printf("  no access to '%s' is recorded\n", m->filter.device);
    }
}

static void print_irq_uses(const struct monitor *m, uint64_t number,
                           cJSON *list)
{
    struct decoded d;
    cJSON *json;
    size_t i;

    for (i = 0; i < m->irqs.use_count; i++) {
        const struct traffic_use *use = &m->irqs.uses[i];

        if (use->number != number) {
            continue;
        }
        decoder_access(m->decoder, use->address, 1, 0, &d);
        if (list) {
            json = cJSON_CreateObject();
            add_hex(json, "address", use->address);
            cJSON_AddNumberToObject(json, "reads", (double)use->reads);
            cJSON_AddNumberToObject(json, "writes", (double)use->writes);
            cJSON_AddItemToArray(list, json);
        } else {
            printf("  0x%08" PRIx64 " %s%s%-12s %8" PRIu64 " reads %8" PRIu64
                   " writes\n", use->address, d.instance ? d.instance : "",
                   d.instance ? "." : "", d.reg ? d.reg : "", use->reads,
                   use->writes);
        }
    }
}

void monitor_print_interrupts(struct monitor *m)
{
    char name[32];
    cJSON *json;
    size_t i;

    for (i = 0; i < m->irqs.irq_count; i++) {
        const struct traffic_irq *irq = &m->irqs.irqs[i];

        if (m->options.json) {
            json = cJSON_CreateObject();
            cJSON_AddStringToObject(json, "event", "interrupt_table");
            add_irq(m, json, irq->number);
            cJSON_AddNumberToObject(json, "taken", (double)irq->taken);
            cJSON_AddNumberToObject(json, "ended", (double)irq->ended);
            print_irq_uses(m, irq->number,
                           cJSON_AddArrayToObject(json, "registers"));
            print_json(json);
            continue;
        }
        traffic_irq_name(m->arch, irq->number, name, sizeof(name));
        printf("%sinterrupt %s%s: taken %" PRIu64 " times\n",
               colour(m, YELLOW), name, colour(m, PLAIN), irq->taken);
        print_irq_uses(m, irq->number, NULL);
    }
}

void monitor_print_rates(struct monitor *m, double seconds)
{
    struct pbr_region region;
    uint32_t i;
    cJSON *json;

    for (i = 0; i < pbr_regions(m->shm.mem); i++) {
        uint64_t reads, writes;

        if (pbr_region_get(m->shm.mem, i, &region) != PBR_OK ||
            (m->filter.device && strcmp(m->filter.device, region.name))) {
            continue;
        }
        reads = region.reads - m->counted[i][0];
        writes = region.writes - m->counted[i][1];
        m->counted[i][0] = region.reads;
        m->counted[i][1] = region.writes;
        if (seconds <= 0) {
            continue;
        }
        if (m->options.json) {
            json = cJSON_CreateObject();
            cJSON_AddStringToObject(json, "rate", region.name);
            cJSON_AddNumberToObject(json, "reads", (double)reads / seconds);
            cJSON_AddNumberToObject(json, "writes", (double)writes / seconds);
            cJSON_AddNumberToObject(json, "lost", (double)m->reader.lost);
            print_json(json);
        } else if (reads || writes) {
            printf("%s%-24s%s %12.0f reads/s %12.0f writes/s\n",
                   colour(m, CYAN), region.name, colour(m, PLAIN),
                   (double)reads / seconds, (double)writes / seconds);
        }
    }
}
