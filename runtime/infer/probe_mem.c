/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's private copy of guest memory.
 *
 * Pages are fetched when first touched and live until the question ends;
 * memory pages that a run dirtied are put back before the next run.  A page
 * of I/O is ordinary memory to the emulator: a hook puts the value to be read
 * into it just before each load.  (uc_mmio_map() from inside an unmapped
 * hook returns a wrong value for the access that triggered it.)
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/infer/probe_priv.h"

#define COPY_LIMIT (64u * 1024)

static uint32_t page_hash(uint64_t vaddr)
{
    return (uint32_t)(((vaddr >> 12) * 0x9e3779b97f4a7c15ull) >> 48);
}

struct probe_page *probe_page_find(struct inf_probe *p, uint64_t addr)
{
    uint64_t vaddr = addr & ~(uint64_t)(INF_PAGE_SIZE - 1);
    uint32_t hash;
    unsigned i;

    if (p->last_page && p->last_page->vaddr == vaddr) {
        return p->last_page;
    }
    hash = page_hash(vaddr);
    for (i = 0; i < PAGE_SLOTS; i++) {
        uint16_t slot = p->page_slot[(hash + i) & (PAGE_SLOTS - 1)];

        if (slot == 0) {
            return NULL;
        }
        if (p->pages[slot - 1].vaddr == vaddr) {
            p->last_page = &p->pages[slot - 1];
            return p->last_page;
        }
    }
    return NULL;
}

/* Whether anything can be accessed at the page in p->scratch. */
static bool page_exists(const struct inf_page *page, uint64_t vaddr)
{
    if (page->kind == INF_PAGE_UNMAPPED) {
        return false;
    }
    return page->kind != INF_PAGE_NONE || vaddr != 0;
}

static bool page_fill(struct inf_probe *p, struct probe_page *page)
{
    const struct inf_page *src = &p->scratch;
    uint32_t prot = UC_PROT_READ | UC_PROT_WRITE;

    page->phys = src->phys;
    page->io = src->kind != INF_PAGE_RAM && src->kind != INF_PAGE_ROM;
    if (!page->host) {
        page->host = aligned_alloc(INF_PAGE_SIZE, INF_PAGE_SIZE);
        page->saved = malloc(2 * INF_PAGE_SIZE);
    }
    if (!page->host || !page->saved) {
        return false;
    }
    if (page->io) {
        memset(page->host, 0, INF_PAGE_SIZE);
        memset(page->saved, 0, 2 * INF_PAGE_SIZE);
    } else {
        memcpy(page->host, src->bytes, INF_PAGE_SIZE);
        prot |= UC_PROT_EXEC;
    }
    return uc_mem_map_ptr(p->uc, page->vaddr, INF_PAGE_SIZE, prot,
                          page->host) == UC_ERR_OK;
}

struct probe_page *probe_page_get(struct inf_probe *p, uint64_t addr)
{
    struct probe_page *page = probe_page_find(p, addr);
    uint64_t vaddr = addr & ~(uint64_t)(INF_PAGE_SIZE - 1);
    uint32_t hash;
    unsigned i;

    if (page) {
        return page;
    }
    if (p->page_count == PAGE_LIMIT || p->run_pages == RUN_PAGES) {
        p->full = true;
        return NULL;
    }
    p->run_pages++;
    if (p->env.svc->page(p->env.svc->opaque, vaddr, true, &p->scratch) != 0) {
        p->failed = true;
        return NULL;
    }
    if (!page_exists(&p->scratch, vaddr)) {
        return NULL;
    }
    page = &p->pages[p->page_count];
    page->vaddr = vaddr;
    page->dirty = false;
    page->code = false;
    if (!page_fill(p, page)) {
        p->failed = true;
        return NULL;
    }
    hash = page_hash(vaddr);
    for (i = 0; p->page_slot[(hash + i) & (PAGE_SLOTS - 1)]; i++) {
    }
    p->page_slot[(hash + i) & (PAGE_SLOTS - 1)] = ++p->page_count;
    p->last_page = page;
    return page;
}

void probe_pages_restore(struct inf_probe *p)
{
    unsigned i;

    for (i = 0; i < p->page_count; i++) {
        struct probe_page *page = &p->pages[i];

        if (!page->dirty) {
            continue;
        }
        if (page->io) {
            memset(page->saved, 0, 2 * INF_PAGE_SIZE);
        } else {
            memcpy(page->host, page->saved, INF_PAGE_SIZE);
            if (page->code) {
                uc_ctl_remove_cache(p->uc, page->vaddr,
                                    page->vaddr + INF_PAGE_SIZE);
            }
        }
        page->dirty = false;
    }
}

void probe_pages_drop(struct inf_probe *p)
{
    unsigned i;

    for (i = 0; i < p->page_count; i++) {
        if (p->uc) {
            uc_mem_unmap(p->uc, p->pages[i].vaddr, INF_PAGE_SIZE);
        }
    }
    p->page_count = 0;
    p->last_page = NULL;
    memset(p->page_slot, 0, sizeof(p->page_slot));
}

