/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening tables: headers, checksum, section directory.  What the sections
 * hold is checked by objects.c (objects and state), index.c (address index)
 * and verify.c (programs).
 */
#include "runtime/engine/priv.h"

void prt_check_at(struct prt_check *c, uint32_t section, uint32_t entry)
{
    if (c->place) {
        c->place->section = section;
        c->place->entry = entry;
    }
}

int prt_check_string(const struct prt_check *c, uint32_t offset)
{
    return offset == 0 || offset < c->t->nstrings ? PRT_OK : PRT_E_STRING;
}

int prt_check_range(uint32_t first, uint32_t count, uint32_t total)
{
    if (count == 0) {
        return PRT_OK;
    }
    return first < total && count <= total - first ? PRT_OK : PRT_E_INDEX;
}

int prt_check_state(struct prt_check *c, uint32_t state, uint64_t bytes)
{
    uint32_t size = c->t->head->state_size;

    if (state % 8 || state < c->cursor || state > size ||
        bytes > size - state) {
        return PRT_E_STATE;
    }
    c->cursor = state + (uint32_t)bytes;
    return PRT_OK;
}

int prt_check_expr(const struct prt_check *c, uint32_t prog)
{
    if (prog == PRT_NONE) {
        return PRT_OK;
    }
    if (prog >= c->t->nprogs) {
        return PRT_E_INDEX;
    }
    return c->t->progs[prog].kind == PRT_PROG_EXPR ? PRT_OK : PRT_E_PURE;
}

int prt_check_body(const struct prt_check *c, uint32_t prog)
{
    return prog < c->t->nprogs ? PRT_OK : PRT_E_INDEX;
}

uint32_t prt_kind_count(const struct prt_table *t, unsigned kind)
{
    switch (kind) {
    case PRT_KIND_REG:
        return t->nregs;
    case PRT_KIND_FIELD:
        return t->nfields;
    case PRT_KIND_VAR:
        return t->nvars;
    case PRT_KIND_FIFO:
        return t->nfifos;
    case PRT_KIND_LINE:
        return t->nlines;
    case PRT_KIND_LOCK:
        return t->nlocks;
    case PRT_KIND_TIMER:
        return t->ntimers;
    case PRT_KIND_AFTER:
        return t->nafters;
    case PRT_KIND_DOMAIN:
        return t->ndomains;
    case PRT_KIND_MEM:
        return t->nmems;
    case PRT_KIND_COPY:
        return t->ncopies;
    default:
        return 0;
    }
}

int prt_check_bits(const struct prt_check *c, unsigned kind, uint32_t index,
                   unsigned lo, unsigned width)
{
    unsigned bits;

    if (index >= prt_kind_count(c->t, kind)) {
        return PRT_E_INDEX;
    }
    switch (kind) {
    case PRT_KIND_REG:
        bits = c->t->regs[index].bits;
        break;
    case PRT_KIND_FIELD:
        bits = c->t->fields[index].width;
        break;
    case PRT_KIND_VAR:
        bits = c->t->vars[index].width;
        break;
    case PRT_KIND_LINE:
        bits = c->t->lines[index].count;
        break;
    default:
        return lo == 0 && width == 0 ? PRT_OK : PRT_E_VALUE;
    }
    return lo < bits && width <= bits - lo ? PRT_OK : PRT_E_VALUE;
}

/* The slots of a table that a section fills. */
struct slot {
    const void **entries;
    uint32_t *count;
    uint32_t entry_size;
};

static struct slot section_slot(struct prt_table *t, uint32_t id)
{
    switch (id) {
#define SLOT(NAME, field)                                               \
    case PRT_SEC_##NAME:                                                \
        return (struct slot){ (const void **)&t->field, &t->n##field,   \
                              sizeof(*t->field) };
    SLOT(STRINGS, strings)
    SLOT(DIR, dir)
    SLOT(CHUNKS, chunks)
    SLOT(REGS, regs)
    SLOT(FIELDS, fields)
    SLOT(VIEWS, views)
    SLOT(VARS, vars)
    SLOT(FIFOS, fifos)
    SLOT(LINES, lines)
    SLOT(LOCKS, locks)
    SLOT(TIMERS, timers)
    SLOT(AFTERS, afters)
    SLOT(COPIES, copies)
    SLOT(RULES, rules)
    SLOT(MEMS, mems)
    SLOT(WINDOWS, windows)
    SLOT(DOMAINS, domains)
    SLOT(ITEMS, items)
    SLOT(ARRAYS, arrays)
    SLOT(ORDER, order)
    SLOT(PROGS, progs)
    SLOT(CODE, code)
    SLOT(POOL, pool)
#undef SLOT
    default:
        return (struct slot){ NULL, NULL, 0 };
    }
}

