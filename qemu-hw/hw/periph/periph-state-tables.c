/*
 * Table devices in snapshots: the section of the devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qapi/error.h"
#include "system/system.h"
#include "periph-state.h"

/* ---- Out ---- */

typedef struct TableWriter {
    GByteArray *out;
    GPtrArray *files;           /* GBytes, each once */
    uint32_t count;
} TableWriter;

static uint32_t file_index(TableWriter *w, GBytes *bytes)
{
    guint index;

    if (!g_ptr_array_find(w->files, bytes, &index)) {
        index = w->files->len;
        g_ptr_array_add(w->files, bytes);
    }
    return index;
}

static bool put_device(PeriphDevice *s, void *opaque)
{
    TableWriter *w = opaque;
    PeriphContents c;
    unsigned i;

    periph_device_get_contents(s, &c);
    state_put_text(w->out, s->name);
    state_put32(w->out, s->on_board);
    state_put32(w->out, s->piece_count);
    for (i = 0; i < s->piece_count; i++) {
        state_put64(w->out, s->pieces[i].addr);
        state_put32(w->out, s->pieces[i].offset);
        state_put32(w->out, s->pieces[i].size);
    }
    state_put32(w->out, s->flags);
    state_put_text(w->out, s->end);
    state_put32(w->out, file_index(w, s->engine->bytes));
    state_put32(w->out, s->engine->index);
    state_put64(w->out, s->engine->table.head->model_hash);
    state_put32(w->out, c.was_reset);
    for (i = 0; i < ARRAY_SIZE(c.input_level); i++) {
        state_put64(w->out, c.input_level[i]);
        state_put64(w->out, c.input_dirty[i]);
    }
    state_put_bytes(w->out, c.state, c.size);
    w->count++;
    return false;
}

static void put_wire(GByteArray *out, const PeriphWire *wire)
{
    state_put_text(out, wire->from);
    state_put_text(out, wire->to);
    state_put32(out, wire->from_kind);
    state_put32(out, wire->from_line);
    state_put32(out, wire->to_kind);
    state_put32(out, wire->kind);
    state_put32(out, wire->to_index);
    state_put32(out, wire->number);
}

static void put_level(void *opaque, const char *path, const char *name,
                      unsigned line, int level)
{
    TableWriter *w = opaque;

    state_put_text(w->out, path);
    state_put_text(w->out, name);
    state_put32(w->out, line);
    state_put32(w->out, level);
    w->count++;
}

/* Writes what @fill appends, after its number. */
static void put_counted(TableWriter *w, void (*fill)(TableWriter *w))
{
    guint at = w->out->len;

    state_put32(w->out, 0);
    w->count = 0;
    fill(w);
    stl_le_p(w->out->data + at, w->count);
}

static void put_devices(TableWriter *w)
{
    periph_device_find(put_device, w);
}

static void put_wires(TableWriter *w)
{
    GPtrArray *wires = periph_board_wires();

    for (w->count = 0; w->count < wires->len; w->count++) {
        put_wire(w->out, g_ptr_array_index(wires, w->count));
    }
}

static void put_levels(TableWriter *w)
{
    periph_wires_levels(put_level, w);
}

static void put_files(TableWriter *w)
{
    gsize size;

    for (w->count = 0; w->count < w->files->len; w->count++) {
        const void *data = g_bytes_get_data(g_ptr_array_index(w->files,
                                                              w->count),
                                            &size);

        state_put_bytes(w->out, data, size);
    }
}

int periph_tables_pre_save(void *opaque)
{
    TableWriter w = { .out = state_begin_block(), .files = g_ptr_array_new() };

    put_counted(&w, put_devices);
    put_counted(&w, put_wires);
    put_counted(&w, put_levels);
    put_counted(&w, put_files);
    g_ptr_array_unref(w.files);
    state_finish_block(opaque, w.out);
    return 0;
}

/* ---- In ---- */

