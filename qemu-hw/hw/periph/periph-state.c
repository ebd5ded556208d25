/*
 * Table devices in snapshots
 *
 * Devices come and go while a guest runs, so that a section for each, which
 * QEMU wants to be there before it loads, will not do. There are two for all
 * of them: "periph-layout" comes before any memory is loaded, and makes the
 * memories that the snapshot has; "periph-tables" makes the devices.
 *
 * The content of each section is a block of bytes: numbers little-endian, a
 * text or a table as its length (32 bits) and its bytes. It begins with the
 * format and with the hash of what follows. All of it is checked before any
 * of it is applied.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "migration/vmstate.h"
#include "periph-state.h"

#define STATE_FORMAT 1
#define STATE_MAX (1u << 30)
#define HEAD_SIZE 16

/* ---- Bytes ---- */

void state_put32(GByteArray *out, uint32_t value)
{
    value = cpu_to_le32(value);
    g_byte_array_append(out, (uint8_t *)&value, sizeof(value));
}

void state_put64(GByteArray *out, uint64_t value)
{
    value = cpu_to_le64(value);
    g_byte_array_append(out, (uint8_t *)&value, sizeof(value));
}

void state_put_bytes(GByteArray *out, const void *bytes, size_t size)
{
    state_put32(out, size);
    g_byte_array_append(out, bytes, size);
}

void state_put_text(GByteArray *out, const char *text)
{
    state_put_bytes(out, text ?: "", text ? strlen(text) : 0);
}

const void *state_get(StateReader *in, size_t size)
{
    const uint8_t *at = in->at;

    if (in->bad || size > in->left) {
        in->bad = true;
        return NULL;
    }
    in->at += size;
    in->left -= size;
    return at;
}

uint32_t state_get32(StateReader *in)
{
    const void *at = state_get(in, 4);

    return at ? ldl_le_p(at) : 0;
}

uint64_t state_get64(StateReader *in)
{
    const void *at = state_get(in, 8);

    return at ? ldq_le_p(at) : 0;
}

uint8_t *state_get_bytes(StateReader *in, size_t *size)
{
    uint32_t n = state_get32(in);
    const void *at = state_get(in, n);
    uint8_t *copy = g_malloc0((at ? n : 0) + 1);

    if (at) {
        memcpy(copy, at, n);
    }
    *size = at ? n : 0;
    return copy;
}

char *state_get_text(StateReader *in)
{
    size_t size;

    return (char *)state_get_bytes(in, &size);
}

uint32_t state_get_count(StateReader *in, size_t least)
{
    uint32_t n = state_get32(in);

    if (n > in->left / least) {
        in->bad = true;
        return 0;
    }
    return n;
}

/* ---- Both sections ---- */

void state_finish_block(StateBlock *b, GByteArray *out)
{
    stl_le_p(out->data, STATE_FORMAT);
    stq_le_p(out->data + 8, prt_hash(PRT_HASH_INIT, out->data + HEAD_SIZE,
                                     out->len - HEAD_SIZE));
    g_free(b->bytes);
    b->size = out->len;
    b->bytes = g_byte_array_free(out, false);
}

GByteArray *state_begin_block(void)
{
    GByteArray *out = g_byte_array_new();

    state_put64(out, 0);
    state_put64(out, 0);
    return out;
}

bool state_open_block(const StateBlock *b, StateReader *in, Error **errp)
{
    *in = (StateReader) { .at = b->bytes, .left = b->size };
    if (b->size < HEAD_SIZE) {
        error_setg(errp, "it is truncated");
        return false;
    }
    if (ldl_le_p(b->bytes) != STATE_FORMAT) {
        error_setg(errp, "it has format %u, this QEMU reads format %u",
                   (unsigned)ldl_le_p(b->bytes), STATE_FORMAT);
        return false;
    }
    if (ldq_le_p(b->bytes + 8) != prt_hash(PRT_HASH_INIT,
                                           b->bytes + HEAD_SIZE,
                                           b->size - HEAD_SIZE)) {
        error_setg(errp, "its hash does not match: it is damaged");
        return false;
    }
    state_get(in, HEAD_SIZE);
    return true;
}