static int open_sections(struct prt_check *c, uint32_t count)
{
    const struct prt_section *dir =
        (const void *)(c->base + sizeof(struct prt_dev_header));
    uint64_t end = sizeof(struct prt_dev_header) + 16ull * count;
    uint32_t i, last = 0;

    if (count >= PRT_SEC_COUNT) {
        return PRT_E_SECTION;
    }
    if (end > c->size) {
        return PRT_E_SHORT;
    }
    for (i = 0; i < count; i++) {
        struct slot slot = section_slot(c->t, dir[i].id);

        prt_check_at(c, dir[i].id, i);
        if (!slot.entries || dir[i].id <= last) {
            return PRT_E_SECTION;
        }
        if (dir[i].entry_size != slot.entry_size) {
            return PRT_E_SIZE;
        }
        if (dir[i].reserved) {
            return PRT_E_RESERVED;
        }
        if (dir[i].offset % 8 || dir[i].offset < end) {
            return PRT_E_BOUNDS;
        }
        end = dir[i].offset + (uint64_t)dir[i].count * slot.entry_size;
        if (end > c->size) {
            return PRT_E_BOUNDS;
        }
        last = dir[i].id;
        *slot.entries = c->base + dir[i].offset;
        *slot.count = dir[i].count;
    }
    return PRT_OK;
}

