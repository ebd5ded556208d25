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
    char *name;
    unsigned line;
    int level;
    GPtrArray *inputs;
} WireOutput;

/* Inputs by target, outputs in order; both live as long as the machine. */
static GHashTable *inputs;
static GPtrArray *outputs;

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
    qemu_set_irq(in->target, in->high != 0);
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

static WireOutput *find_output(DeviceState *dev, const char *name,
                               unsigned line)
{
    WireOutput *out;
    unsigned i;

    if (!outputs) {
        outputs = g_ptr_array_new();
    }
    for (i = 0; i < outputs->len; i++) {
        out = g_ptr_array_index(outputs, i);
        if (out->dev == dev && out->line == line &&
            !g_strcmp0(out->name, name)) {
            return out;
        }
    }
    out = g_new0(WireOutput, 1);
    out->dev = dev;
    out->name = g_strdup(name);
    out->line = line;
    out->inputs = g_ptr_array_new();
    g_ptr_array_add(outputs, out);
    qdev_connect_gpio_out_named(dev, name, line,
                                qemu_allocate_irq(output_changed, out, 0));
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
