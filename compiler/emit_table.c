/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The register table: file, directory, and one blob for each device. */
#include "compiler/emit_table.h"

#include <string.h>

#include "runtime/engine/table.h"

uint64_t tab_hash(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t i;

    for (i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

uint32_t tab_string(struct pdl_strbuf *strings, const char *text)
{
    uint32_t at;

    if (!text || !*text) {
        return 0;
    }
    if (!strings->len) {
        pdl_strbuf_putc(strings, '\0');
    }
    at = strings->len;
    pdl_strbuf_add(strings, text, strlen(text) + 1);
    return at;
}

void tab_align(struct pdl_strbuf *buf, size_t base)
{
    pdl_strbuf_fill(buf, '\0', (8 - (buf->len - base) % 8) % 8);
}

/* Devices that wanted instances use; all when there is no board. */
static bool find_used(const struct pcc_emit *e, uint32_t *index,
                      uint32_t *count)
{
    const struct pcc_board *b = e->model->board;
    size_t i;

    *count = 0;
    for (i = 0; i < e->model->device_count; i++) {
        index[i] = PCC_NONE;
    }
    for (i = 0; b && i < b->instance_count; i++) {
        uint32_t device = b->instances[i].device;

        if (pcc_wants_instance(e, i) && index[device] == PCC_NONE) {
            index[device] = 0;
        }
    }
    for (i = 0; i < e->model->device_count; i++) {
        if (!b || index[i] == 0) {
            index[i] = (*count)++;
        }
    }
    return true;
}

/* The hash that device and board blobs carry themselves. */
static uint64_t blob_hash(const char *blob, size_t at)
{
    uint64_t hash;

    memcpy(&hash, blob + at, sizeof(hash));
    return hash;
}

/* As prt_checksum() of the engine. */
static uint64_t checksum(const char *file, size_t size)
{
    uint64_t sum = TAB_HASH_INIT, word;
    size_t i;

    for (i = offsetof(struct prt_file_header, model_hash); i < size;
         i += sizeof(word)) {
        memcpy(&word, file + i, sizeof(word));
        sum = (sum ^ word) * UINT64_C(0x100000001b3);
        sum ^= sum >> 32;
    }
    return sum;
}

static int write_devices(struct pcc_emit *e, const uint32_t *index,
                         struct prt_blob_ref *dir, size_t base)
{
    size_t i;

    for (i = 0; i < e->model->device_count; i++) {
        size_t start = e->out->len;
        int err;

        if (index[i] == PCC_NONE) {
            continue;
        }
        err = tab_write_device(e, &e->model->devices[i]);
        if (err) {
            return err;
        }
        dir[index[i]].offset = start - base;
        dir[index[i]].size = e->out->len - start;
    }
    return PCC_OK;
}

static uint64_t model_hash(const char *file,
                           const struct prt_file_header *head,
                           const struct prt_blob_ref *dir)
{
    uint64_t hash = TAB_HASH_INIT, part;
    uint32_t i;

    for (i = 0; i < head->device_count; i++) {
        part = blob_hash(file + dir[i].offset,
                         offsetof(struct prt_dev_header, model_hash));
        hash = tab_hash(hash, &part, sizeof(part));
    }
    if (head->board_offset) {
        part = blob_hash(file + head->board_offset,
                         offsetof(struct prt_board_header, model_hash));
        hash = tab_hash(hash, &part, sizeof(part));
    }
    return hash;
}

static int write_file(struct pcc_emit *e, const uint32_t *index,
                      uint32_t count, size_t base)
{
    struct prt_file_header head = {
        .magic = PRT_MAGIC_FILE, .version = PRT_VERSION,
        .compat = PRT_COMPAT, .device_count = count,
    };
    size_t dir_size = count * sizeof(struct prt_blob_ref);
    struct prt_blob_ref *dir = pdl_arena_alloc(e->arena, dir_size + 8);
    int err;

    if (!dir) {
        return PCC_ERR_NOMEM;
    }
    pdl_strbuf_fill(e->out, '\0', sizeof(head) + dir_size);
    head.device_dir = count ? sizeof(head) : 0;
    err = write_devices(e, index, dir, base);
    if (!err && e->model->board) {
        size_t start = e->out->len;

        err = tab_write_board(e, index);
        head.board_offset = start - base;
        head.board_size = e->out->len - start;
    }
    if (err) {
        return err;
    }
    if (e->out->failed) {
        return PCC_ERR_NOMEM;
    }
    if (e->out->len - base > PRT_MAX_FILE) {
        return PCC_ERR_LIMIT;
    }
    head.total_size = e->out->len - base;
    memcpy(e->out->data + base + sizeof(head), dir, dir_size);
    head.model_hash = model_hash(e->out->data + base, &head, dir);
    memcpy(e->out->data + base, &head, sizeof(head));
    head.checksum = checksum(e->out->data + base, head.total_size);
    memcpy(e->out->data + base, &head, sizeof(head));
    return PCC_OK;
}

int pcc_emit_table(struct pcc_emit *e)
{
    size_t n = e->model->device_count;
    uint32_t *index = pdl_arena_alloc(e->arena, (n + 1) * sizeof(*index));
    uint32_t count;

    if (!index) {
        return PCC_ERR_NOMEM;
    }
    find_used(e, index, &count);
    return write_file(e, index, count, e->out->len);
}
