/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tools/lastrun.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver.h"
#include "runtime/engine/engine.h"
#include "runtime/tools/session.h"
#include "runtime/tools/sites.h"
#include "runtime/tools/util.h"

#define ASK_SECONDS 2.0         /* for all of what QEMU is asked */
#define SITES_KEPT 512          /* written */
#define SITES_WITH_CODE 8
#define CODE_BEFORE 64u
#define CODE_BYTES 256u
#define CONSOLE_BYTES 1024
#define FILE_MAX_BYTES (16u << 20)
#define PSR_THUMB (1u << 5)
#define XPSR_HANDLER 0x1ffu

static void add_hex(cJSON *to, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    cJSON_AddStringToObject(to, name, text);
}

/* ---- Asking QEMU ---- */

/* The bytes of "address: 0x12 0x34 ..." lines, in hex. */
static char *parse_dump(const char *dump)
{
    char *hex = malloc(2 * CODE_BYTES + 1), *end;
    size_t used = 0;

    while (hex && *dump && used < 2 * CODE_BYTES) {
        const char *colon = strchr(dump, ':');
        unsigned long byte;

        if (!colon) {
            break;
        }
        for (dump = colon + 1; strncmp(dump, " 0x", 3) == 0; dump = end) {
            byte = strtoul(dump, &end, 16);
            if (byte > 0xff || used == 2 * CODE_BYTES) {
                break;
            }
            snprintf(hex + used, 3, "%02lx", byte);
            used += 2;
        }
        dump += strcspn(dump, "\n");
    }
    if (hex) {
        hex[used] = 0;
    }
    return hex;
}

/* Adds the code around @pc where the guest's memory can be read. */
static void add_code(cJSON *to, struct qmp *q, uint64_t pc, double deadline)
{
    uint64_t at = pc < CODE_BEFORE ? 0 : pc - CODE_BEFORE;
    char command[64], *hex;
    const char *dump;
    cJSON *code;

    snprintf(command, sizeof(command), "x /%uxb 0x%" PRIx64, CODE_BYTES, at);
    dump = qmp_monitor(q, command, deadline);
    hex = dump ? parse_dump(dump) : NULL;
    if (hex && *hex) {
        code = cJSON_AddObjectToObject(to, "code");
        add_hex(code, "at", at);
        cJSON_AddStringToObject(code, "bytes", hex);
    }
    free(hex);
}

/* The number behind the first @name of @text, which is "NAME=hex". */
static bool find_value(const char *text, const char *name, uint64_t *value)
{
    const char *at = strstr(text, name);
    char *end;

    if (!at) {
        return false;
    }
    at += strlen(name);
    *value = strtoull(at, &end, 16);
    return end != at;
}

/* The monitor ends lines as terminals want it. */
static char *without_returns(const char *text)
{
    char *copy = strdup(text), *out = copy, *at;

    for (at = copy; at && *at; at++) {
        if (*at != '\r') {
            *out++ = *at;
        }
    }
    if (out) {
        *out = 0;
    }
    return copy;
}

/* Adds the word that names the CPU's mode: "EL1h", "svc32", "handler". */
static void add_mode(cJSON *to, const char *text)
{
    const char *line = strstr(text, "PSTATE="), *at;
    char word[24];

    line = line ? line : strstr(text, "PSR=");
    for (at = line; at && *at && *at != '\n'; at += strcspn(at, " \n")) {
        size_t len;

        at += strspn(at, " ");
        len = strcspn(at, " \n");
        if (len >= sizeof(word)) {
            continue;
        }
        memcpy(word, at, len);
        word[len] = 0;
        if ((strncmp(word, "EL", 2) == 0 && len == 4) ||
            strstr(word, "thread") || strstr(word, "handler") ||
            (len == 5 && strcmp(word + 3, "32") == 0)) {
            cJSON_AddStringToObject(to, "mode", word);
            return;
        }
    }
}