typedef struct SavedDevice {
    char *name;
    bool on_board;
    uint32_t piece_count;
    PeriphPiece pieces[PRT_MAX_REGIONS];
    uint32_t flags;
    char *end;
    uint32_t file;
    uint32_t index;
    uint64_t model_hash;
    PeriphContents contents;
    uint8_t *state;
    PeriphDevice *dev;          /* NULL: to be made */
    PeriphEngine *engine;
} SavedDevice;

typedef struct SavedLevel {
    char *path;
    char *name;
    uint32_t line;
    uint32_t level;
} SavedLevel;

typedef struct SavedTables {
    GPtrArray *devices;
    GPtrArray *wires;
    GPtrArray *levels;
    GPtrArray *files;           /* GBytes */
} SavedTables;

static void free_device(void *opaque)
{
    SavedDevice *d = opaque;

    periph_engine_free(d->engine);
    g_free(d->name);
    g_free(d->end);
    g_free(d->state);
    g_free(d);
}

static void free_wire(void *opaque)
{
    periph_wire_free(opaque);
}

static void free_level(void *opaque)
{
    SavedLevel *l = opaque;

    g_free(l->path);
    g_free(l->name);
    g_free(l);
}

static void saved_init(SavedTables *t)
{
    t->devices = g_ptr_array_new_with_free_func(free_device);
    t->wires = g_ptr_array_new_with_free_func(free_wire);
    t->levels = g_ptr_array_new_with_free_func(free_level);
    t->files = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

static void saved_dispose(SavedTables *t)
{
    g_ptr_array_unref(t->devices);
    g_ptr_array_unref(t->wires);
    g_ptr_array_unref(t->levels);
    g_ptr_array_unref(t->files);
}

static SavedDevice *read_device(StateReader *in)
{
    SavedDevice *d = g_new0(SavedDevice, 1);
    unsigned i;

    d->name = state_get_text(in);
    d->on_board = state_get32(in);
    d->piece_count = state_get32(in);
    in->bad |= d->piece_count - 1 >= PRT_MAX_REGIONS;
    for (i = 0; !in->bad && i < d->piece_count; i++) {
        d->pieces[i].addr = state_get64(in);
        d->pieces[i].offset = state_get32(in);
        d->pieces[i].size = state_get32(in);
    }
    d->flags = state_get32(in);
    d->end = state_get_text(in);
    d->file = state_get32(in);
    d->index = state_get32(in);
    d->model_hash = state_get64(in);
    d->contents.was_reset = state_get32(in);
    for (i = 0; i < ARRAY_SIZE(d->contents.input_level); i++) {
        d->contents.input_level[i] = state_get64(in);
        d->contents.input_dirty[i] = state_get64(in);
    }
    d->state = state_get_bytes(in, &d->contents.size);
    d->contents.state = d->state;
    return d;
}

static PeriphWire *read_wire(StateReader *in)
{
    PeriphWire *wire = g_new0(PeriphWire, 1);

    wire->from = state_get_text(in);
    wire->to = state_get_text(in);
    wire->from_kind = state_get32(in);
    wire->from_line = state_get32(in);
    wire->to_kind = state_get32(in);
    wire->kind = state_get32(in);
    wire->to_index = state_get32(in);
    wire->number = state_get32(in);
    return wire;
}

static SavedLevel *read_level(StateReader *in)
{
    SavedLevel *l = g_new0(SavedLevel, 1);

    l->path = state_get_text(in);
    l->name = state_get_text(in);
    l->line = state_get32(in);
    l->level = state_get32(in);
    return l;
}

static bool read_tables(StateReader *in, SavedTables *t, Error **errp)
{
    uint32_t n, i;
    size_t size;

    for (n = state_get_count(in, 64), i = 0; i < n; i++) {
        g_ptr_array_add(t->devices, read_device(in));
    }
    for (n = state_get_count(in, 32), i = 0; i < n; i++) {
        g_ptr_array_add(t->wires, read_wire(in));
    }
    for (n = state_get_count(in, 16), i = 0; i < n; i++) {
        g_ptr_array_add(t->levels, read_level(in));
    }
    for (n = state_get_count(in, 4), i = 0; i < n; i++) {
        uint8_t *bytes = state_get_bytes(in, &size);

        g_ptr_array_add(t->files, g_bytes_new_take(bytes, size));
    }
    if (in->bad || in->left) {
        error_setg(errp, "it is malformed");
        return false;
    }
    return true;
}

/* The engine with the contents of @d, or the reason why there is none. */
static PeriphEngine *make_engine(const SavedTables *t, const SavedDevice *d,
                                 Error **errp)
{
    g_autoptr(PeriphEngine) e = NULL;
    struct prt_file file;
    const void *data;
    gsize size;
    int ret;

    if (d->file >= t->files->len) {
        error_setg(errp, "its table is missing");
        return NULL;
    }
    data = g_bytes_get_data(g_ptr_array_index(t->files, d->file), &size);
    ret = prt_file_open(data, size, &file, NULL);
    if (ret != PRT_OK) {
        error_setg(errp, "%s", prt_strerror(ret));
        return NULL;
    }
    e = periph_engine_new(g_ptr_array_index(t->files, d->file), &file,
                          d->index, errp);
    if (!e) {
        return NULL;
    }
    if (e->table.head->model_hash != d->model_hash) {
        error_setg(errp, "its contents are of model %016" PRIx64 ", its table "
                   "of model %016" PRIx64, d->model_hash,
                   e->table.head->model_hash);
        return NULL;
    }
    ret = prt_load(&e->dev, d->state, d->contents.size);
    if (ret != PRT_OK) {
        error_setg(errp, "%s", prt_strerror(ret));
        return NULL;
    }
    return g_steal_pointer(&e);
}

static bool check_pieces(const SavedDevice *d, Error **errp)
{
    uint64_t size = d->engine->table.head->mmio_size, last;
    unsigned i;

    for (i = 0; i < d->piece_count; i++) {
        const PeriphPiece *p = &d->pieces[i];

        if (!p->size || (uint64_t)p->offset + p->size > size ||
            uadd64_overflow(p->addr, p->size - 1, &last)) {
            error_setg(errp, "device '%s': its addresses make no sense",
                       d->name);
            return false;
        }
    }
    return true;
}

static bool plan_device(const SavedTables *t, SavedDevice *d, Error **errp)
{
    d->dev = periph_device_named(d->name);
    if (d->dev && (d->dev->addr != d->pieces[0].addr ||
                   d->dev->on_board != d->on_board)) {
        error_setg(errp, "device '%s' is at 0x%" PRIx64 " in the snapshot and "
                   "at 0x%" PRIx64 " here", d->name, d->pieces[0].addr,
                   d->dev->addr);
        return false;
    }
    if (!d->dev && !d->on_board) {
        error_setg(errp, "device '%s' is missing: give this QEMU the "
                   "-device options of the other", d->name);
        return false;
    }
    if (!d->dev && (!*d->name ||
                    object_property_find(periph_root(), d->name))) {
        error_setg(errp, "the name of device '%s' is taken", d->name);
        return false;
    }
    d->engine = make_engine(t, d, errp);
    if (!d->engine) {
        error_prepend(errp, "device '%s': ", d->name);
        return false;
    }
    return check_pieces(d, errp);
}

static bool is_saved(const SavedTables *t, PeriphDevice *s)
{
    unsigned i;

    for (i = 0; i < t->devices->len; i++) {
        SavedDevice *d = g_ptr_array_index(t->devices, i);

        if (d->dev == s) {
            return true;
        }
    }
    return false;
}

static bool is_extra(PeriphDevice *s, void *opaque)
{
    return s->on_board && !is_saved(opaque, s);
}

static bool is_foreign(PeriphDevice *s, void *opaque)
{
    return !s->on_board && !is_saved(opaque, s);
}

static bool plan_wire(const SavedTables *t, const PeriphWire *wire,
                      Error **errp)
{
    bool later = wire->to_kind == PRT_TO_INSTANCE;

    if (wire->to_kind > PRT_TO_CPU || wire->from_kind > PRT_FROM_NATIVE) {
        error_setg(errp, "a wire of a kind that is none");
        return false;
    }
    return later || periph_board_wire_target(wire, &later, errp);
}

static bool plan_tables(SavedTables *t, Error **errp)
{
    PeriphDevice *other;
    unsigned i;

    for (i = 0; i < t->devices->len; i++) {
        if (!plan_device(t, g_ptr_array_index(t->devices, i), errp)) {
            return false;
        }
    }
    for (i = 0; i < t->wires->len; i++) {
        if (!plan_wire(t, g_ptr_array_index(t->wires, i), errp)) {
            return false;
        }
    }
    other = periph_device_find(is_foreign, t);
    if (other) {
        error_setg(errp, "it has no device '%s'", other->name);
        return false;
    }
    return true;
}

static void place_device(SavedDevice *d)
{
    PeriphEngine *engine = g_steal_pointer(&d->engine);
    const char *end = *d->end ? d->end : NULL;

    if (d->dev) {
        periph_device_exchange(d->dev, engine, d->pieces, d->piece_count,
                               d->flags, end);
    } else {
        d->dev = periph_device_new(d->name, engine, d->pieces,
                                   d->piece_count, d->flags, end);
    }
    if (d->on_board && d->flags & PRT_INST_CONSOLE) {
        periph_device_bind_chr(d->dev, serial_hd(0));
    }
}

/* Only what the snapshot lacks goes; the rest keeps its place in QOM. */
static void place_devices(SavedTables *t)
{
    PeriphDevice *s;
    unsigned i;

    while ((s = periph_device_find(is_extra, t)) != NULL) {
        periph_device_remove(s);
    }
    for (i = 0; i < t->devices->len; i++) {
        SavedDevice *d = g_ptr_array_index(t->devices, i);

        if (d->dev && d->on_board) {
            periph_wires_forget(d->dev, false);
            if (!(d->flags & PRT_INST_CONSOLE)) {
                periph_device_release_chr(d->dev);
            }
        }
    }
    for (i = 0; i < t->devices->len; i++) {
        place_device(g_ptr_array_index(t->devices, i));
    }
}

static void apply_tables(SavedTables *t)
{
    GPtrArray *wires = periph_board_wires();
    unsigned i;

    periph_wires_quiet();
    memory_region_transaction_begin();
    place_devices(t);
    memory_region_transaction_commit();
    for (i = 0; i < wires->len; i++) {
        periph_wire_free(g_ptr_array_index(wires, i));
    }
    g_ptr_array_set_size(wires, 0);
    for (i = 0; i < t->wires->len; i++) {
        periph_board_add_wire(g_ptr_array_index(t->wires, i));
    }
    for (i = 0; i < t->devices->len; i++) {
        SavedDevice *d = g_ptr_array_index(t->devices, i);

        periph_device_set_contents(d->dev, &d->contents);
    }
    for (i = 0; i < t->levels->len; i++) {
        SavedLevel *l = g_ptr_array_index(t->levels, i);

        periph_wires_set_level(l->path, l->name, l->line, l->level != 0);
    }
    periph_wires_loud();
}

static bool load_tables(const StateBlock *b, Error **errp)
{
    SavedTables t;
    StateReader in;
    bool ok;

    saved_init(&t);
    ok = state_open_block(b, &in, errp) && read_tables(&in, &t, errp) &&
         plan_tables(&t, errp);
    if (ok) {
        apply_tables(&t);
    }
    saved_dispose(&t);
    return ok;
}

int periph_tables_post_load(void *opaque, int version_id)
{
    Error *err = NULL;

    return load_tables(opaque, &err) ? 0 : state_report(opaque, err);
}
