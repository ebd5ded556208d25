/*
 * Where a table device answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/range.h"
#include "exec/address-spaces.h"
#include "hw/periph/periph-device.h"

/*
 * Where all devices answer, close together: whoever looks for one device
 * looks at all of them, and their own memory is everywhere.
 */
typedef struct Place {
    hwaddr first;
    hwaddr last;
    PeriphDevice *dev;
} Place;

static GArray *places;

static void places_update(PeriphDevice *s)
{
    unsigned i;

    places = places ?: g_array_new(false, false, sizeof(Place));
    for (i = places->len; i-- > 0;) {
        if (g_array_index(places, Place, i).dev == s) {
            g_array_remove_index(places, i);
        }
    }
    for (i = 0; i < s->piece_count; i++) {
        Place place = { s->pieces[i].addr,
                        s->pieces[i].addr + (s->pieces[i].size - 1), s };

        g_array_append_val(places, place);
    }
}

PeriphDevice *periph_device_in(hwaddr first, hwaddr last,
                               bool (*fn)(PeriphDevice *s, void *opaque),
                               void *opaque)
{
    unsigned i;

    for (i = 0; places && i < places->len; i++) {
        Place *p = &g_array_index(places, Place, i);

        if (p->first <= last && p->last >= first &&
            (!fn || fn(p->dev, opaque))) {
            return p->dev;
        }
    }
    return NULL;
}

bool periph_device_at(const PeriphDevice *s, hwaddr addr, hwaddr *offset)
{
    unsigned i;

    for (i = 0; i < s->piece_count; i++) {
        const PeriphPiece *p = &s->pieces[i];

        if (addr >= p->addr && addr - p->addr < p->size) {
            *offset = addr - p->addr + p->offset;
            return true;
        }
    }
    return false;
}

hwaddr periph_device_address(const PeriphDevice *s, hwaddr offset)
{
    unsigned i = s->piece_count - 1;

    while (i && s->pieces[i].offset > offset) {
        i--;
    }
    return s->pieces[i].addr + (offset - s->pieces[i].offset);
}

bool periph_pieces_overlap(const PeriphPiece *a, unsigned a_count,
                           const PeriphPiece *b, unsigned b_count)
{
    unsigned i, k;

    for (i = 0; i < a_count; i++) {
        for (k = 0; k < b_count; k++) {
            if (ranges_overlap(a[i].addr, a[i].size, b[k].addr, b[k].size)) {
                return true;
            }
        }
    }
    return false;
}

static void add(PeriphDevice *s, MemoryRegion *mr, hwaddr addr)
{
    /* Below whatever else a machine has there, above what it only stubs. */
    memory_region_add_subregion_overlap(get_system_memory(), addr, mr,
                                        PERIPH_PRIORITY);
    g_ptr_array_add(s->mapped, mr);
}

/* Views of what is gone may still use an alias: it lives as the device. */
static void add_part(PeriphDevice *s, unsigned index)
{
    const PeriphPiece *p = &s->pieces[index];
    g_autofree char *name = g_strdup_printf("%s.%u", s->name, index);
    MemoryRegion *mr = g_new0(MemoryRegion, 1);

    memory_region_init_alias(mr, OBJECT(s), name, &s->iomem, p->offset,
                             p->size);
    s->aliases = g_slist_prepend(s->aliases, mr);
    add(s, mr, p->addr);
}

static void remove_all(PeriphDevice *s)
{
    unsigned i, count = s->piece_count;

    for (i = 0; i < s->mapped->len; i++) {
        memory_region_del_subregion(get_system_memory(),
                                    g_ptr_array_index(s->mapped, i));
    }
    g_ptr_array_set_size(s->mapped, 0);
    s->piece_count = 0;
    for (i = 0; i < count; i++) {
        periph_pages_update(s->pieces[i].addr, s->pieces[i].size, true);
    }
}

static bool is_mapped_so(const PeriphDevice *s, const PeriphPiece *pieces,
                         unsigned count)
{
    return count == s->piece_count &&
           !memcmp(pieces, s->pieces, count * sizeof(*pieces));
}

void periph_device_map(PeriphDevice *s, const PeriphPiece *pieces,
                       unsigned count)
{
    uint64_t size = s->engine->table.head->mmio_size;
    unsigned i;

    s->mapped = s->mapped ?: g_ptr_array_new();
    if (is_mapped_so(s, pieces, count) &&
        memory_region_size(&s->iomem) == size) {
        return;
    }
    memory_region_transaction_begin();
    remove_all(s);
    g_free(s->pieces);
    s->pieces = g_memdup2(pieces, count * sizeof(*pieces));
    s->piece_count = count;
    places_update(s);
    if (count) {
        memory_region_set_size(&s->iomem, size);
    }
    for (i = 0; i < count; i++) {
        if (count == 1 && pieces[0].size == size) {
            add(s, &s->iomem, pieces[0].addr);
        } else {
            add_part(s, i);
        }
    }
    for (i = 0; i < count; i++) {
        periph_pages_update(pieces[i].addr, pieces[i].size, true);
    }
    memory_region_transaction_commit();
}

void periph_device_map_finalize(PeriphDevice *s)
{
    g_slist_free_full(s->aliases, g_free);
    if (s->mapped) {
        g_ptr_array_unref(s->mapped);
    }
    g_free(s->pieces);
}