static int block_pre_load(void *opaque)
{
    StateBlock *b = opaque;

    g_clear_pointer(&b->bytes, g_free);
    return 0;
}

static int block_post_save(void *opaque)
{
    return block_pre_load(opaque);
}

static bool size_is_possible(void *opaque, int version_id)
{
    StateBlock *b = opaque;

    return b->size <= STATE_MAX;
}

int state_report(const StateBlock *b, Error *err)
{
    error_reportf_err(err, "periph: the snapshot does not fit, section %s: ",
                      b->vmsd->name);
    return -EINVAL;
}

/* ---- Layout ---- */

static int layout_pre_save(void *opaque)
{
    GByteArray *out = state_begin_block();
    GPtrArray *memories = periph_board_memories();
    unsigned i;

    state_put_text(out, periph_board_name());
    state_put32(out, memories->len);
    for (i = 0; i < memories->len; i++) {
        const PeriphMemory *m = g_ptr_array_index(memories, i);

        state_put_text(out, m->name);
        state_put32(out, m->flags);
        state_put64(out, m->base);
        state_put64(out, m->size);
        state_put64(out, m->alias);
    }
    state_finish_block(opaque, out);
    return 0;
}

static GPtrArray *read_memories(StateReader *in)
{
    GPtrArray *wanted = g_ptr_array_new_with_free_func(periph_memory_free);
    uint32_t n = state_get_count(in, 32), i;

    for (i = 0; i < n; i++) {
        PeriphMemory *m = g_new0(PeriphMemory, 1);

        m->name = state_get_text(in);
        m->flags = state_get32(in);
        m->base = state_get64(in);
        m->size = state_get64(in);
        m->alias = state_get64(in);
        g_ptr_array_add(wanted, m);
        in->bad |= !m->size || m->base + (m->size - 1) < m->base;
    }
    return wanted;
}

static bool load_layout(const StateBlock *b, Error **errp)
{
    g_autoptr(GPtrArray) wanted = NULL;
    g_autofree char *board = NULL;
    StateReader in;

    if (!state_open_block(b, &in, errp)) {
        return false;
    }
    board = state_get_text(&in);
    wanted = read_memories(&in);
    if (in.bad || in.left) {
        error_setg(errp, "it is malformed");
        return false;
    }
    if (!g_str_equal(board, periph_board_name())) {
        error_setg(errp, "it is of board '%s', this is board '%s'", board,
                   periph_board_name());
        return false;
    }
    return periph_board_set_memories(wanted, errp);
}

static int layout_post_load(void *opaque, int version_id)
{
    Error *err = NULL;

    return load_layout(opaque, &err) ? 0 : state_report(opaque, err);
}

/* ---- Sections ---- */

static const VMStateField block_fields[] = {
    VMSTATE_UINT32(size, StateBlock),
    VMSTATE_VALIDATE("size is possible", size_is_possible),
    VMSTATE_VBUFFER_ALLOC_UINT32(bytes, StateBlock, 1, NULL, size),
    VMSTATE_END_OF_LIST()
};

static const VMStateDescription vmstate_layout = {
    .name = "periph-layout",
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_VIRTIO_MEM,
    .early_setup = true,
    .pre_save = layout_pre_save,
    .post_save = block_post_save,
    .pre_load = block_pre_load,
    .post_load = layout_post_load,
    .fields = block_fields,
};

static const VMStateDescription vmstate_tables = {
    .name = "periph-tables",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = periph_tables_pre_save,
    .post_save = block_post_save,
    .pre_load = block_pre_load,
    .post_load = periph_tables_post_load,
    .fields = block_fields,
};

void periph_state_register(void)
{
    static StateBlock layout = { .vmsd = &vmstate_layout };
    static StateBlock tables = { .vmsd = &vmstate_tables };
    static bool registered;

    if (!registered) {
        registered = true;
        vmstate_register(NULL, 0, &vmstate_layout, &layout);
        vmstate_register(NULL, 0, &vmstate_tables, &tables);
    }
}
