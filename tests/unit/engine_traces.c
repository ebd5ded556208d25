/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs tests/engine/NAME.trace and tests/lib/NAME.trace: accesses and what
 * they must give, to the device of NAME.periph beside it or in dsl/lib (or
 * of the file that its `use` line names).  tests/engine/README.md has the
 * lines.  A case is added by adding files.  With an argument that holds a '/'
 * the traces of that folder run instead (tests/lang/spec.test).
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "dsl/diag.h"
#include "dsl/strbuf.h"
#include "tests/engine/builder.h"

#define MAX_WORDS 8
#define MAX_MATCHES 256

struct trace {
    const char *path;
    char folder[3072];
    unsigned line;
    uint64_t *bytes[2];         /* tables in use: this one, the one before */
    struct prt_file file;
    struct tb_dev d;
    uint64_t *saved;
    uint64_t saved_now;
    size_t out_seen;
    bool failed;
};

static void problem(struct trace *t, const char *format, ...)
{
    va_list args;

    printf("%s:%u: ", t->path, t->line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    t->failed = true;
}

static const char *top(void)
{
    const char *src = getenv("PERIPH_SRC");

    return src ? src : ".";
}

/* ---------------------------------------------------------------- tables */

static void tell_diags(const struct pcc *s)
{
    struct pdl_strbuf text;

    pdl_strbuf_init(&text);
    if (s) {
        pdl_diags_print_text(pcc_diags(s), pcc_sources(s), false, &text);
    }
    printf("%s", pdl_strbuf_str(&text));
    pdl_strbuf_dispose(&text);
}

static bool compile(struct trace *t, const char *name,
                    struct pdl_strbuf *out)
{
    char lib[3072], path[4096];
    const char *dirs[] = { lib };
    struct pcc_options opts = { .import_dirs = dirs, .import_dir_count = 1 };
    struct pcc *s;
    int err;

    snprintf(lib, sizeof(lib), "%s/dsl", top());
    snprintf(path, sizeof(path), "%s/%s", t->folder, name);
    if (access(path, R_OK) != 0) {
        snprintf(path, sizeof(path), "%s/lib/%s", lib, name);
    }
    s = pcc_new(&opts);
    err = s ? pcc_add_file(s, path) : PCC_ERR_NOMEM;
    err = err ? err : pcc_compile(s);
    err = err ? err : pcc_emit(s, "table", NULL, out);
    if (err) {
        problem(t, "%s: %s", path, pcc_strerror(err));
        tell_diags(s);
    }
    pcc_free(s);
    return err == 0;
}

/* The device that has the file's name, else the first; false: none. */
static bool choose_device(struct trace *t, const char *name)
{
    size_t len = strcspn(name, ".");
    uint32_t i;

    for (i = 0; !prt_file_device(&t->file, i, &t->d.table); i++) {
        const char *device = prt_string(&t->d.table, t->d.table.head->name);

        if (strlen(device) == len && !memcmp(device, name, len)) {
            return true;
        }
    }
    return !prt_file_device(&t->file, 0, &t->d.table);
}

/* Compile a file, and set a device up on its table. */
static bool load_table(struct trace *t, const char *name)
{
    struct pdl_strbuf out;
    struct prt_fault_place place;
    int err;

    pdl_strbuf_init(&out);
    if (!compile(t, name, &out)) {
        pdl_strbuf_dispose(&out);
        return false;
    }
    free(t->bytes[1]);
    t->bytes[1] = t->bytes[0];
    t->bytes[0] = malloc(out.len + 8);
    memcpy(t->bytes[0], out.data, out.len);
    err = prt_file_open(t->bytes[0], out.len, &t->file, &place);
    if (err) {
        problem(t, "table of %s: %s (device %u section %u entry %u)", name,
                prt_strerror(err), place.device, place.section, place.entry);
    } else if (!choose_device(t, name)) {
        problem(t, "%s holds no device", name);
        err = PRT_E_INDEX;
    }
    pdl_strbuf_dispose(&out);
    return err == 0;
}

static bool set_up(struct trace *t)
{
    t->d.size = prt_table_memory(&t->d.table);
    t->d.memory = malloc(t->d.size + 8);
    return t->d.memory &&
           prt_dev_init(&t->d.dev, &t->d.table, t->d.memory, t->d.size,
                        &tb_host_ops, &t->d.host) == PRT_OK;
}

static void do_use(struct trace *t, const char *name)
{
    if (load_table(t, name) && set_up(t)) {
        t->d.host.deadline = PRT_NEVER;
        prt_dev_reset(&t->d.dev, PRT_RESET_COLD);
    }
}

/* The running device goes on with another table. */
static void do_carry(struct trace *t, const char *name)
{
    struct prt_dev old = t->d.dev;
    struct prt_table old_table = t->d.table;
    uint64_t *memory = t->d.memory;

    old.table = &old_table;
    if (load_table(t, name) && set_up(t)) {
        prt_carry(&t->d.dev, &old, NULL, NULL);
    }
    free(memory);
}

/* --------------------------------------------------------------- values */

static bool number(const char *word, uint64_t *value)
{
    char *end;

    if (word[0] == '\'' && word[1] && word[2] == '\'') {
        *value = (uint8_t)word[1];
        return true;
    }
    errno = 0;
    *value = strtoull(word, &end, 0);
    return !errno && end != word && !*end;
}

static bool duration(const char *word, uint64_t *ns)
{
    char *end;

    *ns = strtoull(word, &end, 0);
    *ns *= !strcmp(end, "s") ? 1000000000 : !strcmp(end, "ms") ? 1000000 :
           !strcmp(end, "us") ? 1000 : 1;
    return end != word && (!*end || strstr("s ms us ns", end));
}

/* NAME or NAME[i] of a line; the number among those of its direction. */
static bool find_line(struct trace *t, const char *word, enum prt_dir dir,
                      uint32_t *line)
{
    size_t len = strcspn(word, "[");
    unsigned element = word[len] ? (unsigned)atoi(word + len + 1) : 0;
    uint32_t i;

    for (i = 0; i < t->d.table.nlines; i++) {
        const struct prt_line *l = &t->d.table.lines[i];
        const char *name = prt_string(&t->d.table, l->name);

        if (l->dir == dir && strlen(name) == len &&
            !memcmp(name, word, len) && element < l->count) {
            *line = l->first + element;
            return true;
        }
    }
    problem(t, "no such line: %s", word);
    return false;
}

/* REG or REG.FIELD */
static bool find_value(struct trace *t, const char *word, uint64_t *value)
{
    const struct prt_table *table = &t->d.table;
    uint32_t i;
    char path[512];

    for (i = 0; i < table->nregs; i++) {
        if (!strcmp(prt_reg_name(table, i), word)) {
            *value = prt_peek_reg(&t->d.dev, i);
            return true;
        }
    }
    for (i = 0; i < table->nfields; i++) {
        snprintf(path, sizeof(path), "%s.%s",
                 prt_reg_name(table, table->fields[i].reg),
                 prt_field_name(table, i));
        if (!strcmp(path, word)) {
            *value = prt_peek_field(&t->d.dev, i);
            return true;
        }
    }
    problem(t, "no such register or field: %s", word);
    return false;
}

static uint32_t find_fifo(struct trace *t, const char *word)
{
    uint32_t i;

    for (i = 0; i < t->d.table.nfifos; i++) {
        if (!strcmp(prt_string(&t->d.table, t->d.table.fifos[i].name),
                    word)) {
            return i;
        }
    }
    problem(t, "no such fifo: %s", word);
    return PRT_NONE;
}

/* ----------------------------------------------------------------- lines */

static const char *result_name(int result)
{
    return result == PRT_ASK ? "ask" : result == PRT_ABORT ? "abort" :
           result == PRT_OK ? "ok" : prt_strerror(result);
}

static void check_result(struct trace *t, int result, const char *want)
{
    if (strcmp(result_name(result), want)) {
        problem(t, "result is %s, not %s", result_name(result), want);
    }
}

static void check_value(struct trace *t, uint64_t value, const char *want)
{
    uint64_t number_wanted;

    if (!number(want, &number_wanted)) {
        problem(t, "not a number: %s", want);
    } else if (value != number_wanted) {
        problem(t, "value is 0x%llx, not 0x%llx", (unsigned long long)value,
                (unsigned long long)number_wanted);
    }
}

/* r32 OFFSET [= VALUE | ask | abort], peek32 … */
static void do_read(struct trace *t, char **w, unsigned n, unsigned size,
                    bool peek)
{
    uint64_t offset, value;
    int result;

    if (n < 2 || !number(w[1], &offset)) {
        problem(t, "offset expected");
        return;
    }
    t->d.host.in_peek = peek;
    result = peek ? prt_peek(&t->d.dev, (uint32_t)offset, size, &value) :
             prt_read(&t->d.dev, (uint32_t)offset, size, &value);
    t->d.host.in_peek = false;
    check_result(t, result, n == 3 ? w[2] : "ok");
    if (n == 4 && !strcmp(w[2], "=")) {
        check_value(t, value, w[3]);
    } else if (n > 3) {
        problem(t, "= VALUE, ask or abort expected");
    }
}

static void do_write(struct trace *t, char **w, unsigned n, unsigned size)
{
    uint64_t offset, value;

    if (n < 3 || !number(w[1], &offset) || !number(w[2], &value)) {
        problem(t, "offset and value expected");
        return;
    }
    check_result(t, prt_write(&t->d.dev, (uint32_t)offset, size, value),
                 n == 4 ? w[3] : "ok");
}

static void do_put(struct trace *t, char **w, unsigned n)
{
    uint32_t fifo = find_fifo(t, n > 2 ? w[1] : "");
    uint64_t value;
    int result;

    if (fifo == PRT_NONE || !number(w[2], &value)) {
        return;
    }
    result = prt_fifo_put(&t->d.dev, fifo, value);
    if ((result == PRT_E_FULL) != (n == 4 && !strcmp(w[3], "full"))) {
        problem(t, "put: %s", prt_strerror(result));
    }
}

/* out TEXT: what has come out since the last such line; "" nothing. */
static void do_out(struct trace *t, char **w, unsigned n)
{
    const char *out = t->d.host.out + t->out_seen;
    const char *want = n > 1 ? w[1] : "";

    if (!strcmp(want, "\"\"")) {
        want = "";
    }
    if (strcmp(out, want)) {
        problem(t, "output is \"%s\", not \"%s\"", out, want);
    }
    t->out_seen = t->d.host.nout;
}

static void do_line(struct trace *t, char **w, unsigned n)
{
    uint32_t line;

    if (n == 4 && !strcmp(w[2], "=") &&
        find_line(t, w[1], PRT_LINE_OUT, &line)) {
        check_value(t, (uint64_t)prt_line_level(&t->d.dev, line), w[3]);
    } else if (n == 3 && find_line(t, w[1], PRT_LINE_IN, &line)) {
        prt_line_set(&t->d.dev, line, atoi(w[2]));
    } else if (n < 3) {
        problem(t, "line NAME = LEVEL or line NAME LEVEL expected");
    }
}

/* edges = N: calls of the host's line since the last such line. */
static void do_edges(struct trace *t, char **w, unsigned n)
{
    check_value(t, t->d.host.nlines, n == 3 ? w[2] : "");
    t->d.host.nlines = 0;
}

/* logs = N: what log() has said since the last such line. */
static void do_logs(struct trace *t, char **w, unsigned n)
{
    check_value(t, t->d.host.logs[PRT_LOG_GUEST], n == 3 ? w[2] : "");
    t->d.host.logs[PRT_LOG_GUEST] = 0;
}

static void do_ram(struct trace *t, char **w, unsigned n)
{
    uint64_t address, value = 0;

    if (n < 3 || !number(w[1], &address) ||
        address > sizeof(t->d.host.ram) - 4) {
        problem(t, "address below 4096 expected");
    } else if (n == 4) {
        memcpy(&value, t->d.host.ram + address, 4);
        check_value(t, value, w[3]);
    } else if (number(w[2], &value)) {
        memcpy(t->d.host.ram + address, &value, 4);
    }
}

static void do_save(struct trace *t)
{
    size_t size = prt_state_size(&t->d.table);

    free(t->saved);
    t->saved = malloc(size + 8);
    memcpy(t->saved, prt_state(&t->d.dev), size);
    t->saved_now = t->d.host.now;
}

static void do_load(struct trace *t)
{
    t->d.host.now = t->saved_now;
    if (!t->saved ||
        prt_load(&t->d.dev, t->saved, prt_state_size(&t->d.table))) {
        problem(t, "load failed");
    }
}

static void do_reg(struct trace *t, char **w, unsigned n)
{
    uint64_t value;

    if (n != 4 || strcmp(w[2], "=")) {
        problem(t, "reg NAME = VALUE expected");
    } else if (find_value(t, w[1], &value)) {
        check_value(t, value, w[3]);
    }
}

static void do_advance(struct trace *t, char **w, unsigned n)
{
    uint64_t ns;

    if (n != 2 || !duration(w[1], &ns)) {
        problem(t, "advance TIME expected");
        return;
    }
    tb_advance(&t->d, ns);
}

/* r8..r64, w8..w64, peek8..peek64 */
static bool do_access(struct trace *t, char **w, unsigned n)
{
    const char *digits = w[0] + strcspn(w[0], "0123456789");
    size_t len = (size_t)(digits - w[0]);
    int bits = atoi(digits);

    if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
        return false;
    }
    if (len == 1 && w[0][0] == 'w') {
        do_write(t, w, n, (unsigned)bits / 8);
    } else if (len == 1 && w[0][0] == 'r') {
        do_read(t, w, n, (unsigned)bits / 8, false);
    } else if (len == 4 && !memcmp(w[0], "peek", 4)) {
        do_read(t, w, n, (unsigned)bits / 8, true);
    } else {
        return false;
    }
    return true;
}