/* Adds the CPU that "info registers" describes in @text. */
static void add_cpu(cJSON *list, struct qmp *q, const char *text,
                    double deadline)
{
    uint64_t pc, status = 0;
    cJSON *cpu;
    bool a64 = find_value(text, "PC=", &pc), m;

    if (!a64 && !find_value(text, "R15=", &pc)) {
        return;
    }
    cpu = cJSON_CreateObject();
    cJSON_AddNumberToObject(cpu, "cpu", cJSON_GetArraySize(list));
    add_hex(cpu, "pc", pc);
    m = find_value(text, "XPSR=", &status);
    if (m) {
        cJSON_AddBoolToObject(cpu, "thumb", true);
        cJSON_AddBoolToObject(cpu, "handler", (status & XPSR_HANDLER) != 0);
        cJSON_AddNumberToObject(cpu, "exception",
                                (double)(status & XPSR_HANDLER));
    } else if (!a64 && find_value(text, "PSR=", &status)) {
        cJSON_AddBoolToObject(cpu, "thumb", (status & PSR_THUMB) != 0);
    }
    add_mode(cpu, text);
    if (find_value(text, a64 ? " SP=" : "R13=", &pc)) {
        add_hex(cpu, "sp", pc);
    }
    find_value(text, a64 ? "PC=" : "R15=", &pc);
    cJSON_AddStringToObject(cpu, "registers", text);
    cJSON_AddItemToArray(list, cpu);
    add_code(cpu, q, pc, deadline);
}

static void add_cpus(cJSON *to, struct qmp *q, double deadline)
{
    cJSON *list = cJSON_AddArrayToObject(to, "cpus");
    const char *answer;
    char *text, *cpu, *next;

    answer = qmp_stop(q, deadline) ?
             qmp_monitor(q, "info registers -a", deadline) : NULL;
    text = answer ? without_returns(answer) : NULL;
    for (cpu = text ? strstr(text, "CPU#") : NULL; cpu; cpu = next) {
        next = strstr(cpu + 4, "CPU#");
        if (next) {
            next[-1] = 0;
        }
        add_cpu(list, q, cpu, deadline);
    }
    free(text);
}

/* ---- The recorded accesses ---- */

static cJSON *site_json(const struct pbr_state *mem, const struct site *site)
{
    const struct pbr_record *r = &site->record;
    struct pbr_region region;
    cJSON *json = cJSON_CreateObject();

    add_hex(json, "pc", site->pc);
    cJSON_AddBoolToObject(json, "thumb", (r->flags & PBR_R_THUMB) != 0);
    cJSON_AddBoolToObject(json, "handler", (r->flags & PBR_R_HANDLER) != 0);
    cJSON_AddNumberToObject(json, "exception", r->exception);
    cJSON_AddBoolToObject(json, "write", site->write);
    add_hex(json, "address", site->address);
    cJSON_AddNumberToObject(json, "bytes", r->size);
    if (pbr_region_get(mem, r->device, &region) == PBR_OK) {
        cJSON_AddStringToObject(json, "device", region.name);
    }
    cJSON_AddNumberToObject(json, "count", (double)site->count);
    cJSON_AddNumberToObject(json, "recent", (double)site->recent);
    cJSON_AddNumberToObject(json, "late", (double)site->late);
    add_hex(json, "value", site->value);
    cJSON_AddNumberToObject(json, "run", (double)site->run);
    cJSON_AddNumberToObject(json, "changes", (double)site->changes);
    cJSON_AddBoolToObject(json, "unmapped", (r->flags & PBR_R_UNMAPPED) != 0);
    cJSON_AddBoolToObject(json, "failed", (r->flags & PBR_R_FAILED) != 0);
    return json;
}

static void add_sites(cJSON *to, struct session *s, double deadline)
{
    static const char *const archs[PBR_ARCH_COUNT_] = {
        "", "aarch64", "a32", "m",
    };
    struct pbr_state_header head;
    struct sites sites;
    size_t i, with_code = 0;
    cJSON *list, *item;

    if (!s->link.ready ||
        pbr_state_check(s->link.state.mem, s->link.state.size,
                        &head) != PBR_OK) {
        return;
    }
    if (head.arch < PBR_ARCH_COUNT_) {
        cJSON_AddStringToObject(to, "arch", archs[head.arch]);
    }
    if (sites_collect(s->link.state.mem, s->link.state.size, &sites) == 0) {
        cJSON_AddNumberToObject(to, "records", (double)sites.records);
        cJSON_AddNumberToObject(to, "lost", (double)sites.lost);
        list = cJSON_AddArrayToObject(to, "sites");
        for (i = 0; i < sites.count && i < SITES_KEPT; i++) {
            item = site_json(s->link.state.mem, &sites.v[i]);
            cJSON_AddItemToArray(list, item);
            if (!sites.v[i].write && with_code < SITES_WITH_CODE &&
                !(sites.v[i].record.flags & PBR_R_NO_PC)) {
                with_code++;
                add_code(item, &s->qmp, sites.v[i].pc, deadline);
            }
        }
    }
    sites_dispose(&sites);
}

