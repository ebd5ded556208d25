/*
 * Memories of a board
 *
 * Most are there from the start; inferred ones come while the guest runs,
 * and go again when a snapshot of before is loaded.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "qemu/range.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "exec/ramblock.h"
#include "exec/target_page.h"
#include "hw/periph/periph-board.h"
#include "migration/vmstate.h"

static GPtrArray *memories;
static GPtrArray *parked;       /* what a snapshot took away */

static GPtrArray *list(GPtrArray **of)
{
    if (!*of) {
        *of = g_ptr_array_new();
    }
    return *of;
}

GPtrArray *periph_board_memories(void)
{
    return list(&memories);
}

void periph_memory_free(void *opaque)
{
    PeriphMemory *m = opaque;

    g_free(m->name);
    g_free(m);
}

static uint64_t zero_read(void *opaque, hwaddr addr, unsigned size)
{
    return 0;
}

static void zero_write(void *opaque, hwaddr addr, uint64_t value,
                       unsigned size)
{
}

static const MemoryRegionOps zero_ops = {
    .read = zero_read,
    .write = zero_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};

static bool init_memory(PeriphMemory *m, Error **errp)
{
    Object *owner = periph_root();

    if (m->flags & PERIPH_MEMORY_ZERO) {
        memory_region_init_io(&m->mr, owner, &zero_ops, NULL, m->name,
                              m->size);
        return true;
    }
    if (m->flags & PRT_MEMORY_ALIAS) {
        memory_region_init_alias(&m->mr, owner, m->name, get_system_memory(),
                                 m->alias, m->size);
        return true;
    }
    if (m->flags & PRT_MEMORY_RO) {
        return memory_region_init_rom_nomigrate(&m->mr, owner, m->name,
                                                m->size, errp);
    }
    return memory_region_init_ram_nomigrate(&m->mr, owner, m->name, m->size,
                                            errp);
}

static bool same_memory(const PeriphMemory *a, const PeriphMemory *b)
{
    const uint32_t kind = PRT_MEMORY_RO | PRT_MEMORY_ALIAS |
                          PERIPH_MEMORY_ZERO;

    return a->base == b->base && a->size == b->size &&
           a->alias == b->alias && !((a->flags ^ b->flags) & kind) &&
           g_str_equal(a->name, b->name);
}

static PeriphMemory *find_memory(GPtrArray *from, const PeriphMemory *like)
{
    unsigned i;

    for (i = 0; i < from->len; i++) {
        if (same_memory(g_ptr_array_index(from, i), like)) {
            return g_ptr_array_index(from, i);
        }
    }
    return NULL;
}

/*
 * What @wanted describes, not mapped yet: made anew, or taken from those
 * that a snapshot took away.
 */
static PeriphMemory *make_memory(const PeriphMemory *wanted, Error **errp)
{
    PeriphMemory *m = find_memory(list(&parked), wanted);

    if (m) {
        g_ptr_array_remove(parked, m);
        m->flags = wanted->flags;
        return m;
    }
    m = g_new0(PeriphMemory, 1);
    *m = *wanted;
    m->name = g_strdup(wanted->name);
    if (!init_memory(m, errp)) {
        error_prepend(errp, "memory '%s': ", wanted->name);
        periph_memory_free(m);
        return NULL;
    }
    return m;
}

void periph_memory_map(PeriphMemory *m)
{
    bool zero = m->flags & PERIPH_MEMORY_ZERO;

    /* Table devices may be put in front of zeroes later. */
    memory_region_add_subregion_overlap(get_system_memory(), m->base, &m->mr,
                                        zero ? PERIPH_PRIORITY - 1 : 0);
    if (memory_region_is_ram(&m->mr)) {
        vmstate_register_ram_global(&m->mr);
    }
    g_ptr_array_add(list(&memories), m);
    periph_pages_update(m->base, m->size, !zero);
}

void periph_board_zero(uint64_t base, uint64_t size)
{
    PeriphMemory wanted = {
        .flags = PERIPH_MEMORY_ZERO, .base = base, .size = size,
    };
    g_autofree char *name = g_strdup_printf("unanswered-%08" PRIx64, base);

    wanted.name = name;
    memory_region_transaction_begin();
    periph_memory_map(make_memory(&wanted, &error_abort));
    memory_region_transaction_commit();
}