static void do_words(struct trace *t, char **w, unsigned n)
{
    if (!strcmp(w[0], "reg")) {
        do_reg(t, w, n);
    } else if (!strcmp(w[0], "put")) {
        do_put(t, w, n);
    } else if (!strcmp(w[0], "out")) {
        do_out(t, w, n);
    } else if (!strcmp(w[0], "line")) {
        do_line(t, w, n);
    } else if (!strcmp(w[0], "edges")) {
        do_edges(t, w, n);
    } else if (!strcmp(w[0], "advance")) {
        do_advance(t, w, n);
    } else if (!strcmp(w[0], "reset")) {
        prt_dev_reset(&t->d.dev, n > 1 && !strcmp(w[1], "cold") ?
                      PRT_RESET_COLD : PRT_RESET_WARM);
    } else if (!strcmp(w[0], "save")) {
        do_save(t);
    } else if (!strcmp(w[0], "load")) {
        do_load(t);
    } else if (!strcmp(w[0], "carry") && n == 2) {
        do_carry(t, w[1]);
    } else if (!strcmp(w[0], "logs")) {
        do_logs(t, w, n);
    } else if (!strcmp(w[0], "ram")) {
        do_ram(t, w, n);
    } else if (!do_access(t, w, n)) {
        problem(t, "what is %s?", w[0]);
    }
}