cJSON *lastrun_look(struct session *s)
{
    double deadline = now_seconds() + ASK_SECONDS;
    char message[PBR_MESSAGE_MAX];
    cJSON *json = cJSON_CreateObject();

    if (s->running && s->qmp.fd >= 0) {
        add_cpus(json, &s->qmp, deadline);
    }
    add_sites(json, s, deadline);
    if (link_crashed(&s->link, message)) {
        cJSON_AddStringToObject(json, "crashed", message);
    }
    return json;
}

/* ---- The file ---- */

static void add_images(cJSON *to, const char *ptab)
{
    cJSON *list = cJSON_AddArrayToObject(to, "images"), *item;
    struct prt_file file;
    size_t len;
    char *bytes = file_read(ptab, FILE_MAX_BYTES, &len);
    uint32_t i;

    if (bytes && prt_file_open(bytes, len, &file, NULL) == PRT_OK &&
        file.has_board) {
        for (i = 0; i < file.board.head->loads.count; i++) {
            const struct prt_load *load = &file.board.loads[i];

            item = cJSON_CreateObject();
            cJSON_AddStringToObject(item, "path",
                                    prt_board_string(&file.board,
                                                     load->path));
            add_hex(item, "address", load->address);
            cJSON_AddItemToArray(list, item);
        }
    }
    free(bytes);
}

/* The console's last lines; what is no text becomes a dot. */
static void add_console(cJSON *to, const char *log_dir)
{
    char *path = text_new("%s/console.log", log_dir), *text, *at, *out;
    size_t len;

    text = file_read(path, FILE_MAX_BYTES, &len);
    if (text) {
        at = len > CONSOLE_BYTES ? text + len - CONSOLE_BYTES : text;
        for (out = text; at < text + len; at++) {
            if (*at == '\r') {
                continue;
            }
            *out++ = *at == '\n' || (*at >= ' ' && *at <= '~') ? *at : '.';
        }
        *out = 0;
        cJSON_AddStringToObject(to, "console", text);
    }
    free(text);
    free(path);
}

void lastrun_write(const struct session *s, cJSON *report, double withdrawn)
{
    cJSON *json = cJSON_CreateObject();
    char *path = text_new("%s/%s", s->log_dir, LASTRUN_FILE), *text;

    cJSON_AddNumberToObject(json, "version", LASTRUN_VERSION);
    cJSON_AddItemToObject(json, "report", report);
    cJSON_AddStringToObject(json, "reason", s->reason);
    cJSON_AddNumberToObject(json, "withdrawn", withdrawn);
    add_console(json, s->log_dir);
    add_images(json, s->ptab);
    if (s->machine) {
        cJSON_AddItemReferenceToObject(json, "machine", s->machine);
    }
    text = cJSON_Print(json);
    if (!text || pcc_write_file(path, text, strlen(text)) != 0) {
        say("%s: %s", path, text ? strerror(errno) : "out of memory");
    }
    free(text);
    free(path);
    cJSON_Delete(json);
}

char *lastrun_folder(const char *dir, const char *name, unsigned index)
{
    char *state, *folder;

    if (index == 0) {
        return text_new("%s/log", dir);
    }
    if (index > 1) {
        return NULL;
    }
    state = xdg_folder("XDG_STATE_HOME", ".local/state");
    folder = text_new("%s/periph/%s", state, name);
    free(state);
    return folder;
}

cJSON *lastrun_read(const char *dir, const char *name)
{
    char *path = NULL, *text = NULL, *folder;
    const cJSON *version;
    unsigned i;
    cJSON *json;
    size_t len;

    for (i = 0; !text && (folder = lastrun_folder(dir, name, i)) != NULL;
         i++) {
        free(path);
        path = text_new("%s/%s", folder, LASTRUN_FILE);
        free(folder);
        text = file_read(path, FILE_MAX_BYTES, &len);
    }
    if (!text) {
        say("no run of %s was recorded yet; periph run %s makes one", name,
            dir);
        free(path);
        return NULL;
    }
    json = cJSON_Parse(text);
    version = cJSON_GetObjectItemCaseSensitive(json, "version");
    if (!cJSON_IsNumber(version) || version->valueint != LASTRUN_VERSION) {
        say("%s is damaged or of another version; run the board again",
            path);
        cJSON_Delete(json);
        json = NULL;
    }
    free(text);
    free(path);
    return json;
}
