/*
 * Inference device: pages of guest memory for the daemon
 *
 * Bytes are given of memory only: reading a device may change it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "inference-internal.h"

static uint32_t region_kind(MemoryRegion *mr)
{
    if (memory_region_is_romd(mr)) {
        return PBR_KIND_ROMD;
    }
    if (!memory_region_is_ram(mr) || memory_region_is_ram_device(mr)) {
        return PBR_KIND_IO;
    }
    return memory_region_is_rom(mr) ? PBR_KIND_ROM : PBR_KIND_RAM;
}

static void add_piece(struct pbr_page_reply *reply,
                      const MemoryRegionSection *sec)
{
    hwaddr at = sec->offset_within_address_space - reply->phys;
    uint32_t kind = region_kind(sec->mr);

    if (kind == PBR_KIND_IO) {
        if (reply->kind == PBR_KIND_NONE) {
            reply->kind = kind;
            reply->prot = PBR_PROT_READ | PBR_PROT_WRITE;
        }
        return;
    }
    if (reply->kind == PBR_KIND_NONE || reply->kind == PBR_KIND_IO) {
        reply->kind = kind;
        reply->prot = PBR_PROT_READ | PBR_PROT_EXEC;
    }
    reply->prot |= kind == PBR_KIND_RAM ? PBR_PROT_WRITE : 0;
    memcpy(reply->bytes + at,
           memory_region_get_ram_ptr(sec->mr) + sec->offset_within_region,
           int128_get64(sec->size));
}

/* Several things may share a page: all memory of it is given. */
static void describe_page(AddressSpace *as, struct pbr_page_reply *reply)
{
    MemoryRegionSection sec;
    uint64_t at = 0;

    reply->kind = PBR_KIND_NONE;
    while (at < PBR_PAGE_SIZE) {
        sec = memory_region_find(as->root, reply->phys + at,
                                 PBR_PAGE_SIZE - at);
        if (!sec.mr) {
            break;
        }
        add_piece(reply, &sec);
        at = sec.offset_within_address_space - reply->phys +
             int128_get64(sec.size);
        memory_region_unref(sec.mr);
    }
}

static uint32_t find_page(const struct pbr_page_request *req,
                          struct pbr_page_reply *reply)
{
    CPUState *cs = qemu_get_cpu(req->cpu_index);
    MemTxAttrs attrs = { .secure = (req->flags & PBR_PAGE_SECURE) != 0 };
    hwaddr phys = reply->address;

    if (!cs) {
        return PBR_PAGE_BAD;
    }
    if (req->flags & PBR_PAGE_VIRTUAL) {
        phys = cpu_get_phys_page_attrs_debug(cs, reply->address, &attrs);
        if (phys == -1) {
            return PBR_PAGE_UNMAPPED;
        }
    }
    reply->phys = phys & ~(hwaddr)(PBR_PAGE_SIZE - 1);
    reply->flags = attrs.secure ? PBR_PAGE_SECURE : 0;
    if (cs->num_ases < 2) {
        attrs.secure = 0;
    }
    describe_page(cpu_get_address_space(cs, cpu_asidx_from_attrs(cs, attrs)),
                  reply);
    return PBR_PAGE_OK;
}

void inference_serve_page(InferenceDevice *s, uint64_t seq)
{
    struct pbr_page_reply reply = { .seq = seq };
    struct pbr_page_request req;

    if (pbr_page_request_read(s->bridge, &req) != PBR_OK || req.seq != seq) {
        reply.status = PBR_PAGE_BAD;
    } else if (s->phase != INFERENCE_OPEN) {
        reply.status = PBR_PAGE_NOT_PAUSED;
    } else {
        reply.address = req.address & ~(uint64_t)(PBR_PAGE_SIZE - 1);
        reply.status = find_page(&req, &reply);
        pbr_stats_count(&s->bridge->stats.pages);
    }
    pbr_page_reply_write(s->bridge, &reply);
    inference_link_send(s, PBR_F_PAGE_REP, reply.status, seq);
}