static unsigned split(char *line, char **words)
{
    unsigned n = 0;

    line[strcspn(line, "#\n")] = '\0';
    while (n < MAX_WORDS) {
        while (isspace((unsigned char)*line)) {
            line++;
        }
        if (!*line) {
            break;
        }
        words[n++] = line;
        line += strcspn(line, " \t");
        if (*line) {
            *line++ = '\0';
        }
    }
    return n;
}

static void run_lines(struct trace *t, FILE *f, const char *table)
{
    char line[512], *words[MAX_WORDS];
    unsigned n;

    while (!t->failed && fgets(line, sizeof(line), f)) {
        t->line++;
        n = split(line, words);
        if (n == 0) {
            continue;
        }
        if (!t->d.memory) {
            do_use(t, !strcmp(words[0], "use") && n == 2 ? words[1] : table);
            if (t->failed || !strcmp(words[0], "use")) {
                continue;
            }
        }
        do_words(t, words, n);
    }
}

/* One trace; true if it held. */
static bool run_trace(const char *folder, const char *name)
{
    static struct trace t;
    char path[4096], table[512];
    FILE *f;

    memset(&t, 0, sizeof(t));
    snprintf(t.folder, sizeof(t.folder), "%s", folder);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(table, sizeof(table), "%.*s.periph",
             (int)(strlen(name) - strlen(".trace")), name);
    t.path = path;
    f = fopen(path, "r");
    if (!f) {
        return false;
    }
    run_lines(&t, f, table);
    fclose(f);
    if (t.d.host.bad_calls) {
        problem(&t, "a peek called the host");
    }
    free(t.d.memory);
    free(t.saved);
    free(t.bytes[0]);
    free(t.bytes[1]);
    return !t.failed;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Run the traces of the folder @path whose name holds @only, printed as
 * @label/NAME; counts the failed.
 */
static unsigned run_folder(const char *path, const char *label,
                           const char *only, unsigned *count)
{
    char *names[MAX_MATCHES];
    unsigned n = 0, i, failed = 0;
    struct dirent *entry;
    DIR *dir;

    dir = opendir(path);
    while (dir && n < MAX_MATCHES && (entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);

        if (len > 6 && !strcmp(entry->d_name + len - 6, ".trace") &&
            (!only || strstr(entry->d_name, only))) {
            names[n++] = strdup(entry->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    qsort(names, n, sizeof(*names), by_name);
    for (i = 0; i < n; i++) {
        bool held = run_trace(path, names[i]);

        printf("%s %s/%.*s\n", held ? "ok" : "not ok", label,
               (int)(strlen(names[i]) - strlen(".trace")), names[i]);
        failed += !held;
        free(names[i]);
    }
    *count += n;
    return failed;
}

static unsigned run_tests(const char *label, const char *only,
                          unsigned *count)
{
    char path[2048];

    snprintf(path, sizeof(path), "%s/tests/%s", top(), label);
    return run_folder(path, label, only, count);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    unsigned count = 0, failed;

    if (only && strchr(only, '/')) {
        failed = run_folder(only, strrchr(only, '/') + 1, NULL, &count);
    } else {
        failed = run_tests("engine", only, &count);
        failed += run_tests("lib", only, &count);
    }
    return failed || !count;
}
