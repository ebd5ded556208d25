/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/import/dtb_walk.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NODES 65536
#define MAX_PROPS 262144
#define LIMIT (16u << 20)

struct prop {
    const char *name;
    const uint8_t *data;
    uint32_t len;
};

struct node {
    char path[1024];
    int up;
    size_t first, count;
    int windows;        /* -1: not MMIO, else their number */
    bool native;
};

struct walk {
    struct node *nodes;
    size_t node_count;
    struct prop *props;
    size_t prop_count;
    int gic;
    FILE *out;
};

static uint32_t be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static const struct prop *get(const struct walk *w, int n, const char *name)
{
    size_t i;

    for (i = 0; n >= 0 && i < w->nodes[n].count; i++) {
        const struct prop *p = &w->props[w->nodes[n].first + i];

        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

static uint32_t cell(const struct prop *p, size_t i)
{
    return p && p->len >= (i + 1) * 4 ? be(p->data + i * 4) : 0;
}

static uint32_t number(const struct walk *w, int n, const char *name,
                       uint32_t none)
{
    const struct prop *p = get(w, n, name);

    return p ? cell(p, 0) : none;
}

static uint64_t cells(const struct prop *p, size_t at, unsigned n)
{
    uint64_t v = 0;

    while (n--) {
        v = v << 32 | cell(p, at++);
    }
    return v;
}

static bool is(const struct walk *w, int n, const char *compatible)
{
    const struct prop *p = get(w, n, "compatible");
    const char *s, *end;

    if (!p || !p->len || p->data[p->len - 1]) {
        return false;
    }
    end = (const char *)p->data + p->len;
    for (s = (const char *)p->data; s < end; s += strlen(s) + 1) {
        if (strcmp(s, compatible) == 0) {
            return true;
        }
    }
    return false;
}

static bool any(const struct walk *w, int n, const char *names)
{
    char one[64];
    int used;

    while (sscanf(names, "%63s%n", one, &used) == 1) {
        if (is(w, n, one)) {
            return true;
        }
        names += used;
    }
    return false;
}

static int gic(const struct walk *w, int n)
{
    return any(w, n, "arm,gic-v3 qcom,msm8996-gic-v3") ? 3 :
           any(w, n, "arm,gic-400 arm,cortex-a15-gic arm,cortex-a7-gic "
               "arm,cortex-a9-gic arm,pl390 qcom,msm-qgic2") ? 2 : 0;
}

static int by_phandle(const struct walk *w, uint32_t h)
{
    size_t i;

    for (i = 0; h && i < w->node_count; i++) {
        if (number(w, i, "phandle", 0) == h ||
            number(w, i, "linux,phandle", 0) == h) {
            return i;
        }
    }
    return -1;
}

/* ---- reading ---- */

static int open_node(struct walk *w, int up, const char *name)
{
    struct node *n = &w->nodes[w->node_count];

    if (w->node_count == MAX_NODES) {
        return -1;
    }
    memset(n, 0, sizeof(*n));
    n->up = up;
    n->first = w->prop_count;
    n->windows = -1;
    if (up >= 0) {
        size_t len = up ? strlen(w->nodes[up].path) : 0;

        if (len + strlen(name) + 2 > sizeof(n->path)) {
            return -1;
        }
        memcpy(n->path, w->nodes[up].path, len);
        n->path[len] = '/';
        strcpy(n->path + len + 1, name);
    } else {
        strcpy(n->path, "/");
    }
    return w->node_count++;
}

static int parse(struct walk *w, const uint8_t *blob, size_t size)
{
    const uint8_t *p = blob + be(blob + 8), *end = blob + size;
    const char *strings = (const char *)blob + be(blob + 12);
    int at = -1;

    while (p + 4 <= end) {
        uint32_t token = be(p);

        p += 4;
        if (token == 1) {
            at = open_node(w, at, (const char *)p);
            if (at < 0) {
                return -1;
            }
            p += (strlen((const char *)p) + 4) / 4 * 4;
        } else if (token == 2) {
            at = w->nodes[at].up;
        } else if (token == 3 && w->prop_count < MAX_PROPS) {
            struct prop *q = &w->props[w->prop_count++];

            q->len = be(p);
            q->name = strings + be(p + 4);
            q->data = p + 8;
            w->nodes[at].count++;
            p += 8 + (q->len + 3) / 4 * 4;
        } else if (token != 4) {
            return token == 9 && at == -1 ? 0 : -1;
        }
    }
    return -1;
}

/* ---- addresses ---- */

static bool translate(const struct walk *w, int bus, uint64_t *addr)
{
    for (; bus > 0; bus = w->nodes[bus].up) {
        const struct prop *r = get(w, bus, "ranges");
        unsigned c = number(w, bus, "#address-cells", 2);
        unsigned s = number(w, bus, "#size-cells", 1);
        unsigned p = number(w, w->nodes[bus].up, "#address-cells", 2);
        size_t i, row = c + p + s;
        bool hit = false;

        if (!r || c > 2 || p > 2) {
            return false;
        }
        for (i = 0; !hit && (i + row) * 4 <= r->len; i += row) {
            uint64_t from = cells(r, i, c), len = cells(r, i + c + p, s);

            if (*addr >= from && *addr - from < len) {
                *addr += cells(r, i + c, p) - from;
                hit = true;
            }
        }
        if (r->len && !hit) {
            return false;
        }
    }
    return true;
}

static bool below_sram(const struct walk *w, int n)
{
    while (n >= 0 && !is(w, n, "mmio-sram")) {
        n = w->nodes[n].up;
    }
    return n >= 0;
}

static bool device_like(const struct walk *w, int n)
{
    const struct prop *type = get(w, n, "device_type");
    int up = w->nodes[n].up;

    if (type && (strncmp((const char *)type->data, "memory", type->len) == 0 ||
                 strncmp((const char *)type->data, "cpu", type->len) == 0)) {
        return false;
    }
    return up >= 0 && !strstr(w->nodes[up].path, "/reserved-memory") &&
           !below_sram(w, n);
}

static void windows(struct walk *w, int n)
{
    const struct prop *reg = get(w, n, "reg");
    int up = w->nodes[n].up;
    unsigned a = number(w, up, "#address-cells", 2);
    unsigned s = number(w, up, "#size-cells", 1);
    size_t i;

    if (!reg || !device_like(w, n) || !a || !s || a > 2 || s > 2) {
        return;
    }
    for (i = 0; (i + a + s) * 4 <= reg->len; i += a + s) {
        uint64_t base = cells(reg, i, a), len = cells(reg, i + a, s);

        if (!len || !translate(w, up, &base)) {
            continue;
        }
        if (w->nodes[n].windows < 0) {
            w->nodes[n].windows = 0;
            w->nodes[n].native = any(w, n, "arm,pl011 arm,pl031 arm,pl061 "
                                     "arm,sp804");
            if (gic(w, n) && w->gic < 0) {
                w->gic = n;
                w->nodes[n].native = true;
            }
            if (w->nodes[n].native) {
                fprintf(w->out, "N 0x%llx %s\n", (unsigned long long)base,
                        w->nodes[n].path);
                w->nodes[n].windows++;
                continue;
            }
        }
        w->nodes[n].windows++;
        if (n == w->gic) {
            continue;
        }
        fprintf(w->out, "W 0x%llx 0x%llx %s\n", (unsigned long long)base,
                (unsigned long long)(len > LIMIT ? LIMIT : len),
                w->nodes[n].path);
    }
}

/* ---- interrupts ---- */

static int parent_of(const struct walk *w, int n)
{
    do {
        const struct prop *p = get(w, n, "interrupt-parent");

        n = p ? by_phandle(w, cell(p, 0)) : w->nodes[n].up;
    } while (n >= 0 && !get(w, n, "#interrupt-cells"));
    return n;
}

/* Through the map of @ctl; the cells are replaced.  -1: no row. */
static int mapped(const struct walk *w, int n, int ctl, uint32_t *v,
                  unsigned *count)
{
    const struct prop *map = get(w, ctl, "interrupt-map");
    const struct prop *mask = get(w, ctl, "interrupt-map-mask");
    const struct prop *reg = get(w, n, "reg");
    unsigned a = number(w, ctl, "#address-cells", 2), i;
    uint32_t key[16];
    size_t at = 0;

    if (a + *count > 16) {
        return -1;
    }
    for (i = 0; i < a + *count; i++) {
        key[i] = i < a ? cell(reg, i) : v[i - a];
    }
    while ((at + a + *count + 1) * 4 <= map->len) {
        int to = by_phandle(w, cell(map, at + a + *count));
        unsigned ta = number(w, to, "#address-cells", 0);
        unsigned ti = number(w, to, "#interrupt-cells", 0);
        bool hit = true;

        for (i = 0; i < a + *count; i++) {
            uint32_t m = mask ? cell(mask, i) : 0xffffffff;

            hit &= (key[i] & m) == (cell(map, at + i) & m);
        }
        at += a + *count + 1 + ta;
        if (to < 0 || !ti || ti > 8) {
            return -1;
        }
        if (hit) {
            for (i = 0; i < ti; i++) {
                v[i] = cell(map, at + i);
            }
            *count = ti;
            return to;
        }
        at += ti;
    }
    return -1;
}

static void print_irq(struct walk *w, int n, int ctl, const uint32_t *v,
                      unsigned count)
{
    int real = any(w, ctl, "mediatek,mt6577-sysirq fsl,imx6q-gpc "
                   "fsl,imx7d-gpc fsl,imx8mq-gpc nvidia,tegra30-ictlr "
                   "nvidia,tegra210-ictlr") ?
               parent_of(w, ctl) : ctl;
    unsigned i;

    if (real >= 0 && gic(w, real) && count >= 3 && v[0] < 2) {
        unsigned flags = v[2] & 15;

        if (real == w->gic && v[1] < (v[0] ? 16u : 988u)) {
            fprintf(w->out, "I %s %s %u %u\n", w->nodes[n].path,
                    v[0] ? "ppi" : "spi", v[1],
                    flags == 1 || flags == 2 || flags == 4 || flags == 8 ?
                    flags : 0);
        }
        return;
    }
    if (w->nodes[ctl].windows < 1 || w->nodes[ctl].native) {
        return;
    }
    fprintf(w->out, "I %s %s", w->nodes[n].path, w->nodes[ctl].path);
    for (i = 0; i < (count > 1 ? count - 1 : 1); i++) {
        fprintf(w->out, " %u", v[i]);
    }
    fputc('\n', w->out);
}

static void interrupts(struct walk *w, int n)
{
    const struct prop *more = get(w, n, "interrupts-extended");
    const struct prop *p = more ? more : get(w, n, "interrupts");
    int parent = p && !more ? parent_of(w, n) : -1;
    size_t at = 0;

    while (p && at * 4 < p->len) {
        int ctl = more ? by_phandle(w, cell(p, at++)) : parent;
        unsigned count = number(w, ctl, "#interrupt-cells", 0), i;
        uint32_t v[8];

        if (ctl < 0 || !count || count > 8 || (at + count) * 4 > p->len) {
            return;
        }
        for (i = 0; i < count; i++) {
            v[i] = cell(p, at++);
        }
        while (ctl >= 0 && get(w, ctl, "interrupt-map")) {
            ctl = mapped(w, n, ctl, v, &count);
        }
        if (ctl >= 0) {
            print_irq(w, n, ctl, v, count);
        }
    }
}

int dtb_walk(const uint8_t *blob, size_t size, FILE *out)
{
    struct walk w = { .gic = -1, .out = out };
    size_t i;
    int err;

    w.nodes = calloc(MAX_NODES, sizeof(*w.nodes));
    w.props = calloc(MAX_PROPS, sizeof(*w.props));
    err = w.nodes && w.props && size > 40 ? parse(&w, blob, size) : -1;
    for (i = 0; !err && i < w.node_count; i++) {
        windows(&w, i);
    }
    for (i = 0; !err && i < w.node_count; i++) {
        if (w.nodes[i].windows > 0 && (int)i != w.gic) {
            interrupts(&w, i);
        }
    }
    free(w.nodes);
    free(w.props);
    return err;
}