/* Its region may still be in use: it is kept, for when it is asked for. */
static void park_memory(PeriphMemory *m)
{
    g_ptr_array_remove(memories, m);
    memory_region_del_subregion(get_system_memory(), &m->mr);
    if (memory_region_is_ram(&m->mr)) {
        vmstate_unregister_ram(&m->mr, NULL);
        g_clear_pointer(&m->mr.ram_block->receivedmap, g_free);
    }
    g_ptr_array_add(list(&parked), m);
    periph_pages_update(m->base, m->size,
                        !(m->flags & PERIPH_MEMORY_ZERO));
}

/*
 * What the migration code gives to the memories that are there when loading
 * begins, and takes away from all when it ends.
 */
static void prepare_to_load(PeriphMemory *m)
{
    RAMBlock *rb = m->mr.ram_block;

    if (memory_region_is_ram(&m->mr)) {
        g_free(rb->receivedmap);
        rb->receivedmap = bitmap_new(rb->max_length >>
                                     qemu_target_page_bits());
    }
}

static bool check_memory(const PeriphMemory *wanted, Error **errp)
{
    PeriphMemory *m;
    unsigned i;

    for (i = 0; i < list(&memories)->len; i++) {
        m = g_ptr_array_index(memories, i);
        if (m->flags & PERIPH_MEMORY_ZERO) {
            continue;
        }
        if (g_str_equal(m->name, wanted->name)) {
            error_setg(errp, "there is a memory '%s' at another address",
                       wanted->name);
            return false;
        }
        if (ranges_overlap(m->base, m->size, wanted->base, wanted->size)) {
            error_setg(errp, "memory '%s' overlaps memory '%s'; the size of "
                       "a memory cannot change while the guest runs",
                       wanted->name, m->name);
            return false;
        }
    }
    return true;
}

bool periph_memory_exists(const PeriphMemory *wanted)
{
    PeriphMemory *m;
    unsigned i;

    for (i = 0; i < list(&memories)->len; i++) {
        m = g_ptr_array_index(memories, i);
        if (m->base == wanted->base && m->size == wanted->size &&
            !(m->flags & PERIPH_MEMORY_ZERO)) {
            return true;
        }
    }
    return false;
}

PeriphMemory *periph_memory_new(const PeriphMemory *wanted, Error **errp)
{
    return check_memory(wanted, errp) ? make_memory(wanted, errp) : NULL;
}

void periph_memory_discard(PeriphMemory *m)
{
    object_unparent(OBJECT(&m->mr));
    periph_memory_free(m);
}

/*
 * Memories of the machine itself stay, as those of a snapshot of it do: what
 * is in the way of one of these cannot have been there.
 */
static bool check_wanted(GPtrArray *wanted, Error **errp)
{
    unsigned i, k;

    for (i = 0; i < wanted->len; i++) {
        PeriphMemory *w = g_ptr_array_index(wanted, i);

        if (find_memory(memories, w)) {
            continue;
        }
        for (k = 0; k < memories->len; k++) {
            PeriphMemory *m = g_ptr_array_index(memories, k);

            if (!(m->flags & (PRT_MEMORY_INFERRED | PERIPH_MEMORY_ZERO)) &&
                (g_str_equal(m->name, w->name) ||
                 ranges_overlap(m->base, m->size, w->base, w->size))) {
                error_setg(errp, "it has a memory '%s' of 0x%" PRIx64
                           " bytes at 0x%" PRIx64 ", where this board has "
                           "'%s' of 0x%" PRIx64 " at 0x%" PRIx64, w->name,
                           w->size, w->base, m->name, m->size, m->base);
                return false;
            }
        }
    }
    return true;
}

bool periph_board_set_memories(GPtrArray *wanted, Error **errp)
{
    PeriphMemory *m;
    unsigned i;
    bool ok = true;

    if (!check_wanted(wanted, errp)) {
        return false;
    }
    memory_region_transaction_begin();
    for (i = memories->len; i-- > 0;) {
        m = g_ptr_array_index(memories, i);
        if (!find_memory(wanted, m)) {
            park_memory(m);
        }
    }
    for (i = 0; i < wanted->len && ok; i++) {
        if (find_memory(memories, g_ptr_array_index(wanted, i))) {
            continue;
        }
        m = make_memory(g_ptr_array_index(wanted, i), errp);
        ok = m != NULL;
        if (ok) {
            periph_memory_map(m);
            prepare_to_load(m);
        }
    }
    memory_region_transaction_commit();
    return ok;
}
