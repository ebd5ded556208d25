/*
 * Wires between outputs and inputs of a board
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/irq.h"
#include "hw/periph/periph-board.h"

/* An input that is driven by wires: the OR of those that are high. */
typedef struct WireInput {
    qemu_irq target;
    unsigned high;
} WireInput;

/* An output and where it leads. */
typedef struct WireOutput {
    DeviceState *dev;
    qemu_irq irq;               /* what hears of it */
    char *name;
    unsigned line;
    int level;
    GPtrArray *inputs;
} WireOutput;

/* Inputs by target, outputs in order. */
static GHashTable *inputs;
static GPtrArray *outputs;
static bool quiet;

static WireInput *find_input(qemu_irq target)
{
    WireInput *in;

    if (!inputs) {
        inputs = g_hash_table_new(NULL, NULL);
    }
    in = g_hash_table_lookup(inputs, target);
    if (!in) {
        in = g_new0(WireInput, 1);
        in->target = target;
        g_hash_table_insert(inputs, target, in);
    }
    return in;
}

static void drive(WireInput *in, int was, int now)
{
    in->high += now - was;
    if (!quiet) {
        qemu_set_irq(in->target, in->high != 0);
    }
}

static void output_changed(void *opaque, int n, int level)
{
    WireOutput *out = opaque;
    int was = out->level;
    unsigned i;

    level = level != 0;
    if (level == was) {
        return;
    }
    out->level = level;
    for (i = 0; i < out->inputs->len; i++) {
        drive(g_ptr_array_index(out->inputs, i), was, level);
    }
}

static WireOutput *known_output(const void *dev, const char *name,
                                unsigned line)
{
    unsigned i;

    for (i = 0; outputs && i < outputs->len; i++) {
        WireOutput *out = g_ptr_array_index(outputs, i);

        if (out->dev == dev && out->line == line &&
            !g_strcmp0(out->name, name)) {
            return out;
        }
    }
    return NULL;
}

static WireOutput *find_output(DeviceState *dev, const char *name,
                               unsigned line)
{
    WireOutput *out = known_output(dev, name, line);

    if (out) {
        return out;
    }
    if (!outputs) {
        outputs = g_ptr_array_new();
    }
    out = g_new0(WireOutput, 1);
    out->dev = dev;
    out->name = g_strdup(name);
    out->line = line;
    out->inputs = g_ptr_array_new();
    g_ptr_array_add(outputs, out);
    out->irq = qemu_allocate_irq(output_changed, out, 0);
    qdev_connect_gpio_out_named(dev, name, line, out->irq);
    return out;
}

void periph_wire_connect_irq(DeviceState *from, const char *name,
                             unsigned line, qemu_irq to)
{
    WireOutput *out = find_output(from, name, line);
    WireInput *in = find_input(to);

    if (!g_ptr_array_find(out->inputs, in, NULL)) {
        g_ptr_array_add(out->inputs, in);
        drive(in, 0, out->level);
    }
}

void periph_wire_connect(PeriphDevice *from, unsigned line, qemu_irq to)
{
    WireOutput *out = find_output(DEVICE(from), "line", line);

    /* The output may have been high before anything was connected to it. */
    out->level = prt_line_level(&from->engine->dev, line) != 0;
    periph_wire_connect_irq(DEVICE(from), "line", line, to);
}

void periph_wire_disconnect(DeviceState *from, const char *name,
                            unsigned line, qemu_irq to)
{
    WireOutput *out = known_output(from, name, line);
    WireInput *in = inputs ? g_hash_table_lookup(inputs, to) : NULL;

    if (out && in && g_ptr_array_remove_fast(out->inputs, in)) {
        drive(in, out->level, 0);
    }
}

/* ---- Snapshots ---- */

void periph_wires_quiet(void)
{
    quiet = true;
}

bool periph_wires_are_quiet(void)
{
    return quiet;
}

/* Levels of table devices are those of their contents. */
void periph_wires_loud(void)
{
    GHashTableIter iter;
    WireInput *in;
    unsigned i, k;

    if (!outputs) {
        quiet = false;
        return;
    }
    g_hash_table_iter_init(&iter, inputs);
    while (g_hash_table_iter_next(&iter, NULL, (void **)&in)) {
        in->high = 0;
    }
    for (i = 0; i < outputs->len; i++) {
        WireOutput *out = g_ptr_array_index(outputs, i);
        Object *dev = object_dynamic_cast(OBJECT(out->dev),
                                          TYPE_PERIPH_DEVICE);

        if (dev) {
            out->level = prt_line_level(&PERIPH_DEVICE(dev)->engine->dev,
                                        out->line) != 0;
        }
        for (k = 0; k < out->inputs->len; k++) {
            in = g_ptr_array_index(out->inputs, k);
            in->high += out->level;
        }
    }
    quiet = false;
}

static void drop_inputs(WireOutput *out)
{
    while (out->inputs->len) {
        drive(g_ptr_array_index(out->inputs, 0), out->level, 0);
        g_ptr_array_remove_index_fast(out->inputs, 0);
    }
}

static void free_output(WireOutput *out)
{
    g_ptr_array_remove(outputs, out);
    qdev_connect_gpio_out_named(out->dev, out->name, out->line, NULL);
    object_unparent(OBJECT(out->irq));
    g_ptr_array_unref(out->inputs);
    g_free(out->name);
    g_free(out);
}

static void forget_input(qemu_irq target)
{
    WireInput *in = inputs ? g_hash_table_lookup(inputs, target) : NULL;
    unsigned i;

    if (!in) {
        return;
    }
    for (i = 0; i < outputs->len; i++) {
        WireOutput *out = g_ptr_array_index(outputs, i);

        g_ptr_array_remove_fast(out->inputs, in);
    }
    g_hash_table_remove(inputs, target);
    g_free(in);
}

void periph_wires_forget(PeriphDevice *dev, bool gone)
{
    unsigned i;

    for (i = outputs ? outputs->len : 0; i-- > 0;) {
        WireOutput *out = g_ptr_array_index(outputs, i);

        if (out->dev == DEVICE(dev)) {
            drop_inputs(out);
            if (gone) {
                free_output(out);
            }
        }
    }
    for (i = 0; gone && i < dev->lines_in; i++) {
        forget_input(qdev_get_gpio_in_named(DEVICE(dev), "line-in", i));
    }
}

static bool is_native(const WireOutput *out)
{
    return !object_dynamic_cast(OBJECT(out->dev), TYPE_PERIPH_DEVICE);
}

void periph_wires_levels(void (*fn)(void *opaque, const char *path,
                                    const char *name, unsigned line,
                                    int level), void *opaque)
{
    unsigned i;

    for (i = 0; outputs && i < outputs->len; i++) {
        WireOutput *out = g_ptr_array_index(outputs, i);

        if (is_native(out)) {
            g_autofree char *path = object_get_canonical_path(OBJECT(out->dev));

            fn(opaque, path, out->name, out->line, out->level);
        }
    }
}

bool periph_wires_set_level(const char *path, const char *name,
                            unsigned line, int level)
{
    WireOutput *out = known_output(object_resolve_path(path, NULL), name,
                                   line);

    if (out) {
        out->level = level;
    }
    return out != NULL;
}
