/*
 * Table-driven device: what QOM shows of it
 *
 * "registers" holds the value of each register by its name, "fields" that of
 * each field, "irqs" where lines lead. Looking at them has no effect on the
 * device. There is one property for all registers, not one for each: they
 * come and go with tables, which have up to 65534 of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/irq.h"
#include "hw/periph/periph-board.h"
#include "hw/qdev-properties.h"

typedef const char *NameOf(const struct prt_table *table, uint32_t index);
typedef uint64_t ValueOf(struct prt_dev *dev, uint32_t index);

static bool visit_all(PeriphDevice *s, Visitor *v, uint32_t count,
                      NameOf *name_of, ValueOf *value_of)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        uint64_t value = value_of(&s->engine->dev, i);

        if (!visit_type_uint64(v, name_of(&s->engine->table, i), &value,
                               NULL)) {
            return false;
        }
    }
    return true;
}

static void get_registers(Object *obj, Visitor *v, const char *name,
                          void *opaque, Error **errp)
{
    PeriphDevice *s = PERIPH_DEVICE(obj);

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    if (s->engine && visit_all(s, v, s->engine->table.nregs, prt_reg_name,
                               prt_peek_reg)) {
        visit_check_struct(v, errp);
    }
    visit_end_struct(v, NULL);
}

/* Fields by "REGISTER.FIELD": the same name may be in many registers. */
static void visit_fields(PeriphDevice *s, Visitor *v)
{
    const struct prt_table *t = &s->engine->table;
    uint32_t i;

    for (i = 0; i < t->nfields; i++) {
        uint64_t value = prt_peek_field(&s->engine->dev, i);
        g_autofree char *name = g_strdup_printf("%s.%s",
            prt_reg_name(t, t->fields[i].reg), prt_field_name(t, i));

        visit_type_uint64(v, name, &value, NULL);
    }
}

static void get_fields(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    PeriphDevice *s = PERIPH_DEVICE(obj);

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    if (s->engine) {
        visit_fields(s, v);
    }
    visit_check_struct(v, errp);
    visit_end_struct(v, NULL);
}

/* ---- Wires of the command line ---- */

/* "LINE:PATH:INPUT" or "LINE:PATH:NAME:INPUT" of a device with inputs. */
static bool connect_one(PeriphDevice *s, const char *text, Error **errp)
{
    g_auto(GStrv) part = g_strsplit(text, ":", 0);
    unsigned count = g_strv_length(part);
    const char *name = count == 4 ? part[2] : NULL;
    NamedGPIOList *list = NULL;
    uint64_t line, input;
    Object *obj;

    if (count < 3 || count > 4 ||
        !g_ascii_string_to_unsigned(part[0], 10, 0, UINT32_MAX, &line,
                                    NULL) ||
        !g_ascii_string_to_unsigned(part[count - 1], 10, 0, UINT32_MAX,
                                    &input, NULL)) {
        error_setg(errp, "irq '%s' is not LINE:PATH:INPUT", text);
        return false;
    }
    obj = object_resolve_path_type(part[1], TYPE_DEVICE, NULL);
    if (obj) {
        QLIST_FOREACH(list, &DEVICE(obj)->gpios, node) {
            if (!g_strcmp0(list->name, name) && input < list->num_in) {
                break;
            }
        }
    }
    if (!list || line >= s->lines_out) {
        error_setg(errp, "irq '%s': there is no such %s", text,
                   list ? "line" : "input");
        return false;
    }
    periph_wire_connect(s, line, qdev_get_gpio_in_named(DEVICE(obj), name,
                                                        input));
    return true;
}

bool periph_device_connect(PeriphDevice *s, Error **errp)
{
    g_auto(GStrv) irqs = g_strsplit(s->irqs ?: "", " ", 0);
    unsigned i;

    for (i = 0; irqs[i]; i++) {
        if (*irqs[i] && !connect_one(s, irqs[i], errp)) {
            return false;
        }
    }
    return true;
}

void periph_device_class_properties(ObjectClass *klass)
{
    object_class_property_add(klass, "registers", "struct", get_registers,
                              NULL, NULL, NULL);
    object_class_property_set_description(klass, "registers",
                                          "values by name, without effect");
    object_class_property_add(klass, "fields", "struct", get_fields, NULL,
                              NULL, NULL);
    object_class_property_set_description(klass, "fields",
                                          "values by name, without effect");
}