static bool is_width(unsigned bytes)
{
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

static int check_head(const struct prt_dev_header *h, size_t size)
{
    if (h->magic != PRT_MAGIC_DEV) {
        return PRT_E_MAGIC;
    }
    if (h->compat > PRT_VERSION || h->version < PRT_COMPAT) {
        return PRT_E_VERSION;
    }
    if (h->total_size > size) {
        return PRT_E_SHORT;
    }
    if (h->total_size % 8 || h->total_size < sizeof(*h)) {
        return PRT_E_SIZE;
    }
    if (h->flags & ~PRT_DEV_CLOSED || h->reserved0) {
        return PRT_E_RESERVED;
    }
    if (h->mmio_size > PRT_MAX_MMIO || h->state_size > PRT_MAX_STATE) {
        return PRT_E_LIMIT;
    }
    if (!is_width(h->width) || !is_width(h->granule) || h->mmio_size == 0 ||
        h->access == 0 || h->access > 15 || h->illegal > PRT_ILLEGAL_ABORT ||
        h->narrow > PRT_NARROW_REPLICATE || h->endian > PRT_ENDIAN_BIG ||
        h->unmapped > PRT_UNMAPPED_ABORT || h->state_size % 8) {
        return PRT_E_VALUE;
    }
    return PRT_OK;
}

static int check_strings(const struct prt_check *c)
{
    const struct prt_table *t = c->t;

    prt_check_at((struct prt_check *)c, PRT_SEC_STRINGS, 0);
    if (t->nstrings && (t->strings[0] || t->strings[t->nstrings - 1])) {
        return PRT_E_STRING;
    }
    return prt_check_string(c, t->head->name);
}

static void clear_place(struct prt_fault_place *place)
{
    if (place) {
        place->device = PRT_NONE;
        place->section = PRT_SEC_NONE;
        place->entry = 0;
    }
}

int prt_table_open(const void *bytes, size_t size, struct prt_table *table,
                   struct prt_fault_place *place)
{
    struct prt_check c = { .base = bytes, .t = table, .place = place };
    int err;

    clear_place(place);
    if (!bytes || !table) {
        return PRT_E_ARG;
    }
    memset(table, 0, sizeof(*table));
    if ((uintptr_t)bytes % 8) {
        return PRT_E_ALIGN;
    }
    if (size < sizeof(struct prt_dev_header)) {
        return PRT_E_SHORT;
    }
    table->head = bytes;
    err = check_head(table->head, size);
    if (!err) {
        c.size = table->head->total_size;
        err = open_sections(&c, table->head->section_count);
    }
    if (!err) {
        err = check_strings(&c);
    }
    if (!err) {
        err = prt_check_code(&c);
    }
    if (!err) {
        err = prt_check_objects(&c);
    }
    if (!err) {
        err = prt_check_index(&c);
    }
    if (!err) {
        err = prt_check_ranks(&c);
    }
    if (!err) {
        clear_place(place);
    }
    return err;
}

static int check_file_head(const struct prt_file_header *h, size_t size)
{
    if (h->magic != PRT_MAGIC_FILE) {
        return PRT_E_MAGIC;
    }
    if (h->compat > PRT_VERSION || h->version < PRT_COMPAT) {
        return PRT_E_VERSION;
    }
    if (h->total_size > size) {
        return PRT_E_SHORT;
    }
    if (h->total_size > PRT_MAX_FILE) {
        return PRT_E_LIMIT;
    }
    if (h->total_size != size || size % 8) {
        return PRT_E_SIZE;
    }
    if (prt_checksum(h, size) != h->checksum) {
        return PRT_E_CHECKSUM;
    }
    if (h->flags || h->reserved[0] || h->reserved[1]) {
        return PRT_E_RESERVED;
    }
    return PRT_OK;
}

static int check_blob(size_t total, uint64_t offset, uint64_t size)
{
    if (offset % 8 || size % 8 || offset < sizeof(struct prt_file_header)) {
        return PRT_E_BOUNDS;
    }
    return offset + size <= total ? PRT_OK : PRT_E_BOUNDS;
}

static int open_devices(struct prt_file *file, struct prt_fault_place *place)
{
    const struct prt_file_header *h = file->head;
    struct prt_table table;
    uint32_t i;
    int err;

    if (!h->device_count) {
        return PRT_OK;
    }
    err = check_blob(file->size, h->device_dir,
                     (uint64_t)h->device_count * sizeof(*file->devices));
    if (err) {
        return err;
    }
    file->devices = (const void *)(file->bytes + h->device_dir);
    for (i = 0; i < h->device_count; i++) {
        const struct prt_blob_ref *ref = &file->devices[i];

        err = check_blob(file->size, ref->offset, ref->size);
        if (!err) {
            err = prt_table_open(file->bytes + ref->offset, ref->size,
                                 &table, place);
        }
        if (!err && table.head->total_size != ref->size) {
            err = PRT_E_SIZE;
        }
        if (err) {
            if (place) {
                place->device = i;
            }
            return err;
        }
    }
    return PRT_OK;
}

int prt_file_open(const void *bytes, size_t size, struct prt_file *file,
                  struct prt_fault_place *place)
{
    int err;

    clear_place(place);
    if (!bytes || !file) {
        return PRT_E_ARG;
    }
    memset(file, 0, sizeof(*file));
    if ((uintptr_t)bytes % 8) {
        return PRT_E_ALIGN;
    }
    if (size < sizeof(*file->head)) {
        return PRT_E_SHORT;
    }
    file->bytes = bytes;
    file->size = size;
    file->head = bytes;
    err = check_file_head(file->head, size);
    if (!err) {
        err = open_devices(file, place);
    }
    if (err) {
        return err;
    }
    if (!file->head->board_offset) {
        return file->head->board_size ? PRT_E_BOARD : PRT_OK;
    }
    err = check_blob(size, file->head->board_offset, file->head->board_size);
    if (err) {
        return err;
    }
    file->has_board = true;
    return prt_check_board(file->bytes + file->head->board_offset,
                           file->head->board_size, file, &file->board, place);
}

/* Bind the sections of a device that has been checked before. */
int prt_file_device(const struct prt_file *file, uint32_t index,
                    struct prt_table *table)
{
    struct prt_check c = { .t = table };

    if (index >= file->head->device_count) {
        return PRT_E_INDEX;
    }
    memset(table, 0, sizeof(*table));
    c.base = file->bytes + file->devices[index].offset;
    c.size = file->devices[index].size;
    table->head = (const void *)c.base;
    return open_sections(&c, table->head->section_count);
}

size_t prt_state_size(const struct prt_table *table)
{
    return table->head->state_size;
}

size_t prt_table_memory(const struct prt_table *table)
{
    return table->head->state_size + (size_t)table->head->memo_count * 16 +
           prt_depend_cells(table) * 8;
}

const char *prt_string(const struct prt_table *table, uint32_t offset)
{
    return offset < table->nstrings ? table->strings + offset : "";
}

const char *prt_reg_name(const struct prt_table *table, uint32_t reg)
{
    return reg < table->nregs ? prt_string(table, table->regs[reg].name) : "";
}

const char *prt_field_name(const struct prt_table *table, uint32_t field)
{
    return field < table->nfields ?
           prt_string(table, table->fields[field].name) : "";
}