static void hook_read(uc_engine *uc, uc_mem_type type, uint64_t addr,
                      int size, int64_t value, void *opaque)
{
    struct inf_probe *p = opaque;
    struct probe_page *page = probe_page_get(p, addr);
    unsigned off = addr & (INF_PAGE_SIZE - 1);

    (void)uc;
    (void)type;
    (void)value;
    if (page && page->io && off + size <= INF_PAGE_SIZE) {
        uint64_t val = probe_io_read(p, page, addr, size);

        memcpy(page->host + off, &val, size > 8 ? 8 : size);
    }
}

/* Keeps the pristine bytes of a memory page about to be changed. */
static void page_touch(struct inf_probe *p, uint64_t addr)
{
    struct probe_page *page = probe_page_get(p, addr);

    if (page && !page->io && !page->dirty) {
        memcpy(page->saved, page->host, INF_PAGE_SIZE);
        page->dirty = true;
    }
}

void probe_pages_copy(struct inf_probe *p)
{
    uint64_t from = p->copy.from, to = p->copy.to;
    uint64_t left = p->copy.len;

    while (left) {
        struct probe_page *src = probe_page_get(p, from);
        struct probe_page *dst = src ? probe_page_get(p, to) : NULL;
        unsigned at = from & (INF_PAGE_SIZE - 1);
        unsigned off = to & (INF_PAGE_SIZE - 1);
        uint64_t n = INF_PAGE_SIZE - (at > off ? at : off);

        if (!dst || src->io || dst->io || src->phys != from - at ||
            dst->phys != to - off) {
            return;
        }
        n = n < left ? n : left;
        page_touch(p, to);
        memcpy(dst->host + off, src->host + at, n);
        from += n;
        to += n;
        left -= n;
    }
}

static void hook_write(uc_engine *uc, uc_mem_type type, uint64_t addr,
                       int size, int64_t value, void *opaque)
{
    struct inf_probe *p = opaque;
    struct probe_page *page = probe_page_get(p, addr);
    unsigned off = addr & (INF_PAGE_SIZE - 1);

    (void)uc;
    (void)type;
    if (!page) {
        return;
    }
    if (page->io && off + size <= INF_PAGE_SIZE) {
        probe_io_write(p, page, addr, size, (uint64_t)value);
        memset(page->saved + off, 0xff, size);
        memcpy(page->saved + INF_PAGE_SIZE + off, &value, size > 8 ? 8 : size);
        page->dirty = true;
        return;
    }
    p->run.again_stores++;
    p->run.out->stores += probe_handler_stores(p, addr);
    page_touch(p, addr);
    if (off + size > INF_PAGE_SIZE) {
        page_touch(p, addr + size - 1);
    }
}

static bool hook_unmapped(uc_engine *uc, uc_mem_type type, uint64_t addr,
                          int size, int64_t value, void *opaque)
{
    struct inf_probe *p = opaque;
    struct probe_page *page;
    uint64_t last = addr + (size > 0 ? size - 1 : 0);

    (void)uc;
    (void)value;
    if (type == UC_MEM_FETCH_UNMAPPED && probe_handler_end(p, addr)) {
        return false;
    }
    page = probe_page_get(p, addr);
    if (page && ((addr ^ last) & ~(uint64_t)(INF_PAGE_SIZE - 1))) {
        page = probe_page_get(p, last);
    }
    if (p->full) {
        probe_stop(p, INF_END_BOUND);
        return false;
    }
    if (type == UC_MEM_FETCH_UNMAPPED && (!page || page->io) &&
        probe_calls_rom(p, addr)) {
        probe_stop(p, INF_END_CALL);
        return false;
    }
    if (!page || (type == UC_MEM_FETCH_UNMAPPED && page->io)) {
        probe_stop(p, type == UC_MEM_FETCH_UNMAPPED ? INF_END_WILD
                                                    : INF_END_FAULT);
        return false;
    }
    if (type == UC_MEM_READ_UNMAPPED) {
        hook_read(uc, UC_MEM_READ, addr, size, 0, opaque);
    }
    return true;
}

int probe_mem_hooks(struct inf_probe *p)
{
    uc_hook hook;

    if (uc_hook_add(p->uc, &hook, UC_HOOK_MEM_READ, hook_read, p, 1, 0) ||
        uc_hook_add(p->uc, &hook, UC_HOOK_MEM_WRITE, hook_write, p, 1, 0) ||
        uc_hook_add(p->uc, &hook, UC_HOOK_MEM_UNMAPPED, hook_unmapped, p,
                    1, 0)) {
        return INF_E_PROBE;
    }
    return 0;
}

void inf_probe_set_copy(struct inf_probe *p, uint64_t from, uint64_t to,
                        uint64_t len)
{
    p->copy.from = from;
    p->copy.to = to;
    p->copy.len = len < COPY_LIMIT ? len : COPY_LIMIT;
}

int inf_probe_read(struct inf_probe *p, uint64_t virt, void *buf, size_t len)
{
    uint8_t *dst = buf;

    while (len) {
        struct probe_page *page = probe_page_get(p, virt);
        unsigned off = virt & (INF_PAGE_SIZE - 1);
        size_t n = INF_PAGE_SIZE - off < len ? INF_PAGE_SIZE - off : len;

        if (!page || page->io) {
            return INF_E_PAGE;
        }
        memcpy(dst, (page->dirty ? page->saved : page->host) + off, n);
        dst += n;
        virt += n;
        len -= n;
    }
    return 0;
}
